package ledger

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/locate"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Ground checks positions of a file that is no ledger by the rules for ledgers:
// the declared reference system, placeholders, what lies far from everything known.
type Ground struct {
	Units []grid.InForce // in force today
	Index *locate.Index  // of Units
	im    *importer
}

// NewGround reads what positions are checked against. A zero system is WGS 84;
// confirm is why it is right where that cannot be checked.
func NewGround(ctx context.Context, tx pgx.Tx, system crs.CRS, confirm string) (*Ground, error) {
	if system == "" {
		system = crs.WGS84
	}
	index, list, err := grid.Index(ctx, tx, grid.Today())
	if err != nil {
		return nil, err
	}
	im := &importer{opts: Options{CRS: system, Confirm: confirm}, list: list}
	near, err := im.knownWorld(ctx, tx)
	if err != nil {
		return nil, err
	}
	im.place = newPlacer(system, near)
	return &Ground{Units: list, Index: index, im: im}, nil
}

// Place turns the file's coordinates into a place, or says what is wrong with them.
func (g *Ground) Place(raw orb.Point) (geo.Point, *fault.Place) {
	at, why := g.im.place.place(raw)
	if why == nil {
		return at, nil
	}
	return geo.Point{}, why.place()
}

// Guard tests the declared reference system on raw coordinates of the file, as
// many as one likes.
//
// Errors: ErrWrongCRS, ErrUncheckedCRS.
func (g *Ground) Guard(ctx context.Context, tx pgx.Tx, raw []orb.Point) (*crs.Verdict, error) {
	var s sampler
	for _, p := range raw {
		if g.im.place.placeholder(p) == nil {
			s.add(p)
		}
	}
	err := g.im.guard(ctx, tx, s.points)
	return g.im.report.Guard, err
}

// Locations are where the rows of a file lie, one for each.
type Locations struct {
	At      []geo.Point
	Units   []*int64 // the area's own for a place in no unit; nil = everywhere's
	Outside int      // rows in no unit
	Guard   *crs.Verdict
}

// Locate finds place and unit of rows by the coordinates of the file, for who may import
// into an area. Rows without a possible place, and those in units elsewhere, are refused;
// elsewhere says the latter in words.
//
// Errors: those of Guard.
func (g *Ground) Locate(ctx context.Context, tx pgx.Tx, area staff.Area, lines []int, raw []orb.Point, refused *sheet.Refusals, elsewhere string) (Locations, error) {
	guard, err := g.Guard(ctx, tx, raw)
	l := Locations{At: make([]geo.Point, len(raw)), Units: make([]*int64, len(raw)), Guard: guard}
	if err != nil {
		return l, err
	}
	var units []int64
	inUnit := make([]bool, len(raw))
	for i, p := range raw {
		at, bad := g.Place(p)
		if bad != nil {
			refused.Refuse(sheet.Row{Line: lines[i]}, FieldLon, bad.Code, bad.Detail)
			continue
		}
		l.At[i] = at
		if k, ok := g.Index.Find(at); ok {
			l.Units[i], inUnit[i] = &g.Units[k].ID, true
			units = append(units, g.Units[k].ID)
		} else {
			l.Units[i] = area.Home()
			l.Outside++
		}
	}
	among, err := staff.Among(ctx, tx, area, units)
	if err != nil {
		return l, err
	}
	for i, unit := range l.Units {
		if inUnit[i] && !area.All && !slices.Contains(among, *unit) {
			refused.Refuse(sheet.Row{Line: lines[i]}, FieldLon, "outside_area", elsewhere)
		}
	}
	return l, nil
}
