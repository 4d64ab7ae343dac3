package track

import (
	"math"
	"slices"
	"time"

	"wangge/geo"
	"wangge/geo/walk"
)

// Piece is a part of a track that ran along streets.
type Piece struct {
	From, To time.Time
	// Way is its course, stretch by stretch; one begins where the one before ends.
	Way []walk.Stretch
	// Confidence is how probable this course is beside all others that the fixes allow,
	// from 0 to 1: the least, over its fixes, of the posterior probability of the streets taken.
	Confidence float64
}

// Length of a piece in mm.
func (p Piece) Length() (mm uint64) {
	for _, s := range p.Way {
		mm += uint64(s.Length())
	}
	return mm
}

// The model is that of Newson and Krumm (Hidden Markov Map Matching Through Noise and
// Sparseness, ACM SIGSPATIAL 2009): a fix lies normally distributed around the place on
// the street, and the way between two places differs little from the straight line. Here
// the deviation follows the accuracy of each fix, and the tail is heavier than a normal
// distribution's, for phones between houses are wrong more often than they say.
const (
	// leastDeviation is that of the best fixes in metres: streets are drawn along their
	// middle, and people walk beside it.
	leastDeviation = 5
	// candidates is how many streets are tried for a fix.
	candidates = 12
	// reach is how far beside a fix streets are tried, in deviations, and at least and at
	// most so many metres.
	reach, leastReach, mostReach = 4, 40, 200
	// tail is the probability of a fix that has nothing to do with its accuracy.
	tail = 0.01
	// detour is the mean difference in metres between way and straight line, a second
	// of time between the fixes adding to it.
	detour, detourPerSecond = 6, 0.6
	// together is the way in deviations within which fixes are taken together, and around
	// the time over which their speed is taken.
	together = 1.0
	around   = 30 * time.Second
)

// Matcher lays tracks on a network. It is for one goroutine.
type Matcher struct {
	n    *walk.Network
	w    *walk.Walker
	mode walk.Mode
	l    Limits
}

// NewMatcher of a network; Release gives its scratch space back.
func NewMatcher(n *walk.Network, l Limits) *Matcher {
	mode := walk.Mode{Profile: walk.Adult}
	return &Matcher{n: n, w: n.Walker(mode), mode: mode, l: l}
}

// Release gives the scratch space back. The matcher must not be used any more.
func (m *Matcher) Release() { m.w.Release() }

// layer is what may be behind a fix: places on streets, how probable each is by itself,
// and how probable the ways to those of the next layer are.
type layer struct {
	fix  Fix
	at   []walk.Access
	log  []float64 // of the probability by the distance to the street
	led  []bool    // whether a way leads there from the first layer of the piece
	next []float64 // len(at) × len(next layer's at): log of the probability of the way
}

// Match lays the fixes of one segment on streets. Where a fix has no street near, or no
// way leads on, the track is left off the streets there and a new piece begins: there a
// walk ran through yards and fields.
func (m *Matcher) Match(fixes []Fix) []Piece {
	var pieces []Piece
	var layers []layer
	flush := func() {
		if p, ok := m.piece(layers); ok {
			pieces = append(pieces, p)
		}
		layers = nil
	}
	for _, f := range condense(fixes) {
		l := m.look(f)
		if len(l.at) == 0 {
			flush()
			continue
		}
		if last := len(layers) - 1; last >= 0 && !m.join(&layers[last], &l) {
			// A single fix beside the streets breaks no track: it is left out once.
			if last > 0 && m.leap(&layers[last-1], &l) {
				layers = layers[:last]
			} else {
				flush()
				for i := range l.led {
					l.led[i] = true // a piece begins here
				}
			}
		}
		layers = append(layers, l)
	}
	flush()
	return pieces
}

// deviation of a fix along each axis in metres: a circle of 1.52 deviations holds 68 %.
func (f Fix) deviation() float64 { return max(leastDeviation, f.accuracy()/1.52) }

