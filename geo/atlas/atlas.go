// Package atlas draws map sheets: a map with its title, legend, scale bar, north
// arrow, date and notes, and tables on the pages behind it. A Sheet is drawn as PNG
// (the map's page) or as PDF (all pages); both come from the same drawing.
//
//	font, err := atlas.NewFont(ttf)            // once; shared
//	sheet := atlas.Sheet{
//		Title: "服务圈覆盖率 Coverage of the service circle",
//		Notes: []string{"标准:15 分钟、1,000 米、4.0 km/h · Standard: …"},
//		Layers: []atlas.Layer{{Areas: units}, {Lines: streets}, {Points: points}},
//		Legend: atlas.Legend{Title: "覆盖率 Share covered", Entries: entries},
//		Tables: []atlas.Table{byVillage},
//	}
//	err = sheet.PDF(w, font)
//
// The words on a sheet are the caller's, in Chinese and English; the few that are
// the same on every sheet (scale, north, page) are here in both. The package reads
// nothing and decides nothing: what may be shown is settled before.
package atlas

import (
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
	"sync"

	"github.com/paulmach/orb"
	"github.com/tdewolff/canvas"
	"github.com/tdewolff/canvas/renderers/rasterizer"
	sfnt "github.com/tdewolff/font"

	"wangge/geo"
	"wangge/geo/fault"
)

// Faults of this package.
var (
	ErrFont  = fault.New(fault.Unavailable, "map_sheet_font", "The font for map sheets is not built into this program. Build it with: make build.")
	ErrEmpty = fault.New(fault.Invalid, "map_sheet_empty", "There is nothing to draw on the map.")
	ErrSize  = fault.New(fault.Invalid, "map_sheet_resolution", "A picture may have 72 to 300 dots per inch.")
)

// Sheet is a map on one page, and tables behind it.
type Sheet struct {
	Title    string
	Subtitle string
	Date     string   // as it is to stand there
	Sources  string   // whose data they are: "© OpenStreetMap contributors"
	Notes    []string // method, standard, what is rounded or hidden; each a paragraph
	Layers   []Layer  // drawn in order
	Legend   Legend
	Tables   []Table
	// Bound is what the map shows, in degrees; zero = all areas, or else everything.
	Bound orb.Bound
}

// Layer is drawn in one go: its areas, then its lines, then its points.
type Layer struct {
	Areas  []Area
	Lines  []Line
	Points []Point
}

// Area is filled and outlined.
type Area struct {
	Shape  orb.MultiPolygon // degrees
	Fill   color.RGBA
	Stroke color.RGBA
	Width  float64 // of the outline in mm; 0 = none
	Label  string  // drawn in the middle of its bound when there is room
}

// Line is drawn with a width in mm.
type Line struct {
	Course orb.LineString // degrees
	Stroke color.RGBA
	Width  float64
}

// Point is a disc with a white rim.
type Point struct {
	At     orb.Point // degrees
	Fill   color.RGBA
	Radius float64 // mm
	Label  string
}

// Legend explains colours.
type Legend struct {
	Title   string
	Entries []Entry
}

// Mark is the form of a legend's sign.
type Mark string

// The marks.
const (
	Box  Mark = "box"
	Rule Mark = "rule"
	Disc Mark = "disc"
)

// Entry is one line of a legend.
type Entry struct {
	Text string
	Mark Mark // "" = Box
	Fill color.RGBA
}

// Column is one of a table.
type Column struct {
	Title string
	Right bool // numbers
	Whole bool // never cut, as numbers are not: codes
}

// Table stands on the pages after the map.
type Table struct {
	Title   string
	Columns []Column
	Rows    [][]string
	Wrap    bool // texts that do not fit take more lines; otherwise they are cut
}

// Font is a typeface with Chinese and Latin letters. It may be used by many at once.
type Font struct {
	mu       sync.Mutex // the library keeps track of used letters while it draws
	family   *canvas.FontFamily
	has      func(rune) bool
	advances map[rune]float64 // in mm for letters of one point
}

// NewFont reads a TrueType or OpenType font.
func NewFont(file []byte) (*Font, error) {
	if len(file) == 0 {
		return nil, ErrFont
	}
	family := canvas.NewFontFamily("sheet")
	if err := family.LoadFont(file, 0, canvas.FontRegular); err != nil {
		return nil, ErrFont.Because(err)
	}
	// Letters that a font exchanges for others by their neighbours lose their meaning
	// in a PDF: digits between Latin letters could not be copied or searched.
	family.SetFeatures("-locl,-ccmp,-pnum,-lnum,-calt,-liga,-kern")
	letters := family.Face(sizeText, canvas.FontRegular).Font.SFNT
	preferIdeographs(letters)
	return &Font{family: family, has: func(r rune) bool { return letters.GlyphIndex(r) != 0 }, advances: map[rune]float64{}}, nil
}

