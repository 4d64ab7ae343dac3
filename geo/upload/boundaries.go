package upload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// columnNames are the names under which boundary files usually keep a field,
// without case, spaces and underscores.
var columnNames = map[string][]string{
	"code":   {"code", "areacode", "unitcode", "gridcode", "id", "xzqhbm", "xzqdm", "代码", "编码", "编号", "网格编码", "网格编号", "区划代码", "行政区划代码", "区划编码", "cptvid", "nptvid", "nptid"},
	"name":   {"name", "areaname", "unitname", "gridname", "xzqmc", "名称", "网格名称", "区划名称", "行政区名称", "vname", "tname"},
	"parent": {"parent", "parentcode", "parentareacode", "parentid", "上级", "上级编码", "上级代码", "所属", "所属编码", "父级编码", "csxzqhbm"},
}

// SuggestFields says which columns of a file look like code, name and parent.
func SuggestFields(columns []string) map[string]string {
	out := map[string]string{}
	for field, names := range columnNames {
		for _, name := range names {
			i := slices.IndexFunc(columns, func(c string) bool { return plainName(c) == name })
			if i >= 0 {
				out[field] = columns[i]
				break
			}
		}
	}
	return out
}

func plainName(s string) string {
	return strings.NewReplacer("_", "", " ", "", "-", "").Replace(strings.ToLower(s))
}

// columnsOf are the file's columns for code, name and parent: what the request
// says, else what they look like.
func columnsOf(req Request, file *vectorfile.File) (map[string]string, error) {
	if len(file.Features) == 0 {
		return nil, noShapes(file)
	}
	columns := SuggestFields(file.Fields)
	for field, column := range req.Fields {
		if _, ours := columnNames[field]; !ours || column == "" {
			delete(columns, field)
			continue
		}
		if !slices.Contains(file.Fields, column) {
			return nil, ErrNoCode.With(fault.Place{Pointer: "/fields/" + field, Code: "column_unknown",
				Detail: fmt.Sprintf("the file has no column %q; it has %s", column, strings.Join(file.Fields, ", "))})
		}
		columns[field] = column
	}
	if columns["code"] == "" && columns["name"] == "" {
		return nil, ErrNoCode.Saying("It has: " + strings.Join(file.Fields, ", ") + ".")
	}
	return columns, nil
}

// importBoundaries makes a draft of a file of boundaries.
func importBoundaries(ctx context.Context, db pg.DB, actor staff.Actor, id int64, req Request, r io.ReaderAt, size int64, step Step) (Result, error) {
	if result, done, err := earlier(ctx, db, id); done || err != nil {
		return result, err
	}
	step("reading the file", 0, 0)
	file, err := readAreas(ctx, req, r, size)
	if err != nil {
		return Result{}, err
	}
	columns, err := columnsOf(req, file)
	if err != nil {
		return Result{}, err
	}
	step("checking the reference system", 0, 0)
	system, verdict, err := checkCRS(ctx, db, req, file)
	if verdict != nil {
		if err := storeReport(ctx, db, id, nil, verdict); err != nil {
			return Result{}, err
		}
	}
	if err != nil {
		return Result{}, err
	}
	records, err := toRecords(file, columns, system)
	if err != nil {
		return Result{}, err
	}
	if err := settle(ctx, db, records, system); err != nil {
		return Result{}, err
	}
	personal := personalColumns(file)
	if len(personal) == 0 {
		if err := keepOriginal(ctx, db, id, r, size); err != nil {
			return Result{}, err
		}
	}
	report := map[string]any{"format": file.Format, "features": len(file.Features), "columns": columns, "notes": append(notes(file), personal...)}
	if err := storeReport(ctx, db, id, report, verdict); err != nil {
		return Result{}, err
	}
	p, err := plan.New(ctx, db, actor, plan.Source{
		Name: strings.TrimSuffix(req.FileName, path.Ext(req.FileName)), Preset: req.Preset, Level: req.Level,
		UploadID: id, Day: grid.Today(), Records: records,
	}, plan.Step(step))
	if err != nil {
		return Result{}, err
	}
	return Result{UploadID: id, PlanID: p.ID, Report: report}, nil
}

