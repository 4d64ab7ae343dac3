package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// workbookOf makes an XLSX with excelize, which shares no code with our reader.
func workbookOf(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func openBytes(t testing.TB, content []byte) *Sheet {
	t.Helper()
	s, err := Open("test.xlsx", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rawWorkbook makes an XLSX of parts written by hand; sheet is the text between
// <sheetData> and </sheetData>.
func rawWorkbook(t testing.TB, sheet string, more ...string) []byte {
	t.Helper()
	parts := map[string]string{
		"_rels/.rels":                `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="/xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="一" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<?xml version="1.0"?><worksheet><sheetData>` + sheet + `</sheetData></worksheet>`,
	}
	for i := 0; i < len(more); i += 2 {
		parts[more[i]] = more[i+1]
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range parts {
		p, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		p.Write([]byte(text))
	}
	w.Close()
	return out.Bytes()
}

func set(f *excelize.File, cells ...any) {
	for i := 0; i < len(cells); i += 2 {
		if err := f.SetCellValue("Sheet1", cells[i].(string), cells[i+1]); err != nil {
			panic(err)
		}
	}
}

func TestXLSXValues(t *testing.T) {
	content := workbookOf(t, func(f *excelize.File) {
		day, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
		custom := `yyyy"年"m"月"d"日"`
		chinese, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &custom})
		money := `"Day" #,##0.00 [Red]`
		number, _ := f.NewStyle(&excelize.Style{CustomNumFmt: &money})
		clock, _ := f.NewStyle(&excelize.Style{NumFmt: 20})
		set(f, "A1", "编号", "B1", "文字", "C1", "数", "D1", "日期", "E1", "时间", "F1", "是否", "G1", "码")
		set(f, "A2", "H1", "B2", "花墙 <1&2>", "C2", 120.13012386900004, "D2", 45387, "E2", 0.5, "F2", true, "G2", 330106005051001)
		set(f, "A3", 7, "B3", "a\nb", "C3", 0.1+0.2, "D3", time.Date(2024, 4, 5, 13, 14, 15, 0, time.UTC), "F3", false, "G3", 12.5)
		f.SetCellStyle("Sheet1", "D2", "D2", day)
		f.SetCellStyle("Sheet1", "D3", "D3", chinese)
		f.SetCellStyle("Sheet1", "E2", "E2", clock)
		f.SetCellStyle("Sheet1", "G3", "G3", number)
		f.SetCellRichText("Sheet1", "B4", []excelize.RichTextRun{{Text: "康桥"}, {Text: "镇", Font: &excelize.Font{Bold: true}}})
		f.SetCellStyle("Sheet1", "A9", "G9", day) // styled, but empty
		set(f, "G12", "last")
	})
	s := openBytes(t, content)
	rows := rest(t, s)
	want := [][]string{
		{"H1", "花墙 <1&2>", "120.130123869", "2024-04-05", "12:00:00", "true", "330106005051001"},
		{"7", "a\nb", "0.3", "2024-04-05 13:14:15", "", "false", "12.5"},
		{"", "康桥镇"},
		{"", "", "", "", "", "", "last"},
	}
	if got := cells(rows); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if rows[3].Line != 12 || rows[2].Line != 4 {
		t.Errorf("got lines %d and %d, want those of Excel", rows[2].Line, rows[3].Line)
	}
	if s.Format != "XLSX" || s.Name != "Sheet1" || len(s.Notes) > 0 {
		t.Errorf("got %s %q, notes %v", s.Format, s.Name, s.Notes)
	}
}

func TestXLSXFormulas(t *testing.T) {
	s := openBytes(t, rawWorkbook(t,
		`<row r="1"><c r="A1" t="inlineStr"><is><t>编号</t></is></c><c r="B1" t="inlineStr"><is><t>经度</t></is></c><c r="C1" t="inlineStr"><is><t>备注</t></is></c></row>`+
			`<row r="2"><c r="A2" t="str"><f>"H"&amp;1</f><v>H1</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>`+
			`<row r="3"><c r="A3"><v>3</v></c><c r="B3"><f>A1</f></c></row>`+
			`<row r="4"><c r="A4"><v>4</v></c><c r="B4" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>`+
			`<row r="5"><c r="A5"><v>5</v></c><c r="C5" t="e"><v>#N/A</v></c></row>`))
	c, err := Match(s.Header(), []Field{{Name: "id", Aliases: []string{"编号"}}, {Name: "lon", Aliases: []string{"经度"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := rest(t, s)
	if len(rows) != 4 || c.Get(rows[0], "id") != "H1" || c.Get(rows[0], "lon") != "2" || c.Fault(rows[0]) != nil {
		t.Fatalf("stored values: got %+v", rows)
	}
	if bad := c.Fault(rows[1]); bad == nil || bad.Code != CodeFormula || bad.Pointer != "row 3, column 2 (经度)" {
		t.Errorf("a value never stored: got %+v", bad)
	}
	if bad := c.Fault(rows[2]); bad == nil || bad.Code != CodeCell || !strings.Contains(bad.Detail, "#DIV/0!") {
		t.Errorf("an error: got %+v", bad)
	}
	if bad := c.Fault(rows[3]); bad != nil {
		t.Errorf("an error in a column that is not read: got %+v", bad)
	}
}

func TestXLSXMergedCells(t *testing.T) {
	content := workbookOf(t, func(f *excelize.File) {
		set(f, "A1", "康桥镇住户台账", "A2", "编号", "B2", "位置", "D2", "人数", "F2", "位置", "B3", "经度", "C3", "纬度", "D3", "合计", "E3", "其中：老人", "F3", "楼栋", "G3", "合计")
		for _, m := range [][2]string{{"A1", "G1"}, {"A2", "A3"}, {"B2", "C2"}, {"D2", "E2"}, {"F2", "G2"}} {
			f.MergeCell("Sheet1", m[0], m[1])
		}
		set(f, "A4", "H1", "B4", 120.1, "C4", 30.1, "F4", "一栋", "A5", "H2", "B5", 120.2, "C5", 30.2, "A6", "H3", "B6", 120.3, "C6", 30.3, "A7", "H4", "F7", "二栋")
		f.MergeCell("Sheet1", "F4", "F6") // one building for three households
	})
	s := openBytes(t, content)
	if want := []string{"编号", "经度", "纬度", "人数 合计", "其中：老人", "楼栋", "位置 合计"}; !reflect.DeepEqual(s.Header(), want) {
		t.Errorf("got header %q, want %q", s.Header(), want)
	}
	rows := rest(t, s)
	if len(rows) != 4 || s.HeaderLine != 3 || rows[0].Line != 4 {
		t.Fatalf("got header on %d, rows %+v", s.HeaderLine, rows)
	}
	for i, want := range []string{"一栋", "一栋", "一栋", "二栋"} {
		if rows[i].Cells[5] != want {
			t.Errorf("row %d: got building %q, want %q", rows[i].Line, rows[i].Cells[5], want)
		}
	}
	if !hasNote(s, CodeTitle, "row 1") {
		t.Errorf("the title is not noted: %v", s.Notes)
	}
}

func TestXLSXWorksheets(t *testing.T) {
	content := workbookOf(t, func(f *excelize.File) {
		set(f, "A1", "说明")
		for _, name := range []string{"隐藏", "户表"} {
			f.NewSheet(name)
			f.SetCellValue(name, "A1", "编号")
			f.SetCellValue(name, "A2", name)
		}
		f.SetSheetVisible("隐藏", false)
	})
	s := openBytes(t, content)
	if s.Name != "Sheet1" || !reflect.DeepEqual(s.Names, []string{"Sheet1", "户表"}) || !hasNote(s, CodeSheets, "worksheet Sheet1") {
		t.Errorf("got %q of %q, notes %v", s.Name, s.Names, s.Notes)
	}
	for _, name := range []string{"户表", "隐藏"} {
		s, err := OpenWith("test", bytes.NewReader(content), int64(len(content)), Options{Sheet: name})
		if err != nil {
			t.Fatal(err)
		}
		if rows := rest(t, s); len(rows) != 1 || rows[0].Cells[0] != name {
			t.Errorf("%s: got %+v", name, rows)
		}
	}
	_, err := OpenWith("test", bytes.NewReader(content), int64(len(content)), Options{Sheet: "楼表"})
	if !errors.Is(err, ErrNoSheet) || !strings.Contains(err.Error(), "Sheet1, 户表") {
		t.Errorf("got %v, want ErrNoSheet with the names", err)
	}
}

func TestXLSXDescriptionRowAndStrayCells(t *testing.T) {
	content := workbookOf(t, func(f *excelize.File) {
		set(f, "A1", "编号*", "B1", "经度", "C1", "纬度", "A2", "必填，不超过20字", "B2", "选填，小数", "C2", "选填，小数", "A3", "H1", "B3", 120, "C3", 30, "F3", "看这里", "A4", "H2", "F4", "还有")
	})
	s := openBytes(t, content)
	rows := rest(t, s)
	if s.Description.Line != 2 || len(rows) != 2 || rows[0].Fault != nil {
		t.Fatalf("got description %+v, rows %+v", s.Description, rows)
	}
	if !hasNote(s, CodeBeyond, "row 3") || hasNote(s, CodeBeyond, "row 4") {
		t.Errorf("got notes %v, want one on column F", s.Notes)
	}
}

func TestXLSXRefused(t *testing.T) {
	const head = `<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>`
	whole := rawWorkbook(t, head)
	bomb := rawWorkbook(t, head+strings.Repeat(`<row></row>`, 40<<20/11))
	tests := []struct {
		name    string
		content []byte
		want    error
	}{
		{"cut off", whole[:len(whole)-40], ErrDamaged},
		{"an archive of something else", rawWorkbook(t, "", "xl/workbook.xml", "<a/>"), ErrNoSheet},
		{"a worksheet cut off in a row", rawWorkbook(t, "", "xl/worksheets/sheet1.xml", `<worksheet><sheetData>`+head+`<row r="2"><c r="A2"><v>1`), ErrDamaged},
		{"a worksheet cut off between rows", rawWorkbook(t, "", "xl/worksheets/sheet1.xml", `<worksheet><sheetData>`+head), ErrDamaged},
		{"a worksheet cut off behind its rows", rawWorkbook(t, "", "xl/worksheets/sheet1.xml", `<worksheet><sheetData>`+head+`</sheetData>`), ErrDamaged},
		{"a worksheet without rows", rawWorkbook(t, "", "xl/worksheets/sheet1.xml", `<worksheet></worksheet>`), ErrDamaged},
		{"a document type", rawWorkbook(t, "", "xl/worksheets/sheet1.xml", `<!DOCTYPE a [<!ENTITY x "y">]><worksheet><sheetData>`+head+`</sheetData></worksheet>`), ErrUnsafe},
		{"elements that do not nest", rawWorkbook(t, `<row><c></row></c>`), ErrDamaged},
		{"rows out of order", rawWorkbook(t, head+`<row r="9"/><row r="3"/>`), ErrDamaged},
		{"cells out of order", rawWorkbook(t, `<row r="1"><c r="B1"/><c r="A1"/></row>`), ErrDamaged},
		{"a column beyond all", rawWorkbook(t, `<row r="1"><c r="XFD1"><v>1</v></c></row>`), ErrDamaged},
		{"a column of nonsense", rawWorkbook(t, `<row r="1"><c r="$1"><v>1</v></c></row>`), ErrDamaged},
		{"endless nesting", rawWorkbook(t, strings.Repeat(`<a>`, 1_000_000)), ErrUnsafe},
		{"a bomb", bomb, ErrUnsafe},
		{"no strings to refer to", rawWorkbook(t, `<row r="1"><c r="A1" t="s"><v>7</v></c></row>`), ErrEmpty},
		{"damaged strings", rawWorkbook(t, head, "xl/sharedStrings.xml", `<sst><si><t>a</t></si>`), ErrDamaged},
		{"damaged styles", rawWorkbook(t, head, "xl/styles.xml", `<styleSheet><a>`), ErrDamaged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Open("test", bytes.NewReader(tt.content), int64(len(tt.content)))
			for err == nil {
				_, err = s.Next()
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestXLSXTextBeyondTheLimit(t *testing.T) {
	for name, sheet := range map[string]string{
		"one text":   `<row r="1"><c r="A1" t="inlineStr"><is><t>` + strings.Repeat("a", 5<<20) + `</t></is></c></row>`,
		"many texts": `<row r="1">` + strings.Repeat(`<c t="inlineStr"><is><t>`+strings.Repeat("a", 1<<20)+`</t></is></c>`, 5) + `</row>`,
	} {
		content := rawWorkbook(t, sheet)
		if _, err := OpenWith("test", bytes.NewReader(content), int64(len(content)), Options{Limits: Limits{Ratio: 10_000}}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", name, err)
		}
	}
}

func TestIsDateFormat(t *testing.T) {
	for code, want := range map[string]bool{
		"yyyy-mm-dd": true, `yyyy"年"m"月"`: true, "[h]:mm": true, "[$-804]yyyy/m/d": true, "h:mm AM/PM": true, "mmm": true, `dd\.mm\.yyyy`: true,
		"General": false, "0.00": false, "#,##0": false, `"days" 0`: false, "[Red]0": false, "0.00E+00": false, `\d0`: false, "@": false, `"unclosed`: false, "[unclosed": false, "": false,
	} {
		if got := isDateFormat(code); got != want {
			t.Errorf("%q: got %t, want %t", code, got, want)
		}
	}
}

func TestDateText(t *testing.T) {
	tests := []struct {
		days   float64
		from04 bool
		want   string
	}{
		{1, false, "1900-01-01"}, {59, false, "1900-02-28"}, {61, false, "1900-03-01"}, {45387, false, "2024-04-05"}, {45387.5, false, "2024-04-05 12:00:00"},
		{43925, true, "2024-04-05"}, {0.25, false, "06:00:00"}, {45387.999999999, false, "2024-04-06"}, {-1, false, "-1"}, {1e300, false, "1" + strings.Repeat("0", 300)},
	}
	for _, tt := range tests {
		if got := dateText(tt.days, tt.from04); got != tt.want && !(tt.days == 1e300 && len(got) == 301) {
			t.Errorf("%g: got %q, want %q", tt.days, got, tt.want)
		}
	}
}

// What excelize reads and what we read must be the same texts and numbers.
func TestAgreementWithExcelize(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"花墙", "a & b", "<tag>", "\"quoted\"", "'", "三栋 ", "line\nbreak", "𠮷", "é", "x_x005F_"}
	content := workbookOf(t, func(f *excelize.File) {
		for column := range 12 {
			name, _ := excelize.CoordinatesToCellName(column+1, 1)
			set(f, name, fmt.Sprintf("h%d", column))
		}
		for row := 2; row < 400; row++ {
			for column := range 12 {
				name, _ := excelize.CoordinatesToCellName(column+1, row)
				switch random.IntN(4) {
				case 0:
					set(f, name, words[random.IntN(len(words))])
				case 1:
					set(f, name, random.IntN(1e9))
				case 2:
					set(f, name, float64(random.IntN(1e9))/1e6)
				}
			}
		}
	})
	other, err := excelize.OpenReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	want, err := other.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rest(t, openBytes(t, content)) {
		if got := row.Cells; !reflect.DeepEqual(got, want[row.Line-1]) {
			t.Errorf("row %d: got %q, excelize %q", row.Line, got, want[row.Line-1])
		}
	}
}
