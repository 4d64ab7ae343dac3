package crs

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/fault"
)

// A measure is one question asked of a reading: the share of its points that lie
// within a reach of one kind of evidence, or inside it.
type measure struct {
	at   int // position in the fit
	kind *kind
	fit  fit
}

func (f fit) share(at int) float64 {
	if at < len(f) {
		return f[at]
	}
	return 0
}

// sentence is the rest of "97 % of 1500 points …".
func (m measure) sentence() (en, zh string) {
	switch feature := m.at % features; {
	case feature < len(reaches):
		return fmt.Sprintf("lie within %g m of known %s", reaches[feature], m.kind.name),
			fmt.Sprintf("距已知%s不到 %g 米", m.kind.nameZh, reaches[feature])
	case feature == besideLine:
		return fmt.Sprintf("lie beside known %s, %g to %g m away", m.kind.name, reaches[1], reaches[3]),
			fmt.Sprintf("在已知%s两侧 %g 至 %g 米", m.kind.nameZh, reaches[1], reaches[3])
	default:
		return "lie inside " + m.kind.areas, "落在" + m.kind.areasZh + "之内"
	}
}

func (m measure) name() string {
	if m.kind == nil {
		return ""
	}
	en, _ := m.sentence()
	return en
}

// compare measures every reading against the evidence near any of them and
// against its own surroundings.
func compare(near []*reading, ev Evidence) {
	around := box(near[0].places)
	for _, r := range near[1:] {
		if b := box(r.places); kilometers(b.Center(), around.Center()) < 200 {
			around = around.Union(b)
		}
	}
	const margin = 0.03 // degrees, about 3 km
	s := newScene(ev, around.Pad(margin))
	for _, r := range near {
		r.judge(s, near)
	}
}

// judge finds the measure in which the reading stands out most.
func (r *reading) judge(s *scene, rivals []*reading) {
	places := make([]orb.Point, len(r.places))
	for i, p := range r.places {
		places[i] = s.meters(p)
	}
	here := s.fit(places, orb.Point{})
	var chance []fit
	for _, offset := range surroundings() {
		if !leadsTo(s, r, rivals, offset) {
			chance = append(chance, s.fit(places, offset))
		}
	}
	r.measure = measure{fit: here}
	for at := range here {
		strength, mean := peak(here, chance, at, len(places))
		if at%features == insideArea && strength < convinces && within(s, places, here, chance, at) {
			strength = convinces
		}
		if strength > r.Strength {
			r.Strength, r.Share, r.Chance = strength, here[at], mean
			r.measure = measure{at: at, kind: s.kinds[at/features], fit: here}
		}
	}
	r.Measure = r.measure.name()
}

// surroundings are 48 moves of 120 to 900 m, in metres east and north, spread
// evenly by the golden angle.
func surroundings() []orb.Point {
	const n = 48
	offsets := make([]orb.Point, n)
	for i := range offsets {
		sin, cos := math.Sincos(float64(i) * math.Pi * (3 - math.Sqrt(5)))
		radius := 120 + 780*math.Sqrt(float64(i)/n)
		offsets[i] = orb.Point{radius * cos, radius * sin}
	}
	return offsets
}

// leadsTo reports that the move would make one reading another one.
func leadsTo(s *scene, r *reading, rivals []*reading, offset orb.Point) bool {
	from := s.meters(r.middle)
	for _, rival := range rivals {
		to := s.meters(rival.middle)
		if math.Hypot(from[0]+offset[0]-to[0], from[1]+offset[1]-to[1]) < 60 {
			return true
		}
	}
	return false
}

// peak returns how many standard deviations a share lies above its surroundings,
// and their mean; 0 when it does not clearly exceed every one of them.
func peak(here fit, chance []fit, at, points int) (strength, mean float64) {
	most, squares := 0.0, 0.0
	for _, f := range chance {
		mean += f[at] / float64(len(chance))
		most = max(most, f[at])
	}
	for _, f := range chance {
		squares += (f[at] - mean) * (f[at] - mean)
	}
	if here[at] < most+0.02 {
		return 0, mean
	}
	deviation := math.Sqrt(squares / float64(max(1, len(chance)-1)))
	// Few points scatter by themselves.
	n := float64(points)
	scatter := math.Sqrt(max(mean, 1/n) * max(1-mean, 1/n) / n)
	return (here[at] - mean) / max(deviation, scatter, 0.004), mean
}

