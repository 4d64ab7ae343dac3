// Package audit serves the record of who did what.
package audit

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/api/route"
	"wangge/geo/audit"
)

// Mount adds /audit.
func Mount(a route.API, pool *pgxpool.Pool) {
	route.Get(a, "/audit", route.Op{ID: "list-audit", Summary: "Who did what, newest first", Tag: "operation"},
		func(ctx context.Context, in *route.Paging) (*route.Body[route.List[audit.Row]], error) {
			before, err := route.Number(in.Cursor)
			if err != nil {
				return nil, err
			}
			list, err := audit.List(ctx, pool, route.Actor(ctx), before, in.Limit+1)
			return route.OK(route.Page(list, in.Limit, func(r audit.Row) string { return strconv.FormatInt(r.ID, 10) }), err)
		})
}
