package compare

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"wangge/geo"
	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
	"wangge/geo/topology"
	"wangge/geo/walk"
)

// WalkingSpeed is that of GB 50180 for adults, in metres an hour.
const WalkingSpeed = 4000

const (
	farthest  = WalkingSpeed * 1000 // mm: an hour's walk; who needs more is out of reach
	maxWalked = 2000                // units for which ways are walked, on either side
	maxPoints = 10_000              // service points of a base
)

// Why there are no ways on foot.
const (
	NoNetwork = "network_missing" // no walking network was imported
	TooMany   = "too_many_units"  // more changed units than are walked at once
	Hidden    = "hidden"          // single places may not be seen in the whole base
)

// Impact says what a change of division means for those who serve and those who are
// served.
type Impact struct {
	Before  About           `json:"before"`
	After   About           `json:"after"`
	On      geo.Day         `json:"on"`
	Network *WalkingNetwork `json:"network" doc:"null where nothing was walked"`
	Reason  string          `json:"reason" enum:",network_missing,too_many_units,hidden" doc:"why nothing was walked"`
	Changes []Impacted      `json:"changes"`
}

// WalkingNetwork is what ways lead along.
type WalkingNetwork struct {
	ID       int64  `json:"id" doc:"of the map's import"`
	FileName string `json:"file_name"`
	Speed    int    `json:"speed" doc:"metres an hour, by which minutes are told (GB 50180)"`
}

// Impacted is one change: all its units together before and after, and each.
type Impacted struct {
	Number int       `json:"number" doc:"of the change"`
	Kind   Kind      `json:"kind" enum:"split,merge,mixed,redrawn,recoded,renamed,reparented,new,ended"`
	Before Burden    `json:"before"`
	After  Burden    `json:"after"`
	Units  []Carried `json:"units" doc:"those before, then those after"`
}

// Carried is what one unit carries.
type Carried struct {
	Side string `json:"side" enum:"before,after"`
	Code string `json:"code"`
	Name string `json:"name"`
	Burden
}

// Burden is what some units carry: means over the units where there are several.
type Burden struct {
	Units      int      `json:"units"`
	Area       float64  `json:"area" doc:"square metres of a unit"`
	Households *float64 `json:"households" doc:"of a unit; null is hidden"`
	Workers    int      `json:"workers" doc:"posts of leaders, workers and part-time workers, of all"`
	Filled     int      `json:"filled" doc:"posts of any kind with a holder, of all"`
	Load       *float64 `json:"load" doc:"households for each worker's post; null without such a post"`
	Walk       *Walk    `json:"walk" doc:"null where nothing was walked, or nobody lives"`
}

// Walk is the way from the households of some units to the nearest service point of
// their own unit, or to its middle where it has none.
type Walk struct {
	Points      int      `json:"points" doc:"service points in the units"`
	Middles     int      `json:"middles" doc:"units without one, walked to their middle"`
	Households  int      `json:"households"`
	Unreached   int      `json:"unreached" doc:"of them: no street near, or more than an hour"`
	Mean        *float64 `json:"mean" doc:"metres, of those who reach it"`
	P90         *float64 `json:"p90" doc:"metres within which nine tenths of all are there; null if more than a tenth do not reach it"`
	MeanMinutes *float64 `json:"mean_minutes"`
	P90Minutes  *float64 `json:"p90_minutes"`
}

// ImpactOf reports on every change.
//
// Errors: those of Of.
func ImpactOf(ctx context.Context, db pg.DB, actor staff.Actor, paths circle.Paths, q Question, today geo.Day) (Impact, error) {
	s, err := open(ctx, db, actor, q, today)
	if err != nil {
		return Impact{}, err
	}
	return s.impact(ctx, db, actor, paths)
}

func (s *study) impact(ctx context.Context, db pg.DB, actor staff.Actor, paths circle.Paths) (Impact, error) {
	out := Impact{Before: s.about[0], After: s.about[1], On: s.On, Changes: []Impacted{}}
	ways, version, err := s.walk(ctx, db, actor, paths)
	switch {
	case errors.Is(err, network.ErrNoNetwork):
		out.Reason = NoNetwork
	case errors.Is(err, errHidden):
		out.Reason = Hidden
	case errors.Is(err, errTooMany):
		out.Reason = TooMany
	case err != nil:
		return Impact{}, err
	default:
		out.Network = &WalkingNetwork{ID: version.ID, FileName: version.FileName, Speed: WalkingSpeed}
	}
	for i, g := range s.Groups {
		one := Impacted{Number: i + 1, Kind: g.Kind, Before: s.burden(0, g.Before, ways[0]), After: s.burden(1, g.After, ways[1]), Units: []Carried{}}
		for side, list := range [2][]int{g.Before, g.After} {
			for _, at := range list {
				u := s.units(side)[at]
				one.Units = append(one.Units, Carried{[2]string{"before", "after"}[side], u.Code, u.Name, s.burden(side, []int{at}, ways[side])})
			}
		}
		out.Changes = append(out.Changes, one)
	}
	return out, nil
}

