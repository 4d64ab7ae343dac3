// Package circle is the service circle: which households reach which service on
// foot, in how many minutes, by a standard, on a date and at an hour of the week.
//
// A run answers a table of columns (function × tiers × standard × hour) for one unit
// and everything below it. It is made once, by a job, from the walking network, the
// households, the service points and the units as they were on its date, and is
// never changed; it knows what it was made from, and says when that is no longer so.
//
//	circle.go    a run, its columns and what it says of units, cells and points
//	params.go    what may be asked, checked
//	standard.go  the standards that have a name
//	store.go     runs: made, listed, read, removed; who may
//	inputs.go    households, points and units of a date, and their versions
//	draft.go     units of a plan in place of those in force
//	offer.go     which points count in a column
//	run.go       from inputs to results: pure
//	again.go     a run that differs from another by a few points
//	encode.go    results of households as bytes
//	save.go      the job: results into the database
//	shown.go     what is seen by who may not see single places
//	change.go    two runs side by side
//	look.go      uncovered households and single ones, for whom places are shown
//	export.go    every result as a file
//
// # Denominators
//
// Households are those of the ledger that are open on the date and that a unit is
// responsible for; people are their head counts of the age bands of the column.
// Shares are of households or of people, never of area. Those without a way to the
// street stay in the denominator and are counted by their reason.
package circle

import (
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/job"
)

// Standard says when a service is within reach: minutes and, where given, metres,
// at a speed, for who walks. Speed decides more than anything else.
type Standard struct {
	Code    string  `json:"code" required:"false" maxLength:"40" doc:"of the preset that it is; empty when its numbers are one's own"`
	Minutes float64 `json:"minutes" required:"false" minimum:"0" maximum:"120"`
	Metres  int     `json:"metres" required:"false" minimum:"0" maximum:"20000" doc:"on foot; 0 = no limit besides the minutes"`
	Speed   int     `json:"speed" required:"false" minimum:"0" maximum:"15000" doc:"metres per hour"`
	Profile string  `json:"profile" required:"false" enum:"adult,elder,wheels" doc:"who walks"`
	Slope   bool    `json:"slope" required:"false" doc:"slopes make the way longer"`
}

// When is an hour of the week.
type When struct {
	Weekday int    `json:"weekday" minimum:"1" maximum:"7" doc:"1 = Monday"`
	Time    string `json:"time" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"09:30"`
}

// Column is one question of a run.
type Column struct {
	Function string   `json:"function" required:"false" maxLength:"40" doc:"a code of /service-functions; empty = any"`
	Tiers    []string `json:"tiers,omitempty" maxItems:"20" doc:"codes of /service-tiers; none = all"`
	Standard Standard `json:"standard"`
	When     *When    `json:"when,omitempty" doc:"absent: standing service, at any hour"`
	// Sessions counts, when no hour is asked for, what is offered only now and then:
	// sessions and the stops of mobile points.
	Sessions bool `json:"sessions" required:"false" doc:"without an hour: count sessions and mobile stops too"`
	// HoursKnown leaves out, at an hour, points whose hours are not known: most lists do
	// not say them, so that they count as open otherwise, and are counted.
	HoursKnown bool     `json:"hours_known" required:"false" doc:"at an hour: leave out points whose hours are not known; otherwise they count as open"`
	Ages       []string `json:"ages,omitempty" maxItems:"6" enum:"age_0_2,age_3_6,age_7_17,age_18_59,age_60_79,age_80" doc:"whose heads are counted as people; none = everybody's"`
}

// Change is a service point that is thought to be different.
type Change struct {
	Point     int64      `json:"point" required:"false" minimum:"0" doc:"id of an existing point; 0 for a new one"`
	Do        string     `json:"do" enum:"add,move,close,hours"`
	At        *orb.Point `json:"at,omitempty" doc:"[lon, lat] of add and move"`
	Name      string     `json:"name" required:"false" maxLength:"200"`
	Functions []string   `json:"functions,omitempty" maxItems:"50" doc:"of add: what it offers; of hours: whose hours change, none = all"`
	Tier      string     `json:"tier" required:"false" maxLength:"40" doc:"of add"`
	Hours     string     `json:"hours" required:"false" maxLength:"200" doc:"OSM opening_hours, of add and hours"`
	Capacity  *int       `json:"capacity,omitempty" minimum:"0" maximum:"100000" doc:"of add: people served at once"`
	Candidate int64      `json:"candidate" required:"false" minimum:"0" doc:"the candidate that it stands on"`
}

// The measures that a run computes only when it is asked to, for they need every
// point within reach of every household and not the nearest one alone. Their
// definitions are those of package coverage.
const (
	Choices    = "choices"    // points within the standard; share with two or more
	Catchment  = "catchment"  // 2SFCA and E2SFCA: supply per 1,000 people
	Gravity    = "gravity"    // supply, the less the farther
	Cumulative = "cumulative" // supply within the standard
	Load       = "load"       // households to points with capacity, nearest first
)

