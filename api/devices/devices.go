// Package devices serves the browsers on which officers use their page: the list of one's
// own, and what is done about a lost one.
package devices

import (
	"context"
	"time"

	"github.com/google/uuid"

	"wangge/api/route"
	"wangge/geo/account"
	"wangge/geo/device"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /devices, and /accounts/{id}/devices for who keeps accounts.
func Mount(a route.API, db, engine pg.DB) {
	h := handler{db, engine}
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "devices", Self: true}
	}
	route.Get(a, "/devices", op("list-devices", "One's devices, by day and without places"), h.list)
	route.Put(a, "/devices/{device}", op("use-device", "Say that the officer's page is used on a device"), h.use)
	route.Post(a, "/devices/{device}/revoke", op("revoke-device", "Report a device of one's own as lost: at its next contact it deletes everything of the account"), h.revoke)
	route.Get(a, "/devices/{device}/state", route.Op{ID: "get-device-state", Open: true, Summary: "Whether a device was reported as lost", Tag: "devices",
		Description: "For the device itself, whose sign-in may have ended: it knows its name, which nobody can guess. Nothing else is told, and of unknown ones no."}, h.state)
	route.Post(a, "/devices/{device}/wiped", route.Op{ID: "wiped-device", Open: true, Summary: "Say that a lost device has deleted everything", Tag: "devices"}, h.wiped)
	keeper := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "devices"}.For(staff.Post)
	}
	route.Get(a, "/accounts/{id}/devices", keeper("list-account-devices", "The devices of an account"), h.listOf)
	route.Post(a, "/accounts/{id}/devices/{device}/revoke", keeper("revoke-account-device", "Report a device of an account as lost"), h.revokeOf)
}

type handler struct{ db, engine pg.DB }

// Named names a device.
type Named struct {
	Device string `path:"device" format:"uuid"`
}

func (n Named) id() (uuid.UUID, error) {
	id, err := uuid.Parse(n.Device)
	if err != nil {
		return uuid.Nil, device.ErrUnknown
	}
	return id, nil
}

// Keeper names an account.
type Keeper struct {
	ID int64 `path:"id"`
}

func listed(list []device.Device, err error) (*route.Body[route.List[device.Device]], error) {
	return route.OK(route.Page(list, len(list), func(device.Device) string { return "" }), err)
}

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[device.Device]], error) {
	return listed(device.Of(ctx, h.db, route.Actor(ctx).Account))
}

type use struct {
	route.Visitor
	Named
}

func (h handler) use(ctx context.Context, in *use) (*struct{}, error) {
	actor := route.Actor(ctx)
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	session, err := account.Current(ctx, h.engine, actor, in.Visit().Session)
	if err != nil {
		return nil, err
	}
	return nil, device.Seen(ctx, h.engine, actor, id, session.Agent, session.ID, time.Now())
}

func (h handler) revoke(ctx context.Context, in *Named) (*struct{}, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	actor := route.Actor(ctx)
	return nil, device.Revoke(ctx, h.engine, actor, actor.Account, id)
}

type asked struct {
	Named
	Account int64 `query:"account" required:"true" doc:"whose it is"`
}

// State is all that a device may know of itself without a sign-in.
type State struct {
	Revoked bool `json:"revoked"`
}

func (h handler) state(ctx context.Context, in *asked) (*route.Body[State], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	revoked, err := device.Revoked(ctx, h.engine, in.Account, id)
	return route.OK(State{revoked}, err)
}

func (h handler) wiped(ctx context.Context, in *asked) (*struct{}, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, device.Wiped(ctx, h.engine, in.Account, id)
}

func (h handler) listOf(ctx context.Context, in *Keeper) (*route.Body[route.List[device.Device]], error) {
	if err := account.Keeps(ctx, h.engine, route.Actor(ctx), in.ID); err != nil {
		return nil, err
	}
	return listed(device.Of(ctx, h.engine, in.ID))
}

type ofAccount struct {
	Keeper
	Named
}

func (h handler) revokeOf(ctx context.Context, in *ofAccount) (*struct{}, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	actor := route.Actor(ctx)
	if err := account.Keeps(ctx, h.engine, actor, in.ID); err != nil {
		return nil, err
	}
	return nil, device.Revoke(ctx, h.engine, actor, in.ID, id)
}
