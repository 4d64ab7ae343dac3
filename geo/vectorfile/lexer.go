package vectorfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// lexer reads JSON piece by piece through a window of fixed size, so that a file
// on one line of 50 MB costs no more memory than one of many lines.
//
// It is more lenient than the standard in one thing: NaN, Infinity and
// -Infinity, which some programs write, are numbers here, so that one bad
// coordinate spoils one feature and not the file.
type lexer struct {
	src   io.Reader
	buf   []byte
	pos   int
	end   int
	lines int // line breaks before the window
	err   error

	depth, maxDepth int
	scratch         []byte
	keys            map[string]string
}

func newLexer(src io.Reader, maxDepth int) *lexer {
	return &lexer{src: src, buf: make([]byte, 64<<10), maxDepth: maxDepth, keys: map[string]string{}}
}

// fill reads the next window; it is called when the present one is used up.
func (l *lexer) fill() bool {
	if l.err != nil {
		return false
	}
	l.lines += countLines(l.buf[:l.end])
	l.pos, l.end = 0, 0
	for l.end == 0 && l.err == nil {
		l.end, l.err = l.src.Read(l.buf)
	}
	return l.end > 0
}

func countLines(p []byte) int {
	n := 0
	for _, b := range p {
		if b == '\n' {
			n++
		}
	}
	return n
}

// bad is a fault of syntax at the present place. Errors of the source come first.
func (l *lexer) bad(what string) error {
	if l.err != nil && l.err != io.EOF {
		return l.err
	}
	if l.err == io.EOF && l.pos >= l.end {
		what = "the text ends too early"
	}
	line := l.lines + countLines(l.buf[:l.pos]) + 1
	return ErrDamaged.Saying(fmt.Sprintf("Line %d: %s.", line, what))
}

// peek skips white space and returns the next byte without taking it, or 0 at
// the end of the text.
func (l *lexer) peek() byte {
	for {
		for ; l.pos < l.end; l.pos++ {
			switch c := l.buf[l.pos]; c {
			case ' ', '\t', '\r', '\n':
			default:
				return c
			}
		}
		if !l.fill() {
			return 0
		}
	}
}

// take consumes the byte that peek returned.
func (l *lexer) take() { l.pos++ }

func (l *lexer) expect(c byte) error {
	if l.peek() != c {
		return l.bad(fmt.Sprintf("%q is missing", c))
	}
	l.take()
	return nil
}

var errDeep = errors.New("nested too deeply")

func (l *lexer) enter() error {
	if l.depth++; l.depth > l.maxDepth {
		return ErrUnsafe.Saying(fmt.Sprintf("It is nested more than %d deep.", l.maxDepth)).Because(errDeep)
	}
	return nil
}

// members calls visit for each member of an object; visit takes the value.
func (l *lexer) members(visit func(key string) error) error {
	if err := l.expect('{'); err != nil {
		return err
	}
	if err := l.enter(); err != nil {
		return err
	}
	defer func() { l.depth-- }()
	if l.peek() == '}' {
		l.take()
		return nil
	}
	for {
		key, err := l.key()
		if err != nil {
			return err
		}
		if err := visit(key); err != nil {
			return err
		}
		switch l.peek() {
		case ',':
			l.take()
		case '}':
			l.take()
			return nil
		default:
			return l.bad("an object goes on without a comma")
		}
	}
}

// elements calls visit for each element of an array; visit takes the value.
func (l *lexer) elements(visit func() error) error {
	if err := l.expect('['); err != nil {
		return err
	}
	if err := l.enter(); err != nil {
		return err
	}
	defer func() { l.depth-- }()
	if l.peek() == ']' {
		l.take()
		return nil
	}
	for {
		if err := visit(); err != nil {
			return err
		}
		switch l.peek() {
		case ',':
			l.take()
		case ']':
			l.take()
			return nil
		default:
			return l.bad("an array goes on without a comma")
		}
	}
}

