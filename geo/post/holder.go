package post

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// HandOver gives a rank of a post to the account with this login from a day on
// (zero = today), or to nobody when login is empty. Whoever holds it ends on that
// day, in the same transaction. A rank that was empty may be filled from an
// earlier day on; where somebody is replaced, the past stays as it was (ErrPast).
// The same again changes nothing. Whoever appoints themselves gets no more than
// they hold there already (ErrBeyond).
func HandOver(ctx context.Context, db pg.DB, actor staff.Actor, id int64, rank Rank, login string, from geo.Day) (Post, error) {
	today := grid.Today()
	if from.IsZero() {
		from = today
	}
	err := change(ctx, db, actor, id, func(tx pgx.Tx, p Post) error {
		if from.Before(p.ValidFrom) {
			return ErrOutsidePost
		}
		if p.ValidTo != nil && !from.Before(*p.ValidTo) {
			return ErrEnded
		}
		return keepAdministrator(ctx, tx, p, func() error { return handOver(ctx, tx, actor, p, rank, login, from, today) })
	})
	if err != nil {
		return Post{}, fmt.Errorf("hand over post %d: %w", id, err)
	}
	return Get(ctx, db, actor, later(from, today), id)
}

func handOver(ctx context.Context, tx pgx.Tx, actor staff.Actor, p Post, rank Rank, login string, from, today geo.Day) error {
	var account, present int64
	if login != "" {
		id, disabled, err := accountByLogin(ctx, tx, actor, login)
		if err != nil {
			return err
		}
		if disabled {
			return ErrDisabled
		}
		account = id
		if err := mayGive(ctx, tx, actor, p.Kind, p.unit, account); err != nil {
			return err
		}
	}
	var replaces bool
	err := tx.QueryRow(ctx, `
		SELECT coalesce(max(account_id) FILTER (WHERE valid_from <= $3 AND valid_to IS NOT DISTINCT FROM $4), 0), count(*) > 0
		FROM holder
		WHERE post_id = $1 AND rank = $2 AND (valid_to IS NULL OR valid_to > $3)`, p.ID, rank, from, p.ValidTo).Scan(&present, &replaces)
	switch {
	case err != nil:
		return err
	case account != 0 && account == present:
		return nil
	case replaces && from.Before(today):
		return ErrPast
	case account == 0:
		err = vacate(ctx, tx, p.ID, rank, from, today)
	default:
		err = seat(ctx, tx, p, rank, account, from)
	}
	if err != nil {
		return err
	}
	return record(ctx, tx, actor, "hand-over", p.ID, map[string]any{"rank": rank, "account": account, "from": from.String()})
}

// accountByLogin is an account that actor keeps, that serves in its area already,
// or its own.
func accountByLogin(ctx context.Context, tx pgx.Tx, actor staff.Actor, login string) (id int64, disabled bool, err error) {
	area := actor.Area(staff.Post)
	err = tx.QueryRow(ctx, `
		SELECT c.id, c.disabled_on IS NOT NULL FROM account c WHERE c.login = lower($4) AND (c.id = $1 OR `+kept+`)`,
		actor.Account, area.All, area.Roots, login).Scan(&id, &disabled)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknownAccount
	}
	if err != nil {
		return 0, false, fmt.Errorf("account: %w", err)
	}
	return id, disabled, nil
}

// kept are the accounts c that were made, or serve, in the area $2, $3.
const kept = `(in_area(c.area_id, $2, $3) OR EXISTS (
	SELECT FROM holder h JOIN post p ON p.id = h.post_id WHERE h.account_id = c.id AND in_area(p.unit_id, $2, $3)))`

