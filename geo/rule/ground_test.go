package rule

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/locate"
	"wangge/geo/topology"
	"wangge/geo/town"
)

// quilt is cols × rows units on a board with jittered corners, valid by construction.
type quilt struct {
	cols, rows int
	corners    []geo.Point
	level      string
}

const patch = 20_000 // steps, some 200 m

func newQuilt(cols, rows int, seed uint64) *quilt {
	q := &quilt{cols: cols, rows: rows, level: "block"}
	random := rand.New(rand.NewPCG(seed, 1))
	for r := range rows + 1 {
		for c := range cols + 1 {
			x, y := int32(c)*patch, int32(r)*patch
			if c > 0 && c < cols && r > 0 && r < rows {
				x, y = x+random.Int32N(patch/2)-patch/4, y+random.Int32N(patch/2)-patch/4
			}
			q.corners = append(q.corners, geo.Point{X: lon + x, Y: lat + y})
		}
	}
	return q
}

func (q *quilt) at(c, r int) *geo.Point { return &q.corners[r*(q.cols+1)+c] }

// seam is a border with some vertices on it, the same from both sides.
func (q *quilt) seam(c0, r0, c1, r1 int) []geo.Point {
	if c1 < c0 || r1 < r0 {
		line := append(q.seam(c1, r1, c0, r0), *q.at(c0, r0))
		slices.Reverse(line)
		return line[:len(line)-1]
	}
	a, b := *q.at(c0, r0), *q.at(c1, r1)
	line := []geo.Point{a}
	for i := int64(1); i < 15; i++ {
		line = append(line, geo.Point{X: a.X + int32((int64(b.X)-int64(a.X))*i/15), Y: a.Y + int32((int64(b.Y)-int64(a.Y))*i/15)})
	}
	return line
}

func (q *quilt) unit(c, r int) Unit {
	ring := geo.Ring(slices.Concat(q.seam(c, r, c+1, r), q.seam(c+1, r, c+1, r+1), q.seam(c+1, r+1, c, r+1), q.seam(c, r+1, c, r)))
	ordinal := r*q.cols + c + 1
	return Unit{Ordinal: ordinal, Code: fmt.Sprintf("%05d", ordinal*7919%100_000), Name: fmt.Sprint("片", ordinal), Level: q.level, Parent: "v", Area: area(ring)}
}

func (q *quilt) units() []Unit {
	list := make([]Unit, 0, q.cols*q.rows)
	for r := range q.rows {
		for c := range q.cols {
			list = append(list, q.unit(c, r))
		}
	}
	return list
}

func (q *quilt) bound() geo.Ring { return box(0, 0, int32(q.cols)*patch, int32(q.rows)*patch) }

// source is a ground with homes anywhere, for a quilt; every so many-th is on a border.
func (q *quilt) source(homes, border int, seed uint64) Source {
	random := rand.New(rand.NewPCG(seed, 2))
	s := Source{Base: area(q.bound()), Above: map[string]geo.MultiPolygon{"v": area(q.bound())}}
	units := q.units()
	anywhere := func() geo.Point {
		return geo.Point{X: lon + random.Int32N(int32(q.cols)*patch), Y: lat + random.Int32N(int32(q.rows)*patch)}
	}
	for i := range homes {
		at := anywhere()
		if i%border == 0 {
			ring := units[random.IntN(len(units))].Area[0][0]
			at = ring[random.IntN(len(ring))]
		}
		s.Homes = append(s.Homes, Home{At: at, Empty: i%7 == 0, People: i%4 - 1})
		if i%5 == 0 {
			s.Incidents = append(s.Incidents, at)
		}
	}
	for _, u := range units {
		b := u.Area.Bound()
		s.Posts = append(s.Posts, Post{Unit: u.Code, Level: q.level, Kind: "leader", Held: u.Ordinal%2 == 0, At: geo.Point{X: b.Min.X/2 + b.Max.X/2, Y: b.Min.Y/2 + b.Max.Y/2}})
	}
	return s
}

