package upload_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/plan"
	"wangge/geo/town"
	"wangge/geo/upload"
)

// shifted is a file of units in another reference system, written with so many
// digits after the point (-1 = all).
func shifted(t *testing.T, units []town.Unit, to crs.CRS, digits int) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, u := range units {
		area := u.Area.Orb()
		for _, polygon := range area {
			for _, ring := range polygon {
				for k, p := range ring {
					moved, err := to.FromWGS84(p)
					if err != nil {
						t.Fatal(err)
					}
					if digits >= 0 {
						scale := math.Pow10(digits)
						moved = orb.Point{math.Round(moved[0]*scale) / scale, math.Round(moved[1]*scale) / scale}
					}
					ring[k] = moved
				}
			}
		}
		shape, err := json.Marshal(map[string]any{"type": "MultiPolygon", "coordinates": area})
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, `{"type":"Feature","properties":{"code":%q,"name":%q,"parent":%q},"geometry":%s}`, u.Code, u.Name, u.Parent, shape)
	}
	out.WriteString(`]}`)
	return out.Bytes()
}

func TestAShiftedFileIsRefusedAsWGS84AndTakenForWhatItIs(t *testing.T) {
	t.Parallel()
	db, made := inForce(t, "village"), smallTown(t)
	units := unitsOf(made, "micro-grid")
	original := map[string]geo.MultiPolygon{}
	for _, u := range units {
		original[u.Code] = u.Area
	}
	for _, system := range []crs.CRS{crs.GCJ02, crs.BD09} {
		for _, digits := range []int{-1, 7} {
			t.Run(fmt.Sprintf("%s with %d digits", system, digits), func(t *testing.T) {
				content := shifted(t, units, system, digits)
				_, err := bring(t, db, upload.Request{FileName: "shifted.geojson", Level: "micro-grid", Confirm: "I am sure"}, content)
				if !errors.Is(err, upload.ErrMismatch) {
					t.Fatalf("declared WGS 84: %v, want %v", err, upload.ErrMismatch)
				}
				if f := fault.Of(err); f.Detail == "" || len(f.Places) == 0 || f.Places[0].Detail != string(system) {
					t.Errorf("it says %q and looks like %v, want %s", f.Detail, f.Places, system)
				}
				result, err := bring(t, db, upload.Request{FileName: "shifted.geojson", Level: "micro-grid", CRS: string(system)}, content)
				if err != nil {
					t.Fatal(err)
				}
				p := getPlan(t, db, result.PlanID)
				if len(p.Faults.ByKind) > 0 {
					t.Errorf("new faults against the units in force: %v", p.Faults.ByKind)
				}
				farthest := 0
				for _, u := range planUnits(t, db, result.PlanID) {
					if u.Role == plan.Part {
						farthest = max(farthest, apart(t, u.Area, original[u.Code]))
					}
				}
				if farthest > 1 {
					t.Errorf("a vertex came back %d steps away, want 1 at most", farthest)
				}
			})
		}
	}
}

// apart is the largest difference on one axis between the vertices of two areas,
// in lattice steps.
func apart(t *testing.T, got, want geo.MultiPolygon) (steps int) {
	t.Helper()
	a, b := vertices(got), vertices(want)
	if len(a) != len(b) {
		t.Errorf("%d vertices, want %d", len(a), len(b))
		return 0
	}
	for i := range a {
		dx, dy := int(a[i].X)-int(b[i].X), int(a[i].Y)-int(b[i].Y)
		steps = max(steps, dx, -dx, dy, -dy)
	}
	return steps
}

func vertices(area geo.MultiPolygon) (out []geo.Point) {
	for _, polygon := range area {
		for _, ring := range polygon {
			out = append(out, ring...)
		}
	}
	return out
}
