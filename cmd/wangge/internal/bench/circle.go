package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/network"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// circles computes the service circle of a town: a table of functions and tiers for
// every unit, and whole runs of a growing number of households.
func circles() Benchmark {
	return Benchmark{
		Name:  "circle",
		About: "coverage of all units by 6 functions × 3 tiers, and runs from the database into it, growing",
		Run:   runCircles,
	}
}

// given is a network that is at hand already.
type given struct{ n *walk.Network }

// Current implements circle.Paths.
func (g given) Current(context.Context) (*walk.Network, network.Version, error) {
	return g.n, network.Version{ID: 1, SHA256: "bench", ImportedAt: time.Unix(0, 0)}, nil
}

var (
	circleFunctions = []string{"medical", "elderly-care", "child-care", "culture", "mediation", "one-stop"}
	circleTiers     = []string{"center", "station", "point"}
)

// circleTable asks for every function and tier; each speed is another table.
func circleTable(speed int) circle.Params {
	var p circle.Params
	for _, f := range circleFunctions {
		for _, tier := range circleTiers {
			p.Columns = append(p.Columns, circle.Column{Function: f, Tiers: []string{tier}, Standard: circle.Standard{Minutes: 15, Speed: speed}})
		}
	}
	return p
}

func runCircles(ctx context.Context, lab Lab) ([]Row, error) {
	town, err := atHome(ctx, lab)
	if err != nil {
		return nil, err
	}
	row, err := tableOf(ctx, lab, town, "circle-table", 25*time.Millisecond, 87_458)
	if err != nil {
		return nil, err
	}
	rows := []Row{row}
	large, err := town.copied(ctx, lab.Scale.Copies)
	if err != nil {
		return nil, err
	}
	if row, err = tableOf(ctx, lab, large, "circle-table-large", 800*time.Millisecond, 1_399_328); err != nil {
		return nil, err
	}
	rows = append(rows, row)
	for _, count := range lab.Scale.Assign {
		if count > len(large.homes) {
			continue
		}
		part := large
		part.homes = spread(large.homes, count)
		pool, err := circleTown(ctx, lab, part)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if _, err := circle.NewMaker(pool, given{part.network}).Run(ctx, staff.Local, circleTable(4000), func(string, int64, int64) {}); err != nil {
			return nil, err
		}
		wall := time.Since(began)
		rows = append(rows, onTheWall(fmt.Sprintf("circle-run-%d", count), cost{wall: wall}, cost{}, part.data()).
			note("read, joined to the streets, 18 columns, cells of 4 resolutions, all results stored: %.1f µs a household", wall.Seconds()/float64(count)*1e6))
	}
	return rows, nil
}

// spread takes every so many-th home.
func spread(homes []geo.Point, count int) []geo.Point {
	list := make([]geo.Point, count)
	for i := range list {
		list[i] = homes[i*len(homes)/count]
	}
	return list
}

// tableOf measures the table when households and their places on the streets are at
// hand. The aim is scaled to the number of homes.
func tableOf(ctx context.Context, lab Lab, t walkTown, name string, aim time.Duration, homes int) (Row, error) {
	pool, err := circleTown(ctx, lab, t)
	if err != nil {
		return Row{}, err
	}
	maker := circle.NewMaker(pool, given{t.network})
	units := 0
	speed := 4000
	table := func() error {
		speed++ // no walk is remembered
		rows, err := maker.Table(ctx, staff.Local, circleTable(speed))
		units = len(rows) / (len(circleFunctions) * len(circleTiers))
		return err
	}
	if err := table(); err != nil {
		return Row{}, err
	}
	ours, err := median(max(3, lab.Scale.Light), func() (cost, error) {
		before, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
		if err != nil {
			return cost{}, err
		}
		began := time.Now()
		err = table()
		wall := time.Since(began)
		after, clockErr := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
		if err == nil {
			err = clockErr
		}
		return cost{wall: wall, cpu: after - before}, err
	})
	if err != nil {
		return Row{}, err
	}
	most := aim.Seconds() * float64(len(t.homes)) / float64(homes)
	return onTheWall(name, ours, cost{}, t.data()).target(fmt.Sprintf("≤ %.3g s", most), ours.wall.Seconds() <= most).
		note("6 functions × 3 tiers × %d units; every household's nearest point, shares, percentiles; points read, nothing stored; %.3f s of processor", units, ours.cpu.Seconds()), nil
}

