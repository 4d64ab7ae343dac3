package atlas

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/tdewolff/canvas"
)

// The typeface comes with the page's packages.
const typeface = "../../web/node_modules/@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf"

var loaded = sync.OnceValues(func() (*Font, error) {
	file, err := os.ReadFile(typeface)
	if err != nil {
		return nil, err
	}
	return NewFont(file)
})

func font(t testing.TB) *Font {
	t.Helper()
	f, err := loaded()
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no font: run npm install in web")
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func square(x, y, size float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}}}
}

var (
	red  = color.RGBA{0xc0, 0x20, 0x20, 0xff}
	blue = color.RGBA{0x20, 0x40, 0xc0, 0xff}
)

func sample() Sheet {
	holed := square(121.5, 31.1, 0.02)
	holed[0] = append(holed[0], orb.Ring{{121.505, 31.105}, {121.505, 31.115}, {121.515, 31.115}, {121.515, 31.105}, {121.505, 31.105}})
	rows := [][]string{}
	for range 120 {
		rows = append(rows, []string{"康桥镇第一居民委员会 No. 1 neighbourhood", "1,234", "67.4 %", strings.Repeat("很长的文字", 20)})
	}
	return Sheet{
		Title: "服务圈覆盖率 Coverage of the service circle", Subtitle: "养老 · 15 分钟 Elderly care, 15 minutes", Date: "2026-11-22",
		Sources: "© OpenStreetMap contributors",
		Notes: []string{
			"标准:15 分钟,1,000 米,每小时 4.0 公里(GB 50180)。步行距离沿步行路网计算,含从住户到道路的一段。",
			"Standard: 15 minutes, 1,000 m, 4.0 km/h (GB 50180). Distances follow the walking network and include the way from the household to the street.",
		},
		Layers: []Layer{
			{Areas: []Area{{Shape: holed, Fill: red, Stroke: paper, Width: 0.3, Label: "康桥 Kangqiao"}, {Shape: square(121.53, 31.1, 0.02), Fill: blue}}},
			{Lines: []Line{{Course: orb.LineString{{121.4, 31.1}, {121.6, 31.12}}, Stroke: ink, Width: 0.4}},
				Points: []Point{{At: orb.Point{121.54, 31.11}, Fill: ink, Radius: 1.5, Label: "服务站 Station"}}},
		},
		Legend: Legend{Title: "覆盖率 Share covered", Entries: []Entry{{"0–50 %", Box, red}, {"50–100 %", Box, blue}, {"服务点 Service point", Disc, ink}, {"道路 Street", Rule, ink}}},
		Tables: []Table{{Title: "各村 By village", Columns: []Column{{Title: "名称 Name"}, {Title: "户数 Households", Right: true}, {Title: "覆盖率 Share", Right: true}, {Title: "备注 Remarks"}}, Rows: rows}},
	}
}

func drawn(t testing.TB, s Sheet, dpi float64) image.Image {
	t.Helper()
	var out bytes.Buffer
	if err := s.PNG(&out, font(t), dpi); err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// near is the colour of the picture at a place of the page in mm.
func near(picture image.Image, x, y float64) color.RGBA {
	scale := float64(picture.Bounds().Dx()) / pageWidth
	return color.RGBAModel.Convert(picture.At(int(x*scale), int((pageHeight-y)*scale))).(color.RGBA)
}

func TestAMapIsDrawnWhereItLies(t *testing.T) {
	s := sample()
	s.Layers[0].Areas[0].Label = ""
	picture := drawn(t, s, 100)
	if b := picture.Bounds(); b.Dx() != 827 || b.Dy() != 1169 {
		t.Errorf("the picture is %v, want A4 at 100 dots per inch", b)
	}
	b, _ := s.bound()
	v := newView(b, margin+5, mapBottom+5, pageWidth-margin-5, mapTop-5)
	for _, tt := range []struct {
		name string
		at   orb.Point
		want color.RGBA
	}{
		{"an area", orb.Point{121.502, 31.102}, red},
		{"its hole", orb.Point{121.51, 31.1075}, blank},
		{"another", orb.Point{121.532, 31.118}, blue},
		{"between", orb.Point{121.525, 31.118}, blank},
		{"a point", orb.Point{121.54, 31.11}, ink},
	} {
		x, y := v.at(tt.at)
		if got := near(picture, x, y); got != tt.want {
			t.Errorf("%s is %v, want %v", tt.name, got, tt.want)
		}
	}
	// The line runs beyond the frame, and is not seen there.
	for x := 1.0; x < margin-1; x++ {
		for y := mapBottom; y < mapTop; y += 0.5 {
			if got := near(picture, x, y); got != paper {
				t.Fatalf("something is drawn beside the map, at %.0f, %.1f mm: %v", x, y, got)
			}
		}
	}
}

func TestAPDFHasAllPages(t *testing.T) {
	var out bytes.Buffer
	s := sample()
	if err := s.PDF(&out, font(t)); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out.Bytes(), []byte("%PDF-")) || !bytes.Contains(out.Bytes(), []byte("%%EOF")) {
		t.Error("this is no PDF")
	}
	if pages := bytes.Count(out.Bytes(), []byte("/Type/Page/")) + bytes.Count(out.Bytes(), []byte("/Type /Page\n")); pages != 4 && bytes.Count(out.Bytes(), []byte("/Count 4")) == 0 {
		t.Errorf("it has not the map and three pages of 120 rows")
	}
	if out.Len() > 1<<20 {
		t.Errorf("%d bytes: the whole font is in it", out.Len())
	}
}

