package demand

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/cell"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Faults of an import. All rows are taken or none: a cell that is missing unnoticed
// would make every share wrong.
var (
	ErrRows   = fault.New(fault.Invalid, "demand_rows", "Some rows cannot be counted, so nothing was stored. Correct the places named and send the file again.")
	ErrCounts = fault.New(fault.Invalid, "demand_counts", "No column of people was found: want people (population, 人口), households (户数) or age bands (0-2岁 … 80岁以上). Name it in the mapping.")
	ErrPlaces = fault.New(fault.Invalid, "demand_places", "No place was found: want a column of H3 cells (h3), or of longitude and latitude (lon, lat; 经度, 纬度). Name it in the mapping.")
	ErrMany   = fault.New(fault.TooLarge, "demand_too_many", "A demand set has two million rows at most; split the file by area.")
	ErrName   = fault.New(fault.Invalid, "demand_name", "A demand set needs a name of at most 100 characters: who counted what, and when.")
)

const (
	maxRows  = 2_000_000
	maxCount = 1_000_000 // people in one row
)

// Fields are what an import looks for.
func Fields() []sheet.Field {
	return []sheet.Field{
		{Name: "cell", Aliases: []string{"h3", "h3 index", "h3 cell", "h3编号", "h3编码", "h3单元", "六边形编号", "六边形", "hex", "hex id", "hexagon"}},
		{Name: "ref", Aliases: []string{"id", "source id", "building id", "building", "楼栋编号", "建筑编号", "楼栋编码", "房屋编码", "地址编码", "小区编号", "编号", "编码", "code", "name", "名称", "楼栋"}},
		{Name: "lon", Aliases: []string{"longitude", "lng", "long", "x", "经度", "经度坐标", "坐标x", "x坐标", "横坐标", "东坐标", "easting"}},
		{Name: "lat", Aliases: []string{"latitude", "y", "纬度", "纬度坐标", "坐标y", "y坐标", "纵坐标", "北坐标", "northing"}},
		{Name: "households", Aliases: []string{"户数", "总户数", "家庭户数", "household count", "hh", "dwellings"}},
		{Name: "people", Aliases: []string{"population", "pop", "persons", "residents", "inhabitants", "人口", "人数", "总人口", "人口数", "常住人口", "居住人口", "户籍人口"}},
		{Name: "age_0_2", Aliases: []string{"0-2岁人数", "0-2岁", "0至2岁", "婴幼儿人数", "age 0-2"}},
		{Name: "age_3_6", Aliases: []string{"3-6岁人数", "3-6岁", "3至6岁", "学龄前人数", "age 3-6"}},
		{Name: "age_7_17", Aliases: []string{"7-17岁人数", "7-17岁", "7至17岁", "未成年人数", "age 7-17"}},
		{Name: "age_18_59", Aliases: []string{"18-59岁人数", "18-59岁", "18至59岁", "age 18-59"}},
		{Name: "age_60_79", Aliases: []string{"60-79岁人数", "60-79岁", "60至79岁", "age 60-79"}},
		{Name: "age_80", Aliases: []string{"80岁以上人数", "80岁及以上人数", "80岁以上", "80岁及以上", "高龄人数", "age 80+", "age 80 and over"}},
	}
}

// Options say how a file is to be read.
type Options struct {
	Name     string            // of the set
	FileName string            //
	CRS      crs.CRS           // of longitudes and latitudes; zero is WGS 84
	Fields   map[string]string // our field → the file's column
	Confirm  string            // why the reference system is right, where that cannot be checked
	Spread   bool              // people of a cell over the buildings that the map has in it
	DryRun   bool              // report only
	Progress func(rows int64, stage string)
}