// condense takes fixes together that were made on the way of about one deviation: each
// alone tells of its own error rather than of the way, their mean is better than any.
func condense(fixes []Fix) []Fix {
	var out []Fix
	low, high := 0, 0
	for first := 0; first < len(fixes); {
		f := fixes[first]
		for fixes[low].At.Before(f.At.Add(-around)) {
			low++
		}
		for high+1 < len(fixes) && !fixes[high+1].At.After(f.At.Add(around)) {
			high++
		}
		speed := 1.0 // m/s; nobody walks much slower, and errors of those who stand are no way
		if seconds := fixes[high].At.Sub(fixes[low].At).Seconds(); seconds > 0 {
			speed = max(speed, walk.Distance(fixes[low].Point, fixes[high].Point)/1000/seconds)
		}
		until := f.At.Add(time.Duration(together * f.deviation() / speed * float64(time.Second)))
		end := first + 1
		for end < len(fixes) && fixes[end].At.Before(until) {
			end++
		}
		out = append(out, mean(fixes[first:end]))
		first = end
	}
	return out
}

// mean of fixes, each weighed by how exact it is. Errors of neighbouring fixes are alike,
// so many of them are not as exact as their number would make them.
func mean(fixes []Fix) Fix {
	var x, y, weight, seconds float64
	first := fixes[0]
	for _, f := range fixes {
		w := 1 / (f.deviation() * f.deviation())
		x += w * float64(f.X-first.X)
		y += w * float64(f.Y-first.Y)
		seconds += w * f.At.Sub(first.At).Seconds()
		weight += w
	}
	return Fix{
		At:       first.At.Add(time.Duration(seconds / weight * float64(time.Second))),
		Point:    geo.Point{X: first.X + int32(math.Round(x/weight)), Y: first.Y + int32(math.Round(y/weight))},
		Accuracy: 1.52 * math.Sqrt(math.Sqrt(float64(len(fixes)))/weight),
	}
}

// look finds the streets that may be behind a fix.
func (m *Matcher) look(f Fix) layer {
	deviation := f.deviation()
	within := min(max(reach*deviation, leastReach), mostReach)
	l := layer{fix: f, at: m.n.Near(f.Point, m.mode.Profile, uint32(within*1000), candidates)}
	for i := range l.at {
		d := float64(l.at[i].Walk) / 1000 / deviation
		l.log = append(l.log, math.Log((1-tail)*math.Exp(-d*d/2)+tail*math.Exp(-d)))
		l.led = append(l.led, true)
		l.at[i].Walk = 0 // on the street
	}
	return l
}

// join works out the ways from a layer to the next, and reports whether there is one that
// the piece so far leads to.
func (m *Matcher) join(a, b *layer) bool {
	straight := walk.Distance(a.fix.Point, b.fix.Point) / 1000
	mean := detour + detourPerSecond*b.fix.At.Sub(a.fix.At).Seconds()
	limit := m.farthest(a.fix, b.fix)
	a.next = make([]float64, len(a.at)*len(b.at))
	clear(b.led)
	for i, from := range a.at {
		source := [1]walk.Place{{Access: [2]walk.Access{from}, Count: 1}}
		m.w.Spread(source[:], limit, walk.From)
		for j, to := range b.at {
			p := &a.next[i*len(b.at)+j]
			*p = math.Inf(-1)
			if mm, _ := m.w.At(walk.Place{Access: [2]walk.Access{to}, Count: 1}); mm != walk.Never {
				*p = -math.Abs(float64(mm)/1000-straight) / mean
				b.led[j] = b.led[j] || a.led[i]
			}
		}
	}
	return slices.Contains(b.led, true)
}

// leap joins a layer to the one after the next, and leaves it as it was where that fails.
func (m *Matcher) leap(a, b *layer) bool {
	next := a.next
	if m.join(a, b) {
		return true
	}
	a.next = next
	return false
}

// farthest is how long a way between two fixes is tried, in mm.
func (m *Matcher) farthest(a, b Fix) uint32 {
	straight := walk.Distance(a.Point, b.Point) / 1000
	slack := 3*(a.accuracy()+b.accuracy()) + 50
	return uint32(1000 * min(2*straight+slack, m.l.Speed*b.At.Sub(a.At).Seconds()+slack))
}

// piece is the most probable course through layers that hang together, and how probable.
func (m *Matcher) piece(layers []layer) (Piece, bool) {
	if len(layers) < 2 {
		return Piece{}, false
	}
	chosen := viterbi(layers)
	p := Piece{From: layers[0].fix.At, To: layers[len(layers)-1].fix.At, Confidence: 1}
	for k, probability := range posterior(layers, chosen) {
		p.Confidence = min(p.Confidence, probability)
		if k == 0 {
			continue
		}
		a, b := &layers[k-1], &layers[k]
		source := [1]walk.Place{{Access: [2]walk.Access{a.at[chosen[k-1]]}, Count: 1}}
		m.w.Spread(source[:], m.farthest(a.fix, b.fix), walk.From)
		p.Way = m.w.Way(b.at[chosen[k]], p.Way)
	}
	p.Way = straightened(p.Way)
	return p, len(p.Way) > 0
}

