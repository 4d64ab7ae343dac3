package incident_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"wangge/geo"
	"wangge/geo/calendar"
	"wangge/geo/incident"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/post"
	"wangge/geo/staff"
	"wangge/geo/worktime"
)

// desk is a town of four grids with a leader each, and a dispatcher of the village.
type desk struct {
	*testing.T
	tx         pgx.Tx
	now        time.Time
	leaders    []staff.Actor
	dispatcher staff.Actor
	village    int64
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t, tx: pgtest.Tx(t), now: time.Date(2026, 9, 21, 2, 0, 0, 0, time.UTC)} // Monday, ten o'clock in China
	for _, unit := range ledgertest.Town(t, d.tx, 2) {
		actor, _ := d.post(staff.Leader, unit)
		d.leaders = append(d.leaders, actor)
	}
	if err := d.tx.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001'`).Scan(&d.village); err != nil {
		t.Fatal(err)
	}
	d.dispatcher, _ = d.post(staff.Dispatcher, d.village)
	return d
}

// post is a new post with a new holder A.
func (d *desk) post(kind staff.Kind, unit int64) (staff.Actor, int64) {
	d.Helper()
	var account, post int64
	err := d.tx.QueryRow(d.Context(), `
		WITH c AS (INSERT INTO account (login) VALUES ($3) RETURNING id),
		p AS (INSERT INTO post (kind, unit_id, ordinal, valid_from) VALUES ($1, $2, (SELECT 1 + count(*) FROM post), '2024-01-01') RETURNING id)
		INSERT INTO holder (post_id, rank, account_id, valid_from) SELECT p.id, 'A', c.id, '2024-01-01' FROM p, c RETURNING account_id, post_id`,
		string(kind), unit, uuid.NewString()).Scan(&account, &post)
	if err != nil {
		d.Fatal(err)
	}
	actor, err := staff.Load(d.Context(), d.tx, account)
	if err != nil {
		d.Fatal(err)
	}
	return actor, post
}

func (d *desk) report(by staff.Actor, x, y float64, category string) incident.Incident {
	d.Helper()
	got, created, err := incident.Report(d.Context(), d.tx, d.tx, by, incident.New{ID: uuid.New(), Category: category, ReportedAt: d.now, Point: ledgertest.At(x, y)}, d.now)
	if err != nil || !created {
		d.Fatal(created, err)
	}
	return got
}

func (d *desk) try(by staff.Actor, id uuid.UUID, doing incident.Doing) (incident.Incident, error) {
	if doing.ID == uuid.Nil {
		doing.ID = uuid.New()
	}
	return incident.Do(d.Context(), d.tx, d.tx, by, id, doing, d.now)
}

func (d *desk) do(by staff.Actor, id uuid.UUID, act incident.Act, reason string) incident.Incident {
	d.Helper()
	got, err := d.try(by, id, incident.Doing{Act: act, Reason: reason})
	if err != nil {
		d.Fatal(err)
	}
	return got
}

func (d *desk) responsible(id uuid.UUID) incident.Responsible {
	d.Helper()
	r, err := incident.ResponsibleFor(d.Context(), d.tx, d.tx, staff.Local, id, d.now)
	if err != nil {
		d.Fatal(err)
	}
	return r
}

func china(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.In(time.FixedZone("", 8*60*60)).Format("01-02 15:04")
}

func TestAnIncidentGoesFromReportToClosing(t *testing.T) {
	d := newDesk(t)
	i := d.report(d.leaders[0], 0.5, 0.5, "0102")
	for _, s := range []struct {
		by     staff.Actor
		act    incident.Act
		reason string
		state  incident.State
		due    string
	}{
		{d.leaders[0], incident.ToAccept, "", incident.Accepted, "09-21 15:00"},
		{d.leaders[0], incident.ToReturn, "unclear", incident.Reported, "09-21 12:00"},
		{d.dispatcher, incident.ToAccept, "", incident.Accepted, "09-21 15:00"},
		{d.dispatcher, incident.ToDispatch, "", incident.Dispatched, "09-21 15:00"}, // four working hours for rubbish
		{d.dispatcher, incident.ToHold, "weather", incident.Held, ""},
		{d.leaders[0], incident.ToResume, "ready", incident.Dispatched, "09-21 15:00"},
		{d.leaders[0], incident.ToHandle, "", incident.Handled, "09-23 18:00"},
		{d.dispatcher, incident.ToReject, "partly-done", incident.Dispatched, "09-21 15:00"},
		{d.leaders[0], incident.ToHandle, "", incident.Handled, "09-23 18:00"},
		{d.dispatcher, incident.ToVerify, "", incident.Verified, "09-22 18:00"},
		{d.dispatcher, incident.ToClose, "solved", incident.Closed, ""},
		{d.dispatcher, incident.ToReopen, "back-again", incident.Accepted, "09-21 15:00"},
	} {
		got := d.do(s.by, i.ID, s.act, s.reason)
		if got.State != s.state || china(got.DueAt) != s.due || (got.ClosedAt != nil) != (s.state == incident.Closed) {
			t.Fatalf("%s: %s, due %s, closed %v; want %s, due %s", s.act, got.State, china(got.DueAt), got.ClosedAt, s.state, s.due)
		}
	}
	steps, err := incident.Steps(t.Context(), d.tx, d.leaders[0], i.ID)
	if err != nil || len(steps) != 13 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	for n, s := range steps {
		if s.Ordinal != n+1 || s.Post == nil || n > 0 && s.Before != steps[n-1].After {
			t.Errorf("step %d = %+v", n+1, s)
		}
	}
}

