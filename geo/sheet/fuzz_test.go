package sheet

import (
	"bytes"
	"io"
	"testing"
	"time"
)

// check reads fuzzed bytes and asserts what holds for every table that is opened.
func check(t *testing.T, content []byte) {
	s, err := OpenWith("fuzz", bytes.NewReader(content), int64(len(content)), Options{Limits: Limits{Bytes: 1 << 20, Unpacked: 4 << 20, Strings: 1 << 20, Row: 64 << 10, Columns: 100}})
	if err != nil {
		return
	}
	if len(s.Header()) == 0 || s.HeaderLine < 1 {
		t.Errorf("opened without a header: %q on line %d", s.Header(), s.HeaderLine)
	}
	columns, err := Match(s.Header(), []Field{{Name: "a"}, {Name: "b", Aliases: []string{"乙"}, Public: true}}, nil)
	line := s.HeaderLine
	for {
		row, errNext := s.Next()
		if errNext == io.EOF {
			return
		}
		if errNext != nil {
			return
		}
		if row.Line <= line {
			t.Fatalf("line %d after line %d", row.Line, line)
		}
		line = row.Line
		if err != nil {
			continue
		}
		columns.Fault(row)
		columns.DropPersonal([]Row{row})
		columns.Int(row, "a")
		columns.Bool(row, "a")
		columns.Date(row, "b", time.UTC)
	}
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "\xef\xbb\xbfa;乙\r\n\"x\ny\";2024年4月5日\r\n", "sep=\t\na\tb\n1\t2", "\xbc\xd7,\xd2\xd2\n1,13800138000\n", "台账\na,b,c,d\n必填,选填,x,y\n1,\"2,3\n",
		"\xff\xfea\x00,\x00b\x00\n\x001\x00,\x002\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(check)
}

// FuzzXLSX fuzzes the parts of a workbook, not the archive around them.
func FuzzXLSX(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><r><t>乙</t></r><rPh><t>x</t></rPh></is></c></row><row r="3"><c s="1"><f>1</f><v>45387.5</v></c><c t="e"><v>#N/A</v></c></row>`,
		`<sst><si><t xml:space="preserve">a&amp;&#x4e00;</t></si></sst>`, `<styleSheet><numFmts><numFmt numFmtId="200" formatCode="yyyy"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="200"/></cellXfs></styleSheet>`)
	f.Add(`<row><c><v>a</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells><sheetData><!-- x --><![CDATA[y]]>`, ``, ``)
	f.Fuzz(func(t *testing.T, sheet, texts, styles string) {
		check(t, rawWorkbook(t, sheet, "xl/sharedStrings.xml", texts, "xl/styles.xml", styles))
	})
}
