package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/rule"
	"wangge/geo/topology"
)

// The edits of the workshop that are no operations of the topology.
const (
	NameUnit   = "name"   // Units[0] gets Code and Name, where given
	ChangeOver = "parent" // Units go to the unit above with the code Parent
	Lock       = "lock"   // Units keep their land
	Unlock     = "unlock"
	AddAbove   = "above"  // a new unit above, Name and Code where given, below the unit Parent
	Number     = "number" // Units, all new, get their codes anew: west to east, north to south
	DropAbove  = "drop"   // Units, new ones above that no unit belongs to, are not made after all
)

// Edit is one step of the workshop: an operation of package topology, or one on
// names, parents and locks.
type Edit struct {
	topology.Op
	Code   string
	Name   string
	Parent string
}

// words are the fields of an edit that an operation does not have.
type words struct {
	Code   string `json:"code,omitempty"`
	Name   string `json:"name,omitempty"`
	Parent string `json:"parent,omitempty"`
}

// MarshalJSON writes the fields of the operation and its own as one object.
func (e Edit) MarshalJSON() ([]byte, error) {
	op, err := json.Marshal(e.Op)
	if err != nil {
		return nil, err
	}
	own, err := json.Marshal(words{e.Code, e.Name, e.Parent})
	if err != nil || string(own) == "{}" {
		return op, err
	}
	return slices.Concat(bytes.TrimSuffix(op, []byte("}")), []byte(","), own[1:]), nil
}

// UnmarshalJSON reads one object.
func (e *Edit) UnmarshalJSON(raw []byte) error {
	var w words
	if err := json.Unmarshal(raw, &w); err != nil {
		return topology.ErrOp.Saying(err.Error())
	}
	var op topology.Op
	if err := op.UnmarshalJSON(raw); err != nil {
		return err
	}
	*e = Edit{op, w.Code, w.Name, w.Parent}
	return nil
}

// ErrNoParent means that a unit was to go to one that the plan does not divide.
var ErrNoParent = fault.New(fault.Invalid, "parent_outside_plan", "The plan does not divide this unit. Choose one of those above its units.")

// division is a draft in the workshop: its rows, and the fabric of those with land.
type division struct {
	level   string
	rows    map[int]*Row
	fabric  *topology.Fabric
	parents []Above     // that its units may belong to
	inForce []rule.Unit // of the level, below the parents, as of basis
	basis   int64
	tops    []string // codes of the units that new units above may lie in; none = there can be none
	// How its units, and those above, are numbered and named, and the codes that no new
	// unit gets.
	scheme, schemeAbove Scheme
	taken               map[string]bool
}

// weave makes a division of rows within the land of rim.
func weave(ctx context.Context, rim geo.MultiPolygon, units []Unit) (*division, error) {
	d := &division{rows: map[int]*Row{}}
	pieces := map[int]geo.MultiPolygon{}
	for _, u := range units {
		if u.Role == Parent && !u.isNew() {
			continue
		}
		d.rows[u.Ordinal] = rowOf(u)
		if u.Role == Part && len(u.Area) > 0 {
			pieces[u.Ordinal] = u.Area
		}
	}
	var err error
	if d.fabric, err = topology.Weave(ctx, rim, pieces); err != nil {
		return nil, err
	}
	for id, row := range d.rows {
		if row.Role != Part {
			continue
		}
		row.Area = Land(d.fabric.Area(id))
		d.fabric.Lock(id, row.Locked)
	}
	return d, nil
}

