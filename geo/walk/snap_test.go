package walk

import (
	"math"
	"math/rand/v2"
	"testing"

	"wangge/geo"
)

// metresAt is a place so many metres east and north of the south-western corner of
// the maps that these tests draw.
func metresAt(x, y float64) geo.Point {
	const lon, lat = 1_215_000_000, 311_000_000
	east, north := scaleAt(lat)
	return geo.Point{X: lon + int32(math.Round(x*1000/east)), Y: lat + int32(math.Round(y*1000/north))}
}

// drawn is a network of straight streets, each from x, y to x, y in metres.
func drawn(streets ...[4]float64) *Network {
	var nodes []geo.Point
	var drafts []draft
	for i, s := range streets {
		a, b := metresAt(s[0], s[1]), metresAt(s[2], s[3])
		nodes = append(nodes, a, b)
		drafts = append(drafts, draft{from: int32(2 * i), to: int32(2*i + 1), line: []geo.Point{a, b}, street: int64(i + 1)})
	}
	return assemble(nodes, drafts)
}

func (n *Network) wall(hard bool, xy ...float64) *Network {
	w := Wall{Hard: hard}
	for i := 0; i < len(xy); i += 2 {
		w.Line = append(w.Line, metresAt(xy[i], xy[i+1]))
	}
	n.walls = append(n.walls, w)
	return n
}

func TestSnapHeedsWaterWallsAndPieces(t *testing.T) {
	south, north, short := [4]float64{-1000, 0, 2000, 0}, [4]float64{-1000, 120, 1900, 120}, [4]float64{480, 40, 520, 40}
	tests := []struct {
		name    string
		n       *Network
		at      geo.Point
		reason  Reason
		count   uint8
		street  int64 // of the first access
		walk    float64
		second  int64
		crosses bool
	}{
		{"the nearest street", drawn(south, north), metresAt(500, 30), Reached, 1, 1, 30, 0, false},
		{"a place on a street", drawn(south), metresAt(500, 0), Reached, 1, 1, 0, 0, false},
		{"the end of a street", drawn(south), metresAt(2030, 40), Reached, 1, 1, 50, 0, false},
		{"never across water", drawn(south, north).wall(true, -2000, 20, 3000, 20), metresAt(500, 30), Reached, 1, 2, 90, 0, false},
		{"only across water", drawn(south).wall(true, -2000, 20, 3000, 20), metresAt(500, 30), BehindWater, 0, 1, 30, 0, false},
		{"round a wall", drawn(south, north).wall(false, -2000, 20, 3000, 20), metresAt(500, 30), Reached, 1, 2, 90, 0, false},
		{"only across a wall", drawn(south).wall(false, -2000, 20, 3000, 20), metresAt(500, 30), BehindWall, 1, 1, 30, 0, true},
		{"a wall on the street's line", drawn(south).wall(false, -2000, 0, 3000, 0), metresAt(500, 30), Reached, 1, 1, 30, 0, false},
		{"a wall on the other side", drawn(south).wall(false, -2000, -20, 3000, -20), metresAt(500, 30), Reached, 1, 1, 30, 0, false},
		{"through the gap in a wall", drawn(south).wall(false, -2000, 20, 499, 20).wall(false, 501, 20, 3000, 20), metresAt(500, 30), Reached, 1, 1, 30, 0, false},
		{"through the corner of a wall", drawn(south).wall(true, -2000, 20, 500, 20, 3000, 20), metresAt(500, 30), BehindWater, 0, 1, 30, 0, false},
		{"a lane that leads nowhere, and a street", drawn(south, short), metresAt(500, 30), Reached, 2, 2, 10, 1, false},
		{"a lane that leads nowhere, and a street across water", drawn(south, short).wall(true, -2000, 20, 3000, 20), metresAt(500, 30), Reached, 1, 2, 10, 0, false},
		{"a lane that leads nowhere, and a street behind a wall", drawn(south, short).wall(false, -2000, 20, 3000, 20), metresAt(500, 30), Reached, 2, 2, 10, 1, false},
		{"too far", drawn(south), metresAt(500, 201), TooFar, 0, 1, 201, 0, false},
		{"far beyond", drawn(south), metresAt(500, 11_000), NoNetwork, 0, 0, 0, 0, false},
		{"the other side of the globe", drawn(south), geo.Point{X: -600_000_000, Y: -300_000_000}, NoNetwork, 0, 0, 0, 0, false},
		{"no streets at all", assemble(nil, nil), metresAt(0, 0), NoNetwork, 0, 0, 0, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.n.Snap(tt.at, Adult, MaxWalk)
			if p.Reason != tt.reason || p.Count != tt.count {
				t.Fatalf("%v with %d accesses, want %v with %d (%+v)", p.Reason, p.Count, tt.reason, tt.count, p)
			}
			if tt.street == 0 {
				return
			}
			a := p.Access[0]
			if tt.n.Street(a.Edge) != tt.street || math.Abs(float64(a.Walk)-tt.walk*1000) > 20 || a.Crosses != tt.crosses {
				t.Errorf("to street %d in %d mm, crosses %v; want street %d in %v m, %v", tt.n.Street(a.Edge), a.Walk, a.Crosses, tt.street, tt.walk, tt.crosses)
			}
			if tt.second != 0 && tt.n.Street(p.Access[1].Edge) != tt.second {
				t.Errorf("the second way is to street %d, want %d", tt.n.Street(p.Access[1].Edge), tt.second)
			}
		})
	}
}

