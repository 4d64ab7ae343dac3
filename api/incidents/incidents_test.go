package incidents_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/api/incidents"
	"wangge/api/route/routetest"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = map[string]any

func TestIncidentsOverHTTP(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	api := routetest.New()
	incidents.Mount(api.API, pool, pool)

	report := func(change func(object)) object {
		o := object{"id": uuid.NewString(), "category": "0102", "reported_at": time.Now().UTC().Format(time.RFC3339), "point": ledgertest.Degrees(0.5, 0.5)}
		if change != nil {
			change(o)
		}
		return o
	}
	first := report(nil)
	got := api.Want(t, 201, "", "POST", "/incidents", first)
	if got["id"] != first["id"] || got["unit"] != "310115001001001" || got["state"] != "reported" || got["cell"] == "" {
		t.Errorf("reported %v", got)
	}
	again := api.Want(t, 201, "", "POST", "/incidents", first)
	if again["id"] != got["id"] {
		t.Errorf("again %v", again)
	}
	for range 2 {
		api.Want(t, 201, "", "POST", "/incidents", report(nil))
	}
	page := api.Want(t, 200, "", "GET", "/incidents?limit=2&category=01&open=true", nil)
	if page["total"] != 3.0 || len(page["items"].([]any)) != 2 {
		t.Errorf("page %v", page)
	}
	rest := api.Want(t, 200, "", "GET", "/incidents?limit=2&cursor="+page["next"].(string), nil)
	if len(rest["items"].([]any)) != 1 || rest["next"] != nil {
		t.Errorf("rest %v", rest)
	}
	if list := api.Want(t, 200, "", "GET", "/incident-categories", nil); len(list["items"].([]any)) < 40 {
		t.Errorf("categories %v", list)
	}
	api.Want(t, 404, "incident_unknown", "GET", "/incidents/"+uuid.NewString(), nil)
	api.Want(t, 422, "request_invalid", "GET", "/incidents/7", nil)
	api.Want(t, 422, "cursor_malformed", "GET", "/incidents?cursor=x", nil)
	api.Want(t, 422, "incident_category", "POST", "/incidents", report(func(o object) { o["category"] = "8888" }))
	api.Want(t, 422, "incident_time", "POST", "/incidents", report(func(o object) { o["reported_at"] = "2199-01-01T00:00:00Z" }))
	api.Want(t, 422, "incident_place", "POST", "/incidents", report(func(o object) { o["point"] = []float64{121, 31} }))
	api.Want(t, 422, "place_impossible", "POST", "/incidents", report(func(o object) { o["point"] = []float64{121.5, 391.5} }))
	api.Want(t, 422, "incident_personal", "POST", "/incidents", report(func(o object) { o["address"] = "13812345678" }))
}

