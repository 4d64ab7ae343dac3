package api_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/planar"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/grid"
	"wangge/geo/locate"
)

// agree asks 5,000 places of SQL, of the index in Go and of the tiles.
func (s *service) agree(t *testing.T) {
	index, list, err := grid.Index(t.Context(), s.pool, grid.Today())
	if err != nil {
		t.Fatal(err)
	}
	places := somePlaces(list, 5000)
	s.agreeSQL(t, index, list, places)
	s.agreeHTTP(t, index, list, places[:120])
	s.agreeTiles(t, index, list, places)
}

// somePlaces are random places in and around the town: anywhere, at vertices, on
// borders, and beside them by one lattice step.
func somePlaces(list []grid.InForce, n int) []geo.Point {
	random := rand.New(rand.NewPCG(11, 12))
	box := geo.EmptyBound
	for _, b := range list {
		box = box.Union(b.Area.Bound())
	}
	width, height := box.Max.X-box.Min.X, box.Max.Y-box.Min.Y
	places := make([]geo.Point, 0, n)
	for len(places) < n {
		ring := list[random.IntN(len(list))].Area[0][0]
		at := random.IntN(len(ring))
		a, b := ring[at], ring[(at+1)%len(ring)]
		switch len(places) % 4 {
		case 0:
			places = append(places, geo.Point{X: box.Min.X - width/10 + random.Int32N(width*12/10), Y: box.Min.Y - height/10 + random.Int32N(height*12/10)})
		case 1:
			places = append(places, a)
		case 2:
			places = append(places, geo.Point{X: a.X + (b.X-a.X)/2, Y: a.Y + (b.Y-a.Y)/2})
		case 3:
			places = append(places, geo.Point{X: a.X + random.Int32N(3) - 1, Y: a.Y + random.Int32N(3) - 1})
		}
	}
	return places
}

// codeAt is what the index in Go says.
func codeAt(index *locate.Index, list []grid.InForce, p geo.Point) string {
	if i, ok := index.Find(p); ok {
		return list[i].Code
	}
	return ""
}

func (s *service) agreeSQL(t *testing.T, index *locate.Index, list []grid.InForce, places []geo.Point) {
	lons, lats := make([]float64, len(places)), make([]float64, len(places))
	for i, p := range places {
		lons[i], lats[i] = p.Degrees()[0], p.Degrees()[1]
	}
	rows, err := s.pool.Query(t.Context(), `
		SELECT coalesce((SELECT code FROM unit WHERE id = unit_at(p, $2)), '')
		FROM (SELECT ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS p, n
		      FROM unnest($1::float8[], $3::float8[]) WITH ORDINALITY AS x (lon, lat, n)) x
		ORDER BY n`, lons, grid.Today(), lats)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	outside := 0
	for i := 0; rows.Next(); i++ {
		var code string
		if err := rows.Scan(&code); err != nil {
			t.Fatal(err)
		}
		if want := codeAt(index, list, places[i]); code != want {
			t.Fatalf("%v: SQL says %q, Go %q", places[i], code, want)
		}
		if code == "" {
			outside++
		}
	}
	if err := rows.Err(); err != nil || outside == 0 || outside > len(places)/2 {
		t.Errorf("%d of %d places in no unit, %v", outside, len(places), err)
	}
}

func (s *service) agreeHTTP(t *testing.T, index *locate.Index, list []grid.InForce, places []geo.Point) {
	for _, p := range places {
		var a struct {
			Place     orb.Point
			Cell      string
			Unit      *unitRow
			Ancestors []unitRow
		}
		at := p.Degrees()
		s.get(t, fmt.Sprintf("/api/v1/places?lon=%.7f&lat=%.7f", at[0], at[1]), &a)
		got := ""
		if a.Unit != nil {
			got = a.Unit.Code
			if last := a.Ancestors[len(a.Ancestors)-1]; last.Code != got {
				t.Errorf("%v: the last of the units above is %s, not %s itself", p, last.Code, got)
			}
		}
		if want := codeAt(index, list, p); got != want || geo.Snap(a.Place) != p || a.Cell != cell.At(p).String() {
			t.Fatalf("%v: HTTP says %q at %v in cell %s, Go %q", p, got, a.Place, a.Cell, want)
		}
	}
}