// key reads a member's name and the colon. Each name is kept once.
func (l *lexer) key() (string, error) {
	if l.peek() != '"' {
		return "", l.bad("a member name is missing")
	}
	l.scratch = l.scratch[:0]
	if err := l.text(maxKey); err != nil {
		return "", err
	}
	if err := l.expect(':'); err != nil {
		return "", err
	}
	if key, ok := l.keys[string(l.scratch)]; ok {
		return key, nil
	}
	key := string(l.scratch)
	if len(l.keys) < 4096 {
		l.keys[key] = key
	}
	return key, nil
}

// maxKey is the largest length of a member's name, in bytes.
const maxKey = 1024

// text appends a decoded string to scratch, at most limit bytes of it.
func (l *lexer) text(limit int) error {
	l.take() // the quote
	start := len(l.scratch)
	for {
		from := l.pos
		for l.pos < l.end {
			c := l.buf[l.pos]
			if c == '"' || c == '\\' || c < ' ' {
				break
			}
			l.pos++
		}
		l.scratch = append(l.scratch, l.buf[from:l.pos]...)
		if len(l.scratch)-start > limit {
			return ErrTooLarge.Saying(fmt.Sprintf("A text in it is longer than %d bytes.", limit))
		}
		if l.pos == l.end {
			if !l.fill() {
				return l.bad("a text does not end")
			}
			continue
		}
		switch c := l.buf[l.pos]; c {
		case '"':
			l.take()
			return nil
		case '\\':
			l.take()
			if err := l.escape(); err != nil {
				return err
			}
		default: // control characters are forbidden, but harmless: line breaks from address fields
			l.take()
			l.scratch = append(l.scratch, c)
		}
	}
}

func (l *lexer) byte() (byte, bool) {
	if l.pos == l.end && !l.fill() {
		return 0, false
	}
	c := l.buf[l.pos]
	l.pos++
	return c, true
}

func (l *lexer) escape() error {
	c, ok := l.byte()
	if !ok {
		return l.bad("a text does not end")
	}
	switch c {
	case '"', '\\', '/':
		l.scratch = append(l.scratch, c)
	case 'b':
		l.scratch = append(l.scratch, '\b')
	case 'f':
		l.scratch = append(l.scratch, '\f')
	case 'n':
		l.scratch = append(l.scratch, '\n')
	case 'r':
		l.scratch = append(l.scratch, '\r')
	case 't':
		l.scratch = append(l.scratch, '\t')
	case 'u':
		return l.unicodeEscape()
	default:
		return l.bad("a text has an unknown escape")
	}
	return nil
}

// unicodeEscape reads \uXXXX after its u, and the second half of a pair. A half
// without the other becomes U+FFFD.
func (l *lexer) unicodeEscape() error {
	r, err := l.hex4()
	if err != nil {
		return err
	}
	for utf16.IsSurrogate(r) {
		if l.pos == l.end && !l.fill() {
			return l.bad("a text does not end")
		}
		if l.buf[l.pos] != '\\' {
			break
		}
		l.pos++
		c, ok := l.byte()
		if !ok {
			return l.bad("a text does not end")
		}
		if c != 'u' {
			l.scratch = utf8.AppendRune(l.scratch, utf8.RuneError)
			l.pos-- // an ordinary escape follows: its letter is still in the window
			return l.escape()
		}
		second, err := l.hex4()
		if err != nil {
			return err
		}
		if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
			r = pair
			break
		}
		l.scratch = utf8.AppendRune(l.scratch, utf8.RuneError)
		r = second
	}
	if utf16.IsSurrogate(r) {
		r = utf8.RuneError
	}
	l.scratch = utf8.AppendRune(l.scratch, r)
	return nil
}

func (l *lexer) hex4() (rune, error) {
	var r rune
	for range 4 {
		c, ok := l.byte()
		if !ok {
			return 0, l.bad("a text does not end")
		}
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, l.bad("a text has a wrong \\u escape")
		}
	}
	return r, nil
}

// string reads a string of at most limit bytes.
func (l *lexer) string(limit int) (string, error) {
	if l.peek() != '"' {
		return "", l.bad("a text is missing")
	}
	l.scratch = l.scratch[:0]
	if err := l.text(limit); err != nil {
		return "", err
	}
	return string(l.scratch), nil
}

