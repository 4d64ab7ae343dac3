package geo_test

import (
	"encoding/json"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/pg/pgtest"
)

func TestTheDayChangesAtMidnightInChina(t *testing.T) {
	tests := []struct{ name, instant, want string }{
		{"one second before midnight", "2026-03-01T15:59:59Z", "2026-03-01"},
		{"midnight", "2026-03-01T16:00:00Z", "2026-03-02"},
		{"midnight, told in another zone", "2026-03-01T08:00:00-08:00", "2026-03-02"},
		{"the last moment of a leap day", "2028-02-29T23:59:59.999999999+08:00", "2028-02-29"},
		{"new year in China, old year in London", "2025-12-31T17:00:00Z", "2026-01-01"},
		{"summer of 1988, when clocks were one hour ahead: one time is kept", "1988-07-01T16:00:00Z", "1988-07-02"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			instant, err := time.Parse(time.RFC3339Nano, tt.instant)
			if err != nil {
				t.Fatal(err)
			}
			if got := geo.DayOf(instant).String(); got != tt.want {
				t.Errorf("DayOf(%s) = %s, want %s", tt.instant, got, tt.want)
			}
		})
	}
}

func TestADayStartsWhereTheDayBeforeEnds(t *testing.T) {
	day, err := geo.ParseDay("2026-03-02")
	if err != nil {
		t.Fatal(err)
	}
	if got := day.Start(); !got.Equal(time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("Start = %s, want 2026-03-01T16:00:00Z", got.UTC())
	}
	if geo.DayOf(day.Start()) != day || geo.DayOf(day.Start().Add(-1)) == day {
		t.Error("the start of a day is its first instant")
	}
	yesterday := geo.DayOf(day.Start().Add(-1))
	if !yesterday.Before(day) || day.Before(yesterday) || day.Before(day) {
		t.Error("Before is not the order of days")
	}
}

func TestDatesThatAreNoneAreRefused(t *testing.T) {
	for _, text := range []string{"", "2026-02-30", "2026-2-3", "20260203", "2026-02-03T00:00:00Z", "03.02.2026", "二〇二六年", " 2026-02-03"} {
		if day, err := geo.ParseDay(text); err == nil {
			t.Errorf("ParseDay(%q) = %s, want an error", text, day)
		}
		var d geo.Day
		if err := d.UnmarshalText([]byte(text)); err == nil || !d.IsZero() {
			t.Errorf("UnmarshalText(%q) = %v and %s, want an error and no day", text, err, d)
		}
	}
}

func TestADayTravelsThroughJSONAndTheDatabaseUnchanged(t *testing.T) {
	db := pgtest.Tx(t)
	for _, text := range []string{"1949-10-01", "2026-01-01", "2028-02-29"} {
		day, err := geo.ParseDay(text)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(day)
		if err != nil {
			t.Fatal(err)
		}
		var decoded, stored geo.Day
		if err := json.Unmarshal(encoded, &decoded); err != nil {
			t.Fatal(err)
		}
		var shown string
		if err := db.QueryRow(t.Context(), `SELECT $1::date, $1::date::text`, day).Scan(&stored, &shown); err != nil {
			t.Fatal(err)
		}
		if string(encoded) != `"`+text+`"` || decoded != day || stored != day || shown != text {
			t.Errorf("%s: JSON %s and back %s, database %s (%s)", text, encoded, decoded, stored, shown)
		}
	}
	var none *geo.Day
	if err := db.QueryRow(t.Context(), `SELECT NULL::date`).Scan(&none); err != nil || none != nil {
		t.Errorf("NULL is read as %v, %v; want no day", none, err)
	}
	var d geo.Day
	if err := d.Scan("2026-01-01"); err == nil {
		t.Error("a text was read as a day from the database")
	}
}

func TestDaysAreCountedAcrossMonthsAndYears(t *testing.T) {
	day := func(text string) geo.Day {
		d, err := geo.ParseDay(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		from string
		days int
		to   string
	}{{"2026-11-22", 0, "2026-11-22"}, {"2026-12-31", 1, "2027-01-01"}, {"2024-03-01", -1, "2024-02-29"}, {"2000-01-01", 9_822, "2026-11-22"}} {
		if got := day(c.from).AddDays(c.days); got != day(c.to) {
			t.Errorf("%s and %d days: %s, want %s", c.from, c.days, got, c.to)
		}
		if got := day(c.to).Since(day(c.from)); got != c.days {
			t.Errorf("%s since %s: %d days, want %d", c.to, c.from, got, c.days)
		}
	}
}
