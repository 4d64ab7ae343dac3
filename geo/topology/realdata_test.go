package topology

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/geo"
)

// realFeatures reads a file of real data, or skips the test and says so. The
// reader is only as good as these files need; vectorfile is the real one.
func realFeatures(t *testing.T, name string) []*geojson.Feature {
	t.Helper()
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	raw, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Skipf("SKIPPED, real boundaries are not tested: %v (set WANGGE_DATA to the data folder)", err)
	}
	var collection struct{ Features []json.RawMessage }
	if err := json.Unmarshal(raw, &collection); err != nil {
		t.Fatal(err)
	}
	var features []*geojson.Feature
	for _, f := range collection.Features {
		feature, err := geojson.UnmarshalFeature(f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		features = append(features, feature)
	}
	return features
}

// realArea is the polygons of a geometry, those of a collection together.
func realArea(g orb.Geometry) geo.MultiPolygon {
	switch g := g.(type) {
	case orb.Polygon:
		return geo.FromOrb(orb.MultiPolygon{g})
	case orb.MultiPolygon:
		return geo.FromOrb(g)
	case orb.Collection:
		var out geo.MultiPolygon
		for _, member := range g {
			out = append(out, realArea(member)...)
		}
		return out
	}
	return nil
}

func realParts(t *testing.T, name, code, parent string) []Part {
	t.Helper()
	var parts []Part
	for _, f := range realFeatures(t, name) {
		p := Part{Code: fmt.Sprint(f.Properties[code]), Area: realArea(f.Geometry)}
		if parent != "" {
			p.Parent = fmt.Sprint(f.Properties[parent])
		}
		parts = append(parts, p)
	}
	return parts
}

// tally counts violations by kind and sums their areas.
func tally(violations []Violation) (count map[Kind]int, area map[Kind]geo.SquareMeters) {
	count, area = map[Kind]int{}, map[Kind]geo.SquareMeters{}
	for _, v := range violations {
		count[v.Kind]++
		area[v.Kind] += v.SquareMeters
	}
	return count, area
}

