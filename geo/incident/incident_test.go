package incident_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo/grid"
	"wangge/geo/incident"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var at = ledgertest.LonLat

const header = "工单编号,事件类型,状态,上报时间,截止时间,结案时间,经度,纬度,地址"

func options() ledger.Options { return ledger.Options{Source: "12345", Confirm: "test town"} }

func load(t *testing.T, db pg.DB, lines ...string) ledger.Report {
	t.Helper()
	report, err := incident.Import(t.Context(), db, staff.Local, ledgertest.CSV(t, append([]string{header}, lines...)...), options())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func list(t *testing.T, db pg.DB, f incident.Filter) map[string]incident.Incident {
	t.Helper()
	f.Limit = 100
	all, err := incident.List(t.Context(), db, staff.Local, f)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]incident.Incident{}
	for _, i := range all {
		byID[i.SourceID] = i
	}
	return byID
}

func TestIncidentsGetTheirUnitCategoryAndTimes(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	report := load(t, tx,
		"1,暴露垃圾,已结案,2024-04-05 08:30:00,,2024/4/6 9:00,"+at(0.5, 0.5)+",某路1号",
		"2,SW-Bulk Scheduled,Open (Duplicate),04/22/2014 01:07:39 PM,07/21/2014 01:07:39 PM,,"+at(1.5, 0.5)+",",
		"3,0501,,2024年4月5日,,,"+at(0.5, 1.5)+",",
		"4,噪声扰民,Closed,2024-04-05T00:30:00Z,,,"+at(0.5, 1.5)+",",
	)
	if report.New != 4 || report.Refused != 0 || report.Outside != 0 {
		t.Fatalf("report = %+v", report)
	}
	got := list(t, tx, incident.Filter{})
	if i := got["1"]; i.Category != "0102" || i.State != incident.Closed || i.Unit != "310115001001001" ||
		!i.ReportedAt.Equal(time.Date(2024, 4, 5, 0, 30, 0, 0, time.UTC)) || !i.ClosedAt.Equal(time.Date(2024, 4, 6, 1, 0, 0, 0, time.UTC)) {
		t.Errorf("1 = %+v", i)
	}
	if i := got["2"]; i.Category != "SW-Bulk Scheduled" || i.State != incident.Reported || i.Unit != "310115001001002" || i.DueAt == nil || i.ClosedAt != nil {
		t.Errorf("2 = %+v", i)
	}
	if i := got["3"]; i.Category != "0501" || i.State != incident.Reported {
		t.Errorf("3 = %+v", i)
	}
	if i := got["4"]; i.State != incident.Closed || !i.ClosedAt.Equal(i.ReportedAt) {
		t.Errorf("4 = %+v", i)
	}
	if n := len(list(t, tx, incident.Filter{Category: "01"})); n != 1 {
		t.Errorf("%d incidents of the large class, want 1", n)
	}
	if n := len(list(t, tx, incident.Filter{Unit: "310115001001", Open: true})); n != 2 {
		t.Errorf("%d open incidents of the village, want 2", n)
	}
	if again := load(t, tx, "1,暴露垃圾,已结案,2024-04-05 08:30:00,,2024/4/6 9:00,"+at(0.5, 0.5)+",某路1号"); again.Unchanged != 1 {
		t.Errorf("again = %+v", again)
	}
}

func TestIncidentsThatCannotBeKeptAreRefused(t *testing.T) {
	for _, tt := range []struct{ name, row, code string }{
		{"no place", "1,噪声扰民,,2024-04-05,,,,,", ledger.NoPlace},
		{"no date", "1,噪声扰民,,,,," + at(0.5, 0.5) + ",", ledger.Missing},
		{"no such date", "1,噪声扰民,,2024-02-31,,," + at(0.5, 0.5) + ",", ledger.BadDate},
		{"no category", "1,,,2024-02-21,,," + at(0.5, 0.5) + ",", ledger.Missing},
		{"another city", "1,噪声扰民,,2024-02-21,,,-76.61,39.29,", ledger.FarOutside},
		{"a phone as category", "1,13812345678,,2024-02-21,,," + at(0.5, 0.5) + ",某路1号", ledger.PersonalValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tx := pgtest.Tx(t)
			ledgertest.Town(t, tx, 1)
			good := "噪声扰民,,2024-04-05,,," + at(0.5, 0.5) + ",某路1号"
			report := load(t, tx, "7,"+good, "8,"+good, "9,"+good, tt.row)
			if report.Refused != 1 || report.Refusals[0].Code != tt.code || len(list(t, tx, incident.Filter{})) != 3 {
				t.Errorf("report = %+v, want %s", report, tt.code)
			}
		})
	}
}

