// Package purposes serves the register of purposes: which personal fields are
// kept, why, on what basis, how long and who sees them.
package purposes

import (
	"context"

	"wangge/api/route"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/staff"
)

// Mount adds /purposes.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "privacy"} }
	publish := op("publish-purpose", "Publish a new version of an entry").For(staff.Privacy)
	publish.Status = 201
	route.Get(a, "/purposes", op("list-purposes", "The purpose register in force").For(staff.Map), h.list)
	route.Get(a, "/purposes/{code}/versions", op("list-purpose-versions", "Every version of an entry, newest first").For(staff.Map), h.history)
	route.Post(a, "/purposes/{code}/versions", publish, h.publish)
}

type handler struct{ db pg.DB }

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[privacy.Purpose]], error) {
	return listed(privacy.Purposes(ctx, h.db, route.Actor(ctx)))
}

// Path names an entry. It is exported because the framework fills in exported
// structs only.
type Path struct {
	Code string `path:"code" maxLength:"40"`
}

func (h handler) history(ctx context.Context, in *Path) (*route.Body[route.List[privacy.Purpose]], error) {
	return listed(privacy.PurposeHistory(ctx, h.db, route.Actor(ctx), in.Code))
}

// NewPurpose is the next version of an entry.
type NewPurpose struct {
	Read int `json:"read" doc:"the version you have read; a newer one makes this a conflict"`
	privacy.PurposeText
}

type publishInput struct {
	Path
	Body NewPurpose
}

// Published is the number of a version.
type Published struct {
	Version int `json:"version"`
}

func (h handler) publish(ctx context.Context, in *publishInput) (*route.Body[Published], error) {
	version, err := privacy.PublishPurpose(ctx, h.db, route.Actor(ctx), in.Code, in.Body.Read, in.Body.PurposeText)
	return route.OK(Published{version}, err)
}

func listed(list []privacy.Purpose, err error) (*route.Body[route.List[privacy.Purpose]], error) {
	return route.OK(route.Page(list, len(list), nil), err)
}
