package post

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Reason is why somebody is away. It is for who keeps the posts; colleagues learn
// that somebody is away and until when, not why.
type Reason string

// The reasons.
const (
	Leave    Reason = "leave"
	Sick     Reason = "sick"
	Training Reason = "training"
	Other    Reason = "other"
)

// Absence is a time in which an account is away, to the instant: duty changes at once.
type Absence struct {
	ID         int64      `json:"id"`
	Account    int64      `json:"account"`
	Login      string     `json:"login"`
	From       time.Time  `json:"from"`
	To         *time.Time `json:"to" doc:"null = until it is ended"`
	Reason     Reason     `json:"reason" enum:"leave,sick,training,other"`
	RecordedBy string     `json:"recorded_by" doc:"as in the audit: account:12"`
	RecordedAt time.Time  `json:"recorded_at"`
}

// Faults of absences.
var (
	ErrUnknownAbsence = fault.New(fault.NotFound, "absence_unknown", "There is no such absence in your area.")
	ErrOverlap        = fault.New(fault.Conflict, "absence_overlaps", "An absence of this account is recorded for some of this time already. End that one first, or record the rest.")
	ErrAbsenceOrder   = fault.New(fault.Invalid, "absence_order", "An absence ends after it begins, and not before now.")
	ErrAbsenceOver    = fault.New(fault.Conflict, "absence_over", "This absence is over already.")
	ErrReason         = fault.New(fault.Invalid, "absence_reason", "The reason is one of leave, sick, training, other.")
	ErrNoAccount      = fault.New(fault.Invalid, "account_missing", "Say whose absence it is: you have no account yourself.")
)

// NewAbsence is an absence to be recorded.
type NewAbsence struct {
	Login  string // "" = one's own
	From   time.Time
	To     *time.Time // nil = until it is ended
	Reason Reason
}

// Leaves records that an account is away; its deputies have its duties from the
// first instant on. Everybody records their own; who keeps posts, those of the
// people who serve in their area. A beginning in the past becomes now: until then
// the duty was theirs, and the past stays as it was.
func Leaves(ctx context.Context, db pg.DB, actor staff.Actor, n NewAbsence) (Absence, error) {
	switch n.Reason {
	case Leave, Sick, Training, Other:
	default:
		return Absence{}, ErrReason
	}
	now := time.Now()
	if n.From.Before(now) {
		n.From = now
	}
	if n.To != nil && !n.To.After(n.From) {
		return Absence{}, ErrAbsenceOrder
	}
	var id int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		account := actor.Account
		if n.Login != "" {
			var err error
			if account, _, err = accountByLogin(ctx, tx, actor, n.Login); err != nil {
				return err
			}
		}
		if account == 0 {
			return ErrNoAccount
		}
		err := tx.QueryRow(ctx, `
			INSERT INTO absence (account_id, starts_at, ends_at, reason, recorded_by)
			VALUES ($1, $2, $3, $4, $5) RETURNING id`, account, n.From, n.To, n.Reason, actor.Name).Scan(&id)
		if err != nil {
			return faults.Of(err)
		}
		return audit.Write(ctx, tx, actor, "record", "absence", strconv.FormatInt(id, 10), map[string]any{"account": account})
	})
	if err != nil {
		return Absence{}, fmt.Errorf("record an absence: %w", err)
	}
	return absence(ctx, db, actor, id)
}

// Returns ends an absence now. One that has not begun is forgotten.
func Returns(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		a, err := absence(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `DELETE FROM absence WHERE id = $1 AND starts_at > now()`, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			tag, err = tx.Exec(ctx, `UPDATE absence SET ends_at = now() WHERE id = $1 AND (ends_at IS NULL OR ends_at > now())`, id)
		}
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrAbsenceOver
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "end", "absence", strconv.FormatInt(id, 10), map[string]any{"account": a.Account})
	})
	if err != nil {
		return fmt.Errorf("end absence %d: %w", id, err)
	}
	return nil
}

// AbsenceFilter chooses absences. The zero filter means all that are not over.
type AbsenceFilter struct {
	ID    int64  // one, over or not
	Login string // of one account
	Mine  bool
	Past  bool  // those that are over as well
	After int64 // absences after this one
	Limit int
}

// Absences returns one's own absences and those of the people who serve in one's
// area for posts, by id.
func Absences(ctx context.Context, db pg.DB, actor staff.Actor, f AbsenceFilter) ([]Absence, error) {
	area := actor.Area(staff.Post)
	rows, _ := db.Query(ctx, `
		SELECT x.id, x.account_id, c.login, x.starts_at, x.ends_at, x.reason, x.recorded_by, x.created_at
		FROM absence x JOIN account c ON c.id = x.account_id
		WHERE (c.id = $1 OR NOT $4 AND `+kept+`)
		  AND ($5 = '' OR c.login = $5)
		  AND ($6 = 0 OR x.id = $6)
		  AND ($6 <> 0 OR $7 OR x.ends_at IS NULL OR x.ends_at > now())
		  AND x.id > $8
		ORDER BY x.id
		LIMIT nullif($9, 0)`, actor.Account, area.All, area.Roots, f.Mine, f.Login, f.ID, f.Past, f.After, f.Limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Absence])
	if err != nil {
		return nil, fmt.Errorf("absences: %w", err)
	}
	return list, nil
}

func absence(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Absence, error) {
	list, err := Absences(ctx, db, actor, AbsenceFilter{ID: id})
	if err == nil && len(list) == 0 {
		err = ErrUnknownAbsence
	}
	if err != nil {
		return Absence{}, fmt.Errorf("absence %d: %w", id, err)
	}
	return list[0], nil
}
