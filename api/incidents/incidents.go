// Package incidents serves the incident ledger and its categories.
package incidents

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo/audit"
	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Incident is a reported matter with its place.
type Incident struct {
	incident.Incident
	Point *orb.Point `json:"point" doc:"[lon, lat]; null without a place"`
	Cell  string     `json:"cell" doc:"H3, resolution 11"`
}

// Mount adds /incidents and /incident-categories.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "incidents"} }
	report := op("report-incident", "Report an incident; the same id again is the same incident").For(staff.Record)
	report.Status = 201
	route.Get(a, "/incidents", op("list-incidents", "Incidents, newest first").For(staff.Place), h.list)
	route.Post(a, "/incidents", report, h.report)
	route.Get(a, "/incidents/{id}", op("get-incident", "One incident").For(staff.Place), h.get)
	route.Get(a, "/incident-categories", op("list-incident-categories", "Classes of incidents").For(staff.Map), h.categories)
}

type handler struct{ db pg.DB }

func shown(i incident.Incident, err error) (Incident, error) {
	out := Incident{Incident: i}
	if i.Point != nil {
		at := i.Point.Degrees()
		out.Point = &at
	}
	if i.Cell != nil {
		out.Cell = i.Cell.String()
	}
	return out, err
}

type listInput struct {
	route.Paging
	Unit     string    `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	State    string    `query:"state" enum:"reported,accepted,dispatched,handled,closed,held"`
	Open     bool      `query:"open" doc:"all that are not closed"`
	Category string    `query:"category" maxLength:"100" doc:"a large class stands for its small ones too"`
	From     time.Time `query:"from" doc:"reported not before"`
	To       time.Time `query:"to" doc:"reported before"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[Incident]], error) {
	f := incident.Filter{Unit: in.Unit, State: incident.State(in.State), Open: in.Open, Category: in.Category, From: in.From, To: in.To, Limit: in.Limit + 1}
	var err error
	if f.AfterTime, f.AfterID, err = readCursor(in.Cursor); err != nil {
		return nil, err
	}
	actor := route.Actor(ctx)
	list, err := incident.List(ctx, h.db, actor, f)
	if err != nil {
		return nil, err
	}
	total, err := incident.Count(ctx, h.db, actor, f)
	if err != nil {
		return nil, err
	}
	if err := audit.Write(ctx, h.db, actor, "list", "incident", "", map[string]any{"unit": in.Unit, "shown": min(len(list), in.Limit)}); err != nil {
		return nil, err
	}
	out := make([]Incident, len(list))
	for i := range list {
		out[i], _ = shown(list[i], nil)
	}
	page := route.Page(out, in.Limit, func(i Incident) string {
		return i.ReportedAt.UTC().Format(time.RFC3339Nano) + "_" + i.ID.String()
	})
	page.Total = &total
	return route.OK(page, nil)
}

func readCursor(cursor string) (at time.Time, id uuid.UUID, err error) {
	if cursor == "" {
		return at, id, nil
	}
	before, after, ok := strings.Cut(cursor, "_")
	if at, err = time.Parse(time.RFC3339Nano, before); err != nil || !ok {
		return at, id, route.ErrCursor
	}
	if id, err = uuid.Parse(after); err != nil {
		return at, id, route.ErrCursor
	}
	return at, id, nil
}

type id struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

func (h handler) get(ctx context.Context, in *id) (*route.Body[Incident], error) {
	one, err := incident.Get(ctx, h.db, route.Actor(ctx), in.ID)
	if err == nil { // a precise place: each look is recorded
		err = audit.Write(ctx, h.db, route.Actor(ctx), "look", "incident", in.ID.String(), nil)
	}
	return route.OK(shown(one, err))
}

// NewIncident is an incident to be reported.
type NewIncident struct {
	ID         uuid.UUID `json:"id" format:"uuid" doc:"chosen by the client, so that a repeated request is the same incident"`
	Category   string    `json:"category" maxLength:"100"`
	Address    string    `json:"address,omitempty" maxLength:"200"`
	ReportedAt time.Time `json:"reported_at"`
	Point      orb.Point `json:"point" doc:"[lon, lat]"`
}

func (h handler) report(ctx context.Context, in *route.Body[NewIncident]) (*route.Body[Incident], error) {
	n := in.Body
	at, err := route.Place(n.Point)
	if err != nil {
		return nil, err
	}
	got, _, err := incident.Create(ctx, h.db, route.Actor(ctx), incident.New{
		ID: n.ID, Category: n.Category, Address: n.Address, ReportedAt: n.ReportedAt, Point: at,
	}, time.Now())
	return route.OK(shown(got, err))
}

func (h handler) categories(ctx context.Context, _ *struct{}) (*route.Body[route.List[incident.Category]], error) {
	list, err := incident.Categories(ctx, h.db, route.Actor(ctx))
	return route.OK(route.List[incident.Category]{Items: list}, err)
}
