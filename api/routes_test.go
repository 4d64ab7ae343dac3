package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/api"
	"wangge/geo/borderwalk"
	"wangge/geo/candidate"
	"wangge/geo/circle"
	"wangge/geo/demand"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/network"
	"wangge/geo/plan"
	"wangge/geo/proposal"
	"wangge/geo/sheet"
	"wangge/geo/siting"
	"wangge/geo/staff"
	"wangge/geo/town"
)

// operations calls visit for every documented operation.
func operations(t testing.TB, visit func(method, path string, op *huma.Operation)) {
	t.Helper()
	doc := api.Resources(fiber.New(), api.Config{Version: "test"})
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
			http.MethodPatch: item.Patch, http.MethodDelete: item.Delete, http.MethodHead: item.Head,
		} {
			if op != nil {
				visit(method, "/api/v1"+path, op)
			}
		}
	}
}

// TestReading asks one town with everything in it.
func TestReading(t *testing.T) {
	s := newTown(t)
	t.Run("every read that is documented answers", s.everyRead)
	t.Run("nonsense is refused and nothing inside is shown", s.nonsense)
	t.Run("bodies that are nonsense are refused", s.nonsenseBodies)
	t.Run("unknown routes are problems, not the page", s.unknownRoutes)
	t.Run("pages are complete, without repetition, and the same again", s.pages)
	t.Run("any date can be asked for", s.dates)
	t.Run("search takes any script and stands in no log", s.search)
	t.Run("requests of other sites are refused", s.otherSites)
	t.Run("a body too large is refused", s.tooLarge)
	t.Run("the unit of a place is the same in SQL, Go and tiles", s.agree)
	t.Run("exports are what is stored and can be read by others", s.exports)
	t.Run("what is exported imports to the same", s.roundTrip)
	t.Run("health and metrics", s.health)
	t.Run("a run that is the first can be shown to those who see no single places", s.firstRun)
}

