package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Repair is one mending step that a person asks for: of one fault by its id, or
// of all faults of a kind that offer it, up to an area and a width.
type Repair struct {
	Revision int     `json:"revision" doc:"the plan's revision as you saw it"`
	FaultID  string  `json:"fault_id,omitempty"`
	Kind     string  `json:"kind,omitempty" doc:"all faults of this kind, when fault_id is empty"`
	Repair   string  `json:"repair" doc:"one of the repairs the fault offers"`
	MaxArea  float64 `json:"max_area,omitempty" minimum:"0" doc:"square metres; larger faults are left (0 = no limit)"`
	MaxWidth float64 `json:"max_width,omitempty" minimum:"0" doc:"metres; wider faults are left (0 = no limit)"`
	Reason   string  `json:"reason,omitempty" maxLength:"500" doc:"needed to accept a gap"`
	Args     Args    `json:"args,omitempty"`
}

// Args are what some repairs of records need.
type Args struct {
	Code   string `json:"code,omitempty" maxLength:"24"`
	Name   string `json:"name,omitempty" maxLength:"200"`
	Parent string `json:"parent,omitempty"`
}

// Mend makes a repair, looks for faults again and saves the draft. The draft
// must still be at the revision the caller saw.
func Mend(ctx context.Context, db pg.DB, actor staff.Actor, id int64, r Repair, day geo.Day) (Plan, error) {
	d, err := open(ctx, db, actor, id, r.Revision, day)
	if err != nil {
		return Plan{}, fmt.Errorf("repair plan %d: %w", id, err)
	}
	m, err := d.examine(ctx)
	if err != nil {
		return Plan{}, err
	}
	chosen := d.chosen(r)
	if len(chosen) == 0 {
		return Plan{}, fmt.Errorf("repair plan %d: %w", id, ErrUnknownFault)
	}
	if chosen, err = d.mend(ctx, m, chosen, r); err != nil {
		return Plan{}, fmt.Errorf("repair plan %d: %w", id, err)
	}

	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := lockDraft(ctx, tx, id, r.Revision); err != nil {
			return err
		}
		if err := d.journal(ctx, tx, actor, chosen, r); err != nil {
			return err
		}
		if err := d.loadAccepted(ctx, tx); err != nil {
			return err
		}
		if d.taken, err = d.loadTaken(ctx, tx); err != nil {
			return err
		}
		if _, err := d.examine(ctx); err != nil {
			return err
		}
		if err := d.save(ctx, tx); err != nil {
			return err
		}
		return record(ctx, tx, actor, "repair", id, map[string]any{"repair": r.Repair, "faults": len(chosen)})
	})
	if err != nil {
		return Plan{}, fmt.Errorf("repair plan %d: %w", id, err)
	}
	return Get(ctx, db, actor, id)
}

// chosen are the faults that a repair is about.
func (d *draft) chosen(r Repair) []Fault {
	var out []Fault
	for _, f := range d.faults {
		switch {
		case r.FaultID != "" && f.ID != r.FaultID,
			r.FaultID == "" && f.Kind != r.Kind,
			r.FaultID == "" && !slices.Contains(f.Repairs, r.Repair),
			r.MaxArea > 0 && f.Area > r.MaxArea,
			r.MaxWidth > 0 && f.Width > r.MaxWidth:
			continue
		}
		out = append(out, f)
	}
	if r.Repair == string(topology.Split) {
		out = d.withRingFaults(out)
	}
	return out
}

// withRingFaults adds the other ring faults of the same units: a ring is split
// everywhere at once or not at all.
func (d *draft) withRingFaults(chosen []Fault) []Fault {
	code, have := map[string]bool{}, map[string]bool{}
	for _, f := range chosen {
		have[f.ID] = true
		for _, c := range f.Codes {
			code[c] = true
		}
	}
	for _, f := range d.faults {
		if !have[f.ID] && slices.Contains(f.Repairs, string(topology.Split)) && slices.ContainsFunc(f.Codes, func(c string) bool { return code[c] }) {
			chosen = append(chosen, f)
		}
	}
	return chosen
}

// mend makes a repair and returns the faults that it mended. Of many faults those
// are left whose repair would leave a unit without any area; one alone is ErrEmptied.
func (d *draft) mend(ctx context.Context, m *topology.Mosaic, chosen []Fault, r Repair) ([]Fault, error) {
	for _, f := range chosen {
		if !slices.Contains(f.Repairs, r.Repair) {
			return nil, ErrRepair.Saying(fmt.Sprintf("%s offers: %s.", f.Kind, strings.Join(f.Repairs, ", ")))
		}
	}
	switch r.Repair {
	case drop, rename, number, join, setParent, parentByPlace, string(topology.Exclude):
		for _, f := range chosen {
			if err := d.mendRecord(f, r); err != nil {
				return nil, err
			}
		}
		return chosen, nil
	case accept: // the journal is enough
		return chosen, nil
	case reset:
		d.units = slices.DeleteFunc(d.units, func(u Unit) bool { return u.Role == Parent })
		return chosen, nil
	case string(topology.FitParent):
		return chosen, d.fitParents(ctx, m, chosen)
	}
	return d.mendShapes(ctx, m, chosen, r)
}

