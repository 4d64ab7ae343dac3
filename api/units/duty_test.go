package units_test

import (
	"net/url"
	"testing"
	"time"

	"wangge/api/route/routetest"
	"wangge/api/units"
	"wangge/geo/account"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
	"wangge/geo/post"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestDutyOverHTTP(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	const unit = "310115001001001"
	leader, err := post.Make(t.Context(), pool, staff.Local, post.New{Kind: staff.Leader, Unit: unit})
	if err != nil {
		t.Fatal(err)
	}
	for login, rank := range map[string]post.Rank{"an": post.A, "bo": post.B} {
		if _, err := account.Make(t.Context(), pool, nil, staff.Local, login, "", account.Person{}); err != nil {
			t.Fatal(err)
		}
		if _, err := post.HandOver(t.Context(), pool, staff.Local, leader.ID, rank, login, grid.Today()); err != nil {
			t.Fatal(err)
		}
	}
	api := routetest.New()
	units.Mount(api.API, pool, pool, ledger.NewTally(pool))
	ask := func(at string) map[string]any {
		t.Helper()
		return api.Want(t, 200, "", "GET", "/units/"+unit+"/duty"+at, nil)
	}
	if d := ask(""); d["login"] != "an" || d["rank"] != "A" || len(d["steps"].([]any)) != 1 {
		t.Errorf("on duty: %v", d)
	}
	from, to := time.Now().Add(time.Hour), time.Now().Add(3*time.Hour)
	if _, err := post.Leaves(t.Context(), pool, staff.Local, post.NewAbsence{Login: "an", From: from, To: &to, Reason: post.Leave}); err != nil {
		t.Fatal(err)
	}
	if d := ask("?at=" + url.QueryEscape(from.Add(time.Minute).Format(time.RFC3339))); d["login"] != "bo" || d["rank"] != "B" || len(d["steps"].([]any)) != 2 {
		t.Errorf("while A is away: %v", d)
	}
	if d := ask("?kind=worker"); d["login"] != "an" || len(d["steps"].([]any)) != 2 {
		t.Errorf("for the worker that there is not: %v", d)
	}
	api.Want(t, 404, "unit_unknown", "GET", "/units/nowhere/duty", nil)
	api.Want(t, 404, "unit_unknown", "GET", "/units/"+unit+"/duty?at=2020-01-01T00:00:00Z", nil)
	api.Want(t, 422, "request_invalid", "GET", "/units/"+unit+"/duty?at=noon", nil)
}
