package premises

import (
	"slices"
	"testing"
)

func TestWeekdaysAndHoursAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string][]int16{
		"每天": {1, 2, 3, 4, 5, 6, 7}, "工作日": {1, 2, 3, 4, 5}, "周末": {6, 7}, "周一至周五": {1, 2, 3, 4, 5}, "星期一、星期三": {1, 3}, "一三五": {1, 3, 5}, "每周二": {2},
		"5,3,1": {1, 3, 5}, "1-5": {1, 2, 3, 4, 5}, "Mo-Fr": {1, 2, 3, 4, 5}, "Mon, Thu": {1, 4}, "周六周日": {6, 7}, "Daily": {1, 2, 3, 4, 5, 6, 7}, "1,1": {1},
		"": nil, "8": nil, "周八": nil, "5-1": nil, "1-": nil, "-": nil, "月初": nil, "1,x": nil,
	} {
		if got := weekdaysOf(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]int16{
		"08:30": 510, "8:30": 510, "8：30": 510, "00:00": 0, "24:00": 1440, "08:30:00": 510, "1899-12-31 08:30:00": 510, "1899-12-31T08:30": 510,
		"": -1, "8": -1, "8.30": -1, "25:00": -1, "24:01": -1, "08:60": -1, "-08:30": -1, "上午8:30": -1,
	} {
		if got := minuteOf(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func FuzzWeekdaysAndHours(f *testing.F) {
	for _, text := range []string{"周一至周五", "1-5,7", "Mo-Fr", "08:30", "1899-12-31 24:00:00", "一二三~日"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		days := weekdaysOf(text)
		if !slices.IsSorted(days) || len(days) > 7 || len(days) > 0 && (days[0] < 1 || days[len(days)-1] > 7) {
			t.Errorf("%q: %v", text, days)
		}
		if at := minuteOf(text); at < -1 || at > 1440 {
			t.Errorf("%q: %d", text, at)
		}
	})
}
