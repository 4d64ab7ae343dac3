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
	"wangge/geo/staff"
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
}

type handler struct{ patrol.Coverer }

type coverageInput struct {
	Unit string `query:"unit" required:"true" minLength:"1" maxLength:"64" doc:"code"`
	From string `query:"from" required:"true" format:"date" doc:"first day (YYYY-MM-DD, China)"`
	To   string `query:"to" required:"true" format:"date" doc:"last day; the units are those in force on it"`
}

func (h handler) coverage(ctx context.Context, in *coverageInput) (*route.Body[patrol.Coverage], error) {
	ask := patrol.Ask{Unit: in.Unit}
	var err error
	if ask.From, err = geo.ParseDay(in.From); err == nil {
		ask.To, err = geo.ParseDay(in.To)
	}
	if err != nil {
		return nil, route.ErrDate.Because(err)
	}
	return route.OK(h.Coverage(ctx, route.Actor(ctx), ask, time.Now()))
}
