// Package worktime counts deadlines: in minutes, in working hours and in working days.
//
// Which days people work is data (Calendar): Monday to Friday, but for the days that a
// notice of the State Council changes, both ways (holidays 放假, and the weekends worked
// for them 调休上班). Clocks stand still while a matter is held, and run on after an
// extension. All of it is for China's one time, UTC+8.
//
// Days are counted as the Civil Code does (articles 201 to 203): the day on which
// something happens does not count, the last day is a working day, and it ends when
// business ends.
package worktime

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"wangge/geo"
)

// Span is a part of every working day, from its start on and before its end.
type Span struct{ From, To time.Duration } // since midnight

// Office are eight hours with a break at noon, as most offices keep them.
func Office() []Span {
	return []Span{{9 * time.Hour, 12 * time.Hour}, {13 * time.Hour, 18 * time.Hour}}
}

// mostSpans is how many parts a working day has at most.
const mostSpans = 6

// ParseHours reads the working hours of a day as "09:00-12:00,13:00-18:00": in order, none
// over another, in whole minutes.
func ParseHours(text string) ([]Span, error) {
	var list []Span
	for _, part := range strings.Split(text, ",") {
		from, to, ok := strings.Cut(strings.TrimSpace(part), "-")
		s := Span{minuteOf(from), minuteOf(to)}
		switch {
		case !ok || s.From < 0 || s.To < 0:
			return nil, fmt.Errorf("%q: want hours such as 09:00-12:00", part)
		case s.From >= s.To:
			return nil, fmt.Errorf("%q ends before it begins", part)
		case len(list) > 0 && s.From <= list[len(list)-1].To:
			return nil, fmt.Errorf("%q begins before what stands ahead of it has ended", part)
		}
		list = append(list, s)
	}
	if len(list) > mostSpans {
		return nil, fmt.Errorf("%d parts: want at most %d", len(list), mostSpans)
	}
	return list, nil
}

// minuteOf is a time of the day, 24:00 its end; negative when it is none.
func minuteOf(text string) time.Duration {
	if text == "24:00" {
		return 24 * time.Hour
	}
	at, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return -1
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

// Calendar says when people work. Its zero value knows no holiday, and the hours of Office.
type Calendar struct {
	// Hours are those of a working day; nil = Office.
	Hours []Span
	// Changed are the days that a notice changes: true is worked, false is off.
	Changed map[geo.Day]bool
}

// Works reports whether a day is worked.
func (c Calendar) Works(day geo.Day) bool {
	if works, changed := c.Changed[day]; changed {
		return works
	}
	weekday := day.Start().Weekday()
	return weekday != time.Saturday && weekday != time.Sunday
}

// Covers reports whether the calendar has the holidays of a day's year. The notice for a
// year comes out in the autumn before: until then a deadline in it may yet move.
func (c Calendar) Covers(day geo.Day) bool {
	for changed := range c.Changed {
		if changed.String()[:4] == day.String()[:4] {
			return true
		}
	}
	return false
}

// Unit is what a limit is counted in.
type Unit string

// The units.
const (
	Minutes      Unit = "minutes" // of the clock, day and night
	WorkingHours Unit = "working-hours"
	WorkingDays  Unit = "working-days"
)

// most is the greatest amount of a unit: about three years.
var most = map[Unit]int{Minutes: 1_576_800, WorkingHours: 6_000, WorkingDays: 750}

// Limit is how long something may take. The zero Limit sets none.
type Limit struct {
	Amount int  `json:"amount" minimum:"1"`
	Unit   Unit `json:"unit" enum:"minutes,working-hours,working-days"`
}

// Check returns an error that says what is wrong with a limit.
func (l Limit) Check() error {
	switch max, known := most[l.Unit]; {
	case !known:
		return fmt.Errorf("unit %q: want minutes, working-hours or working-days", l.Unit)
	case l.Amount < 1 || l.Amount > max:
		return fmt.Errorf("%d %s: want 1 to %d", l.Amount, l.Unit, max)
	}
	return nil
}

// words are how people write units, and how many of ours one is.
var words = map[string]Limit{
	"分钟": {1, Minutes}, "分": {1, Minutes}, "min": {1, Minutes}, "minute": {1, Minutes}, "minutes": {1, Minutes},
	"小时": {60, Minutes}, "h": {60, Minutes}, "hour": {60, Minutes}, "hours": {60, Minutes},
	"天": {1440, Minutes}, "日": {1440, Minutes}, "自然日": {1440, Minutes}, "day": {1440, Minutes}, "days": {1440, Minutes},
	"工作小时": {1, WorkingHours}, "工作时": {1, WorkingHours}, "working hour": {1, WorkingHours}, "working hours": {1, WorkingHours}, "working-hours": {1, WorkingHours},
	"工作日": {1, WorkingDays}, "working day": {1, WorkingDays}, "working days": {1, WorkingDays}, "working-days": {1, WorkingDays},
}

// ParseLimit reads a limit as people write it: 30分钟, 2小时, 4个工作小时, 3个工作日, "2 working
// days". Hours and days without "working" are the clock's. "" is the zero Limit.
func ParseLimit(text string) (Limit, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return Limit{}, nil
	}
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	amount, err := strconv.Atoi(text[:digits])
	one, known := words[strings.TrimPrefix(strings.TrimSpace(text[digits:]), "个")]
	if err != nil || !known {
		return Limit{}, fmt.Errorf("%.40q: want a time such as 30 minutes, 4 working hours or 3 working days", text)
	}
	l := Limit{amount * one.Amount, one.Unit}
	if amount > most[one.Unit] { // so that no product runs over
		l.Amount = amount
	}
	return l, l.Check()
}

