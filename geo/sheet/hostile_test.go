package sheet

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf16"
)

// What a workbook names outside of itself is not fetched, and a document type is
// refused in whatever letters it is written.
func TestWorkbooksThatPointOutside(t *testing.T) {
	const head = `<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>`
	sheet := func(prologue string) string {
		return prologue + `<worksheet><sheetData>` + head + `</sheetData></worksheet>`
	}
	wide := binary.LittleEndian.AppendUint16(nil, 0xFEFF)
	for _, unit := range utf16.Encode([]rune(sheet(`<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>`))) {
		wide = binary.LittleEndian.AppendUint16(wide, unit)
	}
	relation := func(target string) string {
		return `<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" ` + target + `/></Relationships>`
	}
	for name, content := range map[string][]byte{
		"an entity from a file":   rawWorkbook(t, "", "xl/worksheets/sheet1.xml", sheet(`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>`)),
		"a parameter entity":      rawWorkbook(t, "", "xl/worksheets/sheet1.xml", sheet(`<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]>`)),
		"in UTF-16":               rawWorkbook(t, "", "xl/worksheets/sheet1.xml", string(wide)),
		"in the list of sheets":   rawWorkbook(t, head, "xl/workbook.xml", `<!DOCTYPE a [<!ENTITY x "y">]><workbook/>`),
		"in the texts":            rawWorkbook(t, head, "xl/sharedStrings.xml", `<!DOCTYPE a [<!ENTITY x "y">]><sst><si><t>&x;</t></si></sst>`),
		"a sheet above the file":  rawWorkbook(t, head, "xl/_rels/workbook.xml.rels", relation(`Target="../../../../etc/passwd"`)),
		"a sheet on the computer": rawWorkbook(t, head, "xl/_rels/workbook.xml.rels", relation(`Target="file:///etc/passwd" TargetMode="External"`)),
		"a sheet on the network":  rawWorkbook(t, head, "xl/_rels/workbook.xml.rels", relation(`Target="http://127.0.0.1:1/x" TargetMode="External"`)),
	} {
		s, err := Open("test", bytes.NewReader(content), int64(len(content)))
		rows := 0
		for err == nil {
			if _, err = s.Next(); err == nil {
				rows++
			}
		}
		if rows > 0 {
			t.Errorf("%s: %d rows were read", name, rows)
		}
	}
}
