package circle

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/atlas"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/setting"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// Export says what is written, and how.
type Export struct {
	What       string // units, cells, points, uncovered, change
	Format     string // csv, xlsx, geojson, gpkg, parquet; png and pdf are map sheets of one column
	Column     int    // -1 = every one
	Level      string // of units and change; "" = all
	Resolution int    // of cells, 7 to 10
	Before     int64  // of change: the other run
	// Font of map sheets; nil where none are drawn.
	Font func() (*atlas.Font, error)
}

// File is an export that is checked, and ready to be written.
type File struct {
	MediaType string
	Write     func(ctx context.Context, w io.Writer) error
}

// ErrExport means that there is no such export.
var ErrExport = fault.New(fault.NotFound, "export_unknown", "There is no such export. Choose units, cells, points, uncovered or change, as csv, xlsx, geojson, gpkg, parquet, png or pdf.")

var errBefore = fault.New(fault.Invalid, "circle_before", "Say with before which run it is compared with.")

var writers = map[string]struct {
	media string
	write func(ctx context.Context, w io.Writer, l vectorfile.Layer, notes []Note) error
}{
	"csv":     {"text/csv; charset=utf-8", writeCSV},
	"xlsx":    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", writeXLSX},
	"geojson": {"application/geo+json", writeGeoJSON},
	"gpkg":    {"application/geopackage+sqlite3", writeGeoPackage},
	"parquet": {"application/vnd.apache.parquet", writeParquet},
}

// NewExport prepares a file with results of a run: the same rows that are read one by
// one, by the same rule. It is recorded. Households are for who may see places.
//
// Errors: ErrUnknown, ErrNotDone, ErrColumn, ErrExport, staff.ErrForbidden,
// staff.ErrOutside.
func NewExport(ctx context.Context, db pg.Pool, actor staff.Actor, id int64, e Export) (File, error) {
	s, err := done(ctx, db, actor, id, e.Column)
	if err != nil {
		return File{}, err
	}
	if err := actor.Must(staff.Export); err != nil {
		return File{}, err
	}
	if err := staff.Within(ctx, db, actor, staff.Export, s.unit); err != nil {
		return File{}, err
	}
	e.Resolution = cmp.Or(e.Resolution, 9)
	record := func() error {
		return audit.Write(ctx, db, actor, "export", "circle", strconv.FormatInt(id, 10), map[string]any{"what": e.What, "format": e.Format, "column": e.Column})
	}
	if e.Format == "png" || e.Format == "pdf" {
		file, err := s.drawing(ctx, db, actor, e)
		if err != nil {
			return File{}, err
		}
		return file, record()
	}
	if _, known := writers[e.Format]; !known {
		return File{}, ErrExport
	}
	layer, err := s.layer(ctx, db, actor, e)
	if err != nil {
		return File{}, err
	}
	notes, err := s.notes(ctx, db)
	if err != nil {
		return File{}, err
	}
	if err := record(); err != nil {
		return File{}, err
	}
	return NewFile(e.Format, notes, layer)
}

// NewFile is a file of one layer, which is read when it is written, as csv, xlsx,
// geojson, gpkg or parquet; ErrExport for any other format.
func NewFile(format string, notes []Note, layer func(context.Context) (vectorfile.Layer, error)) (File, error) {
	out, known := writers[format]
	if !known {
		return File{}, ErrExport
	}
	return File{MediaType: out.media, Write: func(ctx context.Context, w io.Writer) error {
		l, err := layer(ctx)
		if err != nil {
			return err
		}
		return out.write(ctx, w, l, notes)
	}}, nil
}

// Note is something that readers of a file must know.
type Note struct{ Name, Text string }

