// Package export writes everything this service holds in open formats: areas and
// places as GeoJSON (RFC 7946), ledgers as CSV that spreadsheets open. Rows are
// streamed; memory does not grow with them.
package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/setting"
	"wangge/geo/staff"
)

// Format is how a file is written.
type Format string

// The formats.
const (
	GeoJSON Format = "geojson"
	CSV     Format = "csv"
)

// MediaType is what a file of the format is served as.
func (f Format) MediaType() string {
	if f == GeoJSON {
		return "application/geo+json"
	}
	return "text/csv; charset=utf-8"
}

// ErrUnknown means that there is no such export.
var ErrUnknown = fault.New(fault.NotFound, "export_unknown", "There is no such export. Choose units, households, incidents, service-points or zones, as geojson or csv.")

// Options narrow an export.
type Options struct {
	Day   geo.Day // as of; of units and zones
	Level string  // of units; "" = all
}

// Write writes one kind of thing. Names, phones and identity numbers are in none
// of them, for they are not kept.
func Write(ctx context.Context, db pg.Pool, actor staff.Actor, w io.Writer, kind string, format Format, o Options) error {
	query, ok := queries[kind]
	if !ok || format != GeoJSON && format != CSV {
		return ErrUnknown
	}
	area, err := within(ctx, db, actor, query.who)
	if err != nil {
		return err
	}
	args := append(query.args(o), area.All, area.Roots)
	if format == GeoJSON {
		return writeGeoJSON(ctx, db, w, query, args)
	}
	return writeCSV(ctx, db, w, query.sql, args)
}

// Check returns the fault with which an export is refused, before anything is sent.
func Check(actor staff.Actor, kind string) error {
	query, ok := queries[kind]
	if !ok {
		return ErrUnknown
	}
	if err := actor.Must(staff.Export); err != nil {
		return err
	}
	return actor.Must(query.who)
}

// within is where actor may export and may see this kind of thing: of two posts,
// one may allow the one and one the other.
func within(ctx context.Context, db pg.DB, actor staff.Actor, see staff.Permission) (staff.Area, error) {
	out, seen := actor.Area(staff.Export), actor.Area(see)
	switch {
	case out.All:
		return seen, nil
	case seen.All:
		return out, nil
	}
	area := staff.Area{Roots: []int64{}}
	err := db.QueryRow(ctx, `
		SELECT coalesce(array_agg(DISTINCT u), '{}') FROM unnest($1::bigint[] || $2::bigint[]) u
		WHERE in_area(u, false, $1) AND in_area(u, false, $2)`, out.Roots, seen.Roots).Scan(&area.Roots)
	if err != nil {
		return staff.Area{}, fmt.Errorf("area of an export: %w", err)
	}
	return area, nil
}

// query is one kind of thing as a table whose column "geom" is its place. The last
// two parameters are the area where its reader may export this kind of thing.
type query struct {
	who  staff.Permission
	sql  string
	args func(Options) []any
}

func none(Options) []any { return nil }

var queries = map[string]query{
	"units": {staff.Map, `
		SELECT u.code, b.name, u.level, u.preset, p.code AS parent, b.state, round(b.area::numeric, 1) AS area,
		       b.valid_from, b.valid_to, b.geom
		FROM boundary b JOIN unit u ON u.id = b.unit_id JOIN level l ON l.code = u.level
		LEFT JOIN unit p ON p.id = b.parent_id
		WHERE b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1) AND ($2 = '' OR u.level = $2) AND ` + staff.In("u.id", 3) + `
		ORDER BY l.rank, u.code`, func(o Options) []any { return []any{o.Day, o.Level} }},
	"households": {staff.Place, `
		SELECT h.source, h.source_id, h.compound, h.building, h.stairwell, h.doorplate, h.address, h.kind, h.occupied,
		       h.age_0_2, h.age_3_6, h.age_7_17, h.age_18_59, h.age_60_79, h.age_80, h.placed_by, h.confidence,
		       u.code AS unit, h.closed_on, ST_X(h.point) AS lon, ST_Y(h.point) AS lat, h.point AS geom
		FROM household h
		LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
		LEFT JOIN unit u ON u.id = o.unit_id
		WHERE ` + staff.In("coalesce(o.unit_id, h.area_id)", 1) + `
		ORDER BY h.id`, none},
	"incidents": {staff.Place, `
		SELECT i.id, i.source, i.source_id, i.category, i.state, i.address, i.department, i.text, i.reported_at, i.due_at, i.closed_at,
		       u.code AS unit, ST_X(i.point) AS lon, ST_Y(i.point) AS lat, i.point AS geom
		FROM incident i
		LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL
		LEFT JOIN unit u ON u.id = o.unit_id
		WHERE ` + staff.In("coalesce(o.unit_id, i.area_id)", 1) + ` AND NOT i.private
		ORDER BY i.reported_at, i.id`, none},
	"service-points": {staff.Map, `
		SELECT s.source, s.source_id, s.name, s.tier, s.address, s.capacity, s.ground_floor, s.step_free, s.mobile AS mobile_point,
		       f.functions, f.hours, f.sessions, f.items, f.function_hours, l.state, l.opened_on, l.closed_on, l.states,
		       u.code AS unit, ST_X(s.point) AS lon, ST_Y(s.point) AS lat, s.point AS geom
		FROM service_point s
		LEFT JOIN service_point_unit o ON o.service_point_id = s.id AND o.valid_to IS NULL
		LEFT JOIN unit u ON u.id = o.unit_id
		CROSS JOIN LATERAL (
			SELECT string_agg(f.function, '|' ORDER BY f.function) AS functions,
			       CASE WHEN count(DISTINCT f.hours) = 1 THEN min(f.hours) END AS hours,
			       CASE WHEN count(DISTINCT f.sessions) = 1 THEN min(f.sessions) END AS sessions,
			       CASE WHEN count(DISTINCT f.items) = 1 THEN array_to_string(min(f.items), '|') END AS items,
			       string_agg(f.function || ':' || f.hours, '|' ORDER BY f.function) FILTER (WHERE f.hours <> '') AS function_hours
			FROM service_point_function f WHERE f.service_point_id = s.id) f
		CROSS JOIN LATERAL (
			SELECT max(l.state) FILTER (WHERE l.valid_from <= $1 AND (l.valid_to IS NULL OR l.valid_to > $1)) AS state,
			       min(l.valid_from) FILTER (WHERE l.state <> 'closed') AS opened_on,
			       CASE WHEN bool_or(l.state <> 'closed') THEN max(l.valid_from) FILTER (WHERE l.state = 'closed' AND l.valid_to IS NULL) END AS closed_on,
			       string_agg(concat_ws(':', l.state, l.valid_from), '|' ORDER BY l.valid_from) AS states
			FROM service_point_state l WHERE l.service_point_id = s.id) l
		WHERE ` + staff.In("coalesce(o.unit_id, s.area_id)", 2) + `
		ORDER BY s.id`, func(o Options) []any { return []any{o.Day} }},
	"zones": {staff.Map, `
		SELECT z.code, z.kind, z.name, z.valid_from, z.valid_to, z.geom
		FROM zone z
		WHERE z.valid_from <= $1 AND (z.valid_to IS NULL OR z.valid_to > $1) AND ` + staff.In("z.area_id", 2) + `
		ORDER BY z.code`, func(o Options) []any { return []any{o.Day} }},
}

