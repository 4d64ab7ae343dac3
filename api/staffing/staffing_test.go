package staffing_test

import (
	"strings"
	"testing"

	"wangge/api/route/routetest"
	"wangge/api/staffing"
	"wangge/geo/account"
	"wangge/geo/grid"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
	"wangge/geo/post"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = map[string]any

func TestStaffingOverHTTP(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	if _, err := account.Make(t.Context(), pool, nil, staff.Local, "an", "", account.Person{}); err != nil {
		t.Fatal(err)
	}
	secretary, err := post.Make(t.Context(), pool, staff.Local, post.New{Kind: staff.Leader, Unit: "310115001001"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := post.HandOver(t.Context(), pool, staff.Local, secretary.ID, post.A, "an", grid.Today()); err != nil {
		t.Fatal(err)
	}
	api := routetest.New()
	staffing.Mount(api.API, pool, pool)

	s := api.Want(t, 200, "", "GET", "/staffing", nil)
	if len(s["kinds"].([]any)) != 11 || len(s["levels"].([]any)) < 14 || s["backstop"] != 0.0 {
		t.Errorf("staffing %v", s)
	}
	list := api.Want(t, 200, "", "GET", "/staffing/vacancies?level=micro-grid&limit=3", nil)
	items := list["items"].([]any)
	if len(items) != 3 || list["next"] == nil {
		t.Fatalf("vacancies %v", list)
	}
	first := items[0].(object)
	if first["unit"] != "310115001001001" || first["rule"] != "missing" || first["kind"] != "leader" || first["since"] != "2024-01-01" || first["answers"].(object)["login"] != "an" {
		t.Errorf("the first: %v", first)
	}
	var said []string
	for _, step := range first["answers"].(object)["steps"].([]any) {
		said = append(said, step.(object)["text_en"].(string))
	}
	if want := "310115001001001 Micro-grid leader: there is no such post; 310115001001 Village secretary: A has the duty"; strings.Join(said, "; ") != want {
		t.Errorf("the steps say %q, want %q", said, want)
	}
	rest := api.Want(t, 200, "", "GET", "/staffing/vacancies?level=micro-grid&limit=3&cursor="+list["next"].(string), nil)
	if len(rest["items"].([]any)) != 1 || rest["next"] != nil {
		t.Errorf("the next page: %v", rest)
	}
	counts := api.Want(t, 200, "", "GET", "/staffing/vacancies/units", nil)["items"].([]any)
	village := counts[0].(object)
	if len(counts) != 5 || village["unit"] != "310115001001" || village["below"].(object)["missing"] != 4.0 || village["own"].(object)["no-deputy"] != 1.0 || village["units"] != 5.0 {
		t.Errorf("counts %v", counts)
	}

	lines := []object{{"kind": "leader", "min": 0, "max": nil, "leads": true, "deputy": false}}
	api.Want(t, 200, "", "PUT", "/staffing/levels/micro-grid", object{"lines": lines})
	if l := api.Want(t, 200, "", "GET", "/staffing/vacancies?unit=310115001001&rule=missing", nil); len(l["items"].([]any)) != 0 {
		t.Errorf("after the template was changed: %v", l)
	}
	if s := api.Want(t, 200, "", "PUT", "/staffing/backstop", object{"post": secretary.ID}); s["backstop"] != float64(secretary.ID) {
		t.Errorf("the backstop: %v", s["backstop"])
	}

	api.Want(t, 404, "level_unknown", "PUT", "/staffing/levels/moon", object{"lines": lines})
	api.Want(t, 422, "staffing_kind_twice", "PUT", "/staffing/levels/grid", object{"lines": append(lines, lines...)})
	api.Want(t, 422, "post_kind_unknown", "PUT", "/staffing/levels/grid", object{"lines": []object{{"kind": "king", "min": 0, "max": nil, "leads": false, "deputy": false}}})
	api.Want(t, 422, "staffing_numbers", "PUT", "/staffing/levels/grid", object{"lines": []object{{"kind": "leader", "min": 3, "max": 2, "leads": false, "deputy": false}}})
	api.Want(t, 422, "request_invalid", "PUT", "/staffing/levels/grid", object{"lines": []object{{"kind": "leader", "min": -1, "max": 2, "leads": false, "deputy": false}}})
	api.Want(t, 422, "backstop_unknown", "PUT", "/staffing/backstop", object{"post": 999999})
	api.Want(t, 422, "request_invalid", "GET", "/staffing/vacancies?rule=sad", nil)
	api.Want(t, 422, "cursor_malformed", "GET", "/staffing/vacancies?cursor=x", nil)
	api.Want(t, 404, "unit_unknown", "GET", "/staffing/vacancies?unit=nowhere", nil)
	api.Want(t, 404, "unit_unknown", "GET", "/staffing/vacancies/units?unit=nowhere", nil)
}
