package vectorfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo/fault"
)

// A Shapefile is read here and not with a library, because those at hand trust
// the counts inside the file: they allocate what a damaged record asks for and
// panic on negative counts. Every count below is compared with the bytes that
// are really there.
//
// The .shx is not needed, since records are read one after another. The sources
// are ESRI's "Shapefile Technical Description" (1998) for .shp and the dBASE III
// layout for .dbf.

// The kinds of shapes; Z and M variants add 10 and 20.
const (
	shpNull       = 0
	shpPoint      = 1
	shpLine       = 3
	shpPolygon    = 5
	shpMultiPoint = 8
	shpPatch      = 31
)

const (
	shpHeader = 100
	// shpSpare are the bytes of a record beyond 40 for each position (x, y, z, m)
	// and 4 for each part.
	shpSpare = 128
)

// readShapefiles reads one of the layers of an archive; a layer is a .shp and
// the files beside it with the same name in any case of letters.
func (rd *reader) readShapefiles(shps, all []member) error {
	rd.file.Format = "Shapefile"
	names := make([]string, 0, len(shps))
	for _, m := range shps {
		names = append(names, path.Base(m.stem()))
	}
	chosen, err := rd.choose(names)
	if err != nil {
		return err
	}
	shp := shps[chosen]
	beside := map[string]member{}
	for _, m := range all {
		if strings.EqualFold(m.stem(), shp.stem()) {
			beside[m.ext()] = m
		}
	}
	if prj, ok := beside[".prj"]; ok {
		if rd.file.CRSHint, err = rd.smallText(prj); err != nil {
			return err
		}
	}
	if rd.file.CRSHint == "" {
		rd.note(shp.name, CodeNoCRS, "There is no .prj; state the reference system of the coordinates.")
	}
	table, err := rd.openTable(shp, beside)
	if err != nil {
		return err
	}
	defer table.close()
	if err := rd.readMember(shp, func(r io.Reader) error { return rd.readShapes(shp.name, r, table) }); err != nil {
		return err
	}
	table.finish(shp.name)
	return nil
}

// readShapes reads the records of a .shp with the rows of its table.
func (rd *reader) readShapes(name string, r io.Reader, table *table) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var header [shpHeader]byte
	if _, err := io.ReadFull(in, header[:]); err != nil {
		return cutOff(err, name, "header")
	}
	if binary.BigEndian.Uint32(header[:]) != 9994 {
		return ErrDamaged.Saying(fmt.Sprintf("%q is not a Shapefile.", name))
	}
	declared := 2 * int64(binary.BigEndian.Uint32(header[24:]))
	read := int64(shpHeader)
	var content bytes.Buffer
	for n := 1; ; n++ {
		place := fmt.Sprintf("record %d", n)
		size, err := rd.nextRecord(in, &content)
		if err == io.EOF {
			if read < declared {
				return ErrDamaged.Saying(fmt.Sprintf("%q ends after %d of %d bytes, before %s.", name, read, declared, place))
			}
			return nil
		}
		if err != nil {
			return cutOff(err, name, place)
		}
		read += 8 + size
		f := Feature{Place: place}
		row, deleted, err := table.next()
		if err != nil {
			return err
		}
		if deleted {
			continue
		}
		f.Properties = row
		if err := rd.decodeShape(&f, content.Bytes()); err != nil {
			return err
		}
		if err := rd.add(f); err != nil {
			return err
		}
	}
}

// nextRecord reads the content of the next record. It returns io.EOF only
// between records. Memory grows with the bytes that come, not with the length
// that the record claims.
func (rd *reader) nextRecord(in *bufio.Reader, content *bytes.Buffer) (int64, error) {
	var header [8]byte
	if n, err := io.ReadFull(in, header[:]); err != nil {
		if n < len(header) && err == io.ErrUnexpectedEOF && allZero(header[:n]) {
			err = io.EOF // padding
		}
		return 0, err
	}
	size := 2 * int64(binary.BigEndian.Uint32(header[4:]))
	if most := int64(rd.lim.Vertices)*44 + shpSpare; size > most {
		return 0, ErrTooLarge.Saying(fmt.Sprintf("A record claims %d bytes.", size))
	}
	content.Reset()
	if _, err := io.CopyN(content, in, size); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	return size, nil
}

func allZero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}

func cutOff(err error, name, place string) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrDamaged.Saying(fmt.Sprintf("%q is cut off in %s.", name, place))
	}
	return err
}

