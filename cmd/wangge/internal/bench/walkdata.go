package bench

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/town"
	"wangge/geo/walk"
)

// walkTown is a town to walk in.
type walkTown struct {
	name    string
	file    string // its map, "" where it is generated
	network *walk.Network
	homes   []geo.Point
	points  []geo.Point
}

func (t walkTown) data() string {
	return fmt.Sprintf("%s: %d edges, %d households, %d points", t.name, t.network.Edges(), len(t.homes), len(t.points))
}

// atHome is the town that is walked: Porto Alegre where its map is at hand, which is
// a real network with invented homes along it, else the demo town.
func atHome(ctx context.Context, lab Lab) (walkTown, error) {
	file, err := filepath.Abs(filepath.Join(lab.Data, "porto-alegre", "poa.osm.pbf"))
	if err != nil {
		return walkTown{}, err
	}
	if lab.Data == "" || lab.Scale.Name == Smoke.Name {
		return inDemoTown(ctx, lab.Scale.Walk)
	}
	f, err := os.Open(file)
	if os.IsNotExist(err) {
		return inDemoTown(ctx, lab.Scale.Walk)
	}
	if err != nil {
		return walkTown{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return walkTown{}, err
	}
	n, _, err := network.Walking(ctx, f, info.Size())
	if err != nil {
		return walkTown{}, err
	}
	t := walkTown{name: "POA", file: file, network: n, homes: along(n, lab.Scale.Walk)}
	t.points = pick(t.homes, 50)
	return t, nil
}

func inDemoTown(ctx context.Context, homes int) (walkTown, error) {
	demo, err := town.Generate(ctx, town.Options{Households: homes, Seed: 1})
	if err != nil {
		return walkTown{}, err
	}
	var s walk.Source
	for _, street := range demo.Streets {
		nodes := make([]int64, len(street.Nodes))
		for i, v := range street.Nodes {
			nodes[i] = int64(v) + 1
		}
		layer := 0
		if street.Bridge {
			layer = 1
		}
		s.Streets = append(s.Streets, walk.Street{ID: street.ID, Kind: street.Class, Layer: layer, Tags: street.Tags(), Nodes: nodes, Line: demo.Line(street)})
	}
	n, _, err := walk.Build(ctx, s)
	if err != nil {
		return walkTown{}, err
	}
	t := walkTown{name: "demo", network: n}
	for _, h := range demo.Households {
		t.homes = append(t.homes, h.At)
	}
	t.points = pick(t.homes, 50)
	return t, nil
}

// along invents homes 5 to 35 m beside the streets, everywhere equally dense.
func along(n *walk.Network, count int) []geo.Point {
	r := rand.New(rand.NewPCG(1, 1))
	upTo := make([]uint64, n.Edges())
	var sum uint64
	for e := range upTo {
		sum += uint64(n.Length(int32(e)))
		upTo[e] = sum
	}
	homes := make([]geo.Point, count)
	for i := range homes {
		at := r.Uint64N(sum)
		e, _ := slices.BinarySearch(upTo, at)
		on := n.Where(walk.Access{Edge: int32(e), Offset: min(r.Uint32N(n.Length(int32(e))+1), n.Length(int32(e)))})
		away := func() int32 { return (500 + r.Int32N(2500)) * (1 - 2*r.Int32N(2)) }
		homes[i] = geo.Point{X: on.X + away(), Y: on.Y + away()}
	}
	return homes
}

// pick takes every so many-th home as a point.
func pick(homes []geo.Point, count int) []geo.Point {
	count = min(count, len(homes))
	points := make([]geo.Point, count)
	for i := range points {
		points[i] = homes[i*len(homes)/count]
	}
	return points
}

// copied is a town side × side times, with streets from each copy to the next.
func (t walkTown) copied(ctx context.Context, side int) (walkTown, error) {
	box := geo.EmptyBound
	ends := map[geo.Point]int64{}
	var places []geo.Point // on the main piece of the network, where copies are joined
	for e := range t.network.Edges() {
		line := t.network.Line(int32(e))
		for _, p := range line {
			box = box.Extend(p)
		}
		for _, p := range []geo.Point{line[0], line[len(line)-1]} {
			if ends[p] == 0 {
				ends[p] = int64(len(ends) + 1)
			}
			if t.network.Piece(int32(e)) == 0 {
				places = append(places, p)
			}
		}
	}
	const gap = 5000 // lattice steps, some 50 m
	wide, high := box.Max.X-box.Min.X+gap, box.Max.Y-box.Min.Y+gap
	shift := func(p geo.Point, copy int) geo.Point {
		return geo.Point{X: p.X + int32(copy%side)*wide, Y: p.Y + int32(copy/side)*high}
	}
	const perCopy = 1 << 24 // numbers of nodes in one copy
	out := walkTown{name: fmt.Sprintf("%s × %d", t.name, side*side)}
	var s walk.Source
	for c := range side * side {
		next := int64(c+1) * perCopy
		bend := next + perCopy/4 // corners within edges, which are no crossings
		for e := range t.network.Edges() {
			line := t.network.Line(int32(e))
			street := walk.Street{ID: int64(len(s.Streets) + 1), Kind: kindOf(t.network.Traits(int32(e)).Kind)}
			for i, p := range line {
				street.Line = append(street.Line, shift(p, c))
				if i == 0 || i == len(line)-1 {
					street.Nodes = append(street.Nodes, next+ends[p])
				} else {
					bend++
					street.Nodes = append(street.Nodes, bend)
				}
			}
			s.Streets = append(s.Streets, street)
		}
		for _, p := range t.homes {
			out.homes = append(out.homes, shift(p, c))
		}
		for _, p := range t.points {
			out.points = append(out.points, shift(p, c))
		}
	}
	join := func(from, to geo.Point, copy, other int) {
		s.Streets = append(s.Streets, walk.Street{ID: int64(len(s.Streets) + 1), Kind: "footway",
			Nodes: []int64{int64(copy+1)*perCopy + ends[from], int64(other+1)*perCopy + ends[to]},
			Line:  []geo.Point{shift(from, copy), shift(to, other)}})
	}
	most := func(key func(p geo.Point) int32) geo.Point {
		return slices.MaxFunc(places, func(a, b geo.Point) int { return cmp.Compare(key(a), key(b)) })
	}
	east, west := most(func(p geo.Point) int32 { return p.X }), most(func(p geo.Point) int32 { return -p.X })
	north, south := most(func(p geo.Point) int32 { return p.Y }), most(func(p geo.Point) int32 { return -p.Y })
	for c := range side * side {
		if c%side+1 < side {
			join(east, west, c, c+1)
		}
		if c/side+1 < side {
			join(north, south, c, c+side)
		}
	}
	n, _, err := walk.Build(ctx, s)
	out.network = n
	return out, err
}

// kindOf is the value of highway for a kind of street.
func kindOf(k walk.Kind) string {
	switch k {
	case walk.Road:
		return "residential"
	case walk.Steps:
		return "steps"
	}
	return "footway"
}
