package incident_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/grid"
	"wangge/geo/hotspot"
	"wangge/geo/incident"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

const village = "310115001001"

// case311 is a village of four micro-grids with incidents and households of
// October 2026, and an analyst who acts behind both walls.
type case311 struct {
	t       *testing.T
	pool    *pgxpool.Pool // passes every wall
	app     pg.DB
	analyst *incident.Analyst
	grids   []int64
	village int64
	n       int
}

var november = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func day(t testing.TB, text string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newCase(t *testing.T) *case311 {
	dsn := pgtest.DSN(t)
	owner := pgtest.As(t, dsn, "")
	c := &case311{t: t, pool: owner, app: pg.NewActing(pgtest.As(t, dsn, pg.RoleApp)), grids: ledgertest.Town(t, owner, 2)}
	c.analyst = incident.NewAnalyst(c.app, pgtest.As(t, dsn, pg.RoleReader))
	if err := owner.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = $1`, village).Scan(&c.village); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *case311) exec(sql string, args ...any) {
	c.t.Helper()
	if _, err := c.pool.Exec(c.t.Context(), sql, args...); err != nil {
		c.t.Fatalf("%s: %v", sql, err)
	}
}

// report puts n incidents at a place, reported at an instant, closed after two days.
func (c *case311) report(n int, x, y float64, category string, at time.Time) {
	c.t.Helper()
	p := ledgertest.At(x, y)
	c.exec(`INSERT INTO incident (source, source_id, category, state, reported_at, closed_at, point, cell)
		SELECT 't', $1::int + n, $2, 'closed', $3, $4, $5, $6 FROM generate_series(1, $7) n`, c.n, category, at, at.Add(48*time.Hour), p, int64(cell.At(p)), n)
	c.n += n
}

// settle puts n households into a grid.
func (c *case311) settle(n, at int, x, y float64) {
	c.t.Helper()
	p := ledgertest.At(x, y)
	c.exec(`WITH made AS (INSERT INTO household (source, source_id, point, cell) SELECT 't', $1::int + n, $2, $3 FROM generate_series(1, $5) n RETURNING id)
		INSERT INTO household_unit (household_id, unit_id, valid_from) SELECT id, $4, '2024-01-01' FROM made`, c.n, p, int64(cell.At(p)), c.grids[at], n)
	c.n += n
}

func (c *case311) question(unit string) incident.Question {
	return incident.Question{From: day(c.t, "2026-10-01"), To: day(c.t, "2026-11-01"), On: day(c.t, "2026-11-20"), Unit: unit}
}

// october is an hour of a day in China.
func october(d, hour int) time.Time {
	return time.Date(2026, 10, d, hour, 30, 0, 0, time.FixedZone("Asia/Shanghai", 8*3600))
}

func value(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

func byUnit(a incident.UnitCounts) map[string]incident.UnitCount {
	m := map[string]incident.UnitCount{}
	for _, u := range a.Items {
		m[u.Unit[len(village):]] = u
	}
	return m
}

func TestUnitsAreCountedByPlaceAndPerHousehold(t *testing.T) {
	c := newCase(t)
	c.report(40, 0.5, 0.5, "0102", october(5, 9))
	c.report(60, 1.5, 0.5, "0402", october(6, 9))
	c.report(7, 0.5, 1.5, "0402", october(6, 9))
	c.report(90, 1.5, 1.5, "0402", time.Date(2026, 11, 1, 0, 0, 0, 0, time.FixedZone("", 8*3600))) // the first instant that is November in China
	c.report(50, 5, 5, "0402", october(6, 9))                                                      // in no unit
	c.settle(100, 0, 0.5, 0.5)
	c.settle(50, 1, 1.5, 0.5)
	c.settle(31, 2, 0.5, 1.5)
	ctx, dispatcher := stafftest.Hold(t, c.pool, staff.Dispatcher, c.village)
	a, err := c.analyst.Units(ctx, dispatcher, c.question(""), "micro-grid", november)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Exact || a.Step != 0 || value(a.Incidents) != 107 || value(a.Elsewhere) != 0 || !a.Enough || len(a.Items) != 4 {
		t.Errorf("%+v", a.Scope)
	}
	units := byUnit(a)
	for code, want := range map[string]struct {
		incidents, households int
		rate                  float64
		rank                  int
	}{"001": {40, 100, 40, 2}, "002": {60, 50, 120, 1}, "003": {7, 31, 0, -1}, "004": {0, 0, 0, -1}} {
		u := units[code]
		got := 0.0
		if u.Rate != nil {
			got = u.Rate.Value
		}
		if value(u.Incidents) != want.incidents || value(u.Households) != want.households || got != want.rate || value(u.Rank) != want.rank {
			t.Errorf("%s = %+v, rate %v, want %+v", code, u, got, want)
		}
	}
	if u := units["001"]; u.MedianDays == nil || *u.MedianDays != 2 || units["003"].MedianDays != nil {
		t.Errorf("medians %+v, %+v", u.MedianDays, units["003"].MedianDays)
	}
	q := c.question(village + "002")
	if a, err = c.analyst.Units(ctx, dispatcher, q, "micro-grid", november); err != nil || value(a.Incidents) != 60 || len(a.Items) != 1 {
		t.Errorf("one grid: %+v, %v", a, err)
	}
	q = c.question(village)
	q.Category, q.Sample = "01", 41
	if a, err = c.analyst.Units(ctx, dispatcher, q, "", november); err != nil || value(a.Incidents) != 40 || a.Enough || byUnit(a)["001"].Rate != nil {
		t.Errorf("a class, with a larger sample: %+v, %v", a, err)
	}
}

func TestIncidentsAreRestatedOnTheUnitsOfAnyDay(t *testing.T) {
	c := newCase(t)
	c.report(40, 0.5, 0.5, "0102", october(5, 9))
	c.report(35, 0.9, 0.5, "0102", october(5, 9))
	// From 10 November on the second grid reaches to x = 0.8.
	c.exec(`UPDATE boundary SET valid_to = '2026-11-10' WHERE unit_id = ANY ($1)`, c.grids[:2])
	for i, x := range [][2]float64{{0, 0.8}, {0.8, 2}} {
		low, high := ledgertest.At(x[0], 0), ledgertest.At(x[1], 1)
		area := geo.MultiPolygon{{{low, {X: high.X, Y: low.Y}, high, {X: low.X, Y: high.Y}}}}
		c.exec(`INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
			SELECT $1, $2, max(id), 'redrawn', '2026-11-10', 1, $3, $4 FROM plan`, c.grids[i], c.village, ledgertest.At(0.5, 0.5), area)
	}
	ctx, dispatcher := stafftest.Hold(t, c.pool, staff.Dispatcher, c.village)
	q := c.question(village)
	for on, want := range map[string][2]int{"2026-11-09": {75, 0}, "2026-11-10": {40, 35}} {
		q.On = day(t, on)
		a, err := c.analyst.Units(ctx, dispatcher, q, "", november)
		if units := byUnit(a); err != nil || value(units["001"].Incidents) != want[0] || value(units["002"].Incidents) != want[1] {
			t.Errorf("on %s: %+v, %v; want %v", on, units, err, want)
		}
	}
	q.On = day(t, "2023-12-31")
	if _, err := c.analyst.Units(ctx, dispatcher, q, "", november); !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("before there was any unit: %v", err)
	}
}

func TestTimesAreThoseOfChina(t *testing.T) {
	c := newCase(t)
	c.report(3, 0.5, 0.5, "0102", october(5, 0))                                       // Monday, 00:30 in China, Sunday elsewhere
	c.report(2, 0.5, 0.5, "0102", october(11, 23))                                     // the Sunday after
	c.report(1, 0.5, 0.5, "Graffiti", time.Date(2026, 10, 31, 15, 59, 0, 0, time.UTC)) // a minute before November in China
	ctx, dispatcher := stafftest.Hold(t, c.pool, staff.Dispatcher, c.village)
	m, err := c.analyst.Matrix(ctx, dispatcher, c.question(""), november)
	if err != nil || m.Hours != 1 || len(m.Items) != 168 {
		t.Fatalf("%+v, %v", m, err)
	}
	for i, want := range map[int]int{0: 3, 6*24 + 23: 2, 5*24 + 23: 1, 24: 0} {
		if got := m.Items[i]; value(got.Incidents) != want || got.Weekday != i/24+1 || got.Hour != i%24 {
			t.Errorf("slot %d = %+v with %d, want %d", i, got, value(got.Incidents), want)
		}
	}
	for by, want := range map[string][]int{
		incident.Weekly:  {0, 5, 0, 0, 1},
		incident.Monthly: {6},
	} {
		trend, err := c.analyst.Trend(ctx, dispatcher, c.question(""), by, november)
		var got []int
		for _, s := range trend.Items {
			got = append(got, value(s.Incidents))
		}
		if err != nil || !reflect.DeepEqual(got, want) || trend.Items[0].From != day(t, "2026-10-01") || trend.Items[len(got)-1].To != day(t, "2026-11-01") {
			t.Errorf("by %s: %v, %v, want %v", by, got, err, want)
		}
		if list := trend.Categories; len(list) != 2 || list[0].Category != "" || value(list[0].Incidents) != 1 || list[1].Category != "01" || list[1].TitleZh == "" || list[1].MedianDays != nil {
			t.Errorf("categories %+v", list)
		}
	}
	days, err := c.analyst.Trend(ctx, dispatcher, c.question(""), incident.Daily, november)
	if err != nil || len(days.Items) != 31 || value(days.Items[4].Incidents) != 3 {
		t.Errorf("by day: %d, %v", len(days.Items), err)
	}
}

// Who may only count sees what is rounded, and by every way the same.
func TestWithoutPlacesCountsAreRoundedInEveryAnswer(t *testing.T) {
	c := newCase(t)
	c.report(1, 0.5, 0.5, "0102", october(5, 9))
	c.report(64, 1.5, 0.5, "0402", october(6, 9))
	c.report(7, 0.5, 1.5, "0402", october(6, 9))
	ctx, analyst := stafftest.Hold(t, c.pool, staff.Analyst, c.village)
	q := c.question(village)
	units, err := c.analyst.Units(ctx, analyst, q, "", november)
	if err != nil {
		t.Fatal(err)
	}
	if units.Exact || units.Step != 10 || units.Elsewhere != nil {
		t.Errorf("%+v", units.Scope)
	}
	var numbers []int
	add := func(n *int) {
		if n != nil {
			numbers = append(numbers, *n)
		}
	}
	add(units.Incidents)
	for _, u := range units.Items {
		add(u.Incidents)
		if u.Exact || u.Households != nil || u.Rate != nil {
			t.Errorf("%+v", u) // no households are published
		}
	}
	if n := value(byUnit(units)["004"].Incidents); n != -1 {
		t.Errorf("a unit without incidents shows %d: none is told from few", n)
	}
	if n := value(byUnit(units)["002"].Incidents); n != 60 && n != 70 {
		t.Errorf("64 are shown as %d", n)
	}
	cells, err := c.analyst.Cells(ctx, analyst, q, 9, november)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range cells.Items {
		numbers = append(numbers, one.Incidents)
	}
	matrix, err := c.analyst.Matrix(ctx, analyst, q, november)
	if err != nil || matrix.Hours != 4 || len(matrix.Items) != 42 {
		t.Fatalf("%+v, %v", matrix, err)
	}
	for _, s := range matrix.Items {
		add(s.Incidents)
	}
	trend, err := c.analyst.Trend(ctx, analyst, q, incident.Monthly, november)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range trend.Items {
		add(s.Incidents)
	}
	for _, s := range trend.Categories {
		add(s.Incidents)
	}
	if len(numbers) < 6 {
		t.Errorf("only %v are shown", numbers)
	}
	for _, n := range numbers {
		if n == 0 || n%10 != 0 {
			t.Errorf("%d is shown, no multiple of 10", n)
		}
	}
	// The same incidents, asked for by unit, by trend and by category.
	if a, b := value(units.Incidents), value(trend.Items[0].Incidents); a != b || a != value(trend.Incidents) {
		t.Errorf("all of October are %d and %d", a, b)
	}
	again, err := c.analyst.Units(ctx, analyst, q, "", november)
	if err != nil || !reflect.DeepEqual(again, units) {
		t.Errorf("asked again: %+v, %v", again, err)
	}
}

func TestWithoutPlacesOnlyCoarseQuestionsAreAnswered(t *testing.T) {
	c := newCase(t)
	c.report(64, 1.5, 0.5, "0402", october(6, 9))
	ctx, analyst := stafftest.Hold(t, c.pool, staff.Analyst, c.village)
	units := func(change func(*incident.Question)) error {
		q := c.question("")
		change(&q)
		_, err := c.analyst.Units(ctx, analyst, q, "", november)
		return err
	}
	trend := func(from, to, by string) error {
		q := c.question("")
		q.From, q.To = day(t, from), day(t, to)
		_, err := c.analyst.Trend(ctx, analyst, q, by, november)
		return err
	}
	finest := func() error {
		_, err := c.analyst.Cells(ctx, analyst, c.question(""), 10, november)
		return err
	}
	spots := func(resolution int, measure string) error {
		_, err := c.analyst.HotSpots(ctx, analyst, incident.SpotQuestion{Question: c.question(village), Resolution: resolution, Rings: 1, Measure: measure}, november)
		return err
	}
	period := func(from, to string) func(*incident.Question) {
		return func(q *incident.Question) { q.From, q.To = day(t, from), day(t, to) }
	}
	for _, tt := range []struct {
		name string
		err  error
		want error
	}{
		{"a month", units(func(*incident.Question) {}), nil},
		{"a week", units(period("2026-11-09", "2026-11-16")), nil},
		{"two days", units(period("2026-10-01", "2026-10-03")), incident.ErrCoarse},
		{"a month and a day", units(period("2026-09-30", "2026-11-01")), incident.ErrCoarse},
		{"two months", units(period("2026-09-01", "2026-11-01")), incident.ErrCoarse},
		{"a month that is not over", units(period("2026-11-01", "2026-12-01")), incident.ErrCoarse},
		{"backwards", units(period("2026-11-01", "2026-10-01")), incident.ErrPeriod},
		{"ten years", units(period("2016-11-01", "2026-10-01")), incident.ErrPeriod},
		{"a large class", units(func(q *incident.Question) { q.Category = "04" }), nil},
		{"a small class", units(func(q *incident.Question) { q.Category = "0402" }), incident.ErrCoarse},
		{"a word of another system", units(func(q *incident.Question) { q.Category = "Graffiti" }), incident.ErrCoarse},
		{"the finest cells", finest(), incident.ErrCoarse},
		{"hot spots of the finest cells", spots(10, incident.Number), incident.ErrCoarse},
		{"hot spots", spots(9, incident.Number), nil},
		{"weeks", trend("2026-08-03", "2026-11-16", incident.Weekly), nil},
		{"months", trend("2025-08-01", "2026-11-01", incident.Monthly), nil},
		{"days", trend("2026-10-01", "2026-11-01", incident.Daily), incident.ErrSteps},
		{"weeks from a Tuesday", trend("2026-08-04", "2026-11-16", incident.Weekly), incident.ErrSteps},
		{"a week that is not over", trend("2026-08-03", "2026-11-23", incident.Weekly), incident.ErrSteps},
	} {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.err, tt.want)
		}
	}
	q := c.question("")
	q.From = day(t, "2026-08-01")
	if long, err := c.analyst.Trend(ctx, analyst, q, incident.Monthly, november); err != nil || long.Incidents != nil || long.Enough || len(long.Categories) != 0 || value(long.Items[2].Incidents) < 60 {
		t.Errorf("three months that are no quarter have a sum: %+v, %v", long, err)
	}
}

// Rates of who may only count come from published households.
func TestWithoutPlacesRatesStandOnPublishedHouseholds(t *testing.T) {
	c := newCase(t)
	c.report(64, 1.5, 0.5, "0402", october(6, 9))
	c.settle(77, 1, 1.5, 0.5)
	c.exec(`WITH p AS (INSERT INTO publication (published_on, reason, least, published_by) VALUES ('2026-11-01', 'month', 10, 'test') RETURNING id)
		INSERT INTO published_count (publication_id, unit_id, attribute, value) SELECT id, $1, 'households', 70 FROM p`, c.grids[1])
	ctx, analyst := stafftest.Hold(t, c.pool, staff.Analyst, c.village)
	a, err := c.analyst.Units(ctx, analyst, c.question(village), "", november)
	if err != nil {
		t.Fatal(err)
	}
	u := byUnit(a)["002"]
	if value(u.Households) != 70 || u.Rate == nil || u.Rate.Value != 85.71 && u.Rate.Value != 100 || value(u.Rank) != 1 {
		t.Errorf("%+v, %+v", u, u.Rate)
	}
	for _, code := range []string{"001", "003", "004"} {
		if u := byUnit(a)[code]; u.Households != nil || u.Rate != nil || u.Rank != nil {
			t.Errorf("%s: %+v", code, u)
		}
	}
}

// A grid leader sees their grid exactly and nothing of the others; either wall alone
// keeps them out.
func TestAnAnalysisKeepsWithinTheArea(t *testing.T) {
	c := newCase(t)
	c.report(3, 0.5, 0.5, "0402", october(6, 9))
	c.report(64, 1.5, 0.5, "0402", october(6, 9))
	ctx, leader := stafftest.Hold(t, c.pool, staff.Leader, c.grids[0])
	privileged := incident.NewAnalyst(c.pool, c.pool)
	for _, tt := range []struct {
		name    string
		ctx     context.Context
		analyst *incident.Analyst
		actor   staff.Actor
	}{
		{"both walls", ctx, c.analyst, leader},
		{"the program's is missing", ctx, c.analyst, staff.Local},
		{"the database's is missing", t.Context(), privileged, leader},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := tt.analyst.Units(tt.ctx, tt.actor, c.question(""), "micro-grid", november)
			if err != nil || len(a.Items) != 1 || a.Items[0].Unit != village+"001" || value(a.Incidents) != 3 || !a.Exact {
				t.Errorf("%+v, %v", a, err)
			}
			for _, unit := range []string{village + "002", village} {
				if _, err := tt.analyst.Cells(tt.ctx, tt.actor, c.question(unit), 9, november); !errors.Is(err, grid.ErrUnknownUnit) {
					t.Errorf("%s: %v", unit, err)
				}
			}
			cells, err := tt.analyst.Cells(tt.ctx, tt.actor, c.question(""), 9, november)
			if err != nil || len(cells.Items) != 1 || cells.Items[0].Incidents != 3 || len(cells.Items[0].Outline) != 6 {
				t.Errorf("%+v, %v", cells, err)
			}
		})
	}
	for name, who := range map[string]staff.Actor{"the public": staff.Public, "nobody": {}} {
		a, err := c.analyst.Units(t.Context(), who, c.question(""), "micro-grid", november)
		if err != nil || len(a.Items) != 0 || value(a.Incidents) != 0 {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	// A member may see places, but not count; for export both purposes must hold.
	ctx, member := stafftest.Hold(t, c.pool, staff.Member, c.grids[1])
	if a, err := c.analyst.Units(ctx, member, c.question(""), "micro-grid", november); err != nil || len(a.Items) != 0 {
		t.Errorf("a member: %+v, %v", a, err)
	}
	q := c.question("")
	q.Purposes = []staff.Permission{staff.Count, staff.Export}
	ctx, leader = stafftest.Hold(t, c.pool, staff.Leader, c.grids[1])
	if a, err := c.analyst.Units(ctx, leader, q, "micro-grid", november); err != nil || len(a.Items) != 0 {
		t.Errorf("a leader exports: %+v, %v", a, err)
	}
}

func TestHotSpotsOfAVillage(t *testing.T) {
	c := newCase(t)
	for i := range 10 {
		for j := range 10 {
			c.report(4, 0.1+float64(i)/5, 0.1+float64(j)/5, "0402", october(6, 9))
		}
	}
	crowd := cell.At(ledgertest.At(0.7, 0.7)).Parent(9)
	for _, at := range crowd.Around(1) {
		p := at.Center()
		c.report(40, float64(p.X-ledgertest.Corner.X)/ledgertest.Side, float64(p.Y-ledgertest.Corner.Y)/ledgertest.Side, "0402", october(7, 9))
	}
	ctx, dispatcher := stafftest.Hold(t, c.pool, staff.Dispatcher, c.village)
	ask := incident.SpotQuestion{Question: c.question(village), Resolution: 9, Rings: 1, Measure: incident.Number}
	spots, err := c.analyst.HotSpots(ctx, dispatcher, ask, november)
	if err != nil {
		t.Fatal(err)
	}
	if !spots.Enough || spots.Cells < 30 || value(spots.Incidents) != 680 || len(spots.Items) == 0 {
		t.Fatalf("%+v", spots)
	}
	for _, s := range spots.Items {
		at, err := cell.Parse(s.Cell)
		if err != nil || s.Q > 0.05 || s.Class != hotspot.Hot01 && s.Class != hotspot.Hot05 {
			t.Errorf("%+v, %v", s, err)
		}
		near := false
		for _, n := range crowd.Around(2) {
			near = near || n == at
		}
		if !near {
			t.Errorf("%s is %s, and not near the crowd", s.Cell, s.Class)
		}
	}
	if again, err := c.analyst.HotSpots(ctx, dispatcher, ask, november); err != nil || !reflect.DeepEqual(again, spots) {
		t.Error("the same question has another answer")
	}
	ask.Measure = incident.PerHouseholds // there are no households, so no cell to be tested
	if none, err := c.analyst.HotSpots(ctx, dispatcher, ask, november); err != nil || none.Enough || len(none.Items) != 0 || none.Cells != 0 {
		t.Errorf("%+v, %v", none, err)
	}
	ctx, analyst := stafftest.Hold(t, c.pool, staff.Analyst, c.grids[0])
	ask.Unit = village + "001"
	if _, err := c.analyst.HotSpots(ctx, analyst, ask, november); !errors.Is(err, incident.ErrHomes) {
		t.Errorf("households of cells of a part of the town: %v", err)
	}
}

func TestTooFewIncidentsGiveNoSpots(t *testing.T) {
	c := newCase(t)
	c.report(29, 0.5, 0.5, "0402", october(6, 9))
	ctx, dispatcher := stafftest.Hold(t, c.pool, staff.Dispatcher, c.village)
	spots, err := c.analyst.HotSpots(ctx, dispatcher, incident.SpotQuestion{Question: c.question(""), Resolution: 9, Rings: 1, Measure: incident.Number}, november)
	if err != nil || spots.Enough || len(spots.Items) != 0 || spots.Sample != 30 {
		t.Errorf("%+v, %v", spots, err)
	}
}

// A real city: 7,545 requests of Baltimore's hotline, on a town of squares. Its
// streets tell that the places are right.
func TestAnalysisOfARealCity(t *testing.T) {
	if testing.Short() {
		t.Skip("loads a city")
	}
	rows := ledgertest.Real(t, "baltimore/311_dev.csv")
	c := newCase(t)
	low, high := geo.Snap([2]float64{-76.72, 39.19}), geo.Snap([2]float64{-76.52, 39.38})
	for i, unit := range append([]int64{c.village}, c.grids...) { // the test town moves to Baltimore
		x, y := (high.X-low.X)/2, (high.Y-low.Y)/2
		from, to := low, high
		if i > 0 {
			from = geo.Point{X: low.X + int32((i-1)%2)*x, Y: low.Y + int32((i-1)/2)*y}
			to = geo.Point{X: from.X + x, Y: from.Y + y}
		}
		area := geo.MultiPolygon{{{from, {X: to.X, Y: from.Y}, to, {X: from.X, Y: to.Y}}}}
		c.exec(`UPDATE boundary SET geom = $2, label = $3 WHERE unit_id = $1`, unit, area, from)
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	report, err := incident.Import(t.Context(), c.pool, staff.Local, rows, ledger.Options{Source: "311", Zone: zone, Confirm: "a town of squares"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, dispatcher := stafftest.Hold(t, c.pool, staff.Dispatcher, c.village)
	q := c.question(village)
	q.From, q.To = day(t, "2016-01-01"), day(t, "2017-01-01")
	units, err := c.analyst.Units(ctx, dispatcher, q, "micro-grid", november)
	if err != nil {
		t.Fatal(err)
	}
	sum := value(units.Elsewhere)
	for _, u := range units.Items {
		sum += value(u.Incidents)
	}
	if sum != value(units.Incidents) || sum < 1000 {
		t.Errorf("the units have %d of %d incidents of 2016", sum, value(units.Incidents))
	}
	var again int
	err = c.pool.QueryRow(t.Context(), `
		SELECT count(*) FROM incident WHERE reported_at >= '2016-01-01 00:00+8' AND reported_at < '2017-01-01 00:00+8'
		  AND ST_Covers((SELECT geom FROM boundary WHERE unit_id = $1), point)`, c.village).Scan(&again)
	if err != nil || again != sum {
		t.Errorf("PostGIS counts %d, %v, want %d", again, err, sum)
	}
	for _, resolution := range []int{8, 9} {
		start := time.Now()
		spots, err := c.analyst.HotSpots(ctx, dispatcher, incident.SpotQuestion{Question: q, Resolution: resolution, Rings: 1, Measure: incident.Number}, november)
		if err != nil || !spots.Enough {
			t.Fatalf("%+v, %v", spots.Scope, err)
		}
		classes := map[hotspot.Class]int{}
		for _, s := range spots.Items {
			classes[s.Class]++
		}
		t.Logf("%d rows, %d kept; resolution %d: %d incidents in %d cells, %v, in %v", report.Rows, report.New, resolution, value(spots.Incidents), spots.Cells, classes, time.Since(start).Round(time.Millisecond))
		if classes[hotspot.Hot01] == 0 || len(spots.Items) == spots.Cells {
			t.Errorf("resolution %d: %v of %d cells", resolution, classes, spots.Cells)
		}
	}
	ctx, analyst := stafftest.Hold(t, c.pool, staff.Analyst, c.village)
	rough, err := c.analyst.Units(ctx, analyst, q, "micro-grid", november)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range rough.Items {
		if exact := value(units.Items[i].Incidents); u.Incidents == nil && exact >= 10 || u.Incidents != nil && (*u.Incidents <= exact-10 || *u.Incidents >= exact+10) {
			t.Errorf("%d are shown as %d", exact, value(u.Incidents))
		}
	}
}
