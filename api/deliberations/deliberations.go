// Package deliberations serves what people say about a plan: its stages, comments on
// the map, and the consultation that residents see.
package deliberations

import (
	"context"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/deliberation"
	"wangge/geo/pg"
	"wangge/geo/serves"
	"wangge/geo/staff"
)

// Mount adds the stages, comments and consultations. What everybody sees is read as the
// map's reader; a resident's comment is kept by the engine, for a stranger writes nothing.
func Mount(a route.API, db, engine, reader pg.DB) {
	h := handler{db, engine, reader}
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "deliberation"}.For(staff.Plan)
	}
	made := func(id, summary string) route.Op { o := op(id, summary); o.Status = 201; return o }
	open := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "public", Open: true}
	}
	route.Get(a, "/procedures", op("list-procedures", "The procedures of plans, with their stages"), h.procedures)
	route.Put(a, "/procedures/{code}/use", route.Op{ID: "follow-procedure", Summary: "Have the installation follow a procedure", Tag: "deliberation"}.For(staff.Setting), h.follow)
	route.Get(a, "/plans/{id}/stages", op("plan-stages", "Where a plan stands in its procedure"), h.stages)
	route.Post(a, "/plans/{id}/stages", op("take-stage", "Pass the next stage, or return the plan"), h.take)
	route.Get(a, "/plans/{id}/comments", op("plan-comments", "Comments on a plan as GeoJSON, oldest first"), h.comments)
	route.Post(a, "/plans/{id}/comments", made("comment-on-plan", "Pin a comment on a place"), h.comment)
	route.Patch(a, "/plans/{id}/comments/{comment}", op("judge-comment", "Resolve a comment, or let a resident's through"), h.judge)
	route.Get(a, "/plans/{id}/consultation", op("plan-consultation", "The consultation on a plan; null when there is none"), h.consultation)
	route.Put(a, "/plans/{id}/consultation", op("open-consultation", "Show a draft, as it is now, to residents"), h.open)
	route.Delete(a, "/plans/{id}/consultation", op("close-consultation", "Close the consultation"), h.close)
	route.Get(a, "/public/consultations", open("list-consultations", "Consultations that are open"), h.list)
	route.Get(a, "/public/consultations/{id}", open("get-consultation", "What is now and what is proposed, as GeoJSON"), h.look)
	route.Get(a, "/public/consultations/{id}/comments", open("consultation-comments", "Comments of residents that were let through, as GeoJSON"), h.remarks)
	route.Post(a, "/public/consultations/{id}/units", open("consulted-units", "Which unit a place is in, now and as proposed, and who will serve it"), h.units)
	said := open("say-as-resident", "Comment on a consultation")
	said.Status, said.Description = 201, "It is shown once somebody has read it. Nothing is kept of who it was; texts with phone or identity numbers are refused."
	route.Post(a, "/public/consultations/{id}/comments", said, h.say)
}

type handler struct{ db, engine, reader pg.DB }

func (h handler) procedures(ctx context.Context, _ *struct{}) (*route.Body[route.List[deliberation.Procedure]], error) {
	list, err := deliberation.Procedures(ctx, h.db, route.Actor(ctx))
	return route.OK(route.Page(list, len(list), nil), err)
}

// CodePath names one by its code, and Path by its id. They are exported because the
// framework fills in exported structs only.
type CodePath struct {
	Code string `path:"code" maxLength:"40"`
}

// Path names a plan.
type Path struct {
	ID int64 `path:"id"`
}

func (h handler) follow(ctx context.Context, in *CodePath) (*route.Body[route.List[deliberation.Procedure]], error) {
	if err := deliberation.Follow(ctx, h.db, route.Actor(ctx), in.Code); err != nil {
		return nil, err
	}
	return h.procedures(ctx, nil)
}

func (h handler) stages(ctx context.Context, in *Path) (*route.Body[deliberation.Standing], error) {
	return route.OK(deliberation.Of(ctx, h.db, route.Actor(ctx), in.ID))
}

type takeInput struct {
	Path
	Body deliberation.Step
}

