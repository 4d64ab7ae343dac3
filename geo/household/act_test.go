package household_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
	"wangge/geo/publication"
	"wangge/geo/staff"
)

func add(t *testing.T, tx pgx.Tx, d household.Dwelling, x, y float64) household.Household {
	t.Helper()
	at := ledgertest.At(x, y)
	h, err := household.Add(t.Context(), tx, staff.Local, "", d, &at)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHouseholdsAreAddedMovedClosedAndReopened(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	h := add(t, tx, household.Dwelling{Compound: "康桥花苑", Building: "3", Doorplate: "101"}, 0.5, 0.5)
	if h.Unit != "310115001001001" || h.PlacedBy != household.ByHand || h.Kind != household.Unknown {
		t.Fatalf("added %+v", h)
	}
	moved, err := household.Move(t.Context(), tx, staff.Local, h.ID, ledgertest.At(1.5, 1.5))
	if err != nil || moved.Unit != "310115001001004" {
		t.Fatalf("moved %+v, %v", moved, err)
	}
	edited, err := household.Edit(t.Context(), tx, staff.Local, h.ID, household.Dwelling{Compound: "新名", Building: "3", Kind: household.Rental})
	if err != nil || edited.Compound != "新名" || edited.Kind != household.Rental || edited.Unit != moved.Unit {
		t.Errorf("edited %+v, %v", edited, err)
	}
	closed, err := household.Close(t.Context(), tx, staff.Local, h.ID)
	if err != nil || closed.ClosedOn == nil || *closed.ClosedOn != grid.Today() || closed.Unit != "" {
		t.Errorf("closed %+v, %v", closed, err)
	}
	if _, err := household.Move(t.Context(), tx, staff.Local, h.ID, ledgertest.At(1.5, 1.5)); !errors.Is(err, household.ErrClosed) {
		t.Errorf("a closed household was moved: %v", err)
	}
	opened, err := household.Reopen(t.Context(), tx, staff.Local, h.ID)
	if err != nil || opened.ClosedOn != nil || opened.Unit != moved.Unit {
		t.Errorf("reopened %+v, %v", opened, err)
	}
	var acts, raised int
	var detail string
	if err := tx.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM audit WHERE subject = 'household'), (SELECT count(*) FROM layer_change WHERE layer = 'household'),
		       (SELECT string_agg(detail::text, '') FROM audit)`).Scan(&acts, &raised, &detail); err != nil || acts != 5 || raised != 5 {
		t.Errorf("%d acts in the audit, layer raised %d times, %v; want 5 and 5", acts, raised, err)
	}
	if strings.Contains(detail, "康桥") || strings.Contains(detail, "新名") {
		t.Errorf("the audit holds an address: %s", detail)
	}
}

func TestAMergedHouseholdGivesWhatTheOtherLacks(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	two := 2
	double := add(t, tx, household.Dwelling{Compound: "康桥花苑", Building: "3", Doorplate: "101", Ages: household.Ages{Age80: &two}}, 0.5, 0.5)
	kept, err := household.Add(t.Context(), tx, staff.Local, "K", household.Dwelling{Compound: "康桥", Doorplate: "101", Kind: household.Owner}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := household.Merge(t.Context(), tx, staff.Local, double.ID, kept.ID)
	if err != nil || got.ID != kept.ID || got.Compound != "康桥" || got.Building != "3" || got.Kind != household.Owner ||
		got.Ages.Age80 == nil || *got.Ages.Age80 != 2 || got.Unit != "310115001001001" {
		t.Errorf("merged %+v, %v", got, err)
	}
	gone, err := household.Get(t.Context(), tx, staff.Local, double.ID)
	if err != nil || gone.ClosedOn == nil || gone.MergedInto == nil || *gone.MergedInto != kept.ID || gone.Unit != "" {
		t.Errorf("gone %+v, %v", gone, err)
	}
	for name, act := range map[string]func() error{
		"reopen":     func() error { _, err := household.Reopen(t.Context(), tx, staff.Local, double.ID); return err },
		"into gone":  func() error { _, err := household.Merge(t.Context(), tx, staff.Local, kept.ID, double.ID); return err },
		"into self":  func() error { _, err := household.Merge(t.Context(), tx, staff.Local, kept.ID, kept.ID); return err },
		"into none":  func() error { _, err := household.Merge(t.Context(), tx, staff.Local, kept.ID, 1<<40); return err },
		"close none": func() error { _, err := household.Close(t.Context(), tx, staff.Local, 1<<40); return err },
	} {
		want := map[string]error{"reopen": household.ErrMerged, "into gone": household.ErrClosed, "into self": household.ErrMergeSelf,
			"into none": household.ErrUnknown, "close none": household.ErrUnknown}[name]
		if err := act(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func TestWrongHouseholdsAreRefused(t *testing.T) {
	pool := pgtest.Database(t)
	ok := ledgertest.At(0.5, 0.5)
	zero := geo.Point{}
	for _, tt := range []struct {
		name string
		d    household.Dwelling
		at   *geo.Point
		want error
	}{
		{"nowhere", household.Dwelling{}, nil, household.ErrNoAddress},
		{"zero, zero", household.Dwelling{}, &zero, household.ErrImpossible},
		{"a phone", household.Dwelling{Address: "13812345678"}, &ok, household.ErrPersonal},
		{"an unknown kind", household.Dwelling{Kind: "castle"}, &ok, household.ErrKind},
	} {
		if _, err := household.Add(t.Context(), pool, staff.Local, "", tt.d, tt.at); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	for i, want := range []error{nil, household.ErrExists} {
		if _, err := household.Add(t.Context(), pool, staff.Local, "twice", household.Dwelling{}, &ok); !errors.Is(err, want) {
			t.Errorf("time %d: %v, want %v", i+1, err, want)
		}
	}
}

func TestPlacingOneDoorHelpsItsNeighbours(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	load(t, tx, confirmed(), header, "A1,康桥花苑,3号楼,1,101,,,,,,", "A2,康桥花苑,3号楼,1,102,,,,,,", "A3,康桥花苑,9号楼,1,102,,,,,,")
	if _, err := household.Move(t.Context(), tx, staff.Local, only(t, tx, "A1").ID, ledgertest.At(1.5, 0.5)); err != nil {
		t.Fatal(err)
	}
	placed, err := household.Match(t.Context(), tx, staff.Local)
	if err != nil || placed != 1 {
		t.Fatalf("placed %d, %v; want the neighbour", placed, err)
	}
	if h := only(t, tx, "A2"); h.Unit != "310115001001002" || *h.Confidence != household.SameStairwell {
		t.Errorf("neighbour %+v", h)
	}
	no := false
	waiting, err := household.List(t.Context(), tx, staff.Local, household.Filter{Placed: &no, Limit: 10})
	if err != nil || len(waiting) != 1 || waiting[0].SourceID != "A3" {
		t.Errorf("waiting %+v, %v", waiting, err)
	}
}

func TestListsAreNarrowedAndPaged(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	load(t, tx, confirmed(), header,
		"A1,康桥花苑,3号楼,1,101,"+at(0.5, 0.5)+",,,1,", "A2,康桥花苑,4号楼,1,102,"+at(1.5, 0.5)+",,,2,3",
		"A3,百分%园,1,1,1,"+at(1.5, 1.5)+",,,,", "A4,外面,1,1,1,"+at(3.5, 3.5)+",,,,")
	for _, tt := range []struct {
		name string
		f    household.Filter
		want int
	}{
		{"all", household.Filter{}, 4},
		{"the village with all below", household.Filter{Unit: "310115001001"}, 3},
		{"one unit", household.Filter{Unit: "310115001001002"}, 1},
		{"a part of the address", household.Filter{Text: "桥花苑3"}, 1},
		{"a percent sign is itself", household.Filter{Text: "%"}, 1},
		{"nothing of the kind", household.Filter{Text: "没有"}, 0},
		{"closed", household.Filter{Closed: true}, 0},
	} {
		tt.f.Limit = 10
		list, err := household.List(t.Context(), tx, staff.Local, tt.f)
		n, countErr := household.Count(t.Context(), tx, staff.Local, tt.f)
		if err != nil || countErr != nil || len(list) != tt.want || n != tt.want {
			t.Errorf("%s: %d listed, %d counted, %v, %v; want %d", tt.name, len(list), n, err, countErr, tt.want)
		}
	}
	seen, f := 0, household.Filter{Limit: 3}
	for range 3 {
		page, err := household.List(t.Context(), tx, staff.Local, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page {
			seen, f.After = seen+1, h.ID
		}
	}
	if seen != 4 {
		t.Errorf("%d households in pages, want 4", seen)
	}
	if _, err := household.List(t.Context(), tx, staff.Local, household.Filter{Unit: "nowhere", Limit: 1}); !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("an unknown unit: %v", err)
	}
	village, err := grid.ByCode(t.Context(), tx, staff.Local, grid.Today(), "310115001001")
	if err != nil {
		t.Fatal(err)
	}
	s, err := household.Summarise(t.Context(), tx, staff.Local, grid.Today(), village.ID)
	if err != nil || s.Published || *s.Households != 3 || s.People == nil || *s.People.Age0_2 != 3 || *s.People.Age80 != 3 {
		t.Errorf("summary %+v, %v", s, err)
	}
	// Who may not see single households is told what was published: nothing yet.
	analyst := staff.Actor{Name: "account:1", Account: 1, Grants: []staff.Grant{{May: []staff.Permission{staff.Map, staff.Count}}}}
	s, err = household.Summarise(t.Context(), tx, analyst, grid.Today(), village.ID)
	if err != nil || !s.Published || s.Households != nil || s.Occupied != nil || s.People != nil {
		t.Errorf("summary for an analyst %+v, %v, want nothing", s, err)
	}
	if _, err := publication.Make(t.Context(), tx, staff.System, grid.Today(), "month"); err != nil {
		t.Fatal(err)
	}
	s, err = household.Summarise(t.Context(), tx, analyst, grid.Today(), village.ID)
	if err != nil || s.Households != nil || s.People != nil {
		t.Errorf("summary of three households for an analyst %+v, %v, want nothing", s, err)
	}
	tally := ledger.NewTally(tx)
	counts, err := tally.ByUnit(t.Context(), grid.Today())
	if err != nil || counts[village.ID].Households != 3 {
		t.Errorf("tally %+v, %v", counts[village.ID], err)
	}
}
