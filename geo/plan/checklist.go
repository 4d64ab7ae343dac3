package plan

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/deliberation"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Check is one thing to look at before a plan is adopted.
type Check struct {
	Code  string   `json:"code" doc:"what was looked at"`
	State CheckMay `json:"state" enum:"ok,warn,stop" doc:"stop: the plan cannot be adopted"`
	Count int      `json:"count" doc:"how many there are"`
	Link  string   `json:"link" enum:",faults,rules,stages,changes,units,posts,plans" doc:"where it is seen and mended"`
	// Places are the first few, with places where they have one.
	Places []fault.Place `json:"places"`
}

// CheckMay says whether a plan may be adopted as far as a check goes.
type CheckMay string

// The states of a check.
const (
	OK   CheckMay = "ok"
	Warn CheckMay = "warn"
	Stop CheckMay = "stop"
)

// Checklist is everything that stops a draft from being adopted on a day, or that
// somebody should know before: always the same checks, in the same order.
func Checklist(ctx context.Context, db pg.DB, actor staff.Actor, id int64, day geo.Day) ([]Check, error) {
	p, err := Get(ctx, db, actor, id)
	if err != nil {
		return nil, fmt.Errorf("checklist of plan %d: %w", id, err)
	}
	d, err := openIn(ctx, db, actor, p.State, id, p.Revision, day)
	if err != nil {
		return nil, fmt.Errorf("checklist of plan %d: %w", id, err)
	}
	m, err := d.examine(ctx)
	if err != nil {
		return nil, err
	}
	list := d.checkDraft(p)
	add := func(code string, unless CheckMay, link string, places []fault.Place) {
		list = append(list, newCheck(code, unless, link, len(places), places))
	}
	missing := deliberation.Undecided(ctx, db, id, p.Revision)
	if missing != nil && !errors.Is(missing, deliberation.ErrUndecided) {
		return nil, missing
	}
	add("stages", Stop, "stages", placesOf(missing))
	overtaken, err := d.meeting(ctx, db, `q.version > me.basis`)
	if err != nil {
		return nil, err
	}
	add("overtaken", Stop, "plans", overtaken)
	reserved, err := d.meeting(ctx, db, `q.state = 'adopted'`)
	if err != nil {
		return nil, err
	}
	add("reserved", Stop, "plans", reserved)
	if d.hard() == 0 {
		changes, err := d.checkChanges(ctx, db, actor, m)
		if err != nil {
			return nil, err
		}
		list = append(list, changes...)
	}
	stops, others, err := judge(ctx, db, actor, day, id)
	if err != nil {
		return nil, err
	}
	unless := Warn
	if p.Base != nil {
		unless = Stop
	}
	add("rules_hard", unless, "rules", stops)
	add("rules_soft", Warn, "rules", others)
	return list, nil
}

func newCheck(code string, unless CheckMay, link string, count int, places []fault.Place) Check {
	c := Check{Code: code, State: OK, Count: count, Link: link, Places: places[:min(len(places), 20)]}
	if c.Places == nil {
		c.Places = []fault.Place{}
	}
	if count > 0 {
		c.State = unless
	}
	return c
}

func placesOf(err error) []fault.Place {
	if f := fault.Of(err); f != nil {
		return f.Places
	}
	return nil
}

// checkDraft looks at what the draft is by itself.
func (d *draft) checkDraft(p Plan) []Check {
	var state, codes, hard, soft, unnamed []fault.Place
	if p.State != Draft {
		state = []fault.Place{{Pointer: "plan " + fmt.Sprint(p.ID), Code: "plan_" + string(p.State), Detail: string(p.State)}}
	}
	for _, f := range d.faults {
		place := fault.Place{Pointer: f.Place, Code: f.Kind, Detail: fmt.Sprintf("%s %v %s", f.Kind, f.Codes, f.Detail)}
		if f.At != nil {
			at := [2]float64(f.At.Degrees())
			place.At = &at
		}
		switch {
		case f.Kind == missingCode || f.Kind == duplicateCode || f.Kind == takenCode || f.Kind == longCode:
			codes = append(codes, place)
		case f.Hard:
			hard = append(hard, place)
		default:
			soft = append(soft, place)
		}
	}
	for _, u := range d.units {
		if u.Role == Part && u.Name == "" {
			unnamed = append(unnamed, fault.Place{Pointer: u.Code, Code: "name_empty", Detail: u.Code})
		}
	}
	return []Check{
		newCheck("state", Stop, "", len(state), state),
		newCheck("faults", Stop, "faults", len(hard), hard),
		newCheck("codes", Stop, "faults", len(codes), codes),
		newCheck("imperfect", Warn, "faults", len(soft), soft),
		newCheck("names", Warn, "units", len(unnamed), unnamed),
	}
}

