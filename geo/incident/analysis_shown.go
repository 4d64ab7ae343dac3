package incident

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"wangge/geo"
	"wangge/geo/fault"
)

// What the reader of an analysis sees is decided here and nowhere else.
//
// Who may see single places in the whole area asked about (permission place) gets
// exact counts, of any days. Who may only count gets counts rounded at random to a
// multiple of the least published count k (setting least_count, 10):
//
//   - The number shown is one of the two multiples of k next to the true one, the
//     nearer the likelier, so that it is right on average (unbiased random rounding:
//     I. P. Fellegi: Controlled Random Rounding. Survey Methodology 1, 1975). It is
//     off by less than k. Zero is not shown, and neither is what was rounded to it:
//     "none" says as much about a grid as "one".
//   - Chance comes from the ids of the incidents that were counted (the cell key
//     method: B. Fraser, J. Wooton: A proposed method for confidentialising tabular
//     output to protect against differencing. UNECE/Eurostat, Geneva 2005). The
//     same incidents are rounded alike whatever question led to them: asking again,
//     or by another way, tells nothing new, and ids are not shown to this reader.
//   - The period is one whole week, month, quarter or year that is over, and the
//     category a large class. So each incident lies in a handful of sets that nest,
//     and not in one for every choice of two dates: two counts whose difference is
//     one incident, or a day, or a small class, cannot both be asked for. What can
//     be subtracted (a quarter less two of its months) carries the noise of every
//     term, three times that of asking for the month itself.
//   - Rates, ranks, intervals and hot spots are worked out from the rounded counts
//     and from published numbers, so they cannot say more.
//
// docs/hotspots.md tells readers the same.

// Sample is the least number of incidents from which a rate, a rank, a median or a
// hot spot is given, unless a question asks for more.
const Sample = 30

// Faults of an analysis.
var (
	ErrPeriod = fault.New(fault.Invalid, "analysis_period", "The period must end after it begins and be no longer than five years.")
	ErrCoarse = fault.New(fault.Invalid, "analysis_coarse", "Without the right to see single places here, choose one whole week (from a Monday), month, quarter or year that is over, all categories or a large class, and cells of resolution 7 to 9.")
	ErrSteps  = fault.New(fault.Invalid, "analysis_steps", "Without the right to see single places here, a trend runs over whole weeks (from a Monday to a Monday) or whole months that are over, at most five years.")
	ErrCells  = fault.New(fault.TooLarge, "analysis_cells", "These are too many cells. Choose a coarser resolution or a smaller unit.")
	ErrHomes  = fault.New(fault.Invalid, "analysis_households", "Here the households of single cells are not known to you. Ask about the whole unit at the top, or for numbers instead of rates.")
)

// maxDays is the longest period of a question.
const maxDays = 5*366 + 1

// pile is a set of incidents: how many they are, and their key for rounding.
type pile struct {
	n   int
	key uint64
}

func (p *pile) add(key uint64) { p.n, p.key = p.n+1, p.key^key }

// keyOf is one incident's part in the key of the sets it lies in. Sets are keyed by
// the exclusive or of their members: the order does not matter.
func keyOf(id uuid.UUID) uint64 {
	return mix(mix(binary.BigEndian.Uint64(id[:8])) ^ binary.BigEndian.Uint64(id[8:]))
}

// mix scatters the bits of a number (the finalizer of SplitMix64, Steele and others
// 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// shown is the count of a set as it is given out: as it is for step 0, otherwise
// rounded to a multiple of step; nil is hidden.
func (p pile) shown(step int) *int {
	n := p.n
	if step > 0 {
		n = (n + int(mix(p.key)%uint64(step))) / step * step
		if n == 0 {
			return nil
		}
	}
	return &n
}

// enough reports whether a shown count allows a rate, a rank or a median.
func enough(shown *int, sample int) bool { return shown != nil && *shown >= sample }

