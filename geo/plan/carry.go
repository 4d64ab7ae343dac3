package plan

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/locate"
	"wangge/geo/post"
	"wangge/geo/staff"
)

// What is tied to a unit goes along when a plan takes effect, in the same transaction:
// posts and what somebody gave a unit follow the unit that took the largest part, and what
// has a place goes to whoever is responsible there now.

// tied are the columns that name a unit because somebody said so, and that count today.
var tied = [...]struct{ table, column string }{
	{"beat", "unit_id"}, {"charge", "unit_id"}, {"webhook", "unit_id"},
	// Where what lies in no unit is kept: see staff.Area.Home.
	{"account", "area_id"}, {"household", "area_id"}, {"incident", "area_id"}, {"service_point", "area_id"}, {"zone", "area_id"},
}

// register is a table of things with places, beside the ledgers; beyond is whose they are
// outside all units.
type register struct{ table, key, from, place, beyond string }

// registers are all of them. A block's place is its zone's.
var registers = [...]register{
	{"premises", "id", "premises t", "t.point", "NULL::bigint"},
	{"checkpoint", "id", "checkpoint t", "t.point", "NULL::bigint"},
	{"candidate", "id", "candidate t", "t.point", "NULL::bigint"},
	{"block", "zone_id", "block t JOIN zone z ON z.id = t.zone_id", "ST_PointOnSurface(z.geom)", "z.area_id"},
}

// carry carries along what the units that end had.
func carry(ctx context.Context, tx pgx.Tx, actor staff.Actor, id int64, retired []grid.InForce, day geo.Day) error {
	if len(retired) == 0 {
		return nil
	}
	ended := make([]int64, len(retired))
	for i, b := range retired {
		ended[i] = b.ID
	}
	if _, err := post.Carry(ctx, tx, actor, id, ended, day); err != nil {
		return err
	}
	for _, t := range tied {
		_, err := tx.Exec(ctx, `
			UPDATE `+t.table+` t SET `+t.column+` = s.after
			FROM (SELECT e.id AS before, `+post.Follows("e.id")+` AS after FROM unnest($2::bigint[]) e (id)) s
			WHERE t.`+t.column+` = s.before AND s.after IS NOT NULL`, id, ended)
		if err != nil {
			return fmt.Errorf("carry %s along: %w", t.table, err)
		}
	}
	return nil
}

// reassign moves everything in the changed area to whoever is responsible now.
func reassign(ctx context.Context, tx pgx.Tx, day geo.Day, changed geo.Bound) (ledger.Moved, error) {
	if changed.Empty() { // names alone
		return ledger.Moved{}, nil
	}
	index, _, err := grid.Index(ctx, tx, day)
	if err != nil {
		return ledger.Moved{}, err
	}
	for _, r := range registers {
		if err := r.reassign(ctx, tx, index, changed); err != nil {
			return ledger.Moved{}, fmt.Errorf("re-assign %s: %w", r.table, err)
		}
	}
	return ledger.Reassign(ctx, tx, day, index, changed)
}

func (r register) reassign(ctx context.Context, tx pgx.Tx, index *locate.Index, changed geo.Bound) error {
	rows, _ := tx.Query(ctx, `
		SELECT t.`+r.key+`, `+r.place+`, coalesce(t.unit_id, 0), coalesce(`+r.beyond+`, 0)
		FROM `+r.from+` WHERE `+r.place+` && $1`, orb.Bound{Min: changed.Min.Degrees(), Max: changed.Max.Degrees()})
	var id, was, beyond int64
	var at geo.Point
	var ids, units []int64
	_, err := pgx.ForEachRow(rows, []any{&id, &at, &was, &beyond}, func() error {
		unit := beyond
		if n, ok := index.Find(at); ok {
			unit = index.Unit(n).ID
		}
		if unit != was {
			ids, units = append(ids, id), append(units, unit)
		}
		return nil
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE `+r.table+` t SET unit_id = nullif(v.unit, 0) FROM unnest($1::bigint[], $2::bigint[]) v (id, unit) WHERE t.`+r.key+` = v.id`, ids, units)
	return err
}