// notes say of what a file tells and how it was computed, in both languages.
func (s stored) notes(ctx context.Context, db pg.DB) ([]Note, error) {
	settings, err := setting.Get(ctx, db, staff.System)
	if err != nil {
		return nil, err
	}
	known, err := presets(ctx, db)
	if err != nil {
		return nil, err
	}
	in := s.Inputs
	notes := []Note{
		{"run", fmt.Sprintf("%d %s", s.ID, s.Params.Title)},
		{"unit", strings.TrimSpace(s.Unit + " " + s.UnitName)},
		{"on", s.Params.On.String()},
		{"network", fmt.Sprintf("%d, %s, imported %s, SHA-256 %s", in.Network, in.NetworkFile, in.ImportedAt.Format(time.DateOnly), in.NetworkSHA256)},
		{"attribution", strings.Trim(in.Attribution+" · "+settings.Attribution, " ·")},
		{"review_number", settings.ReviewNumber},
		{"inputs", fmt.Sprintf("households %d, points %d, units %s, read %s", in.Households, in.Points, in.Units, in.ReadAt.Format(time.RFC3339))},
		{"digest", s.Digest},
	}
	if s.Params.Plan != 0 {
		notes = append(notes, Note{"plan", fmt.Sprintf("units of plan %d, revision %d, not in force. 按方案 %d(第 %d 版)的单元计算,尚未生效。", s.Params.Plan, in.PlanRevision, s.Params.Plan, in.PlanRevision)})
	}
	if settings.Demo {
		notes = append(notes, Note{"invented", "The data are invented. 数据为虚构。"})
	}
	for i, col := range s.Params.Columns {
		notes = append(notes, Note{fmt.Sprintf("column %d", i), col.Label(known)})
	}
	for i, ch := range s.Params.Changes {
		notes = append(notes, Note{fmt.Sprintf("change %d", i), ch.label()})
	}
	return append(notes,
		Note{"method", "Minutes on foot along streets and paths to the nearest point, the way from home to the street included (at most " + strconv.Itoa(s.Params.MaxWalk) +
			" m, never across water). Share = households within the standard / households that are open and have a unit; those who reach nothing stay in the denominator. " +
			"p50 and p90 are the minutes within which half and nine tenths of all households reach a point; mean and worst_decile are of those who reach one."},
		Note{"方法", "沿步行路网到最近服务点的步行分钟数,含从住处到道路的距离(不超过 " + strconv.Itoa(s.Params.MaxWalk) + " 米,不跨水面)。覆盖率 = 达标户数 / 有网格且未注销的全部户数;不可达的户留在分母中。" +
			"p50、p90 为一半、九成住户可达的分钟数;mean 与 worst_decile 只计可达的户。"},
		Note{"rounded", "rounded = true: published households, shares in steps of 5 %, whole minutes; small units are hidden. 取整:户数为公布值,覆盖率按 5% 取整,分钟取整;过小的单元隐藏。"}), nil
}

// Label is a column in words: what, for whom, by which standard, when.
func (c Column) Label(known []Preset) string {
	what := cmp.Or(c.Function, "any function")
	if len(c.Tiers) > 0 {
		what += " (" + strings.Join(c.Tiers, ", ") + ")"
	}
	when := "standing service"
	switch {
	case c.When != nil:
		when = time.Weekday(c.When.Weekday%7).String() + " " + c.When.Time
	case c.Sessions:
		when = "sessions and stops included"
	}
	label := what + "; " + c.Standard.Label(known) + "; " + when
	if len(c.Ages) > 0 {
		label += "; people of " + strings.Join(c.Ages, ", ")
	}
	return label
}

// Label is a standard in words.
func (s Standard) Label(known []Preset) string {
	text := fmt.Sprintf("%g min", s.Minutes)
	if s.Metres > 0 {
		text += fmt.Sprintf(", %d m", s.Metres)
	}
	text += fmt.Sprintf(", %g km/h, %s", float64(s.Speed)/1000, s.Profile)
	if s.Slope {
		text += ", slopes"
	}
	for _, p := range known {
		if p.Code == s.Code {
			return p.TitleZh + " / " + p.TitleEn + " (" + text + ")"
		}
	}
	return text
}

