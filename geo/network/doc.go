// Package network keeps the map under the grids: streets, buildings, water,
// green, places and service places, with the barriers and entrances that walking
// needs. It comes from an OpenStreetMap extract (Import) or from the generated
// demo town (Store); the newest import replaces the one before it, at once.
//
// Streets keep the ids of their nodes, so that two streets meet where they share
// one, and the tags that foot access needs.
//
// Administrative boundaries are never part of the map: national and provincial
// borders may not be drawn from OpenStreetMap. Boundaries offers those of lower
// levels as features that a planner imports as units, with the usual checks.
package network
