package api_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/grid"
	households "wangge/geo/household"
	incidents "wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

// TestNoQuestionReadsAWholeTableBehindTheWalls asserts plans by what they read:
// behind row-level security PostGIS's operators lose their index, and an EXISTS
// may become a hash of everything.
func TestNoQuestionReadsAWholeTableBehindTheWalls(t *testing.T) {
	dsn := pgtest.DSN(t)
	owner, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(t.Context())
	// Ten villages of 40 grids of 50 households.
	_, err = owner.Exec(t.Context(), `
		INSERT INTO plan (name, preset, level, state, effective_on, published_at, created_by) VALUES ('t', 'town-grid', 'grid', 'published', '2020-01-01', now(), 't');
		INSERT INTO unit (code, preset, level) SELECT 'v' || v, 'town-grid', 'village' FROM generate_series(0, 9) v;
		INSERT INTO unit (code, preset, level) SELECT 'v' || v || 'g' || g, 'town-grid', 'grid' FROM generate_series(0, 9) v, generate_series(0, 39) g;
		INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
		SELECT u.id, NULL, 1, u.code, '2020-01-01', 1, ST_SetSRID(ST_MakePoint(115 + substr(u.code, 2, 1)::int * 0.04 + 0.0005, 30.001), 4326),
			ST_Multi(ST_MakeEnvelope(115 + substr(u.code, 2, 1)::int * 0.04, 30, 115 + (substr(u.code, 2, 1)::int + 1) * 0.04, 31, 4326))
		FROM unit u WHERE u.level = 'village';
		INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
		SELECT u.id, v.id, 1, u.code, '2020-01-01', 1, ST_SetSRID(ST_MakePoint(x + 0.0005, 30.001), 4326), ST_Multi(ST_MakeEnvelope(x, 30, x + 0.001, 31, 4326))
		FROM unit u JOIN unit v ON v.code = split_part(u.code, 'g', 1),
			LATERAL (SELECT 115 + substr(u.code, 2, 1)::int * 0.04 + split_part(u.code, 'g', 2)::int * 0.001 AS x) p WHERE u.level = 'grid';
		INSERT INTO household (source, source_id, point, cell)
		SELECT 't', u.code || '-' || n, ST_Translate(b.label, 0, n * 0.001), 1
		FROM unit u JOIN boundary b ON b.unit_id = u.id, generate_series(1, 50) n WHERE u.level = 'grid';
		INSERT INTO household_unit (household_id, unit_id, valid_from)
		SELECT h.id, u.id, '2020-01-01' FROM household h JOIN unit u ON u.code = split_part(h.source_id, '-', 1);
		INSERT INTO incident (source, source_id, category, reported_at, point, cell) SELECT 't', source_id, '0102', now(), point, cell FROM household;
		INSERT INTO incident_unit (incident_id, unit_id, valid_from)
		SELECT i.id, u.id, '2020-01-01' FROM incident i JOIN unit u ON u.code = split_part(i.source_id, '-', 1);
		INSERT INTO account (login) VALUES ('worker'), ('planner'), ('everywhere');
		INSERT INTO post (kind, unit_id) VALUES ('worker', (SELECT id FROM unit WHERE code = 'v3g7')), ('planner', (SELECT id FROM unit WHERE code = 'v3')), ('planner', NULL);
		INSERT INTO holder (post_id, rank, account_id) SELECT p.id, 'A', p.id FROM post p;
		ANALYZE`)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Open(t.Context(), dsn, pg.Options{MaxConns: 2, Role: pg.RoleApp})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	whole, err := pg.Open(t.Context(), dsn, pg.Options{MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	var one int64
	var report uuid.UUID
	if err := owner.QueryRow(t.Context(), `SELECT min(household_id) FROM household_unit o JOIN unit u ON u.id = o.unit_id WHERE u.code = 'v3g7'`).Scan(&one); err != nil {
		t.Fatal(err)
	}
	if err := owner.QueryRow(t.Context(), `SELECT incident_id FROM incident_unit o JOIN unit u ON u.id = o.unit_id WHERE u.code = 'v3g7' LIMIT 1`).Scan(&report); err != nil {
		t.Fatal(err)
	}
	day := grid.Today()
	questions := []struct {
		name string
		ask  func(db pg.DB, actor staff.Actor) (found bool, err error)
	}{
		{"one household", func(db pg.DB, a staff.Actor) (bool, error) {
			_, err := households.Get(t.Context(), db, a, one)
			return true, err
		}},
		{"the households of a grid", func(db pg.DB, a staff.Actor) (bool, error) {
			list, err := households.List(t.Context(), db, a, households.Filter{Unit: "v3g7", Limit: 20})
			return len(list) == 20, err
		}},
		{"a page of households", func(db pg.DB, a staff.Actor) (bool, error) {
			list, err := households.List(t.Context(), db, a, households.Filter{After: one, Limit: 20})
			return len(list) == 20, err
		}},
		{"one incident", func(db pg.DB, a staff.Actor) (bool, error) {
			_, err := incidents.Get(t.Context(), db, a, report)
			return true, err
		}},
		{"the incidents of a grid", func(db pg.DB, a staff.Actor) (bool, error) {
			list, err := incidents.List(t.Context(), db, a, incidents.Filter{Unit: "v3g7", Limit: 20})
			return len(list) == 20, err
		}},
		{"the unit of a place", func(db pg.DB, a staff.Actor) (bool, error) {
			var code string
			err := db.QueryRow(t.Context(), `SELECT code FROM unit WHERE id = unit_at(ST_SetSRID(ST_MakePoint(115.1275, 30.5), 4326), $1)`, day).Scan(&code)
			return code == "v3g7", err
		}},
	}
	const most = 3000 // rows: the village of the planner has 2,000, all of them 20,000
	for i, who := range []string{"worker", "planner", "everywhere"} {
		actor, err := staff.Load(t.Context(), whole, int64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		ctx := pg.WithAccount(t.Context(), strconv.Itoa(i+1))
		for _, q := range questions {
			t.Run(fmt.Sprintf("%s asks for %s", who, q.name), func(t *testing.T) {
				err := pgx.BeginFunc(ctx, pg.NewActing(pool), func(tx pgx.Tx) error {
					before, err := rowsRead(ctx, tx)
					if err != nil {
						return err
					}
					found, err := q.ask(tx, actor)
					if err != nil || !found {
						t.Fatalf("found %v, %v", found, err)
					}
					after, err := rowsRead(ctx, tx)
					for table, n := range after {
						if n -= before[table]; n > most {
							t.Errorf("reads %d rows of %s", n, table)
						}
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

// rowsRead is how many rows this connection has read of each large table, as far
// as the server has not yet counted them in.
func rowsRead(ctx context.Context, db pg.DB) (map[string]int64, error) {
	rows, _ := db.Query(ctx, `
		SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
		WHERE relname IN ('household', 'household_unit', 'incident', 'incident_unit', 'boundary')`)
	read := map[string]int64{}
	var table string
	var n int64
	_, err := pgx.ForEachRow(rows, []any{&table, &n}, func() error {
		read[table] = n
		return nil
	})
	return read, err
}
