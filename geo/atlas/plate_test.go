package atlas

import (
	"image/color"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	zxing "github.com/makiuchi-d/gozxing/multi/qrcode"
	"github.com/tdewolff/canvas"
	"github.com/tdewolff/canvas/renderers/rasterizer"
)

func TestCodesOfAPageOfPlatesAreReadByAnotherProgram(t *testing.T) {
	loaded := font(t)
	want := map[string]bool{}
	var list []Plate
	for _, code := range []string{"0c3e0c3e-51ab-4a9e-8f0c-000000000001", "0c3e0c3e-51ab-4a9e-8f0c-000000000002", "0c3e0c3e-51ab-4a9e-8f0c-000000000003", "0c3e0c3e-51ab-4a9e-8f0c-000000000004"} {
		want[code] = true
		list = append(list, Plate{Code: code, Title: strings.Repeat("禾渡街道东门打卡点", 4), Lines: []string{"310115001001 · A1", code}})
	}
	pages := platePages(list, loaded)
	if len(pages) != 1 {
		t.Fatal(len(pages))
	}
	page, err := pages[0]()
	if err != nil {
		t.Fatal(err)
	}
	picture := rasterizer.Draw(page, canvas.DPI(150), canvas.SRGBColorSpace{})
	if picture.At(picture.Bounds().Dx()/2, 2) != (color.RGBA{255, 255, 255, 255}) {
		t.Error("no paper")
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	found, err := zxing.NewQRCodeMultiReader().DecodeMultipleWithoutHint(bits)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range found {
		delete(want, one.GetText())
	}
	if len(found) != len(list) || len(want) > 0 {
		t.Errorf("%d codes read of %d, missing %v", len(found), len(list), want)
	}
}

// ISO/IEC 18004 wants four modules of light around a code; ours have 33.
func TestACodeHasLightAroundIt(t *testing.T) {
	const quiet = 4 * plateCode / 33
	if width, height := (pageWidth-2*margin)/platesAcross, (pageHeight-2*margin)/platesDown; width < plateCode+2*quiet || height < plateTop+plateCode+20 || plateTop < quiet {
		t.Errorf("a plate is %.0f × %.0f mm, too small for a code of %.0f mm", width, height, plateCode)
	}
}

func TestPlatesGoOnToAnotherPage(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 6: 1, 7: 2, 60: 10} {
		if got := len(platePages(make([]Plate, n), nil)); got != want {
			t.Errorf("%d plates: %d pages, want %d", n, got, want)
		}
	}
	pages := platePages([]Plate{{Code: strings.Repeat("x", 5000)}}, font(t))
	if _, err := pages[0](); err == nil {
		t.Error("a text that no code can hold is drawn")
	}
}
