package mvt

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	orbmvt "github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/planar"

	"wangge/geo"
)

// quilt is a board of n × n areas with jittered inner corners and a bent vertex
// on every inner edge: it tiles its square by construction. The south-western
// corner is at (west, south) on the lattice, an area about step wide.
func quilt(n int, west, south, step int32, seed uint64) []geo.Ring {
	random := rand.New(rand.NewPCG(seed, 1))
	jitter := func(inner bool) int32 {
		if !inner {
			return 0
		}
		return int32(random.IntN(int(step)/3)) - step/6
	}
	corner := make(map[[2]int]geo.Point)
	across, up := make(map[[2]int]geo.Point), make(map[[2]int]geo.Point)
	for i := 0; i <= n; i++ {
		for j := 0; j <= n; j++ {
			inner := i > 0 && i < n && j > 0 && j < n
			x, y := west+int32(i)*step, south+int32(j)*step
			corner[[2]int{i, j}] = geo.Point{X: x + jitter(inner), Y: y + jitter(inner)}
			across[[2]int{i, j}] = geo.Point{X: x + step/2, Y: y + jitter(j > 0 && j < n)/2}
			up[[2]int{i, j}] = geo.Point{X: x + jitter(i > 0 && i < n)/2, Y: y + step/2}
		}
	}
	var rings []geo.Ring
	for j := range n {
		for i := range n {
			rings = append(rings, geo.Ring{
				corner[[2]int{i, j}], across[[2]int{i, j}], corner[[2]int{i + 1, j}], up[[2]int{i + 1, j}],
				corner[[2]int{i + 1, j + 1}], across[[2]int{i, j + 1}], corner[[2]int{i, j + 1}], up[[2]int{i, j}],
			})
		}
	}
	return rings
}

func atZoom(r geo.Ring, zoom int) Ring {
	out := make(Ring, len(r))
	for i, p := range r {
		out[i] = Project(p).At(zoom)
	}
	return out
}

func shapesOf(areas []geo.Ring, zoom int) (*Shapes, *Table) {
	table := NewTable(Column{Name: "id", Unique: true}, Column{Name: "kind"})
	var b ShapesBuilder
	for i, area := range areas {
		row := table.Add(String(fmt.Sprint("A", i)), Int(int64(i%3)))
		b.Polygon(row, []Ring{atZoom(area, zoom)})
	}
	return b.Done(), table
}

func decode(t *testing.T, tile []byte) orbmvt.Layers {
	t.Helper()
	layers, err := orbmvt.Unmarshal(tile)
	if err != nil {
		t.Fatalf("decode the tile: %v", err)
	}
	return layers
}

// edges sums the directed edges of all polygons: those shared by neighbours
// cancel. What is left is the outline of their union.
func edges(layer *orbmvt.Layer) map[[2]orb.Point]int {
	sum := map[[2]orb.Point]int{}
	for _, f := range layer.Features {
		for _, p := range polygons(f.Geometry) {
			for _, ring := range p {
				for i := 1; i < len(ring); i++ {
					a, b := ring[i-1], ring[i]
					if back := [2]orb.Point{b, a}; sum[back] > 0 {
						if sum[back]--; sum[back] == 0 {
							delete(sum, back)
						}
						continue
					}
					sum[[2]orb.Point{a, b}]++
				}
			}
		}
	}
	return sum
}

func polygons(g orb.Geometry) []orb.Polygon {
	switch v := g.(type) {
	case orb.Polygon:
		return []orb.Polygon{v}
	case orb.MultiPolygon:
		return v
	}
	return nil
}

func onBorder(e [2]orb.Point) bool {
	for axis := range 2 {
		for _, limit := range []float64{-Buffer, Extent + Buffer} {
			if e[0][axis] == limit && e[1][axis] == limit {
				return true
			}
		}
	}
	return false
}

func area(layer *orbmvt.Layer) float64 {
	var sum float64
	for _, f := range layer.Features {
		for _, p := range polygons(f.Geometry) {
			sum += planar.Area(p)
		}
	}
	return sum
}

