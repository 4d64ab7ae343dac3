// Package web holds the page people see: a TypeScript application in src, built
// into dist and embedded in the program. Go knows four things about it: where
// the files are, how they are cached, that the officer's page has a document of its own,
// and which sources the pages may use (their Content-Security-Policy). Everything else
// is in src.
//
// dist is built, never committed; without it the program compiles and the page
// says how to build it.
package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"wangge/geo/etag"
)

//go:embed all:dist
var dist embed.FS

// noncePlaceholder stands in a document wherever the nonce of a response goes.
const noncePlaceholder = "__CSP_NONCE__"

// notBuilt is shown when the program was compiled without the page.
const notBuilt = "The page is not built into this program. Build it with: make web (or: cd web && npm ci && npm run build), then build the program again.\n" +
	"程序中没有内置网页。请先执行 make web，再重新编译程序。\n"

// Files returns the built page: its documents, assets with hashed names, and the
// compressed forms (.br, .gz) beside them. It holds only .gitkeep when the page
// has not been built.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil { // the name is a constant, so this cannot happen
		panic(err)
	}
	return files
}

// Policy is the Content-Security-Policy of the page for one response: nothing
// from elsewhere, no inline script, and styles only with the nonce (antd writes
// its styles while the page runs).
func Policy(nonce string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"worker-src 'self'",
		"style-src 'self' 'nonce-" + nonce + "'",
		"style-src-elem 'self' 'nonce-" + nonce + "'",
		"style-src-attr 'none'",
		"img-src 'self' data: blob:",
		"connect-src 'self'",
		"font-src 'self'",
		"manifest-src 'self'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	}, "; ")
}

// asset is one file of the page in the forms it is sent in.
type asset struct {
	plain, brotli, gzip []byte
	mediaType           string
	etag                string // strong, quoted; of the plain form
	immutable           bool   // its name contains its content
}

// Handler serves the page in files, as Files returns them. A path without an
// extension is a route of the page and gets its document; a missing file is 404.
func Handler(files fs.FS) (http.Handler, error) {
	assets, err := load(files)
	if err != nil {
		return nil, fmt.Errorf("load the page: %w", err)
	}
	return handler{assets}, nil
}

type handler struct{ assets map[string]asset }

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "method not allowed")
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if a, ok := h.assets[name]; ok && path.Ext(name) != ".html" {
		serveAsset(w, r, a)
		return
	}
	if path.Ext(name) != "" && name != "index.html" {
		refuse(w, http.StatusNotFound, "404 page not found")
		return
	}
	h.serveDocument(w, r, documentOf(name))
}

// documentOf is the document of a route: the officer's page, for a phone, has its own,
// without the code of the desk.
func documentOf(name string) string {
	if name == "patrol" || strings.HasPrefix(name, "patrol/") {
		return "patrol.html"
	}
	return "index.html"
}

// refuse answers in plain text. http.Error would set headers of its own beside
// those that every answer of the application carries.
func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}

// serveDocument writes a document with a fresh nonce. It is never stored: the nonce
// must not be used twice, and it names the assets of the current build.
func (h handler) serveDocument(w http.ResponseWriter, r *http.Request, name string) {
	document, ok := h.assets[name]
	if !ok {
		refuse(w, http.StatusServiceUnavailable, notBuilt)
		return
	}
	nonce, err := newNonce()
	if err != nil {
		refuse(w, http.StatusInternalServerError, "no randomness")
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Security-Policy", Policy(nonce))
	if r.Method == http.MethodHead {
		return
	}
	// An error here means that the client has gone.
	_, _ = w.Write(bytes.ReplaceAll(document.plain, []byte(noncePlaceholder), []byte(nonce)))
}

func serveAsset(w http.ResponseWriter, r *http.Request, a asset) {
	head := w.Header()
	head.Set("ETag", a.etag)
	head.Set("Vary", "Accept-Encoding")
	head.Set("Cache-Control", "no-cache")
	if a.immutable {
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if etag.Matches(r.Header.Get("If-None-Match"), a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Type", a.mediaType)
	body, encoding := a.choose(r.Header.Get("Accept-Encoding"))
	if encoding != "" {
		head.Set("Content-Encoding", encoding)
	}
	head.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body)
}

// choose returns the smallest form of a that the client accepts and the name of
// its encoding, "" for plain.
func (a asset) choose(accept string) ([]byte, string) {
	switch {
	case a.brotli != nil && accepts(accept, "br"):
		return a.brotli, "br"
	case a.gzip != nil && accepts(accept, "gzip"):
		return a.gzip, "gzip"
	}
	return a.plain, ""
}

// accepts reports whether an Accept-Encoding header allows coding. A weight of
// zero refuses it (RFC 9110, 12.5.3).
func accepts(header, coding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(item), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q := strings.ReplaceAll(strings.ToLower(weight), " ", "")
		return strings.Trim(strings.TrimPrefix(q, "q="), "0.") != "" || q == ""
	}
	return false
}

// load reads every file of the page once; the compressed forms join their file.
func load(files fs.FS) (map[string]asset, error) {
	bodies := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == ".gitkeep" {
			return err
		}
		bodies[name], err = fs.ReadFile(files, name)
		return err
	})
	if err != nil {
		return nil, err
	}

	assets := map[string]asset{}
	for name, body := range bodies {
		if ext := path.Ext(name); ext == ".br" || ext == ".gz" {
			continue
		}
		sum := sha256.Sum256(body)
		assets[name] = asset{
			plain: body, brotli: bodies[name+".br"], gzip: bodies[name+".gz"],
			mediaType: mediaType(name),
			etag:      `"` + hex.EncodeToString(sum[:16]) + `"`,
			immutable: strings.HasPrefix(name, "assets/") || strings.HasPrefix(name, "patrol/"), // the build's
		}
	}
	return assets, nil
}

// mediaType does not ask the operating system, whose table may lack .mjs.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".json", ".webmanifest":
		return "application/json"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	}
	return "application/octet-stream"
}

// newNonce returns 128 random bits, as CSP asks for.
func newNonce() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