func (h handler) take(ctx context.Context, in *takeInput) (*route.Body[deliberation.Standing], error) {
	return route.OK(deliberation.Take(ctx, h.db, route.Actor(ctx), in.ID, in.Body))
}

type commentsInput struct {
	Path
	State string `query:"state" enum:"waiting,shown,hidden"`
	After int64  `query:"after" minimum:"0" doc:"the id of the last comment you have"`
}

// maxComments is how many one answer has.
const maxComments = 500

func (h handler) comments(ctx context.Context, in *commentsInput) (*route.GeoJSON[deliberation.Comment], error) {
	list, err := deliberation.Comments(ctx, h.db, route.Actor(ctx), in.ID, deliberation.CommentState(in.State), in.After, maxComments)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[deliberation.Comment](len(list))
	for _, c := range list {
		out.Add(strconv.FormatInt(c.ID, 10), c.Point.Degrees(), c)
	}
	return out, nil
}

// Remark is a text about a place.
type Remark struct {
	Point orb.Point `json:"point" doc:"[lon, lat]"`
	Body  string    `json:"body" minLength:"1" maxLength:"1000"`
}

type remarkInput struct {
	Path
	Body Remark
}

func (h handler) comment(ctx context.Context, in *remarkInput) (*route.Body[deliberation.Comment], error) {
	at, err := route.Place(in.Body.Point)
	if err != nil {
		return nil, err
	}
	return route.OK(deliberation.Say(ctx, h.db, route.Actor(ctx), in.ID, at, in.Body.Body))
}

type judgeInput struct {
	Path
	Comment int64 `path:"comment"`
	Body    deliberation.Verdict
}

func (h handler) judge(ctx context.Context, in *judgeInput) (*route.Body[deliberation.Comment], error) {
	return route.OK(deliberation.Judge(ctx, h.db, route.Actor(ctx), in.ID, in.Comment, in.Body))
}

func (h handler) consultation(ctx context.Context, in *Path) (*route.Body[*deliberation.Consultation], error) {
	return route.OK(deliberation.OnPlan(ctx, h.db, route.Actor(ctx), in.ID))
}

// Opening says how and how long a draft is shown.
type Opening struct {
	Title    string `json:"title" minLength:"1" maxLength:"100"`
	Note     string `json:"note,omitempty" maxLength:"1000"`
	OpensOn  string `json:"opens_on,omitempty" format:"date" doc:"today in China when absent"`
	ClosesOn string `json:"closes_on" format:"date" doc:"the first day on which it is closed"`
}

type openInput struct {
	Path
	Body Opening
}

func (h handler) open(ctx context.Context, in *openInput) (*route.Body[deliberation.Consultation], error) {
	opens, err := route.AsOf{At: in.Body.OpensOn}.Day()
	if err != nil {
		return nil, err
	}
	closes, err := geo.ParseDay(in.Body.ClosesOn)
	if err != nil {
		return nil, deliberation.ErrDates
	}
	return route.OK(deliberation.Open(ctx, h.db, route.Actor(ctx), deliberation.Consultation{
		PlanID: in.ID, Title: in.Body.Title, Note: in.Body.Note, OpensOn: opens, ClosesOn: closes}))
}

func (h handler) close(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, deliberation.Close(ctx, h.db, route.Actor(ctx), in.ID)
}

// public returns ErrMapOff unless the public map is open: borders are a map.
func (h handler) public(ctx context.Context) error {
	offer, err := serves.Offered(ctx, h.reader)
	if err == nil && !offer.Map {
		err = serves.ErrMapOff
	}
	return err
}

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[deliberation.Consultation]], error) {
	if err := h.public(ctx); err != nil {
		return nil, err
	}
	list, err := deliberation.Consultations(ctx, h.reader)
	return route.OK(route.Page(list, len(list), nil), err)
}

// shownUnit is what residents see of a unit beside its borders.
type shownUnit struct {
	Side deliberation.Side `json:"side" enum:"before,after"`
	Code string            `json:"code"`
	Name string            `json:"name"`
}

