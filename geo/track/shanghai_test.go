package track_test

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/track"
	"wangge/geo/walk"
)

// driven are the vehicles of a table by hand: fixes in order, columns by name.
func driven(t *testing.T, path string) []map[string]float64 {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the tracks are not in $WANGGE_DATA")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]float64
	for _, row := range rows[1:] {
		fields := map[string]float64{}
		for i, name := range rows[0] {
			if v, err := strconv.ParseFloat(row[i], 64); err == nil {
				fields[name] = v
			}
		}
		out = append(out, fields)
	}
	return out
}

func placeOf(row map[string]float64) geo.Point { return geo.Snap(orb.Point{row["lon"], row["lat"]}) }

// The true paths are known, and run along main roads; some of those, like the elevated
// ones, are for motor traffic alone and in no walking network. They are left out.
func TestVehiclesInShanghaiAreFoundOnTheirTruePaths(t *testing.T) {
	n := real(t, "osm-cn/shanghai-renminguangchang.osm.pbf")
	folder := filepath.Join(os.Getenv("WANGGE_DATA"), "tracks-amm-shanghai")
	box := geo.EmptyBound
	for e := range int32(n.Edges()) {
		for _, p := range n.Line(e) {
			box = box.Extend(p)
		}
	}
	m := track.NewMatcher(n, limits)
	defer m.Release()
	var walked, found, drawn, right float64
	for _, file := range []string{"5", "16", "19", "24"} {
		var fixes []track.Fix
		for _, row := range driven(t, filepath.Join(folder, "track", file+".csv")) {
			if p := placeOf(row); box.Contains(p) {
				fixes = append(fixes, track.Fix{At: time.UnixMilli(int64(row["locatetime"])), Point: p, Accuracy: row["accuracy"]})
			}
		}
		var truth []geo.Point
		for _, row := range driven(t, filepath.Join(folder, "ground", file+".csv")) {
			truth = append(truth, placeOf(row))
		}
		var lines [][]geo.Point
		for _, segment := range track.Segments(fixes, track.Clean(fixes, limits), limits) {
			for _, p := range m.Match(segment) {
				lines = append(lines, p.Line(n))
			}
		}
		var a, b, c, d float64
		var apart []geo.Point // of the true path where no street is
		for _, p := range sampled(truth, 5) {
			if !box.Contains(p) || !seenNear(fixes, p, 60) {
				continue
			}
			if len(n.Near(p, walk.Adult, 10_000, 1)) == 0 {
				apart = append(apart, p)
				continue
			}
			a++
			if beside(lines, p, 15) {
				b++
			}
		}
		for _, line := range lines {
			for _, p := range sampled(line, 5) {
				if nearPoint(apart, p, 60) {
					continue
				}
				c++
				if beside([][]geo.Point{truth}, p, 15) {
					d++
				}
			}
		}
		t.Logf("track %s: %.0f m of the true path on streets, %.3f of them found; %.0f m drawn, %.3f of them true", file, 5*a, b/a, 5*c, d/c)
		walked, found, drawn, right = walked+a, found+b, drawn+c, right+d
	}
	recall, precision := found/walked, right/drawn
	f := 2 * recall * precision / (recall + precision)
	t.Logf("all: recall %.3f, precision %.3f, F %.3f", recall, precision, f)
	if f < 0.93 {
		t.Errorf("F %.3f", f)
	}
	// One phone tells 550 m throughout: nothing is said of where it was.
	var fixes []track.Fix
	for _, row := range driven(t, filepath.Join(folder, "track", "36.csv")) {
		fixes = append(fixes, track.Fix{At: time.UnixMilli(int64(row["locatetime"])), Point: placeOf(row), Accuracy: row["accuracy"]})
	}
	if left := track.Segments(fixes, track.Clean(fixes, limits), limits); len(left) != 0 {
		t.Errorf("%d segments of fixes that may be 550 m away", len(left))
	}
}

var limits = track.Limits{Vague: 100, Speed: 40, Gap: time.Minute}

func seenNear(fixes []track.Fix, p geo.Point, metres float64) bool {
	return slices.ContainsFunc(fixes, func(f track.Fix) bool { return walk.Distance(f.Point, p) < metres*1000 })
}

func nearPoint(list []geo.Point, p geo.Point, metres float64) bool {
	return slices.ContainsFunc(list, func(q geo.Point) bool { return walk.Distance(q, p) < metres*1000 })
}

// sampled is a line as points so many metres apart.
func sampled(line []geo.Point, metres float64) (out []geo.Point) {
	due := 0.0
	for i := 1; i < len(line); i++ {
		d := walk.Distance(line[i-1], line[i]) / 1000
		if d > 1000 { // the line was left in between
			due = 0
			continue
		}
		for ; due <= d && d > 0; due += metres {
			out = append(out, between(line[i-1], line[i], due/d))
		}
		due -= d
	}
	return out
}

func between(a, b geo.Point, part float64) geo.Point {
	return geo.Point{X: a.X + int32(part*float64(b.X-a.X)), Y: a.Y + int32(part*float64(b.Y-a.Y))}
}

// beside reports whether a place lies within so many metres of lines.
func beside(lines [][]geo.Point, p geo.Point, metres float64) bool {
	for _, line := range lines {
		for i := 1; i < len(line); i++ {
			if away(p, line[i-1], line[i]) <= metres {
				return true
			}
		}
	}
	return false
}

// away is the distance in metres from a place to a straight line between two others.
func away(p, a, b geo.Point) float64 {
	east := math.Cos(float64(p.Y)/geo.Scale*math.Pi/180) * 111_320 / geo.Scale
	const north = 111_320.0 / geo.Scale
	ax, ay := float64(a.X-p.X)*east, float64(a.Y-p.Y)*north
	bx, by := float64(b.X-p.X)*east, float64(b.Y-p.Y)*north
	dx, dy := bx-ax, by-ay
	part := 0.0
	if whole := dx*dx + dy*dy; whole > 0 {
		part = min(1, max(0, -(ax*dx+ay*dy)/whole))
	}
	return math.Hypot(ax+part*dx, ay+part*dy)
}