func (ch Change) label() string {
	text := ch.Do
	if ch.Point != 0 {
		text += fmt.Sprintf(" point %d", ch.Point)
	}
	if ch.At != nil {
		text += fmt.Sprintf(" at %.6f, %.6f", ch.At[0], ch.At[1])
	}
	return strings.Join(strings.Fields(text+" "+ch.Name+" "+strings.Join(ch.Functions, ", ")+" "+ch.Hours), " ")
}

// layer checks what an export needs and returns the function that reads its rows.
func (s stored) layer(ctx context.Context, db pg.Pool, actor staff.Actor, e Export) (func(context.Context) (vectorfile.Layer, error), error) {
	known, err := presets(ctx, db)
	if err != nil {
		return nil, err
	}
	sheet := sheetOf{stored: s, known: known, layer: vectorfile.Layer{Name: "circle_" + e.What, Title: cmp.Or(s.Params.Title, "service circle"), Changed: s.CreatedAt}}
	switch e.What {
	case "units":
		return func(ctx context.Context) (vectorfile.Layer, error) {
			rows, err := units(ctx, db, actor, s, unitFilter{column: e.Column, level: e.Level})
			if err != nil {
				return vectorfile.Layer{}, err
			}
			areas, err := s.boundaries(ctx, db, actor)
			return sheet.units(rows, areas), err
		}, nil
	case "cells":
		return func(ctx context.Context) (vectorfile.Layer, error) {
			var rows []CellRow
			for _, column := range s.columns(e.Column) {
				list, err := Cells(ctx, db, actor, s.ID, column, e.Resolution)
				if err != nil {
					return vectorfile.Layer{}, err
				}
				rows = append(rows, list...)
			}
			return sheet.cells(rows), nil
		}, nil
	case "points":
		return func(ctx context.Context) (vectorfile.Layer, error) {
			rows, err := Points(ctx, db, actor, s.ID, e.Column)
			return sheet.points(rows), err
		}, nil
	case "uncovered":
		if err := actor.Must(staff.Place); err != nil {
			return nil, err
		}
		return func(ctx context.Context) (vectorfile.Layer, error) {
			var list []Household
			for _, column := range s.columns(e.Column) {
				if err := s.uncovered(ctx, db, actor, Look{Column: column}, func(h Household) { list = append(list, h) }); err != nil {
					return vectorfile.Layer{}, err
				}
			}
			return sheet.uncovered(list), nil
		}, nil
	case "change":
		if e.Before == 0 {
			return nil, errBefore
		}
		if _, err := Compare(ctx, db, actor, e.Before, s.ID, e.Column, e.Level); err != nil {
			return nil, err
		}
		return func(ctx context.Context) (vectorfile.Layer, error) {
			rows, err := Compare(ctx, db, actor, e.Before, s.ID, e.Column, e.Level)
			if err != nil {
				return vectorfile.Layer{}, err
			}
			areas, err := s.boundaries(ctx, db, actor)
			return sheet.change(e.Before, rows, areas), err
		}, nil
	}
	return nil, ErrExport
}

// columns are the numbers of the columns asked for, all for -1.
func (s stored) columns(column int) []int {
	if column >= 0 {
		return []int{column}
	}
	list := make([]int, len(s.Params.Columns))
	for i := range list {
		list[i] = i
	}
	return list
}

