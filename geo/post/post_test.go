package post_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/post"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// world is two towns side by side, with the pools of a request and of the engine.
//
//	T1 ─ V11 ─ G111, G112        T2 ─ V21 ─ G211
//	   └ V12 ─ G121
type world struct {
	db     *pgxpool.Pool // owns everything: for what the test arranges
	engine *pgxpool.Pool
	app    *pg.Acting
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dsn := pgtest.DSN(t)
	w := &world{db: pgtest.As(t, dsn, ""), engine: pgtest.As(t, dsn, pg.RoleEngine), app: pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))}
	w.exec(t, `INSERT INTO plan (name, preset, level, state, effective_on, published_at, created_by) VALUES ('test', 'town-grid', 'town', 'published', '2026-01-01', now(), 'test')`)
	for _, u := range [][3]string{
		{"T1", "", "town"}, {"V11", "T1", "village"}, {"G111", "V11", "grid"}, {"G112", "V11", "grid"}, {"V12", "T1", "village"}, {"G121", "V12", "grid"},
		{"T2", "", "town"}, {"V21", "T2", "village"}, {"G211", "V21", "grid"},
	} {
		w.unit(t, u[0], u[1], u[2])
	}
	return w
}

func (w *world) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := w.db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// unit puts a unit in force since the new year.
func (w *world) unit(t testing.TB, code, parent, level string) {
	t.Helper()
	w.exec(t, `
		WITH u AS (INSERT INTO unit (code, preset, level) VALUES ($1, 'town-grid', $3) RETURNING id)
		INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
		SELECT u.id, (SELECT id FROM unit WHERE code = $2), 1, 'name of ' || $1, '2026-01-01', 1,
		       ST_SetSRID(ST_Point(115, 30), 4326), ST_Multi(ST_MakeEnvelope(115, 30, 115.1, 30.1, 4326))
		FROM u`, code, parent, level)
}

