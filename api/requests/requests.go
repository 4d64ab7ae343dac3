// Package requests serves the desk for residents' rights over their personal
// information: staff record a request, the privacy officer decides it.
package requests

import (
	"context"
	"strconv"
	"time"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/household"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Mount adds /requests. The engine reads from the audit who has looked at a
// contact, for the copy that its household gets.
func Mount(a route.API, db, engine pg.DB, ring *vault.Ring) {
	h := handler{db, engine, ring}
	self := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "privacy", Self: true}
	}
	record := self("record-request", "Record a request for a resident")
	record.Status = 201
	record.Description = "Needs the permission record or privacy. Show the notice request first."
	look := self("look-at-applicant", "Open who asks, to answer them; the look is recorded")
	route.Get(a, "/requests", self("list-requests", "Requests I decide on or recorded, newest first; the overdue by their date"), h.list)
	route.Post(a, "/requests", record, h.record)
	route.Get(a, "/requests/{id}", self("get-request", "One request, without who asks"), h.get)
	route.Post(a, "/requests/{id}/actions", route.Op{ID: "act-on-request", Summary: "Take up, grant, refuse or finish a request", Tag: "privacy", May: staff.Privacy,
		Description: "Granting delete destroys the household's contact; granting refuse-visits marks the household."}, h.act)
	route.Post(a, "/requests/{id}/contact/looks", look, h.look)
	route.Post(a, "/requests/{id}/copy", route.Op{ID: "take-copy", Summary: "Take the copy that was granted, once", Tag: "privacy", May: staff.Contact,
		Description: "For the worker linked to the household, who hands it to its people."}, h.copy)
}

type handler struct {
	db, engine pg.DB
	ring       *vault.Ring
}

type listInput struct {
	route.Paging
	State   string `query:"state" enum:"received,in_review,granted,refused,done"`
	Open    bool   `query:"open" doc:"those without an answer"`
	Overdue bool   `query:"overdue" doc:"those due before today, the longest first; on one page"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[privacy.Request]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := privacy.Requests(ctx, h.db, route.Actor(ctx), privacy.RequestFilter{
		State: privacy.State(in.State), Open: in.Open, Overdue: in.Overdue, Before: before, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return route.OK(route.Page(list, in.Limit, func(r privacy.Request) string { return strconv.FormatInt(r.ID, 10) }), nil)
}

type recordInput struct{ Body privacy.NewRequest }

func (h handler) record(ctx context.Context, in *recordInput) (*route.Body[privacy.Request], error) {
	return route.OK(privacy.Record(ctx, h.db, h.ring, route.Actor(ctx), in.Body, geo.DayOf(time.Now())))
}

// Path names a request. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[privacy.Request], error) {
	return route.OK(privacy.GetRequest(ctx, h.db, route.Actor(ctx), in.ID))
}

type actInput struct {
	Path
	Body privacy.Decision
}

func (h handler) act(ctx context.Context, in *actInput) (*route.Body[privacy.Request], error) {
	return route.OK(privacy.Act(ctx, h.db, h.ring, route.Actor(ctx), in.ID, in.Body))
}

func (h handler) look(ctx context.Context, in *Path) (*route.Body[privacy.Applicant], error) {
	return route.OK(privacy.LookAtApplicant(ctx, h.db, h.ring, route.Actor(ctx), in.ID))
}

// CopyFile is the file of a household as an attachment.
type CopyFile struct {
	Disposition string `header:"Content-Disposition"`
	Body        household.File
}

func (h handler) copy(ctx context.Context, in *Path) (*CopyFile, error) {
	file, err := household.CopyFile(ctx, h.db, h.engine, h.ring, route.Actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &CopyFile{route.Attachment("request-" + strconv.FormatInt(in.ID, 10) + ".json"), file}, nil
}
