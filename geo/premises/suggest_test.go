package premises_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/beat"
	"wangge/geo/grid"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/premises"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/track"
	"wangge/geo/walk"
)

// board is a network of streets from west to east and from south to north, a tenth of a
// unit's side apart, over columns and rows 0 to 4 at the south-west of the first unit;
// without the streets that a river takes away: those that cross from row 1 to row 2, but
// for the bridge at column 4.
func board(t *testing.T) *walk.Network {
	t.Helper()
	var source walk.Source
	at := func(x, y int) geo.Point { return ledgertest.At(.1+float64(x)/10, .1+float64(y)/10) }
	street := func(x, y, toX, toY int) {
		source.Streets = append(source.Streets, walk.Street{ID: int64(len(source.Streets) + 1), Kind: "residential",
			Nodes: []int64{int64(10*y + x + 1), int64(10*toY + toX + 1)}, Line: []geo.Point{at(x, y), at(toX, toY)}})
	}
	for y := range 5 {
		for x := range 5 {
			if x < 4 {
				street(x, y, x+1, y)
			}
			if y < 4 && (y != 1 || x == 4) {
				street(x, y, x, y+1)
			}
		}
	}
	n, _, err := walk.Build(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// middle is a place on a street, south of the river: three tenths of the way along it.
func middle() orb.Point { return ledgertest.At(.13, .1).Degrees() }

func TestASuggestedBeatGoesWhereNobodyWasForLongest(t *testing.T) {
	f := newField(t)
	n := board(t)
	paths := func(context.Context) (*walk.Network, error) { return n, nil }
	ctx, worker := f.worker(0)
	today := day("2026-03-01")
	// All was seen today but the street in the far north-west, which was not for 60 days.
	for e := range int32(n.Edges()) {
		line := n.Line(e)
		far := line[0].Y == ledgertest.At(0, .5).Y && line[len(line)-1].Y == line[0].Y && min(line[0].X, line[len(line)-1].X) == ledgertest.At(.1, 0).X
		for nth := range track.Parts(n, e) {
			on := today
			if far {
				on = day("2025-12-31")
			}
			if _, err := f.db.Exec(t.Context(), `INSERT INTO seen_part (day, part, teams) VALUES ($1, $2, 1)`, on, int64(track.Part{Edge: e, Nth: nth}.Key(n))); err != nil {
				t.Fatal(err)
			}
		}
	}
	ask := premises.Ask{Unit: first, From: middle(), Minutes: 40, KmH: 4}
	got, err := premises.Suggest(ctx, f.app, f.db, paths, worker, ask, today)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(got.Legs, func(l premises.Leg) bool { return l.Days != nil && *l.Days == 60 })
	if i < 0 || got.Minutes > 40 || got.Unseen != 0 || got.Share <= 0 || got.Share > 1 {
		t.Errorf("%+v; want the street that was not seen for 60 days, within 40 minutes", got)
	}
	if !near(got.Line[0], middle()) || !near(got.Line[len(got.Line)-1], middle()) {
		t.Errorf("from %v to %v, want to start and end in the middle of the street at %v", got.Line[0], got.Line[len(got.Line)-1], middle())
	}
	// The river is crossed at the bridge only.
	bridge := false
	for k := 1; k < len(got.Line); k++ {
		a, b := got.Line[k-1], got.Line[k]
		if a[1] > ledgertest.At(0, .25).Degrees()[1] != (b[1] > ledgertest.At(0, .25).Degrees()[1]) {
			bridge = true
			if math.Abs(a[0]-ledgertest.At(.5, 0).Degrees()[0]) > 1e-6 {
				t.Errorf("the river is crossed at %v", a)
			}
		}
	}
	if !bridge {
		t.Error("the river was not crossed")
	}
	// With no time to get there nothing is worth the way, and it says so.
	ask.Minutes = 10
	if got, err := premises.Suggest(ctx, f.app, f.db, paths, worker, ask, today); err != nil || got.Share < 0 || got.Minutes > 10 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestASuggestedBeatFillsTheTimeWithStreetsNobodySaw(t *testing.T) {
	f := newField(t)
	n := board(t)
	paths := func(context.Context) (*walk.Network, error) { return n, nil }
	ctx, worker := f.worker(0)
	to := ledgertest.At(.5, .17).Degrees()
	ask := premises.Ask{Unit: first, From: middle(), To: &to, Minutes: 30}
	got, err := premises.Suggest(ctx, f.app, f.db, paths, worker, ask, day("2026-03-01"))
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, l := range got.Legs {
		total += l.Metres
		if l.Days != nil {
			t.Errorf("a street that nobody saw: %d days", *l.Days)
		}
	}
	if got.Minutes > 30 || got.Minutes < 25 || math.Abs(total-got.Metres) > 5 || got.Unseen < .8*got.Metres || got.Share < .8 {
		t.Errorf("%v min, %v m in legs of %v m, %v m of them new, share %v; want the time used for what nobody saw", got.Minutes, got.Metres, total, got.Unseen, got.Share)
	}
	if !near(got.Line[len(got.Line)-1], to) {
		t.Errorf("ends at %v, want %v", got.Line[len(got.Line)-1], to)
	}
	again, err := premises.Suggest(ctx, f.app, f.db, paths, worker, ask, day("2026-03-01"))
	if err != nil || !slices.Equal(again.Line, got.Line) {
		t.Errorf("the same question has another answer, %v", err)
	}
	// Both ends on one street, the end before the start: it is cut twice.
	from, end := ledgertest.At(.18, .1).Degrees(), ledgertest.At(.12, .1).Degrees()
	back, err := premises.Suggest(ctx, f.app, f.db, paths, worker, premises.Ask{Unit: first, From: from, To: &end, Minutes: 15}, day("2026-03-01"))
	if err != nil || !near(back.Line[0], from) || !near(back.Line[len(back.Line)-1], end) {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestASuggestedBeatStartsOnAStreetThatIsTooLongToBeWalked(t *testing.T) {
	f := newField(t)
	a, b, c := ledgertest.At(.1, .1), ledgertest.At(.9, .1), ledgertest.At(.1, .2)
	n, _, err := walk.Build(t.Context(), walk.Source{Streets: []walk.Street{
		{ID: 1, Kind: "residential", Nodes: []int64{1, 2}, Line: []geo.Point{a, b}},
		{ID: 2, Kind: "residential", Nodes: []int64{1, 3}, Line: []geo.Point{a, c}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, worker := f.worker(0)
	paths := func(context.Context) (*walk.Network, error) { return n, nil }
	ask := premises.Ask{Unit: first, From: ledgertest.At(.11, .1).Degrees(), Minutes: 10}
	got, err := premises.Suggest(ctx, f.app, f.db, paths, worker, ask, day("2026-03-01"))
	if err != nil || len(got.Legs) != 4 || got.Metres < 180 {
		t.Errorf("%+v, %v; want to the corner, up the other street and back", got, err)
	}
}

func TestASuggestionThatCannotBeIsRefused(t *testing.T) {
	f := newField(t)
	n := board(t)
	paths := func(context.Context) (*walk.Network, error) { return n, nil }
	ctx, worker := f.worker(0)
	nowhere, across := ledgertest.At(5, 5).Degrees(), ledgertest.At(.1, .5).Degrees()
	for _, tt := range []struct {
		name   string
		change func(*premises.Ask)
		want   error
	}{
		{"no time", func(a *premises.Ask) { a.Minutes = 0 }, premises.ErrAsk},
		{"no number", func(a *premises.Ask) { a.Minutes = math.NaN() }, premises.ErrAsk},
		{"at a run", func(a *premises.Ask) { a.KmH = 20 }, premises.ErrAsk},
		{"from no place", func(a *premises.Ask) { a.From = orb.Point{500, 0} }, premises.ErrAsk},
		{"from where no street is", func(a *premises.Ask) { a.From = nowhere }, premises.ErrOffStreet},
		{"too far", func(a *premises.Ask) { a.To, a.Minutes = &across, 5 }, beat.ErrTooShort},
		{"of a unit there is not", func(a *premises.Ask) { a.Unit = "none" }, grid.ErrUnknownUnit},
		{"of another's unit", func(a *premises.Ask) { a.Unit = second }, grid.ErrUnknownUnit},
	} {
		ask := premises.Ask{Unit: first, From: middle(), Minutes: 20}
		tt.change(&ask)
		if _, err := premises.Suggest(ctx, f.app, f.db, paths, worker, ask, day("2026-03-01")); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	public, nobody := stafftest.Hold(t, f.db, staff.DepartmentOfficer, f.units[1])
	if _, err := premises.Suggest(public, f.app, f.db, paths, nobody, premises.Ask{Unit: first, From: middle(), Minutes: 20}, day("2026-03-01")); !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("from outside: %v", err)
	}
}

func near(a, b orb.Point) bool { return math.Abs(a[0]-b[0])+math.Abs(a[1]-b[1]) < 3e-7 }
