// Package staffing serves which posts the units of a level have, and what is
// missing or too many.
package staffing

import (
	"context"
	"time"

	"wangge/api/route"
	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/staff"
)

// Mount adds /staffing. Who answers meanwhile is read as the engine: it looks
// above the units that the caller sees.
func Mount(a route.API, db, engine pg.DB) {
	h := handler{db, engine}
	op := func(id, summary, description string) route.Op {
		return route.Op{ID: id, Summary: summary, Description: description, Tag: "posts"}
	}
	route.Get(a, "/staffing", op("get-staffing", "Kinds of posts, the template of every level, and the backstop", "").For(staff.Map), h.get)
	route.Put(a, "/staffing/levels/{level}", op("put-staffing", "Replace the template of a level",
		"A level without lines has no template, and no rule is broken there. Levels are the same everywhere: this needs settings everywhere.").For(staff.Setting), h.put)
	route.Put(a, "/staffing/backstop", op("put-backstop", "Name the post that answers when nobody in a unit's line does",
		"0 = any administrator, the nearest first.").For(staff.Setting), h.backstop)
	route.Get(a, "/staffing/vacancies", op("list-vacancies", "Vacancies and broken rules of today, by unit",
		"Each with the day since when, and with who answers meanwhile and why.").For(staff.Map), h.vacancies)
	route.Get(a, "/staffing/vacancies/units", op("count-vacancies", "How much is wrong in each unit and below it",
		"For a tree and for the map: the units in your area that have a broken rule or a unit below that has one, by code.").For(staff.Map), h.counts)
}

type handler struct{ db, engine pg.DB }

// Staffing is everything that is said of posts in general.
type Staffing struct {
	Kinds    []post.KindOfPost `json:"kinds"`
	Levels   []post.Template   `json:"levels" doc:"from the top level down"`
	Backstop int64             `json:"backstop" doc:"post; 0 = any administrator, the nearest first"`
}

func (h handler) get(ctx context.Context, _ *struct{}) (*route.Body[Staffing], error) {
	actor := route.Actor(ctx)
	var s Staffing
	var err error
	if s.Kinds, err = post.Kinds(ctx, h.db, actor); err != nil {
		return nil, err
	}
	if s.Levels, err = post.Templates(ctx, h.db, actor); err != nil {
		return nil, err
	}
	s.Backstop, err = post.Backstop(ctx, h.db, actor)
	return route.OK(s, err)
}

type putInput struct {
	Level string `path:"level" maxLength:"40"`
	Body  TemplateLines
}

// TemplateLines are a whole template.
type TemplateLines struct {
	Lines []post.Line `json:"lines" maxItems:"40"`
}

func (h handler) put(ctx context.Context, in *putInput) (*route.Body[Staffing], error) {
	if err := post.PutTemplate(ctx, h.db, route.Actor(ctx), in.Level, in.Body.Lines); err != nil {
		return nil, err
	}
	return h.get(ctx, nil)
}

type backstopInput struct{ Body BackstopPost }

// BackstopPost names a post.
type BackstopPost struct {
	Post int64 `json:"post" minimum:"0" doc:"0 = any administrator"`
}

func (h handler) backstop(ctx context.Context, in *backstopInput) (*route.Body[Staffing], error) {
	if err := post.SetBackstop(ctx, h.db, route.Actor(ctx), in.Body.Post); err != nil {
		return nil, err
	}
	return h.get(ctx, nil)
}

// Which chooses vacancies.
type Which struct {
	Unit  string     `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	Level string     `query:"level" maxLength:"40"`
	Kind  staff.Kind `query:"kind" maxLength:"40"`
	Rule  post.Rule  `query:"rule" enum:"missing,excess,vacant,acting,no-deputy" doc:"missing: fewer posts than the template asks for; excess: more, or a kind that does not belong there; vacant: nobody holds it; acting: only its B does; no-deputy: it needs a B and has none"`
}

func (w Which) filter() post.VacancyFilter {
	return post.VacancyFilter{Unit: w.Unit, Level: w.Level, Kind: w.Kind, Rule: w.Rule}
}

type vacanciesInput struct {
	route.Paging
	Which
}

func (h handler) vacancies(ctx context.Context, in *vacanciesInput) (*route.Body[route.List[post.Vacancy]], error) {
	f := in.filter()
	f.Cursor, f.Limit = in.Cursor, in.Limit+1
	list, err := post.Vacancies(ctx, h.db, route.Actor(ctx), f)
	if err != nil {
		return nil, err
	}
	page := route.Page(list, in.Limit, post.Vacancy.Cursor)
	return route.OK(page, post.AddAnswers(ctx, h.engine, page.Items, time.Now()))
}

func (h handler) counts(ctx context.Context, in *Which) (*route.Body[route.List[post.UnitVacancies]], error) {
	list, err := post.Counts(ctx, h.db, route.Actor(ctx), in.filter())
	return route.OK(route.Page(list, len(list), func(post.UnitVacancies) string { return "" }), err)
}
