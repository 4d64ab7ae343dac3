package bench

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/tiles/mvt"
)

// The peer draws from tables that were prepared for nothing else: geometry in the
// tiles' own projection, indexed, with exactly the properties of our layers, and
// with the points already thinned for each zoom as ours are. What it is measured
// for is drawing.

// prepare makes the peer's tables.
func prepare(ctx context.Context, pool *pgxpool.Pool) error {
	for _, sql := range []string{
		`DROP TABLE IF EXISTS peer_grid, peer_label, peer_household, peer_incident, peer_cell`,
		`CREATE TABLE peer_grid AS
			WITH RECURSIVE above AS (
				SELECT hu.household_id, b.unit_id, b.parent_id FROM household_unit hu JOIN boundary b ON b.unit_id = hu.unit_id
				UNION ALL
				SELECT a.household_id, b.unit_id, b.parent_id FROM above a JOIN boundary b ON b.unit_id = a.parent_id),
			counts AS (SELECT unit_id, count(*) AS households FROM above GROUP BY unit_id)
			SELECT u.level, u.code AS id, b.name, b.state, coalesce(c.households, 0) AS households, (u.id % 6)::int AS tint,
			       ST_Transform(b.geom, 3857) AS geom
			FROM boundary b JOIN unit u ON u.id = b.unit_id LEFT JOIN counts c ON c.unit_id = u.id
			ORDER BY u.code`,
		`CREATE TABLE peer_label AS
			SELECT u.level, u.code, b.name, ST_Transform(b.label, 3857) AS geom FROM boundary b JOIN unit u ON u.id = b.unit_id`,
		thinnedTable("peer_household", "household", 13, "kind, occupied"),
		thinnedTable("peer_incident", "incident", 10, "category, state"),
		`CREATE INDEX ON peer_grid USING gist (geom)`,
		`CREATE INDEX ON peer_label USING gist (geom)`,
		`CREATE INDEX ON peer_household USING gist (geom)`,
		`CREATE INDEX ON peer_incident USING gist (geom)`,
		`CREATE INDEX ON peer_household (zoom)`,
		`CREATE INDEX ON peer_incident (zoom)`,
		`CREATE TABLE peer_cell (res int, id text, households int, incidents int, geom geometry(Polygon, 3857))`,
	} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return fmt.Errorf("prepare the peer: %w", err)
		}
	}
	return nil
}

// thinnedTable keeps one point of each square and zoom, by the rule of our tiles.
func thinnedTable(name, from string, minZoom int, properties string) string {
	return fmt.Sprintf(`
		CREATE TABLE %s AS
		SELECT DISTINCT ON (zoom, square) zoom, p.id::text AS id, %s, count, p.geom
		FROM (
			SELECT z.zoom, h.id, h.geom, %s, z.square,
			       nullif(count(*) OVER (PARTITION BY z.zoom, z.square), 1) AS count
			FROM (SELECT *, ST_Transform(point, 3857) AS geom FROM %s WHERE point IS NOT NULL) AS h,
			LATERAL (
				SELECT zoom, CASE WHEN zoom = 17 THEN h.id::text
					ELSE floor((ST_X(geom) + 20037508.342789244) / width)::text || ':' || floor((ST_Y(geom) + 20037508.342789244) / width) END AS square
				FROM (SELECT zoom, 40075016.685578488 / (2 ^ zoom) / CASE WHEN zoom < 16 THEN 64 ELSE 128 END AS width
				      FROM generate_series(%d, 17) AS zoom) AS widths
			) AS z
		) AS p`, name, properties, properties, from, minZoom)
}

// layerSQL is the statement that draws one layer of a tile; $1, $2, $3 are z, x, y.
func layerSQL(layer string) string {
	level, isGrid := strings.CutPrefix(layer, "grid-")
	switch {
	case isGrid:
		return asMVT(layer, "peer_grid", "id, name, state, households, tint", "level = '"+level+"'", mvt.Buffer)
	case strings.HasPrefix(layer, "label-"):
		return asMVT(layer, "peer_label", "code, name", "level = '"+strings.TrimPrefix(layer, "label-")+"'", 0)
	case layer == "household":
		return asMVT(layer, "peer_household", "id, kind, occupied, count", "zoom = $1", 0)
	case layer == "incident":
		return asMVT(layer, "peer_incident", "id, category, state, count", "zoom = $1", 0)
	}
	return asMVT(layer, "peer_cell", "id, households, incidents",
		"res = CASE WHEN $1 < 10 THEN 7 WHEN $1 < 12 THEN 8 WHEN $1 < 14 THEN 9 ELSE 10 END", mvt.Buffer)
}

// asMVT evaluates ST_AsMVTGeom once for each feature: a condition on its result
// outside of a materialised query would do so twice.
func asMVT(layer, table, properties, where string, buffer int) string {
	return fmt.Sprintf(`(
		WITH f AS MATERIALIZED (
			SELECT %s, ST_AsMVTGeom(geom, ST_TileEnvelope($1, $2, $3), 4096, %d) AS geom
			FROM %s
			WHERE %s AND geom && ST_TileEnvelope($1, $2, $3, margin => %g))
		SELECT coalesce(ST_AsMVT(f, '%s', 4096, 'geom'), '') FROM f WHERE geom IS NOT NULL)`,
		properties, buffer, table, where, float64(buffer)/mvt.Extent, layer)
}

// tileSQL draws several layers as one tile, in one statement.
func tileSQL(layers []string) string {
	parts := make([]string, len(layers))
	for i, layer := range layers {
		parts[i] = layerSQL(layer)
	}
	return "SELECT " + strings.Join(parts, " || ")
}
