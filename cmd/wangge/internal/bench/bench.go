// Package bench measures ours against a peer, both in the same run, on the same
// machine and the same data, so that the ratio means something even where the
// times do not. Each benchmark is one file; All lists them.
//
// CPU time is what counts: a busy machine changes it far less than the time on
// the wall. Ours is that of this process and of the PostgreSQL processes it
// makes work, the peer's likewise; so both must run on this machine, which must
// be Linux.
package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Benchmark is one question. It answers with one or more rows, all of which
// begin with its name.
type Benchmark struct {
	Name  string
	About string // ours and the peer, in one line
	Run   func(ctx context.Context, lab Lab) ([]Row, error)
}

// Lab is what benchmarks work with.
type Lab struct {
	// Database makes a new, migrated database; Run's caller removes it at the end.
	Database func(ctx context.Context) (*pgxpool.Pool, error)
	Say      func(format string, args ...any)
	Scale    Scale
	Data     string // folder of real maps; "" where there is none
}

// Scale is how much is measured.
type Scale struct {
	Name    string
	Assign  []int   // households to assign, growing
	Planner int     // one of them, for the plan that PostgreSQL chooses
	Import  []int   // households to import, growing
	Publish int     // households when a plan is published
	Race    int     // households when four plans are published at once
	Village int     // grids on a side of a village of theirs
	Compare int     // two plans that are compared have Compare × Compare units
	Edit    []int   // drafts that are edited have Edit × Edit units, growing; the first has the aims
	Edits   int     // edits of each
	Tiles   float64 // part of the county of 300,000 households
	Side    int     // the county of the other benchmarks has Side × Side grids
	Audit   int     // rows of the log to verify
	Walk    int     // households of the town that is walked
	Copies  int     // the large town is Copies × Copies of it
	Light   int     // times that cheap work is measured
	Heavy   int     // times that costly work is measured

	Strolls  int           // walks that are laid on streets, of each kind
	Officers int           // who report where they are
	Storm    int           // of them, those who deliver ten hours at once
	Live     time.Duration // how long all report every five seconds
	Watchers int           // who are told meanwhile
}

// The scales. Quick takes a quarter of an hour on two processors, full about half an
// hour; smoke only shows that everything still runs.
var (
	Smoke = Scale{Name: "smoke", Assign: []int{500, 2_000}, Planner: 2_000, Import: []int{300, 1_500}, Publish: 1_500, Race: 3_000, Village: 4, Compare: 8, Edit: []int{8}, Edits: 20, Tiles: 0.01, Side: 8, Audit: 2_000, Walk: 2_000, Copies: 2, Light: 1, Heavy: 1, Strolls: 3, Officers: 20, Storm: 3, Live: 10 * time.Second, Watchers: 10}
	Quick = Scale{Name: "quick", Assign: []int{10_000, 100_000, 1_000_000}, Planner: 100_000, Import: []int{10_000, 200_000}, Publish: 200_000, Race: 1_000_000, Village: 5, Compare: 158, Edit: []int{45, 100}, Edits: 300, Tiles: 0.25, Side: 55, Audit: 100_000, Walk: 87_458, Copies: 4, Light: 3, Heavy: 1, Strolls: 20, Officers: 5_000, Storm: 200, Live: time.Minute, Watchers: 200}
	Full  = Scale{Name: "full", Assign: []int{10_000, 100_000, 1_000_000}, Planner: 1_000_000, Import: []int{10_000, 100_000, 1_000_000}, Publish: 1_000_000, Race: 1_000_000, Village: 5, Compare: 158, Edit: []int{45, 100}, Edits: 1_000, Tiles: 1, Side: 55, Audit: 100_000, Walk: 87_458, Copies: 4, Light: 5, Heavy: 3, Strolls: 100, Officers: 5_000, Storm: 1_000, Live: 10 * time.Minute, Watchers: 200}
)

// ErrUnknown means that nothing to measure has the name.
var ErrUnknown = errors.New("unknown")

// ScaleOf returns the scale of a name.
func ScaleOf(name string) (Scale, error) {
	for _, s := range []Scale{Smoke, Quick, Full} {
		if s.Name == name {
			return s, nil
		}
	}
	return Scale{}, fmt.Errorf("scale %s: %w; there are smoke, quick and full", name, ErrUnknown)
}

// All are the benchmarks, in the order of the table.
func All() []Benchmark {
	return []Benchmark{assign(), households(), publish(), races(), comparisons(), edits(), mixedTiles(), scope(), proof(), onFoot(), circles(), drag(), sites(), proposals(), matching(), storms(), reports()}
}

// Choose returns the benchmarks that have rows of the name: all for "", one for
// "import" and for "import-again".
func Choose(only string) ([]Benchmark, error) {
	if only == "" {
		return All(), nil
	}
	var names []string
	for _, b := range All() {
		if within(only, b.Name) {
			return []Benchmark{b}, nil
		}
		names = append(names, b.Name)
	}
	return nil, fmt.Errorf("benchmark %s: %w; there are %s", only, ErrUnknown, strings.Join(names, ", "))
}

// Only keeps the rows of the name.
func Only(rows []Row, name string) []Row {
	var kept []Row
	for _, r := range rows {
		if name == "" || within(r.Name, name) {
			kept = append(kept, r)
		}
	}
	return kept
}

// within reports whether a name is a part of another: import-again of import.
func within(name, whole string) bool {
	return name == whole || strings.HasPrefix(name, whole+"-")
}

// Run runs benchmarks one after the other.
func Run(ctx context.Context, list []Benchmark, lab Lab) ([]Row, error) {
	var rows []Row
	for _, b := range list {
		lab.Say("%s: %s", b.Name, b.About)
		load := machineLoad()
		got, err := b.Run(ctx, lab)
		if err != nil {
			return rows, fmt.Errorf("benchmark %s: %w", b.Name, err)
		}
		for _, r := range got {
			r.Load = (load + machineLoad()) / 2
			if lab.Scale.Name == Smoke.Name { // too little to judge by
				r.Target, r.Met = "", nil
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}
