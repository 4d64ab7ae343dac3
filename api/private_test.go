package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb/maptile"

	"wangge/geo"
	"wangge/geo/export"
	"wangge/geo/grid"
	incidents "wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// A private incident is for who reported it, who has the duty, and who dispatches there.
// Every way in is tried by everybody of both towns.
func TestAPrivateIncidentIsForThoseWhoWorkOnIt(t *testing.T) {
	w := twoTowns(t)
	id, secret := uuid.New(), "邻里争执甚久"
	at := place(2500, 3500)
	w.act(ours, staff.Worker)
	var before struct{ Total int }
	w.want(t, http.StatusOK, http.MethodGet, "/api/v1/incidents", nil, &before)
	w.want(t, http.StatusCreated, http.MethodPost, "/api/v1/incidents", map[string]any{
		"id": id, "category": "1101", "reported_at": time.Now().Add(-time.Hour), "point": at, "text": secret, "private": true}, nil)

	readers := map[string][]staff.Kind{ours: {staff.Leader, staff.Worker, staff.Dispatcher}} // duty, reporter, dispatcher
	ways := map[string]string{
		"list":        "/api/v1/incidents?limit=200",
		"of the unit": "/api/v1/incidents?unit=" + w.things[ours]["unit"],
		"one":         "/api/v1/incidents/" + id.String(),
		"steps":       "/api/v1/incidents/" + id.String() + "/steps",
		"responsible": "/api/v1/incidents/" + id.String() + "/responsible",
		"duplicates":  "/api/v1/incidents/near?category=1101&" + lonLatQuery(at),
		"file":        "/api/v1/exports/incidents?format=csv",
		"GeoJSON":     "/api/v1/exports/incidents?format=geojson",
		"worksheet":   "/api/v1/incidents/export",
	}
	inFiles := []string{"file", "GeoJSON"} // in none, whoever asks
	for _, town := range []string{ours, theirs} {
		for _, kind := range kinds {
			w.act(town, kind)
			reads := slices.Contains(readers[town], kind)
			for name, path := range ways {
				got := w.call(t, http.MethodGet, path, nil)
				if name == "worksheet" && got.status == http.StatusOK {
					got.body = []byte(texts(t, got.body))
				}
				shown := got.status == http.StatusOK && (strings.Contains(string(got.body), id.String()) || strings.Contains(string(got.body), secret) ||
					(name == "steps" || name == "responsible"))
				may := reads && !slices.Contains(inFiles, name)
				if kind == staff.Dispatcher && name == "duplicates" { // who does not report asks for none
					may = false
				}
				if name == "worksheet" { // without its words, for who dispatches; leaders and workers take no files out
					may = reads && kind == staff.Dispatcher
					if strings.Contains(string(got.body), secret) {
						t.Errorf("%s %s: the worksheet has its words", town, kind)
					}
				}
				if shown != may {
					t.Errorf("%s %s, %s: %d, shown %v, want %v", town, kind, name, got.status, shown, may)
				}
			}
			if got := w.call(t, http.MethodPost, "/api/v1/search", object{"q": secret}); strings.Contains(string(got.body), secret+`"`) && got.status == http.StatusOK {
				t.Errorf("%s %s finds it: %s", town, kind, got.body)
			}
			if got := w.call(t, http.MethodPost, "/api/v1/incidents/"+id.String()+"/steps", object{"id": uuid.New(), "act": "verify"}); !reads && got.status != http.StatusNotFound && got.status != http.StatusForbidden {
				t.Errorf("%s %s acts on it: %d %s", town, kind, got.status, got.body)
			}
		}
	}
	var total struct{ Total int }
	for kind, want := range map[staff.Kind]int{staff.Worker: before.Total + 1, staff.PartTimeWorker: before.Total, staff.Planner: 0} {
		w.act(ours, kind)
		w.want(t, http.StatusOK, http.MethodGet, "/api/v1/incidents?category=11", nil, &total)
		if hidden := kind != staff.Worker; hidden != (total.Total == 0) {
			t.Errorf("%s counts %d disputes", kind, total.Total)
		}
		if w.want(t, http.StatusOK, http.MethodGet, "/api/v1/incidents", nil, &total); want != 0 && total.Total != want {
			t.Errorf("%s counts %d incidents, want %d", kind, total.Total, want)
		}
	}

	// Tiles and analyses are without it, for the dispatcher too.
	w.bearer = "local"
	tile := maptile.At(at, maptile.Zoom(w.deepest(t, "incident")))
	for _, bearer := range []string{"local", strconv.FormatInt(w.accounts[ours][staff.Dispatcher], 10)} {
		w.bearer = bearer
		got := w.call(t, http.MethodGet, fmt.Sprintf("/tiles/incident/%d/%d/%d.mvt", tile.Z, tile.X, tile.Y), nil)
		for _, l := range layersOf(&table{towns: w, t: t}, got) {
			for _, f := range l.Features {
				if f.Properties["category"] == "1101" {
					t.Errorf("%s sees it on the map: %v", bearer, f.Properties)
				}
			}
		}
	}

	// Either wall holds alone.
	member := w.accounts[ours][staff.Member]
	actor, err := staff.Load(t.Context(), w.pool, member)
	if err != nil {
		t.Fatal(err)
	}
	acting := pg.WithAccount(t.Context(), strconv.FormatInt(member, 10))
	for name, read := range map[string]func() (string, error){
		"the program's is missing, get":  func() (string, error) { i, err := incidents.Get(acting, w.db, staff.Local, id); return i.Text, err },
		"the database's is missing, get": func() (string, error) { i, err := incidents.Get(t.Context(), w.pool, actor, id); return i.Text, err },
		"the program's is missing, steps": func() (string, error) {
			s, err := incidents.Steps(acting, w.db, staff.Local, id)
			return fmt.Sprint(s), err
		},
		"the database's is missing, steps": func() (string, error) {
			s, err := incidents.Steps(t.Context(), w.pool, actor, id)
			return fmt.Sprint(s), err
		},
		"the program's is missing, near": func() (string, error) {
			s, err := incidents.Duplicates(acting, w.db, staff.Local, geo.Snap(at), "1101", time.Now())
			return fmt.Sprint(s), err
		},
		"the database's is missing, near": func() (string, error) {
			s, err := incidents.Duplicates(t.Context(), w.pool, actor, geo.Snap(at), "1101", time.Now())
			return fmt.Sprint(s), err
		},
		"a file": func() (string, error) {
			var b strings.Builder
			err := export.Write(t.Context(), w.pool, staff.Local, &b, "incidents", export.CSV, export.Options{Day: grid.Today()})
			return b.String(), err
		},
	} {
		if text, _ := read(); strings.Contains(text, secret) || strings.Contains(text, id.String()) || strings.Contains(text, "report ") {
			t.Errorf("%s: %s", name, text)
		}
	}
	for _, table := range []string{"incident", "incident_step", "incident_duty"} {
		if text := dump(t, acting, w.db, table); strings.Contains(text, id.String()) {
			t.Errorf("%s shows it to a member", table)
		}
	}

	// Whoever stands in for the leader reads it, and only then.
	var deputy int64
	leader := w.accounts[ours][staff.Leader]
	err = w.pool.QueryRow(t.Context(), `
		INSERT INTO holder (post_id, rank, account_id, valid_from) SELECT post_id, 'B', $1, $3 FROM holder WHERE account_id = $2 RETURNING account_id`,
		w.accounts[ours][staff.PartTimeWorker], leader, newYear()).Scan(&deputy)
	if err != nil {
		t.Fatal(err)
	}
	w.act(ours, staff.PartTimeWorker)
	w.refused(t, http.StatusNotFound, "incident_unknown", http.MethodGet, "/api/v1/incidents/"+id.String(), nil)
	if _, err := w.pool.Exec(t.Context(), `INSERT INTO absence (account_id, starts_at, reason, recorded_by) VALUES ($1, now() - interval '1 hour', 'leave', 'test')`, leader); err != nil {
		t.Fatal(err)
	}
	w.want(t, http.StatusOK, http.MethodGet, "/api/v1/incidents/"+id.String(), nil, nil)
}
