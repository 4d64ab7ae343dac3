package town

// line is what runs along an edge of the mesh.
type line struct {
	class string  // OSM highway value, empty for none
	width float64 // of the carriageway, metres
	free  float64 // metres on each side where nothing is built
	// border is how readily a border of units runs here: 0 not at all, 1 always.
	border float64
	bank   bool // water on one side
	inner  bool // inside a compound
	name   int32
}

// The kinds of lines.
var (
	primary      = line{class: "primary", width: 24, free: 21, border: 0.8}
	ringRoad     = line{class: "primary", width: 20, free: 19, border: 0.8}
	secondary    = line{class: "secondary", width: 16, free: 15, border: 0.6}
	tertiary     = line{class: "tertiary", width: 10, free: 11, border: 0.5}
	residential  = line{class: "residential", width: 7, free: 8, border: 0.3}
	villageRoad  = line{class: "unclassified", width: 5, free: 6, border: 0.3}
	villageLane  = line{class: "residential", width: 3.5, free: 3.5, border: 0.1}
	oldStreet    = line{class: "living_street", width: 6, free: 4, border: 0.3}
	oldLane      = line{class: "footway", width: 2.5, free: 1.9, border: 0.15}
	compoundRoad = line{class: "service", width: 5, free: 5, border: 0.15, inner: true}
	compoundLane = line{class: "service", width: 3.5, free: 3.5, border: 0.1, inner: true}
	siteRoad     = line{class: "service", width: 6, free: 6, border: 0.1, inner: true}
	parkPath     = line{class: "footway", width: 2.5, free: 2, inner: true}
	moatBridge   = line{class: "steps", width: 2.2, free: 2} // an arched bridge
	track        = line{class: "track", width: 3, free: 3, border: 0.15}
	hedge        = line{free: 2, inner: true}
	verge        = line{free: 3.5, inner: true} // between the end of a lane and the wall
	furrow       = line{free: 1}
	promenade    = line{class: "footway", width: 3, free: 7, border: 0.9, bank: true}
	dike         = line{class: "track", width: 3, free: 6, border: 0.9, bank: true}
	shore        = line{free: 5, border: 0.9, bank: true}
	townBorder   = line{free: 6, border: 1}
)

// add makes a line of a kind and returns its index.
func (m *mesh) add(l line) int32 {
	m.lines = append(m.lines, l)
	return int32(len(m.lines) - 1)
}
