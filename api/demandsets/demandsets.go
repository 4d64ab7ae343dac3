// Package demandsets serves the demand sets: imported counts of people. They come
// in through /imports as files of the kind demand.
package demandsets

import (
	"context"

	"wangge/api/route"
	"wangge/geo/demand"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /demand-sets.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "service circles"} }
	remove := op("remove-demand-set", "Remove one version of a demand set; runs that counted it keep their results").For(staff.Import)
	remove.Status = 204
	route.Get(a, "/demand-sets", op("list-demand-sets", "Demand sets by name, the newest version first").For(staff.Count), h.list)
	route.Get(a, "/demand-sets/{id}", op("get-demand-set", "One version of a demand set").For(staff.Count), h.get)
	route.Delete(a, "/demand-sets/{id}", remove, h.remove)
}

type handler struct{ db pg.DB }

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[demand.Set]], error) {
	list, err := demand.List(ctx, h.db, route.Actor(ctx))
	return route.OK(route.List[demand.Set]{Items: list}, err)
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[demand.Set], error) {
	return route.OK(demand.Get(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) remove(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, demand.Remove(ctx, h.db, route.Actor(ctx), in.ID)
}
