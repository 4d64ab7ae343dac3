package export

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"path"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

// tables are what All writes beside the kinds of Write, as they are: history,
// decisions and the record of who did what.
var tables = []string{
	"level", "preset", "preset_level", "plan", "plan_step", "plan_revision", "plan_repair", "procedure", "stage", "plan_stage", "plan_comment",
	"consultation", "consultation_unit", "lineage", "incident_category",
	"service_tier", "service_function", "service_point_function", "service_point_state",
	"household_unit", "incident_unit", "service_point_unit", "setting", "audit", "audit_link", "audit_segment",
	"account", "post_kind", "post", "post_title", "holder", "absence", "staffing", "unit_office", "break_glass",
	"purpose", "purpose_field", "purpose_version", "notice", "notice_version", "consent", "visit_refusal", "request",
	"retention_rule", "deletion_proof",
	"publication", "publication_edition", "published_count", "published_cell",
	"walk_standard", "circle", "circle_unit", "circle_point", "siting", "siting_result", "proposal", "proposal_part",
	"demand_set",
	"rule_set", "rule", "waiver",
	"border_walk", "border_point", "border_answer",
	"shift", "shift_step", "replay", "seen_cell", "seen_part", "seen_zone",
	"holiday", "cadence", "visit_link", "visit", "premises", "block", "checkpoint", "checkpoint_mark", "beat", "beat_stop",
	"incident_limit", "incident_reason", "incident_step", "incident_duty", "incident_photo", "charge", "incident_receipt", "webhook",
}

// history is every boundary that ever was in force.
const history = `
	SELECT u.code, b.name, u.level, u.preset, p.code AS parent, b.state, b.valid_from, b.valid_to, b.plan_id, b.geom
	FROM boundary b JOIN unit u ON u.id = b.unit_id JOIN level l ON l.code = u.level
	LEFT JOIN unit p ON p.id = b.parent_id
	ORDER BY l.rank, u.code, b.valid_from`

const readme = `Wangge (网格): everything, in open formats.

boundaries.geojson   every boundary of every unit with its dates (valid_to is the first day no longer valid)
*.geojson            places and areas, WGS 84, longitude first (RFC 7946)
*.csv                tables, UTF-8 with byte order mark
stops.geojson        where mobile service points stop
candidates.geojson   sites where a service point could stand
demand.geojson       imported counts of people, by demand set; those of a cell stand at its centre
incidents-private.geojson  incidents for nobody but those who work on them: in no other file
excluded.geojson     accepted gaps with their reasons
tables/              tables as they are: levels, presets, rules, plans, their steps, stages, comments and consultations, repairs, waivers, lineage, responsibility by date, posts and
                     who held them, purposes and notices, published counts, border walks and what was found on them, shifts and what patrols saw, visits, premises, checkpoints and
                     beats, steps of incidents and whose they were, audit. Tracks of patrols, codes of checkpoints, photos, what is sealed (names, phones)
                     and what proves who somebody is (passwords, sessions, tokens) is in no file of this archive
originals/           the boundary files as they came
`

// All writes a ZIP archive with everything.
func All(ctx context.Context, db pg.Pool, actor staff.Actor, w io.Writer, day geo.Day) error {
	archive := zip.NewWriter(w)
	add := func(name string, write func(io.Writer) error) error {
		file, err := archive.Create(name)
		if err == nil {
			err = write(file)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	if err := add("README.txt", func(w io.Writer) error { _, err := io.WriteString(w, readme); return err }); err != nil {
		return err
	}
	for _, extra := range []struct{ name, sql string }{
		{"boundaries.geojson", history},
		{"stops.geojson", `SELECT s.source, s.source_id, t.ordinal, t.name, t.hours, t.point AS geom
			FROM service_point_stop t JOIN service_point s ON s.id = t.service_point_id ORDER BY s.id, t.ordinal`},
		{"candidates.geojson", `SELECT c.id, c.source, c.source_id, c.kind, c.name, u.code AS unit, c.cost, c.capacity, c.ground_floor, c.step_free,
			c.note, c.closed_on, c.point AS geom FROM candidate c LEFT JOIN unit u ON u.id = c.unit_id ORDER BY c.id`},
		{"demand.geojson", `SELECT s.name, s.version, d.ref, d.households, d.people, d.age_0_2, d.age_3_6, d.age_7_17, d.age_18_59,
			d.age_60_79, d.age_80, d.point AS geom FROM demand d JOIN demand_set s ON s.id = d.set_id ORDER BY s.id, d.ordinal`},
		{"incidents-private.geojson", `SELECT i.id, i.source, i.source_id, i.category, i.state, i.address, i.department, i.text, i.reported_at, i.due_at, i.closed_at,
			u.code AS unit, i.point AS geom FROM incident i
			LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL LEFT JOIN unit u ON u.id = o.unit_id
			WHERE i.private ORDER BY i.reported_at, i.id`},
		{"excluded.geojson", `SELECT u.code AS parent, e.reason, e.valid_from, e.valid_to, e.geom
			FROM excluded_area e JOIN unit u ON u.id = e.parent_id ORDER BY e.id`},
	} {
		err := add(extra.name, func(w io.Writer) error { return writeGeoJSON(ctx, db, w, query{sql: extra.sql}, nil) })
		if err != nil {
			return err
		}
	}
	for _, kind := range []string{"households", "incidents", "service-points", "zones"} {
		for _, format := range []Format{GeoJSON, CSV} {
			err := add(kind+"."+string(format), func(w io.Writer) error { return Write(ctx, db, actor, w, kind, format, Options{Day: day}) })
			if err != nil {
				return err
			}
		}
	}
	for _, table := range tables {
		name := pgx.Identifier{table}.Sanitize()
		err := add(path.Join("tables", table+".csv"), func(w io.Writer) error {
			return writeCSV(ctx, db, w, `SELECT * FROM `+name, nil)
		})
		if err != nil {
			return err
		}
	}
	if err := addOriginals(ctx, db, actor, add); err != nil {
		return err
	}
	return archive.Close()
}

// addOriginals writes the boundary files as they came, one at a time.
func addOriginals(ctx context.Context, db pg.Pool, actor staff.Actor, add func(string, func(io.Writer) error) error) error {
	rows, _ := db.Query(ctx, `SELECT id FROM upload WHERE content IS NOT NULL ORDER BY id`)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("originals: %w", err)
	}
	for _, id := range ids {
		name, content, err := upload.Original(ctx, db, actor, id)
		if err != nil {
			return err
		}
		err = add(fmt.Sprintf("originals/%d-%s", id, path.Base(name)), func(w io.Writer) error { _, err := w.Write(content); return err })
		if err != nil {
			return err
		}
	}
	return nil
}
