package proposal_test

import (
	"errors"
	"slices"
	"testing"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/proposal"
	"wangge/geo/topology"
)

// cut are the atoms in a box of the test town, which do not overlap.
func cut(t *testing.T, db pg.DB, box geo.Bound, grain proposal.Grain) []proposal.Atom {
	t.Helper()
	list, err := proposal.Atoms(t.Context(), db, grid.Today(), square(0, 0, 2, 2), box, grain)
	if err != nil {
		t.Fatal(err)
	}
	var areas []geo.MultiPolygon
	for _, a := range list {
		areas = append(areas, geo.MultiPolygon(a.Area))
	}
	if off := sum(list) - topology.Union(areas...).SquareMeters(); off > 1 || off < -1 {
		t.Errorf("%d %ss overlap by %.0f m²", len(list), grain, off)
	}
	return list
}

func sum(list []proposal.Atom) (all geo.SquareMeters) {
	for _, a := range list {
		all += a.SquareMeters
	}
	return all
}

func TestAtomsAreWholeAndTheSameInAnyBox(t *testing.T) {
	db := newTown(t)
	all := cut(t, db, square(0, 0, 2, 2).Bound(), proposal.Blocks)
	if off := square(0, 0, 2, 2).SquareMeters() - sum(all); off > 1 || off < -1 {
		t.Errorf("the atoms leave %.0f m² of the land", off)
	}
	part := cut(t, db, square(0.4, 0.1, 1.4, 1.1).Bound(), proposal.Blocks)
	if len(all) < 60 || len(part) < 9 || len(part) >= len(all) {
		t.Fatalf("%d in all, %d in a part", len(all), len(part))
	}
	same := func(a, b proposal.Atom) bool {
		return a.Kind == b.Kind && slices.EqualFunc(a.Area, b.Area, func(p, q geo.Polygon) bool { return slices.Equal(p[0], q[0]) })
	}
	for _, a := range part {
		if !slices.ContainsFunc(all, func(b proposal.Atom) bool { return same(a, b) }) {
			t.Errorf("the %s at %v is another one in a smaller box", a.Kind, topology.LabelPoint(geo.MultiPolygon(a.Area)))
		}
	}
	compound := square(0.9, 0.35, 1.1, 0.45)
	if i := slices.IndexFunc(part, func(a proposal.Atom) bool { return a.Kind == "compound" }); i < 0 || part[i].SquareMeters < compound.SquareMeters()-1 {
		t.Errorf("the compound is not among them as a whole: %d", i)
	}
}

func TestTheLandAroundBuildingsIsSmallerThanBlocksAndCutsCompounds(t *testing.T) {
	db := newTown(t)
	box := square(0.8, 0.2, 1.2, 0.6).Bound()
	blocks, buildings := cut(t, db, box, proposal.Blocks), cut(t, db, box, proposal.Buildings)
	count := 0
	for _, a := range buildings {
		if a.Kind == "compound" {
			t.Error("the compound is not cut")
		}
		if a.Kind == "building" {
			count++
		}
	}
	if count < 30 || len(buildings) <= len(blocks) {
		t.Errorf("%d of %d are buildings, beside %d blocks", count, len(buildings), len(blocks))
	}
}

func TestTooMuchLandIsNotCutAtOnce(t *testing.T) {
	db := newTown(t)
	corner := ledgertest.At(0, 0)
	far := geo.Point{X: corner.X + 2_000_000, Y: corner.Y + 2_000_000}
	land := geo.MultiPolygon{{{corner, {X: far.X, Y: corner.Y}, far, {X: corner.X, Y: far.Y}}}}
	if _, err := proposal.Atoms(t.Context(), db, grid.Today(), land, land.Bound(), proposal.Blocks); !errors.Is(err, proposal.ErrWide) {
		t.Errorf("%v, want ErrWide", err)
	}
	if list, err := proposal.Atoms(t.Context(), db, grid.Today(), square(0, 0, 2, 2), square(5, 5, 6, 6).Bound(), proposal.Blocks); err != nil || len(list) > 0 {
		t.Errorf("beside the land: %d, %v", len(list), err)
	}
}
