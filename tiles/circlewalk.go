package tiles

import (
	"context"

	"wangge/geo"
	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/walk"
	"wangge/tiles/mvt"
)

// spread walks from everywhere towards the nearest of the points that the reader sees,
// as far as the standard goes, and calls use with what was walked.
func (m plot) spread(ctx context.Context, use func(*walk.Walker, circle.Standard)) error {
	if m.Footpaths == nil {
		return network.ErrNoNetwork
	}
	n, version, err := m.Footpaths.Current(ctx)
	switch {
	case err != nil:
		return err
	case version.ID != m.h.run.Inputs.Network:
		return ErrReplaced
	}
	rows, err := circle.Points(ctx, m.Pool, m.actor, m.q.run, m.q.column)
	if err != nil {
		return err
	}
	s := m.h.run.Params.Columns[m.q.column].Standard
	places := make([]walk.Place, len(rows))
	for i, row := range rows {
		places[i] = n.Snap(geo.Snap(row.At), s.Mode().Profile, uint32(m.h.run.Params.MaxWalk)*1000)
	}
	w := n.Walker(s.Mode())
	defer w.Release()
	w.Spread(places, s.Limit(), walk.Towards)
	use(w, s)
	return nil
}

const (
	contourStep = 5  // minutes between contours
	streetStep  = 1  // minutes between colours of streets
	raster      = 20 // metres
)

// steps are so many minutes, twice as many and so on up to those of the standard, and
// how far one comes in them.
func steps(s circle.Standard, step float64) (minutes []float64, limits []uint32) {
	for most, next := s.Minutes, step; ; next += step {
		s.Minutes = min(next, most)
		minutes, limits = append(minutes, s.Minutes), append(limits, s.Limit())
		if next >= most {
			return minutes, limits
		}
	}
}

func (m plot) reach(ctx context.Context) error {
	return m.spread(ctx, func(w *walk.Walker, s circle.Standard) {
		minutes, limits := steps(s, contourStep)
		p := newPainter(minutes)
		for row, area := range w.Outlines(limits, raster) {
			p.bounds = p.bounds.Union(area.Bound())
			for zoom := m.into.min; zoom <= m.into.max; zoom++ {
				p.zooms[zoom].Polygon(row, thinArea(area.Orb(), zoom)...)
			}
		}
		m.painted(p)
	})
}

func (m plot) streets(ctx context.Context) error {
	return m.spread(ctx, func(w *walk.Walker, s circle.Standard) {
		minutes, limits := steps(s, streetStep)
		p := newPainter(minutes)
		var points []mvt.Point
		w.Pieces(limits, func(band int, line []geo.Point) {
			for _, at := range line {
				p.bounds = p.bounds.Extend(at)
			}
			for zoom := m.into.min; zoom <= m.into.max; zoom++ {
				points = points[:0]
				for _, at := range line {
					points = append(points, mvt.Project(at).At(zoom))
				}
				p.zooms[zoom].Line(band, thinPoints(points, zoom))
			}
		})
		m.painted(p)
	})
}

// newPainter is one whose rows are minutes.
func newPainter(minutes []float64) *painter {
	p := &painter{table: mvt.NewTable(columns("minutes")...), bounds: geo.EmptyBound}
	for _, n := range minutes {
		p.table.Add(mvt.Float(n))
	}
	return p
}

// painted makes what was painted the contents of the layer.
func (m plot) painted(p *painter) {
	p.open = true // to whoever may see the run
	m.into.content, m.into.bounds = p.shapes(), p.bounds
}