// try says what an edit would change, and does nothing.
func (d *division) try(ctx context.Context, e Edit) ([]RowChange, error) {
	switch string(e.Kind) {
	case NameUnit, ChangeOver, Lock, Unlock:
		return d.tryWords(e)
	case AddAbove:
		return d.tryAbove(e)
	case DropAbove:
		return d.tryDrop(e)
	case Number:
		return d.tryNumber(e)
	}
	for _, id := range e.Units {
		if row := d.rows[id]; id != topology.Unclaimed && (row == nil || row.Role != Part) {
			return nil, topology.ErrOp.Saying(fmt.Sprintf("there is no unit %d", id))
		}
	}
	if e.Into != topology.Unclaimed && d.rows[e.Into] == nil && e.Into != d.next() {
		return nil, topology.ErrOp.Saying(fmt.Sprintf("the next unit is %d", d.next()))
	}
	if row := d.rows[e.Into]; row != nil && row.Role != Part {
		return nil, topology.ErrOp.Saying(fmt.Sprintf("%d is no unit of the plan's level", e.Into))
	}
	patch, err := d.fabric.Try(e.Op)
	if err != nil {
		return nil, d.named(err)
	}
	var out []RowChange
	for _, c := range patch {
		if c.ID == topology.Unclaimed {
			gaps, err := d.tryGaps(ctx, c.After)
			if err != nil {
				return nil, err
			}
			out = append(out, gaps...)
			out = append(out, RowChange{Before: unclaimed(c.Before), After: unclaimed(c.After)})
			continue
		}
		change := RowChange{ID: c.ID, Before: d.rows[c.ID]}
		switch {
		case c.After == nil:
		case change.Before == nil:
			if change.After, err = d.fresh(c.ID, e, patch, c.After); err != nil {
				return nil, err
			}
		default:
			after := *change.Before
			after.Area = Land(c.After)
			change.After = &after
		}
		out = append(out, change)
	}
	slices.SortFunc(out, func(a, b RowChange) int { return a.ID - b.ID })
	return out, nil
}

// unclaimed is the land that is nobody's as a row, nil when there is none.
func unclaimed(area geo.MultiPolygon) *Row {
	if len(area) == 0 {
		return nil
	}
	return &Row{ID: topology.Unclaimed, Role: Unclaimed, Area: Land(area)}
}

// next is the number of the next row.
func (d *division) next() int {
	last := 0
	for id := range d.rows {
		last = max(last, id)
	}
	return last + 1
}

// fresh is a new unit. It comes under the unit above of the one that gives it most
// land, or of the nearest that has one, with the next code there.
func (d *division) fresh(id int, e Edit, patch topology.Patch, land geo.MultiPolygon) (*Row, error) {
	row := &Row{ID: id, Role: Part, Code: e.Code, Name: e.Name, Parent: e.Parent, Area: Land(land)}
	if row.Parent == "" {
		var most float64
		for _, c := range patch {
			from := d.rows[c.ID]
			lost := float64(c.Before.SquareMeters() - c.After.SquareMeters())
			if from != nil && from.Role == Part && lost > most {
				row.Parent, most = from.Parent, lost
			}
		}
	}
	if row.Parent == "" {
		for _, id := range slices.Sorted(maps.Keys(d.rows)) {
			if d.rows[id].Role == Part {
				row.Parent = d.rows[id].Parent
				break
			}
		}
	}
	if row.Code == "" {
		codes, err := d.codes(d.scheme, row.Parent, []int{id}, []geo.MultiPolygon{land})
		if err != nil {
			return nil, err
		}
		row.Code = codes[0]
		if row.Name == "" {
			row.Name = d.scheme.Name(row.Code, row.Parent, d.nameOf(row.Parent))
		}
	}
	if row.Name == "" {
		row.Name = row.Code
	}
	return row, nil
}

// tryGaps cuts the accepted gaps to the land that is still nobody's.
func (d *division) tryGaps(ctx context.Context, unclaimed geo.MultiPolygon) ([]RowChange, error) {
	var out []RowChange
	for _, id := range slices.Sorted(maps.Keys(d.rows)) {
		row := d.rows[id]
		if row.Role != Excluded {
			continue
		}
		pieces, err := topology.Overlay(ctx, []geo.MultiPolygon{geo.MultiPolygon(row.Area)}, []geo.MultiPolygon{unclaimed})
		if err != nil {
			return nil, err
		}
		after := *row
		after.Area = nil
		for _, p := range pieces {
			if p.Before == 0 && p.After == 0 {
				after.Area = Land(p.Area)
			}
		}
		switch {
		case len(after.Area) == 0:
			out = append(out, RowChange{ID: id, Before: row})
		case !sameArea(geo.MultiPolygon(row.Area), geo.MultiPolygon(after.Area)):
			out = append(out, RowChange{ID: id, Before: row, After: &after})
		}
	}
	return out, nil
}

