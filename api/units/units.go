// Package units serves the units of responsibility as they stand on a date.
package units

import (
	"context"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/publication"
	"wangge/geo/staff"
)

// UnitRow is a unit with what lies in it.
type UnitRow struct {
	grid.Unit
	Households    *int `json:"households" doc:"open households in it and all units below: as they are now for who may see single ones, as published for others; null is hidden"`
	Incidents     *int `json:"incidents_open" doc:"likewise"`
	ServicePoints int  `json:"service_points"`
}

// UnitDetail is one unit with its place in the hierarchy.
type UnitDetail struct {
	UnitRow
	Ancestors []grid.Ancestor   `json:"ancestors" doc:"from the top down, the unit itself left out"`
	PostZh    string            `json:"post_zh" doc:"title of the responsible post"`
	PostEn    string            `json:"post_en"`
	Residents household.Summary `json:"residents" doc:"who lives in it and all units below"`
	Versions  []grid.Version    `json:"versions"`
}

// Mount adds /units.
func Mount(a route.API, db, engine pg.DB, tally *ledger.Tally) {
	h := &handler{db: db, engine: engine, tally: tally}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "units"} }
	route.Get(a, "/units", op("list-units", "Units in force, by code").For(staff.Map), h.list)
	route.Get(a, "/units/{code}", op("get-unit", "One unit").For(staff.Map), h.get)
	route.Get(a, "/units/{code}/boundary", op("get-boundary", "The boundary of a unit as GeoJSON").For(staff.Map), h.boundary)
	duty := op("get-duty", "Who is responsible in a unit, and why").For(staff.Map)
	duty.Description = "A has the duty; with A away B at once; with both away or the post vacant, whoever answers for the next unit up; at last the backstop. Never nobody. The steps say who was asked, in order."
	route.Get(a, "/units/{code}/duty", duty, h.duty)
}

type handler struct {
	db     pg.DB
	engine pg.DB // sees above the caller's area
	tally  *ledger.Tally
}

type listInput struct {
	route.AsOf
	route.Paging
	Level  string `query:"level"`
	Parent string `query:"parent" doc:"code of the unit above"`
	State  string `query:"state" enum:"undivided,complete,incomplete,invalid"`
	Text   string `query:"q" maxLength:"100" doc:"beginning of a code or of a name"`
}

func (h *handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[UnitRow]], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	f := grid.Filter{Level: in.Level, Parent: in.Parent, State: in.State, Text: in.Text, After: in.Cursor, Limit: in.Limit + 1}
	list, err := grid.Units(ctx, h.db, route.Actor(ctx), day, f)
	if err != nil {
		return nil, err
	}
	total, err := grid.Count(ctx, h.db, route.Actor(ctx), day, f)
	if err != nil {
		return nil, err
	}
	units, err := h.withCounts(ctx, day, list...)
	if err != nil {
		return nil, err
	}
	page := route.Page(units, in.Limit, func(u UnitRow) string { return u.Code })
	page.Total = &total
	return route.OK(page, nil)
}

// withCounts adds to units the counts that the actor may see.
func (h *handler) withCounts(ctx context.Context, day geo.Day, list ...grid.Unit) ([]UnitRow, error) {
	counts, err := h.tally.ByUnit(ctx, day)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, u := range list {
		ids[i] = u.ID
	}
	shown, err := publication.Shown(ctx, h.db, route.Actor(ctx), day, ids, counts.Live)
	if err != nil {
		return nil, err
	}
	rows := make([]UnitRow, len(list))
	for i, u := range list {
		n := shown[u.ID]
		rows[i] = UnitRow{Unit: u, Households: n.Households, Incidents: n.Incidents, ServicePoints: counts[u.ID].ServicePoints}
	}
	return rows, nil
}

type codeInput struct {
	route.AsOf
	Code string `path:"code" maxLength:"64"`
}

func (h *handler) get(ctx context.Context, in *codeInput) (*route.Body[UnitDetail], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	u, err := grid.ByCode(ctx, h.db, route.Actor(ctx), day, in.Code)
	if err != nil {
		return nil, err
	}
	return route.OK(h.detail(ctx, day, u))
}

func (h *handler) detail(ctx context.Context, day geo.Day, u grid.Unit) (UnitDetail, error) {
	actor := route.Actor(ctx)
	rows, err := h.withCounts(ctx, day, u)
	if err != nil {
		return UnitDetail{}, err
	}
	d := UnitDetail{UnitRow: rows[0]}
	chain, err := grid.Chain(ctx, h.db, actor, day, u.ID)
	if err != nil {
		return UnitDetail{}, err
	}
	if len(chain) > 0 {
		d.Ancestors = chain[:len(chain)-1]
	}
	if d.PostZh, d.PostEn, err = grid.Post(ctx, h.db, u.Level); err != nil {
		return UnitDetail{}, err
	}
	if d.Residents, err = household.Summarise(ctx, h.db, actor, day, u.ID); err != nil {
		return UnitDetail{}, err
	}
	d.Versions, err = grid.Versions(ctx, h.db, actor, u.Code)
	return d, err
}

// boundaryProperties are what a boundary carries when it leaves alone.
type boundaryProperties struct {
	Code      string    `json:"code"`
	Name      string    `json:"name"`
	Level     string    `json:"level"`
	Parent    string    `json:"parent"`
	ValidFrom grid.Day  `json:"valid_from"`
	ValidTo   *grid.Day `json:"valid_to"`
}

func (h *handler) boundary(ctx context.Context, in *codeInput) (*route.Body[boundaryFeature], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	u, err := grid.ByCode(ctx, h.db, route.Actor(ctx), day, in.Code)
	if err != nil {
		return nil, err
	}
	area, err := grid.Boundary(ctx, h.db, route.Actor(ctx), day, in.Code)
	return route.OK(boundaryFeature{
		Type: "Feature", ID: u.Code, Geometry: route.Geometry{Shape: area.Orb()},
		Properties: boundaryProperties{u.Code, u.Name, u.Level, u.Parent, u.ValidFrom, u.ValidTo},
	}, err)
}

type boundaryFeature = route.Feature[boundaryProperties]
