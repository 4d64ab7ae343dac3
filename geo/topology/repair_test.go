package topology

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
)

// repairEverything mends every fault as recommended, self faults first, until
// only empty parts are left.
func repairEverything(t testing.TB, m *Mosaic) {
	t.Helper()
	for range 8 {
		for _, kind := range []Kind{SelfTouch, SelfCross, Outside, Overlap, Gap} {
			m.RepairAll(kind, "", Limit{})
		}
		left := slices.DeleteFunc(m.Violations(), func(v Violation) bool { return v.Kind == Empty })
		if len(left) == 0 {
			return
		}
	}
	t.Fatalf("faults are left after all repairs: %+v", m.Violations())
}

// mustTile fails unless the parts of the mosaic tile each of its parents that
// has any, exactly.
func mustTile(t testing.TB, m *Mosaic) {
	t.Helper()
	parts := m.Parts()
	for i, parent := range m.Parents() {
		if !m.units[i].used {
			continue
		}
		family := slices.DeleteFunc(slices.Clone(parts), func(p Part) bool {
			return p.Parent != parent.Code || len(p.Area) == 0
		})
		if v := Check(parent.Area, family, m.excludedFrom(int32(i))); v != nil {
			t.Fatalf("the parts of %s do not tile it: %+v", parent.Code, v[0])
		}
	}
}

// excludedFrom is the accepted gap of one parent; random parents may overlap.
func (m *Mosaic) excludedFrom(parent int32) geo.MultiPolygon {
	var faces []int32
	for f := range int32(len(m.cover)) {
		if m.excluded(f) && m.covers(parent, f) {
			faces = append(faces, f)
		}
	}
	return m.plane.area(faces)
}

// polygonsFrom reads small polygons from bytes: any bytes make some.
func polygonsFrom(data []byte, parentCodes int32) (parents, parts []Part) {
	next := func() int32 {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int32(b)
	}
	area := func() geo.MultiPolygon {
		var out geo.MultiPolygon
		for range 1 + next()%2 {
			var polygon geo.Polygon
			for range 1 + next()%3 {
				var r geo.Ring
				for range next() % 9 {
					r = append(r, geo.Point{X: next() % 24, Y: next() % 24})
				}
				polygon = append(polygon, r)
			}
			out = append(out, polygon)
		}
		return out
	}
	for i := range 2 {
		parents = append(parents, Part{Code: string(rune('P' + i)), Area: area()})
	}
	for i := range 1 + next()%5 {
		parts = append(parts, Part{Code: fmt.Sprint(i), Parent: string(rune('P' + next()%parentCodes)), Area: area()})
	}
	return parents, parts
}

func randomBytes(rng *rand.Rand, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// FuzzRepair builds whatever polygons the bytes make, mends everything and wants
// an exact tiling.
func FuzzRepair(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 20 {
		f.Add(randomBytes(rng, 150))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parents, parts := polygonsFrom(data, 2)
		repairsToATiling(t, parents, parts)
	})
}

// disjoint cuts the overlaps of parents: land that two parents claim cannot be
// divided so that both are content.
func disjoint(t testing.TB, parents []Part) []Part {
	t.Helper()
	m, err := Build(context.Background(), nil, parents)
	if err != nil {
		t.Fatal(err)
	}
	m.RepairAll(Overlap, Cut, Limit{})
	m.RepairAll(SelfTouch, Split, Limit{})
	m.RepairAll(SelfCross, Split, Limit{})
	return m.Parts()
}

func repairsToATiling(t testing.TB, parents, parts []Part) {
	t.Helper()
	m, err := Build(context.Background(), disjoint(t, parents), parts)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Build(context.Background(), m.Parents(), m.Parts())
	if err != nil {
		t.Fatal(err)
	}
	if again.Noded() != 0 {
		t.Fatalf("noding what is noded put vertices on %d edges", again.Noded())
	}
	repairEverything(t, m)
	for _, p := range m.Parts() {
		if flaws := ownFlaws(p.Area); flaws != nil {
			t.Fatalf("part %s is not valid after all repairs: %v in %v", p.Code, flaws, p.Area)
		}
	}
	mustTile(t, m)
}

func TestRandomPolygonsAreRepairedToAnExactTiling(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for i := range 400 {
		data := randomBytes(rng, 20+rng.IntN(300))
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			parents, parts := polygonsFrom(data, 2)
			repairsToATiling(t, parents, parts)
		})
	}
}
