package incident

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/layer"
	"wangge/geo/locate"
	"wangge/geo/pg"
	"wangge/geo/publication"
	"wangge/geo/staff"
)

// Analyst counts incidents by place and time: for people who look at many at once
// and at none in particular. It reads as the map's reader, who has no address, and
// gives out what analysis_shown.go lets through. Where the reader of an answer may
// count at all is found twice: by the actor's grants, and by the database for the
// account that asks.
type Analyst struct {
	requests pg.DB
	reader   pg.DB

	mu   sync.Mutex
	last *division // of the last day that was asked about
}

// NewAnalyst returns an analyst for requests that act by their account, and the
// map's reader.
func NewAnalyst(requests, reader pg.DB) *Analyst { return &Analyst{requests: requests, reader: reader} }

// Question is what an analysis is about.
type Question struct {
	From, To geo.Day // reported from the first day on and before the second, in China
	On       geo.Day // the units are those in force on this day; places decide which has an incident
	Unit     string  // code; "" = everything the actor may count
	Category string  // "" = all; a large class stands for its small ones too
	Sample   int     // no rate, rank, median or hot spot below; 0 = Sample
	// Purposes are the permissions that must all hold where something is counted;
	// nil = staff.Count.
	Purposes []staff.Permission
}

// Scope says what an answer covers and how it may be read.
type Scope struct {
	From     geo.Day `json:"from"`
	To       geo.Day `json:"to" doc:"first day no longer covered"`
	On       geo.Day `json:"date" doc:"the units are those in force on this day, and the households too"`
	Unit     string  `json:"unit" doc:"empty: everything you may count"`
	Category string  `json:"category" doc:"empty: all"`
	Exact    bool    `json:"exact" doc:"you may see single places in the whole area: counts are as they are"`
	Step     int     `json:"step" doc:"counts are rounded at random to multiples of this, smaller ones and none are hidden; 0 = they are exact"`
	Sample   int     `json:"sample" doc:"no rate, rank, median or hot spot below so many incidents"`
	// Incidents is the count of all that is covered.
	Incidents *int `json:"incidents" doc:"in all; null is hidden"`
	Enough    bool `json:"enough" doc:"the sample is reached"`
}

// division is the units in force on a day.
type division struct {
	on      geo.Day
	version int64 // of the layer grid
	list    []grid.InForce
	index   *locate.Index
	byID    map[int64]int
}

func (a *Analyst) division(ctx context.Context, on geo.Day) (*division, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	versions, err := layer.Versions(ctx, a.reader)
	if err != nil {
		return nil, err
	}
	if a.last != nil && a.last.on == on && a.last.version == versions["grid"] {
		return a.last, nil
	}
	d := &division{on: on, version: versions["grid"], byID: map[int64]int{}}
	if d.index, d.list, err = grid.Index(ctx, a.reader, on); err != nil {
		return nil, err
	}
	for i, u := range d.list {
		d.byID[u.ID] = i
	}
	a.last = d
	return d, nil
}

// above visits a unit and all above it, by their positions in the list.
func (d *division) above(i int, visit func(i int) (stop bool)) {
	for range 20 {
		if visit(i) {
			return
		}
		up, known := d.byID[d.list[i].ParentID]
		if !known {
			return
		}
		i = up
	}
}

// study is a question with what its reader may see.
type study struct {
	Question
	*division
	precise map[int64]bool // of units that may be counted: single places may be seen there
	roots   []int          // positions of the units asked about
	within  []bool         // by position: one of them or below
	large   map[string]string
	known   []Category
	step    int // of rounding; 0 = exact
}

// open checks a question and finds what its reader may see. trend is the step of a
// trend, whose steps are answers by themselves; "" for one answer about the whole
// period.
func (a *Analyst) open(ctx context.Context, actor staff.Actor, q Question, trend string, now time.Time) (*study, error) {
	if !q.From.Before(q.To) || q.To.Since(q.From) > maxDays {
		return nil, ErrPeriod
	}
	if q.Sample == 0 {
		q.Sample = Sample
	}
	if len(q.Purposes) == 0 {
		q.Purposes = []staff.Permission{staff.Count}
	}
	s := &study{Question: q, precise: map[int64]bool{}, large: map[string]string{}}
	var err error
	if s.division, err = a.division(ctx, q.On); err != nil {
		return nil, err
	}
	if err := a.scope(ctx, actor, s); err != nil {
		return nil, err
	}
	if s.known, err = Categories(ctx, a.reader, actor); err != nil {
		return nil, err
	}
	for _, c := range s.known {
		s.large[c.Code] = c.Parent
		if c.Parent == "" {
			s.large[c.Code] = c.Code
		}
	}
	exact := !slices.ContainsFunc(s.roots, func(i int) bool { return !s.precise[s.list[i].ID] })
	if exact {
		return s, nil
	}
	if s.step, err = publication.Least(ctx, a.reader); err != nil {
		return nil, fmt.Errorf("least count: %w", err)
	}
	return s, s.coarse(trend, geo.DayOf(now))
}