// Params are everything that decides a run besides what is stored.
type Params struct {
	Title    string   `json:"title" required:"false" maxLength:"200"`
	Unit     string   `json:"unit" required:"false" maxLength:"64" doc:"code: households of the unit and of all below it; empty = the whole area of your posts"`
	On       geo.Day  `json:"on" required:"false" doc:"households, points and units as of this date; today when absent"`
	Columns  []Column `json:"columns" minItems:"1" maxItems:"200"`
	Demand   int64    `json:"demand" required:"false" minimum:"0" doc:"a demand set instead of the household ledger; 0 = the ledger"`
	Changes  []Change `json:"changes,omitempty" maxItems:"200" doc:"points thought to be different"`
	Plan     int64    `json:"plan" required:"false" minimum:"0" doc:"count by the units of this plan, as it stands, in place of those in force; for who plans in the whole unit of the run. Compare with a run without it"`
	MaxWalk  int      `json:"max_walk" required:"false" minimum:"0" maximum:"500" doc:"metres from a household to the street; 0 = 200"`
	K        int      `json:"k" required:"false" minimum:"0" maximum:"10" doc:"nearest points kept for each household; 0 = 1"`
	Measures []string `json:"measures,omitempty" maxItems:"5" enum:"choices,catchment,gravity,cumulative,load" doc:"computed besides minutes and shares"`
	Before   int64    `json:"before" required:"false" minimum:"0" doc:"the run that this one is compared with"`
}

// Inputs are what a run was made from. Two runs with the same Params and the same
// Inputs have the same Digest.
type Inputs struct {
	Network       int64     `json:"network" doc:"id of the import of the map"`
	NetworkSHA256 string    `json:"network_sha256"`
	NetworkFile   string    `json:"network_file"`
	Attribution   string    `json:"attribution"`
	ImportedAt    time.Time `json:"imported_at"`
	Households    int64     `json:"households" doc:"version of the household layer"`
	Points        int64     `json:"points" doc:"version of the layer of service points"`
	Units         string    `json:"units" doc:"units in force: how many, and the newest plan that drew one"`
	Demand        string    `json:"demand" doc:"SHA-256 of the demand set, if one was counted"`
	PlanRevision  int       `json:"plan_revision" doc:"of the plan, if its units were counted by"`
	ReadAt        time.Time `json:"read_at"`
}

// Run is one making of a service circle.
type Run struct {
	ID           int64      `json:"id"`
	Unit         string     `json:"unit" doc:"code; empty = the whole installation"`
	UnitName     string     `json:"unit_name"`
	Params       Params     `json:"params"`
	State        job.State  `json:"state" enum:"waiting,running,done,failed,cancelled"`
	Job          int64      `json:"job" doc:"progress, cancel and retry are there"`
	Inputs       *Inputs    `json:"inputs,omitempty" doc:"absent until it is done"`
	Digest       string     `json:"digest" doc:"SHA-256 of the results: the same inputs give the same"`
	Stale        bool       `json:"stale" doc:"what it was made from has changed"`
	StaleBecause []string   `json:"stale_because" enum:"network,households,points,units,demand,plan"`
	CreatedBy    string     `json:"created_by"`
	CreatedAt    time.Time  `json:"created_at"`
	FinishedAt   *time.Time `json:"finished_at"`
	// Totals are the rows of the run's own unit, one per column, by the same rule as
	// all rows of units.
	Totals []UnitRow `json:"totals"`
}

// Reach tells of households how far their nearest point is. Rounded numbers are
// those that may be seen by who may not see single places: households as they are
// published, shares in steps of 5 %, whole minutes.
type Reach struct {
	Households    int64    `json:"households" doc:"of a demand set without households: its people"`
	People        int64    `json:"people" doc:"of the ages of the column"`
	Covered       int64    `json:"covered" doc:"households within the standard"`
	CoveredPeople int64    `json:"covered_people"`
	Share         *float64 `json:"share" doc:"covered / households; null when there are none"`
	SharePeople   *float64 `json:"share_people"`
	P50           *float64 `json:"p50" doc:"minutes; null when so many do not reach any point"`
	P90           *float64 `json:"p90"`
	Mean          *float64 `json:"mean" doc:"minutes of those who reach a point"`
	WorstDecile   *float64 `json:"worst_decile" doc:"mean minutes of the tenth that walks farthest, of those who reach a point"`
	Rounded       bool     `json:"rounded"`
	Hidden        bool     `json:"hidden" doc:"too few households to be shown; every number is 0 or null"`
}

