package premises

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Beat is a round of checkpoints that is walked on some days.
type Beat struct {
	ID int64 `json:"id"`
	Round
}

// Round is what is said of a beat.
type Round struct {
	Name        string  `json:"name" minLength:"1" maxLength:"100"`
	Unit        string  `json:"unit" minLength:"1" maxLength:"64" doc:"code of the unit whose posts walk it"`
	Weekdays    []int16 `json:"weekdays" minItems:"1" maxItems:"7" doc:"1 Monday … 7 Sunday"`
	Starts      int16   `json:"starts" minimum:"0" maximum:"1439" doc:"minute of the day in China from which marks count"`
	Ends        int16   `json:"ends" minimum:"1" maximum:"1440" doc:"minute of the day until which they do"`
	Checkpoints []int64 `json:"checkpoints" minItems:"1" maxItems:"200" doc:"in their order; none twice"`
}

// The most of a beat.
const (
	mostOfABeat  = 200
	mostWeekdays = 7
)

// Faults of beats.
var (
	ErrBeat     = fault.New(fault.NotFound, "beat_unknown", "There is no such beat.")
	ErrPlan     = fault.New(fault.Invalid, "beat_plan", "A beat has a name without personal data, at least one weekday, a start before its end, and 1 to 200 checkpoints, none of them twice.")
	ErrStops    = fault.New(fault.Invalid, "beat_checkpoints", "Some checkpoints of the beat are unknown, closed or outside its unit.")
	ErrBeatUnit = fault.New(fault.NotFound, "beat_unit", "There is no such unit where you may plan.")
)

func (p *Round) check() error {
	p.Name = strings.TrimSpace(p.Name)
	p.Weekdays = slices.Clone(p.Weekdays)
	slices.Sort(p.Weekdays)
	distinct := slices.Clone(p.Checkpoints)
	slices.Sort(distinct)
	switch {
	case !plain(p.Name, 1, 100), len(p.Weekdays) == 0, len(p.Weekdays) > mostWeekdays, len(slices.Compact(slices.Clone(p.Weekdays))) < len(p.Weekdays),
		p.Weekdays[0] < 1, p.Weekdays[len(p.Weekdays)-1] > 7, p.Starts < 0, p.Ends <= p.Starts, p.Ends > 1440,
		len(p.Checkpoints) == 0, len(p.Checkpoints) > mostOfABeat, len(slices.Compact(distinct)) < len(p.Checkpoints):
		return ErrPlan
	}
	return nil
}

// Beats returns the beats of a unit and of all below it ("" = of the actor's area).
func Beats(ctx context.Context, db pg.DB, actor staff.Actor, unit string, after int64, limit int) ([]Beat, error) {
	area := actor.Area(staff.Map)
	return beats(ctx, db, `WHERE `+staff.In("b.unit_id", 1)+` AND `+below("b.unit_id", 3)+` AND b.id > $4 ORDER BY b.id LIMIT $5`, area.All, area.Roots, unit, after, limit)
}

// GetBeat returns one, or ErrBeat.
func GetBeat(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Beat, error) {
	area := actor.Area(staff.Map)
	list, err := beats(ctx, db, `WHERE `+staff.In("b.unit_id", 1)+` AND b.id = $3`, area.All, area.Roots, id)
	if err == nil && len(list) == 0 {
		err = ErrBeat
	}
	if err != nil {
		return Beat{}, fmt.Errorf("beat %d: %w", id, err)
	}
	return list[0], nil
}

func beats(ctx context.Context, db pg.DB, where string, args ...any) ([]Beat, error) {
	rows, _ := db.Query(ctx, `
		SELECT b.id, b.name, u.code, b.weekdays, b.starts, b.ends,
			ARRAY(SELECT s.checkpoint_id FROM beat_stop s WHERE s.beat_id = b.id ORDER BY s.ordinal)
		FROM beat b JOIN unit u ON u.id = b.unit_id `+where, args...)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b Beat, err error) {
		err = row.Scan(&b.ID, &b.Name, &b.Unit, &b.Weekdays, &b.Starts, &b.Ends, &b.Checkpoints)
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("beats: %w", err)
	}
	return list, nil
}

