package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/api"
)

func TestOthersReachUsEncryptedOnly(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"0.0.0.0:8080", ":8080", "192.168.1.7:80", "[::]:8080", "example.org:80"} {
		_, err := wangge(t, "up", "--data", folder(t), "--listen", listen)
		wantError(t, err, listen, "nothing is encrypted", "--tls local")
		for _, f := range []reachFlags{{TLS: "local"}, {TLSCert: "c", TLSKey: "k"}, {Insecure: true}} {
			if f.Listen = listen; f.check() != nil {
				t.Errorf("%+v is refused: %v", f, f.check())
			}
		}
	}
	for _, listen := range []string{"127.0.0.1:8080", "[::1]:80", "localhost:0", "127.8.8.8:1"} {
		if err := (reachFlags{Listen: listen}).check(); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
	_, err := wangge(t, "up", "--data", folder(t), "--listen", "8080")
	wantError(t, err, "--listen 8080")
}

func TestFlagsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"go together":      {"--tls-cert", "c.pem"},
		"leave --tls-cert": {"--tls", "local", "--tls-cert", "c.pem", "--tls-key", "k.pem"},
		"--redirect":       {"--redirect", "127.0.0.1:0"},
		"without protocol": {"--host", "https://grid.example.cn"},
		"--tls":            {"--tls", "lokal"},
	} {
		_, err := wangge(t, append([]string{"up", "--data", folder(t), "--listen", "127.0.0.1:0"}, args...)...)
		wantError(t, err, want)
	}
	if _, err := (reachFlags{TrustProxy: []string{"proxy"}}).transport(); err == nil {
		t.Error("a proxy's name is trusted")
	}
	got, err := reachFlags{TrustProxy: []string{"10.0.0.0/24", "192.0.2.1"}}.transport()
	if err != nil || len(got.Proxies) != 2 || got.Proxies[1].String() != "192.0.2.1/32" {
		t.Errorf("proxies %v, %v", got.Proxies, err)
	}
}

func TestAddressIsForTheBrowser(t *testing.T) {
	t.Parallel()
	at := func(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }
	for _, tt := range []struct {
		flags reachFlags
		port  int
		want  string
	}{
		{reachFlags{}, 8080, "http://localhost:8080"},
		{reachFlags{TLS: "local"}, 8443, "https://localhost:8443"},
		{reachFlags{TLS: "local", Host: []string{"grid.example.cn"}}, 443, "https://grid.example.cn"},
		{reachFlags{Host: []string{"192.168.1.5"}}, 80, "http://192.168.1.5"},
	} {
		if got := tt.flags.address(at(tt.port)); got != tt.want {
			t.Errorf("%+v at port %d: %s, want %s", tt.flags, tt.port, got, tt.want)
		}
	}
}

func TestPlainRequestsAreSentOnToOurNamesOnly(t *testing.T) {
	t.Parallel()
	h := sendOn(api.Transport{Hosts: []string{"grid.example.cn"}}, "8443")
	for host, want := range map[string]string{
		"grid.example.cn":    "https://grid.example.cn:8443/map?z=3",
		"grid.example.cn:80": "https://grid.example.cn:8443/map?z=3",
		"[::1]:80":           "https://[::1]:8443/map?z=3",
		"attacker.example":   "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/map?z=3", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Location"); got != want || (want != "") != (w.Code == http.StatusPermanentRedirect) {
			t.Errorf("%s: %d to %q, want %q", host, w.Code, got, want)
		}
	}
}

func TestTheServiceIsEncryptedWithAnAuthorityOfItsOwn(t *testing.T) {
	t.Parallel()
	data := folder(t)
	_, err := wangge(t, "tls", "ca", "--data", data)
	wantError(t, err, "--tls local")
	s := up(t, "--data", data, "--tls", "local", "--host", "grid.example.cn")
	ca := filepath.Join(t.TempDir(), "ca.crt")
	if _, err := wangge(t, "tls", "ca", "--data", data, "--out", ca); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.address, "https://"))
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "grid.example.cn"},
	}}
	for _, path := range []string{"/", "/missing.js"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1:"+port+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "grid.example.cn:" + port
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		for _, header := range []string{"X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security", "Cross-Origin-Opener-Policy"} {
			if got := res.Header.Values(header); len(got) != 1 {
				t.Errorf("%s: %s: %q, want it once", path, header, got)
			}
		}
		if res.TLS == nil || res.StatusCode == http.StatusMisdirectedRequest {
			t.Errorf("%s: status %d", path, res.StatusCode)
		}
	}
}
