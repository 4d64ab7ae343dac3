package hours

import (
	"slices"
	"time"

	"wangge/geo"
)

// State is whether something is open. The zero State is Closed.
type State uint8

// The states.
const (
	Closed State = iota
	Open
	Unknown // the text says so, or leaves it open
)

// String is the word of the state.
func (s State) String() string { return [...]string{"closed", "open", "unknown"}[s] }

// Hours are opening hours. The zero Hours are never open.
type Hours struct {
	choices  [][]rule // parted by "||"
	holidays Holidays
}

// Holidays are the days that PH and SH stand for. Of no days at all, none is one.
type Holidays struct {
	Public, School map[geo.Day]bool
}

// Observing returns the hours with these holidays.
func (h Hours) Observing(holidays Holidays) Hours {
	h.holidays = holidays
	return h
}

// rule says what state holds at which times of which days.
type rule struct {
	years   []stepped
	dates   []dates
	weeks   []stepped
	days    [][]days // each of the lists must match
	times   []span   // none: the whole day
	state   State
	comment string
	added   bool // after a comma
}

// stepped is a range of years or weeks, both ends included.
type stepped struct{ from, to, step int }

func (s stepped) has(n int) bool {
	if s.from <= s.to {
		return n >= s.from && n <= s.to && (n-s.from)%s.step == 0
	}
	return n >= s.from && (n-s.from)%s.step == 0 || n <= s.to // weeks over New Year
}

// span is minutes since midnight, the end excluded; it may pass into the next day.
type span struct {
	from, to int
	open     bool // its end is not known, and so it is unknown
}

// date is a day of the year, a whole month (no day, no nth), or Easter.
type date struct {
	year    int // 0: every year
	said    bool
	month   time.Month
	day     int
	weekday time.Weekday // with nth
	nth     int
	easter  bool
	offset  int // days
}

// dates are a range of dates, both included.
type dates struct {
	from, to     date
	open, ranged bool // open: to the end of the year, or of time if the year is said
}

// days are weekdays, of the month's nth week if said, or holidays.
type days struct {
	from, to time.Weekday
	nth      []int
	holiday  holiday
	offset   int // days
}

type holiday uint8

const (
	public holiday = iota + 1
	school
)

// At returns whether it is open at an instant.
func (h Hours) At(t time.Time) State {
	state, _ := h.Look(t)
	return state
}

// Look returns whether it is open at an instant, and the comment of the rule that says so.
func (h Hours) Look(t time.Time) (State, string) {
	day := geo.DayOf(t)
	minute := int(t.Sub(day.Start()) / time.Minute)
	now := h.plan(day)
	return now.at(minute)
}

// piece is what the rules say from one minute of a day to another, the end excluded.
type piece struct {
	from, to int
	state    State
	comment  string
}

// plan is a day as the choices have it: what began yesterday and goes on, then
// what begins today. What comes later in a list prevails.
type plan [][]piece

func (h Hours) plan(day geo.Day) plan {
	p := make(plan, len(h.choices))
	today := civil(day)
	yesterday := today.AddDate(0, 0, -1)
	for i, rules := range h.choices {
		for _, before := range h.begin(rules, yesterday) {
			if before.to > 24*60 {
				p[i] = append(p[i], piece{max(0, before.from-24*60), before.to - 24*60, before.state, before.comment})
			}
		}
		began := h.begin(rules, today)
		if len(began) > 0 && began[0] == (piece{0, 24 * 60, Closed, began[0].comment}) {
			p[i], began = append([]piece{began[0]}, p[i]...), began[1:] // a day off does not send last night's guests away
		}
		p[i] = append(p[i], began...)
	}
	return p
}

