// Package picturetest makes photos for tests, as phones write them.
package picturetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"testing"
	"time"
)

// Scene is a picture that gets redder to the right and bluer downwards.
func Scene(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x * 255 / w), 80, uint8(y * 255 / h), 255})
		}
	}
	return img
}

// JPEG is a picture as a file, with nothing beside it.
func JPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Tagged is a JPEG file with an EXIF segment.
func Tagged(plain, tiff []byte) []byte {
	segment := append([]byte("Exif\x00\x00"), tiff...)
	n := len(segment) + 2
	return slices.Concat(plain[:2], []byte{0xff, 0xe1, byte(n >> 8), byte(n)}, segment, plain[2:])
}

// Camera is what a camera writes beside a picture; zero values are left out.
type Camera struct {
	Maker       string
	Orientation int
	Taken       string // 2006:01:02 15:04:05
	Offset      string // +08:00
	LonLat      [2]float64
	Satellites  time.Time
}

// EXIF is the TIFF part of it, in the byte order of Intel.
func (c Camera) EXIF() []byte {
	var first, exif, gps directory
	if c.Maker != "" {
		first.text(0x010f, c.Maker)
	}
	if c.Orientation != 0 {
		first.add(0x0112, 3, 1, binary.LittleEndian.AppendUint16(nil, uint16(c.Orientation)))
	}
	if c.Taken != "" {
		exif.text(0x9003, c.Taken)
	}
	if c.Offset != "" {
		exif.text(0x9011, c.Offset)
	}
	if c.LonLat != [2]float64{} {
		gps.text(1, map[bool]string{true: "S", false: "N"}[c.LonLat[1] < 0])
		gps.numbers(2, sexagesimal(c.LonLat[1]))
		gps.text(3, map[bool]string{true: "W", false: "E"}[c.LonLat[0] < 0])
		gps.numbers(4, sexagesimal(c.LonLat[0]))
	}
	if at := c.Satellites.UTC(); !c.Satellites.IsZero() {
		gps.numbers(7, [3]float64{float64(at.Hour()), float64(at.Minute()), float64(at.Second())})
		gps.text(29, at.Format("2006:01:02"))
	}
	// The three directories follow each other, the values of each behind it.
	const header, pointers = 8, 2
	firstSize := first.size() + pointers*12
	exifAt := header + firstSize
	gpsAt := exifAt + exif.size()
	first.add(0x8769, 4, 1, binary.LittleEndian.AppendUint32(nil, uint32(exifAt)))
	first.add(0x8825, 4, 1, binary.LittleEndian.AppendUint32(nil, uint32(gpsAt)))
	out := append([]byte("II*\x00"), 8, 0, 0, 0)
	out = append(out, first.bytes(header)...)
	out = append(out, exif.bytes(exifAt)...)
	return append(out, gps.bytes(gpsAt)...)
}

func sexagesimal(degrees float64) [3]float64 {
	d := math.Abs(degrees)
	minutes := (d - math.Floor(d)) * 60
	return [3]float64{math.Floor(d), math.Floor(minutes), (minutes - math.Floor(minutes)) * 60}
}

// directory is one of TIFF.
type directory []entry

type entry struct {
	tag, kind uint16
	count     uint32
	value     []byte
}

func (d *directory) add(tag, kind uint16, count int, value []byte) {
	*d = append(*d, entry{tag, kind, uint32(count), value})
}

func (d *directory) text(tag uint16, s string) { d.add(tag, 2, len(s)+1, append([]byte(s), 0)) }

func (d *directory) numbers(tag uint16, n [3]float64) {
	var value []byte
	for _, v := range n {
		value = binary.LittleEndian.AppendUint32(value, uint32(math.Round(v*100_000)))
		value = binary.LittleEndian.AppendUint32(value, 100_000)
	}
	d.add(tag, 5, 3, value)
}

func (d directory) size() int {
	n := 2 + 4
	for _, e := range d {
		n += 12
		if len(e.value) > 4 {
			n += len(e.value)
		}
	}
	return n
}

func (d directory) bytes(at int) []byte {
	le := binary.LittleEndian
	out := le.AppendUint16(nil, uint16(len(d)))
	var behind []byte
	start := at + 2 + 12*len(d) + 4
	for _, e := range d {
		out = le.AppendUint32(le.AppendUint16(le.AppendUint16(out, e.tag), e.kind), e.count)
		if len(e.value) > 4 {
			out = le.AppendUint32(out, uint32(start+len(behind)))
			behind = append(behind, e.value...)
			continue
		}
		out = append(out, e.value...)
		out = append(out, make([]byte, 4-len(e.value))...)
	}
	return append(le.AppendUint32(out, 0), behind...)
}

// File is a JPEG of w × h with what a camera writes.
func File(t testing.TB, w, h int, c Camera) []byte {
	t.Helper()
	tiff := c.EXIF()
	if len(tiff) > 60_000 {
		t.Fatal(fmt.Sprint("a segment of ", len(tiff), " bytes"))
	}
	return Tagged(JPEG(t, Scene(w, h)), tiff)
}
