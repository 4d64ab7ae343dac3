// Package pack writes PMTiles, version 3: vector tiles in one file, of which a client
// reads the pieces that it needs.
//
// A file is the header, the root directory, metadata, leaf directories and tiles, in this
// order. Tiles stand in the order of their ids, so the file is clustered; equal tiles
// are written once. The specification is that of Protomaps
// (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md).
package pack

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"github.com/klauspost/compress/gzip"
)

// Tile is a tile with its contents, compressed by gzip.
type Tile struct {
	Z    uint8
	X, Y uint32
	Body []byte
}

// About is what the header says of the tiles.
type About struct {
	MinZoom, MaxZoom uint8
	Bounds           [4]float64 // west, south, east, north, in degrees
	Metadata         []byte     // JSON; of vector tiles it has vector_layers
}

const (
	headerSize = 127
	maxRoot    = 16384 - headerSize // header and root come with a client's first read
	leafSize   = 4096               // entries of the smallest leaf that is tried
	gzipped    = 2
	vector     = 1
)

// entry says where the contents of tiles stand: of run tiles from id on, or with a run of
// 0 of a leaf directory.
type entry struct {
	id             uint64
	offset, length uint64
	run            uint64
}

// ID is the number of a tile: zoom after zoom, within a zoom along a Hilbert curve, so
// that neighbours mostly stand together.
func ID(z uint8, x, y uint32) uint64 {
	id := (uint64(1)<<(2*z) - 1) / 3 // tiles of the zooms before
	for half := uint32(1) << z >> 1; half > 0; half >>= 1 {
		east, south := x&half > 0, y&half > 0
		x, y = x&(half-1), y&(half-1)
		switch quarter := uint64(half) * uint64(half); {
		case east && south:
			id += 2 * quarter
		case south:
			id += quarter
		case east:
			id += 3 * quarter
			x, y = half-1-y, half-1-x
		default:
			x, y = y, x
		}
	}
	return id
}

// Encode writes a file. The same tiles make the same bytes, in whichever order they come;
// no tile may come twice.
func Encode(tiles []Tile, about About) []byte { return encode(tiles, about, maxRoot, leafSize) }

func encode(tiles []Tile, about About, maxRoot, leafSize int) []byte {
	tiles = slices.Clone(tiles)
	slices.SortFunc(tiles, func(a, b Tile) int {
		return cmp.Compare(ID(a.Z, a.X, a.Y), ID(b.Z, b.X, b.Y))
	})
	entries, contents, distinct := lay(tiles)
	root, leaves := directories(entries, maxRoot, leafSize)
	metadata := deflate(about.Metadata)

	at := uint64(headerSize)
	place := func(part []byte) [2]uint64 {
		from := at
		at += uint64(len(part))
		return [2]uint64{from, uint64(len(part))}
	}
	h := append(make([]byte, 0, headerSize), "PMTiles\x03"...)
	for _, part := range [][]byte{root, metadata, leaves, contents} {
		where := place(part)
		h = binary.LittleEndian.AppendUint64(h, where[0])
		h = binary.LittleEndian.AppendUint64(h, where[1])
	}
	for _, n := range []int{len(tiles), len(entries), distinct} {
		h = binary.LittleEndian.AppendUint64(h, uint64(n))
	}
	h = append(h, 1, gzipped, gzipped, vector, about.MinZoom, about.MaxZoom) // 1 = clustered
	w, s, e, n := about.Bounds[0], about.Bounds[1], about.Bounds[2], about.Bounds[3]
	for _, degrees := range []float64{w, s, e, n} {
		h = binary.LittleEndian.AppendUint32(h, e7(degrees))
	}
	h = append(h, about.MinZoom)
	h = binary.LittleEndian.AppendUint32(h, e7((w+e)/2))
	h = binary.LittleEndian.AppendUint32(h, e7((s+n)/2))
	return slices.Concat(h, root, metadata, leaves, contents)
}

func e7(degrees float64) uint32 { return uint32(int32(math.Round(degrees * 1e7))) }

// lay puts the contents one after the other, equal ones once.
func lay(tiles []Tile) (entries []entry, contents []byte, distinct int) {
	known := map[[sha256.Size]byte]entry{}
	for _, t := range tiles {
		id, digest := ID(t.Z, t.X, t.Y), sha256.Sum256(t.Body)
		was, again := known[digest]
		if last := len(entries) - 1; again && last >= 0 && entries[last].offset == was.offset && entries[last].id+entries[last].run == id {
			entries[last].run++
			continue
		}
		if !again {
			was = entry{offset: uint64(len(contents)), length: uint64(len(t.Body))}
			known[digest] = was
			contents = append(contents, t.Body...)
		}
		entries = append(entries, entry{id, was.offset, was.length, 1})
	}
	return entries, contents, len(known)
}

// directories are the root, of at most limit bytes, and the leaves that it points to
// when the entries do not fit into it. Leaves grow until the root fits.
func directories(entries []entry, limit, size int) (root, leaves []byte) {
	root = directory(entries)
	for ; len(root) > limit; size *= 2 {
		var up []entry
		leaves = leaves[:0]
		for part := range slices.Chunk(entries, size) {
			leaf := directory(part)
			up = append(up, entry{part[0].id, uint64(len(leaves)), uint64(len(leaf)), 0})
			leaves = append(leaves, leaf...)
		}
		root = directory(up)
	}
	return root, leaves
}

// directory writes entries column by column: the steps of ids, runs, lengths, and offsets
// plus 1, or 0 where the contents follow those of the entry before.
func directory(entries []entry) []byte {
	var b []byte
	column := func(value func(i int, e entry) uint64) {
		for i, e := range entries {
			b = binary.AppendUvarint(b, value(i, e))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(entries)))
	column(func(i int, e entry) uint64 {
		if i == 0 {
			return e.id
		}
		return e.id - entries[i-1].id
	})
	column(func(_ int, e entry) uint64 { return e.run })
	column(func(_ int, e entry) uint64 { return e.length })
	column(func(i int, e entry) uint64 {
		if i > 0 && e.offset == entries[i-1].offset+entries[i-1].length {
			return 0
		}
		return e.offset + 1
	})
	return deflate(b)
}

// deflate compresses by gzip, without a time: the same bytes give the same.
func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(b) // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}
