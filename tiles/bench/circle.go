package bench

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/staff"
	"wangge/tiles"
)

// perBlock is how many streets there are to a side of a grid: one every 500 m.
const perBlock = 2

// streets are straight, and cross each other at every node.
func (c *county) streets(yield func(network.Feature) bool) {
	const wide, high = columns * perBlock, rows * perBlock
	id := int64(0)
	street := func(n int, node func(i int) (x, y int)) bool {
		id++
		f := network.Feature{Class: network.Street, OSMType: "w", OSMID: id, Kind: "residential"}
		line := make(orb.LineString, n)
		for i := range line {
			x, y := node(i)
			line[i] = geo.Point{X: west + int32(x*gridWidth/perBlock), Y: south + int32(y*gridHeight/perBlock)}.Degrees()
			f.Nodes = append(f.Nodes, int64(y*(wide+1)+x+1))
		}
		f.Shape = line
		return yield(f)
	}
	for y := range high + 1 {
		if !street(wide+1, func(i int) (int, int) { return i, y }) {
			return
		}
	}
	for x := range wide + 1 {
		if !street(high+1, func(i int) (int, int) { return x, i }) {
			return
		}
	}
}

// points is how many service points the county has.
const points = 300

// servicePoints puts them where people live.
func (r *run) servicePoints(ctx context.Context) error {
	for i, d := range newCounty(0, 0).dwellings(points) {
		_, err := r.Pool.Exec(ctx, `
			WITH made AS (INSERT INTO service_point (source, source_id, name, tier, point, cell) VALUES ('bench', $1, '点', 'point', $2, $3) RETURNING id),
			     lives AS (INSERT INTO service_point_state (service_point_id, state, valid_from) SELECT id, 'active', '2026-01-01' FROM made)
			INSERT INTO service_point_unit (service_point_id, unit_id, valid_from) SELECT made.id, unit_at($2, $4), '2026-01-01' FROM made`,
			fmt.Sprint(i), d.at, int64(cell.At(d.at)), geo.DayOf(time.Now()))
		if err != nil {
			return fmt.Errorf("service points of the county: %w", err)
		}
	}
	return nil
}

// circle measures the layers of a run of the whole county: what it takes until the
// first tile of each is there, and what tiles take after that.
func (r *run) circle(ctx context.Context) error {
	if err := r.servicePoints(ctx); err != nil {
		return err
	}
	if _, err := network.Store(ctx, r.Pool, staff.Local, network.Source{FileName: "bench", Attribution: "bench"}, newCounty(0, 0).streets); err != nil {
		return err
	}
	footpaths := network.NewFootpaths(r.Pool)
	params := circle.Params{Columns: []circle.Column{{Standard: circle.Standard{Code: "gb50180"}}}}
	run, err := circle.NewMaker(r.Pool, footpaths).Run(ctx, staff.Local, params, func(string, int64, int64) {})
	if err != nil {
		return err
	}
	r.Say("tiles: the layers of a run of %d households and %d points", r.Households, points)
	r.server = tiles.New(tiles.Config{Pool: r.Pool, Footpaths: footpaths, Log: slog.New(slog.DiscardHandler)})
	if err := r.server.Refresh(ctx); err != nil {
		return err
	}
	address, stop, err := listen(r.mounted(tiles.Everything))
	if err != nil {
		return err
	}
	defer stop()
	layers := []struct {
		name     string
		min, max uint8
	}{{"coverage", 4, 17}, {"uncovered", 8, 14}, {"reach", 7, 15}, {"reach-streets", 12, 15}}
	var asked []string
	for _, l := range layers {
		first := true
		for _, t := range r.tiles {
			if t.Z < l.min || t.Z > l.max {
				continue
			}
			path := fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt?run=%d", l.name, t.Z, t.X, t.Y, run.ID)
			asked = append(asked, path)
			if first {
				took, err := ask(address, []string{path})
				if err != nil {
					return err
				}
				r.row("circle: the first tile of "+l.name, took.quantile(1), 0, "ms")
				first = false
			}
		}
	}
	r.row("circle: memory of its layers", float64(r.server.RunStats().Bytes)/1e6, 0, "MB")
	once := slices.Compact(slices.Sorted(slices.Values(asked)))
	cold, err := ask(address, once)
	if err != nil {
		return err
	}
	warm, err := ask(address, slices.Concat(asked, asked, asked))
	if err != nil {
		return err
	}
	r.row("circle: over HTTP, cold", cold.perSecond(), 0, "tiles/s")
	r.row("circle: over HTTP, cold, p99", cold.quantile(0.99), 0, "ms")
	r.row("circle: over HTTP, warm", warm.perSecond(), 0, "tiles/s")
	r.row("circle: over HTTP, warm, p99", warm.quantile(0.99), 0, "ms")
	return nil
}
