package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/deliberation"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Publish makes a draft the plan in force from day on: all of it or none of it.
//
// The slow work (noding, checking) is done first, outside any transaction. Then one
// transaction keeps others out of the places that it touches, proves that nothing
// there changed since the work began, closes old validity and opens new, writes
// lineage, carries posts, re-assigns what lies in the places that changed, and raises
// the layer's version. Plans of places apart are published side by side.
//
// Of several plans that decide the same units, or units above or below each other,
// the first one wins: ErrStale tells the others which it was (see scope.go).
//
// Errors: ErrFaulty with every hard fault and its place, ErrRules likewise, ErrStale,
// ErrNotDraft, ErrBefore, ErrFuture.
func Publish(ctx context.Context, db pg.DB, actor staff.Actor, id int64, revision int, day geo.Day, step Step) (Plan, error) {
	return takeEffect(ctx, db, actor, Draft, id, revision, day, step)
}

// takeEffect publishes a plan that is in a state now.
func takeEffect(ctx context.Context, db pg.DB, actor staff.Actor, from State, id int64, revision int, day geo.Day, step Step) (Plan, error) {
	if geo.DayOf(time.Now()).Before(day) {
		return Plan{}, fmt.Errorf("publish plan %d: %w", id, ErrFuture)
	}
	err := errMoved
	for attempt := 0; errors.Is(err, errMoved); attempt++ {
		err = publish(ctx, db, actor, from, id, revision, day, step, attempt == maxAttempts)
	}
	if err != nil {
		return Plan{}, fmt.Errorf("publish plan %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}

// maxAttempts is how often publishing begins again because a neighbour was quicker;
// then it keeps everybody out while it works, and cannot be overtaken.
const maxAttempts = 3

// errMoved means that boundaries near the plan changed between check and commit.
var errMoved = errors.New("boundaries near the plan changed")

func publish(ctx context.Context, db pg.DB, actor staff.Actor, from State, id int64, revision int, day geo.Day, step Step, alone bool) error {
	if alone {
		return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			if err := grid.ChangeBoundaries(ctx, tx); err != nil {
				return err
			}
			d, n, err := prepare(ctx, tx, actor, from, id, revision, day, step)
			if err != nil {
				return err
			}
			return d.commit(ctx, tx, actor, from, n, step)
		})
	}
	d, n, err := prepare(ctx, db, actor, from, id, revision, day, step)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := grid.ChangeBoundaries(ctx, tx, n.places...); err != nil {
			return err
		}
		if moved, err := movedSince(ctx, tx, d.basis, n.places); err != nil || moved {
			return errors.Join(err, errMoved)
		}
		return d.commit(ctx, tx, actor, from, n, step)
	})
}

// prepare checks a plan and works out all that it changes.
func prepare(ctx context.Context, db pg.DB, actor staff.Actor, from State, id int64, revision int, day geo.Day, step Step) (*draft, next, error) {
	step("checking", 0, 0)
	d, err := openIn(ctx, db, actor, from, id, revision, day)
	if err != nil {
		return nil, next{}, err
	}
	m, err := d.examine(ctx)
	if err != nil {
		return nil, next{}, err
	}
	if d.hard() > 0 {
		redrawn := slices.ContainsFunc(d.faults, func(f Fault) bool { return f.Kind == staleParent })
		if err := d.notOvertaken(ctx, db); err != nil && !redrawn { // the faults are likely to come from that
			return nil, next{}, err
		}
		return nil, next{}, ErrFaulty.With(d.places()...)
	}
	if d.base != 0 {
		stops, _, err := judge(ctx, db, actor, day, id)
		if err != nil {
			return nil, next{}, err
		}
		if len(stops) > 0 {
			return nil, next{}, ErrRules.With(stops[:min(len(stops), 100)]...)
		}
	}
	n, err := d.next(m)
	return d, n, err
}

