package visit

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// ErrRows says that a table of cadences cannot be taken. All rows are taken or none.
var ErrRows = fault.New(fault.Invalid, "cadence_rows", "Some rows are no visit cadence, so nothing was stored. Correct the places named and send the file again. 部分行有误，未导入任何数据，请改正后重新提交。")

const mostCadences = 200

// Fields are what Import looks for. Only the code must be there; what has no column stays
// as it is.
func Fields() []sheet.Field {
	return []sheet.Field{
		{Name: "code", Required: true, Aliases: []string{"代码", "编码", "编号"}},
		{Name: "ordinal", Aliases: []string{"顺序", "序号", "order"}},
		{Name: "title_zh", Public: true, Aliases: []string{"名称", "中文名称", "走访类型", "name", "title"}},
		{Name: "title_en", Public: true, Aliases: []string{"英文名称", "english name", "english"}},
		{Name: "level", Aliases: []string{"层级", "级别", "走访层级"}},
		{Name: "homes", Aliases: []string{"对象", "走访对象", "households"}},
		{Name: "days", Aliases: []string{"周期", "周期(天)", "天数", "频次", "every"}},
		{Name: "per_post", Aliases: []string{"每岗户数", "包联户数", "most per post"}},
		{Name: "used", Aliases: []string{"启用", "是否启用", "in use"}},
	}
}

// homesWords are the households of a cadence as tables write them.
var homesWords = map[string]Homes{
	"all": All, "全部": All, "所有": All, "全部住户": All,
	"linked": Linked, "包联": Linked, "联系户": Linked, "包联户": Linked,
	"aged": Aged, "高龄": Aged, "高龄老人": Aged, "80岁以上": Aged,
	"children": Children, "儿童": Children, "幼儿": Children, "有幼儿": Children,
	"rental": Rental, "出租": Rental, "出租屋": Rental, "租户": Rental,
}

var slug = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Table is cadences as Import reads them, for a spreadsheet.
func Table(list []Cadence) vectorfile.Layer {
	rows := make([][]string, len(list))
	for i, c := range list {
		most, used := "", "是"
		if c.PerPost != nil {
			most = strconv.Itoa(*c.PerPost)
		}
		if !c.Used {
			used = "否"
		}
		rows[i] = []string{c.Code, strconv.Itoa(c.Ordinal), c.TitleZh, c.TitleEn, c.Level, string(c.Homes), strconv.Itoa(c.Days), most, used}
	}
	return vectorfile.Table("走访周期", []string{"代码", "顺序", "名称", "英文名称", "层级", "对象", "周期(天)", "每岗户数", "启用"}, rows)
}

// Import makes and changes cadences as a table says: all rows or none. What is absent from
// it stays. A new one without an English title takes the Chinese one, without a place in
// the list the last. Who may change settings everywhere may do it. With dry nothing is
// stored.
//
// Errors: staff.ErrForbidden, ErrRows with every place, those of sheet.ReadList.
func Import(ctx context.Context, db pg.DB, actor staff.Actor, f sheet.File, dry bool) (taken sheet.TableReport, err error) {
	if !actor.Area(staff.Setting).All {
		return taken, fmt.Errorf("import cadences: %w", staff.ErrForbidden)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		there, err := Cadences(ctx, tx, actor)
		if err != nil {
			return err
		}
		levels, err := levelsByWord(ctx, tx)
		if err != nil {
			return err
		}
		lines, after := map[string]sheet.Row{}, slices.Clone(there)
		in, err := sheet.ReadList(f, Fields(), mostCadences, func(in *sheet.List, row sheet.Row) {
			code := in.Get(row, "code")
			if !slug.MatchString(code) {
				in.Bad.Refuse(row, "code", "cadence_code", "A code is small letters, digits and hyphens, such as two-months. 代码由小写字母、数字和连字符组成。")
				return
			}
			if !in.Once(row, "code", code) {
				return
			}
			lines[code] = row
			at := slices.IndexFunc(after, func(c Cadence) bool { return c.Code == code })
			if at < 0 {
				at = len(after)
				after = append(after, Cadence{code, Terms{Ordinal: last(after) + 10, Homes: All, Used: true}})
			}
			after[at].Terms = read(in, row, after[at].Terms, levels)
		})
		if err != nil {
			return err
		}
		var changed []Cadence
		for i, c := range after {
			row, named := lines[c.Code]
			if !named {
				continue
			}
			if slices.ContainsFunc(after, func(o Cadence) bool { return o.Ordinal == c.Ordinal && o.Code != c.Code }) {
				in.Bad.Refuse(row, "ordinal", "cadence_ordinal", "Another cadence stands at this place of the list. 该顺序已被使用。")
			}
			switch {
			case i >= len(there):
				taken.Added++
			case alike(there[i].Terms, c.Terms):
				taken.Unchanged++
				continue
			default:
				taken.Changed++
			}
			changed = append(changed, c)
		}
		if err := in.Bad.Fault(ErrRows, in.Rows); err != nil {
			return err
		}
		taken = in.Report(dry, taken)
		if dry || len(changed) == 0 {
			return nil
		}
		return store(ctx, tx, actor, changed, taken)
	})
	if err != nil {
		return taken, fmt.Errorf("import cadences: %w", err)
	}
	return taken, nil
}

