package incident

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/hotspot"
	"wangge/geo/publication"
	"wangge/geo/staff"
)

// ── by unit ──────────────────────────────────────────────────────────────────

// UnitCount is what one unit, with all below it, has.
type UnitCount struct {
	Unit       string   `json:"unit"`
	Name       string   `json:"name"`
	Level      string   `json:"level"`
	Parent     string   `json:"parent"`
	Incidents  *int     `json:"incidents" doc:"null is hidden"`
	Households *int     `json:"households" doc:"in force on the day of the units; published ones for who may not see single places; null is hidden"`
	Rate       *Rate    `json:"rate" doc:"incidents of the period per 100 households, with 95 % limits; null below the sample"`
	Rank       *int     `json:"rank" doc:"by rate, 1 is the highest; null below the sample"`
	MedianDays *float64 `json:"median_days" doc:"from report to closing, of those closed; null below the sample"`
	Exact      bool     `json:"exact" doc:"you may see single places in this unit"`
}

// UnitCounts are the units of a level.
type UnitCounts struct {
	Scope
	Level string      `json:"level" doc:"empty: those right below the unit asked about"`
	Items []UnitCount `json:"items"`
	// Elsewhere is said only to who may see single places.
	Elsewhere *int `json:"elsewhere" doc:"incidents of the area that lie in none of these units; null is hidden"`
}

// Units counts by unit in force on the day, of a level, or of those right below the
// unit asked about for level "".
func (a *Analyst) Units(ctx context.Context, actor staff.Actor, q Question, level string, now time.Time) (UnitCounts, error) {
	s, err := a.open(ctx, actor, q, "", now)
	if err != nil {
		return UnitCounts{}, err
	}
	rows := s.rows(level)
	piles, times := make([]pile, len(s.list)), make([]spells, len(s.list))
	var all, elsewhere pile
	err = a.each(ctx, s, func(i sighting) {
		all.add(i.key)
		found := false
		s.above(i.unit, func(at int) bool {
			if found = rows[at]; found {
				piles[at].add(i.key)
				times[at].add(i.reported, i.closed)
			}
			return found
		})
		if !found {
			elsewhere.add(i.key)
		}
	})
	if err != nil {
		return UnitCounts{}, err
	}
	households, err := a.households(ctx, actor, s, rows)
	if err != nil {
		return UnitCounts{}, err
	}
	out := UnitCounts{Scope: s.scoped(all), Level: level, Items: []UnitCount{}}
	if s.step == 0 {
		out.Elsewhere = &elsewhere.n
	}
	for i, u := range s.list {
		if !rows[i] {
			continue
		}
		step := s.step
		if s.precise[u.ID] {
			step = 0
		}
		one := UnitCount{Unit: u.Code, Name: u.Name, Level: u.Level, Incidents: piles[i].shown(step), Households: households[u.ID], Exact: step == 0}
		if up, known := s.byID[u.ParentID]; known {
			one.Parent = s.list[up].Code
		}
		one.Rate = rate(one.Incidents, one.Households, s.Sample, step)
		one.MedianDays = times[i].median(one.Incidents, s.Sample, step)
		out.Items = append(out.Items, one)
	}
	rates := make([]*float64, len(out.Items))
	for i, u := range out.Items {
		if u.Rate != nil {
			rates[i] = &u.Rate.Value
		}
	}
	for i, rank := range ranks(rates) {
		out.Items[i].Rank = rank
	}
	return out, nil
}

// rows are the units to be listed, by their positions. None lies in another, for a
// level is not below itself.
func (s *study) rows(level string) []bool {
	rows := make([]bool, len(s.list))
	for i, u := range s.list {
		up, hasParent := s.byID[u.ParentID]
		switch {
		case !s.within[i]:
		case level != "":
			rows[i] = u.Level == level
		default:
			rows[i] = hasParent && slices.Contains(s.roots, up)
		}
	}
	return rows
}

