package picture

import "image"

// A phone writes a photo as its sensor lies and says in its EXIF which side is up. That
// is not kept, so what it says is done to the picture before.

// turns say where the pixel (x, y) of an upright picture is in one of w × h as it came:
// by the eight orientations of EXIF 2.3, tag 0x0112, from 1.
var turns = [...]func(x, y, w, h int) (int, int){
	1: func(x, y, _, _ int) (int, int) { return x, y },
	2: func(x, y, w, _ int) (int, int) { return w - 1 - x, y },
	3: func(x, y, w, h int) (int, int) { return w - 1 - x, h - 1 - y },
	4: func(x, y, _, h int) (int, int) { return x, h - 1 - y },
	5: func(x, y, _, _ int) (int, int) { return y, x },
	6: func(x, y, _, h int) (int, int) { return y, h - 1 - x },
	7: func(x, y, w, h int) (int, int) { return w - 1 - y, h - 1 - x },
	8: func(x, y, w, _ int) (int, int) { return w - 1 - y, x },
}

// upright turns a picture as its orientation says.
func upright(in *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return in
	}
	w, h := in.Rect.Dx(), in.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 { // it lies on its side
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			fromX, fromY := turns[orientation](x, y, w, h)
			copy(out.Pix[out.PixOffset(x, y):][:4], in.Pix[in.PixOffset(fromX, fromY):][:4])
		}
	}
	return out
}
