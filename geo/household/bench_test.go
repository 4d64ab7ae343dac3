package household_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// benchRows is how many households the benchmarks load: WANGGE_BENCH_ROWS, or
// few enough for every run of the tests.
func benchRows(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("WANGGE_BENCH_ROWS"))
	if err != nil {
		return 20_000
	}
	return n
}

// town has a ledger of n households in a town of 54 × 54 micro-grids.
func town(b *testing.B) (pool *pgxpool.Pool, file string) {
	pool = pgtest.Database(b)
	ledgertest.Town(b, pool, 54)
	n := benchRows(b)
	var text strings.Builder
	text.WriteString(header + "\n")
	for i := range n {
		x, y := float64(i%7349)/7349*54, float64(i/7349%4999)/4999*54+float64(i%97)/97
		fmt.Fprintf(&text, "H%08d,第%d小区,%d号楼,%d,%d0%d,%s,自住,入住,%d,%d\n",
			i, i/600, i/24%25+1, i/8%3+1, i/2%4+1, i%2+1, at(x, y), i%7/6, i%9/8)
	}
	return pool, text.String()
}

func importOnce(b *testing.B, pool *pgxpool.Pool, file string) ledger.Report {
	rows, err := ledger.Open(b.Context(), "bench.csv", strings.NewReader(file), int64(len(file)))
	if err != nil {
		b.Fatal(err)
	}
	report, err := household.Import(b.Context(), pool, staff.Local, rows, ledger.Options{Source: "bench", Confirm: "generated"})
	if err != nil {
		b.Fatal(err)
	}
	return report
}

func BenchmarkFirstLoad(b *testing.B) {
	pool, file := town(b)
	b.ResetTimer()
	for range b.N {
		if _, err := pool.Exec(b.Context(), `TRUNCATE household, household_unit`); err != nil {
			b.Fatal(err)
		}
		if report := importOnce(b, pool, file); report.New != benchRows(b) {
			b.Fatalf("report = %+v", report)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(benchRows(b)), "µs/household")
}

func BenchmarkTheSameFileAgain(b *testing.B) {
	pool, file := town(b)
	importOnce(b, pool, file)
	b.ResetTimer()
	for range b.N {
		if report := importOnce(b, pool, file); report.Unchanged != benchRows(b) {
			b.Fatalf("report = %+v", report)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(benchRows(b)), "µs/household")
}

// BenchmarkReassign is what publishing costs when nobody changes hands and when
// everybody gets somebody for the first time.
func BenchmarkReassign(b *testing.B) {
	pool, file := town(b)
	importOnce(b, pool, file)
	index, _, err := grid.Index(b.Context(), pool, grid.Today())
	if err != nil {
		b.Fatal(err)
	}
	for _, tt := range []struct {
		name, before string
		want         int
	}{
		{"unchanged", `SELECT`, 0},
		{"everybody", `TRUNCATE household_unit`, benchRows(b)},
	} {
		b.Run(tt.name, func(b *testing.B) {
			for range b.N {
				err := pgx.BeginFunc(b.Context(), pool, func(tx pgx.Tx) error {
					b.StopTimer()
					if _, err := tx.Exec(b.Context(), tt.before); err != nil {
						return err
					}
					b.StartTimer()
					moved, err := ledger.Reassign(b.Context(), tx, grid.Today(), index)
					if err == nil && moved.Households != tt.want {
						err = fmt.Errorf("moved %+v, want %d", moved, tt.want)
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(benchRows(b)), "µs/household")
		})
	}
}

// BenchmarkPlainCopy stores the finished rows with COPY and builds the same
// indexes: what no import can beat.
func BenchmarkPlainCopy(b *testing.B) {
	pool, file := town(b)
	importOnce(b, pool, file)
	b.ResetTimer()
	for range b.N {
		plainCopy(b, pool)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N)/float64(benchRows(b)), "µs/household")
}

func plainCopy(b *testing.B, pool *pgxpool.Pool) {
	b.StopTimer()
	var out strings.Builder
	conn, err := pool.Acquire(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Conn().PgConn().CopyTo(b.Context(), &out, `COPY household TO STDOUT BINARY`); err != nil {
		b.Fatal(err)
	}
	for _, sql := range []string{
		`DROP TABLE IF EXISTS plain`, `CREATE TABLE plain (LIKE household INCLUDING CONSTRAINTS)`,
	} {
		if _, err := conn.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	b.StartTimer()
	if _, err := conn.Conn().PgConn().CopyFrom(b.Context(), strings.NewReader(out.String()), `COPY plain FROM STDIN BINARY`); err != nil {
		b.Fatal(err)
	}
	for _, sql := range []string{
		`ALTER TABLE plain ADD PRIMARY KEY (id)`, `ALTER TABLE plain ADD UNIQUE (source, source_id)`,
		`CREATE INDEX ON plain (cell)`, `CREATE INDEX ON plain USING gist (point)`,
		`CREATE INDEX ON plain (id) WHERE point IS NULL AND closed_on IS NULL`,
		`CREATE INDEX ON plain (compound, building, stairwell, doorplate)`,
	} {
		if _, err := conn.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
}
