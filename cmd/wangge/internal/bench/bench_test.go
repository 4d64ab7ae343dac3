package bench

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/pg/pgtest"
	"wangge/geo/topology"
	tilebench "wangge/tiles/bench"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func lab(t testing.TB, scale Scale) Lab {
	return Lab{
		Database: func(context.Context) (*pgxpool.Pool, error) { return pgtest.Database(t), nil },
		Say:      t.Logf,
		Scale:    scale,
	}
}

// Benchmarks run on a small data set, so that none rots. That of tiles is run by
// the tests of its own package.
func TestBenchmarksRun(t *testing.T) {
	for _, b := range []Benchmark{assign(), households(), publish(), comparisons(), edits(), onFoot(), drag(), sites(), matching(), storms(), reports()} {
		t.Run(b.Name, func(t *testing.T) {
			rows, err := Run(t.Context(), []Benchmark{b}, lab(t, Smoke))
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 {
				t.Error("no rows")
			}
			for _, r := range rows {
				if !within(r.Name, b.Name) || r.Unit == "" || r.Data == "" || r.Ours <= 0 {
					t.Errorf("row %+v lacks something", r)
				}
				if r.Peer > 0 && r.Ratio <= 0 {
					t.Errorf("row %s has a peer and no ratio", r.Name)
				}
				if (r.Unit == "CPU s" && r.CPUOurs != r.Ours) || (r.Unit == "s" && r.WallOurs != r.Ours) {
					t.Errorf("row %+v: seconds differ", r)
				}
			}
		})
	}
}

func BenchmarkImport(b *testing.B) {
	scale := Smoke
	scale.Side, scale.Import = 55, []int{200_000}
	for b.Loop() {
		rows, err := Run(b.Context(), []Benchmark{households()}, lab(b, scale))
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range rows {
			b.Logf("%-30s %8.3f %8.3f %s", r.Name, r.Ours, r.Peer, r.Unit)
		}
	}
}

func TestChoose(t *testing.T) {
	tests := []struct {
		name, only string
		want       int
		err        error
	}{
		{"all", "", len(All()), nil},
		{"one", "assign", 1, nil},
		{"a part of one", "import-again", 1, nil},
		{"a beginning that is no part", "imp", 0, ErrUnknown},
		{"none", "speed", 0, ErrUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Choose(tt.only)
			if len(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Choose(%q) = %d, %v; want %d, %v", tt.only, len(got), err, tt.want, tt.err)
			}
		})
	}
	if _, err := Choose("speed"); err == nil || !strings.Contains(err.Error(), "assign") {
		t.Errorf("Choose(speed) = %v, want the names there are", err)
	}
}

func TestOnlyThePartAskedForIsShown(t *testing.T) {
	rows := []Row{{Name: "import-first"}, {Name: "import-first-10k"}, {Name: "import-again"}}
	if got := Only(rows, "import-first"); len(got) != 2 {
		t.Errorf("Only(import-first) = %v, want two rows", got)
	}
	if got := Only(rows, ""); len(got) != 3 {
		t.Errorf("Only() = %v, want all", got)
	}
}

func TestScaleOf(t *testing.T) {
	if s, err := ScaleOf("full"); err != nil || s.Publish != 1_000_000 {
		t.Errorf("ScaleOf(full) = %+v, %v", s, err)
	}
	if _, err := ScaleOf("huge"); !errors.Is(err, ErrUnknown) {
		t.Errorf("ScaleOf(huge) = %v, want %v", err, ErrUnknown)
	}
}

func TestCountiesHaveNoSeams(t *testing.T) {
	board := newCounty(6)
	for name, c := range map[string]county{"first": board, "corner moved": board.withCornerMoved(), "redrawn": board.redrawn()} {
		var parts []topology.Part
		for _, u := range c.grids() {
			parts = append(parts, topology.Part{Code: u.Code, Area: u.Area})
		}
		if faults := topology.Check(board.block(0, 0, 6), parts); len(faults) > 0 {
			t.Errorf("%s: %d faults, first %+v", name, len(faults), faults[0])
		}
		if got := len(parts[0].Area[0][0]); got != 60 {
			t.Errorf("%s: a grid has %d vertices, want 60", name, got)
		}
	}
}

