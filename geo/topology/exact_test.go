package topology

import (
	"context"
	"math/big"
	"math/rand/v2"
	"testing"

	"wangge/geo"
)

// The rational functions are the definitions, written down naively.

func rat(n int64) *big.Rat { return big.NewRat(n, 1) }

// crossingByDefinition solves for the meeting point with rational numbers and
// rounds it down after adding a half.
func crossingByDefinition(a, b, c, d geo.Point) geo.Point {
	t := new(big.Rat).Quo(rat(geo.Cross(a, c, d)), new(big.Rat).Sub(rat(geo.Cross(a, c, d)), rat(geo.Cross(b, c, d))))
	at := func(p, q int32) int32 {
		x := new(big.Rat).Mul(t, rat(int64(q)-int64(p)))
		x.Add(x, rat(int64(p))).Add(x, big.NewRat(1, 2))
		return int32(new(big.Int).Div(x.Num(), x.Denom()).Int64()) // Euclidean: down for positive denominators
	}
	return geo.Point{X: at(a.X, b.X), Y: at(a.Y, b.Y)}
}

// throughPixelByDefinition clips the segment to the pixel: there is a t in [0,1]
// with -1/2 <= x(t)-v.X < 1/2 and the same for y.
func throughPixelByDefinition(a, b, v geo.Point) bool {
	low, high := rat(0), rat(1)
	lowOpen, highOpen := false, false
	clip := func(p, q, v int32) bool {
		d, o := int64(q)-int64(p), 2*(int64(v)-int64(p)) // in half steps: o-1 <= 2*d*t < o+1
		if d == 0 {
			return o-1 <= 0 && 0 < o+1
		}
		first, last := big.NewRat(o-1, 2*d), big.NewRat(o+1, 2*d)
		firstOpen, lastOpen := false, true
		if d < 0 {
			first, last, firstOpen, lastOpen = last, first, true, false
		}
		if c := first.Cmp(low); c > 0 || c == 0 && firstOpen {
			low, lowOpen = first, firstOpen
		}
		if c := last.Cmp(high); c < 0 || c == 0 && lastOpen {
			high, highOpen = last, lastOpen
		}
		return true
	}
	if !clip(a.X, b.X, v.X) || !clip(a.Y, b.Y, v.Y) {
		return false
	}
	c := low.Cmp(high)
	return c < 0 || c == 0 && !lowOpen && !highOpen
}

func randomPoint(rng *rand.Rand, size int32) geo.Point {
	return geo.Point{X: rng.Int32N(2*size+1) - size, Y: rng.Int32N(2*size+1) - size}
}

func TestCrossingIsTheRoundedRationalPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, size := range []int32{3, 10, 1000, geo.MaxExtent / 2} {
		for found := 0; found < 2000; {
			a, b, c, d := randomPoint(rng, size), randomPoint(rng, size), randomPoint(rng, size), randomPoint(rng, size)
			if !crosses(a, b, c, d) {
				continue
			}
			found++
			want := crossingByDefinition(a, b, c, d)
			for _, got := range []geo.Point{crossing(a, b, c, d), crossing(b, a, c, d), crossing(c, d, a, b), crossing(d, c, b, a)} {
				if got != want {
					t.Fatalf("crossing(%v %v, %v %v) = %v, want %v", a, b, c, d, got, want)
				}
			}
			if !throughPixel(a, b, want) || !throughPixel(c, d, want) {
				t.Fatalf("%v %v and %v %v do not both pass the pixel %v of their crossing", a, b, c, d, want)
			}
		}
	}
}

