package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// TokenPrefix is how every API token begins, so that scanners of repositories and
// logs can find one that was left there.
const TokenPrefix = "wg_"

var base = base32.StdEncoding.WithPadding(base32.NoPadding)

// random is n random bytes in letters and digits that survive being read aloud.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return strings.ToLower(base.EncodeToString(b))
}

// secretBytes is the size of sessions, tokens, links and devices: 256 bits.
const secretBytes = 32

// newSecret makes a secret for its owner and the digest that is stored. A plain
// hash is enough: nobody guesses 256 random bits.
func newSecret(prefix string) (secret string, digest []byte) {
	secret = prefix + random(secretBytes)
	return secret, digestOf(secret)
}

func digestOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// parse returns the digest of a secret, or false for what no newSecret made:
// nonsense does not reach the database.
func parse(prefix, written string) (digest []byte, ok bool) {
	body, found := strings.CutPrefix(written, prefix)
	if !found || len(body) != base.EncodedLen(secretBytes) || strings.ToLower(body) != body {
		return nil, false
	}
	raw, err := base.DecodeString(strings.ToUpper(body))
	// The last letter has bits to spare: only one way of writing them is right.
	if err != nil || strings.ToLower(base.EncodeToString(raw)) != body {
		return nil, false
	}
	return digestOf(written), true
}

// readable breaks letters and digits into groups of four: "k7qm-2xfa-…".
func readable(secret string) string {
	var groups []string
	for ; len(secret) > 4; secret = secret[4:] {
		groups = append(groups, secret[:4])
	}
	return strings.Join(append(groups, secret), "-")
}
