package sheet

import (
	"fmt"

	"wangge/geo/fault"
)

// maxRefusals is how many faults of rows are listed.
const maxRefusals = 100

// Refusals are the rows of a table that cannot be taken, and why: every row is
// counted, the first faults are listed with their places.
type Refusals struct {
	columns *Columns
	places  []fault.Place
	rows    int
	last    int // line of the row refused last
}

// Refusals is an empty list of faults in the cells of these columns.
func (c *Columns) Refusals() Refusals { return Refusals{columns: c} }

// Rows is how many rows were refused.
func (r *Refusals) Rows() int { return r.rows }

// Refuse notes what is wrong with the field of a row.
func (r *Refusals) Refuse(row Row, field, code, detail string) {
	r.Refused(row, &fault.Place{Pointer: r.columns.Pointer(row, field), Code: code, Detail: detail})
}

// Refused notes what a reader of rows or values found, and tells whether it was
// anything.
func (r *Refusals) Refused(row Row, bad *fault.Place) bool {
	if bad == nil {
		return false
	}
	if row.Line != r.last {
		r.last = row.Line
		r.rows++
	}
	if len(r.places) < maxRefusals {
		r.places = append(r.places, *bad)
	}
	return true
}

// Fault is f with the places, of so many rows; nil when none was refused.
func (r *Refusals) Fault(f *fault.Fault, of int) error {
	if r.rows == 0 {
		return nil
	}
	return f.Saying(fmt.Sprintf("%d of %d rows.", r.rows, of)).With(r.places...)
}
