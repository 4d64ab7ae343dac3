package compare

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Leaders are the logins of whoever answers for a unit before and after: who holds
// the posts that lead at this level. It is empty where they are vacant.
type Leaders struct {
	Before []string `json:"before"`
	After  []string `json:"after"`
	Other  bool     `json:"other" doc:"they are not the same people"`
}

// Hand says what becomes of a duty.
type Hand string

// What becomes of a duty.
const (
	Goes   Hand = "goes"   // the post goes on in another unit
	Ends   Hand = "ends"   // the post ends
	Begins Hand = "begins" // there was no such post
	Passes Hand = "passes" // somebody else holds the post
	Stays  Hand = "stays"  // the same people in the same unit, which has other households
)

// DutyChange is a post before and after.
type DutyChange struct {
	Hand    Hand       `json:"hand" enum:"goes,ends,begins,passes,stays"`
	Kind    staff.Kind `json:"kind"`
	TitleZh string     `json:"title_zh"`
	TitleEn string     `json:"title_en"`
	Ordinal int        `json:"ordinal"`
	Before  *Seat      `json:"before" doc:"null where there was no such post"`
	After   *Seat      `json:"after" doc:"null where there is no such post"`
	Gives   *int       `json:"gives" doc:"households that it answered for and does not any more; null is hidden"`
	Takes   *int       `json:"takes" doc:"households that it did not answer for before; null is hidden"`
}

// Seat is a post on one side.
type Seat struct {
	Unit   string `json:"unit" doc:"code"`
	Name   string `json:"name" doc:"of the unit"`
	Holder string `json:"holder" doc:"login; empty = vacant"`
	Deputy string `json:"deputy" doc:"login; empty = none"`
}

// duty is a post of a unit of one side.
type duty struct {
	post.Post
	root int64 // the post that it went on from, at the beginning
	unit int   // position in the division
}

func isWorker(kind staff.Kind) bool {
	return kind == staff.Leader || kind == staff.Worker || kind == staff.PartTimeWorker
}

// readDuties reads the posts of both sides. Those of a draft are the posts of today,
// carried on as publishing would carry them (post.Carry): in the same unit, or where
// the unit ends, in the one that takes most of its land.
func (s *study) readDuties(ctx context.Context, db pg.DB, actor staff.Actor) error {
	from, err := carriedFrom(ctx, db)
	if err != nil {
		return err
	}
	for side, about := range s.about {
		list, err := post.List(ctx, db, actor, about.On, post.Filter{Unit: s.Base})
		if err != nil {
			return err
		}
		goesOn, err := s.goesOn(ctx, db, actor, side)
		if err != nil {
			return err
		}
		s.seats[side] = map[int][]duty{}
		for _, p := range list {
			at, ok := goesOn[p.Unit]
			if !ok {
				continue
			}
			root := p.ID
			for range 100 { // as many plans
				if from[root] == 0 {
					break
				}
				root = from[root]
			}
			d := duty{p, root, at}
			s.duties[side] = append(s.duties[side], d)
			s.seats[side][at] = append(s.seats[side][at], d)
		}
	}
	return s.readLeaders(ctx, db)
}

// carriedFrom gives for posts that go on from another one which that is.
func carriedFrom(ctx context.Context, db pg.DB) (map[int64]int64, error) {
	rows, _ := db.Query(ctx, `SELECT id, carried_from FROM post WHERE carried_from IS NOT NULL`)
	from := map[int64]int64{}
	var id, of int64
	_, err := pgx.ForEachRow(rows, []any{&id, &of}, func() error { from[id] = of; return nil })
	if err != nil {
		return nil, fmt.Errorf("posts that go on: %w", err)
	}
	return from, nil
}

// goesOn gives for codes of units with posts on the day of a side the unit of the side
// in which they go on.
func (s *study) goesOn(ctx context.Context, db pg.DB, actor staff.Actor, side int) (map[string]int, error) {
	units := s.units(side)
	at := make(map[string]int, len(units))
	for i, u := range units {
		at[u.Code] = i
	}
	if !s.about[side].drafted() {
		return at, nil
	}
	today, err := s.inForce(ctx, db, actor, s.about[side].On)
	if err != nil {
		return nil, err
	}
	var ending []Unit
	for _, u := range today {
		if _, stays := at[u.Code]; u.Level == s.Level && !stays {
			ending = append(ending, Unit{Code: u.Code, Area: u.Area})
		}
	}
	if len(ending) == 0 {
		return at, nil
	}
	r, err := Relate(ctx, ending, units)
	if err != nil {
		return nil, err
	}
	for i, u := range r.Before {
		if to := r.Successor(i); to != topology.NoArea {
			at[u.Code] = to
		}
	}
	return at, nil
}

