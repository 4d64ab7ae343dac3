// Package accounts serves accounts to whoever keeps them, and to everybody their
// own.
package accounts

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"wangge/api/route"
	"wangge/geo/account"
	"wangge/geo/account/provider"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// errNoProvider refuses what needs a provider.
var errNoProvider = fault.New(fault.Conflict, "provider_missing", "No provider is set up here. The operator can do it with WANGGE_OIDC_ISSUER.")

// Config is what keeping accounts needs.
type Config struct {
	DB       pg.DB // of requests
	Engine   pg.DB // changes what proves who somebody is
	Guard    *account.Guard
	Provider *provider.Provider // nil = none
}

// Mount adds /accounts for their keepers and /account for everybody.
func Mount(a route.API, c Config) {
	h := handler{c}
	op := func(id, summary string) route.Op {
		return route.Op{ID: id, Summary: summary, Tag: "accounts"}.For(staff.Post)
	}
	made := func(o route.Op) route.Op { o.Status = http.StatusCreated; return o }
	route.Get(a, "/accounts", op("list-accounts", "Accounts of one's area"), h.list)
	route.Post(a, "/accounts", made(op("make-account", "Make an account, with a one-time link for its password")), h.make)
	route.Get(a, "/accounts/{id}", op("get-account", "One account"), h.get)
	route.Patch(a, "/accounts/{id}", op("change-account", "Change what is known of the person, disable or enable"), h.change)
	route.Post(a, "/accounts/{id}/link", made(op("make-link", "Make a one-time link with which the person sets a password")), h.link)
	route.Post(a, "/accounts/{id}/unlock", op("unlock-account", "Forget failed tries to sign in"), h.unlock)
	route.Delete(a, "/accounts/{id}/totp", op("forget-totp", "Switch two-step sign-in off for somebody who lost phone and codes"), h.forgetTOTP)
	route.Post(a, "/accounts/{id}/external", op("prepare-external", "Let the person sign in with the organisation's provider"), h.prepare)
	route.Delete(a, "/accounts/{id}/external", op("unlink-external", "End that"), h.unlink)
	mountSelf(a, h)
}

type handler struct{ Config }

type filter struct {
	route.Paging
	Text string `query:"text" maxLength:"100" doc:"part of a login"`
}

func (h handler) list(ctx context.Context, in *filter) (*route.Body[route.List[account.Account]], error) {
	after, err := route.Number(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := account.List(ctx, h.DB, h.Guard.Ring(), route.Actor(ctx), account.Filter{Text: in.Text, After: after, Limit: in.Limit + 1})
	return route.OK(route.Page(list, in.Limit, func(a account.Account) string { return strconv.FormatInt(a.ID, 10) }), err)
}

// ByID names an account.
type ByID struct {
	ID int64 `path:"id"`
}

func (h handler) get(ctx context.Context, in *ByID) (*route.Body[account.Account], error) {
	return route.OK(account.Get(ctx, h.DB, h.Guard.Ring(), route.Actor(ctx), in.ID))
}

type newAccount struct {
	Body struct {
		Login string `json:"login" maxLength:"64"`
		Unit  string `json:"unit,omitempty" maxLength:"64" doc:"code; whose administrators keep the account. Empty = one's own area"`
		Name  string `json:"name,omitempty" maxLength:"60"`
		Phone string `json:"phone,omitempty" maxLength:"30"`
	}
}

// NewAccount is an account with its first link.
type NewAccount struct {
	Account account.Account `json:"account"`
	Link    OneTimeLink     `json:"link"`
}

// OneTimeLink is for the person of an account, and nobody else. It is shown once.
type OneTimeLink struct {
	Path  string    `json:"path" doc:"of the page; what stands behind # is in no log"`
	Until time.Time `json:"until"`
}

func (h handler) make(ctx context.Context, in *newAccount) (*route.Body[NewAccount], error) {
	actor := route.Actor(ctx)
	id, err := account.Make(ctx, h.DB, h.Guard.Ring(), actor, in.Body.Login, in.Body.Unit, account.Person{Name: in.Body.Name, Phone: in.Body.Phone})
	if err != nil {
		return nil, err
	}
	link, err := h.newLink(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	a, err := account.Get(ctx, h.DB, h.Guard.Ring(), actor, id)
	return route.OK(NewAccount{a, link}, err)
}

func (h handler) newLink(ctx context.Context, actor staff.Actor, id int64) (OneTimeLink, error) {
	token, until, err := account.Invite(ctx, h.DB, actor, id)
	return OneTimeLink{Path: "/password#" + token, Until: until}, err
}

func (h handler) link(ctx context.Context, in *ByID) (*route.Body[OneTimeLink], error) {
	return route.OK(h.newLink(ctx, route.Actor(ctx), in.ID))
}

type change struct {
	ByID
	Body struct {
		Name     *string `json:"name,omitempty" maxLength:"60"`
		Phone    *string `json:"phone,omitempty" maxLength:"30"`
		Disabled *bool   `json:"disabled,omitempty"`
	}
}

func (h handler) change(ctx context.Context, in *change) (*route.Body[account.Account], error) {
	actor, ring := route.Actor(ctx), h.Guard.Ring()
	a, err := account.Get(ctx, h.DB, ring, actor, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Body.Name != nil || in.Body.Phone != nil {
		person := account.Person{Name: or(in.Body.Name, a.Name), Phone: or(in.Body.Phone, a.Phone)}
		if err := account.Describe(ctx, h.DB, ring, actor, in.ID, person); err != nil {
			return nil, err
		}
	}
	switch {
	case in.Body.Disabled == nil:
	case *in.Body.Disabled:
		err = account.Disable(ctx, h.DB, actor, in.ID)
	default:
		err = account.Enable(ctx, h.DB, actor, in.ID)
	}
	if err != nil {
		return nil, err
	}
	return h.get(ctx, &in.ByID)
}

// or is what was sent, or what stood there.
func or(sent *string, stood string) string {
	if sent != nil {
		return *sent
	}
	return stood
}

func (h handler) unlock(ctx context.Context, in *ByID) (*struct{}, error) {
	return nil, h.Guard.Unlock(ctx, h.Engine, route.Actor(ctx), in.ID)
}

func (h handler) forgetTOTP(ctx context.Context, in *ByID) (*struct{}, error) {
	return nil, h.Guard.ForgetTOTP(ctx, h.Engine, route.Actor(ctx), in.ID)
}

type external struct {
	ByID
	Body struct {
		Subject string `json:"subject,omitempty" maxLength:"255" doc:"the person's id at the provider; without it whoever has the account's login there is linked at the first sign-in, within 30 days"`
	}
}

func (h handler) prepare(ctx context.Context, in *external) (*route.Body[account.Account], error) {
	if h.Provider == nil {
		return nil, errNoProvider
	}
	actor, issuer := route.Actor(ctx), h.Provider.Issuer()
	var err error
	if in.Body.Subject == "" {
		err = account.Prepare(ctx, h.DB, actor, in.ID, issuer)
	} else {
		err = account.Link(ctx, h.DB, actor, in.ID, issuer, in.Body.Subject)
	}
	if err != nil {
		return nil, err
	}
	return h.get(ctx, &in.ByID)
}

func (h handler) unlink(ctx context.Context, in *ByID) (*struct{}, error) {
	if h.Provider == nil {
		return nil, errNoProvider
	}
	return nil, account.Unlink(ctx, h.DB, route.Actor(ctx), in.ID, h.Provider.Issuer())
}
