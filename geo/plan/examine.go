package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/locate"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// draft is a plan being worked on: its rows, and what is in force around it.
type draft struct {
	id            int64
	revision      int
	preset, level string
	origin        int64       // the draft that it is a duplicate of, if so
	edges         newVertices // that a branch put on the border of its base
	base          int64       // the unit that it is a branch of; 0 when it came from a file
	day           geo.Day

	units  []Unit
	faults []Fault
	unread map[int]string // ordinal → why the geometry could not be read

	levels   grid.Preset
	inForce  []grid.InForce
	basis    int64                   // version of the boundaries that inForce shows
	byCode   map[string]grid.InForce // all of inForce
	byID     map[int64]grid.InForce  // all of inForce
	above    map[string]grid.InForce // units of the nearest level above, by code
	taken    map[string]string       // code → why it cannot be used at this level
	accepted map[string]bool         // ids of soft faults that a person accepted
}

// load reads what the draft is checked against: the boundaries in force on day,
// and which codes other units hold.
func (d *draft) load(ctx context.Context, db pg.DB, actor staff.Actor) error {
	var err error
	if d.levels, err = grid.PresetByCode(ctx, db, actor, d.preset); err != nil {
		return err
	}
	depth, err := d.levels.Depth(d.level)
	if err != nil {
		return err
	}
	if d.basis, err = basis(ctx, db); err != nil {
		return err
	}
	if d.inForce, err = grid.AllInForce(ctx, db, d.day); err != nil {
		return err
	}
	d.byCode, d.byID = map[string]grid.InForce{}, map[int64]grid.InForce{}
	for _, b := range d.inForce {
		d.byCode[b.Code], d.byID[b.ID] = b, b
	}
	d.above = d.levelAbove(depth)
	if d.taken, err = d.loadTaken(ctx, db); err != nil {
		return err
	}
	return d.loadAccepted(ctx, db)
}

