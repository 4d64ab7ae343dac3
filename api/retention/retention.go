// Package retention serves how long each kind of data is kept, and the proofs of
// what was deleted.
package retention

import (
	"context"
	"strconv"

	"wangge/api/route"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/staff"
)

// Mount adds /retention.
func Mount(a route.API, db pg.DB, queue *job.Queue) {
	h := handler{db, queue}
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "privacy", May: staff.Privacy}
	}
	run := op("run-retention", "Delete now what is kept long enough; it runs every night anyway")
	run.Status = 202
	route.Get(a, "/retention", op("list-retention", "How long each kind of data is kept").For(staff.Map), h.rules)
	route.Put(a, "/retention/{kind}", op("keep-for", "Change how long a kind of data is kept, within its limits"), h.keep)
	route.Post(a, "/retention/runs", run, h.run)
	route.Get(a, "/retention/proofs", op("list-deletion-proofs", "What was deleted, without what it was; newest first"), h.proofs)
}

type handler struct {
	db    pg.DB
	queue *job.Queue
}

func (h handler) rules(ctx context.Context, _ *struct{}) (*route.Body[route.List[privacy.Rule]], error) {
	list, err := privacy.Rules(ctx, h.db, route.Actor(ctx))
	return route.OK(route.Page(list, len(list), nil), err)
}

// KeepDays is how long a kind of data is kept.
type KeepDays struct {
	Days int `json:"days" minimum:"0"`
}

type keepInput struct {
	Kind string `path:"kind" maxLength:"40"`
	Body KeepDays
}

func (h handler) keep(ctx context.Context, in *keepInput) (*route.Body[route.List[privacy.Rule]], error) {
	if err := privacy.Keep(ctx, h.db, route.Actor(ctx), in.Kind, in.Body.Days); err != nil {
		return nil, err
	}
	return h.rules(ctx, nil)
}

func (h handler) run(ctx context.Context, _ *struct{}) (*route.Body[job.Job], error) {
	return route.OK(privacy.StartRetention(ctx, h.db, h.queue, route.Actor(ctx)))
}

func (h handler) proofs(ctx context.Context, in *route.Paging) (*route.Body[route.List[privacy.Proof]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := privacy.Proofs(ctx, h.db, route.Actor(ctx), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return route.OK(route.Page(list, in.Limit, func(p privacy.Proof) string { return strconv.FormatInt(p.ID, 10) }), nil)
}
