package network

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// data is a file of real data, or the test is skipped.
func data(t testing.TB, name string) []byte {
	t.Helper()
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	file, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Skipf("no real data: %v", err)
	}
	return file
}

// mainShare is the part of a network's length that is in its main piece.
func mainShare(n *walk.Network) float64 {
	var all, main float64
	for e := range n.Edges() {
		length := float64(n.Length(int32(e)))
		if all += length; n.Piece(int32(e)) == 0 {
			main += length
		}
	}
	return main / all
}

// The bounds are what other programs find in the same files, a few per cent more
// or less for their other rules.
func TestRealNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("real data")
	}
	for _, tt := range []struct {
		file               string
		edgesMin, edgesMax int
		kmMin, kmMax       float64
		main               float64 // least share in one piece
	}{
		{"liechtenstein/liechtenstein.osm.pbf", 7500, 8100, 1115, 1155, 0.955},
		{"porto-alegre/poa.osm.pbf", 26000, 28500, 1800, 1920, 0.97},
		{"osm-cn/beijing-bupt.osm.pbf", 380, 650, 20, 35, 0.95},
		{"osm-cn/shanghai-renminguangchang.osm.pbf", 1000, 1250, 90, 110, 0.85},
		{"osm-cn/shenzhen-longgang.osm.pbf", 950, 1150, 170, 200, 0.95},
	} {
		t.Run(tt.file, func(t *testing.T) {
			file := data(t, tt.file)
			n, report, err := Walking(t.Context(), bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			if report.Edges < tt.edgesMin || report.Edges > tt.edgesMax || report.Km < tt.kmMin || report.Km > tt.kmMax {
				t.Errorf("%d edges, %.1f km; want %d to %d and %.0f to %.0f", report.Edges, report.Km, tt.edgesMin, tt.edgesMax, tt.kmMin, tt.kmMax)
			}
			if share := mainShare(n); share < tt.main {
				t.Errorf("%.3f of the length in the main piece, want %.3f", share, tt.main)
			}
		})
	}
}

func TestAnImportHasItsWalkingNetwork(t *testing.T) {
	tx := pgtest.Tx(t)
	paths := NewFootpaths(tx)
	if _, _, err := paths.Current(t.Context()); !errors.Is(err, ErrNoNetwork) {
		t.Errorf("without a map: %v, want %v", err, ErrNoNetwork)
	}
	nodes, ways, relations := block()
	done, err := importBytes(t, tx, extractOf(t, nodes, ways, relations))
	if err != nil {
		t.Fatal(err)
	}
	n, v, err := paths.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Two streets that meet at a private gate: three edges that do not meet.
	if n.Edges() != 3 || v.Edges != 3 || v.Pieces != 3 || v.ID != done.ID || v.SHA256 != done.Walking.SHA256 || v.Attribution != Attribution {
		t.Errorf("%d edges, version %+v, import %+v", n.Edges(), v, done.Walking)
	}
	if again, _, err := paths.Current(t.Context()); err != nil || again != n {
		t.Errorf("asked again it is loaded again, %v", err)
	}

	if _, err := Store(t.Context(), tx, staff.System, Source{FileName: "town"}, func(yield func(Feature) bool) {
		yield(Feature{Class: Street, OSMType: FromTown, OSMID: 1, Kind: "residential", Nodes: []int64{1, 2}, Shape: orb.LineString{{121.5, 31.1}, {121.51, 31.1}}})
	}); err != nil {
		t.Fatal(err)
	}
	next, v, err := paths.Current(t.Context())
	if err != nil || next == n || next.Edges() != 1 || v.FileName != "town" {
		t.Errorf("after another import: %d edges of %q, %v", next.Edges(), v.FileName, err)
	}
}

