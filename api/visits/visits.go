// Package visits serves visits: by which cadences households are called on, which post
// keeps in touch with which, what is due, and that it was made.
package visits

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/visit"
)

var errCursor = fault.New(fault.Invalid, "visit_cursor", "This is no cursor of a page of visits.")

// Mount adds /cadences, /visits and the links of posts. engine looks at the names of posts.
func Mount(a route.API, db, engine pg.DB) {
	h := handler{db, engine}
	op := func(id, summary, more string, may staff.Permission) route.Op {
		return route.Op{ID: id, Summary: summary, Description: more, Tag: "visits"}.For(may)
	}
	route.Get(a, "/cadences", op("list-cadences", "How often which households are visited, and by whom", "", staff.Map).Tagged(), h.cadences)
	route.Put(a, "/cadences/{code}", op("set-cadence", "Make a visit cadence, or change it", "One that is not used any more stays, for the visits made by it.", staff.Setting), h.set)
	route.Get(a, "/visits/due", op("list-due-visits", "Visits that are to be made, the longest overdue first", "Households that want no visits are not among them. A visit at which nobody was at home leaves it due; one that was declined is made up for when the next is due.", staff.Record).Tagged(), h.due)
	route.Get(a, "/visits/standing", op("visit-standing", "How visits stand in a unit, by cadence", "By unit, never by person.", staff.Record), h.standing)
	route.Get(a, "/visits", op("list-visits", "Visits that were made, newest first", "", staff.Record), h.list)
	route.Put(a, "/visits/{id}", op("log-visit", "Say that a visit was made", "With an id and a time of your own: sent again it is one. Nothing about persons is taken. A household that wanted no visits by then is left alone: the answer is a conflict.", staff.Record), h.log)
	route.Get(a, "/posts/{id}/links", op("list-links", "The households that a post keeps in touch with", "", staff.Record), h.links)
	route.Get(a, "/households/{id}/link", op("get-link", "Which post keeps in touch with a household, and which could", "", staff.Record), h.keeper)
	route.Put(a, "/households/{id}/link", op("set-link", "Say which post keeps in touch with a household", "Only one does; 0 is nobody.", staff.Record), h.keep)
	route.Put(a, "/posts/{id}/links", op("set-links", "Say which households a post keeps in touch with", "All of them; those of another post change hands.", staff.Record), h.link)
}

type handler struct{ db, engine pg.DB }

func (h handler) cadences(ctx context.Context, _ *struct{}) (*route.Body[route.List[visit.Cadence]], error) {
	list, err := visit.Cadences(ctx, h.db, route.Actor(ctx))
	return route.OK(route.List[visit.Cadence]{Items: list}, err)
}

type setInput struct {
	Code string `path:"code" maxLength:"40"`
	Body visit.Terms
}

func (h handler) set(ctx context.Context, in *setInput) (*route.Body[visit.Cadence], error) {
	return route.OK(visit.Set(ctx, h.db, route.Actor(ctx), in.Code, in.Body))
}

// Due is a visit that is to be made, with where.
type Due struct {
	visit.Due
	At *orb.Point `json:"at" doc:"[lon, lat] of the household; null: not placed"`
}

type dueInput struct {
	route.Paging
	Unit    string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	Cadence string `query:"cadence" maxLength:"40"`
	Mine    bool   `query:"mine" doc:"those of households linked to your posts, and by cadences of the level of your posts"`
	Until   string `query:"until" format:"date" doc:"due on that day or before; today in China when absent"`
}

func (h handler) due(ctx context.Context, in *dueInput) (*route.Body[route.List[Due]], error) {
	until, err := route.AsOf{At: in.Until}.Day()
	if err != nil {
		return nil, err
	}
	f := visit.DueFilter{Unit: in.Unit, Cadence: in.Cadence, Mine: in.Mine, Until: until, Limit: in.Limit + 1}
	if in.Cursor != "" {
		if f.After, err = afterDue(in.Cursor); err != nil {
			return nil, err
		}
	}
	found, err := visit.DueIn(ctx, h.db, route.Actor(ctx), f, grid.Today())
	if err != nil {
		return nil, err
	}
	list := make([]Due, len(found))
	for i, d := range found {
		list[i] = Due{Due: d}
		if d.Point != nil {
			at := d.Point.Degrees()
			list[i].At = &at
		}
	}
	return route.OK(route.Page(list, in.Limit, func(d Due) string { return fmt.Sprintf("%s_%d_%s", d.DueOn, d.Household, d.Cadence) }), nil)
}

