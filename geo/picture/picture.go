// Package picture reads the photos that phones send, and nothing of them but the
// picture: whatever a file says about its camera, place and time is not in what is
// written. It knows no database.
//
//	picture.go  read, made smaller, written as JPEG
//	exif.go     what a camera wrote beside a picture
//	upright.go  which side is up
//	cover.go    faces and plates made unrecognisable
package picture

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // phones and screens send these

	_ "golang.org/x/image/webp"

	"wangge/geo/fault"
)

// Bounds of pictures.
const (
	maxPixels = 25_000_000
	Longest   = 2048 // pixels of the longer side as a photo is kept
	quality   = 82
)

// ErrUnreadable is what is no photo.
var ErrUnreadable = fault.New(fault.Invalid, "photo_unreadable", "This is no photo that can be read. Send JPEG, PNG or WebP of at most 25 megapixels.")

// Turns bound how many pictures are read at once: each takes up to 200 MB meanwhile.
type Turns chan struct{}

// NewTurns makes turns for so many at once.
func NewTurns(atOnce int) Turns { return make(Turns, atOnce) }

// Wait waits for a turn. It ends with done.
func (t Turns) Wait(ctx context.Context) (done func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Read returns the picture of a JPEG, PNG or WebP file, upright and on white, at most
// Longest pixels long, and what its camera wrote beside it; ErrUnreadable.
func Read(file []byte) (*image.RGBA, Facts, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || format != "jpeg" && format != "png" && format != "webp" ||
		config.Width < 1 || config.Height < 1 || config.Width > maxPixels/config.Height {
		return nil, Facts{}, ErrUnreadable
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, Facts{}, ErrUnreadable.Because(err)
	}
	orientation, facts := read(file)
	return upright(Shrink(flat(picture), Longest), orientation), facts, nil
}

// Write returns a picture as JPEG, with nothing beside it.
func Write(p *image.RGBA) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("write a picture: %w", err)
	}
	return out.Bytes(), nil
}

// flat is a picture on white, from its corner on.
func flat(picture image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, picture.Bounds().Dx(), picture.Bounds().Dy()))
	draw.Draw(out, out.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, picture, picture.Bounds().Min, draw.Over)
	return out
}

// Shrink makes one pixel of k × k until a picture is no longer than it may be.
func Shrink(in *image.RGBA, longest int) *image.RGBA {
	k := (max(in.Rect.Dx(), in.Rect.Dy()) + longest - 1) / longest
	if k <= 1 {
		return in
	}
	out := image.NewRGBA(image.Rect(0, 0, max(1, in.Rect.Dx()/k), max(1, in.Rect.Dy()/k)))
	k, side := min(k, in.Rect.Dx(), in.Rect.Dy()), k
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.SetRGBA(x, y, mean(in, image.Rect(0, 0, k, k).Add(image.Pt(x*side, y*side))))
		}
	}
	return out
}

// mean is the colour of a part of a picture.
func mean(in *image.RGBA, part image.Rectangle) color.RGBA {
	var sum [3]int
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := in.Pix[in.PixOffset(part.Min.X, y):in.PixOffset(part.Max.X, y)]
		for ; len(row) > 0; row = row[4:] {
			for c := range sum {
				sum[c] += int(row[c])
			}
		}
	}
	n := part.Dx() * part.Dy()
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}
