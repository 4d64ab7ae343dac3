package visit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/post"
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
		if _, err := tx.Exec(ctx, `DELETE FROM visit_link WHERE post_id = $1 AND household_id <> ALL ($2)`, post, households); err != nil {
			return err
		}
		if err := tie(ctx, tx, actor, post, households); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "link", "post", fmt.Sprint(post), map[string]any{"households": len(households)})
	})
	if err != nil {
		return fmt.Errorf("links of post %d: %w", post, err)
	}
	return nil
}

// tie links households to a post that they may be linked to, beside those that it has.
func tie(ctx context.Context, tx pgx.Tx, actor staff.Actor, post int64, households []int64) error {
	area := actor.Area(staff.Record)
	var known bool
	var there, unwanted int
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM post p WHERE p.id = $1 AND (p.valid_to IS NULL OR p.valid_to > $5) AND `+staff.In("p.unit_id", 3)+`),
			(SELECT count(*) FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
			 WHERE h.id = ANY ($2) AND h.closed_on IS NULL AND `+staff.In("coalesce(o.unit_id, h.area_id)", 3)+`),
			(SELECT count(*) FROM visit_refusal r WHERE r.household_id = ANY ($2))`,
		post, households, area.All, area.Roots, grid.Today()).Scan(&known, &there, &unwanted)
	switch {
	case err != nil:
		return err
	case !known:
		return ErrPost
	case there < len(households):
		return ErrHousehold
	case unwanted > 0:
		return ErrUnwanted
	}
	// Two who link the same household at once take turns.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('visit_link', 0))`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM visit_link WHERE post_id <> $1 AND household_id = ANY ($2)`, post, households); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO visit_link (household_id, post_id) SELECT h, $1 FROM unnest($2::bigint[]) h ON CONFLICT DO NOTHING`, post, households); err != nil {
		return err
	}
	var has, most int
	err = tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM visit_link WHERE post_id = $1), coalesce((SELECT max(per_post) FROM cadence WHERE used AND homes = 'linked'), 0)`, post).Scan(&has, &most)
	if err == nil && has > most {
		err = ErrMany.Saying(fmt.Sprintf("The most is %d.", most))
	}
	return err
}

// Keeper is the post that keeps in touch with a household.
type Keeper struct {
	Post    *post.Named  `json:"post" doc:"null: nobody does"`
	Choices []post.Named `json:"choices" doc:"posts in your area that work in the household's unit and above, the nearest first"`
}

// KeeperOf returns which post keeps in touch with a household, and which could. engine
// looks at the names of posts.
//
// Errors: ErrHousehold.
func KeeperOf(ctx context.Context, db, engine pg.DB, actor staff.Actor, household int64, now time.Time) (c Keeper, err error) {
	area := actor.Area(staff.Record)
	var kept int64
	var near []int64
	err = db.QueryRow(ctx, `
		SELECT coalesce(l.post_id, 0), ARRAY(
			SELECT p.id FROM post p JOIN unit_ancestor a ON a.ancestor_id = p.unit_id AND a.unit_id = coalesce(o.unit_id, h.area_id)
			JOIN post_kind k ON k.code = p.kind AND 'record' = ANY (k.may)
			WHERE p.valid_from <= $4 AND (p.valid_to IS NULL OR p.valid_to > $4) AND `+staff.In("p.unit_id", 2)+`
			ORDER BY (SELECT count(*) FROM unit_ancestor up WHERE up.unit_id = p.unit_id) DESC, k.rank, p.ordinal, p.id LIMIT 100)
		FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
		LEFT JOIN visit_link l ON l.household_id = h.id
		WHERE h.id = $1 AND `+staff.In("coalesce(o.unit_id, h.area_id)", 2), household, area.All, area.Roots, geo.DayOf(now)).Scan(&kept, &near)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrHousehold
	}
	if err == nil {
		c.Choices, err = post.Names(ctx, engine, near, now)
	}
	if err == nil && kept != 0 {
		var list []post.Named
		if list, err = post.Names(ctx, engine, []int64{kept}, now); len(list) == 1 { // one that ended keeps no touch
			c.Post = &list[0]
		}
	}
	if err != nil {
		return Keeper{}, fmt.Errorf("who keeps in touch with household %d: %w", household, err)
	}
	return c, nil
}

// Keep makes a post the one that keeps in touch with a household; 0 is nobody.
//
// Errors: those of Link.
func Keep(ctx context.Context, db pg.DB, actor staff.Actor, household, post int64) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if post == 0 {
			area := actor.Area(staff.Record)
			var known bool
			if err := tx.QueryRow(ctx, `
				SELECT EXISTS (SELECT FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
					WHERE h.id = $1 AND `+staff.In("coalesce(o.unit_id, h.area_id)", 2)+`)`, household, area.All, area.Roots).Scan(&known); err != nil {
				return err
			}
			if !known {
				return ErrHousehold
			}
			if _, err := tx.Exec(ctx, `DELETE FROM visit_link WHERE household_id = $1`, household); err != nil {
				return err
			}
		} else if err := tie(ctx, tx, actor, post, []int64{household}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "link", "household", fmt.Sprint(household), map[string]any{"post": post})
	})
	if err != nil {
		return fmt.Errorf("who keeps in touch with household %d: %w", household, err)
	}
	return nil
}
