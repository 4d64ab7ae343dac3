package photo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/picture"
	"wangge/geo/staff"
)

// Faults of releasing.
var (
	ErrUncovered = fault.New(fault.Invalid, "photo_uncovered", "Look at the photo, mark every face and plate, and say that they are covered.")
	ErrPrivate   = fault.New(fault.Conflict, "photo_private", "The incident is private: none of its photos is shown to everybody.")
	ErrLoose     = fault.New(fault.Conflict, "photo_loose", "The photo belongs to no report, so it cannot be released.")
)

// Release shows a photo to everybody, in a file of its own, on which the areas are
// covered for good; released before, it is covered anew. covered is the word of whoever
// looked at it that no face and no plate is left: nothing here looks for them.
//
// Errors: ErrUncovered, picture.ErrAreas, ErrUnknown, ErrLoose, ErrPrivate,
// staff.ErrForbidden and staff.ErrOutside for who does not dispatch there.
func Release(ctx context.Context, db pg.DB, turns picture.Turns, actor staff.Actor, id uuid.UUID, areas []picture.Area, covered bool, now time.Time) error {
	err := release(ctx, db, turns, actor, id, areas, covered, now)
	if err != nil {
		return fmt.Errorf("release photo %s: %w", id, err)
	}
	return nil
}

func release(ctx context.Context, db pg.DB, turns picture.Turns, actor staff.Actor, id uuid.UUID, areas []picture.Area, covered bool, now time.Time) error {
	if !covered {
		return ErrUncovered
	}
	if err := picture.CheckAreas(areas); err != nil {
		return err
	}
	of, err := dispatched(ctx, db, actor, id)
	if err != nil {
		return err
	}
	var whole []byte
	if err := db.QueryRow(ctx, `SELECT body FROM photo WHERE id = $1`, id).Scan(&whole); err != nil {
		return err
	}
	body, err := cover(ctx, turns, whole, areas)
	if err != nil {
		return err
	}
	marked, err := json.Marshal(areas)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var private bool
		if err := tx.QueryRow(ctx, `SELECT private FROM incident WHERE id = $1 FOR UPDATE`, of).Scan(&private); err != nil {
			return err
		}
		if private {
			return ErrPrivate
		}
		if _, err := tx.Exec(ctx, `DELETE FROM photo_release WHERE photo_id = $1`, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO photo_release (photo_id, body, areas, released_at, released_by) VALUES ($1, $2, $3, $4, $5)`,
			id, body, marked, now, actor.Name); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "release", "photo", id.String(), map[string]any{"incident": of.String(), "areas": len(areas)})
	})
}

// dispatched returns the incident of a photo, where actor dispatches.
func dispatched(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) (uuid.UUID, error) {
	of, err := visible(ctx, db, actor, id)
	if err != nil {
		return uuid.Nil, err
	}
	if of == nil {
		return uuid.Nil, ErrLoose
	}
	if err := actor.Must(staff.Dispatch); err != nil {
		return uuid.Nil, err
	}
	return *of, ledger.Incidents.Within(ctx, db, actor, staff.Dispatch, []uuid.UUID{*of})
}

// cover makes the file that everybody may see.
func cover(ctx context.Context, turns picture.Turns, whole []byte, areas []picture.Area) ([]byte, error) {
	done, err := turns.Wait(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	p, _, err := picture.Read(whole)
	if err != nil {
		return nil, err
	}
	picture.Cover(p, areas)
	return picture.Write(p)
}

// Withdraw takes a photo back: nobody else sees it any more. One that was not released is
// no error.
func Withdraw(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) error {
	of, err := dispatched(ctx, db, actor, id)
	if err == nil {
		err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `DELETE FROM photo_release WHERE photo_id = $1`, id)
			if err != nil || tag.RowsAffected() == 0 {
				return err
			}
			return audit.Write(ctx, tx, actor, "withdraw-release", "photo", id.String(), map[string]any{"incident": of.String()})
		})
	}
	if err != nil {
		return fmt.Errorf("withdraw photo %s: %w", id, err)
	}
	return nil
}

// Public returns a photo as everybody may see it; ErrUnknown unless it is released.
func Public(ctx context.Context, reader pg.DB, id uuid.UUID) ([]byte, error) {
	var body []byte
	err := reader.QueryRow(ctx, `SELECT body FROM photo_release WHERE photo_id = $1`, id).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("released photo %s: %w", id, err)
	}
	return body, nil
}
