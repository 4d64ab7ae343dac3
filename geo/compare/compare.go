// Package compare says what is different between two divisions of the same land: the
// plan in force on one day and on another, a draft, a published plan. It reads, and
// keeps nothing.
//
//	relate.go      which units became which, exactly on the lattice; pure
//	side.go        the units of each side
//	compare.go     what the comparison says of units and of land that changes hands
//	homes.go       households that change grid
//	duty.go        posts and their holders that change hands
//	impact.go      what a merger means: area, households, load per worker, ways on foot
//	statistics.go  incidents of any period on the units of either side
//	sheet.go       all of it as files
//
// Of households the same ones are counted on both sides, those of one day, each where
// it stands: so counts of pairs add up to the totals of either side. Borders of drafts
// can be drawn around a single house, so counts are for those alone who may see single
// places in the whole base; others get the published counts of units in force.
package compare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/locate"
	"wangge/geo/pg"
	"wangge/geo/publication"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// MaxUnits is how many units a side may have.
const MaxUnits = 30_000

// Faults of this package.
var (
	ErrSide     = fault.New(fault.Invalid, "comparison_side", "A side is a day, date:YYYY-MM-DD, or a plan, plan:ID.")
	ErrLevel    = fault.New(fault.Invalid, "comparison_level", "Choose a level below that of the base unit.")
	ErrTooLarge = fault.New(fault.Invalid, "comparison_too_large", "There are more than 30,000 units of this level here. Choose a smaller base unit or a higher level.")
)

// Question says what is compared.
type Question struct {
	Base          string // code of a unit
	Level         string // of the units that are compared, below that of the base
	Before, After Side
	On            geo.Day // households are those of this day; zero = today
}

// question is a Question that was checked.
type question struct {
	Question
	today geo.Day
	base  base
}

type base struct {
	id   int64
	name string
	rank int
}

// Comparison says what is different.
type Comparison struct {
	Base      string       `json:"base"`
	BaseName  string       `json:"base_name"`
	Level     string       `json:"level"`
	Before    About        `json:"before"`
	After     About        `json:"after"`
	On        geo.Day      `json:"on" doc:"the households are those of this day, on both sides"`
	Exact     bool         `json:"exact" doc:"you may see single places in the whole base: counts are as they are now. Otherwise they are those last published, and null where none are"`
	Sliver    float64      `json:"sliver_m2" doc:"units with no more land in common than this many square metres are not related"`
	Kinds     []Tally      `json:"kinds" doc:"how many changes of each kind; those without any are left out"`
	Unchanged int          `json:"unchanged" doc:"units that are the same on both sides"`
	Area      float64      `json:"area" doc:"square metres that change hands"`
	Moved     Households   `json:"households" doc:"households that change grid"`
	Totals    Totals       `json:"totals"`
	Changes   []UnitChange `json:"changes"`
	Units     []Compared   `json:"units" doc:"before and after, of units that are not the same on both sides, by code"`
	Duties    []DutyChange `json:"duties" doc:"posts that change hands or whose households change"`
}

// Tally counts the changes of a kind.
type Tally struct {
	Kind    Kind `json:"kind" enum:"split,merge,mixed,redrawn,recoded,renamed,reparented,new,ended"`
	Changes int  `json:"changes"`
}

// Totals are the sums over all units of either side.
type Totals struct {
	Before Figures `json:"before"`
	After  Figures `json:"after"`
}

// UnitChange is a group of units that became another group.
type UnitChange struct {
	Number int      `json:"number" doc:"from 1"`
	Kind   Kind     `json:"kind" enum:"split,merge,mixed,redrawn,recoded,renamed,reparented,new,ended"`
	Before []string `json:"before" doc:"codes"`
	After  []string `json:"after" doc:"codes"`
	Pairs  []Common `json:"pairs" doc:"what they have in common, kept land included"`
}

// Common is what a unit before and a unit after have in common.
type Common struct {
	Before     string  `json:"before" doc:"code; empty = no unit"`
	After      string  `json:"after" doc:"code; empty = no unit"`
	Change     int     `json:"change" doc:"number of the change; 0 for a unit that is unchanged"`
	Area       float64 `json:"area" doc:"square metres"`
	Sliver     bool    `json:"sliver" doc:"too little land to make a relation"`
	Households *int    `json:"households" doc:"null is hidden"`
	People     *int    `json:"people" doc:"null is hidden, or not known"`
	Leaders    Leaders `json:"leaders"`
	units      [2]int  // positions, or topology.NoArea
	moves      bool
	shape      geo.MultiPolygon
}

