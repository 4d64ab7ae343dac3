// Package sessions serves signing in and out: with a password, with a one-time
// link, at an organisation's provider; and the list of one's sessions.
package sessions

import (
	"context"
	"log/slog"

	"github.com/gofiber/fiber/v2"

	"wangge/api/route"
	"wangge/geo/account"
	"wangge/geo/account/provider"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Config is what signing in needs.
type Config struct {
	DB       pg.DB // of requests
	Engine   pg.DB // reads what proves who somebody is
	Guard    *account.Guard
	Provider *provider.Provider // nil = none
	Log      *slog.Logger
}

// Mount adds /session, /sessions and /sign-in; the ways to a provider and back are
// pages, not operations, for a browser goes them.
func Mount(a route.API, pages fiber.Router, c Config) {
	h := handler{c}
	route.Get(a, "/sign-in/options", route.Op{ID: "sign-in-options", Open: true, Summary: "How one can sign in here", Tag: "sign-in"}, h.options)
	route.Post(a, "/session", route.Op{ID: "sign-in", Open: true, Summary: "Sign in", Tag: "sign-in",
		Description: "Sets the session's cookie. totp_needed asks for the code as well; too_many_tries says in Retry-After how long to wait."}, h.signIn)
	route.Get(a, "/session", route.Op{ID: "who-am-i", Self: true, Summary: "Who has signed in, with posts and permissions", Tag: "sign-in"}, h.who)
	route.Delete(a, "/session", route.Op{ID: "sign-out", Open: true, Summary: "Sign out", Tag: "sign-in"}, h.signOut)
	route.Post(a, "/session/first", route.Op{ID: "first-administrator", Open: true, Summary: "Make the first administrator, with the link that wangge up prints", Tag: "sign-in"}, h.first)
	route.Post(a, "/session/link", route.Op{ID: "use-link", Open: true, Summary: "Set a password with a one-time link", Tag: "sign-in",
		Description: "Ends all sessions and tokens of the account. Sign in with the new password afterwards."}, h.link)
	route.Get(a, "/sessions", route.Op{ID: "list-sessions", Self: true, Summary: "One's sessions", Tag: "account"}, h.list)
	route.Delete(a, "/sessions", route.Op{ID: "end-sessions", Self: true, Summary: "End all of one's sessions but this", Tag: "account"}, h.endOthers)
	route.Delete(a, "/sessions/{id}", route.Op{ID: "end-session", Self: true, Summary: "End one of one's sessions", Tag: "account"}, h.end)
	pages.Get(route.Prefix+"/session/oidc/start", h.start)
	pages.Get(callbackPath, h.callback)
}

type handler struct{ Config }

// SignInOptions is how one can sign in.
type SignInOptions struct {
	Password bool            `json:"password"`
	Provider *ExternalSignIn `json:"provider,omitempty" doc:"absent when there is none"`
	Demo     bool            `json:"demo" doc:"there are demo accounts; they sign in from this machine only"`
}

// ExternalSignIn is another way in.
type ExternalSignIn struct {
	Name  string `json:"name"`
	Start string `json:"start" doc:"where to send the browser"`
}

func (h handler) options(ctx context.Context, _ *struct{}) (*route.Body[SignInOptions], error) {
	demo, err := account.HasDemo(ctx, h.Engine)
	o := SignInOptions{Password: true, Demo: demo}
	if h.Provider != nil {
		o.Provider = &ExternalSignIn{Name: h.Provider.Name(), Start: route.Prefix + "/session/oidc/start"}
	}
	return route.OK(o, err)
}

type signIn struct {
	route.Visitor
	Body struct {
		Login    string `json:"login" maxLength:"100"`
		Password string `json:"password" maxLength:"1024"`
		TOTP     string `json:"totp,omitempty" maxLength:"40" doc:"the code that the phone shows, or a recovery code"`
	}
}

func (h handler) signIn(ctx context.Context, in *signIn) (*route.Body[account.Self], error) {
	signed, err := h.Guard.SignIn(ctx, h.Engine, account.Attempt{Login: in.Body.Login, Password: in.Body.Password, Code: in.Body.TOTP, Visit: in.Visit()})
	if err != nil {
		return nil, in.Wait(err)
	}
	in.Keep(signed)
	return h.self(ctx, signed)
}

// self is who has just signed in.
func (h handler) self(ctx context.Context, signed account.Signed) (*route.Body[account.Self], error) {
	actor, err := staff.Load(ctx, h.Engine, signed.Account)
	if err != nil {
		return nil, err
	}
	return route.OK(account.Who(ctx, h.Engine, h.Guard.Ring(), actor, signed.Session))
}

type visitor struct{ route.Visitor }

func (h handler) who(ctx context.Context, in *visitor) (*route.Body[account.Self], error) {
	return route.OK(account.Who(ctx, h.Engine, h.Guard.Ring(), route.Actor(ctx), in.Visit().Session))
}

func (h handler) signOut(ctx context.Context, in *visitor) (*struct{}, error) {
	in.Forget()
	return nil, account.SignOut(ctx, h.Engine, in.Visit().Session)
}

type first struct {
	route.Visitor
	Body struct {
		Token    string `json:"token" maxLength:"100"`
		Login    string `json:"login" maxLength:"100"`
		Password string `json:"password" maxLength:"1024"`
	}
}

func (h handler) first(ctx context.Context, in *first) (*route.Body[account.Self], error) {
	signed, err := h.Guard.First(ctx, h.Engine, in.Body.Token, in.Body.Login, in.Body.Password, in.Visit())
	if err != nil {
		return nil, err
	}
	in.Keep(signed)
	return h.self(ctx, signed)
}

type link struct {
	route.Visitor
	Body struct {
		Token    string `json:"token" maxLength:"100"`
		Password string `json:"password" maxLength:"1024"`
	}
}

// LinkUsed says whose password was set.
type LinkUsed struct {
	Login string `json:"login"`
}

func (h handler) link(ctx context.Context, in *link) (*route.Body[LinkUsed], error) {
	login, device, err := h.Guard.SetByLink(ctx, h.Engine, in.Body.Token, in.Body.Password, in.Visit())
	if err != nil {
		return nil, err
	}
	in.KeepDevice(device)
	return &route.Body[LinkUsed]{Body: LinkUsed{login}}, nil
}

// Listed is a session in the list of one's own.
type Listed struct {
	account.Session
	Current bool `json:"current" doc:"the one that asks"`
}

func (h handler) list(ctx context.Context, in *visitor) (*route.Body[route.List[Listed]], error) {
	actor := route.Actor(ctx)
	current, err := account.Current(ctx, h.Engine, actor, in.Visit().Session)
	if err != nil {
		return nil, err
	}
	sessions, err := account.Sessions(ctx, h.DB, actor)
	list := route.List[Listed]{Items: make([]Listed, len(sessions))}
	for i, s := range sessions {
		list.Items[i] = Listed{s, s.ID == current.ID}
	}
	return route.OK(list, err)
}

func (h handler) endOthers(ctx context.Context, in *visitor) (*struct{}, error) {
	actor := route.Actor(ctx)
	current, err := account.Current(ctx, h.Engine, actor, in.Visit().Session)
	if err != nil {
		return nil, err
	}
	return nil, account.EndSessions(ctx, h.DB, actor, current.ID)
}

type byID struct {
	route.Visitor
	ID int64 `path:"id"`
}

func (h handler) end(ctx context.Context, in *byID) (*struct{}, error) {
	actor := route.Actor(ctx)
	if _, err := account.Current(ctx, h.Engine, actor, in.Visit().Session); err != nil {
		return nil, err
	}
	return nil, account.EndSession(ctx, h.DB, actor, in.ID)
}
