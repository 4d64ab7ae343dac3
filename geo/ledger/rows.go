package ledger

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/sheet"
	"wangge/geo/vectorfile"
)

// Rows are the rows of a ledger file, from a table or from a file of points.
type Rows struct {
	header   []string
	next     func() (row, error)
	sample   func() ([]sheet.Row, error) // the first rows, without taking them
	geometry bool                        // rows carry their own position
	// cellFaults says that single cells may be bad, as those of workbooks.
	cellFaults bool
	total      int64 // 0 = not known
}

// row is one row as it stands in the file.
type row struct {
	sheet.Row
	geometry orb.Geometry // the row's own; nil also when the file has none for it
}

// sampled is how many rows are looked at to find personal columns by their values.
const sampled = 200

// Header are the names of the columns.
func (r Rows) Header() []string { return r.header }

// FromSheet reads a CSV or XLSX table, row by row.
func FromSheet(s *sheet.Sheet) Rows {
	return Rows{
		header:     s.Header(),
		cellFaults: s.Format != "CSV",
		sample:     func() ([]sheet.Row, error) { return s.Sample(sampled) },
		next: func() (row, error) {
			r, err := s.Next()
			return row{Row: r}, err
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
		next: func() (row, error) {
			if at >= len(f.Features) {
				return row{}, io.EOF
			}
			at++
			return row{Row: rowOf(f, at-1), geometry: f.Features[at-1].Geometry}, nil
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
