package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Faults of consents and of what rests on them.
var (
	ErrNoticeStale = fault.New(fault.Conflict, "notice_stale", "The notice has changed. Show the new text first.")
	ErrConsentNone = fault.New(fault.NotFound, "consent_none", "There is no consent to withdraw.")
	ErrConsentHow  = fault.New(fault.Invalid, "consent_how", "Say how consent was given: online, in-person, paper or phone.")
	ErrConsentSelf = fault.New(fault.Invalid, "consent_notice", "This notice asks for no consent of an account.")
)

// Whose is the subject of a consent.
type Whose struct {
	Kind string // "account" or "household"
	ID   int64
}

func (w Whose) sealed() vault.Subject {
	return vault.Subject{Kind: w.Kind, ID: strconv.FormatInt(w.ID, 10)}
}

// Consent is that somebody agreed to what a version of a notice says.
type Consent struct {
	ID          int64      `json:"id"`
	Notice      string     `json:"notice"`
	Version     int        `json:"version"`
	How         string     `json:"how" enum:"online,in-person,paper,phone"`
	GivenAt     time.Time  `json:"given_at"`
	RecordedBy  string     `json:"recorded_by"`
	WithdrawnAt *time.Time `json:"withdrawn_at"`
	WithdrawnBy *string    `json:"withdrawn_by"`
}

// Consents returns all consents of a subject, newest first, withdrawn ones too.
func Consents(ctx context.Context, db pg.DB, whose Whose) ([]Consent, error) {
	rows, _ := db.Query(ctx, `
		SELECT id, notice, version, how, given_at, recorded_by, withdrawn_at, withdrawn_by
		FROM consent WHERE kind = $1 AND subject_id = $2
		ORDER BY id DESC`, whose.Kind, whose.ID)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Consent])
	if err != nil {
		return nil, fmt.Errorf("consents of %s %d: %w", whose.Kind, whose.ID, err)
	}
	return list, nil
}

// Consented returns the consent to a notice that is in force, or nil.
func Consented(ctx context.Context, db pg.DB, whose Whose, notice string) (*Consent, error) {
	list, err := Consents(ctx, db, whose)
	i := slices.IndexFunc(list, func(c Consent) bool { return c.Notice == notice && c.WithdrawnAt == nil })
	if err != nil || i < 0 {
		return nil, err
	}
	return &list[i], nil
}

