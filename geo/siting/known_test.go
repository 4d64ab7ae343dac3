package siting

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func readStreets(t testing.TB, name string, radius float64) *Problem {
	f, err := os.Open(filepath.Join(os.Getenv("WANGGE_DATA"), "siting/mclp", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lat, lon []float64
	var weights []int64
	section := ""
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		var a, b float64
		var w int64
		switch n, _ := fmt.Sscan(line, &a, &b); {
		case strings.HasSuffix(line, "_SECTION"):
			section = line
		case section == "NODE_COORD_SECTION" && n == 2:
			lat, lon = append(lat, a*math.Pi/180), append(lon, b*math.Pi/180)
		case section == "DEMAND_SECTION":
			if k, _ := fmt.Sscan(line, &w); k == 1 {
				weights = append(weights, w)
			}
		}
	}
	var pairs []Pair
	for i := range lat {
		for j := range lat {
			cos := math.Sin(lat[i])*math.Sin(lat[j]) + math.Cos(lat[i])*math.Cos(lat[j])*math.Cos(lon[i]-lon[j])
			if d := float64(float32(math.Acos(min(1, cos)))) * 6378100; d <= radius {
				pairs = append(pairs, Pair{int32(j), int32(i), uint32(d)})
			}
		}
	}
	return New(len(lat), weights, pairs)
}

func readMedian(t testing.TB, k int) (*Problem, int) {
	f, err := os.Open(filepath.Join(os.Getenv("WANGGE_DATA"), fmt.Sprintf("siting/p-median/pmed%d.txt", k)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := bufio.NewReader(f)
	var n, m, p int
	fmt.Fscan(r, &n, &m, &p)
	d := make([][]uint32, n)
	for i := range d {
		d[i] = make([]uint32, n)
		for j := range d[i] {
			if i != j {
				d[i][j] = 1 << 20
			}
		}
	}
	for range m {
		var a, b int
		var l uint32
		fmt.Fscan(r, &a, &b, &l)
		d[a-1][b-1], d[b-1][a-1] = l, l
	}
	for k := range n {
		for i := range n {
			for j := range n {
				d[i][j] = min(d[i][j], d[i][k]+d[k][j])
			}
		}
	}
	var pairs []Pair
	w := make([]int64, n)
	for i := range n {
		w[i] = 1
		for j := range n {
			pairs = append(pairs, Pair{int32(i), int32(j), d[i][j]})
		}
	}
	return New(n, w, pairs), p
}

// known are the best values that anybody has found, by the number of sites.
var known = map[string]map[int]int64{
	"NewYork": {50: 1153640, 60: 1288174, 70: 1396333, 80: 1481434, 90: 1539992, 100: 1574256},
	"Bronx":   {50: 1205051, 60: 1290635, 70: 1348232, 100: 1385099},
}

// optima of OR-Library's pmed1 to pmed20.
var optima = []int64{5819, 4093, 4250, 3034, 1355, 7824, 5631, 4445, 2734, 1255, 7696, 6634, 4374, 2968, 1729, 8162, 6999, 4809, 2845, 1789}

// effort is 1 unless $SITING_EFFORT says otherwise.
func effort() int {
	n := 1
	fmt.Sscan(os.Getenv("SITING_EFFORT"), &n)
	return n
}

func TestCoverageOfStreetsIsNearTheBestKnown(t *testing.T) {
	needData(t)
	var sum, most, gaps, worst float64
	n := 0.0
	for _, c := range []struct {
		name   string
		radius float64
	}{{"NewYork", 400}, {"Bronx", 600}} {
		p := readStreets(t, c.name, c.radius)
		for k := 50; k <= 100; k += 10 {
			best := known[c.name][k]
			if best == 0 {
				continue
			}
			start, used := time.Now(), cpu()
			a, err := Solve(t.Context(), p, Question{Model: Coverage, Limit: uint32(c.radius), Sites: k, Threads: 2, Effort: effort()})
			if err != nil {
				t.Fatal(err)
			}
			off, gap := 100*float64(best-a.Value)/float64(best), 100*a.Gap
			t.Logf("%s, %d sites: %d, %.3f %% off; bound %.3f %%; CPU %v, wall %v", c.name, k, a.Value, off, gap, cpu()-used, time.Since(start))
			if a.Bound < best {
				t.Errorf("%s, %d sites: bound %d, but %d is known", c.name, k, a.Bound, best)
			}
			sum, most, gaps, worst, n = sum+off, max(most, off), gaps+gap, max(worst, gap), n+1
		}
	}
	t.Logf("off: mean %.3f %%, max %.3f %%; gap: mean %.3f %%, max %.3f %%", sum/n, most, gaps/n, worst)
	if sum/n > 0.2 || most > 0.5 || gaps/n > 1 || worst > 2 {
		t.Errorf("mean %.3f, max %.3f %% off, gap mean %.3f, max %.3f %%; want at most 0.2, 0.5, 1, 2", sum/n, most, gaps/n, worst)
	}
}

func TestMediansAreOptimal(t *testing.T) {
	needData(t)
	var missed []int
	for k, best := range optima {
		p, sites := readMedian(t, k+1)
		start, used := time.Now(), cpu()
		a, err := Solve(t.Context(), p, Question{Model: Median, Limit: 1 << 12, Sites: sites, Threads: 2, Effort: effort()})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("pmed%d, %d of %d: %d, known %d, bound %d, CPU %v, wall %v", k+1, sites, p.Candidates(), a.Value, best, a.Bound, cpu()-used, time.Since(start))
		if a.Bound > best || a.Value < best {
			t.Errorf("pmed%d: bound %d, value %d, but the optimum is %d", k+1, a.Bound, a.Value, best)
		}
		if a.Value != best {
			missed = append(missed, k+1)
		}
	}
	if len(missed) > 1 {
		t.Errorf("not optimal: %v", missed)
	}
}

func needData(t testing.TB) {
	if os.Getenv("WANGGE_DATA") == "" {
		t.Skip("$WANGGE_DATA, the folder with siting/, is not set")
	}
	if testing.Short() {
		t.Skip("takes half a minute")
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
