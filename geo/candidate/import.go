package candidate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

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
	ErrRows   = fault.New(fault.Invalid, "candidate_rows", "Some rows cannot be candidates, so nothing was stored. Correct the places named and send the file again. 部分行有误，未导入任何数据，请改正后重新提交。")
	ErrFields = fault.New(fault.Invalid, "candidate_fields", "Columns are missing: want longitude and latitude (lon, lat; 经度, 纬度) and a name (name; 名称). Name them in the mapping. 缺少经度、纬度或名称列，请在映射中指定。")
	ErrMany   = fault.New(fault.TooLarge, "candidate_too_many", "A list of candidates has 100,000 rows at most; split the file by area. 候选点每次最多导入 10 万行。")
)

const (
	maxRows     = 100_000
	maxCost     = 1_000_000_000_000
	maxCapacity = 1_000_000
)

// Fields are what an import looks for.
func Fields() []sheet.Field {
	return []sheet.Field{
		{Name: "id", Aliases: []string{"source id", "candidate id", "code", "编号", "编码", "候选点编号", "房屋编号", "商铺编号", "序号"}},
		{Name: "name", Public: true, Aliases: []string{"title", "address", "名称", "候选点", "候选点名称", "点位名称", "场所名称", "房屋名称", "商铺名称", "地址"}},
		{Name: "kind", Aliases: []string{"type", "category", "类型", "类别", "候选点类型", "房屋类型", "性质"}},
		{Name: "lon", Aliases: []string{"longitude", "lng", "long", "x", "经度", "经度坐标", "坐标x", "x坐标", "横坐标", "东坐标", "easting"}},
		{Name: "lat", Aliases: []string{"latitude", "y", "纬度", "纬度坐标", "坐标y", "y坐标", "纵坐标", "北坐标", "northing"}},
		{Name: "cost", Aliases: []string{"price", "budget", "成本", "费用", "改造费用", "投资", "投资(元)", "费用(元)", "造价"}},
		{Name: "capacity", Aliases: []string{"places", "容量", "服务能力", "可服务人数", "容纳人数"}},
		{Name: "ground_floor", Aliases: []string{"ground floor", "一层", "首层", "是否一层", "是否首层", "底层"}},
		{Name: "step_free", Aliases: []string{"step free", "wheelchair", "无障碍", "是否无障碍", "无台阶"}},
		{Name: "note", Aliases: []string{"remark", "notes", "comment", "备注", "说明"}},
	}
}

// words are the kinds as lists write them.
var words = map[string]Kind{
	"idle-house": IdleHouse, "idle house": IdleHouse, "house": IdleHouse, "闲置房": IdleHouse, "闲置房屋": IdleHouse, "闲置农房": IdleHouse, "闲置住宅": IdleHouse, "空置房": IdleHouse,
	"vacant-premises": VacantPremises, "vacant premises": VacantPremises, "shop": VacantPremises, "premises": VacantPremises, "空置商铺": VacantPremises, "商铺": VacantPremises, "门面": VacantPremises, "空置门面": VacantPremises, "闲置用房": VacantPremises,
	"place": Place, "场所": Place, "空地": Place, "广场": Place, "场地": Place,
	"existing": Existing, "现有": Existing, "现有服务点": Existing, "已有": Existing,
	"other": Other, "其他": Other, "其它": Other, "": Other,
}

