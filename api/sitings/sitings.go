// Package sitings serves searches for the best sites among candidates.
package sitings

import (
	"context"
	"strconv"

	"wangge/api/route"
	"wangge/geo/candidate"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /sitings.
func Mount(a route.API, db pg.DB, queue *job.Queue) {
	h := handler{db, queue}
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "service circles", May: staff.Count}
	}
	search := op("search-sites", "Search the best sites for new service points; its job says how far it is")
	search.Status = 202
	search.Description = "mclp: most households within the standard of some point. lscp: least new points so that everybody is whom any candidate reaches. p-median: least mean walk. p-center: least longest walk. Every answer has a bound that no choice of sites can surpass."
	remove := op("remove-siting", "Remove a search and what it found")
	remove.Status = 204
	route.Post(a, "/sitings", search, h.search)
	route.Get(a, "/sitings", op("list-sitings", "Searches for sites, newest first, without what they found"), h.list)
	route.Get(a, "/sitings/{id}", op("get-siting", "One search with what it found"), h.get)
	route.Delete(a, "/sitings/{id}", remove, h.remove)
}

type handler struct {
	db    pg.DB
	queue *job.Queue
}

func (h handler) search(ctx context.Context, in *route.Body[candidate.Params]) (*route.Body[candidate.Siting], error) {
	return route.OK(candidate.Search(ctx, h.db, h.queue, route.Actor(ctx), in.Body))
}

type listInput struct {
	route.Paging
	Circle int64 `query:"circle" minimum:"0" doc:"searches for this run; 0 = all"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[candidate.Siting]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := candidate.Sitings(ctx, h.db, route.Actor(ctx), in.Circle, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return route.OK(route.Page(list, in.Limit, func(s candidate.Siting) string { return strconv.FormatInt(s.ID, 10) }), nil)
}

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[candidate.Siting], error) {
	return route.OK(candidate.GetSiting(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) remove(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, candidate.RemoveSiting(ctx, h.db, route.Actor(ctx), in.ID)
}
