package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"

	"wangge/api"
	"wangge/geo"
	"wangge/geo/account"
	"wangge/geo/job"
	"wangge/geo/live"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/upload"
	"wangge/geo/vault"
	"wangge/tiles"
)

// storms measures a whole evening's backlogs that phones send all at once.
func storms() Benchmark {
	return Benchmark{
		Name: "storm",
		About: "backlogs of ten hours that phones send all at once over HTTP, until they are durable, " +
			"against COPY of the same rows into the same table",
		Run: func(ctx context.Context, lab Lab) ([]Row, error) { return inHall(ctx, lab, (*hall).storm) },
	}
}

// reports measures everybody's newest fix every five seconds.
func reports() Benchmark {
	return Benchmark{
		Name:  "live",
		About: "officers who report every five seconds over HTTP, each report durable, while others watch",
		Run:   func(ctx context.Context, lab Lab) ([]Row, error) { return inHall(ctx, lab, (*hall).live) },
	}
}

// interval is how often a phone records where it is, and reports it when it can.
const interval = 5 * time.Second

// backlogFixes is what ten hours leave behind.
const backlogFixes = int(10 * time.Hour / interval)

// copyConns is on how many connections the peer copies.
const copyConns = 4

// phone is an officer with a session of their own.
type phone struct {
	account                int64
	session, device, shift string
	post                   int64
	moves                  bool // is in another cell with each report
}

// at is where the fix with a sequence is: on a walk at 1.2 m/s, each officer's somewhere
// else; movers go further.
func (p phone) at(seq int) geo.Point {
	east := float64(seq) * 6 / 111_320
	if p.moves {
		east = float64(seq) * step
	}
	return geo.Snap(orb.Point{121.4 + float64(p.account%100)/1e3 + east, 31.2 + float64(p.account/100)/1e3})
}

// hall is the whole server, with the officers' accounts.
type hall struct {
	pool   *pgxpool.Pool
	meter  meter
	url    string
	phones []phone
	desks  []string // sessions of those who supervise everything
	client *http.Client
	close  func()
}

// inHall runs a measurement in a hall of its own.
func inHall(ctx context.Context, lab Lab, run func(*hall, context.Context, Lab) ([]Row, error)) ([]Row, error) {
	h, err := openHall(ctx, lab)
	if err != nil {
		return nil, err
	}
	defer h.close()
	return run(h, ctx, lab)
}

// openHall starts the server and makes the officers, one in each of so many posts.
func openHall(ctx context.Context, lab Lab) (*hall, error) {
	b, err := newImportBench(ctx, lab, newCounty(8), 300)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if _, err := b.first(ctx); err != nil {
		return nil, err
	}
	h := &hall{pool: b.pool}
	if h.meter, err = newMeter(ctx, b.pool); err != nil {
		return nil, err
	}
	if err := h.hire(ctx, lab.Scale.Officers, lab.Scale.Watchers); err != nil {
		return nil, fmt.Errorf("officers: %w", err)
	}
	return h, h.serve(ctx)
}

