package borderwalk

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"
)

// The elements of GPX 1.1 that a walk needs.
type gpx struct {
	XMLName xml.Name   `xml:"http://www.topografix.com/GPX/1/1 gpx"`
	Version string     `xml:"version,attr"`
	Creator string     `xml:"creator,attr"`
	Title   string     `xml:"metadata>name"`
	Points  []waypoint `xml:"wpt"`
	Name    string     `xml:"rte>name"`
	Route   []waypoint `xml:"rte>rtept"`
}

type waypoint struct {
	Lat  string `xml:"lat,attr"`
	Lon  string `xml:"lon,attr"`
	Name string `xml:"name"`
	Desc string `xml:"desc,omitempty"`
}

// WriteGPX writes a walk as GPX 1.1: its points with their questions, and the route
// from one to the next. Coordinates are WGS 84.
func WriteGPX(w io.Writer, walk Walk, points []Point) error {
	doc := gpx{Version: "1.1", Creator: "Wangge", Title: walk.Name, Name: walk.Name}
	decimal := func(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }
	for _, p := range points {
		at := waypoint{Lat: decimal(p.At[1]), Lon: decimal(p.At[0]), Name: strconv.Itoa(p.Ordinal)}
		doc.Route = append(doc.Route, at)
		at.Desc = strings.TrimSpace(p.Question + " (" + strings.Join(p.Names, " / ") + ")")
		doc.Points = append(doc.Points, at)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	return e.Encode(doc)
}
