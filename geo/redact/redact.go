// Package redact finds phone and identity numbers in text, and takes them out. It is the one
// rule of what looks personal: what is refused, what an import leaves out and what is
// redacted in a resident's words are the same.
//
// Found are mainland mobile numbers (11 digits from 13 to 19 on, with a country code or
// without), landline numbers with their area code, or of 7 and 8 digits after a word such as
// 电话, identity numbers of 18 digits with a right check digit (GB 11643-1999), and those of
// 15 digits used until 1999. Digits may be full-width, and may stand in groups with spaces,
// dashes, brackets or what cannot be seen between them. Numbers that belong to nobody are
// left: dates, coordinates, codes of divisions, UUIDs.
//
// It is pure, and knows no language: what is taken out becomes Gone.
package redact

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Kind is what a number looks like.
type Kind string

// The kinds.
const (
	Phone    Kind = "phone"
	Identity Kind = "identity"
)

// Gone stands where a number was.
const Gone = "***"

// Found is a number in a text, from byte From on and before byte To.
type Found struct {
	Kind     Kind
	From, To int
}

// Text returns a text without the numbers in it, and how many there were.
func Text(s string) (clean string, gone int) {
	found := Find(s)
	if len(found) == 0 {
		return s, 0
	}
	var b strings.Builder
	at := 0
	for _, f := range found {
		b.WriteString(s[at:f.From])
		b.WriteString(Gone)
		at = f.To
	}
	b.WriteString(s[at:])
	return b.String(), len(found)
}

// least is how many digits the shortest number has.
const least = 7

// Find returns the numbers in a text, in order, none over another.
func Find(s string) []Found {
	digits := 0
	for _, r := range s {
		if unicode.IsNumber(r) {
			digits++
		}
	}
	if digits < least {
		return nil
	}
	folded, at := fold(s)
	var found []Found
	for _, place := range runs.FindAllStringIndex(folded, -1) {
		groups := cut(folded, place[0], place[1])
		named := names.MatchString(tail(s[:at[place[0]]]))
		for i := 0; i < len(groups); {
			kind, n := match(groups[i:], named && i == 0)
			if n == 0 {
				i++
				continue
			}
			found = append(found, Found{kind, at[groups[i].from], at[groups[i+n-1].to]})
			i += n
		}
	}
	return found
}

// fold writes a text with one ASCII sign for each letter, and where each letter begins in
// it: digits as they are, '-' for what may stand between the digits of one number, letters
// in lower case, '.', and '#' for all else.
func fold(s string) (folded string, at []int) {
	b := make([]byte, 0, len(s))
	at = make([]int, 0, len(s)+1)
	for i, r := range s {
		b, at = append(b, sign(r)), append(at, i)
	}
	at = append(at, len(s))
	for _, u := range uuids.FindAllIndex(b, -1) {
		for i := u[0]; i < u[1]; i++ {
			b[i] = '#'
		}
	}
	return string(b), at
}

func sign(r rune) byte {
	switch {
	case r >= '0' && r <= '9', r == '.', r >= 'a' && r <= 'z':
		return byte(r)
	case r >= 'A' && r <= 'Z':
		return byte(r) + 'a' - 'A'
	case r == '\n':
		return '#'
	case strings.ContainsRune("-_()+·•~", r), unicode.Is(unicode.Pd, r), unicode.IsSpace(r), unicode.Is(unicode.Cf, r), r == '−':
		return '-'
	case r < utf8.RuneSelf:
		return '#'
	}
	if wide := norm.NFKC.String(string(r)); len(wide) == 1 { // Ｘ, ３, （
		return sign(rune(wide[0]))
	}
	return '#'
}

var (
	// A UUID has groups of digits now and then, which are no number of anybody.
	uuids = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	// runs are digits with at most three other signs between two of them.
	runs = regexp.MustCompile(`[0-9]+(?:-{1,3}[0-9]+)*(?:-{0,3}x)?`)
	// names stand before a number that is a phone's though it has no area code.
	names = regexp.MustCompile(`(?i)(?:电话|電話|座机|座機|致电|拨打|phone|tel|call)[^0-9\p{Han}]{0,4}(?:[是为為号號码碼][^0-9\p{Han}]{0,3}){0,3}$`)
)

// tail is the end of a text, where a name of a number would stand.
func tail(s string) string {
	const bytes = 48
	return s[max(0, len(s)-bytes):]
}

// group is digits that stand together.
type group struct {
	digits   string
	from, to int  // signs of the folded text
	lettered bool // a letter right before or after: a code, perhaps
	pointed  bool // a part of a number with a decimal point
}

