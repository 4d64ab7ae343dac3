package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func openText(t testing.TB, text string) *Sheet {
	t.Helper()
	s, err := Open("test", strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rest(t testing.TB, s *Sheet) []Row {
	t.Helper()
	var rows []Row
	for {
		row, err := s.Next()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

func cells(rows []Row) [][]string {
	var list [][]string
	for _, row := range rows {
		list = append(list, row.Cells)
	}
	return list
}

func hasNote(s *Sheet, code, pointer string) bool {
	for _, n := range s.Notes {
		if n.Code == code && n.Pointer == pointer {
			return true
		}
	}
	return false
}

func TestCSVForms(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("编号,小区,备注\n1,康桥镇𠮷祥苑,a\n2,\"花,墙\",b\n")
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("编号\t小区\n1\t康桥\n")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text, encoding, delimiter string
		header                          []string
		rows                            [][]string
	}{
		{"plain", "id,name\n1,a\n2,b\n", "UTF-8", ",", []string{"id", "name"}, [][]string{{"1", "a"}, {"2", "b"}}},
		{"no line break at the end", "id,name\n1,a", "UTF-8", ",", []string{"id", "name"}, [][]string{{"1", "a"}}},
		{"byte order mark", "\xef\xbb\xbf编号,名称\r\n1,\"a\"\r\n", "UTF-8", ",", []string{"编号", "名称"}, [][]string{{"1", "a"}}},
		{"GB18030", gb, "GB18030", ",", []string{"编号", "小区", "备注"}, [][]string{{"1", "康桥镇𠮷祥苑", "a"}, {"2", "花,墙", "b"}}},
		{"UTF-16 of Excel", utf16, "UTF-16LE", "\t", []string{"编号", "小区"}, [][]string{{"1", "康桥"}}},
		{"semicolons with decimal commas", "id;lon;lat\n1;120,5;30,2\n2;120,6;30,3\n", "UTF-8", ";", []string{"id", "lon", "lat"}, [][]string{{"1", "120,5", "30,2"}, {"2", "120,6", "30,3"}}},
		{"tabs", "id\tname\n1\ta, b\n", "UTF-8", "\t", []string{"id", "name"}, [][]string{{"1", "a, b"}}},
		{"a declared delimiter", "sep=;\nid;name\n1;a,b,c,d\n", "UTF-8", ";", []string{"id", "name"}, [][]string{{"1", "a,b,c,d"}}},
		{"one column", "id\n1\n2\n", "UTF-8", ",", []string{"id"}, [][]string{{"1"}, {"2"}}},
		{"empty rows", "id,name\n\n,\n1,a\n , \n", "UTF-8", ",", []string{"id", "name"}, [][]string{{"1", "a"}}},
		{"empty columns at the end", "id,name,,\n1,a,,\n2,b,,\n", "UTF-8", ",", []string{"id", "name"}, [][]string{{"1", "a", "", ""}, {"2", "b", "", ""}}},
		{"only a header", "id,name\n", "UTF-8", ",", []string{"id", "name"}, nil},
		{"a header with line breaks", "id,\"经度\n(WGS84)\"\n1,2\n", "UTF-8", ",", []string{"id", "经度 (WGS84)"}, [][]string{{"1", "2"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := openText(t, tt.text)
			if s.Encoding != tt.encoding || s.Delimiter != tt.delimiter || !reflect.DeepEqual(s.Header(), tt.header) {
				t.Errorf("got %s, %q, header %q; want %s, %q, %q", s.Encoding, s.Delimiter, s.Header(), tt.encoding, tt.delimiter, tt.header)
			}
			rows := rest(t, s)
			if got := cells(rows); !reflect.DeepEqual(got, tt.rows) {
				t.Errorf("got %q, want %q", got, tt.rows)
			}
			for _, row := range rows {
				if row.Fault != nil {
					t.Errorf("line %d: %v", row.Line, *row.Fault)
				}
			}
		})
	}
}

func TestCSVLinesAreThoseOfTheFile(t *testing.T) {
	s := openText(t, "id,note\n1,\"two\nlines\"\n\n2,b\n3,\"x\r\ny\r\nz\"\n4,d\n")
	var lines []int
	for _, row := range rest(t, s) {
		lines = append(lines, row.Line)
	}
	if want := []int{2, 5, 6, 9}; !reflect.DeepEqual(lines, want) {
		t.Errorf("got lines %v, want %v", lines, want)
	}
}

func TestCSVBadRowsAreReportedAndTheOthersRead(t *testing.T) {
	tests := []struct {
		name, row, code, at string
		after               bool // the row after it is read
	}{
		{"too long", "1,a,b,c", CodeLong, "row 3", true},
		{"too short", "1", CodeShort, "row 3", true},
		{"a quotation mark inside", `1,a "b" c,d`, CodeQuote, "row 3", true},
		{"text behind a quotation", `1,"a"b,d`, CodeQuote, "row 3", true},
		{"a quotation without end", `1,"a,d`, CodeQuote, "rows 3 to 4", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows := rest(t, openText(t, "id,name,note\n0,x,y\n"+tt.row+"\n2,b,c\n"))
			if len(rows) < 2 || rows[1].Fault == nil {
				t.Fatalf("got %+v, want a fault in the second row", rows)
			}
			if bad := rows[1].Fault; bad.Code != tt.code || bad.Pointer != tt.at || rows[1].Line != 3 {
				t.Errorf("got %+v on line %d, want %s at %s", *bad, rows[1].Line, tt.code, tt.at)
			}
			if after := len(rows) == 3 && rows[2].Fault == nil && rows[2].Cells[1] == "b"; after != tt.after {
				t.Errorf("got %+v, want the row after it: %t", rows, tt.after)
			}
		})
	}
}

func TestCSVRefused(t *testing.T) {
	mixed := "编号,名称\n1,康桥\n" + string([]byte{'2', ',', 0xbf, 0xb5, 0xc7, 0xc5, 0xff, '\n'})
	tests := []struct {
		name, text string
		want       error
		detail     string
	}{
		{"nothing", "", ErrFormat, "empty"},
		{"nothing but empty lines", "\n\n,,\n", ErrEmpty, ""},
		{"an old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ErrFormat, ".xls"},
		{"a web page called .xls", "<html><table><tr><td>1</td></tr></table></html>", ErrFormat, "web page"},
		{"a program", "\x7fELF\x02\x01\x01\x00\x00\x00", ErrFormat, "CSV in UTF-8"},
		{"a text of two encodings", mixed, ErrEncoding, "Line 3"},
		{"a character cut off at the end", "编号,名称\n1,康\xe6", ErrEncoding, "middle of a character"},
		{"a header that cannot be read", "id,a \"b\" c\n1,2\n", ErrDamaged, "header"},
		{"too many columns", strings.Repeat("a,", 5000) + "\n", ErrTooLarge, "limit is 4096"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open("test", strings.NewReader(tt.text), int64(len(tt.text)))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.detail) {
				t.Errorf("got %v, want %v with %q", err, tt.want, tt.detail)
			}
		})
	}
}

// A line of 50 MB, or a quotation mark that never closes, must not be held in memory.
func TestCSVRowWithoutEnd(t *testing.T) {
	for name, begin := range map[string]string{"a line": "id,name\n1,a\n2,", "a quotation": "id,name\n1,a\n2,\""} {
		t.Run(name, func(t *testing.T) {
			text := append([]byte(begin), bytes.Repeat([]byte("abcdefgh ,\n"[:9]), 50<<20/9)...)
			s, err := Open("test", bytes.NewReader(text), int64(len(text)))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for err == nil {
				_, err = s.Next()
			}
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "after line 2") {
				t.Errorf("got %v, want ErrTooLarge after line 2", err)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
				t.Errorf("took %d MiB of memory", got>>20)
			}
		})
	}
}

func TestTitlesAndDescriptions(t *testing.T) {
	const header, first = "编号,小区,经度,纬度\n", "1,康桥,120.1,30.1\n"
	tests := []struct {
		name, text  string
		headerLine  int
		description int
		rows        int
	}{
		{"neither", header + first, 1, 0, 1},
		{"a title", "康桥镇住户台账\n" + header + first, 2, 0, 1},
		{"a title padded with commas", "康桥镇住户台账,,,,\n填报单位：康桥镇,,填报日期：2024年,,\n编号,小区,楼栋,经度,纬度\n1,康桥,3,120.1,30.1\n", 3, 0, 1},
		{"a description", header + "必填，唯一,必填,WGS84格式,WGS84格式\n" + first, 1, 2, 1},
		{"a title and a description", "住户台账\n" + header + "必填,如：花墙小区,选填,选填\n" + first, 2, 3, 1},
		{"an English description", "id,name,lon,lat\nrequired,e.g. Garden Court,optional,optional\n1,a,120,30\n", 1, 2, 1},
		{"a note of a household is no description", header + "1,必填小区（请填写）,120.1,30.1\n" + first, 1, 0, 2},
		{"one telling word is no description", "编号,小区,楼栋,备注\nA1,花墙,三栋,说明书已发\n", 1, 0, 1},
		{"a household without numbers is no description", "编号,小区,楼栋,备注\nA1,花墙,三栋,甲\n", 1, 0, 1},
		{"short header over rows with commas too many", "id,name\n1,a,b,c,d,e\n", 1, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := openText(t, tt.text)
			if s.HeaderLine != tt.headerLine || s.Description.Line != tt.description {
				t.Errorf("got header on line %d, description on %d; want %d, %d", s.HeaderLine, s.Description.Line, tt.headerLine, tt.description)
			}
			if rows := rest(t, s); len(rows) != tt.rows {
				t.Errorf("got %d rows, want %d", len(rows), tt.rows)
			}
			if tt.description > 0 && !hasNote(s, CodeDescription, fmt.Sprintf("row %d", tt.description)) {
				t.Errorf("the description is not noted: %v", s.Notes)
			}
		})
	}
}

