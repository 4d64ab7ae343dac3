package ruleset

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/rule"
	"wangge/geo/staff"
)

// Facts tells what units of a draft below some units in force come to on a day, and
// which rules of a set they break. Whoever asks again and again keeps the Load.
func Facts(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, below []string, units []rule.Unit) ([]rule.Fact, error) {
	g, err := Load(ctx, db, actor, day, below)
	if err != nil {
		return nil, err
	}
	return g.Facts(units, nil), nil
}

// Load reads what lies on the ground below some units in force on a day, given by
// their codes: homes and head counts, open incidents, posts and who holds them,
// compounds, rivers, railways and main roads. db is the engine's, for the sums of a unit count
// homes that its planner need not see one by one; so the actor must plan there, or
// the error is staff.ErrOutside, and who may not see single places there gets no
// numbers of homes at all: units could be drawn around one house.
func Load(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, below []string) (*rule.Ground, error) {
	l := loader{ctx: ctx, db: db, day: day}
	if err := l.find(below); err != nil {
		return nil, fmt.Errorf("ground of %v: %w", below, err)
	}
	if err := staff.Within(ctx, db, actor, staff.Plan, l.bases...); err != nil {
		return nil, fmt.Errorf("ground of %v: %w", below, err)
	}
	switch err := staff.Within(ctx, db, actor, staff.Place, l.bases...); {
	case errors.Is(err, staff.ErrOutside):
		l.source.Blind = true
	case err != nil:
		return nil, fmt.Errorf("ground of %v: %w", below, err)
	}
	reads := []func() error{l.above, l.posts, l.templates, l.compounds, l.barriers}
	if !l.source.Blind {
		reads = append(reads, l.homes, l.incidents)
	}
	for _, read := range reads {
		if err := read(); err != nil {
			return nil, fmt.Errorf("ground of %v: %w", below, err)
		}
	}
	return rule.NewGround(l.source), nil
}

// loader reads a source, one kind of thing at a time.
type loader struct {
	ctx    context.Context
	db     pg.DB
	day    geo.Day
	bases  []int64
	bound  orb.Bound
	source rule.Source
}

// under are the units of a day below the bases, themselves included, for a query
// whose $1 are the bases.
const under = `(SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = ANY ($1))`

// find reads the units that are divided.
func (l *loader) find(codes []string) error {
	rows, _ := l.db.Query(l.ctx, `
		SELECT u.id, b.geom FROM boundary b JOIN unit u ON u.id = b.unit_id
		WHERE u.code = ANY ($1) AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)`, codes, l.day)
	bound := geo.EmptyBound
	var id int64
	var area geo.MultiPolygon
	_, err := pgx.ForEachRow(rows, []any{&id, &area}, func() error {
		l.bases = append(l.bases, id)
		l.source.Base = append(l.source.Base, area...)
		bound = bound.Union(area.Bound())
		return nil
	})
	if err != nil {
		return err
	}
	if len(l.bases) < len(codes) || len(codes) == 0 {
		return grid.ErrUnknownUnit
	}
	l.bound = orb.Bound{Min: bound.Min.Degrees(), Max: bound.Max.Degrees()}
	return nil
}

// above reads the units whose land is divided. What lies between them and the units of
// a branch follows these, so nothing can lie outside of it.
func (l *loader) above() error {
	rows, _ := l.db.Query(l.ctx, `
		SELECT u.code, b.geom FROM boundary b JOIN unit u ON u.id = b.unit_id
		WHERE u.id = ANY ($1) AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)`, l.bases, l.day)
	l.source.Above = map[string]geo.MultiPolygon{}
	var code string
	var area geo.MultiPolygon
	_, err := pgx.ForEachRow(rows, []any{&code, &area}, func() error {
		l.source.Above[code] = area
		return nil
	})
	return err
}

func (l *loader) homes() error {
	rows, _ := l.db.Query(l.ctx, `
		SELECT h.point, h.occupied IS FALSE,
		       CASE WHEN coalesce(h.age_0_2, h.age_3_6, h.age_7_17, h.age_18_59, h.age_60_79, h.age_80) IS NULL THEN -1
		            ELSE coalesce(h.age_0_2, 0) + coalesce(h.age_3_6, 0) + coalesce(h.age_7_17, 0) + coalesce(h.age_18_59, 0) + coalesce(h.age_60_79, 0) + coalesce(h.age_80, 0) END
		FROM household_unit o JOIN household h ON h.id = o.household_id
		WHERE o.unit_id IN `+under+` AND o.valid_from <= $2 AND (o.valid_to IS NULL OR o.valid_to > $2)
		  AND h.point IS NOT NULL AND (h.closed_on IS NULL OR h.closed_on > $2)`, l.bases, l.day)
	var h rule.Home
	_, err := pgx.ForEachRow(rows, []any{&h.At, &h.Empty, &h.People}, func() error {
		l.source.Homes = append(l.source.Homes, h)
		return nil
	})
	return err
}