// mendShapes lets the mosaic mend faults and takes over what it redrew.
func (d *draft) mendShapes(ctx context.Context, m *topology.Mosaic, chosen []Fault, r Repair) ([]Fault, error) {
	for {
		for _, f := range chosen {
			if err := m.Repair(f.ID, topology.RepairKind(r.Repair)); err != nil {
				return nil, err
			}
		}
		lost := d.emptied(m)
		if len(lost) == 0 {
			d.take(m)
			return chosen, nil
		}
		rest := slices.DeleteFunc(slices.Clone(chosen), func(f Fault) bool {
			return slices.ContainsFunc(f.Codes, func(code string) bool { return slices.Contains(lost, code) })
		})
		if r.FaultID != "" || len(rest) == 0 || len(rest) == len(chosen) {
			return nil, ErrEmptied.Saying(strings.Join(lost, ", "))
		}
		var err error
		if m, err = d.examine(ctx); err != nil {
			return nil, err
		}
		chosen = rest
	}
}

// emptied are the codes of units that had an area before the mosaic was mended.
func (d *draft) emptied(m *topology.Mosaic) (codes []string) {
	keys := d.keys()
	for _, part := range m.Parts() {
		if i, ours := keys[part.Code]; ours && len(part.Area) == 0 {
			codes = append(codes, d.units[i].Code)
		}
	}
	return codes
}

// fitParents redraws the units above that faults name. A gap among the faults is
// given away.
func (d *draft) fitParents(ctx context.Context, m *topology.Mosaic, chosen []Fault) error {
	fitted := map[string]bool{}
	var given []geo.MultiPolygon
	for _, f := range chosen {
		fitted[f.Parent] = true
		if f.Kind == string(topology.Gap) {
			given = append(given, f.Shape)
		}
	}
	d.take(m)
	return d.fit(ctx, m.Parts(), fitted, given)
}

// take copies the areas that a repair changed from the mosaic to the rows.
func (d *draft) take(m *topology.Mosaic) {
	keys := d.keys()
	for _, part := range m.Parts() {
		if i, ours := keys[part.Code]; ours {
			d.units[i].Area = part.Area
		}
	}
	d.takeParents(m)
}

// takeParents keeps the units above that a repair redrew, or that got vertices.
// Rows beside them that the mosaic does not know get the same vertices.
func (d *draft) takeParents(m *topology.Mosaic) {
	edges := newVertices{}
	for _, p := range m.Parents() {
		b := d.above[p.Code]
		if before := d.drawn(b); !sameArea(before, p.Area) {
			edges.learn(before, p.Area)
			d.redraw(b, p.Area)
		}
	}
	for i, u := range d.units {
		if u.Role != Parent {
			continue
		}
		if area, ok := edges.apply(u.Area); ok {
			d.units[i].Area = area
		}
	}
}

func (d *draft) exclude(f Fault, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return ErrReason
	}
	last := 0
	for _, u := range d.units {
		last = max(last, u.Ordinal)
	}
	d.units = append(d.units, Unit{Ordinal: last + 1, Role: Excluded, Code: f.ID, Name: reason, Parent: f.Parent, Area: f.Shape})
	return nil
}

// mendRecord changes the records a fault is about.
func (d *draft) mendRecord(f Fault, r Repair) error {
	if r.Repair == string(topology.Exclude) {
		return d.exclude(f, r.Reason)
	}
	rows := d.rowsOf(f)
	if len(rows) == 0 {
		return ErrUnknownFault
	}
	// Of several records at fault the first keeps what it has.
	rest := rows
	if f.Kind == duplicateCode || f.Kind == duplicateName {
		rest = rows[1:]
	}
	switch r.Repair {
	case drop:
		d.remove(rest)
	case join:
		for _, i := range rest {
			d.units[rows[0]].Area = append(slices.Clone(d.units[rows[0]].Area), d.units[i].Area...)
		}
		d.remove(rest)
	case number:
		return d.number(rest)
	case rename:
		return d.rename(rest[0], r.Args)
	case setParent:
		if _, known := d.above[r.Args.Parent]; !known {
			return ErrRepair.Saying(fmt.Sprintf("No unit in force has code %q.", r.Args.Parent))
		}
		d.units[rest[0]].Parent = r.Args.Parent
	case parentByPlace:
		for _, i := range rest {
			parent, ok := d.covering(d.units[i].Area)
			if !ok {
				return ErrRepair.Saying(fmt.Sprintf("%s lies in no unit above.", d.units[i].Place))
			}
			d.units[i].Parent = parent
		}
	}
	return nil
}