// commit writes what was worked out.
func (d *draft) commit(ctx context.Context, tx pgx.Tx, actor staff.Actor, from State, n next, step Step) error {
	step("publishing", 0, int64(len(n.parts)))
	if _, err := lockIn(ctx, tx, from, d.id, d.revision); err != nil {
		return err
	}
	if from == Draft { // an adopted plan was decided and sealed when it was adopted
		if err := deliberation.Undecided(ctx, tx, d.id, d.revision); err != nil {
			return err
		}
	}
	if _, err := Seal(ctx, tx, d.id); err != nil {
		return err
	}
	if err := d.mayTakeEffect(ctx, tx, actor, n); err != nil {
		return err
	}
	if err := d.apply(ctx, tx, n); err != nil {
		return err
	}
	if err := carry(ctx, tx, actor, d.id, n.retired, d.day); err != nil {
		return err
	}
	step("re-assigning households, incidents and service points", 0, 0)
	moved, err := reassign(ctx, tx, d.day, n.bound)
	if err != nil {
		return err
	}
	if err := d.sign(ctx, tx, actor, n); err != nil {
		return err
	}
	return record(ctx, tx, actor, "publish", d.id, map[string]any{
		"effective_on": d.day.String(), "units": len(n.parts), "retired": len(n.retired), "moved": moved})
}

// mayTakeEffect reports what stops a plan without faults: another plan was quicker, it
// reaches out of the actor's area.
func (d *draft) mayTakeEffect(ctx context.Context, tx pgx.Tx, actor staff.Actor, n next) error {
	if err := d.notOvertaken(ctx, tx); err != nil {
		return err
	}
	return d.within(ctx, tx, actor, n)
}

// places are the hard faults in the shape of an answer, the first hundred.
func (d *draft) places() []fault.Place {
	var out []fault.Place
	for _, f := range d.faults {
		if !f.Hard || len(out) == 100 {
			continue
		}
		place := fault.Place{Pointer: f.Place, Code: f.Kind, Detail: fmt.Sprintf("%s %v %s", f.Kind, f.Codes, f.Detail)}
		if f.At != nil {
			at := [2]float64(f.At.Degrees())
			place.At = &at
		}
		out = append(out, place)
	}
	return out
}

// next is what a draft makes of the boundaries in force.
type next struct {
	parts    []Unit             // the units of the draft's level, exact
	redrawn  []grid.InForce     // other units whose vertices or area change, with the new area
	reshaped map[int64]bool     // those of redrawn that got more than vertices on straight edges
	retired  []grid.InForce     // units of the level that end
	excluded []Unit             // accepted gaps
	above    []Unit             // units above that the plan makes
	gaps     map[string]float64 // parent → m² that no part covers
	bound    geo.Bound          // what may have changed hands lies in here
	places   []geo.Bound        // where nothing else may change meanwhile
}

// next works out everything that publishing will write.
func (d *draft) next(m *topology.Mosaic) (next, error) {
	n := next{gaps: map[string]float64{}, bound: geo.EmptyBound, reshaped: map[int64]bool{}}
	areas := map[string]geo.MultiPolygon{}
	for _, p := range m.Parts() {
		areas[p.Code] = p.Area
	}
	covered := map[string]bool{}
	coming := map[string]bool{}
	for _, u := range d.units {
		switch u.Role {
		case Part:
			u.Area = areas[u.Code]
			if len(d.above) == 0 {
				u.Parent = ""
			}
			if u.Name == "" {
				u.Name = u.Code
			}
			n.parts = append(n.parts, u)
			covered[u.Parent], coming[u.Code] = true, true
		case Excluded:
			n.excluded = append(n.excluded, u)
		}
	}
	n.above = d.newAbove(m)
	n.retired = append(d.retired(covered, coming), d.swallowed()...)
	n.redrawn = d.redrawn(m, coming, n.retired)
	for _, f := range d.faults {
		if f.Kind == string(topology.Gap) {
			n.gaps[f.Parent] += f.Area
		}
	}
	d.settle(&n, covered)
	return n, nil
}

