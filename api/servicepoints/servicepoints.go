// Package servicepoints serves service points as they stand on a date, and the
// lists of tiers and functions.
package servicepoints

import (
	"context"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo/pg"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
)

// ServicePoint is a service point with its place.
type ServicePoint struct {
	servicepoint.Point
	At   orb.Point `json:"point" doc:"[lon, lat]"`
	Cell string    `json:"cell" doc:"H3, resolution 11"`
}

// Mount adds /service-points, /service-tiers and /service-functions.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "service points"} }
	add := op("add-service-point", "Add a service point").For(staff.Plan)
	add.Status = 201
	route.Get(a, "/service-points", op("list-service-points", "Service points as they stand on a date").For(staff.Map), h.list)
	route.Post(a, "/service-points", add, h.add)
	route.Get(a, "/service-points/{id}", op("get-service-point", "One service point").For(staff.Map), h.get)
	route.Put(a, "/service-points/{id}", op("edit-service-point", "Change what is said of a service point").For(staff.Plan), h.edit)
	route.Post(a, "/service-points/{id}/states", op("set-service-point-state", "The next step of a point's life, from a day on").For(staff.Plan), h.setState)
	route.Get(a, "/service-tiers", op("list-service-tiers", "Classes of service points").For(staff.Map), h.tiers)
	route.Get(a, "/service-functions", op("list-service-functions", "What service points offer").For(staff.Map), h.functions)
}

type handler struct{ db pg.DB }

func shown(p servicepoint.Point, err error) (ServicePoint, error) {
	return ServicePoint{Point: p, At: p.Place.Degrees(), Cell: p.Cell.String()}, err
}

type listInput struct {
	route.AsOf
	route.Paging
	Unit     string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	Function string `query:"function" maxLength:"40"`
	Tier     string `query:"tier" maxLength:"40"`
	State    string `query:"state" enum:"proposed,pilot,active,paused,closed"`
	Text     string `query:"q" maxLength:"100" doc:"part of the name or address"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[ServicePoint]], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	after, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	f := servicepoint.Filter{Unit: in.Unit, Function: in.Function, Tier: in.Tier, State: servicepoint.State(in.State), Text: in.Text, After: after, Limit: in.Limit + 1}
	actor := route.Actor(ctx)
	list, err := servicepoint.List(ctx, h.db, actor, day, f)
	if err != nil {
		return nil, err
	}
	total, err := servicepoint.Count(ctx, h.db, actor, day, f)
	if err != nil {
		return nil, err
	}
	out := make([]ServicePoint, len(list))
	for i := range list {
		out[i], _ = shown(list[i], nil)
	}
	page := route.Page(out, in.Limit, func(p ServicePoint) string { return strconv.FormatInt(p.ID, 10) })
	page.Total = &total
	return route.OK(page, nil)
}

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

type getInput struct {
	Path
	route.AsOf
}

func (h handler) get(ctx context.Context, in *getInput) (*route.Body[ServicePoint], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	return route.OK(shown(servicepoint.Get(ctx, h.db, route.Actor(ctx), day, in.ID)))
}

// NewServicePoint is a service point to be added.
type NewServicePoint struct {
	servicepoint.Details
	Point orb.Point          `json:"point" doc:"[lon, lat]"`
	State servicepoint.State `json:"state" enum:"proposed,pilot,active" doc:"its first state"`
	From  string             `json:"from,omitempty" format:"date" doc:"first day of the state; today in China when absent"`
}

func (h handler) add(ctx context.Context, in *route.Body[NewServicePoint]) (*route.Body[ServicePoint], error) {
	from, err := route.AsOf{At: in.Body.From}.Day()
	if err != nil {
		return nil, err
	}
	at, err := route.Place(in.Body.Point)
	if err != nil {
		return nil, err
	}
	return route.OK(shown(servicepoint.Add(ctx, h.db, route.Actor(ctx), in.Body.Details, at, in.Body.State, from)))
}

// ServicePointEdit is what is said of a service point from now on.
type ServicePointEdit struct {
	servicepoint.Details
	Point orb.Point `json:"point" doc:"[lon, lat]"`
}

type editInput struct {
	Path
	Body ServicePointEdit
}

func (h handler) edit(ctx context.Context, in *editInput) (*route.Body[ServicePoint], error) {
	day, err := route.AsOf{}.Day()
	if err != nil {
		return nil, err
	}
	at, err := route.Place(in.Body.Point)
	if err != nil {
		return nil, err
	}
	return route.OK(shown(servicepoint.Edit(ctx, h.db, route.Actor(ctx), day, in.ID, in.Body.Details, at)))
}

// NextState is the next step of a point's life.
type NextState struct {
	State servicepoint.State `json:"state" enum:"pilot,active,paused,closed"`
	From  string             `json:"from,omitempty" format:"date" doc:"today in China when absent"`
}

type stateInput struct {
	Path
	Body NextState
}

func (h handler) setState(ctx context.Context, in *stateInput) (*route.Body[ServicePoint], error) {
	from, err := route.AsOf{At: in.Body.From}.Day()
	if err != nil {
		return nil, err
	}
	return route.OK(shown(servicepoint.SetState(ctx, h.db, route.Actor(ctx), in.ID, in.Body.State, from)))
}

func (h handler) tiers(ctx context.Context, _ *struct{}) (*route.Body[route.List[servicepoint.Word]], error) {
	list, err := servicepoint.Tiers(ctx, h.db, route.Actor(ctx))
	return route.OK(route.List[servicepoint.Word]{Items: list}, err)
}

func (h handler) functions(ctx context.Context, _ *struct{}) (*route.Body[route.List[servicepoint.Word]], error) {
	list, err := servicepoint.Functions(ctx, h.db, route.Actor(ctx))
	return route.OK(route.List[servicepoint.Word]{Items: list}, err)
}
