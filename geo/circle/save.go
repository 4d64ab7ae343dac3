package circle

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/calendar"
	"wangge/geo/demand"
	"wangge/geo/job"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// Paths gives the walking network of the current import.
type Paths interface {
	Current(ctx context.Context) (*walk.Network, network.Version, error)
}

// Maker makes runs. It keeps what the next run may need again: the households of the
// last runs, where they meet the street, and their walks.
type Maker struct {
	db    pg.DB
	paths Paths

	mu      sync.Mutex
	crowds  []*kept // newest first
	answers *answers
}

// kept is a crowd with where it meets the street.
type kept struct {
	crowd  *crowd
	mu     sync.Mutex
	places map[placesKey]*walk.Places
}

type placesKey struct {
	network int64
	sha256  string
	profile walk.Profile
	maxWalk int
}

// Bounds of what a Maker keeps: crowds, and for each the ways it was joined to a network.
const (
	maxCrowds = 3
	maxPlaces = 4
)

// NewMaker makes runs as db, which must be the engine's: a run counts households that
// who asks for it may not see one by one.
func NewMaker(db pg.DB, paths Paths) *Maker {
	return &Maker{db: db, paths: paths, answers: newAnswers()}
}

// Handler does the jobs of Create.
func (k *Maker) Handler() job.Handler {
	return func(ctx context.Context, step job.Step, raw json.RawMessage) (any, error) {
		var args jobArgs
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		actor, err := staff.Again(ctx, k.db, args.Actor, args.Account)
		if err != nil {
			return nil, err
		}
		s, err := get(ctx, k.db, actor, args.Circle)
		if err != nil {
			return nil, err
		}
		err = pgx.BeginFunc(ctx, k.db, func(tx pgx.Tx) error { return k.make(ctx, tx, s, step) })
		if err != nil {
			return nil, fmt.Errorf("service circle %d: %w", args.Circle, err)
		}
		return map[string]any{"circle": args.Circle}, nil
	}
}

// Run makes a run at once, for a person at the terminal.
func (k *Maker) Run(ctx context.Context, actor staff.Actor, p Params, step job.Step) (Run, error) {
	p, unit, err := prepare(ctx, k.db, actor, p)
	if err != nil {
		return Run{}, fmt.Errorf("service circle: %w", err)
	}
	var id int64
	err = pgx.BeginFunc(ctx, k.db, func(tx pgx.Tx) error {
		if id, err = insert(ctx, tx, actor, p, unit); err != nil {
			return err
		}
		s, err := get(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		return k.make(ctx, tx, s, step)
	})
	if err != nil {
		return Run{}, fmt.Errorf("service circle: %w", err)
	}
	return Get(ctx, k.db, actor, id)
}

// make computes a run and stores its results: all of them, or none.
func (k *Maker) make(ctx context.Context, tx pgx.Tx, s stored, step job.Step) error {
	var open bool
	err := tx.QueryRow(ctx, `SELECT finished_at IS NULL FROM circle WHERE id = $1 FOR UPDATE`, s.ID).Scan(&open)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrUnknown
	case err != nil:
		return err
	case !open:
		return nil // it was made before the process died
	}
	m, shown, inputs, err := k.begin(ctx, s, step)
	if err != nil {
		return err
	}
	out := saver{tx: tx, run: s, crowd: m.crowd, shown: shown, sum: sha256.New(), walks: make([]int, len(s.Params.Columns))}
	if err := m.each(ctx, func(w *walked, list []*told) error { return out.save(ctx, m, w, list) }); err != nil {
		return err
	}
	step("storing", 0, 0)
	_, err = tx.Exec(ctx, `UPDATE circle SET inputs = $2, digest = $3, walks = $4, finished_at = now() WHERE id = $1`,
		s.ID, inputs, hex.EncodeToString(out.sum.Sum(nil)), out.walks)
	return err
}