func (w *world) id(t testing.TB, code string) (id int64) {
	t.Helper()
	if err := w.db.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = $1`, code).Scan(&id); err != nil {
		t.Fatalf("unit %s: %v", code, err)
	}
	return id
}

// account makes an account in the area of a unit ("" = everywhere).
func (w *world) account(t testing.TB, login, area string) (id int64) {
	t.Helper()
	err := w.db.QueryRow(t.Context(), `INSERT INTO account (login, area_id) VALUES ($1, (SELECT id FROM unit WHERE code = $2)) RETURNING id`, login, area).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// post makes a post as the person at the machine.
func (w *world) post(t testing.TB, kind staff.Kind, unit string) post.Post {
	t.Helper()
	n := post.New{Kind: kind, Unit: unit, From: day("2026-01-01")}
	if kind == staff.DepartmentOfficer {
		n.Department = "城管"
	}
	p, err := post.Make(t.Context(), w.engine, staff.Local, n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) hold(t testing.TB, p post.Post, rank post.Rank, login string) {
	t.Helper()
	if _, err := post.HandOver(t.Context(), w.engine, staff.Local, p.ID, rank, login, grid.Today()); err != nil {
		t.Fatal(err)
	}
}

// serves makes an account that holds a new post as A, and returns who it is now.
func (w *world) serves(t testing.TB, login string, kind staff.Kind, unit string) (context.Context, staff.Actor) {
	t.Helper()
	w.account(t, login, "")
	w.hold(t, w.post(t, kind, unit), post.A, login)
	return w.as(t, login)
}

// as is a request of an account, with what it may do now.
func (w *world) as(t testing.TB, login string) (context.Context, staff.Actor) {
	t.Helper()
	var id int64
	if err := w.db.QueryRow(t.Context(), `SELECT id FROM account WHERE login = $1`, login).Scan(&id); err != nil {
		t.Fatal(err)
	}
	actor, err := staff.Load(t.Context(), w.engine, id)
	if err != nil {
		t.Fatal(err)
	}
	return pg.WithAccount(t.Context(), strconv.FormatInt(id, 10)), actor
}

func day(s string) geo.Day {
	d, err := geo.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// in is the day n days from today.
func in(n int) geo.Day { return geo.DayOf(grid.Today().Start().AddDate(0, 0, n)) }

func TestPostsAreNumberedTitledAndEnded(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	first, second := w.post(t, staff.Worker, "G111"), w.post(t, staff.Worker, "G111")
	if first.Ordinal != 1 || second.Ordinal != 2 || first.TitleZh != "专职网格员" || first.Unit != "G111" || first.Level != "grid" || first.UnitName != "name of G111" {
		t.Fatalf("%+v, then %+v", first, second)
	}
	other := w.post(t, staff.Worker, "G112")
	if other.Ordinal != 1 {
		t.Errorf("the first worker of another grid has number %d", other.Ordinal)
	}

	if _, err := post.Retitle(ctx, w.engine, staff.Local, first.ID, "夜班网格员", in(3)); err != nil {
		t.Fatal(err)
	}
	for on, want := range map[geo.Day]string{grid.Today(): "专职网格员", in(3): "夜班网格员", day("2026-01-01"): "专职网格员"} {
		if p, err := post.Get(ctx, w.engine, staff.Local, on, first.ID); err != nil || p.TitleZh != want {
			t.Errorf("title on %s is %q, %v; want %q", on, p.TitleZh, err, want)
		}
	}

	// Never held and not begun: it goes. Never held but begun: it stays in the history.
	planned, err := post.Make(ctx, w.engine, staff.Local, post.New{Kind: staff.Worker, Unit: "G111", From: in(10)})
	if err != nil || planned.Ordinal != 3 {
		t.Fatalf("%+v, %v", planned, err)
	}
	for _, p := range []post.Post{planned, second} {
		if err := post.End(ctx, w.engine, staff.Local, p.ID, geo.Day{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := post.Get(ctx, w.engine, staff.Local, grid.Today(), planned.ID); !errors.Is(err, post.ErrUnknownPost) {
		t.Errorf("a post that never began: %v", err)
	}
	if p, err := post.Get(ctx, w.engine, staff.Local, grid.Today(), second.ID); err != nil || p.ValidTo == nil || *p.ValidTo != grid.Today() {
		t.Errorf("%+v, %v; want it ended today", p, err)
	}
	list := func(on geo.Day) (ids []int64) {
		posts, err := post.List(ctx, w.engine, staff.Local, on, post.Filter{Unit: "T1", Kind: staff.Worker})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range posts {
			ids = append(ids, p.ID)
		}
		return ids
	}
	if got := list(grid.Today()); !slices.Equal(got, []int64{first.ID, other.ID}) {
		t.Errorf("workers of the town today: %v", got)
	}
	if got := list(day("2026-02-01")); !slices.Equal(got, []int64{first.ID, second.ID, other.ID}) {
		t.Errorf("workers of the town in February: %v", got)
	}
	if again := w.post(t, staff.Worker, "G111"); again.Ordinal != 3 { // number 2 was in use since January
		t.Errorf("a worker as of January has number %d, want 3", again.Ordinal)
	}

	refusals := []struct {
		name string
		do   func() error
		want error
	}{
		{"ended twice", func() error { return post.End(ctx, w.engine, staff.Local, second.ID, geo.Day{}) }, post.ErrEnded},
		{"ended in the past", func() error { return post.End(ctx, w.engine, staff.Local, first.ID, in(-1)) }, post.ErrPast},
		{"a title in the past", func() error { _, err := post.Retitle(ctx, w.engine, staff.Local, first.ID, "x", in(-1)); return err }, post.ErrPast},
		{"a title after the end", func() error {
			_, err := post.Retitle(ctx, w.engine, staff.Local, second.ID, "x", geo.Day{})
			return err
		}, post.ErrEnded},
		{"a title like a page", func() error {
			_, err := post.Retitle(ctx, w.engine, staff.Local, first.ID, fmt.Sprintf("%061d", 0), geo.Day{})
			return err
		}, post.ErrTitle},
		{"no such post", func() error { return post.End(ctx, w.engine, staff.Local, 99999, geo.Day{}) }, post.ErrUnknownPost},
		{"no such kind", func() error {
			_, err := post.Make(ctx, w.engine, staff.Local, post.New{Kind: "king", Unit: "T1"})
			return err
		}, post.ErrUnknownKind},
		{"no such unit", func() error {
			_, err := post.Make(ctx, w.engine, staff.Local, post.New{Kind: staff.Leader, Unit: "T9"})
			return err
		}, grid.ErrUnknownUnit},
		{"an officer of no department", func() error {
			_, err := post.Make(ctx, w.engine, staff.Local, post.New{Kind: staff.DepartmentOfficer, Unit: "T1"})
			return err
		}, post.ErrDepartment},
		{"a leader with a department", func() error {
			_, err := post.Make(ctx, w.engine, staff.Local, post.New{Kind: staff.Leader, Unit: "T1", Department: "城管"})
			return err
		}, post.ErrDepartment},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.do(); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAPostIsHandedOverOnADate(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for _, login := range []string{"an", "bo", "chen"} {
		w.account(t, login, "")
	}
	w.account(t, "gone", "")
	w.exec(t, `UPDATE account SET disabled_on = now() WHERE login = 'gone'`)
	leader := w.post(t, staff.Leader, "G111")
	hand := func(rank post.Rank, login string, from geo.Day) error {
		_, err := post.HandOver(ctx, w.engine, staff.Local, leader.ID, rank, login, from)
		return err
	}
	holders := func(on geo.Day) string {
		p, err := post.Get(ctx, w.engine, staff.Local, on, leader.ID)
		if err != nil {
			t.Fatal(err)
		}
		name := func(h *post.Holder) string {
			if h == nil {
				return "-"
			}
			return h.Login
		}
		return name(p.A) + " " + name(p.B)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(hand(post.A, "an", day("2026-02-01"))) // nobody is replaced: from whenever it was so
	must(hand(post.B, "bo", geo.Day{}))
	must(hand(post.A, "chen", in(5)))
	must(hand(post.A, "chen", in(5))) // the same again
	for on, want := range map[geo.Day]string{day("2026-01-15"): "- -", day("2026-02-01"): "an -", grid.Today(): "an bo", in(4): "an bo", in(5): "chen bo"} {
		if got := holders(on); got != want {
			t.Errorf("holders on %s: %s, want %s", on, got, want)
		}
	}

	refusals := []struct {
		name string
		err  error
		want error
	}{
		{"somebody is to come later", hand(post.A, "bo", in(2)), post.ErrHeld},
		{"one's own deputy", hand(post.B, "an", geo.Day{}), post.ErrOwnDeputy},
		{"one's own deputy to be", hand(post.B, "chen", in(3)), post.ErrOwnDeputy},
		{"replacing somebody in the past", hand(post.A, "chen", in(-3)), post.ErrPast},
		{"nobody in the past", hand(post.A, "", in(-3)), post.ErrPast},
		{"before the post was there", hand(post.B, "chen", day("2025-12-31")), post.ErrOutsidePost},
		{"a disabled account", hand(post.B, "gone", geo.Day{}), post.ErrDisabled},
		{"an unknown account", hand(post.B, "nobody", geo.Day{}), post.ErrUnknownAccount},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			if !errors.Is(tt.err, tt.want) {
				t.Errorf("got %v, want %v", tt.err, tt.want)
			}
		})
	}
	w.account(t, "dong", "")
	if err := hand(post.A, "dong", in(2)); !errors.Is(err, post.ErrHeld) {
		t.Errorf("before somebody who is to come: %v, want %v", err, post.ErrHeld)
	}
	must(hand(post.A, "", in(2))) // as the fault says
	must(hand(post.A, "dong", in(2)))
	if err := hand(post.A, "chen", geo.Day{}); !errors.Is(err, post.ErrHeld) {
		t.Errorf("before somebody who is to come: %v, want %v", err, post.ErrHeld)
	}
	if got := holders(in(2)); got != "dong bo" {
		t.Errorf("in two days: %s, want dong bo", got)
	}

	h, err := post.HistoryOf(ctx, w.engine, staff.Local, leader.ID)
	must(err)
	var terms []string
	for _, term := range h.Holders {
		to := "…"
		if term.ValidTo != nil {
			to = term.ValidTo.String()
		}
		terms = append(terms, fmt.Sprintf("%s %s %s–%s", term.Rank, term.Login, term.ValidFrom, to))
	}
	want := []string{
		fmt.Sprintf("A an 2026-02-01–%s", in(2)), fmt.Sprintf("B bo %s–…", grid.Today()),
		fmt.Sprintf("A dong %s–…", in(2)),
	}
	if !slices.Equal(terms, want) {
		t.Errorf("history\n%q, want\n%q", terms, want)
	}

	// Both ranks of another post, several posts: fine.
	worker := w.post(t, staff.Worker, "G112")
	w.hold(t, worker, post.A, "bo")
	mine, err := post.List(ctx, w.engine, staff.Local, grid.Today(), post.Filter{Account: "bo"})
	if err != nil || len(mine) != 2 {
		t.Errorf("bo holds %d posts, %v; want 2", len(mine), err)
	}

	// An end ends the holders too, and what was held is never lost.
	must(post.End(ctx, w.engine, staff.Local, worker.ID, geo.Day{}))
	h, err = post.HistoryOf(ctx, w.engine, staff.Local, worker.ID)
	if err != nil || len(h.Holders) != 1 || *h.Holders[0].ValidTo != grid.Today() {
		t.Errorf("history of the ended post: %+v, %v", h, err)
	}
	if _, err := post.HandOver(ctx, w.engine, staff.Local, worker.ID, post.A, "bo", geo.Day{}); !errors.Is(err, post.ErrEnded) {
		t.Errorf("an ended post handed over: %v", err)
	}
}

func TestAHandOverFromBToAFreesTheOtherRankFirst(t *testing.T) {
	w := newWorld(t)
	w.account(t, "bo", "")
	p := w.post(t, staff.Leader, "G111")
	w.hold(t, p, post.B, "bo")
	if _, err := post.HandOver(t.Context(), w.engine, staff.Local, p.ID, post.A, "bo", geo.Day{}); !errors.Is(err, post.ErrOwnDeputy) {
		t.Fatalf("A and B at once: %v", err)
	}
	w.hold(t, p, post.B, "")
	w.hold(t, p, post.A, "bo")
}

func TestWhoKeepsPostsAppointsOthersToAnyAndThemselvesToNoMoreThanTheyHold(t *testing.T) {
	w := newWorld(t)
	w.serves(t, "root", staff.Administrator, "")
	w.serves(t, "keeper1", staff.Administrator, "T1")
	w.serves(t, "leader1", staff.Leader, "T1")
	w.serves(t, "keeper2", staff.Administrator, "T2")
	w.account(t, "new1", "T1")
	w.account(t, "new2", "T2")
	foreign := w.post(t, staff.Administrator, "T2")
	grids, heads, officers, deputy := w.post(t, staff.Leader, "G111"), w.post(t, staff.BuildingHead, "G111"),
		w.post(t, staff.DepartmentOfficer, "T1"), w.post(t, staff.Leader, "V12")
	w.serves(t, "broken1", staff.Administrator, "T1")
	w.exec(t, `INSERT INTO break_glass (account_id, unit_id, permission, reason, ends_at)
		SELECT c.id, $1, 'contact', 'a fire in the building', now() + interval '1 hour' FROM account c WHERE c.login = 'broken1'`, w.id(t, "G111"))
	w.serves(t, "both1", staff.Administrator, "T1")
	w.hold(t, w.post(t, staff.Leader, "T1"), post.A, "both1")
	w.serves(t, "grid1", staff.Administrator, "T1")
	w.hold(t, w.post(t, staff.Leader, "G112"), post.A, "grid1")
	w.serves(t, "deputy1", staff.Administrator, "T1")
	w.hold(t, deputy, post.A, "keeper2")
	w.hold(t, deputy, post.B, "deputy1")

	make := func(kind staff.Kind, unit string) func(context.Context, pg.DB, staff.Actor) error {
		return func(ctx context.Context, db pg.DB, actor staff.Actor) error {
			_, err := post.Make(ctx, db, actor, post.New{Kind: kind, Unit: unit})
			return err
		}
	}
	hand := func(id int64, login string) func(context.Context, pg.DB, staff.Actor) error {
		return func(ctx context.Context, db pg.DB, actor staff.Actor) error {
			_, err := post.HandOver(ctx, db, actor, id, post.A, login, geo.Day{})
			return err
		}
	}
	end := func(id int64) func(context.Context, pg.DB, staff.Actor) error {
		return func(ctx context.Context, db pg.DB, actor staff.Actor) error {
			return post.End(ctx, db, actor, id, geo.Day{})
		}
	}
	tests := []struct {
		name, who string
		do        func(context.Context, pg.DB, staff.Actor) error
		want      error
	}{
		{"an administrator everywhere makes any post", "root", make(staff.Leader, "G211"), nil},
		{"and one of the whole installation", "root", make(staff.PrivacyOfficer, ""), nil},
		{"an administrator of a town makes one below", "keeper1", make(staff.Administrator, "V11"), nil},
		{"not in the other town, of which it knows nothing", "keeper1", make(staff.Administrator, "V21"), grid.ErrUnknownUnit},
		{"not everywhere", "keeper1", make(staff.Administrator, ""), staff.ErrOutside},
		{"of any kind", "keeper1", make(staff.Leader, "G111"), nil},
		{"and appoints others to it", "keeper1", hand(grids.ID, "new1"), nil},
		{"not itself, if it may more than its own", "keeper1", hand(grids.ID, "keeper1"), post.ErrBeyond},
		{"nor in the hours of a broken glass", "broken1", hand(heads.ID, "broken1"), post.ErrBeyond},
		{"to one that may no more, also itself", "keeper1", hand(officers.ID, "keeper1"), nil},
		{"as leader of the town, itself as leader of a grid", "both1", hand(grids.ID, "both1"), nil},
		{"not as leader of another grid", "grid1", hand(grids.ID, "grid1"), post.ErrBeyond},
		{"who keeps the whole installation, itself to any", "root", hand(grids.ID, "root"), nil},
		{"and ends it", "keeper1", end(grids.ID), nil},
		{"also its own, however it came by it", "deputy1", end(deputy.ID), nil},
		{"a post of the other town is unknown", "keeper1", end(foreign.ID), post.ErrUnknownPost},
		{"so is an account of the other town", "keeper2", hand(foreign.ID, "new1"), post.ErrUnknownAccount},
		{"its own is not", "keeper2", hand(foreign.ID, "new2"), nil},
		{"who keeps no posts makes none", "leader1", make(staff.Leader, "G111"), staff.ErrForbidden},
		{"and ends none", "leader1", end(heads.ID), staff.ErrForbidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, actor := w.as(t, tt.who)
			if err := tt.do(ctx, w.app, actor); !errors.Is(err, tt.want) {
				t.Errorf("both walls: %v, want %v", err, tt.want)
			}
			if tt.want == nil {
				return
			}
			if err := tt.do(ctx, w.engine, actor); !errors.Is(err, tt.want) {
				t.Errorf("the first wall alone: %v, want %v", err, tt.want)
			}
			if err := tt.do(ctx, w.app, staff.Local); err == nil || fault.Of(err) == nil && !pg.ErrCode(err, "42501") {
				t.Errorf("the second wall alone: %v", err)
			}
		})
	}
}

func TestSomebodyAlwaysKeepsTheWholeInstallation(t *testing.T) {
	w := newWorld(t)
	ctx, root := w.serves(t, "root", staff.Administrator, "")
	own := root.Grants[0].Post
	takeAway := map[string]func() error{
		"its end":          func() error { return post.End(ctx, w.app, root, own, geo.Day{}) },
		"its end some day": func() error { return post.End(ctx, w.app, root, own, in(30)) },
		"nobody":           func() error { _, err := post.HandOver(ctx, w.app, root, own, post.A, "", geo.Day{}); return err },
		"nobody some day":  func() error { _, err := post.HandOver(ctx, w.app, root, own, post.A, "", in(30)); return err },
	}
	for name, do := range takeAway {
		if err := do(); !errors.Is(err, post.ErrLast) {
			t.Errorf("%s: %v, want %v", name, err, post.ErrLast)
		}
	}
	w.account(t, "second", "")
	deputy := w.post(t, staff.Administrator, "")
	if _, err := post.HandOver(ctx, w.app, root, deputy.ID, post.A, "second", in(40)); err != nil {
		t.Fatal(err)
	}
	if err := takeAway["nobody some day"](); !errors.Is(err, post.ErrLast) {
		t.Errorf("ten days without anybody: %v, want %v", err, post.ErrLast)
	}
	if _, err := post.HandOver(ctx, w.app, root, own, post.A, "", in(40)); err != nil {
		t.Errorf("until the day the other begins: %v", err)
	}
	w.hold(t, w.post(t, staff.Administrator, ""), post.A, "second")

	// Two who leave at once: one of them stays.
	_, second := w.as(t, "second")
	results := make(chan error, 2)
	for _, actor := range []staff.Actor{root, second} {
		go func() {
			results <- post.End(context.WithoutCancel(ctx), w.engine, actor, actor.Grants[0].Post, geo.Day{})
		}()
	}
	first, other := <-results, <-results
	if (first == nil) == (other == nil) || !errors.Is(errors.Join(first, other), post.ErrLast) {
		t.Errorf("two left at once: %v and %v; want one refused", first, other)
	}
}

func TestEachTownSeesItsOwnPosts(t *testing.T) {
	w := newWorld(t)
	w.serves(t, "root", staff.Administrator, "")
	w.serves(t, "worker1", staff.Worker, "G111")
	w.serves(t, "leader1", staff.Leader, "V11")
	w.serves(t, "leader2", staff.Leader, "V21")
	everything, err := post.List(t.Context(), w.engine, staff.Local, grid.Today(), post.Filter{})
	if err != nil || len(everything) != 4 {
		t.Fatalf("%d posts, %v", len(everything), err)
	}
	for who, want := range map[string][]string{
		"root": {"", "G111", "V11", "V21"}, "worker1": {"G111"}, "leader1": {"G111", "V11"}, "leader2": {"V21"},
	} {
		ctx, actor := w.as(t, who)
		for name, db := range map[string]pg.DB{"both walls": w.app, "the first wall": w.engine} {
			list, err := post.List(ctx, db, actor, grid.Today(), post.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range list {
				got = append(got, p.Unit)
				if p.A == nil {
					t.Errorf("%s, %s: post of %s without its holder", who, name, p.Unit)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s: posts of %q, want %q", who, name, got, want)
			}
		}
		second, err := post.List(ctx, w.app, staff.Local, grid.Today(), post.Filter{})
		if err != nil || len(second) != len(want) {
			t.Errorf("%s behind the second wall alone: %d posts, %v; want %d", who, len(second), err, len(want))
		}
	}
	ctx, worker := w.as(t, "worker1")
	for _, p := range everything {
		_, err := post.Get(ctx, w.app, worker, grid.Today(), p.ID)
		_, historyErr := post.HistoryOf(ctx, w.app, worker, p.ID)
		if seen := p.Unit == "G111"; (err == nil) != seen || (historyErr == nil) != seen {
			t.Errorf("post of %q by its id: %v, its history: %v", p.Unit, err, historyErr)
		}
	}
	if _, err := post.List(ctx, w.app, worker, grid.Today(), post.Filter{Unit: "V21"}); !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("posts of a unit outside: %v", err)
	}
}

func TestAbsencesChangeDutyAtOnceAndAreOneAtATime(t *testing.T) {
	w := newWorld(t)
	w.serves(t, "root", staff.Administrator, "")
	w.serves(t, "keeper1", staff.Administrator, "T1")
	w.serves(t, "keeper2", staff.Administrator, "T2")
	leader := w.post(t, staff.Leader, "G111")
	w.account(t, "an", "")
	w.account(t, "bo", "")
	w.hold(t, leader, post.A, "an")
	w.hold(t, leader, post.B, "bo")
	may := func(login string) bool {
		_, actor := w.as(t, login)
		return actor.May(staff.Record)
	}
	if !may("an") || may("bo") {
		t.Fatal("B has the duty while A is there")
	}
	ctx, an := w.as(t, "an")
	until := time.Now().Add(48 * time.Hour)
	away, err := post.Leaves(ctx, w.app, an, post.NewAbsence{To: &until, Reason: post.Sick})
	if err != nil {
		t.Fatal(err)
	}
	if !may("an") || !may("bo") {
		// A keeps the scope of the post while valid; B has it as well while A is away.
		t.Errorf("after A left: A %v, B %v; want both", may("an"), may("bo"))
	}

	refusals := []struct {
		name, who string
		n         post.NewAbsence
		want      error
	}{
		{"twice", "an", post.NewAbsence{From: until.Add(-time.Minute), Reason: post.Leave}, post.ErrOverlap},
		{"ends before it begins", "an", post.NewAbsence{From: until.Add(time.Hour), To: &until, Reason: post.Leave}, post.ErrAbsenceOrder},
		{"is over", "an", post.NewAbsence{From: until.AddDate(0, -1, 0), To: ptr(time.Now().Add(-time.Hour)), Reason: post.Leave}, post.ErrAbsenceOrder},
		{"for no reason", "an", post.NewAbsence{From: until, Reason: "tired"}, post.ErrReason},
		{"of a colleague", "bo", post.NewAbsence{Login: "an", From: until, Reason: post.Leave}, post.ErrUnknownAccount},
		{"of somebody in another town", "keeper2", post.NewAbsence{Login: "an", From: until, Reason: post.Leave}, post.ErrUnknownAccount},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			ctx, actor := w.as(t, tt.who)
			if _, err := post.Leaves(ctx, w.app, actor, tt.n); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := post.Leaves(t.Context(), w.engine, staff.Local, post.NewAbsence{Reason: post.Leave}); !errors.Is(err, post.ErrNoAccount) {
		t.Errorf("of nobody: %v", err)
	}
	keeperCtx, keeper := w.as(t, "keeper1")
	next, err := post.Leaves(keeperCtx, w.app, keeper, post.NewAbsence{Login: "an", From: until, Reason: post.Training})
	if err != nil || next.RecordedBy != keeper.Name {
		t.Fatalf("recorded by who keeps the posts: %+v, %v", next, err)
	}

	count := func(who string, f post.AbsenceFilter) int {
		ctx, actor := w.as(t, who)
		list, err := post.Absences(ctx, w.app, actor, f)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	for _, tt := range []struct {
		name, who string
		f         post.AbsenceFilter
		want      int
	}{
		{"one's own", "an", post.AbsenceFilter{}, 2}, {"of colleagues", "bo", post.AbsenceFilter{}, 0},
		{"where one keeps posts", "keeper1", post.AbsenceFilter{}, 2}, {"mine", "keeper1", post.AbsenceFilter{Mine: true}, 0},
		{"of one account", "keeper1", post.AbsenceFilter{Login: "an"}, 2}, {"of another account", "keeper1", post.AbsenceFilter{Login: "bo"}, 0},
		{"in another town", "keeper2", post.AbsenceFilter{}, 0}, {"another town, by its id", "keeper2", post.AbsenceFilter{ID: away.ID}, 0},
	} {
		if got := count(tt.who, tt.f); got != tt.want {
			t.Errorf("%s: %d absences, want %d", tt.name, got, tt.want)
		}
	}
	// That somebody is away is seen by colleagues; why, by nobody below.
	boCtx, bo := w.as(t, "bo")
	seen, err := post.Get(boCtx, w.app, bo, grid.Today(), leader.ID)
	if err != nil || !seen.A.Away || seen.A.AwayUntil == nil || seen.B.Away {
		t.Errorf("as B sees the post: %+v %+v, %v", seen.A, seen.B, err)
	}
	var reasons int
	if err := w.app.QueryRow(boCtx, `SELECT count(*) FROM absence`).Scan(&reasons); err != nil || reasons != 0 {
		t.Errorf("B reads %d absences in the database, %v; want none", reasons, err)
	}

	_, bo = w.as(t, "bo")
	if err := post.Returns(boCtx, w.app, bo, away.ID); !errors.Is(err, post.ErrUnknownAbsence) {
		t.Errorf("ended by a colleague: %v", err)
	}
	if err := post.Returns(ctx, w.app, an, away.ID); err != nil {
		t.Fatal(err)
	}
	if may("bo") {
		t.Error("A is back, and B still has the duty")
	}
	if err := post.Returns(ctx, w.app, an, away.ID); !errors.Is(err, post.ErrAbsenceOver) {
		t.Errorf("ended twice: %v", err)
	}
	if err := post.Returns(ctx, w.app, an, next.ID); err != nil { // not begun: forgotten
		t.Fatal(err)
	}
	if n := count("an", post.AbsenceFilter{Past: true}); n != 1 {
		t.Errorf("%d absences in all, want the one that was", n)
	}
}

func ptr[T any](v T) *T { return &v }

func TestWhatSeesMoreThanARequestAsksWhoItIsFor(t *testing.T) {
	w := newWorld(t)
	w.serves(t, "leader1", staff.Leader, "T1")
	theirCtx, theirs := w.serves(t, "leader2", staff.Leader, "T2")
	if _, err := post.Leaves(theirCtx, w.app, theirs, post.NewAbsence{Reason: post.Leave}); err != nil {
		t.Fatal(err)
	}
	ourCtx, _ := w.as(t, "leader1")
	for _, tt := range []struct {
		name, sql string
		args      []any
	}{
		{"units below", `SELECT count(*) FROM units_below($1)`, []any{w.id(t, "T2")}},
		{"who is away", `SELECT count(*) FROM away_at($1, now() + interval '1 second')`, []any{theirs.Account}},
		{"what is vacant", `SELECT count(*) FROM vacancies('2026-11-22', true, '{}', $1)`, []any{w.id(t, "T2")}},
		{"since when", `SELECT count(vacant_since('2026-11-22', $1, 'leader', 'vacant', $2))`, []any{w.id(t, "T2"), theirs.Grants[0].Post}},
	} {
		var ours, own, nobody int
		if err := w.app.QueryRow(ourCtx, tt.sql, tt.args...).Scan(&ours); err != nil {
			t.Fatal(err)
		}
		if err := w.app.QueryRow(theirCtx, tt.sql, tt.args...).Scan(&own); err != nil {
			t.Fatal(err)
		}
		if err := w.app.QueryRow(t.Context(), tt.sql, tt.args...).Scan(&nobody); err != nil {
			t.Fatal(err)
		}
		if ours != 0 || own == 0 || nobody != 0 {
			t.Errorf("%s: %d for the other town, %d for its own, %d for nobody; want 0, some, 0", tt.name, ours, own, nobody)
		}
	}
}

func TestDisablingTheLastAdministratorIsRefused(t *testing.T) {
	w := newWorld(t)
	w.serves(t, "root", staff.Administrator, "")
	disable := func(login string) error {
		return pgx.BeginFunc(t.Context(), w.engine, func(tx pgx.Tx) error {
			return post.KeepAdministrator(t.Context(), tx, func() error {
				_, err := tx.Exec(t.Context(), `UPDATE account SET disabled_on = now() WHERE login = $1`, login)
				return err
			})
		})
	}
	if err := disable("root"); !errors.Is(err, post.ErrLast) {
		t.Errorf("the last one: %v, want %v", err, post.ErrLast)
	}
	w.account(t, "other", "")
	if err := disable("other"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}
