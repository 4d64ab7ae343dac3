package premises

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Block is a zone that is to be seen every so many days.
type Block struct {
	Zone   string   `json:"zone" doc:"code of the zone"`
	Name   string   `json:"name"`
	Kind   string   `json:"kind" doc:"of the zone, such as shop-block"`
	Unit   string   `json:"unit" doc:"code of the unit that its middle lies in; empty in none"`
	Days   int      `json:"days" doc:"it is seen at least once in so many"`
	SeenOn *geo.Day `json:"seen_on" doc:"when it was last; null: never"`
	DueOn  *geo.Day `json:"due_on" doc:"the last day within the contract; null: it was never seen"`
	Due    bool     `json:"due" doc:"what is known of it is older than the contract"`
}

// Faults of blocks.
var (
	ErrBlock = fault.New(fault.NotFound, "block_unknown", "There is no such block where you may record.")
	ErrSeen  = fault.New(fault.Invalid, "block_seen", "A block was seen on a day that is not in the future.")
)

// Blocks returns the blocks, those that are due for longest first. At most limit.
func Blocks(ctx context.Context, db pg.DB, actor staff.Actor, unit string, dueOnly bool, today geo.Day, limit int) ([]Block, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT z.code, z.name, z.kind, coalesce(u.code, ''), b.days, b.seen_on, b.seen_on + b.days, coalesce(b.seen_on + b.days < $3, true)
		FROM block b JOIN zone z ON z.id = b.zone_id LEFT JOIN unit u ON u.id = b.unit_id
		WHERE `+staff.In("b.unit_id", 1)+` AND (z.valid_to IS NULL OR z.valid_to > $3) AND `+below("b.unit_id", 4)+`
		  AND (NOT $5 OR coalesce(b.seen_on + b.days < $3, true))
		ORDER BY b.seen_on + b.days NULLS FIRST, z.code LIMIT $6`, area.All, area.Roots, today, unit, dueOnly, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Block])
	if err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	return list, nil
}

// See says that a block was seen on a day. An earlier day than the last one changes
// nothing.
//
// Errors: ErrBlock, ErrSeen.
func See(ctx context.Context, db pg.DB, actor staff.Actor, zone string, day, today geo.Day) error {
	if today.Before(day) {
		return fmt.Errorf("block %s: %w", zone, ErrSeen)
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		area := actor.Area(staff.Record)
		var id int64
		err := tx.QueryRow(ctx, `SELECT b.zone_id FROM block b JOIN zone z ON z.id = b.zone_id WHERE z.code = $3 AND `+staff.In("b.unit_id", 1),
			area.All, area.Roots, zone).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrBlock
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			UPDATE block SET told_on = $2, seen_on = greatest(seen_on, $2) WHERE zone_id = $1 AND coalesce(told_on < $2, true)`, id, day)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return audit.Write(ctx, tx, actor, "see", "block", zone, map[string]any{"day": day.String()})
	})
	if err != nil {
		return fmt.Errorf("block %s: %w", zone, err)
	}
	return nil
}
