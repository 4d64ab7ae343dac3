package vectorfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// errBlob is a geometry blob whose counts and bytes do not agree.
var errBlob = errors.New("the geometry is cut off or its counts make no sense; export it again")

// kindError is a kind of geometry that is not read.
type kindError uint32

func (k kindError) Error() string {
	return fmt.Sprintf("geometry of kind %d (a curve or surface) is not read; convert it to polygons, lines or points", uint32(k))
}

// gpkgGeometry decodes the blob of a GeoPackage (OGC 12-128r18, 2.1.3): a header
// with flags and an optional envelope, then well-known binary. An empty geometry
// is nil; extended types are refused.
func gpkgGeometry(blob []byte, depth int) (g orb.Geometry, height bool, err error) {
	if len(blob) < 8 || blob[0] != 'G' || blob[1] != 'P' {
		return nil, false, errors.New("it does not begin as a geometry of a GeoPackage; export it again")
	}
	flags := blob[3]
	envelope, known := map[byte]int{0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[flags>>1&7]
	if !known || len(blob) < 8+envelope {
		return nil, false, errBlob
	}
	if flags&0x20 != 0 {
		return nil, false, errors.New("it uses an extension of the format; export it without")
	}
	w := wkb{rest: blob[8+envelope:], depth: depth}
	g, err = w.geometry()
	if err != nil {
		return nil, false, err
	}
	if flags&0x10 != 0 {
		return nil, false, nil
	}
	return g, w.height, nil
}

// wkb reads ISO 13249-3 well-known binary and its EWKB dialect from a slice.
// Counts are compared with the bytes that are left before memory is taken.
type wkb struct {
	rest   []byte
	depth  int // levels of nesting still allowed
	height bool
}

func (w *wkb) bytes(n int) ([]byte, error) {
	if n < 0 || n > len(w.rest) {
		return nil, errBlob
	}
	b := w.rest[:n]
	w.rest = w.rest[n:]
	return b, nil
}

// count reads how many items follow, each of at least size bytes.
func (w *wkb) count(order binary.ByteOrder, size int) (int, error) {
	b, err := w.bytes(4)
	if err != nil {
		return 0, err
	}
	n := order.Uint32(b)
	if int64(n)*int64(size) > int64(len(w.rest)) {
		return 0, errBlob
	}
	return int(n), nil
}

// header reads byte order and kind, with the number of coordinates of a position.
func (w *wkb) header() (order binary.ByteOrder, kind uint32, dims int, err error) {
	b, err := w.bytes(5)
	if err != nil {
		return nil, 0, 0, err
	}
	switch b[0] {
	case 0:
		order = binary.BigEndian
	case 1:
		order = binary.LittleEndian
	default:
		return nil, 0, 0, errBlob
	}
	kind = order.Uint32(b[1:])
	if kind&0x20000000 != 0 { // EWKB with its own reference system
		if _, err := w.bytes(4); err != nil {
			return nil, 0, 0, err
		}
	}
	dims = 2
	if kind&0x80000000 != 0 {
		dims++
	}
	if kind&0x40000000 != 0 {
		dims++
	}
	kind &= 0x1FFFFFFF
	switch kind / 1000 {
	case 0:
	case 1, 2:
		dims++
	case 3:
		dims += 2
	default:
		return nil, 0, 0, kindError(kind)
	}
	w.height = w.height || dims > 2
	return order, kind % 1000, dims, nil
}

func (w *wkb) geometry() (orb.Geometry, error) {
	if w.depth--; w.depth < 0 {
		return nil, errors.New("it is nested too deeply; export it again")
	}
	defer func() { w.depth++ }()
	order, kind, dims, err := w.header()
	if err != nil {
		return nil, err
	}
	switch kind {
	case 1:
		points, err := w.positions(order, 1, dims)
		if err != nil {
			return nil, err
		}
		if p := points[0]; math.IsNaN(p[0]) && math.IsNaN(p[1]) {
			return orb.MultiPoint{}, nil // how an empty point is written
		}
		return points[0], nil
	case 2:
		points, err := w.list(order, dims)
		return orb.LineString(points), err
	case 3:
		return w.polygon(order, dims)
	case 4, 5, 6, 7:
		return w.multi(order, kind)
	}
	return nil, kindError(kind)
}

func (w *wkb) positions(order binary.ByteOrder, n, dims int) ([]orb.Point, error) {
	b, err := w.bytes(n * dims * 8)
	if err != nil {
		return nil, err
	}
	points := make([]orb.Point, n)
	for i := range points {
		at := b[i*dims*8:]
		points[i] = orb.Point{math.Float64frombits(order.Uint64(at)), math.Float64frombits(order.Uint64(at[8:]))}
	}
	return points, nil
}

func (w *wkb) list(order binary.ByteOrder, dims int) ([]orb.Point, error) {
	n, err := w.count(order, dims*8)
	if err != nil {
		return nil, err
	}
	return w.positions(order, n, dims)
}

func (w *wkb) polygon(order binary.ByteOrder, dims int) (orb.Polygon, error) {
	n, err := w.count(order, 4)
	if err != nil {
		return nil, err
	}
	polygon := make(orb.Polygon, 0, n)
	for range n {
		ring, err := w.list(order, dims)
		if err != nil {
			return nil, err
		}
		polygon = append(polygon, ring)
	}
	return polygon, nil
}

// multi reads the members of a multi-geometry, each of which has its own header.
func (w *wkb) multi(order binary.ByteOrder, kind uint32) (orb.Geometry, error) {
	n, err := w.count(order, 9)
	if err != nil {
		return nil, err
	}
	members := make(orb.Collection, 0, n)
	for range n {
		member, err := w.geometry()
		if err != nil {
			return nil, err
		}
		members = append(members, member)
	}
	if kind == 7 {
		return members, nil
	}
	return sameKind(members, kind)
}

// sameKind makes a multi-geometry of members that must be of its own kind.
func sameKind(members orb.Collection, kind uint32) (orb.Geometry, error) {
	var points orb.MultiPoint
	var lines orb.MultiLineString
	var polygons orb.MultiPolygon
	for _, member := range members {
		switch g := member.(type) {
		case orb.Point:
			points = append(points, g)
		case orb.LineString:
			lines = append(lines, g)
		case orb.Polygon:
			polygons = append(polygons, g)
		default:
			return nil, errBlob
		}
	}
	switch {
	case kind == 4 && len(points) == len(members):
		return points, nil
	case kind == 5 && len(lines) == len(members):
		return lines, nil
	case kind == 6 && len(polygons) == len(members):
		return polygons, nil
	}
	return nil, errBlob
}