func TestEveryHomeIsCountedOnceAndWhereItsUnitIsLookedUp(t *testing.T) {
	for seed := range uint64(5) {
		q := newQuilt(9, 7, seed)
		s := q.source(4000, 10, seed)
		facts := NewGround(s).Facts(q.units(), nil)
		var places []locate.Unit
		for _, u := range q.units() {
			places = append(places, locate.Unit{ID: int64(u.Ordinal), Code: u.Code, Area: u.Area})
		}
		index := locate.Build(places)
		households, people, empty, incidents := make([]int, len(places)), make([]int, len(places)), make([]int, len(places)), make([]int, len(places))
		for i, h := range s.Homes {
			at, ok := index.Find(h.At)
			if !ok {
				t.Fatalf("home %d is nowhere", i)
			}
			households[at]++
			people[at] += max(0, h.People)
			if h.Empty {
				empty[at]++
			}
			if i%5 == 0 {
				incidents[at]++
			}
		}
		if len(facts) != len(places) {
			t.Fatalf("%d facts of %d units", len(facts), len(places))
		}
		for i, x := range facts {
			if *x.Households != households[i] || *x.People != people[i] || *x.Empty != empty[i] || *x.Incidents != incidents[i] {
				t.Fatalf("unit %d has %d homes, %d people, %d empty, %d incidents; want %d, %d, %d, %d", x.Ordinal,
					*x.Households, *x.People, *x.Empty, *x.Incidents, households[i], people[i], empty[i], incidents[i])
			}
			if len(x.Posts) != 1 || x.Posts[0].All != 1 {
				t.Fatalf("unit %d has the posts %+v", x.Ordinal, x.Posts)
			}
			if *x.Outside != 0 {
				t.Fatalf("unit %d lies %v m² outside", x.Ordinal, *x.Outside)
			}
		}
	}
}

// The same as asking for everything after each of many edits: corners are moved,
// units renamed so that homes on borders change hands, merged and brought back.
func TestTouchedUnitsAreEnoughAfterAnyEdit(t *testing.T) {
	q := newQuilt(8, 8, 3)
	s := q.source(6000, 10, 4)
	for i := range int32(40) {
		x, y := (i%7)*22_000, (i/7)*25_000
		s.Compounds = append(s.Compounds, Compound{Name: fmt.Sprint("小区", i), Area: area(box(x, y, x+9000, y+9000))})
	}
	s.Barriers = []Barrier{{Kind: "river", Name: "河", Line: []geo.Point{{X: lon, Y: lat + 55_555}, {X: lon + 8*patch, Y: lat + 66_666}}}}
	g := NewGround(s)
	set := Set{Rules: []Rule{{ID: 1, Kind: Households, Min: f(80), Max: f(110)}, {ID: 2, Kind: Compounds, Max: f(5)}, {ID: 3, Kind: Barriers, Max: f(50)}, {ID: 4, Kind: Staffing, Needs: []Need{{[]string{"leader"}, 1, "长", "leader"}}}}}
	units := q.units()
	kept := map[int]Fact{}
	all, _ := g.Live(set, units, nil)
	for _, x := range all {
		kept[x.Ordinal] = x
	}
	standsFor := map[string]int{}
	for _, u := range units {
		standsFor[u.Code] = u.Ordinal
	}
	random := rand.New(rand.NewPCG(5, 6))
	for step := range 300 {
		var touched []int
		switch step % 5 {
		case 3: // two units swap their codes
			a, b := random.IntN(len(units)), random.IntN(len(units))
			units[a].Code, units[b].Code = units[b].Code, units[a].Code
			touched = []int{units[a].Ordinal, units[b].Ordinal}
		case 4: // a unit gets a code of its own
			a := random.IntN(len(units))
			touched = []int{units[a].Ordinal, standsFor[units[a].Code]}
			units[a].Code = fmt.Sprintf("N%04d", random.IntN(10_000))
		default:
			c, r := 1+random.IntN(q.cols-1), 1+random.IntN(q.rows-1)
			*q.at(c, r) = geo.Point{X: lon + int32(c)*patch + random.Int32N(patch/2) - patch/4, Y: lat + int32(r)*patch + random.Int32N(patch/2) - patch/4}
			for _, d := range [4][2]int{{-1, -1}, {0, -1}, {-1, 0}, {0, 0}} {
				i := (r+d[1])*q.cols + c + d[0]
				units[i].Area = q.unit(c+d[0], r+d[1]).Area
				touched = append(touched, units[i].Ordinal)
			}
		}
		facts, findings := g.Live(set, units, touched)
		told := map[int]bool{}
		for _, x := range facts {
			kept[x.Ordinal], told[x.Ordinal] = x, true
		}
		for _, o := range touched {
			if !told[o] && o != 0 {
				t.Fatalf("step %d: unit %d was touched and is not told", step, o)
			}
		}
		for _, x := range findings {
			if !told[x.Ordinal] {
				t.Fatalf("step %d: a finding of unit %d, which is not told", step, x.Ordinal)
			}
		}
		if len(facts) > len(touched)+40 {
			t.Fatalf("step %d: %d units were told for %d touched ones", step, len(facts), len(touched))
		}
		if step%10 > 1 {
			continue
		}
		for _, want := range g.Facts(units, nil) {
			if got := kept[want.Ordinal]; text(got) != text(want) {
				t.Fatalf("step %d: unit %d\n got %s\nwant %s", step, want.Ordinal, text(got), text(want))
			}
		}
	}
}

