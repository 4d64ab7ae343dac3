package premises_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/premises"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// field is a village of four micro-grids with two premises, two checkpoints and a block,
// each in the first and the second grid; the block in the first.
type field struct {
	testing.TB
	db    *pgxpool.Pool
	app   pg.Pool
	units []int64
}

const first, second = "310115001001001", "310115001001002"

var options = premises.Options{Source: "test", Confirm: "test"}

type load func(context.Context, pg.DB, staff.Actor, ledger.Rows, premises.Options) (premises.Report, error)

func newField(t testing.TB) *field {
	t.Helper()
	dsn := pgtest.DSN(t)
	f := &field{TB: t, db: pgtest.As(t, dsn, "")}
	f.app = pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))
	f.units = ledgertest.Town(t, f.db, 2)
	if err := grid.AddZones(t.Context(), f.db, staff.Local, []grid.Zone{{Code: "Z1", Kind: "shop-block", Name: "Shops", ValidFrom: day("2024-01-01"), Area: square(.2, .2, .4)}}); err != nil {
		t.Fatal(err)
	}
	f.load(premises.Import, "编号,名称,三色码,赋码原因,检查日期,有效期至,经度,纬度",
		"1,北楼,红码,堵塞通道,2026-01-01,2026-02-01,"+ledgertest.LonLat(.5, .5), "2,南楼,绿,,2026-01-01,2199-01-01,"+ledgertest.LonLat(1.5, .5))
	f.load(premises.ImportCheckpoints, "编号,名称,半径,经度,纬度", "A,东门,,"+ledgertest.LonLat(.5, .5), "B,西门,80,"+ledgertest.LonLat(1.5, .5))
	f.load(premises.ImportBlocks, "区块编码,周期,上次更新", "Z1,15,")
	return f
}

func (f *field) load(do load, lines ...string) premises.Report {
	f.Helper()
	report, err := do(f.Context(), f.db, staff.Local, ledgertest.CSV(f, lines...), options)
	if err != nil {
		f.Fatalf("%v %+v", err, fault.Of(err))
	}
	return report
}

func (f *field) id(table, number string) (id int64) {
	f.Helper()
	if err := f.db.QueryRow(f.Context(), `SELECT id FROM `+table+` WHERE source_id = $1`, number).Scan(&id); err != nil {
		f.Fatal(err)
	}
	return id
}

func (f *field) worker(unit int) (context.Context, staff.Actor) {
	f.Helper()
	return stafftest.Hold(f, f.db, staff.Worker, f.units[unit])
}

