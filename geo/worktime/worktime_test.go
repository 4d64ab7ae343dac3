package worktime_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/worktime"
)

var china = time.FixedZone("Asia/Shanghai", 8*60*60)

func at(t testing.TB, text string) time.Time {
	t.Helper()
	instant, err := time.ParseInLocation("2006-01-02 15:04", text, china)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func day(t testing.TB, text string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// national is National Day of 2026: seven days off, and the Sunday before and the
// Saturday after are worked for them.
func national(t testing.TB) worktime.Calendar {
	c := worktime.Calendar{Changed: map[geo.Day]bool{day(t, "2026-09-20"): true, day(t, "2026-10-10"): true}}
	for _, off := range []string{"01", "02", "03", "04", "05", "06", "07"} {
		c.Changed[day(t, "2026-10-"+off)] = false
	}
	return c
}

func limit(n int, u worktime.Unit) worktime.Limit { return worktime.Limit{Amount: n, Unit: u} }

const (
	minutes = worktime.Minutes
	hours   = worktime.WorkingHours
	days    = worktime.WorkingDays
)

func TestDeadlines(t *testing.T) {
	c := national(t)
	pause := func(from, to string) []worktime.Pause {
		p := worktime.Pause{From: at(t, from)}
		if to != "" {
			p.To = at(t, to)
		}
		return []worktime.Pause{p}
	}
	for _, tt := range []struct {
		name       string
		start      string
		limit      worktime.Limit
		pauses     []worktime.Pause
		extensions []worktime.Limit
		want       string // "" = none
	}{
		{"minutes run at night and on holidays", "2026-10-01 23:50", limit(30, minutes), nil, nil, "2026-10-02 00:20"},
		{"hours within the morning", "2026-09-21 09:30", limit(2, hours), nil, nil, "2026-09-21 11:30"},
		{"hours pass over noon", "2026-09-21 11:00", limit(2, hours), nil, nil, "2026-09-21 14:00"},
		{"hours end at the close, not at the next opening", "2026-09-21 09:00", limit(8, hours), nil, nil, "2026-09-21 18:00"},
		{"hours begin at the opening", "2026-09-21 03:00", limit(1, hours), nil, nil, "2026-09-21 10:00"},
		{"hours pass over a weekend", "2026-09-25 17:00", limit(2, hours), nil, nil, "2026-09-28 10:00"},
		{"hours pass over the holidays", "2026-09-30 17:00", limit(2, hours), nil, nil, "2026-10-08 10:00"},
		{"hours run on a Saturday that is worked", "2026-10-09 17:00", limit(2, hours), nil, nil, "2026-10-10 10:00"},
		{"the first day does not count", "2026-09-21 09:00", limit(1, days), nil, nil, "2026-09-22 18:00"},
		{"nor does it late in the evening", "2026-09-21 23:59", limit(1, days), nil, nil, "2026-09-22 18:00"},
		{"days pass over a weekend", "2026-09-25 10:00", limit(1, days), nil, nil, "2026-09-28 18:00"},
		{"days pass over the holidays and count the Saturday worked", "2026-09-30 10:00", limit(3, days), nil, nil, "2026-10-10 18:00"},
		{"a Sunday worked counts", "2026-09-18 10:00", limit(1, days), nil, nil, "2026-09-20 18:00"},
		{"days from a holiday", "2026-10-03 10:00", limit(1, days), nil, nil, "2026-10-08 18:00"},

		{"minutes stand still", "2026-09-21 09:00", limit(60, minutes), pause("2026-09-21 09:30", "2026-09-21 12:00"), nil, "2026-09-21 12:30"},
		{"a pause before the start is none", "2026-09-21 09:00", limit(60, minutes), pause("2026-09-21 08:00", "2026-09-21 08:30"), nil, "2026-09-21 10:00"},
		{"a pause after the deadline is none", "2026-09-21 09:00", limit(60, minutes), pause("2026-09-21 10:00", ""), nil, "2026-09-21 10:00"},
		{"hours stand still", "2026-09-21 09:00", limit(2, hours), pause("2026-09-21 10:00", "2026-09-21 16:00"), nil, "2026-09-21 17:00"},
		{"a pause over night costs no hour", "2026-09-21 17:00", limit(2, hours), pause("2026-09-21 18:00", "2026-09-22 09:00"), nil, "2026-09-22 10:00"},
		{"a pause at noon costs no day", "2026-09-21 09:00", limit(1, days), pause("2026-09-22 10:00", "2026-09-22 16:00"), nil, "2026-09-22 18:00"},
		{"a pause over two closes costs two days", "2026-09-21 09:00", limit(1, days), pause("2026-09-22 10:00", "2026-09-24 10:00"), nil, "2026-09-24 18:00"},
		{"still standing, in minutes", "2026-09-21 09:00", limit(60, minutes), pause("2026-09-21 09:30", ""), nil, ""},
		{"still standing, in hours", "2026-09-21 09:00", limit(9, hours), pause("2026-09-21 15:00", ""), nil, ""},
		{"still standing, in days", "2026-09-21 09:00", limit(2, days), pause("2026-09-22 17:00", ""), nil, ""},

		{"an extension runs from the deadline", "2026-09-21 09:00", limit(1, days), nil, []worktime.Limit{limit(2, days)}, "2026-09-24 18:00"},
		{"in another unit", "2026-09-21 09:00", limit(1, days), nil, []worktime.Limit{limit(1, hours)}, "2026-09-23 10:00"},

		{"no limit", "2026-09-21 09:00", worktime.Limit{}, nil, nil, ""},
		{"a limit of nothing", "2026-09-21 09:00", limit(0, days), nil, nil, ""},
		{"a negative limit", "2026-09-21 09:00", limit(-3, minutes), nil, nil, ""},
		{"a limit of a century", "2026-09-21 09:00", limit(25_000, days), nil, nil, ""},
		{"an unknown unit", "2026-09-21 09:00", limit(3, "weeks"), nil, nil, ""},
		{"an extension of nothing", "2026-09-21 09:00", limit(1, days), nil, []worktime.Limit{{}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := c.Deadline(worktime.Clock{Start: at(t, tt.start), Limit: tt.limit, Pauses: tt.pauses, Extensions: tt.extensions})
			said := ""
			if ok {
				said = got.In(china).Format("2006-01-02 15:04")
			}
			if said != tt.want {
				t.Errorf("deadline %q, want %q", said, tt.want)
			}
		})
	}
}

func TestACalendarCoversTheYearsWhoseHolidaysItHas(t *testing.T) {
	c := national(t)
	if !c.Covers(day(t, "2026-01-02")) || c.Covers(day(t, "2027-01-02")) || (worktime.Calendar{}).Covers(day(t, "2026-01-02")) {
		t.Error("2026 is covered, and no other year")
	}
}

// random is a calendar of 2026 in which about one day in five is changed.
func random(r *rand.Rand, t testing.TB) worktime.Calendar {
	c := worktime.Calendar{Changed: map[geo.Day]bool{}}
	for first := at(t, "2026-01-01 00:00"); first.Year() == 2026; first = first.AddDate(0, 0, 1) {
		if r.IntN(5) == 0 {
			c.Changed[geo.DayOf(first)] = r.IntN(2) == 0
		}
	}
	return c
}

func TestDeadlinesAreInverseToTheTimeWorked(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		c := random(r, t)
		start := at(t, "2026-01-01 00:00").Add(time.Duration(r.IntN(300*24*60)) * time.Minute)
		n := 1 + r.IntN(60)
		due, ok := c.Deadline(worktime.Clock{Start: start, Limit: limit(n, hours)})
		if got := c.Worked(start, due); !ok || got != time.Duration(n)*time.Hour {
			t.Fatalf("%d working hours from %s end at %s: %s worked", n, start, due, got)
		}
		if !c.Works(geo.DayOf(due)) {
			t.Fatalf("due at %s, a day off", due)
		}
		due, ok = c.Deadline(worktime.Clock{Start: start, Limit: limit(n, days)})
		first := geo.DayOf(geo.DayOf(start).Start().Add(24 * time.Hour)).Start()
		if got := c.Worked(first, due); !ok || got != time.Duration(n)*8*time.Hour {
			t.Fatalf("%d working days from %s end at %s: %s worked", n, start, due, got)
		}
	}
}

func TestNeitherALaterStartNorALongerLimitNorAPauseMakesADeadlineEarlier(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		c := random(r, t)
		start := at(t, "2026-01-01 00:00").Add(time.Duration(r.IntN(200*24*60)) * time.Minute)
		unit := []worktime.Unit{minutes, hours, days}[r.IntN(3)]
		k := worktime.Clock{Start: start, Limit: limit(1+r.IntN(40), unit)}
		from := start.Add(time.Duration(r.IntN(10*24*60)-24*60) * time.Minute)
		paused := k
		paused.Pauses = []worktime.Pause{{From: from, To: from.Add(time.Duration(r.IntN(5*24*60)) * time.Minute)}}
		later, longer := k, k
		later.Start = start.Add(time.Duration(r.IntN(3*24*60)) * time.Minute)
		longer.Limit.Amount++
		due, ok := c.Deadline(k)
		if !ok || due.Before(start) {
			t.Fatalf("%+v is due at %s, %v", k, due, ok)
		}
		for _, other := range []worktime.Clock{paused, later, longer} {
			if got, ok := c.Deadline(other); !ok || got.Before(due) {
				t.Fatalf("%+v is due at %s, before %s of %+v", other, got, due, k)
			}
		}
		open := k
		open.Pauses = []worktime.Pause{{From: from}}
		if got, ok := c.Deadline(open); ok && (!got.Equal(due) || from.Before(due)) {
			t.Fatalf("%+v is due at %s although it stands still from before %s", open, got, due)
		}
	}
}
