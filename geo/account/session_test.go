package account_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/geo/account"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

func TestASessionIsStoredAsADigestOnly(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	signed := w.signIn(w.attempt("li.na", strong))
	for _, secret := range []string{signed.Session, signed.Device, strong} {
		for _, table := range []string{"session", "known_device", "password", "audit", "sign_in_try"} {
			if n := one[int64](w, `SELECT count(*) FROM `+table+` t WHERE t::text LIKE '%' || $1 || '%' OR t::text LIKE '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'`, secret); n != 0 {
				t.Errorf("%s holds a secret", table)
			}
		}
	}
}

func TestASessionEndsWhenIdleAndInAnyCase(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	for name, tt := range map[string]struct {
		made, seen string
		want       bool
	}{
		"seen just now":                   {"29 days 23 hours", "1 second", true},
		"idle for less than twelve hours": {"1 day", "11 hours 59 minutes", true},
		"idle for twelve hours":           {"1 day", "12 hours 1 second", false},
		"in use for thirty days":          {"30 days 1 second", "1 second", false},
	} {
		session := w.signIn(w.attempt("li.na", strong)).Session
		w.exec(`UPDATE session SET made_at = now() - $1::interval, seen_at = now() - $2::interval WHERE id = (SELECT max(id) FROM session)`, tt.made, tt.seen)
		list, err := account.Sessions(t.Context(), w.db, w.actor(id))
		if err != nil {
			t.Fatal(err)
		}
		if listed := len(list) > 0; listed != tt.want {
			t.Errorf("%s: listed is %v, want %v", name, listed, tt.want)
		}
		if got := w.holds(session, "", id); got != tt.want {
			t.Errorf("%s: holds is %v, want %v", name, got, tt.want)
		}
		w.exec(`DELETE FROM session`)
	}
}

func TestLastSeenIsWrittenOnceAMinute(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	session := w.signIn(w.attempt("li.na", strong)).Session
	age := func() time.Duration { return one[time.Duration](w, `SELECT now() - seen_at FROM session`) }
	w.exec(`UPDATE session SET seen_at = now() - interval '50 seconds'`)
	if w.holds(session, "", id); age() < 50*time.Second {
		t.Error("written again within a minute")
	}
	w.exec(`UPDATE session SET seen_at = now() - interval '61 seconds'`)
	if w.holds(session, "", id); age() > 10*time.Second {
		t.Error("not written after a minute")
	}
}

func TestEverySignInIsANewSessionInPlaceOfTheBrowsersOld(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	first := w.signIn(w.attempt("li.na", strong))
	again := w.attempt("li.na", strong)
	again.Session, again.Device = first.Session, first.Device
	second := w.signIn(again)
	if second.Session == first.Session || w.holds(first.Session, "", id) || !w.holds(second.Session, "", id) {
		t.Error("the session was not replaced")
	}
	if other := w.signIn(w.attempt("li.na", strong)); !w.holds(second.Session, "", id) || !w.holds(other.Session, "", id) {
		t.Error("signing in elsewhere ended a session")
	}
}

func TestNonsenseIdentifiesNobody(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	session := w.signIn(w.attempt("li.na", strong)).Session
	if a, err := (&account.Identifier{DB: w.db}).Identify(t.Context(), "", ""); err != nil || a.Name != staff.Public.Name || len(a.Grants) != 0 {
		t.Errorf("without anything: %+v, %v", a, err)
	}
	for _, s := range [][2]string{
		{"x", ""}, {strings.ToUpper(session), ""}, {session + " ", ""}, {strings.Repeat("a", 52), ""}, {"' OR true --", ""},
		{"", session}, {"", "wg_" + session}, {session, "wg_" + strings.Repeat("a", 52)}, {session, "x"}, {"", "\x00"},
	} {
		if a, err := (&account.Identifier{DB: w.db}).Identify(t.Context(), s[0], s[1]); !errors.Is(err, staff.ErrSignedOut) || a.Account != 0 {
			t.Errorf("%q, %q: %+v, %v", s[0], s[1], a, err)
		}
	}
	if !w.holds(session, "", id) {
		t.Error("the session itself does not hold")
	}
}

