package proposal

import (
	"context"
	"fmt"

	"wangge/geo"
	"wangge/geo/atom"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/topology"
)

// Grain is how finely land is cut into atoms.
type Grain string

// The grains.
const (
	Blocks    Grain = "block"    // street blocks; compounds and villages are kept whole
	Buildings Grain = "building" // the land around each building, in compounds too
)

// widest is how wide and high, in lattice steps, the box may be that Atoms cuts: about
// 4 km of blocks, 1 km of buildings.
var widest = map[Grain]int64{Blocks: 400_000, Buildings: 100_000}

// ErrWide means that too much land was to be cut at once.
var ErrWide = fault.New(fault.Invalid, "atoms_box", "There is too much land in the box to show its blocks. Ask for a smaller one.")

// Atom is land that a planner picks as a whole.
type Atom struct {
	Kind         string           `json:"kind" enum:"block,building,compound,village"`
	SquareMeters geo.SquareMeters `json:"area_m2"`
	Area         plan.Land        `json:"area"`
}

// Atoms cuts land within a box and returns the atoms that lie in it completely: what
// reaches beyond the box may be larger than can be told. Borders of units cut none, and
// neither do homes: the map alone says where atoms are.
func Atoms(ctx context.Context, db pg.DB, day geo.Day, land geo.MultiPolygon, box geo.Bound, grain Grain) ([]Atom, error) {
	whole := land.Bound()
	if !box.Intersects(whole) {
		return nil, nil
	}
	// A side beyond the land cuts nothing: no atom reaches one a step away.
	side := func(asked, end, step int32) int32 {
		if (int64(asked)-int64(end))*int64(step) >= 0 {
			return end + step
		}
		return asked
	}
	box = geo.Bound{
		Min: geo.Point{X: side(box.Min.X, whole.Min.X, -1), Y: side(box.Min.Y, whole.Min.Y, -1)},
		Max: geo.Point{X: side(box.Max.X, whole.Max.X, 1), Y: side(box.Max.Y, whole.Max.Y, 1)},
	}
	if box.Empty() {
		return nil, nil
	}
	if int64(box.Max.X)-int64(box.Min.X) > widest[grain] || int64(box.Max.Y)-int64(box.Min.Y) > widest[grain] {
		return nil, ErrWide
	}
	clipped, err := clip(ctx, land, box)
	if err != nil || len(clipped) == 0 {
		return nil, err
	}
	s := &site{params: Params{Day: day, Divide: grain == Buildings}, ground: atom.Ground{Unit: clipped}}
	for _, read := range []func(context.Context, pg.DB) error{s.features, s.zones} {
		if err := read(ctx, db); err != nil {
			return nil, fmt.Errorf("atoms: %w", err)
		}
	}
	// One home in each building: land with one is no sliver, and land with two is cut.
	for _, b := range s.ground.Buildings {
		s.ground.Homes = append(s.ground.Homes, atom.Home{At: topology.LabelPoint(b), Households: 1})
	}
	if grain == Buildings {
		s.ground.Limit = 1
	}
	atoms, err := atom.Cut(ctx, s.ground)
	if err != nil {
		return nil, fmt.Errorf("atoms: %w", err)
	}
	kinds := map[int32]string{}
	if grain == Blocks {
		for _, w := range s.ground.Wholes {
			kind := "village"
			if w.Class == atom.Wall {
				kind = "compound"
			}
			kinds[atoms.At(topology.LabelPoint(w.Area))] = kind
		}
	}
	var out []Atom
	for i, a := range atoms.List {
		if reaches(a.Area, box) {
			continue
		}
		kind, named := kinds[int32(i)]
		switch {
		case named:
		case grain == Buildings && a.Households > 0:
			kind = "building"
		default:
			kind = "block"
		}
		out = append(out, Atom{Kind: kind, SquareMeters: a.SquareMeters, Area: plan.Land(a.Area)})
	}
	return out, nil
}

// clip is the land in a box.
func clip(ctx context.Context, land geo.MultiPolygon, box geo.Bound) (geo.MultiPolygon, error) {
	if whole := land.Bound(); box.Contains(whole.Min) && box.Contains(whole.Max) {
		return land, nil
	}
	rectangle := geo.MultiPolygon{{{box.Min, {X: box.Max.X, Y: box.Min.Y}, box.Max, {X: box.Min.X, Y: box.Max.Y}}}}
	pieces, err := topology.Overlay(ctx, []geo.MultiPolygon{land}, []geo.MultiPolygon{rectangle})
	if err != nil {
		return nil, fmt.Errorf("land in a box: %w", err)
	}
	for _, p := range pieces {
		if p.Before == 0 && p.After == 0 {
			return p.Area, nil
		}
	}
	return nil, nil
}

// reaches reports whether an area touches the sides of a box that it lies in.
func reaches(area geo.MultiPolygon, box geo.Bound) bool {
	b := area.Bound()
	return b.Min.X <= box.Min.X || b.Min.Y <= box.Min.Y || b.Max.X >= box.Max.X || b.Max.Y >= box.Max.Y
}
