package premises

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Faults of an import. All rows are taken or none.
var (
	ErrRows   = fault.New(fault.Invalid, "register_rows", "Some rows cannot be taken, so nothing was stored. Correct the places named and send the file again. 部分行有误，未导入任何数据，请改正后重新提交。")
	ErrFields = fault.New(fault.Invalid, "register_fields", "Columns are missing. Name them in the mapping. 缺少必要的列，请在映射中指定。")
	ErrMany   = fault.New(fault.TooLarge, "register_too_many", "A register has 100,000 rows at most; split the file by area. 每次最多导入 10 万行。")
	ErrTaken  = fault.New(fault.Conflict, "register_taken", "Entries outside your area have numbers of this register under the same source. Give your register another source. 同一来源下的部分编号已被其他区域使用，请更换来源名称。")
)

const (
	maxRows       = 100_000
	defaultRadius = 50
)

// Options say how a file is to be read.
type Options struct {
	Source   string            // who keeps the register
	CRS      crs.CRS           // of longitudes and latitudes; zero is WGS 84
	Fields   map[string]string // our field → the file's column
	Confirm  string            // why the reference system is right, where that cannot be checked
	DryRun   bool              // report only
	Progress func(rows int64, stage string)
}

// Report tells what became of a file.
type Report struct {
	Rows      int               `json:"rows"`
	Added     int               `json:"added"`
	Changed   int               `json:"changed"`
	Unchanged int               `json:"unchanged"`
	Outside   int               `json:"outside" doc:"rows in no unit"`
	Columns   map[string]string `json:"columns" doc:"our field → the file's column"`
	Unknown   []string          `json:"unknown" doc:"columns that were not read"`
	Dropped   []sheet.Dropped   `json:"dropped" doc:"columns that look personal; never read"`
	Guard     *crs.Verdict      `json:"guard" doc:"the verdict on the reference system"`
	DryRun    bool              `json:"dry_run"`
}

// register is a kind of things with places that files bring.
type register struct {
	subject string // of the audit
	table   string
	fields  []sheet.Field
	needs   []string
	columns []string // of the table, beside source, source_id, name, point and unit_id
	values  func(r *reader, row sheet.Row) []any
}

// placed are the fields that every register has.
func placed(more ...sheet.Field) []sheet.Field {
	return append([]sheet.Field{
		{Name: "id", Aliases: []string{"source id", "code", "number", "编号", "编码", "点位编号", "场所编号", "房屋编号", "序号"}},
		{Name: "name", Public: true, Aliases: []string{"title", "address", "名称", "点位名称", "打卡点", "打卡点名称", "场所名称", "房屋名称", "单位名称", "地址"}},
		{Name: "lon", Aliases: []string{"longitude", "lng", "long", "x", "经度", "经度坐标", "坐标x", "x坐标"}},
		{Name: "lat", Aliases: []string{"latitude", "y", "纬度", "纬度坐标", "坐标y", "y坐标"}},
	}, more...)
}

var premisesRegister = register{
	subject: "premises", table: "premises",
	fields: placed(
		sheet.Field{Name: "grade", Aliases: []string{"colour", "color", "risk", "等级", "风险等级", "颜色", "三色", "三色码", "赋码", "码色"}},
		sheet.Field{Name: "reason", Aliases: []string{"why", "hazard", "原因", "隐患", "赋码原因", "问题", "隐患描述"}},
		sheet.Field{Name: "inspected_on", Aliases: []string{"inspected", "date", "检查日期", "检查时间", "排查日期", "赋码日期"}},
		sheet.Field{Name: "valid_until", Aliases: []string{"valid until", "expires", "有效期", "有效期至", "到期日期", "复查日期"}},
		sheet.Field{Name: "post", Aliases: []string{"inspector post", "post id", "检查岗位", "责任岗位"}}),
	needs:   []string{"name", "grade", "inspected_on", "valid_until"},
	columns: []string{"grade", "reason", "inspected_on", "valid_until", "post_id"},
	values:  (*reader).premises,
}

var checkpointRegister = register{
	subject: "checkpoint", table: "checkpoint",
	fields:  placed(sheet.Field{Name: "radius", Aliases: []string{"metres", "meters", "半径", "有效半径", "打卡半径", "半径(米)"}}),
	needs:   []string{"name"},
	columns: []string{"radius"},
	values:  (*reader).checkpoint,
}

