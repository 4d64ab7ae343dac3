package track_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"wangge/geo"
	"wangge/geo/track"
	"wangge/geo/track/known"
)

// The true paths are known, and run along main roads; some of those, like the elevated
// ones, are for motor traffic alone and in no walking network. They are left out.
func TestVehiclesInShanghaiAreFoundOnTheirTruePaths(t *testing.T) {
	n := real(t, "osm-cn/shanghai-renminguangchang.osm.pbf")
	folder := filepath.Join(os.Getenv("WANGGE_DATA"), "tracks-amm-shanghai")
	m := track.NewMatcher(n, known.VehicleLimits)
	defer m.Release()
	drive := func(name string) known.Drive {
		d, err := known.ReadDrive(folder, name)
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("the tracks are not in $WANGGE_DATA")
		}
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	var all known.Agreement
	for _, name := range known.Vehicles {
		d := drive(name).Within(n)
		var lines [][]geo.Point
		for _, segment := range track.Segments(d.Fixes, track.Clean(d.Fixes, known.VehicleLimits), known.VehicleLimits) {
			for _, p := range m.Match(segment) {
				lines = append(lines, p.Line(n))
			}
		}
		a := d.Compare(n, lines)
		t.Logf("track %s: %.0f m of the true path on streets, %.3f of them found; %.0f m drawn, %.3f of them true", name, a.Walked, a.Recall(), a.Drawn, a.Precision())
		all.Add(a)
	}
	t.Logf("all: recall %.3f, precision %.3f, F %.3f", all.Recall(), all.Precision(), all.F())
	if all.F() < 0.93 {
		t.Errorf("F %.3f", all.F())
	}
	// One phone tells 550 m throughout: nothing is said of where it was.
	d := drive("36")
	if left := track.Segments(d.Fixes, track.Clean(d.Fixes, known.VehicleLimits), known.VehicleLimits); len(left) != 0 {
		t.Errorf("%d segments of fixes that may be 550 m away", len(left))
	}
}
