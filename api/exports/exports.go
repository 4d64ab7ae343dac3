// Package exports streams everything in open formats.
package exports

import (
	"bufio"
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"wangge/api/route"
	"wangge/geo/audit"
	"wangge/geo/export"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// timeout bounds one export; it runs after the handler has returned.
const timeout = 15 * time.Minute

// Mount adds /exports.
func Mount(a route.API, db pg.Pool) {
	h := handler{a, db}
	route.Get(a, "/exports/{kind}", route.Op{ID: "export", May: staff.Export, Summary: "A kind of thing as a GeoJSON or CSV file", Tag: "operation",
		Description: "kind is units, households, incidents, service-points or zones. Each export is recorded."}, h.export)
}

type handler struct {
	api route.API
	db  pg.Pool
}

type input struct {
	route.AsOf
	Kind   string `path:"kind" enum:"units,households,incidents,service-points,zones"`
	Format string `query:"format" enum:"geojson,csv" default:"geojson"`
	Level  string `query:"level" doc:"of units; all when absent"`
}

func (h handler) export(ctx context.Context, in *input) (*huma.StreamResponse, error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	format, actor := export.Format(in.Format), route.Actor(ctx)
	if err := export.Check(actor, in.Kind); err != nil {
		return nil, err
	}
	if err := audit.Write(ctx, h.db, actor, "export", in.Kind, "", map[string]any{"format": in.Format, "level": in.Level}); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", format.MediaType())
		hc.SetHeader("Content-Disposition", route.Attachment(in.Kind+"-"+day.String()+"."+in.Format))
		// The body is written while it is read, after the request's own deadline.
		humafiber.Unwrap(hc).Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
			defer cancel()
			err := export.Write(ctx, h.db, actor, w, in.Kind, format, export.Options{Day: day, Level: in.Level})
			if err != nil {
				h.api.Log.Error("export cut short", "kind", in.Kind, "err", err)
			}
		})
	}}, nil
}
