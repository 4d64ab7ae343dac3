package household_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wangge/geo/crs"
	"wangge/geo/household"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var at = ledgertest.LonLat

const header = "户号,小区,楼栋,单元,室号,经度,纬度,房屋类型,入住情况,0-2岁人数,80岁以上人数"

// confirmed are options for towns that have nothing to test a CRS with.
func confirmed() ledger.Options {
	return ledger.Options{Source: "test", Confirm: "test town"}
}

func load(t *testing.T, db pg.DB, opts ledger.Options, lines ...string) ledger.Report {
	t.Helper()
	report, err := household.Import(t.Context(), db, staff.Local, ledgertest.CSV(t, lines...), opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func only(t *testing.T, db pg.DB, sourceID string) household.Household {
	t.Helper()
	list, err := household.List(t.Context(), db, staff.Local, household.Filter{Text: sourceID, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range list {
		if h.SourceID == sourceID {
			return h
		}
	}
	t.Fatalf("household %s is not there", sourceID)
	return household.Household{}
}

func TestRowsGetTheirCellAndUnit(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	report := load(t, tx, confirmed(), header,
		"A1,康桥花苑,3号楼,1,101,"+at(0.5, 0.5)+",自住,入住,1,",
		"A2,康桥花苑,3号楼,1,102,"+at(1.5, 1.5)+",出租,空置,,2",
		"A3,远处,1,,1,"+at(3.5, 3.5)+",自建房,,,",
	)
	if report.New != 3 || report.Outside != 1 || report.Refused != 0 {
		t.Errorf("report = %+v", report)
	}
	first, second, third := only(t, tx, "A1"), only(t, tx, "A2"), only(t, tx, "A3")
	if first.Unit != "310115001001001" || second.Unit != "310115001001004" || third.Unit != "" {
		t.Errorf("units = %q, %q, %q", first.Unit, second.Unit, third.Unit)
	}
	if first.Kind != household.Owner || !*first.Occupied || *first.Ages.Age0_2 != 1 || first.Ages.Age80 != nil || *second.Occupied {
		t.Errorf("values = %+v, %+v", first, second)
	}
	if first.Cell == nil || int64(*first.Cell) != *ledger.CellOf(first.Point) {
		t.Errorf("cell = %v of %v", first.Cell, first.Point)
	}
}

func TestABorderBelongsToTheLowestCode(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	load(t, tx, confirmed(), header, "A1,a,1,1,1,"+at(1, 1)+",,,,", "A2,a,1,1,2,"+at(1, 1.5)+",,,,")
	if first, second := only(t, tx, "A1"), only(t, tx, "A2"); first.Unit != "310115001001001" || second.Unit != "310115001001003" {
		t.Errorf("units = %q, %q", first.Unit, second.Unit)
	}
}

func TestTheSameFileAgainChangesNothing(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	lines := []string{header,
		"A1,康桥花苑,3号楼,1,101," + at(0.5, 0.5) + ",自住,入住,1,",
		"A2,康桥花苑,3号楼,1,102,,,,,,",
		"A3,无人知,9,,1,,,,,,",
	}
	first := load(t, tx, confirmed(), lines...)
	if first.New != 3 || first.Matched != 1 || first.Unplaced != 1 {
		t.Errorf("first = %+v", first)
	}
	before := snapshot(t, tx)
	second := load(t, tx, confirmed(), lines...)
	if second.Unchanged != 3 || second.New+second.Changed+second.Matched != 0 || second.Unplaced != 1 {
		t.Errorf("second = %+v", second)
	}
	if after := snapshot(t, tx); !slices.Equal(before, after) {
		t.Errorf("rows changed:\n%v\n%v", before, after)
	}
	var raised int
	if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM layer_change WHERE layer = 'household'`).Scan(&raised); err != nil || raised != 1 {
		t.Errorf("layer raised %d times, %v; want once", raised, err)
	}
}

// snapshot is every column of every household and its owners, as text.
func snapshot(t *testing.T, db pg.DB) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), `
		SELECT row(h.*)::text || coalesce((SELECT string_agg(row(o.*)::text, ' ') FROM household_unit o WHERE o.household_id = h.id), '')
		FROM household h ORDER BY h.id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func TestChangedRowsAreCarriedOver(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	load(t, tx, confirmed(), header, "A1,a,1,1,1,"+at(0.5, 0.5)+",自住,入住,,", "A2,a,1,1,2,"+at(0.6, 0.5)+",自住,入住,,")
	report := load(t, tx, confirmed(), header, "A1,a,1,1,1,"+at(1.5, 0.5)+",出租,空置,2,", "A2,a,1,1,2,"+at(0.6, 0.5)+",自住,入住,,")
	if report.Changed != 1 || report.Unchanged != 1 || report.New != 0 {
		t.Errorf("report = %+v", report)
	}
	h := only(t, tx, "A1")
	if h.Unit != "310115001001002" || h.Kind != household.Rental || *h.Occupied || *h.Ages.Age0_2 != 2 {
		t.Errorf("household = %+v", h)
	}
	var rows int
	if err := tx.QueryRow(t.Context(), `SELECT count(*) FROM household_unit WHERE household_id = $1`, h.ID).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows of responsibility, %v; moved on the day it came it has one", rows, err)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	opts := confirmed()
	opts.DryRun = true
	report := load(t, tx, opts, header, "A1,a,1,1,1,"+at(0.5, 0.5)+",,,,")
	if report.New != 1 || !report.DryRun || len(snapshot(t, tx)) != 0 {
		t.Errorf("report = %+v, stored %d", report, len(snapshot(t, tx)))
	}
}

func TestEveryKindOfDirtIsRefusedWithItsPlace(t *testing.T) {
	tests := []struct {
		name, row, code, column string
	}{
		{"no id", ",a,1,1,1," + at(0.5, 0.5) + ",,,,", ledger.NoID, "户号"},
		{"an id twice", "OK,a,1,1,1," + at(0.5, 0.5) + ",,,,", ledger.RepeatedID, "户号"},
		{"zero, zero", "B1,a,1,1,1,0,0,,,,", ledger.ZeroPlace, "经度"},
		{"whole degrees", "B2,a,1,1,1,121,31,,,,", ledger.WholeDegrees, "经度"},
		{"another city", "B3,a,1,1,1,116.391,39.907,,,,", ledger.FarOutside, "经度"},
		{"swapped", "B4,a,1,1,1,31.135,121.565,,,,", ledger.Swapped, "经度"},
		{"off the Earth", "B5,a,1,1,1,221.5,131.1,,,,", ledger.OutOfRange, "经度"},
		{"not a number", "B6,a,1,1,1,NaN,31.1,,,,", ledger.NotANumber, "经度"},
		{"words", "B7,a,1,1,1,待补,31.1,,,,", ledger.NotANumber, "经度"},
		{"half a place", "B8,a,1,1,1,121.565,,,,,", ledger.HalfAPlace, "纬度"},
		{"half a person", "B9,a,1,1,1," + at(0.5, 0.5) + ",,,1.5,", ledger.BadCount, "0-2岁人数"},
		{"less than nobody", "B10,a,1,1,1," + at(0.5, 0.5) + ",,,-1,", ledger.BadCount, "0-2岁人数"},
		{"an identity number as doorplate", "B11,a,1,1,11010519491231002X," + at(0.5, 0.5) + ",,,,", ledger.PersonalValue, "室号"},
		{"a phone in the compound", "B12,张13812345678,1,1,1," + at(0.5, 0.5) + ",,,,", ledger.PersonalValue, "小区"},
		{"a novel", "B13," + strings.Repeat("很长", 200) + ",1,1,1," + at(0.5, 0.5) + ",,,,", ledger.TooLong, "小区"},
		{"too many cells", "B14,a,1,1,1," + at(0.5, 0.5) + ",,,,,,,1", ledger.Unreadable, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tx := pgtest.Tx(t)
			ledgertest.Town(t, tx, 2)
			report := load(t, tx, confirmed(), header, "OK,a,1,1,1,"+at(0.5, 0.5)+",,,,", tt.row)
			if report.Refused != 1 || report.New != 1 || len(snapshot(t, tx)) != 1 {
				t.Fatalf("report = %+v", report)
			}
			got := report.Refusals[0]
			if got.Code != tt.code || got.Column != tt.column || got.Line != 3 || got.Reason == "" || got.ReasonZh == "" {
				t.Errorf("refusal = %+v, want %s in %q on line 3", got, tt.code, tt.column)
			}
			if tt.code == ledger.PersonalValue && got.Value != "" {
				t.Errorf("the report repeats the personal value %q", got.Value)
			}
			if tt.code == ledger.RepeatedID && !strings.Contains(got.Reason, "line 2") {
				t.Errorf("reason %q does not name the first line", got.Reason)
			}
		})
	}
}

func TestPersonalColumnsAreDroppedAndReported(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	report := load(t, tx, confirmed(),
		"户号,户主姓名,联系电话,身份证号,小区,楼栋,室号,经度,纬度,颜色",
		"A1,张三,13812345678,11010519491231002X,康桥花苑,1,101,"+at(0.5, 0.5)+",红")
	var dropped []string
	for _, d := range report.Dropped {
		dropped = append(dropped, d.Column)
	}
	if want := []string{"户主姓名", "联系电话", "身份证号"}; !slices.Equal(dropped, want) || !slices.Equal(report.Unknown, []string{"颜色"}) {
		t.Errorf("dropped = %v, unknown = %v; want %v", dropped, report.Unknown, want)
	}
	stored := strings.Join(snapshot(t, tx), " ")
	for _, secret := range []string{"张三", "13812345678", "11010519491231002X"} {
		if strings.Contains(stored, secret) {
			t.Errorf("%s was stored: %s", secret, stored)
		}
	}
}

func TestAbsentRowsAreListedAndClosedOnlyOnRequest(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	a1, a2 := "A1,a,1,1,1,"+at(0.5, 0.5)+",,,,", "A2,a,1,1,2,"+at(0.5, 0.6)+",,,,"
	load(t, tx, confirmed(), header, a1, a2)

	full := confirmed()
	full.Full = true
	report := load(t, tx, full, header, a1)
	if report.Absent != 1 || report.Closed != 0 || !slices.Equal(report.AbsentIDs, []string{"A2"}) || only(t, tx, "A2").ClosedOn != nil {
		t.Errorf("listed only: %+v", report)
	}

	full.CloseAbsent = true
	report = load(t, tx, full, header, a1, ",b,1,,1,,,,,,")
	if report.Closed != 0 || len(report.Notes) != 1 {
		t.Errorf("a row without id may be the absent one: %+v", report)
	}
	report = load(t, tx, full, header, a1)
	if report.Absent != 1 || report.Closed != 1 {
		t.Errorf("closed: %+v", report)
	}
	var owners, closed int
	if err := tx.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM household_unit), (SELECT count(*) FROM household WHERE closed_on IS NOT NULL)`).
		Scan(&owners, &closed); err != nil || owners != 1 || closed != 1 {
		t.Errorf("owners %d, closed %d, %v; want 1, 1", owners, closed, err)
	}

	report = load(t, tx, full, header, a1, a2)
	if report.Changed != 1 || only(t, tx, "A2").ClosedOn != nil || only(t, tx, "A2").Unit == "" {
		t.Errorf("back again: %+v", report)
	}
}

func TestAHandsWorkIsNotUndoneByTheSameFile(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	lines := []string{header, "A1,a,1,1,1," + at(0.5, 0.5) + ",自住,,,"}
	load(t, tx, confirmed(), lines...)
	h := only(t, tx, "A1")
	if _, err := household.Move(t.Context(), tx, staff.Local, h.ID, ledgertest.At(1.5, 1.5)); err != nil {
		t.Fatal(err)
	}
	if report := load(t, tx, confirmed(), lines...); report.Unchanged != 1 {
		t.Errorf("report = %+v", report)
	}
	lines[1] = "A1,a,1,1,1," + at(0.7, 0.5) + ",出租,,,"
	report := load(t, tx, confirmed(), lines...)
	got := only(t, tx, "A1")
	if report.KeptPlace != 1 || got.Unit != "310115001001004" || got.Kind != household.Rental {
		t.Errorf("report = %+v, household = %+v", report, got)
	}
}

func TestDoorplatesAreMatchedWithStatedConfidence(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	other := confirmed()
	other.Source = "other"
	load(t, tx, other, header,
		"O1,康桥花苑,3号楼,1单元,101,"+at(0.50, 0.5)+",,,,",
		"O2,康桥花苑,3号楼,2单元,101,"+at(0.51, 0.5)+",,,,",
		"O3,大院,1,,1,"+at(0.2, 0.2)+",,,,",
		"O4,大院,1,,2,"+at(1.8, 1.8)+",,,,", // one name for two places
	)
	report := load(t, tx, confirmed(), header,
		"A1,康桥花苑,三幢,1,101室,,,,,,",
		"A2,康桥花苑,3,一单元,202,,,,,,",
		"A3,康桥花苑,３号楼,,303,,,,,,",
		"A4,康桥花苑,8,1,101,,,,,,",
		"A5,大院,1,,3,,,,,,",
		"A6,没听说过,1,,3,,,,,,",
	)
	if report.Matched != 3 || report.Unplaced != 3 || report.New != 6 {
		t.Errorf("report = %+v", report)
	}
	for id, want := range map[string]float32{"A1": household.SameDoor, "A2": household.SameStairwell, "A3": household.SameBuilding} {
		if h := only(t, tx, id); h.PlacedBy != household.ByMatch || h.Confidence == nil || *h.Confidence != want || h.Unit != "310115001001001" {
			t.Errorf("%s = %+v, want confidence %v", id, h, want)
		}
	}
	s, ok, err := household.Suggest(t.Context(), tx, staff.Local, only(t, tx, "A4").ID)
	if err != nil || !ok || s.Confidence != household.SameCompound {
		t.Errorf("suggestion = %+v, %v, %v", s, ok, err)
	}
	if _, ok, err := household.Suggest(t.Context(), tx, staff.Local, only(t, tx, "A6").ID); ok || err != nil {
		t.Errorf("a place is suggested for an unknown compound, %v", err)
	}
}

func TestALedgerWithoutIDsIsKeyedByItsDoorplates(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	lines := []string{"小区,楼栋,单元,室号,经度,纬度", "a,1,1,101," + at(0.5, 0.5), "a,1,1,102," + at(0.5, 0.5), "a,1,1,101," + at(0.5, 0.5), "a,,,," + at(0.5, 0.5)}
	report := load(t, tx, confirmed(), lines...)
	if report.New != 2 || report.Refused != 2 || len(report.IDFrom) == 0 {
		t.Errorf("report = %+v", report)
	}
	if again := load(t, tx, confirmed(), lines...); again.Unchanged != 2 {
		t.Errorf("again = %+v", again)
	}
}

func TestAWrongReferenceSystemIsRefused(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	lines := []string{header}
	for i := range 200 {
		p, err := crs.GCJ02.FromWGS84(ledgertest.Degrees(0.05+float64(i%20)*0.1, 0.05+float64(i/20)*0.19))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("A%d,a,1,1,%d,%.9f,%.9f,,,,", i, i, p[0], p[1]))
	}
	_, err := household.Import(t.Context(), tx, staff.Local, ledgertest.CSV(t, lines...), ledger.Options{Source: "test"})
	if !errors.Is(err, ledger.ErrWrongCRS) && !errors.Is(err, ledger.ErrUncheckedCRS) {
		t.Fatalf("declared WGS 84: %v", err)
	}
	if n := len(snapshot(t, tx)); n != 0 {
		t.Errorf("%d rows were stored", n)
	}
	opts := ledger.Options{Source: "test", CRS: crs.GCJ02, Confirm: "from a web map"}
	report, err := household.Import(t.Context(), tx, staff.Local, ledgertest.CSV(t, lines...), opts)
	if err != nil || report.New != 200 || report.Outside != 0 {
		t.Fatalf("declared rightly: %+v, %v", report, err)
	}
	got, want := only(t, tx, "A0").Point, ledgertest.At(0.05, 0.05)
	if got.X-want.X > 1 || want.X-got.X > 1 || got.Y-want.Y > 1 || want.Y-got.Y > 1 {
		t.Errorf("place = %v, want %v within one step", got, want)
	}
}

func TestAFailedImportLeavesNothing(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 1)
	_, err := household.Import(t.Context(), pool, staff.Local, ledgertest.CSV(t, header, "A1,a,1,1,1,"+at(0.5, 0.5)+",,,,"), ledger.Options{Source: "test"})
	if !errors.Is(err, ledger.ErrUncheckedCRS) {
		t.Fatalf("unconfirmed: %v", err)
	}
	for _, tt := range []struct {
		name string
		opts ledger.Options
		rows ledger.Rows
		want error
	}{
		{"no source", ledger.Options{}, ledgertest.CSV(t, header, "A1,a,1,1,1,,,,,,"), ledger.ErrSource},
		{"no rows", confirmed(), ledgertest.CSV(t, header), ledger.ErrEmpty},
	} {
		if _, err := household.Import(t.Context(), pool, staff.Local, tt.rows, tt.opts); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if n := len(snapshot(t, pool)); n != 0 {
		t.Errorf("%d rows were stored", n)
	}
}

func TestALargeFirstLoadRebuildsItsIndexes(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 3)
	indexes := func() (list string) {
		if err := pool.QueryRow(t.Context(), `
			SELECT string_agg(indexdef, E'\n' ORDER BY indexdef) FROM pg_indexes
			WHERE tablename IN ('household', 'household_unit')`).Scan(&list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	before := indexes()
	lines := []string{header}
	for i := range 10_000 {
		lines = append(lines, fmt.Sprintf("A%d,小区%d,%d,1,%d,%s,自住,入住,,", i, i%50, i%10, i, at(float64(i%300)/100, float64(i/300)/34)))
	}
	var stages []string
	opts := confirmed()
	opts.Progress = func(done, total int64, stage string) {
		if len(stages) == 0 || stages[len(stages)-1] != stage {
			stages = append(stages, stage)
		}
	}
	if report := load(t, pool, opts, lines...); report.New != 10_000 || report.Outside != 0 {
		t.Fatalf("report = %+v", report)
	}
	if after := indexes(); after != before {
		t.Errorf("indexes before:\n%s\nafter:\n%s", before, after)
	}
	if !slices.Contains(stages, ledger.StageFinish) {
		t.Errorf("stages = %v", stages)
	}
	if report := load(t, pool, confirmed(), lines...); report.Unchanged != 10_000 {
		t.Errorf("again = %+v", report)
	}
	agree(t, pool)
	lines = append(lines[:1], lines[5000:]...)
	lines = append(lines, "NEW,a,1,1,1,"+at(0.5, 0.5)+",,,,")
	full := confirmed()
	full.Full, full.CloseAbsent = true, true
	if report := load(t, pool, full, lines...); report.Unchanged != 5001 || report.New != 1 || report.Closed != 4999 {
		t.Errorf("report = %+v", report)
	}
	agree(t, pool)
}

// agree checks that SQL would give every household to the same unit.
func agree(t *testing.T, db pg.DB) {
	t.Helper()
	var wrong int
	if err := db.QueryRow(t.Context(), `
		SELECT count(*) FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
		WHERE o.unit_id IS DISTINCT FROM CASE WHEN h.closed_on IS NULL THEN unit_at(h.point, '2030-01-01') END`).Scan(&wrong); err != nil || wrong != 0 {
		t.Errorf("%d households with another unit than SQL says, %v", wrong, err)
	}
}

// Whoever is told of progress may wait for a connection that a reader of the
// ledger holds, who waits for the import.
func TestProgressThatWaitsForTheImportDoesNotStopIt(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 1)
	lines := []string{header}
	for i := range 20_000 {
		lines = append(lines, fmt.Sprintf("A%d,a,1,1,%d,%s,,,,", i, i, at(0.5, 0.5)))
	}
	opts := confirmed()
	opts.Progress = func(int64, int64, string) {
		var n int
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM household`).Scan(&n); err != nil {
			t.Error(err)
		}
	}
	if report := load(t, pool, opts, lines...); report.New != 20_000 {
		t.Errorf("report = %+v", report)
	}
}
