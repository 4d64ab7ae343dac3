package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
)

// Facts are what a camera wrote beside a picture. They are a claim: a camera's clock may
// be wrong, and whoever sends a photo can write anything.
type Facts struct {
	Place *geo.Point // where it stood; nil = not told
	Taken *time.Time // when; nil = not told, or before 2000
}

// china is the time of a camera that does not say its own.
var china = time.FixedZone("Asia/Shanghai", 8*3600)

// Tags of EXIF 2.3 and, from 0x0000 on, of its directory of the place.
const (
	tagOrientation, tagTaken, tagOffset = 0x0112, 0x9003, 0x9011
	tagExif, tagGPS                     = 0x8769, 0x8825
	tagLatRef, tagLat                   = 1, 2
	tagLonRef, tagLon                   = 3, 4
	tagGPSTime, tagGPSDay               = 7, 29
)

// read returns what the EXIF of a JPEG, PNG or WebP file says: which side is up, from 1
// to 8, 1 where it says nothing that can be read, and the facts.
func read(file []byte) (orientation int, facts Facts) {
	orientation = 1
	t, ok := open(exifOf(file))
	if !ok {
		return orientation, facts
	}
	first := t.directory(t.order.Uint32(t.bytes[4:]))
	if o := first[tagOrientation].short(t.order); o >= 1 && o <= 8 {
		orientation = o
	}
	exif, gps := t.directory(first[tagExif].long(t.order)), t.directory(first[tagGPS].long(t.order))
	facts.Place = placeOf(gps, t.order)
	facts.Taken = takenAt(exif, gps, t.order)
	return orientation, facts
}

// exifOf is the TIFF part of a file's EXIF; nil without one.
func exifOf(file []byte) []byte {
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xd8")):
		return exifOfJPEG(file[2:])
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return chunk(file[8:], binary.BigEndian, "eXIf", true)
	case len(file) > 12 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		return bytes.TrimPrefix(chunk(file[12:], binary.LittleEndian, "EXIF", false), exifMark)
	}
	return nil
}

var exifMark = []byte("Exif\x00\x00")

func exifOfJPEG(rest []byte) []byte {
	const app1, startOfScan = 0xe1, 0xda
	for len(rest) >= 4 && rest[0] == 0xff && rest[1] != startOfScan {
		size := int(binary.BigEndian.Uint16(rest[2:])) // with its own two bytes
		if size < 2 || 2+size > len(rest) {
			return nil
		}
		if tiff, ok := bytes.CutPrefix(rest[4:2+size], exifMark); ok && rest[1] == app1 {
			return tiff
		}
		rest = rest[2+size:]
	}
	return nil
}

// chunk is what a named chunk of a PNG (size before name, a sum behind) or of a WebP
// (name before size, filled up to an even one) holds.
func chunk(rest []byte, order binary.ByteOrder, name string, png bool) []byte {
	for len(rest) >= 8 {
		called, sized, behind := rest[:4], rest[4:8], uint64(0)
		if png {
			called, sized, behind = rest[4:8], rest[:4], 4
		}
		size := uint64(order.Uint32(sized))
		if !png {
			behind = size % 2
		}
		if size > uint64(len(rest)-8) {
			return nil
		}
		if string(called) == name {
			return rest[8 : 8+size]
		}
		rest = rest[min(uint64(len(rest)), 8+size+behind):]
	}
	return nil
}

// tiff is the form in which EXIF is written.
type tiff struct {
	bytes []byte
	order binary.ByteOrder
}

func open(b []byte) (tiff, bool) {
	t := tiff{b, binary.BigEndian}
	if bytes.HasPrefix(b, []byte("II")) {
		t.order = binary.LittleEndian
	}
	return t, len(b) >= 8 && t.order.Uint16(b[2:]) == 42
}

// Types of fields.
const ascii, short, long, rational = 2, 3, 4, 5

var sizes = map[uint16]uint64{ascii: 1, short: 2, long: 4, rational: 8}

// field is a value of a directory; the zero one is missing.
type field struct {
	kind  uint16
	value []byte
}

