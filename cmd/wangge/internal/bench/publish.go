package bench

import (
	"context"
	"fmt"
	"strings"

	"wangge/geo/grid"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

// publish asks what it costs to find out who is responsible for every household
// when a plan of grids is published.
func publish() Benchmark {
	return Benchmark{
		Name:  "publish",
		About: "who is responsible after a plan is published: our re-assignment, against the best PostGIS join into a table",
		Run:   runPublish,
	}
}

// bestJoin finds every household's grid anew and stores it, without comparing and
// without an index: the least that PostGIS has to do.
const bestJoin = `
	CREATE TABLE bench_owner AS
	SELECT h.id, b.unit_id FROM bench_area b
	CROSS JOIN LATERAL (SELECT id FROM household h WHERE ST_Intersects(b.area, h.point) OFFSET 0) h`

// published is what publishing a plan took.
type published struct {
	whole      cost // checking, noding, writing, re-assigning, commit
	reassigned cost // from the re-assignment to the end
}

func runPublish(ctx context.Context, lab Lab) ([]Row, error) {
	b, err := newImportBench(ctx, lab, newCounty(lab.Scale.Side), lab.Scale.Publish)
	if err != nil {
		return nil, err
	}
	defer b.close()
	lab.Say("publish: bringing in %s", b.data)
	if _, err := b.first(ctx); err != nil {
		return nil, err
	}
	if err := b.age(ctx); err != nil {
		return nil, err
	}
	peer, err := b.join(ctx, lab.Scale.Light)
	if err != nil {
		return nil, err
	}
	county := newCounty(lab.Scale.Side)
	lab.Say("publish: a plan that moves one corner")
	corner, err := b.publish(ctx, county.withCornerMoved())
	if err != nil {
		return nil, err
	}
	lab.Say("publish: a plan that redraws every grid")
	all, err := b.publish(ctx, county.redrawn())
	if err != nil {
		return nil, err
	}
	var moved int
	if err := b.pool.QueryRow(ctx, `SELECT count(*)::int FROM household_unit WHERE valid_from = $1 AND valid_to IS NULL`, grid.Today()).Scan(&moved); err != nil {
		return nil, err
	}
	return []Row{
		inCPU("publish-corner", corner.reassigned, peer, b.data).atLeast(2).note("four grids change; from re-assignment to commit, PostgreSQL's work included; the peer joins all and writes a table without index"),
		inCPU("publish-all", all.reassigned, peer, b.data).atLeast(2).note("every grid changes, %d households change hands, each with its old row closed and a new one opened; the peer as above, it keeps no history", moved),
		inCPU("publish-corner-whole", corner.whole, cost{}, b.data).note("with checking and noding the %d grids and writing the boundaries", lab.Scale.Side*lab.Scale.Side),
		inCPU("publish-all-whole", all.whole, cost{}, b.data).note("with checking and noding the %d grids and writing the boundaries", lab.Scale.Side*lab.Scale.Side),
	}, nil
}

// age makes it long ago that the households were brought in, so that publishing
// has to keep history.
func (b *importBench) age(ctx context.Context) error {
	if _, err := b.pool.Exec(ctx, `UPDATE household_unit SET valid_from = $1`, longAgo()); err != nil {
		return err
	}
	return b.settle(ctx, `VACUUM FULL household_unit`, `ANALYZE`)
}

// join measures the peer. Its polygons are simple ones in a table of their own,
// which suits it best.
func (b *importBench) join(ctx context.Context, times int) (cost, error) {
	if _, err := b.pool.Exec(ctx, `
		CREATE TABLE bench_area AS
		SELECT b.unit_id, (ST_Dump(b.geom)).geom AS area
		FROM boundary b JOIN unit u ON u.id = b.unit_id
		WHERE u.level = 'micro-grid' AND b.valid_to IS NULL`); err != nil {
		return cost{}, err
	}
	if err := b.settle(ctx, `VACUUM ANALYZE bench_area`); err != nil {
		return cost{}, err
	}
	return median(times, func() (cost, error) {
		if _, err := b.pool.Exec(ctx, `DROP TABLE IF EXISTS bench_owner`); err != nil {
			return cost{}, err
		}
		return b.measure(func() error {
			_, err := b.pool.Exec(ctx, bestJoin)
			return err
		})
	})
}

// publish makes a plan of the county's grids and publishes it today.
func (b *importBench) publish(ctx context.Context, c county) (published, error) {
	p, err := draft(ctx, b.pool, "micro-grid", grid.Today(), c.records())
	if err != nil {
		return published{}, err
	}
	if p.Faults.Hard > 0 {
		return published{}, fmt.Errorf("the plan has faults: %v", p.Faults.ByKind)
	}
	if err := b.settle(ctx); err != nil {
		return published{}, err
	}
	begin, err := b.read()
	if err != nil {
		return published{}, err
	}
	var halfway reading
	var failed error
	_, err = plan.Publish(ctx, b.pool, staff.System, p.ID, p.Revision, grid.Today(), func(stage string, _, _ int64) {
		if strings.HasPrefix(stage, "re-assigning") {
			halfway, failed = b.read()
		}
	})
	if err == nil {
		err = failed
	}
	if err == nil && halfway.wall.IsZero() {
		err = fmt.Errorf("the plan was published without re-assigning")
	}
	if err != nil {
		return published{}, err
	}
	var p2 published
	if p2.whole, err = b.since(begin); err != nil {
		return published{}, err
	}
	p2.reassigned, err = b.since(halfway)
	return p2, err
}
