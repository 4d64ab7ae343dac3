// Package borderwalks serves border walks: points on the borders of a draft to look at
// in the field, and what was found there.
package borderwalks

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"wangge/api/route"
	"wangge/geo/borderwalk"
	"wangge/geo/pg"
	"wangge/geo/picture"
	"wangge/geo/staff"
)

// Mount adds /border-walks and what belongs to it. Who a walk may be given to is looked
// up by the engine.
func Mount(a route.API, db, engine pg.DB, turns picture.Turns) {
	h := handler{db, engine, turns}
	op := func(id, summary, more string, may staff.Permission) route.Op {
		return route.Op{ID: id, Summary: summary, Description: more, Tag: "border walks"}.For(may)
	}
	create := op("make-border-walk", "A walk to points on the borders of a draft", "Points are put on the border and ordered into a walk that is short in straight lines. It is the task of a post, of an account, or of whoever may record there.", staff.Plan)
	create.Status = 201
	remove := op("remove-border-walk", "Remove a walk with all that was found on it", "", staff.Plan)
	remove.Status = 204
	photo := op("add-border-photo", "Add a photo to your own answer", "JPEG, PNG or WebP: it is turned the right way, decoded and encoded anew, so that place, time and camera are gone. At most three; sent again with the same id it is kept once.", staff.Record)
	photo.MaxBody = borderwalk.MaxPhoto + 1
	route.Get(a, "/plans/{id}/border-suggestions", op("suggest-border-points", "Places of a draft's new borders that are worth a look", "Where several borders meet, and where one leaves streets and water.", staff.Plan), h.suggest)
	route.Post(a, "/plans/{id}/border-walks", create, h.create)
	route.Get(a, "/plans/{id}/border-walks", op("list-border-walks", "The walks of a plan, newest first", "", staff.Plan), h.list)
	route.Get(a, "/plans/{id}/border-answers", op("list-border-answers", "What was found on the walks of a plan", "Of a border that runs somewhere else, with the edit that would bring it there: nothing is changed until you send it.", staff.Plan), h.found)
	route.Get(a, "/border-tasks", op("list-border-tasks", "Points that wait for you", "Those of walks that are yours or nobody's, where you may record.", staff.Record), h.tasks)
	route.Get(a, "/border-walks/{id}", op("get-border-walk", "One walk with its points", "", staff.Record), h.get)
	route.Put(a, "/border-walks/{id}/assignee", op("hand-border-walk", "Give a walk to a post, to an account, or to whoever may record there", "", staff.Plan), h.hand)
	route.Delete(a, "/border-walks/{id}", remove, h.remove)
	route.Get(a, "/border-walks/{id}/gpx", op("export-border-walk", "A walk as GPX 1.1", "", staff.Record), h.gpx)
	route.Post(a, "/border-points/{id}/answers", op("answer-border-point", "Say what you found at a point", "With an id and a time of your own: a phone that was offline may send it later, and again.", staff.Record), h.answer)
	route.Put(a, "/border-answers/{answer}/photos/{photo}", photo, h.addPhoto)
	route.Get(a, "/border-answers/{answer}/photos/{photo}", op("get-border-photo", "A photo, for who plans there and who took it; each look is recorded", "", staff.Record), h.photo)
}

type handler struct {
	db, engine pg.DB
	turns      picture.Turns
}

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

type suggestInput struct {
	Path
	Metres float64 `query:"metres" minimum:"1" maximum:"200" default:"15" doc:"how far a border may be from the nearest street or water"`
}

// all is a list that has no pages.
func all[T any](list []T, err error) (*route.Body[route.List[T]], error) {
	return route.OK(route.Page(list, len(list), nil), err)
}

func (h handler) suggest(ctx context.Context, in *suggestInput) (*route.Body[route.List[borderwalk.Suggestion]], error) {
	return all(borderwalk.Suggest(ctx, h.db, route.Actor(ctx), in.ID, in.Metres))
}

type createInput struct {
	Path
	Body borderwalk.New
}

// BorderWalk is a walk with its points, in its order.
type BorderWalk struct {
	borderwalk.Walk
	Points []borderwalk.Point `json:"places"`
}

