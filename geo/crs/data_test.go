package crs

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"
)

// dataFile returns a real file that is no part of the project, or skips.
func dataFile(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("WANGGE_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: the guard is not tried on the real file %s: set WANGGE_DATA to the folder that has it (%v)", name, err)
	}
	return path
}

// areasOf reads the polygons of a GeoJSON file.
func areasOf(t testing.TB, name string) []orb.MultiPolygon {
	t.Helper()
	text, err := os.ReadFile(dataFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Features []struct {
			Geometry json.RawMessage `json:"geometry"`
		} `json:"features"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var areas []orb.MultiPolygon
	for _, f := range file.Features {
		shape, err := geojson.UnmarshalGeometry(f.Geometry)
		if err != nil || shape == nil {
			continue // dirt: not what is tried here
		}
		switch g := shape.Geometry().(type) {
		case orb.Polygon:
			areas = append(areas, orb.MultiPolygon{g})
		case orb.MultiPolygon:
			areas = append(areas, g)
		}
	}
	return areas
}

// streetsAndBuildings reads ways of an OpenStreetMap extract.
func streetsAndBuildings(t testing.TB, name string) (streets []orb.LineString, buildings []orb.MultiPolygon) {
	t.Helper()
	file, err := os.Open(dataFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	nodes := map[osm.NodeID]orb.Point{}
	scanner := osmpbf.New(context.Background(), file, 1)
	defer scanner.Close()
	for scanner.Scan() {
		switch o := scanner.Object().(type) {
		case *osm.Node:
			nodes[o.ID] = orb.Point{o.Lon, o.Lat}
		case *osm.Way:
			var line orb.LineString
			for _, n := range o.Nodes {
				if p, ok := nodes[n.ID]; ok {
					line = append(line, p)
				}
			}
			switch {
			case len(line) > 1 && o.Tags.Find("highway") != "":
				streets = append(streets, line)
			case len(line) > 3 && line[0] == line[len(line)-1] && o.Tags.Find("building") != "":
				buildings = append(buildings, orb.MultiPolygon{{orb.Ring(line)}})
			}
		}
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return streets, buildings
}
