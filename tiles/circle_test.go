package tiles_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"wangge/geo"
	"wangge/geo/circle"
	"wangge/geo/staff"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// run stores a run of a unit ("" = the whole installation) of two columns, with an
// exact and a rounded row for the unit and everything below it. The exact numbers are
// odd, so that they are known again wherever they appear.
func (w *town) run(unit string, share float64) (id int64) {
	w.t.Helper()
	params := circle.Params{Unit: unit, On: geo.DayOf(today), MaxWalk: 200, Columns: []circle.Column{
		{Function: "medical", Standard: circle.Standard{Minutes: 15, Speed: 4000, Metres: 1000, Profile: "adult", Code: "gb50180"}},
		{Standard: circle.Standard{Minutes: 15, Speed: 3200, Profile: "elder"}}}}
	err := w.pool.QueryRow(w.t.Context(), `
		INSERT INTO circle (unit_id, on_day, params, inputs, digest, created_by, finished_at)
		VALUES ($1, $2, $3, '{"network": 1, "network_sha256": ""}', 'x', 'test', now()) RETURNING id`,
		w.ids[unit], params.On, params).Scan(&id)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, code := range slices.Sorted(maps.Keys(w.ids)) {
		if !strings.HasPrefix(code, unit) {
			continue
		}
		for column := range params.Columns {
			exact := share + float64(i)/1000 + float64(column)/10
			w.exec(`
				INSERT INTO circle_unit (circle_id, column_no, unit_id, rounded, hidden, households, people, covered, covered_people, share, share_people, p50, p90, points, hours_unknown)
				VALUES ($1, $2, $3, false, false, $4::bigint, 1, 101, 1, $5::float8, $5::float8, 7.25, 11.75, 1, 0),
				       ($1, $2, $3, true, $6, CASE WHEN $6 THEN 0 ELSE 200 END, 0, CASE WHEN $6 THEN 0 ELSE 100 END, 0, CASE WHEN NOT $6 THEN 0.5 END, NULL, CASE WHEN NOT $6 THEN 7 END, CASE WHEN NOT $6 THEN 12 END, 1, 0)`,
				id, column, w.ids[code], 201+2*i, exact, code == unit+"00")
		}
	}
	return id
}

// middleOfTown is the tile of a layer at zoom 13 that shows all of the town T.
func middleOfTown(layer, query string) string { return tileOf(layer, 13, 2*step, 2*step) + query }

// drawn are the features of a layer in a tile, by the value of a field.
func drawn(t *testing.T, app *fiber.App, path, layer, by string) map[any]*feature {
	t.Helper()
	r := get(t, app, path)
	if r.status == 204 {
		return nil
	}
	found := map[any]*feature{}
	if l := features(t, r)[layer]; l != nil {
		for _, f := range l.Features {
			if found[f.Properties[by]] != nil {
				t.Errorf("%s has %v twice", path, f.Properties[by])
			}
			found[f.Properties[by]] = &feature{f.Properties, f.Geometry}
		}
	}
	return found
}

