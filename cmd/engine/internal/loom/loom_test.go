package loom

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
)

// The board of these tests: 3 by 3 squares of 1000 steps; the unit in column i, row j
// has the id 3i+j+1.
func board(t *testing.T) *Loom {
	t.Helper()
	q := weaving{Rim: square(0, 0, 3000)}
	for i := range 3 {
		for j := range 3 {
			q.Units = append(q.Units, Land{ID: 3*i + j + 1, Area: square(1000*i, 1000*j, 1000)})
		}
	}
	l := &Loom{}
	ask[[]Piece](t, l, "weave", q)
	return l
}

func square(x, y, size int) orb.MultiPolygon {
	p := func(x, y int) orb.Point { return geo.Point{X: int32(x), Y: int32(y)}.Degrees() }
	return orb.MultiPolygon{{{p(x, y), p(x+size, y), p(x+size, y+size), p(x, y+size), p(x, y)}}}
}

// ask fails unless the question is answered.
func ask[A any](t *testing.T, l *Loom, what string, body any) A {
	t.Helper()
	var answer struct {
		Is      A
		Refused *Refusal
	}
	put(t, l, what, body, &answer)
	if answer.Refused != nil {
		t.Fatalf("%s: %+v", what, *answer.Refused)
	}
	return answer.Is
}

// refused is the code of a refusal.
func refused(t *testing.T, l *Loom, what string, body any) Refusal {
	t.Helper()
	var answer struct{ Refused Refusal }
	put(t, l, what, body, &answer)
	return answer.Refused
}

func put(t *testing.T, l *Loom, what string, body, answer any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(l.Ask(what, string(raw))), answer); err != nil {
		t.Fatal(err)
	}
}

type op = map[string]any

func at(x, y int) orb.Point { return geo.Point{X: int32(x), Y: int32(y)}.Degrees() }

func move(x, y, toX, toY int) op { return op{"kind": "move_point", "at": at(x, y), "to": at(toX, toY)} }

func state(l *Loom) string {
	raw, _ := json.Marshal(l.pieces(l.fabric.Pieces()))
	return string(raw)
}

func TestTryChangesNothingAndDoDoes(t *testing.T) {
	l := board(t)
	before := state(l)
	tried := ask[[]Piece](t, l, "try", move(1000, 1000, 1200, 1000))
	if len(tried) != 4 || state(l) != before {
		t.Fatalf("try touched %d units, changed the fabric: %v", len(tried), state(l) != before)
	}
	done := ask[[]Piece](t, l, "do", op{"key": "a", "op": move(1000, 1000, 1200, 1000)})
	if fmt.Sprint(done) != fmt.Sprint(tried) || state(l) == before {
		t.Errorf("do: %v; try: %v", done, tried)
	}
	if r := refused(t, l, "do", op{"key": "b", "op": move(1200, 1000, 5000, 1000)}); r.Code != "operation_crosses" || r.At == nil {
		t.Errorf("got %+v; want a refusal with its place", r)
	}
}

// changesOf asks what an operation does, as a server would say it.
func changesOf(t *testing.T, l *Loom, do op) []Change {
	t.Helper()
	var out []Change
	for _, p := range ask[[]Piece](t, l, "try", do) {
		c := Change{ID: p.ID, After: p.Area}
		if was := l.fabric.Area(p.ID); was != nil {
			c.Before = was.Orb()
		}
		out = append(out, c)
	}
	return out
}