// directory returns the fields at an offset that can be read, the first of each tag.
func (t tiff) directory(at uint32) map[uint16]field {
	const entry = 12
	fields := map[uint16]field{}
	if at < 8 || uint64(at)+2 > uint64(len(t.bytes)) {
		return fields
	}
	entries := int(t.order.Uint16(t.bytes[at:]))
	for rest := t.bytes[at+2:]; entries > 0 && len(rest) >= entry; entries, rest = entries-1, rest[entry:] {
		tag, kind := t.order.Uint16(rest), t.order.Uint16(rest[2:])
		size := sizes[kind] * uint64(t.order.Uint32(rest[4:]))
		value, there := rest[8:12], uint64(t.order.Uint32(rest[8:]))
		switch {
		case size == 0:
			continue
		case size <= 4:
			value = value[:size]
		case there+size > uint64(len(t.bytes)):
			continue
		default:
			value = t.bytes[there : there+size]
		}
		if _, known := fields[tag]; !known {
			fields[tag] = field{kind, value}
		}
	}
	return fields
}

func (f field) short(order binary.ByteOrder) int {
	if f.kind != short || len(f.value) < 2 {
		return 0
	}
	return int(order.Uint16(f.value))
}

func (f field) long(order binary.ByteOrder) uint32 {
	if f.kind != long || len(f.value) < 4 {
		return 0
	}
	return order.Uint32(f.value)
}

func (f field) text() string {
	if f.kind != ascii {
		return ""
	}
	text, _, _ := strings.Cut(string(f.value), "\x00")
	return strings.TrimSpace(text)
}

// three are three rational numbers, as of degrees, minutes and seconds.
func (f field) three(order binary.ByteOrder) (n [3]float64, ok bool) {
	if f.kind != rational || len(f.value) != 3*8 {
		return n, false
	}
	for i := range n {
		above, below := order.Uint32(f.value[8*i:]), order.Uint32(f.value[8*i+4:])
		if below == 0 {
			return n, false
		}
		n[i] = float64(above) / float64(below)
	}
	return n, true
}

// placeOf is where a camera says that it stood; nil for whole degrees too, which it
// writes when it does not know.
func placeOf(gps map[uint16]field, order binary.ByteOrder) *geo.Point {
	lat, ok := gps[tagLat].three(order)
	lon, too := gps[tagLon].three(order)
	if !ok || !too {
		return nil
	}
	at := orb.Point{degrees(lon, gps[tagLonRef].text() == "W"), degrees(lat, gps[tagLatRef].text() == "S")}
	if math.Abs(at[0]) > 180 || math.Abs(at[1]) > 90 || at[0] == math.Trunc(at[0]) && at[1] == math.Trunc(at[1]) {
		return nil
	}
	p := geo.Snap(at)
	return &p
}

func degrees(n [3]float64, negative bool) float64 {
	d := n[0] + n[1]/60 + n[2]/3600
	if negative {
		return -d
	}
	return d
}

// takenAt is when a picture was taken: by the camera's clock where it says its zone,
// else by the satellites', else by the camera's as if it went by the time of China.
func takenAt(exif, gps map[uint16]field, order binary.ByteOrder) *time.Time {
	const clock = "2006:01:02 15:04:05"
	taken := exif[tagTaken].text()
	at, err := time.Parse(clock+" -07:00", taken+" "+exif[tagOffset].text())
	if err != nil {
		at, err = satelliteTime(gps, order)
	}
	if err != nil {
		at, err = time.ParseInLocation(clock, taken, china)
	}
	if err != nil || at.Year() < 2000 {
		return nil
	}
	at = at.UTC()
	return &at
}

var errNoTime = errors.New("the satellites told no time")

func satelliteTime(gps map[uint16]field, order binary.ByteOrder) (time.Time, error) {
	day, err := time.Parse("2006:01:02", gps[tagGPSDay].text())
	hms, ok := gps[tagGPSTime].three(order)
	if err != nil || !ok || hms[0] >= 24 || hms[1] >= 60 || hms[2] >= 61 {
		return time.Time{}, errNoTime
	}
	return day.Add(time.Duration((hms[0]*3600 + hms[1]*60 + hms[2]) * float64(time.Second))).Truncate(time.Second), nil
}
