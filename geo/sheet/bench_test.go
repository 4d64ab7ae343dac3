package sheet

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

const benchRows = 20_000

var benchHeader = []string{"编号", "小区", "楼栋", "单元", "门牌", "经度", "纬度", "人数"}

func benchRow(i int) []any {
	return []any{fmt.Sprintf("H%07d", i), fmt.Sprintf("花墙%d村", i%50), i % 40, i % 4, i%60 + 101, 120 + float64(i)/1e6, 30 + float64(i)/1e6, i % 6}
}

// BenchmarkRead reads 20,000 households of eight columns, three of them as numbers.
func BenchmarkRead(b *testing.B) {
	var text bytes.Buffer
	for i, name := range benchHeader {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(name)
	}
	text.WriteByte('\n')
	for i := range benchRows {
		fmt.Fprintf(&text, "%s,%s,%d,%d,%d,%.7f,%.7f,%d\n", benchRow(i)...)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(text.Bytes())
	if err != nil {
		b.Fatal(err)
	}
	book := workbookOf(b, func(f *excelize.File) {
		w, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			b.Fatal(err)
		}
		header := make([]any, len(benchHeader))
		for i, name := range benchHeader {
			header[i] = name
		}
		w.SetRow("A1", header)
		for i := range benchRows {
			w.SetRow(fmt.Sprintf("A%d", i+2), benchRow(i))
		}
		w.Flush()
	})
	for _, file := range []struct {
		name    string
		content []byte
	}{{"CSV", text.Bytes()}, {"GB18030", gb}, {"XLSX", book}} {
		b.Run(file.name, func(b *testing.B) {
			b.SetBytes(int64(len(file.content)))
			b.ReportAllocs()
			for b.Loop() {
				readAll(b, file.content)
			}
			b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds()/1e3, "krows/s")
		})
	}
	b.Run("XLSX with excelize", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f, err := excelize.OpenReader(bytes.NewReader(book))
			if err != nil {
				b.Fatal(err)
			}
			rows, err := f.Rows("Sheet1")
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
				if _, err := rows.Columns(); err != nil {
					b.Fatal(err)
				}
			}
			f.Close()
		}
		b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds()/1e3, "krows/s")
	})
}

func readAll(b *testing.B, content []byte) {
	s, err := Open("", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		b.Fatal(err)
	}
	c, err := Match(s.Header(), []Field{{Name: "id", Aliases: []string{"编号"}}, {Name: "lon", Aliases: []string{"经度"}}, {Name: "lat", Aliases: []string{"纬度"}}, {Name: "heads", Aliases: []string{"人数"}}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	for n := 0; ; n++ {
		row, err := s.Next()
		if err == io.EOF && n == benchRows {
			return
		}
		if err != nil {
			b.Fatal(n, err)
		}
		c.Get(row, "id")
		for _, field := range []string{"lon", "lat", "heads"} {
			if _, ok, bad := c.Float(row, field); !ok || bad != nil {
				b.Fatal(bad)
			}
		}
	}
}
