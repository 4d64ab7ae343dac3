package live_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/account"
	"wangge/geo/cell"
	"wangge/geo/incident"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/live"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// room is a duty room on a database of its own.
type room struct {
	testing.TB
	owner *pgxpool.Pool
	app   pg.DB
	hub   *live.Hub
	units []int64
	asked atomic.Int64 // round trips of the hub
}

func open(t testing.TB) *room {
	t.Helper()
	dsn := pgtest.DSN(t)
	r := &room{TB: t, owner: pgtest.As(t, dsn, ""), app: pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))}
	r.units = ledgertest.Town(t, r.owner, 2)
	config := pgtest.As(t, dsn, pg.RoleEngine).Config()
	config.ConnConfig.Tracer = tracer{&r.asked}
	engine, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	r.hub = live.NewHub(engine, slog.New(slog.DiscardHandler))
	r.hub.SetPace(20 * time.Millisecond)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = r.hub.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait(); engine.Close() })
	r.until("the hub has read", func() bool { // whoever may not watch is told so first
		w, err := r.hub.Watch(staff.Local, account.Proof{}, 0)
		if err == nil {
			w.Close()
		}
		return err == nil
	})
	return r
}

// tracer counts what is sent to the database.
type tracer struct{ n *atomic.Int64 }

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	t.n.Add(1)
	return ctx
}
func (t tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (t tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	t.n.Add(1)
	return ctx
}
func (t tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (t tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func (r *room) until(what string, holds func() bool) {
	r.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(end) {
			r.Fatalf("never: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (r *room) exec(sql string, args ...any) {
	r.Helper()
	if _, err := r.owner.Exec(r.Context(), sql, args...); err != nil {
		r.Fatalf("%s: %v", sql, err)
	}
}

// person holds a post of a kind in a unit (0 = everywhere) and has signed in.
type person struct {
	ctx   context.Context
	actor staff.Actor
	proof account.Proof
	room  *room
}

func (r *room) person(kind staff.Kind, unit int64) person {
	r.Helper()
	ctx, actor := stafftest.Hold(r.TB, r.owner, kind, unit)
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	secret := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
	digest := sha256.Sum256([]byte(secret))
	r.exec(`INSERT INTO session (account_id, digest, method) VALUES ($1, $2, 'password')`, actor.Account, digest[:])
	proof, ok := account.ProofOf(secret, "")
	if !ok {
		r.Fatal("the secret is none")
	}
	return person{ctx, actor, proof, r}
}

// viewer is somebody who watches.
type viewer struct {
	*live.Watcher
	room *room
	last int64
}

func (p person) watch(last int64) *viewer {
	p.room.Helper()
	w, err := p.room.hub.Watch(p.actor, p.proof, last)
	if err != nil {
		p.room.Fatal(err)
	}
	p.room.Cleanup(w.Close)
	return &viewer{Watcher: w, room: p.room}
}

// next is the next events, which have to come, with ids that grow.
func (v *viewer) next() []live.Event {
	v.room.Helper()
	list, more := v.Next(v.room.Context(), 10*time.Second)
	if len(list) == 0 {
		v.room.Fatalf("nothing comes (%v)", more)
	}
	for _, e := range list {
		if e.ID < v.last {
			v.room.Errorf("event %d after %d", e.ID, v.last)
		}
		v.last = e.ID
	}
	return list
}

// one is the next event, of that name.
func (v *viewer) one(name string, into any) live.Event {
	v.room.Helper()
	list := v.next()
	if len(list) != 1 || list[0].Name != name {
		v.room.Fatalf("%d events, the first %s %s; want one %s", len(list), list[0].Name, list[0].Data, name)
	}
	if err := json.Unmarshal(list[0].Data, into); err != nil {
		v.room.Fatal(err)
	}
	return list[0]
}

func (v *viewer) silent() {
	v.room.Helper()
	if list, more := v.Next(v.room.Context(), 150*time.Millisecond); len(list) > 0 || !more {
		v.room.Errorf("told %s, %v; want silence", list, more)
	}
}

// report reports an incident in a unit of the town.
func (p person) report(unit int, private bool) uuid.UUID {
	p.room.Helper()
	got, _, err := incident.Report(p.ctx, p.room.owner, p.room.owner, staff.Local, incident.New{ID: uuid.New(), Category: "0102", ReportedAt: time.Now(),
		Point: ledgertest.At(float64(unit%2)+0.5, float64(unit/2)+0.5), Private: private}, time.Now())
	if err != nil {
		p.room.Fatal(err)
	}
	return got.ID
}

func TestTheRoomSeesWhoIsOnDutyRoughlyAndByPost(t *testing.T) {
	r := open(t)
	leader, worker, other := r.person(staff.Leader, r.units[0]), r.person(staff.Worker, r.units[0]), r.person(staff.Leader, r.units[1])
	in, out := leader.watch(0), other.watch(0)
	var d live.Duty
	if in.one("duty", &d); !d.Whole || len(d.Posts) != 0 {
		t.Errorf("at first %+v", d)
	}
	out.one("duty", &d)

	if err := privacy.AgreeSelf(worker.ctx, r.owner, worker.actor, privacy.StaffTracking, 1); err != nil {
		t.Fatal(err)
	}
	desk := patrol.Desk{DB: r.app, Engine: r.owner, Now: time.Now}
	name, at := uuid.NewString(), ledgertest.At(0.5, 0.5)
	deliver := func(kind string, body any) {
		t.Helper()
		raw, _ := json.Marshal(body)
		got, err := desk.Deliver(worker.ctx, worker.actor, patrol.Delivery{Device: uuid.NewString(), SentAt: time.Now(),
			Items: []patrol.Item{{ID: uuid.NewString(), Kind: kind, At: time.Now(), Body: raw}}})
		if err != nil || got.Items[0].State != patrol.Stored {
			t.Fatalf("%v, %+v", err, got)
		}
	}
	fix := func(seq int, before time.Duration) {
		t.Helper()
		deliver("fixes", map[string]any{"shift": name, "first": seq, "fixes": [][]any{{time.Now().Add(-before).UnixMilli(), at.Degrees()[0], at.Degrees()[1], 8}}})
	}
	deliver("shift", map[string]any{"shift": name, "do": "start"})
	in.one("duty", &d)
	post := d.Posts[0]
	if d.Whole || len(d.Posts) != 1 || post.Post != worker.actor.Grants[0].Post || post.Kind != "worker" || !post.OnDuty || post.Since == nil || post.Cell != nil {
		t.Fatalf("begins: %+v", d)
	}
	fix(1, time.Hour) // before the shift
	in.silent()
	fix(2, 0)
	event := in.one("duty", &d)
	if want := cell.In(at, 8).String(); d.Posts[0].Cell == nil || *d.Posts[0].Cell != want {
		t.Errorf("seen at %v, want %s", d.Posts[0].Cell, want)
	}
	for _, word := range []string{"account", worker.actor.Name, name} {
		if strings.Contains(string(event.Data), word) {
			t.Errorf("%s names %q", event.Data, word)
		}
	}
	whole := leader.watch(0)
	if whole.one("duty", &d); !d.Whole || len(d.Posts) != 1 || d.Posts[0].Cell == nil {
		t.Errorf("who comes later sees %+v", d)
	}
	// A place of some time ago says nothing.
	r.exec(`UPDATE fix SET at = at - interval '11 minutes' WHERE seq = 2`)
	r.exec(`UPDATE shift SET changed = changed + 1, started_at = started_at - interval '12 minutes', spans = tstzmultirange(tstzrange(now() - interval '12 minutes', now() + interval '1 hour'))`)
	if in.one("duty", &d); d.Posts[0].Cell != nil || !d.Posts[0].OnDuty {
		t.Errorf("with an old place %+v", d)
	}
	deliver("shift", map[string]any{"shift": name, "do": "end"})
	if in.one("duty", &d); d.Posts[0].OnDuty || d.Posts[0].Since != nil || d.Posts[0].Cell != nil {
		t.Errorf("ends: %+v", d)
	}
	out.silent() // another grid
	mine := worker.watch(0)
	if mine.one("duty", &d); len(d.Posts) != 0 {
		t.Errorf("who supervises nobody sees %+v", d)
	}
}

func TestAFileOfAWatchDoesNotHideWhereThePhoneIs(t *testing.T) {
	r := open(t)
	leader, worker := r.person(staff.Leader, r.units[0]), r.person(staff.Worker, r.units[0])
	if err := privacy.AgreeSelf(worker.ctx, r.owner, worker.actor, privacy.StaffTracking, 1); err != nil {
		t.Fatal(err)
	}
	desk := patrol.Desk{DB: r.app, Engine: r.owner, Now: time.Now}
	shift, began := uuid.New(), time.Now().Add(-time.Hour)
	deliver := func(kind string, at time.Time, body any) {
		t.Helper()
		raw, _ := json.Marshal(body)
		got, err := desk.Deliver(worker.ctx, worker.actor, patrol.Delivery{Device: uuid.NewString(), SentAt: time.Now(),
			Items: []patrol.Item{{ID: uuid.NewString(), Kind: kind, At: at, Body: raw}}})
		if err != nil || got.Items[0].State != patrol.Stored {
			t.Fatalf("%v, %+v", err, got)
		}
	}
	deliver("shift", began, map[string]any{"shift": shift, "do": "start"})
	var file strings.Builder
	file.WriteString(`<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>`)
	for i := range 40 {
		p := ledgertest.Degrees(.5, .5)
		fmt.Fprintf(&file, `<trkpt lat="%.7f" lon="%.7f"><time>%s</time></trkpt>`, p[1], p[0], began.Add(time.Duration(i)*time.Second).UTC().Format(time.RFC3339))
	}
	file.WriteString(`</trkseg></trk></gpx>`)
	if got, err := desk.Import(worker.ctx, worker.actor, shift, strings.NewReader(file.String())); err != nil || got.Taken < 39 {
		t.Fatalf("%+v, %v", got, err)
	}
	at := ledgertest.At(.5, .5)
	deliver("fixes", time.Now(), map[string]any{"shift": shift, "first": 1, "fixes": [][]any{{time.Now().UnixMilli(), at.Degrees()[0], at.Degrees()[1], 8}}})
	want, room := cell.In(at, 8).String(), leader.watch(0)
	r.until("the place of the phone is told", func() bool {
		list, _ := room.Next(t.Context(), 50*time.Millisecond)
		return slices.ContainsFunc(list, func(e live.Event) bool { return strings.Contains(string(e.Data), want) })
	})
}

func TestIncidentsAreToldAtEachStepAndWhenTheyBecomeOverdue(t *testing.T) {
	r := open(t)
	dispatcher := r.person(staff.Dispatcher, r.units[0])
	v := dispatcher.watch(0)
	v.next()
	id := dispatcher.report(0, false)
	var got live.Incident
	v.one("incident", &got)
	if got.ID != id.String() || got.State != "reported" || got.Category != "0102" || got.Unit != "310115001001001" || got.UnitName != "unit 310115001001001" || got.Deadline == nil || got.Overdue || got.AtCell == nil {
		t.Errorf("reported: %+v", got)
	}
	_, err := incident.Do(dispatcher.ctx, r.owner, r.owner, dispatcher.actor, id, incident.Doing{ID: uuid.New(), Act: incident.ToAccept}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if v.one("incident", &got); got.State != "accepted" {
		t.Errorf("after a step %+v", got)
	}
	r.exec(`UPDATE incident SET due_at = clock_timestamp() + interval '100 milliseconds'`) // by itself this is no news
	if v.one("incident", &got); !got.Overdue || got.State != "accepted" {
		t.Errorf("as the deadline passed %+v", got)
	}
	v.silent() // once
}

// The reader sees every row; what it shows is what the walls of the database show.
func TestAWatcherIsShownWhatTheWallsShow(t *testing.T) {
	r := open(t)
	var village int64
	if err := r.owner.QueryRow(t.Context(), `SELECT id FROM unit WHERE level = 'village'`).Scan(&village); err != nil {
		t.Fatal(err)
	}
	var people []person
	var views []*viewer
	for _, kind := range []staff.Kind{staff.Leader, staff.Worker, staff.PartTimeWorker, staff.Member, staff.BuildingHead, staff.Planner, staff.Dispatcher} {
		for _, unit := range []int64{r.units[0], r.units[1], village, 0} {
			p := r.person(kind, unit)
			people, views = append(people, p), append(views, p.watch(0))
			views[len(views)-1].next()
		}
	}
	end := people[len(people)-1] // a dispatcher of everything
	var ids []uuid.UUID
	for unit := range 3 {
		ids = append(ids, end.report(unit, false), end.report(unit, true))
	}
	// One that lies in no unit belongs to the area that it was brought in for; one of nobody's is for everybody's.
	for _, area := range []*int64{&r.units[1], nil} {
		id := uuid.New()
		ids = append(ids, id)
		r.exec(`INSERT INTO incident (id, source, source_id, category, reported_at, area_id) VALUES ($1::uuid, 'x', $1::uuid::text, '0102', now(), $2)`, id, area)
		r.exec(`SELECT raise_layer('incident', ARRAY[$1::uuid::text])`, id)
	}
	last := end.report(3, false)
	shown := func(v *viewer) map[string]bool {
		all := map[string]bool{}
		for {
			list, _ := v.Next(t.Context(), 200*time.Millisecond)
			if len(list) == 0 {
				return all
			}
			for _, e := range list {
				var i live.Incident
				if json.Unmarshal(e.Data, &i) == nil && i.ID != "" {
					all[i.ID] = true
				}
			}
		}
	}
	if seen := shown(views[len(views)-1]); !seen[last.String()] || len(seen) != len(ids)+1 {
		t.Fatalf("who sees everything was told of %d incidents", len(seen))
	}
	differ := 0
	for n, p := range people[:len(people)-1] {
		seen := shown(views[n])
		for k, id := range ids {
			_, err := incident.Get(p.ctx, r.app, staff.Local, id) // the database's wall alone
			private := k < 6 && k%2 == 1
			if told, reads := seen[id.String()], err == nil; told && !reads || reads && !told && !private {
				t.Errorf("%s of unit %d: told of incident %d %v, may read it %v", p.actor.Grants[0].Kind, p.actor.Grants[0].Unit, k, told, reads)
			}
			if private && seen[id.String()] && !p.actor.May(staff.Record) && !p.actor.May(staff.Dispatch) {
				t.Errorf("%s is told of a private incident", p.actor.Grants[0].Kind)
			}
			if seen[id.String()] {
				differ++
			}
		}
	}
	if differ == 0 || differ == len(people)*len(ids) {
		t.Errorf("%d of %d: the test tells nothing", differ, len(people)*len(ids))
	}
}

func TestWhoComesBackIsToldWhatHappenedMeanwhile(t *testing.T) {
	r := open(t)
	dispatcher := r.person(staff.Dispatcher, 0)
	v := dispatcher.watch(0)
	first := v.next()[0]
	v.Close()
	a, b := dispatcher.report(0, false), dispatcher.report(1, false)
	var told []string
	back := dispatcher.watch(first.ID)
	for len(told) < 2 {
		for _, e := range back.next() {
			if e.Name == "reset" {
				t.Error("nothing was missed")
			}
			if e.Name == "incident" {
				told = append(told, string(e.Data))
			}
		}
	}
	if !strings.Contains(told[0], a.String()) || !strings.Contains(told[1], b.String()) {
		t.Errorf("told %s", told)
	}
	// Of another time of the server, or of longer ago than it remembers.
	for _, last := range []int64{1, first.ID + 1_000_000} {
		list := dispatcher.watch(last).next()
		if len(list) != 2 || list[0].Name != "reset" || list[1].Name != "duty" || !strings.Contains(string(list[1].Data), `"whole":true`) {
			t.Errorf("after %d: %s", last, list)
		}
	}
	// An import, of which single rows are not told.
	late := dispatcher.watch(0)
	late.next()
	r.exec(`SELECT raise_layer('incident', NULL)`)
	if list := late.next(); list[0].Name != "reset" || list[1].Name != "duty" {
		t.Errorf("after an import %s", list)
	}
	// So are those who fall behind: nothing is kept for them.
	slow := dispatcher.watch(0)
	slow.next()
	const many = live.MaxEvents - 10
	for n := range 2 {
		r.exec(`INSERT INTO incident (id, source, source_id, category, reported_at) SELECT gen_random_uuid(), $2, gen_random_uuid()::text, '0102', now() FROM generate_series(1, $1::int)`, many, strconv.Itoa(n))
		r.exec(`SELECT raise_layer('incident', (SELECT array_agg(id::text) FROM incident WHERE source = $1))`, strconv.Itoa(n))
		r.until("all of it was read", func() bool {
			w := dispatcher.watch(0)
			defer w.Close()
			return w.next()[0].ID >= slow.last+int64(n+1)*many
		})
	}
	if list := slow.next(); list[0].Name != "reset" {
		t.Errorf("who fell behind is told %s", list[0].Name)
	}
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	r := open(t)
	one, two := r.person(staff.Dispatcher, 0), r.person(staff.Leader, r.units[0])
	a, b := one.watch(0), two.watch(0)
	a.next()
	b.next()
	r.exec(`DELETE FROM session WHERE account_id = $1`, one.actor.Account)
	if err := live.LookUp(r.hub, t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, more := a.Next(t.Context(), time.Second); more || len(list) > 0 {
		t.Errorf("who was signed out is told %s", list)
	}
	b.silent()
	// A post that was moved shows another picture.
	r.exec(`UPDATE post SET unit_id = $1 WHERE id = $2`, r.units[1], two.actor.Grants[0].Post)
	if err := live.LookUp(r.hub, t.Context()); err != nil {
		t.Fatal(err)
	}
	b.next()
	two.report(0, false)
	b.silent()
	two.report(1, false)
	var got live.Incident
	b.one("incident", &got)
	r.exec(`UPDATE account SET disabled_on = now() WHERE id = $1`, two.actor.Account)
	if err := live.LookUp(r.hub, t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, more := b.Next(t.Context(), time.Second); more {
		t.Error("a disabled account watches on")
	}
}

func TestWatchersAreBounded(t *testing.T) {
	r := open(t)
	p := r.person(staff.Dispatcher, 0)
	var own []*viewer
	for range live.MaxOfAccount {
		own = append(own, p.watch(0))
	}
	if _, err := r.hub.Watch(p.actor, p.proof, 0); !errors.Is(err, live.ErrFull) {
		t.Errorf("one more of an account: %v", err)
	}
	own[0].Close()
	p.watch(0)
	for kind, want := range map[staff.Kind]error{staff.Analyst: staff.ErrForbidden, staff.Administrator: staff.ErrForbidden} {
		other := r.person(kind, 0)
		if _, err := r.hub.Watch(other.actor, other.proof, 0); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", kind, err, want)
		}
	}
	if _, err := r.hub.Watch(staff.Public, account.Proof{}, 0); !errors.Is(err, staff.ErrSignedOut) {
		t.Errorf("the public: %v", err)
	}
}

// Two hundred watch, and the database is asked as if it were one.
func TestManyWatchersCostWhatOneCosts(t *testing.T) {
	r := open(t)
	before := runtime.NumGoroutine()
	var people []person
	for range 25 {
		people = append(people, r.person(staff.Dispatcher, r.units[0]))
	}
	told := make([]atomic.Int64, 200)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	var ready sync.WaitGroup
	for n := range told {
		p := people[n/8]
		w, err := r.hub.Watch(p.actor, p.proof, 0)
		if err != nil {
			t.Fatal(err)
		}
		ready.Add(1)
		all.Go(func() {
			defer w.Close()
			once := sync.OnceFunc(ready.Done)
			for {
				list, more := w.Next(ctx, 50*time.Millisecond)
				if !more {
					return
				}
				once()
				told[n].Add(int64(len(slices.DeleteFunc(list, func(e live.Event) bool { return e.Name != "incident" }))))
			}
		})
	}
	ready.Wait()
	if got := r.hub.Watching(); got != 200 {
		t.Fatalf("%d watch", got)
	}
	asked, began := r.asked.Load(), time.Now()
	const incidents = 20
	for range incidents {
		people[0].report(0, false)
	}
	everybody := func() bool {
		return !slices.ContainsFunc(indices(told), func(n int) bool { return told[n].Load() < incidents })
	}
	r.until("everybody was told of all", everybody)
	ticks := int64(time.Since(began)/(20*time.Millisecond)) + 2
	if n := r.asked.Load() - asked; n > ticks+4 { // and one look-up of all sessions, at most two
		t.Errorf("%d round trips in %d readings, with 200 watchers", n, ticks)
	}
	if !everybody() {
		t.Error("somebody was told twice")
	}
	cancel()
	all.Wait()
	r.until("no goroutine is left", func() bool { return runtime.NumGoroutine() <= before+5 && r.hub.Watching() == 0 })
}

func indices(told []atomic.Int64) (list []int) {
	for n := range told {
		list = append(list, n)
	}
	return list
}

func TestWatchersEndWithTheServer(t *testing.T) {
	dsn := pgtest.DSN(t)
	hub := live.NewHub(pgtest.As(t, dsn, pg.RoleEngine), slog.New(slog.DiscardHandler))
	if _, err := hub.Watch(staff.Local, account.Proof{}, 0); !errors.Is(err, live.ErrBehind) {
		t.Errorf("before anything was read: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- hub.Run(ctx) }()
	var w *live.Watcher
	for w == nil {
		w, _ = hub.Watch(staff.Local, account.Proof{}, 0)
		runtime.Gosched()
	}
	if list, more := w.Next(t.Context(), time.Second); !more || len(list) != 1 {
		t.Fatalf("%s, %v", list, more)
	}
	cancel()
	if list, more := w.Next(t.Context(), time.Minute); more || len(list) > 0 {
		t.Errorf("after the server stopped: %s, %v", list, more)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
