package town

import "math"

// zone is what a face is for. Parts of a face that is split inherit it.
type zone struct {
	use   use
	block int32 // 0 before blocks are made
}

type use uint8

const (
	rural use = iota
	urban
	oldTown
	works // the industrial park
	water
)

// land is the use, or rural for water.
func (u use) land() use {
	if u == water {
		return rural
	}
	return u
}

// A town is about this wide and high, in metres. Towns of a county stand side by
// side on such a board, with bent borders.
const (
	townWidth  = 4300.0
	townHeight = 3600.0
)

// board places the towns of a county. Corners and sides belong to two or more
// towns and depend on nothing but the seed and their own place.
type board struct {
	seed       uint64
	frame      frame
	cols, rows int
}

// Streams of chance, so that one part of the town does not disturb another.
const (
	streamCorner = iota + 1
	streamSide
	streamTown
	streamPeople
	streamPoints
	streamIncidents
	streamTracks
	streamCandidates
)

func (b board) corner(i, j int) vec {
	d := newDice(b.seed, streamCorner, uint64(i), uint64(j))
	at := vec{townWidth, 0}.mul(float64(i) - float64(b.cols)/2).add(vec{0, townHeight}.mul(float64(j) - float64(b.rows)/2))
	return at.add(vec{d.between(-170, 170), d.between(-150, 150)})
}

// port is where something crosses the border between two towns: the middle of
// what crosses and, for water, its two banks. Indexes in side.points.
type port struct{ mid, low, high int }

// side is a border of a town, from west to east or from south to north.
type side struct {
	points []vec
	ports  []port
}

// crossing is a port before it has a place: its part of the side, the half width
// of the water, 0 for a road.
type crossing struct{ part, half float64 }

// Ports of the sides that run from south to north, and from west to east.
const (
	portSouthRoad = iota
	portRiver
	portAvenue
)
const (
	portWestRoad = iota
	portWestCanal
	portCross
	portEastCanal
)

const (
	riverHalf = 21.0
	canalHalf = 7.0
)

// side makes the border that begins at corner (i, j).
func (b board) side(upright bool, i, j int) side {
	d := newDice(b.seed, streamSide, uint64(i), uint64(j), map[bool]uint64{false: 0, true: 1}[upright])
	from, to := b.corner(i, j), b.corner(i+1, j)
	crossings := []crossing{{0.10, 0}, {0.25, canalHalf}, {0.58, 0}, {0.82, canalHalf}}
	if upright {
		to = b.corner(i, j+1)
		crossings = []crossing{{0.16, 0}, {0.43, riverHalf}, {0.63, 0}}
	}
	for k := range crossings {
		crossings[k].part += d.between(-0.02, 0.02)
	}
	return bentSide(from, to, crossings, d)
}

func bentSide(from, to vec, crossings []crossing, d dice) side {
	length := from.dist(to)
	out := to.sub(from).left()
	p1, p2, p3 := d.between(0, 6), d.between(0, 6), d.between(0, 6)
	place := func(t float64) vec {
		calm := min(1, float64(6*t*(1-t)))
		wave := float64(0.030*sine(float64(7*t)+p1)) + float64(0.016*sine(float64(17*t)+p2)) + float64(0.005*sine(float64(43*t)+p3))
		return from.to(to, t).along(out, float64(calm*wave))
	}
	s := side{ports: make([]port, len(crossings))}
	add := func(t float64) int {
		s.points = append(s.points, place(t))
		return len(s.points) - 1
	}
	const pace = 52.0
	next := 0
	for t := 0.0; t < 1-0.4*pace/length; {
		if next < len(crossings) && t > crossings[next].part-float64((crossings[next].half+0.6*pace)/length) {
			c := crossings[next]
			p := port{mid: -1}
			if w := c.half / length; w > 0 {
				p.low = add(c.part - w)
				p.high = add(c.part + w)
			} else {
				p.mid = add(c.part)
			}
			s.ports[next] = p
			next++
			t = c.part + float64((c.half+0.9*pace)/length)
			continue
		}
		add(t)
		t += pace / length
	}
	s.points = append(s.points, to)
	return s
}