// decodeShape sets geometry or fault of f. The error is a limit.
func (rd *reader) decodeShape(f *Feature, content []byte) error {
	if err := rd.spend(len(content)/16 + 1); err != nil {
		return err
	}
	s := shape{content: content}
	kind := s.int32(0)
	if !s.ok {
		f.Fault = s.fault(f.Place)
		return nil
	}
	if kind == shpNull {
		return nil
	}
	var raw orb.Geometry
	disorder := false
	switch plain := kind % 10; {
	case kind < 0 || kind >= 30:
		f.Fault = unknownShape(f.Place, kind)
		return nil
	case plain == shpPoint:
		raw = s.point(4)
	case plain == shpMultiPoint:
		raw = orb.MultiPoint(s.points(36, 40))
	case plain == shpLine:
		raw = oneLine(lineStrings(s.parts()))
	case plain == shpPolygon:
		polygons, odd, err := group(rd.ctx, s.parts())
		if err != nil {
			return err
		}
		raw, disorder = onePolygon(polygons), odd
	default:
		f.Fault = unknownShape(f.Place, kind)
		return nil
	}
	if !s.ok {
		f.Fault = s.fault(f.Place)
		return nil
	}
	settle(f, raw)
	if disorder && f.Fault == nil {
		f.Notes = append(f.Notes, fault.Place{Pointer: f.Place, Code: CodeOrder,
			Detail: "The directions of its rings contradict which lies in which; containment was followed. Look at its holes."})
	}
	return nil
}

func unknownShape(place string, kind int) *fault.Place {
	detail := fmt.Sprintf("The kind of shape %d is unknown; export it again.", kind)
	if kind == shpPatch {
		detail = "A MultiPatch (3-D surface) is not read; convert it to polygons."
	}
	return &fault.Place{Pointer: place, Code: CodeKind, Detail: detail}
}

func oneLine(lines orb.MultiLineString) orb.Geometry {
	if len(lines) == 1 {
		return lines[0]
	}
	return lines
}

func onePolygon(polygons orb.MultiPolygon) orb.Geometry {
	if len(polygons) == 1 {
		return polygons[0]
	}
	return polygons
}

// shape reads values from the content of a record; ok turns false at the first
// that is not there.
type shape struct {
	content []byte
	ok      bool
}

func (s *shape) fault(place string) *fault.Place {
	return &fault.Place{Pointer: place, Code: CodeMalformed, Detail: fmt.Sprintf("The record of %d bytes is shorter than its counts say, or its parts are out of order; export it again.", len(s.content))}
}

func (s *shape) int32(at int) int {
	s.ok = len(s.content) >= at+4
	if !s.ok {
		return 0
	}
	return int(int32(binary.LittleEndian.Uint32(s.content[at:])))
}

func (s *shape) point(at int) orb.Point {
	s.ok = len(s.content) >= at+16
	if !s.ok {
		return orb.Point{}
	}
	return s.pointAt(at)
}

func (s *shape) pointAt(at int) orb.Point {
	return orb.Point{
		math.Float64frombits(binary.LittleEndian.Uint64(s.content[at:])),
		math.Float64frombits(binary.LittleEndian.Uint64(s.content[at+8:])),
	}
}

// points reads positions from at, their number from countAt.
func (s *shape) points(countAt, at int) []orb.Point {
	n := s.int32(countAt)
	if !s.ok || n < 0 || at > len(s.content) || n > (len(s.content)-at)/16 {
		s.ok = false
		return nil
	}
	list := make([]orb.Point, n)
	for i := range list {
		list[i] = s.pointAt(at + 16*i)
	}
	return list
}

// parts reads the parts of a line or polygon.
func (s *shape) parts() [][]orb.Point {
	n := s.int32(36)
	if !s.ok || n < 0 || len(s.content) < 44 || n > (len(s.content)-44)/4 {
		s.ok = false
		return nil
	}
	points := s.points(40, 44+4*n)
	if !s.ok {
		return nil
	}
	parts := make([][]orb.Point, n)
	end := len(points)
	s.ok = n > 0 || end == 0
	for i := n - 1; i >= 0; i-- {
		start := s.int32(44 + 4*i)
		if start < 0 || start > end || i == 0 && start != 0 {
			s.ok = false
			return nil
		}
		parts[i] = points[start:end:end]
		end = start
	}
	return parts
}
