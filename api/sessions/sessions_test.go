package sessions_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pquerna/otp/totp"

	"wangge/api/accounts"
	"wangge/api/route"
	"wangge/api/sessions"
	"wangge/api/tokens"
	"wangge/geo/account"
	"wangge/geo/account/provider"
	"wangge/geo/account/provider/providertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const strong = "correct staple of horses"

// server is the resources about signing in, in process.
type server struct {
	t      testing.TB
	app    *fiber.App
	owner  *pgxpool.Pool
	engine *pgxpool.Pool
	guard  *account.Guard
	log    bytes.Buffer
	tls    bool
	from   string // address of whoever calls
}

func newServer(t testing.TB, p *provider.Provider) *server {
	t.Helper()
	s := &server{t: t, owner: pgtest.Database(t), from: "192.0.2.7"}
	dsn := s.owner.Config().ConnString()
	s.engine = pgtest.As(t, dsn, pg.RoleEngine)
	db := pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))
	ring, err := vault.OpenRing(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	if s.guard, err = account.NewGuard(ring); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	route.UseProblems()
	s.app = fiber.New(fiber.Config{Immutable: true, ErrorHandler: func(c *fiber.Ctx, err error) error {
		return c.Status(route.Of(err).Status).JSON(route.Of(err))
	}})
	s.app.Use(func(c *fiber.Ctx) error {
		c.SetUserContext(route.WithReach(c.UserContext(), route.Reach{TLS: s.tls, Client: netip.MustParseAddr(s.from)}))
		bearer := strings.TrimPrefix(c.Get("Authorization"), "Bearer ")
		if actor, err := (&account.Identifier{DB: s.engine}).Identify(c.UserContext(), route.SessionCookie.Read(c), bearer); err == nil {
			c.SetUserContext(route.WithActor(c.UserContext(), actor))
		}
		return c.Next()
	})
	config := huma.DefaultConfig("test", "0")
	config.CreateHooks = nil
	a := route.API{API: humafiber.NewWithGroup(s.app, s.app.Group(route.Prefix), config), Log: log, Rules: map[string]route.Op{}}
	sessions.Mount(a, s.app, sessions.Config{DB: db, Engine: s.engine, Guard: s.guard, Provider: p, Log: log})
	accounts.Mount(a, accounts.Config{DB: db, Engine: s.engine, Guard: s.guard, Provider: p})
	tokens.Mount(a, db, s.engine)
	return s
}

// browser keeps cookies as a browser does.
type browser struct {
	*server
	cookies map[string]string
	bearer  string
}

func (s *server) browser() *browser { return &browser{server: s, cookies: map[string]string{}} }

type answer struct {
	*http.Response
	body map[string]any
}

func (b *browser) call(method, path string, body any) answer {
	b.t.Helper()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			b.t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	r := httptest.NewRequest(method, path, content)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if b.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+b.bearer)
	}
	res, err := b.app.Test(r, 60_000)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		if c.Value == "" || !c.Expires.IsZero() && c.Expires.Before(time.Now()) {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	got := answer{Response: res}
	text, _ := io.ReadAll(res.Body)
	_ = json.Unmarshal(text, &got.body)
	if got.body == nil {
		got.body = map[string]any{"text": string(text)}
	}
	return got
}

// want calls the API and compares the status, and the code of a problem.
func (b *browser) want(status int, code, method, path string, body any) answer {
	b.t.Helper()
	got := b.call(method, route.Prefix+path, body)
	if gotCode, _ := got.body["code"].(string); got.StatusCode != status || status >= 400 && gotCode != code {
		b.t.Fatalf("%s %s = %d %s, want %d %s: %v", method, path, got.StatusCode, gotCode, status, code, got.body)
	}
	return got
}

type m = map[string]any

