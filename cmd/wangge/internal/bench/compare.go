package bench

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/compare"
	"wangge/geo/grid"
	"wangge/geo/staff"
)

// comparisons asks what it costs to compare two plans of many units.
func comparisons() Benchmark {
	return Benchmark{
		Name:  "compare",
		About: "a draft that redraws every unit, compared with what is in force: the land in common of all units, against PostGIS's intersections of the same; and all of the comparison",
		Run:   runComparisons,
	}
}

// overlay finds the land that units before and after have in common, as people write
// it and as PostGIS does it best: an index, prepared boxes, one core.
const overlay = `
	CREATE TABLE bench_common AS
	SELECT a.unit_id AS before, b.unit_id AS after, ST_Area(c.land) AS size, c.land
	FROM bench_before a JOIN bench_after b ON a.area && b.area
	CROSS JOIN LATERAL (SELECT ST_CollectionExtract(ST_Intersection(a.area, b.area), 3) AS land OFFSET 0) c
	WHERE NOT ST_IsEmpty(c.land)`

func runComparisons(ctx context.Context, lab Lab) ([]Row, error) {
	county := newCounty(lab.Scale.Compare)
	b, err := newImportBench(ctx, lab, county, lab.Scale.Publish)
	if err != nil {
		return nil, err
	}
	defer b.close()
	lab.Say("compare: bringing in %s", b.data)
	if _, err := b.first(ctx); err != nil {
		return nil, err
	}
	after := county.redrawn()
	p, err := draft(ctx, b.pool, "micro-grid", grid.Today(), after.records())
	if err != nil {
		return nil, err
	}
	if err := b.settle(ctx, `ANALYZE`); err != nil {
		return nil, err
	}
	lab.Say("compare: %d units with %d", county.side*county.side, county.side*county.side)
	var relation compare.Relation
	divisions := [2][]compare.Unit{county.divided(), after.divided()}
	var failed error
	relate, err := together(func() { relation, failed = compare.Relate(ctx, divisions[0], divisions[1]) })
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	var said compare.Comparison
	whole, err := b.measure(func() (err error) {
		said, err = compare.Of(ctx, b.pool, staff.System, compare.Question{Base: townCode, Level: "micro-grid",
			Before: compare.Side{Day: grid.Today()}, After: compare.Side{Plan: p.ID}}, grid.Today())
		return err
	})
	if err != nil {
		return nil, err
	}
	lab.Say("compare: PostGIS's intersections")
	peer, pairs, share, err := overlaid(ctx, b.pool, county, after)
	if err != nil {
		return nil, err
	}
	common := 0
	var land float64
	for _, pair := range relation.Pairs {
		if land += pair.SquareMeters; !pair.Sliver() {
			common++
		}
	}
	if math.Abs(float64(common-pairs)) > float64(pairs)/1000 || math.Abs(share-1) > 1e-9 {
		return nil, fmt.Errorf("we find %d pairs of units, PostGIS %d with %.12f of the land", common, pairs, share)
	}
	data := fmt.Sprintf("%d units before and after, %d households", county.side*county.side, b.n)
	return []Row{
		inCPU("compare-relate", relate, peer, data).note("%d pairs of units with land in common, exact; the peer's are %d and rounded, one core", common, pairs),
		inCPU("compare-whole", whole, cost{}, data).note("with reading both divisions, %d changed units, %d of %d households that change grid, posts: all that an answer has", len(said.Units), movedHouseholds(said.Moved), b.n),
	}, nil
}

// divided are the grids as units to compare.
func (c county) divided() (list []compare.Unit) {
	for _, u := range c.grids() {
		list = append(list, compare.Unit{Code: u.Code, Name: u.Code, Parent: townCode, Area: u.Area})
	}
	return list
}

// overlaid measures the peer, and returns how many pairs of units have more land in
// common than a sliver, and the share of the land that all pairs have.
func overlaid(ctx context.Context, pool *pgxpool.Pool, before, after county) (spent cost, pairs int, share float64, err error) {
	for table, c := range map[string]county{"bench_before": before, "bench_after": after} {
		if _, err := pool.Exec(ctx, `CREATE TABLE `+table+` (unit_id int, area geometry)`); err != nil {
			return cost{}, 0, 0, err
		}
		units := c.grids()
		if _, err := pool.CopyFrom(ctx, pgx.Identifier{table}, []string{"unit_id", "area"}, pgx.CopyFromSlice(len(units), func(i int) ([]any, error) {
			return []any{units[i].ID, units[i].Area}, nil
		})); err != nil {
			return cost{}, 0, 0, err
		}
		for _, sql := range []string{`UPDATE ` + table + ` SET area = ST_GeometryN(area, 1)`, `CREATE INDEX ON ` + table + ` USING gist (area)`, `VACUUM ANALYZE ` + table} {
			if _, err := pool.Exec(ctx, sql); err != nil {
				return cost{}, 0, 0, err
			}
		}
	}
	if spent, err = statement(ctx, pool, overlay); err != nil {
		return cost{}, 0, 0, err
	}
	err = pool.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM bench_common WHERE ST_Area(land::geography) > $1), (SELECT sum(size) FROM bench_common) / (SELECT sum(ST_Area(area)) FROM bench_before)`,
		compare.Sliver).Scan(&pairs, &share)
	return spent, pairs, share, err
}

// movedHouseholds is how many change grid; whoever measures sees them.
func movedHouseholds(h compare.Households) int {
	if h.Moved == nil {
		return 0
	}
	return *h.Moved
}