// coarse refuses what the rules of rounding do not allow.
func (s *study) coarse(trend string, today geo.Day) error {
	large, known := s.large[s.Category]
	switch over := !today.Before(s.To); {
	case s.Category != "" && (!known || large != s.Category):
		return ErrCoarse
	case trend == "" && (!over || span(s.From, s.To) == ""):
		return ErrCoarse
	case trend != "" && (!over || trend == Daily || !whole(s.From, trend) || !whole(s.To, trend)):
		return ErrSteps
	}
	return nil
}

// scope finds the units that may be counted. An owner of the tables has no account
// and passes the database's wall, as everywhere.
func (a *Analyst) scope(ctx context.Context, actor staff.Actor, s *study) error {
	area := staff.Area{All: true, Roots: []int64{}}
	purposes := make([]string, len(s.Purposes))
	sql := `
		SELECT b.unit_id, ` + staff.In("b.unit_id", 3) + ` AND ` + acting("'place'") + `
		FROM boundary b
		WHERE b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		  AND NOT EXISTS (SELECT FROM unnest($2::text[]) purpose WHERE NOT ` + acting("purpose") + `)`
	place := actor.Area(staff.Place)
	args := []any{s.On, purposes, place.All, place.Roots}
	for i, p := range s.Purposes {
		purposes[i], area = string(p), actor.Area(p)
		sql += ` AND ` + staff.In("b.unit_id", len(args)+1)
		args = append(args, area.All, area.Roots)
	}
	rows, _ := a.requests.Query(ctx, sql, args...)
	var id int64
	var precise bool
	_, err := pgx.ForEachRow(rows, []any{&id, &precise}, func() error {
		s.precise[id] = precise
		return nil
	})
	if err != nil {
		return fmt.Errorf("units that may be counted: %w", err)
	}
	for i, u := range s.list {
		_, may := s.precise[u.ID]
		_, mayAbove := s.precise[u.ParentID]
		if may && (s.Unit == u.Code || s.Unit == "" && !mayAbove) {
			s.roots = append(s.roots, i)
		}
	}
	if s.Unit != "" && len(s.roots) == 0 {
		return grid.ErrUnknownUnit
	}
	s.within = make([]bool, len(s.list))
	for i := range s.list {
		s.above(i, func(at int) bool {
			s.within[i] = s.within[i] || slices.Contains(s.roots, at)
			return s.within[i]
		})
	}
	return nil
}

// acting is the SQL condition that the database allows a purpose to the account of
// this transaction, in b.unit_id.
func acting(purpose string) string {
	return `(current_setting('role') <> 'wangge_app' OR acting_everywhere(` + purpose + `) OR EXISTS (
		SELECT FROM unit_ancestor held WHERE held.unit_id = b.unit_id AND held.ancestor_id = ANY (acting_area(` + purpose + `))))`
}

// sighting is one incident within the area and the period of a study.
type sighting struct {
	key      uint64
	at       geo.Point
	reported time.Time // in China
	closed   *time.Time
	category string
	unit     int // position of the lowest unit there, in the list
}

// each visits the incidents of a study. Who was responsible when they were reported
// does not matter: where they lie decides, by the boundaries of the study's day.
func (a *Analyst) each(ctx context.Context, s *study, visit func(sighting)) error {
	bound := geo.EmptyBound
	for _, i := range s.roots {
		bound = bound.Union(s.list[i].Area.Bound())
	}
	if bound.Empty() {
		return nil
	}
	low, high := bound.Min.Degrees(), bound.Max.Degrees()
	rows, _ := a.reader.Query(ctx, `
		SELECT i.id, i.point, i.reported_at, i.closed_at, i.category
		FROM incident i
		WHERE i.reported_at >= $1 AND i.reported_at < $2 AND i.point IS NOT NULL AND NOT i.private
		  AND ($3 = '' OR i.category = $3 OR i.category IN (SELECT code FROM incident_category WHERE parent = $3))
		  AND i.point && ST_MakeEnvelope($4, $5, $6, $7, 4326)`,
		s.From.Start(), s.To.Start(), s.Category, low[0], low[1], high[0], high[1])
	var id uuid.UUID
	var one sighting
	_, err := pgx.ForEachRow(rows, []any{&id, &one.at, &one.reported, &one.closed, &one.category}, func() error {
		unit, ok := s.index.Find(one.at)
		if !ok || !s.within[unit] {
			return nil
		}
		one.key, one.unit, one.reported = keyOf(id), unit, one.reported.In(shanghai)
		visit(one)
		return nil
	})
	if err != nil {
		return fmt.Errorf("incidents of an analysis: %w", err)
	}
	return nil
}

// shanghai is the time of all hours and weekdays, wherever the server stands.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// scoped is the head of an answer.
func (s *study) scoped(all pile) Scope {
	n := all.shown(s.step)
	return Scope{From: s.From, To: s.To, On: s.On, Unit: s.Unit, Category: s.Category, Exact: s.step == 0, Step: s.step,
		Sample: s.Sample, Incidents: n, Enough: enough(n, s.Sample)}
}
