package patrol

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
)

// FuzzFixesAreReadAsJSONIs compares our reader with the standard one.
func FuzzFixesAreReadAsJSONIs(f *testing.F) {
	for _, text := range []string{
		`[]`, `[[1700000000000,121.4737021,31.2304323,12]]`, ` [ [ 1 , -0.5 , +1 , null ] ] `, `[[1,2,3,4],[5,6,7,8.25]]`, `[[1e3,1.25e1,-8.9999999,0]]`,
		`[[-2177452800000,121.47370215,31.23,1.5]]`, `[[1,181,0,1]]`, `[[1,2,3]]`, `[[1,2,3,4,5]]`, `[[1,2,3,-4]]`, `[[null,2,3,4]]`, `[["1",2,3,4]]`, `[1,2,3,4]`,
		`[[99999999999999999999,1,1,1]]`, `[[1,1.00000000000000000001,1,1]]`, `[[1,2,3,4],]`, `{}`, `null`, `[[0.5,1,1,1]]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got sentFixes
		err := json.Unmarshal(text, &got)
		var list [][]*float64
		if json.Unmarshal(text, &list) != nil {
			if err == nil && len(got) > 0 {
				t.Fatalf("%q is read as %v", text, got)
			}
			return
		}
		right := !slices.ContainsFunc(list, func(v []*float64) bool {
			return len(v) != 4 || v[0] == nil || v[1] == nil || v[2] == nil || math.Abs(*v[0]) > 1e14 || math.Abs(*v[1]) > 180 || math.Abs(*v[2]) > 90 || v[3] != nil && (*v[3] < 0 || *v[3] > 1e12)
		})
		if !right || len(list) > MaxFixes {
			return // whichever of them it dislikes
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(got) != len(list) {
			t.Fatalf("%q is read as %v", text, got)
		}
		for i, v := range list {
			at := geo.Snap(orb.Point{*v[1], *v[2]})
			accuracy := 0.0
			if v[3] != nil {
				accuracy = *v[3]
			}
			g := got[i]
			// A number just between two is rounded by the decimals as they are written.
			if d := g.place.X - at.X; d < -1 || d > 1 {
				t.Fatalf("%q: %v, want %v", text, g.place, at)
			}
			if d := g.place.Y - at.Y; d < -1 || d > 1 {
				t.Fatalf("%q: %v, want %v", text, g.place, at)
			}
			if ms := float64(g.at.UnixMilli()); math.Abs(ms-*v[0]) > 1 {
				t.Fatalf("%q: %v", text, g.at)
			}
			if math.Abs(float64(g.accuracy)-accuracy) > 0.0006+accuracy*1e-6 {
				t.Fatalf("%q: accuracy %v", text, g.accuracy)
			}
		}
	})
}

func TestRowsOfFixesAreWhatPostgreSQLWrites(t *testing.T) {
	// The first bytes of COPY … TO … (FORMAT binary) with 9 columns.
	rows := newFixRows(1)
	rows.add(geo.DayOf(time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)), 1, 2, millennium, sentFix{at: millennium.Add(time.Second)}, 1)
	if got := rows.text[len(copyHead):]; len(copyHead) != 19 || len(got) != 84 || got[1] != 9 || got[5] != 4 || got[9] != 1 {
		t.Errorf("%d %v", len(got), got)
	}
}
