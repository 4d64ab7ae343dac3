package tiles_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	orbmvt "github.com/paulmach/orb/encoding/mvt"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/fault"
	"wangge/geo/staff"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// newTowns is the town T and, if second is true, its neighbour S to the east, in
// one installation. Things of T come first, so that they have the same ids in both.
func newTowns(t testing.TB, second bool) *town {
	w := newTown(t)
	w.furnish("T", 0)
	if !second {
		return w
	}
	w.unit("S", "town", "", 4, 0, 4)
	for v := range 4 {
		x, y := 4+v%2*2, v/2*2
		w.unit(fmt.Sprintf("S%d", v), "village", "S", x, y, 2)
		for g := range 4 {
			w.unit(fmt.Sprintf("S%d%d", v, g), "grid", fmt.Sprintf("S%d", v), x+g%2, y+g/2, 1)
		}
	}
	w.furnish("S", 4)
	return w
}

// furnish puts households, incidents, service points and a zone into each grid of a
// town, some of them right beside the border with the other town.
func (w *town) furnish(code string, east int32) {
	for v := range int32(4) {
		for g := range int32(4) {
			unit := fmt.Sprintf("%s%d%d", code, v, g)
			x, y := (east+v%2*2+g%2)*step, (v/2*2+g/2)*step
			for i := range int32(5 + 3*g) {
				w.household(x+2000+i*5000, y+2000+i*4000, unit)
			}
			w.household(4*step-150+300*min(1, east), y+30000, unit) // in one square of the thinning with the neighbour's
			id := w.incident(x+30000, y+30000)
			w.exec(`INSERT INTO incident_unit (incident_id, unit_id, valid_from) VALUES ($1, $2, '2026-01-01')`, id, w.ids[unit])
			w.servicePoint(x+20000, y+20000, unit)
		}
	}
	// One household lies in no unit: it was brought in for the town.
	free := w.household(4*step-100+200*min(1, east), 4*step+5000, code)
	w.exec(`DELETE FROM household_unit WHERE household_id = $1`, free)
	w.exec(`UPDATE household SET area_id = $2 WHERE id = $1`, free, w.ids[code])
	w.exec(`INSERT INTO zone (code, kind, name, valid_from, area_id, geom) VALUES ($1, 'street', $2, '2026-01-01', $3, $4)`,
		code+"-zone", "叠加区"+code, w.ids[code], geo.MultiPolygon{{block(int(east), 0, 2)}})
	w.exec(`INSERT INTO zone (code, kind, name, valid_from, geom) VALUES ($1, 'street', 'S of all', '2026-01-01', $2)`,
		"S-everywhere-"+code, geo.MultiPolygon{{block(int(east), 0, 1)}})
}

