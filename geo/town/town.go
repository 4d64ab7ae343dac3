package town

import (
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
)

// Options say which town to generate. The same options give the same bytes on
// every machine.
type Options struct {
	// Households is how many dwellings the town has in all, 1 to MaxHouseholds.
	// About 10,000 make one town; more make a county of such towns.
	Households int
	// Seed chooses the town. Zero is a seed like any other.
	Seed uint64
	// Center is the middle of the town in degrees, WGS 84. Zero means
	// DefaultCenter.
	Center orb.Point
	// Now is the end of the ninety days in which incidents were reported and
	// patrols walked. Zero means DefaultNow.
	Now time.Time
}

// Town is a generated town, or a county of towns.
type Town struct {
	Name, NameEn string
	// Notice says in Chinese and English that the place is invented. It belongs
	// on every map and export of the demo.
	Notice string
	// Edition is the year of the invented division codes.
	Edition int
	Center  orb.Point
	Now     time.Time

	// Levels from the top (county or town) to the lowest (building group).
	Levels []Level
	// Units of all levels, level by level from the top, by code within a level.
	// The children of each unit tile it exactly.
	Units []Unit
	// Nodes are the places where street segments begin, bend and meet. Streets
	// that share a node are joined there; streets that cross without one (there
	// are none but bridges over water) are not.
	Nodes         []geo.Point
	Streets       []Street
	Water         []Water
	Green         []Green
	Places        []Place
	Compounds     []Compound
	Buildings     []Building
	Households    []Household
	ServicePoints []ServicePoint
	Candidates    []Candidate
	Incidents     []Incident
	Tracks        []Track
	Zones         []Zone
}

// Codes of the levels, from the top; ranks as in the level table, growing
// downwards.
const (
	LevelCounty        = "county"
	LevelTown          = "town"
	LevelCluster       = "cluster"
	LevelVillage       = "village"
	LevelMicroGrid     = "micro-grid"
	LevelBuildingGroup = "building-group"
)

// Level is one step of the hierarchy.
type Level struct {
	Code           string
	Rank           int
	Title, TitleEn string
}

// Unit is one unit of responsibility with its boundary.
type Unit struct {
	// Code is 12 digits for a division, 15 for a micro-grid and 18 for a
	// building group, numbered from north to south in bands and from west to
	// east in each band.
	Code   string
	Parent string // code of the unit above; empty at the top
	Level  string
	// Kind tells units of one level apart: "community" or "village" (居/村),
	// "dedicated" for a micro-grid of a school, hospital, market or park (专属网格);
	// otherwise empty.
	Kind         string
	Name, NameEn string
	Area         geo.MultiPolygon
	Label        geo.Point // strictly inside the largest part
}

// Street is a way of the street network.
type Street struct {
	ID           int64
	Class        string // OSM highway=: primary secondary tertiary residential living_street service track footway steps
	Bridge       bool
	Name, NameEn string // both empty for lanes without a name
	Width        geo.Meters
	Nodes        []int32 // indexes in Town.Nodes, at least two
}

// Line is the course of a street.
func (t *Town) Line(s Street) []geo.Point {
	line := make([]geo.Point, len(s.Nodes))
	for i, n := range s.Nodes {
		line[i] = t.Nodes[n]
	}
	return line
}

// Tags are the street's properties as OpenStreetMap writes them.
func (s Street) Tags() map[string]string {
	tags := map[string]string{"highway": s.Class}
	if s.Name != "" {
		tags["name"], tags["name:zh"], tags["name:en"] = s.Name, s.Name, s.NameEn
	}
	if s.Bridge {
		tags["bridge"], tags["layer"] = "yes", "1"
	}
	return tags
}

// Water is a stretch of river or canal, a lake or a pond.
type Water struct {
	ID           int64
	Kind         string // river canal lake pond
	Name, NameEn string
	Area         geo.MultiPolygon
}

// Green is a park, a garden, a sports field or a field.
type Green struct {
	ID           int64
	Kind         string // park garden pitch grass farmland orchard vegetables wood
	Name, NameEn string
	Area         geo.MultiPolygon
}

// Place is a name on the map.
type Place struct {
	Kind         string // town suburb village hamlet compound park water school hospital market industrial civic office sports station county
	Name, NameEn string
	At           geo.Point
}