func TestOptionsDecideWhatTheFileDoesNotShow(t *testing.T) {
	open := func(text string, o Options) *Sheet {
		s, err := OpenWith("test", strings.NewReader(text), int64(len(text)), o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open("a,b,c\n1,2,3\n4,5,6\n", Options{Description: Skip})
	if rows := rest(t, s); len(rows) != 1 || rows[0].Line != 3 {
		t.Errorf("Skip: got %+v", rows)
	}
	s = open("a,b,c\n必填,必填,必填\n4,5,6\n", Options{Description: Keep})
	if rows := rest(t, s); len(rows) != 2 {
		t.Errorf("Keep: got %+v", rows)
	}
	s = open("x,y,z\n\na,b,c\n1,2,3\n", Options{HeaderLine: 3})
	if rows := rest(t, s); !reflect.DeepEqual(s.Header(), []string{"a", "b", "c"}) || len(rows) != 1 {
		t.Errorf("HeaderLine: got %q, %+v", s.Header(), rows)
	}
	s = open("编号,位置,\n,经度,纬度\n1,120,30\n", Options{HeaderRows: 2})
	if rows := rest(t, s); !reflect.DeepEqual(s.Header(), []string{"编号", "经度", "纬度"}) || len(rows) != 1 {
		t.Errorf("HeaderRows: got %q, %+v", s.Header(), rows)
	}
}

func TestSampleTakesNothing(t *testing.T) {
	s := openText(t, "id\n"+strings.Repeat("1\n", 50))
	for range 2 {
		sample, err := s.Sample(30)
		if err != nil || len(sample) != 30 {
			t.Fatalf("got %d rows, %v", len(sample), err)
		}
	}
	if rows := rest(t, s); len(rows) != 50 {
		t.Errorf("got %d rows after sampling, want 50", len(rows))
	}
	if sample, err := s.Sample(30); err != nil || len(sample) != 0 {
		t.Errorf("at the end: got %d rows, %v", len(sample), err)
	}
}

// realFile reads a file of the folder of real data, which is not part of the project.
func realFile(t testing.TB, path string) []byte {
	t.Helper()
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	content, err := os.ReadFile(filepath.Join(folder, path))
	if err != nil {
		t.Skipf("SKIPPED: no real data at %s (set WANGGE_DATA); reading of real files is not tested", filepath.Join(folder, path))
	}
	return content
}

func TestRealBaltimore(t *testing.T) {
	content := realFile(t, "baltimore/311_dev.csv")
	s, err := Open("311_dev.csv", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Match(s.Header(), []Field{{Name: "lon", Aliases: []string{"longitude"}}, {Name: "lat", Aliases: []string{"latitude"}}, {Name: "reported_at", Aliases: []string{"created date"}}, {Name: "zip", Aliases: []string{"zip code"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, placed, dated := 0, 0, 0
	for _, row := range rest(t, s) {
		if bad := c.Fault(row); bad != nil {
			t.Errorf("%+v", *bad)
		}
		rows++
		if _, ok, bad := c.Float(row, "lon"); bad != nil {
			t.Errorf("%+v", *bad)
		} else if ok {
			placed++
		}
		if _, ok, bad := c.Date(row, "reported_at", time.UTC); bad != nil {
			t.Errorf("%+v", *bad)
		} else if ok {
			dated++
		}
	}
	if rows != 7545 || dated != rows || placed == 0 || placed == rows || len(c.Dropped) != 0 {
		t.Errorf("got %d rows, %d dated, %d placed, dropped %v", rows, dated, placed, c.Dropped)
	}
}
