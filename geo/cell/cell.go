// Package cell puts places into H3 cells: hexagons that are the key for grouping,
// aggregates and privacy. They never decide who is responsible; the polygon does
// (package locate). This is the only package that imports h3-go, which needs cgo.
//
// A cell is stored as int8. Public statistics stand at resolution 8 (0.74 km²),
// staff aggregates at 10 (0.015 km²), and households and incidents keep their
// cell at 11 (2,150 m²); coarser cells are parents of it.
package cell

import (
	"fmt"
	"slices"

	"github.com/uber/h3-go/v4"

	"wangge/geo"
	"wangge/geo/fault"
)

// Cell is an H3 index. The zero Cell is no cell.
type Cell int64

// Resolution is that of the cells stored with households and incidents:
// 2,150 m² on average, 29 m from centre to corner.
const Resolution = 11

// MaxFill is the largest number of cells that Fill computes (130 MB while it
// does). At Resolution it is 17,000 km², several counties.
const MaxFill = 8_000_000

// ErrTooMany says that an area holds more than MaxFill cells.
var ErrTooMany = fault.New(fault.TooLarge, "cells_too_many", "The area is too large for cells of this size. Choose a coarser resolution.")

// ErrName says that a text names no cell.
var ErrName = fault.New(fault.Malformed, "cell_name", "This is not the name of an H3 cell.")

// At is the cell at Resolution that holds the place; no cell for a place that is
// not on the Earth.
func At(p geo.Point) Cell { return at(p, Resolution) }

// In is the cell at a resolution that holds the place; it need not be the Parent of At.
func In(p geo.Point, res int) Cell { return at(p, res) }

func at(p geo.Point, res int) Cell {
	const lon, lat = 180 * geo.Scale, 90 * geo.Scale
	if p.X < -lon || p.X > lon || p.Y < -lat || p.Y > lat {
		return 0
	}
	d := p.Degrees()
	c, err := h3.LatLngToCell(h3.LatLng{Lat: d[1], Lng: d[0]}, res)
	if err != nil {
		return 0
	}
	return Cell(c)
}

// Valid reports whether the number is an H3 cell.
func (c Cell) Valid() bool { return h3.Cell(c).IsValid() }

// Resolution is 0 (continents) to 15 (a square metre), -1 for no cell.
func (c Cell) Resolution() int {
	if !c.Valid() {
		return -1
	}
	return h3.Cell(c).Resolution()
}

// Parent is the coarser cell that c is counted in; c itself at its own
// resolution, no cell for a finer or impossible one. Children do not lie exactly
// within their parent.
func (c Cell) Parent(res int) Cell {
	if res < 0 || res > c.Resolution() {
		return 0
	}
	parent, err := h3.Cell(c).Parent(res)
	if err != nil {
		return 0
	}
	return Cell(parent)
}

// Around returns the cell and all within k steps of it, in ascending order: 1 +
// 3k(k+1) of them, fewer next to one of the twelve pentagons; nil for no cell.
func (c Cell) Around(k int) []Cell {
	if !c.Valid() {
		return nil
	}
	disk, err := h3.Cell(c).GridDisk(k)
	if err != nil {
		return nil
	}
	cells := make([]Cell, len(disk))
	for i, d := range disk {
		cells[i] = Cell(d)
	}
	slices.Sort(cells)
	return cells
}

// Boundary is the outline, counter-clockwise, 5 to 10 points; nil for no cell.
func (c Cell) Boundary() geo.Ring {
	if !c.Valid() {
		return nil
	}
	corners, err := h3.Cell(c).Boundary()
	if err != nil {
		return nil
	}
	ring := make(geo.Ring, 0, len(corners))
	for _, corner := range corners {
		ring = append(ring, geo.Snap([2]float64{corner.Lng, corner.Lat}))
	}
	if ring.DoubledArea() < 0 {
		return ring.Reversed()
	}
	return ring
}

// Center is the middle of the cell; the zero Point for no cell.
func (c Cell) Center() geo.Point {
	if !c.Valid() {
		return geo.Point{}
	}
	center, err := h3.Cell(c).LatLng()
	if err != nil {
		return geo.Point{}
	}
	return geo.Snap([2]float64{center.Lng, center.Lat})
}

// String is the usual hexadecimal name, such as 8b3098d0a0c0fff; "" for no cell.
func (c Cell) String() string {
	if c == 0 {
		return ""
	}
	return fmt.Sprintf("%x", uint64(c))
}

// Parse reads what String writes.
func Parse(s string) (Cell, error) {
	if len(s) > 16 {
		return 0, ErrName.Saying(fmt.Sprintf("It says %.20q.", s))
	}
	c := Cell(h3.CellFromString(s))
	if !c.Valid() || c.String() != s {
		return 0, ErrName.Saying(fmt.Sprintf("It says %.20q.", s))
	}
	return c, nil
}

// Fill returns the cells whose centre lies in the area, in ascending order. A
// part of the area without any centre gets the cell of a point inside it, so that
// nothing small vanishes.
func Fill(area geo.MultiPolygon, res int) ([]Cell, error) {
	mean, err := h3.HexagonAreaAvgM2(res)
	if err != nil {
		return nil, fmt.Errorf("fill at resolution %d: %w", res, err)
	}
	if float64(area.SquareMeters())/mean > MaxFill {
		return nil, ErrTooMany.Saying(fmt.Sprintf("%.0f km² at resolution %d.", area.SquareMeters()/1e6, res))
	}
	var cells []Cell
	for _, polygon := range area {
		if len(polygon) == 0 || len(polygon[0]) < 3 {
			continue
		}
		found, err := h3.PolygonToCells(degrees(polygon), res)
		if err != nil {
			return nil, fmt.Errorf("fill at resolution %d: %w", res, err)
		}
		if len(found) == 0 {
			cells = append(cells, at(inside(polygon), res))
		}
		for _, c := range found {
			cells = append(cells, Cell(c))
		}
	}
	slices.Sort(cells)
	return slices.Compact(cells), nil
}

func degrees(polygon geo.Polygon) h3.GeoPolygon {
	var out h3.GeoPolygon
	for i, ring := range polygon {
		loop := make(h3.GeoLoop, 0, len(ring))
		for _, p := range ring {
			d := p.Degrees()
			loop = append(loop, h3.LatLng{Lat: d[1], Lng: d[0]})
		}
		if i == 0 {
			out.GeoLoop = loop
		} else {
			out.Holes = append(out.Holes, loop)
		}
	}
	return out
}

// inside is a point in the polygon: the middle of the widest stretch on a line of
// latitude half way up, or the nearest lattice point to it.
func inside(polygon geo.Polygon) geo.Point {
	bound := polygon[0].Bound()
	y := (float64(bound.Min.Y) + float64(bound.Max.Y)) / 2
	if y == float64(int64(y)) {
		y += 0.25 // meets no vertex
	}
	var crossings []float64
	for _, ring := range polygon {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if (float64(a.Y) < y) != (float64(b.Y) < y) {
				t := (y - float64(a.Y)) / (float64(b.Y) - float64(a.Y))
				crossings = append(crossings, float64(a.X)+t*(float64(b.X)-float64(a.X)))
			}
		}
	}
	slices.Sort(crossings)
	best, widest := float64(bound.Min.X), -1.0
	for i := 0; i+1 < len(crossings); i += 2 {
		if width := crossings[i+1] - crossings[i]; width > widest {
			best, widest = crossings[i]+width/2, width
		}
	}
	return geo.Point{X: int32(best), Y: int32(y)}
}