// hire makes officers, one in each of so many posts, and as many who supervise as so many
// streams need.
func (h *hall) hire(ctx context.Context, n, streams int) error {
	var accounts []int64
	var digests [][]byte
	random := rand.NewChaCha8([32]byte{7})
	signIn := func(account int64) string {
		var raw [32]byte
		_, _ = random.Read(raw[:])
		secret := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
		digest := sha256.Sum256([]byte(secret))
		accounts, digests = append(accounts, account), append(digests, digest[:])
		return secret
	}
	desks := (streams + live.MaxOfAccount - 1) / live.MaxOfAccount
	rows, err := h.pool.Query(ctx, `
		WITH units AS (SELECT array_agg(id ORDER BY code) AS ids FROM unit WHERE level = 'micro-grid'),
		c AS (INSERT INTO account (login) SELECT 'officer' || n FROM generate_series(1, $1::integer + $3::integer) n RETURNING id, substr(login, 8)::integer AS n),
		p AS (INSERT INTO post (kind, unit_id) SELECT 'worker', ids[1 + n % cardinality(ids)] FROM generate_series(1, $1::integer) n, units RETURNING id),
		d AS (INSERT INTO post (kind, unit_id) SELECT 'dispatcher', NULL FROM generate_series(1, $3::integer) RETURNING id),
		o AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM p UNION ALL SELECT id, $1::integer + row_number() OVER (ORDER BY id) FROM d),
		h AS (INSERT INTO holder (post_id, rank, account_id) SELECT o.id, 'A', c.id FROM o JOIN c USING (n)),
		a AS (INSERT INTO consent (kind, subject_id, notice, version, how, recorded_by) SELECT 'account', c.id, $2, 1, 'online', 'benchmark' FROM c)
		SELECT c.id, o.id FROM c JOIN o USING (n) ORDER BY n`, n, privacy.StaffTracking, desks)
	if err != nil {
		return err
	}
	var id, post int64
	_, err = pgx.ForEachRow(rows, []any{&id, &post}, func() error {
		if len(h.phones) == n {
			h.desks = append(h.desks, signIn(id))
			return nil
		}
		h.phones = append(h.phones, phone{account: id, post: post, session: signIn(id), device: uuid.NewString(), shift: uuid.NewString()})
		return nil
	})
	if err != nil {
		return err
	}
	_, err = h.pool.Exec(ctx, `
		INSERT INTO session (account_id, digest, method) SELECT a, d, 'password' FROM unnest($1::bigint[], $2::bytea[]) s (a, d)`, accounts, digests)
	if err == nil {
		_, err = h.pool.Exec(ctx, `ANALYZE`)
	}
	return err
}

// serve starts the application as `wangge serve` does, without the page.
func (h *hall) serve(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "wangge-bench")
	if err != nil {
		return err
	}
	var pools []*pgxpool.Pool
	for _, role := range []string{pg.RoleApp, pg.RoleEngine, pg.RoleReader} {
		config := h.pool.Config()
		config.ConnConfig.RuntimeParams["role"] = role
		config.MaxConns = 16
		pool, err := pgxpool.NewWithConfig(ctx, config)
		if err != nil {
			return err
		}
		pools = append(pools, pool)
	}
	engine, log := pools[1], slog.New(slog.DiscardHandler)
	ring, err := vault.OpenRing(filepath.Join(folder, "keys.json"))
	if err != nil {
		return err
	}
	c := api.Config{DB: pg.NewActing(pools[0]), Engine: engine, Reader: pools[2], Ring: ring, Spool: upload.Spool(folder), Log: log, Metrics: prometheus.NewRegistry(),
		Footpaths: network.NewFootpaths(engine), Live: live.NewHub(engine, log), Page: http.NotFoundHandler(),
		Identify: (&account.Identifier{DB: engine}).Identify}
	if c.Queue, err = job.NewQueue(engine, log, map[string]job.Handler{}); err != nil {
		return err
	}
	if c.Guard, err = account.NewGuard(ring); err != nil {
		return err
	}
	c.Tiles = tiles.New(tiles.Config{Pool: pools[2], Footpaths: c.Footpaths, Log: log})
	app, err := api.New(c)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	running.Go(func() { _ = app.Listener(listener) })
	watching, stop := context.WithCancel(ctx)
	running.Go(func() { _ = c.Live.Run(watching) })
	h.url = "http://" + listener.Addr().String() + "/api/v1"
	h.client = &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: len(h.phones)}}
	h.close = func() {
		h.client.CloseIdleConnections()
		stop()
		_ = app.ShutdownWithTimeout(5 * time.Second)
		running.Wait()
		for _, p := range pools {
			p.Close()
		}
		_ = os.RemoveAll(folder)
	}
	return nil
}

// delivery is what a phone sends: fixes from a sequence on, the last of which is now.
func (p phone) delivery(first, n int, now time.Time, begin bool) []byte {
	const most = 2000
	item := func(kind string, at time.Time, body string) string {
		return fmt.Sprintf(`{"id":%q,"kind":%q,"at":%q,"body":%s}`, uuid.NewString(), kind, at.UTC().Format(time.RFC3339Nano), body)
	}
	began := now.Add(-time.Duration(n-1) * interval)
	var items []string
	if begin {
		items = append(items, item("shift", began.Add(-time.Second), fmt.Sprintf(`{"do":"start","shift":%q}`, p.shift)))
	}
	for from := 0; from < n; from += most {
		var b strings.Builder
		fmt.Fprintf(&b, `{"shift":%q,"first":%d,"fixes":[`, p.shift, first+from)
		for i := from; i < min(n, from+most); i++ {
			if i > from {
				b.WriteByte(',')
			}
			at := p.at(first + i).Degrees()
			fmt.Fprintf(&b, `[%d,%.7f,%.7f,%d]`, began.Add(time.Duration(i)*interval).UnixMilli(), at[0], at[1], 4+i%9)
		}
		items = append(items, item("fixes", began, b.String()+`]}`))
	}
	return fmt.Appendf(nil, `{"device":%q,"sent_at":%q,"items":[%s]}`, p.device, now.UTC().Format(time.RFC3339Nano), strings.Join(items, ","))
}

