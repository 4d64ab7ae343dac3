package main

import (
	"path/filepath"
	"time"

	"wangge/cmd/wangge/internal/backup"
)

// backupCommand writes one backup; up makes one every night by itself.
type backupCommand struct {
	File string `arg:"" optional:"" type:"path" help:"File to write, such as town.dump; its manifest town.json goes beside it. By default one with the date in backups in the data folder."`
	databaseFlags
}

// Run works beside a running wangge up as well as without one.
func (c *backupCommand) Run(p *program) error {
	show := p.progress()
	file := c.file(time.Now())
	db, err := c.open(p, show.say)
	if err != nil {
		return err
	}
	defer db.close()
	m, err := backup.Write(p.ctx, db.Database, file, version(), time.Now())
	if err != nil {
		return err
	}
	show.sayf("wrote %s: %s, %.1f MB, PostgreSQL %s, PostGIS %s, schema %d",
		file, plural(total(m.Rows), "row"), float64(m.Bytes)/1e6, m.PostgreSQL, m.PostGIS, m.Schema)
	return nil
}

func (c *backupCommand) file(now time.Time) string {
	if c.File == "" {
		return backup.ManualFile(filepath.Join(c.Data, "backups"), now)
	}
	return c.File
}

func total(rows map[string]int64) (n int64) {
	for _, r := range rows {
		n += r
	}
	return n
}
