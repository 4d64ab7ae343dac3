package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Ring is the wrapping keys. They live in a file outside the database that no
// backup and no export holds. The file may change while a program runs (another
// one rotates): it is looked at before every use.
type Ring struct {
	path string

	mu   sync.Mutex
	read os.FileInfo // the file as it was when keys was read
	keys keyFile
}

// Key is a wrapping key as people may see it.
type Key struct {
	ID          string     `json:"id"`
	CreatedAt   time.Time  `json:"created_at"`
	Current     bool       `json:"current"`                // wraps what is sealed from now on
	UnusedSince *time.Time `json:"unused_since,omitempty"` // no record was wrapped by it then; older backups may be
}

// keyFile is the file: JSON, mode 0600.
type keyFile struct {
	Format  int         `json:"format"` // 1
	Current string      `json:"current"`
	Keys    []storedKey `json:"keys"`
}

type storedKey struct {
	ID          string     `json:"id"`
	CreatedAt   time.Time  `json:"created_at"`
	UnusedSince *time.Time `json:"unused_since,omitempty"`
	Secret      []byte     `json:"secret"` // base64
}

// Format implements fmt.Formatter: a ring never prints its keys.
func (*Ring) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue implements slog.LogValuer.
func (*Ring) LogValue() slog.Value { return slog.StringValue(hidden) }

// What an operator may have to mend.
var (
	ErrMode = errors.New("the key file can be read by others")
	ErrFile = errors.New("the key file is damaged")
)

// OpenRing reads the key file, and makes it with one key when there is none.
func OpenRing(path string) (*Ring, error) {
	r := &Ring{path: path}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := r.create(); err != nil {
			return nil, fmt.Errorf("make the key file %s: %w", path, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(); err != nil {
		return nil, err
	}
	return r, nil
}

// Path is where the file is.
func (r *Ring) Path() string { return r.path }

// create makes the file, unless another process has just done so.
func (r *Ring) create() error {
	if err := os.MkdirAll(filepath.Dir(r.path), 0o700); err != nil {
		return err
	}
	return r.locked(func() error {
		if _, err := os.Stat(r.path); err == nil {
			return nil
		}
		var f keyFile
		f.add(time.Now())
		return write(r.path, f)
	})
}

// refresh reads the file if it is another one than before. The caller holds mu.
func (r *Ring) refresh() error {
	info, err := os.Stat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrRingLost.Saying("The file " + r.path + " is gone.")
	}
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	if r.read != nil && os.SameFile(r.read, info) && r.read.ModTime().Equal(info.ModTime()) && r.read.Size() == info.Size() {
		return nil
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%w: %s has mode %04o. Allow only its owner with: chmod 600 %s", ErrMode, r.path, info.Mode().Perm(), r.path)
	}
	keys, err := load(r.path)
	if err != nil {
		return err
	}
	r.read, r.keys = info, keys
	return nil
}

func load(path string) (keyFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return keyFile{}, fmt.Errorf("key file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return keyFile{}, fmt.Errorf("key file: %w", err)
	}
	keys, err := parse(text)
	if err != nil {
		return keyFile{}, fmt.Errorf("%w: %s: %w. Put it back from its safe copy", ErrFile, path, err)
	}
	return keys, nil
}

// maxFile is far more than any number of rotations fills, in bytes.
const maxFile = 1 << 20

var keyID = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// parse reads a key file. Its errors say what is wrong and never quote the file.
func parse(text []byte) (keyFile, error) {
	var f keyFile
	if len(text) > maxFile {
		return keyFile{}, errors.New("it is too long")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return keyFile{}, errors.New("it is not the JSON that it should be")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return keyFile{}, errors.New("something follows its end")
	}
	if f.Format != 1 {
		return keyFile{}, fmt.Errorf("it has format %d, and this program knows 1", f.Format)
	}
	seen := map[string]bool{}
	for i, k := range f.Keys {
		switch {
		case !keyID.MatchString(k.ID):
			return keyFile{}, fmt.Errorf("key %d has no proper id", i+1)
		case seen[k.ID]:
			return keyFile{}, fmt.Errorf("key %d has the id of another", i+1)
		case len(k.Secret) != len(secret{}):
			return keyFile{}, fmt.Errorf("key %s has %d bytes, not %d", k.ID, len(k.Secret), len(secret{}))
		}
		seen[k.ID] = true
	}
	if !seen[f.Current] {
		return keyFile{}, errors.New("its current key is missing")
	}
	return f, nil
}

// add makes a new current key. Its id tells when, with four random bytes.
func (f *keyFile) add(now time.Time) string {
	s, tail := newSecret(), newSecret()
	k := storedKey{ID: fmt.Sprintf("%s-%x", now.UTC().Format("20060102"), tail[:4]), CreatedAt: now.UTC().Truncate(time.Second), Secret: s[:]}
	f.Format, f.Current, f.Keys = 1, k.ID, append(f.Keys, k)
	return k.ID
}

// write replaces the file as a whole and waits for the disk.
func write(path string, f keyFile) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(text, '\n'))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// locked keeps other processes from changing the file meanwhile.
func (r *Ring) locked(do func() error) error {
	f, err := os.OpenFile(r.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // gives the lock back
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	return do()
}

// update changes the file.
func (r *Ring) update(change func(*keyFile) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.locked(func() error {
		if err := r.refresh(); err != nil {
			return err
		}
		f := r.keys
		f.Keys = append([]storedKey(nil), f.Keys...)
		if err := change(&f); err != nil {
			return err
		}
		return write(r.path, f)
	})
	if err != nil {
		return fmt.Errorf("key file %s: %w", r.path, err)
	}
	return r.refresh()
}

// Keys lists the keys, oldest first, without their secrets.
func (r *Ring) Keys() ([]Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(); err != nil {
		return nil, err
	}
	list := make([]Key, len(r.keys.Keys))
	for i, k := range r.keys.Keys {
		list[i] = Key{ID: k.ID, CreatedAt: k.CreatedAt, Current: k.ID == r.keys.Current, UnusedSince: k.UnusedSince}
	}
	return list, nil
}

// current is the id of the key that wraps from now on.
func (r *Ring) current() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(); err != nil {
		return "", err
	}
	return r.keys.Current, nil
}

// find is the key of an id, or ErrRingLost.
func (r *Ring) find(id string) (secret, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(); err != nil {
		return secret{}, err
	}
	for _, k := range r.keys.Keys {
		if k.ID == id {
			return secret(k.Secret), nil
		}
	}
	return secret{}, ErrRingLost.Saying("Key " + id + " is not in " + r.path + ".")
}

// wrap encrypts a record's key with the current wrapping key.
func (r *Ring) wrap(s Subject, key secret) (by string, wrapped []byte, err error) {
	if by, err = r.current(); err != nil {
		return "", nil, err
	}
	wrapping, err := r.find(by)
	if err != nil {
		return "", nil, err
	}
	return by, wrapping.encrypt(key[:], s.bindKey()), nil
}

// unwrap is the reverse.
func (r *Ring) unwrap(s Subject, by string, wrapped []byte) (secret, error) {
	wrapping, err := r.find(by)
	if err != nil {
		return secret{}, err
	}
	key, err := wrapping.decrypt(wrapped, s.bindKey())
	if err != nil || len(key) != len(secret{}) {
		return secret{}, ErrDamaged
	}
	return secret(key), nil
}