func (w *town) servicePoint(x, y int32, unit string) {
	w.t.Helper()
	at := geo.Point{X: west + x, Y: south + y}
	var id int64
	err := w.pool.QueryRow(w.t.Context(), `
		INSERT INTO service_point (source, source_id, name, tier, point, cell)
		VALUES ('test', gen_random_uuid()::text, $1, 'point', $2, $3) RETURNING id`, "服务点"+unit, at, int64(cell.At(at))).Scan(&id)
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO service_point_state (service_point_id, state, valid_from) VALUES ($1, 'active', '2026-01-01')`, id)
	w.exec(`INSERT INTO service_point_unit (service_point_id, unit_id, valid_from) VALUES ($1, $2, '2026-01-01')`, id, w.ids[unit])
}

// as returns the map as one scope sees it.
func as(s *tiles.Server, scope tiles.Scope) *fiber.App {
	app := fiber.New(fiber.Config{Immutable: true})
	s.Mount(app, func(*fiber.Ctx) (tiles.Scope, error) { return scope, nil })
	return app
}

// officer may do everything in some units.
func (w *town) officer(units ...string) tiles.Scope {
	a := staff.Actor{Name: "account:1", Account: 1}
	for _, code := range units {
		a.Grants = append(a.Grants, staff.Grant{Unit: w.ids[code], May: []staff.Permission{staff.Map, staff.Count, staff.Place}})
	}
	return tiles.ScopeOf(a)
}

// walked are the layers that show something of a town, with their zooms.
var walked = map[string][2]int{
	"grid-town": {4, 17}, "grid-village": {7, 17}, "grid-grid": {9, 17}, "label-town": {4, 17}, "label-village": {7, 17}, "label-grid": {9, 17},
	"household": {13, 17}, "incident": {10, 17}, "service-point": {8, 17}, "zone": {8, 17}, "cell": {5, 14},
}

// walk asks for every tile of every layer around both towns and calls each with the
// features of those that are not empty.
func walk(t *testing.T, app *fiber.App, query string, deepest int, each func(path, layer string, features []*feature)) {
	t.Helper()
	for layer, zooms := range walked {
		for zoom := zooms[0]; zoom <= min(zooms[1], deepest); zoom++ {
			low := mvt.Project(geo.Point{X: west - step, Y: south + 5*step}).TileAt(zoom)
			high := mvt.Project(geo.Point{X: west + 9*step, Y: south - step}).TileAt(zoom)
			for x := low.X; x <= high.X; x++ {
				for y := low.Y; y <= high.Y; y++ {
					path := fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", layer, zoom, x, y)
					r := get(t, app, path+query)
					if r.status == 204 {
						continue
					}
					decoded, err := orbmvt.Unmarshal(r.body)
					if err != nil || r.status != 200 {
						t.Fatalf("%s: status %d, %v", path, r.status, err)
					}
					for _, l := range decoded {
						var list []*feature
						for _, f := range l.Features {
							list = append(list, &feature{f.Properties, f.Geometry})
						}
						each(path, l.Name, list)
					}
				}
			}
		}
	}
}

// What an officer of one town is shown is what there would be if the other town were
// not there: in every tile of every layer, at every zoom, today and on another day.
func TestAnOfficerSeesTheMapAsIfTheNeighbourWereNotThere(t *testing.T) {
	alone, both := newTowns(t, false), newTowns(t, true)
	if alone.ids["T33"] != both.ids["T33"] {
		t.Fatal("the towns have other ids")
	}
	s, _ := alone.serve()
	inBoth, everything := both.serve()
	expected, seen := as(s, tiles.Everything), as(inBoth, both.officer("T", "T0"))
	for _, day := range []string{"", "?at=2026-06-01"} {
		deepest := 17
		if day != "" {
			deepest = 14
		}
		want, got, full := map[string]string{}, map[string]string{}, map[string]string{}
		note := func(into map[string]string) func(string, string, []*feature) {
			return func(path, layer string, features []*feature) {
				var lines []string
				for _, f := range features {
					line := fmt.Sprint(f.properties)
					if !strings.HasPrefix(layer, "grid-") { // a border keeps the corners of the neighbour's grids
						line += fmt.Sprint(f.shape)
					}
					if layer == "incident" { // their ids are random
						line = fmt.Sprint(f.properties["count"], f.shape)
					}
					if strings.Contains(line, "S-everywhere") { // of nobody
						continue
					}
					lines = append(lines, line)
				}
				slices.Sort(lines)
				if len(lines) > 0 {
					into[path] = strings.Join(lines, "\n")
				}
			}
		}
		walk(t, expected, day, deepest, note(want))
		walk(t, seen, day, deepest, note(got))
		walk(t, everything, day, deepest, note(full))
		if len(want) < 100 || len(full) < len(want)+30 {
			t.Fatalf("only %d tiles of one town and %d of both were compared", len(want), len(full))
		}
		for path := range want {
			if got[path] != want[path] {
				t.Fatalf("%s%s shows\n%s\nwant\n%s", path, day, got[path], want[path])
			}
		}
		for path := range got {
			if want[path] == "" {
				t.Fatalf("%s%s shows\n%s\nwant nothing", path, day, got[path])
			}
		}
	}
	// Where the map lies, and what is drawn on it, say nothing of the neighbour either.
	for layer := range walked {
		var here, there tiles.TileJSON
		for app, into := range map[*fiber.App]*tiles.TileJSON{expected: &here, seen: &there} {
			if err := json.Unmarshal(get(t, app, "/tiles/"+layer+".json").body, into); err != nil {
				t.Fatal(err)
			}
		}
		if layer != "zone" && (*there.Bounds != *here.Bounds || *there.Center != *here.Center) {
			t.Errorf("%s: bounds %v, want %v", layer, *there.Bounds, *here.Bounds)
		}
	}
	for _, theme := range []string{"light", "dark"} {
		if got, want := get(t, seen, "/style.json?theme="+theme).body, get(t, expected, "/style.json?theme="+theme).body; string(got) != string(want) {
			t.Errorf("the style %s depends on the neighbour", theme)
		}
	}
}

func TestWithoutAScopeNothingIsDrawn(t *testing.T) {
	w := newTowns(t, true)
	w.exec(`INSERT INTO network_import (file_name, sha256, attribution, current, imported_by) VALUES ('a', 'a', '', true, 't')`)
	w.exec(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, geom)
	        VALUES (1, 'street', 'w', 1, 'primary', 'SRID=4326;LINESTRING(120.1 30.2, 120.124 30.224)')`)
	s, everything := w.serve()
	app := as(s, tiles.Scope{})
	walk(t, app, "", 17, func(path, _ string, features []*feature) { t.Fatalf("%s shows %d features", path, len(features)) })
	if street := tileOf("background", 13, step, step); get(t, app, street).status != 204 || get(t, everything, street).status != 200 {
		t.Error("who sees nothing is shown the background")
	}
	var tj tiles.TileJSON
	if err := json.Unmarshal(get(t, app, "/tiles/grid-grid.json").body, &tj); err != nil || tj.Bounds != nil {
		t.Errorf("bounds are %v, %v", tj.Bounds, err)
	}
	if body := string(get(t, app, "/style.json").body); strings.Contains(body, `"household"`) || strings.Contains(body, "grid-") {
		t.Error("the style names layers of which nothing is seen")
	}
}

