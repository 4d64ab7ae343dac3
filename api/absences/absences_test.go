package absences_test

import (
	"fmt"
	"testing"
	"time"

	"wangge/api/absences"
	"wangge/api/route/routetest"
	"wangge/geo/account"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = map[string]any

func TestAbsencesOverHTTP(t *testing.T) {
	pool := pgtest.Database(t)
	ids := map[string]int64{}
	for _, login := range []string{"keeper", "an"} {
		id, err := account.Make(t.Context(), pool, nil, staff.Local, login, "", account.Person{})
		if err != nil {
			t.Fatal(err)
		}
		ids[login] = id
	}
	keeper := staff.Actor{Name: staff.NameOf(ids["keeper"]), Account: ids["keeper"], Grants: []staff.Grant{{Kind: staff.Administrator, May: []staff.Permission{staff.Post}}}}
	api, an, program := routetest.As(keeper), routetest.As(staff.Actor{Name: staff.NameOf(ids["an"]), Account: ids["an"]}), routetest.New()
	for _, a := range []routetest.API{api, an, program} {
		absences.Mount(a.API, pool)
	}
	at := func(hours int) string { return time.Now().Add(time.Duration(hours) * time.Hour).Format(time.RFC3339) }

	away := api.Want(t, 201, "", "POST", "/absences", object{"account": "an", "from": at(-30), "to": at(48), "reason": "leave"})
	if away["login"] != "an" || away["recorded_by"] != keeper.Name || away["from"].(string) < at(-1) {
		t.Errorf("recorded %v", away)
	}
	later := api.Want(t, 201, "", "POST", "/absences", object{"account": "an", "from": at(72), "reason": "training"})
	if l := api.Want(t, 200, "", "GET", "/absences?account=an&limit=1", nil); len(l["items"].([]any)) != 1 || l["next"] != fmt.Sprint(away["id"]) {
		t.Errorf("list %v", l)
	}
	api.Want(t, 409, "absence_overlaps", "POST", "/absences", object{"account": "an", "from": at(47), "reason": "sick"})
	api.Want(t, 422, "absence_order", "POST", "/absences", object{"account": "an", "from": at(3), "to": at(2), "reason": "sick"})
	api.Want(t, 422, "account_unknown", "POST", "/absences", object{"account": "nobody", "reason": "sick"})
	program.Want(t, 401, "signed_out", "POST", "/absences", object{"account": "an", "reason": "sick"})
	an.Want(t, 422, "account_unknown", "POST", "/absences", object{"account": "keeper", "reason": "sick"})
	own := an.Want(t, 201, "", "POST", "/absences", object{"from": at(50), "to": at(60), "reason": "other"})
	if l := an.Want(t, 200, "", "GET", "/absences", nil); len(l["items"].([]any)) != 3 {
		t.Errorf("as an sees it: %v", l)
	}
	api.Want(t, 204, "", "DELETE", fmt.Sprintf("/absences/%v", own["id"]), nil)
	api.Want(t, 422, "request_invalid", "POST", "/absences", object{"account": "an", "reason": "tired"})
	api.Want(t, 422, "request_invalid", "POST", "/absences", object{"account": "an", "reason": "sick", "from": "soon"})
	api.Want(t, 422, "cursor_malformed", "GET", "/absences?cursor=x", nil)
	api.Want(t, 404, "absence_unknown", "DELETE", "/absences/999999", nil)

	api.Want(t, 204, "", "DELETE", fmt.Sprintf("/absences/%v", away["id"]), nil)
	api.Want(t, 409, "absence_over", "DELETE", fmt.Sprintf("/absences/%v", away["id"]), nil)
	api.Want(t, 204, "", "DELETE", fmt.Sprintf("/absences/%v", later["id"]), nil)
	if l := api.Want(t, 200, "", "GET", "/absences?past=true", nil); len(l["items"].([]any)) != 1 {
		t.Errorf("what was: %v", l)
	}
	if l := api.Want(t, 200, "", "GET", "/absences?past=true&mine=true", nil); len(l["items"].([]any)) != 0 {
		t.Errorf("mine: %v", l)
	}
}
