package breakglass_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/audit"
	"wangge/geo/breakglass"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// town is two districts, east and west, each with one grid; a worker and a privacy
// officer in each, and an officer of everything.
type town struct {
	*testing.T
	owner, engine *pgxpool.Pool
	app           *pg.Acting
	unit, account map[string]int64
}

func newTown(t *testing.T) *town {
	t.Helper()
	dsn := pgtest.DSN(t)
	w := &town{T: t, owner: pgtest.As(t, dsn, ""), engine: pgtest.As(t, dsn, pg.RoleEngine), app: pg.NewActing(pgtest.As(t, dsn, pg.RoleApp)), unit: map[string]int64{}, account: map[string]int64{}}
	for _, code := range []string{"east", "west"} {
		w.unit[code] = w.insert(`INSERT INTO unit (code, preset, level) SELECT $1, p.preset, p.level FROM preset_level p LIMIT 1 RETURNING id`, code)
		w.unit[code+"1"] = w.insert(`INSERT INTO unit (code, preset, level, parent_id) SELECT $1, p.preset, p.level, $2 FROM preset_level p LIMIT 1 RETURNING id`, code+"1", w.unit[code])
	}
	if _, err := w.owner.Exec(t.Context(), `SELECT set_ancestors(array_agg(id)) FROM unit`); err != nil {
		t.Fatal(err)
	}
	w.hire("east-worker", "worker", "east")
	w.hire("west-worker", "worker", "west")
	w.hire("east-officer", "privacy-officer", "east")
	w.hire("west-officer", "privacy-officer", "west")
	w.hire("officer", "privacy-officer", "")
	w.account["idle"] = w.insert(`INSERT INTO account (login) VALUES ('idle') RETURNING id`)
	return w
}

func (w *town) insert(sql string, args ...any) (id int64) {
	w.Helper()
	if err := w.owner.QueryRow(w.Context(), sql, args...).Scan(&id); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
	return id
}

// hire gives an account of this name a post in a unit, everywhere for "".
func (w *town) hire(login, kind, unit string) {
	w.Helper()
	w.account[login] = w.insert(`INSERT INTO account (login) VALUES ($1) RETURNING id`, login)
	post := w.insert(`INSERT INTO post (kind, unit_id) VALUES ($1, nullif($2, 0)) RETURNING id`, kind, w.unit[unit])
	w.insert(`INSERT INTO holder (post_id, rank, account_id) VALUES ($1, 'A', $2) RETURNING id`, post, w.account[login])
}

// as is an actor with the grants of now, and a context in which the database
// knows the account.
func (w *town) as(login string) (context.Context, staff.Actor) {
	w.Helper()
	actor, err := staff.Load(w.Context(), w.engine, w.account[login])
	if err != nil {
		w.Fatal(err)
	}
	return pg.WithAccount(w.Context(), strings.TrimPrefix(actor.Name, "account:")), actor
}

const reason = "gas leak in the next block, residents must be called"

func (w *town) breaks(login, unit string, p staff.Permission) (breakglass.Access, error) {
	w.Helper()
	ctx, actor := w.as(login)
	return breakglass.Break(ctx, w.app, w.engine, actor, breakglass.Request{Unit: w.unit[unit], Permission: p, Reason: reason, For: time.Hour})
}

