package walk_test

import (
	"context"
	"testing"

	"wangge/geo"
	"wangge/geo/walk"
)

// city is Porto Alegre with homes along its streets.
func city(b *testing.B) (n *walk.Network, homes []geo.Point, places *walk.Places) {
	b.Helper()
	n = real(b, "Porto Alegre")
	homes = homesIn(n, 87_458, 1)
	places, err := n.SnapAll(context.Background(), homes, walk.Adult, walk.MaxWalk, 2)
	if err != nil {
		b.Fatal(err)
	}
	return n, homes, places
}

func BenchmarkSnap(b *testing.B) {
	n, homes, _ := city(b)
	for i := 0; b.Loop(); i++ {
		n.Snap(homes[i%len(homes)], walk.Adult, walk.MaxWalk)
	}
}

func BenchmarkReached(b *testing.B) {
	n, _, places := city(b)
	w := n.Walker(walk.Mode{})
	defer w.Release()
	var source [1]walk.Place
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		source[0] = places.Place(i * 7919 % places.Len())
		w.Spread(source[:], 1_000_000, walk.From)
		w.Reached(places, func(int32, uint32) {})
	}
}

func BenchmarkOutline(b *testing.B) {
	n, _, places := city(b)
	w := n.Walker(walk.Mode{})
	defer w.Release()
	var source [1]walk.Place
	draw := func(i int) {
		source[0] = places.Place(i % 100 * 7919 % places.Len())
		w.Spread(source[:], 1_000_000, walk.From)
		w.Outlines([]uint32{1_000_000}, 10)
	}
	for i := range 100 {
		draw(i) // the raster is joined to the streets
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		draw(i)
	}
}

func BenchmarkNearest(b *testing.B) {
	n, homes, places := city(b)
	var points []walk.Place
	for i := range 50 {
		points = append(points, places.Place(i*len(homes)/50))
	}
	w := n.Walker(walk.Mode{})
	defer w.Release()
	mm, source := make([]uint32, len(homes)), make([]int32, len(homes))
	for b.Loop() {
		w.Spread(points, walk.Never, walk.Towards)
		w.Fill(places, mm, source)
	}
}

func BenchmarkField(b *testing.B) {
	n, homes, places := city(b)
	var points []walk.Place
	for i := range 50 {
		points = append(points, places.Place(i*len(homes)/50))
	}
	f := walk.NewField(n, walk.Mode{}, points, places, walk.Never, walk.Towards)
	for i := 0; b.Loop(); i++ {
		f.Drop(f.Add(places.Place((i*7919+13)%places.Len()), nil), nil)
	}
}
