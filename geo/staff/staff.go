// Package staff knows who acts. Until sign-in exists there is one actor, the
// person at the machine; every function that reads or writes takes one already,
// so that scope can be added in one place.
package staff

// Actor is who asks for something.
type Actor struct {
	Name string // account or program, as it stands in the audit; never a person's name
}

// Local is the person at this machine, or a program of ours.
var Local = Actor{Name: "local"}

// System acts when nobody asked: a timer, the demo town.
var System = Actor{Name: "system"}
