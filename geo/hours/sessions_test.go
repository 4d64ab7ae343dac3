package hours_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/hours"
)

func sessions(t testing.TB, rule string) hours.Series {
	t.Helper()
	s, err := hours.Sessions(rule)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSessions(t *testing.T) {
	for _, tt := range []struct {
		rule string
		on   []string // + a session, - none
	}{
		{"FREQ=MONTHLY;BYDAY=1WE", []string{"+2026-11-04", "-2026-11-11", "+2026-12-02"}},
		{"RRULE:FREQ=MONTHLY;BYDAY=1WE", []string{"+2026-11-04", "-2026-11-11"}},
		{"freq=monthly;byday=-1fr", []string{"+2026-11-27", "-2026-11-20"}},
		{"FREQ=MONTHLY;BYMONTHDAY=1,15", []string{"+2026-11-01", "+2026-11-15", "-2026-11-16"}},
		{"FREQ=MONTHLY;BYMONTHDAY=-1", []string{"+2026-11-30", "+2028-02-29", "-2028-02-28"}},
		{"FREQ=MONTHLY;BYMONTHDAY=31", []string{"+2026-10-31", "-2026-11-30", "+2026-12-31"}},
		{"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", []string{"+2026-11-30", "+2026-10-30", "-2026-10-31"}},
		{"FREQ=MONTHLY;BYDAY=2TU,4TU", []string{"+2026-11-10", "+2026-11-24", "-2026-11-17"}},
		{"FREQ=WEEKLY;BYDAY=TU,TH", []string{"+2026-11-24", "-2026-11-25", "+2026-11-26"}},
		{"FREQ=WEEKLY;BYDAY=SU;WKST=SU", []string{"+2026-11-22", "-2026-11-23"}},
		{"FREQ=DAILY", []string{"+2026-11-22"}},
		{"FREQ=DAILY;BYMONTH=7,8", []string{"+2026-07-01", "-2026-09-01"}},
		{"FREQ=YEARLY;BYMONTH=10;BYDAY=2SU", []string{"+2026-10-11", "-2026-10-04"}},
		{"FREQ=YEARLY;BYYEARDAY=1,-1", []string{"+2026-01-01", "+2026-12-31", "-2026-01-02"}},
		{"FREQ=YEARLY;BYWEEKNO=48;BYDAY=MO", []string{"+2026-11-23", "-2026-11-30"}},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", []string{"+2028-02-29", "-2027-02-28"}},
		{"DTSTART=20261104;FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", []string{"+2026-11-04", "-2026-11-11", "+2026-11-18", "-2026-10-21"}},
		{"DTSTART:20261104\nRRULE:FREQ=WEEKLY;INTERVAL=2", []string{"+2026-11-04", "-2026-11-11", "+2026-11-18"}},
		{"DTSTART;TZID=Asia/Shanghai:20261104T090000 RRULE:FREQ=MONTHLY;COUNT=3", []string{"+2026-11-04", "+2027-01-04", "-2027-02-04"}},
		{"DTSTART:20261104T200000Z RRULE:FREQ=DAILY;COUNT=1", []string{"+2026-11-05", "-2026-11-04"}}, // four in the morning in China
		{"FREQ=WEEKLY;BYDAY=WE;UNTIL=20261118", []string{"+2026-11-18", "-2026-11-25"}},
		{"DTSTART:20261104 RRULE:FREQ=WEEKLY EXDATE:20261111,20261118 RDATE:20261120", []string{"+2026-11-04", "-2026-11-11", "+2026-11-20", "+2026-11-25"}},
	} {
		s, err := hours.Sessions(tt.rule)
		if err != nil {
			t.Errorf("%s: %v", tt.rule, err)
			continue
		}
		for _, on := range tt.on {
			if got := s.On(day(t, on[1:])); got != (on[0] == '+') {
				t.Errorf("%s on %s: %v", tt.rule, on[1:], got)
			}
		}
	}
	if (hours.Series{}).On(day(t, "2026-01-01")) {
		t.Error("the zero series has sessions")
	}
}

// A rule without a start is asked about one period; it must say what a walk of
// the library through the years says.
func TestSessionsAgreeWithAWalkThroughTheYears(t *testing.T) {
	for _, rule := range []string{
		"FREQ=MONTHLY;BYDAY=1WE", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=2", "FREQ=WEEKLY;BYDAY=MO,SU",
		"FREQ=WEEKLY;BYDAY=SU,MO;BYSETPOS=1", "FREQ=YEARLY;BYDAY=20MO", "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR", "FREQ=DAILY;BYMONTHDAY=-1",
	} {
		option, err := rrule.StrToROption(rule)
		if err != nil {
			t.Fatal(err)
		}
		option.Dtstart = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) // a Monday
		option.Until = time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)
		walk, err := rrule.NewRRule(*option)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, d := range walk.All() {
			want[d.Format(time.DateOnly)] = true
		}
		s := sessions(t, rule)
		for d := option.Dtstart; !d.After(option.Until); d = d.AddDate(0, 0, 1) {
			if text := d.Format(time.DateOnly); s.On(day(t, text)) != want[text] {
				t.Errorf("%s on %s: %v", rule, text, !want[text])
			}
		}
	}
}

