// Package town generates the demo town: an invented Chinese town with streets,
// houses, households, service points, incidents and patrol tracks, divided into
// levels of grids as a real one is. Nothing in it is taken from a real place, and
// it says so wherever it is shown.
//
// It is pure and seeded: the same Options give the same bytes on every machine.
//
// How a town is made (builder, in this order):
//
//	layout     the border, the river and canals, the main roads
//	blocks     the ground between them, divided by ever smaller streets (chord)
//	lots       what each block is used for, and the cells within it
//	houses     buildings, each inside one cell
//	people     dwellings, exactly as many as asked, and who lives in them
//	partition  cells joined to building groups, micro-grids, villages, clusters
//	units      their numbers and names
//	streets    ways and nodes of the walking network
//	services, incidents  what happens in it
//
// All ground is one mesh of faces that meet in shared edges on the lattice. A
// street, a bank, a hedge runs along edges; a cell is a face; a unit is a set of
// faces. So units tile exactly, houses never stand in a street, and streets meet
// in shared nodes, without any of it being checked or repaired. More than one
// town stand side by side on a board (county.go) whose borders belong to both
// neighbours.
package town
