package pgembed

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Throwaway starts a cluster for tests and returns the address of its server
// without a database name; stop removes the cluster.
func Throwaway(ctx context.Context) (server string, stop func(), err error) {
	c, err := Temporary(ctx)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("host=%s user=%s", c.socketFolder(), User), func() { c.Stop() }, nil
}

// Temporary starts a cluster for tests, in memory and without safety; Stop
// removes it. Leftovers of killed tests are removed first.
func Temporary(ctx context.Context) (*Cluster, error) {
	base := "/dev/shm"
	if (layout{folder: base}).freeMegabytes() < 1024 { // containers often have 64 MB
		base = os.TempDir()
	}
	prefix := "wangge-test-" + strconv.Itoa(os.Geteuid()) + "-"
	sweep(base, prefix)
	folder, err := os.MkdirTemp(base, prefix)
	if err != nil {
		return nil, fmt.Errorf("temporary cluster: %w", err)
	}
	c, err := Start(ctx, Options{Folder: folder, Unsafe: true, removeFolder: true})
	if err != nil {
		os.RemoveAll(folder)
		return nil, fmt.Errorf("temporary cluster: %w", err)
	}
	return c, nil
}

// sweep removes temporary clusters that nobody holds any more.
func sweep(base, prefix string) {
	left, _ := filepath.Glob(filepath.Join(base, prefix+"*")) // constant and well formed
	for _, folder := range left {
		l := layout{folder: folder}
		if info, err := os.Stat(l.lockFile()); err != nil || time.Since(info.ModTime()) < time.Minute {
			continue // perhaps just being made
		}
		lock, err := l.takeLock()
		if err != nil {
			continue
		}
		if pid, ok := postmaster(l); !ok || !worksIn(pid, l.cluster()) {
			os.RemoveAll(folder)
		}
		unlock(lock)
	}
}
