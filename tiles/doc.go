// Package tiles draws the map: vector tiles of every layer, their TileJSON and
// the style that shows them.
//
// What is drawn lives in memory, loaded by one named reader per subject (read.go)
// that selects no personal column: units in force, households as a place, a kind
// and whether someone lives there, incidents, service points, zones, the
// background map. Loaded once, a subject is an edition: immutable, with the
// version of the newest change in it, read in the same snapshot of the database.
//
//	read.go        SQL: rows of each subject, in force on a day
//	units.go       grid-{level} and label-{level}: shared arcs simplified once per zoom
//	ledgers.go     household, incident, service-point
//	cells.go       cell: H3 counts, resolution by zoom
//	background.go  background and zone
//	scope.go       what a reader may see of all that
//	view.go        what all subjects show on one day, and which tiles a change touched
//	follow.go      keeps the view of today new: LISTEN, polling as a fallback
//	past.go        other days, built when asked for and kept for a while
//	circle.go      layers of a run of the service circle, made when asked for and kept for a while
//	circledraw.go  what a run says of units and cells, on borders that all runs of a day share
//	circlewalk.go  how far the points of a run reach
//	circlesites.go the sites that a search found
//	duty.go        layers of patrols and what is due, read when asked for and again after a moment
//	dutydraw.go    what each of them shows
//	handler.go     HTTP: versions, ETag, 304, 204, one render per key, gzip and brotli
//	packs.go       the map of a unit in one file, for phones (package pack writes it)
//	tilejson.go, style.go, palette.go
//
// One memory serves everybody. Each feature is owned by a unit, and a request
// selects by its Scope; without one nothing is drawn.
//
// A change names what changed (table layer_change). Only those rows are read
// again, and only the tiles they touch get a new version: the others keep theirs,
// and with it their place in the cache and in everybody's browser.
package tiles
