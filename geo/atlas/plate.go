package atlas

import (
	"fmt"
	"image/color"

	"github.com/boombuler/barcode/qr"
	"github.com/tdewolff/canvas"
)

// Plate is put up somewhere: a QR code with what stands under it, six to a page, to be cut
// out. A code is 60 mm wide, which a phone reads from two metres.
type Plate struct {
	Code  string   // what the QR code holds
	Title string   // large
	Lines []string // small, below it
}

const (
	platesAcross, platesDown = 2, 3
	plateCode                = 60.0 // mm
	plateTop                 = 9.0  // mm of paper above a code
)

// platePages are the pages of some plates.
func platePages(list []Plate, font *Font) (pages []func() (*canvas.Canvas, error)) {
	const onPage = platesAcross * platesDown
	for from := 0; from < len(list); from += onPage {
		part := list[from:min(from+onPage, len(list))]
		pages = append(pages, func() (*canvas.Canvas, error) { return platePage(part, font) })
	}
	return pages
}

// isDark tells the two colours of a code apart.
func isDark(c color.Color) bool {
	red, _, _, _ := c.RGBA()
	return red < 0x8000
}

func platePage(list []Plate, font *Font) (*canvas.Canvas, error) {
	page := canvas.New(pageWidth, pageHeight)
	p := pen{canvas.NewContext(page), font}
	p.box(0, 0, pageWidth, pageHeight, paper, paper, 0)
	const width, height = (pageWidth - 2*margin) / platesAcross, (pageHeight - 2*margin) / platesDown
	for i, plate := range list {
		x, top := margin+width*float64(i%platesAcross), pageHeight-margin-height*float64(i/platesAcross)
		p.box(x, top-height, x+width, top, canvas.Transparent, faint, 0.1) // where it is cut
		if err := p.code(x+(width-plateCode)/2, top-plateTop-plateCode, plate.Code); err != nil {
			return nil, err
		}
		size, middle := sizeTitle, x+width/2
		for size > 6 && font.width(clean(plate.Title), size) > width-8 {
			size--
		}
		y := top - plateTop - plateCode - 8
		p.text(middle, y, shorten(clean(plate.Title), func(s string) bool { return font.width(s, size) <= width-8 }), size, ink, canvas.Center)
		for _, line := range plate.Lines {
			y -= 5
			p.text(middle, y, shorten(clean(line), func(s string) bool { return font.width(s, sizeSmall) <= width-8 }), sizeSmall, faint, canvas.Center)
		}
	}
	return page, nil
}

// code draws a QR code (ISO/IEC 18004, level M) with its lower left corner at x, y.
func (p pen) code(x, y float64, text string) error {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return fmt.Errorf("QR code: %w", err)
	}
	n := code.Bounds().Dx()
	side := plateCode / float64(n)
	path := &canvas.Path{}
	for row := range n {
		for from := 0; from < n; from++ {
			to := from
			for to < n && isDark(code.At(to, row)) {
				to++
			}
			if to > from {
				left, top := float64(from)*side, plateCode-float64(row)*side
				path.MoveTo(left, top)
				path.LineTo(float64(to)*side, top)
				path.LineTo(float64(to)*side, top-side)
				path.LineTo(left, top-side)
				path.Close()
				from = to
			}
		}
	}
	p.SetFillColor(ink)
	p.SetStrokeColor(canvas.Transparent)
	p.DrawPath(x, y, path)
	return nil
}
