package walk

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"wangge/geo"
)

// metre is about so many lattice steps at 31° N: east and north.
const (
	metreEast  = 105
	metreNorth = 90
)

// at is a place so many metres east and north of a corner of the test map.
func mapAt(x, y float64) geo.Point {
	return geo.Point{X: 1_215_000_000 + int32(x*metreEast), Y: 311_000_000 + int32(y*metreNorth)}
}

// testMap draws streets over numbered places.
type testMap struct {
	at map[int64]geo.Point
	Source
}

func newMap(places map[int64][2]float64) *testMap {
	m := &testMap{at: map[int64]geo.Point{}}
	for id, xy := range places {
		m.at[id] = mapAt(xy[0], xy[1])
	}
	return m
}

// street adds one of a kind over places, with tags as key, value, …
func (m *testMap) street(id int64, kind string, nodes []int64, tags ...string) {
	s := Street{ID: id, Kind: kind, Nodes: nodes, Tags: map[string]string{}}
	for i := 0; i+1 < len(tags); i += 2 {
		s.Tags[tags[i]] = tags[i+1]
	}
	for _, n := range nodes {
		s.Line = append(s.Line, m.at[n])
	}
	m.Streets = append(m.Streets, s)
}

func (m *testMap) barrier(node int64, kind string, tags ...string) {
	b := Barrier{Node: node, At: m.at[node], Kind: kind, Tags: map[string]string{}}
	for i := 0; i+1 < len(tags); i += 2 {
		b.Tags[tags[i]] = tags[i+1]
	}
	m.Barriers = append(m.Barriers, b)
}

func (m *testMap) build(t *testing.T) (*Network, Report) {
	t.Helper()
	n, report, err := Build(t.Context(), m.Source)
	if err != nil {
		t.Fatal(err)
	}
	return n, report
}

// shortest is the least effort between two places of the map that are nodes, Never
// if there is no way: a plain Bellman–Ford, slow and sure.
func shortest(n *Network, mode Mode, from, to geo.Point) uint32 {
	best := make([]uint32, n.Nodes())
	for v := range best {
		best[v] = Never
		if n.nodes[v] == from {
			best[v] = 0
		}
	}
	for changed := true; changed; {
		changed = false
		for v := range n.nodes {
			for j := n.first[v]; j < n.first[v+1]; j++ {
				e := n.arcs[j] >> 1
				effort := n.traits[e].effort(mode, n.length[e], n.arcs[j]&1 == 1)
				if best[v] == Never || effort == Never {
					continue
				}
				if head := n.heads[j]; best[v]+effort < best[head] {
					best[head], changed = best[v]+effort, true
				}
			}
		}
	}
	found := uint32(Never)
	for v, p := range n.nodes {
		if p == to {
			found = min(found, best[v])
		}
	}
	return found
}

// around says whether a length in mm is so many metres, within half a per cent.
func around(mm uint32, m float64) bool {
	return mm != Never && float64(mm) > m*995 && float64(mm) < m*1005
}

func TestStreetsMeetAtSharedNodes(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}, 3: {200, 0}, 4: {100, 100}, 5: {150, 0}})
	m.street(10, "residential", []int64{1, 2, 5, 3})
	m.street(11, "footway", []int64{2, 4})
	n, report := m.build(t)
	if n.Nodes() != 4 || n.Edges() != 3 || report.Pieces != 1 || report.Edges != 3 {
		t.Errorf("%d nodes, %d edges, %+v; want 4 and 3 in one piece", n.Nodes(), n.Edges(), report)
	}
	if d := shortest(n, Mode{}, m.at[3], m.at[4]); !around(d, 200) {
		t.Errorf("way round the corner: %d mm, want 200 m", d)
	}
}

func TestABridgeOverAStreetIsNoCrossing(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}, 3: {50, -50}, 4: {50, 50}})
	m.street(10, "residential", []int64{1, 2})
	m.street(11, "footway", []int64{3, 4}, "bridge", "yes")
	n, report := m.build(t)
	if n.Edges() != 2 || report.Pieces != 2 {
		t.Errorf("%d edges in %d pieces, want 2 in 2", n.Edges(), report.Pieces)
	}
}

func TestAStreetIsCutWhereItMeetsItself(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}, 3: {200, 0}, 4: {200, 100}, 5: {100, 100}})
	m.street(10, "residential", []int64{1, 2, 3, 4, 5, 2}) // a six
	n, _ := m.build(t)
	if n.Edges() != 2 || n.Nodes() != 2 {
		t.Errorf("%d edges, %d nodes; want the stem and the loop", n.Edges(), n.Nodes())
	}
	if d := shortest(n, Mode{}, m.at[1], m.at[2]); !around(d, 100) {
		t.Errorf("the stem is %d mm, want 100 m", d)
	}
}

