package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// RequestKind is a right that a resident uses.
type RequestKind string

// The kinds.
const (
	Copy         RequestKind = "copy"          // what is held about us (article 45)
	Correct      RequestKind = "correct"       // it is wrong or incomplete (46)
	Delete       RequestKind = "delete"        // our contact (47)
	Object       RequestKind = "object"        // to a way it is used (44)
	WithoutVisit RequestKind = "refuse-visits" // do not come to our door (44)
)

// State is where a request stands.
type State string

// The states.
const (
	Received State = "received"
	InReview State = "in_review"
	Granted  State = "granted"
	Refused  State = "refused"
	Done     State = "done" // the resident has the answer
)

// Action moves a request on.
type Action string

// The actions.
const (
	Review Action = "review" // the officer takes it up
	Grant  Action = "grant"
	Refuse Action = "refuse"
	Finish Action = "finish" // the resident has been told
)

var next = map[State]map[Action]State{
	Received: {Review: InReview, Grant: Granted, Refuse: Refused},
	InReview: {Grant: Granted, Refuse: Refused},
	Granted:  {Finish: Done},
	Refused:  {Finish: Done},
}

// Next is the state after an action, or ErrAction.
func Next(from State, do Action) (State, error) {
	to, ok := next[from][do]
	if !ok {
		return "", ErrAction.Saying(fmt.Sprintf("It is %s.", from))
	}
	return to, nil
}

// The reasons of a decision.
const (
	Entitled         = "entitled"          // the only one to grant
	LegalDuty        = "legal-duty"        // a law has it kept (article 47)
	IdentityUnproven = "identity-unproven" // whoever asks could not show to be the person
	NotHeld          = "not-held"          // nothing is kept about them
	OthersRights     = "others-rights"     // it would show or end what is others'
	OtherReason      = "other"             // the explanation says which
)

var refusals = []string{LegalDuty, IdentityUnproven, NotHeld, OthersRights, OtherReason}

// Faults of requests.
var (
	ErrRequestUnknown = fault.New(fault.NotFound, "request_unknown", "There is no such request.")
	ErrRequestKind    = fault.New(fault.Invalid, "request_kind", "Say what is asked for: copy, correct, delete, object or refuse-visits.")
	ErrRequestSubject = fault.New(fault.Invalid, "request_subject", "Say which household it is about, or its address if it is not in the ledger.")
	ErrRequestHome    = fault.New(fault.NotFound, "household_unknown", "There is no such household.")
	ErrRequestDate    = fault.New(fault.Invalid, "request_date", "A request was received today or in the last 60 days.")
	ErrAction         = fault.New(fault.Conflict, "request_action", "The request does not stand where this can be done.")
	ErrReason         = fault.New(fault.Invalid, "request_reason", "A decision gives its reason: entitled to grant; legal-duty, identity-unproven, not-held, others-rights or other, with an explanation, to refuse.")
	ErrCopyTaken      = fault.New(fault.Conflict, "copy_taken", "The copy was taken already. It is made once; record a new request for another.")
	ErrCopyNone       = fault.New(fault.Conflict, "copy_none", "No copy of a household's file was granted by this request.")
)

// Request is what a resident asks for, without who and where.
type Request struct {
	ID          int64       `json:"id"`
	Kind        RequestKind `json:"kind" enum:"copy,correct,delete,object,refuse-visits"`
	Household   *int64      `json:"household_id" doc:"null: about an address that is not in the ledger"`
	State       State       `json:"state" enum:"received,in_review,granted,refused,done"`
	ReceivedOn  geo.Day     `json:"received_on"`
	DueOn       geo.Day     `json:"due_on" doc:"fifteen working days after receipt"`
	Overdue     bool        `json:"overdue" doc:"due before today, and the resident has no answer"`
	Reason      string      `json:"reason"`
	Explanation string      `json:"explanation"`
	RecordedBy  string      `json:"recorded_by"`
	RecordedAt  time.Time   `json:"recorded_at"`
	AssignedTo  *string     `json:"assigned_to"`
	DecidedBy   *string     `json:"decided_by"`
	DecidedAt   *time.Time  `json:"decided_at"`
	CopiedAt    *time.Time  `json:"copied_at" doc:"when the copy was taken"`
	DoneAt      *time.Time  `json:"done_at"`
	Warnings    []string    `json:"warnings" doc:"decided_by_recorder: who decided had also recorded it"`
}

