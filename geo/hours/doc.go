// Package hours says when something is open. Times of the week are read in the
// opening_hours notation of OpenStreetMap, days of a session (every first
// Wednesday) as an RFC 5545 recurrence rule. It is pure: no clock, no database.
//
//	h, err := hours.Parse("Mo-Fr 09:00-17:00; We[1] 09:00-12:00; PH off")
//	h.At(instant)                    // Open, Closed or Unknown
//	hours.Text(h.Week(monday), true) // 周一至周二 09:00–17:00; …
//
// The grammar is https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification.
// Where it leaves room, these are the decisions:
//
//   - A rule speaks of what begins on a day. "Fr 20:00-02:00; Sa off" is open until
//     two on Saturday morning, for that began on Friday.
//   - A rule after ";" replaces what earlier rules said of its days, unless it is
//     closed at certain times, which takes these times away; a rule after "," adds.
//   - After "||" stands what holds when everything before it is closed.
//   - An open end ("18:00+") is unknown from its start on, until 24:00, or for ten
//     hours from 17:00 on, eight from 22:00 on. After "10:00-12:00+" the same from 12:00.
//   - A comment alone ("by appointment") makes a rule unknown.
//   - Sunrise and sunset are refused, and so are points in time ("10:00" or "10:00-16:00/90").
//   - Full-width punctuation of Chinese lists (：，；－) and "~" are read as theirs.
//
// On the expressions of the tests it was compared with opening_hours.js 3.8.0, every
// half hour of 500 days. They differ where the decisions above do: that evaluator
// ends Friday night where a rule for Saturday begins, knows no open end after an end,
// leaves out the last day of a range that ends at Easter or at the nth weekday, and
// lets 29 February of a common year end on 1 March.
//
// Clock times are those of the day in China (geo.Day); no clock is changed there.
package hours