// width is how long a line of text is, in mm. With the features that NewFont turns off
// no letter stands nearer to one neighbour than to another, so it is the sum of its
// letters; the library would set the line anew each time it is asked.
func (f *Font) width(text string, size float64) (w float64) {
	for _, r := range text {
		one, known := f.advances[r]
		if !known {
			const points = 100
			one = f.family.Face(points, ink, canvas.FontRegular, canvas.FontNormal).TextWidth(string(r)) / points
			f.advances[r] = one
		}
		w += one
	}
	return w * size
}

// missing stands for a letter that the font does not have, as printers have it stand:
// rare letters of names and places are not left out without a word.
const missing = '〓'

// shown is a text as the font can show it.
func (f *Font) shown(text string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || f.has(r) {
			return r
		}
		return missing
	}, clean(text))
}

// preferIdeographs lets a PDF say the ideograph of a form that it shares with a
// radical (老 U+8001, not ⽼ U+2F3C), so that its text can be searched.
func preferIdeographs(letters *sfnt.SFNT) {
	for radical := rune(0x2E80); radical < 0x2FE0; radical++ {
		glyph := letters.GlyphIndex(radical)
		if glyph == 0 {
			continue
		}
		for _, table := range letters.Cmap.Subtables {
			said := table.ToUnicode(glyph)
			for i := 1; i < len(said) && said[0] == radical; i++ {
				if said[i] >= 0x3400 {
					said[0], said[i] = said[i], said[0]
				}
			}
		}
	}
}

// Measures of a page (A4, upright) in mm, and sizes of letters in points.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	margin     = 14.0
	mapTop     = pageHeight - 32 // the map's frame
	mapBottom  = 96.0
	legendWide = 66.0

	sizeTitle = 16.0
	sizeText  = 9.0
	sizeSmall = 7.0
)

var (
	ink   = color.RGBA{0x1f, 0x23, 0x28, 0xff}
	faint = color.RGBA{0x65, 0x6d, 0x76, 0xff}
	hair  = color.RGBA{0xd0, 0xd7, 0xde, 0xff}
	paper = color.RGBA{0xff, 0xff, 0xff, 0xff}
	blank = color.RGBA{0xf6, 0xf8, 0xfa, 0xff} // the ground of the map
)

// PDF writes all pages. They are drawn before the first byte is written: whoever reads
// slowly keeps nobody else from the font.
func (s *Sheet) PDF(w io.Writer, font *Font) error {
	book := Book{Title: s.Title, Subtitle: s.Subtitle, Sources: s.Sources, Sheets: []*Sheet{s}}
	return book.PDF(w, font)
}

// PNG writes the page of the map as a picture of so many dots per inch, 72 to 300.
func (s *Sheet) PNG(w io.Writer, font *Font, dpi float64) error {
	if !(dpi >= 72 && dpi <= 300) {
		return ErrSize
	}
	picture, err := s.picture(font, dpi)
	if err != nil {
		return err
	}
	return png.Encode(w, picture)
}

func (s *Sheet) picture(font *Font, dpi float64) (image.Image, error) {
	font.mu.Lock()
	defer font.mu.Unlock()
	page, err := s.front(font)
	if err != nil {
		return nil, err
	}
	return rasterizer.Draw(page, canvas.DPI(dpi), canvas.LinearColorSpace{}), nil
}

// pen draws on a page with a font.
type pen struct {
	*canvas.Context
	font *Font
}

func (p pen) face(size float64, c color.RGBA) *canvas.FontFace {
	return p.font.family.Face(size, c, canvas.FontRegular, canvas.FontNormal)
}

func (p pen) text(x, y float64, text string, size float64, c color.RGBA, align canvas.TextAlign) {
	if text = p.font.shown(text); text == "" {
		return
	}
	face := p.face(size, c)
	switch align { // the library's own is off for a line in two scripts
	case canvas.Right:
		x -= p.font.width(text, size)
	case canvas.Center:
		x -= p.font.width(text, size) / 2
	}
	p.DrawText(x, y, canvas.NewTextLine(face, text, canvas.Left))
}

// clean drops what cannot be drawn.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "")))
}

func (p pen) box(x0, y0, x1, y1 float64, fill, stroke color.RGBA, width float64) {
	p.SetFillColor(fill)
	p.SetStrokeColor(stroke)
	p.SetStrokeWidth(width)
	if width == 0 {
		p.SetStrokeColor(canvas.Transparent)
	}
	p.DrawPath(x0, y0, canvas.Rectangle(x1-x0, y1-y0))
}

