package patrol

import (
	"cmp"
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"time"

	"wangge/geo/track"
)

// MaxTrack is how many fixes a file has at most: more than 16 hours of one each second.
const MaxTrack = 60_000

// The elements of GPX 1.1 that a track needs.
type gpx struct {
	XMLName xml.Name  `xml:"http://www.topografix.com/GPX/1/1 gpx"`
	Version string    `xml:"version,attr"`
	Creator string    `xml:"creator,attr"`
	Name    string    `xml:"trk>name"`
	Parts   []gpxPart `xml:"trk>trkseg"`
}

type gpxPart struct {
	Points []gpxPoint `xml:"trkpt"`
}

type gpxPoint struct {
	Lat  string    `xml:"lat,attr"`
	Lon  string    `xml:"lon,attr"`
	Time time.Time `xml:"time"`
}

// WriteGPX writes the fixes of a shift that count as GPX 1.1. A segment ends where a
// pause begins, and where nobody knows where the way went on. Coordinates are WGS 84.
func WriteGPX(w io.Writer, s Shift, fixes []Fix) error {
	counting := slices.DeleteFunc(slices.Clone(fixes), func(f Fix) bool { return f.Mark != "" })
	slices.SortStableFunc(counting, func(a, b Fix) int { // the phone's track, then those of other programs
		if a.imported() != b.imported() {
			return cmp.Compare(a.Seq, b.Seq)
		}
		return a.At.Compare(b.At)
	})
	doc := gpx{Version: "1.1", Creator: "Wangge", Name: s.ID.String()}
	decimal := func(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }
	for i, f := range counting {
		if i == 0 || f.imported() != counting[i-1].imported() || f.At.Sub(counting[i-1].At) > track.Usual.Gap || s.spanOf(f.At) != s.spanOf(counting[i-1].At) {
			doc.Parts = append(doc.Parts, gpxPart{})
		}
		part := &doc.Parts[len(doc.Parts)-1]
		part.Points = append(part.Points, gpxPoint{Lat: decimal(f.Place[1]), Lon: decimal(f.Place[0]), Time: f.At.UTC()})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	return e.Encode(doc)
}

// spanOf is which of a shift's times on duty an instant lies in, -1 for none.
func (s Shift) spanOf(at time.Time) int {
	return slices.IndexFunc(s.Spans, func(on Span) bool { return !at.Before(on.From) && at.Before(on.To) })
}

// imported reports whether a fix came in a file of another program.
func (f Fix) imported() bool { return f.Seq >= FirstImported }
