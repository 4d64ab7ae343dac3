package tiles

import (
	"context"
	"fmt"

	"wangge/geo"
	"wangge/geo/candidate"
	"wangge/geo/staff"
	"wangge/tiles/mvt"
)

// readSiting returns a search that is done.
func (s *Server) readSiting(ctx context.Context, id int64, actor staff.Actor) (candidate.Siting, error) {
	found, err := candidate.GetSiting(ctx, s.Pool, actor, id)
	if err == nil && found.Found == nil {
		err = ErrSearching
	}
	return found, err
}

// candidates draws the sites that a search found: new ones by their rank, and those
// that stood already with rank 0. What else there was to choose from may change, and
// the search may not.
func (m plot) candidates(context.Context) error {
	found := m.h.siting.Found
	names := []mvt.Column{{Name: "id", Unique: true}, {Name: "point"}, {Name: "name", Unique: true}}
	p := painter{table: mvt.NewTable(append(names, columns("kind", "rank", "chosen", "gain", "rounded")...)...), bounds: geo.EmptyBound}
	for _, site := range found.Sites {
		if site.At == nil {
			continue // a neighbour's point
		}
		values := []mvt.Value{whole(site.Candidate), whole(site.Point), optional(site.Name), optional(string(site.Kind)),
			mvt.Int(int64(site.Rank)), mvt.Bool(site.Rank > 0), {}, truth(found.Rounded)}
		if site.Rank > 0 && !found.Hidden {
			values[6] = mvt.Float(site.Gain)
		}
		row, at := p.table.Add(values...), geo.Snap(*site.At)
		p.bounds = p.bounds.Extend(at)
		for zoom := m.into.min; zoom <= m.into.max; zoom++ {
			p.zooms[zoom].Point(row, mvt.Project(at).At(zoom))
		}
	}
	m.painted(&p)
	m.into.about = fmt.Sprintf("%s · %d → %s", m.h.siting.Params.Model, found.Candidates, found.Measure)
	return nil
}

// whole is an id that 0 stands for none of.
func whole(id int64) mvt.Value {
	if id == 0 {
		return mvt.Value{}
	}
	return mvt.Int(id)
}
