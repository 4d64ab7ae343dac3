// Package rulesets serves the sets of local rules that drafts are drawn by.
package rulesets

import (
	"context"

	"wangge/api/route"
	"wangge/geo/pg"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
)

// Mount adds /rulesets.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	op := func(id, summary, description string) route.Op {
		return route.Op{ID: id, Summary: summary, Description: description, Tag: "plans"}.For(staff.Plan)
	}
	add := op("add-ruleset", "Make a set of local rules", "For the area of your posts: those who plan there or below it may use it, those who plan there may change it.")
	copied := op("copy-ruleset", "Make a set with the rules of another one", "A built-in set, and one by which a plan was adopted, never change: change a copy.")
	add.Status, copied.Status = 201, 201
	remove := op("remove-ruleset", "Remove a set that no draft uses", "")
	remove.Status = 204
	route.Get(a, "/rulesets", op("list-rulesets", "Sets of local rules, the built-in ones first", ""), h.list)
	route.Post(a, "/rulesets", add, h.add)
	route.Get(a, "/rulesets/{id}", op("get-ruleset", "One set of local rules", ""), h.get)
	route.Get(a, "/rulesets/{id}/plans", op("ruleset-plans", "The plans that are drawn by a set", "Those of your area, newest first, 200 at most."), h.users)
	route.Patch(a, "/rulesets/{id}", op("edit-ruleset", "Change a set's titles or rules",
		"Drafts that use it are judged by the changed rules from now on. A rule with its id keeps its waivers."), h.edit)
	route.Delete(a, "/rulesets/{id}", remove, h.remove)
	route.Post(a, "/rulesets/{id}/copy", copied, h.copy)
}

type handler struct{ db pg.DB }

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[ruleset.Set]], error) {
	list, err := ruleset.List(ctx, h.db, route.Actor(ctx))
	return route.OK(route.Page(list, len(list), func(ruleset.Set) string { return "" }), err)
}

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[ruleset.Set], error) {
	return route.OK(ruleset.Get(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) users(ctx context.Context, in *Path) (*route.Body[route.List[ruleset.User]], error) {
	list, err := ruleset.Users(ctx, h.db, route.Actor(ctx), in.ID)
	return route.OK(route.Page(list, len(list), func(ruleset.User) string { return "" }), err)
}

func (h handler) add(ctx context.Context, in *route.Body[ruleset.New]) (*route.Body[ruleset.Set], error) {
	return route.OK(ruleset.Add(ctx, h.db, route.Actor(ctx), in.Body))
}

type editInput struct {
	Path
	Body ruleset.Edit
}

func (h handler) edit(ctx context.Context, in *editInput) (*route.Body[ruleset.Set], error) {
	return route.OK(ruleset.Save(ctx, h.db, route.Actor(ctx), in.ID, in.Body))
}

// Titles are those of a copy.
type Titles struct {
	TitleZh string `json:"title_zh" minLength:"1" maxLength:"100"`
	TitleEn string `json:"title_en" minLength:"1" maxLength:"100"`
}

type copyInput struct {
	Path
	Body Titles
}

func (h handler) copy(ctx context.Context, in *copyInput) (*route.Body[ruleset.Set], error) {
	return route.OK(ruleset.Copy(ctx, h.db, route.Actor(ctx), in.ID, in.Body.TitleZh, in.Body.TitleEn))
}

func (h handler) remove(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, ruleset.Delete(ctx, h.db, route.Actor(ctx), in.ID)
}