func TestBrokenGlassGivesAccessInBothWallsUntilItEnds(t *testing.T) {
	w := newTown(t)
	may := func(login, unit string) (program, database bool) {
		ctx, actor := w.as(login)
		program = staff.Within(ctx, w.engine, actor, staff.Contact, w.unit[unit]) == nil && actor.May(staff.Contact)
		if err := w.app.QueryRow(ctx, `SELECT acting_may($1, 'contact')`, w.unit[unit]).Scan(&database); err != nil {
			t.Fatal(err)
		}
		return program, database
	}
	want := func(when string, allowed bool) {
		t.Helper()
		if p, d := may("east-worker", "west1"); p != allowed || d != allowed {
			t.Errorf("%s: the program allows %v, the database %v; want %v", when, p, d, allowed)
		}
	}
	want("before", false)
	access, err := w.breaks("east-worker", "west", staff.Contact)
	if err != nil || access.Login != "east-worker" || access.UnitCode != "west" || access.EndsAt.Sub(access.StartsAt) != time.Hour {
		t.Fatalf("got %+v, %v", access, err)
	}
	want("during", true)
	if p, d := may("east-worker", "east1"); !p || !d {
		t.Error("their own grid is no longer theirs")
	}
	if p, d := may("west-officer", "west1"); p || d {
		t.Error("somebody else gained by it")
	}
	if _, err := w.owner.Exec(t.Context(), `UPDATE break_glass SET starts_at = starts_at - interval '1 hour', ends_at = now()`); err != nil {
		t.Fatal(err)
	}
	want("after an hour", false)
}

func TestPlaceDoesNotOpenContacts(t *testing.T) {
	w := newTown(t)
	if _, err := w.breaks("east-worker", "west1", staff.Place); err != nil {
		t.Fatal(err)
	}
	_, actor := w.as("east-worker")
	if !slices.Contains(actor.Area(staff.Place).Roots, w.unit["west1"]) || slices.Contains(actor.Area(staff.Contact).Roots, w.unit["west1"]) {
		t.Errorf("grants %+v", actor.Grants)
	}
}

func TestWhoSeesAndEndsIt(t *testing.T) {
	w := newTown(t)
	access, err := w.breaks("east-worker", "west1", staff.Place)
	if err != nil {
		t.Fatal(err)
	}
	for login, sees := range map[string]bool{"east-worker": true, "west-worker": false, "east-officer": false, "west-officer": true, "officer": true, "idle": false} {
		ctx, actor := w.as(login)
		list, err := breakglass.List(ctx, w.engine, actor, 0, 10)
		if err != nil || (len(list) == 1) != sees {
			t.Errorf("%s sees %d, %v; want %v", login, len(list), err, sees)
		}
		var rows int
		if err := w.app.QueryRow(ctx, `SELECT count(*) FROM break_glass`).Scan(&rows); err != nil || (rows == 1) != sees {
			t.Errorf("the database shows %s %d, %v; want %v", login, rows, err, sees)
		}
	}
	for _, login := range []string{"west-worker", "east-officer", "idle"} {
		ctx, actor := w.as(login)
		if _, err := breakglass.End(ctx, w.app, w.engine, actor, access.ID); !errors.Is(err, breakglass.ErrNotFound) {
			t.Errorf("%s ends it: %v, want ErrNotFound", login, err)
		}
	}
	ctx, actor := w.as("west-officer")
	ended, err := breakglass.End(ctx, w.app, w.engine, actor, access.ID)
	if err != nil || ended.EndedBy != actor.Name || !ended.EndsAt.Before(access.EndsAt) {
		t.Fatalf("ended %+v, %v", ended, err)
	}
	if _, err := breakglass.End(ctx, w.app, w.engine, actor, access.ID); !errors.Is(err, breakglass.ErrEnded) {
		t.Errorf("again: %v, want ErrEnded", err)
	}
	if _, worker := w.as("east-worker"); slices.Contains(worker.Area(staff.Place).Roots, w.unit["west1"]) {
		t.Error("the access outlived its end")
	}
}

