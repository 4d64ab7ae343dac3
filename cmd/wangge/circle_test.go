package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/town"
)

// The demo town's circle at the terminal: computed, listed, shown and written.
func TestTheServiceCircleOfTheDemoTown(t *testing.T) {
	dsn := pgtest.DSN(t)
	pool, err := pg.Open(t.Context(), dsn, pg.Options{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := loadDemo(t.Context(), pool, town.Options{Households: 1000, Now: time.Now()}, progress{w: io.Discard, began: time.Now()}); err != nil {
		t.Fatal(err)
	}
	at := "--database-url=" + dsn
	said := mustWangge(t, "circle", "run", at, "--title", "养老", "--function", "elderly-care", "--function", "medical", "--standard", "elder", "--at", "Mo 09:30", "--measure", "choices", "--level", "village")
	for _, want := range []string{"run 1 of all", "column 0: elderly-care; 老年人", "Monday 09:30", "column 1: medical", " %"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	var shown bool
	if err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM circle_unit WHERE rounded AND NOT hidden)`).Scan(&shown); err != nil || !shown {
		t.Errorf("who may not see single places is shown no unit, although the demo town was loaded before; %v", err)
	}
	if again := mustWangge(t, "circle", "show", at, "1", "--level", "village"); !strings.Contains(said, again) {
		t.Errorf("shown is\n%s\nand not\n%s", again, said)
	}
	if list := mustWangge(t, "circle", "list", at); !strings.Contains(list, "养老") || !strings.Contains(list, "done") {
		t.Errorf("list:\n%s", list)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "units.geojson")
	mustWangge(t, "circle", "export", at, "1", file)
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), `"about":{`) {
		t.Errorf("file: %v, %.200s", err, text)
	}
	params := filepath.Join(folder, "params.json")
	if err := os.WriteFile(params, []byte(`{"title":"from a file","columns":[{"standard":{"minutes":10,"speed":4000}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := mustWangge(t, "circle", "run", at, "--from", params); !strings.Contains(said, "10 min, 4 km/h, adult") {
		t.Errorf("from a file:\n%s", said)
	}
	broken := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for want, args := range map[string][]string{
		`unknown field "titel"`:    {"circle", "run", at, "--from", broken("a.json", `{"titel":"x","columns":[{"standard":{"minutes":10,"speed":4000}}]}`)},
		`unknown field "minuts"`:   {"circle", "run", at, "--from", broken("b.json", `{"columns":[{"standard":{"minuts":10,"speed":4000}}]}`)},
		"it goes on behind":        {"circle", "run", at, "--from", broken("c.json", `{"columns":[{"standard":{"minutes":10,"speed":4000}}]}{"k":2}`)},
		"GET /service-functions":   {"circle", "run", at, "--function", "dentist"},
		"a weekday":                {"circle", "run", at, "--at", "09:30"},
		"no such service circle":   {"circle", "show", at, "99"},
		"There is no such export.": {"circle", "export", at, "1", filepath.Join(folder, "units.doc")},
	} {
		if _, err := wangge(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "units.doc")); err == nil {
		t.Error("a file was left")
	}
}
