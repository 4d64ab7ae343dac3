package tiles_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"wangge/geo/fault"
	"wangge/tiles"
	ours "wangge/tiles/mvt"
	"wangge/tiles/pack"
	"wangge/tiles/pack/packtest"
)

// ground lays a street through the towns.
func (w *town) ground() {
	w.exec(`INSERT INTO network_import (file_name, sha256, attribution, current, imported_by) VALUES ('a', 'a', '© OpenStreetMap', true, 't')`)
	w.exec(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, name, geom)
	        VALUES (1, 'street', 'w', 1, 'primary', '人民路', 'SRID=4326;LINESTRING(120.09 30.19, 120.15 30.23)')`)
}

func packOf(t testing.TB, s *tiles.Server, scope tiles.Scope, unit string) tiles.Pack {
	t.Helper()
	p, err := s.PackFile(t.Context(), scope, unit)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A village's officers open their phones at the same minute.
func TestAPackIsDrawnOnceForAllWhoAskForIt(t *testing.T) {
	w := newTowns(t, true)
	w.ground()
	s, _ := w.serve()
	officers := []tiles.Scope{w.officer("T0"), w.officer("T0"), w.officer("T")}
	want := packOf(t, s, officers[0], "T00")
	s.Forget()
	before := s.PackStats().Builds

	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			ask := s.Pack
			if i%2 == 0 {
				ask = s.PackFile
			}
			got, err := ask(context.Background(), officers[i%2], "T00")
			if err != nil || got.Version != want.Version {
				t.Errorf("version %s, %v; want %s", got.Version, err, want.Version)
			}
		})
	}
	wait.Wait()
	if got := s.PackStats().Builds - before; got != 1 {
		t.Errorf("drawn %d times for 40 at once, want once", got)
	}
	one, again := packOf(t, s, officers[0], "T00"), packOf(t, s, officers[1], "T00")
	if got := s.PackStats().Builds - before; got != 1 || &one.File[0] != &again.File[0] {
		t.Errorf("drawn %d times, want the file that is kept", got)
	}
	// Who sees more of the ground around the unit has a pack of its own.
	if other := packOf(t, s, officers[2], "T00"); s.PackStats().Builds-before != 2 || other.Version == want.Version {
		t.Error("whoever sees more units is given the pack of whoever sees fewer")
	}
}

// The first of many may leave: the others wait for what it asked for.
func TestWhoLeavesTakesAPackFromNobody(t *testing.T) {
	s, _ := newTown(t).serve()
	left, leave := context.WithCancel(t.Context())
	leave()
	for range 20 {
		s.Forget()
		if _, err := s.Pack(left, tiles.Everything, "T00"); err != nil {
			t.Fatalf("a pack that was begun is given up: %v", err)
		}
	}
}

// A pack has each tile as it is drawn for its reader, and no tile more.
func TestAPackIsTheMapOfItsReader(t *testing.T) {
	w := newTowns(t, true)
	w.ground()
	s, _ := w.serve()
	scope := w.officer("T0")
	p := packOf(t, s, scope, "T00")
	if digest := sha256.Sum256(p.File); p.Version != hex.EncodeToString(digest[:]) || p.Bytes != int64(len(p.File)) {
		t.Errorf("version %s of %d bytes is not that of the file of %d", p.Version, p.Bytes, len(p.File))
	}
	if p.MinZoom != 10 || p.MaxZoom != 17 {
		t.Errorf("zooms %d to %d, want 10 to 17", p.MinZoom, p.MaxZoom)
	}

	file, names := packtest.File(p.File), append(slices.DeleteFunc(s.Layers(), func(name string) bool {
		return !strings.HasPrefix(name, "grid-") && !strings.HasPrefix(name, "label-")
	}), "background")
	seen, drawn := map[string]bool{}, 0
	for z := 10; z <= 17; z++ {
		low := maptile.At([2]float64{p.Bounds[0], p.Bounds[3]}, maptile.Zoom(z))
		high := maptile.At([2]float64{p.Bounds[2], p.Bounds[1]}, maptile.Zoom(z))
		for x := low.X - 1; x <= high.X+1; x++ {
			for y := low.Y - 1; y <= high.Y+1; y++ {
				var b ours.Builder
				if x >= low.X && x <= high.X && y >= low.Y && y <= high.Y {
					s.Draw(&b, ours.Tile{Z: uint8(z), X: x, Y: y}, tiles.Scope{Map: scope.Map}, names...)
				}
				var got []byte
				if body := file.Tile(t, pack.ID(uint8(z), x, y)); body != nil {
					got = packtest.Inflate(t, body)
					drawn++
				}
				if !sameLayers(t, got, b.Bytes()) {
					t.Fatalf("tile %d/%d/%d has %d bytes, drawn %d", z, x, y, len(got), len(b.Bytes()))
				}
				note(t, got, seen)
			}
		}
	}
	for _, want := range []string{"street 人民路", "grid-grid 单元T00", "grid-grid 单元T01", "label-grid 单元T00", "grid-village 单元T0"} {
		if !seen[want] {
			t.Errorf("no %s among %d tiles", want, drawn)
		}
	}
	for what := range seen {
		for _, hidden := range []string{"household", "incident", "service-point", "cell", "zone", "单元S", "单元T1", "单元T2", "households="} {
			if strings.Contains(what, hidden) {
				t.Errorf("the pack has %q", what)
			}
		}
	}
}

// sameLayers compares two tiles: the layers of one may stand in another order.
func sameLayers(t testing.TB, a, b []byte) bool {
	t.Helper()
	one, two := layersOf(t, a), layersOf(t, b)
	if len(one) != len(two) {
		return false
	}
	for name, body := range one {
		if !bytes.Equal(body, two[name]) {
			return false
		}
	}
	return true
}

func layersOf(t testing.TB, tile []byte) map[string][]byte {
	t.Helper()
	list, err := mvt.Unmarshal(tile)
	if err != nil {
		t.Fatal(err)
	}
	layers := map[string][]byte{}
	for _, l := range list {
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		layers[l.Name] = text
	}
	return layers
}

// note collects what a tile tells: layers with names, and counts.
func note(t testing.TB, tile []byte, into map[string]bool) {
	t.Helper()
	list, err := mvt.Unmarshal(tile)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		for _, f := range l.Features {
			name, _ := f.Properties["name"].(string)
			into[l.Name+" "+name] = true
			if _, counted := f.Properties["households"]; counted {
				into[l.Name+" households="] = true
			}
		}
	}
}

func TestAPackBringsItsStyle(t *testing.T) {
	w := newTowns(t, false)
	w.ground()
	s, _ := w.serve()
	metadata := packtest.File(packOf(t, s, w.officer("T"), "T0").File).Metadata(t)
	var said struct {
		Attribution string `json:"attribution"`
		Layers      []struct {
			ID string `json:"id"`
		} `json:"vector_layers"`
		Wangge struct {
			Unit   string
			Levels []struct{ Code string }
			Ground map[string]map[string][]map[string]any
		}
	}
	if err := json.Unmarshal(metadata, &said); err != nil {
		t.Fatal(err)
	}
	if said.Attribution != "© OpenStreetMap" || said.Wangge.Unit != "T0" || len(said.Wangge.Levels) != 3 || len(said.Layers) < 10 {
		t.Errorf("the metadata says %s", metadata)
	}
	for _, theme := range []string{"light", "dark"} {
		for _, lang := range []string{"zh", "en"} {
			layers := said.Wangge.Ground[theme][lang]
			if len(layers) < 10 {
				t.Errorf("%d layers of the ground in %s, %s", len(layers), theme, lang)
			}
			for _, l := range layers {
				if l["source"] != nil && l["source"] != "background" {
					t.Errorf("a layer of %v", l["source"])
				}
			}
		}
	}
}

// A household that moves, or another day, makes no new version; a street or a name does.
func TestAPackHasANewVersionWhenItsContentsChange(t *testing.T) {
	w := newTowns(t, false)
	w.ground()
	s, _ := w.serve()
	scope := w.officer("T")
	version := func() string { return packOf(t, s, scope, "T00").Version }
	first := version()

	w.household(9000, 9000, "T00")
	w.raise("household")
	w.refresh(s)
	if got := version(); got != first {
		t.Error("a new household makes a new version")
	}
	s.Forget()
	if got := version(); got != first {
		t.Error("the same map drawn again has another version")
	}
	w.exec(`UPDATE map_feature SET name = '解放路'`)
	w.raise("background")
	w.refresh(s)
	if got := version(); got == first {
		t.Error("a street with another name makes no new version")
	}
}

func TestAPackIsForWhoSeesTheUnit(t *testing.T) {
	w := newTowns(t, true)
	s, _ := w.serve()
	for name, tt := range map[string]struct {
		scope tiles.Scope
		unit  string
	}{
		"of the neighbour":    {w.officer("T0"), "T10"},
		"of another town":     {w.officer("T"), "S00"},
		"of nobody":           {w.officer(), "T00"},
		"that does not exist": {tiles.Everything, "T99"},
	} {
		if _, err := s.Pack(t.Context(), tt.scope, tt.unit); fault.Of(err) == nil || fault.Of(err).Code != "unit_unknown" {
			t.Errorf("a pack %s: %v, want unit_unknown", name, err)
		}
	}
	if _, err := s.Pack(t.Context(), tiles.Everything, "S00"); err != nil {
		t.Errorf("a pack for everything: %v", err)
	}
}

// A whole country of ground does not make a pack without bounds: its deepest zooms are left out.
func TestALargeUnitIsPackedWithoutItsDeepestZooms(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE boundary SET geom = ST_Multi(ST_MakeEnvelope(120, 30, 120.6, 30.6, 4326)), label = ST_SetSRID(ST_MakePoint(120.3, 30.3), 4326)
	        WHERE unit_id = $1`, w.ids["T"])
	s, _ := w.serve()
	p := packOf(t, s, tiles.Everything, "T")
	if p.MaxZoom >= 17 || p.MaxZoom < 13 {
		t.Errorf("zooms end at %d", p.MaxZoom)
	}
	if got := packtest.File(p.File)[101]; int(got) != p.MaxZoom {
		t.Errorf("the header ends at zoom %d, told is %d", got, p.MaxZoom)
	}
	if small := packOf(t, s, tiles.Everything, "T00"); small.MaxZoom != 17 {
		t.Errorf("a grid's zooms end at %d", small.MaxZoom)
	}
}

func TestBeforeTheMapIsLoadedThereIsNoPack(t *testing.T) {
	w := newTown(t)
	s := tiles.New(tiles.Config{Pool: w.pool})
	if _, err := s.Pack(context.Background(), tiles.Everything, "T"); fault.Of(err) == nil || fault.Of(err).Code != "map_loading" {
		t.Errorf("before the map is loaded: %v, want map_loading", err)
	}
}
