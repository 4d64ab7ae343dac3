package walk

import (
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
)

// course adds a street that is joined by its geometry.
func (m *testMap) course(id int64, layer int, xy ...[2]float64) {
	s := Street{ID: id, Kind: "residential", Layer: layer}
	for _, p := range xy {
		s.Line = append(s.Line, mapAt(p[0], p[1]))
	}
	m.Streets = append(m.Streets, s)
}

func TestCoursesAreJoinedByTheirGeometry(t *testing.T) {
	type xy = [2]float64
	for _, tt := range []struct {
		name     string
		draw     func(*testMap)
		from, to xy
		want     float64 // metres, 0 = no way
		edges    int
		problems int
	}{
		{"ends at one place", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0})
			m.course(2, 0, xy{100, 0}, xy{100, 100})
		}, xy{0, 0}, xy{100, 100}, 200, 2, 0},
		{"ends 30 cm apart", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0})
			m.course(2, 0, xy{100.3, 0}, xy{100, 100})
		}, xy{0, 0}, xy{100, 100}, 200, 2, 0},
		{"ends 1 m apart", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0})
			m.course(2, 0, xy{101, 0}, xy{100, 100})
		}, xy{0, 0}, xy{100, 100}, 0, 2, 2},
		{"a T", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0})
			m.course(2, 0, xy{50, 0.4}, xy{50, 100})
		}, xy{0, 0}, xy{50, 100}, 150, 3, 0},
		{"a T that goes a little too far", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0})
			m.course(2, 0, xy{50, -0.3}, xy{50, 100})
		}, xy{0, 0}, xy{50, 100}, 150, 3, 0},
		{"a T at a corner", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{50, 0}, xy{100, 0})
			m.course(2, 0, xy{50, 0.2}, xy{50, 100})
		}, xy{0, 0}, xy{50, 100}, 150, 3, 0},
		{"an end 1 m from a street", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0})
			m.course(2, 0, xy{50, 1}, xy{50, 100})
		}, xy{0, 0}, xy{50, 100}, 0, 2, 1},
		{"a crossing", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0})
			m.course(2, 0, xy{50, -50}, xy{50, 100})
		}, xy{0, 0}, xy{50, 100}, 150, 4, 0},
		{"a crossing at a corner of one", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{50, 0}, xy{100, 0})
			m.course(2, 0, xy{50, -50}, xy{50, 100})
		}, xy{0, 0}, xy{50, 100}, 150, 4, 0},
		{"a bridge above a street", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0})
			m.course(2, 1, xy{50, -50}, xy{50, 100})
		}, xy{0, 0}, xy{50, 100}, 0, 2, 0},
		{"corners of a bridge and a street at one place", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{50, 0}, xy{100, 0})
			m.course(2, 1, xy{50, -50}, xy{50, 0}, xy{50, 100})
		}, xy{0, 0}, xy{50, 100}, 0, 2, 0},
		{"a bridge begins where its street ends", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0})
			m.course(2, 1, xy{100, 0}, xy{200, 0})
		}, xy{0, 0}, xy{200, 0}, 200, 2, 0},
		{"a street that crosses itself", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{100, 0}, xy{100, 50}, xy{50, 50}, xy{50, -50})
		}, xy{0, 0}, xy{50, -50}, 100, 3, 0},
		{"a course with corners closer than they can be told apart", func(m *testMap) {
			m.course(1, 0, xy{0, 0}, xy{0.1, 0}, xy{0.2, 0}, xy{100, 0})
		}, xy{0, 0}, xy{100, 0}, 100, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMap(nil)
			tt.draw(m)
			n, report := m.build(t)
			got := shortest(n, Mode{}, mapAt(tt.from[0], tt.from[1]), mapAt(tt.to[0], tt.to[1]))
			if tt.want == 0 && got != Never || tt.want > 0 && !around(got, tt.want) {
				t.Errorf("%d mm, want %.0f m", got, tt.want)
			}
			if n.Edges() != tt.edges || len(report.Problems) != tt.problems {
				t.Errorf("%d edges, problems %v; want %d and %d", n.Edges(), report.Problems, tt.edges, tt.problems)
			}
			for _, p := range report.Problems {
				if p.At == nil || p.Code != "street_gap" {
					t.Errorf("problem %+v has no place", p)
				}
			}
		})
	}
}

func TestABarrierStandsOnACourse(t *testing.T) {
	for name, x := range map[string]float64{"at a corner": 50, "between corners": 30} {
		m := newMap(nil)
		m.course(1, 0, [2]float64{0, 0}, [2]float64{50, 0}, [2]float64{100, 0})
		m.Barriers = []Barrier{{At: mapAt(x, 0.2), Kind: "gate", Tags: tagsOf("access", "no")}, {At: mapAt(x, 20), Kind: "gate", Tags: tagsOf("access", "no")}}
		n, report := m.build(t)
		if shortest(n, Mode{}, mapAt(0, 0), mapAt(100, 0)) != Never || n.Edges() != 2 || report.Pieces != 2 {
			t.Errorf("%s: %d edges in %d pieces, want 2 in 2", name, n.Edges(), report.Pieces)
		}
	}
}

// A chessboard of streets drawn as long lines, each a little off, has the nodes and
// edges that it must have; so has one of which the lines stand in another order.
func TestAChessboardOfLines(t *testing.T) {
	const n = 12
	random := rand.New(rand.NewPCG(3, 4))
	m := newMap(nil)
	for i := range n {
		at := float64(i) * 100
		m.course(int64(i+1), 0, [2]float64{-20, at + random.Float64()}, [2]float64{n * 100, at - random.Float64()})
		m.course(int64(i+100), 0, [2]float64{at + random.Float64(), -20}, [2]float64{at - random.Float64(), n * 100})
	}
	first, report := m.build(t)
	if first.Nodes() != n*n+4*n || first.Edges() != 2*n*(n+1) || report.Pieces != 1 {
		t.Fatalf("%d nodes, %d edges, %d pieces; want %d, %d and 1", first.Nodes(), first.Edges(), report.Pieces, n*n+4*n, 2*n*(n+1))
	}
	random.Shuffle(len(m.Streets), func(i, j int) { m.Streets[i], m.Streets[j] = m.Streets[j], m.Streets[i] })
	second, _ := m.build(t)
	if !slices.Equal(first.shape, second.shape) || !slices.Equal(first.length, second.length) {
		t.Error("another order of streets makes another network")
	}
}

// The cells of a segment hold every place on it, however long and steep it is.
func TestASegmentIsInAllItsCells(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		a := geo.Point{X: random.Int32N(400_000) - 200_000, Y: random.Int32N(400_000) - 200_000}
		b := geo.Point{X: a.X + random.Int32N(600_000) - 300_000, Y: a.Y + random.Int32N(600_000) - 300_000}
		if random.IntN(4) == 0 {
			b.Y = a.Y + random.Int32N(5)
		}
		cells := cellsOf(a, b)
		for k := range 101 {
			if p := partway(a, b, float64(k)/100); !slices.Contains(cells, cellOf(p, segmentCell)) {
				t.Fatalf("%v–%v passes %v, whose cell is missing", a, b, p)
			}
		}
	}
}