// households are those in force on the day in each row: counted where single places
// may be seen, published elsewhere.
func (a *Analyst) households(ctx context.Context, actor staff.Actor, s *study, rows []bool) (map[int64]*int, error) {
	out := map[int64]*int{}
	var published []int64
	counted := false
	for i, u := range s.list {
		switch {
		case !rows[i]:
		case s.precise[u.ID]:
			counted, out[u.ID] = true, new(int)
		default:
			published = append(published, u.ID)
		}
	}
	if len(published) > 0 {
		numbers, err := publication.Of(ctx, a.requests, actor, s.On, published)
		if err != nil {
			return nil, err
		}
		for id, n := range numbers {
			out[id] = n.Households
		}
	}
	if !counted {
		return out, nil
	}
	own, _ := a.reader.Query(ctx, `
		SELECT o.unit_id, count(*)
		FROM household_unit o JOIN household h ON h.id = o.household_id
		WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1) AND (h.closed_on IS NULL OR h.closed_on > $1)
		GROUP BY 1`, s.On)
	var id int64
	var n int
	_, err := pgx.ForEachRow(own, []any{&id, &n}, func() error {
		if i, inForce := s.byID[id]; inForce {
			s.above(i, func(at int) bool {
				if u := s.list[at]; rows[at] && s.precise[u.ID] {
					*out[u.ID] += n
				}
				return false
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("households of an analysis: %w", err)
	}
	return out, nil
}

// ── by cell ──────────────────────────────────────────────────────────────────

// CellCount is what one H3 cell has, as far as it lies in the area.
type CellCount struct {
	Cell       string       `json:"cell" doc:"H3"`
	Outline    [][2]float64 `json:"outline" doc:"corners as [lon, lat], the first not repeated"`
	Incidents  int          `json:"incidents"`
	Households *int         `json:"households" doc:"null is hidden, or published for larger areas only"`
	Rate       *Rate        `json:"rate" doc:"per 100 households; null below the sample"`
}

// CellCounts are cells with incidents; one without a row has none, or is hidden.
type CellCounts struct {
	Scope
	Resolution int         `json:"resolution"`
	Items      []CellCount `json:"items"`
}

// Resolutions of cells: the finest only for who may see single places.
const (
	coarsest     = 7
	finestRough  = 9
	finestExact  = 10
	maxSpotCells = 100_000
)

// Cells counts by H3 cell.
func (a *Analyst) Cells(ctx context.Context, actor staff.Actor, q Question, resolution int, now time.Time) (CellCounts, error) {
	s, piles, all, err := a.cellPiles(ctx, actor, q, resolution, now)
	if err != nil {
		return CellCounts{}, err
	}
	homes, err := a.cellHouseholds(ctx, actor, s, resolution)
	if err != nil {
		return CellCounts{}, err
	}
	out := CellCounts{Scope: s.scoped(all), Resolution: resolution, Items: []CellCount{}}
	for _, c := range slices.Sorted(maps.Keys(piles)) {
		n := piles[c].shown(s.step)
		if n == nil {
			continue
		}
		one := CellCount{Cell: c.String(), Outline: outline(c), Incidents: *n, Households: homes.of(c, s.step == 0)}
		one.Rate = rate(n, one.Households, s.Sample, s.step)
		out.Items = append(out.Items, one)
	}
	return out, nil
}

func outline(c cell.Cell) [][2]float64 {
	corners := [][2]float64{}
	for _, p := range c.Boundary() {
		corners = append(corners, p.Degrees())
	}
	return corners
}

func (a *Analyst) cellPiles(ctx context.Context, actor staff.Actor, q Question, resolution int, now time.Time) (*study, map[cell.Cell]pile, pile, error) {
	var all pile
	s, err := a.open(ctx, actor, q, "", now)
	if err != nil {
		return nil, nil, all, err
	}
	if s.step > 0 && resolution > finestRough {
		return nil, nil, all, ErrCoarse
	}
	piles := map[cell.Cell]pile{}
	err = a.each(ctx, s, func(i sighting) {
		all.add(i.key)
		c := cell.At(i.at).Parent(resolution)
		p := piles[c]
		p.add(i.key)
		piles[c] = p
	})
	return s, piles, all, err
}

// homes are households by cell; nil where they are not known at all.
type homes map[cell.Cell]int

// of is the number in a cell. Of counted ones a cell that is not listed has none, of
// published ones it is hidden.
func (h homes) of(c cell.Cell, counted bool) *int {
	n, listed := h[c]
	if !listed && !counted {
		return nil
	}
	return &n
}

// cellHouseholds are the households of the area by cell: counted, or the lower ends
// of the published bands, which are of whole units at the top.
func (a *Analyst) cellHouseholds(ctx context.Context, actor staff.Actor, s *study, resolution int) (homes, error) {
	if s.step > 0 {
		return a.publishedHouseholds(ctx, actor, s, resolution)
	}
	rows, _ := a.reader.Query(ctx, `
		SELECT h.cell, o.unit_id, count(*)
		FROM household_unit o JOIN household h ON h.id = o.household_id
		WHERE o.valid_from <= $1 AND (o.valid_to IS NULL OR o.valid_to > $1) AND (h.closed_on IS NULL OR h.closed_on > $1) AND h.cell IS NOT NULL
		GROUP BY 1, 2`, s.On)
	out := homes{}
	var at, unit int64
	var n int
	_, err := pgx.ForEachRow(rows, []any{&at, &unit, &n}, func() error {
		if i, inForce := s.byID[unit]; inForce && s.within[i] {
			out[cell.Cell(at).Parent(resolution)] += n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("households by cell: %w", err)
	}
	return out, nil
}

func (a *Analyst) publishedHouseholds(ctx context.Context, actor staff.Actor, s *study, resolution int) (homes, error) {
	tops := []int64{}
	for _, i := range s.roots {
		if _, below := s.byID[s.list[i].ParentID]; below {
			return nil, nil
		}
		tops = append(tops, s.list[i].ID)
	}
	area := actor.Area(staff.Count)
	rows, _ := a.requests.Query(ctx, `
		SELECT cell, value FROM published_cell
		WHERE publication_id = (SELECT id FROM publication WHERE published_on <= $1 ORDER BY published_on DESC, id DESC LIMIT 1)
		  AND attribute = $2 AND top_id = ANY ($3) AND in_area(top_id, $4, $5)`, s.On, publication.Households, tops, area.All, area.Roots)
	out := homes{}
	var at int64
	var n int
	_, err := pgx.ForEachRow(rows, []any{&at, &n}, func() error {
		if c := cell.Cell(at); c.Resolution() == resolution {
			out[c] += n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("published households by cell: %w", err)
	}
	return out, nil
}

// ── by time ──────────────────────────────────────────────────────────────────

// StepCount is what was reported in one step of a trend.
type StepCount struct {
	From      geo.Day `json:"from"`
	To        geo.Day `json:"to" doc:"first day no longer counted"`
	Incidents *int    `json:"incidents" doc:"null is hidden"`
}

// CategoryCount is what was reported of a category.
type CategoryCount struct {
	Category   string   `json:"category" doc:"a code; empty for words of other systems that are in no list"`
	TitleZh    string   `json:"title_zh"`
	TitleEn    string   `json:"title_en"`
	Incidents  *int     `json:"incidents" doc:"null is hidden"`
	MedianDays *float64 `json:"median_days" doc:"from report to closing, of those closed; null below the sample"`
}

// Trend is incidents by time, and by category over the whole period.
type Trend struct {
	Scope
	By         string          `json:"by" enum:"day,week,month"`
	Items      []StepCount     `json:"items"`
	Categories []CategoryCount `json:"categories" doc:"large classes, or the small ones of the category asked for; empty where counts are rounded and the period is no single week, month, quarter or year"`
	MedianDays *float64        `json:"median_days" doc:"from report to closing, of those closed; null below the sample"`
}

// Trend counts by day, week or month. The first and the last step may be cut by the
// period, where counts are exact.
func (a *Analyst) Trend(ctx context.Context, actor staff.Actor, q Question, by string, now time.Time) (Trend, error) {
	s, err := a.open(ctx, actor, q, by, now)
	if err != nil {
		return Trend{}, err
	}
	out := Trend{By: by, Items: []StepCount{}, Categories: []CategoryCount{}}
	for at := s.From; at.Before(s.To); {
		end := after(at, by)
		if s.To.Before(end) {
			end = s.To
		}
		out.Items = append(out.Items, StepCount{From: at, To: end})
		at = end
	}
	steps := make([]pile, len(out.Items))
	classes, times := map[string]pile{}, map[string]spells{}
	var all pile
	var whole spells
	err = a.each(ctx, s, func(i sighting) {
		all.add(i.key)
		day := geo.DayOf(i.reported)
		at, _ := slices.BinarySearchFunc(out.Items, day, func(step StepCount, day geo.Day) int { // the first that ends after the day
			if day.Before(step.To) {
				return 1
			}
			return -1
		})
		steps[at].add(i.key)
		class := s.class(i.category)
		p, t := classes[class], times[class]
		p.add(i.key)
		t.add(i.reported, i.closed)
		whole.add(i.reported, i.closed)
		classes[class], times[class] = p, t
	})
	if err != nil {
		return Trend{}, err
	}
	for i := range out.Items {
		out.Items[i].Incidents = steps[i].shown(s.step)
	}
	out.Scope = s.scoped(all)
	if s.step > 0 && span(s.From, s.To) == "" { // a sum over any days could be subtracted from another
		out.Incidents, out.Enough = nil, false
		return out, nil
	}
	out.MedianDays = whole.median(out.Incidents, s.Sample, s.step)
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		n := classes[class].shown(s.step)
		if n == nil {
			continue
		}
		one := CategoryCount{Category: class, Incidents: n, MedianDays: times[class].median(n, s.Sample, s.step)}
		for _, c := range s.known {
			if c.Code == class {
				one.TitleZh, one.TitleEn = c.TitleZh, c.TitleEn
			}
		}
		out.Categories = append(out.Categories, one)
	}
	return out, nil
}

// class is what an incident is counted under: its large class, or, where one
// category was asked for exactly, its own.
func (s *study) class(category string) string {
	if s.Category != "" && s.step == 0 {
		return category
	}
	return s.large[category]
}

// Slot is what was reported in some hours of a weekday.
type Slot struct {
	Weekday   int  `json:"weekday" minimum:"1" maximum:"7" doc:"1 is Monday"`
	Hour      int  `json:"hour" minimum:"0" maximum:"23" doc:"the first of the hours, in China"`
	Incidents *int `json:"incidents" doc:"null is hidden"`
}

// Matrix is incidents by hour and weekday of their report.
type Matrix struct {
	Scope
	Hours int    `json:"hours" doc:"how many hours a slot has: 1, or 4 where counts are rounded"`
	Items []Slot `json:"items" doc:"from Monday to Sunday, each from 0 h on"`
}

// Matrix counts by hour and weekday in China.
func (a *Analyst) Matrix(ctx context.Context, actor staff.Actor, q Question, now time.Time) (Matrix, error) {
	s, err := a.open(ctx, actor, q, "", now)
	if err != nil {
		return Matrix{}, err
	}
	out := Matrix{Hours: 1, Items: []Slot{}}
	if s.step > 0 {
		out.Hours = 4 // single hours of small areas would all be hidden
	}
	var slots [7 * 24]pile
	var all pile
	err = a.each(ctx, s, func(i sighting) {
		all.add(i.key)
		weekday := (int(i.reported.Weekday()) + 6) % 7
		slots[weekday*24+i.reported.Hour()/out.Hours*out.Hours].add(i.key)
	})
	if err != nil {
		return Matrix{}, err
	}
	for i := 0; i < len(slots); i += out.Hours {
		out.Items = append(out.Items, Slot{Weekday: i/24 + 1, Hour: i % 24, Incidents: slots[i].shown(s.step)})
	}
	out.Scope = s.scoped(all)
	return out, nil
}

// ── hot spots ────────────────────────────────────────────────────────────────

// Measures of hot spots.
const (
	Number        = "count"
	PerHouseholds = "rate"
)

// Spot is a cell of a hot or cold spot.
type Spot struct {
	Cell      string        `json:"cell" doc:"H3"`
	Outline   [][2]float64  `json:"outline" doc:"corners as [lon, lat], the first not repeated"`
	Class     hotspot.Class `json:"class" enum:"hot-01,hot-05,cold-05,cold-01" doc:"at a rate of false discoveries of 1 % or 5 %"`
	Incidents *int          `json:"incidents" doc:"of the cell alone; null is hidden"`
	Z         float64       `json:"z" doc:"Gi* of the cell and those around it"`
	P         float64       `json:"p" doc:"two-sided, by random draws"`
	Q         float64       `json:"q" doc:"p corrected for asking at every cell (Benjamini and Hochberg)"`
}

// Spots are the hot and cold spots of an area.
type Spots struct {
	Scope
	Resolution int    `json:"resolution"`
	Measure    string `json:"measure" enum:"count,rate"`
	Rings      int    `json:"rings" doc:"steps to the farthest neighbour of a cell"`
	Cells      int    `json:"cells" doc:"how many were tested; by rate, only those with households enough"`
	LeastCells int    `json:"least_cells" doc:"with fewer cells nothing is tested"`
	Items      []Spot `json:"items" doc:"cells that are hot or cold; none when enough is false"`
}

// SpotQuestion is what kind of spots are looked for.
type SpotQuestion struct {
	Question
	Resolution int
	Rings      int
	Measure    string
}

// HotSpots finds where incidents lie together by more than chance: package hotspot
// over all cells of the area, those without an incident too. Where counts are
// rounded, the spots are those of the rounded counts.
func (a *Analyst) HotSpots(ctx context.Context, actor staff.Actor, q SpotQuestion, now time.Time) (Spots, error) {
	s, piles, all, err := a.cellPiles(ctx, actor, q.Question, q.Resolution, now)
	if err != nil {
		return Spots{}, err
	}
	cells, err := s.cells(q.Resolution, piles)
	if err != nil {
		return Spots{}, err
	}
	var known homes
	if q.Measure == PerHouseholds {
		if known, err = a.cellHouseholds(ctx, actor, s, q.Resolution); err != nil {
			return Spots{}, err
		}
		if known == nil {
			return Spots{}, ErrHomes
		}
		cells = slices.DeleteFunc(cells, func(c cell.Cell) bool { return known[c] < s.Sample })
	}
	x, counts := make([]float64, len(cells)), make([]float64, len(cells))
	for i, c := range cells {
		if n := piles[c].shown(s.step); n != nil {
			counts[i] = float64(*n)
		}
		x[i] = counts[i]
		if q.Measure == PerHouseholds {
			x[i] = 100 * counts[i] / float64(known[c])
		}
	}
	least := hotspot.Enough{Count: float64(s.Sample), Cells: hotspot.DefaultEnough.Cells}
	found, err := hotspot.Find(ctx, x, counts, hotspot.Rings(cells, q.Rings), hotspot.Options{Enough: least})
	if err != nil {
		return Spots{}, err
	}
	out := Spots{Scope: s.scoped(all), Resolution: q.Resolution, Measure: q.Measure, Rings: q.Rings, Cells: len(cells), LeastCells: least.Cells, Items: []Spot{}}
	out.Enough = out.Enough && found.Enough
	if !out.Enough {
		return out, nil
	}
	for i, p := range found.Places {
		if p.Class != hotspot.None {
			out.Items = append(out.Items, Spot{Cell: cells[i].String(), Outline: outline(cells[i]), Class: p.Class,
				Incidents: piles[cells[i]].shown(s.step), Z: p.Z, P: p.P, Q: p.Q})
		}
	}
	slices.SortFunc(out.Items, func(a, b Spot) int { return cmp.Or(cmp.Compare(b.Z, a.Z), cmp.Compare(a.Cell, b.Cell)) })
	return out, nil
}

// cells are all that belong to the area, ascending: by their middle, or because an
// incident of the area lies in them. Those whose incidents are hidden are not among
// the latter, for being tested would tell of them.
func (s *study) cells(resolution int, piles map[cell.Cell]pile) ([]cell.Cell, error) {
	var cells []cell.Cell
	for _, i := range s.roots {
		filled, err := cell.Fill(s.list[i].Area, resolution)
		if err != nil {
			return nil, err
		}
		if cells = append(cells, filled...); len(cells) > maxSpotCells {
			return nil, ErrCells.Saying(fmt.Sprintf("More than %d at resolution %d.", maxSpotCells, resolution))
		}
	}
	for c, p := range piles {
		if n := p.shown(s.step); n != nil && *n > 0 {
			cells = append(cells, c)
		}
	}
	slices.Sort(cells)
	return slices.Compact(cells), nil
}
