// Package vectorfile reads areas, lines and points from the files that planners
// exchange: GeoJSON, KML and KMZ, zipped Shapefile and GeoPackage. It also
// writes them, GeoParquet, and tables as CSV and XLSX.
//
// The content decides the format, never the name. A reader takes nothing on
// trust: sizes, counts, nesting and unpacked bytes are bounded by Limits, XML
// with a document type is refused, and what is wrong with one feature is
// reported with its place while the others are still read. A feature is never
// half read: either its geometry is complete, or it has a Fault and no geometry.
//
// Coordinates are those of the file. The package reports what the file says
// about its reference system (File.CRSHint) and converts nothing; crs does.
// Geometry is checked for what makes it unreadable (too few positions, numbers
// that are none); whether areas cross or overlap is the business of topology.
package vectorfile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/fault"
)

// File is what was read from one layer of a file.
type File struct {
	// Format is "GeoJSON", "KML", "Shapefile" or "GeoPackage".
	Format string
	// Layer is the name of the layer that was read, "" if the format has none.
	Layer string
	// Layers names all layers of the file in its own order; the others than Layer
	// were not read.
	Layers []string
	// CRSHint is what the file itself says about its coordinates: the text of the
	// .prj, "EPSG:4490" from a GeoPackage or an old "crs" member, or "".
	CRSHint string
	// Fields are the names of properties in the order of their first appearance.
	Fields []string
	// Features are in the order of the file.
	Features []Feature
	// Notes are about the file as a whole: layers and elements that were not read,
	// a text encoding that was guessed.
	Notes []fault.Place
}

// Feature is one row of a layer.
type Feature struct {
	// Place is where it stands in the file, counted from one: "feature 4",
	// "Placemark 2", "record 7", "row 3".
	Place string
	// Properties are the values as text: numbers keep the digits of the file,
	// null is "", nested JSON stays JSON.
	Properties map[string]string
	// Geometry is an orb.Point, MultiPoint, LineString, MultiLineString, Polygon
	// or MultiPolygon; nil when the file has none or Fault is set. Rings are
	// closed. Their direction is that of the file.
	Geometry orb.Geometry
	// Fault says why the geometry is unreadable and what to do about it.
	Fault *fault.Place
	// Notes say what was left out or changed in reading a geometry that could be
	// read: a ring that was closed, members of a collection that are no areas.
	Notes []fault.Place
}

// Report returns every fault and note of the file, its own first, then those of
// the features in their order.
func (f *File) Report() []fault.Place {
	list := append([]fault.Place(nil), f.Notes...)
	for _, feature := range f.Features {
		if feature.Fault != nil {
			list = append(list, *feature.Fault)
		}
		list = append(list, feature.Notes...)
	}
	return list
}

// Limits bound what one file may cost. A zero field takes its default.
type Limits struct {
	Bytes    int64 // size of the file; 256 MiB
	Unpacked int64 // bytes unpacked from an archive, all members together; 1 GiB
	Ratio    int64 // unpacked to packed, beyond the first 16 MiB of a member; 200
	Members  int   // files in an archive; 10,000
	Features int   // 1,000,000
	Vertices int   // positions, all features together; 10,000,000
	Values   int   // property values, all features together; 20,000,000
	Value    int   // bytes of one property value; 1 MiB
	Depth    int   // nesting of JSON, XML, and of collections; 64
}

// DefaultLimits are the limits that a zero Limits stands for.
var DefaultLimits = Limits{
	Bytes:    256 << 20,
	Unpacked: 1 << 30,
	Ratio:    200,
	Members:  10_000,
	Features: 1_000_000,
	Vertices: 10_000_000,
	Values:   20_000_000,
	Value:    1 << 20,
	Depth:    64,
}

func (l Limits) orDefault() Limits {
	pick := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	pick64 := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	pick64(&l.Bytes, DefaultLimits.Bytes)
	pick64(&l.Unpacked, DefaultLimits.Unpacked)
	pick64(&l.Ratio, DefaultLimits.Ratio)
	pick(&l.Members, DefaultLimits.Members)
	pick(&l.Features, DefaultLimits.Features)
	pick(&l.Vertices, DefaultLimits.Vertices)
	pick(&l.Values, DefaultLimits.Values)
	pick(&l.Value, DefaultLimits.Value)
	pick(&l.Depth, DefaultLimits.Depth)
	return l
}

// The faults of a file as a whole. Those of a single feature are places with
// codes of their own, see the Code constants.
var (
	ErrTooLarge = fault.New(fault.TooLarge, "file_too_large", "The file is larger than may be read at once; split it.")
	ErrFormat   = fault.New(fault.Malformed, "file_format", "This is no GeoJSON, KML, KMZ, zipped Shapefile or GeoPackage.")
	ErrDamaged  = fault.New(fault.Malformed, "file_damaged", "The file is damaged or incomplete; export it again.")
	ErrUnsafe   = fault.New(fault.Malformed, "file_unsafe", "The file contains what may not be read safely; export it again.")
	ErrNoLayer  = fault.New(fault.Invalid, "file_no_layer", "The file has no such layer.")
)

// Read reads the only or first layer of a file. The name is used in messages
// alone. The error is one of the faults of this package, an error of r, or that
// of ctx; faults of single features are in the result instead.
func Read(ctx context.Context, name string, r io.ReaderAt, size int64, lim Limits) (*File, error) {
	return ReadLayer(ctx, name, "", r, size, lim)
}

