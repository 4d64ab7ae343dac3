package tiles_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

type style struct {
	Version int
	Sources map[string]struct {
		Type string
		URL  string
	}
	Layers []struct {
		ID          string
		Type        string
		Source      string
		SourceLayer string `json:"source-layer"`
		Metadata    map[string]string
	}
}

func TestTheStyleShowsEveryLayerThatExists(t *testing.T) {
	_, app := newTown(t).serve()
	for _, theme := range []string{"light", "dark", "print"} {
		r := get(t, app, "http://map.example/style.json?lang=en&at=2026-06-01&theme="+theme)
		if out := os.Getenv("STYLE_OUT"); out != "" {
			_ = os.WriteFile(out+theme+".json", r.body, 0o644)
		}
		var s style
		if err := json.Unmarshal(r.body, &s); err != nil || r.status != 200 {
			t.Fatalf("%s: status %d: %v", theme, r.status, err)
		}
		if strings.Contains(string(r.body), `"glyphs"`) || strings.Contains(string(r.body), `"sprite"`) {
			t.Errorf("%s: the style asks for glyphs or a sprite", theme)
		}
		ids := map[string]bool{}
		for _, l := range s.Layers {
			if ids[l.ID] {
				t.Errorf("%s: two layers are called %s", theme, l.ID)
			}
			ids[l.ID] = true
			if l.Metadata["wangge:group"] == "" || l.Metadata["wangge:title"] == "" {
				t.Errorf("%s: %s belongs to no group", theme, l.ID)
			}
			if l.Type != "background" && s.Sources[l.Source].URL != "http://map.example/tiles/"+l.Source+".json?at=2026-06-01" {
				t.Errorf("%s: %s has the source %+v", theme, l.ID, s.Sources[l.Source])
			}
		}
		for _, want := range []string{"street", "bridge", "grid-town-line", "grid-grid-fill", "label-village", "household", "incident", "service-point", "cell", "zone-fill"} {
			if !ids[want] {
				t.Errorf("%s: no layer %s", theme, want)
			}
		}
		if ids["grid-county-line"] {
			t.Errorf("%s: a level without units is drawn", theme)
		}
	}
}

func TestAStyleNobodyMadeIsRefused(t *testing.T) {
	_, app := newTown(t).serve()
	for _, query := range []string{"theme=neon", "lang=fr", "at=soon"} {
		if r := get(t, app, "/style.json?"+query); r.status != 400 {
			t.Errorf("%s: status %d, want 400", query, r.status)
		}
	}
}
