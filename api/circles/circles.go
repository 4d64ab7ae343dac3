// Package circles serves the service circle: runs, what they say of units, cells,
// points and households, and their files.
package circles

import (
	"context"
	"strconv"

	"wangge/api/route"
	"wangge/geo/atlas"
	"wangge/geo/circle"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /circles. font is that of map sheets.
func Mount(a route.API, db pg.Pool, queue *job.Queue, font func() (*atlas.Font, error)) {
	h := handler{a, db, queue, font}
	op := func(id, summary string, p staff.Permission) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "circles", May: p}
	}
	create := op("run-circle", "Compute a service circle; its job says how far it is", staff.Count)
	create.Status = 202
	remove := op("delete-circle", "Remove a service circle run and its results", staff.Count)
	remove.Status = 204
	uncovered := op("list-uncovered", "Households that a column does not cover, by unit and id; each look is recorded", staff.Place)
	uncovered.Description = "reason: beyond (a point, but not within the standard), no_point (nothing counts in the column), no_place (the household is not placed), too_far_from_street, behind_water, no_network, island (no point on its piece of the network), far (no point within an hour)."
	route.Post(a, "/circles", create, h.create)
	route.Get(a, "/circles", op("list-circles", "Service circle runs, newest first", staff.Count), h.list)
	route.Get(a, "/circles/{id}", op("get-circle", "One run with the totals of its unit", staff.Count), h.get)
	route.Delete(a, "/circles/{id}", remove, h.remove)
	route.Get(a, "/circles/{id}/units", op("list-circle-units", "What a run says of units", staff.Count), h.units)
	route.Get(a, "/circles/{id}/cells", op("list-circle-cells", "What a run says of H3 cells", staff.Count), h.cells)
	route.Get(a, "/circles/{id}/points", op("list-circle-points", "What a run says of service points", staff.Count), h.points)
	route.Get(a, "/circles/{id}/curve", op("get-circle-curve", "Share reached within each minute from 0 to 60", staff.Count), h.curve)
	route.Get(a, "/circles/{id}/uncovered", uncovered, h.uncovered)
	route.Get(a, "/circles/{id}/households/{household}", op("get-circle-household", "How far one household is from the points of every column; each look is recorded", staff.Place), h.household)
	route.Get(a, "/circles/{id}/change", op("get-circle-change", "Two runs side by side, by unit", staff.Count), h.change)
	route.Get(a, "/circles/{id}/export", op("export-circle", "Results of a run as a file", staff.Export), h.export)
}

type handler struct {
	api   route.API
	db    pg.Pool
	queue *job.Queue
	font  func() (*atlas.Font, error)
}

func (h handler) create(ctx context.Context, in *route.Body[circle.Params]) (*route.Body[circle.Run], error) {
	return route.OK(circle.Create(ctx, h.db, h.queue, route.Actor(ctx), in.Body))
}

type listInput struct {
	route.Paging
	Unit string `query:"unit" maxLength:"64" doc:"code: runs of this unit"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[circle.Run]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := circle.List(ctx, h.db, route.Actor(ctx), in.Unit, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return route.OK(route.Page(list, in.Limit, func(r circle.Run) string { return strconv.FormatInt(r.ID, 10) }), nil)
}

// RunID, AnyColumn and OneColumn are exported because inputs embed them, and the router
// reads the fields of exported types alone.
type RunID struct {
	ID int64 `path:"id"`
}

func (h handler) get(ctx context.Context, in *RunID) (*route.Body[circle.Run], error) {
	return route.OK(circle.Get(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) remove(ctx context.Context, in *RunID) (*struct{}, error) {
	return nil, circle.Delete(ctx, h.db, route.Actor(ctx), in.ID)
}

type AnyColumn struct {
	RunID
	Column int `query:"column" minimum:"-1" maximum:"199" default:"-1" doc:"from 0, as in the parameters; -1 = every one"`
}

type unitsInput struct {
	AnyColumn
	Level string `query:"level" maxLength:"40" doc:"all when absent"`
}

func (h handler) units(ctx context.Context, in *unitsInput) (*route.Body[route.List[circle.UnitRow]], error) {
	list, err := circle.Units(ctx, h.db, route.Actor(ctx), in.ID, in.Column, in.Level)
	return all(list, err)
}

// all is a list that has no pages.
func all[T any](list []T, err error) (*route.Body[route.List[T]], error) {
	return route.OK(route.Page(list, len(list), nil), err)
}

type OneColumn struct {
	RunID
	Column int `query:"column" minimum:"0" maximum:"199" default:"0" doc:"from 0, as in the parameters"`
}

type cellsInput struct {
	OneColumn
	Resolution int `query:"resolution" minimum:"7" maximum:"10" default:"9" doc:"of H3"`
}

func (h handler) cells(ctx context.Context, in *cellsInput) (*route.Body[route.List[circle.CellRow]], error) {
	return all(circle.Cells(ctx, h.db, route.Actor(ctx), in.ID, in.Column, in.Resolution))
}

func (h handler) points(ctx context.Context, in *AnyColumn) (*route.Body[route.List[circle.PointRow]], error) {
	return all(circle.Points(ctx, h.db, route.Actor(ctx), in.ID, in.Column))
}

// Curve is the share reached within each minute.
type Curve struct {
	Column  int             `json:"column"`
	Rounded bool            `json:"rounded" doc:"in steps of 5 %"`
	Minutes []circle.Minute `json:"minutes"`
}

func (h handler) curve(ctx context.Context, in *OneColumn) (*route.Body[Curve], error) {
	minutes, rounded, err := circle.Curve(ctx, h.db, route.Actor(ctx), in.ID, in.Column)
	return route.OK(Curve{Column: in.Column, Rounded: rounded, Minutes: minutes}, err)
}

type uncoveredInput struct {
	OneColumn
	route.Paging
	Unit string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
}

func (h handler) uncovered(ctx context.Context, in *uncoveredInput) (*route.Body[route.List[circle.Household]], error) {
	list, err := circle.Uncovered(ctx, h.db, route.Actor(ctx), in.ID, circle.Look{Column: in.Column, Unit: in.Unit, After: in.Cursor, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return route.OK(route.Page(list, in.Limit, circle.Household.Cursor), nil)
}

type householdInput struct {
	RunID
	Household int64 `path:"household"`
}

func (h handler) household(ctx context.Context, in *householdInput) (*route.Body[circle.Answers], error) {
	return route.OK(circle.HouseholdOf(ctx, h.db, route.Actor(ctx), in.ID, in.Household))
}

type changeInput struct {
	AnyColumn
	Before int64  `query:"before" required:"true" doc:"the other run"`
	Level  string `query:"level" maxLength:"40" doc:"all when absent"`
}

func (h handler) change(ctx context.Context, in *changeInput) (*route.Body[route.List[circle.Difference]], error) {
	return all(circle.Compare(ctx, h.db, route.Actor(ctx), in.Before, in.ID, in.Column, in.Level))
}
