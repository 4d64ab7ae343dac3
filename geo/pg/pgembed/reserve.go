package pgembed

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Reservation is a data folder that is ours while no cluster runs in it. A
// restore builds the new cluster beside the old one and swaps them at the end,
// so that a restore that fails has changed nothing.
type Reservation struct {
	layout
	lock *os.File
}

// Reserve takes a folder as Start does, and makes it if needed, but starts
// nothing. The caller must call Release.
func Reserve(folder string) (*Reservation, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", folder, err)
	}
	l := layout{folder: folder}
	o, err := ownerOf(l)
	if err != nil {
		return nil, err
	}
	if err := l.claim(o); err != nil {
		return nil, err
	}
	lock, err := l.takeLock()
	if err != nil {
		return nil, err
	}
	return &Reservation{layout: l, lock: lock}, nil
}

// Occupied reports whether the folder already holds a cluster.
func (r *Reservation) Occupied() bool {
	_, err := os.Lstat(r.cluster())
	return err == nil
}

// Beside is a data folder for the new cluster, on the same disk and empty.
func (r *Reservation) Beside() (string, error) {
	if err := os.RemoveAll(r.beside()); err != nil {
		return "", r.writeError(err)
	}
	return r.beside(), nil
}

func (r *Reservation) beside() string { return filepath.Join(r.folder, "new") }

// Adopt moves the stopped cluster of Beside to its place. A cluster that was
// there is kept under the name that is returned, else "".
func (r *Reservation) Adopt() (aside string, err error) {
	if r.Occupied() {
		if pid, ok := postmaster(r.layout); ok && worksIn(pid, r.cluster()) {
			return "", fmt.Errorf("%w: PostgreSQL (process %d) still runs in %s", ErrInUse, pid, r.cluster())
		}
		aside = r.cluster() + ".before-" + time.Now().Format("20060102-150405")
		if err := os.Rename(r.cluster(), aside); err != nil {
			return "", r.writeError(err)
		}
	}
	if err := os.Rename(layout{folder: r.beside()}.cluster(), r.cluster()); err != nil {
		if aside != "" {
			os.Rename(aside, r.cluster())
		}
		return "", r.writeError(err)
	}
	return aside, r.Discard()
}

// Discard removes what Beside made.
func (r *Reservation) Discard() error { return os.RemoveAll(r.beside()) }

// Release lets others use the folder again.
func (r *Reservation) Release() error { return unlock(r.lock) }
