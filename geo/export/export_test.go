package export_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"

	"time"

	"wangge/geo"
	"wangge/geo/export"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/incident"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/setting"
	"wangge/geo/staff"

	"github.com/jackc/pgx/v5/pgxpool"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func quiet(string, int64, int64) {}

// place is a point of an invented plane.
func place(x, y int32) geo.Point { return geo.Point{X: 1_150_000_000 + x, Y: 300_000_000 + y} }

// village is a database with one village, a household and an incident in it, and
// a household without a place.
func village(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := pgtest.Database(t)
	day, err := geo.ParseDay("2026-01-01")
	if err != nil {
		t.Fatal(err)
	}
	area := geo.MultiPolygon{{{place(0, 0), place(20000, 0), place(20000, 10000), place(0, 10000)}}}
	p, err := plan.New(t.Context(), db, staff.Local, plan.Source{Name: "x", Preset: "community", Level: "village", Day: day,
		Records: []plan.Record{{Code: "990101001001", Name: `康桥, "一"村`, Area: area}}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day, quiet); err != nil {
		t.Fatal(err)
	}
	at := place(5000, 5000)
	yes := true
	if _, err := household.Add(t.Context(), db, staff.Local, "h1", household.Dwelling{Compound: "康桥", Building: "1", Doorplate: "101", Kind: household.Owner, Occupied: &yes}, &at); err != nil {
		t.Fatal(err)
	}
	if _, err := household.Add(t.Context(), db, staff.Local, "h2", household.Dwelling{Compound: "康桥", Building: "2", Doorplate: "=1+1", Kind: household.Owner}, nil); err != nil {
		t.Fatal(err)
	}
	_, _, err = incident.Report(t.Context(), db, db, staff.Local, incident.New{ID: uuid.New(), Category: "0102", ReportedAt: time.Date(2026, 3, 1, 15, 4, 5, 0, time.UTC), Point: at}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func write(t *testing.T, db *pgxpool.Pool, kind string, format export.Format, o export.Options) []byte {
	t.Helper()
	if o.Day.IsZero() {
		o.Day = grid.Today()
	}
	var out bytes.Buffer
	if err := export.Write(t.Context(), db, staff.Local, &out, kind, format, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func table(t *testing.T, text []byte) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, cell := range row {
			m[rows[0][i]] = cell
		}
		out = append(out, m)
	}
	return out
}

func TestTablesAreWrittenAsOtherProgramsReadThem(t *testing.T) {
	db := village(t)
	rows := table(t, write(t, db, "households", export.CSV, export.Options{}))
	if len(rows) != 2 || rows[0]["occupied"] != "true" || rows[0]["unit"] != "990101001001" || rows[0]["lon"] != "115.0005" || rows[0]["lat"] != "30.0005" {
		t.Errorf("households %v", rows)
	}
	if rows[1]["lon"] != "" || rows[1]["unit"] != "" || rows[1]["occupied"] != "" {
		t.Errorf("a household without a place: %v", rows[1])
	}
	incidents := table(t, write(t, db, "incidents", export.CSV, export.Options{}))
	if len(incidents) != 1 || incidents[0]["reported_at"] != "2026-03-01T15:04:05Z" || incidents[0]["closed_at"] != "" {
		t.Errorf("incidents %v", incidents)
	}
	units := table(t, write(t, db, "units", export.CSV, export.Options{}))
	if len(units) != 1 || units[0]["name"] != `康桥, "一"村` || units[0]["parent"] != "" || units[0]["valid_from"] != "2026-01-01" {
		t.Errorf("units %v", units)
	}
	for _, kind := range []string{"households", "incidents", "units", "zones", "service-points"} {
		head, _, _ := strings.Cut(string(write(t, db, kind, export.CSV, export.Options{})), "\n")
		for _, personal := range []string{"phone", "person", "identity", "resident_name"} {
			if strings.Contains(head, personal) {
				t.Errorf("%s has a column %s: %s", kind, personal, head)
			}
		}
		if strings.Contains(head, "geom") {
			t.Errorf("%s has a column of geometry: %s", kind, head)
		}
	}
}

func TestCollectionsCarryTheAttributionAndExactPlaces(t *testing.T) {
	db := village(t)
	settings := setting.Settings{Attribution: "测绘院 \"2026\"\n\u2028\u007f\u0001 \\", ReviewNumber: "GS(2026)1号"}
	if err := setting.Put(t.Context(), db, staff.Local, settings); err != nil {
		t.Fatal(err)
	}
	var c struct {
		Type, Attribution string
		ReviewNumber      string `json:"review_number"`
		Invented          bool
		Features          []struct {
			Geometry   *struct{ Coordinates json.RawMessage }
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(write(t, db, "households", export.GeoJSON, export.Options{}), &c); err != nil {
		t.Fatal(err)
	}
	if c.Type != "FeatureCollection" || c.Attribution != settings.Attribution || c.ReviewNumber != settings.ReviewNumber || c.Invented {
		t.Errorf("head %+v", c)
	}
	if len(c.Features) != 2 || string(c.Features[0].Geometry.Coordinates) != "[115.0005,30.0005]" || c.Features[1].Geometry != nil || c.Features[0].Properties["occupied"] != true {
		t.Errorf("features %+v", c.Features)
	}
	before, err := geo.ParseDay("2025-12-31")
	if err != nil {
		t.Fatal(err)
	}
	c.Features = nil
	if err := json.Unmarshal(write(t, db, "units", export.GeoJSON, export.Options{Day: before}), &c); err != nil || len(c.Features) != 0 {
		t.Errorf("%d units before the first day, %v", len(c.Features), err)
	}
}

func TestWhatIsNotExportedIsRefusedBeforeAByteIsWritten(t *testing.T) {
	db := pgtest.Database(t)
	for _, tt := range []struct{ kind, format string }{{"audit", "csv"}, {"", "csv"}, {"units", "xlsx"}, {"household; DROP TABLE unit", "csv"}} {
		var out bytes.Buffer
		err := export.Write(t.Context(), db, staff.Local, &out, tt.kind, export.Format(tt.format), export.Options{Day: grid.Today()})
		if !errors.Is(err, export.ErrUnknown) || out.Len() > 0 {
			t.Errorf("%s.%s: %v after %d bytes, want %v", tt.kind, tt.format, err, out.Len(), export.ErrUnknown)
		}
	}
}

// failing is a reader that left.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAReaderWhoLeavesLeavesNothingOpen(t *testing.T) {
	db := village(t)
	for _, format := range []export.Format{export.CSV, export.GeoJSON} {
		err := export.Write(t.Context(), db, staff.Local, failing{}, "households", format, export.Options{Day: grid.Today()})
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: %v, want %v", format, err, io.ErrClosedPipe)
		}
	}
	if n := db.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections are still in use", n)
	}
	write(t, db, "households", export.CSV, export.Options{})
}

func TestTheArchiveOfEverythingHoldsEverything(t *testing.T) {
	db := village(t)
	const original = "the file as it came"
	_, err := db.Exec(t.Context(), `
		INSERT INTO upload (kind, file_name, size, sha256, crs, content, created_by)
		VALUES ('boundaries', '../../居村.geojson', $1, '', 'EPSG:4326', $2, 'x')`, len(original), []byte(original))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := export.All(t.Context(), db, staff.Local, &out, grid.Today()); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for _, f := range archive.File {
		if strings.Contains(f.Name, "..") || strings.HasPrefix(f.Name, "/") {
			t.Errorf("%s would be unpacked elsewhere", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		content[f.Name] = string(text)
		if strings.HasSuffix(f.Name, ".geojson") && !strings.HasPrefix(f.Name, "originals/") && !json.Valid(text) {
			t.Errorf("%s is no JSON: %.200s", f.Name, text)
		}
	}
	if content["originals/1-居村.geojson"] != original {
		t.Errorf("the original is not among %d files", len(content))
	}
	for name, part := range map[string]string{
		"README.txt": "Wangge", "boundaries.geojson": "990101001001", "households.csv": "康桥", "households.geojson": "h1", "incidents.csv": "0102",
		"tables/household_unit.csv": "valid_from", "tables/audit.csv": "publish", "tables/plan.csv": "published", "tables/level.csv": "网格长",
	} {
		if !strings.Contains(content[name], part) {
			t.Errorf("%s lacks %q: %.200s", name, part, content[name])
		}
	}
	rows, err := db.Query(t.Context(), `
		SELECT c.relname FROM pg_class c
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
		  AND c.relname !~ '^(river|goose|spatial_ref_sys|ledger_)'
		  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	elsewhere := map[string]bool{ // in a file of another name, or derived, or the background map's own source
		"unit": true, "boundary": true, "zone": true, "household": true, "incident": true, "service_point": true, "service_point_stop": true,
		"excluded_area": true, "upload": true, "plan_unit": true, "plan_fault": true, "layer_change": true, "job": true, "map_feature": true, "network_import": true,
		"unit_ancestor": true, "audit_pending": true, "walking_network": true, "demand": true, "candidate": true, "circle_cell": true, "circle_household": true,
		"plan_presence": true, "boundary_turn": true, "device_clock": true, "device": true, "delivered": true, "webhook_delivery": true, // of the moment
	}
	for _, secret := range []string{"sealed", "sealed_key", "deletion", "password", "session", "api_token", "totp", "recovery_code", "external_login",
		"one_time_link", "known_device", "sign_in_try", "border_photo", "photo", "photo_piece", "photo_release", "checkpoint_code", "shift_day"} {
		elsewhere[secret] = true
		if _, there := content["tables/"+secret+".csv"]; there {
			t.Errorf("%s is in the archive", secret)
		}
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if _, there := content["tables/"+name+".csv"]; !there && !elsewhere[name] {
			t.Errorf("table %s is in no file of the archive", name)
		}
	}
}
