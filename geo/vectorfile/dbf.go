package vectorfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"wangge/geo/vectorfile/charset"
)

// table reads the rows of a .dbf beside the shapes. A nil table has no rows.
type table struct {
	rd      *reader
	member  member
	packed  io.ReadCloser
	in      *bufio.Reader
	layout  layout
	record  []byte
	read    int // rows
	missing int // shapes without a row
	deleted int
	charset charset.Charset
}

// layout is the description of a table at its beginning.
type layout struct {
	rows     int // claimed, not trusted
	size     int // of a row, in bytes
	language byte
	columns  []column
}

type column struct {
	name string
	kind byte // C text, N F number, D date, L yes or no, M memo, I integer
	from int
	size int
}

// openTable opens the .dbf of a layer and decides its encoding.
func (rd *reader) openTable(shp member, beside map[string]member) (*table, error) {
	m, ok := beside[".dbf"]
	if !ok {
		rd.note(shp.name, CodeFields, "There is no .dbf; the shapes have no codes and names.")
		return nil, nil
	}
	declared := ""
	if cpg, ok := beside[".cpg"]; ok {
		text, err := rd.smallText(cpg)
		if err != nil {
			return nil, err
		}
		declared = text
	}
	t := &table{rd: rd, member: m}
	if err := t.decideCharset(declared); err != nil {
		return nil, err
	}
	if err := t.open(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *table) close() {
	if t != nil && t.packed != nil {
		t.packed.Close()
	}
}

// languages are the code page bytes of the .dbf header that matter here.
var languages = map[byte]charset.Charset{
	0x03: charset.Latin1, 0x57: charset.Latin1,
	0x4D: charset.GB18030, 0x7A: charset.GB18030,
	0x4F: charset.Big5, 0x78: charset.Big5,
}

// decideCharset reads the table once. What the bytes can be is stronger than
// what is declared, except that GBK and Big5 cannot be told apart; a Western
// code page is what programs write when they do not know.
func (t *table) decideCharset(declared string) error {
	var watch tableSniffer
	err := t.rd.readMember(t.member, func(r io.Reader) error {
		in := bufio.NewReader(r)
		l, err := t.header(in)
		if err != nil {
			return err
		}
		watch.table(l, in)
		return nil
	})
	if err != nil {
		return err
	}
	claim, known := charset.Named(declared)
	if !known {
		claim, known = languages[watch.language], languages[watch.language] != ""
	}
	found, readable := watch.charset()
	switch {
	case !watch.nonASCII:
		t.charset = charset.UTF8
	case known && claim != charset.Latin1 && claim != charset.UTF8 && found != charset.UTF8:
		t.charset = claim
	case readable:
		t.charset = found
	default:
		t.charset = charset.Latin1
	}
	if watch.nonASCII && t.charset != claim {
		said := "Nothing says"
		if declared != "" {
			said = fmt.Sprintf("The .cpg says %.40q, which does not fit", declared)
		}
		t.rd.note(t.member.name, CodeCharset, fmt.Sprintf("%s in which encoding the attributes are written; they were read as %s. Look at the names.", said, t.charset))
	}
	return nil
}

// tableSniffer watches the text columns of a table.
type tableSniffer struct {
	language       byte
	nonASCII       bool
	notUTF8, notGB bool
}

func (w *tableSniffer) charset() (charset.Charset, bool) {
	switch {
	case !w.notUTF8:
		return charset.UTF8, true
	case !w.notGB:
		return charset.GB18030, true
	}
	return "", false
}

func (w *tableSniffer) see(value []byte) {
	for _, b := range value {
		if b >= 0x80 {
			w.nonASCII = true
			if _, ok := charset.UTF8.String(value); !ok {
				w.notUTF8 = true
			}
			if _, ok := charset.GB18030.String(value); !ok {
				w.notGB = true
			}
			return
		}
	}
}

// table watches all rows; an early end is reported by the reading itself.
func (w *tableSniffer) table(l layout, in io.Reader) {
	w.language = l.language
	for _, c := range l.columns {
		w.see([]byte(c.name))
	}
	for row := make([]byte, l.size); ; {
		if _, err := io.ReadFull(in, row); err != nil {
			return
		}
		for _, c := range l.columns {
			if c.kind == 'C' {
				w.see(trimField(row[c.from : c.from+c.size]))
			}
		}
	}
}

// trimField drops padding. Only ASCII is trimmed: two bytes of GBK may look like
// a space of Unicode.
func trimField(value []byte) []byte {
	if i := bytes.IndexByte(value, 0); i >= 0 {
		value = value[:i]
	}
	return bytes.Trim(value, " \t\r\n")
}

// open begins the reading of rows.
func (t *table) open() error {
	packed, err := t.member.Open()
	if err != nil {
		return damagedZip(err)
	}
	t.packed = packed
	t.in = bufio.NewReader(&unpacker{rd: t.rd, r: packed, packed: int64(t.member.CompressedSize64), name: t.member.name})
	if t.layout, err = t.header(t.in); err != nil {
		return err
	}
	t.record = make([]byte, t.layout.size)
	for i, c := range t.layout.columns {
		name, _ := t.charset.String([]byte(c.name))
		t.layout.columns[i].name = strings.TrimSpace(name)
	}
	return nil
}

func (t *table) damaged(what string) error {
	return ErrDamaged.Saying(fmt.Sprintf("%q: %s.", t.member.name, what))
}

// header reads the description of the columns.
func (t *table) header(in io.Reader) (l layout, err error) {
	var head [32]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return l, cutOff(err, t.member.name, "its header")
	}
	l.rows = int(binary.LittleEndian.Uint32(head[4:]))
	l.size = int(binary.LittleEndian.Uint16(head[10:]))
	l.language = head[29]
	size := int(binary.LittleEndian.Uint16(head[8:]))
	if size < 33 || l.size < 1 {
		return l, t.damaged("the header makes no sense")
	}
	rest := make([]byte, size-32)
	if _, err := io.ReadFull(in, rest); err != nil {
		return l, cutOff(err, t.member.name, "its header")
	}
	from := 1 // the first byte of a row marks it as deleted
	for ; len(rest) >= 32 && rest[0] != 0x0D; rest = rest[32:] {
		c := column{name: string(trimField(rest[:11])), kind: rest[11], from: from, size: int(rest[16])}
		if c.kind == 'C' {
			c.size += int(rest[17]) << 8 // long texts, as Clipper and FoxPro write them
		}
		if from += c.size; from > l.size {
			return l, t.damaged(fmt.Sprintf("its columns need %d bytes or more, a row has %d", from, l.size))
		}
		l.columns = append(l.columns, c)
	}
	return l, nil
}

