package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"wangge/geo/network"
	"wangge/geo/pg/pgtest"
	"wangge/geo/walk"
)

// On three real networks, the way of every home to its nearest point is as long as
// pgRouting finds on the same edges: to the millimetre, which is far below a second.
func TestWalkingAgreesWithPgRouting(t *testing.T) {
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" || testing.Short() {
		t.Skip("needs the real maps in $WANGGE_DATA, and time")
	}
	for _, file := range []string{"liechtenstein/liechtenstein.osm.pbf", "porto-alegre/poa.osm.pbf", "osm-cn/shenzhen-longgang.osm.pbf", "osm-cn/beijing-bupt.osm.pbf"} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			ctx := t.Context()
			f, err := os.Open(filepath.Join(folder, file))
			if err != nil {
				t.Skip(err)
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				t.Fatal(err)
			}
			n, _, err := network.Walking(ctx, f, info.Size())
			if err != nil {
				t.Fatal(err)
			}
			at := along(n, min(20_000, 4*n.Edges()))
			homes, err := n.SnapAll(ctx, at, walk.Adult, walk.MaxWalk, 1)
			if err != nil {
				t.Fatal(err)
			}
			var points []walk.Place
			for _, p := range pick(at, 20) {
				points = append(points, n.Snap(p, walk.Adult, walk.MaxWalk))
			}
			points = append(points, points[3]) // two at one place
			r, err := newRouting(ctx, pgtest.Database(t), n, homes, points)
			if errors.Is(err, errNoPeer) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			compareNearest(t, ctx, n, homes, points, r)
		})
	}
}

func compareNearest(t *testing.T, ctx context.Context, n *walk.Network, homes *walk.Places, points []walk.Place, r *routing) {
	t.Helper()
	wantMM, wantPoint, err := r.answers(ctx, len(points), homes.Len(), false)
	if err != nil {
		t.Fatal(err)
	}
	w := n.Walker(walk.Mode{})
	defer w.Release()
	w.Spread(points, walk.Never, walk.From)
	mm, point := make([]uint32, homes.Len()), make([]int32, homes.Len())
	w.Fill(homes, mm, point)
	reached, others := 0, 0
	for i := range mm {
		if mm[i] != wantMM[i] {
			t.Fatalf("home %d: %d mm from point %d, pgRouting has %d from %d", i, mm[i], point[i], wantMM[i], wantPoint[i])
		}
		if mm[i] != walk.Never {
			reached++
		}
		if point[i] != wantPoint[i] { // pgRouting does not say which of two at the same distance
			others++
			for _, p := range []int32{point[i], wantPoint[i]} {
				w.Spread(points[p:p+1], walk.Never, walk.From)
				if far, _ := w.At(homes.Place(i)); far != mm[i] {
					t.Fatalf("home %d: point %d is %d mm away, not %d", i, p, far, mm[i])
				}
			}
		}
	}
	if reached < homes.Len()/2 {
		t.Errorf("%d of %d homes are reached", reached, homes.Len())
	}
	t.Logf("%d homes, %d reached, %d equally far from two points", homes.Len(), reached, others)
}