// What was done here stands against a file that does not know of it; what its own system has
// closed is closed.
func TestAFileDoesNotUndoWhatWasDoneHere(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	due := "2026-09-24 18:00"
	row := func(id, state, closed, address string) string {
		return id + ",暴露垃圾," + state + ",2026-09-18 08:30:00," + due + "," + closed + "," + at(0.5, 0.5) + "," + address
	}
	first := []string{row("1", "已上报", "", "某路1号"), row("2", "处置中", "", "某路2号"), row("3", "已上报", "", "某路3号")}
	load(t, tx, first...)
	now := time.Date(2026, 9, 21, 2, 0, 0, 0, time.UTC)
	before := list(t, tx, incident.Filter{})
	for id, doing := range map[string]incident.Doing{"1": {Act: incident.ToAccept}, "2": {Act: incident.ToMove, Point: ledgertest.At(1.5, 0.5)}} {
		doing.ID = uuid.New()
		if _, err := incident.Do(t.Context(), tx, tx, staff.Local, before[id].ID, doing, now); err != nil {
			t.Fatal(err)
		}
	}
	done := list(t, tx, incident.Filter{})
	if again := load(t, tx, first...); again.Unchanged != 3 || again.Changed != 0 {
		t.Errorf("the same file again: %+v", again)
	}
	due = "2026-09-28 18:00"
	load(t, tx, row("1", "已上报", "", "某路1号东门"), row("2", "待核查", "", "某路2号东门"), row("3", "已受理", "", "某路3号东门"))
	if err := incident.SetHours(t.Context(), tx, staff.Local, "09:00-12:00,13:00-18:00"); err != nil {
		t.Fatal(err)
	}
	got := list(t, tx, incident.Filter{})
	for id, want := range map[string]struct {
		state incident.State
		due   string
	}{
		"1": {incident.Accepted, "09-21 15:00"}, // accepted here: four working hours
		"2": {incident.Handled, "09-28 18:00"},  // only moved here
		"3": {incident.Accepted, "09-28 18:00"},
	} {
		g, d := got[id], done[id]
		if g.State != want.state || china(g.DueAt) != want.due || *g.Point != *d.Point || g.Unit != d.Unit || !strings.HasSuffix(g.Address, "东门") {
			t.Errorf("%s is %+v, due %s; want %+v with the new address where it was", id, g, china(g.DueAt), want)
		}
	}
	load(t, tx, row("1", "已结案", "2026-09-22 10:00", "某路1号"))
	if g := list(t, tx, incident.Filter{})["1"]; g.State != incident.Closed || g.ClosedAt == nil {
		t.Errorf("closed in its own system: %+v", g)
	}
}

// A full file of "hand" would close what officers reported.
func TestAFileIsNotOfWhatIsReportedHere(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	for _, source := range []string{incident.Hand, incident.Resident, " hand "} {
		rows := ledgertest.CSV(t, header, "1,噪声扰民,,2024-04-05,,,"+at(0.5, 0.5)+",")
		_, err := incident.Import(t.Context(), tx, staff.Local, rows, ledger.Options{Source: source, Confirm: "test town", Full: true, CloseAbsent: true})
		if !errors.Is(err, ledger.ErrSourceTaken) {
			t.Errorf("a file of %q: %v, want %v", source, err, ledger.ErrSourceTaken)
		}
	}
}

func TestAPhoneInAnAddressIsTakenOutAndTold(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	report := load(t, tx, "1,噪声扰民,,2024-04-05,,,"+at(0.5, 0.5)+",某路1号 找 138-1234-5678", "2,噪声扰民,,2024-04-05,,,"+at(0.5, 0.5)+",某路2号", "3,噪声扰民,,2024-04-05,,,"+at(0.5, 0.5)+",某路3号")
	if got := list(t, tx, incident.Filter{})["1"].Address; got != "某路1号 找 ***" {
		t.Errorf("kept %q", got)
	}
	if report.New != 3 || len(report.Notes) != 1 || report.Notes[0].Code != "redacted" || report.Notes[0].Field != "address" || report.Notes[0].Count != 1 {
		t.Errorf("report = %+v", report)
	}
}

