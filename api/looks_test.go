package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"wangge/geo/staff"
)

// Precise places of homes are seen by those whose posts cover them, and each look
// is in the log: who and what, never what was seen.
func TestLooksAtPrecisePlacesAreRecorded(t *testing.T) {
	w := twoTowns(t)
	waitForMap(t, w.service)
	w.act(ours, staff.Worker)
	me := fmt.Sprintf("account:%d", w.accounts[ours][staff.Worker])
	count := func(action, subject, id string) (n int) {
		t.Helper()
		err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE actor = $1 AND action = $2 AND subject = $3 AND subject_id = $4`,
			me, action, subject, id).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	home, incident := w.things[ours]["household"], w.things[ours]["incident"]
	for _, tt := range []struct {
		method, path string
		body         any
		action       string
		subject, id  string
		each         bool // or once an hour
	}{
		{http.MethodGet, "/api/v1/households/" + home, nil, "look", "household", home, true},
		{http.MethodGet, "/api/v1/households", nil, "list", "household", "", true},
		{http.MethodGet, "/api/v1/incidents/" + incident, nil, "look", "incident", incident, true},
		{http.MethodGet, "/api/v1/incidents/" + incident + "/photos", nil, "list", "photo", incident, true},
		{http.MethodGet, "/api/v1/photos/" + w.things[ours]["photo"] + "/image", nil, "look", "photo", w.things[ours]["photo"], true},
		{http.MethodGet, "/api/v1/incidents", nil, "list", "incident", "", true},
		{http.MethodPost, "/api/v1/search", map[string]any{"q": ours + "苑"}, "find", "household", "", true},
		{http.MethodGet, "/tiles/household/16/53720/27094.mvt", nil, "look", "map", "household", false},
	} {
		before := count(tt.action, tt.subject, tt.id)
		for range 2 {
			if got := w.call(t, tt.method, tt.path, tt.body); got.status >= 300 {
				t.Fatalf("%s = %d: %.200s", tt.path, got.status, got.body)
			}
		}
		want := before + 2
		if !tt.each {
			want = before + 1
		}
		if n := count(tt.action, tt.subject, tt.id); n != want {
			t.Errorf("%s: %d rows of %s %s, want %d", tt.path, n, tt.action, tt.subject, want)
		}
	}
	// A refused look shows nothing, and is none.
	before := count("look", "household", w.things[theirs]["household"])
	if got := w.call(t, http.MethodGet, "/api/v1/households/"+w.things[theirs]["household"], nil); got.status != http.StatusNotFound {
		t.Errorf("a home of the other town = %d", got.status)
	}
	if n := count("look", "household", w.things[theirs]["household"]); n != before {
		t.Errorf("%d rows for a look that was refused", n-before)
	}
	var leaked int
	if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE detail::text LIKE '%苑%' OR detail::text LIKE '%路%'`).Scan(&leaked); err != nil || leaked != 0 {
		t.Errorf("%d rows of the log hold an address, %v", leaked, err)
	}
}