func TestWhoIsNotSignedInIsRefused(t *testing.T) {
	s, _ := newTown(t).serve()
	for err, want := range map[error]int{
		fault.New(fault.Unauthenticated, "signed_out", "Sign in."): 401,
		fault.New(fault.Forbidden, "forbidden", "No."):             403,
	} {
		app := fiber.New()
		s.Mount(app, func(*fiber.Ctx) (tiles.Scope, error) { return tiles.Everything, err })
		for _, path := range []string{"/tiles/grid-grid/12/1/1.mvt", "/tiles/grid-grid.json", "/style.json", "/tiles/nothing/1/1/1.mvt"} {
			if r := get(t, app, path); r.status != want || r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: status %d, Cache-Control %q, want %d that nobody keeps", path, r.status, r.header.Get("Cache-Control"), want)
			}
		}
	}
}

// publish stores a publication of households of units and cells.
func (w *town) publish(day string, counts map[string]any, cells map[cell.Cell]int) {
	w.t.Helper()
	w.exec(`INSERT INTO publication (published_on, reason, least, published_by) VALUES ($1, 'plan', 10, 'test')`, day)
	for code, n := range counts {
		w.exec(`INSERT INTO published_count SELECT max(id), $1, 'households', $2::int FROM publication`, w.ids[code], n)
	}
	for c, n := range cells {
		w.exec(`INSERT INTO published_cell SELECT max(id), $1, $2, 'households', $3 FROM publication`, w.ids["T"], int64(c), n)
	}
}

// households are the counts that a tile of grids carries, by code.
func households(t *testing.T, app *fiber.App) map[any]any {
	t.Helper()
	counts := map[any]any{}
	for _, f := range features(t, get(t, app, tileOf("grid-grid", 12, 2*step, 2*step)))["grid-grid"].Features {
		counts[f.Properties["id"]] = f.Properties["households"]
	}
	return counts
}

