package ledger

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/fault"
	"wangge/geo/sheet"
	"wangge/geo/vectorfile"
)

// Rows are the rows of a ledger file, from a table or from a file of points.
type Rows struct {
	header   []string
	next     func() (Row, error)
	sample   func() ([]sheet.Row, error) // the first rows, without taking them
	geometry bool                        // rows carry their own position
	// cellFaults says that single cells may be bad, as those of workbooks.
	cellFaults bool
	total      int64 // 0 = not known
}

// Row is one row as it stands in the file.
type Row struct {
	sheet.Row
	geometry orb.Geometry // the row's own; nil also when the file has none for it
}

// sampled is how many rows are looked at to find personal columns by their values.
const sampled = 200

// Columns finds the columns of fields, those of a mapping first, and drops the
// personal ones, by their header or by their values.
func (r Rows) Columns(fields []sheet.Field, mapping map[string]string) (*sheet.Columns, error) {
	columns, err := sheet.Match(r.header, fields, mapping)
	if err != nil {
		return nil, err
	}
	sample, err := r.sample()
	if err != nil {
		return nil, err
	}
	columns.DropPersonal(sample)
	return columns, nil
}

// Sample are the first rows, without taking them.
func (r Rows) Sample() ([]sheet.Row, error) { return r.sample() }

// Next takes the next row; io.EOF after the last.
func (r Rows) Next() (Row, error) { return r.next() }

// Placed tells whether rows can say where they lie: by themselves, or in columns.
func (r Rows) Placed(columns *sheet.Columns) bool {
	return r.geometry || columns.Has(FieldLon) && columns.Has(FieldLat)
}

// Place is where a row says it lies, in the file's coordinates, or what is wrong
// with that: its own geometry, or its longitude and latitude.
func (r Row) Place(columns *sheet.Columns) (orb.Point, *fault.Place) {
	point, some, why := pointOf(r.geometry)
	if why != nil {
		bad := why.place()
		bad.Pointer = columns.Pointer(r.Row, FieldLon)
		return point, bad
	}
	if some {
		return point, nil
	}
	lon, someLon, bad := columns.Float(r.Row, FieldLon)
	if bad != nil {
		return point, bad
	}
	lat, someLat, bad := columns.Float(r.Row, FieldLat)
	if bad == nil && !(someLon && someLat) {
		bad = &fault.Place{Pointer: columns.Pointer(r.Row, FieldLon), Code: NoPlace, Detail: "The row has no place. 该行没有位置。"}
	}
	return orb.Point{lon, lat}, bad
}

// pointOf is the place of a geometry; a point alone is one.
func pointOf(g orb.Geometry) (at orb.Point, some bool, why *Reason) {
	switch g := g.(type) {
	case nil:
		return at, false, nil
	case orb.Point:
		return g, true, nil
	case orb.MultiPoint:
		if len(g) == 1 {
			return g[0], true, nil
		}
		return at, false, &Reason{Field: FieldLon, Code: NotAPoint}
	default:
		return at, false, &Reason{Field: FieldLon, Value: g.GeoJSONType(), Code: NotAPoint}
	}
}

// FromSheet reads a CSV or XLSX table, row by row.
func FromSheet(s *sheet.Sheet) Rows {
	return Rows{
		header:     s.Header(),
		cellFaults: s.Format != "CSV",
		sample:     func() ([]sheet.Row, error) { return s.Sample(sampled) },
		next: func() (Row, error) {
			r, err := s.Next()
			return Row{Row: r}, err
		},
	}
}

// FromFile reads the features of a vector file; their properties are the columns.
func FromFile(f *vectorfile.File) Rows {
	at := 0
	return Rows{
		header:   f.Fields,
		geometry: true,
		total:    int64(len(f.Features)),
		sample: func() ([]sheet.Row, error) {
			list := make([]sheet.Row, min(sampled, len(f.Features)))
			for i := range list {
				list[i] = rowOf(f, i)
			}
			return list, nil
		},
		next: func() (Row, error) {
			if at >= len(f.Features) {
				return Row{}, io.EOF
			}
			at++
			return Row{Row: rowOf(f, at-1), geometry: f.Features[at-1].Geometry}, nil
		},
	}
}

// rowOf is a feature as a row of a table; its line is its number in the file.
func rowOf(f *vectorfile.File, i int) sheet.Row {
	feature := f.Features[i]
	cells := make([]string, len(f.Fields))
	for k, name := range f.Fields {
		cells[k] = feature.Properties[name]
	}
	return sheet.Row{Line: numberOf(feature.Place, i+1), Cells: cells, Fault: feature.Fault}
}

// numberOf is the number in "feature 4".
func numberOf(place string, otherwise int) int {
	if i := strings.LastIndexByte(place, ' '); i >= 0 {
		if n, err := strconv.Atoi(place[i+1:]); err == nil {
			return n
		}
	}
	return otherwise
}

// Open reads a ledger file by its content: GeoJSON, KML, Shapefile and
// GeoPackage as points, everything else as a table.
func Open(ctx context.Context, name string, r io.ReaderAt, size int64) (Rows, error) {
	if isVector(r, size) {
		f, err := vectorfile.Read(ctx, name, r, size, vectorfile.Limits{})
		if err != nil {
			return Rows{}, err
		}
		return FromFile(f), nil
	}
	s, err := sheet.Open(name, r, size)
	if err != nil {
		return Rows{}, err
	}
	return FromSheet(s), nil
}

// isVector tells files of places from tables. A workbook is a zip archive too,
// and its parts are named so near the beginning.
func isVector(r io.ReaderAt, size int64) bool {
	head := make([]byte, min(size, 4096))
	n, _ := r.ReadAt(head, 0) // a file that cannot be read says so when it is opened
	text := strings.TrimLeft(strings.TrimPrefix(string(head[:n]), "\ufeff"), " \t\r\n")
	switch {
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "<"), strings.HasPrefix(text, "SQLite format 3"):
		return true
	case strings.HasPrefix(text, "PK\x03\x04"):
		return !isWorkbook(r, size)
	}
	return false
}

// isWorkbook looks into the directory of a zip archive.
func isWorkbook(r io.ReaderAt, size int64) bool {
	tail := make([]byte, min(size, 64<<10))
	n, _ := r.ReadAt(tail, size-int64(len(tail)))
	return strings.Contains(string(tail[:n]), "[Content_Types].xml") || strings.Contains(string(tail[:n]), "xl/workbook.xml")
}