// grades are the colours as registers write them.
var grades = map[string]Grade{
	"red": Red, "红": Red, "红色": Red, "红码": Red, "高": Red, "高风险": Red, "high": Red,
	"yellow": Yellow, "黄": Yellow, "黄色": Yellow, "黄码": Yellow, "中": Yellow, "中风险": Yellow, "medium": Yellow,
	"green": Green, "绿": Green, "绿色": Green, "绿码": Green, "低": Green, "低风险": Green, "low": Green,
}

// Import brings a register of three-colour premises. What came from the same source under
// the same number is changed; without numbers the place and the name are the number. What
// is absent stays. An inspection here that is newer than the file's stays too.
//
// Errors: those above, those of package sheet and of the reference system, staff.ErrForbidden.
func Import(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, o Options) (Report, error) {
	return premisesRegister.load(ctx, db, actor, rows, o)
}

// ImportCheckpoints brings a register of checkpoints, in the same way.
func ImportCheckpoints(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, o Options) (Report, error) {
	return checkpointRegister.load(ctx, db, actor, rows, o)
}

// entry is a row of a register.
type entry struct {
	line   int
	id     string
	name   string
	raw    orb.Point
	at     geo.Point
	unit   *int64
	values []any
}

// reader turns rows into entries.
type reader struct {
	columns *sheet.Columns
	sheet.Refusals
	posts map[int64]bool
}

func (g register) load(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, o Options) (Report, error) {
	if actor.Area(staff.Import).Empty() {
		return Report{}, staff.ErrForbidden
	}
	columns, err := rows.Columns(g.fields, o.Fields)
	if err != nil {
		return Report{}, fmt.Errorf("import %s: %w", g.table, err)
	}
	report := Report{DryRun: o.DryRun, Unknown: columns.Unknown, Dropped: columns.Dropped, Columns: columns.Headers()}
	if err := need(columns, g.needs, rows.Placed(columns)); err != nil {
		return report, fmt.Errorf("import %s: %w", g.table, err)
	}
	r := &reader{columns: columns, Refusals: columns.Refusals(), posts: map[int64]bool{}}
	err = pg.Try(ctx, db, o.DryRun, func(tx pgx.Tx) error {
		if err := r.knowPosts(ctx, tx); err != nil {
			return err
		}
		entries, err := r.read(ctx, rows, g.values)
		if err != nil {
			return err
		}
		if err := grid.HoldBoundaries(ctx, tx); err != nil {
			return err
		}
		ground, err := ledger.NewGround(ctx, tx, o.CRS, o.Confirm)
		if err != nil {
			return err
		}
		if err := r.locate(ctx, tx, actor, ground, entries, &report); err != nil {
			return err
		}
		report.Rows = len(entries)
		if o.Progress != nil {
			o.Progress(int64(len(entries)), ledger.StageStore)
		}
		if err := g.save(ctx, tx, actor, o, entries, &report); err != nil {
			return err
		}
		if o.DryRun {
			return nil
		}
		return audit.Write(ctx, tx, actor, "import", g.subject, o.Source, map[string]any{"rows": report.Rows, "added": report.Added, "changed": report.Changed})
	})
	if err != nil {
		return report, fmt.Errorf("import %s: %w", g.table, err)
	}
	return report, nil
}

// need returns ErrFields with what is missing.
func need(columns *sheet.Columns, names []string, placed bool) error {
	var missing []fault.Place
	for _, name := range names {
		if !columns.Has(name) {
			missing = append(missing, fault.Place{Pointer: name, Code: "column_missing", Detail: "no column is known as " + name})
		}
	}
	if !placed {
		missing = append(missing, fault.Place{Pointer: "lon", Code: "column_missing", Detail: "no columns are known as longitude and latitude (经度, 纬度)"})
	}
	if missing != nil {
		return ErrFields.With(missing...)
	}
	return nil
}

func (r *reader) knowPosts(ctx context.Context, tx pgx.Tx) error {
	if !r.columns.Has("post") {
		return nil
	}
	rows, _ := tx.Query(ctx, `SELECT id FROM post`)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range ids {
		r.posts[id] = true
	}
	return err
}