// named gives the places of a topology's fault the codes of units.
func (d *division) named(err error) error {
	f := fault.Of(err)
	if f == nil || len(f.Places) == 0 {
		return err
	}
	out := *f
	out.Places = slices.Clone(f.Places)
	for i, p := range out.Places {
		var id int
		if _, err := fmt.Sscanf(p.Pointer, "unit %d", &id); err == nil && d.rows[id] != nil {
			out.Places[i].Pointer = "code=" + d.rows[id].Code
		}
	}
	return &out
}

// tryWords are the edits that move no border.
func (d *division) tryWords(e Edit) ([]RowChange, error) {
	if len(e.Units) == 0 {
		return nil, topology.ErrOp.Saying("which unit?")
	}
	if string(e.Kind) == NameUnit && len(e.Units) != 1 {
		return nil, topology.ErrOp.Saying("one unit at a time")
	}
	if string(e.Kind) == ChangeOver && !d.divides(e.Parent) {
		return nil, ErrNoParent.Saying(e.Parent)
	}
	var out []RowChange
	for _, id := range slices.Compact(slices.Sorted(slices.Values(e.Units))) {
		row := d.rows[id]
		if row == nil || row.Role == Excluded || row.Role == Parent && string(e.Kind) != NameUnit {
			return nil, topology.ErrOp.Saying(fmt.Sprintf("there is no unit %d", id))
		}
		after := *row
		switch string(e.Kind) {
		case NameUnit:
			code, name := strings.TrimSpace(e.Code), strings.TrimSpace(e.Name)
			if len(code) > maxCode || len([]rune(name)) > 200 {
				return nil, topology.ErrOp.Saying(fmt.Sprintf("a code has up to %d characters, a name up to 200", maxCode))
			}
			if code != "" {
				if other := d.coded(code); other != nil && other.ID != id {
					return nil, topology.ErrOp.Saying(fmt.Sprintf("%s has the code %s", other.Name, code))
				}
				after.Code = code
			}
			if name != "" {
				after.Name = name
			}
		case ChangeOver:
			after.Parent = e.Parent
		case Lock:
			after.Locked = true
		case Unlock:
			after.Locked = false
		}
		if !sameRow(row, &after) {
			out = append(out, RowChange{ID: id, Before: row, After: &after})
		}
	}
	return out, nil
}

// divides reports whether units of the plan may belong to the unit with a code.
func (d *division) divides(code string) bool {
	row := d.coded(code)
	return row != nil && row.Role == Parent || slices.ContainsFunc(d.parents, func(a Above) bool { return a.Code == code })
}

// coded is the unit with a code, nil when there is none.
func (d *division) coded(code string) *Row {
	for _, row := range d.rows {
		if row.Code == code && row.Role != Excluded {
			return row
		}
	}
	return nil
}

// tryAbove makes a unit above.
func (d *division) tryAbove(e Edit) ([]RowChange, error) {
	row := &Row{ID: d.next(), Role: Parent, Code: strings.TrimSpace(e.Code), Name: strings.TrimSpace(e.Name), Parent: e.Parent}
	if row.Parent == "" && len(d.tops) == 1 {
		row.Parent = d.tops[0]
	}
	switch {
	case len(d.tops) == 0:
		return nil, topology.ErrOp.Saying("a plan that came from a file, or divides the top level, has no new units above")
	case !slices.Contains(d.tops, row.Parent):
		return nil, ErrNoParent.Saying(e.Parent)
	case len(row.Code) > maxCode || len([]rune(row.Name)) > 200:
		return nil, topology.ErrOp.Saying(fmt.Sprintf("a code has up to %d characters, a name up to 200", maxCode))
	}
	if row.Code == "" {
		codes, err := d.codes(d.schemeAbove, row.Parent, []int{row.ID}, make([]geo.MultiPolygon, 1))
		if err != nil {
			return nil, err
		}
		row.Code = codes[0]
	} else if d.divides(row.Code) || d.coded(row.Code) != nil {
		return nil, topology.ErrOp.Saying("another unit has the code " + row.Code)
	}
	if row.Name == "" {
		row.Name = row.Code
	}
	return []RowChange{{ID: row.ID, After: row}}, nil
}

