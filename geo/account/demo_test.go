package account_test

import (
	"errors"
	"testing"

	"wangge/geo/account"
	"wangge/geo/staff"
)

// demo is a small demo town with its accounts.
type demo struct {
	*world
	town, grid, building int64
	accounts             map[string]account.DemoAccount
}

func newDemo(t testing.TB) demo {
	w := newWorld(t)
	d := demo{world: w}
	d.town = w.unit("330100001", 0)
	d.grid = w.unit("330100001001", d.town)
	d.building = w.unit("330100001001001", d.grid)
	w.exec(`UPDATE setting SET value = '"true"' WHERE key = 'demo'`)
	d.make()
	return d
}

func (d *demo) make() {
	d.t.Helper()
	list, err := d.guard.MakeDemo(d.t.Context(), d.db)
	if err != nil {
		d.t.Fatal(err)
	}
	d.accounts = map[string]account.DemoAccount{}
	for _, a := range list {
		d.accounts[a.Login] = a
	}
}

// local is an attempt from this machine.
func (d demo) local(login string) account.Attempt {
	a := d.attempt(login, d.accounts[login].Password)
	a.Local = true
	return a
}

func TestTheDemoHasAnAccountForEveryKindOfPost(t *testing.T) {
	d := newDemo(t)
	kinds := one[[]string](d.world, `SELECT array_agg(code ORDER BY rank) FROM post_kind`)
	for _, kind := range kinds {
		login := "demo-" + kind
		if d.accounts[login].Kind != staff.Kind(kind) {
			t.Errorf("no account for %s", kind)
			continue
		}
		a, err := (&account.Identifier{DB: d.db}).Identify(t.Context(), d.signIn(d.local(login)).Session, "")
		if err != nil || len(a.Grants) != 1 || a.Grants[0].Kind != staff.Kind(kind) {
			t.Errorf("%s is %+v, %v", login, a, err)
			continue
		}
		want := d.town
		switch staff.Kind(kind) {
		case staff.Leader, staff.Worker, staff.PartTimeWorker, staff.Member:
			want = d.grid
		case staff.BuildingHead:
			want = d.building
		case staff.Administrator, staff.PrivacyOfficer, staff.Planner: // to try settings and imports with
			want = 0
		}
		if a.Grants[0].Unit != want {
			t.Errorf("%s in unit %d, want %d", login, a.Grants[0].Unit, want)
		}
	}
}

func TestTheDemosWorkerStandsInForAColleagueOnLeave(t *testing.T) {
	d := newDemo(t)
	away, err := (&account.Identifier{DB: d.db}).Identify(t.Context(), d.signIn(d.local("demo-worker-on-leave")).Session, "")
	if err != nil {
		t.Fatal(err)
	}
	deputy, err := (&account.Identifier{DB: d.db}).Identify(t.Context(), d.signIn(d.local("demo-worker")).Session, "")
	if err != nil {
		t.Fatal(err)
	}
	self, err := account.Who(t.Context(), d.db, d.ring, deputy, "")
	if err != nil || len(self.Posts) != 1 || self.Posts[0].Rank != "B" || !self.Posts[0].OnDuty {
		t.Errorf("the deputy: %+v, %v", self.Posts, err)
	}
	d.exec(`UPDATE absence SET ends_at = now() WHERE account_id = $1`, away.Account)
	if self, _ = account.Who(t.Context(), d.db, d.ring, d.actor(deputy.Account), ""); self.Posts[0].OnDuty || len(d.actor(deputy.Account).Grants) != 0 {
		t.Errorf("the deputy when the colleague is back: %+v", self.Posts)
	}
}

func TestDemoAccountsSignInFromThisMachineOnly(t *testing.T) {
	d := newDemo(t)
	a := d.local("demo-planner")
	d.signIn(a)
	a.Local = false
	d.refused(a, account.ErrRefused)
}

func TestEveryStartMakesNewDemoPasswords(t *testing.T) {
	d := newDemo(t)
	old := d.local("demo-worker")
	session := d.signIn(old)
	d.make()
	if d.holds(session.Session, "", session.Account) {
		t.Error("a session of the start before holds")
	}
	d.refused(old, account.ErrRefused)
	if now := d.signIn(d.local("demo-worker")); now.Account != session.Account {
		t.Error("the account is another one")
	}
	if n := one[int64](d.world, `SELECT count(*) FROM holder`); n != int64(len(d.accounts)) {
		t.Errorf("%d posts are held by %d accounts", n, len(d.accounts))
	}
	seen := map[string]bool{}
	for _, a := range d.accounts {
		if seen[a.Password] || len(a.Password) < 16 {
			t.Errorf("%s has the password %s", a.Login, a.Password)
		}
		seen[a.Password] = true
	}
}

func TestRemovingTheDemoLeavesWhatIsReal(t *testing.T) {
	d := newDemo(t)
	real := d.user("li.na")
	everywhere := d.post(real, staff.Administrator, 0)
	inTown := d.post(real, staff.Planner, d.town)
	for range 2 { // twice is no error
		if err := account.RemoveDemo(t.Context(), d.db); err != nil {
			t.Fatal(err)
		}
	}
	if n := one[int64](d.world, `SELECT count(*) FROM account WHERE demo`); n != 0 {
		t.Errorf("%d demo accounts are left", n)
	}
	if got := one[[]int64](d.world, `SELECT array_agg(id ORDER BY id) FROM post`); len(got) != 2 || got[0] != everywhere || got[1] != inTown {
		t.Errorf("posts %v are left, want %d and %d", got, everywhere, inTown)
	}
	d.exec(`TRUNCATE unit, boundary, unit_ancestor CASCADE`)
	if err := account.RemoveDemo(t.Context(), d.db); err != nil {
		t.Fatal(err)
	}
	if got := one[[]int64](d.world, `SELECT array_agg(id) FROM post`); len(got) != 1 || got[0] != everywhere {
		t.Errorf("posts %v are left in units that are gone, want %d alone", got, everywhere)
	}
	if demo, err := account.HasDemo(t.Context(), d.db); demo || err != nil {
		t.Errorf("there are demo accounts: %v", err)
	}
}

func TestNoDemoAccountsAmongRealData(t *testing.T) {
	w := newWorld(t)
	w.unit("330100001", 0)
	if list, err := w.guard.MakeDemo(t.Context(), w.db); err != nil || len(list) != 0 {
		t.Errorf("%d demo accounts, %v", len(list), err)
	}
}

func TestDemoAccountsKeepNothingThatLasts(t *testing.T) {
	d := newDemo(t)
	signed := d.signIn(d.local("demo-planner"))
	who := d.actor(signed.Account)
	for what, act := range map[string]func() error{
		"a phone": func() error {
			_, err := d.guard.Enrol(t.Context(), d.db, who, d.accounts["demo-planner"].Password)
			return err
		},
		"a name": func() error {
			return account.Describe(t.Context(), d.db, d.ring, staff.Local, who.Account, account.Person{Name: "李娜"})
		},
		"a link": func() error {
			_, _, err := account.Invite(t.Context(), d.db, staff.Local, who.Account)
			return err
		},
		"a provider": func() error {
			return account.Prepare(t.Context(), d.db, staff.Local, who.Account, "https://id.example")
		},
	} {
		if err := act(); !errors.Is(err, account.ErrDemo) {
			t.Errorf("%s: %v, want %v", what, err, account.ErrDemo)
		}
	}
}
