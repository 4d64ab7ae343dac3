package candidate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/siting"
	"wangge/geo/staff"
)

const (
	maxCandidates = 5000
	// beyond is how many times the standard a walk counts at most where walks are
	// summed: who is farther away counts as this far.
	beyond = 2
)

// Finder searches. It takes households, network and points from the maker of runs.
type Finder struct {
	db    pg.DB // the engine's: households are counted that who asks may not see
	maker *circle.Maker
}

// NewFinder searches as db, which must be the engine's.
func NewFinder(db pg.DB, maker *circle.Maker) *Finder { return &Finder{db, maker} }

// Handler does the jobs of Search.
func (f *Finder) Handler() job.Handler {
	return func(ctx context.Context, step job.Step, raw json.RawMessage) (any, error) {
		var args jobArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		actor, err := staff.Again(ctx, f.db, args.Actor, args.Account)
		if err != nil {
			return nil, err
		}
		if err := f.find(ctx, actor, args.Siting, step); err != nil {
			return nil, fmt.Errorf("siting %d: %w", args.Siting, err)
		}
		return map[string]any{"siting": args.Siting}, nil
	}
}

// Find searches at once, for a person at the terminal.
func (f *Finder) Find(ctx context.Context, actor staff.Actor, p Params, step job.Step) (Siting, error) {
	p, err := p.filled()
	if err != nil {
		return Siting{}, fmt.Errorf("siting: %w", err)
	}
	if _, err := circle.Get(ctx, f.db, actor, p.Circle); err != nil {
		return Siting{}, fmt.Errorf("siting: %w", err)
	}
	var id int64
	err = pgx.BeginFunc(ctx, f.db, func(tx pgx.Tx) (err error) {
		id, err = insert(ctx, tx, actor, p)
		return err
	})
	if err != nil {
		return Siting{}, fmt.Errorf("siting: %w", err)
	}
	if err := f.find(ctx, actor, id, step); err != nil {
		return Siting{}, fmt.Errorf("siting %d: %w", id, err)
	}
	return GetSiting(ctx, f.db, actor, id)
}

// find makes a search and stores what it found.
func (f *Finder) find(ctx context.Context, actor staff.Actor, id int64, step job.Step) error {
	s, err := GetSiting(ctx, f.db, actor, id)
	if err != nil || s.FinishedAt != nil { // it was made before the process died
		return err
	}
	step("reading households", 0, 0)
	run, err := f.maker.Sites(ctx, actor, s.Params.Circle, s.Params.Column, step)
	if err != nil {
		return err
	}
	q := &quest{params: s.Params, run: run}
	if q.sites, err = f.sites(ctx, actor, s.Params, run); err != nil {
		return err
	}
	found, err := q.find(ctx, step)
	if err != nil {
		return err
	}
	step("storing", 0, 0)
	return f.store(ctx, id, run, found)
}