// SetBeat makes a beat (id 0), or makes another of one there is.
//
// Errors: ErrPlan, ErrBeatUnit, ErrBeat, ErrStops.
func SetBeat(ctx context.Context, db pg.DB, actor staff.Actor, id int64, p Round) (Beat, error) {
	if err := p.check(); err != nil {
		return Beat{}, fmt.Errorf("beat %d: %w", id, err)
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		area := actor.Area(staff.Plan)
		var unit int64
		var there int
		err := tx.QueryRow(ctx, `
			SELECT u.id, (SELECT count(*) FROM checkpoint c WHERE c.id = ANY ($4) AND c.closed_on IS NULL
				AND c.unit_id IN (SELECT units_below(u.id)))
			FROM unit u WHERE u.code = $3 AND `+staff.In("u.id", 1), area.All, area.Roots, p.Unit, p.Checkpoints).Scan(&unit, &there)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrBeatUnit
		case err != nil:
			return err
		case there < len(p.Checkpoints):
			return ErrStops
		}
		if id, err = writeBeat(ctx, tx, actor, id, unit, p); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "set", "beat", fmt.Sprint(id), map[string]any{"checkpoints": len(p.Checkpoints)})
	})
	if err != nil {
		return Beat{}, fmt.Errorf("beat %d: %w", id, err)
	}
	return GetBeat(ctx, db, actor, id)
}

// writeBeat writes a beat with its checkpoints.
func writeBeat(ctx context.Context, tx pgx.Tx, actor staff.Actor, id, unit int64, p Round) (int64, error) {
	id, err := putBeat(ctx, tx, actor, id, unit, p)
	if err != nil {
		return id, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM beat_stop WHERE beat_id = $1`, id); err != nil {
		return id, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO beat_stop (beat_id, ordinal, checkpoint_id) SELECT $1, n, c FROM unnest($2::bigint[]) WITH ORDINALITY s (c, n)`, id, p.Checkpoints)
	return id, err
}

// putBeat writes a beat without its checkpoints. It was updated when where, when or what is
// walked is new, for nobody missed a checkpoint before: another name is no news.
func putBeat(ctx context.Context, tx pgx.Tx, actor staff.Actor, id, unit int64, p Round) (int64, error) {
	if id == 0 {
		err := tx.QueryRow(ctx, `INSERT INTO beat (name, unit_id, weekdays, starts, ends, created_by) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			p.Name, unit, p.Weekdays, p.Starts, p.Ends, actor.Name).Scan(&id)
		return id, err
	}
	area := actor.Area(staff.Plan)
	tag, err := tx.Exec(ctx, `
		UPDATE beat b SET name = $4, unit_id = $5, weekdays = $6, starts = $7, ends = $8, updated_at = CASE
			WHEN (b.unit_id, b.weekdays, b.starts, b.ends, ARRAY(SELECT s.checkpoint_id FROM beat_stop s WHERE s.beat_id = b.id ORDER BY s.ordinal)) = ($5, $6::smallint[], $7, $8, $9::bigint[])
			THEN b.updated_at ELSE now() END
		WHERE b.id = $3 AND `+staff.In("b.unit_id", 1), area.All, area.Roots, id, p.Name, unit, p.Weekdays, p.Starts, p.Ends, p.Checkpoints)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrBeat
	}
	return id, err
}

// RemoveBeat removes a beat. Its checkpoints and their marks stay.
func RemoveBeat(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		area := actor.Area(staff.Plan)
		tag, err := tx.Exec(ctx, `DELETE FROM beat b WHERE b.id = $3 AND `+staff.In("b.unit_id", 1), area.All, area.Roots, id)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrBeat
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "delete", "beat", fmt.Sprint(id), nil)
	})
	if err != nil {
		return fmt.Errorf("beat %d: %w", id, err)
	}
	return nil
}
