package upload_test

import (
	"errors"
	"testing"

	"wangge/geo/crs"
	"wangge/geo/demand"
	"wangge/geo/fault"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

func TestADemandSetComesInAsAFile(t *testing.T) {
	db := pgtest.Database(t)
	ledgertest.Town(t, db, 1)
	request := upload.Request{Kind: upload.Demand, FileName: "2020年普查.csv", CRS: string(crs.WGS84), Confirm: "a test"}
	send := func(text string) (upload.Result, error) {
		return upload.Now(t.Context(), db, staff.Local, request, onDisk(t, "demand", []byte(text)), quiet)
	}
	row := ledgertest.LonLat(0.5, 0.5)
	result, err := send("经度,纬度,常住人口\n" + row + ",30\n")
	if err != nil {
		t.Fatal(err)
	}
	report := result.Report.(demand.Report)
	if report.Set.Name != "2020年普查" || report.Set.FileName != request.FileName || report.People != 30 {
		t.Errorf("report = %+v, set = %+v", report, report.Set)
	}
	kept, err := upload.Get(t.Context(), db, staff.Local, result.UploadID)
	if err != nil || len(kept.Report) == 0 || kept.Confirmed == nil {
		t.Errorf("upload = %+v, %v", kept, err)
	}
	_, err = send("经度,纬度,常住人口\n" + row + ",30\n" + row + ",x\n")
	if f := fault.Of(err); !errors.Is(err, demand.ErrRows) || f.Places[0].Pointer != "row 3, column 3 (常住人口)" {
		t.Errorf("a wrong row: %v", err)
	}
	sets, err := demand.List(t.Context(), db, staff.Local)
	if err != nil || len(sets) != 1 {
		t.Errorf("sets = %+v, %v", sets, err)
	}
}

func TestATableOfPeopleIsRecognised(t *testing.T) {
	db := pgtest.Database(t)
	look, err := upload.Inspect(t.Context(), db, staff.Local, "grid.csv", "", onDisk(t, "grid", []byte("id,lon,lat,population\n89a901291abffff,-51.1,-30.0,4\n")))
	if err != nil || look.Suggested.Kind != upload.Demand {
		t.Errorf("look = %+v, %v", look.Suggested, err)
	}
}
