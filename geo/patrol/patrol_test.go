package patrol_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/device"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// now is when the tests happen, by the server's clock: last night at ten in China,
// so that the hours before it are of one day whenever the tests run.
var now = geo.DayOf(time.Now()).Start().Add(-2 * time.Hour).UTC()

// station is a database with a town, and where deliveries come in.
type station struct {
	*testing.T
	dsn   string
	owner *pgxpool.Pool
	desk  *patrol.Desk
	units []int64
}

func open(t *testing.T) *station {
	t.Helper()
	s := &station{T: t, dsn: pgtest.DSN(t)}
	s.owner = pgtest.As(t, s.dsn, "")
	s.units = ledgertest.Town(t, s.owner, 2)
	s.desk = s.start()
	return s
}

// start is the server, with connections of its own.
func (s *station) start() *patrol.Desk {
	s.Helper()
	return &patrol.Desk{DB: pg.NewActing(pgtest.As(s.T, s.dsn, pg.RoleApp)), Engine: pgtest.As(s.T, s.dsn, pg.RoleEngine), Now: func() time.Time { return now },
		Kinds: map[string]patrol.Take{"note": func(_ context.Context, _ pgx.Tx, _ staff.Actor, item patrol.Taken) error {
			if !json.Valid(item.Body) || !strings.Contains(string(item.Body), "good") {
				return patrol.ErrBody
			}
			return nil
		}}}
}

// officer is somebody on duty with a phone.
type officer struct {
	*station
	ctx    context.Context
	actor  staff.Actor
	device string
	shift  string
	slow   time.Duration // how far the phone's clock lies behind
}

func (s *station) officer() *officer {
	s.Helper()
	ctx, actor := stafftest.Hold(s.T, s.owner, staff.Worker, s.units[0])
	if err := privacy.AgreeSelf(ctx, s.owner, actor, privacy.StaffTracking, 1); err != nil {
		s.Fatal(err)
	}
	return &officer{station: s, ctx: ctx, actor: actor, device: uuid.NewString(), shift: uuid.NewString()}
}

func (o *officer) item(kind string, at time.Time, body any) patrol.Item {
	o.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		o.Fatal(err)
	}
	return patrol.Item{ID: uuid.NewString(), Kind: kind, At: at.Add(-o.slow), Body: raw}
}

type object = map[string]any

func (o *officer) step(do string, at time.Time) patrol.Item {
	return o.item("shift", at, object{"do": do, "shift": o.shift})
}

// fixes are n fixes every five seconds from a sequence on; sequence 1 is at began.
func (o *officer) fixes(began time.Time, first, n int) patrol.Item {
	var list [][]any
	for i := range n {
		seq := first + i
		at := began.Add(time.Duration(seq-1) * 5 * time.Second)
		p := ledgertest.Degrees(0.5+float64(seq)*0.0001, 0.5)
		list = append(list, []any{at.Add(-o.slow).UnixMilli(), p[0], p[1], 8})
	}
	return o.item("fixes", began, object{"shift": o.shift, "first": first, "fixes": list})
}

func (o *officer) deliver(items ...patrol.Item) []patrol.Result {
	o.Helper()
	got, err := o.desk.Deliver(o.ctx, o.actor, patrol.Delivery{Device: o.device, SentAt: now.Add(-o.slow), Items: items})
	if err != nil {
		o.Fatal(err)
	}
	return got.Items
}

// want delivers one item and says what should become of it.
func (o *officer) want(item patrol.Item, state patrol.State, why error) patrol.Result {
	o.Helper()
	got := o.deliver(item)[0]
	if got.State != state || !errors.Is(got.Err, why) {
		o.Errorf("%s %s: %s %v, want %s %v", item.Kind, item.Body, got.State, got.Err, state, why)
	}
	return got
}

func (o *officer) track() []patrol.Fix {
	o.Helper()
	s, err := patrol.Get(o.ctx, o.desk.DB, o.actor, uuid.MustParse(o.shift))
	if err != nil {
		o.Fatal(err)
	}
	list, err := patrol.Track(o.ctx, o.desk.DB, o.actor, s, 0, 1_000_000)
	if err != nil {
		o.Fatal(err)
	}
	return list
}

