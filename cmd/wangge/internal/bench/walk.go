package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"wangge/api/walks"
	"wangge/geo"
	"wangge/geo/walk"
)

// The standard that is measured: 15 minutes at 4 km/h.
const (
	quarterHour = 1_000_000 // mm
	walkAsked   = 400       // how many questions of one kind
	peerAsked   = 24        // how many of them the slower peer answers
)

// onFoot walks a town, and one of sixteen times its size.
func onFoot() Benchmark {
	return Benchmark{
		Name:  "walk",
		About: "reach, outlines, nearest points and what-if on foot: ours, against pgRouting on the same edges and Valhalla",
		Run:   runWalk,
	}
}

// walkBench is a town with its homes and points on the streets.
type walkBench struct {
	lab     Lab
	town    walkTown
	homes   *walk.Places
	points  []walk.Place
	routing *routing // nil where there is no pgRouting
	without string   // why
}

func runWalk(ctx context.Context, lab Lab) ([]Row, error) {
	runtime.GC()
	before := heap()
	town, err := atHome(ctx, lab)
	if err != nil {
		return nil, err
	}
	lab.Say("walk: %s", town.data())
	small, rows, err := newWalkBench(ctx, lab, town, "", true)
	if err != nil {
		return nil, err
	}
	for _, part := range []func(context.Context) ([]Row, error){
		func(ctx context.Context) ([]Row, error) {
			return small.nearest(ctx, "walk-nearest", 29*time.Nanosecond)
		},
		small.reach, small.outlines,
	} {
		got, err := part(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, got...)
	}
	pool := small.routing

	t, err := town.copied(ctx, lab.Scale.Copies)
	if err != nil {
		return nil, err
	}
	lab.Say("walk: %s", t.data())
	large, got, err := newWalkBench(ctx, lab, t, "-large", pool != nil && lab.Scale.Name == Full.Name)
	if err != nil {
		return nil, err
	}
	rows = append(rows, got...)
	got, err = large.whole(ctx, small)
	if err != nil {
		return nil, err
	}
	rows = append(rows, got...)
	runtime.GC()
	held := heap() - before
	runtime.KeepAlive(small)
	runtime.KeepAlive(large)
	rows = append(rows, less("walk-memory", float64(held)/float64(t.network.Edges()+town.network.Edges()), 0, "B/edge", t.data()).
		note("everything held after all of the above: arrays, index, costs, raster blocks in use, homes on the streets"))
	return rows, nil
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// newWalkBench joins homes and points to the streets, which is measured too.
func newWalkBench(ctx context.Context, lab Lab, t walkTown, suffix string, peer bool) (*walkBench, []Row, error) {
	b := &walkBench{lab: lab, town: t}
	b.town.network.Snap(t.homes[0], walk.Adult, walk.MaxWalk) // makes the index
	ours, err := median(lab.Scale.Light, func() (cost, error) {
		return alone(func() { b.homes, _ = t.network.SnapAll(ctx, t.homes, walk.Adult, walk.MaxWalk, 1) })
	})
	if err != nil {
		return nil, nil, err
	}
	for _, p := range t.points {
		b.points = append(b.points, t.network.Snap(p, walk.Adult, walk.MaxWalk))
	}
	var theirs cost
	if peer {
		pool, err := lab.Database(ctx)
		if err != nil {
			return nil, nil, err
		}
		b.routing, err = newRouting(ctx, pool, t.network, b.homes, b.points)
		switch {
		case errors.Is(err, errNoPeer):
			b.without = err.Error()
		case err != nil:
			return nil, nil, err
		case suffix == "":
			if theirs, err = b.routing.snap(ctx, t.homes); err != nil {
				return nil, nil, err
			}
		}
	}
	row := b.row("walk-snap"+suffix, ours, theirs)
	if suffix != "" {
		// The aim is for 1,399,328 buildings.
		row = row.target("≤ 1.64 µs each", ours.cpu.Seconds()/float64(len(t.homes)) <= 1.64e-6).note("%.2f µs each", ours.cpu.Seconds()/float64(len(t.homes))*1e6)
	} else {
		row = row.note("%.2f µs each, place on the edge, walls and small pieces heeded; the peer: PostGIS's nearest edge by index (<->), no place on it", ours.cpu.Seconds()/float64(len(t.homes))*1e6)
	}
	return b, []Row{row}, nil
}

// row of processor seconds, with a plain word where there is no peer.
func (b *walkBench) row(name string, ours, theirs cost) Row {
	r := inCPU(name, ours, theirs, b.town.data())
	if theirs.cpu == 0 && b.without != "" {
		r.Notes = "no peer: " + b.without
	}
	return r
}

// inMS makes a row of processor milliseconds.
func (b *walkBench) inMS(name string, ours, theirs time.Duration) Row {
	r := less(name, float64(ours)/1e6, float64(theirs)/1e6, "ms", b.town.data())
	r.CPUOurs, r.CPUPeer = ours.Seconds(), theirs.Seconds()
	if theirs == 0 && b.without != "" {
		r.Notes = "no peer: " + b.without
	}
	return r
}

// spent is the processor time of each of many questions, in order of cost.
type spent []time.Duration

// each measures questions one by one, on one thread.
func each(times int, ask func(i int)) (spent, error) {
	runtime.GC()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	list := make(spent, times)
	for i := range list {
		before, err := clock(unix.CLOCK_THREAD_CPUTIME_ID)
		if err != nil {
			return nil, err
		}
		ask(i)
		after, err := clock(unix.CLOCK_THREAD_CPUTIME_ID)
		if err != nil {
			return nil, err
		}
		list[i] = after - before
	}
	slices.Sort(list)
	return list, nil
}

func (s spent) at(share float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(int(float64(len(s))*share), len(s)-1)]
}