// burden adds up some units of a side.
func (s *study) burden(side int, units []int, ways map[int]way) Burden {
	b := Burden{Units: len(units)}
	if len(units) == 0 {
		return b
	}
	households, known := 0, true
	var all way
	for _, i := range units {
		f := s.figures(side, i)
		b.Area += f.Area / float64(len(units))
		b.Workers += f.Workers
		b.Filled += f.Filled
		if f.Households == nil {
			known = false
		} else {
			households += *f.Households
		}
		w := ways[i]
		all.points += w.points
		all.middles += w.middles
		all.mm = append(all.mm, w.mm...)
	}
	if known {
		mean := float64(households) / float64(len(units))
		b.Households = &mean
		if b.Workers > 0 {
			load := float64(households) / float64(b.Workers)
			b.Load = &load
		}
	}
	if len(all.mm) > 0 {
		b.Walk = all.measured()
	}
	return b
}

// way is how far the households of a unit walk, in mm; walk.Never for who does not
// get there.
type way struct {
	points, middles int
	mm              []uint32
}

func (w way) measured() *Walk {
	slices.Sort(w.mm)
	reached, found := slices.BinarySearch(w.mm, walk.Never)
	if !found {
		reached = len(w.mm)
	}
	out := &Walk{Points: w.points, Middles: w.middles, Households: len(w.mm), Unreached: len(w.mm) - reached}
	if reached > 0 {
		var sum float64
		for _, mm := range w.mm[:reached] {
			sum += float64(mm)
		}
		out.Mean, out.MeanMinutes = metres(sum / float64(reached))
	}
	if nearest := w.mm[int(math.Ceil(0.9*float64(len(w.mm))))-1]; nearest != walk.Never {
		out.P90, out.P90Minutes = metres(float64(nearest))
	}
	return out
}

func metres(mm float64) (m, minutes *float64) {
	m, minutes = new(float64), new(float64)
	*m = mm / 1000
	*minutes = *m / WalkingSpeed * 60
	return m, minutes
}

var (
	errHidden  = errors.New("places are hidden")
	errTooMany = errors.New("too many units to walk in")
)

// walk walks in every unit that is not the same on both sides.
func (s *study) walk(ctx context.Context, db pg.DB, actor staff.Actor, paths circle.Paths) (ways [2]map[int]way, v network.Version, err error) {
	changed := 0
	for _, numbers := range s.number {
		for _, n := range numbers {
			changed += min(n, 1)
		}
	}
	switch {
	case !s.exact:
		return ways, v, errHidden
	case changed > maxWalked:
		return ways, v, errTooMany
	}
	streets, v, err := paths.Current(ctx)
	if err != nil {
		return ways, v, err
	}
	for side := range ways {
		if ways[side], err = s.walkSide(ctx, db, actor, streets, side); err != nil {
			return ways, v, err
		}
	}
	return ways, v, nil
}

func (s *study) walkSide(ctx context.Context, db pg.DB, actor staff.Actor, streets *walk.Network, side int) (map[int]way, error) {
	points, err := servicepoint.List(ctx, db, actor, s.about[side].On, servicepoint.Filter{Unit: s.Base, State: servicepoint.Active, Limit: maxPoints})
	if err != nil {
		return nil, err
	}
	goals := map[int][]geo.Point{}
	for _, p := range points {
		if i := find(s.index[side], p.Place); i != topology.NoArea {
			goals[i] = append(goals[i], p.Place)
		}
	}
	living := map[int][]int{} // positions among at, by unit
	var at []geo.Point
	for _, h := range s.homes.list {
		if i := int(h.unit[side]); i != topology.NoArea && s.number[side][i] != 0 {
			living[i] = append(living[i], len(at))
			at = append(at, h.at)
		}
	}
	places, err := streets.SnapAll(ctx, at, walk.Adult, walk.MaxWalk, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, fmt.Errorf("households on the streets: %w", err)
	}
	w := streets.Walker(walk.Mode{Profile: walk.Adult})
	defer w.Release()
	ways := make(map[int]way, len(living))
	for i, homes := range living {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one := way{points: len(goals[i])}
		to := goals[i]
		if len(to) == 0 {
			one.middles, to = 1, []geo.Point{topology.LabelPoint(s.units(side)[i].Area)}
		}
		sources := make([]walk.Place, len(to))
		for k, p := range to {
			sources[k] = streets.Snap(p, walk.Adult, walk.MostWalk)
		}
		w.Spread(sources, farthest, walk.Towards)
		for _, k := range homes {
			mm, _ := w.At(places.Place(k))
			one.mm = append(one.mm, mm)
		}
		ways[i] = one
	}
	return ways, nil
}
