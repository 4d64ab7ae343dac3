package walk

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
)

// town is a random network: streets on a jittered board, some missing, so that
// there are islands; some are steps, steep, or unfit for wheels; some run twice
// between the same nodes or back to where they began.
func town(r *rand.Rand, side int) *Network {
	var nodes []geo.Point
	for y := range side {
		for x := range side {
			nodes = append(nodes, geo.Point{
				X: 1_215_000_000 + int32(x)*10_000 + r.Int32N(6_000),
				Y: 311_000_000 + int32(y)*9_000 + r.Int32N(6_000),
			})
		}
	}
	var drafts []draft
	add := func(a, b int) {
		d := draft{from: int32(a), to: int32(b), line: []geo.Point{nodes[a]}, street: int64(len(drafts) + 1)}
		for range r.IntN(3) {
			d.line = append(d.line, geo.Point{X: nodes[a].X + r.Int32N(9_000), Y: nodes[b].Y + r.Int32N(9_000)})
		}
		d.line = append(d.line, nodes[b])
		if a == b && len(d.line) == 2 {
			return
		}
		switch r.IntN(8) {
		case 0:
			d.traits.Kind = Steps
		case 1:
			d.traits.Unfit = true
		case 2, 3:
			d.traits.Incline = int16(r.IntN(400) - 200)
		case 4:
			d.traits.OneWay = r.IntN(3) == 0
		}
		drafts = append(drafts, d)
	}
	for y := range side {
		for x := range side {
			v := y*side + x
			if x+1 < side && r.IntN(4) > 0 {
				add(v, v+1)
			}
			if y+1 < side && r.IntN(4) > 0 {
				add(v+side, v)
			}
			switch r.IntN(20) {
			case 0:
				add(v, v)
			case 1:
				add(v, r.IntN(len(nodes)))
			}
		}
	}
	return assemble(nodes, drafts)
}

// someone is a random place on the network, rarely one that is not joined to it.
// Whole metres make ties frequent.
func someone(r *rand.Rand, n *Network) Place {
	access := func() Access {
		e := int32(r.IntN(n.Edges()))
		return Access{Edge: e, Offset: min(n.Length(e), r.Uint32N(n.Length(e)/1000+2)*1000), Walk: r.Uint32N(30) * 1000}
	}
	p := Place{Access: [2]Access{access(), access()}, Count: 1}
	switch r.IntN(10) {
	case 0:
		p.Count = 2
	case 1:
		p = Place{Reason: TooFar}
	}
	if p.Count == 1 {
		p.Access[1] = Access{}
	}
	return p
}

// plain is the distance from a source to a place by the simplest means: every node
// against every other until nothing changes.
type plain struct {
	n    *Network
	mode Mode
	dir  Direction
}

func (c plain) cost(e int32, back bool, mm uint32) (uint64, bool) {
	if c.dir == Towards {
		back = !back
	}
	whole := c.n.traits[e].effort(c.mode, c.n.length[e], back)
	if whole == Never {
		there := c.n.traits[e].effort(c.mode, c.n.length[e], !back)
		return 0, mm == 0 && there != Never // at the end of a street that leads the other way
	}
	if whole == c.n.length[e] {
		return uint64(mm), true
	}
	return (uint64(whole)*uint64(mm) + uint64(c.n.length[e])/2) / uint64(c.n.length[e]), true
}

func (c plain) spread(from Place) []uint64 {
	dist := make([]uint64, len(c.n.nodes))
	for v := range dist {
		dist[v] = Never
	}
	for _, a := range from.Access[:from.Count] {
		if d, ok := c.cost(a.Edge, true, a.Offset); ok {
			v := c.n.from[a.Edge]
			dist[v] = min(dist[v], d+uint64(a.Walk))
		}
		if d, ok := c.cost(a.Edge, false, c.n.length[a.Edge]-a.Offset); ok {
			v := c.n.to[a.Edge]
			dist[v] = min(dist[v], d+uint64(a.Walk))
		}
	}
	for changed := true; changed; {
		changed = false
		for e := range c.n.from {
			a, b := c.n.from[e], c.n.to[e]
			if d, ok := c.cost(int32(e), false, c.n.length[e]); ok && dist[a]+d < dist[b] {
				dist[b], changed = dist[a]+d, true
			}
			if d, ok := c.cost(int32(e), true, c.n.length[e]); ok && dist[b]+d < dist[a] {
				dist[a], changed = dist[b]+d, true
			}
		}
	}
	return dist
}

func (c plain) to(dist []uint64, from, to Place) uint64 {
	best := uint64(Never)
	for _, a := range to.Access[:to.Count] {
		if d, ok := c.cost(a.Edge, false, a.Offset); ok {
			best = min(best, dist[c.n.from[a.Edge]]+d+uint64(a.Walk))
		}
		if d, ok := c.cost(a.Edge, true, c.n.length[a.Edge]-a.Offset); ok {
			best = min(best, dist[c.n.to[a.Edge]]+d+uint64(a.Walk))
		}
		for _, s := range from.Access[:from.Count] {
			if s.Edge != a.Edge {
				continue
			}
			back, mm := false, a.Offset-s.Offset
			if a.Offset < s.Offset {
				back, mm = true, s.Offset-a.Offset
			}
			if d, ok := c.cost(a.Edge, back, mm); ok {
				best = min(best, uint64(s.Walk)+d+uint64(a.Walk))
			}
		}
	}
	return best
}

// nearest source of every place within the limit, the first of those that are
// equally near.
func (c plain) nearest(sources, places []Place, limit uint32) (mm []uint32, source []int32) {
	mm, source = make([]uint32, len(places)), make([]int32, len(places))
	for i := range places {
		mm[i], source[i] = Never, -1
	}
	for s, from := range sources {
		dist := c.spread(from)
		for i, p := range places {
			if d := c.to(dist, from, p); d <= uint64(limit) && d < uint64(mm[i]) {
				mm[i], source[i] = uint32(d), int32(s)
			}
		}
	}
	return mm, source
}