// earlier finds the draft of an import that ended before its job could say so: a
// job that runs again makes no second one.
func earlier(ctx context.Context, db pg.DB, id int64) (result Result, done bool, err error) {
	result.UploadID = id
	var report json.RawMessage
	err = db.QueryRow(ctx, `
		SELECT p.id, u.report FROM plan p JOIN upload u ON u.id = p.upload_id
		WHERE u.id = $1
		ORDER BY p.id LIMIT 1`, id).Scan(&result.PlanID, &report)
	if errors.Is(err, pgx.ErrNoRows) {
		return Result{}, false, nil
	}
	if err != nil {
		return Result{}, false, fmt.Errorf("draft of upload %d: %w", id, err)
	}
	result.Report = report
	return result, true, nil
}

// defaultAdminLevel is the level of municipalities in most of OpenStreetMap.
const defaultAdminLevel = 8

// readAreas reads a vector file, or the administrative areas of an OpenStreetMap
// extract; there the layer is the admin_level.
func readAreas(ctx context.Context, req Request, r io.ReaderAt, size int64) (*vectorfile.File, error) {
	if !isPBF(r) {
		return vectorfile.ReadLayer(ctx, req.FileName, req.Layer, r, size, vectorfile.Limits{})
	}
	level := defaultAdminLevel
	if req.Layer != "" {
		var err error
		if level, err = strconv.Atoi(req.Layer); err != nil {
			return nil, network.ErrLevel.Saying(fmt.Sprintf("%q is no number.", req.Layer))
		}
	}
	features, err := network.Boundaries(ctx, io.NewSectionReader(r, 0, size), size, []int{level})
	if err != nil {
		return nil, err
	}
	return &vectorfile.File{
		Format: "OpenStreetMap PBF", Layer: req.Layer, CRSHint: string(crs.WGS84),
		Fields: []string{"code", "name", "name_en", "admin_level", "parent"}, Features: features,
	}, nil
}

// importZones stores a file of overlay zones.
func importZones(ctx context.Context, db pg.DB, actor staff.Actor, id int64, req Request, r io.ReaderAt, size int64, step Step) (Result, error) {
	step("reading the file", 0, 0)
	file, err := vectorfile.ReadLayer(ctx, req.FileName, req.Layer, r, size, vectorfile.Limits{})
	if err != nil {
		return Result{}, err
	}
	columns, err := columnsOf(req, file)
	if err != nil {
		return Result{}, err
	}
	system, verdict, err := checkCRS(ctx, db, req, file)
	if err != nil {
		return Result{}, err
	}
	records, err := toRecords(file, columns, system)
	if err != nil {
		return Result{}, err
	}
	zones := make([]grid.Zone, 0, len(records))
	for i, record := range records {
		if record.Fault != nil || len(record.Area) == 0 || record.Code == "" {
			continue
		}
		kind := file.Features[i].Properties["kind"]
		if !slices.Contains([]string{"shop-block", "enterprise", "street", "compound", "natural-village"}, kind) {
			kind = "other"
		}
		zones = append(zones, grid.Zone{Code: record.Code, Kind: kind, Name: record.Name, ValidFrom: grid.Today(), Area: record.Area})
	}
	report := map[string]any{"rows": len(records), "new": len(zones), "refused": len(records) - len(zones), "notes": notes(file)}
	if !req.DryRun {
		if err := grid.AddZones(ctx, db, actor, zones); err != nil {
			return Result{}, err
		}
	}
	return Result{UploadID: id, Report: report}, storeReport(ctx, db, id, report, verdict)
}

// toRecords brings features to the lattice in WGS 84. What cannot be read stays
// a record with its fault.
func toRecords(file *vectorfile.File, columns map[string]string, system crs.CRS) ([]plan.Record, error) {
	records := make([]plan.Record, 0, len(file.Features))
	for _, f := range file.Features {
		record := plan.Record{
			Role:   plan.Role(f.Properties[plan.RoleColumn]),
			Code:   codeOf(f.Properties[columns["code"]]),
			Name:   strings.TrimSpace(f.Properties[columns["name"]]),
			Parent: codeOf(f.Properties[columns["parent"]]),
			Place:  f.Place,
			Fault:  f.Fault,
		}
		var area orb.MultiPolygon
		switch shape := f.Geometry.(type) {
		case orb.MultiPolygon:
			area = shape
		case orb.Polygon:
			area = orb.MultiPolygon{shape}
		case nil:
		default:
			record.Fault = &fault.Place{Pointer: f.Place, Code: "not_an_area", Detail: f.Geometry.GeoJSONType() + " is no area; a boundary needs a Polygon or MultiPolygon"}
		}
		converted, err := system.MultiPolygon(area)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Place, err)
		}
		record.Area = geo.FromOrb(converted)
		records = append(records, record)
	}
	return records, nil
}

