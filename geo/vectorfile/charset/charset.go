// Package charset tells in which character encoding the text of a municipal
// file is written, and reads it. Files from Chinese offices come as UTF-8, with
// or without a byte order mark, or as GB18030 and its subsets GBK and GB2312,
// and rarely say which; the bytes decide.
package charset

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Charset names a character encoding.
type Charset string

// The encodings that are read.
const (
	UTF8    Charset = "UTF-8"
	GB18030 Charset = "GB18030" // reads GBK, CP936 and GB2312 as well
	UTF16LE Charset = "UTF-16LE"
	UTF16BE Charset = "UTF-16BE"
	Big5    Charset = "Big5" // never detected, only declared: it cannot be told from GBK
	Latin1  Charset = "Windows-1252"
)

// ErrUnknown says that bytes are text in none of the encodings that are detected.
var ErrUnknown = errors.New("neither UTF-8 nor GB18030 text")

// Named finds the encoding behind a label such as "gbk", "CP936", "65001" or
// "utf8", as .cpg files, XML declarations and people write it.
func Named(label string) (Charset, bool) {
	key := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(strings.TrimSpace(label)))
	switch strings.TrimPrefix(strings.TrimPrefix(key, "windows"), "cp") {
	case "utf8", "65001":
		return UTF8, true
	case "gbk", "gb2312", "gb18030", "936", "54936", "euccn", "ms936", "ansi936", "ldid/77":
		return GB18030, true
	case "big5", "950", "big5hkscs", "ldid/79":
		return Big5, true
	case "1252", "iso88591", "88591", "latin1", "ansi", "ansi1252", "usascii", "ascii", "ldid/87":
		return Latin1, true
	case "utf16", "utf16le":
		return UTF16LE, true
	case "utf16be":
		return UTF16BE, true
	}
	return "", false
}

// Detect reads all of r once and returns the encoding and the length of the byte
// order mark. UTF-8 is preferred wherever the bytes allow it. It returns
// ErrUnknown for bytes that are neither, and any error of r.
func Detect(r io.Reader) (c Charset, mark int, err error) {
	head := make([]byte, 3)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return "", 0, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return UTF8, 3, nil
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return UTF16LE, 2, nil
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return UTF16BE, 2, nil
	}
	var s Sniffer
	s.Write(head)
	if _, err := io.Copy(&s, r); err != nil {
		return "", 0, err
	}
	c, ok := s.Charset()
	if !ok {
		return "", 0, ErrUnknown
	}
	return c, 0, nil
}

// Sniffer watches bytes go by and says what they can be. The zero value is ready.
type Sniffer struct {
	NonASCII bool // a byte above 0x7F was seen

	notUTF8, notGB bool
	runes          bool   // a whole rune of several bytes was seen
	utf8Tail       []byte // start of a rune that the next Write continues
	gb             gbState
}

// Write implements io.Writer and never fails.
func (s *Sniffer) Write(p []byte) (int, error) {
	if !s.NonASCII {
		i := firstNonASCII(p)
		if i < 0 {
			return len(p), nil
		}
		s.NonASCII = true
		s.scan(p[i:])
		return len(p), nil
	}
	s.scan(p)
	return len(p), nil
}

// Dead reports that what was seen fits no encoding any more.
func (s *Sniffer) Dead() bool { return s.notUTF8 && s.notGB }

// Charset is the encoding all bytes so far agree with, UTF-8 first. A text in
// UTF-8 that ends within a character is cut off, and not GB18030.
func (s *Sniffer) Charset() (Charset, bool) {
	switch {
	case !s.notUTF8 && len(s.utf8Tail) == 0:
		return UTF8, true
	case !s.notUTF8 && s.runes:
		return "", false
	case !s.notGB && s.gb == gbStart:
		return GB18030, true
	}
	return "", false
}

func (s *Sniffer) scan(p []byte) {
	if !s.notUTF8 {
		s.scanUTF8(p)
	}
	if !s.notGB {
		s.scanGB(p)
	}
}

