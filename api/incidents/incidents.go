// Package incidents serves the incident ledger: reports, steps, whose an incident is, and
// what deadlines are counted by.
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

// Mount adds /incidents, /incident-categories, /incident-reasons, /incident-limits,
// /holidays and /charges. engine finds whose an incident is, and counts deadlines anew.
func Mount(a route.API, db, engine pg.DB) {
	h := handler{a, db, engine}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "incidents"} }
	report := op("report-incident", "Report an incident; the same id again is the same incident").For(staff.Record)
	report.Status = 201
	route.Get(a, "/incidents", op("list-incidents", "Incidents, newest first or by when they are due").For(staff.Place).Tagged(), h.list)
	route.Post(a, "/incidents", report, h.report)
	file := op("export-incidents", "Incidents as a worksheet, the newest first").For(staff.Place)
	file.Description = "The ledger as an XLSX file: one line for each incident of the list, times as they are in China. For those who may export, or dispatch, where they may see places. " +
		"Of private incidents neither words nor address are in it. At most 200,000 lines. Each export is recorded."
	route.Get(a, "/incidents/export", file, h.export)
	near := op("check-report", "In whose unit a report would fall, another unit within 30 m, and incidents like it nearby").For(staff.Record)
	route.Get(a, "/incidents/near", near, h.near)
	route.Get(a, "/incidents/{id}", op("get-incident", "One incident").For(staff.Place), h.get)
	route.Get(a, "/incidents/{id}/steps", op("incident-steps", "What was done with an incident, and what can be done").For(staff.Place), h.steps)
	route.Post(a, "/incidents/{id}/steps", op("take-incident-step", "Do something with an incident; the same id again is the same step").For(staff.Place), h.do)
	route.Get(a, "/incidents/{id}/choices", op("incident-choices", "Posts that an incident can be dispatched to, and why").For(staff.Dispatch), h.choices)
	route.Get(a, "/incidents/{id}/alike", op("incidents-alike", "Open incidents within 50 m and seven days of one, of its category or large class").For(staff.Place), h.alike)
	route.Get(a, "/incident-tallies", op("tally-incidents", "How many incidents stand in each state, and how many of them are overdue").For(staff.Place), h.tallies)
	route.Get(a, "/incidents/{id}/responsible", op("incident-responsible", "Whose an incident is, and why").For(staff.Place), h.responsible)
	route.Get(a, "/incident-categories", op("list-incident-categories", "Classes of incidents").For(staff.Map).Tagged(), h.categories)
	route.Get(a, "/incident-reasons", op("list-incident-reasons", "Reasons for steps, by code").For(staff.Map).Tagged(), h.reasons)
	route.Get(a, "/incident-limits", op("list-incident-limits", "How long incidents may stand in a state, by category").For(staff.Map), h.limits)
	route.Put(a, "/incident-limits", op("set-incident-limits", "Take these limits in place of all").For(staff.Setting), h.setLimits)
	route.Get(a, "/holidays", op("list-holidays", "Days off and weekends worked, by which deadlines are counted").For(staff.Map), h.holidays)
	route.Put(a, "/holidays", op("set-holidays", "Take these days in place of those of their years").For(staff.Setting), h.setHolidays)
	route.Get(a, "/working-hours", op("get-working-hours", "When people work on a working day").For(staff.Map), h.hours)
	route.Put(a, "/working-hours", op("set-working-hours", "Say when people work on a working day; open deadlines are counted anew").For(staff.Setting), h.setHours)
	add := op("add-charge", "Give a post an asset, a line or a zone: it is asked before the grid").For(staff.Post)
	add.Status = 201
	route.Get(a, "/charges", op("list-charges", "Posts that answer for assets, lines and zones, as GeoJSON").For(staff.Map), h.charges)
	route.Post(a, "/charges", add, h.addCharge)
	route.Delete(a, "/charges/{id}", op("remove-charge", "Take an asset, a line or a zone from its post").For(staff.Post), h.removeCharge)
}

type handler struct {
	api        route.API
	db, engine pg.DB
}

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

// Wanted narrows incidents.
type Wanted struct {
	Unit     string    `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	State    string    `query:"state" enum:"reported,accepted,dispatched,handled,verified,closed,held"`
	Open     bool      `query:"open" doc:"all that are not closed"`
	Overdue  bool      `query:"overdue" doc:"open, and the next step should have been taken"`
	Mine     bool      `query:"mine" doc:"those that are a post's that you hold"`
	Category string    `query:"category" maxLength:"100" doc:"a large class stands for its small ones too"`
	From     time.Time `query:"from" doc:"reported not before"`
	To       time.Time `query:"to" doc:"reported before"`
}

func (in Wanted) filter() incident.Filter {
	return incident.Filter{Unit: in.Unit, State: incident.State(in.State), Open: in.Open, Overdue: in.Overdue, Mine: in.Mine, Category: in.Category, From: in.From, To: in.To}
}

type listInput struct {
	route.Paging
	Wanted
	Order string `query:"order" enum:"reported,due" default:"reported" doc:"newest first, or by when the next step is due"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[Incident]], error) {
	f := in.filter()
	f.DueFirst, f.Limit = in.Order == "due", in.Limit+1
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
		at := i.ReportedAt
		if f.DueFirst {
			at = i.Due()
		}
		return at.UTC().Format(time.RFC3339Nano) + "_" + i.ID.String()
	})
	page.Total = &total
	return route.OK(page, nil)
}

func (h handler) tallies(ctx context.Context, in *Wanted) (*route.Body[route.List[incident.Tally]], error) {
	list, err := incident.Tallies(ctx, h.db, route.Actor(ctx), in.filter())
	return route.OK(route.List[incident.Tally]{Items: list}, err)
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
	ID         uuid.UUID   `json:"id" format:"uuid" doc:"chosen by the client, so that a repeated request is the same incident"`
	Category   string      `json:"category" maxLength:"100"`
	Address    string      `json:"address,omitempty" maxLength:"200"`
	ReportedAt time.Time   `json:"reported_at"`
	Point      orb.Point   `json:"point" doc:"[lon, lat]"`
	Accuracy   *float64    `json:"accuracy,omitempty" minimum:"0" maximum:"10000" doc:"metres"`
	Text       string      `json:"text,omitempty" maxLength:"200" doc:"refused when it holds a phone or identity number"`
	Private    bool        `json:"private,omitempty" doc:"for nobody but those who work on it"`
	Photos     []uuid.UUID `json:"photos,omitempty" maxItems:"9" doc:"ids of photos that come by themselves, before the report or after it: PUT /api/v1/photos/{photo}"`
}

func (h handler) report(ctx context.Context, in *route.Body[NewIncident]) (*route.Body[Incident], error) {
	n := in.Body
	at, err := route.Place(n.Point)
	if err != nil {
		return nil, err
	}
	got, _, err := incident.Report(ctx, h.db, h.engine, route.Actor(ctx), incident.New{
		ID: n.ID, Category: n.Category, Address: n.Address, ReportedAt: n.ReportedAt, Point: at, Accuracy: n.Accuracy, Text: n.Text, Private: n.Private, Photos: n.Photos,
	}, time.Now())
	return route.OK(shown(got, err))
}

func (h handler) categories(ctx context.Context, _ *struct{}) (*route.Body[route.List[incident.Category]], error) {
	list, err := incident.Categories(ctx, h.db, route.Actor(ctx))
	return route.OK(route.List[incident.Category]{Items: list}, err)
}
