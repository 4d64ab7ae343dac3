package pgembed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// minNewMegabytes is what a new cluster needs before anything is in it: about
// 40 MB of catalogues, 16–32 MB of log, and the PostGIS tables.
const minNewMegabytes = 128

// initialise makes the cluster in a side folder and moves it to its place when
// it is complete, so that a crash on the way leaves nothing half made.
func (c *Cluster) initialise(ctx context.Context, say func(string)) error {
	if major, err := c.clusterMajor(); err != nil || major != 0 {
		return err
	}
	say(fmt.Sprintf("making a new database cluster in %s (PostgreSQL %d)", c.folder, c.install.Major))
	if free := c.freeMegabytes(); free < minNewMegabytes {
		return c.fullError(fmt.Errorf("a new cluster needs %d MB", minNewMegabytes))
	}
	if err := os.RemoveAll(c.unborn()); err != nil {
		return c.writeError(err)
	}
	if err := os.Mkdir(c.unborn(), 0o700); err != nil {
		return c.writeError(err)
	}
	if err := c.give(c.unborn(), c.owner); err != nil {
		return err
	}
	if err := c.initdb(ctx); err != nil {
		os.RemoveAll(c.unborn())
		return err
	}
	if err := os.Rename(c.unborn(), c.cluster()); err != nil {
		return c.writeError(err)
	}
	return nil
}

// initdb sorts by bytes (as the border rule does, and safe from changes in the
// system's collations) and knows the letters of all languages.
func (c *Cluster) initdb(ctx context.Context) error {
	args := []string{"-D", c.unborn(), "-U", User, "--auth=trust", "--encoding=UTF8",
		"--locale=C.UTF-8", "--lc-collate=C", "--lc-messages=C", "--data-checksums"}
	if c.unsafe {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, c.Bin("initdb"), args...)
	cmd.Dir = "/"
	cmd.Env = environment()
	cmd.SysProcAttr = c.owner.attributes()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // initdb removes what it made
	cmd.WaitDelay = 5 * time.Second
	words := &tail{}
	cmd.Stdout, cmd.Stderr = words, words

	// The thread must live as long as initdb, see supervise.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return c.explainWords(words, fmt.Errorf("initdb: %w", err))
	}
	return nil
}

// environment is ours without libpq's and the server's variables, which could
// lead PostgreSQL to another folder or port.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") && !strings.HasPrefix(v, "LC_") && !strings.HasPrefix(v, "LANG") {
			env = append(env, v)
		}
	}
	return append(env, "LC_ALL=C.UTF-8")
}

// settings are PostgreSQL's, given on its command line so that an operator's
// postgresql.auto.conf cannot open the cluster to the network. Its log keeps
// to the server's own affairs: statements and key values may be personal.
func (c *Cluster) settings() []string {
	s := []string{
		"listen_addresses=",
		"port=5432",
		"unix_socket_directories=" + c.socketFolder(),
		"logging_collector=off",
		"log_destination=stderr",
		"log_line_prefix=",
		"log_min_messages=log",
		"log_min_error_statement=panic",
		"log_error_verbosity=terse",
		"log_checkpoints=off",
		"log_autovacuum_min_duration=-1",
		"max_connections=100",
		"shared_buffers=" + strconv.FormatUint(sharedBuffers(memoryMegabytes()), 10) + "MB",
		"work_mem=16MB",
		"maintenance_work_mem=128MB",
		"max_wal_size=2GB",
		"random_page_cost=1.1",
		"jit=off",
		"timezone=UTC",
	}
	if c.unsafe {
		s = append(s, "fsync=off", "full_page_writes=off", "synchronous_commit=off",
			"max_connections=200", "max_wal_size=256MB", "min_wal_size=32MB", "autovacuum_naptime=1h")
	}
	return s
}

// sharedBuffers is an eighth of the memory, between 128 MB and 1 GB.
func sharedBuffers(memory uint64) uint64 { return min(max(memory/8, 128), 1024) }

func (c *Cluster) command() *exec.Cmd {
	args := []string{"-D", c.cluster()}
	for _, s := range c.settings() {
		args = append(args, "-c", s)
	}
	cmd := exec.Command(c.Bin("postgres"), args...)
	cmd.Dir = "/"
	cmd.Env = environment()
	cmd.SysProcAttr = c.owner.attributes()
	cmd.Stderr = &logWriter{log: c.log, tail: c.tail}
	cmd.WaitDelay = 5 * time.Second // its children hold the pipe while they end
	return cmd
}

const (
	firstPause  = 100 * time.Millisecond
	longPause   = 30 * time.Second
	maxFailures = 12          // about three minutes of pauses
	stableAfter = time.Minute // a run this long forgets earlier failures
)

// supervise starts PostgreSQL and starts it again when it dies, until Stop or
// until it has died too often. The kernel interrupts PostgreSQL when the
// thread that started it ends (Pdeathsig), so this goroutine keeps its thread.
func (c *Cluster) supervise() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.done)
	pause := firstPause
	for failures := 0; ; {
		began := time.Now()
		c.tail.reset()
		err := c.runOnce()
		if c.isStopping() {
			return
		}
		if time.Since(began) > stableAfter {
			failures, pause = 0, firstPause
		}
		err = c.explain(err)
		if failures++; failures >= maxFailures || !c.worthAnotherTry(err) {
			c.err = err
			return
		}
		c.log.Error("PostgreSQL ended by itself and is started again", "err", err, "pause", pause.String())
		c.pause(pause)
		pause = min(2*pause, longPause)
		if c.isStopping() {
			return
		}
	}
}

