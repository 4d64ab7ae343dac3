package tiles

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/locate"
	"wangge/geo/network"
	"wangge/tiles/mvt"
)

// Layers of what is on duty: streets by when they were seen last, beats, open incidents,
// what is due. Patrols and visits come by the minute and say where everything stands
// today; so a layer is read when it is asked for, and again when that is some time ago,
// and gets a new version when what was read is not the same as before.

// ErrToday refuses another day.
var ErrToday = fault.New(fault.NotFound, "layer_today", "This layer shows today only.")

const (
	subjectFreshness   = "freshness"
	freshnessCells     = "freshness_cells"
	subjectBeats       = "beats"
	subjectCheckpoints = "checkpoints"
	subjectLive        = "incidents_live"
	liveCells          = "incidents_live_cells"
	liveOverdue        = "incidents_overdue"
	subjectDue         = "due"
	dueVisits          = "due_visits"
	subjectPremises    = "premises"
)

// ofDuty are these layers without contents, by name.
var ofDuty = dutyLayers()

// rests is how long a layer is shown before it is read again.
var rests = map[string]time.Duration{
	subjectFreshness: time.Minute, freshnessCells: time.Minute, subjectDue: time.Minute, subjectLive: 2 * time.Second,
}

const rest = 15 * time.Second // of the others

// Zooms of the layers of duty.
const (
	partMin   = 13
	livePoint = 10
)

func dutyLayers() map[string]*layer {
	layers := map[string]*layer{}
	add := func(name string, min, max int, sources ...sourceLayer) {
		layers[name] = &layer{name: name, subject: name, min: min, max: max, bounds: geo.EmptyBound, sources: sources}
	}
	cellField := field{"cell", "String: H3 index"}
	add(subjectFreshness, partMin, 16, sourceLayer{subjectFreshness, "Parts of streets of at most 50 m by the days since a patrol saw them",
		[]field{{"class", "String: day (today or yesterday), week, fortnight, month, older or never"}, {"days", "Number: since it was seen; absent = never"}}})
	add(freshnessCells, 5, cellMax, sourceLayer{freshnessCells, "H3 cells by how much of their streets was seen",
		[]field{cellField, {"metres", "Number: of streets"}, {"week", "Number: share seen within 7 days, 0 to 1"},
			{"month", "Number: share seen within 30 days"}, {"never", "Number: share that never was"}}})
	add(subjectBeats, 10, mvt.MaxZoom, sourceLayer{subjectBeats, "Beats: straight lines from checkpoint to checkpoint, in their order",
		[]field{{"id", "Number"}, {"name", "String"}, {"weekdays", "String: 1 Monday to 7 Sunday, separated by commas"}, {"starts", "Number: minute of the day"}, {"ends", "Number"}}})
	add(subjectCheckpoints, 11, mvt.MaxZoom, sourceLayer{subjectCheckpoints, "Checkpoints",
		[]field{{"id", "Number"}, {"name", "String"}, {"radius", "Number: metres"}, countField}})
	incident := []field{{"id", "String: uuid"}, {"category", "String"}, {"state", "String: reported, accepted, dispatched, handled, verified or held"},
		{"due", "String: overdue, hour, day (of what is due within it), later or none"}, countField}
	add(subjectLive, 4, mvt.MaxZoom,
		sourceLayer{subjectLive, "Open incidents that are not overdue, from zoom 10 on", incident},
		sourceLayer{liveOverdue, "Overdue incidents, from zoom 10 on", incident},
		sourceLayer{liveCells, "Open incidents by H3 cell, below zoom 10", []field{cellField, {"open", "Number"}, {"overdue", "Number: of these"}}})
	add(subjectDue, 8, mvt.MaxZoom,
		sourceLayer{subjectDue, "Blocks that are to be looked at", []field{{"id", "String: code of the zone"}, {"name", "String"}, {"every", "Number: days"},
			{"days", "Number: since it was seen; absent = never"}, {"due", "Boolean"}}},
		sourceLayer{dueVisits, "Visits that are due, by H3 cell; of households one by one there is nothing",
			[]field{cellField, {"due", "Number: due today or before"}, {"overdue", "Number: of these, due before today"}}})
	add(subjectPremises, 11, mvt.MaxZoom, sourceLayer{subjectPremises, "Three-colour premises",
		[]field{{"id", "Number"}, {"name", "String"}, {"grade", "String: red, yellow or green"}, {"due", "Boolean: due for inspection"}, countField}})
	return layers
}

