package walk

import "testing"

func tagsOf(pairs ...string) map[string]string {
	tags := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		tags[pairs[i]] = pairs[i+1]
	}
	return tags
}

func TestWhoMayWalk(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind string
		tags []string
		left string
		want Kind
	}{
		{"a residential street", "residential", nil, "", Road},
		{"a living street", "living_street", nil, "", Road},
		{"a trunk road", "trunk", nil, "", Road},
		{"a trunk road for motor vehicles only", "trunk", []string{"motorroad", "yes"}, LeftMotorway, 0},
		{"a motorway", "motorway", nil, LeftMotorway, 0},
		{"a motorway bridge with a footway", "motorway", []string{"foot", "yes"}, "", Road},
		{"a motorway with a sidewalk", "motorway_link", []string{"sidewalk", "right"}, "", Road},
		{"a motorway whose sidewalk is drawn apart", "motorway", []string{"sidewalk", "separate"}, LeftMotorway, 0},
		{"a motorway open to cars", "motorway", []string{"access", "yes"}, LeftMotorway, 0},
		{"a road whose sidewalk is drawn apart", "primary", []string{"sidewalk", "separate"}, "", Road},
		{"a road with a compulsory path beside it", "primary", []string{"foot", "use_sidepath"}, LeftForbidden, 0},
		{"foot=no", "residential", []string{"foot", "no"}, LeftForbidden, 0},
		{"access=no", "service", []string{"access", "no"}, LeftForbidden, 0},
		{"access=no, foot=yes", "service", []string{"access", "no", "foot", "yes"}, "", Road},
		{"access=yes, foot=no", "service", []string{"access", "yes", "foot", "no"}, LeftForbidden, 0},
		{"private", "service", []string{"access", "private"}, LeftPrivate, 0},
		{"private, people on foot may pass", "service", []string{"access", "private", "foot", "permissive"}, "", Road},
		{"foot=private", "footway", []string{"foot", "private"}, LeftPrivate, 0},
		{"destination", "service", []string{"access", "destination"}, "", Road},
		{"customers", "service", []string{"access", "customers"}, "", Road},
		{"permissive", "path", []string{"access", "permissive"}, "", Path},
		{"designated", "path", []string{"foot", "designated"}, "", Path},
		{"for foresters' cars", "track", []string{"access", "forestry"}, "", Road},
		{"unknown foot, access no", "path", []string{"foot", "unknown", "access", "no"}, LeftForbidden, 0},
		{"a cycleway", "cycleway", nil, "", Path},
		{"a cycleway without people on foot", "cycleway", []string{"foot", "no"}, LeftForbidden, 0},
		{"a bus lane", "busway", nil, LeftMotorway, 0},
		{"a crossing", "footway", []string{"footway", "crossing"}, "", Crossing},
		{"steps", "steps", nil, "", Steps},
		{"steps with a ramp", "steps", []string{"ramp:wheelchair", "yes"}, "", Path},
		{"steps whose ramp is drawn apart", "steps", []string{"ramp:wheelchair", "separate"}, "", Steps},
		{"a platform", "platform", nil, "", Path},
		{"an indoor corridor", "corridor", []string{"indoor", "yes", "level", "1"}, "", Path},
		{"a lift", "elevator", nil, "", Path},
		{"a pedestrian street", "pedestrian", nil, "", Path},
		{"under construction", "construction", []string{"foot", "yes"}, LeftConstruction, 0},
		{"planned", "proposed", nil, LeftConstruction, 0},
		{"a ferry", "ferry", []string{"foot", "yes"}, LeftFerry, 0},
		{"a race track", "raceway", nil, LeftOther, 0},
		{"something else", "no such thing", nil, LeftOther, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			traits, left := footing(tt.kind, tagsOf(tt.tags...))
			if left != tt.left || traits.Kind != tt.want {
				t.Errorf("left out %q, kind %d; want %q, %d", left, traits.Kind, tt.left, tt.want)
			}
		})
	}
}

func TestWhatWheelsPass(t *testing.T) {
	for _, tt := range []struct {
		name  string
		kind  string
		tags  []string
		unfit bool
	}{
		{"a street", "residential", nil, false},
		{"steps", "steps", nil, true},
		{"steps with a ramp", "steps", []string{"ramp:wheelchair", "yes"}, false},
		{"wheelchair=no", "footway", []string{"wheelchair", "no"}, true},
		{"wheelchair=limited", "footway", []string{"wheelchair", "limited"}, false},
		{"sand", "path", []string{"surface", "sand"}, true},
		{"sand, but somebody went there", "path", []string{"surface", "sand", "wheelchair", "yes"}, false},
		{"paving stones", "footway", []string{"surface", "paving_stones"}, false},
		{"fine gravel", "path", []string{"surface", "fine_gravel"}, false},
		{"very bad", "path", []string{"smoothness", "very_bad"}, true},
		{"intermediate", "path", []string{"smoothness", "intermediate"}, false},
		{"a soft track", "track", []string{"tracktype", "grade5"}, true},
		{"a mountain path", "path", []string{"sac_scale", "mountain_hiking"}, true},
		{"a narrow path", "path", []string{"width", "0.5 m"}, true},
		{"a wide path", "path", []string{"width", "2"}, false},
		{"too steep", "footway", []string{"incline", "-15%"}, true},
		{"a ramp of 1:12", "footway", []string{"incline", "1:12"}, false},
		{"stepping stones", "path", []string{"ford", "stepping_stones"}, true},
	} {
		if traits, _ := footing(tt.kind, tagsOf(tt.tags...)); traits.Unfit != tt.unfit {
			t.Errorf("%s: unfit %v, want %v", tt.name, traits.Unfit, tt.unfit)
		}
	}
}

func TestInclines(t *testing.T) {
	for text, want := range map[string]int16{
		"10%": 100, "-5%": -50, "- 5 %": -50, "10": 100, "2.5%": 25, "12‰": 12, "45°": 0, "10°": 176, "-10°": -176,
		"1:12": 83, "up": 0, "down": 0, "yes": 0, "": 0, "1:0": 0, "400%": 600, "NaN": 0, "Inf%": 0,
	} {
		if got := incline(text); got != want {
			t.Errorf("%q is %d per 1,000, want %d", text, got, want)
		}
	}
}

func TestAStreetDrawnAgainstItsOneWayTurnsItsSlope(t *testing.T) {
	m := newMap(map[int64][2]float64{1: {0, 0}, 2: {100, 0}})
	m.street(1, "footway", []int64{1, 2}, "oneway:foot", "-1", "incline", "10%")
	n, _ := m.build(t)
	if n.traits[0].Incline != -100 || n.Line(0)[0] != m.at[2] {
		t.Errorf("traits %+v from %v, want a fall of 100 from the second place", n.traits[0], n.Line(0)[0])
	}
}