func build(t testing.TB, parents, parts []Part) *Mosaic {
	t.Helper()
	m, err := Build(context.Background(), parents, parts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCangshanOverlapsInTwelvePairs(t *testing.T) {
	m := build(t, nil, realParts(t, "fuzhou-townships/cangshan.geojson", "name", ""))
	pairs := map[[2]string]geo.SquareMeters{}
	var total geo.SquareMeters
	for _, v := range m.Violations() {
		t.Logf("%s %v at %v: %.1f m², %.2f m wide", v.Kind, v.Codes, v.At.Degrees(), v.SquareMeters, v.Width)
		if v.Kind != Overlap {
			continue
		}
		total += v.SquareMeters
		for i, a := range v.Codes {
			for _, b := range v.Codes[:i] {
				pairs[[2]string{b, a}] += v.SquareMeters
			}
		}
	}
	t.Logf("%d pairs, %.3f km²", len(pairs), total/1e6)
	if len(pairs) != 12 {
		t.Errorf("%d overlapping pairs, want 12", len(pairs))
	}
	if math.Abs(float64(total)-0.456e6) > 0.002e6 {
		t.Errorf("overlaps of %.4f km², want 0.456", total/1e6)
	}
}

func TestXihuGridsTileOnceNoded(t *testing.T) {
	parts := realParts(t, "xihu-grids/grids.dev.geojson", "XZQHBM", "")
	m := build(t, nil, parts)
	edges := 0
	for _, p := range parts {
		edges += countVertices(p.Area)
	}
	count, area := tally(m.Violations())
	t.Logf("%d grids, %d edges, %d received a vertex; %v, m² %v", len(parts), edges, m.Noded(), count, area)
	for _, v := range m.Violations() {
		t.Logf("%s %v at %v: %.2f m², %.3f m wide, into %s, %v", v.Kind, v.Codes, v.At.Degrees(), v.SquareMeters, v.Width, v.Into, v.Repairs)
	}
	if count[Overlap] != 0 || count[SelfCross] != 0 {
		t.Errorf("grids that tile are reported with %d overlaps and %d crossing rings", count[Overlap], count[SelfCross])
	}
	parents := []Part{{Code: "union", Area: Union(areasOf(parts)...)}}
	for i := range parts {
		parts[i].Parent = "union"
	}
	m = build(t, parents, parts)
	repairEverything(t, m)
	mustTile(t, m)
}

// TestXihuGridsAreEditedForADay replays a long session on real borders, with their
// bends, enclaves and units of several parts, and takes all of it back.
func TestXihuGridsAreEditedForADay(t *testing.T) {
	parts := realParts(t, "xihu-grids/grids.dev.geojson", "XZQHBM", "")
	m := build(t, nil, parts)
	repairEverything(t, m)
	pieces := map[int]geo.MultiPolygon{}
	for i, p := range m.Parts() {
		pieces[i+1] = p.Area
	}
	rim := Union(areasOf(m.Parts())...)
	f, err := Weave(t.Context(), rim, pieces)
	if err != nil {
		t.Fatal(err)
	}
	was := map[int]geo.MultiPolygon{}
	for _, id := range f.Pieces() {
		was[id] = f.Area(id)
	}
	rng := rand.New(rand.NewPCG(2026, 11))
	next := len(parts) + 1
	done := map[OpKind]int{}
	var journal []Patch
	for range 500 {
		op := randomOp(rng, f, next)
		if p, err := f.Apply(op); err == nil && len(p) > 0 {
			journal, next = append(journal, p), next+1
			done[op.Kind]++
		}
	}
	// Where a new border ends on the rim this has a vertex now, less than a step off.
	var now []geo.MultiPolygon
	for _, id := range f.Pieces() {
		now = append(now, f.Area(id))
	}
	checkTiling(t, f, Union(now...))
	if d := math.Abs(float64(Union(now...).SquareMeters() - rim.SquareMeters())); d > 10 {
		t.Errorf("the rim moved by %.3f m²", d)
	}
	t.Logf("%d grids, %v", len(parts), done)
	if len(journal) < 150 {
		t.Errorf("only %d of 500 edits were possible", len(journal))
	}
	for _, p := range slices.Backward(journal) {
		if err := f.Put(p.Inverse()); err != nil {
			t.Fatal(err)
		}
	}
	for id, area := range was {
		if !equal(f.Area(id), area) {
			t.Errorf("grid %d did not come back", id)
		}
	}
}

func TestTaipeiVillagesTileTheirDistricts(t *testing.T) {
	districts := realParts(t, "taipei/taipei_town.geojson", "CPTID", "")
	villages := realParts(t, "taipei/taipei_village.geojson", "CPTVID", "CPTID")
	m := build(t, districts, villages)
	count, area := tally(m.Violations())
	t.Logf("%d villages, %d edges received a vertex; %v, m² %v", len(villages), m.Noded(), count, area)
	for _, v := range m.Violations() {
		if v.Kind == SelfTouch || v.Kind == SelfCross || v.SquareMeters > 1 {
			t.Logf("%s %s %v at %v: %.2f m², %.3f m wide, into %s", v.Kind, v.Parent, v.Codes, v.At.Degrees(), v.SquareMeters, v.Width, v.Into)
		}
	}
	if count[SelfTouch]+count[SelfCross] == 0 || count[Gap] == 0 || count[Outside] == 0 {
		t.Errorf("the known dirt of these files is not reported: %v", count)
	}

	// The districts were surveyed apart from their villages: take the villages'
	// word for the borders, and close the pinholes between them.
	before := totalArea(villages)
	for _, kind := range []Kind{SelfTouch, SelfCross} {
		m.RepairAll(kind, Split, Limit{})
	}
	m.RepairAll(Outside, FitParent, Limit{})
	m.RepairAll(Gap, FitParent, Limit{})
	if left := m.Violations(); left != nil {
		t.Fatalf("after fitting the districts: %+v", left[0])
	}
	mustTile(t, m)
	if after := totalArea(m.Parts()); math.Abs(float64(after-before)) > 1e-6*float64(before) {
		t.Errorf("repairs changed the area of the villages from %.0f to %.0f m²", before, after)
	}
	pinholes, width := 0, geo.Meters(0)
	for _, v := range build(t, nil, m.Parts()).Violations() {
		if v.Kind == Gap {
			pinholes++
			width = max(width, v.Width)
		}
	}
	t.Logf("%d pinholes between villages, at most %.3f m wide", pinholes, width)
	simplifiedStillTiles(t, m, 1e3, 1e4, 1e5)
}

func totalArea(parts []Part) geo.SquareMeters {
	var sum geo.SquareMeters
	for _, p := range parts {
		sum += p.Area.SquareMeters()
	}
	return sum
}

// simplifiedStillTiles thins parents and parts together and checks each family.
func simplifiedStillTiles(t *testing.T, m *Mosaic, tolerances ...float64) {
	t.Helper()
	parents, parts := m.Parents(), m.Parts()
	net := NewNet(slices.Concat(areasOf(parents), areasOf(parts), m.Excluded()))
	last := math.MaxInt
	for _, tolerance := range tolerances {
		drawn := net.Simplify(tolerance)
		vertices := 0
		for i, parent := range parents {
			var family []Part
			for k, p := range parts {
				if p.Parent == parent.Code {
					p.Area = drawn[len(parents)+k]
					family = append(family, p)
					vertices += countVertices(p.Area)
				}
			}
			if len(family) == 0 {
				continue
			}
			if v := Check(drawn[i], family, drawn[len(parents)+len(parts):]...); v != nil {
				t.Fatalf("at tolerance %v the parts of %s do not tile it: %+v", tolerance, parent.Code, v[0])
			}
		}
		t.Logf("tolerance %v: %d vertices", tolerance, vertices)
		if vertices > last {
			t.Errorf("tolerance %v keeps %d vertices, more than the %d of a smaller one", tolerance, vertices, last)
		}
		last = vertices
	}
}
