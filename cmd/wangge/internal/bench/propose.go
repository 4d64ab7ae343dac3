package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wangge/geo/propose"
	"wangge/geo/propose/board"
)

// proposals divides generated towns into units, beside METIS.
func proposals() Benchmark {
	return Benchmark{
		Name: "propose",
		About: "units out of atoms within hard bounds, against METIS (gpmetis -contig, Debian package metis), which partitions the same graph for the least cut; " +
			"and 1,000,000 households in 25,000 units",
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
		q := propose.Question{Units: units, Min: size * 97 / 100, Max: size*103/100 + 1, Seed: 1, Weights: propose.Weights{Balance: 1, Border: 1}}
		if size == 40 {
			q.Min, q.Max = 30, 50
		}
		more, err := beside(ctx, lab, land, q)
		if err != nil {
			return rows, err
		}
		rows = append(rows, more...)
	}
	million, err := million(ctx, lab)
	return append(rows, million...), err
}

// beside divides the same land by propose and by METIS.
func beside(ctx context.Context, lab Lab, land *propose.Land, q propose.Question) ([]Row, error) {
	var ours []int32
	var failed error
	spent, err := together(func() {
		var a *propose.Answer
		if a, failed = propose.Solve(ctx, land, q); failed == nil {
			ours = a.Alternatives[0].Unit
		}
	})
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	score := propose.ScoreOf(land, nil, ours)
	theirs, took, err := metis(ctx, land, q.Units, float64(q.Max)/score.Mean-1)
	peer := propose.Score{}
	about := "METIS is not installed"
	switch {
	case errors.Is(err, errNoPeer):
		lab.Say("propose: gpmetis (Debian: metis) is not installed, so there is no peer")
	case err != nil:
		return nil, err
	default:
		peer = propose.ScoreOf(land, nil, theirs)
		about = "METIS: " + described(land, q, peer, theirs)
	}
	name := fmt.Sprintf("propose-%.0f", score.Mean)
	data := fmt.Sprintf("%d atoms, %d units of %d to %d households", len(land.Atoms), q.Units, q.Min, q.Max)
	return []Row{
		less(name+"-cut", float64(score.Border)/1000, float64(peer.Border)/1000, "km", data).
			note("ours: %s; %s", described(land, q, score, ours), about),
		less(name+"-broken", float64(len(propose.Check(land, q, ours))), float64(brokenBy(land, q, theirs)), "rules", data).atMost(0),
		inCPU(name+"-time", spent, took, data).note("one thread"),
	}, nil
}

func brokenBy(land *propose.Land, q propose.Question, unit []int32) int {
	if unit == nil {
		return 0
	}
	return len(propose.Check(land, q, unit))
}

func described(land *propose.Land, q propose.Question, s propose.Score, unit []int32) string {
	apart := 0
	for _, b := range propose.Check(land, q, unit) {
		if b.Rule == propose.Apart {
			apart++
		}
	}
	return fmt.Sprintf("%d to %d households, at most %.1f %% off, compactness %.3f, %d units apart", s.Least, s.Most, 100*s.MaxDeviation, s.Compactness, apart)
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
