package deliberation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Consultation shows residents a plan: what is now and what is proposed, names and
// borders. It has no counts and no staff, so there is nothing in it to be suppressed.
// What is shown is what the draft was when it was opened.
type Consultation struct {
	PlanID   int64   `json:"plan_id"`
	Title    string  `json:"title"`
	Note     string  `json:"note"`
	OpensOn  geo.Day `json:"opens_on"`
	ClosesOn geo.Day `json:"closes_on" doc:"the first day on which it is closed"`
}

// Bounds of a consultation.
const (
	maxDays  = 366
	maxUnits = 2000
)

// Faults of consultations.
var (
	ErrConsultation = fault.New(fault.NotFound, "consultation_unknown", "There is no such consultation, or it is not open.")
	ErrDates        = fault.New(fault.Invalid, "consultation_dates", "A consultation opens today or later and closes after that, within a year.")
	ErrTitle        = fault.New(fault.Invalid, "consultation_title", "A consultation has a title of up to 100 characters and a note of up to 1,000, without personal data.")
	ErrLarge        = fault.New(fault.Invalid, "consultation_too_large", "A consultation shows up to 2,000 units.")
)

// Open opens a consultation on a draft, or opens it anew with the draft as it is now.
func Open(ctx context.Context, db pg.DB, actor staff.Actor, c Consultation) (Consultation, error) {
	c.Title, c.Note = strings.TrimSpace(c.Title), strings.TrimSpace(c.Note)
	today := geo.DayOf(time.Now())
	last := c.OpensOn.AddDays(maxDays)
	if c.OpensOn.Before(today) || !c.OpensOn.Before(c.ClosesOn) || last.Before(c.ClosesOn) {
		return Consultation{}, ErrDates
	}
	if _, err := checked(c.Title); err != nil || len([]rune(c.Title)) > 100 {
		return Consultation{}, ErrTitle
	}
	if c.Note != "" {
		if _, err := checked(c.Note); err != nil {
			return Consultation{}, ErrTitle
		}
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := Of(ctx, tx, actor, c.PlanID); err != nil {
			return err
		}
		var state string
		var revision, units int
		err := tx.QueryRow(ctx, `
			SELECT state, revision, (SELECT count(*) FROM plan_unit u WHERE u.plan_id = p.id AND u.role = 'part')
			FROM plan p WHERE id = $1 FOR UPDATE`, c.PlanID).Scan(&state, &revision, &units)
		switch {
		case err != nil:
			return err
		case state != "draft":
			return ErrMoved
		case units > maxUnits:
			return ErrLarge
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO consultation (plan_id, title, note, revision, opens_on, closes_on, opened_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (plan_id) DO UPDATE SET title = excluded.title, note = excluded.note, revision = excluded.revision,
				opens_on = excluded.opens_on, closes_on = excluded.closes_on, opened_by = excluded.opened_by, opened_at = now()`,
			c.PlanID, c.Title, c.Note, revision, c.OpensOn, c.ClosesOn, actor.Name)
		if err != nil {
			return err
		}
		if err := show(ctx, tx, c.PlanID, today); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "consult", "plan", fmt.Sprint(c.PlanID),
			map[string]any{"opens_on": c.OpensOn.String(), "closes_on": c.ClosesOn.String(), "revision": revision})
	})
	if err != nil {
		return Consultation{}, fmt.Errorf("consultation on plan %d: %w", c.PlanID, err)
	}
	return c, nil
}

// show keeps what is in force and what the draft proposes as they are now.
func show(ctx context.Context, tx pgx.Tx, plan int64, day geo.Day) error {
	for _, sql := range []string{
		`DELETE FROM consultation_unit WHERE plan_id = $1 AND $2::date IS NOT NULL`,
		`INSERT INTO consultation_unit (plan_id, side, ordinal, code, name, geom)
		 SELECT u.plan_id, 'after', u.ordinal, u.code, u.name, u.geom FROM plan_unit u
		 WHERE u.plan_id = $1 AND u.role = 'part' AND NOT ST_IsEmpty(u.geom) AND $2::date IS NOT NULL`,
		// Before: the units of the level that are in force below the same units above.
		`INSERT INTO consultation_unit (plan_id, side, ordinal, code, name, geom)
		 SELECT p.id, 'before', row_number() OVER (ORDER BY u.code), u.code, b.name, b.geom
		 FROM plan p JOIN unit u ON u.level = p.level
		 JOIN boundary b ON b.unit_id = u.id AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)
		 WHERE p.id = $1 AND (
			EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = u.id AND a.ancestor_id = p.base_id)
			OR EXISTS (SELECT FROM plan_unit x WHERE x.plan_id = p.id AND x.role = 'part' AND x.code = u.code)
			OR b.parent_id IN (SELECT above.id FROM plan_unit x JOIN unit above ON above.code = x.parent WHERE x.plan_id = p.id AND x.role = 'part'))`,
	} {
		if _, err := tx.Exec(ctx, sql, plan, day); err != nil {
			return err
		}
	}
	return nil
}

// Close closes a consultation today; one that has not begun is forgotten.
func Close(ctx context.Context, db pg.DB, actor staff.Actor, plan int64) error {
	today := geo.DayOf(time.Now())
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := Of(ctx, tx, actor, plan); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `DELETE FROM consultation WHERE plan_id = $1 AND opens_on > $2`, plan, today)
		if err == nil && tag.RowsAffected() == 0 {
			tag, err = tx.Exec(ctx, `UPDATE consultation SET closes_on = $2 WHERE plan_id = $1 AND closes_on > $2`, plan, today)
		}
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrConsultation
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "end-consultation", "plan", fmt.Sprint(plan), nil)
	})
	if err != nil {
		return fmt.Errorf("close the consultation on plan %d: %w", plan, err)
	}
	return nil
}

// OnPlan returns the consultation on a plan, open or not, for who plans; nil when there
// is none.
func OnPlan(ctx context.Context, db pg.DB, actor staff.Actor, plan int64) (*Consultation, error) {
	if _, err := Of(ctx, db, actor, plan); err != nil {
		return nil, err
	}
	list, err := consultations(ctx, db, `plan_id = $1`, plan)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Consultations returns those that are open, for everybody.
func Consultations(ctx context.Context, db pg.DB) ([]Consultation, error) {
	return consultations(ctx, db, `opens_on <= $1 AND closes_on > $1`, geo.DayOf(time.Now()))
}

func consultations(ctx context.Context, db pg.DB, where string, args ...any) ([]Consultation, error) {
	rows, _ := db.Query(ctx, `SELECT plan_id, title, note, opens_on, closes_on FROM consultation WHERE `+where+` ORDER BY closes_on, plan_id LIMIT 200`, args...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Consultation])
	if err != nil {
		return nil, fmt.Errorf("consultations: %w", err)
	}
	return list, nil
}

// Side says whether a unit is now or proposed.
type Side string

// The sides.
const (
	Before Side = "before"
	After  Side = "after"
)

// ShownUnit is a unit as residents see it.
type ShownUnit struct {
	Side Side
	Code string
	Name string
	Area geo.MultiPolygon
}

// Remark is a resident's comment that was let through, as residents see it.
type Remark struct {
	ID    int64     `json:"id"`
	Point geo.Point `json:"-"`
	Body  string    `json:"body"`
	At    time.Time `json:"made_at"`
}

// Look returns an open consultation with its units and the residents' comments that
// were let through.
func Look(ctx context.Context, db pg.DB, plan int64) (Consultation, []ShownUnit, []Remark, error) {
	list, err := consultations(ctx, db, `plan_id = $1 AND opens_on <= $2 AND closes_on > $2`, plan, geo.DayOf(time.Now()))
	if err == nil && len(list) == 0 {
		err = ErrConsultation
	}
	if err != nil {
		return Consultation{}, nil, nil, fmt.Errorf("consultation on plan %d: %w", plan, err)
	}
	rows, _ := db.Query(ctx, `SELECT side, code, name, geom FROM consultation_unit WHERE plan_id = $1 ORDER BY side DESC, ordinal`, plan)
	units, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ShownUnit])
	if err != nil {
		return Consultation{}, nil, nil, fmt.Errorf("consultation on plan %d: %w", plan, err)
	}
	rows, _ = db.Query(ctx, `SELECT id, point, body, made_at FROM plan_comment WHERE plan_id = $1 AND resident AND state = 'shown' ORDER BY id LIMIT $2`, plan, maxResident)
	remarks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Remark])
	if err != nil {
		return Consultation{}, nil, nil, fmt.Errorf("consultation on plan %d: %w", plan, err)
	}
	return list[0], units, remarks, nil
}

// At returns the units of an open consultation that a place is in, without their
// borders, now and as proposed; nil where there is none. ErrElsewhere when there is neither.
func At(ctx context.Context, db pg.DB, plan int64, at geo.Point) (before, after *ShownUnit, err error) {
	list, err := consultations(ctx, db, `plan_id = $1 AND opens_on <= $2 AND closes_on > $2`, plan, geo.DayOf(time.Now()))
	if err == nil && len(list) == 0 {
		err = ErrConsultation
	}
	if err != nil {
		return nil, nil, fmt.Errorf("place in consultation %d: %w", plan, err)
	}
	rows, _ := db.Query(ctx, `
		SELECT DISTINCT ON (side) side, code, name FROM consultation_unit
		WHERE plan_id = $1 AND ST_Covers(geom, $2::geometry) ORDER BY side, ordinal`, plan, at)
	units, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u ShownUnit, err error) {
		return u, row.Scan(&u.Side, &u.Code, &u.Name)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("place in consultation %d: %w", plan, err)
	}
	for i := range units {
		if units[i].Side == Before {
			before = &units[i]
		} else {
			after = &units[i]
		}
	}
	if before == nil && after == nil {
		return nil, nil, fmt.Errorf("place in consultation %d: %w", plan, ErrElsewhere)
	}
	return before, after, nil
}

// SayAsResident keeps a resident's comment on an open consultation until somebody has
// read it. Nothing is kept of who it was. db is the engine's: a stranger writes nothing.
func SayAsResident(ctx context.Context, db pg.DB, plan int64, at geo.Point, body string) error {
	body, err := checked(body)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var inside bool
		var count int
		err := tx.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM consultation_unit u WHERE u.plan_id = c.plan_id AND u.geom && $3::geometry),
				(SELECT count(*) FROM plan_comment k WHERE k.plan_id = c.plan_id AND k.resident)
			FROM consultation c
			WHERE c.plan_id = $1 AND c.opens_on <= $2 AND c.closes_on > $2
			FOR UPDATE OF c`, plan, geo.DayOf(time.Now()), at).Scan(&inside, &count)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrConsultation
		case err != nil:
			return err
		case !inside:
			return ErrElsewhere
		case count >= maxResident:
			return ErrTooMany
		}
		_, err = tx.Exec(ctx, `INSERT INTO plan_comment (plan_id, point, body, resident, state, made_by) VALUES ($1, $2, $3, true, 'waiting', $4)`,
			plan, at, body, staff.Public.Name)
		return err
	})
	if err != nil {
		return fmt.Errorf("comment on consultation %d: %w", plan, err)
	}
	return nil
}