// Agree records a consent to the version that was shown, which must be the
// current one, else ErrNoticeStale. One to an older version ends with it.
func Agree(ctx context.Context, db pg.DB, actor staff.Actor, whose Whose, notice string, version int, how string) error {
	if !slices.Contains([]string{"online", "in-person", "paper", "phone"}, how) {
		return ErrConsentHow
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		current, err := CurrentNotice(ctx, tx, notice)
		if err != nil {
			return err
		}
		if current.Version != version {
			return ErrNoticeStale
		}
		if _, err := tx.Exec(ctx, `
			UPDATE consent SET withdrawn_at = now(), withdrawn_by = $5
			WHERE kind = $1 AND subject_id = $2 AND notice = $3 AND withdrawn_at IS NULL AND version <> $4`,
			whose.Kind, whose.ID, notice, version, actor.Name); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			INSERT INTO consent (kind, subject_id, notice, version, how, recorded_by) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (kind, subject_id, notice) WHERE withdrawn_at IS NULL DO NOTHING`,
			whose.Kind, whose.ID, notice, version, how, actor.Name)
		if err != nil || tag.RowsAffected() == 0 { // given already
			return faults.Of(err)
		}
		return audit.Write(ctx, tx, actor, "consent", whose.Kind, fmt.Sprint(whose.ID), map[string]any{"notice": notice, "version": version, "how": how})
	})
	if err != nil {
		return fmt.Errorf("consent of %s %d: %w", whose.Kind, whose.ID, err)
	}
	return nil
}

// Withdraw ends a consent, or returns ErrConsentNone. What was kept on its ground
// is the caller's to delete.
func Withdraw(ctx context.Context, db pg.DB, actor staff.Actor, whose Whose, notice string) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var version int
		err := tx.QueryRow(ctx, `
			UPDATE consent SET withdrawn_at = now(), withdrawn_by = $4
			WHERE kind = $1 AND subject_id = $2 AND notice = $3 AND withdrawn_at IS NULL
			RETURNING version`, whose.Kind, whose.ID, notice, actor.Name).Scan(&version)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrConsentNone
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "withdraw", whose.Kind, fmt.Sprint(whose.ID), map[string]any{"notice": notice, "version": version})
	})
	if err != nil {
		return fmt.Errorf("withdraw consent of %s %d: %w", whose.Kind, whose.ID, err)
	}
	return nil
}

// AgreeSelf is an account's own consent to be tracked on duty. It is separate
// from everything else (article 29).
func AgreeSelf(ctx context.Context, db pg.DB, actor staff.Actor, notice string, version int) error {
	switch {
	case actor.Account == 0:
		return staff.ErrSignedOut
	case notice != StaffTracking:
		return ErrConsentSelf
	}
	return Agree(ctx, db, actor, Whose{"account", actor.Account}, notice, version, "online")
}

// WithdrawSelf takes it back, in as many steps as it was given.
func WithdrawSelf(ctx context.Context, db pg.DB, actor staff.Actor, notice string) error {
	if actor.Account == 0 {
		return staff.ErrSignedOut
	}
	return Withdraw(ctx, db, actor, Whose{"account", actor.Account}, notice)
}

// Forget deletes the contact of a household: the consent ends and the key is
// destroyed. It reports whether there was one. Call it last in a transaction
// (see vault.Destroy).
func Forget(ctx context.Context, tx pgx.Tx, ring *vault.Ring, actor staff.Actor, household int64, rule string) (bool, error) {
	whose := Whose{"household", household}
	err := Withdraw(ctx, tx, actor, whose, HouseholdContact)
	if err != nil && !errors.Is(err, ErrConsentNone) {
		return false, err
	}
	sealed := whose.sealed()
	n, err := vault.DestroyMany(ctx, tx, ring, sealed.Kind, []string{sealed.ID})
	if err != nil || n == 0 {
		return false, err
	}
	return true, prove(ctx, tx, Proof{Kind: "household-contact", Rule: rule, MadeBy: actor.Name}, []string{sealed.ID})
}

// RefuseVisits marks that a household wants no visits; Welcome takes that back.
// Both may be repeated.
func RefuseVisits(ctx context.Context, db pg.DB, actor staff.Actor, household int64) error {
	return visits(ctx, db, actor, household, "refuse-visits", `
		INSERT INTO visit_refusal (household_id, recorded_by) VALUES ($1, $2) ON CONFLICT (household_id) DO NOTHING`, household, actor.Name)
}

// WelcomeVisits takes a refusal back.
func WelcomeVisits(ctx context.Context, db pg.DB, actor staff.Actor, household int64) error {
	return visits(ctx, db, actor, household, "welcome-visits", `DELETE FROM visit_refusal WHERE household_id = $1`, household)
}

func visits(ctx context.Context, db pg.DB, actor staff.Actor, household int64, action, sql string, args ...any) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, args...)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return audit.Write(ctx, tx, actor, action, "household", fmt.Sprint(household), nil)
	})
	if err != nil {
		return fmt.Errorf("visits of household %d: %w", household, err)
	}
	return nil
}

// VisitsRefused reports whether a household wants no visits.
func VisitsRefused(ctx context.Context, db pg.DB, household int64) (refused bool, err error) {
	err = db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM visit_refusal WHERE household_id = $1)`, household).Scan(&refused)
	if err != nil {
		return false, fmt.Errorf("visits of household %d: %w", household, err)
	}
	return refused, nil
}
