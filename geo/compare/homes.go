package compare

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/locate"
	"wangge/geo/pg"
	"wangge/geo/publication"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Households says how many households are concerned; null is hidden.
type Households struct {
	All          *int `json:"all" doc:"open, with a place, in the base"`
	Moved        *int `json:"moved" doc:"in a grid of another code afterwards"`
	OtherLeader  *int `json:"other_leader" doc:"whoever answers for their grid is somebody else afterwards, or nobody"`
	NobodyBefore *int `json:"nobody_before" doc:"in no unit of the level before"`
	NobodyAfter  *int `json:"nobody_after" doc:"in no unit of the level after"`
}

// homes are the households of a day in the base.
type homes struct{ list []home }

type home struct {
	id     int64
	at     geo.Point
	people int32    // -1 where not known
	unit   [2]int32 // position on either side, or topology.NoArea
}

// count counts households and open incidents in the units of both sides.
func (s *study) count(ctx context.Context, db pg.DB, actor staff.Actor) error {
	list, err := s.readHomes(ctx, db, actor)
	if err != nil {
		return err
	}
	s.homes.list = list
	for side := range s.index {
		s.index[side] = indexOf(s.units(side))
		s.counts[side] = make([]count, len(s.units(side)))
		for i := range s.counts[side] {
			s.counts[side][i].households, s.counts[side][i].incidents = new(int), new(int)
		}
		for i := range list {
			at := find(s.index[side], list[i].at)
			list[i].unit[side] = int32(at)
			if at == topology.NoArea {
				continue
			}
			n := &s.counts[side][at]
			*n.households++
			if list[i].people >= 0 {
				if n.people == nil {
					n.people = new(int)
				}
				*n.people += int(list[i].people)
			}
		}
	}
	return s.countOpen(ctx, db, actor)
}

// indexOf finds units by place, and by their code on a border, as everywhere.
func indexOf(units []Unit) *locate.Index {
	list := make([]locate.Unit, len(units))
	for i, u := range units {
		list[i] = locate.Unit{ID: int64(i), Code: u.Code, Area: u.Area}
	}
	return locate.Build(list)
}

func find(x *locate.Index, at geo.Point) int {
	if i, ok := x.Find(at); ok {
		return i
	}
	return topology.NoArea
}

// readHomes reads the households that are open on the day and for which a unit in the
// base is responsible, as far as the actor may see single places.
func (s *study) readHomes(ctx context.Context, db pg.DB, actor staff.Actor) ([]home, error) {
	area := actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `
		SELECT h.id, h.point, CASE WHEN coalesce(h.age_0_2, h.age_3_6, h.age_7_17, h.age_18_59, h.age_60_79, h.age_80) IS NULL THEN -1
		       ELSE coalesce(h.age_0_2, 0) + coalesce(h.age_3_6, 0) + coalesce(h.age_7_17, 0) + coalesce(h.age_18_59, 0) + coalesce(h.age_60_79, 0) + coalesce(h.age_80, 0) END
		FROM household_unit o JOIN household h ON h.id = o.household_id
		WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1)
		  AND h.point IS NOT NULL AND (h.closed_on IS NULL OR h.closed_on > $1)
		  AND o.unit_id IN (SELECT units_below($2))
		  AND `+staff.In("o.unit_id", 3)+`
		ORDER BY h.id`, s.On, s.base.id, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h home, err error) {
		err = row.Scan(&h.id, &h.at, &h.people)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("households of %s: %w", s.Base, err)
	}
	return list, nil
}

