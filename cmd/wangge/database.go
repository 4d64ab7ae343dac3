package main

import (
	"errors"
	"os"
	"path/filepath"

	"wangge/cmd/wangge/internal/backup"
	"wangge/geo/pg/pgembed"
)

// databaseFlags say which database a command works on.
type databaseFlags struct {
	Data        string `default:"${data}" type:"path" variable:"WANGGE_FOLDER" placeholder:"FOLDER" help:"Folder of the private database and of backups, by default ${data} ($$WANGGE_FOLDER)."`
	DatabaseURL string `name:"database-url" variable:"DATABASE_URL" placeholder:"URL" help:"A PostgreSQL with PostGIS to use instead of a private one ($$DATABASE_URL)."`
}

// defaultFolder is the data folder when none is given.
func defaultFolder(env func(string) string) string {
	if os.Geteuid() == 0 {
		return "/var/lib/wangge"
	}
	if share := env("XDG_DATA_HOME"); share != "" {
		return filepath.Join(share, "wangge")
	}
	return filepath.Join(env("HOME"), ".local", "share", "wangge")
}

// database is a database in use by a command.
type database struct {
	backup.Database
	cluster *pgembed.Cluster // nil when it is not ours to stop
}

func (d database) close() {
	if d.cluster != nil {
		d.cluster.Stop()
	}
}

// open gives a command its database: the one of the URL, or the private one,
// which a running wangge up shares and which else is started for the command.
func (f databaseFlags) open(p *program, say func(string)) (database, error) {
	if f.DatabaseURL != "" {
		return given(f.DatabaseURL), nil
	}
	running, err := pgembed.Attach(f.Data)
	if err == nil {
		return database{Database: backup.Database{DSN: running.DSN(), Bin: running.Bin}}, nil
	}
	if !errors.Is(err, pgembed.ErrNotRunning) {
		return database{}, err
	}
	return f.start(p, say)
}

// start starts the private database.
func (f databaseFlags) start(p *program, say func(string)) (database, error) {
	c, err := pgembed.Start(p.ctx, pgembed.Options{Folder: f.Data, Log: p.log, Progress: say})
	if err != nil {
		return database{}, err
	}
	return database{Database: backup.Database{DSN: c.DSN(), Bin: c.Bin}, cluster: c}, nil
}

func given(url string) database {
	return database{Database: backup.Database{DSN: url, Bin: client}}
}

// client is one of PostgreSQL's programs of the newest version on the machine,
// else whatever the search path has.
func client(name string) string {
	for _, i := range pgembed.Installed() {
		if _, err := os.Stat(i.Program(name)); err == nil {
			return i.Program(name)
		}
	}
	return name
}
