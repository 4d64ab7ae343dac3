package premises

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/beat"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/track"
	"wangge/geo/walk"
)

// Ask is what walk somebody wants.
type Ask struct {
	Unit    string     `json:"unit" minLength:"1" maxLength:"64" doc:"code of the unit whose streets count"`
	From    orb.Point  `json:"from" doc:"[lon, lat] where the walk starts"`
	To      *orb.Point `json:"to,omitempty" doc:"[lon, lat] where it ends; absent: where it starts"`
	Minutes float64    `json:"minutes" minimum:"5" maximum:"240" doc:"that it may take"`
	KmH     float64    `json:"km_h,omitempty" minimum:"1" maximum:"8" default:"4" doc:"how fast one walks who looks around"`
}

// Suggestion is a walk along the streets that were not seen for longest. Nothing of it is
// stored: who strays asks again from there.
type Suggestion struct {
	Metres  float64     `json:"metres" doc:"the ways between the places and the streets included"`
	Minutes float64     `json:"minutes"`
	Share   float64     `json:"share" doc:"of the most that any walk of that length could be worth, at least: 1 = there is none better"`
	Unseen  float64     `json:"unseen_m" doc:"metres of streets of the unit on the walk that were not seen for 90 days or more, or never"`
	Line    []orb.Point `json:"line" doc:"its course, [lon, lat]"`
	Legs    []Leg       `json:"legs" doc:"street by street"`
}

// Leg is a stretch of a street on the walk.
type Leg struct {
	Line   []orb.Point `json:"line" doc:"[lon, lat]"`
	Metres float64     `json:"metres"`
	Counts bool        `json:"counts" doc:"it is of the unit, and walked here for the first time"`
	Days   *int        `json:"days" doc:"since the part of it was seen that was not for longest; null: not for 90 days or more, or never, or it does not count"`
}

// Faults of a suggestion.
var (
	ErrAsk       = fault.New(fault.Invalid, "beat_ask", "A walk takes 5 to 240 minutes at 1 to 8 km/h, and starts and ends at possible places.")
	ErrOffStreet = fault.New(fault.Invalid, "beat_off_street", "No street can be reached within 200 m of where the walk starts or ends. Choose a place at a street. 起点或终点 200 米内没有可到达的街道，请选择靠近街道的位置。")
)

const (
	// MostDays is how many days without a look at most count: a street that was never
	// seen is worth no more than one that was not for so long.
	MostDays = 90
	usualKmH = 4
	// beside is how far outside the unit streets are looked at, in lattice steps: about
	// 300 m, for a walk may go round what cannot be crossed.
	beside = 30_000
)

// Suggest proposes a walk. What a street is worth is its length times the days since it
// was last seen, at most MostDays. Barriers are avoided, for the network knows them.
// The engine reads what was seen: a street that a team of the village saw was seen, also
// for who may not know of that team.
//
// Errors: ErrAsk, ErrOffStreet, grid.ErrUnknownUnit, those of package beat and of the
// network.
func Suggest(ctx context.Context, db, engine pg.DB, paths func(context.Context) (*walk.Network, error), actor staff.Actor, a Ask, today geo.Day) (Suggestion, error) {
	if a.KmH == 0 {
		a.KmH = usualKmH
	}
	if a.To == nil {
		a.To = &a.From
	}
	if !(a.Minutes >= 5 && a.Minutes <= 240 && a.KmH >= 1 && a.KmH <= 8) || !possible(a.From) || !possible(*a.To) {
		return Suggestion{}, fmt.Errorf("suggest a beat: %w", ErrAsk)
	}
	area, err := grid.Boundary(ctx, db, actor, today, a.Unit)
	if err != nil {
		return Suggestion{}, fmt.Errorf("suggest a beat: %w", err)
	}
	n, err := paths(ctx)
	if err != nil {
		return Suggestion{}, fmt.Errorf("suggest a beat: %w", err)
	}
	r, err := newField(n, area, a)
	if err != nil {
		return Suggestion{}, fmt.Errorf("suggest a beat in %s: %w", a.Unit, err)
	}
	seen, err := lastSeen(ctx, engine, r.keys(), today)
	if err != nil {
		return Suggestion{}, fmt.Errorf("suggest a beat in %s: %w", a.Unit, err)
	}
	q := r.question(func(key int64) int { return staleness(seen, key, today) })
	b, err := beat.Propose(ctx, q)
	if err != nil {
		return Suggestion{}, fmt.Errorf("suggest a beat in %s: %w", a.Unit, err)
	}
	return r.tell(b), nil
}