func TestAReportSentTwiceIsOneIncident(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	now := time.Now()
	n := incident.New{ID: uuid.New(), Category: "0901", ReportedAt: now, Point: ledgertest.At(1.5, 1.5)}
	first, created, err := incident.Report(t.Context(), tx, tx, staff.Local, n, now)
	if err != nil || !created || first.Unit != "310115001001004" || first.State != incident.Reported {
		t.Fatalf("first = %+v, %v, %v", first, created, err)
	}
	second, created, err := incident.Report(t.Context(), tx, tx, staff.Local, n, now)
	if err != nil || created || second.ID != first.ID {
		t.Errorf("second = %+v, %v, %v", second, created, err)
	}
	for _, tt := range []struct {
		name string
		n    incident.New
		want error
	}{
		{"unknown category", incident.New{ID: uuid.New(), Category: "8888", ReportedAt: now, Point: ledgertest.At(1.5, 1.5)}, incident.ErrCategory},
		{"no place", incident.New{ID: uuid.New(), Category: "0901", ReportedAt: now}, incident.ErrPlace},
		{"tomorrow", incident.New{ID: uuid.New(), Category: "0901", ReportedAt: now.Add(25 * time.Hour), Point: ledgertest.At(1.5, 1.5)}, incident.ErrTime},
		{"too long an address", incident.New{ID: uuid.New(), Category: "0901", ReportedAt: now, Address: strings.Repeat("路", 201), Point: ledgertest.At(1.5, 1.5)}, incident.ErrText},
		{"a phone", incident.New{ID: uuid.New(), Category: "0901", ReportedAt: now, Address: "13812345678", Point: ledgertest.At(1.5, 1.5)}, incident.ErrPersonal},
	} {
		if _, _, err := incident.Report(t.Context(), tx, tx, staff.Local, tt.n, now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	tally := ledger.NewTally(tx)
	village, err := grid.ByCode(t.Context(), tx, staff.Local, grid.Today(), "310115001001")
	if err != nil {
		t.Fatal(err)
	}
	counts, err := tally.ByUnit(t.Context(), grid.Today())
	if err != nil || counts[village.ID].Incidents != 1 {
		t.Errorf("open in the village = %+v, %v", counts[village.ID], err)
	}
}

func TestPagesOfIncidentsDoNotOverlap(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	load(t, tx,
		"1,噪声扰民,,2024-02-21,,,"+at(0.5, 0.5)+",", "2,噪声扰民,,2024-02-21,,,"+at(0.5, 0.5)+",",
		"3,噪声扰民,,2024-02-22,,,"+at(0.5, 0.5)+",", "4,噪声扰民,,2024-02-20,,,"+at(0.5, 0.5)+",")
	seen := map[uuid.UUID]bool{}
	f := incident.Filter{Limit: 1}
	for range 5 {
		page, err := incident.List(t.Context(), tx, staff.Local, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page {
			if seen[i.ID] {
				t.Errorf("%s comes twice", i.SourceID)
			}
			seen[i.ID] = true
			f.AfterTime, f.AfterID = i.ReportedAt, i.ID
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d incidents in pages, want 4", len(seen))
	}
}

func TestRealRequestsOfACity(t *testing.T) {
	rows := ledgertest.Real(t, "baltimore/311_dev.csv")
	tx := pgtest.Tx(t)
	streets := ledgertest.RealFile(t, "baltimore/baltimore.osm.pbf")
	info, err := streets.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := network.Import(t.Context(), tx, staff.Local, "baltimore.osm.pbf", streets, info.Size(), nil); err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	report, err := incident.Import(t.Context(), tx, staff.Local, rows, ledger.Options{Source: "311", Zone: zone, Confirm: "streets of a part of the city only"})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report.Guard)
	byReason := map[string]int{}
	for _, r := range report.Refusals {
		byReason[r.Code]++
	}
	t.Log(report.Rows, report.New, report.Refused, byReason, report.Notes, report.Dropped, report.Unknown)
	if report.Rows != 7545 || report.New+report.Refused != report.Rows || report.Refused < 430 {
		t.Errorf("rows %d, new %d, refused %d; want 7545, and 430 or more without a place refused", report.Rows, report.New, report.Refused)
	}
}

func TestALargeFirstLoadRebuildsItsIndexes(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	indexes := func() (list string) {
		if err := pool.QueryRow(t.Context(), `
			SELECT string_agg(indexdef, E'\n' ORDER BY indexdef) FROM pg_indexes WHERE tablename IN ('incident', 'incident_unit')`).Scan(&list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	before := indexes()
	lines := make([]string, 5000)
	for i := range lines {
		lines[i] = fmt.Sprintf("%d,噪声扰民,,2024-02-21,,,%s,", i, at(float64(i%100)/50, float64(i/100)/25))
	}
	if report := load(t, pool, lines...); report.New != 5000 || report.Outside != 0 {
		t.Fatalf("report = %+v", report)
	}
	if after := indexes(); after != before {
		t.Errorf("indexes before:\n%s\nafter:\n%s", before, after)
	}
	if report := load(t, pool, lines...); report.Unchanged != 5000 {
		t.Errorf("again = %+v", report)
	}
}
