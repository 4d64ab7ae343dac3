package circle

import (
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/hours"
)

// Faults of this package.
var (
	ErrUnknown   = fault.New(fault.NotFound, "circle_unknown", "There is no such service circle run.")
	ErrParams    = fault.New(fault.Invalid, "circle_params", "The service circle cannot be computed like this; the places say what to change.")
	ErrStandard  = fault.New(fault.Invalid, "standard_malformed", "A standard needs minutes, a speed and who walks, or the code of a preset.")
	ErrUnit      = fault.New(fault.Invalid, "circle_unit", "Your posts cover several units. Choose one of them.")
	ErrNotDone   = fault.New(fault.Conflict, "circle_not_done", "The run is not done yet. Its job says how far it is.")
	ErrColumn    = fault.New(fault.NotFound, "circle_column", "The run has no such column; they count from 0.")
	ErrHousehold = fault.New(fault.NotFound, "circle_household", "The household is not in this run.")
	ErrLedger    = fault.New(fault.Invalid, "circle_demand", "This run counted a demand set and no households of the ledger, so there are none to list.")
	ErrMissing   = fault.New(fault.Conflict, "circle_expired", "What the run was asked about does not exist any more. Make a new one.")
)

// Bounds of what one run computes.
const (
	maxColumns = 200
	maxChanges = 200
	maxNearest = 10

	defaultWalk = 200 // metres from a household to the street
	maxWalk     = 500
)

// bands are the age bands of people, in the order of the ledger.
var bands = []string{"age_0_2", "age_3_6", "age_7_17", "age_18_59", "age_60_79", "age_80"}

var measures = []string{Choices, Catchment, Gravity, Cumulative, Load}

// vocabulary are the words of the installation that parameters may use.
type vocabulary struct {
	presets          []Preset
	functions, tiers []string
}

// filled returns the parameters as they are computed and stored: presets written
// out, lists sorted, defaults in place. today stands for a date left out.
//
// Errors: ErrParams with every wrong field and what to write instead.
func (p Params) filled(words vocabulary, today geo.Day) (Params, error) {
	var c checker
	if p.On.IsZero() {
		p.On = today
	}
	if p.MaxWalk == 0 {
		p.MaxWalk = defaultWalk
	}
	c.must(p.MaxWalk > 0 && p.MaxWalk <= maxWalk, "max_walk", "from 1 to %d metres", maxWalk)
	if p.K == 0 {
		p.K = 1
	}
	c.must(p.K >= 1 && p.K <= maxNearest, "k", "from 1 to %d", maxNearest)
	c.must(len(p.Columns) > 0 && len(p.Columns) <= maxColumns, "columns", "from 1 to %d", maxColumns)
	c.must(len(p.Changes) <= maxChanges, "changes", "at most %d", maxChanges)
	c.must(p.Demand >= 0, "demand", "the id of a demand set, or 0")
	c.must(p.Plan >= 0, "plan", "the id of a plan, or 0")
	p.Measures = sorted(p.Measures)
	for _, m := range p.Measures {
		c.must(slices.Contains(measures, m), "measures", "of %v", measures)
	}
	p.Columns, p.Changes = slices.Clone(p.Columns), slices.Clone(p.Changes)
	for i := range p.Columns {
		at := fmt.Sprintf("columns/%d/", i)
		var err error
		col := &p.Columns[i]
		if col.Standard, err = col.Standard.Filled(words.presets); err != nil {
			c.must(false, at+"standard", "%s", fault.Of(err).Detail)
		}
		c.must(col.Function == "" || slices.Contains(words.functions, col.Function), at+"function", "a code that GET /service-functions lists, or empty for any")
		col.Tiers, col.Ages = sorted(col.Tiers), sorted(col.Ages)
		for _, tier := range col.Tiers {
			c.must(slices.Contains(words.tiers, tier), at+"tiers", "codes that GET /service-tiers lists")
		}
		for _, band := range col.Ages {
			c.must(slices.Contains(bands, band), at+"ages", "of %v", bands)
		}
		if w := col.When; w != nil {
			_, err := w.clock()
			c.must(w.Weekday >= 1 && w.Weekday <= 7, at+"when/weekday", "1 (Monday) to 7 (Sunday)")
			c.must(err == nil, at+"when/time", "hour and minute, such as 09:30")
		}
	}
	for i := range p.Changes {
		p.Changes[i].check(&c, fmt.Sprintf("changes/%d/", i), words)
		p.Changes[i].Functions = sorted(p.Changes[i].Functions)
	}
	return p, c.fault()
}

// check looks at one change.
func (ch Change) check(c *checker, at string, words vocabulary) {
	adds := ch.Do == "add"
	c.must(adds || ch.Do == "move" || ch.Do == "close" || ch.Do == "hours", at+"do", "add, move, close or hours")
	c.must(adds == (ch.Point == 0), at+"point", "the id of a point, and 0 for one that is added")
	if adds || ch.Do == "move" {
		c.must(ch.At != nil && possible(*ch.At), at+"at", "longitude and latitude in degrees")
	} else {
		c.must(ch.At == nil, at+"at", "only a point that is added or moved has a place")
	}
	if adds {
		c.must(slices.Contains(words.tiers, ch.Tier), at+"tier", "a code that GET /service-tiers lists")
		c.must(len(ch.Functions) > 0, at+"functions", "at least one")
	}
	for _, f := range ch.Functions {
		c.must(slices.Contains(words.functions, f), at+"functions", "codes that GET /service-functions lists")
	}
	if ch.Hours != "" {
		_, err := hours.Parse(ch.Hours)
		c.must(err == nil, at+"hours", "OSM opening_hours, such as Mo-Fr 09:00-17:00: %v", err)
	}
	c.must(ch.Do != "hours" || ch.Hours != "", at+"hours", "OSM opening_hours, such as Mo-Fr 09:00-17:00")
	c.must(ch.Capacity == nil || *ch.Capacity >= 0, at+"capacity", "0 or more")
}

func possible(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90 && p != orb.Point{}
}

// clock is the minute of the day.
func (w When) clock() (minute int, err error) {
	var h, m int
	if n, err := fmt.Sscanf(w.Time, "%02d:%02d", &h, &m); n != 2 || err != nil || len(w.Time) != 5 || h > 23 || m > 59 || h < 0 || m < 0 {
		return 0, fmt.Errorf("hour %q", w.Time)
	}
	return h*60 + m, nil
}

// sorted is a list without repetitions, in order; nil when it is empty.
func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// checker collects what is wrong.
type checker struct{ places []fault.Place }

func (c *checker) must(ok bool, field, remedy string, args ...any) {
	if !ok {
		c.places = append(c.places, fault.Place{Pointer: field, Code: "invalid", Detail: fmt.Sprintf(remedy, args...)})
	}
}

func (c *checker) fault() error {
	if len(c.places) == 0 {
		return nil
	}
	return ErrParams.With(c.places...)
}