func (l *loader) incidents() error {
	rows, _ := l.db.Query(l.ctx, `
		SELECT i.point FROM incident_unit o JOIN incident i ON i.id = o.incident_id
		WHERE o.unit_id IN `+under+` AND o.valid_from <= $2 AND (o.valid_to IS NULL OR o.valid_to > $2)
		  AND i.point IS NOT NULL AND i.closed_at IS NULL AND NOT i.private`, l.bases, l.day)
	var err error
	l.source.Incidents, err = pgx.CollectRows(rows, pgx.RowTo[geo.Point])
	return err
}

// posts reads them with whether an A holds them whose account is not disabled, as
// the list of vacancies does.
func (l *loader) posts() error {
	rows, _ := l.db.Query(l.ctx, `
		SELECT u.code, u.level, p.kind,
		       EXISTS (SELECT FROM holder h JOIN account c ON c.id = h.account_id
		               WHERE h.post_id = p.id AND h.rank = 'A' AND h.valid_from <= $2 AND (h.valid_to IS NULL OR h.valid_to > $2) AND c.disabled_on IS NULL),
		       b.label
		FROM post p JOIN unit u ON u.id = p.unit_id JOIN boundary b ON b.unit_id = u.id
		WHERE u.id IN `+under+` AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)
		  AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)`, l.bases, l.day)
	var err error
	l.source.Posts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[rule.Post])
	return err
}

func (l *loader) templates() error {
	rows, _ := l.db.Query(l.ctx, `
		SELECT s.level, s.kind, s.min_posts, k.title_zh, k.title_en
		FROM staffing s JOIN post_kind k ON k.code = s.kind WHERE s.min_posts > 0 ORDER BY s.level, k.rank`)
	l.source.Templates = map[string][]rule.Need{}
	var level, kind string
	var n rule.Need
	_, err := pgx.ForEachRow(rows, []any{&level, &kind, &n.Min, &n.TitleZh, &n.TitleEn}, func() error {
		n.Kinds = []string{kind}
		l.source.Templates[level] = append(l.source.Templates[level], n)
		return nil
	})
	return err
}

// compounds reads the zones that are compounds and natural villages, and those of
// the map.
func (l *loader) compounds() error {
	rows, _ := l.db.Query(l.ctx, `
		SELECT name, ST_Multi(geom) FROM zone
		WHERE kind IN ('compound', 'natural-village') AND geom && $1::geometry AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
		UNION ALL
		SELECT f.name, ST_Multi(f.geom) FROM map_feature f JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class = 'place' AND f.kind IN ('compound', 'hamlet') AND ST_Dimension(f.geom) = 2 AND f.geom && $1::geometry`, l.bound, l.day)
	var err error
	l.source.Compounds, err = pgx.CollectRows(rows, pgx.RowToStructByPos[rule.Compound])
	return err
}

// barriers reads the rivers, canals, railways and main roads of the map that lie on the
// ground or above it; people pass below a railway on a bridge.
func (l *loader) barriers() error {
	rows, _ := l.db.Query(l.ctx, `
		SELECT f.kind, f.name, f.geom FROM map_feature f JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.geom && $1::geometry AND f.layer >= 0 AND coalesce(f.tags->>'tunnel', 'no') = 'no'
		  AND (f.class = 'street' AND f.kind IN ('motorway', 'trunk', 'primary', 'rail')
			OR f.class = 'barrier' AND f.kind IN ('rail', 'light_rail', 'subway', 'narrow_gauge') AND coalesce(f.tags->>'bridge', 'no') = 'no'
			OR f.class = 'water' AND f.kind IN ('river', 'riverbank', 'canal'))
		ORDER BY f.class, f.osm_type, f.osm_id`, l.bound)
	var b rule.Barrier
	var shape orb.Geometry
	_, err := pgx.ForEachRow(rows, []any{&b.Kind, &b.Name, &shape}, func() error {
		l.source.Barriers = append(l.source.Barriers, barriersOf(b.Kind, b.Name, shape)...)
		return nil
	})
	return err
}

func barriersOf(kind, name string, shape orb.Geometry) []rule.Barrier {
	one := rule.Barrier{Kind: kind, Name: name}
	switch s := shape.(type) {
	case orb.LineString:
		for _, p := range s {
			one.Line = append(one.Line, geo.Snap(p))
		}
	case orb.MultiLineString:
		var list []rule.Barrier
		for _, line := range s {
			list = append(list, barriersOf(kind, name, line)...)
		}
		return list
	case orb.Polygon:
		one.Area = geo.FromOrb(orb.MultiPolygon{s})
	case orb.MultiPolygon:
		one.Area = geo.FromOrb(s)
	default:
		return nil
	}
	return []rule.Barrier{one}
}
