package account

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
)

func TestPasswordsThatAreGuessedFirstAreRefused(t *testing.T) {
	for password, want := range map[string]error{
		"":                              ErrShort,
		"ninechars":                     ErrShort,
		"九个汉字不够长了啊":                     ErrShort,
		strings.Repeat("x7", 128) + "y": ErrLong,
		"password123":                   ErrCommon,
		"Password2026!":                 ErrCommon,
		"1234567890":                    ErrCommon,
		"2345678901":                    ErrCommon,
		"9876543210":                    ErrCommon,
		"abcdefghij":                    ErrCommon,
		"aaaaaaaaaaaa":                  ErrCommon,
		"ab1!ab1!ab1!":                  ErrCommon,
		"qwertyuiop":                    ErrCommon,
		"WOAINI1314520":                 ErrCommon,
		"ｐａｓｓｗｏｒｄ１２３":                   ErrCommon, // full width, the same after NFKC
		"li.na is the one":              ErrObvious,
		"my name is LI.NA":              ErrObvious,
		"correct staple of horses":      nil,
		"我在七号楼下等你吃饭":                    nil,
		"x7-Kq!2vP#9":                   nil,
		strings.Repeat("x7yz9", 50):     nil,
	} {
		if err := CheckPassword("li.na@town.gov.cn", password); !errors.Is(err, want) && !(want == ErrObvious && errors.Is(CheckPassword("li.na", password), want)) {
			t.Errorf("%q: %v, want %v", password, err, want)
		}
	}
	if err := CheckPassword("al", "what shall we do"); err != nil {
		t.Errorf("a login of two letters is in every other word: %v", err)
	}
	if err := CheckPassword("li.na@town.gov.cn", "well li.na then"); !errors.Is(err, ErrObvious) {
		t.Errorf("the person's part of a mail address as login: %v", err)
	}
}

func TestTheListIsWrittenAsItIsCompared(t *testing.T) {
	words := strings.Fields(commonest)
	seen := map[string]bool{}
	for _, w := range words {
		if w != strings.ToLower(w) || w != normal(w) || seen[w] {
			t.Errorf("%q is twice there, or not in lower case", w)
		}
		seen[w] = true
	}
	if len(words) < 200 {
		t.Errorf("only %d words", len(words))
	}
}

func TestHashesAreSaltedAndComposedCharactersAgree(t *testing.T) {
	h, err := newHasher(cost)
	if err != nil {
		t.Fatal(err)
	}
	first, err := h.hash(t.Context(), "caf\u00e9 on the corner")
	if err != nil {
		t.Fatal(err)
	}
	second, _ := h.hash(t.Context(), "caf\u00e9 on the corner")
	if first == second || !strings.HasPrefix(first, "$argon2id$v=19$m=47104,t=2,p=1$") {
		t.Errorf("hashes %s and %s", first, second)
	}
	for password, want := range map[string]bool{"cafe\u0301 on the corner": true, "cafe on the corner": false, "": false, strings.Repeat("x", 1<<20): false} {
		match, stale, err := h.check(t.Context(), password, first)
		if match != want || stale || err != nil {
			t.Errorf("%.40q: match %v, stale %v, %v", password, match, stale, err)
		}
	}
	if match, _, err := h.check(t.Context(), "", ""); match || err != nil {
		t.Errorf("an account without a password matches: %v, %v", match, err)
	}
	old, err := argon2id.CreateHash("an older password", &argon2id.Params{Memory: 8 << 10, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	if match, stale, err := h.check(t.Context(), "an older password", old); !match || !stale || err != nil {
		t.Errorf("a cheaper hash: match %v, stale %v, %v", match, stale, err)
	}
	for _, broken := range []string{"x", "$argon2id$", "$argon2i$v=19$m=47104,t=2,p=1$AAAA$AAAA", first[:len(first)-4] + "!!!!"} {
		if match, _, err := h.check(t.Context(), "caf\u00e9 on the corner", broken); match || err == nil {
			t.Errorf("a broken hash %q: %v, %v", broken, match, err)
		}
	}
}

// A flood must not take all memory: a few at a time, some wait, the rest is sent away.
func TestAFloodOfSignInsIsBounded(t *testing.T) {
	h, err := newHasher(cost)
	if err != nil {
		t.Fatal(err)
	}
	if most := 4; cap(h.slots) > most || cap(h.slots)*int(cost.Memory)<<10 > 256<<20 {
		t.Errorf("%d at once with %d KiB each", cap(h.slots), cost.Memory)
	}
	var done []func()
	for range cap(h.slots) {
		d, err := h.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range maxWaiting - cap(h.slots) {
		waiting.Go(func() {
			if _, err := h.turn(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("a turn although all are taken: %v", err)
			}
		})
	}
	for len(h.waiting) < maxWaiting {
		runtime.Gosched()
	}
	if _, err := h.turn(t.Context()); !errors.Is(err, errBusy) {
		t.Errorf("one more: %v, want %v", err, errBusy)
	}
	cancel()
	waiting.Wait()
	for _, d := range done {
		d()
	}
	if len(h.slots) != 0 || len(h.waiting) != 0 {
		t.Errorf("%d slots and %d places were not given back", len(h.slots), len(h.waiting))
	}
}

func TestACheckCostsEnough(t *testing.T) {
	h, err := newHasher(cost)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, _, err := h.check(t.Context(), "x", ""); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < 15*time.Millisecond {
		t.Errorf("a check takes %s: a stolen table would be searched quickly", d)
	}
}
