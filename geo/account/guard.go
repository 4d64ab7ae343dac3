package account

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"wangge/geo/vault"
)

// Guard is what signing in needs besides the database: the memory for hashing,
// which is bounded, and keys that lie outside the database. A process has one.
type Guard struct {
	ring   *vault.Ring
	key    []byte // for addresses, logins and devices in counters
	hasher *hasher
	now    func() time.Time
}

// NewGuard makes a guard. Its key lies beside the key ring, in sign-in.key, and
// is made when it is missing: then the tries counted before are forgotten.
func NewGuard(ring *vault.Ring) (*Guard, error) {
	key, err := readKey(filepath.Join(filepath.Dir(ring.Path()), "sign-in.key"))
	if err != nil {
		return nil, fmt.Errorf("key of the sign-in: %w", err)
	}
	h, err := newHasher(cost)
	if err != nil {
		return nil, err
	}
	return &Guard{ring: ring, key: key, hasher: h, now: time.Now}, nil
}

// Ring is the key ring under which secrets are sealed.
func (g *Guard) Ring() *vault.Ring { return g.ring }

const keyBytes = 32

func readKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err == nil && len(key) != keyBytes {
		err = fmt.Errorf("%s has %d bytes, not %d: delete it, a new one is made", path, len(key), keyBytes)
	}
	return key, err
}

// makeKey writes a new key under another name first: whoever else makes one at
// the same time finds it whole.
func makeKey(path string) ([]byte, error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".sign-in-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	_, err = tmp.Write(key)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(tmp.Name(), path); !errors.Is(err, fs.ErrExist) {
		return key, err
	}
	return readKey(path)
}
