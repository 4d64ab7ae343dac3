package tiles_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/paulmach/orb"
	orbmvt "github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/planar"

	"wangge/geo"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// openEdges sums the directed edges of all polygons of a layer. Those of
// neighbours cancel; what lies on the square that tiles are cut to is left out.
func openEdges(layer *orbmvt.Layer) map[[2]orb.Point]int {
	sum := map[[2]orb.Point]int{}
	walk := func(a, b orb.Point) {
		for axis := range 2 {
			if a[axis] == b[axis] && (a[axis] == -mvt.Buffer || a[axis] == mvt.Extent+mvt.Buffer) {
				return
			}
		}
		if back := [2]orb.Point{b, a}; sum[back] > 0 {
			if sum[back]--; sum[back] == 0 {
				delete(sum, back)
			}
			return
		}
		sum[[2]orb.Point{a, b}]++
	}
	for _, f := range layer.Features {
		for _, r := range ringsOf(f.Geometry) {
			for i := 1; i < len(r); i++ {
				walk(r[i-1], r[i])
			}
		}
	}
	return sum
}

func covered(layer *orbmvt.Layer) (area float64) {
	for _, f := range layer.Features {
		area += planar.Area(f.Geometry)
	}
	return area
}

// In every tile of every zoom the grids, the villages and the town have the same
// outline, edge for edge, and cover the same area: neighbours neither part nor
// overlap, and a border of two levels is one line.
func TestLevelsCoincideInEveryTile(t *testing.T) {
	w := newTown(t)
	_, app := w.serve()
	compared := 0
	for zoom := 9; zoom <= 17; zoom++ {
		for _, tile := range w.sample(zoom, 25) {
			var outlines []map[[2]orb.Point]int
			var areas []float64
			for _, level := range []string{"town", "village", "grid"} {
				r := get(t, app, fmt.Sprintf("/tiles/grid-%s/%d/%d/%d.mvt", level, tile.Z, tile.X, tile.Y))
				if r.status == 204 {
					outlines, areas = append(outlines, nil), append(areas, 0)
					continue
				}
				layer := features(t, r)["grid-"+level]
				outlines, areas = append(outlines, openEdges(layer)), append(areas, covered(layer))
			}
			compared++
			for i := range 2 {
				if fmt.Sprint(outlines[i]) != fmt.Sprint(outlines[i+1]) {
					t.Errorf("%v: levels have different outlines\n%v\n%v", tile, outlines[i], outlines[i+1])
				}
				if areas[i] != areas[i+1] {
					t.Errorf("%v: levels cover %v and %v", tile, areas[i], areas[i+1])
				}
			}
		}
	}
	if compared < 70 {
		t.Errorf("only %d tiles were compared", compared)
	}
}