// within is the peak of things that only lie within their town: nearly all
// inside, fewer after a move of 100 m in any direction, and clearly fewer after
// most larger ones.
func within(s *scene, places []orb.Point, here fit, chance []fit, at int) bool {
	if here[at] < 0.985 || len(places) < 100 {
		return false
	}
	asGood, mean := 0, 0.0
	for _, f := range chance {
		mean += f[at] / float64(len(chance))
		if f[at] > here[at]-0.01 {
			asGood++
		}
	}
	if asGood > 1 || mean > here[at]-0.03 {
		return false
	}
	for i := range 8 {
		sin, cos := math.Sincos(float64(i) * math.Pi / 4)
		if s.fit(places, orb.Point{100 * cos, 100 * sin})[at] > here[at]-0.002 {
			return false
		}
	}
	return true
}

// whereabouts knows roughly where there is any evidence.
type whereabouts struct {
	boxes []orb.Bound
	cells map[[2]int32]bool
}

// cellSize of the rough map, degrees: about 2 km.
const cellSize = 0.02

func newWhereabouts(ev Evidence) *whereabouts {
	w := &whereabouts{cells: map[[2]int32]bool{}}
	for _, line := range ev.Lines {
		w.add(line.Bound())
	}
	for _, area := range ev.Areas {
		w.add(area.Bound())
	}
	return w
}

func (w *whereabouts) add(b orb.Bound) {
	if b.IsEmpty() || !finite(b.Min) || !finite(b.Max) {
		return
	}
	lo, hi := cellAt(b.Min), cellAt(b.Max)
	if (hi[0]-lo[0]+1)*(hi[1]-lo[1]+1) > 400 || hi[0]-lo[0] > 400 || hi[1]-lo[1] > 400 {
		w.boxes = append(w.boxes, b)
		return
	}
	for x := lo[0]; x <= hi[0]; x++ {
		for y := lo[1]; y <= hi[1]; y++ {
			w.cells[[2]int32{x, y}] = true
		}
	}
}

func cellAt(p orb.Point) [2]int32 {
	return [2]int32{int32(math.Floor(p[0] / cellSize)), int32(math.Floor(p[1] / cellSize))}
}

// share of the places that lie in or next to a cell with evidence.
func (w *whereabouts) share(places []orb.Point) float64 {
	count := 0
	for _, p := range places {
		if w.near(p) {
			count++
		}
	}
	return float64(count) / max(1, float64(len(places)))
}

func (w *whereabouts) near(p orb.Point) bool {
	c := cellAt(p)
	for dx := int32(-1); dx <= 1; dx++ {
		for dy := int32(-1); dy <= 1; dy++ {
			if w.cells[[2]int32{c[0] + dx, c[1] + dy}] {
				return true
			}
		}
	}
	for _, b := range w.boxes {
		if b.Pad(cellSize).Contains(p) {
			return true
		}
	}
	return false
}

// kilometers is the distance from p to the nearest evidence, roughly.
func (w *whereabouts) kilometers(p orb.Point) float64 {
	best := math.Inf(1)
	for c := range w.cells {
		best = min(best, kilometers(p, orb.Point{(float64(c[0]) + 0.5) * cellSize, (float64(c[1]) + 0.5) * cellSize}))
	}
	for _, b := range w.boxes {
		nearest := orb.Point{max(b.Min[0], min(p[0], b.Max[0])), max(b.Min[1], min(p[1], b.Max[1]))}
		best = min(best, kilometers(p, nearest))
	}
	return best
}

func kilometers(a, b orb.Point) float64 { return float64(geo.Distance(a, b)) / 1000 }

func detailOf(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Detail
	}
	return ""
}
