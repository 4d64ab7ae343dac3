package town

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/topology"
)

// sample is a town of the usual size, made once.
var sample = sync.OnceValues(func() (*Town, error) {
	return Generate(context.Background(), Options{Households: 10_000, Seed: 1})
})

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func town(t *testing.T) *Town {
	t.Helper()
	made, err := sample()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func hash(t *testing.T, town *Town) string {
	t.Helper()
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(town); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestSameOptionsGiveTheSameBytes(t *testing.T) {
	o := Options{Households: 22_000, Seed: 7}
	a, err := Generate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Generate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if hash(t, a) != hash(t, c) {
		t.Error("two towns from the same options differ")
	}
	o.Seed++
	d, err := Generate(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if hash(t, a) == hash(t, d) {
		t.Error("another seed made the same town")
	}
}

// The demo town is the same for everybody. When a change of the generator is
// meant, the new digest goes here.
const sampleDigest = "ee0e014349f6f7f2288bb338e331567a41bd1a030b02dc560339ae53d35e3543"

func TestTheDemoTownIsTheOneWeKnow(t *testing.T) {
	if got := hash(t, town(t)); got != sampleDigest {
		t.Errorf("digest of the demo town = %s, want %s", got, sampleDigest)
	}
}

func TestCounts(t *testing.T) {
	town := town(t)
	got := map[string]int{}
	for _, u := range town.Units {
		got[u.Level]++
	}
	want := map[string]int{LevelTown: 1, LevelCluster: 6, LevelVillage: 40, LevelMicroGrid: 251}
	for level, n := range want {
		if got[level] != n {
			t.Errorf("%d units of level %s, want %d", got[level], level, n)
		}
	}
	if n := got[LevelBuildingGroup]; n < 251*3 || n > 251*6 {
		t.Errorf("%d building groups, want three to six for each micro-grid", n)
	}
	if n := len(town.Households); n != 10_000 {
		t.Errorf("%d households, want 10000", n)
	}
	tiers := map[string]int{}
	for _, s := range town.ServicePoints {
		tiers[s.Tier]++
	}
	if tiers["center"] != 1 || tiers["station"] != 6 || tiers["point"] != 62 || tiers["other"] != gasCount+busCount {
		t.Errorf("service points by tier: %v, want 1 + 6 + 62 + %d", tiers, gasCount+busCount)
	}
}

func TestHouseholdsAreExactlyAsManyAsAsked(t *testing.T) {
	for _, n := range []int{1, 40, 999, 4_321, 14_999, 30_001} {
		town, err := Generate(t.Context(), Options{Households: n, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if len(town.Households) != n {
			t.Errorf("%d households, want %d", len(town.Households), n)
		}
		tiles(t, town)
	}
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	for _, o := range []Options{{}, {Households: -1}, {Households: MaxHouseholds + 1}, {Households: 10, Center: orb.Point{10, 80}}} {
		if _, err := Generate(t.Context(), o); !errors.Is(err, ErrOptions) {
			t.Errorf("Generate(%+v) = %v, want ErrOptions", o, err)
		}
	}
}

func TestWalledCompoundsHaveGatesOnTheNetwork(t *testing.T) {
	town := town(t)
	on := make([]int, len(town.Nodes))
	for _, s := range town.Streets {
		for _, n := range s.Nodes {
			on[n]++
		}
	}
	walls := 0
	for _, c := range town.Compounds {
		if !c.Wall {
			continue
		}
		walls++
		if len(c.Gates) == 0 {
			t.Errorf("compound %s has no gate", c.Name)
		}
		for _, g := range c.Gates {
			if on[g] < 2 {
				t.Errorf("a gate of %s joins %d streets", c.Name, on[g])
			}
		}
	}
	if walls < 15 {
		t.Errorf("%d walled compounds", walls)
	}
}

func TestAddressesAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, h := range town(t).Households {
		key := h.Compound + "|" + h.Building + "|" + h.Stairwell + "|" + h.Doorplate
		if other := seen[key]; other != "" {
			t.Fatalf("households %s and %s are both %s", other, h.SourceID, key)
		}
		seen[key] = h.SourceID
	}
}

func TestNumerals(t *testing.T) {
	for n, want := range map[int]string{1: "一", 10: "十", 12: "十二", 20: "二十", 45: "四十五", 100: "一百", 105: "一百零五", 110: "一百一十", 213: "二百一十三", 251: "二百五十一"} {
		if got := numeral(n); got != want {
			t.Errorf("numeral(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestStopsWhenToldTo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Generate(ctx, Options{Households: 500_000}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context.Canceled", err)
	}
}

func TestEveryLevelTilesTheOneAboveExactly(t *testing.T) {
	for seed := range uint64(6) {
		town, err := Generate(t.Context(), Options{Households: 10_000, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		tiles(t, town)
	}
}

func TestTownsOfACountyTileIt(t *testing.T) {
	town, err := Generate(t.Context(), Options{Households: 50_000, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if town.Units[0].Level != LevelCounty {
		t.Fatalf("top level = %s, want a county", town.Units[0].Level)
	}
	tiles(t, town)
	connected(t, town)
}

func tiles(t *testing.T, town *Town) {
	t.Helper()
	children := map[string][]topology.Part{}
	codes := map[string]bool{}
	for _, u := range town.Units {
		if codes[u.Code] {
			t.Errorf("code %s twice", u.Code)
		}
		codes[u.Code] = true
		if u.Parent != "" {
			children[u.Parent] = append(children[u.Parent], topology.Part{Code: u.Code, Parent: u.Parent, Area: u.Area})
		}
	}
	for _, u := range town.Units {
		if u.Level == LevelBuildingGroup {
			continue
		}
		if got := topology.Check(u.Area, children[u.Code]); len(got) > 0 {
			t.Errorf("%s %s (%s): %d faults, the first %+v", u.Level, u.Code, u.Name, len(got), got[0])
		}
	}
}

func TestABrokenBorderWouldBeHeardOf(t *testing.T) {
	town := town(t)
	var parent Unit
	var parts []topology.Part
	for _, u := range town.Units {
		if u.Level == LevelCluster && parent.Code == "" {
			parent = u
		}
		if u.Parent == parent.Code && u.Level == LevelVillage {
			parts = append(parts, topology.Part{Code: u.Code, Area: u.Area})
		}
	}
	ring := append(geo.Ring(nil), parts[0].Area[0][0]...)
	ring[0].X += 2 // two centimetres
	parts[0].Area = geo.MultiPolygon{append(geo.Polygon{ring}, parts[0].Area[0][1:]...)}
	if got := topology.Check(parent.Area, parts); len(got) == 0 {
		t.Error("a vertex moved by two lattice steps was not heard of")
	}
}

func TestThereAreEnclavesPartsAndHoles(t *testing.T) {
	holes, parts := map[string]int{}, map[string]int{}
	for _, u := range town(t).Units {
		if len(u.Area) > 1 {
			parts[u.Level]++
		}
		for _, p := range u.Area {
			if len(p) > 1 {
				holes[u.Level]++
			}
		}
	}
	if holes[LevelVillage] == 0 || parts[LevelVillage] == 0 {
		t.Errorf("holes by level %v, units of several parts by level %v: want both among villages", holes, parts)
	}
}

// lowest finds the building groups that cover a point, by a table of their boxes.
type lowest struct {
	units []Unit
	table map[[2]int32][]int
}

const pane = 10_000 // lattice steps, about 100 m

func newLowest(town *Town) *lowest {
	l := &lowest{table: map[[2]int32][]int{}}
	for _, u := range town.Units {
		if u.Level != LevelBuildingGroup {
			continue
		}
		box := u.Area.Bound()
		for x := box.Min.X / pane; x <= box.Max.X/pane; x++ {
			for y := box.Min.Y / pane; y <= box.Max.Y/pane; y++ {
				l.table[[2]int32{x, y}] = append(l.table[[2]int32{x, y}], len(l.units))
			}
		}
		l.units = append(l.units, u)
	}
	return l
}

func (l *lowest) at(p geo.Point) (codes []string, border bool) {
	for _, i := range l.table[[2]int32{p.X / pane, p.Y / pane}] {
		in := false
		for _, polygon := range l.units[i].Area {
			for _, r := range polygon {
				for k, a := range r {
					b := r[(k+1)%len(r)]
					if geo.Cross(a, b, p) == 0 && min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y) {
						border = true
					}
				}
				if covers(r, p) {
					in = !in
				}
			}
		}
		if in {
			codes = append(codes, l.units[i].Code)
		}
	}
	return codes, border
}

func TestEveryHouseholdIsInItsBuildingAndInItsGroup(t *testing.T) {
	town := town(t)
	index := newLowest(town)
	ids := map[string]bool{}
	for _, h := range town.Households {
		if ids[h.SourceID] {
			t.Fatalf("household %s twice", h.SourceID)
		}
		ids[h.SourceID] = true
		b := town.Buildings[h.In]
		if !covers(b.Area[0], h.At) {
			t.Fatalf("household %s is not in building %d", h.SourceID, b.ID)
		}
		codes, border := index.at(h.At)
		if border || len(codes) != 1 || codes[0] != h.Unit || b.Unit != h.Unit {
			t.Fatalf("household %s claims %s, building %s, covered by %v (on a border: %v)", h.SourceID, h.Unit, b.Unit, codes, border)
		}
		if h.Occupied != (h.People.Total() > 0) {
			t.Fatalf("household %s: occupied %v with %d people", h.SourceID, h.Occupied, h.People.Total())
		}
	}
}

func TestBuildingsKeepToThemselves(t *testing.T) { keepApart(t, town(t)) }

// keepApart holds buildings against each other, the streets and the water.
func keepApart(t *testing.T, town *Town) {
	t.Helper()
	f := newFrame(geo.Snap(town.Center))
	table := map[[2]int32][]int{}
	shapes := make([]shape, len(town.Buildings))
	panes := func(box geo.Bound, do func(k [2]int32)) {
		for x := box.Min.X / pane; x <= box.Max.X/pane; x++ {
			for y := box.Min.Y / pane; y <= box.Max.Y/pane; y++ {
				do([2]int32{x, y})
			}
		}
	}
	for i, b := range town.Buildings {
		for _, p := range b.Area[0] {
			shapes[i] = append(shapes[i], f.meters(p))
		}
		panes(b.Area[0].Bound(), func(k [2]int32) {
			for _, j := range table[k] {
				if !apart(shapes[i], shapes[j], 0.1) {
					t.Errorf("buildings %d and %d overlap", i, j)
				}
			}
			table[k] = append(table[k], i)
		})
	}
	for _, s := range town.Streets {
		line := town.Line(s)
		for k := 0; k+1 < len(line); k++ {
			a, c := line[k], line[k+1]
			seen := map[int]bool{}
			panes(geo.EmptyBound.Extend(a).Extend(c), func(p [2]int32) {
				for _, i := range table[p] {
					if !seen[i] && crosses(shapes[i], f.meters(a), f.meters(c)) {
						t.Errorf("street %d (%s) runs through building %d", s.ID, s.Class, i)
					}
					seen[i] = true
				}
			})
		}
	}
	for _, w := range town.Water {
		for _, polygon := range w.Area {
			for _, r := range polygon {
				for k, a := range r {
					c := r[(k+1)%len(r)]
					panes(geo.EmptyBound.Extend(a).Extend(c), func(p [2]int32) {
						for _, i := range table[p] {
							if crosses(shapes[i], f.meters(a), f.meters(c)) {
								t.Errorf("the bank of %s %d runs through building %d", w.Kind, w.ID, i)
							}
						}
					})
				}
			}
			for i, b := range town.Buildings {
				if covers(polygon[0], b.Area[0][0]) && w.Kind != "lake" {
					if len(polygon) == 1 || !covers(polygon[1], b.Area[0][0]) {
						t.Errorf("building %d stands in %s %d", i, w.Kind, w.ID)
					}
				}
			}
		}
	}
}

func crosses(s shape, a, b vec) bool {
	for i, p := range s {
		if _, _, ok := segmentMeet(a, b, p, s[(i+1)%len(s)]); ok {
			return true
		}
	}
	return s.has(a)
}

func TestStreetsAreOneNetwork(t *testing.T) {
	for seed := range uint64(4) {
		town, err := Generate(t.Context(), Options{Households: 10_000, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		connected(t, town)
	}
}

func connected(t *testing.T, town *Town) {
	t.Helper()
	next := make([][]int32, len(town.Nodes))
	for _, s := range town.Streets {
		for i := 0; i+1 < len(s.Nodes); i++ {
			a, c := s.Nodes[i], s.Nodes[i+1]
			next[a], next[c] = append(next[a], c), append(next[c], a)
		}
	}
	seen := make([]bool, len(town.Nodes))
	seen[0] = true
	reached := 1
	for todo := []int32{0}; len(todo) > 0; {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, n := range next[v] {
			if !seen[n] {
				seen[n] = true
				reached++
				todo = append(todo, n)
			}
		}
	}
	if reached != len(town.Nodes) {
		t.Errorf("%d of %d street nodes can be reached", reached, len(town.Nodes))
	}
}

func TestStreetsMeetOnlyAtNodes(t *testing.T) {
	town := town(t)
	f := newFrame(geo.Snap(town.Center))
	type piece struct{ a, c int32 }
	table := map[[2]int32][]piece{}
	for _, s := range town.Streets {
		for i := 0; i+1 < len(s.Nodes); i++ {
			p := piece{s.Nodes[i], s.Nodes[i+1]}
			box := geo.EmptyBound.Extend(town.Nodes[p.a]).Extend(town.Nodes[p.c])
			for x := box.Min.X / pane; x <= box.Max.X/pane; x++ {
				for y := box.Min.Y / pane; y <= box.Max.Y/pane; y++ {
					for _, q := range table[[2]int32{x, y}] {
						if p.a == q.a || p.a == q.c || p.c == q.a || p.c == q.c {
							continue
						}
						if _, _, ok := segmentMeet(f.meters(town.Nodes[p.a]), f.meters(town.Nodes[p.c]), f.meters(town.Nodes[q.a]), f.meters(town.Nodes[q.c])); ok {
							t.Errorf("street %d crosses another without a node near %v", s.ID, town.Nodes[p.a])
						}
					}
					table[[2]int32{x, y}] = append(table[[2]int32{x, y}], p)
				}
			}
		}
	}
}

func TestHierarchyOfStreetsHasNames(t *testing.T) {
	count, unnamed := map[string]int{}, 0
	for _, s := range town(t).Streets {
		count[s.Class]++
		if s.Class == "primary" && s.Name == "" || (s.Name == "") != (s.NameEn == "") {
			unnamed++
		}
	}
	for _, class := range []string{"primary", "secondary", "tertiary", "residential", "living_street", "service", "footway", "steps", "track"} {
		if count[class] == 0 {
			t.Errorf("no street of class %s in %v", class, count)
		}
	}
	if unnamed > 0 {
		t.Errorf("%d main roads without a name or with half of one", unnamed)
	}
}

func TestUnitsAreNumberedFromNorthToSouthAndMarkedAsInvented(t *testing.T) {
	town := town(t)
	if !strings.Contains(town.Notice, "虚构") {
		t.Error("the notice does not say 虚构")
	}
	widths := map[string]int{LevelTown: 12, LevelCluster: 12, LevelVillage: 12, LevelMicroGrid: 15, LevelBuildingGroup: 18}
	index := map[string]Unit{}
	for _, u := range town.Units {
		index[u.Code] = u
		if len(u.Code) != widths[u.Level] || !strings.HasPrefix(u.Code, countyCode) {
			t.Errorf("code %s of level %s", u.Code, u.Level)
		}
		if u.Name == "" || u.NameEn == "" {
			t.Errorf("unit %s has no name", u.Code)
		}
		if u.Level == LevelMicroGrid && u.Parent != u.Code[:12] || u.Level == LevelBuildingGroup && u.Parent != u.Code[:15] {
			t.Errorf("unit %s in %s", u.Code, u.Parent)
		}
		in := false
		for _, polygon := range u.Area {
			for _, r := range polygon {
				if covers(r, u.Label) {
					in = !in
				}
			}
		}
		if !in {
			t.Errorf("label of %s lies outside", u.Code)
		}
	}
	first, last := index[town.Units[1].Code], index[town.Units[6].Code]
	if first.Label.Y < last.Label.Y {
		t.Errorf("cluster %s lies south of %s", first.Code, last.Code)
	}
}

func TestIncidentsLieInTheTownAndInTime(t *testing.T) {
	town := town(t)
	index := newLowest(town)
	known := map[string]bool{}
	for _, c := range Categories() {
		known[c.Code] = true
	}
	closed := 0
	for _, x := range town.Incidents {
		if codes, border := index.at(x.At); len(codes) != 1 && !border {
			t.Errorf("incident %s lies in %v", x.ID, codes)
		}
		age := town.Now.Sub(x.ReportedAt)
		if age < 0 || age > 90*24*time.Hour || !known[x.Category] {
			t.Errorf("incident %s: category %s, reported %v before the end", x.ID, x.Category, age)
		}
		if (x.State == "closed") == x.ClosedAt.IsZero() || !x.ClosedAt.IsZero() && (x.ClosedAt.After(town.Now) || x.ClosedAt.Before(x.ReportedAt)) {
			t.Errorf("incident %s: %s, closed at %v", x.ID, x.State, x.ClosedAt)
		}
		if x.State == "closed" {
			closed++
		}
	}
	if n := len(town.Incidents); n < 500 || closed == 0 || closed == n {
		t.Errorf("%d incidents, %d closed", n, closed)
	}
}

func TestServicePointsHaveALife(t *testing.T) {
	town := town(t)
	index := newLowest(town)
	states := map[string]int{}
	for _, s := range town.ServicePoints {
		states[s.State(town.Now)]++
		if codes, _ := index.at(s.At); len(codes) != 1 {
			t.Errorf("%s lies in %v", s.Name, codes)
		}
		for i := 1; i < len(s.Life); i++ {
			if !s.Life[i].From.After(s.Life[i-1].From) {
				t.Errorf("%s: stages out of order: %v", s.Name, s.Life)
			}
		}
		if len(s.Functions) == 0 || s.Functions[0].Hours == "" {
			t.Errorf("%s has no functions or hours", s.Name)
		}
	}
	for _, state := range []string{Proposed, Pilot, Active, Paused} {
		if states[state] == 0 {
			t.Errorf("no service point is %s: %v", state, states)
		}
	}
	before := ServicePoint{Life: []Stage{{Active, day(2025, 3, 1)}}}
	if got := before.State(day(2025, 2, 28)); got != "" {
		t.Errorf("state before the first stage = %q, want none", got)
	}
}

func TestTracksFollowTheStreetsWithNoiseAndGaps(t *testing.T) {
	town := town(t)
	f := newFrame(geo.Snap(town.Center))
	far, all, gaps := 0, 0, 0
	for _, track := range town.Tracks {
		for i, x := range track.Fixes {
			all++
			p, least := f.meters(geo.Snap(x.Point)), 1e9
			for _, s := range town.Streets {
				for k := 0; k+1 < len(s.Nodes) && i%20 == 0; k++ {
					least = min(least, distToSegment(p, f.meters(town.Nodes[s.Nodes[k]]), f.meters(town.Nodes[s.Nodes[k+1]])))
				}
			}
			if i%20 == 0 && least > 15 {
				far++
			}
			if i > 0 && x.At.Sub(track.Fixes[i-1].At) > 30*time.Second {
				gaps++
			}
			if x.At.After(town.Now) {
				t.Fatalf("fix after the end: %v", x.At)
			}
		}
	}
	if far*20*50 > all || gaps == 0 || len(town.Tracks) != patrolCount {
		t.Errorf("%d tracks, %d of %d sampled fixes far from any street, %d gaps", len(town.Tracks), far, all/20, gaps)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	small, err := Generate(t.Context(), Options{Households: 300, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := small.Files(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "households.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(raw), "\n"); lines != 301 || !strings.HasPrefix(string(raw), "户编号,小区,") {
		t.Errorf("households.csv has %d lines and begins %.40q", lines, raw)
	}
	for _, name := range []string{"boundaries-town.geojson", "boundaries-building-group.geojson", "incidents.csv", "service-points.csv", "zones.geojson"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 100 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if tracks, _ := filepath.Glob(filepath.Join(dir, "tracks", "*.gpx")); len(tracks) != patrolCount {
		t.Errorf("%d tracks, want %d", len(tracks), patrolCount)
	}
	if err := small.Files(t.Context(), filepath.Join(dir, "households.csv", "under")); err == nil {
		t.Error("writing below a file succeeded")
	}
}

func TestTheMillionStaysWithinItsMeans(t *testing.T) {
	if os.Getenv("WANGGE_LONG") == "" {
		t.Skip("SKIPPED: the town of a million households is only made when WANGGE_LONG is set")
	}
	begin := time.Now()
	town, err := Generate(t.Context(), Options{Households: 1_000_000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d households, %d units, %d buildings, %d streets in %v", len(town.Households), len(town.Units), len(town.Buildings), len(town.Streets), time.Since(begin))
	tiles(t, town)
	connected(t, town)
}

func TestSomePremisesAreDueAgain(t *testing.T) {
	made := town(t)
	var b bytes.Buffer
	if err := made.writePremises(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	today, due := made.Now.In(shanghai).Format(time.DateOnly), 0
	for _, row := range rows[1:] {
		if row[4] > today || row[5] <= row[4] {
			t.Errorf("inspected on %s, good until %s", row[4], row[5])
		}
		if row[5] < today {
			due++
		}
	}
	if all := len(rows) - 1; due < all/6 || due > all/2 {
		t.Errorf("%d of %d are due", due, all)
	}
}

func TestCandidatesStandWhereNoServicePointDoes(t *testing.T) {
	made := town(t)
	points, seen := map[geo.Point]bool{}, map[string]bool{}
	for _, p := range made.ServicePoints {
		points[p.At] = true
	}
	kinds := map[string]int{}
	for _, c := range made.Candidates {
		kinds[c.Kind]++
		if points[c.At] || seen[c.ID] || c.Name == "" || c.Cost <= 0 || c.Capacity <= 0 || c.Unit == "" {
			t.Errorf("candidate %+v", c)
		}
		seen[c.ID] = true
	}
	if kinds["idle-house"] != 36 || kinds["vacant-premises"] == 0 {
		t.Errorf("candidates by kind: %v", kinds)
	}
}
