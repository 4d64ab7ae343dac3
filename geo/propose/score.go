package propose

import (
	"cmp"
	"math"
	"slices"

	"wangge/geo"
)

// Score is the figures of a division.
type Score struct {
	Units  int     `json:"units"`
	Mean   float64 `json:"mean"`   // households of a unit
	Median float64 `json:"median"` // likewise
	Least  int64   `json:"least"`
	Most   int64   `json:"most"`
	// MaxDeviation is the greatest difference from the mean, as a share of it;
	// Spread the standard deviation, in households.
	MaxDeviation float64 `json:"max_deviation"`
	Spread       float64 `json:"spread"`
	// Compactness is the mean of Polsby–Popper (4π × area ÷ around², 1 for a
	// circle) over all units.
	Compactness float64 `json:"compactness"`
	// Border is the length of the borders between units, Along the share of it that
	// follows lines that can be seen; 1 where there is no border.
	Border geo.Meters `json:"border_meters"`
	Along  float64    `json:"along"`
	// Moved is how many households change units.
	Moved int64 `json:"moved"`
}

// ScoreOf measures a division; present may be nil.
func ScoreOf(land *Land, present, unit []int32) Score {
	type whole struct {
		households   int64
		area, around float64
	}
	units := map[int32]*whole{}
	var order []*whole
	s := Score{Along: 1}
	of := func(a int) *whole {
		w := units[unit[a]]
		if w == nil {
			w = &whole{}
			units[unit[a]] = w
			order = append(order, w)
		}
		return w
	}
	for a, atom := range land.Atoms {
		if unit[a] == Nobody {
			continue
		}
		w := of(a)
		w.households += int64(atom.Households)
		w.area += float64(atom.Area)
		w.around += float64(atom.Rim)
		if present != nil && present[a] != Nobody && present[a] != unit[a] {
			s.Moved += int64(atom.Households)
		}
	}
	along := geo.Meters(0)
	for _, b := range land.Borders {
		if unit[b.A] == unit[b.B] {
			continue
		}
		s.Border += b.Length
		along += b.Along
		for _, a := range [2]int32{b.A, b.B} {
			if unit[a] != Nobody {
				of(int(a)).around += float64(b.Length)
			}
		}
	}
	if s.Border > 0 {
		s.Along = float64(along / s.Border)
	}
	s.Units = len(order)
	if s.Units == 0 {
		return s
	}
	s.Least = math.MaxInt64
	sum := int64(0)
	for _, w := range order {
		sum += w.households
		s.Least, s.Most = min(s.Least, w.households), max(s.Most, w.households)
		if w.around > 0 {
			s.Compactness += 4 * math.Pi * w.area / (w.around * w.around) / float64(s.Units)
		}
	}
	s.Mean = float64(sum) / float64(s.Units)
	slices.SortFunc(order, func(a, b *whole) int { return cmp.Compare(a.households, b.households) })
	s.Median = float64(order[(s.Units-1)/2].households+order[s.Units/2].households) / 2
	for _, w := range order {
		off := float64(w.households) - s.Mean
		s.Spread += off * off / float64(s.Units)
	}
	s.Spread = math.Sqrt(s.Spread)
	if s.Mean > 0 {
		s.MaxDeviation = max(float64(s.Most)-s.Mean, s.Mean-float64(s.Least)) / s.Mean
	}
	return s
}

// Rule is what a division may break.
type Rule string

// The rules.
const (
	TooFew  Rule = "too_few"  // households
	TooMany Rule = "too_many" // households
	Apart   Rule = "apart"    // the unit does not hang together without crossing a barrier
	NoUnit  Rule = "no_unit"  // atoms in no unit
)

// Breach is a rule that a division breaks, and where.
type Breach struct {
	Rule Rule  `json:"rule"`
	Unit int32 `json:"unit"`
	// Atoms are those of the unit; for Apart those that are cut off from its main
	// part, the one with the most households.
	Atoms      []int32 `json:"atoms"`
	Households int64   `json:"households"` // of the atoms
	// Off is by how many households a bound is missed.
	Off int64 `json:"off,omitempty"`
}

// Check lists the rules that a division breaks, by unit. Land on which nobody lives
// may be reached across a barrier, where nothing else leads to it.
func Check(land *Land, q Question, unit []int32) []Breach {
	g := newGraph(land)
	g.openUninhabited(func(int32) bool { return false })
	return check(g, &q, unit)
}

func check(g *graph, q *Question, unit []int32) []Breach {
	byUnit := map[int32][]int32{}
	var order []int32
	for a, u := range unit {
		if byUnit[u] == nil {
			order = append(order, u)
		}
		byUnit[u] = append(byUnit[u], int32(a))
	}
	slices.Sort(order)
	reached := make([]bool, g.len())
	var out []Breach
	for _, u := range order {
		atoms := byUnit[u]
		h := g.sum(atoms)
		switch {
		case u == Nobody:
			out = append(out, Breach{Rule: NoUnit, Unit: u, Atoms: atoms, Households: h})
			continue
		case h < int64(q.Min):
			out = append(out, Breach{Rule: TooFew, Unit: u, Atoms: atoms, Households: h, Off: int64(q.Min) - h})
		case q.Max > 0 && h > int64(q.Max):
			out = append(out, Breach{Rule: TooMany, Unit: u, Atoms: atoms, Households: h, Off: h - int64(q.Max)})
		}
		if cut := g.cutOff(atoms, unit, reached); cut != nil {
			out = append(out, Breach{Rule: Apart, Unit: u, Atoms: cut, Households: g.sum(cut)})
		}
	}
	return out
}

// cutOff lists the atoms of a unit that its main part does not reach.
func (g *graph) cutOff(atoms, unit []int32, reached []bool) []int32 {
	var parts [][]int32
	main := 0
	for _, a := range atoms {
		if reached[a] {
			continue
		}
		reached[a] = true
		part := []int32{a}
		for i := 0; i < len(part); i++ {
			for _, s := range g.of(part[i]) {
				if s.open && !reached[s.to] && unit[s.to] == unit[a] {
					reached[s.to] = true
					part = append(part, s.to)
				}
			}
		}
		if len(parts) > 0 && g.sum(part) > g.sum(parts[main]) {
			main = len(parts)
		}
		parts = append(parts, part)
	}
	var out []int32
	for i, p := range parts {
		if i != main {
			out = append(out, p...)
		}
	}
	slices.Sort(out)
	return out
}
