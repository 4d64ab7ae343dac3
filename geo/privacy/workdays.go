package privacy

import (
	"time"

	"wangge/geo"
)

// AnswerWithin is how many working days a request of a resident may take. The law
// says "in time" (article 50); fifteen working days is what the regulators' rules
// on apps of 2019 allow at most (App违法违规收集使用个人信息行为认定方法, part 6).
const AnswerWithin = 15

// DueOn is the last day to answer what was received on a day, which itself does
// not count.
func DueOn(received geo.Day) geo.Day { return addWorkingDays(received, AnswerWithin) }

// addWorkingDays is the n-th working day after a day. Only Saturdays and Sundays
// are skipped: a public holiday makes the date stricter than it has to be, one of
// the working weekends around it a day laxer. The holiday calendar is data of its
// own, for later.
func addWorkingDays(day geo.Day, n int) geo.Day {
	at := day.Start()
	for n > 0 {
		at = at.AddDate(0, 0, 1)
		if weekday := at.Weekday(); weekday != time.Saturday && weekday != time.Sunday {
			n--
		}
	}
	return geo.DayOf(at)
}