// Without the purpose that covers single places there are published counts alone.
func TestWithoutPlacesCountsAreThePublishedOnes(t *testing.T) {
	w := newTowns(t, true)
	at := cell.At(geo.Point{X: west + step, Y: south + step})
	w.publish("2026-05-01", map[string]any{"T00": 77}, nil)
	w.publish("2026-11-01", map[string]any{"T00": nil, "T01": 42, "S00": 99}, map[cell.Cell]int{at.Parent(8): 40, at.Parent(9): 20})
	s, everything := w.serve()
	scope := w.officer("T")
	scope.Place = staff.Area{Roots: []int64{}}
	app := as(s, scope)
	for _, layer := range []string{"household", "incident"} {
		if r := get(t, app, tileOf(layer, 14, step, step)); r.status != 204 {
			t.Errorf("%s: status %d, want 204", layer, r.status)
		}
	}
	if got := households(t, app); got["T00"] != nil || got["T01"] != 42.0 || got["T02"] != nil || len(got) != 16 {
		t.Errorf("households by grid are %v, want 42 in T01 alone", got)
	}
	then := map[any]any{}
	for _, f := range features(t, get(t, app, tileOf("grid-grid", 12, 2*step, 2*step)+"?at=2026-06-01"))["grid-grid"].Features {
		then[f.Properties["id"]] = f.Properties["households"]
	}
	if then["T00"] != 77.0 || then["T01"] != nil {
		t.Errorf("in June they are %v, want 77 in T00 alone", then)
	}
	cells := features(t, get(t, app, tileOf("cell", 10, step, step)))["cell"].Features
	if len(cells) != 1 || cells[0].Properties["households"] != 40.0 || cells[0].Properties["id"] != at.Parent(8).String() {
		t.Errorf("cells are %v", cells)
	}
	if r := get(t, app, tileOf("cell", 14, step, step)); r.status != 204 {
		t.Error("a cell of resolution 10 is shown, which is never published")
	}
	// With the purpose for one village: exact there, published elsewhere.
	scope.Place = staff.Area{Roots: []int64{w.ids["T0"]}}
	if got := households(t, as(s, scope)); got["T00"] != 6.0 || got["T01"] != 9.0 || got["T10"] != nil || got["T13"] != nil {
		t.Errorf("households by grid are %v, want those of the village T0", got)
	}
	// With no purpose of counts: none.
	scope.Count, scope.Place = staff.Area{}, staff.Area{}
	if got := households(t, as(s, scope)); got["T01"] != nil || len(got) != 16 {
		t.Errorf("households by grid are %v, want none", got)
	}
	if got := households(t, everything); got["T00"] != 6.0 {
		t.Errorf("everything has %v in T00, want 6", got["T00"])
	}
}

// A new publication is a change of the units.
func TestANewPublicationIsShown(t *testing.T) {
	w := newTowns(t, false)
	s, _ := w.serve()
	scope := w.officer("T")
	scope.Place = staff.Area{}
	app := as(s, scope)
	path := tileOf("grid-grid", 12, 2*step, 2*step)
	tag := get(t, app, path).header.Get("ETag")
	w.publish("2026-11-01", map[string]any{"T33": 50}, map[cell.Cell]int{cell.At(geo.Point{X: west, Y: south}).Parent(8): 30})
	w.raise("grid")
	w.refresh(s)
	if r := get(t, app, path, "If-None-Match", tag); r.status != 200 {
		t.Errorf("status %d after a publication, want 200", r.status)
	}
	if got := households(t, app); got["T33"] != 50.0 {
		t.Errorf("households by grid are %v", got)
	}
	if r := get(t, app, tileOf("cell", 10, 100, 100)); r.status != 200 {
		t.Errorf("cells: status %d", r.status)
	}
}