// The numbers in a tile are those that package circle gives the same reader, and the
// borders are those of the layers of units, so that neighbours meet.
func TestCoverageIsWhatTheRunSaysOnTheBordersOfTheUnits(t *testing.T) {
	w := newTowns(t, true)
	s, everything := w.serve()
	run := w.run("T", 0.321)
	counting := w.officer("T")
	counting.Place = staff.Area{Roots: []int64{w.ids["T1"]}}
	for name, scope := range map[string]tiles.Scope{"everything": tiles.Everything, "one town": w.officer("T"), "places of one village": counting} {
		app := as(s, scope)
		got := drawn(t, app, middleOfTown("coverage", fmt.Sprintf("?run=%d&column=1", run)), "coverage", "code")
		actor := staff.Actor{Name: "reader"}
		for p, area := range map[staff.Permission]staff.Area{staff.Count: scope.Count, staff.Place: scope.Place} {
			for _, root := range area.Roots {
				actor.Grants = append(actor.Grants, staff.Grant{Unit: root, May: []staff.Permission{p}})
			}
			if area.All {
				actor.Grants = append(actor.Grants, staff.Grant{May: []staff.Permission{p}})
			}
		}
		rows, err := circle.Units(t.Context(), w.pool, actor, run, 1, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != 21 || len(got) != 21 {
			t.Fatalf("%s: %d units in the tile and %d rows, want 21 of all levels", name, len(got), len(rows))
		}
		exact := 0
		for _, row := range rows {
			f := got[row.Unit]
			if f == nil {
				t.Fatalf("%s: %s is not drawn", name, row.Unit)
			}
			want := map[string]any{"code": row.Unit, "name": row.Name, "level": row.Level}
			put := func(key string, v *float64) {
				if v != nil {
					want[key] = *v
				}
			}
			if row.Rounded {
				want["rounded"] = true
			} else {
				exact++
			}
			if row.Hidden {
				want["hidden"] = true
			} else {
				want["households"], want["covered"] = float64(row.Households), float64(row.Covered)
				put("share", row.Share)
				put("share_people", row.SharePeople)
				put("p50", row.P50)
				put("p90", row.P90)
			}
			if fmt.Sprint(f.properties) != fmt.Sprint(want) {
				t.Errorf("%s: %s has\n%v, want\n%v", name, row.Unit, f.properties, want)
			}
		}
		if want := map[string]int{"everything": 21, "one town": 21, "places of one village": 5}[name]; exact != want {
			t.Errorf("%s: %d exact rows, want %d", name, exact, want)
		}
	}
	for _, level := range []string{"town", "village", "grid"} {
		units := drawn(t, everything, middleOfTown("grid-"+level, ""), "grid-"+level, "id")
		covered := drawn(t, everything, middleOfTown("coverage", fmt.Sprintf("?run=%d", run)), "coverage", "code")
		for code, unit := range units {
			if f := covered[code]; strings.HasPrefix(code.(string), "T") && (f == nil || fmt.Sprint(f.shape) != fmt.Sprint(unit.shape)) {
				t.Errorf("the borders of %v are others than in grid-%s", code, level)
			}
		}
	}
}

// Who may count and not see single places is shown no exact number, in no tile.
func TestWithoutPlacesARunIsRoundedInEveryTile(t *testing.T) {
	w := newTowns(t, true)
	s, _ := w.serve()
	before, run := w.run("T", 0.111), w.run("T", 0.321)
	scope := w.officer("T")
	scope.Place = staff.Area{Roots: []int64{}}
	app := as(s, scope)
	seen := 0
	for _, layer := range []string{"coverage", "change"} {
		for zoom := 8; zoom <= 14; zoom++ {
			for _, tile := range w.sample(zoom, 9) {
				path := fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt?run=%d&before=%d", layer, tile.Z, tile.X, tile.Y, run, before)
				r := get(t, app, path)
				if r.status == 204 {
					continue
				}
				for _, l := range features(t, r) {
					for _, f := range l.Features {
						seen++
						share, shown := f.Properties["share"]
						if f.Properties["rounded"] != true || shown && share != 0.5 || f.Properties["share_people"] != nil || f.Properties["after"] != nil && f.Properties["after"] != 0.5 {
							t.Fatalf("%s shows %v", path, f.Properties)
						}
						if f.Properties["code"] == "T00" && (f.Properties["hidden"] != true || shown || f.Properties["households"] != nil || f.Properties["difference"] != nil) {
							t.Fatalf("%s shows what is hidden: %v", path, f.Properties)
						}
					}
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d features were looked at", seen)
	}
}

func TestChangeIsTheDifferenceOfTwoRuns(t *testing.T) {
	w := newTowns(t, false)
	_, app := w.serve()
	before, run := w.run("T", 0.125), w.run("T", 0.375)
	got := drawn(t, app, middleOfTown("change", fmt.Sprintf("?run=%d&before=%d", run, before)), "change", "code")
	if len(got) != 21 {
		t.Fatalf("%d units, want 21", len(got))
	}
	for code, f := range got {
		b, a, d := f.properties["before"].(float64), f.properties["after"].(float64), f.properties["difference"].(float64)
		if d != a-b || d < 0.2499 || d > 0.2501 {
			t.Errorf("%v: %v - %v = %v", code, a, b, d)
		}
	}
}

func TestARunOfTheNeighbourIsNotFound(t *testing.T) {
	w := newTowns(t, true)
	s, everything := w.serve()
	ours, theirs, whole := w.run("T", 0.1), w.run("S", 0.2), w.run("", 0.3)
	app := as(s, w.officer("T"))
	mapOnly := w.officer("T")
	mapOnly.Count, mapOnly.Place = staff.Area{}, staff.Area{}
	for name, tt := range map[string]struct {
		app  *fiber.App
		run  int64
		want int
	}{
		"ours": {app, ours, 200}, "theirs": {app, theirs, 404}, "of the whole installation": {app, whole, 404}, "of nobody": {app, 999, 404},
		"theirs for everybody": {everything, theirs, 200}, "the whole for everybody": {everything, whole, 200},
		"ours without counts": {as(s, mapOnly), ours, 404}, "ours for the public": {as(s, tiles.PublicMap), ours, 404}, "ours for nobody": {as(s, tiles.Scope{}), ours, 404},
	} {
		for _, path := range []string{"/tiles/coverage.json", middleOfTown("coverage", ""), middleOfTown("uncovered", ""), middleOfTown("change", "")} {
			got := get(t, tt.app, fmt.Sprintf("%s?run=%d&before=%d", path, tt.run, tt.run))
			want := tt.want
			if want == 200 && got.status == 204 {
				want = 204 // there are no cells
			}
			if got.status != want || want == 404 && !strings.Contains(string(got.body), `"circle_unknown"`) {
				t.Errorf("%s, %s: %d %s, want %d", name, path, got.status, got.body, want)
			}
		}
	}
	// Who sees every place and may count nothing, or in one town alone, is not taken for
	// somebody who may do both everywhere, though the other layers look the same to them.
	places := tiles.Everything
	places.Count = staff.Area{Roots: []int64{}}
	for _, run := range []int64{ours, theirs, whole} {
		if got := get(t, as(s, places), middleOfTown("coverage", fmt.Sprintf("?run=%d", run))); got.status != 404 {
			t.Errorf("every place without counts, run %d: %d", run, got.status)
		}
	}
	places.Count = staff.Area{Roots: []int64{w.ids["T"]}}
	for run, want := range map[int64]int{ours: 200, theirs: 404, whole: 404} {
		if got := get(t, as(s, places), middleOfTown("coverage", fmt.Sprintf("?run=%d", run))); got.status != want {
			t.Errorf("every place with the counts of one town, run %d: %d, want %d", run, got.status, want)
		}
	}
	// Comparing ours with theirs tells nothing of theirs.
	if got := get(t, app, middleOfTown("change", fmt.Sprintf("?run=%d&before=%d", ours, theirs))); got.status != 404 {
		t.Errorf("compared with theirs: %d", got.status)
	}
}

func TestNonsenseAboutARunIsRefused(t *testing.T) {
	w := newTowns(t, false)
	_, app := w.serve()
	run := w.run("T", 0.1)
	var waiting int64
	err := w.pool.QueryRow(t.Context(), `
		INSERT INTO circle (unit_id, on_day, params, created_by) SELECT unit_id, on_day, params, 'test' FROM circle WHERE id = $1 RETURNING id`, run).Scan(&waiting)
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]struct {
		status int
		code   string
	}{
		"":                                    {400, "run_missing"},
		"?run=":                               {400, "run_missing"},
		"?run=seven":                          {400, "run_nonsense"},
		"?run=0":                              {400, "run_nonsense"},
		"?run=-1":                             {400, "run_nonsense"},
		"?run=99999999999999999999":           {400, "run_nonsense"},
		fmt.Sprintf("?run=%d&column=x", run):  {400, "run_nonsense"},
		fmt.Sprintf("?run=%d&column=-1", run): {400, "run_nonsense"},
		fmt.Sprintf("?run=%d&column=2", run):  {404, "circle_column"},
		fmt.Sprintf("?run=%d&column=4294967296", run): {404, "circle_column"},
		fmt.Sprintf("?run=%d", waiting):               {409, "circle_not_done"},
	} {
		for _, path := range []string{middleOfTown("coverage", query), "/tiles/uncovered.json" + query} {
			r := get(t, app, path)
			if r.status != want.status || !strings.Contains(string(r.body), want.code) || r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %s, %q; want %d %s that nobody keeps", path, r.status, r.body, r.header.Get("Cache-Control"), want.status, want.code)
			}
		}
	}
	if r := get(t, app, middleOfTown("change", fmt.Sprintf("?run=%d", run))); r.status != 400 || !strings.Contains(string(r.body), "before_missing") {
		t.Errorf("change of one run: %d %s", r.status, r.body)
	}
	if r := get(t, app, fmt.Sprintf("/tiles/uncovered/3/1/1.mvt?run=%d", run)); r.status != 404 || !strings.Contains(string(r.body), "tile_zoom") {
		t.Errorf("cells from afar: %d %s", r.status, r.body)
	}
}

func TestTheTileJSONOfARunLeadsToTilesThatMayBeKept(t *testing.T) {
	w := newTowns(t, true)
	s, _ := w.serve()
	run := w.run("T", 0.1)
	app := as(s, w.officer("T"))
	var tj tiles.TileJSON
	if err := json.Unmarshal(get(t, app, fmt.Sprintf("http://map.example/tiles/coverage.json?run=%d&column=1", run)).body, &tj); err != nil {
		t.Fatal(err)
	}
	if tj.TileJSON != "3.0.0" || tj.VectorLayers[0].ID != "coverage" || tj.VectorLayers[0].Fields["share"] == "" || !strings.Contains(tj.Description, "3.2 km/h") {
		t.Errorf("%+v", tj)
	}
	if b := tj.Bounds; b == nil || b[0] != 120.1 || b[1] != 30.2 || b[2] != 120.124 || b[3] != 30.224 {
		t.Errorf("bounds are %v", tj.Bounds)
	}
	at := mvt.Project(corner(2, 2)).TileAt(13)
	url := strings.NewReplacer("{z}", "13", "{x}", fmt.Sprint(at.X), "{y}", fmt.Sprint(at.Y)).Replace(tj.Tiles[0])
	kept := get(t, app, url)
	if got := kept.header.Get("Cache-Control"); kept.status != 200 || !strings.HasPrefix(got, "private, ") || !strings.Contains(got, "immutable") {
		t.Errorf("%s: status %d, Cache-Control %q", url, kept.status, got)
	}
	if first, second := kept.body, get(t, app, strings.Replace(url, "column=1", "column=0", 1)).body; string(first) == string(second) {
		t.Error("two columns look the same")
	}
	if r := get(t, app, url, "If-None-Match", kept.header.Get("ETag")); r.status != 304 || len(r.body) > 0 {
		t.Errorf("a known tile: %d", r.status)
	}
	if other := get(t, as(s, tiles.Everything), url); other.header.Get("ETag") == kept.header.Get("ETag") || strings.Contains(other.header.Get("Cache-Control"), "immutable") {
		t.Error("another scope has the same label")
	}
	if r := get(t, app, fmt.Sprintf("/tiles/coverage/13/0/0.mvt?run=%d", run)); r.status != 204 || r.header.Get("ETag") == "" {
		t.Errorf("an empty tile: %d", r.status)
	}
	// A border that was corrected is a new version of what is drawn on it.
	w.exec(`UPDATE boundary SET name = '新名' WHERE unit_id = $1`, w.ids["T33"])
	w.raise("grid")
	w.refresh(s)
	if r := get(t, app, url, "If-None-Match", kept.header.Get("ETag")); r.status != 200 || strings.Contains(r.header.Get("Cache-Control"), "immutable") {
		t.Errorf("after a change of the units: %d, %q", r.status, r.header.Get("Cache-Control"))
	}
}

func TestARunThatWasRemovedIsSoonGone(t *testing.T) {
	w := newTowns(t, false)
	now := today
	s := tiles.New(tiles.Config{Pool: w.pool, Now: func() time.Time { return now }})
	w.refresh(s)
	app := newApp(s)
	run := w.run("T", 0.1)
	path := middleOfTown("coverage", fmt.Sprintf("?run=%d", run))
	if r := get(t, app, path); r.status != 200 {
		t.Fatalf("status %d", r.status)
	}
	w.exec(`DELETE FROM circle WHERE id = $1`, run)
	now = now.Add(6 * time.Second)
	if r := get(t, app, path); r.status != 404 {
		t.Errorf("status %d, want 404", r.status)
	}
}

// A tile of a run that was drawn before is not drawn again, whatever was asked between.
func TestLayersOfRunsAreMadeOnce(t *testing.T) {
	w := newTowns(t, false)
	s, app := w.serve()
	run := w.run("T", 0.1)
	for range 3 {
		for _, tile := range w.sample(12, 4) {
			get(t, app, fmt.Sprintf("/tiles/coverage/%d/%d/%d.mvt?run=%d", tile.Z, tile.X, tile.Y, run))
		}
	}
	if got := s.RunStats().Builds; got != 1 {
		t.Errorf("the layer was made %d times", got)
	}
}
