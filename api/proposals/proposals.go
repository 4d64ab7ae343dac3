// Package proposals serves divisions that the program works out: a job cuts the land of
// a unit into blocks and puts them together; a person adopts one as a draft.
package proposals

import (
	"context"
	"strconv"

	"wangge/api/route"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/proposal"
	"wangge/geo/staff"
)

// Mount adds /proposals. db is what its reader may see; a draft is checked against its
// neighbours (engine).
func Mount(a route.API, db, engine pg.DB, queue *job.Queue) {
	h := handler{db, engine, queue}
	op := func(id, summary, more string) route.Op {
		return route.Op{ID: id, Summary: summary, Description: more, Tag: "proposals"}.For(staff.Plan)
	}
	ask := op("propose", "Have a division of a unit proposed", "Units are made of street blocks, compounds and villages, hang together and keep within the bounds of households; rebalance moves as few households as it can. A job works it out, the same for the same seed; where no division keeps the rules the answer proves it, or says that none was found and where the best breaks them. Asks for the permission to see single places in the unit.")
	ask.Status = 202
	remove := op("remove-proposal", "Remove a proposal", "Drafts made of it stay.")
	remove.Status = 204
	route.Get(a, "/proposals", op("list-proposals", "Proposals, newest first", ""), h.list)
	route.Post(a, "/proposals", ask, h.ask)
	route.Get(a, "/proposals/{id}", op("get-proposal", "One proposal with the scores of its alternatives", ""), h.get)
	route.Get(a, "/proposals/{id}/alternatives/{alternative}", op("proposal-parts", "The units of an alternative as GeoJSON", "Alternatives are counted from 1, the best first."), h.parts)
	route.Post(a, "/proposals/{id}/alternatives/{alternative}/draft", op("adopt-proposal", "Make a draft of an alternative", "A draft like any other; nothing in force changes."), h.adopt)
	route.Delete(a, "/proposals/{id}", remove, h.remove)
}

type handler struct {
	db, engine pg.DB
	queue      *job.Queue
}

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

// Alternative names one of a proposal.
type Alternative struct {
	Path
	Alternative int `path:"alternative" minimum:"1" maximum:"10"`
}

type listInput struct {
	route.Paging
	Unit string `query:"unit" maxLength:"64" doc:"code of the unit; any when absent"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[proposal.Proposal]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := proposal.List(ctx, h.db, route.Actor(ctx), in.Unit, before, in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(p proposal.Proposal) string { return strconv.FormatInt(p.ID, 10) }), err)
}

type askInput struct{ Body proposal.Params }

func (h handler) ask(ctx context.Context, in *askInput) (*route.Body[proposal.Proposal], error) {
	return route.OK(proposal.Ask(ctx, h.db, h.queue, route.Actor(ctx), in.Body))
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[proposal.Proposal], error) {
	return route.OK(proposal.Get(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) parts(ctx context.Context, in *Alternative) (*route.GeoJSON[proposal.Part], error) {
	list, err := proposal.Parts(ctx, h.db, route.Actor(ctx), in.ID, in.Alternative)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[proposal.Part](len(list))
	for _, p := range list {
		out.Add(strconv.Itoa(p.Ordinal), p.Area.Orb(), p)
	}
	return out, nil
}

type adoptInput struct {
	Alternative
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"200" doc:"of the draft"`
	}
}

func (h handler) adopt(ctx context.Context, in *adoptInput) (*route.Body[plan.Plan], error) {
	if _, err := proposal.Get(ctx, h.db, route.Actor(ctx), in.ID); err != nil {
		return nil, err
	}
	return route.OK(proposal.Adopt(ctx, h.engine, route.Actor(ctx), in.ID, in.Alternative.Alternative, in.Body.Name))
}

func (h handler) remove(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, proposal.Remove(ctx, h.db, route.Actor(ctx), in.ID)
}
