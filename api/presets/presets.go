// Package presets serves the hierarchies.
package presets

import (
	"context"

	"wangge/api/route"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /presets.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	route.Get(a, "/presets", route.Op{ID: "list-presets", May: staff.Map, Summary: "Hierarchies", Tag: "levels"}, h.list)
	route.Post(a, "/presets", route.Op{ID: "add-preset", May: staff.Plan, Summary: "Add a hierarchy of your own", Tag: "levels", Status: 201}, h.add)
}

type handler struct{ db pg.DB }

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[grid.Preset]], error) {
	list, err := grid.Presets(ctx, h.db, route.Actor(ctx))
	return route.OK(route.List[grid.Preset]{Items: list}, err)
}

func (h handler) add(ctx context.Context, in *route.Body[grid.Preset]) (*route.Body[grid.Preset], error) {
	if err := grid.AddPreset(ctx, h.db, route.Actor(ctx), in.Body); err != nil {
		return nil, err
	}
	p, err := grid.PresetByCode(ctx, h.db, route.Actor(ctx), in.Body.Code)
	return route.OK(p, err)
}
