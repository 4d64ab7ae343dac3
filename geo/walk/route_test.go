package walk

import (
	"math/rand/v2"
	"testing"

	"wangge/geo"
)

func TestRouteIsAsLongAsItsDistance(t *testing.T) {
	found := 0
	situations(t, 300, func(t *testing.T, r *rand.Rand, s situation) {
		for i := range s.places {
			from, to := s.places[i], s.places[(i*7+3)%len(s.places)]
			want, _ := plain{n: s.n, mode: s.mode, dir: From}.nearest([]Place{from}, []Place{to}, horizon)
			got, ok := s.n.Route(s.mode, from, to)
			if ok != (want[0] != Never) || ok && got.Effort != want[0] {
				t.Fatalf("route from %+v to %+v: %v, effort %d; want %d", from, to, ok, got.Effort, want[0])
			}
			if !ok {
				continue
			}
			found++
			var legs, access uint32
			for _, l := range got.Legs {
				legs += l.Length
			}
			for _, a := range []Place{from, to} { // each begins and ends at one of the accesses
				at := got.Line[0]
				if a == to {
					at = got.Line[len(got.Line)-1]
				}
				near := uint32(Never)
				for _, x := range a.Access[:a.Count] {
					if s.n.part(x.Edge, x.Offset, x.Offset)[0] == at {
						near = min(near, x.Walk)
					}
				}
				if near == Never {
					t.Fatalf("the route begins or ends at %v, not at %+v", at, a)
				}
				access += near
			}
			if from != to && got.Length < legs {
				t.Fatalf("%d mm with legs of %d", got.Length, legs)
			}
			if drawn := lengthOf(got.Line); drawn > legs+uint32(50*len(got.Line)) || legs > drawn+uint32(50*len(got.Line)) {
				t.Fatalf("legs of %d mm, the line has %d", legs, drawn)
			}
			if !s.mode.Slope && s.mode.Profile == Adult && got.Length != got.Effort {
				t.Fatalf("length %d, effort %d: an adult on level ground walks what it is", got.Length, got.Effort)
			}
		}
	})
	if found < 1000 {
		t.Errorf("%d routes; want enough to mean something", found)
	}
}

func TestPiecesAreCutAtTheLimits(t *testing.T) {
	cut := 0
	situations(t, 300, func(t *testing.T, r *rand.Rand, s situation) {
		limits := []uint32{30_000, 100_000, 100_000, 250_000}
		w := s.n.Walker(s.mode)
		defer w.Release()
		w.Spread(s.sources, 200_000, s.dir)
		type known struct {
			band int
			from uint32
			to   uint32
		}
		// Every place on every edge lies in the band that its distance says. (Its ends are
		// nodes: one may stand there though nobody walks the edge that way.)
		pieces := map[int32][]known{}
		var before, within, rest []span
		w.edges(func(e int32, starts []start) {
			before = before[:0]
			for band, limit := range limits {
				within = w.within(e, starts, min(limit, 200_000), within[:0])
				rest = without(within, before, rest[:0])
				for _, p := range rest {
					pieces[e] = append(pieces[e], known{band, p.from, p.to})
					cut++
				}
				before, within = within, before
			}
		})
		for e := range int32(s.n.Edges()) {
			for offset := uint32(1); offset < s.n.length[e]; offset += 1 + r.Uint32N(2000) {
				mm, _ := w.At(Place{Access: [2]Access{{Edge: e, Offset: offset}}, Count: 1})
				want := -1
				for band, limit := range limits {
					if mm <= min(limit, 200_000) {
						want = band
						break
					}
				}
				ok := want < 0
				for _, p := range pieces[e] {
					if p.from <= offset && offset <= p.to {
						ok = p.band == want || offset == p.from || offset == p.to
						if ok {
							break
						}
					}
				}
				if !ok {
					t.Fatalf("offset %d of edge %d is %d mm away, band %d; pieces %v", offset, e, mm, want, pieces[e])
				}
			}
		}
		w.Pieces(limits, func(band int, line []geo.Point) {
			if len(line) < 2 || band == 2 {
				t.Fatalf("a piece of %d points in band %d", len(line), band)
			}
		})
	})
	if cut < 1000 {
		t.Errorf("%d pieces; want enough to mean something", cut)
	}
}