// home that question i is about.
func (b *walkBench) home(i int) geo.Point { return b.town.homes[i*7919%len(b.town.homes)] }

// nearest is the minutes of every home to the nearest point. The aims are 2.5 ms for
// Porto Alegre's 87,458 homes, and 90 ms for sixteen times as many, beyond the
// processor's cache.
func (b *walkBench) nearest(ctx context.Context, name string, aim time.Duration) ([]Row, error) {
	w := b.town.network.Walker(walk.Mode{})
	defer w.Release()
	mm, source := make([]uint32, b.homes.Len()), make([]int32, b.homes.Len())
	ours, err := median(max(5, b.lab.Scale.Light), func() (cost, error) {
		return alone(func() {
			w.Spread(b.points, walk.Never, walk.From)
			w.Fill(b.homes, mm, source)
		})
	})
	if err != nil {
		return nil, err
	}
	var theirs cost
	if b.routing != nil {
		theirs, err = median(b.lab.Scale.Heavy, func() (cost, error) {
			return statement(ctx, b.routing.pool, `SELECT count(*), sum(mm) FROM (`+b.routing.nearest(len(b.points), true)+`) AS n`)
		})
		if err != nil {
			return nil, err
		}
	}
	row := b.row(name, ours, theirs)
	if b.routing != nil {
		longer, err := b.compare(ctx, mm)
		if err != nil {
			return nil, err
		}
		row = row.note("every home, however far; the peer: pgr_drivingDistance with equicost, which leads %.2f %% of the homes a longer way than the shortest", 100*float64(longer)/float64(len(mm)))
	}
	return []Row{row.target(fmt.Sprintf("≤ %v each", aim), ours.cpu <= aim*time.Duration(b.homes.Len()))}, nil
}

// compare fails where pgRouting has found a shorter way, and tells how many homes it
// has led a longer one. (Without equicost it finds the same ways, which a test checks;
// that takes too long for a large town.)
func (b *walkBench) compare(ctx context.Context, mm []uint32) (longer int, err error) {
	want, _, err := b.routing.answers(ctx, len(b.points), b.homes.Len(), true)
	if err != nil {
		return 0, err
	}
	for i := range mm {
		if mm[i] > want[i] {
			return 0, fmt.Errorf("home %d is %d mm from its nearest point, pgRouting has %d", i, mm[i], want[i])
		}
		if mm[i] < want[i] {
			longer++
		}
	}
	return longer, nil
}

// reach is what lies within 15 minutes of one place.
func (b *walkBench) reach(ctx context.Context) ([]Row, error) {
	ours, _, err := b.within()
	if err != nil {
		return nil, err
	}
	var theirs spent
	if b.routing != nil {
		for i := range min(peerAsked, len(b.points)) {
			c, err := statement(ctx, b.routing.pool, b.routing.reach(i, b.town.points[i], quarterHour/1000))
			if err != nil {
				return nil, err
			}
			theirs = append(theirs, c.cpu)
		}
		slices.Sort(theirs)
	}
	return []Row{
		b.inMS("walk-reach", ours.at(0.5), theirs.at(0.5)).atMost(0.1).note("snapping, the search and all homes within 15 minutes; the peer: the nodes alone, in a box around the start"),
		b.inMS("walk-reach-p99", ours.at(0.99), theirs.at(0.99)).atMost(0.25),
	}, nil
}