// begin returns what begins on a day.
func (h Hours) begin(rules []rule, day time.Time) []piece {
	var list []piece
	for _, r := range rules {
		if !h.matches(r, day) {
			continue
		}
		if len(r.times) == 0 {
			if !r.added || r.state == Closed {
				list = list[:0]
			}
			if r.state != Closed || r.comment != "" {
				list = append(list, piece{0, 24 * 60, r.state, r.comment})
			}
			continue
		}
		if !r.added && r.state != Closed {
			list = list[:0]
		}
		for _, s := range r.times {
			state := r.state
			if s.open && state == Open {
				state = Unknown
			}
			list = append(list, piece{s.from, s.to, state, r.comment})
		}
	}
	return list
}

// at returns the state at a minute of the day: that of the first choice that is not closed.
func (p plan) at(minute int) (State, string) {
	said := ""
	for i, pieces := range p {
		for _, now := range slices.Backward(pieces) {
			if minute < now.from || minute >= now.to {
				continue
			}
			if now.state != Closed {
				return now.state, now.comment
			}
			if i == 0 {
				said = now.comment
			}
			break
		}
	}
	return Closed, said
}

// goesOn reports whether what holds at an instant began on the day before.
func (h Hours) goesOn(t time.Time) bool {
	day := geo.DayOf(t)
	minute := int(t.Sub(day.Start())/time.Minute) + 24*60
	for _, rules := range h.choices {
		for _, now := range slices.Backward(h.begin(rules, civil(day).AddDate(0, 0, -1))) {
			if minute >= now.from && minute < now.to {
				return now.state != Closed
			}
		}
	}
	return false
}

// matches reports whether a rule speaks of a day.
func (h Hours) matches(r rule, day time.Time) bool {
	_, week := day.ISOWeek()
	if len(r.years) > 0 && !slices.ContainsFunc(r.years, func(s stepped) bool { return s.has(day.Year()) }) ||
		len(r.weeks) > 0 && !slices.ContainsFunc(r.weeks, func(s stepped) bool { return s.has(week) }) ||
		len(r.dates) > 0 && !slices.ContainsFunc(r.dates, func(d dates) bool { return d.has(day) }) {
		return false
	}
	for _, list := range r.days {
		if !slices.ContainsFunc(list, func(d days) bool { return h.has(d, day) }) {
			return false
		}
	}
	return true
}

// has reports whether a day is one of the weekdays or holidays.
func (h Hours) has(d days, day time.Time) bool {
	day = day.AddDate(0, 0, -d.offset)
	switch d.holiday {
	case public:
		return h.holidays.Public[geo.DayOf(day)]
	case school:
		return h.holidays.School[geo.DayOf(day)]
	}
	w := day.Weekday()
	if d.from <= d.to && (w < d.from || w > d.to) || d.from > d.to && w < d.from && w > d.to {
		return false
	}
	if len(d.nth) == 0 {
		return true
	}
	last := day.AddDate(0, 1, -day.Day()).Day()
	if day.Day() > 28 { // AddDate would pass over a short month
		last = time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	}
	first, fromEnd := (day.Day()-1)/7+1, -((last-day.Day())/7 + 1)
	return slices.Contains(d.nth, first) || slices.Contains(d.nth, fromEnd)
}

// has reports whether a day lies within the dates, as they begin in the year that
// is said, or in any: the one before too, for they may pass New Year, and an
// offset may bring the next one's forward.
func (d dates) has(day time.Time) bool {
	years := []int{day.Year() - 1, day.Year(), day.Year() + 1}
	if d.from.year != 0 {
		years = []int{d.from.year}
	}
	for _, year := range years {
		first, ok := d.from.first(year)
		if !ok && !d.ranged && !d.open {
			continue // there is no 29 February this year
		}
		last := d.to.last(year)
		switch {
		case d.open && d.from.year != 0:
			last = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
		case d.open:
			last = time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC)
		case d.to.said:
			last = d.to.last(d.to.year)
		case last.Before(first):
			last = d.to.last(year + 1)
		}
		if !day.Before(first) && !day.After(last) {
			return true
		}
	}
	return false
}