const requestColumns = `r.id, r.kind, r.household_id, r.state, r.received_on, r.due_on,
	r.state <> 'done' AND r.due_on < (now() AT TIME ZONE 'Asia/Shanghai')::date, r.reason, r.explanation,
	r.recorded_by, r.recorded_at, r.assigned_to, r.decided_by, r.decided_at, r.copied_at, r.done_at`

func scanRequest(row pgx.CollectableRow) (Request, error) {
	r := Request{Warnings: []string{}}
	err := row.Scan(&r.ID, &r.Kind, &r.Household, &r.State, &r.ReceivedOn, &r.DueOn, &r.Overdue, &r.Reason, &r.Explanation,
		&r.RecordedBy, &r.RecordedAt, &r.AssignedTo, &r.DecidedBy, &r.DecidedAt, &r.CopiedAt, &r.DoneAt)
	if r.DecidedBy != nil && *r.DecidedBy == r.RecordedBy {
		r.Warnings = append(r.Warnings, "decided_by_recorder")
	}
	return r, err
}

// mine is which requests an actor ($1 area everywhere, $2 roots, $3 name) sees:
// those of the officer's area, and those that the actor recorded.
const mine = `(r.recorded_by = $3 OR in_area(r.area_id, $1, $2))`

func mineArgs(actor staff.Actor) []any {
	area := actor.Area(staff.Privacy)
	return []any{area.All, area.Roots, actor.Name}
}

// NewRequest is a request as staff record it for a resident.
type NewRequest struct {
	Kind       RequestKind `json:"kind" enum:"copy,correct,delete,object,refuse-visits"`
	Household  *int64      `json:"household_id,omitempty"`
	Address    string      `json:"address,omitempty" maxLength:"200" doc:"if the household is not in the ledger; sealed"`
	Name       string      `json:"name,omitempty" maxLength:"60" doc:"how to address the applicant; sealed"`
	Phone      string      `json:"phone,omitempty" maxLength:"30" doc:"where to answer; sealed"`
	ReceivedOn *geo.Day    `json:"received_on,omitempty" format:"date" doc:"today when absent"`
	Notice     int         `json:"notice_version" doc:"the version of the notice request that was shown"`
}

// Record takes a request down. Its clock begins on the day it was received.
func Record(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, n NewRequest, today geo.Day) (Request, error) {
	received := today
	if n.ReceivedOn != nil {
		received = *n.ReceivedOn
	}
	switch {
	case actor.Must(staff.Record) != nil && actor.Must(staff.Privacy) != nil:
		return Request{}, actor.Must(staff.Record)
	case !slices.Contains([]RequestKind{Copy, Correct, Delete, Object, WithoutVisit}, n.Kind):
		return Request{}, ErrRequestKind
	case (n.Household == nil) == (n.Address == ""):
		return Request{}, ErrRequestSubject
	case today.Before(received) || received.Start().Before(today.Start().AddDate(0, 0, -60)):
		return Request{}, ErrRequestDate
	}
	var id int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		notice, err := CurrentNotice(ctx, tx, RequestNotice)
		if err != nil {
			return err
		}
		if notice.Version != n.Notice {
			return ErrNoticeStale
		}
		area, err := placeOf(ctx, tx, actor, n.Household)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			INSERT INTO request (kind, household_id, area_id, received_on, due_on, notice, recorded_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
			n.Kind, n.Household, area, received, DueOn(received), n.Notice, actor.Name).Scan(&id)
		if err != nil {
			return err
		}
		if n.Name+n.Phone+n.Address != "" {
			err = vault.Seal(ctx, tx, ring, applicant(id), map[string]string{"name": n.Name, "phone": n.Phone, "address": n.Address})
			if err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "record", "request", fmt.Sprint(id), map[string]any{"kind": n.Kind})
	})
	if err != nil {
		return Request{}, fmt.Errorf("record request: %w", err)
	}
	return GetRequest(ctx, db, actor, id)
}

func applicant(id int64) vault.Subject {
	return vault.Subject{Kind: "request", ID: strconv.FormatInt(id, 10)}
}

