package topology

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"wangge/geo"
)

// NoArea stands in a Piece for land that no area of a set covers.
const NoArea = -1

// Piece is the land that one area of a first set and one of a second have in common,
// or that one of them has to itself.
type Piece struct {
	Before, After int // positions in the sets, or NoArea
	Area          geo.MultiPolygon
}

// Overlay cuts two sets of areas by each other. The pieces do not overlap, and
// together they are all land that either set covers: where borders cross, both get
// the same vertex, as in a Mosaic. They stand in order of Before, then After, with
// NoArea first. Of areas of one set that overlap the first has the land.
//
// Overlay fails with ErrExtent when the areas are too far apart, and with the
// context's error.
func Overlay(ctx context.Context, before, after []geo.MultiPolygon) ([]Piece, error) {
	m := &Mosaic{units: make([]unit, 0, len(before)+len(after))}
	for _, set := range [2][]geo.MultiPolygon{before, after} {
		for _, area := range set {
			m.units = append(m.units, unit{Part: Part{Area: area}, role: partRole, parent: none})
		}
	}
	if err := m.checkExtent(); err != nil {
		return nil, err
	}
	if err := m.subdivide(ctx); err != nil {
		return nil, fmt.Errorf("overlay of %d and %d areas: %w", len(before), len(after), err)
	}
	faces := map[[2]int][]int32{}
	for f, cover := range m.cover {
		if len(cover) == 0 {
			continue
		}
		of := [2]int{NoArea, NoArea}
		for _, u := range cover {
			side, at := 0, int(u)
			if at >= len(before) {
				side, at = 1, at-len(before)
			}
			if of[side] == NoArea {
				of[side] = at
			}
		}
		faces[of] = append(faces[of], int32(f))
	}
	pieces := make([]Piece, 0, len(faces))
	for of, list := range faces {
		pieces = append(pieces, Piece{of[0], of[1], m.plane.area(list)})
	}
	slices.SortFunc(pieces, func(a, b Piece) int {
		return cmp.Or(cmp.Compare(a.Before, b.Before), cmp.Compare(a.After, b.After))
	})
	return pieces, nil
}