// What goes over to the neighbour goes out of sight, at once and with its past.
func TestAScopeFollowsThePlanInForce(t *testing.T) {
	w := newTowns(t, true)
	s, _ := w.serve()
	mine, theirs := as(s, w.officer("T")), as(s, w.officer("S"))
	near := tileOf("household", 17, 12000, 10000)
	if get(t, mine, near).status != 200 || get(t, theirs, near).status != 204 {
		t.Fatal("the household is not mine")
	}
	w.exec(`UPDATE boundary SET valid_to = '2026-11-01' WHERE unit_id = $1`, w.ids["T00"])
	w.ids["T"], w.ids["S"] = w.ids["S"], w.ids["T"]
	w.boundary("T00", "grid", "T", geo.MultiPolygon{{block(0, 0, 1)}}, "2026-11-01")
	w.raise("grid")
	w.refresh(s)
	for _, day := range []string{"", "?at=2026-06-01"} {
		if a, b := get(t, mine, near+day).status, get(t, theirs, near+day).status; a != 204 || day == "" && b != 200 {
			t.Errorf("households%s: status %d for who had the grid, %d for who has it", day, a, b)
		}
		grid := tileOf("grid-grid", 15, step/3, step/3) + day
		for _, f := range features(t, get(t, mine, grid))["grid-grid"].Features {
			if f.Properties["id"] == "T00" {
				t.Errorf("the grid is still seen%s", day)
			}
		}
	}
	// An incident and a household that come and go are followed within scopes as well.
	id := w.household(step/2, step/2+900, "S11")
	event := w.incident(4*step+1000, 1000)
	w.exec(`INSERT INTO incident_unit (incident_id, unit_id, valid_from) VALUES ($1, $2, '2026-01-01')`, event, w.ids["S00"])
	w.raise("household", fmt.Sprint(id))
	w.raise("incident", event)
	w.refresh(s)
	for _, path := range []string{tileOf("household", 17, step/2, step/2+900), tileOf("incident", 17, 4*step+1000, 1000)} {
		if get(t, mine, path).status == 200 && strings.Contains(string(get(t, mine, path).body), event) {
			t.Errorf("%s is seen by the neighbour", path)
		}
	}
	if _, err := uuid.Parse(event); err != nil || !strings.Contains(string(get(t, theirs, tileOf("incident", 17, 4*step+1000, 1000)).body), event) {
		t.Error("the new incident is not seen by whose it is")
	}
}

// Following within a scope ends where loading begins.
func TestFollowingAScopeEndsWhereLoadingBegins(t *testing.T) {
	w := newTowns(t, true)
	s, _ := w.serve()
	scope := w.officer("T1", "S2")
	followed := as(s, scope)
	dump := func(app *fiber.App) map[string]string {
		all := map[string]string{}
		walk(t, app, "", 14, func(path, _ string, features []*feature) {
			var lines []string
			for _, f := range features {
				lines = append(lines, fmt.Sprint(f.properties, f.shape))
			}
			slices.Sort(lines)
			all[path] = strings.Join(lines, "\n")
		})
		return all
	}
	steps := []func(){
		func() { w.raise("household", fmt.Sprint(w.household(3*step, step/2, "T11"))) },
		func() {
			w.exec(`UPDATE household_unit SET unit_id = $1 WHERE unit_id = $2`, w.ids["S21"], w.ids["S31"])
			w.exec(`UPDATE incident_unit SET unit_id = $1 WHERE unit_id = $2`, w.ids["T11"], w.ids["T21"])
			w.exec(`UPDATE service_point_unit SET unit_id = $1 WHERE unit_id = $2`, w.ids["T11"], w.ids["T21"])
			w.raise("grid")
		},
		func() {
			w.exec(`UPDATE household_unit SET unit_id = $1 WHERE unit_id = $2`, w.ids["T00"], w.ids["T10"])
			w.exec(`SELECT raise_layer('household', NULL)`)
		},
		func() {
			w.exec(`DELETE FROM incident WHERE id IN (SELECT incident_id FROM incident_unit WHERE unit_id = $1)`, w.ids["T11"])
			w.exec(`SELECT raise_layer('incident', NULL)`)
		},
	}
	for i, change := range steps {
		dump(followed) // what is kept from before must not be shown after
		change()
		w.refresh(s)
		fresh, _ := w.serve()
		got, want := dump(followed), dump(as(fresh, scope))
		for path := range want {
			if got[path] != want[path] {
				t.Fatalf("step %d: %s shows\n%s\nwant\n%s", i, path, got[path], want[path])
			}
		}
		if len(got) != len(want) || len(want) < 20 {
			t.Fatalf("step %d: %d tiles, want %d", i, len(got), len(want))
		}
	}
}

