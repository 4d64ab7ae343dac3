package demand

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/pg"
)

// House is a building of the map, as far as spreading needs it.
type House struct {
	ID   int64
	At   geo.Point
	Size float64 // ground covered, m²
}

// Buildings returns the buildings of the current map in a box, by their number. A
// building stands where its outline's middle is.
func Buildings(ctx context.Context, db pg.DB, box geo.Bound) ([]House, error) {
	low, high := box.Min.Degrees(), box.Max.Degrees()
	rows, _ := db.Query(ctx, `
		SELECT f.osm_id, ST_PointOnSurface(f.geom), ST_Area(f.geom::geography, false)
		FROM map_feature f JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class = 'building' AND f.geom && ST_MakeEnvelope($1, $2, $3, $4, 4326)
		ORDER BY f.osm_id, f.osm_type`, low[0], low[1], high[0], high[1])
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[House])
	if err != nil {
		return nil, fmt.Errorf("buildings of the map: %w", err)
	}
	return list, nil
}

// Spread puts the people of each cell into the buildings in it, by the ground they
// cover: a cell of 0.1 km² is 350 m wide, and its centre may be a pond. Rows of
// cells without a building, and of places, stay as they are. Whole people are given
// out by the largest remainder, ties to the lower number, so that every row keeps
// its sums; buildings that get nobody are left out. It is pure.
func Spread(rows []Row, houses []House) []Row {
	resolutions := []int{}
	for _, r := range rows {
		if res := r.Cell.Resolution(); !slices.Contains(resolutions, res) {
			resolutions = append(resolutions, res)
		}
	}
	in := map[cell.Cell][]House{}
	for _, h := range houses {
		for _, res := range resolutions {
			c := cell.In(h.At, res)
			in[c] = append(in[c], h)
		}
	}
	var out []Row
	for _, r := range rows {
		list := in[r.Cell]
		if len(list) == 0 || r.At != r.Cell.Center() {
			out = append(out, r)
			continue
		}
		out = append(out, spread(r, list)...)
	}
	return out
}

func spread(r Row, houses []House) []Row {
	size := make([]float64, len(houses))
	for i, h := range houses {
		size[i] = max(h.Size, 1)
	}
	out := make([]Row, len(houses))
	for i, h := range houses {
		out[i] = Row{At: h.At, Cell: r.Cell}
	}
	give := func(n int, to func(*Row) *int) {
		for i, part := range apportion(n, size) {
			*to(&out[i]) = part
		}
	}
	give(r.People, func(o *Row) *int { return &o.People })
	give(r.Households, func(o *Row) *int { return &o.Households })
	for band := range r.Ages {
		give(r.Ages[band], func(o *Row) *int { return &o.Ages[band] })
	}
	return slices.DeleteFunc(out, func(o Row) bool { return o.People == 0 && o.Households == 0 && o.Ages == [6]int{} })
}

// apportion divides n in proportion to sizes by the largest remainder (Hamilton's method).
func apportion(n int, size []float64) []int {
	all := 0.0
	for _, s := range size {
		all += s
	}
	parts, order, left := make([]int, len(size)), make([]int, len(size)), n
	rest := make([]float64, len(size))
	for i, s := range size {
		exact := float64(n) * s / all
		parts[i] = int(math.Floor(exact))
		rest[i], order[i] = exact-math.Floor(exact), i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for _, i := range order[:max(0, left)] {
		parts[i]++
	}
	return parts
}
