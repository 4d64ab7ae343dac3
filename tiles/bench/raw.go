package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"
	orbmvt "github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/project"

	"wangge/geo/cell"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// prepareCells gives the peer the cells, made by us: the database has no H3.
func (r *run) prepareCells(ctx context.Context) error {
	type count struct{ households, incidents int }
	sums := map[cell.Cell]count{}
	for table, add := range map[string]func(*count, int){
		"household": func(c *count, n int) { c.households += n }, "incident": func(c *count, n int) { c.incidents += n },
	} {
		var at cell.Cell
		var n int
		found, _ := r.Pool.Query(ctx, `SELECT cell, count(*)::int FROM `+table+` GROUP BY cell`)
		_, err := pgx.ForEachRow(found, []any{(*int64)(&at), &n}, func() error {
			for res := 7; res <= 10; res++ {
				sum := sums[at.Parent(res)]
				add(&sum, n)
				sums[at.Parent(res)] = sum
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("cells of the peer: %w", err)
		}
	}
	batch := &pgx.Batch{}
	for c, sum := range sums {
		var ring orb.Ring
		for _, p := range c.Boundary() {
			ring = append(ring, project.WGS84.ToMercator(p.Degrees()))
		}
		ring = append(ring, ring[0])
		batch.Queue(`INSERT INTO peer_cell VALUES ($1, $2, $3, $4, ST_SetSRID($5::geometry, 3857))`,
			c.Resolution(), c.String(), sum.households, sum.incidents, orb.Polygon{ring})
	}
	if err := r.Pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("cells of the peer: %w", err)
	}
	_, err := r.Pool.Exec(ctx, `CREATE INDEX ON peer_cell USING gist (geom); ANALYZE`)
	return err
}

// raw compares drawing alone: no compression, no HTTP, one thread each.
func (r *run) raw(ctx context.Context) error {
	for _, set := range []struct {
		name   string
		layers []string
	}{{"polygons", polygons}, {"all layers", all}} {
		r.Say("tiles: drawing %s", set.name)
		ours, theirs, err := r.drawBoth(ctx, set.layers)
		if err != nil {
			return err
		}
		n := float64(len(r.tiles))
		r.row(set.name+", CPU of a raw tile", ours.cpu.Seconds()*1000/n, theirs.cpu.Seconds()*1000/n, "ms")
		r.row(set.name+", bytes of a tile, gzip 6", float64(ours.zipped)/n, float64(theirs.zipped)/n, "B")
		r.row(set.name+", features in the tiles, ours and theirs", float64(ours.features), float64(theirs.features), "features")
		r.row(set.name+", allocations of a raw tile", ours.allocations/n, 0, "allocations")
	}
	return nil
}

// cost is what drawing all tiles once took.
type cost struct {
	cpu         time.Duration
	zipped      int
	features    int
	allocations float64
}

func (r *run) drawBoth(ctx context.Context, layers []string) (ours, theirs cost, err error) {
	drawn := make([][]byte, len(r.tiles))
	var b mvt.Builder
	r.drawAll(&b, drawn, tiles.Everything, layers) // warm
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	spent := processCPU()
	const times = 5
	for range times {
		r.drawAll(&b, drawn, tiles.Everything, layers)
	}
	ours.cpu = (processCPU() - spent) / times
	runtime.ReadMemStats(&after)
	ours.allocations = float64(after.Mallocs-before.Mallocs) / times
	if err := ours.weigh(drawn); err != nil {
		return ours, theirs, err
	}
	peer, cpu, err := r.peerTiles(ctx, layers)
	if err != nil {
		return ours, theirs, err
	}
	theirs.cpu = cpu
	return ours, theirs, theirs.weigh(peer)
}

// drawAll draws every tile as one that may be kept: with a copy of its own.
func (r *run) drawAll(b *mvt.Builder, into [][]byte, scope tiles.Scope, layers []string) {
	for i, t := range r.tiles {
		b.Reset()
		r.server.Draw(b, t, scope, layers...)
		into[i] = bytes.Clone(b.Bytes())
	}
}

func (r *run) peerTiles(ctx context.Context, layers []string) ([][]byte, time.Duration, error) {
	conn, err := r.Pool.Acquire(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Release()
	for _, sql := range []string{`SET jit = off`, `SET max_parallel_workers_per_gather = 0`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return nil, 0, err
		}
	}
	// A layer that ours does not draw at a zoom is not asked of the peer either.
	sql := map[uint8]string{}
	for zoom := uint8(10); zoom <= mvt.MaxZoom; zoom++ {
		var drawn []string
		for _, layer := range layers {
			if layer == "household" && zoom < 13 || layer == "cell" && zoom > 14 {
				continue
			}
			drawn = append(drawn, layer)
		}
		sql[zoom] = tileSQL(drawn)
	}
	list := make([][]byte, len(r.tiles))
	var spent time.Duration
	for range 2 { // the first round warms
		before, err := backendCPU(conn.Conn().PgConn().PID())
		if err != nil {
			return nil, 0, err
		}
		for i, t := range r.tiles {
			if err := conn.QueryRow(ctx, sql[t.Z], int(t.Z), int(t.X), int(t.Y)).Scan(&list[i]); err != nil {
				return nil, 0, fmt.Errorf("tile %v of the peer: %w", t, err)
			}
		}
		after, err := backendCPU(conn.Conn().PgConn().PID())
		if err != nil {
			return nil, 0, err
		}
		spent = after - before
	}
	return list, spent, nil
}

// weigh counts bytes and features.
func (c *cost) weigh(list [][]byte) error {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, 6)
	if err != nil {
		return err
	}
	for _, tile := range list {
		out.Reset()
		w.Reset(&out)
		if _, err := w.Write(tile); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		c.zipped += out.Len()
		layers, err := orbmvt.Unmarshal(tile)
		if err != nil {
			return fmt.Errorf("read a tile back: %w", err)
		}
		for _, l := range layers {
			c.features += len(l.Features)
		}
	}
	return nil
}

// processCPU is the time of all threads of this process.
func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// backendCPU is the time a process of PostgreSQL has been on a processor.
func backendCPU(pid uint32) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		return 0, fmt.Errorf("CPU of PostgreSQL, which must run on this machine: %w", err)
	}
	first, _, _ := bytes.Cut(text, []byte(" "))
	n, err := strconv.ParseInt(string(first), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("CPU of PostgreSQL: %w", err)
	}
	return time.Duration(n), nil
}
