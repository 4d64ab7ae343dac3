package sheet

import (
	"testing"

	"wangge/geo/fault"
)

func TestRefusalsCountRowsAndListTheFirstFaults(t *testing.T) {
	columns, err := Match([]string{"经度", "lat"}, []Field{{Name: "lon", Aliases: []string{"经度"}}, {Name: "lat"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if h := columns.Headers(); len(h) != 2 || h["lon"] != "经度" || h["lat"] != "lat" {
		t.Errorf("headers %v", h)
	}
	few := fault.New(fault.Invalid, "few", "Some rows are wrong.")
	r := columns.Refusals()
	if r.Refused(Row{Line: 2}, nil) || r.Fault(few, 1) != nil {
		t.Error("a good row was refused")
	}
	for line := 2; line < 100; line++ {
		row := Row{Line: line}
		r.Refuse(row, "lon", "wrong", "It is wrong.")
		if !r.Refused(row, &fault.Place{Pointer: "there"}) {
			t.Fatal("a bad row was not refused")
		}
	}
	f := fault.Of(r.Fault(few, 120))
	if r.Rows() != 98 || len(f.Places) != maxRefusals || f.Detail != "98 of 120 rows." || f.Places[0].Pointer != "row 2, column 1 (经度)" || f.Places[1].Pointer != "there" {
		t.Errorf("%d rows, %d places, %q, %+v", r.Rows(), len(f.Places), f.Detail, f.Places[:2])
	}
}
