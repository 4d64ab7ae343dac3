// Package settings serves what an operator decides for the installation.
package settings

import (
	"context"

	"wangge/api/route"
	"wangge/geo/pg"
	"wangge/geo/setting"
	"wangge/geo/staff"
)

// Mount adds /settings with its tables, and /demo. Clearing the demo town empties whole tables,
// which only the engine may.
func Mount(a route.API, db, engine pg.DB) {
	route.Get(a, "/settings", route.Op{ID: "get-settings", May: staff.Map, Summary: "Attribution and map review number", Tag: "operation"},
		func(ctx context.Context, _ *struct{}) (*route.Body[setting.Settings], error) {
			return route.OK(setting.Get(ctx, db, route.Actor(ctx)))
		})
	route.Put(a, "/settings", route.Op{ID: "put-settings", May: staff.Setting, Summary: "Change attribution and map review number", Tag: "operation"},
		func(ctx context.Context, in *route.Body[setting.Settings]) (*route.Body[setting.Settings], error) {
			if err := setting.Put(ctx, db, route.Actor(ctx), in.Body); err != nil {
				return nil, err
			}
			return route.OK(setting.Get(ctx, db, route.Actor(ctx)))
		})
	mountTables(a, db, engine)
	route.Delete(a, "/demo", route.Op{ID: "clear-demo", May: staff.Setting, Summary: "Remove the demo town, to begin with real files", Tag: "operation"},
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			if err := setting.ClearDemo(ctx, engine, route.Actor(ctx)); err != nil {
				return nil, err
			}
			return nil, setting.KeepEmpty(ctx, engine)
		})
}