var allModes = []Mode{{}, {Profile: Elder}, {Profile: Wheels}, {Slope: true}, {Profile: Elder, Slope: true}, {Profile: Wheels, Slope: true}}

// situation is a random town with sources, places, a mode, a direction and a limit.
type situation struct {
	plain
	sources, places []Place
	limit           uint32
}

func situations(t *testing.T, count int, test func(t *testing.T, r *rand.Rand, s situation)) {
	for seed := range count {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		s := situation{plain: plain{n: town(r, 2+r.IntN(7)), mode: allModes[r.IntN(len(allModes))], dir: Direction(r.IntN(2))}}
		if s.n.Edges() == 0 {
			continue
		}
		for range r.IntN(6) {
			s.sources = append(s.sources, someone(r, s.n))
		}
		if len(s.sources) > 1 && r.IntN(3) == 0 {
			s.sources = append(s.sources, s.sources[0]) // two at one place
		}
		for range 40 {
			s.places = append(s.places, someone(r, s.n))
		}
		s.places = append(s.places, s.sources...)
		s.limit = []uint32{0, 50_000, 200_000, 500_000, Never}[r.IntN(5)]
		t.Run(fmt.Sprint(seed), func(t *testing.T) { test(t, r, s) })
	}
}

func TestSpreadFindsTheNearestSource(t *testing.T) {
	situations(t, 400, func(t *testing.T, r *rand.Rand, s situation) {
		wantMM, wantSource := s.nearest(s.sources, s.places, s.limit)
		w := s.n.Walker(s.mode)
		defer w.Release()
		w.Spread(s.places, Never, From) // what was before must not matter
		w.Spread(s.sources, s.limit, s.dir)
		for i, p := range s.places {
			if mm, source := w.At(p); mm != wantMM[i] || source != wantSource[i] {
				t.Fatalf("At(%+v) = %d from %d, want %d from %d (%+v, direction %d, limit %d)", p, mm, source, wantMM[i], wantSource[i], s.mode, s.dir, s.limit)
			}
		}

		places := s.n.Arrange(s.places)
		mm, source := make([]uint32, len(s.places)), make([]int32, len(s.places))
		w.Fill(places, mm, source)
		if !slices.Equal(mm, wantMM) || !slices.Equal(source, wantSource) {
			t.Fatalf("Fill: %v from %v\nwant  %v from %v", mm, source, wantMM, wantSource)
		}

		got := slices.Repeat([]uint32{Never}, len(s.places))
		w.Reached(places, func(i int32, mm uint32) {
			if got[i] != Never {
				t.Fatalf("place %d is reached twice", i)
			}
			got[i] = mm
		})
		if !slices.Equal(got, wantMM) {
			t.Fatalf("Reached: %v\nwant     %v", got, wantMM)
		}
	})
}

func TestPlacesKeepWhatWasSnapped(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	n := town(r, 6)
	var list []Place
	for range 200 {
		p := someone(r, n)
		if p.Count > 0 && r.IntN(4) == 0 {
			p.Access[0].Crosses, p.Reason = true, BehindWall
		}
		list = append(list, p)
	}
	places := n.Arrange(list)
	if places.Len() != len(list) {
		t.Fatalf("%d places, want %d", places.Len(), len(list))
	}
	for i, want := range list {
		if got := places.Place(i); got != want {
			t.Errorf("place %d: %+v, want %+v", i, got, want)
		}
	}
}

func TestALimitIncludesItsOwnMillimetre(t *testing.T) {
	a, b := geo.Point{X: 1_215_000_000, Y: 311_000_000}, geo.Point{X: 1_215_100_000, Y: 311_000_000}
	n := assemble([]geo.Point{a, b}, []draft{{from: 0, to: 1, line: []geo.Point{a, b}}})
	on := func(offset, walk uint32) Place {
		return Place{Access: [2]Access{{Offset: offset, Walk: walk}}, Count: 1}
	}
	w := n.Walker(Mode{})
	defer w.Release()
	// 900 s at 4 km/h are 1,000 m, less than the edge is long.
	w.Spread([]Place{on(10_000, 5_000)}, 900_000, From)
	for _, c := range []struct {
		to   Place
		want uint32
	}{
		{on(10_000+890_000, 5_000), 900_000},
		{on(10_000+890_001, 5_000), Never},
		{on(10_000+890_000, 5_001), Never},
		{on(0, 0), 15_000},
	} {
		if got, _ := w.At(c.to); got != c.want {
			t.Errorf("distance to %+v: %d, want %d", c.to.Access[0], got, c.want)
		}
	}
}

func TestSnapAllIsSnapOnAnyNumberOfThreads(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	n := town(r, 12)
	var at []geo.Point
	for range 20_000 {
		at = append(at, geo.Point{X: 1_214_980_000 + r.Int32N(160_000), Y: 310_980_000 + r.Int32N(160_000)})
	}
	for _, profile := range []Profile{Adult, Wheels} {
		for _, threads := range []int{0, 1, 3} {
			places, err := n.SnapAll(context.Background(), at, profile, MaxWalk, threads)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range at {
				if got, want := places.Place(i), n.Snap(p, profile, MaxWalk); got != want {
					t.Fatalf("profile %d, %d threads: place %d is %+v, want %+v", profile, threads, i, got, want)
				}
			}
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := n.SnapAll(ctx, at, Adult, MaxWalk, 2); err == nil {
		t.Error("SnapAll went on after it was told to stop")
	}
}
