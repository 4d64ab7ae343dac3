package track_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/track"
	"wangge/geo/track/known"
	"wangge/geo/walk"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// east is a walk to the east at 1.3 m/s with a fix every two seconds.
func east(count int) []track.Fix {
	var fixes []track.Fix
	for i := range count {
		fixes = append(fixes, track.Fix{At: noon.Add(time.Duration(2*i) * time.Second), Point: known.Moved(here, 2.6*float64(i), 0), Accuracy: 5})
	}
	return fixes
}

var here = geo.Point{X: 1214700000, Y: 312300000}

func TestOutliersAreJumpsEvenAtTheStart(t *testing.T) {
	fixes := east(60)
	want := make([]track.Mark, len(fixes))
	for _, i := range []int{0, 1, 20, 21, 22, 59} {
		fixes[i].Point = known.Moved(fixes[i].Point, 0, 550)
		want[i] = track.Jump
	}
	fixes[30].Accuracy, want[30] = 550, track.Vague
	fixes[40].At, want[40] = fixes[39].At, track.Doubled
	for i, m := range track.Clean(fixes, track.Usual) {
		if m != want[i] {
			t.Errorf("fix %d is %v, want %v", i, m, want[i])
		}
	}
	if got := track.Clean(nil, track.Usual); len(got) != 0 {
		t.Errorf("nothing has marks %v", got)
	}
}

func TestALongRowOfOutliersTakesNothingElseAway(t *testing.T) {
	fixes := east(300)
	for i := 100; i < 160; i++ { // two minutes, as of a phone that believes a mast
		fixes[i].Point = known.Moved(fixes[i].Point, 0, 5000)
	}
	for i, m := range track.Clean(fixes, track.Usual) {
		if want := i >= 100 && i < 160; (m == track.Jump) != want {
			t.Fatalf("fix %d is %v", i, m)
		}
	}
}

func TestAFastBusIsNoJumpAndNoTimesAreOneFix(t *testing.T) {
	fixes := east(10)
	for i := range fixes {
		fixes[i].Point = known.Moved(here, 32*float64(i), 0) // 16 m/s
	}
	for i, m := range track.Clean(fixes, track.Usual) {
		if m != track.Kept {
			t.Errorf("fix %d of a bus is %v", i, m)
		}
	}
	for i := range fixes {
		fixes[i].At = noon
	}
	kept := 0
	for _, m := range track.Clean(fixes, track.Usual) {
		if m == track.Kept {
			kept++
		}
	}
	if kept != 1 {
		t.Errorf("%d of the fixes of one moment are kept", kept)
	}
}

func TestATrackIsCutAtGaps(t *testing.T) {
	fixes := east(30)
	for i := 10; i < len(fixes); i++ {
		fixes[i].At = fixes[i].At.Add(2 * time.Minute)
	}
	segments := track.Segments(fixes, track.Clean(fixes, track.Usual), track.Usual)
	if len(segments) != 2 || len(segments[0]) != 10 || len(segments[1]) != 20 {
		t.Errorf("%d segments", len(segments))
	}
}

