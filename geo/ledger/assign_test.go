package ledger_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/incident"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/locate"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// households puts n households on the diagonal of the test town, without owners.
func households(t *testing.T, tx pgx.Tx, n int) {
	t.Helper()
	for i := range n {
		p := ledgertest.At(float64(i)+0.5, float64(i)+0.5)
		if _, err := tx.Exec(t.Context(), `
			INSERT INTO household (source, source_id, point, cell) VALUES ('test', $1, $2, $3)`,
			fmt.Sprint(i), p, ledger.CellOf(&p)); err != nil {
			t.Fatal(err)
		}
	}
}

// owners are the dated rows as "household unit from to", units by number from one.
func owners(t *testing.T, tx pgx.Tx) []string {
	t.Helper()
	rows, err := tx.Query(t.Context(), `
		SELECT h.source_id || ' ' || right(u.code, 3) || ' ' || o.valid_from || ' ' || coalesce(o.valid_to::text, '')
		FROM household_unit o JOIN household h ON h.id = o.household_id JOIN unit u ON u.id = o.unit_id
		ORDER BY h.source_id, o.valid_from`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func day(t *testing.T, s string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// index is the division in force, with some units left out.
func index(t *testing.T, tx pgx.Tx, without ...int64) *locate.Index {
	t.Helper()
	list, err := grid.AllInForce(t.Context(), tx, grid.Today())
	if err != nil {
		t.Fatal(err)
	}
	list = slices.DeleteFunc(list, func(u grid.InForce) bool { return slices.Contains(without, u.ID) || u.Level == "village" })
	return grid.NewIndex(list)
}

func TestReassignWritesOnlyWhatChangesHandsAndDatesIt(t *testing.T) {
	tx := pgtest.Tx(t)
	units := ledgertest.Town(t, tx, 2)
	households(t, tx, 3) // in unit 1, in unit 4, outside
	steps := []struct {
		name    string
		day     string
		without []int64
		moved   int
		want    []string
	}{
		{"the first plan", "2024-01-01", nil, 2, []string{"0 001 2024-01-01 ", "1 004 2024-01-01 "}},
		{"the same again", "2024-02-01", nil, 0, []string{"0 001 2024-01-01 ", "1 004 2024-01-01 "}},
		{"a unit vanishes", "2024-03-01", units[:1], 1, []string{"0 001 2024-01-01 2024-03-01", "1 004 2024-01-01 "}},
		{"and comes back", "2024-04-01", nil, 1, []string{"0 001 2024-01-01 2024-03-01", "0 001 2024-04-01 ", "1 004 2024-01-01 "}},
		{"twice on one day", "2024-04-01", units[:1], 1, []string{"0 001 2024-01-01 2024-03-01", "1 004 2024-01-01 "}},
		{"in the past", "2024-02-01", []int64{units[0], units[3]}, 1, []string{"0 001 2024-01-01 2024-03-01", "1 004 2024-01-01 2024-02-01"}},
		{"before everything", "2023-01-01", nil, 2, []string{"0 001 2023-01-01 ", "1 004 2023-01-01 "}},
	}
	for _, s := range steps {
		moved, err := ledger.Reassign(t.Context(), tx, day(t, s.day), index(t, tx, s.without...))
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if got := owners(t, tx); moved.Households != s.moved || !slices.Equal(got, s.want) {
			t.Errorf("%s: moved %d, rows %q; want %d, %q", s.name, moved.Households, got, s.moved, s.want)
		}
	}
}

func TestReassignLooksOnlyWhereBoundariesChanged(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 3)
	households(t, tx, 3)
	box := geo.EmptyBound.Extend(ledgertest.At(0.9, 0.9)).Extend(ledgertest.At(2.1, 2.1))
	moved, err := ledger.Reassign(t.Context(), tx, day(t, "2024-01-01"), index(t, tx), box)
	if err != nil || moved.Households != 1 || !slices.Equal(owners(t, tx), []string{"1 005 2024-01-01 "}) {
		t.Errorf("moved %+v, %v, rows %q; want the one in the box", moved, err, owners(t, tx))
	}
}

func TestClosedIncidentsStayWithTheUnitThatHadThem(t *testing.T) {
	tx := pgtest.Tx(t)
	units := ledgertest.Town(t, tx, 1)
	_, err := incident.Import(t.Context(), tx, staff.Local, ledgertest.CSV(t, "编号,类别,状态,上报时间,结案时间,经度,纬度",
		"1,噪声扰民,已结案,2024-01-01,2024-01-02,"+ledgertest.LonLat(0.5, 0.5),
		"2,噪声扰民,上报,2024-01-01,,"+ledgertest.LonLat(0.5, 0.5)), ledger.Options{Source: "test", Confirm: "test"})
	if err != nil {
		t.Fatal(err)
	}
	moved, err := ledger.Reassign(t.Context(), tx, grid.Today(), index(t, tx, units...))
	if err != nil || moved.Incidents != 1 {
		t.Errorf("moved %+v, %v; want the open one only", moved, err)
	}
	// One that was closed before there were any units gets its first.
	if _, err := tx.Exec(t.Context(), `DELETE FROM incident_unit`); err != nil {
		t.Fatal(err)
	}
	if moved, err = ledger.Reassign(t.Context(), tx, grid.Today(), index(t, tx)); err != nil || moved.Incidents != 2 {
		t.Errorf("moved %+v, %v; want both", moved, err)
	}
}

func TestAssignAgreesWithReassign(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 4)
	for i := range 400 { // corners, borders, insides and outsides
		p := ledgertest.At(float64(i%20)*0.25-0.25, float64(i/20)*0.25-0.25)
		if _, err := tx.Exec(t.Context(), `
			INSERT INTO household (source, source_id, point, cell) VALUES ('test', $1, $2, $3)`, fmt.Sprintf("%03d", i), p, ledger.CellOf(&p)); err != nil {
			t.Fatal(err)
		}
	}
	rows, _ := tx.Query(t.Context(), `SELECT id FROM household`)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Households.Assign(t.Context(), tx, ids); err != nil {
		t.Fatal(err)
	}
	full, _, err := grid.Index(t.Context(), tx, grid.Today())
	if err != nil {
		t.Fatal(err)
	}
	moved, err := ledger.Reassign(t.Context(), tx, grid.Today(), full)
	if err != nil || moved.Households != 0 || len(owners(t, tx)) == 0 {
		t.Errorf("SQL and Go differ on %d of %d households, %v", moved.Households, len(ids), err)
	}
}
