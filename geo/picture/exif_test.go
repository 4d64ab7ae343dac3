package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"math"
	"slices"
	"testing"
	"time"

	"wangge/geo/picture/picturetest"
)

// asPNG is a PNG file with an eXIf chunk before its end.
func asPNG(t testing.TB, tiff []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picturetest.Scene(8, 6)); err != nil {
		t.Fatal(err)
	}
	plain, end := out.Bytes(), out.Len()-12
	named := append([]byte("eXIf"), tiff...)
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(named))
	return slices.Concat(plain[:end], binary.BigEndian.AppendUint32(nil, uint32(len(tiff))), named, sum, plain[end:])
}

// asWebP is a WebP file of one pixel with an EXIF chunk behind the picture.
func asWebP(tiff []byte) []byte {
	const picture = "VP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
	body := append([]byte("WEBP"+picture), binary.LittleEndian.AppendUint32([]byte("EXIF"), uint32(len(tiff)))...)
	body = append(body, tiff...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func TestPlaceAndTimeAreReadFromAnyKindOfFile(t *testing.T) {
	tiff := picturetest.Camera{Orientation: 6, Taken: "2026:11:20 08:30:15", Offset: "+08:00", LonLat: [2]float64{121.51234, 31.22771}}.EXIF()
	want := time.Date(2026, 11, 20, 0, 30, 15, 0, time.UTC)
	for name, file := range map[string][]byte{
		"JPEG":         picturetest.Tagged(picturetest.JPEG(t, picturetest.Scene(8, 6)), tiff),
		"PNG":          asPNG(t, tiff),
		"WebP":         asWebP(tiff),
		"WebP, marked": asWebP(append([]byte("Exif\x00\x00"), tiff...)),
	} {
		img, facts, err := Read(file)
		if err != nil || facts.Place == nil || facts.Taken == nil {
			t.Errorf("%s: %+v, %v", name, facts, err)
			continue
		}
		at := facts.Place.Degrees()
		if math.Abs(at[0]-121.51234) > 1e-6 || math.Abs(at[1]-31.22771) > 1e-6 || !facts.Taken.Equal(want) {
			t.Errorf("%s: at %v, %v", name, at, facts.Taken)
		}
		if name != "WebP" && name != "WebP, marked" && (img.Rect.Dx() != 6 || img.Rect.Dy() != 8) {
			t.Errorf("%s lies on its side: %v", name, img.Rect)
		}
	}
}

func TestTheTimeOfAPhoto(t *testing.T) {
	satellites := time.Date(2026, 11, 20, 0, 30, 10, 0, time.UTC)
	for name, tt := range map[string]struct {
		camera picturetest.Camera
		want   string
	}{
		"with its zone":                    {picturetest.Camera{Taken: "2026:11:20 08:30:15", Offset: "-05:00", Satellites: satellites}, "2026-11-20T13:30:15Z"},
		"without, the satellites know":     {picturetest.Camera{Taken: "2026:11:20 09:00:00", Satellites: satellites}, "2026-11-20T00:30:10Z"},
		"without, it is the time of China": {picturetest.Camera{Taken: "2026:11:20 08:30:15"}, "2026-11-20T00:30:15Z"},
		"from 1901":                        {picturetest.Camera{Taken: "1901:12:13 20:45:52"}, ""},
		"a clock that was never set":       {picturetest.Camera{Taken: "0000:00:00 00:00:00"}, ""},
		"no time":                          {picturetest.Camera{Taken: "yesterday"}, ""},
		"nothing":                          {picturetest.Camera{}, ""},
	} {
		_, facts, err := Read(picturetest.File(t, 8, 6, tt.camera))
		got := ""
		if facts.Taken != nil {
			got = facts.Taken.Format(time.RFC3339)
		}
		if err != nil || got != tt.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
}

func TestAPlaceThatIsNoneIsNotBelieved(t *testing.T) {
	good := picturetest.Camera{LonLat: [2]float64{121.5, 31.5}}.EXIF()
	zero := bytes.ReplaceAll(good, binary.LittleEndian.AppendUint32(nil, 100_000), make([]byte, 4)) // denominators
	for name, file := range map[string][]byte{
		"whole degrees":        picturetest.File(t, 8, 6, picturetest.Camera{LonLat: [2]float64{121, 31}}),
		"beyond the pole":      picturetest.File(t, 8, 6, picturetest.Camera{LonLat: [2]float64{121.5, 91.5}}),
		"divided by nothing":   picturetest.Tagged(asJPEG(t, 8, 6), zero),
		"cut short":            picturetest.Tagged(asJPEG(t, 8, 6), good[:len(good)-20]),
		"only half of a place": picturetest.Tagged(asJPEG(t, 8, 6), bytes.Replace(good, []byte{4, 0, 5, 0, 3, 0, 0, 0}, []byte{9, 0, 5, 0, 3, 0, 0, 0}, 1)),
	} {
		if _, facts, err := Read(file); err != nil || facts.Place != nil {
			t.Errorf("%s: %v, %v", name, facts.Place, err)
		}
	}
	if _, facts, err := Read(picturetest.File(t, 8, 6, picturetest.Camera{LonLat: [2]float64{-70.6, -33.4}})); err != nil || facts.Place == nil || facts.Place.Degrees()[0] > -70 || facts.Place.Degrees()[1] > -33 {
		t.Errorf("in the south and west: %v, %v", facts.Place, err)
	}
}

// Whatever a file says, it is read without harm, and what comes of it is possible.
func FuzzRead(f *testing.F) {
	tiff := picturetest.Camera{Maker: "M", Orientation: 6, Taken: "2026:11:20 08:30:15", LonLat: [2]float64{121.5, 31.5}, Satellites: time.Unix(1_800_000_000, 0)}.EXIF()
	f.Add(picturetest.Tagged(asJPEG(f, 8, 8), tiff))
	f.Add(asPNG(f, tiff))
	f.Add(asWebP(tiff))
	f.Add(picturetest.Tagged(asJPEG(f, 8, 8), oriented(binary.BigEndian, "MM", 3)))
	f.Fuzz(func(t *testing.T, file []byte) {
		orientation, facts := read(file)
		if orientation < 1 || orientation > 8 {
			t.Errorf("orientation %d", orientation)
		}
		if p := facts.Place; p != nil && (math.Abs(p.Degrees()[0]) > 180 || math.Abs(p.Degrees()[1]) > 90) {
			t.Errorf("at %v", p.Degrees())
		}
		if facts.Taken != nil && facts.Taken.Year() < 1999 {
			t.Errorf("taken %v", facts.Taken)
		}
	})
}
