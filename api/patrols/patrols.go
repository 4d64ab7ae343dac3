// Package patrols serves what patrols saw of a unit, without a person.
package patrols

import (
	"context"
	"time"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/circle"
	"wangge/geo/patrol"
	"wangge/geo/pg"
	"wangge/geo/premises"
	"wangge/geo/staff"
	"wangge/geo/visit"
	"wangge/geo/walk"
)

// Mount adds /patrols. What was seen is read by the engine.
func Mount(a route.API, db, engine pg.DB, footpaths circle.Paths) {
	h := handler{patrol.Coverer{DB: db, Engine: engine, Paths: func(ctx context.Context) (*walk.Network, error) {
		n, _, err := footpaths.Current(ctx)
		return n, err
	}}}
	route.Get(a, "/patrols/coverage", route.Op{ID: "get-patrol-coverage", Tag: "patrols", Summary: "What patrols saw of a unit, and of those right below it",
		Description: "By unit and kind of post, never by person. What was seen is told of 7 to 92 days; what it took is told in whole weeks that are over."}.For(staff.Count), h.coverage)
	route.Get(a, "/patrols/coverage/export", route.Op{ID: "export-patrol-coverage", Tag: "patrols", Summary: "What patrols saw of the units below one, as a table",
		Description: "The units right below the one that is asked about, by unit and never by person; a workbook has each missed checkpoint on a second worksheet. For those who count and may export, or supervise. Each export is recorded."}.For(staff.Count), h.export)
	route.Get(a, "/patrols/late", route.Op{ID: "get-late-duties", Tag: "patrols", Summary: "What was missed today and what is late, for who supervises",
		Description: "Checkpoints that a beat had today and nobody marked in its hours, and late visits as numbers, by unit and post: nothing of a person or a household."}.For(staff.Supervise), h.late)
}

type handler struct{ patrol.Coverer }

// CoverageInput asks for coverage.
type CoverageInput struct {
	Unit string `query:"unit" required:"true" minLength:"1" maxLength:"64" doc:"code"`
	From string `query:"from" required:"true" format:"date" doc:"first day (YYYY-MM-DD, China)"`
	To   string `query:"to" required:"true" format:"date" doc:"last day; the units are those in force on it"`
}

func (h handler) coverage(ctx context.Context, in *CoverageInput) (*route.Body[patrol.Coverage], error) {
	return route.OK(h.asked(ctx, in))
}

func (h handler) asked(ctx context.Context, in *CoverageInput) (c patrol.Coverage, err error) {
	ask := patrol.Ask{Unit: in.Unit}
	if ask.From, err = geo.ParseDay(in.From); err == nil {
		ask.To, err = geo.ParseDay(in.To)
	}
	if err != nil {
		return c, route.ErrDate.Because(err)
	}
	return h.Coverage(ctx, route.Actor(ctx), ask, time.Now())
}

// Late is what was missed and what is late, by unit and post.
type Late struct {
	Missed []premises.Missed `json:"missed" doc:"checkpoints of the beats of today whose hours are over; at most 10,000"`
	Visits []visit.Behind    `json:"visits" doc:"late visits, the most first; at most 1,000 lines"`
}

type lateInput struct {
	Unit string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it; wherever you supervise when absent"`
}

func (h handler) late(ctx context.Context, in *lateInput) (*route.Body[Late], error) {
	actor, now := route.Actor(ctx), time.Now()
	today := geo.DayOf(now)
	var out Late
	var err error
	if out.Visits, err = visit.LateIn(ctx, h.Engine, actor, in.Unit, today); err == nil {
		out.Missed, err = premises.MissedOn(ctx, h.Engine, actor, staff.Supervise, in.Unit, today, now)
	}
	return route.OK(out, err)
}
