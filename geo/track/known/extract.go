package known

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// osmFile is a map as OpenStreetMap's XML.
type osmFile struct {
	Nodes []osmNode `xml:"node"`
	Ways  []osmWay  `xml:"way"`
}

type osmNode struct {
	ID   int64    `xml:"id,attr"`
	Lat  float64  `xml:"lat,attr"`
	Lon  float64  `xml:"lon,attr"`
	Tags []osmTag `xml:"tag"`
}

type osmWay struct {
	ID   int64 `xml:"id,attr"`
	Refs []struct {
		ID int64 `xml:"ref,attr"`
	} `xml:"nd"`
	Tags []osmTag `xml:"tag"`
}

type osmTag struct {
	Key   string `xml:"k,attr"`
	Value string `xml:"v,attr"`
}

// extract is the same map as .osm.pbf, which other programs read: nodes and ways in
// order, each in one plain block. (OpenStreetMap wiki, PBF Format.)
func (f osmFile) extract() []byte {
	out := block("OSMHeader", text(text(nil, 4, "OsmSchema-V0.6"), 4, "DenseNodes"))
	slices.SortFunc(f.Nodes, func(a, b osmNode) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(f.Ways, func(a, b osmWay) int { return cmp.Compare(a.ID, b.ID) })
	var words words
	var group []byte
	for _, n := range f.Nodes {
		b := number(nil, 1, protowire.EncodeZigZag(n.ID))
		b = words.tags(b, n.Tags)
		b = number(b, 8, protowire.EncodeZigZag(int64(math.Round(n.Lat*1e7))))
		group = field(group, 1, number(b, 9, protowire.EncodeZigZag(int64(math.Round(n.Lon*1e7)))))
	}
	out = append(out, words.block(group)...)
	words, group = nil, nil
	for _, w := range f.Ways {
		b := words.tags(number(nil, 1, uint64(w.ID)), w.Tags)
		var refs []byte
		before := int64(0)
		for _, ref := range w.Refs {
			refs, before = protowire.AppendVarint(refs, protowire.EncodeZigZag(ref.ID-before)), ref.ID
		}
		group = field(group, 3, field(b, 8, refs))
	}
	return append(out, words.block(group)...)
}

// words are the strings of a block; the first is empty.
type words []string

func (w *words) of(s string) uint64 {
	i := slices.Index(*w, s)
	if i < 0 {
		i = len(*w)
		*w = append(*w, s)
	}
	return uint64(i) + 1
}

func (w *words) tags(b []byte, tags []osmTag) []byte {
	var keys, values []byte
	for _, t := range tags {
		keys, values = protowire.AppendVarint(keys, w.of(t.Key)), protowire.AppendVarint(values, w.of(t.Value))
	}
	return field(field(b, 2, keys), 3, values)
}

// block of a group, in steps of 1e-7 degrees.
func (w *words) block(group []byte) []byte {
	table := text(nil, 1, "")
	for _, s := range *w {
		table = text(table, 1, s)
	}
	return block("OSMData", number(field(field(nil, 1, table), 2, group), 17, 100))
}

func block(kind string, content []byte) []byte {
	blob := field(nil, 1, content) // not compressed
	header := number(text(nil, 1, kind), 3, uint64(len(blob)))
	out := binary.BigEndian.AppendUint32(nil, uint32(len(header)))
	return append(append(out, header...), blob...)
}

func field(b []byte, n protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), value)
}

func text(b []byte, n protowire.Number, value string) []byte { return field(b, n, []byte(value)) }

func number(b []byte, n protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), value)
}
