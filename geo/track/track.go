// Package track makes of fixes what they can tell: which are believed, where the track
// has gaps, along which streets it ran, and which cells it touched.
//
//	track.go    a Fix, and what was thought of it
//	clean.go    fixes that no walk can explain are marked
//	match.go    the track along the streets, with how sure it is
//	visit.go    what was seen: cells, and pieces of streets
//
// It is pure: it knows no database and no clock, and the same fixes give the same
// answer. Fixes stand in the order of their times.
package track

import (
	"time"

	"wangge/geo"
)

// Fix is where a phone was at a moment.
type Fix struct {
	At time.Time
	geo.Point
	// Accuracy is the radius in metres that holds the true place with a probability of
	// 68 %, as phones tell it; 0 where none was told.
	Accuracy float64
}

// Mark is what was thought of a fix.
type Mark uint8

// The marks.
const (
	Kept    Mark = iota
	Doubled      // at the moment of the fix before it
	Vague        // its accuracy says nothing about streets
	Jump         // nobody comes there from where the track was, or on to where it goes
)

var marks = [...]string{"kept", "doubled", "vague", "jump"}

func (m Mark) String() string { return marks[m] }

// unknown is the accuracy of a fix that tells none, in metres: that of a phone in a street.
const unknown = 15

func (f Fix) accuracy() float64 {
	if f.Accuracy > 0 {
		return f.Accuracy
	}
	return unknown
}
