package ledger

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Clean trims a cell, makes runs of white space one space and drops what a
// database or a screen cannot show.
func Clean(s string) string {
	if plain(s) {
		return strings.TrimSpace(s)
	}
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == '\ufeff', r == '\u200b':
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// plain reports text that needs trimming at most: the usual case, without a copy.
func plain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	blank := false
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\u3000' || r == '\ufeff' || r == '\u200b' || r == '\u00a0' || r == '\u0085' {
			return false
		}
		if r == ' ' && blank {
			return false
		}
		blank = r == ' '
	}
	return true
}

// Key is text as it is compared: half-width, lower case, without spaces and
// punctuation, Chinese numerals below 100 as digits. "３号楼" and "三号楼" are one.
func Key(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	numeral := make([]rune, 0, 4)
	flush := func() {
		if len(numeral) > 0 {
			b.WriteString(arabic(numeral))
			numeral = numeral[:0]
		}
	}
	for _, r := range s {
		if r >= '！' && r <= '～' {
			r -= 0xfee0
		}
		if strings.ContainsRune(numerals, r) {
			numeral = append(numeral, r)
			continue
		}
		flush()
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	flush()
	return b.String()
}

const numerals = "〇零一二三四五六七八九十"

// arabic writes a Chinese numeral below 100 with digits, and a longer row of
// numerals digit by digit.
func arabic(n []rune) string {
	ten := -1
	for i, r := range n {
		if r == '十' {
			if ten >= 0 {
				return digits(n)
			}
			ten = i
		}
	}
	if ten < 0 || ten > 1 || len(n) > ten+2 {
		return digits(n)
	}
	tens, ones := 1, 0
	if ten == 1 {
		tens = digit(n[0])
	}
	if len(n) == ten+2 {
		ones = digit(n[ten+1])
	}
	return strconv.Itoa(tens*10 + ones)
}

func digits(n []rune) string {
	var b strings.Builder
	for _, r := range n {
		if r == '十' {
			b.WriteString("10")
			continue
		}
		b.WriteString(strconv.Itoa(digit(r)))
	}
	return b.String()
}

func digit(r rune) int {
	if r == '〇' {
		return 0
	}
	at := 0
	for _, n := range "零一二三四五六七八九" {
		if n == r {
			return at
		}
		at++
	}
	return 0
}

// Shanghai is the zone of instants written without one.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)
