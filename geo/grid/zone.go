package grid

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Zone is an overlay area with a purpose of its own (a shop block, an enterprise
// zone, a street; a compound or natural village, which local rules may want whole).
// Zones may overlap each other and any unit; they are no level.
type Zone struct {
	Code      string           `json:"code" minLength:"1" maxLength:"64"`
	Kind      string           `json:"kind" enum:"shop-block,enterprise,street,compound,natural-village,other"`
	Name      string           `json:"name" maxLength:"200"`
	ValidFrom Day              `json:"valid_from"`
	ValidTo   *Day             `json:"valid_to"`
	Area      geo.MultiPolygon `json:"-"`
}

// Faults of zones.
var (
	ErrZoneExists = fault.New(fault.Conflict, "zone_exists", "A zone with this code exists already.")
	ErrZoneDates  = fault.New(fault.Invalid, "zone_dates", "A zone ends after the day it begins.")
)

var zoneFaults = pg.Faults{"zone_code_key": ErrZoneExists, "zone_validity_is_in_order": ErrZoneDates}

// Zones returns the zones in force on day, by code.
func Zones(ctx context.Context, db pg.DB, actor staff.Actor, day Day) ([]Zone, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT code, kind, name, valid_from, valid_to, geom
		FROM zone
		WHERE valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1) AND in_area(area_id, $2, $3)
		ORDER BY code`, day, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Zone])
	if err != nil {
		return nil, fmt.Errorf("zones: %w", err)
	}
	return list, nil
}

// AddZones stores zones, all or none. Each belongs where its middle lies, which
// must be in the actor's area for plans.
func AddZones(ctx context.Context, db pg.DB, actor staff.Actor, zones []Zone) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		for _, z := range zones {
			var unit int64
			if err := tx.QueryRow(ctx, `SELECT coalesce(unit_at(ST_PointOnSurface($1::geometry), $2), 0)`, z.Area, Today()).Scan(&unit); err != nil {
				return fmt.Errorf("place of zone %s: %w", z.Code, err)
			}
			if err := staff.Within(ctx, tx, actor, staff.Plan, unit); err != nil {
				return fmt.Errorf("add zone %s: %w", z.Code, err)
			}
			_, err := tx.Exec(ctx, `
				INSERT INTO zone (code, kind, name, valid_from, valid_to, geom, area_id)
				VALUES ($1, $2, $3, $4, $5, $6, $7)`, z.Code, z.Kind, z.Name, z.ValidFrom, z.ValidTo, z.Area, actor.Area(staff.Plan).Home())
			if err != nil {
				return fmt.Errorf("add zone %s: %w", z.Code, zoneFaults.Of(err))
			}
		}
		if _, err := tx.Exec(ctx, `SELECT raise_layer('zone', NULL)`); err != nil {
			return fmt.Errorf("add zones: %w", err)
		}
		return audit.Write(ctx, tx, actor, "add", "zone", "", map[string]any{"zones": len(zones)})
	})
}