// complete fails unless the shift has each of n fixes once.
func (o *officer) complete(n int) {
	o.Helper()
	list := o.track()
	if len(list) != n {
		o.Fatalf("%d fixes, want %d", len(list), n)
	}
	for i, f := range list {
		if f.Seq != i+1 {
			o.Fatalf("fix %d has the sequence %d", i+1, f.Seq)
		}
	}
	s, err := patrol.Get(o.ctx, o.desk.DB, o.actor, uuid.MustParse(o.shift))
	if err != nil || s.Fixes != n || s.Upto != n {
		o.Fatalf("%+v, %v; want %d fixes", s, err, n)
	}
}

func (s *station) count(sql string, args ...any) (n int) {
	s.Helper()
	if err := s.owner.QueryRow(s.Context(), sql, args...).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}

func TestAnItemIsStoredOnce(t *testing.T) {
	o := open(t).officer()
	start := o.step("start", now.Add(-time.Hour))
	o.want(start, patrol.Stored, nil)
	o.want(start, patrol.Known, nil)
	other := start
	other.Body = []byte(`{"do": "end", "shift": "` + o.shift + `"}`)
	o.want(other, patrol.Refused, patrol.ErrChanged)
	spaced := start
	spaced.Body = []byte(strings.ReplaceAll(string(start.Body), ":", " : "))
	o.want(spaced, patrol.Known, nil)
	o.want(o.step("start", now.Add(-time.Minute)), patrol.Refused, patrol.ErrStarted)
	fixes := o.fixes(now.Add(-time.Hour), 1, 10)
	for _, want := range []patrol.State{patrol.Stored, patrol.Known} {
		if got := o.want(fixes, want, nil); got.Upto == nil || *got.Upto != 10 {
			t.Errorf("%s: up to %v", want, got.Upto)
		}
	}
	// The phone makes items anew, of which the server has a part.
	if got := o.want(o.fixes(now.Add(-time.Hour), 6, 10), patrol.Stored, nil); *got.Upto != 15 {
		t.Errorf("up to %d", *got.Upto)
	}
	if got := o.want(o.fixes(now.Add(-time.Hour), 21, 5), patrol.Stored, nil); *got.Upto != 15 {
		t.Errorf("with a hole up to %d", *got.Upto)
	}
	if got := o.want(o.fixes(now.Add(-time.Hour), 10, 15), patrol.Stored, nil); *got.Upto != 25 {
		t.Errorf("up to %d", *got.Upto)
	}
	o.complete(25)
}

func TestARefusedItemHarmsNoOther(t *testing.T) {
	o := open(t).officer()
	bad := o.item("note", now, object{"text": "bad"})
	got := o.deliver(
		o.step("start", now.Add(-time.Hour)),
		patrol.Item{ID: "x", Kind: "note", At: now, Body: []byte(`{}`)},
		o.item("dance", now, object{}),
		bad,
		o.item("note", now, object{"text": "good"}),
		o.item("fixes", now, object{"shift": o.shift, "first": 0, "fixes": [][]any{{0, 0, 0, nil}}}),
		o.item("fixes", now, object{"shift": "mine", "first": 1, "fixes": [][]any{{0, 0, 0, nil}}}),
		o.item("fixes", now, object{"shift": o.shift, "first": 1, "fixes": [][]any{{0, nil, 0, nil}}}),
		o.item("fixes", now, object{"shift": o.shift, "first": 1, "fixes": [][]any{{0, 0, 91, nil}}}),
		o.item("fixes", now, object{"shift": o.shift, "first": 1, "fixes": [][]any{{0, 0}}}),
		o.item("shift", now, object{"shift": o.shift, "do": "dance"}),
		o.item("shift", now, object{"shift": o.shift, "do": "pause", "transport": "horse"}),
		o.item("shift", now, object{"shift": o.shift, "do": "members", "members": []int{999}}),
		o.step("end", now.AddDate(125, 0, 0)),
		o.step("end", time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC)),
		o.fixes(now.Add(-time.Hour), 1, 3),
	)
	for i, want := range []error{nil, patrol.ErrKey, patrol.ErrKind, patrol.ErrBody, nil, patrol.ErrBody, patrol.ErrBody, patrol.ErrBody, patrol.ErrBody, patrol.ErrBody,
		patrol.ErrBody, patrol.ErrBody, patrol.ErrMembers, patrol.ErrClock, patrol.ErrClock, nil} {
		if !errors.Is(got[i].Err, want) || (want == nil) != (got[i].State == patrol.Stored) {
			t.Errorf("item %d: %s %v, want %v", i, got[i].State, got[i].Err, want)
		}
	}
	o.complete(3)
	if _, err := o.desk.Deliver(o.ctx, o.actor, patrol.Delivery{Device: o.device, Items: []patrol.Item{bad}}); !errors.Is(err, patrol.ErrClock) {
		t.Errorf("sent in the year 1: %v", err)
	}
	// What was refused may come right later, under the same id.
	bad.Body = []byte(`{"text": "good"}`)
	o.want(bad, patrol.Stored, nil)
	for _, d := range []patrol.Delivery{{Device: o.device}, {Device: "x", Items: []patrol.Item{bad}}, {Device: o.device, Items: make([]patrol.Item, 201)}} {
		d.SentAt = now
		if _, err := o.desk.Deliver(o.ctx, o.actor, d); !errors.Is(err, patrol.ErrItems) && !errors.Is(err, patrol.ErrDevice) {
			t.Errorf("%.40v: %v", d, err)
		}
	}
}