// collection is what a FeatureCollection says of itself, before its features.
type collection struct {
	Type         string `json:"type"`
	Attribution  string `json:"attribution"`
	ReviewNumber string `json:"review_number"`
	Invented     bool   `json:"invented"`
}

// writeGeoJSON writes a FeatureCollection with the attribution that must stay
// with the data.
func writeGeoJSON(ctx context.Context, db pg.Pool, w io.Writer, q query, args []any) error {
	settings, err := setting.Get(ctx, db, staff.System)
	if err != nil {
		return err
	}
	background, _, err := network.Current(ctx, db, staff.System)
	if err != nil {
		return err
	}
	attribution := strings.Trim(background.Attribution+" · "+settings.Attribution, " ·")
	head, err := json.Marshal(collection{"FeatureCollection", attribution, settings.ReviewNumber, settings.Demo})
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	rows, err := db.Query(ctx, `
		SELECT json_build_object('type', 'Feature',
			'geometry', ST_AsGeoJSON(t.geom, 7)::json,
			'properties', to_jsonb(t) - 'geom')::text
		FROM (`+q.sql+`) t`, args...)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	out := bufio.NewWriter(w)
	out.Write(bytes.TrimSuffix(head, []byte("}")))
	out.WriteString(`,"features":[`)
	separator := "\n"
	var feature string
	_, err = pgx.ForEachRow(rows, []any{&feature}, func() error {
		_, err := out.WriteString(separator + feature)
		separator = ",\n"
		return err
	})
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	out.WriteString("\n]}\n")
	return out.Flush()
}

// byteOrderMark tells spreadsheets that a CSV is UTF-8.
const byteOrderMark = "\ufeff"

// writeCSV lets PostgreSQL write the table; geometry other than lon and lat is
// left to GeoJSON.
func writeCSV(ctx context.Context, db pg.Pool, w io.Writer, sql string, args []any) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		// COPY takes no parameters: the result becomes a temporary table first.
		if _, err := tx.Exec(ctx, `CREATE TEMP TABLE exported ON COMMIT DROP AS `+sql, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		var columns string
		if err := tx.QueryRow(ctx, readable).Scan(&columns); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		if _, err := io.WriteString(w, byteOrderMark); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		if _, err := tx.Conn().PgConn().CopyTo(ctx, w, `COPY (SELECT `+columns+` FROM exported) TO STDOUT WITH (FORMAT csv, HEADER)`); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		return nil
	})
}

// readable lists the columns of the table exported as other programs, and our own
// import, read them: instants as in RFC 3339, yes and no as true and false.
const readable = `
	SELECT string_agg(format(
		CASE atttypid
			WHEN 'timestamptz'::regtype THEN 'replace(trim(''"'' FROM to_json(%1$I)::text), ''+00:00'', ''Z'') AS %1$I'
			WHEN 'boolean'::regtype THEN '%1$I::text AS %1$I'
			ELSE '%1$I'
		END, attname), ', ' ORDER BY attnum)
	FROM pg_attribute
	WHERE attrelid = 'exported'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'geom'`
