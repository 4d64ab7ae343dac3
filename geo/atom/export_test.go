package atom

// PassesThrough tells which buildings of a map overlap.
var PassesThrough = passesThrough
