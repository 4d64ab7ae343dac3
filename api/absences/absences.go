// Package absences serves who is away: one's own leave, and that of the people
// who serve where one keeps the posts.
package absences

import (
	"context"
	"strconv"
	"time"

	"wangge/api/route"
	"wangge/geo/pg"
	"wangge/geo/post"
)

// Mount adds /absences. Everybody records their own.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	route.Get(a, "/absences", route.Op{ID: "list-absences", Self: true, Tag: "posts", Summary: "Absences that are not over, by id",
		Description: "One's own and those of the people who serve where one keeps the posts. Others learn from a post that its holder is away, not why."}, h.list)
	route.Post(a, "/absences", route.Op{ID: "record-absence", Self: true, Tag: "posts", Status: 201, Summary: "Record an absence, one's own when no account is named",
		Description: "Duty passes to the deputies at that instant. A beginning in the past becomes now. An absence that overlaps another one is refused."}, h.record)
	route.Delete(a, "/absences/{id}", route.Op{ID: "end-absence", Self: true, Tag: "posts", Summary: "End an absence now",
		Description: "Duty returns at once. One that has not begun is forgotten."}, h.end)
}

type handler struct{ db pg.DB }

type listInput struct {
	route.Paging
	Account string `query:"account" maxLength:"64" doc:"login"`
	Mine    bool   `query:"mine" doc:"one's own only"`
	Past    bool   `query:"past" doc:"those that are over as well"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[post.Absence]], error) {
	f := post.AbsenceFilter{Login: in.Account, Mine: in.Mine, Past: in.Past, Limit: in.Limit + 1}
	var err error
	if f.After, err = route.Number(in.Cursor); err != nil {
		return nil, err
	}
	list, err := post.Absences(ctx, h.db, route.Actor(ctx), f)
	return route.OK(route.Page(list, in.Limit, func(a post.Absence) string { return strconv.FormatInt(a.ID, 10) }), err)
}

type recordInput struct{ Body NewAbsence }

// NewAbsence is an absence to be recorded.
type NewAbsence struct {
	Account string      `json:"account,omitempty" maxLength:"64" doc:"login; one's own when absent"`
	From    *time.Time  `json:"from,omitempty" doc:"now when absent"`
	To      *time.Time  `json:"to,omitempty" doc:"until it is ended when absent"`
	Reason  post.Reason `json:"reason" enum:"leave,sick,training,other"`
}

func (h handler) record(ctx context.Context, in *recordInput) (*route.Body[post.Absence], error) {
	n := post.NewAbsence{Login: in.Body.Account, To: in.Body.To, Reason: in.Body.Reason}
	if in.Body.From != nil {
		n.From = *in.Body.From
	}
	return route.OK(post.Leaves(ctx, h.db, route.Actor(ctx), n))
}

// Path names an absence.
type Path struct {
	ID int64 `path:"id"`
}

func (h handler) end(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, post.Returns(ctx, h.db, route.Actor(ctx), in.ID)
}