// Neighbours in a tile share every inner edge, whatever the zoom and wherever
// the tile's border cuts them: the sum of their boundaries is the tile's border,
// and the sum of their areas is exactly the tile's.
func TestNeighboursNeitherGapNorOverlapInAnyTile(t *testing.T) {
	var b Builder
	for zoom := 9; zoom <= MaxZoom; zoom++ {
		step := int32(90000 << 5 >> (zoom - 9)) // about six areas across a tile
		areas := quilt(24, 1000000000, 200000000, step, uint64(zoom))
		shapes, table := shapesOf(areas, zoom)
		centre := Project(geo.Point{X: 1000000000 + 12*step, Y: 200000000 + 12*step}).TileAt(zoom)
		for _, tile := range []Tile{centre, {centre.Z, centre.X + 1, centre.Y}, {centre.Z, centre.X, centre.Y - 1}} {
			b.Reset()
			b.Shapes("grid", shapes, table, tile, nil)
			layer := decode(t, b.Bytes())[0]
			for e := range edges(layer) {
				if !onBorder(e) {
					t.Errorf("z%d: edge %v is drawn on one side only", zoom, e)
				}
			}
			if want := float64((Extent + 2*Buffer) * (Extent + 2*Buffer)); area(layer) != want {
				t.Errorf("z%d: areas sum to %v, want %v", zoom, area(layer), want)
			}
		}
	}
}

// Areas of about a unit: many vanish or shrink to a line, and their neighbours
// close up behind them.
func TestAreasOfAUnitLeaveNoOpenEdge(t *testing.T) {
	var b Builder
	for _, step := range []int32{30, 90, 400} {
		areas := quilt(40, 1200000000, 300000000, step, uint64(step))
		shapes, table := shapesOf(areas, 14) // a unit is 54 steps
		if step < 54 && shapes.Len() == len(areas) {
			t.Errorf("step %d: no area vanished, the test tests nothing", step)
		}
		b.Reset()
		b.Shapes("grid", shapes, table, Project(areas[0][0]).TileAt(14), nil)
		layer := decode(t, b.Bytes())[0]
		outline := doubledArea(outlineOf(areas, 40, 14))
		if got := 2 * area(layer); got != -float64(outline) {
			t.Errorf("step %d: doubled areas sum to %v, want %v", step, got, -outline)
		}
	}
}

// outlineOf is the border of a quilt, vertex by vertex.
func outlineOf(areas []geo.Ring, n, zoom int) []Point {
	var out []Point
	add := func(area, from, to int) {
		for k := from; k <= to; k++ {
			out = append(out, Project(areas[area][k%8]).At(zoom))
		}
	}
	for i := range n {
		add(i, 0, 2)
	}
	for j := range n {
		add(j*n+n-1, 2, 4)
	}
	for i := n - 1; i >= 0; i-- {
		add((n-1)*n+i, 4, 6)
	}
	for j := n - 1; j >= 0; j-- {
		add(j*n, 6, 8)
	}
	return out
}

// The check above must be able to fail: one vertex of one area moved by 2 cm, at
// a zoom whose units are 8 cm, shows in about one case of four.
func TestACutSharedVertexIsNoticed(t *testing.T) {
	areas := quilt(8, 1200000000, 300000000, 9000, 7)
	areas[27][0].X += 9
	shapes, table := shapesOf(areas, MaxZoom)
	var b Builder
	open := 0
	centre := Project(areas[27][0]).TileAt(MaxZoom)
	b.Shapes("grid", shapes, table, centre, nil)
	for e := range edges(decode(t, b.Bytes())[0]) {
		if !onBorder(e) {
			open++
		}
	}
	if open == 0 {
		t.Error("a moved vertex left no open edge")
	}
}

