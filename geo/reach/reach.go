// Package reach answers questions about single places on the walking network: what
// lies within so many minutes of a place, and which way leads from one to another.
// Nothing of a question is stored.
//
//	reach.go   what lies within so many minutes
//	homes.go   how many households that is
//	way.go     one way
//
// What it says of households are counts within a shape that anybody may draw: two
// shapes that differ by one house would tell of that house, however the counts were
// rounded. So they are for who may see single places, and of those places alone; for
// everybody else there are the rows of a run (package circle).
package reach

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/fault"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// Faults of this package.
var (
	ErrMinutes = fault.New(fault.Invalid, "reach_minutes", "Give one to six numbers of minutes from 1 to 60, each more than the one before.")
	ErrCells   = fault.New(fault.Invalid, "reach_cells", "Minutes are told by H3 cell of resolution 9 or 10.")
	ErrWalk    = fault.New(fault.Invalid, "reach_walk", "A place is joined to a street at most 500 m away.")
)

const (
	contours   = 6  // at most
	hour       = 60 // minutes: no contour is farther
	raster     = 20 // metres, of outlines
	hectare    = 1e4
	millimetre = 1000 // of a metre
)

// Paths answers with the walking network of the current import.
type Paths struct {
	footpaths circle.Paths
	homes     homes
	standards standards
}

// New returns answers from the network that footpaths gives. db is the map's reader, which sees where
// every household is and nothing else of it.
func New(footpaths circle.Paths, db pg.DB) *Paths {
	return &Paths{footpaths: footpaths, homes: homes{db: db}, standards: standards{db: db}}
}

// standards remembers the presets, which only a migration changes.
type standards struct {
	db    pg.DB
	mu    sync.Mutex
	known []circle.Preset
}

// find fills in what a standard leaves out, and gives a preset its titles.
func (s *standards) find(ctx context.Context, of circle.Standard) (circle.Preset, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		// Which standards there are is no secret, unlike what is counted by them.
		known, err := circle.Presets(ctx, s.db, staff.System)
		if err != nil {
			return circle.Preset{}, err
		}
		s.known = known
	}
	filled, err := of.Filled(s.known)
	if err != nil {
		return circle.Preset{}, err
	}
	for _, p := range s.known {
		if p.Code == filled.Code {
			return p, nil
		}
	}
	return circle.Preset{Standard: filled}, nil
}

// Question asks what lies within so many minutes of a place.
type Question struct {
	At         geo.Point
	Standard   circle.Standard
	Minutes    []float64 // ascending; none = every five up to the standard's
	Towards    bool      // from everywhere to the place, rather than from it
	MaxWalk    int       // metres from the place to the street; 0 = 200
	Outlines   bool
	Streets    bool
	Cells      int // H3 resolution, 0 = none
	Households bool
}

// Answer is what lies within so many minutes of a place.
type Answer struct {
	Standard circle.Preset
	Network  network.Version
	Snapped
	Contours []Contour // one for each of the minutes; none when the place is not joined to a street
	Streets  []Street
	Cells    []CellMinutes
	// Counted says that contours have numbers of households: of those that the actor
	// may see one by one.
	Counted bool
}

// Snapped is how a place is joined to the network.
type Snapped struct {
	Joined  bool
	Reason  walk.Reason
	At      geo.Point // where it meets the street, if it does
	Walk    float64   // metres to there
	Crosses bool      // a wall or fence
}

// Contour is what lies within some minutes.
type Contour struct {
	Minutes    float64
	Metres     float64          // along level streets
	Area       geo.MultiPolygon // nil unless asked for
	Hectares   float64
	Km         float64 // of streets; 0 unless they were asked for
	Households int
}

// Street is a piece of a street within the minutes of a contour and beyond those of
// the one before.
type Street struct {
	Minutes float64
	Line    []geo.Point
}

// CellMinutes are the minutes to the centre of a cell.
type CellMinutes struct {
	Cell    cell.Cell
	Minutes float64
}

// filled returns the question with its defaults.
func (q Question) filled(s circle.Standard) (Question, error) {
	if len(q.Minutes) == 0 {
		for m := 5.0; m < s.Minutes && len(q.Minutes) < contours-1; m += 5 {
			q.Minutes = append(q.Minutes, m)
		}
		q.Minutes = append(q.Minutes, math.Min(s.Minutes, hour))
	}
	before := 0.0
	for _, m := range q.Minutes {
		if !(m >= 1 && m <= hour && m > before) {
			return q, ErrMinutes
		}
		before = m
	}
	switch {
	case len(q.Minutes) > contours:
		return q, ErrMinutes
	case q.Cells != 0 && q.Cells != 9 && q.Cells != 10:
		return q, ErrCells
	}
	return q, nil
}

