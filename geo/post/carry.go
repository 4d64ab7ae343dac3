package post

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Carried counts what became of the posts of units that ended.
type Carried struct {
	Moved int `json:"moved"` // go on in the unit that took the largest part
	Ended int `json:"ended"` // no unit took anything
}

// Follows is the SQL expression for the unit that took the largest part of one that the
// plan $1 ended, an expression for its id: then the lowest code; null where none did.
func Follows(ended string) string {
	return `(SELECT l.after FROM lineage l JOIN unit u ON u.id = l.after
			WHERE l.plan_id = $1 AND l.before = ` + ended + ` ORDER BY l.area DESC, u.code LIMIT 1)`
}

// Carry carries the posts of the units that a plan ends on a day along, in the
// transaction that publishes it, after the lineage was written. A post goes on in
// the unit that took the largest part of the ended one (then the lowest code), of
// the same kind, with the same holders and title and the next free number: the old
// post ends on the day and the new one says which it goes on from. So nobody loses
// or gains a duty unseen: after a merge a unit may have two leaders, and after a
// split the smaller part none, and both stand in the list of vacancies until an
// administrator decides. Where no unit took anything the post ends.
//
// It is part of the plan, so it does not ask whether actor keeps posts; it gives
// nothing to anybody who did not answer for the larger part already.
func Carry(ctx context.Context, tx pgx.Tx, actor staff.Actor, plan int64, ended []int64, day geo.Day) (Carried, error) {
	var c Carried
	rows, _ := tx.Query(ctx, `
		SELECT p.id, p.kind, p.department, p.valid_from, p.valid_to, coalesce(`+Follows("p.unit_id")+`, 0) AS successor
		FROM post p
		WHERE p.unit_id = ANY ($2) AND (p.valid_to IS NULL OR p.valid_to > $3)
		ORDER BY p.ordinal, p.id
		FOR UPDATE OF p`, plan, ended, day)
	posts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[orphan])
	if err != nil {
		return c, fmt.Errorf("posts of ended units: %w", err)
	}
	for _, p := range posts {
		if p.Successor == 0 {
			c.Ended++
			err = end(ctx, tx, p.ID, day, day)
		} else {
			c.Moved++
			err = p.move(ctx, tx, day)
		}
		if err != nil {
			return c, fmt.Errorf("carry post %d: %w", p.ID, err)
		}
	}
	if len(posts) == 0 {
		return c, nil
	}
	return c, audit.Write(ctx, tx, actor, "carry-posts", "plan", strconv.FormatInt(plan, 10), map[string]any{
		"moved": c.Moved, "ended": c.Ended, "effective_on": day.String()})
}

// orphan is a post whose unit ends.
type orphan struct {
	ID         int64
	Kind       staff.Kind
	Department string
	ValidFrom  geo.Day
	ValidTo    *geo.Day
	Successor  int64 // 0 = none
}

// followers are the tables that say by post_id whose something is now: they name the post
// that goes on. What a post did stays its own.
var followers = [...]string{"visit_link", "premises", "charge", "border_walk"}

// move ends the post on the day and begins it anew in the unit that follows.
func (p orphan) move(ctx context.Context, tx pgx.Tx, day geo.Day) error {
	from := later(p.ValidFrom, day) // one that was only to begin later does so there
	id, err := insert(ctx, tx, New{Kind: p.Kind, Department: p.Department, From: from}, p.Successor, &p.ID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE post SET valid_to = $2 WHERE id = $1`, id, p.ValidTo); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO post_title (post_id, valid_from, title)
		SELECT DISTINCT ON (greatest(t.valid_from, $3)) $1, greatest(t.valid_from, $3), t.title
		FROM post_title t WHERE t.post_id = $2
		ORDER BY greatest(t.valid_from, $3), t.valid_from DESC`, id, p.ID, from)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO holder (post_id, rank, account_id, valid_from, valid_to)
		SELECT $1, h.rank, h.account_id, greatest(h.valid_from, $3), h.valid_to
		FROM holder h WHERE h.post_id = $2 AND (h.valid_to IS NULL OR h.valid_to > greatest(h.valid_from, $3))`, id, p.ID, from)
	if err != nil {
		return faults.Of(err)
	}
	if err := end(ctx, tx, p.ID, day, day); err != nil {
		return err
	}
	for _, table := range followers {
		if _, err := tx.Exec(ctx, `UPDATE `+table+` SET post_id = $2 WHERE post_id = $1`, p.ID, id); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `
		UPDATE setting SET value = to_jsonb($2::text) WHERE key = 'backstop' AND value #>> '{}' = $1`,
		strconv.FormatInt(p.ID, 10), strconv.FormatInt(id, 10))
	return err
}

// Standing is the post that stands for one on a day: itself, or when it ended as its unit
// did, the one that goes on from it.
func Standing(ctx context.Context, db pg.DB, id int64, day geo.Day) (int64, error) {
	var last int64
	err := db.QueryRow(ctx, `
		WITH RECURSIVE chain AS (
			SELECT p.id, p.valid_to, 1 AS step FROM post p WHERE p.id = $1
			UNION ALL
			SELECT n.id, n.valid_to, c.step + 1 FROM chain c JOIN post n ON n.carried_from = c.id
			WHERE c.valid_to <= $2 AND n.valid_from <= $2 AND c.step < 50)
		SELECT coalesce((SELECT id FROM chain ORDER BY step DESC LIMIT 1), $1)`, id, day).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("who goes on from post %d: %w", id, err)
	}
	return last, nil
}