// next reads the row of the next shape.
func (t *table) next() (row map[string]string, deleted bool, err error) {
	if t == nil {
		return nil, false, nil
	}
	if t.read >= t.layout.rows {
		t.missing++
		return nil, false, nil
	}
	t.read++
	if _, err := io.ReadFull(t.in, t.record); err != nil {
		return nil, false, cutOff(err, t.member.name, fmt.Sprintf("row %d", t.read))
	}
	if t.record[0] == '*' {
		t.deleted++
		return nil, true, nil
	}
	row = make(map[string]string, len(t.layout.columns))
	for _, c := range t.layout.columns {
		if c.name == "" {
			continue
		}
		row[c.name] = t.value(c)
		if err := t.rd.field(c.name); err != nil {
			return nil, false, err
		}
	}
	return row, false, nil
}

// value is the text of a cell; what was too wide for its column is "".
func (t *table) value(c column) string {
	raw := t.record[c.from : c.from+c.size]
	switch c.kind {
	case 'I':
		if len(raw) == 4 {
			return fmt.Sprint(int32(binary.LittleEndian.Uint32(raw)))
		}
	case 'M', 'B', 'G', 'P':
		return "" // lies in another file
	}
	raw = trimField(raw)
	if bytes.Trim(raw, "*") == nil && len(raw) > 0 && c.kind != 'C' {
		return ""
	}
	switch {
	case c.kind == 'D' && len(raw) == 8:
		return string(raw[:4]) + "-" + string(raw[4:6]) + "-" + string(raw[6:])
	case c.kind == 'L' && len(raw) == 1:
		switch raw[0] {
		case 'T', 't', 'Y', 'y':
			return "true"
		case 'F', 'f', 'N', 'n':
			return "false"
		}
		return ""
	}
	text, _ := t.charset.String(raw)
	return strings.TrimSpace(text)
}

// finish notes what did not fit between shapes and rows.
func (t *table) finish(shp string) {
	if t == nil {
		return
	}
	if t.missing > 0 {
		t.rd.note(shp, CodeFields, fmt.Sprintf("The .dbf has no row for the last %d shapes; they have no codes and names.", t.missing))
	}
	if more := t.layout.rows - t.read; more > 0 {
		t.rd.note(shp, CodeFields, fmt.Sprintf("The .dbf has %d rows more than there are shapes; they were left out.", more))
	}
	if t.deleted > 0 {
		t.rd.note(shp, CodeSkipped, fmt.Sprintf("%d records are marked as deleted and were left out.", t.deleted))
	}
}
