package account

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Faults of codes.
var (
	ErrTOTPOn  = fault.New(fault.Conflict, "totp_on", "Two-step sign-in is on already. Switch it off first.")
	ErrTOTPOff = fault.New(fault.Conflict, "totp_off", "Two-step sign-in is not on. Begin with a new secret.")
)

// Codes as every phone app makes them: six digits, SHA-1, every 30 s. One before
// and one after the present are heard too, for clocks that differ.
const (
	period        = 30 * time.Second
	skew          = 1
	recoveryCodes = 10
	recoveryBytes = 10
)

// Enrolment is what a phone needs, shown once.
type Enrolment struct {
	Secret string `json:"secret" doc:"to type into the app"`
	URI    string `json:"uri" doc:"otpauth://"`
	PNG    []byte `json:"png" doc:"the URI as a QR code, base64"`
}

// Enrol begins two-step sign-in with a new secret. It asks for no code before one
// has been confirmed.
func (g *Guard) Enrol(ctx context.Context, db pg.DB, who staff.Actor, password string) (Enrolment, error) {
	login, err := g.confirm(ctx, db, who, password)
	if err != nil {
		return Enrolment{}, err
	}
	if err := notDemo(ctx, db, who.Account); err != nil {
		return Enrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Wangge", AccountName: login})
	if err != nil {
		return Enrolment{}, fmt.Errorf("make a secret: %w", err)
	}
	picture, err := key.Image(240, 240)
	if err != nil {
		return Enrolment{}, fmt.Errorf("draw a secret: %w", err)
	}
	var image bytes.Buffer
	if err := png.Encode(&image, picture); err != nil {
		return Enrolment{}, fmt.Errorf("draw a secret: %w", err)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO totp (account_id) VALUES ($1)
			ON CONFLICT (account_id) DO UPDATE SET last_step = 0 WHERE totp.confirmed_at IS NULL`, who.Account)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrTOTPOn
		}
		return vault.Seal(ctx, tx, g.ring, subject(who.Account), map[string]string{"totp": key.Secret()})
	})
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrol account %d: %w", who.Account, err)
	}
	return Enrolment{Secret: key.Secret(), URI: key.URL(), PNG: image.Bytes()}, nil
}

// Confirm switches two-step sign-in on, once the phone shows the right code, and
// returns the recovery codes.
func (g *Guard) Confirm(ctx context.Context, db pg.DB, who staff.Actor, code string) (recovery []string, err error) {
	tries := []try{{g.keyed("account", text(who.Account)), perLogin}}
	if _, err := g.charge(ctx, db, tries); err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var on bool
		err := tx.QueryRow(ctx, `SELECT confirmed_at IS NOT NULL FROM totp WHERE account_id = $1 FOR UPDATE`, who.Account).Scan(&on)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrTOTPOff
		case err != nil:
			return err
		case on:
			return ErrTOTPOn
		}
		if err := g.useStep(ctx, tx, who.Account, code); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE totp SET confirmed_at = now() WHERE account_id = $1`, who.Account); err != nil {
			return err
		}
		if recovery, err = newRecoveryCodes(ctx, tx, who.Account); err != nil {
			return err
		}
		if err := g.forgive(ctx, tx, tries); err != nil {
			return err
		}
		return audit.Write(ctx, tx, who, "totp_on", "account", text(who.Account), nil)
	})
	if err != nil {
		return nil, fmt.Errorf("confirm the code of account %d: %w", who.Account, err)
	}
	return recovery, nil
}