// worthAnotherTry reports whether a pause may mend what ended PostgreSQL. At the
// first start only one thing does: the last processes of a killed predecessor
// still hold its shared memory for a moment.
func (c *Cluster) worthAnotherTry(err error) bool {
	if !c.ready.Load() {
		return strings.Contains(c.tail.text(), "pre-existing shared memory block")
	}
	return !errors.Is(err, ErrVersion) && !errors.Is(err, ErrMissing) && !errors.Is(err, ErrNotWritable)
}

func (c *Cluster) isStopping() bool {
	select {
	case <-c.stopping:
		return true
	default:
		return false
	}
}

// runOnce runs PostgreSQL until it ends.
func (c *Cluster) runOnce() error {
	cmd := c.command()
	c.mu.Lock()
	if c.isStopping() { // Stop looks for the process under the same lock
		c.mu.Unlock()
		return nil
	}
	err := cmd.Start()
	c.process = cmd.Process
	c.mu.Unlock()
	if err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	err = cmd.Wait()
	c.mu.Lock()
	c.process = nil
	c.mu.Unlock()
	if err == nil {
		return errors.New("PostgreSQL was told to stop by somebody else")
	}
	return fmt.Errorf("PostgreSQL: %w", err)
}

// end interrupts PostgreSQL (a fast, clean shutdown) and waits; when it does
// not end it is told to drop everything, which the next start recovers from.
func (c *Cluster) end() {
	for _, step := range []struct {
		signal os.Signal
		wait   time.Duration
	}{{syscall.SIGINT, time.Minute}, {syscall.SIGQUIT, 10 * time.Second}, {syscall.SIGKILL, 10 * time.Second}} {
		c.mu.Lock()
		if c.process != nil {
			c.process.Signal(step.signal)
		}
		c.mu.Unlock()
		select {
		case <-c.done:
			return
		case <-time.After(step.wait):
			c.log.Warn("PostgreSQL does not stop", "signal", step.signal.String())
		}
	}
}

// waitReady asks until PostgreSQL answers. Recovery after a crash may take
// minutes, so only ctx and PostgreSQL's end limit the wait.
func (c *Cluster) waitReady(ctx context.Context, say func(string)) error {
	next := time.Now().Add(5 * time.Second)
	for {
		err := ping(ctx, c.DSNOf("postgres"))
		if err == nil {
			c.ready.Store(true)
			return nil
		}
		if time.Now().After(next) {
			say("waiting for PostgreSQL" + c.waitingFor())
			next = time.Now().Add(5 * time.Second)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL: %w", ctx.Err())
		case <-c.done:
			if c.err == nil {
				return errors.New("PostgreSQL was stopped while it started")
			}
			return c.err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *Cluster) waitingFor() string {
	if line := c.tail.last(); line != "" {
		return " (" + line + ")"
	}
	return ""
}

func ping(ctx context.Context, dsn string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// settle deals with what an earlier run left. We hold the folder's lock, so a
// PostgreSQL that still runs here is an orphan on its way out; and a
// postmaster.pid or a lock of the socket with the number of some other process only
// looks alive: after the power has gone, numbers begin anew.
func (c *Cluster) settle(ctx context.Context, say func(string)) error {
	pid, ok := postmaster(c.layout)
	if !ok || !c.runsHere(pid) {
		return c.removeStale()
	}
	say(fmt.Sprintf("waiting for PostgreSQL of an earlier run to end (process %d)", pid))
	for waited := 0; c.runsHere(pid); waited++ {
		if waited == 50 { // it had a second: the kernel's signal did not reach it
			if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("stop PostgreSQL of an earlier run (process %d): %w", pid, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL of an earlier run (process %d): %w", pid, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return c.removeStale()
}

func (c *Cluster) removeStale() error {
	for _, file := range []string{filepath.Join(c.cluster(), "postmaster.pid"), filepath.Join(c.run(), socketLock)} {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			return c.writeError(err)
		}
	}
	return nil
}

// runsHere reports whether a process is a PostgreSQL that works in our cluster.
func (c *Cluster) runsHere(pid int) bool { return worksIn(pid, c.cluster()) }

// postmaster reads the process number that PostgreSQL left in its folder.
func postmaster(l layout) (pid int, ok bool) {
	lines := postmasterFile(l)
	if len(lines) == 0 {
		return 0, false
	}
	pid, err := strconv.Atoi(lines[0])
	return pid, err == nil && pid > 1
}

// postmasterFile is postmaster.pid by lines: process, folder, start time,
// port, socket folder, address, shared memory, status.
func postmasterFile(l layout) []string {
	text, err := os.ReadFile(filepath.Join(l.cluster(), "postmaster.pid"))
	if err != nil {
		return nil
	}
	var lines []string
	for line := range bytes.Lines(text) {
		lines = append(lines, string(bytes.TrimSpace(line)))
	}
	return lines
}

// output is what a program prints, "" if it cannot be run.
func output(program string, args ...string) string {
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		return ""
	}
	return string(out)
}
