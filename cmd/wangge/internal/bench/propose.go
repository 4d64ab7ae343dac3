package bench

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wangge/geo/propose"
	"wangge/geo/propose/board"
)

// proposals divides generated towns into units, beside METIS and a ReCom chain.
func proposals() Benchmark {
	return Benchmark{
		Name: "propose",
		About: "units out of atoms within hard bounds, and a division rebalanced, against METIS (gpmetis -contig, Debian package metis), which partitions the same graph for the least cut, " +
			"and against a ReCom chain (recom.go) that gets the time that ours took; and 1,000,000 households in 25,000 units",
		Run: runProposals,
	}
}

func runProposals(ctx context.Context, lab Lab) ([]Row, error) {
	side := 200
	if lab.Scale.Name == Smoke.Name {
		side = 40
	}
	// Every metre of border costs the same, for METIS knows one weight.
	land := board.Town{Seed: 1, Width: side, Height: side, Households: 4}.Land()
	households := 0
	for _, a := range land.Atoms {
		households += a.Households
	}
	for i := range land.Borders {
		land.Borders[i].Cost = land.Borders[i].Length
	}
	var rows []Row
	for _, size := range []int{400, 40} {
		units := households / size
		// METIS takes the most that a unit may have, as a share of the mean.
		mean := households / units
		q := propose.Question{Units: units, Min: mean * 97 / 100, Max: mean*103/100 + 1, Seed: 1, Weights: propose.Weights{Balance: 1, Border: 1}}
		if size == 40 {
			q.Min, q.Max = 30, 50
		}
		more, now, err := beside(ctx, lab, fmt.Sprintf("propose-%d", size), land, q)
		if err != nil {
			return rows, err
		}
		rows = append(rows, more...)
		if size == 40 { // then compounds are built, and the division is rebalanced
			q.Present, q.Units, q.Weights = now, 0, propose.Usual
			if more, _, err = beside(ctx, lab, "propose-rebalance", built(land, side), q); err != nil {
				return rows, err
			}
			rows = append(rows, more...)
		}
	}
	million, err := million(ctx, lab)
	return append(rows, million...), err
}

// built is the land after new compounds: here and there a block of atoms has three
// times as many households.
func built(land *propose.Land, side int) *propose.Land {
	after := &propose.Land{Atoms: slices.Clone(land.Atoms), Borders: land.Borders}
	for y := 10; y < side; y += 20 {
		for x := 10; x < side; x += 20 {
			for _, a := range []int{y*side + x, y*side + x + 1, (y+1)*side + x, (y+1)*side + x + 1} {
				after.Atoms[a].Households *= 3
			}
		}
	}
	return after
}

// contender is a division by one of those that are compared.
type contender struct {
	unit []int32
	propose.Score
	broken int
	spent  cost
}

// beside divides the same land by propose, by METIS and by the chain, and returns the
// division by propose too.
func beside(ctx context.Context, lab Lab, name string, land *propose.Land, q propose.Question) ([]Row, []int32, error) {
	ours, err := contest(land, q, func() ([]int32, cost, error) {
		var a *propose.Answer
		var failed error
		spent, err := together(func() { a, failed = propose.Solve(ctx, land, q) })
		if err := errors.Join(err, failed); err != nil {
			return nil, cost{}, err
		}
		return a.Alternatives[0].Unit, spent, nil
	})
	if err != nil {
		return nil, nil, err
	}
	q.Units = ours.Units
	peer, err := contest(land, q, func() ([]int32, cost, error) {
		return metis(ctx, land, q.Units, float64(q.Max)/ours.Mean-1)
	})
	about := "METIS"
	if errors.Is(err, errNoPeer) {
		lab.Say("propose: gpmetis (Debian: metis) is not installed, so there is no peer")
		about = "METIS is not installed"
	} else if err != nil {
		return nil, nil, err
	}
	chain, err := contest(land, q, func() ([]int32, cost, error) { return recombined(land, q, ours.spent.cpu) })
	if err != nil {
		return nil, nil, err
	}
	data := fmt.Sprintf("%d atoms, %d units of %d to %d households", len(land.Atoms), ours.Units, q.Min, q.Max)
	rows := besides(name, "", ours, peer, q, data, about)
	return append(rows, besides(name, "-recom", ours, chain, q, data, "a ReCom chain of our own with as much time (recom.go), no public program")...), ours.unit, nil
}

// besides are the rows of ours beside one of the others, whom their names end with.
func besides(name, whom string, ours, peer contender, q propose.Question, data, about string) []Row {
	rows := []Row{
		less(name+"-cut"+whom, float64(ours.Border)/1000, float64(peer.Border)/1000, "km", data).note("the peer: %s", about),
		less(name+"-balance"+whom, 100*ours.MaxDeviation, 100*peer.MaxDeviation, "% off", data).
			note("the unit farthest from the mean; %d to %d households, the peer's %d to %d", ours.Least, ours.Most, peer.Least, peer.Most),
		moreOf(name+"-compactness"+whom, ours.Compactness, peer.Compactness, "Polsby–Popper", data).note("mean of all units"),
		less(name+"-broken"+whom, float64(ours.broken), float64(peer.broken), "rules", data).atMost(0),
		inCPU(name+"-time"+whom, ours.spent, peer.spent, data).note("one thread"),
	}
	if q.Present != nil {
		rows = append(rows, less(name+"-moved"+whom, float64(ours.Moved), float64(peer.Moved), "households", data).
			note("that change units; the units of a peer that knows no present division get the numbers of those they are most like"))
	}
	return rows
}

