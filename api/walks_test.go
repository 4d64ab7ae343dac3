package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/staff"
)

// reachAnswer is what a test reads of an answer of /walks/reach.
type reachAnswer struct {
	Reason  string
	Snapped *struct {
		At   orb.Point
		Walk float64 `json:"walk_m"`
	}
	Contours []struct {
		Minutes    float64
		Metres     float64
		Geometry   *geojson.Geometry
		Area       float64 `json:"area_ha"`
		Km         float64
		Households *int
	}
	Streets  *geojson.FeatureCollection
	Cells    []struct{ Cell string }
	Counted  bool
	Standard struct {
		Code    string
		TitleZh string `json:"title_zh"`
		Speed   int
	}
	Network struct {
		FileName    string `json:"file_name"`
		Attribution string
	}
}

// streets puts one long street into each of the two towns, with nothing between them.
func (w *towns) streets(t testing.TB) {
	t.Helper()
	_, err := network.Store(t.Context(), w.pool, staff.System, network.Source{FileName: "test.osm.pbf", Attribution: "© the test"}, func(yield func(network.Feature) bool) {
		for i, x := range []int32{0, 20_000} {
			f := network.Feature{Class: network.Street, OSMType: "w", OSMID: int64(i) + 1, Kind: "residential", Nodes: []int64{int64(2*i) + 1, int64(2*i) + 2},
				Shape: orb.LineString{place(x+500, 4_500), place(x+19_500, 4_500)}}
			if !yield(f) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func gb(more map[string]any) map[string]any {
	body := map[string]any{"standard": map[string]any{"code": "gb50180"}}
	for key, value := range more {
		body[key] = value
	}
	return body
}

func TestReachSaysBySpeedAndStreetsHowFarOneComes(t *testing.T) {
	w := twoTowns(t)
	w.streets(t)
	w.act(ours, staff.Worker)
	var got reachAnswer
	ask := gb(map[string]any{"at": place(5_000, 4_600), "minutes": []float64{1, 2}, "outlines": true, "streets": true, "cells": 10, "households": true})
	w.want(t, http.StatusOK, http.MethodPost, "/api/v1/walks/reach", ask, &got)
	if got.Reason != "reached" || got.Snapped == nil || got.Snapped.Walk < 1 || got.Snapped.Walk > 2 || len(got.Contours) != 2 {
		t.Fatalf("%+v", got)
	}
	for i, c := range got.Contours {
		shape, ok := c.Geometry.Geometry().(orb.MultiPolygon)
		if !ok || len(shape) == 0 || c.Area <= 0 || c.Km <= 0 || c.Metres != c.Minutes*4000/60 && c.Metres != 133.333 && c.Metres != 66.666 {
			t.Errorf("contour %d: %+v", i, c)
		}
	}
	if got.Standard.Code != "gb50180" || got.Standard.Speed != 4000 || got.Standard.TitleZh == "" || got.Network.Attribution != "© the test" || got.Network.FileName != "test.osm.pbf" {
		t.Errorf("standard %+v, network %+v", got.Standard, got.Network)
	}
	if got.Streets == nil || len(got.Streets.Features) < 2 || got.Streets.Features[0].Properties["minutes"] == nil {
		t.Errorf("streets: %+v", got.Streets)
	}
	var version struct {
		Attribution string
		Edges       int
		Km          float64
	}
	w.want(t, http.StatusOK, http.MethodGet, "/api/v1/walks/network", nil, &version)
	if version.Edges < 2 || version.Km <= 0 || version.Attribution != "© the test" {
		t.Errorf("network: %+v", version)
	}
	for name, tt := range map[string]struct {
		body   map[string]any
		status int
		code   string
	}{
		"no place":           {gb(nil), 422, "walk_ends"},
		"two places":         {gb(map[string]any{"at": place(1, 1), "point": 1}), 422, "walk_ends"},
		"off the Earth":      {gb(map[string]any{"at": []float64{200, 10}}), 422, "place_impossible"},
		"falling minutes":    {gb(map[string]any{"at": place(1, 1), "minutes": []float64{5, 4}}), 422, "reach_minutes"},
		"seven contours":     {gb(map[string]any{"at": place(1, 1), "minutes": []float64{1, 2, 3, 4, 5, 6, 7}}), 422, "request_invalid"},
		"cells of 12":        {gb(map[string]any{"at": place(1, 1), "cells": 12}), 422, "request_invalid"},
		"no standard":        {map[string]any{"at": place(1, 1)}, 422, "request_invalid"},
		"a preset of nobody": {map[string]any{"at": place(1, 1), "standard": map[string]any{"code": "run"}}, 422, "standard_malformed"},
		"an unknown point":   {gb(map[string]any{"point": 999}), 404, "service_point_unknown"},
	} {
		got := w.call(t, http.MethodPost, "/api/v1/walks/reach", tt.body)
		if got.status != tt.status || !strings.Contains(string(got.body), tt.code) {
			t.Errorf("%s: %d %s, want %d %s", name, got.status, got.body, tt.status, tt.code)
		}
	}
	// A place without a street is an answer with a reason.
	got = reachAnswer{}
	w.want(t, http.StatusOK, http.MethodPost, "/api/v1/walks/reach", gb(map[string]any{"at": place(0, 400_000), "outlines": true}), &got)
	if got.Reason != "too_far" || got.Snapped != nil || len(got.Contours) != 0 {
		t.Errorf("far from any street: %+v", got)
	}
}

// Households within reach are counted for those whose posts show their places, and of
// the own town alone; the way from a household is a look at it.
func TestReachTellsOfNobodysHouseholds(t *testing.T) {
	w := twoTowns(t)
	w.streets(t)
	count := func(town string, kind staff.Kind, at orb.Point) *int {
		t.Helper()
		w.act(town, kind)
		var got reachAnswer
		w.want(t, http.StatusOK, http.MethodPost, "/api/v1/walks/reach", gb(map[string]any{"at": at, "minutes": []float64{60}, "households": true}), &got)
		if len(got.Contours) != 1 || got.Counted != (got.Contours[0].Households != nil) {
			t.Fatalf("%+v", got)
		}
		return got.Contours[0].Households
	}
	for _, town := range []string{ours, theirs} {
		var want int // in the grid of its worker
		err := w.pool.QueryRow(t.Context(), `
			SELECT count(*) FROM household h JOIN household_unit o ON o.household_id = h.id JOIN unit u ON u.id = o.unit_id
			WHERE u.code = $1 AND h.point IS NOT NULL AND h.closed_on IS NULL`, w.things[town]["unit"]).Scan(&want)
		if err != nil || want < 3 {
			t.Fatalf("%d households, %v", want, err)
		}
		x, _ := strconv.ParseInt(map[string]string{ours: "0", theirs: "20000"}[town], 10, 32)
		if n := count(town, staff.Worker, place(int32(x)+5_000, 4_500)); n == nil || *n != want {
			t.Errorf("the worker of %s is told of %v households, want %d", town, text(n), want)
		}
		if n := count(town, staff.Worker, place(20_000-int32(x)+5_000, 4_500)); n == nil || *n > want {
			t.Errorf("the worker of %s is told of %v households around a place of the neighbour, want %d at most: those of its own grid", town, text(n), want)
		}
	}
	for _, kind := range []staff.Kind{staff.Analyst, staff.Administrator} {
		if n := count(ours, kind, place(5_000, 4_500)); n != nil {
			t.Errorf("%s is told of %d households", kind, *n)
		}
	}

	home, point := w.things[ours]["household"], w.things[ours]["service-point"]
	number := func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
	ask := gb(map[string]any{"household": number(home), "point": number(point)})
	looks := func() (n int) {
		if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'look' AND subject = 'household' AND subject_id = $1`, home).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := looks()
	w.act(ours, staff.Worker)
	var way struct {
		Found    bool
		Minutes  float64
		Metres   float64
		Geometry *geojson.Geometry
		Legs     []struct {
			Kind   string
			Metres float64
			Street int64
		}
	}
	w.want(t, http.StatusOK, http.MethodPost, "/api/v1/walks/route", ask, &way)
	if !way.Found || way.Minutes <= 0 || way.Metres <= 0 || way.Geometry == nil || len(way.Legs) == 0 || way.Legs[0].Kind != "road" || way.Legs[0].Street != 1 {
		t.Errorf("the way: %+v", way)
	}
	if n := looks(); n != before+1 {
		t.Errorf("%d looks were recorded, want one", n-before)
	}
	for _, kind := range []staff.Kind{staff.Analyst, staff.Administrator} {
		w.act(ours, kind)
		w.refused(t, http.StatusNotFound, "household_unknown", http.MethodPost, "/api/v1/walks/route", ask)
	}
	w.act(theirs, staff.Worker)
	w.refused(t, http.StatusNotFound, "household_unknown", http.MethodPost, "/api/v1/walks/route", ask)
	w.refused(t, http.StatusNotFound, "service_point_unknown", http.MethodPost, "/api/v1/walks/route", gb(map[string]any{"from": place(25_000, 5_000), "point": number(point)}))
	if n := looks(); n != before+1 {
		t.Errorf("%d looks were recorded, of which the refused ones are none", n-before)
	}
	// No street leads to the other town.
	w.want(t, http.StatusOK, http.MethodPost, "/api/v1/walks/route", gb(map[string]any{"from": place(5_000, 4_500), "to": place(25_000, 4_500)}), &way)
	w.act(ours, staff.Worker)
	w.refused(t, http.StatusUnprocessableEntity, "walk_ends", http.MethodPost, "/api/v1/walks/route", gb(map[string]any{"from": place(5_000, 4_500)}))
	w.bearer = "nobody"
	w.refused(t, http.StatusUnauthorized, "signed_out", http.MethodPost, "/api/v1/walks/reach", gb(map[string]any{"at": place(5_000, 4_500)}))
}

// text is a number that may be missing.
func text(n *int) string {
	if n == nil {
		return "no number of"
	}
	return strconv.Itoa(*n)
}

// BenchmarkADraggedMarker asks through the whole application, without the wire, for
// the outlines around one place of the demo town after another.
func BenchmarkADraggedMarker(b *testing.B) {
	s := newTown(b)
	box := geo.EmptyBound
	for _, u := range s.town.Units {
		box = box.Union(u.Area.Bound())
	}
	ask := func(i int) answer {
		at := geo.Point{X: box.Min.X + (box.Max.X-box.Min.X)/100*int32(30+i*7%40), Y: box.Min.Y + (box.Max.Y-box.Min.Y)/100*int32(30+i*11%40)}
		d := at.Degrees()
		return s.call(b, http.MethodPost, "/api/v1/walks/reach", fmt.Sprintf(`{"at":[%.7f,%.7f],"standard":{"code":"gb50180"},"minutes":[5,10,15],"outlines":true}`, d[0], d[1]), "Content-Type", "application/json")
	}
	if got := ask(0); got.status != http.StatusOK {
		b.Fatalf("%d %s", got.status, got.body)
	}
	b.ReportAllocs()
	var bytes int
	for i := 0; b.Loop(); i++ {
		bytes += len(ask(i).body)
	}
	b.ReportMetric(float64(bytes)/float64(b.N), "B/answer")
}