// afterDue reads DAY_HOUSEHOLD_CADENCE.
func afterDue(cursor string) (*visit.Due, error) {
	part := strings.SplitN(cursor, "_", 3)
	if len(part) < 3 {
		return nil, errCursor
	}
	day, err := geo.ParseDay(part[0])
	id, wrong := strconv.ParseInt(part[1], 10, 64)
	if errors.Join(err, wrong) != nil {
		return nil, errCursor
	}
	return &visit.Due{DueOn: day, Household: id, Cadence: part[2]}, nil
}

type standingInput struct {
	Unit string `query:"unit" maxLength:"64" doc:"code; all of your area when absent"`
}

func (h handler) standing(ctx context.Context, in *standingInput) (*route.Body[route.List[visit.Standing]], error) {
	list, err := visit.Stand(ctx, h.db, route.Actor(ctx), in.Unit, grid.Today())
	return route.OK(route.List[visit.Standing]{Items: list}, err)
}

type listInput struct {
	route.Paging
	Unit      string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	Household int64  `query:"household" minimum:"0"`
	Cadence   string `query:"cadence" maxLength:"40"`
	Own       bool   `query:"own" doc:"those that you made"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[visit.Visit]], error) {
	f := visit.Filter{Unit: in.Unit, Household: in.Household, Cadence: in.Cadence, Own: in.Own, Limit: in.Limit + 1}
	if in.Cursor != "" {
		at, id, _ := strings.Cut(in.Cursor, "_")
		var err, wrong error
		f.BeforeTime, err = time.Parse(time.RFC3339Nano, at)
		f.BeforeID, wrong = uuid.Parse(id)
		if errors.Join(err, wrong) != nil || f.BeforeTime.Year() > 9999 {
			return nil, errCursor
		}
	}
	list, err := visit.List(ctx, h.db, route.Actor(ctx), f)
	if err != nil {
		return nil, err
	}
	return route.OK(route.Page(list, in.Limit, func(v visit.Visit) string { return v.VisitedAt.UTC().Format(time.RFC3339Nano) + "_" + v.ID.String() }), nil)
}

// NewVisit is a visit that was made.
type NewVisit struct {
	Household int64         `json:"household" minimum:"1"`
	Cadence   string        `json:"cadence" minLength:"1" maxLength:"40"`
	Outcome   visit.Outcome `json:"outcome" enum:"met,nobody,declined"`
	VisitedAt *time.Time    `json:"visited_at,omitempty" doc:"now when absent; at most 60 days ago"`
}

type logInput struct {
	ID   string `path:"id" format:"uuid"`
	Body NewVisit
}

// Logged says whether a visit is new.
type Logged struct {
	Stored bool `json:"stored" doc:"false: it was there already, and nothing changed"`
}

func (h handler) log(ctx context.Context, in *logInput) (*route.Body[Logged], error) {
	id, err := uuid.Parse(in.ID)
	if err != nil {
		return nil, visit.ErrTaken
	}
	now := time.Now()
	n := visit.New{ID: id, Household: in.Body.Household, Cadence: in.Body.Cadence, Outcome: in.Body.Outcome, At: now}
	if in.Body.VisitedAt != nil {
		n.At = *in.Body.VisitedAt
	}
	stored, err := visit.Log(ctx, h.db, route.Actor(ctx), n, now)
	return route.OK(Logged{stored}, err)
}

// Path names a post or a household by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

// Links are the households that a post keeps in touch with.
type Links struct {
	Households []int64 `json:"households" maxItems:"500" doc:"ids"`
}

func (h handler) links(ctx context.Context, in *Path) (*route.Body[Links], error) {
	list, err := visit.Links(ctx, h.db, route.Actor(ctx), in.ID)
	return route.OK(Links{list}, err)
}

func (h handler) keeper(ctx context.Context, in *Path) (*route.Body[visit.Keeper], error) {
	return route.OK(visit.KeeperOf(ctx, h.db, h.engine, route.Actor(ctx), in.ID, time.Now()))
}

type keepInput struct {
	Path
	Body struct {
		Post int64 `json:"post" minimum:"0" doc:"0: nobody"`
	}
}

func (h handler) keep(ctx context.Context, in *keepInput) (*route.Body[visit.Keeper], error) {
	if err := visit.Keep(ctx, h.db, route.Actor(ctx), in.ID, in.Body.Post); err != nil {
		return nil, err
	}
	return h.keeper(ctx, &in.Path)
}

type linkInput struct {
	Path
	Body Links
}

func (h handler) link(ctx context.Context, in *linkInput) (*route.Body[Links], error) {
	if err := visit.Link(ctx, h.db, route.Actor(ctx), in.ID, in.Body.Households); err != nil {
		return nil, err
	}
	return h.links(ctx, &in.Path)
}
