package servicepoints_test

import (
	"fmt"
	"testing"

	"wangge/api/route/routetest"
	"wangge/api/servicepoints"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = map[string]any

func TestServicePointsOverHTTP(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	api := routetest.New()
	servicepoints.Mount(api.API, pool)

	point := func(change func(object)) object {
		o := object{"name": "第一站", "tier": "station", "address": "某路1号", "capacity": 20, "ground_floor": true, "step_free": nil, "mobile": false,
			"functions": []object{{"function": "elderly-care", "hours": "Mo-Fr 09:00-17:00", "sessions": "", "items": []string{"助餐"}}},
			"stops":     []object{}, "point": ledgertest.Degrees(0.5, 0.5)}
		if change != nil {
			change(o)
		}
		return o
	}
	opened := func(o object) { o["state"], o["from"] = "pilot", "2024-01-01" }
	added := api.Want(t, 201, "", "POST", "/service-points", point(opened))
	if added["state"] != "pilot" || added["unit"] != "310115001001001" || len(added["functions"].([]any)) != 1 {
		t.Errorf("added %v", added)
	}
	one := fmt.Sprintf("/service-points/%v", added["id"])
	if list := api.Want(t, 200, "", "GET", "/service-points?function=elderly-care&state=pilot&at=2024-02-01", nil); list["total"] != 1.0 {
		t.Errorf("in February %v", list)
	}
	if list := api.Want(t, 200, "", "GET", "/service-points?state=pilot&at=2023-12-31", nil); list["total"] != 0.0 {
		t.Errorf("the year before %v", list)
	}
	edited := api.Want(t, 200, "", "PUT", one, point(func(o object) { o["name"] = "新名" }))
	if edited["name"] != "新名" {
		t.Errorf("edited %v", edited)
	}
	api.Want(t, 200, "", "GET", one, nil)
	api.Want(t, 200, "", "GET", "/service-tiers", nil)
	api.Want(t, 200, "", "GET", "/service-functions", nil)
	api.Want(t, 404, "service_point_unknown", "GET", "/service-points/999999", nil)
	api.Want(t, 422, "service_tier_unknown", "POST", "/service-points", point(func(o object) { opened(o); o["tier"] = "palace" }))
	api.Want(t, 422, "place_impossible", "POST", "/service-points", point(func(o object) { opened(o); o["point"] = []float64{1e9, 0} }))
	api.Want(t, 422, "service_point_stops", "POST", "/service-points", point(func(o object) {
		opened(o)
		o["stops"] = []object{{"name": "a", "hours": "", "point": []float64{121.5, 31.2}}}
	}))
}
