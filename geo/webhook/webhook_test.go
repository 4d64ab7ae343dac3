package webhook

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo/incident"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// town is one with a gateway that answers as a test wants.
type town struct {
	*testing.T
	owner, engine pg.Pool
	desk          Desk
	sender        Sender
	now           time.Time
	units         []int64

	gateway *httptest.Server
	mu      sync.Mutex
	answer  http.HandlerFunc
	got     []told
}

type told struct {
	Message
	signature, delivery string
	body                []byte
}

func newTown(t *testing.T) *town {
	dsn := pgtest.DSN(t)
	w := &town{T: t, owner: pgtest.As(t, dsn, ""), engine: pgtest.As(t, dsn, pg.RoleEngine), now: time.Now().Add(time.Minute).Truncate(time.Second)}
	w.units = ledgertest.Town(t, w.owner, 2)
	ring, err := vault.OpenRing(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	gate := Gate{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	w.desk = Desk{DB: w.engine, Engine: w.engine, Ring: ring, Gate: gate}
	w.sender = Sender{DB: w.engine, Ring: ring, Gate: gate, Link: "https://grid.example.cn", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return w.now }}
	w.answer = func(http.ResponseWriter, *http.Request) {}
	w.gateway = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		one := told{signature: r.Header.Get(HeaderSignature), delivery: r.Header.Get(HeaderDelivery), body: body}
		if err := json.Unmarshal(body, &one.Message); err != nil {
			t.Errorf("told %s: %v", body, err)
		}
		w.mu.Lock()
		w.got = append(w.got, one)
		answer := w.answer
		w.mu.Unlock()
		answer(out, r)
	}))
	t.Cleanup(w.gateway.Close)
	return w
}

func (w *town) add(unit string, events ...Event) (Hook, string) {
	w.Helper()
	h, secret, err := w.desk.Add(w.Context(), staff.Local, Hook{Unit: unit, URL: w.gateway.URL + "/hook", Events: events, Enabled: true})
	if err != nil {
		w.Fatal(err)
	}
	return h, secret
}

func (w *town) report(x, y float64, private bool) uuid.UUID {
	w.Helper()
	got, _, err := incident.Report(w.Context(), w.engine, w.engine, staff.Local, incident.New{ID: uuid.New(), Category: "0102", Text: "路口有垃圾", Private: private, ReportedAt: w.now, Point: ledgertest.At(x, y)}, w.now)
	if err != nil {
		w.Fatal(err)
	}
	return got.ID
}