func TestSettle(t *testing.T) {
	mine, next := move(1000, 1000, 1200, 1000), move(2000, 2000, 2100, 2000)
	theirs := move(2000, 1000, 2000, 1300)
	t.Run("what was foreseen changes nothing", func(t *testing.T) {
		l := board(t)
		changes := changesOf(t, l, mine)
		ask[[]Piece](t, l, "do", op{"key": "a", "op": mine})
		ask[[]Piece](t, l, "do", op{"key": "b", "op": next})
		before := state(l)
		got := ask[Settled](t, l, "settle", settling{Key: "a", Changes: [][]Change{nil, changes}})
		if len(got.Pieces) != 0 || state(l) != before || len(l.pending) != 1 {
			t.Errorf("got %+v with %d pending", got, len(l.pending))
		}
	})
	t.Run("what is refused is taken back, and what came after stays", func(t *testing.T) {
		l, want := board(t), board(t)
		ask[[]Piece](t, l, "do", op{"key": "a", "op": mine})
		ask[[]Piece](t, l, "do", op{"key": "b", "op": next})
		got := ask[Settled](t, l, "settle", settling{Key: "a"})
		ask[[]Piece](t, want, "do", op{"key": "b", "op": next})
		if state(l) != state(want) || len(got.Pieces) == 0 || len(l.pending) != 1 {
			t.Errorf("got %+v with %d pending", got, len(l.pending))
		}
	})
	t.Run("others come first, then mine, then what is still pending", func(t *testing.T) {
		server := board(t)
		missed := changesOf(t, server, theirs)
		ask[[]Piece](t, server, "do", op{"key": "t", "op": theirs})
		changes := changesOf(t, server, mine)
		ask[[]Piece](t, server, "do", op{"key": "a", "op": mine})
		l := board(t)
		ask[[]Piece](t, l, "do", op{"key": "a", "op": mine})
		ask[[]Piece](t, l, "do", op{"key": "b", "op": next})
		got := ask[Settled](t, l, "settle", settling{Key: "a", Changes: [][]Change{missed, changes}})
		ask[[]Piece](t, server, "do", op{"key": "b", "op": next})
		if state(l) != state(server) || len(got.Dropped) != 0 {
			t.Errorf("dropped %+v", got.Dropped)
		}
	})
	t.Run("what does not fit any more is dropped with its reason", func(t *testing.T) {
		server := board(t)
		missed := changesOf(t, server, theirs)
		ask[[]Piece](t, server, "do", op{"key": "t", "op": theirs})
		l := board(t)
		ask[[]Piece](t, l, "do", op{"key": "a", "op": move(2000, 1000, 2200, 1000)})
		got := ask[Settled](t, l, "settle", settling{Changes: [][]Change{missed}})
		if len(got.Dropped) != 1 || got.Dropped[0].Key != "a" || got.Dropped[0].Reason.Code != "operation_place" || state(l) != state(server) {
			t.Errorf("got %+v", got.Dropped)
		}
	})
	t.Run("an answer about another division is refused, and nothing is done", func(t *testing.T) {
		l := board(t)
		ask[[]Piece](t, l, "do", op{"key": "a", "op": mine})
		before := state(l)
		good := changesOf(t, board(t), theirs)
		wrong := []Change{{ID: 9, Before: square(0, 0, 10), After: square(0, 0, 20)}}
		if r := refused(t, l, "settle", settling{Key: "a", Changes: [][]Change{good, wrong}}); r.Code != "division_moved" || state(l) != before || len(l.pending) != 1 {
			t.Errorf("got %+v with %d pending", r, len(l.pending))
		}
	})
}

func TestQuestionsAboutPlaces(t *testing.T) {
	l := board(t)
	n := ask[*Near](t, l, "near", seeking{At: at(1002, 1001), Reach: 0.5})
	if n == nil || !n.Vertex || !n.Junction || n.Rim || len(n.Units) != 4 {
		t.Errorf("near a junction: %+v", n)
	}
	if n := ask[*Near](t, l, "near", seeking{At: at(1500, 1500), Reach: 0.5}); n != nil {
		t.Errorf("in a field: %+v", n)
	}
	if p := ask[*orb.Point](t, l, "snap", seeking{At: at(500, 3), Reach: 0.5, Lines: [][]orb.Point{{at(0, 0), at(900, 0)}}}); p == nil || *p != at(500, 0) {
		t.Errorf("snap: %v", p)
	}
	rings := ask[[][]BorderPoint](t, l, "points", pointing{Units: []int{1, 5}})
	if len(rings) != 2 || len(rings[1]) != 4 || !rings[1][0].Junction || !rings[0][0].Rim {
		t.Errorf("points: %+v", rings)
	}
	if b := ask[[]orb.Point](t, l, "border", bordering{Edge: [2]orb.Point{at(1000, 1000), at(1000, 2000)}}); len(b) != 0 {
		t.Errorf("a straight border has points: %v", b)
	}
}

func TestLocked(t *testing.T) {
	l := board(t)
	ask[any](t, l, "lock", locking{Units: []int{5}, Locked: true})
	if r := refused(t, l, "try", move(1000, 1000, 1200, 1000)); r.Code != "operation_locked" {
		t.Errorf("got %+v", r)
	}
	ask[any](t, l, "lock", locking{Units: []int{5}})
	ask[[]Piece](t, l, "try", move(1000, 1000, 1200, 1000))
}

func TestWhatCannotBeAsked(t *testing.T) {
	l := &Loom{}
	if r := refused(t, l, "try", move(0, 0, 1, 1)); r.Code != "division_unwoven" {
		t.Errorf("before weaving: %+v", r)
	}
	overlap := weaving{Rim: square(0, 0, 3000), Units: []Land{{ID: 1, Area: square(0, 0, 2000)}, {ID: 2, Area: square(1000, 0, 1000)}}}
	if r := refused(t, l, "weave", overlap); r.Code != "division_faulty" || r.At == nil {
		t.Errorf("an overlap: %+v", r)
	}
	l = board(t)
	for _, c := range [][2]string{{"fly", "{}"}, {"try", "{"}, {"do", `{"op":{"at":[500,0]}}`}, {"try", `{"kind":"fly"}`}} {
		if got := l.Ask(c[0], c[1]); !strings.Contains(got, `"refused"`) {
			t.Errorf("%v: %s", c, got)
		}
	}
}
