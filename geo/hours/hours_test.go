package hours_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/hours"
)

func day(t testing.TB, s string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// instant reads "2026-11-23 09:00", a time in China.
func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(-8 * time.Hour)
}

func parse(t testing.TB, s string) hours.Hours {
	t.Helper()
	h, err := hours.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// holidays are those of the tests: National Day and Spring Festival, a week of school holidays.
func holidays(t testing.TB) hours.Holidays {
	return hours.Holidays{
		Public: map[geo.Day]bool{day(t, "2026-10-01"): true, day(t, "2026-10-02"): true, day(t, "2027-02-06"): true},
		School: map[geo.Day]bool{day(t, "2026-11-23"): true, day(t, "2026-11-24"): true},
	}
}

var marks = map[byte]hours.State{'+': hours.Open, '-': hours.Closed, '?': hours.Unknown}

// 2026-11-23 is a Monday, in ISO week 48; November 2026 begins on a Sunday.
var instants = []struct {
	text string
	at   []string // + open, - closed, ? unknown
}{
	// Every day, every hour
	{"24/7", []string{"+2026-11-23 00:00", "+2026-11-29 23:59"}},
	{"24/7; PH off", []string{"+2026-09-30 23:59", "-2026-10-01 00:00", "-2026-10-02 23:59", "+2026-10-03 00:00"}},
	{"24/7; Dec 25 off", []string{"-2026-12-25 12:00", "+2026-12-26 00:00"}},
	{"open", []string{"+2026-11-23 03:00"}},
	{"off", []string{"-2026-11-23 12:00"}},
	{"closed", []string{"-2026-11-23 12:00"}},
	{`closed "renovation"`, []string{"-2026-11-23 12:00"}},
	{"unknown", []string{"?2026-11-23 12:00"}},
	{`"by appointment"`, []string{"?2026-11-23 12:00"}},
	{"00:00-24:00", []string{"+2026-11-23 00:00", "+2026-11-23 23:59"}},
	{"08:00-20:00", []string{"-2026-11-23 07:59", "+2026-11-23 08:00", "+2026-11-29 19:59", "-2026-11-29 20:00"}},
	{"8:00-20:00", []string{"-2026-11-23 07:59", "+2026-11-23 08:00"}},
	{"Mo-Su 08:00-20:00", []string{"+2026-11-29 08:00", "-2026-11-29 20:00"}},

	// Weekdays
	{"Mo-Fr 09:00-17:00", []string{"+2026-11-23 09:00", "-2026-11-23 17:00", "+2026-11-27 16:59", "-2026-11-28 12:00"}},
	{"Mo-Fr", []string{"+2026-11-23 00:00", "+2026-11-27 23:59", "-2026-11-28 00:00"}},
	{"mo-fr 09:00-17:00", []string{"+2026-11-23 09:00", "-2026-11-28 12:00"}},
	{"Mo-Fr: 09:00-17:00", []string{"+2026-11-23 09:00", "-2026-11-28 12:00"}},
	{"Mo-Fr 09:00-12:00,13:30-17:00", []string{"+2026-11-23 11:59", "-2026-11-23 12:00", "+2026-11-23 13:30"}},
	{"Mo-Fr 09:00-12:00, 13:30-17:00", []string{"-2026-11-23 12:30", "+2026-11-23 13:30", "-2026-11-28 13:30"}},
	{"Mo-Fr 08:30-17:30; Sa 09:00-12:00", []string{"+2026-11-28 11:59", "-2026-11-28 12:00", "-2026-11-29 10:00"}},
	{"Mo,We,Fr 14:00-18:00", []string{"+2026-11-23 14:00", "-2026-11-24 14:00", "+2026-11-25 14:00"}},
	{"Mo, We, Fr 14:00-18:00", []string{"+2026-11-23 14:00", "-2026-11-24 14:00", "+2026-11-25 14:00"}},
	{"Mo-We,Fr 09:00-11:00", []string{"+2026-11-25 09:00", "-2026-11-26 09:00", "+2026-11-27 09:00"}},
	{"Sa-Mo 10:00-12:00", []string{"+2026-11-28 10:00", "+2026-11-29 10:00", "+2026-11-30 10:00", "-2026-12-01 10:00"}},
	{"Mo-Fr 09:00-17:00; We off", []string{"+2026-11-24 10:00", "-2026-11-25 10:00", "+2026-11-26 10:00"}},
	{"Mo-Su 09:00-17:00; We 12:00-14:00 off", []string{"+2026-11-25 11:59", "-2026-11-25 12:00", "+2026-11-25 14:00", "+2026-11-24 13:00"}},
	{"Mo-Fr 09:00-17:00; We 10:00-12:00", []string{"-2026-11-25 09:30", "+2026-11-25 10:00", "-2026-11-25 13:00", "+2026-11-26 13:00"}},
	{"Mo-Fr 09:00-17:00, We 18:00-20:00", []string{"+2026-11-25 09:30", "+2026-11-25 18:00", "-2026-11-26 18:00"}},
	{"Mo-Fr 09:00-12:00 open, Sa 10:00-11:00 open", []string{"+2026-11-23 09:00", "+2026-11-28 10:00", "-2026-11-28 11:00"}},
	{"Mo-Fr 09:00-17:00, We off", []string{"-2026-11-25 10:00", "+2026-11-26 10:00"}},

	// The nth weekday of a month
	{"We[1] 09:00-11:00", []string{"+2026-11-04 09:00", "-2026-11-11 09:00", "-2026-11-25 09:00", "+2026-12-02 10:59"}},
	{"Fr[-1] 14:00-16:00", []string{"+2026-11-27 14:00", "-2026-11-20 14:00", "+2026-12-25 15:00", "+2027-01-29 15:00"}},
	{"Tu[1,3] 09:00-12:00", []string{"+2026-11-03 09:00", "-2026-11-10 09:00", "+2026-11-17 09:00", "-2026-11-24 09:00"}},
	{"Mo[2-4] 09:00-12:00", []string{"-2026-11-02 09:00", "+2026-11-09 09:00", "+2026-11-23 09:00", "-2026-11-30 09:00"}},
	{"Sa[1],Sa[3] 10:00-12:00", []string{"+2026-11-07 10:00", "-2026-11-14 10:00", "+2026-11-21 10:00"}},
	{"Mo[5] 10:00-12:00", []string{"+2026-11-30 10:00", "-2026-12-28 13:00", "-2026-11-23 10:00"}},
	{"Mo[-5] 10:00-12:00", []string{"+2026-11-02 10:00", "-2026-11-09 10:00", "-2026-12-07 09:00"}},
	{"Su[1] +1 day 10:00-12:00", []string{"+2026-11-02 10:00", "-2026-11-01 10:00", "-2026-11-09 10:00"}},
	{"Mo-Fr 09:00-17:00; Th[3],Th[-1] off", []string{"-2026-11-19 10:00", "-2026-11-26 10:00", "+2026-11-12 10:00"}},
	{"We[1] 09:00-11:00; We[2] 14:00-16:00", []string{"+2026-11-04 10:00", "+2026-11-11 15:00", "-2026-11-11 10:00"}},
	{"Fr[-2] 14:00-16:00", []string{"+2026-11-20 14:00", "-2026-11-27 14:00"}},

	// Months, dates, years, weeks
	{"Jun-Aug Mo-Fr 08:00-12:00", []string{"+2026-06-01 08:00", "+2026-08-31 11:59", "-2026-09-01 08:00"}},
	{"Oct-Mar 09:00-16:00", []string{"+2026-10-01 09:00", "+2027-01-15 09:00", "+2027-03-31 15:59", "-2027-04-01 09:00", "-2026-09-30 09:00"}},
	{"Nov 10:00-16:00", []string{"+2026-11-30 10:00", "-2026-12-01 10:00"}},
	{"Jan,Mar,May 10:00-16:00", []string{"+2026-03-01 10:00", "-2026-04-01 10:00", "+2026-05-31 10:00"}},
	{"Mar-Oct: Mo-Fr 09:00-18:00; Nov-Feb: Mo-Fr 09:00-17:00", []string{"+2026-10-30 17:30", "-2026-11-23 17:30", "+2026-11-23 16:30"}},
	{"Dec 24-Jan 2 off", []string{"-2026-12-24 10:00"}},
	{"Mo-Su 09:00-17:00; Dec 24-Jan 2 off", []string{"+2026-12-23 10:00", "-2026-12-24 10:00", "-2027-01-02 10:00", "+2027-01-03 10:00"}},
	{"Mo-Su 09:00-17:00; Dec 24-26 off", []string{"-2026-12-25 10:00", "-2026-12-26 10:00", "+2026-12-27 10:00"}},
	{"Mo-Su 09:00-17:00; Dec 25,26 off", []string{"+2026-12-24 10:00", "-2026-12-25 10:00", "-2026-12-26 10:00", "+2026-12-27 10:00"}},
	{"Mo-Su 09:00-17:00; Jan 1,May 1,Oct 1-7 off", []string{"-2027-01-01 10:00", "-2026-05-01 10:00", "+2026-05-02 10:00", "-2026-10-07 10:00", "+2026-10-08 10:00"}},
	{"Jan 15-Mar 10 09:00-10:00", []string{"-2027-01-14 09:00", "+2027-01-15 09:00", "+2027-03-10 09:59", "-2027-03-11 09:00"}},
	{"Feb 29 10:00-12:00", []string{"+2028-02-29 10:00", "-2027-03-01 10:00", "-2027-02-28 10:00"}},
	{"Feb 1-Feb 29 10:00-12:00", []string{"+2027-02-28 10:00", "-2027-03-01 10:00", "+2028-02-29 10:00"}},
	{"2026 Mo 10:00-12:00", []string{"+2026-11-23 10:00", "-2027-01-04 10:00"}},
	{"2025-2026 10:00-12:00", []string{"+2025-01-01 10:00", "-2027-01-01 10:00"}},
	{"2024-2030/2 10:00-12:00", []string{"+2026-11-23 10:00", "-2027-11-23 10:00", "+2028-11-23 10:00"}},
	{"2027+ 10:00-12:00", []string{"-2026-12-31 10:00", "+2027-01-01 10:00", "+2040-01-01 10:00"}},
	{"2026 Jan-Mar 10:00-12:00", []string{"+2026-02-01 10:00", "-2027-02-01 10:00", "-2026-04-01 10:00"}},
	{"2026 Nov 20-2027 Jan 10 10:00-12:00", []string{"-2026-11-19 10:00", "+2026-11-20 10:00", "+2027-01-10 10:00", "-2027-01-11 10:00", "-2027-11-25 10:00"}},
	{"2026 Dec 10-2027 Jan 10: Mo-Fr 10:00-12:00", []string{"+2026-12-10 10:00", "-2026-12-12 10:00"}},
	{"2026 Nov 20+ 10:00-12:00", []string{"-2026-11-19 10:00", "+2026-11-20 10:00", "+2028-01-01 10:00"}},
	{"2024 Dec 1-2027 Jan 10 10:00-12:00", []string{"+2026-07-01 10:00", "-2027-01-11 10:00", "-2024-11-30 10:00"}},
	{"2026,2028 Feb 10:00-12:00", []string{"+2026-02-10 10:00", "-2027-02-10 10:00", "+2028-02-10 10:00"}},
	{"week 48 Mo-Fr 10:00-12:00", []string{"+2026-11-23 10:00", "-2026-11-30 10:00", "-2026-11-20 10:00"}},
	{"week 01-53/2 Fr 09:00-12:00; week 02-52/2 We 09:00-12:00", []string{"+2026-11-25 09:00", "-2026-11-27 09:00", "+2026-12-04 09:00"}},
	{"week 1-10,48 Tu 10:00-12:00", []string{"+2026-11-24 10:00", "-2026-12-01 10:00", "+2027-01-05 10:00"}},
	{"easter 10:00-12:00", []string{"+2026-04-05 10:00", "-2026-04-06 10:00", "+2027-03-28 10:00"}},
	{"24/7; easter -2 days off", []string{"-2026-04-03 10:00", "+2026-04-05 10:00"}},
	{"easter -2 days-easter +1 day 10:00-12:00", []string{"-2026-04-02 10:00", "+2026-04-03 10:00", "+2026-04-06 10:00", "-2026-04-07 10:00"}},
	{"Mar Su[-1]-Oct Su[-1] 09:00-19:00", []string{"-2026-03-28 10:00", "+2026-03-29 10:00", "+2026-10-25 10:00", "-2026-10-26 10:00"}},
	{"Nov Su[-1] 10:00-12:00", []string{"+2026-11-29 10:00", "-2026-11-22 10:00", "-2026-10-25 10:00"}},

	// Over midnight, past 24:00, open ends
	{"Fr 20:00-02:00", []string{"-2026-11-27 19:59", "+2026-11-27 23:59", "+2026-11-28 01:59", "-2026-11-28 02:00", "-2026-11-27 01:00"}},
	{"Fr 20:00-26:00", []string{"+2026-11-28 01:59", "-2026-11-28 02:00"}},
	{"22:00-06:00", []string{"+2026-11-23 05:59", "-2026-11-23 06:00", "+2026-11-23 22:00"}},
	{"Mo-Th 18:00-01:00; Fr,Sa 18:00-03:00", []string{"+2026-11-27 00:30", "-2026-11-27 01:00", "+2026-11-28 02:59", "+2026-11-29 02:59"}},
	{"Fr 20:00-02:00; Sa off", []string{"+2026-11-28 01:00", "-2026-11-28 20:00"}},
	{"Mo 18:00+", []string{"-2026-11-23 17:59", "?2026-11-23 18:00", "?2026-11-24 03:59", "-2026-11-24 04:00"}},
	{"Mo 10:00+", []string{"?2026-11-23 10:00", "?2026-11-23 23:59", "-2026-11-24 00:00"}},
	{"Mo 10:00-12:00+", []string{"+2026-11-23 11:59", "?2026-11-23 12:00", "-2026-11-24 00:00"}},
	{"We 24:00-26:00", []string{"-2026-11-25 23:59", "+2026-11-26 00:00", "-2026-11-26 02:00"}},
	{"Tu 08:00-08:00", []string{"-2026-11-24 07:59", "+2026-11-24 08:00", "+2026-11-25 07:59", "-2026-11-25 08:00"}},

	// Holidays
	{"Mo-Fr 09:00-17:00; PH off", []string{"+2026-09-30 10:00", "-2026-10-01 10:00", "-2026-10-02 10:00", "+2026-10-05 10:00"}},
	{"Mo-Fr 09:00-17:00; PH 10:00-12:00", []string{"-2026-10-01 09:30", "+2026-10-01 10:00", "-2026-10-01 12:00"}},
	{"Mo-Fr 09:00-17:00; Sa,PH 09:00-12:00; Su off", []string{"+2026-10-01 11:00", "-2026-10-01 13:00", "+2026-11-28 11:00"}},
	{"Mo-Fr,PH 09:00-17:00", []string{"+2027-02-06 10:00", "-2027-02-13 10:00"}},
	{"PH Sa 09:00-17:00", []string{"+2027-02-06 10:00", "-2027-02-13 10:00", "-2026-10-01 10:00"}},
	{"SH Mo-Fr 08:00-18:00", []string{"+2026-11-23 08:00", "-2026-11-25 08:00"}},
	{"Mo-Fr 16:00-18:00; SH 09:00-18:00", []string{"+2026-11-24 09:00", "-2026-11-25 09:00", "+2026-11-25 17:00"}},
	{"PH -1 day 09:00-12:00", []string{"+2026-09-30 09:00", "+2027-02-05 09:00", "-2026-10-02 09:00"}},
	{"Mo-Fr 09:00-17:00; SH,PH off", []string{"-2026-11-23 10:00", "-2026-10-01 10:00", "+2026-11-25 10:00"}},

	// Comments, unknown, fallbacks
	{`Mo-Fr 09:00-12:00 "by appointment"`, []string{"?2026-11-23 09:00", "-2026-11-23 13:00"}},
	{`Mo-Fr 09:00-12:00 open "ring the bell"`, []string{"+2026-11-23 09:00", "-2026-11-23 13:00"}},
	{`Mo-Fr 09:00-12:00; We unknown "sometimes"`, []string{"+2026-11-23 09:00", "?2026-11-25 20:00"}},
	{`Mo-Fr 09:00-17:00 || "by appointment"`, []string{"+2026-11-23 09:00", "?2026-11-23 18:00", "?2026-11-29 09:00"}},
	{`Mo-Fr 09:00-17:00; PH off || Sa 10:00-12:00 || unknown "call"`, []string{"?2026-10-01 09:00", "+2026-11-28 10:00", "?2026-11-28 13:00"}},
	{`"in term": Mo-Fr 08:00-16:00`, []string{"?2026-11-23 09:00", "-2026-11-28 09:00"}},
	{`"in term": Mo-Fr 08:00-16:00 open`, []string{"+2026-11-23 09:00"}},
	{`Mo-Fr 08:00-16:00 unknown`, []string{"?2026-11-23 09:00", "-2026-11-28 09:00"}},

	// As lists in China and word processors have it
	{"Mo-Fr 09：00－17：00；Sa 09：00－12：00", []string{"+2026-11-23 16:59", "+2026-11-28 11:59", "-2026-11-28 12:00"}},
	{"Mo–Fr 09:00–17:00", []string{"+2026-11-23 16:59", "-2026-11-28 12:00"}},
	{"09:00~17:00", []string{"+2026-11-28 16:59"}},
	{"Mo-Fr 09:00-11:30，14:00-17:00 “凭预约”", []string{"?2026-11-23 09:00", "-2026-11-23 12:00", "?2026-11-23 14:00"}},
	{"Mo-Fr 09:00-17:00;", []string{"+2026-11-23 09:00"}},
	{"  Mo-Fr   09:00 - 17:00 ", []string{"+2026-11-23 09:00", "-2026-11-23 17:00"}},
}

func TestInstants(t *testing.T) {
	if len(instants) < 80 {
		t.Errorf("%d expressions, want at least 80", len(instants))
	}
	for _, tt := range instants {
		h, err := hours.Parse(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		h = h.Observing(holidays(t))
		for _, at := range tt.at {
			if got := h.At(instant(t, at[1:])); got != marks[at[0]] {
				t.Errorf("%s at %s: %s, want %s", tt.text, at[1:], got, marks[at[0]])
			}
		}
	}
}

func TestWhatCannotBeReadNamesThePlace(t *testing.T) {
	for _, tt := range []struct{ text, place, want string }{
		{"", "character 1", "expected a day"},
		{";", "character 1", "expected a day"},
		{"Mo-Fr 9-17", "character 7", "a time such as 09:00"},
		{"Mo-Fr 09:00", "character 12", "when it ends"},
		{"Mo-Fr 09:00-", "character 13", "a time such as 17:00"},
		{"Mo-Fr 09:00-17:60", "character 13", "at most 48:00"},
		{"25:00-26:00", "character 1", "at most 24:00"},
		{"09:00-49:00", "character 7", "at most 48:00"},
		{"Mo-Xx 09:00-17:00", "character 4", "a weekday"},
		{"Mo[6] 09:00-17:00", "character 4", "from 1 to 5"},
		{"Mo[1 09:00-17:00", "character 6", "“]”"},
		{"Mo-Fr[1] 09:00", "character 6", "after a range of weekdays"},
		{"sunrise-sunset", "character 1", "sunrise and sunset"},
		{"Mo 09:00-sunset", "character 10", "sunrise and sunset"},
		{"Mo (sunrise+01:00)-12:00", "character 4", "sunrise and sunset"},
		{"Mo 10:00-16:00/90", "character 15", "points in time"},
		{"Feb 30 10:00-12:00", "character 5", "from 1 to 29"},
		{"Jan-Mar 10 10:00-12:00", "character 12", "two months or two dates"},
		{"2026-2024 10:00-12:00", "character 6", "a later year"},
		{"week 54 10:00-12:00", "character 6", "from 1 to 53"},
		{`Mo "by appointment`, "character 4", "closing quotation mark"},
		{"周一至周五 09:00-17:00", "character 1", "expected a day"},
		{"Mo-Fr 09:00-17:00 Sa 09:00-12:00", "character 19", "a separator"},
		{"Mo-Fr 09:00-17:00 or later", "character 19", "a separator"},
		{"Mo-Fr 09:00-17:00; ; Sa", "character 20", "expected a day"},
		{"Mo ||", "character 6", "expected a day"},
		{"\xff\xfe", "", "not UTF-8"},
		{strings.Repeat("Mo;", 1000), "", "at most 2000"},
	} {
		_, err := hours.Parse(tt.text)
		f := fault.Of(err)
		if !errors.Is(err, hours.ErrHours) || !strings.Contains(f.Detail, tt.want) {
			t.Errorf("%.40q: %v, want %q", tt.text, err, tt.want)
			continue
		}
		if tt.place != "" && (len(f.Places) != 1 || f.Places[0].Pointer != tt.place) {
			t.Errorf("%.40q: places %v, want %s", tt.text, f.Places, tt.place)
		}
	}
}

func TestAWeekIsPrintedForPeople(t *testing.T) {
	monday := instant(t, "2026-11-23 12:00")
	for _, tt := range []struct{ text, zh, en string }{
		{"Mo-Fr 09:00-12:00,13:00-17:00; Sa 09:00-12:00", "周一至周五 09:00–12:00、13:00–17:00；周六 09:00–12:00", "Mon–Fri 09:00–12:00, 13:00–17:00; Sat 09:00–12:00"},
		{"24/7", "每天 全天", "every day all day"},
		{"off", "不开放", "closed"},
		{"Fr 20:00-02:00", "周五 20:00–02:00", "Fri 20:00–02:00"},
		{"We 18:00-24:00", "周三 18:00–24:00", "Wed 18:00–24:00"},
		{`Mo,We 09:00-10:00 "预约"`, "周一 09:00–10:00？（预约）；周三 09:00–10:00？（预约）", "Mon 09:00–10:00? (预约); Wed 09:00–10:00? (预约)"},
		{"Sa,Su", "周六至周日 全天", "Sat–Sun all day"},
		{"We[-1] 09:00-11:00", "周三 09:00–11:00", "Wed 09:00–11:00"}, // 25 November is the last
		{"We[1] 09:00-11:00", "不开放", "closed"},
	} {
		week := parse(t, tt.text).Week(monday)
		if zh, en := hours.Text(week, true), hours.Text(week, false); zh != tt.zh || en != tt.en {
			t.Errorf("%s:\n%s\n%s\nwant\n%s\n%s", tt.text, zh, en, tt.zh, tt.en)
		}
	}
}

func TestAWeekSaysWhatInstantsSay(t *testing.T) {
	monday := instant(t, "2026-11-23 00:00")
	for _, tt := range instants {
		h := parse(t, tt.text).Observing(holidays(t))
		week := h.Week(monday)
		for m := 0; m < 7*24*60; m += 10 {
			at := monday.Add(time.Duration(m) * time.Minute)
			want := hours.Closed
			for _, s := range week {
				if !at.Before(s.From) && at.Before(s.To) {
					want = s.State
				}
			}
			if got := h.At(at); got != want {
				t.Fatalf("%s at %s: %s, its week says %s", tt.text, at, got, want)
			}
		}
	}
}

func TestEver(t *testing.T) {
	from := day(t, "2026-11-23")
	for text, want := range map[string]bool{"off": false, "Feb 29": false, "Mar 1 10:00-11:00": true, "2027+ unknown": true, "2024": false} {
		if got := parse(t, text).Ever(from); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if (hours.Hours{}).Ever(from) || (hours.Hours{}).At(from.Start()) != hours.Closed {
		t.Error("the zero hours are open")
	}
}

func FuzzParse(f *testing.F) {
	for _, tt := range instants {
		f.Add(tt.text)
	}
	for _, s := range []string{"Mo-Fr 9-17", "easter +400 days", "week 53-1/2", "Jan 1+", "2024 Feb 29-2025 Feb 29", "Mo[5,-5] -3 days", "((((", `"""`} {
		f.Add(s)
	}
	from := day(f, "2027-12-27")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := hours.Parse(text)
		if err != nil {
			if !errors.Is(err, hours.ErrHours) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		week := h.Week(from.Start())
		hours.Text(week, true)
		for i, s := range week {
			if !s.From.Before(s.To) || s.State == hours.Closed || i > 0 && s.From.Before(week[i-1].To) {
				t.Fatalf("%q: week %v", text, week)
			}
			if got := h.At(s.From); got != s.State {
				t.Fatalf("%q: at %s %s, its week says %s", text, s.From, got, s.State)
			}
		}
	})
}

func BenchmarkAt(b *testing.B) {
	h := parse(b, "Mo-Fr 09:00-12:00,13:30-17:00; We[1] 09:00-11:00; PH off")
	at := instant(b, "2026-11-23 10:00")
	for b.Loop() {
		h.At(at)
	}
}