// codeOf is a code as it was meant: files keep codes as numbers, and some
// programs write those with a decimal point.
func codeOf(text string) string {
	text = strings.TrimSpace(text)
	whole, fraction, ok := strings.Cut(text, ".")
	if ok && strings.Trim(fraction, "0") == "" && strings.Trim(whole, "0123456789") == "" {
		return whole
	}
	return text
}

// settle puts vertices that came back one lattice step (1 cm) beside a vertex in
// force onto it. A file in a system that has to be converted was rounded in that
// system: borders that are the same would part by the last digit. Two steps are a
// difference and stay one.
func settle(ctx context.Context, db pg.DB, records []plan.Record, system crs.CRS) error {
	if system == crs.WGS84 || system == crs.CGCS2000 {
		return nil
	}
	inForce, err := grid.AllInForce(ctx, db, grid.Today())
	if err != nil {
		return err
	}
	known := map[geo.Point]bool{}
	for _, b := range inForce {
		for _, polygon := range b.Area {
			for _, ring := range polygon {
				for _, p := range ring {
					known[p] = true
				}
			}
		}
	}
	for i := range records {
		for _, polygon := range records[i].Area {
			for _, ring := range polygon {
				for k, p := range ring {
					ring[k] = beside(known, p)
				}
			}
		}
		records[i].Area = geo.FromOrb(records[i].Area.Orb()) // two vertices may have become one
	}
	return nil
}