// settle works out where things change hands, and where nothing else may change
// meanwhile: what the plan writes, and what it reads to write it.
func (d *draft) settle(n *next, covered map[string]bool) {
	keep := func(areas ...geo.MultiPolygon) {
		for _, a := range areas {
			if len(a) > 0 {
				n.places = append(n.places, a.Bound())
			}
		}
	}
	for _, u := range n.parts {
		before := d.byCode[u.Code].Area
		n.bound = n.bound.Union(difference(before, u.Area))
		keep(before, u.Area)
	}
	for _, b := range n.retired {
		n.bound = n.bound.Union(b.Area.Bound())
		keep(b.Area)
	}
	for _, b := range n.redrawn {
		before := d.byCode[b.Code].Area
		n.bound = n.bound.Union(difference(before, b.Area))
		keep(before, b.Area)
		if !onlyVertices(before, b.Area) {
			n.reshaped[b.ID] = true
			keep(d.byID[b.ParentID].Area) // whose state is looked at again
		}
	}
	for code := range covered {
		keep(d.above[code].Area)
	}
	if !n.bound.Empty() {
		n.places = append(n.places, n.bound)
	}
}

// swallowed are the units above of which redrawing leaves nothing.
func (d *draft) swallowed() (out []grid.InForce) {
	for _, u := range d.units {
		if u.Role == Parent && len(u.Area) == 0 {
			out = append(out, d.byCode[u.Code])
		}
	}
	return out
}

// retired are the units of the draft's level, below the parents that it divides,
// that the draft does not have any more. At the top level nothing ends by itself.
func (d *draft) retired(covered, coming map[string]bool) []grid.InForce {
	if len(d.above) == 0 {
		return nil
	}
	divided := map[int64]bool{}
	for code, b := range d.above {
		if covered[code] || d.base != 0 && (b.ID == d.base || d.under(b, d.base)) {
			divided[b.ID] = true
		}
	}
	var out []grid.InForce
	for _, b := range d.inForce {
		if b.Level == d.level && divided[b.ParentID] && !coming[b.Code] {
			out = append(out, b)
		}
	}
	return out
}

// redrawn are the units outside the draft's level whose boundary changes: those of
// the levels above that a repair redrew, and every unit in force that shares an
// edge into which noding put a vertex.
func (d *draft) redrawn(m *topology.Mosaic, coming map[string]bool, retired []grid.InForce) []grid.InForce {
	ends := map[int64]bool{} // a unit that ends gets no vertex, and no new version
	for _, b := range retired {
		ends[b.ID] = true
	}
	edges := newVertices{}
	maps.Copy(edges, d.edges)
	changed := map[string]geo.MultiPolygon{}
	change := func(code string, area geo.MultiPolygon) {
		b := d.byCode[code]
		if before := d.drawn(b); !sameArea(before, area) {
			edges.learn(before, area)
		}
		if !sameArea(b.Area, area) {
			edges.learn(b.Area, area)
			changed[code] = area
		}
	}
	for _, u := range d.units {
		if u.Role == Parent {
			change(u.Code, u.Area)
		}
	}
	for _, p := range m.Parents() {
		if _, ok := d.above[p.Code]; ok {
			change(p.Code, p.Area)
		}
	}
	for _, p := range m.Parts() { // neighbours at the top level get vertices too
		if _, ok := d.byCode[p.Code]; ok && !coming[p.Code] {
			change(p.Code, p.Area)
		}
	}
	var out []grid.InForce
	for _, b := range d.inForce {
		if b.Level == d.level && coming[b.Code] || ends[b.ID] {
			continue
		}
		area, isRedrawn := changed[b.Code]
		if !isRedrawn {
			area = b.Area
		} else if len(area) == 0 {
			continue // swallowed
		}
		if noded, ok := edges.apply(area); ok {
			area, isRedrawn = noded, true
		}
		if isRedrawn {
			b.Area = area
			out = append(out, b)
		}
	}
	return out
}