// first is the day on which the date begins in a year, and whether there is such
// a day; 29 February of a common year begins on 1 March.
func (d date) first(year int) (time.Time, bool) {
	switch {
	case d.easter:
		return easter(year).AddDate(0, 0, d.offset), true
	case d.nth != 0:
		return d.weekdayOf(year).AddDate(0, 0, d.offset), true
	}
	t := time.Date(year, d.month, max(d.day, 1), 0, 0, 0, 0, time.UTC)
	return t.AddDate(0, 0, d.offset), t.Month() == d.month
}

// last is the day on which the date ends in a year; 29 February of a common year
// ends on the 28th.
func (d date) last(year int) time.Time {
	if d.easter || d.nth != 0 {
		t, _ := d.first(year)
		return t
	}
	t := time.Date(year, d.month+1, 0, 0, 0, 0, 0, time.UTC)
	if d.day > 0 && d.day < t.Day() {
		t = time.Date(year, d.month, d.day, 0, 0, 0, 0, time.UTC)
	}
	return t.AddDate(0, 0, d.offset)
}

// weekdayOf is the nth weekday of the month, counted from its end if negative. A
// fifth one that does not exist is the last.
func (d date) weekdayOf(year int) time.Time {
	if d.nth < 0 {
		t := time.Date(year, d.month+1, 0, 0, 0, 0, 0, time.UTC)
		back := (int(t.Weekday()-d.weekday) + 7) % 7
		return t.AddDate(0, 0, -back+7*(d.nth+1))
	}
	t := time.Date(year, d.month, 1, 0, 0, 0, 0, time.UTC)
	t = t.AddDate(0, 0, (int(d.weekday-t.Weekday())+7)%7+7*(d.nth-1))
	if t.Month() != d.month {
		t = t.AddDate(0, 0, -7)
	}
	return t
}

// easter is Easter Sunday of the Gregorian calendar, by the anonymous algorithm
// (Nature, 20 April 1876; Meeus, Astronomical Algorithms, ch. 8).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (b - (b+8)/25 + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}

// civil is the date of a day, at midnight UTC: for counting days, not an instant.
func civil(day geo.Day) time.Time {
	y, m, d := day.Start().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Span is a time during which the state is the same, and not closed.
type Span struct {
	From, To time.Time
	State    State
	Comment  string
}

// Week returns the seven days from the day of an instant on, in order; what is
// closed is left out, and what goes on over midnight is one span.
func (h Hours) Week(monday time.Time) []Span { return h.spans(geo.DayOf(monday), 7) }

// Ever reports whether it is open, or may be, within a year from a day on.
func (h Hours) Ever(from geo.Day) bool {
	day := civil(from)
	for range 366 {
		for _, s := range h.day(geo.DayOf(day)) {
			if s.State != Closed {
				return true
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	return false
}

func (h Hours) spans(first geo.Day, count int) []Span {
	var list []Span
	day := civil(first)
	for range count {
		for _, s := range h.day(geo.DayOf(day)) {
			if last := len(list) - 1; last >= 0 && list[last].To.Equal(s.From) && list[last].State == s.State && list[last].Comment == s.Comment {
				list[last].To = s.To
				continue
			}
			list = append(list, s)
		}
		day = day.AddDate(0, 0, 1)
	}
	return slices.DeleteFunc(list, func(s Span) bool { return s.State == Closed })
}

// day cuts a day where something begins or ends.
func (h Hours) day(day geo.Day) []Span {
	now := h.plan(day)
	cuts := []int{0, 24 * 60}
	for _, pieces := range now {
		for _, p := range pieces {
			cuts = append(cuts, min(p.from, 24*60), min(p.to, 24*60))
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var list []Span
	start := day.Start()
	for i, from := range cuts[:len(cuts)-1] {
		state, comment := now.at(from)
		list = append(list, Span{
			start.Add(time.Duration(from) * time.Minute),
			start.Add(time.Duration(cuts[i+1]) * time.Minute), state, comment})
	}
	return list
}
