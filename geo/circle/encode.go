package circle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"wangge/geo/cell"
	"wangge/geo/walk"
)

// # Results as bytes
//
// Numbers are unsigned varints (encoding/binary) unless said otherwise.
//
// Households of a walk and a lowest unit: version, n, n ids (the first signed, then
// the steps), and for each household either 0 and its reason, or mm + 1 to the nearest
// source, its number, and, in runs that keep several, how many more there are and for
// each the step in mm and its number.
//
// Cells of a column and a resolution: version, n, and for each cell the step from the
// one before, households, covered, and its median seconds + 1, 0 if there is none.

const encoding = 1

var errDamaged = errors.New("stored results of a service circle are damaged")

// encodeHouseholds packs households of a walk, which are in the order of their ids, with
// up to k sources each.
func (m *making) encodeHouseholds(w *walked, rows []int32) []byte {
	b := make([]byte, 0, 8+6*len(rows))
	b = append(b, encoding)
	b = binary.AppendUvarint(b, uint64(len(rows)))
	var last int64
	for i, h := range rows {
		id := m.crowd.id[h]
		if i == 0 {
			b = binary.AppendVarint(b, id)
		} else {
			b = binary.AppendUvarint(b, uint64(id-last))
		}
		last = id
	}
	for _, h := range rows {
		if w.mm[h] == walk.Never {
			b = append(b, 0, byte(w.reason[h]))
			continue
		}
		b = binary.AppendUvarint(b, uint64(w.mm[h])+1)
		b = binary.AppendUvarint(b, uint64(w.source[h]))
		if m.params.K > 1 {
			b = m.encodeMore(b, w, h)
		}
	}
	return b
}

// encodeMore adds the further ones of the k nearest sources.
func (m *making) encodeMore(b []byte, w *walked, h int32) []byte {
	source, mm := w.pairs.Row(int(h))
	more := max(0, min(len(source), m.params.K)-1)
	b = binary.AppendUvarint(b, uint64(more))
	for i := 1; i <= more; i++ {
		b = binary.AppendUvarint(b, uint64(mm[i]-mm[i-1]))
		b = binary.AppendUvarint(b, uint64(source[i]))
	}
	return b
}

// packed is the result of one household as it is stored.
type packed struct {
	id     int64
	reason reason
	near   []reachedSource // the nearest first; none when it reaches nothing
}

type reachedSource struct {
	mm     uint32
	source int
}

// decodeHouseholds reads them back; several says that the run keeps more than one.
func decodeHouseholds(body []byte, several bool) ([]packed, error) {
	r := reader{rest: body}
	if v := r.byte(); v != encoding {
		return nil, fmt.Errorf("%w: version %d", errDamaged, v)
	}
	n := r.count(2)
	list := make([]packed, n)
	for i := range list {
		if i == 0 {
			list[i].id = r.signed()
		} else {
			list[i].id = list[i-1].id + int64(r.unsigned())
		}
	}
	for i := range list {
		mm := r.unsigned()
		if mm == 0 {
			list[i].reason = reason(min(r.byte(), byte(reasons-1)))
			continue
		}
		list[i].near = append(list[i].near, reachedSource{uint32(mm - 1), int(r.unsigned())})
		if !several {
			continue
		}
		for range r.count(2) {
			mm += r.unsigned()
			list[i].near = append(list[i].near, reachedSource{uint32(mm - 1), int(r.unsigned())})
		}
	}
	return list, r.end()
}

// encodeCells packs cells, which are in order.
func encodeCells(rows []CellRow) []byte {
	b := append([]byte{}, encoding)
	b = binary.AppendUvarint(b, uint64(len(rows)))
	var last cell.Cell
	for _, row := range rows {
		b = binary.AppendUvarint(b, uint64(row.Cell-last))
		b = binary.AppendUvarint(b, uint64(row.Households))
		b = binary.AppendUvarint(b, uint64(row.Covered))
		var seconds uint64
		if row.Minutes != nil {
			seconds = uint64(math.Round(*row.Minutes*60)) + 1
		}
		b = binary.AppendUvarint(b, seconds)
		last = row.Cell
	}
	return b
}

func decodeCells(body []byte, column, resolution int, rounded bool) ([]CellRow, error) {
	r := reader{rest: body}
	if v := r.byte(); v != encoding {
		return nil, fmt.Errorf("%w: version %d", errDamaged, v)
	}
	list := make([]CellRow, r.count(4))
	var last cell.Cell
	for i := range list {
		last += cell.Cell(r.unsigned())
		row := CellRow{Column: column, Cell: last, Name: last.String(), Resolution: resolution, Rounded: rounded,
			Households: int64(r.unsigned()), Covered: int64(r.unsigned())}
		if seconds := r.unsigned(); seconds > 0 {
			row.Minutes = value(float64(seconds-1) / 60)
		}
		list[i] = row
	}
	return list, r.end()
}

// reader reads varints; after the first fault it reads zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) unsigned() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) signed() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count is how many things follow that take at least so many bytes each.
func (r *reader) count(least int) int {
	n := r.unsigned()
	if n > uint64(len(r.rest)/least) {
		r.bad, r.rest = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) end() error {
	if r.bad || len(r.rest) > 0 {
		return errDamaged
	}
	return nil
}
