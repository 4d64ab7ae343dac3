// Package ledger is what the household, incident and service-point ledgers have
// in common: how a file is imported into one, and who is responsible for each
// thing in it.
//
// An import is one transaction: all of it or none of it. Rows stream through in
// batches; each is checked, placed on the lattice, given its H3 cell and its
// unit, and compared with what was imported before from the same source. Only
// new and changed rows are written, with binary COPY. The same file again
// changes nothing.
//
// What lies on the ground is never guessed: placeholders, swapped and far
// positions are refused with a reason, and the declared reference system is
// tested against units, streets and buildings (package crs) before anything is
// kept.
//
// Responsibility is kept in narrow dated rows, household_unit and its sisters.
// Reassign and Assign are the only functions that write them; the rule itself,
// which unit covers a point, is package locate.
package ledger
