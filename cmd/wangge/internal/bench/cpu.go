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
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("processor time of PostgreSQL (it must run on this machine): %w", err)
	}
	// The program's name, in brackets, may hold blanks; user and system time
	// are the 12th and 13th fields after it.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("processor time of process %d: %q", pid, text)
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	system, err := strconv.ParseInt(string(fields[12]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
	}
	return time.Duration(user+system) * tick, nil
}
