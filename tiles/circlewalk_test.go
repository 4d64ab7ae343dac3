package tiles_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/staff"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// streets puts a board of streets, 100 m apart, under both towns.
func (w *town) streets() {
	w.t.Helper()
	const n, wide, gap = 24, 48, 10_000
	at := func(x, y int32) orb.Point { return geo.Point{X: west + x*gap, Y: south + y*gap}.Degrees() }
	_, err := network.Store(w.t.Context(), w.pool, staff.System, network.Source{FileName: "test", Attribution: "© the test"}, func(yield func(network.Feature) bool) {
		id := int64(0)
		street := func(from, to [2]int32) bool {
			id++
			f := network.Feature{Class: network.Street, OSMType: "w", OSMID: id, Kind: "residential"}
			var line orb.LineString
			for p := from; ; p[0], p[1] = p[0]+min(1, to[0]-p[0]), p[1]+min(1, to[1]-p[1]) {
				line, f.Nodes = append(line, at(p[0], p[1])), append(f.Nodes, int64(p[0]*100+p[1]+1))
				if p == to {
					break
				}
			}
			f.Shape = line
			return yield(f)
		}
		for y := range int32(n + 1) {
			if !street([2]int32{0, y}, [2]int32{wide, y}) {
				return
			}
		}
		for x := range int32(wide + 1) {
			if !street([2]int32{x, 0}, [2]int32{x, n}) {
				return
			}
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// pointOf puts a point of a run into it, which stands in a unit.
func (w *town) pointOf(run int64, ordinal int, unit string, x, y int32) {
	row := circle.PointRow{Point: int64(ordinal), Name: "点", At: geo.Point{X: west + x, Y: south + y}.Degrees(), Snapped: true}
	for _, rounded := range []bool{false, true} {
		w.exec(`INSERT INTO circle_point (circle_id, unit_id, held_by, column_no, ordinal, rounded, row) SELECT id, unit_id, $2, 0, $3, $4, $5 FROM circle WHERE id = $1`,
			run, w.ids[unit], ordinal, rounded, row)
	}
}

func TestReachIsDrawnEveryFiveMinutesAroundThePoints(t *testing.T) {
	w := newTowns(t, true)
	w.streets()
	run := w.run("", 0.1)
	w.pointOf(run, 1, "T00", 120_000, 120_000)
	w.pointOf(run, 2, "S00", 360_000, 120_000) // in the other town, 2.3 km to the east
	s := tiles.New(tiles.Config{Pool: w.pool, Footpaths: network.NewFootpaths(w.pool)})
	w.refresh(s)
	whole := w.officer()
	whole.Count.All, whole.Map = true, staff.Area{Roots: []int64{w.ids["T"]}} // counts everywhere, sees the points of one town
	for name, scope := range map[string]tiles.Scope{"everything": tiles.Everything, "points of one town": whole} {
		app := as(s, scope)
		query := fmt.Sprintf("?run=%d&column=0", run)
		near := drawn(t, app, tileOf("reach", 13, 120_000, 120_000)+query, "reach", "minutes")
		if len(near) != 3 {
			t.Fatalf("%s: contours of %d kinds, want 5, 10 and 15 minutes", name, len(near))
		}
		var before float64
		for _, minutes := range []float64{5, 10, 15} {
			f := near[minutes]
			if f == nil {
				t.Fatalf("%s: no contour of %g minutes", name, minutes)
			}
			size := planar.Area(f.shape)
			if size <= before {
				t.Errorf("%s: %g minutes hold no more than those before", name, minutes)
			}
			before = size
		}
		far := get(t, app, tileOf("reach", 15, 360_000, 120_000)+query)
		if want := map[string]int{"everything": 200, "points of one town": 204}[name]; far.status != want {
			t.Errorf("%s: around the point of the other town: %d, want %d", name, far.status, want)
		}
		pieces := map[float64]int{}
		for _, f := range features(t, get(t, app, tileOf("reach-streets", 14, 120_000, 120_000)+query))["reach-streets"].Features {
			pieces[f.Properties["minutes"].(float64)]++
		}
		if pieces[1] == 0 || pieces[5] <= pieces[1] || pieces[16] > 0 || pieces[0] > 0 {
			t.Errorf("%s: pieces of streets by minute: %v", name, pieces)
		}
	}
	if got := s.RunStats().Builds; got != 4 {
		t.Errorf("layers were made %d times, want once for each of two scopes", got)
	}
}

// With other streets the answer would be another one: it is not drawn.
func TestReachOfAnOldNetworkIsNotDrawn(t *testing.T) {
	w := newTowns(t, false)
	w.streets()
	run := w.run("T", 0.1)
	w.pointOf(run, 1, "T00", 20_000, 20_000)
	s := tiles.New(tiles.Config{Pool: w.pool, Footpaths: network.NewFootpaths(w.pool)})
	w.refresh(s)
	path := tileOf("reach", 13, 20_000, 20_000) + fmt.Sprintf("?run=%d", run)
	w.streets()
	for name, s := range map[string]*tiles.Server{"run_network_replaced": s, "network_missing": tiles.New(tiles.Config{Pool: w.pool})} {
		w.refresh(s)
		r := get(t, newApp(s), path)
		if !slices.Contains([]int{404, 409}, r.status) || !strings.Contains(string(r.body), name) {
			t.Errorf("%d %s, want %s", r.status, r.body, name)
		}
		if r := get(t, newApp(s), tileOf("coverage", 13, 20_000, 20_000)+fmt.Sprintf("?run=%d", run)); r.status != 200 {
			t.Errorf("coverage: %d", r.status)
		}
	}
}

// A run says how far a point may lie from the street; what is drawn keeps to it.
func TestAPointFartherFromTheStreetThanTheRunAllowsReachesNothing(t *testing.T) {
	w := newTowns(t, true)
	w.streets()
	s := tiles.New(tiles.Config{Pool: w.pool, Footpaths: network.NewFootpaths(w.pool)})
	for most, want := range map[int]int{20: 204, 200: 200} {
		run := w.run("", 0.1)
		w.exec(`UPDATE circle SET params = jsonb_set(params, '{max_walk}', to_jsonb($2::int)) WHERE id = $1`, run, most)
		w.pointOf(run, 1, "T00", 125_000, 125_000) // 47 m from the streets around
		w.refresh(s)
		if r := get(t, newApp(s), tileOf("reach", 13, 125_000, 125_000)+fmt.Sprintf("?run=%d", run)); r.status != want {
			t.Errorf("at most %d m to the street: %d, want %d", most, r.status, want)
		}
	}
}

// made is a run made by package circle itself.
func (w *town) made(unit string, minutes float64) int64 {
	w.t.Helper()
	run, err := circle.NewMaker(w.pool, network.NewFootpaths(w.pool)).Run(w.t.Context(), staff.Local, circle.Params{Unit: unit, On: geo.DayOf(today),
		Columns: []circle.Column{{Standard: circle.Standard{Minutes: minutes, Speed: 4000}}}}, func(string, int64, int64) {})
	if err != nil {
		w.t.Fatal(err)
	}
	return run.ID
}

// drawnUpTo are the uncovered cells of a tile, none beyond a zoom.
func drawnUpTo(t *testing.T, app *fiber.App, zoom uint8, tile mvt.Tile, path string) map[any]*feature {
	if tile.Z > zoom {
		return nil
	}
	return drawn(t, app, path, "uncovered", "cell")
}

// Cells carry what package circle says of them, by the resolution of the zoom: what
// was published of them for who may not see single places, and of the finest nothing.
func TestCellsAreWhatTheRunSays(t *testing.T) {
	w := newTowns(t, true)
	w.streets()
	at := geo.Point{X: west + 2*step, Y: south + 2*step}
	w.publish("2026-05-01", map[string]any{"T": 200}, map[cell.Cell]int{cell.At(at).Parent(8): 40, cell.At(at).Parent(9): 20})
	w.exec(`UPDATE publication SET least = 2`) // fewer than published live in these cells
	before, run := w.made("T", 3), w.made("T", 6)
	s, _ := w.serve()
	counting := w.officer("T")
	counting.Place = staff.Area{Roots: []int64{}}
	for name, tt := range map[string]struct {
		scope tiles.Scope
		actor staff.Actor
	}{
		"places": {w.officer("T"), staff.Local},
		"counts": {counting, staff.Actor{Name: "account:1", Grants: []staff.Grant{{Unit: w.ids["T"], May: []staff.Permission{staff.Count}}}}},
	} {
		app := as(s, tt.scope)
		seen := map[int]int{}
		for zoom := 8; zoom <= 15; zoom++ { // cells alone end at 14, beside units they do not
			res := map[bool]int{true: 8, false: 9}[zoom < 12]
			if zoom >= 14 && name == "places" {
				res = 10
			}
			want := map[any]circle.CellRow{}
			rows, err := circle.Cells(t.Context(), w.pool, tt.actor, run, 0, res)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				want[row.Cell.String()] = row
			}
			was := map[any]circle.CellRow{}
			if rows, err = circle.Cells(t.Context(), w.pool, tt.actor, before, 0, res); err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				was[row.Cell.String()] = row
			}
			drawnCells := map[any]bool{}
			for _, tile := range w.sample(zoom, 1000) {
				path := fmt.Sprintf("%d/%d/%d.mvt?run=%d&before=%d", tile.Z, tile.X, tile.Y, run, before)
				for id, f := range drawnUpTo(t, app, 14, tile, "/tiles/uncovered/"+path) {
					row, known := want[id]
					if !known || f.properties["households"] != float64(row.Households) || f.properties["uncovered"] != float64(row.Households-row.Covered) ||
						(f.properties["rounded"] == true) != row.Rounded || row.Rounded != (name == "counts") {
						t.Fatalf("%s, zoom %d: %v shows %v, want %+v", name, zoom, id, f.properties, row)
					}
				}
				for id, f := range drawn(t, app, "/tiles/change/"+path, "change-cells", "cell") {
					drawnCells[id] = true
					difference := f.properties["after"].(float64) - f.properties["before"].(float64)
					exact := float64(want[id].Covered)/float64(want[id].Households) - float64(was[id].Covered)/float64(was[id].Households)
					if f.properties["difference"] != difference || math.Abs(difference-exact) > 0.06 || name == "places" && difference != exact {
						t.Fatalf("%s, zoom %d: %v changed by %v, want %g", name, zoom, id, f.properties, exact)
					}
				}
			}
			if len(drawnCells) != len(want) {
				t.Errorf("%s, zoom %d: %d cells are drawn, the run has %d", name, zoom, len(drawnCells), len(want))
			}
			seen[res] += len(want)
		}
		if name == "places" && (seen[8] == 0 || seen[9] == 0 || seen[10] == 0) || name == "counts" && (seen[8] == 0 || seen[9] == 0) {
			t.Errorf("%s: cells by resolution are %v", name, seen)
		}
	}
}
