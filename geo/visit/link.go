package visit

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Links returns the households that a post keeps in touch with, as far as the actor may
// record there.
func Links(ctx context.Context, db pg.DB, actor staff.Actor, post int64) ([]int64, error) {
	area := actor.Area(staff.Record)
	var known bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM post p WHERE p.id = $1 AND `+staff.In("p.unit_id", 2)+`)`, post, area.All, area.Roots).Scan(&known)
	if err == nil && !known {
		err = ErrPost
	}
	if err != nil {
		return nil, fmt.Errorf("links of post %d: %w", post, err)
	}
	rows, _ := db.Query(ctx, `
		SELECT l.household_id
		FROM visit_link l JOIN household h ON h.id = l.household_id LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
		WHERE l.post_id = $1 AND `+staff.In("coalesce(o.unit_id, h.area_id)", 2)+` ORDER BY l.household_id`, post, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("links of post %d: %w", post, err)
	}
	return list, nil
}

// Link makes these the households that a post keeps in touch with: those that it had
// before and that are not among them are nobody's, those of another post change hands.
//
// Errors: ErrPost, ErrHousehold, ErrMany, ErrUnwanted for a household that wants no visits.
func Link(ctx context.Context, db pg.DB, actor staff.Actor, post int64, households []int64) error {
	households = slices.Clone(households)
	slices.Sort(households)
	households = slices.Compact(households)
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		area := actor.Area(staff.Record)
		var known bool
		var most, there, unwanted int
		err := tx.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM post p WHERE p.id = $1 AND (p.valid_to IS NULL OR p.valid_to > now()) AND `+staff.In("p.unit_id", 3)+`),
				coalesce((SELECT max(per_post) FROM cadence WHERE used AND homes = 'linked'), 0),
				(SELECT count(*) FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
				 WHERE h.id = ANY ($2) AND h.closed_on IS NULL AND `+staff.In("coalesce(o.unit_id, h.area_id)", 3)+`),
				(SELECT count(*) FROM visit_refusal r WHERE r.household_id = ANY ($2))`,
			post, households, area.All, area.Roots).Scan(&known, &most, &there, &unwanted)
		switch {
		case err != nil:
			return err
		case !known:
			return ErrPost
		case len(households) > most:
			return ErrMany.Saying(fmt.Sprintf("The most is %d.", most))
		case there < len(households):
			return ErrHousehold
		case unwanted > 0:
			return ErrUnwanted
		}
		// Two who link the same household at once take turns.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('visit_link', 0))`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM visit_link WHERE post_id = $1 AND household_id <> ALL ($2) OR post_id <> $1 AND household_id = ANY ($2)`, post, households); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO visit_link (household_id, post_id) SELECT h, $1 FROM unnest($2::bigint[]) h ON CONFLICT DO NOTHING`, post, households); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "link", "post", fmt.Sprint(post), map[string]any{"households": len(households)})
	})
	if err != nil {
		return fmt.Errorf("links of post %d: %w", post, err)
	}
	return nil
}