func TestOneWayStreetsAreWalkedBothWays(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}, 3: {200, 0}, 4: {300, 0}})
	m.street(10, "residential", []int64{1, 2}, "oneway", "yes")
	m.street(11, "footway", []int64{2, 3}, "oneway:foot", "yes")
	m.street(12, "steps", []int64{3, 4}, "conveying", "backward")
	n, _ := m.build(t)
	for _, c := range []struct {
		from, to int64
		want     bool
	}{{1, 2, true}, {2, 1, true}, {2, 3, true}, {3, 2, false}, {4, 3, true}, {3, 4, false}} {
		if got := shortest(n, Mode{}, m.at[c.from], m.at[c.to]) != Never; got != c.want {
			t.Errorf("%d → %d can be walked: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestBarriers(t *testing.T) {
	for _, tt := range []struct {
		name        string
		kind        string
		tags        []string
		feet, wheel bool
	}{
		{"an open gate", "gate", nil, true, true},
		{"a private gate", "gate", []string{"access", "private"}, false, false},
		{"a private gate that lets people on foot through", "gate", []string{"access", "private", "foot", "yes"}, true, true},
		{"a locked gate", "gate", []string{"locked", "yes"}, false, false},
		{"a gate closed to people on foot", "lift_gate", []string{"foot", "no"}, false, false},
		{"bollards", "bollard", nil, true, true},
		{"a wall across", "wall", nil, false, false},
		{"a wall with a way through", "wall", []string{"foot", "yes"}, true, true},
		{"a stile", "stile", nil, true, false},
		{"a turnstile", "turnstile", nil, true, false},
		{"a kissing gate", "kissing_gate", nil, true, false},
		{"a kissing gate for wheelchairs", "kissing_gate", []string{"wheelchair", "yes"}, true, true},
		{"a raised kerb", "kerb", []string{"kerb", "raised"}, true, false},
		{"a lowered kerb", "kerb", []string{"kerb", "lowered"}, true, true},
		{"a gate unfit for wheels", "gate", []string{"wheelchair", "no"}, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}, 3: {200, 0}, 4: {100.5, 0}})
			m.street(10, "residential", []int64{1, 2, 3})
			m.barrier(2, tt.kind, tt.tags...)
			n, _ := m.build(t)
			if got := shortest(n, Mode{}, m.at[1], m.at[3]); (got != Never) != tt.feet || tt.feet && !around(got, 200) {
				t.Errorf("on foot: %d, want passage %v", got, tt.feet)
			}
			if got := shortest(n, Mode{Profile: Wheels}, m.at[1], m.at[3]); (got != Never) != tt.wheel {
				t.Errorf("with wheels: %d, want passage %v", got, tt.wheel)
			}
			if got := shortest(n, Mode{}, m.at[1], m.at[2]); !tt.feet && !around(got, 100) {
				t.Errorf("up to the barrier: %d, want 100 m", got)
			}
		})
	}
}

func TestABarrierAtTheEndOfAShortEdgeStopsWheels(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {0.5, 0}, 3: {50, 0}})
	m.street(10, "footway", []int64{1, 2})
	m.street(11, "footway", []int64{2, 3})
	m.barrier(2, "stile")
	n, _ := m.build(t)
	if shortest(n, Mode{Profile: Wheels}, m.at[1], m.at[3]) != Never || shortest(n, Mode{}, m.at[1], m.at[3]) == Never {
		t.Error("a stile half a metre from the end of a path does not stop wheels, or stops feet")
	}
}

func TestTwoNodesAtOnePlaceAreOne(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}, 3: {100, 0}, 4: {200, 0}})
	m.street(10, "footway", []int64{1, 2})
	m.street(11, "footway", []int64{2, 3})
	m.street(12, "footway", []int64{3, 4})
	n, report := m.build(t)
	if n.Edges() != 2 || report.Pieces != 1 {
		t.Errorf("%d edges in %d pieces, want 2 in 1", n.Edges(), report.Pieces)
	}
}

func TestBrokenCoursesAreReported(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}})
	m.street(10, "footway", []int64{1, 2})
	m.street(11, "footway", []int64{1})
	m.street(12, "footway", []int64{1, 2})
	m.Streets[2].Nodes = []int64{1, 2, 3}
	_, report := m.build(t)
	if report.LeftOut != 2 || report.Reasons[LeftBroken] != 2 || len(report.Problems) != 2 || report.Problems[0].Pointer != "street 11" {
		t.Errorf("report %+v, want streets 11 and 12 left out as broken", report)
	}
}

func TestTheOrderOfStreetsDoesNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	places := map[int64][2]float64{}
	for id := int64(1); id <= 60; id++ {
		places[id] = [2]float64{float64(random.IntN(40)) * 10, float64(random.IntN(40)) * 10}
	}
	m := newMap(places)
	for id := int64(1); id <= 80; id++ {
		var nodes []int64
		for range 2 + random.IntN(5) {
			nodes = append(nodes, 1+random.Int64N(60))
		}
		m.street(id, "footway", nodes)
	}
	m.barrier(7, "gate", "access", "no")
	m.barrier(9, "stile")
	first, _ := m.build(t)
	for range 5 {
		random.Shuffle(len(m.Streets), func(i, j int) { m.Streets[i], m.Streets[j] = m.Streets[j], m.Streets[i] })
		again, _ := m.build(t)
		if !reflect.DeepEqual(first.shape, again.shape) || !slices.Equal(first.arcs, again.arcs) || !slices.Equal(first.length, again.length) {
			t.Fatal("another order of streets makes another network")
		}
	}
}

func TestDoorsAreBuildingsWithEntrances(t *testing.T) {
	house := geo.MultiPolygon{{{mapAt(0, 0), mapAt(10, 0), mapAt(10, 10), mapAt(0, 10)}}}
	shed := geo.MultiPolygon{{{mapAt(20, 0), mapAt(30, 0), mapAt(30, 10), mapAt(20, 10)}}}
	list := doors([]Building{{1, house}, {2, shed}}, []Entrance{
		{At: mapAt(10, 0), Kind: "main"}, {At: mapAt(0, 10), Kind: "emergency"}, {At: mapAt(20, 0), Kind: "garage"},
	})
	if len(list) != 1 || !slices.Equal(list[0].Entrances, []geo.Point{mapAt(10, 0)}) {
		t.Errorf("doors = %+v, want the house with its main entrance", list)
	}
}
