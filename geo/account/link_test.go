package account_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"wangge/geo/account"
	"wangge/geo/staff"
)

func (w *world) firstLink() string {
	w.t.Helper()
	token, err := account.FirstLink(w.t.Context(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func TestTheFirstLinkMakesOneAdministrator(t *testing.T) {
	w := newWorld(t)
	old, token := w.firstLink(), w.firstLink()
	for name, tt := range map[string]struct {
		token, login, password string
		want                   error
	}{
		"an older link":  {old, "admin", strong, account.ErrLink},
		"a made-up one":  {"x", "admin", strong, account.ErrLink},
		"none":           {"", "admin", strong, account.ErrLink},
		"a bad login":    {token, "ad min", strong, account.ErrLogin},
		"a bad password": {token, "admin", "password123", account.ErrCommon},
	} {
		if _, err := w.guard.First(t.Context(), w.db, tt.token, tt.login, tt.password, here); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	signed, err := w.guard.First(t.Context(), w.db, token, "Wang.Wei", strong, here)
	if err != nil {
		t.Fatal(err)
	}
	a, err := (&account.Identifier{DB: w.db}).Identify(t.Context(), signed.Session, "")
	if err != nil || !a.Area(staff.Post).All || !a.May(staff.Setting) || a.May(staff.Place) {
		t.Errorf("the first administrator is %+v, %v", a, err)
	}
	if _, err := w.guard.First(t.Context(), w.db, token, "another", strong, here); !errors.Is(err, account.ErrLink) {
		t.Errorf("a second use: %v, want %v", err, account.ErrLink)
	}
	if again := w.firstLink(); again != "" {
		t.Error("another link although there is an administrator")
	}
	w.signIn(w.attempt("wang.wei", strong))
}

func TestTheFirstLinkEnds(t *testing.T) {
	w := newWorld(t)
	token := w.firstLink()
	w.exec(`UPDATE one_time_link SET expires_at = now() - interval '1 second'`)
	if _, err := w.guard.First(t.Context(), w.db, token, "admin", strong, here); !errors.Is(err, account.ErrLink) {
		t.Errorf("after a day: %v, want %v", err, account.ErrLink)
	}
	token = w.firstLink()
	if _, err := w.guard.MakeWithPassword(t.Context(), w.db, staff.Local, "admin", strong, true); err != nil {
		t.Fatal(err)
	}
	if _, err := w.guard.First(t.Context(), w.db, token, "second", strong, here); !errors.Is(err, account.ErrLink) {
		t.Errorf("after the command line made one: %v, want %v", err, account.ErrLink)
	}
}

func TestTheFirstLinkIsUsedOnceByMany(t *testing.T) {
	w := newWorld(t)
	token := w.firstLink()
	var all sync.WaitGroup
	var made atomic.Int32
	for i := range 8 {
		all.Go(func() {
			_, err := w.guard.First(context.WithoutCancel(t.Context()), w.db, token, "admin"+string(rune('a'+i)), strong, here)
			if err == nil {
				made.Add(1)
			} else if !errors.Is(err, account.ErrLink) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := made.Load(); n != 1 {
		t.Errorf("%d administrators from one link", n)
	}
}

func TestTheDemosAdministratorIsNotTheFirst(t *testing.T) {
	w := newWorld(t)
	demo := w.user("demo-administrator")
	w.exec(`UPDATE account SET demo = true WHERE id = $1`, demo)
	w.post(demo, staff.Administrator, 0)
	if w.firstLink() == "" {
		t.Error("no link, as if the demo's administrator were real")
	}
}

func TestAdministratorsFromTheCommandLine(t *testing.T) {
	w := newWorld(t)
	first, err := w.guard.MakeWithPassword(t.Context(), w.db, staff.Local, "first", strong, true)
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.guard.MakeWithPassword(t.Context(), w.db, staff.Local, "second", strong, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []int64{first, second} {
		if a := w.actor(id); !a.Area(staff.Post).All {
			t.Errorf("account %d is %+v", id, a)
		}
	}
	if _, err := w.guard.MakeWithPassword(t.Context(), w.db, w.actor(w.user("li.na")), "x", strong, true); !errors.Is(err, account.ErrArea) {
		t.Errorf("by somebody without posts: %v", err)
	}
	if _, err := w.guard.MakeWithPassword(t.Context(), w.db, staff.Local, "first", strong, true); !errors.Is(err, account.ErrTaken) {
		t.Errorf("a login twice: %v", err)
	}
}

func TestALinkSetsAPasswordOnce(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	w.post(id, staff.Planner, 0)
	session := w.signIn(w.attempt("li.na", strong)).Session
	_, token, err := account.MakeToken(t.Context(), w.db, w.actor(id), account.TokenWish{Name: "x", May: []staff.Permission{staff.Map}, ExpiresAt: day(1)})
	if err != nil {
		t.Fatal(err)
	}
	old, _, err := account.Invite(t.Context(), w.db, staff.Local, id)
	if err != nil {
		t.Fatal(err)
	}
	link, _, err := account.Invite(t.Context(), w.db, staff.Local, id)
	if err != nil {
		t.Fatal(err)
	}
	if !w.holds(session, "", id) || !w.holds("", token, id) {
		t.Error("making a link has changed something already")
	}
	set := func(link, password string) error {
		_, _, err := w.guard.SetByLink(t.Context(), w.db, link, password, here)
		return err
	}
	for name, tt := range map[string]struct {
		link, password string
		want           error
	}{
		"an older link":    {old, another, account.ErrLink},
		"the first's link": {w.firstLink(), another, account.ErrLink},
		"nonsense":         {"../../x", another, account.ErrLink},
		"a weak password":  {link, "li.na li.na", account.ErrObvious},
	} {
		if err := set(tt.link, tt.password); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	// Somebody guesses meanwhile; the link's browser is not kept out by that.
	for range 5 {
		w.refused(w.attempt("li.na", "some guess"), account.ErrRefused)
	}
	login, device, err := w.guard.SetByLink(t.Context(), w.db, link, another, here)
	if err != nil || login != "li.na" {
		t.Fatalf("%q, %v", login, err)
	}
	if w.holds(session, "", id) || w.holds("", token, id) {
		t.Error("whoever had the account still has it")
	}
	waits(t, w.refused(w.attempt("li.na", another), account.ErrTooMany))
	known := w.attempt("li.na", another)
	known.Device = device
	w.signIn(known)
	if err := set(link, strong); !errors.Is(err, account.ErrLink) {
		t.Errorf("a second use: %v", err)
	}
	link, _, _ = account.Invite(t.Context(), w.db, staff.Local, id)
	w.exec(`UPDATE one_time_link SET expires_at = now() - interval '1 second'`)
	if err := set(link, strong); !errors.Is(err, account.ErrLink) {
		t.Errorf("a link that has ended: %v", err)
	}
}

func TestADisabledAccountCannotBeOpenedByALink(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	link, _, err := account.Invite(t.Context(), w.db, staff.Local, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := account.Disable(t.Context(), w.db, staff.Local, id); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.guard.SetByLink(t.Context(), w.db, link, another, here); !errors.Is(err, account.ErrLink) {
		t.Errorf("%v, want %v", err, account.ErrLink)
	}
}

func TestExternalSignInNeedsAnAdministratorFirst(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	w.user("wang.wei")
	const issuer = "https://id.example"
	enter := func(e account.External) (account.Signed, error) {
		return account.SignInExternal(t.Context(), w.db, e, here)
	}
	person := account.External{Issuer: issuer, Subject: "s-1", Logins: []string{"Li.Na"}}
	if _, err := enter(person); !errors.Is(err, account.ErrStranger) {
		t.Errorf("an account that nobody prepared: %v, want %v", err, account.ErrStranger)
	}
	if err := account.Prepare(t.Context(), w.db, staff.Local, id, issuer); err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]account.External{
		"of another provider": {Issuer: "https://evil.example", Subject: "s-1", Logins: []string{"li.na"}},
		"with another login":  {Issuer: issuer, Subject: "s-1", Logins: []string{"wang.wei", "li.n%", ""}},
		"without a login":     {Issuer: issuer, Subject: "s-1"},
	} {
		if _, err := enter(e); !errors.Is(err, account.ErrStranger) {
			t.Errorf("somebody %s: %v, want %v", name, err, account.ErrStranger)
		}
	}
	signed, err := enter(person)
	if err != nil || signed.Account != id || !w.holds(signed.Session, "", id) {
		t.Fatalf("the prepared one: %+v, %v", signed, err)
	}
	// Linked now: the subject decides, whatever it is called, and nobody else gets in by the name.
	if signed, err = enter(account.External{Issuer: issuer, Subject: "s-1", Logins: []string{"wang.wei"}}); err != nil || signed.Account != id {
		t.Errorf("under a new name: %d, %v", signed.Account, err)
	}
	if _, err := enter(account.External{Issuer: issuer, Subject: "s-2", Logins: []string{"li.na"}}); !errors.Is(err, account.ErrStranger) {
		t.Errorf("whoever has the login now: %v, want %v", err, account.ErrStranger)
	}
	if a := w.actor(id); len(a.Grants) != 0 {
		t.Errorf("signing in gave %+v", a.Grants)
	}
	if err := account.Unlink(t.Context(), w.db, staff.Local, id, issuer); err != nil {
		t.Fatal(err)
	}
	if _, err := enter(person); !errors.Is(err, account.ErrStranger) {
		t.Errorf("after it was unlinked: %v", err)
	}
	if err := account.Prepare(t.Context(), w.db, staff.Local, id, issuer); err != nil {
		t.Fatal(err)
	}
	w.exec(`UPDATE external_login SET expires_at = now() - interval '1 second'`)
	if _, err := enter(person); !errors.Is(err, account.ErrStranger) {
		t.Errorf("after the preparation has ended: %v", err)
	}
	if err := account.Link(t.Context(), w.db, staff.Local, id, issuer, "s-9"); err != nil {
		t.Fatal(err)
	}
	if err := account.Link(t.Context(), w.db, staff.Local, w.user("third"), issuer, "s-9"); !errors.Is(err, account.ErrExternal) {
		t.Errorf("one person with two accounts: %v, want %v", err, account.ErrExternal)
	}
	if err := account.Disable(t.Context(), w.db, staff.Local, id); err != nil {
		t.Fatal(err)
	}
	if _, err := enter(account.External{Issuer: issuer, Subject: "s-9"}); !errors.Is(err, account.ErrDisabled) {
		t.Errorf("a disabled account: %v, want %v", err, account.ErrDisabled)
	}
	if got := w.audited("1"); !slices.Contains(got, "external_linked") {
		t.Errorf("audited %v", got)
	}
}
