package walk

import (
	"testing"

	"wangge/geo"
)

func TestAssembleOrdersNodesAndFindsPieces(t *testing.T) {
	at := func(x, y int32) geo.Point { return geo.Point{X: 1_215_000_000 + x*1000, Y: 311_000_000 + y*1000} }
	nodes := []geo.Point{at(0, 0), at(1, 0), at(5, 5), at(1, 1), at(6, 5), at(9, 9)}
	edge := func(a, b int32) draft { return draft{from: a, to: b, line: []geo.Point{nodes[a], nodes[b]}} }
	n := assemble(nodes, []draft{edge(2, 4), edge(0, 1), edge(1, 3), edge(3, 0)})
	if n.Nodes() != 5 || n.Edges() != 4 {
		t.Fatalf("%d nodes, %d edges; want 5 and 4: a node without an edge is left out", n.Nodes(), n.Edges())
	}
	pieces := map[int32]int{}
	for e := range n.from {
		pieces[n.Piece(int32(e))]++
		line := n.Line(int32(e))
		if line[0] != n.nodes[n.from[e]] || line[len(line)-1] != n.nodes[n.to[e]] {
			t.Errorf("edge %d does not run between its nodes", e)
		}
	}
	if pieces[0] != 3 || pieces[1] != 1 {
		t.Errorf("edges by piece: %v; want 3 in the main one and 1 in the next", pieces)
	}
}

func TestEffortOfStepsSlopesAndWheels(t *testing.T) {
	steps := Traits{Kind: Steps}
	hill := Traits{Kind: Road, Incline: 100}
	for _, c := range []struct {
		name string
		got  uint32
		want uint32
	}{
		{"adult on steps", steps.effort(Mode{}, 1000, false), 1000},
		{"elder on steps", steps.effort(Mode{Profile: Elder}, 1000, false), 2000},
		{"wheels on steps", steps.effort(Mode{Profile: Wheels}, 1000, false), Never},
		{"wheels on what is unfit", Traits{Unfit: true}.effort(Mode{Profile: Wheels}, 1000, false), Never},
		{"slope not asked for", hill.effort(Mode{}, 1000, false), 1000},
		{"10 % up", hill.effort(Mode{Slope: true}, 1000, false), 1419},  // exp(3.5 · 0.10)
		{"10 % down", hill.effort(Mode{Slope: true}, 1000, true), 1000}, // |-0.10 + 0.05| = 0.05
		{"never nothing", Traits{}.effort(Mode{}, 0, false), 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.name, c.got, c.want)
		}
	}
}
