package account_test

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/account"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/post"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	strong  = "correct staple of horses"
	another = "seven boats over a hill"
)

var here = account.Visit{From: netip.MustParseAddr("192.0.2.7"), Agent: "Firefox, Linux"}

// world is a database with a guard whose clock the test turns.
type world struct {
	t     testing.TB
	owner *pgxpool.Pool // sees and changes everything
	db    pg.DB         // the engine
	guard *account.Guard
	ring  *vault.Ring
	now   time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, owner: pgtest.Database(t), now: time.Now()}
	w.db = w.as(pg.RoleEngine)
	var err error
	if w.ring, err = vault.OpenRing(filepath.Join(t.TempDir(), "keys.json")); err != nil {
		t.Fatal(err)
	}
	w.guard = w.newGuard()
	return w
}

func (w *world) newGuard() *account.Guard {
	w.t.Helper()
	g, err := account.NewGuard(w.ring)
	if err != nil {
		w.t.Fatal(err)
	}
	g.SetClock(func() time.Time { return w.now })
	g.Hurry(w.t)
	return g
}

// as is a pool that takes on a role.
func (w *world) as(role string) *pgxpool.Pool {
	w.t.Helper()
	pool, err := pg.Open(w.t.Context(), w.owner.Config().ConnString(), pg.Options{MaxConns: 4, Role: role})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(pool.Close)
	return pool
}

// request is the database as a request of this account sees it.
func (w *world) request() *pg.Acting { return pg.NewActing(w.as(pg.RoleApp)) }

