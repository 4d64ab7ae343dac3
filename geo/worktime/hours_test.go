package worktime

import (
	"testing"
	"time"
)

func TestWorkingHoursAreReadAndCounted(t *testing.T) {
	for _, text := range []string{"", "9-12", "09:00", "12:00-09:00", "09:00-09:00", "09:00-13:00,12:00-18:00", "09:00-12:00,12:00-18:00", "09:00-25:00", "9:00-12:00", "09:00-12:00;13:00-18:00",
		"00:00-01:00,02:00-03:00,04:00-05:00,06:00-07:00,08:00-09:00,10:00-11:00,12:00-13:00"} {
		if got, err := ParseHours(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	morning, err := ParseHours("08:30-11:30, 14:00-17:30")
	if err != nil || len(morning) != 2 || morning[0] != (Span{8*time.Hour + 30*time.Minute, 11*time.Hour + 30*time.Minute}) {
		t.Fatal(morning, err)
	}
	if all, err := ParseHours("00:00-24:00"); err != nil || all[0] != (Span{0, 24 * time.Hour}) {
		t.Error(all, err)
	}
	start := time.Date(2026, 9, 21, 3, 0, 0, 0, time.UTC) // Monday, eleven in China
	for name, tt := range map[string]struct {
		hours []Span
		limit Limit
		want  string
	}{
		"as most":         {nil, Limit{2, WorkingHours}, "09-21 14:00"},
		"two of the town": {morning, Limit{2, WorkingHours}, "09-21 15:30"},
		"a day":           {morning, Limit{1, WorkingDays}, "09-22 17:30"},
	} {
		at, ok := Calendar{Hours: tt.hours}.Deadline(Clock{Start: start, Limit: tt.limit})
		if got := at.In(time.FixedZone("", 8*3600)).Format("01-02 15:04"); !ok || got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
