package network

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/paulmach/osm"
	"google.golang.org/protobuf/encoding/protowire"

	"wangge/geo/walk"
)

// large writes an extract of 16 copies of Porto Alegre side by side, joined by
// streets, each with so many generated buildings: about the size of a prefecture.
func large(tb testing.TB, buildings int) []byte {
	tb.Helper()
	file := data(tb, "porto-alegre/poa.osm.pbf")
	var nodes []node
	var ways []way
	minLon, maxLon, minLat, maxLat := 180.0, -180.0, 90.0, -90.0
	flat := func(tags osm.Tags) (list []string) {
		for _, t := range tags {
			list = append(list, t.Key, t.Value)
		}
		return list
	}
	err := decode(context.Background(), bytes.NewReader(file), elements{
		node: func(n *osm.Node) error {
			nodes = append(nodes, node{int64(n.ID), n.Lon, n.Lat, flat(n.Tags)})
			minLon, maxLon, minLat, maxLat = min(minLon, n.Lon), max(maxLon, n.Lon), min(minLat, n.Lat), max(maxLat, n.Lat)
			return nil
		},
		way: func(w *osm.Way) error {
			c := way{id: int64(w.ID), tags: flat(w.Tags)}
			for _, n := range w.Nodes {
				c.nodes = append(c.nodes, int64(n.ID))
			}
			ways = append(ways, c)
			return nil
		},
	}, func(int64) {})
	if err != nil {
		tb.Fatal(err)
	}
	if len(ways) == 0 {
		tb.Fatal("no ways")
	}
	const apart = int64(1) << 40 // ids of one copy from those of the next
	var allNodes []node
	var allWays []way
	random := rand.New(rand.NewPCG(16, 16))
	hub := ways[len(ways)/2].nodes[0]
	for i := range int64(16) {
		east, north := float64(i%4)*(maxLon-minLon+0.001), float64(i/4)*(maxLat-minLat+0.001)
		for _, n := range nodes {
			allNodes = append(allNodes, node{n.id + i*apart, n.lon + east + 180, n.lat + north + 90, n.tags})
		}
		for _, w := range ways {
			c := way{id: w.id + i*apart, tags: w.tags}
			for _, n := range w.nodes {
				c.nodes = append(c.nodes, n+i*apart)
			}
			allWays = append(allWays, c)
		}
		if i > 0 {
			allWays = append(allWays, way{id: i*apart + 1, nodes: []int64{hub + (i-1)*apart, hub + i*apart}, tags: []string{"highway", "residential"}})
		}
		for j := range int64(buildings) {
			n := nodes[random.IntN(len(nodes))]
			lon, lat := n.lon+east+180+0.0002*random.NormFloat64(), n.lat+north+90+0.0002*random.NormFloat64()
			first := (i+32)*apart + 4*j
			for k, xy := range [4][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
				allNodes = append(allNodes, node{first + int64(k), lon + 1e-4*xy[0], lat + 1e-4*xy[1], nil})
			}
			allWays = append(allWays, way{id: (i+32)*apart + j, nodes: []int64{first, first + 1, first + 2, first + 3, first}, tags: []string{"building", "yes"}})
		}
	}
	out := extractOf(tb, nil, nil, nil)
	for len(allNodes) > 0 {
		k := min(8000, len(allNodes))
		part := allNodes[:k]
		table := &stringTable{index: map[string]int{"": 0}, list: []string{""}}
		// The fixtures' writer rounds upwards of zero only, so places were moved by
		// half a turn; the block's offsets move them back.
		out = append(out, shiftedBlock(tb, table, func() []byte { return denseOf(table, part) })...)
		allNodes = allNodes[k:]
	}
	for len(allWays) > 0 {
		k := min(8000, len(allWays))
		part := allWays[:k]
		table := &stringTable{index: map[string]int{"": 0}, list: []string{""}}
		out = append(out, dataBlock(tb, table, func() []byte { return waysOf(table, part) })...)
		allWays = allWays[k:]
	}
	return out
}

func shiftedBlock(tb testing.TB, table *stringTable, group func() []byte) []byte {
	body := group()
	var texts []byte
	for _, s := range table.list {
		texts = bytesField(texts, 1, []byte(s))
	}
	b := bytesField(bytesField(nil, 1, texts), 2, body)
	lat, lon := int64(-90e9), int64(-180e9)
	b = protowire.AppendVarint(protowire.AppendTag(b, 19, protowire.VarintType), uint64(lat))
	b = protowire.AppendVarint(protowire.AppendTag(b, 20, protowire.VarintType), uint64(lon))
	return blockOf(tb, "OSMData", b)
}

// BenchmarkLarge reads a network of about 436,000 edges from an extract with
// 1.4 million buildings, and then starts from its stored bytes. WANGGE_LARGE=1.
func BenchmarkLarge(b *testing.B) {
	if os.Getenv("WANGGE_LARGE") == "" {
		b.Skip("large: set WANGGE_LARGE")
	}
	path := b.TempDir() + "/large.osm.pbf"
	if err := os.WriteFile(path, large(b, 87_458), 0o600); err != nil {
		b.Fatal(err)
	}
	var stored bytes.Buffer
	b.Run("from pbf", func(b *testing.B) {
		for b.Loop() {
			file, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			info, _ := file.Stat()
			runtime.GC()
			peak := watch()
			n, report, err := Walking(b.Context(), file, info.Size())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(peak())/(1<<20), "peak-MB")
			b.ReportMetric(float64(report.Edges), "edges")
			file.Close()
			stored.Reset()
			if err := n.Encode(&stored); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			runtime.GC()
			peak := watch()
			n, err := walk.Decode(bytes.NewReader(stored.Bytes()))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(peak())/(1<<20), "peak-MB")
			b.ReportMetric(float64(stored.Len())/float64(n.Edges()), "stored-B/edge")
		}
	})
}

// watch samples the heap every 10 ms until it is asked for its peak.
func watch() func() uint64 {
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			peak = max(peak, sample[0].Value.Uint64()+sample[1].Value.Uint64())
			select {
			case <-stop:
				done <- peak
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 { close(stop); return <-done }
}
