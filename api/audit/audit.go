// Package audit serves the record of who did what.
package audit

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/api/route"
	"wangge/geo/audit"
	"wangge/geo/fault"
)

var errCursor = fault.New(fault.Invalid, "cursor_malformed", "This cursor was not given by this list.")

// Mount adds /audit.
func Mount(a route.API, pool *pgxpool.Pool) {
	route.Get(a, "/audit", route.Op{ID: "list-audit", Summary: "Who did what, newest first", Tag: "operation"},
		func(ctx context.Context, in *route.Paging) (*route.Body[route.List[audit.Row]], error) {
			var before int64
			if in.Cursor != "" {
				var err error
				if before, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil {
					return nil, errCursor
				}
			}
			list, err := audit.List(ctx, pool, route.Actor(ctx), before, in.Limit+1)
			return route.OK(route.Page(list, in.Limit, func(r audit.Row) string { return strconv.FormatInt(r.ID, 10) }), err)
		})
}
