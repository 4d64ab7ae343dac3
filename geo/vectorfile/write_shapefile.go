package vectorfile

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"wangge/geo/fault"
)

// ErrWide means that a text does not fit into the table of a Shapefile.
var ErrWide = fault.New(fault.Invalid, "shapefile_text_too_long", "A Shapefile keeps at most 254 bytes of a text. Choose GeoPackage or GeoJSON, or shorten the text.")

// The limits of a .dbf.
const (
	dbfName = 10  // bytes of the name of a column
	dbfText = 254 // bytes of a text
)

// prjWGS84 is the reference system as ESRI's programs write it.
const prjWGS84 = `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`

// WriteShapefile writes a layer of MultiPolygons as a zipped Shapefile with the table
// in UTF-8 and a .cpg that says so. Outer rings run clockwise there. The same layer
// gives the same bytes. Memory grows with the layer: headers say how much follows.
//
// Errors: ErrWide, with the place of the text.
func WriteShapefile(w io.Writer, l Layer) error {
	s, err := newShapes(l)
	if err == nil {
		err = s.write(w)
	}
	if err != nil {
		return fmt.Errorf("write layer %q: %w", l.Name, err)
	}
	return nil
}

// shapes is a Shapefile in the making.
type shapes struct {
	Layer
	shp, shx []byte // records, without headers
	rows     [][][]byte
	widths   []int
	box      orb.Bound
}

func newShapes(l Layer) (*shapes, error) {
	if l.Kind != MultiPolygons {
		return nil, fmt.Errorf("a Shapefile of %s is not written", l.Kind)
	}
	s := &shapes{Layer: l, widths: make([]int, len(l.Columns)),
		box: orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}}
	names := map[string]bool{}
	for i, c := range l.Columns {
		if len(c.Name) == 0 || len(c.Name) > dbfName || names[c.Name] {
			return nil, fmt.Errorf("column %q: names have 1 to %d bytes and stand once", c.Name, dbfName)
		}
		names[c.Name] = true
		s.widths[i] = dbfWidths[c.Type]
	}
	for row, err := range l.Rows {
		if err != nil {
			return nil, err
		}
		if err := s.add(row); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// dbfTypes and dbfWidths are the columns of a table. A text has the width of its
// longest, and a moment is a text.
var (
	dbfTypes  = map[Type]byte{Text: 'C', Integer: 'N', Real: 'N', Boolean: 'L', Date: 'D', DateTime: 'C'}
	dbfWidths = map[Type]int{Text: 1, Integer: 18, Real: 24, Boolean: 1, Date: 8, DateTime: 24}
)

// decimals of a Real: square metres to the square millimetre.
const dbfDecimals = 6

func (s *shapes) add(row Row) error {
	n := len(s.rows) + 1
	if len(row.Values) != len(s.Columns) {
		return fmt.Errorf("row %d: %d values for %d columns", n, len(row.Values), len(s.Columns))
	}
	cells := make([][]byte, len(row.Values))
	for i, value := range row.Values {
		cell, err := dbfCell(value, s.Columns[i].Type)
		if err != nil {
			return fmt.Errorf("row %d, column %q: %w", n, s.Columns[i].Name, err)
		}
		if s.Columns[i].Type == Text {
			s.widths[i] = max(s.widths[i], len(cell))
		}
		if len(cell) > dbfText || len(cell) > s.widths[i] {
			return ErrWide.With(fault.Place{Pointer: fmt.Sprintf("record %d, column %s", n, s.Columns[i].Name), Code: "text_too_long",
				Detail: fmt.Sprintf("%d bytes: %s…", len(cell), string([]rune(string(cell))[:20]))})
		}
		cells[i] = cell
	}
	s.rows = append(s.rows, cells)
	return s.shape(row.Geometry)
}

// dbfCell is a value as it stands in the table, without padding.
func dbfCell(value any, kind Type) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		if kind == Boolean {
			return []byte("?"), nil
		}
		return nil, nil
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("text %q is no UTF-8", v)
		}
		return []byte(v), nil
	case bool:
		if v {
			return []byte("T"), nil
		}
		return []byte("F"), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil
		}
		return strconv.AppendFloat(nil, v, 'f', dbfDecimals, 64), nil
	case time.Time:
		if kind == Date {
			return []byte(v.Format("20060102")), nil
		}
		return []byte(timeText(v, kind)), nil
	case int, int32, int64:
		return fmt.Append(nil, v), nil
	}
	return nil, fmt.Errorf("a value of type %T is not written", value)
}

