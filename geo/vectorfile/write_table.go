package vectorfile

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// WriteCSV writes the columns of a layer as CSV in UTF-8 with a byte order mark, by
// which spreadsheets know it. Geometry is left to the other formats. A text that a
// spreadsheet would take for a formula gets an apostrophe before it.
func WriteCSV(w io.Writer, l Layer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	out := csv.NewWriter(w)
	line := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		line[i] = c.Name
	}
	_ = out.Write(line) // Error tells
	for row, err := range l.Rows {
		if err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
		for i, v := range row.Values {
			line[i] = inert(valueText(v, l.Columns[i].Type), v)
		}
		_ = out.Write(line)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// valueText is a value as a table shows it.
func valueText(value any, kind Type) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ""
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return timeText(v, kind)
	}
	return fmt.Sprint(value)
}

// inert keeps a text from being taken for a formula by a spreadsheet.
func inert(text string, value any) string {
	if _, ok := value.(string); ok && text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// WriteXLSX writes layers as the worksheets of a workbook, without geometry. The first
// is streamed; those behind it are small. The same layers give the same bytes.
func WriteXLSX(w io.Writer, layers ...Layer) error {
	book := excelize.NewFile()
	defer book.Close()
	for i, l := range layers {
		err := error(nil)
		if i == 0 {
			err = book.SetSheetName("Sheet1", l.Name)
		} else {
			_, err = book.NewSheet(l.Name)
		}
		if err == nil {
			err = writeSheet(book, l, i == 0)
		}
		if err != nil {
			return fmt.Errorf("write worksheet %q: %w", l.Name, err)
		}
	}
	if err := book.Write(w); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// writeSheet fills a worksheet. Worksheets that are streamed stand in the file in no
// certain order, so there is one.
func writeSheet(book *excelize.File, l Layer, stream bool) error {
	put := func(cell string, row []any) error { return book.SetSheetRow(l.Name, cell, &row) }
	flush := func() error { return nil }
	if stream {
		out, err := book.NewStreamWriter(l.Name)
		if err != nil {
			return err
		}
		if put, err = putter(book, out, l.Columns); err != nil {
			return err
		}
		flush = out.Flush
	}
	head := make([]any, len(l.Columns))
	for i, c := range l.Columns {
		head[i] = c.Name
	}
	if err := put("A1", head); err != nil {
		return err
	}
	n := 1
	for row, err := range l.Rows {
		if n++; err == nil {
			err = put("A"+strconv.Itoa(n), row.Values)
		}
		if err != nil {
			return err
		}
	}
	return flush()
}

// timeForms are the number formats of dates and times, and how many characters wide they
// are: a spreadsheet shows none that is wider than its column.
var timeForms = map[Type]struct {
	form  string
	width float64
}{Date: {"yyyy-mm-dd", 12}, DateTime: {"yyyy-mm-dd hh:mm", 18}}

// putter writes rows of a stream: times as dates of the spreadsheet, on the clock of their
// own zone.
func putter(book *excelize.File, out *excelize.StreamWriter, columns []Column) (func(string, []any) error, error) {
	styles := make([]int, len(columns))
	for i, c := range columns {
		form, is := timeForms[c.Type]
		if !is {
			continue
		}
		var err error
		if styles[i], err = book.NewStyle(&excelize.Style{CustomNumFmt: &form.form}); err != nil {
			return nil, err
		}
		if err := out.SetColWidth(i+1, i+1, form.width); err != nil {
			return nil, err
		}
	}
	return func(cell string, row []any) error {
		for i, v := range row {
			if at, is := v.(time.Time); is {
				row[i] = excelize.Cell{StyleID: styles[i], Value: at}
			}
		}
		return out.SetRow(cell, row)
	}, nil
}
