// Package known has tracks whose true way is known, for tests and benchmarks of map
// matching: walks that are generated along real streets, vehicles in Shanghai with their
// true paths (Hanwen Hu's AMM), and walks on small maps from reports of wrong matching
// (GraphHopper issues 13 and 70).
package known

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"wangge/geo"
	"wangge/geo/track"
	"wangge/geo/walk"
)

// Stroll is a walk from street to street without turning round.
type Stroll struct {
	Way   []walk.Stretch
	Fixes []track.Fix
}

// speed of a stroll in m/s.
const speed = 1.3

// Wander walks about so many metres along a network, and is seen every so many seconds
// with some noise (its deviation along each axis in metres).
func Wander(n *walk.Network, r *rand.Rand, metres, every, deviation float64) Stroll {
	out := map[int32][]int32{}
	for e := range int32(n.Edges()) {
		if n.Piece(e) == 0 && !n.Traits(e).OneWay {
			a, b := n.Ends(e)
			out[a], out[b] = append(out[a], e), append(out[b], e)
		}
	}
	var s Stroll
	edge := int32(-1)
	for edge < 0 || n.Piece(edge) != 0 || n.Traits(edge).OneWay || n.Length(edge) < 20_000 {
		edge = int32(r.IntN(n.Edges()))
	}
	at, _ := n.Ends(edge)
	walked := 0.0
	for walked < metres*1000 {
		a, b := n.Ends(edge)
		st := walk.Stretch{Edge: edge, From: 0, To: n.Length(edge)}
		next := b
		if at == b {
			st.From, st.To, next = st.To, st.From, a
		}
		s.Way = append(s.Way, st)
		walked += float64(n.Length(edge))
		at = next
		choice := out[at]
		if len(choice) == 1 && len(s.Way) > 1 {
			break // a dead end
		}
		for tries := 0; ; tries++ {
			e := choice[r.IntN(len(choice))]
			if e != edge || tries > 20 {
				edge = e
				break
			}
		}
	}
	start := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	var gone, due float64
	for _, line := range s.Lines(n) {
		for i := 1; i < len(line); i++ {
			d := walk.Distance(line[i-1], line[i]) / 1000
			for due <= gone+d && d > 0 {
				p := between(line[i-1], line[i], (due-gone)/d)
				s.Fixes = append(s.Fixes, track.Fix{
					At:    start.Add(time.Duration(due / speed * float64(time.Second))),
					Point: Moved(p, r.NormFloat64()*deviation, r.NormFloat64()*deviation), Accuracy: deviation * 1.5,
				})
				due += every * speed
			}
			gone += d
		}
	}
	return s
}

// Lines are the streets of a stroll, one after the other.
func (s Stroll) Lines(n *walk.Network) (lines [][]geo.Point) {
	for _, st := range s.Way {
		lines = append(lines, n.Course(st))
	}
	return lines
}

// WithGaps leaves three of ten fixes out, in gaps of thirty.
func WithGaps(fixes []track.Fix) (kept []track.Fix) {
	for i, f := range fixes {
		if i%100 <= 70 {
			kept = append(kept, f)
		}
	}
	return kept
}

// WithOutliers moves one fix in 25 by 550 m, as phones tell that know only their mast.
func WithOutliers(fixes []track.Fix, r *rand.Rand) []track.Fix {
	out := slices.Clone(fixes)
	for i := range out {
		if r.IntN(25) == 0 {
			out[i].Point = Moved(out[i].Point, 550, 0)
		}
	}
	return out
}

// WithoutTimes is as other programs export a track.
func WithoutTimes(fixes []track.Fix) []track.Fix {
	out := slices.Clone(fixes)
	for i := range out {
		out[i].At = time.Time{}
	}
	return out
}

// WithOldTimes has one fix in ten from 1901, where a clock of 32 bits begins.
func WithOldTimes(fixes []track.Fix, r *rand.Rand) []track.Fix {
	out := slices.Clone(fixes)
	for i := range out {
		if r.IntN(10) == 0 {
			out[i].At = time.Unix(math.MinInt32+int64(i), 0).UTC()
		}
	}
	return out
}

