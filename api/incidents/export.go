package incidents

import (
	"bufio"
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/incident"
	"wangge/geo/vectorfile"
)

// timeout bounds the writing of a file, which goes on after the handler returned.
const timeout = 5 * time.Minute

type fileInput struct {
	Wanted
	Lang string `query:"lang" enum:"zh,en" default:"zh" doc:"of the headers and words"`
}

func (h handler) export(ctx context.Context, in *fileInput) (*huma.StreamResponse, error) {
	now := time.Now()
	layer, err := incident.Export(ctx, h.db, h.engine, route.Actor(ctx), in.filter(), in.Lang == "zh", now)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
		hc.SetHeader("Content-Disposition", route.Attachment("incidents-"+geo.DayOf(now).String()+".xlsx"))
		humafiber.Unwrap(hc).Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
			defer cancel()
			l, err := layer(ctx)
			if err == nil {
				err = vectorfile.WriteXLSX(w, l)
			}
			if err != nil {
				h.api.Log.Error("export cut short", "kind", "incidents", "err", err)
			}
		})
	}}, nil
}