func TestAMovedCornerChangesFourGrids(t *testing.T) {
	before, after := newCounty(6).grids(), newCounty(6).withCornerMoved().grids()
	changed := 0
	for i := range before {
		if !slices.Equal(before[i].Area[0][0], after[i].Area[0][0]) {
			changed++
		}
	}
	if changed != 4 {
		t.Errorf("%d grids changed, want 4", changed)
	}
}

func TestTilesKeepTheirAims(t *testing.T) {
	var got []tilebench.Row
	for _, r := range tileRows() {
		got = append(got, tilebench.Row{Name: "tiles: " + r.theirs, Ours: 1, Peer: 10, Ratio: 10, Unit: "ms", DataSet: "small"})
	}
	got = append(got, tilebench.Row{Name: "tiles: something new", Ours: 1})
	rows, err := named(got, tileRows())
	if err != nil {
		t.Fatal(err)
	}
	if last := rows[len(rows)-1].Name; last != "tiles-something-new" {
		t.Errorf("the new line is called %q", last)
	}
	if r := rows[slices.IndexFunc(rows, func(r Row) bool { return r.Name == "tiles-raw" })]; r.Target != "≥ 5×, ≤ 0.12 ms" || *r.Met {
		t.Errorf("tiles-raw aims at %q, met %v; want both aims, and 1 ms misses one", r.Target, *r.Met)
	}
	if _, err := named(got[1:], tileRows()); err == nil {
		t.Error("a missing line was not noticed")
	}
}

func TestTableAndFileSayTheSame(t *testing.T) {
	rows := []Row{
		less("a", 2, 10, "s", "small").atLeast(8).note("as %s", "expected"),
		less("b", 1234.5, 0, "MB", "small").atMost(2000),
	}
	var table strings.Builder
	if err := Print(&table, rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5×", "1234", "–", "≥ 8×", "NO", "yes"} {
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
	var back []map[string]any
	if err := json.Unmarshal(text, &back); err != nil || len(back) != 2 {
		t.Fatalf("file = %s, %v; want two rows", text, err)
	}
	want := []string{"cpu_ours", "cpu_peer", "data", "load", "met", "name", "notes", "ours", "peer", "ratio", "target", "unit", "wall_ours", "wall_peer"}
	if got := slices.Sorted(maps.Keys(back[0])); !slices.Equal(got, want) {
		t.Errorf("a row has %v, want %v", got, want)
	}
	if back[0]["ratio"] != 5.0 || back[0]["notes"] != "as expected" {
		t.Errorf("row = %v", back[0])
	}
}

// Proposals have rows of nothing, too: rules that are broken.
func TestProposalsRunBesideTheirPeers(t *testing.T) {
	rows, err := Run(t.Context(), []Benchmark{proposals()}, lab(t, Smoke))
	if err != nil {
		t.Fatal(err)
	}
	had := map[string]Row{}
	for _, r := range rows {
		had[r.Name] = r
	}
	for _, name := range []string{"propose-40-cut", "propose-40-cut-recom", "propose-rebalance-moved", "propose-rebalance-moved-recom", "propose-million-time"} {
		if _, ok := had[name]; !ok {
			t.Errorf("there is no row %s", name)
		}
	}
	if r := had["propose-rebalance-moved-recom"]; r.Ours <= 0 || r.Peer <= 0 {
		t.Errorf("nobody moves: %+v", r)
	}
	for name, r := range had {
		if strings.Contains(name, "-broken") && r.Ours > 0 {
			t.Errorf("%s: %g rules are broken", name, r.Ours)
		}
	}
}
