package incident

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/calendar"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/worktime"
)

// Limit is how long incidents of a category may stand in a state.
type Limit struct {
	Category string `json:"category" maxLength:"100" doc:"code of a small or a large class; empty = all that have no limit of their own"`
	State    State  `json:"state" enum:"reported,accepted,dispatched,handled,verified" doc:"in which the incident stands"`
	worktime.Limit
}

// Limits are all of them.
type Limits []Limit

// of is the limit of a state: that of the small class, else of the large one, else of all.
func (l Limits) of(category, parent string, state State) worktime.Limit {
	for _, class := range []string{category, parent, ""} {
		for _, limit := range l {
			if limit.Category == class && limit.State == state {
				return limit.Limit
			}
		}
	}
	return worktime.Limit{}
}

// LimitsOf returns all limits, by category and state.
func LimitsOf(ctx context.Context, db pg.DB) (Limits, error) {
	rows, _ := db.Query(ctx, `SELECT category, state, amount, unit FROM incident_limit
		ORDER BY category, array_position(ARRAY['reported', 'accepted', 'dispatched', 'handled', 'verified'], state)`)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Limit, err error) {
		err = row.Scan(&l.Category, &l.State, &l.Amount, &l.Unit)
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("limits of incidents: %w", err)
	}
	return list, nil
}

// SetLimits takes the list in place of all limits and counts the deadlines of open
// incidents anew. It holds everywhere, so actor decides on settings everywhere. db is the
// engine's: the incidents are not the actor's to see.
func SetLimits(ctx context.Context, db pg.DB, actor staff.Actor, list Limits) error {
	if err := actor.Must(staff.Setting); err != nil {
		return err
	}
	if !actor.Area(staff.Setting).All {
		return staff.ErrOutside
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := lockLimits(ctx, tx); err != nil {
			return err
		}
		known, err := Categories(ctx, tx, actor)
		if err != nil {
			return err
		}
		if err := list.check(known); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM incident_limit`); err != nil {
			return err
		}
		for _, l := range list {
			if _, err := tx.Exec(ctx, `INSERT INTO incident_limit VALUES ($1, $2, $3, $4)`, l.Category, l.State, l.Amount, l.Unit); err != nil {
				return err
			}
		}
		if err := recount(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "change", "incident-limits", "", map[string]any{"limits": len(list)})
	})
	if err != nil {
		return fmt.Errorf("limits of incidents: %w", err)
	}
	return nil
}

// lockLimits lets those who change limits take turns: each list is one person's.
func lockLimits(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `LOCK TABLE incident_limit IN SHARE ROW EXCLUSIVE MODE`)
	return err
}

func (l Limits) check(known []Category) error {
	codes := map[string]bool{"": true}
	for _, c := range known {
		codes[c.Code] = true
	}
	var places []fault.Place
	seen := map[[2]string]bool{}
	for i, limit := range l {
		why := ""
		key := [2]string{limit.Category, string(limit.State)}
		switch err := limit.Check(); {
		case err != nil:
			why = err.Error()
		case !codes[limit.Category]:
			why = "There is no such category."
		case next[limit.State] == nil || limit.State == Held || limit.State == Closed:
			why = "This state has no clock."
		case seen[key]:
			why = "This category and state are in the list twice."
		}
		if seen[key] = true; why != "" {
			places = append(places, fault.Place{Pointer: fmt.Sprintf("/limits/%d", i), Code: "limit", Detail: why})
		}
	}
	if len(places) > 0 {
		return ErrLimits.With(places...)
	}
	return nil
}

// SetHolidays changes the calendar (calendar.Put) and counts the deadlines of open
// incidents anew. db is the engine's.
func SetHolidays(ctx context.Context, db pg.DB, actor staff.Actor, list []calendar.Day) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := calendar.Put(ctx, tx, actor, list); err != nil {
			return err
		}
		return recount(ctx, tx)
	})
}

// SetHours changes the working hours (calendar.SetHours) and counts the deadlines of open
// incidents anew. db is the engine's.
func SetHours(ctx context.Context, db pg.DB, actor staff.Actor, text string) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := calendar.SetHours(ctx, tx, actor, text); err != nil {
			return err
		}
		return recount(ctx, tx)
	})
}

// recount counts the deadlines of all open incidents with which something was done here.
func recount(ctx context.Context, tx pgx.Tx) error {
	rows, _ := tx.Query(ctx, `SELECT id FROM incident i WHERE closed_at IS NULL AND EXISTS (SELECT FROM incident_step s WHERE s.incident_id = i.id AND s.act <> 'move') ORDER BY id FOR UPDATE`)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("open incidents: %w", err)
	}
	w, err := rules(ctx, tx)
	if err != nil {
		return err
	}
	moved, dues, err := w.recounted(ctx, tx, ids)
	if err != nil || len(moved) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE incident i SET due_at = n.due_at FROM unnest($1::uuid[], $2::timestamptz[]) n (id, due_at) WHERE i.id = n.id`, moved, dues)
	if err != nil {
		return fmt.Errorf("deadlines of open incidents: %w", err)
	}
	names := make([]string, len(moved))
	for i, id := range moved {
		names[i] = id.String()
	}
	return ledger.Incidents.Raise(ctx, tx, names)
}

