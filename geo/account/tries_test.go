package account_test

import (
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"wangge/geo/account"
	"wangge/geo/staff"
)

// from is an attempt from an address.
func from(a account.Attempt, address string) account.Attempt {
	a.From = netip.MustParseAddr(address)
	return a
}

// waits reads how long an answer says to wait.
func waits(t *testing.T, err error) time.Duration {
	t.Helper()
	var w account.Wait
	if !errors.As(err, &w) || !errors.Is(err, account.ErrTooMany) {
		t.Fatalf("%v, want a wait", err)
	}
	return w.RetryAfter()
}

func TestGuessesAtAnAccountTakeLongerAndLonger(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	for range 5 {
		w.refused(w.attempt("li.na", another), account.ErrRefused)
	}
	var total time.Duration
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900} {
		want *= time.Second
		// From elsewhere too, and even with the right password.
		got := waits(t, w.refused(from(w.attempt("li.na", strong), "198.51.100.9"), account.ErrTooMany))
		if got != want {
			t.Fatalf("after %s of guessing the wait is %s, want %s", total, got, want)
		}
		w.now = w.now.Add(want - time.Second)
		if got := waits(t, w.refused(w.attempt("li.na", strong), account.ErrTooMany)); got != time.Second {
			t.Fatalf("a second before: %s", got)
		}
		w.now = w.now.Add(time.Second)
		total += want
		w.refused(w.attempt("li.na", another), account.ErrRefused)
	}
}

func TestALockOutSurvivesARestartAndIsForgottenInTime(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	for range 5 {
		w.refused(w.attempt("li.na", another), account.ErrRefused)
	}
	w.guard = w.newGuard()
	waits(t, w.refused(w.attempt("li.na", strong), account.ErrTooMany))
	w.now = w.now.Add(time.Second)
	w.signIn(w.attempt("li.na", strong))
	// Whoever has signed in begins anew.
	for range 5 {
		w.refused(w.attempt("li.na", another), account.ErrRefused)
	}
	w.now = w.now.Add(24 * time.Hour)
	w.signIn(w.attempt("li.na", strong))
	if n := one[int64](w, `SELECT count(*) FROM sign_in_try WHERE last_at < $1`, w.now.Add(-time.Hour)); n != 0 {
		t.Errorf("%d tries of yesterday are still kept", n)
	}
}

// Who guesses must not be able to keep the person out.
func TestAKnownBrowserHasTriesOfItsOwn(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	w.user("wang.wei")
	mine := w.signIn(w.attempt("li.na", strong))
	known := w.attempt("li.na", strong)
	known.Device = mine.Device
	for range 5 {
		w.refused(from(w.attempt("li.na", another), "198.51.100.9"), account.ErrRefused)
	}
	waits(t, w.refused(w.attempt("li.na", strong), account.ErrTooMany))
	if again := w.signIn(known); again.Device != mine.Device {
		t.Error("the browser became another")
	}
	waits(t, w.refused(w.attempt("li.na", strong), account.ErrTooMany)) // the guesser still waits

	// The cookie of a browser is worth nothing for other accounts, and little for a thief.
	for range 5 {
		w.refused(from(w.attempt("wang.wei", another), "198.51.100.10"), account.ErrRefused)
	}
	stolen := w.attempt("wang.wei", strong)
	stolen.Device = mine.Device
	waits(t, w.refused(stolen, account.ErrTooMany))
	known.Password = another
	for range 5 {
		w.refused(known, account.ErrRefused)
	}
	waits(t, w.refused(known, account.ErrTooMany))
	made := w.attempt("li.na", strong)
	made.Device = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	waits(t, w.refused(made, account.ErrTooMany))
}

func TestOneAddressCannotTryAllAccounts(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	for i := range 30 {
		w.refused(from(w.attempt("login"+string(rune('a'+i%26))+string(rune('a'+i/26)), another), "192.0.2.1"), account.ErrRefused)
	}
	waits(t, w.refused(from(w.attempt("li.na", strong), "192.0.2.1"), account.ErrTooMany))
	w.signIn(from(w.attempt("li.na", strong), "192.0.2.2"))
	// Signing in with an account of one's own does not help.
	w.now = w.now.Add(time.Second)
	w.signIn(from(w.attempt("li.na", strong), "192.0.2.1"))
	w.now = w.now.Add(time.Second)
	w.refused(from(w.attempt("nobody", strong), "192.0.2.1"), account.ErrRefused)
	waits(t, w.refused(from(w.attempt("nobody.else", strong), "192.0.2.1"), account.ErrTooMany))
}

func TestASubscriberOfIPv6IsOneAddress(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	for i := range 30 {
		w.refused(from(w.attempt("login"+string(rune('a'+i%26))+string(rune('a'+i/26)), another), "2001:db8:1:2::"+string(rune('1'+i%9))), account.ErrRefused)
	}
	waits(t, w.refused(from(w.attempt("li.na", strong), "2001:db8:1:2:ffff::9"), account.ErrTooMany))
	w.signIn(from(w.attempt("li.na", strong), "2001:db8:1:3::9"))
}

func TestManyGuessesAtOnceAreOneAfterTheOther(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	var all sync.WaitGroup
	var mu sync.Mutex
	heard := 0
	for range 24 {
		all.Go(func() {
			_, err := w.guard.SignIn(t.Context(), w.db, w.attempt("li.na", another))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, account.ErrRefused):
				heard++
			case !errors.Is(err, account.ErrTooMany):
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if heard != 5 {
		t.Errorf("%d guesses were heard at once, want 5", heard)
	}
}

func TestCountersHoldNeitherLoginNorAddress(t *testing.T) {
	w := newWorld(t)
	w.user("li.na")
	w.refused(w.attempt("li.na", another), account.ErrRefused)
	for _, value := range []string{"li.na", "192.0.2.7"} {
		if n := one[int64](w, `SELECT count(*) FROM sign_in_try WHERE position(convert_to($1, 'UTF8') IN key) > 0 OR key = sha256(convert_to($1, 'UTF8'))`, value); n != 0 {
			t.Errorf("a counter is named %s", value)
		}
	}
	// The same login under another installation's key is another counter.
	before := one[[][]byte](w, `SELECT array_agg(key) FROM sign_in_try`)
	other := newWorld(t)
	other.refused(other.attempt("li.na", another), account.ErrRefused)
	for _, key := range before {
		if one[bool](other, `SELECT EXISTS (SELECT FROM sign_in_try WHERE key = $1)`, key) {
			t.Error("two installations have the same key")
		}
	}
}

func TestAnAdministratorUnlocks(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	for range 5 {
		w.refused(w.attempt("li.na", another), account.ErrRefused)
	}
	if err := w.guard.Unlock(t.Context(), w.db, w.actor(id), id); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("by somebody without posts: %v", err)
	}
	waits(t, w.refused(w.attempt("li.na", strong), account.ErrTooMany))
	if err := w.guard.Unlock(t.Context(), w.db, staff.Local, id); err != nil {
		t.Fatal(err)
	}
	w.signIn(w.attempt("li.na", strong))
}
