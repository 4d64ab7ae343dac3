package api_test

import (
	"net/http"
	"testing"
	"time"

	"wangge/geo/serves"
	"wangge/geo/staff"
)

// The map is for who has signed in; for everybody else only once it was opened, with
// its review number. The rest stays closed.
func TestTheMapIsClosedToThePublicUntilItIsOpened(t *testing.T) {
	for _, tt := range []struct {
		name   string
		open   bool
		number string
		want   int
	}{
		{"never opened", false, `"浙S(2026)1号"`, http.StatusUnauthorized},
		{"opened", true, `"浙S(2026)1号"`, http.StatusOK},
		{"the number was taken away", true, `""`, http.StatusUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newWalledService(t)
			set := func(number string) {
				t.Helper()
				if _, err := s.pool.Exec(t.Context(), `UPDATE setting SET value = $1::text::jsonb WHERE key = 'review_number'`, number); err != nil {
					t.Fatal(err)
				}
			}
			set(`"浙S(2026)1号"`)
			if err := serves.Switch(t.Context(), s.pool, staff.System, serves.Offer{Map: tt.open}); err != nil {
				t.Fatal(err)
			}
			set(tt.number)
			for deadline := time.Now().Add(20 * time.Second); !s.tiles.Ready(); time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the map is not loaded")
				}
			}
			for _, path := range []string{"/style.json", "/tiles/grid-grid.json", "/tiles/background.json"} {
				s.bearer = "local"
				if got := s.call(t, http.MethodGet, path, nil).status; got != http.StatusOK {
					t.Errorf("%s: status %d for who has signed in, want 200", path, got)
				}
				s.bearer = ""
				if got := s.call(t, http.MethodGet, path, nil).status; got != tt.want {
					t.Errorf("%s: status %d for the public, want %d", path, got, tt.want)
				}
			}
			for _, path := range []string{"/api/v1/units", "/api/v1/households", "/api/v1/exports/units"} {
				if got := s.call(t, http.MethodGet, path, nil).status; got != http.StatusUnauthorized {
					t.Errorf("%s: status %d for the public, want 401: only the map is open", path, got)
				}
			}
		})
	}
}
