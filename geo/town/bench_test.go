package town

import "testing"

func BenchmarkTown(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		if _, err := Generate(b.Context(), Options{Households: 10_000, Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
