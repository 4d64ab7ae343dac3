package propose_test

import (
	"testing"

	"wangge/geo/propose"
	"wangge/geo/propose/board"
)

// BenchmarkMillion divides 1,000,000 households into 25,000 units.
func BenchmarkMillion(b *testing.B) {
	land := board.Town{Seed: 1, Width: 640, Height: 400, Households: 4, River: true}.Land()
	for b.Loop() {
		a := solve(b, land, propose.Question{Units: 25_000, Min: 30, Max: 50, Seed: 1, Threads: 2})
		p := a.Alternatives[0]
		b.Logf("%+v, %d broken, %d proofs", p.Score, len(p.Broken), len(a.Proofs))
	}
}