// Many ask at once, of some twice, and all were last seen an hour ago: each is told of
// themselves, nobody waits for another's mark, and those who ended are nobody at once.
func TestManyWhoAskAtOnceAreEachThemselves(t *testing.T) {
	w := newWorld(t)
	const people = 30
	var sessions []string
	var ids []int64
	for n := range people {
		login := fmt.Sprintf("person%02d", n)
		ids = append(ids, w.user(login))
		sessions = append(sessions, w.signIn(w.attempt(login, strong)).Session)
	}
	for _, identifier := range []*account.Identifier{{DB: w.db}, {DB: w.db}} { // as two processes would
		for range 3 {
			w.exec(`UPDATE session SET seen_at = now() - interval '1 hour'`)
			w.exec(`DELETE FROM session WHERE account_id = $1`, ids[0])
			var all sync.WaitGroup
			for i := range 10 * people {
				all.Go(func() {
					n := i % people
					a, err := identifier.Identify(t.Context(), sessions[n], "")
					if n == 0 {
						if !errors.Is(err, staff.ErrSignedOut) || a.Account != 0 {
							t.Errorf("who was signed out: %+v, %v", a, err)
						}
					} else if err != nil || a.Account != ids[n] {
						t.Errorf("person %d is %d: %v", ids[n], a.Account, err)
					}
					if _, err := identifier.Identify(t.Context(), strings.Repeat("a", 52), ""); !errors.Is(err, staff.ErrSignedOut) {
						t.Errorf("nobody: %v", err)
					}
				})
			}
			all.Wait()
			if n := one[int64](w, `SELECT count(*) FROM session WHERE seen_at < now() - interval '1 minute'`); n != 0 {
				t.Errorf("%d uses were not marked", n)
			}
		}
	}
}