// Deliveries come shuffled, twice, many at once, and their answers get lost: each fix is
// there once.
func TestEachFixIsThereOnceHoweverItCame(t *testing.T) {
	o := open(t).officer()
	began := now.Add(-3 * time.Hour)
	items := []patrol.Item{o.step("start", began), o.step("pause", began.Add(10*time.Minute)), o.step("resume", began.Add(20*time.Minute)), o.step("end", now)}
	for first := 1; first <= 1000; first += 50 {
		items = append(items, o.fixes(began, first, 70)) // each shares some with the next
	}
	random := rand.New(rand.NewPCG(1, uint64(now.UnixNano())))
	var work sync.WaitGroup
	for range 6 {
		mine := append(slices.Clone(items), items...)
		random.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
		work.Go(func() {
			for part := range slices.Chunk(mine, 7) {
				_, err := o.desk.Deliver(o.ctx, o.actor, patrol.Delivery{Device: o.device, SentAt: now, Items: part})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	o.complete(1020)
	if n := o.count(`SELECT count(*) FROM delivered`); n != len(items) {
		t.Errorf("%d items are known, want %d", n, len(items))
	}
	s, err := patrol.Get(o.ctx, o.desk.DB, o.actor, uuid.MustParse(o.shift))
	want := []patrol.Span{{From: began, To: began.Add(10 * time.Minute)}, {From: began.Add(20 * time.Minute), To: now}}
	if err != nil || len(s.Spans) != 2 || !s.Spans[0].From.Equal(want[0].From) || !s.Spans[0].To.Equal(want[0].To) || !s.Spans[1].From.Equal(want[1].From) || !s.Spans[1].To.Equal(want[1].To) {
		t.Errorf("spans %v, %v; want %v", s.Spans, err, want)
	}
	outside := 0
	for _, f := range o.track() {
		if f.Mark == "outside" {
			outside++
		}
	}
	if outside != 10*60/5 {
		t.Errorf("%d fixes lie in the pause", outside)
	}
}

// The server ends in the middle, over and over, and the phone goes on where it does not
// know better.
func TestTheServerIsKilledBetween(t *testing.T) {
	o := open(t).officer()
	began := now.Add(-2 * time.Hour)
	waiting := []patrol.Item{o.step("start", began)}
	for first := 1; first <= 1000; first += 100 {
		waiting = append(waiting, o.fixes(began, first, 100))
	}
	random := rand.New(rand.NewPCG(2, uint64(now.UnixNano())))
	for tries := 0; len(waiting) > 0; tries++ {
		if tries > 200 {
			t.Fatalf("%d items are still waiting", len(waiting))
		}
		ended := make(chan struct{})
		after := time.Duration(random.IntN(15_000)) * time.Microsecond
		if tries < 100 {
			go func() {
				defer close(ended)
				<-time.After(after)
				_, _ = o.owner.Exec(context.WithoutCancel(t.Context()), `
					SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE '%pg_terminate%'`)
			}()
		} else {
			close(ended)
		}
		got, err := o.desk.Deliver(o.ctx, o.actor, patrol.Delivery{Device: o.device, SentAt: now, Items: waiting[:min(3, len(waiting))]})
		<-ended
		if err != nil || random.IntN(3) == 0 { // the answer is lost
			continue
		}
		for _, r := range got.Items {
			if r.State == patrol.Refused {
				t.Fatal(r.Err)
			}
		}
		waiting = waiting[len(got.Items):]
	}
	// Connections that were killed are still in the pool until somebody takes them.
	for tries := 0; tries < 50; tries++ {
		if _, err := patrol.Get(o.ctx, o.desk.DB, o.actor, uuid.MustParse(o.shift)); err == nil {
			break
		}
	}
	o.complete(1000)
}

func TestTwoOfficersOnOnePhoneStayApart(t *testing.T) {
	s := open(t)
	a, b := s.officer(), s.officer()
	b.device, b.shift = a.device, a.shift // even the names of their shifts are the same
	item := a.fixes(now.Add(-time.Hour), 1, 5)
	a.want(a.step("start", now.Add(-time.Hour)), patrol.Stored, nil)
	a.want(item, patrol.Stored, nil)
	b.want(item, patrol.Stored, nil) // the same id of another account is another item
	b.want(b.fixes(now.Add(-time.Hour), 6, 5), patrol.Stored, nil)
	a.complete(5)
	b.complete(10)
	if list := b.track(); list[0].Mark != "outside" {
		t.Errorf("b never began the shift: %+v", list[0])
	}
	if list := a.track(); list[0].Mark != "" {
		t.Errorf("a was on duty: %+v", list[0])
	}
}

// What a lost phone sends is refused as a whole, and it is told so; the account goes on
// with another.
func TestALostPhoneIsToldSo(t *testing.T) {
	s := open(t)
	a, b := s.officer(), s.officer()
	b.device = a.device
	a.want(a.step("start", now.Add(-time.Hour)), patrol.Stored, nil)
	if got := s.count(`SELECT count(*) FROM device WHERE first_on = last_on`); got != 1 {
		t.Errorf("%d devices are known, want 1", got)
	}
	if err := device.Revoke(t.Context(), s.owner, staff.System, a.actor.Account, uuid.MustParse(a.device)); err != nil {
		t.Fatal(err)
	}
	_, err := s.desk.Deliver(a.ctx, a.actor, patrol.Delivery{Device: a.device, SentAt: now, Items: []patrol.Item{a.fixes(now.Add(-time.Hour), 1, 5)}})
	if !errors.Is(err, device.ErrRevoked) {
		t.Errorf("a delivery of the lost phone: %v, want ErrRevoked", err)
	}
	b.want(b.step("start", now.Add(-time.Hour)), patrol.Stored, nil) // the other officer of the phone
	a.device = uuid.NewString()
	a.want(a.fixes(now.Add(-time.Hour), 1, 5), patrol.Stored, nil)
	a.complete(5)
}

func TestFixesThatCannotBeAreMarkedAndNotLost(t *testing.T) {
	o := open(t).officer()
	o.want(o.step("start", now.Add(-time.Hour)), patrol.Stored, nil)
	p := ledgertest.Degrees(0.5, 0.5)
	var list [][]any
	times := []time.Time{time.Date(1901, 12, 13, 0, 0, 0, 0, time.UTC), now.Add(24 * time.Hour), now.Add(-2 * time.Hour), now.Add(-time.Minute), now.AddDate(0, 0, -29)}
	for _, at := range times {
		list = append(list, []any{at.UnixMilli(), p[0], p[1], nil})
	}
	o.want(o.item("fixes", now, object{"shift": o.shift, "first": 1, "fixes": list}), patrol.Stored, nil)
	for i, want := range []string{"past", "future", "outside", "", "outside"} {
		if got := o.track()[i]; got.Mark != want || !got.DeviceAt.Equal(times[i]) || got.Accuracy != nil {
			t.Errorf("%v: %+v, want %q", times[i], got, want)
		}
	}
	if n := o.count(`SELECT count(*) FROM pg_inherits WHERE inhparent = 'fix'::regclass`); n > 3 {
		t.Errorf("%d days", n)
	}
}

func TestAWrongClockIsSetRightAndBothTimesAreKept(t *testing.T) {
	o := open(t).officer()
	o.slow = 6 * time.Hour
	o.want(o.step("start", now.Add(-time.Hour)), patrol.Stored, nil)
	o.want(o.fixes(now.Add(-time.Hour), 1, 2), patrol.Stored, nil)
	f := o.track()[0]
	if !f.At.Equal(now.Add(-time.Hour)) || !f.DeviceAt.Equal(now.Add(-7*time.Hour)) || f.Mark != "" {
		t.Errorf("%+v", f)
	}
	// A delivery that was long on its way says nothing of the clock; one after somebody set it does.
	o.desk.Now = func() time.Time { return now.Add(time.Minute) }
	o.want(o.fixes(now.Add(-time.Hour), 3, 1), patrol.Stored, nil)
	if f := o.track()[2]; !f.At.Equal(now.Add(-time.Hour + 10*time.Second)) {
		t.Errorf("after a slow delivery: %+v", f)
	}
	o.slow = 0
	o.want(o.fixes(now.Add(-time.Hour), 4, 1), patrol.Stored, nil)
	if f := o.track()[3]; f.At.Sub(f.DeviceAt) > 2*time.Minute {
		t.Errorf("after the clock was set: %+v", f)
	}
}

func TestNobodyIsTrackedWithoutConsent(t *testing.T) {
	s := open(t)
	o := s.officer()
	o.want(o.step("start", now.Add(-time.Hour)), patrol.Stored, nil)
	if err := privacy.WithdrawSelf(o.ctx, s.owner, o.actor, privacy.StaffTracking); err != nil {
		t.Fatal(err)
	}
	o.want(o.fixes(now.Add(-time.Hour), 1, 2), patrol.Refused, patrol.ErrConsent)
	if n := s.count(`SELECT count(*) FROM fix`); n != 0 {
		t.Errorf("%d fixes", n)
	}
}

func TestTracksAreOnesOwn(t *testing.T) {
	s := open(t)
	o := s.officer()
	o.want(o.step("start", now.Add(-time.Hour)), patrol.Stored, nil)
	o.want(o.fixes(now.Add(-time.Hour), 1, 2), patrol.Stored, nil)
	for _, kind := range []staff.Kind{staff.Leader, staff.Worker, staff.Planner, staff.Dispatcher, staff.Administrator, staff.PrivacyOfficer} {
		ctx, other := stafftest.Hold(t, s.owner, kind, 0)
		if list, err := patrol.Shifts(ctx, s.desk.DB, other, 0, 10); err != nil || len(list) != 0 {
			t.Errorf("%s: %v, %v", kind, list, err)
		}
		if _, err := patrol.Get(ctx, s.desk.DB, other, uuid.MustParse(o.shift)); !errors.Is(err, patrol.ErrShift) {
			t.Errorf("%s: %v", kind, err)
		}
		for _, table := range []string{"shift", "shift_step", "fix", "delivered", "device_clock"} { // the database by itself
			var n int
			if err := s.desk.DB.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != 0 {
				t.Errorf("%s sees %d rows of %s, %v", kind, n, table, err)
			}
		}
		if _, err := s.desk.DB.Exec(ctx, `INSERT INTO fix (day, shift_no, seq, at, device_at, x, y, accuracy, mark) VALUES (now()::date, 1, 1, now(), now(), 1, 1, 1, 0)`); !pg.ErrCode(err, "42501") {
			t.Errorf("%s adds to a shift past the desk: %v", kind, err)
		}
	}
	// Only who may record patrols.
	ctx, analyst := stafftest.Hold(t, s.owner, staff.Analyst, 0)
	if _, err := s.desk.Deliver(ctx, analyst, patrol.Delivery{Device: o.device, SentAt: now, Items: []patrol.Item{o.step("end", now)}}); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("an analyst: %v", err)
	}
}

func TestWholeDaysAreDroppedAfterTheirTime(t *testing.T) {
	o := open(t).officer()
	o.want(o.step("start", now.AddDate(0, 0, -20)), patrol.Stored, nil)
	o.want(o.fixes(now.AddDate(0, 0, -20), 1, 5), patrol.Stored, nil)
	o.want(o.fixes(now.AddDate(0, 0, 0).Add(-time.Hour), 6, 5), patrol.Stored, nil)
	sweep := func(later int) map[string]int64 {
		t.Helper()
		done, err := privacy.Retain(t.Context(), o.desk.Engine, nil, staff.System, patrol.Sweeps(), now.AddDate(0, 0, later), 0, func(string, int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		swept := map[string]int64{}
		for _, s := range done.Swept {
			swept[s.Kind] = s.Deleted
		}
		return swept
	}
	if got := sweep(0); got["track"] != 0 || len(o.track()) != 10 {
		t.Errorf("too early: %v", got)
	}
	if got := sweep(12); got["track"] != 1 || len(o.track()) != 5 {
		t.Errorf("after 12 days: %v", got)
	}
	if got := sweep(400); got["track"] != 1 || got["shift"] != 1 || got["delivery"] != 3 {
		t.Errorf("at last: %v", got)
	}
	if n := o.count(`SELECT (SELECT count(*) FROM fix) + (SELECT count(*) FROM shift_step) + (SELECT count(*) FROM device_clock)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

// Fixes of many phones go together into one transaction; what one of them may not do
// harms none.
func TestManyPhonesAtOnce(t *testing.T) {
	s := open(t)
	const phones, fixes = 40, 300
	began := now.Add(-time.Hour)
	officers := make([]*officer, phones)
	for i := range officers {
		officers[i] = s.officer()
		if i%10 == 9 { // one of ten agreed and then did not any more
			if err := privacy.WithdrawSelf(officers[i].ctx, s.owner, officers[i].actor, privacy.StaffTracking); err != nil {
				t.Fatal(err)
			}
		}
	}
	var all sync.WaitGroup
	for i, o := range officers {
		all.Go(func() {
			send := func(items ...patrol.Item) {
				got, err := o.desk.Deliver(o.ctx, o.actor, patrol.Delivery{Device: o.device, SentAt: now, Items: items})
				if err != nil {
					t.Error(err)
					return
				}
				for n, r := range got.Items {
					switch refused := items[n].Kind == "fixes" && i%10 == 9; {
					case refused && !errors.Is(r.Err, patrol.ErrConsent):
						t.Errorf("phone %d without consent: %s %v", i, r.State, r.Err)
					case !refused && r.State == patrol.Refused:
						t.Errorf("phone %d: %v", i, r.Err)
					}
				}
			}
			backlog, live := o.fixes(began, 51, fixes-50), o.fixes(began, 1, 50)
			var each sync.WaitGroup
			for _, items := range [][]patrol.Item{{o.step("start", began), live}, {backlog}, {live, backlog, live}, {backlog}} {
				each.Go(func() { send(items...) })
			}
			each.Wait()
		})
	}
	all.Wait()
	for i, o := range officers {
		if i%10 != 9 {
			o.complete(fixes)
		}
	}
	if n := s.count(`SELECT count(*) FROM fix`); n != fixes*phones*9/10 {
		t.Errorf("%d fixes", n)
	}
}

// A column that an index names makes each change of it a change of every index: what
// deliveries write to a shift that waits to be counted must be in none.
func TestADeliveryToAWaitingShiftChangesNoIndex(t *testing.T) {
	s := open(t)
	o := s.officer()
	o.want(o.step("start", now.Add(-time.Hour)), patrol.Stored, nil)
	o.want(o.fixes(now.Add(-time.Hour), 1, 10), patrol.Stored, nil)
	const row = `SELECT to_jsonb(s) FROM shift s WHERE id = $1`
	var before, after map[string]any
	if err := s.owner.QueryRow(t.Context(), row, o.shift).Scan(&before); err != nil {
		t.Fatal(err)
	}
	o.want(o.fixes(now.Add(-time.Hour), 11, 10), patrol.Stored, nil)
	if err := s.owner.QueryRow(t.Context(), row, o.shift).Scan(&after); err != nil {
		t.Fatal(err)
	}
	rows, _ := s.owner.Query(t.Context(), `
		SELECT DISTINCT a.attname::text FROM pg_index i
		JOIN pg_depend d ON d.objid = i.indexrelid AND d.refobjid = i.indrelid OR d.objid IN (SELECT oid FROM pg_constraint c WHERE c.conindid = i.indexrelid) AND d.refobjid = i.indrelid
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
		WHERE i.indrelid = 'shift'::regclass`)
	indexed, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"no", "id", "account_id", "unit_id", "started_at", "to_count"} { // we see what there is
		if !slices.Contains(indexed, column) {
			t.Errorf("the indexes name %v, and not %s", indexed, column)
		}
	}
	changed := 0
	for column := range after {
		if reflect.DeepEqual(before[column], after[column]) {
			continue
		}
		changed++
		if slices.Contains(indexed, column) {
			t.Errorf("a delivery changes %s, which an index names", column)
		}
	}
	if changed == 0 {
		t.Error("the delivery changed nothing")
	}
}
