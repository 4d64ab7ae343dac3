package vectorfile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/fault"
)

// kml reads the Placemarks of a KML 2.2 document. Coordinates are WGS 84 by the
// standard; whether they really are is for the guard of crs to find out.
//
// Properties are name, description, folder (the path of enclosing Folders, in
// which many files keep the level or the parent unit) and all ExtendedData.
type kml struct {
	*reader
	d       *xml.Decoder
	depth   int
	folders []string
	skipped map[string]int // elements that are not read
	height  bool
}

func (rd *reader) readKML(r io.ReaderAt, size int64) error {
	rd.file.Format = "KML"
	text, err := rd.text(r, size)
	if err != nil {
		return err
	}
	k := &kml{reader: rd, d: xml.NewDecoder(text), skipped: map[string]int{}}
	// The text is UTF-8 by now, whatever its declaration says.
	k.d.Entity = xml.HTMLEntity // a fixed list: &nbsp; is common in descriptions
	k.d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	root, err := k.root()
	if err != nil {
		return err
	}
	if root.Name.Local != "kml" && root.Name.Local != "Document" && root.Name.Local != "Folder" && root.Name.Local != "Placemark" {
		return ErrFormat.Saying(fmt.Sprintf("The document is <%.60s>, not <kml>.", root.Name.Local))
	}
	if err := k.container(root); err != nil {
		return err
	}
	if err := k.end(); err != nil {
		return err
	}
	k.noteSkipped()
	return nil
}

// end expects nothing but white space up to the end of the text.
func (k *kml) end() error {
	for {
		switch token, err := k.next(); t := token.(type) {
		case nil:
			if err == io.EOF {
				return nil
			}
			return k.bad(err, "")
		case xml.CharData:
			if len(bytes.TrimSpace(t)) == 0 {
				continue
			}
		}
		return k.bad(nil, "there is more after the end of the document")
	}
}

func (k *kml) noteSkipped() {
	for _, name := range slices.Sorted(maps.Keys(k.skipped)) {
		k.note("file", CodeSkipped, fmt.Sprintf("%d × <%s> was not read.", k.skipped[name], name))
	}
	if k.height {
		k.noteHeightDropped()
	}
}

// bad is a fault of the document, or the error of the source.
func (k *kml) bad(err error, what string) error {
	if f := fault.Of(err); f != nil {
		return err
	}
	if ctx := k.ctx.Err(); ctx != nil {
		return ctx
	}
	line, _ := k.d.InputPos()
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line, what = syntax.Line, syntax.Msg
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		what = "the text ends too early"
	case err != nil:
		return err
	}
	return ErrDamaged.Saying(fmt.Sprintf("Line %d: %s.", line, what))
}

// next returns the next token. A document type is refused: it can define
// entities that grow without bound or name other files.
func (k *kml) next() (xml.Token, error) {
	for {
		token, err := k.d.Token()
		if err != nil {
			return nil, err
		}
		switch token.(type) {
		case xml.Directive:
			return nil, ErrUnsafe.Saying("It has a document type (DTD); remove the <!DOCTYPE …> line.")
		case xml.StartElement:
			if k.depth++; k.depth > k.lim.Depth {
				return nil, ErrUnsafe.Saying(fmt.Sprintf("It is nested more than %d deep.", k.lim.Depth))
			}
		case xml.EndElement:
			k.depth--
		case xml.Comment, xml.ProcInst:
			continue
		}
		return token, nil
	}
}