// Report tells what became of a file.
type Report struct {
	Set       *Set              `json:"set" doc:"the version that holds these rows; absent after a dry run"`
	Unchanged bool              `json:"unchanged" doc:"the newest version has these rows already"`
	Kind      Kind              `json:"kind" enum:"cell,place"`
	Rows      int               `json:"rows"`
	Empty     int               `json:"empty" doc:"rows without people and households"`
	Outside   int               `json:"outside" doc:"rows in no unit"`
	Buildings int               `json:"buildings" doc:"over which people of cells were spread"`
	Unspread  int               `json:"unspread" doc:"cells with people and without a building, which stand at their centre"`
	People    int64             `json:"people"`
	Household int64             `json:"households"`
	Rounding  float64           `json:"rounding" doc:"people that were lost (−) or won by rounding fractions"`
	Columns   map[string]string `json:"columns" doc:"our field → the file's column"`
	Unknown   []string          `json:"unknown" doc:"columns that were not read"`
	Dropped   []sheet.Dropped   `json:"dropped" doc:"columns that look personal; never read"`
	Guard     *crs.Verdict      `json:"guard" doc:"the verdict on the reference system"`
	DryRun    bool              `json:"dry_run"`
}

// entry is a row of the table to be.
type entry struct {
	ref string
	Row
}

// Import makes a demand set of a table, or of a file of points or cells, or finds
// that the newest version of it has the same rows already. The set is of the lowest
// unit that holds all rows that lie in units, within the importer's area. Errors beside
// those above: those of package sheet, of the reference system, staff.ErrForbidden.
func Import(ctx context.Context, db pg.DB, actor staff.Actor, rows ledger.Rows, o Options) (Report, error) {
	area := actor.Area(staff.Import)
	if area.Empty() {
		return Report{}, staff.ErrForbidden
	}
	o.Name = ledger.Clean(o.Name)
	if o.Name == "" || len([]rune(o.Name)) > 100 {
		return Report{}, ErrName
	}
	r, err := newReader(rows, o)
	if err != nil {
		return Report{}, fmt.Errorf("import demand %q: %w", o.Name, err)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := grid.HoldBoundaries(ctx, tx); err != nil {
			return err
		}
		ground, err := ledger.NewGround(ctx, tx, o.CRS, o.Confirm)
		if err != nil {
			return err
		}
		if err := r.read(ctx, tx, ground); err != nil || o.DryRun {
			return err
		}
		return r.save(ctx, tx, actor, r.home(ground, area))
	})
	if err != nil {
		return r.report, fmt.Errorf("import demand %q: %w", o.Name, err)
	}
	return r.report, nil
}

// reader turns the rows of a table into entries.
type reader struct {
	o       Options
	rows    ledger.Rows
	columns *sheet.Columns
	sheet.Refusals
	cells  bool // the rows are cells
	inRef  bool // whose names stand in the column ref
	counts []string

	report     Report
	entries    []entry
	raw        []orb.Point       // positions as they stand in the file
	seen       map[cell.Cell]int // cell → line
	resolution int
	units      map[int64]bool // that hold rows
}

func newReader(rows ledger.Rows, o Options) (*reader, error) {
	columns, err := rows.Columns(Fields(), o.Fields)
	if err != nil {
		return nil, err
	}
	sample, err := rows.Sample()
	if err != nil {
		return nil, err
	}
	r := &reader{o: o, rows: rows, columns: columns, Refusals: columns.Refusals(), seen: map[cell.Cell]int{}, units: map[int64]bool{}}
	r.report = Report{DryRun: o.DryRun, Unknown: columns.Unknown, Dropped: columns.Dropped, Columns: columns.Headers(), Kind: Places}
	for _, name := range append([]string{"people", "households"}, Bands[:]...) {
		if columns.Has(name) {
			r.counts = append(r.counts, name)
		}
	}
	if len(r.counts) == 0 {
		return nil, ErrCounts
	}
	// Some lists call their cells id.
	r.inRef = !columns.Has("cell") && len(sample) > 0 && !slices.ContainsFunc(sample, func(row sheet.Row) bool {
		_, err := parseCell(columns.Get(row, "ref"))
		return err != nil
	})
	r.cells = r.inRef || columns.Has("cell")
	switch {
	case r.cells:
		r.report.Kind = Cells
	case !rows.Placed(columns):
		return nil, ErrPlaces
	}
	return r, nil
}