// Compared is a unit before and after.
type Compared struct {
	Code   string   `json:"code"`
	Kind   Kind     `json:"kind" enum:"split,merge,mixed,redrawn,recoded,renamed,reparented,new,ended"`
	Change int      `json:"change" doc:"number of the change"`
	Before *Figures `json:"before" doc:"null where there was no such unit"`
	After  *Figures `json:"after" doc:"null where there is no such unit"`
}

// Figures are what is said of a unit, or of all together.
type Figures struct {
	Name        string   `json:"name"`
	Parent      string   `json:"parent" doc:"code"`
	Area        float64  `json:"area" doc:"square metres"`
	Compactness *float64 `json:"compactness" doc:"Polsby and Popper: 1 for a disc; null for all together"`
	Households  *int     `json:"households" doc:"null is hidden"`
	People      *int     `json:"people" doc:"null is hidden, or not known"`
	Incidents   *int     `json:"incidents" doc:"open now; null is hidden"`
	Posts       int      `json:"posts"`
	Filled      int      `json:"filled" doc:"posts with a holder"`
	Workers     int      `json:"workers" doc:"posts of leaders, workers and part-time workers"`
}

// study is a question with everything it needs to be answered.
type study struct {
	question
	Relation
	about  [2]About // before and after, as all pairs here
	exact  bool
	index  [2]*locate.Index
	number [2][]int // of each unit: the number of its change, 0 = unchanged
	homes  homes
	counts [2][]count // of each unit
	pairs  []Common   // by Before and After
	at     map[[2]int]int
	duties [2][]duty
	seats  [2]map[int][]duty // by unit
}

// count is what is counted in a unit; nil is hidden.
type count struct{ households, people, incidents *int }

// Of compares.
//
// Errors: ErrLevel, ErrTooLarge, grid.ErrUnknownUnit, grid.ErrUnknownLevel,
// plan.ErrUnknown, topology.ErrExtent, staff.ErrForbidden.
func Of(ctx context.Context, db pg.DB, actor staff.Actor, q Question, today geo.Day) (Comparison, error) {
	s, err := open(ctx, db, actor, q, today)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Base: s.Base, BaseName: s.base.name, Level: s.Level, Before: s.about[0], After: s.about[1], On: s.On,
		Exact: s.exact, Sliver: Sliver, Unchanged: s.Unchanged, Kinds: []Tally{}, Changes: []UnitChange{},
		Moved: s.moved(), Totals: Totals{s.total(0), s.total(1)}, Units: s.rows(), Duties: s.handOvers()}
	for _, kind := range Kinds {
		t := Tally{Kind: kind}
		for _, g := range s.Groups {
			if g.Kind == kind {
				t.Changes++
			}
		}
		if t.Changes > 0 {
			c.Kinds = append(c.Kinds, t)
		}
	}
	for i, g := range s.Groups {
		c.Changes = append(c.Changes, UnitChange{Number: i + 1, Kind: g.Kind, Before: codes(s.Before, g.Before), After: codes(s.After, g.After), Pairs: []Common{}})
	}
	for _, p := range s.pairs {
		if p.Change != 0 {
			at := &c.Changes[p.Change-1]
			at.Pairs = append(at.Pairs, p)
		}
		if p.moves {
			c.Area += p.Area
		}
	}
	return c, nil
}

func codes(units []Unit, of []int) []string {
	list := make([]string, len(of))
	for i, at := range of {
		list[i] = units[at].Code
	}
	return list
}

// Division is one side as a map: its units, and which change each is part of.
func Division(ctx context.Context, db pg.DB, actor staff.Actor, q Question, after bool, today geo.Day) ([]Drawn, error) {
	s, err := related(ctx, db, actor, q, today)
	if err != nil {
		return nil, err
	}
	side, units := 0, s.Before
	if after {
		side, units = 1, s.After
	}
	list := make([]Drawn, len(units))
	for i, u := range units {
		list[i] = Drawn{Code: u.Code, Name: u.Name, Parent: u.Parent, Change: s.number[side][i], Area: u.Area}
		if n := list[i].Change; n > 0 {
			list[i].Kind = s.Groups[n-1].Kind
		}
	}
	return list, nil
}

