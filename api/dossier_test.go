package api_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"wangge/geo/grid"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

func TestAPlanIsSentAsAFile(t *testing.T) {
	s := twoGrids(t)
	p := s.redrawn(t)
	units, err := plan.Units(t.Context(), s.pool, staff.Local, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	for format, begin := range map[string]string{"geojson": `{"type":"FeatureCollection"`, "gpkg": "SQLite format 3", "shp": "PK", "kml": "<?xml", "csv": "\ufeff代码", "xlsx": "PK"} {
		got := s.want(t, http.StatusOK, http.MethodGet, fmt.Sprintf("/api/v1/plans/%d/export?format=%s", p.ID, format), nil, nil)
		name := map[string]string{"shp": "shp.zip"}[format]
		if name == "" {
			name = format
		}
		if !bytes.HasPrefix(got.body, []byte(begin)) || !strings.Contains(got.header.Get("Content-Disposition"), fmt.Sprintf("plan-%d-units.%s", p.ID, name)) {
			t.Errorf("%s begins %.20q, called %s", format, got.body, got.header.Get("Content-Disposition"))
		}
		if format == "geojson" && !bytes.Contains(got.body, []byte(plan.Digest(p.Level, units))) {
			t.Error("the digest is not in it")
		}
	}
	for _, path := range []string{"/export?format=dwg", "/export?format=geojson&what=households", "/dossier?format=docx"} {
		if got := s.call(t, http.MethodGet, fmt.Sprintf("/api/v1/plans/%d%s", p.ID, path), nil); got.status < 400 || got.status >= 500 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestADossierIsSentAndADraftHasNone(t *testing.T) {
	s := twoGrids(t)
	p := s.redrawn(t)
	path := fmt.Sprintf("/api/v1/plans/%d/dossier", p.ID)
	if got := s.want(t, http.StatusConflict, http.MethodGet, path, nil, nil); !bytes.Contains(got.body, []byte("dossier_of_draft")) {
		t.Errorf("of a draft: %s", got.body)
	}
	s.publishOn(t, p, grid.Today().String())
	if got := s.want(t, http.StatusOK, http.MethodGet, path, nil, nil); !bytes.HasPrefix(got.body, []byte("%PDF-")) {
		t.Errorf("it begins %.20q", got.body)
	}
	got := s.want(t, http.StatusOK, http.MethodGet, path+"?format=zip", nil, nil)
	archive, err := zip.NewReader(bytes.NewReader(got.body), int64(len(got.body)))
	if err != nil || got.header.Get("Content-Type") != "application/zip" {
		t.Fatalf("%v, %s", err, got.header.Get("Content-Type"))
	}
	if _, err := archive.Open("manifest.json"); err != nil {
		t.Error(err)
	}
}
