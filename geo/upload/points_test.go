package upload_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"wangge/geo/candidate"
	"wangge/geo/cell"
	"wangge/geo/crs"
	"wangge/geo/demand"
	"wangge/geo/fault"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

// features is a GeoJSON file of them.
func features(list ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(list, ",") + `]}`
}

func feature(geometry, properties string) string {
	return fmt.Sprintf(`{"type":"Feature","geometry":%s,"properties":%s}`, geometry, properties)
}

func pointAt(x, y float64) string {
	return `{"type":"Point","coordinates":[` + ledgertest.LonLat(x, y) + `]}`
}

func TestCandidatesAndDemandComeInAsFilesOfPoints(t *testing.T) {
	db := pgtest.Database(t)
	ledgertest.Town(t, db, 1)
	send := func(kind upload.Kind, text string) (upload.Result, error) {
		request := upload.Request{Kind: kind, FileName: "points.geojson", CRS: string(crs.WGS84), Confirm: "a test"}
		return upload.Now(t.Context(), db, staff.Local, request, onDisk(t, "points", []byte(text)), quiet)
	}
	// The geometry says where, whatever a column says.
	result, err := send(upload.Candidates, features(
		feature(pointAt(0.25, 0.25), `{"编号":"A1","名称":"老村部","类型":"闲置房屋","费用":"120000","联系电话":"13800000000"}`),
		feature(pointAt(0.5, 0.5), `{"编号":"A2","名称":"集市南门面","类型":"空置商铺","lon":"0","lat":"0"}`)))
	if err != nil {
		t.Fatal(err)
	}
	if r := result.Report.(candidate.Report); r.Added != 2 || r.Outside != 0 || len(r.Dropped) != 1 || r.Columns["name"] != "名称" {
		t.Errorf("report %+v", r)
	}
	list, err := candidate.List(t.Context(), db, staff.Local, candidate.Filter{Limit: 10})
	if err != nil || len(list) != 2 || list[0].Point != ledgertest.At(0.25, 0.25) || list[1].Point != ledgertest.At(0.5, 0.5) {
		t.Errorf("candidates %+v, %v", list, err)
	}

	line := `{"type":"LineString","coordinates":[[116.1,39.9],[116.2,39.9]]}`
	_, err = send(upload.Candidates, features(feature(pointAt(0.1, 0.1), `{"名称":"a"}`), feature(line, `{"名称":"b"}`), feature("null", `{"名称":"c"}`)))
	f := fault.Of(err)
	if !errors.Is(err, candidate.ErrRows) || len(f.Places) != 2 || f.Places[0].Pointer != "row 2" || f.Places[0].Code != "not_a_point" || f.Places[1].Code != "no_place" {
		t.Errorf("a line and a feature without a place: %v, %+v", err, f)
	}
	if _, err := send(upload.Candidates, features(feature(pointAt(0.1, 0.1), `{"类型":"场所"}`))); !errors.Is(err, candidate.ErrFields) {
		t.Errorf("points without names: %v", err)
	}

	result, err = send(upload.Demand, features(feature(pointAt(0.5, 0.5), `{"population":"30"}`), feature(pointAt(0.6, 0.5), `{"population":"12"}`)))
	if err != nil {
		t.Fatal(err)
	}
	if r := result.Report.(demand.Report); r.Kind != demand.Places || r.Rows != 2 || r.People != 42 || r.Outside != 0 {
		t.Errorf("demand of points: %+v", r)
	}
	// Hexagons are their names; the drawing says nothing more.
	c := cell.In(ledgertest.At(0.5, 0.5), 9)
	result, err = send(upload.Demand, features(feature(line, fmt.Sprintf(`{"h3":"%s","population":"7"}`, c))))
	if err != nil {
		t.Fatal(err)
	}
	if r := result.Report.(demand.Report); r.Kind != demand.Cells || r.Rows != 1 || r.People != 7 {
		t.Errorf("demand of cells: %+v", r)
	}
}
