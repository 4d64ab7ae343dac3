// Package mvt writes Mapbox Vector Tiles 2.1 from geometry that was prepared once.
//
// Preparing does the slow work: Project and quantise a feature to the whole units
// of one zoom (a world is 4096 units times the tiles across it), and encode its
// values. In these world units a tile's own coordinates are a subtraction, and the
// delta-encoded commands of a feature are the same in every tile of the zoom: a
// feature that lies inside a tile is a copy behind a new MoveTo. Only what
// crosses a tile's buffer is decoded, clipped and encoded again.
//
//	Table   the properties of features, encoded once; a tile indexes what it uses
//	Shapes  polygons, lines and single points of one zoom with an R-tree
//	Points  many points on a Z-order curve for all zooms; a tile is one run of it
//	Builder writes one tile; it is re-used, and allocates nothing when warm
//
// Rounding is per vertex, so that vertices shared by neighbours stay shared: what
// tiled without gaps before quantising does so afterwards, except that areas
// thinner than one unit vanish.
package mvt
