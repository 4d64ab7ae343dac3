package atom_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"

	"wangge/geo"
	"wangge/geo/atom"
	"wangge/geo/propose"
	"wangge/geo/topology"
)

// realGround reads the part of an OpenStreetMap extract around a square, or skips
// the test and says so. The reader is only as good as the trial needs. Households
// are made up: one for every 120 m² of floor in buildings that people may live in.
func realGround(t *testing.T, name string, west, south, east, north float64) atom.Ground {
	t.Helper()
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	file, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		t.Skipf("SKIPPED, real streets are not tried: %v (set WANGGE_DATA to the data folder)", err)
	}
	defer file.Close()
	places := map[osm.NodeID]geo.Point{}
	var ground atom.Ground
	corner := func(lon, lat float64) geo.Point { return geo.Snap(orb.Point{lon, lat}) }
	ground.Unit = geo.MultiPolygon{{{corner(west, south), corner(east, south), corner(east, north), corner(west, north)}}}
	bound := ground.Unit.Bound()
	scanner := osmpbf.New(context.Background(), file, 1)
	defer scanner.Close()
	for scanner.Scan() {
		switch o := scanner.Object().(type) {
		case *osm.Node:
			places[o.ID] = corner(o.Lon, o.Lat)
		case *osm.Way:
			var line []geo.Point
			for _, n := range o.Nodes {
				if p, ok := places[n.ID]; ok {
					line = append(line, p)
				}
			}
			if len(line) > 1 && geo.Ring(line).Bound().Intersects(bound) {
				addWay(&ground, o.Tags, line)
			}
		}
	}
	if err := scanner.Err(); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return ground
}

func addWay(g *atom.Ground, tags osm.Tags, line []geo.Point) {
	closed := len(line) > 3 && line[0] == line[len(line)-1]
	var area geo.MultiPolygon
	if closed {
		r := geo.Ring(line[:len(line)-1])
		if r.DoubledArea() < 0 {
			r = r.Reversed()
		}
		area = geo.MultiPolygon{{r}}
	}
	has := func(key string) bool { v := tags.Find(key); return v != "" && v != "no" }
	switch {
	case has("tunnel") || has("bridge") && !has("highway"):
	case has("highway") && tags.Find("area") != "yes":
		g.Lines = append(g.Lines, atom.Line{Class: atom.OfStreet(tags.Find("highway")), Points: line})
	case tags.Find("railway") == "rail":
		g.Lines = append(g.Lines, atom.Line{Class: atom.Rail, Points: line})
	case has("waterway"):
		g.Lines = append(g.Lines, atom.Line{Class: atom.OfWater(tags.Find("waterway")), Points: line})
	case closed && tags.Find("natural") == "water":
		g.Waters = append(g.Waters, atom.Water{Class: atom.OfWater(tags.Find("water")), Area: area})
	case closed && has("building"):
		g.Buildings = append(g.Buildings, area)
		if at := topology.LabelPoint(area); inBox(g.Unit.Bound(), at) {
			floors := 2.0
			if tags.Find("building") == "apartments" || tags.Find("building") == "yes" {
				floors = 3
			}
			g.Homes = append(g.Homes, atom.Home{At: at, Households: int(float64(area.SquareMeters()) * floors / 120)})
		}
	case closed && tags.Find("landuse") == "residential":
		g.Wholes = append(g.Wholes, atom.Whole{Class: atom.Edge, Area: area, Divisible: true})
	case has("barrier"):
		if class, ok := atom.OfBarrier(tags.Find("barrier")); ok {
			g.Lines = append(g.Lines, atom.Line{Class: class, Points: line})
		}
	}
}

func inBox(b geo.Bound, p geo.Point) bool { return b.Contains(p) }

// Real streets are cut into atoms that tile exactly, and divided; the units tile
// too and hang together.
func TestRealTownsAreCutAndDivided(t *testing.T) {
	tests := []struct {
		name, file               string
		west, south, east, north float64
	}{
		{"Vaduz", "liechtenstein/liechtenstein.osm.pbf", 9.500, 47.125, 9.535, 47.155},
		{"Beijing, a campus", "osm-cn/beijing-bupt.osm.pbf", 116.349, 39.957, 116.356, 39.9645},
		{"Baltimore", "baltimore/baltimore.osm.pbf", -76.600, 39.270, -76.560, 39.300},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ground := realGround(t, tt.file, tt.west, tt.south, tt.east, tt.north)
			ground.Limit, ground.Barriers = 40, []atom.Class{atom.River, atom.Rail}
			began := time.Now()
			atoms, err := atom.Cut(context.Background(), ground)
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			households, most := 0, 0
			for _, a := range atoms.List {
				households += a.Households
				most = max(most, a.Households)
			}
			t.Logf("%d lines, %d buildings, %d households (%d outside): %d atoms, the largest with %d, %d borders, in %v",
				len(ground.Lines), len(ground.Buildings), households, atoms.Outside, len(atoms.List), most, len(atoms.Borders), took)
			tiles(t, atoms)
			notThroughBuildings(t, ground, atoms)
			began = time.Now()
			q := propose.Question{Min: 30, Max: max(50, most), Seed: 1, Threads: 2}
			land := atoms.Land(atom.UsualCosts, nil)
			a, err := propose.Solve(context.Background(), land, q)
			if err != nil {
				t.Fatal(err)
			}
			p := a.Alternatives[0]
			t.Logf("%+v, %d rules broken, %d proofs, in %v", p.Score, len(p.Broken), len(a.Proofs), time.Since(began))
			for _, b := range p.Broken {
				if b.Rule == propose.Apart || b.Rule == propose.NoUnit {
					t.Errorf("unit %d: %s", b.Unit, b.Rule)
				}
			}
			if a.Proofs == nil && p.Broken != nil {
				t.Errorf("%d rules broken without a proof", len(p.Broken))
			}
			var parts []topology.Part
			for _, part := range atoms.Parts(p.Unit) {
				parts = append(parts, topology.Part{Code: string(rune(part.Unit)), Area: part.Area})
			}
			if v := topology.Check(atoms.Unit, parts); v != nil {
				t.Errorf("the units do not tile: %+v", v[0])
			}
		})
	}
}
