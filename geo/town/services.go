package town

import (
	"math"
	"strconv"
	"time"

	"wangge/geo"
)

// Each town has service points as 1 + 6 + 62 + X (康桥, 15分钟党群服务圈): a
// center, a station for each cluster, the points of the villages, and red gas
// stations and mobile points besides.
const (
	pointCount = 62
	gasCount   = 3
	busCount   = 2
)

// steward places the service points of one town.
type steward struct {
	b    *builder
	t    *Town
	d    dice
	now  time.Time
	used map[int]bool // buildings taken
	// by unit: the buildings in it
	inVillage, inCluster map[string][]int
}

func (b *builder) servicePoints(t *Town, now time.Time) {
	s := &steward{b: b, t: t, d: newDice(b.board.seed, streamPoints, uint64(b.i), uint64(b.j)), now: now, used: map[int]bool{}, inVillage: map[string][]int{}, inCluster: map[string][]int{}}
	cluster := map[string]string{}
	var clusters, villages []Unit
	for _, u := range t.Units {
		switch u.Level {
		case LevelCluster:
			clusters = append(clusters, u)
		case LevelVillage:
			villages = append(villages, u)
			cluster[u.Code] = u.Parent
		}
	}
	for i, x := range t.Buildings {
		v := x.Unit[:12]
		s.inVillage[v] = append(s.inVillage[v], i)
		s.inCluster[cluster[v]] = append(s.inCluster[cluster[v]], i)
	}
	s.center()
	for _, c := range clusters {
		s.station(c)
	}
	s.points(villages)
	s.gasStations()
	s.buses(villages)
}

// add completes a point and appends it.
func (s *steward) add(p ServicePoint, building int) {
	if building >= 0 {
		s.used[building] = true
		p.At = s.b.m.frame.lattice(s.b.houseList[building].middle())
		p.Address = s.t.Buildings[building].Address
	}
	p.ID = "SP" + pad(s.b.seat, 3) + "-" + pad(len(s.t.ServicePoints)+1, 3)
	s.t.ServicePoints = append(s.t.ServicePoints, p)
}

// since is a date so many days, from lo to hi, before the end of the demo.
func (s *steward) since(lo, hi float64) time.Time {
	return s.now.Truncate(24*time.Hour).AddDate(0, 0, -int(s.d.between(lo, hi)))
}

func (s *steward) center() {
	p := ServicePoint{
		Tier: "center", Name: s.t.Name + "党群服务中心", NameEn: s.t.NameEn + " Service Center", Unit: s.t.Units[0].Code,
		Capacity: 220, GroundFloor: true, StepFree: true,
		Life: []Stage{{Active, s.since(2200, 2600)}},
	}
	for _, code := range []string{"one-stop", "medical", "elderly-care", "child-care", "culture", "mediation", "volunteer", "deputy", "employment"} {
		p.Functions = append(p.Functions, function(code, "Mo-Fr 08:30-17:30; Sa 09:00-16:00"))
	}
	p.Sessions = []Session{session("deputy", 3, "WE"), session("volunteer", 1, "SA")}
	s.add(p, s.nearest(s.all(), s.b.siteOf(lotCivic), "public"))
}

func (s *steward) all() []int {
	out := make([]int, len(s.t.Buildings))
	for i := range out {
		out[i] = i
	}
	return out
}

// siteOf is the middle of a block with a use, or of the old town without one.
func (b *builder) siteOf(l lot) vec {
	for i := range b.blockList {
		if b.blockList[i].lot == l {
			return b.blockList[i].center
		}
	}
	return b.old
}

// nearest is the building nearest to a place that is not taken, of a kind if one
// is named and there is any; -1 for none.
func (s *steward) nearest(among []int, at vec, kind string) int {
	best, least := -1, math.Inf(1)
	for _, i := range among {
		h := &s.b.houseList[i]
		if s.used[i] || kind != "" && h.kind != kind {
			continue
		}
		if d := h.middle().dist(at); d < least {
			best, least = i, d
		}
	}
	if best < 0 && kind != "" {
		return s.nearest(among, at, "")
	}
	return best
}