// viterbi is the most probable candidate of each layer, all of them together.
func viterbi(layers []layer) []int {
	score := layers[0].log
	from := make([][]int, len(layers))
	for k := 1; k < len(layers); k++ {
		a, b := &layers[k-1], &layers[k]
		next := make([]float64, len(b.at))
		from[k] = make([]int, len(b.at))
		for j := range b.at {
			next[j] = math.Inf(-1)
			for i := range a.at {
				if s := score[i] + a.next[i*len(b.at)+j]; s > next[j] {
					next[j], from[k][j] = s, i
				}
			}
			next[j] += b.log[j]
		}
		score = next
	}
	chosen := make([]int, len(layers))
	last := len(layers) - 1
	for j, s := range score {
		if s > score[chosen[last]] {
			chosen[last] = j
		}
	}
	for k := last; k > 0; k-- {
		chosen[k-1] = from[k][chosen[k]]
	}
	return chosen
}

// posterior is the probability of each chosen candidate given all fixes: the forward and
// backward sums over all courses (Rabiner, A Tutorial on Hidden Markov Models, 1989).
func posterior(layers []layer, chosen []int) []float64 {
	forward := make([][]float64, len(layers))
	forward[0] = layers[0].log
	for k := 1; k < len(layers); k++ {
		a, b := &layers[k-1], &layers[k]
		forward[k] = make([]float64, len(b.at))
		terms := make([]float64, len(a.at))
		for j := range b.at {
			for i := range a.at {
				terms[i] = forward[k-1][i] + a.next[i*len(b.at)+j]
			}
			forward[k][j] = b.log[j] + sum(terms)
		}
	}
	out := make([]float64, len(layers))
	back := make([]float64, len(layers[len(layers)-1].at))
	for k := len(layers) - 1; ; k-- {
		a := &layers[k]
		all := make([]float64, len(a.at))
		for i := range all {
			all[i] = forward[k][i] + back[i]
		}
		out[k] = min(1, math.Exp(all[chosen[k]]-sum(all)))
		if k == 0 {
			return out
		}
		before := &layers[k-1]
		earlier := make([]float64, len(before.at))
		terms := make([]float64, len(a.at))
		for i := range earlier {
			for j := range a.at {
				terms[j] = before.next[i*len(a.at)+j] + a.log[j] + back[j]
			}
			earlier[i] = sum(terms)
		}
		back = earlier
	}
}

// sum is the log of the sum of what the logs stand for.
func sum(logs []float64) float64 {
	most := math.Inf(-1)
	for _, l := range logs {
		most = max(most, l)
	}
	if math.IsInf(most, -1) {
		return most
	}
	total := 0.0
	for _, l := range logs {
		total += math.Exp(l - most)
	}
	return most + math.Log(total)
}

// spike is the longest way forth and back, in mm, that is taken for noise of the fixes.
const spike = 25_000

// straightened joins what runs on along an edge, and takes out short ways forth and back.
func straightened(way []walk.Stretch) []walk.Stretch {
	var out []walk.Stretch
	for _, s := range way {
		for s.From != s.To {
			last := len(out) - 1
			if last < 0 || out[last].Edge != s.Edge || out[last].To != s.From {
				out = append(out, s)
				break
			}
			t := out[last]
			if (t.To > t.From) == (s.To > s.From) {
				out[last].To = s.To
				break
			}
			if min(t.Length(), s.Length()) > spike {
				out = append(out, s)
				break
			}
			// The shorter of the two was walked for nothing.
			out = out[:last]
			if t.Length() > s.Length() {
				out = append(out, walk.Stretch{Edge: t.Edge, From: t.From, To: s.To})
				break
			}
			s.From = t.From
		}
	}
	return out
}

// Line is the course of a piece.
func (p Piece) Line(n *walk.Network) []geo.Point {
	var line []geo.Point
	for _, s := range p.Way {
		for _, at := range n.Course(s) {
			if len(line) == 0 || line[len(line)-1] != at {
				line = append(line, at)
			}
		}
	}
	return line
}
