package visit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Outcome is how a visit ended.
type Outcome string

// The outcomes.
const (
	Met      Outcome = "met"
	Nobody   Outcome = "nobody"   // nobody was at home: it is still due
	Declined Outcome = "declined" // not this time: the household is left alone until the next is due
)

// Visit is one that was made.
type Visit struct {
	ID         uuid.UUID `json:"id"`
	Household  int64     `json:"household"`
	Cadence    string    `json:"cadence"`
	Outcome    Outcome   `json:"outcome" enum:"met,nobody,declined"`
	Unit       string    `json:"unit" doc:"code of the unit that the household lay in then; empty in none"`
	Post       *int64    `json:"post" doc:"for which it was made"`
	VisitedAt  time.Time `json:"visited_at"`
	ReceivedAt time.Time `json:"received_at"`
	Own        bool      `json:"own" doc:"you made it"`
}

// New is a visit as somebody reports it.
type New struct {
	ID        uuid.UUID // the client's: reported twice it is one
	Household int64
	Cadence   string
	Outcome   Outcome
	At        time.Time  // corrected by the skew of the phone's clock
	DeviceAt  time.Time  // by the phone; zero is At
	Shift     *uuid.UUID // during which
}

// oldest is how late a visit may be reported: the longest that a phone was away.
const oldest = 60 * 24 * time.Hour

// Log stores a visit; stored is false when it was there before, and then nothing
// changes. A visit made before the household said that it wants none is stored.
//
// Errors: ErrOutcome, ErrTime, ErrCadence, ErrHousehold, ErrUnwanted; ErrTaken when
// another visit has the id, of whoever.
func Log(ctx context.Context, db pg.DB, actor staff.Actor, n New, now time.Time) (stored bool, err error) {
	if n.DeviceAt.IsZero() {
		n.DeviceAt = n.At
	}
	switch {
	case n.Outcome != Met && n.Outcome != Nobody && n.Outcome != Declined:
		return false, fmt.Errorf("visit %s: %w", n.ID, ErrOutcome)
	case n.ID == uuid.Nil:
		return false, fmt.Errorf("visit %s: %w", n.ID, ErrTaken)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if known, err := same(ctx, tx, actor, n); known || err != nil {
			return err
		}
		if n.At.After(now.Add(time.Minute)) || n.At.Before(now.Add(-oldest)) {
			return ErrTime
		}
		area := actor.Area(staff.Record)
		var unit *int64
		var unwanted bool
		err := tx.QueryRow(ctx, `
			SELECT coalesce(o.unit_id, h.area_id), EXISTS (SELECT FROM visit_refusal r WHERE r.household_id = h.id AND r.since <= $4)
			FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
			WHERE h.id = $1 AND `+staff.In("coalesce(o.unit_id, h.area_id)", 2), n.Household, area.All, area.Roots, n.At).Scan(&unit, &unwanted)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrHousehold
		case err != nil:
			return err
		case unwanted:
			return ErrUnwanted
		}
		posts, units := []int64{}, []int64{}
		for _, g := range actor.Grants {
			if g.Post > 0 {
				posts, units = append(posts, g.Post), append(units, g.Unit)
			}
		}
		// The post that is linked to the household, else the nearest above it.
		tag, err := tx.Exec(ctx, `
			INSERT INTO visit (id, household_id, cadence, outcome, unit_id, post_id, account_id, shift_id, visited_at, device_at)
			SELECT $1, $2, $3, $4, $5,
				(SELECT p.id FROM unnest($6::bigint[], $7::bigint[]) p (id, unit)
				 LEFT JOIN unit u ON u.id = p.unit LEFT JOIN level l ON l.code = u.level
				 WHERE p.unit = 0 OR EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = $5 AND a.ancestor_id = p.unit)
				 ORDER BY EXISTS (SELECT FROM visit_link k WHERE k.household_id = $2 AND k.post_id = p.id) DESC, l.rank DESC NULLS LAST, p.id LIMIT 1),
				nullif($8::bigint, 0), $9, $10, $11
			ON CONFLICT (id) DO NOTHING`,
			n.ID, n.Household, n.Cadence, n.Outcome, unit, posts, units, actor.Account, n.Shift, n.At, n.DeviceAt)
		if err != nil {
			return faults.Of(err)
		}
		if tag.RowsAffected() == 0 { // somebody else was faster, or it is another's
			if known, err := same(ctx, tx, actor, n); known || err != nil {
				return err
			}
			return ErrTaken
		}
		stored = true
		return audit.Write(ctx, tx, actor, "log", "visit", n.ID.String(), map[string]any{"household": n.Household, "cadence": n.Cadence, "outcome": string(n.Outcome)})
	})
	if err != nil {
		return false, fmt.Errorf("visit %s: %w", n.ID, err)
	}
	return stored, nil
}

