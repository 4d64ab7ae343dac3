package known

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/track"
	"wangge/geo/walk"
)

// Vehicles are the tracks of Shanghai that cross the map of Renminguangchang.
var Vehicles = []string{"5", "16", "19", "24"}

// VehicleLimits are what is believed of them: they drive.
var VehicleLimits = track.Limits{Vague: 100, Speed: 40, Gap: time.Minute}

// Drive is a vehicle's track with its true path.
type Drive struct {
	Fixes []track.Fix
	Truth []geo.Point
}

// ReadDrive reads a vehicle's tables in a folder.
func ReadDrive(folder, name string) (d Drive, err error) {
	rows, err := table(filepath.Join(folder, "track", name+".csv"))
	if err != nil {
		return d, err
	}
	for _, row := range rows {
		d.Fixes = append(d.Fixes, track.Fix{At: time.UnixMilli(int64(row["locatetime"])), Point: placeOf(row), Accuracy: row["accuracy"]})
	}
	rows, err = table(filepath.Join(folder, "ground", name+".csv"))
	for _, row := range rows {
		d.Truth = append(d.Truth, placeOf(row))
	}
	return d, err
}

// table is a file with columns by name; what is no number is left out.
func table(path string) ([]map[string]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var out []map[string]float64
	for _, row := range rows[min(1, len(rows)):] {
		fields := map[string]float64{}
		for i, name := range rows[0] {
			if v, err := strconv.ParseFloat(row[i], 64); err == nil {
				fields[name] = v
			}
		}
		out = append(out, fields)
	}
	return out, nil
}

func placeOf(row map[string]float64) geo.Point { return geo.Snap(orb.Point{row["lon"], row["lat"]}) }

// Within keeps the fixes that lie on the map of a network.
func (d Drive) Within(n *walk.Network) Drive {
	box := boxOf(n)
	var kept []track.Fix
	for _, f := range d.Fixes {
		if box.Contains(f.Point) {
			kept = append(kept, f)
		}
	}
	return Drive{Fixes: kept, Truth: d.Truth}
}

func boxOf(n *walk.Network) geo.Bound {
	box := geo.EmptyBound
	for e := range int32(n.Edges()) {
		for _, p := range n.Line(e) {
			box = box.Extend(p)
		}
	}
	return box
}

// Compare looks at the parts of the true path on the map where the vehicle was seen. It
// runs along main roads; some of those, like the elevated ones, are for motor traffic
// alone and in no walking network. They, and what was drawn beside them, are left out.
func (d Drive) Compare(n *walk.Network, drawn [][]geo.Point) (a Agreement) {
	const seen, onStreet, right = 60, 10, 15 // metres
	box := boxOf(n)
	watched := func(p geo.Point) bool {
		return box.Contains(p) && slices.ContainsFunc(d.Fixes, func(f track.Fix) bool { return walk.Distance(f.Point, p) < seen*1000 })
	}
	onFoot := func(p geo.Point) bool { return len(n.Near(p, walk.Adult, onStreet*1000, 1)) > 0 }
	truth := [][]geo.Point{d.Truth}
	var apart []geo.Point // of the true path where no street is
	for _, p := range sampled(d.Truth) {
		if watched(p) && !onFoot(p) {
			apart = append(apart, p)
		}
	}
	fair := func(p geo.Point) bool {
		return box.Contains(p) && !slices.ContainsFunc(apart, func(q geo.Point) bool { return walk.Distance(q, p) < seen*1000 })
	}
	return Agreement{
		Walked: length(truth, func(p geo.Point) bool { return watched(p) && onFoot(p) }),
		Found:  length(truth, func(p geo.Point) bool { return watched(p) && onFoot(p) && Beside(drawn, p, right) }),
		Drawn:  length(drawn, fair),
		Right:  length(drawn, func(p geo.Point) bool { return fair(p) && Beside(truth, p, right) }),
	}
}

// Hike is a walk recorded by another program, with its own small map.
type Hike struct {
	Fixes   []track.Fix
	Extract []byte           // the map as .osm.pbf
	Names   map[int64]string // of its streets, by OSM way
	Streets []string         // the names of those it ran along, in this order
}

// hikes tell no usable times; these are the streets that they ran along.
var hikes = map[string][]string{
	"gh-issue-13": {""},
	"gh-issue-70": {"Милана Видака", "Бранка Радичевића", "Здравка Челара"},
}

// Hikes are the names of those there are.
var Hikes = []string{"gh-issue-13", "gh-issue-70"}

// ReadHike reads a walk and its map in a folder.
func ReadHike(folder, name string) (Hike, error) {
	h := Hike{Names: map[int64]string{}, Streets: hikes[name]}
	f, err := os.Open(filepath.Join(folder, name+".osm.gz"))
	if err != nil {
		return h, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return h, fmt.Errorf("%s: %w", name, err)
	}
	var file osmFile
	if err := xml.NewDecoder(unzipped).Decode(&file); err != nil {
		return h, fmt.Errorf("%s: %w", name, err)
	}
	for _, w := range file.Ways {
		for _, tag := range w.Tags {
			if tag.Key == "name" {
				h.Names[w.ID] = tag.Value
			}
		}
	}
	h.Extract = file.extract()
	raw, err := os.ReadFile(filepath.Join(folder, name+".gpx"))
	if err != nil {
		return h, err
	}
	var gpx struct {
		Points []struct {
			Lat  float64   `xml:"lat,attr"`
			Lon  float64   `xml:"lon,attr"`
			Time time.Time `xml:"time"`
		} `xml:"trk>trkseg>trkpt"`
	}
	if err := xml.Unmarshal(raw, &gpx); err != nil {
		return h, fmt.Errorf("%s: %w", name, err)
	}
	for _, p := range gpx.Points {
		h.Fixes = append(h.Fixes, track.Fix{At: p.Time, Point: geo.Snap(orb.Point{p.Lon, p.Lat})})
	}
	return h, nil
}

// Compare looks at a course beside the fixes, which are good ones: true is what lies
// within 20 m of them on one of the streets that they ran along.
func (h Hike) Compare(n *walk.Network, drawn [][]geo.Point) Agreement {
	const beside, on = 20, 3 // metres
	var streets [][]geo.Point
	for e := range int32(n.Edges()) {
		if slices.Contains(h.Streets, h.Names[n.Street(e)]) {
			streets = append(streets, n.Line(e))
		}
	}
	var seen []geo.Point
	for _, f := range h.Fixes {
		seen = append(seen, f.Point)
	}
	a := Compare([][]geo.Point{seen}, drawn, beside)
	a.Right = length(drawn, func(p geo.Point) bool { return Beside([][]geo.Point{seen}, p, beside) && Beside(streets, p, on) })
	return a
}