func (w *town) round() {
	w.Helper()
	if _, err := w.sender.Round(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// deliveries of a hook, oldest first.
func (w *town) deliveries(h Hook) []Delivery {
	w.Helper()
	list, err := w.desk.Deliveries(w.Context(), staff.Local, h.ID, 100)
	if err != nil {
		w.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

func TestAGatewayIsToldOfDuties(t *testing.T) {
	w := newTown(t)
	h, secret := w.add("310115001001", Given, Dispatched)
	other, _ := w.add("310115001001004", Given)
	id := w.report(0.5, 0.5, false)
	for _, do := range []incident.Act{incident.ToAccept, incident.ToDispatch} {
		if _, err := incident.Do(t.Context(), w.engine, w.engine, staff.Local, id, incident.Doing{ID: uuid.New(), Act: do}, w.now); err != nil {
			t.Fatal(err)
		}
	}
	w.round()
	w.round() // nothing is left
	if len(w.got) != 2 {
		t.Fatalf("told %d messages, want 2: %+v", len(w.got), w.got)
	}
	slices.SortFunc(w.got, func(a, b told) int { return strings.Compare(string(b.Event), string(a.Event)) })
	m := w.got[0]
	if m.Event != Given || *m.Incident != id || m.Category != "0102" || m.Unit != "310115001001001" || m.Deadline == nil || m.Link != "https://grid.example.cn/incidents?incident="+id.String() || w.got[1].Event != Dispatched {
		t.Errorf("told %s and %s", m.body, w.got[1].body)
	}
	if m.signature != Sign(secret, w.now, m.body) || m.signature == Sign("another", w.now, m.body) || m.delivery != m.Delivery.String() {
		t.Errorf("signed %q", m.signature)
	}
	for _, no := range []string{"路口", "121.5", "account", "address", "lon"} {
		if strings.Contains(string(m.body), no) {
			t.Errorf("the message holds %s: %s", no, m.body)
		}
	}
	for _, d := range w.deliveries(h) {
		if d.State != "delivered" || d.Tries != 1 || d.Problem != "" || d.EndedAt == nil || d.NextAt != nil {
			t.Errorf("delivery %+v", d)
		}
	}
	if list := w.deliveries(other); len(list) != 0 {
		t.Errorf("another unit is told: %+v", list)
	}
	w.got = nil
	w.report(0.5, 0.5, true)
	w.round()
	if len(w.got) != 1 || w.got[0].Category != "" || w.got[0].CategoryZh != "" {
		t.Errorf("of a private one: %+v", w.got)
	}
}

func TestWhatIsOverdueIsToldOnceForEachDeadline(t *testing.T) {
	w := newTown(t)
	h, _ := w.add("310115001001", Overdue)
	id := w.report(0.5, 0.5, false)
	w.round()
	if len(w.got) != 0 {
		t.Fatalf("told of %s before the deadline", w.got[0].body)
	}
	w.now = w.now.AddDate(0, 0, 10)
	w.round()
	w.round()
	if len(w.got) != 1 || w.got[0].Event != Overdue || *w.got[0].Incident != id {
		t.Fatalf("told %+v", w.got)
	}
	if _, err := incident.Do(t.Context(), w.engine, w.engine, staff.Local, id, incident.Doing{ID: uuid.New(), Act: incident.ToAccept}, w.now); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.AddDate(0, 0, 10)
	w.round()
	w.round()
	if len(w.got) != 2 || len(w.deliveries(h)) != 2 {
		t.Errorf("told %d times, want once for each of two deadlines", len(w.got))
	}
}

// A gateway that fails, hangs up, redirects or is gone is tried again, with the same body and
// id, later and later, by whichever process is there; and given up in the end.
func TestAGatewayThatFailsIsTriedAgain(t *testing.T) {
	w := newTown(t)
	h, _ := w.add("310115001001", Given)
	w.answer = func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusInternalServerError) }
	w.report(0.5, 0.5, false)
	w.round()
	d := w.deliveries(h)[0]
	if d.State != "waiting" || d.Problem != "status_500" || d.Tries != 1 || d.NextAt == nil || !d.NextAt.Equal(w.now.Add(firstPause)) {
		t.Fatalf("after a failure: %+v, now %s", d, w.now)
	}
	w.round()
	if len(w.got) != 1 {
		t.Error("tried again at once")
	}
	w.now = w.now.Add(firstPause)
	hang := make(chan struct{})
	defer close(hang)
	w.answer = func(out http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }
	w.round()
	if d := w.deliveries(h)[0]; d.Problem != "unreachable" || d.Tries != 2 || !d.NextAt.Equal(w.now.Add(2*firstPause)) {
		t.Errorf("after it hung up: %+v", d)
	}
	w.now = w.now.Add(2 * firstPause)
	w.answer = func(out http.ResponseWriter, r *http.Request) {
		http.Redirect(out, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
	}
	w.round()
	if d := w.deliveries(h)[0]; d.Problem != "status_307" {
		t.Errorf("after a redirect: %+v", d)
	}
	// Another process takes over what one was at when it was killed.
	if _, err := w.owner.Exec(t.Context(), `UPDATE webhook_delivery SET tries = tries + 1, next_at = $1`, w.now.Add(lease)); err != nil {
		t.Fatal(err)
	}
	w.answer = func(http.ResponseWriter, *http.Request) {}
	before := len(w.got)
	w.round()
	if len(w.got) != before {
		t.Error("tried while it is another's")
	}
	w.now = w.now.Add(lease)
	w.round()
	if d := w.deliveries(h)[0]; d.State != "delivered" || d.Problem != "" {
		t.Errorf("in the end: %+v", d)
	}
	for _, one := range w.got {
		if one.delivery != w.got[0].delivery || string(one.body) != string(w.got[0].body) {
			t.Errorf("told %s %s, and before %s %s", one.delivery, one.body, w.got[0].delivery, w.got[0].body)
		}
	}
	w.gateway.Close()
	w.report(0.5, 0.5, false)
	for range mostTries {
		w.now = w.now.Add(longestPause + lease)
		w.round()
	}
	if d := w.deliveries(h)[1]; d.State != "failed" || d.Problem != "refused" || d.Tries != mostTries || d.EndedAt == nil {
		t.Errorf("a gateway that is gone: %+v", d)
	}
	if got, err := w.desk.Get(t.Context(), staff.Local, h.ID); err != nil || got.Failed != 1 || got.Waiting != 0 {
		t.Errorf("what it came to: %+v, %v", got, err)
	}
	given := len(w.got)
	w.now = w.now.Add(30 * 24 * time.Hour)
	w.round()
	if d := w.deliveries(h)[1]; d.State != "failed" {
		t.Errorf("tried by itself after it was given up: %+v", d)
	}

	// It is back, and an administrator has it told again: of what was given up, and of no more.
	w.gateway = httptest.NewServer(w.gateway.Config.Handler)
	t.Cleanup(w.gateway.Close)
	if _, err := w.desk.Change(t.Context(), staff.Local, h.ID, Hook{URL: w.gateway.URL + "/hook", Events: h.Events, Enabled: true}); err != nil {
		t.Fatal(err)
	}
	if n, err := w.desk.Again(t.Context(), staff.Local, h.ID); err != nil || n != 1 {
		t.Fatalf("again: %d, %v", n, err)
	}
	if d := w.deliveries(h)[1]; d.State != "waiting" || d.Tries != 0 || d.EndedAt != nil {
		t.Errorf("told again: %+v", d)
	}
	w.round()
	if d := w.deliveries(h)[1]; d.State != "delivered" || len(w.got) != given+1 || w.got[given].delivery != d.ID.String() {
		t.Errorf("back again: %+v, %d messages, before %d", d, len(w.got), given)
	}
	if n, err := w.desk.Again(t.Context(), staff.Local, h.ID); err != nil || n != 0 {
		t.Errorf("nothing was given up: %d, %v", n, err)
	}
	if _, err := w.desk.Change(t.Context(), staff.Local, h.ID, Hook{URL: w.gateway.URL + "/hook", Events: h.Events}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Again(t.Context(), staff.Local, h.ID); !errors.Is(err, ErrOff) {
		t.Errorf("while it is off: %v", err)
	}
}

// One gateway that hangs keeps no other from being told.
func TestAGatewayThatHangsHarmsNoOther(t *testing.T) {
	w := newTown(t)
	hangs, _ := w.add("310115001001", Given)
	quick := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer quick.Close()
	other, _, err := w.desk.Add(t.Context(), staff.Local, Hook{Unit: "310115001001", URL: quick.URL, Events: []Event{Given}, Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	w.answer = func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
	w.report(0.5, 0.5, false)
	client := w.sender.Gate.client()
	client.Timeout = 300 * time.Millisecond
	if _, err := w.sender.round(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	close(release)
	if d := w.deliveries(hangs)[0]; d.Problem != "timeout" || d.State != "waiting" {
		t.Errorf("the one that hangs: %+v", d)
	}
	if d := w.deliveries(other)[0]; d.State != "delivered" {
		t.Errorf("the other: %+v", d)
	}
}

func TestWhoMayConfigure(t *testing.T) {
	w := newTown(t)
	one := staff.Actor{Name: "account:1", Account: 1, Grants: []staff.Grant{{Post: 1, Unit: w.units[0], May: []staff.Permission{staff.Setting}}}}
	h := Hook{Unit: "310115001001001", URL: w.gateway.URL, Events: []Event{Given}, Enabled: true}
	made, secret, err := w.desk.Add(t.Context(), one, h)
	if err != nil || len(secret) < 40 {
		t.Fatal(secret, err)
	}
	h.Unit = "310115001001002"
	if _, _, err := w.desk.Add(t.Context(), one, h); !errors.Is(err, staff.ErrOutside) {
		t.Errorf("in another unit: %v", err)
	}
	h.Unit = "x"
	if _, _, err := w.desk.Add(t.Context(), one, h); !errors.Is(err, ErrUnit) {
		t.Errorf("in no unit: %v", err)
	}
	theirs, _ := w.add("310115001001002", Given)
	for name, err := range map[string]error{
		"read":       func() error { _, err := w.desk.Get(t.Context(), one, theirs.ID); return err }(),
		"change":     func() error { _, err := w.desk.Change(t.Context(), one, theirs.ID, h); return err }(),
		"renew":      func() error { _, err := w.desk.Renew(t.Context(), one, theirs.ID); return err }(),
		"remove":     w.desk.Remove(t.Context(), one, theirs.ID),
		"test":       func() error { _, err := w.desk.Try(t.Context(), one, theirs.ID); return err }(),
		"again":      func() error { _, err := w.desk.Again(t.Context(), one, theirs.ID); return err }(),
		"deliveries": func() error { _, err := w.desk.Deliveries(t.Context(), one, theirs.ID, 1); return err }(),
	} {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("%s another unit's: %v", name, err)
		}
	}
	h = Hook{URL: w.gateway.URL, Events: []Event{Given}}
	if off, err := w.desk.Change(t.Context(), one, made.ID, h); err != nil || off.Enabled {
		t.Errorf("switched off: %+v, %v", off, err)
	}
	if _, err := w.desk.Try(t.Context(), one, made.ID); !errors.Is(err, ErrOff) {
		t.Errorf("tried while it is off: %v", err)
	}
	h.Enabled = true
	if _, err := w.desk.Change(t.Context(), one, made.ID, h); err != nil {
		t.Fatal(err)
	}
	renewed, err := w.desk.Renew(t.Context(), one, made.ID)
	if err != nil || renewed == secret {
		t.Fatal(renewed, err)
	}
	if _, err := w.desk.Try(t.Context(), one, made.ID); err != nil {
		t.Fatal(err)
	}
	w.round()
	if len(w.got) != 1 || w.got[0].Event != Test || w.got[0].signature != Sign(renewed, w.now, w.got[0].body) {
		t.Errorf("tested: %+v", w.got)
	}
	var kept string
	if err := w.owner.QueryRow(t.Context(), `SELECT string_agg(t, ' ') FROM (SELECT x::text FROM webhook x UNION ALL SELECT x::text FROM sealed x UNION ALL SELECT x::text FROM audit x) y (t)`).Scan(&kept); err != nil || strings.Contains(kept, secret) || strings.Contains(kept, renewed) {
		t.Errorf("a secret stands in the database: %v", err)
	}
	if err := w.desk.Remove(t.Context(), one, made.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := w.desk.List(t.Context(), one); err != nil || len(list) != 0 {
		t.Errorf("left: %v, %v", list, err)
	}
}

func TestAddressesThatAreNeverTold(t *testing.T) {
	open := Gate{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16")}}
	for url, want := range map[string]error{
		"https://gateway.example.cn/hook?key=1": nil, "https://8.8.8.8": nil, "https://10.1.2.3/x": nil, "http://127.0.0.1:8080/": nil,
		"http://gateway.example.cn": ErrURL, "ftp://gateway.example.cn": ErrURL, "https://user:word@gateway.example.cn": ErrURL, "https://": ErrURL, "gateway": ErrURL,
		"file:///etc/passwd": ErrURL, "https://x/" + strings.Repeat("x", 500): ErrURL, "http://127.0.0.2": ErrURL, "http://localhost": ErrURL, "http://[::1]": ErrURL,
		"https://10.2.0.1": ErrAddress, "https://192.168.1.1": ErrAddress, "https://169.254.169.254/latest": ErrAddress, "https://[::1]": ErrAddress, "https://[fe80::1]": ErrAddress,
		"https://[::ffff:192.168.1.1]": ErrAddress, "https://[64:ff9b::7f00:1]": ErrAddress, "https://100.64.0.1": ErrAddress, "https://0.0.0.0": ErrAddress, "https://224.0.0.1": ErrAddress,
		"https://[2002:7f00:1::]": ErrAddress, "https://[fd00::1]": ErrAddress,
	} {
		if err := open.Check(url); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", url, err, want)
		}
	}
	if err := (Gate{}).Check("http://127.0.0.1"); !errors.Is(err, ErrAddress) {
		t.Errorf("this machine, without the operator's word: %v", err)
	}
	// What a name leads to is asked when the connection is made.
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:"+port, nil)
	if _, err := (Gate{}).client().Do(request); problemOf(err) != "address" || reached {
		t.Errorf("a name of this machine: %v, reached %v", err, reached)
	}
}
