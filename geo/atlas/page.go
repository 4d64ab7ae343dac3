package atlas

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"github.com/tdewolff/canvas"
)

// front is the page of the map.
func (s *Sheet) front(font *Font) (*canvas.Canvas, error) {
	b, ok := s.bound()
	if !ok {
		return nil, ErrEmpty
	}
	page := canvas.New(pageWidth, pageHeight)
	p := pen{canvas.NewContext(page), font}
	p.box(0, 0, pageWidth, pageHeight, paper, paper, 0)
	p.box(margin, mapBottom, pageWidth-margin, mapTop, blank, blank, 0)
	const inside = 5
	v := newView(b, margin+inside, mapBottom+inside, pageWidth-margin-inside, mapTop-inside)
	for _, layer := range s.Layers {
		p.layer(v, layer)
	}
	// What runs over the frame is covered.
	p.box(0, 0, margin, pageHeight, paper, paper, 0)
	p.box(pageWidth-margin, 0, pageWidth, pageHeight, paper, paper, 0)
	p.box(0, 0, pageWidth, mapBottom, paper, paper, 0)
	p.box(0, mapTop, pageWidth, pageHeight, paper, paper, 0)
	p.box(margin, mapBottom, pageWidth-margin, mapTop, canvas.Transparent, ink, 0.25)

	p.heading(s)
	p.north(pageWidth-margin-9, mapTop-16)
	p.scale(margin+6, mapBottom+6, v)
	p.text(pageWidth-margin-2, mapBottom+2, s.Sources, 6, faint, canvas.Right)
	p.legend(s.Legend)
	p.notes(s.Notes)
	return page, nil
}

func (p pen) heading(s *Sheet) {
	size := sizeTitle
	for size > sizeText && p.font.width(clean(s.Title), size) > pageWidth-2*margin {
		size--
	}
	p.text(margin, pageHeight-19, s.Title, size, ink, canvas.Left)
	p.text(margin, pageHeight-27, s.Subtitle, sizeText, faint, canvas.Left)
	p.text(pageWidth-margin, pageHeight-27, s.Date, sizeText, faint, canvas.Right)
}

func (p pen) layer(v view, l Layer) {
	p.SetFillRule(canvas.EvenOdd)
	p.SetStrokeJoiner(canvas.RoundJoin)
	for _, a := range l.Areas {
		path := &canvas.Path{}
		for _, polygon := range a.Shape {
			for _, ring := range polygon {
				v.trace(path, ring, true)
			}
		}
		p.SetFillColor(a.Fill)
		p.stroke(a.Stroke, a.Width)
		p.DrawPath(0, 0, path)
	}
	for _, line := range l.Lines {
		path := &canvas.Path{}
		v.trace(path, line.Course, false)
		p.SetFillColor(canvas.Transparent)
		p.stroke(line.Stroke, line.Width)
		p.DrawPath(0, 0, path)
	}
	for _, point := range l.Points {
		x, y := v.at(point.At)
		p.SetFillColor(point.Fill)
		p.stroke(paper, math.Max(0.15, point.Radius/6))
		p.DrawPath(x, y, canvas.Circle(math.Max(0.2, point.Radius)))
	}
	p.labels(v, l)
}

func (p pen) stroke(c color.RGBA, width float64) {
	if width <= 0 {
		c = canvas.Transparent
	}
	p.SetStrokeColor(c)
	p.SetStrokeWidth(math.Max(width, 0.01))
}

// labels writes names where they have room: within their area, and not over one
// another.
func (p pen) labels(v view, l Layer) {
	var taken [][4]float64
	put := func(text string, x, y, room float64, align canvas.TextAlign) {
		if text = p.font.shown(text); text == "" {
			return
		}
		face := p.face(sizeSmall, ink)
		width := p.font.width(text, sizeSmall)
		if room > 0 && width > room {
			return
		}
		left := x
		if align == canvas.Center {
			left -= width / 2
		}
		box := [4]float64{left - 0.5, y - 1, left + width + 0.5, y + 3}
		if box[0] < margin || box[2] > pageWidth-margin || box[1] < mapBottom || box[3] > mapTop {
			return
		}
		for _, t := range taken {
			if box[0] < t[2] && t[0] < box[2] && box[1] < t[3] && t[1] < box[3] {
				return
			}
		}
		taken = append(taken, box)
		// A white rim keeps letters readable on any colour.
		if outline, _ := face.ToPath(text); outline != nil {
			p.SetFillColor(paper)
			p.stroke(paper, 0.7)
			p.DrawPath(left, y, outline)
		}
		p.text(left, y, text, sizeSmall, ink, canvas.Left)
	}
	for _, a := range l.Areas {
		if a.Label == "" || len(a.Shape) == 0 {
			continue
		}
		b := a.Shape.Bound()
		x, y := v.at(b.Center())
		put(a.Label, x, y-1, (b.Max[0]-b.Min[0])*v.east, canvas.Center)
	}
	for _, point := range l.Points {
		x, y := v.at(point.At)
		put(point.Label, x+point.Radius+0.6, y-0.9, 0, canvas.Left)
	}
}

