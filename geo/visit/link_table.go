package visit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// ErrLinks says that a table of links cannot be taken. All rows are taken or none.
var ErrLinks = fault.New(fault.Invalid, "visit_links_rows", "Some rows cannot be taken, so nothing was stored. Correct the places named and send the file again. 部分行有误，未导入任何数据，请改正后重新提交。")

// mostLinks is how many rows a table of links has at most.
const mostLinks = 50_000

// LinkFields are what ImportLinks looks for.
func LinkFields() []sheet.Field {
	return []sheet.Field{
		{Name: "household", Required: true, Aliases: []string{"id", "source id", "household id", "编号", "户号", "住户编号", "户编号", "房屋编号"}},
		{Name: "source", Aliases: []string{"来源", "台账", "ledger"}},
		{Name: "unit", Aliases: []string{"unit code", "grid", "网格", "网格编码", "责任网格", "单元"}},
		{Name: "post", Aliases: []string{"岗位", "包联岗位", "联系岗位", "岗位名称"}},
		{Name: "ordinal", Aliases: []string{"岗位序号"}},
	}
}

// ImportLinks brings a table of linked households (二十户包联): a row is a household, by its
// number in the ledger (with the ledger's source where several have that number), and the
// post that keeps in touch with it: the code of its unit, the kind or title of the post
// where the unit has several, and its number where there are several of a kind. A row
// without a unit unties the household. What is absent stays. Who records there may do it;
// db is the engine's.
//
// Errors: staff.ErrForbidden, ErrLinks with every place, those of sheet.ReadList.
func ImportLinks(ctx context.Context, db pg.DB, actor staff.Actor, f sheet.File, fields map[string]string, dry bool) (taken sheet.TableReport, err error) {
	area := actor.Area(staff.Record)
	if area.Empty() {
		return taken, fmt.Errorf("import links: %w", staff.ErrForbidden)
	}
	err = pg.Try(ctx, db, dry, func(tx pgx.Tx) error {
		r := linkReader{area: area}
		if err := r.know(ctx, tx); err != nil {
			return err
		}
		var rows []sheet.Row
		in, err := sheet.ReadMapped(f, LinkFields(), fields, mostLinks, func(_ *sheet.List, row sheet.Row) {
			row.Cells = slices.Clone(row.Cells)
			rows = append(rows, row)
		})
		if err != nil {
			return err
		}
		homes, err := r.households(ctx, tx, in, rows)
		if err != nil {
			return err
		}
		byPost, lines := map[int64][]int64{}, map[int64]sheet.Row{}
		for _, row := range rows {
			household, post, ok := r.read(in, row, homes)
			if !ok || !in.Once(row, "household", strconv.FormatInt(household, 10)) {
				continue
			}
			lines[household] = row
			switch was := homes.linked[household]; {
			case was == post:
				taken.Unchanged++
				continue
			case post == 0:
				taken.Removed++
			case was == 0:
				taken.Added++
			default:
				taken.Changed++
			}
			byPost[post] = append(byPost[post], household)
		}
		if err := in.Bad.Fault(ErrLinks, in.Rows); err != nil {
			return err
		}
		taken = in.Report(dry, taken)
		if err := r.store(ctx, tx, actor, in, byPost, lines); err != nil {
			return err
		}
		if dry {
			return nil
		}
		return audit.Write(ctx, tx, actor, "import", "visit", "", map[string]any{"rows": taken.Rows, "added": taken.Added, "changed": taken.Changed, "removed": taken.Removed})
	})
	if err != nil {
		return taken, fmt.Errorf("import links: %w", err)
	}
	return taken, nil
}

// linkReader turns rows into links.
type linkReader struct {
	area  staff.Area
	posts map[string][]workingPost // by the code of their unit
}

// workingPost is a post that may keep in touch with households, with the words it is called by.
type workingPost struct {
	id      int64
	ordinal string
	words   []string
}

func (r *linkReader) know(ctx context.Context, tx pgx.Tx) error {
	r.posts = map[string][]workingPost{}
	rows, _ := tx.Query(ctx, `
		SELECT u.code, p.id, p.ordinal::text, ARRAY[p.kind, k.title_zh, k.title_en, coalesce(t.title, '')]
		FROM post p JOIN unit u ON u.id = p.unit_id JOIN post_kind k ON k.code = p.kind AND 'record' = ANY (k.may)
		LEFT JOIN LATERAL (SELECT t.title FROM post_title t WHERE t.post_id = p.id AND t.valid_from <= $1 ORDER BY t.valid_from DESC LIMIT 1) t ON true
		WHERE p.valid_from <= $1 AND (p.valid_to IS NULL OR p.valid_to > $1) AND `+staff.In("p.unit_id", 2), grid.Today(), r.area.All, r.area.Roots)
	var code string
	var p workingPost
	_, err := pgx.ForEachRow(rows, []any{&code, &p.id, &p.ordinal, &p.words}, func() error {
		for i, word := range p.words {
			p.words[i] = sheet.Word(word)
		}
		r.posts[code] = append(r.posts[code], p)
		p.words = nil
		return nil
	})
	return err
}

