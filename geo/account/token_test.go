package account_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/geo/account"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

func day(n int) time.Time { return time.Now().Add(time.Duration(n) * 24 * time.Hour) }

func TestATokenNeverHoldsMoreThanItsAccount(t *testing.T) {
	s := newTowns(t)
	planner := s.user("planner")
	post := s.post(planner, staff.Planner, s.west)
	secretOf := func(may []staff.Permission, unit string) string {
		t.Helper()
		_, secret, err := account.MakeToken(t.Context(), s.db, s.actor(planner), account.TokenWish{Name: "backup", May: may, Unit: unit, ExpiresAt: day(30)})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(secret, "wg_") || len(secret) != 55 {
			t.Fatalf("token %q", secret)
		}
		return secret
	}
	identify := func(secret string) staff.Actor {
		t.Helper()
		a, err := (&account.Identifier{DB: s.db}).Identify(t.Context(), "", secret)
		if err != nil {
			t.Fatal(err)
		}
		if a.Name != staff.NameOf(planner) || a.Account != planner {
			t.Errorf("the token's actor is %s %d", a.Name, a.Account)
		}
		return a
	}
	wide := secretOf([]staff.Permission{staff.Map, staff.Export}, "")
	narrow := secretOf([]staff.Permission{staff.Export}, "330100001001")
	if a := identify(wide); !a.May(staff.Export) || a.May(staff.Plan) || !slices.Equal(a.Area(staff.Map).Roots, []int64{s.west}) {
		t.Errorf("the wide token: %+v", a)
	}
	if a := identify(narrow); a.May(staff.Map) || !slices.Equal(a.Area(staff.Export).Roots, []int64{s.westGrid}) {
		t.Errorf("the narrow token: %+v", a)
	}
	// A post in the other town adds to the wide token, not to the one kept to a unit.
	s.post(planner, staff.Planner, s.east)
	if a := identify(wide); !slices.Equal(a.Area(staff.Export).Roots, []int64{s.west, s.east}) {
		t.Errorf("the wide token with another post: %+v", a)
	}
	if a := identify(narrow); !slices.Equal(a.Area(staff.Export).Roots, []int64{s.westGrid}) {
		t.Errorf("the narrow token with another post: %+v", a)
	}
	// A post everywhere does not widen it either, and one within the unit counts as it is.
	everywhere := s.post(planner, staff.Analyst, 0)
	if a := identify(narrow); a.Area(staff.Export).All || !slices.Equal(a.Area(staff.Export).Roots, []int64{s.westGrid}) {
		t.Errorf("the narrow token with a post everywhere: %+v", a)
	}
	// What the account loses, the token loses.
	s.exec(`DELETE FROM post WHERE id = ANY ($1)`, []int64{post, everywhere})
	if a := identify(narrow); a.May(staff.Export) {
		t.Errorf("the narrow token without its post: %+v", a)
	}
	if a := identify(wide); !slices.Equal(a.Area(staff.Export).Roots, []int64{s.east}) {
		t.Errorf("the wide token without its post: %+v", a)
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	s := newTowns(t)
	planner := s.user("planner")
	s.post(planner, staff.Planner, s.west)
	demo := s.user("demo-x")
	s.exec(`UPDATE account SET demo = true WHERE id = $1`, demo)
	s.post(demo, staff.Planner, s.west)
	export := []staff.Permission{staff.Export}
	for name, tt := range map[string]struct {
		actor staff.Actor
		wish  account.TokenWish
		want  error
	}{
		"no name":                {s.actor(planner), account.TokenWish{Name: " ", May: export, ExpiresAt: day(1)}, account.ErrTokenName},
		"a long name":            {s.actor(planner), account.TokenWish{Name: strings.Repeat("网", 81), May: export, ExpiresAt: day(1)}, account.ErrTokenName},
		"no permission":          {s.actor(planner), account.TokenWish{Name: "x", ExpiresAt: day(1)}, account.ErrTokenMay},
		"more than the account":  {s.actor(planner), account.TokenWish{Name: "x", May: []staff.Permission{staff.Export, staff.Post}, ExpiresAt: day(1)}, account.ErrTokenMay},
		"an unknown permission":  {s.actor(planner), account.TokenWish{Name: "x", May: []staff.Permission{"everything"}, ExpiresAt: day(1)}, account.ErrTokenMay},
		"a unit elsewhere":       {s.actor(planner), account.TokenWish{Name: "x", May: export, Unit: "330100002", ExpiresAt: day(1)}, account.ErrTokenUnit},
		"a unit that is none":    {s.actor(planner), account.TokenWish{Name: "x", May: export, Unit: "9", ExpiresAt: day(1)}, account.ErrTokenUnit},
		"no end":                 {s.actor(planner), account.TokenWish{Name: "x", May: export}, account.ErrTokenExpiry},
		"an end in the past":     {s.actor(planner), account.TokenWish{Name: "x", May: export, ExpiresAt: day(-1)}, account.ErrTokenExpiry},
		"more than a year":       {s.actor(planner), account.TokenWish{Name: "x", May: export, ExpiresAt: day(366)}, account.ErrTokenExpiry},
		"a demo account":         {s.actor(demo), account.TokenWish{Name: "x", May: export, ExpiresAt: day(1)}, account.ErrDemo},
		"somebody without posts": {s.actor(s.user("nobody")), account.TokenWish{Name: "x", May: export, ExpiresAt: day(1)}, account.ErrTokenMay},
	} {
		if _, secret, err := account.MakeToken(t.Context(), s.db, tt.actor, tt.wish); !errors.Is(err, tt.want) || secret != "" {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestATokenEndsAndIsRevokedByItsOwnerOnly(t *testing.T) {
	s := newTowns(t)
	worker := s.actor(s.worker)
	ctx, request := asked(t.Context(), s.worker), s.request()
	made, secret, err := account.MakeToken(t.Context(), s.db, worker, account.TokenWish{Name: "phone", May: []staff.Permission{staff.Map}, ExpiresAt: day(365)})
	if err != nil {
		t.Fatal(err)
	}
	if !s.holds("", secret, s.worker) {
		t.Fatal("a new token does not hold")
	}
	list, err := account.Tokens(ctx, request, worker)
	if err != nil || len(list) != 1 || list[0].UsedAt == nil || list[0].Name != "phone" {
		t.Errorf("tokens %+v, %v", list, err)
	}
	for _, db := range []pg.DB{s.db, request} {
		if err := account.RevokeToken(asked(t.Context(), s.other.Account), db, s.other, made.ID); !errors.Is(err, account.ErrToken) {
			t.Errorf("another's token: %v, want %v", err, account.ErrToken)
		}
	}
	s.exec(`UPDATE api_token SET expires_at = now() - interval '1 second'`)
	if s.holds("", secret, s.worker) {
		t.Error("a token holds after its end")
	}
	s.exec(`UPDATE api_token SET expires_at = now() + interval '1 day'`)
	if err := account.RevokeToken(ctx, request, worker, made.ID); err != nil {
		t.Fatal(err)
	}
	if s.holds("", secret, s.worker) {
		t.Error("a revoked token holds")
	}
	if n := one[int64](s.world, `SELECT count(*) FROM audit WHERE detail::text LIKE '%' || $1 || '%'`, secret[3:]); n != 0 {
		t.Error("the audit holds a token")
	}
}
