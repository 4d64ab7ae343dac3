package charset

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const sample = "编号,小区\n1,康桥镇𠮷祥苑é\n"

func encoded(t testing.TB, c Charset, text string) []byte {
	t.Helper()
	if c == UTF8 {
		return []byte(text)
	}
	b, err := c.encoding().NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDetect(t *testing.T) {
	tests := []struct {
		name string
		text []byte
		want Charset
		mark int
		err  error
	}{
		{"nothing", nil, UTF8, 0, nil},
		{"one letter", []byte("a"), UTF8, 0, nil},
		{"ASCII", []byte("id,name\n"), UTF8, 0, nil},
		{"UTF-8", []byte(sample), UTF8, 0, nil},
		{"UTF-8 with mark", append([]byte("\xef\xbb\xbf"), sample...), UTF8, 3, nil},
		{"GB18030", encoded(t, GB18030, sample), GB18030, 0, nil},
		{"UTF-16LE", append([]byte("\xff\xfe"), encoded(t, UTF16LE, sample)...), UTF16LE, 2, nil},
		{"UTF-16BE", append([]byte("\xfe\xff"), encoded(t, UTF16BE, sample)...), UTF16BE, 2, nil},
		{"UTF-8 cut within a character", []byte(sample[:len("编号,小区\n1,康")+1]), "", 0, ErrUnknown},
		{"GB18030 cut within a character", encoded(t, GB18030, "康桥镇网格")[:9], "", 0, ErrUnknown},
		{"neither", []byte("康桥\xff\xff"), "", 0, ErrUnknown},
	}
	for _, tt := range tests {
		for way, r := range map[string]io.Reader{"at once": bytes.NewReader(tt.text), "byte by byte": iotest.OneByteReader(bytes.NewReader(tt.text))} {
			got, mark, err := Detect(r)
			if got != tt.want || mark != tt.mark || !errors.Is(err, tt.err) {
				t.Errorf("%s, %s: got %q, %d, %v; want %q, %d, %v", tt.name, way, got, mark, err, tt.want, tt.mark, tt.err)
			}
		}
	}
}

func TestDetectReturnsTheErrorOfItsSource(t *testing.T) {
	boom := errors.New("boom")
	if _, _, err := Detect(io.MultiReader(strings.NewReader("abcd"), iotest.ErrReader(boom))); !errors.Is(err, boom) {
		t.Errorf("got %v, want boom", err)
	}
}

func TestNewReader(t *testing.T) {
	for _, c := range []Charset{UTF8, GB18030, UTF16LE, UTF16BE} {
		got, err := io.ReadAll(c.NewReader(bytes.NewReader(encoded(t, c, sample))))
		if err != nil || string(got) != sample {
			t.Errorf("%s: got %q, %v", c, got, err)
		}
	}
}

func TestString(t *testing.T) {
	gb := encoded(t, GB18030, "康桥镇")
	tests := []struct {
		name string
		c    Charset
		in   []byte
		want string
		ok   bool
	}{
		{"UTF-8", UTF8, []byte("康桥"), "康桥", true},
		{"UTF-8 cut", UTF8, []byte("康桥")[:5], "康", true},
		{"UTF-8 broken inside", UTF8, []byte("a\xffb"), "a\ufffdb", false},
		{"GBK", GB18030, gb, "康桥镇", true},
		{"GBK cut", GB18030, gb[:5], "康桥", true},
		{"GBK broken inside", GB18030, []byte("a\xff\xffb"), "a\ufffd\ufffdb", false},
		{"Latin", Latin1, []byte("caf\xe9"), "café", true},
		{"ASCII in anything", Big5, []byte("abc"), "abc", true},
		{"nothing", GB18030, nil, "", true},
	}
	for _, tt := range tests {
		if got, ok := tt.c.String(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %q, %t; want %q, %t", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestNamed(t *testing.T) {
	for label, want := range map[string]Charset{
		"utf-8": UTF8, " UTF8\r\n": UTF8, "65001": UTF8, "GBK": GB18030, "cp936": GB18030, "GB 2312": GB18030, "windows-936": GB18030, "gb18030": GB18030,
		"Big5": Big5, "950": Big5, "ISO-8859-1": Latin1, "windows-1252": Latin1, "KLINGON": "", "": "",
	} {
		if got, ok := Named(label); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %t; want %q", label, got, ok, want)
		}
	}
}

func FuzzDetect(f *testing.F) {
	f.Add([]byte(sample))
	f.Add(encoded(f, GB18030, sample))
	f.Fuzz(func(t *testing.T, text []byte) {
		once, mark, err := Detect(bytes.NewReader(text))
		again, markAgain, errAgain := Detect(iotest.OneByteReader(bytes.NewReader(text)))
		if once != again || mark != markAgain || !errors.Is(err, errAgain) {
			t.Errorf("%q: at once %s, %v; byte by byte %s, %v", text, once, err, again, errAgain)
		}
		if err == nil && mark == 0 && once == UTF8 && !bytes.Equal(text, bytes.ToValidUTF8(text, nil)) {
			t.Errorf("%q is taken for UTF-8", text)
		}
	})
}
