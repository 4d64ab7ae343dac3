package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/rule"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// fresh is how long what lies on the ground is taken as it was read: others may add
// homes and incidents meanwhile.
const fresh = 2 * time.Minute

// Walking across a unit, as its facts tell: at the pace of GB 50180-2018's circles
// (15 minutes are 1,000 m).
const (
	pace       = 4e6 / 60.0 // mm a minute: 4 km/h
	joinWithin = 200_000    // mm between the border and a street
	farthest   = 20_000_000 // mm; a unit that takes longer is told no time
)

// Standing is what the units of a draft come to, and which rules they break.
type Standing struct {
	Facts    []rule.Fact    `json:"facts"`
	InForce  []rule.Fact    `json:"in_force" doc:"the units of the level that are in force below the base; their ordinals are those of units of the draft with the same code, or 0"`
	Findings []rule.Finding `json:"findings" doc:"hard ones first"`
	RuleSet  ruleset.Set    `json:"rule_set"`
}

// ground is what lies under a draft, as somebody may see it.
type ground struct {
	*rule.Ground
	read time.Time
}

// look returns what lies under the draft for an actor.
func (b *bench) look(ctx context.Context, db pg.DB, actor staff.Actor, p Plan) (*rule.Ground, error) {
	key := fmt.Sprint(actor.Account)
	if g, ok := b.grounds[key]; ok && time.Since(g.read) < fresh {
		return g.Ground, nil
	}
	today := geo.DayOf(time.Now())
	below, err := ruleset.Below(ctx, db, p.ID, today)
	if err != nil {
		return nil, err
	}
	g, err := ruleset.Load(ctx, db, actor, today, below)
	if err != nil {
		return nil, err
	}
	if b.grounds == nil || len(b.grounds) >= maxOpen {
		b.grounds = map[string]ground{}
	}
	b.grounds[key] = ground{g, time.Now()}
	return g, nil
}

// parts are the units of the division with changes made, by id.
func (d *division) parts(changes []RowChange) []rule.Unit {
	changed := map[int]*Row{}
	for _, c := range changes {
		changed[c.ID] = c.After
	}
	var out []rule.Unit
	add := func(r *Row) {
		if r != nil && r.Role == Part {
			out = append(out, rule.Unit{Ordinal: r.ID, Code: r.Code, Name: r.Name, Level: d.level, Parent: r.Parent, Area: geo.MultiPolygon(r.Area)})
		}
	}
	for id, row := range d.rows {
		if after, ok := changed[id]; ok {
			row = after
			delete(changed, id)
		}
		add(row)
	}
	for _, row := range changed {
		add(row)
	}
	slices.SortFunc(out, func(a, b rule.Unit) int { return a.Ordinal - b.Ordinal })
	return out
}

// above are the units above as rules judge them: a new one by the number of its row, one
// in force by its id below 0.
func (d *division) above() (out []rule.Unit) {
	for _, a := range d.parents {
		out = append(out, rule.Unit{Ordinal: -int(a.id), Code: a.Code, Name: a.Name, Level: a.level})
	}
	for _, row := range d.rows {
		if row.Role == Parent {
			out = append(out, rule.Unit{Ordinal: row.ID, Code: row.Code, Name: row.Name, Level: d.schemeAbove.Level})
		}
	}
	slices.SortFunc(out, func(a, b rule.Unit) int { return cmp.Compare(a.Code, b.Code) })
	return out
}

// touched are the rows that changes are about, and the units above that lost or got one.
func touched(above []rule.Unit, changes []RowChange) []int {
	out := idsOf(changes)
	for _, c := range changes {
		for _, row := range []*Row{c.Before, c.After} {
			for _, a := range above {
				if row != nil && row.Role == Part && a.Code == row.Parent && !slices.Contains(out, a.Ordinal) {
					out = append(out, a.Ordinal)
				}
			}
		}
	}
	return out
}

// live tells what the units come to that some changes are about, with those made that
// are only tried; nil about means all units.
func (w *Workshop) live(ctx context.Context, actor staff.Actor, b *bench, p Plan, tried, about []RowChange) ([]rule.Fact, []rule.Finding, ruleset.Set, error) {
	set, err := ruleset.Of(ctx, w.db, actor, p.ID)
	if err != nil {
		return nil, nil, set, err
	}
	waivers, err := ruleset.Waivers(ctx, w.db, actor, p.ID)
	if err != nil {
		return nil, nil, set, err
	}
	g, err := b.look(ctx, w.db, actor, p)
	if err != nil {
		return nil, nil, set, err
	}
	units, above := b.parts(tried), b.above()
	var ordinals []int
	if about != nil {
		ordinals = touched(above, about)
	}
	all, ordinals := rule.Above(units, above, ordinals)
	facts := g.Facts(all, ordinals) // of neighbours with a home on the common border too
	if err := w.across(ctx, units, facts); err != nil {
		return nil, nil, set, err
	}
	findings := rule.Check(set.Rule(), facts)
	rule.Excuse(findings, waivers)
	return facts, findings, set, nil
}

