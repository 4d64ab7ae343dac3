package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func page() fstest.MapFS {
	return fstest.MapFS{
		"index.html":          {Data: []byte(`<meta nonce="__CSP_NONCE__"><link nonce="__CSP_NONCE__">`)},
		"patrol.html":         {Data: []byte(`<meta nonce="__CSP_NONCE__"><title>Patrol</title>`)},
		"assets/app-1.js":     {Data: []byte("plain")},
		"assets/app-1.js.br":  {Data: []byte("brotli")},
		"assets/app-1.js.gz":  {Data: []byte("gzip")},
		"assets/worker-1.mjs": {Data: []byte("worker")},
		"patrol/map-1.js":     {Data: []byte("worker")},
		"favicon.svg":         {Data: []byte("<svg/>")},
		".gitkeep":            {},
	}
}

func get(t *testing.T, files fstest.MapFS, method, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := Handler(files)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAssetsGoOutInTheFormTheClientAccepts(t *testing.T) {
	tests := []struct{ name, accept, encoding, body string }{
		{"brotli first", "gzip, deflate, br", "br", "brotli"},
		{"gzip", "gzip", "gzip", "gzip"},
		{"brotli refused by weight", "br;q=0, gzip;q=0.5", "gzip", "gzip"},
		{"a small weight is not a refusal", "br;q=0.001", "br", "brotli"},
		{"nothing accepted", "", "", "plain"},
		{"an unknown coding", "zstd", "", "plain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, page(), "GET", "/assets/app-1.js", "Accept-Encoding", tt.accept)
			if w.Body.String() != tt.body || w.Header().Get("Content-Encoding") != tt.encoding {
				t.Errorf("got %q as %q; want %q as %q", w.Body, w.Header().Get("Content-Encoding"), tt.body, tt.encoding)
			}
			if w.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary = %q", w.Header().Get("Vary"))
			}
		})
	}
}

func TestAssetsAreImmutableAndOthersAreNot(t *testing.T) {
	if got := get(t, page(), "GET", "/assets/worker-1.mjs").Header(); !strings.Contains(got.Get("Cache-Control"), "immutable") ||
		!strings.HasPrefix(got.Get("Content-Type"), "text/javascript") {
		t.Errorf("worker headers = %v", got)
	}
	if got := get(t, page(), "GET", "/patrol/map-1.js"); got.Code != 200 || !strings.Contains(got.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("worker of the officer's map: %d, %v", got.Code, got.Header())
	}
	first := get(t, page(), "GET", "/favicon.svg")
	if got := first.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("favicon Cache-Control = %q; want no-cache", got)
	}
	again := get(t, page(), "GET", "/favicon.svg", "If-None-Match", first.Header().Get("ETag"))
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("second request = %d with %d bytes; want 304 and none", again.Code, again.Body.Len())
	}
}

func TestEachPageHasItsOwnNonceAndPolicy(t *testing.T) {
	one, two := get(t, page(), "GET", "/"), get(t, page(), "GET", "/plan")
	if one.Code != 200 || two.Code != 200 {
		t.Fatalf("statuses = %d, %d; want 200", one.Code, two.Code)
	}
	policy := one.Header().Get("Content-Security-Policy")
	_, rest, _ := strings.Cut(policy, "'nonce-")
	nonce, _, _ := strings.Cut(rest, "'")
	if len(nonce) < 20 || strings.Count(one.Body.String(), nonce) != 2 {
		t.Errorf("nonce %q does not stand in the page %q", nonce, one.Body)
	}
	if strings.Contains(one.Body.String(), noncePlaceholder) || one.Body.String() == two.Body.String() {
		t.Errorf("a nonce was left out or used twice: %q", two.Body)
	}
	for _, loose := range []string{"unsafe-inline", "'unsafe-eval'", "*", "http:", "https:", "default-src 'self'"} {
		if strings.Contains(policy, loose) {
			t.Errorf("policy allows %s: %s", loose, policy)
		}
	}
	for _, strict := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, strict) {
			t.Errorf("policy lacks %s: %s", strict, policy)
		}
	}
	if got := one.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q; want no-store", got)
	}
}

func TestTheOfficersPageHasItsOwnDocument(t *testing.T) {
	for target, own := range map[string]bool{
		"/patrol": true, "/patrol/": true, "/patrol/outbox": true,
		"/": false, "/patrols": false, "/plans/patrol": false,
	} {
		w := get(t, page(), "GET", target)
		if got := strings.Contains(w.Body.String(), "Patrol"); w.Code != 200 || got != own {
			t.Errorf("%s = %d %q; the officer's page: want %v", target, w.Code, w.Body, own)
		}
		if strings.Contains(w.Body.String(), noncePlaceholder) || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s lacks its nonce or policy", target)
		}
	}
	if got := get(t, page(), "GET", "/patrol.html").Code; got != 404 {
		t.Errorf("/patrol.html = %d; want 404, for only its address gives it a nonce", got)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	tests := []struct {
		name, method, target string
		status               int
	}{
		{"a missing file is not the page", "GET", "/assets/old.js", 404},
		{"the compressed form has no address", "GET", "/assets/app-1.js.br", 404},
		{"dots stay inside", "GET", "/../../web.go", 404},
		{"the page takes no posts", "POST", "/", 405},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := get(t, page(), tt.method, tt.target).Code; got != tt.status {
				t.Errorf("status = %d; want %d", got, tt.status)
			}
		})
	}
}

func TestAProgramWithoutThePageSaysHowToBuildIt(t *testing.T) {
	w := get(t, fstest.MapFS{".gitkeep": {}}, "GET", "/")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make web") {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}

func TestFilesAreEmbedded(t *testing.T) {
	if _, err := Files().Open(".gitkeep"); err != nil {
		t.Errorf("embedded files lack .gitkeep: %v", err)
	}
}