func (p pen) rule(x0, y0, x1, y1 float64, c color.RGBA, width float64) {
	p.SetFillColor(canvas.Transparent)
	p.SetStrokeColor(c)
	p.SetStrokeWidth(width)
	path := &canvas.Path{}
	path.MoveTo(x0, y0)
	path.LineTo(x1, y1)
	p.DrawPath(0, 0, path)
}

// paragraph writes text between two edges and returns where the next one begins.
// It stops, with an ellipsis, at the floor.
func (p pen) paragraph(x, y, width, floor float64, text string, size float64, c color.RGBA) float64 {
	step := size * 0.3528 * 1.45 // points to mm, and some air
	lines := wrap(clean(text), func(s string) bool { return p.font.width(s, size) <= width })
	for i, line := range lines {
		if y-step < floor && i+1 < len(lines) {
			line += " …"
		}
		if y < floor {
			return y
		}
		p.text(x, y, line, size, c, canvas.Left)
		y -= step
	}
	return y - step/3
}

// wrap breaks text into lines that fit: at spaces, and between Chinese letters.
func wrap(text string, fits func(string) bool) (lines []string) {
	line, last := "", 0 // last is the length of the line up to where it may be broken
	for _, r := range text {
		if r == ' ' || wide(r) {
			last = len(line)
		}
		if next := line + string(r); fits(next) || line == "" {
			line = next
			continue
		}
		if noStart(r) { // hangs over the edge
			line += string(r)
			continue
		}
		if last == 0 || r == ' ' {
			last = len(line)
		}
		lines = append(lines, strings.TrimSpace(line[:last]))
		line, last = strings.TrimLeft(line[last:], " ")+strings.TrimLeft(string(r), " "), 0
	}
	if line = strings.TrimSpace(line); line != "" {
		lines = append(lines, line)
	}
	return lines
}

// wide letters may begin a line anywhere.
func wide(r rune) bool {
	return r >= 0x2E80 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7AF || r >= 0xF900 && r <= 0xFAFF
}

func noStart(r rune) bool { return strings.ContainsRune(",。、;:!?)」』》”’,.;:!?)%％", r) }

// view turns degrees into mm of the page: straight in longitude and latitude, true
// in scale in the middle of the map. Over a county the scale at its edges differs by
// less than 1 %.
type view struct {
	middle orb.Point
	east   float64 // mm of the page for a degree
	north  float64
	x, y   float64 // the middle, on the page
	metre  float64 // mm of the page for a metre
}

// newView fits a bound into a frame.
func newView(b orb.Bound, x0, y0, x1, y1 float64) view {
	middle := b.Center()
	const pole = 89
	east := float64(geo.MetersPerDegree) * math.Cos(math.Max(-pole, math.Min(pole, middle[1]))*math.Pi/180)
	north := float64(geo.MetersPerDegree)
	const least = 20 // metres: a map of one point still has a scale
	wide, high := math.Max(least, (b.Max[0]-b.Min[0])*east), math.Max(least, (b.Max[1]-b.Min[1])*north)
	metre := math.Min((x1-x0)/wide, (y1-y0)/high)
	return view{middle: middle, east: east * metre, north: north * metre, x: (x0 + x1) / 2, y: (y0 + y1) / 2, metre: metre}
}

func (v view) at(p orb.Point) (x, y float64) {
	return v.x + (p[0]-v.middle[0])*v.east, v.y + (p[1]-v.middle[1])*v.north
}

// closer than this, in mm, corners of a course are one on paper.
const dot = 0.05

// trace adds a course to a path, without the corners that nobody sees.
func (v view) trace(path *canvas.Path, course []orb.Point, closed bool) {
	var lastX, lastY float64
	drawn := 0
	for i, p := range course {
		x, y := v.at(p)
		switch {
		case drawn == 0:
			path.MoveTo(x, y)
		case i < len(course)-1 && math.Hypot(x-lastX, y-lastY) < dot:
			continue
		default:
			path.LineTo(x, y)
		}
		lastX, lastY = x, y
		drawn++
	}
	if closed && drawn > 2 {
		path.Close()
	}
}

// bound is what the map shows.
func (s *Sheet) bound() (orb.Bound, bool) {
	if s.Bound != (orb.Bound{}) {
		return s.Bound, true
	}
	var areas, all []orb.Bound
	for _, l := range s.Layers {
		for _, a := range l.Areas {
			if len(a.Shape) > 0 {
				areas = append(areas, a.Shape.Bound())
			}
		}
		for _, line := range l.Lines {
			if len(line.Course) > 0 {
				all = append(all, line.Course.Bound())
			}
		}
		for _, p := range l.Points {
			all = append(all, p.At.Bound())
		}
	}
	if len(areas) > 0 {
		all = areas
	}
	if len(all) == 0 {
		return orb.Bound{}, false
	}
	b := all[0]
	for _, next := range all[1:] {
		b = b.Union(next)
	}
	return b, true
}