// newVertices are the vertices that noding put into edges, by edge.
type newVertices map[[2]geo.Point][]geo.Point

// learn compares an area before and after: an edge that is gone, and whose ends
// are joined by a run of points close to it, got those points.
func (n newVertices) learn(before, after geo.MultiPolygon) {
	position := map[geo.Point][]geo.Ring{}
	have := map[[2]geo.Point]bool{}
	forEdges(after, func(a, b geo.Point) { have[[2]geo.Point{a, b}] = true })
	for _, polygon := range after {
		for _, ring := range polygon {
			for _, p := range ring {
				position[p] = append(position[p], ring)
			}
		}
	}
	forEdges(before, func(a, b geo.Point) {
		if have[[2]geo.Point{a, b}] {
			return
		}
		for _, ring := range position[a] {
			if run, ok := between(ring, a, b); ok {
				n[[2]geo.Point{a, b}] = run
				reversed := slices.Clone(run)
				slices.Reverse(reversed)
				n[[2]geo.Point{b, a}] = reversed
				return
			}
		}
	})
}

// between returns the points of ring after a and before b, if all of them lie
// within two lattice steps of the straight line from a to b.
func between(ring geo.Ring, a, b geo.Point) ([]geo.Point, bool) {
	start := slices.Index(ring, a)
	var run []geo.Point
	for i := 1; i < len(ring); i++ {
		p := ring[(start+i)%len(ring)]
		if p == b {
			return run, len(run) > 0
		}
		if !nearLine(p, a, b) {
			return nil, false
		}
		run = append(run, p)
	}
	return nil, false
}

func nearLine(p, a, b geo.Point) bool {
	dx, dy := float64(b.X)-float64(a.X), float64(b.Y)-float64(a.Y)
	cross := float64(geo.Cross(a, b, p))
	return cross*cross <= 4*(dx*dx+dy*dy)
}

// apply puts the vertices into an area's edges; ok is false when it has none of them.
func (n newVertices) apply(area geo.MultiPolygon) (out geo.MultiPolygon, ok bool) {
	if len(n) == 0 {
		return nil, false
	}
	out = make(geo.MultiPolygon, len(area))
	for i, polygon := range area {
		for _, ring := range polygon {
			r := make(geo.Ring, 0, len(ring))
			for j, p := range ring {
				r = append(r, p)
				if run, found := n[[2]geo.Point{p, ring[(j+1)%len(ring)]}]; found {
					r, ok = append(r, run...), true
				}
			}
			out[i] = append(out[i], r)
		}
	}
	return out, ok
}

func forEdges(area geo.MultiPolygon, f func(a, b geo.Point)) {
	for _, polygon := range area {
		for _, ring := range polygon {
			for i, p := range ring {
				f(p, ring[(i+1)%len(ring)])
			}
		}
	}
}

// difference is the box of everything between two areas: the border of what they do
// not share is made of edges that only one of them has.
func difference(a, b geo.MultiPolygon) geo.Bound {
	edges := map[[2]geo.Point]int{}
	forEdges(a, func(p, q geo.Point) { edges[[2]geo.Point{p, q}]++ })
	forEdges(b, func(p, q geo.Point) { edges[[2]geo.Point{p, q}]-- })
	box := geo.EmptyBound
	for edge, n := range edges {
		if n != 0 {
			box = box.Extend(edge[0]).Extend(edge[1])
		}
	}
	return box
}

// onlyVertices reports whether after is before with vertices on its straight edges.
func onlyVertices(before, after geo.MultiPolygon) bool {
	added := newVertices{}
	added.learn(before, after)
	noded, ok := added.apply(before)
	return ok && sameArea(noded, after)
}

// sameArea reports whether two areas have the same directed edges.
func sameArea(a, b geo.MultiPolygon) bool { return difference(a, b).Empty() }
