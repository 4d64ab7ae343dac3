package proposal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/atom"
	"wangge/geo/grid"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/topology"
)

// classOf is the class of a name, if it can be a barrier.
func classOf(name string) (atom.Class, bool) {
	for c := atom.Path; int(c) < atom.Classes; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return atom.Open, false
}

// site is the land of a question with the units around it.
type site struct {
	params  Params
	base    int64
	ground  atom.Ground
	parents []grid.InForce // units above the new ones
	present []grid.InForce // units of the level, when it is rebalanced
	above   []int32        // of each of ground.Within: its parent
}

// look reads everything that lies on the land of a base. db is the engine's: who asks
// may see it, as was checked, but row by row that takes long.
func look(ctx context.Context, db pg.DB, p Params) (*site, error) {
	s := &site{params: p}
	inForce, err := grid.AllInForce(ctx, db, p.Day)
	if err != nil {
		return nil, err
	}
	if err := s.place(ctx, db, inForce); err != nil {
		return nil, err
	}
	s.ground.Limit = p.Limit
	for _, b := range p.Barriers {
		class, _ := classOf(b)
		s.ground.Barriers = append(s.ground.Barriers, class)
	}
	for _, read := range []func(context.Context, pg.DB) error{s.features, s.zones, s.homes} {
		if err := read(ctx, db); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// place finds the land, the units above and the present ones.
func (s *site) place(ctx context.Context, db pg.DB, inForce []grid.InForce) error {
	byID := map[int64]grid.InForce{}
	for _, u := range inForce {
		byID[u.ID] = u
		if u.Code == s.params.Base {
			s.base = u.ID
		}
	}
	if s.base == 0 {
		return grid.ErrUnknownUnit
	}
	var family []grid.InForce // the base and all below it
	for _, u := range inForce {
		for up, steps := u.ID, 0; up != 0 && steps < 64; up, steps = byID[up].ParentID, steps+1 {
			if up == s.base {
				family = append(family, u)
				break
			}
		}
	}
	rank, err := s.rank(ctx, db, family, byID[s.base])
	if err != nil {
		return err
	}
	deepest := 0
	for _, u := range family {
		if u.Rank < rank {
			deepest = max(deepest, u.Rank)
		}
	}
	for _, u := range family {
		switch u.Rank {
		case deepest:
			s.parents = append(s.parents, u)
		case rank:
			s.present = append(s.present, u)
		}
	}
	if !s.params.Rebalance {
		s.present = nil
		for i, u := range s.parents {
			s.ground.Within, s.above = append(s.ground.Within, u.Area), append(s.above, int32(i))
		}
	} else if len(s.present) == 0 {
		return ErrUndivided
	}
	for _, u := range s.present {
		parent := slices.IndexFunc(s.parents, func(p grid.InForce) bool { return p.ID == u.ParentID })
		if parent < 0 {
			return ErrUndivided.Saying("Some of its units lie in no unit above: " + u.Code)
		}
		s.ground.Within, s.above = append(s.ground.Within, u.Area), append(s.above, int32(parent))
	}
	s.ground.Unit = topology.Union(s.ground.Within...)
	return nil
}

// rank is that of the level to divide into.
func (s *site) rank(ctx context.Context, db pg.DB, family []grid.InForce, base grid.InForce) (rank int, err error) {
	if s.params.Level == "" {
		for _, u := range family {
			if u.Rank > rank && u.ID != base.ID {
				rank, s.params.Level = u.Rank, u.Level
			}
		}
		if rank > 0 {
			return rank, nil
		}
		err = db.QueryRow(ctx, `
			SELECT l.rank, l.code
			FROM unit u
			JOIN preset_level own ON own.preset = u.preset AND own.level = u.level
			JOIN preset_level next ON next.preset = u.preset AND next.depth = own.depth + 1
			JOIN level l ON l.code = next.level
			WHERE u.id = $1`, base.ID).Scan(&rank, &s.params.Level)
	} else {
		err = db.QueryRow(ctx, `SELECT rank FROM level WHERE code = $1`, s.params.Level).Scan(&rank)
	}
	if errors.Is(err, pgx.ErrNoRows) || err == nil && rank <= base.Rank {
		err = notBelow(s.params.Level)
	}
	return rank, err
}

func notBelow(level string) error {
	return ErrParams.Saying(fmt.Sprintf("Level %q does not lie below the unit.", level))
}

// features reads the streets, waters, railways, walls and buildings of the map. What
// runs below the ground parts nothing, nor does a railway on a bridge.
func (s *site) features(ctx context.Context, db pg.DB) error {
	b := s.ground.Unit.Bound()
	rows, _ := db.Query(ctx, `
		SELECT f.class, f.kind, f.geom
		FROM map_feature f
		JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class IN ('street', 'water', 'barrier', 'building') AND f.geom && $1::geometry
		  AND f.layer >= 0 AND coalesce(f.tags->>'tunnel', 'no') = 'no' AND coalesce(f.tags->>'indoor', 'no') = 'no'
		  AND (f.class <> 'barrier' OR coalesce(f.tags->>'bridge', 'no') = 'no')
		ORDER BY f.class, f.osm_type, f.osm_id`, orb.Bound{Min: b.Min.Degrees(), Max: b.Max.Degrees()})
	var class, kind string
	var shape orb.Geometry
	_, err := pgx.ForEachRow(rows, []any{&class, &kind, &shape}, func() error {
		s.feature(class, kind, shape)
		return nil
	})
	if err != nil {
		return fmt.Errorf("map around %s: %w", s.params.Base, err)
	}
	return nil
}

func (s *site) feature(class, kind string, shape orb.Geometry) {
	var area geo.MultiPolygon
	var line []geo.Point
	switch g := shape.(type) {
	case orb.Polygon:
		area = geo.FromOrb(orb.MultiPolygon{g})
	case orb.MultiPolygon:
		area = geo.FromOrb(g)
	case orb.LineString:
		for _, p := range g {
			line = append(line, geo.Snap(p))
		}
	}
	switch {
	case class == network.Building && area != nil:
		s.ground.Buildings = append(s.ground.Buildings, area)
	case class == network.Water && area != nil:
		s.ground.Waters = append(s.ground.Waters, atom.Water{Class: atom.OfWater(kind), Area: area})
	case line == nil:
	case class == network.Water:
		s.ground.Lines = append(s.ground.Lines, atom.Line{Class: atom.OfWater(kind), Points: line})
	case class == network.Street:
		s.ground.Lines = append(s.ground.Lines, atom.Line{Class: atom.OfStreet(kind), Points: line})
	default:
		if c, ok := atom.OfBarrier(kind); ok {
			s.ground.Lines = append(s.ground.Lines, atom.Line{Class: c, Points: line})
		}
	}
}

// zones reads the compounds and natural villages, which are kept whole, from the
// zones and from the map.
func (s *site) zones(ctx context.Context, db pg.DB) error {
	b := s.ground.Unit.Bound()
	rows, _ := db.Query(ctx, `
		SELECT kind, ST_Multi(geom) FROM zone
		WHERE kind IN ('compound', 'natural-village') AND geom && $1::geometry AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
		UNION ALL
		SELECT f.kind, ST_Multi(f.geom) FROM map_feature f JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class = 'place' AND f.kind IN ('compound', 'hamlet') AND ST_Dimension(f.geom) = 2 AND f.geom && $1::geometry
		ORDER BY 1, 2`, orb.Bound{Min: b.Min.Degrees(), Max: b.Max.Degrees()}, s.params.Day)
	var kind string
	var area geo.MultiPolygon
	_, err := pgx.ForEachRow(rows, []any{&kind, &area}, func() error {
		class := atom.Edge
		if kind == "compound" {
			class = atom.Wall
		}
		s.ground.Wholes = append(s.ground.Wholes, atom.Whole{Class: class, Area: area, Divisible: s.params.Divide})
		return nil
	})
	if err != nil {
		return fmt.Errorf("zones in %s: %w", s.params.Base, err)
	}
	return nil
}

// homes counts the households of the base by place.
func (s *site) homes(ctx context.Context, db pg.DB) error {
	rows, _ := db.Query(ctx, `
		SELECT h.point, count(*)
		FROM household_unit o JOIN household h ON h.id = o.household_id
		WHERE o.unit_id IN (SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = $1)
		  AND o.valid_from <= $2 AND (o.valid_to IS NULL OR o.valid_to > $2)
		  AND h.point IS NOT NULL AND (h.closed_on IS NULL OR h.closed_on > $2)
		GROUP BY h.point ORDER BY h.point::text`, s.base, s.params.Day)
	var home atom.Home
	_, err := pgx.ForEachRow(rows, []any{&home.At, &home.Households}, func() error {
		s.ground.Homes = append(s.ground.Homes, home)
		return nil
	})
	if err != nil {
		return fmt.Errorf("households of %s: %w", s.params.Base, err)
	}
	return nil
}
