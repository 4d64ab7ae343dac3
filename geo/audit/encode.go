package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf16"
)

// A Hash is the value of a link.
type Hash [sha256.Size]byte

// MarshalText writes lower-case hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// String is the same.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// UnmarshalText reads them.
func (h *Hash) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(h) {
		return fmt.Errorf("hash %q: want %d hexadecimal digits", text, 2*len(h))
	}
	copy(h[:], raw)
	return nil
}

// link is the hash of the link with a number: of the one before and the row.
func link(before Hash, seq int64, row []byte) Hash {
	h := sha256.New()
	h.Write(before[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(seq)))
	h.Write(row)
	return Hash(h.Sum(nil))
}

// encode is the row as bytes, the same for the same row and different for any
// other: a label with the version of this encoding, id and time (microseconds
// since 1970, UTC) as eight bytes each, then every text with its length before
// it, the detail as canonical JSON.
func (r Row) encode() ([]byte, error) {
	detail, err := canonical(r.Detail)
	if err != nil {
		return nil, fmt.Errorf("detail of audit row %d: %w", r.ID, err)
	}
	b := []byte("wangge audit row 1\n")
	b = binary.BigEndian.AppendUint64(b, uint64(r.ID))
	b = binary.BigEndian.AppendUint64(b, uint64(r.At.UnixMicro()))
	for _, field := range [][]byte{[]byte(r.Actor), []byte(r.Action), []byte(r.Subject), []byte(r.SubjectID), detail} {
		b = appendField(b, field)
	}
	return b, nil
}

func appendField(b, field []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(field))), field...)
}

// canonical writes JSON as RFC 8785 does (members sorted by UTF-16 units, no
// white space, least escapes), but for numbers: they stay as PostgreSQL writes a
// numeric, digit by digit, where RFC 8785 would round them to a double and could
// not tell two large ones apart.
func canonical(text []byte) ([]byte, error) {
	value, err := decode(text)
	if err != nil {
		return nil, err
	}
	return appendValue(nil, value)
}

func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON value")
	}
	return value, nil
}

func appendValue(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case json.Number:
		return append(b, v...), nil
	case string:
		return appendString(b, v), nil
	case []any:
		return appendList(b, v)
	case map[string]any:
		return appendObject(b, v)
	}
	return nil, fmt.Errorf("%T is no JSON value", value)
}

func appendList(b []byte, list []any) (_ []byte, err error) {
	b = append(b, '[')
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, item); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, object map[string]any) (_ []byte, err error) {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(x, y string) int {
		return slices.Compare(utf16.Encode([]rune(x)), utf16.Encode([]rune(y)))
	})
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, key), ':')
		if b, err = appendValue(b, object[key]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendString escapes what RFC 8785, 3.2.2.2 says, and nothing else.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= 0x20:
			b = append(b, c)
		default:
			b = append(b, control(c)...)
		}
	}
	return append(b, '"')
}

func control(c byte) string {
	switch c {
	case '\b':
		return `\b`
	case '\t':
		return `\t`
	case '\n':
		return `\n`
	case '\f':
		return `\f`
	case '\r':
		return `\r`
	}
	return fmt.Sprintf(`\u%04x`, c)
}