func TestSnapLeavesABuildingByItsDoors(t *testing.T) {
	n := drawn([4]float64{0, 0, 1000, 0}, [4]float64{0, 80, 1000, 80})
	n.doors = []Door{{
		Building:  geo.MultiPolygon{{{metresAt(400, 10), metresAt(600, 10), metresAt(600, 70), metresAt(400, 70)}}},
		Entrances: []geo.Point{metresAt(500, 70)},
	}}
	p := n.Snap(metresAt(500, 20), Adult, MaxWalk)
	if p.Count == 0 || n.Street(p.Access[0].Edge) != 2 || math.Abs(float64(p.Access[0].Walk)-60_000) > 20 {
		t.Errorf("%+v; want street 2 after 50 m in the building and 10 m outside", p)
	}
	if p := n.Snap(metresAt(700, 20), Adult, MaxWalk); n.Street(p.Access[0].Edge) != 1 {
		t.Errorf("%+v; a place outside the building does not go through its door", p)
	}
	if p := n.Snap(metresAt(500, 20), Adult, 55_000); p.Count == 0 || n.Street(p.Access[0].Edge) != 1 {
		t.Errorf("%+v; want street 1 when the way by the door is too long", p)
	}
}

func TestWheelsSnapToWhatTheyRollOn(t *testing.T) {
	n := drawn([4]float64{0, 0, 1000, 0}, [4]float64{0, 80, 1000, 80})
	for e := range n.traits {
		n.traits[e].Unfit = n.street[e] == 1
	}
	if p := n.Snap(metresAt(500, 10), Adult, MaxWalk); n.Street(p.Access[0].Edge) != 1 {
		t.Errorf("feet: %+v, want street 1", p)
	}
	if p := n.Snap(metresAt(500, 10), Wheels, MaxWalk); n.Street(p.Access[0].Edge) != 2 || p.Count != 1 {
		t.Errorf("wheels: %+v, want street 2", p)
	}
}

func TestSnapTakesTheFirstOfEquals(t *testing.T) {
	n := drawn([4]float64{0, 0, 100, 0}, [4]float64{100, 0, 200, 0}, [4]float64{0, 40, 200, 40})
	for _, at := range []geo.Point{metresAt(100, 0), metresAt(100, -30)} {
		a := n.Snap(at, Adult, MaxWalk).Access[0]
		for e := range int32(n.Edges()) {
			line := n.Line(e)
			if e < a.Edge && (line[0] == metresAt(100, 0) || line[1] == metresAt(100, 0)) {
				t.Errorf("edge %d was taken, edge %d is as near", a.Edge, e)
			}
		}
	}
}

func TestSnapFindsTheNearestOfAll(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		n := town(r, 2+r.IntN(20))
		if n.Edges() == 0 {
			continue
		}
		x := n.index(Adult)
		for range 300 {
			at := geo.Point{X: 1_214_950_000 + r.Int32N(300_000), Y: 310_950_000 + r.Int32N(300_000)}
			within := float64(1000 + r.IntN(600_000))
			q := eyeAt(at)
			want := spot{segment: -1, square: within * within}
			for e := range n.from {
				for s := n.bend[e]; s < n.bend[e+1]-1; s++ {
					if square, part := q.square(n.shape[s], n.shape[s+1]); square < want.square {
						want = spot{s, square, part}
					}
				}
			}
			guess := int32(-1)
			if r.IntN(2) == 0 {
				guess = n.bend[r.IntN(n.Edges())]
			}
			if got := x.nearest(&q, within, guess); got != want {
				t.Fatalf("nearest within %v mm: %+v, want %+v", within, got, want)
			}
			if list := x.all(&q, within); (len(list) == 0) != (want.segment < 0) || len(list) > 0 && list[0].square != want.square {
				t.Fatalf("all within %v mm begin with %+v, want %+v", within, list, want)
			}
		}
	}
}