// Compound is what an address begins with: a walled compound (小区), a block of
// the old town, a natural village (自然村) or a works site.
type Compound struct {
	ID           int64
	Kind         string // compound old-town natural-village site
	Name, NameEn string
	Address      string // street and number
	// Area is the ground within the wall, or within the surrounding lanes.
	Area  geo.MultiPolygon
	Wall  bool
	Gates []int32 // indexes in Town.Nodes
}

// Building is a house. It overlaps no other, no street's centre line and no
// water, and lies in one unit of every level.
type Building struct {
	ID           int64
	Kind         string // OSM building=: apartments house retail commercial office school hospital public industrial warehouse temple dormitory
	Name, NameEn string // "5号楼", or the name of a school
	Compound     int32  // index in Town.Compounds, -1 for none
	Address      string
	Levels       int // storeys
	Stairwells   int // 0 when it has none to speak of
	Area         geo.Polygon
	Unit         string // code of the building group
}

// Ages are head counts by age band.
type Ages struct {
	To2, To6, To17, To59, To79, From80 uint8 // 0–2, 3–6, 7–17, 18–59, 60–79, 80 and over
}

// Total is the number of people.
func (a Ages) Total() int {
	return int(a.To2) + int(a.To6) + int(a.To17) + int(a.To59) + int(a.To79) + int(a.From80)
}

// Household is a dwelling.
type Household struct {
	SourceID  string // number in the invented ledger, unique
	Compound  string // 小区 or 自然村
	Building  string // 楼栋
	Stairwell string // 单元, empty in a house
	Doorplate string // 门牌
	Address   string
	At        geo.Point // inside the building
	Kind      string    // owner rental self-built collective
	Occupied  bool
	People    Ages  // all zero when not occupied
	In        int32 // index in Town.Buildings
	// Unit is the code of the building group that covers At in its interior.
	Unit string
}

// States of a service point.
const (
	Proposed = "proposed"
	Pilot    = "pilot"
	Active   = "active"
	Paused   = "paused"
	Closed   = "closed"
)

// Stage is one step of a service point's life, valid until the next.
type Stage struct {
	State string
	From  time.Time // midnight UTC of a date
}

// Function is what a service point does, and when.
type Function struct {
	Code  string // one-stop medical elderly-care child-care culture mediation volunteer canteen deputy rest-stop
	Hours string // OSM opening_hours
	Items []string
}

// Session is an event that comes back every month.
type Session struct {
	Function       string
	Title, TitleEn string
	Rule           string // RFC 5545, such as "FREQ=MONTHLY;BYDAY=1SA"
	Hours          string // the same in OSM opening_hours: "Sa[1] 09:00-11:00"
}

// Stop is where a mobile service point stands at certain hours.
type Stop struct {
	Name  string
	At    geo.Point
	Hours string // OSM opening_hours
}

// ServicePoint is a Party-and-masses service center, station or point.
type ServicePoint struct {
	ID           string
	Tier         string // center station point other
	Kind         string // red-gas-station or mobile; empty for the usual ones
	Name, NameEn string
	Address      string
	At           geo.Point
	Unit         string // code of the town, cluster or village it serves
	Functions    []Function
	Sessions     []Session
	Stops        []Stop // a mobile point has some; At is then its first stop
	Capacity     int    // people at a time
	GroundFloor  bool
	StepFree     bool
	Life         []Stage // by date
}

// State is the state in force on a day; empty before the first stage.
func (s ServicePoint) State(on time.Time) string {
	state := ""
	for _, stage := range s.Life {
		if stage.From.After(on) {
			break
		}
		state = stage.State
	}
	return state
}

// Incident is something reported, at a place.
type Incident struct {
	ID         string // UUID
	Category   string // four digits, see Categories
	Channel    string // patrol resident hotline
	Text       string
	Address    string
	At         geo.Point
	State      string // reported accepted dispatched handled closed
	ReportedAt time.Time
	ClosedAt   time.Time // zero unless closed
}

// Category is a kind of incident.
type Category struct {
	Code, Title, TitleEn string
	Parent               string // code of the class; empty for a class
}

// Fix is one position of a track, as a phone reported it: it is not on the
// lattice and not exactly on the street.
type Fix struct {
	At       time.Time
	Point    orb.Point
	Accuracy geo.Meters
}

// Track is a patrol's walk on duty.
type Track struct {
	ID    string // UUID
	Post  string // the post on duty; nobody's name
	Unit  string // code of the village
	Fixes []Fix
}

// Zone is an overlay: it is not a level and may overlap others.
type Zone struct {
	Code, Kind   string // kind: street-shops enterprise
	Name, NameEn string
	Area         geo.MultiPolygon
}
