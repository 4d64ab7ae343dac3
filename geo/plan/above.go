package plan

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/topology"
)

// A branch may have new units above its own: a committee with too many households is
// split by making another one and moving grids there. Such a unit has a row of role
// Parent that was never in force; its land is that of its units.

// isNew reports whether a row is a unit above that the branch makes.
func (u Unit) isNew() bool { return u.Role == Parent && len(u.Before) == 0 }

// addAbove lets the branch's new units above stand among those in force. Until they
// are published their ids are below 0.
func (d *draft) addAbove() {
	level, rank := "", 0
	for _, b := range d.above {
		level, rank = b.Level, b.Rank
		break
	}
	for _, u := range d.units {
		if _, taken := d.byCode[u.Code]; taken || !u.isNew() || level == "" {
			continue
		}
		b := grid.InForce{ID: -int64(u.Ordinal), ParentID: d.byCode[u.Parent].ID, Code: u.Code, Name: u.Name, Level: level, Rank: rank}
		d.above[u.Code], d.byCode[u.Code], d.byID[b.ID] = b, b, b
	}
}

// newAbove are the new units above with the land of their units, noded.
func (d *draft) newAbove(m *topology.Mosaic) (out []Unit) {
	areas := map[string]geo.MultiPolygon{}
	for _, p := range m.Parents() {
		areas[p.Code] = p.Area
	}
	for _, u := range d.units {
		if u.isNew() && d.above[u.Code].ID < 0 {
			u.Area = areas[u.Code]
			out = append(out, u)
		}
	}
	return out
}

// raise puts the new units above in force.
func (d *draft) raise(ctx context.Context, tx pgx.Tx, list []Unit) (ids []int64, err error) {
	var fresh []version
	for _, u := range list {
		b := d.above[u.Code]
		err := tx.QueryRow(ctx, `INSERT INTO unit (code, preset, level) VALUES ($1, $2, $3) RETURNING id`, u.Code, d.preset, b.Level).Scan(&b.ID)
		if err != nil {
			return nil, fmt.Errorf("new unit %s: %w", u.Code, err)
		}
		d.above[u.Code], d.byCode[u.Code], d.byID[b.ID] = b, b, b
		fresh = append(fresh, version{unit: b.ID, parent: b.ParentID, name: u.Name, area: u.Area})
		ids = append(ids, b.ID)
	}
	return ids, d.begin(ctx, tx, fresh)
}