func TestItIsRecordedAndWhatIsDoneUnderItToo(t *testing.T) {
	w := newTown(t)
	if _, err := w.breaks("east-worker", "west1", staff.Contact); err != nil {
		t.Fatal(err)
	}
	ctx, actor := w.as("east-worker")
	if err := audit.Write(ctx, w.app, actor, "look", "contact", "7", nil); err != nil {
		t.Fatal(err)
	}
	var under, asked int
	err := w.owner.QueryRow(t.Context(), `
		SELECT count(*) FILTER (WHERE action = 'look' AND detail = '{"break_glass": [1]}'),
		       count(*) FILTER (WHERE action = 'break' AND subject = 'glass' AND subject_id = '1' AND detail->>'reason' = $1 AND actor = $2)
		FROM audit`, reason, actor.Name).Scan(&under, &asked)
	if err != nil || under != 1 || asked != 1 {
		t.Errorf("%d looks under it, asked %d times, %v", under, asked, err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	w := newTown(t)
	tests := []struct {
		name, login, unit string
		change            func(*breakglass.Request)
		want              error
	}{
		{"nobody", "", "west1", nil, staff.ErrSignedOut},
		{"an account without a post", "idle", "west1", nil, staff.ErrForbidden},
		{"another permission", "east-worker", "west1", func(r *breakglass.Request) { r.Permission = staff.Export }, breakglass.ErrPermission},
		{"no reason", "east-worker", "west1", func(r *breakglass.Request) { r.Reason = "   urgent   " }, breakglass.ErrReason},
		{"a phone number as a reason", "east-worker", "west1", func(r *breakglass.Request) { r.Reason = "call 13912345678 at once" }, breakglass.ErrReason},
		{"five hours", "east-worker", "west1", func(r *breakglass.Request) { r.For = 5 * time.Hour }, breakglass.ErrDuration},
		{"no time", "east-worker", "west1", func(r *breakglass.Request) { r.For = 0 }, breakglass.ErrDuration},
		{"a unit that is not there", "east-worker", "north", nil, breakglass.ErrUnit},
		{"what the post allows anyway", "east-worker", "east1", nil, breakglass.ErrHas},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, actor := t.Context(), staff.Public
			if tt.login != "" {
				ctx, actor = w.as(tt.login)
			}
			r := breakglass.Request{Unit: w.unit[tt.unit], Permission: staff.Place, Reason: reason, For: time.Hour}
			if tt.change != nil {
				tt.change(&r)
			}
			if _, err := breakglass.Break(ctx, w.app, w.engine, actor, r); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// Straight in the database, with the rights of a request.
func TestTheDatabaseRefusesItToo(t *testing.T) {
	w := newTown(t)
	ctx, _ := w.as("east-worker")
	for _, tt := range []struct {
		name, sql string
		args      []any
	}{
		{"for somebody else", `INSERT INTO break_glass (account_id, unit_id, permission, reason, ends_at) VALUES ($1, $2, 'place', $3, now() + interval '1 hour')`, []any{w.account["idle"], w.unit["west1"], reason}},
		{"for five hours", `INSERT INTO break_glass (account_id, unit_id, permission, reason, ends_at) VALUES ($1, $2, 'place', $3, now() + interval '5 hours')`, []any{w.account["east-worker"], w.unit["west1"], reason}},
		{"for exports", `INSERT INTO break_glass (account_id, unit_id, permission, reason, ends_at) VALUES ($1, $2, 'export', $3, now() + interval '1 hour')`, []any{w.account["east-worker"], w.unit["west1"], reason}},
		{"without a reason", `INSERT INTO break_glass (account_id, unit_id, permission, reason, ends_at) VALUES ($1, $2, 'place', '', now() + interval '1 hour')`, []any{w.account["east-worker"], w.unit["west1"]}},
		{"in the past", `INSERT INTO break_glass (account_id, unit_id, permission, reason, starts_at, ends_at) VALUES ($1, $2, 'place', $3, now() - interval '1 day', now() - interval '1 day')`, []any{w.account["east-worker"], w.unit["west1"], reason}},
		{"gone without a trace", `DELETE FROM break_glass`, nil},
	} {
		if _, err := w.app.Exec(ctx, tt.sql, tt.args...); err == nil {
			t.Errorf("%s: accepted", tt.name)
		}
	}
}
