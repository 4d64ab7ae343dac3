package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"
)

// threadCPU is the processor time that work takes on one thread.
func threadCPU(work func()) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := clock(unix.CLOCK_THREAD_CPUTIME_ID)
	if err != nil {
		return 0, err
	}
	work()
	after, err := clock(unix.CLOCK_THREAD_CPUTIME_ID)
	return after - before, err
}

func clock(id int32) (time.Duration, error) {
	var at unix.Timespec
	if err := unix.ClockGettime(id, &at); err != nil {
		return 0, fmt.Errorf("processor clock: %w", err)
	}
	return time.Duration(at.Nano()), nil
}

// tick is the unit of /proc/PID/stat on Linux.
const tick = 10 * time.Millisecond

// serverCPU is the processor time that PostgreSQL takes for a statement. It
// runs on one connection without parallel workers, whose time would be hidden.
func serverCPU(ctx context.Context, pool *pgxpool.Pool, sql string, args ...any) (time.Duration, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SET max_parallel_workers_per_gather = 0`); err != nil {
		return 0, err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `RESET max_parallel_workers_per_gather`)
	pid := conn.Conn().PgConn().PID()
	before, err := processCPU(pid)
	if err != nil {
		return 0, err
	}
	if _, err := conn.Exec(ctx, sql, args...); err != nil {
		return 0, err
	}
	after, err := processCPU(pid)
	return after - before, err
}

// processCPU is the processor time that a process has taken so far.
func processCPU(pid uint32) (time.Duration, error) {
	f, err := stat(pid)
	return f.own, err
}

// clusterCPU is the processor time that all of PostgreSQL has taken so far: of
// the processes that live and of those that have ended.
func clusterCPU(ctx context.Context, pool *pgxpool.Pool) (time.Duration, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	mine, err := stat(conn.Conn().PgConn().PID())
	if err != nil {
		return 0, err
	}
	first, err := stat(mine.parent)
	if err != nil {
		return 0, err
	}
	total := first.own + first.ended
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		pid, err := strconv.ParseUint(e.Name(), 10, 32)
		if err != nil {
			continue // not a process
		}
		if f, err := stat(uint32(pid)); err == nil && f.parent == mine.parent { // it may end meanwhile
			total += f.own
		}
	}
	return total, nil
}

// times are what /proc tells of a process.
type times struct {
	parent     uint32
	own, ended time.Duration // its own, and that of its children that have ended
}

func stat(pid uint32) (times, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return times{}, fmt.Errorf("processor time of PostgreSQL (it must run on this machine): %w", err)
	}
	// After the program's name in brackets, which may hold blanks: state,
	// parent, …, and from the 12th on user, system, and both of ended children.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	var n [5]int64
	for i, field := range []int{1, 11, 12, 13, 14} {
		if field >= len(fields) {
			return times{}, fmt.Errorf("processor time of process %d: %q", pid, text)
		}
		if n[i], err = strconv.ParseInt(string(fields[field]), 10, 64); err != nil {
			return times{}, fmt.Errorf("processor time of process %d: %w", pid, err)
		}
	}
	return times{parent: uint32(n[0]), own: time.Duration(n[1]+n[2]) * tick, ended: time.Duration(n[3]+n[4]) * tick}, nil
}
