package walk

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"wangge/geo"
)

// wrong says what is wrong with an area: rings that meet themselves or each other,
// run the wrong way round, or holes outside their ring.
func wrong(area geo.MultiPolygon) string {
	type side struct {
		a, b geo.Point
		ring int
	}
	var sides []side
	rings := 0
	for _, polygon := range area {
		for i, ring := range polygon {
			if len(ring) < 3 || (ring.DoubledArea() > 0) != (i == 0) || ring.DoubledArea() == 0 {
				return "a ring has no area, or runs the wrong way"
			}
			if i > 0 && !ringContains(polygon[0], ring[0]) {
				return "a hole lies outside its ring"
			}
			for k, b := range ring {
				sides = append(sides, side{ring[(k+len(ring)-1)%len(ring)], b, rings})
			}
			rings++
		}
	}
	slices.SortFunc(sides, func(p, q side) int { return int(min(p.a.X, p.b.X)) - int(min(q.a.X, q.b.X)) })
	for i, p := range sides {
		for _, q := range sides[i+1:] {
			if min(q.a.X, q.b.X) > max(p.a.X, p.b.X) {
				break
			}
			if !meet(p.a, p.b, q.a, q.b) {
				continue
			}
			if p.ring == q.ring && (p.b == q.a || p.a == q.b) && !(p.b == q.a && p.a == q.b) {
				// Neighbours share a corner, and nothing else.
				o, x, y := p.b, p.a, q.b
				if p.a == q.b {
					o, x, y = p.a, p.b, q.a
				}
				if geo.Cross(o, x, y) != 0 || !ahead(o, x, y) {
					continue
				}
			}
			return "two sides meet"
		}
	}
	return ""
}

// meet reports whether two closed segments share a point.
func meet(a, b, c, d geo.Point) bool {
	sign := func(v int64) int {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		}
		return 0
	}
	on := func(a, b, p geo.Point) bool {
		return geo.Cross(a, b, p) == 0 && min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y)
	}
	if sign(geo.Cross(a, b, c))*sign(geo.Cross(a, b, d)) < 0 && sign(geo.Cross(c, d, a))*sign(geo.Cross(c, d, b)) < 0 {
		return true
	}
	return on(a, b, c) || on(a, b, d) || on(c, d, a) || on(c, d, b)
}

func TestWrongFindsWhatIsWrong(t *testing.T) {
	at := func(xy ...int32) (r geo.Ring) {
		for i := 0; i < len(xy); i += 2 {
			r = append(r, geo.Point{X: xy[i], Y: xy[i+1]})
		}
		return r
	}
	square := at(0, 0, 100, 0, 100, 100, 0, 100)
	for name, area := range map[string]geo.MultiPolygon{
		"bow tie":            {{at(0, 0, 100, 100, 100, 0, 0, 120)}},
		"clockwise":          {{square.Reversed()}},
		"hole the wrong way": {{square, at(10, 10, 20, 10, 20, 20)}},
		"hole outside":       {{square, at(110, 10, 120, 20, 120, 10)}},
		"hole that touches":  {{square, at(0, 10, 20, 20, 20, 10)}},
		"spike":              {{at(0, 0, 100, 0, 50, 0, 50, 50)}},
		"two that touch":     {{square}, {at(100, 100, 200, 100, 200, 200)}},
	} {
		if wrong(area) == "" {
			t.Errorf("%s: nothing found", name)
		}
	}
	if got := wrong(geo.MultiPolygon{{square, at(10, 10, 20, 20, 20, 10)}}); got != "" {
		t.Errorf("a square with a hole: %s", got)
	}
}

// withWater adds a lake with an island, a river that is only a line, and fences.
func withWater(r *rand.Rand, n *Network) {
	box := n.index(Adult).box
	at := func(x, y float64) geo.Point {
		return geo.Point{
			X: box.Min.X + int32(x*float64(box.Max.X-box.Min.X)),
			Y: box.Min.Y + int32(y*float64(box.Max.Y-box.Min.Y)),
		}
	}
	ring := func(x, y, w, h float64) []geo.Point {
		return []geo.Point{at(x, y), at(x+w, y), at(x+w, y+h), at(x, y+h), at(x, y)}
	}
	x, y := r.Float64()*0.6, r.Float64()*0.6
	n.walls = append(n.walls,
		Wall{Hard: true, Line: ring(x, y, 0.35, 0.3)},
		Wall{Hard: true, Line: ring(x+0.1, y+0.1, 0.1, 0.1)},
		Wall{Hard: true, Line: []geo.Point{at(0, r.Float64()), at(1, r.Float64())}},
		Wall{Line: []geo.Point{at(r.Float64(), r.Float64()), at(r.Float64(), r.Float64())}},
	)
}

