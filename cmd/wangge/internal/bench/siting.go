package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"wangge/geo/siting"
	"wangge/geo/siting/known"
)

// sites searches sites whose best values are known.
func sites() Benchmark {
	return Benchmark{
		Name:  "siting",
		About: "the best sites, on one thread, against the best values that anybody has found; and the bound of every answer",
		Run:   runSiting,
	}
}

func runSiting(ctx context.Context, lab Lab) ([]Row, error) {
	if lab.Data == "" {
		lab.Say("siting: no folder of public data, so generated streets")
		c, err := solved(ctx, generated())
		if err != nil {
			return nil, err
		}
		return []Row{less("siting-generated", c.cost.cpu.Seconds(), 0, "CPU s", "2,000 homes, 300 candidates, 12 sites").of(c.cost, cost{}).
			note("bound within %.3f %% of the value", 100*c.answer.Gap)}, nil
	}
	streets, err := known.Coverage(filepath.Join(lab.Data, "siting", "mclp"))
	if err != nil {
		return nil, err
	}
	medians, err := known.Medians(filepath.Join(lab.Data, "siting", "p-median"))
	if err != nil {
		return nil, err
	}
	if lab.Scale.Name == Smoke.Name {
		streets, medians = streets[:1], medians[:2]
	}
	rows, err := judged(ctx, lab, "siting-mclp", streets, fmt.Sprintf("%d questions about the streets of two boroughs", len(streets)))
	if err != nil {
		return nil, err
	}
	rows[0] = rows[0].atMost(0.2)
	more, err := judged(ctx, lab, "siting-pmedian", medians, fmt.Sprintf("OR-Library pmed1–%d", len(medians)))
	return append(rows, more...), err
}

// answered is a question with its answer and what that took.
type answered struct {
	known.Case
	answer *siting.Answer
	cost   cost
}

func solved(ctx context.Context, c known.Case) (answered, error) {
	var a *siting.Answer
	var failed error
	took, err := alone(func() { a, failed = siting.Solve(ctx, c.Problem, c.Question) })
	if failed != nil {
		err = failed
	}
	return answered{c, a, took}, err
}

// judged answers questions and says how far from the best known values the answers
// are, how far their bounds are from them, and what they cost.
func judged(ctx context.Context, lab Lab, name string, cases []known.Case, data string) ([]Row, error) {
	var off, most, gap, widest, best float64
	var all, longest cost
	for _, c := range cases {
		a, err := solved(ctx, c)
		if err != nil {
			return nil, err
		}
		distance := 100 * float64(a.answer.Value-c.Best) / float64(c.Best)
		if distance < 0 {
			distance = -distance
		}
		if distance == 0 {
			best++
		}
		n := float64(len(cases))
		off, most = off+distance/n, max(most, distance)
		gap, widest = gap+100*a.answer.Gap/n, max(widest, 100*a.answer.Gap)
		all.cpu, all.wall = all.cpu+a.cost.cpu, all.wall+a.cost.wall
		if a.cost.cpu > longest.cpu {
			longest = a.cost
		}
		lab.Say("%s: %s: %d, best known %d, bound %d, CPU %v", name, c.Name, a.answer.Value, c.Best, a.answer.Bound, a.cost.cpu)
	}
	return []Row{
		less(name, off, 0, "% off", data).of(all, cost{}).note("at most %.3f %%; %g of %d are the best known", most, best, len(cases)),
		less(name+"-bound", gap, 0, "% gap", data).of(all, cost{}).atMost(1).note("at most %.3f %%", widest),
		less(name+"-time", longest.cpu.Seconds(), 0, "CPU s", data).of(longest, cost{}).note("the longest of %d answers, on one thread", len(cases)),
	}, nil
}

// generated is homes and candidates on a square.
func generated() known.Case {
	rng := rand.New(rand.NewPCG(1, 2))
	const candidates, homes = 300, 2000
	at := make([][2]float64, candidates+homes)
	for i := range at {
		at[i] = [2]float64{rng.Float64() * 1000, rng.Float64() * 1000}
	}
	weights := make([]int64, homes)
	var pairs []siting.Pair
	for i := range homes {
		weights[i] = 1 + rng.Int64N(5)
		for j := range candidates {
			x, y := at[j][0]-at[candidates+i][0], at[j][1]-at[candidates+i][1]
			if d := x*x + y*y; d < 120*120 {
				pairs = append(pairs, siting.Pair{Candidate: int32(j), Demand: int32(i), Distance: uint32(d)})
			}
		}
	}
	return known.Case{Name: "generated", Problem: siting.New(candidates, weights, pairs),
		Question: siting.Question{Model: siting.Coverage, Limit: 120 * 120, Sites: 12}}
}
