package network

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zlib"
	"github.com/paulmach/osm"
	"google.golang.org/protobuf/encoding/protowire"

	"wangge/geo/fault"
)

// Faults of reading an extract.
var (
	ErrFormat  = fault.New(fault.Malformed, "osm_format", "This is no OpenStreetMap extract in .osm.pbf format.")
	ErrDamaged = fault.New(fault.Malformed, "osm_damaged", "The OpenStreetMap extract is damaged or incomplete; download it again.")
	ErrHistory = fault.New(fault.Invalid, "osm_features", "The file asks for a feature that is not read here, such as the history of elements. Use an ordinary extract.")
	ErrEmpty   = fault.New(fault.Invalid, "osm_empty", "The OpenStreetMap extract has nothing that belongs on the map.")
	ErrNoAreas = fault.New(fault.Invalid, "boundary_none", "The OpenStreetMap extract has no administrative boundaries of this level.")
	ErrLevel   = fault.New(fault.Invalid, "boundary_level", "National and provincial boundaries are not taken from OpenStreetMap; ask for admin levels 5 to 12.")
)

// Sizes that the format allows, in bytes.
const (
	maxHeader = 64 << 10
	maxBlock  = 32 << 20
)

var (
	errNotPBF = errors.New("not an OSM PBF block")
	errBroken = errors.New("broken block")
)

func broken(what string) error { return fmt.Errorf("%w: %s", errBroken, what) }

// elements are visited as they stand in the file; a nil function skips its kind.
// Nodes and ways are only valid during the visit.
type elements struct {
	node     func(*osm.Node) error
	way      func(*osm.Way) error
	relation func(*osm.Relation) error
}

