package servicepoint_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
)

func storeMap(t *testing.T, db pg.DB, features ...network.Feature) {
	t.Helper()
	p := ledgertest.Degrees(0.2, 0.2)
	features = append(features, network.Feature{Class: network.Street, OSMType: "w", OSMID: 1, Kind: "residential", Nodes: []int64{1, 2},
		Shape: orb.LineString{p, {p[0] + 0.001, p[1]}}})
	if _, err := network.Store(t.Context(), db, staff.Local, network.Source{FileName: "test"}, slices.Values(features)); err != nil {
		t.Fatal(err)
	}
}

func service(id int64, kind, name string, x, y float64, tags map[string]string) network.Feature {
	return network.Feature{Class: network.Service, OSMType: "n", OSMID: id, Kind: kind, Name: name, Tags: tags, Shape: ledgertest.Degrees(x, y)}
}

func TestServicePlacesOfTheMapBecomePoints(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	area := service(5, "library", "图书馆", 0.3, 0.3, nil)
	p := ledgertest.Degrees(0.3, 0.3)
	area.OSMType, area.Shape = "w", orb.Polygon{{p, {p[0] + 0.001, p[1]}, {p[0] + 0.001, p[1] + 0.001}, {p[0], p[1] + 0.001}, p}}
	storeMap(t, tx,
		service(2, "pharmacy", "", 0.5, 0.5, map[string]string{"opening_hours": "Mo-Sa 08:00-20:00", "wheelchair": "yes", "addr:street": "某路", "addr:housenumber": "3"}),
		service(3, "social_facility", "敬老院", 0.6, 0.5, map[string]string{"social_facility": "nursing_home", "wheelchair": "limited"}),
		service(4, "supermarket", "超市", 0.6, 0.6, nil), area)
	take := func(o ledger.Options) ledger.Report {
		t.Helper()
		report, err := servicepoint.FromMap(t.Context(), tx, staff.Local, o)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if report := take(ledger.Options{}); report.New != 3 || report.Refused != 0 || len(report.Notes) != 0 {
		t.Fatalf("report = %+v", report)
	}
	by := map[string]servicepoint.Point{}
	for _, p := range list(t, tx, grid.Today(), servicepoint.Filter{}) {
		by[p.Name] = p
	}
	chemist, home, library := by["药店"], by["敬老院"], by["图书馆"]
	if chemist.State != servicepoint.Active || len(chemist.Functions) != 1 || chemist.Functions[0].Function != "medical" ||
		chemist.Functions[0].Hours != "Mo-Sa 08:00-20:00" || chemist.StepFree == nil || !*chemist.StepFree || chemist.Address != "某路 3" {
		t.Errorf("the chemist: %+v", chemist)
	}
	if len(home.Functions) != 1 || home.Functions[0].Function != "elderly-care" || home.StepFree != nil {
		t.Errorf("the home: %+v", home)
	}
	if len(library.Functions) != 2 || library.Place == ledgertest.At(0.3, 0.3) {
		t.Errorf("the library: %+v", library)
	}
	if report := take(ledger.Options{}); report.Unchanged != 3 || report.Changed+report.New != 0 {
		t.Errorf("again: %+v", report)
	}
	storeMap(t, tx, service(2, "pharmacy", "大药房", 0.5, 0.5, nil))
	if report := take(ledger.Options{CloseAbsent: true}); report.Changed != 1 || report.Closed != 2 {
		t.Errorf("a newer map: %+v", report)
	}
}

func TestAMapWithoutServices(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	for range 2 { // without a map, and with one that has none
		if _, err := servicepoint.FromMap(t.Context(), tx, staff.Local, ledger.Options{}); !errors.Is(err, servicepoint.ErrNoPlaces) {
			t.Errorf("%v", err)
		}
		storeMap(t, tx, service(4, "supermarket", "超市", 0.6, 0.6, nil))
	}
}

func TestRealServicePlaces(t *testing.T) {
	t.Run("Liechtenstein, from the map", func(t *testing.T) {
		tx := pgtest.Tx(t)
		f := ledgertest.RealFile(t, "liechtenstein/liechtenstein.osm.pbf")
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := network.Import(t.Context(), tx, staff.Local, "li.osm.pbf", f, info.Size(), nil); err != nil {
			t.Fatal(err)
		}
		report, err := servicepoint.FromMap(t.Context(), tx, staff.Local, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		functions := map[string]int{}
		for _, p := range list(t, tx, grid.Today(), servicepoint.Filter{}) {
			for _, f := range p.Functions {
				functions[f.Function]++
			}
		}
		want := map[string]int{"one-stop": 19, "child-care": 8, "medical": 4, "culture": 3, "study": 1}
		if report.New != 34 || report.Refused != 0 || !maps.Equal(functions, want) {
			t.Errorf("%d points, %d refused, %v; want 34, none, %v", report.New, report.Refused, functions, want)
		}
	})
	t.Run("Porto Alegre, from its list", func(t *testing.T) {
		tx := pgtest.Tx(t)
		o := options()
		o.Fields = map[string]string{"name": "id", "functions": "id"} // the list has nothing else
		report, err := servicepoint.Import(t.Context(), tx, staff.Local, ledgertest.Real(t, "porto-alegre/poa_points_of_interest.csv"), o)
		if err != nil {
			t.Fatal(err)
		}
		n, err := servicepoint.Count(t.Context(), tx, staff.Local, grid.Today(), servicepoint.Filter{Function: "medical"})
		if err != nil || report.New != 15 || n != 2 {
			t.Errorf("%d points, %d of them medical, %v; want 15 and 2: %+v", report.New, n, err, report)
		}
	})
}
