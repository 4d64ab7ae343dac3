package hours

import (
	"slices"
	"strings"
	"time"

	"wangge/geo"
)

var dayNames = map[bool][7]string{
	true:  {"周一", "周二", "周三", "周四", "周五", "周六", "周日"},
	false: {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
}

// Text writes the spans of a week for people, days alike together:
// "周一至周五 09:00–17:00；周六 09:00–12:00" or "Mon–Fri 09:00–17:00; Sat 09:00–12:00".
// What is not certain has a question mark, then the comment.
func Text(week []Span, zh bool) string {
	if len(week) == 0 {
		return pick(zh, "不开放", "closed")
	}
	var days [7][]string
	for _, s := range week {
		if whole := s.To.Sub(s.From); whole >= 24*time.Hour {
			daysLong(&days, s, zh)
			continue
		}
		i := dayIndex(s.From)
		days[i] = append(days[i], spanText(s, clock(s.From, false)+"–"+clock(s.To, true), zh))
	}
	var parts []string
	for i := 0; i < 7; {
		j := i + 1
		for j < 7 && slices.Equal(days[i], days[j]) {
			j++
		}
		if len(days[i]) > 0 {
			parts = append(parts, dayRange(i, j-1, zh)+" "+strings.Join(days[i], pick(zh, "、", ", ")))
		}
		i = j
	}
	return strings.Join(parts, pick(zh, "；", "; "))
}

// daysLong writes a span over whole days, cut at midnight.
func daysLong(days *[7][]string, s Span, zh bool) {
	for from := s.From; from.Before(s.To); {
		next := nextMidnight(from)
		to := next
		if s.To.Before(to) {
			to = s.To
		}
		i := dayIndex(from)
		text := clock(from, false) + "–" + clock(to, true)
		if text == "00:00–24:00" {
			text = pick(zh, "全天", "all day")
		}
		days[i] = append(days[i], spanText(s, text, zh))
		from = next
	}
}

func nextMidnight(t time.Time) time.Time { return geo.DayOf(t).Start().AddDate(0, 0, 1) }

func dayIndex(t time.Time) int { return (int(civil(geo.DayOf(t)).Weekday()) + 6) % 7 }

func spanText(s Span, text string, zh bool) string {
	if s.State == Unknown {
		text += pick(zh, "？", "?")
	}
	if s.Comment != "" {
		text += pick(zh, "（"+s.Comment+"）", " ("+s.Comment+")")
	}
	return text
}

func dayRange(i, j int, zh bool) string {
	names := dayNames[zh]
	switch {
	case i == 0 && j == 6:
		return pick(zh, "每天", "every day")
	case i == j:
		return names[i]
	}
	return names[i] + pick(zh, "至", "–") + names[j]
}

// clock is the time of day in China; midnight at the end of a span is 24:00.
func clock(t time.Time, ends bool) string {
	text := t.In(geo.DayOf(t).Start().Location()).Format("15:04")
	if ends && text == "00:00" {
		return "24:00"
	}
	return text
}

func pick(zh bool, chinese, english string) string {
	if zh {
		return chinese
	}
	return english
}
