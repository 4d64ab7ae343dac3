// Package comparisons serves what is different between two divisions of a unit: as
// tables, as maps and as files.
package comparisons

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/circle"
	"wangge/geo/compare"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /comparisons. Ways on foot lead along footpaths.
func Mount(a route.API, db pg.Pool, footpaths circle.Paths) {
	h := handler{a, db, footpaths}
	op := func(id, summary string, p staff.Permission) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "comparisons", May: p}
	}
	compared := op("compare-divisions", "What is different between two divisions of a unit", staff.Map)
	compared.Description = "Each side is a day (date:2026-01-01) or a plan (plan:12: a draft as it stands, a published plan on its day). Drafts are for planners. " +
		"Units are related by the land that they have in common, exactly. The same households are counted on both sides, where they stand: for those who may see single places in the whole base; others get published counts."
	route.Get(a, "/comparisons", compared, h.compare)
	route.Get(a, "/comparisons/units", op("compare-units", "The units of one side as GeoJSON", staff.Map), h.units)
	route.Get(a, "/comparisons/difference", op("compare-difference", "The land that changes hands as GeoJSON, from unit to unit", staff.Map), h.difference)
	route.Get(a, "/comparisons/households", op("list-moved-households", "Households that change grid; each look is recorded", staff.Place), h.households)
	route.Get(a, "/comparisons/impact", op("compare-impact", "What each change means: area, households, load per worker, ways on foot", staff.Map), h.impact)
	route.Get(a, "/comparisons/statistics", op("restate-statistics", "Incidents of a period and households, restated on the units of both sides", staff.Place), h.statistics)
	route.Get(a, "/comparisons/export", op("export-comparison", "Tables of a comparison as a file", staff.Export), h.export)
}

type handler struct {
	api       route.API
	db        pg.Pool
	footpaths circle.Paths
}

// timeout bounds the writing of a file, which goes on after the handler returned.
const timeout = 5 * time.Minute

// Question is what all operations ask. It is exported because the router reads the
// fields of exported types alone.
type Question struct {
	Base   string `query:"base" required:"true" minLength:"1" maxLength:"64" doc:"code of the unit in which is compared"`
	Level  string `query:"level" required:"true" minLength:"1" maxLength:"40" doc:"of the units that are compared, below that of the base"`
	Before string `query:"before" required:"true" maxLength:"40" doc:"date:YYYY-MM-DD or plan:ID" example:"date:2026-01-01"`
	After  string `query:"after" required:"true" maxLength:"40" doc:"date:YYYY-MM-DD or plan:ID" example:"plan:12"`
	On     string `query:"on" format:"date" doc:"the households are those of this day; today in China when absent"`
}

func (q Question) read() (asked compare.Question, today geo.Day, err error) {
	asked = compare.Question{Base: q.Base, Level: q.Level}
	if asked.Before, err = compare.ParseSide(q.Before); err == nil {
		asked.After, err = compare.ParseSide(q.After)
	}
	if err == nil {
		asked.On, err = route.AsOf{At: q.On}.Day()
	}
	return asked, geo.DayOf(time.Now()), err
}

func (h handler) compare(ctx context.Context, in *Question) (*route.Body[compare.Comparison], error) {
	q, today, err := in.read()
	if err != nil {
		return nil, err
	}
	return route.OK(compare.Of(ctx, h.db, route.Actor(ctx), q, today))
}

type unitsInput struct {
	Question
	Side string `query:"side" enum:"before,after" required:"true"`
}

func (h handler) units(ctx context.Context, in *unitsInput) (*route.GeoJSON[compare.Drawn], error) {
	q, today, err := in.read()
	if err != nil {
		return nil, err
	}
	list, err := compare.Division(ctx, h.db, route.Actor(ctx), q, in.Side == "after", today)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[compare.Drawn](len(list))
	for _, u := range list {
		out.Add(u.Code, u.Area.Orb(), u)
	}
	return out, nil
}

func (h handler) difference(ctx context.Context, in *Question) (*route.GeoJSON[compare.Common], error) {
	q, today, err := in.read()
	if err != nil {
		return nil, err
	}
	list, err := compare.Difference(ctx, h.db, route.Actor(ctx), q, today)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[compare.Common](len(list))
	for _, p := range list {
		out.Add(p.Before+">"+p.After, orb.Geometry(p.Shape()), p)
	}
	return out, nil
}

type householdsInput struct {
	Question
	route.Paging
	From string `query:"from" maxLength:"64" doc:"code of the unit before; any when absent"`
	To   string `query:"to" maxLength:"64" doc:"code of the unit after; any when absent"`
}

func (h handler) households(ctx context.Context, in *householdsInput) (*route.Body[route.List[compare.MovedHousehold]], error) {
	q, today, err := in.read()
	if err != nil {
		return nil, err
	}
	last, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := compare.Moved(ctx, h.db, route.Actor(ctx), q, compare.Look{From: in.From, To: in.To, After: last, Limit: in.Limit + 1}, today)
	return route.OK(route.Page(list, in.Limit, func(one compare.MovedHousehold) string { return strconv.FormatInt(one.ID, 10) }), err)
}

func (h handler) impact(ctx context.Context, in *Question) (*route.Body[compare.Impact], error) {
	q, today, err := in.read()
	if err != nil {
		return nil, err
	}
	return route.OK(compare.ImpactOf(ctx, h.db, route.Actor(ctx), h.footpaths, q, today))
}

type statisticsInput struct {
	Question
	From     string `query:"from" format:"date" required:"true" doc:"incidents reported from this day on"`
	To       string `query:"to" format:"date" required:"true" doc:"and before this one, at most ten years later"`
	Category string `query:"category" maxLength:"40" doc:"a large class stands for its small ones too; all when absent"`
}

func (h handler) statistics(ctx context.Context, in *statisticsInput) (*route.Body[compare.Statistics], error) {
	q, today, err := in.read()
	if err != nil {
		return nil, err
	}
	p, err := period(in.From, in.To, in.Category)
	if err != nil {
		return nil, err
	}
	return route.OK(compare.Restate(ctx, h.db, route.Actor(ctx), q, p, today))
}

func period(from, to, category string) (p compare.Period, err error) {
	p.Category = category
	if p.From, err = (route.AsOf{At: from}).Day(); err == nil {
		p.To, err = route.AsOf{At: to}.Day()
	}
	return p, err
}

type exportInput struct {
	Question
	What     string `query:"what" enum:"changes,pairs,units,duties,difference,impact,statistics" default:"changes"`
	Format   string `query:"format" enum:"csv,xlsx,geojson,gpkg" default:"csv"`
	From     string `query:"from" format:"date" doc:"of statistics: incidents reported from this day on"`
	To       string `query:"to" format:"date" doc:"of statistics: and before this one"`
	Category string `query:"category" maxLength:"40" doc:"of statistics"`
}

func (h handler) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	q, today, err := in.read()
	if err != nil {
		return nil, err
	}
	p, err := period(in.From, in.To, in.Category)
	if err != nil {
		return nil, err
	}
	file, err := compare.NewExport(ctx, h.db, route.Actor(ctx), h.footpaths, q, compare.Export{What: in.What, Format: in.Format, Period: p}, today)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", file.MediaType)
		hc.SetHeader("Content-Disposition", route.Attachment(fmt.Sprintf("comparison-%s-%s.%s", in.Base, in.What, in.Format)))
		humafiber.Unwrap(hc).Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
			defer cancel()
			if err := file.Write(ctx, w); err != nil {
				h.api.Log.Error("export cut short", "comparison", in.Base, "err", err)
			}
		})
	}}, nil
}