// circleTown puts the homes into a database: a town of 10 × 10 grids, points in turn
// of every function and tier.
func circleTown(ctx context.Context, lab Lab, t walkTown) (*pgxpool.Pool, error) {
	pool, err := lab.Database(ctx)
	if err != nil {
		return nil, err
	}
	const side = 10
	bound := geo.EmptyBound
	for _, p := range t.homes {
		bound = bound.Extend(p)
	}
	wide, high := (bound.Max.X-bound.Min.X)/side+1, (bound.Max.Y-bound.Min.Y)/side+1
	square := func(x, y, n int32) geo.MultiPolygon {
		a, b := geo.Point{X: bound.Min.X + x*wide, Y: bound.Min.Y + y*high}, geo.Point{X: bound.Min.X + (x+n)*wide, Y: bound.Min.Y + (y+n)*high}
		return geo.MultiPolygon{{{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}}}}
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		unit := func(code, level string, parent *int64, area geo.MultiPolygon) (id int64, err error) {
			err = tx.QueryRow(ctx, `
				WITH p AS (INSERT INTO plan (name, preset, level, state, effective_on, created_by, published_by, published_at)
					SELECT 'bench', 'town-cluster', 'micro-grid', 'published', '2024-01-01', 'bench', 'bench', now() WHERE NOT EXISTS (SELECT FROM plan) RETURNING id),
				u AS (INSERT INTO unit (code, preset, level) VALUES ($1, 'town-cluster', $2) RETURNING id)
				INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
				SELECT u.id, $3, coalesce((SELECT id FROM p), (SELECT max(id) FROM plan)), $1, '2024-01-01', 1, ST_PointOnSurface($4::geometry), $4 FROM u RETURNING unit_id`,
				code, level, parent, area).Scan(&id)
			return id, err
		}
		top, err := unit("1", "village", nil, square(0, 0, side))
		if err != nil {
			return err
		}
		grids := make([]int64, side*side)
		for i := range grids {
			if grids[i], err = unit(fmt.Sprintf("1%03d", i), "micro-grid", &top, square(int32(i%side), int32(i/side), 1)); err != nil {
				return err
			}
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"household"}, []string{"source", "source_id", "point", "cell", "age_18_59", "age_60_79"},
			pgx.CopyFromSlice(len(t.homes), func(i int) ([]any, error) {
				return []any{"bench", fmt.Sprintf("%08d", i), t.homes[i], int64(cell.At(t.homes[i])), int16(2), int16(i % 2)}, nil
			}))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO household_unit (household_id, unit_id, valid_from)
			SELECT h.id, ($1::bigint[])[1 + floor((ST_X(h.point) * 1e7 - $2) / $3)::int + $6 * floor((ST_Y(h.point) * 1e7 - $4) / $5)::int], '2024-01-01' FROM household h`,
			grids, float64(bound.Min.X), float64(wide), float64(bound.Min.Y), float64(high), side)
		if err != nil {
			return err
		}
		for i, at := range t.points {
			_, err := tx.Exec(ctx, `
				WITH p AS (INSERT INTO service_point (source, source_id, name, tier, point, cell) VALUES ('bench', $1, $1, $2, $3, 1) RETURNING id),
				s AS (INSERT INTO service_point_state (service_point_id, state, valid_from) SELECT id, 'active', '2024-01-01' FROM p)
				INSERT INTO service_point_function (service_point_id, function) SELECT p.id, f FROM p, unnest($4::text[]) f`,
				fmt.Sprint(i), circleTiers[i%len(circleTiers)], at, circleFunctions)
			if err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO network_import (file_name, sha256, attribution, current, imported_by) VALUES ('bench', '', '', true, 'bench')`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("town of the circle: %w", err)
	}
	_, err = pool.Exec(ctx, `ANALYZE`)
	return pool, err
}
