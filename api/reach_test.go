package api_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"wangge/api"
	"wangge/geo/staff"
	"wangge/tiles"
)

// bare is the application without a database: for what is answered before one is asked.
func bare(t *testing.T, transport api.Transport) *fiber.App {
	t.Helper()
	app, err := api.New(api.Config{
		Tiles: tiles.New(tiles.Config{}), Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Transport: transport,
		Page: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the page") }),
		Identify: func(context.Context, string, string) (staff.Actor, error) {
			return staff.Actor{Name: "account:1", Account: 1}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// listen serves app on this machine, over TLS if wanted, and returns a client and the address.
func listen(t *testing.T, app *fiber.App, secure bool) (*http.Client, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, client := "http://"+listener.Addr().String(), http.DefaultClient
	if secure {
		lender := httptest.NewUnstartedServer(nil)
		lender.StartTLS()
		t.Cleanup(lender.Close)
		listener = tls.NewListener(listener, &tls.Config{Certificates: lender.TLS.Certificates})
		address, client = "https://"+listener.Addr().String(), lender.Client()
	}
	go func() { _ = app.Listener(listener) }()
	t.Cleanup(func() { _ = app.ShutdownWithTimeout(time.Second) })
	return client, address
}

func ask(t *testing.T, client *http.Client, method, address, host string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	client, address := listen(t, bare(t, api.Transport{Hosts: []string{"grid.example.cn"}}), true)
	for path, policy := range map[string]string{"/healthz": "", "/api/v1/nothing": "default-src 'none'; frame-ancestors 'none'"} {
		got := ask(t, client, http.MethodGet, address+path, "grid.example.cn").Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security": "max-age=31536000", "Content-Security-Policy": policy,
		} {
			if strings.Join(got.Values(name), "|") != want {
				t.Errorf("%s: %s = %q, want %q once", path, name, got.Values(name), want)
			}
		}
		if p := got.Get("Permissions-Policy"); !strings.Contains(p, "geolocation=(self)") || !strings.Contains(p, "camera=()") {
			t.Errorf("%s: Permissions-Policy = %q", path, p)
		}
	}
}

func TestOnlyEncryptedAnswersUnderARealNameAskForEncryption(t *testing.T) {
	for _, tt := range []struct {
		name    string
		secure  bool
		host    string
		headers []string
		proxies []netip.Prefix
		want    bool
	}{
		{"TLS", true, "grid.example.cn", nil, nil, true},
		{"plain", false, "grid.example.cn", nil, nil, false},
		{"this machine's own name", true, "localhost", nil, nil, false},
		{"a proxy that is trusted", false, "grid.example.cn", []string{"X-Forwarded-Proto", "https"}, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, true},
		{"a header that anybody can send", false, "grid.example.cn", []string{"X-Forwarded-Proto", "https"}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, address := listen(t, bare(t, api.Transport{Hosts: []string{"grid.example.cn"}, Proxies: tt.proxies}), tt.secure)
			got := ask(t, client, http.MethodGet, address+"/healthz", tt.host, tt.headers...)
			if got.StatusCode != http.StatusOK || (got.Header.Get("Strict-Transport-Security") != "") != tt.want {
				t.Errorf("status %d, Strict-Transport-Security %q", got.StatusCode, got.Header.Get("Strict-Transport-Security"))
			}
		})
	}
}

func TestForeignNamesAndPagesAreRefused(t *testing.T) {
	client, address := listen(t, bare(t, api.Transport{Hosts: []string{"grid.example.cn"}}), false)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	for _, tt := range []struct {
		name, method, host string
		headers            []string
		want               int
	}{
		{"our name", "GET", "grid.example.cn", nil, 200},
		{"our name with a port", "GET", "grid.example.cn:" + port, nil, 200},
		{"a foreign name that points here", "GET", "attacker.example", nil, 421},
		{"a change from our page", "POST", "grid.example.cn", []string{"Origin", "http://grid.example.cn", "Sec-Fetch-Site", "same-origin"}, 404},
		{"a change from no page", "POST", "grid.example.cn", nil, 404},
		{"from another site", "POST", "grid.example.cn", []string{"Origin", "http://attacker.example"}, 403},
		{"from another protocol", "POST", "grid.example.cn", []string{"Origin", "https://grid.example.cn"}, 403},
		{"from another port", "POST", "grid.example.cn", []string{"Origin", "http://grid.example.cn:1234"}, 403},
		{"from a neighbour", "POST", "grid.example.cn", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"from nowhere", "POST", "grid.example.cn", []string{"Origin", "null"}, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := "/healthz"
			if tt.method == http.MethodPost {
				path = "/api/v1/nothing"
			}
			if got := ask(t, client, tt.method, address+path, tt.host, tt.headers...); got.StatusCode != tt.want {
				t.Errorf("status %d, want %d", got.StatusCode, tt.want)
			}
		})
	}
}

func TestOpen311IsRefusedInItsOwnForm(t *testing.T) {
	client, address := listen(t, bare(t, api.Transport{Hosts: []string{"grid.example.cn"}}), false)
	for _, tt := range []struct {
		name, method, path, host string
		headers                  []string
		want                     int
		begins                   string
	}{
		{"a foreign name", "GET", "/open311/v2/services.json", "attacker.example", nil, 421, `[{"code":421,`},
		{"another site, in XML", "POST", "/open311/v2/requests.xml", "grid.example.cn", []string{"Origin", "http://attacker.example"}, 403, `<?xml version="1.0" encoding="UTF-8"?>` + "\n<errors><error><code>403</code>"},
		{"no such address", "GET", "/open311/nothing", "grid.example.cn", nil, 404, `[{"code":404,`},
		{"beside it", "GET", "/api/open311", "grid.example.cn", nil, 404, `{"title":`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, client, tt.method, address+tt.path, tt.host, tt.headers...)
			body, _ := io.ReadAll(got.Body)
			if got.StatusCode != tt.want || !strings.HasPrefix(string(body), tt.begins) {
				t.Errorf("%d %s, want %d %s…", got.StatusCode, body, tt.want, tt.begins)
			}
		})
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	client, address := listen(t, bare(t, api.Transport{Hosts: []string{"grid.example.cn"}, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}), false)
	if got := ask(t, client, http.MethodGet, address+"/metrics", "localhost"); got.StatusCode != http.StatusOK {
		t.Errorf("from here: %d", got.StatusCode)
	}
	if got := ask(t, client, http.MethodGet, address+"/metrics", "grid.example.cn"); got.StatusCode != http.StatusNotFound {
		t.Errorf("under the public name: %d, want 404", got.StatusCode)
	}
	if got := ask(t, client, http.MethodGet, address+"/metrics", "localhost", "X-Forwarded-For", "198.51.100.1"); got.StatusCode != http.StatusNotFound {
		t.Errorf("through a proxy: %d, want 404", got.StatusCode)
	}
}

