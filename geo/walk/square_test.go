package walk

import (
	"fmt"
	"testing"

	"wangge/geo"
)

// ring is a ring of the map's places.
func (m *testMap) ring(nodes ...int64) geo.Ring {
	var r geo.Ring
	for _, n := range nodes {
		r = append(r, m.at[n])
	}
	return r
}

func (m *testMap) square(id int64, rings ...geo.Ring) {
	m.Streets = append(m.Streets, Street{ID: id, Kind: "pedestrian", Area: geo.MultiPolygon{rings}})
}

func TestASquareIsCrossedAndNotWalkedRound(t *testing.T) {
	m := newMap(map[int64][2]float64{
		1: {0, 0}, 2: {100, 0}, 3: {100, 100}, 4: {0, 100}, // the square
		5: {-100, 0}, 6: {200, 100}, 7: {50, 0}, 8: {50, -50},
	})
	m.square(1, m.ring(1, 7, 2, 3, 4))
	m.street(10, "residential", []int64{5, 1})
	m.street(11, "residential", []int64{3, 6})
	m.street(12, "footway", []int64{8, 7})
	n, report := m.build(t)
	if report.Squares != 1 || report.Pieces != 1 {
		t.Errorf("report %+v", report)
	}
	for _, c := range []struct {
		from, to int64
		want     float64
	}{{5, 6, 341.4}, {8, 6, 50 + 111.8 + 100}, {8, 5, 50 + 50 + 100}} {
		if got := shortest(n, Mode{}, m.at[c.from], m.at[c.to]); !around(got, c.want) {
			t.Errorf("%d → %d is %d mm, want %.1f m", c.from, c.to, got, c.want)
		}
	}
	squares := 0
	for e := range n.from {
		if n.traits[e].Kind == Square {
			squares++
		}
	}
	if squares != 5 { // three parts of the rim, and two lines across
		t.Errorf("%d edges of the square, want 5", squares)
	}
}

func TestAHoleInASquareIsWalkedRound(t *testing.T) {
	m := newMap(map[int64][2]float64{
		1: {0, 0}, 2: {100, 0}, 3: {100, 100}, 4: {0, 100}, 11: {25, 25}, 12: {75, 25}, 13: {75, 75}, 14: {25, 75},
		5: {0, 50}, 6: {100, 50}, 7: {-10, 50}, 8: {110, 50},
	})
	for name, hole := range map[string]geo.Ring{"clockwise": m.ring(11, 14, 13, 12), "counter-clockwise": m.ring(11, 12, 13, 14)} {
		t.Run(name, func(t *testing.T) {
			m.Streets = nil
			m.square(1, m.ring(1, 2, 6, 3, 4, 5), hole)
			m.street(10, "footway", []int64{7, 5})
			m.street(11, "footway", []int64{6, 8})
			n, _ := m.build(t)
			// Along the hole: twice from the rim to its corner, and its side.
			if got := shortest(n, Mode{}, m.at[5], m.at[6]); !around(got, 2*35.355+50) {
				t.Errorf("round the fountain: %d mm, want %.1f m", got, 2*35.355+50)
			}
		})
	}
}

func TestACornerInTheWayIsWalkedRound(t *testing.T) {
	// An L: from the end of one arm to the end of the other.
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}, 3: {100, 20}, 4: {20, 20}, 5: {20, 100}, 6: {0, 100}, 7: {110, 20}, 8: {20, 110}})
	m.square(1, m.ring(1, 2, 3, 4, 5, 6))
	m.street(10, "footway", []int64{7, 3})
	m.street(11, "footway", []int64{8, 5})
	n, _ := m.build(t)
	if got := shortest(n, Mode{}, m.at[3], m.at[5]); !around(got, 160) {
		t.Errorf("%d mm, want 160 m along the inner corner", got)
	}
}

func TestAStreetThatEndsWithinASquareIsReached(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}, 3: {100, 100}, 4: {0, 100}, 5: {50, 50}, 6: {50, 200}, 7: {-50, 0}, 8: {60, 50}, 9: {60, 300}})
	m.square(1, m.ring(1, 2, 3, 4))
	m.street(10, "steps", []int64{5, 6})
	m.street(11, "footway", []int64{7, 1})
	m.street(12, "footway", []int64{8, 9})
	m.Streets[3].Layer = -1 // ends below the square
	n, report := m.build(t)
	if got := shortest(n, Mode{}, m.at[7], m.at[5]); !around(got, 50+70.7) {
		t.Errorf("to the stairs in the middle: %d mm, want 120.7 m", got)
	}
	if report.Pieces != 2 || shortest(n, Mode{}, m.at[7], m.at[8]) != Never {
		t.Errorf("%d pieces; want the passage below the square to be one of its own", report.Pieces)
	}
}

