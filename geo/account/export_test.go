package account

import (
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
)

// SetClock turns the clock of the guard.
func (g *Guard) SetClock(now func() time.Time) { g.now = now }

// Hurry makes passwords cheap to check, for tests of all else.
func (g *Guard) Hurry(t testing.TB) {
	t.Helper()
	h, err := newHasher(argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	g.hasher = h
}

// Compared is how many password hashes were computed to be compared with one.
func (g *Guard) Compared() int64 { return g.hasher.compared.Load() }
