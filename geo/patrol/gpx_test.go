package patrol_test

import (
	"bytes"
	"encoding/xml"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/geo/patrol"
)

func TestATrackIsAFileWithoutWhatDoesNotCount(t *testing.T) {
	at := func(minutes float64) time.Time { return now.Add(time.Duration(minutes * float64(time.Minute))) }
	s := patrol.Shift{ID: uuid.New(), Spans: []patrol.Span{{From: at(0), To: at(2)}, {From: at(2.5), To: at(60)}}}
	fixes := []patrol.Fix{
		{At: at(1.5), Place: orb.Point{121.5, 31.1}},
		{At: at(1), Place: orb.Point{121.4, 31}}, // came late, stands in its place
		{At: at(2.2), Place: orb.Point{0, 0}, Mark: "outside"},
		{At: at(2.5), Place: orb.Point{121.6, 31.2}}, // after a pause
		{At: at(3), Place: orb.Point{121.7, 31.3}},
		{At: at(9), Place: orb.Point{121.8, 31.4}}, // after a gap
	}
	var out bytes.Buffer
	if err := patrol.WriteGPX(&out, s, fixes); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Segments []struct {
			Points []struct {
				Lat  float64   `xml:"lat,attr"`
				Lon  float64   `xml:"lon,attr"`
				Time time.Time `xml:"time"`
			} `xml:"trkpt"`
		} `xml:"trk>trkseg"`
	}
	if err := xml.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Segments) != 3 || len(got.Segments[0].Points) != 2 || len(got.Segments[1].Points) != 2 || len(got.Segments[2].Points) != 1 {
		t.Fatalf("%s", out.String())
	}
	if p := got.Segments[0].Points[0]; p.Lat != 31 || p.Lon != 121.4 || !p.Time.Equal(at(1)) {
		t.Errorf("begins with %+v", p)
	}
}
