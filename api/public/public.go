// Package public serves what is open to everybody without an account, once an
// administrator has switched it on: who serves an address, and what else is open.
package public

import (
	"context"
	"time"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/serves"
	"wangge/geo/staff"
)

// Mount adds /public and the offices of units. What is open is read as the map's
// reader, which has no personal column at all; reports are taken by the engine, for the
// public may write nothing itself.
func Mount(a route.API, db, engine, reader pg.DB) {
	h := handler{db, engine, reader}
	h.mountIncidents(a)
	route.Get(a, "/public/settings", route.Op{ID: "get-public-settings", Open: true, Summary: "What is open to everybody", Tag: "public"}, h.offer)
	route.Put(a, "/public/settings", route.Op{ID: "put-public-settings", May: staff.Setting, Summary: "Open or close what is public", Tag: "public"}, h.change)
	// An address comes in the body, so that it stands in no log.
	route.Post(a, "/public/serves", route.Op{ID: "who-serves", Open: true, Summary: "Who serves this place", Tag: "public",
		Description: "Give a point or an address. An address is looked up among streets and buildings of the map; nothing of it is stored."}, h.serves)
	route.Get(a, "/units/{code}/office", route.Op{ID: "get-office", May: staff.Map, Summary: "How the office of a unit is reached", Tag: "units",
		Description: "The unit's own office, or that of the nearest unit above that has one."}, h.office)
	route.Put(a, "/units/{code}/office", route.Op{ID: "put-office", May: staff.Post, Summary: "Say how the office of a unit is reached", Tag: "units",
		Description: "An office, never a person. An empty one is removed."}, h.putOffice)
}

type handler struct{ db, engine, reader pg.DB }

func (h handler) offer(ctx context.Context, _ *struct{}) (*route.Body[serves.Offer], error) {
	return route.OK(serves.Offered(ctx, h.reader))
}

func (h handler) change(ctx context.Context, in *route.Body[serves.Offer]) (*route.Body[serves.Offer], error) {
	if err := serves.Switch(ctx, h.db, route.Actor(ctx), in.Body); err != nil {
		return nil, err
	}
	return route.OK(serves.Offered(ctx, h.db))
}

func (h handler) serves(ctx context.Context, in *route.Body[serves.Question]) (*route.Body[serves.Served], error) {
	offer, err := serves.Offered(ctx, h.reader)
	if err != nil {
		return nil, err
	}
	if !offer.Service {
		return nil, serves.ErrOff
	}
	return route.OK(route.Steady(ctx, func() (serves.Served, error) { return serves.Ask(ctx, h.reader, geo.DayOf(time.Now()), in.Body) }))
}

type officeInput struct {
	route.AsOf
	Code string `path:"code" maxLength:"64"`
}

func (h handler) office(ctx context.Context, in *officeInput) (*route.Body[serves.Office], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	return route.OK(serves.OfficeOf(ctx, h.db, route.Actor(ctx), day, in.Code))
}

type putOfficeInput struct {
	Code string `path:"code" maxLength:"64"`
	Body serves.Office
}

func (h handler) putOffice(ctx context.Context, in *putOfficeInput) (*route.Body[serves.Office], error) {
	if err := serves.PutOffice(ctx, h.db, route.Actor(ctx), in.Code, in.Body); err != nil {
		return nil, err
	}
	return route.OK(serves.OfficeOf(ctx, h.db, route.Actor(ctx), geo.DayOf(time.Now()), in.Code))
}