// placeOf is the unit whose privacy officer decides: that of the household, which
// the actor must see; else where the actor may record. nil = the whole installation.
func placeOf(ctx context.Context, tx pgx.Tx, actor staff.Actor, household *int64) (unit *int64, err error) {
	if household == nil {
		area := actor.Area(staff.Record)
		if area.Empty() {
			area = actor.Area(staff.Privacy)
		}
		if area.All {
			return nil, nil
		}
		return &area.Roots[0], nil
	}
	area := actor.Area(staff.Place)
	err = tx.QueryRow(ctx, `
		SELECT coalesce(o.unit_id, h.area_id)
		FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
		WHERE h.id = $1 AND in_area(coalesce(o.unit_id, h.area_id), $2, $3)`, *household, area.All, area.Roots).Scan(&unit)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrRequestHome
	}
	return unit, err
}

// GetRequest returns a request that the actor recorded or decides on, or
// ErrRequestUnknown.
func GetRequest(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Request, error) {
	rows, _ := db.Query(ctx, `SELECT `+requestColumns+` FROM request r WHERE `+mine+` AND r.id = $4`, append(mineArgs(actor), id)...)
	r, err := pgx.CollectExactlyOneRow(rows, scanRequest)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrRequestUnknown
	}
	if err != nil {
		return Request{}, fmt.Errorf("request %d: %w", id, err)
	}
	return r, nil
}

// RequestFilter narrows a list; zero values do not.
type RequestFilter struct {
	State   State
	Open    bool // not done
	Overdue bool
	Before  int64 // ids below, for paging
	Limit   int
}

// Requests returns requests that the actor recorded or decides on, newest first;
// the overdue ones with the longest overdue first when only those are asked for.
func Requests(ctx context.Context, db pg.DB, actor staff.Actor, f RequestFilter) ([]Request, error) {
	order := "r.id DESC"
	if f.Overdue {
		order = "r.due_on, r.id"
	}
	rows, _ := db.Query(ctx, `
		SELECT `+requestColumns+` FROM request r
		WHERE `+mine+` AND ($4 = '' OR r.state = $4) AND (NOT $5 OR r.state <> 'done')
		  AND (NOT $6 OR r.state <> 'done' AND r.due_on < (now() AT TIME ZONE 'Asia/Shanghai')::date)
		  AND ($7 = 0 OR r.id < $7)
		ORDER BY `+order+` LIMIT $8`, append(mineArgs(actor), string(f.State), f.Open, f.Overdue, f.Before, f.Limit)...)
	list, err := pgx.CollectRows(rows, scanRequest)
	if err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	return list, nil
}

// Decision is what is done with a request.
type Decision struct {
	Do          Action `json:"do" enum:"review,grant,refuse,finish"`
	Reason      string `json:"reason,omitempty" enum:"entitled,legal-duty,identity-unproven,not-held,others-rights,other" doc:"entitled to grant, one of the others to refuse"`
	Explanation string `json:"explanation,omitempty" maxLength:"500" doc:"for the resident; no names, no phones"`
}

func (d Decision) check() error {
	if d.Explanation != "" {
		if err := checkTexts(d.Explanation); err != nil {
			return err
		}
	}
	switch {
	case d.Do == Grant && d.Reason != Entitled,
		d.Do == Refuse && (!slices.Contains(refusals, d.Reason) || d.Explanation == ""):
		return ErrReason
	}
	return nil
}

