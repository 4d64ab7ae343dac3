package household_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"wangge/geo/household"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

// The same three households as an office may send them.
func TestTheSameRowsInAnyFormatAreTheSameHouseholds(t *testing.T) {
	rows := [][]string{
		{"户号", "小区", "楼栋", "室号", "经度", "纬度", "房屋类型"},
		{"A1", "康桥花苑", "3号楼", "101", "", "", "自住"},
		{"A2", "康桥花苑", "3号楼", "102", "", "", "出租"},
		{"A3", "康桥花苑", "4号楼", "101", "", "", "自住"},
	}
	var geojson bytes.Buffer
	geojson.WriteString(`{"type":"FeatureCollection","features":[`)
	for i := range rows[1:] {
		d := ledgertest.Degrees(0.25+0.25*float64(i), 0.5)
		r := rows[i+1]
		r[4], r[5] = fmt.Sprintf("%.7f", d[0]), fmt.Sprintf("%.7f", d[1])
		if i > 0 {
			geojson.WriteString(",")
		}
		fmt.Fprintf(&geojson, `{"type":"Feature","properties":{"户号":%q,"小区":%q,"楼栋":%q,"室号":%q,"房屋类型":%q},"geometry":{"type":"Point","coordinates":[%s,%s]}}`,
			r[0], r[1], r[2], r[3], r[6], r[4], r[5])
	}
	geojson.WriteString("]}")
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 1)
	for i, file := range []struct {
		name string
		text []byte
	}{
		{"UTF-8", csvOf(rows, ",")},
		{"UTF-8 with mark, semicolons", append([]byte("\ufeff"), csvOf(rows, ";")...)},
		{"GB18030, tabs", gb18030(t, csvOf(rows, "\t"))},
		{"XLSX", xlsx(t, rows)},
		{"GeoJSON", geojson.Bytes()},
	} {
		source, err := ledger.Open(t.Context(), file.name, bytes.NewReader(file.text), int64(len(file.text)))
		if err != nil {
			t.Fatalf("%s: %v", file.name, err)
		}
		report, err := household.Import(t.Context(), tx, staff.Local, source, confirmed())
		if err != nil {
			t.Fatalf("%s: %v", file.name, err)
		}
		if i == 0 && report.New != 3 || i > 0 && report.Unchanged != 3 {
			t.Errorf("%s: %+v", file.name, report)
		}
	}
}

func csvOf(rows [][]string, comma string) []byte {
	var out bytes.Buffer
	for _, r := range rows {
		for i, cell := range r {
			if i > 0 {
				out.WriteString(comma)
			}
			out.WriteString(cell)
		}
		out.WriteString("\r\n")
	}
	return out.Bytes()
}

func gb18030(t *testing.T, text []byte) []byte {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func xlsx(t *testing.T, rows [][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for y, r := range rows {
		for x, cell := range r {
			name, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStr("Sheet1", name, cell); err != nil {
				t.Fatal(err)
			}
		}
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
