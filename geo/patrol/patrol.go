// Package patrol keeps what phones send from patrols, each thing exactly once.
//
// A phone may have been offline for days, loses answers and sends again. So every item of
// a delivery has an id of the phone's, and fixes a sequence in their shift; nothing
// depends on the order in which they come. What an answer calls stored or known is
// committed, and the phone may drop it.
//
//	deliver.go  the one way in: items, receipts, the clock of a phone
//	shift.go    times on duty, from their steps
//	together.go fixes of many phones kept in one transaction
//	fix.go      where somebody was, kept by day and dropped after retention
//	gpx.go      one's own track as a file
//	gpxin.go    tracks of watches and other programs
//	process.go  counts of what was seen, from tracks
//	sight.go    what one shift saw on a day, and how counts move by it
//	team.go     who walked together
//	coverage.go what was seen of a unit
package patrol

import (
	"wangge/geo/fault"
	"wangge/geo/pg"
)

// Faults of patrols.
var (
	ErrItems   = fault.New(fault.Invalid, "delivery_items", "A delivery has between 1 and 200 items. Send the rest in another.")
	ErrDevice  = fault.New(fault.Invalid, "delivery_device", "The device of a delivery is named by a UUID.")
	ErrKey     = fault.New(fault.Invalid, "item_id", "An item is named by a UUID of its own.")
	ErrChanged = fault.New(fault.Conflict, "item_changed", "An item with this id was delivered before, and said something else. Give what is new an id of its own.")
	ErrKind    = fault.New(fault.Invalid, "item_kind_unknown", "This server takes no items of this kind. The page may be newer than the server.")
	ErrBody    = fault.New(fault.Invalid, "item_body", "The item does not say what its kind has to say.")
	ErrClock   = fault.New(fault.Invalid, "item_time", "The time of this cannot be right. Set the clock of the phone, and say when it was.")
	ErrStarted = fault.New(fault.Conflict, "shift_started", "The shift was started before, by another item.")
	ErrEnded   = fault.New(fault.Conflict, "shift_ended", "The shift was ended before, by another item.")
	ErrMembers = fault.New(fault.Invalid, "shift_members", "Members of a team are up to 20 other accounts that serve where you do.")
	ErrNoPost  = fault.New(fault.Forbidden, "shift_post", "A patrol belongs to a post that may record, and you hold none now.")
	ErrConsent = fault.New(fault.Conflict, "track_consent", "Your track is recorded only with your separate consent. Give it in My account, then send this again.")
	ErrShift   = fault.New(fault.NotFound, "shift_unknown", "You have no such shift.")
)

var faults = pg.Faults{
	"shift_starts_once":        ErrStarted,
	"shift_ends_once":          ErrEnded,
	"shift_transport_is_known": ErrBody,
	"shift_step_is_known":      ErrBody,
}
