package patrols

import (
	"bytes"
	"context"

	"github.com/danielgtaylor/huma/v2"

	"wangge/api/route"
	"wangge/geo/audit"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

type exportInput struct {
	CoverageInput
	Format string `query:"format" enum:"csv,xlsx" default:"xlsx" doc:"csv has the units alone"`
	Lang   string `query:"lang" enum:"zh,en" default:"zh" doc:"of the headers"`
}

func (h handler) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	actor := route.Actor(ctx)
	if !actor.May(staff.Supervise) {
		if err := actor.Must(staff.Export); err != nil {
			return nil, err
		}
	}
	c, err := h.asked(ctx, &in.CoverageInput)
	if err != nil {
		return nil, err
	}
	units, missed := c.Tables(in.Lang == "zh")
	var file bytes.Buffer
	media := "text/csv; charset=utf-8"
	if in.Format == "csv" {
		err = vectorfile.WriteCSV(&file, units)
	} else {
		media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		err = vectorfile.WriteXLSX(&file, units, missed)
	}
	if err != nil {
		return nil, err
	}
	if err := audit.Write(ctx, h.DB, actor, "export", "patrol-coverage", in.Unit, map[string]any{"format": in.Format, "from": in.From, "to": in.To}); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", media)
		hc.SetHeader("Content-Disposition", route.Attachment("coverage-"+in.Unit+"-"+in.From+"-"+in.To+"."+in.Format))
		_, _ = hc.BodyWriter().Write(file.Bytes())
	}}, nil
}