func (h handler) whole(ctx context.Context, w borderwalk.Walk, err error) (*route.Body[BorderWalk], error) {
	if err != nil {
		return nil, err
	}
	points, err := borderwalk.Points(ctx, h.db, route.Actor(ctx), w.ID)
	return route.OK(BorderWalk{w, points}, err)
}

func (h handler) create(ctx context.Context, in *createInput) (*route.Body[BorderWalk], error) {
	w, err := borderwalk.Make(ctx, h.engine, route.Actor(ctx), in.ID, in.Body)
	return h.whole(ctx, w, err)
}

func (h handler) list(ctx context.Context, in *Path) (*route.Body[route.List[borderwalk.Walk]], error) {
	return all(borderwalk.List(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) found(ctx context.Context, in *Path) (*route.Body[route.List[borderwalk.Found]], error) {
	return all(borderwalk.FoundOn(ctx, h.db, route.Actor(ctx), in.ID))
}

type tasksInput struct {
	route.Paging
	All bool `query:"all" doc:"those of walks that somebody else has, too"`
}

func (h handler) tasks(ctx context.Context, in *tasksInput) (*route.Body[route.List[borderwalk.Point]], error) {
	after, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := borderwalk.Tasks(ctx, h.db, route.Actor(ctx), in.All, after, in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(p borderwalk.Point) string { return strconv.FormatInt(p.ID, 10) }), err)
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[BorderWalk], error) {
	w, err := borderwalk.Get(ctx, h.db, route.Actor(ctx), in.ID)
	return h.whole(ctx, w, err)
}

type handInput struct {
	Path
	Body struct {
		Post    int64  `json:"post,omitempty" minimum:"0"`
		Account string `json:"account,omitempty" maxLength:"100" doc:"a sign-in name"`
	}
}

func (h handler) hand(ctx context.Context, in *handInput) (*route.Body[borderwalk.Walk], error) {
	return route.OK(borderwalk.Hand(ctx, h.engine, route.Actor(ctx), in.ID, in.Body.Post, in.Body.Account))
}

func (h handler) remove(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, borderwalk.Remove(ctx, h.db, route.Actor(ctx), in.ID)
}

// file is an answer that is no JSON.
type file struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

func (h handler) gpx(ctx context.Context, in *Path) (*file, error) {
	w, err := borderwalk.Get(ctx, h.db, route.Actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	points, err := borderwalk.Points(ctx, h.db, route.Actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = borderwalk.WriteGPX(&out, w, points)
	return &file{Type: "application/gpx+xml", Disposition: route.Attachment(fmt.Sprintf("border-walk-%d.gpx", w.ID)), Body: out.Bytes()}, err
}

type answerInput struct {
	Path
	Body borderwalk.Finding
}

func (h handler) answer(ctx context.Context, in *answerInput) (*route.Body[borderwalk.Answer], error) {
	return route.OK(borderwalk.Say(ctx, h.db, route.Actor(ctx), in.ID, in.Body))
}

// PhotoPath names a photo of an answer.
type PhotoPath struct {
	Answer string `path:"answer" format:"uuid"`
	Photo  string `path:"photo" format:"uuid"`
}

func (p PhotoPath) ids() (answer, photo uuid.UUID, err error) {
	if answer, err = uuid.Parse(p.Answer); err == nil {
		photo, err = uuid.Parse(p.Photo)
	}
	if err != nil {
		err = borderwalk.ErrKey
	}
	return answer, photo, err
}

type photoInput struct {
	PhotoPath
	RawBody []byte `contentType:"image/jpeg"`
}

func (h handler) addPhoto(ctx context.Context, in *photoInput) (*route.Body[borderwalk.Answer], error) {
	answer, photo, err := in.ids()
	if err != nil {
		return nil, err
	}
	done, err := h.turns.Wait(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return route.OK(borderwalk.AddPhoto(ctx, h.db, route.Actor(ctx), answer, photo, in.RawBody))
}

func (h handler) photo(ctx context.Context, in *PhotoPath) (*file, error) {
	answer, photo, err := in.ids()
	if err != nil {
		return nil, err
	}
	body, err := borderwalk.Photo(ctx, h.db, route.Actor(ctx), answer, photo)
	return &file{Type: "image/jpeg", Disposition: "inline", Cache: "no-store", Body: body}, err
}
