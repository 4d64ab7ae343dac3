package incident_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"wangge/geo/incident"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// exported is the ledger as somebody gets it: by number, each line by its headers.
func (d *desk) exported(by staff.Actor, f incident.Filter, chinese bool) (map[string]map[string]string, *excelize.File, error) {
	d.Helper()
	layer, err := incident.Export(d.Context(), d.tx, d.tx, by, f, chinese, d.now)
	if err != nil {
		return nil, nil, err
	}
	l, err := layer(d.Context())
	if err != nil {
		d.Fatal(err)
	}
	var out bytes.Buffer
	if err := vectorfile.WriteXLSX(&out, l); err != nil {
		d.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { book.Close() })
	rows, err := book.GetRows(l.Name)
	if err != nil {
		d.Fatal(err)
	}
	found := map[string]map[string]string{}
	for _, row := range rows[1:] {
		line := map[string]string{}
		for i, text := range row {
			line[rows[0][i]] = text
		}
		found[row[0]] = line
	}
	return found, book, nil
}

func TestTheLedgerAsAWorksheet(t *testing.T) {
	d := newDesk(t)
	one, _, err := incident.Report(t.Context(), d.tx, d.tx, d.leaders[0], incident.New{ID: uuid.New(), Category: "0102", Text: `=HYPERLINK("http://x")`, Address: "+86路", ReportedAt: d.now, Point: ledgertest.At(0.5, 0.5)}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	d.do(d.leaders[0], one.ID, incident.ToAccept, "")
	d.now = d.now.Add(20 * 24 * time.Hour)
	lines, book, err := d.exported(d.dispatcher, incident.Filter{}, true)
	if err != nil {
		t.Fatal(err)
	}
	got := lines[one.ID.String()]
	for column, want := range map[string]string{
		"来源渠道": "网格上报", "类别代码": "0102", "状态": "已受理", "描述": `=HYPERLINK("http://x")`, "地址": "+86路", "单元代码": "310115001001001",
		"单元名称": "unit 310115001001001", "责任岗位": "unit 310115001001001 网格长", "上报时间": "2026-09-21 10:00", "是否超期": "是", "办理步骤数": "2", "不公开": "否",
	} {
		if got[column] != want {
			t.Errorf("%s is %q, want %q", column, got[column], want)
		}
	}
	if got["类别"] == "" || got["受理时间"] == "" || got["办理时限"] == "" || got["结案时间"] != "" {
		t.Errorf("line %v", got)
	}
	for _, cell := range []string{"F2", "G2"} { // words that a spreadsheet would take for a formula
		if formula, err := book.GetCellFormula("事件台账", cell); formula != "" || err != nil {
			t.Errorf("%s has the formula %q, %v", cell, formula, err)
		}
		if kind, err := book.GetCellType("事件台账", cell); kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString || err != nil {
			t.Errorf("%s is of type %v, %v; want text", cell, kind, err)
		}
	}
	if raw, err := book.GetCellValue("事件台账", "L2", excelize.Options{RawCellValue: true}); err != nil || !strings.HasPrefix(raw, "46286.41") { // days since 1900, at ten o'clock
		t.Errorf("reported at %q, %v; want a date of the spreadsheet", raw, err)
	}
	english, _, err := d.exported(d.dispatcher, incident.Filter{}, false)
	if err != nil || english[one.ID.String()]["State"] != "accepted" || english[one.ID.String()]["Overdue"] != "yes" {
		t.Errorf("in English %v, %v", english, err)
	}
}

// The file holds what the list shows, to whom it may be given at all.
func TestTheWorksheetHasTheWallsOfTheList(t *testing.T) {
	d := newDesk(t)
	near, far := d.report(d.leaders[0], 0.5, 0.5, "0102"), d.report(d.leaders[1], 1.5, 0.5, "0501")
	secret, _, err := incident.Report(t.Context(), d.tx, d.tx, d.leaders[0], incident.New{ID: uuid.New(), Category: "1101", Private: true, Text: "邻里争执", Address: "三号楼", ReportedAt: d.now, Point: ledgertest.At(0.5, 0.5)}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	grid := d.leaders[0].Grants[0].Unit
	of := func(unit int64, may ...staff.Permission) staff.Actor {
		return staff.Actor{Name: "x", Account: 1 << 40, Grants: []staff.Grant{{Unit: unit, May: may}}}
	}
	for name, tt := range map[string]struct {
		by   staff.Actor
		f    incident.Filter
		want []incident.Incident
		err  error
	}{
		"a dispatcher of the village":                {d.dispatcher, incident.Filter{}, []incident.Incident{near, far, secret}, nil},
		"one unit of it":                             {d.dispatcher, incident.Filter{Unit: "310115001001002"}, []incident.Incident{far}, nil},
		"one category":                               {d.dispatcher, incident.Filter{Category: "05"}, []incident.Incident{far}, nil},
		"closed ones":                                {d.dispatcher, incident.Filter{State: incident.Closed}, nil, nil},
		"who exports in one grid":                    {of(grid, staff.Place, staff.Export), incident.Filter{}, []incident.Incident{near}, nil},
		"who sees the village and exports in a grid": {staff.Actor{Name: "x", Account: 1 << 40, Grants: []staff.Grant{{Unit: d.village, May: []staff.Permission{staff.Place}}, {Unit: grid, May: []staff.Permission{staff.Export}}}}, incident.Filter{}, []incident.Incident{near}, nil},
		"who exports and sees no places":             {of(d.village, staff.Count, staff.Export), incident.Filter{}, nil, staff.ErrForbidden},
		"a leader":                                   {d.leaders[0], incident.Filter{}, nil, staff.ErrForbidden},
	} {
		lines, _, err := d.exported(tt.by, tt.f, true)
		want := map[string]bool{}
		for _, one := range tt.want {
			want[one.ID.String()] = true
		}
		if !errors.Is(err, tt.err) || !slices.Equal(slices.Sorted(maps.Keys(lines)), slices.Sorted(maps.Keys(want))) {
			t.Errorf("%s: %v, %v; want %v, %v", name, slices.Sorted(maps.Keys(lines)), err, slices.Sorted(maps.Keys(want)), tt.err)
		}
		if line := lines[secret.ID.String()]; line != nil && (line["描述"] != "" || line["地址"] != "" || line["不公开"] != "是") {
			t.Errorf("%s: of the private one %v", name, line)
		}
	}
	var recorded int
	if err := d.tx.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'export' AND subject = 'incident' AND detail->>'format' = 'xlsx'`).Scan(&recorded); err != nil || recorded != 6 {
		t.Errorf("%d exports are recorded, want 6: %v", recorded, err)
	}
}

// A hundred thousand lines are written in memory that does not grow with them; more than a
// file may hold are refused before anything is written.
func TestALongLedgerIsStreamed(t *testing.T) {
	d := newDesk(t)
	fill := func(n int) {
		_, err := d.tx.Exec(t.Context(), `
			WITH i AS (INSERT INTO incident (source, source_id, category, reported_at, point, cell, address, text)
				SELECT 'many', gen_random_uuid()::text, '0102', $1::timestamptz - n * interval '1 second', $2, 1, '人民广场街道一百二十三弄', '路口有垃圾' FROM generate_series(1, $3) n RETURNING id)
			INSERT INTO incident_unit (incident_id, unit_id, valid_from) SELECT i.id, $4, '2026-01-01' FROM i`, d.now, ledgertest.At(0.5, 0.5), n, d.leaders[0].Grants[0].Unit)
		if err != nil {
			t.Fatal(err)
		}
		// What autovacuum does, which sees nothing of a transaction: without it the next
		// question is planned for a few rows, and takes minutes.
		if _, err := d.tx.Exec(t.Context(), `ANALYZE incident, incident_unit`); err != nil {
			t.Fatal(err)
		}
	}
	peak := func() (uint64, time.Duration) {
		layer, err := incident.Export(t.Context(), d.tx, d.tx, d.dispatcher, incident.Filter{}, true, d.now)
		if err != nil {
			t.Fatal(err)
		}
		return peakOf(t, layer)
	}
	fill(10_000)
	little, _ := peak()
	fill(90_000)
	much, took := peak()
	t.Logf("10,000 lines take %d MB of heap at most, 100,000 lines %d MB and %v", little>>20, much>>20, took.Round(time.Millisecond))
	if much > little+48<<20 {
		t.Errorf("100,000 lines take %d MB of heap, 10,000 take %d MB", much>>20, little>>20)
	}
	fill(incident.MostExported - 100_000 + 1)
	if _, err := incident.Export(t.Context(), d.tx, d.tx, d.dispatcher, incident.Filter{}, true, d.now); !errors.Is(err, incident.ErrExport) {
		t.Errorf("one too many: %v", err)
	}
}

// peakOf is the most heap in use while a file is written, seen at every two hundredth of its writes.
func peakOf(t *testing.T, layer func(context.Context) (vectorfile.Layer, error)) (most uint64, took time.Duration) {
	t.Helper()
	l, err := layer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, n := l.Rows, 0
	look := func() {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}
	l.Rows = func(yield func(vectorfile.Row, error) bool) {
		for row, err := range rows {
			if n++; n%5000 == 0 {
				look()
			}
			if !yield(row, err) {
				return
			}
		}
	}
	start := time.Now()
	var out counter
	out.look = look
	if err := vectorfile.WriteXLSX(&out, l); err != nil {
		t.Fatal(err)
	}
	return most, time.Since(start)
}

// counter counts what is written, and looks now and then.
type counter struct {
	n, writes int
	look      func()
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	if c.writes++; c.writes%200 == 0 {
		c.look()
	}
	return len(p), nil
}
