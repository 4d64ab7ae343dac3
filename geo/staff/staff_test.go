package staff_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func grant(unit int64, may ...staff.Permission) staff.Grant { return staff.Grant{Unit: unit, May: may} }

func TestAnAreaIsWhatTheGrantsOfAPermissionCover(t *testing.T) {
	for _, tt := range []struct {
		name   string
		grants []staff.Grant
		want   staff.Area
	}{
		{"nobody has an empty area", nil, staff.Area{Roots: []int64{}}},
		{"a grant without the permission adds nothing", []staff.Grant{grant(1, staff.Map)}, staff.Area{Roots: []int64{}}},
		{"roots are sorted and stand once", []staff.Grant{grant(7, staff.Place), grant(3, staff.Place), grant(7, staff.Place, staff.Map)}, staff.Area{Roots: []int64{3, 7}}},
		{"unit 0 is everywhere", []staff.Grant{grant(7, staff.Place), grant(0, staff.Place)}, staff.Area{All: true, Roots: []int64{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := staff.Actor{Grants: tt.grants}.Area(staff.Place)
			if got.All != tt.want.All || !slices.Equal(got.Roots, tt.want.Roots) || got.Roots == nil {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			if got.Empty() != (!tt.want.All && len(tt.want.Roots) == 0) {
				t.Errorf("empty = %v", got.Empty())
			}
		})
	}
}

func TestWhoMayNotIsToldWhy(t *testing.T) {
	worker := staff.Actor{Name: "account:1", Account: 1, Grants: []staff.Grant{grant(1, staff.Map)}}
	if err := worker.Must(staff.Map); err != nil {
		t.Errorf("a permission that is held: %v", err)
	}
	if err := worker.Must(staff.Post); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("a permission that is not held: %v", err)
	}
	if err := staff.Public.Must(staff.Map); !errors.Is(err, staff.ErrSignedOut) {
		t.Errorf("the public: %v", err)
	}
	if err := (staff.Actor{}).Must(staff.Map); !errors.Is(err, staff.ErrSignedOut) {
		t.Errorf("the zero actor: %v", err)
	}
}

func TestEveryPermissionOfAKindOfPostIsKnown(t *testing.T) {
	tx := pgtest.Tx(t)
	rows, _ := tx.Query(t.Context(), `SELECT code, may FROM post_kind ORDER BY rank`)
	var kind staff.Kind
	var may []staff.Permission
	held := map[staff.Permission]bool{}
	_, err := pgx.ForEachRow(rows, []any{&kind, &may}, func() error {
		for _, p := range may {
			held[p] = true
			if !slices.Contains(staff.Permissions, p) {
				t.Errorf("%s may %q, which no code asks for", kind, p)
			}
		}
		if kind == staff.Administrator && slices.ContainsFunc([]staff.Permission{staff.Place, staff.Contact, staff.Audit}, func(p staff.Permission) bool { return slices.Contains(may, p) }) {
			t.Error("an administrator sees households or the log")
		}
		if kind == staff.PrivacyOfficer && (slices.Contains(may, staff.Place) || slices.Contains(may, staff.Contact)) {
			t.Error("the privacy officer sees the data and not only the log")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range staff.Permissions {
		if !held[p] {
			t.Errorf("no kind of post may %s", p)
		}
	}
}

// desk makes accounts and posts in a transaction.
type desk struct {
	t  testing.TB
	tx pgx.Tx
}

func (d desk) account(login string) (id int64) {
	d.t.Helper()
	d.scan(&id, `INSERT INTO account (login) VALUES ($1) RETURNING id`, login)
	return id
}

func (d desk) post(kind staff.Kind, unit any) (id int64) {
	d.t.Helper()
	d.scan(&id, `INSERT INTO post (kind, unit_id, valid_from) VALUES ($1, $2, '2020-01-01') RETURNING id`, string(kind), unit)
	return id
}

func (d desk) hold(post int64, rank string, account int64) {
	d.t.Helper()
	d.exec(`INSERT INTO holder (post_id, rank, account_id, valid_from) VALUES ($1, $2, $3, '2020-01-01')`, post, rank, account)
}

func (d desk) scan(into any, sql string, args ...any) {
	d.t.Helper()
	if err := d.tx.QueryRow(d.t.Context(), sql, args...).Scan(into); err != nil {
		d.t.Fatal(err)
	}
}

func (d desk) exec(sql string, args ...any) {
	d.t.Helper()
	if _, err := d.tx.Exec(d.t.Context(), sql, args...); err != nil {
		d.t.Fatal(err)
	}
}

func (d desk) may(account int64, p staff.Permission) bool {
	d.t.Helper()
	actor, err := staff.Load(d.t.Context(), d.tx, account)
	if err != nil {
		d.t.Fatal(err)
	}
	return actor.May(p)
}

func TestTheDeputyHasThePostWhileItsHolderIsAway(t *testing.T) {
	d := desk{t, pgtest.Tx(t)}
	a, b := d.account("a"), d.account("b")
	post := d.post(staff.Worker, 1)
	d.hold(post, "A", a)
	d.hold(post, "B", b)
	state := func(what string, wantA, wantB bool) {
		t.Helper()
		if gotA, gotB := d.may(a, staff.Place), d.may(b, staff.Place); gotA != wantA || gotB != wantB {
			t.Errorf("%s: A may %v, B may %v; want %v, %v", what, gotA, gotB, wantA, wantB)
		}
	}
	state("A is there", true, false)
	d.exec(`INSERT INTO absence (account_id, starts_at, ends_at, reason, recorded_by) VALUES ($1, now() - interval '1 hour', now() + interval '1 hour', 'leave', 'test')`, a)
	state("A is on leave", true, true)
	d.exec(`UPDATE absence SET ends_at = now()`)
	state("A is back", true, false)
	d.exec(`UPDATE absence SET starts_at = now() + interval '1 day', ends_at = NULL`)
	state("A will be away", true, false)
	d.exec(`DELETE FROM absence`)
	d.exec(`UPDATE account SET disabled_on = now() WHERE id = $1`, a)
	state("A is disabled", false, true)
	d.exec(`UPDATE account SET disabled_on = NULL`)
	d.exec(`UPDATE holder SET valid_to = '2021-01-01' WHERE rank = 'A'`)
	state("there is no A any more", false, true)
	d.exec(`UPDATE post SET valid_to = '2021-01-01'`)
	state("the post has ended", false, false)
}

func TestOnePersonMayHoldSeveralPosts(t *testing.T) {
	d := desk{t, pgtest.Tx(t)}
	account := d.account("both")
	d.hold(d.post(staff.Planner, 4), "A", account)
	d.hold(d.post(staff.Administrator, nil), "A", account)
	actor, err := staff.Load(t.Context(), d.tx, account)
	if err != nil {
		t.Fatal(err)
	}
	if plan, posts := actor.Area(staff.Plan), actor.Area(staff.Post); plan.All || !slices.Equal(plan.Roots, []int64{4}) || !posts.All {
		t.Errorf("plans in %+v, posts in %+v", plan, posts)
	}
	if place := actor.Area(staff.Place); place.All {
		t.Error("the administrator's area made the planner's larger")
	}
}

// The database finds a transaction's areas by itself: they must be those that the
// program finds.
func TestTheDatabaseFindsTheAreasThatTheProgramFinds(t *testing.T) {
	d := desk{t, pgtest.Tx(t)}
	random := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	kinds := []staff.Kind{staff.Leader, staff.Worker, staff.Member, staff.BuildingHead, staff.DepartmentOfficer, staff.Planner, staff.Analyst, staff.Administrator, staff.PrivacyOfficer}
	for i := range 40 {
		account := d.account(fmt.Sprintf("someone%d", i))
		for range random.IntN(4) {
			var unit any
			if random.IntN(4) > 0 {
				unit = random.IntN(50) + 1
			}
			d.hold(d.post(kinds[random.IntN(len(kinds))], unit), "A", account)
		}
		actor, err := staff.Load(t.Context(), d.tx, account)
		if err != nil {
			t.Fatal(err)
		}
		d.exec(`SELECT act_as($1::text)`, fmt.Sprint(account))
		for _, p := range staff.Permissions {
			var all bool
			var roots []int64
			if err := d.tx.QueryRow(t.Context(), `SELECT acting_everywhere($1), acting_area($1)`, string(p)).Scan(&all, &roots); err != nil {
				t.Fatal(err)
			}
			slices.Sort(roots)
			if want := actor.Area(p); all != want.All || !all && !slices.Equal(roots, want.Roots) {
				t.Errorf("%s: the database says %v %v, the program %+v", p, all, roots, want)
			}
		}
	}
}

func TestUnitsOutsideTheAreaAreRefused(t *testing.T) {
	d := desk{t, pgtest.Tx(t)}
	d.exec(`INSERT INTO unit_ancestor (ancestor_id, unit_id) VALUES (1, 1), (1, 2), (2, 2), (9, 9)`)
	actor := staff.Actor{Name: "account:1", Account: 1, Grants: []staff.Grant{grant(1, staff.Plan)}}
	for _, tt := range []struct {
		units []int64
		want  error
	}{{nil, nil}, {[]int64{1}, nil}, {[]int64{1, 2}, nil}, {[]int64{2, 9}, staff.ErrOutside}, {[]int64{404}, staff.ErrOutside}} {
		if err := staff.Within(t.Context(), d.tx, actor, staff.Plan, tt.units...); !errors.Is(err, tt.want) {
			t.Errorf("%v: %v, want %v", tt.units, err, tt.want)
		}
	}
	if err := staff.Within(t.Context(), d.tx, actor, staff.Place, 1); !errors.Is(err, staff.ErrOutside) {
		t.Errorf("another permission: %v", err)
	}
	if err := staff.Within(t.Context(), d.tx, staff.System, staff.Plan, 404); err != nil {
		t.Errorf("everywhere: %v", err)
	}
}
