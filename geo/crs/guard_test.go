package crs

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
)

// A place is an invented town: crooked streets at uneven distances, buildings
// along them, villages bounded by every fourth street.
type place struct {
	streets   []orb.LineString
	buildings []orb.MultiPolygon
	villages  []orb.MultiPolygon
	doors     []orb.Point // one in every building
}

func invent(center orb.Point, seed uint64) place {
	const n = 17
	rnd := rand.New(rand.NewPCG(seed, 0))
	s := scene{origin: center, scale: orb.Point{geo.MetersPerDegree * math.Cos(center[1]*degree), geo.MetersPerDegree}}
	var xs, ys [n]float64
	for i := 1; i < n; i++ {
		xs[i] = xs[i-1] + 70 + 160*rnd.Float64()
		ys[i] = ys[i-1] + 70 + 160*rnd.Float64()
	}
	var cross [n][n]orb.Point
	for i := range n {
		for j := range n {
			cross[i][j] = s.degrees(orb.Point{xs[i] - xs[n/2] + 25*rnd.NormFloat64(), ys[j] - ys[n/2] + 25*rnd.NormFloat64()})
		}
	}
	var p place
	for i := range n {
		var northward, eastward orb.LineString
		for j := range n {
			northward = append(northward, cross[i][j])
			eastward = append(eastward, cross[j][i])
		}
		p.streets = append(p.streets, northward, eastward)
	}
	for _, street := range p.streets {
		p.build(&s, street, rnd)
	}
	for i := 0; i+4 < n; i += 4 {
		for j := 0; j+4 < n; j += 4 {
			var ring orb.Ring
			for k := range 4 {
				ring = append(ring, cross[i+k][j])
			}
			for k := range 4 {
				ring = append(ring, cross[i+4][j+k])
			}
			for k := range 4 {
				ring = append(ring, cross[i+4-k][j+4])
			}
			for k := range 4 {
				ring = append(ring, cross[i][j+4-k])
			}
			p.villages = append(p.villages, orb.MultiPolygon{{append(ring, ring[0])}})
		}
	}
	return p
}

// build puts houses on both sides of a street, 8 to 18 m from its middle.
func (p *place) build(s *scene, street orb.LineString, rnd *rand.Rand) {
	for i := 1; i < len(street); i++ {
		a, b := s.meters(street[i-1]), s.meters(street[i])
		length := math.Hypot(b[0]-a[0], b[1]-a[1])
		along := orb.Point{(b[0] - a[0]) / length, (b[1] - a[1]) / length}
		for at := 20.0; at < length-35; at += 25 + 20*rnd.Float64() {
			side := float64(1 - 2*rnd.IntN(2))
			front := (8 + 6*rnd.Float64()) * side
			corner := func(u, v float64) orb.Point {
				return s.degrees(orb.Point{a[0] + u*along[0] - v*along[1], a[1] + u*along[1] + v*along[0]})
			}
			ring := orb.Ring{corner(at, front), corner(at+14, front), corner(at+14, front+10*side), corner(at, front+10*side)}
			p.buildings = append(p.buildings, orb.MultiPolygon{{append(ring, ring[0])}})
			p.doors = append(p.doors, corner(at+7, front+5*side))
		}
	}
}

func written(t testing.TB, c CRS, places []orb.Point) []orb.Point {
	t.Helper()
	out := make([]orb.Point, len(places))
	for i, p := range places {
		q, err := c.FromWGS84(p)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = q
	}
	return out
}

func vertices(areas []orb.MultiPolygon) []orb.Point {
	var points []orb.Point
	for _, area := range areas {
		for _, polygon := range area {
			for _, ring := range polygon {
				points = append(points, ring[:len(ring)-1]...)
			}
		}
	}
	return points
}

func scattered(places []orb.Point, meters float64) []orb.Point {
	rnd := rand.New(rand.NewPCG(9, 9))
	out := make([]orb.Point, len(places))
	for i, p := range places {
		out[i] = orb.Point{p[0] + rnd.NormFloat64()*meters/96_000, p[1] + rnd.NormFloat64()*meters/111_000}
	}
	return out
}

var center = orb.Point{120.1, 30.25}

