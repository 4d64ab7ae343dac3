package patrol_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wangge/geo"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/network"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/walk"
)

// board is a network of streets a tenth of a side apart over columns and rows 0 to 9 of
// the first unit.
func board(t testing.TB) *walk.Network {
	t.Helper()
	var source walk.Source
	at := func(x, y int) geo.Point { return ledgertest.At(.05+float64(x)/10, .05+float64(y)/10) }
	street := func(x, y, toX, toY int) {
		source.Streets = append(source.Streets, walk.Street{ID: int64(len(source.Streets) + 1), Kind: "residential",
			Nodes: []int64{int64(10*y + x + 1), int64(10*toY + toX + 1)}, Line: []geo.Point{at(x, y), at(toX, toY)}})
	}
	for y := range 10 {
		for x := range 10 {
			if x < 9 {
				street(x, y, x+1, y)
			}
			if y < 9 {
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

func (s *station) counter(n *walk.Network) patrol.Counter {
	return patrol.Counter{DB: s.desk.Engine, Log: slog.New(slog.DiscardHandler), Paths: func(context.Context) (*walk.Network, error) {
		if n == nil {
			return nil, network.ErrNoNetwork
		}
		return n, nil
	}}
}

// count counts all that changed.
func (s *station) countAll(c patrol.Counter) {
	s.Helper()
	for {
		due, err := c.Due(s.Context(), 0)
		if err != nil {
			s.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, no := range due {
			if err := c.Count(s.Context(), no); err != nil {
				s.Fatal(err)
			}
		}
	}
}

// counts are all rows of the counts, and when blocks were seen.
func (s *station) counts() string {
	s.Helper()
	var text string
	if err := s.owner.QueryRow(s.Context(), `
		SELECT coalesce(string_agg(r, E'\n' ORDER BY r COLLATE "C"), '') FROM (
			SELECT concat_ws(' ', 'cell', day, unit_id, kind, cell, teams) FROM seen_cell UNION ALL
			SELECT concat_ws(' ', 'part', day, unit_id, kind, part, teams) FROM seen_part UNION ALL
			SELECT concat_ws(' ', 'zone', day, unit_id, kind, zone_id, teams, visits, seconds) FROM seen_zone UNION ALL
			SELECT concat_ws(' ', 'block', zone_id, seen_on) FROM block) x (r)`).Scan(&text); err != nil {
		s.Fatal(err)
	}
	return text
}

// zone makes one of so many sides of a unit; days > 0 makes it a block.
func (s *station) zone(code string, x, y, wide, high float64, days int) (id int64) {
	s.Helper()
	a, b := ledgertest.At(x, y), ledgertest.At(x+wide, y+high)
	area := geo.MultiPolygon{{{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}}}}
	if err := s.owner.QueryRow(s.Context(), `INSERT INTO zone (code, kind, name, valid_from, geom) VALUES ($1, 'shop-block', $1, '2024-01-01', $2) RETURNING id`, code, area).Scan(&id); err != nil {
		s.Fatal(err)
	}
	if days > 0 {
		if _, err := s.owner.Exec(s.Context(), `INSERT INTO block (zone_id, unit_id, days) VALUES ($1, $2, $3)`, id, s.units[0], days); err != nil {
			s.Fatal(err)
		}
	}
	return id
}

// path is a course in sides of the unit.
type path [][2]float64

// along are fixes every five seconds on a way at 1.3 m/s, with noise of 4 m, in items of
// so many. They are the same every time.
func (o *officer) along(began time.Time, seed uint64, size int, way path) (items []patrol.Item, last time.Time) {
	o.Helper()
	random := rand.New(rand.NewPCG(seed, 7))
	var list [][]any
	first := 1
	flush := func() {
		if len(list) > 0 {
			items = append(items, o.item("fixes", began, object{"shift": o.shift, "first": first, "fixes": list}))
			first, list = first+len(list), nil
		}
	}
	at := began
	for i := 1; i < len(way); i++ {
		a, b := ledgertest.At(way[i-1][0], way[i-1][1]), ledgertest.At(way[i][0], way[i][1])
		steps := int(walk.Distance(a, b)/1000/6.5) + 1
		for k := range steps {
			part := float64(k) / float64(steps)
			p := geo.Point{X: a.X + int32(part*float64(b.X-a.X)+400*random.NormFloat64()), Y: a.Y + int32(part*float64(b.Y-a.Y)+400*random.NormFloat64())}.Degrees()
			list = append(list, []any{at.Add(-o.slow).UnixMilli(), p[0], p[1], 6})
			at = at.Add(5 * time.Second)
			if len(list) == size {
				flush()
			}
		}
	}
	flush()
	return items, at
}

// round is a walk of about 1.3 km, a part of it twice.
var round = path{{.05, .05}, {.35, .05}, {.35, .25}, {.05, .25}, {.05, .05}, {.35, .05}}

func TestCountsAreTheSameHoweverFixesCame(t *testing.T) {
	n := board(t)
	began := now.Add(-3 * time.Hour)
	// lay is a town with two officers and what they will send.
	lay := func() (*station, [][]patrol.Item, []*officer) {
		s := open(t)
		s.zone("whole", .04, .04, .1, .1, 14)
		s.zone("aside", .7, .7, .1, .1, 14)
		a, b := s.officer(), s.officer()
		items, last := a.along(began, 1, 20, round)
		items = append(items, a.step("start", began), a.step("pause", began.Add(4*time.Minute)), a.step("resume", began.Add(7*time.Minute)), a.step("end", last))
		others, end := b.along(began.Add(time.Minute), 2, 20, path{{.05, .25}, {.05, .05}, {.15, .05}})
		others = append(others, b.step("start", began), b.step("end", end))
		return s, [][]patrol.Item{items, others}, []*officer{a, b}
	}
	s, items, officers := lay()
	for i, o := range officers {
		o.deliver(items[i]...)
	}
	s.countAll(s.counter(n))
	want := s.counts()
	if strings.Count(want, "cell ") < 50 || strings.Count(want, "part ") < 10 || !strings.Contains(want, "zone ") || !strings.Contains(want, "block ") {
		t.Fatalf("too little was seen:\n%s", want)
	}
	for round := range 3 {
		s, items, officers := lay()
		random := rand.New(rand.NewPCG(uint64(round), 3))
		type sent struct {
			by   *officer
			item patrol.Item
		}
		var all []sent
		for i, o := range officers {
			for _, item := range slices.Concat(items[i], items[i]) { // each twice
				all = append(all, sent{o, item})
			}
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		c := s.counter(n)
		for i, one := range all {
			one.by.deliver(one.item)
			if i%5 == 0 {
				s.countAll(c)
			}
		}
		s.countAll(c)
		if got := s.counts(); got != want {
			t.Errorf("shuffled %d: %d lines, want %d; the first that differs: %s", round, strings.Count(got, "\n"), strings.Count(want, "\n"), differs(got, want))
		}
		// Counted again from nothing it is still the same.
		if _, err := s.owner.Exec(t.Context(), `UPDATE shift SET changed = changed + 1`); err != nil {
			t.Fatal(err)
		}
		s.countAll(c)
		if got := s.counts(); got != want {
			t.Errorf("counted again: %s", differs(got, want))
		}
	}
}

// differs is the first line of one text that is not in the other.
func differs(got, want string) string {
	for _, pair := range [][2]string{{got, want}, {want, got}} {
		lines := strings.Split(pair[1], "\n")
		for line := range strings.SplitSeq(pair[0], "\n") {
			if !slices.Contains(lines, line) {
				return line
			}
		}
	}
	return "none"
}

// most is the highest number of teams anywhere, and sum that of all.
func (s *station) teams() (most int) {
	s.Helper()
	return s.count(`SELECT coalesce(max(teams), 0) FROM seen_part`)
}

func TestATeamCountsOnce(t *testing.T) {
	n := board(t)
	s := open(t)
	c := s.counter(n)
	a, b, other := s.officer(), s.officer(), s.officer()
	began := now.Add(-2 * time.Hour)
	line := path{{.05, .05}, {.45, .05}}
	go1 := func(o *officer, at time.Time, seed uint64) {
		t.Helper()
		items, last := o.along(at, seed, 1000, line)
		o.deliver(append(items, o.step("start", at), o.step("end", last))...)
	}
	go1(a, began, 1)
	go1(b, began.Add(30*time.Second), 2)
	s.countAll(c)
	if got := s.teams(); got != 2 {
		t.Fatalf("two officers by themselves are %d teams", got)
	}
	// The news that they were a team comes late.
	team := a.item("shift", began.Add(time.Second), object{"do": "members", "shift": a.shift, "members": []int64{b.actor.Account}})
	a.want(team, patrol.Stored, nil)
	s.countAll(c)
	if got := s.teams(); got != 1 {
		t.Errorf("a team of two counts %d times", got)
	}
	one := s.counts()
	// Another team on the same street.
	go1(other, began, 3)
	s.countAll(c)
	if got := s.teams(); got != 2 {
		t.Errorf("a team and an officer are %d teams", got)
	}
	// The same officer again, on the same day, as a member who is named but walks alone.
	if geo.DayOf(began) == geo.DayOf(now.Add(-20*time.Minute)) {
		b.shift = uuid.NewString()
		go1(b, now.Add(-20*time.Minute), 4)
		s.countAll(c)
		if got := s.teams(); got != 2 {
			t.Errorf("the same team again makes %d", got)
		}
	}
	if one == s.counts() {
		t.Error("nothing was counted of the others")
	}
	// Members who were named, but not at the time, are another team.
	far, alone := s.officer(), s.officer()
	later := path{{.05, .85}, {.45, .85}}
	items, last := far.along(began, 5, 1000, later)
	far.deliver(append(items, far.step("start", began), far.step("end", last),
		far.item("shift", began, object{"do": "members", "shift": far.shift, "members": []int64{alone.actor.Account}}))...)
	items, end := alone.along(last.Add(10*time.Minute), 6, 1000, later)
	alone.deliver(append(items, alone.step("start", last.Add(time.Minute)), alone.step("end", end))...)
	s.countAll(c)
	if got := s.count(`SELECT max(teams) FROM seen_cell WHERE cell NOT IN (SELECT cell FROM seen_cell GROUP BY cell HAVING min(day) < max(day))`); got < 2 {
		t.Errorf("who came later is %d teams", got)
	}
	if got := s.count(`SELECT count(*) FROM seen_part WHERE unit_id IS DISTINCT FROM $1 OR kind <> $2`, s.units[0], string(staff.Worker)); got != 0 {
		t.Errorf("%d rows are not of the post's unit and kind", got)
	}
}

// cut is a database whose transactions break at a statement.
type cut struct {
	pg.DB
	left *int
}

var errCut = errors.New("cut off")

func (d cut) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := d.DB.Begin(ctx)
	return cutTx{tx, d.left}, err
}

type cutTx struct {
	pgx.Tx
	left *int
}

func (x cutTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if *x.left--; *x.left < 0 {
		return pgconn.CommandTag{}, errCut
	}
	return x.Tx.Exec(ctx, sql, args...)
}

func TestACountThatIsCutOffLeavesNothing(t *testing.T) {
	n := board(t)
	s := open(t)
	s.zone("whole", .04, .04, .1, .1, 14)
	o := s.officer()
	began := now.Add(-2 * time.Hour)
	items, last := o.along(began, 1, 40, round)
	o.deliver(append(items[:3], o.step("start", began))...)
	s.countAll(s.counter(n))
	before := s.counts()
	o.deliver(append(items[3:], o.step("end", last))...)
	whole := s.counter(n)
	no := int64(s.count(`SELECT no FROM shift`))
	for at := 0; ; at++ {
		left := at
		c := whole
		c.DB = cut{whole.DB, &left}
		err := c.Count(t.Context(), no)
		if err == nil {
			if at < 5 {
				t.Errorf("it was cut off %d times only", at)
			}
			break
		}
		if !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if got := s.counts(); got != before || s.count(`SELECT count(*) FROM shift WHERE changed > counted`) != 1 {
			t.Fatalf("cut off at %d: %s", at, differs(got, before))
		}
		if due, err := c.Due(t.Context(), time.Minute); err != nil || len(due) != 0 {
			t.Fatalf("it is due at once: %v, %v", due, err)
		}
	}
	got := s.counts()
	if got == before {
		t.Fatal("nothing more was seen")
	}
	// What came in parts is what comes whole.
	if _, err := s.owner.Exec(t.Context(), `DELETE FROM seen_cell; DELETE FROM seen_part; DELETE FROM seen_zone; DELETE FROM shift_day; UPDATE shift SET counted = 0, days = '{}'`); err != nil {
		t.Fatal(err)
	}
	s.countAll(whole)
	if want := s.counts(); got != want {
		t.Errorf("in parts: %s", differs(got, want))
	}
}

func TestManyCountersAtOnceCountOnce(t *testing.T) {
	n := board(t)
	s := open(t)
	s.zone("whole", .04, .04, .1, .1, 14)
	c := s.counter(n)
	began := now.Add(-2 * time.Hour)
	var officers []*officer
	for i := range 4 {
		o := s.officer()
		items, last := o.along(began, uint64(i), 1000, round)
		o.deliver(append(items, o.step("start", began), o.step("end", last))...)
		officers = append(officers, o)
	}
	officers[0].deliver(officers[0].item("shift", began, object{"do": "members", "shift": officers[0].shift, "members": []int64{officers[1].actor.Account}}))
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			due, err := c.Due(t.Context(), 0)
			if err != nil {
				t.Error(err)
			}
			for _, no := range append(due, due...) {
				if err := c.Count(t.Context(), no); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	got := s.counts()
	if s.teams() != 3 {
		t.Errorf("three teams count %d times", s.teams())
	}
	if _, err := s.owner.Exec(t.Context(), `DELETE FROM seen_cell; DELETE FROM seen_part; DELETE FROM seen_zone; DELETE FROM shift_day; UPDATE shift SET counted = 0, days = '{}'`); err != nil {
		t.Fatal(err)
	}
	s.countAll(c)
	if want := s.counts(); got != want {
		t.Errorf("at once: %s", differs(got, want))
	}
}

func TestCountsOutliveTheirTracks(t *testing.T) {
	n := board(t)
	s := open(t)
	s.zone("whole", .04, .04, .1, .1, 14)
	o := s.officer()
	began := now.AddDate(0, 0, -3)
	items, last := o.along(began, 1, 1000, round)
	o.deliver(append(items, o.step("start", began))...)
	c := s.counter(n)
	s.countAll(c)
	want := s.counts()
	if s.count(`SELECT count(*) FROM shift_day`) == 0 || want == "" {
		t.Fatal("nothing was seen")
	}
	if _, err := privacy.Retain(t.Context(), s.desk.Engine, nil, staff.System, patrol.Sweeps(), now.AddDate(0, 0, 29), 0, func(string, int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	if left := s.count(`SELECT (SELECT count(*) FROM shift_day) + (SELECT count(*) FROM fix)`); left != 0 {
		t.Fatalf("%d rows of tracks are left", left)
	}
	// News of the shift after that takes nothing away.
	o.want(o.step("end", last), patrol.Stored, nil)
	s.countAll(c)
	if got := s.counts(); got != want {
		t.Errorf("after its track was dropped: %s", differs(got, want))
	}
	// Nor does the end of the shift, or of its officer.
	if _, err := s.owner.Exec(t.Context(), `DELETE FROM shift`); err != nil {
		t.Fatal(err)
	}
	if got := s.counts(); got != want {
		t.Errorf("after the shift was deleted: %s", differs(got, want))
	}
}

func TestABlockIsSeenAndAZoneIsVisited(t *testing.T) {
	s := open(t)
	small := s.zone("small", .1, .02, .04, .06, 14) // the way leads through its middle
	wide := s.zone("wide", .2, .05, .3, .4, 14)     // along its side
	never := s.zone("never", .6, .6, .1, .1, 14)
	plain := s.zone("plain", .1, .02, .04, .06, 0)      // no block
	beside := s.zone("beside", .1, .0672, .3, .008, 14) // a strip from 16 to 24 m north of the way
	o := s.officer()
	began := now.Add(-2 * time.Hour)
	items, last := o.along(began, 1, 1000, path{{.02, .05}, {.5, .05}})
	o.deliver(append(items, o.step("start", began), o.step("end", last))...)
	c := s.counter(nil)
	s.countAll(c)
	seen := func(zone int64) (list []string) {
		t.Helper()
		rows, _ := s.owner.Query(t.Context(), `SELECT concat_ws(' ', teams, visits, seconds BETWEEN 15 AND 45) FROM seen_zone WHERE zone_id = $1`, zone)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for zone, want := range map[int64]string{small: "1 1 t", plain: "0 1 t"} { // 38 m at 1.3 m/s
		if got := seen(zone); len(got) != 1 || got[0] != want {
			t.Errorf("zone %d: %v, want %s", zone, got, want)
		}
	}
	if got := seen(never); len(got) != 0 {
		t.Errorf("where nobody was: %v", got)
	}
	if got := seen(wide); len(got) > 1 || len(got) == 1 && got[0][0] != '0' {
		t.Errorf("walked past: %v", got)
	}
	on := func(zone int64) (text string) {
		t.Helper()
		if err := s.owner.QueryRow(t.Context(), `SELECT coalesce(seen_on::text, '') FROM block WHERE zone_id = $1`, zone).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	if today := geo.DayOf(began).String(); on(small) != today || on(beside) != today || on(wide) != "" || on(never) != "" {
		t.Errorf("seen on %q, %q, %q, %q", on(small), on(beside), on(wide), on(never))
	}
	if s.count(`SELECT count(*) FROM seen_part`) != 0 {
		t.Error("parts of streets without a map")
	}
	// It turns out late that the officer had a pause: the block was not seen then, but
	// somebody had said so before.
	if _, err := s.owner.Exec(t.Context(), `UPDATE block SET told_on = '2025-01-02' WHERE zone_id = $1`, small); err != nil {
		t.Fatal(err)
	}
	o.want(o.step("pause", began.Add(time.Second)), patrol.Stored, nil)
	s.countAll(c)
	if on(small) != "2025-01-02" || len(seen(small)) != 0 {
		t.Errorf("in a pause: %q, %v", on(small), seen(small))
	}
}

func TestAVisitIsOneUntilSomebodyWasAway(t *testing.T) {
	s := open(t)
	zone := s.zone("shop", .2, .02, .1, .06, 0)
	a, b := s.officer(), s.officer()
	began := now.Add(-2 * time.Hour)
	stand := func(o *officer, first int, from time.Time, minutes int, x float64) patrol.Item {
		p := ledgertest.Degrees(x, .05)
		var list [][]any
		for i := range minutes*6 + 1 {
			list = append(list, []any{from.Add(time.Duration(i) * 10 * time.Second).UnixMilli(), p[0] + float64(i%2)*1e-6, p[1], 5})
		}
		return o.item("fixes", from, object{"shift": o.shift, "first": first, "fixes": list})
	}
	a.deliver(a.step("start", began), stand(a, 1, began, 10, .25), stand(a, 1000, began.Add(12*time.Minute), 3, .25), stand(a, 2000, began.Add(30*time.Minute), 5, .25), stand(a, 3000, began.Add(40*time.Minute), 5, .5),
		a.item("shift", began, object{"do": "members", "shift": a.shift, "members": []int64{b.actor.Account}}))
	b.deliver(b.step("start", began), stand(b, 1, began.Add(5*time.Minute), 8, .25)) // until the 13th minute
	s.countAll(s.counter(nil))
	// 0 to 15 without a break by either of them, but for the minute in which both were seen; and 30 to 35.
	if visits, seconds := s.count(`SELECT visits FROM seen_zone WHERE zone_id = $1`, zone), s.count(`SELECT seconds FROM seen_zone WHERE zone_id = $1`, zone); visits != 2 || seconds != 20*60 {
		t.Errorf("%d visits of %d s, want 2 of 1200", visits, seconds)
	}
}

func TestAVisitOverMidnightIsOneAndNothingOfItIsLost(t *testing.T) {
	s := open(t)
	zone := s.zone("shop", .2, .02, .1, .06, 0)
	o := s.officer()
	midnight := geo.DayOf(now).Start()
	began := midnight.Add(-10*time.Minute - 4*time.Second)
	var list [][]any
	for i := range 121 { // 20 minutes, no fix of which is at midnight
		p := ledgertest.Degrees(.25, .05)
		list = append(list, []any{began.Add(time.Duration(i) * 10 * time.Second).UnixMilli(), p[0] + float64(i%2)*1e-6, p[1], 5})
	}
	o.deliver(o.step("start", began), o.item("fixes", began, object{"shift": o.shift, "first": 1, "fixes": list}))
	s.countAll(s.counter(nil))
	for day, want := range map[geo.Day][2]int{geo.DayOf(began): {1, 604}, geo.DayOf(midnight): {0, 596}} {
		visits := s.count(`SELECT visits FROM seen_zone WHERE zone_id = $1 AND day = $2`, zone, day)
		seconds := s.count(`SELECT seconds FROM seen_zone WHERE zone_id = $1 AND day = $2`, zone, day)
		if got := [2]int{visits, seconds}; got != want {
			t.Errorf("on %s %d visits of %d s, want %v", day, visits, seconds, want)
		}
	}
}

func TestWhoMayNotCountSeesNoCounts(t *testing.T) {
	s := open(t)
	o := s.officer()
	began := now.Add(-2 * time.Hour)
	s.zone("whole", .04, .04, .1, .1, 14)
	items, last := o.along(began, 1, 1000, round)
	o.deliver(append(items, o.step("start", began), o.step("end", last))...)
	s.countAll(s.counter(board(t)))
	for _, tt := range []struct {
		unit int64
		sees bool
	}{{s.units[0], true}, {s.units[1], false}} {
		ctx, _ := stafftest.Hold(t, s.owner, staff.Leader, tt.unit)
		for _, table := range []string{"seen_cell", "seen_part", "seen_zone"} {
			var n int
			if err := s.desk.DB.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil || n > 0 != tt.sees {
				t.Errorf("%s in unit %d: %d rows, %v", table, tt.unit, n, err)
			}
		}
		if _, err := s.desk.DB.Exec(ctx, `SELECT FROM shift_day`); !pg.ErrCode(err, "42501") {
			t.Errorf("the tracks behind the counts: %v", err)
		}
	}
}

func TestTheLoopCountsAndEnds(t *testing.T) {
	s := open(t)
	o := s.officer()
	began := now.Add(-2 * time.Hour)
	items, last := o.along(began, 1, 1000, round)
	o.deliver(append(items, o.step("start", began), o.step("end", last))...)
	ctx, stop := context.WithCancel(t.Context())
	c := s.counter(board(t))
	ended := make(chan error)
	go func() { ended <- c.Run(ctx, time.Millisecond) }()
	for tries := 0; s.count(`SELECT count(*) FROM shift WHERE changed > counted`) > 0 && tries < 10_000; tries++ {
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if s.count(`SELECT count(*) FROM seen_part`) == 0 {
		t.Error("nothing was seen")
	}
}