// Act moves a request on. Who decides has the permission privacy where the request
// is about; that it is somebody else than who recorded it is wished, not forced,
// for a small office may have one person: the request then carries a warning.
//
// Granting has its effect in the same transaction: delete destroys the contact of
// the household, refuse-visits marks it. A correction is made by the linked
// worker, a copy taken by that one too.
func Act(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, id int64, d Decision) (Request, error) {
	if err := errors.Join(actor.Must(staff.Privacy), d.check()); err != nil {
		return Request{}, fmt.Errorf("request %d: %w", id, err)
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		area := actor.Area(staff.Privacy)
		var r Request
		err := tx.QueryRow(ctx, `
			SELECT kind, household_id, state FROM request
			WHERE id = $1 AND in_area(area_id, $2, $3)
			FOR UPDATE`, id, area.All, area.Roots).Scan(&r.Kind, &r.Household, &r.State)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrRequestUnknown
		}
		if err != nil {
			return err
		}
		to, err := Next(r.State, d.Do)
		if err != nil {
			return err
		}
		if err := move(ctx, tx, actor, id, to, d); err != nil {
			return err
		}
		detail := map[string]any{"from": r.State, "to": to}
		if d.Reason != "" {
			detail["reason"] = d.Reason
		}
		if err := audit.Write(ctx, tx, actor, string(d.Do), "request", fmt.Sprint(id), detail); err != nil {
			return err
		}
		if d.Do != Grant || r.Household == nil {
			return nil
		}
		return grant(ctx, tx, ring, actor, id, r.Kind, *r.Household)
	})
	if err != nil {
		return Request{}, fmt.Errorf("request %d: %w", id, err)
	}
	return GetRequest(ctx, db, actor, id)
}

// move writes what a decision changes.
func move(ctx context.Context, tx pgx.Tx, actor staff.Actor, id int64, to State, d Decision) (err error) {
	switch to {
	case InReview:
		_, err = tx.Exec(ctx, `UPDATE request SET state = $2, assigned_to = $3 WHERE id = $1`, id, to, actor.Name)
	case Granted, Refused:
		_, err = tx.Exec(ctx, `
			UPDATE request SET state = $2, assigned_to = coalesce(assigned_to, $3), decided_by = $3, decided_at = now(),
				reason = $4, explanation = $5
			WHERE id = $1`, id, to, actor.Name, d.Reason, d.Explanation)
	case Done:
		_, err = tx.Exec(ctx, `UPDATE request SET state = $2, done_at = now() WHERE id = $1`, id, to)
	}
	return err
}

// grant does what was granted.
func grant(ctx context.Context, tx pgx.Tx, ring *vault.Ring, actor staff.Actor, id int64, kind RequestKind, household int64) error {
	switch kind {
	case Delete:
		_, err := Forget(ctx, tx, ring, actor, household, fmt.Sprintf("request %d", id))
		return err
	case WithoutVisit:
		return RefuseVisits(ctx, tx, actor, household)
	}
	return nil
}

// Applicant is who asks, as far as they said.
type Applicant struct {
	Name    string `json:"name"`
	Phone   string `json:"phone"`
	Address string `json:"address" doc:"empty when the household is in the ledger"`
}

// LookAtApplicant opens who asks, to answer them; the look is recorded.
func LookAtApplicant(ctx context.Context, db pg.DB, ring *vault.Ring, actor staff.Actor, id int64) (a Applicant, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := GetRequest(ctx, tx, actor, id); err != nil {
			return err
		}
		fields, err := vault.Open(ctx, tx, ring, applicant(id))
		if err != nil {
			return err
		}
		a = Applicant{Name: fields["name"], Phone: fields["phone"], Address: fields["address"]}
		return audit.Write(ctx, tx, actor, "look", "request", fmt.Sprint(id), nil)
	})
	if err != nil {
		return Applicant{}, fmt.Errorf("applicant of request %d: %w", id, err)
	}
	return a, nil
}

// TakeCopy marks that the copy which a request was granted is taken, which works
// once, and returns its household. Whether the actor may see that household's file
// is the caller's to check.
func TakeCopy(ctx context.Context, tx pgx.Tx, actor staff.Actor, id int64) (household int64, err error) {
	err = tx.QueryRow(ctx, `
		UPDATE request SET copied_at = now()
		WHERE id = $1 AND kind = 'copy' AND state = 'granted' AND household_id IS NOT NULL AND copied_at IS NULL
		RETURNING household_id`, id).Scan(&household)
	if errors.Is(err, pgx.ErrNoRows) {
		var taken bool
		err = tx.QueryRow(ctx, `SELECT copied_at IS NOT NULL FROM request WHERE id = $1`, id).Scan(&taken)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return 0, ErrRequestUnknown
		case err == nil && taken:
			return 0, ErrCopyTaken
		case err == nil:
			return 0, ErrCopyNone
		}
	}
	if err != nil {
		return 0, err
	}
	return household, audit.Write(ctx, tx, actor, "take-copy", "request", fmt.Sprint(id), map[string]any{"household": household})
}
