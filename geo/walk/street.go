package walk

import (
	"math"
	"strconv"
	"strings"
)

// Why streets are left out of the network, in Report.Reasons.
const (
	LeftMotorway     = "motorway"     // made for motor traffic, and nothing says that people may walk
	LeftForbidden    = "forbidden"    // foot=no, access=no
	LeftPrivate      = "private"      // foot=private, access=private
	LeftConstruction = "construction" // planned, being built, or gone
	LeftFerry        = "ferry"        // one goes by boat
	LeftOther        = "not_a_street" // nothing that anybody walks on
	LeftBroken       = "broken"       // its course cannot be used
)

// The kinds of streets (values of highway) and what is true of them when nothing
// else is said. It follows the defaults of the OpenStreetMap wiki ("OSM tags for
// routing/Access restrictions", the world-wide table) and, where that leaves it
// open, what Valhalla and GraphHopper both do: they walk on trunk roads and on
// cycleways unless a tag forbids it.
var streetKinds = map[string]struct {
	kind Kind
	left string // why nobody walks there unless foot or a sidewalk says so
}{
	"motorway": {Road, LeftMotorway}, "motorway_link": {Road, LeftMotorway},
	"busway": {Road, LeftMotorway}, "bus_guideway": {Road, LeftMotorway},
	"trunk": {Road, ""}, "trunk_link": {Road, ""},
	"primary": {Road, ""}, "primary_link": {Road, ""},
	"secondary": {Road, ""}, "secondary_link": {Road, ""},
	"tertiary": {Road, ""}, "tertiary_link": {Road, ""},
	"unclassified": {Road, ""}, "residential": {Road, ""}, "living_street": {Road, ""},
	"service": {Road, ""}, "track": {Road, ""}, "road": {Road, ""},
	"pedestrian": {Path, ""}, "footway": {Path, ""}, "path": {Path, ""}, "bridleway": {Path, ""},
	"cycleway": {Path, ""}, "corridor": {Path, ""}, "platform": {Path, ""}, "elevator": {Path, ""},
	"square": {Path, ""}, "steps": {Steps, ""}, "crossing": {Crossing, ""},
	"raceway": {Road, LeftOther}, "escape": {Road, LeftOther}, "via_ferrata": {Path, LeftOther},
	"construction": {Road, LeftConstruction}, "proposed": {Road, LeftConstruction}, "planned": {Road, LeftConstruction},
	"abandoned": {Road, LeftConstruction}, "razed": {Road, LeftConstruction}, "demolished": {Road, LeftConstruction},
	"ferry": {Road, LeftFerry},
}

// KnownKind tells whether a value of highway is one whose rule is known.
func KnownKind(highway string) bool {
	_, known := streetKinds[highway]
	return known
}

// allowance is what a value of foot or access says. Values that are not here
// (delivery, agricultural, forestry and whatever people invent) restrict cars, by
// usage; GraphHopper and Valhalla let people walk there too.
var allowance = map[string]string{
	"no": LeftForbidden, "military": LeftForbidden, "restricted": LeftForbidden, "emergency": LeftForbidden,
	// The path beside the road is compulsory, and drawn by itself.
	"use_sidepath": LeftForbidden,
	"private":      LeftPrivate, "permit": LeftPrivate, "residents": LeftPrivate,
}

// mayWalk resolves foot and access, the more special first; explicit tells
// whether either is there and allows it, which opens even a motorway.
func mayWalk(tags map[string]string) (left string, explicit bool) {
	for _, key := range []string{"foot", "access"} {
		value := tags[key]
		if value == "" || value == "unknown" {
			continue
		}
		if left := allowance[value]; left != "" {
			return left, false
		}
		// access=yes on a motorway speaks of cars.
		return "", key == "foot"
	}
	return "", false
}

// hasSidewalk tells whether people walk along a road on its own sidewalk. One that
// is drawn apart (sidewalk=separate) does not count.
func hasSidewalk(tags map[string]string) bool {
	for _, key := range []string{"sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right"} {
		switch tags[key] {
		case "yes", "both", "left", "right":
			return true
		}
	}
	return false
}

// footing is what a street's kind and tags say about feet and wheels, or why
// nobody walks there.
//
// One-way streets are walked in both directions, unless oneway:foot says
// otherwise, or they are escalators. A road whose sidewalk is drawn apart stays
// walkable, as with Valhalla and GraphHopper: drawn sidewalks have gaps, the houses
// stand along the road, and the lengths are the same. Opening hours of streets are
// not looked at. A private street is left out although its residents walk on it:
// nobody else may pass, and the homes along it begin their way at the next street.
func footing(kind string, tags map[string]string) (traits Traits, left string) {
	known, ok := streetKinds[kind]
	if !ok {
		return Traits{}, LeftOther
	}
	left, explicit := mayWalk(tags)
	switch {
	case known.left == LeftConstruction, known.left == LeftFerry, known.left == LeftOther:
		return Traits{}, known.left
	case left != "":
		return Traits{}, left
	case (known.left != "" || tags["motorroad"] == "yes") && !explicit && !hasSidewalk(tags):
		return Traits{}, LeftMotorway
	}
	traits = Traits{Kind: known.kind, Incline: incline(tags["incline"])}
	if tags["footway"] == "crossing" || tags["path"] == "crossing" || tags["cycleway"] == "crossing" {
		traits.Kind = Crossing
	}
	if traits.Kind == Steps {
		traits.Incline = 0 // steps are steps, however steep
		if yes(tags["ramp:wheelchair"]) || tags["wheelchair"] == "yes" || tags["wheelchair"] == "designated" {
			traits.Kind = Path // whoever cannot take the steps takes the ramp
		}
	}
	traits.OneWay = oneWay(tags) != 0
	traits.Unfit = traits.Kind == Steps || unfit(tags, traits.Incline)
	return traits, ""
}

