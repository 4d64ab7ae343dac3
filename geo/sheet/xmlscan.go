package sheet

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlScanner is a pull scanner for the XML of worksheets: elements, attributes,
// text, the five entities of XML and character references. It is several times
// as fast as encoding/xml, checks that elements nest, and refuses document types.
type xmlScanner struct {
	r     io.Reader
	part  string
	most  int // bytes of one tag or text
	buf   []byte
	pos   int
	err   error
	names []string // of the open elements

	name  string // of the present element, without prefix
	attrs []byte // text of its attributes
	empty bool   // <c/>: an end follows by itself
	text  []byte // of the present text, entities replaced
	known map[string]string
}

type xmlToken int

const (
	xmlEOF xmlToken = iota
	xmlStart
	xmlEnd
	xmlText
)

func newXMLScanner(r io.Reader, part string, most int) *xmlScanner {
	return &xmlScanner{r: r, part: part, most: most, buf: make([]byte, 0, 64<<10), known: map[string]string{}}
}

// is compares the name of the present element.
func (x *xmlScanner) is(name string) bool { return x.name == name }

func (x *xmlScanner) bad(what string) error {
	if x.err != nil && x.err != io.EOF {
		return x.err
	}
	return ErrDamaged.Saying(fmt.Sprintf("The part %s cannot be read: %s.", x.part, what))
}

// more reads on behind what is in the buffer. It returns false at the end.
func (x *xmlScanner) more() bool {
	if x.err != nil {
		return false
	}
	if x.pos > 0 {
		x.buf = append(x.buf[:0], x.buf[x.pos:]...)
		x.pos = 0
	}
	if len(x.buf) == cap(x.buf) {
		if len(x.buf) >= x.most {
			x.err = ErrTooLarge.Saying(fmt.Sprintf("A text in %s has more than %d bytes.", x.part, x.most))
			return false
		}
		x.buf = append(make([]byte, 0, 2*cap(x.buf)), x.buf...)
	}
	n := 0
	for n == 0 && x.err == nil {
		n, x.err = x.r.Read(x.buf[len(x.buf):cap(x.buf)])
	}
	x.buf = x.buf[:len(x.buf)+n]
	return n > 0
}

// until returns the bytes up to a mark and passes over both.
func (x *xmlScanner) until(mark string) ([]byte, bool) {
	from := 0
	for {
		if i := bytes.Index(x.buf[x.pos+from:], []byte(mark)); i >= 0 {
			found := x.buf[x.pos : x.pos+from+i]
			x.pos += from + i + len(mark)
			return found, true
		}
		from = max(0, len(x.buf)-x.pos-len(mark)+1)
		if !x.more() {
			return nil, false
		}
	}
}

func (x *xmlScanner) next() (xmlToken, error) {
	if x.empty {
		x.empty = false
		return x.pop(x.name)
	}
	for {
		if x.pos == len(x.buf) && !x.more() {
			if x.err != io.EOF {
				return xmlEOF, x.err
			}
			if len(x.names) > 0 {
				return xmlEOF, x.bad("the text ends too early")
			}
			return xmlEOF, nil
		}
		if x.buf[x.pos] != '<' {
			return x.chars()
		}
		if len(x.buf)-x.pos < 9 {
			x.more() // enough for <![CDATA[
		}
		switch rest := x.buf[x.pos:]; {
		case bytes.HasPrefix(rest, []byte("<!--")):
			if err := x.pass("-->"); err != nil {
				return xmlEOF, err
			}
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			x.pos += len("<![CDATA[")
			text, ok := x.until("]]>")
			if !ok {
				return xmlEOF, x.bad("a text does not end")
			}
			x.text = append(x.text[:0], text...)
			return xmlText, nil
		case bytes.HasPrefix(rest, []byte("<!")):
			return xmlEOF, ErrUnsafe.Saying("It has a document type (DTD).")
		case bytes.HasPrefix(rest, []byte("<?")):
			if err := x.pass("?>"); err != nil {
				return xmlEOF, err
			}
		default:
			return x.tag()
		}
	}
}

func (x *xmlScanner) pass(mark string) error {
	if _, ok := x.until(mark); !ok {
		return x.bad("a comment does not end")
	}
	return nil
}

// untilTagEnd returns the bytes up to the ">" that is in no attribute.
func (x *xmlScanner) untilTagEnd() ([]byte, bool) {
	var quote byte
	for i := 0; ; i++ {
		if x.pos+i == len(x.buf) && !x.more() {
			return nil, false
		}
		switch c := x.buf[x.pos+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"', c == '\'':
			quote = c
		case c == '>':
			tag := x.buf[x.pos : x.pos+i]
			x.pos += i + 1
			return tag, true
		}
	}
}

