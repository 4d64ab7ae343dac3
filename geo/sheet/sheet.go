// Package sheet reads the ledgers that offices exchange: CSV in UTF-8 or GB18030
// and XLSX, with Chinese or English headers, one row after another in bounded
// memory. Match finds which column is which field; columns that hold names,
// phones or identity numbers of people are dropped there and reported.
//
//	s, err := sheet.Open(name, r, size)
//	columns, err := sheet.Match(s.Header(), fields, mapping)
//	sample, err := s.Sample(200)
//	columns.DropPersonal(sample)
//	for {
//		row, err := s.Next() // io.EOF at the end
//		if bad := columns.Fault(row); bad != nil { … refuse the row, go on … }
//		lon, ok, bad := columns.Float(row, "lon")
//	}
//
// No row is lost silently: a row that cannot be read has a Fault with its line.
// Lines are those a text editor or Excel shows, also after quoted line breaks.
package sheet

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"wangge/geo/fault"
)

// Sheet is an open table. It is not safe for use by several goroutines.
type Sheet struct {
	Format    string   // "CSV" or "XLSX"
	Encoding  string   // of a CSV: "UTF-8", "GB18030", …
	Delimiter string   // of a CSV: "," ";" or a tab
	Name      string   // of the worksheet read, "" for CSV
	Names     []string // of all visible worksheets
	// HeaderLine is the line of the header, the last of them if it has two.
	HeaderLine int
	// Description is the row of explanations under the header that was passed
	// over, if there was one. Its Line is 0 otherwise.
	Description Row
	// Notes tell what was passed over: title rows, a description row, other
	// worksheets, values outside the columns.
	Notes []fault.Place

	src     source
	header  []string
	pending []Row
	beyond  map[int]bool // columns without header that were noted
}

// Row is one row of a table.
type Row struct {
	Line  int      // physical line of a CSV, row number of a worksheet; from one
	Cells []string // as they stand; a worksheet's empty cells at the end are left out
	// Fault says why the row cannot be used: a quotation mark out of place, more
	// or fewer cells than the header.
	Fault *fault.Place

	cells map[int]fault.Place // faults of single cells, by column from zero
}

// source gives rows as they stand, header rows and empty rows included.
type source interface {
	next() (Row, error)
}

// Options say what cannot be seen in the file. The zero value decides by itself.
type Options struct {
	Sheet       string      // worksheet to read; "" is the first visible one
	HeaderLine  int         // line of the header; 0 finds it
	HeaderRows  int         // 1 or 2; 0 finds it
	Description Description // whether a row of explanations follows the header
	Limits      Limits
}

// Description says what to do with the row under the header.
type Description int

// The ways to treat the row under the header.
const (
	Recognise Description = iota // pass over it when it is clearly an explanation
	Skip                         // always pass over it
	Keep                         // it is a row like the others
)

// Limits bound what one file may cost. A zero field takes its default.
type Limits struct {
	Bytes    int64 // size of the file; 512 MiB
	Unpacked int64 // of one part of a workbook; 2 GiB for a worksheet
	Strings  int64 // unpacked shared texts of a workbook, which stay in memory; 256 MiB
	Ratio    int64 // unpacked to packed beyond the first 16 MiB; 200
	Row      int   // bytes of one row; 4 MiB
	Columns  int   // 4,096
}

// DefaultLimits are the limits that a zero Limits stands for.
var DefaultLimits = Limits{Bytes: 512 << 20, Unpacked: 2 << 30, Strings: 256 << 20, Ratio: 200, Row: 4 << 20, Columns: 4096}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	for _, pair := range []struct{ v, d *int64 }{{&l.Bytes, &d.Bytes}, {&l.Unpacked, &d.Unpacked}, {&l.Strings, &d.Strings}, {&l.Ratio, &d.Ratio}} {
		if *pair.v == 0 {
			*pair.v = *pair.d
		}
	}
	if l.Row == 0 {
		l.Row = d.Row
	}
	if l.Columns == 0 {
		l.Columns = d.Columns
	}
	return l
}

// The faults of a table as a whole.
var (
	ErrTooLarge = fault.New(fault.TooLarge, "sheet_too_large", "The table is larger than may be read at once; split it.")
	ErrFormat   = fault.New(fault.Malformed, "sheet_format", "This is no CSV or XLSX table.")
	ErrDamaged  = fault.New(fault.Malformed, "sheet_damaged", "The table is damaged or incomplete; save it again.")
	ErrUnsafe   = fault.New(fault.Malformed, "sheet_unsafe", "The table contains what may not be read safely; save it again.")
	ErrEncoding = fault.New(fault.Malformed, "sheet_encoding", "The text is neither UTF-8 nor GB18030; save it as UTF-8.")
	ErrEmpty    = fault.New(fault.Invalid, "sheet_empty", "The table has no header.")
	ErrNoSheet  = fault.New(fault.Invalid, "sheet_no_such", "The workbook has no such worksheet.")
)

// Codes of the faults and notes of rows and cells.
const (
	CodeQuote       = "quote"               // a quotation mark out of place
	CodeLong        = "row_long"            // more cells than the header
	CodeShort       = "row_short"           // fewer cells than the header
	CodeFormula     = "formula_no_value"    // a formula whose value was never stored
	CodeCell        = "cell_error"          // #N/A, #REF! and their like
	CodeNumber      = "not_a_number"        // the text is no number
	CodeBool        = "not_yes_or_no"       // the text is neither
	CodeDate        = "not_a_date"          // the text is no date
	CodeTitle       = "title_row"           // rows above the header were passed over
	CodeDescription = "description_row"     // the row under the header was passed over
	CodeSheets      = "sheets_not_read"     // other worksheets
	CodeBeyond      = "cell_without_header" // values in a column without header
)