// builder makes one town of the board, step by step; each step fills in what the
// next ones need.
type builder struct {
	board  board
	i, j   int // place on the board
	d      dice
	name   name
	county string // six digits
	seat   int    // the town's three digits, 100 to 199
	origin vec    // middle of the ground
	old    vec    // middle of the old town
	m      *mesh

	// The ground.
	ports               map[string]int32 // vertices on the border
	river, canals       []int32          // lines of banks, left before right
	waterCourses        []course
	avenue, cross, ring int32 // lines of the main roads
	paths               []path
	lakes               []lake

	// What stands on it.
	blockList  []block // 0 is none
	houseList  []house
	pitches    []shape
	homesIn    []int // dwellings by face
	blockHomes []int // dwellings by block

	// Names and numbers.
	names                           []name // of streets; 0 is none
	titles                          []name // of compounds
	rootNames, oldNames, worksNames *deck
	compoundNames, communityNames   *deck
	villageNames                    *deck
	usedHamlets                     map[string]bool
	codeOf, villageOf               []string // by face: code of the building group, name of the village
	worksGrids                      int
	reach                           map[int32]shape // named streets: where they run
}

// course is the middle of a river or canal, to tell whose water a pool is.
type course []vec

// ground lays out border, water and main roads.
func (b *builder) ground() {
	b.border()
	b.waters()
	b.roads()
	b.zones()
}

func (b *builder) border() {
	south, north := b.board.side(false, b.i, b.j), b.board.side(false, b.i, b.j+1)
	west, east := b.board.side(true, b.i, b.j), b.board.side(true, b.i+1, b.j)
	var ring shape
	b.ports = map[string]int32{}
	add := func(s side, name string, reversed bool) {
		base, n := len(ring), len(s.points)
		index := func(k int) int32 {
			if reversed {
				return int32(base + n - 1 - k)
			}
			return int32(base + k)
		}
		for k, p := range s.ports {
			key := name + string(rune('0'+k))
			if p.mid >= 0 {
				b.ports[key] = index(p.mid)
				continue
			}
			b.ports[key+"low"], b.ports[key+"high"] = index(p.low), index(p.high)
		}
		for k := range n - 1 {
			if reversed {
				k = n - 1 - k
			}
			ring = append(ring, s.points[k])
		}
	}
	add(south, "S", false)
	add(east, "E", false)
	add(north, "N", true)
	add(west, "W", true)
	b.m = newMesh(b.board.frame, ring, townBorder)
	b.origin = ring.center()
}

func (b *builder) port(side byte, k int, bank string) int32 {
	return b.ports[string(side)+string(rune('0'+k))+bank]
}

func (b *builder) waters() {
	d, m := b.d, b.m
	w := [2]int32{b.port('W', portRiver, "low"), b.port('W', portRiver, "high")}
	e := [2]int32{b.port('E', portRiver, "low"), b.port('E', portRiver, "high")}
	from, to := m.xy[w[0]].to(m.xy[w[1]], 0.5), m.xy[e[0]].to(m.xy[e[1]], 0.5)
	mid := b.meander(from, to, d)
	// The river flows east: its left bank is the northern one.
	b.river = b.waterway(w[1], w[0], mid, riverHalf, promenade, nil)

	onRiver := func(h int32) bool { l := m.line[h>>1]; return l == b.river[0] || l == b.river[1] }
	for _, k := range []int{portWestCanal, portEastCanal} {
		b.canal('N', k, onRiver)
		b.canal('S', k, onRiver)
	}
	b.moat(onRiver)
}

// meander is the course of the river, with its bends.
func (b *builder) meander(from, to vec, d dice) []vec {
	p1, p2 := d.between(0, 6.28), d.between(0, 6.28)
	a1, a2 := d.between(130, 180), d.between(40, 60)
	length := from.dist(to)
	up := to.sub(from).unit().left()
	var out []vec
	n := int(length / 40)
	for i := -1; i <= n+1; i++ {
		t := float64(i) / float64(n)
		calm := min(1, max(0, float64(7*t*(1-t))))
		rise := float64(calm * (float64(a1*sine(float64(t*9.4)+p1)) + float64(a2*sine(float64(t*24)+p2))))
		out = append(out, from.to(to, t).along(up, rise))
	}
	return out
}

// waterway draws the two banks of a course, left bank first, from the vertices
// where they begin.
func (b *builder) waterway(left, right int32, mid []vec, half float64, bank line, stop func(int32) bool) []int32 {
	if stop == nil {
		stop = func(int32) bool { return false }
	}
	bank.bank = true
	lines := []int32{b.m.add(bank), b.m.add(bank)}
	b.waterCourses = append(b.waterCourses, mid)
	b.m.thread(left, beside(mid, half)[2:], lines[0], stop)
	b.m.thread(right, beside(mid, -half)[2:], lines[1], stop)
	return lines
}

