package rule

import (
	"wangge/geo"
)

// Unit is a unit of a draft, by the number that it keeps through renames.
type Unit struct {
	Ordinal int
	Code    string
	Name    string
	Level   string
	Parent  string // code
	Area    geo.MultiPolygon
	Minutes *float64 // on foot from one end to the other; nil = not known
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
	Perimeter   float64  `json:"perimeter" doc:"m, holes included"`
	Compactness float64  `json:"compactness" doc:"Polsby–Popper, 4π·area/perimeter²: 1 for a disc"`
	Pieces      int      `json:"pieces" doc:"that meet in points at most"`
	Households  *int     `json:"households"`
	Empty       *int     `json:"empty" doc:"homes known to stand empty"`
	People      *int     `json:"people" doc:"of households with head counts; null when none has"`
	Incidents   *int     `json:"incidents" doc:"open ones"`
	Posts       []Posts  `json:"posts"`
	Needs       []Need   `json:"needs" doc:"the template of its level"`
	Outside     *float64 `json:"outside" doc:"m² that lie outside the unit above as it is in force; null when that has none"`
	Cut         []Cut    `json:"cut" doc:"compounds and natural villages of which another unit has land too"`
	Crossed     []Across `json:"crossed" doc:"rivers and main roads with land of the unit on both sides"`
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

// Across is a river or main road with land of the unit on both sides.
type Across struct {
	Kind   string    `json:"kind" doc:"river, canal, motorway, trunk, primary …"`
	Name   string    `json:"name"`
	Metres float64   `json:"metres" doc:"along it"`
	At     geo.Point `json:"-"`
}
