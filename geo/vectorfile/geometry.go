package vectorfile

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"wangge/geo/fault"
)

// Codes of the faults of one feature: its geometry could not be read.
const (
	CodeEmpty     = "geometry_empty"       // a geometry without positions
	CodeNotFinite = "coordinate_no_number" // NaN or infinite
	CodeHuge      = "coordinate_too_large" // beyond MaxCoordinate
	CodeShort     = "ring_too_short"       // fewer than four positions, or a line with fewer than two
	CodeMalformed = "geometry_malformed"   // coordinates that do not fit the type
	CodeKind      = "geometry_kind"        // a kind of geometry that is not read
)

// Codes of notes: the geometry was read, but not everything of it or as it was.
const (
	CodeClosed  = "ring_closed"      // the last position was added
	CodeMixed   = "geometry_mixed"   // members of a collection left out
	CodeOrder   = "ring_order"       // ring directions contradict containment
	CodeLayers  = "layers_not_read"  // other layers of the file
	CodeSkipped = "elements_skipped" // elements of the file that are not features
	CodeCharset = "text_encoding"    // encoding guessed, or other than declared
	CodeNoCRS   = "crs_missing"      // nothing says which reference system it is
	CodeFields  = "fields_missing"   // no attributes
	CodeHeight  = "height_dropped"   // a third coordinate
	CodeType    = "geometry_type"    // coordinates of another type than declared
)

// MaxCoordinate is the largest absolute coordinate that is read, in the file's
// own unit. Eastings with a zone prefix reach 45.5 million metres.
const MaxCoordinate = 1e8

// closeEnough is the distance, in the file's own unit, below which first and last
// position of a ring are the same one written twice.
const closeEnough = 2e-7

// settle checks a raw geometry and puts it into the feature: as its geometry,
// complete and with closed rings, or as its fault.
func settle(f *Feature, raw orb.Geometry) {
	s := settler{place: f.Place}
	g, bad := s.geometry(raw, "")
	if bad != nil {
		f.Geometry, f.Fault, f.Notes = nil, bad, nil
		return
	}
	f.Geometry, f.Notes = g, append(f.Notes, s.notes...)
}

type settler struct {
	place string
	notes []fault.Place
}

func (s *settler) bad(part, code, format string, args ...any) *fault.Place {
	return &fault.Place{Pointer: s.place + part, Code: code, Detail: fmt.Sprintf(format, args...)}
}

func (s *settler) note(part, code, format string, args ...any) {
	s.notes = append(s.notes, *s.bad(part, code, format, args...))
}

func (s *settler) empty(part string) *fault.Place {
	return s.bad(part, CodeEmpty, "The geometry has no positions; draw it or delete the feature.")
}

func (s *settler) geometry(raw orb.Geometry, part string) (orb.Geometry, *fault.Place) {
	switch g := raw.(type) {
	case nil:
		return nil, s.empty(part)
	case orb.Point:
		return g, s.positions(part, g)
	case orb.MultiPoint:
		if len(g) == 0 {
			return nil, s.empty(part)
		}
		return g, s.positions(part, g...)
	case orb.LineString:
		return g, s.line(g, part)
	case orb.MultiLineString:
		if len(g) == 0 {
			return nil, s.empty(part)
		}
		for i, line := range g {
			if bad := s.line(line, fmt.Sprintf("%s, line %d", part, i+1)); bad != nil {
				return nil, bad
			}
		}
		return g, nil
	case orb.Polygon:
		return g, s.polygon(g, part)
	case orb.MultiPolygon:
		if len(g) == 0 {
			return nil, s.empty(part)
		}
		for i, polygon := range g {
			if bad := s.polygon(polygon, fmt.Sprintf("%s, polygon %d", part, i+1)); bad != nil {
				return nil, bad
			}
		}
		return g, nil
	case orb.Collection:
		return s.collection(g, part)
	}
	return nil, s.bad(part, CodeKind, "Geometry of kind %s is not read; convert it to polygons, lines or points.", raw.GeoJSONType())
}

func (s *settler) line(line orb.LineString, part string) *fault.Place {
	switch len(line) {
	case 0:
		return s.empty(part)
	case 1:
		return s.bad(part, CodeShort, "The line has one position; it needs two.")
	}
	return s.positions(part, line...)
}

