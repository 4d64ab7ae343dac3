package loom

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
)

var update = flag.Bool("update", false, "write the shared vectors anew")

// The vectors are questions with the digest of their answers, which the page's tests
// ask the WebAssembly as well (web/tests/unit/engine.test.ts): one engine, one answer.
const vectors = "testdata/vectors.jsonl"

type vector struct {
	What   string          `json:"what"`
	Body   json.RawMessage `json:"body"`
	Digest string          `json:"digest"` // FNV-1a, 64 bits, of the answer
	Is     bool            `json:"is"`     // answered, not refused
}

func digest(text string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return strconv.FormatUint(h.Sum64(), 16)
}

func TestTheSharedVectorsHold(t *testing.T) {
	made := makeVectors(t)
	if *update {
		if err := os.WriteFile(vectors, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectors)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, want) {
		t.Error("the answers differ from the shared vectors; if that is meant, run this test with -update")
	}
	var is, refused int
	for lines := bufio.NewScanner(bytes.NewReader(want)); lines.Scan(); {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			continue // longer than a scanner takes: the division itself
		}
		if v.Is {
			is++
		} else {
			refused++
		}
	}
	if is < 150 || refused < 30 {
		t.Errorf("%d answered and %d refused: too few to compare", is, refused)
	}
}

// makeVectors asks random questions about a board of jittered fields with an enclave
// and a hole.
func makeVectors(t *testing.T) []byte {
	rng := rand.New(rand.NewPCG(20, 26))
	var out bytes.Buffer
	write := json.NewEncoder(&out)
	l := &Loom{}
	put := func(what string, body any) string {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		answer := l.Ask(what, string(raw))
		if err := write.Encode(vector{what, raw, digest(answer), bytes.HasPrefix([]byte(answer), []byte(`{"is"`))}); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	const n, size = 4, 100_000
	origin := geo.Point{X: 1_200_000_000, Y: 302_000_000}
	corner := func(i, j int) orb.Point {
		p := geo.Point{X: origin.X + int32(i*size), Y: origin.Y + int32(j*size)}
		if i > 0 && i < n && j > 0 && j < n {
			fixed := rand.New(rand.NewPCG(uint64(i), uint64(j))) // the same for all four fields
			p.X += fixed.Int32N(size/2) - size/4
			p.Y += fixed.Int32N(size/2) - size/4
		}
		return p.Degrees()
	}
	q := weaving{}
	rim := orb.Ring{}
	for k := range n {
		rim = append(rim, corner(k, 0))
	}
	rim = append(rim, corner(n, 0), corner(n, n), corner(0, n), corner(0, 0))
	q.Rim = orb.MultiPolygon{{rim}}
	for i := range n {
		for j := range n {
			if i == 2 && j == 3 {
				continue // nobody's land
			}
			q.Units = append(q.Units, Land{ID: n*i + j + 1, Area: orb.MultiPolygon{{{
				corner(i, j), corner(i+1, j), corner(i+1, j+1), corner(i, j+1), corner(i, j)}}}})
		}
	}
	put("weave", q)
	somewhere := func() orb.Point {
		return geo.Point{X: origin.X + rng.Int32N(n*size), Y: origin.Y + rng.Int32N(n*size)}.Degrees()
	}
	beside := func(p orb.Point, by float64) orb.Point {
		return geo.Snap(orb.Point{p[0] + (rng.Float64()-0.5)*by, p[1] + (rng.Float64()-0.5)*by}).Degrees()
	}
	box := func(p orb.Point, w, h float64) orb.MultiPolygon {
		q := orb.Point{p[0] + w, p[1] + h}
		return orb.MultiPolygon{{{p, {q[0], p[1]}, q, {p[0], q[1]}, p}}}
	}
	next := 100
	for k := range 250 {
		var near struct{ Is *Near }
		p := somewhere()
		if err := json.Unmarshal([]byte(put("near", seeking{At: p, Reach: 400})), &near); err != nil {
			t.Fatal(err)
		}
		pieces := l.fabric.Pieces()
		unit := pieces[rng.IntN(len(pieces))]
		do := map[string]any{"kind": "merge", "units": []int{unit, pieces[rng.IntN(len(pieces))]}, "into": unit}
		switch kind := rng.IntN(8); {
		case near.Is != nil && near.Is.Vertex && kind < 4:
			do = map[string]any{"kind": "move_point", "at": near.Is.At, "to": beside(near.Is.At, 0.004)}
		case near.Is != nil && near.Is.Vertex:
			do = map[string]any{"kind": "delete_point", "at": near.Is.At}
		case near.Is != nil && kind < 4:
			do = map[string]any{"kind": "add_point", "edge": near.Is.Edge, "to": beside(near.Is.At, 0.002)}
		case near.Is != nil:
			put("border", map[string]any{"edge": near.Is.Edge})
			do = map[string]any{"kind": "move_border", "edge": near.Is.Edge, "at": near.Is.At, "to": beside(near.Is.At, 0.002)}
		case kind == 0:
			do = map[string]any{"kind": "transfer", "area": box(p, 0.003, 0.002), "into": unit}
		case kind == 1:
			next++
			do = map[string]any{"kind": "transfer", "area": box(p, 0.004, 0.004), "into": next}
		case kind < 4:
			next++
			do = map[string]any{"kind": "split", "line": []orb.Point{somewhere(), p, somewhere()}, "units": []int{unit}, "into": next}
		case kind < 7:
			do = map[string]any{"kind": "reshape", "line": []orb.Point{p, beside(p, 0.03), beside(p, 0.03), beside(p, 0.01)}}
		}
		put("try", do)
		put("do", map[string]any{"key": strconv.Itoa(k), "op": do})
		if rng.IntN(4) == 0 && len(l.pending) > 0 { // the server refuses one of them
			put("settle", settling{Key: l.pending[rng.IntN(len(l.pending))].key})
		}
		put("points", pointing{Units: []int{unit}})
	}
	return out.Bytes()
}
