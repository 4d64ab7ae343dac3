package hours

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"wangge/geo/fault"
)

// ErrHours says that a text is not in the notation; its detail says where and why.
var ErrHours = fault.New(fault.Invalid, "opening_hours", "The opening hours cannot be read; write them like “Mo-Fr 09:00-17:00; Sa 09:00-12:00; PH off”.")

// MaxLength is how long a text of opening hours may be, in bytes. OpenStreetMap
// itself ends at 255 characters.
const MaxLength = 2000

// kind is what a token is.
type kind uint8

const (
	end kind = iota
	word
	number
	sign    // one character of punctuation, or "||"
	comment // without its quotes
)

// token is a piece of the text.
type token struct {
	kind  kind
	text  string // words in lower case
	n     int    // of a number
	digit int    // how many digits a number was written with
	at    int    // byte offset
	space bool   // white space came before it
}

// alike are characters of Chinese lists and word processors for those of the notation.
var alike = strings.NewReplacer("：", ":", "；", ";", "，", ",", "、", ",", "－", "-", "–", "-", "—", "-", "−", "-", "～", "-", "~", "-",
	"＋", "+", "“", `"`, "”", `"`, "　", " ", "\u00a0", " ")

// scan cuts the text into tokens, the last of which is end.
func scan(text string) ([]token, error) {
	if len(text) > MaxLength {
		return nil, ErrHours.Saying(fmt.Sprintf("The text has %d bytes; at most %d are read.", len(text), MaxLength))
	}
	if !utf8.ValidString(text) {
		return nil, ErrHours.Saying("The text is not UTF-8.")
	}
	var list []token
	space := false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		c := alike.Replace(text[i : i+size])
		start := i
		switch {
		case unicode.IsSpace(r) || c == " ":
			space = true
			i += size
			continue
		case c == `"`:
			stop := strings.IndexFunc(text[i+size:], func(r rune) bool { return r == '"' || r == '”' || r == '“' })
			if stop < 0 {
				return nil, wrong(text, i, `expected a closing quotation mark`)
			}
			list = append(list, token{kind: comment, text: text[i+size : i+size+stop], at: start, space: space})
			_, closing := utf8.DecodeRuneInString(text[i+size+stop:])
			i += size + stop + closing
		case c[0] >= '0' && c[0] <= '9':
			n := 0
			for i < len(text) && text[i] >= '0' && text[i] <= '9' {
				n = min(n*10+int(text[i]-'0'), 100_000)
				i++
			}
			list = append(list, token{kind: number, n: n, digit: i - start, text: text[start:i], at: start, space: space})
		case unicode.IsLetter(r):
			i += strings.IndexFunc(text[i:]+" ", func(r rune) bool { return !unicode.IsLetter(r) })
			list = append(list, token{kind: word, text: strings.ToLower(text[start:i]), at: start, space: space})
		default:
			i += size
			if c == "|" && strings.HasPrefix(text[i:], "|") {
				c, i = "||", i+1
			}
			list = append(list, token{kind: sign, text: c, at: start, space: space})
		}
		space = false
	}
	return append(list, token{kind: end, at: len(text), space: space}), nil
}

// wrong is the fault of a text at a byte offset.
func wrong(text string, at int, why string) error {
	place := fmt.Sprintf("character %d", utf8.RuneCountInString(text[:at])+1)
	found := "the end"
	if rest := []rune(text[at:]); len(rest) > 0 {
		found = "“" + string(rest[:min(len(rest), 12)]) + "”"
	}
	detail := fmt.Sprintf("At %s, %s: %s.", place, found, why)
	return ErrHours.Saying(detail).With(fault.Place{Pointer: place, Code: "opening_hours", Detail: detail})
}
