package upload

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Spool is the folder where files wait for their job. They are named by their
// digest, readable by this program alone, and removed when the job has ended.
type Spool string

// File is a file in the spool.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Put copies a file into the spool, and sweeps it.
func (s Spool) Put(r io.Reader) (File, error) {
	err := os.MkdirAll(string(s), 0o700)
	if err == nil {
		err = s.Sweep(time.Now())
	}
	if err != nil {
		return File{}, fmt.Errorf("spool: %w", err)
	}
	f, err := os.CreateTemp(string(s), "upload-*")
	if err != nil {
		return File{}, fmt.Errorf("spool: %w", err)
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, sum), r)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return File{}, fmt.Errorf("spool: %w", err)
	}
	return File{Path: f.Name(), Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// Remove deletes a file of the spool.
func (s Spool) Remove(f File) {
	if filepath.Dir(f.Path) == filepath.Clean(string(s)) {
		_ = os.Remove(f.Path)
	}
}

// Keep is how long a file waits at most: for a retry after its job failed, or for
// a job that never came.
const Keep = 24 * time.Hour

// Sweep removes files that have waited longer than Keep.
func (s Spool) Sweep(now time.Time) error {
	_, err := s.SweepBefore(now.Add(-Keep))
	return err
}

// SweepBefore removes files that came before a time and returns their names, which
// say nothing of what was in them.
func (s Spool) SweepBefore(before time.Time) (names []string, err error) {
	entries, err := os.ReadDir(string(s))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sweep the spool: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.ModTime().Before(before) && os.Remove(filepath.Join(string(s), entry.Name())) == nil {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// open returns the file for reading, or ErrGone.
func (f File) open() (*os.File, error) {
	file, err := os.Open(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrGone
	}
	return file, err
}
