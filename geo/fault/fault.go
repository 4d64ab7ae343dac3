// Package fault gives errors that a caller may see a kind, a stable code and a
// sentence for people. Everything else is internal and never shown.
//
// A package declares its faults as variables and callers tell them apart with
// errors.Is; With adds the places, Because the hidden cause, and the fault is
// still the same one:
//
//	var ErrStale = fault.New(fault.Conflict, "plan_stale", "Another plan was published since you opened it.")
//	return fmt.Errorf("publish plan %d: %w", id, ErrStale)
package fault

import "errors"

// Kind says what sort of answer a fault is; the api package maps it to a status.
type Kind string

// The kinds.
const (
	Invalid   Kind = "invalid"   // the request or file is wrong: 422
	Malformed Kind = "malformed" // it cannot even be read: 400
	NotFound  Kind = "not_found" // 404
	Conflict  Kind = "conflict"  // it was right when you asked, no longer: 409
	Forbidden Kind = "forbidden" // 403
	TooLarge  Kind = "too_large" // 413
	TooMany   Kind = "too_many"  // too often, or too many tries: 429
	// Unauthenticated: nobody has signed in, or the sign-in has ended: 401
	Unauthenticated Kind = "unauthenticated"
	Unavailable     Kind = "unavailable" // try again later: 503
)

// Place is where something is wrong and what to do about it.
type Place struct {
	// Pointer names the place for a machine: "row 17, column 3", "features/4",
	// "/body/crs", "level=micro-grid code=0107".
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	// At is the place on the ground, [lon, lat] in degrees, if there is one.
	At *[2]float64 `json:"at,omitempty"`
}

// Fault is an error that a caller may see.
type Fault struct {
	Kind   Kind
	Code   string  // stable, snake_case
	Msg    string  // one sentence for people, with the remedy
	Detail string  // about this occurrence
	Places []Place // where, in a stable order
	cause  error
	root   *Fault
}

// New declares a fault.
func New(kind Kind, code, msg string) *Fault {
	return &Fault{Kind: kind, Code: code, Msg: msg}
}

// Error implements error. The cause is included: it is for our log.
func (f *Fault) Error() string {
	s := f.Code + ": " + f.Msg
	if f.Detail != "" {
		s += " " + f.Detail
	}
	if f.cause != nil {
		s += ": " + f.cause.Error()
	}
	return s
}

// Unwrap returns the hidden cause.
func (f *Fault) Unwrap() error { return f.cause }

// Is reports whether target is the fault this one was made from.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && f.origin() == t.origin()
}

func (f *Fault) origin() *Fault {
	if f.root != nil {
		return f.root
	}
	return f
}

func (f *Fault) copy() *Fault {
	c := *f
	c.root = f.origin()
	return &c
}

// Saying returns the fault with a detail about this occurrence.
func (f *Fault) Saying(detail string) *Fault {
	c := f.copy()
	c.Detail = detail
	return c
}

// With returns the fault with places.
func (f *Fault) With(places ...Place) *Fault {
	c := f.copy()
	c.Places = append(append([]Place(nil), f.Places...), places...)
	return c
}

// Because returns the fault with a cause that only our log sees.
func (f *Fault) Because(err error) *Fault {
	c := f.copy()
	c.cause = err
	return c
}

// Of returns the outermost fault in err, or nil.
func Of(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}
