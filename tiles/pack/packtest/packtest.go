// Package packtest reads the files that package pack writes, for tests.
package packtest

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
)

type entry struct{ id, offset, length, run uint64 }

// File is a PMTiles file of version 3, read as the specification says.
type File []byte

// Number is a number of the header, by its offset.
func (f File) Number(at int) uint64 { return binary.LittleEndian.Uint64(f[at:]) }

// Inflate undoes gzip.
func Inflate(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (f File) directory(t testing.TB, from, length uint64) []entry {
	t.Helper()
	b := bytes.NewReader(Inflate(t, f[from:from+length]))
	next := func() uint64 {
		n, err := binary.ReadUvarint(b)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	list := make([]entry, next())
	var id uint64
	for i := range list {
		id += next()
		list[i].id = id
	}
	for i := range list {
		list[i].run = next()
	}
	for i := range list {
		list[i].length = next()
	}
	for i := range list {
		if offset := next(); offset > 0 {
			list[i].offset = offset - 1
		} else {
			list[i].offset = list[i-1].offset + list[i-1].length
		}
	}
	return list
}

// Tile finds a tile through the root and, if need be, a leaf; nil if there is none.
func (f File) Tile(t testing.TB, id uint64) []byte {
	from, length := f.Number(8), f.Number(16)
	for range 3 {
		var found *entry
		for _, e := range f.directory(t, from, length) {
			if e.id <= id {
				found = &e
			}
		}
		switch {
		case found == nil:
			return nil
		case found.run == 0:
			from, length = f.Number(40)+found.offset, found.length
		case id >= found.id+found.run:
			return nil
		default:
			at := f.Number(56) + found.offset
			return f[at : at+found.length]
		}
	}
	t.Fatal("directories without an end")
	return nil
}

// Metadata is the metadata, decompressed.
func (f File) Metadata(t testing.TB) []byte {
	t.Helper()
	return Inflate(t, f[f.Number(24):f.Number(24)+f.Number(32)])
}
