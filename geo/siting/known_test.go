package siting_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"wangge/geo/siting"
	"wangge/geo/siting/known"
)

// effort is 1 unless $SITING_EFFORT says otherwise.
func effort() int {
	n := 1
	_, _ = fmt.Sscan(os.Getenv("SITING_EFFORT"), &n)
	return n
}

// folder of known problems of a kind, or the test is skipped.
func folder(t testing.TB, kind string) string {
	t.Helper()
	data := os.Getenv("WANGGE_DATA")
	if data == "" {
		t.Skip("$WANGGE_DATA, the folder with siting/, is not set")
	}
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	return filepath.Join(data, "siting", kind)
}

func solve(t *testing.T, c known.Case) *siting.Answer {
	t.Helper()
	start, used := time.Now(), cpu()
	c.Question.Threads, c.Question.Effort = 2, effort()
	a, err := siting.Solve(t.Context(), c.Problem, c.Question)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d, known %d, bound %d (gap %.3f %%); CPU %v, wall %v", c.Name, a.Value, c.Best, a.Bound, 100*a.Gap, cpu()-used, time.Since(start))
	return a
}

func TestCoverageOfStreetsIsNearTheBestKnown(t *testing.T) {
	cases, err := known.Coverage(folder(t, "mclp"))
	if err != nil {
		t.Fatal(err)
	}
	var sum, most, gaps, widest float64
	for _, c := range cases {
		a := solve(t, c)
		if a.Bound < c.Best {
			t.Errorf("%s: bound %d, but %d is known", c.Name, a.Bound, c.Best)
		}
		off, gap := 100*float64(c.Best-a.Value)/float64(c.Best), 100*a.Gap
		sum, most, gaps, widest = sum+off, max(most, off), gaps+gap, max(widest, gap)
	}
	n := float64(len(cases))
	t.Logf("off: mean %.3f %%, max %.3f %%; gap: mean %.3f %%, max %.3f %%", sum/n, most, gaps/n, widest)
	if sum/n > 0.2 || most > 0.5 || gaps/n > 1 || widest > 2 {
		t.Errorf("mean %.3f, max %.3f %% off, gap mean %.3f, max %.3f %%; want at most 0.2, 0.5, 1, 2", sum/n, most, gaps/n, widest)
	}
}

func TestMediansAreOptimal(t *testing.T) {
	cases, err := known.Medians(folder(t, "p-median"))
	if err != nil {
		t.Fatal(err)
	}
	var missed []string
	for _, c := range cases {
		a := solve(t, c)
		if a.Bound > c.Best || a.Value < c.Best {
			t.Errorf("%s: bound %d, value %d, but the optimum is %d", c.Name, a.Bound, a.Value, c.Best)
		}
		if a.Value != c.Best {
			missed = append(missed, c.Name)
		}
	}
	if len(missed) > 1 {
		t.Errorf("not optimal: %v", missed)
	}
}

// cpu is what this process has used, in user time.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano())
}
