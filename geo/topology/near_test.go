package topology

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
)

func TestNearFindsPointsBeforeEdges(t *testing.T) {
	// On the board a step is 1.1 cm both ways.
	for _, c := range []struct {
		name  string
		p     geo.Point
		reach geo.Meters
		want  Near
	}{
		{"a junction", at(1003, 998), 0.2, Near{At: at(1000, 1000), Vertex: true, Ends: 4, Units: []int{1, 2, 4, 5}}},
		{"an edge, where no point is in reach", at(1004, 1500), 0.2, Near{At: at(1000, 1500), Edge: [2]geo.Point{at(1000, 1000), at(1000, 2000)}, Units: []int{2, 5}}},
		{"a point, though an edge is nearer", at(1001, 1010), 0.2, Near{At: at(1000, 1000), Vertex: true, Ends: 4, Units: []int{1, 2, 4, 5}}},
		{"a corner of the rim", at(2, 2), 0.2, Near{At: at(0, 0), Vertex: true, Ends: 2, Rim: true, Units: []int{1}}},
		{"a junction on the rim", at(2, 1001), 0.2, Near{At: at(0, 1000), Vertex: true, Ends: 3, Rim: true, Units: []int{1, 2}}},
		{"the rim", at(-3, 500), 0.2, Near{At: at(0, 500), Edge: [2]geo.Point{at(0, 0), at(0, 1000)}, Rim: true, Units: []int{1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := board(t).Near(c.p, c.reach)
			away := geo.Distance(c.p.Degrees(), got.At.Degrees())
			if math.Abs(float64(got.Away-away)) > 0.01 {
				t.Errorf("away %v; want %v", got.Away, away)
			}
			got.Away = 0
			if !ok || !slices.Equal(got.Units, c.want.Units) || !sameNear(got, c.want) {
				t.Errorf("got %+v, %v; want %+v", got, ok, c.want)
			}
		})
	}
	if got, ok := board(t).Near(at(1500, 1500), 0.2); ok {
		t.Errorf("in the middle of a field: got %+v", got)
	}
}

func sameNear(a, b Near) bool {
	return a.At == b.At && a.Vertex == b.Vertex && a.Edge == b.Edge && a.Ends == b.Ends && a.Rim == b.Rim
}

// A hundred kilometres north a step of longitude is shorter; reach is in metres all the same.
func TestReachIsInMetresAtAnyLatitude(t *testing.T) {
	q := newQuilt(rand.New(rand.NewPCG(1, 2)), 3, 0, 50_000)
	f := woven(t, q)
	corner := q.parts[4].Area[0][0][0]
	for _, by := range []geo.Point{{X: 100}, {Y: 100}} {
		p := geo.Point{X: corner.X + by.X, Y: corner.Y + by.Y}
		away := geo.Distance(p.Degrees(), corner.Degrees())
		if n, ok := f.Near(p, away+0.001); !ok || !n.Vertex || n.At != corner {
			t.Errorf("%v: got %+v, %v", by, n, ok)
		}
		if n, ok := f.Near(p, away-0.01); ok && n.Vertex {
			t.Errorf("%v: found from too far: %+v", by, n)
		}
	}
}

// An edge may be named to the operations as it was found.
func TestWhatIsNearCanBeMoved(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	q := newQuilt(rng, 5, 3, 50_000)
	f := woven(t, q)
	box := q.parent.Bound()
	points, edges := 0, 0
	for range 2000 {
		p := geo.Point{X: box.Min.X + rng.Int32N(box.Max.X-box.Min.X), Y: box.Min.Y + rng.Int32N(box.Max.Y-box.Min.Y)}
		n, ok := f.Near(p, 30)
		if !ok {
			continue
		}
		if (len(n.Units) == 1) && !n.Rim {
			t.Fatalf("one unit alone at %+v", n)
		}
		op := Op{Kind: MovePoint, At: n.At, To: geo.Point{X: n.At.X + 5, Y: n.At.Y + 5}}
		if n.Vertex {
			points++
		} else {
			edges++
			op = Op{Kind: AddPoint, Edge: n.Edge, To: n.At}
		}
		patch, err := f.Try(op)
		if (err != nil) != n.Rim {
			t.Fatalf("%+v: %v", n, err)
		}
		if err == nil && n.Vertex && len(patch) != len(n.Units) {
			t.Fatalf("moving %+v changes %d units", n, len(patch))
		}
	}
	if points < 40 || edges < 100 {
		t.Errorf("%d points and %d edges", points, edges)
	}
}

func TestBorderPointsKnowWhatMeets(t *testing.T) {
	f := board(t)
	rings := f.BorderPoints(2)
	want := []BorderPoint{
		{At: at(0, 1000), Ends: 3, Rim: true}, {At: at(1000, 1000), Ends: 4}, {At: at(1000, 2000), Ends: 4}, {At: at(0, 2000), Ends: 3, Rim: true},
	}
	if len(rings) != 1 || !slices.Equal(rings[0], want) {
		t.Errorf("got %+v; want %+v", rings, want)
	}
	if got := f.BorderPoints(99); got != nil {
		t.Errorf("no unit: %+v", got)
	}
	q := newQuilt(rand.New(rand.NewPCG(5, 6)), 4, 2, 50_000)
	q.merge("001001", "002001", "002002")
	g := woven(t, q)
	for _, id := range g.Pieces() {
		for _, ring := range g.BorderPoints(id) {
			for _, p := range ring {
				if p.Ends != g.ends(p.At) || p.Rim != g.onRim(p.At) {
					t.Fatalf("%+v: %d ends, rim %v", p, g.ends(p.At), g.onRim(p.At))
				}
			}
		}
	}
}

func TestSnapTo(t *testing.T) {
	street := []geo.Point{at(0, 0), at(1000, 0), at(1000, 1000)}
	for _, c := range []struct {
		name string
		p    geo.Point
		want geo.Point
		ok   bool
	}{
		{"a corner", at(990, 10), at(1000, 0), true},
		{"along it", at(500, 9), at(500, 0), true},
		{"beyond its end", at(-3, 2), at(0, 0), true},
		{"it does not close", at(500, 500), geo.Point{}, false},
	} {
		if got, ok := SnapTo(c.p, [][]geo.Point{street}, 0.2); got != c.want || ok != c.ok {
			t.Errorf("%s: got %v, %v; want %v, %v", c.name, got, ok, c.want, c.ok)
		}
	}
	if _, ok := SnapTo(at(0, 0), nil, 10); ok {
		t.Error("nothing to snap to, and yet")
	}
}
