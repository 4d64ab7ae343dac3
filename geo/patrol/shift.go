package patrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Step is what happens in a shift.
type Step struct {
	What string    `json:"do" enum:"start,pause,resume,members,end"`
	At   time.Time `json:"at"`
}

// Span is a time on duty, from its start on and before its end.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// multirange is how the database keeps spans.
type multirange = pgtype.Multirange[pgtype.Range[time.Time]]

func spansOf(on multirange) []Span {
	list := make([]Span, len(on))
	for i, r := range on {
		list[i] = Span{r.Lower, r.Upper}
	}
	return list
}

// longest is when a shift ends that nobody has ended: somebody forgot to.
const longest = 16 * time.Hour

// spans are the times on duty between the start and the end of a shift, without its
// pauses; none before the start is known. Steps stand in the order of their times.
func spans(steps []Step) (on []Span) {
	start := slices.IndexFunc(steps, func(s Step) bool { return s.What == "start" })
	if start < 0 {
		return nil
	}
	last := steps[start].At.Add(longest)
	if end := slices.IndexFunc(steps, func(s Step) bool { return s.What == "end" }); end >= 0 && steps[end].At.Before(last) {
		last = steps[end].At
	}
	from, paused := steps[start].At, false
	add := func(to time.Time) {
		if from.Before(to) {
			on = append(on, Span{from, to})
		}
	}
	for _, s := range steps[start:] {
		switch {
		case !s.At.Before(last):
		case s.What == "pause" && !paused:
			add(s.At)
			paused = true
		case s.What == "resume" && paused:
			from, paused = s.At, false
		}
	}
	if !paused {
		add(last)
	}
	return on
}

// shiftBody is an item of the kind shift.
type shiftBody struct {
	Do        string  `json:"do"`
	Shift     string  `json:"shift"`
	Members   []int64 `json:"members"`
	Transport string  `json:"transport"`
}

const maxMembers = 20

// takeStep keeps a step of a shift and works out anew what the shift is.
func (a *arrival) takeStep(ctx context.Context, tx pgx.Tx, item Taken) error {
	var b shiftBody
	if err := json.Unmarshal(item.Body, &b); err != nil {
		return ErrBody.Because(err)
	}
	if !a.believed(item.At) {
		return ErrClock
	}
	no, err := a.shift(ctx, tx, b.Shift)
	if err != nil {
		return err
	}
	if b.Members, err = a.team(ctx, tx, b.Members); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO shift_step (shift_no, id, what, at, device_at, members, transport) VALUES ($1, $2, $3, $4, $5, $6, nullif($7, ''))`,
		no, item.ID, b.Do, item.At, item.DeviceAt, b.Members, b.Transport)
	if err != nil {
		return err
	}
	if err := settle(ctx, tx, no); err != nil {
		return err
	}
	return audit.Write(ctx, tx, a.actor, "record", "shift", b.Shift, map[string]any{"do": b.Do})
}

// team checks the other members, each once; nil when the item names none.
func (a *arrival) team(ctx context.Context, tx pgx.Tx, members []int64) ([]int64, error) {
	if members == nil {
		return nil, nil
	}
	members = slices.Compact(slices.Sorted(slices.Values(members)))
	members = slices.DeleteFunc(members, func(m int64) bool { return m == a.actor.Account })
	var there int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM account WHERE id = ANY ($1)`, members).Scan(&there); err != nil {
		return nil, err
	}
	if there != len(members) || there > maxMembers {
		return nil, ErrMembers
	}
	return members, nil
}

// shift is the number of the actor's shift of an id, which is begun with whatever comes
// first of it.
func (a *arrival) shift(ctx context.Context, tx pgx.Tx, name string) (no int64, err error) {
	id, err := uuid.Parse(name)
	if err != nil {
		return 0, ErrBody.Saying("The shift is named by a UUID.")
	}
	err = tx.QueryRow(ctx, `SELECT no FROM shift WHERE account_id = $1 AND id = $2`, a.actor.Account, id).Scan(&no)
	if !errors.Is(err, pgx.ErrNoRows) {
		return no, err
	}
	return a.begin(ctx, tx, id)
}

