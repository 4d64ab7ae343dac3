package tiles

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/pg"
	"wangge/tiles/mvt"
)

// Thinning: below zoom 16 at most one household or incident is drawn in each
// square of 64 units (8 pixels of a tile of 512), so that a tile has at most
// 4,096 of them; at 16 one in each square of 32; at 17 all of them. The one that
// is drawn carries "count", the number it stands for.
func thinning(from int) (rule mvt.Thinning) {
	for zoom := from; zoom < 16; zoom++ {
		rule[zoom] = 6
	}
	rule[16] = 5
	return rule
}

// Zooms of the ledgers. Farther out, cells show how many there are.
const (
	householdMin = 13
	incidentMin  = 10
	serviceMin   = 8
)

var (
	householdColumns = []mvt.Column{{Name: "id", Unique: true}, {Name: "kind"}, {Name: "occupied"}}
	incidentColumns  = []mvt.Column{{Name: "id", Unique: true}, {Name: "category"}, {Name: "state"}}
	serviceColumns   = []mvt.Column{{Name: "id", Unique: true}, {Name: "name"}, {Name: "tier"}, {Name: "functions"}, {Name: "state"}}

	countField      = field{"count", "Number: how many the point stands for; absent = 1"}
	householdFields = []field{{"id", "Number"}, {"kind", "String: owner, rental, self-built, collective or unknown"},
		{"occupied", "Boolean: absent when not known"}, countField}
	incidentFields = []field{{"id", "String: uuid"}, {"category", "String"},
		{"state", "String: reported, accepted, dispatched, handled, closed or held"}, countField}
	serviceFields = []field{{"id", "Number"}, {"name", "String"}, {"tier", "String: center, station, point or other"},
		{"functions", "String: codes, separated by commas"}, {"state", "String: proposed, pilot, active, paused or closed"}}
)

func (h household) place() mvt.Place {
	values := []mvt.Value{mvt.Int(h.id), mvt.String(h.kind)}
	if h.occupied != nil {
		values = append(values, mvt.Bool(*h.occupied))
	}
	return mvt.Place{ID: h.id, Owner: ownerOf(h.unit), At: mvt.Project(h.at), Values: values}
}

func (i incident) place() mvt.Place {
	return mvt.Place{ID: i.key(), Owner: ownerOf(i.unit), At: mvt.Project(i.at),
		Values: []mvt.Value{mvt.String(i.id.String()), mvt.String(i.category), mvt.String(i.state)}}
}

func (p servicePoint) place() mvt.Place {
	return mvt.Place{ID: p.id, Owner: ownerOf(p.unit), At: mvt.Project(p.at), Values: []mvt.Value{mvt.Int(p.id), mvt.String(p.name),
		mvt.String(p.tier), mvt.String(strings.Join(p.functions, ",")), mvt.String(p.state)}}
}

// roll remembers where each drawn row of a ledger stands, so that a change can be
// taken from what it was counted in. Only the goroutine that follows changes uses
// one.
type roll struct {
	ids   []int64 // ascending
	cells []cell.Cell
	units []int64 // as in standing
}

// standing is a line of a roll. The unit is the one that is responsible; for what
// lies in none it is minus the unit for whose area it was brought in, 0 = everywhere.
type standing struct {
	cell cell.Cell
	unit int64
}

// ownerOf is the unit whose readers see something that stands so.
func ownerOf(unit int64) int64 { return max(unit, -unit) }

// owner returns the owner of a row.
func (r *roll) owner(id int64) int64 {
	if i, known := slices.BinarySearch(r.ids, id); known {
		return ownerOf(r.units[i])
	}
	return 0
}

// put notes where a row stands now and returns where it stood; a zero standing
// is that of a row that is not drawn.
func (r *roll) put(id int64, now standing) (was standing) {
	i, known := slices.BinarySearch(r.ids, id)
	if known {
		was = standing{r.cells[i], r.units[i]}
	}
	switch gone := now.cell == 0; {
	case gone && known:
		r.ids, r.cells, r.units = slices.Delete(r.ids, i, i+1), slices.Delete(r.cells, i, i+1), slices.Delete(r.units, i, i+1)
	case !gone && known:
		r.cells[i], r.units[i] = now.cell, now.unit
	case !gone:
		r.ids, r.cells, r.units = slices.Insert(r.ids, i, id), slices.Insert(r.cells, i, now.cell), slices.Insert(r.units, i, now.unit)
	}
	return was
}