// Every kind of file over every kind of evidence, in every system, declared
// rightly and wrongly.
func TestGuardAcceptsTheRightClaimAndRefusesTheWrongOne(t *testing.T) {
	town := invent(center, 1)
	half := len(town.villages) / 2
	cases := []struct {
		name   string
		places []orb.Point
		ev     Evidence
	}{
		{"borders that follow streets", vertices(town.villages), Evidence{Lines: town.streets}},
		{"borders drawn by hand along streets", scattered(vertices(town.villages), 6), Evidence{Lines: town.streets}},
		{"neighbours that share borders", vertices(town.villages[:half]), Evidence{Areas: town.villages[half:]}},
		{"a new edition of the same units", scattered(vertices(town.villages), 1), Evidence{Areas: town.villages}},
		{"doors over buildings", town.doors, Evidence{Areas: town.buildings}},
		{"geocoded doors over everything", scattered(town.doors, 8), Evidence{Lines: town.streets, Areas: append(town.buildings, town.villages...)}},
		{"doors over streets", town.doors, Evidence{Lines: town.streets}},
		{"doors over units only", town.doors, Evidence{Areas: town.villages}},
	}
	systems := []CRS{WGS84, GCJ02, BD09, "EPSG:4549", "EPSG:4528", "EPSG:4326;ne", "EPSG:4549;ne"}
	for i, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			if i > 0 {
				systems = systems[:3] // all pairs once are enough
			}
			for _, truth := range systems {
				file := written(t, truth, tt.places)
				if v := Guard(truth, file, tt.ev); v.Result != OK || v.LooksLike != truth {
					t.Errorf("%s declared rightly: %+v", truth, v)
				}
				for _, claim := range systems {
					if claim == truth {
						continue
					}
					v := Guard(claim, file, tt.ev)
					if v.Result != Mismatch || v.LooksLike != truth {
						t.Errorf("%s declared %s: %s, looks like %q: %s", truth, claim, v.Result, v.LooksLike, v.Why)
					}
					if !strings.Contains(v.Why, short(truth)) || !strings.Contains(v.WhyZh, shortZh(truth)) || !strings.Contains(v.WhyZh, "%") {
						t.Errorf("%s declared %s: the sentences do not say it with figures: %s %s", truth, claim, v.Why, v.WhyZh)
					}
				}
			}
		})
	}
}

func TestGuardKnowsTheZoneOnTheOtherSideOfTheBorder(t *testing.T) {
	town := invent(orb.Point{121.5, 31.1}, 2) // Kangqiao lies between 120° and 123°
	ev := Evidence{Lines: town.streets}
	file := written(t, "EPSG:4550", vertices(town.villages))
	v := Guard("EPSG:4549", file, ev)
	if v.Result != Mismatch || v.LooksLike != "EPSG:4550" {
		t.Errorf("a file of meridian 123° declared 120°: %+v", v)
	}
	if v := Guard("EPSG:4550", file, ev); v.Result != OK {
		t.Errorf("declared rightly: %+v", v)
	}
	// The 6-degree zone on 123° without its number is the same projection.
	if v := Guard("EPSG:4510", file, ev); v.Result != OK {
		t.Errorf("declared as the same projection by another name: %+v", v)
	}
}

