package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/network"
)

// knownWorld is the box around the units in force and the streets known here.
func (im *importer) knownWorld(ctx context.Context, tx pgx.Tx) (geo.Bound, error) {
	box, err := network.Bound(ctx, tx)
	if err != nil {
		return box, err
	}
	for _, u := range im.list {
		box = box.Union(u.Area.Bound())
	}
	return box, nil
}

// guard tests the declared reference system on a sample of the file's raw
// coordinates. A mismatch is refused, and so is a claim that cannot be checked
// unless somebody confirms it with a reason.
func (im *importer) guard(ctx context.Context, tx pgx.Tx, sample []orb.Point) error {
	if len(sample) == 0 {
		return nil
	}
	evidence, err := im.evidence(ctx, tx, sample)
	if err != nil {
		return err
	}
	verdict := crs.Guard(im.opts.CRS, sample, evidence)
	im.report.Guard = &verdict
	switch {
	case verdict.Result == crs.Mismatch:
		return ErrWrongCRS.Saying(verdict.Why).With(fault.Place{
			Pointer: "/crs", Code: "crs_mismatch", Detail: fmt.Sprintf("looks like %s", verdict.LooksLike)})
	case verdict.Result == crs.Unchecked && im.opts.Confirm == "":
		return ErrUncheckedCRS.Saying(verdict.Why)
	}
	return nil
}

// reach is how far around the sample evidence is taken, in lattice steps: GCJ-02
// and BD-09 shift by up to 1.7 km.
const reach = 300_000 // 3 km of latitude

// evidence is what is known where the sample lies by its claim, and all units,
// for a wrong claim may put it elsewhere.
func (im *importer) evidence(ctx context.Context, tx pgx.Tx, sample []orb.Point) (crs.Evidence, error) {
	box := geo.EmptyBound
	for _, raw := range sample {
		if at, ok := im.place.toLattice(raw); ok && (im.place.near.Empty() || im.place.near.Contains(at)) {
			box = box.Extend(at)
		}
	}
	if box.Empty() {
		box = im.place.near
	} else {
		box.Min, box.Max = geo.Point{X: box.Min.X - reach, Y: box.Min.Y - reach}, geo.Point{X: box.Max.X + reach, Y: box.Max.Y + reach}
	}
	evidence, err := network.Evidence(ctx, tx, box)
	if err != nil {
		return crs.Evidence{}, err
	}
	for _, u := range im.list {
		evidence.Areas = append(evidence.Areas, u.Area.Orb())
	}
	return evidence, nil
}