func TestSquaresThatTouchAreOne(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {50, 0}, 3: {50, 50}, 4: {0, 50}, 5: {100, 0}, 6: {100, 50}})
	m.square(1, m.ring(1, 2, 3, 4))
	m.square(2, m.ring(2, 5, 6, 3))
	n, report := m.build(t)
	if report.Pieces != 1 || report.Squares != 2 {
		t.Errorf("report %+v, want two squares in one piece", report)
	}
	if n.Edges() == 0 {
		t.Error("no edges")
	}
}

func TestAPrivateSquareIsLeftOut(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {50, 0}, 3: {50, 50}})
	m.square(1, m.ring(1, 2, 3))
	m.Streets[0].Tags = tagsOf("access", "private")
	m.square(2, m.ring(1, 2))
	n, report := m.build(t)
	if n.Edges() != 0 || report.Reasons[LeftPrivate] != 1 || report.Reasons[LeftBroken] != 1 {
		t.Errorf("%d edges, %+v; want one private and one without an area", n.Edges(), report)
	}
}

func TestLargeSquaresStayBounded(t *testing.T) {
	for _, tt := range []struct {
		places  int
		metres  float64
		problem bool
	}{{40, 100, false}, {200, 100, false}, {1200, 500, true}, {8, 3000, true}} {
		t.Run(fmt.Sprint(tt.places, " places, ", tt.metres, " m"), func(t *testing.T) {
			m := newMap(nil)
			var ring []int64
			side := tt.places / 4
			for i := range tt.places {
				at := float64(i%side) * tt.metres / float64(side)
				xy := [4][2]float64{{at, 0}, {tt.metres, at}, {tt.metres - at, tt.metres}, {0, tt.metres - at}}[i/side]
				id := int64(i + 1)
				m.at[id], m.at[-id] = mapAt(xy[0], xy[1]), mapAt(xy[0]*1.1-1, xy[1]*1.1-1)
				ring = append(ring, id)
				m.street(id, "footway", []int64{id, -id})
			}
			m.square(100_000, m.ring(ring...))
			n, report := m.build(t)
			if got := len(report.Problems) > 0; got != tt.problem {
				t.Errorf("problems %v, want %v", report.Problems, tt.problem)
			}
			if n.Edges() > tt.places*(2+2*sightCones) || n.Edges() < 2*tt.places {
				t.Errorf("%d edges for %d places", n.Edges(), tt.places)
			}
			if tt.problem {
				return
			}
			// From corner to corner, and askew: at most 3 % longer than straight.
			for _, pair := range [][2]int64{{1, int64(2*side + 1)}, {int64(side/2 + 1), int64(2*side + side/3)}} {
				p, q := m.at[pair[0]], m.at[pair[1]]
				if got := shortest(n, Mode{}, p, q); float64(got) > 1.03*Distance(p, q) {
					t.Errorf("across is %d mm, straight %.0f", got, Distance(p, q))
				}
			}
		})
	}
}

func TestWhatIsSeenWithinARim(t *testing.T) {
	p := func(x, y int32) geo.Point { return geo.Point{X: 2 * x, Y: 2 * y} }
	// A board with a hole that touches its rim in one corner.
	r := rim{{p(0, 0), p(10, 0), p(10, 10), p(0, 10)}, {p(5, 0), p(3, 4), p(7, 4)}}
	for _, tt := range []struct {
		from, to geo.Point
		want     bool
	}{
		{p(0, 0), p(10, 10), false}, // through the hole
		{p(0, 10), p(10, 10), true}, // along the rim
		{p(0, 10), p(5, 0), true},   // to where hole and rim touch: at the tip of the hole
		{p(0, 4), p(10, 4), true},   // along the hole's side
		{p(0, 3), p(10, 3), false},
		{p(0, 0), p(10, 0), true}, // along the rim past the touching corner
		{p(0, 5), p(10, 5), true},
		{p(3, 4), p(7, 4), true},   // the hole's own side
		{p(5, 0), p(5, 10), false}, // from its tip through it
	} {
		if got := r.clear(tt.from, tt.to); got != tt.want {
			t.Errorf("%v sees %v: %v, want %v", tt.from, tt.to, got, tt.want)
		}
		if got := r.clear(tt.to, tt.from); got != tt.want {
			t.Errorf("%v sees %v: %v, want %v", tt.to, tt.from, got, tt.want)
		}
	}
}