// boundaries of the units on the day of the run, by code; of a run on a plan those of its
// units as they were counted. Units above them, which the plan may redraw, have none.
func (s stored) boundaries(ctx context.Context, db pg.DB, actor staff.Actor) (map[string]orb.MultiPolygon, error) {
	see := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT u.code, b.geom FROM boundary b JOIN unit u ON u.id = b.unit_id
		WHERE b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1) AND `+staff.In("u.id", 2)+`
		  AND EXISTS (SELECT FROM circle_unit c WHERE c.circle_id = $4 AND c.unit_id = u.id)
		UNION ALL
		SELECT u.code, u.geom FROM plan_unit u JOIN plan p ON p.id = u.plan_id
		WHERE p.id = $5 AND p.revision = $6 AND u.role = 'part' AND NOT ST_IsEmpty(u.geom)`, s.Params.On, see.All, see.Roots, s.ID, s.Params.Plan, s.Inputs.PlanRevision)
	areas := map[string]orb.MultiPolygon{}
	var code string
	var area geo.MultiPolygon
	_, err := pgx.ForEachRow(rows, []any{&code, &area}, func() error { areas[code] = area.Orb(); return nil })
	if err != nil {
		return nil, fmt.Errorf("boundaries of service circle %d: %w", s.ID, err)
	}
	return areas, nil
}

// sheetOf makes layers of rows.
type sheetOf struct {
	stored
	known []Preset
	layer vectorfile.Layer
}

// field is a column of a layer, and how its value is had.
type field[T any] struct {
	name string
	kind vectorfile.Type
	of   func(T) any
}

// table makes a layer of rows; every row says by which standard, on which day and on
// which streets it was computed.
func table[T any](s sheetOf, kind vectorfile.Kind, rows []T, column func(T) int, fields []field[T], shape func(T) orb.Geometry) vectorfile.Layer {
	l := s.layer
	l.Kind = kind
	common := []field[T]{
		{"function", vectorfile.Text, func(r T) any { return s.Params.Columns[column(r)].Function }},
		{"standard", vectorfile.Text, func(r T) any { return s.Params.Columns[column(r)].Standard.Label(s.known) }},
		{"on_day", vectorfile.Text, func(T) any { return s.Params.On.String() }},
		{"network", vectorfile.Text, func(T) any { return fmt.Sprintf("%d %s", s.Inputs.Network, s.Inputs.NetworkFile) }},
		{"run", vectorfile.Integer, func(T) any { return s.ID }},
	}
	fields = append(append([]field[T]{{"column_no", vectorfile.Integer, func(r T) any { return column(r) }}}, fields...), common...)
	for _, f := range fields {
		l.Columns = append(l.Columns, vectorfile.Column{Name: f.name, Type: f.kind})
	}
	l.Rows = iter.Seq2[vectorfile.Row, error](func(yield func(vectorfile.Row, error) bool) {
		for _, r := range rows {
			row := vectorfile.Row{Geometry: shape(r), Values: make([]any, len(fields))}
			for i, f := range fields {
				row.Values[i] = f.of(r)
			}
			if !yield(row, nil) {
				return
			}
		}
	})
	return l
}

// number is a value that may be missing.
func number(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

func whole[T int | int64](v *T) any {
	if v == nil {
		return nil
	}
	return int64(*v)
}

func integer[T any](name string, of func(T) int64) field[T] {
	return field[T]{name, vectorfile.Integer, func(r T) any { return of(r) }}
}

func real[T any](name string, of func(T) *float64) field[T] {
	return field[T]{name, vectorfile.Real, func(r T) any { return number(of(r)) }}
}

func text[T any](name string, of func(T) string) field[T] {
	return field[T]{name, vectorfile.Text, func(r T) any { return of(r) }}
}

// reachFields are the numbers of a Reach; none where they are hidden.
func reachFields[T any](prefix string, of func(T) Reach) []field[T] {
	count := func(name string, n func(Reach) int64) field[T] {
		return field[T]{prefix + name, vectorfile.Integer, func(r T) any {
			if of(r).Hidden {
				return nil
			}
			return n(of(r))
		}}
	}
	return []field[T]{
		count("households", func(r Reach) int64 { return r.Households }), count("covered", func(r Reach) int64 { return r.Covered }),
		real(prefix+"share", func(r T) *float64 { return of(r).Share }),
		count("people", func(r Reach) int64 { return r.People }), count("covered_people", func(r Reach) int64 { return r.CoveredPeople }),
		real(prefix+"share_people", func(r T) *float64 { return of(r).SharePeople }),
		real(prefix+"p50", func(r T) *float64 { return of(r).P50 }), real(prefix+"p90", func(r T) *float64 { return of(r).P90 }),
		real(prefix+"mean", func(r T) *float64 { return of(r).Mean }), real(prefix+"worst_decile", func(r T) *float64 { return of(r).WorstDecile }),
		{prefix + "rounded", vectorfile.Boolean, func(r T) any { return of(r).Rounded }},
		{prefix + "hidden", vectorfile.Boolean, func(r T) any { return of(r).Hidden }},
	}
}

func (s sheetOf) units(rows []UnitRow, areas map[string]orb.MultiPolygon) vectorfile.Layer {
	fields := []field[UnitRow]{
		text("unit", func(r UnitRow) string { return r.Unit }), text("name", func(r UnitRow) string { return r.Name }), text("level", func(r UnitRow) string { return r.Level })}
	fields = append(fields, reachFields("", func(r UnitRow) Reach { return r.Reach })...)
	fields = append(fields,
		integer("points", func(r UnitRow) int64 { return int64(r.Points) }), integer("hours_unknown", func(r UnitRow) int64 { return int64(r.HoursUnknown) }),
		real("choices", func(r UnitRow) *float64 { return r.Choices }), real("overlap", func(r UnitRow) *float64 { return r.Overlap }),
		real("catchment", func(r UnitRow) *float64 { return r.Catchment }), real("enhanced", func(r UnitRow) *float64 { return r.Enhanced }),
		real("gravity", func(r UnitRow) *float64 { return r.Gravity }), real("cumulative", func(r UnitRow) *float64 { return r.Cumulative }))
	for why := noPoint; why < reasons; why++ {
		fields = append(fields, integer(why.String(), func(r UnitRow) int64 { return r.Unreachable[why.String()] }))
	}
	return table(s, vectorfile.MultiPolygons, rows, func(r UnitRow) int { return r.Column }, fields, func(r UnitRow) orb.Geometry { return areaOf(areas, r.Unit) })
}

// areaOf is nil, and no empty geometry, for a unit that is not drawn.
func areaOf(areas map[string]orb.MultiPolygon, code string) orb.Geometry {
	if area, ok := areas[code]; ok {
		return area
	}
	return nil
}

func (s sheetOf) cells(rows []CellRow) vectorfile.Layer {
	return table(s, vectorfile.MultiPolygons, rows, func(r CellRow) int { return r.Column }, []field[CellRow]{
		text("cell", func(r CellRow) string { return r.Name }), integer("resolution", func(r CellRow) int64 { return int64(r.Resolution) }),
		integer("households", func(r CellRow) int64 { return r.Households }), integer("covered", func(r CellRow) int64 { return r.Covered }),
		real("share", func(r CellRow) *float64 { return share(r.Covered, r.Households) }), real("minutes", func(r CellRow) *float64 { return r.Minutes }),
		{"rounded", vectorfile.Boolean, func(r CellRow) any { return r.Rounded }},
	}, func(r CellRow) orb.Geometry { return geo.MultiPolygon{{r.Cell.Boundary()}}.Orb() })
}

func (s sheetOf) points(rows []PointRow) vectorfile.Layer {
	return table(s, vectorfile.Points, rows, func(r PointRow) int { return r.Column }, []field[PointRow]{
		integer("point", func(r PointRow) int64 { return r.Point }), integer("stop", func(r PointRow) int64 { return int64(r.Stop) }),
		text("name", func(r PointRow) string { return r.Name }), text("tier", func(r PointRow) string { return r.Tier }),
		real("lon", func(r PointRow) *float64 { return &r.At[0] }), real("lat", func(r PointRow) *float64 { return &r.At[1] }),
		integer("candidate", func(r PointRow) int64 { return r.Candidate }), text("reason", func(r PointRow) string { return r.Reason }),
		integer("households", func(r PointRow) int64 { return r.Households }), integer("people", func(r PointRow) int64 { return r.People }),
		{"within", vectorfile.Integer, func(r PointRow) any { return whole(r.Within) }},
		{"capacity", vectorfile.Integer, func(r PointRow) any { return whole(r.Capacity) }},
		{"load", vectorfile.Integer, func(r PointRow) any { return whole(r.Load) }},
		{"overflow", vectorfile.Integer, func(r PointRow) any { return whole(r.Overflow) }},
		{"rounded", vectorfile.Boolean, func(r PointRow) any { return r.Rounded }},
	}, func(r PointRow) orb.Geometry { return r.At })
}

func (s sheetOf) uncovered(rows []Household) vectorfile.Layer {
	return table(s, vectorfile.Points, rows, func(r Household) int { return r.Column }, []field[Household]{
		integer("household", func(r Household) int64 { return r.ID }), text("unit", func(r Household) string { return r.Unit }),
		text("address", func(r Household) string { return r.Address }), real("lon", func(r Household) *float64 { return &r.At[0] }), real("lat", func(r Household) *float64 { return &r.At[1] }),
		integer("people", func(r Household) int64 { return int64(r.People) }), real("minutes", func(r Household) *float64 { return r.Minutes }),
		text("reason", func(r Household) string { return r.Reason }),
		text("nearest", func(r Household) string {
			if len(r.Nearest) == 0 {
				return ""
			}
			return r.Nearest[0].Name
		}),
	}, func(r Household) orb.Geometry { return r.At })
}

func (s sheetOf) change(before int64, rows []Difference, areas map[string]orb.MultiPolygon) vectorfile.Layer {
	fields := []field[Difference]{text("unit", func(r Difference) string { return r.Unit }), text("name", func(r Difference) string { return r.Name }),
		text("level", func(r Difference) string { return r.Level }), text("only", func(r Difference) string { return r.Only }), integer("before_run", func(Difference) int64 { return before }),
		real("share_difference", func(r Difference) *float64 { return r.Share }), real("share_people_difference", func(r Difference) *float64 { return r.People }),
		real("p50_difference", func(r Difference) *float64 { return r.P50 }), real("p90_difference", func(r Difference) *float64 { return r.P90 })}
	fields = append(fields, reachFields("before_", func(r Difference) Reach { return r.Before })...)
	fields = append(fields, reachFields("after_", func(r Difference) Reach { return r.After })...)
	return table(s, vectorfile.MultiPolygons, rows, func(r Difference) int { return r.Column }, fields, func(r Difference) orb.Geometry { return areaOf(areas, r.Unit) })
}

func writeCSV(_ context.Context, w io.Writer, l vectorfile.Layer, _ []Note) error {
	return vectorfile.WriteCSV(w, l)
}

func writeXLSX(_ context.Context, w io.Writer, l vectorfile.Layer, notes []Note) error {
	return vectorfile.WriteXLSX(w, l, noteLayer(notes, l.Changed))
}

func writeGeoJSON(_ context.Context, w io.Writer, l vectorfile.Layer, notes []Note) error {
	about, err := json.Marshal(noteMap(notes))
	if err != nil {
		return fmt.Errorf("write GeoJSON: %w", err)
	}
	l.About = about
	return vectorfile.WriteGeoJSON(w, l)
}

func noteMap(notes []Note) map[string]string {
	m := make(map[string]string, len(notes))
	for _, n := range notes {
		m[n.Name] = n.Text
	}
	return m
}

func writeGeoPackage(ctx context.Context, w io.Writer, l vectorfile.Layer, notes []Note) error {
	return vectorfile.WriteGeoPackageTo(ctx, w, l, noteLayer(notes, l.Changed))
}

// noteLayer are notes as a table.
func noteLayer(notes []Note, changed time.Time) vectorfile.Layer {
	return vectorfile.Layer{Name: "about", Title: "about", Changed: changed,
		Columns: []vectorfile.Column{{Name: "name", Type: vectorfile.Text}, {Name: "text", Type: vectorfile.Text}},
		Rows: func(yield func(vectorfile.Row, error) bool) {
			for _, n := range notes {
				if !yield(vectorfile.Row{Values: []any{n.Name, n.Text}}, nil) {
					return
				}
			}
		}}
}

func writeParquet(_ context.Context, w io.Writer, l vectorfile.Layer, notes []Note) error {
	return vectorfile.WriteGeoParquet(w, l, noteMap(notes))
}