func (s *steward) station(c Unit) {
	p := ServicePoint{
		Tier: "station", Name: c.Name + "党群服务站", NameEn: c.NameEn + " Service Station", Unit: c.Code,
		Capacity: 60 + s.d.IntN(7)*10, GroundFloor: true, StepFree: s.d.chance(0.85),
		Life: []Stage{{Active, s.since(900, 2100)}},
	}
	for _, code := range []string{"one-stop", "elderly-care", "culture", "mediation", "volunteer"} {
		p.Functions = append(p.Functions, function(code, "Mo-Sa 08:30-17:00"))
	}
	if s.d.chance(0.6) {
		p.Functions = append(p.Functions, function("medical", "Mo-Fr 08:00-11:30,13:30-16:30"))
	}
	p.Sessions = []Session{session("deputy", 1+s.d.IntN(4), "TH"), session("volunteer", 2, "SA")}
	s.add(p, s.nearest(s.inCluster[c.Code], s.people(s.inCluster[c.Code]), ""))
}

// people is the middle of the dwellings of some buildings.
func (s *steward) people(among []int) vec {
	var sum vec
	n := 0
	for _, i := range among {
		h := &s.b.houseList[i]
		sum = sum.add(h.middle().mul(float64(h.homes)))
		n += h.homes
	}
	if n == 0 {
		return s.b.old
	}
	return sum.mul(1 / float64(n))
}

// points gives every village one point, and the rest to those with most
// dwellings for each.
func (s *steward) points(villages []Unit) {
	homes := make([]int, len(villages))
	count := make([]int, len(villages))
	for i, v := range villages {
		for _, k := range s.inVillage[v.Code] {
			homes[i] += s.b.houseList[k].homes
		}
		count[i] = 1
	}
	for range pointCount - len(villages) {
		best := 0
		for i := range villages {
			if homes[i]*(count[best]+1) > homes[best]*(count[i]+1) {
				best = i
			}
		}
		count[best]++
	}
	for i, v := range villages {
		s.villagePoints(v, count[i])
	}
}

func (s *steward) villagePoints(v Unit, n int) {
	among := s.inVillage[v.Code]
	at := s.people(among)
	for k := range n {
		title, titleEn := v.Name+"党群服务点", v.NameEn+" Service Point"
		if k > 0 {
			title, titleEn = v.Name+"第"+numeral(k+1)+"睦邻点", v.NameEn+" Neighbourhood Point "+strconv.Itoa(k+1)
			at = s.farthest(among)
		}
		p := ServicePoint{
			Tier: "point", Name: title, NameEn: titleEn, Unit: v.Code, Capacity: 12 + s.d.IntN(10)*4,
			GroundFloor: s.d.chance(0.86), Life: s.life(),
		}
		p.StepFree = p.GroundFloor && s.d.chance(0.6)
		p.Functions = s.functions(k, v.Kind == "village")
		p.Sessions = []Session{session("volunteer", 1+s.d.IntN(4), pick(s.d, []string{"SA", "SU"}))}
		if s.d.chance(0.4) {
			p.Sessions = append(p.Sessions, session("medical", 1+s.d.IntN(4), pick(s.d, []string{"TU", "FR"})))
		}
		s.add(p, s.nearest(among, at, ""))
	}
}

// farthest is the middle of the building farthest from every point so far.
func (s *steward) farthest(among []int) vec {
	var best vec
	most := -1.0
	for _, i := range among {
		if s.b.houseList[i].homes == 0 {
			continue
		}
		p := s.b.houseList[i].middle()
		least := math.Inf(1)
		for k := range s.used {
			least = min(least, s.b.houseList[k].middle().dist(p))
		}
		if least > most {
			best, most = p, least
		}
	}
	return best
}

func (s *steward) functions(k int, village bool) []Function {
	hours := pick(s.d, []string{"Mo-Fr 08:30-17:00", "Mo-Sa 08:30-16:30", "Mo-Su 08:00-17:00", "Mo-Fr 08:30-11:30,13:30-17:00"})
	out := []Function{function("volunteer", hours)}
	if k == 0 {
		out = append(out, function("one-stop", "Mo-Fr 08:30-11:30,13:30-17:00"))
	}
	type offer struct {
		code, hours string
		share       float64
	}
	offers := []offer{{"elderly-care", hours, 0.5}, {"culture", "Mo-Su 09:00-20:00", 0.55}, {"mediation", hours, 0.45}, {"child-care", "Mo-Fr 15:30-18:00", 0.25}, {"canteen", "Mo-Su 06:30-08:30,10:30-13:00,16:30-18:30", 0.28}, {"medical", "Mo-Fr 08:00-11:00", 0.22}}
	if village {
		offers[3].share, offers[5].share = 0.1, 0.35
	}
	for _, o := range offers {
		if s.d.chance(o.share) {
			out = append(out, function(o.code, o.hours))
		}
	}
	return out
}

