package provider

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"wangge/geo/account"
	"wangge/geo/account/provider/providertest"
)

const callback = "http://localhost:8080/api/v1/session/oidc/callback"

// organisation is a real provider with a way to use it.
type organisation struct{ providertest.Organisation }

func newOrganisation(t *testing.T) organisation {
	t.Helper()
	return organisation{providertest.New(t, callback)}
}

func (o organisation) provider(t *testing.T, clientID string) *Provider {
	t.Helper()
	p, err := New(Config{Issuer: o.Issuer, ClientID: clientID, SecretFile: o.SecretFile})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (o organisation) visit(t *testing.T, to string) Answer {
	t.Helper()
	q := o.Visit(t, to)
	return Answer{State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error")}
}

// round begins and walks through the provider.
func (o organisation) round(t *testing.T, p *Provider) (Attempt, Answer) {
	t.Helper()
	to, a, err := p.Begin(t.Context(), callback, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a, o.visit(t, to)
}

func TestAProviderTellsWhoSomebodyIs(t *testing.T) {
	o := newOrganisation(t)
	p := o.provider(t, providertest.Client)
	to, a, err := p.Begin(t.Context(), callback, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	q, _ := url.Parse(to)
	for _, name := range []string{"state", "nonce", "code_challenge", "redirect_uri", "client_id"} {
		if q.Query().Get(name) == "" {
			t.Errorf("sent without %s: %s", name, to)
		}
	}
	if q.Query().Get("code_challenge_method") != "S256" || strings.Contains(to, a.Verifier) || strings.Contains(to, "hush") {
		t.Errorf("sent with a secret, or without S256: %s", to)
	}
	got, err := p.Finish(t.Context(), callback, ParseAttempt(a.Cookie()), o.visit(t, to), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	want := account.External{Issuer: o.Issuer, Subject: providertest.Subject, Logins: []string{providertest.Login, "test-user@zitadel.ch"}}
	if got.Issuer != want.Issuer || got.Subject != want.Subject || !slices.Equal(got.Logins, want.Logins) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnAnswerMustBelongToTheAttempt(t *testing.T) {
	o := newOrganisation(t)
	p := o.provider(t, providertest.Client)
	now := time.Now()
	for name, tt := range map[string]struct {
		change func(*Attempt, *Answer)
		now    time.Time
		want   error
	}{
		"another state":         {func(_ *Attempt, g *Answer) { g.State = "x" }, now, ErrState},
		"no state":              {func(_ *Attempt, g *Answer) { g.State = "" }, now, ErrState},
		"no attempt":            {func(a *Attempt, _ *Answer) { *a = Attempt{} }, now, ErrState},
		"neither":               {func(a *Attempt, g *Answer) { *a, g.State = Attempt{Until: now.Add(time.Hour)}, "" }, now, ErrState},
		"too late":              {func(*Attempt, *Answer) {}, now.Add(Patience + time.Second), ErrState},
		"the person said no":    {func(_ *Attempt, g *Answer) { g.Error, g.Code = "access_denied", "" }, now, ErrRefused},
		"no code":               {func(_ *Attempt, g *Answer) { g.Code = "" }, now, ErrRefused},
		"a made-up code":        {func(_ *Attempt, g *Answer) { g.Code = "x" }, now, ErrAnswer},
		"another nonce":         {func(a *Attempt, _ *Answer) { a.Nonce = "x" }, now, ErrAnswer},
		"no nonce":              {func(a *Attempt, _ *Answer) { a.Nonce = "" }, now, ErrAnswer},
		"another PKCE verifier": {func(a *Attempt, _ *Answer) { a.Verifier = oauth2.GenerateVerifier() }, now, ErrAnswer},
		"no PKCE verifier":      {func(a *Attempt, _ *Answer) { a.Verifier = "" }, now, ErrAnswer},
		"an expired token":      {func(a *Attempt, _ *Answer) { a.Until = now.Add(100 * time.Hour) }, now.Add(2 * time.Hour), ErrAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			a, got := o.round(t, p)
			tt.change(&a, &got)
			if e, err := p.Finish(t.Context(), callback, a, got, tt.now); !errors.Is(err, tt.want) || e.Subject != "" {
				t.Errorf("%+v, %v; want %v", e, err, tt.want)
			}
		})
	}
}

func TestACodeIsGoodOnce(t *testing.T) {
	o := newOrganisation(t)
	p := o.provider(t, providertest.Client)
	a, got := o.round(t, p)
	if _, err := p.Finish(t.Context(), callback, a, got, time.Now()); err != nil {
		t.Fatal(err)
	}
	if e, err := p.Finish(t.Context(), callback, a, got, time.Now()); !errors.Is(err, ErrAnswer) {
		t.Errorf("replayed: %+v, %v; want %v", e, err, ErrAnswer)
	}
}

func TestACodeOfAnotherClientIsRefused(t *testing.T) {
	o := newOrganisation(t)
	a, got := o.round(t, o.provider(t, providertest.Other))
	if e, err := o.provider(t, providertest.Client).Finish(t.Context(), callback, a, got, time.Now()); !errors.Is(err, ErrAnswer) {
		t.Errorf("%+v, %v; want %v", e, err, ErrAnswer)
	}
}

// token gets a real ID token for a client.
func (o organisation) token(t *testing.T, p *Provider) (found *oidc.Provider, raw, nonce string) {
	t.Helper()
	a, got := o.round(t, p)
	found, err := p.discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tok, err := p.exchange(found, callback).Exchange(t.Context(), got.Code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		t.Fatal(err)
	}
	return found, tok.Extra("id_token").(string), a.Nonce
}

func TestATokenMustBeMadeByThisProviderForUsNow(t *testing.T) {
	o, elsewhere := newOrganisation(t), newOrganisation(t)
	p := o.provider(t, providertest.Client)
	found, good, nonce := o.token(t, p)
	_, others, othersNonce := o.token(t, o.provider(t, providertest.Other))
	_, foreign, foreignNonce := elsewhere.token(t, elsewhere.provider(t, providertest.Client))
	parts := strings.Split(good, ".")
	now := time.Now()
	for name, tt := range map[string]struct {
		raw, nonce string
		now        time.Time
		ok         bool
	}{
		"as it came":            {good, nonce, now, true},
		"another audience":      {others, othersNonce, now, false},
		"another issuer":        {foreign, foreignNonce, now, false},
		"expired":               {good, nonce, now.Add(90 * time.Minute), false},
		"another nonce":         {good, "x", now, false},
		"no nonce was sent":     {good, "", now, false},
		"the signature is gone": {parts[0] + "." + parts[1] + ".", nonce, now, false},
		"the algorithm is none": {"eyJhbGciOiJub25lIn0." + parts[1] + ".", nonce, now, false},
		"the body was changed":  {parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2], nonce, now, false},
		"no token at all":       {"x", nonce, now, false},
	} {
		id, err := p.verify(t.Context(), found, tt.raw, tt.nonce, tt.now)
		if (err == nil) != tt.ok || tt.ok && id.Subject != providertest.Subject {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnIssuerThatCallsItselfOtherwiseIsRefused(t *testing.T) {
	o := newOrganisation(t)
	p, err := New(Config{Issuer: strings.Replace(o.Issuer, "127.0.0.1", "localhost", 1), ClientID: providertest.Client, SecretFile: o.SecretFile})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Begin(t.Context(), callback, time.Now()); !errors.Is(err, ErrAway) {
		t.Errorf("%v, want %v", err, ErrAway)
	}
}

func TestAProviderThatIsAwayIsAskedAgain(t *testing.T) {
	var answer http.Handler = http.NotFoundHandler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer.ServeHTTP(w, r) }))
	defer server.Close()
	p, err := New(Config{Issuer: server.URL, ClientID: providertest.Client})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Begin(t.Context(), callback, time.Now()); !errors.Is(err, ErrAway) {
		t.Errorf("%v, want %v", err, ErrAway)
	}
	answer = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"issuer":"`+server.URL+`","authorization_endpoint":"`+server.URL+`/a","token_endpoint":"`+server.URL+`/t","jwks_uri":"`+server.URL+`/k"}`)
	})
	_, a, err := p.Begin(t.Context(), callback, time.Now())
	if err != nil {
		t.Fatalf("when it is back: %v", err)
	}
	answer = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		for range 40 {
			_, _ = w.Write(make([]byte, 64<<10))
		}
	})
	if _, err := p.Finish(t.Context(), callback, a, Answer{State: a.State, Code: "x"}, time.Now()); !errors.Is(err, ErrAway) {
		t.Errorf("an endless error: %v, want %v", err, ErrAway)
	}
	server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := p.Finish(ctx, callback, a, Answer{State: a.State, Code: "x"}, time.Now()); !errors.Is(err, ErrAway) {
		t.Errorf("gone: %v, want %v", err, ErrAway)
	}
}

func TestConfigurationThatCannotBeSafeIsRefused(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]Config{
		"plain HTTP elsewhere": {Issuer: "http://id.example", ClientID: "x"},
		"no address":           {Issuer: "id.example", ClientID: "x"},
		"nothing":              {ClientID: "x"},
		"another scheme":       {Issuer: "file:///etc/passwd", ClientID: "x"},
		"no client id":         {Issuer: "https://id.example"},
		"a secret that is not": {Issuer: "https://id.example", ClientID: "x", SecretFile: empty},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	p, err := New(Config{Issuer: "https://id.example/realms/town", ClientID: "x"})
	if err != nil || p.Name() != "id.example" {
		t.Errorf("%v, %v", p, err)
	}
}

func FuzzCookiesOfAttemptsNeverOpen(f *testing.F) {
	f.Add(Attempt{State: "a", Nonce: "b", Verifier: "c", Until: time.Now()}.Cookie())
	f.Add("")
	f.Add("e30")
	f.Fuzz(func(t *testing.T, cookie string) {
		a := ParseAttempt(cookie)
		p := &Provider{}
		if _, err := p.Finish(t.Context(), callback, a, Answer{State: a.State}, time.Now()); err == nil {
			t.Fatalf("%q opens without a code", cookie)
		}
	})
}