// errLater means that the phone is to come back.
var errLater = errors.New("later")

// send delivers as a phone does, and fails unless all of it was stored.
func (h *hall) send(ctx context.Context, p phone, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/deliveries", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Cookie", "wangge_session="+p.session)
	res, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
		return errLater
	}
	var answer struct {
		Items []struct {
			State   string
			Problem json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil || res.StatusCode >= 300 || len(answer.Items) == 0 {
		return fmt.Errorf("status %d: %.300s", res.StatusCode, text)
	}
	for _, item := range answer.Items {
		if item.State != "stored" && item.State != "known" {
			return fmt.Errorf("%s: %s", item.State, item.Problem)
		}
	}
	return nil
}

// storm has phones deliver the backlogs of an evening all at once, while one officer in
// fifty reports live.
func (h *hall) storm(ctx context.Context, lab Lab) ([]Row, error) {
	n := lab.Scale.Storm
	data := fmt.Sprintf("%d phones with %d fixes each, all at once", n, backlogFixes)
	now := time.Now()
	bodies := make([][]byte, n)
	for i := range bodies {
		bodies[i] = h.phones[i].delivery(1, backlogFixes, now, true)
	}
	// Everything once on every connection, by officers who have no other part in it: they
	// learn their statements.
	warm := h.phones[max(n+n/50+1, len(h.phones)-200):]
	cold := make([]error, len(warm))
	var learning sync.WaitGroup
	for i, p := range warm {
		learning.Go(func() { cold[i] = h.send(ctx, p, p.delivery(1, 1, now, true)) })
	}
	learning.Wait()
	if err := errors.Join(cold...); err != nil {
		return nil, err
	}
	watched := watchMemory()
	lateness := &waits{}
	stop := make(chan struct{})
	var others sync.WaitGroup
	for i := n; i < min(len(h.phones), n+n/50+1); i++ {
		others.Go(func() {
			for seq := 1; ; seq++ {
				began := time.Now()
				if err := h.send(ctx, h.phones[i], h.phones[i].delivery(seq, 1, began, seq == 1)); err == nil {
					lateness.add(time.Since(began))
				}
				select {
				case <-stop:
					return
				case <-time.After(500 * time.Millisecond):
				}
			}
		})
	}
	if err := h.settle(ctx, n*backlogFixes); err != nil {
		return nil, err
	}
	var again atomic.Int64
	ours, err := h.meter.measure(func() error {
		errs := make([]error, n)
		var all sync.WaitGroup
		for i := range bodies {
			all.Go(func() {
				for {
					if errs[i] = h.send(ctx, h.phones[i], bodies[i]); !errors.Is(errs[i], errLater) {
						return
					}
					again.Add(1)
					time.Sleep(time.Second + rand.N(2*time.Second))
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	})
	close(stop)
	others.Wait()
	if err != nil {
		return nil, err
	}
	memory := watched()
	fixes := n * backlogFixes
	if err := h.complete(ctx, h.phones[:n], backlogFixes); err != nil {
		return nil, err
	}
	peer, err := h.copy(ctx, n)
	if err != nil {
		return nil, err
	}
	rate := func(name string, ours, peer float64) Row {
		return moreOf(name, float64(fixes)/ours, float64(fixes)/peer, "fixes/s", data)
	}
	return []Row{
		rate("storm", ours.wall.Seconds(), peer.wall.Seconds()).of(ours, peer).atLeast(0.8).
			note("by the wall; over HTTP with JSON, sign-in and answers, the phones' side in the same process; %d were told to come back", again.Load()),
		rate("storm-cpu", ours.cpu.Seconds(), peer.cpu.Seconds()).of(ours, peer).note("by the processors"),
		less("storm-memory", memory, 0, "MB", data).note("at most in use by the server and the phones' side, whose bodies are %d MB", fixes*42/1e6),
		less("storm-live", lateness.at(.99), 0, "ms", data).note("99th percentile of what live officers waited meanwhile, %d deliveries, median %.0f ms", len(lateness.list), lateness.at(.5)),
	}, nil
}

// settle leaves the database as one that has run for a while, before ours and before the
// peer alike: all is on the disk, and the log has files to write to again, for as much as
// so many fixes take, which it had to make anew otherwise.
func (h *hall) settle(ctx context.Context, fixes int) error {
	const bytesOfFix, block = 200, 1 << 16 // of the log, its index included
	if _, err := h.pool.Exec(ctx, `SELECT count(pg_logical_emit_message(false, 'filler', repeat('x', $1))) FROM generate_series(1, $2)`,
		block, fixes*bytesOfFix/block); err != nil {
		return err
	}
	_, err := h.pool.Exec(ctx, `CHECKPOINT`)
	return err
}

// complete fails unless each of the phones' shifts has n fixes, each once.
func (h *hall) complete(ctx context.Context, phones []phone, n int) error {
	var accounts []int64
	for _, p := range phones {
		accounts = append(accounts, p.account)
	}
	var whole, fixes int
	err := h.pool.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE s.held = int4multirange(int4range(1, $2 + 1)) AND f.n = $2 AND f.seqs = $2), coalesce(sum(f.n), 0)
		FROM shift s, LATERAL (SELECT count(*) AS n, count(DISTINCT seq) AS seqs FROM fix WHERE shift_no = s.no AND mark = 0) f
		WHERE s.account_id = ANY ($1)`, accounts, n).Scan(&whole, &fixes)
	if err == nil && whole != len(phones) {
		err = fmt.Errorf("%d of %d shifts are complete, %d fixes of %d", whole, len(phones), fixes, n*len(phones))
	}
	return err
}

// copy is what the database itself takes to store the same rows: COPY in its binary
// format, the rows at hand as bytes, a phone's in one transaction.
func (h *hall) copy(ctx context.Context, n int) (cost, error) {
	rows, _ := h.pool.Query(ctx, `SELECT no FROM shift ORDER BY account_id LIMIT $1`, n) // those of the storm: the first officers
	shifts, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return cost{}, err
	}
	// The rows that ours has stored, written out by the database itself.
	conn, err := h.pool.Acquire(ctx)
	if err != nil {
		return cost{}, err
	}
	defer conn.Release()
	batches := make([][]byte, len(shifts))
	for i, no := range shifts {
		var b bytes.Buffer
		sql := fmt.Sprintf(`COPY (SELECT day, shift_no, seq, at, device_at, x, y, accuracy, mark FROM fix WHERE shift_no = %d ORDER BY seq) TO STDOUT (FORMAT binary)`, no)
		if _, err := conn.Conn().PgConn().CopyTo(ctx, &b, sql); err != nil {
			return cost{}, err
		}
		batches[i] = b.Bytes()
	}
	if _, err := h.pool.Exec(ctx, `TRUNCATE fix`); err != nil {
		return cost{}, err
	}
	if err := h.settle(ctx, n*backlogFixes); err != nil {
		return cost{}, err
	}
	return h.meter.measure(func() error {
		next := make(chan []byte, len(batches))
		for _, b := range batches {
			next <- b
		}
		close(next)
		errs := make([]error, copyConns)
		var all sync.WaitGroup
		for i := range copyConns {
			all.Go(func() {
				conn, err := h.pool.Acquire(ctx)
				if err != nil {
					errs[i] = err
					return
				}
				defer conn.Release()
				for b := range next {
					if _, err := conn.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(b), `COPY fix (day, shift_no, seq, at, device_at, x, y, accuracy, mark) FROM STDIN (FORMAT binary)`); err != nil {
						errs[i] = err
						return
					}
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	})
}

// start begins all shifts with a first fix, a few at a time: officers do not come on duty
// in one second.
func (h *hall) start(ctx context.Context) error {
	next := make(chan phone, len(h.phones))
	for _, p := range h.phones {
		next <- p
	}
	close(next)
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			for p := range next {
				body := p.delivery(1, 1, time.Now(), true)
				if errs[i] = h.send(ctx, p, body); errs[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// live has all officers report every five seconds.
func (h *hall) live(ctx context.Context, lab Lab) ([]Row, error) {
	rounds := int(lab.Scale.Live / interval)
	phones := h.phones
	for i := range min(movers, len(phones)) {
		phones[i*len(phones)/movers].moves = true
	}
	data := fmt.Sprintf("%d officers, every %s for %s, %d watchers", len(phones), interval, lab.Scale.Live, lab.Scale.Watchers)
	if err := h.start(ctx); err != nil {
		return nil, fmt.Errorf("start of the shifts: %w", err)
	}
	watching, err := h.watch(ctx, lab.Scale.Watchers)
	if err != nil {
		return nil, err
	}
	waited, missed := &waits{}, &atomic.Int64{}
	debug.FreeOSMemory() // what came before is not counted
	watched := watchMemory()
	began := time.Now()
	spent, err := h.meter.measure(func() error {
		errs := make([]error, len(phones))
		var all sync.WaitGroup
		for i, p := range phones {
			all.Go(func() {
				// Each phone at its own moment of the interval.
				turn := began.Add(time.Duration(i) * interval / time.Duration(len(phones)))
				for seq := 2; seq <= rounds+1; seq++ {
					time.Sleep(time.Until(turn))
					due := turn
					if turn = turn.Add(interval); time.Since(due) > interval {
						missed.Add(1) // a report is late by a whole turn
					}
					if p.moves {
						watching.says(p, seq, due)
					}
					body := p.delivery(seq, 1, time.Now(), false)
					for errs[i] = h.send(ctx, p, body); errors.Is(errs[i], errLater); errs[i] = h.send(ctx, p, body) {
						time.Sleep(time.Second)
					}
					if errs[i] != nil {
						return
					}
					waited.add(time.Since(due)) // from when it was due: a queue on our side counts
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	})
	if err != nil {
		return nil, err
	}
	told, untold, err := watching.end(ctx)
	if err != nil {
		return nil, err
	}
	memory := watched()
	if err := h.complete(ctx, phones, rounds+1); err != nil {
		return nil, err
	}
	reports := len(phones) * rounds
	return []Row{
		moreOf("live", float64(reports)/spent.wall.Seconds(), 0, "reports/s", data).of(spent, cost{}).
			target("all stored, each once", true).note("each a request with a sign-in and a commit; %.2f ms of the processors a report, the phones' side included; %d were late by a turn", spent.cpu.Seconds()*1e3/float64(reports), missed.Load()),
		less("live-p50", waited.at(.5), 0, "ms", data),
		less("live-p99", waited.at(.99), 0, "ms", data).note("the slowest waited %.0f ms", waited.at(1)),
		less("live-told-p50", told.at(.5), 0, "ms", data).note("from when a report is due until a watcher has read of it; the ledgers are read once a second"),
		less("live-told-p99", told.at(.99), 0, "ms", data).target("none missed", untold == 0).
			note("%d reports to %d watchers each; %d were never told; the slowest after %.0f ms", len(told.list)/max(1, lab.Scale.Watchers), lab.Scale.Watchers, untold, told.at(1)),
		less("live-memory", memory, 0, "MB", data).note("at most in use, the phones' side with %d connections included", len(phones)),
	}, nil
}

// waits are durations of many at once.
type waits struct {
	mu     sync.Mutex
	list   []time.Duration
	sorted bool
}

func (t *waits) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list, t.sorted = append(t.list, d), false
}

// at is a quantile in ms.
func (t *waits) at(q float64) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.list) == 0 {
		return 0
	}
	if !t.sorted {
		slices.Sort(t.list)
		t.sorted = true
	}
	return t.list[min(len(t.list)-1, int(q*float64(len(t.list))))].Seconds() * 1e3
}

// watchMemory begins to watch; its answer is the most that this process had, in MB.
func watchMemory() (most func() float64) {
	stop, ended := make(chan struct{}), make(chan float64)
	go func() {
		var peak uint64
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		for {
			metrics.Read(sample)
			peak = max(peak, sample[0].Value.Uint64()-sample[1].Value.Uint64())
			select {
			case <-stop:
				ended <- float64(peak) / 1e6
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return func() float64 { close(stop); return <-ended }
}
