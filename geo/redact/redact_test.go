package redact_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"wangge/geo/redact"
)

// The table is the one that the officer's page is tested with, whose rule is the same
// (web/src/patrol/personal.ts).
func TestNumbersAreTakenOutAndThoseOfNobodyAreLeft(t *testing.T) {
	text, err := os.ReadFile("testdata/numbers.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Gone map[string]string
		Left []string
	}
	if err := json.Unmarshal(text, &table); err != nil || len(table.Gone) < 20 || len(table.Left) < 20 {
		t.Fatalf("%d and %d cases, %v", len(table.Gone), len(table.Left), err)
	}
	for in, want := range table.Gone {
		if got, n := redact.Text(in); got != want || n != strings.Count(want, redact.Gone) {
			t.Errorf("%q becomes %q, %d taken out; want %q", in, got, n, want)
		}
	}
	for _, s := range table.Left {
		if got, n := redact.Text(s); n != 0 {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}

// written is a number as somebody may write it.
func written(r *rand.Rand, digits string) string {
	joints := []string{" ", "-", "－", "  ", " - ", "\u3000", "–", "\u200b", "\u00a0"}
	wide := r.IntN(4) == 0
	spell := func(s string) string {
		if !wide {
			return s
		}
		return strings.Map(func(c rune) rune {
			if c > ' ' && c <= '~' {
				return c - '!' + '！'
			}
			return c
		}, s)
	}
	switch r.IntN(3) {
	case 0:
		return spell(digits)
	case 1: // each digit alone; an identity number is not written so
		if len(digits) == 11 {
			return strings.Join(strings.Split(spell(digits), ""), joints[r.IntN(len(joints))])
		}
		return spell(digits)
	}
	var parts []string
	for rest := digits; rest != ""; {
		n := 3 + r.IntN(4)
		if len(rest)-n < 3 || len(parts) == 4 {
			n = len(rest)
		}
		parts, rest = append(parts, spell(rest[:n])), rest[n:]
	}
	return strings.Join(parts, joints[r.IntN(len(joints))])
}

func mobile(r *rand.Rand) string {
	return fmt.Sprintf("1%d%09d", 3+r.IntN(7), r.IntN(1_000_000_000))
}

func identity(r *rand.Rand) string {
	id := fmt.Sprintf("%02d%04d%04d%02d%02d%03d", 11+r.IntN(50), 100+r.IntN(900), 1930+r.IntN(90), 1+r.IntN(12), 1+r.IntN(28), r.IntN(1000))
	sum := 0
	for i, weight := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(id[i]-'0') * weight
	}
	return id + string("10X98765432"[sum%11])
}

// However it is written and whatever stands around it, a number is taken out, and nothing of
// the rest.
func TestNumbersAreFoundHoweverWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 2026))
	around := []string{"", "和平路口，", "联系 ", "（", "：", "楼道堆物。", "/", "，"}
	for range 20_000 {
		digits, kind := mobile(r), redact.Phone
		if r.IntN(2) == 0 {
			digits, kind = identity(r), redact.Identity
		}
		before, number, after := around[r.IntN(len(around))], written(r, digits), around[5+r.IntN(3)]
		text := before + number + after
		found := redact.Find(text)
		if len(found) != 1 || found[0] != (redact.Found{Kind: kind, From: len(before), To: len(before) + len(number)}) {
			t.Fatalf("in %q found %v, want %s at %d to %d", text, found, kind, len(before), len(before)+len(number))
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "13812345678", "１３８ 1234-5678", "11010519491231002X", "电话62345678", "138\xff12345678", "\u200b0571-8765\u00a04321x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at := 0
		for _, found := range redact.Find(s) {
			if found.From < at || found.To <= found.From || found.To > len(s) {
				t.Fatalf("in %q: %v after %d", s, found, at)
			}
			at = found.To
		}
		clean, n := redact.Text(s)
		if utf8.ValidString(s) && !utf8.ValidString(clean) {
			t.Errorf("%q becomes %q, which is no text", s, clean)
		}
		if again, more := redact.Text(clean); more != 0 {
			t.Errorf("%q becomes %q (%d), and that %q", s, clean, n, again)
		}
	})
}
