package topology

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"wangge/geo"
)

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{16, 55, 158} { // 256, 3,025 and 24,964 units of 60 vertices
		b.Run(fmt.Sprintf("units=%d", n*n), func(b *testing.B) {
			q := newQuilt(rand.New(rand.NewPCG(1, uint64(n))), n, 14, 10_000)
			for b.Loop() {
				m, err := Build(context.Background(), q.parents(), q.parts)
				if err != nil || m.Violations() != nil {
					b.Fatal(err, "or a violation")
				}
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{16, 55, 158} {
		b.Run(fmt.Sprintf("units=%d", n*n), func(b *testing.B) {
			q := newQuilt(rand.New(rand.NewPCG(1, uint64(n))), n, 14, 10_000)
			for b.Loop() {
				if v := Check(q.parent, q.parts); v != nil {
					b.Fatal(v[0])
				}
			}
		})
	}
}

// BenchmarkSimplify prepares a net of grids and their parent and draws it for
// eight zooms.
func BenchmarkSimplify(b *testing.B) {
	for _, n := range []int{16, 55, 158} {
		b.Run(fmt.Sprintf("units=%d", n*n), func(b *testing.B) {
			q := newQuilt(rand.New(rand.NewPCG(1, uint64(n))), n, 14, 10_000)
			areas := append(areasOf(q.parts), q.parent)
			for b.Loop() {
				net := NewNet(areas)
				for zoom := 10; zoom < 18; zoom++ {
					net.Simplify(360 * geo.Scale / 512 / math.Exp2(float64(zoom)))
				}
			}
		})
	}
}

func BenchmarkLabelPoint(b *testing.B) {
	q := newQuilt(rand.New(rand.NewPCG(1, 1)), 8, 14, 10_000)
	for b.Loop() {
		LabelPoint(q.parts[27].Area)
	}
}
