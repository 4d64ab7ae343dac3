// Package presets serves the hierarchies.
package presets

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/api/route"
	"wangge/geo/grid"
)

// Mount adds /presets.
func Mount(a route.API, pool *pgxpool.Pool) {
	h := handler{pool}
	route.Get(a, "/presets", route.Op{ID: "list-presets", Summary: "Hierarchies", Tag: "levels"}, h.list)
	route.Post(a, "/presets", route.Op{ID: "add-preset", Summary: "Add a hierarchy of your own", Tag: "levels", Status: 201}, h.add)
}

type handler struct{ pool *pgxpool.Pool }

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[grid.Preset]], error) {
	list, err := grid.Presets(ctx, h.pool, route.Actor(ctx))
	return route.OK(route.List[grid.Preset]{Items: list}, err)
}

func (h handler) add(ctx context.Context, in *route.Body[grid.Preset]) (*route.Body[grid.Preset], error) {
	if err := grid.AddPreset(ctx, h.pool, route.Actor(ctx), in.Body); err != nil {
		return nil, err
	}
	p, err := grid.PresetByCode(ctx, h.pool, route.Actor(ctx), in.Body.Code)
	return route.OK(p, err)
}
