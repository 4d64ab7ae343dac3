// Package bench measures ours against a peer, both in the same run, on the same
// machine and the same data, so that the ratio means something even where the
// times do not. Each benchmark is one file; All lists them.
//
// CPU time is what counts: a busy machine changes it far less than the time on
// the wall. Ours is measured on our thread or process, the peer's on the
// PostgreSQL processes that serve the session.
package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Row is one line of the result.
type Row struct {
	Name    string  `json:"name"`
	Ours    float64 `json:"ours"`
	Peer    float64 `json:"peer"`  // 0 = there is no peer, only our cost
	Ratio   float64 `json:"ratio"` // how many times better ours is
	Unit    string  `json:"unit"`
	DataSet string  `json:"data_set"`
}

// Benchmark is one question.
type Benchmark struct {
	Name  string
	About string // ours and the peer, in one line
	Run   func(ctx context.Context, lab Lab) ([]Row, error)
}

// Lab is what benchmarks work with.
type Lab struct {
	Pool  *pgxpool.Pool // a new, migrated database of its own
	Say   func(format string, args ...any)
	Scale float64 // of the data set; 1 as named, tests use less
}

// scaled is a number of things, at least one.
func (l Lab) scaled(n int) int { return max(1, int(float64(n)*l.Scale)) }

// less makes a row in which less is better.
func less(name string, ours, peer float64, unit, data string) Row {
	r := Row{Name: name, Ours: ours, Peer: peer, Unit: unit, DataSet: data}
	if ours > 0 {
		r.Ratio = peer / ours
	}
	return r
}

// All are the benchmarks, in the order of the table.
func All() []Benchmark {
	return []Benchmark{assign(), households(), mixedTiles()}
}

// ErrUnknown means that no benchmark has the name.
var ErrUnknown = errors.New("no such benchmark")

// Choose returns the benchmark of a name, or all for "".
func Choose(only string) ([]Benchmark, error) {
	if only == "" {
		return All(), nil
	}
	var names []string
	for _, b := range All() {
		if b.Name == only {
			return []Benchmark{b}, nil
		}
		names = append(names, b.Name)
	}
	return nil, fmt.Errorf("%w: %s; there are: %s", ErrUnknown, only, strings.Join(names, ", "))
}

// Open makes a lab; done removes it.
type Open func(ctx context.Context) (lab Lab, done func(), err error)

// Run runs benchmarks one after the other, each in a lab of its own.
func Run(ctx context.Context, list []Benchmark, open Open) ([]Row, error) {
	var rows []Row
	for _, b := range list {
		got, err := runOne(ctx, b, open)
		if err != nil {
			return rows, fmt.Errorf("benchmark %s: %w", b.Name, err)
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

func runOne(ctx context.Context, b Benchmark, open Open) ([]Row, error) {
	lab, done, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	lab.Say("%s: %s", b.Name, b.About)
	return b.Run(ctx, lab)
}

// Print writes rows as a table.
func Print(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "name\tours\tpeer\tratio\tunit\tdata set\t")
	for _, r := range rows {
		peer, ratio := number(r.Peer), fmt.Sprintf("%.1f×", r.Ratio)
		if r.Peer == 0 {
			peer, ratio = "–", "–"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t\n", r.Name, number(r.Ours), peer, ratio, r.Unit, r.DataSet)
	}
	return t.Flush()
}

// number shows three significant digits, and whole ones from 1,000 on.
func number(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// WriteFile writes rows as JSON.
func WriteFile(file string, rows []Row) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
