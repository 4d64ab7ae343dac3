// Package search finds units, households, service points, streets and places by
// code, name or address.
package search

import (
	"context"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo/audit"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
)

// Hit is something found.
type Hit struct {
	Kind     string      `json:"kind" enum:"unit,household,service-point,street,place"`
	ID       string      `json:"id" doc:"a unit's code, else a number"`
	Title    string      `json:"title"`
	Subtitle string      `json:"subtitle" doc:"a unit's level, else what kind of thing it is"`
	Point    orb.Point   `json:"point" doc:"[lon, lat]"`
	Bound    *[4]float64 `json:"bbox,omitempty" doc:"west, south, east, north of a unit"`
}

// Mount adds /search.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	// A search may hold an address: it comes in the body, so that it stands in no log.
	route.Post(a, "/search", route.Op{ID: "search", May: staff.Map, Summary: "Find by code, name or address", Tag: "units"}, h.search)
}

type handler struct{ db pg.DB }

type input struct {
	route.AsOf
	Body Query
}

// Query is what to look for.
type Query struct {
	Text  string `json:"q" minLength:"1" maxLength:"100"`
	Limit int    `json:"limit,omitempty" minimum:"1" maximum:"50" default:"20"`
}

func (h handler) search(ctx context.Context, in *input) (*route.Body[route.List[Hit]], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	text, limit := strings.TrimSpace(in.Body.Text), in.Body.Limit
	hits := []Hit{}
	for _, find := range []func(context.Context, grid.Day, string, int) ([]Hit, error){
		h.units, h.servicePoints, h.households, h.names,
	} {
		if text == "" || len(hits) >= limit {
			break
		}
		found, err := find(ctx, day, text, limit-len(hits))
		if err != nil {
			return nil, err
		}
		hits = append(hits, found...)
	}
	return route.OK(route.List[Hit]{Items: hits}, nil)
}

func (h handler) units(ctx context.Context, day grid.Day, text string, limit int) ([]Hit, error) {
	list, err := grid.Units(ctx, h.db, route.Actor(ctx), day, grid.Filter{Text: text, Limit: limit})
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, len(list))
	for i, u := range list {
		hits[i] = Hit{Kind: "unit", ID: u.Code, Title: u.Name, Subtitle: u.Level, Point: u.Label, Bound: &u.Bound}
	}
	return hits, nil
}

func (h handler) servicePoints(ctx context.Context, day grid.Day, text string, limit int) ([]Hit, error) {
	list, err := servicepoint.List(ctx, h.db, route.Actor(ctx), day, servicepoint.Filter{Text: text, Limit: limit})
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, len(list))
	for i, p := range list {
		hits[i] = Hit{Kind: "service-point", ID: strconv.FormatInt(p.ID, 10), Title: p.Name, Subtitle: p.Tier, Point: p.Place.Degrees()}
	}
	return hits, nil
}

func (h handler) households(ctx context.Context, _ grid.Day, text string, limit int) ([]Hit, error) {
	placed := true
	list, err := household.List(ctx, h.db, route.Actor(ctx), household.Filter{Text: text, Placed: &placed, Limit: limit})
	if err != nil {
		return nil, err
	}
	if len(list) > 0 { // addresses: that they were found is recorded, what was asked is not
		if err := audit.Write(ctx, h.db, route.Actor(ctx), "find", "household", "", map[string]any{"shown": len(list)}); err != nil {
			return nil, err
		}
	}
	hits := make([]Hit, len(list))
	for i, d := range list {
		title := d.Address
		if title == "" {
			title = d.Compound + d.Building + d.Stairwell + d.Doorplate
		}
		hits[i] = Hit{Kind: "household", ID: strconv.FormatInt(d.ID, 10), Title: title, Subtitle: d.Unit, Point: d.Point.Degrees()}
	}
	return hits, nil
}

// names are streets and places of the background map.
func (h handler) names(ctx context.Context, _ grid.Day, text string, limit int) ([]Hit, error) {
	list, err := network.Search(ctx, h.db, route.Actor(ctx), text, limit)
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, len(list))
	for i, f := range list {
		kind := "place"
		if f.Class == network.Street {
			kind = "street"
		}
		hits[i] = Hit{Kind: kind, ID: f.ID, Title: f.Name, Subtitle: f.Kind, Point: f.At, Bound: &list[i].Bound}
	}
	return hits, nil
}
