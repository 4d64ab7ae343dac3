package topology

import (
	"context"

	"wangge/geo"
)

// Union is the area covered by any of the areas. Inner borders of exactly
// matching areas vanish and nothing else changes; areas that do not match are
// noded like those of a Mosaic. It is nil for no area and for areas that lie
// farther apart than geo.MaxExtent.
func Union(areas ...geo.MultiPolygon) geo.MultiPolygon {
	m := &Mosaic{}
	for _, a := range areas {
		m.units = append(m.units, unit{Part: Part{Area: a}, role: partRole, parent: none})
	}
	if m.checkExtent() != nil {
		return nil
	}
	// The background context does not end, so subdivide cannot fail.
	_ = m.subdivide(context.Background())
	var faces []int32
	for f, cover := range m.cover {
		if len(cover) > 0 {
			faces = append(faces, int32(f))
		}
	}
	return m.plane.area(faces)
}
