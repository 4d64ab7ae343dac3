package circle

import (
	"slices"
	"time"

	"wangge/geo"
	"wangge/geo/hours"
	"wangge/geo/servicepoint"
)

// changed are the points with the changes of a run applied in their order. New points
// stand behind all others; a change of a point that is not active changes nothing.
func changed(points []point, changes []Change) []point {
	points = slices.Clone(points)
	for i, ch := range changes {
		if ch.Do == "add" {
			p := point{id: -int64(i + 1), name: ch.Name, tier: ch.Tier, capacity: ch.Capacity, at: geo.Snap(*ch.At), candidate: ch.Candidate}
			for _, f := range ch.Functions {
				p.functions = append(p.functions, servicepoint.Function{Function: f, Hours: ch.Hours})
			}
			points = append(points, p)
			continue
		}
		at := slices.IndexFunc(points, func(p point) bool { return p.id == ch.Point })
		if at < 0 {
			continue
		}
		p := &points[at]
		switch ch.Do {
		case "close":
			points = slices.Delete(points, at, at+1)
		case "move":
			p.at, p.candidate = geo.Snap(*ch.At), ch.Candidate
			p.mobile, p.stops = false, nil // it stands there
		case "hours":
			p.functions = slices.Clone(p.functions)
			for k := range p.functions {
				if len(ch.Functions) == 0 || slices.Contains(ch.Functions, p.functions[k].Function) {
					p.functions[k].Hours = ch.Hours
				}
			}
		}
	}
	return points
}

// source is where a column's service is to be had: a point, or a stop of a mobile one.
type source struct {
	*point
	stop    int // from 1; 0 = the point itself
	at      geo.Point
	unknown bool // its hours are not known
}

// sources are the places of a column, by point and stop.
func (col Column) sources(points []point, day geo.Day) []source {
	var list []source
	at := col.instant(day)
	for i := range points {
		p := &points[i]
		if len(col.Tiers) > 0 && !slices.Contains(col.Tiers, p.tier) {
			continue
		}
		state := col.offered(p, at)
		if !p.mobile || len(p.stops) == 0 {
			if !col.counts(state, p.mobile) {
				continue
			}
			list = append(list, source{point: p, at: p.at, unknown: state.State == hours.Unknown && col.When != nil})
			continue
		}
		for k, stop := range p.stops {
			s := state
			if col.When != nil {
				s.State = both(state.State, hours.Read(stop.Hours, "").Observing(p.holidays()).At(at).State)
			}
			if col.counts(s, true) {
				list = append(list, source{point: p, stop: k + 1, at: geo.Snap(stop.Point), unknown: s.State == hours.Unknown && col.When != nil})
			}
		}
	}
	return list
}

// instant of a column: the first such weekday on or after the day of the run.
func (col Column) instant(day geo.Day) time.Time {
	if col.When == nil {
		return time.Time{}
	}
	minute, _ := col.When.clock() // checked when it was asked
	start := day.Start()
	ahead := (col.When.Weekday - int(start.Weekday()) + 7) % 7
	return start.AddDate(0, 0, ahead).Add(time.Duration(minute) * time.Minute)
}

// offered is the best that a point offers of the column's function. Without an hour
// it is open if it offers the function at all; Session says that it does so only now
// and then.
func (col Column) offered(p *point, at time.Time) hours.Offer {
	best := hours.Offer{State: hours.Closed}
	better := func(o hours.Offer) bool {
		if o.State != best.State {
			return rank(o.State) > rank(best.State)
		}
		return best.Session && !o.Session
	}
	for _, f := range p.functions {
		if col.Function != "" && f.Function != col.Function {
			continue
		}
		service := hours.Read(f.Hours, f.Sessions).Observing(p.holidays())
		o := hours.Offer{State: hours.Open, Session: !service.Standing()}
		if col.When != nil {
			o = service.At(at)
		}
		if better(o) {
			best = o
		}
	}
	if len(p.functions) == 0 && col.Function == "" { // a point of which nothing is told but that it is there
		if best.State = hours.Unknown; col.When == nil {
			best.State = hours.Open
		}
	}
	return best
}

// counts reports whether an offer counts in the column. Without an hour, what is
// offered now and then (sessions, stops) counts only where it is asked for.
func (col Column) counts(o hours.Offer, mobile bool) bool {
	if col.When == nil {
		return o.State == hours.Open && (col.Sessions || !o.Session && !mobile)
	}
	return o.Counts(!col.HoursKnown)
}

// rank of what is better for who comes.
func rank(s hours.State) int {
	switch s {
	case hours.Open:
		return 2
	case hours.Unknown:
		return 1
	}
	return 0
}

// both is whether something is to be had that needs two to be open.
func both(a, b hours.State) hours.State {
	if rank(a) < rank(b) {
		return a
	}
	return b
}
