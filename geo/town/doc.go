// Package town generates the demo town: an invented Chinese town with streets,
// houses, households, service points, incidents and patrol tracks, divided into
// levels of grids as a real one is. Nothing in it is taken from a real place.
//
// It is pure and seeded: the same Options give the same bytes on every machine.
package town