func TestPolygonInsideATileIsTheSameAsEncodedWhole(t *testing.T) {
	hole := geo.Ring{{X: 1200004000, Y: 300004000}, {X: 1200004000, Y: 300006000}, {X: 1200006000, Y: 300005000}}
	outer := geo.Ring{{X: 1200000000, Y: 300000000}, {X: 1200010000, Y: 300000000}, {X: 1200010000, Y: 300010000}, {X: 1200000000, Y: 300010000}}
	for zoom := 8; zoom <= 16; zoom++ {
		table := NewTable(Column{Name: "id", Unique: true})
		var sb ShapesBuilder
		if !sb.Polygon(table.Add(String("x")), []Ring{atZoom(outer, zoom), atZoom(hole, zoom)}) {
			continue // smaller than a unit
		}
		var b Builder
		tile := Project(outer[0]).TileAt(zoom)
		b.Shapes("grid", sb.Done(), table, tile, nil)
		p := decode(t, b.Bytes())[0].Features[0].Geometry.(orb.Polygon)
		o := tile.origin()
		for i, ring := range []geo.Ring{outer, hole} {
			if i >= len(p) {
				continue // the hole vanished
			}
			for _, at := range p[i] {
				found := false
				for _, q := range atZoom(ring, zoom) {
					found = found || at == orb.Point{float64(q.X - o.X), float64(q.Y - o.Y)}
				}
				if !found {
					t.Errorf("z%d ring %d: vertex %v is not one of the source", zoom, i, at)
				}
			}
		}
		// In the tile's own axes an outer ring has a positive area, a hole a negative
		// one; orb's orientation is that of y upwards, its sign the same formula.
		if p[0].Orientation() != orb.CCW {
			t.Errorf("z%d: outer ring has a negative area", zoom)
		}
		if len(p) > 1 && p[1].Orientation() != orb.CW {
			t.Errorf("z%d: hole has a positive area", zoom)
		}
	}
}

func TestAClippedCombFallsIntoItsTeeth(t *testing.T) {
	// A comb whose back lies outside the box and whose three teeth reach into it,
	// with a hole in the middle tooth.
	comb := []Point{{-500, 0}, {-500, 3000}, {1000, 3000}, {1000, 2500}, {-300, 2500}, {-300, 1800},
		{1000, 1800}, {1000, 1200}, {-300, 1200}, {-300, 500}, {1000, 500}, {1000, 0}}
	hole := []Point{{400, 1400}, {600, 1400}, {600, 1600}, {400, 1600}}
	var b Builder
	for i, ring := range [][]Point{comb, hole} {
		if (doubledArea(ring) > 0) != (i == 0) {
			ring = reversed(ring)
		}
		b.cut.from.points = append(b.cut.from.points, ring...)
		b.cut.from.ends = append(b.cut.from.ends, int32(len(b.cut.from.points)))
	}
	bounds := emptyBox
	for _, p := range comb {
		bounds = bounds.add(p)
	}
	b.clipPolygons(Tile{}.buffered(), bounds)
	if got := len(b.outer); got != 3 {
		t.Fatalf("the comb has %d pieces, want 3", got)
	}
	var sum int64
	for i := range b.cut.from.len() {
		sum += doubledArea(b.cut.from.at(i))
	}
	if want := int64(2 * (1064*(500+600+500) - 200*200)); sum != want {
		t.Errorf("doubled area is %d, want %d", sum, want)
	}
	for i := range b.outer {
		holds := contains(b.outer[i], Point{500, 1500})
		if owns := b.owner(hole) == i; owns != holds {
			t.Errorf("piece %d: owns the hole = %v, lies around it = %v", i, owns, holds)
		}
	}
}

func reversed(r []Point) []Point {
	out := make([]Point, 0, len(r))
	for i := len(r) - 1; i >= 0; i-- {
		out = append(out, r[i])
	}
	return out
}

// A border of 4,000 points must be cut alike with and without its chunks.
func TestLongBordersAreCutLikeShortOnes(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	var outer, hole Ring
	for i := range 4000 {
		angle, wobble := float64(i)/4000*2*math.Pi, 0.8+0.2*random.Float64()
		outer = append(outer, Point{int32(20000 + 18000*wobble*math.Cos(angle)), int32(20000 - 18000*wobble*math.Sin(angle))})
		hole = append(hole, Point{int32(20000 + 9000*wobble*math.Cos(angle)), int32(20000 + 9000*wobble*math.Sin(angle))})
	}
	table := NewTable(Column{Name: "id"})
	var long ShapesBuilder
	long.Polygon(table.Add(String("x")), []Ring{outer, hole})
	chunked := long.Done()
	plain := *chunked
	plain.shapes = slices.Clone(plain.shapes)
	plain.shapes[0].nChunks = 0
	if chunked.shapes[0].nChunks != 250 {
		t.Fatalf("%d chunks, want 250", chunked.shapes[0].nChunks)
	}
	var a, b Builder
	cut := 0
	for x := range uint32(10) {
		for y := range uint32(10) {
			tile := Tile{4, x, y}
			a.Reset()
			b.Reset()
			a.Shapes("s", chunked, table, tile, nil)
			b.Shapes("s", &plain, table, tile, nil)
			if got, want := ringsIn(t, a.Bytes()), ringsIn(t, b.Bytes()); got != want {
				t.Errorf("tile %v is\n%s, want\n%s", tile, got, want)
			}
			if len(b.Bytes()) > 0 {
				cut++
			}
		}
	}
	if cut < 40 {
		t.Errorf("only %d tiles show the border", cut)
	}
}

