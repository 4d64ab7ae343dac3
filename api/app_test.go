package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/image/font/gofont/goregular"

	"wangge/api"
	"wangge/geo"
	"wangge/geo/account"
	"wangge/geo/atlas"
	"wangge/geo/crs"
	"wangge/geo/dossier"
	"wangge/geo/job"
	"wangge/geo/live"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/town"
	"wangge/geo/upload"
	"wangge/geo/vault"
	"wangge/tiles"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func quiet(string, int64, int64) {}

// service is the whole application in process, on a database of its own.
type service struct {
	app   *fiber.App
	pool  *pgxpool.Pool
	tiles *tiles.Server
	log   *logBook
	town  *town.Town // nil when the database is empty
	ring  *vault.Ring
	queue *job.Queue
	jobs  []string // kinds of the queue

	address string // where it listens
	bearer  string // who asks
}

// logBook is what the application logs.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newService is the application on an empty database, with its queue at work.
// Whoever asks is the person at the machine, who may do everything.
func newService(t testing.TB) *service {
	t.Helper()
	pool := pgtest.Database(t)
	return startService(t, api.Config{DB: pool, Engine: pool, Reader: pool,
		Identify: func(context.Context, string, string) (staff.Actor, error) { return staff.Local, nil }})
}

// newWalledService is the application as it is run: with the three roles of the
// database, which own nothing. A request with "Bearer 12" is one of account 12.
func newWalledService(t testing.TB, also ...func(*api.Config)) (*service, pg.Pool) {
	t.Helper()
	dsn := pgtest.DSN(t)
	app, engine := pg.NewActing(pgtest.As(t, dsn, pg.RoleApp)), pgtest.As(t, dsn, pg.RoleEngine)
	c := api.Config{DB: app, Engine: engine, Reader: pgtest.As(t, dsn, pg.RoleReader),
		Identify: func(ctx context.Context, session, bearer string) (staff.Actor, error) {
			if bearer == "local" {
				return staff.Local, nil
			}
			if session != "" || strings.HasPrefix(bearer, account.TokenPrefix) {
				return (&account.Identifier{DB: engine}).Identify(ctx, session, bearer)
			}
			account, err := strconv.ParseInt(bearer, 10, 64)
			if err != nil {
				return staff.Public, nil
			}
			return staff.Load(ctx, app, account)
		}}
	for _, change := range also {
		change(&c)
	}
	return startService(t, c), app
}

func startService(t testing.TB, c api.Config) *service {
	t.Helper()
	s := &service{pool: c.Engine, log: &logBook{}, bearer: "local"}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	spool := upload.Spool(t.TempDir())
	ring, err := vault.OpenRing(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	c.Footpaths = network.NewFootpaths(s.pool)
	c.Font = sync.OnceValues(func() (*atlas.Font, error) { return atlas.NewFont(goregular.TTF) }) // the page's has letters of Chinese
	handlers := api.Jobs(s.pool, c.Footpaths, spool, dossier.Maker{Font: c.Font}, ring, privacy.Sweeps())
	queue, err := job.NewQueue(s.pool, log, handlers)
	if err != nil {
		t.Fatal(err)
	}
	s.ring, s.queue, s.jobs = ring, queue, slices.Sorted(maps.Keys(handlers))
	s.tiles = tiles.New(tiles.Config{Pool: c.Reader, Engine: c.Engine, Footpaths: c.Footpaths, Log: log})
	c.Live = live.NewHub(s.pool, log)
	c.Ring = ring
	c.Queue, c.Tiles, c.Spool, c.Log, c.Version, c.Metrics = queue, s.tiles, spool, log, "test", prometheus.NewRegistry()
	if c.Guard, err = account.NewGuard(c.Ring); err != nil {
		t.Fatal(err)
	}
	c.Page = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") })
	s.app, err = api.New(c)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = queue.Run(ctx) })
	running.Go(func() { _ = s.tiles.Run(ctx) })
	running.Go(func() { _ = c.Live.Run(ctx) })
	running.Go(func() { _ = s.app.Listener(listener) })
	t.Cleanup(func() { cancel(); _ = s.app.ShutdownWithTimeout(5 * time.Second); running.Wait() })
	return s
}

var small = sync.OnceValues(func() (*town.Town, error) {
	return town.Generate(context.Background(), town.Options{Households: 1000, Now: time.Now()})
})

