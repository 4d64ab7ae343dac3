package servicepoint_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var at = ledgertest.LonLat

func options() ledger.Options { return ledger.Options{Source: "list", Confirm: "test town"} }

func load(t *testing.T, db pg.DB, rows ledger.Rows) ledger.Report {
	t.Helper()
	report, err := servicepoint.Import(t.Context(), db, staff.Local, rows, options())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func list(t *testing.T, db pg.DB, day geo.Day, f servicepoint.Filter) []servicepoint.Point {
	t.Helper()
	f.Limit = 1000
	all, err := servicepoint.List(t.Context(), db, staff.Local, day, f)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func day(t *testing.T, s string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const header = "编号,名称,级别,地址,服务功能,开放时间,服务事项,容量,无障碍,状态,启用日期,停用日期,经度,纬度"

func TestPointsComeWithTheirFunctionsAndLife(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	report := load(t, tx, ledgertest.CSV(t, header,
		"1,第一站,站,某路1号,一窗受理、为老服务,Mo-Fr 09:00-17:00,社保;医保,20,是,运行,2020-01-01,,"+at(0.5, 0.5),
		"2,第二点,点,某路2号,社区食堂,,,,否,运行,2020-01-01,2022-06-30,"+at(1.5, 0.5),
		"3,第三点,点,,听不懂的,,,,,试点,,,"+at(1.5, 1.5),
	))
	if report.New != 3 || report.Refused != 0 || len(report.Notes) != 1 {
		t.Fatalf("report = %+v", report)
	}
	all := list(t, tx, day(t, "2021-01-01"), servicepoint.Filter{})
	first, second, third := all[0], all[1], all[2]
	if first.State != servicepoint.Active || first.Tier != "station" || *first.Capacity != 20 || !*first.StepFree || len(first.Functions) != 2 ||
		first.Functions[0].Function != "elderly-care" || first.Functions[0].Hours != "Mo-Fr 09:00-17:00" || !slices.Equal(first.Functions[0].Items, []string{"社保", "医保"}) {
		t.Errorf("first = %+v", first)
	}
	if second.State != servicepoint.Active || len(second.States) != 2 || third.State != "" || third.Functions[0].Function != "other" {
		t.Errorf("second = %+v, third = %+v", second, third)
	}
	now := list(t, tx, grid.Today(), servicepoint.Filter{})
	if now[1].State != servicepoint.Closed || now[2].State != servicepoint.Pilot || now[0].Unit != "310115001001001" {
		t.Errorf("today = %+v", now)
	}
	if n := len(list(t, tx, grid.Today(), servicepoint.Filter{Function: "canteen", State: servicepoint.Active})); n != 0 {
		t.Errorf("%d active canteens, want 0", n)
	}
	if n := len(list(t, tx, day(t, "2021-01-01"), servicepoint.Filter{Function: "canteen", State: servicepoint.Active})); n != 1 {
		t.Errorf("%d active canteens in 2021, want 1", n)
	}
	again := load(t, tx, ledgertest.CSV(t, header, "1,第一站,站,某路1号,一窗受理、为老服务,Mo-Fr 09:00-17:00,社保;医保,20,是,运行,2020-01-01,,"+at(0.5, 0.5)))
	if again.Unchanged != 1 || again.Changed != 0 {
		t.Errorf("again = %+v", again)
	}
}

func TestALaterFileChangesTheStateFromToday(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	row := "1,第一站,站,,为老服务,,,,,%s,2020-01-01,,%s"
	load(t, tx, ledgertest.CSV(t, header, fmt.Sprintf(row, "运行", at(0.5, 0.5))))
	report := load(t, tx, ledgertest.CSV(t, header, fmt.Sprintf(row, "暂停", at(0.5, 0.5))))
	p := list(t, tx, grid.Today(), servicepoint.Filter{})[0]
	if report.Changed != 1 || p.State != servicepoint.Paused || len(p.States) != 2 || p.States[0].State != servicepoint.Active {
		t.Errorf("report = %+v, point = %+v", report, p)
	}
	report = load(t, tx, ledgertest.CSV(t, "编号,名称,服务功能,经度,纬度", "1,新名,为老服务,"+at(0.6, 0.5)))
	if p = list(t, tx, grid.Today(), servicepoint.Filter{})[0]; p.State != servicepoint.Paused || p.Name != "新名" {
		t.Errorf("a file without states changed one: %+v", p)
	}
	full := options()
	full.Full, full.CloseAbsent = true, true
	got, err := servicepoint.Import(t.Context(), tx, staff.Local, ledgertest.CSV(t, header, fmt.Sprintf("2"+row[1:], "运行", at(0.5, 0.5))), full)
	if err != nil || got.Closed != 1 {
		t.Fatalf("report = %+v, %v", got, err)
	}
	if p = list(t, tx, grid.Today(), servicepoint.Filter{})[0]; p.State != servicepoint.Closed {
		t.Errorf("the absent point is %s", p.State)
	}
}

func TestNullAndEmptyGeometriesAreReported(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	p := ledgertest.Degrees(0.5, 0.5)
	text := fmt.Sprintf(`{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"name":"甲","main_type":"銀髮族服務"},"geometry":{"type":"Point","coordinates":[%v,%v]}},
		{"type":"Feature","properties":{"name":"乙","main_type":"身障機構"},"geometry":null},
		{"type":"Feature","properties":{"name":"丙"},"geometry":{"type":"Polygon","coordinates":[[[121.5,31.1],[121.6,31.1],[121.6,31.2],[121.5,31.1]]]}},
		{"type":"Feature","properties":{"main_type":"身障機構"},"geometry":{"type":"Point","coordinates":[%v,%v]}}]}`, p[0], p[1], p[0], p[1])
	f, err := vectorfile.Read(t.Context(), "points.geojson", strings.NewReader(text), int64(len(text)), vectorfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	report := load(t, tx, ledger.FromFile(f))
	if report.New != 1 || report.Refused != 3 {
		t.Fatalf("report = %+v", report)
	}
	var codes []string
	for _, r := range report.Refusals {
		codes = append(codes, fmt.Sprint(r.Line, r.Code))
	}
	if want := []string{"2no_place", "3not_a_point", "4missing"}; !slices.Equal(codes, want) {
		t.Errorf("refusals = %v, want %v", codes, want)
	}
}

func TestTheLifeCycleIsKept(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	place := ledgertest.At(0.5, 0.5)
	d := servicepoint.Details{Name: "流动站", Mobile: true,
		Functions: []servicepoint.Function{{Function: "medical", Sessions: "FREQ=WEEKLY;BYDAY=TU"}},
		Stops:     []servicepoint.Stop{{Name: "村口", Hours: "Tu 09:00-11:00", Point: ledgertest.Degrees(0.2, 0.2)}}}
	p, err := servicepoint.Add(t.Context(), tx, staff.Local, d, place, servicepoint.Proposed, day(t, "2024-01-01"))
	if err != nil || p.Unit == "" || len(p.Stops) != 1 || p.Stops[0].Name != "村口" || p.Functions[0].Sessions == "" {
		t.Fatalf("point = %+v, %v", p, err)
	}
	steps := []struct {
		state servicepoint.State
		from  string
		want  error
	}{
		{servicepoint.Paused, "2024-02-01", servicepoint.ErrTransition},
		{servicepoint.Pilot, "2024-02-01", nil},
		{servicepoint.Active, "2024-01-15", servicepoint.ErrOrder},
		{servicepoint.Active, "2024-03-01", nil},
		{servicepoint.Paused, "2024-03-01", nil}, // the same day again replaces it
		{servicepoint.Closed, "2024-04-01", nil},
		{servicepoint.Paused, "2024-05-01", servicepoint.ErrTransition},
		{"asleep", "2024-05-01", servicepoint.ErrTransition},
		{servicepoint.Active, "2024-05-01", nil},
	}
	for _, s := range steps {
		if _, err := servicepoint.SetState(t.Context(), tx, staff.Local, p.ID, s.state, day(t, s.from)); !errors.Is(err, s.want) || (err == nil) != (s.want == nil) {
			t.Errorf("%s from %s: %v, want %v", s.state, s.from, err, s.want)
		}
	}
	for date, want := range map[string]servicepoint.State{
		"2023-12-31": "", "2024-01-31": servicepoint.Proposed, "2024-02-29": servicepoint.Pilot, "2024-03-01": servicepoint.Paused,
		"2024-04-30": servicepoint.Closed, "2024-05-01": servicepoint.Active,
	} {
		if got, err := servicepoint.Get(t.Context(), tx, staff.Local, day(t, date), p.ID); err != nil || got.State != want {
			t.Errorf("on %s: %q, %v; want %q", date, got.State, err, want)
		}
	}
	if _, err := servicepoint.SetState(t.Context(), tx, staff.Local, 999_999, servicepoint.Active, day(t, "2024-05-01")); !errors.Is(err, servicepoint.ErrUnknown) {
		t.Errorf("unknown point: %v", err)
	}
}

func TestWrongDetailsAreRefused(t *testing.T) {
	pool := pgtest.Database(t)
	ok := ledgertest.At(0.5, 0.5)
	for _, tt := range []struct {
		name string
		d    servicepoint.Details
		at   geo.Point
		want error
	}{
		{"no name", servicepoint.Details{}, ok, servicepoint.ErrName},
		{"zero, zero", servicepoint.Details{Name: "a"}, geo.Point{}, servicepoint.ErrPlace},
		{"unknown tier", servicepoint.Details{Name: "a", Tier: "palace"}, ok, servicepoint.ErrTier},
		{"unknown function", servicepoint.Details{Name: "a", Functions: []servicepoint.Function{{Function: "magic"}}}, ok, servicepoint.ErrFunction},
		{"a function twice", servicepoint.Details{Name: "a", Functions: []servicepoint.Function{{Function: "study"}, {Function: "study"}}}, ok, servicepoint.ErrTwice},
		{"stops of a house", servicepoint.Details{Name: "a", Stops: []servicepoint.Stop{{Point: orb.Point{121.5, 31.2}}}}, ok, servicepoint.ErrStops},
	} {
		if _, err := servicepoint.Add(t.Context(), pool, staff.Local, tt.d, tt.at, servicepoint.Active, grid.Today()); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	p, err := servicepoint.Add(t.Context(), pool, staff.Local, servicepoint.Details{Name: "a"}, ok, servicepoint.Active, grid.Today())
	if err != nil {
		t.Fatal(err)
	}
	edited, err := servicepoint.Edit(t.Context(), pool, staff.Local, grid.Today(), p.ID, servicepoint.Details{Name: "b", Tier: "center"}, ledgertest.At(0.6, 0.5))
	if err != nil || edited.Name != "b" || edited.Tier != "center" || edited.Place == p.Place {
		t.Errorf("edited = %+v, %v", edited, err)
	}
}

func TestRealServicePointsOfACity(t *testing.T) {
	for _, tt := range []struct {
		file         string
		new, refused int
	}{
		{"taipei/socl_welfare_organization_plc.geojson", 543, 35}, // 35 stand in it twice
		{"taipei/patrol_rain_floodgate.geojson", 73, 1},           // one null geometry
	} {
		t.Run(tt.file, func(t *testing.T) {
			report := load(t, pgtest.Tx(t), ledgertest.Real(t, tt.file))
			if report.New != tt.new || report.Refused != tt.refused {
				t.Errorf("new %d, refused %d; want %d, %d: %+v", report.New, report.Refused, tt.new, tt.refused, report.Refusals)
			}
			t.Log(report.Notes, report.Unknown, report.IDFrom)
		})
	}
}