// Options say how a file is to be read.
type Options struct {
	Source   string            // who keeps the list
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

// entry is a row of the list.
type entry struct {
	line int
	id   string
	Details
	raw  orb.Point
	at   geo.Point
	unit *int64
}

// reader turns rows into entries.
type reader struct {
	columns *sheet.Columns
	sheet.Refusals
}

// Import adds the sites of a table or a file of points, or changes those that came
// from the same source under the same number; without numbers the place and the name
// are the number. What is absent stays. Errors beside those above: those of package
// sheet, of the reference system, staff.ErrForbidden.
func Import(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, o Options) (Report, error) {
	area := actor.Area(staff.Import)
	if area.Empty() {
		return Report{}, staff.ErrForbidden
	}
	columns, err := rows.Columns(Fields(), o.Fields)
	if err != nil {
		return Report{}, fmt.Errorf("import candidates: %w", err)
	}
	report := Report{DryRun: o.DryRun, Unknown: columns.Unknown, Dropped: columns.Dropped, Columns: columns.Headers()}
	if !rows.Placed(columns) || !columns.Has("name") {
		return report, fmt.Errorf("import candidates: %w", ErrFields)
	}
	r := &reader{columns, columns.Refusals()}
	entries, err := r.read(ctx, rows)
	if err != nil {
		return report, fmt.Errorf("import candidates: %w", err)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
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
		return save(ctx, tx, actor, o, entries, &report)
	})
	if err != nil {
		return report, fmt.Errorf("import candidates: %w", faults.Of(err))
	}
	return report, nil
}

// read reads all rows.
func (r *reader) read(ctx context.Context, rows ledger.Rows) ([]entry, error) {
	var entries []entry
	first := map[string]int{} // number → line
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(entries) == maxRows {
			return nil, ErrMany
		}
		e := r.entry(row)
		if line := first[e.id]; line != 0 {
			r.Refuse(row.Row, "id", "repeated_id", fmt.Sprintf("The number stands on line %d already. 编号重复，首次出现在第 %d 行。", line, line))
		}
		first[e.id] = row.Line
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, ledger.ErrEmpty
	}
	return entries, nil
}

func (r *reader) entry(from ledger.Row) entry {
	row := from.Row
	e := entry{line: row.Line}
	if r.Refused(row, r.columns.Fault(row)) {
		return e
	}
	e.Name, e.Note = ledger.Clean(r.columns.Get(row, "name")), ledger.Clean(r.columns.Get(row, "note"))
	if e.Name == "" || len([]rune(e.Name)) > 200 {
		r.Refuse(row, "name", "name", "A candidate has a name of at most 200 characters. 名称不能为空，且不超过 200 字。")
	}
	if len([]rune(e.Note)) > 500 {
		r.Refuse(row, "note", "too_long", "The note is longer than 500 characters. 备注超过 500 字。")
	}
	text := strings.ToLower(ledger.Clean(r.columns.Get(row, "kind")))
	kind, known := words[text]
	if !known {
		r.Refuse(row, "kind", "kind_unknown", fmt.Sprintf("%.40q is no kind of candidate; say idle-house, vacant-premises, place, existing or other. 候选点类型应为：闲置房屋、空置商铺、场所、现有服务点、其他。", text))
	}
	e.Kind = kind
	raw, bad := from.Place(r.columns)
	r.Refused(row, bad)
	e.raw = raw
	if n, some, bad := r.columns.Int(row, "cost"); !r.Refused(row, bad) && some {
		if n < 0 || n > maxCost {
			r.Refuse(row, "cost", "bad_cost", "A cost is a number of yuan, not negative. 费用应为非负的元数。")
		}
		e.Cost = &n
	}
	if n, some, bad := r.columns.Int(row, "capacity"); !r.Refused(row, bad) && some {
		if n < 0 || n > maxCapacity {
			r.Refuse(row, "capacity", "bad_capacity", "A capacity is a number of people, not negative. 容量应为非负的人数。")
		}
		places := int(n)
		e.Capacity = &places
	}
	if b, some, bad := r.columns.Bool(row, "ground_floor"); !r.Refused(row, bad) && some {
		e.GroundFloor = &b
	}
	if b, some, bad := r.columns.Bool(row, "step_free"); !r.Refused(row, bad) && some {
		e.StepFree = &b
	}
	if e.id = ledger.Clean(r.columns.Get(row, "id")); e.id == "" {
		e.id = uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%v %v %s", e.raw[0], e.raw[1], e.Name)).String()
	}
	return e
}

