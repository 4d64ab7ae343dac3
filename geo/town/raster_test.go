package town

import (
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"slices"
)

// canvas draws metres on an image, north up, at twice the size for smooth edges.
type canvas struct {
	img   *image.RGBA
	min   vec
	scale float64 // pixels in a metre
}

func newCanvas(lo, hi vec, width int, ground color.RGBA) *canvas {
	scale := float64(2*width) / (hi.x - lo.x)
	c := &canvas{img: image.NewRGBA(image.Rect(0, 0, 2*width, int(scale*(hi.y-lo.y)))), min: lo, scale: scale}
	for i := range c.img.Pix {
		c.img.Pix[i] = [4]uint8{ground.R, ground.G, ground.B, 255}[i%4]
	}
	return c
}

func (c *canvas) px(v vec) vec {
	return vec{(v.x - c.min.x) * c.scale, float64(c.img.Rect.Dy()) - (v.y-c.min.y)*c.scale}
}

// fill paints rings by the even-odd rule.
func (c *canvas) fill(rings []shape, paint color.RGBA) {
	lo, hi := math.Inf(1), math.Inf(-1)
	var edges [][2]vec
	for _, r := range rings {
		for i := range r {
			a, b := c.px(r[i]), c.px(r[(i+1)%len(r)])
			edges = append(edges, [2]vec{a, b})
			lo, hi = min(lo, a.y), max(hi, a.y)
		}
	}
	for y := max(0, int(lo)); y <= min(c.img.Rect.Dy()-1, int(hi)+1); y++ {
		at := float64(y) + 0.5
		var xs []float64
		for _, e := range edges {
			if (e[0].y > at) != (e[1].y > at) {
				xs = append(xs, e[0].x+(at-e[0].y)/(e[1].y-e[0].y)*(e[1].x-e[0].x))
			}
		}
		slices.Sort(xs)
		for i := 0; i+1 < len(xs); i += 2 {
			for x := max(0, int(math.Round(xs[i]))); x < min(c.img.Rect.Dx(), int(math.Round(xs[i+1]))); x++ {
				c.blend(x, y, paint)
			}
		}
	}
}

func (c *canvas) blend(x, y int, p color.RGBA) {
	i := c.img.PixOffset(x, y)
	for k, v := range [3]uint8{p.R, p.G, p.B} {
		c.img.Pix[i+k] = uint8((int(c.img.Pix[i+k])*(255-int(p.A)) + int(v)*int(p.A)) / 255)
	}
}

// stroke draws a line so many metres wide, at least one and a half pixels.
func (c *canvas) stroke(line []vec, width float64, paint color.RGBA) {
	w := max(width/2, 0.75/c.scale)
	for i := 0; i+1 < len(line); i++ {
		u := line[i+1].sub(line[i]).unit()
		n := u.left().mul(w)
		a, b := line[i].along(u, -w*0.4), line[i+1].along(u, w*0.4)
		c.fill([]shape{{a.add(n), a.sub(n), b.sub(n), b.add(n)}}, paint)
	}
}

func (c *canvas) dot(at vec, radius float64, paint color.RGBA) {
	var s shape
	for k := range 12 {
		s = append(s, at.add(vec{radius, 0}.turn(float64(k)*math.Pi/6)))
	}
	c.fill([]shape{s}, paint)
}

// half is the picture at its size.
func (c *canvas) half() image.Image {
	r := c.img.Rect
	out := image.NewRGBA(image.Rect(0, 0, r.Dx()/2, r.Dy()/2))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			for k := range 4 {
				sum := 0
				for _, o := range [4]int{0, 4, c.img.Stride, c.img.Stride + 4} {
					sum += int(c.img.Pix[c.img.PixOffset(2*x, 2*y)+k+o])
				}
				out.Pix[out.PixOffset(x, y)+k] = uint8(sum / 4)
			}
		}
	}
	return out
}

func save(img image.Image, name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return png.Encode(f, img)
}