// Of two posts that one person holds, a step is taken by that of the place.
func TestAStepNamesThePostByWhichItCouldBeTaken(t *testing.T) {
	d := newDesk(t)
	var second int64
	err := d.tx.QueryRow(t.Context(), `
		WITH p AS (INSERT INTO post (kind, unit_id, ordinal, valid_from) SELECT 'leader', id, 99, '2024-01-01' FROM unit WHERE code = '310115001001002' RETURNING id)
		INSERT INTO holder (post_id, rank, account_id, valid_from) SELECT id, 'A', $1, '2024-01-01' FROM p RETURNING post_id`, d.leaders[0].Account).Scan(&second)
	if err != nil {
		t.Fatal(err)
	}
	both, err := staff.Load(t.Context(), d.tx, d.leaders[0].Account)
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[float64]int64{0.5: d.leaders[0].Grants[0].Post, 1.5: second} {
		i := d.report(both, x, 0.5, "0102")
		d.do(both, i.ID, incident.ToAccept, "")
		steps, err := incident.Steps(t.Context(), d.tx, both, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Post == nil || *s.Post != want {
				t.Errorf("%s at %v is by post %v, want %d", s.Act, x, s.Post, want)
			}
		}
	}
}

func TestWhatMayNotBeDone(t *testing.T) {
	d := newDesk(t)
	reported := d.report(d.leaders[0], 0.5, 0.5, "0102").ID
	handled := d.report(d.leaders[0], 0.5, 0.5, "0102").ID
	d.do(d.leaders[0], handled, incident.ToAccept, "")
	d.do(d.dispatcher, handled, incident.ToDispatch, "")
	dispatched := d.report(d.leaders[0], 0.5, 0.5, "0102").ID
	d.do(d.leaders[0], dispatched, incident.ToAccept, "")
	d.do(d.dispatcher, dispatched, incident.ToDispatch, "")
	d.do(d.leaders[0], handled, incident.ToHandle, "")
	taken := d.report(d.leaders[0], 0.5, 0.5, "0102").ID
	for _, tt := range []struct {
		name string
		by   staff.Actor
		id   uuid.UUID
		do   incident.Doing
		want error
	}{
		{"skipping steps", d.dispatcher, reported, incident.Doing{Act: incident.ToDispatch}, incident.ErrAct},
		{"an act that is none", d.dispatcher, reported, incident.Doing{Act: "forget"}, incident.ErrAct},
		{"verifying what one did oneself", d.leaders[0], handled, incident.Doing{Act: incident.ToVerify}, incident.ErrSame},
		{"rejecting what one did oneself", d.leaders[0], handled, incident.Doing{Act: incident.ToReject, Reason: "not-done"}, incident.ErrSame},
		{"no reason", d.dispatcher, handled, incident.Doing{Act: incident.ToReject}, incident.ErrReason},
		{"a reason of another act", d.dispatcher, handled, incident.Doing{Act: incident.ToReject, Reason: "duplicate"}, incident.ErrReason},
		{"a reason in words", d.dispatcher, handled, incident.Doing{Act: incident.ToReject, Reason: "王某没有去"}, incident.ErrReason},
		{"a reason where none is given", d.leaders[0], reported, incident.Doing{Act: incident.ToAccept, Reason: "duplicate"}, incident.ErrReason},
		{"what changed meanwhile", d.dispatcher, handled, incident.Doing{Act: incident.ToVerify, From: incident.Dispatched}, incident.ErrStale},
		{"dispatching without being a dispatcher", d.leaders[0], dispatched, incident.Doing{Act: incident.ToHold, Reason: "weather"}, staff.ErrForbidden},
		{"an extension of nothing", d.dispatcher, dispatched, incident.Doing{Act: incident.ToExtend, Reason: "weather"}, incident.ErrExtend},
		{"a pin nowhere", d.dispatcher, dispatched, incident.Doing{Act: incident.ToMove}, incident.ErrPlace},
		{"the id of another step", d.leaders[0], reported, incident.Doing{ID: taken, Act: incident.ToAccept}, incident.ErrExists},
		{"the leader of another grid", d.leaders[1], reported, incident.Doing{Act: incident.ToAccept}, incident.ErrUnknown},
		{"the public", staff.Public, reported, incident.Doing{Act: incident.ToAccept}, incident.ErrUnknown},
		{"no such incident", d.dispatcher, uuid.New(), incident.Doing{Act: incident.ToAccept}, incident.ErrUnknown},
		{"moving it out of one's grid", d.leaders[0], reported, incident.Doing{Act: incident.ToMove, Point: ledgertest.At(1.5, 0.5)}, staff.ErrOutside},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := d.try(tt.by, tt.id, tt.do); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
	for id, want := range map[uuid.UUID]int{reported: 1, handled: 4, dispatched: 3} {
		if steps, err := incident.Steps(t.Context(), d.tx, staff.Local, id); err != nil || len(steps) != want {
			t.Errorf("%d steps, %v; what was refused left something", len(steps), err)
		}
	}
}

func TestAStepSentTwiceIsOne(t *testing.T) {
	d := newDesk(t)
	i := d.report(d.leaders[0], 0.5, 0.5, "0102")
	doing := incident.Doing{ID: uuid.New(), Act: incident.ToAccept, From: incident.Reported}
	for range 3 {
		if got, err := d.try(d.leaders[0], i.ID, doing); err != nil || got.State != incident.Accepted {
			t.Fatal(got, err)
		}
	}
	if steps, _ := incident.Steps(t.Context(), d.tx, staff.Local, i.ID); len(steps) != 2 {
		t.Errorf("%d steps, want 2", len(steps))
	}
	if _, _, err := incident.Report(t.Context(), d.tx, d.tx, d.dispatcher, incident.New{ID: i.ID, Category: "0102", ReportedAt: d.now, Point: ledgertest.At(0.5, 0.5)}, d.now); !errors.Is(err, incident.ErrExists) {
		t.Errorf("the id of somebody else's incident: %v", err)
	}
}

// The second of two requests waits for the first, and is told what the first has done.
func TestAStepSentTwiceAtOnceIsToldAsItStands(t *testing.T) {
	s := newStreet(t)
	w := s.words(0.5, 0.5)
	s.tell(w)
	doing := incident.Doing{ID: uuid.New(), Act: incident.ToAccept, From: incident.Reported}
	first, err := s.owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Rollback(t.Context())
	if _, err := incident.Do(t.Context(), first, s.owner, staff.Local, w.ID, doing, s.now); err != nil {
		t.Fatal(err)
	}
	var second incident.Incident
	var each errgroup.Group
	each.Go(func() (err error) {
		second, err = incident.Do(t.Context(), s.owner, s.owner, staff.Local, w.ID, doing, s.now)
		return err
	})
	s.untilSomebodyWaits()
	if err := first.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := each.Wait(); err != nil || second.State != incident.Accepted {
		t.Errorf("the second is told %q, %v; want accepted", second.State, err)
	}
}

func TestOverdueIsWhatShouldHaveBeenDone(t *testing.T) {
	d := newDesk(t)
	late := d.report(d.leaders[0], 0.5, 0.5, "0501") // within 15 minutes, two months ago
	d.do(d.dispatcher, d.report(d.leaders[0], 0.5, 0.5, "0501").ID, incident.ToClose, "duplicate")
	d.now = time.Now()
	d.report(d.leaders[0], 0.5, 0.5, "0501")
	list, err := incident.List(t.Context(), d.tx, d.dispatcher, incident.Filter{Overdue: true, Limit: 10})
	if err != nil || len(list) != 1 || list[0].ID != late.ID {
		t.Errorf("overdue: %+v, %v", list, err)
	}
	if n, err := incident.Count(t.Context(), d.tx, d.dispatcher, incident.Filter{Overdue: true}); n != 1 || err != nil {
		t.Errorf("%d overdue, %v", n, err)
	}
}

func TestAnotherCalendarAndOtherLimitsMoveDeadlines(t *testing.T) {
	d := newDesk(t)
	i := d.report(d.leaders[0], 0.5, 0.5, "0102")
	day, _ := geo.ParseDay("2026-09-21")
	if err := incident.SetHolidays(t.Context(), d.tx, staff.Local, []calendar.Day{{Day: day, Name: "停工"}}); err != nil {
		t.Fatal(err)
	}
	due := func() string {
		got, err := incident.Get(t.Context(), d.tx, staff.Local, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		return china(got.DueAt)
	}
	if due() != "09-22 11:00" {
		t.Errorf("with a day off it is due at %s", due())
	}
	minutes := incident.Limits{{Category: "01", State: incident.Reported, Limit: worktime.Limit{Amount: 5, Unit: worktime.Minutes}}}
	if err := incident.SetLimits(t.Context(), d.tx, staff.Local, minutes); err != nil || due() != "09-21 10:05" {
		t.Errorf("with five minutes it is due at %s, %v", due(), err)
	}
	if _, err := incident.ImportCategories(t.Context(), d.tx, staff.Local, table("代码,受理时限\n01,7分钟\n"), false); err != nil || due() != "09-21 10:07" {
		t.Errorf("with seven minutes of a table it is due at %s, %v", due(), err)
	}
	for name, bad := range map[string]incident.Limit{
		"no such category": {Category: "8888", State: incident.Reported, Limit: minutes[0].Limit},
		"no such state":    {State: "lost", Limit: minutes[0].Limit},
		"a state at rest":  {State: incident.Closed, Limit: minutes[0].Limit},
		"no amount":        {State: incident.Reported, Limit: worktime.Limit{Unit: worktime.Minutes}},
		"twice":            minutes[0],
	} {
		if err := incident.SetLimits(t.Context(), d.tx, staff.Local, append(minutes, bad)); !errors.Is(err, incident.ErrLimits) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := incident.SetLimits(t.Context(), d.tx, d.dispatcher, minutes); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("by a dispatcher: %v", err)
	}
}

// The deadline of another system holds until a step here begins a clock of ours.
func TestAnImportedDeadlineStands(t *testing.T) {
	d := newDesk(t)
	load(t, d.tx, "1,暴露垃圾,处置中,2026-09-18 08:30:00,2026-09-24 18:00,,"+at(0.5, 0.5)+",某路1号",
		"2,暴露垃圾,处置中,2026-09-18 08:30:00,,,"+at(0.5, 0.5)+",某路2号")
	imported := list(t, d.tx, incident.Filter{})
	for _, s := range []struct {
		doing incident.Doing
		due   string
	}{
		{incident.Doing{Act: incident.ToMove, Point: ledgertest.At(0.4, 0.5)}, "09-24 18:00"},
		{incident.Doing{Act: incident.ToHold, Reason: "weather"}, ""},
		{incident.Doing{Act: incident.ToResume, Reason: "ready"}, "09-24 18:00"},
		{incident.Doing{Act: incident.ToExtend, Reason: "weather", Extend: worktime.Limit{Amount: 2, Unit: worktime.WorkingDays}}, "09-29 18:00"},
		{incident.Doing{Act: incident.ToMove, Point: ledgertest.At(0.5, 0.5)}, "09-29 18:00"},
	} {
		if got, err := d.try(staff.Local, imported["1"].ID, s.doing); err != nil || china(got.DueAt) != s.due {
			t.Errorf("%s: due %s, %v; want %s", s.doing.Act, china(got.DueAt), err, s.due)
		}
	}
	if err := incident.SetHours(t.Context(), d.tx, staff.Local, "09:00-17:00"); err != nil {
		t.Fatal(err)
	}
	if got, err := incident.Get(t.Context(), d.tx, staff.Local, imported["1"].ID); err != nil || china(got.DueAt) != "09-29 17:00" {
		t.Errorf("with other hours it is due %s, %v; want 09-29 17:00", china(got.DueAt), err)
	}
	if got := d.do(staff.Local, imported["1"].ID, incident.ToHandle, ""); china(got.DueAt) != "09-23 17:00" {
		t.Errorf("handled, it is due %s; want 09-23 17:00 by the limit here", china(got.DueAt))
	}
	if got, err := d.try(staff.Local, imported["2"].ID, incident.Doing{Act: incident.ToMove, Point: ledgertest.At(0.4, 0.5)}); err != nil || got.DueAt != nil {
		t.Errorf("without a deadline it is due %s, %v", china(got.DueAt), err)
	}
}

// Of two lists at once the later one holds, and not some of each.
func TestListsOfTheCalendarAndOfLimitsTakeTurns(t *testing.T) {
	s := newStreet(t)
	minutes := func(state incident.State) incident.Limits {
		return incident.Limits{{State: state, Limit: worktime.Limit{Amount: 5, Unit: worktime.Minutes}}}
	}
	day := func(text string) []calendar.Day {
		d, err := geo.ParseDay(text)
		if err != nil {
			t.Fatal(err)
		}
		return []calendar.Day{{Day: d, Name: "停工"}}
	}
	for name, put := range map[string]func(db pg.DB, second bool) error{
		"limits": func(db pg.DB, second bool) error {
			return incident.SetLimits(t.Context(), db, staff.Local, minutes(map[bool]incident.State{false: incident.Reported, true: incident.Accepted}[second]))
		},
		"holidays": func(db pg.DB, second bool) error {
			return incident.SetHolidays(t.Context(), db, staff.Local, day(map[bool]string{false: "2027-05-04", true: "2027-05-05"}[second]))
		},
	} {
		first, err := s.owner.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer first.Rollback(t.Context())
		if err := put(first, false); err != nil {
			t.Fatal(err)
		}
		var each errgroup.Group
		each.Go(func() error { return put(s.engine, true) })
		s.untilSomebodyWaits()
		if err := first.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := each.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := incident.LimitsOf(t.Context(), s.owner); err != nil || !slices.Equal(list, minutes(incident.Accepted)) {
		t.Errorf("limits: %+v, %v; want those of the second", list, err)
	}
	var days string
	if err := s.owner.QueryRow(t.Context(), `SELECT string_agg(day::text, ' ') FROM holiday WHERE day >= '2027-01-01'`).Scan(&days); err != nil || days != "2027-05-05" {
		t.Errorf("days off: %s, %v; want those of the second", days, err)
	}
}

func TestWhoseAnIncidentIs(t *testing.T) {
	d := newDesk(t)
	units := map[float64]int64{}
	for x, code := range map[float64]string{0.5: "310115001001001", 1.5: "310115001001002"} {
		var id int64
		if err := d.tx.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = $1`, code).Scan(&id); err != nil {
			t.Fatal(err)
		}
		units[x] = id
	}
	if r := d.responsible(d.report(d.leaders[0], 0.5, 0.5, "0102").ID); r.Basis != incident.ByGrid || r.Duty.Account != d.leaders[0].Account || len(r.Asked) != 0 {
		t.Errorf("of the grid: %+v", r)
	}
	charge := func(kind incident.Basis, category string, reach float64, shape orb.Geometry) (staff.Actor, int64) {
		keeper, post := d.post(staff.Worker, units[0.5])
		if _, err := incident.AddCharge(t.Context(), d.tx, staff.Local, incident.Charge{Kind: kind, Name: string(kind), Category: category, Reach: reach, Post: post, Shape: shape}); err != nil {
			t.Fatal(err)
		}
		return keeper, post
	}
	p := ledgertest.Degrees
	zone, _ := charge(incident.ByZone, "", 0, orb.Polygon{{p(0.2, 0.2), p(0.8, 0.2), p(0.8, 0.8), p(0.2, 0.8), p(0.2, 0.2)}})
	line, _ := charge(incident.ByLine, "01", 15, orb.LineString{p(0.1, 0.5), p(0.9, 0.5)})
	asset, assetPost := charge(incident.ByAsset, "0102", 10, p(0.5, 0.5))
	for _, tt := range []struct {
		name     string
		x, y     float64
		category string
		basis    incident.Basis
		want     staff.Actor
	}{
		{"at the asset", 0.5, 0.5, "0102", incident.ByAsset, asset},
		{"5 m from the asset", 0.505, 0.5, "0102", incident.ByAsset, asset},
		{"on the line, far from the asset", 0.3, 0.5, "0102", incident.ByLine, line},
		{"at the asset, of another small class", 0.5, 0.5, "0103", incident.ByLine, line},
		{"at the asset, of another large class", 0.5, 0.5, "0501", incident.ByZone, zone},
		{"in the zone alone", 0.5, 0.7, "0102", incident.ByZone, zone},
		{"outside all", 0.5, 0.9, "0102", incident.ByGrid, d.leaders[0]},
	} {
		r := d.responsible(d.report(d.leaders[0], tt.x, tt.y, tt.category).ID)
		if r.Basis != tt.basis || r.Duty.Account != tt.want.Account {
			t.Errorf("%s: %s, account %d; want %s, %d", tt.name, r.Basis, r.Duty.Account, tt.basis, tt.want.Account)
		}
	}
	if _, err := d.tx.Exec(t.Context(), `INSERT INTO absence (account_id, starts_at, reason, recorded_by) VALUES ($1, '2026-01-01', 'leave', 'test')`, asset.Account); err != nil {
		t.Fatal(err)
	}
	i := d.report(d.leaders[0], 0.5, 0.5, "0102")
	r := d.responsible(i.ID)
	if r.Basis != incident.ByLine || r.Duty.Account != line.Account || r.Duty.Steps[0].Post != assetPost || r.Duty.Steps[0].State != "away" || len(r.Asked) != 3 {
		t.Errorf("with the asset's away: %+v", r)
	}
	got, err := d.try(d.dispatcher, i.ID, incident.Doing{Act: incident.ToMove, Reason: "pin-wrong", Point: ledgertest.At(1.5, 0.5)})
	if r := d.responsible(i.ID); err != nil || got.Unit != "310115001001002" || got.UnitName == "" || r.Basis != incident.ByGrid || r.Duty.Account != d.leaders[1].Account || r.Unit != got.Unit {
		t.Errorf("moved: %+v, %+v, %v", got, r, err)
	}
	// Nobody is left: the answer is never empty.
	if _, err := d.tx.Exec(t.Context(), `UPDATE holder SET valid_to = '2024-02-01'`); err != nil {
		t.Fatal(err)
	}
	local, _, err := incident.Report(t.Context(), d.tx, d.tx, staff.Local, incident.New{ID: uuid.New(), Category: "0102", ReportedAt: d.now, Point: ledgertest.At(0.5, 0.5)}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	if r := d.responsible(local.ID); r.Basis != incident.ByBackstop || len(r.Duty.Steps) == 0 {
		t.Errorf("with nobody there: %+v", r)
	}
}

// Codes of categories are a town's own: that of a small class may be the shorter one.
func TestAChargeOfTheSmallClassComesFirst(t *testing.T) {
	d := newDesk(t)
	if _, err := incident.ImportCategories(t.Context(), d.tx, staff.Local, table("代码,大类代码,名称\nENVIRONMENT,,环境\nE1,ENVIRONMENT,垃圾\n"), false); err != nil {
		t.Fatal(err)
	}
	var unit int64
	if err := d.tx.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001001'`).Scan(&unit); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, category := range []string{"E1", "ENVIRONMENT", ""} {
		_, held := d.post(staff.Worker, unit)
		want = append(want, "of"+category)
		if _, err := incident.AddCharge(t.Context(), d.tx, staff.Local, incident.Charge{Kind: incident.ByAsset, Name: "of" + category, Category: category, Reach: 10, Post: held, Shape: ledgertest.Degrees(0.5, 0.5)}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, asked := range d.responsible(d.report(d.leaders[0], 0.5, 0.5, "E1").ID).Asked {
		got = append(got, asked.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked in the order %q, want %q", got, want)
	}
}

func TestAChargeThatMakesNoSense(t *testing.T) {
	d := newDesk(t)
	var unit int64
	if err := d.tx.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001001'`).Scan(&unit); err != nil {
		t.Fatal(err)
	}
	_, held := d.post(staff.Worker, unit)
	keeper, _ := d.post(staff.Administrator, unit)
	good := incident.Charge{Kind: incident.ByAsset, Name: "路灯 7", Reach: 10, Post: held, Shape: ledgertest.Degrees(0.5, 0.5)}
	p := ledgertest.Degrees
	shaped := func(kind incident.Basis) func(orb.Geometry) func(*incident.Charge) {
		return func(shape orb.Geometry) func(*incident.Charge) {
			return func(c *incident.Charge) { c.Kind, c.Shape = kind, shape }
		}
	}
	zone, line := shaped(incident.ByZone), shaped(incident.ByLine)
	for name, tt := range map[string]struct {
		change func(*incident.Charge)
		actor  staff.Actor
		want   error
	}{
		"a line that is a point":  {func(c *incident.Charge) { c.Kind = incident.ByLine }, staff.Local, incident.ErrCharge},
		"by the grid":             {func(c *incident.Charge) { c.Kind = incident.ByGrid }, staff.Local, incident.ErrCharge},
		"half a town around it":   {func(c *incident.Charge) { c.Reach = 500 }, staff.Local, incident.ErrCharge},
		"no name":                 {func(c *incident.Charge) { c.Name = " " }, staff.Local, incident.ErrCharge},
		"the phone of a person":   {func(c *incident.Charge) { c.Name = "13812345678" }, staff.Local, incident.ErrCharge},
		"no shape":                {func(c *incident.Charge) { c.Shape = nil }, staff.Local, incident.ErrCharge},
		"a ring that is open":     {zone(orb.Polygon{{p(0.2, 0.2), p(0.8, 0.2), p(0.8, 0.8), p(0.2, 0.8)}}), staff.Local, incident.ErrCharge},
		"a ring of two points":    {zone(orb.Polygon{{p(0.2, 0.2), p(0.8, 0.2)}}), staff.Local, incident.ErrCharge},
		"a hole without a point":  {zone(orb.Polygon{{p(0.2, 0.2), p(0.8, 0.2), p(0.8, 0.8), p(0.2, 0.2)}, {}}), staff.Local, incident.ErrCharge},
		"a line of one point":     {line(orb.LineString{p(0.2, 0.2)}), staff.Local, incident.ErrCharge},
		"lines, one of one point": {line(orb.MultiLineString{{p(0.2, 0.2), p(0.3, 0.2)}, {p(0.2, 0.2)}}), staff.Local, incident.ErrCharge},
		"no lines":                {line(orb.MultiLineString{}), staff.Local, incident.ErrCharge},
		"no such post":            {func(c *incident.Charge) { c.Post = 999_999 }, staff.Local, post.ErrUnknownPost},
		"no such category":        {func(c *incident.Charge) { c.Category = "8888" }, staff.Local, incident.ErrCategory},
		"who does not keep posts": {func(*incident.Charge) {}, d.dispatcher, staff.ErrOutside},
		"where others keep posts": {func(c *incident.Charge) { c.Shape = p(1.5, 0.5) }, keeper, staff.ErrOutside},
		"where nobody does":       {func(c *incident.Charge) { c.Shape = p(-0.5, 0.5) }, keeper, staff.ErrOutside},
		"a ring over itself":      {zone(orb.Polygon{{p(0.2, 0.2), p(0.8, 0.8), p(0.8, 0.2), p(0.2, 0.8), p(0.2, 0.2)}}), staff.Local, incident.ErrCharge},
		"another over itself":     {zone(orb.Polygon{{p(0.2, 0.2), p(0.8, 0.8), p(0.8, 0.2), p(0.2, 0.8), p(0.2, 0.2)}}), keeper, incident.ErrCharge},
		"into the next grid":      {line(orb.LineString{p(0.5, 0.5), p(1.2, 0.5)}), keeper, staff.ErrOutside},
		"over the next grid":      {zone(orb.Polygon{{p(0.2, 0.2), p(1.8, 0.2), p(1.8, 0.8), p(0.2, 0.8), p(0.2, 0.2)}}), keeper, staff.ErrOutside},
	} {
		c := good
		tt.change(&c)
		sub, err := d.tx.Begin(t.Context()) // a statement that fails ends its transaction
		if err != nil {
			t.Fatal(err)
		}
		if _, err := incident.AddCharge(t.Context(), sub, tt.actor, c); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
		_ = sub.Rollback(t.Context())
	}
	border := good
	line(orb.LineString{p(1.01, 0.2), p(1.01, 0.8)})(&border) // 10 m beyond
	b, err := incident.AddCharge(t.Context(), d.tx, keeper, border)
	if err != nil {
		t.Fatalf("a road on the border: %v", err)
	}
	if err := incident.RemoveCharge(t.Context(), d.tx, keeper, b.ID); err != nil {
		t.Fatal(err)
	}
	c, err := incident.AddCharge(t.Context(), d.tx, keeper, good)
	if err != nil {
		t.Fatal(err)
	}
	if err := incident.RemoveCharge(t.Context(), d.tx, d.dispatcher, c.ID); !errors.Is(err, incident.ErrChargeUnknown) {
		t.Errorf("removed by a dispatcher: %v", err)
	}
	if err := incident.RemoveCharge(t.Context(), d.tx, staff.Local, c.ID); err != nil {
		t.Error(err)
	}
	if list, err := incident.Charges(t.Context(), d.tx, staff.Local, 0, 10); err != nil || len(list) != 0 {
		t.Errorf("left: %+v, %v", list, err)
	}
}

func TestABorderNearAReportIsTold(t *testing.T) {
	d := newDesk(t)
	for _, tt := range []struct {
		x      float64
		border string
	}{{0.5, ""}, {0.988, "310115001001002"}, {0.96, ""}, {1.012, "310115001001001"}} {
		got, err := incident.Where(t.Context(), d.tx, staff.Local, ledgertest.At(tt.x, 0.5))
		code := ""
		if got.Border != nil {
			code = got.Border.Code
		}
		if err != nil || code != tt.border || got.Unit == "" {
			t.Errorf("%.4f: %+v, %v; want %q", tt.x, got, err, tt.border)
		}
	}
	if got, err := incident.Where(t.Context(), d.tx, staff.Local, ledgertest.At(9, 9)); err != nil || got.Unit != "" || got.Border != nil {
		t.Errorf("outside all units: %+v, %v", got, err)
	}
}

func TestDuplicatesAreNearInPlaceTimeAndKind(t *testing.T) {
	d := newDesk(t)
	akin := d.report(d.leaders[0], 0.5, 0.5, "0103")
	same := d.report(d.leaders[0], 0.54, 0.5, "0102") // 38 m away
	d.report(d.leaders[0], 0.5, 0.5, "0501")          // another large class
	d.report(d.leaders[0], 0.56, 0.5, "0102")         // 57 m away
	closed := d.report(d.leaders[0], 0.5, 0.5, "0102")
	d.do(d.dispatcher, closed.ID, incident.ToClose, "solved")
	d.now = d.now.AddDate(0, 0, -8)
	d.report(d.leaders[0], 0.5, 0.5, "0102") // long ago
	d.now = d.now.AddDate(0, 0, 8)
	find := func(actor staff.Actor) (ids []uuid.UUID) {
		list, err := incident.Duplicates(t.Context(), d.tx, actor, ledgertest.At(0.5, 0.5), "0102", d.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		return ids
	}
	got := find(d.leaders[0])
	if !slices.Equal(got, []uuid.UUID{same.ID, akin.ID}) {
		t.Errorf("duplicates %v; want %s and %s", got, same.ID, akin.ID)
	}
	if got := find(d.leaders[1]); len(got) != 0 {
		t.Errorf("the leader of another grid is told of %v", got)
	}
}

func TestADispatcherGivesAnIncidentToAPost(t *testing.T) {
	d := newDesk(t)
	var grid, other int64
	for code, unit := range map[string]*int64{"310115001001001": &grid, "310115001001002": &other} {
		if err := d.tx.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = $1`, code).Scan(unit); err != nil {
			t.Fatal(err)
		}
	}
	worker, workers := d.post(staff.Worker, grid)
	_, strangers := d.post(staff.Worker, other)
	keeper, keepers := d.post(staff.Worker, other)
	if _, err := incident.AddCharge(t.Context(), d.tx, staff.Local, incident.Charge{Kind: incident.ByAsset, Name: "路灯 7", Reach: 10, Post: keepers, Shape: ledgertest.Degrees(0.5, 0.5)}); err != nil {
		t.Fatal(err)
	}
	i := d.report(d.leaders[0], 0.5, 0.5, "0102")
	d.do(d.dispatcher, i.ID, incident.ToAccept, "")

	list, err := incident.Choices(t.Context(), d.tx, d.tx, d.dispatcher, i.ID, d.now)
	if err != nil {
		t.Fatal(err)
	}
	if first := list[0]; first.Post != keepers || first.Basis != incident.ByAsset || first.Name != "路灯 7" || first.Metres == nil || !first.Holds || !first.Present {
		t.Errorf("first is %+v, want the keeper of the lamp, whose it is", first)
	}
	at := func(post int64) int {
		return slices.IndexFunc(list, func(c incident.Choice) bool { return c.Post == post })
	}
	if n := at(workers); n < 0 || list[n].Basis != incident.ByGrid || list[n].Holds {
		t.Errorf("the worker of the grid is number %d of %+v", n, list)
	}
	if n := at(strangers); n >= 0 {
		t.Errorf("a post of another grid can be chosen: %+v", list[n])
	}

	for name, doing := range map[string]incident.Doing{
		"a post of another grid": {Act: incident.ToDispatch, Post: strangers},
		"no post":                {Act: incident.ToDispatch, Post: 1 << 40},
		"by a return":            {Act: incident.ToReturn, Reason: "wrong-post", Post: workers},
	} {
		if _, err := d.try(d.dispatcher, i.ID, doing); !errors.Is(err, incident.ErrPost) {
			t.Errorf("to %s: %v, want %v", name, err, incident.ErrPost)
		}
	}
	if got, err := incident.Get(t.Context(), d.tx, d.dispatcher, i.ID); err != nil || got.State != incident.Accepted {
		t.Errorf("after what was refused: %+v, %v", got, err)
	}
	if _, err := d.try(d.dispatcher, i.ID, incident.Doing{Act: incident.ToDispatch, Post: workers}); err != nil {
		t.Fatal(err)
	}
	if r := d.responsible(i.ID); r.Basis != incident.ByDispatch || r.Duty.Account != worker.Account || r.Unit != "310115001001001" {
		t.Errorf("dispatched: %+v", r)
	}
	steps, err := incident.Steps(t.Context(), d.tx, d.dispatcher, i.ID)
	if last := steps[len(steps)-1]; err != nil || last.To == nil || *last.To != workers {
		t.Errorf("the step is %+v, %v", last, err)
	}
	posts, err := incident.PostsOf(t.Context(), d.tx, steps, d.now)
	if err != nil || !slices.ContainsFunc(posts, func(n post.Named) bool { return n.Post == workers && n.Kind == staff.Worker }) {
		t.Errorf("posts of the steps: %+v, %v", posts, err)
	}

	mine := func(actor staff.Actor) int {
		t.Helper()
		n, err := incident.Count(t.Context(), d.tx, actor, incident.Filter{Mine: true})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if a, b, c := mine(worker), mine(keeper), mine(d.dispatcher); a != 1 || b != 0 || c != 0 {
		t.Errorf("%d are the worker's, %d the keeper's, %d the dispatcher's; want 1, 0, 0", a, b, c)
	}

	// Nobody of the post is there: it goes to who answers for the unit.
	d.do(d.dispatcher, i.ID, incident.ToReturn, "wrong-post")
	if _, err := d.tx.Exec(t.Context(), `INSERT INTO absence (account_id, starts_at, reason, recorded_by) VALUES ($1, '2026-01-01', 'leave', 'test')`, worker.Account); err != nil {
		t.Fatal(err)
	}
	if _, err := d.try(d.dispatcher, i.ID, incident.Doing{Act: incident.ToDispatch, Post: workers}); err != nil {
		t.Fatal(err)
	}
	if r := d.responsible(i.ID); r.Basis != incident.ByGrid || r.Duty.Account != d.leaders[0].Account || r.Duty.Steps[0].State != "away" {
		t.Errorf("dispatched to a post that is away: %+v", r)
	}
}

func TestIncidentsByWhenTheyAreDue(t *testing.T) {
	d := newDesk(t)
	d.now = time.Now()
	var order []uuid.UUID
	for _, category := range []string{"0102", "0501", "0102", "0501", "0901"} {
		order = append(order, d.report(d.leaders[0], 0.5, 0.5, category).ID)
	}
	if _, err := d.tx.Exec(t.Context(), `UPDATE incident SET due_at = NULL WHERE id = $1`, order[4]); err != nil {
		t.Fatal(err)
	}
	if _, err := d.tx.Exec(t.Context(), `UPDATE incident SET due_at = now() - interval '1 hour' WHERE id = $1`, order[2]); err != nil {
		t.Fatal(err)
	}
	f := incident.Filter{DueFirst: true, Limit: 2}
	var got []incident.Incident
	for range 10 {
		page, err := incident.List(t.Context(), d.tx, d.dispatcher, f)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		last := page[len(page)-1]
		f.AfterTime, f.AfterID = last.Due(), last.ID
	}
	if len(got) != 5 || got[0].ID != order[2] || got[4].ID != order[4] {
		t.Errorf("got %d: %+v; want the overdue one first and the one without a deadline last", len(got), got)
	}
	if !slices.IsSortedFunc(got, func(a, b incident.Incident) int { return a.Due().Compare(b.Due()) }) {
		t.Errorf("not by when they are due: %+v", got)
	}
	tally, err := incident.Tallies(t.Context(), d.tx, d.dispatcher, incident.Filter{Open: true})
	if err != nil || !slices.Equal(tally, []incident.Tally{{State: incident.Reported, Count: 5, Overdue: 1}}) {
		t.Errorf("tallies %+v, %v", tally, err)
	}
	if tally, err = incident.Tallies(t.Context(), d.tx, d.leaders[1], incident.Filter{}); err != nil || len(tally) != 0 {
		t.Errorf("of another grid: %+v, %v", tally, err)
	}
}

func TestWhatAnActorMayDoIsTold(t *testing.T) {
	d := newDesk(t)
	d.now = time.Now()
	i := d.report(d.leaders[0], 0.5, 0.5, "0102")
	may := func(actor staff.Actor) []incident.Act {
		t.Helper()
		one, err := incident.Get(t.Context(), d.tx, actor, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := incident.Steps(t.Context(), d.tx, actor, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		list, err := incident.MayTake(t.Context(), d.tx, actor, one, steps)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for _, tt := range []struct {
		name string
		who  staff.Actor
		want []incident.Act
	}{
		{"a leader records", d.leaders[0], []incident.Act{incident.ToAccept, incident.ToMove}},
		{"a dispatcher closes too", d.dispatcher, []incident.Act{incident.ToAccept, incident.ToClose, incident.ToMove}},
	} {
		if got := may(tt.who); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	d.do(d.dispatcher, i.ID, incident.ToAccept, "")
	d.do(d.dispatcher, i.ID, incident.ToDispatch, "")
	d.do(d.leaders[0], i.ID, incident.ToHandle, "")
	if got := may(d.leaders[0]); len(got) != 0 {
		t.Errorf("who handled it may %v, want nothing: another verifies", got)
	}
	if got := may(d.dispatcher); !slices.Equal(got, []incident.Act{incident.ToReject, incident.ToVerify}) {
		t.Errorf("another may %v", got)
	}
}

func TestWhatIsLeftIsCountedAsTheLimitIs(t *testing.T) {
	d := newDesk(t) // Monday, ten o'clock
	set := func(limit worktime.Limit) incident.Incident {
		t.Helper()
		limits := incident.Limits{{State: incident.Reported, Limit: limit}}
		if err := incident.SetLimits(t.Context(), d.tx, staff.Local, limits); err != nil {
			t.Fatal(err)
		}
		return d.report(d.leaders[0], 0.5, 0.5, "0102")
	}
	left := func(i incident.Incident, after time.Duration) float64 {
		t.Helper()
		got, err := incident.LeftOf(t.Context(), d.tx, i, d.now.Add(after))
		if err != nil || got == nil {
			t.Fatal(got, err)
		}
		return got.Amount
	}
	hours := set(worktime.Limit{Amount: 4, Unit: worktime.WorkingHours})
	for after, want := range map[time.Duration]float64{0: 4, 2 * time.Hour: 2, 3 * time.Hour: 2, 6 * time.Hour: -1, 24 * time.Hour: -4} {
		if got := left(hours, after); got != want {
			t.Errorf("%v after a report with 4 working hours there are %v, want %v", after, got, want)
		}
	}
	days := set(worktime.Limit{Amount: 2, Unit: worktime.WorkingDays})
	for after, want := range map[time.Duration]float64{0: 2, 24 * time.Hour: 1, 48 * time.Hour: 0, 72 * time.Hour: -1} {
		if got := left(days, after); got != want {
			t.Errorf("%v after a report with 2 working days there are %v, want %v", after, got, want)
		}
	}
	if got := left(set(worktime.Limit{Amount: 30, Unit: worktime.Minutes}), time.Hour); got != -30 {
		t.Errorf("an hour after a report with 30 minutes there are %v", got)
	}
	if got, err := incident.LeftOf(t.Context(), d.tx, incident.Incident{}, d.now); got != nil || err != nil {
		t.Errorf("without a deadline: %v, %v", got, err)
	}
	alike, err := incident.AlikeTo(t.Context(), d.tx, d.leaders[0], days.ID)
	if err != nil || len(alike) != 2 || slices.ContainsFunc(alike, func(a incident.Alike) bool { return a.ID == days.ID }) {
		t.Errorf("alike: %+v, %v; want the two others", alike, err)
	}
	if alike, err = incident.AlikeTo(t.Context(), d.tx, d.leaders[1], days.ID); !errors.Is(err, incident.ErrUnknown) || len(alike) != 0 {
		t.Errorf("alike for another grid: %+v, %v", alike, err)
	}
}

// Where people work until midnight, a day's close is the first instant of the next.
func TestWhatIsLeftInATownThatWorksUntilMidnight(t *testing.T) {
	d := newDesk(t) // Monday, ten o'clock
	if err := incident.SetHours(t.Context(), d.tx, staff.Local, "00:00-24:00"); err != nil {
		t.Fatal(err)
	}
	day := incident.Limits{{State: incident.Reported, Limit: worktime.Limit{Amount: 1, Unit: worktime.WorkingDays}}}
	if err := incident.SetLimits(t.Context(), d.tx, staff.Local, day); err != nil {
		t.Fatal(err)
	}
	i := d.report(d.leaders[0], 0.5, 0.5, "0102")
	if china(i.DueAt) != "09-23 00:00" {
		t.Fatalf("due %s, want the end of Tuesday", china(i.DueAt))
	}
	for after, want := range map[time.Duration]float64{0: 1, 24 * time.Hour: 0, 37 * time.Hour: 0, 48 * time.Hour: -1} {
		if got, err := incident.LeftOf(t.Context(), d.tx, i, d.now.Add(after)); err != nil || got.Amount != want {
			t.Errorf("%v after there are %+v, %v; want %v", after, got, err, want)
		}
	}
}

func TestWhatIsLeftIsNeverLessThanNothingByNothing(t *testing.T) {
	d := newDesk(t)
	close := time.Date(2026, 9, 21, 10, 0, 0, 0, time.UTC)
	for state, limit := range map[incident.State]worktime.Unit{incident.Reported: worktime.WorkingHours, incident.Handled: worktime.WorkingDays} {
		got, err := incident.LeftOf(t.Context(), d.tx, incident.Incident{Category: "0102", State: state, DueAt: &close}, close.Add(time.Hour))
		if err != nil || got.Amount != 0 || math.Signbit(got.Amount) || got.Unit != limit {
			t.Errorf("%s, in the evening after it was due: %+v, %v", state, got, err)
		}
	}
	load(t, d.tx, "1,暴露垃圾,挂账,2026-09-18 08:30:00,2026-09-21 10:30,,"+at(0.5, 0.5)+",某路1号")
	held := list(t, d.tx, incident.Filter{State: incident.Held})["1"]
	if got, err := incident.LeftOf(t.Context(), d.tx, held, d.now); err != nil || *got != (incident.Left{Amount: 30, Unit: worktime.Minutes}) {
		t.Errorf("of an imported one without a limit here: %+v, %v", got, err)
	}
}