// byUnit counts the rows of each unit.
func (r *roll) byUnit() map[int64]int {
	counts := map[int64]int{}
	for _, id := range r.units {
		if id > 0 {
			counts[id]++
		}
	}
	return counts
}

// loadHouseholds draws all households of a day. The roll may be nil.
func loadHouseholds(ctx context.Context, db pg.DB, day geo.Day, r *roll) (points, error) {
	var places []mvt.Place
	err := readHouseholds(ctx, db, day, nil, func(h household) {
		places = append(places, h.place())
		if r != nil {
			r.ids, r.cells, r.units = append(r.ids, h.id), append(r.cells, h.cell), append(r.units, h.unit)
		}
	})
	if err != nil {
		return points{}, err
	}
	drawn := mvt.NewPoints(mvt.NewTable(householdColumns...), thinning(householdMin), places)
	return points{drawn, householdMin, mvt.MaxZoom, true}, nil
}

// loadIncidents draws all incidents of a day. The roll may be nil.
func loadIncidents(ctx context.Context, db pg.DB, day geo.Day, r *roll) (points, error) {
	var places []mvt.Place
	standings := map[int64]standing{}
	err := readIncidents(ctx, db, day, nil, func(i incident) {
		places = append(places, i.place())
		standings[i.key()] = standing{i.cell, i.unit}
	})
	if err != nil {
		return points{}, err
	}
	if r != nil {
		r.fill(standings)
	}
	drawn := mvt.NewPoints(mvt.NewTable(incidentColumns...), thinning(incidentMin), places)
	return points{drawn, incidentMin, mvt.MaxZoom, true}, nil
}

// fill notes rows that are in no order.
func (r *roll) fill(standings map[int64]standing) {
	r.ids = slices.Sorted(maps.Keys(standings))
	for _, id := range r.ids {
		r.cells, r.units = append(r.cells, standings[id].cell), append(r.units, standings[id].unit)
	}
}

func loadServicePoints(ctx context.Context, db pg.DB, day geo.Day) (points, error) {
	var places []mvt.Place
	if err := readServicePoints(ctx, db, day, nil, func(p servicePoint) { places = append(places, p.place()) }); err != nil {
		return points{}, err
	}
	drawn := mvt.NewPoints(mvt.NewTable(serviceColumns...), mvt.Thinning{}, places)
	return points{drawn, serviceMin, mvt.MaxZoom, false}, nil
}

var ledgerSources = map[string]sourceLayer{
	subjectHousehold: {subjectHousehold, "Placed households", householdFields},
	subjectIncident:  {subjectIncident, "Incidents", incidentFields},
	subjectService:   {subjectService, "Service points", serviceFields},
}

func ledgerLayer(subject string, p points, day geo.Day, version int64) *layer {
	return &layer{name: subject, subject: subject, min: p.min, max: p.max, day: dayLabel(day), bounds: geo.EmptyBound,
		content: p, version: version, base: version, sources: []sourceLayer{ledgerSources[subject]}}
}

// replaced returns the points without those of ids, and with places, and the
// tiles that show the difference.
func (p points) replaced(ids map[int64]bool, places []mvt.Place) (points, *mvt.Touched) {
	touched := new(mvt.Touched)
	p.find(ids, touched)
	next := points{p.Edit(ids, places), p.min, p.max, p.single}
	next.find(ids, touched)
	return next, touched
}

// parseIDs reads the subjects of changes as numbers.
func parseIDs(subjects []string) ([]int64, error) {
	ids := make([]int64, len(subjects))
	for i, s := range subjects {
		id, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("subject %q of a change is not a number", s)
		}
		ids[i] = id
	}
	return ids, nil
}

func parseUUIDs(subjects []string) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(subjects))
	for i, s := range subjects {
		id, err := uuid.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("subject %q of a change is not a uuid", s)
		}
		ids[i] = id
	}
	return ids, nil
}

func set(ids []int64) map[int64]bool {
	m := make(map[int64]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}
