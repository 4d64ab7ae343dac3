package mvt

// Face is how the row of a feature is written: a column with a face stands only in
// tiles that show this face.
type Face uint8

// The faces. A column with the face Every stands in all tiles.
const (
	Every  Face = iota // of a column; of a row: not drawn
	Exact              // for who may see single places, and where nothing is selected
	Coarse             // for who may see suppressed counts
	Bare               // for who may see no counts
)

// Selection says which rows of a table are drawn, and with which face. A nil
// Selection draws all, Exact.
type Selection struct {
	Faces []Face // by row; Every, and rows beyond its end, are not drawn
	// Column gets Cells, by row, instead of the table's own: numbers from Intern.
	// There are none where Cells is nil.
	Column int
	Cells  []uint32
}

// face is how a row is drawn, Every for one that is not.
func (s *Selection) face(row uint32) Face {
	switch {
	case s == nil:
		return Exact
	case int(row) >= len(s.Faces):
		return Every
	}
	return s.Faces[row]
}

// Members is a set of small positive numbers, such as ids that a database counts up.
// A nil Members holds everything; the zero Members nothing.
type Members struct{ bits []uint64 }

// Add puts id into the set. Numbers that are not positive are not members of any.
func (m *Members) Add(id int64) {
	if id <= 0 {
		return
	}
	for int64(len(m.bits)) <= id>>6 {
		m.bits = append(m.bits, 0)
	}
	m.bits[id>>6] |= 1 << (id & 63)
}

// Has reports whether id is in the set.
func (m *Members) Has(id int64) bool {
	if m == nil {
		return true
	}
	return id > 0 && id>>6 < int64(len(m.bits)) && m.bits[id>>6]&(1<<(id&63)) != 0
}

// Any reports whether the set has a member.
func (m *Members) Any() bool {
	if m == nil {
		return true
	}
	for _, word := range m.bits {
		if word != 0 {
			return true
		}
	}
	return false
}