func TestOneScopeIsDrawnOnceAndNoneIsTakenForAnother(t *testing.T) {
	w := newTowns(t, true)
	s, _ := w.serve()
	path := tileOf("grid-grid", 11, 4*step, 2*step)
	mine := get(t, as(s, w.officer("T")), path)
	builds := s.CacheStats().Builds
	again := get(t, as(s, w.officer("T0", "T", "T13", "T")), path) // the same area, held by several posts
	if s.CacheStats().Builds != builds || again.header.Get("ETag") != mine.header.Get("ETag") {
		t.Error("a scope was drawn twice")
	}
	theirs := get(t, as(s, w.officer("S")), path, "If-None-Match", mine.header.Get("ETag"))
	if theirs.status != 200 || string(theirs.body) == string(mine.body) {
		t.Errorf("status %d: another scope was taken for this one", theirs.status)
	}
	if strings.Contains(mine.header.Get("ETag"), "account") || !strings.HasPrefix(mine.header.Get("Cache-Control"), "private") {
		t.Errorf("ETag %s, Cache-Control %s", mine.header.Get("ETag"), mine.header.Get("Cache-Control"))
	}
	var a, b tiles.TileJSON
	for scope, into := range map[string]*tiles.TileJSON{"T": &a, "S": &b} {
		if err := json.Unmarshal(get(t, as(s, w.officer(scope)), "/tiles/grid-grid.json").body, into); err != nil {
			t.Fatal(err)
		}
	}
	if a.Tiles[0] == b.Tiles[0] {
		t.Error("two scopes have the same URL: a browser would show one what it kept for the other")
	}
	_, query, _ := strings.Cut(a.Tiles[0], "?")
	if got := get(t, as(s, w.officer("T")), path+"?"+query).header.Get("Cache-Control"); got != "private, max-age=31536000, immutable" {
		t.Errorf("Cache-Control of the named version is %q", got)
	}
	if got := get(t, as(s, w.officer("S")), path+"?"+query).header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("Cache-Control of another scope's version is %q", got)
	}
}

func TestThePublicMapShowsUnitsAndServicePointsAlone(t *testing.T) {
	w := newTowns(t, true)
	w.publish("2026-11-01", map[string]any{"T01": 42}, nil)
	w.exec(`UPDATE setting SET value = '"浙S(2026)1号"' WHERE key = 'review_number'`)
	s, everything := w.serve()
	app := as(s, tiles.PublicMap)
	for _, path := range []string{"/style.json", "/tiles/background.json", "/tiles/grid-grid.json"} {
		if !strings.Contains(string(get(t, app, path).body), "审图号:浙S(2026)1号") {
			t.Errorf("%s does not carry the review number", path)
		}
		if strings.Contains(string(get(t, everything, path).body), "审图号") {
			t.Errorf("%s of who has signed in carries it twice", path)
		}
	}
	drawn := map[string]int{}
	walk(t, app, "", 14, func(path, layer string, features []*feature) {
		drawn[layer] += len(features)
		for _, f := range features {
			if f.properties["households"] != nil {
				t.Fatalf("%s shows a count: %v", path, f.properties)
			}
		}
	})
	for _, layer := range []string{"household", "incident", "zone", "cell"} {
		if drawn[layer] > 0 {
			t.Errorf("the public map shows %s", layer)
		}
	}
	if drawn["grid-grid"] == 0 || drawn["service-point"] == 0 || drawn["label-town"] == 0 {
		t.Errorf("the public map shows %v", drawn)
	}
	if got := get(t, app, "/style.json").header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control of the public style is %q", got)
	}
	if body := string(get(t, app, "/style.json").body); strings.Contains(body, `"household"`) || strings.Contains(body, `"zone"`) || !strings.Contains(body, "service-point") {
		t.Error("the public style has other layers than the public map")
	}
}
