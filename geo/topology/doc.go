// Package topology answers whether areas tile their parent, says what is wrong
// and where, and mends it: fill, cut, clip, split. It works on lattice integers
// throughout, so that equality means equality and no answer depends on rounding.
//
// Start with Build: it makes a Mosaic, the planar subdivision of all the borders
// of parents and parts. Borders are noded by snap rounding, that is, wherever two
// edges cross or an edge passes within half a step of a vertex, both get the same
// vertex, until nothing changes. Between the edges lie faces, and each face knows
// the parents and parts that cover it. A face inside a parent that no part covers
// is a gap, one covered twice is an overlap. A repair gives faces to another part;
// areas are then rebuilt from faces, so that they fit by construction.
//
// Check is the judge before anything is published. It shares no code with the
// faces of the Mosaic on its way to "yes": it cancels directed edges.
//
// Fabric is a division that is being edited: move a point or a border, reshape by a
// line, split, merge, give land away. Neighbours keep their shared vertices, what
// would break the division is refused at the place, and every operation tells what
// it changed, so that it can be taken back. It serves the server and, compiled to
// WebAssembly, the page.
//
// Net draws the same areas with fewer vertices. A border shared by neighbours, or
// by a parent and its parts, loses the same vertices for all of them.
//
// Everything here is pure: no clock, no database, the same answer for the same
// input.
package topology
