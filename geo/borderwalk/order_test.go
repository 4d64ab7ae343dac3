package borderwalk

import (
	"bytes"
	"encoding/xml"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func lengthOf(places []geo.Point, order []int) (sum geo.Meters) {
	for i := 1; i < len(order); i++ {
		sum += geo.Distance(places[order[i-1]].Degrees(), places[order[i]].Degrees())
	}
	return sum
}

// shortest tries every order.
func shortest(places []geo.Point) geo.Meters {
	best := geo.Meters(math.Inf(1))
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	var try func(k int)
	try = func(k int) {
		if k == len(order) {
			best = min(best, lengthOf(places, order))
			return
		}
		for i := k; i < len(order); i++ {
			order[k], order[i] = order[i], order[k]
			try(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	try(0)
	return best
}

func TestAWalkVisitsEveryPointOnceAndIsShort(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 29))
	worst := 1.0
	for round := range 200 {
		places := make([]geo.Point, 1+rnd.IntN(7))
		for i := range places {
			places[i] = geo.Point{X: 1_200_000_000 + rnd.Int32N(40_000), Y: 300_000_000 + rnd.Int32N(40_000)}
		}
		order, length := Order(places)
		seen := slices.Sorted(slices.Values(order))
		for i, k := range seen {
			if i != k {
				t.Fatalf("round %d: order %v", round, order)
			}
		}
		if math.Abs(float64(length-lengthOf(places, order))) > 1e-6 {
			t.Errorf("length %v of %v", length, lengthOf(places, order))
		}
		if best := shortest(places); best > 0 {
			worst = max(worst, float64(length/best))
		}
		// However they come, the walk is the same.
		again := slices.Clone(places)
		slices.Reverse(again)
		if _, other := Order(again); math.Abs(float64(other-length)) > 1e-6 {
			t.Errorf("round %d: %v metres, the other way round %v", round, length, other)
		}
	}
	if worst > 1.25 {
		t.Errorf("a walk is %.0f %% longer than need be", 100*(worst-1))
	}
	if order, length := Order(nil); order != nil || length != 0 {
		t.Errorf("of nothing: %v, %v", order, length)
	}
}

func TestAWalkIsGPX(t *testing.T) {
	var out bytes.Buffer
	points := []Point{{Ordinal: 1, At: orb.Point{120.1234567, 30.1}, Question: "围墙 <在> 何处?", Names: []string{"一格", "二格"}}, {Ordinal: 2, At: orb.Point{120.2, 30.2}, Question: "q"}}
	if err := WriteGPX(&out, Walk{Name: "西线 & 北线"}, points); err != nil {
		t.Fatal(err)
	}
	var got gpx
	if err := xml.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != "1.1" || got.Title != "西线 & 北线" || len(got.Points) != 2 || len(got.Route) != 2 || got.Points[0].Lon != "120.1234567" || got.Points[0].Desc != "围墙 <在> 何处? (一格 / 二格)" || got.Route[1].Name != "2" {
		t.Errorf("%+v", got)
	}
	// The schema orders metadata, waypoints, routes.
	text := out.String()
	if !(strings.Index(text, "<metadata>") < strings.Index(text, "<wpt") && strings.Index(text, "<wpt") < strings.Index(text, "<rte>")) {
		t.Errorf("elements out of order:\n%s", text)
	}
}