// readLeaders says of pairs who answers for them.
func (s *study) readLeaders(ctx context.Context, db pg.DB) error {
	rows, _ := db.Query(ctx, `SELECT kind FROM staffing WHERE level = $1 AND leads`, s.Level)
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[staff.Kind])
	if err != nil {
		return fmt.Errorf("posts that lead at level %s: %w", s.Level, err)
	}
	if len(kinds) == 0 {
		kinds = []staff.Kind{staff.Leader}
	}
	var leaders [2]map[int][]string
	for side := range s.duties {
		leaders[side] = map[int][]string{}
		for _, d := range s.duties[side] {
			if slices.Contains(kinds, d.Kind) && d.A != nil {
				leaders[side][d.unit] = append(leaders[side][d.unit], d.A.Login)
			}
		}
		for _, list := range leaders[side] {
			slices.Sort(list)
		}
	}
	for i := range s.pairs {
		p := &s.pairs[i]
		p.Leaders = Leaders{Before: orNone(leaders[0][p.units[0]]), After: orNone(leaders[1][p.units[1]])}
		p.Leaders.Other = !slices.Equal(p.Leaders.Before, p.Leaders.After)
	}
	return nil
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// handOvers are the duties that change hands, and those whose households change, by
// unit and kind.
func (s *study) handOvers() []DutyChange {
	type both [2]*duty
	posts := map[int64]*both{}
	for side := range s.duties {
		for i := range s.duties[side] {
			d := &s.duties[side][i]
			if posts[d.root] == nil {
				posts[d.root] = &both{}
			}
			posts[d.root][side] = d
		}
	}
	list := []DutyChange{}
	for _, root := range slices.Sorted(maps.Keys(posts)) {
		if d := s.handOver(posts[root][0], posts[root][1]); d.Hand != "" {
			list = append(list, d)
		}
	}
	slices.SortStableFunc(list, func(a, b DutyChange) int {
		return cmp.Or(cmp.Compare(a.unit(), b.unit()), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ordinal, b.Ordinal))
	})
	return list
}

// unit is the code by which duties stand in order.
func (d DutyChange) unit() string {
	if d.Before != nil {
		return d.Before.Unit
	}
	return d.After.Unit
}

// handOver is what becomes of one duty; its Hand is empty if nothing does.
func (s *study) handOver(before, after *duty) DutyChange {
	d := DutyChange{}
	of := [2]int{topology.NoArea, topology.NoArea}
	for side, one := range [2]*duty{before, after} {
		if one == nil {
			continue
		}
		u := s.units(side)[one.unit]
		seat := &Seat{Unit: u.Code, Name: u.Name}
		if one.A != nil {
			seat.Holder = one.A.Login
		}
		if one.B != nil {
			seat.Deputy = one.B.Login
		}
		of[side] = one.unit
		d.Kind, d.TitleZh, d.TitleEn, d.Ordinal = one.Kind, one.TitleZh, one.TitleEn, one.Ordinal
		if side == 0 {
			d.Before = seat
		} else {
			d.After = seat
		}
	}
	if s.exact {
		kept := 0
		if i, ok := s.at[of]; ok {
			kept = *s.pairs[i].Households
		}
		gives, takes := -kept, -kept
		if of[0] != topology.NoArea {
			gives += *s.counts[0][of[0]].households
		}
		if of[1] != topology.NoArea {
			takes += *s.counts[1][of[1]].households
		}
		d.Gives, d.Takes = &gives, &takes
		if of[0] == topology.NoArea {
			*d.Gives = 0
		}
		if of[1] == topology.NoArea {
			*d.Takes = 0
		}
	}
	switch {
	case d.After == nil:
		d.Hand = Ends
	case d.Before == nil:
		d.Hand = Begins
	case d.Before.Unit != d.After.Unit:
		d.Hand = Goes
	case d.Before.Holder != d.After.Holder || d.Before.Deputy != d.After.Deputy:
		d.Hand = Passes
	case s.exact && *d.Gives+*d.Takes > 0:
		d.Hand = Stays
	}
	return d
}