// Open opens a table; the content decides whether it is CSV or XLSX. The name is
// used in messages alone. The errors are the faults of this package or those of r.
func Open(name string, r io.ReaderAt, size int64) (*Sheet, error) {
	return OpenWith(name, r, size, Options{})
}

// OpenWith is Open for a file that needs to be told something.
func OpenWith(name string, r io.ReaderAt, size int64, o Options) (*Sheet, error) {
	s, err := open(r, size, o)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	return s, nil
}

func open(r io.ReaderAt, size int64, o Options) (*Sheet, error) {
	o.Limits = o.Limits.orDefault()
	if size > o.Limits.Bytes {
		return nil, ErrTooLarge.Saying(fmt.Sprintf("It has %d MiB, the limit is %d MiB.", size>>20, o.Limits.Bytes>>20))
	}
	head := make([]byte, min(size, 4096))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	s := &Sheet{beyond: map[int]bool{}}
	var err error
	switch kind, remedy := sniff(head); kind {
	case "xlsx":
		err = s.openXLSX(r, size, o)
	case "csv":
		err = s.openCSV(r, size, o.Limits)
	default:
		err = ErrFormat.Saying(remedy)
	}
	if err != nil {
		return nil, err
	}
	if err := s.findHeader(o); err != nil {
		return nil, err
	}
	return s, nil
}

// sniff tells the format by the first bytes; for what is no table it returns what
// to do instead.
func sniff(head []byte) (kind, remedy string) {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	lower := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"))
	switch {
	case len(head) == 0:
		return "", "The file is empty."
	case has("PK\x03\x04"):
		return "xlsx", ""
	case has("\xd0\xcf\x11\xe0"):
		return "", "It is an old .xls or protected by a password; save it as .xlsx without one."
	case bytes.HasPrefix(lower, []byte("<html")), bytes.HasPrefix(lower, []byte("<!doctype")),
		bytes.HasPrefix(lower, []byte("<table")), bytes.HasPrefix(lower, []byte("<?xml")), bytes.HasPrefix(lower, []byte("<meta")):
		return "", "It is a web page that is called a table; open it in Excel or WPS and save it as .xlsx."
	case has("\xff\xfe"), has("\xfe\xff"):
		return "csv", ""
	case has("Rar!"), has("7z\xbc\xaf"), has("%PDF"), has("\x1f\x8b"), bytes.IndexByte(head, 0) >= 0:
		return "", "Save it as .xlsx or as CSV in UTF-8."
	}
	return "csv", ""
}

// Header returns the names of the columns, without space around them; the name
// of a column without header is "".
func (s *Sheet) Header() []string { return s.header }

// Next returns the next row that is not empty, io.EOF after the last. Any other
// error ends the reading; a row that alone is bad has a Fault instead.
func (s *Sheet) Next() (Row, error) {
	if len(s.pending) > 0 {
		row := s.pending[0]
		s.pending = s.pending[1:]
		return row, nil
	}
	return s.read()
}

// Sample returns the next n rows without taking them.
func (s *Sheet) Sample(n int) ([]Row, error) {
	for len(s.pending) < n {
		row, err := s.read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		s.pending = append(s.pending, row)
	}
	return append([]Row(nil), s.pending[:min(n, len(s.pending))]...), nil
}

// read returns the next row that is not empty, compared with the header.
func (s *Sheet) read() (Row, error) {
	row, err := s.nextFilled()
	if err != nil {
		return Row{}, err
	}
	s.compare(&row)
	return row, nil
}

func (s *Sheet) nextFilled() (Row, error) {
	for {
		row, err := s.src.next()
		if err != nil || row.Fault != nil || filled(row) > 0 {
			return row, err
		}
	}
}

func filled(row Row) int {
	n := 0
	for _, cell := range row.Cells {
		if strings.TrimSpace(cell) != "" {
			n++
		}
	}
	return n
}

// compare reports a row whose cells do not fit the header. In a worksheet a cell
// stands in its own column, whatever is left out before it; in a CSV a comma
// too many shifts all that follow, so such a row must not be used.
func (s *Sheet) compare(row *Row) {
	if row.Fault != nil {
		return
	}
	last := len(row.Cells)
	for last > 0 && strings.TrimSpace(row.Cells[last-1]) == "" {
		last--
	}
	if s.Format == "XLSX" {
		for i := len(s.header); i < last; i++ {
			if strings.TrimSpace(row.Cells[i]) != "" && !s.beyond[i] {
				s.beyond[i] = true
				s.note(row.Line, CodeBeyond, fmt.Sprintf("Column %s has values but no header; it is not read.", columnName(i)))
			}
		}
		return
	}
	switch {
	case last > len(s.header):
		row.Fault = &fault.Place{Pointer: pointer(row.Line), Code: CodeLong,
			Detail: fmt.Sprintf("The row has %d cells, the header %d; a %q inside a text needs quotation marks around the text.", last, len(s.header), s.Delimiter)}
	case len(row.Cells) < len(s.header):
		row.Fault = &fault.Place{Pointer: pointer(row.Line), Code: CodeShort,
			Detail: fmt.Sprintf("The row has %d cells, the header %d; a line break inside a text needs quotation marks around the text.", len(row.Cells), len(s.header))}
	}
}

func pointer(line int) string { return fmt.Sprintf("row %d", line) }

func (s *Sheet) note(line int, code, detail string) {
	s.Notes = append(s.Notes, fault.Place{Pointer: pointer(line), Code: code, Detail: detail})
}