func TestAMapWithoutStreetsHasNoNetwork(t *testing.T) {
	tx := pgtest.Tx(t)
	if _, err := Store(t.Context(), tx, staff.System, Source{FileName: "green"}, func(yield func(Feature) bool) {
		yield(Feature{Class: Place, OSMType: FromTown, OSMID: 1, Kind: "village", Shape: orb.Point{121.5, 31.1}})
	}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := NewFootpaths(tx).Current(t.Context()); !errors.Is(err, ErrNoNetwork) {
		t.Errorf("%v, want %v", err, ErrNoNetwork)
	}
}

// An import from before there were walking networks, one written by another
// version, and one with a damaged byte are built anew from the stored map, into the
// same bytes.
func TestANetworkThatCannotBeReadIsBuiltAnew(t *testing.T) {
	for name, harm := range map[string]string{
		"none stored":     `WITH gone AS (DELETE FROM walking_network) UPDATE network_import SET walking = NULL`,
		"another version": `UPDATE walking_network SET bytes = set_byte(bytes, 4, 99) WHERE part = 0`,
		"damaged":         `UPDATE walking_network SET bytes = set_byte(bytes, length(bytes) - 1, 99) WHERE part = 0`,
	} {
		t.Run(name, func(t *testing.T) {
			tx := pgtest.Tx(t)
			nodes, ways, relations := block()
			ways = append(ways, way{150, []int64{11, 12}, []string{"highway", "steps"}}, way{151, []int64{21, 22, 23, 24, 21}, []string{"highway", "pedestrian", "area", "yes"}})
			done, err := importBytes(t, tx, extractOf(t, nodes, ways, relations))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), harm); err != nil {
				t.Fatal(err)
			}
			n, v, err := NewFootpaths(tx).Current(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if v.SHA256 != done.Walking.SHA256 || n.Edges() != done.Walking.Edges || n.Edges() < 5 {
				t.Errorf("built anew: %+v, imported: %+v", v, done.Walking)
			}
		})
	}
}

func TestManyThatAskAtOnceShareOneNetwork(t *testing.T) {
	pool := pgtest.Database(t)
	nodes, ways, relations := block()
	file := extractOf(t, nodes, ways, relations)
	if _, err := Import(t.Context(), pool, staff.Local, "test.osm.pbf", bytes.NewReader(file), int64(len(file)), nil); err != nil {
		t.Fatal(err)
	}
	paths := NewFootpaths(pool)
	var wait sync.WaitGroup
	var got [8]*walk.Network
	for i := range got {
		wait.Go(func() {
			n, _, err := paths.Current(t.Context())
			if err != nil {
				t.Error(err)
			}
			got[i] = n
		})
	}
	wait.Wait()
	for _, n := range got {
		if n == nil || n != got[0] {
			t.Fatalf("networks %v; want one", got)
		}
	}
}

// Between the version and the bytes another import may take the place of this one.
func TestAnImportThatIsReplacedWhileItIsLoadedGivesTheNewOne(t *testing.T) {
	tx := pgtest.Tx(t)
	nodes, ways, relations := block()
	if _, err := importBytes(t, tx, extractOf(t, nodes, ways, relations)); err != nil {
		t.Fatal(err)
	}
	before, err := version(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := importBytes(t, tx, extractOf(t, nodes, ways, relations)); err != nil {
		t.Fatal(err)
	}
	paths := NewFootpaths(tx)
	if err := paths.load(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if paths.version.ID == before.ID || paths.network == nil {
		t.Errorf("version %d is held, want one after %d", paths.version.ID, before.ID)
	}
}

// The network is open data: requests and the tile server read it, and neither
// changes it.
func TestRequestsReadTheNetworkAndDoNotChangeIt(t *testing.T) {
	for _, role := range []string{pg.RoleApp, pg.RoleReader} {
		t.Run(role, func(t *testing.T) {
			tx := pgtest.Tx(t)
			nodes, ways, relations := block()
			if _, err := importBytes(t, tx, extractOf(t, nodes, ways, relations)); err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), `SET LOCAL ROLE `+role); err != nil {
				t.Fatal(err)
			}
			if n, _, err := NewFootpaths(tx).Current(t.Context()); err != nil || n.Edges() != 3 {
				t.Errorf("reading: %v", err)
			}
			if _, err := tx.Exec(t.Context(), `UPDATE walking_network SET bytes = ''`); !pg.ErrCode(err, "42501") {
				t.Errorf("changing: %v, want it refused", err)
			}
		})
	}
}

