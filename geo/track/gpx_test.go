package track_test

import (
	"compress/gzip"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/track"
	"wangge/geo/walk"
)

type osmFile struct {
	Nodes []struct {
		ID  int64   `xml:"id,attr"`
		Lat float64 `xml:"lat,attr"`
		Lon float64 `xml:"lon,attr"`
	} `xml:"node"`
	Ways []struct {
		ID   int64 `xml:"id,attr"`
		Refs []struct {
			ID int64 `xml:"ref,attr"`
		} `xml:"nd"`
		Tags []struct {
			Key   string `xml:"k,attr"`
			Value string `xml:"v,attr"`
		} `xml:"tag"`
	} `xml:"way"`
}

// pair is a map as OpenStreetMap's XML with the names of its streets, and a walk on it.
func pair(t *testing.T, name string) (*walk.Network, map[int64]string, []track.Fix) {
	t.Helper()
	folder := filepath.Join(os.Getenv("WANGGE_DATA"), "tracks-gpx")
	f, err := os.Open(filepath.Join(folder, name+".osm.gz"))
	if err != nil {
		t.Skip("needs the tracks in $WANGGE_DATA")
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var file osmFile
	if err := xml.NewDecoder(unzipped).Decode(&file); err != nil {
		t.Fatal(err)
	}
	at := map[int64]geo.Point{}
	for _, n := range file.Nodes {
		at[n.ID] = geo.Snap(orb.Point{n.Lon, n.Lat})
	}
	var s walk.Source
	names := map[int64]string{}
	for _, w := range file.Ways {
		street := walk.Street{ID: w.ID, Tags: map[string]string{}}
		for _, tag := range w.Tags {
			street.Tags[tag.Key] = tag.Value
		}
		if street.Kind = street.Tags["highway"]; street.Kind == "" {
			continue
		}
		names[w.ID] = street.Tags["name"]
		for _, ref := range w.Refs {
			if p, known := at[ref.ID]; known {
				street.Nodes, street.Line = append(street.Nodes, ref.ID), append(street.Line, p)
			}
		}
		if len(street.Line) > 1 {
			s.Streets = append(s.Streets, street)
		}
	}
	n, _, err := walk.Build(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(folder, name+".gpx"))
	if err != nil {
		t.Fatal(err)
	}
	var gpx struct {
		Points []struct {
			Lat  float64   `xml:"lat,attr"`
			Lon  float64   `xml:"lon,attr"`
			Time time.Time `xml:"time"`
		} `xml:"trk>trkseg>trkpt"`
	}
	if err := xml.Unmarshal(raw, &gpx); err != nil {
		t.Fatal(err)
	}
	var fixes []track.Fix
	for _, p := range gpx.Points {
		fixes = append(fixes, track.Fix{At: p.Time, Point: geo.Snap(orb.Point{p.Lon, p.Lat})})
	}
	return n, names, fixes
}

// Two walks that tell no usable times, with the streets that they ran along.
func TestWalksFromOtherProgramsAreLaidOnTheirStreets(t *testing.T) {
	for _, c := range []struct {
		name    string
		streets []string
	}{
		{"gh-issue-13", []string{""}},
		{"gh-issue-70", []string{"Милана Видака", "Бранка Радичевића", "Здравка Челара"}},
	} {
		n, names, fixes := pair(t, c.name)
		m := track.NewMatcher(n, track.Usual)
		defer m.Release()
		timed := track.Timed(fixes)
		segments := track.Segments(timed, track.Clean(timed, track.Usual), track.Usual)
		if len(segments) != 1 || len(segments[0]) != len(fixes) {
			t.Errorf("%s: %d segments", c.name, len(segments))
		}
		pieces := m.Match(segments[0])
		if len(pieces) != 1 {
			t.Fatalf("%s: %d pieces", c.name, len(pieces))
		}
		var on []string
		for _, s := range pieces[0].Way {
			on = append(on, names[n.Street(s.Edge)])
		}
		if on = slices.Compact(on); !slices.Equal(on, c.streets) {
			t.Errorf("%s ran along %q, want %q", c.name, on, c.streets)
		}
		line := [][]geo.Point{pieces[0].Line(n)}
		for i, f := range fixes {
			if !beside(line, f.Point, 20) {
				t.Errorf("%s: the course passes fix %d at more than 20 m", c.name, i)
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
