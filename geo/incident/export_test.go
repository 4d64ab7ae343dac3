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
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/vectorfile"
	"wangge/geo/worktime"
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

func TestTheLedgerTellsWhatIsOrWasLate(t *testing.T) {
	d := newDesk(t)
	monday := d.now
	later := func(by time.Duration) { d.now = d.now.Add(by) }
	want := map[string]string{}
	report := func(late string) uuid.UUID {
		d.now = monday
		id := d.report(d.leaders[0], 0.5, 0.5, "0501").ID // fifteen minutes to accept it
		want[id.String()] = late
		return id
	}

	inTime := report("否")
	later(10 * time.Minute)
	d.do(d.dispatcher, inTime, incident.ToClose, "duplicate")
	closedLate := report("是")
	later(20 * time.Minute)
	d.do(d.dispatcher, closedLate, incident.ToClose, "duplicate")
	acceptedLate := report("是") // and in time again
	later(20 * time.Minute)
	d.do(d.leaders[0], acceptedLate, incident.ToAccept, "")
	accepted := report("否")
	later(10 * time.Minute)
	d.do(d.leaders[0], accepted, incident.ToAccept, "")
	// What counts is when it was due as the limits were when it was done.
	given := report("否")
	hour := incident.Limits{{State: incident.Reported, Limit: worktime.Limit{Amount: 60, Unit: worktime.Minutes}}}
	if err := incident.SetLimits(t.Context(), d.tx, staff.Local, hour); err != nil {
		t.Fatal(err)
	}
	later(20 * time.Minute)
	d.do(d.dispatcher, given, incident.ToClose, "duplicate")

	for source, due := range map[string]time.Duration{"否": time.Hour, "是": -time.Hour} { // closed in another system
		var id string
		if err := d.tx.QueryRow(t.Context(), `
			WITH i AS (INSERT INTO incident (source, source_id, category, state, reported_at, due_at, closed_at, point, cell)
				VALUES ($1, gen_random_uuid()::text, '0501', 'closed', $2::timestamptz - interval '1 day', $3, $2, $4, 1) RETURNING id, source_id),
			u AS (INSERT INTO incident_unit (incident_id, unit_id, valid_from) SELECT id, $5, '2026-01-01' FROM i)
			SELECT source_id FROM i`, source, monday, monday.Add(due), ledgertest.At(0.5, 0.5), d.leaders[0].Grants[0].Unit).Scan(&id); err != nil {
			t.Fatal(err)
		}
		want[id] = source
	}
	d.now = monday.Add(21 * time.Minute)
	lines, _, err := d.exported(d.dispatcher, incident.Filter{}, true)
	if err != nil || len(lines) != len(want) {
		t.Fatal(len(lines), err)
	}
	for id, late := range want {
		if got := lines[id]["是否超期"]; got != late {
			t.Errorf("%s, %s, closed %q: late %s, want %s", id, lines[id]["状态"], lines[id]["结案时间"], got, late)
		}
	}
}

// The walls of the database are asked of every line too: the file is not to wait for them.
func TestALongLedgerIsHadBehindTheWallsInTime(t *testing.T) {
	dsn := pgtest.DSN(t)
	owner := pgtest.As(t, dsn, "")
	engine := pgtest.As(t, dsn, pg.RoleEngine)
	request := pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))
	units := ledgertest.Town(t, owner, 4)
	var village int64
	if err := owner.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001'`).Scan(&village); err != nil {
		t.Fatal(err)
	}
	ctx, dispatcher := stafftest.Hold(t, owner, staff.Dispatcher, village)
	_, err := owner.Exec(t.Context(), `
		WITH i AS (INSERT INTO incident (source, source_id, category, reported_at, point, cell, address, text)
			SELECT 'many', n::text, '0102', now() - n * interval '1 minute', $1, 1, '人民广场街道一百二十三弄', '路口有垃圾' FROM generate_series(1, 20000) n RETURNING id, source_id::bigint AS n),
		u AS (INSERT INTO incident_unit (incident_id, unit_id, valid_from) SELECT id, ($2::bigint[])[1 + n % cardinality($2::bigint[])], '2026-01-01' FROM i)
		INSERT INTO incident_step (id, incident_id, ordinal, act, before, after, at, actor)
		SELECT gen_random_uuid(), id, s, 'report', '', 'reported', now(), 'x' FROM i, generate_series(1, 3) s`,
		ledgertest.At(0.5, 0.5), units)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(t.Context(), `ANALYZE incident, incident_unit, incident_step`); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	layer, err := incident.Export(ctx, request, engine, dispatcher, incident.Filter{}, true, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	prepared := time.Since(start)
	l, err := layer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	named := time.Since(start)
	n := 0
	for _, err := range l.Rows {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	took := time.Since(start)
	t.Logf("20,000 lines: counted after %v, posts named after %v, read after %v", prepared.Round(time.Millisecond), named.Round(time.Millisecond), took.Round(time.Millisecond))
	if n != 20_000 || took > 20*time.Second {
		t.Errorf("%d lines in %v, want 20,000 in seconds", n, took)
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
