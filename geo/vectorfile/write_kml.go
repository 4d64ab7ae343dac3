package vectorfile

import (
	"fmt"
	"io"

	"github.com/paulmach/orb"
	gokml "github.com/twpayne/go-kml/v3"
)

// nameColumn is the property that KML shows as the name of a placemark.
const nameColumn = "name"

// WriteKML writes a layer of areas and points as KML 2.2, coordinates as in GeoJSON.
// The column "name" is the name of the placemark, all others stand in ExtendedData.
// The same layer gives the same bytes. Memory grows with the layer.
func WriteKML(w io.Writer, l Layer) error {
	title := l.Title
	if title == "" {
		title = l.Name
	}
	document := gokml.Document(gokml.Name(title))
	n := 0
	for row, err := range l.Rows {
		n++
		if err == nil {
			err = addPlacemark(document, l, row)
		}
		if err != nil {
			return fmt.Errorf("write layer %q, placemark %d: %w", l.Name, n, err)
		}
	}
	if err := gokml.KML(document).Write(w); err != nil {
		return fmt.Errorf("write layer %q: %w", l.Name, err)
	}
	return nil
}

func addPlacemark(document *gokml.DocumentElement, l Layer, row Row) error {
	if len(row.Values) != len(l.Columns) {
		return fmt.Errorf("%d values for %d columns", len(row.Values), len(l.Columns))
	}
	mark, rest := gokml.Placemark(), gokml.ExtendedData()
	for i, c := range l.Columns {
		text := valueText(row.Values[i], c.Type)
		if c.Name == nameColumn {
			mark.Append(gokml.Name(text))
			continue
		}
		rest.Append(gokml.Data(c.Name, gokml.Value(text)))
	}
	mark.Append(rest)
	switch g := shaped(row.Geometry, l.Kind).(type) {
	case nil:
	case orb.Point:
		mark.Append(gokml.Point(gokml.Coordinates(position(g))))
	case orb.MultiPolygon:
		areas := gokml.MultiGeometry()
		for _, polygon := range g {
			areas.Append(kmlPolygon(polygon))
		}
		if len(g) > 0 {
			mark.Append(areas)
		}
	default:
		return fmt.Errorf("geometry of kind %s is not written", g.GeoJSONType())
	}
	document.Append(mark)
	return nil
}

func kmlPolygon(p orb.Polygon) gokml.Element {
	area := gokml.Polygon()
	for i, ring := range p {
		course := make([]gokml.Coordinate, len(ring))
		for k, at := range ring {
			course[k] = position(at)
		}
		border := gokml.LinearRing(gokml.Coordinates(course...))
		if i == 0 {
			area.Append(gokml.OuterBoundaryIs(border))
		} else {
			area.Append(gokml.InnerBoundaryIs(border))
		}
	}
	return area
}

func position(p orb.Point) gokml.Coordinate { return gokml.Coordinate{Lon: p[0], Lat: p[1]} }