func possible(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}

// lastSeen is when the parts of streets were seen last, of those that were within
// MostDays.
func lastSeen(ctx context.Context, db pg.DB, keys []int64, today geo.Day) (map[int64]geo.Day, error) {
	rows, _ := db.Query(ctx, `SELECT part, max(day) FROM seen_part WHERE part = ANY ($1) AND day > $2 AND day <= $3 GROUP BY part`,
		keys, today.AddDays(-MostDays), today)
	seen := map[int64]geo.Day{}
	var part int64
	var day geo.Day
	_, err := pgx.ForEachRow(rows, []any{&part, &day}, func() error {
		seen[part] = day
		return nil
	})
	return seen, err
}

// staleness is how many days ago a part was seen, at most MostDays.
func staleness(seen map[int64]geo.Day, key int64, today geo.Day) int {
	day, ok := seen[key]
	if !ok {
		return MostDays
	}
	return min(MostDays, today.Since(day))
}

// field is the part of the network that a walk can come to.
type field struct {
	n        *walk.Network
	from, to walk.Access
	budget   uint32 // mm along streets
	speed    float64
	corners  map[int32]int32 // node → corner
	count    int             // corners
	start    int32
	end      int32
	streets  []street
	days     func(key int64) int
}

// street is an edge, or a piece of one that is cut where the walk starts or ends.
type street struct {
	walk.Stretch
	a, b   int32
	counts bool // it is of the unit
}

// newField takes from the network what a walk can come to: streets of the unit and those
// beside it of which no straight way from the start and on to the end is too long, and
// those on which the walk starts and ends: of them a piece may be enough.
func newField(n *walk.Network, unit geo.MultiPolygon, a Ask) (*field, error) {
	from, err := join(n, a.From)
	if err != nil {
		return nil, err
	}
	to, err := join(n, *a.To)
	if err != nil {
		return nil, err
	}
	r := &field{n: n, from: from, to: to, speed: a.KmH, corners: map[int32]int32{}}
	budget := a.Minutes / 60 * a.KmH * 1e6
	if aside := float64(from.Walk) + float64(to.Walk); aside < budget {
		r.budget = uint32(budget - aside)
	}
	r.start, r.end = r.corner(from), r.corner(to)

	inside := grid.NewIndex([]grid.InForce{{ID: 1, Code: a.Unit, Area: unit}})
	box := geo.EmptyBound
	for _, polygon := range unit {
		for _, p := range polygon[0] {
			box = box.Extend(p)
		}
	}
	for _, p := range [2]geo.Point{n.Where(from), n.Where(to)} {
		box = box.Extend(p)
	}
	box.Min, box.Max = geo.Point{X: box.Min.X - beside, Y: box.Min.Y - beside}, geo.Point{X: box.Max.X + beside, Y: box.Max.Y + beside}
	first, last := n.Where(from), n.Where(to)
	for e := range int32(n.Edges()) {
		line := n.Line(e)
		// Streets are walked both ways here, so those that are not are left out.
		ends := e == from.Edge || e == to.Edge
		if !ends && !box.Contains(line[0]) && !box.Contains(line[len(line)-1]) || n.Traits(e).OneWay {
			continue
		}
		middle := n.Where(walk.Access{Edge: e, Offset: n.Length(e) / 2})
		if !ends && walk.Distance(first, middle)+walk.Distance(middle, last) > float64(r.budget) {
			continue
		}
		_, counts := inside.Find(middle)
		r.add(e, counts)
		if len(r.streets) > beat.MaxStreets {
			return nil, beat.ErrTooMany
		}
	}
	return r, nil
}

// join is where a place meets a street.
func join(n *walk.Network, at orb.Point) (walk.Access, error) {
	p := n.Snap(geo.Snap(at), walk.Adult, walk.MaxWalk)
	if p.Count == 0 {
		return walk.Access{}, ErrOffStreet.Saying(p.Reason.String() + ".")
	}
	return p.Access[0], nil
}

