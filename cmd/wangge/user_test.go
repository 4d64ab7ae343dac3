package main

import (
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wangge/geo/account"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// users is the command on a database of its own, and a way to try the passwords.
type users struct {
	t     *testing.T
	flags []string
	try   func(login, password string) (staff.Actor, error)
}

func newUsers(t *testing.T) users {
	t.Helper()
	dsn, keys := pgtest.DSN(t), filepath.Join(t.TempDir(), "keys.json")
	engine, err := pg.Open(t.Context(), dsn, pg.Options{MaxConns: 2, Role: pg.RoleEngine})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	return users{t: t, flags: []string{"--database-url", dsn, "--keys", keys}, try: func(login, password string) (staff.Actor, error) {
		ring, err := vault.OpenRing(keys)
		if err != nil {
			t.Fatal(err)
		}
		guard, err := account.NewGuard(ring)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := guard.SignIn(t.Context(), engine, account.Attempt{Login: login, Password: password, Visit: account.Visit{From: netip.MustParseAddr("192.0.2.7")}})
		if err != nil {
			return staff.Actor{}, err
		}
		return (&account.Identifier{DB: engine}).Identify(t.Context(), signed.Session, "")
	}}
}

func (u users) run(args ...string) (string, error) {
	return wangge(u.t, append(append([]string{"user"}, args...), u.flags...)...)
}

func (u users) must(args ...string) string {
	u.t.Helper()
	said, err := u.run(args...)
	if err != nil {
		u.t.Fatalf("wangge user %v: %v", args, err)
	}
	return said
}

var printed = regexp.MustCompile(`Password: (\S+)`)

func (u users) password(said string) string {
	u.t.Helper()
	found := printed.FindStringSubmatch(said)
	if found == nil {
		u.t.Fatalf("no password in %q", said)
	}
	return found[1]
}

func TestTheFirstAdministratorFromTheCommandLine(t *testing.T) {
	u := newUsers(t)
	password := u.password(u.must("add", "Wang.Wei", "--administrator", "--generate"))
	actor, err := u.try("wang.wei", password)
	if err != nil || !actor.Area(staff.Post).All {
		t.Fatalf("the administrator is %+v, %v", actor, err)
	}
	plain := u.password(u.must("add", "li.na", "--generate"))
	if actor, err := u.try("li.na", plain); err != nil || len(actor.Grants) != 0 {
		t.Errorf("an account without a post is %+v, %v", actor, err)
	}
	_, err = u.run("add", "li.na", "--generate")
	wantError(t, err, "login_taken")
	_, err = u.run("add", "li na", "--generate")
	wantError(t, err, "login_malformed")
	if list := u.must("list"); !strings.Contains(list, "wang.wei") || !strings.Contains(list, "li.na") || strings.Contains(list, password) {
		t.Errorf("list:\n%s", list)
	}
}

func TestAccountsAreKeptFromTheCommandLine(t *testing.T) {
	u := newUsers(t)
	old := u.password(u.must("add", "li.na", "--generate"))
	u.must("disable", "li.na")
	if _, err := u.try("li.na", old); err == nil {
		t.Error("a disabled account signs in")
	}
	u.must("enable", "LI.NA")
	renewed := u.password(u.must("password", "li.na", "--generate"))
	if _, err := u.try("li.na", old); err == nil {
		t.Error("the old password still signs in")
	}
	for range 5 {
		_, _ = u.try("li.na", "wrong password")
	}
	u.must("unlock", "li.na")
	if _, err := u.try("li.na", renewed); err != nil {
		t.Errorf("the new password after unlocking: %v", err)
	}
	if said := u.must("link", "li.na"); !regexp.MustCompile(`/password#[a-z2-7]{52}\n`).MatchString(said) {
		t.Errorf("link: %s", said)
	}
	u.must("external", "li.na", "--oidc-issuer", "https://id.example")
	_, err := u.run("disable", "nobody")
	wantError(t, err, "nobody", "wangge user list")
}

func TestAPasswordIsReadFromAPipe(t *testing.T) {
	for in, want := range map[string]string{"a b c\n": "a b c", "no end": "no end", "windows\r\nmore": "windows", " space \n": " space "} {
		if got, err := readLine(strings.NewReader(in)); got != want || err != nil {
			t.Errorf("%q is read as %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "\n", "\r\n"} {
		if got, err := readLine(strings.NewReader(in)); err == nil {
			t.Errorf("%q is read as %q", in, got)
		}
	}
}

func TestTheProviderIsSetUpByFlags(t *testing.T) {
	if p, err := (providerFlags{}).provider(); p != nil || err != nil {
		t.Errorf("without flags: %v, %v", p, err)
	}
	_, err := providerFlags{OIDCIssuer: "http://id.example", OIDCClientID: "x"}.provider()
	wantError(t, err, "https://")
	p, err := providerFlags{OIDCIssuer: "https://id.example", OIDCClientID: "x", OIDCName: "Town Hall"}.provider()
	if err != nil || p.Name() != "Town Hall" {
		t.Errorf("%v, %v", p, err)
	}
}