// newTown is the application with the demo town in its smallest size.
func newTown(t testing.TB) *service {
	t.Helper()
	s := newService(t)
	made, err := small()
	if err != nil {
		t.Fatal(err)
	}
	s.town = made
	streets := func(yield func(network.Feature) bool) {
		for _, street := range made.Streets {
			var line orb.LineString
			for _, p := range made.Line(street) {
				line = append(line, p.Degrees())
			}
			f := network.Feature{Class: network.Street, OSMType: network.FromTown, OSMID: street.ID, Kind: street.Class, Name: street.Name, Shape: line}
			for _, n := range street.Nodes {
				f.Nodes = append(f.Nodes, int64(n))
			}
			if !yield(f) {
				return
			}
		}
	}
	if _, err := network.Store(t.Context(), s.pool, staff.System, network.Source{FileName: "demo", Attribution: made.Notice}, streets); err != nil {
		t.Fatal(err)
	}
	for _, level := range made.Levels {
		var records []plan.Record
		for _, u := range made.Units {
			if u.Level == level.Code {
				records = append(records, plan.Record{Code: u.Code, Name: u.Name, Parent: u.Parent, Area: u.Area})
			}
		}
		p, err := plan.New(t.Context(), s.pool, staff.System, plan.Source{
			Name: level.Code, Preset: "town-cluster", Level: level.Code, Day: newYear(), Records: records}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Publish(t.Context(), s.pool, staff.System, p.ID, p.Revision, newYear(), quiet); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	if err := made.Files(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []upload.Kind{upload.ServicePoints, upload.Households, upload.Incidents} {
		name := string(kind) + ".csv"
		file, err := upload.FromDisk(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		_, err = upload.Now(t.Context(), s.pool, staff.System, upload.Request{
			Kind: kind, FileName: name, CRS: string(crs.WGS84), Source: "demo", Confirm: "generated"}, file, quiet)
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func newYear() geo.Day {
	return geo.DayOf(time.Date(time.Now().Year(), 1, 1, 0, 0, 0, 0, time.UTC))
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call sends a request as our own page does. body is nil, bytes, or a value to
// be sent as JSON.
func (s *service) call(t testing.TB, method, path string, body any, headers ...string) answer {
	t.Helper()
	var content io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		content = bytes.NewReader(b)
	case string:
		content = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	req := httptest.NewRequest(method, path, content)
	req.Host = "localhost"
	req.Header.Set("Authorization", "Bearer "+s.bearer)
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.app.Test(req, 60_000)
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

// get asks for a resource that must be there and decodes it.
func (s *service) get(t testing.TB, path string, into any) {
	t.Helper()
	s.want(t, http.StatusOK, http.MethodGet, path, nil, into)
}

// want calls, compares the status and decodes the answer into into (or not, if nil).
func (s *service) want(t testing.TB, status int, method, path string, body, into any) answer {
	t.Helper()
	got := s.call(t, method, path, body)
	if got.status != status {
		if got.status >= 500 {
			log := s.log.String()
			t.Log(log[max(0, len(log)-1500):])
		}
		t.Fatalf("%s %s = %d, want %d: %s", method, path, got.status, status, got.body)
	}
	if into != nil {
		if err := json.Unmarshal(got.body, into); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, got.body)
		}
	}
	return got
}

// problem is an error answer.
type problem struct {
	Title, Code, Detail string
	Status              int
	Errors              []struct{ Pointer, Code, Detail string }
}

// refused calls and expects a problem with this status and code ("" = any).
func (s *service) refused(t testing.TB, status int, code, method, path string, body any, headers ...string) problem {
	t.Helper()
	got := s.call(t, method, path, body, headers...)
	p := problemIn(t, method+" "+path, got)
	if got.status != status || code != "" && p.Code != code {
		t.Errorf("%s %s = %d %s, want %d %s: %s", method, path, got.status, p.Code, status, code, got.body)
	}
	return p
}

// internals are words of the inside that no caller may see.
var internals = []string{"SELECT", "INSERT", "UPDATE ", "SQLSTATE", "ERROR:", "pgx", "pgconn", "relation", "column \"", ".go:", "goroutine", "runtime", "postgres", "/dev/shm", "/work/"}

// problemIn reads an error answer and fails the test when it is not what every
// error answer has to be.
func problemIn(t testing.TB, what string, got answer) (p problem) {
	t.Helper()
	if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/problem+json") {
		t.Errorf("%s = %d of type %q: %.300s", what, got.status, kind, got.body)
		return p
	}
	if err := json.Unmarshal(got.body, &p); err != nil || p.Code == "" || p.Title == "" || p.Status != got.status {
		t.Errorf("%s = %d without code, title or the same status, %v: %s", what, got.status, err, got.body)
	}
	for _, word := range internals {
		if strings.Contains(string(got.body), word) {
			t.Errorf("%s shows the inside (%q): %s", what, word, got.body)
		}
	}
	return p
}

// page is a list answer.
type page[T any] struct {
	Items []T
	Next  string
	Total *int
}

// unitRow is what these tests read of a unit.
type unitRow struct {
	Code, Name, Level, Parent, State string
	Households                       int
	Label                            orb.Point
	Area                             float64
}

// readFile reads a file of the repository.
func readFile(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
