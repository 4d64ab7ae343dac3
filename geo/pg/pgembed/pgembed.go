// Package pgembed runs a private PostGIS cluster for people who have no
// database: a data folder, a unix socket in a folder that only its owner may
// enter, no TCP port.
//
//	c, err := pgembed.Start(ctx, pgembed.Options{Folder: "/var/lib/wangge"})
//	if err != nil { … }   // a sentence for the operator, with the remedy
//	defer c.Stop()
//	pool, err := pg.Open(ctx, c.DSN())
//
// PostgreSQL itself is the one that the system has installed. It never runs as
// root: when we do, it runs as the user "postgres" (or "wangge").
//
// The data folder holds
//
//	wangge.lock   locked as long as a wangge uses the folder; who that is
//	pg/           PostgreSQL's own folder
//	run/          the unix socket
//
// and may hold more that is not ours (backups). The folder survives kill -9 of
// this process (PostgreSQL is told to stop by the kernel) and of PostgreSQL
// (it is started again, with growing pauses).
package pgembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// What callers tell apart. Each is wrapped in a sentence that names the folder
// and the remedy.
var (
	ErrMissing     = errors.New("PostgreSQL with PostGIS is not installed")
	ErrInUse       = errors.New("data folder in use")
	ErrFull        = errors.New("disk full")
	ErrVersion     = errors.New("data folder of another PostgreSQL version")
	ErrNotOurs     = errors.New("not a data folder of wangge")
	ErrNotWritable = errors.New("data folder not writable")
	ErrNotRunning  = errors.New("no cluster runs in the data folder")
)

// User is the name of the cluster's superuser, Database that of its database.
const (
	User     = "wangge"
	Database = "wangge"
)

// Options say where a cluster lives and how.
type Options struct {
	// Folder is the data folder; it is made when it does not exist.
	Folder string
	// Log gets what PostgreSQL has to say; nil discards it.
	Log *slog.Logger
	// Progress is told each step that takes time ("making a new database cluster"); may be nil.
	Progress func(step string)
	// Unsafe trades durability for speed. For tests only: a crash may lose the cluster.
	Unsafe bool

	// installed replaces the search for PostgreSQL, in tests.
	installed []Installation
	// removeFolder makes Stop delete the folder.
	removeFolder bool
}

// Cluster is a running cluster. It is safe for use by several goroutines.
type Cluster struct {
	layout
	install Installation
	owner   owner
	unsafe  bool
	log     *slog.Logger
	lock    *os.File
	remove  bool

	tail  *tail       // PostgreSQL's last words
	ready atomic.Bool // it has answered once

	mu       sync.Mutex
	process  *os.Process
	stopping chan struct{} // closed by Stop
	stopOnce sync.Once
	done     chan struct{} // closed when PostgreSQL has ended for good
	err      error         // why, once done is closed; nil after Stop
}

// Start starts the cluster of a data folder, and makes it first if there is
// none. It returns when the cluster answers; ctx limits only that wait. The
// caller must call Stop.
//
// Errors are sentences for the operator and wrap one of the package's
// sentinels where callers may want to tell them apart.
func Start(ctx context.Context, opt Options) (*Cluster, error) {
	c, err := prepare(opt)
	if err != nil {
		return nil, err
	}
	if err := c.open(ctx, opt.say); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// prepare takes the folder's lock; it does not start anything.
func prepare(opt Options) (*Cluster, error) {
	folder, err := filepath.Abs(opt.Folder)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", opt.Folder, err)
	}
	c := &Cluster{
		layout:   layout{folder: folder},
		unsafe:   opt.Unsafe,
		log:      opt.Log,
		remove:   opt.removeFolder,
		tail:     &tail{},
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	found := opt.installed
	if found == nil {
		found = Installed()
	}
	if c.owner, err = ownerOf(c.layout); err != nil {
		return nil, err
	}
	if err := c.layout.claim(c.owner); err != nil {
		return nil, err
	}
	if c.lock, err = c.layout.takeLock(); err != nil {
		return nil, err
	}
	if c.install, err = choose(found, c.layout); err != nil {
		unlock(c.lock)
		return nil, err
	}
	return c, nil
}

// open makes the cluster if it is new, starts PostgreSQL and waits for it.
// After an error the caller calls Stop.
func (c *Cluster) open(ctx context.Context, say func(string)) error {
	if err := c.settle(ctx, say); err != nil {
		close(c.done)
		return err
	}
	if err := c.initialise(ctx, say); err != nil {
		close(c.done)
		return err
	}
	if err := c.makeSocketFolder(c.owner); err != nil {
		close(c.done)
		return err
	}
	go c.supervise()
	if err := c.waitReady(ctx, say); err != nil {
		return err
	}
	return c.ensureDatabase(ctx)
}

func (o Options) say(step string) {
	if o.Progress != nil {
		o.Progress(step)
	}
}

// DSN is the connection string of the cluster's database, in libpq's
// keyword form: both pgx and pg_dump take it.
func (c *Cluster) DSN() string { return c.DSNOf(Database) }

// DSNOf is DSN for another database of the cluster.
func (c *Cluster) DSNOf(database string) string { return dsn(c.socketFolder(), database) }

// Bin is the path of one of PostgreSQL's programs that fits the cluster
// ("pg_dump", "psql").
func (c *Cluster) Bin(name string) string { return c.install.Program(name) }

// Done is closed when PostgreSQL has ended and will not be started again:
// after Stop, or because it cannot be kept running (see Err).
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Err says why Done is closed; nil before, and after an ordinary Stop.
func (c *Cluster) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// Stop stops PostgreSQL, waits for it and releases the folder. Connections are
// cut, transactions rolled back. It may be called more than once.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		close(c.stopping)
		c.end()
		unlock(c.lock)
		c.removeSocketFolder()
		if c.remove {
			os.RemoveAll(c.folder)
		}
	})
	return c.Err()
}

// ensureDatabase makes the cluster's database on its first start.
func (c *Cluster) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.DSNOf("postgres"))
	if err != nil {
		return fmt.Errorf("private database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, Database).Scan(&there)
	if err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, `CREATE DATABASE `+pgx.Identifier{Database}.Sanitize()+` STRATEGY FILE_COPY`)
	if err != nil {
		return c.explain(fmt.Errorf("make the database: %w", err))
	}
	return nil
}

func dsn(host, database string) string {
	return fmt.Sprintf("host=%s user=%s dbname=%s", quote(host), User, quote(database))
}

// quote quotes a value of a keyword/value connection string.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// pause waits, unless Stop is called first.
func (c *Cluster) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.stopping:
	}
}
