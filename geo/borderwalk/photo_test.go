package borderwalk

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
)

func picture(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x * 255 / w), 80, uint8(y * 255 / h), 255})
		}
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tagged is a JPEG with an EXIF segment, as a phone writes it.
func tagged(t testing.TB, img image.Image, secret string) []byte {
	t.Helper()
	return withEXIF(t, img, append([]byte("MM\x00*"), secret...))
}

func withEXIF(t testing.TB, img image.Image, tiff []byte) []byte {
	t.Helper()
	plain := asJPEG(t, img)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	n := len(segment) + 2
	return slices.Concat(plain[:2], []byte{0xff, 0xe1, byte(n >> 8), byte(n)}, segment, plain[2:])
}

func TestOfAPhotoOnlyThePictureIsKept(t *testing.T) {
	const secret = "30.2741N 120.1551E HUAWEI serial 99"
	raw := tagged(t, picture(300, 200), secret)
	if !bytes.Contains(raw, []byte(secret)) {
		t.Fatal("the photo has no secret to lose")
	}
	body, w, h, err := Strip(raw)
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
	body, w, h, err := Strip(asJPEG(t, picture(5000, 3000)))
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
	if _, w, h, err := Strip(asJPEG(t, picture(9000, 3))); err != nil || w != 1800 || h != 1 {
		t.Errorf("a stripe: %d × %d, %v", w, h, err)
	}
}

func TestATransparentPictureLiesOnWhite(t *testing.T) {
	var raw bytes.Buffer
	if err := png.Encode(&raw, image.NewNRGBA(image.Rect(0, 0, 20, 20))); err != nil {
		t.Fatal(err)
	}
	body, _, _, err := Strip(raw.Bytes())
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
	if err := gif.Encode(&moving, picture(20, 20), nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&huge, image.NewGray(image.Rect(0, 0, 6000, 6000))); err != nil { // few bytes, 36 megapixels
		t.Fatal(err)
	}
	whole := asJPEG(t, picture(200, 200))
	for name, tt := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":     {nil, ErrPhoto},
		"text":        {[]byte("<svg onload=alert(1)>"), ErrPhoto},
		"a GIF":       {moving.Bytes(), ErrPhoto},
		"many pixels": {huge.Bytes(), ErrPhoto},
		"cut short":   {whole[:len(whole)/2], ErrPhoto},
		"many bytes":  {make([]byte, MaxPhoto+1), ErrPhotoLarge},
	} {
		if _, _, _, err := Strip(tt.raw); !errors.Is(err, tt.want) {
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
			body, w, h, err := Strip(withEXIF(t, img, tiff))
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
		if _, w, h, err := Strip(withEXIF(t, picture(60, 40), tiff)); err != nil || w != 60 || h != 40 {
			t.Errorf("%s: %d × %d, %v", name, w, h, err)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(withEXIF(f, picture(8, 8), oriented(binary.LittleEndian, "II", 6)))
	f.Fuzz(func(t *testing.T, file []byte) {
		if o := orientation(file); o < 1 || o > 8 {
			t.Errorf("%d", o)
		}
	})
}
