package walk

import "wangge/geo"

// InWater reports whether a place lies in water: nobody lives there.
func (n *Network) InWater(at geo.Point) bool {
	odd := false
	for _, w := range n.raster(Adult, 10).waters {
		if w.box.Contains(at) && ringContains(w.ring, at) {
			odd = !odd
		}
	}
	return odd
}
