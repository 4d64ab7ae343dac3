package grid_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func day(t testing.TB, s string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// box is a rectangle in lattice steps east and north of an invented place.
func box(x0, y0, x1, y1 int32) geo.MultiPolygon {
	const lon, lat = 1_150_000_000, 300_000_000
	return geo.MultiPolygon{{{{X: lon + x0, Y: lat + y0}, {X: lon + x1, Y: lat + y0}, {X: lon + x1, Y: lat + y1}, {X: lon + x0, Y: lat + y1}}}}
}

func publish(t testing.TB, db *pgxpool.Pool, level, on string, records ...plan.Record) {
	t.Helper()
	quiet := func(string, int64, int64) {}
	p, err := plan.New(t.Context(), db, staff.Local, plan.Source{Name: level, Preset: "community", Level: level, Day: day(t, on), Records: records}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Publish(t.Context(), db, staff.Local, p.ID, p.Revision, day(t, on), quiet); err != nil {
		t.Fatal(err)
	}
}

const village = "990101001001"

// twice is a village whose border between two grids moved on the first of March.
func twice(t testing.TB) *pgxpool.Pool {
	t.Helper()
	db := pgtest.Database(t)
	publish(t, db, "village", "2026-01-01", plan.Record{Code: village, Name: "康桥_50%", Area: box(0, 0, 20000, 10000)})
	for _, border := range []struct {
		on string
		x  int32
	}{{"2026-01-01", 10000}, {"2026-03-01", 5000}} {
		publish(t, db, "grid", border.on,
			plan.Record{Code: village + "001", Name: "West", Parent: village, Area: box(0, 0, border.x, 10000)},
			plan.Record{Code: village + "002", Name: "East", Parent: village, Area: box(border.x, 0, 20000, 10000)})
	}
	return db
}

func at(x, y int32) geo.Point { return geo.Point{X: 1_150_000_000 + x, Y: 300_000_000 + y} }

func TestAPlaceBelongsToTheUnitOfItsDay(t *testing.T) {
	db := twice(t)
	tests := []struct {
		name, on string
		place    geo.Point
		want     string
	}{
		{"before anything was published", "2025-12-31", at(7000, 5000), ""},
		{"before the border moved", "2026-02-28", at(7000, 5000), village + "001"},
		{"on the day it moved", "2026-03-01", at(7000, 5000), village + "002"},
		{"on the border: the lowest code", "2026-03-01", at(5000, 5000), village + "001"},
		{"one step beyond the border", "2026-03-01", at(5001, 5000), village + "002"},
		{"on the outer corner", "2026-03-01", at(0, 0), village + "001"},
		{"one step outside", "2026-03-01", at(-1, 0), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, ok, err := grid.At(t.Context(), db, staff.Local, day(t, tt.on), tt.place)
			if err != nil || ok != (tt.want != "") || u.Code != tt.want {
				t.Errorf("At = %q, %v, %v; want %q", u.Code, ok, err, tt.want)
			}
			index, list, err := grid.Index(t.Context(), db, day(t, tt.on))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if i, found := index.Find(tt.place); found {
				got = list[i].Code
			}
			if got != tt.want {
				t.Errorf("the index says %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAUnitHasOneVersionForEachStretchOfTime(t *testing.T) {
	db := twice(t)
	versions, err := grid.Versions(t.Context(), db, staff.Local, village+"001")
	if err != nil || len(versions) != 2 {
		t.Fatalf("versions %+v, %v; want 2", versions, err)
	}
	if v := versions[0]; v.ValidFrom != day(t, "2026-01-01") || v.ValidTo == nil || *v.ValidTo != day(t, "2026-03-01") || versions[1].ValidTo != nil {
		t.Errorf("versions %+v", versions)
	}
	before, err := grid.Boundary(t.Context(), db, staff.Local, day(t, "2026-02-01"), village+"001")
	if err != nil || before.Bound().Max != at(10000, 10000) {
		t.Errorf("the boundary in February: %v, %v", before, err)
	}
	_, err = grid.Boundary(t.Context(), db, staff.Local, day(t, "2025-02-01"), village+"001")
	if !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("the boundary a year before: %v, want %v", err, grid.ErrUnknownUnit)
	}
	if list, err := grid.Versions(t.Context(), db, staff.Local, "none"); err != nil || len(list) != 0 {
		t.Errorf("versions of nothing: %v, %v", list, err)
	}
}

func TestUnitsAreFoundByLevelParentStateAndText(t *testing.T) {
	db := twice(t)
	tests := []struct {
		name   string
		filter grid.Filter
		want   []string
	}{
		{"all", grid.Filter{}, []string{village, village + "001", village + "002"}},
		{"a level", grid.Filter{Level: "grid"}, []string{village + "001", village + "002"}},
		{"below a parent", grid.Filter{Parent: village}, []string{village + "001", village + "002"}},
		{"a state", grid.Filter{State: "complete"}, []string{village}},
		{"the beginning of a code", grid.Filter{Text: village + "00"}, []string{village + "001", village + "002"}},
		{"a part of a name, in any case", grid.Filter{Text: "eAs"}, []string{village + "002"}},
		{"a name in Chinese", grid.Filter{Text: "康桥"}, []string{village}},
		{"a per cent sign is one", grid.Filter{Text: "50%"}, []string{village}},
		{"an underscore is one", grid.Filter{Text: "_50"}, []string{village}},
		{"a wildcard is none", grid.Filter{Text: "%t"}, nil},
		{"after a code", grid.Filter{After: village + "001"}, []string{village + "002"}},
		{"an unknown level", grid.Filter{Level: "moon"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.filter.Limit = 10
			list, err := grid.Units(t.Context(), db, staff.Local, day(t, "2026-03-01"), tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range list {
				got = append(got, u.Code)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if n, err := grid.Count(t.Context(), db, staff.Local, day(t, "2026-03-01"), tt.filter); err != nil || tt.filter.After == "" && n != len(tt.want) {
				t.Errorf("Count = %d, %v; want %d", n, err, len(tt.want))
			}
		})
	}
}

func TestAUnitKnowsItsPlaceInTheHierarchy(t *testing.T) {
	db := twice(t)
	on := day(t, "2026-03-01")
	u, err := grid.ByCode(t.Context(), db, staff.Local, on, village+"002")
	if err != nil || u.Parent != village || u.Level != "grid" || u.Preset != "community" || u.State != "undivided" || u.ValidFrom != on {
		t.Fatalf("%+v, %v", u, err)
	}
	if b := box(5000, 0, 20000, 10000).Bound(); u.Bound != [4]float64{b.Min.Degrees()[0], b.Min.Degrees()[1], b.Max.Degrees()[0], b.Max.Degrees()[1]} {
		t.Errorf("bbox %v", u.Bound)
	}
	chain, err := grid.Chain(t.Context(), db, staff.Local, on, u.ID)
	if err != nil || len(chain) != 2 || chain[0].Code != village || chain[1].Code != u.Code {
		t.Errorf("chain %+v, %v; want the village and the grid", chain, err)
	}
	tops, err := grid.Tops(t.Context(), db, staff.Local, on)
	if err != nil || len(tops) != 1 || tops[0].Code != village || tops[0].Children != 2 {
		t.Errorf("tops %+v, %v", tops, err)
	}
	zh, en, err := grid.Post(t.Context(), db, "grid")
	if err != nil || zh != "网格长" || en == "" {
		t.Errorf("post %q %q, %v", zh, en, err)
	}
}

func TestNearABorderTheNeighbourIsTold(t *testing.T) {
	db := twice(t)
	on := day(t, "2026-03-01")
	for _, tt := range []struct {
		name  string
		place geo.Point
		want  string
		near  float64
	}{
		{"5 m from the border", at(4500, 5000), village + "002", 4.8},
		{"on the border", at(5000, 5000), village + "002", 0},
		{"40 m away", at(800, 5000), "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u, ok, err := grid.At(t.Context(), db, staff.Local, on, tt.place)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			hint, err := grid.NearBorder(t.Context(), db, staff.Local, on, tt.place, u)
			if err != nil || (hint != nil) != (tt.want != "") {
				t.Fatalf("hint %+v, %v; want %q", hint, err, tt.want)
			}
			if hint != nil && (hint.Code != tt.want || hint.Distance < tt.near-0.1 || hint.Distance > tt.near+0.1) {
				t.Errorf("hint %+v, want %s at %.1f m", hint, tt.want, tt.near)
			}
		})
	}
}

func TestTheSixHierarchiesOfTheCasesAreThere(t *testing.T) {
	tx := pgtest.Tx(t)
	presets, err := grid.Presets(t.Context(), tx, staff.Local)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"town-cluster": "town cluster village micro-grid building-group",
		"urban":        "town village grid micro-grid",
		"rural":        "county town village group block",
		"organisation": "party-committee grid-team building contact-household",
		"community":    "village grid building stairwell",
		"town-grid":    "town village grid micro-grid",

		"county-cluster": "county town cluster village micro-grid building-group", // large sizes of the demo town
	}
	for _, p := range presets {
		levels := ""
		for i, l := range p.Levels {
			if l.Depth != i {
				t.Errorf("%s: level %s has depth %d, want %d", p.Code, l.Level, l.Depth, i)
			}
			levels += " " + l.Level
		}
		if !p.Builtin || levels != " "+want[p.Code] || p.TitleZh == "" || p.TitleEn == "" {
			t.Errorf("%s:%s, want %s", p.Code, levels, want[p.Code])
		}
		delete(want, p.Code)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

func TestAnOperatorAddsALevelAndAHierarchyOfTheirOwn(t *testing.T) {
	tx := pgtest.Tx(t)
	ctx := t.Context()
	lane := grid.Level{Code: "lane", Rank: 65, TitleZh: "弄", TitleEn: "Lane", PostZh: "弄长", PostEn: "Lane head"}
	if err := grid.AddLevel(ctx, tx, staff.Local, lane); err != nil {
		t.Fatal(err)
	}
	preset := grid.Preset{Code: "lanes", TitleZh: "弄堂", TitleEn: "Lanes", Levels: []grid.PresetLevel{{Level: "village"}, {Level: "lane", Digits: 2}}}
	if err := grid.AddPreset(ctx, tx, staff.Local, preset); err != nil {
		t.Fatal(err)
	}
	got, err := grid.PresetByCode(ctx, tx, staff.Local, "lanes")
	if err != nil || got.Builtin || len(got.Levels) != 2 || got.Levels[1] != (grid.PresetLevel{Level: "lane", Depth: 1, Digits: 2}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if depth, err := got.Depth("lane"); depth != 1 || err != nil {
		t.Errorf("Depth = %d, %v", depth, err)
	}
	if _, err := got.Depth("grid"); !errors.Is(err, grid.ErrUnknownLevel) {
		t.Errorf("Depth of a level it has not: %v", err)
	}
	levels, err := grid.Levels(ctx, tx, staff.Local, grid.Today())
	if err != nil || !slices.IsSortedFunc(levels, func(a, b grid.Level) int { return a.Rank - b.Rank }) {
		t.Errorf("levels are not from top to bottom: %v, %v", levels, err)
	}
	rows, err := audit.Search(ctx, tx, staff.Local, audit.Filter{Action: "add"}, 0, 10)
	if err != nil || len(rows) != 2 {
		t.Errorf("audit %+v, %v; want one row for each", rows, err)
	}

	refusals := []struct {
		name string
		do   func(pgx.Tx) error
		want error
	}{
		{"a level with a code in use", func(tx pgx.Tx) error {
			return grid.AddLevel(ctx, tx, staff.Local, grid.Level{Code: "lane", Rank: 66, TitleZh: "x", TitleEn: "x"})
		}, grid.ErrLevelExists},
		{"a level with a rank in use", func(tx pgx.Tx) error {
			return grid.AddLevel(ctx, tx, staff.Local, grid.Level{Code: "alley", Rank: 65, TitleZh: "x", TitleEn: "x"})
		}, grid.ErrLevelExists},
		{"a hierarchy with a code in use", func(tx pgx.Tx) error { return grid.AddPreset(ctx, tx, staff.Local, preset) }, grid.ErrPresetExists},
		{"a level that is none", func(tx pgx.Tx) error {
			return grid.AddPreset(ctx, tx, staff.Local, grid.Preset{Code: "p", TitleZh: "x", TitleEn: "x", Levels: []grid.PresetLevel{{Level: "moon"}}})
		}, grid.ErrUnknownLevel},
		{"upside down", func(tx pgx.Tx) error {
			return grid.AddPreset(ctx, tx, staff.Local, grid.Preset{Code: "p", TitleZh: "x", TitleEn: "x", Levels: []grid.PresetLevel{{Level: "grid"}, {Level: "town"}}})
		}, grid.ErrPresetOrder},
		{"one level twice", func(tx pgx.Tx) error {
			return grid.AddPreset(ctx, tx, staff.Local, grid.Preset{Code: "p", TitleZh: "x", TitleEn: "x", Levels: []grid.PresetLevel{{Level: "grid"}, {Level: "grid"}}})
		}, grid.ErrPresetOrder},
		{"a hierarchy nobody made", func(tx pgx.Tx) error { _, err := grid.PresetByCode(ctx, tx, staff.Local, "p"); return err }, grid.ErrUnknownPreset},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			sub, err := tx.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = sub.Rollback(ctx) }()
			if err := tt.do(sub); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestZonesOverlapAndAreDated(t *testing.T) {
	tx := pgtest.Tx(t)
	end := day(t, "2026-06-01")
	zones := []grid.Zone{
		{Code: "Z1", Kind: "shop-block", Name: "商圈", ValidFrom: day(t, "2026-01-01"), ValidTo: &end, Area: box(0, 0, 100, 100)},
		{Code: "Z2", Kind: "enterprise", Name: "园区", ValidFrom: day(t, "2026-02-01"), Area: box(50, 50, 150, 150)},
	}
	if err := grid.AddZones(t.Context(), tx, staff.Local, zones); err != nil {
		t.Fatal(err)
	}
	for on, want := range map[string]string{"2025-12-31": "", "2026-01-01": "Z1 ", "2026-02-01": "Z1 Z2 ", "2026-06-01": "Z2 "} {
		list, err := grid.Zones(t.Context(), tx, staff.Local, day(t, on))
		got := ""
		for _, z := range list {
			got += z.Code + " "
		}
		if err != nil || got != want {
			t.Errorf("zones on %s: %q, %v; want %q", on, got, err, want)
		}
	}
	add := func(z grid.Zone) error {
		sub, err := tx.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = sub.Rollback(t.Context()) }()
		return grid.AddZones(t.Context(), sub, staff.Local, []grid.Zone{z})
	}
	if err := add(zones[0]); !errors.Is(err, grid.ErrZoneExists) {
		t.Errorf("a code in use: %v", err)
	}
	backwards := zones[1]
	backwards.Code, backwards.ValidTo = "Z3", &zones[0].ValidFrom
	if err := add(backwards); !errors.Is(err, grid.ErrZoneDates) || fault.Of(err) == nil {
		t.Errorf("a zone that ends before it begins: %v", err)
	}
}

func TestWhoeverAssignsAndWhoeverPublishesTakeTurns(t *testing.T) {
	db := pgtest.Database(t)
	assigning, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := grid.HoldBoundaries(t.Context(), assigning); err != nil {
		t.Fatal(err)
	}
	other, err := db.Begin(t.Context()) // many may assign at once
	if err != nil {
		t.Fatal(err)
	}
	if err := grid.HoldBoundaries(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	publishing, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := grid.ChangeBoundaries(short, publishing); err == nil {
		t.Error("somebody publishes while somebody assigns")
	}
	_ = publishing.Rollback(context.WithoutCancel(t.Context()))
	if err := assigning.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error { return grid.ChangeBoundaries(t.Context(), tx) })
	if err != nil {
		t.Errorf("nobody assigns any more: %v", fmt.Errorf("publish: %w", err))
	}
}
