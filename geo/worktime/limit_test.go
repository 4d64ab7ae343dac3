package worktime

import (
	"math"
	"strconv"
	"testing"
)

func TestALimitIsReadAsPeopleWriteIt(t *testing.T) {
	for text, want := range map[string]Limit{
		"": {}, "30分钟": {30, Minutes}, "30 min": {30, Minutes}, "2小时": {120, Minutes}, "2个小时": {120, Minutes}, "1天": {1440, Minutes},
		"4个工作小时": {4, WorkingHours}, "4 工作时": {4, WorkingHours}, " 3个工作日 ": {3, WorkingDays}, "2 Working Days": {2, WorkingDays},
	} {
		got, err := ParseLimit(text)
		if err != nil || got != want {
			t.Errorf("%q is read as %v, %v; want %v", text, got, err, want)
		}
		if again, err := ParseLimit(got.String()); err != nil || again != got {
			t.Errorf("%q is written %q and read as %v, %v", text, got.String(), again, err)
		}
	}
	for _, text := range []string{"3", "工作日", "三个工作日", "-3工作日", "0分钟", "3周", "751工作日", "1.5小时", strconv.Itoa(math.MaxInt) + "天", "99999999999999999999分钟"} {
		if got, err := ParseLimit(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
