package siting

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// merge fills in the pairs of an instance: each distinct row of demand once.
func (in *instance) merge() {
	p, q := in.p, in.q
	near := q.Model == Median || q.Model == Center || q.Capacitated // distances matter
	n := p.Candidates()
	of := make([]int, len(p.Weights)+1)
	for k, i := range p.Demand {
		if p.Distance[k] <= q.Limit && p.Weights[i] > 0 {
			of[i+1]++
		}
	}
	for i := range p.Weights {
		of[i+1] += of[i]
	}
	sites, far := make([]int32, of[len(p.Weights)]), make([]uint32, of[len(p.Weights)])
	next := slices.Clone(of[:len(p.Weights)])
	for j := range n {
		for k := p.First[j]; k < p.First[j+1]; k++ {
			if i := p.Demand[k]; p.Distance[k] <= q.Limit && p.Weights[i] > 0 {
				sites[next[i]] = int32(j)
				if near {
					far[next[i]] = p.Distance[k]
				}
				next[i]++
			}
		}
	}

	// Rows with the same hash are compared, so the seed changes nothing.
	seed := maphash.MakeSeed()
	groups := make(map[uint64][]int32) // hash → merged demand
	var row []byte
	source := []int32(nil) // merged demand → a row of it
	for i := range p.Weights {
		a, b := of[i], of[i+1]
		if a == b {
			continue
		}
		row = row[:0]
		for k := a; k < b; k++ {
			s, d := sites[k], far[k]
			row = append(row, byte(s), byte(s>>8), byte(s>>16), byte(s>>24), byte(d), byte(d>>8), byte(d>>16), byte(d>>24))
		}
		h := maphash.Bytes(seed, row)
		found := int32(-1)
		for _, g := range groups[h] {
			c, d := of[source[g]], of[source[g]+1]
			if slices.Equal(sites[a:b], sites[c:d]) && slices.Equal(far[a:b], far[c:d]) {
				found = g
				break
			}
		}
		if found < 0 {
			found = int32(len(source))
			groups[h] = append(groups[h], found)
			source = append(source, int32(i))
			in.weight = append(in.weight, 0)
		}
		in.weight[found] += p.Weights[i]
	}

	in.of = make([]int, 1, len(source)+1)
	for _, i := range source {
		in.sites = append(in.sites, sites[of[i]:of[i+1]]...)
		in.far = append(in.far, far[of[i]:of[i+1]]...)
		in.of = append(in.of, len(in.sites))
	}
	in.transpose(n)
	if near {
		for g := range source {
			sortRow(in.sites[in.of[g]:in.of[g+1]], in.far[in.of[g]:in.of[g+1]])
		}
		for j := range n {
			sortRow(in.reach[in.first[j]:in.first[j+1]], in.way[in.first[j]:in.first[j+1]])
		}
	}
}

// transpose derives the demand of each candidate from the candidates of each demand.
func (in *instance) transpose(n int) {
	in.first = make([]int, n+1)
	for _, j := range in.sites {
		in.first[j+1]++
	}
	for j := range n {
		in.first[j+1] += in.first[j]
	}
	in.reach, in.way = make([]int32, len(in.sites)), make([]uint32, len(in.sites))
	next := slices.Clone(in.first[:n])
	for i := range in.weight {
		for k := in.of[i]; k < in.of[i+1]; k++ {
			j := in.sites[k]
			in.reach[next[j]], in.way[next[j]] = int32(i), in.far[k]
			next[j]++
		}
	}
}

// sortRow orders a row by distance; equal ones keep their order, which is by index.
func sortRow(index []int32, distance []uint32) {
	type pair struct {
		d uint32
		i int32
	}
	row := make([]pair, len(index))
	for k := range row {
		row[k] = pair{distance[k], index[k]}
	}
	slices.SortFunc(row, func(a, b pair) int { return cmp.Or(cmp.Compare(a.d, b.d), cmp.Compare(a.i, b.i)) })
	for k, r := range row {
		index[k], distance[k] = r.i, r.d
	}
}

// candidates is how many there are.
func (in *instance) candidates() int { return len(in.first) - 1 }

// row is the demand that a candidate reaches, and how far it is.
func (in *instance) row(j int32) ([]int32, []uint32) {
	return in.reach[in.first[j]:in.first[j+1]], in.way[in.first[j]:in.first[j+1]]
}

// column is the candidates that reach a demand, the nearest first.
func (in *instance) column(i int32) ([]int32, []uint32) {
	return in.sites[in.of[i]:in.of[i+1]], in.far[in.of[i]:in.of[i+1]]
}