// tag reads a start or end tag.
func (x *xmlScanner) tag() (xmlToken, error) {
	x.pos++
	tag, ok := x.untilTagEnd()
	switch {
	case !ok:
		return xmlEOF, x.bad("a tag does not end")
	case len(tag) > 0 && tag[0] == '/':
		return x.pop(x.intern(local(bytes.TrimRight(tag[1:], " \t\r\n"))))
	}
	x.empty = len(tag) > 0 && tag[len(tag)-1] == '/'
	if x.empty {
		tag = tag[:len(tag)-1]
	}
	name, attrs := tag, []byte(nil)
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		name, attrs = tag[:i], tag[i:]
	}
	if len(name) == 0 {
		return xmlEOF, x.bad("a tag has no name")
	}
	if len(x.names) >= maxDepth {
		return xmlEOF, ErrUnsafe.Saying(fmt.Sprintf("It is nested more than %d deep.", maxDepth))
	}
	x.name, x.attrs = x.intern(local(name)), attrs
	x.names = append(x.names, x.name)
	return xmlStart, nil
}

// maxDepth is the deepest nesting of elements; worksheets need about eight.
const maxDepth = 64

// intern keeps one copy of each element name.
func (x *xmlScanner) intern(name []byte) string {
	if s, ok := x.known[string(name)]; ok {
		return s
	}
	if len(x.known) > 1000 {
		return string(name)
	}
	s := string(name)
	x.known[s] = s
	return s
}

// local cuts off a namespace prefix.
func local(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

func (x *xmlScanner) pop(name string) (xmlToken, error) {
	if !x.inside(name) {
		return xmlEOF, x.bad(fmt.Sprintf("<%.40s> ends where it did not begin", name))
	}
	x.name = name
	x.names = x.names[:len(x.names)-1]
	return xmlEnd, nil
}

func (x *xmlScanner) chars() (xmlToken, error) {
	from := 0
	for {
		if i := bytes.IndexByte(x.buf[x.pos+from:], '<'); i >= 0 {
			from += i
			break
		}
		from = len(x.buf) - x.pos
		if !x.more() {
			break
		}
	}
	if x.err != nil && x.err != io.EOF && x.pos+from == len(x.buf) {
		return xmlEOF, x.err
	}
	x.text = unescape(x.text[:0], x.buf[x.pos:x.pos+from])
	x.pos += from
	return xmlText, nil
}

// attr returns the value of an attribute of the present element, valid until the
// next token; nil when there is none.
func (x *xmlScanner) attr(name string) []byte {
	rest := x.attrs
	for {
		i := bytes.IndexByte(rest, '=')
		if i < 0 {
			return nil
		}
		key := bytes.TrimSpace(rest[:i])
		rest = bytes.TrimLeft(rest[i+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return nil
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil
		}
		if value := rest[1 : 1+end]; string(key) == name {
			if bytes.IndexByte(value, '&') < 0 {
				return value
			}
			return unescape(nil, value)
		}
		rest = rest[end+2:]
	}
}

var entities = map[string]byte{"lt": '<', "gt": '>', "amp": '&', "quot": '"', "apos": '\''}

// unescape appends text with its entities replaced; unknown ones stay as they are.
func unescape(to, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			return append(to, text...)
		}
		to, text = append(to, text[:i]...), text[i:]
		end := bytes.IndexByte(text, ';')
		if end < 0 || end > 12 {
			to, text = append(to, '&'), text[1:]
			continue
		}
		name := string(text[1:end])
		if c, ok := entities[name]; ok {
			to = append(to, c)
		} else if r, ok := charRef(name); ok {
			to = utf8.AppendRune(to, r)
		} else {
			to = append(to, text[:end+1]...)
		}
		text = text[end+1:]
	}
}

var codes = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescapeCodes replaces what texts of workbooks write as _x000D_ because XML
// cannot hold it (ECMA-376 part 1, 22.9.2.19).
func unescapeCodes(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return codes.ReplaceAllStringFunc(text, func(code string) string {
		n, _ := strconv.ParseUint(code[2:6], 16, 16)
		return string(rune(n))
	})
}

func charRef(name string) (rune, bool) {
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	return rune(n), err == nil && utf8.ValidRune(rune(n))
}

// richText reads the text inside the present element up to its end: that of its
// t elements, without phonetic guides.
func (x *xmlScanner) richText(name string) (string, error) {
	var text []byte
	depth := len(x.names)
	phonetic := 0
	for {
		t, err := x.next()
		if err != nil {
			return "", err
		}
		switch {
		case t == xmlEOF:
			return "", x.bad("the text ends too early")
		case t == xmlStart && x.is("rPh"):
			phonetic++
		case t == xmlEnd && x.is("rPh"):
			phonetic--
		case t == xmlText && phonetic == 0 && x.inside("t"):
			if text = append(text, x.text...); len(text) > x.most {
				return "", ErrTooLarge.Saying(fmt.Sprintf("A text in %s has more than %d bytes.", x.part, x.most))
			}
		case t == xmlEnd && len(x.names) < depth && x.is(name):
			return unescapeCodes(string(text)), nil
		}
	}
}

// inside tells whether the innermost open element has a name.
func (x *xmlScanner) inside(name string) bool {
	return len(x.names) > 0 && x.names[len(x.names)-1] == name
}
