package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"

	"wangge/geo"
	"wangge/geo/household"
	"wangge/geo/ledger"
	"wangge/geo/locate"
	"wangge/geo/staff"
)

// households asks what it costs to bring a ledger of 1,000,000 rows in: read,
// checked, keyed to H3 and assigned, against storing the finished rows.
func households() Benchmark {
	return Benchmark{
		Name:  "import",
		About: "a household ledger as CSV: our import, against COPY of the finished rows and the same indexes",
		Run:   runHouseholds,
	}
}

// cost is what some work took.
type cost struct {
	wall, cpu time.Duration // cpu: ours and PostgreSQL's
}

func runHouseholds(ctx context.Context, lab Lab) ([]Row, error) {
	board := newCounty(max(2, int(55*math.Sqrt(lab.Scale))))
	units, points := board.grids(), board.points(lab.scaled(1_000_000))
	data := fmt.Sprintf("%d households, %d grids", len(points), len(units))
	if err := inForce(ctx, lab.Pool, units); err != nil {
		return nil, err
	}
	file, err := writeLedger(points)
	if err != nil {
		return nil, err
	}
	defer os.Remove(file)

	lab.Say("first import")
	first, err := importOnce(ctx, lab.Pool, file, func(r ledger.Report) bool { return r.New == len(points) })
	if err != nil {
		return nil, err
	}
	lab.Say("the same file again")
	again, err := importOnce(ctx, lab.Pool, file, func(r ledger.Report) bool { return r.Unchanged == len(points) })
	if err != nil {
		return nil, err
	}
	lab.Say("COPY and indexes")
	plain, err := copyPlain(ctx, lab.Pool)
	if err != nil {
		return nil, err
	}
	return []Row{
		less("import, first load", first.wall.Seconds(), plain.wall.Seconds(), "s", data),
		less("import, first load, CPU", first.cpu.Seconds(), plain.cpu.Seconds(), "CPU s", data),
		less("import, per household", perItem(first.cpu, len(points))/1000, perItem(plain.cpu, len(points))/1000, "CPU µs", data),
		less("import, the same file again", again.wall.Seconds(), 0, "s", data),
		less("import, the same file again, CPU", again.cpu.Seconds(), 0, "CPU s", data),
	}, nil
}

// inForce stores the grids as a published division.
func inForce(ctx context.Context, pool *pgxpool.Pool, units []locate.Unit) error {
	var plan int64
	err := pool.QueryRow(ctx, `
		INSERT INTO plan (name, preset, level, state, effective_on, created_by, published_by, published_at)
		VALUES ('bench', 'town-cluster', 'micro-grid', 'published', '2024-01-01', 'bench', 'bench', now())
		RETURNING id`).Scan(&plan)
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for _, u := range units {
		batch.Queue(`
			WITH u AS (INSERT INTO unit (code, preset, level) VALUES ($1, 'town-cluster', 'micro-grid') RETURNING id)
			INSERT INTO boundary (unit_id, plan_id, name, valid_from, area, label, geom)
			SELECT id, $2, $1, '2024-01-01', $3, $4, $5 FROM u`,
			u.Code, plan, float64(u.Area.SquareMeters()), u.Area[0][0][0], u.Area)
	}
	return pool.SendBatch(ctx, batch).Close()
}

// writeLedger writes a ledger as offices keep it, and returns the file.
func writeLedger(points []geo.Point) (string, error) {
	f, err := os.CreateTemp("", "wangge-bench-*.csv")
	if err != nil {
		return "", err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "户号,小区,楼栋,单元,室号,经度,纬度,房屋类型,入住情况,0-2岁人数,18-59岁人数,80岁以上人数")
	for i, p := range points {
		at := p.Degrees()
		fmt.Fprintf(w, "H%07d,第%d小区,%d号楼,%d,%d0%d,%.7f,%.7f,%s,入住,%d,%d,%d\n",
			i, i/600, i/24%25+1, i/8%3+1, i/2%4+1, i%2+1, at[0], at[1], []string{"自住", "出租"}[i%2], i%7/6, i%4, i%9/8)
	}
	if err := w.Flush(); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), f.Close()
}

// importOnce imports the file and checks that the report is the expected one.
func importOnce(ctx context.Context, pool *pgxpool.Pool, name string, expected func(ledger.Report) bool) (cost, error) {
	file, err := os.Open(name)
	if err != nil {
		return cost{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return cost{}, err
	}
	var report ledger.Report
	c, err := measure(ctx, pool, func() error {
		rows, err := ledger.Open(ctx, name, file, info.Size())
		if err != nil {
			return err
		}
		report, err = household.Import(ctx, pool, staff.System, rows, ledger.Options{Source: "bench", Confirm: "generated"})
		return err
	})
	if err == nil && !expected(report) {
		err = fmt.Errorf("the import counted something else: %+v", report)
	}
	return c, err
}

// copyPlain stores what the import has stored in a table of its own, which gets
// the same indexes when it is full. Nothing is read, checked or assigned.
func copyPlain(ctx context.Context, pool *pgxpool.Pool) (cost, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return cost{}, err
	}
	defer conn.Release()
	finished, err := os.CreateTemp("", "wangge-bench-*.copy")
	if err != nil {
		return cost{}, err
	}
	defer os.Remove(finished.Name())
	defer finished.Close()
	raw := conn.Conn().PgConn()
	if _, err := raw.CopyTo(ctx, finished, `COPY household TO STDOUT (FORMAT binary)`); err != nil {
		return cost{}, err
	}
	indexes, err := indexesOf(ctx, conn, "household", "bench_plain")
	if err != nil {
		return cost{}, err
	}
	if _, err := conn.Exec(ctx, `CREATE TABLE bench_plain (LIKE household INCLUDING CONSTRAINTS)`); err != nil {
		return cost{}, err
	}
	return measure(ctx, pool, func() error {
		if _, err := finished.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := raw.CopyFrom(ctx, finished, `COPY bench_plain FROM STDIN (FORMAT binary)`); err != nil {
			return err
		}
		for _, sql := range indexes {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

// indexesOf are the statements that make the indexes of one table for another.
func indexesOf(ctx context.Context, conn *pgxpool.Conn, from, to string) ([]string, error) {
	rows, _ := conn.Query(ctx, `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = $1`, from)
	var name, sql string
	var list []string
	_, err := pgx.ForEachRow(rows, []any{&name, &sql}, func() error {
		sql = strings.Replace(sql, " INDEX "+name+" ", " INDEX "+to+"_"+name+" ", 1)
		list = append(list, strings.Replace(sql, " ON public."+from+" ", " ON "+to+" ", 1))
		return nil
	})
	return list, err
}

// measure times work by the wall and by the processor, ours and PostgreSQL's.
func measure(ctx context.Context, pool *pgxpool.Pool, work func() error) (cost, error) {
	before, err := allCPU(ctx, pool)
	if err != nil {
		return cost{}, err
	}
	began := time.Now()
	if err := work(); err != nil {
		return cost{}, err
	}
	wall := time.Since(began)
	after, err := allCPU(ctx, pool)
	return cost{wall: wall, cpu: after - before}, err
}

func allCPU(ctx context.Context, pool *pgxpool.Pool) (time.Duration, error) {
	ours, err := clock(unix.CLOCK_PROCESS_CPUTIME_ID)
	if err != nil {
		return 0, err
	}
	theirs, err := clusterCPU(ctx, pool)
	return ours + theirs, err
}
