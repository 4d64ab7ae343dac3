// Package status serves what a page asks first, and again every few seconds:
// what is here, and at which version each layer stands.
package status

import (
	"context"
	"strings"
	"time"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/ledger"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/publication"
	"wangge/geo/setting"
	"wangge/geo/staff"
)

// Status is the state of the installation.
type Status struct {
	Version      string           `json:"version"`
	Today        geo.Day          `json:"today" doc:"the date in China"`
	Secure       bool             `json:"secure" doc:"false: the page came without encryption from another machine, and its reader should be warned"`
	Demo         bool             `json:"demo" doc:"the data are the invented demo town's"`
	Town         *Town            `json:"town" doc:"null while there is no unit"`
	Attribution  string           `json:"attribution" doc:"must stand on every map"`
	ReviewNumber string           `json:"review_number"`
	Counts       Counts           `json:"counts"`
	Layers       map[string]int64 `json:"layers" doc:"layer → version that the tiles show now; rises with every change"`
}

// Counts are how much there is in the area of the actor; null is hidden.
type Counts struct {
	Units         int  `json:"units"`
	Households    *int `json:"households" doc:"not closed"`
	Unplaced      *int `json:"unplaced" doc:"households without a position"`
	Outside       *int `json:"outside" doc:"placed households that no unit covers"`
	Incidents     *int `json:"incidents" doc:"not closed"`
	ServicePoints int  `json:"service_points"`
}

// Town is the top of what is here.
type Town struct {
	Code  string     `json:"code"`
	Name  string     `json:"name" doc:"of the only unit at the top; of the first one when there are several"`
	Tops  int        `json:"tops" doc:"units at the top"`
	Bound [4]float64 `json:"bounds" doc:"west, south, east, north of all of them"`
}

// Mount adds /status. versions are those of the map as it is drawn: a page that
// was told of a newer one would wait for ever for a change that has passed.
func Mount(a route.API, db pg.DB, tally *ledger.Tally, version string, versions func() map[string]int64) {
	h := &handler{db: db, tally: tally, version: version, versions: versions}
	route.Get(a, "/status", route.Op{ID: "get-status", May: staff.Map, Summary: "What is here, and layer versions", Tag: "operation"}, h.get)
}

type handler struct {
	db       pg.DB
	version  string
	versions func() map[string]int64
	tally    *ledger.Tally
}

func (h *handler) get(ctx context.Context, in *route.AsOf) (*route.Body[Status], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	actor := route.Actor(ctx)
	s := Status{Version: h.version, Today: geo.DayOf(time.Now()), Secure: route.ReachOf(ctx).Secure}
	settings, err := setting.Get(ctx, h.db, actor)
	if err != nil {
		return nil, err
	}
	s.Demo, s.ReviewNumber = settings.Demo, settings.ReviewNumber
	if s.Attribution, err = h.attribution(ctx, settings); err != nil {
		return nil, err
	}
	if s.Counts, err = h.counts(ctx, actor, day); err != nil {
		return nil, err
	}
	if s.Layers = h.versions(); s.Layers == nil {
		s.Layers = map[string]int64{} // the map is not there yet
	}
	s.Town, err = h.town(ctx, day)
	return route.OK(s, err)
}

// counts are the totals for who sees everything, and elsewhere what the units at
// the top of the actor's area have.
func (h *handler) counts(ctx context.Context, actor staff.Actor, day geo.Day) (c Counts, err error) {
	if actor.Area(staff.Place).All {
		t, err := h.tally.Totals(ctx, day)
		return Counts{t.Units, &t.Households, &t.Unplaced, &t.Outside, &t.Incidents, t.ServicePoints}, err
	}
	if c.Units, err = grid.Count(ctx, h.db, actor, day, grid.Filter{}); err != nil {
		return c, err
	}
	tops, err := grid.Tops(ctx, h.db, actor, day)
	if err != nil {
		return c, err
	}
	counts, err := h.tally.ByUnit(ctx, day)
	if err != nil {
		return c, err
	}
	ids := make([]int64, len(tops))
	for i, u := range tops {
		ids[i] = u.ID
		c.ServicePoints += counts[u.ID].ServicePoints
	}
	shown, err := publication.Shown(ctx, h.db, actor, day, ids, counts.Live)
	if err != nil {
		return c, err
	}
	var households, incidents sum
	for _, id := range ids {
		households.add(shown[id].Households)
		incidents.add(shown[id].Incidents)
	}
	c.Households, c.Incidents = households.total(), incidents.total()
	if !actor.May(staff.Place) {
		return c, nil
	}
	placed := false
	unplaced, err := household.Count(ctx, h.db, actor, household.Filter{Placed: &placed})
	c.Unplaced = &unplaced
	return c, err
}

// sum adds counts up; a hidden one hides the sum.
type sum struct {
	n      int
	hidden bool
}

func (s *sum) add(n *int) {
	if n == nil {
		s.hidden = true
		return
	}
	s.n += *n
}

func (s sum) total() *int {
	if s.hidden {
		return nil
	}
	return &s.n
}

// attribution is what the background map asks to be shown, and what the operator adds.
func (h *handler) attribution(ctx context.Context, settings setting.Settings) (string, error) {
	current, _, err := network.Current(ctx, h.db, route.Actor(ctx))
	if err != nil {
		return "", err
	}
	return strings.Trim(current.Attribution+" · "+settings.Attribution, " ·"), nil
}

func (h *handler) town(ctx context.Context, day geo.Day) (*Town, error) {
	tops, err := grid.Tops(ctx, h.db, route.Actor(ctx), day)
	if err != nil || len(tops) == 0 {
		return nil, err
	}
	t := &Town{Code: tops[0].Code, Name: tops[0].Name, Tops: len(tops), Bound: tops[0].Bound}
	for _, u := range tops[1:] {
		t.Bound = [4]float64{min(t.Bound[0], u.Bound[0]), min(t.Bound[1], u.Bound[1]), max(t.Bound[2], u.Bound[2]), max(t.Bound[3], u.Bound[3])}
	}
	return t, nil
}
