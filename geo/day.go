package geo

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Day is a calendar day in China. The country keeps one time, UTC+8, without
// daylight saving since 1992; boundaries change at its midnight.
type Day struct{ t time.Time } // midnight UTC of that date

var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// DayOf is the day it is in China at an instant.
func DayOf(instant time.Time) Day {
	y, m, d := instant.In(shanghai).Date()
	return Day{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

// ParseDay reads a date as YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Day{}, fmt.Errorf("date %q: want YYYY-MM-DD", s)
	}
	return Day{t}, nil
}

// String is the date as YYYY-MM-DD.
func (d Day) String() string { return d.t.Format(time.DateOnly) }

// IsZero reports whether no day was set.
func (d Day) IsZero() bool { return d.t.IsZero() }

// Before reports whether d is an earlier day.
func (d Day) Before(other Day) bool { return d.t.Before(other.t) }

// Start is the instant the day begins in China.
func (d Day) Start() time.Time {
	y, m, day := d.t.Date()
	return time.Date(y, m, day, 0, 0, 0, 0, shanghai)
}

// Since is how many days d is after another; negative = before it.
func (d Day) Since(other Day) int { return int((d.t.Unix() - other.t.Unix()) / (24 * 60 * 60)) }

// AddDays is the day so many later; negative = earlier.
func (d Day) AddDays(n int) Day { return Day{d.t.AddDate(0, 0, n)} }

// MarshalText writes YYYY-MM-DD.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Day) UnmarshalText(text []byte) error {
	parsed, err := ParseDay(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// Value lets a database driver store the day as a date.
func (d Day) Value() (driver.Value, error) { return d.t, nil }

// Scan reads a date from a database driver.
func (d *Day) Scan(src any) error {
	t, ok := src.(time.Time)
	if !ok {
		return fmt.Errorf("day: cannot read %T", src)
	}
	*d = Day{t.UTC()}
	return nil
}
