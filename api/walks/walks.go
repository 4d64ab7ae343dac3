// Package walks answers questions about walking: what lies within so many minutes of
// a place, the way from one place to another, and on which streets.
package walks

import (
	"context"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/circle"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/reach"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
)

// ErrEnds is a question that does not say of which place.
var ErrEnds = fault.New(fault.Invalid, "walk_ends", "Name each end of a walk once: a place, a service point or a household.")

// Mount adds /walks. Paths answers from the walking network of the current import.
func Mount(a route.API, db pg.DB, footpaths circle.Paths, paths *reach.Paths) {
	h := handler{db, footpaths, paths}
	route.Get(a, "/walks/network", route.Op{ID: "get-walking-network", May: staff.Map, Summary: "The walking network of the current import", Tag: "walks"}, h.network)
	route.Post(a, "/walks/reach", route.Op{ID: "walk-reach", May: staff.Map, Summary: "What lies within so many minutes on foot of a place", Tag: "walks",
		Description: "A place that no street is near, or that lies in the water, has an answer with the reason and without contours. " +
			"Nothing of the question is stored. Numbers of households are for those whose posts show single places: rounding does not protect what anybody may draw a line around."}, h.reach)
	route.Post(a, "/walks/route", route.Op{ID: "walk-route", May: staff.Map, Summary: "The way on foot from one place to another", Tag: "walks",
		Description: "From or to a household it is for those whose posts show its place; each look is recorded."}, h.route)
}

type handler struct {
	db        pg.DB
	footpaths circle.Paths
	paths     *reach.Paths
}

func (h handler) network(ctx context.Context, _ *struct{}) (*route.Body[network.Version], error) {
	_, version, err := h.footpaths.Current(ctx)
	return route.OK(version, err)
}

type reachInput struct{ Body ReachQuestion }

// ReachQuestion asks what lies within so many minutes of a place.
type ReachQuestion struct {
	At         *orb.Point      `json:"at,omitempty" doc:"[lon, lat], WGS 84"`
	Point      int64           `json:"point,omitempty" minimum:"1" doc:"id of a service point, instead of a place"`
	Standard   circle.Standard `json:"standard" doc:"the code of a preset, or numbers, or both"`
	Minutes    []float64       `json:"minutes,omitempty" minItems:"1" maxItems:"6" doc:"1 to 60, ascending; every five up to the standard's when absent"`
	Direction  string          `json:"direction,omitempty" enum:"from,towards" default:"from" doc:"from the place to everywhere, or from everywhere towards it: where streets slope they differ"`
	MaxWalk    int             `json:"max_walk,omitempty" minimum:"0" maximum:"500" doc:"metres from the place to the street; 0 = 200"`
	Outlines   bool            `json:"outlines,omitempty" doc:"areas as polygons"`
	Streets    bool            `json:"streets,omitempty" doc:"pieces of streets, and how long they are together"`
	Cells      int             `json:"cells,omitempty" enum:"0,9,10" doc:"minutes by H3 cell of this resolution; 0 = none"`
	Households bool            `json:"households,omitempty" doc:"how many households, for those whose posts show single places"`
}

// ReachAnswer is what lies within so many minutes of a place.
type ReachAnswer struct {
	WalkEnd
	Contours []Contour                           `json:"contours" doc:"by minutes; none when the place is not joined to a street"`
	Streets  *route.Collection[StreetProperties] `json:"streets,omitempty"`
	Cells    []CellMinutes                       `json:"cells,omitempty"`
	Counted  bool                                `json:"counted" doc:"contours have households: those whose places your posts show"`
	Standard circle.Preset                       `json:"standard"`
	Network  network.Version                     `json:"network"`
}

// WalkEnd is how a place is joined to the walking network.
type WalkEnd struct {
	Reason  string   `json:"reason" enum:"reached,too_far,behind_water,behind_wall,no_network" doc:"behind_wall: the way to the street crosses a wall or fence, for there is no other"`
	Snapped *Snapped `json:"snapped,omitempty" doc:"absent when the place is not joined to a street"`
}

// Snapped is where a place meets the street.
type Snapped struct {
	At      orb.Point `json:"at" doc:"[lon, lat], on the street"`
	Walk    float64   `json:"walk_m" doc:"metres to there, part of every distance"`
	Crosses bool      `json:"crosses" doc:"a wall or fence"`
}

// Contour is what lies within some minutes.
type Contour struct {
	Minutes    float64  `json:"minutes"`
	Metres     float64  `json:"metres" doc:"along level streets"`
	Geometry   *Area    `json:"geometry,omitempty"`
	Hectares   *float64 `json:"area_ha,omitempty"`
	Km         *float64 `json:"km,omitempty" doc:"of streets"`
	Households *int     `json:"households,omitempty"`
}

// StreetProperties are those of a piece of a street.
type StreetProperties struct {
	Minutes float64 `json:"minutes" doc:"of the contour that it lies in, and of no smaller one"`
}

// CellMinutes is how far the centre of an H3 cell is.
type CellMinutes struct {
	Cell    string  `json:"cell"`
	Minutes float64 `json:"minutes"`
}

func (h handler) reach(ctx context.Context, in *reachInput) (*route.Body[ReachAnswer], error) {
	at, err := h.end(ctx, in.Body.At, in.Body.Point, 0)
	if err != nil {
		return nil, err
	}
	q := in.Body
	a, err := h.paths.Of(ctx, route.Actor(ctx), reach.Question{At: at, Standard: q.Standard, Minutes: q.Minutes, Towards: q.Direction == "towards",
		MaxWalk: q.MaxWalk, Outlines: q.Outlines, Streets: q.Streets, Cells: q.Cells, Households: q.Households})
	if err != nil {
		return nil, err
	}
	return route.OK(reached(a, q), nil)
}