// cut takes a run apart.
func cut(folded string, from, to int) (groups []group) {
	sign := func(i int) byte {
		if i < 0 || i >= len(folded) {
			return '#'
		}
		return folded[i]
	}
	isDigit := func(i int) bool { return sign(i) >= '0' && sign(i) <= '9' }
	isLetter := func(i int) bool { return sign(i) >= 'a' && sign(i) <= 'z' }
	for i := from; i < to; i++ {
		if sign(i) == '-' {
			continue
		}
		g := group{from: i}
		for ; i < to && sign(i) != '-'; i++ {
			g.digits += string(sign(i))
		}
		g.to = i
		g.lettered = isLetter(g.from-1) && sign(g.from) != 'x' || isLetter(g.to)
		g.pointed = sign(g.from-1) == '.' && isDigit(g.from-2) || sign(g.to) == '.' && isDigit(g.to+1)
		groups = append(groups, g)
	}
	return groups
}

// mostGroups is in how many groups a number is written, unless each digit stands alone.
const mostGroups = 6

// match tells which number begins with the first group, and how many groups it has; 0 for
// none. The longest counts.
func match(groups []group, named bool) (kind Kind, n int) {
	joined, alone := "", true
	for i, g := range groups {
		joined, alone = joined+g.digits, alone && len(g.digits) == 1
		if len(joined) > 18 || !alone && i >= mostGroups {
			break
		}
		if found := kindOf(groups[:i+1], joined, alone, named); found != "" {
			kind, n = found, i+1
		}
	}
	return kind, n
}

// kindOf is what groups are when they are taken together; "" for nothing.
func kindOf(groups []group, joined string, alone, named bool) Kind {
	first, last := groups[0], groups[len(groups)-1]
	switch {
	case first.pointed || last.pointed:
		return ""
	case isIdentity(joined) && !first.lettered && !last.lettered:
		return Identity
	case isMobile(groups, joined, alone), isLandline(groups, joined):
		return Phone
	case named && (len(joined) == 7 || len(joined) == 8) && joined[0] >= '2' && joined[0] <= '8':
		return Phone
	}
	return ""
}

var (
	mobile  = regexp.MustCompile(`^(0086|86|0|)1[3-9][0-9]{9}$`)
	country = regexp.MustCompile(`^(?:00)?86$`)
	area    = regexp.MustCompile(`^0?(?:10|2[0-9]|[3-9][0-9]{2})$`)
	whole   = regexp.MustCompile(`^0(?:(?:10|2[0-9])[2-8][0-9]{7}|[3-9][0-9]{2}[2-8][0-9]{6,7})$`)
)

// isMobile wants the first group to have three digits of the number, unless each digit stands
// alone: in 14-00293539-1 or a row of doors nobody writes a phone.
func isMobile(groups []group, joined string, alone bool) bool {
	m := mobile.FindStringSubmatch(joined)
	if m == nil {
		return false
	}
	if alone {
		return true
	}
	begins := len(groups[0].digits) - len(m[1])
	if begins == 0 && len(groups) > 1 { // the country code stands by itself
		begins = len(groups[1].digits)
	}
	return begins >= 3
}

// isLandline wants the area code by itself, or the whole number in one piece.
func isLandline(groups []group, joined string) bool {
	if len(groups) == 1 {
		return whole.MatchString(joined)
	}
	abroad := country.MatchString(groups[0].digits)
	if abroad {
		groups = groups[1:]
	}
	code := groups[0].digits
	if !area.MatchString(code) || !abroad && code[0] != '0' || len(groups) < 2 || groups[1].digits[0] == '0' {
		return false
	}
	digits := 0
	for _, g := range groups[1:] {
		if digits += len(g.digits); len(g.digits) < 3 {
			return false
		}
	}
	return digits == 7 || digits == 8
}

// isIdentity checks province, date of birth and, in the long form, the check digit. A short
// number is taken for one of a person born from 1940 on: earlier years cannot be told from
// division codes of 15 digits, whose seventh to ninth digits are 001 to 399.
func isIdentity(id string) bool {
	if n := len(id); n != 15 && n != 18 || id[:2] < "11" || id[:2] > "82" || strings.Contains(id[:n-1], "x") {
		return false
	}
	if len(id) == 15 {
		_, err := time.Parse("060102", id[6:12])
		return err == nil && id[6:8] >= "40" && id[14] != 'x'
	}
	born, err := time.Parse("20060102", id[6:14])
	if err != nil || born.Year() < 1850 || born.Year() > 2100 {
		return false
	}
	sum := 0
	for i, weight := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(id[i]-'0') * weight
	}
	return id[17] == "10x98765432"[sum%11]
}
