package walk

import "wangge/geo"

// Near returns the nearest place on each street within so many mm that the profile may
// use, nearest first and at most so many. Unlike Snap it looks at no wall and no water:
// it tells where somebody may be who was seen about there.
func (n *Network) Near(at geo.Point, profile Profile, within uint32, most int) []Access {
	x := n.index(profile)
	q := eyeAt(at)
	spots := x.all(&q, float64(min(within, MostWalk)))
	spots = spots[:min(len(spots), most)]
	out := make([]Access, len(spots))
	for i, s := range spots {
		out[i] = x.access(s)
	}
	return out
}
