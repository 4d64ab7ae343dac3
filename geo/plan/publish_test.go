package plan_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

// county is a board of villages in two towns, with crooked borders, two grids in each
// village, and households everywhere. A village is some 20 km wide, so that those
// apart do not share a place.
type county struct {
	db      *pgxpool.Pool
	random  *rand.Rand
	corners [][]geo.Point
	serial  int
	on      geo.Day
}

const (
	countyCols, countyRows = 4, 2 // the two western columns are one town, the eastern ones another
	countyCell             = 200_000
)

func newCounty(t *testing.T, seed uint64, households int) *county {
	t.Helper()
	c := &county{db: pgtest.Database(t), random: rand.New(rand.NewPCG(seed, 7)), on: day(t, "2020-01-01")}
	for x := range countyCols + 1 {
		var column []geo.Point
		for y := range countyRows + 1 {
			p := geo.Point{X: 1_150_000_000 + int32(x)*countyCell, Y: 300_000_000 + int32(y)*countyCell}
			if x > 0 && x < countyCols {
				p.X += 100 * (c.random.Int32N(201) - 100)
			}
			if y > 0 && y < countyRows {
				p.Y += 100 * (c.random.Int32N(201) - 100)
			}
			column = append(column, p)
		}
		c.corners = append(c.corners, column)
	}
	var towns, villages []plan.Record
	for town := range 2 {
		var ring geo.Ring
		first := town * countyCols / 2
		for x := first; x <= first+countyCols/2; x++ {
			ring = append(ring, c.corners[x][0])
		}
		for y := 1; y < countyRows; y++ {
			ring = append(ring, c.corners[first+countyCols/2][y])
		}
		for x := first + countyCols/2; x >= first; x-- {
			ring = append(ring, c.corners[x][countyRows])
		}
		for y := countyRows - 1; y > 0; y-- {
			ring = append(ring, c.corners[first][y])
		}
		towns = append(towns, plan.Record{Code: townCode(town), Name: townCode(town), Area: geo.MultiPolygon{{ring}}})
	}
	for x := range countyCols {
		for y := range countyRows {
			villages = append(villages, plan.Record{Code: villageCode(x, y), Name: villageCode(x, y), Parent: townCode(x / (countyCols / 2)),
				Area: geo.MultiPolygon{{{c.corners[x][y], c.corners[x+1][y], c.corners[x+1][y+1], c.corners[x][y+1]}}}})
		}
	}
	publish(t, c.db, draftOf(t, c.db, "town", c.on.String(), towns...), c.on.String())
	publish(t, c.db, draftOf(t, c.db, "village", c.on.String(), villages...), c.on.String())
	for x := range countyCols {
		for y := range countyRows {
			publish(t, c.db, c.split(t, x, y), c.on.String())
		}
	}
	c.settle(t, households)
	return c
}

func townCode(n int) string { return fmt.Sprintf("99010100%d", n+1) }
func villageCode(x, y int) string {
	return fmt.Sprintf("%s%03d", townCode(x/(countyCols/2)), x*countyRows+y+1)
}

// split is a draft that divides a village by a new line from its southern to its
// northern border, into units that are new.
func (c *county) split(t *testing.T, x, y int) plan.Plan {
	t.Helper()
	between := func(a, b geo.Point) geo.Point { // corners lie on hundreds: this is exactly on the border
		part := 20 + c.random.Int32N(61)
		return geo.Point{X: a.X + (b.X-a.X)/100*part, Y: a.Y + (b.Y-a.Y)/100*part}
	}
	sw, se, ne, nw := c.corners[x][y], c.corners[x+1][y], c.corners[x+1][y+1], c.corners[x][y+1]
	south, north := between(sw, se), between(nw, ne)
	var records []plan.Record
	for _, area := range []geo.Ring{{sw, south, north, nw}, {south, se, ne, north}} {
		c.serial++
		code := fmt.Sprintf("%s%05d", villageCode(x, y), c.serial)
		records = append(records, plan.Record{Code: code, Name: code, Parent: villageCode(x, y), Area: geo.MultiPolygon{{area}}})
	}
	return draftOf(t, c.db, "grid", c.on.String(), records...)
}