func TestStepsOverHTTP(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	api := routetest.New()
	incidents.Mount(api.API, pool, pool)
	now := time.Now().UTC().Format(time.RFC3339)
	report := object{"id": uuid.NewString(), "category": "0102", "reported_at": now, "point": ledgertest.Degrees(0.985, 0.5), "accuracy": 8.5, "text": "路口有垃圾", "private": true}
	got := api.Want(t, 201, "", "POST", "/incidents", report)
	if got["text"] != "路口有垃圾" || got["private"] != true || got["accuracy"] != 8.5 || got["due_at"] == nil {
		t.Errorf("reported %v", got)
	}
	path := "/incidents/" + report["id"].(string)
	step := func(act string, more object) object {
		o := object{"id": uuid.NewString(), "act": act}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	accept := step("accept", object{"from": "reported"})
	for range 2 {
		if got := api.Want(t, 200, "", "POST", path+"/steps", accept); got["state"] != "accepted" {
			t.Errorf("accepted %v", got)
		}
	}
	api.Want(t, 200, "", "POST", path+"/steps", step("dispatch", nil))
	api.Want(t, 200, "", "POST", path+"/steps", step("extend", object{"reason": "weather", "amount": 2, "unit": "working-days"}))
	moved := api.Want(t, 200, "", "POST", path+"/steps", step("move", object{"point": ledgertest.Degrees(1.5, 0.5)}))
	if moved["unit"] != "310115001001002" {
		t.Errorf("moved %v", moved)
	}
	steps := api.Want(t, 200, "", "GET", path+"/steps", nil)
	if len(steps["items"].([]any)) != 5 || steps["state"] != "dispatched" || len(steps["acts"].([]any)) != 5 {
		t.Errorf("steps %v", steps)
	}
	if r := api.Want(t, 200, "", "GET", path+"/responsible", nil); r["basis"] != "backstop" || r["unit"] != "310115001001002" || r["duty"] == nil {
		t.Errorf("responsible %v", r)
	}
	near := api.Want(t, 200, "", "GET", "/incidents/near?lon=121.5699&lat=31.135&category=0102", nil)
	if near["border"] == nil || near["unit"] != "310115001001001" {
		t.Errorf("near %v", near)
	}
	api.Want(t, 409, "incident_act", "POST", path+"/steps", step("verify", nil))
	api.Want(t, 409, "incident_stale", "POST", path+"/steps", step("handle", object{"from": "accepted"}))
	api.Want(t, 422, "incident_reason", "POST", path+"/steps", step("return", nil))
	api.Want(t, 422, "incident_extend", "POST", path+"/steps", step("extend", object{"reason": "weather"}))
	api.Want(t, 422, "request_invalid", "POST", path+"/steps", step("forget", nil))
	api.Want(t, 422, "place_impossible", "POST", path+"/steps", step("move", object{"point": []float64{121.5, 391.5}}))
	api.Want(t, 404, "incident_unknown", "GET", "/incidents/"+uuid.NewString()+"/responsible", nil)
	report["id"], report["text"] = uuid.NewString(), "请打13812345678"
	api.Want(t, 422, "incident_personal", "POST", "/incidents", report)

	limits := api.Want(t, 200, "", "PUT", "/incident-limits", object{"limits": []object{{"category": "", "state": "reported", "amount": 30, "unit": "minutes"}}})
	if len(limits["items"].([]any)) != 1 {
		t.Errorf("limits %v", limits)
	}
	api.Want(t, 422, "incident_limits", "PUT", "/incident-limits", object{"limits": []object{{"category": "8888", "state": "reported", "amount": 30, "unit": "minutes"}}})
	api.Want(t, 200, "", "PUT", "/holidays", object{"days": []object{{"day": "2027-01-01", "working": false, "name": "元旦"}}})
	api.Want(t, 422, "holiday_rows", "PUT", "/holidays", object{"days": []object{{"day": "2027-01-01", "working": true, "name": "元旦"}}})
	if list := api.Want(t, 200, "", "GET", "/incident-reasons", nil); len(list["items"].([]any)) < 10 {
		t.Errorf("reasons %v", list)
	}

	var post int64
	if err := pool.QueryRow(t.Context(), `INSERT INTO post (kind, unit_id, valid_from) SELECT 'worker', id, '2024-01-01' FROM unit WHERE code = '310115001001001' RETURNING id`).Scan(&post); err != nil {
		t.Fatal(err)
	}
	charge := func(kind string, geometry object) object {
		return object{"type": "Feature", "geometry": geometry, "properties": object{"kind": kind, "name": "路灯 7", "reach": 10, "post": post}}
	}
	lamp := api.Want(t, 201, "", "POST", "/charges", charge("asset", object{"type": "Point", "coordinates": ledgertest.Degrees(0.5, 0.5)}))
	api.Want(t, 201, "", "POST", "/charges", charge("line", object{"type": "LineString", "coordinates": []any{ledgertest.Degrees(0.2, 0.5), ledgertest.Degrees(0.8, 0.5)}}))
	api.Want(t, 422, "charge_invalid", "POST", "/charges", charge("zone", object{"type": "Point", "coordinates": ledgertest.Degrees(0.5, 0.5)}))
	api.Want(t, 422, "place_impossible", "POST", "/charges", charge("asset", object{"type": "Point", "coordinates": []float64{121.5, 391.5}}))
	if list := api.Want(t, 200, "", "GET", "/charges", nil); len(list["features"].([]any)) != 2 {
		t.Errorf("charges %v", list)
	}
	api.Want(t, 204, "", "DELETE", fmt.Sprintf("/charges/%.0f", lamp["id"]), nil)
	api.Want(t, 404, "charge_unknown", "DELETE", fmt.Sprintf("/charges/%.0f", lamp["id"]), nil)
}
