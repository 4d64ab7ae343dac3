package topology

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"wangge/geo"
)

func polygonize(t testing.TB, within geo.MultiPolygon, lines ...[]geo.Point) *Pieces {
	t.Helper()
	p, err := Polygonize(context.Background(), within, lines)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pieceParts are the pieces as parts of what was cut.
func pieceParts(p *Pieces) []Part {
	var parts []Part
	for i := range int32(p.Count()) {
		parts = append(parts, Part{Code: string(rune('a' + i)), Area: p.Area(i)})
	}
	return parts
}

func TestPolygonizeCutsWhereLinesPassThrough(t *testing.T) {
	const x, y = 1_200_000_000, 300_000_000
	at := func(dx, dy int32) geo.Point { return geo.Point{X: x + dx, Y: y + dy} }
	hole := square(x+400, y+400, 200).Reversed()
	tests := []struct {
		name  string
		area  geo.MultiPolygon
		lines [][]geo.Point
		want  int
	}{
		{"nothing", geo.MultiPolygon{{square(x, y, 1000)}}, nil, 1},
		{"one line through", geo.MultiPolygon{{square(x, y, 1000)}}, [][]geo.Point{{at(-100, 503), at(1100, 507)}}, 2},
		{"a line that ends inside", geo.MultiPolygon{{square(x, y, 1000)}}, [][]geo.Point{{at(-100, 500), at(500, 500)}}, 1},
		{"a line that touches nothing", geo.MultiPolygon{{square(x, y, 1000)}}, [][]geo.Point{{at(300, 500), at(500, 501), at(400, 700)}}, 1},
		{"a cross", geo.MultiPolygon{{square(x, y, 1000)}}, [][]geo.Point{{at(-1, 500), at(1001, 501)}, {at(500, -1), at(501, 1001)}}, 4},
		{"a ring of its own", geo.MultiPolygon{{square(x, y, 1000)}}, [][]geo.Point{{at(100, 100), at(300, 100), at(200, 300), at(100, 100)}}, 2},
		{"two lines that meet inside", geo.MultiPolygon{{square(x, y, 1000)}}, [][]geo.Point{{at(0, 500), at(500, 500)}, {at(500, 500), at(500, 1000)}}, 2},
		{"a line along the border", geo.MultiPolygon{{square(x, y, 1000)}}, [][]geo.Point{{at(0, 0), at(1000, 0)}}, 1},
		{"a line from the hole", geo.MultiPolygon{{square(x, y, 1000), hole}}, [][]geo.Point{{at(500, 500), at(500, 1000)}}, 1},
		{"a line through the hole", geo.MultiPolygon{{square(x, y, 1000), hole}}, [][]geo.Point{{at(500, 0), at(500, 1000)}}, 2},
		{"a line elsewhere", geo.MultiPolygon{{square(x, y, 1000)}}, [][]geo.Point{{at(2000, 0), at(2000, 900)}}, 1},
		{"a line of one point", geo.MultiPolygon{{square(x, y, 1000)}}, [][]geo.Point{{at(500, 500), at(500, 500)}}, 1},
		{"no area", nil, [][]geo.Point{{at(0, 0), at(10, 10), at(10, 0), at(0, 0)}}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := polygonize(t, tt.area, tt.lines...)
			if p.Count() != tt.want {
				t.Errorf("%d pieces, want %d", p.Count(), tt.want)
			}
			if v := Check(p.Within(), pieceParts(p)); v != nil && tt.want > 0 {
				t.Errorf("the pieces do not tile: %+v", v[0])
			}
		})
	}
}

func TestPolygonizedPiecesTileAndKnowTheirPlaces(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 77))
		q := varied(seed)
		box := q.parent.Bound()
		var lines [][]geo.Point
		for range 40 {
			var l []geo.Point
			for range 2 + rng.IntN(4) {
				l = append(l, geo.Point{
					X: box.Min.X - 500 + rng.Int32N(box.Max.X-box.Min.X+1000),
					Y: box.Min.Y - 500 + rng.Int32N(box.Max.Y-box.Min.Y+1000),
				})
			}
			lines = append(lines, l)
		}
		p := polygonize(t, q.parent, lines...)
		parts := pieceParts(p)
		if v := Check(p.Within(), parts); v != nil {
			t.Fatalf("seed %d: %d pieces do not tile: %+v", seed, len(parts), v[0])
		}
		for i, part := range parts {
			if len(part.Area) != 1 {
				t.Fatalf("seed %d: piece %d has %d polygons", seed, i, len(part.Area))
			}
			at := LabelPoint(part.Area)
			if strictlyInside(part.Area[0], at) && p.At(at) != int32(i) {
				t.Errorf("seed %d: %v lies in piece %d, At says %d", seed, at, i, p.At(at))
			}
		}
		if far := (geo.Point{X: box.Min.X - 10_000, Y: box.Min.Y}); p.At(far) != NoPiece {
			t.Errorf("seed %d: a place outside lies in piece %d", seed, p.At(far))
		}

		// Around every piece the sides close: as often left by them as entered.
		left := map[int32]map[geo.Point]int{}
		for s := range p.Sides() {
			for n, turn := range map[int32]int{s.Left: 1, s.Right: -1} {
				if left[n] == nil {
					left[n] = map[geo.Point]int{}
				}
				left[n][s.From] += turn
				left[n][s.To] -= turn
			}
			if s.Left != NoPiece && s.Right != NoPiece && len(s.Lines) == 0 {
				t.Errorf("seed %d: no line runs between %d and %d", seed, s.Left, s.Right)
			}
			if !slices.IsSorted(s.Lines) {
				t.Errorf("seed %d: lines %v", seed, s.Lines)
			}
		}
		for n, points := range left {
			for at, sum := range points {
				if sum != 0 {
					t.Errorf("seed %d: the sides of %d do not close at %v", seed, n, at)
				}
			}
		}

		again := polygonize(t, q.parent, lines...)
		if !reflect.DeepEqual(parts, pieceParts(again)) {
			t.Errorf("seed %d: other pieces the second time", seed)
		}
	}
}

func TestPolygonizeRefuses(t *testing.T) {
	area := geo.MultiPolygon{{square(1_200_000_000, 300_000_000, 1000)}}
	if _, err := Polygonize(context.Background(), area, [][]geo.Point{{{X: -1_200_000_000}, {X: 1_200_000_000}}}); !errors.Is(err, ErrExtent) {
		t.Errorf("a line around half of the globe: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Polygonize(ctx, area, [][]geo.Point{{area[0][0][0], area[0][0][2]}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
