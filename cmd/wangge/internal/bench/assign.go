package bench

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/locate"
)

// assign asks which of 3,025 grids is responsible for each of up to 1,000,000
// households.
func assign() Benchmark {
	return Benchmark{
		Name:  "assign",
		About: "which grid has each household: geo/locate, against PostGIS with an index on both tables",
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
	// plannersAssign is what people write: the lowest code that covers.
	plannersAssign = `
		SELECT count(*) FROM (
			SELECT DISTINCT ON (h.id) h.id, g.code
			FROM bench_household h JOIN bench_grid g ON ST_Covers(g.area, h.point)
			ORDER BY h.id, g.code) owner`
)

func runAssign(ctx context.Context, lab Lab) ([]Row, error) {
	units := newCounty(lab.Scale.Side).grids()
	var index *locate.Index
	build, err := median(lab.Scale.Light, func() (cost, error) { return alone(func() { index = locate.Build(units) }) })
	if err != nil {
		return nil, err
	}
	var rows []Row
	for i, n := range lab.Scale.Assign {
		a, err := newAssignBench(ctx, lab, index, units, n)
		if err != nil {
			return nil, fmt.Errorf("%d households: %w", n, err)
		}
		more, err := a.run(ctx, lab.Scale, i == len(lab.Scale.Assign)-1)
		if err != nil {
			return nil, fmt.Errorf("%d households: %w", n, err)
		}
		rows = append(rows, more...)
	}
	data := fmt.Sprintf("%d grids of 60 vertices", len(units))
	return append(rows,
		inCPU("assign-build", build, cost{}, data).note("building our index, once for a plan in force"),
		less("assign-memory", float64(index.Bytes())/1e6, 0, "MB", data).note("what our index holds"),
	), nil
}

// assignBench is one number of households, ours in memory and the peer's in tables.
type assignBench struct {
	index  *locate.Index
	units  []locate.Unit
	points []geo.Point
	pool   *pgxpool.Pool
	data   string
}

func newAssignBench(ctx context.Context, lab Lab, index *locate.Index, units []locate.Unit, n int) (assignBench, error) {
	a := assignBench{index: index, units: units, points: newCounty(lab.Scale.Side).points(n),
		data: fmt.Sprintf("%d households, %d grids", n, len(units))}
	lab.Say("assign: %s", a.data)
	var err error
	if a.pool, err = lab.Database(ctx); err != nil {
		return a, err
	}
	return a, loadAssign(ctx, a.pool, units, a.points)
}

// run measures; whole says that this is the largest number, which the aims are for.
func (a assignBench) run(ctx context.Context, scale Scale, whole bool) ([]Row, error) {
	n := len(a.points)
	owner := make([]int32, n)
	find, err := median(scale.Light, func() (cost, error) { return alone(func() { a.index.FindAll(a.points, owner) }) })
	if err != nil {
		return nil, err
	}
	if err := a.agree(ctx, owner); err != nil {
		return nil, err
	}
	best, err := median(scale.Light, func() (cost, error) { return statement(ctx, a.pool, bestAssign) })
	if err != nil {
		return nil, err
	}
	first := inCPU("assign-"+short(n), find, best, a.data).note("growth; the peer is its best statement")
	if whole {
		first = inCPU("assign", find, best, a.data).atLeast(8).note("the best statement we know, driven from the grids; one thread each")
	}
	rows := []Row{first}
	if n == scale.Planner {
		planners, err := statement(ctx, a.pool, plannersAssign) // half a minute: once is enough
		if err != nil {
			return nil, err
		}
		rows = append(rows, inCPU("assign-planner", find, planners, a.data).atLeast(50).note("the join that people write, with the plan that PostgreSQL chooses; one thread each"))
	}
	if whole {
		cells, err := median(scale.Light, func() (cost, error) { return alone(func() { keyAll(a.points) }) })
		if err != nil {
			return nil, err
		}
		rows = append(rows, inCPU("assign-cell", cells, cost{}, a.data).note("the H3 cell of each household, apart: %.2f µs; PostGIS has none", cells.cpu.Seconds()*1e6/float64(n)))
	}
	return rows, nil
}

// keyAll gives every place its H3 cell.
func keyAll(points []geo.Point) (sum cell.Cell) {
	for _, p := range points {
		sum ^= cell.At(p)
	}
	return sum
}

// short writes 10,000 as 10k and 1,000,000 as 1M.
func short(n int) string {
	switch {
	case n >= 1_000_000 && n%1_000_000 == 0:
		return fmt.Sprintf("%dM", n/1_000_000)
	case n >= 1000 && n%1000 == 0:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}

// loadAssign gives PostGIS the same in lattice steps, as our tables have it. The
// households are stored by place, which halves its work; ours come in no order.
func loadAssign(ctx context.Context, pool *pgxpool.Pool, units []locate.Unit, points []geo.Point) error {
	for _, sql := range []string{
		`CREATE TABLE bench_shape (code text COLLATE "C", shape geometry(MultiPolygon, 4326))`,
		`CREATE TABLE bench_place (id integer, place geometry(Point, 4326))`,
	} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	_, err := pool.CopyFrom(ctx, pgx.Identifier{"bench_shape"}, []string{"code", "shape"},
		pgx.CopyFromSlice(len(units), func(i int) ([]any, error) { return []any{units[i].Code, units[i].Area}, nil }))
	if err != nil {
		return err
	}
	_, err = pool.CopyFrom(ctx, pgx.Identifier{"bench_place"}, []string{"id", "place"},
		pgx.CopyFromSlice(len(points), func(i int) ([]any, error) { return []any{i, points[i]}, nil }))
	if err != nil {
		return err
	}
	for _, sql := range []string{
		`CREATE TABLE bench_grid AS SELECT code, (ST_Dump(to_lattice(shape))).geom AS area FROM bench_shape`,
		`CREATE TABLE bench_household AS SELECT id, to_lattice(place) AS point FROM bench_place`,
		`CREATE INDEX ON bench_grid USING gist (area)`,
		`CREATE INDEX ON bench_household USING gist (point)`,
		`CLUSTER bench_household USING bench_household_point_idx`,
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
func (a assignBench) agree(ctx context.Context, owner []int32) error {
	rows, _ := a.pool.Query(ctx, `
		SELECT h.id, coalesce(min(g.code), '')
		FROM bench_household h LEFT JOIN bench_grid g ON g.area && h.point AND ST_Covers(g.area, h.point)
		WHERE h.id % 17 = 0
		GROUP BY h.id`)
	var id int
	var code string
	_, err := pgx.ForEachRow(rows, []any{&id, &code}, func() error {
		ours := ""
		if owner[id] >= 0 {
			ours = a.units[owner[id]].Code
		}
		if ours != code {
			return fmt.Errorf("household %d: ours says %q, PostGIS %q", id, ours, code)
		}
		return nil
	})
	return err
}
