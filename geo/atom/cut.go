package atom

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"wangge/geo"
	"wangge/geo/group"
	"wangge/geo/topology"
)

// Land on which nobody lives and that is smaller or narrower than this joins a
// neighbour: strips between carriageways, between a street and a wall, islands in
// a junction.
const (
	smallestEmpty  geo.SquareMeters = 600
	narrowestEmpty geo.Meters       = 15
)

// Cut makes atoms of the ground. It fails with topology.ErrExtent and with the
// context's error.
func Cut(ctx context.Context, ground Ground) (*Atoms, error) {
	c := &cutter{Ground: ground, bound: ground.Unit.Bound(), cells: map[int32]cells{}, around: map[int32]bool{}}
	c.given()
	var err error
	if c.blocks, err = c.polygonize(ctx); err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	if err := c.cutBlocks(ctx); err != nil {
		return nil, fmt.Errorf("land between buildings: %w", err)
	}
	c.goAround()
	pieces, err := c.polygonize(ctx)
	if err != nil {
		return nil, fmt.Errorf("atoms: %w", err)
	}
	return c.join(pieces), nil
}

// cutter is one run.
type cutter struct {
	Ground
	bound  geo.Bound
	lines  [][]geo.Point
	kinds  []lineKind // of each line
	whole  []bool     // of each of Wholes: it stays whole
	blocks *topology.Pieces
	cells  map[int32]cells // of blocks that were cut between their buildings
	around map[int32]bool  // buildings with an outline of their own: true in such a block
}

// cells are the land around each building of a block.
type cells struct {
	pieces *topology.Pieces
	owner  []int32 // the building that each piece is nearest to
}

// lineKind is what a line is. A line in mid-water parts the banks that meet
// nowhere else, and only the water of the others.
type lineKind struct {
	class    Class
	midWater bool
}

// add adds lines, as far as they run near the unit.
func (c *cutter) add(kind lineKind, lines ...[]geo.Point) {
	for _, l := range lines {
		first := 0 // of the run at hand
		for i := 1; i <= len(l); i++ {
			if i < len(l) && geo.EmptyBound.Extend(l[i-1]).Extend(l[i]).Intersects(c.bound) {
				continue
			}
			if i-first > 1 {
				c.lines, c.kinds = append(c.lines, l[first:i]), append(c.kinds, kind)
			}
			first = i
		}
	}
}

// given adds the lines on the ground and the limits of areas.
func (c *cutter) given() {
	for _, l := range c.Lines {
		c.add(lineKind{class: l.Class}, l.Points)
	}
	for _, w := range c.Waters {
		c.add(lineKind{class: w.Class}, outlines(w.Area)...)
	}
	for _, w := range c.Wholes {
		c.add(lineKind{class: w.Class}, outlines(w.Area)...)
	}
	for _, area := range c.Within {
		c.add(lineKind{class: Edge}, outlines(area)...)
	}
}

func (c *cutter) polygonize(ctx context.Context) (*topology.Pieces, error) {
	return topology.Polygonize(ctx, c.Unit, c.lines)
}

// labels are places inside each piece.
func labels(p *topology.Pieces) []geo.Point {
	out := make([]geo.Point, p.Count())
	for i := range out {
		out[i] = topology.LabelPoint(p.Area(int32(i)))
	}
	return out
}

// households counts those of each piece, and those outside of all. A home on the
// northern or eastern border of the unit still counts.
func (c *cutter) households(p *topology.Pieces) (in []int, outside int) {
	in = make([]int, p.Count())
	for _, h := range c.Homes {
		piece := p.At(h.At)
		for _, d := range [4]geo.Point{{X: -1}, {Y: -1}, {X: 1}, {Y: 1}} {
			if piece == topology.NoPiece {
				piece = p.At(geo.Point{X: h.At.X + d.X, Y: h.At.Y + d.Y})
			}
		}
		if piece == topology.NoPiece {
			outside += h.Households
		} else {
			in[piece] += h.Households
		}
	}
	return in, outside
}

