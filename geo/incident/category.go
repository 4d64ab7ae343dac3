package incident

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/calendar"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
	"wangge/geo/worktime"
)

// ErrCategoryRows says that a table of categories cannot be taken. All rows are taken or
// none.
var ErrCategoryRows = fault.New(fault.Invalid, "category_rows", "Some rows are no category of incidents, so nothing was stored. Correct the places named and send the file again. 部分行有误，未导入任何数据，请改正后重新提交。")

const (
	mostCategories = 2000
	// everyCategory is the row of the limits that hold where a category has none of its own.
	everyCategory = "*"
)

// clocks are the columns of the limits, by the state that the clock runs in: until a report
// is accepted, until what was accepted is dispatched …
var clocks = []struct {
	State   State
	Title   string
	Aliases []string
}{
	{Reported, "受理时限", []string{"受理", "accept within"}},
	{Accepted, "派遣时限", []string{"派遣", "派单时限", "dispatch within"}},
	{Dispatched, "处置时限", []string{"处置", "办理时限", "handle within"}},
	{Handled, "核查时限", []string{"核查", "verify within"}},
	{Verified, "结案时限", []string{"结案", "close within"}},
}

// CategoryFields are what ImportCategories looks for. Only the code must be there; what has
// no column stays as it is.
func CategoryFields() []sheet.Field {
	fields := []sheet.Field{
		{Name: "code", Required: true, Aliases: []string{"代码", "编码", "类别代码", "小类代码", "编号"}},
		{Name: "parent", Aliases: []string{"大类", "大类代码", "上级代码", "large class"}},
		{Name: "title_zh", Public: true, Aliases: []string{"名称", "类别名称", "中文名称", "小类名称", "title", "name"}},
		{Name: "title_en", Public: true, Aliases: []string{"英文名称", "english name", "english"}},
		{Name: "hazard", Aliases: []string{"安全隐患", "危险", "是否隐患"}},
		{Name: "public", Aliases: []string{"居民可报", "公开", "residents"}},
	}
	for _, c := range clocks {
		fields = append(fields, sheet.Field{Name: string(c.State), Aliases: append([]string{c.Title}, c.Aliases...)})
	}
	return fields
}

// kept is a category with what else a row says of it.
type kept struct {
	Category
	public bool
	limits map[State]worktime.Limit // of its own
}

func (k kept) same(o kept) bool {
	return k.Category == o.Category && k.public == o.public && maps.Equal(k.limits, o.limits)
}

// keptCategories are all there are, large classes before their small ones, after
// everyCategory.
func keptCategories(ctx context.Context, db pg.DB) ([]kept, error) {
	rows, _ := db.Query(ctx, `
		SELECT code, coalesce(parent, ''), title_zh, title_en, hazard, public
		FROM incident_category ORDER BY coalesce(parent, code), code`)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k kept, err error) {
		err = row.Scan(&k.Code, &k.Parent, &k.TitleZh, &k.TitleEn, &k.Hazard, &k.public)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("incident categories: %w", err)
	}
	limits, err := LimitsOf(ctx, db)
	if err != nil {
		return nil, err
	}
	all = append([]kept{{Category: Category{Code: everyCategory}}}, all...)
	for i := range all {
		all[i].limits = map[State]worktime.Limit{}
		for _, l := range limits {
			if l.Category == all[i].Code || l.Category == "" && i == 0 {
				all[i].limits[l.State] = l.Limit
			}
		}
	}
	return all, nil
}

// CategoryTable is the categories with their limits as ImportCategories reads them, for a
// spreadsheet.
func CategoryTable(ctx context.Context, db pg.DB) (vectorfile.Layer, error) {
	all, err := keptCategories(ctx, db)
	if err != nil {
		return vectorfile.Layer{}, err
	}
	header := []string{"代码", "大类代码", "名称", "英文名称", "安全隐患", "居民可报"}
	for _, c := range clocks {
		header = append(header, c.Title)
	}
	word := map[bool]string{true: "是", false: "否"}
	rows := make([][]string, len(all))
	for i, k := range all {
		rows[i] = []string{k.Code, k.Parent, k.TitleZh, k.TitleEn, word[k.Hazard], word[k.public]}
		if k.Code == everyCategory {
			rows[i] = []string{k.Code, "", "其余各类", "All others", "", ""}
		}
		for _, c := range clocks {
			rows[i] = append(rows[i], k.limits[c.State].String())
		}
	}
	return vectorfile.Table("事件类别", header, rows), nil
}

