package incidents

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/calendar"
	"wangge/geo/incident"
	"wangge/geo/post"
	"wangge/geo/worktime"
)

// Steps are what was done with an incident, and what can be done.
type Steps struct {
	State incident.State   `json:"state" enum:"reported,accepted,dispatched,handled,verified,closed,held"`
	DueAt *time.Time       `json:"due_at"`
	Left  *incident.Left   `json:"left" doc:"until the next step is due, as its limit counts; null while nothing is"`
	Acts  []incident.Act   `json:"acts" doc:"possible now, for who may"`
	May   []incident.Act   `json:"may" doc:"those of them that you may take"`
	Items []incident.Taken `json:"items" doc:"in order"`
	Posts []post.Named     `json:"posts" doc:"those of the steps, as they are called today; one that is no more is not among them"`
}

func (h handler) steps(ctx context.Context, in *id) (*route.Body[Steps], error) {
	actor, now := route.Actor(ctx), time.Now()
	one, err := incident.Get(ctx, h.db, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := Steps{State: one.State, DueAt: one.DueAt, Acts: incident.Acts(one.State)}
	if out.Items, err = incident.Steps(ctx, h.db, actor, in.ID); err != nil {
		return nil, err
	}
	if out.May, err = incident.MayTake(ctx, h.db, actor, one, out.Items); err != nil {
		return nil, err
	}
	if out.Left, err = incident.LeftOf(ctx, h.db, one, now); err != nil {
		return nil, err
	}
	out.Posts, err = incident.PostsOf(ctx, h.engine, out.Items, now)
	return route.OK(out, err)
}

// NewStep is something to be done with an incident.
type NewStep struct {
	ID     uuid.UUID      `json:"id" format:"uuid" doc:"chosen by the client, so that a repeated request is the same step"`
	Act    incident.Act   `json:"act" enum:"accept,dispatch,handle,verify,reject,close,return,reopen,hold,resume,extend,move"`
	From   incident.State `json:"from,omitempty" enum:"reported,accepted,dispatched,handled,verified,closed,held" doc:"the state as you saw it; a conflict when it is another by now"`
	Reason string         `json:"reason,omitempty" maxLength:"40" doc:"a code of GET /api/v1/incident-reasons; needed to return, reject, close, reopen, hold, resume and extend"`
	Amount int            `json:"amount,omitempty" minimum:"0" doc:"of an extension"`
	Unit   worktime.Unit  `json:"unit,omitempty" enum:"minutes,working-hours,working-days" doc:"of an extension"`
	Point  *orb.Point     `json:"point,omitempty" doc:"[lon, lat] of a move"`
	Post   int64          `json:"post,omitempty" minimum:"1" doc:"of a dispatch: the post it is given to, one of GET /api/v1/incidents/{id}/choices; when absent it stays whose it is"`
}

type stepInput struct {
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body NewStep
}

func (h handler) do(ctx context.Context, in *stepInput) (*route.Body[Incident], error) {
	n := in.Body
	d := incident.Doing{ID: n.ID, Act: n.Act, From: n.From, Reason: n.Reason, Extend: worktime.Limit{Amount: n.Amount, Unit: n.Unit}, Post: n.Post}
	if n.Point != nil {
		var err error
		if d.Point, err = route.Place(*n.Point); err != nil {
			return nil, err
		}
	}
	return route.OK(shown(incident.Do(ctx, h.db, h.engine, route.Actor(ctx), in.ID, d, time.Now())))
}

func (h handler) choices(ctx context.Context, in *id) (*route.Body[route.List[incident.Choice]], error) {
	list, err := incident.Choices(ctx, h.db, h.engine, route.Actor(ctx), in.ID, time.Now())
	return route.OK(route.List[incident.Choice]{Items: list}, err)
}

func (h handler) responsible(ctx context.Context, in *id) (*route.Body[incident.Responsible], error) {
	return route.OK(incident.ResponsibleFor(ctx, h.db, h.engine, route.Actor(ctx), in.ID, time.Now()))
}

type nearInput struct {
	Lon      float64   `query:"lon" required:"true" minimum:"-180" maximum:"180"`
	Lat      float64   `query:"lat" required:"true" minimum:"-90" maximum:"90"`
	Category string    `query:"category" required:"true" maxLength:"100"`
	At       time.Time `query:"at" doc:"when it was seen; now if left out"`
}

// ReportCheck is what to know before a report is sent.
type ReportCheck struct {
	incident.Place
	Duplicates []Alike `json:"duplicates" doc:"open incidents within 50 m and seven days, of the category or its large class"`
}

// Alike is an incident like one that is about to be reported.
type Alike struct {
	Incident
	Metres float64 `json:"metres"`
	Same   bool    `json:"same" doc:"of the same category; else of the same large class"`
}

func alike(list []incident.Alike) []Alike {
	out := make([]Alike, len(list))
	for i, a := range list {
		one, _ := shown(a.Incident, nil)
		out[i] = Alike{Incident: one, Metres: a.Metres, Same: a.Same}
	}
	return out
}

func (h handler) alike(ctx context.Context, in *id) (*route.Body[route.List[Alike]], error) {
	actor := route.Actor(ctx)
	list, err := incident.AlikeTo(ctx, h.db, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return route.OK(route.List[Alike]{Items: alike(list)}, audit.Write(ctx, h.db, actor, "list", "incident", "", map[string]any{"shown": len(list)}))
}

func (h handler) near(ctx context.Context, in *nearInput) (*route.Body[ReportCheck], error) {
	actor := route.Actor(ctx)
	at, err := route.Place(orb.Point{in.Lon, in.Lat})
	if err != nil {
		return nil, err
	}
	if in.At.IsZero() {
		in.At = time.Now()
	}
	place, err := incident.Where(ctx, h.db, actor, at)
	if err != nil {
		return nil, err
	}
	list, err := incident.Duplicates(ctx, h.db, actor, at, in.Category, in.At)
	if err != nil {
		return nil, err
	}
	out := ReportCheck{Place: place, Duplicates: alike(list)}
	return route.OK(out, audit.Write(ctx, h.db, actor, "list", "incident", "", map[string]any{"shown": len(list)}))
}

func (h handler) reasons(ctx context.Context, _ *struct{}) (*route.Body[route.List[incident.Reason]], error) {
	list, err := incident.Reasons(ctx, h.db)
	return route.OK(route.List[incident.Reason]{Items: list}, err)
}

func (h handler) limits(ctx context.Context, _ *struct{}) (*route.Body[route.List[incident.Limit]], error) {
	list, err := incident.LimitsOf(ctx, h.db)
	return route.OK(route.List[incident.Limit]{Items: list}, err)
}

// NewLimits are all limits there shall be.
type NewLimits struct {
	Limits incident.Limits `json:"limits" maxItems:"2000"`
}

func (h handler) setLimits(ctx context.Context, in *route.Body[NewLimits]) (*route.Body[route.List[incident.Limit]], error) {
	if err := incident.SetLimits(ctx, h.engine, route.Actor(ctx), in.Body.Limits); err != nil {
		return nil, err
	}
	return h.limits(ctx, nil)
}

func (h handler) holidays(ctx context.Context, _ *struct{}) (*route.Body[route.List[calendar.Day]], error) {
	list, err := calendar.Days(ctx, h.db)
	return route.OK(route.List[calendar.Day]{Items: list}, err)
}

// NewHolidays are the days of one year or several.
type NewHolidays struct {
	Days []calendar.Day `json:"days" minItems:"1" maxItems:"1000"`
}

func (h handler) setHolidays(ctx context.Context, in *route.Body[NewHolidays]) (*route.Body[route.List[calendar.Day]], error) {
	if err := incident.SetHolidays(ctx, h.engine, route.Actor(ctx), in.Body.Days); err != nil {
		return nil, err
	}
	return h.holidays(ctx, nil)
}

// WorkingHours are those of every working day.
type WorkingHours struct {
	Hours string `json:"hours" maxLength:"80" doc:"such as 09:00-12:00,13:00-18:00"`
}

func (h handler) hours(ctx context.Context, _ *struct{}) (*route.Body[WorkingHours], error) {
	text, err := calendar.Hours(ctx, h.db)
	return route.OK(WorkingHours{text}, err)
}

func (h handler) setHours(ctx context.Context, in *route.Body[WorkingHours]) (*route.Body[WorkingHours], error) {
	if err := incident.SetHours(ctx, h.engine, route.Actor(ctx), in.Body.Hours); err != nil {
		return nil, err
	}
	return h.hours(ctx, nil)
}

func (h handler) charges(ctx context.Context, in *route.Paging) (*route.GeoJSON[incident.Charge], error) {
	after, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := incident.Charges(ctx, h.db, route.Actor(ctx), after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[incident.Charge](len(list))
	for _, c := range list {
		out.Add(strconv.FormatInt(c.ID, 10), c.Shape, c)
	}
	return out, nil
}

// NewCharge is a charge as a GeoJSON feature.
type NewCharge struct {
	Type       string       `json:"type" enum:"Feature"`
	Geometry   any          `json:"geometry" doc:"GeoJSON: a Point for an asset, a LineString for a line, a Polygon for a zone"`
	Properties ChargeFields `json:"properties"`
}

// ChargeFields say whose it is, and of which incidents.
type ChargeFields struct {
	Kind     incident.Basis `json:"kind" enum:"asset,line,zone"`
	Name     string         `json:"name" minLength:"1" maxLength:"100"`
	Category string         `json:"category,omitempty" maxLength:"100" doc:"of incidents; a large class stands for its small ones, empty for all"`
	Reach    float64        `json:"reach" minimum:"0" maximum:"50" doc:"metres around it"`
	Post     int64          `json:"post" minimum:"1"`
}

type chargeInput struct {
	Body    NewCharge
	RawBody []byte
}

func (h handler) addCharge(ctx context.Context, in *chargeInput) (*route.Body[incident.Charge], error) {
	feature, err := geojson.UnmarshalFeature(in.RawBody)
	if err != nil {
		return nil, incident.ErrCharge.Because(err)
	}
	shape, err := onLattice(feature.Geometry)
	if err != nil {
		return nil, err
	}
	p := in.Body.Properties
	return route.OK(incident.AddCharge(ctx, h.db, route.Actor(ctx), incident.Charge{
		Kind: p.Kind, Name: p.Name, Category: p.Category, Reach: p.Reach, Post: p.Post, Shape: shape}))
}

// onLattice is a shape of a request when all of its points are possible places.
func onLattice(shape orb.Geometry) (orb.Geometry, error) {
	var lines []orb.LineString
	switch s := shape.(type) {
	case orb.Point:
		lines = []orb.LineString{{s}}
	case orb.LineString:
		lines = []orb.LineString{s}
	case orb.MultiLineString:
		lines = s
	case orb.Polygon:
		for _, ring := range s {
			lines = append(lines, orb.LineString(ring))
		}
	default:
		return nil, incident.ErrCharge
	}
	for _, line := range lines {
		for i, p := range line {
			at, err := route.Place(p)
			if err != nil {
				return nil, err
			}
			line[i] = at.Degrees()
		}
	}
	if p, ok := shape.(orb.Point); ok {
		return geo.Snap(p).Degrees(), nil
	}
	return shape, nil
}

type chargeID struct {
	ID int64 `path:"id" minimum:"1"`
}

func (h handler) removeCharge(ctx context.Context, in *chargeID) (*struct{}, error) {
	return nil, incident.RemoveCharge(ctx, h.db, route.Actor(ctx), in.ID)
}
