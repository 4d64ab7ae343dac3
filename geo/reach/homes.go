package reach

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/layer"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// homes are the households of the ledger, joined to the network for each profile that
// was asked for. They are joined again when the network, the ledger or the day is
// another one, and kept for everybody: what is counted is chosen for each actor.
type homes struct {
	db pg.DB
	mu sync.Mutex

	by [walk.Wheels + 1]joined
}

// joined are the households of one profile.
type joined struct {
	network, ledger int64
	day             geo.Day
	places          *walk.Places
	units           []int64 // responsible for each
}

// count adds to contours the households within them for which the actor may see
// single places. Households are those of the ledger that are open today and that a
// unit is responsible for.
func (h *homes) count(ctx context.Context, actor staff.Actor, n *walk.Network, version int64, w *walk.Walker, profile walk.Profile, limits []uint32, contours []Contour) error {
	j, err := h.join(ctx, n, version, profile)
	if err != nil {
		return err
	}
	area := actor.Area(staff.Place)
	var seen map[int64]bool
	if !area.All {
		if seen, err = below(ctx, h.db, area); err != nil {
			return err
		}
	}
	w.Reached(j.places, func(i int32, mm uint32) {
		if seen != nil && !seen[j.units[i]] {
			return
		}
		for k := len(limits) - 1; k >= 0 && mm <= limits[k]; k-- {
			contours[k].Households++
		}
	})
	return nil
}

// join returns the households of a profile.
func (h *homes) join(ctx context.Context, n *walk.Network, version int64, profile walk.Profile) (joined, error) {
	versions, err := layer.Versions(ctx, h.db)
	if err != nil {
		return joined{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	kept, now := &h.by[profile], joined{network: version, ledger: versions["household"], day: grid.Today()}
	if kept.places != nil && kept.network == now.network && kept.ledger == now.ledger && kept.day == now.day {
		return *kept, nil
	}
	var at []geo.Point
	if at, now.units, err = read(ctx, h.db, now.day); err != nil {
		return joined{}, err
	}
	if now.places, err = n.SnapAll(ctx, at, profile, walk.MaxWalk, runtime.GOMAXPROCS(0)); err != nil {
		return joined{}, err
	}
	*kept = now
	return now, nil
}

// read returns where the households of a day are, and the unit responsible for each.
func read(ctx context.Context, db pg.DB, day geo.Day) (at []geo.Point, units []int64, err error) {
	rows, _ := db.Query(ctx, `
		SELECT h.point, o.unit_id
		FROM household h JOIN household_unit o ON o.household_id = h.id
		WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1)
		  AND h.point IS NOT NULL AND (h.closed_on IS NULL OR h.closed_on > $1)
		ORDER BY h.id`, day)
	var p geo.Point
	var unit int64
	_, err = pgx.ForEachRow(rows, []any{&p, &unit}, func() error {
		at, units = append(at, p), append(units, unit)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("households on %s: %w", day, err)
	}
	return at, units, nil
}

// below are the units of an area that is not everything.
func below(ctx context.Context, db pg.DB, area staff.Area) (map[int64]bool, error) {
	rows, _ := db.Query(ctx, `SELECT DISTINCT unit_id FROM unit_ancestor WHERE ancestor_id = ANY ($1)`, area.Roots)
	units := map[int64]bool{}
	var id int64
	_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
		units[id] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("units of an area: %w", err)
	}
	return units, nil
}