// ImportCategories makes and changes categories with their limits as a table says: all rows
// or none. What is absent from it stays. Where the table has a column of limits, an empty
// cell is no limit of the category's own; the row * holds what is meant for all that have
// none. A new category without an English title takes the Chinese one, and residents may
// report it if they may report its large class. The deadlines of open incidents are counted
// anew. Who may change settings everywhere may do it; db is the engine's. With dry nothing
// is stored.
//
// Errors: staff.ErrForbidden, ErrCategoryRows with every place, those of sheet.ReadList.
func ImportCategories(ctx context.Context, db pg.DB, actor staff.Actor, f sheet.File, dry bool) (taken sheet.TableReport, err error) {
	if !actor.Area(staff.Setting).All {
		return taken, fmt.Errorf("import categories: %w", staff.ErrForbidden)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := lockLimits(ctx, tx); err != nil {
			return err
		}
		there, err := keptCategories(ctx, tx)
		if err != nil {
			return err
		}
		t := categories{all: slices.Clone(there), lines: map[string]sheet.Row{}}
		in, err := sheet.ReadList(f, CategoryFields(), mostCategories, t.take)
		if err != nil {
			return err
		}
		t.inherit(in, len(there))
		var changed []kept
		for i, k := range t.all {
			row, named := t.lines[k.Code]
			if !named {
				continue
			}
			t.checkParent(in, row, k)
			switch {
			case i >= len(there):
				taken.Added++
			case k.same(there[i]):
				taken.Unchanged++
				continue
			default:
				taken.Changed++
			}
			changed = append(changed, k)
		}
		if err := in.Bad.Fault(ErrCategoryRows, in.Rows); err != nil {
			return err
		}
		taken = in.Report(dry, taken)
		if dry || len(changed) == 0 {
			return nil
		}
		if err := storeCategories(ctx, tx, changed); err != nil {
			return err
		}
		if err := recount(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "import", "incident-category", "", map[string]any{"rows": taken.Rows, "added": taken.Added, "changed": taken.Changed})
	})
	if err != nil {
		return taken, fmt.Errorf("import categories: %w", err)
	}
	return taken, nil
}

// categories are all there will be, with the rows that name them.
type categories struct {
	all   []kept
	lines map[string]sheet.Row
}

func (t *categories) of(code string) int {
	return slices.IndexFunc(t.all, func(k kept) bool { return k.Code == code })
}

var categoryCode = regexp.MustCompile(`^[0-9A-Za-z-]{1,20}$`)

// take is what a row says of a category; what it does not say stays.
func (t *categories) take(in *sheet.List, row sheet.Row) {
	code := in.Get(row, "code")
	if code != everyCategory && !categoryCode.MatchString(code) {
		in.Bad.Refuse(row, "code", "category_code", "A code is 1 to 20 letters, digits and hyphens; * is all that have no limit of their own. 代码由字母、数字和连字符组成，* 表示其余各类。")
		return
	}
	if !in.Once(row, "code", code) {
		return
	}
	t.lines[code] = row
	at := t.of(code)
	if at < 0 {
		at = len(t.all)
		t.all = append(t.all, kept{Category: Category{Code: code}})
	}
	k := &t.all[at]
	if code != everyCategory {
		k.read(in, row)
	}
	limits := maps.Clone(k.limits) // that of what was there stays
	if limits == nil {
		limits = map[State]worktime.Limit{}
	}
	for _, c := range clocks {
		if !in.Has(string(c.State)) {
			continue
		}
		limit, err := worktime.ParseLimit(in.Get(row, string(c.State)))
		switch {
		case err != nil:
			in.Bad.Refuse(row, string(c.State), "limit", err.Error()+". 时限应如：30分钟、4个工作小时、3个工作日。")
		case limit == worktime.Limit{}:
			delete(limits, c.State)
		default:
			limits[c.State] = limit
		}
	}
	k.limits = limits
}

// read is what a row says of a category itself.
func (k *kept) read(in *sheet.List, row sheet.Row) {
	if in.Has("parent") {
		k.Parent = in.Get(row, "parent")
	}
	title := func(field string, into *string) {
		if text := in.Get(row, field); text != "" {
			*into = text
		}
		if _, personal := sheet.LooksPersonal(*into); personal || *into == "" || utf8.RuneCountInString(*into) > 100 {
			in.Bad.Refuse(row, field, "category_title", "A title has 1 to 100 characters and no phone or identity number. 名称为 1 至 100 字，不含电话或证件号码。")
		}
	}
	title("title_zh", &k.TitleZh)
	if k.TitleEn == "" {
		k.TitleEn = k.TitleZh
	}
	title("title_en", &k.TitleEn)
	truth := func(field string, into *bool) {
		yes, some, bad := in.Bool(row, field)
		if !in.Bad.Refused(row, bad) && some {
			*into = yes
		}
	}
	truth("hazard", &k.Hazard)
	truth("public", &k.public)
}

