package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"math"
	"testing"

	"wangge/geo/picture/picturetest"
)

// checked is a scene with a chess board of small squares in a part of it.
func checked(part image.Rectangle, square int, inverted bool) *image.RGBA {
	img := picturetest.Scene(400, 300)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			c := color.RGBA{250, 250, 250, 255}
			if ((x-part.Min.X)/square+(y-part.Min.Y)/square)%2 == 0 != inverted {
				c = color.RGBA{5, 5, 5, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// Two photos that differ only within what is covered become one and the same file: what
// was there cannot be told from what is left.
func TestWhatIsCoveredCannotBeBroughtBack(t *testing.T) {
	part := image.Rect(96, 90, 192, 186)
	a, b := checked(part, 4, false), checked(part, 4, true)
	if bytes.Equal(a.Pix, b.Pix) {
		t.Fatal("the photos do not differ")
	}
	area := Area{96.0 / 400, 90.0 / 300, 96.0 / 400, 96.0 / 300}
	Cover(a, []Area{area})
	Cover(b, []Area{area})
	if !bytes.Equal(a.Pix, b.Pix) {
		t.Error("the covered photos differ")
	}
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X + 1; x < part.Max.X; x++ {
			if d := int(a.RGBAAt(x, y).R) - int(a.RGBAAt(x-1, y).R); d > 3 || d < -3 {
				t.Fatalf("an edge is left at %d, %d", x, y)
			}
		}
	}
}

func TestOnlyWhatIsMarkedIsCovered(t *testing.T) {
	before, after := checked(image.Rect(0, 0, 400, 300), 4, false), checked(image.Rect(0, 0, 400, 300), 4, false)
	Cover(after, []Area{{0.25, 0.5, 0.25, 0.25}, {0, 0, 0.001, 0.001}})
	part := image.Rect(100, 150, 200, 225)
	for y := range 300 {
		for x := range 400 {
			same := before.RGBAAt(x, y) == after.RGBAAt(x, y)
			if in := image.Pt(x, y).In(part); in && same || !in && !same && (x > 0 || y > 0) {
				t.Fatalf("at %d, %d: in the area %v, the same %v", x, y, in, same)
			}
		}
	}
}

// A part of a few pixels is one colour, however fine the blocks of a large one are.
func TestASmallPartIsCoveredAsWell(t *testing.T) {
	img := checked(image.Rect(0, 0, 400, 300), 1, false)
	Cover(img, []Area{{0.5, 0.5, 0.04, 0.04}})
	c := img.RGBAAt(200, 150)
	for y := 150; y < 162; y++ {
		for x := 200; x < 216; x++ {
			if img.RGBAAt(x, y) != c {
				t.Fatalf("%v at %d, %d, %v before", img.RGBAAt(x, y), x, y, c)
			}
		}
	}
}

func TestAreasLieOnThePicture(t *testing.T) {
	for name, tt := range map[string]struct {
		areas []Area
		want  error
	}{
		"none":          {nil, nil},
		"all of it":     {[]Area{{0, 0, 1, 1}}, nil},
		"a rounded sum": {[]Area{{0.7, 0.9, 0.30000000000000004, 0.1}}, nil},
		"to the left":   {[]Area{{-0.1, 0, 0.5, 0.5}}, ErrAreas},
		"below":         {[]Area{{0, 0.9, 0.5, 0.2}}, ErrAreas},
		"empty":         {[]Area{{0, 0, 0, 0.5}}, ErrAreas},
		"no number":     {[]Area{{0, 0, math.NaN(), 0.5}}, ErrAreas},
		"endless":       {[]Area{{0, 0, 0.5, math.Inf(1)}}, ErrAreas},
		"too many":      {make([]Area, MaxAreas+1), ErrAreas},
	} {
		if err := CheckAreas(tt.areas); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
