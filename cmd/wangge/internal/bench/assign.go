package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/locate"
)

// assign asks which of 3,025 grids is responsible for each of 1,000,000
// households.
func assign() Benchmark {
	return Benchmark{
		Name:  "assign",
		About: "which grid has each household: geo/locate, against PostGIS with an index on both",
		Run:   runAssign,
	}
}

const (
	// bestAssign asks for the households of each grid, which suits the index and
	// PostGIS's cache of the polygon. It does less than ours: a household on a
	// border is counted for both grids.
	bestAssign = `
		SELECT count(*) FROM bench_grid g
		CROSS JOIN LATERAL (SELECT id FROM bench_household h WHERE ST_Intersects(g.area, h.point) OFFSET 0) h`
	// plainAssign is what people write: the lowest code that covers.
	plainAssign = `
		SELECT count(*) FROM (
			SELECT DISTINCT ON (h.id) h.id, g.code
			FROM bench_household h JOIN bench_grid g ON ST_Covers(g.area, h.point)
			ORDER BY h.id, g.code) owner`
)

func runAssign(ctx context.Context, lab Lab) ([]Row, error) {
	board := newCounty(max(2, int(55*math.Sqrt(lab.Scale))))
	units, points := board.grids(), board.points(lab.scaled(1_000_000))
	data := fmt.Sprintf("%d households, %d grids", len(points), len(units))

	var index *locate.Index
	build, err := threadCPU(func() { index = locate.Build(units) })
	if err != nil {
		return nil, err
	}
	owner := make([]int32, len(points))
	find, err := threadCPU(func() { index.FindAll(points, owner) })
	if err != nil {
		return nil, err
	}
	lab.Say("loading %s into PostGIS", data)
	if err := loadAssign(ctx, lab.Pool, units, points); err != nil {
		return nil, err
	}
	if err := agree(ctx, lab.Pool, units, owner); err != nil {
		return nil, err
	}
	best, err := serverCPU(ctx, lab.Pool, bestAssign)
	if err != nil {
		return nil, err
	}
	plain, err := serverCPU(ctx, lab.Pool, plainAssign)
	if err != nil {
		return nil, err
	}
	return []Row{
		less("assign, best PostGIS statement", find.Seconds(), best.Seconds(), "CPU s", data),
		less("assign, plain PostGIS join", find.Seconds(), plain.Seconds(), "CPU s", data),
		less("assign, per household", perItem(find, len(points)), perItem(best, len(points)), "CPU ns", data),
		less("assign, building our index", build.Seconds(), 0, "CPU s", data),
		less("assign, memory of our index", float64(index.Bytes())/1e6, 0, "MB", data),
	}, nil
}

func perItem(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / float64(n) }

// loadAssign gives PostGIS the same in lattice steps, as our tables have it.
func loadAssign(ctx context.Context, pool *pgxpool.Pool, units []locate.Unit, points []geo.Point) error {
	for _, sql := range []string{
		`CREATE TABLE bench_grid (code text COLLATE "C", shape geometry(MultiPolygon, 4326), area geometry(MultiPolygon, 0))`,
		`CREATE TABLE bench_household (id integer, place geometry(Point, 4326), point geometry(Point, 0))`,
	} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	_, err := pool.CopyFrom(ctx, pgx.Identifier{"bench_grid"}, []string{"code", "shape"},
		pgx.CopyFromSlice(len(units), func(i int) ([]any, error) { return []any{units[i].Code, units[i].Area}, nil }))
	if err != nil {
		return err
	}
	_, err = pool.CopyFrom(ctx, pgx.Identifier{"bench_household"}, []string{"id", "place"},
		pgx.CopyFromSlice(len(points), func(i int) ([]any, error) { return []any{i, points[i]}, nil }))
	if err != nil {
		return err
	}
	for _, sql := range []string{
		`UPDATE bench_grid SET area = to_lattice(shape)`,
		`UPDATE bench_household SET point = to_lattice(place)`,
		`CREATE INDEX ON bench_grid USING gist (area)`,
		`CREATE INDEX ON bench_household USING gist (point)`,
		`VACUUM ANALYZE bench_grid`,
		`VACUUM ANALYZE bench_household`,
	} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// agree compares the answers of both, for a ratio of different answers is none.
func agree(ctx context.Context, pool *pgxpool.Pool, units []locate.Unit, owner []int32) error {
	rows, _ := pool.Query(ctx, `
		SELECT h.id, coalesce(min(g.code), '')
		FROM bench_household h LEFT JOIN bench_grid g ON g.area && h.point AND ST_Covers(g.area, h.point)
		WHERE h.id % 17 = 0
		GROUP BY h.id`)
	var id int
	var code string
	_, err := pgx.ForEachRow(rows, []any{&id, &code}, func() error {
		ours := ""
		if owner[id] >= 0 {
			ours = units[owner[id]].Code
		}
		if ours != code {
			return fmt.Errorf("household %d: ours says %q, PostGIS %q", id, ours, code)
		}
		return nil
	})
	return err
}