func TestGuardSaysWhenItCannotTell(t *testing.T) {
	town := invent(center, 3)
	borders := vertices(town.villages)
	elsewhere := invent(orb.Point{104, 30.6}, 4)
	tests := []struct {
		name string
		file []orb.Point
		ev   Evidence
	}{
		{"nothing is known", borders, Evidence{}},
		{"all that is known is in another province", borders, Evidence{Lines: elsewhere.streets, Areas: elsewhere.villages}},
		{"no coordinates", nil, Evidence{Lines: town.streets}},
		{"three points", borders[:3], Evidence{Lines: town.streets}},
		{"doors deep inside one large unit", town.doors, Evidence{Areas: []orb.MultiPolygon{orb.MultiPolygon{{square(119.9, 30.05, 120.3, 30.45)}}}}},
		{"broken evidence", borders, Evidence{Lines: []orb.LineString{nil, {}, {{math.NaN(), 1}, {2, 3}}, {center, {math.NaN(), math.Inf(1)}, {center[0] + 0.001, center[1]}}}, Areas: []orb.MultiPolygon{nil, {}, {{}}, {{{}}}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, claim := range []CRS{WGS84, GCJ02, BD09} {
				v := Guard(claim, tt.file, tt.ev)
				if v.Result != Unchecked || v.LooksLike != "" || v.Why == "" || v.WhyZh == "" {
					t.Errorf("%s: %+v, want unchecked with a reason", claim, v)
				}
			}
		})
	}
}

func square(west, south, east, north float64) orb.Ring {
	return orb.Ring{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}
}

func TestGuardRefusesWhatCannotBe(t *testing.T) {
	town := invent(center, 5)
	borders := vertices(town.villages)
	tests := []struct {
		name   string
		claim  CRS
		truth  CRS
		looks  CRS
		reason string
	}{
		{"metres as degrees, with the zone's number", WGS84, "EPSG:4528", "EPSG:4528", "not degrees"},
		{"metres as degrees, without", WGS84, "EPSG:4549", "", "not degrees"},
		{"degrees as metres", "EPSG:4549", WGS84, "", "degrees"},
		{"latitude first", WGS84, "EPSG:4326;ne", "", "swapped"},
		{"an unknown system", "EPSG:3857", WGS84, "", "3857"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := Guard(tt.claim, written(t, tt.truth, borders), Evidence{})
			if v.Result != Mismatch || v.LooksLike != tt.looks || !strings.Contains(v.Why, tt.reason) {
				t.Errorf("got %+v, want a mismatch that looks like %q and speaks of %q", v, tt.looks, tt.reason)
			}
		})
	}
}

func TestGuardFindsTwoSystemsInOneFile(t *testing.T) {
	town := invent(center, 6)
	file := append(written(t, WGS84, town.doors[:len(town.doors)/2]), written(t, GCJ02, town.doors[len(town.doors)/2:])...)
	v := Guard(WGS84, file, Evidence{Areas: town.buildings})
	if v.Result != Unchecked || !strings.Contains(v.Why, "Parts of the file") {
		t.Errorf("half WGS 84, half GCJ-02: %+v", v)
	}
}

// What has nothing to do with the evidence must never be refused.
func TestGuardRaisesNoFalseAlarm(t *testing.T) {
	town, other := invent(center, 7), invent(center, 8) // two towns in one place
	rnd := rand.New(rand.NewPCG(4, 4))
	samples := [][]orb.Point{vertices(other.villages), other.doors, other.doors[:60], vertices(other.villages[:3])}
	evidence := []Evidence{{Lines: town.streets}, {Areas: town.buildings}, {Lines: town.streets, Areas: append(town.buildings, town.villages...)}}
	for range 40 {
		sample, ev := samples[rnd.IntN(len(samples))], evidence[rnd.IntN(len(evidence))]
		claim := []CRS{WGS84, GCJ02, BD09}[rnd.IntN(3)]
		east, north := 0.01*rnd.NormFloat64(), 0.01*rnd.NormFloat64()
		moved := make([]orb.Point, len(sample))
		for i, p := range sample {
			moved[i] = orb.Point{p[0] + east, p[1] + north}
		}
		if v := Guard(claim, written(t, claim, moved), ev); v.Result == Mismatch {
			t.Errorf("an unrelated sample of %d points is refused: %+v", len(sample), v)
		}
	}
}

func TestGuardIgnoresSomeDirtAndIsDeterministic(t *testing.T) {
	town := invent(center, 9)
	file := written(t, GCJ02, town.doors)
	for i := range file {
		switch i % 10 {
		case 3:
			file[i] = orb.Point{0, 0}
		case 7:
			file[i] = orb.Point{math.NaN(), 1e300}
		}
	}
	ev := Evidence{Lines: town.streets, Areas: town.buildings}
	first := Guard(WGS84, file, ev)
	if first.Result != Mismatch || first.LooksLike != GCJ02 {
		t.Errorf("with a fifth of dirt: %+v", first)
	}
	if second := Guard(WGS84, file, ev); !reflect.DeepEqual(first, second) {
		t.Errorf("asked twice: %+v and %+v", first, second)
	}
}

