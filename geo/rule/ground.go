package rule

import (
	"cmp"
	"slices"
	"sync"

	"wangge/geo"
	"wangge/geo/topology"
)

// Home is a household as far as rules need to know it.
type Home struct {
	At     geo.Point
	Empty  bool // known to stand empty
	People int  // -1 = no head count
}

// Post is a post in force at a unit.
type Post struct {
	Unit  string // code of its unit in force
	Level string
	Kind  string
	Held  bool      // by an A who is there
	At    geo.Point // deep inside its unit: who has this place in a draft without the unit has the post
}

// Compound is a compound or natural village.
type Compound struct {
	Name string
	Area geo.MultiPolygon
}

// Source is what lies on the ground below the unit that a draft divides.
type Source struct {
	Base      geo.MultiPolygon // the land that the draft divides
	Blind     bool             // homes and incidents may not be told, not even in sum
	Homes     []Home
	Incidents []geo.Point // open ones
	Posts     []Post
	Templates map[string][]Need // by level
	Compounds []Compound
	Barriers  []Barrier
	Above     map[string]geo.MultiPolygon // units above as they are in force, by code
}

// Ground answers again and again what lies in a unit. What lies there never changes, and
// any number of goroutines may use it.
type Ground struct {
	blind     bool
	homes     []Home
	reports   []geo.Point
	atHomes   *places
	atReports *places
	posts     []Post
	atPosts   *places
	ofUnit    map[string][]int32 // posts by level and code of their unit
	templates map[string][]Need
	compounds []ground
	barriers  []Barrier
	gates     []gate
	atGates   *places
	above     map[string]*shape

	mu      sync.Mutex
	tallies map[*geo.Point]*tally // by the first vertex of the area
}

// ground is a compound with what of it lies in the draft's land, in square steps.
type ground struct {
	Compound
	shape *shape
	land  float64
	label geo.Point
}

// NewGround prepares what lies on the ground. It keeps the slices of the source.
func NewGround(s Source) *Ground {
	g := &Ground{blind: s.Blind, homes: s.Homes, reports: s.Incidents, tallies: map[*geo.Point]*tally{}, posts: s.Posts, templates: s.Templates, barriers: s.Barriers,
		ofUnit: map[string][]int32{}, above: map[string]*shape{}}
	at := make([]geo.Point, len(s.Homes))
	for i, h := range s.Homes {
		at[i] = h.At
	}
	g.atHomes, g.atReports = newPlaces(at), newPlaces(s.Incidents)
	at = make([]geo.Point, len(s.Posts))
	for i, p := range s.Posts {
		at[i] = p.At
		key := p.Level + "\x00" + p.Unit
		g.ofUnit[key] = append(g.ofUnit[key], int32(i))
	}
	g.atPosts = newPlaces(at)
	for code, area := range s.Above {
		g.above[code] = newShape(area)
	}
	base := newShape(s.Base)
	for _, c := range s.Compounds {
		one := ground{Compound: c, shape: newShape(c.Area)}
		if one.land = overlap(one.shape, base); one.land > 0 {
			one.label = topology.LabelPoint(c.Area)
			g.compounds = append(g.compounds, one)
		}
	}
	for i, b := range s.Barriers {
		g.gates = append(g.gates, gates(b, int32(i), base.bound)...)
	}
	at = make([]geo.Point, len(g.gates))
	for i, x := range g.gates {
		at[i] = x.near
	}
	g.atGates = newPlaces(at)
	return g
}

// Live tells what the touched units come to, by their ordinals, and which rules they
// break; nil means all units. Touched are the units whose land, code, parent or level
// has changed; where a code was given up, also the unit on the land that it stands for
// in force, which has its posts now. A neighbour that has a home on the common border of one of them is
// told as well, for the home may have changed hands: whoever keeps facts and findings
// of a draft replaces those of the units told. All other units cost a look at their
// ordinals, and at their boxes when a home lies on a border.
func (g *Ground) Live(set Set, units []Unit, touched []int) ([]Fact, []Finding) {
	facts := g.Facts(units, touched)
	return facts, Check(set, facts)
}

