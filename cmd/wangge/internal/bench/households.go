package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/household"
	"wangge/geo/ledger"
	"wangge/geo/staff"
)

// households asks what it costs to bring a ledger of up to 1,000,000 rows in:
// read, checked, keyed to H3 and assigned, against storing the finished rows.
func households() Benchmark {
	return Benchmark{
		Name:  "import",
		About: "a household ledger as CSV: our import, against COPY of the finished rows and the same indexes",
		Run:   runHouseholds,
	}
}

func runHouseholds(ctx context.Context, lab Lab) ([]Row, error) {
	var rows []Row
	for i, n := range lab.Scale.Import {
		more, err := importSize(ctx, lab, n, i == len(lab.Scale.Import)-1)
		if err != nil {
			return nil, fmt.Errorf("%d households: %w", n, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// importSize measures n households; whole says that it is the largest number.
func importSize(ctx context.Context, lab Lab, n int, whole bool) ([]Row, error) {
	b, err := newImportBench(ctx, lab, newCounty(lab.Scale.Side), n)
	if err != nil {
		return nil, err
	}
	defer b.close()
	lab.Say("import: %s, first load", b.data)
	first, err := median(lab.Scale.Heavy, func() (cost, error) { return b.first(ctx) })
	if err != nil {
		return nil, err
	}
	lab.Say("import: the same file again")
	again, err := median(lab.Scale.Heavy, func() (cost, error) { return b.again(ctx) })
	if err != nil {
		return nil, err
	}
	lab.Say("import: COPY and indexes")
	plain, err := b.plain(ctx, lab.Scale.Heavy, "household", "household_unit")
	if err != nil {
		return nil, err
	}
	if !whole {
		return []Row{
			onTheWall("import-first-"+short(n), first, plain, b.data).note("growth"),
			onTheWall("import-again-"+short(n), again, plain, b.data).note("growth"),
		}, nil
	}
	narrow, err := b.plain(ctx, lab.Scale.Heavy, "household")
	if err != nil {
		return nil, err
	}
	stored := "COPY of finished rows in binary form into equal tables, then the same indexes; nothing is read, checked, keyed or assigned"
	return []Row{
		onTheWall("import-first", first, plain, b.data).atLeast(0.5).note("%s; %.1f µs on the wall for a household", stored, first.wall.Seconds()*1e6/float64(n)),
		inCPU("import-first-cpu", first, plain, b.data).note("ours and PostgreSQL's together"),
		onTheWall("import-first-one-table", first, narrow, b.data).note("the same against the household table alone, without who is responsible"),
		onTheWall("import-again", again, plain, b.data).note("the same file; nothing is written; the peer as above, for it stores again what it has"),
		inCPU("import-again-cpu", again, plain, b.data).note("ours and PostgreSQL's together"),
	}, nil
}

// importBench is a ledger file and a database in which its grids are in force.
type importBench struct {
	pool *pgxpool.Pool
	meter
	file string
	n    int
	data string
}

func newImportBench(ctx context.Context, lab Lab, county county, n int) (*importBench, error) {
	b := &importBench{n: n, data: fmt.Sprintf("%d households, %d grids", n, county.side*county.side)}
	var err error
	if b.pool, err = lab.Database(ctx); err != nil {
		return nil, err
	}
	if b.meter, err = newMeter(ctx, b.pool); err != nil {
		return nil, err
	}
	if err := county.publishFirst(ctx, b.pool, longAgo()); err != nil {
		return nil, err
	}
	b.file, err = writeLedger(county.points(n))
	return b, err
}

func (b *importBench) close() { os.Remove(b.file) }

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

// first imports into empty tables.
func (b *importBench) first(ctx context.Context) (cost, error) {
	if err := b.settle(ctx, `TRUNCATE household, household_unit CASCADE`); err != nil {
		return cost{}, err
	}
	return b.load(ctx, func(r ledger.Report) bool { return r.New == b.n })
}

// again imports what is there already.
func (b *importBench) again(ctx context.Context) (cost, error) {
	if err := b.settle(ctx, `VACUUM ANALYZE household, household_unit`); err != nil {
		return cost{}, err
	}
	return b.load(ctx, func(r ledger.Report) bool { return r.Unchanged == b.n })
}

// settle runs statements and lets PostgreSQL write what it has put off, so that
// nobody pays for what came before.
func (b *importBench) settle(ctx context.Context, statements ...string) error {
	for _, sql := range append(statements, `CHECKPOINT`) {
		if _, err := b.pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// load imports the file and checks that the report is the expected one.
func (b *importBench) load(ctx context.Context, expected func(ledger.Report) bool) (cost, error) {
	file, err := os.Open(b.file)
	if err != nil {
		return cost{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return cost{}, err
	}
	var report ledger.Report
	c, err := b.measure(func() error {
		rows, err := ledger.Open(ctx, b.file, file, info.Size())
		if err != nil {
			return err
		}
		report, err = household.Import(ctx, b.pool, staff.System, rows, ledger.Options{Source: "bench", Confirm: "generated"})
		return err
	})
	if err == nil && !expected(report) {
		err = fmt.Errorf("the import counted something else: %+v", report)
	}
	return c, err
}

// plain stores what the import has stored in tables of its own, which get the
// same indexes when they are full.
func (b *importBench) plain(ctx context.Context, times int, tables ...string) (cost, error) {
	conn, err := b.pool.Acquire(ctx)
	if err != nil {
		return cost{}, err
	}
	defer conn.Release()
	var copies []*tableCopy
	for _, table := range tables {
		c, err := newTableCopy(ctx, conn, table)
		if err != nil {
			return cost{}, err
		}
		defer c.close()
		copies = append(copies, c)
	}
	return median(times, func() (cost, error) {
		for _, c := range copies {
			if err := c.prepare(ctx); err != nil {
				return cost{}, err
			}
		}
		if err := b.settle(ctx); err != nil {
			return cost{}, err
		}
		return b.measure(func() error {
			return pgx.BeginFunc(ctx, conn, func(pgx.Tx) error {
				for _, c := range copies {
					if err := c.store(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}

// tableCopy is the content of a table in a file, and how its indexes are made.
type tableCopy struct {
	conn     *pgxpool.Conn
	from, to string
	rows     *os.File // in the binary form of COPY
	indexes  []string
}

func newTableCopy(ctx context.Context, conn *pgxpool.Conn, table string) (*tableCopy, error) {
	c := &tableCopy{conn: conn, from: table, to: "plain_" + table}
	var err error
	if c.rows, err = os.CreateTemp("", "wangge-bench-*.copy"); err != nil {
		return nil, err
	}
	if _, err := conn.Conn().PgConn().CopyTo(ctx, c.rows, `COPY `+table+` TO STDOUT (FORMAT binary)`); err != nil {
		c.close()
		return nil, err
	}
	found, _ := conn.Query(ctx, `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = $1`, table)
	var name, sql string
	_, err = pgx.ForEachRow(found, []any{&name, &sql}, func() error {
		sql = strings.Replace(sql, " INDEX "+name+" ", " INDEX "+c.to+"_"+name+" ", 1)
		c.indexes = append(c.indexes, strings.Replace(sql, " ON public."+table+" ", " ON "+c.to+" ", 1))
		return nil
	})
	if err != nil {
		c.close()
	}
	return c, err
}

func (c *tableCopy) close() {
	c.rows.Close()
	os.Remove(c.rows.Name())
}

// prepare makes the table anew, empty and without indexes.
func (c *tableCopy) prepare(ctx context.Context) error {
	_, err := c.conn.Exec(ctx, `DROP TABLE IF EXISTS `+c.to+`; CREATE TABLE `+c.to+` (LIKE `+c.from+` INCLUDING CONSTRAINTS)`)
	return err
}

func (c *tableCopy) store(ctx context.Context) error {
	if _, err := c.rows.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := c.conn.Conn().PgConn().CopyFrom(ctx, c.rows, `COPY `+c.to+` FROM STDIN (FORMAT binary)`); err != nil {
		return err
	}
	for _, sql := range c.indexes {
		if _, err := c.conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
