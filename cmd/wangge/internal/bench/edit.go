package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// edits asks what one edit costs in the workshop: its preview, and at the server with
// facts, rules and journal.
func edits() Benchmark {
	return Benchmark{
		Name: "edit",
		About: "one edit of a draft: its preview (the engine, native) and at the server, with facts, rules and journal, PostgreSQL's work included; " +
			"points, lines, splits, mergers and transfers in turn",
		Run: runEdits,
	}
}

func runEdits(ctx context.Context, lab Lab) ([]Row, error) {
	var rows []Row
	for i, side := range lab.Scale.Edit {
		more, err := editSize(ctx, lab, newCounty(side).withVillages(lab.Scale.Village), strconv.Itoa(side*side), i == 0)
		if err != nil {
			return rows, fmt.Errorf("%d units: %w", side*side, err)
		}
		rows = append(rows, more...)
	}
	flat := lab.Scale.Edit[0]
	more, err := editSize(ctx, lab, newCounty(flat), fmt.Sprintf("%d-in-one", flat*flat), false)
	return append(rows, more...), err
}

// homesEach is how many households a unit has, where the workshop is measured.
const homesEach = 40

// editSize measures a draft of all units of a county.
func editSize(ctx context.Context, lab Lab, county county, size string, aims bool) ([]Row, error) {
	side := county.side
	b, err := newImportBench(ctx, lab, county, homesEach*side*side)
	if err != nil {
		return nil, err
	}
	defer b.close()
	lab.Say("edit: bringing in %s", b.data)
	if _, err := b.first(ctx); err != nil {
		return nil, err
	}
	if err := b.settle(ctx, `ANALYZE`); err != nil {
		return nil, err
	}
	p, err := plan.NewBranch(ctx, b.pool, staff.System, plan.Branch{Name: "bench", Base: townCode, Level: "micro-grid", Day: grid.Today()})
	if err != nil {
		return nil, err
	}
	lab.Say("edit: %d edits", lab.Scale.Edits)
	w := plan.NewWorkshop(b.pool, nil)
	opened, err := b.measure(func() error {
		_, err := w.Facts(ctx, staff.System, p.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	division, err := w.Division(ctx, staff.System, p.ID)
	if err != nil {
		return nil, err
	}
	d, err := newDesk(ctx, division)
	if err != nil {
		return nil, err
	}
	d.server = func(op topology.Op) (plan.Edited, cost, error) {
		var done plan.Edited
		spent, err := b.closely(func() (err error) {
			done, err = w.Do(ctx, staff.System, p.ID, plan.Request{Revision: p.Revision, Key: uuid.NewString(), Edit: plan.Edit{Op: op}})
			return err
		})
		p.Revision = done.Revision
		return done, spent, err
	}
	if err := d.work(lab.Scale.Edits); err != nil {
		return nil, err
	}
	name, data := "-"+size, fmt.Sprintf("%d units of 60 points in %d above, %d households, %d edits", side*side, len(division.Parents), b.n, lab.Scale.Edits)
	row := func(of string, costs []cost, q float64, aim float64, note string) Row {
		c := quantile(costs, q)
		r := less("edit-"+of+name+map[float64]string{0.5: "-p50", 0.99: "-p99"}[q], c.cpu.Seconds()*1000, 0, "ms", data).of(c, cost{}).note("processor time; %s", note)
		if aims {
			r = r.atMost(aim)
		}
		return r
	}
	preview, server := "one thread", fmt.Sprintf("ours and PostgreSQL's; %.1f ms on the wall at the median", quantileWall(d.served, 0.5).Seconds()*1000)
	return []Row{
		row("preview", d.previewed, 0.5, 5, preview), row("preview", d.previewed, 0.99, 5, preview),
		row("server", d.served, 0.5, 20, server), row("server", d.served, 0.99, 20, server),
		inCPU("edit-open"+name, opened, cost{}, data).note("the draft read, its borders joined, what lies on the ground and the facts of all units: once for a draft that nobody has open"),
	}, nil
}

// quantile is the cost below which a share of them lies, by processor time.
func quantile(costs []cost, q float64) cost {
	sorted := slices.SortedFunc(slices.Values(costs), func(a, b cost) int { return int(a.cpu - b.cpu) })
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// quantileWall is the same by the time on the wall.
func quantileWall(costs []cost, q float64) time.Duration {
	sorted := slices.SortedFunc(slices.Values(costs), func(a, b cost) int { return int(a.wall - b.wall) })
	return sorted[int(q*float64(len(sorted)-1)+0.5)].wall
}

// closely measures work so short that reading the clocks of PostgreSQL must not be
// charged to it.
func (m meter) closely(work func() error) (cost, error) {
	theirs, err := m.server()
	if err != nil {
		return cost{}, err
	}
	ours, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
	if err != nil {
		return cost{}, err
	}
	began := time.Now()
	if err := work(); err != nil {
		return cost{}, err
	}
	spent := cost{wall: time.Since(began)}
	oursAfter, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
	if err != nil {
		return cost{}, err
	}
	theirsAfter, err := m.server()
	spent.cpu = oursAfter - ours + theirsAfter - theirs
	return spent, err
}

// desk is a planner's: the draft as the page has it, and the server.
type desk struct {
	fabric            *topology.Fabric
	units             []int
	next              int
	rng               *rand.Rand
	server            func(topology.Op) (plan.Edited, cost, error)
	previewed, served []cost
}

func newDesk(ctx context.Context, division plan.Division) (*desk, error) {
	d := &desk{next: division.Next, rng: rand.New(rand.NewPCG(1, 8))}
	pieces := map[int]geo.MultiPolygon{}
	for _, row := range division.Rows {
		d.units = append(d.units, row.ID)
		pieces[row.ID] = geo.MultiPolygon(row.Area)
	}
	var err error
	d.fabric, err = topology.Weave(ctx, geo.MultiPolygon(division.Rim), pieces)
	return d, err
}

// work makes some edits, first in the page, then at the server, and sees that both
// have the same land then.
func (d *desk) work(times int) error {
	refused := 0
	for turn := 0; len(d.served) < times; turn++ {
		op := d.op(turn)
		var patch topology.Patch
		var no error
		c, err := alone(func() { patch, no = d.fabric.Try(op) })
		if err != nil {
			return err
		}
		if no != nil || len(patch) == 0 { // a place where it cannot be done
			if refused++; refused > 10*times+100 {
				return fmt.Errorf("hardly an edit is possible: %w", no)
			}
			continue
		}
		if err := d.fabric.Put(patch); err != nil {
			return err
		}
		done, spent, err := d.server(op)
		if err != nil {
			return fmt.Errorf("%s was possible in the page: %w", op.Kind, err)
		}
		for _, change := range done.Changed {
			here, there := d.fabric.Area(change.ID), geo.MultiPolygon(nil)
			if change.After != nil {
				there = geo.MultiPolygon(change.After.Area)
			}
			if change.ID != topology.Unclaimed && !slices.EqualFunc(here, there, func(p, q geo.Polygon) bool {
				return slices.EqualFunc(p, q, func(r, s geo.Ring) bool { return slices.Equal(r, s) })
			}) {
				return fmt.Errorf("after %s unit %d is not the same in the page and at the server", op.Kind, change.ID)
			}
		}
		d.previewed, d.served = append(d.previewed, c), append(d.served, spent)
		switch op.Kind {
		case topology.SplitBy:
			d.units = append(d.units, op.Into)
			d.next++
		case topology.Merge:
			d.units = slices.DeleteFunc(d.units, func(id int) bool { return id != op.Into && slices.Contains(op.Units, id) })
		}
	}
	return nil
}

// op is an edit somewhere: what planners do most comes most often.
func (d *desk) op(turn int) topology.Op {
	id := d.units[d.rng.IntN(len(d.units))]
	area := d.fabric.Area(id)
	ring := area[0][0]
	n := len(ring)
	i := d.rng.IntN(n)
	p, q := ring[i], ring[(i+1)%n]
	near := func(p geo.Point, by int32) geo.Point {
		return geo.Point{X: p.X + d.rng.Int32N(2*by+1) - by, Y: p.Y + d.rng.Int32N(2*by+1) - by}
	}
	middle := topology.LabelPoint(area)
	from := func(p geo.Point, percent int64) geo.Point { // on the way from the middle to p, and beyond
		return geo.Point{X: middle.X + int32((int64(p.X)-int64(middle.X))*percent/100), Y: middle.Y + int32((int64(p.Y)-int64(middle.Y))*percent/100)}
	}
	switch turn % 10 {
	case 0, 1, 2, 3:
		return topology.Op{Kind: topology.MovePoint, At: p, To: near(p, 600)}
	case 4:
		return topology.Op{Kind: topology.AddPoint, Edge: [2]geo.Point{p, q}, To: near(geo.Point{X: p.X + (q.X-p.X)/2, Y: p.Y + (q.Y-p.Y)/2}, 300)}
	case 5, 6:
		end := ring[(i+4)%n]
		return topology.Op{Kind: topology.Reshape, Line: []geo.Point{from(p, 85), from(p, 110), from(end, 110), from(end, 85)}}
	case 7:
		return topology.Op{Kind: topology.SplitBy, Units: []int{id}, Into: d.next, Line: []geo.Point{from(p, 105), middle, from(ring[(i+n/2)%n], 105)}}
	case 8: // with whom it has an edge in common
		for _, other := range d.units {
			if other != id && d.fabric.Area(other).Bound().Intersects(area.Bound()) && neighbours(d.fabric.Area(other), p, q) {
				return topology.Op{Kind: topology.Merge, Units: []int{id, other}, Into: id}
			}
		}
	}
	c := near(p, 1_000)
	return topology.Op{Kind: topology.Transfer, Into: id, Area: geo.MultiPolygon{{{
		{X: c.X - 2_000, Y: c.Y - 2_000}, {X: c.X + 2_000, Y: c.Y - 2_000}, {X: c.X + 2_000, Y: c.Y + 2_000}, {X: c.X - 2_000, Y: c.Y + 2_000}}}}}
}

// neighbours reports whether an area walks the edge from q to p.
func neighbours(area geo.MultiPolygon, p, q geo.Point) bool {
	for _, polygon := range area {
		for _, ring := range polygon {
			for i, a := range ring {
				if a == q && ring[(i+1)%len(ring)] == p {
					return true
				}
			}
		}
	}
	return false
}
