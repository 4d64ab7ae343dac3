// Package standards serves the walking standards that have a name.
package standards

import (
	"context"

	"wangge/api/route"
	"wangge/geo/circle"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /standards.
func Mount(a route.API, db pg.DB) {
	route.Get(a, "/standards", route.Op{ID: "list-standards", May: staff.Count, Summary: "Walking standards that have a name: minutes, metres, speed, who walks", Tag: "circles"},
		func(ctx context.Context, _ *struct{}) (*route.Body[route.List[circle.Preset]], error) {
			list, err := circle.Presets(ctx, db, route.Actor(ctx))
			return route.OK(route.List[circle.Preset]{Items: list}, err)
		})
}
