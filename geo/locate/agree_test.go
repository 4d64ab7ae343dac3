package locate_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/locate"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// The same 105,000 places to Go and to the function unit_at: vertices, places
// exactly on borders and a step beside them, holes, enclaves, units in parts,
// three levels of which the lower ones are incomplete.
func TestFindAgreesWithSQL(t *testing.T) {
	ctx := t.Context()
	tx := pgtest.Tx(t)
	units := town(11)
	for i := range units {
		units[i].Code = fmt.Sprintf("%s/%d", units[i].Code, units[i].ID) // a code is unique in the database
	}
	store(ctx, t, tx, units)
	rnd := rand.New(rand.NewPCG(5, 5))
	pts := probes(units, 105_000, rnd)

	ours := make([]int32, len(pts))
	locate.Build(units).FindAll(pts, ours)
	theirs := askSQL(ctx, t, tx, pts)
	byID := map[int64]int32{0: locate.None}
	for i, u := range units {
		byID[u.ID] = int32(i)
	}
	owned := 0
	for i, p := range pts {
		if want := byID[theirs[i]]; ours[i] != want {
			t.Fatalf("at %v: Go says %d, SQL says %d", p, ours[i], want)
		}
		if ours[i] != locate.None {
			owned++
		}
	}
	t.Logf("%d places agree, %d of them outside every unit", len(pts), len(pts)-owned)
}

// store puts the units in force since 2020, with their own ids.
func store(ctx context.Context, t *testing.T, tx pgx.Tx, units []locate.Unit) {
	t.Helper()
	level := map[int]string{40: "cluster", 45: "village", 50: "grid", 60: "group"}
	var preset string
	if err := tx.QueryRow(ctx, `SELECT code FROM preset ORDER BY code LIMIT 1`).Scan(&preset); err != nil {
		t.Fatal(err)
	}
	var plan int64
	err := tx.QueryRow(ctx, `
		INSERT INTO plan (name, preset, level, created_by) VALUES ('agreement', $1, 'grid', 'test')
		RETURNING id`, preset).Scan(&plan)
	if err != nil {
		t.Fatal(err)
	}
	batch := &pgx.Batch{}
	for _, u := range units {
		batch.Queue(`
			INSERT INTO unit (id, code, preset, level) OVERRIDING SYSTEM VALUE
			VALUES ($1, $2, $3, $4)`, u.ID, u.Code, preset, level[u.Rank])
		batch.Queue(`
			INSERT INTO boundary (unit_id, plan_id, name, valid_from, area, label, geom)
			VALUES ($1, $2, $3, '2020-01-01', 1, $4, $5)`, u.ID, plan, u.Code, u.Area[0][0][0], u.Area)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		t.Fatal(err)
	}
}

// askSQL returns the ids that unit_at answers with, 0 for none.
func askSQL(ctx context.Context, t *testing.T, tx pgx.Tx, pts []geo.Point) []int64 {
	t.Helper()
	lons, lats := make([]float64, len(pts)), make([]float64, len(pts))
	for i, p := range pts {
		lons[i], lats[i] = p.Degrees()[0], p.Degrees()[1]
	}
	rows, _ := tx.Query(ctx, `
		SELECT coalesce(unit_at(ST_SetSRID(ST_Point(lon, lat), 4326), '2026-01-01'), 0)
		FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY AS p(lon, lat, n)
		ORDER BY n`, lons, lats)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	return ids
}