// within asks for what lies within 15 minutes, and counts the homes.
func (b *walkBench) within() (spent, int, error) {
	n := b.town.network
	w := n.Walker(walk.Mode{})
	defer w.Release()
	var source [1]walk.Place
	count := 0
	ask := func(i int) {
		source[0] = n.Snap(b.home(i), walk.Adult, walk.MaxWalk)
		w.Spread(source[:], quarterHour, walk.From)
		w.Reached(b.homes, func(int32, uint32) { count++ })
	}
	ask(0)
	ours, err := each(walkAsked, ask)
	return ours, count, err
}

// outlines are polygons with their GeoJSON.
func (b *walkBench) outlines(ctx context.Context) ([]Row, error) {
	var rows []Row
	answers, why, err := b.valhalla(ctx)
	if err != nil {
		return nil, err
	}
	valhalla := times(answers)
	for _, metres := range []int{10, 20} {
		cold, warm, size, err := b.drawn(metres)
		if err != nil {
			return nil, err
		}
		p50, p99 := 0.6, 1.2
		if metres == 20 {
			p50, p99 = 0.3, 0.7
		}
		name := fmt.Sprintf("walk-outline-%d", metres)
		about := fmt.Sprintf("from the dragged marker to the GeoJSON, %.1f kB on average; the peer: Valhalla, GeoJSON too, on its grid of 111 m", float64(size)/walkAsked/1000)
		if len(valhalla) == 0 {
			about = "no peer: " + why
		}
		rows = append(rows,
			b.inMS(name, warm.at(0.5), valhalla.at(0.5)).atMost(p50).note("%s", about),
			b.inMS(name+"-p99", warm.at(0.99), valhalla.at(0.99)).atMost(p99),
			b.inMS(name+"-first", cold.at(0.5), 0).note("somewhere for the first time: the raster is joined to the streets"))
	}
	if len(answers) > 0 {
		ours, theirs, err := b.areas(answers)
		if err != nil {
			return nil, err
		}
		rows = append(rows, less("walk-outline-area", ours, theirs, "ha", b.town.data()).
			note("mean area of the same 100 places; Valhalla's grid takes in what lies between streets, and it walks by its own rules of access"))
	}
	if b.routing != nil {
		var theirs spent
		for i := range min(peerAsked, len(b.points)) {
			c, err := statement(ctx, b.routing.pool, b.routing.hull(i, b.town.points[i], quarterHour/1000))
			if err != nil {
				return nil, err
			}
			theirs = append(theirs, c.cpu)
		}
		slices.Sort(theirs)
		rows = append(rows, b.inMS("walk-outline-hull", time.Duration(rows[0].Ours*1e6), theirs.at(0.5)).note("ours at 10 m as above; the peer: pgRouting and ST_ConcaveHull of the nodes, GeoJSON"))
	}
	return rows, nil
}

// areas are the mean areas in hectares of what both drew.
func (b *walkBench) areas(answers []drawnByValhalla) (ours, theirs float64, err error) {
	n := b.town.network
	w := n.Walker(walk.Mode{})
	defer w.Release()
	count := 0.0
	for i, a := range answers {
		if a.Area == nil {
			continue
		}
		area, err := a.area()
		if err != nil {
			return 0, 0, err
		}
		w.Spread([]walk.Place{n.Snap(b.home(i), walk.Adult, walk.MaxWalk)}, quarterHour, walk.From)
		ours += float64(w.Outlines([]uint32{quarterHour}, 10)[0].SquareMeters()) / 1e4
		theirs += float64(area) / 1e4
		count++
	}
	return ours / max(count, 1), theirs / max(count, 1), nil
}

// drawn draws outlines at many places, twice: the first time around, and when the
// raster is at hand.
func (b *walkBench) drawn(metres int) (cold, warm spent, size int, err error) {
	n := b.town.network
	w := n.Walker(walk.Mode{})
	defer w.Release()
	var source [1]walk.Place
	ask := func(i int) {
		source[0] = n.Snap(b.home(i), walk.Adult, walk.MaxWalk)
		w.Spread(source[:], quarterHour, walk.From)
		area := w.Outlines([]uint32{quarterHour}, metres)[0]
		text, fault := walks.Area{MultiPolygon: area}.MarshalJSON()
		if fault != nil {
			err = fault
		}
		size += len(text)
	}
	cold, failed := each(walkAsked, ask)
	size = 0
	warm, again := each(walkAsked, ask)
	return cold, warm, size, errors.Join(err, failed, again)
}

