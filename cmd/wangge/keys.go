package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/cmd/wangge/internal/backup"
	"wangge/geo/audit"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// keysCommand looks after the keys that wrap the personal fields.
type keysCommand struct {
	List   keysList   `cmd:"" help:"List the wrapping keys and how many records each wraps."`
	Rotate keysRotate `cmd:"" help:"Make a new wrapping key and wrap every record's key with it; the service may run meanwhile."`
	Retire keysRetire `cmd:"" help:"Remove an old wrapping key for good: copies from its time can never be read again."`
}

// keysFlags say where the wrapping keys are.
type keysFlags struct {
	Keys string `type:"path" variable:"WANGGE_KEYS" placeholder:"FILE" help:"File of the keys that wrap personal fields, made when it is missing; by default keys.json in the data folder. Keep a copy in another place than the backups ($$WANGGE_KEYS)."`
}

// file is the key file, by default that of a data folder.
func (f keysFlags) file(folder string) string {
	if f.Keys == "" {
		return filepath.Join(folder, "keys.json")
	}
	return f.Keys
}

// ring opens a command's database and its keys.
func (f keysFlags) ring(p *program, db databaseFlags) (*pgxpool.Pool, *vault.Ring, func(), error) {
	pool, closeAll, err := db.engine(p)
	if err != nil {
		return nil, nil, nil, err
	}
	ring, err := vault.OpenFor(p.ctx, pool, f.file(db.Data))
	if err != nil {
		closeAll()
		return nil, nil, nil, err
	}
	return pool, ring, closeAll, nil
}

type keysList struct {
	keysFlags
	databaseFlags
}

// Run prints one line per key. The keys themselves are never printed.
func (c *keysList) Run(p *program) error {
	pool, ring, closeAll, err := c.ring(p, c.databaseFlags)
	if err != nil {
		return err
	}
	defer closeAll()
	keys, err := ring.Keys()
	if err != nil {
		return err
	}
	wraps, err := countByKey(p, pool)
	if err != nil {
		return err
	}
	for _, k := range keys {
		state := "old"
		switch {
		case k.Current:
			state = "current"
		case k.UnusedSince != nil:
			state = "unused since " + k.UnusedSince.Local().Format(time.DateTime)
		}
		fmt.Fprintf(p.stdout, "%s  made %s  wraps %s  %s\n", k.ID, k.CreatedAt.Local().Format(time.DateTime), plural(wraps[k.ID], "record"), state)
		delete(wraps, k.ID)
	}
	for id, n := range wraps {
		fmt.Fprintf(p.stdout, "%s  NOT IN %s  wraps %s, which cannot be read without it\n", id, ring.Path(), plural(n, "record"))
	}
	return nil
}

func countByKey(p *program, pool *pgxpool.Pool) (map[string]int64, error) {
	rows, _ := pool.Query(p.ctx, `SELECT ring_key, count(*) FROM sealed_key GROUP BY 1`)
	counts := map[string]int64{}
	var id string
	var n int64
	_, err := pgx.ForEachRow(rows, []any{&id, &n}, func() error { counts[id] = n; return nil })
	if err != nil {
		return nil, fmt.Errorf("count records by key: %w", err)
	}
	return counts, nil
}

type keysRotate struct {
	Resume bool `help:"Make no new key: finish a rotation that was interrupted."`
	keysFlags
	databaseFlags
}

// Run may be interrupted and repeated.
func (c *keysRotate) Run(p *program) error {
	pool, ring, closeAll, err := c.ring(p, c.databaseFlags)
	if err != nil {
		return err
	}
	defer closeAll()
	show := p.progress()
	rotate := vault.Rotate
	if c.Resume {
		rotate = vault.Rewrap
	}
	done, err := rotate(p.ctx, pool, ring, func(_ string, n, total int64) { show.sayf("wrapped %d of %d", n, total) })
	if err != nil {
		return err
	}
	if err := audit.Write(p.ctx, pool, staff.Local, "rotate", "key", done.Key, map[string]any{"records": done.Wrapped}); err != nil {
		return err
	}
	show.sayf("current key %s; %s wrapped anew. Copy %s to its safe place", done.Key, plural(done.Wrapped, "record"), ring.Path())
	return nil
}

type keysRetire struct {
	ID             string `arg:"" help:"The key, as wangge keys list shows it."`
	Backups        string `type:"path" variable:"WANGGE_BACKUPS" placeholder:"FOLDER" help:"Where backups are kept, by default backups in the data folder ($$WANGGE_BACKUPS)."`
	DespiteBackups bool   `help:"Retire it although a backup from its time is kept: no personal field in that backup can be read afterwards."`
	keysFlags
	databaseFlags
}

// Run refuses while a record uses the key, or a backup that is kept may.
func (c *keysRetire) Run(p *program) error {
	folder := c.Backups
	if folder == "" {
		folder = filepath.Join(c.Data, "backups")
	}
	var oldest time.Time
	if !c.DespiteBackups {
		var err error
		if oldest, err = backup.Oldest(folder); err != nil {
			return err
		}
	}
	pool, ring, closeAll, err := c.ring(p, c.databaseFlags)
	if err != nil {
		return err
	}
	defer closeAll()
	if err := vault.Retire(p.ctx, pool, ring, c.ID, oldest); err != nil {
		return err
	}
	if err := audit.Write(p.ctx, pool, staff.Local, "retire", "key", c.ID, nil); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "key %s is gone from %s. Remove it from the safe copies of that file too: until then it can still open what was deleted\n", c.ID, ring.Path())
	return nil
}
