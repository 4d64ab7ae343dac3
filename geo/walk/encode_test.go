package walk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"reflect"
	"testing"

	"wangge/geo"
)

// sample is a network with everything that is stored.
func sample(t testing.TB) *Network {
	t.Helper()
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}, 3: {100, 100}, 4: {0, 100}, 5: {-50, -50}, 6: {200, 300}, 7: {150, 100}})
	m.square(1, m.ring(1, 2, 3, 4))
	m.street(10, "footway", []int64{5, 1}, "incline", "8%")
	m.street(11, "steps", []int64{3, 7, 6}, "conveying", "forward")
	m.Streets[2].Layer = -2
	m.Walls = []Wall{{Hard: true, Line: []geo.Point{m.at[1], m.at[6]}}, {Line: []geo.Point{m.at[5], m.at[2], m.at[3]}}}
	house := geo.MultiPolygon{{{mapAt(0, 0), mapAt(10, 0), mapAt(10, 10), mapAt(0, 10)}, {mapAt(2, 2), mapAt(2, 4), mapAt(4, 4)}}}
	m.Buildings = []Building{{ID: 5, Area: house}}
	m.Entrances = []Entrance{{At: mapAt(10, 0), Kind: "main"}}
	n, _, err := Build(t.Context(), m.Source)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func encoded(t testing.TB, n *Network) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := n.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestANetworkIsReadAsItWasWritten(t *testing.T) {
	n := sample(t)
	got, err := Decode(bytes.NewReader(encoded(t, n)))
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]any{
		"nodes": {n.nodes, got.nodes}, "from": {n.from, got.from}, "to": {n.to, got.to}, "length": {n.length, got.length},
		"traits": {n.traits, got.traits}, "street": {n.street, got.street}, "bend": {n.bend, got.bend}, "shape": {n.shape, got.shape},
		"first": {n.first, got.first}, "arcs": {n.arcs, got.arcs}, "heads": {n.heads, got.heads}, "piece": {n.piece, got.piece},
		"walls": {n.walls, got.walls}, "doors": {n.doors, got.doors},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %v, want %v", name, pair[1], pair[0])
		}
	}
	if !bytes.Equal(encoded(t, n), encoded(t, got)) {
		t.Error("written again it has other bytes")
	}
	empty, _, err := Build(t.Context(), Source{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decode(bytes.NewReader(encoded(t, empty))); err != nil || got.Edges() != 0 {
		t.Errorf("a network without edges: %v", err)
	}
}

func TestADamagedNetworkIsRefused(t *testing.T) {
	good := encoded(t, sample(t))
	for i := range good {
		for _, bit := range []byte{1, 0x80} {
			b := bytes.Clone(good)
			b[i] ^= bit
			if _, err := Decode(bytes.NewReader(b)); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
				t.Fatalf("byte %d changed: %v", i, err)
			}
		}
		if _, err := Decode(bytes.NewReader(good[:i])); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
	newer := bytes.Clone(good)
	newer[4]++
	if _, err := Decode(bytes.NewReader(newer)); !errors.Is(err, ErrVersion) {
		t.Errorf("another version: %v", err)
	}
}

// FuzzDecode gives bodies that were tampered with under a right checksum: they are
// read or refused, and what is read holds together.
func FuzzDecode(f *testing.F) {
	f.Add(encoded(f, sample(f))[header:])
	f.Add([]byte{})
	f.Add([]byte{255, 255, 255, 255, 15, 255, 255, 255, 255, 15, 1, 1, 1})
	f.Fuzz(func(t *testing.T, body []byte) {
		b := make([]byte, header, header+len(body))
		copy(b, magic)
		binary.LittleEndian.PutUint32(b[4:], version)
		binary.LittleEndian.PutUint64(b[8:], uint64(len(body)))
		binary.LittleEndian.PutUint32(b[16:], crc32.Checksum(body, castagnoli))
		n, err := Decode(bytes.NewReader(append(b, body...)))
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("a strange error: %v", err)
			}
			return
		}
		for e := range n.from {
			line := n.Line(int32(e))
			if line[0] != n.nodes[n.from[e]] || line[len(line)-1] != n.nodes[n.to[e]] || n.Length(int32(e)) == 0 {
				t.Fatalf("edge %d does not run between its nodes", e)
			}
		}
	})
}