func TestThroughPixelFollowsTheHalfOpenDefinition(t *testing.T) {
	// Everything there is in a small window, then samples up to the full extent.
	const n = 3
	for ax := int32(-n); ax <= n; ax++ {
		for ay := int32(-n); ay <= n; ay++ {
			for bx := int32(-n); bx <= n; bx++ {
				for by := int32(-n); by <= n; by++ {
					a, b, v := geo.Point{X: ax, Y: ay}, geo.Point{X: bx, Y: by}, geo.Point{}
					if got, want := throughPixel(a, b, v), throughPixelByDefinition(a, b, v); got != want {
						t.Fatalf("throughPixel(%v, %v, %v) = %v, want %v", a, b, v, got, want)
					}
				}
			}
		}
	}
	rng := rand.New(rand.NewPCG(2, 2))
	for _, size := range []int32{10, 1000, geo.MaxExtent / 2} {
		for range 3000 {
			a, b := randomPoint(rng, size), randomPoint(rng, size)
			f := rng.Float64()
			v := geo.Point{
				X: int32(float64(a.X)+f*(float64(b.X)-float64(a.X))) + rng.Int32N(3) - 1,
				Y: int32(float64(a.Y)+f*(float64(b.Y)-float64(a.Y))) + rng.Int32N(3) - 1,
			}
			if got, want := throughPixel(a, b, v), throughPixelByDefinition(a, b, v); got != want {
				t.Fatalf("throughPixel(%v, %v, %v) = %v, want %v", a, b, v, got, want)
			}
		}
	}
}

func TestNodedBordersMeetInVerticesOnly(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 400 {
		size := []int32{4, 10, 40, 1000, geo.MaxExtent / 2}[rng.IntN(5)]
		b := newBorders(0)
		for range 1 + rng.IntN(12) {
			r := make(geo.Ring, 2+rng.IntN(6))
			for i := range r {
				r[i] = randomPoint(rng, size)
			}
			b.ring(r)
		}
		if _, err := b.node(context.Background()); err != nil {
			t.Fatal(err)
		}
		checkNoded(t, b)
	}
}

// checkNoded compares every whole edge with every vertex and every other edge.
func checkNoded(t *testing.T, b *borders) {
	t.Helper()
	for e := range int32(len(b.ends)) {
		if _, split := b.pieces[e]; split {
			continue
		}
		p, q := b.segment(e)
		for _, v := range b.points {
			if v != p && v != q && throughPixel(p, q, v) {
				t.Fatalf("edge %v %v passes the pixel of vertex %v", p, q, v)
			}
		}
		for f := range e {
			if _, split := b.pieces[f]; split {
				continue
			}
			if r, s := b.segment(f); crosses(p, q, r, s) {
				t.Fatalf("edges %v %v and %v %v cross", p, q, r, s)
			}
		}
	}
}

func TestIndexFindsWhatABruteForceSearchFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{0, 1, 7, 8, 9, 64, 65, 1000} {
		segments := make([][2]geo.Point, n)
		boxes := make([]geo.Bound, n)
		for i := range boxes {
			p := randomPoint(rng, 1000)
			q := geo.Point{X: p.X + rng.Int32N(60), Y: p.Y - rng.Int32N(60)}
			segments[i], boxes[i] = [2]geo.Point{p, q}, segmentBound(p, q, 0)
		}
		x := newIndex(boxes)
		removed := map[int32]bool{}
		for round := range 60 {
			p := randomPoint(rng, 1000)
			q := randomPoint(rng, 1000)
			box := segmentBound(p, q, 1)
			got := map[int32]bool{}
			x.search(box, func(i int32) bool { got[i] = true; return true })
			along := map[int32]bool{}
			x.searchAlong(p, q, func(i int32) bool { along[i] = true; return true })
			for i := range boxes {
				if want := box.Intersects(boxes[i]) && !removed[int32(i)]; got[int32(i)] != want {
					t.Fatalf("search of %d boxes: item %d found %v, want %v", n, i, got[int32(i)], want)
				}
				s := segments[i]
				if !removed[int32(i)] && crosses(p, q, s[0], s[1]) && !along[int32(i)] {
					t.Fatalf("searchAlong %v %v misses the crossing segment %v", p, q, s)
				}
			}
			if n > 0 && round%2 == 1 {
				if gone := rng.Int32N(int32(n)); !removed[gone] {
					removed[gone] = true
					x.remove(gone)
				}
			}
		}
	}
}
