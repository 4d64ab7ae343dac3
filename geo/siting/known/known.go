// Package known reads public problems of siting whose best values are known, for
// tests and benchmarks: the streets of two boroughs of New York (coverage) and the
// first twenty p-medians of OR-Library (Beasley 1985).
package known

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"wangge/geo/siting"
)

// Case is a question with the best value that anybody has found.
type Case struct {
	Name     string
	Problem  *siting.Problem
	Question siting.Question
	Best     int64
}

// coverage are the best values by the number of sites. Those of New York up to 90 and
// of the Bronx up to 60 are proven.
var coverage = []struct {
	name   string
	radius float64 // metres
	sites  []int
	best   []int64
}{
	{"NewYork", 400, []int{50, 60, 70, 80, 90, 100}, []int64{1153640, 1288174, 1396333, 1481434, 1539992, 1574256}},
	{"Bronx", 600, []int{50, 60, 70, 100}, []int64{1205051, 1290635, 1348232, 1385099}},
}

// optima of pmed1 to pmed20.
var optima = []int64{5819, 4093, 4250, 3034, 1355, 7824, 5631, 4445, 2734, 1255, 7696, 6634, 4374, 2968, 1729, 8162, 6999, 4809, 2845, 1789}

// Coverage reads the streets in a folder: every point is demand and candidate.
func Coverage(folder string) ([]Case, error) {
	var list []Case
	for _, c := range coverage {
		p, err := streets(filepath.Join(folder, c.name+".txt"), c.radius)
		if err != nil {
			return nil, err
		}
		for k, sites := range c.sites {
			list = append(list, Case{fmt.Sprintf("%s, %d sites", c.name, sites), p,
				siting.Question{Model: siting.Coverage, Limit: uint32(c.radius), Sites: sites}, c.best[k]})
		}
	}
	return list, nil
}

// Medians reads the p-medians in a folder.
func Medians(folder string) ([]Case, error) {
	var list []Case
	for k, best := range optima {
		name := fmt.Sprintf("pmed%d", k+1)
		p, sites, err := median(filepath.Join(folder, name+".txt"))
		if err != nil {
			return nil, err
		}
		list = append(list, Case{fmt.Sprintf("%s, %d of %d", name, sites, p.Candidates()), p,
			siting.Question{Model: siting.Median, Limit: farthest, Sites: sites}, best})
	}
	return list, nil
}

// farthest is more than any distance of these problems.
const farthest = 1 << 12

// streets are points with weights; a point covers all within a radius. Distances are
// as those who found the best values computed them: the angle as a float32, times
// 6,378,100 m.
func streets(file string, radius float64) (*siting.Problem, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lat, lon []float64
	var weights []int64
	section := ""
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		var a, b float64
		var w int64
		switch {
		case strings.HasSuffix(line, "_SECTION"):
			section = line
		case section == "NODE_COORD_SECTION":
			if n, _ := fmt.Sscan(line, &a, &b); n == 2 {
				lat, lon = append(lat, a*math.Pi/180), append(lon, b*math.Pi/180)
			}
		case section == "DEMAND_SECTION":
			if n, _ := fmt.Sscan(line, &w); n == 1 {
				weights = append(weights, w)
			}
		}
	}
	if err := lines.Err(); err != nil || len(lat) == 0 || len(lat) != len(weights) {
		return nil, fmt.Errorf("%s: %d points, %d weights: %v", file, len(lat), len(weights), err)
	}
	var pairs []siting.Pair
	for i := range lat {
		for j := range lat {
			cos := math.Sin(lat[i])*math.Sin(lat[j]) + math.Cos(lat[i])*math.Cos(lat[j])*math.Cos(lon[i]-lon[j])
			if d := float64(float32(math.Acos(min(1, cos)))) * 6378100; d <= radius {
				pairs = append(pairs, siting.Pair{Candidate: int32(j), Demand: int32(i), Distance: uint32(d)})
			}
		}
	}
	return siting.New(len(lat), weights, pairs), nil
}

// median is a graph: nodes, edges and sites, then edges with their lengths, of which
// the last one counts; distances are those of shortest paths.
func median(file string) (*siting.Problem, int, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	var n, edges, sites int
	if _, err := fmt.Fscan(r, &n, &edges, &sites); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", file, err)
	}
	d := make([][]uint32, n)
	for i := range d {
		d[i] = make([]uint32, n)
		for j := range d[i] {
			if i != j {
				d[i][j] = 1 << 20
			}
		}
	}
	for range edges {
		var a, b int
		var length uint32
		if _, err := fmt.Fscan(r, &a, &b, &length); err != nil || a < 1 || a > n || b < 1 || b > n {
			return nil, 0, fmt.Errorf("%s: edge %d to %d: %v", file, a, b, err)
		}
		d[a-1][b-1], d[b-1][a-1] = length, length
	}
	for k := range n {
		for i := range n {
			for j := range n {
				d[i][j] = min(d[i][j], d[i][k]+d[k][j])
			}
		}
	}
	var pairs []siting.Pair
	weights := make([]int64, n)
	for i := range n {
		weights[i] = 1
		for j := range n {
			pairs = append(pairs, siting.Pair{Candidate: int32(i), Demand: int32(j), Distance: d[i][j]})
		}
	}
	return siting.New(n, weights, pairs), sites, nil
}
