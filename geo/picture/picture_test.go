package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"wangge/geo/picture/picturetest"
)

func asJPEG(t testing.TB, w, h int) []byte { return picturetest.JPEG(t, picturetest.Scene(w, h)) }

// stripped is a photo as it is kept.
func stripped(raw []byte) (body []byte, width, height int, err error) {
	p, _, err := Read(raw)
	if err != nil {
		return nil, 0, 0, err
	}
	body, err = Write(p)
	return body, p.Rect.Dx(), p.Rect.Dy(), err
}

func TestOfAPhotoOnlyThePictureIsKept(t *testing.T) {
	const secret = "30.2741N 120.1551E HUAWEI serial 99"
	raw := picturetest.File(t, 300, 200, picturetest.Camera{Maker: secret})
	if !bytes.Contains(raw, []byte(secret)) {
		t.Fatal("the photo has no secret to lose")
	}
	body, w, h, err := stripped(raw)
	if err != nil || w != 300 || h != 200 {
		t.Fatalf("%d × %d, %v", w, h, err)
	}
	for _, part := range []string{secret, "Exif", "HUAWEI"} {
		if bytes.Contains(body, []byte(part)) {
			t.Errorf("%q is still there", part)
		}
	}
	img, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, b, _ := img.At(290, 10).RGBA(); r>>8 < 220 || b>>8 > 40 {
		t.Errorf("the picture is another one: %d, %d", r>>8, b>>8)
	}
}

func TestALargePhotoBecomesSmaller(t *testing.T) {
	body, w, h, err := stripped(asJPEG(t, 5000, 3000))
	if err != nil || w != 1666 || h != 1000 {
		t.Fatalf("%d × %d, %v", w, h, err)
	}
	img, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil || img.Bounds().Dx() != 1666 {
		t.Fatal(err)
	}
	if r, g, b, _ := img.At(833, 500).RGBA(); r>>8 < 120 || r>>8 > 135 || g>>8 < 75 || g>>8 > 85 || b>>8 < 120 || b>>8 > 135 {
		t.Errorf("in the middle %d %d %d", r>>8, g>>8, b>>8)
	}
	if _, w, h, err := stripped(asJPEG(t, 9000, 3)); err != nil || w != 1800 || h != 1 {
		t.Errorf("a stripe: %d × %d, %v", w, h, err)
	}
}

func TestATransparentPictureLiesOnWhite(t *testing.T) {
	var raw bytes.Buffer
	if err := png.Encode(&raw, image.NewNRGBA(image.Rect(0, 0, 20, 20))); err != nil {
		t.Fatal(err)
	}
	body, _, _, err := stripped(raw.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, _ := img.At(5, 5).RGBA(); r>>8 < 250 {
		t.Errorf("%d, want white", r>>8)
	}
}

func TestWhatIsNoPhotoIsRefused(t *testing.T) {
	var moving, huge bytes.Buffer
	if err := gif.Encode(&moving, picturetest.Scene(20, 20), nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&huge, image.NewGray(image.Rect(0, 0, 6000, 6000))); err != nil { // few bytes, 36 megapixels
		t.Fatal(err)
	}
	whole := asJPEG(t, 200, 200)
	for name, tt := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":     {nil, ErrUnreadable},
		"text":        {[]byte("<svg onload=alert(1)>"), ErrUnreadable},
		"a GIF":       {moving.Bytes(), ErrUnreadable},
		"many pixels": {huge.Bytes(), ErrUnreadable},
		"cut short":   {whole[:len(whole)/2], ErrUnreadable},
	} {
		if _, _, _, err := stripped(tt.raw); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// oriented is the TIFF part of an EXIF segment with an orientation behind another tag.
func oriented(order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	b := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x010f, 7}, {0x0112, orientation}} {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, e[0]), 3), 1)
		b = order.AppendUint16(order.AppendUint16(b, e[1]), 0)
	}
	return order.AppendUint32(b, 0)
}

// corners are the colours of a picture near its corners: the upper left, upper right,
// lower left and lower right one.
func corners(t testing.TB, body []byte) (all string) {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	for _, at := range [4][2]int{{5, 5}, {w - 5, 5}, {5, h - 5}, {w - 5, h - 5}} {
		r, g, b, _ := img.At(at[0], at[1]).RGBA()
		switch {
		case r>>8 > 180 && g>>8 > 180:
			all += "y"
		case r>>8 > 180:
			all += "r"
		case g>>8 > 180:
			all += "g"
		case b>>8 > 180:
			all += "b"
		}
	}
	return all
}

func TestAPhotoStandsUpright(t *testing.T) {
	// Its quarters are red, green, blue and yellow.
	img := image.NewRGBA(image.Rect(0, 0, 120, 80))
	for i, c := range []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 0, 255}} {
		quarter := image.Rect(0, 0, 60, 40).Add(image.Pt(i%2*60, i/2*40))
		draw.Draw(img, quarter, image.NewUniform(c), image.Point{}, draw.Src)
	}
	for o, want := range []string{1: "rgby", 2: "gryb", 3: "ybgr", 4: "byrg", 5: "rbgy", 6: "bryg", 7: "ygbr", 8: "gyrb"} {
		if o == 0 {
			continue
		}
		for name, tiff := range map[string][]byte{"II": oriented(binary.LittleEndian, "II", uint16(o)), "MM": oriented(binary.BigEndian, "MM", uint16(o))} {
			body, w, h, err := stripped(picturetest.Tagged(picturetest.JPEG(t, img), tiff))
			if err != nil {
				t.Fatal(err)
			}
			if got := corners(t, body); got != want || (w > h) != (o < 5) {
				t.Errorf("orientation %d (%s): %s, %d × %d; want %s", o, name, got, w, h, want)
			}
			if bytes.Contains(body, []byte("Exif")) {
				t.Error("the EXIF segment is still there")
			}
		}
	}
}

func TestAnOrientationThatIsNoneIsNotFollowed(t *testing.T) {
	good := oriented(binary.LittleEndian, "II", 6)
	for name, tiff := range map[string][]byte{
		"nothing":            {},
		"0":                  oriented(binary.LittleEndian, "II", 0),
		"9":                  oriented(binary.LittleEndian, "II", 9),
		"cut short":          good[:len(good)-14],
		"a place far away":   slices.Concat(good[:4], []byte{0xff, 0xff, 0xff, 0xff}, good[8:]),
		"no TIFF":            slices.Concat([]byte("IIxx"), good[4:]),
		"too many entries":   slices.Concat(good[:8], []byte{0xff, 0xff, 0, 0}),
		"another byte order": slices.Concat([]byte("MM"), good[2:]),
	} {
		if _, w, h, err := stripped(picturetest.Tagged(asJPEG(t, 60, 40), tiff)); err != nil || w != 60 || h != 40 {
			t.Errorf("%s: %d × %d, %v", name, w, h, err)
		}
	}
}