// life is the history of a village's point. Most are open; some are still being
// tried, planned, being rebuilt or given up.
func (s *steward) life() []Stage {
	switch weighted(s.d, 0.42, 0.38, 0.06, 0.05, 0.06, 0.03) {
	case 0:
		return []Stage{{Active, s.since(400, 2500)}}
	case 1:
		from := s.since(700, 2000)
		return []Stage{{Pilot, from}, {Active, from.AddDate(0, 6, 0)}}
	case 2:
		return []Stage{{Proposed, s.since(200, 320)}, {Pilot, s.since(20, 150)}}
	case 3:
		return []Stage{{Active, s.since(800, 1500)}, {Paused, s.since(15, 120)}}
	case 4:
		return []Stage{{Proposed, s.since(10, 150)}}
	}
	return []Stage{{Active, s.since(1200, 2400)}, {Closed, s.since(60, 500)}}
}

func (s *steward) gasStations() {
	names := pairs("商圈", "Plaza", "园区", "Industrial Park", "集市", "Market")
	for i, l := range []lot{lotMall, lotWorks, lotMarket}[:gasCount] {
		p := ServicePoint{
			Tier: "other", Kind: "red-gas-station", Name: names[i][0] + "红色加油站", NameEn: names[i][1] + " Red Gas Station", Unit: s.t.Units[0].Code,
			Capacity: 16 + 4*i, GroundFloor: true, StepFree: true, Life: []Stage{{Pilot, s.since(500, 700)}, {Active, s.since(200, 400)}},
			Functions: []Function{function("rest-stop", "24/7"), function("employment", "Mo-Fr 09:00-17:00")},
		}
		s.add(p, s.nearest(s.all(), s.b.siteOf(l), ""))
	}
}

// buses are mobile points: a van that stops in the villages with the fewest
// dwellings.
func (s *steward) buses(villages []Unit) {
	days := [...]string{"Mo", "Tu", "We", "Th", "Fr"}
	var country []Unit
	for _, v := range villages {
		if v.Kind == "village" {
			country = append(country, v)
		}
	}
	if len(country) == 0 {
		return
	}
	for k := range busCount {
		p := ServicePoint{
			Tier: "other", Kind: "mobile", Name: "流动服务车" + strconv.Itoa(k+1) + "号", NameEn: "Mobile Service Van " + strconv.Itoa(k+1), Unit: s.t.Units[0].Code,
			Capacity: 6, GroundFloor: true, StepFree: k == 0, Life: []Stage{{Active, s.since(200, 600)}},
			Functions: []Function{function("medical", "Mo-Fr 09:00-15:30"), function("one-stop", "Mo-Fr 09:00-15:30")},
		}
		for i := range 5 {
			v := country[(k+busCount*i)%len(country)]
			among := s.inVillage[v.Code]
			house := s.nearest(among, s.people(among), "house")
			if house < 0 {
				continue
			}
			h := &s.b.houseList[house]
			front := h.shape[2].to(h.shape[3], 0.5).along(h.front.left(), 2.5)
			hours := days[i%5] + pick(s.d, []string{" 09:00-11:30", " 13:30-15:30"})
			p.Stops = append(p.Stops, Stop{Name: v.Name + "停靠点", At: s.b.m.frame.lattice(front), Hours: hours})
		}
		if len(p.Stops) > 0 {
			p.At, p.Address = p.Stops[0].At, s.t.Name
			s.add(p, -1)
		}
	}
}

func function(code, hours string) Function {
	return Function{Code: code, Hours: hours, Items: items[code]}
}