// north is an arrow: the map is not turned.
func (p pen) north(x, y float64) {
	p.SetFillColor(ink)
	p.stroke(paper, 0.2)
	path := &canvas.Path{}
	path.MoveTo(0, 10)
	path.LineTo(2.6, 0)
	path.LineTo(0, 2.2)
	path.LineTo(-2.6, 0)
	path.Close()
	p.DrawPath(x, y, path)
	p.text(x, y-4, "北 N", sizeSmall, ink, canvas.Center)
}

// scale is a bar of a round length, and the ratio on paper.
func (p pen) scale(x, y float64, v view) {
	length := roundLength(45 / v.metre)
	bar := length * v.metre
	ratio := 1000 / v.metre
	text := fmt.Sprintf("%s   1 : %s", metresText(length), thousands(roundRatio(ratio)))
	width := math.Max(bar, p.font.width(text, sizeSmall))
	p.box(x-3, y-3, x+width+3, y+6.5, paper, hair, 0.15)
	for i := range 4 {
		fill := ink
		if i%2 == 1 {
			fill = paper
		}
		p.box(x+bar*float64(i)/4, y, x+bar*float64(i+1)/4, y+1.4, fill, ink, 0.15)
	}
	p.text(x, y+2.8, text, sizeSmall, ink, canvas.Left)
}

// roundLength is the largest of 1, 2, 5, 10, 20 … metres that is not longer.
func roundLength(metres float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(metres)))
	for _, k := range []float64{5, 2, 1} {
		if k*unit <= metres {
			return k * unit
		}
	}
	return unit
}

// roundRatio keeps three digits.
func roundRatio(ratio float64) int64 {
	unit := math.Pow(10, math.Max(0, math.Floor(math.Log10(ratio))-2))
	return int64(math.Round(ratio/unit) * unit)
}

func metresText(m float64) string {
	if m >= 1000 {
		return fmt.Sprintf("%g km", m/1000)
	}
	return fmt.Sprintf("%g m", m)
}

func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// belowMap is where legend and notes begin; they end at the foot of the page.
const (
	belowMap = mapBottom - 7
	foot     = margin
)

func (p pen) legend(l Legend) {
	const step = 5.0
	x, y := margin, belowMap
	y = p.paragraph(x, y, legendWide-6, foot, l.Title, sizeText, ink)
	rows := int((y - foot) / step)
	for i, entry := range l.Entries {
		if i == rows-1 && len(l.Entries) > rows {
			p.text(x, y, fmt.Sprintf("… +%d", len(l.Entries)-i), sizeSmall, faint, canvas.Left)
			return
		}
		switch entry.Mark {
		case Rule:
			p.rule(x, y+1, x+6, y+1, entry.Fill, 0.8)
		case Disc:
			p.SetFillColor(entry.Fill)
			p.stroke(hair, 0.15)
			p.DrawPath(x+3, y+1, canvas.Circle(1.3))
		default:
			p.box(x, y-0.6, x+6, y+2.8, entry.Fill, hair, 0.15)
		}
		p.text(x+8, y, shorten(entry.Text, func(s string) bool { return p.font.width(s, sizeSmall) <= legendWide-14 }), sizeSmall, ink, canvas.Left)
		y -= step
	}
}

func (p pen) notes(notes []string) {
	x, y := margin+legendWide, belowMap
	width := pageWidth - margin - x
	for _, note := range notes {
		if y < foot {
			return
		}
		y = p.paragraph(x, y, width, foot, note, sizeSmall, faint)
	}
}

// shorten cuts text that does not fit.
func shorten(text string, fits func(string) bool) string {
	if text = clean(text); fits(text) {
		return text
	}
	letters := []rune(text)
	for len(letters) > 0 && !fits(string(letters)+"…") {
		letters = letters[:len(letters)-1]
	}
	return strings.TrimSpace(string(letters)) + "…"
}