// across fills in how long it takes to walk across each unit. Without a map nothing is
// known.
func (w *Workshop) across(ctx context.Context, units []rule.Unit, facts []rule.Fact) error {
	if w.paths == nil {
		return nil
	}
	n, _, err := w.paths.Current(ctx)
	if errors.Is(err, network.ErrNoNetwork) {
		return nil
	}
	if err != nil {
		return err
	}
	walker := n.Walker(walk.Mode{})
	defer walker.Release()
	areas := make(map[int]geo.MultiPolygon, len(units))
	for _, u := range units {
		areas[u.Ordinal] = u.Area
	}
	for i, f := range facts {
		if area := areas[f.Ordinal]; len(area) > 0 {
			facts[i].Minutes = minutesAcross(n, walker, area)
		}
	}
	return nil
}

// minutesAcross is the longest of the shortest walks between the corners of an area
// that lie farthest out in eight directions, or a little less: from one of them to
// the farthest, and from there to the farthest of all.
func minutesAcross(n *walk.Network, w *walk.Walker, area geo.MultiPolygon) *float64 {
	var out [8]geo.Point
	var most [8]int64
	first := true
	for _, polygon := range area {
		for _, p := range polygon[0] {
			x, y := int64(p.X), int64(p.Y)
			for k, v := range [8]int64{x, -x, y, -y, x + y, -x - y, x - y, y - x} {
				if first || v > most[k] {
					out[k], most[k] = p, v
				}
			}
			first = false
		}
	}
	var corners []walk.Place
	for _, p := range slices.Compact(out[:]) {
		if at := n.Snap(p, walk.Adult, joinWithin); at.Count > 0 {
			corners = append(corners, at)
		}
	}
	if len(corners) < 2 {
		return nil
	}
	far := func(from walk.Place) (to walk.Place, mm uint32) {
		w.Spread([]walk.Place{from}, farthest, walk.From)
		for _, c := range corners {
			if d, _ := w.At(c); d != walk.Never && d >= mm {
				to, mm = c, d
			}
		}
		return to, mm
	}
	end, _ := far(corners[0])
	_, mm := far(end)
	if mm == 0 {
		return nil
	}
	minutes := float64(mm) / pace
	return &minutes
}

// Facts tells what all units of a draft come to, and those in force that it changes.
func (w *Workshop) Facts(ctx context.Context, actor staff.Actor, id int64) (Standing, error) {
	b, p, err := w.bench(ctx, actor, id)
	if err != nil {
		return Standing{}, fmt.Errorf("facts of plan %d: %w", id, err)
	}
	defer b.mu.Unlock()
	out := Standing{}
	if out.Facts, out.Findings, out.RuleSet, err = w.live(ctx, actor, b, p, nil, nil); err != nil {
		return out, fmt.Errorf("facts of plan %d: %w", id, err)
	}
	g, err := b.look(ctx, w.db, actor, p)
	if err != nil {
		return out, fmt.Errorf("facts of plan %d: %w", id, err)
	}
	units, err := b.before(ctx, w.db, p)
	if err != nil {
		return out, fmt.Errorf("facts of plan %d: %w", id, err)
	}
	out.InForce = g.Facts(units, nil)
	if err := w.across(ctx, units, out.InForce); err != nil {
		return out, err
	}
	mine := map[string]int{}
	for _, r := range b.rows {
		if r.Role == Part {
			mine[r.Code] = r.ID
		}
	}
	for i, f := range out.InForce {
		out.InForce[i].Ordinal = mine[f.Code]
	}
	return out, nil
}

// before are the units in force of the draft's level below those above that it divides:
// as they were read with the draft, and anew when a plan was published since.
func (b *bench) before(ctx context.Context, db pg.DB, p Plan) ([]rule.Unit, error) {
	now, err := basis(ctx, db)
	if err != nil || now == b.basis {
		return b.inForce, err
	}
	d := draft{level: p.Level}
	if d.inForce, err = grid.AllInForce(ctx, db, geo.DayOf(time.Now())); err != nil {
		return nil, err
	}
	d.below(0)
	b.inForce, b.basis = d.standing(b.parents), now
	return b.inForce, nil
}

// standing are the units in force of the draft's level below some above.
func (d *draft) standing(above []Above) (units []rule.Unit) {
	divided := map[string]bool{}
	for _, a := range above {
		divided[a.Code] = true
	}
	for _, u := range d.inForce {
		if parent := d.byID[u.ParentID].Code; u.Level == d.level && divided[parent] {
			units = append(units, rule.Unit{Ordinal: len(units) + 1, Code: u.Code, Name: u.Name, Level: u.Level, Parent: parent, Area: u.Area})
		}
	}
	return units
}
