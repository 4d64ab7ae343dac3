// Package provider speaks OpenID Connect with an organisation's own sign-in, as
// its client: the authorisation code flow with PKCE, a state and a nonce
// (OpenID Connect Core 1.0, RFC 7636, RFC 9700). It finds out who somebody is and
// keeps nothing; what an account may do is no matter of the provider's.
package provider

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"wangge/geo/account"
	"wangge/geo/fault"
)

// Faults of signing in at a provider. What went wrong in detail is in the log.
var (
	ErrAway    = fault.New(fault.Unavailable, "provider_away", "The sign-in of your organisation does not answer. Try again later, or sign in with a password.")
	ErrState   = fault.New(fault.Forbidden, "provider_state", "This sign-in was not begun in this browser, or too long ago. Begin again.")
	ErrRefused = fault.New(fault.Forbidden, "provider_refused", "The sign-in of your organisation did not let you in.")
	ErrAnswer  = fault.New(fault.Forbidden, "provider_answer", "The sign-in of your organisation gave an answer that cannot be trusted. Begin again; if it stays so, tell your administrator.")
)

// Config is what an operator says about the provider.
type Config struct {
	Issuer   string // https://…; plain HTTP only on this machine
	ClientID string
	// SecretFile holds the client's secret: a file, for flags and variables are seen
	// by other programs. "" for a public client.
	SecretFile string
	Name       string // as people call it; "" = the issuer's host
}

// Provider is a provider in use.
type Provider struct {
	config Config
	secret string
	client *http.Client

	mu    sync.Mutex
	found *oidc.Provider
}

// patience is how long one answer of the provider may take.
const patience = 10 * time.Second

// maxAnswer is more than any answer of a provider has, in bytes.
const maxAnswer = 1 << 20

// New checks the configuration and reads the secret. The provider is asked when
// somebody first signs in: it may be away while we start.
func New(c Config) (*Provider, error) {
	issuer, err := url.Parse(c.Issuer)
	if err != nil || issuer.Host == "" || issuer.Scheme != "https" && !(issuer.Scheme == "http" && loopback(issuer.Hostname())) {
		return nil, fmt.Errorf("OpenID Connect issuer %q: give its address as it stands in its discovery document, beginning with https://", c.Issuer)
	}
	if c.ClientID == "" {
		return nil, errors.New("OpenID Connect: the client id is missing; the provider gives one to every program that uses it")
	}
	if c.Name == "" {
		c.Name = issuer.Hostname()
	}
	p := &Provider{config: c, client: &http.Client{Timeout: patience, Transport: bounded{http.DefaultTransport}}}
	if c.SecretFile != "" {
		text, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("OpenID Connect secret: %w", err)
		}
		p.secret = strings.TrimSpace(string(text))
	}
	return p, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// bounded cuts off answers that are far too long.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, maxAnswer)
	}
	return res, err
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.config.Name }

// Issuer is the provider's own name, under which accounts are linked.
func (p *Provider) Issuer() string { return p.config.Issuer }

// discover reads the provider's addresses once; a failure is tried again by the next.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The provider keeps the client of this context for fetching keys later.
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.config.Issuer)
	if err != nil {
		return nil, ErrAway.Because(err)
	}
	p.found = found
	return found, nil
}

func (p *Provider) exchange(found *oidc.Provider, callback string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.config.ClientID, ClientSecret: p.secret, Endpoint: found.Endpoint(),
		RedirectURL: callback, Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
}

// Attempt is a sign-in that has begun. The browser keeps it in a cookie that no
// script reads: only the browser that begins can end it.
type Attempt struct {
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"`
	Until    time.Time `json:"u"`
}

// Patience is how long somebody may take at the provider.
const Patience = 10 * time.Minute

// Begin returns where to send the browser. callback is the address of ours to
// which the provider sends it back.
func (p *Provider) Begin(ctx context.Context, callback string, now time.Time) (to string, a Attempt, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", Attempt{}, err
	}
	a = Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Until: now.Add(Patience)}
	return p.exchange(found, callback).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), a, nil
}

// Cookie is an attempt as the browser keeps it.
func (a Attempt) Cookie() string {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // texts and a time are JSON
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// ParseAttempt reads a cookie. What is none is an attempt that fails.
func ParseAttempt(cookie string) (a Attempt) {
	text, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || json.Unmarshal(text, &a) != nil {
		return Attempt{}
	}
	return a
}

// Answer is what the provider sends back with the browser.
type Answer struct {
	State string
	Code  string
	Error string // instead of a code
}

// Finish returns who has signed in, or the fault of an answer that does not
// belong to the attempt, is no longer good or was not made for us.
func (p *Provider) Finish(ctx context.Context, callback string, a Attempt, got Answer, now time.Time) (account.External, error) {
	if a.State == "" || subtle.ConstantTimeCompare([]byte(a.State), []byte(got.State)) != 1 || !now.Before(a.Until) {
		return account.External{}, ErrState
	}
	if got.Error != "" || got.Code == "" {
		return account.External{}, ErrRefused
	}
	found, err := p.discover(ctx)
	if err != nil {
		return account.External{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.exchange(found, callback).Exchange(ctx, got.Code, oauth2.VerifierOption(a.Verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError {
		return account.External{}, ErrAnswer.Because(fmt.Errorf("exchange the code: %s", refused.ErrorCode))
	}
	if err != nil {
		return account.External{}, ErrAway.Because(errors.New("exchange the code: no answer"))
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return account.External{}, ErrAnswer.Because(errors.New("no ID token"))
	}
	id, err := p.verify(ctx, found, raw, a.Nonce, now)
	if err != nil {
		return account.External{}, ErrAnswer.Because(err)
	}
	return account.External{Issuer: id.Issuer, Subject: id.Subject, Logins: logins(ctx, found, id, token)}, nil
}

// verify checks an ID token: signature, issuer, audience, times and nonce.
func (p *Provider) verify(ctx context.Context, found *oidc.Provider, raw, nonce string, now time.Time) (*oidc.IDToken, error) {
	verifier := found.VerifierContext(ctx, &oidc.Config{ClientID: p.config.ClientID, Now: func() time.Time { return now }})
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if nonce == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return nil, errors.New("another nonce")
	}
	var claims struct {
		Party string `json:"azp"`
	}
	if err := id.Claims(&claims); err != nil {
		return nil, errors.New("claims of another kind")
	}
	if claims.Party != "" && claims.Party != p.config.ClientID || claims.Party == "" && len(id.Audience) > 1 {
		return nil, errors.New("made for another party")
	}
	return id, nil
}

// person is what a provider tells about somebody, of which we want only the names
// that can be a login.
type person struct {
	User     string `json:"preferred_username"`
	Mail     string `json:"email"`
	Verified any    `json:"email_verified"` // some write "true"
}

// logins are the names that the provider vouches for. They stand in the ID token
// or, as the standard prefers (Core 5.4), at the userinfo endpoint. Without any,
// somebody who was linked before can still sign in.
func logins(ctx context.Context, found *oidc.Provider, id *oidc.IDToken, token *oauth2.Token) (names []string) {
	var who person
	_ = id.Claims(&who)
	if who.User == "" && who.Mail == "" {
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil || info.Subject != id.Subject {
			return nil
		}
		_ = info.Claims(&who)
	}
	if who.User != "" {
		names = append(names, who.User)
	}
	if who.Mail != "" && (who.Verified == true || who.Verified == "true") {
		names = append(names, who.Mail)
	}
	return names
}
