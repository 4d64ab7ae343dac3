package bench

import (
	"context"
	"fmt"
	"strings"

	tilebench "wangge/tiles/bench"
)

// mixedTiles asks for 400 tiles of a county, as people move about the map.
func mixedTiles() Benchmark {
	return Benchmark{
		Name:  "tiles",
		About: "tiles z10 to z17 of a county of 3,000 grids: ours, against ST_AsMVT with the same content",
		Run:   runTiles,
	}
}

// tileRow gives a line of package tiles/bench its name here, and what we are
// after.
type tileRow struct {
	theirs, name string
	aim          func(Row) Row
	notes        string
}

func none(r Row) Row { return r }

func tileRows() []tileRow {
	least := func(ratio float64) func(Row) Row { return func(r Row) Row { return r.atLeast(ratio) } }
	most := func(v float64) func(Row) Row { return func(r Row) Row { return r.atMost(v) } }
	return []tileRow{
		{"load the map, CPU", "tiles-load", none, "reading and preparing everything, once at the start"},
		{"memory of the map", "tiles-memory", none, ""},
		{"of which prepared geometry", "tiles-store", most(50), "the aim is for the county of 300,000 households"},
		{"polygons, CPU of a raw tile", "tiles-raw-polygons", least(5), "three levels of grids; no compression, no HTTP, one thread each"},
		{"polygons, features in the tiles, ours and theirs", "tiles-features-polygons", none, ""},
		{"polygons, allocations of a raw tile", "tiles-allocations-polygons", most(5), ""},
		{"polygons, bytes of a tile, gzip 6", "tiles-bytes-polygons", least(1 / 0.7), "the peer has the same features, not simplified"},
		{"all layers, CPU of a raw tile", "tiles-raw", func(r Row) Row { return r.atLeast(5).atMost(0.12) }, "no compression, no HTTP, one thread each"},
		{"all layers, bytes of a tile, gzip 6", "tiles-bytes", least(1 / 0.88), ""},
		{"all layers, features in the tiles, ours and theirs", "tiles-features", none, "equal but for points on the edge of tiles"},
		{"all layers, allocations of a raw tile", "tiles-allocations", most(5), ""},
		{"over HTTP, cold", "tiles-cold", least(8), "the peer: one tuned statement for each layer, gzip 6, no cache"},
		{"over HTTP, cold, CPU of an answer with the client's", "tiles-cold-cpu", least(8), "server, client and PostgreSQL together"},
		{"over HTTP, cold, p50", "tiles-cold-p50", most(0.5), "8 connections at once, so it holds waiting for a processor; the aim is for one"},
		{"over HTTP, cold, p99", "tiles-cold-p99", most(38), "8 connections at once; the aim is for 32"},
		{"over HTTP, bytes of an answer", "tiles-bytes-http", none, "one layer in each answer"},
		{"over HTTP, warm", "tiles-warm-http", none, "ours from its cache, the peer draws: it has none"},
		{"over HTTP, warm, against ready bytes through the same server", "tiles-warm-limit", none, "the peer is the limit: finished answers from a map"},
		{"over HTTP, warm, CPU with the client's, against ready bytes", "tiles-warm-cpu", none, "the client's share is in both; the aim for the server alone is 0.02 ms"},
		{"drawn again after one incident, of those in the cache", "tiles-fresh", most(16), "one incident tile and one cell tile of each of 8 zooms; the peer draws everything again"},
		{"kept after one incident", "tiles-fresh-kept", none, ""},
		{"a new incident is on the map after, p50", "tiles-fresh-p50", none, "from commit to visible"},
		{"circle: the first tile of coverage", "tiles-circle-coverage", none, "a run of the whole county, 300 points: rows read, joined to the borders of all units, one tile sent"},
		{"circle: the first tile of uncovered", "tiles-circle-uncovered", none, "cells of three resolutions"},
		{"circle: the first tile of reach", "tiles-circle-reach", none, "outlines of 5, 10 and 15 minutes around all points, once for a run and column"},
		{"circle: the first tile of reach-streets", "tiles-circle-streets", none, "pieces of streets by minute, once"},
		{"circle: memory of its layers", "tiles-circle-memory", none, ""},
		{"circle: over HTTP, cold", "tiles-circle-cold", none, "8 connections; layers made, tiles not"},
		{"circle: over HTTP, cold, p99", "tiles-circle-cold-p99", none, ""},
		{"circle: over HTTP, warm", "tiles-circle-warm", none, ""},
		{"circle: over HTTP, warm, p99", "tiles-circle-warm-p99", none, ""},
		{"a new incident is on the map after, p99", "tiles-fresh-p99", most(50), "from commit to visible"},
	}
}

func runTiles(ctx context.Context, lab Lab) ([]Row, error) {
	pool, err := lab.Database(ctx)
	if err != nil {
		return nil, err
	}
	got, err := tilebench.Run(ctx, tilebench.Scaled(pool, lab.Say, lab.Scale.Tiles))
	if err != nil {
		return nil, err
	}
	return named(got, tileRows())
}

// named names the lines of tiles/bench. One that is not in the list gets its own
// name as a slug; one of the list that is missing is an error, for its aim would
// be lost in silence.
func named(got []tilebench.Row, list []tileRow) ([]Row, error) {
	known := map[string]tileRow{}
	for _, t := range list {
		known["tiles: "+t.theirs] = t
	}
	var rows []Row
	for _, g := range got {
		r := Row{Name: slug(g.Name), Ours: g.Ours, Peer: g.Peer, Ratio: g.Ratio, Unit: g.Unit, Data: g.DataSet}
		if t, ok := known[g.Name]; ok {
			delete(known, g.Name)
			r.Name, r.Notes = t.name, t.notes
			r = t.aim(r)
		}
		if strings.Contains(g.Name, "CPU") {
			r.CPUOurs, r.CPUPeer = r.Ours*secondsIn(g.Unit), r.Peer*secondsIn(g.Unit)
		}
		rows = append(rows, r)
	}
	for name := range known {
		return nil, fmt.Errorf("tiles/bench has no line %q", name)
	}
	return rows, nil
}

func secondsIn(unit string) float64 {
	if unit == "ms" {
		return 1e-3
	}
	return 1
}

// slug makes a name of a sentence: "tiles: over HTTP, cold" is "tiles-over-http-cold".
func slug(sentence string) string {
	words := strings.FieldsFunc(strings.ToLower(sentence), func(r rune) bool { return r == ' ' || r == ':' || r == ',' })
	return strings.Join(words, "-")
}