// countOpen counts the incidents that are open now, each where it lies.
func (s *study) countOpen(ctx context.Context, db pg.DB, actor staff.Actor) error {
	area := actor.Area(staff.Place)
	rows, _ := db.Query(ctx, `
		SELECT i.point
		FROM incident_unit o JOIN incident i ON i.id = o.incident_id
		WHERE o.valid_to IS NULL AND i.closed_at IS NULL AND i.point IS NOT NULL AND NOT i.private
		  AND o.unit_id IN (SELECT units_below($1))
		  AND `+staff.In("o.unit_id", 2), s.base.id, area.All, area.Roots)
	var at geo.Point
	_, err := pgx.ForEachRow(rows, []any{&at}, func() error {
		for side, x := range s.index {
			if i := find(x, at); i != topology.NoArea {
				*s.counts[side][i].incidents++
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("open incidents of %s: %w", s.Base, err)
	}
	return nil
}

// published fills in what was last published of the units that were in force.
func (s *study) published(ctx context.Context, db pg.DB, actor staff.Actor) error {
	for side, about := range s.about {
		units := s.units(side)
		s.counts[side] = make([]count, len(units))
		if about.drafted() {
			continue // a unit that goes on has other borders, or may have
		}
		ids := make([]int64, len(units))
		for i, u := range units {
			ids[i] = u.ID
		}
		numbers, err := publication.Of(ctx, db, actor, about.On, ids)
		if err != nil {
			return err
		}
		for i, id := range ids {
			n := numbers[id]
			s.counts[side][i] = count{households: n.Households, incidents: n.Incidents}
		}
	}
	return nil
}

// moved counts the households that change grid.
func (s *study) moved() (n Households) {
	if !s.exact {
		return n
	}
	all, moved, leader := len(s.homes.list), 0, 0
	var nobody [2]int
	for _, h := range s.homes.list {
		for side, unit := range h.unit {
			if unit == topology.NoArea {
				nobody[side]++
			}
		}
		if i, ok := s.at[[2]int{int(h.unit[0]), int(h.unit[1])}]; ok {
			if s.pairs[i].moves {
				moved++
			}
			if s.pairs[i].Leaders.Other {
				leader++
			}
		}
	}
	return Households{&all, &moved, &leader, &nobody[0], &nobody[1]}
}

// Look chooses households that change grid.
type Look struct {
	From, To string // codes of units; "" = any
	After    int64  // id of the last household of the page before
	Limit    int
}

// MovedHousehold is one that changes grid.
type MovedHousehold struct {
	ID        int64  `json:"id"`
	Compound  string `json:"compound"`
	Building  string `json:"building"`
	Stairwell string `json:"stairwell"`
	Doorplate string `json:"doorplate"`
	Address   string `json:"address"`
	From      string `json:"from" doc:"code of the unit before; empty = none"`
	To        string `json:"to" doc:"code of the unit after; empty = none"`
}

// Moved lists the households that change grid, by id: for who may see single places
// in the whole base. The look is recorded.
//
// Errors: those of Of, staff.ErrForbidden, staff.ErrOutside.
func Moved(ctx context.Context, db pg.DB, actor staff.Actor, q Question, l Look, today geo.Day) ([]MovedHousehold, error) {
	if err := actor.Must(staff.Place); err != nil {
		return nil, err
	}
	s, err := open(ctx, db, actor, q, today)
	if err != nil {
		return nil, err
	}
	if !s.exact {
		return nil, staff.ErrOutside
	}
	var ids []int64
	pair := map[int64]Common{}
	for _, h := range s.homes.list {
		i, ok := s.at[[2]int{int(h.unit[0]), int(h.unit[1])}]
		if !ok || h.id <= l.After || len(ids) == l.Limit {
			continue
		}
		if p := s.pairs[i]; p.moves && (l.From == "" || l.From == p.Before) && (l.To == "" || l.To == p.After) {
			ids, pair[h.id] = append(ids, h.id), p
		}
	}
	rows, _ := db.Query(ctx, `SELECT id, compound, building, stairwell, doorplate, address FROM household WHERE id = ANY ($1) ORDER BY id`, ids)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h MovedHousehold, err error) {
		err = row.Scan(&h.ID, &h.Compound, &h.Building, &h.Stairwell, &h.Doorplate, &h.Address)
		h.From, h.To = pair[h.ID].Before, pair[h.ID].After
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("households that change grid in %s: %w", s.Base, err)
	}
	return list, audit.Write(ctx, db, actor, "list", "comparison", s.Base, map[string]any{
		"level": s.Level, "before": s.Question.Before.String(), "after": s.Question.After.String(), "from": l.From, "to": l.To, "shown": len(list)})
}
