package walk

import "wangge/geo"

// Where an access meets its street.
func (n *Network) Where(a Access) geo.Point { return n.part(a.Edge, a.Offset, a.Offset)[0] }

var kinds = [...]string{"road", "path", "steps", "crossing", "square", "link"}

func (k Kind) String() string { return kinds[min(int(k), len(kinds)-1)] }
