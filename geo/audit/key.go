package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Key signs segments and heads. It lives in a file outside the database, so that
// whoever can change the database cannot sign.
type Key struct{ private ed25519.PrivateKey }

// PublicKey checks signatures.
type PublicKey struct{ public ed25519.PublicKey }

// Public is the half that may be given away.
func (k Key) Public() PublicKey { return PublicKey{k.private.Public().(ed25519.PublicKey)} }

// ID names the key: the first 16 hexadecimal digits of its SHA-256.
func (k PublicKey) ID() string {
	sum := sha256.Sum256(k.public)
	return hex.EncodeToString(sum[:8])
}

// PEM is the key as openssl reads it.
func (k PublicKey) PEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		return nil, fmt.Errorf("public audit key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

func (k Key) sign(message []byte) []byte { return ed25519.Sign(k.private, message) }

// SignFile signs a file that leaves the system, as it is, so that openssl can check it.
// A file to be signed is JSON and names its kind first: heads and segments of the log
// begin otherwise, and no signature of the one passes for one of the other.
func (k Key) SignFile(content []byte) []byte { return k.sign(content) }

// SignedFile reports whether a signature is that of a file by this key.
func (k PublicKey) SignedFile(content, signature []byte) bool {
	return ed25519.Verify(k.public, content, signature)
}

// OpenKey reads the key of a file, and makes one when there is no file. Only the
// owner of the file may read it.
func OpenKey(file string) (Key, error) {
	key, err := ExistingKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(file); err != nil && !errors.Is(err, fs.ErrExist) {
			return Key{}, fmt.Errorf("make audit key: %w", err)
		}
		key, err = ExistingKey(file) // ours, or that of a program which was faster
	}
	return key, err
}

// ExistingKey reads the key of a file that must be there: fs.ErrNotExist.
func ExistingKey(file string) (Key, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Key{}, fmt.Errorf("audit key: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return Key{}, fmt.Errorf("audit key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Key{}, fmt.Errorf("audit key %s can be read by others (mode %04o): run chmod 600 on it", file, info.Mode().Perm())
	}
	private, ok := parse(text).(ed25519.PrivateKey)
	if !ok {
		return Key{}, fmt.Errorf("audit key %s: no Ed25519 private key in PEM (PKCS #8)", file)
	}
	return Key{private}, nil
}

// makeKey writes a new key that is complete or not there, and never over another.
func makeKey(file string) error {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(file), ".audit-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	defer draft.Close()
	if _, err := draft.Write(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return err
	}
	if err := draft.Sync(); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), file); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

// ReadPublicKey reads a public key, or the public half of a private one.
func ReadPublicKey(file string) (PublicKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return PublicKey{}, fmt.Errorf("audit key: %w", err)
	}
	switch k := parse(text).(type) {
	case ed25519.PublicKey:
		return PublicKey{k}, nil
	case ed25519.PrivateKey:
		return Key{k}.Public(), nil
	}
	return PublicKey{}, fmt.Errorf("audit key %s: no Ed25519 key in PEM", file)
}

// parse returns the key in a PEM text, or nil.
func parse(text []byte) any {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil
	}
	if k, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return k
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil
	}
	return k
}

// keyring are the keys that signatures are checked with, by their names.
type keyring map[string]PublicKey

func newKeyring(keys []PublicKey) keyring {
	ring := keyring{}
	for _, k := range keys {
		ring[k.ID()] = k
	}
	return ring
}

// check says what is wrong with a signature, or nothing.
func (r keyring) check(id string, message, signature []byte) string {
	k, known := r[id]
	switch {
	case !known:
		return "signed with the key " + id + ", which was not given"
	case !ed25519.Verify(k.public, message, signature):
		return "the signature does not fit"
	}
	return ""
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
