package sheet

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"wangge/geo/fault"
)

// worksheet reads the rows of one worksheet as they come.
type worksheet struct {
	book   *workbook
	x      *xmlScanner
	part   *part
	merges map[int][]merge
	down   map[int]mergedDown // by column: a merged cell that reaches below its row
	row    int
	raw    []byte // of the present cell
	end    bool
}

type mergedDown struct {
	bottom int
	value  string
}

// open begins the reading of a worksheet.
func (b *workbook) open(name string) (*worksheet, error) {
	merges, err := b.readMerges(name)
	if err != nil {
		return nil, err
	}
	p, err := b.part(name, b.lim.Unpacked)
	if err != nil {
		return nil, err
	}
	w := &worksheet{book: b, x: newXMLScanner(p, name, b.lim.Row), part: p, merges: merges, down: map[int]mergedDown{}}
	for {
		switch t, err := w.x.next(); {
		case err != nil:
			return nil, err
		case t == xmlEOF:
			return nil, w.x.bad("it has no rows")
		case t == xmlStart && w.x.is("sheetData"):
			return w, nil
		}
	}
}

// next returns the next row that is in the file. At the end of the rows the rest
// of the part is read too, so that one that is cut off there is noticed.
func (w *worksheet) next() (Row, error) {
	for !w.end {
		t, err := w.x.next()
		switch {
		case err != nil:
			return Row{}, err
		case t == xmlEOF:
			return Row{}, w.x.bad("the text ends too early")
		case t == xmlEnd && w.x.is("sheetData"):
			w.end = true
		case t == xmlStart && w.x.is("row"):
			return w.readRow()
		}
	}
	return Row{}, w.finish()
}

// finish reads to the end of the part; it returns io.EOF when all is well.
func (w *worksheet) finish() error {
	for {
		t, err := w.x.next()
		if err != nil {
			return err
		}
		if t == xmlEOF {
			w.part.Close()
			return w.x.err
		}
	}
}

func (w *worksheet) readRow() (Row, error) {
	w.row++
	if r := w.x.attr("r"); len(r) > 0 {
		n, err := strconv.Atoi(string(r))
		if err != nil || n < w.row {
			return Row{}, w.x.bad(fmt.Sprintf("row %.20q is out of order", r))
		}
		w.row = n
	}
	row := Row{Line: w.row}
	size, column := 0, -1
	for {
		t, err := w.x.next()
		switch {
		case err != nil:
			return Row{}, err
		case t == xmlEOF:
			return Row{}, w.x.bad("the text ends too early")
		case t == xmlEnd && w.x.is("row"):
			w.fillDown(&row)
			return row, nil
		case t == xmlStart && w.x.is("c"):
			if column, err = w.column(column, row); err != nil {
				return Row{}, err
			}
			n, err := w.readCell(&row, column)
			if err != nil {
				return Row{}, err
			}
			if size += n; size > w.book.lim.Row {
				return Row{}, ErrTooLarge.Saying(fmt.Sprintf("Row %d has more than %d bytes.", w.row, w.book.lim.Row))
			}
		}
	}
}

// column is where a cell stands: as it says, or behind the one before it.
func (w *worksheet) column(before int, row Row) (int, error) {
	column := before + 1
	if at := w.x.attr("r"); len(at) > 0 {
		column = columnIndex(bytes.TrimRight(at, "0123456789"))
	}
	if column <= before || column >= w.book.lim.Columns {
		return 0, w.x.bad(fmt.Sprintf("a cell of row %d stands in no column, or in one beyond %d", row.Line, w.book.lim.Columns))
	}
	return column, nil
}

// readCell reads a cell to its end into its column, and returns its size.
func (w *worksheet) readCell(row *Row, column int) (int, error) {
	kind, date := kindOf(w.x.attr("t")), w.isDate(w.x.attr("s"))
	raw := w.raw[:0]
	defer func() { w.raw = raw }()
	var formula, valued bool
	for {
		t, err := w.x.next()
		switch {
		case err != nil:
			return 0, err
		case t == xmlEOF:
			return 0, w.x.bad("the text ends too early")
		case t == xmlStart && w.x.is("f"):
			formula = true
		case t == xmlStart && w.x.is("is"):
			text, err := w.x.richText("is")
			if err != nil {
				return 0, err
			}
			raw = append(raw, text...)
		case t == xmlText && w.x.inside("v"):
			raw = append(raw, w.x.text...)
			valued = true
		case t == xmlEnd && w.x.is("c"):
			text, bad := w.value(kind, date, raw)
			if formula && !valued {
				bad = &fault.Place{Code: CodeFormula, Detail: "The cell has a formula whose value was not stored; open the file in Excel or WPS and save it."}
			}
			row.set(column, text, bad)
			return len(text), nil
		}
	}
}

