package plan

import (
	"fmt"
	"slices"
	"strings"

	"wangge/geo"
)

// Kinds of faults in the records themselves; those of geometry come from package topology.
const (
	missingCode   = "missing_code"
	duplicateCode = "duplicate_code"
	takenCode     = "taken_code"
	longCode      = "long_code"
	missingName   = "missing_name"
	duplicateName = "duplicate_name"
	missingParent = "missing_parent"
	unknownParent = "unknown_parent"
	unreadable    = "unreadable"
	empty         = "empty"
	swallowed     = "swallowed"    // a unit above of which redrawing leaves nothing
	staleParent   = "stale_parent" // a unit above that was redrawn from a boundary no longer in force
)

// Repairs of records.
const (
	drop          = "drop"            // leave the record out
	rename        = "rename"          // give it the code and name in args
	number        = "number"          // give it the next free code of its parent
	join          = "join"            // records with one code become one unit
	setParent     = "set_parent"      // args.parent
	parentByPlace = "parent_by_place" // the unit above that covers most of it
	accept        = "accept"          // keep it as it is
	reset         = "reset"           // take all units above as they are in force
)

// maxCode is the longest code a unit may have; the 20 digits of CJ/T 349 and the
// 12 + 3 + 3 of this project fit.
const maxCode = 24

// recordFaults are the faults that need no geometry to be seen.
func (d *draft) recordFaults() []Fault {
	var out []Fault
	byCode := map[string][]int{}
	byName := map[string][]int{}
	for i, u := range d.units {
		if u.Role == Parent {
			out = append(out, d.faultsOfRedrawn(u)...)
		}
		if u.Role != Part {
			continue
		}
		byCode[u.Code] = append(byCode[u.Code], i)
		if u.Name != "" {
			byName[u.Parent+"\x00"+u.Name] = append(byName[u.Parent+"\x00"+u.Name], i)
		}
		out = append(out, d.faultsOfRecord(u)...)
	}
	for code, list := range byCode {
		if code != "" && len(list) > 1 {
			out = append(out, d.shared(duplicateCode, true, list, fmt.Sprintf("code %s", code), join, number, rename, drop))
		}
	}
	for _, list := range byName {
		if len(list) > 1 {
			u := d.units[list[0]]
			out = append(out, d.shared(duplicateName, false, list, fmt.Sprintf("name %s", u.Name), rename, accept))
		}
	}
	return out
}

func (d *draft) faultsOfRecord(u Unit) []Fault {
	var out []Fault
	add := func(kind string, hard bool, detail string, repairs ...string) {
		out = append(out, Fault{ID: fmt.Sprintf("%s:%d", kind, u.Ordinal), Kind: kind, Hard: hard,
			Codes: []string{u.Code}, Parent: u.Parent, Place: u.Place, Detail: detail, Repairs: repairs, At: middle(u.Area)})
	}
	switch {
	case u.Code == "":
		add(missingCode, true, "a unit needs a code", number, rename, drop)
	case len(u.Code) > maxCode:
		add(longCode, true, fmt.Sprintf("%d characters; at most %d", len(u.Code), maxCode), rename, number, drop)
	case d.taken[u.Code] != "":
		add(takenCode, true, d.taken[u.Code], number, rename, drop)
	}
	if u.Name == "" {
		add(missingName, false, "it will be shown by its code", rename, accept)
	}
	if len(u.Area) == 0 {
		if reason := d.unread[u.Ordinal]; reason != "" {
			add(unreadable, true, reason, drop)
		} else {
			add(empty, true, "it has no area", drop)
		}
	}
	if len(d.above) > 0 {
		if _, known := d.above[u.Parent]; u.Parent == "" {
			add(missingParent, true, "which unit is it part of?", parentByPlace, setParent, drop)
		} else if !known {
			add(unknownParent, true, fmt.Sprintf("no unit in force has code %s", u.Parent), parentByPlace, setParent, drop)
		}
	}
	return out
}

// faultsOfRedrawn looks at a unit above that the draft redraws.
func (d *draft) faultsOfRedrawn(u Unit) []Fault {
	f := Fault{Hard: true, Codes: []string{u.Code}, At: middle(u.Before), Shape: u.Before}
	b, alive := d.byCode[u.Code]
	switch {
	case alive && b.ID > 0 && u.isNew():
		f.Kind, f.Detail = takenCode, "the code belongs to a unit in force"
	case u.isNew() && len(u.Area) == 0:
		f.Kind, f.Detail = empty, "no unit of the plan belongs to it"
	case !alive || !sameArea(b.Area, u.Before):
		f.Kind, f.Detail, f.Repairs = staleParent, "its boundary in force has changed since this draft redrew it", []string{reset}
	case len(u.Area) == 0:
		f.Kind, f.Detail, f.Repairs = swallowed, "other units take all of its land: it ends when this draft is published", []string{reset, accept}
		if d.base != 0 { // in a branch somebody has moved its units elsewhere, one by one
			f.Hard, f.Repairs = false, nil
		}
	default:
		return nil
	}
	f.ID = f.Kind + ":" + u.Code
	f.Area = float64(u.Before.SquareMeters())
	return []Fault{f}
}

// middle is the middle of an area's box, nil without an area. The area itself may
// be damaged.
func middle(area geo.MultiPolygon) *geo.Point {
	b := area.Bound()
	if b.Empty() {
		return nil
	}
	return &geo.Point{X: b.Min.X + (b.Max.X-b.Min.X)/2, Y: b.Min.Y + (b.Max.Y-b.Min.Y)/2}
}

// shared is one fault of several records.
func (d *draft) shared(kind string, hard bool, list []int, detail string, repairs ...string) Fault {
	f := Fault{Kind: kind, Hard: hard, Detail: detail, Repairs: repairs}
	var places []string
	for _, i := range list {
		u := d.units[i]
		f.Codes = append(f.Codes, u.Code)
		places = append(places, u.Place)
	}
	f.Codes = slices.Compact(f.Codes)
	f.Parent = d.units[list[0]].Parent
	f.At = middle(d.units[list[0]].Area)
	f.Place = strings.Join(places, ", ")
	f.ID = fmt.Sprintf("%s:%d", kind, d.units[list[0]].Ordinal)
	return f
}