// shape appends a record: its number and length, then its content.
func (s *shapes) shape(g orb.Geometry) error {
	start := len(s.shp)
	s.shp = binary.BigEndian.AppendUint32(s.shp, uint32(len(s.rows)))
	s.shp = binary.BigEndian.AppendUint32(s.shp, 0)
	switch area := shaped(g, MultiPolygons).(type) {
	case nil:
		s.shp = binary.LittleEndian.AppendUint32(s.shp, shpNull)
	case orb.MultiPolygon:
		s.polygons(area)
	default:
		return fmt.Errorf("record %d: geometry of kind %s is not written", len(s.rows), g.GeoJSONType())
	}
	const most = math.MaxInt32 // bytes of a file
	if len(s.shp) > most-shpHeader {
		return ErrTooLarge.Saying("A Shapefile has at most 2 GiB.")
	}
	words := uint32(len(s.shp)-start-8) / 2
	binary.BigEndian.PutUint32(s.shp[start+4:], words)
	s.shx = binary.BigEndian.AppendUint32(s.shx, uint32(shpHeader+start)/2)
	s.shx = binary.BigEndian.AppendUint32(s.shx, words)
	return nil
}

func (s *shapes) polygons(area orb.MultiPolygon) {
	var rings []orb.Ring
	points := 0
	for _, polygon := range area {
		for _, ring := range polygon {
			rings, points = append(rings, ring), points+len(ring)
		}
	}
	if points == 0 {
		s.shp = binary.LittleEndian.AppendUint32(s.shp, shpNull)
		return
	}
	box := area.Bound()
	s.box = s.box.Union(box)
	s.shp = binary.LittleEndian.AppendUint32(s.shp, shpPolygon)
	s.shp = appendFloats(s.shp, box.Min[0], box.Min[1], box.Max[0], box.Max[1])
	s.shp = binary.LittleEndian.AppendUint32(s.shp, uint32(len(rings)))
	s.shp = binary.LittleEndian.AppendUint32(s.shp, uint32(points))
	from := 0
	for _, ring := range rings {
		s.shp = binary.LittleEndian.AppendUint32(s.shp, uint32(from))
		from += len(ring)
	}
	for _, ring := range rings {
		for i := len(ring) - 1; i >= 0; i-- { // RFC 7946 the other way round
			s.shp = appendFloats(s.shp, ring[i][0], ring[i][1])
		}
	}
}

// write packs the five files.
func (s *shapes) write(w io.Writer) error {
	archive := zip.NewWriter(w)
	for _, file := range []struct {
		ext     string
		content [][]byte
	}{
		{".shp", [][]byte{s.header(len(s.shp)), s.shp}},
		{".shx", [][]byte{s.header(len(s.shx)), s.shx}},
		{".dbf", [][]byte{s.table()}},
		{".prj", [][]byte{[]byte(prjWGS84)}},
		{".cpg", [][]byte{[]byte("UTF-8")}},
	} {
		out, err := archive.CreateHeader(&zip.FileHeader{Name: s.Name + file.ext, Method: zip.Deflate, Modified: s.Changed.UTC()})
		if err != nil {
			return err
		}
		for _, part := range file.content {
			if _, err := out.Write(part); err != nil {
				return err
			}
		}
	}
	return archive.Close()
}

// header begins a .shp or .shx of so many bytes of records.
func (s *shapes) header(size int) []byte {
	const version = 1000
	b := binary.BigEndian.AppendUint32(nil, 9994)
	b = append(b, make([]byte, 20)...)
	b = binary.BigEndian.AppendUint32(b, uint32(shpHeader+size)/2)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, shpPolygon)
	box := s.box
	if box.Min[0] > box.Max[0] {
		box = orb.Bound{}
	}
	return appendFloats(b, box.Min[0], box.Min[1], box.Max[0], box.Max[1], 0, 0, 0, 0)
}

// table is the .dbf (dBASE III): a header, 32 bytes for each column, rows of texts.
func (s *shapes) table() []byte {
	const dBASE3, headerEnd, fileEnd = 3, 0x0D, 0x1A
	size := 1
	for _, width := range s.widths {
		size += width
	}
	changed := s.Changed.UTC()
	b := []byte{dBASE3, byte(changed.Year() - 1900), byte(changed.Month()), byte(changed.Day())}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.rows)))
	b = binary.LittleEndian.AppendUint16(b, uint16(32+32*len(s.Columns)+1))
	b = binary.LittleEndian.AppendUint16(b, uint16(size))
	b = append(b, make([]byte, 20)...)
	for i, c := range s.Columns {
		column := make([]byte, 32)
		copy(column, c.Name)
		column[11], column[16] = dbfTypes[c.Type], byte(s.widths[i])
		if c.Type == Real {
			column[17] = dbfDecimals
		}
		b = append(b, column...)
	}
	b = append(b, headerEnd)
	for _, row := range s.rows {
		b = append(b, ' ') // not deleted
		for i, cell := range row {
			right := dbfTypes[s.Columns[i].Type] == 'N'
			b = pad(b, cell, s.widths[i], right)
		}
	}
	return append(b, fileEnd)
}

// pad appends a cell with blanks before it (numbers) or behind it.
func pad(b, cell []byte, width int, right bool) []byte {
	blanks := func() {
		for range width - len(cell) {
			b = append(b, ' ')
		}
	}
	if right {
		blanks()
	}
	b = append(b, cell...)
	if !right {
		blanks()
	}
	return b
}
