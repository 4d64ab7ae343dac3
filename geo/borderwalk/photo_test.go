package borderwalk

import (
	"bytes"
	"errors"
	"image"
	"image/color"
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
	plain := asJPEG(t, img)
	segment := append([]byte("Exif\x00\x00MM\x00*"), secret...)
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
