package bench

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/geo"
	"wangge/geo/pg/pgtest"
	"wangge/geo/topology"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// Benchmarks run on a small data set, so that none rots; tiles/bench does the
// same for its own.
func TestBenchmarksRun(t *testing.T) {
	for _, b := range []Benchmark{assign(), households()} {
		t.Run(b.Name, func(t *testing.T) {
			open := func(context.Context) (Lab, func(), error) {
				return Lab{Pool: pgtest.Database(t), Say: t.Logf, Scale: 0.01}, func() {}, nil
			}
			rows, err := Run(t.Context(), []Benchmark{b}, open)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if r.Name == "" || r.Unit == "" || r.DataSet == "" || r.Ours < 0 {
					t.Errorf("row %+v lacks something", r)
				}
			}
			if len(rows) == 0 {
				t.Error("no rows")
			}
		})
	}
}

func TestChoose(t *testing.T) {
	if all, err := Choose(""); err != nil || len(all) != len(All()) {
		t.Errorf("Choose(\"\") = %d, %v; want all", len(all), err)
	}
	if one, err := Choose("assign"); err != nil || len(one) != 1 {
		t.Errorf("Choose(assign) = %d, %v; want one", len(one), err)
	}
	if _, err := Choose("speed"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "assign") {
		t.Errorf("Choose(speed) = %v, want %v with the names", err, ErrUnknown)
	}
}

func TestTheCountyHasNoSeams(t *testing.T) {
	board := newCounty(6)
	var parts []topology.Part
	for _, u := range board.grids() {
		parts = append(parts, topology.Part{Code: u.Code, Area: u.Area})
	}
	whole := topology.Union(func() (areas []geo.MultiPolygon) {
		for _, p := range parts {
			areas = append(areas, p.Area)
		}
		return areas
	}()...)
	if faults := topology.Check(whole, parts); len(faults) > 0 {
		t.Errorf("%d faults, first %+v", len(faults), faults[0])
	}
	if got := len(parts[0].Area[0][0]); got != 60 {
		t.Errorf("a grid has %d vertices, want 60", got)
	}
}

func TestTableAndFileSayTheSame(t *testing.T) {
	rows := []Row{less("a", 2, 10, "s", "small"), less("b", 1234.5, 0, "MB", "small")}
	var table strings.Builder
	if err := Print(&table, rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5.0×", "1234", "–"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table does not show %q:\n%s", want, &table)
		}
	}
	file := filepath.Join(t.TempDir(), "bench.json")
	if err := WriteFile(file, rows); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var back []Row
	if err := json.Unmarshal(text, &back); err != nil || back[0] != rows[0] || back[1] != rows[1] {
		t.Errorf("file = %s, %v; want %+v", text, err, rows)
	}
	if !strings.Contains(string(text), `"data_set"`) {
		t.Errorf("the file lacks data_set: %s", text)
	}
}
