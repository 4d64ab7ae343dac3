// Package settings serves what an operator decides for the installation.
package settings

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/api/route"
	"wangge/geo/setting"
)

// Mount adds /settings.
func Mount(a route.API, pool *pgxpool.Pool) {
	route.Get(a, "/settings", route.Op{ID: "get-settings", Summary: "Attribution and map review number", Tag: "operation"},
		func(ctx context.Context, _ *struct{}) (*route.Body[setting.Settings], error) {
			return route.OK(setting.Get(ctx, pool, route.Actor(ctx)))
		})
	route.Put(a, "/settings", route.Op{ID: "put-settings", Summary: "Change attribution and map review number", Tag: "operation"},
		func(ctx context.Context, in *route.Body[setting.Settings]) (*route.Body[setting.Settings], error) {
			if err := setting.Put(ctx, pool, route.Actor(ctx), in.Body); err != nil {
				return nil, err
			}
			return route.OK(setting.Get(ctx, pool, route.Actor(ctx)))
		})
	route.Delete(a, "/demo", route.Op{ID: "clear-demo", Summary: "Remove the demo town, to begin with real files", Tag: "operation"},
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			if err := setting.ClearDemo(ctx, pool, route.Actor(ctx)); err != nil {
				return nil, err
			}
			return nil, setting.KeepEmpty(ctx, pool)
		})
}