// same reports whether the visit is stored already; ErrTaken when what is stored says
// something else.
func same(ctx context.Context, tx pgx.Tx, actor staff.Actor, n New) (known bool, err error) {
	var equal bool
	err = tx.QueryRow(ctx, `
		SELECT household_id = $2 AND cadence = $3 AND outcome = $4 AND account_id IS NOT DISTINCT FROM nullif($5::bigint, 0) AND shift_id IS NOT DISTINCT FROM $6
		FROM visit WHERE id = $1`, n.ID, n.Household, n.Cadence, n.Outcome, actor.Account, n.Shift).Scan(&equal)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err == nil && !equal:
		err = ErrTaken
	}
	return err == nil, err
}

// Filter narrows a list of visits; zero values do not.
type Filter struct {
	Unit      string // code: the unit's and all units' below it
	Household int64
	Cadence   string
	Own       bool // made by the actor
	From, To  geo.Day
	// BeforeTime and BeforeID are of the last visit of the page before.
	BeforeTime time.Time
	BeforeID   uuid.UUID
	Limit      int
}

// List returns visits, newest first.
func List(ctx context.Context, db pg.DB, actor staff.Actor, f Filter) ([]Visit, error) {
	area := actor.Area(staff.Record)
	unit, err := unitOf(ctx, db, area, f.Unit)
	if err != nil {
		return nil, fmt.Errorf("visits of %s: %w", f.Unit, err)
	}
	var from, to, before *time.Time
	if !f.From.IsZero() {
		t := f.From.Start()
		from = &t
	}
	if !f.To.IsZero() {
		t := f.To.Start().AddDate(0, 0, 1)
		to = &t
	}
	if !f.BeforeTime.IsZero() {
		before = &f.BeforeTime
	}
	rows, _ := db.Query(ctx, `
		SELECT v.id, v.household_id, v.cadence, v.outcome, coalesce(u.code, ''), v.post_id, v.visited_at, v.received_at, coalesce(v.account_id = $3, false)
		FROM visit v LEFT JOIN unit u ON u.id = v.unit_id
		WHERE (`+staff.In("v.unit_id", 1)+` OR EXISTS (SELECT FROM household_unit o WHERE o.household_id = v.household_id AND o.valid_to IS NULL AND `+staff.Below("o.unit_id", 2)+`))
		  AND ($4 = 0 OR v.unit_id IN (SELECT units_below($4)))
		  AND ($5 = 0 OR v.household_id = $5) AND ($6 = '' OR v.cadence = $6) AND (NOT $7 OR v.account_id = $3)
		  AND ($8::timestamptz IS NULL OR v.visited_at >= $8) AND ($9::timestamptz IS NULL OR v.visited_at < $9)
		  AND ($10::timestamptz IS NULL OR (v.visited_at, v.id) < ($10, $11))
		ORDER BY v.visited_at DESC, v.id DESC LIMIT $12`,
		area.All, area.Roots, actor.Account, unit, f.Household, f.Cadence, f.Own, from, to, before, f.BeforeID, f.Limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Visit])
	if err != nil {
		return nil, fmt.Errorf("visits: %w", err)
	}
	return list, nil
}