// parseCell reads the name of a cell as lists write it: in capitals, with 0x.
func parseCell(text string) (cell.Cell, error) {
	return cell.Parse(strings.TrimPrefix(strings.ToLower(text), "0x"))
}

// read reads all rows and checks them.
func (r *reader) read(ctx context.Context, tx pgx.Tx, ground *ledger.Ground) error {
	lines := []sheet.Row{}
	total := 0
	for {
		row, err := r.rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if len(r.entries) == maxRows {
			return ErrMany
		}
		total++
		if r.Refused(row.Row, r.columns.Fault(row.Row)) {
			continue
		}
		e, ok := r.entry(row)
		if !ok {
			continue
		}
		r.entries = append(r.entries, e)
		lines = append(lines, sheet.Row{Line: row.Line})
		if n := len(r.entries); n%100_000 == 0 && r.o.Progress != nil {
			r.o.Progress(int64(n), ledger.StageRead)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if total == 0 {
		return ledger.ErrEmpty
	}
	if !r.cells {
		guard, err := ground.Guard(ctx, tx, r.raw)
		r.report.Guard = guard
		if err != nil {
			return err
		}
		for i := range r.entries {
			e := &r.entries[i]
			at, bad := ground.Place(r.raw[i])
			if bad != nil {
				r.Refuse(lines[i], "lon", bad.Code, bad.Detail)
				continue
			}
			e.At, e.Cell = at, cell.At(at)
		}
	}
	if err := r.Fault(ErrRows, total); err != nil {
		return err
	}
	if r.cells && r.o.Spread {
		if err := r.spread(ctx, tx); err != nil {
			return err
		}
	}
	r.sum(ground)
	return nil
}

// spread puts the people of the cells into buildings; the rows are those then.
func (r *reader) spread(ctx context.Context, tx pgx.Tx) error {
	box := geo.EmptyBound
	rows := make([]Row, len(r.entries))
	for i, e := range r.entries {
		box = box.Union(e.Cell.Boundary().Bound())
		rows[i] = e.Row
	}
	houses, err := Buildings(ctx, tx, box)
	if err != nil {
		return err
	}
	r.entries = r.entries[:0]
	for _, row := range Spread(rows, houses) {
		r.entries = append(r.entries, entry{row.Cell.String(), row})
		switch {
		case row.At != row.Cell.Center():
			r.report.Buildings++
		case row.People > 0 || row.Households > 0:
			r.report.Unspread++
		}
	}
	if len(r.entries) > maxRows {
		return ErrMany
	}
	return nil
}

// entry reads one row; false when it was refused.
func (r *reader) entry(from ledger.Row) (entry, bool) {
	row, before := from.Row, r.Rows()
	e := entry{ref: ledger.Clean(r.columns.Get(row, "ref"))}
	if r.cells {
		r.cell(from, &e)
	} else if raw, bad := from.Place(r.columns); !r.Refused(row, bad) {
		r.raw = append(r.raw, raw)
	}
	if len(e.ref) > 200 {
		r.Refuse(row, "ref", "too_long", "The name of the row is longer than 200 bytes. 编号过长。")
	}
	people, ages := 0.0, 0.0
	for _, name := range r.counts {
		f, n := r.count(row, name)
		switch i := slices.Index(Bands[:], name); {
		case i >= 0:
			e.Ages[i] = n
			ages += f
		case name == "people":
			e.People, people = n, f
		default:
			e.Households = n
		}
	}
	switch {
	case !r.columns.Has("people"):
		for _, n := range e.Ages {
			e.People += n
		}
	case ages > people+1e-6:
		r.Refuse(row, "people", "ages_exceed_people", fmt.Sprintf("The age bands have %v people, more than the %v of the row. 各年龄段之和大于总人数。", ages, people))
	}
	if r.Rows() > before {
		if !r.cells && len(r.raw) > len(r.entries) {
			r.raw = r.raw[:len(r.entries)]
		}
		return entry{}, false
	}
	return e, true
}

// cell reads the cell of a row; a position beside it must lie in that cell.
func (r *reader) cell(from ledger.Row, e *entry) {
	row, field := from.Row, "cell"
	if r.inRef {
		field = "ref"
	}
	c, err := parseCell(r.columns.Get(row, field))
	if err != nil {
		r.Refuse(row, field, "cell_name", fmt.Sprintf("%.40q is not the name of an H3 cell. 不是 H3 单元编号。", r.columns.Get(row, field)))
		return
	}
	if r.resolution == 0 {
		r.resolution = c.Resolution()
	}
	if c.Resolution() != r.resolution {
		r.Refuse(row, field, "cell_resolution", fmt.Sprintf("The cell has resolution %d, those before it %d. H3 分辨率不一致。", c.Resolution(), r.resolution))
		return
	}
	if first := r.seen[c]; first != 0 {
		r.Refuse(row, field, "repeated_id", fmt.Sprintf("The cell stands on line %d already. 单元重复,首次出现在第 %d 行。", first, first))
		return
	}
	r.seen[c] = row.Line
	e.Cell, e.At = c, c.Center()
	e.ref = c.String()
	raw, bad := from.Place(r.columns)
	if bad != nil {
		return // the cell says it all
	}
	if !(math.Abs(raw[0]) <= 180 && math.Abs(raw[1]) <= 90) || cell.In(geo.Snap(raw), r.resolution) != c {
		r.Refuse(row, "lon", "cell_elsewhere", fmt.Sprintf("The cell lies at %s, not here. 坐标不在该单元内。", degrees(c.Center())))
	}
}

func degrees(p geo.Point) string {
	d := p.Degrees()
	return strconv.FormatFloat(d[0], 'f', 5, 64) + ", " + strconv.FormatFloat(d[1], 'f', 5, 64)
}

// count reads a number of people, as it stands and as a whole number: fractions, as
// grids of the population have them, are rounded. An empty cell is nobody.
func (r *reader) count(row sheet.Row, field string) (float64, int) {
	f, some, bad := r.columns.Float(row, field)
	switch {
	case bad != nil:
		r.Refused(row, bad)
		return 0, 0
	case !some:
		return 0, 0
	case f < 0 || f > maxCount:
		r.Refuse(row, field, "bad_count", fmt.Sprintf("%v is no number of people in one place. 数值不合理。", f))
		return 0, 0
	}
	n := math.Round(f)
	if field == "people" || !r.columns.Has("people") && field != "households" {
		r.report.Rounding += n - f
	}
	return f, int(n)
}

// sum counts what was read, and which units hold it.
func (r *reader) sum(ground *ledger.Ground) {
	for _, e := range r.entries {
		r.report.Rows++
		r.report.People += int64(e.People)
		r.report.Household += int64(e.Households)
		if e.People == 0 && e.Households == 0 {
			r.report.Empty++
		}
		if i, ok := ground.Index.Find(e.At); ok {
			r.units[ground.Units[i].ID] = true
		} else {
			r.report.Outside++
		}
	}
	r.report.Rounding = math.Round(r.report.Rounding*1000) / 1000
}

// home is the unit the set is of: the lowest that holds all rows that lie in units,
// or nil for the whole installation. For who may not import everywhere it is within
// the own area.
func (r *reader) home(ground *ledger.Ground, area staff.Area) *int64 {
	above := make(map[int64]int64, len(ground.Units))
	for _, u := range ground.Units {
		above[u.ID] = u.ParentID
	}
	chain := func(unit int64) (list []int64) { // from the top down
		for step := 0; unit != 0 && step < 20; step++ {
			list = append(list, unit)
			unit = above[unit]
		}
		slices.Reverse(list)
		return list
	}
	var common []int64
	first := true
	for unit := range r.units {
		c := chain(unit)
		if first {
			common, first = c, false
			continue
		}
		n := 0
		for n < min(len(c), len(common)) && c[n] == common[n] {
			n++
		}
		common = common[:n]
	}
	if len(common) == 0 {
		return area.Home()
	}
	lowest := common[len(common)-1]
	if !area.All && !slices.ContainsFunc(common, func(u int64) bool { return slices.Contains(area.Roots, u) }) {
		return area.Home()
	}
	return &lowest
}

// save writes the set, unless its newest version has the same rows.
func (r *reader) save(ctx context.Context, tx pgx.Tx, actor staff.Actor, home *int64) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('demand'), hashtext($1))`, r.o.Name); err != nil {
		return err
	}
	digest := r.digest()
	var id int64
	var version int
	var last string
	err := tx.QueryRow(ctx, `
		SELECT id, version, digest FROM demand_set WHERE name = $1 AND area_id IS NOT DISTINCT FROM $2 ORDER BY version DESC LIMIT 1`,
		r.o.Name, home).Scan(&id, &version, &last)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if r.report.Unchanged = last == digest; !r.report.Unchanged {
		if id, err = r.insert(ctx, tx, actor, home, version+1, digest); err != nil {
			return err
		}
	}
	rows, _ := tx.Query(ctx, `SELECT`+columns+` WHERE s.id = $1`, id)
	set, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Set])
	r.report.Set = &set
	return err
}

func (r *reader) insert(ctx context.Context, tx pgx.Tx, actor staff.Actor, home *int64, version int, digest string) (id int64, err error) {
	var resolution *int
	if r.cells {
		resolution = &r.resolution
	}
	ages := []int64{}
	if slices.ContainsFunc(r.counts, func(name string) bool { return slices.Contains(Bands[:], name) }) {
		ages = make([]int64, len(Bands))
		for _, e := range r.entries {
			for i, n := range e.Ages {
				ages[i] += int64(n)
			}
		}
	}
	err = tx.QueryRow(ctx, `
		INSERT INTO demand_set (name, version, digest, kind, resolution, rows, outside, buildings, households, people, ages, file_name, area_id, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id`,
		r.o.Name, version, digest, r.report.Kind, resolution, r.report.Rows, r.report.Outside, r.report.Buildings, r.report.Household, r.report.People, ages,
		r.o.FileName, home, actor.Name).Scan(&id)
	if err != nil {
		return 0, err
	}
	if r.o.Progress != nil {
		r.o.Progress(int64(len(r.entries)), ledger.StageStore)
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"demand"},
		append([]string{"set_id", "ordinal", "ref", "point", "cell", "households", "people"}, Bands[:]...),
		pgx.CopyFromSlice(len(r.entries), func(i int) ([]any, error) {
			e := &r.entries[i]
			return []any{id, i + 1, e.ref, e.At, int64(e.Cell), e.Households, e.People, e.Ages[0], e.Ages[1], e.Ages[2], e.Ages[3], e.Ages[4], e.Ages[5]}, nil
		}))
	if err != nil {
		return 0, err
	}
	return id, audit.Write(ctx, tx, actor, "import", "demand-set", strconv.FormatInt(id, 10),
		map[string]any{"name": r.o.Name, "version": version, "rows": r.report.Rows, "people": r.report.People})
}

// digest is that of the rows in their order.
func (r *reader) digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "demand 1 %s\n", r.report.Kind)
	for _, e := range r.entries {
		writeRow(sum, e)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func writeRow(w hash.Hash, e entry) {
	fmt.Fprintf(w, "%q %d %d %d %d %d %v\n", e.ref, e.At.X, e.At.Y, int64(e.Cell), e.Households, e.People, e.Ages)
}