// Drawn is a unit of a side on the map.
type Drawn struct {
	Code   string           `json:"code"`
	Name   string           `json:"name"`
	Parent string           `json:"parent"`
	Change int              `json:"change" doc:"number of the change; 0 for a unit that is unchanged"`
	Kind   Kind             `json:"kind" doc:"of the change; empty for a unit that is unchanged"`
	Area   geo.MultiPolygon `json:"-"`
}

// Difference is the land that changes hands, from one unit to another, exactly:
// together with the land that does not it is all land of both sides.
func Difference(ctx context.Context, db pg.DB, actor staff.Actor, q Question, today geo.Day) ([]Common, error) {
	s, err := open(ctx, db, actor, q, today)
	if err != nil {
		return nil, err
	}
	return s.difference(), nil
}

func (s *study) difference() []Common {
	return slices.DeleteFunc(slices.Clone(s.pairs), func(p Common) bool { return !p.moves })
}

// open reads all that is asked for.
func open(ctx context.Context, db pg.DB, actor staff.Actor, q Question, today geo.Day) (*study, error) {
	s, err := related(ctx, db, actor, q, today)
	if err != nil {
		return nil, err
	}
	precise, err := publication.Precise(ctx, db, actor, []int64{s.base.id})
	if err != nil {
		return nil, err
	}
	s.exact = precise[s.base.id]
	if s.exact {
		err = s.count(ctx, db, actor)
	} else {
		err = s.published(ctx, db, actor)
	}
	if err != nil {
		return nil, err
	}
	s.common()
	return s, s.readDuties(ctx, db, actor)
}

// related reads both divisions and relates them.
func related(ctx context.Context, db pg.DB, actor staff.Actor, asked Question, today geo.Day) (*study, error) {
	if err := actor.Must(staff.Map); err != nil {
		return nil, err
	}
	if asked.On.IsZero() {
		asked.On = today
	}
	s := &study{question: question{Question: asked, today: today}}
	if err := s.findBase(ctx, db, actor); err != nil {
		return nil, err
	}
	var units [2][]Unit
	for i, side := range [2]Side{asked.Before, asked.After} {
		var err error
		if s.about[i], units[i], err = s.load(ctx, db, actor, side); err != nil {
			return nil, err
		}
	}
	var err error
	if s.Relation, err = Relate(ctx, units[0], units[1]); err != nil {
		return nil, err
	}
	s.number = [2][]int{make([]int, len(s.Before)), make([]int, len(s.After))}
	for i, g := range s.Groups {
		for _, b := range g.Before {
			s.number[0][b] = i + 1
		}
		for _, a := range g.After {
			s.number[1][a] = i + 1
		}
	}
	return s, nil
}

// findBase finds the base in the actor's area for maps, and checks the level.
func (q *question) findBase(ctx context.Context, db pg.DB, actor staff.Actor) error {
	area := actor.Area(staff.Map)
	err := db.QueryRow(ctx, `
		SELECT u.id, l.rank, coalesce((SELECT b.name FROM boundary b WHERE b.unit_id = u.id ORDER BY b.valid_from DESC LIMIT 1), '')
		FROM unit u JOIN level l ON l.code = u.level
		WHERE u.code = $1 AND `+staff.In("u.id", 2), q.Base, area.All, area.Roots).Scan(&q.base.id, &q.base.rank, &q.base.name)
	if errors.Is(err, pgx.ErrNoRows) {
		err = grid.ErrUnknownUnit
	}
	if err != nil {
		return fmt.Errorf("compare in %s: %w", q.Base, err)
	}
	var rank int
	err = db.QueryRow(ctx, `SELECT rank FROM level WHERE code = $1`, q.Level).Scan(&rank)
	if errors.Is(err, pgx.ErrNoRows) {
		err = grid.ErrUnknownLevel
	}
	if err != nil {
		return fmt.Errorf("compare units of level %q: %w", q.Level, err)
	}
	if rank <= q.base.rank {
		return ErrLevel
	}
	return nil
}

// units of a side.
func (s *study) units(side int) []Unit {
	if side == 0 {
		return s.Before
	}
	return s.After
}

