package incident

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/calendar"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/worktime"
)

// Doing is what somebody does with an incident.
type Doing struct {
	ID     uuid.UUID // of the step, chosen by the client: a repeated request is the same step
	Act    Act
	From   State          // as the client saw it; "" = whatever it is
	Reason string         // a code, where the act needs one
	Extend worktime.Limit // of ToExtend
	Point  geo.Point      // of ToMove
	Post   int64          // of ToDispatch, that it is given to; 0 = whose it is already
}

// Do takes a step. The same id again changes nothing and returns the incident as it
// stands. engine finds whose the incident becomes, also above what actor may see.
//
// Errors: ErrUnknown, ErrAct with what can be done, ErrStale, ErrReason, ErrSame,
// ErrExtend, ErrPlace, ErrPost, ErrExists, staff.ErrOutside, staff.ErrForbidden.
func Do(ctx context.Context, db, engine pg.DB, actor staff.Actor, id uuid.UUID, d Doing, now time.Time) (Incident, error) {
	var got Incident
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) (err error) {
		got, err = do(ctx, tx, engine, actor, id, d, now)
		return err
	})
	if err != nil {
		return Incident{}, fmt.Errorf("%s incident %s: %w", d.Act, id, err)
	}
	return got, nil
}

func do(ctx context.Context, tx pgx.Tx, engine pg.DB, actor staff.Actor, id uuid.UUID, d Doing, now time.Time) (got Incident, err error) {
	if _, err := Get(ctx, tx, actor, id); err != nil {
		return got, err
	}
	permission, err := allowed(ctx, tx, actor, d.Act, id)
	if err != nil {
		return got, err
	}
	var state State
	if err := tx.QueryRow(ctx, `SELECT state FROM incident WHERE id = $1 FOR UPDATE`, id).Scan(&state); err != nil {
		return got, err
	}
	steps, err := stepsOf(ctx, tx, id)
	if err != nil {
		return got, err
	}
	known, err := isKnown(ctx, tx, id, d)
	if err != nil {
		return got, err
	}
	if known {
		return Get(ctx, tx, actor, id)
	}
	if err := d.check(ctx, tx, state, steps, actor); err != nil {
		return got, err
	}
	after, err := Next(state, d.Act)
	if err != nil {
		return got, err
	}
	if d.Act == ToMove {
		if _, err := tx.Exec(ctx, `UPDATE incident SET point = $2, cell = $3, accuracy = NULL WHERE id = $1`, id, d.Point, ledger.CellOf(&d.Point)); err != nil {
			return got, err
		}
	}
	step := Taken{ID: d.ID, Ordinal: len(steps) + 1, Act: d.Act, Before: state, After: after, Reason: d.Reason, At: now, Actor: actor.Name}
	if step.Post, err = postOf(ctx, tx, actor, permission, id); err != nil {
		return got, err
	}
	if d.Act == ToExtend {
		step.Amount, step.Unit = &d.Extend.Amount, d.Extend.Unit
	}
	if d.Post != 0 {
		step.To = &d.Post
	}
	if err := take(ctx, tx, actor, id, append(steps, step)); err != nil {
		return got, err
	}
	anew := d.Act == ToMove || d.Act == ToReopen
	if anew {
		if err := ledger.Incidents.Assign(ctx, tx, []uuid.UUID{id}); err != nil {
			return got, err
		}
		if err := ledger.Incidents.Within(ctx, tx, actor, permission, []uuid.UUID{id}); err != nil {
			return got, err
		}
	}
	// A private one that becomes another post's is not actor's to read any more.
	if got, err = Get(ctx, tx, actor, id); err != nil {
		return got, err
	}
	if anew {
		if err := decide(ctx, tx, engine, id, now); err != nil {
			return got, err
		}
	}
	if d.Post != 0 {
		if err := give(ctx, tx, engine, id, d.Post, now); err != nil {
			return got, err
		}
	}
	if err := audit.Write(ctx, tx, actor, string(d.Act), "incident", id.String(), map[string]any{"from": state, "to": after}); err != nil {
		return got, err
	}
	return got, ledger.Incidents.Raise(ctx, tx, []string{id.String()})
}

