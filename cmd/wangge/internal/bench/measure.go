package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"
)

// median runs work a number of times and returns its middle cost by processor time.
func median(times int, work func() (cost, error)) (cost, error) {
	list := make([]cost, times)
	for i := range list {
		var err error
		if list[i], err = work(); err != nil {
			return cost{}, err
		}
	}
	slices.SortFunc(list, func(a, b cost) int { return int(a.cpu - b.cpu) })
	return list[times/2], nil
}

// alone measures work of our own on one thread.
func alone(work func()) (cost, error) {
	runtime.GC()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := clock(unix.CLOCK_THREAD_CPUTIME_ID)
	if err != nil {
		return cost{}, err
	}
	began := time.Now()
	work()
	wall := time.Since(began)
	after, err := clock(unix.CLOCK_THREAD_CPUTIME_ID)
	return cost{wall: wall, cpu: after - before}, err
}

func clock(id int32) (time.Duration, error) {
	var at unix.Timespec
	if err := unix.ClockGettime(id, &at); err != nil {
		return 0, fmt.Errorf("processor clock: %w", err)
	}
	return time.Duration(at.Nano()), nil
}

// statement measures one statement in the PostgreSQL process that serves it,
// without parallel workers, whose time would be hidden.
func statement(ctx context.Context, pool *pgxpool.Pool, sql string) (cost, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return cost{}, err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SET max_parallel_workers_per_gather = 0`); err != nil {
		return cost{}, err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `RESET max_parallel_workers_per_gather`)
	pid := int(conn.Conn().PgConn().PID())
	before, err := ran(pid)
	if err != nil {
		return cost{}, err
	}
	began := time.Now()
	if _, err := conn.Exec(ctx, sql); err != nil {
		return cost{}, err
	}
	wall := time.Since(began)
	after, err := ran(pid)
	return cost{wall: wall, cpu: after - before}, err
}

// meter reads the clocks of our process and of a whole PostgreSQL: of every
// process that it has and has had, those that write behind included.
type meter struct{ postmaster int }

// newMeter finds the PostgreSQL behind a pool.
func newMeter(ctx context.Context, pool *pgxpool.Pool) (meter, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return meter{}, err
	}
	defer conn.Release()
	serving, err := stat(int(conn.Conn().PgConn().PID()))
	return meter{postmaster: serving.parent}, err
}

// reading is the state of all clocks.
type reading struct {
	wall time.Time
	cpu  time.Duration
}

func (m meter) read() (reading, error) {
	ours, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
	if err != nil {
		return reading{}, err
	}
	theirs, err := m.server()
	return reading{wall: time.Now(), cpu: ours + theirs}, err
}

// since is what was spent after an earlier reading.
func (m meter) since(before reading) (cost, error) {
	after, err := m.read()
	return cost{wall: after.wall.Sub(before.wall), cpu: after.cpu - before.cpu}, err
}

// measure times work.
func (m meter) measure(work func() error) (cost, error) {
	runtime.GC()
	before, err := m.read()
	if err != nil {
		return cost{}, err
	}
	if err := work(); err != nil {
		return cost{}, err
	}
	return m.since(before)
}

// server is the processor time of PostgreSQL so far. What a process that ended
// has used is counted in ticks of 10 ms.
func (m meter) server() (time.Duration, error) {
	first, err := stat(m.postmaster)
	if err != nil {
		return 0, err
	}
	total, err := ran(m.postmaster)
	if err != nil {
		return 0, err
	}
	total += first.ended
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, fmt.Errorf("processor time of PostgreSQL: %w", err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue // not a process
		}
		if f, err := stat(pid); err != nil || f.parent != m.postmaster {
			continue // it may have ended meanwhile
		}
		if own, err := ran(pid); err == nil {
			total += own
		}
	}
	return total, nil
}

// process is what /proc/PID/stat tells.
type process struct {
	parent int
	ended  time.Duration // processor time of its children that have ended
}

// tick is the unit of /proc/PID/stat on Linux.
const tick = 10 * time.Millisecond

func stat(pid int) (process, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, fmt.Errorf("processor time of PostgreSQL (it must run on this machine): %w", err)
	}
	// After the program's name in brackets, which may hold blanks, come state and
	// parent; the 13th and 14th are user and system ticks of ended children.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	var n [3]int
	for i, field := range []int{1, 13, 14} {
		if field >= len(fields) {
			return process{}, fmt.Errorf("processor time of process %d: %q", pid, text)
		}
		if n[i], err = strconv.Atoi(string(fields[field])); err != nil {
			return process{}, fmt.Errorf("processor time of process %d: %w", pid, err)
		}
	}
	return process{parent: n[0], ended: time.Duration(n[1]+n[2]) * tick}, nil
}

// ran is how long a process has been on a processor.
func ran(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		return 0, fmt.Errorf("processor time of PostgreSQL (it must run on this machine): %w", err)
	}
	first, _, _ := bytes.Cut(text, []byte(" "))
	n, err := strconv.ParseInt(string(first), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return time.Duration(n), nil
}

// machineLoad is how many processes have wanted a processor in the last minute.
func machineLoad() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0 // only told beside the figures
	}
	first, _, _ := bytes.Cut(text, []byte(" "))
	load, _ := strconv.ParseFloat(string(first), 64)
	return load
}

// Machine says what the figures were measured on.
func Machine(ctx context.Context, pool *pgxpool.Pool) (string, error) {
	var version, settings string
	err := pool.QueryRow(ctx, `
		SELECT 'PostgreSQL ' || current_setting('server_version') || ', PostGIS ' || postgis_lib_version(),
		       (SELECT string_agg(name || '=' || current_setting(name), ', ' ORDER BY name)
		        FROM pg_settings
		        WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'work_mem',
		                       'maintenance_work_mem', 'max_wal_size', 'autovacuum', 'jit'))`).Scan(&version, &settings)
	if err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	return fmt.Sprintf("%d processors, load %.1f, %s, %s\n%s", runtime.NumCPU(), machineLoad(), runtime.Version(), version, settings), nil
}
