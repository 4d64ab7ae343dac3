// Package premises serves what a patrol looks at: three-colour premises, blocks,
// checkpoints and beats. Their registers come in through /imports.
package premises

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo/atlas"
	"wangge/geo/circle"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/premises"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// Mount adds /premises, /blocks, /checkpoints and /beats. When streets were seen is read
// by the engine.
func Mount(a route.API, db, engine pg.DB, footpaths circle.Paths, font func() (*atlas.Font, error)) {
	h := handler{db, engine, footpaths, font}
	op := func(id, summary, more string, may staff.Permission) route.Op {
		return route.Op{ID: id, Summary: summary, Description: more, Tag: "beats"}.For(may)
	}
	create := op("make-beat", "A round of checkpoints, with the days on which it is walked", "", staff.Plan)
	create.Status = 201
	remove := op("remove-beat", "Remove a beat; its checkpoints and their marks stay", "", staff.Plan)
	remove.Status = 204
	see := op("see-block", "Say that a block was seen", "An earlier day than the last one changes nothing.", staff.Record)
	see.Status = 204
	route.Get(a, "/premises", op("list-premises", "Three-colour premises", "The colour is the building's, never a person's.", staff.Place).Tagged(), h.list)
	route.Get(a, "/premises/{id}", op("get-premises", "One of them", "", staff.Place), h.get)
	route.Post(a, "/premises/{id}/inspections", op("inspect-premises", "Say what an inspection found", "Sent again it changes nothing; one of a day before the last is refused.", staff.Record), h.inspect)
	route.Get(a, "/blocks", op("list-blocks", "Zones that are to be seen every so many days, those that are due for longest first", "", staff.Map).Tagged(), h.blocks)
	route.Post(a, "/blocks/{code}/sightings", see, h.see)
	route.Get(a, "/checkpoints", op("list-checkpoints", "Checkpoints of patrols", "", staff.Map).Tagged(), h.checkpoints)
	route.Get(a, "/checkpoints/{id}/code", op("get-checkpoint-code", "What the QR code or the tag of a checkpoint holds", "For who puts it up; each look is recorded.", staff.Plan), h.code)
	route.Get(a, "/checkpoints/plates", op("get-checkpoint-plates", "Plates of the checkpoints of a unit, to be printed and put up", "A PDF with six QR codes to a page (A4), each with its name, number and unit, as they stand at the checkpoints. For who puts them up; the look is recorded. At most 2,000.", staff.Plan), h.plates)
	route.Get(a, "/checkpoints/{id}/marks", op("list-marks", "Marks at a checkpoint, newest first", "Without who set them.", staff.Record), h.marks)
	route.Get(a, "/missed-checkpoints", op("list-missed-checkpoints", "Checkpoints of the beats of a day that nobody marked", "Beats whose hours are not over are left out, and those that were made or changed since; a flagged mark counts.", staff.Record), h.missed)
	route.Get(a, "/beats", op("list-beats", "Beats", "", staff.Map).Tagged(), h.beats)
	route.Post(a, "/beats", create, h.create)
	route.Post(a, "/beats/suggestion", op("suggest-beat", "A walk along the streets of a unit that were not seen for longest", "Within the time, from and to where you choose; what a street is worth is its length times the days since it was seen, at most 90. Nothing of the question is stored: who strays asks again.", staff.Map), h.suggest)
	route.Get(a, "/beats/{id}", op("get-beat", "One beat", "", staff.Map), h.beat)
	route.Put(a, "/beats/{id}", op("change-beat", "Change a beat", "", staff.Plan), h.change)
	route.Delete(a, "/beats/{id}", remove, h.remove)
}

type handler struct {
	db, engine pg.DB
	footpaths  circle.Paths
	font       func() (*atlas.Font, error)
}

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

// Building are premises with their place.
type Building struct {
	premises.Premises
	At orb.Point `json:"at" doc:"[lon, lat]"`
}

func building(p premises.Premises) Building { return Building{p, p.Point.Degrees()} }