// locate finds place and unit of the entries, within the importer's area.
func (r *reader) locate(ctx context.Context, tx pgx.Tx, actor staff.Actor, ground *ledger.Ground, entries []entry, report *Report) error {
	if r.Rows() > 0 {
		return r.Fault(ErrRows, len(entries))
	}
	raw, lines := make([]orb.Point, len(entries)), make([]int, len(entries))
	for i, e := range entries {
		raw[i], lines[i] = e.raw, e.line
	}
	found, err := ground.Locate(ctx, tx, actor.Area(staff.Import), lines, raw, &r.Refusals, "The site lies outside the area of your posts. 该点在您的管辖范围之外。")
	report.Guard, report.Outside = found.Guard, found.Outside
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].at, entries[i].unit = found.At[i], found.Units[i]
	}
	return r.Fault(ErrRows, len(entries))
}

// ErrTaken means that the numbers are those of candidates elsewhere.
var ErrTaken = fault.New(fault.Conflict, "candidate_taken", "Candidates outside your area have numbers of this list under the same source. Give your list another source. 同一来源下的部分编号已被其他区域使用，请更换来源名称。")

// save writes the entries; nothing in a dry run, whose counts are the same.
func save(ctx context.Context, tx pgx.Tx, actor staff.Actor, o Options, entries []entry, report *Report) error {
	if o.Progress != nil {
		o.Progress(int64(len(entries)), ledger.StageStore)
	}
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.id
	}
	area := actor.Area(staff.Import)
	var taken bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM candidate c WHERE c.source = $1 AND c.source_id = ANY ($2) AND NOT `+staff.In("c.unit_id", 3)+`)`,
		o.Source, ids, area.All, area.Roots).Scan(&taken)
	if err != nil {
		return err
	}
	if taken {
		return ErrTaken
	}
	batch := &pgx.Batch{}
	for _, e := range entries {
		batch.Queue(`
			WITH old AS (SELECT * FROM candidate WHERE source = $1 AND source_id = $2),
			put AS (
				INSERT INTO candidate AS c (source, source_id, kind, name, point, unit_id, cost, capacity, ground_floor, step_free, note, created_by)
				SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 WHERE NOT $13
				ON CONFLICT (source, source_id) DO UPDATE SET kind = excluded.kind, name = excluded.name, point = excluded.point, unit_id = excluded.unit_id,
					cost = excluded.cost, capacity = excluded.capacity, ground_floor = excluded.ground_floor, step_free = excluded.step_free,
					note = excluded.note, closed_on = NULL, updated_at = now()
				WHERE (c.kind, c.name, c.point, c.unit_id, c.cost, c.capacity, c.ground_floor, c.step_free, c.note, c.closed_on)
					IS DISTINCT FROM (excluded.kind, excluded.name, excluded.point, excluded.unit_id, excluded.cost, excluded.capacity,
					excluded.ground_floor, excluded.step_free, excluded.note, NULL::date))
			SELECT CASE WHEN NOT EXISTS (SELECT FROM old) THEN 0
				WHEN EXISTS (SELECT FROM old WHERE kind = $3 AND name = $4 AND point = $5 AND note = $11 AND closed_on IS NULL
					AND (unit_id, cost, capacity, ground_floor, step_free) IS NOT DISTINCT FROM ($6::bigint, $7::bigint, $8::integer, $9::boolean, $10::boolean)) THEN 2
				ELSE 1 END`,
			o.Source, e.id, e.Kind, e.Name, e.at, e.unit, e.Cost, e.Capacity, e.GroundFloor, e.StepFree, e.Note, actor.Name, o.DryRun)
	}
	results := tx.SendBatch(ctx, batch)
	for range entries {
		var what int
		if err := results.QueryRow().Scan(&what); err != nil {
			return errors.Join(err, results.Close())
		}
		*[]*int{&report.Added, &report.Changed, &report.Unchanged}[what]++
	}
	if err := results.Close(); err != nil || o.DryRun {
		return err
	}
	return audit.Write(ctx, tx, actor, "import", "candidate", o.Source, map[string]any{"rows": report.Rows, "added": report.Added, "changed": report.Changed})
}