// corner is the one where a walk starts or ends: a node, or a new one on the edge.
func (r *field) corner(a walk.Access) int32 {
	from, to := r.n.Ends(a.Edge)
	switch {
	case a.Offset == 0:
		return r.node(from)
	case a.Offset >= r.n.Length(a.Edge):
		return r.node(to)
	case a.Edge == r.from.Edge && a.Offset == r.from.Offset && r.count > 0:
		return r.start
	}
	r.count++
	return int32(r.count - 1)
}

func (r *field) node(v int32) int32 {
	c, ok := r.corners[v]
	if !ok {
		c = int32(r.count)
		r.corners[v] = c
		r.count++
	}
	return c
}

// add adds an edge, cut where the walk starts and ends.
func (r *field) add(e int32, counts bool) {
	a, b := r.n.Ends(e)
	at, corner := uint32(0), r.node(a)
	cut := func(offset uint32, next int32) {
		if offset > at {
			r.streets = append(r.streets, street{walk.Stretch{Edge: e, From: at, To: offset}, corner, next, counts})
			at, corner = offset, next
		}
	}
	length := r.n.Length(e)
	cuts := [2]struct {
		walk.Access
		corner int32
	}{{r.from, r.start}, {r.to, r.end}}
	if cuts[1].Offset < cuts[0].Offset {
		cuts[0], cuts[1] = cuts[1], cuts[0]
	}
	for _, c := range cuts {
		if c.Edge == e && c.Offset > 0 && c.Offset < length {
			cut(c.Offset, c.corner)
		}
	}
	cut(length, r.node(b))
}

// parts calls visit with the parts that a street touches, and how many mm of each.
func (r *field) parts(s street, visit func(key int64, mm uint32)) {
	for nth := range track.Parts(r.n, s.Edge) {
		part := track.Part{Edge: s.Edge, Nth: nth}
		whole := part.Stretch(r.n)
		if from, to := max(whole.From, s.From), min(whole.To, s.To); to > from {
			visit(int64(part.Key(r.n)), to-from)
		}
	}
}

// keys are those of all parts that count.
func (r *field) keys() []int64 {
	keys := []int64{}
	for _, s := range r.streets {
		if s.counts {
			r.parts(s, func(key int64, _ uint32) { keys = append(keys, key) })
		}
	}
	return keys
}

// question is what the search is asked: a street is worth the metres of its parts times
// the days since each was seen.
func (r *field) question(days func(key int64) int) beat.Question {
	r.days = days
	q := beat.Question{Corners: r.count, Start: r.start, End: r.end, Budget: r.budget, Seed: 1}
	for _, s := range r.streets {
		value := 0.0
		if s.counts {
			r.parts(s, func(key int64, mm uint32) { value += float64(mm) / 1000 * float64(days(key)) })
		}
		q.Streets = append(q.Streets, beat.Street{A: s.a, B: s.b, Length: s.Length(), Value: value})
	}
	return q
}

// tell writes a walk down for people.
func (r *field) tell(b beat.Beat) Suggestion {
	length := float64(b.Length) + float64(r.from.Walk) + float64(r.to.Walk)
	s := Suggestion{Metres: tenth(length / 1000), Minutes: tenth(length / 1e6 / r.speed * 60), Share: 1, Line: []orb.Point{}, Legs: []Leg{}}
	if b.Bound > 0 {
		s.Share = math.Floor(b.Value/b.Bound*1000) / 1000
	}
	walked := map[int]bool{}
	for _, l := range b.Legs {
		st := r.streets[l.Street]
		stretch := st.Stretch
		if l.Back {
			stretch.From, stretch.To = stretch.To, stretch.From
		}
		leg := Leg{Metres: tenth(float64(stretch.Length()) / 1000), Counts: st.counts && !walked[l.Street]}
		walked[l.Street] = true
		for _, p := range r.n.Course(stretch) {
			leg.Line = append(leg.Line, p.Degrees())
		}
		if leg.Counts {
			oldest := 0
			r.parts(st, func(key int64, mm uint32) {
				days := r.days(key)
				if oldest = max(oldest, days); days == MostDays {
					s.Unseen += float64(mm) / 1000
				}
			})
			if oldest < MostDays {
				leg.Days = &oldest
			}
		}
		s.Legs = append(s.Legs, leg)
		for i, p := range leg.Line {
			if i > 0 || len(s.Line) == 0 {
				s.Line = append(s.Line, p)
			}
		}
	}
	s.Unseen = tenth(s.Unseen)
	return s
}

func tenth(v float64) float64 { return math.Round(v*10) / 10 }
