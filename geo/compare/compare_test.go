package compare

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/incident"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/topology"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	village = "310115001001"
	micro   = "micro-grid"
)

func day(text string) geo.Day {
	d, err := geo.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

func quiet(string, int64, int64) {}

// hamlet is a village of two by two micro-grids 001 to 004 since 2024, with a street
// along each row, a leader in each grid and eight households in each.
type hamlet struct {
	testing.TB
	db      *pgxpool.Pool
	dsn     string
	today   geo.Day
	leaders []string // logins
	homes   int
}

func newHamlet(t testing.TB) *hamlet {
	t.Helper()
	dsn := pgtest.DSN(t)
	h := &hamlet{TB: t, dsn: dsn, db: pgtest.As(t, dsn, ""), today: geo.DayOf(time.Now())}
	grids := ledgertest.Town(t, h.db, 2)
	_, err := network.Store(t.Context(), h.db, staff.System, network.Source{FileName: "hamlet.osm.pbf", Attribution: "© the test"}, func(yield func(network.Feature) bool) {
		for i, y := range []float64{0.5, 1.5} {
			var line orb.LineString
			var nodes []int64
			for k := range 21 {
				line, nodes = append(line, ledgertest.Degrees(float64(k)*0.1, y)), append(nodes, int64(i*100+k+1))
			}
			if !yield(network.Feature{Class: network.Street, OSMType: "w", OSMID: int64(i + 1), Kind: "residential", Nodes: nodes, Shape: line}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range grids {
		_, leader := stafftest.Hold(t, h.db, staff.Leader, id)
		var login string
		if err := h.db.QueryRow(t.Context(), `SELECT login FROM account WHERE id = $1`, leader.Account).Scan(&login); err != nil {
			t.Fatal(err)
		}
		h.leaders = append(h.leaders, login)
		for k := range 8 {
			h.home(float64(i%2)+0.1+0.1*float64(k), float64(i/2)+0.5)
		}
	}
	if _, err := h.db.Exec(t.Context(), `UPDATE post SET valid_from = '2024-01-01'; UPDATE holder SET valid_from = '2024-01-01'`); err != nil {
		t.Fatal(err)
	}
	return h
}

// home adds a household of two adults and one elder.
func (h *hamlet) home(x, y float64) {
	h.Helper()
	h.homes++
	at := ledgertest.At(x, y)
	two, one := 2, 1
	name := fmt.Sprint("h", h.homes)
	_, err := household.Add(h.Context(), h.db, staff.Local, name, household.Dwelling{Building: name, Doorplate: "1", Kind: "owner",
		Ages: household.Ages{Age18_59: &two, Age60_79: &one}}, &at)
	if err != nil {
		h.Fatal(err)
	}
}

func (h *hamlet) report(x, y float64) {
	h.Helper()
	_, _, err := incident.Report(h.Context(), h.db, h.db, staff.Local, incident.New{ID: uuid.New(), Category: "0102", Address: "x",
		ReportedAt: time.Now().Add(-time.Hour), Point: ledgertest.At(x, y)}, time.Now())
	if err != nil {
		h.Fatal(err)
	}
}

func rectangle(x0, y0, x1, y1 float64) geo.MultiPolygon {
	a, c := ledgertest.At(x0, y0), ledgertest.At(x1, y1)
	return geo.MultiPolygon{{{a, {X: c.X, Y: a.Y}, c, {X: a.X, Y: c.Y}}}}
}

func code(n int) string { return fmt.Sprintf("%s%03d", village, n) }

// part is a micro-grid of a draft.
func part(n int, x0, y0, x1, y1 float64) plan.Record {
	return plan.Record{Code: code(n), Name: "unit " + code(n), Parent: village, Area: rectangle(x0, y0, x1, y1)}
}

// draft makes one of micro-grids.
func (h *hamlet) draft(parts ...plan.Record) plan.Plan {
	h.Helper()
	p, err := plan.New(h.Context(), h.db, staff.Local, plan.Source{Name: "合并", Preset: "town-cluster", Level: micro, Day: h.today, Records: parts}, quiet)
	if err != nil {
		h.Fatal(err)
	}
	return p
}

// merged draws 001 and 002 together as 005, halves 003 into itself and 006, and leaves
// 004 as it is.
func (h *hamlet) merged() plan.Plan {
	return h.draft(part(5, 0, 0, 2, 1), part(3, 0, 1, 0.5, 2), part(6, 0.5, 1, 1, 2), part(4, 1, 1, 2, 2))
}

func (h *hamlet) ask(before, after Side) Question {
	return Question{Base: village, Level: micro, Before: before, After: after}
}

func (h *hamlet) of(before, after Side) Comparison {
	h.Helper()
	c, err := Of(h.Context(), h.db, staff.Local, h.ask(before, after), h.today)
	if err != nil {
		h.Fatal(err)
	}
	return c
}

// short is a comparison in a few words.
func short(c Comparison) string {
	tail := func(list []string) string {
		short := make([]string, len(list))
		for i, code := range list {
			short[i] = strings.TrimPrefix(code, village)
		}
		return strings.Join(short, " ")
	}
	var words []string
	for _, g := range c.Changes {
		words = append(words, fmt.Sprintf("%s %s→%s", g.Kind, tail(g.Before), tail(g.After)))
	}
	return strings.Join(words, "; ")
}

func TestADraftIsComparedWithWhatIsInForce(t *testing.T) {
	h := newHamlet(t)
	h.report(0.2, 0.5)
	p := h.merged()
	c := h.of(Side{Day: h.today}, Side{Plan: p.ID})
	if got, want := short(c), "merge 001 002→005; split 003→003 006"; got != want {
		t.Errorf("changes %q, want %q", got, want)
	}
	if c.Unchanged != 1 || !c.Exact || c.After.State != "draft" || c.After.Name != "合并" || c.Before.Units != 4 || c.After.Units != 4 {
		t.Errorf("%+v", c)
	}
	// 16 of the merger; of 003 those at 0.6, 0.7 and 0.8 go, the one at 0.5 stays: 003 has the border.
	if m := c.Moved; *m.All != 32 || *m.Moved != 19 || *m.NobodyBefore != 0 || *m.NobodyAfter != 0 {
		t.Errorf("households %d, moved %d", *m.All, *m.Moved)
	}
	if *c.Totals.Before.Households != 32 || *c.Totals.After.Households != 32 || *c.Totals.After.People != 96 || *c.Totals.After.Incidents != 1 ||
		math.Abs(c.Totals.Before.Area-c.Totals.After.Area) > 0.001 {
		t.Errorf("totals %+v", c.Totals)
	}
	row := c.Units[slices.IndexFunc(c.Units, func(r Compared) bool { return r.Code == code(5) })]
	if row.Before != nil || row.Kind != Merge || *row.After.Households != 16 || row.After.Posts != 2 || row.After.Filled != 2 || row.After.Workers != 2 || *row.After.Incidents != 1 {
		t.Errorf("the merged grid: %+v", row)
	}
	pair := c.Changes[1].Pairs[1]
	if pair.Before != code(3) || pair.After != code(6) || *pair.Households != 3 || *pair.People != 9 || !pair.Leaders.Other || pair.Leaders.Before[0] != h.leaders[2] || len(pair.Leaders.After) != 0 {
		t.Errorf("what goes to the new grid: %+v", pair)
	}
	var hands []string
	for _, d := range c.Duties {
		hands = append(hands, fmt.Sprint(d.Hand, " ", d.Before.Holder, " ", strings.TrimPrefix(d.Before.Unit, village), "→", strings.TrimPrefix(d.After.Unit, village), " −", *d.Gives, " +", *d.Takes))
	}
	want := []string{
		fmt.Sprint("goes ", h.leaders[0], " 001→005 −0 +8"), fmt.Sprint("goes ", h.leaders[1], " 002→005 −0 +8"),
		fmt.Sprint("stays ", h.leaders[2], " 003→003 −3 +0")}
	if !slices.Equal(hands, want) {
		t.Errorf("duties\n%s\nwant\n%s", strings.Join(hands, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatWasPublishedComparesAsItsDraftDid(t *testing.T) {
	h := newHamlet(t)
	p := h.merged()
	before := Side{Day: day("2024-06-01")}
	drafted := h.of(before, Side{Plan: p.ID})
	if _, err := plan.Publish(t.Context(), h.db, staff.Local, p.ID, p.Revision, h.today, quiet); err != nil {
		t.Fatal(err)
	}
	for name, after := range map[string]Side{"its day": {Day: h.today}, "the plan": {Plan: p.ID}} {
		c := h.of(before, after)
		if short(c) != short(drafted) || *c.Moved.Moved != *drafted.Moved.Moved || *c.Moved.All != 32 || c.Area != drafted.Area {
			t.Errorf("%s: %s, %d moved; the draft %s, %d", name, short(c), *c.Moved.Moved, short(drafted), *drafted.Moved.Moved)
		}
		// Their posts were carried as the draft foretold.
		for i, d := range c.Duties {
			if want := drafted.Duties[i]; d.Hand != want.Hand || *d.Before != *want.Before || *d.After != *want.After || *d.Gives != *want.Gives {
				t.Errorf("%s: duty %+v → %+v, foretold %+v", name, *d.Before, *d.After, *want.After)
			}
		}
		if len(c.Duties) != len(drafted.Duties) {
			t.Errorf("%s: %d duties, foretold %d", name, len(c.Duties), len(drafted.Duties))
		}
	}
	if c := h.of(Side{Day: h.today}, Side{Plan: p.ID}); len(c.Changes) != 0 || len(c.Duties) != 0 || *c.Moved.Moved != 0 || c.Area != 0 || c.Unchanged != 4 {
		t.Errorf("a plan differs from its own day: %+v", c)
	}
	back := h.of(Side{Plan: p.ID}, before)
	if got, want := short(back), "merge 003 006→003; split 005→001 002"; got != want {
		t.Errorf("the other way round %q, want %q", got, want)
	}
	if *back.Moved.Moved != *drafted.Moved.Moved || back.Area != drafted.Area {
		t.Error("the other way round other households or other land changes hands")
	}
}

func TestOtherUnitsAboveFollowADraft(t *testing.T) {
	h := newHamlet(t)
	p := h.draft(part(1, 0, 0, 1, 1), part(2, 1, 0, 2, 1))
	q := h.ask(Side{Day: h.today}, Side{Plan: p.ID})
	for name, change := range map[string]struct {
		q   func(*Question)
		err error
	}{
		"an unknown base":        {func(q *Question) { q.Base = "none" }, grid.ErrUnknownUnit},
		"an unknown level":       {func(q *Question) { q.Level = "moon" }, grid.ErrUnknownLevel},
		"the level of the base":  {func(q *Question) { q.Level = "village" }, ErrLevel},
		"a plan nobody made":     {func(q *Question) { q.After = Side{Plan: 999} }, plan.ErrUnknown},
		"a level without units":  {func(q *Question) { q.Level = "building-group" }, nil},
		"a day before all units": {func(q *Question) { q.Before = Side{Day: day("2020-01-01")} }, nil},
	} {
		asked := q
		change.q(&asked)
		if _, err := Of(t.Context(), h.db, staff.Local, asked, h.today); !errors.Is(err, change.err) {
			t.Errorf("%s: %v, want %v", name, err, change.err)
		}
	}
	// The draft leaves the northern grids out: what it divides has no others.
	if c := h.of(Side{Day: h.today}, Side{Plan: p.ID}); short(c) != "ended 003→; ended 004→" || *c.Moved.NobodyAfter != 16 || *c.Moved.Moved != 16 {
		t.Errorf("%s, %+v", short(c), *c.Moved.Moved)
	}
}

func TestASideIsADayOrAPlan(t *testing.T) {
	for _, text := range []string{"date:2026-01-31", "plan:12"} {
		if s, err := ParseSide(text); err != nil || s.String() != text {
			t.Errorf("%s: %v, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "2026-01-31", "date:", "date:2026-02-30", "plan:", "plan:0", "plan:-1", "plan:1x", "draft:1"} {
		if _, err := ParseSide(text); !errors.Is(err, ErrSide) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whatever is drawn, households of pairs add up to those of either side.
func TestHouseholdsOfPairsAddUp(t *testing.T) {
	h := newHamlet(t)
	rng := rand.New(rand.NewPCG(5, 5))
	for range 60 {
		h.home(float64(rng.IntN(21))*0.1, float64(rng.IntN(21))*0.1) // many on borders
	}
	for range 6 {
		lands := map[int][]geo.MultiPolygon{}
		for i := range 8 {
			for j := range 8 {
				n := 1 + (i/3+rng.IntN(2)+3*(j/4))%7
				lands[n] = append(lands[n], rectangle(float64(i)*0.25, float64(j)*0.25, float64(i+1)*0.25, float64(j+1)*0.25))
			}
		}
		var parts []plan.Record
		for n, land := range lands {
			parts = append(parts, plan.Record{Code: code(n), Name: "unit " + code(n), Parent: village, Area: topology.Union(land...)})
		}
		p := h.draft(parts...)
		q := h.ask(Side{Day: h.today}, Side{Plan: p.ID})
		s, err := open(t.Context(), h.db, staff.Local, q, h.today)
		if err != nil {
			t.Fatal(err)
		}
		sum, moved := 0, 0
		var land, difference int64
		for _, one := range s.pairs {
			sum += *one.Households
			land += doubled(one.shape)
			if one.moves {
				moved += *one.Households
				difference += doubled(one.shape)
			}
		}
		var kept int64
		for _, one := range s.pairs {
			if !one.moves {
				kept += doubled(one.shape)
			}
		}
		if n := s.moved(); sum != h.homes || *n.All != h.homes || *n.Moved != moved || *n.NobodyAfter != 0 {
			t.Errorf("pairs have %d households, %d of them move; all are %d, moved %d", sum, moved, *n.All, *n.Moved)
		}
		if base := doubled(rectangle(0, 0, 2, 2)); difference+kept != base || land != base {
			t.Errorf("the difference has %d half steps² and what is kept %d; the base has %d", difference, kept, base)
		}
		for side := range s.counts {
			all := 0
			for _, n := range s.counts[side] {
				all += *n.households
			}
			if all != h.homes {
				t.Errorf("side %d has %d households, all are %d", side, all, h.homes)
			}
		}
	}
}

func TestAMergerIsReported(t *testing.T) {
	h := newHamlet(t)
	station := servicepoint.Details{Name: "站", Tier: "station"}
	if _, err := servicepoint.Add(t.Context(), h.db, staff.Local, station, ledgertest.At(0.5, 0.5), servicepoint.Active, day("2024-01-01")); err != nil {
		t.Fatal(err)
	}
	p := h.merged()
	q := h.ask(Side{Day: h.today}, Side{Plan: p.ID})
	n, err := ImpactOf(t.Context(), h.db, staff.Local, network.NewFootpaths(h.db), q, h.today)
	if err != nil || n.Reason != "" || n.Network == nil || len(n.Changes) != 2 {
		t.Fatalf("%+v, %v", n, err)
	}
	c := n.Changes[0]
	if c.Before.Units != 2 || c.After.Units != 1 || *c.Before.Households != 8 || *c.After.Households != 16 || *c.Before.Load != 8 || *c.After.Load != 8 || math.Abs(c.After.Area/c.Before.Area-2) > 1e-6 {
		t.Errorf("merger %+v → %+v", c.Before, c.After)
	}
	// about allows for streets being measured on the ellipsoid.
	about := func(got, want float64) bool { return math.Abs(got/want-1) < 0.005 }
	// Along the street, from 0.1 to 0.8 of a side: 001 walks to its station at 0.5, 002
	// to its middle; together all walk to the station.
	side := float64(geo.Distance(ledgertest.Degrees(0, 0.5), ledgertest.Degrees(1, 0.5)))
	var west, all float64
	for k := range 8 {
		x := 0.1 + 0.1*float64(k)
		west += math.Abs(x-0.5) * side / 8
		all += (math.Abs(x-0.5) + math.Abs(1+x-0.5)) * side / 16
	}
	own := c.Units[0].Walk
	if own.Points != 1 || own.Middles != 0 || own.Unreached != 0 || !about(*own.Mean, west) || !about(*own.MeanMinutes, west/4000*60) {
		t.Errorf("001 walks %+v, want %.1f m", own, west)
	}
	if w := c.After.Walk; w.Points != 1 || w.Middles != 0 || w.Households != 16 || !about(*w.Mean, all) || !about(*w.P90, 1.2*side) {
		t.Errorf("together they walk %.1f m, nine tenths %.1f; want %.1f and %.1f", *w.Mean, *w.P90, all, 1.2*side)
	}
	if w := c.Before.Walk; w.Points != 1 || w.Middles != 1 {
		t.Errorf("before: %+v", w)
	}

	if _, err := h.db.Exec(t.Context(), `TRUNCATE network_import CASCADE`); err != nil {
		t.Fatal(err)
	}
	n, err = ImpactOf(t.Context(), h.db, staff.Local, network.NewFootpaths(h.db), q, h.today)
	if err != nil || n.Reason != NoNetwork || n.Network != nil || n.Changes[0].After.Walk != nil || *n.Changes[0].After.Load != 8 {
		t.Errorf("without a network: %+v, %v", n, err)
	}
}

func TestStatisticsAreRestated(t *testing.T) {
	h := newHamlet(t)
	for _, at := range [][2]float64{{0.2, 0.5}, {1.7, 0.5}, {0.7, 1.5}} {
		h.report(at[0], at[1])
	}
	// Two of which only the grid is known, 003, and one of the whole village.
	_, err := h.db.Exec(t.Context(), `
		WITH i AS (INSERT INTO incident (source, source_id, category, reported_at)
			SELECT 't', 'u' || n, '0102', now() - interval '1 day' FROM generate_series(1, 3) n RETURNING id, source_id)
		INSERT INTO incident_unit (incident_id, unit_id, valid_from)
		SELECT i.id, u.id, '2024-01-01' FROM i JOIN unit u ON u.code = CASE i.source_id WHEN 'u3' THEN $1 ELSE $1 || '003' END`, village)
	if err != nil {
		t.Fatal(err)
	}
	p := h.merged()
	q := h.ask(Side{Day: h.today}, Side{Plan: p.ID})
	period := Period{From: day("2024-01-01"), To: geo.DayOf(h.today.Start().AddDate(0, 0, 2))}
	n, err := Restate(t.Context(), h.db, staff.Local, q, period, h.today)
	if errors.Is(err, incident.ErrPeriod) {
		t.Fatal(err)
	}
	if err != nil || n.Incidents != 6 || n.Households != 32 {
		t.Fatalf("%+v, %v", n, err)
	}
	for name, list := range map[string][]Restated{"before": n.OnBefore, "after": n.OnAfter} {
		incidents, estimated, households := 0.0, 0.0, 0
		for _, r := range list {
			incidents, estimated, households = incidents+r.Incidents, estimated+r.Estimated, households+r.Households
		}
		if math.Abs(incidents-6) > 1e-9 || math.Abs(estimated-3) > 1e-9 || households != 32 {
			t.Errorf("%s: %f incidents, %f estimated, %d households", name, incidents, estimated, households)
		}
	}
	find := func(list []Restated, code string) Restated {
		return list[slices.IndexFunc(list, func(r Restated) bool { return r.Unit == code })]
	}
	if r := find(n.OnAfter, code(6)); math.Abs(r.Estimated-1.125) > 1e-3 || math.Abs(r.Incidents-2.125) > 1e-3 { // half of 003, an eighth of the village
		t.Errorf("006: %+v", r)
	}
	if r := find(n.OnAfter, code(5)); math.Abs(r.Incidents-2.5) > 1e-3 || r.Households != 16 {
		t.Errorf("005: %+v", r)
	}
	if r := find(n.OnBefore, code(3)); math.Abs(r.Incidents-3.25) > 1e-3 {
		t.Errorf("003: %+v", r)
	}
	for name, wrong := range map[string]Period{"backwards": {From: period.To, To: period.From}, "empty": {From: period.To, To: period.To}, "too long": {From: day("2000-01-01"), To: period.To}} {
		if _, err := Restate(t.Context(), h.db, staff.Local, q, wrong, h.today); !errors.Is(err, incident.ErrPeriod) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if other, err := Restate(t.Context(), h.db, staff.Local, q, Period{From: period.From, To: period.To, Category: "none"}, h.today); err != nil || other.Incidents != 0 {
		t.Errorf("of a category without any: %+v, %v", other, err)
	}
}

func TestFilesSayWhatTheAnswersSay(t *testing.T) {
	h := newHamlet(t)
	p := h.merged()
	q := h.ask(Side{Day: h.today}, Side{Plan: p.ID})
	period := Period{From: h.today, To: geo.DayOf(h.today.Start().AddDate(0, 0, 2))}
	lines := map[string]int{"changes": 2, "pairs": 5, "units": 5, "duties": 3, "difference": 3, "impact": 6, "statistics": 10}
	for what, want := range lines {
		file, err := NewExport(t.Context(), h.db, staff.Local, network.NewFootpaths(h.db), q, Export{What: what, Format: "csv", Period: period}, h.today)
		if err != nil {
			t.Fatal(what, err)
		}
		var out bytes.Buffer
		if err := file.Write(t.Context(), &out); err != nil {
			t.Fatal(what, err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) != want+1 {
			t.Errorf("%s: %d lines, %v; want %d", what, len(rows)-1, err, want)
		}
	}
	for _, format := range []string{"xlsx", "geojson", "gpkg"} {
		file, err := NewExport(t.Context(), h.db, staff.Local, network.NewFootpaths(h.db), q, Export{What: "difference", Format: format}, h.today)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := file.Write(t.Context(), &out); err != nil || out.Len() == 0 {
			t.Errorf("%s: %d bytes, %v", format, out.Len(), err)
		}
	}
	for _, e := range []Export{{What: "secrets", Format: "csv"}, {What: "units", Format: "exe"}} {
		if _, err := NewExport(t.Context(), h.db, staff.Local, network.NewFootpaths(h.db), q, e, h.today); !errors.Is(err, ErrExport) {
			t.Errorf("%+v: %v", e, err)
		}
	}
}

func TestWhoSeesWhat(t *testing.T) {
	h := newHamlet(t)
	p := h.merged()
	var base, elsewhere int64
	if err := h.db.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = $1`, village).Scan(&base); err != nil {
		t.Fatal(err)
	}
	if err := h.db.QueryRow(t.Context(), `INSERT INTO unit (code, preset, level) VALUES ('elsewhere', 'town-cluster', 'village') RETURNING id`).Scan(&elsewhere); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.Exec(t.Context(), `UPDATE plan SET area_id = $1 WHERE id = $2`, base, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.Exec(t.Context(), `
		INSERT INTO boundary (unit_id, plan_id, name, valid_from, area, label, geom)
		SELECT $1, $2, 'elsewhere', '2024-01-01', 1, label, geom FROM boundary WHERE unit_id = $3`, elsewhere, p.ID, base); err != nil {
		t.Fatal(err)
	}
	app := pg.NewActing(pgtest.As(t, h.dsn, pg.RoleApp))
	q := h.ask(Side{Day: h.today}, Side{Plan: p.ID})
	dates := h.ask(Side{Day: h.today}, Side{Day: h.today})
	paths := network.NewFootpaths(h.db)
	period := Period{From: h.today, To: geo.DayOf(h.today.Start().AddDate(0, 0, 2))}

	ctx, planner := stafftest.Hold(t, h.db, staff.Planner, base)
	c, err := Of(ctx, app, planner, q, h.today)
	if err != nil || !c.Exact || *c.Moved.Moved != 19 || len(c.Duties) != 3 || c.Duties[0].Before.Holder != h.leaders[0] {
		t.Errorf("a planner: %+v, %v", c, err)
	}
	list, err := Moved(ctx, app, planner, q, Look{From: code(3), To: code(6), Limit: 2}, h.today)
	if err != nil || len(list) != 2 || list[0].From != code(3) || list[0].To != code(6) || list[0].Building == "" {
		t.Errorf("households %+v, %v", list, err)
	}
	rest, err := Moved(ctx, app, planner, q, Look{From: code(3), To: code(6), After: list[1].ID, Limit: 2}, h.today)
	if err != nil || len(rest) != 1 || rest[0].ID <= list[1].ID {
		t.Errorf("the next page %+v, %v", rest, err)
	}
	var looks int
	if err := h.db.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'list' AND subject = 'comparison' AND actor = $1`, planner.Name).Scan(&looks); err != nil || looks != 2 {
		t.Errorf("%d looks recorded, %v", looks, err)
	}

	ctx, analyst := stafftest.Hold(t, h.db, staff.Analyst, base)
	if _, err := Of(ctx, app, analyst, q, h.today); !errors.Is(err, plan.ErrUnknown) {
		t.Errorf("an analyst sees a draft: %v", err)
	}
	if c, err = Of(ctx, app, analyst, dates, h.today); err != nil || c.Exact || c.Moved.All != nil || c.Totals.Before.Households != nil || c.Before.Units != 4 {
		t.Errorf("an analyst: %+v, %v", c, err)
	}
	if n, err := ImpactOf(ctx, app, analyst, paths, dates, h.today); err != nil || n.Reason != Hidden {
		t.Errorf("an analyst's report: %+v, %v", n, err)
	}
	if _, err := Moved(ctx, app, analyst, dates, Look{Limit: 1}, h.today); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("an analyst's list: %v", err)
	}
	if _, err := Restate(ctx, app, analyst, dates, period, h.today); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("an analyst's statistics: %v", err)
	}

	for _, kind := range []staff.Kind{staff.Planner, staff.Leader} {
		ctx, stranger := stafftest.Hold(t, h.db, kind, elsewhere)
		for name, try := range map[string]func(context.Context, pg.Pool, staff.Actor) error{
			"the program's wall and the database's": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
				_, err := Of(ctx, db, a, dates, h.today)
				return err
			},
			"the map": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
				_, err := Division(ctx, db, a, dates, true, h.today)
				return err
			},
			"the land": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
				_, err := Difference(ctx, db, a, dates, h.today)
				return err
			},
			"households": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
				_, err := Moved(ctx, db, a, dates, Look{Limit: 9}, h.today)
				return err
			},
			"the report": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
				_, err := ImpactOf(ctx, db, a, paths, dates, h.today)
				return err
			},
			"statistics": func(ctx context.Context, db pg.Pool, a staff.Actor) error {
				_, err := Restate(ctx, db, a, dates, period, h.today)
				return err
			},
		} {
			if err := try(ctx, app, stranger); !errors.Is(err, grid.ErrUnknownUnit) {
				t.Errorf("%s of elsewhere, %s: %v", kind, name, err)
			}
			// Either wall alone: the program's with an owner's connection, the database's
			// with an actor who believes to be allowed everything.
			if err := try(ctx, h.db, stranger); !errors.Is(err, grid.ErrUnknownUnit) {
				t.Errorf("%s of elsewhere, %s, without the database's wall: %v", kind, name, err)
			}
			boundless := stranger
			boundless.Grants = []staff.Grant{{Kind: kind, May: staff.Permissions}}
			if err := try(ctx, app, boundless); !errors.Is(err, grid.ErrUnknownUnit) {
				t.Errorf("%s of elsewhere, %s, without the program's wall: %v", kind, name, err)
			}
		}
	}
}
