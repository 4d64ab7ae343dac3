package coverage

// Choices returns the number of points within the limit of each place: among how
// many its people can choose.
func Choices(m Matrix, limit uint32) []int32 {
	list := make([]int32, m.Places())
	for i := range list {
		_, mm := m.Row(i)
		for _, d := range mm {
			if d > limit {
				break
			}
			list[i]++
		}
	}
	return list
}

// Served is whom a point serves, in weight of places.
type Served struct {
	Within  int64 // all within the limit; shared with other points
	Nearest int64 // of these, whose nearest point it is: its exclusive service area
	Alone   int64 // of these, who have no other point within the limit: who would be left without it
}

// Whom returns whom each of the points serves. Of two points at the same distance
// the one with the lower number is the nearest, so that exclusive areas part the
// places among them.
func Whom(m Matrix, weight []int64, points int, limit uint32) []Served {
	list := make([]Served, points)
	for i := range m.Places() {
		source, mm := m.Row(i)
		w := weigh(weight, i)
		for k, p := range source {
			if mm[k] > limit {
				break
			}
			list[p].Within += w
			if k == 0 {
				list[p].Nearest += w
				if len(mm) == 1 || mm[1] > limit {
					list[p].Alone += w
				}
			}
		}
	}
	return list
}
