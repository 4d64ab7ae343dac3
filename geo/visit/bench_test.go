package visit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/visit"
)

// county is a town of 20 villages with 10 grids of 10 micro-grids each; every micro-grid
// has so many households, visited once in the last year, and of these 20 are linked to its
// worker's post. One household in a hundred is in no unit.
func county(b *testing.B, each int) (f *field, grid, village int64) {
	b.Helper()
	f = newField(b)
	one, err := f.db.Acquire(context.Background()) // that keeps its settings
	if err != nil {
		b.Fatal(err)
	}
	defer one.Release()
	exec := func(sql string, args ...any) {
		b.Helper()
		if _, err := one.Exec(context.Background(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	for _, l := range []struct{ level, code, parent, from string }{
		{"town", `'C'`, `''`, `generate_series(1, 1) t`},
		{"village", `'C' || to_char(v, 'FM000')`, `'C'`, `generate_series(1, 20) v`},
		{"grid", `'C' || to_char(v, 'FM000') || to_char(g, 'FM000')`, `'C' || to_char(v, 'FM000')`, `generate_series(1, 20) v, generate_series(1, 10) g`},
		{"micro-grid", `'C' || to_char(v, 'FM000') || to_char(g, 'FM000') || to_char(m, 'FM000')`, `'C' || to_char(v, 'FM000') || to_char(g, 'FM000')`, `generate_series(1, 20) v, generate_series(1, 10) g, generate_series(1, 10) m`},
	} {
		exec(`
			WITH tree AS (SELECT `+l.code+` AS code, `+l.parent+` AS parent FROM `+l.from+`),
			made AS (INSERT INTO unit (code, preset, level) SELECT code, 'town-grid', $1 FROM tree RETURNING id, code)
			INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
			SELECT m.id, p.id, (SELECT min(id) FROM plan), m.code, '2026-01-01', 1, ST_SetSRID(ST_Point(115, 30), 4326), ST_Multi(ST_MakeEnvelope(115, 30, 115.1, 30.1, 4326))
			FROM made m JOIN tree USING (code) LEFT JOIN unit p ON p.code = tree.parent`, l.level)
	}
	const micro = `unit u WHERE u.code LIKE 'C%' AND u.level = 'micro-grid'`
	exec(`SET session_replication_role = replica`) // no triggers while a million rows come
	exec(`INSERT INTO post (kind, unit_id, ordinal, valid_from) SELECT 'worker', u.id, 1, '2026-01-01' FROM ` + micro)
	exec(`
		INSERT INTO household (source, source_id, address, point, cell, age_80, kind, created_at)
		SELECT 'county', u.code || '-' || i, 'house ' || i, ST_SetSRID(ST_Point(115 + i * 1e-6, 30), 4326), 1, (i % 10 = 0)::int, 'owner', now() - interval '400 days'
		FROM generate_series(1, $1) i, `+micro, each)
	exec(`INSERT INTO household_unit (household_id, unit_id, valid_from)
		SELECT h.id, u.id, '2026-01-01' FROM household h JOIN unit u ON u.code = split_part(h.source_id, '-', 1) WHERE h.source = 'county' AND h.id % 100 > 0`)
	exec(`UPDATE household SET area_id = (SELECT id FROM unit WHERE code = 'C001') WHERE source = 'county' AND id % 100 = 0`)
	exec(`INSERT INTO visit (id, household_id, cadence, outcome, visited_at, device_at, account_id, unit_id)
		SELECT gen_random_uuid(), h.id, 'grid', 'met', now() - h.id % 365 * interval '1 day', now() - h.id % 365 * interval '1 day', 1, o.unit_id
		FROM household h JOIN household_unit o ON o.household_id = h.id WHERE h.source = 'county'`)
	exec(`INSERT INTO visit_link (household_id, post_id)
		SELECT h.id, p.id FROM household h JOIN household_unit o ON o.household_id = h.id JOIN post p ON p.unit_id = o.unit_id
		WHERE h.source = 'county' AND split_part(h.source_id, '-', 2)::int <= 20`)
	exec(`SET session_replication_role = DEFAULT`)
	exec(`UPDATE cadence SET used = true`)
	exec(`VACUUM ANALYZE`)
	for code, id := range map[string]*int64{"C003004005": &grid, "C003": &village} {
		if err := f.db.QueryRow(context.Background(), `SELECT id FROM unit WHERE code = $1`, code).Scan(id); err != nil {
			b.Fatal(err)
		}
	}
	return f, grid, village
}

// What a worker of a micro-grid, the secretary of a village and who sees everything wait
// for, behind both walls.
func BenchmarkVisitsDue(b *testing.B) {
	for _, each := range []int{50, 500} {
		f, grid, village := county(b, each)
		today := geo.DayOf(time.Now())
		for _, who := range []struct {
			name string
			kind staff.Kind
			unit int64
		}{{"worker", staff.Worker, grid}, {"village", staff.Leader, village}, {"everywhere", staff.Dispatcher, 0}} {
			ctx, actor := stafftest.Hold(f, f.db, who.kind, who.unit)
			if !actor.May(staff.Record) {
				continue
			}
			name := fmt.Sprintf("%d households/%s/", each*2000, who.name)
			b.Run(name+"due", func(b *testing.B) {
				for b.Loop() {
					if _, err := visit.DueIn(ctx, f.app, actor, visit.DueFilter{Mine: who.kind == staff.Worker, Until: today.AddDays(7), Limit: 200}, today); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(name+"standing", func(b *testing.B) {
				for b.Loop() {
					if _, err := visit.Stand(ctx, f.app, actor, "", today); err != nil {
						b.Fatal(err)
					}
				}
			})
			if actor.May(staff.Supervise) {
				b.Run(name+"late", func(b *testing.B) {
					for b.Loop() {
						if _, err := visit.LateIn(ctx, f.db, actor, "", today); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
		b.Run(fmt.Sprintf("%d households/by cell", each*2000), func(b *testing.B) {
			for b.Loop() {
				if _, err := visit.DueByCell(context.Background(), f.db, today); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
