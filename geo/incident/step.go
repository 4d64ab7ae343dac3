package incident

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"wangge/geo/fault"
	"wangge/geo/staff"
	"wangge/geo/worktime"
)

// Act is what is done with an incident.
type Act string

// The acts. ToReport begins an incident; all others change one.
const (
	ToReport   Act = "report"
	ToAccept   Act = "accept"   // 受理
	ToDispatch Act = "dispatch" // 派遣
	ToHandle   Act = "handle"   // 处置
	ToVerify   Act = "verify"   // 核查通过
	ToReject   Act = "reject"   // 核查不通过
	ToClose    Act = "close"    // 结案, or 不予受理 of what was only reported
	ToReturn   Act = "return"   // 退回, to the step before
	ToReopen   Act = "reopen"   // 重开
	ToHold     Act = "hold"     // 挂账: the clock stands still
	ToResume   Act = "resume"   // 恢复办理
	ToExtend   Act = "extend"   // 延期
	ToMove     Act = "move"     // the pin: whose it is, is decided anew
)

// next is where each act leads; what is not here cannot be done.
var next = map[State]map[Act]State{
	Reported:   {ToAccept: Accepted, ToClose: Closed, ToMove: Reported},
	Accepted:   {ToDispatch: Dispatched, ToReturn: Reported, ToMove: Accepted},
	Dispatched: {ToHandle: Handled, ToReturn: Accepted, ToHold: Held, ToExtend: Dispatched, ToMove: Dispatched},
	Held:       {ToResume: Dispatched, ToMove: Held},
	Handled:    {ToVerify: Verified, ToReject: Dispatched},
	Verified:   {ToClose: Closed, ToReturn: Handled},
	Closed:     {ToReopen: Accepted},
}

// Next is the state after an act, or ErrAct.
func Next(from State, do Act) (State, error) {
	to, ok := next[from][do]
	if !ok {
		return "", ErrAct
	}
	return to, nil
}

// Acts are what can be done in a state, by name.
func Acts(from State) []Act {
	list := []Act{}
	for do := range next[from] {
		list = append(list, do)
	}
	slices.Sort(list)
	return list
}

// directing are the acts of a dispatcher; the others are also for who records there.
var directing = []Act{ToDispatch, ToClose, ToReopen, ToHold, ToExtend}

// may are the permissions of which an act wants one.
func (do Act) may() []staff.Permission {
	if slices.Contains(directing, do) {
		return []staff.Permission{staff.Dispatch}
	}
	return []staff.Permission{staff.Dispatch, staff.Record}
}

// reasoned reports whether an act is taken for a reason, by code.
func (do Act) reasoned() bool {
	return slices.Contains([]Act{ToReturn, ToReject, ToClose, ToReopen, ToHold, ToResume, ToExtend}, do)
}

// stays reports whether an act leaves the clock of a state running from where it began.
func (do Act) stays() bool { return slices.Contains([]Act{ToHold, ToResume, ToExtend, ToMove}, do) }

// Taken is a step as it stands in the ledger.
type Taken struct {
	ID      uuid.UUID     `json:"id"`
	Ordinal int           `json:"ordinal" doc:"within the incident, from 1"`
	Act     Act           `json:"act" enum:"report,accept,dispatch,handle,verify,reject,close,return,reopen,hold,resume,extend,move"`
	Before  State         `json:"before" doc:"state; empty for the report"`
	After   State         `json:"after" enum:"reported,accepted,dispatched,handled,verified,closed,held"`
	Reason  string        `json:"reason" doc:"a code of GET /api/v1/incident-reasons, or empty"`
	At      time.Time     `json:"at"`
	Actor   string        `json:"actor" doc:"the account"`
	Post    *int64        `json:"post" doc:"by which it could be done"`
	Amount  *int          `json:"amount" doc:"of an extension"`
	Unit    worktime.Unit `json:"unit" doc:"of an extension"`
	DueAt   *time.Time    `json:"due_at" doc:"by when the next step was due, as counted then"`
	To      *int64        `json:"to" doc:"the post it was dispatched to; null: whose it was already"`
}

// Clock is the clock of the state that the last of the steps left an incident in: it runs
// from the step that brought the incident there, stands still while it is held, and has the
// extensions that were given since.
func Clock(steps []Taken, limit worktime.Limit) worktime.Clock {
	k := worktime.Clock{Limit: limit}
	for _, s := range steps {
		switch {
		case !s.Act.stays():
			k = worktime.Clock{Start: s.At, Limit: limit}
		case s.Act == ToHold:
			k.Pauses = append(k.Pauses, worktime.Pause{From: s.At})
		case s.Act == ToResume && len(k.Pauses) > 0:
			k.Pauses[len(k.Pauses)-1].To = s.At
		case s.Act == ToExtend && s.Amount != nil:
			k.Extensions = append(k.Extensions, worktime.Limit{Amount: *s.Amount, Unit: s.Unit})
		}
	}
	return k
}

// due is by when the next step has to be taken; nil while nothing is due. given is the
// deadline with which an incident was imported: until a step here begins a clock it stands,
// and extensions run from it.
func due(c worktime.Calendar, limits Limits, category string, parent string, steps []Taken, given *time.Time) *time.Time {
	last := steps[len(steps)-1]
	if last.After == Held || last.After == Closed {
		return nil
	}
	k := Clock(steps, limits.of(category, parent, last.After))
	if k.Start.IsZero() {
		if given == nil || len(k.Extensions) == 0 {
			return given
		}
		k.Start, k.Limit, k.Extensions = *given, k.Extensions[0], k.Extensions[1:]
	}
	at, ok := c.Deadline(k)
	if !ok {
		return nil
	}
	return &at
}

// handledBy is who handled an incident last; "" when nobody has since it was reopened.
func handledBy(steps []Taken) (who string) {
	for _, s := range steps {
		switch s.Act {
		case ToHandle:
			who = s.Actor
		case ToReopen:
			who = ""
		}
	}
	return who
}

// Faults of steps.
var (
	ErrAct      = fault.New(fault.Conflict, "incident_act", "This cannot be done with the incident as it stands now.")
	ErrStale    = fault.New(fault.Conflict, "incident_stale", "Somebody else has changed the incident since you opened it. Look at it again.")
	ErrReason   = fault.New(fault.Invalid, "incident_reason", "This step needs a reason that is meant for it. GET /api/v1/incident-reasons lists them.")
	ErrSame     = fault.New(fault.Forbidden, "incident_same_person", "Another person than the one who handled the incident verifies it.")
	ErrExtend   = fault.New(fault.Invalid, "incident_extend", "An extension is an amount of minutes, working hours or working days.")
	ErrText     = fault.New(fault.Invalid, "incident_text", "The text or the address has more than 200 characters.")
	ErrAccuracy = fault.New(fault.Invalid, "incident_accuracy", "The accuracy of a place is between 0 and 10,000 metres.")
	ErrLimits   = fault.New(fault.Invalid, "incident_limits", "Some limits make no sense: want a category of the list or none, a state, and an amount of minutes, working hours or working days.")
)
