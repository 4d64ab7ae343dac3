package atlas

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/tdewolff/canvas"
	"github.com/tdewolff/canvas/renderers/pdf"
)

// Book is several sheets in one PDF, with tables and plates behind them.
type Book struct {
	Title, Subtitle, Sources string
	Sheets                   []*Sheet
	Tables                   []Table   // behind the last sheet and its own
	Plates                   []Plate   // behind all
	Footer                   string    // at the foot of every page: what proves where it comes from
	Made                     time.Time // with it the same book gives the same bytes; zero = now
	// Step is told how many pages are drawn, of how many; of 0 while tables are laid
	// out. Its error ends the drawing.
	Step func(done, total int) error
}

// PDF writes all pages.
func (b *Book) PDF(w io.Writer, font *Font) error {
	var file bytes.Buffer
	if err := b.pdf(&file, font); err != nil {
		return err
	}
	content := file.Bytes()
	if !b.Made.IsZero() {
		var err error
		if content, err = steady(content, b.Made); err != nil {
			return err
		}
	}
	_, err := w.Write(content)
	return err
}

// pdf draws one page after another, so that maps of a thousand units are not all in
// memory at once.
func (b *Book) pdf(w io.Writer, font *Font) error {
	font.mu.Lock()
	defer font.mu.Unlock()
	step := b.Step
	if step == nil {
		step = func(int, int) error { return nil }
	}
	var pages []func() (*canvas.Canvas, error)
	add := func(list []Table) error {
		drawn, err := tables(list, font, func() error { return step(0, 0) })
		for _, page := range drawn {
			pages = append(pages, func() (*canvas.Canvas, error) { return page, nil })
		}
		return err
	}
	for _, s := range b.Sheets {
		pages = append(pages, func() (*canvas.Canvas, error) { return s.front(font) })
		if err := add(s.Tables); err != nil {
			return err
		}
	}
	if err := add(b.Tables); err != nil {
		return err
	}
	pages = append(pages, platePages(b.Plates, font)...)
	if len(pages) == 0 {
		return ErrEmpty
	}
	out := pdf.New(w, pageWidth, pageHeight, &pdf.Options{Compress: true, SubsetFonts: true})
	out.SetInfo(b.Title, b.Subtitle, "", b.Sources, "wangge")
	for i, draw := range pages {
		if err := step(i, len(pages)); err != nil {
			return err
		}
		page, err := draw()
		if err != nil {
			return err
		}
		if i > 0 {
			out.NewPage(pageWidth, pageHeight)
		}
		p := pen{canvas.NewContext(page), font}
		p.text(margin, margin-6, b.Footer, sizeSmall, faint, canvas.Left)
		p.text(pageWidth-margin, margin-6, fmt.Sprintf("%d / %d", i+1, len(pages)), sizeSmall, faint, canvas.Right)
		page.RenderTo(out)
	}
	return out.Close()
}
