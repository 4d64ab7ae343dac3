package mvt

// TooMany is the number of tiles above which it is not worth telling them apart.
const TooMany = 20_000

// Touched are tiles that a change concerns.
type Touched struct {
	Tiles map[Tile]struct{}
	// All says that there were too many to list.
	All bool
}

// Add lists a tile.
func (t *Touched) Add(tile Tile) {
	if t.All {
		return
	}
	if t.Tiles == nil {
		t.Tiles = map[Tile]struct{}{}
	}
	t.Tiles[tile] = struct{}{}
	if len(t.Tiles) > TooMany {
		t.All, t.Tiles = true, nil
	}
}

// box lists the tiles whose buffered square meets the box.
func (t *Touched) box(b box, zoom int) {
	low := func(v int32) uint32 { return uint32(max(0, v-Buffer) >> extentBits) }
	high := func(v int32) uint32 { return uint32(min(Extent<<zoom-1, v+Buffer) >> extentBits) }
	for x := low(b.minX); x <= high(b.maxX) && !t.All; x++ {
		for y := low(b.minY); y <= high(b.maxY) && !t.All; y++ {
			t.Add(Tile{uint8(zoom), x, y})
		}
	}
}

// Rows lists the tiles in which shapes of the rows are drawn.
func (s *Shapes) Rows(rows map[int]bool, zoom int, into *Touched) {
	for i := range s.shapes {
		if rows[int(s.shapes[i].row)] {
			into.box(s.shapes[i].bounds, zoom)
		}
	}
}

// Changed lists the tiles that look different with next and its table than with s
// and its table: where a feature came, went, or has another form or property. Features are
// known by their value in the first column.
func (s *Shapes) Changed(table *Table, next *Shapes, nextTable *Table, zoom int, into *Touched) {
	old := make(map[string]int, len(s.shapes))
	for i := range s.shapes {
		old[table.at(int(s.shapes[i].row), 0)] = i
	}
	for i := range next.shapes {
		now := &next.shapes[i]
		key := nextTable.at(int(now.row), 0)
		k, known := old[key]
		if !known {
			into.box(now.bounds, zoom)
			continue
		}
		delete(old, key)
		was := &s.shapes[k]
		if was.start != now.start || s.rest(was) != next.rest(now) || !table.Same(int(was.row), nextTable, int(now.row)) {
			into.box(was.bounds, zoom)
			into.box(now.bounds, zoom)
		}
	}
	for _, i := range old {
		into.box(s.shapes[i].bounds, zoom)
	}
}

func (s *Shapes) rest(sh *shape) string {
	return string(s.commands[sh.commands : sh.commands+sh.length])
}

// Changed lists the tiles of the zooms from min to max that look different with
// next than with p: where a point came, went, moved or has another property.
func (p *Points) Changed(next *Points, min, max int, into *Touched) {
	old := make(map[int64]int, len(p.ids))
	for i, id := range p.ids {
		old[id] = i
	}
	differs := map[int64]bool{}
	for i, id := range next.ids {
		k, known := old[id]
		if !known || p.codes[k] != next.codes[i] || !p.table.Same(int(p.rows[k]), next.table, int(next.rows[i])) {
			differs[id] = true
		}
		delete(old, id)
	}
	for id := range old {
		differs[id] = true
	}
	p.Find(differs, min, max, into)
	next.Find(differs, min, max, into)
}
