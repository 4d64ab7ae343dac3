package calendar_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/calendar"
	"wangge/geo/fault"
	"wangge/geo/pg/pgtest"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/worktime"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func day(t testing.TB, text string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func read(text string) ([]calendar.Day, error) {
	list, _, err := calendar.Read(sheet.File{Name: "holidays.csv", ReaderAt: strings.NewReader(text), Size: int64(len(text))})
	return list, err
}

func TestATableOfDaysIsRead(t *testing.T) {
	want := []calendar.Day{{Day: day(t, "2027-02-05"), Name: "春节"}, {Day: day(t, "2027-02-14"), Working: true, Name: "春节"}}
	for _, text := range []string{
		"日期,类型,名称\n2027-02-05,休,春节\n2027年2月14日,班,春节\n",
		"date,type,name\n2027/2/5,holiday,春节\n20270214,Workday,春节\n",
		"名称,日期,安排\n春节,2027.2.5,放假\n春节,2027-02-14,调休上班\n",
	} {
		got, err := read(text)
		if err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestATableThatIsNoCalendarIsRefusedWithItsPlaces(t *testing.T) {
	for _, tt := range []struct{ name, text, code, place string }{
		{"a Monday that is worked", "日期,类型\n2027-02-05,休\n2027-02-15,班\n", "day_impossible", "row 3, column 1 (日期)"},
		{"no date", "日期,类型\n,休\n", "value_missing", "row 2, column 1 (日期)"},
		{"no such date", "日期,类型\n2027-02-30,休\n", sheet.CodeDate, "row 2, column 1 (日期)"},
		{"another century", "日期,类型\n1927-02-05,休\n", "day_impossible", "row 2, column 1 (日期)"},
		{"an unknown kind", "日期,类型\n2027-02-05,半天\n", "kind_unknown", "row 2, column 2 (类型)"},
		{"the same day off twice", "日期,类型\n2027-02-05,休\n2027/2/5,休\n", "repeated_id", "row 3, column 1 (日期)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(tt.text)
			f := fault.Of(err)
			if !errors.Is(err, calendar.ErrRows) || len(f.Places) != 1 || f.Places[0].Code != tt.code || f.Places[0].Pointer != tt.place {
				t.Errorf("%v %+v, want %s at %s", err, f, tt.code, tt.place)
			}
		})
	}
	if _, err := read("日期,类型\n"); err == nil {
		t.Error("a table without rows is a calendar")
	}
	if _, err := read("日期,名称\n2027-02-05,春节\n"); !errors.Is(err, sheet.ErrColumns) {
		t.Errorf("no column of kinds: %v", err)
	}
}

func TestTheCalendarOfTheNoticesIsThere(t *testing.T) {
	tx := pgtest.Tx(t)
	c, err := calendar.Load(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	// 365 days with 248 working days each, as the notices leave them.
	for year, want := range map[int]int{2025: 248, 2026: 248} {
		worked := 0
		for at := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); at.Year() == year; at = at.AddDate(0, 0, 1) {
			if c.Works(geo.DayOf(at)) {
				worked++
			}
		}
		if worked != want {
			t.Errorf("%d has %d working days, want %d", year, worked, want)
		}
	}
	start := day(t, "2026-09-30").Start().Add(10 * time.Hour)
	due, ok := c.Deadline(worktime.Clock{Start: start, Limit: worktime.Limit{Amount: 3, Unit: worktime.WorkingDays}})
	if want := day(t, "2026-10-10").Start().Add(18 * time.Hour); !ok || !due.Equal(want) {
		t.Errorf("three working days from 30 September 2026 end at %s, want %s", due, want)
	}
}

func TestAListTakesThePlaceOfItsYears(t *testing.T) {
	tx := pgtest.Tx(t)
	before, err := calendar.Days(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	list := []calendar.Day{{Day: day(t, "2027-01-01"), Name: "元旦"}, {Day: day(t, "2027-02-14"), Working: true, Name: "春节"}}
	for range 2 { // the same again is the same
		if err := calendar.Put(t.Context(), tx, staff.Local, list); err != nil {
			t.Fatal(err)
		}
	}
	if err := calendar.Put(t.Context(), tx, staff.Local, list[:1]); err != nil {
		t.Fatal(err)
	}
	after, err := calendar.Days(t.Context(), tx)
	if err != nil || len(after) != len(before)+1 || after[len(after)-1] != list[0] {
		t.Errorf("%d days, then %d ending with %+v, %v", len(before), len(after), after[len(after)-1], err)
	}
}

func TestWhoMayNotChangeTheCalendarDoesNot(t *testing.T) {
	tx := pgtest.Tx(t)
	list := []calendar.Day{{Day: day(t, "2027-01-01"), Name: "元旦"}}
	town := staff.Actor{Name: "account:1", Account: 1, Grants: []staff.Grant{{Unit: 7, May: []staff.Permission{staff.Setting}}}}
	for name, tt := range map[string]struct {
		actor staff.Actor
		list  []calendar.Day
		want  error
	}{
		"the public":                   {staff.Public, list, staff.ErrSignedOut},
		"a dispatcher":                 {staff.Actor{Name: "account:1", Grants: []staff.Grant{{May: []staff.Permission{staff.Dispatch}}}}, list, staff.ErrForbidden},
		"an administrator of one town": {town, list, staff.ErrOutside},
		"nothing":                      {staff.Local, nil, calendar.ErrNone},
		"a day twice":                  {staff.Local, append(list, list...), calendar.ErrRows},
		"a Friday that is worked":      {staff.Local, []calendar.Day{{Day: list[0].Day, Working: true}}, calendar.ErrRows},
		"a name that is a text":        {staff.Local, []calendar.Day{{Day: list[0].Day, Name: strings.Repeat("节", 41)}}, calendar.ErrRows},
		"a day that was never a day":   {staff.Local, []calendar.Day{{}}, calendar.ErrRows},
	} {
		if err := calendar.Put(t.Context(), tx, tt.actor, tt.list); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