func (s *service) firstRun(t *testing.T) {
	if _, err := s.pool.Exec(t.Context(), `DELETE FROM publication`); err != nil {
		t.Fatal(err)
	}
	var run struct{ ID, Job int64 }
	s.want(t, http.StatusAccepted, http.MethodPost, "/api/v1/circles", map[string]any{"columns": []any{map[string]any{"standard": map[string]any{"code": "gb50180"}}}}, &run)
	if j := s.ended(t, run.Job); j.State != "done" {
		t.Fatalf("%+v", j)
	}
	var shown int
	if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM circle_unit WHERE circle_id = $1 AND rounded AND NOT hidden`, run.ID).Scan(&shown); err != nil || shown == 0 {
		t.Errorf("%d units are shown, %v", shown, err)
	}
}

// sample fills a documented path with ids of things that exist.
func (s *service) sample(t testing.TB, path string) string {
	t.Helper()
	ids := map[string]string{"{code}": s.town.Units[0].Code, "{unit}": s.town.Units[0].Code, "{device}": uuid.NewString(), "{kind}": "households", "{table}": "holidays"}
	var id string
	first := func(sql string) string {
		if err := s.pool.QueryRow(t.Context(), sql).Scan(&id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	for prefix, sql := range map[string]string{
		"/api/v1/households":     `SELECT min(id)::text FROM household`,
		"/api/v1/incidents":      `SELECT min(id::text) FROM incident`,
		"/api/v1/service-points": `SELECT min(id)::text FROM service_point`,
		"/api/v1/plans":          `SELECT min(id)::text FROM plan`,
		"/api/v1/imports":        `SELECT min(id)::text FROM upload`,
		"/api/v1/jobs":           `SELECT '1'`,
		"/api/v1/accounts":       `INSERT INTO account (login) VALUES (gen_random_uuid()::text) RETURNING id::text`,
		"/api/v1/posts":          `INSERT INTO post (kind, unit_id) SELECT 'leader', min(id) FROM unit RETURNING id::text`,
		"/api/v1/circles":        `SELECT max(id)::text FROM circle`,
		"/api/v1/candidates":     `SELECT max(id)::text FROM candidate`,
		"/api/v1/sitings":        `SELECT max(id)::text FROM siting`,
		"/api/v1/demand-sets":    `SELECT max(id)::text FROM demand_set`,
		"/api/v1/rulesets":       `SELECT min(id)::text FROM rule_set`,
		"/api/v1/proposals":      `SELECT coalesce(max(id), 0)::text FROM proposal`,
		"/api/v1/border-walks":   `SELECT max(id)::text FROM border_walk`,
		"/api/v1/premises":       `SELECT max(id)::text FROM premises`,
		"/api/v1/checkpoints":    `SELECT max(id)::text FROM checkpoint`,
		"/api/v1/beats":          `SELECT max(id)::text FROM beat`,
		"/api/v1/public":         `SELECT '1'`,
		"/api/v1/webhooks":       `INSERT INTO webhook (unit_id, url, events, created_by) SELECT min(id), 'https://gateway.example.cn/', '{given}', 'test' FROM unit RETURNING id::text`,
	} {
		if strings.HasPrefix(path, prefix) && strings.Contains(path, "{id}") {
			ids["{id}"] = first(sql)
		}
	}
	for _, of := range []string{"/division", "/facts", "/atoms", "/border-suggestions"} {
		if strings.HasSuffix(path, of) {
			ids["{id}"] = first(`SELECT max(id)::text FROM plan WHERE state = 'draft'`)
		}
	}
	if path == "/api/v1/live" {
		return path + "?once=true"
	}
	ids["{alternative}"], ids["{job}"] = "1", "1"
	if strings.Contains(path, "{photo}") {
		ids["{answer}"] = first(`SELECT max(answer_id::text) FROM border_photo`)
		ids["{photo}"] = first(`SELECT max(id::text) FROM border_photo`)
	}
	if strings.HasPrefix(path, "/api/v1/photos") || strings.HasPrefix(path, "/api/v1/public/photos") {
		ids["{photo}"] = s.newPhoto(t)
	}
	if strings.Contains(path, "{household}") {
		ids["{household}"] = first(`SELECT min(id)::text FROM household`)
	}
	for prefix, code := range map[string]string{"/api/v1/notices": "request", "/api/v1/purposes": "duty-contact"} {
		if strings.HasPrefix(path, prefix) {
			ids["{code}"] = code
		}
	}
	for name, value := range ids {
		path = strings.ReplaceAll(path, name, value)
	}
	return path
}

// needed are the questions that some reads do not go without.
var needed = map[string]string{
	"/api/v1/places":                      "?lon=118.5&lat=30.5",
	"/api/v1/circles/{id}/change":         "?before=1",
	"/api/v1/patrols/coverage":            "?unit={base}&from={week}&to={today}",
	"/api/v1/patrols/coverage/export":     "?unit={base}&from={week}&to={today}",
	"/api/v1/devices/{device}/state":      "?account=1",
	"/api/v1/incidents/near":              "?lon=118.5&lat=30.5&category=0102",
	"/api/v1/incidents/analysis/units":    "?from=2026-01-01&to=2026-03-01",
	"/api/v1/incidents/analysis/cells":    "?from=2026-01-01&to=2026-03-01",
	"/api/v1/incidents/analysis/trend":    "?from=2026-01-01&to=2026-03-01",
	"/api/v1/incidents/analysis/matrix":   "?from=2026-01-01&to=2026-03-01",
	"/api/v1/incidents/analysis/hotspots": "?from=2026-01-01&to=2026-03-01",
	"/api/v1/incidents/analysis/export":   "?from=2026-01-01&to=2026-03-01&what=units",
	"/api/v1/comparisons":                 "?base={base}&level=village&before=date:2026-01-01&after=date:2026-02-01",
	"/api/v1/comparisons/households":      "?base={base}&level=village&before=date:2026-01-01&after=date:2026-02-01",
	"/api/v1/comparisons/impact":          "?base={base}&level=village&before=date:2026-01-01&after=date:2026-02-01",
	"/api/v1/comparisons/difference":      "?base={base}&level=village&before=date:2026-01-01&after=date:2026-02-01",
	"/api/v1/comparisons/units":           "?base={base}&level=village&before=date:2026-01-01&after=date:2026-02-01&side=after",
	"/api/v1/comparisons/statistics":      "?base={base}&level=village&before=date:2026-01-01&after=date:2026-02-01&from=2026-01-01&to=2026-03-01",
	"/api/v1/comparisons/export":          "?base={base}&level=village&before=date:2026-01-01&after=date:2026-02-01",
}

// branch makes a draft of a village, and a walk along its borders with an answer and a photo.
func (s *service) branch(t testing.TB) {
	t.Helper()
	base := slices.IndexFunc(s.town.Units, func(u town.Unit) bool { return u.Level == "village" })
	if _, err := proposal.Make(t.Context(), s.pool, staff.Local, proposal.Params{Base: s.town.Units[base].Code, Day: grid.Today(), Alternatives: 1, Rebalance: true}, quiet); err != nil {
		t.Fatal(err)
	}
	p, err := plan.NewBranch(t.Context(), s.pool, staff.Local, plan.Branch{Name: "案", Base: s.town.Units[base].Code, Day: grid.Today()})
	if err != nil {
		t.Fatal(err)
	}
	var division struct {
		Units []struct{ Area orb.MultiPolygon }
	}
	s.get(t, fmt.Sprintf("/api/v1/plans/%d/division", p.ID), &division)
	made, err := borderwalk.Make(t.Context(), s.pool, staff.Local, p.ID, borderwalk.New{Name: "线", Points: []borderwalk.NewPoint{{At: division.Units[0].Area[0][0][0], Question: "墙在哪一侧?"}}})
	if err != nil {
		t.Fatal(err)
	}
	points, err := borderwalk.Points(t.Context(), s.pool, staff.Local, made.ID)
	if err != nil || len(points) != 1 {
		t.Fatalf("%+v, %v", points, err)
	}
	answer, photo := uuid.New(), uuid.New()
	if _, err := borderwalk.Say(t.Context(), s.pool, staff.Local, points[0].ID, borderwalk.Finding{ID: answer.String(), Verdict: borderwalk.Right}); err != nil {
		t.Fatal(err)
	}
	if _, err := borderwalk.AddPhoto(t.Context(), s.pool, staff.Local, answer, photo, snapshot()); err != nil {
		t.Fatal(err)
	}
}

// circle fills the service circle: a run, a candidate, a search for it and a demand
// set.
func (s *service) circle(t testing.TB) {
	t.Helper()
	maker := circle.NewMaker(s.pool, network.NewFootpaths(s.pool))
	run, err := maker.Run(t.Context(), staff.Local, circle.Params{Title: "圈", K: 1, Columns: []circle.Column{{Standard: circle.Standard{Code: "gb50180"}}}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	at := s.town.Households[0].At.Degrees()
	if _, err := candidate.Add(t.Context(), s.pool, staff.Local, candidate.Details{Kind: candidate.IdleHouse, Name: "闲置房"}, at); err != nil {
		t.Fatal(err)
	}
	if _, err := candidate.NewFinder(s.pool, maker).Find(t.Context(), staff.Local, candidate.Params{Circle: run.ID, Model: siting.Coverage, Sites: 1}, quiet); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("lon,lat,population\n%f,%f,30\n", at[0], at[1])
	table, err := sheet.Open("d.csv", strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := demand.Import(t.Context(), s.pool, staff.Local, ledger.FromSheet(table), demand.Options{Name: "d", FileName: "d.csv", Confirm: "a test"}); err != nil {
		t.Fatal(err)
	}
}

func (s *service) everyRead(t *testing.T) {
	s.circle(t)
	s.branch(t)
	s.registers(t)
	absent := map[string]bool{"/api/v1/jobs/{id}": true, "/api/v1/plans/{id}/dossiers/{job}": true, "/api/v1/imports/{id}/original": true} // none was run, no boundary file came
	today := grid.Today()
	personal := map[string]bool{} // the caller of these tests has no account of which one could speak
	for _, path := range []string{"session", "sessions", "tokens", "absences", "break-glass", "consents", "requests", "requests/{id}", "shifts", "shifts/{shift}", "shifts/{shift}/track", "shifts/{shift}/gpx", "devices"} {
		personal["/api/v1/"+path] = true
	}
	operations(t, func(method, path string, _ *huma.Operation) {
		if method != http.MethodGet {
			return
		}
		at := s.sample(t, path) + strings.NewReplacer("{base}", s.town.Units[0].Code, "{today}", today.String(), "{week}", today.AddDays(-6).String()).Replace(needed[path])
		got := s.call(t, method, at, nil)
		want := http.StatusOK
		if absent[path] {
			want = http.StatusNotFound
		}
		if personal[path] {
			want = http.StatusUnauthorized
		}
		if strings.HasPrefix(path, "/api/v1/public/consultations") || path == "/api/v1/public/incidents" || path == "/api/v1/public/receipts/{code}" {
			want = http.StatusForbidden // the public map and the residents' reports are off
		}
		keep := "no-store"
		if path == "/api/v1/packs/{unit}/file" {
			keep = "private, no-cache" // it comes in pieces, each of the same version
		}
		if got.status != want {
			t.Errorf("%s = %d, want %d: %.300s", at, got.status, want, got.body)
		}
		if got.status >= 400 {
			problemIn(t, at, got)
		}
		if got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Cache-Control") != keep {
			t.Errorf("%s: headers %v", at, got.header)
		}
		if strings.Contains(got.header.Get("Content-Type"), "json") && !json.Valid(got.body) {
			t.Errorf("%s is no JSON: %.300s", at, got.body)
		}
	})
}

// garbage are values no parameter may choke on.
var garbage = []string{"", "abc", "-1", "0", "99999999999999999999", "1e400", "NaN", "2026-13-45", "0001-01-01", "9999-12-31", "%00", "a%00b", "%ff%fe", "%F0%9F%92%A5",
	"'; DROP TABLE unit; --", "../../etc/passwd", strings.Repeat("9", 300), "%5C%25_", "2026-01-01_00000000-0000-0000-0000-000000000000"}

func (s *service) nonsense(t *testing.T) {
	operations(t, func(method, path string, op *huma.Operation) {
		if method != http.MethodGet {
			return
		}
		for _, p := range op.Parameters {
			for _, value := range garbage {
				if !strings.Contains(value, "%") {
					value = url.QueryEscape(value)
				}
				at := s.sample(t, path)
				switch p.In {
				case "query":
					at += "?" + p.Name + "=" + value
					if path == "/api/v1/places" {
						at += "&lon=118.5&lat=30.5"
					}
				case "path":
					at = strings.ReplaceAll(path, "{"+p.Name+"}", strings.ReplaceAll(value, "+", "%20"))
				}
				s.neverBreaks(t, method, at, nil)
			}
		}
	})
	for _, at := range []string{"/api/v1/units?limit=0", "/api/v1/units?limit=1001", "/api/v1/units?limit=x", "/api/v1/units?lvl=grid", "/api/v1/units?at=yesterday",
		"/api/v1/units?state=odd", "/api/v1/households?cursor=x", "/api/v1/incidents?cursor=x", "/api/v1/service-points?cursor=x", "/api/v1/audit?cursor=x", "/api/v1/plans?cursor=x", "/api/v1/jobs?cursor=x", "/api/v1/imports?cursor=x", "/api/v1/places",
		"/api/v1/places?lon=181&lat=0", "/api/v1/places?lon=x&lat=0", "/api/v1/households/x", "/api/v1/incidents/x", "/api/v1/exports/secrets", "/api/v1/exports/units?format=exe"} {
		s.refused(t, http.StatusUnprocessableEntity, "", http.MethodGet, at, nil)
	}
	for _, at := range []string{"/api/v1/units/none", "/api/v1/units/none/boundary", "/api/v1/households/999999999", "/api/v1/service-points/999999999",
		"/api/v1/plans/999999999", "/api/v1/plans/999999999/units", "/api/v1/plans/999999999/faults", "/api/v1/jobs/999999999", "/api/v1/imports/999999999",
		"/api/v1/incidents/" + uuid.NewString()} {
		s.refused(t, http.StatusNotFound, "", http.MethodGet, at, nil)
	}
}

// neverBreaks calls and accepts any answer but a failure of ours.
func (s *service) neverBreaks(t *testing.T, method, at string, body any) {
	t.Helper()
	got := s.call(t, method, at, body)
	if got.status >= 500 {
		t.Errorf("%s %s = %d: %s", method, at, got.status, got.body)
	}
	if got.status >= 400 {
		problemIn(t, method+" "+at, got)
	}
}

func (s *service) nonsenseBodies(t *testing.T) {
	bodies := []string{"", "{", "null", "[]", "{}", `"x"`, "7", `{"x":1}`, strings.Repeat("[", 20_000),
		`{"q":"\u0000"}`, `{"q":"\ud800"}`, `{"q":"x","limit":-1}`,
		`{"do":"place","point":[1000,1000]}`, `{"do":"merge","into":-1}`, `{"do":"place","point":[1]}`, `{"do":"place","point":[1e999,0]}`,
		`{"revision":-1}`, `{"revision":1,"effective_on":"9999-99-99"}`, `{"revision":1,"kind":"gap","repair":"\u0000"}`,
		`{"code":"x\u0000","rank":7,"title_zh":"\u0000","title_en":"x","post_zh":"","post_en":""}`,
		`{"attribution":"\u0000","review_number":""}`,
		`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[1000,1000],[1001,1000],[1001,1001],[1000,1000]]]},"properties":{"code":"z","kind":"other","name":"z","valid_from":"2026-01-01","valid_to":null}}`,
		`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2],[1,1]]]},"properties":{"code":"z\u0000","kind":"other","name":"z","valid_from":"2026-01-01","valid_to":null}}`,
		`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2],[1,1]]]},"properties":{"code":"z","kind":"other","name":"z","valid_from":"2026-01-02","valid_to":"2026-01-01"}}`,
	}
	operations(t, func(method, path string, op *huma.Operation) {
		if method == http.MethodGet || method == http.MethodDelete || op.RequestBody == nil {
			return
		}
		if _, form := op.RequestBody.Content["multipart/form-data"]; form {
			return
		}
		for _, body := range bodies {
			s.neverBreaks(t, method, s.sample(t, path), body)
		}
	})
	operations(t, func(method, path string, op *huma.Operation) {
		if op.RequestBody == nil {
			return
		}
		if _, form := op.RequestBody.Content["multipart/form-data"]; !form {
			return
		}
		for _, kind := range []string{"multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "multipart/form-data; boundary=" + strings.Repeat("x", 200)} {
			got := s.dial(t, method, path, kind, []byte("--x\r\nnonsense"))
			if got.status < 400 || got.status >= 500 {
				t.Errorf("%s %s of %s = %d: %s", method, path, kind, got.status, got.body)
			}
			problemIn(t, path+" "+kind, got)
		}
	})
}

func (s *service) unknownRoutes(t *testing.T) {
	for _, at := range []string{"/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/units", "/api/v1/units/a/b/c"} {
		s.refused(t, http.StatusNotFound, "", http.MethodGet, at, nil)
	}
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodPost} {
		got := s.call(t, method, "/api/v1/units", nil)
		if p := problemIn(t, method, got); got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s /api/v1/units = %d %s", method, got.status, p.Code)
		}
	}
	if got := s.call(t, http.MethodGet, "/drafts/7", nil); got.status != http.StatusOK || string(got.body) != "the page" {
		t.Errorf("a link into the page = %d %q", got.status, got.body)
	}
}

// walk reads a list page by page and returns the ids in order.
func (s *service) walk(t testing.TB, at, key string, limit int) (ids []string, total int) {
	t.Helper()
	total = -1 // not told
	cursor := ""
	for range 10_000 {
		var p page[map[string]any]
		s.get(t, fmt.Sprintf("%slimit=%d&cursor=%s", at, limit, url.QueryEscape(cursor)), &p)
		if len(p.Items) > limit {
			t.Fatalf("%s: a page of %d, want %d at most", at, len(p.Items), limit)
		}
		for _, item := range p.Items {
			ids = append(ids, fmt.Sprint(item[key]))
		}
		if p.Total != nil {
			total = *p.Total
		}
		if p.Next == "" {
			return ids, total
		}
		cursor = p.Next
	}
	t.Fatalf("%s never ends", at)
	return nil, 0
}

func (s *service) pages(t *testing.T) {
	lists := []struct {
		at, key, count string
		limit          int
	}{
		{"/api/v1/units?", "code", `SELECT count(*) FROM boundary WHERE valid_to IS NULL`, 7},
		{"/api/v1/units?level=village&", "code", `SELECT count(*) FROM boundary b JOIN unit u ON u.id = b.unit_id WHERE u.level = 'village'`, 1},
		{"/api/v1/households?", "id", `SELECT count(*) FROM household WHERE closed_on IS NULL`, 97},
		{"/api/v1/households?placed=false&", "id", `SELECT count(*) FROM household WHERE closed_on IS NULL AND point IS NULL`, 1},
		{"/api/v1/incidents?", "id", `SELECT count(*) FROM incident`, 13},
		{"/api/v1/service-points?", "id", `SELECT count(*) FROM service_point`, 3},
		{"/api/v1/plans?state=published&", "id", `SELECT count(*) FROM plan WHERE state = 'published'`, 1},
		{"/api/v1/imports?", "id", `SELECT count(*) FROM upload`, 1},
		{"/api/v1/jobs?", "id", `SELECT count(*) FROM job`, 1},
		{"/api/v1/audit?subject=plan&", "id", `SELECT count(*) FROM audit WHERE subject = 'plan'`, 2}, // reading it adds rows
	}
	for _, l := range lists {
		t.Run(l.at, func(t *testing.T) {
			var want int
			if err := s.pool.QueryRow(t.Context(), l.count).Scan(&want); err != nil {
				t.Fatal(err)
			}
			got, total := s.walk(t, l.at, l.key, l.limit)
			if len(got) != want || total != want && total >= 0 {
				t.Errorf("%d items in pages of %d, total %d; want %d", len(got), l.limit, total, want)
			}
			if sorted := slices.Sorted(slices.Values(got)); len(slices.Compact(sorted)) != len(got) {
				t.Error("something stands on two pages")
			}
			whole, _ := s.walk(t, l.at, l.key, 200)
			if !slices.Equal(got, whole) {
				t.Error("the order depends on the size of the page")
			}
		})
	}
}

func (s *service) dates(t *testing.T) {
	count := func(at string) (n int) {
		var p page[unitRow]
		s.get(t, "/api/v1/units?limit=1&at="+at, &p)
		return *p.Total
	}
	start := newYear()
	before := fmt.Sprintf("%d-12-31", newYearOf(t)-1)
	if n := count(before); n != 0 {
		t.Errorf("%d units on the day before the first", n)
	}
	if on, far := count(start.String()), count("2999-01-01"); on == 0 || on != far {
		t.Errorf("%d units on the first day, %d in the far future", on, far)
	}
	code := s.town.Units[0].Code
	s.refused(t, http.StatusNotFound, "unit_unknown", http.MethodGet, "/api/v1/units/"+code+"?at="+before, nil)
	var a struct{ Unit *unitRow }
	s.get(t, "/api/v1/places?lon=118.5&lat=30.5&at="+before, &a)
	if a.Unit != nil {
		t.Errorf("before the first day %s was responsible", a.Unit.Code)
	}
	var status struct {
		Town   *struct{ Code string }
		Counts map[string]int
	}
	s.get(t, "/api/v1/status?at="+before, &status)
	if status.Town != nil {
		t.Errorf("status of the day before names the town %v", status.Town)
	}
}

func newYearOf(t testing.TB) (year int) {
	t.Helper()
	if _, err := fmt.Sscanf(newYear().String(), "%d", &year); err != nil {
		t.Fatal(err)
	}
	return year
}

func (s *service) search(t *testing.T) {
	find := func(text string) (hits page[struct{ Kind, ID, Title string }]) {
		s.want(t, http.StatusOK, http.MethodPost, "/api/v1/search", map[string]any{"q": text}, &hits)
		return hits
	}
	village := slices.IndexFunc(s.town.Units, func(u town.Unit) bool { return u.Level == "village" })
	u := s.town.Units[village]
	for _, text := range []string{u.Name, u.Code, "  " + u.Name + " "} {
		if hits := find(text); !slices.ContainsFunc(hits.Items, func(h struct{ Kind, ID, Title string }) bool { return h.Kind == "unit" && h.ID == u.Code }) {
			t.Errorf("%q finds %+v, not %s", text, hits.Items, u.Code)
		}
	}
	for _, text := range []string{"%", "_", `\`, "'", "💥", "ｆｕｌｌ　ｗｉｄｔｈ", strings.Repeat("长", 100)} {
		if hits := find(text); len(hits.Items) > 20 {
			t.Errorf("%q finds %d things", text, len(hits.Items))
		}
	}
	if hits := find("%"); len(hits.Items) > 0 {
		t.Errorf("a per cent sign finds everything: %+v", hits.Items[0])
	}
	s.refused(t, http.StatusUnprocessableEntity, "", http.MethodPost, "/api/v1/search", map[string]any{"q": strings.Repeat("长", 101)})
	got := s.call(t, http.MethodGet, "/api/v1/search?q="+url.QueryEscape(u.Name), nil)
	if got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
		t.Errorf("search by address = %d; a text must not stand in an address", got.status)
	}
	secret := "张三家的门牌"
	find(secret)
	s.call(t, http.MethodPost, "/api/v1/search?at=nonsense", map[string]any{"q": secret})
	s.call(t, http.MethodPost, "/api/v1/search", map[string]any{"q": secret, "limit": 1000})
	if strings.Contains(s.log.String(), secret) {
		t.Error("the log has what was searched for")
	}
}

func (s *service) otherSites(t *testing.T) {
	foreign := [][]string{
		{"Origin", "https://example.com"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "null"},
	}
	for _, headers := range foreign {
		s.refused(t, http.StatusForbidden, "foreign_origin", http.MethodPost, "/api/v1/search", map[string]any{"q": "x"}, headers...)
		s.refused(t, http.StatusForbidden, "foreign_origin", http.MethodDelete, "/api/v1/demo", nil, headers...)
	}
	if got := s.call(t, http.MethodPost, "/api/v1/search", map[string]any{"q": "x"}, "Origin", "http://localhost", "Sec-Fetch-Site", "same-origin"); got.status != http.StatusOK {
		t.Errorf("our own page is refused: %d %s", got.status, got.body)
	}
}

func (s *service) tooLarge(t *testing.T) {
	body, err := json.Marshal(map[string]any{"q": strings.Repeat("x", 2<<20)})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 { // the answer must arrive each time, not only where the client is slow to send
		for _, at := range []string{"/api/v1/search", "/api/v1/plans/1/repairs", "/api/v1/plans/1/publish", "/api/v1/zones", "/api/v1/households"} {
			got := s.dial(t, http.MethodPost, at, "application/json", body)
			if problemIn(t, at, got); got.status != http.StatusRequestEntityTooLarge {
				t.Errorf("%s with 2 MiB = %d, want 413", at, got.status)
			}
		}
	}
}

// dial sends a request over a real connection.
func (s *service) dial(t testing.TB, method, path, kind string, body []byte) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.address+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer anybody")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	res, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{res.StatusCode, res.Header, text}
}

func (s *service) health(t *testing.T) {
	if got := s.call(t, http.MethodGet, "/healthz", nil); got.status != http.StatusOK {
		t.Errorf("/healthz = %d %s", got.status, got.body)
	}
	if got := s.call(t, http.MethodGet, "/readyz", nil); got.status != http.StatusOK {
		t.Errorf("/readyz = %d %s", got.status, got.body)
	}
	s.call(t, http.MethodGet, "/api/v1/units/330106?at=2026-01-01", nil)
	got, err := http.Get("http://" + s.address + "/metrics") // only for this machine
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	text := string(body)
	if err != nil || got.StatusCode != http.StatusOK || !strings.Contains(text, `route="/api/v1/units/:code"`) || strings.Contains(text, "330106") {
		t.Errorf("/metrics = %d; requests are counted by route, never by address: %.600s", got.StatusCode, text)
	}
}
