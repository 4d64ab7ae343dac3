package incidents_test

import (
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
	incidents.Mount(api.API, pool)

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
