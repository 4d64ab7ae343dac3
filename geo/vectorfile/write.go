package vectorfile

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"time"

	"github.com/paulmach/orb"
)

// Layer is what an export writes: rows in WGS 84, longitude first.
type Layer struct {
	Name    string // of the layer or table
	Title   string // for people
	Kind    Kind
	Columns []Column
	Rows    iter.Seq2[Row, error] // an error ends the export
	Changed time.Time             // of the contents, for formats that record it
	About   json.RawMessage       // what readers must know: the member "about" of GeoJSON; nil = none
}

// Kind is the kind of geometry that all rows of a layer have.
type Kind string

// The kinds of layers. A Polygon in a layer of MultiPolygons is written as one.
const (
	NoGeometry       Kind = ""
	AnyGeometry      Kind = "GEOMETRY"
	Points           Kind = "POINT"
	LineStrings      Kind = "LINESTRING"
	MultiLineStrings Kind = "MULTILINESTRING"
	MultiPolygons    Kind = "MULTIPOLYGON"
)

// Column is one property of a layer.
type Column struct {
	Name string
	Type Type
}

// Type is the type of a column's values.
type Type string

// The types of columns.
const (
	Text     Type = "TEXT"
	Integer  Type = "INTEGER"
	Real     Type = "REAL"
	Boolean  Type = "BOOLEAN"
	Date     Type = "DATE"
	DateTime Type = "DATETIME"
)

// Row is one feature to write.
type Row struct {
	ID       string       // "" = none
	Values   []any        // one for each column: nil, string, bool, an integer, float64, time.Time
	Geometry orb.Geometry // nil = none
}

// Table is a layer of texts without places, such as a list of settings.
func Table(name string, header []string, rows [][]string) Layer {
	columns := make([]Column, len(header))
	for i, title := range header {
		columns[i] = Column{Name: title, Type: Text}
	}
	return Layer{Name: name, Columns: columns, Rows: func(yield func(Row, error) bool) {
		for _, row := range rows {
			values := make([]any, len(row))
			for i, text := range row {
				values[i] = text
			}
			if !yield(Row{Values: values}, nil) {
				return
			}
		}
	}}
}

// WriteGeoJSON writes a layer as an RFC 7946 FeatureCollection, one feature to a
// line as they come: coordinates with at most seven digits after the point (the
// lattice of 1e-7 degrees), outer rings counter-clockwise, holes clockwise.
func WriteGeoJSON(w io.Writer, l Layer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	line, err := json.Marshal(l.Name)
	if err != nil {
		return fmt.Errorf("write layer %q: %w", l.Name, err)
	}
	fmt.Fprintf(out, `{"type":"FeatureCollection","name":%s,`, line)
	if l.About != nil {
		fmt.Fprintf(out, `"about":%s,`, l.About)
	}
	out.WriteString(`"features":[`)
	keys := make([][]byte, len(l.Columns))
	for i, c := range l.Columns {
		if keys[i], err = json.Marshal(c.Name); err != nil {
			return fmt.Errorf("write layer %q: %w", l.Name, err)
		}
	}
	n := 0
	for row, err := range l.Rows {
		if err == nil {
			line, err = appendFeature(line[:0], l, keys, row)
		}
		if err != nil {
			return fmt.Errorf("write layer %q, feature %d: %w", l.Name, n+1, err)
		}
		if n++; n > 1 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(line)
	}
	out.WriteString("\n]}\n")
	if err := out.Flush(); err != nil { // keeps the first error of all writes
		return fmt.Errorf("write layer %q: %w", l.Name, err)
	}
	return nil
}