// decode reads an .osm.pbf block by block. The scanner of paulmach/osm is not
// used: it trusts every index and length in the file, and since it decodes in
// goroutines of its own, a damaged upload would end the program. Here whatever
// does not fit is ErrDamaged with its place.
//
// done hears of the bytes read so far.
func decode(ctx context.Context, r io.Reader, visit elements, done func(int64)) error {
	ctx, stop := context.WithCancel(ctx)
	chunks, ended := unpack(ctx, r)
	defer func() { stop(); <-ended }()
	d := decoder{visit: visit}
	for offset := int64(0); ; {
		b, more := <-chunks.ready
		if err := ctx.Err(); err != nil || !more {
			return err
		}
		if errors.Is(b.err, io.EOF) && offset > 0 {
			return nil
		}
		err := b.err
		switch {
		case err != nil:
		case offset == 0:
			err = required(b.unpacked.Bytes())
		default:
			err = d.primitives(b.unpacked.Bytes())
		}
		if err != nil {
			return at(offset, err)
		}
		offset += b.size
		chunks.free <- b
		done(offset)
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

// chunk is a block of the file, unpacked, or why it cannot be.
type chunk struct {
	unpacked bytes.Buffer
	size     int64 // in the file
	err      error
}

// chunks go round between who unpacks them and who reads them.
type chunks struct{ ready, free chan *chunk }

// unpack reads and unpacks the blocks of a file, one ahead of who reads them, until
// one is at fault, the file ends or ctx does; then it closes ended.
func unpack(ctx context.Context, r io.Reader) (b chunks, ended chan struct{}) {
	b = chunks{make(chan *chunk, 1), make(chan *chunk, 2)}
	b.free <- &chunk{}
	b.free <- &chunk{}
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		defer close(b.ready)
		u := unpacker{r: r}
		for first := true; ; first = false {
			var next *chunk
			select {
			case next = <-b.free:
			case <-ctx.Done():
				return
			}
			next.size, next.err = u.block(first, &next.unpacked)
			select {
			case b.ready <- next:
			case <-ctx.Done():
				return
			}
			if next.err != nil {
				return
			}
		}
	}()
	return b, ended
}

type unpacker struct {
	r      io.Reader
	packed []byte
}

type decoder struct {
	visit   elements
	strings []string // the block's table

	granularity, latOffset, lonOffset int64 // nanodegrees

	node osm.Node
	way  osm.Way
}

// block unpacks the next block and returns its length in the file; io.EOF at the
// end.
func (u *unpacker) block(first bool, into *bytes.Buffer) (int64, error) {
	var length [4]byte
	if _, err := io.ReadFull(u.r, length[:]); err != nil {
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
	kind, size, err := u.header(int(n))
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
	if err := u.blob(size, into); err != nil {
		return 0, err
	}
	return int64(4 + int(n) + size), nil
}

func (u *unpacker) read(n int) ([]byte, error) {
	if cap(u.packed) < n {
		u.packed = make([]byte, n)
	}
	u.packed = u.packed[:n]
	if _, err := io.ReadFull(u.r, u.packed); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return u.packed, nil
}

func (u *unpacker) header(n int) (kind string, size int, err error) {
	b, err := u.read(n)
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
func (u *unpacker) blob(size int, into *bytes.Buffer) error {
	b, err := u.read(size)
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
	into.Reset()
	switch {
	case err != nil:
		return err
	case raw != nil:
		into.Write(raw)
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
	if _, err := into.ReadFrom(io.LimitReader(z, maxBlock+1)); err != nil || into.Len() != unpackedSize {
		return broken("compression")
	}
	return nil
}

// known are the features of files that are read here.
var known = []string{"OsmSchema-V0.6", "DenseNodes"}

// required checks what the file's header asks of its reader.
func required(b []byte) error {
	return fields(b, func(f field) error {
		if f.number == 4 && !slices.Contains(known, string(f.bytes)) {
			return ErrHistory.Saying(fmt.Sprintf("It asks for %.40q.", f.bytes))
		}
		return nil
	})
}

// primitives decodes a block of nodes, ways and relations.
func (d *decoder) primitives(b []byte) error {
	d.strings = d.strings[:0]
	d.granularity, d.latOffset, d.lonOffset = 100, 0, 0
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			return fields(f.bytes, func(s field) error {
				d.strings = append(d.strings, string(s.bytes))
				return nil
			})
		case 17:
			d.granularity = int64(int32(f.value))
		case 19:
			d.latOffset = int64(f.value)
		case 20:
			d.lonOffset = int64(f.value)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return fields(b, func(f field) error {
		if f.number != 2 {
			return nil
		}
		return fields(f.bytes, d.element)
	})
}

func (d *decoder) element(f field) error {
	switch {
	case f.number == 1 && d.visit.node != nil:
		return d.plainNode(f.bytes)
	case f.number == 2 && d.visit.node != nil:
		return d.denseNodes(f.bytes)
	case f.number == 3 && d.visit.way != nil:
		return d.readWay(f.bytes)
	case f.number == 4 && d.visit.relation != nil:
		return d.readRelation(f.bytes)
	}
	return nil
}

// place is a pair of coordinates in degrees.
func (d *decoder) place(n *osm.Node, lat, lon int64) {
	n.Lat = 1e-9 * float64(d.latOffset+d.granularity*lat)
	n.Lon = 1e-9 * float64(d.lonOffset+d.granularity*lon)
}

func (d *decoder) plainNode(b []byte) error {
	var lat, lon int64
	var keys, values list
	n := &d.node
	n.Tags = n.Tags[:0]
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			n.ID = osm.NodeID(protowire.DecodeZigZag(f.value))
		case 2:
			keys = f.bytes
		case 3:
			values = f.bytes
		case 8:
			lat = protowire.DecodeZigZag(f.value)
		case 9:
			lon = protowire.DecodeZigZag(f.value)
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.place(n, lat, lon)
	if n.Tags, err = d.tags(n.Tags, keys, values); err != nil {
		return err
	}
	return d.visit.node(n)
}

func (d *decoder) denseNodes(b []byte) error {
	var ids, lats, lons, tags list
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			ids = f.bytes
		case 8:
			lats = f.bytes
		case 9:
			lons = f.bytes
		case 10:
			tags = f.bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	var id, lat, lon int64
	tagged := len(tags) > 0
	for n := &d.node; len(ids) > 0; {
		if !ids.delta(&id) || !lats.delta(&lat) || !lons.delta(&lon) {
			return broken("nodes without a place")
		}
		n.ID, n.Tags = osm.NodeID(id), n.Tags[:0]
		d.place(n, lat, lon)
		if tagged {
			if err := d.denseTags(n, &tags); err != nil {
				return err
			}
		}
		if err := d.visit.node(n); err != nil {
			return err
		}
	}
	if len(tags) > 0 {
		return broken("tags of no node")
	}
	return nil
}

// denseTags reads pairs of key and value up to a zero.
func (d *decoder) denseTags(n *osm.Node, tags *list) error {
	for {
		key, ok := tags.next()
		if !ok {
			return broken("tags of a node")
		}
		if key == 0 {
			return nil
		}
		value, ok := tags.next()
		tag, fits := d.tag(key, value)
		if !ok || !fits {
			return broken("tag of a node")
		}
		n.Tags = append(n.Tags, tag)
	}
}

func (d *decoder) readWay(b []byte) error {
	var keys, values, refs list
	w := &d.way
	w.Tags, w.Nodes = w.Tags[:0], w.Nodes[:0]
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			w.ID = osm.WayID(f.value)
		case 2:
			keys = f.bytes
		case 3:
			values = f.bytes
		case 8:
			refs = f.bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	if w.Tags, err = d.tags(w.Tags, keys, values); err != nil {
		return err
	}
	for ref := int64(0); len(refs) > 0; {
		if !refs.delta(&ref) {
			return broken("nodes of a way")
		}
		w.Nodes = append(w.Nodes, osm.WayNode{ID: osm.NodeID(ref)})
	}
	return d.visit.way(w)
}

// memberTypes are the types of members by their number in the file.
var memberTypes = []osm.Type{osm.TypeNode, osm.TypeWay, osm.TypeRelation}

func (d *decoder) readRelation(b []byte) error {
	var keys, values, roles, refs, types list
	r := &osm.Relation{}
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			r.ID = osm.RelationID(f.value)
		case 2:
			keys = f.bytes
		case 3:
			values = f.bytes
		case 8:
			roles = f.bytes
		case 9:
			refs = f.bytes
		case 10:
			types = f.bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	if r.Tags, err = d.tags(nil, keys, values); err != nil {
		return err
	}
	for ref := int64(0); len(refs) > 0; {
		role, ok := roles.next()
		kind, some := types.next()
		if !refs.delta(&ref) || !ok || !some || role >= uint64(len(d.strings)) || kind >= uint64(len(memberTypes)) {
			return broken("members of a relation")
		}
		r.Members = append(r.Members, osm.Member{Type: memberTypes[kind], Ref: ref, Role: d.strings[role]})
	}
	return d.visit.relation(r)
}

// tags reads two lists of indexes into the table of strings.
func (d *decoder) tags(into osm.Tags, keys, values list) (osm.Tags, error) {
	for len(keys) > 0 {
		key, ok := keys.next()
		value, some := values.next()
		tag, fits := d.tag(key, value)
		if !ok || !some || !fits {
			return into, broken("tags of an element")
		}
		into = append(into, tag)
	}
	return into, nil
}

func (d *decoder) tag(key, value uint64) (osm.Tag, bool) {
	if key >= uint64(len(d.strings)) || value >= uint64(len(d.strings)) {
		return osm.Tag{}, false
	}
	return osm.Tag{Key: d.strings[key], Value: d.strings[value]}, true
}

// list is a packed list of numbers that is read from its front.
type list []byte

func (l *list) next() (uint64, bool) {
	v, n := protowire.ConsumeVarint(*l)
	if n < 0 {
		return 0, false
	}
	*l = (*l)[n:]
	return v, true
}

// delta adds the next difference to v.
func (l *list) delta(v *int64) bool {
	d, ok := l.next()
	*v += protowire.DecodeZigZag(d)
	return ok
}

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