func TestWhatWalkingTakesFromAMap(t *testing.T) {
	line := orb.LineString{{121.5, 31.1}, {121.501, 31.1}}
	area := orb.Polygon{{{121.5, 31.1}, {121.501, 31.1}, {121.501, 31.101}, {121.5, 31.1}}}
	for _, tt := range []struct {
		name       string
		feature    Feature
		hard, soft int
	}{
		{"a river", Feature{Class: Water, Kind: "river", Shape: line}, 1, 0},
		{"a lake", Feature{Class: Water, Kind: "lake", Shape: area}, 1, 0},
		{"a river in a tunnel", Feature{Class: Water, Kind: "river", Shape: line, Tags: map[string]string{"tunnel": "culvert"}}, 0, 0},
		{"a river that is dry in summer", Feature{Class: Water, Kind: "river", Shape: line, Tags: map[string]string{"intermittent": "yes"}}, 0, 0},
		{"a brook", Feature{Class: Water, Kind: "stream", Shape: line}, 0, 0},
		{"a ditch", Feature{Class: Water, Kind: "ditch", Shape: line}, 0, 0},
		{"a wall", Feature{Class: Barrier, Kind: "wall", Shape: line}, 0, 1},
		{"a hedge", Feature{Class: Barrier, Kind: "hedge", Shape: line}, 0, 1},
		{"a kerb", Feature{Class: Barrier, Kind: "kerb", Shape: line}, 0, 0},
	} {
		var c collector
		c.add(tt.feature)
		hard, soft := 0, 0
		for _, w := range c.source.Walls {
			if w.Hard {
				hard++
			} else {
				soft++
			}
		}
		if hard != tt.hard || soft != tt.soft {
			t.Errorf("%s: %d hard and %d soft walls, want %d and %d", tt.name, hard, soft, tt.hard, tt.soft)
		}
	}

	var c collector
	c.add(Feature{Class: Entrance, Kind: "main", OSMID: 1, Shape: orb.Point{121.5, 31.1}})
	c.add(Feature{Class: Building, OSMID: 2, Shape: area})
	c.add(Feature{Class: Building, OSMID: 3, Shape: orb.Polygon{{{121.6, 31.1}, {121.601, 31.1}, {121.601, 31.101}, {121.6, 31.1}}}})
	if len(c.source.Buildings) != 1 || c.source.Buildings[0].ID != 2 || len(c.source.Buildings[0].Area[0][0]) != 3 {
		t.Errorf("buildings %+v, want the one with an entrance, its ring not closed", c.source.Buildings)
	}
	c.add(Feature{Class: Street, OSMID: 4, Kind: "pedestrian", Shape: area})
	if s := c.source.Streets[0]; s.Line != nil || len(s.Area) != 1 || s.Area[0][0][0] != geo.Snap(orb.Point{121.5, 31.1}) {
		t.Errorf("square %+v", s)
	}
}

func TestPedestrianAreasAreSquares(t *testing.T) {
	var nodes []node
	for id, xy := range map[int64][2]float64{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0.3, 0.3}, 6: {0.6, 0.3}, 7: {0.6, 0.6}, 8: {2, 1}, 9: {-1, 0}} {
		nodes = append(nodes, node{id, 121.5 + xy[0]*0.001, 31.1 + xy[1]*0.001, nil})
	}
	outline, hole := []int64{1, 2, 3, 4, 1}, []int64{5, 6, 7, 5}
	for _, tt := range []struct {
		name      string
		ways      []way
		relations []relation
		squares   int
	}{
		{"an area", []way{{100, outline, []string{"highway", "pedestrian", "area", "yes"}}}, nil, 1},
		{"a loop", []way{{100, outline, []string{"highway", "pedestrian"}}}, nil, 0},
		{"a square by name", []way{{100, outline, []string{"place", "square", "name", "人民广场"}}}, nil, 1},
		{"with a hole", []way{{100, outline, nil}, {101, hole, nil}},
			[]relation{{200, []relationMember{{100, "outer"}, {101, "inner"}}, []string{"type", "multipolygon", "highway", "pedestrian"}}}, 1},
		{"not all of it there", []way{{100, []int64{1, 2, 99, 4, 1}, []string{"highway", "pedestrian", "area", "yes"}}}, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ways := append(tt.ways, way{110, []int64{3, 8}, []string{"highway", "footway"}}, way{111, []int64{9, 1}, []string{"highway", "footway"}})
			file := extractOf(t, nodes, ways, tt.relations)
			_, report, err := Walking(t.Context(), bytes.NewReader(file), int64(len(file)))
			if err != nil || report.Squares != tt.squares {
				t.Errorf("%+v, %v; want %d squares", report, err, tt.squares)
			}
			if tt.squares == 1 && report.Pieces != 1 {
				t.Errorf("%d pieces, want 1", report.Pieces)
			}
		})
	}
}
