package households_test

import (
	"fmt"
	"testing"

	"wangge/api/households"
	"wangge/api/route/routetest"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = map[string]any

func TestHouseholdsOverHTTP(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	api := routetest.New()
	households.Mount(api.API, pool)

	dwelling := func(door string) object {
		return object{"compound": "康桥花苑", "building": "3号楼", "stairwell": "1", "doorplate": door, "address": "", "kind": "owner", "occupied": true,
			"ages": object{"age_0_2": 1, "age_3_6": nil, "age_7_17": nil, "age_18_59": nil, "age_60_79": nil, "age_80": nil}}
	}
	with := func(base object, key string, value any) object { base[key] = value; return base }

	added := api.Want(t, 201, "", "POST", "/households", with(dwelling("101"), "point", ledgertest.Degrees(0.5, 0.5)))
	id := int64(added["id"].(float64))
	if added["unit"] != "310115001001001" || added["cell"] == "" || len(added["point"].([]any)) != 2 {
		t.Errorf("added %v", added)
	}
	one := fmt.Sprintf("/households/%d", id)
	waiting := api.Want(t, 201, "", "POST", "/households", dwelling("102"))
	if waiting["point"] != nil || waiting["unit"] != "" {
		t.Errorf("waiting %v", waiting)
	}
	other := int64(waiting["id"].(float64))

	if s := api.Want(t, 200, "", "GET", fmt.Sprintf("/households/%d/suggestion", other), nil); s["point"] == nil || s["confidence"].(float64) < 0.9 {
		t.Errorf("suggestion %v", s)
	}
	if m := api.Want(t, 200, "", "POST", "/households/matches", nil); m["placed"] != 1.0 {
		t.Errorf("matched %v", m)
	}
	if l := api.Want(t, 200, "", "GET", "/households?unit=310115001001&limit=1", nil); l["total"] != 2.0 || l["next"] != fmt.Sprint(id) {
		t.Errorf("list %v", l)
	}
	if l := api.Want(t, 200, "", "GET", "/households?placed=false", nil); l["total"] != 0.0 {
		t.Errorf("unplaced %v", l)
	}
	if moved := api.Want(t, 200, "", "POST", one+"/actions", object{"do": "move", "point": ledgertest.Degrees(1.5, 1.5)}); moved["unit"] != "310115001001004" {
		t.Errorf("moved %v", moved)
	}
	if edited := api.Want(t, 200, "", "PUT", one, with(dwelling("103"), "kind", "rental")); edited["kind"] != "rental" || edited["doorplate"] != "103" {
		t.Errorf("edited %v", edited)
	}
	if closed := api.Want(t, 200, "", "POST", one+"/actions", object{"do": "close"}); closed["closed_on"] == nil || closed["unit"] != "" {
		t.Errorf("closed %v", closed)
	}
	api.Want(t, 200, "", "POST", one+"/actions", object{"do": "reopen"})

	api.Want(t, 404, "household_unknown", "GET", "/households/999999", nil)
	api.Want(t, 422, "request_invalid", "GET", "/households/abc", nil)
	api.Want(t, 404, "unit_unknown", "GET", "/households?unit=nowhere", nil)
	api.Want(t, 422, "cursor_malformed", "GET", "/households?cursor=x", nil)
	api.Want(t, 422, "point_missing", "POST", one+"/actions", object{"do": "move"})
	api.Want(t, 422, "place_impossible", "POST", one+"/actions", object{"do": "move", "point": []float64{481.5, 31.1}})
	api.Want(t, 422, "household_place", "POST", one+"/actions", object{"do": "move", "point": []float64{0, 0}})
	api.Want(t, 422, "into_missing", "POST", one+"/actions", object{"do": "merge"})
	api.Want(t, 422, "household_merge_self", "POST", one+"/actions", object{"do": "merge", "into": id})
	api.Want(t, 409, "household_open", "POST", one+"/actions", object{"do": "reopen"})
	api.Want(t, 422, "request_invalid", "POST", one+"/actions", object{"do": "burn"})
	api.Want(t, 422, "household_personal", "POST", "/households", with(dwelling("104"), "address", "电话 13812345678"))
	api.Want(t, 422, "household_no_address", "POST", "/households", with(with(dwelling(""), "compound", ""), "building", ""))
}
