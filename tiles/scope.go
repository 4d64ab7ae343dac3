package tiles

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"wangge/geo"
	"wangge/geo/staff"
	"wangge/tiles/mvt"
)

// Scope is what a reader of the map may see: which units, and of those how much.
// The zero Scope holds nothing; two actors with the same Scope get the same bytes.
type Scope struct {
	Map   staff.Area // units with their names, service points, zones
	Count staff.Area // published counts (package suppress) of units and cells
	Place staff.Area // households and incidents one by one, and exact counts
	// Public leaves units and service points alone: no zone, household, incident, count.
	Public bool
}

// Everything is the scope without bounds.
var Everything = Scope{Map: staff.Area{All: true}, Count: staff.Area{All: true}, Place: staff.Area{All: true}}

// PublicMap is what anybody may see once the public map is switched on.
var PublicMap = Scope{Map: staff.Area{All: true}, Public: true}

// ScopeOf is what an actor may see.
func ScopeOf(a staff.Actor) Scope {
	return Scope{Map: a.Area(staff.Map), Count: a.Area(staff.Count), Place: a.Area(staff.Place)}
}

func (s Scope) everything() bool { return s.Map.All && s.Place.All && !s.Public }

// tree is the units of a day: who is whose parent, and how they are drawn. Scopes
// are resolved against it. Immutable, but for the scopes that it remembers.
type tree struct {
	version int64 // of the newest change of the units
	parent  map[int64]int64
	today   *tree // of the trees of other days: that of today

	// How units are drawn; empty in a tree that only resolves scopes.
	units      []unit // by code, without their areas
	row        []int32
	limits     []geo.Bound
	neighbours [][]int32 // of the same level, with lower codes
	tints      map[string][]uint32

	mu      sync.Mutex
	asked   map[string]*reach // by the scope as it was asked for
	reaches map[string]*reach // by its canonical form
}

// maxReaches bounds the scopes that are remembered.
const maxReaches = 512

// maxDepth is how far parents are followed; the store cannot rule out a loop.
const maxDepth = 100

// under reports whether the unit is one of the roots or lies below one.
func (t *tree) under(id int64, roots []int64) bool {
	for range maxDepth {
		if _, found := slices.BinarySearch(roots, id); found {
			return true
		}
		up, known := t.parent[id]
		if !known || up == 0 {
			return false
		}
		id = up
	}
	return false
}

// holds reports whether a unit that is in force on the day of the tree is within
// the area, by the parents of that day and, if it lasts, by those of today: what
// went over to somebody else is theirs, with its past.
func (t *tree) holds(id int64, area staff.Area) bool {
	switch {
	case area.All:
		return true
	case !t.under(id, area.Roots):
		return false
	case t.today == nil:
		return true
	}
	_, lasts := t.today.parent[id]
	return !lasts || t.today.under(id, area.Roots)
}

// canonical names an area by its roots, without those that lie below another.
func (t *tree) canonical(area staff.Area) string {
	if area.All {
		return "*"
	}
	roots := slices.Compact(slices.Sorted(slices.Values(area.Roots)))
	var b strings.Builder
	for i, id := range roots {
		others := slices.Delete(slices.Clone(roots), i, i+1)
		if !t.under(id, others) {
			b.WriteString(strconv.FormatInt(id, 10))
			b.WriteByte(',')
		}
	}
	return b.String()
}

// reach is a scope resolved against the units of a day. A nil reach is that of
// Everything.
type reach struct {
	// key names the scope and the version of the units in cache keys and ETags. It
	// is a digest of areas, never of an actor.
	key    string
	public bool
	seen   *mvt.Members // units and what belongs to them; nil = all, and what belongs to nobody
	exact  *mvt.Members // those whose households and incidents are seen one by one
	count  *mvt.Members // those whose published counts are seen
	grids  map[string]*mvt.Selection
	bounds geo.Bound

	mu    sync.Mutex
	base  *hive // from which cells were made
	cells *hive
}

// reach resolves a scope; nil stands for Everything. Who sees all single places is
// shown all counts of them, whatever posts say of counts.
func (t *tree) reach(s Scope) *reach {
	if s.everything() {
		return nil
	}
	return t.known(s)
}

// reachOfRuns is reach for layers of runs, which are for who may count alone.
func (t *tree) reachOfRuns(s Scope) *reach {
	if s.everything() && s.Count.All {
		return nil
	}
	return t.known(s)
}

// known finds what a scope was resolved to before, or resolves it.
func (t *tree) known(s Scope) *reach {
	asked := s.literally()
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.asked[asked]; r != nil {
		return r
	}
	if t.asked == nil || len(t.asked) >= maxReaches {
		t.asked, t.reaches = map[string]*reach{}, map[string]*reach{}
	}
	r := t.resolve(s)
	t.asked[asked] = r
	return r
}

// literally writes a scope down as it is.
func (s Scope) literally() string {
	var space [256]byte
	b := space[:0]
	for _, area := range []staff.Area{s.Map, s.Count, s.Place} {
		b = strconv.AppendBool(b, area.All)
		for _, id := range area.Roots {
			b = strconv.AppendInt(append(b, ','), id, 36)
		}
		b = append(b, '|')
	}
	return string(strconv.AppendBool(b, s.Public))
}