// reading is what a layer was made from: digested as it is read.
type reading struct {
	*Server
	ctx    context.Context
	day    geo.Day
	now    time.Time
	digest interface {
		Write([]byte) (int, error)
		Sum64() uint64
	}
}

// note adds a row that was read to the digest.
func (r *reading) note(values ...any) { fmt.Fprintln(r.digest, values...) }

// drawDuty reads a layer and returns what draws it.
var drawDuty = map[string]func(*reading, *duty) (func() content, error){
	subjectFreshness: (*reading).freshness, freshnessCells: (*reading).freshnessCells,
	subjectBeats: (*reading).beats, subjectCheckpoints: (*reading).checkpoints, subjectLive: (*reading).live,
	subjectDue: (*reading).due, subjectPremises: (*reading).premises,
}

// duty keeps the layers of duty.
type duty struct {
	mu   sync.Mutex // of the map
	made map[string]*madeDuty
	// parts are the streets, cut, with whose they are.
	streets sync.Mutex
	parts   *streetParts
}

// forget reads everything anew when it is asked for next.
func (d *duty) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made = nil
}

// madeDuty is a layer as it was read last.
type madeDuty struct {
	mu   sync.Mutex
	last *dutyRead
	// reading is closed when who reads it now has done so; nil while nobody does.
	reading chan struct{}
}

// dutyRead is a layer that was read.
type dutyRead struct {
	*layer
	at    time.Time
	took  time.Duration
	units int64 // of which version the units are
}

// pauses is how many times as long as reading a layer took it is not read again: what takes
// long, as the visits that are due in a million households do, is read less often.
const pauses = 10

// patience is how long who comes while a layer is read waits for it, before being shown what
// there was before.
const patience = 2 * time.Second

// ofDuty returns a layer as it stands, and the reader's reach.
func (s *Server) ofDuty(ctx context.Context, v *view, l *layer, at string, scope Scope) (*layer, *reach, error) {
	if day, err := parseDay(v, at); err != nil || day != v.day {
		return nil, nil, ErrToday
	}
	if scope.Public { // nothing of it is for everybody
		hidden := *l
		hidden.content, hidden.day = several{}, dayLabel(v.day)
		return &hidden, v.tree.reach(scope), nil
	}
	made, err := s.made(ctx, v, l)
	return made, v.tree.reachOfRuns(scope), err
}

