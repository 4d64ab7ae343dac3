package tiles

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/pg"
)

// The readers of this file are the only ones that load the map, as the database
// role wangge_reader, which may select no personal field: no address, no doorplate,
// no head count. Each says whose a thing is.

// level is a rung of responsibility.
type level struct {
	Code    string
	Rank    int
	TitleZh string
	TitleEn string
}

func readLevels(ctx context.Context, db pg.DB) ([]level, error) {
	rows, _ := db.Query(ctx, `SELECT code, rank, title_zh, title_en FROM level ORDER BY rank`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[level])
	if err != nil {
		return nil, fmt.Errorf("levels of the map: %w", err)
	}
	return list, nil
}

// unit is a unit as it stands on a day.
type unit struct {
	ID     int64
	Code   string
	Level  string
	Name   string
	State  string
	Parent *int64
	Label  geo.Point
	Area   geo.MultiPolygon
}

// readUnits returns the units in force on day by code, so that the same units
// are drawn in the same order.
func readUnits(ctx context.Context, db pg.DB, day geo.Day) ([]unit, error) {
	rows, _ := db.Query(ctx, `
		SELECT u.id, u.code, u.level, b.name, b.state, b.parent_id, b.label, b.geom
		FROM boundary b JOIN unit u ON u.id = b.unit_id
		WHERE b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		ORDER BY u.code`, day)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[unit])
	if err != nil {
		return nil, fmt.Errorf("units of the map: %w", err)
	}
	return list, nil
}

// household is what the map knows of a household.
type household struct {
	id       int64
	kind     string
	occupied *bool
	at       geo.Point
	cell     cell.Cell
	unit     int64 // as in standing
}

// readHouseholds calls each with the placed households of day, by id: all, or
// those with one of the ids.
func readHouseholds(ctx context.Context, db pg.DB, day geo.Day, ids []int64, each func(household)) error {
	rows, _ := db.Query(ctx, `
		SELECT h.id, h.kind, h.occupied, h.point, h.cell, coalesce(hu.unit_id, -h.area_id, 0)
		FROM household h
		LEFT JOIN household_unit hu ON hu.household_id = h.id
		     AND hu.valid_from <= $1 AND (hu.valid_to IS NULL OR hu.valid_to > $1)
		WHERE h.point IS NOT NULL AND (h.closed_on IS NULL OR h.closed_on > $1)
		  AND ($2::bigint[] IS NULL OR h.id = ANY ($2))
		ORDER BY h.id`, day, ids)
	var h household
	_, err := pgx.ForEachRow(rows, []any{&h.id, &h.kind, &h.occupied, &h.at, (*int64)(&h.cell), &h.unit}, func() error {
		each(h)
		return nil
	})
	if err != nil {
		return fmt.Errorf("households of the map: %w", err)
	}
	return nil
}

// readHouseholdsByUnit counts the households of day by the unit that is directly
// responsible.
func readHouseholdsByUnit(ctx context.Context, db pg.DB, day geo.Day) (map[int64]int, error) {
	rows, _ := db.Query(ctx, `
		SELECT hu.unit_id, count(*)
		FROM household_unit hu JOIN household h ON h.id = hu.household_id
		WHERE hu.valid_from <= $1 AND (hu.valid_to IS NULL OR hu.valid_to > $1)
		  AND h.point IS NOT NULL AND (h.closed_on IS NULL OR h.closed_on > $1)
		GROUP BY hu.unit_id`, day)
	return countsOf(rows, "households by unit")
}

