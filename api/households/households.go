// Package households serves the household ledger: lists, the unplaced ones, and
// what is done by hand.
package households

import (
	"context"
	"strconv"

	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/household"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Household is a dwelling with its place.
type Household struct {
	household.Household
	Point *orb.Point `json:"point" doc:"[lon, lat]; null while it is unplaced"`
	Cell  string     `json:"cell" doc:"H3, resolution 11; empty while it is unplaced"`
}

var (
	errPoint = fault.New(fault.Invalid, "point_missing", "Say where: point, as [lon, lat] in WGS 84.")
	errInto  = fault.New(fault.Invalid, "into_missing", "Say which household it is merged into.")
)

// Mount adds /households.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	op := func(id, summary string) route.Op { return route.Op{ID: id, Summary: summary, Tag: "households"} }
	add := op("add-household", "Add a household by hand").For(staff.Record)
	add.Status = 201
	route.Get(a, "/households", op("list-households", "Households by id").For(staff.Place), h.list)
	route.Post(a, "/households", add, h.add)
	route.Get(a, "/households/{id}", op("get-household", "One household").For(staff.Place), h.get)
	route.Put(a, "/households/{id}", op("edit-household", "Change what is said of a household; its place stays").For(staff.Record), h.edit)
	route.Get(a, "/households/{id}/suggestion", op("suggest-place", "Where an unplaced household may be").For(staff.Place), h.suggest)
	route.Post(a, "/households/matches", op("match-households", "Place every unplaced household whose doorplate is known").For(staff.Record), h.match)
	route.Post(a, "/households/{id}/actions", op("act-on-household", "Place, move, merge, close or reopen a household").For(staff.Record), h.act)
}

type handler struct{ db pg.DB }

func shown(h household.Household, err error) (Household, error) {
	out := Household{Household: h}
	if h.Point != nil {
		at := h.Point.Degrees()
		out.Point = &at
	}
	if h.Cell != nil {
		out.Cell = h.Cell.String()
	}
	return out, err
}

type listInput struct {
	route.Paging
	Unit   string `query:"unit" maxLength:"64" doc:"code: the unit's and all units' below it"`
	Placed string `query:"placed" enum:"true,false"`
	Closed bool   `query:"closed" doc:"closed ones instead of open ones"`
}

func (h handler) list(ctx context.Context, in *listInput) (*route.Body[route.List[Household]], error) {
	f := household.Filter{Unit: in.Unit, Closed: in.Closed, Limit: in.Limit + 1}
	if in.Placed != "" {
		placed := in.Placed == "true"
		f.Placed = &placed
	}
	var err error
	if f.After, err = route.Number(in.Cursor); err != nil {
		return nil, err
	}
	actor := route.Actor(ctx)
	list, err := household.List(ctx, h.db, actor, f)
	if err != nil {
		return nil, err
	}
	total, err := household.Count(ctx, h.db, actor, f)
	if err != nil {
		return nil, err
	}
	if err := audit.Write(ctx, h.db, actor, "list", "household", "", map[string]any{"unit": in.Unit, "shown": min(len(list), in.Limit)}); err != nil {
		return nil, err
	}
	out := make([]Household, len(list))
	for i := range list {
		out[i], _ = shown(list[i], nil)
	}
	page := route.Page(out, in.Limit, func(h Household) string { return strconv.FormatInt(h.ID, 10) })
	page.Total = &total
	return route.OK(page, nil)
}

// Path names one by its id. It is exported because the framework fills in exported
// structs only.
type Path struct {
	ID int64 `path:"id"`
}

func (h handler) get(ctx context.Context, in *Path) (*route.Body[Household], error) {
	one, err := household.Get(ctx, h.db, route.Actor(ctx), in.ID)
	if err == nil { // a precise place: each look is recorded
		err = audit.Write(ctx, h.db, route.Actor(ctx), "look", "household", strconv.FormatInt(in.ID, 10), nil)
	}
	return route.OK(shown(one, err))
}

type addInput struct{ Body NewHousehold }

// NewHousehold is a household to be added by hand.
type NewHousehold struct {
	household.Dwelling
	SourceID string     `json:"source_id,omitempty" maxLength:"200"`
	Point    *orb.Point `json:"point,omitempty" doc:"[lon, lat]"`
}

func (h handler) add(ctx context.Context, in *addInput) (*route.Body[Household], error) {
	var at *geo.Point
	if in.Body.Point != nil {
		place, err := route.Place(*in.Body.Point)
		if err != nil {
			return nil, err
		}
		at = &place
	}
	return route.OK(shown(household.Add(ctx, h.db, route.Actor(ctx), in.Body.SourceID, in.Body.Dwelling, at)))
}

type editInput struct {
	Path
	Body household.Dwelling
}

func (h handler) edit(ctx context.Context, in *editInput) (*route.Body[Household], error) {
	return route.OK(shown(household.Edit(ctx, h.db, route.Actor(ctx), in.ID, in.Body)))
}

// PlaceSuggestion is a place with the confidence of the match.
type PlaceSuggestion struct {
	Point      *orb.Point `json:"point" doc:"null when nothing is known of the address"`
	Confidence float32    `json:"confidence" doc:"0 to 1"`
}

func (h handler) suggest(ctx context.Context, in *Path) (*route.Body[PlaceSuggestion], error) {
	s, ok, err := household.Suggest(ctx, h.db, route.Actor(ctx), in.ID)
	if err != nil || !ok {
		return route.OK(PlaceSuggestion{}, err)
	}
	at := s.Point.Degrees()
	return route.OK(PlaceSuggestion{&at, s.Confidence}, nil)
}

// Matched is how many households were placed by their doorplate.
type Matched struct {
	Placed int `json:"placed"`
}

func (h handler) match(ctx context.Context, _ *struct{}) (*route.Body[Matched], error) {
	placed, err := household.Match(ctx, h.db, route.Actor(ctx))
	return route.OK(Matched{placed}, err)
}

type actInput struct {
	Path
	Body HouseholdAction
}

// HouseholdAction is what is done with a household by hand.
type HouseholdAction struct {
	Do    string     `json:"do" enum:"place,move,merge,close,reopen"`
	Point *orb.Point `json:"point,omitempty" doc:"[lon, lat], to place or move"`
	Into  int64      `json:"into,omitempty" doc:"household that stays, to merge"`
}

func (h handler) act(ctx context.Context, in *actInput) (*route.Body[Household], error) {
	actor := route.Actor(ctx)
	switch in.Body.Do {
	case "place", "move":
		if in.Body.Point == nil {
			return nil, errPoint
		}
		at, err := route.Place(*in.Body.Point)
		if err != nil {
			return nil, err
		}
		return route.OK(shown(household.Move(ctx, h.db, actor, in.ID, at)))
	case "merge":
		if in.Body.Into == 0 {
			return nil, errInto
		}
		return route.OK(shown(household.Merge(ctx, h.db, actor, in.ID, in.Body.Into)))
	case "close":
		return route.OK(shown(household.Close(ctx, h.db, actor, in.ID)))
	}
	return route.OK(shown(household.Reopen(ctx, h.db, actor, in.ID)))
}