// A PDF says ideographs and digits, so that people can search and copy its text. (A
// font gives 老 and the radical ⽼ one form.)
func TestTextOfAPDFCanBeSearched(t *testing.T) {
	letters := font(t).family.Face(sizeText).Font.SFNT
	for _, r := range "老用民户一里网米行" {
		if said := letters.GlyphToUnicode(letters.GlyphIndex(r)); len(said) == 0 || said[0] != r {
			t.Errorf("%c is said as %q", r, said)
		}
	}
}

func TestWhatCannotBeDrawnIsRefused(t *testing.T) {
	if _, err := NewFont(nil); !errors.Is(err, ErrFont) {
		t.Errorf("no font: %v", err)
	}
	if _, err := NewFont([]byte("not a font at all")); !errors.Is(err, ErrFont) {
		t.Errorf("a font that is none: %v", err)
	}
	var out bytes.Buffer
	empty := Sheet{Title: "空 Empty"}
	if err := empty.PNG(&out, font(t), 100); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty sheet: %v", err)
	}
	s := sample()
	for _, dpi := range []float64{0, -1, 71, 301, 1e9} {
		if err := s.PNG(&out, font(t), dpi); !errors.Is(err, ErrSize) {
			t.Errorf("%v dots per inch: %v", dpi, err)
		}
	}
	if out.Len() > 0 {
		t.Error("something was written all the same")
	}
}

func TestASheetOfOnePointAndOddTexts(t *testing.T) {
	s := Sheet{Title: "\x00\xff" + strings.Repeat("标题", 100), Layers: []Layer{{Points: []Point{{At: orb.Point{121.5, 31.1}, Fill: red, Radius: 2, Label: "\n"}}}},
		Legend: Legend{Title: "图例", Entries: make([]Entry, 60)}, Tables: []Table{{}, {Columns: []Column{{Title: "a"}}, Rows: [][]string{{}, {"1", "2", "3"}}}}}
	s.Notes = []string{strings.Repeat("说明很长。", 500), "", "x"}
	if got := near(drawn(t, s, 72), pageWidth/2, (mapTop+mapBottom)/2); got != red {
		t.Errorf("the point is %v, want it in the middle", got)
	}
	var out bytes.Buffer
	if err := s.PDF(&out, font(t)); err != nil {
		t.Error(err)
	}
}

func TestSheetsAreDrawnAtOnce(t *testing.T) {
	f := font(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			s := sample()
			s.Tables = nil
			var out bytes.Buffer
			if err := s.PDF(&out, f); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func TestTextIsBrokenWhereItMay(t *testing.T) {
	fits := func(s string) bool { return len([]rune(s)) <= 8 }
	for text, want := range map[string]string{
		"one two three": "one two|three",
		"步行距离沿步行路网计算,含一段":     "步行距离沿步行路|网计算,含一段",
		"步行距离沿步行路,含":          "步行距离沿步行路,|含",
		"unbreakablelongword": "unbreaka|blelongw|ord",
		"":                    "",
		"路 network walk":      "路|network|walk",
	} {
		if got := strings.Join(wrap(text, fits), "|"); got != want {
			t.Errorf("%q is broken as %q, want %q", text, got, want)
		}
	}
}

func TestTheScaleIsRound(t *testing.T) {
	for metres, want := range map[float64]float64{1: 1, 3: 2, 999: 500, 1000: 1000, 4321: 2000, 0.7: 0.5} {
		if got := roundLength(metres); got != want {
			t.Errorf("%v m: %v, want %v", metres, got, want)
		}
	}
	if got := thousands(roundRatio(123456.7)); got != "123,000" {
		t.Errorf("1 : %s", got)
	}
	// 1 km of latitude is 1 km of the bar.
	v := newView(orb.Bound{Min: orb.Point{121.5, 31.1}, Max: orb.Point{121.6, 31.2}}, 0, 0, 100, 100)
	_, y0 := v.at(orb.Point{121.5, 31.1})
	_, y1 := v.at(orb.Point{121.5, 31.1 + 1/111.195})
	if d := (y1 - y0) / v.metre; d < 999 || d > 1001 {
		t.Errorf("a kilometre is %.1f m", d)
	}
}

// slow is a reader who finds out whether others wait for it.
type slow struct {
	font *Font
	held bool
}

func (s *slow) Write(p []byte) (int, error) {
	if s.font.mu.TryLock() {
		s.font.mu.Unlock()
	} else {
		s.held = true
	}
	return len(p), nil
}

func TestWhoReadsSlowlyKeepsNobodyFromTheFont(t *testing.T) {
	f, sheet := font(t), sample()
	for name, write := range map[string]func(*slow) error{
		"PDF": func(w *slow) error { return sheet.PDF(w, f) },
		"PNG": func(w *slow) error { return sheet.PNG(w, f, 72) },
	} {
		w := &slow{font: f}
		if err := write(w); err != nil || w.held {
			t.Errorf("%s is written while the font is held: %t, %v", name, w.held, err)
		}
	}
}

func TestALineIsAsLongAsItsLetters(t *testing.T) {
	f := font(t)
	for _, text := range []string{"方案卷宗 Dossier of plan 12", "330106001001003 ← 330106001001", "AVAToffiflWa.,1:4000", "12 345.6 m²", ""} {
		for _, size := range []float64{sizeSmall, sizeTitle} {
			face := f.family.Face(size, ink, canvas.FontRegular, canvas.FontNormal)
			if got, want := f.width(text, size), face.TextWidth(text); math.Abs(got-want) > 0.01 {
				t.Errorf("%q is %.3f mm long, want %.3f", text, got, want)
			}
		}
	}
}
