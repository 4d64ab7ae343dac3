package town

import (
	"cmp"
	"encoding/hex"
	"slices"
	"time"

	"wangge/geo"
)

func sortPoints(p []vec) {
	slices.SortFunc(p, func(a, c vec) int { return cmp.Or(cmp.Compare(a.x, c.x), cmp.Compare(a.y, c.y)) })
}

// uuid is a random UUID (version 4) from seeded chance.
func uuid(d dice) string {
	var u [16]byte
	for i, hi := 0, [2]uint64{d.Uint64(), d.Uint64()}; i < 16; i++ {
		u[i] = byte(hi[i/8] >> (8 * (i % 8)))
	}
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// Categories are the kinds of incidents that happen in the demo town, after the
// GB/T 30428.2 family: two digits are a large class, four a small one.
func Categories() []Category {
	out := []Category{
		{"01", "市容环境", "City appearance and environment", ""},
		{"02", "宣传广告", "Advertising", ""},
		{"03", "施工管理", "Construction sites", ""},
		{"04", "街面秩序", "Street order", ""},
		{"05", "突发事件", "Emergencies", ""},
		{"06", "公用设施", "Public utilities", ""},
		{"09", "安全隐患", "Safety hazards", ""},
		{"11", "矛盾纠纷", "Disputes", ""},
	}
	for _, k := range troubles {
		out = append(out, Category{k.code, k.title[0], k.title[1], k.code[:2]})
	}
	return out
}

// trouble is a kind of incident and where it happens: its weight at each kind of
// spot.
type trouble struct {
	code   string
	title  name
	weight [spots]float64
}

// spot is a kind of place in town.
type spot uint8

const (
	spotCompound spot = iota
	spotOld
	spotVillage
	spotMarket
	spotWorks
	spotWater
	spotStreet
	spots
)

var troubles = []trouble{
	{"0101", name{"私搭乱建", "Illegal building"}, [spots]float64{2, 3, 5, 0, 1, 0, 0}},
	{"0102", name{"暴露垃圾", "Exposed rubbish"}, [spots]float64{6, 5, 7, 6, 2, 2, 3}},
	{"0103", name{"积存渣土", "Heaped rubble"}, [spots]float64{1, 1, 2, 0, 3, 0, 2}},
	{"0104", name{"道路不洁", "Dirty road"}, [spots]float64{1, 2, 1, 3, 2, 0, 6}},
	{"0105", name{"水域不洁", "Dirty water"}, [spots]float64{0, 0, 0, 0, 0, 9, 0}},
	{"0106", name{"绿地脏乱", "Littered green"}, [spots]float64{3, 0, 1, 0, 0, 3, 1}},
	{"0201", name{"非法小广告", "Illegal stickers"}, [spots]float64{5, 3, 0, 3, 1, 0, 2}},
	{"0202", name{"违章张贴", "Unlawful posters"}, [spots]float64{1, 1, 0, 1, 0, 0, 2}},
	{"0301", name{"施工扰民", "Noise from a site"}, [spots]float64{3, 1, 0, 0, 1, 0, 1}},
	{"0302", name{"施工占道", "Site blocks the road"}, [spots]float64{0, 0, 0, 0, 2, 0, 4}},
	{"0303", name{"施工扬尘", "Dust from a site"}, [spots]float64{1, 0, 0, 0, 5, 0, 2}},
	{"0401", name{"无照经营", "Unlicensed trade"}, [spots]float64{0, 2, 0, 6, 1, 0, 2}},
	{"0402", name{"占道经营", "Trade on the pavement"}, [spots]float64{0, 4, 0, 10, 1, 0, 4}},
	{"0403", name{"违法停车", "Unlawful parking"}, [spots]float64{4, 3, 0, 5, 3, 0, 9}},
	{"0405", name{"噪声扰民", "Noise"}, [spots]float64{4, 2, 1, 2, 1, 0, 1}},
	{"0501", name{"管道破裂", "Burst pipe"}, [spots]float64{1, 1, 0.5, 0, 1, 0, 1}},
	{"0502", name{"路面塌陷", "Collapsed road"}, [spots]float64{0, 0.3, 0.3, 0, 0.5, 0, 1}},
	{"0503", name{"道路积水", "Flooded road"}, [spots]float64{1, 2, 1, 0, 1, 0, 3}},
	{"0601", name{"井盖缺失", "Missing manhole cover"}, [spots]float64{1, 0.5, 0, 0, 0.5, 0, 2}},
	{"0602", name{"路灯故障", "Broken street light"}, [spots]float64{2, 1, 2, 0, 1, 0, 3}},
	{"0901", name{"消防隐患", "Fire hazard"}, [spots]float64{2, 4, 2, 2, 3, 0, 0}},
	{"0902", name{"电动车充电", "Charging of e-bikes"}, [spots]float64{5, 3, 1, 1, 1, 0, 0}},
	{"0903", name{"高空坠物", "Falling objects"}, [spots]float64{1.5, 0, 0, 0, 0, 0, 0}},
	{"1101", name{"邻里纠纷", "Dispute of neighbours"}, [spots]float64{3, 3, 2, 0, 0, 0, 0}},
}

// reporter makes the incidents of one town.
type reporter struct {
	b   *builder
	t   *Town
	d   dice
	now time.Time

	near  [spots][]vec // where incidents of each spot can happen
	addr  [spots][]int // building for the address, -1 for none
	heart []center
}

// center is a place where something happens again and again.
type center struct {
	spot spot
	at   int // in near
	kind int // its usual trouble
}

// incidents reports about six for every hundred dwellings in ninety days: half of
// them at a few places again and again.
func (b *builder) incidents(t *Town, now time.Time) {
	r := &reporter{b: b, t: t, now: now, d: newDice(b.board.seed, streamIncidents, uint64(b.i), uint64(b.j))}
	r.survey()
	r.hearts()
	for range max(1, len(t.Households)*6/100) {
		t.Incidents = append(t.Incidents, r.one())
	}
	slices.SortStableFunc(t.Incidents, func(a, c Incident) int {
		return cmp.Or(a.ReportedAt.Compare(c.ReportedAt), cmp.Compare(a.ID, c.ID))
	})
}

// survey lists the places: before the houses, along the banks and the streets.
func (r *reporter) survey() {
	b := r.b
	put := func(s spot, at vec, building int) {
		r.near[s] = append(r.near[s], at)
		r.addr[s] = append(r.addr[s], building)
	}
	for i := range b.houseList {
		h := &b.houseList[i]
		front := h.shape[2].to(h.shape[3], 0.5).along(h.front.left(), 1.5)
		switch l := b.blockList[b.m.zone[h.face].block].lot; l {
		case lotCompound, lotTowers:
			put(spotCompound, front, i)
		case lotOld:
			put(spotOld, front, i)
		case lotHamlet:
			put(spotVillage, front, i)
		case lotMarket, lotMall, lotStation:
			put(spotMarket, front, i)
		case lotWorks:
			put(spotWorks, front, i)
		}
	}
	for e := range b.m.line {
		h := int32(2 * e)
		l := b.m.lineOf(h)
		if b.bridge(e) || b.m.face[h] == 0 || b.m.face[h+1] == 0 || b.atRim(b.m.origin[h]) || b.atRim(b.m.dest(h)) {
			continue
		}
		mid := b.m.from(h).to(b.m.to(h), 0.5)
		switch {
		case l.bank:
			put(spotWater, mid, -1)
		case named(*l):
			put(spotStreet, mid, -1)
		}
	}
}

// atRim reports whether a vertex lies on the border of the town.
func (b *builder) atRim(v int32) bool {
	start := b.m.out[v]
	for h := start; ; {
		if b.m.face[h] == 0 {
			return true
		}
		if h = b.m.prev[h] ^ 1; h == start {
			return false
		}
	}
}

// shares of the kinds of spots.
var spotShares = [spots]float64{0.34, 0.17, 0.17, 0.08, 0.06, 0.06, 0.12}

func (r *reporter) spot() spot {
	for {
		if s := spot(weighted(r.d, spotShares[:]...)); len(r.near[s]) > 0 {
			return s
		}
	}
}

func (r *reporter) hearts() {
	for range 26 {
		s := r.spot()
		r.heart = append(r.heart, center{s, r.d.IntN(len(r.near[s])), weighted(r.d, r.weights(s)...)})
	}
}

func (r *reporter) weights(s spot) []float64 {
	out := make([]float64, len(troubles))
	for i, k := range troubles {
		out[i] = k.weight[s]
	}
	return out
}

func (r *reporter) one() Incident {
	d := r.d
	s := r.spot()
	i, kind, spread := r.d.IntN(len(r.near[s])), weighted(d, r.weights(s)...), 1.0
	if d.chance(0.5) {
		c := pick(d, r.heart)
		s, i, spread = c.spot, c.at, 5
		if d.chance(0.6) {
			kind = c.kind
		}
	}
	at := r.near[s][i].add(vec{float64(d.bell() * spread), float64(d.bell() * spread)})
	address := r.t.Name
	if k := r.addr[s][i]; k >= 0 {
		address = r.t.Buildings[k].Address
	}
	x := Incident{
		ID: uuid(d), Category: troubles[kind].code, Channel: pick(d, []string{"patrol", "patrol", "patrol", "resident", "hotline"}),
		Address: address, At: r.b.m.frame.lattice(at), ReportedAt: r.when(),
		Text: troubles[kind].title[0],
	}
	r.progress(&x)
	return x
}

// when is a time of the last ninety days, mostly by day (UTC+8).
func (r *reporter) when() time.Time {
	today := r.now.Truncate(24 * time.Hour)
	for {
		hours := r.d.between(8, 19)
		if r.d.chance(0.12) {
			hours = r.d.between(0, 24)
		}
		at := today.AddDate(0, 0, -r.d.IntN(91)).Add(time.Duration(float64(hours-8)*3600) * time.Second)
		if at.Before(r.now) && r.now.Sub(at) <= 90*24*time.Hour {
			return at
		}
	}
}

// progress says how far an incident has come: most are closed within days, few
// stay open for long.
func (r *reporter) progress(x *Incident) {
	took := time.Duration(float64(r.d.between(2, 60)*3600)) * time.Second
	if r.d.chance(0.15) {
		took *= 8
	}
	if done := x.ReportedAt.Add(took); done.Before(r.now) && r.d.chance(0.96) {
		x.State, x.ClosedAt = "closed", done
		return
	}
	x.State = [...]string{"reported", "accepted", "dispatched", "handled"}[weighted(r.d, 0.18, 0.22, 0.4, 0.2)]
}

// patrolCount is how many walks of the last fortnight each town has.
const patrolCount = 12

// tracks walks the streets: a patrol of about forty minutes each, with the noise
// of a phone and a gap or two.
func (b *builder) tracks(t *Town, now time.Time) {
	d := newDice(b.board.seed, streamTracks, uint64(b.i), uint64(b.j))
	next := make([][]int32, len(t.Nodes))
	for _, s := range t.Streets {
		for i := 0; i+1 < len(s.Nodes); i++ {
			a, c := s.Nodes[i], s.Nodes[i+1]
			next[a], next[c] = append(next[a], c), append(next[c], a)
		}
	}
	var posts []Unit
	for _, u := range t.Units {
		if u.Level == LevelVillage {
			posts = append(posts, u)
		}
	}
	today := now.Truncate(24 * time.Hour)
	for k := range patrolCount {
		v := posts[(k*7)%len(posts)]
		start := nearestNode(t.Nodes, v.Label)
		// Nine in the morning or two in the afternoon, in UTC+8.
		begin := today.AddDate(0, 0, -1-k%14).Add(time.Duration(1+5*(k%2))*time.Hour + time.Duration(d.IntN(1500))*time.Second)
		w := walker{d: d, t: t, frame: b.m.frame, next: next, seen: map[int64]int{}}
		t.Tracks = append(t.Tracks, Track{ID: uuid(d), Post: v.Name + "巡查岗", Unit: v.Code, Fixes: w.walk(start, begin, 40*time.Minute)})
	}
}

func nearestNode(nodes []geo.Point, p geo.Point) int32 {
	best, least := int32(0), int64(1)<<62
	for i, n := range nodes {
		dx, dy := int64(n.X-p.X), int64(n.Y-p.Y)
		if d := dx*dx + dy*dy; d < least {
			best, least = int32(i), d
		}
	}
	return best
}

// walker goes along the streets, where it has not been for choice.
type walker struct {
	d     dice
	t     *Town
	frame frame
	next  [][]int32
	seen  map[int64]int // how often it went along a segment
	drift vec           // slowly changing error of the positions
}

func (w *walker) choose(at, from int32) int32 {
	best, least := at, 1<<30
	for _, n := range w.next[at] {
		key := int64(min(at, n))<<32 | int64(max(at, n))
		cost := w.seen[key]*10 + w.d.IntN(6)
		if n == from {
			cost += 25
		}
		if cost < least {
			best, least = n, cost
		}
	}
	w.seen[int64(min(at, best))<<32|int64(max(at, best))]++
	return best
}

func (w *walker) walk(at int32, begin time.Time, long time.Duration) []Fix {
	const every = 5 * time.Second
	speed := w.d.between(1.0, 1.35)
	gapAt, gapLong := w.d.IntN(400)+40, 12+w.d.IntN(30) // in fixes
	var fixes []Fix
	from, to := at, w.choose(at, -1)
	done := 0.0
	for k := 0; k < int(long/every); k++ {
		a, c := w.frame.meters(w.t.Nodes[from]), w.frame.meters(w.t.Nodes[to])
		if k < gapAt || k > gapAt+gapLong {
			fixes = append(fixes, w.fix(a.to(c, done), begin.Add(time.Duration(k)*every)))
		}
		step := float64(speed * 5)
		for l := a.dist(c); float64(done*l)+step >= l; l = a.dist(c) {
			step -= float64((1 - done) * l)
			from, to = to, w.choose(to, from)
			a, c, done = w.frame.meters(w.t.Nodes[from]), w.frame.meters(w.t.Nodes[to]), 0
			if a == c {
				return fixes
			}
		}
		done += step / a.dist(c)
	}
	return fixes
}

// fix is where the phone thinks it is.
func (w *walker) fix(p vec, at time.Time) Fix {
	d := w.d
	w.drift = w.drift.mul(0.93).add(vec{float64(d.bell() * 0.9), float64(d.bell() * 0.9)})
	accuracy := d.between(3.5, 9)
	p = p.add(w.drift).add(vec{float64(d.bell() * 0.6), float64(d.bell() * 0.6)})
	if d.chance(0.006) { // a reflection from a wall
		p, accuracy = p.add(vec{float64(d.bell() * 45), float64(d.bell() * 45)}), d.between(40, 90)
	}
	// Phones report seven digits.
	q := w.frame.lattice(p).Degrees()
	return Fix{At: at, Point: q, Accuracy: geo.Meters(round1(accuracy))}
}

// round1 keeps one decimal.
func round1(x float64) float64 { return float64(int(float64(x*10)+0.5)) / 10 }