// each calls visit with all rows.
func each(ctx context.Context, rows ledger.Rows, visit func(ledger.Row)) error {
	n := 0
	for ; ; n++ {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && n == maxRows {
			err = ErrMany
		}
		if err != nil {
			return err
		}
		visit(row)
	}
	if n == 0 {
		return ledger.ErrEmpty
	}
	return nil
}

func (r *reader) read(ctx context.Context, rows ledger.Rows, values func(*reader, sheet.Row) []any) ([]entry, error) {
	var entries []entry
	first := map[string]int{} // number → line
	err := each(ctx, rows, func(from ledger.Row) {
		e := entry{line: from.Line}
		row := from.Row
		if !r.Refused(row, r.columns.Fault(row)) {
			e.name = ledger.Clean(r.columns.Get(row, "name"))
			if !plain(e.name, 1, 200) {
				r.Refuse(row, "name", "name", "A name has 1 to 200 characters and no phone or identity number. 名称不能为空，不超过 200 字，且不含电话或证件号码。")
			}
			raw, bad := from.Place(r.columns)
			r.Refused(row, bad)
			e.raw, e.values = raw, values(r, row)
			if e.id = ledger.Clean(r.columns.Get(row, "id")); e.id == "" {
				e.id = uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%v %v %s", raw[0], raw[1], e.name)).String()
			}
			if line := first[e.id]; line != 0 {
				r.Refuse(row, "id", "repeated_id", fmt.Sprintf("The number stands on line %d already. 编号重复，首次出现在第 %d 行。", line, line))
			}
			first[e.id] = e.line
		}
		entries = append(entries, e)
	})
	return entries, err
}

func (r *reader) premises(row sheet.Row) []any {
	text := strings.ToLower(ledger.Clean(r.columns.Get(row, "grade")))
	grade, known := grades[text]
	if !known {
		r.Refuse(row, "grade", "grade_unknown", fmt.Sprintf("%.40q is no grade; say red, yellow or green. 等级应为：红、黄、绿。", text))
	}
	reason := ledger.Clean(r.columns.Get(row, "reason"))
	if !plain(reason, 0, 200) || known && grade != Green && reason == "" {
		r.Refuse(row, "reason", "reason", "Red and yellow have a reason of at most 200 characters, without a phone or identity number. 红、黄等级须填写原因，不超过 200 字，且不含电话或证件号码。")
	}
	inspected, until := r.day(row, "inspected_on"), r.day(row, "valid_until")
	if inspected != nil && until != nil && until.Before(*inspected) {
		r.Refuse(row, "valid_until", "valid_before_inspection", "It is valid until a day before the inspection. 有效期早于检查日期。")
	}
	var post *int64
	if n, some, bad := r.columns.Int(row, "post"); !r.Refused(row, bad) && some {
		if post = &n; !r.posts[n] {
			r.Refuse(row, "post", "post_unknown", fmt.Sprintf("There is no post %d. 岗位 %d 不存在。", n, n))
		}
	}
	return []any{grade, reason, inspected, until, post}
}

// day is a date that must be there.
func (r *reader) day(row sheet.Row, field string) *geo.Day {
	t, some, bad := r.columns.Date(row, field, geo.DayOf(time.Now()).Start().Location())
	if r.Refused(row, bad) {
		return nil
	}
	if !some || t.Year() < 1990 || t.Year() > 2199 {
		r.Refuse(row, field, "bad_date", "A date is wanted here. 此处须填写日期。")
		return nil
	}
	day := geo.DayOf(t)
	return &day
}

func (r *reader) checkpoint(row sheet.Row) []any {
	radius := int64(defaultRadius)
	if n, some, bad := r.columns.Int(row, "radius"); !r.Refused(row, bad) && some {
		if radius = n; n < 5 || n > 500 {
			r.Refuse(row, "radius", "bad_radius", "A radius is 5 to 500 m. 半径应为 5 至 500 米。")
		}
	}
	return []any{radius}
}