// allowed returns the permission with which actor may take a step with an incident.
func allowed(ctx context.Context, tx pgx.Tx, actor staff.Actor, do Act, id uuid.UUID) (staff.Permission, error) {
	var err error
	for _, p := range do.may() {
		if err = actor.Must(p); err == nil {
			err = ledger.Incidents.Within(ctx, tx, actor, p, []uuid.UUID{id})
		}
		if err == nil {
			return p, nil
		}
	}
	return "", err
}

// MayTake are the acts that an actor may take with an incident as it stands after these
// steps, of all that are possible.
func MayTake(ctx context.Context, db pg.DB, actor staff.Actor, i Incident, steps []Taken) ([]Act, error) {
	may := map[staff.Permission]bool{}
	for _, p := range []staff.Permission{staff.Dispatch, staff.Record} {
		err := actor.Must(p)
		if err == nil {
			err = ledger.Incidents.Within(ctx, db, actor, p, []uuid.UUID{i.ID})
		}
		if err != nil && !errors.Is(err, staff.ErrForbidden) && !errors.Is(err, staff.ErrOutside) {
			return nil, fmt.Errorf("who may act on incident %s: %w", i.ID, err)
		}
		may[p] = err == nil
	}
	own := handledBy(steps) == actor.Name
	return slices.DeleteFunc(Acts(i.State), func(do Act) bool {
		return own && (do == ToVerify || do == ToReject) || !slices.ContainsFunc(do.may(), func(p staff.Permission) bool { return may[p] })
	}), nil
}

// postOf is the post by which an actor may do something with an incident, the first of
// several; nil without one.
func postOf(ctx context.Context, tx pgx.Tx, actor staff.Actor, p staff.Permission, id uuid.UUID) (post *int64, err error) {
	posts, units := []int64{}, []int64{}
	for _, g := range actor.Grants {
		if g.Post > 0 && slices.Contains(g.May, p) {
			posts, units = append(posts, g.Post), append(units, g.Unit)
		}
	}
	if len(posts) == 0 {
		return nil, nil
	}
	err = tx.QueryRow(ctx, `
		SELECT (SELECT g.post FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY g (post, unit, n)
		        WHERE g.unit = 0 OR EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = coalesce(o.unit_id, i.area_id) AND a.ancestor_id = g.unit)
		        ORDER BY g.n LIMIT 1)
		FROM incident i LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL WHERE i.id = $1`, id, posts, units).Scan(&post)
	return post, err
}

// isKnown reports whether a step was taken before; ErrExists when its id is another's.
func isKnown(ctx context.Context, tx pgx.Tx, id uuid.UUID, d Doing) (bool, error) {
	var of uuid.UUID
	var act Act
	err := tx.QueryRow(ctx, `SELECT incident_id, act FROM incident_step WHERE id = $1`, d.ID).Scan(&of, &act)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case of != id || act != d.Act:
		return false, ErrExists
	}
	return true, nil
}

