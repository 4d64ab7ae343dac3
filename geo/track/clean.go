package track

import (
	"time"

	"wangge/geo"
	"wangge/geo/walk"
)

// Limits are what is believed of a track.
type Limits struct {
	// Vague is the accuracy in metres beyond which a fix is not used.
	Vague float64
	// Speed is the highest in metres a second: of people on foot, on a bicycle or in a bus.
	Speed float64
	// Gap is the time without fixes after which nobody knows where the walk went.
	Gap time.Duration
}

// Usual are the limits of a patrol.
var Usual = Limits{Vague: 100, Speed: 17, Gap: time.Minute}

// window is how many fixes back a jump may reach: an outlier is seldom longer. After one
// that is, the longest chain until then goes on.
const window = 40

// Clean marks each fix. Of those that are neither doubled nor vague it keeps the longest
// chain in which each can be reached from the one before at the highest speed, the
// accuracies of both aside; whatever lies beside the chain is a jump. So a track may
// begin with an outlier, and a row of them far away does not take over.
func Clean(fixes []Fix, l Limits) []Mark {
	marks := make([]Mark, len(fixes))
	var used []int
	for i, f := range fixes {
		switch {
		case f.accuracy() > l.Vague:
			marks[i] = Vague
		case len(used) > 0 && !f.At.After(fixes[used[len(used)-1]].At):
			marks[i] = Doubled
		default:
			used = append(used, i)
		}
	}
	// best[k] is the length of the longest chain that ends with used[k].
	best, before := make([]int, len(used)), make([]int, len(used))
	end := -1
	for k, i := range used {
		best[k], before[k] = 1, -1
		follow := func(j int) {
			if best[j]+1 > best[k] && l.reaches(fixes[used[j]], fixes[i]) {
				best[k], before[k] = best[j]+1, j
			}
		}
		for j := k - 1; j >= 0 && j >= k-window; j-- {
			follow(j)
		}
		if end >= 0 {
			follow(end)
		}
		if end < 0 || best[k] >= best[end] {
			end = k
		}
		marks[i] = Jump
	}
	for k := end; k >= 0; k = before[k] {
		marks[used[k]] = Kept
	}
	return marks
}

// reaches reports whether somebody may have come from a to b.
func (l Limits) reaches(a, b Fix) bool {
	metres := walk.Distance(a.Point, b.Point)/1000 - a.accuracy() - b.accuracy()
	return metres <= l.Speed*b.At.Sub(a.At).Seconds()
}

// Between is where a track was at a moment between two neighbouring fixes, if that is known.
func (l Limits) Between(a, b Fix, at time.Time) (Fix, bool) {
	whole, accuracy := b.At.Sub(a.At), max(a.accuracy(), b.accuracy())
	if whole <= 0 || whole > l.Gap || accuracy > l.Vague || !l.reaches(a, b) {
		return Fix{}, false
	}
	return Fix{at, toward(a.Point, b.Point, float64(at.Sub(a.At))/float64(whole)), accuracy}, true
}

// toward is the place so much of the way from a to b.
func toward(a, b geo.Point, part float64) geo.Point {
	return geo.Point{X: a.X + int32(part*float64(b.X-a.X)), Y: a.Y + int32(part*float64(b.Y-a.Y))}
}

// Segments returns the kept fixes, cut where nobody knows where the walk went: between
// two segments no line is drawn, and nothing was seen.
func Segments(fixes []Fix, marks []Mark, l Limits) [][]Fix {
	var out [][]Fix
	var last time.Time
	for i, f := range fixes {
		if marks[i] != Kept {
			continue
		}
		if len(out) == 0 || f.At.Sub(last) > l.Gap {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], f)
		last = f.At
	}
	return out
}

// pace is that of people on foot in metres a second, for fixes that tell no time.
const pace = 1.3

// Timed gives times to fixes that have none, or whose times do not rise, as though they
// had been walked: for tracks of other programs, which are laid on streets but count for
// nothing that needs a time. Times that rise throughout are left as they are.
func Timed(fixes []Fix) []Fix {
	rises := true
	for i := 1; i < len(fixes); i++ {
		rises = rises && fixes[i].At.After(fixes[i-1].At)
	}
	if rises {
		return fixes
	}
	out := make([]Fix, len(fixes))
	for i, f := range fixes {
		out[i] = f
		if i > 0 {
			metres := walk.Distance(fixes[i-1].Point, f.Point) / 1000
			out[i].At = out[i-1].At.Add(time.Duration(max(metres/pace, 0.001) * float64(time.Second)))
		}
	}
	return out
}