// ringsIn is the area of each ring of a tile: where a ring begins does not matter.
func ringsIn(t *testing.T, tile []byte) string {
	var list []string
	for _, layer := range decode(t, tile) {
		for _, f := range layer.Features {
			for _, p := range polygons(f.Geometry) {
				for _, r := range p {
					list = append(list, fmt.Sprint(planar.Area(r), len(r)))
				}
			}
		}
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

func TestALineLeavesAndComesBackAsTwoLines(t *testing.T) {
	var sb ShapesBuilder
	table := NewTable(Column{Name: "name"})
	sb.Line(table.Add(String("大道")), []Point{{100, 100}, {5000, 100}, {5000, 200}, {100, 200}})
	shapes := sb.Done()
	var b Builder
	b.Shapes("street", shapes, table, Tile{Z: 3}, nil)
	got := decode(t, b.Bytes())[0].Features[0].Geometry
	want := orb.MultiLineString{{{100, 100}, {4160, 100}}, {{4160, 200}, {100, 200}}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("clipped line is %v, want %v", got, want)
	}
	b.Reset()
	b.Shapes("street", shapes, table, Tile{Z: 3, X: 3}, nil)
	if len(b.Bytes()) != 0 {
		t.Error("a tile without the line is not empty")
	}
}

func somePoints(n int, rule Thinning) *Points {
	random := rand.New(rand.NewPCG(3, 3))
	table := NewTable(Column{Name: "id", Unique: true}, Column{Name: "kind"})
	places := make([]Place, n)
	for i := range places {
		at := geo.Point{X: 1200000000 + random.Int32N(200000), Y: 300000000 + random.Int32N(200000)}
		places[i] = Place{int64(i), Project(at), []Value{Int(int64(i)), String([]string{"owner", "rental"}[i%2])}, int64(i % 4)}
	}
	return NewPoints(table, rule, places)
}

func TestEveryPointLiesInExactlyOneTile(t *testing.T) {
	points := somePoints(5000, Thinning{})
	var b Builder
	for zoom := 10; zoom <= MaxZoom; zoom++ {
		seen := map[any]int{}
		first := Project(geo.Point{X: 1200000000, Y: 300200000}).TileAt(zoom)
		last := Project(geo.Point{X: 1200200000, Y: 300000000}).TileAt(zoom)
		for x := first.X; x <= last.X; x++ {
			for y := first.Y; y <= last.Y; y++ {
				b.Reset()
				b.Points("household", points, Tile{uint8(zoom), x, y}, nil)
				for _, layer := range decode(t, b.Bytes()) {
					for _, f := range layer.Features {
						seen[f.Properties["id"]]++
						if at := f.Geometry.(orb.Point); at[0] < 0 || at[0] >= Extent || at[1] < 0 || at[1] >= Extent {
							t.Fatalf("z%d: a point at %v, outside its tile", zoom, at)
						}
					}
				}
			}
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("z%d: point %v is drawn %d times", zoom, id, n)
			}
		}
		if len(seen) != points.Len() {
			t.Errorf("z%d: %d points drawn, want %d", zoom, len(seen), points.Len())
		}
	}
}

func TestThinnedPointsStandForAllOfThem(t *testing.T) {
	rule := Thinning{}
	rule[14] = 6
	points := somePoints(5000, rule)
	var b Builder
	first := Project(geo.Point{X: 1200000000, Y: 300200000}).TileAt(14)
	drawn, stands := 0, 0.0
	for x := first.X; x < first.X+4; x++ {
		for y := first.Y; y < first.Y+4; y++ {
			b.Reset()
			b.Points("household", points, Tile{14, x, y}, nil)
			squares := map[[2]int]bool{}
			for _, layer := range decode(t, b.Bytes()) {
				for _, f := range layer.Features {
					at := f.Geometry.(orb.Point)
					square := [2]int{int(at[0]) / 64, int(at[1]) / 64}
					if squares[square] {
						t.Errorf("two points in the square %v", square)
					}
					squares[square] = true
					drawn++
					if n, ok := f.Properties["count"].(float64); ok {
						stands += n
					} else {
						stands++
					}
				}
			}
		}
	}
	if stands != 5000 || drawn >= 5000 {
		t.Errorf("%d points stand for %v, want fewer that stand for 5000", drawn, stands)
	}
}

func TestEditedPointsAreThoseMadeAnew(t *testing.T) {
	rule := Thinning{}
	rule[13] = 6
	all := somePoints(2000, rule)
	moved := map[int64]bool{7: true, 8: true, 1999: true}
	table := NewTable(all.table.columns...)
	at := Project(geo.Point{X: 1200010000, Y: 300010000})
	edited := all.Edit(moved, []Place{
		{7, at, []Value{Int(7), String("rental")}, 3}, {5000, at, []Value{Int(5000), String("owner")}, 1},
	})
	random := rand.New(rand.NewPCG(3, 3))
	var places []Place
	for i := range 2000 {
		p := Project(geo.Point{X: 1200000000 + random.Int32N(200000), Y: 300000000 + random.Int32N(200000)})
		if !moved[int64(i)] {
			places = append(places, Place{int64(i), p, []Value{Int(int64(i)), String([]string{"owner", "rental"}[i%2])}, int64(i % 4)})
		}
	}
	places = append(places, Place{5000, at, []Value{Int(5000), String("owner")}, 1}, Place{7, at, []Value{Int(7), String("rental")}, 3})
	anew := NewPoints(table, rule, places)
	var a, b Builder
	for zoom := 10; zoom <= MaxZoom; zoom++ {
		tile := at.TileAt(zoom)
		a.Reset()
		b.Reset()
		a.Points("p", edited, tile, nil)
		b.Points("p", anew, tile, nil)
		if string(a.Bytes()) != string(b.Bytes()) {
			t.Errorf("z%d: the edited points draw another tile than those made anew", zoom)
		}
	}
	if all.Len() != 2000 || edited.Len() != 1999 {
		t.Errorf("%d points before and %d after, want 2000 and 1999", all.Len(), edited.Len())
	}
}

func TestAWarmBuilderAllocatesNothing(t *testing.T) {
	shapes, table := shapesOf(quilt(24, 1200000000, 300000000, 90000, 7), 14)
	points := somePoints(5000, Thinning{14: 6})
	tile := Project(geo.Point{X: 1200100000, Y: 300100000}).TileAt(14)
	var b Builder
	draw := func() {
		b.Reset()
		b.Shapes("grid", shapes, table, tile, nil)
		b.Points("household", points, tile, nil)
	}
	draw()
	if got := testing.AllocsPerRun(50, draw); got > 0 {
		t.Errorf("a tile allocates %v times, want 0", got)
	}
}

func TestPropertiesOfEveryTypeSurvive(t *testing.T) {
	table := NewTable(Column{Name: "s"}, Column{Name: "i"}, Column{Name: "n"}, Column{Name: "f"}, Column{Name: "b"}, Column{Name: "none"})
	var sb ShapesBuilder
	sb.Point(table.Add(String("网格 "), Int(1<<40), Int(-5), Float(2.5), Bool(true)), Point{5, 6})
	var b Builder
	b.Shapes("x", sb.Done(), table, Tile{Z: 1}, nil)
	f := decode(t, b.Bytes())[0].Features[0]
	want := "map[b:true f:2.5 i:1.099511627776e+12 n:-5 s:网格 ]"
	if got := fmt.Sprint(map[string]any(f.Properties)); got != want {
		t.Errorf("properties are %s, want %s", got, want)
	}
	if f.Geometry != (orb.Point{5, 6}) {
		t.Errorf("the point is at %v, want 5 6", f.Geometry)
	}
}

func TestNonsenseTilesAreInvalid(t *testing.T) {
	for _, tile := range []Tile{{23, 0, 0}, {3, 8, 0}, {3, 0, 8}, {0, 1, 0}} {
		if tile.Valid() {
			t.Errorf("%+v is valid", tile)
		}
	}
	if !(Tile{22, 1<<22 - 1, 0}).Valid() {
		t.Error("the last column of zoom 22 is not valid")
	}
}

// FuzzClip cuts a triangle fan of arbitrary points: whatever comes, every piece
// stays in the box, and pieces of neighbours sum to the piece of their union.
func FuzzClip(f *testing.F) {
	f.Add(int32(0), int32(0), int32(9000), int32(100), int32(9000), int32(9000), int32(-500), int32(8000))
	f.Add(int32(-64), int32(-64), int32(4160), int32(-64), int32(4160), int32(4160), int32(-64), int32(4160))
	f.Add(int32(-100), int32(50), int32(50), int32(-100), int32(100), int32(50), int32(50), int32(5000))
	f.Fuzz(func(t *testing.T, ax, ay, bx, by, cx, cy, dx, dy int32) {
		const most = 1 << 24
		p := []Point{{ax % most, ay % most}, {bx % most, by % most}, {cx % most, cy % most}, {dx % most, dy % most}}
		// The diagonal must lie within: two triangles turned alike.
		if doubledArea([]Point{p[0], p[1], p[2]}) <= 0 || doubledArea([]Point{p[0], p[2], p[3]}) <= 0 {
			return
		}
		whole := clippedArea(t, p)
		if parts := clippedArea(t, []Point{p[0], p[1], p[2]}) + clippedArea(t, []Point{p[0], p[2], p[3]}); parts != whole {
			t.Errorf("%v: the halves cover %d, the whole %d", p, parts, whole)
		}
	})
}

func clippedArea(t *testing.T, ring []Point) (sum int64) {
	t.Helper()
	within, bounds := Tile{}.buffered(), emptyBox
	for _, p := range ring {
		bounds = bounds.add(p)
	}
	if !bounds.meets(within) {
		return 0
	}
	var c clipper
	c.from.points, c.from.ends = slices.Clone(ring), []int32{int32(len(ring))}
	c.polygon(within, bounds)
	for i := range c.from.len() {
		for _, p := range c.from.at(i) {
			if !within.holds(box{p.X, p.Y, p.X, p.Y}) {
				t.Errorf("%v: a piece reaches %v", ring, p)
			}
		}
		sum += doubledArea(c.from.at(i))
	}
	return sum
}

// Selected points look as if there were no others: not even the choice of points
// that thinning draws, or their counts, depend on those.
func TestSelectedPointsAreDrawnAsIfAlone(t *testing.T) {
	rule := Thinning{10: 6, 11: 6, 12: 6, 13: 6, 14: 6, 15: 6, 16: 5}
	all := somePoints(4000, rule)
	var only Members
	only.Add(1)
	only.Add(3)
	random := rand.New(rand.NewPCG(3, 3))
	var places []Place
	for i := range 4000 {
		p := Project(geo.Point{X: 1200000000 + random.Int32N(200000), Y: 300000000 + random.Int32N(200000)})
		if i%2 == 1 {
			places = append(places, Place{int64(i), p, []Value{Int(int64(i)), String("rental")}, int64(i % 4)})
		}
	}
	alone := NewPoints(NewTable(all.table.columns...), rule, places)
	var a, b Builder
	drawn := 0
	for zoom := 10; zoom <= MaxZoom; zoom++ {
		low, high := Project(geo.Point{X: 1200000000, Y: 300200000}).TileAt(zoom), Project(geo.Point{X: 1200200000, Y: 300000000}).TileAt(zoom)
		for x := low.X; x <= high.X; x++ {
			for y := low.Y; y <= high.Y; y++ {
				tile := Tile{uint8(zoom), x, y}
				a.Reset()
				b.Reset()
				a.Points("p", all, tile, &only)
				b.Points("p", alone, tile, nil)
				if !bytes.Equal(a.Bytes(), b.Bytes()) {
					t.Fatalf("%v differs", tile)
				}
				drawn += len(a.Bytes())
				a.Reset()
				if a.Points("p", all, tile, &Members{}); len(a.Bytes()) > 0 {
					t.Fatalf("%v shows something to who may see nothing", tile)
				}
			}
		}
	}
	if drawn == 0 {
		t.Error("nothing was drawn")
	}
}

func TestASelectionChoosesRowsFacesAndCells(t *testing.T) {
	table := NewTable(Column{Name: "id", Unique: true}, Column{Name: "tint"}, Column{Name: "households", Face: Exact}, Column{Name: "households", Face: Coarse})
	var sb ShapesBuilder
	for i := range 4 {
		row := table.Add(String(fmt.Sprint("u", i)), Int(5), Int(int64(i)+1), Int(20))
		sb.Polygon(row, []Ring{{{0, 0}, {100, 100}, {100, 0}}})
	}
	shapes, tint := sb.Done(), table.Intern(Int(9))
	props := func(only *Selection) string {
		var b Builder
		b.Shapes("grid", shapes, table, Tile{Z: 0}, only)
		if len(b.Bytes()) == 0 {
			return ""
		}
		layers, err := orbmvt.Unmarshal(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, f := range layers[0].Features {
			all = append(all, fmt.Sprint(map[string]any(f.Properties)))
		}
		return strings.Join(all, " ")
	}
	tests := []struct {
		name string
		only *Selection
		want string
	}{
		{"everything", nil, "map[households:1 id:u0 tint:5] map[households:2 id:u1 tint:5] map[households:3 id:u2 tint:5] map[households:4 id:u3 tint:5]"},
		{"nothing", &Selection{}, ""},
		{"faces", &Selection{Faces: []Face{Exact, Every, Coarse, Bare}}, "map[households:1 id:u0 tint:5] map[households:20 id:u2 tint:5] map[id:u3 tint:5]"},
		{"cells, and rows beyond the end", &Selection{Faces: []Face{Every, Bare}, Column: 1, Cells: []uint32{0, tint}}, "map[id:u1 tint:9]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := props(tt.only); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestMembers(t *testing.T) {
	var m *Members
	if !m.Has(0) || !m.Has(1<<40) {
		t.Error("nil does not hold everything")
	}
	m = &Members{}
	if m.Has(0) || m.Has(1) || m.Has(-1) || m.Any() {
		t.Error("the zero set holds something")
	}
	m.Add(-5)
	m.Add(0)
	m.Add(64)
	if m.Has(-5) || m.Has(0) || m.Has(63) || !m.Has(64) || m.Has(1<<40) || !m.Any() {
		t.Error("the set does not hold 64 alone")
	}
}

// What is joined looks as if it had been drawn together, long borders included.
func TestJoinedShapesAreThoseDrawnTogether(t *testing.T) {
	const zoom = 14
	areas := quilt(6, 1_200_000_000, 300_000_000, 20_000, 3)
	var wide Ring // with more points than are kept in one piece
	middle := atZoom(areas[14], zoom)[4]
	for i := range 2 * longBorder {
		sin, cos := math.Sincos(float64(i) / longBorder * math.Pi)
		wide = append(wide, Point{middle.X + int32(9000*cos), middle.Y - int32(9000*sin)})
	}
	table := NewTable(Column{Name: "id", Unique: true})
	var whole ShapesBuilder
	var parts [2]ShapesBuilder
	for i, area := range areas {
		whole.Polygon(table.Add(String(fmt.Sprint(i))), []Ring{atZoom(area, zoom)})
		parts[0].Polygon(i, []Ring{atZoom(area, zoom)})
	}
	whole.Polygon(table.Add(String("wide")), []Ring{wide})
	parts[1].Polygon(0, []Ring{wide})
	joined := Join([]*Shapes{parts[0].Done(), parts[1].Done()}, []int{0, len(areas)})
	together := whole.Done()
	if joined.Len() != len(areas)+1 {
		t.Fatalf("%d features, want %d", joined.Len(), len(areas)+1)
	}
	at := Project(areas[0][0]).TileAt(zoom)
	drawn := 0
	for x := at.X - 1; x < at.X+9; x++ {
		for y := at.Y - 9; y < at.Y+2; y++ {
			tile := Tile{zoom, x, y}
			var a, b Builder
			a.Shapes("s", joined, table, tile, nil)
			b.Shapes("s", together, table, tile, nil)
			if !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("tile %v differs", tile)
			}
			if len(b.Bytes()) > 0 {
				drawn++
			}
		}
	}
	if drawn < 16 {
		t.Errorf("only %d tiles show anything", drawn)
	}
	if Join(nil, nil).Len() != 0 {
		t.Error("nothing joined is something")
	}
}