// beside is a course moved to the left by so many metres.
func beside(mid []vec, by float64) []vec {
	out := make([]vec, len(mid))
	for i, p := range mid {
		a, c := mid[max(0, i-1)], mid[min(len(mid)-1, i+1)]
		out[i] = p.along(c.sub(a).unit().left(), by)
	}
	return out
}

func (b *builder) canal(edge byte, k int, stop func(int32) bool) {
	m, d := b.m, b.d
	low, high := b.port(edge, k, "low"), b.port(edge, k, "high")
	from := m.xy[low].to(m.xy[high], 0.5)
	lean, far := d.between(-180, 180), 2600.0
	heading := vec{lean / far, -1}
	left, right := high, low // going south, the left bank is the eastern one
	if edge == 'S' {
		heading = vec{lean / far, 1}
		left, right = low, high
	}
	p1 := d.between(0, 6)
	var mid []vec
	for s := -40.0; s < far; s += 40 {
		calm := min(1, max(0, s/400))
		sway := float64(calm * (float64(34*sine(float64(s/210)+p1)) + float64(14*sine(float64(s/77)+p1))))
		mid = append(mid, from.along(heading, s).add(vec{sway, 0}))
	}
	b.canals = append(b.canals, b.waterway(left, right, mid, canalHalf, dike, stop)...)
}

// moat is the old town's canal: it leaves the river, goes around the old town and
// comes back to it.
func (b *builder) moat(stop func(int32) bool) {
	const half = 5.0
	m, d := b.m, b.d
	at := b.origin.add(vec{d.between(-300, -180), 0})
	x0 := m.xy[m.on(b.river[0], at.add(vec{-240, -100}))]
	x1 := m.xy[m.on(b.river[0], at.add(vec{270, -100}))]
	top := max(x0.y, x1.y) + d.between(330, 380)
	b.old = vec{(x0.x + x1.x) / 2, (x0.y + x1.y + 2*top) / 4}
	bend := []vec{
		x0.add(vec{0, -60}), x0, x0.add(vec{d.between(-20, 15), 170}), {x0.x + d.between(-15, 15), top - 30},
		{x0.x/2 + x1.x/2, top + d.between(-5, 30)},
		{x1.x + d.between(-15, 15), top - 40}, x1.add(vec{d.between(-15, 20), 150}), x1, x1.add(vec{0, -60}),
	}
	mid := smooth(bend, 3)
	for len(mid) > 4 && mid[2].y < x0.y+18 {
		mid = mid[1:]
	}
	left := m.on(b.river[0], mid[1].add(vec{-half, 0}))
	right := m.on(b.river[0], mid[1].add(vec{half, 0}))
	b.canals = append(b.canals, b.waterway(left, right, mid, half, promenade, stop)...)
}

// smooth rounds the corners of a course (Chaikin's corner cutting); the ends
// stay.
func smooth(p []vec, rounds int) []vec {
	for range rounds {
		out := []vec{p[0]}
		for i := 0; i+1 < len(p); i++ {
			if i > 0 {
				out = append(out, p[i].to(p[i+1], 0.25))
			}
			if i+2 < len(p) {
				out = append(out, p[i].to(p[i+1], 0.75))
			}
		}
		p = append(out, p[len(p)-1])
	}
	return p
}

// pace spaces the points of a course about step metres apart; the ends stay.
func pace(p []vec, step float64) []vec {
	out := []vec{p[0]}
	for i := 1; i+1 < len(p); i++ {
		if p[i].dist(out[len(out)-1]) >= step {
			out = append(out, p[i])
		}
	}
	return append(out, p[len(p)-1])
}

// half sizes of the ring road.
const (
	ringWide = 790.0
	ringHigh = 680.0
)

