package track_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/track"
	"wangge/geo/track/known"
)

// Two walks that tell no usable times, with the streets that they ran along.
func TestWalksFromOtherProgramsAreLaidOnTheirStreets(t *testing.T) {
	for _, name := range known.Hikes {
		h, err := known.ReadHike(filepath.Join(os.Getenv("WANGGE_DATA"), "tracks-gpx"), name)
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("needs the tracks in $WANGGE_DATA")
		}
		if err != nil {
			t.Fatal(err)
		}
		n, _, err := network.Walking(t.Context(), bytes.NewReader(h.Extract), int64(len(h.Extract)))
		if err != nil {
			t.Fatal(err)
		}
		m := track.NewMatcher(n, track.Usual)
		defer m.Release()
		timed := track.Timed(h.Fixes)
		segments := track.Segments(timed, track.Clean(timed, track.Usual), track.Usual)
		if len(segments) != 1 || len(segments[0]) != len(h.Fixes) {
			t.Errorf("%s: %d segments", name, len(segments))
		}
		pieces := m.Match(segments[0])
		if len(pieces) != 1 {
			t.Fatalf("%s: %d pieces", name, len(pieces))
		}
		var on []string
		for _, s := range pieces[0].Way {
			on = append(on, h.Names[n.Street(s.Edge)])
		}
		if on = slices.Compact(on); !slices.Equal(on, h.Streets) {
			t.Errorf("%s ran along %q, want %q", name, on, h.Streets)
		}
		line := [][]geo.Point{pieces[0].Line(n)}
		for i, f := range h.Fixes {
			if !known.Beside(line, f.Point, 20) {
				t.Errorf("%s: the course passes fix %d at more than 20 m", name, i)
			}
		}
	}
}

func TestTimesThatDoNotRiseAreWalked(t *testing.T) {
	fixes := east(10)
	if got := track.Timed(fixes); !slices.Equal(got, fixes) {
		t.Error("times that rise were changed")
	}
	for i := range fixes {
		fixes[i].At = time.Time{}
	}
	got := track.Timed(fixes)
	for i := 1; i < len(got); i++ {
		if took := got[i].At.Sub(got[i-1].At); took < 1900*time.Millisecond || took > 2100*time.Millisecond {
			t.Errorf("2.6 m took %v", took)
		}
	}
}
