package walk

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"wangge/geo"
	"wangge/geo/fault"
)

// Faults of reading a stored network.
var (
	ErrDamaged = fault.New(fault.Malformed, "walking_network_damaged", "The stored walking network is damaged; import the map again.")
	ErrVersion = fault.New(fault.Invalid, "walking_network_version", "The stored walking network was written by another version of the program; it must be built anew.")
)

// A stored network is a header of 20 bytes and a body:
//
//	"WALK", version (uint32), length of the body (uint64), CRC-32C of the body
//
// all little-endian. The body is a row of numbers of variable length (as in
// encoding/binary), places and nodes as differences to the one before. Arcs and
// pieces are not stored: they follow from the edges.
const (
	magic   = "WALK"
	version = 1
	header  = 4 + 4 + 8 + 4
	maxBody = 1 << 31
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode writes the network. The same network gives the same bytes.
func (n *Network) Encode(w io.Writer) error {
	e := encoder{b: make([]byte, header, header+8*len(n.shape))}
	e.count(len(n.nodes))
	e.count(len(n.from))
	e.count(len(n.shape))
	e.count(len(n.walls))
	e.count(len(n.doors))
	e.line(n.nodes)
	e.from = geo.Point{}
	from, street := int32(0), int64(0)
	for i := range n.from {
		e.signed(int64(n.from[i] - from))
		e.signed(int64(n.to[i] - n.from[i]))
		e.unsigned(uint64(n.length[i]))
		e.traits(n.traits[i])
		e.signed(n.street[i] - street)
		from, street = n.from[i], n.street[i]
		inner := n.Line(int32(i))
		inner = inner[1 : len(inner)-1] // the ends are nodes
		e.count(len(inner))
		e.from = n.nodes[from]
		e.line(inner)
	}
	for _, wall := range n.walls {
		hard := byte(0)
		if wall.Hard {
			hard = 1
		}
		e.b = append(e.b, hard)
		e.count(len(wall.Line))
		e.line(wall.Line)
	}
	for _, door := range n.doors {
		e.count(len(door.Building))
		for _, polygon := range door.Building {
			e.count(len(polygon))
			for _, ring := range polygon {
				e.count(len(ring))
				e.line(ring)
			}
		}
		e.count(len(door.Entrances))
		e.line(door.Entrances)
	}
	copy(e.b, magic)
	binary.LittleEndian.PutUint32(e.b[4:], version)
	binary.LittleEndian.PutUint64(e.b[8:], uint64(len(e.b)-header))
	binary.LittleEndian.PutUint32(e.b[16:], crc32.Checksum(e.b[header:], castagnoli))
	_, err := w.Write(e.b)
	return err
}

type encoder struct {
	b    []byte
	from geo.Point // the place before
}

func (e *encoder) count(n int)       { e.b = binary.AppendUvarint(e.b, uint64(n)) }
func (e *encoder) unsigned(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) signed(v int64)    { e.b = binary.AppendVarint(e.b, v) }

func (e *encoder) line(points []geo.Point) {
	for _, p := range points {
		e.signed(int64(p.X) - int64(e.from.X))
		e.signed(int64(p.Y) - int64(e.from.Y))
		e.from = p
	}
}

// The flags of traits, above the kind.
const (
	flagUnfit   = 1 << 4
	flagOneWay  = 1 << 5
	flagIncline = 1 << 6 // a number follows
	flagLayer   = 1 << 7 // a number follows
)

func (e *encoder) traits(t Traits) {
	flags := byte(t.Kind)
	if t.Unfit {
		flags |= flagUnfit
	}
	if t.OneWay {
		flags |= flagOneWay
	}
	if t.Incline != 0 {
		flags |= flagIncline
	}
	if t.Layer != 0 {
		flags |= flagLayer
	}
	e.b = append(e.b, flags)
	if t.Incline != 0 {
		e.signed(int64(t.Incline))
	}
	if t.Layer != 0 {
		e.signed(int64(t.Layer))
	}
}

// Decode reads a network that Encode wrote: ErrDamaged if a byte is not as it was,
// ErrVersion if another version of the program wrote it. It believes no number
// before it has checked it, and allocates no more than the bytes at hand can fill.
func Decode(r io.Reader) (*Network, error) {
	var head [header]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, damaged("it is cut in its header", err)
	}
	if string(head[:4]) != magic {
		return nil, damaged("it does not begin as one", nil)
	}
	if binary.LittleEndian.Uint32(head[4:]) != version {
		return nil, ErrVersion
	}
	size := binary.LittleEndian.Uint64(head[8:])
	if size > maxBody {
		return nil, damaged("its length", nil)
	}
	var body bytes.Buffer
	body.Grow(int(min(size, 64<<20)) + bytes.MinRead)
	if got, err := body.ReadFrom(io.LimitReader(r, int64(size))); err != nil || uint64(got) != size {
		return nil, damaged("it is cut", err)
	}
	if crc32.Checksum(body.Bytes(), castagnoli) != binary.LittleEndian.Uint32(head[16:]) {
		return nil, damaged("its checksum", nil)
	}
	d := decoder{b: body.Bytes()}
	n := d.network()
	if d.bad != "" || len(d.b) > 0 {
		return nil, damaged("its "+d.bad, nil)
	}
	n.connect()
	return n, nil
}

