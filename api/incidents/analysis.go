package incidents

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// MountAnalysis adds /incidents/analysis. reader is the map's, who has no address.
func MountAnalysis(a route.API, db, reader pg.DB) {
	h := analysis{db, incident.NewAnalyst(db, reader)}
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "incidents", Description: rounding}.For(staff.Count)
	}
	route.Get(a, "/incidents/analysis/units", op("analyse-incidents-by-unit", "Incidents and their rates by unit in force on a date"), h.units)
	route.Get(a, "/incidents/analysis/cells", op("analyse-incidents-by-cell", "Incidents by H3 cell"), h.cells)
	route.Get(a, "/incidents/analysis/trend", op("analyse-incident-trend", "Incidents by day, week or month, and by category"), h.trend)
	route.Get(a, "/incidents/analysis/matrix", op("analyse-incident-hours", "Incidents by hour and weekday"), h.matrix)
	spots := op("find-incident-hot-spots", "Where incidents lie together by more than chance")
	spots.Description = "Gi* of Getis and Ord (1992, 1995) over all H3 cells of the area, against random neighbourhoods, corrected for asking at many cells (Benjamini and Hochberg 1995). The same question has the same answer. " + rounding
	route.Get(a, "/incidents/analysis/hotspots", spots, h.spots)
	file := op("export-incident-analysis", "One of the analyses as a CSV file").For(staff.Export)
	file.Description = "For those who may both export and count. Each export is recorded. " + rounding
	route.Get(a, "/incidents/analysis/export", file, h.export)
}

const rounding = "Who may see single places in the whole area gets exact counts of any days. To others counts are rounded at random to multiples of `step`, small ones are hidden, and the period is a whole week, month, quarter or year that is over."

type analysis struct {
	db      pg.DB
	analyst *incident.Analyst
}

// About are the parameters of every analysis.
type About struct {
	From     string `query:"from" required:"true" format:"date" doc:"first day of the reports (YYYY-MM-DD, China)"`
	To       string `query:"to" required:"true" format:"date" doc:"first day no longer covered"`
	Date     string `query:"date" format:"date" doc:"the units and households are those in force on this day; today in China when absent"`
	Unit     string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it; everything you may count when absent"`
	Category string `query:"category" maxLength:"100" doc:"a large class stands for its small ones too"`
	Sample   int    `query:"sample" minimum:"30" maximum:"10000" default:"30" doc:"no rate, rank, median or hot spot below so many incidents"`
}

func (in *About) question() (q incident.Question, err error) {
	q = incident.Question{Unit: in.Unit, Category: in.Category, Sample: in.Sample}
	for _, d := range []struct {
		text string
		to   *geo.Day
	}{{in.From, &q.From}, {in.To, &q.To}} {
		if *d.to, err = geo.ParseDay(d.text); err != nil {
			return q, route.ErrDate.Because(err)
		}
	}
	q.On, err = route.AsOf{At: in.Date}.Day()
	return q, err
}

type unitsInput struct {
	About
	OfLevel
}

// OfLevel chooses units.
type OfLevel struct {
	Level string `query:"level" maxLength:"64" doc:"units of this level; those right below the unit asked about when absent"`
}

type cellsInput struct {
	About
	OfCells
}

// OfCells chooses a size of cells.
type OfCells struct {
	Resolution int `query:"resolution" minimum:"7" maximum:"10" default:"9" doc:"of the H3 cells: 5.16, 0.74, 0.11 and 0.015 km²; the last only where you may see single places"`
}

type trendInput struct {
	About
	OfSteps
}

// OfSteps chooses the steps of a trend.
type OfSteps struct {
	By string `query:"by" enum:"day,week,month" default:"week" doc:"the step; where counts are rounded, weeks and months"`
}

type spotsInput struct {
	About
	OfCells
	OfSpots
}

// OfSpots chooses what a spot is.
type OfSpots struct {
	Rings   int    `query:"rings" minimum:"1" maximum:"2" default:"1" doc:"a cell's neighbourhood: the 6 cells around it, or the 18"`
	Measure string `query:"measure" enum:"count,rate" default:"count" doc:"incidents, or incidents per 100 households in cells with at least the sample of households"`
}

// answer is what an analysis is asked for, by whom.
func answer[T any](ctx context.Context, in *About, ask func(staff.Actor, incident.Question, time.Time) (T, error)) (*route.Body[T], error) {
	q, err := in.question()
	if err != nil {
		return nil, err
	}
	return route.OK(ask(route.Actor(ctx), q, time.Now()))
}

func (h analysis) units(ctx context.Context, in *unitsInput) (*route.Body[incident.UnitCounts], error) {
	return answer(ctx, &in.About, func(actor staff.Actor, q incident.Question, now time.Time) (incident.UnitCounts, error) {
		return h.analyst.Units(ctx, actor, q, in.Level, now)
	})
}

func (h analysis) cells(ctx context.Context, in *cellsInput) (*route.Body[incident.CellCounts], error) {
	return answer(ctx, &in.About, func(actor staff.Actor, q incident.Question, now time.Time) (incident.CellCounts, error) {
		return h.analyst.Cells(ctx, actor, q, in.Resolution, now)
	})
}

func (h analysis) trend(ctx context.Context, in *trendInput) (*route.Body[incident.Trend], error) {
	return answer(ctx, &in.About, func(actor staff.Actor, q incident.Question, now time.Time) (incident.Trend, error) {
		return h.analyst.Trend(ctx, actor, q, in.By, now)
	})
}

func (h analysis) matrix(ctx context.Context, in *About) (*route.Body[incident.Matrix], error) {
	return answer(ctx, in, func(actor staff.Actor, q incident.Question, now time.Time) (incident.Matrix, error) {
		return h.analyst.Matrix(ctx, actor, q, now)
	})
}

func (h analysis) spots(ctx context.Context, in *spotsInput) (*route.Body[incident.Spots], error) {
	return answer(ctx, &in.About, func(actor staff.Actor, q incident.Question, now time.Time) (incident.Spots, error) {
		return h.analyst.HotSpots(ctx, actor, in.of(q, in.Resolution), now)
	})
}

func (in OfSpots) of(q incident.Question, resolution int) incident.SpotQuestion {
	return incident.SpotQuestion{Question: q, Resolution: resolution, Rings: in.Rings, Measure: in.Measure}
}

type exportInput struct {
	About
	OfLevel
	OfCells
	OfSteps
	OfSpots
	What string `query:"what" required:"true" enum:"units,cells,trend,matrix,hotspots"`
}

// export counts where both may be done: to count and to export.
func (h analysis) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	actor := route.Actor(ctx)
	if err := actor.Must(staff.Count); err != nil {
		return nil, err
	}
	q, err := in.question()
	if err != nil {
		return nil, err
	}
	q.Purposes = []staff.Permission{staff.Count, staff.Export}
	file, err := h.table(ctx, actor, q, in)
	if err != nil {
		return nil, err
	}
	err = audit.Write(ctx, h.db, actor, "export", "incident-analysis", in.What, map[string]any{"unit": in.Unit, "from": in.From, "to": in.To})
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/csv; charset=utf-8")
		hc.SetHeader("Content-Disposition", route.Attachment("incidents-"+in.What+"-"+in.From+"-"+in.To+".csv"))
		_, _ = hc.BodyWriter().Write(file)
	}}, nil
}
