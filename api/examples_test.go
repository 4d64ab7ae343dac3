package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"wangge/geo"
	"wangge/geo/candidate"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/dossier"
	"wangge/geo/grid"
	households "wangge/geo/household"
	"wangge/geo/job"
	"wangge/geo/plan"
	"wangge/geo/privacy"
	"wangge/geo/proposal"
	"wangge/geo/servicepoint"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

// startOf is the operation that starts a kind of job.
var startOf = map[string]string{upload.JobKind: "start-import", plan.PublishJob: "publish-plan", privacy.RetentionJob: "run-retention", circle.JobKind: "run-circle", candidate.JobKind: "search-sites", proposal.JobKind: "propose", dossier.JobKind: "make-dossier"}

// purposeOf is the permission with which others see a kind of job.
var purposeOf = map[string]staff.Permission{upload.JobKind: staff.Import, plan.PublishJob: staff.Plan, privacy.RetentionJob: staff.Privacy, circle.JobKind: staff.Count, candidate.JobKind: staff.Count, proposal.JobKind: staff.Plan, dossier.JobKind: staff.Plan}

// starter is the kind of post that may start a kind of job.
var starter = map[string]staff.Kind{upload.JobKind: staff.Planner, plan.PublishJob: staff.Planner, privacy.RetentionJob: staff.PrivacyOfficer, circle.JobKind: staff.Analyst, candidate.JobKind: staff.Analyst, proposal.JobKind: staff.Planner, dossier.JobKind: staff.Planner}

func routeTag(path string) string {
	switch {
	case strings.HasPrefix(path, "/tiles") || path == "/style.json":
		return "map"
	case strings.HasPrefix(path, "/api"):
		return "sign-in"
	}
	return "server"
}

// marks are texts that only one of the towns has.
var marks = map[string]string{ours: ours, theirs: theirs}

var codes = map[string]string{ours: codeOf[ours], theirs: codeOf[theirs]}

// furnish adds what the fixture of two towns lacks.
func (w *table) furnish() {
	w.bearer = strconv.FormatInt(w.whole[staff.Administrator], 10)
	for i, town := range []string{ours, theirs} {
		th := w.things[town]
		th["x"] = strconv.Itoa(i * 20000)
		w.want(w.t, http.StatusOK, http.MethodPut, "/api/v1/units/"+th["unit"]+"/office", map[string]any{"phone": "0571-0000", "address": town + "路1号", "hours": "", "supervision_phone": ""}, nil)
		w.one(`INSERT INTO absence (account_id, starts_at, ends_at, reason, recorded_by) VALUES ($1, now(), now() + interval '1 day', 'leave', 'test') RETURNING id`, w.other[town])
		w.one(`UPDATE absence SET ends_at = now() WHERE id = $1 RETURNING id`, th["absence"])
		th["original"] = fmt.Sprint(w.one(`
			INSERT INTO upload (kind, file_name, size, sha256, crs, content, created_by, area_id)
			VALUES ('boundaries', $1, 1, '', 'WGS84', 'x', 'test', (SELECT id FROM unit WHERE code = $2)) RETURNING id`, town+".geojson", th["town"]))
		th["id"] = fmt.Sprint(w.one(`SELECT id FROM unit WHERE code = $1`, th["unit"]))
		at := cell.At(geo.Snap(place(int32(i)*20000+1000, 5000)))
		// As if published tomorrow, and enough of each town, so that no job finds anything due.
		w.one(`
			WITH p AS (INSERT INTO publication (published_on, reason, least, published_by, created_at)
				SELECT current_date, 'first', 10, 'test', now() + interval '1 day' WHERE NOT EXISTS (SELECT FROM publication) RETURNING id),
			top AS (SELECT coalesce((SELECT max(id) FROM p), (SELECT max(id) FROM publication)) AS publication, (SELECT id FROM unit WHERE code = $1) AS unit),
			whole AS (INSERT INTO published_count (publication_id, unit_id, attribute, value) SELECT publication, unit, 'households', 1000 FROM top)
			INSERT INTO published_cell (publication_id, top_id, cell, attribute, value)
			SELECT publication, unit, $2, 'households', $3 FROM top
			ON CONFLICT (publication_id, top_id, cell, attribute) DO UPDATE SET value = excluded.value RETURNING publication_id`, th["town"], int64(at.Parent(9)), published[town])
	}
	w.streets(w.t)
	w.want(w.t, http.StatusOK, http.MethodPut, "/api/v1/public/settings", map[string]any{"service": true, "map": false}, nil)
	for _, town := range []string{ours, theirs} {
		for kind := range startOf {
			w.job(kind, town)
		}
	}
}

// x is the western border of a town.
func (w *table) x(town string) int32 {
	x, _ := strconv.Atoi(w.things[town]["x"])
	return int32(x)
}

func (w *table) actor(account int64) staff.Actor {
	actor, err := staff.Load(w.t.Context(), w.pool, account)
	if err != nil {
		w.t.Fatal(err)
	}
	return actor
}

// account is a new one of a town, without a post.
func (w *table) account(town string) (id int64, login string) {
	login = w.name(town)
	return w.one(`INSERT INTO account (login, area_id) VALUES ($1, (SELECT id FROM unit WHERE code = $2)) RETURNING id`, login, codeOf[town]), login
}

// vacancy is a new post in the grid of a town that nobody holds.
func (w *table) vacancy(town string, kind staff.Kind) int64 {
	return w.one(`INSERT INTO post (kind, unit_id, ordinal, valid_from) SELECT $1, id, 1000 + $3, $4 FROM unit WHERE code = $2 RETURNING id`, string(kind), w.things[town]["unit"], w.n, newYear())
}