// inherit makes those that are new, from one on, as open as their large classes, in whatever
// order the rows are, unless their rows say.
func (t *categories) inherit(in *sheet.List, from int) {
	for i := from; i < len(t.all); i++ {
		k := &t.all[i]
		_, says, _ := in.Bool(t.lines[k.Code], "public")
		if large := t.of(k.Parent); large > 0 && !says {
			k.public = t.all[large].public
		}
	}
}

// checkParent refuses a small class whose large class is none.
func (t *categories) checkParent(in *sheet.List, row sheet.Row, k kept) {
	if k.Parent == "" {
		return
	}
	large := t.of(k.Parent)
	switch {
	case large < 1:
		in.Bad.Refuse(row, "parent", "parent_unknown", fmt.Sprintf("There is no large class %.40q. 大类 %.40q 不存在。", k.Parent, k.Parent))
	case t.all[large].Parent != "" || k.Parent == k.Code:
		in.Bad.Refuse(row, "parent", "parent_small", fmt.Sprintf("%.40q is a small class itself. %.40q 本身是小类。", k.Parent, k.Parent))
	case slices.ContainsFunc(t.all, func(o kept) bool { return o.Parent == k.Code }):
		in.Bad.Refuse(row, "parent", "parent_of_large", "This class has small classes of its own. 该类别下有小类，不能再有大类。")
	}
}

// storeCategories writes categories, large classes first, and the limits of each.
func storeCategories(ctx context.Context, tx pgx.Tx, list []kept) error {
	slices.SortStableFunc(list, func(a, b kept) int { return min(len(a.Parent), 1) - min(len(b.Parent), 1) })
	for _, k := range list {
		of := k.Code
		if of == everyCategory {
			of = ""
		} else if _, err := tx.Exec(ctx, `
			INSERT INTO incident_category (code, parent, title_zh, title_en, hazard, public) VALUES ($1, nullif($2, ''), $3, $4, $5, $6)
			ON CONFLICT (code) DO UPDATE SET parent = excluded.parent, title_zh = excluded.title_zh, title_en = excluded.title_en,
				hazard = excluded.hazard, public = excluded.public`, k.Code, k.Parent, k.TitleZh, k.TitleEn, k.Hazard, k.public); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM incident_limit WHERE category = $1`, of); err != nil {
			return err
		}
		for _, state := range slices.Sorted(maps.Keys(k.limits)) {
			if _, err := tx.Exec(ctx, `INSERT INTO incident_limit VALUES ($1, $2, $3, $4)`, of, state, k.limits[state].Amount, k.limits[state].Unit); err != nil {
				return err
			}
		}
	}
	return nil
}

// ImportHolidays takes the days of a table in place of those of their years, and counts the
// deadlines of open incidents anew. Who may change settings everywhere may do it; db is the
// engine's. With dry nothing is stored.
//
// Errors: staff.ErrForbidden, those of calendar.Read.
func ImportHolidays(ctx context.Context, db pg.DB, actor staff.Actor, f sheet.File, dry bool) (taken sheet.TableReport, err error) {
	if !actor.Area(staff.Setting).All {
		return taken, fmt.Errorf("import holidays: %w", staff.ErrForbidden)
	}
	list, in, err := calendar.Read(f)
	if err != nil {
		return taken, fmt.Errorf("import holidays: %w", err)
	}
	there, err := calendar.Days(ctx, db)
	if err != nil {
		return taken, err
	}
	counts := sheet.TableReport{}
	years := map[string]bool{}
	for _, d := range list {
		years[d.Day.String()[:4]] = true
		at := slices.IndexFunc(there, func(o calendar.Day) bool { return o.Day == d.Day })
		switch {
		case at < 0:
			counts.Added++
		case there[at] == d:
			counts.Unchanged++
		default:
			counts.Changed++
		}
	}
	for _, d := range there {
		if years[d.Day.String()[:4]] && !slices.ContainsFunc(list, func(o calendar.Day) bool { return o.Day == d.Day }) {
			counts.Removed++
		}
	}
	taken = in.Report(dry, counts)
	if dry {
		return taken, nil
	}
	return taken, SetHolidays(ctx, db, actor, list)
}