func asked(ctx context.Context, id int64) context.Context {
	return pg.WithAccount(ctx, staff.NameOf(id)[len("account:"):])
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.owner.Exec(context.WithoutCancel(w.t.Context()), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func one[T any](w *world, sql string, args ...any) T {
	w.t.Helper()
	rows, _ := w.owner.Query(w.t.Context(), sql, args...)
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// user makes an account with the strong password.
func (w *world) user(login string) int64 {
	w.t.Helper()
	id, err := w.guard.MakeWithPassword(w.t.Context(), w.db, staff.Local, login, strong, false)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// unit makes a unit below another (0 = none), without a boundary.
func (w *world) unit(code string, parent int64) int64 {
	w.t.Helper()
	id := one[int64](w, `INSERT INTO unit (code, preset, level, parent_id) VALUES ($1, 'urban', 'grid', nullif($2::bigint, 0)) RETURNING id`, code, parent)
	w.exec(`INSERT INTO unit_ancestor (ancestor_id, unit_id) SELECT $1::bigint, $1::bigint UNION SELECT ancestor_id, $1::bigint FROM unit_ancestor WHERE unit_id = $2`, id, parent)
	return id
}

// post gives an account a post as A; unit 0 is everywhere.
func (w *world) post(id int64, kind staff.Kind, unit int64) int64 {
	w.t.Helper()
	post := one[int64](w, `INSERT INTO post (kind, unit_id, ordinal) SELECT $1, nullif($2::bigint, 0), 1 + count(*) FROM post RETURNING id`, string(kind), unit)
	w.exec(`INSERT INTO holder (post_id, rank, account_id) VALUES ($1, 'A', $2)`, post, id)
	return post
}

func (w *world) actor(id int64) staff.Actor {
	w.t.Helper()
	a, err := staff.Load(w.t.Context(), w.db, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) attempt(login, password string) account.Attempt {
	return account.Attempt{Login: login, Password: password, Visit: here}
}

// signIn must succeed.
func (w *world) signIn(a account.Attempt) account.Signed {
	w.t.Helper()
	s, err := w.guard.SignIn(w.t.Context(), w.db, a)
	if err != nil {
		w.t.Fatalf("sign in as %s: %v", a.Login, err)
	}
	return s
}

// refused must not.
func (w *world) refused(a account.Attempt, want error) error {
	w.t.Helper()
	_, err := w.guard.SignIn(w.t.Context(), w.db, a)
	if !errors.Is(err, want) {
		w.t.Errorf("sign in as %q: %v, want %v", a.Login, err, want)
	}
	return err
}

// holds reports whether a session or token identifies this account.
func (w *world) holds(session, bearer string, id int64) bool {
	w.t.Helper()
	a, err := (&account.Identifier{DB: w.db}).Identify(w.t.Context(), session, bearer)
	if err != nil && !errors.Is(err, staff.ErrSignedOut) {
		w.t.Fatal(err)
	}
	return err == nil && a.Account == id
}

// audited lists the actions recorded about an account, oldest first.
func (w *world) audited(id string) []string {
	w.t.Helper()
	rows, _ := w.owner.Query(w.t.Context(), `SELECT action FROM audit WHERE subject = 'account' AND subject_id = $1 ORDER BY id`, id)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func TestOnlyTheRightPasswordSignsIn(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	signed := w.signIn(w.attempt(" Li.Na ", strong))
	if signed.Account != id || !w.holds(signed.Session, "", id) {
		t.Errorf("signed in as %d, want %d", signed.Account, id)
	}
	if length := time.Until(signed.ExpiresAt); length > account.Longest || length < account.Longest-time.Minute {
		t.Errorf("the session ends in %s, want %s", length, account.Longest)
	}
	invited, err := account.Make(t.Context(), w.db, w.ring, staff.Local, "invited", "", account.Person{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []account.Attempt{
		w.attempt("li.na", "correct staple of horse"), w.attempt("li.na", ""), w.attempt("li.na", strong+" "),
		w.attempt("nobody", strong), w.attempt("", strong), w.attempt("li.na' OR true --", strong),
		w.attempt("invited", ""), w.attempt("invited", strong),
	} {
		w.refused(a, account.ErrRefused)
	}
	if one[bool](w, `SELECT EXISTS (SELECT FROM session WHERE account_id = $1)`, invited) {
		t.Error("an account without a password has a session")
	}
}

func TestARefusalDoesNotTellWhichLoginsThereAre(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	// The hash is by far the most of the time: as many for an unknown login as for a
	// wrong password, and of the same cost.
	for _, login := range []string{"li.na", "nobody", "", "li.na' OR true --"} {
		w.exec(`DELETE FROM sign_in_try`)
		before := w.guard.Compared()
		w.refused(w.attempt(login, another), account.ErrRefused)
		if n := w.guard.Compared() - before; n != 1 {
			t.Errorf("%q: %d hashes are computed, want 1", login, n)
		}
	}
	if n := one[int64](w, `SELECT count(*) FROM audit WHERE concat(actor, subject_id, detail) LIKE '%nobody%'`); n != 0 {
		t.Errorf("%d rows of the audit name an unknown login; it may be a password in the wrong field", n)
	}
}

func TestADisabledAccountIsOutAtOnceAndSaysSoOnlyToItsPerson(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	w.post(id, staff.Planner, 0)
	session := w.signIn(w.attempt("li.na", strong)).Session
	_, token, err := account.MakeToken(t.Context(), w.db, w.actor(id), account.TokenWish{Name: "x", May: []staff.Permission{staff.Map}, ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if !w.holds(session, "", id) || !w.holds("", token, id) {
		t.Fatal("not signed in to begin with")
	}
	if err := account.Disable(t.Context(), w.db, staff.Local, id); err != nil {
		t.Fatal(err)
	}
	if w.holds(session, "", id) || w.holds("", token, id) {
		t.Error("a disabled account still has its session or token")
	}
	w.refused(w.attempt("li.na", strong), account.ErrDisabled)
	w.refused(w.attempt("li.na", another), account.ErrRefused)
	if err := account.Enable(t.Context(), w.db, staff.Local, id); err != nil {
		t.Fatal(err)
	}
	if w.holds(session, "", id) || w.holds("", token, id) {
		t.Error("enabling an account brought its old session or token back")
	}
	w.signIn(w.attempt("li.na", strong))
	want := []string{"account_made", "sign_in", "account_disabled", "sign_in_refused", "sign_in_refused", "account_enabled", "sign_in"}
	if got := w.audited(staff.NameOf(id)[len("account:"):]); !slices.Equal(got, want) {
		t.Errorf("audited %v, want %v", got, want)
	}
}

func TestTheLastAdministratorOfEverythingIsNotDisabled(t *testing.T) {
	s := newTowns(t)
	root := s.user("root")
	s.post(root, staff.Administrator, 0)
	demo := s.user("demo-root")
	s.post(demo, staff.Administrator, 0)
	s.exec(`UPDATE account SET demo = true WHERE id = $1`, demo)
	for name, disable := range map[string]func(id int64) error{
		"by itself":      func(id int64) error { return account.Disable(asked(t.Context(), root), s.request(), s.actor(root), id) },
		"at the machine": func(id int64) error { return account.Disable(t.Context(), s.db, staff.Local, id) },
	} {
		if err := disable(root); !errors.Is(err, post.ErrLast) {
			t.Errorf("the last one, %s: %v, want %v", name, err, post.ErrLast)
		}
		if err := disable(s.keeper.Account); err != nil {
			t.Errorf("one of a town, %s: %v", name, err)
		}
	}
	s.post(s.user("second"), staff.Administrator, 0)
	if err := account.Disable(asked(t.Context(), root), s.request(), s.actor(root), root); err != nil {
		t.Errorf("one of two: %v", err)
	}
}

func TestLoginsAreNamesAndTakenOnce(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	for login, want := range map[string]error{
		"LI.NA": account.ErrTaken, "": account.ErrLogin, ".li": account.ErrLogin, "李娜": account.ErrLogin, "li na": account.ErrLogin,
		"a'; drop": account.ErrLogin, "li\x00": account.ErrLogin, "x23456789012345678901234567890123456789012345678901234567890123456": account.ErrLogin,
	} {
		if _, err := account.Make(t.Context(), w.db, w.ring, staff.Local, login, "", account.Person{}); !errors.Is(err, want) {
			t.Errorf("login %q: %v, want %v", login, err, want)
		}
	}
}

func TestPersonsAreSealedAndShownToWhoeverKeepsTheAccount(t *testing.T) {
	w := newWorld(t)
	id, err := account.Make(t.Context(), w.db, w.ring, staff.Local, "li.na", "", account.Person{Name: "李娜", Phone: "13800000001"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := account.Get(t.Context(), w.db, w.ring, staff.Local, id)
	if err != nil || a.Name != "李娜" || a.Phone != "13800000001" || a.State != account.Invited && a.State != account.Active {
		t.Errorf("got %+v, %v", a, err)
	}
	if err := account.Describe(t.Context(), w.db, w.ring, staff.Local, id, account.Person{Name: "李小娜"}); err != nil {
		t.Fatal(err)
	}
	if a, _ = account.Get(t.Context(), w.db, w.ring, staff.Local, id); a.Name != "李小娜" || a.Phone != "" {
		t.Errorf("after a change: %q, %q", a.Name, a.Phone)
	}
	if _, err := account.Get(t.Context(), w.db, w.ring, staff.Public, id); !errors.Is(err, staff.ErrSignedOut) {
		t.Errorf("the public sees an account: %v", err)
	}
}

// towns are two towns with an administrator each, and somebody in the first.
type towns struct {
	*world
	west, westGrid, east int64 // units
	keeper, other        staff.Actor
	worker               int64
}

func newTowns(t testing.TB) towns {
	w := newWorld(t)
	s := towns{world: w}
	s.west = w.unit("330100001", 0)
	s.westGrid = w.unit("330100001001", s.west)
	s.east = w.unit("330100002", 0)
	keeper, other := w.user("keeper.west"), w.user("keeper.east")
	w.exec(`UPDATE account SET area_id = $2 WHERE id = $1`, keeper, s.west)
	w.exec(`UPDATE account SET area_id = $2 WHERE id = $1`, other, s.east)
	w.post(keeper, staff.Administrator, s.west)
	w.post(other, staff.Administrator, s.east)
	s.keeper, s.other = w.actor(keeper), w.actor(other)
	s.worker = w.user("worker.west")
	w.exec(`UPDATE account SET area_id = $2 WHERE id = $1`, s.worker, s.west)
	w.post(s.worker, staff.Worker, s.westGrid)
	return s
}

// acts are what a keeper may do to an account.
func (s towns) acts(id int64) map[string]func(context.Context, pg.DB, staff.Actor) error {
	return map[string]func(context.Context, pg.DB, staff.Actor) error{
		"see": func(ctx context.Context, db pg.DB, a staff.Actor) error {
			_, err := account.Get(ctx, db, s.ring, a, id)
			return err
		},
		"invite": func(ctx context.Context, db pg.DB, a staff.Actor) error {
			_, _, err := account.Invite(ctx, db, a, id)
			return err
		},
		"prepare": func(ctx context.Context, db pg.DB, a staff.Actor) error {
			return account.Prepare(ctx, db, a, id, "https://id.example")
		},
		"link": func(ctx context.Context, db pg.DB, a staff.Actor) error {
			return account.Link(ctx, db, a, id, "https://id.example", "7")
		},
		"disable": func(ctx context.Context, db pg.DB, a staff.Actor) error { return account.Disable(ctx, db, a, id) },
		"enable":  func(ctx context.Context, db pg.DB, a staff.Actor) error { return account.Enable(ctx, db, a, id) },
	}
}

func TestAKeeperActsOnTheAccountsOfTheOwnAreaOnly(t *testing.T) {
	s := newTowns(t)
	request := s.request()
	for _, db := range map[string]pg.DB{"engine": s.db, "request": request} {
		for what, act := range s.acts(s.worker) {
			if err := act(asked(t.Context(), s.keeper.Account), db, s.keeper); err != nil {
				t.Errorf("%s in the own area: %v", what, err)
			}
			if err := act(asked(t.Context(), s.other.Account), db, s.other); !errors.Is(err, account.ErrNotFound) {
				t.Errorf("%s from the other town: %v, want %v", what, err, account.ErrNotFound)
			}
			if err := act(asked(t.Context(), s.worker), db, s.actor(s.worker)); !errors.Is(err, staff.ErrForbidden) {
				t.Errorf("%s by a worker: %v, want %v", what, err, staff.ErrForbidden)
			}
		}
	}
}

// Whoever could set the password of an account with wider duties would have them.
func TestNobodyTakesOverAnAccountWithAPostElsewhere(t *testing.T) {
	s := newTowns(t)
	for name, unit := range map[string]int64{"in the other town": s.east, "everywhere": 0} {
		post := s.post(s.worker, staff.Planner, unit)
		for what, act := range s.acts(s.worker) {
			if what == "see" {
				continue
			}
			if err := act(t.Context(), s.db, s.keeper); !errors.Is(err, account.ErrOutOfReach) {
				t.Errorf("%s, with a post %s: %v, want %v", what, name, err, account.ErrOutOfReach)
			}
			if err := act(asked(t.Context(), s.keeper.Account), s.request(), s.keeper); !errors.Is(err, account.ErrOutOfReach) {
				t.Errorf("%s as a request, with a post %s: %v, want %v", what, name, err, account.ErrOutOfReach)
			}
		}
		s.exec(`DELETE FROM post WHERE id = $1`, post)
	}
	// A post that has ended no longer counts, one that begins later does.
	post := s.post(s.worker, staff.Planner, s.east)
	s.exec(`UPDATE holder SET valid_from = current_date - 30, valid_to = current_date - 20 WHERE post_id = $1`, post)
	if _, _, err := account.Invite(t.Context(), s.db, s.keeper, s.worker); err != nil {
		t.Errorf("after the post has ended: %v", err)
	}
	s.exec(`UPDATE holder SET valid_from = current_date + 20, valid_to = NULL WHERE post_id = $1`, post)
	if _, _, err := account.Invite(t.Context(), s.db, s.keeper, s.worker); !errors.Is(err, account.ErrOutOfReach) {
		t.Errorf("before the post begins: %v", err)
	}
}

// The second wall: what the program would allow by mistake, the database does not.
func TestRequestsReachNoSecretInTheDatabase(t *testing.T) {
	s := newTowns(t)
	worker := s.signIn(s.attempt("worker.west", strong))
	s.signIn(s.attempt("keeper.east", strong))
	request := s.request()
	count := func(id int64, sql string, args ...any) (n int64, err error) {
		rows, _ := request.Query(asked(t.Context(), id), sql, args...)
		return pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
	}
	for _, table := range []string{"password", "recovery_code", "known_device", "sign_in_try"} {
		if n, err := count(s.keeper.Account, `SELECT count(*) FROM `+table); !pg.ErrCode(err, "42501") {
			t.Errorf("a request read %d rows of %s: %v", n, table, err)
		}
	}
	for _, column := range []string{"session.digest", "api_token.digest", "one_time_link.digest"} {
		table := column[:len(column)-len(".digest")]
		if n, err := count(s.keeper.Account, `SELECT count(`+column+`) FROM `+table); !pg.ErrCode(err, "42501") {
			t.Errorf("a request read %d of %s: %v", n, column, err)
		}
	}
	for name, tt := range map[string]struct {
		who  int64
		want int64
	}{
		"the worker: the own": {s.worker, 1}, "the keeper: of whom it keeps": {s.keeper.Account, 1},
		"the other town's": {s.other.Account, 1}, "nobody": {0, 0},
	} {
		if n, err := count(tt.who, `SELECT count(*) FROM session`); err != nil || n != tt.want {
			t.Errorf("sessions seen by %s: %d, %v; want %d", name, n, err, tt.want)
		}
	}
	for _, sql := range []string{
		`INSERT INTO session (account_id, digest, method) VALUES ($1, '\x00', 'password')`,
		`UPDATE session SET account_id = $1`,
		`INSERT INTO password (account_id, hash) VALUES ($1, 'x')`,
		`INSERT INTO api_token (account_id, digest, name, may, expires_at) VALUES ($1, '\x00', 'x', '{post}', now())`,
		`INSERT INTO one_time_link (digest, account_id, purpose, expires_at) VALUES ('\x00', $1, 'password', now() + interval '1 day')`,
		`INSERT INTO external_login (account_id, issuer, subject) VALUES ($1, 'x', 'x')`,
		`DELETE FROM account WHERE id = $1`,
	} {
		if tag, err := request.Exec(asked(t.Context(), s.other.Account), sql, s.keeper.Account); err == nil && tag.RowsAffected() > 0 {
			t.Errorf("a request did %q to an account of the other town", sql)
		}
	}
	if tag, err := request.Exec(asked(t.Context(), s.other.Account), `DELETE FROM session WHERE account_id = $1`, s.worker); err != nil || tag.RowsAffected() != 0 {
		t.Errorf("the other town ended %d sessions: %v", tag.RowsAffected(), err)
	}
	if tag, err := request.Exec(asked(t.Context(), s.other.Account), `UPDATE account SET disabled_on = now() WHERE id = $1`, s.worker); err != nil || tag.RowsAffected() != 0 {
		t.Errorf("the other town disabled %d accounts: %v", tag.RowsAffected(), err)
	}
	if !s.holds(worker.Session, "", s.worker) {
		t.Error("the worker's session has ended")
	}
}

func TestAccountsAreMadeInTheOwnArea(t *testing.T) {
	s := newTowns(t)
	ctx := asked(t.Context(), s.keeper.Account)
	id, err := account.Make(ctx, s.request(), s.ring, s.keeper, "new.west", "", account.Person{})
	if err != nil {
		t.Fatal(err)
	}
	if area := one[int64](s.world, `SELECT area_id FROM account WHERE id = $1`, id); area != s.west {
		t.Errorf("made in unit %d, want %d", area, s.west)
	}
	if _, err := account.Make(ctx, s.request(), s.ring, s.keeper, "new.grid", "330100001001", account.Person{}); err != nil {
		t.Errorf("in a unit below: %v", err)
	}
	if _, err := account.Make(ctx, s.request(), s.ring, s.keeper, "new.east", "330100002", account.Person{}); !errors.Is(err, account.ErrArea) {
		t.Errorf("in the other town: %v, want %v", err, account.ErrArea)
	}
	list, err := account.List(ctx, s.request(), s.ring, s.keeper, account.Filter{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var logins []string
	for _, a := range list {
		logins = append(logins, a.Login)
	}
	if want := []string{"keeper.west", "worker.west", "new.west", "new.grid"}; !slices.Equal(logins, want) {
		t.Errorf("the keeper sees %v, want %v", logins, want)
	}
}