// common lists what units have in common: land, and households, which may stand on a
// border that others have in common.
func (s *study) common() {
	s.at = map[[2]int]int{}
	for _, p := range s.Pairs {
		s.at[[2]int{p.Before, p.After}] = len(s.pairs)
		s.pairs = append(s.pairs, s.pair(p.Before, p.After, p))
	}
	for _, h := range s.homes.list {
		of := [2]int{int(h.unit[0]), int(h.unit[1])}
		if of == [2]int{topology.NoArea, topology.NoArea} {
			continue
		}
		i, ok := s.at[of]
		if !ok {
			i = len(s.pairs)
			s.at[of] = i
			s.pairs = append(s.pairs, s.pair(of[0], of[1], Pair{}))
		}
		*s.pairs[i].Households++
		if h.people >= 0 {
			if s.pairs[i].People == nil {
				s.pairs[i].People = new(int)
			}
			*s.pairs[i].People += int(h.people)
		}
	}
	slices.SortFunc(s.pairs, func(p, q Common) int { return cmp.Or(cmp.Compare(p.Before, q.Before), cmp.Compare(p.After, q.After)) })
	for i, p := range s.pairs {
		s.at[p.units] = i
	}
}

func (s *study) pair(before, after int, p Pair) Common {
	c := Common{units: [2]int{before, after}, Area: p.SquareMeters, Sliver: p.Sliver(), shape: p.Area}
	if before != topology.NoArea {
		c.Before, c.Change = s.Before[before].Code, s.number[0][before]
	}
	if after != topology.NoArea {
		c.After = s.After[after].Code
		c.Change = cmp.Or(c.Change, s.number[1][after])
	}
	c.moves = before == topology.NoArea || after == topology.NoArea || c.Before != c.After
	if s.exact {
		c.Households = new(int)
	}
	return c
}

// rows are the units that are not the same on both sides.
func (s *study) rows() []Compared {
	at := map[string]int{}
	list := []Compared{}
	for side, numbers := range s.number {
		for i, n := range numbers {
			if n == 0 {
				continue
			}
			code := s.units(side)[i].Code
			k, ok := at[code]
			if !ok {
				k = len(list)
				at[code] = k
				list = append(list, Compared{Code: code, Kind: s.Groups[n-1].Kind, Change: n})
			}
			f := s.figures(side, i)
			if side == 0 {
				list[k].Before = &f
			} else {
				list[k].After = &f
			}
		}
	}
	slices.SortFunc(list, func(a, b Compared) int { return cmp.Compare(a.Code, b.Code) })
	return list
}

func (s *study) figures(side, i int) Figures {
	u, n := s.units(side)[i], s.counts[side][i]
	c := compactness(u.Area, u.squareMeters)
	f := Figures{Name: u.Name, Parent: u.Parent, Area: u.squareMeters, Compactness: &c,
		Households: n.households, People: n.people, Incidents: n.incidents}
	for _, d := range s.seats[side][i] {
		f.add(d)
	}
	return f
}

// add counts a post.
func (f *Figures) add(d duty) {
	f.Posts++
	if d.A != nil || d.B != nil {
		f.Filled++
	}
	if isWorker(d.Kind) {
		f.Workers++
	}
}

// total is the sum over all units of a side; of counts null if one is hidden.
func (s *study) total(side int) Figures {
	var t Figures
	sum := func(of func(count) *int) *int {
		all := 0
		for _, n := range s.counts[side] {
			v := of(n)
			if v == nil {
				return nil
			}
			all += *v
		}
		return &all
	}
	t.Households = sum(func(n count) *int { return n.households })
	t.Incidents = sum(func(n count) *int { return n.incidents })
	for _, n := range s.counts[side] {
		if n.people != nil { // not known of every unit
			if t.People == nil {
				t.People = new(int)
			}
			*t.People += *n.people
		}
	}
	for _, u := range s.units(side) {
		t.Area += u.squareMeters
	}
	for _, d := range s.duties[side] {
		t.add(d)
	}
	return t
}

// Shape is the land of a pair as GeoJSON has it; nil where a household stands on the
// border of units that have no land in common.
func (c Common) Shape() orb.Geometry {
	if len(c.shape) == 0 {
		return nil
	}
	return c.shape.Orb()
}