func damaged(what string, err error) error {
	f := ErrDamaged.Saying("What is wrong: " + what + ".")
	if err != nil {
		f = f.Because(err)
	}
	return f
}

// decoder reads from the front of b. After the first fault it reads zeros only.
type decoder struct {
	b    []byte
	from geo.Point
	bad  string
}

func (d *decoder) fail(what string) {
	if d.bad == "" {
		d.bad = what
	}
	d.b = nil
}

func (d *decoder) unsigned() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail("numbers")
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) signed() int64 {
	v := d.unsigned()
	return int64(v>>1) ^ -int64(v&1)
}

// count is how many things follow, each of so many bytes at least.
func (d *decoder) count(least int) int {
	v := d.unsigned()
	if v > uint64(len(d.b)/least) {
		d.fail("counts")
		return 0
	}
	return int(v)
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail("length")
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) point() geo.Point {
	x, y := int64(d.from.X)+d.signed(), int64(d.from.Y)+d.signed()
	if x < -180*geo.Scale || x > 180*geo.Scale || y < -90*geo.Scale || y > 90*geo.Scale {
		d.fail("places")
		return geo.Point{}
	}
	d.from = geo.Point{X: int32(x), Y: int32(y)}
	return d.from
}

func (d *decoder) line(n int) []geo.Point {
	list := make([]geo.Point, n)
	for i := range list {
		list[i] = d.point()
	}
	return list
}

func (d *decoder) network() *Network {
	nodes, edges := d.count(2), d.count(2)
	shape, walls, doors := d.count(1), d.count(1), d.count(1)
	// An edge takes six bytes or more, a corner two; the ends of edges are not
	// stored again.
	if edges > len(d.b)/6 || shape > len(d.b)/2+2*edges || shape < 2*edges {
		d.fail("counts")
		return nil
	}
	n := &Network{nodes: d.line(nodes)}
	if d.bad != "" {
		return nil
	}
	n.from, n.to = make([]int32, edges), make([]int32, edges)
	n.length, n.traits, n.street = make([]uint32, edges), make([]Traits, edges), make([]int64, edges)
	n.bend = make([]int32, 1, edges+1)
	n.shape = make([]geo.Point, 0, shape)
	d.from = geo.Point{}
	from, street := int64(0), int64(0)
	for i := range edges {
		from += d.signed()
		to := from + d.signed()
		length := d.unsigned()
		n.traits[i] = d.traits()
		street += d.signed()
		inner := d.count(2)
		if from < 0 || from >= int64(nodes) || to < 0 || to >= int64(nodes) || length == 0 || length >= Never || len(n.shape)+inner+2 > shape {
			d.fail("edges")
		}
		if d.bad != "" {
			return nil
		}
		n.from[i], n.to[i], n.length[i], n.street[i] = int32(from), int32(to), uint32(length), street
		d.from = n.nodes[from]
		n.shape = append(n.shape, d.from)
		for range inner {
			n.shape = append(n.shape, d.point())
		}
		n.shape = append(n.shape, n.nodes[to])
		n.bend = append(n.bend, int32(len(n.shape)))
	}
	if len(n.shape) != shape {
		d.fail("corners")
		return nil
	}
	n.walls = d.walls(walls)
	n.doors = d.doors(doors)
	return n
}

func (d *decoder) traits() Traits {
	flags := d.byte()
	t := Traits{Kind: Kind(flags & 15), Unfit: flags&flagUnfit != 0, OneWay: flags&flagOneWay != 0}
	if flags&flagIncline != 0 {
		v := d.signed()
		if v < -maxIncline || v > maxIncline {
			d.fail("slopes")
		}
		t.Incline = int16(v)
	}
	if flags&flagLayer != 0 {
		v := d.signed()
		if v < -128 || v > 127 {
			d.fail("layers")
		}
		t.Layer = int8(v)
	}
	if t.Kind > Link {
		d.fail("kinds")
	}
	return t
}

func (d *decoder) walls(n int) []Wall {
	var list []Wall
	for range n {
		hard := d.byte()
		line := d.line(d.count(2))
		if d.bad != "" {
			return nil
		}
		list = append(list, Wall{Hard: hard == 1, Line: line})
	}
	return list
}

func (d *decoder) doors(n int) []Door {
	var list []Door
	for range n {
		var door Door
		for range d.count(1) {
			var polygon geo.Polygon
			for range d.count(1) {
				polygon = append(polygon, d.line(d.count(2)))
			}
			door.Building = append(door.Building, polygon)
		}
		door.Entrances = d.line(d.count(2))
		if d.bad != "" {
			return nil
		}
		list = append(list, door)
	}
	return list
}