func (w *table) newHousehold(town string) string {
	w.n++
	at := geo.Snap(place(w.x(town)+2000, 2000+int32(w.n)%3000))
	occupied := true
	h, err := households.Add(w.t.Context(), w.pool, staff.Local, fmt.Sprint("made-", w.n), households.Dwelling{Building: town + "栋" + strconv.Itoa(w.n), Doorplate: "1", Kind: "owner", Occupied: &occupied}, &at)
	if err != nil {
		w.t.Fatal(err)
	}
	return strconv.FormatInt(h.ID, 10)
}

// contacted is a new household with a contact.
func (w *table) contacted(town string) string {
	id := w.newHousehold(town)
	number, _ := strconv.ParseInt(id, 10, 64)
	_, err := households.SetContact(w.t.Context(), w.pool, w.ring, w.actor(w.accounts[town][staff.Worker]), number, contact)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

var contact = households.NewContact{Name: residentName, Phone: residentPhone, Notice: 1, How: "in-person"}

func (w *table) newPoint(town string) string {
	w.n++
	p, err := servicepoint.Add(w.t.Context(), w.pool, staff.Local, servicepoint.Details{Name: town + "点" + strconv.Itoa(w.n), Tier: "station", Functions: []servicepoint.Function{}},
		geo.Snap(place(w.x(town)+3000, 4000+int32(w.n)%3000)), servicepoint.Active, newYear())
	if err != nil {
		w.t.Fatal(err)
	}
	return strconv.FormatInt(p.ID, 10)
}

func (w *table) pointBody(town string, state bool) map[string]any {
	w.n++
	body := map[string]any{"name": town + "点" + strconv.Itoa(w.n), "tier": "station", "address": "", "capacity": nil, "ground_floor": nil, "step_free": nil,
		"mobile": false, "stops": []any{}, "functions": []any{}, "point": place(w.x(town)+3000, 4000+int32(w.n)%3000)}
	if state {
		body["state"] = "active"
	}
	return body
}

// draft divides the village of a town anew, with a gap if it is to have a fault.
func (w *table) draftOf(town string, gap bool) plan.Plan {
	w.n++
	x, code, border := w.x(town), w.things[town]["village"], 8000+int32(w.n)%1000
	east := border
	if gap {
		east += 50
	}
	p, err := plan.New(w.t.Context(), w.pool, w.actor(w.other[town]), plan.Source{Name: town + "案", Preset: "town-grid", Level: "grid", Day: grid.Today(), Records: []plan.Record{
		{Code: code + "001", Name: town + "西网格", Parent: code, Area: box(x, 0, x+border, 10000)},
		{Code: code + "002", Name: town + "东网格", Parent: code, Area: box(x+east, 0, x+20000, 10000)}}}, quiet)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// job is a new one that waits for another year, made by somebody of a town who
// may start such jobs.
func (w *table) job(kind, town string) int64 {
	who := w.other[town]
	if starter[kind] == staff.PrivacyOfficer { // there is one for the whole installation
		if w.other["privacy"] == 0 {
			w.other["privacy"] = w.post(w.t, "second-officer", staff.PrivacyOfficer, "")
		}
		who = w.other["privacy"]
	}
	return w.jobBy(kind, town, who)
}

func (w *table) jobBy(kind, town string, who int64) int64 {
	var j job.Job
	err := pgx.BeginFunc(w.t.Context(), w.pool, func(tx pgx.Tx) (err error) {
		j, err = w.queue.Enqueue(w.t.Context(), tx, w.actor(who), job.New{Kind: kind, May: purposeOf[kind], Title: town + " " + kind, Args: map[string]any{}, At: time.Now().AddDate(1, 0, 0)})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return j.ID
}

// stopped is one that was cancelled, and so may be run again.
func (w *table) stopped(id int64) int64 {
	if _, err := w.queue.Cancel(w.t.Context(), w.pool, staff.Local, id); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// request of a resident, recorded by an account.
func (w *table) requestBy(town string, who int64, kind privacy.RequestKind, household string) int64 {
	n := privacy.NewRequest{Kind: kind, Name: residentName, Notice: 1}
	if household == "" {
		n.Address = town + "路9号"
	} else {
		id, _ := strconv.ParseInt(household, 10, 64)
		n.Household = &id
	}
	r, err := privacy.Record(w.t.Context(), w.pool, w.ring, w.actor(who), n, grid.Today())
	if err != nil {
		w.t.Fatal(err)
	}
	return r.ID
}

// granted is a request for a copy of a household's file that was granted.
func (w *table) granted(town string) int64 {
	id := w.requestBy(town, w.other[town], privacy.Copy, w.contacted(town))
	if _, err := privacy.Act(w.t.Context(), w.pool, w.ring, w.actor(w.accounts[town][staff.PrivacyOfficer]), id, privacy.Decision{Do: privacy.Grant, Reason: privacy.Entitled}); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// broken is access beyond posts that an account asked for.
func (w *table) broken(town string, who int64) int64 {
	return w.one(`INSERT INTO break_glass (account_id, unit_id, permission, reason, ends_at) VALUES ($1, $2::bigint, 'place', 'a fire in the building', now() + interval '1 hour') RETURNING id`,
		who, w.things[town]["id"])
}

// mend ends every access beyond posts.
func (w *table) mend() {
	if _, err := w.pool.Exec(w.t.Context(), `UPDATE break_glass SET ends_at = greatest(starts_at, now() - interval '1 second') WHERE ends_at > now()`); err != nil {
		w.t.Fatal(err)
	}
}

// published is the count of a cell that both towns have a part of.
var published = map[string]int{ours: 40, theirs: 50}

// cellShows looks which published counts of the towns are in the sum of a cell.
func cellShows(w *table, town string) request {
	tile := maptile.At(place(w.x(town)+1000, 5000), 12)
	return request{path: fmt.Sprintf("/tiles/cell/%d/%d/%d.mvt", tile.Z, tile.X, tile.Y), sees: func(got answer) map[string]bool {
		shown := map[string]bool{}
		for _, l := range layersOf(w, got) {
			for _, f := range l.Features {
				count, _ := f.Properties["households"].(float64)
				shown[ours] = shown[ours] || int(count) == published[ours] || int(count) == published[ours]+published[theirs]
				shown[theirs] = shown[theirs] || int(count) == published[theirs] || int(count) == published[ours]+published[theirs]
			}
		}
		return shown
	}}
}

// tileShows draws the deepest tiles over a town and looks whose things lie there.
func tileShows(layer string) func(*table, string) request {
	return func(w *table, town string) request {
		x := w.x(town)
		at := place(x+1000, 5000)
		if layer == "service-point" {
			at = place(x+3000, 4000)
		}
		if layer == "zone" {
			at = place(x+5000, 5000)
		}
		if layer == "incident" {
			at = place(x+2000, 3000)
		}
		w.bearer = "local"
		zoom := w.deepest(w.t, layer)
		if strings.HasPrefix(layer, "label") {
			zoom = 14 // a name stands in one tile of the deepest
		}
		tile := maptile.At(at, maptile.Zoom(zoom))
		return request{path: fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", layer, tile.Z, tile.X, tile.Y), sees: func(got answer) map[string]bool { return townsOf(w, got, tile) }}
	}
}

// townsOf are the towns in which something of a tile lies, away from their border.
func townsOf(w *table, got answer, tile maptile.Tile) map[string]bool {
	shown := map[string]bool{}
	layers := layersOf(w, got)
	layers.ProjectToWGS84(tile)
	for _, l := range layers {
		for _, f := range l.Features {
			middle := f.Geometry.Bound().Center()
			if middle[0] < place(19900, 0)[0] {
				shown[ours] = true
			}
			if middle[0] > place(20100, 0)[0] {
				shown[theirs] = true
			}
		}
	}
	return shown
}

func layersOf(w *table, got answer) mvt.Layers {
	body := got.body
	if got.header.Get("Content-Encoding") == "gzip" {
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			w.t.Fatal(err)
		}
		if body, err = io.ReadAll(r); err != nil {
			w.t.Fatal(err)
		}
	}
	layers, err := mvt.Unmarshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	return layers
}

// at makes an example of a request without a body.
func at(path string) func(*table, string) request {
	return func(*table, string) request { return request{path: path} }
}

// analysis is a question about the incidents of a month that is over.
func (w *table) analysis(what string) string {
	month := time.Now().AddDate(0, -1, 0)
	month = month.AddDate(0, 0, 1-month.Day())
	return "/api/v1/incidents/analysis/" + what + "?from=" + month.AddDate(0, -1, 0).Format(time.DateOnly) + "&to=" + month.Format(time.DateOnly)
}

// analysing is that question about the grid of a town.
func analysing(what string) func(w *table, town string) request {
	return func(w *table, town string) request {
		return request{path: w.analysis(what) + "&unit=" + w.things[town]["unit"]}
	}
}

// of is at a path of a town's thing, {name} standing for its id.
func of(path, name string) func(*table, string) request {
	return func(w *table, town string) request {
		return request{path: strings.ReplaceAll(path, "{}", w.things[town][name])}
	}
}

// showing is a list that shows the towns' marks.
func showing(path string, shows map[string]string) func(*table, string) request {
	return func(*table, string) request { return request{path: path, shows: shows} }
}

// sending is a request with a body that is the same for everybody.
func sending(path string, body any) func(*table, string) request {
	return func(*table, string) request { return request{path: path, body: body} }
}

type object = map[string]any

// examples are in the order of the table. Each is made for two towns and for
// everybody who asks.
func examples() []example {
	const v1 = "/api/v1"
	id := func(path string, id int64) request {
		return request{path: v1 + strings.ReplaceAll(path, "{}", strconv.FormatInt(id, 10))}
	}
	with := func(r request, body any) request { r.body = body; return r }
	rows := []example{
		// units
		{"list-units", "", list, showing(v1+"/units", marks), nil},
		{"get-unit", "", thing, of(v1+"/units/{}", "unit"), nil},
		{"get-boundary", "", thing, of(v1+"/units/{}/boundary", "unit"), nil},
		{"get-duty", "", thing, of(v1+"/units/{}/duty", "unit"), nil},
		{"get-office", "", thing, of(v1+"/units/{}/office", "unit"), nil},
		{"put-office", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/units/" + w.things[town]["unit"] + "/office", body: object{"phone": "0571-0000", "address": "", "hours": "", "supervision_phone": ""}}
		}, nil},
		{"get-place", "who is responsible", thing, func(w *table, town string) request {
			return request{path: v1 + "/places?" + lonLatQuery(place(w.x(town)+1000, 5000)), shows: codes}
		}, nil},
		{"search", "a unit", list, searching("西网格", marks), nil},
		{"search", "a service point", list, searching("服务站", marks), nil},
		{"search", "a household", list, searching("康桥", marks), nil},

		// levels
		{"list-levels", "", general, at(v1 + "/levels"), nil},
		{"add-level", "", general, func(w *table, _ string) request {
			w.n++
			return request{path: v1 + "/levels", body: object{"code": fmt.Sprint("level-", w.n), "rank": 800 + w.n%190, "title_zh": "级", "title_en": "level", "post_zh": "", "post_en": ""}}
		}, nil},
		{"list-presets", "", general, at(v1 + "/presets"), nil},
		{"add-preset", "", general, func(w *table, _ string) request {
			w.n++
			return request{path: v1 + "/presets", body: object{"code": fmt.Sprint("preset-", w.n), "title_zh": "层级", "title_en": "preset", "levels": []object{{"level": "town", "digits": 0}, {"level": "grid", "digits": 0}}}}
		}, nil},

		// posts
		{"list-posts", "", list, showing(v1+"/posts", marks), nil},
		{"get-post", "", thing, of(v1+"/posts/{}", "post"), nil},
		{"get-post-history", "", thing, of(v1+"/posts/{}/history", "post"), nil},
		{"make-post", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/posts", body: object{"kind": "leader", "unit": w.things[town]["unit"]}}
		}, nil},
		{"make-post", "of the whole installation", general, sending(v1+"/posts", object{"kind": "analyst", "unit": ""}), nil},
		{"retitle-post", "", thing, func(w *table, town string) request {
			return with(id("/posts/{}", w.vacancy(town, staff.Worker)), object{"title": "x"})
		}, nil},
		{"end-post", "", thing, func(w *table, town string) request { return id("/posts/{}", w.vacancy(town, staff.Worker)) }, nil},
		{"hand-over-post", "to somebody else", thing, func(w *table, town string) request {
			_, login := w.account(town)
			r := with(id("/posts/{}/holders/A", w.vacancy(town, staff.Leader)), object{"account": login})
			r.hidden = "account_unknown"
			return r
		}, nil},
		{"hand-over-post", "to oneself, a post that may more", thing, func(w *table, town string) request {
			post := w.vacancy(town, staff.Leader)
			r := with(id("/posts/{}/holders/A", post), object{"account": w.login(w.who)})
			r.personal = true
			r.after = func() {
				w.one(`WITH gone AS (DELETE FROM holder WHERE account_id = $1 AND post_id = $2 RETURNING 1) SELECT count(*) FROM gone`, w.who, post)
			}
			return r
		}, nil},
		{"get-staffing", "", general, at(v1 + "/staffing"), nil},
		{"put-staffing", "", general, sending(v1+"/staffing/levels/stairwell", object{"lines": []object{}}), nil},
		{"put-backstop", "", general, sending(v1+"/staffing/backstop", object{"post": 0}), nil},
		{"list-vacancies", "", list, showing(v1+"/staffing/vacancies?limit=1000", marks), nil},
		{"count-vacancies", "", list, showing(v1+"/staffing/vacancies/units", codes), nil},
		{"list-absences", "one's own", self, at(v1 + "/absences?mine=true"), nil},
		{"list-absences", "of others, with the reason", list, func(w *table, _ string) request {
			return request{path: v1 + "/absences", shows: map[string]string{ours: w.login(w.other[ours]), theirs: w.login(w.other[theirs])}}
		}, nil},
		{"record-absence", "one's own", self, func(w *table, _ string) request {
			w.n++
			from := time.Now().AddDate(0, 0, 2*w.n)
			return request{path: v1 + "/absences", body: object{"from": from, "to": from.Add(time.Hour), "reason": "leave"}}
		}, nil},
		{"record-absence", "of somebody else", thing, func(w *table, town string) request {
			_, login := w.account(town)
			return request{path: v1 + "/absences", body: object{"account": login, "reason": "leave"}, hidden: "account_unknown"}
		}, nil},
		{"end-absence", "one's own", self, func(w *table, _ string) request { return id("/absences/{}", w.absent(w.who)) }, nil},
		{"end-absence", "of somebody else", thing, func(w *table, town string) request {
			who, _ := w.account(town)
			return id("/absences/{}", w.absent(who))
		}, nil},

		// households
		{"list-households", "", list, showing(v1+"/households", marks), nil},
		{"get-household", "", thing, of(v1+"/households/{}", "household"), nil},
		{"suggest-place", "", thing, of(v1+"/households/{}/suggestion", "household"), nil},
		{"add-household", "", thing, func(w *table, town string) request {
			w.n++
			body := w.dwelling(town)
			body["point"] = place(w.x(town)+2500, 2500)
			return request{path: v1 + "/households", body: body}
		}, nil},
		{"edit-household", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/households/" + w.newHousehold(town), body: w.dwelling(town)}
		}, nil},
		{"act-on-household", "place or move", thing, func(w *table, town string) request {
			return request{path: v1 + "/households/" + w.newHousehold(town) + "/actions", body: object{"do": "move", "point": place(w.x(town)+2600, 2600)}}
		}, nil},
		{"act-on-household", "close", thing, func(w *table, town string) request {
			return request{path: v1 + "/households/" + w.newHousehold(town) + "/actions", body: object{"do": "close"}}
		}, nil},
		{"match-households", "", list, func(w *table, _ string) request {
			lost := map[string]int64{}
			for _, town := range []string{ours, theirs} {
				lost[town] = w.lost(town)
			}
			return request{path: v1 + "/households/matches", seen: func(town string) bool {
				return w.one(`SELECT count(*) FROM household WHERE id = $1 AND point IS NOT NULL`, lost[town]) == 1
			}}
		}, nil},
		{"get-contact", "whether there is one", thing, of(v1+"/households/{}/contact", "household"), nil},
		{"look-at-contact", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/households/" + w.contacted(town) + "/contact/looks", body: object{"purpose": "visit"}}
		}, nil},
		{"set-contact", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/households/" + w.newHousehold(town) + "/contact", body: object{"name": residentName, "phone": residentPhone, "notice_version": 1, "how": "paper"}}
		}, nil},
		{"forget-contact", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/households/" + w.contacted(town) + "/contact"}
		}, nil},
		{"set-visits", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/households/" + w.newHousehold(town) + "/visits", body: object{"refused": true}}
		}, nil},

		// incidents
		{"list-incidents", "", list, showing(v1+"/incidents", marks), nil},
		{"get-incident", "", thing, of(v1+"/incidents/{}", "incident"), nil},
		{"export-incidents", "", list, func(w *table, _ string) request {
			return request{path: v1 + "/incidents/export", sees: func(got answer) map[string]bool { return inWorksheet(w, got, codes) }}
		}, nil},
		{"report-incident", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/incidents", body: object{"id": uuid.New(), "category": "0102", "reported_at": time.Now().Add(-time.Hour), "point": place(w.x(town)+2000, 3000)}}
		}, nil},
		{"list-incident-categories", "", general, at(v1 + "/incident-categories"), nil},
		{"analyse-incidents-by-unit", "", thing, analysing("units"), nil},
		{"analyse-incidents-by-unit", "of one's area", list, func(w *table, _ string) request {
			return request{path: w.analysis("units") + "&level=grid", shows: marks}
		}, nil},
		{"analyse-incidents-by-cell", "", thing, analysing("cells"), nil},
		{"analyse-incident-trend", "", thing, func(w *table, town string) request {
			return request{path: w.analysis("trend") + "&by=month&unit=" + w.things[town]["unit"]}
		}, nil},
		{"analyse-incident-hours", "", thing, analysing("matrix"), nil},
		{"find-incident-hot-spots", "", thing, analysing("hotspots"), nil},
		{"export-incident-analysis", "", thing, func(w *table, town string) request {
			return request{path: w.analysis("export") + "&what=units&unit=" + w.things[town]["unit"]}
		}, nil},

		// service points, zones
		{"list-service-points", "", list, showing(v1+"/service-points", marks), nil},
		{"get-service-point", "", thing, of(v1+"/service-points/{}", "service-point"), nil},
		{"add-service-point", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/service-points", body: w.pointBody(town, true)}
		}, nil},
		{"edit-service-point", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/service-points/" + w.newPoint(town), body: w.pointBody(town, false)}
		}, nil},
		{"set-service-point-state", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/service-points/" + w.newPoint(town) + "/states", body: object{"state": "paused"}}
		}, nil},
		{"list-service-tiers", "", general, at(v1 + "/service-tiers"), nil},
		{"list-service-functions", "", general, at(v1 + "/service-functions"), nil},
		{"list-zones", "", list, showing(v1+"/zones", codes), nil},
		{"add-zone", "", thing, func(w *table, town string) request {
			w.n++
			body := zoneBody(town, w.x(town))
			body["properties"].(map[string]any)["code"] = fmt.Sprint("Z", w.n)
			return request{path: v1 + "/zones", body: body}
		}, nil},

		// imports
		{"list-imports", "", list, showing(v1+"/imports", marks), nil},
		{"get-import", "", thing, of(v1+"/imports/{}", "import"), nil},
		{"original-import", "", thing, of(v1+"/imports/{}/original", "original"), nil},
		{"inspect-file", "", general, func(w *table, town string) request {
			body, kind := form(w.t, "x.csv", []byte("编号,经度,纬度\n1,115.001,30.0005\n"))
			return request{path: v1 + "/imports/inspect", body: body, header: []string{"Content-Type", kind}}
		}, nil},
		{"start-import", "job " + upload.JobKind, thing, func(w *table, town string) request {
			w.n++
			source := town + strconv.Itoa(w.n)
			body, kind := form(w.t, town+".csv", []byte("编号,经度,纬度,地址\n1,"+lonLat(place(w.x(town)+1500, 6000))+","+town+"路3号\n"), "kind", "households", "crs", "WGS84", "source", source, "confirm", "a test")
			return request{path: v1 + "/imports", body: body, header: []string{"Content-Type", kind}, seen: func(string) bool {
				w.idle()
				return w.one(`SELECT count(*) FROM household WHERE source = $1`, source) == 1
			}}
		}, nil},
		{"list-coordinate-systems", "", general, at(v1 + "/coordinate-systems"), nil},
		{"list-demand-sets", "", list, showing(v1+"/demand-sets", marks), nil},
		{"get-demand-set", "", thing, of(v1+"/demand-sets/{}", "demand-set"), nil},
		{"remove-demand-set", "", thing, func(w *table, town string) request {
			w.n++
			return request{path: v1 + "/demand-sets/" + w.newDemand(w.t, town, town+strconv.Itoa(w.n), w.x(town))}
		}, nil},

		// plans
		{"list-plans", "", list, showing(v1+"/plans", marks), nil},
		{"get-plan", "", thing, of(v1+"/plans/{}", "plan"), nil},
		{"plan-units", "", thing, of(v1+"/plans/{}/units", "plan"), nil},
		{"plan-faults", "", thing, of(v1+"/plans/{}/faults", "plan"), nil},
		{"repair-plan", "", thing, func(w *table, town string) request {
			p := w.draftOf(town, true)
			faults, err := plan.FaultsOf(w.t.Context(), w.pool, staff.Local, p.ID)
			if err != nil || len(faults) == 0 {
				w.t.Fatalf("faults %+v, %v", faults, err)
			}
			return with(id("/plans/{}/repairs", p.ID), object{"revision": p.Revision, "fault_id": faults[0].ID, "repair": faults[0].Repairs[0]})
		}, nil},
		{"publish-plan", "now", thing, func(w *table, town string) request {
			p := w.draftOf(town, false)
			return with(id("/plans/{}/publish", p.ID), object{"revision": p.Revision})
		}, nil},
		{"publish-plan", "job " + plan.PublishJob, thing, func(w *table, town string) request {
			w.unadopt(town)
			p := w.draftOf(town, false)
			return with(id("/plans/{}/publish", p.ID), object{"revision": p.Revision, "effective_on": geo.DayOf(time.Now().AddDate(0, 1, 0)).String()})
		}, nil},
		{"abandon-plan", "", thing, func(w *table, town string) request { return id("/plans/{}", w.draftOf(town, false).ID) }, nil},

		// jobs
		{"list-jobs", "of others", list, showing(v1+"/jobs?limit=1000", map[string]string{ours: ours + " import", theirs: theirs + " import"}), nil},
		{"get-job", "one's own", self, func(w *table, town string) request { return id("/jobs/{}", w.jobBy(upload.JobKind, town, w.who)) }, nil},
		{"cancel-job", "one's own", self, func(w *table, town string) request {
			return id("/jobs/{}/cancel", w.jobBy(upload.JobKind, town, w.who))
		}, nil},
		{"retry-job", "one's own", self, func(w *table, town string) request {
			return id("/jobs/{}/retry", w.stopped(w.jobBy(upload.JobKind, town, w.who)))
		}, nil},
	}
	for _, kind := range []string{upload.JobKind, plan.PublishJob, privacy.RetentionJob, circle.JobKind, candidate.JobKind, proposal.JobKind, dossier.JobKind} {
		what := thing
		if kind == privacy.RetentionJob {
			what = general
		}
		rows = append(rows,
			example{"get-job", "job " + kind, what, func(w *table, town string) request { return id("/jobs/{}", w.job(kind, town)) }, nil},
			example{"cancel-job", "job " + kind, what, func(w *table, town string) request { return id("/jobs/{}/cancel", w.job(kind, town)) }, nil},
			example{"retry-job", "job " + kind, what, func(w *table, town string) request { return id("/jobs/{}/retry", w.stopped(w.job(kind, town))) }, nil})
	}
	rows = append(rows, []example{
		// operation
		{"get-status", "of one's area", general, at(v1 + "/status"), nil},
		{"get-settings", "", general, at(v1 + "/settings"), nil},
		{"get-settings-table", "", general, at(v1 + "/settings/tables/categories"), nil},
		{"import-settings-table", "", general, func(w *table, town string) request {
			body, kind := form(w.t, "x.csv", []byte("代码,处置时限\n0101,5个工作日\n"))
			return request{path: v1 + "/settings/tables/categories", body: body, header: []string{"Content-Type", kind}}
		}, nil},
		{"put-settings", "", general, sending(v1+"/settings", object{"attribution": "x", "review_number": ""}), nil},
		{"clear-demo", "", general, at(v1 + "/demo"), []string{"not_demo"}},
		{"export", "units", list, showing(v1+"/exports/units?format=csv", marks), nil},
		{"export", "service points", list, showing(v1+"/exports/service-points?format=csv", marks), nil},
		{"export", "zones", list, showing(v1+"/exports/zones?format=csv", codes), nil},
		{"export", "households", list, showing(v1+"/exports/households?format=csv", marks), nil},
		{"export", "incidents", list, showing(v1+"/exports/incidents?format=csv", marks), nil},

		// privacy
		{"list-notices", "", open, at(v1 + "/notices"), nil},
		{"get-notice", "", open, at(v1 + "/notices/request"), nil},
		{"list-notice-versions", "", open, at(v1 + "/notices/request/versions"), nil},
		{"publish-notice", "", general, func(w *table, _ string) request {
			read := w.one(`SELECT max(version) FROM notice_version WHERE notice = 'account'`)
			return request{path: v1 + "/notices/account/versions", body: object{"read": read, "title_zh": "告知", "title_en": "Notice", "text_zh": "告知", "text_en": "Notice"}}
		}, nil},
		{"list-purposes", "", general, at(v1 + "/purposes"), nil},
		{"list-purpose-versions", "", general, at(v1 + "/purposes/duty-contact/versions"), nil},
		{"publish-purpose", "", general, func(w *table, _ string) request {
			body := object{"read": w.one(`SELECT max(version) FROM purpose_version WHERE purpose = 'duty-contact'`), "article": "13(1)2"}
			for _, field := range []string{"title", "why", "basis", "keep", "seen_by"} {
				body[field+"_zh"], body[field+"_en"] = "说明", "text"
			}
			return request{path: v1 + "/purposes/duty-contact/versions", body: body}
		}, nil},
		{"list-consents", "", self, at(v1 + "/consents"), nil},
		{"give-consent", "", self, sending(v1+"/consents/staff-tracking", object{"version": 1}), nil},
		{"withdraw-consent", "", self, at(v1 + "/consents/staff-tracking"), nil},
		{"list-retention", "", general, at(v1 + "/retention"), nil},
		{"keep-for", "", general, sending(v1+"/retention/session", object{"days": 30}), nil},
		{"run-retention", "job " + privacy.RetentionJob, general, at(v1 + "/retention/runs"), nil},
		{"list-deletion-proofs", "", general, at(v1 + "/retention/proofs"), nil},
		{"record-request", "about a household", thing, func(w *table, town string) request {
			n, _ := strconv.ParseInt(w.things[town]["household"], 10, 64)
			return request{path: v1 + "/requests", body: object{"kind": "correct", "household_id": n, "notice_version": 1}}
		}, nil},
		{"record-request", "about an address", general, sending(v1+"/requests", object{"kind": "correct", "address": "某路1号", "notice_version": 1}), nil},
		{"list-requests", "recorded by others", list, func(w *table, _ string) request {
			shows := map[string]string{}
			for _, town := range []string{ours, theirs} {
				shows[town] = fmt.Sprintf(`"id":%d,`, w.requestBy(town, w.other[town], privacy.Correct, w.things[town]["household"]))
			}
			return request{path: v1 + "/requests", shows: shows}
		}, nil},
		{"get-request", "recorded by others", thing, func(w *table, town string) request {
			return id("/requests/{}", w.requestBy(town, w.other[town], privacy.Correct, w.things[town]["household"]))
		}, nil},
		{"act-on-request", "", thing, func(w *table, town string) request {
			return with(id("/requests/{}/actions", w.requestBy(town, w.other[town], privacy.Correct, w.things[town]["household"])), object{"do": "review"})
		}, nil},
		{"look-at-applicant", "of a request recorded by others", thing, func(w *table, town string) request {
			return id("/requests/{}/contact/looks", w.requestBy(town, w.other[town], privacy.Correct, ""))
		}, nil},
		{"take-copy", "that was granted", thing, func(w *table, town string) request { return id("/requests/{}/copy", w.granted(town)) }, nil},

		// audit
		{"list-audit", "", general, at(v1 + "/audit"), nil},
		{"verify-audit", "", general, at(v1 + "/audit/verification"), nil},
		{"export-audit", "", general, sending(v1+"/audit/exports", object{"recipient": "审计办公室", "purpose": "合规审计"}), nil},
		{"list-break-glass", "of others", list, func(w *table, _ string) request {
			shows := map[string]string{}
			for _, town := range []string{ours, theirs} {
				w.broken(town, w.other[town])
				shows[town] = w.things[town]["unit"]
			}
			return request{path: v1 + "/break-glass", shows: shows}
		}, nil},
		{"break-glass", "beyond one's area, on record", general, func(w *table, _ string) request {
			unit, _ := strconv.ParseInt(w.things[theirs]["id"], 10, 64)
			return request{path: v1 + "/break-glass", body: object{"unit": unit, "permission": "place", "reason": "a fire in the building", "minutes": 1}, after: w.mend}
		}, []string{"break_glass_needless"}},
		{"end-break-glass", "one's own", self, func(w *table, town string) request { return id("/break-glass/{}/end", w.broken(town, w.who)) }, nil},
		{"end-break-glass", "of somebody else", thing, func(w *table, town string) request {
			return id("/break-glass/{}/end", w.broken(town, w.other[town]))
		}, nil},

		// public
		{"get-public-settings", "", open, at(v1 + "/public/settings"), nil},
		{"put-public-settings", "", general, sending(v1+"/public/settings", object{"service": true, "map": false}), nil},
		{"who-serves", "once it is switched on", open, func(w *table, town string) request {
			return request{path: v1 + "/public/serves", body: object{"point": place(w.x(town)+1000, 5000)}}
		}, nil},

		// accounts
		{"list-accounts", "", list, func(w *table, _ string) request {
			return request{path: v1 + "/accounts?limit=1000", shows: map[string]string{ours: w.login(w.other[ours]), theirs: w.login(w.other[theirs])}}
		}, nil},
		{"get-account", "", thing, ofAccount("/accounts/{}", nil), nil},
		{"make-account", "", thing, func(w *table, town string) request {
			return request{path: v1 + "/accounts", body: object{"login": w.name(town), "unit": codeOf[town]}}
		}, nil},
		{"change-account", "name and phone", thing, ofAccount("/accounts/{}", object{"name": "李"}), nil},
		{"change-account", "disable", thing, ofAccount("/accounts/{}", object{"disabled": true}), nil},
		{"make-link", "", thing, ofAccount("/accounts/{}/link", nil), nil},
		{"unlock-account", "", thing, ofAccount("/accounts/{}/unlock", nil), nil},
		{"forget-totp", "", thing, ofAccount("/accounts/{}/totp", nil), []string{"totp_off"}},
		{"prepare-external", "", thing, ofAccount("/accounts/{}/external", object{}), nil},
		{"unlink-external", "", thing, ofAccount("/accounts/{}/external", nil), nil},

		// account
		{"change-self", "", self, sending(v1+"/account", object{"name": "李", "phone": ""}), nil},
		{"change-password", "", self, sending(v1+"/account/password", object{"present": "x", "chosen": "a long new one 7"}), passwordState},
		{"begin-totp", "", self, sending(v1+"/account/totp", object{"password": "x"}), passwordState},
		{"confirm-totp", "", self, sending(v1+"/account/totp/confirm", object{"code": "000000"}), passwordState},
		{"renew-recovery", "", self, sending(v1+"/account/totp/recovery", object{"password": "x"}), passwordState},
		{"remove-totp", "", self, sending(v1+"/account/totp/remove", object{"password": "x"}), passwordState},
		{"list-sessions", "", self, at(v1 + "/sessions"), nil},
		{"end-sessions", "", self, at(v1 + "/sessions"), nil},
		{"end-session", "one's own", self, func(w *table, _ string) request {
			_, session := w.newSession(w.who)
			return id("/sessions/{}", session)
		}, nil},
		{"end-session", "of somebody else", thing, func(w *table, town string) request {
			_, session := w.newSession(w.other[town])
			return id("/sessions/{}", session)
		}, nil},
		{"list-tokens", "", self, at(v1 + "/tokens"), nil},
		{"make-token", "", self, sending(v1+"/tokens", object{"name": "x", "may": []string{"map"}, "expires_at": time.Now().Add(time.Hour)}), nil},
		{"revoke-token", "one's own", self, func(w *table, _ string) request { return id("/tokens/{}", w.tokenOf(w.who)) }, nil},
		{"revoke-token", "of somebody else", thing, func(w *table, town string) request { return id("/tokens/{}", w.tokenOf(w.other[town])) }, nil},

		// sign-in
		{"sign-in-options", "", open, at(v1 + "/sign-in/options"), nil},
		{"sign-in", "", open, sending(v1+"/session", object{"login": "nobody", "password": "wrong one"}), []string{"sign_in_refused", "too_many_tries"}},
		{"who-am-i", "", self, at(v1 + "/session"), nil},
		{"sign-out", "", open, func(w *table, _ string) request {
			return request{path: v1 + "/session", after: func() { delete(w.sessions, w.who) }}
		}, nil},
		{"first-administrator", "with the link that was printed", open, sending(v1+"/session/first", object{"token": "x", "login": "x", "password": "a long new one 7"}), []string{"link_unknown"}},
		{"use-link", "with a link", open, sending(v1+"/session/link", object{"token": "x", "password": "a long new one 7"}), []string{"link_unknown"}},
		{"/api/v1/session/oidc/start", "", open, at(v1 + "/session/oidc/start"), nil},
		{"/api/v1/session/oidc/callback", "", open, at(v1 + "/session/oidc/callback?state=x&code=y"), nil},

		// map
		{"/style.json", "", general, at("/style.json"), nil},
		{"/tiles/:layer.json", "what is on a layer", general, at("/tiles/household.json"), nil},
	}...)
	for _, layer := range []string{"grid-town", "grid-village", "grid-grid", "label-town", "label-village", "label-grid", "household", "incident", "service-point", "zone", "cell"} {
		rows = append(rows, example{"/tiles/:layer/:z/:x/:y.mvt", "layer " + layer, thing, tileShows(layer), nil})
	}
	rows = append(rows, circleExamples()...)
	rows = append(rows, sitingExamples()...)
	rows = append(rows, workshopExamples()...)
	rows = append(rows, proposalExamples()...)
	rows = append(rows, deliberationExamples()...)
	rows = append(rows, walkExamples()...)
	rows = append(rows, comparisonExamples()...)
	rows = append(rows, rulesetExamples()...)
	rows = append(rows, incidentExamples()...)
	rows = append(rows, photoExamples()...)
	rows = append(rows, borderWalkExamples()...)
	rows = append(rows, patrolExamples()...)
	rows = append(rows, packExamples()...)
	rows = append(rows, liveExamples()...)
	rows = append(rows, deviceExamples()...)
	rows = append(rows, visitExamples()...)
	rows = append(rows, residentExamples()...)
	rows = append(rows, webhookExamples()...)
	rows = append(rows, beatExamples()...)
	rows = append(rows, dossierExamples()...)
	return append(rows,
		example{"/tiles/:layer/:z/:x/:y.mvt", "layer cell, the counts as published", thing, cellShows, nil},
		example{"/tiles/:layer/:z/:x/:y.mvt", "layer background", general, at("/tiles/background/14/13418/6759.mvt"), nil},
		example{"/healthz", "", open, at("/healthz"), nil},
		example{"/readyz", "", open, at("/readyz"), nil},
		example{"/metrics", "from another machine", open, func(*table, string) request { return request{path: "/metrics", hidden: "http"} }, nil},
		example{"/*", "the page", open, at("/"), nil},
	)
}