func (b *builder) roads() {
	d, o := b.d, b.origin.add(vec{0, 90})
	never := func(int32) bool { return false }
	road := func(kind line, from, to int32, via ...vec) int32 {
		l := b.m.add(kind)
		at, end := b.m.xy[from], b.m.xy[to]
		course := append([]vec{at}, via...)
		course = append(course, end.along(end.sub(course[len(course)-1]).unit(), 30))
		b.m.thread(from, pace(smooth(course, 4), 48)[1:], l, never)
		return l
	}
	north := b.old.y + d.between(290, 330)
	b.avenue = road(primary, b.port('W', portAvenue, ""), b.port('E', portAvenue, ""),
		vec{o.x - 1000, north + d.between(-90, 90)}, vec{o.x - 400, north}, vec{o.x + 400, north + d.between(-30, 40)}, vec{o.x + 1000, north + d.between(-90, 90)})
	east := b.old.x + d.between(420, 470)
	b.cross = road(primary, b.port('N', portCross, ""), b.port('S', portCross, ""),
		vec{east + d.between(-90, 90), o.y + 1000}, vec{east, o.y + 300}, vec{east + d.between(-30, 40), o.y - 400}, vec{east + d.between(-90, 90), o.y - 1100})
	b.ring = b.loop(o, d)
	road(tertiary, b.port('N', portWestRoad, ""), b.port('S', portWestRoad, ""),
		vec{o.x - 1500 + d.between(-80, 80), o.y + 800}, vec{o.x - 1480 + d.between(-120, 60), o.y - 600})
	road(tertiary, b.port('W', portSouthRoad, ""), b.port('E', portSouthRoad, ""),
		vec{o.x - 900, o.y - 1150 + d.between(-60, 60)}, vec{o.x + 800, o.y - 1180 + d.between(-60, 60)})
}

// loop draws the ring road, counter-clockwise, from the avenue in the west.
func (b *builder) loop(o vec, d dice) int32 {
	l := b.m.add(ringRoad)
	p1, p2 := d.between(0, 6), d.between(0, 6)
	at := func(angle float64) vec {
		c, s := sine(angle+math.Pi/2), sine(angle)
		// A superellipse of exponent 3: between a circle and a box.
		k := 1 / cbrt(math.Abs(float64(c*float64(c*c)))+math.Abs(float64(s*float64(s*s))))
		k = float64(k * (1 + float64(0.03*sine(float64(2*angle)+p1)) + float64(0.02*sine(float64(3*angle)+p2))))
		return o.add(vec{float64(ringWide * c * k), float64(ringHigh * s * k)})
	}
	const n = 96
	start, least := 0.0, math.Inf(1)
	for a := 2.0; a < 3.6; a += 0.005 {
		if dist := b.m.distToLine(b.avenue, at(a)); dist < least {
			start, least = a, dist
		}
	}
	begin := b.m.on(b.avenue, at(start))
	var course []vec
	for k := 1; k < n; k++ {
		course = append(course, at(start+float64(float64(k)*2*math.Pi/n)))
	}
	home := b.m.xy[begin]
	course = append(course, home.along(home.sub(course[len(course)-1]).unit(), 2))
	b.m.thread(begin, course, l, func(int32) bool { return false })
	return l
}

// cbrt is the cube root of a number between 0.1 and 10.
func cbrt(a float64) float64 {
	x := 1.0
	for range 30 {
		x -= (float64(float64(x*x)*x) - a) / float64(3*float64(x*x))
	}
	return x
}

func (m *mesh) distToLine(along int32, p vec) float64 {
	least := math.Inf(1)
	for e, l := range m.line {
		if l == along {
			least = min(least, distToSegment(p, m.from(int32(2*e)), m.to(int32(2*e))))
		}
	}
	return least
}

// zones marks water, the inside of the ring, the old town and the works.
func (b *builder) zones() {
	m := b.m
	for _, banks := range [][]int32{b.river, b.canals} {
		for k, l := range banks {
			for e, at := range m.line {
				if at == l { // water is right of a left bank and left of a right one
					m.zone[m.face[2*e+1-k%2]].use = water
				}
			}
		}
	}
	for e, at := range m.line {
		if at == b.ring {
			b.flood(m.face[2*e], urban, func(l int32) bool { return l != b.ring })
		}
	}
	b.flood(b.faceAt(b.old), oldTown, func(int32) bool { return false })
	b.flood(b.faceAt(b.origin.add(vec{1150, -480})), works, func(int32) bool { return false })
}

// flood gives a use to a face and to all that are joined to it over edges that
// may be crossed; water stays water, and is crossed.
func (b *builder) flood(f int32, to use, cross func(line int32) bool) {
	m := b.m
	seen := map[int32]bool{f: true}
	for todo := []int32{f}; len(todo) > 0; {
		f, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if m.zone[f].use != water {
			m.zone[f].use = to
		}
		for _, h := range m.loop(f) {
			if g := m.face[h^1]; g != 0 && !seen[g] && cross(m.line[h>>1]) {
				seen[g] = true
				todo = append(todo, g)
			}
		}
	}
}

// faceAt is the face a place lies in, 0 for none.
func (b *builder) faceAt(p vec) int32 {
	for f := int32(1); f < int32(len(b.m.first)); f++ {
		if b.m.shape(f).has(p) {
			return f
		}
	}
	return 0
}
