// Package places answers the question the whole project is about: who is
// responsible for this place?
package places

import (
	"context"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/publication"
	"wangge/geo/staff"
)

// Answer is a place and who is responsible for it.
type Answer struct {
	Place      orb.Point       `json:"place" doc:"[lon, lat], WGS 84, on the lattice"`
	Cell       string          `json:"cell" doc:"H3, resolution 11"`
	Unit       *grid.Unit      `json:"unit" doc:"null when no unit covers the place"`
	Ancestors  []grid.Ancestor `json:"ancestors" doc:"from the top down to the unit itself"`
	PostZh     string          `json:"post_zh"`
	PostEn     string          `json:"post_en"`
	Households *int            `json:"households" doc:"open households in the unit; null is hidden"`
	Border     *grid.Hint      `json:"border" doc:"another unit of the level within 30 m, or null"`
	Street     string          `json:"street" doc:"name of the nearest street within 60 m"`
}

// Mount adds /places.
func Mount(a route.API, db pg.DB, tally *ledger.Tally) {
	h := &handler{db: db, tally: tally}
	route.Get(a, "/places", route.Op{ID: "get-place", May: staff.Map, Summary: "Who is responsible for this place", Tag: "units",
		Description: "The closed polygon of the lowest level decides; on a shared border the lowest code in byte order."}, h.get)
}

type handler struct {
	db    pg.DB
	tally *ledger.Tally
}

type input struct {
	route.AsOf
	Lon float64 `query:"lon" required:"true" minimum:"-180" maximum:"180"`
	Lat float64 `query:"lat" required:"true" minimum:"-90" maximum:"90"`
}

func (h *handler) get(ctx context.Context, in *input) (*route.Body[Answer], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	at := geo.Snap(orb.Point{in.Lon, in.Lat})
	p := Answer{Place: at.Degrees(), Cell: cell.At(at).String(), Ancestors: []grid.Ancestor{}}
	if p.Street, err = network.StreetAt(ctx, h.db, route.Actor(ctx), at); err != nil {
		return nil, err
	}
	u, ok, err := grid.At(ctx, h.db, route.Actor(ctx), day, at)
	if err != nil || !ok {
		return route.OK(p, err)
	}
	p.Unit = &u
	if err := h.about(ctx, day, at, &p); err != nil {
		return nil, err
	}
	return route.OK(p, nil)
}

// about fills in what is known of the responsible unit.
func (h *handler) about(ctx context.Context, day geo.Day, at geo.Point, p *Answer) (err error) {
	actor := route.Actor(ctx)
	if p.Ancestors, err = grid.Chain(ctx, h.db, actor, day, p.Unit.ID); err != nil {
		return err
	}
	if p.PostZh, p.PostEn, err = grid.Post(ctx, h.db, p.Unit.Level); err != nil {
		return err
	}
	if p.Border, err = grid.NearBorder(ctx, h.db, actor, day, at, *p.Unit); err != nil {
		return err
	}
	counts, err := h.tally.ByUnit(ctx, day)
	if err != nil {
		return err
	}
	shown, err := publication.Shown(ctx, h.db, actor, day, []int64{p.Unit.ID}, counts.Live)
	p.Households = shown[p.Unit.ID].Households
	return err
}
