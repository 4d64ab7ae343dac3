package network

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"
	"google.golang.org/protobuf/encoding/protowire"

	"wangge/geo/fault"
)

// Faults of reading an extract.
var (
	ErrFormat  = fault.New(fault.Malformed, "osm_format", "This is no OpenStreetMap extract in .osm.pbf format.")
	ErrDamaged = fault.New(fault.Malformed, "osm_damaged", "The OpenStreetMap extract is damaged or incomplete; download it again.")
	ErrEmpty   = fault.New(fault.Invalid, "osm_empty", "The OpenStreetMap extract has nothing that belongs on the map.")
	ErrLevel   = fault.New(fault.Invalid, "boundary_level", "National and provincial boundaries are not taken from OpenStreetMap; ask for admin levels 5 to 12.")
)

// Sizes that the format allows, in bytes.
const (
	maxHeader = 64 << 10
	maxBlock  = 32 << 20
)

// inspect walks a whole extract before it is decoded. The decoder trusts every
// index and length in the file and runs in goroutines of its own, so that a
// damaged file would end the program; what passes here cannot do that. It also
// bounds what a block may unpack to.
func inspect(ctx context.Context, r io.Reader) error {
	in := inspector{unpacked: bytes.NewBuffer(nil)}
	for offset := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		size, err := in.block(r, offset == 0)
		if errors.Is(err, io.EOF) && offset > 0 {
			return nil
		}
		if err != nil {
			return at(offset, err)
		}
		offset += size
	}
}

func at(offset int64, err error) error {
	place := fault.Place{Pointer: fmt.Sprintf("byte %d", offset), Code: "osm_block", Detail: err.Error()}
	switch {
	case errors.Is(err, errNotPBF), offset == 0 && errors.Is(err, io.EOF):
		return ErrFormat.With(place)
	case errors.Is(err, errBroken), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrDamaged.With(place)
	}
	return err
}

var (
	errNotPBF = errors.New("not an OSM PBF block")
	errBroken = errors.New("broken block")
)

func broken(what string) error { return fmt.Errorf("%w: %s", errBroken, what) }

type inspector struct {
	packed   []byte
	unpacked *bytes.Buffer
	strings  int // in the block's table
}

// block checks one block and returns its length in the file; io.EOF at the end.
func (in *inspector) block(r io.Reader, first bool) (int64, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		if first && errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, errNotPBF
		}
		return 0, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n == 0 || n >= maxHeader {
		if first {
			return 0, errNotPBF
		}
		return 0, broken("length of a header")
	}
	kind, size, err := in.header(r, int(n))
	if err != nil {
		if first {
			return 0, fmt.Errorf("%w: %v", errNotPBF, err)
		}
		return 0, err
	}
	want := "OSMData"
	if first {
		want = "OSMHeader"
	}
	if kind != want {
		if first {
			return 0, errNotPBF
		}
		return 0, broken(fmt.Sprintf("%q where data belongs", kind))
	}
	if err := in.blob(r, size); err != nil {
		return 0, err
	}
	if !first {
		if err := in.primitives(in.unpacked.Bytes()); err != nil {
			return 0, err
		}
	}
	return int64(4 + int(n) + size), nil
}

func (in *inspector) read(r io.Reader, n int) ([]byte, error) {
	if cap(in.packed) < n {
		in.packed = make([]byte, n)
	}
	in.packed = in.packed[:n]
	if _, err := io.ReadFull(r, in.packed); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return in.packed, nil
}

func (in *inspector) header(r io.Reader, n int) (kind string, size int, err error) {
	b, err := in.read(r, n)
	if err != nil {
		return "", 0, err
	}
	err = fields(b, func(f field) error {
		switch f.number {
		case 1:
			kind = string(f.bytes)
		case 3:
			size = int(int32(f.value))
		}
		return nil
	})
	if err == nil && (size <= 0 || size >= maxBlock) {
		err = broken("size of a block")
	}
	return kind, size, err
}

// blob unpacks a block.
func (in *inspector) blob(r io.Reader, size int) error {
	b, err := in.read(r, size)
	if err != nil {
		return err
	}
	var raw, packed []byte
	var unpackedSize int
	var other string
	err = fields(b, func(f field) error {
		switch f.number {
		case 1:
			raw = f.bytes
		case 2:
			unpackedSize = int(int32(f.value))
		case 3:
			packed = f.bytes
		case 4, 5, 6, 7:
			other = map[protowire.Number]string{4: "LZMA", 5: "bzip2", 6: "LZ4", 7: "Zstandard"}[f.number]
		}
		return nil
	})
	in.unpacked.Reset()
	switch {
	case err != nil:
		return err
	case raw != nil:
		in.unpacked.Write(raw)
		return nil
	case packed == nil && other != "":
		return broken("compressed with " + other + "; write it again with zlib")
	case packed == nil || unpackedSize < 0 || unpackedSize > maxBlock:
		return broken("size of a block")
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return broken("compression")
	}
	defer z.Close()
	if _, err := in.unpacked.ReadFrom(io.LimitReader(z, maxBlock+1)); err != nil || in.unpacked.Len() != unpackedSize {
		return broken("compression")
	}
	return nil
}

