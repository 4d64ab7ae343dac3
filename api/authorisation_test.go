package api_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wangge/api"
	"wangge/geo/account"
	"wangge/geo/account/provider"
	"wangge/geo/account/provider/providertest"
	"wangge/geo/staff"
)

var update = flag.Bool("update", false, "write what is found to the golden file")

const goldenTable = "testdata/authorisation.md"

// matter is what an example is about, and so how its answers are read.
type matter int

const (
	thing   matter = iota // something of one town: asked about ours and about theirs
	list                  // whatever one sees: the answer shows things of ours, of theirs, or neither
	general               // nothing that lies in an area
	self                  // one's own account
	open                  // anybody's
)

// example is a request that the operation carries out for whoever may.
type example struct {
	op    string // id of the operation, or the path of another route
	about string // which case of it, where one row would not tell all
	of    matter
	// ask makes the request; for changes of things, with a new thing each time that
	// the last one was used up.
	ask func(w *table, town string) request
	// state are codes of problems that come after every check of who asks: they are
	// about the thing. Whoever gets one was let through.
	state []string
}

type request struct {
	path   string
	body   any
	header []string
	shows  map[string]string            // by town: what its answer holds; nil = success is enough
	seen   func(town string) bool       // for what no answer shows: whether it happened to a town
	sees   func(answer) map[string]bool // for answers that are no text: the towns shown
	hidden string                       // code of the problem that says there is no such thing for whoever asks
	// personal says that it is good for the one who asks only.
	personal bool
	after    func() // undoes what would spoil the next request
}

// table asks everything as everybody.
type table struct {
	*towns
	t        *testing.T
	ops      map[string]operation // by id
	whole    map[staff.Kind]int64 // holders of posts of the whole installation
	other    map[string]int64     // by town: an account that asks nothing, but has things
	token    string               // of our planner, narrowed to the map
	who      int64                // the account that asks
	sessions map[int64]string
	asked    map[string]request // made and not used up
	n        int
}

type operation struct{ method, path, tag string }

// role is a column.
type role struct {
	zh, en string
	kind   staff.Kind // "" for the two at the ends
}

var roles = []role{
	{"公众", "public", ""},
	{"网格长", "leader", staff.Leader}, {"专职网格员", "worker", staff.Worker}, {"兼职网格员", "part-time worker", staff.PartTimeWorker},
	{"网格成员", "member", staff.Member}, {"楼栋长", "building head", staff.BuildingHead}, {"部门人员", "department officer", staff.DepartmentOfficer},
	{"规划员", "planner", staff.Planner}, {"分析员", "analyst", staff.Analyst}, {"调度员", "dispatcher", staff.Dispatcher},
	{"管理员", "administrator", staff.Administrator}, {"个人信息保护负责人", "privacy officer", staff.PrivacyOfficer},
	{"程序令牌", "API token `map`", ""},
}

// What stands in a cell.
const (
	inside     = "in"
	insideOnly = "in!"
	anywhere   = "all"
	wholeOnly  = "whole"
	oneself    = "own"
	refused    = "–"
	signedOut  = "401"
)