func TestTooManyRequestsAreToldWhenToComeBack(t *testing.T) {
	transport := api.Transport{
		Limits: api.Limits{
			SignIn: api.PerMinute(6, 2), Public: api.PerMinute(6, 3), Report: api.PerMinute(6, 2), Photo: api.PerMinute(6, 2), Address: api.Budget{PerSecond: 1, Burst: 20},
			Account: api.PerMinute(6, 4), Tiles: api.PerMinute(6, 5),
		},
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	}
	for _, tt := range []struct {
		name, method, path string
		headers            []string
		allowed            int
	}{
		{"sign-in", "POST", "/api/v1/session", nil, 2},
		{"public look-up", "POST", "/api/v1/public/responsible", nil, 3},
		{"an account", "GET", "/api/v1/nothing", []string{"Authorization", "Bearer x"}, 4},
		{"reports of residents", "POST", "/api/v1/public/incidents", nil, 2},
		{"reports through Open311", "POST", "/open311/v2/requests.json", nil, 2},
		{"reports through Open311 in XML", "POST", "/open311/v2/requests.xml", nil, 2},
		{"reports' photos", "PUT", "/api/v1/public/receipts/x/photos/y", nil, 2},
		{"tiles", "GET", "/tiles/nothing/0/0/0", nil, 5},
		{"an address", "GET", "/healthz", nil, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, address := listen(t, bare(t, transport), false)
			from := func(who string) *http.Response {
				return ask(t, client, tt.method, address+tt.path, "localhost", append(tt.headers, "X-Forwarded-For", who)...)
			}
			for i := range tt.allowed {
				if got := from("198.51.100.1"); got.StatusCode == http.StatusTooManyRequests {
					t.Fatalf("request %d of %d is refused", i+1, tt.allowed)
				}
			}
			got := from("198.51.100.1")
			body, _ := io.ReadAll(got.Body)
			form, words := "application/problem+json", "too_many_requests"
			switch {
			case strings.HasSuffix(tt.path, ".xml"):
				form, words = "text/xml; charset=utf-8", "<errors><error><code>429</code><description>Too many requests."
			case strings.HasPrefix(tt.path, "/open311"):
				form, words = "application/json; charset=utf-8", `[{"code":429,"description":"Too many requests.`
			}
			if got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" || got.Header.Get("Retry-After") == "0" ||
				got.Header.Get("Content-Type") != form || !strings.Contains(string(body), words) {
				t.Errorf("status %d, Retry-After %q, %s %s", got.StatusCode, got.Header.Get("Retry-After"), got.Header.Get("Content-Type"), body)
			}
			if tt.name != "an account" && from("203.0.113.2").StatusCode == http.StatusTooManyRequests {
				t.Error("another address is refused as well")
			}
			if strings.HasPrefix(tt.name, "reports") && from("198.51.100.2").StatusCode != http.StatusTooManyRequests {
				t.Error("a neighbour of the block goes on")
			}
			if tt.name == "an account" && from("198.51.100.2").StatusCode != http.StatusTooManyRequests {
				t.Error("the account goes on from another address")
			}
		})
	}
}