// Facts is Live without rules.
func (g *Ground) Facts(units []Unit, touched []int) []Fact {
	d := &division{units: units, shapes: map[int]*shape{}}
	wanted := slices.Sorted(slices.Values(touched))
	var queue []int
	queued := map[int]bool{}
	for i, u := range units {
		if _, found := slices.BinarySearch(wanted, u.Ordinal); found || touched == nil {
			queue = append(queue, i)
			queued[i] = true
		}
	}
	facts, asked := make([]Fact, 0, len(queue)), len(queue)
	for n := 0; n < len(queue); n++ {
		fact, others := g.fact(d, queue[n])
		facts = append(facts, fact)
		for _, other := range others {
			if n < asked && !queued[other] {
				queue = append(queue, other)
				queued[other] = true
				if above := d.above(units[other].Parent); above >= 0 && !queued[above] {
					queue = append(queue, above)
					queued[above] = true
				}
			}
		}
	}
	slices.SortFunc(facts, func(a, b Fact) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	return facts
}

// fact is what is known of unit i, and the units with which it has a home on a
// common border.
func (g *Ground) fact(d *division, i int) (f Fact, others []int) {
	u, s := d.units[i], d.shape(i)
	f = Fact{Ordinal: u.Ordinal, Code: u.Code, Name: u.Name, Level: u.Level, Parent: u.Parent, Area: float64(u.Area.SquareMeters()),
		Posts: []Posts{}, Needs: g.templates[u.Level], Cut: []Cut{}, Crossed: []Across{}, Minutes: u.Minutes, shape: u.Area}
	if f.Needs == nil {
		f.Needs = []Need{}
	}
	if !u.Loose {
		f.Perimeter, f.Compactness, f.Pieces = float64(u.Area.Perimeter()), u.Area.Compactness(), len(u.Area)
	}
	var around []int
	owns := func(p geo.Point) bool {
		inside, on := s.at(p)
		if !on {
			return inside
		}
		if around == nil {
			around = d.around(i)
		}
		touching := d.touching(around, p)
		owner := d.owner(touching)
		if u.Loose {
			return owner >= 0 && d.units[owner].Parent == u.Code
		}
		others = append(others, touching...)
		return owner == i
	}
	if !g.blind {
		g.count(&f, d, i, owns)
	}
	g.staff(&f, d, s, owns)
	g.cut(&f, s, owns)
	g.across(&f, s)
	g.stray(&f, u, s)
	return f, others
}

// count counts the homes and incidents of unit i: those inside it, and those on its
// border that it owns. Those of a unit that is made of others below are theirs.
func (g *Ground) count(f *Fact, d *division, i int, owns func(geo.Point) bool) {
	of := []int{i}
	if d.units[i].Loose {
		of = d.below(i)
	}
	var sum number
	homes, reports := map[int32]bool{}, map[int32]bool{} // on borders, each once
	for _, k := range of {
		t := g.tally(d, k)
		sum.add(t.number)
		for _, on := range t.homes {
			homes[on] = true
		}
		for _, on := range t.reports {
			reports[on] = true
		}
	}
	for on := range homes {
		if owns(g.homes[on].At) {
			sum.home(g.homes[on])
		}
	}
	for on := range reports {
		if owns(g.reports[on]) {
			sum.incidents++
		}
	}
	f.Households, f.Empty, f.Incidents = &sum.households, &sum.empty, &sum.incidents
	if sum.counted {
		f.People = &sum.people
	}
}

// number is what is counted in a unit.
type number struct {
	households, empty, people, incidents int
	counted                              bool // some household has a head count
}

func (n *number) add(m number) {
	n.households, n.empty, n.people, n.incidents = n.households+m.households, n.empty+m.empty, n.people+m.people, n.incidents+m.incidents
	n.counted = n.counted || m.counted
}

func (n *number) home(h Home) {
	n.households++
	if h.Empty {
		n.empty++
	}
	if h.People >= 0 {
		n.people += h.People
		n.counted = true
	}
}

// tally is what was counted in an area: what lies inside for sure, and which homes and
// incidents lie on its border.
type tally struct {
	number
	area           geo.MultiPolygon
	homes, reports []int32
}

// tally counts in unit i, or remembers what it counted: of a town of thousands of units
// an edit changes a few.
func (g *Ground) tally(d *division, i int) *tally {
	area := d.units[i].Area
	if len(area) == 0 {
		return &tally{}
	}
	key := &area[0][0][0]
	g.mu.Lock()
	t := g.tallies[key]
	g.mu.Unlock()
	if t != nil && sameRings(t.area, area) {
		return t
	}
	t = &tally{area: area}
	s := d.shape(i)
	g.atHomes.in(s.bound, func(k int32, at geo.Point) {
		if inside, on := s.at(at); on {
			t.homes = append(t.homes, k)
		} else if inside {
			t.home(g.homes[k])
		}
	})
	g.atReports.in(s.bound, func(k int32, at geo.Point) {
		if inside, on := s.at(at); on {
			t.reports = append(t.reports, k)
		} else if inside {
			t.incidents++
		}
	})
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.tallies) > 2*len(d.units)+100 { // most are of areas that are no more
		clear(g.tallies)
	}
	g.tallies[key] = t
	return t
}

