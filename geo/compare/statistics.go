package compare

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Period is which incidents are counted.
type Period struct {
	From, To geo.Day // reported from the first day on and before the second, in China
	Category string  // "" = all; a large class stands for its small ones too
}

// longest is the longest period, in days.
const longest = 10*366 + 1

// Statistics are counts of a period restated on the units of both sides: the same
// incidents and households on either, so that their totals agree.
type Statistics struct {
	Before     About      `json:"before"`
	After      About      `json:"after"`
	From       geo.Day    `json:"from"`
	To         geo.Day    `json:"to" doc:"first day no longer covered"`
	Category   string     `json:"category" doc:"empty: all"`
	On         geo.Day    `json:"on" doc:"the households are those of this day"`
	Incidents  int        `json:"incidents" doc:"all that are restated"`
	Households int        `json:"households" doc:"all that are restated"`
	OnBefore   []Restated `json:"on_before" doc:"on the units before, by code; the last is nobody's land, with an empty code"`
	OnAfter    []Restated `json:"on_after" doc:"on the units after, by code; the last is nobody's land, with an empty code"`
}

// Restated is what is counted in one unit.
type Restated struct {
	Unit       string  `json:"unit" doc:"code; empty = in no unit"`
	Name       string  `json:"name"`
	Households int     `json:"households"`
	Incidents  float64 `json:"incidents" doc:"those with a place, and the estimated ones"`
	Estimated  float64 `json:"estimated" doc:"of them: incidents without a place, shared out by the land that the unit which had them has in common with this one"`
}

// Restate counts incidents of a period, and the households of a day, on the units of
// both sides. An incident with a place is counted where it lies. Of one without, only
// the unit that had it is known: it is shared out among the units of the side by the
// land that they have of the last borders of that unit. It is for who may see single
// places in the whole base.
//
// Errors: those of Of, incident.ErrPeriod, staff.ErrForbidden, staff.ErrOutside.
func Restate(ctx context.Context, db pg.DB, actor staff.Actor, q Question, p Period, today geo.Day) (Statistics, error) {
	if err := actor.Must(staff.Place); err != nil {
		return Statistics{}, err
	}
	if days := p.To.Since(p.From); days <= 0 || days > longest {
		return Statistics{}, errPeriod
	}
	s, err := open(ctx, db, actor, q, today)
	if err != nil {
		return Statistics{}, err
	}
	if !s.exact {
		return Statistics{}, staff.ErrOutside
	}
	found, err := s.readIncidents(ctx, db, actor, p)
	if err != nil {
		return Statistics{}, err
	}
	out := Statistics{Before: s.about[0], After: s.about[1], From: p.From, To: p.To, Category: p.Category, On: s.On,
		Incidents: len(found.at), Households: len(s.homes.list)}
	for _, n := range found.unplaced {
		out.Incidents += n
	}
	if out.OnBefore, err = s.restate(ctx, 0, found); err == nil {
		out.OnAfter, err = s.restate(ctx, 1, found)
	}
	return out, err
}

var errPeriod = incident.ErrPeriod.Saying("The period must end after it begins and be no longer than ten years.")

// sightings are the incidents of a period in the base.
type sightings struct {
	at       []geo.Point
	holders  []Unit // that had incidents without a place, as they were last drawn
	unplaced []int  // how many, of each holder
}

func (s *study) readIncidents(ctx context.Context, db pg.DB, actor staff.Actor, p Period) (found sightings, err error) {
	area := actor.Area(staff.Place)
	args := []any{s.base.id, area.All, area.Roots, p.From.Start(), p.To.Start(), p.Category}
	matching := `
		FROM incident_unit o JOIN incident i ON i.id = o.incident_id
		WHERE o.valid_to IS NULL AND NOT i.private AND o.unit_id IN (SELECT units_below($1))
		  AND ` + staff.In("o.unit_id", 2) + `
		  AND i.reported_at >= $4 AND i.reported_at < $5
		  AND ($6 = '' OR i.category = $6 OR i.category IN (SELECT code FROM incident_category WHERE parent = $6))`
	rows, _ := db.Query(ctx, `SELECT i.point`+matching+` AND i.point IS NOT NULL`, args...)
	if found.at, err = pgx.CollectRows(rows, pgx.RowTo[geo.Point]); err != nil {
		return found, fmt.Errorf("incidents of %s: %w", s.Base, err)
	}
	rows, _ = db.Query(ctx, `
		SELECT h.n, u.code, b.geom
		FROM (SELECT o.unit_id, count(*) AS n`+matching+` AND i.point IS NULL GROUP BY o.unit_id) h
		JOIN unit u ON u.id = h.unit_id
		CROSS JOIN LATERAL (SELECT b.geom FROM boundary b WHERE b.unit_id = h.unit_id ORDER BY b.valid_from DESC LIMIT 1) b
		ORDER BY u.code`, args...)
	var n int
	var u Unit
	_, err = pgx.ForEachRow(rows, []any{&n, &u.Code, &u.Area}, func() error {
		found.holders, found.unplaced = append(found.holders, u), append(found.unplaced, n)
		u.Area = nil
		return nil
	})
	if err != nil {
		return found, fmt.Errorf("incidents without a place of %s: %w", s.Base, err)
	}
	return found, nil
}

// restate counts on the units of one side.
func (s *study) restate(ctx context.Context, side int, found sightings) ([]Restated, error) {
	units := s.units(side)
	list := make([]Restated, len(units)+1)
	for i, u := range units {
		list[i] = Restated{Unit: u.Code, Name: u.Name}
	}
	row := func(i int) *Restated {
		if i == topology.NoArea {
			i = len(units)
		}
		return &list[i]
	}
	for _, h := range s.homes.list {
		row(int(h.unit[side])).Households++
	}
	for _, at := range found.at {
		row(find(s.index[side], at)).Incidents++
	}
	for k, holder := range found.holders { // one by one: those of two levels overlap
		shares, err := sharesOf(ctx, holder, units)
		if err != nil {
			return nil, err
		}
		for i, share := range shares {
			r := row(i)
			r.Incidents += share * float64(found.unplaced[k])
			r.Estimated += share * float64(found.unplaced[k])
		}
	}
	return list, nil
}

// sharesOf says which parts of a unit's land the units have: their sum is 1.
func sharesOf(ctx context.Context, holder Unit, units []Unit) (map[int]float64, error) {
	near := []Unit{}
	at := map[string]int{}
	box := holder.Area.Bound()
	for i, u := range units {
		if u.Area.Bound().Intersects(box) {
			near, at[u.Code] = append(near, u), i
		}
	}
	r, err := Relate(ctx, []Unit{holder}, near)
	if err != nil {
		return nil, err
	}
	var whole float64
	for _, p := range r.Pairs {
		if p.Before != topology.NoArea {
			whole += p.SquareMeters
		}
	}
	shares := map[int]float64{}
	for _, p := range r.Pairs {
		switch {
		case p.Before == topology.NoArea:
		case p.After == topology.NoArea:
			shares[topology.NoArea] += p.SquareMeters / whole
		default:
			shares[at[r.After[p.After].Code]] += p.SquareMeters / whole
		}
	}
	return shares, nil
}