// agreeTiles draws the deepest tile under every place: the unit that is
// responsible must be the one whose polygon covers the place there, up to a pixel.
func (s *service) agreeTiles(t *testing.T, index *locate.Index, list []grid.InForce, places []geo.Point) {
	waitForMap(t, s)
	zoom := s.deepest(t, "grid-building-group")
	if zoom < 17 {
		t.Fatalf("grids are drawn to zoom %d only, want 17 at least", zoom)
	}
	drawn := map[maptile.Tile]*mvt.Layer{}
	compared := 0
	for _, p := range places {
		i, ok := index.Find(p)
		if !ok || list[i].Level != "building-group" {
			continue
		}
		tile := maptile.At(p.Degrees(), maptile.Zoom(zoom))
		layer, known := drawn[tile]
		if !known {
			if len(drawn) == 60 { // enough; each is a request
				continue
			}
			layer = s.tile(t, "grid-building-group", tile)
			drawn[tile] = layer
		}
		if layer == nil {
			t.Fatalf("%v: %s is responsible, but its tile %v is empty", p, list[i].Code, tile)
		}
		compared++
		if off := pixelsOff(layer, tile, p, list[i].Code); off > 1.5 {
			t.Fatalf("%v: %s is responsible, but in tile %v it is drawn %.1f pixels away", p, list[i].Code, tile, off)
		}
	}
	if compared < 60 {
		t.Errorf("%d places compared only", compared)
	}
}

func waitForMap(t testing.TB, s *service) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !s.tiles.Ready(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the map was never read")
		}
	}
	if err := s.tiles.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *service) deepest(t testing.TB, layer string) (zoom uint32) {
	t.Helper()
	var json struct{ MaxZoom uint32 }
	s.get(t, "/tiles/"+layer+".json", &json)
	return json.MaxZoom
}

func (s *service) tile(t testing.TB, name string, at maptile.Tile) *mvt.Layer {
	t.Helper()
	got := s.call(t, http.MethodGet, fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", name, at.Z, at.X, at.Y), nil)
	if got.status == http.StatusNoContent {
		return nil
	}
	body := got.body
	if got.header.Get("Content-Encoding") == "gzip" {
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	layers, err := mvt.Unmarshal(body)
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("tile %v = %d, %v", at, got.status, err)
	}
	for _, l := range layers {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// pixelsOff is how far, in pixels of 512 to a tile, a place lies from a unit's polygon as it is drawn.
func pixelsOff(layer *mvt.Layer, tile maptile.Tile, p geo.Point, code string) float64 {
	at := p.Degrees()
	scale := math.Exp2(float64(tile.Z))
	lat := at[1] * math.Pi / 180
	x := ((at[0]+180)/360*scale - float64(tile.X)) * float64(layer.Extent)
	y := ((1-math.Asinh(math.Tan(lat))/math.Pi)/2*scale - float64(tile.Y)) * float64(layer.Extent)
	pixel := float64(layer.Extent) / 512
	nearest := math.Inf(1)
	for _, f := range layer.Features {
		if f.Properties["id"] != code {
			continue
		}
		for _, polygon := range polygons(f.Geometry) {
			if planar.PolygonContains(polygon, orb.Point{x, y}) {
				return 0
			}
			nearest = min(nearest, planar.DistanceFrom(polygon, orb.Point{x, y})/pixel)
		}
	}
	return nearest
}

func polygons(shape orb.Geometry) []orb.Polygon {
	switch g := shape.(type) {
	case orb.Polygon:
		return []orb.Polygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}
