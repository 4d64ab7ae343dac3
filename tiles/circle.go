package tiles

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"wangge/geo"
	"wangge/geo/candidate"
	"wangge/geo/circle"
	"wangge/geo/fault"
	"wangge/geo/staff"
	"wangge/tiles/mvt"
)

// Layers of the service circle are asked for with ?run= and &column=. A run is never
// changed, so that a layer of it is made once for each scope, kept while it is used
// and drawn like any other. What it shows are the rows of package circle, the same
// as in JSON and in files.

// Faults of the layers of runs. What is wrong with the run itself, package circle
// says: it is unknown, or not done, or has no such column.
var (
	ErrRun       = fault.New(fault.Malformed, "run_missing", "Say which run is to be drawn: run=ID. GET /api/v1/circles lists them.")
	ErrBefore    = fault.New(fault.Malformed, "before_missing", "Say with which run it is compared: before=ID.")
	ErrSiting    = fault.New(fault.Malformed, "siting_missing", "Say which siting is to be drawn: siting=ID. GET /api/v1/sitings lists them.")
	ErrSearching = fault.New(fault.Conflict, "siting_not_done", "The search is not done yet. Its job says how far it is.")
	ErrNumber    = fault.New(fault.Malformed, "run_nonsense", "run, before and siting are ids, and column is a number from 0 on.")
	ErrReplaced  = fault.New(fault.NotFound, "run_network_replaced", "The streets of this run were replaced by a newer import. Repeat the run to see how far its points reach.")
)

const (
	subjectReach      = "reach"
	subjectStreets    = "reach-streets"
	subjectUncovered  = "uncovered"
	subjectCoverage   = "coverage"
	subjectCandidates = "candidates"
	subjectChange     = "change"
	changeCells       = "change-cells"
)

// ofRuns are the layers of runs without contents, by name.
var ofRuns = runLayers()

// runLayers describes them. Where things are no finer than 10 m the deepest zoom is 14
// or 15, at which a unit of a tile is 60 or 30 cm; clients enlarge it.
func runLayers() map[string]*layer {
	rounded := field{"rounded", "Boolean: true = as published, shares in steps of 5 %; absent = exact"}
	unit := []field{{"code", "String"}, {"name", "String"}, {"level", "String: code"}}
	share := []field{{"before", "Number: share of households within the standard in the run before, 0 to 1"},
		{"after", "Number: the same in this run"}, {"difference", "Number: after - before"}}
	hidden := field{"hidden", "Boolean: true = too few households; there are no numbers"}
	layers := map[string]*layer{}
	add := func(name string, min, max int, sources ...sourceLayer) {
		layers[name] = &layer{name: name, subject: name, min: min, max: max, bounds: geo.EmptyBound, sources: sources}
	}
	add(subjectReach, 7, 15, sourceLayer{subjectReach, "What lies within so many minutes on foot of the nearest point",
		[]field{{"minutes", "Number: those of fewer minutes lie within"}}})
	add(subjectStreets, 12, 15, sourceLayer{subjectStreets, "Streets by the minutes on foot to the nearest point",
		[]field{{"minutes", "Number: at most so many"}}})
	add(subjectUncovered, combMin, cellMax, sourceLayer{subjectUncovered, "Households outside the standard by H3 cell",
		[]field{{"cell", "String: H3 index"}, {"households", "Number"}, {"uncovered", "Number: those outside the standard"},
			{"share", "Number: uncovered / households, 0 to 1"}, {"minutes", "Number: median to the nearest point; absent when half of them reach none"}, rounded}})
	add(subjectCoverage, 4, mvt.MaxZoom, sourceLayer{subjectCoverage, "Units of every level by the households within the standard",
		slices.Concat(unit, []field{{"households", "Number"}, {"covered", "Number: households within the standard"},
			{"share", "Number: covered / households, 0 to 1"}, {"share_people", "Number: the same of people"},
			{"p50", "Number: minutes of half of the households"}, {"p90", "Number: minutes of nine tenths"}, rounded, hidden})})
	add(subjectCandidates, 7, 15, sourceLayer{subjectCandidates, "Sites that a search found", []field{
		{"id", "Number: of the candidate; absent for none"}, {"point", "Number: id of the service point that stands there"}, {"name", "String"}, {"kind", "String"},
		{"rank", "Number: of new sites by what they add, from 1; 0 = stands already"}, {"chosen", "Boolean: a new site"},
		{"gain", "Number: what the site adds to those of lower rank, in the measure of the search; absent when it is hidden"}, rounded}})
	add(subjectChange, 4, mvt.MaxZoom,
		sourceLayer{subjectChange, "Units of every level in two runs", slices.Concat(unit, share, []field{rounded, hidden})},
		sourceLayer{changeCells, "H3 cells in two runs", slices.Concat([]field{{"cell", "String: H3 index"}}, share, []field{rounded})})
	return layers
}

