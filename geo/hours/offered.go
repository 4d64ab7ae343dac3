package hours

import (
	"strings"
	"time"

	"wangge/geo"
	"wangge/geo/fault"
)

// Service is when one function of a service point is offered: at its hours, and
// if it has sessions, only on their days. The zero Service is one of which
// nothing is known.
type Service struct {
	Hours    Hours
	Sessions Series
	// NoHours and NoSessions say why nothing is known of them: nothing was
	// written, or it cannot be read (a sentence). Empty: they are known.
	NoHours, NoSessions string
	held                bool // in sessions
}

// NotSaid is the reason of hours that were not written down.
const NotSaid = "not said"

// Read reads the hours and sessions of a function. What cannot be read is not
// known, with the reason: a list is not refused for it, and nothing is left out.
// Without sessions the function is standing: offered on every day of its hours.
func Read(hours, sessions string) Service {
	s := Service{NoHours: NotSaid}
	if strings.TrimSpace(hours) != "" {
		var err error
		s.NoHours = ""
		if s.Hours, err = Parse(hours); err != nil {
			s.NoHours = fault.Of(err).Detail
		}
	}
	if strings.TrimSpace(sessions) != "" {
		var err error
		s.held = true
		if s.Sessions, err = Sessions(sessions); err != nil {
			s.NoSessions = fault.Of(err).Detail
		}
	}
	return s
}

// Observing returns the service with these holidays.
func (s Service) Observing(holidays Holidays) Service {
	s.Hours = s.Hours.Observing(holidays)
	return s
}

// Standing reports whether it is offered without sessions.
func (s Service) Standing() bool { return !s.held }

// Offer is whether a function is offered at an instant.
type Offer struct {
	State   State
	Session bool // in a session, or where there would be one
	// Said is the comment of the hours, or why the state is Unknown.
	Said string
}

// Counts reports whether the function counts as offered. Whether what is not
// known counts is a choice of who asks, and results tell how many points that
// concerns: most lists do not say their hours, and a point that exists is some
// evidence; but nobody should be sent to a door that may be shut.
func (o Offer) Counts(unknown bool) bool {
	return o.State == Open || unknown && o.State == Unknown
}

// At returns whether the function is offered at an instant.
func (s Service) At(t time.Time) Offer {
	o := Offer{State: Unknown, Session: s.held, Said: s.NoHours}
	if s.NoHours == "" {
		o.State, o.Said = s.Hours.Look(t)
	}
	switch {
	case !s.held || o.State == Closed:
	case s.NoSessions != "":
		o.State, o.Said = Unknown, s.NoSessions
	case !s.session(t):
		o.State, o.Said = Closed, ""
	}
	return o
}

// session reports whether an instant lies in a session: on its day, or after
// midnight while what began on its day goes on.
func (s Service) session(t time.Time) bool {
	day := geo.DayOf(t)
	if s.Sessions.On(day) {
		return true
	}
	yesterday := geo.DayOf(day.Start().Add(-time.Hour))
	return s.Sessions.On(yesterday) && s.NoHours == "" && s.Hours.goesOn(t)
}

// Offered returns whether a function with these hours and sessions is offered at
// an instant. Ask a Service where it is asked often.
func Offered(hours, sessions string, at time.Time) Offer { return Read(hours, sessions).At(at) }