// user makes an account that may do everything, or nothing.
func (s *server) user(login string, administrator bool) int64 {
	s.t.Helper()
	id, err := s.guard.MakeWithPassword(s.t.Context(), s.engine, staff.Local, login, strong, administrator)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// signedIn is a browser in which somebody has signed in.
func (s *server) signedIn(login string) *browser {
	s.t.Helper()
	b := s.browser()
	b.want(200, "", "POST", "/session", m{"login": login, "password": strong})
	return b
}

func TestSigningInAndOut(t *testing.T) {
	s := newServer(t, nil)
	s.user("li.na", false)
	b := s.browser()
	b.want(401, "signed_out", "GET", "/session", nil)
	b.want(401, "sign_in_refused", "POST", "/session", m{"login": "li.na", "password": "wrong"})
	if len(b.cookies) != 0 {
		t.Errorf("a refusal set cookies: %v", b.cookies)
	}
	got := b.want(200, "", "POST", "/session", m{"login": "Li.Na", "password": strong})
	if got.body["login"] != "li.na" || got.body["session"] == nil {
		t.Errorf("signed in as %v", got.body)
	}
	for _, c := range got.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %s: %s", c.Name, c)
		}
	}
	old := b.cookies["wangge_session"]
	b.want(200, "", "GET", "/session", nil)
	b.want(200, "", "POST", "/session", m{"login": "li.na", "password": strong})
	if b.cookies["wangge_session"] == old {
		t.Error("signing in kept the session's token")
	}
	b.want(204, "", "DELETE", "/session", nil)
	if b.cookies["wangge_session"] != "" || b.cookies["wangge_device"] == "" {
		t.Errorf("after signing out the browser keeps %v", b.cookies)
	}
	b.want(401, "signed_out", "GET", "/session", nil)
	b.want(204, "", "DELETE", "/session", nil) // twice is no error
	b.cookies["wangge_session"] = old
	b.want(401, "signed_out", "GET", "/session", nil)
}

func TestCookiesAreBoundToTheHostOverTLS(t *testing.T) {
	s := newServer(t, nil)
	s.user("li.na", false)
	s.tls = true
	b := s.browser()
	got := b.want(200, "", "POST", "/session", m{"login": "li.na", "password": strong})
	var names []string
	for _, c := range got.Cookies() {
		names = append(names, c.Name)
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" {
			t.Errorf("cookie %s", c)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"__Host-wangge", "__Host-wangge-device"}) {
		t.Errorf("cookies %v", names)
	}
	b.want(200, "", "GET", "/session", nil)
}

func TestTooManyTriesSayHowLongToWait(t *testing.T) {
	s := newServer(t, nil)
	s.user("li.na", false)
	b := s.browser()
	for range 5 {
		b.want(401, "sign_in_refused", "POST", "/session", m{"login": "li.na", "password": "wrong"})
	}
	got := b.want(429, "too_many_tries", "POST", "/session", m{"login": "li.na", "password": strong})
	if got.Header.Get("Retry-After") != "1" || !strings.Contains(got.body["detail"].(string), "1s") {
		t.Errorf("Retry-After %q, %v", got.Header.Get("Retry-After"), got.body)
	}
}

