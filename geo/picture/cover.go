package picture

import (
	"image"
	"math"

	"wangge/geo/fault"
)

// Area is a part of a picture, in fractions of its width and height: x, y of its upper
// left corner, its width, its height.
type Area [4]float64

// MaxAreas is how many parts of a picture are covered at once.
const MaxAreas = 100

// ErrAreas are areas that do not lie on a picture.
var ErrAreas = fault.New(fault.Invalid, "photo_areas", "An area is x, y, width and height in fractions of the picture, within it; there are at most 100.")

// CheckAreas returns ErrAreas unless all lie on a picture.
func CheckAreas(areas []Area) error {
	if len(areas) > MaxAreas {
		return ErrAreas
	}
	for _, a := range areas {
		// Written so that what is not a number is refused as well; a sum may be rounded.
		if !(a[0] >= 0 && a[1] >= 0 && a[2] > 0 && a[3] > 0 && a[0]+a[2] <= 1+1e-6 && a[1]+a[3] <= 1+1e-6) {
			return ErrAreas
		}
	}
	return nil
}

// A covered part is made of at most so many blocks along its longer side, of at least so
// many pixels each: a face of 6 × 6 colours is nobody's, and no digit of a plate is left.
const (
	blocks   = 6
	minBlock = 16
)

// Cover makes parts of a picture unrecognisable: each block becomes its mean colour, and
// the blocks are smeared into each other so that their edges do not invite guessing.
// What is written depends on the means alone, so nothing brings the part back.
func Cover(p *image.RGBA, areas []Area) {
	for _, a := range areas {
		part := a.on(p.Rect)
		block := max(minBlock, (max(part.Dx(), part.Dy())+blocks-1)/blocks)
		for y := part.Min.Y; y < part.Max.Y; y += block {
			for x := part.Min.X; x < part.Max.X; x += block {
				fill(p, image.Rect(x, y, x+block, y+block).Intersect(part))
			}
		}
		smear(p, part, block/2)
	}
}

// on is an area in pixels, those that it touches.
func (a Area) on(p image.Rectangle) image.Rectangle {
	w, h := float64(p.Dx()), float64(p.Dy())
	return image.Rect(int(a[0]*w), int(a[1]*h), int(math.Ceil((a[0]+a[2])*w)), int(math.Ceil((a[1]+a[3])*h))).Intersect(p)
}

func fill(p *image.RGBA, part image.Rectangle) {
	c := mean(p, part)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			p.SetRGBA(x, y, c)
		}
	}
}

// smear replaces each pixel of a part by the mean of those of the part that are at most
// radius from it, along rows and then along columns.
func smear(p *image.RGBA, part image.Rectangle, radius int) {
	row := func(y int) func(int) int { return func(i int) int { return p.PixOffset(part.Min.X+i, y) } }
	column := func(x int) func(int) int { return func(i int) int { return p.PixOffset(x, part.Min.Y+i) } }
	for y := part.Min.Y; y < part.Max.Y; y++ {
		smearLine(p.Pix, part.Dx(), radius, row(y))
	}
	for x := part.Min.X; x < part.Max.X; x++ {
		smearLine(p.Pix, part.Dy(), radius, column(x))
	}
}

// smearLine smears n pixels; at says where each begins.
func smearLine(pix []uint8, n, radius int, at func(int) int) {
	sums := make([][3]int, n+1) // of the pixels before
	for i := range n {
		for c := range 3 {
			sums[i+1][c] = sums[i][c] + int(pix[at(i)+c])
		}
	}
	for i := range n {
		low, high := max(0, i-radius), min(n, i+radius+1)
		for c := range 3 {
			pix[at(i)+c] = uint8((sums[high][c] - sums[low][c]) / (high - low))
		}
	}
}