// contest measures a division.
func contest(land *propose.Land, q propose.Question, divide func() ([]int32, cost, error)) (contender, error) {
	unit, spent, err := divide()
	if err != nil {
		return contender{}, err
	}
	if q.Present != nil {
		unit = renumbered(land, q.Present, unit)
	}
	return contender{unit, propose.ScoreOf(land, q.Present, unit), len(propose.Check(land, q, unit)), spent}, nil
}

// recombined is what the chain makes of the land, or of its present division, in some
// processor time.
func recombined(land *propose.Land, q propose.Question, budget time.Duration) (unit []int32, spent cost, err error) {
	var failed error
	spent, err = together(func() {
		began, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
		if err != nil {
			failed = err
			return
		}
		c := newRecom(land, q, 1)
		if q.Present == nil {
			failed = c.begin()
		} else {
			copy(c.unit, q.Present)
			c.count()
		}
		if failed != nil {
			return
		}
		c.chain(func() bool {
			now, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
			failed = err
			return err != nil || now-began >= budget
		})
		unit = c.unit
	})
	return unit, spent, errors.Join(err, failed)
}

// renumbered gives the units of a division the numbers of present ones, those that have
// most households in common first; each number once.
func renumbered(land *propose.Land, present, unit []int32) []int32 {
	common := map[[2]int32]int{}
	for a, u := range unit {
		common[[2]int32{u, present[a]}] += land.Atoms[a].Households
	}
	pairs := slices.SortedFunc(maps.Keys(common), func(p, q [2]int32) int {
		return cmp.Or(cmp.Compare(common[q], common[p]), slices.Compare(p[:], q[:]))
	})
	number, taken := map[int32]int32{}, map[int32]bool{}
	for _, p := range pairs {
		if _, has := number[p[0]]; !has && !taken[p[1]] {
			number[p[0]], taken[p[1]] = p[1], true
		}
	}
	next := slices.Max(present) + 1
	out := make([]int32, len(unit))
	for a, u := range unit {
		if _, has := number[u]; !has {
			number[u] = next
			next++
		}
		out[a] = number[u]
	}
	return out
}

// metis partitions land with gpmetis; the parts may be slack above the mean.
func metis(ctx context.Context, land *propose.Land, units int, slack float64) ([]int32, cost, error) {
	program, err := exec.LookPath("gpmetis")
	if err != nil {
		return nil, cost{}, errNoPeer
	}
	folder, err := os.MkdirTemp("/var/tmp", "wangge-metis-")
	if err != nil {
		return nil, cost{}, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "land.graph")
	if err := os.WriteFile(file, []byte(metisGraph(land)), 0o600); err != nil {
		return nil, cost{}, err
	}
	began := time.Now()
	cmd := exec.CommandContext(ctx, program, "-contig", "-seed=1", fmt.Sprintf("-ufactor=%d", int(1000*slack)), file, strconv.Itoa(units))
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, cost{}, fmt.Errorf("gpmetis: %w: %.300s", err, out)
	}
	took := cost{wall: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	result, err := os.Open(fmt.Sprintf("%s.part.%d", file, units))
	if err != nil {
		return nil, cost{}, err
	}
	defer result.Close()
	var unit []int32
	lines := bufio.NewScanner(result)
	for lines.Scan() {
		u, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		if err != nil {
			return nil, cost{}, fmt.Errorf("gpmetis: %w", err)
		}
		unit = append(unit, int32(u))
	}
	return unit, took, lines.Err()
}

// metisGraph writes land in METIS's format: households weigh atoms, metres borders.
func metisGraph(land *propose.Land) string {
	next := make([][]int, len(land.Atoms))
	for i, b := range land.Borders {
		next[b.A], next[b.B] = append(next[b.A], i), append(next[b.B], i)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d %d 011\n", len(land.Atoms), len(land.Borders))
	for a, borders := range next {
		fmt.Fprint(&text, land.Atoms[a].Households)
		for _, i := range borders {
			b := land.Borders[i]
			fmt.Fprintf(&text, " %d %.0f", b.A+b.B-int32(a)+1, max(1, float64(b.Length)))
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// together measures work of our own on all threads.
func together(work func()) (cost, error) {
	runtime.GC()
	before, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
	if err != nil {
		return cost{}, err
	}
	began := time.Now()
	work()
	wall := time.Since(began)
	after, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
	return cost{wall: wall, cpu: after - before}, err
}

// million divides 1,000,000 households.
func million(ctx context.Context, lab Lab) ([]Row, error) {
	town := board.Town{Seed: 1, Width: 640, Height: 400, Households: 4.4, River: true}
	q := propose.Question{Units: 25_000, Min: 30, Max: 50, Seed: 1, Threads: 2}
	if lab.Scale.Name == Smoke.Name {
		town.Width, town.Height, q.Units = 64, 40, 250
	}
	land := town.Land()
	var a *propose.Answer
	var failed error
	took, err := together(func() { a, failed = propose.Solve(ctx, land, q) })
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	p := a.Alternatives[0]
	data := fmt.Sprintf("%.0f households on %d atoms in %d units", p.Score.Mean*float64(p.Score.Units), len(land.Atoms), p.Score.Units)
	return []Row{
		inCPU("propose-million-time", took, cost{}, data).atMost(60).
			note("on two threads; %d to %d households, spread %.1f, compactness %.3f, %.0f %% along lines", p.Score.Least, p.Score.Most, p.Score.Spread, p.Score.Compactness, 100*p.Score.Along),
		less("propose-million-broken", float64(len(p.Broken)), 0, "rules", data).atMost(0),
	}, nil
}
