package mvt

import (
	"encoding/binary"
	"math"
	"slices"
)

// Value is a property in the form in which a tile carries it. The zero Value
// means that the feature has no such property.
type Value struct{ encoded string }

// String returns a text value.
func String(s string) Value {
	b := append([]byte{0x0a}, binary.AppendUvarint(nil, uint64(len(s)))...)
	return wrap(append(b, s...))
}

// Int returns a whole number.
func Int(v int64) Value {
	if v >= 0 {
		return wrap(binary.AppendUvarint([]byte{0x28}, uint64(v))) // uint_value
	}
	return wrap(binary.AppendUvarint([]byte{0x30}, uint64(v<<1)^uint64(v>>63))) // sint_value
}

// Float returns a double.
func Float(v float64) Value {
	return wrap(binary.LittleEndian.AppendUint64([]byte{0x19}, math.Float64bits(v)))
}

// Bool returns a truth value.
func Bool(v bool) Value {
	if v {
		return wrap([]byte{0x38, 1})
	}
	return wrap([]byte{0x38, 0})
}

// wrap puts the value behind its field number and length in the layer.
func wrap(b []byte) Value {
	return Value{string(append(binary.AppendUvarint([]byte{0x22}, uint64(len(b))), b...))}
}

// Column is one property of a table.
type Column struct {
	Name string
	// Unique says that hardly two features share a value: such values are written
	// per feature and not looked up.
	Unique bool
	// Face says in which tiles the column stands. Columns of different faces may
	// have the same name.
	Face Face
}

// Table holds the properties of many features, encoded once. A table is made by
// adding rows; afterwards it is only read.
type Table struct {
	columns []Column
	encoded []string // keys behind their field number and length
	keys    []int    // for each column the first one with its name
	cells   []uint32 // row-major; 0 = none, else 1 + number in offsets, or 1 + offset of a unique value
	shared  []string // values that features share, encoded
	unique  []byte   // the other ones, one after the other
	// numbers finds a shared value. Tables that descend from each other share it,
	// and only the newest one adds to it.
	numbers map[string]uint32
}

// NewTable returns an empty table.
func NewTable(columns ...Column) *Table {
	t := &Table{columns: columns, numbers: map[string]uint32{}}
	for _, c := range columns {
		key := binary.AppendUvarint([]byte{0x1a}, uint64(len(c.Name)))
		t.encoded = append(t.encoded, string(append(key, c.Name...)))
		t.keys = append(t.keys, slices.IndexFunc(columns, func(other Column) bool { return other.Name == c.Name }))
	}
	return t
}

// Columns are the properties of the table, in order.
func (t *Table) Columns() []Column { return t.columns }

// Len is the number of rows.
func (t *Table) Len() int {
	if len(t.columns) == 0 {
		return 0
	}
	return len(t.cells) / len(t.columns)
}

// Add appends a row, one value per column, and returns its number. Columns
// without a value at the end may be left out.
func (t *Table) Add(values ...Value) int {
	row := t.Len()
	for i, column := range t.columns {
		switch {
		case i >= len(values) || values[i].encoded == "":
			t.cells = append(t.cells, 0)
		case column.Unique:
			t.cells = append(t.cells, uint32(len(t.unique))+1)
			t.unique = append(t.unique, values[i].encoded...)
		default:
			t.cells = append(t.cells, t.number(values[i])+1)
		}
	}
	return row
}

// Intern is the cell of a value that features share, for a Selection.
func (t *Table) Intern(v Value) uint32 { return t.number(v) + 1 }

func (t *Table) number(v Value) uint32 {
	n, known := t.numbers[v.encoded]
	if !known {
		n = uint32(len(t.shared))
		t.numbers[v.encoded] = n
		t.shared = append(t.shared, v.encoded)
	}
	return n
}

// Same reports whether a row of t and a row of other, a table with the same
// columns, have the same values.
func (t *Table) Same(row int, other *Table, otherRow int) bool {
	for c := range t.columns {
		if t.at(row, c) != other.at(otherRow, c) {
			return false
		}
	}
	return true
}

// Value is the value of a cell, for another row.
func (t *Table) Value(row, column int) Value { return Value{t.at(row, column)} }

// at is the encoded value of a cell, "" for none.
func (t *Table) at(row, column int) string {
	cell := t.cells[row*len(t.columns)+column]
	switch {
	case cell == 0:
		return ""
	case t.columns[column].Unique:
		return string(t.uniqueAt(cell))
	}
	return t.shared[cell-1]
}

// uniqueAt is the value behind a cell of a unique column: it carries its own length.
func (t *Table) uniqueAt(cell uint32) []byte {
	b := t.unique[cell-1:]
	if b[1] < 0x80 {
		return b[:2+int(b[1])]
	}
	n, size := binary.Uvarint(b[1:])
	return b[:1+size+int(n)]
}

// Size is about the memory of the table in bytes.
func (t *Table) Size() int64 {
	n := int64(cap(t.cells)*4 + cap(t.unique))
	for _, v := range t.shared {
		n += int64(len(v)) + 64
	}
	return n
}

// With returns the table with some rows changed. t stays as it is; only the
// newest table may be changed again.
func (t *Table) With(rows map[int][]Value) *Table {
	next := *t
	next.cells = append([]uint32(nil), t.cells...)
	for row, values := range rows {
		end := len(next.cells)
		next.Add(values...)
		copy(next.cells[row*len(t.columns):], next.cells[end:])
		next.cells = next.cells[:end]
	}
	return &next
}
