package mvt

import (
	"math"

	"wangge/geo"
)

// Extent is the width of a tile in units.
const Extent = 1 << extentBits

const extentBits = 12

// MaxZoom is the deepest zoom that is prepared; clients enlarge its tiles. One
// unit is 7.5 cm on the equator there.
const MaxZoom = 17

// Buffer is how far, in units, polygons and lines are drawn beyond a tile's
// edge: 8 pixels of a tile of 512, wider than half of any line of the style.
const Buffer = 64

// Tile names a square of the world: x grows to the east, y to the south.
type Tile struct {
	Z    uint8
	X, Y uint32
}

// Valid reports whether the tile exists and is not deeper than zoom 22, the
// deepest that map clients know.
func (t Tile) Valid() bool {
	return t.Z <= 22 && t.X < 1<<t.Z && t.Y < 1<<t.Z
}

// origin is the north-western corner in world units. Only for t.Z ≤ MaxZoom.
func (t Tile) origin() Point {
	return Point{int32(t.X << extentBits), int32(t.Y << extentBits)}
}

// Point is a place in world units of some zoom: the world is Extent<<zoom wide.
// With MaxZoom that is 2^29, so that products of differences fit 64 bits.
type Point struct{ X, Y int32 }

// box is a rectangle in world units, borders included.
type box struct{ minX, minY, maxX, maxY int32 }

var emptyBox = box{math.MaxInt32, math.MaxInt32, math.MinInt32, math.MinInt32}

func (b box) add(p Point) box {
	return box{min(b.minX, p.X), min(b.minY, p.Y), max(b.maxX, p.X), max(b.maxY, p.Y)}
}

func (b box) join(c box) box {
	return box{min(b.minX, c.minX), min(b.minY, c.minY), max(b.maxX, c.maxX), max(b.maxY, c.maxY)}
}

func (b box) meets(c box) bool {
	return b.minX <= c.maxX && c.minX <= b.maxX && b.minY <= c.maxY && c.minY <= b.maxY
}

func (b box) holds(c box) bool {
	return b.minX <= c.minX && c.maxX <= b.maxX && b.minY <= c.minY && c.maxY <= b.maxY
}

// buffered is the square that a tile's shapes are clipped to.
func (t Tile) buffered() box {
	o := t.origin()
	return box{o.X - Buffer, o.Y - Buffer, o.X + Extent + Buffer, o.Y + Extent + Buffer}
}

// MaxLatitude is where the square of the Web Mercator world ends, in degrees.
const MaxLatitude = 85.05112877980659

// Mercator is a place in the Web Mercator square (EPSG:3857), 0 to 1 from west
// to east and from north to south.
type Mercator struct{ X, Y float64 }

// Project places a point of the lattice in the Web Mercator square. Latitudes
// beyond MaxLatitude are drawn on its edge.
func Project(p geo.Point) Mercator {
	const turn = 360.0 * geo.Scale
	lat := math.Max(-MaxLatitude, math.Min(MaxLatitude, float64(p.Y)/geo.Scale))
	sin := math.Sin(lat * math.Pi / 180)
	return Mercator{
		X: float64(p.X)/turn + 0.5,
		Y: 0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi),
	}
}

// At rounds the place to the nearest whole unit of a zoom.
func (m Mercator) At(zoom int) Point {
	size := float64(int64(Extent) << zoom)
	return Point{int32(math.Round(m.X * size)), int32(math.Round(m.Y * size))}
}

// TileAt is the tile of a zoom that holds the place.
func (m Mercator) TileAt(zoom int) Tile {
	size := float64(int64(1) << zoom)
	clamp := func(v float64) uint32 { return uint32(math.Max(0, math.Min(size-1, math.Floor(v*size)))) }
	return Tile{uint8(zoom), clamp(m.X), clamp(m.Y)}
}

// Bounds is the tile's square in degrees: west, south, east, north.
func (t Tile) Bounds() [4]float64 {
	n := float64(int64(1) << t.Z)
	lat := func(y uint32) float64 {
		return math.Atan(math.Sinh(math.Pi*(1-2*float64(y)/n))) * 180 / math.Pi
	}
	return [4]float64{float64(t.X)/n*360 - 180, lat(t.Y + 1), float64(t.X+1)/n*360 - 180, lat(t.Y)}
}