// renamed is a draft of the villages of a town as they are, with other names.
func (c *county) renamed(t *testing.T, town int) plan.Plan {
	t.Helper()
	list, err := grid.AllInForce(t.Context(), c.db, c.on)
	if err != nil {
		t.Fatal(err)
	}
	var records []plan.Record
	for _, b := range list {
		if b.Level == "village" && strings.HasPrefix(b.Code, townCode(town)) {
			c.serial++
			records = append(records, plan.Record{Code: b.Code, Name: fmt.Sprintf("%s-%d", b.Code, c.serial), Parent: townCode(town), Area: b.Area})
		}
	}
	return draftOf(t, c.db, "village", c.on.String(), records...)
}

func (c *county) settle(t *testing.T, n int) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), c.db, func(tx pgx.Tx) error {
		var ids []int64
		for i := range n {
			at := geo.Point{X: 1_150_000_000 + c.random.Int32N(countyCols*countyCell), Y: 300_000_000 + c.random.Int32N(countyRows*countyCell)}
			if i%10 == 0 { // on a corner, where up to four villages meet
				at = c.corners[c.random.IntN(countyCols+1)][c.random.IntN(countyRows+1)]
			}
			var id int64
			if err := tx.QueryRow(t.Context(), `INSERT INTO household (source, source_id, point, cell) VALUES ('t', $1, $2, 1) RETURNING id`, fmt.Sprint(i), at).Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return ledger.Households.Assign(t.Context(), tx, ids)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// check proves that units tile exactly and everybody has one responsible unit, the
// one of the rule in SQL.
func (c *county) check(t *testing.T) {
	t.Helper()
	checkTiling(t, c.db, c.on.String())
	var incomplete, twice, wrong int
	err := c.db.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM boundary b JOIN unit u ON u.id = b.unit_id
		        WHERE u.level <> 'grid' AND b.state <> 'complete' AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)),
		       (SELECT count(*) FROM household h WHERE (SELECT count(*) FROM household_unit o WHERE o.household_id = h.id AND o.valid_to IS NULL) <> 1),
		       (SELECT count(*) FROM household h JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL WHERE o.unit_id <> unit_at(h.point, $1))`,
		c.on).Scan(&incomplete, &twice, &wrong)
	if err != nil {
		t.Fatal(err)
	}
	if incomplete > 0 || twice > 0 || wrong > 0 {
		t.Errorf("on %s: %d units are not complete, %d households have not one unit, %d have another one than the map says", c.on, incomplete, twice, wrong)
	}
}

// race publishes drafts at once and returns what became of each.
func (c *county) race(t *testing.T, drafts []plan.Plan) []error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	errs := make([]error, len(drafts))
	var all sync.WaitGroup
	for i, p := range drafts {
		all.Go(func() { _, errs[i] = plan.Publish(ctx, c.db, staff.Local, p.ID, p.Revision, c.on, quiet) })
	}
	all.Wait()
	return errs
}

func (c *county) tomorrow(t *testing.T) {
	t.Helper()
	c.on = geo.DayOf(c.on.Start().Add(36 * time.Hour))
}

func TestPlansOfUnitsApartArePublishedSideBySide(t *testing.T) {
	c := newCounty(t, 1, 400)
	for round := range 3 { // neighbours too: their borders meet the same border
		c.tomorrow(t)
		drafts := []plan.Plan{c.split(t, 0, 0), c.split(t, 0, 1), c.split(t, 1, round%2), c.split(t, 3, round%2)}
		for i, err := range c.race(t, drafts) {
			if err != nil {
				t.Errorf("plan %d: %v", i, err)
			}
		}
		c.check(t)
	}
}

func TestOfSeveralPlansOfOneUnitOneWinsAndTheOthersHearWhich(t *testing.T) {
	c := newCounty(t, 2, 100)
	c.tomorrow(t)
	drafts := []plan.Plan{c.split(t, 1, 1), c.split(t, 1, 1), c.split(t, 1, 1), c.split(t, 1, 1)}
	errs := c.race(t, drafts)
	won := slices.Index(errs, nil)
	if won < 0 {
		t.Fatalf("nobody won: %v", errs)
	}
	for i, err := range errs {
		if i == won {
			continue
		}
		f := fault.Of(err)
		if !errors.Is(err, plan.ErrStale) || len(f.Places) != 1 || f.Places[0].Pointer != fmt.Sprintf("plan %d", drafts[won].ID) ||
			!strings.Contains(f.Places[0].Detail, "by local") || !strings.Contains(f.Places[0].Detail, villageCode(1, 1)) {
			t.Errorf("plan %d: %v %+v, want %v by plan %d", drafts[i].ID, err, f, plan.ErrStale, drafts[won].ID)
		}
	}
	c.check(t)

	// Whoever has seen what overtook the draft may keep it.
	lost := drafts[(won+1)%len(drafts)]
	c.tomorrow(t)
	renewed, err := plan.Renew(t.Context(), c.db, staff.Local, lost.ID, lost.Revision)
	if err != nil {
		t.Fatal(err)
	}
	publish(t, c.db, renewed, c.on.String())
	c.check(t)
}

func TestAPlanConflictsWithThoseAboveAndBelow(t *testing.T) {
	c := newCounty(t, 3, 50)
	c.tomorrow(t)
	above, below, apart := c.renamed(t, 0), c.split(t, 0, 0), c.split(t, 3, 0)
	publish(t, c.db, below, c.on.String())
	if errs := c.race(t, []plan.Plan{above, apart}); !errors.Is(errs[0], plan.ErrStale) || errs[1] != nil {
		t.Errorf("the town after its village: %v, a village of another town: %v; want %v and none", errs[0], errs[1], plan.ErrStale)
	}
	c.tomorrow(t)
	above, below = c.renamed(t, 0), c.split(t, 0, 0)
	publish(t, c.db, above, c.on.String())
	if errs := c.race(t, []plan.Plan{below}); !errors.Is(errs[0], plan.ErrStale) {
		t.Errorf("the village after its town: %v, want %v", errs[0], plan.ErrStale)
	}
	c.check(t)
}

// TestAnyRaceEndsWithWinnersThatAgree publishes at random, four at a time: the winners
// do not conflict, each loser conflicts with a winner, and nobody waits for ever.
func TestAnyRaceEndsWithWinnersThatAgree(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	c := newCounty(t, 4, 200)
	for round := range rounds {
		c.tomorrow(t)
		type entry struct{ town, village int } // village -1 = all of the town
		var entries []entry
		var drafts []plan.Plan
		for range 4 {
			if c.random.IntN(8) == 0 {
				town := c.random.IntN(2)
				entries, drafts = append(entries, entry{town, -1}), append(drafts, c.renamed(t, town))
				continue
			}
			x, y := c.random.IntN(countyCols), c.random.IntN(countyRows)
			entries, drafts = append(entries, entry{x / (countyCols / 2), x*countyRows + y}), append(drafts, c.split(t, x, y))
		}
		conflict := func(a, b entry) bool {
			return a.town == b.town && (a.village == b.village || a.village < 0 || b.village < 0)
		}
		errs := c.race(t, drafts)
		for i, err := range errs {
			beaten := false
			for j := range errs {
				beaten = beaten || i != j && errs[j] == nil && conflict(entries[i], entries[j])
			}
			if err == nil == beaten || err != nil && !errors.Is(err, plan.ErrStale) {
				t.Fatalf("round %d: %+v ends with %v among %+v %v", round, entries[i], err, entries, errs)
			}
		}
		if round%5 == 4 || t.Failed() {
			c.check(t)
		}
	}
}

// Branches of the plan in force know from where they were drawn, also when their land
// was drawn by others meanwhile.
func TestOfTwoBranchesOneWinsAndABranchAboveIsOvertaken(t *testing.T) {
	c := newCounty(t, 5, 50)
	c.on = grid.Today()
	branch := func(base string) plan.Plan {
		t.Helper()
		p, err := plan.NewBranch(t.Context(), c.db, staff.Local, plan.Branch{Name: base, Base: base, Day: c.on})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first, second, town, apart := branch(villageCode(0, 0)), branch(villageCode(0, 0)), branch(townCode(0)), branch(villageCode(3, 1))
	publish(t, c.db, first, c.on.String())
	errs := c.race(t, []plan.Plan{second, town, apart})
	if !errors.Is(errs[0], plan.ErrStale) || !errors.Is(errs[1], plan.ErrStale) || errs[2] != nil {
		t.Errorf("the same village: %v, its town: %v, another village: %v; want %v twice and none", errs[0], errs[1], errs[2], plan.ErrStale)
	}
	c.check(t)
}