func TestTheBackgroundHasItsLayers(t *testing.T) {
	w := newTown(t)
	w.exec(`INSERT INTO network_import (file_name, sha256, attribution, current, imported_by) VALUES ('a', 'a', '© OpenStreetMap', true, 't')`)
	line := orb.LineString{{120.1, 30.2}, {120.124, 30.224}}
	area := orb.Polygon{{{120.101, 30.201}, {120.106, 30.201}, {120.106, 30.206}, {120.101, 30.201}}}
	add := func(id int, class, kind, name, en string, layer int, shape orb.Geometry) {
		w.exec(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, name, name_en, layer, geom) VALUES (1, $1, 'w', $2, $3, $4, $5, $6, $7)`,
			class, id, kind, name, en, layer, shape)
	}
	add(1, "street", "primary", "人民路", "Renmin Road", 1, line)
	add(2, "street", "steps", "", "", 0, line)
	add(3, "building", "school", "一小", "", 0, area)
	add(4, "water", "river", "运河", "", 0, line)
	add(5, "green", "park", "", "", 0, area)
	add(6, "place", "town", "禾渡镇", "Hedu", 0, orb.Point{120.11, 30.21})
	add(7, "barrier", "wall", "", "", 0, line)
	_, app := w.serve()
	at13 := features(t, get(t, app, tileOf("background", 13, step, step)))
	street := at13["street"].Features
	if len(street) != 1 || fmt.Sprint(map[string]any(street[0].Properties)) != "map[bridge:true class:primary layer:1 name:人民路 name_en:Renmin Road]" {
		t.Errorf("streets at 13 are %v", street)
	}
	for _, name := range []string{"building", "water", "green", "place"} {
		if at13[name] == nil || len(at13[name].Features) != 1 {
			t.Errorf("the tile has no %s", name)
		}
	}
	if at13["barrier"] != nil {
		t.Error("the tile shows walls")
	}
	if got := len(features(t, get(t, app, tileOf("background", 15, 30000, 30000)))["street"].Features); got != 2 {
		t.Errorf("%d streets at 15, want 2 with the steps", got)
	}
	if far := features(t, get(t, app, tileOf("background", 9, step, step))); far["building"] != nil || far["street"] == nil {
		t.Errorf("at 9 the tile has %v", far)
	}
	var tj tiles.TileJSON
	if err := json.Unmarshal(get(t, app, "/tiles/background.json").body, &tj); err != nil || len(tj.VectorLayers) != 6 || tj.Attribution != "© OpenStreetMap" {
		t.Errorf("TileJSON is %+v, %v", tj, err)
	}
	if label := get(t, app, tileOf("background", 13, step, step)+"?at=2020-01-01").header.Get("ETag"); label != `W/"background.0.."` {
		t.Errorf("the background of another day is %s", label)
	}
}

func TestCellsCountBothLedgersAtEveryResolution(t *testing.T) {
	w := newTown(t)
	for i := range 50 {
		w.household(int32(i)*4000, int32(i)*3000, "T00")
		if i%2 == 0 {
			w.incident(int32(i)*4000, int32(i)*3000)
		}
	}
	_, app := w.serve()
	for zoom, resolution := range map[int]string{8: "87", 10: "88", 13: "89", 14: "8a"} {
		households, incidents := 0.0, 0.0
		seen := map[any]bool{}
		for _, tile := range w.sample(zoom, 100) {
			r := get(t, app, fmt.Sprintf("/tiles/cell/%d/%d/%d.mvt", tile.Z, tile.X, tile.Y))
			if r.status == 204 {
				continue
			}
			for _, f := range features(t, r)["cell"].Features {
				id := f.Properties["id"].(string)
				if id[:2] != resolution {
					t.Errorf("z%d: cell %s, want resolution %s", zoom, id, resolution)
				}
				if !seen[id] {
					households += f.Properties["households"].(float64)
					incidents += f.Properties["incidents"].(float64)
				}
				seen[id] = true
			}
		}
		if households != 50 || incidents != 25 {
			t.Errorf("z%d: %v households and %v incidents, want 50 and 25", zoom, households, incidents)
		}
	}
}

func TestZonesOfADay(t *testing.T) {
	w := newTown(t)
	w.exec(`INSERT INTO zone (code, kind, name, valid_from, valid_to, geom) VALUES
		('Z1', 'enterprise', '工业园', '2026-01-01', NULL, $1), ('Z2', 'street', '老街', '2026-01-01', '2026-02-01', $1)`,
		geo.MultiPolygon{{block(0, 0, 2)}})
	_, app := w.serve()
	path := tileOf("zone", 13, step, step)
	if got := features(t, get(t, app, path))["zone"].Features; len(got) != 1 || got[0].Properties["id"] != "Z1" || got[0].Properties["kind"] != "enterprise" {
		t.Errorf("zones today are %v", got)
	}
	if got := len(features(t, get(t, app, path+"?at=2026-01-15"))["zone"].Features); got != 2 {
		t.Errorf("%d zones in January, want 2", got)
	}
}

func TestTheMapTurnsToANewDay(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE boundary SET valid_to = '2026-11-22' WHERE unit_id = $1`, w.ids["T33"])
	now := today
	s := tiles.New(tiles.Config{Pool: w.pool, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	w.refresh(s)
	app := newApp(s)
	path := tileOf("grid-grid", 13, 3*step+step/2, 3*step+step/2)
	before := get(t, app, path)
	now = now.Add(24 * time.Hour)
	w.refresh(s)
	after := get(t, app, path, "If-None-Match", before.header.Get("ETag"))
	if a, b := len(features(t, before)["grid-grid"].Features), len(features(t, after)["grid-grid"].Features); a != b+1 {
		t.Errorf("%d grids yesterday and %d today, want one fewer", a, b)
	}
}

func TestTheFirstUnitsOfALevelAppearAndTheLastVanish(t *testing.T) {
	w := newTown(t)
	s, app := w.serve()
	path, label := tileOf("grid-micro-grid", 13, step, step), tileOf("label-micro-grid", 13, step/2, step/2)
	empty := get(t, app, path)
	if empty.status != 204 || get(t, app, label).status != 204 {
		t.Fatalf("status %d before there are units, want 204", empty.status)
	}
	w.boundary("T001", "micro-grid", "T00", geo.MultiPolygon{{block(0, 0, 1)}}, "2026-01-01")
	w.raise("grid")
	w.refresh(s)
	if r := get(t, app, path, "If-None-Match", empty.header.Get("ETag")); r.status != 200 {
		t.Errorf("status %d after the first unit, want 200", r.status)
	}
	if r := get(t, app, label); r.status != 200 {
		t.Errorf("status %d for the name of the first unit, want 200", r.status)
	}
	w.exec(`DELETE FROM boundary WHERE unit_id = $1`, w.ids["T001"])
	w.raise("grid")
	w.refresh(s)
	if r := get(t, app, path); r.status != 204 {
		t.Errorf("status %d after the last unit, want 204", r.status)
	}
}

func TestALevelOfOnesOwnHasALayer(t *testing.T) {
	w := newTown(t)
	s, app := w.serve()
	if r := get(t, app, "/tiles/grid-alley.json"); r.status != 404 {
		t.Errorf("status %d before there was such a level, want 404", r.status)
	}
	w.exec(`INSERT INTO level (code, rank, title_zh, title_en) VALUES ('alley', 77, '弄', 'Alley')`)
	w.refresh(s)
	if r := get(t, app, "/tiles/grid-alley.json"); r.status != 200 {
		t.Errorf("status %d for a new level, want 200", r.status)
	}
	if r := get(t, app, tileOf("grid-alley", 13, step, step)); r.status != 204 {
		t.Errorf("status %d for a tile without units, want 204", r.status)
	}
}

// A change that cannot be read does not leave the map half new: it stays as it
// was, and the next refresh begins anew.
func TestABrokenRefreshLeavesTheMapAsItWas(t *testing.T) {
	w := newTown(t)
	s, app := w.serve()
	path := tileOf("grid-grid", 13, step, step)
	tag := get(t, app, path).header.Get("ETag")
	w.raise("household", "not a number")
	if err := s.Refresh(t.Context()); err == nil {
		t.Error("a nonsensical change was read")
	}
	if r := get(t, app, path, "If-None-Match", tag); r.status != 304 {
		t.Errorf("status %d after a failed refresh, want 304", r.status)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Refresh(ended); err == nil {
		t.Error("a refresh without time succeeded")
	}
	w.refresh(s)
	if got := s.Versions()["household"]; got == 0 {
		t.Error("the map does not go on after a failed refresh")
	}
}
