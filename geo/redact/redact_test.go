package redact_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"wangge/geo/redact"
)

func TestNumbersAreTakenOut(t *testing.T) {
	for in, want := range map[string]string{
		"请打13912345678找老王":              "请打***找老王",
		"138 1234 5678 或 139-1234-5678": "*** 或 ***",
		"＋８６　１３８－１２３４－５６７８":             "＋***",
		"1 3 8 1 2 3 4 5 6 7 8":         "***",
		"13812 345678":                  "***",
		"8613812345678":                 "***",
		"0086 138 1234 5678":            "***",
		"138\u200b1234\u200b5678":       "***",
		"138–1234—5678":                 "***",
		"打13812345678.":                 "打***.",
		"微信abc13812345678":              "微信abc***",
		"tel138-1234-5678":              "tel***",
		"座机(0571) 8765 4321":            "座机(***",
		"021 6234 5678":                 "***",
		"02162345678":                   "***",
		"0571-87654321-801":             "***-801",
		"+86-571-87654321":              "+***",
		"电话：62345678":                   "电话：***",
		"电话号码是 6234 5678":               "电话号码是 ***",
		"身份证：11010519491231002X。":       "身份证：***。",
		"110105 19491231 002x":          "***",
		"１１０１０５－１９４９１２３１－００２Ｘ": "***",
		"440524 1880 0101 0014":           "***",
		"110105491231002":                 "***",
		"110105 491231 002":               "***",
		"15栋 13812345678 和 02162345678 楼": "15栋 *** 和 *** 楼",
		"01\n13812345678":                 "01\n***",
	} {
		if got, n := redact.Text(in); got != want || n != strings.Count(want, redact.Gone) {
			t.Errorf("%q becomes %q, %d taken out; want %q", in, got, n, want)
		}
	}
}

func TestNumbersOfNobodyAreLeft(t *testing.T) {
	for _, s := range []string{
		"", "3号楼", "120.1301238690", "13.8123456780", "121.47371, 31.23041", "1385.00138000", "330106005051001", "330106005051", "330106005051001234",
		"110105194912310021", "20240405130000", "2024-04-05 13:00:00", "2026-11-22 1345", "14-00293539", "17-004894801", "SR-138001380001", "12345", "110",
		"0571", "1-3-501", "13800138000123", "6225880137654321987", "10000000000", "12000000000", "A座1301室", "2020-12345678", "62345678",
		"1 3 5 7 9 11 13 15 号楼", "13 45 67 89 10 1", "a1381234-5678-4234-8567-138123456789", "00138123-0571-4234-8567-138123456789", "400 1 2 3",
		"AB11010519491231002X", strings.Repeat("1-", 40),
	} {
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
