// Package beat proposes walks: from a start to an end within a length, along the streets
// that are worth most to be seen now.
//
//	beat.go     the question and its answer
//	ways.go     shortest ways between corners, worked out as they are needed
//	search.go   many walks are followed at once, then parts of the best are sought anew
//	bound.go    what no walk of that length can exceed
//
// This is the arc orienteering problem (Souffriau, Vansteenwegen and others, The planning
// of cycle trips in the province of East Flanders, Omega 39, 2011), which is NP-hard.
// The answer is a heuristic's, with a bound beside it: so everybody sees how much a
// better walk could gain at most. The same question has the same answer.
//
// It is pure, and knows neither the map nor who walks: streets come with a value, which
// the caller takes from the days since they were last seen.
package beat

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"wangge/geo/fault"
)

// Street runs between two corners and is walked in either direction. Its value counts
// once, however often it is walked.
type Street struct {
	A, B   int32   // corners, from 0
	Length uint32  // mm
	Value  float64 // of having seen it, 0 or more
}

// Question is what walk is sought.
type Question struct {
	Corners    int
	Streets    []Street
	Start, End int32  // corners
	Budget     uint32 // mm that the walk may be long
	Rounds     int    // of the search; 0 = as many as are usual
	Seed       uint64
}

// MaxStreets is how many streets a question may have: those of a large village.
const MaxStreets = 20_000

// Faults of a question.
var (
	ErrQuestion = fault.New(fault.Invalid, "beat_question", "The streets, the start or the end of the walk make no sense.")
	ErrTooMany  = fault.New(fault.TooLarge, "beat_streets", "There are too many streets to choose from. Choose a smaller unit. 街道过多，请选择较小的单元。")
	ErrTooShort = fault.New(fault.Invalid, "beat_short", "The time is not enough to walk from the start to the end. Give more time or choose an end that is nearer. 时间不够从起点走到终点，请增加时间或选择更近的终点。")
)

// Leg is a street of a walk, from A to B or back.
type Leg struct {
	Street int
	Back   bool
}

// Beat is a walk.
type Beat struct {
	Legs   []Leg
	Length uint64  // mm
	Value  float64 // of all streets that it sees
	// Bound is a value that no walk of the length exceeds; Value is at most that.
	Bound float64
}

// Propose finds a walk.
//
// Errors: ErrQuestion, ErrTooMany, ErrTooShort, and those of the context.
func Propose(ctx context.Context, q Question) (Beat, error) {
	if err := q.check(); err != nil {
		return Beat{}, err
	}
	w := newWays(q)
	if w.from(q.Start)[q.End] > q.Budget {
		return Beat{}, fmt.Errorf("from corner %d to %d: %w", q.Start, q.End, ErrTooShort)
	}
	s := newSearch(q, w)
	if err := s.run(ctx, cmp.Or(q.Rounds, usualRounds)); err != nil {
		return Beat{}, err
	}
	b := s.beat()
	b.Bound = max(b.Value, q.bound(w))
	return b, nil
}

func (q Question) check() error {
	inside := func(c int32) bool { return c >= 0 && int(c) < q.Corners }
	if len(q.Streets) > MaxStreets {
		return fmt.Errorf("%d streets: %w", len(q.Streets), ErrTooMany)
	}
	if !inside(q.Start) || !inside(q.End) || q.Rounds < 0 {
		return fmt.Errorf("start %d, end %d of %d corners: %w", q.Start, q.End, q.Corners, ErrQuestion)
	}
	for i, s := range q.Streets {
		if !inside(s.A) || !inside(s.B) || s.Length == 0 || s.Value < 0 || math.IsNaN(s.Value) || math.IsInf(s.Value, 1) {
			return fmt.Errorf("street %d: %w", i, ErrQuestion)
		}
	}
	return nil
}
