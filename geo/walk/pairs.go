package walk

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"wangge/geo/fault"
)

// Matrix has, for each of many places, the sources within the limit by rising
// distance, ties by the number of the source: row i is First[i] up to First[i+1].
// The first of a row is the nearest source, the first k are the k nearest, and the
// length of a row is how many one can choose from.
type Matrix struct {
	First  []int
	Source []int32
	MM     []uint32
}

// Row of a place: its sources, and how far they are in mm.
func (m *Matrix) Row(place int) (source []int32, mm []uint32) {
	from, to := m.First[place], m.First[place+1]
	return m.Source[from:to], m.MM[from:to]
}

// MaxPairs is how many pairs Pairs finds at most. Each takes 24 bytes while they are
// sorted, and 8 of them afterwards: 2.4 GB, and 800 MB. A million homes with a hundred
// points within reach of each is as much.
const MaxPairs = 100_000_000

// ErrPairs means that there are more.
var ErrPairs = fault.New(fault.Invalid, "walk_pairs", "Too many homes and points are within reach of each other. Ask for fewer minutes, fewer points or a smaller unit. 相互可达的住户与服务点过多：请减少分钟数、服务点或范围。")

// Pairs finds every pair of a source and a place within limit mm, on so many threads
// (at least one). The result does not depend on their number.
//
// Errors: ErrPairs.
func Pairs(ctx context.Context, n *Network, mode Mode, sources []Place, p *Places, limit uint32, dir Direction, threads int) (*Matrix, error) {
	return pairs(ctx, n, mode, sources, p, limit, dir, threads, MaxPairs)
}

func pairs(ctx context.Context, n *Network, mode Mode, sources []Place, p *Places, limit uint32, dir Direction, threads, most int) (*Matrix, error) {
	type pair struct {
		place int32
		mm    uint32
	}
	found := make([][]pair, len(sources))
	var next, sum atomic.Int64
	var wait sync.WaitGroup
	for range max(1, threads) {
		wait.Go(func() {
			w := n.Walker(mode)
			defer w.Release()
			var list []pair
			for ctx.Err() == nil && sum.Load() <= int64(most) {
				s := int(next.Add(1)) - 1
				if s >= len(sources) {
					return
				}
				w.Spread(sources[s:s+1], limit, dir)
				list = list[:0]
				w.Reached(p, func(i int32, mm uint32) { list = append(list, pair{i, mm}) })
				found[s] = slices.Clone(list)
				sum.Add(int64(len(list)))
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if sum.Load() > int64(most) {
		return nil, ErrPairs
	}

	m := &Matrix{First: make([]int, p.Len()+1)}
	for _, list := range found {
		for _, f := range list {
			m.First[f.place+1]++
		}
	}
	for i := range p.Len() {
		m.First[i+1] += m.First[i]
	}
	all := m.First[p.Len()]
	label := make([]uint64, all)
	free := slices.Clone(m.First)
	for s, list := range found {
		for _, f := range list {
			label[free[f.place]] = uint64(f.mm)<<32 | uint64(s)
			free[f.place]++
		}
		found[s] = nil
	}
	m.Source, m.MM = make([]int32, all), make([]uint32, all)
	for i := range p.Len() {
		row := label[m.First[i]:m.First[i+1]]
		sortLabels(row)
		for k, l := range row {
			m.MM[m.First[i]+k], m.Source[m.First[i]+k] = split(l)
		}
	}
	return m, nil
}

// sortLabels sorts what is mostly a handful.
func sortLabels(row []uint64) {
	if len(row) > 24 {
		slices.Sort(row)
		return
	}
	for i := 1; i < len(row); i++ {
		l, k := row[i], i
		for ; k > 0 && l < row[k-1]; k-- {
			row[k] = row[k-1]
		}
		row[k] = l
	}
}