func yes(v string) bool { return v != "" && v != "no" && v != "separate" }

// oneWay is 1 when people may walk a street only as it is drawn, -1 when only
// against it, 0 when both ways.
func oneWay(tags map[string]string) int {
	for _, key := range []string{"oneway:foot", "conveying"} {
		switch tags[key] {
		case "yes":
			if key == "oneway:foot" {
				return 1
			}
		case "forward":
			return 1
		case "-1", "backward":
			return -1
		case "no":
			return 0
		}
	}
	return 0
}

// maxRamp is the steepest ramp for wheelchairs, per 1,000: 1 : 8 (GB 50763-2012,
// table 3.4.4).
const maxRamp = 125

// minWheels is the least width in metres that a wheelchair passes.
const minWheels = 0.8

// What wheels do not roll on. Fine gravel and paving of every sort are fit.
var (
	unfitSurface    = words("sand mud grass ground earth dirt soil gravel pebblestone rock rocks stone stepping_stones woodchips snow ice salt unhewn_cobblestone")
	unfitSmoothness = words("bad very_bad horrible very_horrible impassable")
)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// unfit tells whether nobody passes with wheels. wheelchair=yes is the word of
// somebody who was there and goes before what surfaces suggest; limited means with
// some help and is fit.
func unfit(tags map[string]string, incline int16) bool {
	switch tags["wheelchair"] {
	case "no", "bad":
		return true
	case "yes", "designated":
		return false
	}
	if w, ok := metres(tags["width"]); ok && w < minWheels {
		return true
	}
	return unfitSurface[tags["surface"]] || unfitSmoothness[tags["smoothness"]] ||
		tags["tracktype"] == "grade4" || tags["tracktype"] == "grade5" ||
		tags["sac_scale"] != "" && tags["sac_scale"] != "strolling" || // a mountain path
		tags["ford"] == "stepping_stones" || incline > maxRamp || incline < -maxRamp
}

// metres reads a width, which is in metres unless it says otherwise.
func metres(text string) (float64, bool) {
	text, _ = strings.CutSuffix(strings.TrimSpace(text), "m")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return v, err == nil && v > 0
}

// maxIncline bounds what is believed, per 1,000.
const maxIncline = 600

// incline is a slope per 1,000, rising along the street: "10%", "-5 %", "8°",
// "1:12" or a bare number of percent. "up" and "down" say no number, and so
// nothing: 0.
func incline(text string) int16 {
	text = strings.ReplaceAll(strings.TrimSpace(text), " ", "")
	rise, run, ratio := strings.Cut(text, ":")
	number, unit := rise, 0.01
	switch {
	case ratio:
		v, err := strconv.ParseFloat(run, 64)
		if err != nil || v == 0 {
			return 0
		}
		unit = 1 / v
	case strings.HasSuffix(text, "‰"):
		number, unit = strings.TrimSuffix(text, "‰"), 0.001
	case strings.HasSuffix(text, "°"):
		number, unit = strings.TrimSuffix(text, "°"), 0
	default:
		number = strings.TrimSuffix(text, "%")
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	if unit == 0 {
		if math.Abs(v) >= 45 {
			return 0 // no street
		}
		v, unit = math.Tan(v*math.Pi/180), 1
	}
	perMille := math.Round(v * unit * 1000)
	return int16(max(-maxIncline, min(maxIncline, perMille)))
}

// passage is what a barrier on a street lets through.
type passage uint8

const (
	open     passage = iota
	feetOnly         // nobody with wheels
	nobody           // the street ends here, on both sides
)

// Barriers that stop everybody unless tags say otherwise, and those that wheels
// do not pass.
var (
	closedBarrier = words("wall fence hedge retaining_wall city_wall")
	feetBarrier   = words("stile turnstile full-height_turnstile kissing_gate cycle_barrier motorcycle_barrier chain spikes debris log horse_stile rope step")
	// kerb=flush and lowered are fit, and rolled is with some help.
	raisedKerb = words("raised regular")
)

// through is what a barrier on a street lets through: a gate is open unless it
// is locked or private; a wall drawn across a way is closed unless foot or access
// say yes.
func through(kind string, tags map[string]string) passage {
	left, _ := mayWalk(tags)
	said := tags["foot"] != "" || tags["access"] != ""
	switch {
	case left != "",
		yes(tags["locked"]) && !yes(tags["foot"]),
		closedBarrier[kind] && !said:
		return nobody
	}
	switch tags["wheelchair"] {
	case "no":
		return feetOnly
	case "yes", "designated", "limited":
		return open
	}
	if feetBarrier[kind] || raisedKerb[tags["kerb"]] {
		return feetOnly
	}
	return open
}

// wayOut tells whether people who live or work in a building come and go by an
// entrance of this kind.
func wayOut(kind string) bool {
	switch kind {
	case "no", "emergency", "emergency_exit", "fire_exit", "exit", "garage", "delivery", "service", "parking":
		return false
	}
	return true
}
