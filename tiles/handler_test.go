package tiles_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	orbmvt "github.com/paulmach/orb/encoding/mvt"

	"wangge/geo"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// tileOf is the path of the tile of a layer that holds a place of the town.
func tileOf(layer string, zoom int, x, y int32) string {
	t := mvt.Project(geo.Point{X: west + x, Y: south + y}).TileAt(zoom)
	return fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", layer, t.Z, t.X, t.Y)
}

func features(t testing.TB, r reply) map[string]*orbmvt.Layer {
	t.Helper()
	if r.status != 200 {
		t.Fatalf("status %d: %s", r.status, r.body)
	}
	layers, err := orbmvt.Unmarshal(r.body)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*orbmvt.Layer{}
	for _, l := range layers {
		by[l.Name] = l
	}
	return by
}

func TestTheGridsOfATownAreInItsTile(t *testing.T) {
	w := newTown(t)
	w.household(15000, 15000, "T01")
	_, app := w.serve()
	r := get(t, app, tileOf("grid-grid", 13, 2*step, 2*step))
	layer := features(t, r)["grid-grid"]
	if layer == nil || len(layer.Features) != 16 {
		t.Fatalf("the tile has %v, want 16 grids", layer)
	}
	if got := r.header.Get("Content-Type"); got != tiles.MediaType {
		t.Errorf("media type %q", got)
	}
	for _, f := range layer.Features {
		want := 0.0
		if f.Properties["id"] == "T01" {
			want = 1
		}
		if f.Properties["households"] != want || f.Properties["name"] != "单元"+f.Properties["id"].(string) {
			t.Errorf("properties are %v, want %v household", f.Properties, want)
		}
	}
}

func TestNonsenseIsRefusedWithAProblem(t *testing.T) {
	_, app := newTown(t).serve()
	for path, want := range map[string]int{
		"/tiles/nothing/3/1/1.mvt":                       404,
		"/tiles/nothing.json":                            404,
		"/tiles/grid-grid/99/1/1.mvt":                    400,
		"/tiles/grid-grid/12/4096/1.mvt":                 400,
		"/tiles/grid-grid/12/-1/1.mvt":                   400,
		"/tiles/grid-grid/12/1/4096.mvt":                 400,
		"/tiles/grid-grid/12/1e2/1.mvt":                  400,
		"/tiles/grid-grid/12/99999999999999999999/1.mvt": 400,
		"/tiles/grid-grid/20/1/1.mvt":                    404,
		"/tiles/grid-grid/12/1/1.mvt?at=yesterday":       400,
	} {
		r := get(t, app, path)
		if r.status != want {
			t.Errorf("%s: status %d, want %d", path, r.status, want)
		}
		var p struct {
			Status int
			Code   string
			Title  string
		}
		if err := json.Unmarshal(r.body, &p); err != nil || p.Status != want || p.Code == "" || p.Title == "" {
			t.Errorf("%s: no problem in %s", path, r.body)
		}
		if got := r.header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: media type %q", path, got)
		}
		if got := r.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: a fault may be kept: %q", path, got)
		}
	}
}

func TestNothingIsLoadedYet(t *testing.T) {
	s := tiles.New(tiles.Config{})
	app := newApp(s)
	if r := get(t, app, "/tiles/grid-grid/12/1/1.mvt"); r.status != 503 || r.header.Get("Cache-Control") != "no-store" || s.Ready() {
		t.Errorf("status %d, Cache-Control %q, ready %v; want 503 that nobody keeps", r.status, r.header.Get("Cache-Control"), s.Ready())
	}
}

func TestTileJSONLeadsToTilesThatMayBeKept(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE setting SET value = '"测绘 <局>"' WHERE key = 'attribution'`)
	_, app := w.serve()
	var tj tiles.TileJSON
	if err := json.Unmarshal(get(t, app, "http://map.example/tiles/grid-grid.json").body, &tj); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(tj.Tiles[0], "http://map.example/tiles/grid-grid/{z}/{x}/{y}.mvt?v=") {
		t.Errorf("tiles are at %s", tj.Tiles[0])
	}
	if tj.Attribution != "测绘 &lt;局&gt;" {
		t.Errorf("attribution %q is not escaped", tj.Attribution)
	}
	if b := tj.Bounds; b == nil || b[0] != 120.1 || b[1] != 30.2 || b[2] != 120.124 || b[3] != 30.224 {
		t.Errorf("bounds are %v", tj.Bounds)
	}
	if tj.TileJSON != "3.0.0" || tj.VectorLayers[0].ID != "grid-grid" || tj.VectorLayers[0].Fields["id"] == "" {
		t.Errorf("vector layers are %+v", tj.VectorLayers)
	}
	at := mvt.Project(geo.Point{X: west, Y: south}).TileAt(12)
	url := strings.NewReplacer("{z}", "12", "{x}", fmt.Sprint(at.X), "{y}", fmt.Sprint(at.Y)).Replace(tj.Tiles[0])
	if got := get(t, app, url).header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control of the named version is %q", got)
	}
	if got := get(t, app, url+"0").header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("Cache-Control of another version is %q", got)
	}
}

func TestAKnownTileIsNotSentAgain(t *testing.T) {
	w := newTown(t)
	s, app := w.serve()
	path := tileOf("grid-grid", 13, step, step)
	tag := get(t, app, path).header.Get("ETag")
	if tag == "" {
		t.Fatal("a tile has no ETag")
	}
	if r := get(t, app, path, "If-None-Match", `"x", `+tag); r.status != 304 || len(r.body) > 0 || r.header.Get("ETag") != tag {
		t.Errorf("status %d with %d bytes, want an empty 304", r.status, len(r.body))
	}
	if r := get(t, app, path, "If-None-Match", `"x"`); r.status != 200 {
		t.Errorf("status %d for another tag, want 200", r.status)
	}
	w.raise("grid")
	w.refresh(s)
	if r := get(t, app, path, "If-None-Match", tag); r.status != 304 {
		t.Errorf("status %d after a change that changed nothing, want 304", r.status)
	}
	w.exec(`UPDATE boundary SET name = '新名' WHERE unit_id = $1`, w.ids["T00"])
	w.raise("grid")
	w.refresh(s)
	if r := get(t, app, path, "If-None-Match", tag); r.status != 200 {
		t.Errorf("status %d after a change, want 200", r.status)
	}
	if far := tileOf("grid-grid", 17, 4*step-500, 4*step-500); !strings.HasPrefix(get(t, app, far).header.Get("ETag"), `W/"grid-grid.0.`) {
		t.Errorf("a tile far from the change has a new version: %s", get(t, app, far).header.Get("ETag"))
	}
}

func TestAnEmptyTileIsNoContent(t *testing.T) {
	_, app := newTown(t).serve()
	r := get(t, app, "/tiles/grid-grid/12/1/1.mvt")
	if r.status != 204 || len(r.body) > 0 || r.header.Get("ETag") == "" {
		t.Errorf("status %d with %d bytes and ETag %q, want 204", r.status, len(r.body), r.header.Get("ETag"))
	}
}