func (h handler) look(ctx context.Context, in *Path) (*route.GeoJSON[shownUnit], error) {
	if err := h.public(ctx); err != nil {
		return nil, err
	}
	_, units, _, err := deliberation.Look(ctx, h.reader, in.ID)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[shownUnit](len(units))
	for _, u := range units {
		out.Add(string(u.Side)+":"+u.Code, u.Area.Orb(), shownUnit{u.Side, u.Code, u.Name})
	}
	return out, nil
}

// Where is which unit a place is in, now and as proposed.
type Where struct {
	Found  string      `json:"found" doc:"what an address was understood as; empty for a point"`
	Point  orb.Point   `json:"point" doc:"[lon, lat]"`
	Before *PlacedUnit `json:"before" doc:"null where nobody is responsible"`
	After  *FutureUnit `json:"after" doc:"null where nobody would be"`
}

// PlacedUnit is the unit that a place is in.
type PlacedUnit struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// FutureUnit is the unit that a place would be in.
type FutureUnit struct {
	PlacedUnit
	New bool `json:"new" doc:"no unit with its code is in force yet, so its post has nobody"`
	// Serving is told while the enquiry about addresses is open.
	Serving *serves.ServingUnit `json:"serving" doc:"who is responsible; null of a new unit, and while the public enquiry is off"`
}

type unitsInput struct {
	Path
	Body serves.Question
}

func (h handler) units(ctx context.Context, in *unitsInput) (*route.Body[Where], error) {
	offer, err := serves.Offered(ctx, h.reader)
	if err != nil {
		return nil, err
	}
	if !offer.Map {
		return nil, serves.ErrMapOff
	}
	return route.OK(route.Steady(ctx, func() (Where, error) { return h.where(ctx, in.ID, in.Body, offer.Service) }))
}

func (h handler) where(ctx context.Context, plan int64, q serves.Question, service bool) (Where, error) {
	now, err := serves.Ask(ctx, h.reader, geo.DayOf(time.Now()), q)
	if err != nil {
		return Where{}, err
	}
	before, after, err := deliberation.At(ctx, h.reader, plan, geo.Snap(now.Point))
	if err != nil {
		return Where{}, err
	}
	out := Where{Found: now.Found, Point: now.Point}
	if before != nil {
		out.Before = &PlacedUnit{before.Code, before.Name}
	}
	if after == nil {
		return out, nil
	}
	serving, err := serves.InForce(ctx, h.reader, geo.DayOf(time.Now()), after.Code)
	if err != nil {
		return Where{}, err
	}
	out.After = &FutureUnit{PlacedUnit: PlacedUnit{after.Code, after.Name}, New: serving == nil}
	if service {
		out.After.Serving = serving
	}
	return out, nil
}

// shownRemark is what residents see of each other's comments beside the place.
type shownRemark struct {
	Body string    `json:"body"`
	At   time.Time `json:"made_at"`
}

func (h handler) remarks(ctx context.Context, in *Path) (*route.GeoJSON[shownRemark], error) {
	if err := h.public(ctx); err != nil {
		return nil, err
	}
	_, _, remarks, err := deliberation.Look(ctx, h.reader, in.ID)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[shownRemark](len(remarks))
	for _, r := range remarks {
		out.Add(strconv.FormatInt(r.ID, 10), r.Point.Degrees(), shownRemark{r.Body, r.At})
	}
	return out, nil
}

// Kept says that a comment waits to be read.
type Kept struct {
	State deliberation.CommentState `json:"state" enum:"waiting"`
}

func (h handler) say(ctx context.Context, in *remarkInput) (*route.Body[Kept], error) {
	if err := h.public(ctx); err != nil {
		return nil, err
	}
	at, err := route.Place(in.Body.Point)
	if err != nil {
		return nil, err
	}
	if err := deliberation.SayAsResident(ctx, h.engine, in.ID, at, in.Body.Body); err != nil {
		return nil, err
	}
	return &route.Body[Kept]{Body: Kept{deliberation.Waiting}}, nil
}
