package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/locate"
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
