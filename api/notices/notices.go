// Package notices serves the texts that people are shown before anything about
// them is collected. They are for everybody, signed in or not.
package notices

import (
	"context"

	"wangge/api/route"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/staff"
)

// Mount adds /notices.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	open := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "privacy", Open: true}
	}
	route.Get(a, "/notices", open("list-notices", "The notices in force"), h.list)
	route.Get(a, "/notices/{code}", open("get-notice", "One notice, in its version of now"), h.get)
	route.Get(a, "/notices/{code}/versions", open("list-notice-versions", "Every version of a notice, newest first"), h.history)
	route.Post(a, "/notices/{code}/versions", route.Op{ID: "publish-notice", Summary: "Publish a new version of a notice", Tag: "privacy", May: staff.Privacy, Status: 201}, h.publish)
}

type handler struct{ db pg.DB }

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[privacy.Notice]], error) {
	return listed(privacy.Notices(ctx, h.db))
}

// Path names a notice. It is exported because the framework fills in exported
// structs only.
type Path struct {
	Code string `path:"code" maxLength:"40"`
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[privacy.Notice], error) {
	return route.OK(privacy.CurrentNotice(ctx, h.db, in.Code))
}

func (h handler) history(ctx context.Context, in *Path) (*route.Body[route.List[privacy.Notice]], error) {
	return listed(privacy.NoticeHistory(ctx, h.db, in.Code))
}

// NewNotice is the next version of a notice.
type NewNotice struct {
	Read int `json:"read" doc:"the version you have read; a newer one makes this a conflict"`
	privacy.NoticeText
}

type publishInput struct {
	Path
	Body NewNotice
}

func (h handler) publish(ctx context.Context, in *publishInput) (*route.Body[privacy.Notice], error) {
	if _, err := privacy.PublishNotice(ctx, h.db, route.Actor(ctx), in.Code, in.Body.Read, in.Body.NoticeText); err != nil {
		return nil, err
	}
	return route.OK(privacy.CurrentNotice(ctx, h.db, in.Code))
}

func listed(list []privacy.Notice, err error) (*route.Body[route.List[privacy.Notice]], error) {
	return route.OK(route.Page(list, len(list), nil), err)
}