func TestTheActorHasTheGrantsOfThisMoment(t *testing.T) {
	s := newTowns(t)
	session := s.signIn(s.attempt("worker.west", strong)).Session
	identify := func() staff.Actor {
		a, err := (&account.Identifier{DB: s.db}).Identify(t.Context(), session, "")
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a, want := identify(), s.actor(s.worker); a.Name != want.Name || len(a.Grants) != 1 || a.Grants[0].Unit != s.westGrid || !slices.Equal(a.Grants[0].May, want.Grants[0].May) {
		t.Errorf("got %+v, want %+v", a, want)
	}
	s.exec(`UPDATE holder SET valid_to = current_date - 1, valid_from = current_date - 9 WHERE account_id = $1`, s.worker)
	if a := identify(); len(a.Grants) != 0 || a.May(staff.Map) || a.Account != s.worker {
		t.Errorf("after the post has ended: %+v", a)
	}
	s.post(s.worker, staff.Administrator, 0)
	if a := identify(); !a.Area(staff.Post).All || a.May(staff.Place) {
		t.Errorf("as administrator of everything: %+v", a)
	}
}

func TestSessionsAreEndedByTheirOwnerOnly(t *testing.T) {
	s := newTowns(t)
	ctx := asked(t.Context(), s.worker)
	request := s.request()
	mine, away := s.signIn(s.attempt("worker.west", strong)), s.signIn(s.attempt("worker.west", strong))
	theirs := s.signIn(s.attempt("keeper.west", strong))
	worker := s.actor(s.worker)
	list, err := account.Sessions(ctx, request, worker)
	if err != nil || len(list) != 2 || list[0].Agent != "Firefox, Linux" || list[0].Method != "password" {
		t.Fatalf("sessions %+v, %v", list, err)
	}
	foreign := one[int64](s.world, `SELECT id FROM session WHERE account_id = $1`, s.keeper.Account)
	for _, db := range []pg.DB{s.db, request} {
		if err := account.EndSession(ctx, db, worker, foreign); !errors.Is(err, account.ErrSession) {
			t.Errorf("another's session: %v, want %v", err, account.ErrSession)
		}
	}
	if err := account.EndSession(ctx, request, worker, list[0].ID); err != nil {
		t.Fatal(err)
	}
	if s.holds(away.Session, "", s.worker) || !s.holds(mine.Session, "", s.worker) {
		t.Error("the wrong session ended")
	}
	third := s.signIn(s.attempt("worker.west", strong))
	if err := account.EndSessions(ctx, request, worker, list[1].ID); err != nil {
		t.Fatal(err)
	}
	if s.holds(third.Session, "", s.worker) || !s.holds(mine.Session, "", s.worker) || !s.holds(theirs.Session, "", s.keeper.Account) {
		t.Error("ending all others ended others than those")
	}
	for range 2 { // twice is no error
		if err := account.SignOut(t.Context(), s.db, mine.Session); err != nil {
			t.Fatal(err)
		}
	}
	if s.holds(mine.Session, "", s.worker) {
		t.Error("signed out, and still signed in")
	}
}

func TestSelfKnowsPostsDutyAndExpiry(t *testing.T) {
	s := newTowns(t)
	signed := s.signIn(s.attempt("worker.west", strong))
	// The worker is deputy of the town's leader as well, who is there.
	post := s.post(s.keeper.Account, staff.Leader, s.west)
	s.exec(`INSERT INTO holder (post_id, rank, account_id) VALUES ($1, 'B', $2)`, post, s.worker)
	self, err := account.Who(t.Context(), s.db, s.ring, s.actor(s.worker), signed.Session)
	if err != nil {
		t.Fatal(err)
	}
	if self.Login != "worker.west" || self.Demo || self.TOTP || !self.Password || self.Session == nil || len(self.Posts) != 2 {
		t.Fatalf("got %+v", self)
	}
	if left := time.Until(self.Session.ExpiresAt); left > account.Idle || left < account.Idle-time.Minute {
		t.Errorf("expires in %s, want %s", left, account.Idle)
	}
	on := map[staff.Kind]bool{}
	for _, p := range self.Posts {
		on[p.Kind] = p.OnDuty
	}
	if !on[staff.Worker] || on[staff.Leader] {
		t.Errorf("on duty %v", on)
	}
	s.exec(`INSERT INTO absence (account_id, starts_at, reason, recorded_by) VALUES ($1, now() - interval '1 hour', 'leave', 'test')`, s.keeper.Account)
	if self, err = account.Who(t.Context(), s.db, s.ring, s.actor(s.worker), signed.Session); err != nil || !self.Posts[0].OnDuty || !self.Posts[1].OnDuty {
		t.Errorf("with A on leave: %+v, %v", self.Posts, err)
	}
	if self.Posts[0].Unit == "" || self.Posts[0].TitleZh == "" {
		t.Errorf("a post without its unit or title: %+v", self.Posts[0])
	}
}

func TestANewPasswordEndsOtherSessionsAndRenewsThisOne(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	mine, away := w.signIn(w.attempt("li.na", strong)), w.signIn(w.attempt("li.na", strong))
	visit := here
	visit.Session, visit.Device = mine.Session, mine.Device
	change := func(present, chosen string, v account.Visit) (account.Signed, error) {
		return w.guard.ChangePassword(t.Context(), w.db, w.actor(id), v, present, chosen)
	}
	for name, tt := range map[string]struct {
		present, chosen string
		visit           account.Visit
		want            error
	}{
		"a wrong present one": {another, "a new one for me", visit, account.ErrPresent},
		"a short one":         {strong, "short", visit, account.ErrShort},
		"with the login":      {strong, "li.na for ever", visit, account.ErrObvious},
		"without a session":   {strong, another, here, account.ErrInteractive},
	} {
		if _, err := change(tt.present, tt.chosen, tt.visit); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	signed, err := change(strong, another, visit)
	if err != nil {
		t.Fatal(err)
	}
	if w.holds(mine.Session, "", id) || w.holds(away.Session, "", id) || !w.holds(signed.Session, "", id) || signed.Device != mine.Device {
		t.Error("after a new password the old sessions hold, or the new one does not")
	}
	w.refused(w.attempt("li.na", strong), account.ErrRefused)
	w.signIn(w.attempt("li.na", another))
}

// A stolen session must not be a place to guess the password.
func TestThePresentPasswordCannotBeGuessedFromASession(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	visit := here
	visit.Session = w.signIn(w.attempt("li.na", strong)).Session
	for range 5 {
		if _, err := w.guard.ChangePassword(t.Context(), w.db, w.actor(id), visit, "guess", another); !errors.Is(err, account.ErrPresent) {
			t.Fatal(err)
		}
	}
	_, err := w.guard.ChangePassword(t.Context(), w.db, w.actor(id), visit, strong, another)
	waits(t, err)
	w.signIn(w.attempt("li.na", strong)) // the person is not kept out by it
}