// square is four streets of 200 m around a block, the south one first.
func square(t *testing.T) *walk.Network {
	t.Helper()
	corner := []geo.Point{here, known.Moved(here, 200, 0), known.Moved(here, 200, 200), known.Moved(here, 0, 200)}
	var s walk.Source
	for i := range corner {
		s.Streets = append(s.Streets, walk.Street{
			ID: int64(i + 1), Kind: "residential", Nodes: []int64{int64(i), int64((i + 1) % 4)}, Line: []geo.Point{corner[i], corner[(i+1)%4]},
		})
	}
	n, _, err := walk.Build(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAWalkRoundACornerTakesTheCorner(t *testing.T) {
	n := square(t)
	var fixes []track.Fix
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 120 { // 312 m: along the south, up the east
		d := 2.6 * float64(i)
		x, y := min(d, 200), max(0, d-200)
		fixes = append(fixes, track.Fix{At: noon.Add(time.Duration(2*i) * time.Second), Point: known.Moved(here, x+r.NormFloat64()*4, y+r.NormFloat64()*4), Accuracy: 6})
	}
	m := track.NewMatcher(n, track.Usual)
	defer m.Release()
	pieces := m.Match(fixes)
	if len(pieces) != 1 {
		t.Fatalf("%d pieces", len(pieces))
	}
	p := pieces[0]
	if len(p.Way) != 2 || n.Street(p.Way[0].Edge) != 1 || n.Street(p.Way[1].Edge) != 2 {
		t.Errorf("it went along %+v", p.Way)
	}
	if l := float64(p.Length()) / 1000; l < 295 || l > 325 {
		t.Errorf("it is %.0f m long", l)
	}
	if p.Confidence < 0.5 || p.Confidence > 1 {
		t.Errorf("confidence %.3f", p.Confidence)
	}
	walked := map[int64]int{}
	for _, part := range track.Walked(n, pieces) {
		walked[n.Street(part.Edge)]++
	}
	if walked[1] < 4 || walked[2] < 2 || walked[2] > 3 || walked[3]+walked[4] != 0 {
		t.Errorf("parts walked by street: %v", walked)
	}
}

func TestFarFromStreetsNothingIsMatched(t *testing.T) {
	n := square(t)
	m := track.NewMatcher(n, track.Usual)
	defer m.Release()
	fixes := east(60)
	for i := range fixes {
		fixes[i].Point = known.Moved(fixes[i].Point, 0, -900)
	}
	if pieces := m.Match(fixes); len(pieces) != 0 {
		t.Errorf("%+v", pieces)
	}
	if pieces := m.Match(nil); len(pieces) != 0 {
		t.Errorf("nothing is matched to %+v", pieces)
	}
	if pieces := m.Match(fixes[:1]); len(pieces) != 0 {
		t.Errorf("one fix is matched to %+v", pieces)
	}
}

// Streets that hang together in pieces only, and fixes that jump from one to the other:
// wherever no way leads on a new piece begins, and every piece is a course.
func TestFixesBetweenStreetsThatDoNotMeetBreakTheTrack(t *testing.T) {
	var s walk.Source
	for i := range 40 {
		at := known.Moved(here, float64(i%8)*45, float64(i/8)*45)
		s.Streets = append(s.Streets, walk.Street{
			ID: int64(i + 1), Kind: "residential", Nodes: []int64{int64(2 * i), int64(2*i + 1)}, Line: []geo.Point{at, known.Moved(at, 40, float64(i%3)*20)},
		})
	}
	n, _, err := walk.Build(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	m := track.NewMatcher(n, track.Usual)
	defer m.Release()
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var fixes []track.Fix
		at := here
		for i := range 30 {
			if r.IntN(3) == 0 {
				at = known.Moved(here, r.Float64()*400, r.Float64()*250)
			}
			fixes = append(fixes, track.Fix{At: noon.Add(time.Duration(i) * 15 * time.Second), Point: known.Moved(at, r.NormFloat64()*5, r.NormFloat64()*5), Accuracy: 4 + r.Float64()*60})
		}
		for _, p := range m.Match(fixes) {
			if !(p.Confidence >= 0 && p.Confidence <= 1) {
				t.Fatalf("confidence %v", p.Confidence)
			}
			for i := 1; i < len(p.Way); i++ {
				a, b := p.Way[i-1], p.Way[i]
				if from, to := n.Where(walk.Access{Edge: a.Edge, Offset: a.To}), n.Where(walk.Access{Edge: b.Edge, Offset: b.From}); from != to {
					t.Fatalf("a stretch ends at %v, the next begins at %v", from, to)
				}
			}
		}
	}
}

func TestASwathIsAsWideAsItWasLookedAtAndCountsOnce(t *testing.T) {
	fixes := east(80) // 205 m
	seen := track.Swath(fixes, 20)
	area := float64(len(seen)) * 307
	if want := 205.0*40 + 3.14*400; area < 0.8*want || area > 1.2*want {
		t.Errorf("%.0f m², want about %.0f", area, want)
	}
	again := track.Swath(append(east(80), fixes[1:]...), 20)
	if len(again) != len(seen) {
		t.Errorf("walked twice it is %d cells, once %d", len(again), len(seen))
	}
	for i, s := range seen {
		if s.Last.Before(s.First) || i > 0 && seen[i-1].Cell >= s.Cell {
			t.Errorf("cell %d: %+v", i, s)
		}
	}
}

func TestPartsOfAStreetKeepTheirKeysInANewNetwork(t *testing.T) {
	a, b := square(t), square(t)
	keys := map[any]int{}
	for _, n := range []*walk.Network{a, b} {
		for e := range int32(n.Edges()) {
			for nth := range track.Parts(n, e) {
				p := track.Part{Edge: e, Nth: nth}
				if s := p.Stretch(n); s.Length() > 50_000 {
					t.Errorf("a part of %d mm", s.Length())
				}
				keys[p.Key(n)]++
			}
		}
	}
	for k, count := range keys {
		if count != 2 {
			t.Errorf("%v names %d parts of two like networks", k, count)
		}
	}
}
