package api_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"wangge/geo/dossier"
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
	for _, path := range []string{"/export?format=dwg", "/export?format=geojson&what=households", "/dossier"} {
		if got := s.call(t, http.MethodGet, fmt.Sprintf("/api/v1/plans/%d%s", p.ID, path), nil); got.status < 400 || got.status >= 500 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

func TestADossierIsMadeByAJobAndADraftHasNone(t *testing.T) {
	s := twoGrids(t)
	p := s.redrawn(t)
	path := fmt.Sprintf("/api/v1/plans/%d/dossiers", p.ID)
	made := func(format string) answer {
		t.Helper()
		var started struct{ ID int64 }
		s.want(t, http.StatusAccepted, http.MethodPost, path, map[string]string{"format": format}, &started)
		if j := s.ended(t, started.ID); j.State != "done" {
			t.Fatalf("%+v", j)
		}
		return s.want(t, http.StatusOK, http.MethodGet, fmt.Sprintf("%s/%d", path, started.ID), nil, nil)
	}
	s.refused(t, http.StatusConflict, "dossier_of_draft", http.MethodPost, path, map[string]string{})
	s.publishOn(t, p, grid.Today().String())
	s.refused(t, http.StatusUnprocessableEntity, "", http.MethodPost, path, map[string]string{"format": "docx"})
	if got := made("pdf"); !bytes.HasPrefix(got.body, []byte("%PDF-")) || !strings.Contains(got.header.Get("Content-Disposition"), ".pdf") {
		t.Errorf("it begins %.20q, %v", got.body, got.header)
	}
	got := made("zip")
	var list struct{ Items []dossier.Made }
	s.get(t, path, &list)
	sum := sha256.Sum256(got.body)
	if len(list.Items) != 2 || list.Items[0].Format != "zip" || list.Items[0].KeptUntil == nil || list.Items[0].File.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("listed as %+v", list.Items)
	}
	s.refused(t, http.StatusNotFound, "dossier_gone", http.MethodGet, path+"/999999", nil)
	s.refused(t, http.StatusNotFound, "dossier_gone", http.MethodGet, fmt.Sprintf("/api/v1/plans/1/dossiers/%d", list.Items[0].Job), nil)
	archive, err := zip.NewReader(bytes.NewReader(got.body), int64(len(got.body)))
	if err != nil || got.header.Get("Content-Type") != "application/zip" {
		t.Fatalf("%v, %s", err, got.header.Get("Content-Type"))
	}
	if _, err := archive.Open("manifest.json"); err != nil {
		t.Error(err)
	}
}