// vacate ends whoever holds a rank from a day on. Who was only to come later is
// forgotten; who began that very day keeps a row of no length.
func vacate(ctx context.Context, tx pgx.Tx, id int64, rank Rank, from, today geo.Day) error {
	if _, err := tx.Exec(ctx, `
		DELETE FROM holder WHERE post_id = $1 AND rank = $2 AND valid_from >= $3 AND valid_from > $4`, id, rank, from, today); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE holder SET valid_to = greatest(valid_from, $3)
		WHERE post_id = $1 AND rank = $2 AND (valid_to IS NULL OR valid_to > $3)`, id, rank, from)
	return err
}

// seat ends whoever holds a rank on the day and gives it to account.
func seat(ctx context.Context, tx pgx.Tx, p Post, rank Rank, account int64, from geo.Day) error {
	if _, err := tx.Exec(ctx, `
		UPDATE holder SET valid_to = $3
		WHERE post_id = $1 AND rank = $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)`, p.ID, rank, from); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO holder (post_id, rank, account_id, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5)`, p.ID, rank, account, from, p.ValidTo)
	return faults.Of(err)
}

// History is everything that was, is and is planned of a post, oldest first.
type History struct {
	Holders []Term    `json:"holders"`
	Titles  []Titling `json:"titles" doc:"titles of its own; none = always that of its kind"`
	Carried []Station `json:"carried" doc:"the posts it goes on from and that go on from it, when units ended"`
}

// Term is one account in one rank.
type Term struct {
	Rank      Rank     `json:"rank"`
	Account   int64    `json:"account"`
	Login     string   `json:"login"`
	ValidFrom geo.Day  `json:"valid_from"`
	ValidTo   *geo.Day `json:"valid_to" doc:"first day no longer; the same as valid_from when it ended on the day it began"`
}

// Titling is a title from a day on.
type Titling struct {
	Title     string  `json:"title"`
	ValidFrom geo.Day `json:"valid_from"`
}

// Station is the same duty as a post of another unit, before or after.
type Station struct {
	Post      int64    `json:"post"`
	Unit      string   `json:"unit"`
	ValidFrom geo.Day  `json:"valid_from"`
	ValidTo   *geo.Day `json:"valid_to"`
}

// HistoryOf returns the history of a post that actor may see.
func HistoryOf(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (History, error) {
	if _, err := find(ctx, db, actor, grid.Today(), id); err != nil {
		return History{}, err
	}
	var h History
	rows, _ := db.Query(ctx, `
		SELECT h.rank, h.account_id, c.login, h.valid_from, h.valid_to
		FROM holder h JOIN account c ON c.id = h.account_id
		WHERE h.post_id = $1 ORDER BY h.valid_from, h.rank, h.id`, id)
	var err error
	if h.Holders, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Term]); err != nil {
		return History{}, fmt.Errorf("history of post %d: %w", id, err)
	}
	rows, _ = db.Query(ctx, `SELECT title, valid_from FROM post_title WHERE post_id = $1 ORDER BY valid_from`, id)
	if h.Titles, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Titling]); err != nil {
		return History{}, fmt.Errorf("history of post %d: %w", id, err)
	}
	rows, _ = db.Query(ctx, `
		WITH RECURSIVE before AS (
			SELECT carried_from AS id, 1 AS step FROM post WHERE id = $1
			UNION ALL
			SELECT p.carried_from, before.step + 1 FROM before JOIN post p ON p.id = before.id WHERE before.step < 50),
		after AS (
			SELECT id, 1 AS step FROM post WHERE carried_from = $1
			UNION ALL
			SELECT p.id, after.step + 1 FROM after JOIN post p ON p.carried_from = after.id WHERE after.step < 50)
		SELECT p.id, coalesce(u.code, ''), p.valid_from, p.valid_to
		FROM post p LEFT JOIN unit u ON u.id = p.unit_id
		WHERE p.id IN (SELECT id FROM before UNION SELECT id FROM after)
		ORDER BY p.valid_from, p.id`, id)
	if h.Carried, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Station]); err != nil {
		return History{}, fmt.Errorf("history of post %d: %w", id, err)
	}
	return h, nil
}
