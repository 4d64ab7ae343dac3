package coverage

import "math"

// Decay is the weight of a point at a distance in mm: 1 is the full weight, 0 none.
type Decay func(mm uint32) float64

// Whole counts everything within the limit fully and nothing beyond it.
func Whole(limit uint32) Decay {
	return func(mm uint32) float64 {
		if mm <= limit {
			return 1
		}
		return 0
	}
}

// Zone is a step of Steps: up to a distance, included, the weight holds.
type Zone struct {
	MM     uint32
	Weight float64
}

// Steps counts by travel zones, the nearest first; beyond the last nothing counts
// (Luo and Qi 2009, with three zones).
func Steps(zones ...Zone) Decay {
	return func(mm uint32) float64 {
		for _, z := range zones {
			if mm <= z.MM {
				return z.Weight
			}
		}
		return 0
	}
}

// Slow and Sharp are the weights that Luo and Qi (2009) give to their three zones:
// for services one goes far for, and for those one does not.
var (
	Slow  = [3]float64{1, 0.68, 0.22}
	Sharp = [3]float64{1, 0.42, 0.09}
)

// Thirds makes three zones of equal width out of the limit.
func Thirds(limit uint32, weights [3]float64) Decay {
	return Steps(Zone{limit / 3, weights[0]}, Zone{uint32(uint64(limit) * 2 / 3), weights[1]}, Zone{limit, weights[2]})
}

// Power is (d/unit)^−exponent, Hansen's (1959): with unit the mm walked in a minute,
// d is in minutes. What is nearer than the unit counts as one unit away, for the
// power has no value at the door.
func Power(unit uint32, exponent float64) Decay {
	return func(mm uint32) float64 { return math.Pow(float64(max(mm, unit))/float64(unit), -exponent) }
}

// Within cuts a decay off beyond the limit.
func Within(limit uint32, decay Decay) Decay {
	return func(mm uint32) float64 {
		if mm > limit {
			return 0
		}
		return decay(mm)
	}
}

// Catchment is the two-step floating catchment area (2SFCA): supply per head that
// each place can reach.
//
//  1. R_j = S_j / Σ_k P_k·w(d_kj)   of each point, over the places within its reach
//  2. A_i = Σ_j R_j·w(d_ij)         of each place, over the points within its reach
//
// With Whole it is that of Luo and Wang (2003, Measures of spatial accessibility to
// health care in a GIS environment, Environment and Planning B 30(6)); with Steps
// the enhanced one (E2SFCA) of Luo and Qi (2009, An enhanced two-step floating
// catchment area method, Health & Place 15(4)).
//
// People are the heads of each place (nil: one each), supply what each point has:
// seats, beds, staff; 1 each if nothing is known, and then A is points per head.
// Σ_i P_i·A_i is the supply of all points that reach somebody: nothing is lost and
// nothing counted twice. A point that reaches nobody has no R.
func Catchment(m Matrix, people []int64, supply []float64, decay Decay) []float64 {
	weight := make([]float64, len(m.MM))
	for k, d := range m.MM {
		weight[k] = decay(d)
	}
	heads := make([]float64, len(supply))
	for i := range m.Places() {
		p := float64(weigh(people, i))
		for k := m.First[i]; k < m.First[i+1]; k++ {
			heads[m.Source[k]] += p * weight[k]
		}
	}
	rate := make([]float64, len(supply)) // R
	for j, h := range heads {
		if h > 0 {
			rate[j] = supply[j] / h
		}
	}
	list := make([]float64, m.Places())
	for i := range list {
		for k := m.First[i]; k < m.First[i+1]; k++ {
			list[i] += rate[m.Source[k]] * weight[k]
		}
	}
	return list
}

// Gravity is the potential of each place: Σ_j S_j·w(d_ij). With Power it is that of
// Hansen (1959, How accessibility shapes land use, Journal of the American Institute
// of Planners 25(2)). It counts what there is, not who else wants it.
func Gravity(m Matrix, supply []float64, decay Decay) []float64 {
	list := make([]float64, m.Places())
	for i := range list {
		source, mm := m.Row(i)
		for k, j := range source {
			list[i] += supply[j] * decay(mm[k])
		}
	}
	return list
}

// Cumulative is the supply within the limit of each place: cumulative opportunities
// (Wachs and Kumagai 1973, Physical accessibility as a social indicator,
// Socio-Economic Planning Sciences 7(5)). It is Gravity with Whole.
func Cumulative(m Matrix, supply []float64, limit uint32) []float64 {
	return Gravity(m, supply, Whole(limit))
}
