package hours

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"wangge/geo"
	"wangge/geo/fault"
)

// ErrSessions says that a text is no recurrence rule of days; its detail says why.
var ErrSessions = fault.New(fault.Invalid, "sessions",
	"The sessions cannot be read; write an RFC 5545 rule of days like “FREQ=MONTHLY;BYDAY=1WE”, and the time of day into the hours.")

// Series are the days of sessions (场次). The zero Series has none.
type Series struct {
	text    string
	option  rrule.ROption
	start   geo.Day // zero: not said
	until   geo.Day // zero: without end
	also    []geo.Day
	without []geo.Day
}

// MaxCount is how many sessions a rule with COUNT may have.
const MaxCount = 10_000

// far moves a date into the last 400 years the library knows (it ends at 9999).
// The calendar repeats every 400 years, with its weekdays, so the answer is the same,
// and a rule that never comes again (30 February) is searched for 400 years at most.
const far = 9600 - 2000

// Sessions reads a recurrence rule of RFC 5545 (RRULE, section 3.3.10) whose
// frequency is a day or more, with DTSTART, EXDATE and RDATE where they are
// needed: as lines, or with DTSTART as one more part of the rule. Of date-times
// only the day in China counts.
//
//	FREQ=MONTHLY;BYDAY=1WE
//	DTSTART:20240103 RRULE:FREQ=WEEKLY;INTERVAL=2 EXDATE:20240501
//
// A rule that leaves its days to DTSTART, counts, or skips periods wants DTSTART.
func Sessions(text string) (Series, error) {
	s := Series{text: text}
	if len(text) > MaxLength {
		return Series{}, ErrSessions.Saying(fmt.Sprintf("The text has %d bytes; at most %d are read.", len(text), MaxLength))
	}
	var parts []string
	ruled := false
	for _, line := range strings.Fields(strings.ToUpper(text)) {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			name, value = "RRULE", line
		}
		property, _, _ := strings.Cut(name, ";") // parameters such as TZID
		var err error
		switch {
		case property == "RRULE" && !ruled:
			ruled = true
			parts = append(parts, strings.Split(value, ";")...)
		case property == "DTSTART":
			parts = append(parts, "DTSTART="+value)
		case property == "EXDATE":
			s.without, err = dayList(value)
		case property == "RDATE":
			s.also, err = dayList(value)
		default:
			err = ErrSessions.Saying(fmt.Sprintf("“%s” is neither the one RRULE nor DTSTART, EXDATE or RDATE.", line))
		}
		if err != nil {
			return Series{}, err
		}
	}
	if err := s.read(parts); err != nil {
		return Series{}, err
	}
	if !s.ever() && len(s.also) == 0 {
		return Series{}, ErrSessions.Saying("No day is in it.")
	}
	return s, nil
}

// read reads the parts of a rule, "BYDAY=1WE".
func (s *Series) read(parts []string) error {
	var known []string
	seen := map[string]bool{}
	for _, part := range parts {
		name, value, ok := strings.Cut(part, "=")
		if part == "" {
			continue
		}
		if !ok || value == "" || seen[name] {
			return ErrSessions.Saying(fmt.Sprintf("“%s”: want NAME=VALUE, each name once.", part))
		}
		seen[name] = true
		switch name {
		case "FREQ", "WKST", "BYSETPOS", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY":
			known = append(known, part)
		case "INTERVAL", "COUNT":
			most := map[string]int{"INTERVAL": 1000, "COUNT": MaxCount}[name]
			if n, err := strconv.Atoi(value); err != nil || n < 1 || n > most {
				return ErrSessions.Saying(fmt.Sprintf("%s: want a number from 1 to %d.", part, most))
			}
			known = append(known, part)
		case "DTSTART", "UNTIL":
			day, err := dayIn(value)
			if err != nil {
				return err
			}
			if name == "DTSTART" {
				s.start = day
			} else {
				s.until = day
			}
		case "BYHOUR", "BYMINUTE", "BYSECOND":
			return ErrSessions.Saying(fmt.Sprintf("%s: a session is a day; write its time into the hours.", part))
		default:
			return ErrSessions.Saying(fmt.Sprintf("“%s” is no part of a rule.", part))
		}
	}
	switch {
	case !seen["FREQ"]:
		return ErrSessions.Saying("FREQ is missing.")
	case seen["COUNT"] && seen["UNTIL"]:
		return ErrSessions.Saying("A rule has COUNT or UNTIL, not both.")
	}
	option, err := rrule.StrToROption(strings.Join(known, ";"))
	if err != nil {
		return ErrSessions.Saying(err.Error() + ".")
	}
	if option.Freq > rrule.DAILY {
		return ErrSessions.Saying(fmt.Sprintf("FREQ=%s: a session is a day; want DAILY, WEEKLY, MONTHLY or YEARLY.", option.Freq))
	}
	days := seen["BYDAY"] || seen["BYMONTHDAY"] || seen["BYYEARDAY"] || seen["BYWEEKNO"]
	if s.start.IsZero() && (option.Count > 0 || option.Interval > 1 || option.Freq != rrule.DAILY && !days) {
		return ErrSessions.Saying("Which days these are depends on the first one; say it with DTSTART.")
	}
	s.option = *option
	if !s.start.IsZero() {
		s.option.Dtstart = moved(s.start)
	}
	return s.bounds()
}

