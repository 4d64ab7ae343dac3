package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/api"
	"wangge/geo"
	"wangge/geo/deliberation"
	"wangge/geo/demand"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// towns are two towns side by side in one installation, with a common border.
// Whatever the second one has is marked: 乙 in its texts, 9902 in its codes.
type towns struct {
	*service
	db       pg.Pool // of requests
	accounts map[string]map[staff.Kind]int64
	things   map[string]things
}

// things are ids of what one town has, by the name of the resource.
type things map[string]string

const (
	ours   = "甲"
	theirs = "乙"
)

var codeOf = map[string]string{ours: "990101001", theirs: "990201001"}

var kinds = []staff.Kind{staff.Leader, staff.Worker, staff.PartTimeWorker, staff.Member, staff.BuildingHead, staff.DepartmentOfficer,
	staff.Planner, staff.Analyst, staff.Dispatcher, staff.Administrator, staff.PrivacyOfficer}

// twoTowns builds them as people would: each town's planner draws, loads and adds.
func twoTowns(t testing.TB, also ...func(*api.Config)) *towns {
	t.Helper()
	s, db := newWalledService(t, also...)
	w := &towns{service: s, db: db, accounts: map[string]map[staff.Kind]int64{}, things: map[string]things{}}
	publish := func(level string, records ...plan.Record) {
		p, err := plan.New(t.Context(), s.pool, staff.Local, plan.Source{Name: level, Preset: "town-grid", Level: level, Day: newYear(), Records: records}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Publish(t.Context(), s.pool, staff.Local, p.ID, p.Revision, newYear(), quiet); err != nil {
			t.Fatal(err)
		}
	}
	shape := func(town string, level int) geo.MultiPolygon {
		x := int32(0)
		if town == theirs {
			x = 20000
		}
		if level == 3 { // the western of two grids
			return box(x, 0, x+10000, 10000)
		}
		return box(x, 0, x+20000, 10000)
	}
	both := []string{ours, theirs}
	var tops, villages, grids []plan.Record
	for _, town := range both {
		code := codeOf[town]
		tops = append(tops, plan.Record{Code: code, Name: town + "镇", Area: shape(town, 1)})
		villages = append(villages, plan.Record{Code: code + "001", Name: town + "村", Parent: code, Area: shape(town, 2)})
		east := shape(town, 2)[0][0]
		grids = append(grids, plan.Record{Code: code + "001001", Name: town + "西网格", Parent: code + "001", Area: shape(town, 3)},
			plan.Record{Code: code + "001002", Name: town + "东网格", Parent: code + "001",
				Area: geo.MultiPolygon{{{{X: east[0].X + 10000, Y: east[0].Y}, east[1], east[2], {X: east[3].X + 10000, Y: east[3].Y}}}}})
	}
	publish("town", tops...)
	publish("village", villages...)
	publish("grid", grids...)
	for i, town := range both {
		w.settle(t, town, int32(i)*20000)
	}
	w.streets(t)
	for _, town := range both {
		w.things[town]["circle"] = w.circleOf(t, town)
	}
	for i, town := range both {
		w.newRegisters(t, town, int32(i)*20000)
		w.things[town]["candidate"] = w.newCandidate(t, town, int32(i)*20000)
		w.things[town]["siting"] = w.sitingOf(t, town)
		w.things[town]["proposal"] = w.newProposal(t, town)
		w.things[town]["ruleset"] = w.newRuleset(t, town)
		walk, point := w.newBorderWalk(t, town, number(w.things[town]["plan"]))
		w.things[town]["border-walk"], w.things[town]["border-point"] = fmt.Sprint(walk), fmt.Sprint(point)
		w.patrolled(t, town)
		w.photographed(t, town)
		w.things[town]["webhook"] = w.newWebhook(t, town)
	}
	return w
}

// newProposal is one that was worked out for a town.
func (w *towns) newProposal(t testing.TB, town string) (id string) {
	t.Helper()
	err := w.pool.QueryRow(t.Context(), `
		WITH p AS (
			INSERT INTO proposal (unit_id, params, found, created_by, finished_at)
			SELECT id, jsonb_build_object('base', code, 'day', $2::text, 'max', 50), '{"alternatives": [{"score": {"units": 1}, "broken": []}], "proofs": []}', $3, now()
			FROM unit WHERE code = $1 RETURNING id, unit_id)
		INSERT INTO proposal_part (proposal_id, alternative, ordinal, unit_id, code, parent, households, geom)
		SELECT p.id, 1, 1, p.unit_id, $1 || '001001', $1 || '001', 7, (SELECT geom FROM boundary b WHERE b.unit_id = p.unit_id LIMIT 1)
		FROM p RETURNING proposal_id::text`, codeOf[town], newYear().String(), town).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// settle gives a town its staff and its things.
func (w *towns) settle(t testing.TB, town string, x int32) {
	t.Helper()
	code := codeOf[town]
	th := things{"unit": code + "001001", "village": code + "001", "town": code}
	w.things[town] = th
	w.accounts[town] = map[staff.Kind]int64{}
	for i, kind := range kinds {
		login := map[string]string{ours: "jia", theirs: "yi9902"}[town] + "-" + string(kind)
		unit := code + "001001"
		if i >= slices.Index(kinds, staff.DepartmentOfficer) {
			unit = code
		}
		w.accounts[town][kind] = w.post(t, login, kind, unit)
	}
	w.act(town, staff.Planner)
	for i := range 3 {
		h := w.household(t, place(x+1000+int32(i)*200, 5000), town+"苑"+strconv.Itoa(i))
		th["household"] = strconv.FormatInt(h.ID, 10)
	}
	var point, job struct{ ID any }
	w.want(t, http.StatusCreated, http.MethodPost, "/api/v1/service-points", map[string]any{"name": town + "服务站", "tier": "station", "address": town + "路1号",
		"point": place(x+3000, 4000), "state": "active", "capacity": nil, "ground_floor": nil, "step_free": nil, "mobile": false, "stops": []any{}, "functions": []any{map[string]any{"function": "medical", "hours": "", "sessions": "", "items": []string{}}}}, &point)
	th["service-point"] = fmt.Sprint(point.ID)
	w.want(t, http.StatusCreated, http.MethodPost, "/api/v1/zones", zoneBody(town, x), nil)
	th["zone"] = "Z-" + code
	w.act(town, staff.Worker)
	var report struct{ ID uuid.UUID }
	w.want(t, http.StatusCreated, http.MethodPost, "/api/v1/incidents", map[string]any{
		"id": uuid.New(), "category": "0102", "address": town + "路2号", "reported_at": time.Now().Add(-time.Hour), "point": place(x+2000, 3000)}, &report)
	th["incident"] = report.ID.String()

	planner, err := staff.Load(t.Context(), w.pool, w.accounts[town][staff.Planner])
	if err != nil {
		t.Fatal(err)
	}
	draft, err := plan.New(t.Context(), w.pool, planner, plan.Source{Name: town + "案", Preset: "town-grid", Level: "grid", Day: newYear(), Records: []plan.Record{
		{Code: code + "001001", Name: town + "西网格", Parent: code + "001", Area: box(x, 0, x+8000, 10000)},
		{Code: code + "001002", Name: town + "东网格", Parent: code + "001", Area: box(x+8000, 0, x+20000, 10000)}}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	th["plan"] = strconv.FormatInt(draft.ID, 10)
	w.discuss(t, town, draft, geo.Snap(place(x+3000, 5000)))
	body, kind := form(t, town+".csv", []byte("编号,经度,纬度,地址\n"+code+"-1,"+lonLat(place(x+1500, 6000))+","+town+"路3号\n"+code+"-2,,,"+town+"路4号\n"),
		"kind", "households", "crs", "WGS84", "source", town+"台账", "confirm", "a test")
	w.act(town, staff.Planner)
	got := w.call(t, http.MethodPost, "/api/v1/imports", body, "Content-Type", kind)
	if got.status != http.StatusAccepted {
		t.Fatalf("import for %s: %d %s", town, got.status, got.body)
	}
	if err := json.Unmarshal(got.body, &job); err != nil {
		t.Fatal(err)
	}
	id, _ := strconv.ParseInt(fmt.Sprint(job.ID), 10, 64)
	if j := w.ended(t, id); j.State != "done" {
		t.Fatalf("import for %s: %+v", town, j)
	}
	th["job"] = fmt.Sprint(job.ID)
	var upload int64
	if err := w.pool.QueryRow(t.Context(), `SELECT max(id) FROM upload`).Scan(&upload); err != nil {
		t.Fatal(err)
	}
	th["import"] = strconv.FormatInt(upload, 10)
	th["demand-set"] = w.newDemand(t, town, town+"普查", x)
	var held int64
	if err := w.pool.QueryRow(t.Context(), `SELECT post_id FROM holder WHERE account_id = $1`, w.accounts[town][staff.Leader]).Scan(&held); err != nil {
		t.Fatal(err)
	}
	th["post"] = strconv.FormatInt(held, 10)
	th["charge"] = w.newCharge(t, town, x)
	var absence int64
	err = w.pool.QueryRow(t.Context(), `
		INSERT INTO absence (account_id, starts_at, reason, recorded_by) VALUES ($1, now(), 'leave', 'test') RETURNING id`, w.accounts[town][staff.Member]).Scan(&absence)
	if err != nil {
		t.Fatal(err)
	}
	th["absence"] = strconv.FormatInt(absence, 10)
}

// discuss has a draft of a town commented on, passed and shown to residents.
func (w *towns) discuss(t testing.TB, town string, draft plan.Plan, at geo.Point) {
	t.Helper()
	c, err := deliberation.Say(t.Context(), w.pool, staff.Local, draft.ID, at, town+"意见")
	if err != nil {
		t.Fatal(err)
	}
	w.things[town]["comment"] = strconv.FormatInt(c.ID, 10)
	_, err = w.pool.Exec(t.Context(), `INSERT INTO plan_stage (plan_id, stage, outcome, revision, note, done_by) VALUES ($1, 'proposal', 'passed', 1, $2, 'test')`, draft.ID, town+"附言")
	if err != nil {
		t.Fatal(err)
	}
	_, err = deliberation.Open(t.Context(), w.pool, staff.Local, deliberation.Consultation{PlanID: draft.ID, Title: town + "征求意见",
		OpensOn: grid.Today(), ClosesOn: geo.DayOf(time.Now().AddDate(0, 0, 3))})
	if err != nil {
		t.Fatal(err)
	}
}

// newDemand is a demand set of a town, as its planner imports one.
func (w *towns) newDemand(t testing.TB, town, name string, x int32) string {
	t.Helper()
	text := "lon,lat,population\n" + lonLat(place(x+1500, 6000)) + ",30\n"
	table, err := sheet.Open(name+".csv", strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	planner, err := staff.Load(t.Context(), w.pool, w.accounts[town][staff.Planner])
	if err != nil {
		t.Fatal(err)
	}
	report, err := demand.Import(t.Context(), w.pool, planner, ledger.FromSheet(table), demand.Options{Name: name, FileName: name + ".csv", Confirm: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(report.Set.ID, 10)
}

func lonLat(p [2]float64) string { return fmt.Sprintf("%.7f,%.7f", p[0], p[1]) }

func zoneBody(town string, x int32) map[string]any {
	at := func(dx, dy int32) [2]float64 { return place(x+dx, dy) }
	return map[string]any{"type": "Feature", "geometry": map[string]any{"type": "Polygon", "coordinates": [][][2]float64{{
		at(4000, 4000), at(6000, 4000), at(6000, 6000), at(4000, 6000), at(4000, 4000)}}},
		"properties": map[string]any{"code": "Z-" + codeOf[town], "kind": "street", "name": town + "街", "valid_from": newYear().String(), "valid_to": nil}}
}

// post makes an account that holds a post of a kind in a unit ("" = everywhere).
func (w *towns) post(t testing.TB, login string, kind staff.Kind, unit string) (account int64) {
	t.Helper()
	err := w.pool.QueryRow(t.Context(), `
		WITH c AS (INSERT INTO account (login, area_id) VALUES ($1, (SELECT id FROM unit WHERE code = left($3, 9))) RETURNING id),
		p AS (INSERT INTO post (kind, unit_id, valid_from) VALUES ($2, (SELECT id FROM unit WHERE code = nullif($3, '')), $4) RETURNING id)
		INSERT INTO holder (post_id, rank, account_id, valid_from) SELECT p.id, 'A', c.id, $4 FROM p, c RETURNING account_id`,
		login, string(kind), unit, newYear()).Scan(&account)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// act makes the next requests those of a town's holder of a kind of post.
func (w *towns) act(town string, kind staff.Kind) {
	w.bearer = strconv.FormatInt(w.accounts[town][kind], 10)
}

// fractions are those of seconds: their digits may be any.
var fractions = regexp.MustCompile(`(:\d\d)\.\d+Z`)

// marked returns what of the other town stands in a text.
func marked(text string) string {
	text = fractions.ReplaceAllString(text, "${1}Z")
	for _, mark := range []string{theirs, "9902"} {
		if i := strings.Index(text, mark); i >= 0 {
			return text[max(0, i-60):min(len(text), i+60)]
		}
	}
	return ""
}

func TestAHouseholdThatIsClosedStaysInItsGridAndNoneIsMovedOutOfIt(t *testing.T) {
	w := twoTowns(t)
	id := w.things[ours]["household"]
	if _, err := w.pool.Exec(t.Context(), `UPDATE household SET area_id = NULL WHERE id = $1`, id); err != nil { // brought in for the whole installation
		t.Fatal(err)
	}
	path := "/api/v1/households/" + id
	w.act(ours, staff.Worker)
	for name, at := range map[string][2]float64{"the other town": place(21000, 5000), "the next grid": place(15000, 5000), "nobody's land": place(1000, 20000)} {
		got := w.call(t, http.MethodPost, path+"/actions", map[string]any{"do": "move", "point": at})
		if got.status != http.StatusForbidden && got.status != http.StatusNotFound {
			t.Errorf("moved to %s: %d %s", name, got.status, got.body)
		}
		w.want(t, http.StatusOK, http.MethodGet, path, nil, nil)
	}
	var h struct {
		ClosedOn *string `json:"closed_on"`
		Unit     string
	}
	w.want(t, http.StatusOK, http.MethodPost, path+"/actions", map[string]any{"do": "close"}, &h)
	if h.ClosedOn == nil {
		t.Errorf("closed: %+v", h)
	}
	w.want(t, http.StatusOK, http.MethodGet, path, nil, nil)
	w.want(t, http.StatusOK, http.MethodPost, path+"/actions", map[string]any{"do": "reopen"}, &h)
	if h.ClosedOn != nil || h.Unit != w.things[ours]["unit"] {
		t.Errorf("reopened: %+v", h)
	}
	w.act(theirs, staff.Worker)
	w.refused(t, http.StatusNotFound, "household_unknown", http.MethodGet, path, nil)
}

// Of two posts, one may export and the other may see households: neither makes
// the other's area larger.
func TestTwoPostsDoNotAddUpToAnExport(t *testing.T) {
	w := twoTowns(t)
	planner := w.accounts[ours][staff.Planner]
	_, err := w.pool.Exec(t.Context(), `
		WITH p AS (INSERT INTO post (kind, unit_id) SELECT 'leader', id FROM unit WHERE code = $2 RETURNING id)
		INSERT INTO holder (post_id, rank, account_id) SELECT id, 'A', $1 FROM p`, planner, codeOf[theirs])
	if err != nil {
		t.Fatal(err)
	}
	w.act(ours, staff.Planner)
	if list := w.call(t, http.MethodGet, "/api/v1/households", nil); marked(string(list.body)) == "" {
		t.Fatal("the second post shows nothing")
	}
	for _, kind := range []string{"households", "incidents", "units"} {
		got := w.call(t, http.MethodGet, "/api/v1/exports/"+kind+"?format=csv", nil)
		if leak := marked(string(got.body)); got.status != http.StatusOK || leak != "" || !strings.Contains(string(got.body), codeOf[ours]) {
			t.Errorf("%s = %d: %s", kind, got.status, leak)
		}
	}
	var recorded int
	if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'export' AND actor = $1`, staff.NameOf(planner)).Scan(&recorded); err != nil || recorded != 3 {
		t.Errorf("%d exports are recorded, %v; want 3", recorded, err)
	}
	w.act(ours, staff.Analyst)
	w.refused(t, http.StatusForbidden, "forbidden", http.MethodGet, "/api/v1/exports/households", nil)
}

func TestNobodyOfOneTownReadsOrChangesAnythingOfTheOther(t *testing.T) {
	w := twoTowns(t)
	waitForMap(t, w.service)
	before := w.everythingOf(t, theirs)
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			w.act(ours, kind)
			operations(t, func(method, path string, op *huma.Operation) { w.probe(t, method, path) })
			for _, text := range []string{theirs, "9902", "9902010010", theirs + "路", "Z-9902", theirs + "苑1"} {
				if leak := marked(strings.ReplaceAll(string(w.call(t, http.MethodPost, "/api/v1/search", map[string]any{"q": text}).body), `"q"`, "")); leak != "" {
					t.Errorf("search for %s: %s", text, leak)
				}
			}
		})
	}
	w.act(theirs, staff.Planner)
	for _, path := range []string{"/api/v1/units", "/api/v1/households", "/api/v1/incidents", "/api/v1/plans", "/api/v1/imports", "/api/v1/jobs", "/api/v1/zones", "/api/v1/demand-sets", "/api/v1/candidates", "/api/v1/sitings", "/api/v1/proposals", "/api/v1/rulesets", "/api/v1/border-tasks", "/api/v1/visits/due?until=2150-01-01", "/api/v1/premises", "/api/v1/blocks", "/api/v1/checkpoints", "/api/v1/beats",
		"/api/v1/posts", "/api/v1/staffing/vacancies", "/api/v1/staffing/vacancies/units"} {
		if got := w.call(t, http.MethodGet, path, nil); marked(string(got.body)) == "" {
			t.Errorf("%s shows the other town's own planner nothing either: %.300s", path, got.body)
		}
	}
	if after := w.everythingOf(t, theirs); before != after {
		t.Errorf("the other town is not what it was:\n%s\n%s", before, after)
	}
}

// probe calls an operation with ids of the other town and looks for anything of it.
func (w *towns) probe(t *testing.T, method, path string) {
	t.Helper()
	at := w.with(theirs, path)
	targets := []string{at}
	if method == http.MethodGet {
		targets = append(targets, at+"?unit="+codeOf[theirs], at+"?parent="+codeOf[theirs]+"001", at+"?q="+"9902", at+"?lon=115.0035&lat=30.0005",
			w.with(ours, path), at+"?format=csv")
	}
	for _, target := range targets {
		got := w.call(t, method, target, w.body(path))
		if got.status >= 500 {
			t.Errorf("%s %s = %d: %.200s", method, target, got.status, got.body)
		}
		// What was asked with is echoed by nothing: not in a list, not in an error.
		if leak := marked(string(got.body)); leak != "" {
			t.Errorf("%s %s = %d tells: %s", method, target, got.status, leak)
		}
		if method != http.MethodGet && got.status < 300 && strings.Contains(path, "{") && changesThings(path) {
			t.Errorf("%s %s = %d: changed something of the other town", method, target, got.status)
		}
	}
}

// changesThings reports whether the path names a thing of a town.
func changesThings(path string) bool {
	for _, prefix := range []string{"households", "incidents", "service-points", "plans", "imports", "jobs", "units", "posts", "absences", "demand-sets", "candidates", "sitings", "proposals", "rulesets", "charges", "border-walks", "border-points", "premises", "checkpoints", "beats", "photos"} {
		if strings.HasPrefix(path, "/api/v1/"+prefix+"/{") {
			return true
		}
	}
	return false
}

// with fills a documented path with ids of things of a town.
func (w *towns) with(town, path string) string {
	th := w.things[town]
	for prefix, id := range map[string]string{"households": th["household"], "incidents": th["incident"], "service-points": th["service-point"],
		"plans": th["plan"], "imports": th["import"], "jobs": th["job"], "demand-sets": th["demand-set"], "candidates": th["candidate"], "sitings": th["siting"], "proposals": th["proposal"], "rulesets": th["ruleset"], "charges": th["charge"], "border-walks": th["border-walk"], "border-points": th["border-point"], "premises": th["premises"], "checkpoints": th["checkpoint"], "beats": th["beat"],
		"posts": th["post"], "absences": th["absence"]} {
		if strings.HasPrefix(path, "/api/v1/"+prefix+"/") {
			path = strings.ReplaceAll(path, "{id}", id)
		}
	}
	return strings.NewReplacer("{photo}", th["photo"], "{household}", th["household"], "{code}", th["unit"], "{comment}", th["comment"], "{kind}", "households", "{rank}", "A", "{alternative}", "1", "{id}", "1").Replace(path)
}

// body is a body that an operation of the path can act on.
func (w *towns) body(path string) any {
	dwelling := map[string]any{"compound": "康桥", "building": "1", "stairwell": "", "doorplate": "101", "address": "", "kind": "owner", "occupied": true,
		"ages": map[string]any{"age_0_2": nil, "age_3_6": nil, "age_7_17": nil, "age_18_59": 2, "age_60_79": nil, "age_80": nil}}
	switch strings.TrimPrefix(path, "/api/v1") {
	case "/households/{id}":
		return dwelling
	case "/households/{id}/actions":
		return map[string]any{"do": "close"}
	case "/service-points/{id}/states":
		return map[string]any{"state": "closed", "valid_from": newYear().String()}
	case "/posts/{id}":
		return map[string]any{"title": "x"}
	case "/posts/{id}/holders/{rank}":
		return map[string]any{"account": ""}
	case "/plans/{id}/publish":
		return map[string]any{"revision": 1}
	case "/plans/{id}/repairs":
		return map[string]any{"revision": 1, "kind": "cut"}
	case "/plans/{id}/border-walks":
		return map[string]any{"name": "x", "points": []any{map[string]any{"at": place(28000, 5000), "question": "x"}}}
	case "/border-points/{id}/answers":
		return map[string]any{"id": uuid.NewString(), "verdict": "wrong"}
	case "/photos/{photo}/release":
		return map[string]any{"areas": []any{}, "covered": true}
	case "/premises/{id}/inspections":
		return map[string]any{"grade": "green", "reason": "", "inspected_on": newYear().String(), "valid_until": "2150-01-01", "post": nil}
	case "/beats/{id}":
		return map[string]any{"name": "x", "unit": w.things[ours]["unit"], "weekdays": []int{1}, "starts": 0, "ends": 60, "checkpoints": []int64{number(w.things[ours]["checkpoint"])}}
	case "/households/{id}/link":
		return map[string]any{"post": 0}
	case "/posts/{id}/links":
		return map[string]any{"households": []int64{}}
	case "/plans/{id}/renewal":
		return map[string]any{"revision": 1}
	case "/proposals/{id}/alternatives/{alternative}/draft":
		return map[string]any{"name": "x"}
	case "/plans/{id}/stages":
		return map[string]any{"stage": "proposal", "outcome": "passed", "revision": 1}
	case "/plans/{id}/comments":
		return map[string]any{"point": place(1000, 5000), "body": "x"}
	case "/plans/{id}/comments/{comment}":
		return map[string]any{"resolved": true}
	case "/plans/{id}/consultation":
		return map[string]any{"title": "x", "closes_on": geo.DayOf(time.Now().AddDate(0, 0, 3)).String()}
	}
	return map[string]any{}
}

// everythingOf is all that is stored of a town, as text.
func (w *towns) everythingOf(t testing.TB, town string) string {
	t.Helper()
	var text string
	err := w.pool.QueryRow(t.Context(), `
		SELECT concat_ws(E'\n',
			(SELECT string_agg(b::text, E'\n' ORDER BY b.id) FROM boundary b JOIN unit u ON u.id = b.unit_id WHERE u.code LIKE $1 || '%'),
			(SELECT string_agg(h::text, E'\n' ORDER BY h.id) FROM household h WHERE h.building LIKE $2 || '%' OR h.address LIKE $2 || '%'),
			(SELECT string_agg(p::text, E'\n' ORDER BY p.id) FROM service_point p WHERE p.name LIKE $2 || '%'),
			(SELECT string_agg(s::text, E'\n' ORDER BY s) FROM service_point_state s),
			(SELECT string_agg(i::text, E'\n' ORDER BY i.id) FROM incident i WHERE i.address LIKE $2 || '%'),
			(SELECT string_agg(p::text || h::text, E'\n' ORDER BY h.id) FROM post p JOIN holder h ON h.post_id = p.id JOIN unit u ON u.id = p.unit_id WHERE u.code LIKE $1 || '%'),
			(SELECT string_agg(x::text, E'\n' ORDER BY x.id) FROM absence x),
			(SELECT string_agg(c::text, E'\n' ORDER BY c.id) FROM candidate c WHERE c.name LIKE $2 || '%'),
			(SELECT string_agg(s::text, E'\n' ORDER BY s.id) FROM siting s JOIN unit u ON u.id = s.unit_id WHERE u.code LIKE $1 || '%'),
			(SELECT string_agg(p::text || q::text, E'\n' ORDER BY p.id) FROM proposal p JOIN proposal_part q ON q.proposal_id = p.id WHERE p.created_by = $2),
			(SELECT string_agg(c::text, E'\n' ORDER BY c.id) FROM circle c WHERE c.params->>'title' LIKE $2 || '%'),
			(SELECT string_agg(s::text || r::text, E'\n' ORDER BY r.id) FROM rule_set s JOIN rule r ON r.set_id = s.id WHERE s.title_zh LIKE $2 || '%'),
			(SELECT string_agg(k::text || p::text || coalesce(a::text, ''), E'\n' ORDER BY p.id, a.id) FROM border_walk k JOIN border_point p ON p.walk_id = k.id LEFT JOIN border_answer a ON a.point_id = p.id WHERE k.name LIKE $2 || '%'),
			(SELECT string_agg(p::text || r::text, E'\n' ORDER BY p.id) FROM photo p JOIN photo_release r ON r.photo_id = p.id WHERE r.released_by = $2),
			(SELECT string_agg(p::text, E'\n' ORDER BY p.id) FROM premises p WHERE p.name LIKE $2 || '%'),
			(SELECT string_agg(c::text, E'\n' ORDER BY c.id) FROM checkpoint c WHERE c.name LIKE $2 || '%'),
			(SELECT string_agg(b::text || s::text, E'\n' ORDER BY b.id) FROM beat b JOIN beat_stop s ON s.beat_id = b.id WHERE b.name LIKE $2 || '%'),
			(SELECT string_agg(v::text, E'\n' ORDER BY v.id) FROM visit v JOIN unit u ON u.id = v.unit_id WHERE u.code LIKE $1 || '%'),
			(SELECT string_agg(l::text, E'\n' ORDER BY l.household_id) FROM visit_link l JOIN post p ON p.id = l.post_id JOIN unit u ON u.id = p.unit_id WHERE u.code LIKE $1 || '%'),
			(SELECT string_agg(c::text, E'\n' ORDER BY c.id) FROM plan_comment c JOIN plan p ON p.id = c.plan_id WHERE p.name LIKE $2 || '%'),
			(SELECT string_agg(c::text, E'\n' ORDER BY c.plan_id) FROM consultation c WHERE c.title LIKE $2 || '%'),
			(SELECT string_agg(s::text, E'\n' ORDER BY s.id) FROM plan_stage s WHERE s.note LIKE $2 || '%'),
			(SELECT string_agg(p::text, E'\n' ORDER BY p.id) FROM plan p WHERE p.name LIKE $2 || '%'))`, codeOf[town], town).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestTheDatabaseItselfShowsNobodyAnotherTown speaks to the database directly, as
// the role of requests, with everything the application checks left out.
func TestTheDatabaseItselfShowsNobodyAnotherTown(t *testing.T) {
	w := twoTowns(t)
	tables := w.tables(t)
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			ctx := pg.WithAccount(t.Context(), strconv.FormatInt(w.accounts[ours][kind], 10))
			for _, table := range tables {
				if leak := marked(dump(t, ctx, w.db, table)); leak != "" {
					t.Errorf("%s shows %s", table, leak)
				}
			}
			for _, sql := range []string{
				`UPDATE household SET kind = 'rental' WHERE id = $1::bigint`, `DELETE FROM household WHERE id = $1::bigint`,
			} {
				tag, err := w.db.Exec(ctx, sql, w.things[theirs]["household"])
				if err == nil && tag.RowsAffected() != 0 {
					t.Errorf("%s changed %d rows", sql, tag.RowsAffected())
				}
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		for _, table := range tables {
			if text := dump(t, t.Context(), w.db, table); strings.Contains(text, ours) || marked(text) != "" {
				t.Errorf("%s shows something without an account: %.200s", table, text)
			}
		}
	})
}

// TestEitherWallHoldsAlone takes one wall away and looks at the other.
func TestEitherWallHoldsAlone(t *testing.T) {
	w := twoTowns(t)
	worker := w.accounts[ours][staff.Worker]
	actor, err := staff.Load(t.Context(), w.pool, worker)
	if err != nil {
		t.Fatal(err)
	}
	acting := pg.WithAccount(t.Context(), strconv.FormatInt(worker, 10))
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		db    pg.Pool
		actor staff.Actor
	}{
		{"the program's is missing", acting, w.db, staff.Local},
		{"the database's is missing", t.Context(), w.service.pool, actor},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if text := readAll(t, tt.ctx, tt.db, tt.actor, w.things[theirs]); marked(text) != "" {
				t.Errorf("shows %s", marked(text))
			}
			if text := readAll(t, tt.ctx, tt.db, tt.actor, w.things[ours]); !strings.Contains(text, ours) {
				t.Errorf("one's own town is hidden too: %.300s", text)
			}
		})
	}
}

// tables are those of the schema that hold something of ours.
func (w *towns) tables(t testing.TB) []string {
	t.Helper()
	rows, _ := w.pool.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public'
		AND tablename NOT IN ('spatial_ref_sys', 'goose_db_version') AND tablename NOT LIKE 'river%' ORDER BY 1`)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// dump is all that ctx's account sees of a table; nothing when it may not look.
func dump(t testing.TB, ctx context.Context, db pg.DB, table string) string {
	t.Helper()
	var text *string
	err := db.QueryRow(ctx, `SELECT string_agg(x::text, E'\n') FROM `+pgx.Identifier{table}.Sanitize()+` x`).Scan(&text)
	if pg.ErrCode(err, "42501") || text == nil && err == nil {
		return ""
	}
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	return *text
}