func TestSessionsThatCannotBeRead(t *testing.T) {
	for _, tt := range []struct{ rule, want string }{
		{"", "FREQ is missing"},
		{"every Wednesday", "neither the one RRULE"},
		{"FREQ", "want NAME=VALUE"},
		{"BYDAY=WE", "FREQ is missing"},
		{"FREQ=MONTHLY", "DTSTART"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "DTSTART"},
		{"FREQ=WEEKLY;BYDAY=WE;COUNT=5", "DTSTART"},
		{"FREQ=HOURLY;BYDAY=WE", "a session is a day"},
		{"FREQ=DAILY;BYHOUR=9", "write its time into the hours"},
		{"FREQ=DAILY;BYEASTER=1", "no part of a rule"},
		{"FREQ=DAILY;INTERVAL=0", "from 1 to 1000"},
		{"DTSTART=20260101;FREQ=DAILY;COUNT=999999999", "from 1 to 10000"},
		{"FREQ=MONTHLY;BYDAY=53MO", "from 1 to 5"},
		{"FREQ=YEARLY;BYDAY=54MO", "from 1 to 53"},
		{"FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY or YEARLY"},
		{"FREQ=MONTHLY;BYDAY=XX", "undefined weekday"},
		{"FREQ=MONTHLY;BYMONTHDAY=32", "between 1 and 31"},
		{"FREQ=MONTHLY;BYMONTHDAY=0", "between 1 and 31"},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "No day is in it"},
		{"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "No day is in it"},
		{"FREQ=MONTHLY;BYWEEKNO=4;BYDAY=MO", "FREQ=YEARLY"},
		{"FREQ=DAILY;UNTIL=20260230", "want a date"},
		{"FREQ=DAILY;UNTIL=00010101", "from 1970 to 2199"},
		{"DTSTART=20260101;FREQ=DAILY;UNTIL=20260201;COUNT=3", "not both"},
		{"DTSTART=20260201;FREQ=DAILY;UNTIL=20260101", "No day is in it"},
		{"FREQ=DAILY;FREQ=DAILY", "each name once"},
		{"RRULE:FREQ=DAILY RRULE:FREQ=DAILY", "neither the one RRULE"},
		{"EXRULE:FREQ=DAILY", "neither the one RRULE"},
	} {
		_, err := hours.Sessions(tt.rule)
		if f := fault.Of(err); !errors.Is(err, hours.ErrSessions) || !strings.Contains(f.Detail, tt.want) {
			t.Errorf("%q: %v, want %q", tt.rule, err, tt.want)
		}
	}
}

