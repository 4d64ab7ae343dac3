package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/walk"
)

// routing is pgRouting with the very edges of a network. Homes and points are joined
// to the same places on them, so that only the search is compared.
type routing struct{ pool *pgxpool.Pool }

// errNoPeer means that a peer is not installed.
var errNoPeer = errors.New("is not installed")

// newRouting loads a network and the accesses of homes and points; errNoPeer where
// PostgreSQL has no pgRouting. Each point is a node of its own, numbered below zero.
func newRouting(ctx context.Context, pool *pgxpool.Pool, n *walk.Network, homes *walk.Places, points []walk.Place) (*routing, error) {
	_, err := pool.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS pgrouting CASCADE`)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "0A000" || pg.Code == "58P01") { // no such extension on this machine
		return nil, fmt.Errorf("pgRouting (Debian: postgresql-15-pgrouting) %w", errNoPeer)
	}
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, `
		DROP TABLE IF EXISTS way, joined, point_joined;
		CREATE TABLE way (id bigint, source bigint, target bigint, cost float8, reverse_cost float8, geom geometry(LineString, 4326));
		CREATE TABLE joined (home int, way bigint, at float8, walk float8);
		CREATE TABLE point_joined (point int, way bigint, at float8, walk float8)`); err != nil {
		return nil, err
	}
	_, err = pool.CopyFrom(ctx, pgx.Identifier{"way"}, []string{"id", "source", "target", "cost", "reverse_cost", "geom"},
		pgx.CopyFromSlice(n.Edges(), func(i int) ([]any, error) {
			e := int32(i)
			from, to := n.Ends(e)
			cost := float64(n.Length(e))
			back := cost
			if n.Traits(e).OneWay {
				back = -1
			}
			return []any{int64(e), int64(from), int64(to), cost, back, lineString(n.Line(e))}, nil
		}))
	if err != nil {
		return nil, err
	}
	if err := copyJoined(ctx, pool, "joined", "home", homes.Len(), homes.Place); err != nil {
		return nil, err
	}
	if err := copyJoined(ctx, pool, "point_joined", "point", len(points), func(i int) walk.Place { return points[i] }); err != nil {
		return nil, err
	}
	// From a point to the ends of its edge, from there nobody comes back: the ways end
	// at nodes, and go on to homes in the statement.
	_, err = pool.Exec(ctx, `
		INSERT INTO way
		SELECT 1000000000 + 2 * row_number() OVER () + e.n, -1 - p.point, CASE e.n WHEN 0 THEN w.source ELSE w.target END,
		       p.walk + CASE e.n WHEN 0 THEN p.at ELSE w.cost - p.at END, -1, w.geom
		FROM point_joined p
		JOIN way w ON w.id = p.way
		CROSS JOIN (VALUES (0), (1)) AS e(n)
		WHERE e.n = 1 OR w.reverse_cost >= 0 OR p.at = 0;
		CREATE INDEX ON way USING gist (geom);
		CREATE INDEX ON way (id);
		CREATE INDEX ON joined (way);
		ANALYZE way, joined, point_joined`)
	return &routing{pool}, err
}

func copyJoined(ctx context.Context, pool *pgxpool.Pool, table, key string, count int, place func(i int) walk.Place) error {
	var rows [][]any
	for i := range count {
		p := place(i)
		for _, a := range p.Access[:p.Count] {
			rows = append(rows, []any{int32(i), int64(a.Edge), float64(a.Offset), float64(a.Walk)})
		}
	}
	_, err := pool.CopyFrom(ctx, pgx.Identifier{table}, []string{key, "way", "at", "walk"}, pgx.CopyFromRows(rows))
	return err
}

func lineString(line []geo.Point) orb.LineString {
	out := make(orb.LineString, len(line))
	for i, p := range line {
		out[i] = p.Degrees()
	}
	return out
}

// nearest is the statement that finds, for every home, how far its nearest point is
// and which: the ends of its street, and the points on its street itself.
//
// With equicost pgRouting searches from all points at once, which is what it is
// timed by. In 3.4 that finds too long a way for some homes; without, it searches
// from each point alone and is right.
func (r *routing) nearest(points int, equicost bool) string {
	return fmt.Sprintf(`
		WITH reach AS MATERIALIZED (
			SELECT node, from_v, agg_cost
			FROM pgr_drivingDistance('SELECT id, source, target, cost, reverse_cost FROM way', ARRAY(SELECT -1 - g FROM generate_series(0, %d) g), 1e12, true, %t)
		)
		SELECT DISTINCT ON (home) home, mm, point FROM (
			SELECT j.home, j.walk + j.at + r.agg_cost AS mm, -1 - r.from_v AS point
			FROM joined j JOIN way w ON w.id = j.way JOIN reach r ON r.node = w.source
			UNION ALL
			SELECT j.home, j.walk + w.cost - j.at + r.agg_cost, -1 - r.from_v
			FROM joined j JOIN way w ON w.id = j.way JOIN reach r ON r.node = w.target
			WHERE w.reverse_cost >= 0 OR j.at = w.cost
			UNION ALL
			SELECT j.home, j.walk + abs(j.at - p.at) + p.walk, p.point
			FROM joined j JOIN point_joined p USING (way) JOIN way w ON w.id = j.way
			WHERE w.reverse_cost >= 0 OR j.at >= p.at
		) AS ways
		ORDER BY home, mm, point`, points-1, equicost)
}

// reach is the statement that finds the nodes within so many metres of a point, in
// the box where they can lie.
func (r *routing) reach(point int, at geo.Point, metres float64) string {
	d := at.Degrees()
	degrees := metres / 111_000 * 1.5
	return fmt.Sprintf(`
		SELECT node, agg_cost FROM pgr_drivingDistance(
			'SELECT id, source, target, cost, reverse_cost FROM way WHERE geom && ST_MakeEnvelope(%f, %f, %f, %f, 4326)', %d, %f, true)`,
		d[0]-degrees, d[1]-degrees, d[0]+degrees, d[1]+degrees, -1-point, metres*1000)
}

// hull is the statement that draws a polygon round what reach finds, as GeoJSON.
func (r *routing) hull(point int, at geo.Point, metres float64) string {
	return fmt.Sprintf(`
		SELECT ST_AsGeoJSON(ST_ConcaveHull(ST_Collect(ST_StartPoint(w.geom)), 0.3))
		FROM (%s) AS r JOIN way w ON w.source = r.node`, r.reach(point, at, metres))
}

// answers reads what nearest found, by home; Never and -1 where nothing was.
func (r *routing) answers(ctx context.Context, points, homes int, equicost bool) (mm []uint32, point []int32, err error) {
	mm, point = make([]uint32, homes), make([]int32, homes)
	for i := range homes {
		mm[i], point[i] = walk.Never, -1
	}
	rows, _ := r.pool.Query(ctx, r.nearest(points, equicost))
	var home, of int32
	var far float64
	_, err = pgx.ForEachRow(rows, []any{&home, &far, &of}, func() error {
		mm[home], point[home] = uint32(far+0.5), of
		return nil
	})
	return mm, point, err
}

// snap is PostGIS's nearest edge of every home.
func (r *routing) snap(ctx context.Context, homes []geo.Point) (cost, error) {
	if _, err := r.pool.Exec(ctx, `CREATE TABLE home (id int, at geometry(Point, 4326))`); err != nil {
		return cost{}, err
	}
	_, err := r.pool.CopyFrom(ctx, pgx.Identifier{"home"}, []string{"id", "at"},
		pgx.CopyFromSlice(len(homes), func(i int) ([]any, error) { return []any{int32(i), homes[i].Degrees()}, nil }))
	if err != nil {
		return cost{}, err
	}
	return statement(ctx, r.pool, `
		SELECT count(near.id)
		FROM home CROSS JOIN LATERAL (SELECT id FROM way WHERE id < 1000000000 ORDER BY way.geom <-> home.at LIMIT 1) AS near`)
}
