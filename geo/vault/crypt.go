package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// secret is a key of AES-256. It never prints.
type secret [32]byte

// Format implements fmt.Formatter.
func (secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

func newSecret() (s secret) {
	_, _ = rand.Read(s[:]) // never fails: it ends the program instead
	return s
}

// layout is the first byte of everything encrypted: then comes a random nonce of
// 12 bytes, then the text with its tag of 16. A record's key encrypts a handful of
// values and a wrapping key one per record, far below the 2³² messages that random
// nonces allow a key.
const layout = 1

var errDamaged = errors.New("no such text was encrypted with this key")

func (s secret) aead() cipher.AEAD {
	block, err := aes.NewCipher(s[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

// encrypt seals text and binds it to what it is about.
func (s secret) encrypt(text, about []byte) []byte {
	return s.aead().Seal([]byte{layout}, nil, text, about)
}

// decrypt opens what encrypt sealed about the same thing.
func (s secret) decrypt(sealed, about []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != layout {
		return nil, errDamaged
	}
	text, err := s.aead().Open(nil, nil, sealed[1:], about)
	if err != nil {
		return nil, errDamaged
	}
	return text, nil
}

// bind is what a field's text is bound to. The register allows no bar in kind and
// field, so no two places have the same.
func (s Subject) bind(field string) []byte { return []byte(s.Kind + "|" + s.ID + "|" + field) }

// bindKey is what a record's key is bound to.
func (s Subject) bindKey() []byte { return []byte("key|" + s.Kind + "|" + s.ID) }
