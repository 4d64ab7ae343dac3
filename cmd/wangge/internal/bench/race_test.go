package bench

import (
	"errors"
	"fmt"
	"testing"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/locate"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

// Of four planners who publish one village at once one wins and the others hear who;
// of four villages all; and whoever reads meanwhile sees one division or the other.
func TestPlannersWhoPublishAtOnce(t *testing.T) {
	rows, err := races().Run(t.Context(), lab(t, Smoke))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 8 {
		t.Fatalf("%d rows, want 8", len(rows))
	}
	for _, r := range rows {
		t.Logf("%s: %g %s, want %s; %s", r.Name, r.Ours, r.Unit, r.Target, r.Notes)
		if r.Met != nil && !*r.Met {
			t.Errorf("%s: %g %s, want %s; %s", r.Name, r.Ours, r.Unit, r.Target, r.Notes)
		}
	}
}

// The test above must be able to fail.
func TestAMixtureIsNoticed(t *testing.T) {
	before := newCounty(8).withVillages(4)
	v := spot{1, 0}
	after := before.redrawnIn(v, 7)
	const drawing = "drawn 7"
	w := &watch{known: map[string]*locate.Index{"": locate.Build(before.grids()), drawing: locate.Build(after.grids())}}
	p := watched{village: v.code()}
	for _, at := range before.points(10_000) { // one that changes hands
		if codeAt(w.known[""], at) != codeAt(w.known[drawing], at) {
			p.at = at
			break
		}
	}
	was, is := codeAt(w.known[""], p.at), codeAt(w.known[drawing], p.at)
	if was == "" || was == is {
		t.Fatal("no place changes hands")
	}
	unit := func(code, name string) grid.Unit { return grid.Unit{Code: code, Name: name} }
	tests := []struct {
		name  string
		of    grid.Unit
		home  string
		grids []grid.Unit
		fits  bool
	}{
		{"before", unit(was, was), was, []grid.Unit{unit(was, was), unit(is, is)}, true},
		{"after", unit(is, drawing), is, []grid.Unit{unit(was, drawing), unit(is, drawing)}, true},
		{"the old border under the new name", unit(was, drawing), was, nil, false},
		{"the new border under the old name", unit(is, is), is, nil, false},
		{"the household stayed behind", unit(is, drawing), was, nil, false},
		{"the household went ahead", unit(was, was), is, nil, false},
		{"a neighbour stayed behind", unit(is, drawing), is, []grid.Unit{unit(is, drawing), unit(was, was)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := w.mixture(p, tt.of, tt.home, tt.grids); (got == "") != tt.fits {
				t.Errorf("mixture says %q, fits = %v", got, tt.fits)
			}
		})
	}
}

func TestWhatIsHalfDoneIsNoticed(t *testing.T) {
	c := newCounty(4).withVillages(2)
	b, err := newImportBench(t.Context(), lab(t, Smoke), c, 200)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if _, err := b.first(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := b.branch(t.Context(), c.redrawnIn(spot{}, 7), spot{})
	if err != nil {
		t.Fatal(err)
	}
	left := func(want string, drafts []plan.Plan, errs []error) {
		t.Helper()
		wrong, err := b.halfDone(t.Context(), c, drafts, errs)
		if err != nil || (len(wrong) > 0) != (want != "") {
			t.Errorf("half done: %v, %v; want %s", wrong, err, want)
		}
	}
	lost := []error{errors.New("lost")}
	left("", []plan.Plan{p}, lost)
	left("a plan that won and is a draft", []plan.Plan{p}, []error{nil})
	var id int64
	var at geo.Point
	if err := b.pool.QueryRow(t.Context(), `UPDATE household_unit SET valid_to = valid_from + 1 WHERE household_id = (SELECT min(id) FROM household) RETURNING household_id`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	left("a household without a unit", []plan.Plan{p}, lost)
	if err := b.pool.QueryRow(t.Context(), `
		UPDATE household_unit SET valid_to = NULL, unit_id = (SELECT id FROM unit WHERE code = $2) WHERE household_id = $1
		RETURNING (SELECT point FROM household WHERE id = $1)`, id, townCode).Scan(&at); err != nil {
		t.Fatal(err)
	}
	left("a household of another unit", []plan.Plan{p}, lost)
}

func TestWhoHearsNothingIsNoticed(t *testing.T) {
	won := []plan.Plan{{ID: 7, Base: &plan.Base{Code: "990101001001"}}}
	place := func(pointer, detail string) error {
		return plan.ErrStale.With(fault.Place{Pointer: pointer, Detail: detail})
	}
	by := fmt.Sprintf("x, published by %s at …, decides 990101001001", staff.System.Name)
	tests := []struct {
		name  string
		err   error
		heard bool
	}{
		{"who won", place("plan 7", by), true},
		{"another plan", place("plan 8", by), false},
		{"not by whom", place("plan 7", "decides 990101001001"), false},
		{"nothing", plan.ErrStale, false},
		{"another fault", plan.ErrNotDraft, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := namesAWinner(tt.err, won); got != tt.heard {
				t.Errorf("heard = %v, want %v", got, tt.heard)
			}
		})
	}
}