// Moved is a place so many metres further east and north.
func Moved(p geo.Point, east, north float64) geo.Point {
	const metre = 1e7 / 111_320.0
	return geo.Point{
		X: p.X + int32(east*metre/math.Cos(float64(p.Y)/1e7*math.Pi/180)),
		Y: p.Y + int32(north*metre),
	}
}

// Agreement is how much of the true way was found, and how much of what was drawn is
// true, in metres. Several can be added up.
type Agreement struct{ Walked, Found, Drawn, Right float64 }

// Add counts another walk's in.
func (a *Agreement) Add(b Agreement) {
	a.Walked, a.Found, a.Drawn, a.Right = a.Walked+b.Walked, a.Found+b.Found, a.Drawn+b.Drawn, a.Right+b.Right
}

// Recall is the share of the true way that was found.
func (a Agreement) Recall() float64 { return a.Found / max(a.Walked, 1e-9) }

// Precision is the share of what was drawn that is true.
func (a Agreement) Precision() float64 { return a.Right / max(a.Drawn, 1e-9) }

// F is the harmonic mean of recall and precision.
func (a Agreement) F() float64 {
	return 2 * a.Recall() * a.Precision() / max(a.Recall()+a.Precision(), 1e-9)
}

// grain is how far the places on lines are apart that are looked at, in metres.
const grain = 5

// Compare looks how much of two sets of lines lies within so many metres of the other;
// what is walked twice counts once. It asks for lines, not edges, so that another
// program's network can be compared.
func Compare(truth, drawn [][]geo.Point, within float64) Agreement {
	return Agreement{
		Walked: length(truth, func(geo.Point) bool { return true }),
		Found:  length(truth, func(p geo.Point) bool { return Beside(drawn, p, within) }),
		Drawn:  length(drawn, func(geo.Point) bool { return true }),
		Right:  length(drawn, func(p geo.Point) bool { return Beside(truth, p, within) }),
	}
}

// length of those parts of lines that count, each place once, in metres.
func length(lines [][]geo.Point, counts func(geo.Point) bool) (metres float64) {
	const square = grain * geo.Scale / 111_320
	had := map[[2]int]bool{}
	for _, line := range lines {
		for _, p := range sampled(line) {
			place := [2]int{int(p.X) / square, int(p.Y) / square}
			if !had[place] && counts(p) {
				metres += grain
			}
			had[place] = true
		}
	}
	return metres
}

// sampled is a line as places one grain apart.
func sampled(line []geo.Point) (out []geo.Point) {
	due := 0.0
	for i := 1; i < len(line); i++ {
		d := walk.Distance(line[i-1], line[i]) / 1000
		if d > 1000 { // the line was left in between
			due = 0
			continue
		}
		for ; due <= d && d > 0; due += grain {
			out = append(out, between(line[i-1], line[i], due/d))
		}
		due -= d
	}
	return out
}

func between(a, b geo.Point, part float64) geo.Point {
	return geo.Point{X: a.X + int32(part*float64(b.X-a.X)), Y: a.Y + int32(part*float64(b.Y-a.Y))}
}

// Beside reports whether a place lies within so many metres of lines.
func Beside(lines [][]geo.Point, p geo.Point, metres float64) bool {
	for _, line := range lines {
		for i := 1; i < len(line); i++ {
			if away(p, line[i-1], line[i]) <= metres {
				return true
			}
		}
	}
	return false
}

// away is the distance in metres from a place to a straight line between two others.
func away(p, a, b geo.Point) float64 {
	east := math.Cos(float64(p.Y)/geo.Scale*math.Pi/180) * 111_320 / geo.Scale
	const north = 111_320.0 / geo.Scale
	ax, ay := float64(a.X-p.X)*east, float64(a.Y-p.Y)*north
	bx, by := float64(b.X-p.X)*east, float64(b.Y-p.Y)*north
	dx, dy := bx-ax, by-ay
	part := 0.0
	if whole := dx*dx + dy*dy; whole > 0 {
		part = min(1, max(0, -(ax*dx+ay*dy)/whole))
	}
	return math.Hypot(ax+part*dx, ay+part*dy)
}