// check refuses what cannot be done now, or not by this actor.
func (d Doing) check(ctx context.Context, tx pgx.Tx, state State, steps []Taken, actor staff.Actor) error {
	switch {
	case d.From != "" && d.From != state:
		return ErrStale
	case next[state][d.Act] == "":
		return ErrAct.Saying(fmt.Sprintf("It is %s; possible are %v.", state, Acts(state)))
	case (d.Act == ToVerify || d.Act == ToReject) && handledBy(steps) == actor.Name:
		return ErrSame
	case d.Act == ToExtend && d.Extend.Check() != nil:
		return ErrExtend.Saying(d.Extend.Check().Error())
	case d.Act == ToMove && !possible(d.Point):
		return ErrPlace
	case d.Act != ToDispatch && d.Post != 0:
		return ErrPost
	}
	if !d.Act.reasoned() && d.Reason == "" {
		return nil
	}
	var fits bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM incident_reason WHERE code = $1 AND $2 = ANY (acts))`, d.Reason, string(d.Act)).Scan(&fits)
	if err == nil && !fits {
		err = ErrReason
	}
	return err
}

// take writes the last of the steps and what follows from it.
func take(ctx context.Context, tx pgx.Tx, actor staff.Actor, id uuid.UUID, steps []Taken) error {
	w, err := rules(ctx, tx)
	if err != nil {
		return err
	}
	s := &steps[len(steps)-1]
	if s.DueAt, err = w.due(ctx, tx, id, steps); err != nil {
		return err
	}
	account := &actor.Account
	if actor.Account == 0 {
		account = nil
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO incident_step (id, incident_id, ordinal, act, before, after, reason, at, actor, account_id, post_id, amount, unit, due_at, to_post_id, was_due_at)
		VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''), $8, $9, $10, $11, $12, nullif($13, ''), $14, $15, (SELECT due_at FROM incident WHERE id = $2))`,
		s.ID, id, s.Ordinal, s.Act, s.Before, s.After, s.Reason, s.At, s.Actor, account, s.Post, s.Amount, s.Unit, s.DueAt, s.To)
	if err != nil {
		return faults.Of(err)
	}
	_, err = tx.Exec(ctx, `
		UPDATE incident SET state = $2, due_at = $3, closed_at = CASE WHEN $2 = 'closed' THEN $4::timestamptz END, updated_at = now()
		WHERE id = $1`, id, s.After, s.DueAt, s.At)
	return err
}

var faults = pg.Faults{
	"incident_step_pkey":                ErrExists,
	"incident_photo_is_of_one_incident": ErrPhoto,
}

// ruleset is what deadlines are counted by.
type ruleset struct {
	calendar worktime.Calendar
	limits   Limits
}

func rules(ctx context.Context, db pg.DB) (w ruleset, err error) {
	if w.calendar, err = calendar.Load(ctx, db); err != nil {
		return w, err
	}
	w.limits, err = LimitsOf(ctx, db)
	return w, err
}

// due is by when the step after these has to be taken.
func (w ruleset) due(ctx context.Context, tx pgx.Tx, id uuid.UUID, steps []Taken) (*time.Time, error) {
	var category, parent string
	var given *time.Time
	err := tx.QueryRow(ctx, `
		SELECT i.category, coalesce(c.parent, ''), CASE WHEN s.id IS NULL THEN i.due_at ELSE s.was_due_at END
		FROM incident i LEFT JOIN incident_category c ON c.code = i.category
		LEFT JOIN LATERAL (SELECT id, was_due_at FROM incident_step WHERE incident_id = i.id AND act <> 'move' ORDER BY ordinal LIMIT 1) s ON true
		WHERE i.id = $1`, id).Scan(&category, &parent, &given)
	if err != nil {
		return nil, err
	}
	return due(w.calendar, w.limits, category, parent, steps, given), nil
}

func stepsOf(ctx context.Context, db pg.DB, id uuid.UUID) ([]Taken, error) {
	rows, _ := db.Query(ctx, `
		SELECT id, ordinal, act, before, after, coalesce(reason, ''), at, actor, post_id, amount, coalesce(unit, ''), due_at, to_post_id
		FROM incident_step WHERE incident_id = $1 ORDER BY ordinal`, id)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Taken])
	if err != nil {
		return nil, fmt.Errorf("steps of incident %s: %w", id, err)
	}
	return list, nil
}

// Steps returns what was done with an incident, in order; ErrUnknown where actor may not
// see it. An imported incident has none before the first step here.
func Steps(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) ([]Taken, error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return nil, err
	}
	return stepsOf(ctx, db, id)
}

// Reason is a reason for a step.
type Reason struct {
	Code    string `json:"code"`
	Acts    []Act  `json:"acts" doc:"the steps it is given for"`
	TitleZh string `json:"title_zh"`
	TitleEn string `json:"title_en"`
}

// Reasons are all of them, by code.
func Reasons(ctx context.Context, db pg.DB) ([]Reason, error) {
	rows, _ := db.Query(ctx, `SELECT code, acts, title_zh, title_en FROM incident_reason ORDER BY code`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Reason])
	if err != nil {
		return nil, fmt.Errorf("reasons of steps: %w", err)
	}
	return list, nil
}