// Measures of a table in mm.
const (
	rowHigh   = 5.2
	lineHigh  = 3.6 // of the second line of a row and those behind it
	cellInset = 1.2
	tableTop  = pageHeight - 22
)

// tables are the pages behind a map; step is called when one is full.
func tables(list []Table, font *Font, step func() error) (pages []*canvas.Canvas, err error) {
	var p pen
	y := 0.0
	turn := func() {
		page := canvas.New(pageWidth, pageHeight)
		p = pen{canvas.NewContext(page), font}
		p.box(0, 0, pageWidth, pageHeight, paper, paper, 0)
		pages = append(pages, page)
		y = tableTop
	}
	for _, t := range list {
		if len(t.Columns) == 0 {
			continue
		}
		if len(pages) == 0 || y-4*rowHigh < foot {
			turn()
		}
		widths := t.widths(p)
		p.text(margin, y, t.Title, sizeText+1, ink, canvas.Left)
		y -= 1.4 * rowHigh
		header := func() {
			titles := make([]string, len(t.Columns))
			for i, c := range t.Columns {
				titles[i] = c.Title
			}
			p.row(t, widths, y, p.cells(Table{Columns: t.Columns}, widths, titles), faint)
			p.rule(margin, y-1.6, margin+sum(widths), y-1.6, ink, 0.2)
			y -= rowHigh
		}
		header()
		for _, row := range t.Rows {
			cells := p.cells(t, widths, row)
			more := lineHigh * float64(tallest(cells)-1)
			if y-more < foot && y < tableTop-2*rowHigh {
				if err := step(); err != nil {
					return nil, err
				}
				turn()
				header()
			}
			p.row(t, widths, y, cells, ink)
			y -= more
			p.rule(margin, y-1.6, margin+sum(widths), y-1.6, hair, 0.1)
			y -= rowHigh
		}
		y -= rowHigh
	}
	return pages, nil
}

// cells are the texts of a row by lines: what does not fit is wrapped, or cut.
func (p pen) cells(t Table, widths []float64, row []string) [][]string {
	cells := make([][]string, len(widths))
	for i, width := range widths {
		if i >= len(row) {
			continue
		}
		fits := func(s string) bool { return p.font.width(s, sizeSmall) <= width-2*cellInset }
		if t.Wrap && t.Columns[i].gives() {
			cells[i] = wrap(clean(row[i]), fits)
		} else {
			cells[i] = []string{shorten(row[i], fits)}
		}
	}
	return cells
}

// tallest is how many lines the cells of a row need.
func tallest(cells [][]string) int {
	n := 1
	for _, lines := range cells {
		n = max(n, len(lines))
	}
	return n
}

func (p pen) row(t Table, widths []float64, y float64, cells [][]string, c color.RGBA) {
	x := margin
	for i, width := range widths {
		for n, text := range cells[i] {
			at := y - lineHigh*float64(n)
			if t.Columns[i].Right {
				p.text(x+width-cellInset, at, text, sizeSmall, c, canvas.Right)
			} else {
				p.text(x+cellInset, at, text, sizeSmall, c, canvas.Left)
			}
		}
		x += width
	}
}

// gives reports whether a column gives way where the page has no room.
func (c Column) gives() bool { return !c.Right && !c.Whole }

// widths are those that the columns need. Where the page has less, columns of texts
// give way: a number is never cut while there is another way.
func (t Table) widths(p pen) []float64 {
	const (
		measured = 200  // rows
		least    = 16.0 // mm for a column of texts
		room     = pageWidth - 2*margin
	)
	widths := make([]float64, len(t.Columns))
	texts, kept := 0.0, 0.0 // what texts may give, and what stays
	for i, c := range t.Columns {
		widths[i] = p.font.width(clean(c.Title), sizeSmall)
		for _, row := range t.Rows[:min(measured, len(t.Rows))] {
			if i < len(row) {
				widths[i] = max(widths[i], p.font.width(clean(row[i]), sizeSmall))
			}
		}
		widths[i] += 2*cellInset + 1
		if c.gives() && widths[i] > least {
			texts += widths[i] - least
			kept += least
		} else {
			kept += widths[i]
		}
	}
	if texts+kept <= room {
		return widths
	}
	give := max(0, room-kept) / max(texts, 1e-9)
	for i, c := range t.Columns {
		if c.gives() && widths[i] > least {
			widths[i] = least + (widths[i]-least)*give
		}
		if kept > room {
			widths[i] *= room / kept
		}
	}
	return widths
}

func sum(list []float64) (s float64) {
	for _, v := range list {
		s += v
	}
	return s
}
