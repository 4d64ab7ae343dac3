// Package consents serves what the account that asks has consented to. Taking a
// consent back is one request, as giving it is.
package consents

import (
	"context"

	"wangge/api/route"
	"wangge/geo/pg"
	"wangge/geo/privacy"
)

// Mount adds /consents.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	self := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "privacy", Self: true}
	}
	route.Get(a, "/consents", self("list-consents", "My consents, newest first, withdrawn ones too"), h.list)
	route.Put(a, "/consents/{notice}", self("give-consent", "Consent to the version of a notice that I was shown"), h.give)
	route.Delete(a, "/consents/{notice}", self("withdraw-consent", "Take my consent back"), h.withdraw)
}

type handler struct{ db pg.DB }

// Path names a notice. It is exported because the framework fills in exported
// structs only.
type Path struct {
	Notice string `path:"notice" enum:"staff-tracking"`
}

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[privacy.Consent]], error) {
	list, err := privacy.Consents(ctx, h.db, privacy.Whose{Kind: "account", ID: route.Actor(ctx).Account})
	return route.OK(route.Page(list, len(list), nil), err)
}

// Shown is the version of the notice that was shown.
type Shown struct {
	Version int `json:"version"`
}

type giveInput struct {
	Path
	Body Shown
}

func (h handler) give(ctx context.Context, in *giveInput) (*route.Body[route.List[privacy.Consent]], error) {
	if err := privacy.AgreeSelf(ctx, h.db, route.Actor(ctx), in.Notice, in.Body.Version); err != nil {
		return nil, err
	}
	return h.list(ctx, nil)
}

func (h handler) withdraw(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, privacy.WithdrawSelf(ctx, h.db, route.Actor(ctx), in.Notice)
}
