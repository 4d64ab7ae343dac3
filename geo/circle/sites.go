package circle

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/job"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// Sites are what a search for sites needs of a run: its households and where they
// meet the street, and the points that one of its columns counts. They are read as
// they are now, on the date of the run.
type Sites struct {
	Run    Run
	Unit   int64 // 0 = the whole installation
	Column Column
	Inputs Inputs
	Points []Site

	crowd   *crowd
	network *walk.Network
	places  *walk.Places
	maxWalk uint32
	shown   published
}

// Site is a point that stands, or a stop of a mobile one.
type Site struct {
	Point    int64 // id; below 0: a new one of the run's changes
	Stop     int
	Name     string
	At       geo.Point
	HeldBy   int64 // the unit it stands in, 0 = none
	Capacity *int
}

// Sites reads them, as the engine; the actor must see the run.
//
// Errors: ErrUnknown, ErrNotDone, ErrColumn, network.ErrNoNetwork.
func (k *Maker) Sites(ctx context.Context, actor staff.Actor, run int64, column int, step job.Step) (*Sites, error) {
	s, err := done(ctx, k.db, actor, run, max(0, column))
	if err != nil {
		return nil, err
	}
	column = max(0, column)
	p, err := k.picture(ctx, s, step)
	if err != nil {
		return nil, fmt.Errorf("sites for service circle %d: %w", run, err)
	}
	out := &Sites{Run: s.Run, Unit: s.unit, Column: s.Params.Columns[column], Inputs: p.inputs,
		crowd: p.held.crowd, network: p.network, maxWalk: uint32(s.Params.MaxWalk) * 1000, shown: p.shown}
	for _, from := range out.Column.sources(p.points, s.Params.On) {
		out.Points = append(out.Points, Site{Point: from.id, Stop: from.stop, Name: from.name, At: from.at, HeldBy: from.heldBy, Capacity: from.capacity})
	}
	if out.places, err = p.join(ctx, out.Column.Standard.Mode().Profile, s.Params.MaxWalk, step); err != nil {
		return nil, fmt.Errorf("sites for service circle %d: %w", run, err)
	}
	return out, nil
}

// Households counts each household, or row of a demand set, by its households.
func (s *Sites) Households() []int64 {
	list := make([]int64, len(s.crowd.id))
	for h := range list {
		list[h] = s.crowd.weight(int32(h))
	}
	return list
}

// People counts each household by its people of some age bands, all if none are named.
func (s *Sites) People(ages []string) []int64 {
	list := make([]int64, len(s.crowd.id))
	for h, n := range s.crowd.people(ages) {
		list[h] = int64(n)
	}
	return list
}

// Cells are the H3 cells of a resolution from 7 to 10 in which households stand, by
// their number.
func (s *Sites) Cells(resolution int) []cell.Cell {
	var list []cell.Cell
	for _, c := range s.crowd.cells {
		list = append(list, c.Parent(resolution))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Around is the finest cell that holds c and whose households are shown to who may not
// see single places; ok is false where there is none.
func (s *Sites) Around(c cell.Cell) (around cell.Cell, ok bool) {
	for res := min(finest-1, c.Resolution()); res >= coarsest; res-- {
		row := CellRow{Cell: c.Parent(res), Resolution: res}
		for _, g := range s.crowd.group(res) {
			if g.cell != row.Cell {
				continue
			}
			for _, h := range s.crowd.byCell[g.from:g.to] {
				row.Households += s.crowd.weight(h)
			}
		}
		if len(s.shown.cellRows([]CellRow{row})) > 0 {
			return row.Cell, true
		}
	}
	return 0, false
}

// Walks finds every pair of a household and a site within limit mm on foot, and
// which of the sites are joined to the network at all.
func (s *Sites) Walks(ctx context.Context, at []geo.Point, limit uint32) (*walk.Matrix, []bool, error) {
	mode := s.Column.Standard.Mode()
	places, joined := make([]walk.Place, len(at)), make([]bool, len(at))
	for i, p := range at {
		places[i] = s.network.Snap(p, mode.Profile, s.maxWalk)
		joined[i] = places[i].Count > 0
	}
	pairs, err := walk.Pairs(ctx, s.network, mode, places, s.places, limit, walk.Towards, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, nil, fmt.Errorf("walks to %d sites: %w", len(at), err)
	}
	return pairs, joined, nil
}

// Holds says whether a unit is the run's own, or below it.
func (s *Sites) Holds(unit int64) bool {
	_, holds := s.crowd.where[unit]
	return holds
}

// Least is the smallest count that is shown to who may not see single places, and the
// width of the bands of counts there; 0 where nothing is published.
func (s *Sites) Least() int64 { return int64(s.shown.least) }

// Minutes that a walk of so many mm takes at the standard's speed.
func (s *Sites) Minutes(mm float64) float64 {
	return mm * 60 / (float64(s.Column.Standard.Speed) * 1000)
}
