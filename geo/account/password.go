package account

import (
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"wangge/geo/fault"
)

// Faults of passwords. The rules are those of NIST SP 800-63B 5.1.1.2: length, no
// common or obvious ones, any character, no rules of composition, no expiry.
var (
	ErrShort   = fault.New(fault.Invalid, "password_short", "A password has at least 10 characters. Three or four words that do not belong together are easy to remember.")
	ErrLong    = fault.New(fault.Invalid, "password_long", "A password has at most 256 characters.")
	ErrCommon  = fault.New(fault.Invalid, "password_common", "This password is among the first that are guessed. Three or four words that do not belong together are better.")
	ErrObvious = fault.New(fault.Invalid, "password_obvious", "A password does not contain the login.")
	errBusy    = fault.New(fault.TooMany, "sign_in_busy", "Many people are signing in just now. Try again in a few seconds.")
)

// Lengths of a password, in characters.
const (
	MinPassword = 10
	MaxPassword = 256
)

// commonest lists what is guessed first, one a line, in lower case. It was put
// together for this program from the kinds of passwords that published lists
// begin with, with those that Chinese keyboards and phrases add.
//
//go:embed commonest.txt
var commonest string

// CheckPassword returns the fault of a password that may not be chosen.
func CheckPassword(login, password string) error {
	password = normal(password)
	switch length := utf8.RuneCountInString(password); {
	case length < MinPassword:
		return ErrShort
	case length > MaxPassword:
		return ErrLong
	}
	lower := strings.ToLower(password)
	person, _, _ := strings.Cut(login, "@")
	for _, part := range []string{login, person} {
		if len(part) >= 3 && strings.Contains(lower, part) {
			return ErrObvious
		}
	}
	if common(lower) {
		return ErrCommon
	}
	return nil
}

// common reports whether a password is on the list, or is with the digits and
// signs around it taken off, or is one short piece again and again, or a run.
func common(lower string) bool {
	list := strings.Fields(commonest)
	word := strings.TrimFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })
	return slices.Contains(list, lower) || slices.Contains(list, word) || repeats(lower) || runs(lower)
}

// repeats reports whether s is a piece of at most four characters again and again.
func repeats(s string) bool {
	r := []rune(s)
	for n := 1; n <= 4 && n < len(r); n++ {
		if slices.Equal(r[n:], r[:len(r)-n]) {
			return true
		}
	}
	return false
}

// runs reports whether each character follows the one before, up or down.
func runs(s string) bool {
	r := []rune(s)
	up, down := true, true
	for i := 1; i < len(r); i++ {
		up = up && follows(r[i-1], r[i])
		down = down && follows(r[i], r[i-1])
	}
	return up || down
}

// follows reports whether b comes after a; 0 comes after 9 too.
func follows(a, b rune) bool { return b == a+1 || a == '9' && b == '0' }

// normal is a password as it is hashed: the same characters typed on another
// keyboard may be composed in another way.
func normal(password string) string { return norm.NFKC.String(password) }

// cost is what a password costs to check: 46 MiB and about 85 ms of one core,
// twice what OWASP's cheat sheet asks for as the least. A hash made with another
// cost is still checked, and made anew when its owner signs in.
var cost = argon2id.Params{Memory: 46 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hasher checks passwords, a few at a time: each takes as much memory as cost
// says, and a flood of sign-ins must not take all of it.
type hasher struct {
	cost    argon2id.Params
	slots   chan struct{} // at work
	waiting chan struct{} // at work or waiting
	nobody  string        // the hash of a password nobody has

	compared atomic.Int64 // hashes computed to compare with one, or with nobody's
}

// maxWaiting is how many sign-ins may wait for their turn before the next is sent
// away: about five seconds' worth.
const maxWaiting = 128

func newHasher(cost argon2id.Params) (*hasher, error) {
	nobody, err := argon2id.CreateHash(random(16), &cost)
	if err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	atOnce := min(max(runtime.NumCPU(), 2), 4)
	return &hasher{cost: cost, slots: make(chan struct{}, atOnce), waiting: make(chan struct{}, maxWaiting), nobody: nobody}, nil
}

// turn waits for a slot and returns what gives it back.
func (h *hasher) turn(ctx context.Context) (done func(), err error) {
	select {
	case h.waiting <- struct{}{}:
	default:
		return nil, errBusy
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.waiting }, nil
	case <-ctx.Done():
		<-h.waiting
		return nil, ctx.Err()
	}
}

// hash makes the PHC string that is stored.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return argon2id.CreateHash(normal(password), &h.cost)
}

// check compares in constant time. A hash of "" is nobody's: it takes as long as
// a real one and never matches, so that time does not tell which logins exist.
// stale reports that the hash should be made anew.
func (h *hasher) check(ctx context.Context, password, hash string) (match, stale bool, err error) {
	if utf8.RuneCountInString(password) > MaxPassword {
		password = "" // nobody's is longer; it is not worth the work
	}
	done, err := h.turn(ctx)
	if err != nil {
		return false, false, err
	}
	defer done()
	stored := hash
	if stored == "" {
		stored = h.nobody
	}
	h.compared.Add(1)
	match, params, err := argon2id.CheckHash(normal(password), stored)
	if err != nil {
		return false, false, fmt.Errorf("check a password: %w", err)
	}
	return match && hash != "", *params != h.cost, nil
}