// question is what a request asks of the service circle.
type question struct {
	layer               string
	run, before, siting int64
	column              int
}

// parseQuestion reads the query of a request for a layer.
func parseQuestion(layer string, query func(string) string) (q question, err error) {
	q.layer = layer
	number := func(name string, missing error, into *int64) {
		text := query(name)
		if err != nil {
			return
		}
		n, wrong := strconv.ParseInt(text, 10, 64)
		switch {
		case text == "" && missing != nil:
			err = missing
		case text != "" && (wrong != nil || n < 0 || n == 0 && missing != nil):
			err = ErrNumber
		default:
			*into = n
		}
	}
	var column int64
	if layer == subjectCandidates {
		number("siting", ErrSiting, &q.siting)
		return q, err
	}
	number("run", ErrRun, &q.run)
	number("column", nil, &column)
	if layer == subjectChange {
		number("before", ErrBefore, &q.before)
	}
	if q.column = int(column); err == nil && column > maxColumn {
		err = circle.ErrColumn
	}
	return q, err
}

// maxColumn is beyond the columns of any run.
const maxColumn = 1 << 20

// query is the question as a URL asks it.
func (q question) query() string {
	values := url.Values{}
	if q.layer == subjectCandidates {
		values.Set("siting", strconv.FormatInt(q.siting, 10))
		return values.Encode()
	}
	values.Set("run", strconv.FormatInt(q.run, 10))
	values.Set("column", strconv.Itoa(q.column))
	if q.before != 0 {
		values.Set("before", strconv.FormatInt(q.before, 10))
	}
	return values.Encode()
}

// runKey names the layer of a run as one scope sees it. The borders that it is drawn
// on may be corrected afterwards, which is a new version of the units.
type runKey struct {
	question
	units int64
	scope string
}

// ofRun returns the layer of a run that the query asks for, as the scope sees it.
func (s *Server) ofRun(ctx context.Context, v *view, l *layer, q question, scope Scope) (*layer, *reach, error) {
	r, actor := v.tree.reachOfRuns(scope), scope.actor()
	h, err := s.heads.of(q, r.name(), s.Now(), func() (head, error) { return s.readHead(ctx, q, actor) })
	if err != nil {
		return nil, nil, err
	}
	key := runKey{q, v.seen[subjectGrid], r.name()}
	drawn, err := s.runs.Get(ctx, key, func() (*layer, error) { return s.drawRun(ctx, v, l, q, h, actor) })
	return drawn, r, err
}

// head is what a layer must know of a run before it is drawn, and whether the reader
// may see it at all.
type head struct {
	run, before circle.Run
	siting      candidate.Siting
}

