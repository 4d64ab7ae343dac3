// Package breakglass serves access beyond one's posts: asking for it, seeing who
// has it, ending it.
package breakglass

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"wangge/api/route"
	"wangge/geo/breakglass"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /break-glass. The engine knows units that the caller cannot see.
func Mount(a route.API, db, engine pg.DB) {
	h := handler{db, engine}
	route.Get(a, "/break-glass", route.Op{ID: "list-break-glass", Self: true, Summary: "Access beyond posts: one's own, and that in units whose log or privacy is one's matter", Tag: "audit"}, h.list)
	route.Post(a, "/break-glass", route.Op{ID: "break-glass", Self: true, Status: http.StatusCreated, Summary: "Ask for access beyond one's posts, with a reason, for up to four hours", Tag: "audit",
		Description: "It is granted at once and seen by those who guard the log and privacy there; what is done under it is recorded with its number."}, h.begin)
	route.Post(a, "/break-glass/{id}/end", route.Op{ID: "end-break-glass", Self: true, Summary: "End such an access before its time", Tag: "audit"}, h.end)
}

type handler struct{ db, engine pg.DB }

func (h handler) list(ctx context.Context, in *route.Paging) (*route.Body[route.List[breakglass.Access]], error) {
	before, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := breakglass.List(ctx, h.engine, route.Actor(ctx), before, in.Limit+1)
	return route.OK(route.Page(list, in.Limit, func(a breakglass.Access) string { return strconv.FormatInt(a.ID, 10) }), err)
}

type request struct {
	Body struct {
		Unit       int64            `json:"unit" minimum:"1"`
		Permission staff.Permission `json:"permission" enum:"place,contact"`
		Reason     string           `json:"reason" minLength:"10" maxLength:"500" doc:"without names and numbers of persons"`
		Minutes    int              `json:"minutes" minimum:"1" maximum:"240"`
	}
}

func (h handler) begin(ctx context.Context, in *request) (*route.Body[breakglass.Access], error) {
	return route.OK(breakglass.Break(ctx, h.db, h.engine, route.Actor(ctx), breakglass.Request{
		Unit: in.Body.Unit, Permission: in.Body.Permission, Reason: in.Body.Reason, For: time.Duration(in.Body.Minutes) * time.Minute}))
}

type byID struct {
	ID int64 `path:"id"`
}

func (h handler) end(ctx context.Context, in *byID) (*route.Body[breakglass.Access], error) {
	return route.OK(breakglass.End(ctx, h.db, h.engine, route.Actor(ctx), in.ID))
}
