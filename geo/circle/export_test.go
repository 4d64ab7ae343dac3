package circle

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"wangge/geo/atlas"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/staff"
)

func (h *hamlet) export(id int64, e Export) []byte {
	h.Helper()
	file, err := NewExport(h.Context(), h.db, staff.Local, id, e)
	if err != nil {
		h.Fatalf("%+v: %v", e, err)
	}
	var out bytes.Buffer
	if err := file.Write(h.Context(), &out); err != nil {
		h.Fatalf("%+v: %v", e, err)
	}
	if file.MediaType == "" {
		h.Errorf("%+v has no media type", e)
	}
	return out.Bytes()
}

// typeface comes with the page's packages.
const typeface = "../../web/node_modules/@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf"

func TestMapSheetsOfARun(t *testing.T) {
	file, err := os.ReadFile(typeface)
	if err != nil {
		t.Skipf("SKIPPED: no map sheet is drawn, for the font is not there (npm ci in web): %v", err)
	}
	font := sync.OnceValues(func() (*atlas.Font, error) { return atlas.NewFont(file) })
	h := village(t)
	before, r := h.run(ask()), h.run(ask(func(p *Params) { p.Title = "养老服务圈" }))
	for what, pages := range map[string]int{"units": 2, "change": 2, "points": 2, "cells": 1} {
		pdf := h.export(r.ID, Export{What: what, Format: "pdf", Before: before.ID, Font: font})
		if got := bytes.Count(pdf, []byte("/Type /Page ")) + bytes.Count(pdf, []byte("/Type /Page/")); !bytes.HasPrefix(pdf, []byte("%PDF-")) || got != 0 && got != pages {
			t.Errorf("%s.pdf has %d pages, want %d: %.60q", what, got, pages, pdf)
		}
		picture, err := png.Decode(bytes.NewReader(h.export(r.ID, Export{What: what, Format: "png", Before: before.ID, Font: font})))
		if err != nil || picture.Bounds().Dx() < 1000 {
			t.Errorf("%s.png: %v", what, err)
		}
	}
	for _, tt := range []struct {
		e    Export
		want error
	}{{Export{What: "uncovered", Format: "pdf", Font: font}, errSheet}, {Export{What: "units", Format: "pdf"}, atlas.ErrFont}, {Export{What: "change", Format: "png", Font: font}, errBefore}} {
		if _, err := NewExport(t.Context(), h.db, staff.Local, r.ID, tt.e); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.e, err, tt.want)
		}
	}
	if folder := os.Getenv("WANGGE_LOOK"); folder != "" {
		for _, what := range []string{"units", "cells"} {
			content := h.export(r.ID, Export{What: what, Format: "png", Font: font})
			if err := os.WriteFile(filepath.Join(folder, "circle-"+what+".png"), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestEveryResultIsAFileThatOthersRead(t *testing.T) {
	h := village(t)
	before := h.run(ask())
	at := ledgertest.Degrees(1.6, 0.5)
	r := h.run(ask(func(p *Params) {
		p.Title = "试算"
		p.Changes = []Change{{Do: "add", At: &at, Name: "=新点", Tier: "station", Functions: []string{"medical"}}}
	}))
	rows := map[string]int{"units": 5, "cells": 9, "points": 2, "uncovered": 2, "change": 5}
	cells, err := Cells(t.Context(), h.db, staff.Local, r.ID, 0, 9)
	if err != nil {
		t.Fatal(err)
	}
	rows["cells"] = len(cells)
	ogrinfo, missing := exec.LookPath("ogrinfo")
	if missing != nil {
		t.Log("SKIPPED: exports are not opened with GDAL, for ogrinfo is not installed (apt-get install gdal-bin)")
	}
	for what, want := range rows {
		for _, format := range []string{"csv", "xlsx", "geojson", "gpkg", "parquet"} {
			content := h.export(r.ID, Export{What: what, Format: format, Column: -1, Before: before.ID})
			text := string(content)
			switch format {
			case "csv":
				list, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
				if err != nil || len(list) != want+1 || !strings.Contains(text, "GB 50180") || !strings.Contains(text, "2024-06-03") || !strings.Contains(text, "hamlet.osm.pbf") {
					t.Errorf("%s.csv has %d rows, %v: %.300s", what, len(list)-1, err, text)
				}
				if what == "points" && !strings.Contains(text, ",'=新点,") {
					t.Errorf("a formula is written: %s", text)
				}
			case "xlsx":
				book, err := excelize.OpenReader(bytes.NewReader(content))
				if err != nil {
					t.Fatal(err)
				}
				list, _ := book.GetRows("circle_" + what)
				notes, _ := book.GetRows("about")
				if len(list) != want+1 || len(notes) < 10 {
					t.Errorf("%s.xlsx has %d rows and %d notes", what, len(list)-1, len(notes))
				}
			case "geojson":
				var got struct {
					About    map[string]string
					Features []struct{ Properties map[string]any }
				}
				if err := json.Unmarshal(content, &got); err != nil || len(got.Features) != want || got.About["digest"] != r.Digest || got.About["方法"] == "" || !strings.Contains(got.About["attribution"], "© the test") {
					t.Errorf("%s.geojson: %d features, %v, %v", what, len(got.Features), got.About, err)
				}
			case "parquet":
				file, err := parquet.OpenFile(bytes.NewReader(content), int64(len(content)))
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := file.Lookup("geo"); !ok || file.NumRows() != int64(want) {
					t.Errorf("%s.parquet: %d rows", what, file.NumRows())
				}
				if digest, _ := file.Lookup("digest"); digest != r.Digest {
					t.Errorf("%s.parquet: digest %q", what, digest)
				}
			}
			if missing == nil && (format == "gpkg" || format == "geojson") {
				path := filepath.Join(t.TempDir(), what+"."+format)
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.CommandContext(t.Context(), ogrinfo, "-ro", "-al", "-so", path).CombinedOutput()
				if err != nil || !strings.Contains(string(out), "Feature Count: "+strconv.Itoa(want)) || strings.Contains(string(out), "Warning") {
					t.Errorf("ogrinfo of %s.%s: %v: %.900s", what, format, err, out)
				}
			}
		}
	}
	for _, tt := range []struct {
		e    Export
		want error
	}{{Export{What: "x", Format: "csv"}, ErrExport}, {Export{What: "units", Format: "x"}, ErrExport}, {Export{What: "change", Format: "csv"}, errBefore}, {Export{What: "units", Format: "csv", Column: 7}, ErrColumn}} {
		if _, err := NewExport(t.Context(), h.db, staff.Local, r.ID, tt.e); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v, want %v", tt.e, err, tt.want)
		}
	}
	var recorded int
	if err := h.db.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'export' AND subject = 'circle'`).Scan(&recorded); err != nil || recorded != 25 {
		t.Errorf("%d exports are recorded, %v; want 25", recorded, err)
	}
}