// countsOf collects rows of a unit and a count.
func countsOf(rows pgx.Rows, what string) (map[int64]int, error) {
	counts := map[int64]int{}
	var id int64
	var n int
	_, err := pgx.ForEachRow(rows, []any{&id, &n}, func() error {
		counts[id] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return counts, nil
}

// incident is what the map knows of an incident.
type incident struct {
	id       uuid.UUID
	category string
	state    string
	at       geo.Point
	cell     cell.Cell
	unit     int64 // as in standing
}

// key is the incident's id folded to 64 bits. Two incidents with the same key
// would be taken for one; with random ids that is one chance in 10^9 among
// 100,000 incidents.
func (i incident) key() int64 { return fold(i.id) }

func fold(id uuid.UUID) int64 {
	return int64(binary.BigEndian.Uint64(id[:8])*0x9e3779b97f4a7c15 ^ binary.BigEndian.Uint64(id[8:]))
}

// readIncidents calls each with the placed incidents that had been reported by
// the end of day, in the state they have now: all, or those with one of the ids.
func readIncidents(ctx context.Context, db pg.DB, day geo.Day, ids []uuid.UUID, each func(incident)) error {
	rows, _ := db.Query(ctx, `
		SELECT i.id, i.category, i.state, i.point, i.cell, coalesce(iu.unit_id, -i.area_id, 0)
		FROM incident i
		LEFT JOIN incident_unit iu ON iu.incident_id = i.id
		     AND iu.valid_from <= $3 AND (iu.valid_to IS NULL OR iu.valid_to > $3)
		WHERE i.point IS NOT NULL AND i.reported_at < $1 AND NOT i.private
		  AND ($2::uuid[] IS NULL OR i.id = ANY ($2))
		ORDER BY i.id`, day.Start().AddDate(0, 0, 1), ids, day)
	var i incident
	_, err := pgx.ForEachRow(rows, []any{&i.id, &i.category, &i.state, &i.at, (*int64)(&i.cell), &i.unit}, func() error {
		each(i)
		return nil
	})
	if err != nil {
		return fmt.Errorf("incidents of the map: %w", err)
	}
	return nil
}

// servicePoint is a service point in its state on a day.
type servicePoint struct {
	id        int64
	name      string
	tier      string
	state     string
	functions []string
	at        geo.Point
	unit      int64 // as in standing
}

// readServicePoints calls each with the service points that have a state on day.
func readServicePoints(ctx context.Context, db pg.DB, day geo.Day, ids []int64, each func(servicePoint)) error {
	rows, _ := db.Query(ctx, `
		SELECT p.id, p.name, p.tier, s.state, p.point,
		       ARRAY (SELECT f.function FROM service_point_function f WHERE f.service_point_id = p.id ORDER BY 1),
		       coalesce(pu.unit_id, -p.area_id, 0)
		FROM service_point p
		LEFT JOIN service_point_unit pu ON pu.service_point_id = p.id
		     AND pu.valid_from <= $1 AND (pu.valid_to IS NULL OR pu.valid_to > $1)
		JOIN service_point_state s ON s.service_point_id = p.id
		     AND s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to > $1)
		WHERE $2::bigint[] IS NULL OR p.id = ANY ($2)
		ORDER BY p.id`, day, ids)
	var p servicePoint
	_, err := pgx.ForEachRow(rows, []any{&p.id, &p.name, &p.tier, &p.state, &p.at, &p.functions, &p.unit}, func() error {
		each(p)
		return nil
	})
	if err != nil {
		return fmt.Errorf("service points of the map: %w", err)
	}
	return nil
}

// zone is an overlay zone.
type zone struct {
	Code  string
	Kind  string
	Name  string
	Area  geo.MultiPolygon
	Owner int64 // the unit for whose area it was drawn; 0 = everywhere
}

func readZones(ctx context.Context, db pg.DB, day geo.Day) ([]zone, error) {
	rows, _ := db.Query(ctx, `
		SELECT code, kind, name, geom, coalesce(area_id, 0) FROM zone
		WHERE valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)
		ORDER BY code`, day)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[zone])
	if err != nil {
		return nil, fmt.Errorf("zones of the map: %w", err)
	}
	return list, nil
}

// cellCount is how many households and incidents of an owner stand in a cell.
type cellCount struct {
	cell                  cell.Cell
	owner                 int64
	households, incidents int
}

// readCells calls each with the counts of every cell at cell.Resolution, and every
// owner in it, that has any.
func readCells(ctx context.Context, db pg.DB, day geo.Day, each func(cellCount)) error {
	rows, _ := db.Query(ctx, `
		SELECT cell, abs(unit), sum(households)::int, sum(incidents)::int
		FROM (
			SELECT h.cell, coalesce(hu.unit_id, -h.area_id, 0) AS unit, count(*) AS households, 0 AS incidents
			FROM household h
			LEFT JOIN household_unit hu ON hu.household_id = h.id
			     AND hu.valid_from <= $1 AND (hu.valid_to IS NULL OR hu.valid_to > $1)
			WHERE h.point IS NOT NULL AND (h.closed_on IS NULL OR h.closed_on > $1) GROUP BY 1, 2
			UNION ALL
			SELECT i.cell, coalesce(iu.unit_id, -i.area_id, 0), 0, count(*)
			FROM incident i
			LEFT JOIN incident_unit iu ON iu.incident_id = i.id
			     AND iu.valid_from <= $1 AND (iu.valid_to IS NULL OR iu.valid_to > $1)
			WHERE i.point IS NOT NULL AND i.reported_at < $2 AND NOT i.private GROUP BY 1, 2
		) AS counts
		GROUP BY 1, 2`, day, day.Start().AddDate(0, 0, 1))
	var c cellCount
	_, err := pgx.ForEachRow(rows, []any{(*int64)(&c.cell), &c.owner, &c.households, &c.incidents}, func() error {
		each(c)
		return nil
	})
	if err != nil {
		return fmt.Errorf("cells of the map: %w", err)
	}
	return nil
}

// latestPublication is the newest publication that had been made by the day $1.
const latestPublication = `(SELECT id FROM publication WHERE published_on <= $1 ORDER BY published_on DESC, id DESC LIMIT 1)`

// readPublishedCounts returns the published households of the units whose count is
// not hidden.
func readPublishedCounts(ctx context.Context, db pg.DB, day geo.Day) (map[int64]int, error) {
	rows, _ := db.Query(ctx, `
		SELECT unit_id, value FROM published_count
		WHERE publication_id = `+latestPublication+` AND attribute = 'households' AND value IS NOT NULL`, day)
	return countsOf(rows, "published counts of the map")
}

// readPublishedCells returns the published counts of cells, each of one unit at the
// top.
func readPublishedCells(ctx context.Context, db pg.DB, day geo.Day) ([]cellCount, error) {
	rows, _ := db.Query(ctx, `
		SELECT cell, top_id, coalesce(max(value) FILTER (WHERE attribute = 'households'), 0),
		       coalesce(max(value) FILTER (WHERE attribute = 'incidents'), 0)
		FROM published_cell WHERE publication_id = `+latestPublication+`
		GROUP BY cell, top_id ORDER BY cell, top_id`, day)
	var list []cellCount
	var c cellCount
	_, err := pgx.ForEachRow(rows, []any{(*int64)(&c.cell), &c.owner, &c.households, &c.incidents}, func() error {
		list = append(list, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("published cells of the map: %w", err)
	}
	return list, nil
}

// readParents returns the units in force on day and the parent of each, 0 = none.
func readParents(ctx context.Context, db pg.DB, day geo.Day) (map[int64]int64, error) {
	rows, _ := db.Query(ctx, `
		SELECT unit_id, coalesce(parent_id, 0) FROM boundary
		WHERE valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)`, day)
	parents := map[int64]int64{}
	var id, parent int64
	_, err := pgx.ForEachRow(rows, []any{&id, &parent}, func() error {
		parents[id] = parent
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("parents of units: %w", err)
	}
	return parents, nil
}

// feature is a thing on the background map.
type feature struct {
	class, kind  string
	name, nameEn string
	layer        int16
	bridge       bool
	tunnel       bool
	shape        orb.Geometry
}

// readBackground calls each with the features of the current network import.
func readBackground(ctx context.Context, db pg.DB, each func(feature)) error {
	rows, _ := db.Query(ctx, `
		SELECT CASE WHEN f.class = 'barrier' THEN 'street' ELSE f.class END, f.kind, f.name, f.name_en, f.layer,
		       coalesce(f.tags->>'bridge', 'no') <> 'no', coalesce(f.tags->>'tunnel', 'no') <> 'no', f.geom
		FROM map_feature f JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class IN ('street', 'building', 'water', 'green', 'place', 'service')
			OR f.class = 'barrier' AND f.kind IN ('rail', 'light_rail', 'subway', 'narrow_gauge')
		ORDER BY f.class, f.osm_type, f.osm_id`)
	var f feature
	_, err := pgx.ForEachRow(rows, []any{&f.class, &f.kind, &f.name, &f.nameEn, &f.layer, &f.bridge, &f.tunnel, &f.shape}, func() error {
		f.bridge = f.bridge || f.layer > 0
		f.tunnel = f.tunnel || f.layer < 0
		each(f)
		return nil
	})
	if err != nil {
		return fmt.Errorf("background of the map: %w", err)
	}
	return nil
}

// attribution is what must stand on the map. The review number stands on every
// public map; the page of who has signed in shows it by itself.
type attribution struct{ sources, review string }

// in is the line for a scope.
func (a attribution) in(s Scope) string {
	if s.Public && a.review != "" {
		return strings.Trim(a.sources+" · 审图号:"+a.review, " ·")
	}
	return a.sources
}

// readAttribution returns the line of sources, the operator's and that of the
// current network import, and the review number.
func readAttribution(ctx context.Context, db pg.DB) (attribution, error) {
	var settled, imported, review string
	err := db.QueryRow(ctx, `
		SELECT coalesce((SELECT value #>> '{}' FROM setting WHERE key = 'attribution'), ''),
		       coalesce((SELECT attribution FROM network_import WHERE current), ''),
		       coalesce((SELECT value #>> '{}' FROM setting WHERE key = 'review_number'), '')`).Scan(&settled, &imported, &review)
	if err != nil {
		return attribution{}, fmt.Errorf("attribution of the map: %w", err)
	}
	var lines []string
	for _, line := range []string{imported, settled} {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return attribution{strings.Join(lines, " · "), strings.TrimSpace(review)}, nil
}

// change is a row of layer_change.
type change struct {
	Version int64
	Layer   string
	Subject []string // nil = everything
}

// readChanges returns what happened since the versions that were seen, in order.
// Versions are in the order of commits within a layer, not across layers.
func readChanges(ctx context.Context, db pg.DB, seen map[string]int64) ([]change, error) {
	layers, versions := make([]string, 0, len(seen)), make([]int64, 0, len(seen))
	for layer, version := range seen {
		layers, versions = append(layers, layer), append(versions, version)
	}
	rows, _ := db.Query(ctx, `
		SELECT c.version, c.layer, c.subject
		FROM unnest($1::text[], $2::bigint[]) AS seen (layer, version)
		JOIN layer_change c ON c.layer = seen.layer AND c.version > seen.version
		ORDER BY c.version`, layers, versions)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[change])
	if err != nil {
		return nil, fmt.Errorf("changes of the map: %w", err)
	}
	return list, nil
}

// readVersions returns at which version each subject stands.
func readVersions(ctx context.Context, db pg.DB) (map[string]int64, error) {
	rows, _ := db.Query(ctx, `
		SELECT seen.layer, coalesce((SELECT max(c.version) FROM layer_change c WHERE c.layer = seen.layer), 0)
		FROM unnest($1::text[]) AS seen (layer)`, stored)
	versions := make(map[string]int64, len(stored))
	var name string
	var version int64
	_, err := pgx.ForEachRow(rows, []any{&name, &version}, func() error {
		versions[name] = version
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("versions of the map: %w", err)
	}
	return versions, nil
}