type listInput struct {
	route.Paging
	Unit  string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	Grade string `query:"grade" enum:"red,yellow,green"`
	Due   bool   `query:"due" doc:"those to be inspected again"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[Building]], error) {
	after, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := premises.List(ctx, h.db, route.Actor(ctx), premises.Filter{Unit: in.Unit, Grade: premises.Grade(in.Grade), Due: in.Due, After: after, Limit: in.Limit + 1}, grid.Today())
	if err != nil {
		return nil, err
	}
	list := make([]Building, len(found))
	for i, p := range found {
		list[i] = building(p)
	}
	return route.OK(route.Page(list, in.Limit, func(b Building) string { return strconv.FormatInt(b.ID, 10) }), nil)
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[Building], error) {
	p, err := premises.Get(ctx, h.db, route.Actor(ctx), in.ID, grid.Today())
	return route.OK(building(p), err)
}

// Inspection is what an inspection found.
type Inspection struct {
	premises.Finding
}

type inspectInput struct {
	Path
	Body Inspection
}

func (h handler) inspect(ctx context.Context, in *inspectInput) (*route.Body[Building], error) {
	p, err := premises.Inspect(ctx, h.db, route.Actor(ctx), in.ID, in.Body.Finding, grid.Today())
	return route.OK(building(p), err)
}

type blocksInput struct {
	Unit  string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	Due   bool   `query:"due" doc:"those that are due only"`
	Limit int    `query:"limit" minimum:"1" maximum:"5000" default:"1000"`
}

func (h handler) blocks(ctx context.Context, in *blocksInput) (*route.Body[route.List[premises.Block]], error) {
	list, err := premises.Blocks(ctx, h.db, route.Actor(ctx), in.Unit, in.Due, grid.Today(), in.Limit)
	return route.OK(route.List[premises.Block]{Items: list}, err)
}

// Sighting says when a block was seen.
type Sighting struct {
	On string `json:"on,omitempty" format:"date" doc:"today in China when absent"`
}

type seeInput struct {
	Code string `path:"code" maxLength:"64"`
	Body Sighting
}

func (h handler) see(ctx context.Context, in *seeInput) (*struct{}, error) {
	day, err := route.AsOf{At: in.Body.On}.Day()
	if err != nil {
		return nil, err
	}
	return nil, premises.See(ctx, h.db, route.Actor(ctx), in.Code, day, grid.Today())
}

// Checkpoint is one with its place.
type Checkpoint struct {
	premises.Checkpoint
	At orb.Point `json:"at" doc:"[lon, lat]"`
}

type unitInput struct {
	route.Paging
	Unit string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
}

func (h handler) checkpoints(ctx context.Context, in *unitInput) (*route.Body[route.List[Checkpoint]], error) {
	after, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := premises.Checkpoints(ctx, h.db, route.Actor(ctx), in.Unit, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	list := make([]Checkpoint, len(found))
	for i, c := range found {
		list[i] = Checkpoint{c, c.Point.Degrees()}
	}
	return route.OK(route.Page(list, in.Limit, func(c Checkpoint) string { return strconv.FormatInt(c.ID, 10) }), nil)
}

// Code is what the QR code or the tag of a checkpoint holds.
type Code struct {
	Checkpoint int64  `json:"checkpoint"`
	Code       string `json:"code"`
}

func (h handler) code(ctx context.Context, in *Path) (*route.Body[Code], error) {
	code, err := premises.CodeOf(ctx, h.db, route.Actor(ctx), in.ID)
	return route.OK(Code{in.ID, code}, err)
}

type platesInput struct {
	Unit string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
}

// PDF is a file to be printed.
type PDF struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

func (h handler) plates(ctx context.Context, in *platesInput) (*PDF, error) {
	font, err := h.font()
	if err != nil {
		return nil, err
	}
	list, err := premises.Plates(ctx, h.db, route.Actor(ctx), in.Unit)
	if err != nil {
		return nil, err
	}
	book := atlas.Book{Title: "打卡点标牌 Plates of checkpoints", Footer: "打卡点标牌 Plates of checkpoints · " + grid.Today().String(), Step: func(int, int) error { return ctx.Err() }}
	for _, p := range list {
		book.Plates = append(book.Plates, atlas.Plate{Code: p.Code, Title: p.Name, Lines: []string{strings.Trim(p.Unit+" · "+p.Number, "· "), p.Code}})
	}
	var file bytes.Buffer
	if err := book.PDF(&file, font); err != nil {
		return nil, err
	}
	return &PDF{"application/pdf", route.Attachment("打卡点标牌-" + grid.Today().String() + ".pdf"), file.Bytes()}, nil
}

func (h handler) marks(ctx context.Context, in *Path) (*route.Body[route.List[premises.Marked]], error) {
	list, err := premises.Marks(ctx, h.db, route.Actor(ctx), in.ID, 1000)
	return route.OK(route.List[premises.Marked]{Items: list}, err)
}

type missedInput struct {
	route.AsOf
	Unit string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
}

func (h handler) missed(ctx context.Context, in *missedInput) (*route.Body[route.List[premises.Missed]], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	list, err := premises.MissedOn(ctx, h.db, route.Actor(ctx), staff.Record, in.Unit, day, time.Now())
	return route.OK(route.List[premises.Missed]{Items: list}, err)
}

func (h handler) beats(ctx context.Context, in *unitInput) (*route.Body[route.List[premises.Beat]], error) {
	after, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := premises.Beats(ctx, h.db, route.Actor(ctx), in.Unit, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return route.OK(route.Page(list, in.Limit, func(b premises.Beat) string { return strconv.FormatInt(b.ID, 10) }), nil)
}

func (h handler) beat(ctx context.Context, in *Path) (*route.Body[premises.Beat], error) {
	return route.OK(premises.GetBeat(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) create(ctx context.Context, in *route.Body[premises.Round]) (*route.Body[premises.Beat], error) {
	return route.OK(premises.SetBeat(ctx, h.db, route.Actor(ctx), 0, in.Body))
}

type changeInput struct {
	Path
	Body premises.Round
}

func (h handler) change(ctx context.Context, in *changeInput) (*route.Body[premises.Beat], error) {
	if in.ID < 1 {
		return nil, premises.ErrBeat
	}
	return route.OK(premises.SetBeat(ctx, h.db, route.Actor(ctx), in.ID, in.Body))
}

func (h handler) remove(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, premises.RemoveBeat(ctx, h.db, route.Actor(ctx), in.ID)
}

func (h handler) suggest(ctx context.Context, in *route.Body[premises.Ask]) (*route.Body[premises.Suggestion], error) {
	paths := func(ctx context.Context) (*walk.Network, error) {
		n, _, err := h.footpaths.Current(ctx)
		return n, err
	}
	return route.OK(premises.Suggest(ctx, h.db, h.engine, paths, route.Actor(ctx), in.Body, grid.Today()))
}