// beside is p, or the known vertex one step from it: straight ones before slanted.
func beside(known map[geo.Point]bool, p geo.Point) geo.Point {
	for _, d := range [9][2]int32{{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
		if q := (geo.Point{X: p.X + d[0], Y: p.Y + d[1]}); known[q] {
			return q
		}
	}
	return p
}

// checkCRS tests the declared reference system, first against what the file says
// of itself, then against what is known of the place.
func checkCRS(ctx context.Context, db pg.DB, req Request, file *vectorfile.File) (crs.CRS, *crs.Verdict, error) {
	claim, err := crs.Parse(req.CRS)
	if err != nil {
		return "", nil, err
	}
	if own, ok := ownCRS(file.CRSHint); ok && contradicts(own, claim) {
		return "", nil, ErrFileCRS.Saying(fmt.Sprintf("It says %s, you said %s.", own, claim))
	}
	sample := sampleOf(file)
	if len(sample) == 0 && strings.TrimSpace(req.Confirm) == "" {
		return "", nil, noShapes(file)
	}
	evidence, err := evidenceFor(ctx, db, claim, sample)
	if err != nil {
		return "", nil, err
	}
	verdict := crs.Guard(claim, sample, evidence)
	switch {
	case verdict.Result == crs.Mismatch:
		return "", &verdict, ErrMismatch.Saying(verdict.Why).With(
			fault.Place{Pointer: "/crs", Code: "looks_like", Detail: string(verdict.LooksLike)},
			fault.Place{Pointer: "/crs", Code: "why_zh", Detail: verdict.WhyZh})
	case verdict.Result == crs.Unchecked && strings.TrimSpace(req.Confirm) == "":
		return "", &verdict, ErrUnchecked.Saying(verdict.Why).With(fault.Place{Pointer: "/crs", Code: "why_zh", Detail: verdict.WhyZh})
	}
	return claim, &verdict, nil
}

// noShapes says of a file without a single vertex what stands in its place.
func noShapes(file *vectorfile.File) error {
	if len(file.Features) == 0 {
		return ErrNoShapes.Saying("It has no features at all: export it again, or name another layer. 文件中没有任何要素，请重新导出或改选图层。")
	}
	bad := file.Report()
	return ErrNoShapes.Saying("None of its features has a geometry that can be read: export it again with geometries. 所有要素都没有可读的几何，请连同几何重新导出。").
		With(bad[:min(len(bad), 20)]...)
}

// contradicts reports whether what a file says of itself rules the claim out.
// Projections do, for their numbers mean something else. Degrees do not: software
// writes WGS 84 beside shifted ones, and no file can say GCJ-02.
func contradicts(own, claim crs.CRS) bool {
	return own != claim && (own.Projected() || claim.Projected())
}

// notes are what was seen in a file, with what it says of itself when that is no
// system of ours, such as an older datum: it was taken as declared.
func notes(file *vectorfile.File) []fault.Place {
	list := file.Report()
	if _, ours := ownCRS(file.CRSHint); file.CRSHint != "" && !ours {
		list = append(list, fault.Place{Pointer: "/crs", Code: "file_crs_unknown",
			Detail: "The file names a reference system that is not supported and was taken as declared: " + shortened(file.CRSHint)})
	}
	return list
}

// personalColumns are the columns of a boundary file that hold personal data, by
// their header or by a value: the leader of a grid with a phone, often. They are not
// read, and then the file itself is not kept either. A "name" is that of a unit here.
func personalColumns(file *vectorfile.File) (list []fault.Place) {
	for _, column := range file.Fields {
		reason, personal := sheet.Personal(column)
		personal = personal && !slices.Contains(columnNames["name"], plainName(column))
		for i := 0; i < len(file.Features) && !personal; i++ {
			reason, personal = sheet.LooksPersonal(file.Features[i].Properties[column])
		}
		if personal {
			list = append(list, fault.Place{Pointer: column, Code: "original_not_kept",
				Detail: "The column " + reason + ", so the file itself is not kept; the draft has none of it."})
		}
	}
	return list
}

// shortened is the beginning of a long text.
func shortened(s string) string {
	if runes := []rune(s); len(runes) > 120 {
		return string(runes[:120]) + "…"
	}
	return s
}

func ownCRS(hint string) (crs.CRS, bool) {
	if hint == "" {
		return "", false
	}
	if own, ok := crs.FromPRJ(hint); ok {
		return own, true
	}
	own, err := crs.Parse(hint)
	return own, err == nil
}

// sampleSize is how many vertices of a file the guard looks at.
const sampleSize = 4000

// sampleOf takes vertices evenly from all features.
func sampleOf(file *vectorfile.File) []orb.Point {
	var all []orb.Point
	for _, f := range file.Features {
		all = appendVertices(all, f.Geometry)
	}
	every := max(1, len(all)/sampleSize)
	sample := make([]orb.Point, 0, len(all)/every+1)
	for i := 0; i < len(all); i += every {
		sample = append(sample, all[i])
	}
	return sample
}

func appendVertices(out []orb.Point, shape orb.Geometry) []orb.Point {
	switch s := shape.(type) {
	case orb.Point:
		return append(out, s)
	case orb.LineString:
		return append(out, s...)
	case orb.MultiLineString:
		for _, line := range s {
			out = append(out, line...)
		}
	case orb.Polygon:
		for _, ring := range s {
			out = append(out, ring...)
		}
	case orb.MultiPolygon:
		for _, polygon := range s {
			out = appendVertices(out, polygon)
		}
	}
	return out
}

// margin is how far around a file evidence is taken, in lattice steps: GCJ-02 and
// BD-09 shift by up to 1.7 km.
const margin = 300_000 // 3 km of latitude

// evidenceFor is what is known where the file lies: borders in force, streets,
// buildings.
func evidenceFor(ctx context.Context, db pg.DB, claim crs.CRS, sample []orb.Point) (crs.Evidence, error) {
	box := geo.EmptyBound
	for _, raw := range sample {
		if at, err := claim.ToWGS84(raw); err == nil && at[0] >= -180 && at[0] <= 180 && at[1] >= -90 && at[1] <= 90 {
			box = box.Extend(geo.Snap(at))
		}
	}
	if !box.Empty() {
		box.Min, box.Max = geo.Point{X: box.Min.X - margin, Y: box.Min.Y - margin}, geo.Point{X: box.Max.X + margin, Y: box.Max.Y + margin}
	}
	evidence, err := network.Evidence(ctx, db, box)
	if err != nil {
		return crs.Evidence{}, err
	}
	inForce, err := grid.AllInForce(ctx, db, grid.Today())
	if err != nil {
		return crs.Evidence{}, err
	}
	for _, b := range inForce {
		area := b.Area.Orb()
		evidence.Areas = append(evidence.Areas, area)
		for _, polygon := range area {
			for _, ring := range polygon {
				evidence.Lines = append(evidence.Lines, orb.LineString(ring))
			}
		}
	}
	return evidence, nil
}

func keepOriginal(ctx context.Context, db pg.DB, id int64, r io.ReaderAt, size int64) error {
	content := make([]byte, size)
	if _, err := r.ReadAt(content, 0); err != nil && err != io.EOF {
		return fmt.Errorf("keep upload %d: %w", id, err)
	}
	if _, err := db.Exec(ctx, `UPDATE upload SET content = $2 WHERE id = $1`, id, content); err != nil {
		return fmt.Errorf("keep upload %d: %w", id, err)
	}
	return nil
}