func reached(a reach.Answer, q ReachQuestion) ReachAnswer {
	out := ReachAnswer{WalkEnd: endOf(a.Snapped), Contours: make([]Contour, len(a.Contours)), Counted: a.Counted, Standard: a.Standard, Network: a.Network}
	for i := range a.Contours {
		c := &a.Contours[i]
		out.Contours[i] = Contour{Minutes: c.Minutes, Metres: c.Metres}
		if q.Outlines {
			out.Contours[i].Geometry, out.Contours[i].Hectares = &Area{c.Area}, &c.Hectares
		}
		if q.Streets {
			out.Contours[i].Km = &c.Km
		}
		if a.Counted {
			out.Contours[i].Households = &c.Households
		}
	}
	if q.Streets {
		list := route.NewGeoJSON[StreetProperties](len(a.Streets))
		for i, s := range a.Streets {
			list.Add(strconv.Itoa(i), lineOf(s.Line), StreetProperties{s.Minutes})
		}
		out.Streets = &list.Body
	}
	for _, c := range a.Cells {
		out.Cells = append(out.Cells, CellMinutes{c.Cell.String(), c.Minutes})
	}
	return out
}

func endOf(s reach.Snapped) WalkEnd {
	end := WalkEnd{Reason: s.Reason.String()}
	if s.Joined {
		end.Snapped = &Snapped{s.At.Degrees(), s.Walk, s.Crosses}
	}
	return end
}

func lineOf(line []geo.Point) orb.LineString {
	out := make(orb.LineString, len(line))
	for i, p := range line {
		out[i] = p.Degrees()
	}
	return out
}

// end is the place at one end of a walk: itself, or that of a service point or of a
// household, which is a look.
func (h handler) end(ctx context.Context, at *orb.Point, point, home int64) (geo.Point, error) {
	actor := route.Actor(ctx)
	switch {
	case at != nil && point == 0 && home == 0:
		return route.Place(*at)
	case at == nil && point != 0 && home == 0:
		p, err := servicepoint.Get(ctx, h.db, actor, grid.Today(), point)
		return p.Place, err
	case at == nil && point == 0 && home != 0:
		one, err := household.Get(ctx, h.db, actor, home)
		if err != nil {
			return geo.Point{}, err
		}
		if one.Point == nil {
			return geo.Point{}, errUnplaced
		}
		return *one.Point, audit.Write(ctx, h.db, actor, "look", "household", strconv.FormatInt(home, 10), nil)
	}
	return geo.Point{}, ErrEnds
}

var errUnplaced = fault.New(fault.Conflict, "household_unplaced", "The household has no place yet. Put it on the map first.")

type routeInput struct{ Body RouteQuestion }

// RouteQuestion asks for the way between two places.
type RouteQuestion struct {
	From      *orb.Point      `json:"from,omitempty" doc:"[lon, lat], WGS 84"`
	To        *orb.Point      `json:"to,omitempty" doc:"[lon, lat], WGS 84"`
	Household int64           `json:"household,omitempty" minimum:"1" doc:"id: where the way begins, instead of from"`
	Point     int64           `json:"point,omitempty" minimum:"1" doc:"id of a service point: where the way ends, instead of to"`
	Standard  circle.Standard `json:"standard" doc:"the code of a preset, or numbers, or both"`
	MaxWalk   int             `json:"max_walk,omitempty" minimum:"0" maximum:"500" doc:"metres from either end to the street; 0 = 200"`
}

// RouteAnswer is the way between two places.
type RouteAnswer struct {
	From     WalkEnd         `json:"from"`
	To       WalkEnd         `json:"to"`
	Found    bool            `json:"found" doc:"false: an end is not joined to a street, or no street leads from one to the other"`
	Minutes  float64         `json:"minutes"`
	Metres   float64         `json:"metres" doc:"on foot, both ways to the street included; with slopes or steps the minutes are more than these at full speed"`
	Geometry *Line           `json:"geometry,omitempty" doc:"from street to street; absent when there is no way"`
	Legs     []WalkLeg       `json:"legs" doc:"in order"`
	Standard circle.Preset   `json:"standard"`
	Network  network.Version `json:"network"`
}

// WalkLeg is a part of a way on one kind of street.
type WalkLeg struct {
	Kind   string  `json:"kind" enum:"road,path,steps,crossing,square,link"`
	Metres float64 `json:"metres"`
	Street int64   `json:"street" doc:"number of the street in the source (OSM way); 0 where there is none"`
}

func (h handler) route(ctx context.Context, in *routeInput) (*route.Body[RouteAnswer], error) {
	q := in.Body
	from, err := h.end(ctx, q.From, 0, q.Household)
	if err != nil {
		return nil, err
	}
	to, err := h.end(ctx, q.To, q.Point, 0)
	if err != nil {
		return nil, err
	}
	w, err := h.paths.Way(ctx, route.Actor(ctx), reach.Walk{From: from, To: to, Standard: q.Standard, MaxWalk: q.MaxWalk})
	if err != nil {
		return nil, err
	}
	a := RouteAnswer{From: endOf(w.From), To: endOf(w.To), Found: w.Found, Minutes: w.Minutes, Metres: w.Metres, Legs: []WalkLeg{}, Standard: w.Standard, Network: w.Network}
	if w.Found {
		line := Line(w.Line)
		a.Geometry = &line
	}
	for _, l := range w.Legs {
		a.Legs = append(a.Legs, WalkLeg{l.Kind.String(), float64(l.Length) / 1000, l.Street})
	}
	return route.OK(a, nil)
}