// tryDrop takes new units above away.
func (d *division) tryDrop(e Edit) ([]RowChange, error) {
	var out []RowChange
	for _, id := range slices.Compact(slices.Sorted(slices.Values(e.Units))) {
		row := d.rows[id]
		if row == nil || row.Role != Parent {
			return nil, topology.ErrOp.Saying(fmt.Sprintf("there is no new unit %d above", id))
		}
		for _, other := range d.rows {
			if other.Role == Part && other.Parent == row.Code {
				return nil, topology.ErrOp.Saying(fmt.Sprintf("%s belongs to it", other.Code))
			}
		}
		out = append(out, RowChange{ID: id, Before: row})
	}
	return out, nil
}

// codes are the next ones for units below one.
func (d *division) codes(s Scheme, parent string, ids []int, land []geo.MultiPolygon) ([]string, error) {
	taken := maps.Clone(d.taken)
	if taken == nil {
		taken = map[string]bool{}
	}
	for _, row := range d.rows {
		if !slices.Contains(ids, row.ID) {
			taken[row.Code] = true
		}
	}
	return NextCodes(taken, parent, s, land)
}

// nameOf is the name of a unit above.
func (d *division) nameOf(code string) string {
	if row := d.coded(code); row != nil {
		return row.Name
	}
	for _, a := range d.parents {
		if a.Code == code {
			return a.Name
		}
	}
	return code
}

// tryNumber gives units that were never in force their codes anew, and the names that
// go with them where they had those of their old codes.
func (d *division) tryNumber(e Edit) ([]RowChange, error) {
	below := map[string][]int{}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(e.Units))) {
		row := d.rows[id]
		switch {
		case row == nil || row.Role != Part:
			return nil, topology.ErrOp.Saying(fmt.Sprintf("there is no unit %d", id))
		case d.taken[row.Code]:
			return nil, topology.ErrOp.Saying(row.Code + " was in force: it keeps its code for life")
		}
		below[row.Parent] = append(below[row.Parent], id)
	}
	var out []RowChange
	for _, parent := range slices.Sorted(maps.Keys(below)) {
		ids := below[parent]
		land := make([]geo.MultiPolygon, len(ids))
		for i, id := range ids {
			land[i] = geo.MultiPolygon(d.rows[id].Area)
		}
		codes, err := d.codes(d.scheme, parent, ids, land)
		if err != nil {
			return nil, err
		}
		for i, id := range ids {
			after := *d.rows[id]
			if after.Name == after.Code || after.Name == d.scheme.Name(after.Code, parent, d.nameOf(parent)) {
				after.Name = d.scheme.Name(codes[i], parent, d.nameOf(parent))
			}
			after.Code = codes[i]
			if !sameRow(d.rows[id], &after) {
				out = append(out, RowChange{ID: id, Before: d.rows[id], After: &after})
			}
		}
	}
	slices.SortFunc(out, func(a, b RowChange) int { return a.ID - b.ID })
	return out, nil
}

// put makes changes that try returned, or takes them back.
func (d *division) put(changes []RowChange) error {
	for _, c := range changes {
		if c.ID != topology.Unclaimed && !sameRow(d.rows[c.ID], c.Before) {
			return topology.ErrMoved.Saying(fmt.Sprintf("unit %d", c.ID))
		}
	}
	if err := d.fabric.Put(d.patchOf(changes)); err != nil {
		return err
	}
	for _, c := range changes {
		if c.ID == topology.Unclaimed {
			continue
		}
		if c.After == nil {
			delete(d.rows, c.ID)
			d.fabric.Lock(c.ID, false)
			continue
		}
		d.rows[c.ID] = c.After
		d.fabric.Lock(c.ID, c.After.Locked && c.After.Role == Part)
	}
	return nil
}

// patchOf is what changes of rows are to the fabric.
func (d *division) patchOf(changes []RowChange) topology.Patch {
	var p topology.Patch
	for _, c := range changes {
		one := topology.Change{ID: c.ID}
		if c.Before != nil && c.Before.Role != Excluded {
			one.Before = geo.MultiPolygon(c.Before.Area)
		}
		if c.After != nil && c.After.Role != Excluded {
			one.After = geo.MultiPolygon(c.After.Area)
		}
		if len(one.Before) > 0 || len(one.After) > 0 {
			p = append(p, one)
		}
	}
	return p
}