// begin reads what a run is made from.
func (k *Maker) begin(ctx context.Context, s stored, step job.Step) (*making, published, Inputs, error) {
	p, err := k.picture(ctx, s, step)
	if err != nil {
		return nil, published{}, Inputs{}, err
	}
	m := &making{params: s.Params, crowd: p.held.crowd, network: p.network, version: p.inputs.Network, points: p.points,
		threads: runtime.GOMAXPROCS(0), near: k.answers, step: func(done, total int64) { step("walking", done, total) }}
	m.places = func(ctx context.Context, profile walk.Profile) (*walk.Places, error) {
		return p.join(ctx, profile, s.Params.MaxWalk, step)
	}
	return m, p.shown, p.inputs, nil
}

// picture is what a run, or a search for its sites, is made from: all of it as it is at
// one moment, besides the streets, which are those of the current import.
type picture struct {
	inputs  Inputs
	network *walk.Network
	held    *kept
	points  []point // with the changes applied
	shown   published
}

func (k *Maker) picture(ctx context.Context, s stored, step job.Step) (p picture, err error) {
	step("reading the streets", 0, 0)
	streets, version, err := k.paths.Current(ctx)
	if err != nil {
		return p, err
	}
	p.network = streets
	p.inputs = Inputs{Network: version.ID, NetworkSHA256: version.SHA256, NetworkFile: version.FileName, Attribution: version.Attribution,
		ImportedAt: version.ImportedAt, ReadAt: time.Now().UTC()}
	err = pgx.BeginFunc(ctx, k.db, func(read pgx.Tx) error { // one picture of everything
		if _, err := read.Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`); err != nil {
			return err
		}
		now, err := versions(ctx, read)
		if err != nil {
			return err
		}
		p.inputs.Households, p.inputs.Points = now.households, now.points
		if p.inputs.Units, err = unitsVersion(ctx, read, s.unit, s.Params.On); err != nil {
			return err
		}
		if s.Params.Demand != 0 {
			set, err := demand.Get(ctx, read, staff.System, s.Params.Demand)
			if err != nil {
				return err
			}
			p.inputs.Demand = set.Digest
		}
		var d *drawing
		if s.Params.Plan != 0 {
			if d, err = loadDrawing(ctx, read, s.Params.Plan); err != nil {
				return err
			}
			p.inputs.PlanRevision = d.revision
		}
		if p.held, err = k.crowd(ctx, read, s, p.inputs, d, step); err != nil {
			return err
		}
		points, err := loadPoints(ctx, read, s.Params.On)
		if err != nil {
			return err
		}
		p.points = changed(points, s.Params.Changes)
		off, err := calendar.Off(ctx, read)
		if err != nil {
			return err
		}
		for i := range p.points {
			p.points[i].off = off
		}
		if err := p.held.crowd.place(ctx, read, p.points, s.Params.Changes, s.unit); err != nil {
			return err
		}
		p.shown, err = loadPublished(ctx, read, p.held.crowd)
		p.shown.changes = s.Params.Changes
		return err
	})
	return p, err
}

// join joins the households to the streets for a profile.
func (p picture) join(ctx context.Context, profile walk.Profile, maxWalk int, step job.Step) (*walk.Places, error) {
	return p.held.join(ctx, p.network, placesKey{p.inputs.Network, p.inputs.NetworkSHA256, profile, maxWalk}, step)
}

// Table computes what a run would say of units, exactly, and stores nothing.
func (k *Maker) Table(ctx context.Context, actor staff.Actor, p Params) ([]UnitRow, error) {
	p, unit, err := prepare(ctx, k.db, actor, p)
	if err == nil && unit == 0 && !actor.Area(staff.Place).All {
		err = staff.ErrForbidden
	} else if err == nil && unit != 0 {
		err = staff.Within(ctx, k.db, actor, staff.Place, unit)
	}
	if err != nil {
		return nil, fmt.Errorf("service circle: %w", err)
	}
	m, _, _, err := k.begin(ctx, stored{Run: Run{Params: p}, unit: unit}, func(string, int64, int64) {})
	if err != nil {
		return nil, fmt.Errorf("service circle: %w", err)
	}
	m.unitsOnly = true
	var rows []UnitRow
	err = m.each(ctx, func(_ *walked, list []*told) error {
		for _, t := range list {
			rows = append(rows, t.units...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("service circle: %w", err)
	}
	return rows, nil
}

// crowd is the crowd of a run, read from the database unless it is at hand. drawing is
// the plan that it counts by; nil = what is in force.
func (k *Maker) crowd(ctx context.Context, db pg.DB, s stored, in Inputs, drawing *drawing, step job.Step) (*kept, error) {
	key := crowdKey{unit: s.unit, day: s.Params.On, households: in.Households, units: in.Units, demand: s.Params.Demand, digest: in.Demand,
		plan: s.Params.Plan, revision: in.PlanRevision}
	k.mu.Lock()
	at := slices.IndexFunc(k.crowds, func(c *kept) bool { return c.crowd.key == key })
	if at >= 0 {
		found := k.crowds[at]
		k.crowds = append([]*kept{found}, slices.Delete(slices.Clone(k.crowds), at, at+1)...)
		k.mu.Unlock()
		return found, nil
	}
	k.mu.Unlock()
	c := &crowd{key: key}
	var err error
	if c.areas, err = loadUnits(ctx, db, s.unit, s.Params.On); err != nil {
		return nil, err
	}
	if c.index(); drawing != nil {
		if err := c.draw(drawing); err != nil {
			return nil, err
		}
	}
	step("reading households", 0, 0)
	if key.demand != 0 {
		err = c.loadDemand(ctx, db)
	} else {
		err = c.loadHouseholds(ctx, db, func(done, total int64) { step("reading households", done, total) })
	}
	if err != nil {
		return nil, err
	}
	loaded := &kept{crowd: c, places: map[placesKey]*walk.Places{}}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.crowds = append([]*kept{loaded}, k.crowds[:min(len(k.crowds), maxCrowds-1)]...)
	return loaded, nil
}

// join joins the crowd to the network, unless it was before.
func (c *kept) join(ctx context.Context, n *walk.Network, key placesKey, step job.Step) (*walk.Places, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if places, ok := c.places[key]; ok {
		return places, nil
	}
	step("joining households to the streets", 0, 0)
	places, err := c.crowd.placesOf(ctx, n, key.profile, key.maxWalk, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	for old := range maps.Keys(c.places) {
		if len(c.places) < maxPlaces && old.network == key.network {
			continue
		}
		delete(c.places, old)
	}
	c.places[key] = places
	return places, nil
}

// saver writes the results of a run as they come, and sums them up.
type saver struct {
	tx    pgx.Tx
	run   stored
	crowd *crowd
	shown published
	sum   hash.Hash
	walks []int // of each column
}

// save stores a walk and its columns.
func (s *saver) save(ctx context.Context, m *making, w *walked, list []*told) error {
	if m.params.Demand == 0 {
		var rows [][]any
		for _, own := range m.crowd.lowest() {
			body := m.encodeHouseholds(w, own.rows)
			s.sum.Write(body)
			rows = append(rows, []any{s.run.ID, own.unit, w.no, body})
		}
		if err := s.copy(ctx, "circle_household", []string{"circle_id", "unit_id", "walk_no", "body"}, rows); err != nil {
			return err
		}
	}
	for _, t := range list {
		s.walks[t.column] = w.no
		for _, save := range []func(context.Context, *told) error{s.units, s.cells, s.points} {
			if err := save(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *saver) copy(ctx context.Context, table string, columns []string, rows [][]any) error {
	if _, err := s.tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("store %s: %w", table, err)
	}
	return nil
}

var unitColumns = []string{"circle_id", "column_no", "unit_id", "place", "code", "name", "level", "rounded", "hidden", "households", "people", "covered", "covered_people",
	"share", "share_people", "p50", "p90", "mean", "worst_decile", "points", "hours_unknown", "unreachable",
	"choices", "overlap", "catchment", "enhanced", "gravity", "cumulative", "curve", "curve_people"}

func (s *saver) units(ctx context.Context, t *told) error {
	ages := s.run.Params.Columns[t.column].Ages
	rows := make([][]any, 0, 2*len(t.units))
	var sum []byte
	for i, row := range t.units {
		a := &s.crowd.areas[i]
		sum = row.sum(sum[:0])
		s.sum.Write(sum)
		rounded := s.shown.unit(a, row, ages)
		var exactCurve, exactPeople, roundCurve, roundPeople []float64
		if i == 0 {
			exactCurve, exactPeople = t.curve, t.people
			if !rounded.Hidden {
				roundCurve = curve(t.curve)
			}
			if rounded.SharePeople != nil {
				roundPeople = curve(t.people)
			}
		}
		rows = append(rows, s.unit(a, i, row, exactCurve, exactPeople), s.unit(a, i, rounded, roundCurve, roundPeople))
	}
	return s.copy(ctx, "circle_unit", unitColumns, rows)
}

// unit is a row of an area. One that a plan draws is no unit that anybody holds a post
// in: it is for who sees the run's own.
func (s *saver) unit(a *area, place int, r UnitRow, households, people []float64) []any {
	id, code, name, level := a.id, (*string)(nil), (*string)(nil), (*string)(nil)
	if a.drawn {
		id, code, name, level = s.run.unit, &a.code, &a.name, &a.level
	} else {
		place = 0
	}
	return []any{s.run.ID, r.Column, id, place, code, name, level, r.Rounded, r.Hidden, r.Households, r.People, r.Covered, r.CoveredPeople,
		r.Share, r.SharePeople, r.P50, r.P90, r.Mean, r.WorstDecile, r.Points, r.HoursUnknown, r.Unreachable,
		r.Choices, r.Overlap, r.Catchment, r.Enhanced, r.Gravity, r.Cumulative, households, people}
}

func (s *saver) cells(ctx context.Context, t *told) error {
	var rows [][]any
	for i, exact := range t.cells {
		body := encodeCells(exact)
		s.sum.Write(body)
		rows = append(rows, []any{s.run.ID, s.run.unit, t.column, coarsest + i, false, body},
			[]any{s.run.ID, s.run.unit, t.column, coarsest + i, true, encodeCells(s.shown.cellRows(exact))})
	}
	return s.copy(ctx, "circle_cell", []string{"circle_id", "unit_id", "column_no", "resolution", "rounded", "body"}, rows)
}

func (s *saver) points(ctx context.Context, t *told) error {
	var rows [][]any
	for i, row := range t.points {
		body, err := json.Marshal(row)
		if err != nil {
			return err
		}
		s.sum.Write(body)
		rows = append(rows, []any{s.run.ID, s.run.unit, t.heldBy[i], t.column, i, false, row},
			[]any{s.run.ID, s.run.unit, t.heldBy[i], t.column, i, true, s.shown.point(row)})
	}
	return s.copy(ctx, "circle_point", []string{"circle_id", "unit_id", "held_by", "column_no", "ordinal", "rounded", "row"}, rows)
}

// sum adds the row's numbers to b, for the digest of a run.
func (r UnitRow) sum(b []byte) []byte {
	b = append(b, r.Unit...)
	for _, n := range []int64{int64(r.Column), r.Households, r.People, r.Covered, r.CoveredPeople, int64(r.Points), int64(r.HoursUnknown)} {
		b = binary.AppendVarint(b, n)
	}
	for _, v := range []*float64{r.P50, r.P90, r.Mean, r.WorstDecile, r.Choices, r.Overlap, r.Catchment, r.Enhanced, r.Gravity, r.Cumulative} {
		bits := uint64(math.MaxUint64) // of no number that occurs
		if v != nil {
			bits = math.Float64bits(*v)
		}
		b = binary.BigEndian.AppendUint64(b, bits)
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Unreachable)) {
		b = binary.AppendVarint(append(b, reason...), r.Unreachable[reason])
	}
	return b
}