func (s *settler) polygon(polygon orb.Polygon, part string) *fault.Place {
	if len(polygon) == 0 {
		return s.empty(part)
	}
	for i, ring := range polygon {
		closed, bad := s.ring(ring, fmt.Sprintf("%s, ring %d", part, i+1))
		if bad != nil {
			return bad
		}
		polygon[i] = closed
	}
	return nil
}

// ring returns the ring closed. Closing an open ring is what every program that
// draws it does; it is noted, since a cut-off ring looks the same.
func (s *settler) ring(ring orb.Ring, part string) (orb.Ring, *fault.Place) {
	if bad := s.positions(part, ring...); bad != nil {
		return nil, bad
	}
	if len(ring) == 0 {
		return nil, s.bad(part, CodeShort, "The ring has no positions; delete it or draw it.")
	}
	first, last := ring[0], ring[len(ring)-1]
	if first != last && len(ring) >= 3 {
		if math.Abs(first[0]-last[0]) <= closeEnough && math.Abs(first[1]-last[1]) <= closeEnough {
			ring[len(ring)-1] = first
		} else {
			s.note(part, CodeClosed, "The ring is not closed: it ends at (%g, %g) and began at (%g, %g). It was closed with a straight edge; look whether part of it is missing.",
				last[0], last[1], first[0], first[1])
			ring = append(ring[:len(ring):len(ring)], first)
		}
	}
	if len(ring) < 4 {
		return nil, s.bad(part, CodeShort, "The ring has %d positions; a closed ring needs at least four. Draw it again or delete it.", len(ring))
	}
	return ring, nil
}

func (s *settler) positions(part string, points ...orb.Point) *fault.Place {
	for i, p := range points {
		if math.Abs(p[0]) <= MaxCoordinate && math.Abs(p[1]) <= MaxCoordinate {
			continue
		}
		if len(points) > 1 {
			part = fmt.Sprintf("%s, position %d", part, i+1)
		}
		if math.IsNaN(p[0]) || math.IsNaN(p[1]) || math.IsInf(p[0], 0) || math.IsInf(p[1], 0) {
			return s.bad(part, CodeNotFinite, "A coordinate is not a finite number (%g, %g); correct it and export again.", p[0], p[1])
		}
		return s.bad(part, CodeHuge, "The coordinate (%g, %g) is larger than any reference system has; correct it and export again.", p[0], p[1])
	}
	return nil
}

// collection keeps the members of the highest dimension, so that a boundary with
// stray lines and points in it is still a boundary, and notes the rest.
func (s *settler) collection(members orb.Collection, part string) (orb.Geometry, *fault.Place) {
	var kept [3]orb.Collection // points, lines, polygons, each by itself
	total := 0
	for i, member := range members {
		g, bad := s.geometry(member, fmt.Sprintf("%s, member %d", part, i+1))
		if bad != nil && bad.Code == CodeEmpty {
			s.notes = append(s.notes, *bad)
			continue
		}
		if bad != nil {
			return nil, bad
		}
		kept[g.Dimensions()] = append(kept[g.Dimensions()], g)
		total++
	}
	if total == 0 {
		return nil, s.empty(part)
	}
	names := [3]string{"points", "lines", "polygons"}
	top := 2
	for len(kept[top]) == 0 {
		top--
	}
	for dim := range top {
		if n := len(kept[dim]); n > 0 {
			s.note(part, CodeMixed, "Of a collection of several kinds only the %s were read; %d %s were left out.", names[top], n, names[dim])
		}
	}
	return join(kept[top], top), nil
}

// join makes one geometry of members of the same dimension.
func join(members orb.Collection, dimension int) orb.Geometry {
	if len(members) == 1 {
		return members[0]
	}
	switch dimension {
	case 0:
		var all orb.MultiPoint
		for _, g := range members {
			if p, ok := g.(orb.Point); ok {
				all = append(all, p)
			} else {
				all = append(all, g.(orb.MultiPoint)...)
			}
		}
		return all
	case 1:
		var all orb.MultiLineString
		for _, g := range members {
			if line, ok := g.(orb.LineString); ok {
				all = append(all, line)
			} else {
				all = append(all, g.(orb.MultiLineString)...)
			}
		}
		return all
	}
	var all orb.MultiPolygon
	for _, g := range members {
		if polygon, ok := g.(orb.Polygon); ok {
			all = append(all, polygon)
		} else {
			all = append(all, g.(orb.MultiPolygon)...)
		}
	}
	return all
}
