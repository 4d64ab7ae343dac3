// Package plans serves drafts: their units and faults as maps, repairs, publishing.
package plans

import (
	"context"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/job"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

// Mount adds /plans. A draft is found as its reader may see it (db); checking and
// publishing it looks at its neighbours and moves what lies in it (engine).
func Mount(a route.API, db, engine pg.DB, queue *job.Queue, paths *network.Footpaths) {
	h := handler{db, engine, queue, plan.NewWorkshop(engine, paths)}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "plans"} }
	route.Get(a, "/plans", op("list-plans", "Plans, newest first").For(staff.Plan), h.list)
	route.Get(a, "/plans/{id}", op("get-plan", "One plan").For(staff.Plan), h.get)
	route.Get(a, "/plans/{id}/units", op("plan-units", "The units of a draft as GeoJSON").For(staff.Plan), h.units)
	route.Get(a, "/plans/{id}/faults", op("plan-faults", "What is wrong with a draft, with places, as GeoJSON").For(staff.Plan), h.faults)
	route.Post(a, "/plans/{id}/repairs", op("repair-plan", "Mend a fault, or all of a kind").For(staff.Plan), h.repair)
	route.Post(a, "/plans/{id}/publish", op("publish-plan", "Put a draft in force from a day on; a later day is scheduled").For(staff.Plan), h.publish)
	route.Delete(a, "/plans/{id}", op("abandon-plan", "Give a draft up").For(staff.Plan), h.abandon)
	h.mountWorkshop(a)
	h.mountAdoption(a)
}

type handler struct {
	db     pg.DB
	engine pg.DB
	queue  *job.Queue
	shop   *plan.Workshop
}

type listInput struct {
	route.Paging
	State string `query:"state" enum:"draft,adopted,published,abandoned"`
}

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[plan.Plan]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := plan.List(ctx, h.db, route.Actor(ctx), plan.State(in.State), before, in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(p plan.Plan) string { return strconv.FormatInt(p.ID, 10) }), err)
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[plan.Plan], error) {
	return route.OK(plan.Get(ctx, h.db, route.Actor(ctx), in.ID))
}

// unitProperties are what a draft's unit shows on the map.
type unitProperties struct {
	Code   string    `json:"code"`
	Name   string    `json:"name"`
	Parent string    `json:"parent"`
	Role   plan.Role `json:"role" enum:"part,parent,excluded"`
	Place  string    `json:"place"`
}

func (h handler) units(ctx context.Context, in *Path) (*route.GeoJSON[unitProperties], error) {
	if _, err := plan.Get(ctx, h.db, route.Actor(ctx), in.ID); err != nil {
		return nil, err
	}
	list, err := plan.Units(ctx, h.db, route.Actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[unitProperties](len(list))
	for _, u := range list {
		out.Add(u.Code, u.Area.Orb(), unitProperties{u.Code, u.Name, u.Parent, u.Role, u.Place})
	}
	return out, nil
}

func (h handler) faults(ctx context.Context, in *Path) (*route.GeoJSON[plan.Fault], error) {
	if _, err := plan.Get(ctx, h.db, route.Actor(ctx), in.ID); err != nil {
		return nil, err
	}
	list, err := plan.FaultsOf(ctx, h.db, route.Actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[plan.Fault](len(list))
	for _, f := range list {
		out.Add(f.ID, shapeOf(f), f)
	}
	return out, nil
}

// shapeOf is what the map shows of a fault: its area, else its place, else nothing.
func shapeOf(f plan.Fault) orb.Geometry {
	switch {
	case len(f.Shape) > 0:
		return f.Shape.Orb()
	case f.At != nil:
		return f.At.Degrees()
	}
	return nil
}

type repairInput struct {
	Path
	Body plan.Repair
}

func (h handler) repair(ctx context.Context, in *repairInput) (*route.Body[plan.Plan], error) {
	if _, err := plan.Get(ctx, h.db, route.Actor(ctx), in.ID); err != nil {
		return nil, err
	}
	return route.OK(plan.Mend(ctx, h.engine, route.Actor(ctx), in.ID, in.Body, geo.DayOf(time.Now())))
}

type publishInput struct {
	Path
	Body Publication
}

// Publication puts a draft in force.
type Publication struct {
	Revision    int    `json:"revision" doc:"the plan's revision as you saw it"`
	EffectiveOn string `json:"effective_on,omitempty" format:"date" doc:"first day in force; today in China when absent"`
}

func (h handler) publish(ctx context.Context, in *publishInput) (*route.Body[plan.Plan], error) {
	day, err := route.AsOf{At: in.Body.EffectiveOn}.Day()
	if err != nil {
		return nil, err
	}
	if _, err := plan.Get(ctx, h.db, route.Actor(ctx), in.ID); err != nil {
		return nil, err
	}
	if geo.DayOf(time.Now()).Before(day) {
		return route.OK(plan.Adopt(ctx, h.engine, h.queue, route.Actor(ctx), in.ID, in.Body.Revision, day))
	}
	return route.OK(plan.Publish(ctx, h.engine, route.Actor(ctx), in.ID, in.Body.Revision, day, func(string, int64, int64) {}))
}

func (h handler) abandon(ctx context.Context, in *Path) (*route.Body[plan.Plan], error) {
	return route.OK(plan.Abandon(ctx, h.db, route.Actor(ctx), in.ID))
}
