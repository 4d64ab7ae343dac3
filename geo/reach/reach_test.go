package reach

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/network"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// blocks are how many blocks the test town has along a side of its 2 km.
const blocks = 20

// newTown has streets around blocks of about 100 m, a river along its eastern border
// with a street of its own behind it, and four micro-grids.
func newTown(t testing.TB) (*Paths, *pgxpool.Pool, []int64) {
	t.Helper()
	pool := pgtest.Database(t)
	units := ledgertest.Town(t, pool, 2)
	_, err := network.Store(t.Context(), pool, staff.System, network.Source{FileName: "test.osm.pbf", Attribution: "© the test"}, func(yield func(network.Feature) bool) {
		id := int64(0)
		street := func(line orb.LineString, nodes ...int64) bool {
			id++
			return yield(network.Feature{Class: network.Street, OSMType: "w", OSMID: id, Kind: "residential", Nodes: nodes, Shape: line})
		}
		at := func(x, y int) orb.Point { return ledgertest.Degrees(float64(x)*0.1, float64(y)*0.1) }
		for i := range blocks + 1 {
			var east, north orb.LineString
			var along, up []int64
			for k := range blocks + 1 {
				east, along = append(east, at(k, i)), append(along, int64(k*100+i+1))
				north, up = append(north, at(i, k)), append(up, int64(i*100+k+1))
			}
			if !street(east, along...) || !street(north, up...) {
				return
			}
		}
		if !street(orb.LineString{at(22, 0), at(22, 20)}, 9001, 9002) {
			return
		}
		yield(network.Feature{Class: network.Water, OSMType: "w", OSMID: 10_000, Kind: "river",
			Shape: orb.Polygon{{ledgertest.Degrees(2.05, -1), ledgertest.Degrees(2.15, -1), ledgertest.Degrees(2.15, 3), ledgertest.Degrees(2.05, 3), ledgertest.Degrees(2.05, -1)}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(network.NewFootpaths(pool), pool), pool, units
}

func household(t testing.TB, pool *pgxpool.Pool, unit int64, x, y float64) {
	t.Helper()
	at := ledgertest.At(x, y)
	_, err := pool.Exec(t.Context(), `
		WITH made AS (INSERT INTO household (source, source_id, kind, point, cell) VALUES ('test', gen_random_uuid()::text, 'owner', $1, $2) RETURNING id)
		INSERT INTO household_unit (household_id, unit_id, valid_from) SELECT id, $3, '2024-01-01' FROM made`, at, int64(cell.At(at)), unit)
	if err != nil {
		t.Fatal(err)
	}
}

// holder has permissions in a unit (0 = everywhere).
func holder(unit int64, may ...staff.Permission) staff.Actor {
	return staff.Actor{Name: "account:1", Account: 1, Grants: []staff.Grant{{Unit: unit, May: may}}}
}

var gb = circle.Standard{Code: "gb50180"}

func ask(t testing.TB, p *Paths, actor staff.Actor, q Question) Answer {
	t.Helper()
	a, err := p.Of(t.Context(), actor, q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What is asked about one town that does not change.
func TestWalks(t *testing.T) {
	p, _, _ := newTown(t)
	t.Run("areas within some minutes", func(t *testing.T) { areasWithinSomeMinutes(t, p) })
	t.Run("a standard with metres ends there", func(t *testing.T) { aStandardWithMetresEndsThere(t, p) })
	t.Run("a place that is not joined has a reason", func(t *testing.T) { aPlaceThatIsNotJoinedHasAReason(t, p) })
	t.Run("cells have the minutes to their centres", func(t *testing.T) { cellsHaveTheMinutesToTheirCentres(t, p) })
	t.Run("a way goes along streets", func(t *testing.T) { aWayGoesAlongStreets(t, p) })
	t.Run("nonsense is refused", func(t *testing.T) { nonsenseIsRefused(t, p) })
}

// In a town of square blocks one comes as far as the sum of the ways east and north:
// the area within a limit is a square on its corner.
func areasWithinSomeMinutes(t *testing.T, p *Paths) {
	middle := ledgertest.At(1, 1)
	a := ask(t, p, holder(0, staff.Map), Question{At: middle, Standard: gb, Minutes: []float64{3, 6, 9}, Outlines: true, Streets: true})
	if a.Reason != walk.Reached || !a.Joined || a.Walk > 0.02 || len(a.Contours) != 3 || a.Counted {
		t.Fatalf("%+v", a.Snapped)
	}
	if a.Standard.TitleEn == "" || a.Standard.Speed != 4000 || a.Network.FileName != "test.osm.pbf" || a.Network.Attribution != "© the test" {
		t.Errorf("standard %+v, network %+v", a.Standard, a.Network)
	}
	for i, c := range a.Contours {
		metres := c.Minutes / 60 * 4000
		if c.Metres != metres {
			t.Errorf("%g minutes are %g m, want %g", c.Minutes, c.Metres, metres)
		}
		// Between the streets of a block homes walk to the nearest one, which makes
		// the sides of the square ragged.
		if want := 2 * metres * metres / 1e4; math.Abs(c.Hectares-want) > 0.12*want {
			t.Errorf("%g minutes: %.1f ha, want about %.1f", c.Minutes, c.Hectares, want)
		}
		if !planar.MultiPolygonContains(c.Area.Orb(), middle.Degrees()) {
			t.Errorf("%g minutes: the place itself lies outside", c.Minutes)
		}
		if i > 0 && (c.Km <= a.Contours[i-1].Km || c.Hectares <= a.Contours[i-1].Hectares) {
			t.Errorf("%g minutes hold less than %g", c.Minutes, a.Contours[i-1].Minutes)
		}
	}
	var sum float64
	for _, s := range a.Streets {
		if s.Minutes != 3 && s.Minutes != 6 && s.Minutes != 9 {
			t.Fatalf("a street of %g minutes", s.Minutes)
		}
		for i := 1; i < len(s.Line); i++ {
			sum += float64(geo.Distance(s.Line[i-1].Degrees(), s.Line[i].Degrees()))
		}
	}
	if last := a.Contours[2].Km; math.Abs(sum/1000-last) > 1e-6 || last < 5 {
		t.Errorf("pieces are %.3f km together, the contour says %.3f", sum/1000, last)
	}
}

// Metres are a limit of their own: beyond them more minutes hold no more.
func aStandardWithMetresEndsThere(t *testing.T, p *Paths) {
	a := ask(t, p, holder(0, staff.Map), Question{At: ledgertest.At(1, 1), Standard: circle.Standard{Minutes: 15, Metres: 300, Speed: 4000}, Minutes: []float64{3, 9, 15}, Outlines: true})
	if got := a.Contours; got[0].Metres != 200 || got[1].Metres != 300 || got[2].Metres != 300 || got[1].Hectares != got[2].Hectares {
		t.Errorf("%+v", got)
	}
	if b := ask(t, p, holder(0, staff.Map), Question{At: ledgertest.At(1, 1), Standard: gb}); len(b.Contours) != 3 || b.Contours[2].Minutes != 15 || b.Contours[0].Minutes != 5 {
		t.Errorf("of itself: %+v", b.Contours)
	}
}

func aPlaceThatIsNotJoinedHasAReason(t *testing.T, p *Paths) {
	for name, tt := range map[string]struct {
		at     geo.Point
		walk   int
		reason walk.Reason
	}{
		"in the river":       {ledgertest.At(2.1, 1), 0, walk.BehindWater},
		"far from streets":   {ledgertest.At(-0.4, 1), 0, walk.TooFar},
		"not so far":         {ledgertest.At(-0.4, 1), 500, walk.Reached},
		"in another country": {ledgertest.At(-90, 1), 0, walk.NoNetwork},
	} {
		a := ask(t, p, holder(0, staff.Map), Question{At: tt.at, Standard: gb, MaxWalk: tt.walk, Outlines: true, Streets: true, Cells: 9, Households: true})
		if joined := tt.reason == walk.Reached; a.Reason != tt.reason || a.Joined != joined || (len(a.Contours) > 0) != joined {
			t.Errorf("%s: %v, %d contours; want %v", name, a.Reason, len(a.Contours), tt.reason)
		}
	}
}

// Where the streets are level it is the same from a place and towards it; the cells
// have the minutes of the way to their centres.
func cellsHaveTheMinutesToTheirCentres(t *testing.T, p *Paths) {
	from := ledgertest.At(0.93, 1.07)
	there := ask(t, p, holder(0, staff.Map), Question{At: from, Standard: gb, Minutes: []float64{10}, Cells: 10})
	back := ask(t, p, holder(0, staff.Map), Question{At: from, Standard: gb, Minutes: []float64{10}, Cells: 10, Towards: true})
	if len(there.Cells) < 30 || fmt.Sprint(there.Cells) != fmt.Sprint(back.Cells) {
		t.Fatalf("%d cells, and back %d", len(there.Cells), len(back.Cells))
	}
	if there.Contours[0].Area != nil && there.Contours[0].Hectares == 0 {
		t.Error("an outline that nobody asked for has no size")
	}
	for _, c := range there.Cells {
		w, err := p.Way(t.Context(), holder(0, staff.Map), Walk{From: from, To: c.Cell.Center(), Standard: gb})
		if err != nil || !w.Found || w.Minutes != c.Minutes || c.Minutes > 10 || c.Cell.Resolution() != 10 {
			t.Errorf("%v: %g minutes, the way there takes %g (%v, %v)", c.Cell, c.Minutes, w.Minutes, w.Found, err)
		}
	}
}

// Households are counted for who may see their places, and no others, by the way each
// walks and not by the outline.
func TestHouseholdsAreCountedForWhoMaySeeThem(t *testing.T) {
	p, pool, units := newTown(t)
	var homes []geo.Point
	for i := range 40 {
		x, y := 0.02+float64(i%8)*0.25, 0.03+float64(i/8)*0.4
		unit := units[int(x)+2*int(y)]
		household(t, pool, unit, x, y)
		homes = append(homes, ledgertest.At(x, y))
	}
	q := Question{At: ledgertest.At(1, 1), Standard: gb, Minutes: []float64{5, 10, 15}, Households: true}
	all := ask(t, p, holder(0, staff.Map, staff.Place), q)
	var want [3]int
	for _, home := range homes {
		w, err := p.Way(t.Context(), holder(0, staff.Map), Walk{From: q.At, To: home, Standard: gb})
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range q.Minutes {
			if w.Found && w.Minutes <= m {
				want[i]++
			}
		}
	}
	for i, c := range all.Contours {
		if !all.Counted || c.Households != want[i] || c.Area != nil {
			t.Errorf("%g minutes: %d households, the ways say %d", c.Minutes, c.Households, want[i])
		}
	}
	if want[2] < 10 || want[2] == want[0] || want[2] == len(homes) {
		t.Fatalf("the test counts nothing: %v", want)
	}
	sum := 0
	for _, unit := range units {
		part := ask(t, p, holder(unit, staff.Map, staff.Place), q)
		sum += part.Contours[2].Households
		if part.Contours[2].Households == want[2] {
			t.Error("one micro-grid has all of them")
		}
	}
	if sum != want[2] {
		t.Errorf("the four micro-grids have %d together, want %d", sum, want[2])
	}
	for name, actor := range map[string]staff.Actor{"counts": holder(0, staff.Map, staff.Count), "map": holder(0, staff.Map)} {
		if a := ask(t, p, actor, q); a.Counted || a.Contours[2].Households != 0 {
			t.Errorf("who may %s is told of %d households", name, a.Contours[2].Households)
		}
	}

	household(t, pool, units[0], 0.98, 0.98)
	if _, err := pool.Exec(t.Context(), `SELECT raise_layer('household', NULL)`); err != nil {
		t.Fatal(err)
	}
	if a := ask(t, p, holder(0, staff.Map, staff.Place), q); a.Contours[2].Households != want[2]+1 {
		t.Errorf("a household more: %d, want %d", a.Contours[2].Households, want[2]+1)
	}
}

func nonsenseIsRefused(t *testing.T, p *Paths) {
	for name, tt := range map[string]struct {
		q    Question
		want error
	}{
		"minutes that fall":  {Question{Standard: gb, Minutes: []float64{10, 5}}, ErrMinutes},
		"minutes twice":      {Question{Standard: gb, Minutes: []float64{5, 5}}, ErrMinutes},
		"no time at all":     {Question{Standard: gb, Minutes: []float64{0}}, ErrMinutes},
		"more than an hour":  {Question{Standard: gb, Minutes: []float64{61}}, ErrMinutes},
		"no number":          {Question{Standard: gb, Minutes: []float64{math.NaN()}}, ErrMinutes},
		"too many contours":  {Question{Standard: gb, Minutes: []float64{1, 2, 3, 4, 5, 6, 7}}, ErrMinutes},
		"cells of a house":   {Question{Standard: gb, Cells: 12}, ErrCells},
		"a walk of a km":     {Question{Standard: gb, MaxWalk: 1000}, ErrWalk},
		"a walk of -1 m":     {Question{Standard: gb, MaxWalk: -1}, ErrWalk},
		"an unknown preset":  {Question{Standard: circle.Standard{Code: "fast"}}, circle.ErrStandard},
		"no speed":           {Question{Standard: circle.Standard{Minutes: 15}}, circle.ErrStandard},
		"who walks, unknown": {Question{Standard: circle.Standard{Minutes: 15, Speed: 4000, Profile: "bird"}}, circle.ErrStandard},
	} {
		tt.q.At = ledgertest.At(1, 1)
		if _, err := p.Of(t.Context(), holder(0, staff.Map), tt.q); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := p.Of(t.Context(), holder(0, staff.Count), Question{Standard: gb}); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("without the map: %v", err)
	}
	if _, err := p.Way(t.Context(), staff.Public, Walk{Standard: gb}); !errors.Is(err, staff.ErrSignedOut) {
		t.Errorf("a way for nobody: %v", err)
	}
}

func TestWithoutANetwork(t *testing.T) {
	tx := pgtest.Tx(t)
	if _, err := New(network.NewFootpaths(tx), tx).Of(t.Context(), staff.Local, Question{Standard: gb}); !errors.Is(err, network.ErrNoNetwork) {
		t.Errorf("%v, want that there is none", err)
	}
}

func aWayGoesAlongStreets(t *testing.T, p *Paths) {
	from, to := ledgertest.At(0.5, 0.5), ledgertest.At(1.1, 1.2)
	w, err := p.Way(t.Context(), holder(0, staff.Map), Walk{From: from, To: to, Standard: gb})
	if err != nil || !w.Found {
		t.Fatalf("%+v, %v", w, err)
	}
	corner := geo.Point{X: to.X, Y: from.Y}
	want := float64(geo.Distance(from.Degrees(), corner.Degrees()) + geo.Distance(corner.Degrees(), to.Degrees()))
	if math.Abs(w.Metres-want) > 0.01*want {
		t.Errorf("%.1f m, want about %.1f", w.Metres, want)
	}
	if math.Abs(w.Minutes-w.Metres/4000*60) > 0.02 {
		t.Errorf("%g minutes for %g m", w.Minutes, w.Metres)
	}
	if w.Line[0] != from || w.Line[len(w.Line)-1] != to || len(w.Legs) == 0 || w.Legs[0].Street == 0 {
		t.Errorf("from %v to %v by %+v", w.Line[0], w.Line[len(w.Line)-1], w.Legs)
	}
	over, err := p.Way(t.Context(), holder(0, staff.Map), Walk{From: from, To: ledgertest.At(2.2, 1), Standard: gb})
	if err != nil || over.Found || !over.From.Joined || !over.To.Joined || over.Line != nil {
		t.Errorf("over the river without a bridge: %+v, %v", over, err)
	}
}

// BenchmarkFollow is a marker that is dragged: outlines alone, from place to place.
func BenchmarkFollow(b *testing.B) {
	p, _, _ := newTown(b)
	actor := holder(0, staff.Map)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		q := Question{At: ledgertest.At(0.5+float64(i%100)*0.01, 0.9), Standard: gb, Minutes: []float64{5, 10, 15}, Outlines: true}
		if _, err := p.Of(b.Context(), actor, q); err != nil {
			b.Fatal(err)
		}
	}
}