// begin makes the shift of an id. It belongs to the first of the actor's posts that may
// record.
func (a *arrival) begin(ctx context.Context, tx pgx.Tx, id uuid.UUID) (no int64, err error) {
	post := slices.IndexFunc(a.actor.Grants, func(g staff.Grant) bool { return g.Post > 0 && slices.Contains(g.May, staff.Record) })
	if post < 0 {
		return 0, ErrNoPost
	}
	of := a.actor.Grants[post]
	err = tx.QueryRow(ctx, `
		INSERT INTO shift (id, account_id, post_id, kind, unit_id) VALUES ($1, $2, $3, $4, nullif($5::bigint, 0)) RETURNING no`,
		id, a.actor.Account, of.Post, string(of.Kind), of.Unit).Scan(&no)
	return no, err
}

// settle works out what a shift is from all its steps.
func settle(ctx context.Context, tx pgx.Tx, no int64) error {
	rows, _ := tx.Query(ctx, `SELECT what, at FROM shift_step WHERE shift_no = $1 ORDER BY at, what = 'start' DESC, id`, no)
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Step])
	if err != nil {
		return err
	}
	on := multirange{}
	for _, s := range spans(steps) {
		on = append(on, pgtype.Range[time.Time]{Lower: s.From, Upper: s.To, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true})
	}
	_, err = tx.Exec(ctx, `
		UPDATE shift SET changed = changed + 1, spans = $2,
			started_at = (SELECT at FROM shift_step WHERE shift_no = $1 AND what = 'start'),
			ended_at = (SELECT at FROM shift_step WHERE shift_no = $1 AND what = 'end'),
			members = coalesce((SELECT members FROM shift_step WHERE shift_no = $1 AND members IS NOT NULL ORDER BY at DESC, id LIMIT 1), '{}'),
			transport = coalesce((SELECT transport FROM shift_step WHERE shift_no = $1 AND transport IS NOT NULL ORDER BY at DESC, id LIMIT 1), 'foot')
		WHERE no = $1`, no, on)
	return err
}

// Shift is one of the actor's own times on duty.
type Shift struct {
	No        int64      `json:"-"`
	ID        uuid.UUID  `json:"id" format:"uuid"`
	Post      int64      `json:"post"`
	Kind      string     `json:"kind" doc:"of the post"`
	Unit      string     `json:"unit" doc:"code of the post's unit; empty = the whole installation"`
	Transport string     `json:"transport" enum:"foot,bicycle,car"`
	Members   []int64    `json:"members" doc:"other accounts of the team"`
	StartedAt *time.Time `json:"started_at" doc:"null while only later parts of it have come"`
	EndedAt   *time.Time `json:"ended_at"`
	Spans     []Span     `json:"spans" doc:"on duty, without pauses; an open shift ends after 16 hours"`
	Fixes     int        `json:"fixes"`
	Upto      int        `json:"upto" doc:"up to this sequence no fix is missing"`
}

const shiftColumns = `
	SELECT s.no, s.id, s.post_id, s.kind, coalesce((SELECT u.code FROM unit u WHERE u.id = s.unit_id), ''), s.transport, s.members, s.started_at, s.ended_at,
		s.spans, (SELECT coalesce(sum(upper(r) - lower(r)), 0)::int FROM unnest(s.held) r), (SELECT coalesce(max(upper(r)) - 1, 0)::int FROM unnest(s.held) r WHERE lower(r) = 1)
	FROM shift s`

func scanShift(row pgx.CollectableRow) (s Shift, err error) {
	var on multirange
	err = row.Scan(&s.No, &s.ID, &s.Post, &s.Kind, &s.Unit, &s.Transport, &s.Members, &s.StartedAt, &s.EndedAt, &on, &s.Fixes, &s.Upto)
	s.Spans = spansOf(on)
	return s, err
}

// Shifts returns the actor's own, the newest that came first, with a number below before
// (0 = from the newest on).
func Shifts(ctx context.Context, db pg.DB, actor staff.Actor, before int64, limit int) ([]Shift, error) {
	rows, _ := db.Query(ctx, shiftColumns+` WHERE s.account_id = $1 AND ($2 = 0 OR s.no < $2) ORDER BY s.no DESC LIMIT $3`, actor.Account, before, limit)
	list, err := pgx.CollectRows(rows, scanShift)
	if err != nil {
		return nil, fmt.Errorf("shifts of %s: %w", actor.Name, err)
	}
	return list, nil
}

// Get returns one of the actor's own shifts, or ErrShift.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) (Shift, error) {
	rows, _ := db.Query(ctx, shiftColumns+` WHERE s.account_id = $1 AND s.id = $2`, actor.Account, id)
	s, err := pgx.CollectExactlyOneRow(rows, scanShift)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrShift
	}
	if err != nil {
		return Shift{}, fmt.Errorf("shift %s: %w", id, err)
	}
	return s, nil
}
