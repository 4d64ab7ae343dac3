package candidate

import (
	"math"

	"github.com/paulmach/orb"

	"wangge/geo/cell"
)

// shown is what is seen by who may not see single places: counts in bands as wide as
// the least count that is published, by their lower end, minutes whole, costs and
// numbers of sites as they are. A bound is rounded away from the value, so that it
// still holds. Where nothing is published, no number is shown, only which sites.
//
// A site of a search anywhere is the middle of a cell in which somebody lives: it
// stands in the middle of the finest cell around it of which that may be known, and
// nowhere if there is none.
func (f Found) shown(least int64, around func(cell.Cell) (cell.Cell, bool)) *Found {
	f.Rounded = true
	band := func(n int64) int64 {
		if least == 0 {
			return 0
		}
		return n / least * least
	}
	up := func(n int64) int64 {
		if b := band(n); b < n && least > 0 {
			return b + least
		}
		return band(n)
	}
	hidden := least == 0
	number := func(v float64) float64 {
		switch {
		case hidden:
			return 0
		case f.Measure == "minutes":
			return math.Round(v)
		}
		return float64(band(int64(v)))
	}
	switch {
	case hidden:
		f.Hidden, f.Gap = true, 0
		if f.Measure != "sites" {
			f.Value, f.Bound = 0, 0
		}
	case f.Measure == "minutes":
		f.Value, f.Bound, f.Gap = math.Ceil(f.Value), math.Floor(f.Bound), math.Ceil(f.Gap*100)/100
	case f.Measure != "sites":
		f.Value, f.Bound, f.Gap = number(f.Value), float64(up(int64(f.Bound))), math.Ceil(f.Gap*100)/100
	}
	f.Total, f.Coverable, f.Covered = band(f.Total), band(f.Coverable), band(f.Covered)
	curve := make([]float64, len(f.Curve))
	for i, v := range f.Curve {
		curve[i] = number(v)
	}
	f.Curve = curve
	sites := make([]FoundSite, len(f.Sites))
	for i, s := range f.Sites {
		s.Within, s.Load, s.Served, s.Overload = band(s.Within), band(s.Load), band(s.Served), band(s.Overload)
		if s.Gain = number(s.Gain); f.Measure == "minutes" {
			s.Gain = math.Round(s.Gain)
		}
		if s.cell != 0 {
			s.Name, s.At = "", nil
			if c, ok := around(s.cell); ok {
				at := orb.Point(c.Center().Degrees())
				s.Name, s.At = c.String(), &at
			}
		}
		sites[i] = s
	}
	f.Sites = sites
	return &f
}
