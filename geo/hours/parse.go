package hours

import (
	"fmt"
	"time"
)

var weekdays = map[string]time.Weekday{"su": 0, "mo": 1, "tu": 2, "we": 3, "th": 4, "fr": 5, "sa": 6}

var months = map[string]time.Month{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
	"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}

var suns = map[string]bool{"sunrise": true, "sunset": true, "dawn": true, "dusk": true}

// parser reads tokens from left to right. The first fault is kept and everything
// after it reads as the end, so that no step needs to ask.
type parser struct {
	text   string
	tokens []token
	next   int
	err    error
}

// Parse reads opening hours. An empty text is a fault: that nothing is known is
// the matter of the caller (see Read).
func Parse(text string) (Hours, error) {
	tokens, err := scan(text)
	if err != nil {
		return Hours{}, err
	}
	p := &parser{text: text, tokens: tokens}
	h := Hours{choices: [][]rule{nil}}
	added := false
	for p.err == nil {
		r := p.rule()
		r.added = added
		last := len(h.choices) - 1
		h.choices[last] = append(h.choices[last], r)
		switch {
		case p.sign(";"):
			if p.peek(0).kind == end { // a last semicolon is common
				return h, p.err
			}
			added = false
		case p.sign(","):
			added = true
		case p.sign("||"):
			added, h.choices = false, append(h.choices, nil)
		case p.peek(0).kind == end:
			return h, p.err
		default:
			p.expected(`a separator (“;”, “,” or “||”), a time such as 09:00-17:00, or open, closed, off, unknown or a comment in quotation marks`)
		}
	}
	return Hours{}, p.err
}

func (p *parser) peek(ahead int) token {
	if p.err != nil || p.next+ahead >= len(p.tokens) {
		return p.tokens[len(p.tokens)-1]
	}
	return p.tokens[p.next+ahead]
}

func (p *parser) expected(what string) { p.fail("expected " + what) }

func (p *parser) fail(why string) {
	if p.err == nil {
		p.err = wrong(p.text, p.peek(0).at, why)
	}
}

// isSign and isWord look ahead; sign and word take what they find.
func (p *parser) isSign(ahead int, s string) bool {
	t := p.peek(ahead)
	return t.kind == sign && t.text == s
}

func (p *parser) isWord(ahead int, s string) bool {
	t := p.peek(ahead)
	return t.kind == word && t.text == s
}

func (p *parser) sign(s string) bool {
	if !p.isSign(0, s) {
		return false
	}
	p.next++
	return true
}

func (p *parser) word(s string) bool {
	if !p.isWord(0, s) {
		return false
	}
	p.next++
	return true
}

// rule reads one rule: [wide selectors] [":"] [days] [times] [state] [comment].
func (p *parser) rule() rule {
	r := rule{state: Open}
	start := p.next
	if p.peek(0).kind == comment && p.isSign(1, ":") { // "in the season": Mo-Fr …, and who knows when that is
		r.comment, r.state = p.peek(0).text, Unknown
		p.next += 2
	}
	if p.peek(0).n == 24 && p.isSign(1, "/") && p.peek(2).n == 7 {
		p.next += 3
	} else {
		p.wide(&r)
		if p.next > start {
			p.sign(":")
		}
		p.days(&r)
	}
	r.times = p.times()
	p.state(&r)
	if p.next == start {
		p.expected(`a day such as Mo-Fr, a month, a time such as 09:00-17:00, 24/7, or open, closed, off, unknown`)
	}
	return r
}

// state reads what holds at the times of the rule.
func (p *parser) state(r *rule) {
	said := true
	switch {
	case p.word("open"):
		r.state = Open
	case p.word("closed"), p.word("off"):
		r.state = Closed
	case p.word("unknown"):
		r.state = Unknown
	default:
		said = false
	}
	if p.peek(0).kind == comment {
		if r.comment != "" {
			r.comment += "; "
		}
		r.comment += p.peek(0).text
		p.next++
		if !said {
			r.state = Unknown
		}
	}
}

// wide reads years, dates and weeks.
func (p *parser) wide(r *rule) {
	for {
		switch {
		case p.atYear(0) && !p.atMonth(1):
			r.years = p.years()
		case p.atMonth(0), p.atYear(0):
			r.dates = p.dates()
		case p.isWord(0, "week"), p.isWord(0, "weeks"):
			p.next++
			r.weeks = p.weeks()
		default:
			return
		}
	}
}

func (p *parser) atYear(ahead int) bool {
	t := p.peek(ahead)
	return t.kind == number && t.digit == 4 && !p.atTime(ahead)
}

// atMonth reports whether a month or Easter, the beginning of a date, comes.
func (p *parser) atMonth(ahead int) bool {
	t := p.peek(ahead)
	_, month := months[t.text]
	return t.kind == word && (month || t.text == "easter")
}

// atTime reports whether a time of the day comes: 09:00, without a space in it.
func (p *parser) atTime(ahead int) bool {
	h, colon, m := p.peek(ahead), p.peek(ahead+1), p.peek(ahead+2)
	return h.kind == number && colon.kind == sign && colon.text == ":" && !colon.space && m.kind == number && !m.space
}

func (p *parser) years() []stepped {
	var list []stepped
	for {
		if !p.atYear(0) {
			p.expected("a year of four digits")
			return nil
		}
		s := stepped{from: p.peek(0).n, to: p.peek(0).n, step: 1}
		p.next++
		switch {
		case p.sign("+"):
			s.to = 9999
		case p.isSign(0, "-"):
			p.next++
			if !p.atYear(0) {
				p.expected("a year of four digits")
				return nil
			}
			s.to = p.peek(0).n
			if s.to < s.from {
				p.fail("expected a later year")
				return nil
			}
			p.next++
			s.step = p.step()
		}
		list = append(list, s)
		if !p.isSign(0, ",") || !p.atYear(1) {
			return list
		}
		p.next++
	}
}

// step reads "/2" of a range.
func (p *parser) step() int {
	if !p.sign("/") {
		return 1
	}
	return p.number("a number of 1 or more", 1, 100)
}

func (p *parser) number(what string, low, high int) int {
	t := p.peek(0)
	if t.kind != number || t.n < low || t.n > high {
		p.expected(what)
		return low
	}
	p.next++
	return t.n
}

func (p *parser) weeks() []stepped {
	const what = "a week of the year from 1 to 53"
	var list []stepped
	for {
		s := stepped{from: p.number(what, 1, 53), step: 1}
		s.to = s.from
		if p.sign("-") {
			s.to = p.number(what, 1, 53)
			s.step = p.step()
		}
		list = append(list, s)
		if !p.isSign(0, ",") || p.peek(1).kind != number || p.atTime(1) || p.err != nil {
			return list
		}
		p.next++
	}
}

// dates reads months and dates. A year or a month that is not said again is that
// of the date before it: 2024 Jan 1,6, Mar 8.
func (p *parser) dates() []dates {
	var list []dates
	var before date
	for {
		from := p.date(before)
		d := dates{from: from, to: from}
		switch {
		case p.isSign(0, "+") && !p.atOffset():
			p.next++
			d.open = true
		case p.isSign(0, "-"):
			p.next++
			d.to = p.dateTo(from)
			d.ranged = true
		}
		list = append(list, d)
		before = d.to
		more := p.atMonth(1) || p.atYear(1) && p.atMonth(2) ||
			p.peek(1).kind == number && p.peek(1).n <= 31 && !p.atTime(1) && before.day > 0
		if p.err != nil || !p.isSign(0, ",") || !more {
			return list
		}
		p.next++
	}
}

// date reads the beginning of dates.
func (p *parser) date(before date) date {
	d := date{year: before.year}
	if p.atYear(0) {
		d.year = p.peek(0).n
		p.next++
	}
	switch {
	case p.word("easter"):
		d.easter = true
	case p.atMonth(0):
		d.month = months[p.peek(0).text]
		p.next++
		p.dayOf(&d)
	case p.peek(0).kind == number && before.month > 0:
		d.month = before.month
		p.dayOf(&d)
	default:
		p.expected("a month such as Jan, or easter")
	}
	d.offset = p.offset()
	return d
}

// dateTo reads the end of dates, which may be a day of the same month.
func (p *parser) dateTo(from date) date {
	d := date{year: from.year}
	if p.atYear(0) {
		d.year = p.peek(0).n
		d.said = true
		p.next++
	}
	switch {
	case p.word("easter"):
		d.easter = true
	case p.atMonth(0):
		d.month = months[p.peek(0).text]
		p.next++
		p.dayOf(&d)
	case !d.said && from.day > 0 && p.peek(0).kind == number:
		d.month = from.month
		p.dayOf(&d)
	default:
		p.expected("a month such as Mar, or a day of the month")
	}
	if !d.easter && from.month > 0 && (d.day > 0 || d.nth != 0) != (from.day > 0 || from.nth != 0) {
		p.fail("expected two months or two dates")
	}
	d.offset = p.offset()
	return d
}

// dayOf reads the day of a month, "24", or its weekday where a range follows or
// ends, "Su[-1]"; neither is a whole month.
func (p *parser) dayOf(d *date) {
	if t := p.peek(0); t.kind == number && t.digit <= 2 && !p.atTime(0) {
		longest := time.Date(2024, d.month+1, 0, 0, 0, 0, 0, time.UTC).Day() // a leap year
		d.day = p.number(fmt.Sprintf("a day from 1 to %d", longest), 1, longest)
		return
	}
	day, ok := weekdays[p.peek(0).text]
	if !ok || !p.isSign(1, "[") {
		return
	}
	mark := p.next
	p.next++
	n := p.nth()
	ranged := p.isSign(0, "-") && (p.atMonth(1) || p.atYear(1) && p.atMonth(2))
	ends := mark >= 2 && p.tokens[mark-2].text == "-"
	if p.err == nil && (!ranged && !ends || len(n) != 1) {
		p.next = mark // a selector of its own: Mar Su[-1] 10:00-12:00
		return
	}
	if len(n) == 1 {
		d.weekday, d.nth = day, n[0]
	}
}

// atOffset reports whether "+1 day" or "-2 days" comes.
func (p *parser) atOffset() bool {
	return (p.isSign(0, "+") || p.isSign(0, "-")) && p.peek(1).kind == number && (p.isWord(2, "day") || p.isWord(2, "days"))
}

func (p *parser) offset() int {
	if !p.atOffset() {
		return 0
	}
	minus := p.isSign(0, "-")
	p.next++
	n := p.number("at most 366 days", 0, 366)
	p.next++
	if minus {
		return -n
	}
	return n
}

// days reads weekdays and holidays. "PH,Mo-Fr" is either; "PH Mo-Fr" is both.
func (p *parser) days(r *rule) {
	for {
		kind := p.peek(0).text
		_, day := weekdays[kind]
		if p.peek(0).kind != word || !day && kind != "ph" && kind != "sh" {
			break
		}
		list := p.dayList()
		if p.err != nil {
			return
		}
		r.days = append(r.days, list)
	}
	if len(r.days) > 0 && !p.atTime(0) {
		p.sign(":") // Mo-Fr: 09:00-17:00
	}
}

func (p *parser) dayList() []days {
	var list []days
	for {
		t := p.peek(0)
		p.next++
		switch from, ok := weekdays[t.text]; {
		case t.text == "ph":
			list = append(list, days{holiday: public, offset: p.offset()})
		case t.text == "sh":
			list = append(list, days{holiday: school, offset: p.offset()})
		case !ok:
			p.next--
			p.expected("a weekday such as Mo, or PH or SH")
			return nil
		default:
			d := days{from: from, to: from}
			if p.isSign(0, "[") {
				d.nth = p.nth()
				d.offset = p.offset()
			} else if p.isSign(0, "-") && !p.atOffset() {
				p.next++
				to, ok := weekdays[p.peek(0).text]
				if !ok {
					p.expected("a weekday such as Fr")
					return nil
				}
				d.to = to
				p.next++
				if p.isSign(0, "[") {
					p.fail("expected no number of the month after a range of weekdays; write We[1],Th[1]")
				}
			} else {
				d.offset = p.offset()
			}
			list = append(list, d)
		}
		_, day := weekdays[p.peek(1).text]
		if !p.isSign(0, ",") || !day && !p.isWord(1, "ph") && !p.isWord(1, "sh") {
			return list
		}
		p.next++
	}
}

// nth reads "[1]", "[1,3]", "[1-2]" or "[-1]".
func (p *parser) nth() []int {
	const what = "a number from 1 to 5, or from -1 to -5"
	p.next++ // [
	var list []int
	for {
		if p.sign("-") {
			list = append(list, -p.number(what, 1, 5))
		} else {
			from := p.number(what, 1, 5)
			to := from
			if p.sign("-") {
				to = p.number(what, from, 5)
			}
			for n := from; n <= to; n++ {
				list = append(list, n)
			}
		}
		if p.err != nil || !p.sign(",") {
			break
		}
	}
	if !p.sign("]") {
		p.expected("“]”")
	}
	return list
}

// times reads spans of the day.
func (p *parser) times() []span {
	var list []span
	for p.err == nil {
		if t := p.peek(0); suns[t.text] || p.isSign(0, "(") {
			p.fail("sunrise and sunset are not read here; write times such as 06:00-18:00")
			return nil
		}
		if !p.atTime(0) {
			if t := p.peek(0); t.kind == number && len(list) == 0 {
				p.expected("a time such as 09:00")
			}
			return list
		}
		list = append(list, p.span()...)
		if !p.isSign(0, ",") || !p.atTime(1) && !suns[p.peek(1).text] {
			return list
		}
		p.next++
	}
	return nil
}

// span reads "09:00-17:00", "18:00+" or "18:00-22:00+".
func (p *parser) span() []span {
	from := p.time(24 * 60)
	if p.sign("+") {
		return []span{{from, openEnd(from), true}}
	}
	if !p.isSign(0, "-") {
		p.expected("“-” and when it ends, such as 09:00-17:00")
		return nil
	}
	p.next++
	if suns[p.peek(0).text] || p.isSign(0, "(") {
		p.fail("sunrise and sunset are not read here; write times such as 06:00-18:00")
		return nil
	}
	if !p.atTime(0) {
		p.expected("a time such as 17:00")
		return nil
	}
	to := p.time(48 * 60)
	if to <= from { // over midnight; the same time twice is a whole day
		to += 24 * 60
	}
	if p.isSign(0, "/") {
		p.fail("points in time are not opening hours; write when it opens and closes")
		return nil
	}
	if p.sign("+") {
		return []span{{from, to, false}, {to, openEnd(to), true}}
	}
	return []span{{from, to, false}}
}

// time reads minutes since midnight.
func (p *parser) time(latest int) int {
	h, m := p.peek(0), p.peek(2)
	minutes := h.n*60 + m.n
	if h.digit > 2 || m.digit != 2 || m.n > 59 || minutes > latest {
		p.expected("a time of two digits each, at most " + fmt.Sprintf("%02d:00", latest/60))
		return 0
	}
	p.next += 3
	return minutes
}

// openEnd is when an open end that begins at a minute ceases to be unknown. It is
// the guess of opening_hours.js, the evaluator that most maps use.
func openEnd(from int) int {
	switch {
	case from >= 22*60:
		return from + 8*60
	case from >= 17*60:
		return from + 10*60
	}
	return 24 * 60
}
