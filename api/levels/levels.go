// Package levels serves the rungs of responsibility.
package levels

import (
	"context"

	"wangge/api/route"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /levels.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	route.Get(a, "/levels", route.Op{ID: "list-levels", May: staff.Map, Summary: "Levels from top to bottom", Tag: "levels"}, h.list)
	route.Post(a, "/levels", route.Op{ID: "add-level", May: staff.Plan, Summary: "Add a level of your own", Tag: "levels", Status: 201}, h.add)
}

type handler struct{ db pg.DB }

func (h handler) list(ctx context.Context, in *route.AsOf) (*route.Body[route.List[grid.Level]], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	list, err := grid.Levels(ctx, h.db, route.Actor(ctx), day)
	return route.OK(route.List[grid.Level]{Items: list}, err)
}

func (h handler) add(ctx context.Context, in *route.Body[grid.Level]) (*route.Body[grid.Level], error) {
	err := grid.AddLevel(ctx, h.db, route.Actor(ctx), in.Body)
	return route.OK(in.Body, err)
}