// passwordState are the answers to whoever may try, and did not give the right one.
var passwordState = []string{"password_wrong", "password_missing", "totp_off", "code_wrong", "too_many_tries"}

func searching(text string, shows map[string]string) func(*table, string) request {
	return func(*table, string) request {
		return request{path: "/api/v1/search", body: object{"q": text}, shows: shows}
	}
}

func ofAccount(path string, body any) func(*table, string) request {
	return func(w *table, town string) request {
		who, _ := w.account(town)
		return request{path: "/api/v1" + strings.ReplaceAll(path, "{}", strconv.FormatInt(who, 10)), body: body}
	}
}

func lonLatQuery(p orb.Point) string { return fmt.Sprintf("lon=%.7f&lat=%.7f", p[0], p[1]) }

func (w *table) login(account int64) (login string) {
	if err := w.pool.QueryRow(w.t.Context(), `SELECT login FROM account WHERE id = $1`, account).Scan(&login); err != nil {
		w.t.Fatal(err)
	}
	return login
}

func (w *table) absent(who int64) int64 {
	w.n++
	return w.one(`INSERT INTO absence (account_id, starts_at, ends_at, reason, recorded_by) VALUES ($1, now() + make_interval(days => $2), now() + make_interval(days => $2, hours => 1), 'leave', 'test') RETURNING id`,
		who, 5000+2*w.n)
}