// ledgerHomes are the households that a table names.
type ledgerHomes struct {
	bySource map[[2]string]int64 // source and number
	byNumber map[string][]int64
	linked   map[int64]int64 // the post of each
	refused  map[int64]bool
}

func (r *linkReader) households(ctx context.Context, tx pgx.Tx, in *sheet.List, list []sheet.Row) (ledgerHomes, error) {
	k := ledgerHomes{map[[2]string]int64{}, map[string][]int64{}, map[int64]int64{}, map[int64]bool{}}
	numbers := make([]string, len(list))
	for i, row := range list {
		numbers[i] = in.Get(row, "household")
	}
	rows, _ := tx.Query(ctx, `
		SELECT h.id, h.source, h.source_id, coalesce(l.post_id, 0), EXISTS (SELECT FROM visit_refusal f WHERE f.household_id = h.id)
		FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL LEFT JOIN visit_link l ON l.household_id = h.id
		WHERE h.source_id = ANY ($1) AND h.closed_on IS NULL AND `+staff.In("coalesce(o.unit_id, h.area_id)", 2), numbers, r.area.All, r.area.Roots)
	var id, post int64
	var source, number string
	var refused bool
	_, err := pgx.ForEachRow(rows, []any{&id, &source, &number, &post, &refused}, func() error {
		k.bySource[[2]string{source, number}] = id
		k.byNumber[number] = append(k.byNumber[number], id)
		k.linked[id], k.refused[id] = post, refused
		return nil
	})
	return k, err
}

// read is what a row says: a household, and the post that is to keep in touch with it (0 is
// nobody); false where it was refused.
func (r *linkReader) read(in *sheet.List, row sheet.Row, k ledgerHomes) (household, post int64, ok bool) {
	number, source := in.Get(row, "household"), in.Get(row, "source")
	found := k.byNumber[number]
	if source != "" {
		found = nil
		if id := k.bySource[[2]string{source, number}]; id != 0 {
			found = []int64{id}
		}
	}
	switch len(found) {
	case 0:
		in.Bad.Refuse(row, "household", "household_unknown", fmt.Sprintf("There is no household %.60q where you may record. 户号 %.60q 不存在或不在您的管辖范围。", number, number))
		return 0, 0, false
	case 1:
		household = found[0]
	default:
		in.Bad.Refuse(row, "household", "household_ambiguous", fmt.Sprintf("Several ledgers have a household %.60q; give the source. 多个台账中都有户号 %.60q，请填写来源。", number, number))
		return 0, 0, false
	}
	code, word, ordinal := in.Get(row, "unit"), in.Get(row, "post"), in.Get(row, "ordinal")
	if code == "" {
		if word != "" || ordinal != "" {
			in.Bad.Refuse(row, "unit", "value_missing", "Say the code of the post's unit. 请填写岗位所在网格的编码。")
			return 0, 0, false
		}
		return household, 0, true
	}
	fits := slices.DeleteFunc(slices.Clone(r.posts[code]), func(p workingPost) bool {
		return word != "" && !slices.Contains(p.words, sheet.Word(word)) || ordinal != "" && p.ordinal != ordinal
	})
	switch {
	case len(fits) == 0:
		in.Bad.Refuse(row, "unit", "post_unknown", fmt.Sprintf("The unit %.60q has no such post that visits households, where you may record. 网格 %.60q 没有这样的走访岗位，或不在您的管辖范围。", code, code))
	case len(fits) > 1:
		in.Bad.Refuse(row, "post", "post_ambiguous", fmt.Sprintf("The unit %.60q has several such posts; give the post, and its number where there are several. 网格 %.60q 有多个岗位，请填写岗位和岗位序号。", code, code))
	case k.refused[household]:
		in.Bad.Refuse(row, "household", "visit_unwanted", "This household wants no visits. 该户不接受走访。")
	default:
		return household, fits[0].id, true
	}
	return 0, 0, false
}

// store writes links, and refuses the first row of a post that would have too many.
func (r *linkReader) store(ctx context.Context, tx pgx.Tx, actor staff.Actor, in *sheet.List, byPost map[int64][]int64, lines map[int64]sheet.Row) error {
	moved := []int64{}
	for _, homes := range byPost {
		moved = append(moved, homes...)
	}
	// First all are untied: two posts may change households with each other.
	if _, err := tx.Exec(ctx, `DELETE FROM visit_link WHERE household_id = ANY ($1)`, moved); err != nil {
		return err
	}
	delete(byPost, 0)
	for post, homes := range byPost {
		err := tie(ctx, tx, actor, post, homes)
		if errors.Is(err, ErrMany) {
			in.Bad.Refuse(lines[homes[0]], "unit", ErrMany.Code, "The post would have more linked households than the cadence allows. 该岗位的包联户数超过上限。")
			continue
		}
		if err != nil {
			return err
		}
	}
	return in.Bad.Fault(ErrLinks, in.Rows)
}
