package sheet

import (
	"errors"
	"fmt"
	"io"

	"wangge/geo/fault"
)

// Faults of short tables.
var (
	ErrLong   = fault.New(fault.TooLarge, "sheet_too_long", "The table has more rows than such a list may have.")
	ErrNoRows = fault.New(fault.Invalid, "sheet_no_rows", "The table has a header and no rows.")
)

// File is a table as somebody sent it.
type File struct {
	Name string // its ending says nothing: what it holds does
	io.ReaderAt
	Size int64 // bytes
}

// List is a short table, such as a calendar, that is read whole.
type List struct {
	*Columns
	Bad  Refusals
	Rows int // that there are

	lines map[string]int // where a key stands first
}

// ReadList reads a CSV or XLSX table of 1 to most rows, whose first line is its header,
// and gives take each row that can be read. What take finds wrong, it refuses in Bad.
//
// Errors: ErrLong, ErrNoRows, ErrColumns and those of OpenWith.
func ReadList(f File, fields []Field, most int, take func(*List, Row)) (*List, error) {
	return ReadMapped(f, fields, nil, most, take)
}

// ReadMapped is ReadList with the columns that a person named: see Match.
func ReadMapped(f File, fields []Field, custom map[string]string, most int, take func(*List, Row)) (*List, error) {
	table, err := OpenWith(f.Name, f, f.Size, Options{HeaderLine: 1})
	if err != nil {
		return nil, err
	}
	columns, err := Match(table.Header(), fields, custom)
	if err != nil {
		return nil, err
	}
	l := &List{Columns: columns, Bad: columns.Refusals(), lines: map[string]int{}}
	for {
		row, err := table.Next()
		switch {
		case errors.Is(err, io.EOF) && l.Rows == 0:
			return nil, ErrNoRows
		case errors.Is(err, io.EOF):
			return l, nil
		case err != nil:
			return nil, err
		}
		if l.Rows++; l.Rows > most {
			return nil, ErrLong.Saying(fmt.Sprintf("%d are the most.", most))
		}
		if !l.Bad.Refused(row, columns.Fault(row)) {
			take(l, row)
		}
	}
}

// Once refuses a row whose key stands on an earlier line, and tells whether it does not.
func (l *List) Once(row Row, field, key string) bool {
	line := l.lines[key]
	if line != 0 {
		l.Bad.Refuse(row, field, "repeated_id", fmt.Sprintf("The number stands on line %d already. 编号重复，首次出现在第 %d 行。", line, line))
		return false
	}
	l.lines[key] = row.Line
	return true
}

// TableReport tells what became of a short table.
type TableReport struct {
	Rows      int       `json:"rows"`
	Added     int       `json:"added"`
	Changed   int       `json:"changed"`
	Unchanged int       `json:"unchanged"`
	Removed   int       `json:"removed" doc:"days of the same years that the file no longer has"`
	Unknown   []string  `json:"unknown" doc:"columns that were not read"`
	Dropped   []Dropped `json:"dropped" doc:"columns that look personal; never read"`
	DryRun    bool      `json:"dry_run"`
}

// Report is what became of the rows, counted, with what stands in the header.
func (l *List) Report(dry bool, counts TableReport) TableReport {
	counts.Rows, counts.Unknown, counts.Dropped, counts.DryRun = l.Rows, append([]string{}, l.Unknown...), append([]Dropped{}, l.Columns.Dropped...), dry
	return counts
}
