// Package routetest runs one resource in process, for tests of what goes over
// the wire: status, body and problem.
package routetest

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"wangge/api/route"
	"wangge/geo/staff"
)

// API is one resource in process.
type API struct {
	route.API
	app *fiber.App
}

// New makes an API without resources, for the person at the machine, who may do
// everything.
func New() API { return As(staff.Local) }

// As makes an API without resources whose every request is actor's.
func As(actor staff.Actor) API {
	route.UseProblems()
	app := fiber.New(fiber.Config{Immutable: true})
	app.Use(func(c *fiber.Ctx) error {
		c.SetUserContext(route.WithActor(c.UserContext(), actor))
		return c.Next()
	})
	config := huma.DefaultConfig("test", "0")
	config.CreateHooks = nil // no $schema links in answers, as in the program
	return API{route.API{API: humafiber.New(app, config), Log: slog.New(slog.DiscardHandler), Rules: map[string]route.Op{}}, app}
}

// Call sends a request with a JSON body (nil for none) and decodes the answer.
func (a API) Call(t testing.TB, method, path string, body any) (status int, answer map[string]any) {
	t.Helper()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	req := httptest.NewRequest(method, path, content)
	req.Header.Set("Content-Type", "application/json")
	res, err := a.app.Test(req, int(time.Minute.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == fiber.StatusNoContent {
		return res.StatusCode, nil
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatalf("%s %s: status %d, no JSON: %v", method, path, res.StatusCode, err)
	}
	return res.StatusCode, answer
}

// Do sends a request as it is and returns its answer with the body.
func (a API) Do(t testing.TB, req *http.Request) (*http.Response, []byte) {
	t.Helper()
	res, err := a.app.Test(req, int(time.Minute.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

// Text gets an answer that is no JSON, such as a file.
func (a API) Text(t testing.TB, path string) string {
	t.Helper()
	res, err := a.app.Test(httptest.NewRequest("GET", path, nil), int(time.Minute.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != fiber.StatusOK {
		t.Fatalf("GET %s: status %d, %v: %s", path, res.StatusCode, err, text)
	}
	return string(text)
}

// Want calls and compares the status, and the code of a problem ("" for success).
func (a API) Want(t testing.TB, status int, code, method, path string, body any) map[string]any {
	t.Helper()
	got, answer := a.Call(t, method, path, body)
	gotCode, _ := answer["code"].(string)
	if status < 400 {
		gotCode = ""
	}
	if got != status || gotCode != code {
		t.Errorf("%s %s = %d %q, want %d %q: %v", method, path, got, gotCode, status, code, answer)
	}
	return answer
}