// RenewRecovery replaces the recovery codes.
func (g *Guard) RenewRecovery(ctx context.Context, db pg.DB, who staff.Actor, password string) (recovery []string, err error) {
	if _, err := g.confirm(ctx, db, who, password); err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var on bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM totp WHERE account_id = $1 AND confirmed_at IS NOT NULL)`, who.Account).Scan(&on)
		if err == nil && !on {
			err = ErrTOTPOff
		}
		if err != nil {
			return err
		}
		if recovery, err = newRecoveryCodes(ctx, tx, who.Account); err != nil {
			return err
		}
		return audit.Write(ctx, tx, who, "recovery_codes_made", "account", text(who.Account), nil)
	})
	if err != nil {
		return nil, fmt.Errorf("recovery codes of account %d: %w", who.Account, err)
	}
	return recovery, nil
}

func newRecoveryCodes(ctx context.Context, tx pgx.Tx, id int64) ([]string, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM recovery_code WHERE account_id = $1`, id); err != nil {
		return nil, err
	}
	var codes []string
	for range recoveryCodes {
		code := random(recoveryBytes)
		if _, err := tx.Exec(ctx, `INSERT INTO recovery_code (account_id, digest) VALUES ($1, $2)`, id, digestOf(code)); err != nil {
			return nil, err
		}
		codes = append(codes, readable(code))
	}
	return codes, nil
}

// RemoveTOTP switches two-step sign-in off, for whoever knows the password.
func (g *Guard) RemoveTOTP(ctx context.Context, db pg.DB, who staff.Actor, password string) error {
	if _, err := g.confirm(ctx, db, who, password); err != nil {
		return err
	}
	return g.dropTOTP(ctx, db, who, who.Account)
}

// ForgetTOTP switches it off for somebody who lost the phone and the codes.
func (g *Guard) ForgetTOTP(ctx context.Context, db pg.DB, who staff.Actor, id int64) error {
	if err := Keeps(ctx, db, who, id); err != nil {
		return err
	}
	return g.dropTOTP(ctx, db, who, id)
}

func (g *Guard) dropTOTP(ctx context.Context, db pg.DB, who staff.Actor, id int64) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM totp WHERE account_id = $1`, id)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM recovery_code WHERE account_id = $1`, id); err != nil {
			return err
		}
		if err := vault.Seal(ctx, tx, g.ring, subject(id), map[string]string{"totp": ""}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, who, "totp_off", "account", text(id), nil)
	})
	if err != nil {
		return fmt.Errorf("two-step sign-in of account %d: %w", id, err)
	}
	return nil
}

// useCode accepts a code from the phone, or a recovery code, once.
func (g *Guard) useCode(ctx context.Context, db pg.DB, id int64, code string) error {
	if recovery := plainCode(code); len(recovery) == base.EncodedLen(recoveryBytes) {
		tag, err := db.Exec(ctx, `DELETE FROM recovery_code WHERE account_id = $1 AND digest = $2`, id, digestOf(recovery))
		if err != nil {
			return fmt.Errorf("recovery code of account %d: %w", id, err)
		}
		if tag.RowsAffected() == 0 {
			return ErrCode
		}
		return nil
	}
	return g.useStep(ctx, db, id, code)
}

// plainCode takes out what people write between the groups of a code.
func plainCode(code string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
}

// useStep accepts a code from the phone. Each is good once, and none is good that
// is older than the newest used (RFC 6238 5.2).
func (g *Guard) useStep(ctx context.Context, db pg.DB, id int64, code string) error {
	sealed, err := vault.Open(ctx, db, g.ring, subject(id))
	if err != nil {
		return err
	}
	step, ok, err := matchStep(sealed["totp"], plainCode(code), g.now())
	if err != nil {
		return fmt.Errorf("code of account %d: %w", id, err)
	}
	if !ok {
		return ErrCode
	}
	tag, err := db.Exec(ctx, `UPDATE totp SET last_step = $2 WHERE account_id = $1 AND last_step < $2`, id, step)
	if err != nil {
		return fmt.Errorf("code of account %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return ErrCode
	}
	return nil
}

// matchStep finds the newest step whose code this is.
func matchStep(secret, code string, now time.Time) (step int64, ok bool, err error) {
	at := now.Unix() / int64(period/time.Second)
	for s := at - skew; s <= at+skew; s++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(s), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok, nil
}
