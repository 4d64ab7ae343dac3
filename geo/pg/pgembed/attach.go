package pgembed

import (
	"fmt"
	"path/filepath"
)

// Running is a cluster that another process of wangge runs.
type Running struct {
	socket  string
	install Installation
}

// DSN is the connection string of its database.
func (r Running) DSN() string { return dsn(r.socket, Database) }

// Bin is the path of one of PostgreSQL's programs that fits it.
func (r Running) Bin(name string) string { return r.install.Program(name) }

// Attach finds the cluster that runs in a data folder; ErrNotRunning if none does.
func Attach(folder string) (Running, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return Running{}, fmt.Errorf("data folder %s: %w", folder, err)
	}
	l := layout{folder: folder}
	pid, ok := postmaster(l)
	if lines := postmasterFile(l); ok && worksIn(pid, l.cluster()) && len(lines) > 4 && lines[4] != "" {
		install, err := choose(Installed(), l)
		return Running{socket: lines[4], install: install}, err
	}
	return Running{}, fmt.Errorf("%w: %s", ErrNotRunning, folder)
}