// word appends a number or one of the words true, false, null, NaN, Infinity to
// scratch, without looking at it.
func (l *lexer) word() error {
	const limit = 512 // of digits; no number needs more
	start := len(l.scratch)
	l.peek()
	for {
		from := l.pos
		for l.pos < l.end && isWordByte(l.buf[l.pos]) {
			l.pos++
		}
		l.scratch = append(l.scratch, l.buf[from:l.pos]...)
		if len(l.scratch)-start > limit {
			return l.bad("a number has too many digits")
		}
		if l.pos < l.end || !l.fill() {
			break
		}
	}
	if len(l.scratch) == start {
		return l.bad("a value is missing")
	}
	return nil
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' ||
		c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// literal appends a number or word to scratch after looking at it.
func (l *lexer) literal() error {
	from := len(l.scratch)
	if err := l.word(); err != nil {
		return err
	}
	switch string(l.scratch[from:]) {
	case "true", "false", "null":
		return nil
	}
	if _, err := strconv.ParseFloat(string(l.scratch[from:]), 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return l.bad("a value cannot be read")
	}
	return nil
}

// number reads a number. One too large for a float64 is infinite.
func (l *lexer) number() (float64, error) {
	l.scratch = l.scratch[:0]
	if err := l.word(); err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(string(l.scratch), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, l.bad("a number cannot be read")
	}
	return v, nil
}

// startsNumber tells whether a value that begins with c is a number or one of
// the words that stand for a missing one.
func startsNumber(c byte) bool {
	return c == '-' || c >= '0' && c <= '9' || c == 'N' || c == 'I'
}

// skip passes over any value.
func (l *lexer) skip() error {
	switch l.peek() {
	case '{':
		return l.members(func(string) error { return l.skip() })
	case '[':
		return l.elements(l.skip)
	case '"':
		return l.skipText()
	}
	l.scratch = l.scratch[:0]
	return l.literal()
}

func (l *lexer) skipText() error {
	l.take()
	for {
		i := bytes.IndexAny(l.buf[l.pos:l.end], `"\`)
		if i < 0 {
			if l.pos = l.end; !l.fill() {
				return l.bad("a text does not end")
			}
			continue
		}
		l.pos += i + 1
		if l.buf[l.pos-1] == '"' {
			return nil
		}
		if _, ok := l.byte(); !ok {
			return l.bad("a text does not end")
		}
	}
}

// raw appends a value as JSON text without white space to scratch.
func (l *lexer) raw(limit int) error {
	if len(l.scratch) > limit {
		return ErrTooLarge.Saying(fmt.Sprintf("A value in it is longer than %d bytes.", limit))
	}
	switch l.peek() {
	case '{', '[':
		return l.rawNested(limit)
	case '"':
		return l.rawText(limit)
	}
	return l.literal()
}

func (l *lexer) rawNested(limit int) error {
	open := l.peek()
	if err := l.enter(); err != nil {
		return err
	}
	defer func() { l.depth-- }()
	closing := open + 2 // '}' follows '{' and ']' follows '[' at this distance
	l.take()
	l.scratch = append(l.scratch, open)
	for first := true; ; first = false {
		if c := l.peek(); c == closing {
			l.take()
			l.scratch = append(l.scratch, closing)
			return nil
		} else if !first {
			if c != ',' {
				return l.bad("a comma is missing")
			}
			l.take()
			l.scratch = append(l.scratch, ',')
		}
		if open == '{' {
			if l.peek() != '"' {
				return l.bad("a member name is missing")
			}
			if err := l.rawText(limit); err != nil {
				return err
			}
			if err := l.expect(':'); err != nil {
				return err
			}
			l.scratch = append(l.scratch, ':')
		}
		if err := l.raw(limit); err != nil {
			return err
		}
	}
}

// rawText appends a string with its quotes and escapes.
func (l *lexer) rawText(limit int) error {
	l.take()
	l.scratch = append(l.scratch, '"')
	for escaped := false; ; {
		c, ok := l.byte()
		if !ok {
			return l.bad("a text does not end")
		}
		if l.scratch = append(l.scratch, c); len(l.scratch) > limit {
			return ErrTooLarge.Saying(fmt.Sprintf("A value in it is longer than %d bytes.", limit))
		}
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return nil
		}
	}
}
