package upload

import (
	"bufio"
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

// Spool is the folder where files wait: for their job, or, made by one, for whoever
// asked for them. They are readable by this program alone. What came is removed when
// its job has ended, what was made when Keep is over.
type Spool string

// File is a file in the spool.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Put copies a file into the spool, and sweeps it.
func (s Spool) Put(r io.Reader) (File, error) {
	return s.Fill(func(w io.Writer) error { _, err := io.Copy(w, r); return err })
}

// Fill makes a file of the spool of what is written, and sweeps it.
func (s Spool) Fill(write func(io.Writer) error) (File, error) {
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
	out := bufio.NewWriterSize(io.MultiWriter(f, sum), 64<<10)
	err = errors.Join(write(out), out.Flush())
	info, failed := f.Stat()
	if err = errors.Join(err, failed, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return File{}, fmt.Errorf("spool: %w", err)
	}
	return File{Path: f.Name(), Size: info.Size(), SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// Name gives a file of the spool a name under which Find finds it, in place of
// another file of that name.
func (s Spool) Name(f File, name string) error {
	if err := os.Rename(f.Path, filepath.Join(string(s), name)); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

// Find says where the file of a name is, and until when it is kept. One that was swept
// is ErrGone.
func (s Spool) Find(name string) (path string, until time.Time, err error) {
	path = filepath.Join(string(s), name)
	info, err := os.Stat(path)
	switch {
	case filepath.Base(name) != name || errors.Is(err, fs.ErrNotExist):
		return "", time.Time{}, ErrGone
	case err != nil:
		return "", time.Time{}, fmt.Errorf("spool: %w", err)
	}
	return path, info.ModTime().Add(Keep), nil
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
