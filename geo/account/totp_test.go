package account_test

import (
	"bytes"
	"errors"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"wangge/geo/account"
	"wangge/geo/staff"
)

// phone is an account with two-step sign-in and the phone that shows its codes.
type phone struct {
	*world
	id       int64
	secret   string
	recovery []string
}

func newPhone(t testing.TB) phone {
	w := newWorld(t)
	p := phone{world: w, id: w.user("li.na")}
	e, err := w.guard.Enrol(t.Context(), w.db, w.actor(p.id), strong)
	if err != nil {
		t.Fatal(err)
	}
	p.secret = e.Secret
	w.signIn(w.attempt("li.na", strong)) // nothing is asked before a code was right
	if p.recovery, err = w.guard.Confirm(t.Context(), w.db, w.actor(p.id), p.code(0)); err != nil {
		t.Fatal(err)
	}
	return p
}

// code is what the phone shows so many steps of 30 s from now.
func (p phone) code(steps int) string {
	p.t.Helper()
	code, err := totp.GenerateCode(p.secret, p.now.Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

func (p phone) with(code string) account.Attempt {
	a := p.attempt("li.na", strong)
	a.Code = code
	return a
}

func TestTwoStepsNeedBoth(t *testing.T) {
	p := newPhone(t)
	p.now = p.now.Add(time.Minute)
	p.refused(p.with(""), account.ErrCodeNeeded)
	p.refused(p.with("000000"), account.ErrCode)
	p.refused(p.with("12345"), account.ErrCode)
	p.refused(p.with("０００００１"), account.ErrCode)
	wrong := p.attempt("li.na", another)
	wrong.Code = p.code(0)
	p.refused(wrong, account.ErrRefused)
	p.signIn(p.with(p.code(0)))
}

func TestACodeIsGoodOnceAndNoneOlder(t *testing.T) {
	p := newPhone(t)
	p.refused(p.with(p.code(0)), account.ErrCode) // it confirmed the phone
	p.now = p.now.Add(5 * time.Minute)
	p.signIn(p.with(p.code(0)))
	p.refused(p.with(p.code(0)), account.ErrCode)
	p.refused(p.with(p.code(-1)), account.ErrCode) // within the allowance for clocks, but older
	p.signIn(p.with(" " + p.code(1)[:3] + " " + p.code(1)[3:]))
	p.now = p.now.Add(5 * time.Minute)
	p.refused(p.with(p.code(2)), account.ErrCode)
	p.refused(p.with(p.code(-2)), account.ErrCode)
	p.signIn(p.with(p.code(-1)))
}

func TestCodesCannotBeGuessed(t *testing.T) {
	p := newPhone(t)
	p.now = p.now.Add(time.Hour)
	for range 5 {
		p.refused(p.with("000000"), account.ErrCode)
	}
	waits(t, p.refused(p.with(p.code(0)), account.ErrTooMany))
	// Asking what is missing forgives nothing.
	p.now = p.now.Add(time.Second)
	p.refused(p.with(""), account.ErrCodeNeeded)
	waits(t, p.refused(p.with(""), account.ErrTooMany))
}

func TestRecoveryCodesAreGoodOnce(t *testing.T) {
	p := newPhone(t)
	if len(p.recovery) != 10 {
		t.Fatalf("recovery codes %v", p.recovery)
	}
	p.signIn(p.with(p.recovery[0]))
	p.refused(p.with(p.recovery[0]), account.ErrCode)
	p.signIn(p.with(strings.ToUpper(strings.ReplaceAll(p.recovery[1], "-", " "))))
	p.refused(p.with(p.recovery[2][5:]+"-"+p.recovery[2][:4]), account.ErrCode)
	renewed, err := p.guard.RenewRecovery(t.Context(), p.db, p.actor(p.id), strong)
	if err != nil {
		t.Fatal(err)
	}
	p.refused(p.with(p.recovery[3]), account.ErrCode)
	p.signIn(p.with(renewed[0]))
}

func TestSwitchingTwoStepsOffNeedsThePassword(t *testing.T) {
	p := newPhone(t)
	who := p.actor(p.id)
	if err := p.guard.RemoveTOTP(t.Context(), p.db, who, another); !errors.Is(err, account.ErrPresent) {
		t.Errorf("with a wrong password: %v", err)
	}
	if _, err := p.guard.Enrol(t.Context(), p.db, who, strong); !errors.Is(err, account.ErrTOTPOn) {
		t.Errorf("a second phone: %v, want %v", err, account.ErrTOTPOn)
	}
	if _, err := p.guard.Confirm(t.Context(), p.db, who, p.code(0)); !errors.Is(err, account.ErrTOTPOn) {
		t.Errorf("confirming again: %v, want %v", err, account.ErrTOTPOn)
	}
	p.refused(p.with(""), account.ErrCodeNeeded)
	if err := p.guard.RemoveTOTP(t.Context(), p.db, who, strong); err != nil {
		t.Fatal(err)
	}
	p.signIn(p.with(""))
	if _, err := p.guard.Confirm(t.Context(), p.db, who, p.code(0)); !errors.Is(err, account.ErrTOTPOff) {
		t.Errorf("the old phone is confirmed again: %v", err)
	}
	if n := one[int64](p.world, `SELECT (SELECT count(*) FROM recovery_code) + (SELECT count(*) FROM sealed WHERE field = 'totp')`); n != 0 {
		t.Errorf("%d secrets are left", n)
	}
}

func TestALostPhoneIsForgottenByAnAdministrator(t *testing.T) {
	p := newPhone(t)
	if err := p.guard.ForgetTOTP(t.Context(), p.db, p.actor(p.id), p.id); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("by oneself: %v", err)
	}
	if err := p.guard.ForgetTOTP(t.Context(), p.db, staff.Local, p.id); err != nil {
		t.Fatal(err)
	}
	p.signIn(p.with(""))
}

func TestTheSecretIsShownOnceAndSealed(t *testing.T) {
	w := newWorld(t)
	id := w.user("li.na")
	if _, err := w.guard.Enrol(t.Context(), w.db, w.actor(id), another); !errors.Is(err, account.ErrPresent) {
		t.Errorf("with a wrong password: %v", err)
	}
	e, err := w.guard.Enrol(t.Context(), w.db, w.actor(id), strong)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(e.URI, "otpauth://totp/Wangge:li.na?") || !strings.Contains(e.URI, e.Secret) {
		t.Errorf("URI %s", e.URI)
	}
	if picture, err := png.Decode(bytes.NewReader(e.PNG)); err != nil || picture.Bounds().Dx() != 240 {
		t.Errorf("the picture: %v", err)
	}
	again, err := w.guard.Enrol(t.Context(), w.db, w.actor(id), strong)
	if err != nil || again.Secret == e.Secret {
		t.Errorf("beginning again gives the same secret: %v", err)
	}
	for _, table := range []string{"totp", "sealed", "audit"} {
		if n := one[int64](w, `SELECT count(*) FROM `+table+` t WHERE t::text LIKE '%' || $1 || '%' OR t::text LIKE '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'`, again.Secret); n != 0 {
			t.Errorf("%s holds the secret", table)
		}
	}
}
