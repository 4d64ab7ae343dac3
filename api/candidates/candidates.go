// Package candidates serves the sites where a service point could stand. Lists of
// them come in through /imports as files of the kind candidates.
package candidates

import (
	"context"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo/candidate"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /candidates.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "service circles"} }
	add := op("add-candidate", "Add a site where a service point could stand").For(staff.Plan)
	add.Status = 201
	route.Get(a, "/candidates", op("list-candidates", "Sites where a service point could stand").For(staff.Count), h.list)
	route.Post(a, "/candidates", add, h.add)
	route.Get(a, "/candidates/{id}", op("get-candidate", "One candidate").For(staff.Count), h.get)
	route.Put(a, "/candidates/{id}", op("edit-candidate", "Change what is said of a candidate; a closed one opens again").For(staff.Plan), h.edit)
	route.Post(a, "/candidates/{id}/close", op("close-candidate", "A candidate cannot be had from a day on").For(staff.Plan), h.close)
}

type handler struct{ db pg.DB }

type listInput struct {
	route.Paging
	Unit   string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	Kind   string `query:"kind" enum:"idle-house,vacant-premises,place,existing,other"`
	Text   string `query:"q" maxLength:"100" doc:"part of the name"`
	Closed bool   `query:"closed" doc:"closed ones too"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[candidate.Candidate]], error) {
	after, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := candidate.List(ctx, h.db, route.Actor(ctx), candidate.Filter{
		Unit: in.Unit, Kind: candidate.Kind(in.Kind), Text: in.Text, All: in.Closed, After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return route.OK(route.Page(list, in.Limit, func(c candidate.Candidate) string { return strconv.FormatInt(c.ID, 10) }), nil)
}

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[candidate.Candidate], error) {
	return route.OK(candidate.Get(ctx, h.db, route.Actor(ctx), in.ID))
}

// CandidateEdit is what is said of a candidate from now on.
type CandidateEdit struct {
	candidate.Details
	Point orb.Point `json:"point" doc:"[lon, lat]"`
}

func (h handler) add(ctx context.Context, in *route.Body[CandidateEdit]) (*route.Body[candidate.Candidate], error) {
	return route.OK(candidate.Add(ctx, h.db, route.Actor(ctx), in.Body.Details, in.Body.Point))
}

type editInput struct {
	Path
	Body CandidateEdit
}

func (h handler) edit(ctx context.Context, in *editInput) (*route.Body[candidate.Candidate], error) {
	return route.OK(candidate.Edit(ctx, h.db, route.Actor(ctx), in.ID, in.Body.Details, in.Body.Point))
}

// Closing says from when on.
type Closing struct {
	From string `json:"from,omitempty" format:"date" doc:"today in China when absent"`
}

type closeInput struct {
	Path
	Body Closing
}

func (h handler) close(ctx context.Context, in *closeInput) (*route.Body[candidate.Candidate], error) {
	from, err := route.AsOf{At: in.Body.From}.Day()
	if err != nil {
		return nil, err
	}
	return route.OK(candidate.Close(ctx, h.db, route.Actor(ctx), in.ID, from))
}
