// Package audit serves the record of who did what.
package audit

import (
	"context"
	"strconv"

	"wangge/api/route"
	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /audit.
func Mount(a route.API, db pg.DB) {
	route.Get(a, "/audit", route.Op{ID: "list-audit", May: staff.Audit, Summary: "Who did what, newest first", Tag: "operation"},
		func(ctx context.Context, in *route.Paging) (*route.Body[route.List[audit.Row]], error) {
			before, err := route.Number(in.Cursor)
			if err != nil {
				return nil, err
			}
			list, err := audit.List(ctx, db, route.Actor(ctx), before, in.Limit+1)
			return route.OK(route.Page(list, in.Limit, func(r audit.Row) string { return strconv.FormatInt(r.ID, 10) }), err)
		})
}
