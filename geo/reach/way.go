package reach

import (
	"context"

	"wangge/geo"
	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// Walk asks for the way from one place to another.
type Walk struct {
	From, To geo.Point
	Standard circle.Standard
	MaxWalk  int // metres from either end to the street; 0 = 200
}

// Way is the way that takes the fewest minutes.
type Way struct {
	Standard circle.Preset
	Network  network.Version
	From, To Snapped
	Found    bool // both ends are joined to streets, and streets lead from one to the other
	Minutes  float64
	Metres   float64 // on the ground, with both ways to the street
	Line     []geo.Point
	Legs     []walk.Leg
}

// Way finds the way. That there is none is an answer.
//
// Errors: ErrWalk, circle.ErrStandard, network.ErrNoNetwork.
func (p *Paths) Way(ctx context.Context, actor staff.Actor, of Walk) (Way, error) {
	if err := actor.Must(staff.Map); err != nil {
		return Way{}, err
	}
	standard, err := p.standards.find(ctx, of.Standard)
	if err != nil {
		return Way{}, err
	}
	most, err := within(of.MaxWalk)
	if err != nil {
		return Way{}, err
	}
	n, version, err := p.footpaths.Current(ctx)
	if err != nil {
		return Way{}, err
	}
	mode := standard.Mode()
	from, to := n.Snap(of.From, mode.Profile, most), n.Snap(of.To, mode.Profile, most)
	w := Way{Standard: standard, Network: version, From: snapped(n, from), To: snapped(n, to)}
	found, ok := n.Route(mode, from, to)
	if !ok {
		return w, nil
	}
	w.Found, w.Line, w.Legs = true, found.Line, found.Legs
	w.Minutes = float64(standard.Seconds(found.Effort)) / 60
	w.Metres = float64(found.Length) / millimetre
	return w, nil
}
