package network

import (
	"context"
	"fmt"
	"io"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/walk"
)

// Walking reads the walking network of an .osm.pbf and stores nothing.
func Walking(ctx context.Context, r io.ReaderAt, size int64) (*walk.Network, walk.Report, error) {
	var c collector
	x := newExtract(ctx, r, size, nil)
	x.accept, x.emit = isArea, func(f Feature) error { c.add(f); return nil }
	err := x.run()
	if err == nil {
		err = x.emitAreas()
	}
	if err != nil {
		return nil, walk.Report{}, fmt.Errorf("walking network: %w", err)
	}
	return walk.Build(ctx, c.source)
}

// collector picks from the features of a map what walking needs. Entrances must
// come before buildings: only buildings with a known entrance are kept.
type collector struct {
	source    walk.Source
	entrances map[geo.Point]bool
}

// collecting lets features pass on to emit, and keeps what walking needs.
func (c *collector) collecting(emit func(Feature) error) func(Feature) error {
	return func(f Feature) error {
		c.add(f)
		return emit(f)
	}
}

func (c *collector) add(f Feature) {
	switch f.Class {
	case Street:
		c.street(f)
	case Barrier:
		c.barrier(f)
	case Water:
		c.water(f)
	case Entrance:
		if at, ok := f.Shape.(orb.Point); ok {
			if c.entrances == nil {
				c.entrances = map[geo.Point]bool{}
			}
			c.entrances[geo.Snap(at)] = true
			c.source.Entrances = append(c.source.Entrances, walk.Entrance{Node: f.OSMID, At: geo.Snap(at), Kind: f.Kind, Tags: f.Tags})
		}
	case Building:
		if area := areaIn(f.Shape); c.hasEntrance(area) {
			c.source.Buildings = append(c.source.Buildings, walk.Building{ID: f.OSMID, Area: latticeOf(area)})
		}
	}
}

func (c *collector) street(f Feature) {
	s := walk.Street{ID: f.OSMID, Kind: f.Kind, Layer: f.Layer, Tags: f.Tags, Nodes: f.Nodes}
	switch shape := f.Shape.(type) {
	case orb.LineString:
		s.Line = lattice(shape)
	case orb.Polygon, orb.MultiPolygon:
		s.Area = latticeOf(areaIn(shape))
	}
	c.source.Streets = append(c.source.Streets, s)
}

// Lines that nobody walks through. Only those of this table stop the way from a
// home to the street; guard rails, kerbs and the like do not.
var walls = set("wall", "fence", "city_wall", "retaining_wall", "hedge")

func (c *collector) barrier(f Feature) {
	switch shape := f.Shape.(type) {
	case orb.Point:
		c.source.Barriers = append(c.source.Barriers, walk.Barrier{Node: f.OSMID, At: geo.Snap(shape), Kind: f.Kind, Tags: f.Tags})
	case orb.LineString:
		if walls[f.Kind] {
			c.source.Walls = append(c.source.Walls, walk.Wall{Line: lattice(shape)})
		}
	}
}

// Water that people step over.
var brooks = set("stream", "ditch", "drain", "spring")

func (c *collector) water(f Feature) {
	if brooks[f.Kind] || f.Layer < 0 || f.Tags["intermittent"] == "yes" || f.Tags["tunnel"] != "" && f.Tags["tunnel"] != "no" {
		return
	}
	switch shape := f.Shape.(type) {
	case orb.LineString:
		c.source.Walls = append(c.source.Walls, walk.Wall{Hard: true, Line: lattice(shape)})
	case orb.Polygon, orb.MultiPolygon:
		for _, polygon := range areaIn(shape) {
			for _, ring := range polygon {
				c.source.Walls = append(c.source.Walls, walk.Wall{Hard: true, Line: lattice(ring)})
			}
		}
	}
}

func (c *collector) hasEntrance(area orb.MultiPolygon) bool {
	if len(c.entrances) == 0 {
		return false
	}
	for _, polygon := range area {
		for _, ring := range polygon {
			for _, p := range ring {
				if c.entrances[geo.Snap(p)] {
					return true
				}
			}
		}
	}
	return false
}

func areaIn(shape orb.Geometry) orb.MultiPolygon {
	switch shape := shape.(type) {
	case orb.MultiPolygon:
		return shape
	case orb.Polygon:
		return orb.MultiPolygon{shape}
	}
	return nil
}

func lattice[L ~[]orb.Point](line L) []geo.Point {
	out := make([]geo.Point, len(line))
	for i, p := range line {
		out[i] = geo.Snap(p)
	}
	return out
}

// latticeOf is an area on the lattice, where rings do not repeat their first point.
func latticeOf(area orb.MultiPolygon) geo.MultiPolygon {
	out := make(geo.MultiPolygon, 0, len(area))
	for _, polygon := range area {
		var p geo.Polygon
		for _, ring := range polygon {
			r := lattice(ring)
			if len(r) > 1 && r[0] == r[len(r)-1] {
				r = r[:len(r)-1]
			}
			p = append(p, r)
		}
		out = append(out, p)
	}
	return out
}
