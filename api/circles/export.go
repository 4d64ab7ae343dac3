package circles

import (
	"bufio"
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"wangge/api/route"
	"wangge/geo/circle"
)

// timeout bounds one export; it is written after the handler has returned.
const timeout = 15 * time.Minute

type exportInput struct {
	AnyColumn
	What       string `query:"what" enum:"units,cells,points,uncovered,change" default:"units"`
	Format     string `query:"format" enum:"csv,xlsx,geojson,gpkg,parquet,png,pdf" default:"csv"`
	Level      string `query:"level" maxLength:"40" doc:"of units; all when absent"`
	Resolution int    `query:"resolution" minimum:"7" maximum:"10" default:"9" doc:"of cells"`
	Before     int64  `query:"before" doc:"of change: the other run"`
}

func (h handler) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	actor := route.Actor(ctx)
	file, err := circle.NewExport(ctx, h.db, actor, in.ID, circle.Export{
		What: in.What, Format: in.Format, Column: in.Column, Level: in.Level, Resolution: in.Resolution, Before: in.Before, Font: h.font})
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", file.MediaType)
		hc.SetHeader("Content-Disposition", route.Attachment(fmt.Sprintf("circle-%d-%s.%s", in.ID, in.What, in.Format)))
		humafiber.Unwrap(hc).Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
			defer cancel()
			if err := file.Write(ctx, w); err != nil {
				h.api.Log.Error("export cut short", "circle", in.ID, "err", err)
			}
		})
	}}, nil
}