func TestAuthorisationIsAsTheTableSays(t *testing.T) {
	w := newTable(t)
	for _, layer := range w.tiles.Layers() {
		level, ofUnits := strings.CutPrefix(strings.TrimPrefix(layer, "label-"), "grid-")
		if ofUnits || level != layer {
			continue // units of every level are drawn alike; those of the fixture have rows
		}
		if !slices.ContainsFunc(examples(), func(e example) bool { return e.about == "layer "+layer }) {
			t.Errorf("the layer %s of the map has no row", layer)
		}
	}
	got := w.write(w.fill())
	if *update {
		if err := os.MkdirAll(filepath.Dir(goldenTable), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(goldenTable, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(goldenTable)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	old, now := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for _, line := range now {
		if !slices.Contains(old, line) {
			t.Errorf("now:  %s", line)
		}
	}
	for _, line := range old {
		if !slices.Contains(now, line) {
			t.Errorf("then: %s", line)
		}
	}
	t.Errorf("who may do what has changed: look at each line, then go test ./api -run Authorisation -update")
}

// TestEveryRouteAndJobHasARow compares the rows with what is mounted.
func TestEveryRouteAndJobHasARow(t *testing.T) {
	w := &table{t: t}
	w.readOperations()
	s := newService(t)
	s.dial(t, http.MethodGet, "/healthz", "", nil) // it listens, and so can be stopped
	known := map[string]bool{}
	for id := range w.ops {
		known[id] = true
	}
	for _, r := range s.app.GetRoutes(true) {
		if r.Method == http.MethodGet && !w.isOperation(r.Path) {
			known[r.Path] = true
		}
	}
	rows := map[string]bool{}
	for _, e := range examples() {
		rows[e.op] = true
		if !known[e.op] {
			t.Errorf("the row %s is of nothing that is mounted", e.op)
		}
	}
	for op := range known {
		if !rows[op] {
			t.Errorf("%s has no row: add an example to examples", op)
		}
	}
	for _, kind := range s.jobs {
		for _, op := range []string{startOf[kind], "get-job", "cancel-job", "retry-job"} {
			if !slices.ContainsFunc(examples(), func(e example) bool { return e.op == op && e.about == "job "+kind }) {
				t.Errorf("jobs of the kind %s: no row for %q", kind, op)
			}
		}
	}
}

func (w *table) readOperations() {
	w.ops = map[string]operation{}
	operations(w.t, func(method, path string, op *huma.Operation) {
		w.ops[op.OperationID] = operation{method, path, op.Tags[0]}
	})
}

// isOperation reports whether a path of the router is one of an operation, or of
// their description.
func (w *table) isOperation(path string) bool {
	if strings.HasPrefix(path, "/api/v1/openapi") || path == "/api" || path == "/api/v1" {
		return true
	}
	for _, op := range w.ops {
		if routed(op.path) == routed(path) {
			return true
		}
	}
	return false
}

// routed is a path without the names of its parameters.
func routed(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") || strings.HasPrefix(part, "{") {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

func newTable(t *testing.T) *table {
	organisation := providertest.New(t, "http://localhost/api/v1/session/oidc/callback")
	p, err := provider.New(provider.Config{Issuer: organisation.Issuer, ClientID: providertest.Client, SecretFile: organisation.SecretFile, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	w := &table{t: t, towns: twoTowns(t, func(c *api.Config) { c.Provider = p }),
		whole: map[staff.Kind]int64{}, other: map[string]int64{}, sessions: map[int64]string{}, asked: map[string]request{}}
	w.readOperations()
	for _, kind := range kinds {
		w.whole[kind] = w.post(t, "whole-"+string(kind), kind, "")
	}
	for _, town := range []string{ours, theirs} {
		w.other[town] = w.post(t, w.name(town), staff.Planner, codeOf[town])
	}
	planner, err := staff.Load(t.Context(), w.pool, w.accounts[ours][staff.Planner])
	if err != nil {
		t.Fatal(err)
	}
	_, w.token, err = account.MakeToken(t.Context(), w.pool, planner, account.TokenWish{Name: "map", May: []staff.Permission{staff.Map}, ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w.furnish()
	waitForMap(t, w.service)
	w.bearer = ""
	return w
}

// name is a login of a town that nobody has yet.
func (w *table) name(town string) string {
	w.n++
	return map[string]string{ours: "jia", theirs: "yi9902"}[town] + "-" + strconv.Itoa(w.n)
}

// session is the cookie of somebody who has signed in.
func (w *table) session(account int64) string {
	if w.sessions[account] == "" {
		w.sessions[account], _ = w.newSession(account)
	}
	return w.sessions[account]
}

func (w *table) newSession(account int64) (token string, id int64) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	token = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
	digest := sha256.Sum256([]byte(token))
	return token, w.one(`INSERT INTO session (account_id, digest, method) VALUES ($1, $2, 'password') RETURNING id`, account, digest[:])
}

// one runs a statement that gives a number.
func (w *table) one(sql string, args ...any) (id int64) {
	w.t.Helper()
	if err := w.pool.QueryRow(w.t.Context(), sql, args...).Scan(&id); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return id
}

// row is an example with its cells.
type row struct {
	example
	operation
	cells []string
}

func (w *table) fill() (rows []row) {
	for _, e := range examples() {
		r := row{example: e, operation: w.ops[e.op]}
		if r.path == "" {
			r.operation = operation{http.MethodGet, e.op, routeTag(e.op)}
		}
		for _, who := range roles {
			r.cells = append(r.cells, w.cell(r, who))
		}
		rows = append(rows, r)
	}
	return rows
}

// cell is what one role may do.
func (w *table) cell(r row, who role) string {
	switch {
	case who.en == "public":
		return w.single(r, 0, "")
	case who.kind == "":
		return w.single(r, w.accounts[ours][staff.Planner], w.token)
	}
	local, whole := w.accounts[ours][who.kind], w.whole[who.kind]
	switch r.of {
	case self:
		if w.lets(r, local, "", ours)[ours] {
			return oneself
		}
		return refused
	case open:
		return w.single(r, local, "")
	}
	near := w.lets(r, local, "", ours)
	if r.of == thing {
		near[theirs] = w.lets(r, local, "", theirs)[theirs]
	}
	far := w.lets(r, whole, "", ours)
	if r.of == thing {
		far[theirs] = w.lets(r, whole, "", theirs)[theirs]
	}
	w.outsideIsClosed(r, who, near[theirs])
	if r.of != general && far[ours] != far[theirs] {
		w.t.Errorf("%s: a %s of the whole installation is let through in one town, not in the other", r.title(), who.en)
	}
	switch {
	case near[ours] && r.of == general:
		return anywhere
	case near[ours] && far[ours]:
		return inside
	case near[ours]:
		return insideOnly
	case far[ours]:
		return wholeOnly
	}
	return refused
}

// outsideIsClosed is asserted apart from the golden file, which somebody may
// rewrite in haste.
func (w *table) outsideIsClosed(r row, who role, let bool) {
	if let && r.of != general {
		w.t.Errorf("%s: a %s of one town reaches the other", r.title(), who.en)
	}
}

// single is the cell of the public, of a token, and of what is open to everybody.
func (w *table) single(r row, account int64, token string) string {
	near := w.lets(r, account, token, ours)
	if r.of == thing {
		near[theirs] = w.lets(r, account, token, theirs)[theirs]
	}
	if r.of != open {
		w.outsideIsClosed(r, role{en: "guest"}, near[theirs])
	}
	switch {
	case near[ours] && (r.of == open || r.of == general):
		return anywhere
	case near[ours] && r.of == self:
		return oneself
	case near[ours]:
		return inside
	case account == 0 && r.of != open:
		return signedOut
	}
	return refused
}

func (r row) title() string {
	if r.about == "" {
		return r.op
	}
	return r.op + " (" + r.about + ")"
}

// lets asks for a town as an account, or with a token of it, and returns by town
// whether it was let through.
func (w *table) lets(r row, account int64, token, town string) map[string]bool {
	w.t.Helper()
	if w.who = account; account == 0 {
		w.who = w.other[town] // somebody else's is asked for by a guest
	}
	key := r.title() + town
	q, ok := w.asked[key]
	if !ok || r.of == self {
		q = r.ask(w, town)
	}
	if !q.personal {
		w.asked[key] = q
	}
	header := slices.Clone(q.header)
	w.bearer = token
	if token == "" && account != 0 {
		header = append(header, "Cookie", "wangge_session="+w.session(account))
	}
	got := w.call(w.t, r.method, q.path, q.body, header...)
	let := w.letThrough(r, q, got, account == 0, town)
	if let[town] && r.method != http.MethodGet {
		delete(w.asked, key)
	}
	if q.after != nil {
		q.after()
	}
	return let
}

func (w *table) letThrough(r row, q request, got answer, public bool, town string) map[string]bool {
	w.t.Helper()
	out := map[string]bool{}
	var p problem
	if strings.HasPrefix(got.header.Get("Content-Type"), "application/problem+json") {
		_ = json.Unmarshal(got.body, &p)
	}
	switch {
	case slices.Contains(r.state, p.Code) && p.Code != "":
		out[town] = true
	case p.Code == q.hidden && p.Code != "":
	case got.status < 400 && q.sees != nil:
		return q.sees(got)
	case got.status < 400 && q.seen != nil:
		for _, t := range []string{ours, theirs} {
			out[t] = (r.of == list || t == town) && q.seen(t)
		}
	case got.status < 400 && q.shows != nil:
		text := strings.ReplaceAll(string(got.body), `"q"`, "")
		for t, mark := range q.shows {
			out[t] = (r.of == list || t == town) && strings.Contains(text, mark)
		}
	case got.status < 400:
		out[town] = true
	case public && got.status == http.StatusUnauthorized:
	case !public && (got.status == http.StatusForbidden || got.status == http.StatusNotFound):
	default:
		w.t.Errorf("%s: %s %s = %d, neither let through nor refused: %.300s", r.title(), r.method, q.path, got.status, got.body)
	}
	return out
}

// write makes the golden file.
func (w *table) write(rows []row) []byte {
	var b bytes.Buffer
	b.WriteString(legend)
	var tags []string
	for _, r := range rows {
		if !slices.Contains(tags, r.tag) {
			tags = append(tags, r.tag)
		}
	}
	head, rule := "| 操作 operation | |", "|---|---|"
	for _, r := range roles {
		head += " " + r.zh + " " + r.en + " |"
		rule += "---|"
	}
	for _, tag := range tags {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n%s\n", tag, head, rule)
		for _, r := range rows {
			if r.tag == tag {
				name := "<br>" + r.op
				if r.op == r.path {
					name = ""
				}
				fmt.Fprintf(&b, "| `%s %s`%s | %s | %s |\n", r.method, strings.TrimPrefix(r.path, "/api/v1"), name, r.about, strings.Join(r.cells, " | "))
			}
		}
	}
	return b.Bytes()
}

const legend = `# Who may do what · 谁可以做什么

Made by a test that asks for everything as everybody, in an installation of two towns; do not edit. It is compared with what the
service does, so that no change of it goes unseen: ` + "`go test ./api -run Authorisation`" + `, with ` + "`-update`" + ` to rewrite it.
本表由测试逐一请求后生成,请勿手改;权限有任何变化,测试都会发现。

| cell 单元格 | |
|---|---|
| in | within the area of the post only; a post of the whole installation reaches all of it · 仅限本岗位辖区;全局岗位不限 |
| in! | within the area of the post only, and not with a post of the whole installation · 仅限本岗位辖区,全局岗位也不行 |
| all | allowed; it does not lie in an area · 允许,与辖区无关 |
| whole | only with a post of the whole installation · 仅限全局岗位 |
| own | about oneself, or what one made oneself · 仅限本人 |
| – | refused, or nothing of it is shown · 不允许,或什么也不显示 |
| 401 | sign in first · 须先登录 |

Roles are holders of one post each; somebody with several posts may what all of them may, each in its area. The token is one of a
planner, narrowed to the permission map. What break-glass adds, for hours and on record, is not in the table.
每一列是只任一个岗位的人;一人多岗时权限相加,各限其辖区。程序令牌为规划员的令牌,只给了 map 权限。紧急访问(break-glass)不在表中。
`