func (s *Sniffer) scanUTF8(p []byte) {
	if len(s.utf8Tail) > 0 {
		for len(p) > 0 && !utf8.FullRune(s.utf8Tail) {
			s.utf8Tail, p = append(s.utf8Tail, p[0]), p[1:]
		}
		if !utf8.FullRune(s.utf8Tail) {
			return
		}
		if !utf8.Valid(s.utf8Tail) {
			s.notUTF8 = true
			return
		}
		s.utf8Tail = s.utf8Tail[:0]
		s.runes = true
	}
	whole := len(p) - incompleteUTF8(p)
	s.utf8Tail = append(s.utf8Tail, p[whole:]...)
	s.notUTF8 = !utf8.Valid(p[:whole])
	s.runes = s.runes || firstNonASCII(p[:whole]) >= 0
}

// incompleteUTF8 is the length of a started but unfinished rune at the end.
func incompleteUTF8(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if b := p[len(p)-n]; utf8.RuneStart(b) {
			if !utf8.FullRune(p[len(p)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// gbState is where in a GB18030 character of one, two or four bytes we are.
type gbState byte

const (
	gbStart gbState = iota
	gbSecond
	gbThird
	gbFourth
)

func (s *Sniffer) scanGB(p []byte) {
	for _, b := range p {
		switch s.gb {
		case gbStart:
			if b >= 0x81 && b <= 0xFE {
				s.gb = gbSecond
			} else if b > 0x80 {
				s.notGB = true
				return
			}
		case gbSecond:
			switch {
			case b >= 0x30 && b <= 0x39:
				s.gb = gbThird
			case b >= 0x40 && b <= 0xFE && b != 0x7F:
				s.gb = gbStart
			default:
				s.notGB = true
				return
			}
		case gbThird:
			if b < 0x81 || b > 0xFE {
				s.notGB = true
				return
			}
			s.gb = gbFourth
		case gbFourth:
			if b < 0x30 || b > 0x39 {
				s.notGB = true
				return
			}
			s.gb = gbStart
		}
	}
}

func firstNonASCII(p []byte) int {
	for i, b := range p {
		if b >= utf8.RuneSelf {
			return i
		}
	}
	return -1
}

// NewReader reads r, written in c and without byte order mark, as UTF-8.
// What cannot be decoded becomes U+FFFD.
func (c Charset) NewReader(r io.Reader) io.Reader {
	if e := c.encoding(); e != nil {
		return transform.NewReader(r, e.NewDecoder())
	}
	return r
}

// String decodes b. A character cut off at the end, as in fixed-width fields, is
// dropped; ok is false when something else could not be decoded.
func (c Charset) String(b []byte) (text string, ok bool) {
	if c == UTF8 || c == "" {
		b = b[:len(b)-incompleteUTF8(b)]
		return strings.ToValidUTF8(string(b), "\uFFFD"), utf8.Valid(b)
	}
	if firstNonASCII(b) < 0 && c != UTF16LE && c != UTF16BE {
		return string(b), true
	}
	if c == GB18030 || c == Big5 {
		b = b[:len(b)-cutLead(b)]
	}
	out, err := c.encoding().NewDecoder().Bytes(b)
	text = string(out)
	return text, err == nil && !strings.ContainsRune(text, utf8.RuneError)
}

// cutLead is 1 when b ends with the first byte of a two-byte character.
func cutLead(b []byte) int {
	for i := 0; i < len(b); i++ {
		if b[i] < 0x81 {
			continue
		}
		if i+1 == len(b) {
			return 1
		}
		i++
	}
	return 0
}

func (c Charset) encoding() encoding.Encoding {
	switch c {
	case GB18030:
		return simplifiedchinese.GB18030
	case Big5:
		return traditionalchinese.Big5
	case Latin1:
		return charmap.Windows1252
	case UTF16LE:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case UTF16BE:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}