// read is what a row says of a cadence; what it does not say stays.
func read(in *sheet.List, row sheet.Row, t Terms, levels map[string]string) Terms {
	number := func(field string, least, most int64, into *int) {
		n, some, bad := in.Int(row, field)
		if in.Bad.Refused(row, bad) || !some {
			return
		}
		if n < least || n > most {
			in.Bad.Refuse(row, field, "number_range", fmt.Sprintf("Want %d to %d. 应为 %d 至 %d。", least, most, least, most))
			return
		}
		*into = int(n)
	}
	number("ordinal", 1, 999, &t.Ordinal)
	number("days", 1, 366, &t.Days)
	if t.Days == 0 {
		in.Bad.Refuse(row, "days", "value_missing", "Say every how many days. 请填写周期天数。")
	}
	title := func(field string, most int, into *string) {
		if text := in.Get(row, field); text != "" {
			*into = text
		}
		if _, personal := sheet.LooksPersonal(*into); personal || *into == "" || utf8.RuneCountInString(*into) > most {
			in.Bad.Refuse(row, field, "cadence_title", fmt.Sprintf("A title has 1 to %d characters and no phone or identity number. 名称为 1 至 %d 字，不含电话或证件号码。", most, most))
		}
	}
	title("title_zh", 60, &t.TitleZh)
	if t.TitleEn == "" {
		t.TitleEn = t.TitleZh
	}
	title("title_en", 100, &t.TitleEn)
	if word := in.Get(row, "level"); word != "" {
		level, known := levels[sheet.Word(word)]
		if t.Level = level; !known {
			in.Bad.Refuse(row, "level", "level_unknown", fmt.Sprintf("There is no level %.40q. 层级 %.40q 不存在。", word, word))
		}
	} else if in.Has("level") {
		t.Level = "" // posts of any
	}
	if word := in.Get(row, "homes"); word != "" {
		homes, known := homesWords[sheet.Word(word)]
		if t.Homes = homes; !known {
			in.Bad.Refuse(row, "homes", "homes_unknown", fmt.Sprintf("%.40q: want all, linked, aged, children or rental. 应为：全部、包联、高龄、儿童、出租。", word))
		}
	}
	most := 0
	if t.PerPost != nil {
		most = *t.PerPost
	}
	number("per_post", 1, 500, &most)
	switch t.PerPost = nil; {
	case t.Homes == Linked && most > 0:
		t.PerPost = &most
	case t.Homes == Linked:
		in.Bad.Refuse(row, "per_post", "value_missing", "Linked households have a most per post. 包联须填写每岗户数。")
	case in.Get(row, "per_post") != "":
		in.Bad.Refuse(row, "per_post", "value_unwanted", "Only linked households have a most per post. 只有包联才填写每岗户数。")
	}
	used, some, bad := in.Bool(row, "used")
	if !in.Bad.Refused(row, bad) && some {
		t.Used = used
	}
	return t
}

// store writes cadences. Their places in the list are freed first, for two may change
// places.
func store(ctx context.Context, tx pgx.Tx, actor staff.Actor, list []Cadence, taken sheet.TableReport) error {
	codes := make([]string, len(list))
	for i, c := range list {
		codes[i] = c.Code
	}
	if _, err := tx.Exec(ctx, `UPDATE cadence SET ordinal = -ordinal WHERE code = ANY ($1)`, codes); err != nil {
		return err
	}
	for _, c := range list {
		if err := put(ctx, tx, c); err != nil {
			return err
		}
	}
	return audit.Write(ctx, tx, actor, "import", "cadence", "", map[string]any{"rows": taken.Rows, "added": taken.Added, "changed": taken.Changed})
}

func alike(a, b Terms) bool {
	p, q := a.PerPost, b.PerPost
	a.PerPost, b.PerPost = nil, nil
	return a == b && (p == nil) == (q == nil) && (p == nil || *p == *q)
}

// last is the greatest place in the list.
func last(list []Cadence) int {
	most := 0
	for _, c := range list {
		most = max(most, c.Ordinal)
	}
	return most
}

// levelsByWord are the codes of levels by code and title.
func levelsByWord(ctx context.Context, db pg.DB) (map[string]string, error) {
	words := map[string]string{}
	rows, _ := db.Query(ctx, `SELECT code, title_zh, title_en FROM level`)
	var code, zh, en string
	_, err := pgx.ForEachRow(rows, []any{&code, &zh, &en}, func() error {
		for _, word := range []string{zh, en, code} {
			words[sheet.Word(word)] = code
		}
		return nil
	})
	return words, err
}
