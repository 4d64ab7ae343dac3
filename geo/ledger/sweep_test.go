package ledger_test

import (
	"testing"

	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
)

// From some number of things on owners are read all at once; that they come in
// another order than the things, and belong to things elsewhere, must not matter.
func TestReassignOfManyAgreesWithThatOfFew(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 4)
	lon, lat := ledgertest.At(0, 0).Degrees()[0], ledgertest.At(0, 0).Degrees()[1]
	wide, high := ledgertest.At(4, 4).Degrees()[0]-lon, ledgertest.At(4, 4).Degrees()[1]-lat
	_, err := tx.Exec(t.Context(), `
		INSERT INTO household (source, source_id, point, cell)
		SELECT 'test', n, ST_SetSRID(ST_MakePoint($1 + $3 * (n % 331 - 10) / 311.0, $2 + $4 * (n % 239 - 10) / 219.0), 4326), 1
		FROM generate_series(1, 60000) n`, lon, lat, wide, high)
	if err != nil {
		t.Fatal(err)
	}
	full := index(t, tx)
	first, err := ledger.Reassign(t.Context(), tx, grid.Today(), full)
	if err != nil || first.Households < 30_000 {
		t.Fatalf("first: moved %+v, %v; want most of 60,000", first, err)
	}
	for _, sql := range []string{
		`CREATE TEMP TABLE shuffled ON COMMIT DROP AS SELECT * FROM household_unit ORDER BY md5(household_id::text)`,
		`DELETE FROM household_unit`,
		`INSERT INTO household_unit SELECT * FROM shuffled WHERE household_id % 10 > 0`,
		`UPDATE household_unit SET unit_id = (SELECT max(unit_id) FROM shuffled) WHERE household_id % 10 = 1`,
	} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var wrong int
	err = tx.QueryRow(t.Context(), `
		SELECT count(*)::int FROM shuffled s LEFT JOIN household_unit o USING (household_id)
		WHERE o.unit_id IS DISTINCT FROM s.unit_id`).Scan(&wrong)
	if err != nil || wrong < 3_000 {
		t.Fatalf("%d were made wrong, %v; want thousands", wrong, err)
	}
	second, err := ledger.Reassign(t.Context(), tx, grid.Today(), full)
	if err != nil || second.Households != wrong {
		t.Errorf("moved %+v, %v; want the %d that were wrong", second, err, wrong)
	}
	var left int
	err = tx.QueryRow(t.Context(), `
		SELECT count(*)::int FROM shuffled s FULL JOIN household_unit o USING (household_id)
		WHERE o.unit_id IS DISTINCT FROM s.unit_id`).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d are still wrong, %v", left, err)
	}
}
