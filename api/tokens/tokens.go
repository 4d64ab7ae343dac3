// Package tokens serves the keys that people give to programs.
package tokens

import (
	"context"
	"net/http"
	"time"

	"wangge/api/route"
	"wangge/geo/account"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Mount adds /tokens. Whoever asks with a token makes no other: a program that
// leaks its key must not have made it last.
func Mount(a route.API, db, engine pg.DB) {
	h := handler{db, engine}
	route.Get(a, "/tokens", route.Op{ID: "list-tokens", Self: true, Summary: "One's tokens", Tag: "account"}, h.list)
	route.Post(a, "/tokens", route.Op{ID: "make-token", Self: true, Status: http.StatusCreated, Summary: "Make a token; it is shown once", Tag: "account",
		Description: "A token may do at most what the account may, and ends within a year. Programs send it as Authorization: Bearer wg_…"}, h.make)
	route.Delete(a, "/tokens/{id}", route.Op{ID: "revoke-token", Self: true, Summary: "Revoke a token", Tag: "account"}, h.revoke)
}

type handler struct{ db, engine pg.DB }

func (h handler) list(ctx context.Context, _ *struct{}) (*route.Body[route.List[account.Token]], error) {
	list, err := account.Tokens(ctx, h.db, route.Actor(ctx))
	return route.OK(route.Page(list, len(list), func(account.Token) string { return "" }), err)
}

type wish struct {
	route.Visitor
	Body struct {
		Name      string             `json:"name" minLength:"1" maxLength:"80"`
		May       []staff.Permission `json:"may" minItems:"1" maxItems:"20"`
		Unit      string             `json:"unit,omitempty" maxLength:"64" doc:"code; keeps the token to this unit and all below"`
		ExpiresAt time.Time          `json:"expires_at"`
	}
}

// NewToken is a token with its secret.
type NewToken struct {
	account.Token
	Secret string `json:"secret" doc:"is not shown again"`
}

func (h handler) make(ctx context.Context, in *wish) (*route.Body[NewToken], error) {
	actor := route.Actor(ctx)
	if _, err := account.Current(ctx, h.engine, actor, in.Visit().Session); err != nil {
		return nil, err
	}
	token, secret, err := account.MakeToken(ctx, h.engine, actor, account.TokenWish{
		Name: in.Body.Name, May: in.Body.May, Unit: in.Body.Unit, ExpiresAt: in.Body.ExpiresAt})
	return route.OK(NewToken{token, secret}, err)
}

type byID struct {
	ID int64 `path:"id"`
}

func (h handler) revoke(ctx context.Context, in *byID) (*struct{}, error) {
	return nil, account.RevokeToken(ctx, h.db, route.Actor(ctx), in.ID)
}
