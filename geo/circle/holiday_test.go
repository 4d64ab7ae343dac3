package circle

import (
	"testing"

	"wangge/geo"
	"wangge/geo/hours"
	"wangge/geo/servicepoint"
)

// PH in opening hours stands for the days off of the calendar.
func TestHoursOnAHoliday(t *testing.T) {
	day, err := geo.ParseDay("2026-10-01") // a Thursday
	if err != nil {
		t.Fatal(err)
	}
	col := Column{Function: "medical", When: &When{Weekday: 4, Time: "10:00"}}
	p := point{functions: []servicepoint.Function{{Function: "medical", Hours: "Mo-Fr 09:00-17:00; PH off"}}}
	at := col.instant(day)
	if got := col.offered(&p, at).State; got != hours.Open {
		t.Errorf("without a calendar it is %s", got)
	}
	p.off = map[geo.Day]bool{day: true}
	if got := col.offered(&p, at).State; got != hours.Closed {
		t.Errorf("on a holiday it is %s", got)
	}
}
