package tiles_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/staff"
	"wangge/geo/track"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// onDuty is a server of layers of duty, whose clock the test turns.
func (w *town) onDuty(now *time.Time) *tiles.Server {
	w.t.Helper()
	s := tiles.New(tiles.Config{Pool: w.pool, Engine: w.pool, Footpaths: network.NewFootpaths(w.pool), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return *now }})
	w.refresh(s)
	return s
}

// all are the features of an MVT layer in the tiles of a zoom over the town, each once.
func (w *town) all(app *fiber.App, layer, part string, zoom int) (list []map[string]any) {
	w.t.Helper()
	seen := map[string]bool{}
	low := mvt.Project(geo.Point{X: west - step, Y: south + 5*step}).TileAt(zoom)
	high := mvt.Project(geo.Point{X: west + 5*step, Y: south - step}).TileAt(zoom)
	for x := low.X; x <= high.X; x++ {
		for y := low.Y; y <= high.Y; y++ {
			r := get(w.t, app, fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", layer, zoom, x, y))
			if r.status == 204 {
				continue
			}
			if r.status != 200 || len(r.body) > 500<<10 {
				w.t.Fatalf("%s at %d/%d/%d: %d, %d bytes", layer, zoom, x, y, r.status, len(r.body))
			}
			at := features(w.t, r)[part]
			if at == nil {
				continue
			}
			for _, f := range at.Features {
				id := fmt.Sprint(f.Properties["id"], f.Properties["cell"])
				if id == "<nil> <nil>" || !seen[id] {
					list = append(list, map[string]any(f.Properties))
				}
				seen[id] = true
			}
		}
	}
	return list
}

func values(list []map[string]any, name string) (all []string) {
	for _, f := range list {
		all = append(all, fmt.Sprint(f[name]))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestStreetsAreShownByWhenTheyWereSeen(t *testing.T) {
	w := newTown(t)
	w.streets()
	now := today
	s := w.onDuty(&now)
	n, _, err := network.NewFootpaths(w.pool).Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	see := func(edge int32, ago int) {
		for nth := range track.Parts(n, edge) {
			w.exec(`INSERT INTO seen_part (day, unit_id, part, teams) VALUES ($1::date - $2::int, $3, $4, 1)`,
				geo.DayOf(now), ago, w.ids["T00"], int64(track.Part{Edge: edge, Nth: nth}.Key(n)))
		}
	}
	see(0, 0)
	see(1, 5)
	see(1, 20) // the last time counts
	see(2, 40)
	app := as(s, tiles.Everything)
	if got := values(w.all(app, "freshness", "freshness", 16), "class"); fmt.Sprint(got) != "[day never older week]" {
		t.Errorf("classes %v", got)
	}
	if got := values(w.all(app, "freshness", "freshness", 16), "days"); fmt.Sprint(got) != "[0 40 5 <nil>]" {
		t.Errorf("days %v", got)
	}
	cells := w.all(app, "freshness_cells", "freshness_cells", 12)
	if len(cells) == 0 {
		t.Fatal("no cells")
	}
	for _, c := range cells {
		week, month, never := c["week"].(float64), c["month"].(float64), c["never"].(float64)
		if week > month || month+never > 1.01 || c["metres"].(float64) <= 0 {
			t.Errorf("a cell says %v", c)
		}
	}
	// The same data are the same version; other data, and another day, are not.
	path := tileOf("freshness", 14, step/2, step/2)
	first := get(t, app, path).header.Get("ETag")
	now = now.Add(2 * time.Minute)
	if r := get(t, app, path, "If-None-Match", first); r.status != 304 {
		t.Errorf("nothing changed: %d", r.status)
	}
	see(3, 0)
	if r := get(t, app, path, "If-None-Match", first); r.status != 304 {
		t.Errorf("read again at once: %d", r.status)
	}
	now = now.Add(2 * time.Minute)
	second := get(t, app, path).header.Get("ETag")
	if second == first {
		t.Error("a street was seen, and nothing is new")
	}
	now = time.Date(2026, 11, 21, 16, 0, 1, 0, time.UTC) // midnight in China
	w.refresh(s)
	if r := get(t, app, path, "If-None-Match", second); r.status != 200 {
		t.Errorf("after midnight: %d", r.status)
	}
	if got := values(w.all(app, "freshness", "freshness", 16), "days"); !slices.Contains(got, "41") || slices.Contains(got, "40") {
		t.Errorf("after midnight days %v", got)
	}
	// Of one's own units, and with counts.
	mine := w.all(as(s, w.officer("T00")), "freshness", "freshness", 16)
	if whole := w.all(app, "freshness", "freshness", 16); len(mine) == 0 || len(mine) >= len(whole) {
		t.Errorf("of %d lines one grid sees %d", len(whole), len(mine))
	}
	for name, scope := range map[string]tiles.Scope{"nobody": {}, "the public": tiles.PublicMap, "without counts": tiles.ScopeOf(staff.Actor{Grants: []staff.Grant{{Unit: w.ids["T"], May: []staff.Permission{staff.Map, staff.Place}}}})} {
		for _, layer := range []string{"freshness", "freshness_cells"} {
			if got := w.all(as(s, scope), layer, layer, 13); len(got) > 0 {
				t.Errorf("%s sees %d of %s", name, len(got), layer)
			}
		}
	}
}

// duties puts one of everything into a grid.
func (w *town) duties(code string, x, y int32) {
	w.t.Helper()
	unit, at := w.ids[code], geo.Point{X: west + x, Y: south + y}
	w.exec(`INSERT INTO premises (source, source_id, name, grade, reason, inspected_on, valid_until, point, unit_id) VALUES ('x', $1, $1, 'red', 'gas', '2026-01-01', '2026-11-21', $2, $3)`, code, at, unit)
	for i := range int32(3) {
		w.exec(`INSERT INTO checkpoint (source, source_id, name, radius, point, unit_id) VALUES ('x', $1, $1, 50, $2, $3)`, fmt.Sprint(code, i), geo.Point{X: at.X + i*5000, Y: at.Y}, unit)
	}
	w.exec(`INSERT INTO beat (name, unit_id, weekdays, starts, ends, created_by) VALUES ($1, $2, '{1,3}', 480, 600, 't')`, code, unit)
	w.exec(`INSERT INTO beat_stop SELECT b.id, row_number() OVER (ORDER BY c.id), c.id FROM beat b JOIN checkpoint c ON c.unit_id = b.unit_id WHERE b.name = $1`, code)
	w.exec(`INSERT INTO zone (code, kind, name, valid_from, geom) VALUES ($1, 'shop-block', $1, '2026-01-01', $2)`, code, geo.MultiPolygon{{{at, {X: at.X + 4000, Y: at.Y}, {X: at.X + 4000, Y: at.Y + 4000}}}})
	w.exec(`INSERT INTO block (zone_id, unit_id, days, seen_on) SELECT id, $2, 15, '2026-11-06' FROM zone WHERE code = $1`, code, unit)
	w.exec(`UPDATE household SET created_at = '2025-01-01' WHERE id = $1`, w.household(x, y, code))
	for i, due := range []*string{nil, new(string)} {
		id := w.incident(x+int32(i)*2000, y)
		w.exec(`INSERT INTO incident_unit (incident_id, unit_id, valid_from) VALUES ($1, $2, '2026-11-01')`, id, unit)
		if due != nil {
			w.exec(`UPDATE incident SET due_at = $2 WHERE id = $1`, id, today.Add(30*time.Minute))
		}
	}
	hidden := w.incident(x, y+3000)
	w.exec(`INSERT INTO incident_unit (incident_id, unit_id, valid_from) VALUES ($1, $2, '2026-11-01')`, hidden, unit)
	w.exec(`UPDATE incident SET private = true WHERE id = $1`, hidden)
}

func TestWhoComesWhileALayerIsReadIsShownTheOneBefore(t *testing.T) {
	w := newTown(t)
	now := today
	s := w.onDuty(&now)
	app := as(s, tiles.Everything)
	path := "/tiles/checkpoints/12/0/0.mvt"
	if r := get(t, app, path); r.status != 204 {
		t.Fatal(r.status)
	}
	lock, err := w.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback(context.Background()) }()
	if _, err := lock.Exec(t.Context(), `LOCK TABLE checkpoint IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	waits := make(chan int)
	go func() { waits <- get(t, app, path).status }()
	for reads := 0; reads == 0; { // the first one waits for the table
		if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'checkpoint'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&reads); err != nil {
			t.Fatal(err)
		}
	}
	if r := get(t, app, path); r.status != 204 {
		t.Errorf("who comes meanwhile: %d", r.status)
	}
	select {
	case status := <-waits:
		t.Errorf("the first one was answered %d while the table was locked", status)
	default:
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status := <-waits; status != 204 {
		t.Errorf("who read: %d", status)
	}
}

func TestLayersOfDutyShowWhatIsDueToWhomItConcerns(t *testing.T) {
	w := newTown(t)
	w.duties("T00", step/4, step/2)
	w.duties("T33", 3*step+step/2, 3*step+step/2)
	now := today
	s := w.onDuty(&now)
	// What each layer shows of a grid, and to whom.
	placed, mapped := []staff.Permission{staff.Map, staff.Place}, []staff.Permission{staff.Map}
	for _, tt := range []struct {
		layer, part string
		zoom        int
		each        int // of one grid
		all         string
		hidden      bool // from who has the map alone
	}{
		{"premises", "premises", 16, 1, "grade:red due:false", true},
		{"checkpoints", "checkpoints", 17, 3, "radius:50", false},
		{"beats", "beats", 15, 1, "weekdays:1,3 starts:480", false},
		{"due", "due", 15, 1, "days:15 every:15 due:false", false},
		{"due", "due_visits", 15, 1, "due:2", true},
		{"incidents_live", "incidents_live", 17, 2, "state:reported", true},
		{"incidents_live", "incidents_live_cells", 8, 1, "open:2 overdue:0", true},
	} {
		scoped := func(may []staff.Permission) *fiber.App {
			return as(s, tiles.ScopeOf(staff.Actor{Grants: []staff.Grant{{Unit: w.ids["T00"], May: may}}}))
		}
		mine := w.all(scoped(placed), tt.layer, tt.part, tt.zoom)
		if len(mine) != tt.each {
			t.Errorf("%s: a grid sees %d, want %d", tt.part, len(mine), tt.each)
			continue
		}
		for _, want := range strings.Fields(tt.all) {
			name, value, _ := strings.Cut(want, ":")
			if got := values(mine, name); fmt.Sprint(got) != "["+value+"]" {
				t.Errorf("%s: %s is %v, want %s", tt.part, name, got, value)
			}
		}
		if got := len(w.all(as(s, tiles.Everything), tt.layer, tt.part, tt.zoom)); got < tt.each || tt.zoom > 10 && got != 2*tt.each {
			t.Errorf("%s: everything has %d", tt.part, got)
		}
		if got := len(w.all(scoped(mapped), tt.layer, tt.part, tt.zoom)); tt.hidden != (got == 0) {
			t.Errorf("%s: with the map alone one sees %d", tt.part, got)
		}
		for name, scope := range map[string]tiles.Scope{"nobody": {}, "the public": tiles.PublicMap} {
			if got := len(w.all(as(s, scope), tt.layer, tt.part, tt.zoom)); got != 0 {
				t.Errorf("%s: %s sees %d", tt.part, name, got)
			}
		}
	}
	app := as(s, tiles.Everything)
	if got := values(w.all(app, "incidents_live", "incidents_live", 17), "due"); fmt.Sprint(got) != "[hour none]" {
		t.Errorf("due %v", got)
	}
	now = now.Add(time.Hour)
	if got := len(w.all(app, "incidents_live", "incidents_overdue", 17)); got != 2 {
		t.Errorf("%d overdue an hour later, want 2", got)
	}
	// Midnight in China: the grade of the premises and the block were good until then.
	now = time.Date(2026, 11, 21, 16, 0, 1, 0, time.UTC)
	w.refresh(s)
	if got := values(w.all(app, "premises", "premises", 16), "due"); fmt.Sprint(got) != "[true]" {
		t.Errorf("premises after midnight are due: %v", got)
	}
	if got := values(w.all(app, "due", "due", 15), "due"); fmt.Sprint(got) != "[true]" {
		t.Errorf("blocks after midnight are due: %v", got)
	}
	for _, theme := range []string{"light", "dark", "print"} {
		style := get(t, app, "/style.json?with=duty&theme="+theme).body
		for _, layer := range tiles.DutyLayers() {
			if !strings.Contains(string(style), `"`+layer+`"`) {
				t.Errorf("the %s style has no %s", theme, layer)
			}
		}
	}
	for name, scope := range map[string]tiles.Scope{"the public": tiles.PublicMap, "nobody asked": tiles.Everything} {
		path := "/style.json?with=duty"
		if name == "nobody asked" {
			path = "/style.json"
		}
		if style := get(t, as(s, scope), path); style.status != 200 || strings.Contains(string(style.body), "incidents_live") {
			t.Errorf("%s: %d, with layers of duty", name, style.status)
		}
	}
	for _, layer := range tiles.DutyLayers() {
		var tj tiles.TileJSON
		r := get(t, app, "/tiles/"+layer+".json")
		if r.status == 409 && strings.HasPrefix(layer, "freshness") { // there are no streets here
			continue
		}
		if err := json.Unmarshal(r.body, &tj); err != nil || tj.TileJSON != "3.0.0" || len(tj.VectorLayers) == 0 || !strings.Contains(tj.Tiles[0], "?v=") {
			t.Errorf("TileJSON of %s: %d %s %v", layer, r.status, r.body, err)
		}
		if r := get(t, app, "/tiles/"+layer+".json?at=2026-01-01"); r.status != 404 {
			t.Errorf("%s of another day: %d", layer, r.status)
		}
	}
}