func TestDemoAccountsSignInFromThisMachineOnly(t *testing.T) {
	s := newServer(t, nil)
	id := s.user("demo-x", false)
	if _, err := s.owner.Exec(t.Context(), `UPDATE account SET demo = true WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	body := m{"login": "demo-x", "password": strong}
	s.browser().want(401, "sign_in_refused", "POST", "/session", body)
	s.from = "127.0.0.1"
	b := s.browser()
	if got := b.want(200, "", "POST", "/session", body); got.body["demo"] != true {
		t.Errorf("%v", got.body)
	}
	r := httptest.NewRequest("POST", route.Prefix+"/session", strings.NewReader(`{"login":"demo-x","password":"`+strong+`"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	if res, err := s.app.Test(r, 60_000); err != nil || res.StatusCode != 401 {
		t.Errorf("through a proxy on this machine: %v, %v", res, err)
	}
	if got := b.want(200, "", "GET", "/sign-in/options", nil); got.body["demo"] != true || got.body["password"] != true || got.body["provider"] != nil {
		t.Errorf("options %v", got.body)
	}
}

func TestOnesSessionsAreListedAndEnded(t *testing.T) {
	s := newServer(t, nil)
	s.user("li.na", false)
	s.user("wang.wei", false)
	mine, away, other := s.signedIn("li.na"), s.signedIn("li.na"), s.signedIn("wang.wei")
	items := mine.want(200, "", "GET", "/sessions", nil).body["items"].([]any)
	if len(items) != 2 {
		t.Fatalf("sessions %v", items)
	}
	var theirs, ours any
	for _, i := range items {
		item := i.(m)
		if item["current"] == true {
			ours = item["id"]
		} else {
			theirs = item["id"]
		}
		if item["agent"] != "Firefox, Linux" {
			t.Errorf("session %v", item)
		}
	}
	path := func(id any) string { text, _ := json.Marshal(id); return "/sessions/" + string(text) }
	other.want(404, "session_unknown", "DELETE", path(ours), nil)
	mine.want(204, "", "DELETE", path(theirs), nil)
	away.want(401, "signed_out", "GET", "/session", nil)
	third := s.signedIn("li.na")
	mine.want(204, "", "DELETE", "/sessions", nil)
	third.want(401, "signed_out", "GET", "/session", nil)
	mine.want(200, "", "GET", "/session", nil)
	other.want(200, "", "GET", "/session", nil)
}

func TestTheFirstAdministratorComesByALink(t *testing.T) {
	s := newServer(t, nil)
	token, err := account.FirstLink(t.Context(), s.engine)
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.want(404, "link_unknown", "POST", "/session/first", m{"token": "x", "login": "admin", "password": strong})
	b.want(422, "password_short", "POST", "/session/first", m{"token": token, "login": "boss", "password": "short"})
	got := b.want(200, "", "POST", "/session/first", m{"token": token, "login": "boss", "password": strong})
	if posts := got.body["posts"].([]any); len(posts) != 1 || posts[0].(m)["kind"] != "administrator" || posts[0].(m)["unit"] != "" {
		t.Errorf("posts %v", got.body["posts"])
	}
	b.want(200, "", "GET", "/accounts", nil)
	s.browser().want(404, "link_unknown", "POST", "/session/first", m{"token": token, "login": "again", "password": strong})
}

func TestAnAdministratorKeepsAccounts(t *testing.T) {
	s := newServer(t, nil)
	s.user("boss", true)
	s.user("li.na", false)
	boss := s.signedIn("boss")
	s.signedIn("li.na").want(403, "forbidden", "GET", "/accounts", nil)
	s.browser().want(401, "signed_out", "GET", "/accounts", nil)

	made := boss.want(201, "", "POST", "/accounts", m{"login": "new", "name": "王伟", "phone": "13800000002"}).body
	one := made["account"].(m)
	path := func(sub string) string { text, _ := json.Marshal(one["id"]); return "/accounts/" + string(text) + sub }
	if one["login"] != "new" || one["name"] != "王伟" || one["state"] != "invited" {
		t.Errorf("made %v", one)
	}
	link, _ := strings.CutPrefix(made["link"].(m)["path"].(string), "/password#")
	b := s.browser()
	b.want(422, "password_common", "POST", "/session/link", m{"token": link, "password": "password123"})
	if got := b.want(200, "", "POST", "/session/link", m{"token": link, "password": strong}); got.body["login"] != "new" {
		t.Errorf("link of %v", got.body)
	}
	b.want(404, "link_unknown", "POST", "/session/link", m{"token": link, "password": strong})
	b.want(200, "", "POST", "/session", m{"login": "new", "password": strong})

	if got := boss.want(200, "", "PATCH", path(""), m{"phone": "13800000003"}); got.body["name"] != "王伟" || got.body["phone"] != "13800000003" {
		t.Errorf("changed %v", got.body)
	}
	boss.want(200, "", "PATCH", path(""), m{"disabled": true})
	b.want(401, "signed_out", "GET", "/session", nil)
	b.want(403, "account_disabled", "POST", "/session", m{"login": "new", "password": strong})
	boss.want(200, "", "PATCH", path(""), m{"disabled": false})
	for range 5 {
		s.browser().want(401, "sign_in_refused", "POST", "/session", m{"login": "new", "password": "wrong"})
	}
	s.browser().want(429, "too_many_tries", "POST", "/session", m{"login": "new", "password": strong})
	boss.want(204, "", "POST", path("/unlock"), nil)
	s.browser().want(200, "", "POST", "/session", m{"login": "new", "password": strong})
	boss.want(201, "", "POST", path("/link"), nil)
	boss.want(204, "", "DELETE", path("/totp"), nil)
	boss.want(409, "provider_missing", "POST", path("/external"), m{})
	boss.want(404, "account_unknown", "GET", "/accounts/999999", nil)
	boss.want(409, "login_taken", "POST", "/accounts", m{"login": "new"})
	if list := boss.want(200, "", "GET", "/accounts?limit=2", nil).body; len(list["items"].([]any)) != 2 || list["next"] == nil {
		t.Errorf("a page of accounts %v", list)
	}
	for _, secret := range []string{"13800000002", "13800000003", "王伟", link, strong} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestOnesOwnAccount(t *testing.T) {
	s := newServer(t, nil)
	s.user("li.na", false)
	b, away := s.signedIn("li.na"), s.signedIn("li.na")
	b.want(204, "", "PATCH", "/account", m{"name": "李娜", "phone": ""})
	if got := b.want(200, "", "GET", "/session", nil); got.body["name"] != "李娜" {
		t.Errorf("%v", got.body)
	}
	b.want(422, "password_wrong", "POST", "/account/password", m{"present": "x", "chosen": "seven boats over a hill"})
	b.want(204, "", "POST", "/account/password", m{"present": strong, "chosen": "seven boats over a hill"})
	b.want(200, "", "GET", "/session", nil)
	away.want(401, "signed_out", "GET", "/session", nil)

	e := b.want(200, "", "POST", "/account/totp", m{"password": "seven boats over a hill"}).body
	code, err := totp.GenerateCode(e["secret"].(string), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.want(401, "totp_wrong", "POST", "/account/totp/confirm", m{"code": "000000"})
	codes := b.want(200, "", "POST", "/account/totp/confirm", m{"code": code}).body["codes"].([]any)
	phone := s.browser()
	phone.want(401, "totp_needed", "POST", "/session", m{"login": "li.na", "password": "seven boats over a hill"})
	phone.want(401, "totp_wrong", "POST", "/session", m{"login": "li.na", "password": "seven boats over a hill", "totp": code})
	phone.want(200, "", "POST", "/session", m{"login": "li.na", "password": "seven boats over a hill", "totp": codes[0]})
	b.want(200, "", "POST", "/account/totp/recovery", m{"password": "seven boats over a hill"})
	b.want(204, "", "POST", "/account/totp/remove", m{"password": "seven boats over a hill"})
	s.browser().want(200, "", "POST", "/session", m{"login": "li.na", "password": "seven boats over a hill"})
}

func TestTokensAreForProgramsAndMakeNoOthers(t *testing.T) {
	s := newServer(t, nil)
	s.user("boss", true)
	boss := s.signedIn("boss")
	wish := m{"name": "monitor", "may": []string{"post"}, "expires_at": time.Now().Add(24 * time.Hour)}
	boss.want(422, "token_permissions", "POST", "/tokens", m{"name": "x", "may": []string{"place"}, "expires_at": time.Now().Add(time.Hour)})
	boss.want(422, "token_expiry", "POST", "/tokens", m{"name": "x", "may": []string{"post"}, "expires_at": time.Now().Add(400 * 24 * time.Hour)})
	made := boss.want(201, "", "POST", "/tokens", wish).body
	program := s.browser()
	program.bearer = made["secret"].(string)
	program.want(200, "", "GET", "/accounts", nil)
	if got := program.want(200, "", "GET", "/session", nil); got.body["session"] != nil || len(got.body["permissions"].([]any)) != 1 {
		t.Errorf("who a token is: %v", got.body)
	}
	for _, path := range []string{"/tokens", "/account/password", "/account/totp", "/account/totp/confirm", "/account/totp/remove"} {
		body := map[string]any{"/tokens": wish, "/account/password": m{"present": strong, "chosen": "seven boats over a hill"}, "/account/totp/confirm": m{"code": "1"}}[path]
		if body == nil {
			body = m{"password": strong}
		}
		program.want(403, "session_needed", "POST", path, body)
	}
	program.want(403, "session_needed", "GET", "/sessions", nil)
	program.want(403, "session_needed", "DELETE", "/sessions", nil)
	list := boss.want(200, "", "GET", "/tokens", nil).body["items"].([]any)
	if len(list) != 1 || list[0].(m)["secret"] != nil || list[0].(m)["used_at"] == nil {
		t.Errorf("tokens %v", list)
	}
	id, _ := json.Marshal(made["id"])
	boss.want(204, "", "DELETE", "/tokens/"+string(id), nil)
	program.want(401, "signed_out", "GET", "/accounts", nil)
}

// TestTheWayToAProviderAndBack walks the cookies; the provider itself is tried in
// its own package.
func TestTheWayToAProviderAndBack(t *testing.T) {
	var issuer string
	org := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"issuer":"`+issuer+`","authorization_endpoint":"`+issuer+`/a","token_endpoint":"`+issuer+`/t","jwks_uri":"`+issuer+`/k"}`)
	}))
	defer org.Close()
	issuer = org.URL
	p, err := provider.New(provider.Config{Issuer: issuer, ClientID: "wangge", Name: "Town Hall"})
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, p)
	b := s.browser()
	options := b.want(200, "", "GET", "/sign-in/options", nil).body["provider"].(m)
	if options["name"] != "Town Hall" {
		t.Errorf("options %v", options)
	}
	got := b.call("GET", options["start"].(string), nil)
	to := got.Header.Get("Location")
	if got.StatusCode != 303 || !strings.HasPrefix(to, issuer+"/a?") || b.cookies["wangge_attempt"] == "" {
		t.Fatalf("%d to %s with %v", got.StatusCode, to, b.cookies)
	}
	if c := got.Cookies()[0]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %s", c)
	}
	got = b.call("GET", route.Prefix+"/session/oidc/callback?code=x&state=another&session_state=y", nil)
	if got.StatusCode != 303 || got.Header.Get("Location") != "/sign-in#problem=provider_state" || b.cookies["wangge_attempt"] != "" || b.cookies["wangge_session"] != "" {
		t.Errorf("another state: %d to %s with %v", got.StatusCode, got.Header.Get("Location"), b.cookies)
	}
	if got := newServer(t, nil).browser().call("GET", route.Prefix+"/session/oidc/start", nil); got.StatusCode != 404 {
		t.Errorf("without a provider: %d", got.StatusCode)
	}
}

// The whole way, with a real provider: to it, back, and in.
func TestWhoTheProviderVouchesForSignsIn(t *testing.T) {
	org := providertest.New(t, "http://example.com"+route.Prefix+"/session/oidc/callback")
	p, err := provider.New(provider.Config{Issuer: org.Issuer, ClientID: providertest.Client, SecretFile: org.SecretFile})
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, p)
	s.user("boss", true)
	boss := s.signedIn("boss")
	made := boss.want(201, "", "POST", "/accounts", m{"login": providertest.Login}).body["account"].(m)
	id, _ := json.Marshal(made["id"])

	enter := func() (*browser, answer, string) {
		t.Helper()
		b := s.browser()
		sent := b.call("GET", route.Prefix+"/session/oidc/start", nil)
		back := route.Prefix + "/session/oidc/callback?" + org.Visit(t, sent.Header.Get("Location")).Encode()
		return b, b.call("GET", back, nil), back
	}
	b, got, _ := enter()
	if got.StatusCode != 303 || got.Header.Get("Location") != "/sign-in#problem=external_unknown" || b.cookies["wangge_session"] != "" {
		t.Errorf("an account that nobody prepared: %d to %s", got.StatusCode, got.Header.Get("Location"))
	}
	boss.want(200, "", "POST", "/accounts/"+string(id)+"/external", m{})
	b, got, back := enter()
	if got.StatusCode != 200 || !strings.Contains(got.body["text"].(string), `content="0;url=/"`) || strings.Contains(got.body["text"].(string), b.cookies["wangge_session"]) {
		t.Fatalf("%d: %v", got.StatusCode, got.body)
	}
	who := b.want(200, "", "GET", "/session", nil).body
	if who["login"] != providertest.Login || who["session"].(m)["method"] != "oidc" || len(who["permissions"].([]any)) != 0 {
		t.Errorf("signed in as %v", who)
	}
	// The same answer again, in this browser or another, opens nothing.
	for _, other := range []*browser{b, s.browser()} {
		delete(other.cookies, "wangge_session")
		if got := other.call("GET", back, nil); got.StatusCode != 303 || other.cookies["wangge_session"] != "" {
			t.Errorf("replayed: %d with %v", got.StatusCode, other.cookies)
		}
	}
	boss.want(204, "", "DELETE", "/accounts/"+string(id)+"/external", nil)
	if b, got, _ := enter(); got.StatusCode != 303 || b.cookies["wangge_session"] != "" {
		t.Errorf("after it was ended: %d", got.StatusCode)
	}
	for _, secret := range []string{"hush", b.cookies["wangge_device"]} {
		if secret != "" && strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}
