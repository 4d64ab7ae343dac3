package ledger

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/cell"
)

// Tuple is one row in PostgreSQL's binary COPY format, built field by field in
// the order of the columns. Going through the driver's values instead costs
// three times as much, most of it allocation.
type Tuple struct {
	buf    []byte
	fields int
}

func (t *Tuple) size(n int) {
	t.fields++
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(n))
}

// Null appends a missing value.
func (t *Tuple) Null() {
	t.fields++
	t.buf = binary.BigEndian.AppendUint32(t.buf, math.MaxUint32)
}

// Text appends a text value.
func (t *Tuple) Text(s string) {
	t.size(len(s))
	t.buf = append(t.buf, s...)
}

// Int2 appends a smallint.
func (t *Tuple) Int2(v *int16) {
	if v == nil {
		t.Null()
		return
	}
	t.size(2)
	t.buf = binary.BigEndian.AppendUint16(t.buf, uint16(*v))
}

// Int4From2 appends an integer that was read as a small one.
func (t *Tuple) Int4From2(v *int16) {
	if v == nil {
		t.Null()
		return
	}
	t.size(4)
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(int32(*v)))
}

// Int8 appends a bigint.
func (t *Tuple) Int8(v int64) {
	t.size(8)
	t.buf = binary.BigEndian.AppendUint64(t.buf, uint64(v))
}

// Bool appends a boolean.
func (t *Tuple) Bool(v *bool) {
	if v == nil {
		t.Null()
		return
	}
	t.size(1)
	if *v {
		t.buf = append(t.buf, 1)
		return
	}
	t.buf = append(t.buf, 0)
}

// epoch is day zero of PostgreSQL's dates and instants.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Day appends a date.
func (t *Tuple) Day(d geo.Day) {
	t.size(4)
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(daysSinceEpoch(d)))
}

// DayOrNull appends a date that may be missing.
func (t *Tuple) DayOrNull(d *geo.Day) {
	if d == nil {
		t.Null()
		return
	}
	t.Day(*d)
}

func daysSinceEpoch(d geo.Day) int32 {
	start := d.Start().Add(8 * time.Hour) // midnight UTC of that date
	return int32(start.Sub(epoch) / (24 * time.Hour))
}

// Instant appends a timestamptz.
func (t *Tuple) Instant(v *time.Time) {
	if v == nil {
		t.Null()
		return
	}
	t.size(8)
	t.buf = binary.BigEndian.AppendUint64(t.buf, uint64(v.Sub(epoch).Microseconds()))
}

// Texts appends a text[].
func (t *Tuple) Texts(list []string) {
	const textOID = 25
	n := 20
	if len(list) == 0 {
		n = 12
	}
	for _, s := range list {
		n += 4 + len(s)
	}
	t.size(n)
	dimensions := uint32(min(len(list), 1))
	for _, v := range []uint32{dimensions, 0, textOID} {
		t.buf = binary.BigEndian.AppendUint32(t.buf, v)
	}
	if len(list) == 0 {
		return
	}
	t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(len(list)))
	t.buf = binary.BigEndian.AppendUint32(t.buf, 1) // arrays begin at one
	for _, s := range list {
		t.buf = binary.BigEndian.AppendUint32(t.buf, uint32(len(s)))
		t.buf = append(t.buf, s...)
	}
}

// pointBytes is the length of a point as EWKB with its reference system.
const pointBytes = 25

const (
	wkbPoint   = 1
	wkbHasSRID = 0x20000000
)

// Point appends a geometry(Point, 4326).
func (t *Tuple) Point(p *geo.Point) {
	if p == nil {
		t.Null()
		return
	}
	t.size(pointBytes)
	at := p.Degrees()
	t.buf = append(t.buf, 1) // little endian
	t.buf = binary.LittleEndian.AppendUint32(t.buf, wkbPoint|wkbHasSRID)
	t.buf = binary.LittleEndian.AppendUint32(t.buf, geo.SRID)
	t.buf = binary.LittleEndian.AppendUint64(t.buf, math.Float64bits(at[0]))
	t.buf = binary.LittleEndian.AppendUint64(t.buf, math.Float64bits(at[1]))
}

// cell appends the H3 cell of a place.
func (t *Tuple) cell(p *geo.Point) {
	if p == nil {
		t.Null()
		return
	}
	t.Int8(int64(cell.At(*p)))
}

// readPoint reads what Point wrote, as the database sends it.
func readPoint(b []byte) (geo.Point, error) {
	if len(b) != pointBytes || b[0] != 1 || binary.LittleEndian.Uint32(b[1:]) != wkbPoint|wkbHasSRID {
		return geo.Point{}, fmt.Errorf("decode point: %d bytes are none", len(b))
	}
	x := math.Float64frombits(binary.LittleEndian.Uint64(b[9:]))
	y := math.Float64frombits(binary.LittleEndian.Uint64(b[17:]))
	return geo.Snap([2]float64{x, y}), nil
}

// id appends a key of n bytes.
func (t *Tuple) id(v id, n int) {
	t.size(n)
	t.buf = append(t.buf, v[:n]...)
}

// copyStream collects rows for one COPY.
type copyStream struct {
	buf   []byte
	rows  int
	tuple Tuple // the row that was begun last
}

var copySignature = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

func newCopyStream(capacity int) *copyStream {
	return &copyStream{buf: append(make([]byte, 0, capacity+len(copySignature)), copySignature...)}
}

// begin starts a row at the end of the stream; end counts its fields. A row that
// is not ended is not sent.
func (c *copyStream) begin() *Tuple {
	c.tuple = Tuple{buf: append(c.buf, 0, 0)}
	return &c.tuple
}

func (c *copyStream) end(t *Tuple) {
	binary.BigEndian.PutUint16(t.buf[len(c.buf):], uint16(t.fields))
	c.buf = t.buf
	c.rows++
}

// sendIfAny writes the rows to a table, if there are any. The names are
// constants of this program.
func (c *copyStream) sendIfAny(ctx context.Context, tx pgx.Tx, table string, columns []string) error {
	if c.rows == 0 {
		return nil
	}
	c.buf = binary.BigEndian.AppendUint16(c.buf, math.MaxUint16)
	sql := "COPY " + table + " (" + strings.Join(columns, ", ") + ") FROM STDIN BINARY"
	if _, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(c.buf), sql); err != nil {
		return fmt.Errorf("copy into %s: %w", table, err)
	}
	return nil
}
