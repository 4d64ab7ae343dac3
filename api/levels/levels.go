// Package levels serves the rungs of responsibility.
package levels

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/api/route"
	"wangge/geo/grid"
)

// Mount adds /levels.
func Mount(a route.API, pool *pgxpool.Pool) {
	h := handler{pool}
	route.Get(a, "/levels", route.Op{ID: "list-levels", Summary: "Levels from top to bottom", Tag: "levels"}, h.list)
	route.Post(a, "/levels", route.Op{ID: "add-level", Summary: "Add a level of your own", Tag: "levels", Status: 201}, h.add)
}

type handler struct{ pool *pgxpool.Pool }

func (h handler) list(ctx context.Context, in *route.AsOf) (*route.Body[route.List[grid.Level]], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	list, err := grid.Levels(ctx, h.pool, route.Actor(ctx), day)
	return route.OK(route.List[grid.Level]{Items: list}, err)
}

func (h handler) add(ctx context.Context, in *route.Body[grid.Level]) (*route.Body[grid.Level], error) {
	err := grid.AddLevel(ctx, h.pool, route.Actor(ctx), in.Body)
	return route.OK(in.Body, err)
}