// recounted are those incidents whose deadline is another by these rules, with it.
func (w ruleset) recounted(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) (moved []uuid.UUID, dues []*time.Time, err error) {
	rows, _ := tx.Query(ctx, `
		SELECT i.id, i.category, coalesce(c.parent, ''), i.due_at, s.was_due_at, s.act, s.after, s.at, s.amount, coalesce(s.unit, ''),
		       lead(i.id) OVER (PARTITION BY i.id ORDER BY s.ordinal) IS NULL
		FROM incident i JOIN incident_step s ON s.incident_id = i.id LEFT JOIN incident_category c ON c.code = i.category
		WHERE i.id = ANY ($1) ORDER BY i.id, s.ordinal`, ids)
	var id uuid.UUID
	var category, parent string
	var was, before *time.Time // the deadline of the incident, and that before the step
	var s Taken
	var last bool
	var steps []Taken
	var given *time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &category, &parent, &was, &before, &s.Act, &s.After, &s.At, &s.Amount, &s.Unit, &last}, func() error {
		if given == nil && s.Act != ToMove {
			given = before
		}
		if steps = append(steps, s); !last {
			return nil
		}
		at := due(w.calendar, w.limits, category, parent, steps, given)
		if at == nil != (was == nil) || at != nil && !at.Equal(*was) {
			moved, dues = append(moved, id), append(dues, at)
		}
		steps, given = nil, nil
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("steps of open incidents: %w", err)
	}
	return moved, dues, nil
}

// Left is how long there is until something is due, as its limit counts, in minutes where
// there is none; less than 0 is how long it has been overdue.
type Left struct {
	Amount float64       `json:"amount" doc:"less than 0: overdue; 0 while no working time, or no working day, lies between now and when it is due"`
	Unit   worktime.Unit `json:"unit" enum:"minutes,working-hours,working-days"`
}

// LeftOf is how long there is for the next step of an incident; nil while nothing is due.
func LeftOf(ctx context.Context, db pg.DB, i Incident, now time.Time) (*Left, error) {
	if i.DueAt == nil {
		return nil, nil
	}
	w, err := rules(ctx, db)
	if err != nil {
		return nil, err
	}
	var parent string
	err = db.QueryRow(ctx, `SELECT coalesce((SELECT parent FROM incident_category WHERE code = $1), '')`, i.Category).Scan(&parent)
	if err != nil {
		return nil, fmt.Errorf("what is left for incident %s: %w", i.ID, err)
	}
	unit := cmp.Or(w.limits.of(i.Category, parent, i.State).Unit, worktime.Minutes) // none: the deadline is of another system
	if now.After(*i.DueAt) {
		return &Left{0 - between(w.calendar, unit, *i.DueAt, now), unit}, nil // never -0
	}
	return &Left{between(w.calendar, unit, now, *i.DueAt), unit}, nil
}

// between is the time from one instant to another in a unit: whole working days after the
// first day, as deadlines count them.
func between(c worktime.Calendar, unit worktime.Unit, from, to time.Time) float64 {
	switch unit {
	case worktime.WorkingHours:
		return c.Worked(from, to).Hours()
	case worktime.WorkingDays:
		n := 0
		last := geo.DayOf(to.Add(-1)) // a day may close at midnight
		for day := geo.DayOf(from.Add(-1)); day.Before(last); {
			if day = geo.DayOf(day.Start().Add(24 * time.Hour)); c.Works(day) {
				n++
			}
		}
		return float64(n)
	}
	return to.Sub(from).Minutes()
}