// made returns a layer that was read not long ago. Who comes while it is read again, and that
// takes long, is shown what there was before, if that was of today.
func (s *Server) made(ctx context.Context, v *view, l *layer) (*layer, error) {
	s.duty.mu.Lock()
	if s.duty.made == nil {
		s.duty.made = map[string]*madeDuty{}
	}
	m := s.duty.made[l.name]
	if m == nil {
		m = &madeDuty{}
		s.duty.made[l.name] = m
	}
	s.duty.mu.Unlock()

	now, pause, units := s.Now(), rests[l.name], v.seen[subjectGrid]
	if pause == 0 {
		pause = rest
	}
	for {
		m.mu.Lock()
		old, reading := m.last, m.reading
		ofToday := old != nil && old.day == dayLabel(geo.DayOf(now)) && old.units == units
		if ofToday && now.Sub(old.at) < max(pause, pauses*old.took) {
			m.mu.Unlock()
			return old.layer, nil
		}
		if reading == nil {
			m.reading = make(chan struct{})
			m.mu.Unlock()
			return m.read(ctx, s, l, old, ofToday, now, units)
		}
		m.mu.Unlock()
		var late <-chan time.Time // never, when there is nothing to be shown
		if ofToday {
			late = time.After(patience)
		}
		select {
		case <-reading:
		case <-late:
			return old.layer, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// read reads a layer and tells those who wait. The same contents stay the same layer.
func (m *madeDuty) read(ctx context.Context, s *Server, l *layer, old *dutyRead, ofToday bool, now time.Time, units int64) (*layer, error) {
	var next *dutyRead
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if next != nil {
			m.last = next
		}
		close(m.reading)
		m.reading = nil
	}()
	began := time.Now()
	r := &reading{Server: s, ctx: ctx, day: geo.DayOf(now), now: now, digest: fnv.New64a()}
	draw, err := drawDuty[l.name](r, &s.duty)
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", l.name, err)
	}
	// 53 bits: as many as JavaScript counts exactly.
	version := int64(r.digest.Sum64()>>11) | 1
	next = &dutyRead{at: now, units: units}
	if ofToday && old.version == version {
		next.layer = old.layer
	} else {
		drawn := *l
		drawn.content, drawn.version, drawn.base, drawn.day = draw(), version, version, dayLabel(r.day)
		next.layer = &drawn
	}
	if old != nil { // the first time cuts the streets, too, which are kept
		next.took = time.Since(began)
	}
	return next.layer, nil
}

// counted are the units whose counts are seen, placed those whose single things are; nil
// = all.
func counted(r *reach) *mvt.Members {
	if r == nil {
		return nil
	}
	return r.count
}

func placed(r *reach) *mvt.Members {
	if r == nil {
		return nil
	}
	return r.exact
}

func onMap(r *reach) *mvt.Members {
	if r == nil {
		return nil
	}
	return r.seen
}

// kept draws shapes to those who see their owners.
type kept struct {
	*shapes
	who func(*reach) *mvt.Members
}

func (k kept) draw(b *mvt.Builder, name string, t mvt.Tile, r *reach) {
	at := k.zooms[t.Z]
	if at == nil {
		return
	}
	var only *mvt.Selection
	if r != nil {
		only = &mvt.Selection{Faces: make([]mvt.Face, len(k.owners))}
		for row, owner := range k.owners {
			if k.who(r).Has(owner) {
				only.Faces[row] = mvt.Bare
			}
		}
	}
	b.Shapes(name, at, k.table, t, only)
}

// near draws points from where they are not cells any more.
type near struct{ points }

func (n near) draw(b *mvt.Builder, name string, t mvt.Tile, r *reach) {
	if int(t.Z) >= n.min {
		n.points.draw(b, name, t, r)
	}
}

// streetParts are the parts of the streets of an import, by the units of a version.
type streetParts struct {
	network int64
	units   int64
	list    []streetPart
}

// unitsAt finds the unit of a place.
func (r *reading) unitsAt() (*locate.Index, error) {
	levels, err := readLevels(r.ctx, r.Pool)
	if err != nil {
		return nil, err
	}
	ranks := map[string]int{}
	for _, l := range levels {
		ranks[l.Code] = l.Rank
	}
	list, err := readUnits(r.ctx, r.Pool, r.day)
	if err != nil {
		return nil, err
	}
	units := make([]locate.Unit, len(list))
	for i, u := range list {
		units[i] = locate.Unit{ID: u.ID, Code: u.Code, Rank: ranks[u.Level], Area: u.Area}
	}
	return locate.Build(units), nil
}

// streets are the parts of the streets that there are, cut once for each import and
// version of the units.
func (r *reading) streets(d *duty) (*streetParts, error) {
	if r.Footpaths == nil {
		return nil, network.ErrNoNetwork
	}
	n, version, err := r.Footpaths.Current(r.ctx)
	if err != nil {
		return nil, err
	}
	d.streets.Lock()
	defer d.streets.Unlock()
	units := r.current.Load().seen[subjectGrid]
	if d.parts != nil && d.parts.network == version.ID && d.parts.units == units {
		return d.parts, nil
	}
	index, err := r.unitsAt()
	if err != nil {
		return nil, err
	}
	d.parts = &streetParts{network: version.ID, units: units, list: cutStreets(n, index)}
	return d.parts, nil
}

// DutyLayers returns the names of the layers of duty, sorted.
func DutyLayers() []string { return slices.Sorted(maps.Keys(ofDuty)) }
