package incidents_test

import (
	"strings"
	"testing"
	"time"

	"wangge/api/incidents"
	"wangge/api/route/routetest"
	"wangge/geo/cell"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestAnalysesOverHTTP(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	api := routetest.New()
	incidents.MountAnalysis(api.API, pool, pool)
	at := ledgertest.At(0.5, 0.5)
	_, err := pool.Exec(t.Context(), `
		INSERT INTO incident (source, source_id, category, reported_at, point, cell)
		SELECT 't', n::text, '0402', $1, $2, $3 FROM generate_series(1, 40) n`, time.Date(2026, 10, 5, 1, 0, 0, 0, time.UTC), at, int64(cell.At(at)))
	if err != nil {
		t.Fatal(err)
	}
	const month = "?from=2026-10-01&to=2026-11-01"
	units := api.Want(t, 200, "", "GET", "/incidents/analysis/units"+month+"&unit=310115001001", nil)
	if units["incidents"] != 40.0 || units["exact"] != true || units["sample"] != 30.0 || len(units["items"].([]any)) != 4 {
		t.Errorf("units %v", units)
	}
	cells := api.Want(t, 200, "", "GET", "/incidents/analysis/cells"+month+"&resolution=10", nil)
	if list := cells["items"].([]any); len(list) != 1 || list[0].(object)["cell"] != cell.At(at).Parent(10).String() {
		t.Errorf("cells %v", cells)
	}
	trend := api.Want(t, 200, "", "GET", "/incidents/analysis/trend"+month+"&by=day&category=04", nil)
	if list := trend["items"].([]any); len(list) != 31 || list[4].(object)["incidents"] != 40.0 {
		t.Errorf("trend %v", trend)
	}
	matrix := api.Want(t, 200, "", "GET", "/incidents/analysis/matrix"+month, nil)
	if list := matrix["items"].([]any); len(list) != 168 || list[9].(object)["incidents"] != 40.0 { // Monday, nine o'clock in China
		t.Errorf("matrix %v", matrix)
	}
	spots := api.Want(t, 200, "", "GET", "/incidents/analysis/hotspots"+month+"&rings=2", nil)
	if spots["enough"] != true || spots["rings"] != 2.0 {
		t.Errorf("spots %v", spots)
	}
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		"units?to=2026-11-01":                    {422, "request_invalid"},
		"units?from=yesterday&to=2026-11-01":     {422, "request_invalid"},
		"units?from=2026-11-01&to=2026-10-01":    {422, "analysis_period"},
		"units?from=2016-11-01&to=2026-10-01":    {422, "analysis_period"},
		"units" + month + "&unit=8":              {404, "unit_unknown"},
		"units" + month + "&sample=5":            {422, "request_invalid"},
		"cells" + month + "&resolution=11":       {422, "request_invalid"},
		"trend" + month + "&by=hour":             {422, "request_invalid"},
		"hotspots" + month + "&rings=9":          {422, "request_invalid"},
		"hotspots" + month + "&measure=feelings": {422, "request_invalid"},
		"export" + month:                         {422, "request_invalid"},
		"export" + month + "&what=names":         {422, "request_invalid"},
	} {
		api.Want(t, want.status, want.code, "GET", "/incidents/analysis/"+path, nil)
	}
}

// The file has the same rows as the answer, inert for spreadsheets, and says what it
// covers on every line.
func TestAnalysesAsFiles(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	if _, err := pool.Exec(t.Context(), `UPDATE boundary SET name = '=1+1' WHERE unit_id = (SELECT id FROM unit WHERE code = '310115001001001')`); err != nil {
		t.Fatal(err)
	}
	api := routetest.New()
	incidents.MountAnalysis(api.API, pool, pool)
	columns := map[string]string{"units": "per_100_households", "cells": "cell", "trend": "step_from", "matrix": "weekday", "hotspots": "class"}
	lines := map[string]int{"units": 5, "cells": 1, "trend": 6, "matrix": 169, "hotspots": 1}
	for what, column := range columns {
		text := api.Text(t, "/incidents/analysis/export?what="+what+"&from=2026-10-01&to=2026-11-01&level=micro-grid")
		all := strings.Split(strings.TrimSpace(text), "\n")
		if !strings.HasPrefix(text, "\ufeff") || !strings.Contains(all[0], column) || !strings.HasSuffix(all[0], "rounded_to,least_sample") || len(all) != lines[what] {
			t.Errorf("%s has %d lines, want %d: %s", what, len(all), lines[what], all[0])
		}
		for _, line := range all[1:] {
			if !strings.Contains(line, ",2026-10-01,2026-11-01,") || strings.Contains(line, ",=") {
				t.Errorf("%s: %s", what, line)
			}
		}
	}
	var recorded int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'export' AND subject = 'incident-analysis'`).Scan(&recorded); err != nil || recorded != len(columns) {
		t.Errorf("%d exports are recorded, want %d: %v", recorded, len(columns), err)
	}
	for name, may := range map[string][]staff.Permission{"count": {staff.Count, staff.Place}, "export": {staff.Export, staff.Place}} {
		api := routetest.As(staff.Actor{Name: "account:1", Account: 1, Grants: []staff.Grant{{Kind: staff.Analyst, May: may}}})
		incidents.MountAnalysis(api.API, pool, pool)
		if status, _ := api.Call(t, "GET", "/incidents/analysis/export?what=units&from=2026-10-01&to=2026-11-01", nil); status != 403 {
			t.Errorf("who may only %s gets %d", name, status)
		}
	}
}