func (d *draft) rename(i int, args Args) error {
	if args.Code == "" && args.Name == "" {
		return ErrRepair.Saying("Give a code or a name.")
	}
	if args.Code != "" {
		d.units[i].Code = args.Code
	}
	if args.Name != "" {
		d.units[i].Name = args.Name
	}
	return nil
}

// rowsOf are the rows a fault of a record names, in file order.
func (d *draft) rowsOf(f Fault) []int {
	if f.Kind == string(topology.Outside) { // it has the code to itself, or it could not be outside
		i := slices.IndexFunc(d.units, func(u Unit) bool { return u.Role == Part && u.Code == f.Codes[0] && u.Parent == f.Parent })
		if i < 0 {
			return nil
		}
		return []int{i}
	}
	first := ordinalOf(f.ID)
	start := slices.IndexFunc(d.units, func(u Unit) bool { return u.Role == Part && u.Ordinal == first })
	if start < 0 {
		return nil
	}
	rows := []int{start}
	u := d.units[start]
	for i := start + 1; i < len(d.units); i++ {
		other := d.units[i]
		if other.Role != Part {
			continue
		}
		if f.Kind == duplicateCode && other.Code == u.Code ||
			f.Kind == duplicateName && other.Name == u.Name && other.Parent == u.Parent {
			rows = append(rows, i)
		}
	}
	return rows
}

// ordinalOf reads the ordinal at the end of a record fault's id, "kind:7".
func ordinalOf(id string) int {
	n, err := strconv.Atoi(id[strings.LastIndexByte(id, ':')+1:])
	if err != nil {
		return 0
	}
	return n
}

func (d *draft) remove(rows []int) {
	gone := map[int]bool{}
	for _, i := range rows {
		gone[d.units[i].Ordinal] = true
	}
	d.units = slices.DeleteFunc(d.units, func(u Unit) bool { return u.Role == Part && gone[u.Ordinal] })
}

// number gives rows the next codes of their parent.
func (d *draft) number(rows []int) error {
	taken := map[string]bool{}
	for code := range d.taken {
		taken[code] = true
	}
	for _, b := range d.inForce {
		taken[b.Code] = true
	}
	return d.numberWith(taken, rows)
}

// numberWith is number with the codes that nobody gets; it adds to them.
func (d *draft) numberWith(taken map[string]bool, rows []int) error {
	depth, err := d.levels.Depth(d.level)
	if err != nil {
		return err
	}
	scheme := Scheme{Level: d.level, Digits: cmp.Or(d.levels.Levels[depth].Digits, 3)}
	below := map[string][]int{}
	for i, u := range d.units {
		if !slices.Contains(rows, i) {
			taken[u.Code] = true
			continue
		}
		if _, known := d.above[u.Parent]; len(d.above) > 0 && !known {
			return ErrRepair.Saying(fmt.Sprintf("A code begins with the parent's: find the parent of %s first.", u.Place))
		}
		below[u.Parent] = append(below[u.Parent], i)
	}
	for parent, list := range below {
		land := make([]geo.MultiPolygon, len(list))
		for k, i := range list {
			land[k] = d.units[i].Area
		}
		codes, err := NextCodes(taken, parent, scheme, land)
		if err != nil {
			return err
		}
		for k, i := range list {
			d.units[i].Code = codes[k]
		}
	}
	return nil
}

// covering is the unit above that covers most of the area's points; the point in
// the middle decides between equals.
func (d *draft) covering(area geo.MultiPolygon) (code string, ok bool) {
	if len(area) == 0 || len(d.above) == 0 {
		return "", false
	}
	index, codes := d.indexAbove()
	votes := map[int]int{}
	for _, p := range append([]geo.Point{topology.LabelPoint(area)}, area[0][0]...) {
		if i, found := index.Find(p); found {
			votes[i]++
		}
	}
	best := -1
	for i, n := range votes {
		if best < 0 || n > votes[best] || n == votes[best] && codes[i] < codes[best] {
			best = i
		}
	}
	if best < 0 {
		return "", false
	}
	return codes[best], true
}

// journal records the repairs, one row per fault.
func (d *draft) journal(ctx context.Context, tx pgx.Tx, actor staff.Actor, chosen []Fault, r Repair) error {
	var last int
	err := tx.QueryRow(ctx, `SELECT coalesce(max(ordinal), 0) FROM plan_repair WHERE plan_id = $1`, d.id).Scan(&last)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	args := map[string]string{"reason": r.Reason, "code": r.Args.Code, "name": r.Args.Name, "parent": r.Args.Parent}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"plan_repair"},
		[]string{"plan_id", "ordinal", "fault_id", "kind", "args", "codes", "area", "made_by"},
		pgx.CopyFromSlice(len(chosen), func(i int) ([]any, error) {
			f := chosen[i]
			return []any{d.id, last + i + 1, f.ID, r.Repair, args, orEmpty(f.Codes), f.Area, actor.Name}, nil
		}))
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