// checkChanges looks at what the draft would move.
func (d *draft) checkChanges(ctx context.Context, db pg.DB, actor staff.Actor, m *topology.Mosaic) ([]Check, error) {
	n, err := d.next(m)
	if err != nil {
		return nil, err
	}
	var outside []fault.Place
	err = d.within(ctx, db, actor, n)
	if errors.Is(err, staff.ErrOutside) {
		outside = []fault.Place{{Code: "outside_area", Detail: fault.Of(err).Msg}}
	} else if err != nil {
		return nil, err
	}
	moved, err := d.wouldMove(ctx, db, n)
	if err != nil {
		return nil, err
	}
	var neighbours, ends, fresh []fault.Place
	for _, b := range n.redrawn {
		neighbours = append(neighbours, fault.Place{Pointer: b.Code, Code: map[bool]string{true: "unit_reshaped", false: "vertex_added"}[n.reshaped[b.ID]], Detail: b.Name})
	}
	for _, b := range n.retired {
		at := [2]float64(b.Label.Degrees())
		ends = append(ends, fault.Place{Pointer: b.Code, Code: "unit_ends", Detail: b.Name, At: &at})
	}
	for _, u := range n.parts {
		if _, existed := d.byCode[u.Code]; !existed {
			fresh = append(fresh, fault.Place{Pointer: u.Code, Code: "unit_new", Detail: u.Name})
		}
	}
	vacant, err := d.vacancies(ctx, db, n)
	if err != nil {
		return nil, err
	}
	return []Check{
		newCheck("area", Stop, "", len(outside), outside),
		newCheck("units_end", Warn, "changes", len(ends), ends),
		newCheck("units_new", Warn, "changes", len(fresh), fresh),
		newCheck("units_outside", Warn, "changes", len(neighbours), neighbours),
		newCheck("posts_vacant", Warn, "posts", len(vacant), vacant),
		newCheck("households_move", Warn, "changes", moved.Households, nil),
		newCheck("incidents_move", Warn, "changes", moved.Incidents, nil),
		newCheck("service_points_move", Warn, "changes", moved.ServicePoints, nil),
	}, nil
}

// wouldMove counts what would change hands.
func (d *draft) wouldMove(ctx context.Context, db pg.DB, n next) (moved ledger.Moved, err error) {
	if n.bound.Empty() {
		return ledger.Moved{}, nil
	}
	gone := map[string]bool{}
	for _, b := range n.retired {
		gone[b.Code] = true
	}
	rank := 0
	for _, b := range d.inForce {
		if b.Level == d.level {
			rank = b.Rank
		}
	}
	if rank == 0 {
		if err := db.QueryRow(ctx, `SELECT rank FROM level WHERE code = $1`, d.level).Scan(&rank); err != nil {
			return ledger.Moved{}, fmt.Errorf("rank of %s: %w", d.level, err)
		}
	}
	var after []grid.InForce
	for i, u := range n.parts {
		b := grid.InForce{ID: -1 - int64(i), Code: u.Code, Rank: rank, Area: u.Area} // a new one has no number yet
		if was, existed := d.byCode[u.Code]; existed {
			b.ID = was.ID
		}
		after, gone[u.Code] = append(after, b), true
	}
	for _, b := range n.redrawn {
		after, gone[b.Code] = append(after, b), true
	}
	for _, b := range d.inForce {
		if !gone[b.Code] {
			after = append(after, b)
		}
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		moved, err = ledger.Preview(ctx, tx, grid.NewIndex(after), n.bound)
		return err
	})
	return moved, err
}

// vacancies are the units of the draft that would have no post that somebody holds:
// neither its own nor, of a new unit, one of a unit whose middle it takes over.
func (d *draft) vacancies(ctx context.Context, db pg.DB, n next) ([]fault.Place, error) {
	rows, _ := db.Query(ctx, `
		SELECT DISTINCT u.code FROM unit u JOIN post p ON p.unit_id = u.id JOIN holder h ON h.post_id = p.id
		WHERE u.level = $2 AND p.valid_from <= $1 AND (p.valid_to IS NULL OR p.valid_to > $1)
		  AND h.valid_from <= $1 AND (h.valid_to IS NULL OR h.valid_to > $1)`, d.day, d.level)
	codes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("posts that are held: %w", err)
	}
	held := map[string]bool{}
	for _, code := range codes {
		held[code] = true
	}
	after := make([]grid.InForce, len(n.parts))
	for i, u := range n.parts {
		after[i] = grid.InForce{ID: int64(i) + 1, Code: u.Code, Area: u.Area}
	}
	index := grid.NewIndex(after)
	for _, b := range n.retired {
		if i, ok := index.Find(b.Label); ok && held[b.Code] {
			held[after[i].Code] = true
		}
	}
	var out []fault.Place
	for _, u := range n.parts {
		if !held[u.Code] {
			at := [2]float64(topology.LabelPoint(u.Area).Degrees())
			out = append(out, fault.Place{Pointer: u.Code, Code: "post_vacant", Detail: u.Name, At: &at})
		}
	}
	return out, nil
}