// Rate is incidents for every 100 households, with the limits between which it lies
// with 95 % certainty if incidents come independently of each other.
type Rate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// rate is nil below the sample or without a known number of households, which must
// be as many as the sample too. The limits are Byar's approximation for a Poisson
// count (N. E. Breslow, N. E. Day: Statistical Methods in Cancer Research II. IARC
// 1987, p. 69), widened by what the rounding may hide.
func rate(incidents, households *int, sample, step int) *Rate {
	if !enough(incidents, sample) || !enough(households, sample) {
		return nil
	}
	n, slack := float64(*incidents), float64(max(0, step-1))
	per := 100 / float64(*households)
	low, high := max(0, n-slack), n+slack+1
	r := Rate{Value: n * per, High: high * math.Pow(1-1/(9*high)+1.96/(3*math.Sqrt(high)), 3) * per}
	if low > 0 {
		r.Low = low * math.Pow(max(0, 1-1/(9*low)-1.96/(3*math.Sqrt(low))), 3) * per
	}
	for _, v := range []*float64{&r.Value, &r.Low, &r.High} {
		*v = math.Round(*v*100) / 100
	}
	return &r
}

// spells are times from report to closing, in hours.
type spells []float32

func (s *spells) add(reported time.Time, closed *time.Time) {
	if closed != nil && !closed.Before(reported) {
		*s = append(*s, float32(closed.Sub(reported).Hours()))
	}
}

// median is the middle of them in days, nil when there are fewer than the sample or
// their number is not shown; in whole days (upwards) where counts are rounded.
func (s spells) median(incidents *int, sample, step int) *float64 {
	if !enough(incidents, sample) || len(s) < sample {
		return nil
	}
	slices.Sort(s)
	days := float64(s[(len(s)-1)/2]+s[len(s)/2]) / 2 / 24
	if step > 0 {
		days = math.Ceil(days)
	}
	days = math.Round(days*10) / 10
	return &days
}

// span names the part of the calendar that a period is: week, month, quarter or
// year; "" for any other.
func span(from, to geo.Day) string {
	start := from.Start()
	until := func(years, months, days int) bool { return geo.DayOf(start.AddDate(years, months, days)) == to }
	first := start.Day() == 1
	switch {
	case start.Weekday() == time.Monday && until(0, 0, 7):
		return "week"
	case first && until(0, 1, 0):
		return "month"
	case first && (start.Month()-1)%3 == 0 && until(0, 3, 0):
		return "quarter"
	case first && start.Month() == time.January && until(1, 0, 0):
		return "year"
	}
	return ""
}

// Steps of a trend.
const (
	Daily   = "day"
	Weekly  = "week"
	Monthly = "month"
)

// whole reports whether a day begins a step of a trend.
func whole(d geo.Day, step string) bool {
	switch step {
	case Weekly:
		return d.Start().Weekday() == time.Monday
	case Monthly:
		return d.Start().Day() == 1
	}
	return true
}

// after is the day on which the step that begins with or holds d is over.
func after(d geo.Day, step string) geo.Day {
	t := d.Start()
	switch step {
	case Weekly:
		t = t.AddDate(0, 0, 7-(int(t.Weekday())+6)%7)
	case Monthly:
		t = t.AddDate(0, 1, 1-t.Day())
	default:
		t = t.AddDate(0, 0, 1)
	}
	return geo.DayOf(t)
}

// ranks gives equal places to equal values, the highest first; nil stays without.
func ranks(values []*float64) []*int {
	var all []float64
	for _, v := range values {
		if v != nil {
			all = append(all, *v)
		}
	}
	slices.SortFunc(all, func(a, b float64) int { return cmp.Compare(b, a) })
	out := make([]*int, len(values))
	for i, v := range values {
		if v != nil {
			rank := slices.Index(all, *v) + 1
			out[i] = &rank
		}
	}
	return out
}