// resolve finds what a scope holds, or finds it again under its canonical form.
func (t *tree) resolve(s Scope) *reach {
	now := t
	if t.today != nil {
		now = t.today
	}
	key := fmt.Sprintf("%s|%s|%s|%v", now.canonical(s.Map), now.canonical(s.Count), now.canonical(s.Place), s.Public)
	if r := t.reaches[key]; r != nil {
		return r
	}
	digest := sha256.Sum256([]byte(key))
	r := &reach{key: hex.EncodeToString(digest[:8]) + "-" + strconv.FormatInt(now.version, 36), public: s.Public}
	r.seen = t.members(s.Map)
	r.exact, r.count = t.within(r.seen, s.Place), t.within(r.seen, s.Count)
	if s.Public {
		r.exact, r.count = &mvt.Members{}, &mvt.Members{}
	}
	t.drawFor(r)
	t.reaches[key] = r
	return r
}

// members are the units of an area; nil is everything.
func (t *tree) members(area staff.Area) *mvt.Members {
	if area.All {
		return nil
	}
	m := &mvt.Members{}
	for id := range t.parent {
		if t.holds(id, area) {
			m.Add(id)
		}
	}
	return m
}

// within are the seen units of an area.
func (t *tree) within(seen *mvt.Members, area staff.Area) *mvt.Members {
	if area.All {
		return seen
	}
	m := &mvt.Members{}
	for id := range t.parent {
		if seen.Has(id) && t.holds(id, area) {
			m.Add(id)
		}
	}
	return m
}

// drawFor chooses the rows of the units that are seen, and gives them tints that
// depend on no other unit.
func (t *tree) drawFor(r *reach) {
	r.grids, r.bounds = map[string]*mvt.Selection{}, geo.EmptyBound
	tint := make([]int, len(t.units))
	for i := range t.units {
		u := &t.units[i]
		if !r.seen.Has(u.ID) {
			continue
		}
		r.bounds = r.bounds.Union(t.limits[i])
		var taken uint64
		for _, n := range t.neighbours[i] {
			if r.seen.Has(t.units[n].ID) {
				taken |= 1 << tint[n]
			}
		}
		tint[i] = lowestFree(taken)
		only := r.grids[u.Level]
		if only == nil {
			only = &mvt.Selection{Column: tintColumn}
			r.grids[u.Level] = only
		}
		for len(only.Faces) <= int(t.row[i]) {
			only.Faces, only.Cells = append(only.Faces, mvt.Every), append(only.Cells, 0)
		}
		only.Faces[t.row[i]], only.Cells[t.row[i]] = r.face(u.ID), t.tints[u.Level][tint[i]]
	}
}

func (r *reach) face(unit int64) mvt.Face {
	switch {
	case r.exact.Has(unit):
		return mvt.Exact
	case r.count.Has(unit):
		return mvt.Coarse
	}
	return mvt.Bare
}

// grid selects the units of a level.
func (r *reach) grid(level string) *mvt.Selection {
	if r == nil {
		return nil
	}
	if only := r.grids[level]; only != nil {
		return only
	}
	return &mvt.Selection{}
}

// owned selects rows by their owners.
func (r *reach) owned(owners []int64) *mvt.Selection {
	if r == nil {
		return nil
	}
	only := &mvt.Selection{Faces: make([]mvt.Face, len(owners))}
	for row, id := range owners {
		if !r.public && r.seen.Has(id) {
			only.Faces[row] = mvt.Bare
		}
	}
	return only
}

// owners are those whose points are drawn: single is for households and incidents.
func (r *reach) owners(single bool) *mvt.Members {
	switch {
	case r == nil:
		return nil
	case single:
		return r.exact
	}
	return r.seen
}

// shows reports whether the reader may see anything of a subject.
func (r *reach) shows(subject string) bool {
	if r == nil {
		return true
	}
	switch subject {
	case subjectHousehold, subjectIncident:
		return r.exact.Any()
	case subjectCell:
		return r.exact.Any() || r.count.Any()
	case subjectZone:
		return !r.public
	case subjectLive, subjectPremises:
		return r.exact.Any()
	case subjectFreshness, freshnessCells:
		return r.count.Any()
	}
	return true
}

// name is the key of the scope in caches, "" for Everything.
func (r *reach) name() string {
	if r == nil {
		return ""
	}
	return r.key
}

// unitsOn counts the units of a layer that are seen, and bounds all that are.
func (r *reach) unitsOn(grid *layer) (n int, bounds geo.Bound) {
	drawn := grid.content.(*shapes)
	if r == nil {
		return drawn.table.Len(), grid.bounds
	}
	for _, face := range r.grid(drawn.level).Faces {
		if face != mvt.Every {
			n++
		}
	}
	return n, r.bounds
}

// hive is the cells that are seen. Where households are seen one by one they count
// those; else they are the published ones of what is seen whole.
func (r *reach) hive(of *hive) *hive {
	if r == nil {
		return of
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.base != of {
		r.base = of
		if r.exact.Any() {
			r.cells = of.only(r.exact)
		} else {
			r.cells = of.publishedTo(r.count)
		}
	}
	return r.cells
}
