package propose

import (
	"container/heap"
	"math"
)

// Reason says why no division can keep the rules.
type Reason string

// The reasons.
const (
	// TooLarge: an atom alone has more households than a unit may have.
	TooLarge Reason = "atom_too_large"
	// CutOff: a piece of land that hangs together only within itself, for barriers
	// and locked units lie around it, cannot be divided: its households are fewer
	// than a unit must have, or fit no number of units.
	CutOff Reason = "cut_off"
	// Stuck: whatever unit an atom is in, it cannot get enough households, for what
	// lies around the atom is too large to come along.
	Stuck Reason = "stuck"
	// Counts: all households together fit no number of units, or not the number
	// that was asked for.
	Counts Reason = "counts"
	// Tried: the piece is so small that every division was tried.
	Tried Reason = "tried"
	// LockedUnit: a unit that is locked breaks the rules.
	LockedUnit Reason = "locked_unit"
)

// Proof shows that no division of some land keeps the rules.
type Proof struct {
	Reason     Reason  `json:"reason"`
	Atoms      []int32 `json:"atoms"` // where: the atom, or the piece; none for all of the land
	Households int64   `json:"households"`
	// Least and Most are how many units the piece could have by its households
	// alone; where Least exceeds Most there is no such number.
	Least int64 `json:"least,omitempty"`
	Most  int64 `json:"most,omitempty"`
}

// piece is land that hangs together over open borders, with the numbers of units
// that it may be divided into.
type piece struct {
	atoms      []int32
	households int64
	divisible  int64 // households, of atoms that are too large only as many as a unit may have
	least      int64
	most       int64
	units      int // how many it shall have
}

// measure finds how many units a piece may have by its counts alone.
func (q *Question) measure(g *graph, atoms []int32) piece {
	p := piece{atoms: atoms, households: g.sum(atoms), least: 1, most: int64(len(atoms))}
	p.divisible = p.households
	if q.Max > 0 {
		for _, a := range atoms {
			p.divisible -= max(0, g.households[a]-int64(q.Max))
		}
		p.least = max(1, (p.divisible+int64(q.Max)-1)/int64(q.Max))
	}
	if q.Min > 0 {
		inhabited := int64(0)
		for _, a := range atoms {
			if g.households[a] > 0 {
				inhabited++
			}
		}
		p.most = min(p.divisible/int64(q.Min), inhabited)
	}
	return p
}

// prove looks for reasons why the pieces of a graph cannot be divided. It narrows
// the numbers of units of pieces in which all divisions were tried.
func (q *Question) prove(g *graph, pieces []piece) []Proof {
	var proofs []Proof
	least, most, households := int64(0), int64(0), int64(0)
	whole := true // all pieces have a number
	for i := range pieces {
		p := &pieces[i]
		found := q.provePiece(g, p, len(pieces) > 1)
		proofs = append(proofs, found...)
		whole = whole && found == nil
		least, most, households = least+p.least, most+p.most, households+p.households
	}
	if k := int64(q.unitsLeft()); whole && q.Units > 0 && (k < least || k > most) {
		proofs = append(proofs, Proof{Reason: Counts, Households: households, Least: least, Most: most})
	}
	return proofs
}

func (q *Question) provePiece(g *graph, p *piece, oneOfMany bool) []Proof {
	var proofs []Proof
	if q.Max > 0 {
		for _, a := range p.atoms {
			if g.households[a] > int64(q.Max) {
				proofs = append(proofs, Proof{Reason: TooLarge, Atoms: []int32{a}, Households: g.households[a]})
			}
		}
	}
	if proofs == nil && p.least > p.most {
		reason := Counts
		if oneOfMany || len(q.Locked) > 0 {
			reason = CutOff
		}
		proof := Proof{Reason: reason, Atoms: p.atoms, Households: p.households, Least: p.least, Most: p.most}
		if reason == Counts {
			proof.Atoms = nil
		}
		proofs = append(proofs, proof)
	}
	if proofs != nil {
		return proofs
	}
	if stuck := q.stuck(g, p.atoms); stuck != nil {
		return stuck
	}
	if len(p.atoms) <= tryable && !q.untried {
		fits := q.fits(g, p.atoms)
		if fits == nil {
			return []Proof{{Reason: Tried, Atoms: p.atoms, Households: p.households, Least: p.least, Most: p.most}}
		}
		p.least, p.most = int64(fits[0]), int64(fits[len(fits)-1])
	}
	return nil
}

// stuck finds atoms that no unit within the bounds can hold. A unit with the atom
// that reaches another one holds all atoms on some way there, so only those count
// to which a way has at most Max households.
func (q *Question) stuck(g *graph, atoms []int32) []Proof {
	if q.Max == 0 || q.Min == 0 {
		return nil
	}
	var proofs []Proof
	way := map[int32]int64{}
	for _, a := range atoms {
		if g.households[a] >= int64(q.Min) {
			continue
		}
		clear(way)
		if reached := g.reach(a, int64(q.Max), int64(q.Min), way); reached < int64(q.Min) {
			proofs = append(proofs, Proof{Reason: Stuck, Atoms: []int32{a}, Households: reached})
		}
	}
	return proofs
}

// reach sums up the households of atoms to which a way from a has at most that
// many, both ends included; it stops when the sum is enough.
func (g *graph) reach(a int32, most, enough int64, way map[int32]int64) int64 {
	sum := int64(0)
	way[a] = g.households[a]
	for open := (frontier{{a, way[a]}}); len(open) > 0 && sum < enough; {
		next := heap.Pop(&open).(stop)
		if next.way > way[next.atom] {
			continue
		}
		sum += g.households[next.atom]
		for _, s := range g.of(next.atom) {
			to := next.way + g.households[s.to]
			before, known := way[s.to]
			if !known {
				before = math.MaxInt64
			}
			if s.open && to <= most && to < before {
				way[s.to] = to
				heap.Push(&open, stop{s.to, to})
			}
		}
	}
	return sum
}

type stop struct {
	atom int32
	way  int64
}

// frontier is a heap of stops by way.
type frontier []stop

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(i, j int) bool {
	return f[i].way < f[j].way || f[i].way == f[j].way && f[i].atom < f[j].atom
}
func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)   { *f = append(*f, x.(stop)) }
func (f *frontier) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}
