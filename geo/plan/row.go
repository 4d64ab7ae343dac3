package plan

import (
	"encoding/json"
	"slices"

	"github.com/paulmach/orb"

	"wangge/geo"
)

// Row is one row of a draft as the workshop edits it, and as it travels.
type Row struct {
	ID     int    `json:"id" doc:"of this row in its draft, through renames"`
	Role   Role   `json:"role" enum:"part,parent,excluded,unclaimed"`
	Code   string `json:"code"`
	Name   string `json:"name" doc:"of an accepted gap: the reason"`
	Parent string `json:"parent" doc:"code of the unit above"`
	Place  string `json:"place,omitempty" doc:"where in the file it came from"`
	Locked bool   `json:"locked" doc:"its land stays as it is"`
	Area   Land   `json:"area"`
}

// Land is an area that travels as the coordinates of a GeoJSON MultiPolygon, with
// all its digits.
type Land geo.MultiPolygon

// MarshalJSON writes degrees, rings closed.
func (l Land) MarshalJSON() ([]byte, error) {
	return json.Marshal(geo.MultiPolygon(l).Orb())
}

// UnmarshalJSON reads what MarshalJSON wrote, exactly.
func (l *Land) UnmarshalJSON(raw []byte) error {
	var degrees orb.MultiPolygon
	if err := json.Unmarshal(raw, &degrees); err != nil {
		return err
	}
	*l = Land(geo.FromOrb(degrees))
	return nil
}

// RowChange is what a step does to one row; a row that comes had none Before, one
// that goes has none After.
type RowChange struct {
	ID     int  `json:"id"`
	Before *Row `json:"before"`
	After  *Row `json:"after"`
}

// inverse takes changes back.
func inverse(changes []RowChange) []RowChange {
	out := slices.Clone(changes)
	for i, c := range out {
		out[i].Before, out[i].After = c.After, c.Before
	}
	return out
}

// idsOf are the rows that changes touch.
func idsOf(changes []RowChange) []int {
	ids := make([]int, len(changes))
	for i, c := range changes {
		ids[i] = c.ID
	}
	return ids
}

func rowOf(u Unit) *Row {
	return &Row{ID: u.Ordinal, Role: u.Role, Code: u.Code, Name: u.Name, Parent: u.Parent, Place: u.Place, Locked: u.Locked, Area: Land(u.Area)}
}

// sameRow compares everything; areas by their rings.
func sameRow(a, b *Row) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && a.Role == b.Role && a.Code == b.Code && a.Name == b.Name && a.Parent == b.Parent && a.Locked == b.Locked &&
		sameArea(geo.MultiPolygon(a.Area), geo.MultiPolygon(b.Area))
}