// about says what the column asks, with its standard: no number of a run stands
// without it.
func (h head) about(column int) string {
	if column >= len(h.run.Params.Columns) {
		return ""
	}
	c := h.run.Params.Columns[column]
	s := c.Standard
	text := fmt.Sprintf("%s · %g min, %.1f km/h, %s", h.run.Params.On, s.Minutes, float64(s.Speed)/1000, s.Profile)
	if s.Metres > 0 {
		text += fmt.Sprintf(", %d m", s.Metres)
	}
	for _, name := range []string{s.Code, c.Function} {
		if name != "" {
			text = name + " · " + text
		}
	}
	if c.When != nil {
		text += fmt.Sprintf(" · %s, %s", time.Weekday(c.When.Weekday%7), c.When.Time)
	}
	return text
}

func (s *Server) readHead(ctx context.Context, q question, actor staff.Actor) (h head, err error) {
	if q.layer == subjectCandidates {
		h.siting, err = s.readSiting(ctx, q.siting, actor)
		return h, err
	}
	if h.run, err = s.readRun(ctx, q.run, q.column, actor); err == nil && q.before != 0 {
		h.before, err = s.readRun(ctx, q.before, q.column, actor)
	}
	return h, err
}

// readRun returns a run that is done and has the column.
func (s *Server) readRun(ctx context.Context, id int64, column int, actor staff.Actor) (circle.Run, error) {
	run, err := circle.Get(ctx, s.Pool, actor, id)
	switch {
	case err != nil:
		return run, err
	case run.FinishedAt == nil:
		return run, circle.ErrNotDone
	case column >= len(run.Params.Columns):
		return run, circle.ErrColumn
	}
	return run, nil
}

// heads remembers for a moment which runs a scope may see: a map asks for many tiles
// at once. A run that is deleted is gone after that moment.
type heads struct {
	mu    sync.Mutex
	known map[headKey]knownHead
}

type headKey struct {
	question
	scope string
}

type knownHead struct {
	head
	at time.Time
}

const (
	headFor  = 5 * time.Second
	maxHeads = 1000
)

func (m *heads) of(q question, scope string, now time.Time, read func() (head, error)) (head, error) {
	key := headKey{q, scope}
	m.mu.Lock()
	k, known := m.known[key]
	m.mu.Unlock()
	if known && now.Sub(k.at) < headFor {
		return k.head, nil
	}
	h, err := read()
	if err != nil {
		return h, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= maxHeads {
		m.known = map[headKey]knownHead{}
	}
	m.known[key] = knownHead{h, now}
	return h, nil
}

// drawRun makes the layer.
func (s *Server) drawRun(ctx context.Context, v *view, l *layer, q question, h head, actor staff.Actor) (*layer, error) {
	drawn := *l
	drawn.version, drawn.units, drawn.query, drawn.bounds = max(q.run, q.siting), v.seen[subjectGrid], q.query(), geo.EmptyBound
	drawn.about = h.about(q.column)
	p := plot{s, v, q, h, actor, &drawn}
	var err error
	switch q.layer {
	case subjectReach:
		err = p.reach(ctx)
	case subjectStreets:
		err = p.streets(ctx)
	case subjectUncovered:
		err = p.uncovered(ctx)
	case subjectCoverage:
		err = p.coverage(ctx)
	case subjectCandidates:
		err = p.candidates(ctx)
	case subjectChange:
		err = p.change(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("layer %s?%s: %w", l.name, drawn.query, err)
	}
	drawn.base = drawn.version
	return &drawn, nil
}

// actor is somebody without a name whose posts show just this scope.
func (s Scope) actor() staff.Actor {
	a := staff.Actor{Name: "map"}
	for p, area := range map[staff.Permission]staff.Area{staff.Map: s.Map, staff.Count: s.Count, staff.Place: s.Place} {
		if s.Public && p != staff.Map {
			continue
		}
		if area.All {
			a.Grants = append(a.Grants, staff.Grant{May: []staff.Permission{p}})
		}
		for _, unit := range area.Roots {
			a.Grants = append(a.Grants, staff.Grant{Unit: unit, May: []staff.Permission{p}})
		}
	}
	return a
}