func day(s string) geo.Day {
	d, err := geo.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func square(x, y, side float64) geo.MultiPolygon {
	a, c := ledgertest.At(x, y), ledgertest.At(x+side, y+side)
	return geo.MultiPolygon{{{a, {X: c.X, Y: a.Y}, c, {X: a.X, Y: c.Y}}}}
}

func TestAnImportTwiceChangesNothingAndATryStoresNothing(t *testing.T) {
	f := newField(t)
	head := "编号,名称,三色码,赋码原因,检查日期,有效期至,经度,纬度"
	same := "1,北楼,red,堵塞通道,2026-01-01,2026-02-01," + ledgertest.LonLat(.5, .5)
	other := "2,南楼,黄,电线老化,2026-01-02,2026-06-01," + ledgertest.LonLat(1.5, .5)
	older := "2,南楼,红,旧,2025-12-01,2026-06-01," + ledgertest.LonLat(1.5, .5)
	fresh := "3,新楼,绿,,2026-01-02,2026-06-01," + ledgertest.LonLat(9, 9)
	try := options
	try.DryRun = true
	want := premises.Report{Rows: 3, Added: 1, Changed: 1, Unchanged: 1, Outside: 1}
	for i, o := range []premises.Options{try, options} {
		got, err := premises.Import(t.Context(), f.db, staff.Local, ledgertest.CSV(t, head, same, other, fresh), o)
		if err != nil || got.Rows != want.Rows || got.Added != want.Added || got.Changed != want.Changed || got.Unchanged != want.Unchanged || got.Outside != want.Outside {
			t.Errorf("time %d: %+v, %v; want %+v", i, got, err, want)
		}
	}
	if got := f.load(premises.Import, head, older); got.Unchanged != 1 {
		t.Errorf("an older inspection: %+v, want it to change nothing", got)
	}
	if got := f.load(premises.ImportBlocks, "zone,days,seen", "Z1,15,2026-01-05"); got.Changed != 1 {
		t.Errorf("a block that was seen: %+v", got)
	}
	if got := f.load(premises.ImportBlocks, "zone,days,seen", "Z1,15,2026-01-01"); got.Unchanged != 1 {
		t.Errorf("a block that was seen before that: %+v", got)
	}
}

func TestWhatIsWrongWithARowIsNamedByLineAndColumn(t *testing.T) {
	f := newField(t)
	planner := func(unit int64) staff.Actor { _, a := stafftest.Hold(t, f.db, staff.Planner, unit); return a }
	outside := planner(f.units[1])
	at := ledgertest.LonLat(.5, .5)
	premisesHead := "编号,名称,等级,原因,检查日期,有效期,责任岗位,经度,纬度"
	for _, tt := range []struct {
		name  string
		do    load
		actor staff.Actor
		lines []string
		want  error
		codes string
	}{
		{"many at once", premises.Import, staff.Local, []string{premisesHead, "7,楼,紫,,2026-01-01,2026-02-01,," + at, "8,,红,,昨天,2026-02-01,99999," + at},
			premises.ErrRows, "grade_unknown name reason not_a_date post_unknown"},
		{"a reason with a phone", premises.Import, staff.Local, []string{premisesHead, "7,楼,红,找13800138000,2026-01-01,2026-02-01,," + at}, premises.ErrRows, "reason"},
		{"valid before it was inspected", premises.Import, staff.Local, []string{premisesHead, "7,楼,绿,,2026-03-01,2026-02-01,," + at}, premises.ErrRows, "valid_before_inspection"},
		{"a number twice", premises.ImportCheckpoints, staff.Local, []string{"编号,名称,经度,纬度", "A,门," + at, "A,门," + at}, premises.ErrRows, "repeated_id"},
		{"a radius of a town", premises.ImportCheckpoints, staff.Local, []string{"名称,半径,经度,纬度", "门,5000," + at}, premises.ErrRows, "bad_radius"},
		{"outside the area", premises.ImportCheckpoints, outside, []string{"名称,经度,纬度", "门," + at}, premises.ErrRows, "outside_area"},
		{"a number of another area", premises.ImportCheckpoints, outside, []string{"编号,名称,经度,纬度", "A,门," + ledgertest.LonLat(1.2, .5)}, premises.ErrTaken, ""},
		{"no columns", premises.Import, staff.Local, []string{"编号,经度,纬度", "1," + at}, premises.ErrFields, "column_missing column_missing column_missing column_missing"},
		{"no place", premises.ImportCheckpoints, staff.Local, []string{"编号,名称", "1,门"}, premises.ErrFields, "column_missing"},
		{"an unknown zone, and a block that is never to be seen", premises.ImportBlocks, staff.Local, []string{"zone,days", "Z9,15", "Z1,0"}, premises.ErrRows, "zone_unknown bad_days"},
		{"a zone elsewhere", premises.ImportBlocks, outside, []string{"zone,days", "Z1,15"}, premises.ErrRows, "outside_area"},
		{"by a worker", premises.Import, staff.Actor{Name: "account:1", Grants: []staff.Grant{{Unit: 1, May: []staff.Permission{staff.Record}}}}, []string{premisesHead, "1"}, staff.ErrForbidden, ""},
	} {
		_, err := tt.do(t.Context(), f.db, tt.actor, ledgertest.CSV(t, tt.lines...), options)
		codes := []string{}
		if got := fault.Of(err); got != nil {
			for _, p := range got.Places {
				codes = append(codes, p.Code)
				if tt.want == premises.ErrRows && !strings.Contains(p.Pointer, "2") && !strings.Contains(p.Pointer, "3") {
					t.Errorf("%s: %q names no line", tt.name, p.Pointer)
				}
			}
		}
		got := strings.Join(codes, " ")
		if !errors.Is(err, tt.want) || got != tt.codes {
			t.Errorf("%s: %v, %q; want %v, %q", tt.name, err, got, tt.want, tt.codes)
		}
	}
}

func TestPremisesAreDueAfterTheirLastDay(t *testing.T) {
	f := newField(t)
	ctx, worker := f.worker(0)
	today := day("2026-02-01")
	due := func(on geo.Day) (names []string) {
		list, err := premises.List(ctx, f.app, worker, premises.Filter{Due: true, Limit: 10}, on)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			names = append(names, p.Name)
		}
		return names
	}
	if got := due(today); len(got) != 0 {
		t.Errorf("due on the last day: %v", got)
	}
	if got := due(day("2026-02-02")); !slices.Equal(got, []string{"北楼"}) {
		t.Errorf("due on the day after: %v, want the one of the grid", got)
	}
	id := f.id("premises", "1")
	good := premises.Finding{Grade: premises.Yellow, Reason: "通道已清理", InspectedOn: today, ValidUntil: day("2026-08-01"), Post: &worker.Grants[0].Post}
	for i := range 2 {
		if got, err := premises.Inspect(ctx, f.app, worker, id, good, today); err != nil || got.Grade != premises.Yellow || got.Due {
			t.Errorf("time %d: %+v, %v", i, got, err)
		}
	}
	var looks int
	if err := f.db.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'inspect'`).Scan(&looks); err != nil || looks != 1 {
		t.Errorf("%d inspections in the audit, %v; want one", looks, err)
	}
	none := int64(1 << 40)
	for _, tt := range []struct {
		name   string
		id     int64
		change func(*premises.Finding)
		want   error
	}{
		{"no colour", id, func(f *premises.Finding) { f.Grade = "blue" }, premises.ErrFinding},
		{"yellow for no reason", id, func(f *premises.Finding) { f.Reason = " " }, premises.ErrFinding},
		{"a name and a phone", id, func(f *premises.Finding) { f.Reason = "李某13800138000" }, premises.ErrFinding},
		{"tomorrow", id, func(f *premises.Finding) { f.InspectedOn = day("2026-02-02") }, premises.ErrFinding},
		{"before the last one", id, func(f *premises.Finding) { f.InspectedOn = day("2026-01-31") }, premises.ErrFinding},
		{"for eleven years", id, func(f *premises.Finding) { f.ValidUntil = day("2037-02-02") }, premises.ErrFinding},
		{"by no post", id, func(f *premises.Finding) { f.Post = &none }, premises.ErrPost},
		{"in another grid", f.id("premises", "2"), func(*premises.Finding) {}, premises.ErrUnknown},
	} {
		finding := good
		tt.change(&finding)
		if _, err := premises.Inspect(ctx, f.app, worker, tt.id, finding, today); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestABlockIsDueWhenItsContractIsOver(t *testing.T) {
	f := newField(t)
	ctx, worker := f.worker(0)
	blocks := func(dueOnly bool, on string) []premises.Block {
		t.Helper()
		list, err := premises.Blocks(ctx, f.app, worker, "", dueOnly, day(on), 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got := blocks(true, "2026-01-01"); len(got) != 1 || got[0].Zone != "Z1" || got[0].SeenOn != nil || got[0].Unit != first {
		t.Errorf("never seen: %+v", got)
	}
	for _, on := range []string{"2026-01-10", "2026-01-03"} { // the second is late news
		if err := premises.See(ctx, f.app, worker, "Z1", day(on), day("2026-01-10")); err != nil {
			t.Fatal(err)
		}
	}
	if got := blocks(true, "2026-01-25"); len(got) != 0 {
		t.Errorf("on the fifteenth day: %+v", got)
	}
	if got := blocks(true, "2026-01-26"); len(got) != 1 || got[0].SeenOn.String() != "2026-01-10" || got[0].DueOn.String() != "2026-01-25" {
		t.Errorf("on the sixteenth day: %+v", got)
	}
	if err := premises.See(ctx, f.app, worker, "Z1", day("2026-01-11"), day("2026-01-10")); !errors.Is(err, premises.ErrSeen) {
		t.Errorf("tomorrow: %v", err)
	}
	stranger, other := f.worker(1)
	if err := premises.See(stranger, f.app, other, "Z1", day("2026-01-10"), day("2026-01-10")); !errors.Is(err, premises.ErrBlock) {
		t.Errorf("by the worker beside: %v", err)
	}
}

func TestAMarkIsKeptOnceAndFlaggedNotRefused(t *testing.T) {
	f := newField(t)
	ctx, worker := f.worker(0)
	gate := f.id("checkpoint", "A")
	_, planner := stafftest.Hold(t, f.db, staff.Planner, f.units[0])
	plans := pg.WithAccount(t.Context(), fmt.Sprint(planner.Account))
	code, err := premises.CodeOf(plans, f.app, planner, gate)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := premises.CodeOf(ctx, f.app, worker, gate); !errors.Is(err, premises.ErrCheckpoint) {
		t.Errorf("a worker reads the code: %v", err)
	}
	if _, err := premises.CodeOf(ctx, f.app, staff.Local, gate); !errors.Is(err, premises.ErrCheckpoint) {
		t.Errorf("behind the second wall alone: %v", err)
	}
	near, far := ledgertest.At(.5001, .5), ledgertest.At(.6, .5)
	mark := func(by premises.Way, at *geo.Point, accuracy float64, code string) premises.NewMark {
		return premises.NewMark{ID: uuid.New(), Checkpoint: gate, By: by, At: at, Accuracy: accuracy, Code: code, MarkedAt: time.Now().Add(-time.Minute)}
	}
	for _, tt := range []struct {
		name  string
		mark  premises.NewMark
		flags []string
	}{
		{"near", mark(premises.ByGPS, &near, 5, ""), []string{}},
		{"far", mark(premises.ByGPS, &far, 5, ""), []string{premises.Far}},
		{"no idea where", mark(premises.ByGPS, &far, 5000, ""), []string{premises.Unsure}},
		{"with the code", mark(premises.ByQR, nil, 0, strings.ToUpper(code)), []string{}},
		{"with another code", mark(premises.ByNFC, &near, 5, uuid.NewString()), []string{premises.Code}},
		{"with nonsense, from afar", mark(premises.ByQR, &far, 0, "hello"), []string{premises.Far, premises.Code}},
	} {
		for i, want := range []bool{true, false} {
			if stored, err := premises.Mark(ctx, f.app, worker, tt.mark, time.Now()); err != nil || stored != want {
				t.Fatalf("%s, time %d: stored %v, %v", tt.name, i, stored, err)
			}
		}
		marks, err := premises.Marks(ctx, f.app, worker, gate, 100)
		i := slices.IndexFunc(marks, func(m premises.Marked) bool { return m.ID == tt.mark.ID })
		if err != nil || i < 0 || !slices.Equal(marks[i].Flags, tt.flags) {
			t.Errorf("%s: %+v, %v; want %v", tt.name, marks, err, tt.flags)
		}
	}
	good := mark(premises.ByGPS, &near, 5, "")
	for _, tt := range []struct {
		name   string
		change func(*premises.NewMark)
		want   error
	}{
		{"by smell", func(m *premises.NewMark) { m.By = "smell" }, premises.ErrWay},
		{"by gps without a place", func(m *premises.NewMark) { m.At = nil }, premises.ErrWay},
		{"by a code without one", func(m *premises.NewMark) { m.By = premises.ByQR }, premises.ErrWay},
		{"in 1901", func(m *premises.NewMark) { m.MarkedAt = time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC) }, premises.ErrMarkTime},
		{"tomorrow", func(m *premises.NewMark) { m.MarkedAt = time.Now().Add(time.Hour) }, premises.ErrMarkTime},
		{"nowhere", func(m *premises.NewMark) { m.Checkpoint = 1 << 40 }, premises.ErrCheckpoint},
		{"in another grid", func(m *premises.NewMark) { m.Checkpoint = f.id("checkpoint", "B") }, premises.ErrCheckpoint},
	} {
		m := good
		tt.change(&m)
		if _, err := premises.Mark(ctx, f.app, worker, m, time.Now()); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := premises.Mark(ctx, f.app, worker, good, time.Now()); err != nil {
		t.Fatal(err)
	}
	beside, other := f.worker(1)
	theirs := good
	theirs.Checkpoint = f.id("checkpoint", "B")
	if _, err := premises.Mark(beside, f.app, other, theirs, time.Now()); !errors.Is(err, premises.ErrMarkTaken) {
		t.Errorf("the id of a mark that one does not see: %v", err)
	}
	if marks, err := premises.Marks(beside, f.app, staff.Local, gate, 100); !errors.Is(err, premises.ErrCheckpoint) {
		t.Errorf("marks of the grid beside, behind the second wall alone: %+v, %v", marks, err)
	}
}

func TestEachMissedCheckpointOfABeatIsNamed(t *testing.T) {
	f := newField(t)
	village := "310115001001"
	planning, planner := stafftest.Hold(t, f.db, staff.Planner, 0)
	gates := []int64{f.id("checkpoint", "B"), f.id("checkpoint", "A")}
	monday := day("2026-01-05").Start()
	plan := premises.Round{Name: "晨巡", Unit: village, Weekdays: []int16{5, 1}, Starts: 8 * 60, Ends: 10 * 60, Checkpoints: gates}
	b, err := premises.SetBeat(planning, f.app, planner, 0, plan)
	if err != nil || !slices.Equal(b.Checkpoints, gates) || !slices.Equal(b.Weekdays, []int16{1, 5}) {
		t.Fatalf("%+v, %v", b, err)
	}
	stands := func(since time.Time) {
		t.Helper()
		if _, err := f.db.Exec(t.Context(), `UPDATE beat SET updated_at = $1`, since); err != nil {
			t.Fatal(err)
		}
	}
	stands(monday.AddDate(0, 0, -30))
	ctx, leader := stafftest.Hold(t, f.db, staff.Worker, f.villageID(village))
	missed := func(at time.Time) (names []string) {
		t.Helper()
		list, err := premises.MissedOn(ctx, f.app, leader, staff.Record, "", geo.DayOf(at), at)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			names = append(names, m.CheckpointName)
		}
		return names
	}
	mark := func(at time.Time) {
		t.Helper()
		where := ledgertest.At(.5, .5)
		n := premises.NewMark{ID: uuid.New(), Checkpoint: gates[1], By: premises.ByGPS, At: &where, MarkedAt: at}
		if _, err := premises.Mark(ctx, f.app, leader, n, at); err != nil {
			t.Fatal(err)
		}
	}
	mark(monday.Add(10 * time.Hour))                                                      // the hours are over then
	for unit, want := range map[int64]int{0: 2, f.villageID(village): 2, f.units[0]: 0} { // of whom the beat is
		_, dispatcher := stafftest.Hold(t, f.db, staff.Dispatcher, unit)
		list, err := premises.MissedOn(t.Context(), f.db, dispatcher, staff.Supervise, "", geo.DayOf(monday), monday.Add(11*time.Hour))
		if err != nil || len(list) != want || want > 0 && (list[0].Unit != village || list[0].UnitName == "") {
			t.Errorf("who supervises unit %d reads %v, %v; want %d", unit, list, err, want)
		}
	}
	for _, tt := range []struct {
		name string
		at   time.Time
		want []string
	}{
		{"on a Sunday", monday.Add(-time.Minute), nil},
		{"while it is being walked", monday.Add(10*time.Hour - time.Minute), nil},
		{"when its hours are over", monday.Add(10 * time.Hour), []string{"西门", "东门"}},
	} {
		if got := missed(tt.at); !slices.Equal(got, tt.want) {
			t.Errorf("%s: missed %v, want %v", tt.name, got, tt.want)
		}
	}
	mark(monday.Add(8 * time.Hour))
	if got := missed(monday.Add(12 * time.Hour)); !slices.Equal(got, []string{"西门"}) {
		t.Errorf("after a mark: missed %v", got)
	}
	// Nobody missed what no beat asked for yet: it was made, or made another, in its hours.
	stands(monday.Add(8*time.Hour + time.Minute))
	if got := missed(monday.Add(12 * time.Hour)); got != nil {
		t.Errorf("before there was such a beat: missed %v", got)
	}
	since := func() (at time.Time) {
		t.Helper()
		if err := f.db.QueryRow(t.Context(), `SELECT updated_at FROM beat WHERE id = $1`, b.ID).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, tt := range []struct {
		name   string
		change func(*premises.Round)
		anew   bool
	}{
		{"another name", func(p *premises.Round) { p.Name = "早巡" }, false},
		{"other hours", func(p *premises.Round) { p.Ends++ }, true},
		{"other days", func(p *premises.Round) { p.Weekdays = []int16{1} }, true},
		{"fewer checkpoints", func(p *premises.Round) { p.Checkpoints = gates[:1] }, true},
	} {
		stands(monday)
		tt.change(&b.Round)
		if b, err = premises.SetBeat(planning, f.app, planner, b.ID, b.Round); err != nil {
			t.Fatal(err)
		}
		if got := !since().Equal(monday); got != tt.anew {
			t.Errorf("%s: it is another beat: %v", tt.name, got)
		}
	}
	if b, err = premises.SetBeat(planning, f.app, planner, b.ID, plan); err != nil {
		t.Fatal(err)
	}
	stands(monday.AddDate(0, 0, -30))
	// A checkpoint that was closed later was missed, one that is closed is not; and of days
	// whose marks are not kept nobody knows.
	for _, tt := range []struct {
		name   string
		closed *geo.Day
		later  int // days
		want   []string
	}{
		{"closed later", new(day("2026-01-06")), 0, []string{"西门"}},
		{"closed that day", new(day("2026-01-05")), 0, nil},
		{"while marks are kept", nil, 360, []string{"西门"}},
		{"when they were dropped", nil, 370, nil},
	} {
		if _, err := f.db.Exec(t.Context(), `UPDATE checkpoint SET closed_on = $1 WHERE id = $2`, tt.closed, gates[0]); err != nil {
			t.Fatal(err)
		}
		list, err := premises.MissedOn(ctx, f.app, leader, staff.Record, "", geo.DayOf(monday), monday.AddDate(0, 0, tt.later).Add(12*time.Hour))
		var names []string
		for _, m := range list {
			names = append(names, m.CheckpointName)
		}
		if err != nil || !slices.Equal(names, tt.want) {
			t.Errorf("%s: missed %v, %v; want %v", tt.name, names, err, tt.want)
		}
	}
	for _, tt := range []struct {
		name   string
		id     int64
		change func(*premises.Round)
		want   error
	}{
		{"no name", 0, func(p *premises.Round) { p.Name = " " }, premises.ErrPlan},
		{"an eighth day", 0, func(p *premises.Round) { p.Weekdays = []int16{8} }, premises.ErrPlan},
		{"a day twice", 0, func(p *premises.Round) { p.Weekdays = []int16{1, 1} }, premises.ErrPlan},
		{"it ends before it starts", 0, func(p *premises.Round) { p.Ends = p.Starts }, premises.ErrPlan},
		{"nothing to see", 0, func(p *premises.Round) { p.Checkpoints = nil }, premises.ErrPlan},
		{"a checkpoint twice", 0, func(p *premises.Round) { p.Checkpoints = []int64{gates[0], gates[0]} }, premises.ErrPlan},
		{"a checkpoint outside the unit", 0, func(p *premises.Round) { p.Unit = second }, premises.ErrStops},
		{"no unit", 0, func(p *premises.Round) { p.Unit = "none" }, premises.ErrBeatUnit},
		{"no beat", 1 << 40, func(*premises.Round) {}, premises.ErrBeat},
	} {
		p := plan
		tt.change(&p)
		if _, err := premises.SetBeat(planning, f.app, planner, tt.id, p); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := premises.SetBeat(ctx, f.app, leader, b.ID, plan); !errors.Is(err, premises.ErrBeatUnit) {
		t.Errorf("a worker changes a beat: %v", err)
	}
	if err := premises.RemoveBeat(ctx, f.app, leader, b.ID); !errors.Is(err, premises.ErrBeat) {
		t.Errorf("a worker removes a beat: %v", err)
	}
	if err := premises.RemoveBeat(planning, f.app, planner, b.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := premises.Beats(planning, f.app, planner, "", 0, 10); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func (f *field) villageID(code string) (id int64) {
	f.Helper()
	if err := f.db.QueryRow(f.Context(), `SELECT id FROM unit WHERE code = $1`, code).Scan(&id); err != nil {
		f.Fatal(err)
	}
	return id
}

func TestPlatesAreForWhoPutsThemUp(t *testing.T) {
	f := newField(t)
	list, err := premises.Plates(t.Context(), f.db, staff.Local, "")
	if err != nil || len(list) != 2 || list[0].Name != "东门" || list[0].Number != "A" || list[0].Unit != first || list[0].Code == list[1].Code {
		t.Fatalf("%+v, %v", list, err)
	}
	code, err := premises.CodeOf(t.Context(), f.db, staff.Local, f.id("checkpoint", "A"))
	if err != nil || code != list[0].Code {
		t.Errorf("the plate says %s, the checkpoint knows %s, %v", list[0].Code, code, err)
	}
	ctx, planner := stafftest.Hold(f, f.db, staff.Planner, f.units[1])
	if list, err = premises.Plates(ctx, f.app, planner, ""); err != nil || len(list) != 1 || list[0].Unit != second {
		t.Errorf("for a planner of the second grid: %+v, %v", list, err)
	}
	if list, err = premises.Plates(ctx, f.app, planner, first); !errors.Is(err, premises.ErrCheckpoint) {
		t.Errorf("of another grid: %+v, %v", list, err)
	}
	var village int64
	if err := f.db.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = $1`, first[:12]).Scan(&village); err != nil {
		t.Fatal(err)
	}
	ctx, planner = stafftest.Hold(f, f.db, staff.Planner, village)
	for unit, want := range map[string]int{"": 2, first[:12]: 2, first: 1, second: 1} {
		if list, err = premises.Plates(ctx, f.app, planner, unit); err != nil || len(list) != want {
			t.Errorf("for a planner of the village, in %q: %+v, %v; want %d", unit, list, err, want)
		}
		if beats, err := premises.Checkpoints(ctx, f.app, planner, unit, 0, 10); err != nil || len(beats) != want {
			t.Errorf("checkpoints for a planner of the village, in %q: %+v, %v; want %d", unit, beats, err, want)
		}
	}
	ctx, worker := f.worker(0)
	if list, err = premises.Plates(ctx, f.app, worker, ""); !errors.Is(err, premises.ErrCheckpoint) {
		t.Errorf("for a worker: %+v, %v", list, err)
	}
}
