package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wangge/geo/crs"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

func (s *service) exports(t *testing.T) {
	ogrinfo, err := exec.LookPath("ogrinfo")
	if err != nil {
		t.Log("SKIPPED: exports are not opened with GDAL, for ogrinfo is not installed (apt-get install gdal-bin)")
	}
	for kind, table := range map[string]string{"units": "boundary", "households": "household", "incidents": "incident", "service-points": "service_point", "zones": "zone"} {
		t.Run(kind, func(t *testing.T) {
			var want int
			if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&want); err != nil {
				t.Fatal(err)
			}
			collection := s.call(t, http.MethodGet, "/api/v1/exports/"+kind+"?format=geojson", nil)
			var features struct {
				Type     string
				Invented *bool
				Features []struct{ Properties map[string]any }
			}
			if err := json.Unmarshal(collection.body, &features); err != nil || features.Type != "FeatureCollection" || len(features.Features) != want {
				t.Errorf("%d features, %v; want %d", len(features.Features), err, want)
			}
			table := s.call(t, http.MethodGet, "/api/v1/exports/"+kind+"?format=csv", nil)
			rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(table.body, []byte("\ufeff")))).ReadAll()
			if err != nil || len(rows) != want+1 || !bytes.HasPrefix(table.body, []byte("\ufeff")) {
				t.Errorf("%d rows, %v; want %d and a header, after a byte order mark", len(rows), err, want)
			}
			for name, got := range map[string]answer{".geojson": collection, ".csv": table} {
				if d := got.header.Get("Content-Disposition"); !strings.Contains(d, kind) || !strings.Contains(d, name) {
					t.Errorf("%s is called %s", name, d)
				}
				if ogrinfo == "" || want == 0 {
					continue
				}
				path := filepath.Join(t.TempDir(), "export"+name)
				if err := os.WriteFile(path, got.body, 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.CommandContext(t.Context(), ogrinfo, "-ro", "-al", "-so", path).CombinedOutput()
				if err != nil || !strings.Contains(string(out), fmt.Sprintf("Feature Count: %d", want)) {
					t.Errorf("ogrinfo of %s: %v: %.500s", name, err, out)
				}
			}
		})
	}
	t.Run("one level", func(t *testing.T) {
		var features struct {
			Features []struct{ Properties map[string]any }
		}
		s.get(t, "/api/v1/exports/units?level=village", &features)
		for _, f := range features.Features {
			if f.Properties["level"] != "village" {
				t.Errorf("%v among the villages", f.Properties)
			}
		}
		if len(features.Features) == 0 {
			t.Error("no villages")
		}
	})
	t.Run("before the first day", func(t *testing.T) {
		var features struct{ Features []any }
		s.get(t, fmt.Sprintf("/api/v1/exports/units?at=%d-12-31", newYearOf(t)-1), &features)
		if len(features.Features) != 0 {
			t.Errorf("%d units before the first day", len(features.Features))
		}
	})
}

// roundTrip takes the town out of one service and brings it into another: what
// comes out of that is the same, byte for byte.
func (s *service) roundTrip(t *testing.T) {
	second := newService(t)
	file := func(content []byte) upload.File {
		path := filepath.Join(t.TempDir(), "export")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := upload.FromDisk(path)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	bring := func(req upload.Request, content []byte) upload.Result {
		req.CRS, req.Confirm = string(crs.WGS84), "our own export"
		result, err := upload.Now(t.Context(), second.pool, staff.Local, req, file(content), quiet)
		if err != nil {
			t.Fatalf("%s: %v", req.FileName, err)
		}
		return result
	}
	for _, level := range s.town.Levels {
		at := "/api/v1/exports/units?format=geojson&level=" + level.Code
		before := s.call(t, http.MethodGet, at, nil).body
		result := bring(upload.Request{Kind: upload.Boundaries, FileName: level.Code + ".geojson", Preset: "town-cluster", Level: level.Code}, before)
		var p struct{ ID, Revision int }
		second.get(t, fmt.Sprintf("/api/v1/plans/%d", result.PlanID), &p)
		second.want(t, http.StatusOK, http.MethodPost, fmt.Sprintf("/api/v1/plans/%d/publish", p.ID), map[string]any{"revision": p.Revision, "effective_on": newYear().String()}, nil)
	}
	for _, level := range s.town.Levels {
		at := "/api/v1/exports/units?format=geojson&level=" + level.Code
		before, after := s.call(t, http.MethodGet, at, nil).body, second.call(t, http.MethodGet, at, nil).body
		if !bytes.Equal(withoutHead(before), withoutHead(after)) {
			t.Errorf("%s: %d bytes went in, %d other ones came out", level.Code, len(before), len(after))
		}
	}
	for _, kind := range []upload.Kind{upload.Households, upload.ServicePoints, upload.Incidents} {
		at := "/api/v1/exports/" + string(kind) + "?format=csv"
		before := s.call(t, http.MethodGet, at, nil).body
		bring(upload.Request{Kind: kind, FileName: string(kind) + ".csv", Source: "demo"}, before)
		after := second.call(t, http.MethodGet, at, nil).body
		got, want := rowsByID(t, after), rowsByID(t, before)
		if len(got) != len(want) {
			t.Errorf("%s: %d rows went in, %d came out", kind, len(want), len(got))
		}
		for id := range want {
			if got[id] != want[id] {
				t.Errorf("%s %s\n went in as %s\n came out %s", kind, id, want[id], got[id])
				break
			}
		}
	}
}

// withoutHead is a collection without its first line: attribution differs.
func withoutHead(collection []byte) []byte {
	_, rest, _ := bytes.Cut(collection, []byte("\n"))
	return rest
}

// rowsByID are the rows of an export by their id at the source, with the columns
// that do not say how or when a row came to us.
func rowsByID(t *testing.T, table []byte) map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(table, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, row := range rows[1:] {
		var id string
		var kept []string
		for i, name := range rows[0] {
			switch name {
			case "source_id":
				id = row[i]
			case "id", "placed_by", "confidence", "states":
			default:
				kept = append(kept, name+"="+row[i])
			}
		}
		out[id] = strings.Join(kept, " ")
	}
	return out
}
