package topology

import (
	"cmp"
	"slices"

	"wangge/geo"
)

// fanout is the number of children of a node of an index.
const fanout = 8

// index finds boxes that meet a box: a packed R-tree over a Z-order curve. It is
// built once; items can be removed but not added. Its cost does not depend on how
// evenly the boxes are spread.
type index struct {
	boxes  []geo.Bound // all nodes, level by level, items first
	starts []int       // where each level starts in boxes; the last holds the root
	items  []int32     // the caller's number of each box on the lowest level
	slot   []int32     // the inverse of items, made by the first remove
	live   []int32     // items left under each node, made by the first remove
}

func newIndex(boxes []geo.Bound) *index {
	x := &index{items: byCurve(boxes)}
	size := len(boxes)
	for n := len(boxes); n > 1; size += n {
		n = (n + fanout - 1) / fanout
	}
	x.boxes = make([]geo.Bound, 0, size)
	for _, item := range x.items {
		x.boxes = append(x.boxes, boxes[item])
	}
	x.starts = []int{0}
	for start, end := 0, len(x.boxes); end-start > 1; start, end = end, len(x.boxes) {
		x.starts = append(x.starts, end)
		for i := start; i < end; i += fanout {
			b := geo.EmptyBound
			for _, child := range x.boxes[i:min(i+fanout, end)] {
				b = b.Union(child)
			}
			x.boxes = append(x.boxes, b)
		}
	}
	return x
}

// byCurve orders boxes by their centres along a Z-order curve.
func byCurve(boxes []geo.Bound) []int32 {
	all := geo.EmptyBound
	for _, b := range boxes {
		all = all.Union(b)
	}
	type place struct {
		key  uint64
		item int32
	}
	places := make([]place, len(boxes))
	for i, b := range boxes {
		x := (int64(b.Min.X)+int64(b.Max.X))/2 - int64(all.Min.X)
		y := (int64(b.Min.Y)+int64(b.Max.Y))/2 - int64(all.Min.Y)
		places[i] = place{spread(uint32(x)) | spread(uint32(y))<<1, int32(i)}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.item, b.item))
	})
	items := make([]int32, len(boxes))
	for i, p := range places {
		items[i] = p.item
	}
	return items
}

// spread puts a zero bit before every bit of x.
func spread(x uint32) uint64 {
	v := uint64(x)
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

// search calls visit for every item whose box meets b, until visit says false.
func (x *index) search(b geo.Bound, visit func(item int32) bool) {
	x.walk(b, nil, visit)
}

// searchAlong is search for the box of the segment ab grown by one step, leaving
// out whole groups of items that the segment itself stays clear of.
func (x *index) searchAlong(a, b geo.Point, visit func(item int32) bool) {
	x.walk(segmentBound(a, b, 1), &[2]geo.Point{a, b}, visit)
}

func (x *index) walk(b geo.Bound, along *[2]geo.Point, visit func(item int32) bool) {
	if len(x.items) == 0 {
		return
	}
	top := len(x.starts) - 1
	x.walkNode(top, x.starts[top], b, along, visit)
}

// walkNode reports whether to go on.
func (x *index) walkNode(level, node int, b geo.Bound, along *[2]geo.Point, visit func(item int32) bool) bool {
	if x.live != nil && x.live[node] == 0 || !b.Intersects(x.boxes[node]) {
		return true
	}
	if level == 0 {
		return visit(x.items[node])
	}
	if along != nil && !nearBox(along[0], along[1], x.boxes[node]) {
		return true
	}
	first := x.starts[level-1] + (node-x.starts[level])*fanout
	for child := first; child < min(first+fanout, x.starts[level]); child++ {
		if !x.walkNode(level-1, child, b, along, visit) {
			return false
		}
	}
	return true
}

// nearBox reports whether the line through a and b comes within one step of box.
func nearBox(a, b geo.Point, box geo.Bound) bool {
	corners := [4]geo.Point{
		{X: box.Min.X - 1, Y: box.Min.Y - 1}, {X: box.Max.X + 1, Y: box.Min.Y - 1},
		{X: box.Max.X + 1, Y: box.Max.Y + 1}, {X: box.Min.X - 1, Y: box.Max.Y + 1},
	}
	left, right := 0, 0
	for _, c := range corners {
		switch s := geo.Cross(a, b, c); {
		case s > 0:
			left++
		case s < 0:
			right++
		}
	}
	return left < 4 && right < 4
}

// remove takes an item out of all later searches.
func (x *index) remove(item int32) {
	if x.live == nil {
		x.countLive()
	}
	node := int(x.slot[item])
	for level := range x.starts {
		x.live[node]--
		if level+1 < len(x.starts) {
			node = x.starts[level+1] + (node-x.starts[level])/fanout
		}
	}
}

func (x *index) countLive() {
	x.slot = make([]int32, len(x.items))
	for slot, item := range x.items {
		x.slot[item] = int32(slot)
	}
	x.live = make([]int32, len(x.boxes))
	for i := range x.items {
		x.live[i] = 1
	}
	for level := 1; level < len(x.starts); level++ {
		for child := x.starts[level-1]; child < x.starts[level]; child++ {
			x.live[x.starts[level]+(child-x.starts[level-1])/fanout] += x.live[child]
		}
	}
}