// within is how far a place may lie from the street, in mm; 0 metres are the usual.
func within(metres int) (uint32, error) {
	switch {
	case metres < 0 || metres > walk.MostWalk/millimetre:
		return 0, ErrWalk
	case metres == 0:
		return walk.MaxWalk, nil
	}
	return uint32(metres) * millimetre, nil
}

// Of answers a question. A place that no street is near, or that lies in the water,
// has an answer with the reason and without contours.
//
// Errors: ErrMinutes, ErrCells, ErrWalk, circle.ErrStandard, network.ErrNoNetwork.
func (p *Paths) Of(ctx context.Context, actor staff.Actor, q Question) (Answer, error) {
	if err := actor.Must(staff.Map); err != nil {
		return Answer{}, err
	}
	standard, err := p.standards.find(ctx, q.Standard)
	if err != nil {
		return Answer{}, err
	}
	if q, err = q.filled(standard.Standard); err != nil {
		return Answer{}, err
	}
	most, err := within(q.MaxWalk)
	if err != nil {
		return Answer{}, err
	}
	n, version, err := p.footpaths.Current(ctx)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Standard: standard, Network: version}
	place := n.Snap(q.At, standard.Mode().Profile, most)
	a.Snapped = snapped(n, place)
	if place.Count == 0 {
		return a, nil
	}

	limits := make([]uint32, len(q.Minutes))
	for i, m := range q.Minutes {
		at := standard.Standard
		at.Minutes = m
		limits[i] = at.Limit()
		a.Contours = append(a.Contours, Contour{Minutes: m, Metres: float64(limits[i]) / millimetre})
	}
	w := n.Walker(standard.Mode())
	defer w.Release()
	direction := walk.From
	if q.Towards {
		direction = walk.Towards
	}
	w.Spread([]walk.Place{place}, limits[len(limits)-1], direction)
	if q.Streets {
		a.streets(w, limits)
	}
	if q.Outlines || q.Cells != 0 {
		a.outlines(w, limits)
	}
	if q.Cells != 0 {
		if err := a.cells(n, w, q.Cells, most); err != nil {
			return Answer{}, err
		}
	}
	if q.Households && actor.May(staff.Place) {
		if err := p.homes.count(ctx, actor, n, version.ID, w, standard.Mode().Profile, limits, a.Contours); err != nil {
			return Answer{}, fmt.Errorf("households within reach: %w", err)
		}
		a.Counted = true
	}
	return a, nil
}

// snapped tells how a place is joined.
func snapped(n *walk.Network, p walk.Place) Snapped {
	s := Snapped{Reason: p.Reason}
	if p.Count == 0 {
		return s
	}
	a := p.Access[0]
	s.Joined, s.At, s.Walk, s.Crosses = true, n.Where(a), float64(a.Walk)/millimetre, a.Crosses
	return s
}

// streets adds the pieces, and how long they are together.
func (a *Answer) streets(w *walk.Walker, limits []uint32) {
	w.Pieces(limits, func(band int, line []geo.Point) {
		var metres float64
		for i := 1; i < len(line); i++ {
			metres += float64(geo.Distance(line[i-1].Degrees(), line[i].Degrees()))
		}
		for i := band; i < len(a.Contours); i++ {
			a.Contours[i].Km += metres / 1000
		}
		a.Streets = append(a.Streets, Street{a.Contours[band].Minutes, line})
	})
}

// outlines adds the areas. Limits that the metres of the standard make equal have the
// same one.
func (a *Answer) outlines(w *walk.Walker, limits []uint32) {
	different := slices.Compact(slices.Clone(limits))
	areas := w.Outlines(different, raster)
	for i, limit := range limits {
		k, _ := slices.BinarySearch(different, limit)
		a.Contours[i].Area = areas[k]
		a.Contours[i].Hectares = float64(areas[k].SquareMeters()) / hectare
	}
}

// cells adds the minutes to the centres of the cells within the largest outline,
// each joined to a street like a household.
func (a *Answer) cells(n *walk.Network, w *walk.Walker, resolution int, most uint32) error {
	list, err := cell.Fill(a.Contours[len(a.Contours)-1].Area, resolution)
	if err != nil {
		return fmt.Errorf("cells within reach: %w", err)
	}
	s := a.Standard.Standard
	for _, c := range list {
		at := n.Snap(c.Center(), s.Mode().Profile, most)
		if mm, source := w.At(at); source >= 0 {
			a.Cells = append(a.Cells, CellMinutes{c, float64(s.Seconds(mm)) / 60})
		}
	}
	return nil
}
