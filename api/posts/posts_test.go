package posts_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"wangge/api/posts"
	"wangge/api/route/routetest"
	"wangge/geo"
	"wangge/geo/account"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = map[string]any

func TestPostsOverHTTP(t *testing.T) {
	pool := pgtest.Database(t)
	ledgertest.Town(t, pool, 2)
	ring, err := vault.OpenRing(filepath.Join(t.TempDir(), "ring"))
	if err != nil {
		t.Fatal(err)
	}
	for login, name := range map[string]string{"an": "安某", "bo": "薄某"} {
		if _, err := account.Make(t.Context(), pool, ring, staff.Local, login, "", account.Person{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	api := routetest.New()
	posts.Mount(api.API, pool, ring)
	const unit = "310115001001001"
	day := func(n int) string { return geo.DayOf(time.Now().AddDate(0, 0, n)).String() }

	made := api.Want(t, 201, "", "POST", "/posts", object{"kind": "leader", "unit": unit, "from": day(-30)})
	one := fmt.Sprintf("/posts/%v", made["id"])
	if made["ordinal"] != 1.0 || made["title_zh"] != "网格长" || made["valid_from"] != day(-30) || made["a"] != nil {
		t.Errorf("made %v", made)
	}
	if second := api.Want(t, 201, "", "POST", "/posts", object{"kind": "leader", "unit": unit, "title": "片长", "from": day(9)}); second["ordinal"] != 2.0 || second["title_zh"] != "片长" {
		t.Errorf("the second: %v", second)
	}
	held := api.Want(t, 200, "", "PUT", one+"/holders/A", object{"account": "an"})
	if a := held["a"].(object); a["login"] != "an" || a["name"] != "安某" || a["away"] != false || a["valid_from"] != day(0) {
		t.Errorf("held %v", held)
	}
	api.Want(t, 200, "", "PUT", one+"/holders/A", object{"account": "bo", "from": day(3)})
	if later := api.Want(t, 200, "", "GET", one+"?at="+day(3), nil); later["a"].(object)["name"] != "薄某" {
		t.Errorf("in three days: %v", later)
	}
	if l := api.Want(t, 200, "", "GET", "/posts?unit=310115001001&kind=leader&limit=1&at="+day(9), nil); len(l["items"].([]any)) != 1 || l["next"] != fmt.Sprint(made["id"]) {
		t.Errorf("list %v", l)
	}
	if l := api.Want(t, 200, "", "GET", "/posts?account=bo", nil); len(l["items"].([]any)) != 0 {
		t.Errorf("posts of bo today: %v", l)
	}
	if l := api.Want(t, 200, "", "GET", "/posts?unit=310115001001&only=true", nil); len(l["items"].([]any)) != 0 {
		t.Errorf("posts of the village itself: %v", l)
	}
	if p := api.Want(t, 200, "", "PATCH", one, object{"title": "东片长"}); p["title_en"] != "东片长" {
		t.Errorf("retitled %v", p)
	}
	if h := api.Want(t, 200, "", "GET", one+"/history", nil); len(h["holders"].([]any)) != 2 || len(h["titles"].([]any)) != 1 || len(h["carried"].([]any)) != 0 {
		t.Errorf("history %v", h)
	}

	api.Want(t, 404, "post_unknown", "GET", "/posts/999999", nil)
	api.Want(t, 422, "request_invalid", "GET", "/posts/abc", nil)
	api.Want(t, 404, "unit_unknown", "GET", "/posts?unit=nowhere", nil)
	api.Want(t, 422, "cursor_malformed", "GET", "/posts?cursor=x", nil)
	api.Want(t, 404, "unit_unknown", "POST", "/posts", object{"kind": "leader", "unit": "nowhere"})
	api.Want(t, 422, "post_kind_unknown", "POST", "/posts", object{"kind": "king", "unit": unit})
	api.Want(t, 422, "post_department", "POST", "/posts", object{"kind": "department-officer", "unit": unit})
	api.Want(t, 422, "request_invalid", "POST", "/posts", object{"kind": "leader", "unit": unit, "from": "yesterday"})
	api.Want(t, 422, "request_invalid", "PUT", one+"/holders/C", object{"account": "an"})
	api.Want(t, 422, "account_unknown", "PUT", one+"/holders/B", object{"account": "nobody"})
	api.Want(t, 409, "holder_own_deputy", "PUT", one+"/holders/B", object{"account": "an"})
	api.Want(t, 422, "holder_past", "PUT", one+"/holders/A", object{"account": "", "from": day(-1)})
	api.Want(t, 422, "holder_past", "PATCH", one, object{"title": "x", "from": day(-1)})

	api.Want(t, 204, "", "DELETE", one+"?on="+day(1), nil)
	api.Want(t, 409, "post_ended", "PUT", one+"/holders/B", object{"account": "bo", "from": day(1)})
	if l := api.Want(t, 200, "", "GET", "/posts?at="+day(1), nil); len(l["items"].([]any)) != 0 {
		t.Errorf("tomorrow: %v", l)
	}
}
