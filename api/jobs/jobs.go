// Package jobs serves long work: progress, cancel, retry.
package jobs

import (
	"context"
	"strconv"

	"wangge/api/route"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /jobs.
func Mount(a route.API, db pg.DB, queue *job.Queue) {
	h := handler{db, queue}
	route.Get(a, "/jobs", route.Op{ID: "list-jobs", May: staff.Map, Summary: "Jobs, newest first", Tag: "jobs"}, h.list)
	route.Get(a, "/jobs/{id}", route.Op{ID: "get-job", May: staff.Map, Summary: "One job", Tag: "jobs"}, h.get)
	route.Post(a, "/jobs/{id}/cancel", route.Op{ID: "cancel-job", May: staff.Map, Summary: "Stop a job; what it did is undone", Tag: "jobs"}, h.cancel)
	route.Post(a, "/jobs/{id}/retry", route.Op{ID: "retry-job", May: staff.Map, Summary: "Run a failed or cancelled job again", Tag: "jobs"}, h.retry)
}

type handler struct {
	db    pg.DB
	queue *job.Queue
}

type listInput struct {
	route.Paging
	State string `query:"state" enum:"waiting,running,done,failed,cancelled"`
}

type id struct {
	ID int64 `path:"id"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[job.Job]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := job.List(ctx, h.db, route.Actor(ctx), job.State(in.State), before, in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(j job.Job) string { return strconv.FormatInt(j.ID, 10) }), err)
}

func (h handler) get(ctx context.Context, in *id) (*route.Body[job.Job], error) {
	return route.OK(job.Get(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) cancel(ctx context.Context, in *id) (*route.Body[job.Job], error) {
	return route.OK(h.queue.Cancel(ctx, h.db, route.Actor(ctx), in.ID))
}

func (h handler) retry(ctx context.Context, in *id) (*route.Body[job.Job], error) {
	return route.OK(h.queue.Retry(ctx, h.db, route.Actor(ctx), in.ID))
}