// String writes a limit as ParseLimit reads it; "" for the zero Limit.
func (l Limit) String() string {
	switch l.Unit {
	case Minutes:
		return fmt.Sprintf("%d分钟", l.Amount)
	case WorkingHours:
		return fmt.Sprintf("%d个工作小时", l.Amount)
	case WorkingDays:
		return fmt.Sprintf("%d个工作日", l.Amount)
	}
	return ""
}

// Pause is a time during which a clock stands still; To zero is without an end yet.
type Pause struct{ From, To time.Time }

func (p Pause) holds(at time.Time) bool {
	return !at.Before(p.From) && (p.To.IsZero() || at.Before(p.To))
}

// Clock is what a deadline is counted from.
type Clock struct {
	Start      time.Time
	Limit      Limit
	Pauses     []Pause // in order, not overlapping
	Extensions []Limit // each counted from the deadline without it
}

// Deadline is when the time of a clock is up. ok is false while it stands still and has
// not run out before, and for a clock without a limit.
//
// A working day that the clock stands still at the close of does not count, and any other
// does: an hour's pause at noon moves no deadline in days, one overnight moves it by one.
func (c Calendar) Deadline(k Clock) (at time.Time, ok bool) {
	at = k.Start
	for _, l := range append([]Limit{k.Limit}, k.Extensions...) {
		if l.Check() != nil {
			return time.Time{}, false
		}
		if at, ok = c.after(at, l, k.Pauses); !ok {
			return time.Time{}, false
		}
	}
	return at, true
}

// after is a limit after an instant.
func (c Calendar) after(start time.Time, l Limit, pauses []Pause) (time.Time, bool) {
	switch l.Unit {
	case Minutes:
		return run(start, time.Duration(l.Amount)*time.Minute, pauses)
	case WorkingHours:
		return c.hours(start, time.Duration(l.Amount)*time.Hour, pauses)
	}
	return c.days(start, l.Amount, pauses)
}

// run is when a clock that stands still in the pauses has run for some time.
func run(start time.Time, d time.Duration, pauses []Pause) (time.Time, bool) {
	for _, p := range pauses {
		switch {
		case !p.To.IsZero() && !p.To.After(start):
			continue // over before
		case p.From.After(start) && p.From.Sub(start) >= d:
			return start.Add(d), true
		case p.From.After(start):
			d -= p.From.Sub(start)
		}
		if p.To.IsZero() {
			return time.Time{}, false
		}
		start = p.To
	}
	return start.Add(d), true
}

// hours is when some working time has passed.
func (c Calendar) hours(start time.Time, d time.Duration, pauses []Pause) (time.Time, bool) {
	for day := geo.DayOf(start); ; day = next(day) {
		for _, s := range c.spans(day) {
			from, to := day.Start().Add(s.From), day.Start().Add(s.To)
			if from.Before(start) {
				from = start
			}
			if !from.Before(to) {
				continue
			}
			if at, ok := run(from, d, pauses); ok && !at.After(to) {
				return at, true
			} else if !ok && standsFrom(from, pauses) {
				return time.Time{}, false
			}
			d -= running(from, to, pauses)
		}
	}
}

// standsFrom reports whether a clock stands still at an instant, and nobody knows until when.
func standsFrom(at time.Time, pauses []Pause) bool {
	for _, p := range pauses {
		if p.To.IsZero() && p.holds(at) {
			return true
		}
	}
	return false
}

// days is the close of the n-th working day after the day of start.
func (c Calendar) days(start time.Time, n int, pauses []Pause) (time.Time, bool) {
	for day := next(geo.DayOf(start)); ; day = next(day) {
		spans := c.spans(day)
		if len(spans) == 0 {
			continue
		}
		closes := day.Start().Add(spans[len(spans)-1].To)
		if standsFrom(closes, pauses) {
			return time.Time{}, false
		}
		if !paused(closes, pauses) {
			n--
		}
		if n == 0 {
			return closes, true
		}
	}
}

func paused(at time.Time, pauses []Pause) bool {
	for _, p := range pauses {
		if p.holds(at) {
			return true
		}
	}
	return false
}

// Worked is the working time between two instants.
func (c Calendar) Worked(from, to time.Time) (d time.Duration) {
	for day := geo.DayOf(from); day.Start().Before(to); day = next(day) {
		for _, s := range c.spans(day) {
			d += overlap(from, to, day.Start().Add(s.From), day.Start().Add(s.To))
		}
	}
	return d
}

// running is how long a clock runs between two instants.
func running(from, to time.Time, pauses []Pause) time.Duration {
	d := to.Sub(from)
	for _, p := range pauses {
		end := p.To
		if end.IsZero() {
			end = to
		}
		d -= overlap(from, to, p.From, end)
	}
	return d
}

func overlap(from, to, otherFrom, otherTo time.Time) time.Duration {
	if otherFrom.After(from) {
		from = otherFrom
	}
	if otherTo.Before(to) {
		to = otherTo
	}
	return max(0, to.Sub(from))
}

// spans are the working hours of a day; none when it is off.
func (c Calendar) spans(day geo.Day) []Span {
	if !c.Works(day) {
		return nil
	}
	if len(c.Hours) == 0 {
		return Office()
	}
	return c.Hours
}

func next(day geo.Day) geo.Day { return geo.DayOf(day.Start().Add(24 * time.Hour)) }