// The real files, in the systems in which such files come.
func TestGuardOnRealFiles(t *testing.T) {
	villages := areasOf(t, "taipei/taipei_village.geojson")
	towns := areasOf(t, "taipei/taipei_town.geojson")
	grids := areasOf(t, "xihu-grids/grids.dev.geojson")
	communities := areasOf(t, "xihu-grids/communities.dev.geojson")
	xihu := areasOf(t, "xihu-grids/towns.geojson")
	longgang, _ := streetsAndBuildings(t, "osm-cn/shenzhen-longgang.osm.pbf")
	renmin, _ := streetsAndBuildings(t, "osm-cn/shanghai-renminguangchang.osm.pbf")
	campus, campusBuildings := streetsAndBuildings(t, "osm-cn/beijing-bupt.osm.pbf")
	cases := []struct {
		name   string
		places []orb.Point
		ev     Evidence
	}{
		{"Taipei villages over towns", vertices(villages), Evidence{Areas: towns}},
		{"Taipei towns over villages", vertices(towns), Evidence{Areas: villages}},
		{"Xihu grids over towns", vertices(grids), Evidence{Areas: xihu}},
		{"Xihu communities over towns", vertices(communities), Evidence{Areas: xihu}},
		{"Xihu grids beside the other grids", vertices(grids[:160]), Evidence{Areas: grids[160:]}},
		{"Longgang: half of the streets over the others", ends(longgang[len(longgang)/2:]), Evidence{Lines: longgang[:len(longgang)/2]}},
		{"Renminguangchang: half of the streets over the others", ends(renmin[len(renmin)/2:]), Evidence{Lines: renmin[:len(renmin)/2]}},
		{"a campus: buildings over themselves and the streets", vertices(campusBuildings), Evidence{Lines: campus, Areas: campusBuildings}},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			for _, truth := range []CRS{WGS84, GCJ02, BD09} {
				file := written(t, truth, tt.places)
				for _, claim := range []CRS{WGS84, truth} {
					v := Guard(claim, file, tt.ev)
					want := Mismatch
					if claim == truth {
						want = OK
					}
					if v.Result != want || v.LooksLike != truth {
						t.Errorf("%s declared %s: %+v", truth, claim, v)
					}
					if truth == GCJ02 && claim == WGS84 {
						t.Log(v.Why)
						t.Log(v.WhyZh)
					}
				}
			}
		})
	}
}

// A file shifted by another program and written with seven decimals, declared
// rightly, lands within one lattice step of the original on each axis.
func TestShiftedRealFilesComeBackWithinOneStep(t *testing.T) {
	places := append(vertices(areasOf(t, "taipei/taipei_village.geojson")), vertices(areasOf(t, "xihu-grids/grids.dev.geojson"))...)
	for _, c := range []CRS{GCJ02, BD09} {
		moved := 0
		for i, p := range written(t, c, places) {
			seven := orb.Point{math.Round(p[0]*1e7) / 1e7, math.Round(p[1]*1e7) / 1e7}
			back, err := c.ToWGS84(seven)
			if err != nil {
				t.Fatal(err)
			}
			got, want := geo.Snap(back), geo.Snap(places[i])
			dx, dy := got.X-want.X, got.Y-want.Y
			if max(dx, -dx) > 1 || max(dy, -dy) > 1 {
				t.Fatalf("%s: %v comes back as %v, want within one step of %v", c, seven, got, want)
			}
			if dx != 0 || dy != 0 {
				moved++
			}
		}
		t.Logf("%s: %d of %d vertices come back exactly, the others one step off", c, len(places)-moved, len(places))
	}
}

func ends(lines []orb.LineString) []orb.Point {
	var points []orb.Point
	for _, line := range lines {
		points = append(points, line...)
	}
	return points
}

func BenchmarkGuard(b *testing.B) {
	town := invent(center, 1)
	ev := Evidence{Lines: town.streets, Areas: append(town.buildings, town.villages...)}
	file := written(b, GCJ02, town.doors)
	for b.Loop() {
		Guard(WGS84, file, ev)
	}
}
