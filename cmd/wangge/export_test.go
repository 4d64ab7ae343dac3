package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

func TestANewFileIsWholeOrNotThere(t *testing.T) {
	var said strings.Builder
	p := &program{stdout: &said}
	path := filepath.Join(t.TempDir(), "file")
	broken := errors.New("broken")
	err := p.writeNew(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	if _, stat := os.Stat(path); !errors.Is(err, broken) || !errors.Is(stat, os.ErrNotExist) || said.Len() != 0 {
		t.Errorf("an unfinished file: %v, %v, said %q", err, stat, &said)
	}
	text := func(text string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
	}
	if err := p.writeNew(path, text("whole")); err != nil || said.String() != "wrote "+path+"\n" {
		t.Errorf("a new file: %v, said %q", err, &said)
	}
	if err := p.writeNew(path, text("another")); !errors.Is(err, os.ErrExist) {
		t.Errorf("a file that is there: %v", err)
	}
	if kept, err := os.ReadFile(path); string(kept) != "whole" {
		t.Errorf("it holds %q, %v", kept, err)
	}
}

func TestOnePlanIsWrittenAtTheTerminal(t *testing.T) {
	dsn := pgtest.DSN(t)
	pool, err := pg.Open(t.Context(), dsn, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	square := geo.MultiPolygon{{{{X: 1_150_000_000, Y: 300_000_000}, {X: 1_150_010_000, Y: 300_000_000}, {X: 1_150_010_000, Y: 300_010_000}, {X: 1_150_000_000, Y: 300_010_000}}}}
	p, err := plan.New(t.Context(), pool, staff.Local, plan.Source{Name: "test", Preset: "town-grid", Level: "town", Day: grid.Today(),
		Records: []plan.Record{{Code: "990101001000", Name: "镇", Area: square}}}, func(string, int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(out string, more ...string) (string, error) {
		var said strings.Builder
		args := append([]string{"export", "plan", "--database-url", dsn, "--data", folder, strconv.FormatInt(p.ID, 10), filepath.Join(folder, out)}, more...)
		err := run(t.Context(), args, func(string) string { return "" }, &said, &said)
		return said.String(), err
	}
	if said, err := write("plan.geojson"); err != nil || !strings.Contains(said, "wrote ") {
		t.Fatalf("%v, said %s", err, said)
	}
	if content, err := os.ReadFile(filepath.Join(folder, "plan.geojson")); err != nil || !strings.Contains(string(content), `"code":"990101001000"`) {
		t.Errorf("%v, %s", err, content)
	}
	if _, err := write("plan.pdf", "--format", "pdf"); err == nil || !strings.Contains(err.Error(), "Only an adopted plan has a dossier") {
		t.Errorf("the dossier of a draft: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "audit.key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key was made: %v", err)
	}
	if _, err := write("plan.geojson"); !errors.Is(err, os.ErrExist) {
		t.Errorf("a file that is there: %v", err)
	}
}