// set puts a value into its column; columns left out before it are empty.
func (r *Row) set(column int, text string, bad *fault.Place) {
	if text == "" && bad == nil {
		return
	}
	for len(r.Cells) < column {
		r.Cells = append(r.Cells, "")
	}
	r.Cells = append(r.Cells, text)
	if bad != nil {
		if r.cells == nil {
			r.cells = map[int]fault.Place{}
		}
		r.cells[column] = *bad
	}
}

// kindOf keeps the kind of a cell: "s" a shared text, "b" true or false, "" a number.
func kindOf(t []byte) string {
	switch string(t) {
	case "s":
		return "s"
	case "b":
		return "b"
	case "e":
		return "e"
	case "str":
		return "str"
	case "inlineStr", "d":
		return "inlineStr"
	}
	return ""
}

// isDate tells whether a cell of a style shows its number as a date.
func (w *worksheet) isDate(style []byte) bool {
	i, err := strconv.Atoi(string(style))
	return err == nil && i >= 0 && i < len(w.book.dates) && w.book.dates[i]
}

// value is the text of a cell: shared and inline texts, numbers with all digits,
// dates as 2006-01-02 and times as 15:04:05, truth as true and false.
func (w *worksheet) value(kind string, date bool, raw []byte) (string, *fault.Place) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(string(bytes.TrimSpace(raw)))
		if len(raw) == 0 {
			return "", nil
		}
		if err != nil || i < 0 || i >= len(w.book.strings) {
			return "", &fault.Place{Code: CodeCell, Detail: "The cell refers to a text that is not in the file; save it again."}
		}
		return w.book.strings[i], nil
	case "str":
		return unescapeCodes(string(raw)), nil
	case "inlineStr":
		return string(raw), nil
	case "b":
		return map[string]string{"1": "true", "0": "false"}[string(raw)], nil
	case "e":
		return string(raw), &fault.Place{Code: CodeCell, Detail: fmt.Sprintf("The cell shows the error %.20s; correct its formula.", raw)}
	}
	if !date {
		return numberText(string(raw)), nil
	}
	days, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return string(raw), nil
	}
	return dateText(days, w.book.from04), nil
}

// numberText writes 3.30106005051001E14 as 330106005051001, and rounds away the
// last of 17 digits where 15 give the same number as Excel shows.
func numberText(raw string) string {
	long := len(raw) > 15
	if !long && !strings.ContainsAny(raw, "eE") {
		return raw
	}
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.Abs(v) >= 1e15 {
		return raw
	}
	if v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	if long && !strings.ContainsAny(raw, "eE") {
		short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
		if err == nil {
			return strconv.FormatFloat(short, 'f', -1, 64)
		}
	}
	return raw
}

// dateText turns Excel's day number into a date, a date with time, or a time.
// Excel takes 1900 for a leap year, so day 60 never was.
func dateText(days float64, from04 bool) string {
	seconds := math.Round(days * 86400)
	if !(seconds >= 0 && seconds < 2958466*86400) { // 9999-12-31
		return strconv.FormatFloat(days, 'f', -1, 64)
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from04:
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		epoch = epoch.AddDate(0, 0, 1)
	}
	t := epoch.Add(time.Duration(seconds) * time.Second)
	switch {
	case seconds < 86400 && !from04:
		return t.Format(time.TimeOnly)
	case int64(seconds)%86400 == 0:
		return t.Format(time.DateOnly)
	}
	return t.Format(time.DateTime)
}

// fillDown gives the value of a cell merged over several rows to each of them:
// ledgers write a building once for all its households.
func (w *worksheet) fillDown(row *Row) {
	if filled(*row) > 0 {
		for column, m := range w.down {
			if row.Line > m.bottom {
				delete(w.down, column)
				continue
			}
			for len(row.Cells) <= column {
				row.Cells = append(row.Cells, "")
			}
			if row.Cells[column] == "" {
				row.Cells[column] = m.value
			}
		}
	}
	for _, m := range w.merges[row.Line] {
		if m.bottom > m.top && m.left >= 0 && m.left < len(row.Cells) {
			w.down[m.left] = mergedDown{bottom: m.bottom, value: row.Cells[m.left]}
		}
	}
}
