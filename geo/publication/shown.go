package publication

import (
	"context"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Live counts what is in a unit and all units below it at this moment.
type Live func(unit int64) (households, incidents int)

// Shown are the counts of units that the actor may see: the live ones where single
// places may be seen, elsewhere the published ones, of which nil is hidden.
func Shown(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, units []int64, live Live) (map[int64]Numbers, error) {
	precise, err := Precise(ctx, db, actor, units)
	if err != nil {
		return nil, err
	}
	shown := map[int64]Numbers{}
	if len(precise) < len(units) {
		if shown, err = Of(ctx, db, actor, day, units); err != nil {
			return nil, err
		}
	}
	for id := range precise {
		households, incidents := live(id)
		shown[id] = Numbers{Households: &households, Incidents: &incidents}
	}
	return shown, nil
}