func TestOffered(t *testing.T) {
	for _, tt := range []struct {
		name, hours, sessions, at string
		state                     hours.State
		session                   bool
		said                      string
	}{
		{"standing, open", "Mo-Fr 09:00-17:00", "", "2026-11-23 09:00", hours.Open, false, ""},
		{"standing, closed", "Mo-Fr 09:00-17:00", "", "2026-11-23 18:00", hours.Closed, false, ""},
		{"nothing said", "", "", "2026-11-23 18:00", hours.Unknown, false, hours.NotSaid},
		{"cannot be read", "周一 9-5", "", "2026-11-23 18:00", hours.Unknown, false, "At character 1"},
		{"a comment", `"凭预约"`, "", "2026-11-23 18:00", hours.Unknown, false, "凭预约"},
		{"in a session", "09:00-11:00", "FREQ=MONTHLY;BYDAY=1WE", "2026-11-04 10:00", hours.Open, true, ""},
		{"its day, another hour", "09:00-11:00", "FREQ=MONTHLY;BYDAY=1WE", "2026-11-04 12:00", hours.Closed, true, ""},
		{"its hour, another day", "09:00-11:00", "FREQ=MONTHLY;BYDAY=1WE", "2026-11-11 10:00", hours.Closed, true, ""},
		{"a session whose hours are not said", "", "FREQ=MONTHLY;BYDAY=1WE", "2026-11-04 10:00", hours.Unknown, true, hours.NotSaid},
		{"no session, hours not said", "", "FREQ=MONTHLY;BYDAY=1WE", "2026-11-05 10:00", hours.Closed, true, ""},
		{"sessions cannot be read", "09:00-11:00", "monthly", "2026-11-05 10:00", hours.Unknown, true, "NAME=VALUE"},
		{"sessions cannot be read, closed anyway", "09:00-11:00", "first Wednesday", "2026-11-05 12:00", hours.Closed, true, ""},
		{"a session after midnight", "20:00-02:00", "FREQ=WEEKLY;BYDAY=FR", "2026-11-28 01:00", hours.Open, true, ""},
		{"not one that begins after it", "20:00-02:00", "FREQ=WEEKLY;BYDAY=FR", "2026-11-28 21:00", hours.Closed, true, ""},
	} {
		got := hours.Offered(tt.hours, tt.sessions, instant(t, tt.at))
		if got.State != tt.state || got.Session != tt.session || !strings.Contains(got.Said, tt.said) || got.Counts(true) != (tt.state != hours.Closed) || got.Counts(false) != (tt.state == hours.Open) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	if (hours.Read("09:00-11:00", "x").Standing()) || !hours.Read("", " ").Standing() {
		t.Error("a function stands when it has no sessions")
	}
	closed := hours.Read("24/7; PH off", "").Observing(hours.Holidays{Public: map[geo.Day]bool{day(t, "2026-10-01"): true}})
	if closed.At(instant(t, "2026-10-01 10:00")).State != hours.Closed {
		t.Error("a holiday does not close")
	}
}

func FuzzSessions(f *testing.F) {
	for _, s := range []string{"FREQ=MONTHLY;BYDAY=1WE", "DTSTART:20261104 RRULE:FREQ=WEEKLY;INTERVAL=2 EXDATE:20261111", "FREQ=YEARLY;BYWEEKNO=-53,1;BYDAY=SU;WKST=SU",
		"FREQ=YEARLY;BYDAY=-53SU", "FREQ=YEARLY;BYYEARDAY=366,-366", "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=366", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", "DTSTART=19700101;FREQ=DAILY;COUNT=10000"} {
		f.Add(s)
	}
	days := []geo.Day{day(f, "2026-11-04"), day(f, "2027-12-31"), day(f, "2028-02-29")}
	f.Fuzz(func(t *testing.T, rule string) {
		s, err := hours.Sessions(rule)
		if err != nil {
			if !errors.Is(err, hours.ErrSessions) {
				t.Fatalf("%q: %v", rule, err)
			}
			return
		}
		for _, d := range days {
			s.On(d)
		}
	})
}

func BenchmarkOn(b *testing.B) {
	s, d := sessions(b, "FREQ=MONTHLY;BYDAY=1WE"), day(b, "2026-11-04")
	for b.Loop() {
		s.On(d)
	}
}