// store writes what was found, exact and rounded.
func (f *Finder) store(ctx context.Context, id int64, run *circle.Sites, found *Found) error {
	exact, err := json.Marshal(found)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(exact)
	return pgx.BeginFunc(ctx, f.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE siting SET digest = $2, finished_at = now() WHERE id = $1 AND finished_at IS NULL`, id, hex.EncodeToString(sum[:]))
		if err != nil || tag.RowsAffected() == 0 {
			return errors.Join(err, missing(tag.RowsAffected()))
		}
		_, err = tx.Exec(ctx, `INSERT INTO siting_result (siting_id, unit_id, rounded, body) VALUES ($1, $2, false, $3), ($1, $2, true, $4)`,
			id, run.Unit, found, found.shown(run.Least(), run.Around))
		return err
	})
}

func missing(rows int64) error {
	if rows == 0 {
		return ErrSiting
	}
	return nil
}

// site is one that may be chosen, or that stands.
type site struct {
	candidate int64
	kind      Kind
	name      string
	at        geo.Point
	cost      *int64
	capacity  *int
	point     int64
	stands    bool
	foreign   bool // a neighbour's point
	cell      cell.Cell
}

// sites are the standing points of the column, then the candidates by id or the cells
// by their number.
func (f *Finder) sites(ctx context.Context, actor staff.Actor, p Params, run *circle.Sites) ([]site, error) {
	var list []site
	if p.Existing != Ignore {
		for _, s := range run.Points {
			list = append(list, site{point: s.Point, name: s.Name, at: s.At, capacity: s.Capacity, stands: true, foreign: !run.Holds(s.HeldBy)})
		}
	}
	standing := len(list)
	if p.Anywhere {
		for resolution := 10; resolution >= 8; resolution-- {
			cells := run.Cells(resolution)
			if len(cells) > maxCandidates {
				continue // coarser ones
			}
			for _, c := range cells {
				list = append(list, anywhere(c))
			}
			break
		}
	} else {
		args := append(readers(actor), run.Run.Params.On, run.Unit, p.Candidates, kinds(p.Kinds), p.StepFree, maxCandidates+1)
		rows, _ := f.db.Query(ctx, `SELECT`+columns+`
			WHERE `+readable(1)+` AND (c.closed_on IS NULL OR c.closed_on > $7)
			  AND ($8::bigint = 0 OR c.unit_id IN (SELECT units_below($8)))
			  AND (cardinality($9::bigint[]) IS NULL OR cardinality($9::bigint[]) = 0 OR c.id = ANY ($9))
			  AND (cardinality($10::text[]) = 0 OR c.kind = ANY ($10)) AND (NOT $11 OR c.step_free)
			ORDER BY c.id LIMIT $12`, args...)
		candidates, err := pgx.CollectRows(rows, scan)
		if err != nil {
			return nil, fmt.Errorf("candidates: %w", err)
		}
		for _, c := range candidates {
			list = append(list, site{candidate: c.ID, kind: c.Kind, name: c.Name, at: c.Point, cost: c.Cost, capacity: c.Capacity})
		}
	}
	switch {
	case len(list) == standing:
		return nil, ErrNone
	case len(list)-standing > maxCandidates:
		return nil, ErrTooMuch
	}
	return list, nil
}

func kinds(list []Kind) []string {
	out := []string{}
	for _, k := range list {
		out = append(out, string(k))
	}
	return out
}

func anywhere(c cell.Cell) site { return site{name: c.String(), kind: Place, at: c.Center(), cell: c} }

// quest is one search with everything it depends on.
type quest struct {
	params Params
	run    *circle.Sites
	sites  []site
}

// limit is the distance of the question: the standard's, or where walks are summed
// the most that one counts.
func (q *quest) limit() uint32 {
	l := q.run.Column.Standard.Limit()
	if q.params.Model == siting.Median || q.params.Model == siting.Center {
		return uint32(min(uint64(l)*beyond, math.MaxUint32/2))
	}
	return l
}

// find asks the question.
func (q *quest) find(ctx context.Context, step job.Step) (*Found, error) {
	p := q.params
	problem := &siting.Problem{Weights: q.run.Households()}
	if p.Weights == "people" {
		problem.Weights = q.run.People(p.Ages)
	}
	at := make([]geo.Point, len(q.sites))
	ask := siting.Question{Model: p.Model, Limit: q.limit(), Sites: p.Sites, Budget: p.Budget, Moves: p.Moves, Capacitated: p.Capacities,
		Seed: uint64(p.Seed), Effort: p.Effort, Threads: runtime.GOMAXPROCS(0),
		Progress: func(done float64) { step("searching", int64(done*1000), 1000) }}
	for j, s := range q.sites {
		at[j] = s.at
		if s.stands {
			// A neighbour's point is not ours to move.
			if p.Existing == Move && !s.foreign {
				ask.Movable = append(ask.Movable, int32(j))
			} else {
				ask.Fixed = append(ask.Fixed, int32(j))
			}
		}
		capacity := int64(-1)
		if s.capacity != nil {
			capacity = int64(*s.capacity)
		}
		problem.Capacities = append(problem.Capacities, capacity)
		if p.Budget > 0 {
			if s.cost == nil && !s.stands {
				return nil, ErrParams.Saying(fmt.Sprintf("Candidate %d, %s, has no cost, which a budget needs. 候选点缺少费用。", s.candidate, s.name))
			}
			cost := int64(0)
			if s.cost != nil {
				cost = *s.cost
			}
			problem.Costs = append(problem.Costs, cost)
		}
	}
	step("walking", 0, 0)
	matrix, joined, err := q.run.Walks(ctx, at, ask.Limit)
	if err != nil {
		return nil, err
	}
	problem.First, problem.Demand, problem.Distance = bySite(len(at), len(problem.Weights), matrix.First, matrix.Source, matrix.MM)
	answer, err := siting.Solve(ctx, problem, ask)
	if err != nil {
		return nil, err
	}
	return q.tell(answer, joined), nil
}

// bySite turns pairs by household into pairs by site, households ascending.
func bySite(sites, households int, from []int, source []int32, mm []uint32) (first []int, demand []int32, distance []uint32) {
	first = make([]int, sites+1)
	for _, j := range source {
		first[j+1]++
	}
	for j := range sites {
		first[j+1] += first[j]
	}
	next := slices.Clone(first[:sites])
	demand, distance = make([]int32, len(source)), make([]uint32, len(source))
	for i := range households {
		for k := from[i]; k < from[i+1]; k++ {
			j := source[k]
			demand[next[j]], distance[next[j]] = int32(i), mm[k]
			next[j]++
		}
	}
	return first, demand, distance
}

// tell puts an answer into the words of the page. Minutes are rounded away from each
// other: values up, bounds down, to a thousandth.
func (q *quest) tell(a *siting.Answer, joined []bool) *Found {
	f := &Found{Gap: a.Gap, Total: a.Total, Coverable: a.Coverable, Covered: a.Covered, Sites: []FoundSite{}, Curve: []float64{}, NotJoined: []int64{},
		Network: q.run.Inputs.NetworkSHA256, Measure: q.params.Weights}
	unit := func(v int64) float64 { return float64(v) }
	switch a.Model {
	case siting.Full:
		f.Measure = "sites"
	case siting.Median:
		f.Measure = "minutes"
		unit = func(v int64) float64 { return q.run.Minutes(float64(v) / float64(max(1, a.Total))) }
	case siting.Center:
		f.Measure = "minutes"
		unit = func(v int64) float64 { return q.run.Minutes(float64(v)) }
	}
	f.Value, f.Bound = unit(a.Value), unit(a.Bound)
	if f.Measure == "minutes" {
		f.Value, f.Bound = math.Ceil(f.Value*1000)/1000, math.Floor(f.Bound*1000)/1000
		if a.Gap == 0 {
			f.Bound = f.Value
		}
	}
	for _, v := range a.Curve {
		if a.Model == siting.Full {
			f.Curve = append(f.Curve, float64(v))
		} else {
			f.Curve = append(f.Curve, math.Round(unit(v)*1000)/1000)
		}
	}
	rank := 0
	for _, s := range a.Sites {
		from := q.sites[s.Candidate]
		out := FoundSite{Candidate: from.candidate, Point: from.point, Name: from.name, Kind: from.kind, Cost: from.cost, Capacity: from.capacity,
			Gain: float64(s.Gain), Within: s.Within, Load: s.Load, Served: s.Served, Overload: s.Overload, cell: from.cell}
		if a.Model == siting.Median || a.Model == siting.Center {
			out.Gain = math.Round(unit(s.Gain)*1000) / 1000
		}
		if s.Stands {
			if from.foreign {
				out.Point, out.Name, out.Capacity = 0, "", nil
			}
		} else {
			rank++
			out.Rank = rank
		}
		if !from.foreign {
			at := orb.Point(from.at.Degrees())
			out.At = &at
		}
		f.Sites = append(f.Sites, out)
	}
	for j, s := range q.sites {
		if s.stands {
			continue
		}
		f.Candidates++
		if !joined[j] && s.candidate != 0 {
			f.NotJoined = append(f.NotJoined, s.candidate)
		}
	}
	return f
}