// insides lists, for each place, the areas that hold it.
func (c *cutter) insides(places []geo.Point, areas []geo.MultiPolygon) [][]int32 {
	boxes := newBuckets(areaCell, c.bound)
	for i, a := range areas {
		boxes.add(int32(i), a.Bound())
	}
	out := make([][]int32, len(places))
	for k, p := range places {
		for _, i := range boxes.at(p) {
			if covers(areas[i], p) {
				out[k] = append(out[k], i)
			}
		}
	}
	return out
}

func wholeAreas(list []Whole) []geo.MultiPolygon {
	out := make([]geo.MultiPolygon, len(list))
	for i, w := range list {
		out[i] = w.Area
	}
	return out
}

// large is the water that is shared out among its banks.
func (c *cutter) large() []geo.MultiPolygon {
	var out []geo.MultiPolygon
	for _, w := range c.Waters {
		if w.Class == River {
			out = append(out, w.Area)
		}
	}
	return out
}

// cutBlocks cuts the pieces that have too many households between their buildings,
// and large water between its banks.
func (c *cutter) cutBlocks(ctx context.Context) error {
	first := c.blocks
	places := labels(first)
	households, _ := c.households(first)
	inWhole, inWater := c.insides(places, wholeAreas(c.Wholes)), c.insides(places, c.large())
	sums := make([]int, len(c.Wholes))
	for piece, list := range inWhole {
		for _, w := range list {
			sums[w] += households[piece]
		}
	}
	c.whole = make([]bool, len(c.Wholes))
	for i, w := range c.Wholes {
		c.whole[i] = !w.Divisible || c.Limit == 0 || sums[i] <= c.Limit
	}
	buildings := newBuckets(areaCell, c.bound)
	for i, b := range c.Buildings {
		buildings.add(int32(i), b.Bound())
	}
	banks := banksOf(first, inWater)
	for piece := range int32(first.Count()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		kept := slices.ContainsFunc(inWhole[piece], func(w int32) bool { return c.whole[w] })
		var err error
		switch {
		case len(inWater[piece]) > 0:
			err = c.cutWater(ctx, first.Area(piece), banks[piece])
		case c.Limit > 0 && households[piece] > c.Limit && !kept:
			err = c.cutBlock(ctx, piece, buildings)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cutWater cuts water between its banks.
func (c *cutter) cutWater(ctx context.Context, area geo.MultiPolygon, banks []bank) error {
	s := newSamples(area.Bound())
	for _, b := range banks {
		s.along(b.from, b.to, 0, b.piece)
	}
	_, err := c.cutPiece(ctx, area, s, lineKind{class: River, midWater: true})
	return err
}

// cutBlock cuts a block between its buildings.
func (c *cutter) cutBlock(ctx context.Context, piece int32, buildings *buckets) error {
	area := c.blocks.Area(piece)
	s := newSamples(area.Bound())
	for _, i := range buildings.in(area.Bound()) {
		if slices.ContainsFunc(c.Buildings[i], func(p geo.Polygon) bool {
			return slices.ContainsFunc(p[0], func(at geo.Point) bool { return covers(area, at) })
		}) {
			s.area(c.Buildings[i], i)
			c.around[i] = true
		}
	}
	inner, err := c.cutPiece(ctx, area, s, lineKind{class: Open})
	if err != nil || len(s.spots) == 0 {
		return err
	}
	found := cells{pieces: inner}
	for _, at := range labels(inner) {
		found.owner = append(found.owner, s.nearest(at))
	}
	c.cells[piece] = found
	return nil
}

// cutPiece adds the parts of the lines between samples that cut a piece.
func (c *cutter) cutPiece(ctx context.Context, area geo.MultiPolygon, s *samples, kind lineKind) (*topology.Pieces, error) {
	inner, err := topology.Polygonize(ctx, area, s.lines(area.Bound()))
	if err != nil {
		return nil, err
	}
	for s := range inner.Sides() {
		if s.Left != topology.NoPiece && s.Right != topology.NoPiece {
			c.add(kind, []geo.Point{s.From, s.To})
		}
	}
	return inner, nil
}

// bank is a piece of shore.
type bank struct {
	from, to geo.Point
	piece    int32 // the land there
}

// banksOf lists the shores of each piece of water.
func banksOf(p *topology.Pieces, inWater [][]int32) map[int32][]bank {
	out := map[int32][]bank{}
	wet := func(piece int32) bool { return piece == topology.NoPiece || len(inWater[piece]) > 0 }
	for s := range p.Sides() {
		if s.Left != topology.NoPiece && wet(s.Left) && !wet(s.Right) {
			out[s.Left] = append(out[s.Left], bank{s.From, s.To, s.Right})
		}
		if s.Right != topology.NoPiece && wet(s.Right) && !wet(s.Left) {
			out[s.Right] = append(out[s.Right], bank{s.From, s.To, s.Left})
		}
	}
	return out
}

// joiner puts pieces together to atoms.
type joiner struct {
	*cutter
	pieces     *topology.Pieces
	group      group.Groups
	households []int
	area       []geo.SquareMeters
	within     []int32 // of each piece: which of Within holds it, or none
	wet        []bool  // of each piece: large water
	dependent  []bool  // of each piece: land that is no atom by itself: under a building, water
	cutOut     []bool  // of each piece: it lies in a block that was cut between buildings
}

// join makes atoms of the pieces.
func (c *cutter) join(p *topology.Pieces) *Atoms {
	j := &joiner{cutter: c, pieces: p, group: group.New(p.Count()), dependent: make([]bool, p.Count()), cutOut: make([]bool, p.Count())}
	out := &Atoms{Unit: p.Within(), pieces: p}
	j.households, out.Outside = c.households(p)
	for i := range int32(p.Count()) {
		j.area = append(j.area, p.Area(i).SquareMeters())
	}
	places := labels(p)
	for _, list := range j.insides(places, j.Within) {
		j.within = append(j.within, append(list, none)[0])
	}
	j.joinAreas(places)
	for j.joinSlivers() {
	}
	j.atoms(out)
	j.borders(out)
	return out
}

// joinAreas joins what lies in one whole, and the land of one building.
func (j *joiner) joinAreas(places []geo.Point) {
	first := map[[2]int32]int32{} // of each whole in each area of Within: a piece
	inWhole := make([]bool, len(places))
	for piece, list := range j.insides(places, wholeAreas(j.Wholes)) {
		for _, w := range list {
			if !j.whole[w] {
				continue
			}
			inWhole[piece] = true
			key := [2]int32{w, j.within[piece]}
			if other, ok := first[key]; ok {
				j.group.Join(other, int32(piece))
			} else {
				first[key] = int32(piece)
			}
		}
	}
	for piece, list := range j.insides(places, j.large()) {
		j.wet = append(j.wet, len(list) > 0)
		j.dependent[piece] = j.wet[piece] && !inWhole[piece]
	}
	j.joinBuildings(j.owners(places), inWhole)
}

// none is the owner of land that belongs to no building.
const none = -1

// owner is the building that a piece belongs to, and whether it lies under it.
type owner struct {
	building int32
	under    bool
}

// owners finds the building of each piece: the one above, else in a block that was
// cut the nearest.
func (j *joiner) owners(places []geo.Point) []owner {
	numbers := slices.Sorted(maps.Keys(j.around))
	outlines := make([]geo.MultiPolygon, len(numbers))
	for i, b := range numbers {
		outlines[i] = j.Buildings[b]
	}
	above := j.insides(places, outlines)
	out := make([]owner, len(places))
	for piece, at := range places {
		out[piece].building = none
		block, ok := j.cells[max(0, j.blocks.At(at))]
		if j.cutOut[piece] = ok; ok {
			if cell := block.pieces.At(at); cell != topology.NoPiece {
				out[piece].building = block.owner[cell]
			}
		}
		if len(above[piece]) > 0 {
			out[piece] = owner{numbers[above[piece][0]], true}
		}
	}
	return out
}

// joinBuildings joins the pieces of each building that touch, and the land under
// it to the whole that it stands in. One that stands in two wholes does not make
// them one.
func (j *joiner) joinBuildings(owners []owner, inWhole []bool) {
	under := map[int32][]int32{}
	for piece, o := range owners {
		if inWhole[piece] || o.building == none {
			continue
		}
		j.dependent[piece] = !o.under || !j.around[o.building]
	}
	for piece, o := range owners {
		if o.under {
			under[o.building] = append(under[o.building], int32(piece))
		}
	}
	for s := range j.pieces.Sides() {
		if s.Left == topology.NoPiece || s.Right == topology.NoPiece || inWhole[s.Left] || inWhole[s.Right] {
			continue
		}
		if b := owners[s.Left].building; b != none && b == owners[s.Right].building && j.within[s.Left] == j.within[s.Right] {
			j.group.Join(s.Left, s.Right)
		}
	}
	for _, b := range slices.Sorted(maps.Keys(under)) {
		whole := int32(none)
		torn := false
		for _, p := range under[b] {
			if inWhole[p] {
				g := j.group.Of(p)
				torn = torn || whole != none && whole != g
				whole = g
			}
		}
		for _, p := range under[b] {
			if whole != none && !torn && j.within[whole] == j.within[p] {
				j.group.Join(whole, p)
			}
		}
	}
}

// contact is how much border two groups share.
type contact struct{ soft, all geo.Meters }

// summary is a group as a whole.
type summary struct {
	households int
	area       geo.SquareMeters
	around     geo.Meters
	standsFor  bool // some piece of it is land by itself
	whole      bool // not cut out of a block
}

// joinSlivers joins what is no atom by itself to the neighbour with the longest
// border, one where no barrier runs if there is one. It reports whether anything
// was joined.
func (j *joiner) joinSlivers() bool {
	sums := map[int32]*summary{}
	for p := range int32(j.pieces.Count()) {
		s := sums[j.group.Of(p)]
		if s == nil {
			s = &summary{}
			sums[j.group.Of(p)] = s
		}
		s.households += j.households[p]
		s.area += j.area[p]
		s.standsFor = s.standsFor || !j.dependent[p]
		s.whole = s.whole || !j.cutOut[p]
	}
	contacts := map[int32]map[int32]contact{}
	touch := func(a, b int32, length geo.Meters, soft bool) {
		if contacts[a] == nil {
			contacts[a] = map[int32]contact{}
		}
		t := contacts[a][b]
		t.all += length
		if soft {
			t.soft += length
		}
		contacts[a][b] = t
	}
	for s := range j.pieces.Sides() {
		length := geo.Distance(s.From.Degrees(), s.To.Degrees())
		a, b := j.groupOf(s.Left), j.groupOf(s.Right)
		if a == b {
			continue
		}
		soft := !slices.Contains(j.Barriers, j.kind(s).class)
		for _, ends := range [2][2]int32{{a, b}, {b, a}} {
			if ends[0] >= 0 {
				sums[ends[0]].around += length
				if ends[1] >= 0 && j.within[a] == j.within[b] {
					touch(ends[0], ends[1], length, soft)
				}
			}
		}
	}
	var slivers []int32
	for _, g := range slices.Sorted(maps.Keys(sums)) {
		if sums[g].isSliver() && len(contacts[g]) > 0 {
			slivers = append(slivers, g)
		}
	}
	slices.SortStableFunc(slivers, func(a, b int32) int { return cmp.Compare(sums[a].area, sums[b].area) })
	joined := map[int32]bool{}
	for _, g := range slivers {
		if joined[g] {
			continue // somebody has joined it meanwhile: look again
		}
		best, by := int32(-1), contact{}
		for _, n := range slices.Sorted(maps.Keys(contacts[g])) {
			t := contacts[g][n]
			if better := cmp.Or(compareBool(sums[n].standsFor, best >= 0 && sums[best].standsFor), cmp.Compare(t.soft, by.soft), cmp.Compare(t.all, by.all)); best < 0 || better > 0 {
				best, by = n, t
			}
		}
		j.group.Join(g, best)
		joined[g], joined[best] = true, true
	}
	return len(slivers) > 0
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (s *summary) isSliver() bool {
	switch {
	case !s.standsFor:
		return true
	case s.households > 0:
		return false
	}
	return !s.whole || s.area < smallestEmpty || float64(s.area) < float64(narrowestEmpty)*float64(s.around)/2
}

func (j *joiner) groupOf(piece int32) int32 {
	if piece == topology.NoPiece {
		return -1
	}
	return j.group.Of(piece)
}

// kind is the strongest line along a side. In large water all is water, bridges too.
func (j *joiner) kind(s topology.Side) lineKind {
	if s.Left != topology.NoPiece && s.Right != topology.NoPiece && j.wet[s.Left] && j.wet[s.Right] {
		return lineKind{River, true}
	}
	best := lineKind{class: Open}
	for _, l := range s.Lines {
		if k := j.kinds[l]; k.class > best.class || k.class == best.class && !k.midWater {
			best = k
		}
	}
	return best
}

// atoms lists the groups from west to east.
func (j *joiner) atoms(out *Atoms) {
	members := map[int32][]int32{}
	for p := range int32(j.pieces.Count()) {
		members[j.group.Of(p)] = append(members[j.group.Of(p)], p)
	}
	for _, g := range slices.Sorted(maps.Keys(members)) {
		a := Atom{pieces: members[g], Area: j.pieces.Area(members[g]...), Within: j.within[g]}
		a.SquareMeters = a.Area.SquareMeters()
		for _, p := range a.pieces {
			a.Households += j.households[p]
		}
		out.List = append(out.List, a)
	}
	slices.SortFunc(out.List, func(a, b Atom) int {
		return slices.CompareFunc(a.Area[0][0], b.Area[0][0], func(p, q geo.Point) int {
			return cmp.Or(cmp.Compare(p.X, q.X), cmp.Compare(p.Y, q.Y))
		})
	})
	out.of = make([]int32, j.pieces.Count())
	for i, a := range out.List {
		for _, p := range a.pieces {
			out.of[p] = int32(i)
		}
	}
}

// borders measures what atoms share.
func (j *joiner) borders(out *Atoms) {
	between := map[[2]int32]*Border{}
	midWater := map[[2]int32]geo.Meters{}
	for s := range j.pieces.Sides() {
		length := geo.Distance(s.From.Degrees(), s.To.Degrees())
		switch {
		case s.Left == topology.NoPiece:
			out.List[out.of[s.Right]].Rim += length
			continue
		case s.Right == topology.NoPiece:
			out.List[out.of[s.Left]].Rim += length
			continue
		case out.of[s.Left] == out.of[s.Right]:
			continue
		}
		key := [2]int32{min(out.of[s.Left], out.of[s.Right]), max(out.of[s.Left], out.of[s.Right])}
		if between[key] == nil {
			between[key] = &Border{A: key[0], B: key[1]}
		}
		if k := j.kind(s); k.midWater {
			midWater[key] += length
		} else {
			between[key].Lengths[k.class] += length
		}
	}
	for key, b := range between {
		b.Barrier = true
		for class, length := range b.Lengths {
			b.Barrier = b.Barrier && (length == 0 || slices.Contains(j.Barriers, Class(class)))
		}
		// Banks that meet on land as well are neighbours on the same side.
		sameSide := b.Length() > 0 && !b.Barrier
		if b.Length() == 0 {
			b.Barrier = slices.Contains(j.Barriers, River)
		}
		if sameSide {
			b.Lengths[Open] += midWater[key]
		} else {
			b.Lengths[River] += midWater[key]
		}
	}
	for _, b := range between {
		out.Borders = append(out.Borders, *b)
	}
	slices.SortFunc(out.Borders, func(a, b Border) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
}