// locate finds place and unit of the entries, within the importer's area.
func (r *reader) locate(ctx context.Context, tx pgx.Tx, actor staff.Actor, ground *ledger.Ground, entries []entry, report *Report) error {
	if err := r.Fault(ErrRows, len(entries)); err != nil {
		return err
	}
	raw, lines := make([]orb.Point, len(entries)), make([]int, len(entries))
	for i, e := range entries {
		raw[i], lines[i] = e.raw, e.line
	}
	found, err := ground.Locate(ctx, tx, actor.Area(staff.Import), lines, raw, &r.Refusals, "The place lies outside the area of your posts. 该点在您的管辖范围之外。")
	report.Guard, report.Outside = found.Guard, found.Outside
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].at, entries[i].unit = found.At[i], found.Units[i]
	}
	return r.Fault(ErrRows, len(entries))
}

// save writes the entries and counts what changed.
func (g register) save(ctx context.Context, tx pgx.Tx, actor staff.Actor, o Options, entries []entry, report *Report) error {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.id
	}
	area := actor.Area(staff.Import)
	var taken bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+g.table+` t WHERE t.source = $1 AND t.source_id = ANY ($2) AND NOT `+staff.In("t.unit_id", 3)+`)`,
		o.Source, ids, area.All, area.Roots).Scan(&taken)
	if err != nil {
		return err
	}
	if taken {
		return ErrTaken
	}
	sql := g.upsert()
	batch := &pgx.Batch{}
	for _, e := range entries {
		batch.Queue(sql, append([]any{o.Source, e.id, e.name, e.at, e.unit}, e.values...)...)
	}
	results := tx.SendBatch(ctx, batch)
	for range entries {
		var added bool
		err := results.QueryRow().Scan(&added)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			report.Unchanged++
		case err != nil:
			return errors.Join(err, results.Close())
		case added:
			report.Added++
		default:
			report.Changed++
		}
	}
	return results.Close()
}

// upsert is the statement that adds or changes a row, and returns whether it is new; no
// row when nothing changed.
func (g register) upsert() string {
	names := append([]string{"name", "point", "unit_id"}, g.columns...)
	params, sets, old, excluded := []string{"$1", "$2"}, []string{}, []string{}, []string{}
	for i, name := range names {
		params = append(params, fmt.Sprintf("$%d", i+3))
		sets = append(sets, name+" = excluded."+name)
		old, excluded = append(old, "t."+name), append(excluded, "excluded."+name)
	}
	newer := ""
	if slices.Contains(names, "inspected_on") {
		newer = " AND excluded.inspected_on >= t.inspected_on"
	}
	return `INSERT INTO ` + g.table + ` AS t (source, source_id, ` + strings.Join(names, ", ") + `) VALUES (` + strings.Join(params, ", ") + `)
		ON CONFLICT (source, source_id) DO UPDATE SET ` + strings.Join(sets, ", ") + `, closed_on = NULL, updated_at = now()
		WHERE (` + strings.Join(old, ", ") + `, t.closed_on) IS DISTINCT FROM (` + strings.Join(excluded, ", ") + `, NULL::date)` + newer + `
		RETURNING xmax = 0`
}

// BlockFields are what an import of blocks looks for.
func BlockFields() []sheet.Field {
	return []sheet.Field{
		{Name: "zone", Aliases: []string{"code", "zone code", "block", "区块", "区块编码", "商铺街区", "街区编码", "编码", "编号", "代码"}},
		{Name: "days", Aliases: []string{"contract", "every", "天数", "更新周期", "周期(天)", "周期", "更新天数"}},
		{Name: "seen_on", Aliases: []string{"seen", "last seen", "最近更新", "上次更新", "更新日期", "最近走访"}},
	}
}