func TestOutlinesAreValidAndHoldWhatIsReached(t *testing.T) {
	rings, holes := 0, 0
	situations(t, 40, func(t *testing.T, r *rand.Rand, s situation) {
		if r.IntN(2) == 0 {
			withWater(r, s.n)
		}
		limits := []uint32{uint32(r.IntN(60_000)), 60_000, 60_001, 150_000, 400_000}
		metres := 10 + 10*r.IntN(2)
		w := s.n.Walker(s.mode)
		defer w.Release()
		w.Spread(s.sources, 400_000, s.dir)
		areas := w.Outlines(limits, metres)
		for k, area := range areas {
			if what := wrong(area); what != "" {
				t.Fatalf("outline of %d mm, %d m raster: %s", limits[k], metres, what)
			}
			for _, polygon := range area {
				rings++
				holes += len(polygon) - 1
			}
		}

		// Every point of the raster is in the outline when it is reached, else outside.
		w.Spread(s.sources, 400_000, s.dir)
		ra := s.n.raster(s.mode.Profile, metres)
		all := ra.blocksOf(s.n.index(s.mode.Profile).box, MaxWalk)
		if s.n.index(s.mode.Profile).box.Empty() {
			return
		}
		marked := map[geo.Point]bool{} // points given to a source, so that it has an area
		for _, st := range w.starts {
			p := s.n.part(st.edge, st.offset, st.offset)[0]
			i, j := floor(int64(p.X-ra.min.X), ra.stride), floor(int64(p.Y-ra.min.Y), ra.step)
			for c := range int64(4) {
				p, _ := ra.point(i+c&1, j+c>>1)
				marked[p] = true
			}
		}
		for y := all.low; y <= all.high; y++ {
			for x := all.left; x <= all.right; x++ {
				wet := ra.wet(x, y)
				for range 60 {
					i, j := r.Int64N(blockSide), r.Int64N(blockSide)
					p, _ := ra.point(x*blockSide+i, y*blockSide+j)
					mm := uint32(Never)
					if wet[j]>>i&1 == 0 {
						mm, _ = w.At(s.n.Snap(p, s.mode.Profile, MaxWalk))
					}
					for k, area := range areas {
						if contains(area, p) != (mm <= limits[k]) && !marked[p] {
							t.Fatalf("a point %d mm away is inside %v of the outline of %d mm", mm, contains(area, p), limits[k])
						}
					}
				}
			}
		}
		// No area without a start, no start without an area.
		for i, source := range s.sources {
			for k, area := range areas {
				mm, _ := w.At(Place{Access: [2]Access{{Edge: source.Access[0].Edge, Offset: source.Access[0].Offset}}, Count: source.Count})
				if source.Count == 1 && mm <= limits[k] && source.Access[0].Walk <= limits[k] && len(area) == 0 {
					t.Fatalf("source %d is within %d mm and there is no area", i, limits[k])
				}
			}
		}
		for k := range limits[1:] {
			for _, polygon := range areas[k] {
				for _, ring := range polygon {
					for _, p := range ring {
						if !nearly(areas[k+1], p) {
							t.Fatalf("the outline of %d mm leaves that of %d mm", limits[k], limits[k+1])
						}
					}
				}
			}
		}
	})
	if rings < 100 || holes < 5 {
		t.Errorf("%d rings, %d holes; want enough to mean something", rings, holes)
	}
}

// nearly reports whether a place lies in an area or on its border: where two limits
// pass the same two points, their outlines may share a corner.
func nearly(area geo.MultiPolygon, at geo.Point) bool {
	if contains(area, at) {
		return true
	}
	for _, polygon := range area {
		for _, ring := range polygon {
			for i, b := range ring {
				a := ring[(i+len(ring)-1)%len(ring)]
				q := eyeAt(at)
				if square, _ := q.square(a, b); square < 30*30 { // 3 cm: corners are whole lattice steps
					return true
				}
			}
		}
	}
	return false
}

func TestOutlinesDoNotDependOnWhoElseDraws(t *testing.T) {
	build := func() (*Network, []Place) {
		r := rand.New(rand.NewPCG(9, 9))
		n := town(r, 14)
		withWater(r, n)
		var sources []Place
		for range 12 {
			sources = append(sources, someone(r, n))
		}
		return n, sources
	}
	draw := func(n *Network, source Place) []geo.MultiPolygon {
		w := n.Walker(Mode{})
		defer w.Release()
		w.Spread([]Place{source}, 700_000, From)
		return w.Outlines([]uint32{300_000, 700_000}, 20)
	}
	n, sources := build()
	var want [][]geo.MultiPolygon
	for _, s := range sources {
		want = append(want, draw(n, s))
	}
	n, sources = build() // nothing of it is joined to the streets yet
	got := make([][]geo.MultiPolygon, len(sources))
	var wait sync.WaitGroup
	for i, s := range sources {
		wait.Go(func() { got[i] = draw(n, s) })
	}
	wait.Wait()
	if !reflect.DeepEqual(got, want) {
		t.Error("outlines drawn at once differ from those drawn one after the other")
	}
}

// The blocks of a raster that were not used for longest make room for others.
func TestRastersStayWithinTheirMemory(t *testing.T) {
	n := town(rand.New(rand.NewPCG(2, 2)), 10)
	all := &n.derived.rasters
	r := n.raster(Adult, 10)
	first := r.block(0, 0)
	all.bytes = rasterBytes // as if many more were there
	for x := range int64(4) {
		r.block(x+10, 0)
	}
	if _, ok := all.blocks[blockKey{metres: 10}]; ok {
		t.Error("a block that was not used since is still there")
	}
	if again := r.block(0, 0); again == first || !slices.Equal(again.dots, first.dots) {
		t.Error("a block that is made again is another")
	}
}