// primitives checks a block of nodes, ways and relations.
func (in *inspector) primitives(b []byte) error {
	in.strings = 0
	tables := 0
	err := fields(b, func(f field) error {
		if f.number != 1 {
			return nil
		}
		if tables++; tables > 1 {
			return broken("two tables of strings")
		}
		return fields(f.bytes, func(s field) error {
			if s.number == 1 {
				in.strings++
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return fields(b, func(f field) error {
		if f.number != 2 {
			return nil
		}
		return fields(f.bytes, in.element)
	})
}

func (in *inspector) element(f field) error {
	switch f.number {
	case 1:
		return broken("plain nodes; write it again with dense nodes (osmium cat)")
	case 2:
		return in.dense(f.bytes)
	case 3:
		return in.way(f.bytes)
	case 4:
		return in.relation(f.bytes)
	}
	return nil
}

// dense checks a group of nodes: as many latitudes and longitudes as ids, and
// tags that stand in the table.
func (in *inspector) dense(b []byte) error {
	lists, err := lists(b, 1, 5, 8, 9, 10)
	if err != nil {
		return err
	}
	n := count(lists[1])
	if count(lists[8]) != n || count(lists[9]) != n {
		return broken("nodes without a place")
	}
	if lists[10] != nil {
		if err := in.keysAndValues(lists[10], n); err != nil {
			return err
		}
	}
	if lists[5] == nil {
		return nil
	}
	return in.denseInfo(lists[5], n)
}

func (in *inspector) keysAndValues(b []byte, nodes int) error {
	ended, pending := 0, false
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 || !in.inTable(int64(int32(v))) {
			return broken("tag of a node")
		}
		b = b[n:]
		switch {
		case pending:
			pending = false
		case v == 0:
			ended++
		default:
			pending = true
		}
	}
	if ended < nodes || pending {
		return broken("tags of a node")
	}
	return nil
}

func (in *inspector) denseInfo(b []byte, nodes int) error {
	info, err := lists(b, 1, 2, 3, 4, 5, 6)
	if err != nil {
		return err
	}
	for _, list := range info {
		if list != nil && count(list) != nodes {
			return broken("versions of nodes")
		}
	}
	user := int32(0)
	for users := info[5]; len(users) > 0; {
		v, n := protowire.ConsumeVarint(users)
		if n < 0 {
			return broken("user of a node")
		}
		users = users[n:]
		if user += int32(protowire.DecodeZigZag(v & 0xffffffff)); !in.inTable(int64(user)) {
			return broken("user of a node")
		}
	}
	return nil
}

func (in *inspector) way(b []byte) error {
	parts, err := lists(b, 2, 3, 4, 8, 9, 10)
	if err != nil {
		return err
	}
	for _, coordinates := range [][]byte{parts[9], parts[10]} {
		if coordinates != nil && (parts[8] == nil || count(coordinates) != count(parts[8])) {
			return broken("nodes of a way")
		}
	}
	return in.described(parts)
}

func (in *inspector) relation(b []byte) error {
	parts, err := lists(b, 2, 3, 4, 8, 9, 10)
	if err != nil {
		return err
	}
	if count(parts[8]) != count(parts[9]) || count(parts[8]) != count(parts[10]) {
		return broken("members of a relation")
	}
	if err := in.indexes(parts[8]); err != nil {
		return err
	}
	return in.described(parts)
}

// described checks the tags (2, 3) and the user (in 4) of a way or relation.
func (in *inspector) described(parts map[protowire.Number][]byte) error {
	if count(parts[2]) != count(parts[3]) {
		return broken("tags of an element")
	}
	if err := errors.Join(in.indexes(parts[2]), in.indexes(parts[3])); err != nil {
		return err
	}
	return fields(parts[4], func(f field) error {
		if f.number == 5 && (f.bytes != nil || !in.inTable(int64(uint32(f.value)))) {
			return broken("user of an element")
		}
		return nil
	})
}

func (in *inspector) indexes(b []byte) error {
	for len(b) > 0 {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 || !in.inTable(int64(int32(v))) {
			return broken("index of a string")
		}
		b = b[n:]
	}
	return nil
}

func (in *inspector) inTable(i int64) bool { return i >= 0 && i < int64(in.strings) }

// field is one field of a protocol buffer message: a number or bytes.
type field struct {
	number protowire.Number
	value  uint64
	bytes  []byte // not nil when the field has a length
}

func fields(b []byte, visit func(field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return broken("field")
		}
		b = b[n:]
		f := field{number: number}
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		case protowire.Fixed32Type, protowire.Fixed64Type:
			n = protowire.ConsumeFieldValue(number, kind, b)
		default:
			return broken("kind of a field")
		}
		if n < 0 {
			return broken("field")
		}
		b = b[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// lists collects the fields that must stand at most once and have a length.
func lists(b []byte, numbers ...protowire.Number) (map[protowire.Number][]byte, error) {
	found := make(map[protowire.Number][]byte, len(numbers))
	err := fields(b, func(f field) error {
		for _, number := range numbers {
			if f.number != number {
				continue
			}
			if f.bytes == nil || found[number] != nil {
				return broken("list")
			}
			found[number] = f.bytes
		}
		return nil
	})
	return found, err
}

// count is how many numbers stand in a packed list.
func count(b []byte) int {
	n := 0
	for _, c := range b {
		if c < 0x80 {
			n++
		}
	}
	return n
}