// ImportBlocks makes zones blocks: which zone, every how many days, and when it was seen
// last, if that is known. A later day that is stored here stays.
func ImportBlocks(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, o Options) (Report, error) {
	area := actor.Area(staff.Import)
	if area.Empty() {
		return Report{}, staff.ErrForbidden
	}
	columns, err := rows.Columns(BlockFields(), o.Fields)
	if err != nil {
		return Report{}, fmt.Errorf("import blocks: %w", err)
	}
	report := Report{DryRun: o.DryRun, Unknown: columns.Unknown, Dropped: columns.Dropped, Columns: columns.Headers()}
	if err := need(columns, []string{"zone", "days"}, true); err != nil {
		return report, fmt.Errorf("import blocks: %w", err)
	}
	r := &reader{columns: columns, Refusals: columns.Refusals()}
	err = pg.Try(ctx, db, o.DryRun, func(tx pgx.Tx) error {
		if err := grid.HoldBoundaries(ctx, tx); err != nil {
			return err
		}
		first := map[string]int{}
		var failed error
		err := each(ctx, rows, func(from ledger.Row) {
			report.Rows++
			if failed == nil {
				failed = r.block(ctx, tx, area, from.Row, first, &report)
			}
		})
		if err := errors.Join(err, failed); err != nil {
			return err
		}
		if err := r.Fault(ErrRows, report.Rows); err != nil {
			return err
		}
		if o.DryRun {
			return nil
		}
		return audit.Write(ctx, tx, actor, "import", "block", o.Source, map[string]any{"rows": report.Rows, "added": report.Added, "changed": report.Changed})
	})
	if err != nil {
		return report, fmt.Errorf("import blocks: %w", err)
	}
	return report, nil
}

// block stores a row of blocks.
func (r *reader) block(ctx context.Context, tx pgx.Tx, area staff.Area, row sheet.Row, first map[string]int, report *Report) error {
	if r.Refused(row, r.columns.Fault(row)) {
		return nil
	}
	zone := ledger.Clean(r.columns.Get(row, "zone"))
	if line := first[zone]; line != 0 {
		r.Refuse(row, "zone", "repeated_id", fmt.Sprintf("The zone stands on line %d already. 编号重复，首次出现在第 %d 行。", line, line))
	}
	first[zone] = row.Line
	days, some, bad := r.columns.Int(row, "days")
	if !r.Refused(row, bad) && (!some || days < 1 || days > 366) {
		r.Refuse(row, "days", "bad_days", "A block is to be seen every 1 to 366 days. 周期应为 1 至 366 天。")
	}
	var seen *geo.Day
	if strings.TrimSpace(r.columns.Get(row, "seen_on")) != "" {
		if seen = r.day(row, "seen_on"); seen != nil && grid.Today().Before(*seen) {
			r.Refuse(row, "seen_on", "bad_date", "It was seen on a day that is yet to come. 日期不能晚于今天。")
		}
	}
	if r.Rows() > 0 {
		return nil
	}
	var known, within bool
	var added *bool
	err := tx.QueryRow(ctx, `
		WITH z AS (SELECT id, unit_at(ST_PointOnSurface(geom), $4) AS unit_id, area_id FROM zone WHERE code = $1),
		mine AS (SELECT z.id, coalesce(z.unit_id, z.area_id) AS unit_id FROM z WHERE in_area(coalesce(z.unit_id, z.area_id), $5, $6)),
		put AS (
			INSERT INTO block AS b (zone_id, unit_id, days, told_on, seen_on) SELECT id, unit_id, $2, $3::date, $3::date FROM mine
			ON CONFLICT (zone_id) DO UPDATE SET unit_id = excluded.unit_id, days = excluded.days, told_on = greatest(b.told_on, excluded.told_on), seen_on = greatest(b.seen_on, excluded.seen_on)
			WHERE (b.unit_id, b.days, b.told_on) IS DISTINCT FROM (excluded.unit_id, excluded.days, greatest(b.told_on, excluded.told_on))
			RETURNING xmax = 0 AS added)
		SELECT EXISTS (SELECT FROM z), EXISTS (SELECT FROM mine), (SELECT added FROM put)`,
		zone, days, seen, grid.Today(), area.All, area.Roots).Scan(&known, &within, &added)
	switch {
	case err != nil:
		return err
	case !known:
		r.Refuse(row, "zone", "zone_unknown", fmt.Sprintf("There is no zone %.60q. 叠加区 %.60q 不存在。", zone, zone))
	case !within:
		r.Refuse(row, "zone", "outside_area", "The zone lies outside the area of your posts. 该区块在您的管辖范围之外。")
	case added == nil:
		report.Unchanged++
	case *added:
		report.Added++
	default:
		report.Changed++
	}
	return nil
}