// sameRings reports whether two areas are the very same slices. Areas are never written
// to once they are made.
func sameRings(a, b geo.MultiPolygon) bool {
	return slices.EqualFunc(a, b, func(p, q geo.Polygon) bool {
		return slices.EqualFunc(p, q, func(r, s geo.Ring) bool { return len(r) == len(s) && &r[0] == &s[0] })
	})
}

// staff counts the posts of the unit of this code, and those of units that the draft
// no longer has and whose middle lies here: on publishing a post goes to whoever has
// the largest part of its unit.
func (g *Ground) staff(f *Fact, d *division, s *shape, owns func(geo.Point) bool) {
	add := func(p Post) {
		i := slices.IndexFunc(f.Posts, func(k Posts) bool { return k.Kind == p.Kind })
		if i < 0 {
			i = len(f.Posts)
			f.Posts = append(f.Posts, Posts{Kind: p.Kind})
		}
		f.Posts[i].All++
		if p.Held {
			f.Posts[i].Held++
		}
	}
	for _, i := range g.ofUnit[f.Level+"\x00"+f.Code] {
		add(g.posts[i])
	}
	g.atPosts.in(s.bound, func(i int32, at geo.Point) {
		p := g.posts[i]
		if p.Level == f.Level && p.Unit != f.Code && owns(at) && !d.has(p.Level, p.Unit) {
			add(p)
		}
	})
	slices.SortFunc(f.Posts, func(a, b Posts) int { return cmp.Compare(a.Kind, b.Kind) })
}

// cut finds the compounds whose land in the draft is not all here. Less than a
// square metre is how a border was rounded.
func (g *Ground) cut(f *Fact, s *shape, owns func(geo.Point) bool) {
	for _, c := range g.compounds {
		if !c.shape.bound.Intersects(s.bound) {
			continue
		}
		inside := overlap(c.shape, s)
		here, there := c.shape.squareMeters(inside), c.shape.squareMeters(c.land-inside)
		if here >= 1 && there >= 1 {
			f.Cut = append(f.Cut, Cut{Name: c.Name, Inside: here, Other: there, Own: g.own(f, c.shape, here, owns), At: c.label})
		}
	}
}

// own reports whether all homes of a unit are in a compound; where there are none, or
// none may be told, whether most of its land is.
func (g *Ground) own(f *Fact, compound *shape, land float64, owns func(geo.Point) bool) bool {
	if f.Households == nil || *f.Households == 0 {
		return land > f.Area/2
	}
	homes := 0
	g.atHomes.in(compound.bound, func(_ int32, at geo.Point) {
		if compound.covers(at) && owns(at) {
			homes++
		}
	})
	return homes == *f.Households
}

// across adds up the stretches of each barrier with the unit on both sides. The
// pieces of a road or river that have a name are one.
func (g *Ground) across(f *Fact, s *shape) {
	type key struct {
		kind, name string
		barrier    int32 // of one without a name
	}
	index := map[key]int{}
	g.atGates.in(s.bound, func(i int32, _ geo.Point) {
		x := g.gates[i]
		if near, _ := s.at(x.near); !near {
			return
		}
		if far, _ := s.at(x.far); !far {
			return
		}
		b := g.barriers[x.barrier]
		k := key{kind: b.Kind, name: b.Name}
		if b.Name == "" {
			k.barrier = x.barrier
		}
		n, known := index[k]
		if !known {
			n = len(f.Crossed)
			index[k] = n
			f.Crossed = append(f.Crossed, Across{Kind: b.Kind, Name: b.Name, At: x.at})
		}
		f.Crossed[n].Metres += float64(x.metres)
	})
	slices.SortFunc(f.Crossed, func(a, b Across) int {
		return cmp.Or(cmp.Compare(b.Metres, a.Metres), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.At.X, b.At.X), cmp.Compare(a.At.Y, b.At.Y))
	})
}

// noise, in m², is less than any land that lies outside, and more than what float64
// loses in a sum over a whole town.
const noise = 0.001

// stray measures what lies outside the unit above, as that is in force.
func (g *Ground) stray(f *Fact, u Unit, s *shape) {
	above := g.above[u.Parent]
	if above == nil || s.bound.Empty() {
		return
	}
	outside := f.Area - s.squareMeters(overlap(s, above))
	if outside < noise {
		outside = 0
	}
	f.Outside = &outside
	for _, polygon := range u.Area {
		for _, r := range polygon {
			for _, p := range r {
				if !above.covers(p) {
					f.stray = p
					return
				}
			}
		}
	}
}