var items = map[string][]string{
	"one-stop":     {"社保查询", "医保参保", "居住登记", "老年优待证", "证明代办"},
	"medical":      {"测血压", "健康咨询", "配药代办"},
	"elderly-care": {"日间照料", "助浴", "助餐"},
	"child-care":   {"放学托管", "亲子活动"},
	"culture":      {"图书借阅", "书画", "戏曲"},
	"mediation":    {"邻里调解", "法律咨询"},
	"volunteer":    {"理发", "磨刀", "小家电维修"},
	"canteen":      {"早餐", "午餐", "晚餐"},
	"deputy":       {"代表接待"},
	"rest-stop":    {"饮水", "充电", "微波炉", "休息"},
	"employment":   {"招工信息", "技能培训"},
}

// session is something on a certain weekday of each month.
func session(code string, week int, weekday string) Session {
	titles := map[string]name{
		"deputy":    {"代表接待日", "Deputies' reception day"},
		"volunteer": {"志愿服务日", "Volunteers' day"},
		"medical":   {"名医下沉", "Doctors' round"},
	}
	osm := map[string]string{"TU": "Tu", "WE": "We", "TH": "Th", "FR": "Fr", "SA": "Sa", "SU": "Su"}
	n := strconv.Itoa(week)
	return Session{
		Function: code, Title: titles[code][0], TitleEn: titles[code][1],
		Rule: "FREQ=MONTHLY;BYDAY=" + n + weekday, Hours: osm[weekday] + "[" + n + "] 09:00-11:00",
	}
}

// zones draws overlays: blocks of street shops along the busier streets, and the
// enterprise zone. They overlap each other and the units as they like.
func (b *builder) overlays(t *Town) {
	seq := 0
	add := func(kind string, n name, s shape) {
		seq++
		t.Zones = append(t.Zones, Zone{Code: "Z" + pad(b.seat, 3) + "-" + pad(seq, 2), Kind: kind, Name: n[0], NameEn: n[1], Area: geo.MultiPolygon{{b.m.frame.ring(s)}}})
	}
	const most = 12
	for _, s := range t.Streets {
		if s.Bridge || s.Name == "" || len(s.Nodes) < 4 || seq >= most {
			continue
		}
		line := make([]vec, 0, 8)
		for _, p := range t.Line(s) {
			if v := b.m.frame.meters(p); v.dist(b.old) < 620 && len(line) < 8 {
				line = append(line, v)
			}
		}
		if strip, ok := ribbon(line, float64(s.Width)/2+16); ok {
			add("street-shops", name{s.Name + "沿街商铺", s.NameEn + " shops"}, strip)
		}
	}
	var corners shape
	for i := range b.blockList {
		if k := &b.blockList[i]; k.lot == lotWorks {
			corners = append(corners, k.shape...)
		}
	}
	if hull := corners.hull(); len(hull) >= 3 {
		add("enterprise", name{"禾谷企业园区", "Hegu Enterprise Zone"}, hull)
	}
}

// ribbon is a strip on both sides of a line that does not bend sharply and is
// long enough.
func ribbon(line []vec, half float64) (shape, bool) {
	long := 0.0
	for i := 0; i+1 < len(line); i++ {
		u := line[i+1].sub(line[i])
		long += u.norm()
		if u.norm() > 180 || i > 0 && u.unit().dot(line[i].sub(line[i-1]).unit()) < 0.85 {
			return nil, false
		}
	}
	if long < 140 {
		return nil, false
	}
	out := shape(beside(line, -half))
	left := beside(line, half)
	for i := len(left) - 1; i >= 0; i-- {
		out = append(out, left[i])
	}
	for i, p := range out { // a ribbon that folds over itself is no area
		for j := i + 2; j < len(out); j++ {
			if i == 0 && j == len(out)-1 {
				continue
			}
			if _, _, ok := segmentMeet(p, out[i+1], out[j], out[(j+1)%len(out)]); ok {
				return nil, false
			}
		}
	}
	return out, out.area() > 0
}

// hull is the convex hull of points, counter-clockwise (Andrew's monotone chain).
func (s shape) hull() shape {
	p := append(shape(nil), s...)
	sortPoints(p)
	var out shape
	for pass := range 2 {
		base := len(out)
		for i := range p {
			v := p[i]
			if pass == 1 {
				v = p[len(p)-1-i]
			}
			for len(out) >= base+2 && out[len(out)-1].sub(out[len(out)-2]).cross(v.sub(out[len(out)-1])) <= 0 {
				out = out[:len(out)-1]
			}
			out = append(out, v)
		}
		if len(out) > 0 {
			out = out[:len(out)-1]
		}
	}
	return out
}