// bounds refuses numbers which the library does not check and stumbles over.
func (s *Series) bounds() error {
	o := &s.option
	most := 53
	if o.Freq == rrule.MONTHLY || len(o.Bymonth) > 0 {
		most = 5
	}
	for _, day := range o.Byweekday {
		if n := day.N(); n != 0 && (o.Freq == rrule.WEEKLY || o.Freq == rrule.DAILY || len(o.Byweekno) > 0) {
			return ErrSessions.Saying(fmt.Sprintf("BYDAY=%s: a number of the weekday wants FREQ=MONTHLY or YEARLY, without BYWEEKNO.", day))
		} else if n < -most || n > most {
			return ErrSessions.Saying(fmt.Sprintf("BYDAY=%s: want a number from 1 to %d, or negative from the end.", day, most))
		}
	}
	if len(o.Byweekno) > 0 && o.Freq != rrule.YEARLY || len(o.Byyearday) > 0 && o.Freq != rrule.YEARLY && o.Freq != rrule.DAILY ||
		len(o.Bymonthday) > 0 && o.Freq == rrule.WEEKLY {
		return ErrSessions.Saying("BYWEEKNO and BYYEARDAY want FREQ=YEARLY, BYMONTHDAY anything but WEEKLY.")
	}
	if _, err := rrule.NewRRule(s.option); err != nil {
		return ErrSessions.Saying(err.Error() + ".")
	}
	return nil
}

// On reports whether there is a session on a day.
func (s Series) On(day geo.Day) bool {
	if s.text == "" || slices.Contains(s.without, day) {
		return false
	}
	if slices.Contains(s.also, day) {
		return true
	}
	if !s.until.IsZero() && s.until.Before(day) || !s.start.IsZero() && day.Before(s.start) {
		return false
	}
	option := s.option
	t := moved(day)
	option.Until = t
	if option.Dtstart.IsZero() {
		option.Dtstart = s.period(t)
	}
	rule, err := rrule.NewRRule(option)
	if err != nil {
		return false // bounds has seen to that
	}
	next := rule.Iterator()
	for found, ok := next(); ok; found, ok = next() {
		if !found.Before(t) {
			return found.Equal(t)
		}
	}
	return false
}

// period is the first day of the year, month or week that a day lies in.
func (s Series) period(t time.Time) time.Time {
	switch s.option.Freq {
	case rrule.YEARLY:
		return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	case rrule.MONTHLY:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	case rrule.WEEKLY:
		first := (s.option.Wkst.Day() + 1) % 7 // the library counts from Monday
		return t.AddDate(0, 0, -((int(t.Weekday())-first)+7)%7)
	}
	return t
}

// ever reports whether any day is in the rule at all. Without DTSTART it is
// asked about 400 years, all there are.
func (s Series) ever() bool {
	option := s.option
	if !s.until.IsZero() {
		option.Until = moved(s.until)
	}
	if option.Dtstart.IsZero() {
		option.Dtstart = time.Date(far+2000, 1, 1, 0, 0, 0, 0, time.UTC)
		option.Until = time.Time{}
	}
	rule, err := rrule.NewRRule(option)
	if err != nil {
		return false // bounds has seen to that
	}
	_, ok := rule.Iterator()()
	return ok
}

// moved is a day in the years the library is asked about; see far.
func moved(day geo.Day) time.Time { return civil(day).AddDate(far, 0, 0) }

// dayIn reads a date or date-time of RFC 5545; one in UTC is the day it is in China.
func dayIn(text string) (geo.Day, error) {
	for _, layout := range []string{"20060102", "20060102T150405", "20060102T150405Z"} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if t.Year() < 1970 || t.Year() > 2199 {
			return geo.Day{}, ErrSessions.Saying(fmt.Sprintf("“%s”: want a year from 1970 to 2199.", text))
		}
		if strings.HasSuffix(layout, "Z") {
			return geo.DayOf(t), nil
		}
		return geo.ParseDay(t.Format(time.DateOnly))
	}
	return geo.Day{}, ErrSessions.Saying(fmt.Sprintf("“%s”: want a date like 20240103.", text))
}

func dayList(text string) ([]geo.Day, error) {
	var list []geo.Day
	for part := range strings.SplitSeq(text, ",") {
		day, err := dayIn(part)
		if err != nil {
			return nil, err
		}
		list = append(list, day)
	}
	return list, nil
}
