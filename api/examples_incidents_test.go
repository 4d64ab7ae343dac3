package api_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/xuri/excelize/v2"

	"wangge/geo"
	incidents "wangge/geo/incident"
	"wangge/geo/staff"
)

// newIncident is one that was just reported in a town.
func (w *table) newIncident(town string) string {
	w.t.Helper()
	got, _, err := incidents.Report(w.t.Context(), w.pool, w.pool, staff.Local, incidents.New{
		ID: uuid.New(), Category: "0102", ReportedAt: time.Now(), Point: geo.Snap(place(w.x(town)+2000, 3000))}, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return got.ID.String()
}

// newCharge gives the leader of a town a lamp.
func (w *towns) newCharge(t testing.TB, town string, x int32) string {
	t.Helper()
	post, _ := strconv.ParseInt(w.things[town]["post"], 10, 64)
	c, err := incidents.AddCharge(t.Context(), w.pool, staff.Local, incidents.Charge{
		Kind: incidents.ByAsset, Name: town + "路灯", Reach: 10, Post: post, Shape: orb.Point(place(x+1200, 3000))})
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(c.ID, 10)
}

// incidentExamples are those of steps, of whose an incident is, and of what deadlines are
// counted by.
func incidentExamples() []example {
	const v1 = "/api/v1"
	return []example{
		{"check-report", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/incidents/near?category=0102&" + lonLatQuery(place(w.x(town)+2000, 3000)), shows: codes}
		}, nil},
		{"incident-steps", "", thing, of(v1+"/incidents/{}/steps", "incident"), nil},
		{"incident-responsible", "", thing, of(v1+"/incidents/{}/responsible", "incident"), nil},
		{"incidents-alike", "", thing, of(v1+"/incidents/{}/alike", "incident"), nil},
		{"incident-choices", "", thing, of(v1+"/incidents/{}/choices", "incident"), nil},
		{"tally-incidents", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/incident-tallies?open=true&unit=" + w.things[town]["unit"]}
		}, nil},
		{"take-incident-step", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/incidents/" + w.newIncident(town) + "/steps", body: object{"id": uuid.New(), "act": "accept", "from": "reported"}}
		}, nil},
		{"take-incident-step", "that a dispatcher takes", thing, func(w *table, town string) request {
			return request{path: v1 + "/incidents/" + w.newIncident(town) + "/steps", body: object{"id": uuid.New(), "act": "close", "reason": "duplicate"}}
		}, nil},
		{"list-incident-reasons", "", general, at(v1 + "/incident-reasons"), nil},
		{"list-incident-limits", "", general, at(v1 + "/incident-limits"), nil},
		{"set-incident-limits", "", general, sending(v1+"/incident-limits", object{"limits": []object{{"category": "", "state": "reported", "amount": 2, "unit": "working-hours"}}}), nil},
		{"list-holidays", "", general, at(v1 + "/holidays"), nil},
		{"set-holidays", "", general, sending(v1+"/holidays", object{"days": []object{{"day": "2027-01-01", "working": false, "name": "元旦"}}}), nil},
		{"get-working-hours", "", general, at(v1 + "/working-hours"), nil},
		{"set-working-hours", "", general, sending(v1+"/working-hours", object{"hours": "09:00-12:00,13:00-18:00"}), nil},
		{"list-charges", "", list, showing(v1+"/charges", marks), nil},
		{"add-charge", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/charges", body: object{"type": "Feature", "geometry": object{"type": "Point", "coordinates": place(w.x(town)+1200, 3000)},
				"properties": object{"kind": "asset", "name": town + "路灯", "reach": 10, "post": w.vacancy(town, staff.Worker)}}}
		}, nil},
		{"remove-charge", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/charges/" + w.newCharge(w.t, town, w.x(town))}
		}, nil},
	}
}

// inWorksheet are the towns of which a workbook shows something: a text of theirs in a cell.
func inWorksheet(w *table, got answer, of map[string]string) map[string]bool {
	all, shown := texts(w.t, got.body), map[string]bool{}
	for town, text := range of {
		shown[town] = strings.Contains(all, text)
	}
	return shown
}

// texts are those of all cells of a workbook.
func texts(t testing.TB, workbook []byte) (all string) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(workbook))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for _, name := range book.GetSheetList() {
		rows, err := book.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		all += fmt.Sprint(rows)
	}
	return all
}
