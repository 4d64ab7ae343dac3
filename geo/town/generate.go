package town

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/fault"
)

// MaxHouseholds is the largest town: a county of one hundred towns, for as many
// town codes (100 to 199) the twelve-digit code has room for.
const MaxHouseholds = 1_200_000

// perTown is how many dwellings a town of the county has, about.
const perTown = 10_000

// countyCode stands for the invented county. No province has a code that begins
// with 99 (they end with 82, and GB/T 2260 keeps 9 for places abroad), so no unit
// of the demo can be taken for a real one; the other digits follow the rules for
// a county, its towns, communities (001 …) and villages (200 …). Clusters, which
// are no divisions, use 901 … of the last three digits, which no rule gives out.
const countyCode = "990121"

// DefaultCenter is in the open East China Sea, a hundred kilometres off the
// coast, at the latitude of the towns the demo is modelled on. There is no land
// near, so the town cannot be taken for a real one, nor can its streets mix with
// imported ones.
var DefaultCenter = orb.Point{123.0, 31.2}

// DefaultNow ends the ninety days of the demo when no time is given.
var DefaultNow = time.Date(2026, 6, 30, 16, 0, 0, 0, time.UTC)

// ErrOptions is the answer to options out of range.
var ErrOptions = fault.New(fault.Invalid, "town_options", "The demo town cannot be made like this.")

// Notice stands on every map and export of the demo.
const Notice = "虚构示例数据，与任何真实地点、单位和个人无关 · Invented demo data: no real place, body or person"

// Generate makes the town. It fails with ErrOptions when the options are out of
// range, and with the error of ctx when that ends.
func Generate(ctx context.Context, o Options) (*Town, error) {
	o, err := o.checked()
	if err != nil {
		return nil, err
	}
	towns := max(1, (o.Households+perTown/2)/perTown)
	board := newBoard(o, towns)
	parts := make([]*part, towns)
	if err := each(ctx, towns, func(k int) {
		parts[k] = board.builder(k, towns).town(share(o.Households, towns, k), o.Now)
	}); err != nil {
		return nil, fmt.Errorf("generate town %d: %w", o.Seed, err)
	}
	t := county(parts)
	t.Center, t.Now, t.Notice, t.Edition = o.Center, o.Now, Notice, 2026
	return t, nil
}

func (o Options) checked() (Options, error) {
	if o.Households < 1 || o.Households > MaxHouseholds {
		return o, fmt.Errorf("generate town: %w", ErrOptions.Because(fmt.Errorf("%d households, not 1 to %d", o.Households, MaxHouseholds)))
	}
	if o.Center == (orb.Point{}) {
		o.Center = DefaultCenter
	}
	if !(o.Center[0] > -179 && o.Center[0] < 179 && o.Center[1] > -60 && o.Center[1] < 60) {
		return o, fmt.Errorf("generate town: %w", ErrOptions.Because(fmt.Errorf("centre %v is not a place between 60° S and 60° N", o.Center)))
	}
	if o.Now.IsZero() {
		o.Now = DefaultNow
	}
	o.Now = o.Now.UTC().Truncate(time.Second)
	return o, nil
}

// share is how many of total households town k of n gets.
func share(total, n, k int) int {
	s := total / n
	if k < total%n {
		s++
	}
	return s
}

func newBoard(o Options, towns int) board {
	cols := 1
	for cols*cols < towns {
		cols++
	}
	return board{seed: o.Seed, frame: newFrame(geo.Snap(o.Center)), cols: cols, rows: (towns + cols - 1) / cols}
}

// builder of the k-th town, counted from west to east and from north to south.
func (b board) builder(k, towns int) *builder {
	i, j := k%b.cols, b.rows-1-k/b.cols
	d := newDice(b.seed, streamTown, uint64(i), uint64(j))
	w := &builder{
		board: b, i: i, j: j, d: d, name: townName(k), county: countyCode, seat: 100 + k,
		usedHamlets: map[string]bool{},
	}
	w.rootNames, w.oldNames, w.worksNames = newDeck(d, roots), newDeck(d, oldRoots), newDeck(d, worksRoots)
	w.compoundNames, w.communityNames, w.villageNames = newDeck(d, roots), newDeck(d, roots), newDeck(d, roots)
	return w
}

// each does n pieces of work on all processors, and waits.
func each(ctx context.Context, n int, do func(k int)) error {
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for k := range next {
				do(k)
			}
		})
	}
	var err error
	for k := 0; k < n && err == nil; k++ {
		select {
		case next <- k:
		case <-ctx.Done():
		}
		err = ctx.Err()
	}
	close(next)
	workers.Wait()
	return err
}