func text(x Fact) string {
	b, _ := json.Marshal(x)
	return string(b)
}

func TestAPostStaysWithItsCodeAndElseWithTheLandItStoodOn(t *testing.T) {
	west, east := area(box(0, 0, 1000, 1000)), area(box(1000, 0, 2000, 1000))
	s := Source{Base: area(box(0, 0, 2000, 1000)), Posts: []Post{
		{"w", "block", "leader", true, geo.Point{X: lon + 500, Y: lat + 500}},
		{"e", "block", "leader", false, geo.Point{X: lon + 1500, Y: lat + 500}},
		{"village", "village", "leader", true, geo.Point{X: lon + 400, Y: lat + 400}},
	}}
	g := NewGround(s)
	tests := []struct {
		name  string
		units []Unit
		want  []string
	}{
		{"as they are", []Unit{{Ordinal: 1, Code: "w", Area: west}, {Ordinal: 2, Code: "e", Area: east}}, []string{"1:1/1", "2:1/0"}},
		{"the codes changed places", []Unit{{Ordinal: 1, Code: "e", Area: west}, {Ordinal: 2, Code: "w", Area: east}}, []string{"1:1/0", "2:1/1"}},
		{"merged into one", []Unit{{Ordinal: 1, Code: "w", Area: s.Base}}, []string{"1:2/1"}},
		{"drawn anew", []Unit{{Ordinal: 3, Code: "n", Area: s.Base}}, []string{"3:2/1"}},
		{"a unit above", []Unit{{Ordinal: 4, Code: "other", Level: "village", Area: s.Base}}, []string{"4:1/1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.units {
				if tt.units[i].Level == "" {
					tt.units[i].Level = "block"
				}
			}
			var got []string
			for _, x := range g.Facts(tt.units, nil) {
				all, held := 0, 0
				for _, p := range x.Posts {
					all, held = all+p.All, held+p.Held
				}
				got = append(got, fmt.Sprintf("%d:%d/%d", x.Ordinal, all, held))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func TestWhoMayNotSeePlacesLearnsNoNumbers(t *testing.T) {
	q := newQuilt(2, 2, 1)
	s := q.source(100, 10, 1)
	s.Blind = true
	for _, x := range NewGround(s).Facts(q.units(), nil) {
		if x.Households != nil || x.People != nil || x.Incidents != nil || x.Empty != nil || x.Area == 0 {
			t.Errorf("%+v", x)
		}
	}
}

func TestCompoundsAreCutWhereTwoUnitsOfTheDraftHaveLandOfThem(t *testing.T) {
	left := area(box(0, 0, 10_000, 10_000))
	tests := []struct {
		name     string
		compound geo.Ring
		want     float64 // percent in the unit; -1 = not cut
	}{
		{"inside", box(1000, 1000, 3000, 3000), -1},
		{"beside", box(12_000, 1000, 13_000, 3000), -1},
		{"up to the border", box(8000, 1000, 10_000, 3000), -1},
		{"a step over the border, as rounding leaves it", box(8000, 1000, 10_001, 3000), -1},
		{"a metre over the border", box(8000, 1000, 10_100, 3000), 100. / 1.05},
		{"a quarter here", box(9500, 1000, 11_500, 3000), 25},
		{"out of the whole draft, but in one unit of it", box(-3000, 1000, 1000, 3000), -1},
		{"out of the draft and over the border", box(9000, 9000, 12_000, 12_000), 100. / 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewGround(Source{Base: area(box(0, 0, 20_000, 10_000)), Compounds: []Compound{{"苑", area(tt.compound)}}})
			x := g.Facts([]Unit{{Ordinal: 1, Area: left}}, nil)[0]
			switch {
			case tt.want < 0:
				if len(x.Cut) != 0 {
					t.Errorf("cut: %+v", x.Cut)
				}
			case len(x.Cut) != 1:
				t.Errorf("not cut")
			default:
				c := x.Cut[0]
				if got := 100 * c.Inside / (c.Inside + c.Other); math.Abs(got-tt.want) > 1e-6*tt.want {
					t.Errorf("%v%% in the unit, want %v%%", got, tt.want)
				}
				if !newShape(area(tt.compound)).covers(c.At) {
					t.Errorf("the place %v is not in the compound", c.At)
				}
			}
		})
	}
}

func TestUnitsAboveAreWhatLiesBelow(t *testing.T) {
	q := newQuilt(8, 6, 9)
	units := q.units()
	for i := range units {
		units[i].Parent = []string{"w", "e"}[i%q.cols/4]
	}
	s := q.source(5000, 10, 9)
	s.Posts = []Post{{"w", "village", "leader", true, units[0].Area[0][0][0]}}
	s.Compounds = []Compound{{"两村之间", area(box(3*patch, 3*patch, 5*patch, 4*patch))}, {"西村", area(box(patch/2, patch/2, 2*patch, 2*patch))}}
	s.Above = map[string]geo.MultiPolygon{"town": s.Base}
	g := NewGround(s)
	above := []Unit{{Ordinal: -7, Code: "w", Level: "village", Parent: "town"}, {Ordinal: -8, Code: "e", Level: "village", Parent: "town"}, {Ordinal: 99, Code: "without any", Level: "village"}}
	all, _ := Above(units, above, nil)
	facts := g.Facts(all, nil)
	if len(facts) != len(units)+2 || facts[0].Ordinal != -8 || facts[1].Ordinal != -7 {
		t.Fatalf("%d facts of %d units: %+v", len(facts), len(units), facts[:2])
	}
	for i, code := range []string{"e", "w"} {
		whole, households, people, incidents := facts[i], 0, 0, 0
		var below []geo.MultiPolygon
		size := 0.0
		for _, x := range facts[2:] {
			if x.Parent == code {
				households, people, incidents, size = households+*x.Households, people+*x.People, incidents+*x.Incidents, size+x.Area
				below = append(below, x.shape)
			}
		}
		if *whole.Households != households || *whole.People != people || *whole.Incidents != incidents || math.Abs(whole.Area-size) > 1e-6*size || *whole.Outside != 0 {
			t.Errorf("%s has %d homes, %d people, %d incidents, %v m²; below it %d, %d, %d, %v", code, *whole.Households, *whole.People, *whole.Incidents, whole.Area, households, people, incidents, size)
		}
		joined := g.Facts([]Unit{{Ordinal: 1, Code: code, Level: "village", Parent: "town", Area: topology.Union(below...)}}, nil)[0]
		if len(whole.Cut) != len(joined.Cut) || len(whole.Cut) != 1 || math.Abs(whole.Cut[0].Inside-joined.Cut[0].Inside) > 1 {
			t.Errorf("%s cuts %+v; as one area %+v", code, whole.Cut, joined.Cut)
		}
		if whole.Pieces != 0 || whole.Compactness != 0 || joined.Pieces != 1 || joined.Compactness == 0 {
			t.Errorf("%s: pieces %d, compactness %v; as one area %d, %v", code, whole.Pieces, whole.Compactness, joined.Pieces, joined.Compactness)
		}
	}
	if len(facts[1].Posts) != 1 || len(facts[0].Posts) != 0 {
		t.Errorf("posts: %+v, %+v", facts[1].Posts, facts[0].Posts)
	}
	set := Set{Rules: []Rule{{Kind: Split, Level: "village", Max: f(100)}, {Kind: Contiguous}, {Kind: Compactness, Min: f(0.1)}}}
	all, touched := Above(units, above, []int{units[0].Ordinal})
	if !slices.Equal(touched, []int{units[0].Ordinal, -7}) {
		t.Errorf("touched %v", touched)
	}
	_, found := g.Live(set, all, touched)
	if len(found) != 1 || found[0].Ordinal != -7 || found[0].Kind != Split {
		t.Errorf("findings %+v", found)
	}
	if _, touched := Above(units, above, []int{units[0].Ordinal, -7, -8}); len(touched) != 3 {
		t.Errorf("touched twice: %v", touched)
	}
}

// A compound of 2,000 homes does not fit into a grid of 500: it is divided into grids
// of its own. But no part of it goes with other land.
func TestACompoundTooLargeForAUnitIsDividedIntoUnitsOfItsOwn(t *testing.T) {
	compound := area(box(1000, 1000, 9000, 9000))
	home := func(x, y int32) Home { return Home{At: geo.Point{X: lon + x, Y: lat + y}, People: -1} }
	west, east := area(box(0, 0, 5000, 10_000)), area(box(5000, 0, 30_000, 10_000))
	tests := []struct {
		name  string
		homes []Home
		blind bool
		own   [2]bool // west, east
	}{
		{"all homes are in it", []Home{home(2000, 2000), home(6000, 2000), home(9000, 9000)}, false, [2]bool{true, true}},
		{"the east has a home elsewhere", []Home{home(2000, 2000), home(6000, 2000), home(20_000, 2000)}, false, [2]bool{true, false}},
		{"no homes, but most of the land", nil, false, [2]bool{true, false}},
		{"homes that may not be told", []Home{home(500, 500), home(6000, 2000)}, true, [2]bool{true, false}},
		{"the homes are elsewhere", []Home{home(500, 500), home(20_000, 2000)}, false, [2]bool{false, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewGround(Source{Base: area(box(0, 0, 30_000, 10_000)), Blind: tt.blind, Homes: tt.homes, Compounds: []Compound{{"大院", compound}}})
			facts, found := g.Live(Set{Rules: []Rule{{Kind: Compounds, Max: f(5)}}}, []Unit{{Ordinal: 1, Area: west}, {Ordinal: 2, Area: east}}, nil)
			for i, x := range facts {
				if len(x.Cut) != 1 || x.Cut[0].Own != tt.own[i] {
					t.Errorf("unit %d: %+v, want a part of its own: %v", x.Ordinal, x.Cut, tt.own[i])
				}
				broken := slices.ContainsFunc(found, func(b Finding) bool { return b.Ordinal == x.Ordinal })
				if broken == tt.own[i] {
					t.Errorf("unit %d breaks the rule: %v", x.Ordinal, broken)
				}
			}
		})
	}
}

// The invented town draws its units around compounds and hamlets, in one piece, and
// within the units above.
func TestTheInventedTownKeepsToTheRules(t *testing.T) {
	made, err := town.Generate(t.Context(), town.Options{Households: 12_000, Seed: 1, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	s := Source{Above: map[string]geo.MultiPolygon{}}
	var units []Unit
	for i, u := range made.Units {
		s.Above[u.Code] = u.Area
		if u.Level == made.Levels[0].Code {
			s.Base = u.Area
		}
		if u.Level == "micro-grid" || u.Level == "building-group" {
			units = append(units, Unit{Ordinal: i, Code: u.Code, Name: u.Name, Level: u.Level, Parent: u.Parent, Area: u.Area})
		}
	}
	for _, h := range made.Households {
		s.Homes = append(s.Homes, Home{At: h.At, People: -1})
	}
	for _, c := range made.Compounds {
		if c.Kind == "compound" || c.Kind == "natural-village" {
			s.Compounds = append(s.Compounds, Compound{c.Name, c.Area})
		}
	}
	for _, street := range made.Streets {
		if street.Class == "primary" {
			s.Barriers = append(s.Barriers, Barrier{Kind: "primary", Name: street.Name, Line: made.Line(street)})
		}
	}
	for _, w := range made.Water {
		if w.Kind == "river" || w.Kind == "canal" {
			s.Barriers = append(s.Barriers, Barrier{Kind: w.Kind, Name: w.Name, Area: w.Area})
		}
	}
	facts, found := NewGround(s).Live(Set{Rules: []Rule{{Kind: Contiguous}, {Kind: Inside, Max: f(50)}, {Kind: Compounds, Max: f(5)}}}, units, nil)
	for _, x := range found {
		t.Errorf("%s: %s", x.Code, x.En)
	}
	households, across := map[string]int{}, 0
	for _, x := range facts {
		households[x.Level] += *x.Households
		if len(x.Crossed) > 0 && x.Crossed[0].Metres > 100 {
			across++
		}
	}
	if households["micro-grid"] != len(made.Households) || households["building-group"] != len(made.Households) {
		t.Errorf("%v homes of %d", households, len(made.Households))
	}
	if across > len(units)/100 {
		t.Errorf("%d of %d units lie on both sides of a main road or river", across, len(units))
	}
}

// A step of longitude is 0.961 cm here, one of latitude 1.112 cm.
func TestAUnitLiesOnBothSidesOnlyWhereItReachesWellBeyond(t *testing.T) {
	const w, h = 1.112 * 0.8643, 1.112 // cm in a step
	whole := area(box(0, 0, 40_000, 40_000))
	at := func(points ...int32) (list []geo.Point) {
		for i := 0; i < len(points); i += 2 {
			list = append(list, geo.Point{X: lon + points[i], Y: lat + points[i+1]})
		}
		return list
	}
	tests := []struct {
		name    string
		unit    geo.MultiPolygon
		barrier Barrier
		want    float64 // m
	}{
		{"a road through the middle, but for its ends", whole, Barrier{Line: at(-5000, 20_000, 45_000, 20_000)}, 40_000 * w / 100},
		{"a road along the border", whole, Barrier{Line: at(0, 0, 40_000, 0)}, 0},
		{"a road 20 m inside the border", whole, Barrier{Line: at(1800, 0, 1800, 40_000)}, 0},
		{"a road 50 m inside the border", whole, Barrier{Line: at(5200, 0, 5200, 40_000)}, 40_000 * h / 100},
		{"a road that passes by", whole, Barrier{Line: at(50_000, 0, 50_000, 40_000)}, 0},
		{"a road that ends inside", whole, Barrier{Line: at(20_000, 20_000, 60_000, 20_000)}, 20_000 * w / 100},
		{"a river through the middle", whole, Barrier{Area: area(box(-5000, 18_000, 45_000, 22_000))}, 40_000 * w / 100},
		{"a river whose middle is the border", area(box(0, 20_000, 40_000, 40_000)), Barrier{Area: area(box(-5000, 18_000, 45_000, 22_000))}, 0},
		{"a river at the edge", whole, Barrier{Area: area(box(-5000, -4000, 45_000, 1000))}, 0},
		{"a river with an island", whole, Barrier{Area: area(box(-5000, 15_000, 45_000, 25_000), box(10_000, 18_000, 30_000, 22_000).Reversed())}, 0}, // below
		{"a lake as wide as a town", area(box(-400_000, -400_000, 600_000, 600_000)), Barrier{Area: area(box(0, 0, 200_000, 200_000))}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.barrier.Kind, tt.barrier.Name = "river", "河"
			g := NewGround(Source{Base: area(box(-1_000_000, -1_000_000, 1_000_000, 1_000_000)), Barriers: []Barrier{tt.barrier}})
			x := g.Facts([]Unit{{Ordinal: 1, Area: tt.unit}}, nil)[0]
			got := 0.0
			for _, c := range x.Crossed {
				got += c.Metres
			}
			if tt.name == "a river with an island" {
				if got < 40_000*w/100 {
					t.Errorf("%v m, want its length at least", got)
				}
				return
			}
			// Where a barrier leaves, up to the places beyond and a pace are left out.
			if got > tt.want+pace || got < tt.want-2*beyond-2*pace {
				t.Errorf("%v m, want %v m", got, tt.want)
			}
		})
	}
}

func TestStretchesOfANamedRoadAreOneAndNamelessOnesAreNot(t *testing.T) {
	across := func(y int32) []geo.Point { return []geo.Point{{X: lon, Y: lat + y}, {X: lon + 40_000, Y: lat + y}} }
	g := NewGround(Source{Base: area(box(0, 0, 40_000, 40_000)), Barriers: []Barrier{
		{Kind: "primary", Name: "一路", Line: across(10_000)}, {Kind: "primary", Name: "一路", Line: across(12_000)},
		{Kind: "primary", Line: across(20_000)}, {Kind: "primary", Line: across(30_000)}}})
	x := g.Facts([]Unit{{Ordinal: 1, Area: area(box(0, 0, 40_000, 40_000))}}, nil)[0]
	if len(x.Crossed) != 3 || x.Crossed[0].Name != "一路" || x.Crossed[0].Metres < 1.9*x.Crossed[1].Metres {
		t.Errorf("%+v", x.Crossed)
	}
}

func TestLandOutsideTheUnitAboveIsMeasured(t *testing.T) {
	g := NewGround(Source{Above: map[string]geo.MultiPolygon{"v": area(box(0, 0, 10_000, 10_000), box(4000, 4000, 6000, 6000).Reversed())}})
	unit := func(parent string, ring geo.Ring) Unit { return Unit{Ordinal: 1, Parent: parent, Area: area(ring)} }
	step := float64(area(box(0, 0, 10_000, 10_000)).SquareMeters()) / 1e8
	tests := []struct {
		name string
		unit Unit
		want float64 // square steps
	}{
		{"inside", unit("v", box(1000, 1000, 2000, 2000)), 0},
		{"along the border", unit("v", box(0, 0, 10_000, 1000)), 0},
		{"a step outside", unit("v", box(-1, 0, 1000, 1000)), 1000},
		{"half outside", unit("v", box(-1000, 0, 1000, 1000)), 1e6},
		{"wholly outside", unit("v", box(20_000, 0, 21_000, 1000)), 1e6},
		{"over the hole", unit("v", box(3000, 3000, 7000, 7000)), 4e6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := g.Facts([]Unit{tt.unit}, nil)[0]
			if math.Abs(*x.Outside-tt.want*step) > 1e-4*tt.want*step+1e-6 {
				t.Errorf("%v m², want %v m²", *x.Outside, tt.want*step)
			}
			if got := Check(Set{Rules: []Rule{{Kind: Inside, Max: f(0)}}}, []Fact{x}); (len(got) > 0) != (tt.want > 0) && tt.want != 0 {
				t.Errorf("findings %+v", got)
			} else if tt.want > 0 && newShape(g.above["v"].area).covers(got[0].At) && tt.name != "over the hole" {
				t.Errorf("the place %v is not outside", got[0].At)
			}
		})
	}
	if x := g.Facts([]Unit{unit("new", box(0, 0, 9, 9))}, nil)[0]; x.Outside != nil {
		t.Errorf("outside a unit above that is not in force: %v", *x.Outside)
	}
}
