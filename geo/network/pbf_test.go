package network

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fixtures of this package are extracts written here, element by element.

type node struct {
	id       int64
	lon, lat float64
	tags     []string // key, value, key, value …
}

type way struct {
	id    int64
	nodes []int64
	tags  []string
}

type relation struct {
	id      int64
	members []relationMember
	tags    []string
}

type relationMember struct {
	way  int64
	role string
}

// extractOf writes an .osm.pbf: a header block and one block each of nodes, ways
// and relations.
func extractOf(t testing.TB, nodes []node, ways []way, relations []relation) []byte {
	t.Helper()
	var out []byte
	header := protowire.AppendTag(nil, 4, protowire.BytesType)
	header = protowire.AppendString(header, "OsmSchema-V0.6")
	header = protowire.AppendTag(header, 4, protowire.BytesType)
	header = protowire.AppendString(header, "DenseNodes")
	out = append(out, blockOf(t, "OSMHeader", header)...)
	table := &stringTable{index: map[string]int{"": 0}, list: []string{""}}
	if len(nodes) > 0 {
		out = append(out, dataBlock(t, table, func() []byte { return denseOf(table, nodes) })...)
	}
	if len(ways) > 0 {
		out = append(out, dataBlock(t, table, func() []byte { return waysOf(table, ways) })...)
	}
	if len(relations) > 0 {
		out = append(out, dataBlock(t, table, func() []byte { return relationsOf(table, relations) })...)
	}
	return out
}

func blockOf(t testing.TB, kind string, content []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	z.Close()
	blob := protowire.AppendTag(nil, 2, protowire.VarintType)
	blob = protowire.AppendVarint(blob, uint64(len(content)))
	blob = bytesField(blob, 3, packed.Bytes())
	return append(headerOf(kind, len(blob)), blob...)
}

func headerOf(kind string, size int) []byte {
	header := protowire.AppendTag(nil, 1, protowire.BytesType)
	header = protowire.AppendString(header, kind)
	header = protowire.AppendTag(header, 3, protowire.VarintType)
	header = protowire.AppendVarint(header, uint64(size))
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(header))), header...)
}

type stringTable struct {
	index map[string]int
	list  []string
}

func (s *stringTable) of(text string) uint64 {
	if i, ok := s.index[text]; ok {
		return uint64(i)
	}
	s.index[text] = len(s.list)
	s.list = append(s.list, text)
	return uint64(len(s.list) - 1)
}

func dataBlock(t testing.TB, table *stringTable, group func() []byte) []byte {
	t.Helper()
	body := group()
	var strings []byte
	for _, s := range table.list {
		strings = bytesField(strings, 1, []byte(s))
	}
	return blockOf(t, "OSMData", bytesField(bytesField(nil, 1, strings), 2, body))
}

func bytesField(b []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), value)
}

func deltas(values []int64) (b []byte) {
	before := int64(0)
	for _, v := range values {
		b, before = protowire.AppendVarint(b, protowire.EncodeZigZag(v-before)), v
	}
	return b
}

func denseOf(table *stringTable, nodes []node) []byte {
	var ids, lats, lons []int64
	var tags []byte
	for _, n := range nodes {
		ids, lats, lons = append(ids, n.id), append(lats, int64(n.lat*1e7+0.5)), append(lons, int64(n.lon*1e7+0.5))
		for _, s := range n.tags {
			tags = protowire.AppendVarint(tags, table.of(s))
		}
		tags = protowire.AppendVarint(tags, 0)
	}
	dense := bytesField(nil, 1, deltas(ids))
	dense = bytesField(dense, 8, deltas(lats))
	dense = bytesField(dense, 9, deltas(lons))
	return bytesField(nil, 2, bytesField(dense, 10, tags))
}

func tagsOf(table *stringTable, tags []string) (keys, values []byte) {
	for i := 0; i+1 < len(tags); i += 2 {
		keys, values = protowire.AppendVarint(keys, table.of(tags[i])), protowire.AppendVarint(values, table.of(tags[i+1]))
	}
	return keys, values
}

func waysOf(table *stringTable, ways []way) (group []byte) {
	for _, w := range ways {
		b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(w.id))
		keys, values := tagsOf(table, w.tags)
		b = bytesField(bytesField(b, 2, keys), 3, values)
		group = bytesField(group, 3, bytesField(b, 8, deltas(w.nodes)))
	}
	return group
}

func relationsOf(table *stringTable, relations []relation) (group []byte) {
	for _, r := range relations {
		b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(r.id))
		keys, values := tagsOf(table, r.tags)
		b = bytesField(bytesField(b, 2, keys), 3, values)
		var roles, types []byte
		var refs []int64
		for _, m := range r.members {
			roles, types, refs = protowire.AppendVarint(roles, table.of(m.role)), protowire.AppendVarint(types, 1), append(refs, m.way)
		}
		b = bytesField(bytesField(bytesField(b, 8, roles), 9, deltas(refs)), 10, types)
		group = bytesField(group, 4, b)
	}
	return group
}