// whole is what is asked of the large town.
func (b *walkBench) whole(ctx context.Context, small *walkBench) ([]Row, error) {
	rows, err := b.nearest(ctx, "walk-nearest-large", 64*time.Nanosecond)
	if err != nil {
		return nil, err
	}
	whole := time.Duration(rows[0].CPUPeer * 1e9)

	near, _, err := b.within()
	if err != nil {
		return nil, err
	}
	again, _, err := small.within()
	if err != nil {
		return nil, err
	}
	r := b.inMS("walk-reach-large", near.at(0.5), 0).note("%.3f ms in the town alone: the size of the network must not matter", float64(again.at(0.5))/1e6)
	rows = append(rows, r.target("≤ 1.3 × the town alone", float64(near.at(0.5)) <= 1.3*float64(again.at(0.5))))

	got, err := b.whatIf(whole)
	if err != nil {
		return nil, err
	}
	rows = append(rows, got...)

	ours, err := median(b.lab.Scale.Light, func() (cost, error) {
		return alone(func() {
			_, err = walk.Pairs(ctx, b.town.network, walk.Mode{}, b.points, b.homes, quarterHour, walk.Towards, 1)
		})
	})
	if err != nil {
		return nil, err
	}
	rows = append(rows, b.row("walk-pairs-large", ours, cost{}).note("every home with every point within 15 minutes, by distance: choices, k nearest, catchments"))

	for _, count := range []int{10_000, 100_000, 1_000_000} {
		if count > len(b.town.homes) {
			continue
		}
		r, err := b.growth(ctx, count)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return append(rows, b.start()...), nil
}

// whatIf adds, drops and moves single points.
func (b *walkBench) whatIf(whole time.Duration) ([]Row, error) {
	n := b.town.network
	f := walk.NewField(n, walk.Mode{}, b.points, b.homes, quarterHour, walk.Towards)
	places := make([]walk.Place, walkAsked)
	for i := range places {
		places[i] = n.Snap(b.home(i), walk.Adult, walk.MaxWalk)
	}
	var rows []Row
	for _, what := range []struct {
		name string
		most float64
		do   func(i int)
		undo func(i int)
	}{
		{"add", 0.3, func(i int) { f.Add(places[i], nil) }, func(i int) { f.Drop(int32(len(f.Sources())-1), nil) }},
		{"drop", 2, func(i int) { f.Drop(int32(i%len(b.points)), nil) }, func(i int) { f.Move(int32(i%len(b.points)), b.points[i%len(b.points)], nil) }},
		{"move", 2, func(i int) { f.Move(int32(i%len(b.points)), places[i], nil) }, func(i int) { f.Move(int32(i%len(b.points)), b.points[i%len(b.points)], nil) }},
	} {
		var all spent
		for i := range walkAsked {
			s, err := eachWithoutSweep(func() { what.do(i) })
			if err != nil {
				return nil, err
			}
			all = append(all, s)
			what.undo(i)
		}
		slices.Sort(all)
		rows = append(rows, b.inMS("walk-what-if-"+what.name, all.at(0.99), whole).atMost(what.most).
			note("the worst of a hundred, every home up to date; median %.3f ms; the peer computes everything again", float64(all.at(0.5))/1e6))
	}
	return rows, nil
}

// eachWithoutSweep measures one question without collecting garbage before.
func eachWithoutSweep(ask func()) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := clock(unix.CLOCK_THREAD_CPUTIME_ID)
	if err != nil {
		return 0, err
	}
	ask()
	after, err := clock(unix.CLOCK_THREAD_CPUTIME_ID)
	return after - before, err
}

// growth joins and fills so many homes of the large town.
func (b *walkBench) growth(ctx context.Context, count int) (Row, error) {
	n := b.town.network
	step := len(b.town.homes) / count
	at := make([]geo.Point, count)
	for i := range at {
		at[i] = b.town.homes[i*step]
	}
	w := n.Walker(walk.Mode{})
	defer w.Release()
	mm := make([]uint32, count)
	ours, err := median(b.lab.Scale.Light, func() (cost, error) {
		return alone(func() {
			homes, _ := n.SnapAll(ctx, at, walk.Adult, walk.MaxWalk, 1)
			w.Spread(b.points, walk.Never, walk.From)
			w.Fill(homes, mm, nil)
		})
	})
	return b.row(fmt.Sprintf("walk-homes-%dk", count/1000), ours, cost{}).note("joined to the streets, and minutes to the nearest point"), err
}

// start reads the network back from its bytes.
func (b *walkBench) start() []Row {
	var text bytes.Buffer
	if err := b.town.network.Encode(&text); err != nil {
		return nil
	}
	ours, err := median(b.lab.Scale.Light, func() (cost, error) {
		return alone(func() { walk.Decode(bytes.NewReader(text.Bytes())) })
	})
	if err != nil {
		return nil
	}
	return []Row{b.row("walk-start", ours, cost{}).atMost(0.3).note("the network read back from its %.1f MB; sum checked", float64(text.Len())/1e6)}
}