func (w *table) tokenOf(who int64) int64 {
	w.n++
	digest := fmt.Sprint("digest ", w.n)
	return w.one(`INSERT INTO api_token (account_id, digest, name, may, expires_at) VALUES ($1, $2, 'x', '{map}', now() + interval '1 hour') RETURNING id`, who, []byte(digest))
}

func (w *table) dwelling(town string) map[string]any {
	var body map[string]any
	text, _ := json.Marshal(w.body("/api/v1/households/{id}"))
	_ = json.Unmarshal(text, &body)
	body["building"] = town + "栋" + strconv.Itoa(w.n)
	return body
}

// lost is a household without a place, in a building of which one is known.
func (w *table) lost(town string) int64 {
	w.n++
	at, compound, building := geo.Snap(place(w.x(town)+2000, 2000+int32(w.n)%3000)), town+"园", strconv.Itoa(w.n)+"号楼"
	known := households.Dwelling{Compound: compound, Building: building, Doorplate: "101", Kind: "owner"}
	if _, err := households.Add(w.t.Context(), w.pool, staff.Local, fmt.Sprint("known-", w.n), known, &at); err != nil {
		w.t.Fatal(err)
	}
	return w.one(`
		INSERT INTO household (source, source_id, compound, building, doorplate, area_id)
		SELECT 'lost', gen_random_uuid()::text, $1, $2, '102', id FROM unit WHERE code = $3
		RETURNING id`, compound, building, w.things[town]["unit"])
}

// idle waits until no job runs.
func (w *table) idle() {
	for range 2000 {
		if w.one(`SELECT count(*) FROM job WHERE state = 'running' OR state = 'waiting' AND created_at > now() - interval '1 minute' AND title NOT LIKE '% import' AND title NOT LIKE '% publish' AND title NOT LIKE '% retention' AND title NOT LIKE '% circle' AND title NOT LIKE '% siting' AND title NOT LIKE '% proposal' AND title NOT LIKE '% dossier'`) == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatal("a job never ended")
}