// basis is the version of the boundaries in force: it changes with every publish.
func basis(ctx context.Context, db pg.DB) (version int64, err error) {
	err = db.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM layer_change WHERE layer = 'grid'`).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("version of the boundaries: %w", err)
	}
	return version, nil
}

// levelAbove finds the nearest level of the preset above depth that has units in
// force. There may be none: then the draft's units stand at the top until the
// level above is imported.
func (d *draft) levelAbove(depth int) map[string]grid.InForce {
	for up := depth - 1; up >= 0; up-- {
		found := map[string]grid.InForce{}
		for _, b := range d.inForce {
			if b.Level == d.levels.Levels[up].Level {
				found[b.Code] = b
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// loadTaken says which codes of the draft belong to units of other levels or
// were retired: a code is never used again for something else.
func (d *draft) loadTaken(ctx context.Context, db pg.DB) (map[string]string, error) {
	codes := make([]string, 0, len(d.units))
	for _, u := range d.units {
		codes = append(codes, u.Code)
	}
	rows, err := db.Query(ctx, `
		SELECT u.code, u.level,
		       EXISTS (SELECT FROM boundary b WHERE b.unit_id = u.id AND (b.valid_to IS NULL OR b.valid_to > $3))
		FROM unit u
		WHERE u.code = ANY ($1)
		  AND (u.level <> $2 OR NOT EXISTS (
		      SELECT FROM boundary b WHERE b.unit_id = u.id AND (b.valid_to IS NULL OR b.valid_to > $3)))`,
		codes, d.level, d.day)
	if err != nil {
		return nil, fmt.Errorf("codes in use: %w", err)
	}
	defer rows.Close()
	taken := map[string]string{}
	for rows.Next() {
		var code, level string
		var alive bool
		if err := rows.Scan(&code, &level, &alive); err != nil {
			return nil, fmt.Errorf("codes in use: %w", err)
		}
		taken[code] = "the code belongs to a unit of level " + level
		if !alive {
			taken[code] = "the code belonged to a retired unit and is never used again"
		}
	}
	return taken, rows.Err()
}

func (d *draft) loadAccepted(ctx context.Context, db pg.DB) error {
	rows, err := db.Query(ctx, `SELECT fault_id FROM plan_repair WHERE plan_id = $1 AND kind = $2`, d.id, accept)
	if err != nil {
		return fmt.Errorf("accepted faults: %w", err)
	}
	defer rows.Close()
	d.accepted = map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("accepted faults: %w", err)
		}
		d.accepted[id] = true
	}
	return rows.Err()
}

// key names row i for the topology: its code where that is its own, so that "the
// lower code" means what people expect.
func (d *draft) keys() map[string]int {
	count := map[string]int{}
	for _, u := range d.units {
		if u.Role == Part {
			count[u.Code]++
		}
	}
	keys := make(map[string]int, len(d.units))
	for i, u := range d.units {
		if u.Role != Part {
			continue
		}
		key := u.Code
		if key == "" || count[u.Code] > 1 {
			key = fmt.Sprintf("%s#%d", u.Code, u.Ordinal)
		}
		keys[key] = i
	}
	return keys
}

// parents are the units above that this draft divides: those its parts name,
// redrawn ones as the draft has them.
func (d *draft) parents() []topology.Part {
	named := map[string]bool{}
	for _, u := range d.units {
		if u.Role == Part {
			named[u.Parent] = true
		}
	}
	var out []topology.Part
	for code, b := range d.above {
		if named[code] {
			out = append(out, topology.Part{Code: code, Area: d.drawn(b)})
		}
	}
	slices.SortFunc(out, func(a, b topology.Part) int { return compare(a.Code, b.Code) })
	return out
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// mosaic builds the planar subdivision of the draft. Records that have no area,
// or no known parent where one is needed, wait for their own repair and are left
// out.
func (d *draft) mosaic(ctx context.Context) (*topology.Mosaic, error) {
	keys := d.keys()
	parts := make([]topology.Part, 0, len(keys))
	for key, i := range keys {
		u := d.units[i]
		if len(u.Area) == 0 {
			continue
		}
		if _, known := d.above[u.Parent]; len(d.above) > 0 && !known {
			continue
		}
		part := topology.Part{Code: key, Parent: u.Parent, Area: u.Area}
		if len(d.above) == 0 {
			part.Parent = ""
		}
		parts = append(parts, part)
	}
	slices.SortFunc(parts, func(a, b topology.Part) int { return compare(a.Code, b.Code) })
	if len(d.above) == 0 {
		parts = append(parts, d.neighbours(parts)...)
	}
	m, err := topology.Build(ctx, d.parents(), parts, d.excluded()...)
	if err != nil {
		return nil, fmt.Errorf("plan %d: %w", d.id, err)
	}
	return m, nil
}

// neighbours are the units in force at the draft's own top level that it does
// not redraw: new ones must not overlap them.
func (d *draft) neighbours(parts []topology.Part) []topology.Part {
	own := map[string]bool{}
	bound := geo.EmptyBound
	for _, p := range parts {
		own[p.Code] = true
		bound = bound.Union(p.Area.Bound())
	}
	var out []topology.Part
	for _, b := range d.inForce {
		if b.Level == d.level && !own[b.Code] && b.Area.Bound().Intersects(bound) {
			out = append(out, topology.Part{Code: b.Code, Area: b.Area})
		}
	}
	return out
}

// examine finds all faults of the draft and, where all is exact, inserts the
// shared vertices that noding adds.
func (d *draft) examine(ctx context.Context) (*topology.Mosaic, error) {
	m, err := d.mosaic(ctx)
	if err != nil {
		return nil, err
	}
	d.faults = d.faults[:0]
	for _, f := range append(d.recordFaults(), d.shapeFaults(m)...) {
		if !d.accepted[f.ID] {
			d.faults = append(d.faults, f)
		}
	}
	return m, nil
}

// shapeFaults are what the topology found. A gap is soft: an incomplete division
// can be used, and what lies in it is counted.
func (d *draft) shapeFaults(m *topology.Mosaic) []Fault {
	keys := d.keys()
	var out []Fault
	for _, v := range m.Violations() {
		f := Fault{
			ID: v.ID, Kind: string(v.Kind), Hard: v.Kind != topology.Gap, Parent: v.Parent,
			Area: float64(v.SquareMeters), Width: float64(v.Width), Neighbour: v.Into,
			At: &v.At, Shape: v.Area,
		}
		for _, key := range v.Codes {
			i, ours := keys[key]
			if !ours {
				f.Codes = append(f.Codes, key)
				continue
			}
			f.Codes = append(f.Codes, d.units[i].Code)
			if f.Place != "" {
				f.Place += ", "
			}
			f.Place += d.units[i].Place
		}
		for _, r := range v.Repairs {
			f.Repairs = append(f.Repairs, string(r))
		}
		if v.Kind == topology.Outside && len(v.Codes) == 1 {
			d.offerParents(&f, keys, v.Codes[0])
		}
		out = append(out, f)
	}
	return out
}

// offerParents changes what is offered for a unit that lies outside its parent as
// a whole: clipping it would leave nothing, so another parent is asked for.
func (d *draft) offerParents(f *Fault, keys map[string]int, key string) {
	i, ours := keys[key]
	if !ours || f.Area < (1-1e-9)*float64(d.units[i].Area.SquareMeters()) {
		return
	}
	f.Detail = "all of it lies outside " + f.Parent
	f.Repairs = slices.DeleteFunc(f.Repairs, func(r string) bool { return r == string(topology.Clip) })
	f.Repairs = append([]string{parentByPlace, setParent}, append(f.Repairs, drop)...)
}

// excluded are the gaps that were accepted.
func (d *draft) excluded() []geo.MultiPolygon {
	var out []geo.MultiPolygon
	for _, u := range d.units {
		if u.Role == Excluded {
			out = append(out, u.Area)
		}
	}
	return out
}

// hard counts the faults that stop publishing.
func (d *draft) hard() int {
	n := 0
	for _, f := range d.faults {
		if f.Hard {
			n++
		}
	}
	return n
}

// indexAbove finds which unit above covers a place; unit i has code codes[i].
func (d *draft) indexAbove() (*locate.Index, []string) {
	codes := slices.Sorted(maps.Keys(d.above))
	units := make([]locate.Unit, len(codes))
	for i, code := range codes {
		b := d.above[code]
		units[i] = locate.Unit{ID: b.ID, Code: code, Rank: b.Rank, Area: b.Area}
	}
	return locate.Build(units), codes
}
