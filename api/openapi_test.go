package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"wangge/api"
)

func TestThePagesTypesComeFromThePresentCode(t *testing.T) {
	want, err := api.Resources(fiber.New(), api.Config{Version: "1"}).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, "../web/openapi.json"); !bytes.Equal(compact(t, got), compact(t, want)) {
		t.Error("web/openapi.json is not what the code describes. Make it again:\n" +
			"\tgo run ./cmd/wangge openapi > web/openapi.json && cd web && npm run types")
	}
}

// compact is a JSON text with its keys in order and without spaces.
func compact(t *testing.T, text []byte) []byte {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryRouteIsDocumentedAndEveryDocumentedOneIsARoute(t *testing.T) {
	s := newService(t)
	documented := map[string]bool{}
	operations(t, func(method, path string, _ *huma.Operation) {
		documented[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path)] = true
	})
	routed := map[string]bool{}
	// A browser goes these ways to an organisation's provider and back.
	pages := map[string]bool{"GET /api/v1/session/oidc/start": true, "GET /api/v1/session/oidc/callback": true}
	for _, r := range s.app.GetRoutes(true) {
		if strings.HasPrefix(r.Path, "/api/v1/") && (r.Method != http.MethodHead || documented["HEAD "+r.Path]) && !strings.HasPrefix(r.Path, "/api/v1/openapi") {
			routed[r.Method+" "+r.Path] = true
		}
	}
	for route := range routed {
		if !documented[route] && !pages[route] {
			t.Errorf("%s is not documented", route)
		}
	}
	for route := range documented {
		if !routed[route] {
			t.Errorf("%s is documented and not there", route)
		}
	}
}

func TestTheDescriptionIsOpenAPI31(t *testing.T) {
	s := newService(t)
	var doc struct {
		OpenAPI string
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Tags        []string
			Responses   map[string]struct {
				Content map[string]struct{ Schema any }
			}
		}
		Components struct{ Schemas map[string]any }
	}
	s.get(t, "/api/v1/openapi.json", &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || len(doc.Servers) != 1 || doc.Servers[0].URL != "/api/v1" {
		t.Errorf("OpenAPI %s at %v", doc.OpenAPI, doc.Servers)
	}
	ids := map[string]bool{}
	for path, item := range doc.Paths {
		for method, op := range item {
			where := method + " " + path
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" || len(op.Tags) == 0 {
				t.Errorf("%s: id %q, summary %q, tags %v", where, op.OperationID, op.Summary, op.Tags)
			}
			ids[op.OperationID] = true
			codes := 0
			for status, response := range op.Responses {
				if status[0] == '4' || status[0] == '5' || status == "default" {
					codes++
					if _, ok := response.Content["application/problem+json"]; !ok {
						t.Errorf("%s: %s is no problem", where, status)
					}
				}
			}
			if codes == 0 {
				t.Errorf("%s never fails", where)
			}
		}
	}
	text := s.call(t, http.MethodGet, "/api/v1/openapi.json", nil).body
	for _, ref := range references(t, text) {
		name, ok := strings.CutPrefix(ref, "#/components/schemas/")
		if _, known := doc.Components.Schemas[name]; !ok || !known {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	for _, format := range []string{"/api/v1/openapi.yaml", "/api/v1/openapi-3.0.json"} {
		if got := s.call(t, http.MethodGet, format, nil); got.status >= 500 {
			t.Errorf("%s = %d", format, got.status)
		}
	}
}

// references are the values of all $ref.
func references(t *testing.T, text []byte) (out []string) {
	t.Helper()
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, inner := range v {
				if ref, ok := inner.(string); ok && key == "$ref" {
					out = append(out, ref)
				}
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	walk(doc)
	slices.Sort(out)
	return slices.Compact(out)
}