func (k *kml) root() (xml.StartElement, error) {
	for {
		token, err := k.next()
		if err != nil {
			return xml.StartElement{}, k.bad(err, "")
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// children calls visit for each child element until the present one ends; visit
// reads the child to its end.
func (k *kml) children(visit func(child xml.StartElement) error) error {
	for {
		token, err := k.next()
		if err != nil {
			return k.bad(err, "")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := visit(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

func (k *kml) skip() error {
	return k.children(func(xml.StartElement) error { return k.skip() })
}

// characters returns the text of the present element to its end, that of child
// elements included, at most limit bytes.
func (k *kml) characters(limit int) (string, error) {
	var text strings.Builder
	for depth := 0; ; {
		token, err := k.next()
		if err != nil {
			return "", k.bad(err, "")
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			if depth--; depth < 0 {
				return strings.TrimSpace(text.String()), nil
			}
		case xml.CharData:
			if text.Len()+len(t) > limit {
				return "", ErrTooLarge.Saying(fmt.Sprintf("A text in it is longer than %d bytes.", limit))
			}
			text.Write(t)
		}
	}
}

// container reads what may hold Placemarks: kml, Document, Folder.
func (k *kml) container(start xml.StartElement) error {
	if start.Name.Local == "Placemark" {
		return k.placemark()
	}
	named := 0
	defer func() { k.folders = k.folders[:len(k.folders)-named] }()
	return k.children(func(child xml.StartElement) error {
		switch child.Name.Local {
		case "Document", "Folder", "Placemark":
			return k.container(child)
		case "name":
			name, err := k.characters(k.lim.Value)
			if start.Name.Local == "Folder" && named == 0 {
				k.folders = append(k.folders, name)
				named++
			}
			if start.Name.Local == "Document" && k.file.Layer == "" {
				k.file.Layer = name
			}
			return err
		case "NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Tour":
			k.skipped[child.Name.Local]++
		}
		return k.skip()
	})
}

func (k *kml) placemark() error {
	f := Feature{Place: fmt.Sprintf("Placemark %d", len(k.file.Features)+1), Properties: map[string]string{}}
	if err := k.spend(1); err != nil {
		return err
	}
	if len(k.folders) > 0 {
		if err := k.set(&f, "folder", strings.Join(k.folders, "/")); err != nil {
			return err
		}
	}
	var shapes orb.Collection
	var wrong *fault.Place
	err := k.children(func(child xml.StartElement) error {
		switch name := child.Name.Local; name {
		case "name", "description", "address":
			text, err := k.characters(k.lim.Value)
			if err != nil {
				return err
			}
			return k.set(&f, name, text)
		case "ExtendedData":
			return k.extended(&f)
		default:
			shape, bad, err := k.shape(name, f.Place)
			if wrong == nil {
				wrong = bad
			}
			if shape != nil {
				shapes = append(shapes, shape)
			}
			return err
		}
	})
	if err != nil {
		return err
	}
	switch {
	case wrong != nil:
		f.Fault = wrong
	case len(shapes) == 1:
		settle(&f, shapes[0])
	case len(shapes) > 1:
		settle(&f, shapes)
	}
	return k.add(f)
}

func (k *kml) set(f *Feature, name, value string) error {
	f.Properties[name] = value
	return k.field(name)
}

// extended reads Data and SchemaData.
func (k *kml) extended(f *Feature) error {
	return k.children(func(child xml.StartElement) error {
		switch child.Name.Local {
		case "Data":
			name := attribute(child, "name")
			return k.children(func(value xml.StartElement) error {
				if value.Name.Local != "value" {
					return k.skip()
				}
				return k.setText(f, name)
			})
		case "SchemaData":
			return k.children(func(simple xml.StartElement) error {
				if simple.Name.Local != "SimpleData" {
					return k.skip()
				}
				return k.setText(f, attribute(simple, "name"))
			})
		}
		return k.setText(f, child.Name.Local) // elements of a schema of their own
	})
}

func (k *kml) setText(f *Feature, name string) error {
	text, err := k.characters(k.lim.Value)
	if err != nil || name == "" {
		return err
	}
	return k.set(f, name, text)
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// shape reads an element of a Placemark, if it is a geometry.
func (k *kml) shape(name, place string) (orb.Geometry, *fault.Place, error) {
	switch name {
	case "Point":
		points, bad, err := k.positionsOf(place)
		switch {
		case bad != nil || err != nil:
			return nil, bad, err
		case len(points) == 1:
			return points[0], nil, nil
		}
		return orb.MultiPoint(points), nil, nil
	case "LineString", "LinearRing":
		points, bad, err := k.positionsOf(place)
		return orb.LineString(points), bad, err
	case "Polygon":
		return k.polygon(place)
	case "MultiGeometry":
		return k.multi(place)
	case "Model", "Track", "MultiTrack":
		return nil, &fault.Place{Pointer: place, Code: CodeKind,
			Detail: fmt.Sprintf("<%s> is not read; convert it to polygons, lines or points.", name)}, k.skip()
	}
	return nil, nil, k.skip() // styles, times and views
}

func (k *kml) multi(place string) (orb.Geometry, *fault.Place, error) {
	members := orb.Collection{}
	var wrong *fault.Place
	err := k.children(func(child xml.StartElement) error {
		shape, bad, err := k.shape(child.Name.Local, fmt.Sprintf("%s, member %d", place, len(members)+1))
		if wrong == nil {
			wrong = bad
		}
		if shape != nil {
			members = append(members, shape)
		}
		return err
	})
	return members, wrong, err
}

func (k *kml) polygon(place string) (orb.Geometry, *fault.Place, error) {
	var outer []orb.Ring
	var holes []orb.Ring
	var wrong *fault.Place
	err := k.children(func(border xml.StartElement) error {
		kind := border.Name.Local
		if kind != "outerBoundaryIs" && kind != "innerBoundaryIs" {
			return k.skip()
		}
		return k.children(func(ring xml.StartElement) error {
			if ring.Name.Local != "LinearRing" {
				return k.skip()
			}
			points, bad, err := k.positionsOf(place)
			if wrong == nil {
				wrong = bad
			}
			if kind == "outerBoundaryIs" {
				outer = append(outer, points)
			} else {
				holes = append(holes, points)
			}
			return err
		})
	})
	switch {
	case len(outer) == 0 && len(holes) == 0:
		return orb.Polygon{}, wrong, err
	case len(outer) != 1 && wrong == nil:
		wrong = &fault.Place{Pointer: place, Code: CodeMalformed,
			Detail: fmt.Sprintf("The polygon has %d outer boundaries; it needs exactly one. Split it or draw it again.", len(outer))}
	}
	return append(orb.Polygon(outer), holes...), wrong, err
}

// positionsOf reads the coordinates inside the present element to its end.
func (k *kml) positionsOf(place string) (points []orb.Point, bad *fault.Place, err error) {
	if err := k.spend(1); err != nil { // an empty element costs memory too
		return nil, nil, err
	}
	err = k.children(func(child xml.StartElement) error {
		if child.Name.Local != "coordinates" {
			return k.skip()
		}
		text, err := k.characters(int(k.lim.Bytes))
		if err != nil {
			return err
		}
		more, height, wrong := parsePositions(text)
		if wrong != "" && bad == nil {
			bad = &fault.Place{Pointer: place, Code: CodeMalformed, Detail: wrong}
		}
		points = append(points, more...)
		k.height = k.height || height
		return k.spend(len(more))
	})
	return points, bad, err
}

// parsePositions reads "lon,lat[,height] lon,lat …". White space around a comma
// is accepted, as some programs write it: a position ends where no comma follows.
func parsePositions(text string) (points []orb.Point, height bool, wrong string) {
	points = make([]orb.Point, 0, strings.Count(text, ",")/2+1)
	for rest := strings.TrimLeft(text, kmlSpace); rest != ""; {
		var p orb.Point
		n := 0
		for {
			end := strings.IndexAny(rest, kmlSpace+",")
			if end < 0 {
				end = len(rest)
			}
			v, err := strconv.ParseFloat(rest[:end], 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				return nil, false, fmt.Sprintf("Position %d: %.40q is not a number; correct it and export again.", len(points)+1, rest[:end])
			}
			if n < 2 {
				p[n] = v
			}
			n++
			rest = strings.TrimLeft(rest[end:], kmlSpace)
			if !strings.HasPrefix(rest, ",") {
				break
			}
			rest = strings.TrimLeft(rest[1:], kmlSpace)
			if rest == "" {
				break
			}
		}
		if n < 2 {
			return nil, false, fmt.Sprintf("Position %d has one coordinate; it needs longitude and latitude.", len(points)+1)
		}
		height = height || n > 2
		points = append(points, p)
	}
	return points, height, ""
}

const kmlSpace = " \t\r\n"