func appendFeature(b []byte, l Layer, keys [][]byte, row Row) (_ []byte, err error) {
	if len(row.Values) != len(l.Columns) {
		return nil, fmt.Errorf("%d values for %d columns", len(row.Values), len(l.Columns))
	}
	b = append(b, `{"type":"Feature",`...)
	if row.ID != "" {
		if b, err = appendValue(append(b, `"id":`...), row.ID, Text); err != nil {
			return nil, err
		}
		b = append(b, ',')
	}
	b = append(b, `"properties":{`...)
	for i, value := range row.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, keys[i]...), ':')
		if b, err = appendValue(b, value, l.Columns[i].Type); err != nil {
			return nil, fmt.Errorf("column %q: %w", l.Columns[i].Name, err)
		}
	}
	b, err = appendGeometry(append(b, `},"geometry":`...), shaped(row.Geometry, l.Kind))
	return append(b, '}'), err
}

func appendValue(b []byte, value any, kind Type) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(b, "null"...), nil
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64), nil
	case time.Time:
		value = timeText(v, kind)
	}
	text, err := json.Marshal(value)
	return append(b, text...), err
}

func timeText(t time.Time, kind Type) string {
	if kind == Date {
		return t.Format(time.DateOnly)
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// shaped turns rings to the order of RFC 7946 and a Polygon to a MultiPolygon in
// a layer of those.
func shaped(g orb.Geometry, kind Kind) orb.Geometry {
	switch g := g.(type) {
	case orb.Polygon:
		if kind == MultiPolygons {
			return orb.MultiPolygon{turned(g)}
		}
		return turned(g)
	case orb.MultiPolygon:
		all := make(orb.MultiPolygon, 0, len(g))
		for _, p := range g {
			all = append(all, turned(p))
		}
		return all
	case orb.LineString:
		if kind == MultiLineStrings {
			return orb.MultiLineString{g}
		}
	}
	return g
}

func turned(p orb.Polygon) orb.Polygon {
	out := make(orb.Polygon, len(p))
	for i, ring := range p {
		out[i] = ring
		if want := i == 0; doubledArea(ring) > 0 != want {
			out[i] = ring.Clone()
			out[i].Reverse()
		}
	}
	return out
}

func appendGeometry(b []byte, g orb.Geometry) ([]byte, error) {
	if g == nil {
		return append(b, "null"...), nil
	}
	b = append(append(append(b, `{"type":"`...), g.GeoJSONType()...), `","coordinates":`...)
	switch g := g.(type) {
	case orb.Point:
		b = appendPosition(b, g)
	case orb.MultiPoint:
		b = appendPositions(b, g)
	case orb.LineString:
		b = appendPositions(b, g)
	case orb.MultiLineString:
		b = appendList(b, len(g), func(b []byte, i int) []byte { return appendPositions(b, g[i]) })
	case orb.Polygon:
		b = appendPolygon(b, g)
	case orb.MultiPolygon:
		b = appendList(b, len(g), func(b []byte, i int) []byte { return appendPolygon(b, g[i]) })
	default:
		return nil, fmt.Errorf("geometry of kind %s is not written", g.GeoJSONType())
	}
	return append(b, '}'), nil
}

func appendPolygon(b []byte, p orb.Polygon) []byte {
	return appendList(b, len(p), func(b []byte, i int) []byte { return appendPositions(b, p[i]) })
}

func appendPositions(b []byte, points []orb.Point) []byte {
	return appendList(b, len(points), func(b []byte, i int) []byte { return appendPosition(b, points[i]) })
}

func appendList(b []byte, n int, item func(b []byte, i int) []byte) []byte {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(b, i)
	}
	return append(b, ']')
}

func appendPosition(b []byte, p orb.Point) []byte {
	b = appendDegrees(append(b, '['), p[0])
	return append(appendDegrees(append(b, ','), p[1]), ']')
}

// appendDegrees writes seven digits after the point, without the zeros at the end.
func appendDegrees(b []byte, v float64) []byte {
	from := len(b)
	b = strconv.AppendFloat(b, v, 'f', 7, 64)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	if string(b[from:]) == "-0" {
		return append(b[:from], '0')
	}
	return b
}
