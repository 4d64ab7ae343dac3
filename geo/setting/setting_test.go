package setting_test

import (
	"errors"
	"testing"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/grid"
	"wangge/geo/layer"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/setting"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestSettingsAreKeptAndTheChangeIsOnRecord(t *testing.T) {
	db := pgtest.Database(t)
	got, err := setting.Get(t.Context(), db, staff.Local)
	if err != nil || got != (setting.Settings{}) {
		t.Fatalf("at first: %+v, %v", got, err)
	}
	want := setting.Settings{Attribution: `测绘院 "2026" \ <b>`, ReviewNumber: "GS(2026)0001号"}
	for range 2 { // the same again is no error
		if err := setting.Put(t.Context(), db, staff.Actor{Name: "operator", Grants: staff.Local.Grants}, want); err != nil {
			t.Fatal(err)
		}
	}
	if got, err = setting.Get(t.Context(), db, staff.Local); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	rows, err := audit.Search(t.Context(), db, staff.Local, audit.Filter{Subject: "setting"}, 0, 10)
	if err != nil || len(rows) != 2 || rows[0].Actor != "operator" || rows[0].Subject != "setting" {
		t.Errorf("audit %+v, %v", rows, err)
	}
}

func TestSettingsDoNotMakeDataInvented(t *testing.T) {
	db := pgtest.Database(t)
	if err := setting.Put(t.Context(), db, staff.Local, setting.Settings{Demo: true}); err != nil {
		t.Fatal(err)
	}
	if got, err := setting.Get(t.Context(), db, staff.Local); err != nil || got.Demo {
		t.Errorf("%+v, %v; demo is not for a caller to set", got, err)
	}
}

func TestTheDemoTownIsClearedAndNothingElse(t *testing.T) {
	db := pgtest.Database(t)
	empty := func() bool {
		t.Helper()
		e, err := setting.Empty(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	fill := func() {
		t.Helper()
		quiet := func(string, int64, int64) {}
		day, err := geo.ParseDay("2026-01-01")
		if err != nil {
			t.Fatal(err)
		}
		area := geo.MultiPolygon{{{{X: 0, Y: 0}, {X: 900, Y: 0}, {X: 900, Y: 900}}}}
		p, err := plan.New(t.Context(), db, staff.System, plan.Source{Name: "x", Preset: "community", Level: "village", Day: day,
			Records: []plan.Record{{Code: "1", Name: "x", Area: area}}}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Publish(t.Context(), db, staff.System, p.ID, p.Revision, day, quiet); err != nil {
			t.Fatal(err)
		}
	}
	if !empty() {
		t.Error("a new database is not empty")
	}
	fill()
	if empty() {
		t.Error("a database with a unit is empty")
	}
	if err := setting.ClearDemo(t.Context(), db, staff.Local); !errors.Is(err, setting.ErrNotDemo) {
		t.Fatalf("real data cleared: %v, want %v", err, setting.ErrNotDemo)
	}

	if err := setting.MarkDemo(t.Context(), db, true); err != nil { // from here they are invented, and were cut short
		t.Fatal(err)
	}
	if !empty() {
		t.Error("a demo town that was cut short is not cleared and begun again")
	}
	fill()
	if err := setting.MarkDemo(t.Context(), db, true); err != nil {
		t.Fatal(err)
	}
	if err := setting.FinishDemo(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if empty() {
		t.Error("a finished demo town is loaded again")
	}
	// Rules of the demo town, one of which its draft uses, and rules of the whole installation.
	if _, err := db.Exec(t.Context(), `
		INSERT INTO rule_set (title_zh, title_en, area_id, created_by) VALUES ('镇', 'town', (SELECT max(id) FROM unit), 't'), ('全', 'whole', NULL, 't');
		INSERT INTO rule (set_id, ordinal, kind, hard) SELECT id, 1, 'contiguous', false FROM rule_set WHERE title_en = 'town';
		UPDATE plan SET rule_set_id = (SELECT id FROM rule_set WHERE title_en = 'town');
		INSERT INTO waiver (plan_id, rule_id, ordinal, reason, waived_by) SELECT p.id, r.id, 1, 'x', 't' FROM plan p, rule r JOIN rule_set s ON s.id = r.set_id AND s.title_en = 'town'`); err != nil {
		t.Fatal(err)
	}
	before, err := layer.Versions(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if err := setting.ClearDemo(t.Context(), db, staff.Local); err != nil {
		t.Fatal(err)
	}
	if units, err := grid.AllInForce(t.Context(), db, grid.Today()); err != nil || len(units) != 0 {
		t.Errorf("%d units are left, %v", len(units), err)
	}
	var sets, waivers int
	if err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM rule_set WHERE NOT builtin), (SELECT count(*) FROM waiver)`).Scan(&sets, &waivers); err != nil || sets != 1 || waivers != 0 {
		t.Errorf("%d sets of rules and %d waivers are left, %v; want the one of the whole installation", sets, waivers, err)
	}
	after, err := layer.Versions(t.Context(), db)
	if err != nil || after["grid"] <= before["grid"] {
		t.Errorf("the map does not hear of it: version %d, then %d, %v", before["grid"], after["grid"], err)
	}
	if err := setting.KeepEmpty(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if empty() {
		t.Error("a demo town that was cleared on purpose is loaded again")
	}
	if err := setting.ClearDemo(t.Context(), db, staff.Local); !errors.Is(err, setting.ErrNotDemo) {
		t.Errorf("cleared twice: %v, want %v", err, setting.ErrNotDemo)
	}
}
