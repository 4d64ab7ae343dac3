package rule

import (
	"slices"

	"wangge/geo"
)

// Unit is a unit of a draft, by the number that it keeps through renames.
type Unit struct {
	Ordinal int // of a unit above that the draft does not redraw: its id, negative
	Code    string
	Name    string
	Level   string
	Parent  string // code
	Area    geo.MultiPolygon
	Minutes *float64 // on foot from one end to the other; nil = not known
	// Loose says that Area is that of the units below, side by side: of such a one
	// neither outline nor pieces are known.
	Loose bool
}

// Above returns units with those above them, as they become by what is below: "a
// committee above 3,000 households is split" is a rule for these, while the draft is
// of the grids below. Units above without any below are left out. Of touched units
// those above are touched too; where a unit has left one above, the caller names it.
func Above(units, above []Unit, touched []int) ([]Unit, []int) {
	below := map[string]geo.MultiPolygon{}
	for _, u := range units {
		below[u.Parent] = append(below[u.Parent], u.Area...)
	}
	changed := map[string]bool{}
	for _, u := range units {
		if slices.Contains(touched, u.Ordinal) {
			changed[u.Parent] = true
		}
	}
	all := slices.Clone(units)
	for _, a := range above {
		if a.Area = below[a.Code]; len(a.Area) == 0 {
			continue
		}
		a.Loose = true
		all = append(all, a)
		if changed[a.Code] && !slices.Contains(touched, a.Ordinal) {
			touched = append(slices.Clip(touched), a.Ordinal)
		}
	}
	return all, touched
}

// Fact is what is known of a unit. Numbers of homes, people and incidents are null
// where the planner may not see single places.
type Fact struct {
	Ordinal     int      `json:"ordinal"`
	Code        string   `json:"code"`
	Name        string   `json:"name"`
	Level       string   `json:"level"`
	Parent      string   `json:"parent"`
	Area        float64  `json:"area" doc:"m²"`
	Perimeter   float64  `json:"perimeter" doc:"m, holes included; 0 of a unit above that is made of those below"`
	Compactness float64  `json:"compactness" doc:"Polsby–Popper, 4π·area/perimeter²: 1 for a disc; 0 = not known"`
	Pieces      int      `json:"pieces" doc:"that meet in points at most; 0 = not known"`
	Households  *int     `json:"households"`
	Empty       *int     `json:"empty" doc:"homes known to stand empty"`
	People      *int     `json:"people" doc:"of households with head counts; null when none has"`
	Incidents   *int     `json:"incidents" doc:"open ones"`
	Posts       []Posts  `json:"posts"`
	Needs       []Need   `json:"needs" doc:"the template of its level"`
	Outside     *float64 `json:"outside" doc:"m² that lie outside the unit above as it is in force; null when that has none"`
	Cut         []Cut    `json:"cut" doc:"compounds and natural villages of which another unit has land too"`
	Crossed     []Across `json:"crossed" doc:"rivers, railways and main roads with land of the unit on both sides"`
	Minutes     *float64 `json:"minutes" doc:"on foot from one end to the other; null = not known"`

	shape geo.MultiPolygon
	stray geo.Point // where it lies outside the unit above
}

// Posts are the posts of one kind.
type Posts struct {
	Kind string `json:"kind"`
	All  int    `json:"all"`
	Held int    `json:"held" doc:"by an A who is there"`
}

// Cut is a compound or natural village whose land in the draft is not all in one
// unit. One that is too large for a unit may be divided into units of its own; what
// should not be is that a part of it goes with other land.
type Cut struct {
	Name   string    `json:"name"`
	Inside float64   `json:"inside" doc:"m² of it in the unit"`
	Other  float64   `json:"other" doc:"m² of it in other units of the draft"`
	Own    bool      `json:"own" doc:"all homes of the unit are in it: the unit is a part of the compound, which is too large for one"`
	At     geo.Point `json:"-"`
}

// Share is the smaller part, in percent: what the border cuts off.
func (c Cut) Share() float64 {
	return 100 * min(c.Inside, c.Other) / (c.Inside + c.Other)
}

// Across is a river, railway or main road with land of the unit on both sides.
type Across struct {
	Kind   string    `json:"kind" doc:"river, canal, motorway, trunk, primary …"`
	Name   string    `json:"name"`
	Metres float64   `json:"metres" doc:"along it"`
	At     geo.Point `json:"-"`
}