// UnitRow is what a column says of a unit with all units below it.
type UnitRow struct {
	Column int    `json:"column" doc:"from 0, as in the parameters"`
	Unit   string `json:"unit"`
	Name   string `json:"name"`
	Level  string `json:"level"`
	Reach
	Points       int              `json:"points" doc:"that count in the column and stand in the unit"`
	HoursUnknown int              `json:"hours_unknown" doc:"those of them whose hours are not known, at an hour"`
	Unreachable  map[string]int64 `json:"unreachable" doc:"households by the reason why no point is reached"`
	Choices      *float64         `json:"choices" doc:"points within the standard, mean over the households"`
	Overlap      *float64         `json:"overlap" doc:"share of households with two or more points within the standard"`
	Catchment    *float64         `json:"catchment" doc:"2SFCA: supply per 1,000 people, mean over the people"`
	Enhanced     *float64         `json:"enhanced" doc:"E2SFCA: the same with weights by thirds of the standard"`
	Gravity      *float64         `json:"gravity" doc:"supply divided by the minutes to it, mean over the people"`
	Cumulative   *float64         `json:"cumulative" doc:"supply within the standard, mean over the people"`
}

// CellRow is what a column says of the households of the run's unit in an H3 cell.
type CellRow struct {
	Column     int       `json:"column"`
	Cell       cell.Cell `json:"-"`
	Name       string    `json:"cell" doc:"H3"`
	Resolution int       `json:"resolution"`
	Households int64     `json:"households"`
	Covered    int64     `json:"covered"`
	Minutes    *float64  `json:"minutes" doc:"median of the households; null when half of them reach no point"`
	Rounded    bool      `json:"rounded"`
	Hidden     bool      `json:"hidden"`
}

// PointRow is what a column says of a point.
type PointRow struct {
	Column     int       `json:"column"`
	Point      int64     `json:"point" doc:"id; below 0: a new one of the changes, -1 the first change"`
	Stop       int       `json:"stop" doc:"of a mobile point, from 1; 0 = the point itself"`
	Name       string    `json:"name"`
	Tier       string    `json:"tier"`
	At         orb.Point `json:"at" doc:"[lon, lat]"`
	Candidate  int64     `json:"candidate" doc:"0 = none"`
	Snapped    bool      `json:"snapped" doc:"false: it is not joined to the walking network, see reason"`
	Reason     string    `json:"reason"`
	Households int64     `json:"households" doc:"its own area: those within the standard that have no nearer point"`
	People     int64     `json:"people"`
	Within     *int64    `json:"within" doc:"all households within the standard; null unless choices were asked for"`
	Capacity   *int      `json:"capacity"`
	Load       *int64    `json:"load" doc:"people sent here when points are full at some time, nearest first; null unless asked for"`
	Overflow   *int64    `json:"overflow" doc:"people whose nearest point it is and who find no room here; null unless asked for"`
	Rounded    bool      `json:"rounded"`
	Hidden     bool      `json:"hidden"`
}

// Minute is the share of households and people that reach a point within so many
// minutes.
type Minute struct {
	Minute      int      `json:"minute"`
	Share       *float64 `json:"share"`
	SharePeople *float64 `json:"share_people"`
}

// Household is the result of one household in a column.
type Household struct {
	ID      int64     `json:"id"`
	Unit    string    `json:"unit" doc:"code of the lowest unit"`
	Address string    `json:"address"`
	At      orb.Point `json:"at" doc:"[lon, lat]"`
	People  int       `json:"people" doc:"of the ages of the column"`
	Answer

	unit int64 // of Unit
}

// Answer is how far a household is from the points of a column.
type Answer struct {
	Column  int      `json:"column"`
	Covered bool     `json:"covered"`
	Minutes *float64 `json:"minutes" doc:"to the nearest point; null when none is reached"`
	Reason  string   `json:"reason" doc:"why not covered: beyond (the standard), no_point, no_place, too_far_from_street, behind_water, no_network, island, far; empty when covered"`
	Nearest []Near   `json:"nearest" doc:"the nearest points, as many as the run keeps"`
}

// Near is a point and how far it is. Of a point that one may not see, such as one of
// the next town, only the minutes are told.
type Near struct {
	Point   int64   `json:"point" doc:"0: not for you to see"`
	Stop    int     `json:"stop"`
	Name    string  `json:"name"`
	Minutes float64 `json:"minutes"`
}

// Difference is a unit in two runs, both shown by the same rule.
type Difference struct {
	Column int      `json:"column"`
	Unit   string   `json:"unit"`
	Name   string   `json:"name"`
	Level  string   `json:"level"`
	Only   string   `json:"only" enum:",before,after" doc:"the run that alone knows this unit, because borders were redrawn between the two; of the other there are no numbers and of both no difference"`
	Before Reach    `json:"before"`
	After  Reach    `json:"after"`
	Share  *float64 `json:"share" doc:"difference of the shares of households; null when one is hidden"`
	People *float64 `json:"share_people"`
	P50    *float64 `json:"p50" doc:"difference in minutes"`
	P90    *float64 `json:"p90"`
}