// ReadLayer is Read for a layer chosen by name from an archive with several
// Shapefiles or a GeoPackage with several tables; "" is the first.
func ReadLayer(ctx context.Context, name, layer string, r io.ReaderAt, size int64, lim Limits) (*File, error) {
	rd := &reader{ctx: ctx, lim: lim.orDefault(), layer: layer, file: &File{}, known: map[string]bool{}}
	if size > rd.lim.Bytes {
		return nil, fmt.Errorf("read %q: %w", name, ErrTooLarge.Saying(fmt.Sprintf("It has %d MiB, the limit is %d MiB.", size>>20, rd.lim.Bytes>>20)))
	}
	if err := rd.read(r, size); err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	return rd.file, nil
}

// reader carries one reading: its limits, what is used of them, the result.
type reader struct {
	ctx      context.Context
	lim      Limits
	layer    string // wanted, "" = first
	file     *File
	known    map[string]bool // fields already in file.Fields
	vertices int
	values   int
	unpacked int64
	nested   bool // inside an archive
}

func (rd *reader) read(r io.ReaderAt, size int64) error {
	head := make([]byte, min(size, 4096))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	kind, remedy := sniff(head)
	switch kind {
	case "zip":
		return rd.readZip(r, size)
	case "sqlite":
		return rd.readGeoPackage(io.NewSectionReader(r, 0, size))
	case "json":
		return rd.readGeoJSON(r, size)
	case "xml":
		return rd.readKML(r, size)
	}
	return ErrFormat.Saying(remedy)
}

// sniff tells the format by the first bytes of a file; for formats that are not
// read it returns what to do instead.
func sniff(head []byte) (kind, remedy string) {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case len(head) == 0:
		return "", "The file is empty."
	case has("PK\x03\x04"), has("PK\x05\x06"):
		return "zip", ""
	case has("SQLite format 3\x00"):
		return "sqlite", ""
	case has("\x00\x00\x27\x0a"):
		return "", "A .shp alone has no attributes and no reference system: zip it together with its .dbf, .shx, .prj and .cpg."
	case has("Rar!"), has("7z\xbc\xaf"), has("\x1f\x8b"):
		return "", "Unpack the archive and pack it again as .zip."
	case has("FGB"), has("PAR1"), has("\xd0\xcf\x11\xe0"):
		return "", "Export it as GeoJSON or GeoPackage."
	}
	text := bytes.TrimLeft(bytes.ReplaceAll(trimMark(head), []byte{0}, nil), " \t\r\n\x1e")
	switch {
	case len(text) > 0 && text[0] == '{':
		return "json", ""
	case len(text) > 0 && text[0] == '<':
		return "xml", ""
	}
	return "", "Export it in one of these formats."
}

// trimMark drops a byte order mark, so that text can be recognised; the zero
// bytes of UTF-16 are dropped by the caller.
func trimMark(head []byte) []byte {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(head, []byte(mark)) {
			return head[len(mark):]
		}
	}
	return head
}

// add appends a feature and counts it against the limits.
func (rd *reader) add(f Feature) error {
	if len(rd.file.Features) >= rd.lim.Features {
		return ErrTooLarge.Saying(fmt.Sprintf("It has more than %d features.", rd.lim.Features))
	}
	if len(rd.file.Features)%64 == 0 {
		if err := rd.ctx.Err(); err != nil {
			return err
		}
	}
	rd.file.Features = append(rd.file.Features, f)
	return nil
}

// field counts a property against the limits and records its name in the order
// of first appearance.
func (rd *reader) field(name string) error {
	if rd.values++; rd.values > rd.lim.Values {
		return ErrTooLarge.Saying(fmt.Sprintf("It has more than %d property values.", rd.lim.Values))
	}
	if !rd.known[name] {
		rd.known[name] = true
		rd.file.Fields = append(rd.file.Fields, name)
	}
	return nil
}

// spend counts n positions against the limit.
func (rd *reader) spend(n int) error {
	if n < 0 || n > rd.lim.Vertices-rd.vertices {
		return ErrTooLarge.Saying(fmt.Sprintf("It has more than %d positions.", rd.lim.Vertices))
	}
	rd.vertices += n
	return nil
}

// note records something about the file as a whole.
func (rd *reader) note(pointer, code, detail string) {
	rd.file.Notes = append(rd.file.Notes, fault.Place{Pointer: pointer, Code: code, Detail: detail})
}

// choose picks the wanted layer among names, or the first, and notes the others.
func (rd *reader) choose(names []string) (int, error) {
	rd.file.Layers = names
	chosen := 0
	if rd.layer != "" {
		chosen = -1
		for i, name := range names {
			if strings.EqualFold(name, rd.layer) {
				chosen = i
				break
			}
		}
		if chosen < 0 {
			return 0, ErrNoLayer.Saying(fmt.Sprintf("It has no layer %q, but: %s.", rd.layer, strings.Join(names, ", ")))
		}
	}
	rd.file.Layer = names[chosen]
	if len(names) > 1 && rd.layer == "" {
		rd.note("layer "+names[chosen], CodeLayers,
			fmt.Sprintf("The file has %d layers (%s); only the first was read. Name the layer to read another.", len(names), strings.Join(names, ", ")))
	}
	return chosen, nil
}
