// Package providertest runs a real OpenID Connect provider on this machine, for
// tests of signing in with one.
package providertest

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What every organisation here has: two clients, and a person.
const (
	Client  = "wangge"
	Other   = "other"
	Login   = "test-user@127.0.0.1"
	Subject = "id1"

	password = "verysecure"
	secret   = "hush"
)

// Organisation is a provider that runs until the test ends.
type Organisation struct {
	Issuer     string
	SecretFile string // of both clients
	callback   string
}

// New starts a provider whose clients may send people back to callback.
func New(t testing.TB, callback string) Organisation {
	t.Helper()
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	store := storage.NewStorageWithClients(storage.NewUserStore(server.URL), map[string]*storage.Client{
		Client: storage.WebClient(Client, secret, callback),
		Other:  storage.WebClient(Other, secret, callback),
	})
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	provider, err := op.NewProvider(&op.Config{CryptoKey: key, CodeMethodS256: true}, store, op.StaticIssuer(server.URL),
		op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	back := op.AuthCallbackURL(provider)
	pages := http.NewServeMux()
	// The provider's own page, where somebody types a name and a password.
	pages.HandleFunc("/login/username", func(w http.ResponseWriter, r *http.Request) {
		id := r.FormValue("authRequestID")
		if err := store.CheckUsernamePassword(Login, password, id); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		http.Redirect(w, r, back(r.Context(), id), http.StatusFound)
	})
	pages.Handle("/", provider)
	server.Config.Handler = op.NewIssuerInterceptor(provider.IssuerFromRequest).Handler(pages)
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Organisation{Issuer: server.URL, SecretFile: file, callback: callback}
}

// Visit is a browser that goes where it is sent, signs in there, and returns with
// what it is sent back to us with.
func (o Organisation) Visit(t testing.TB, to string) url.Values {
	t.Helper()
	var arrived *url.URL
	browser := &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), o.callback) {
			arrived = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := browser.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if arrived == nil {
		text, _ := io.ReadAll(res.Body)
		t.Fatalf("the browser ended at %s: %d %s", res.Request.URL, res.StatusCode, text)
	}
	return arrived.Query()
}
