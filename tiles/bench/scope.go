package bench

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/staff"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// scoped compares tiles within a scope against those without. The scope is every
// unit at the top, named one by one, so that both draw the same: the difference is
// what asking costs.
func (r *run) scoped(ctx context.Context) error {
	rows, _ := r.Pool.Query(ctx, `SELECT unit_id FROM boundary WHERE parent_id IS NULL ORDER BY 1`)
	roots, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("units at the top: %w", err)
	}
	area := staff.Area{Roots: roots}
	scope := tiles.Scope{Map: area, Count: area, Place: area}
	r.Say("tiles: drawing within a scope")
	with, without := make([][]byte, len(r.tiles)), make([][]byte, len(r.tiles))
	var b mvt.Builder
	start := time.Now()
	r.server.Draw(&b, r.tiles[0], scope, "cell")
	first := time.Since(start)
	cost := func(into [][]byte, s tiles.Scope) float64 {
		r.drawAll(&b, into, s, all)
		const times = 5
		spent := processCPU()
		for range times {
			r.drawAll(&b, into, s, all)
		}
		return (processCPU() - spent).Seconds() * 1000 / times / float64(len(r.tiles))
	}
	ours, peer := cost(with, scope), cost(without, tiles.Everything)
	same := 0
	for i := range with {
		if bytes.Equal(with[i], without[i]) {
			same++
		}
	}
	r.row("scope: all layers, CPU of a raw tile with a scope, and without", ours, peer, "ms")
	r.row("scope: tiles that are the same with and without, of all", float64(same), float64(len(with)), "tiles")
	r.row("scope: the first tile of cells of a new scope", first.Seconds()*1000, 0, "ms")
	return r.scopedOverHTTP(scope)
}

// scopedOverHTTP compares warm answers, where a scope costs its look-up in the cache.
func (r *run) scopedOverHTTP(scope tiles.Scope) error {
	asked := r.requests()
	var perSecond [2]float64
	for i, s := range []tiles.Scope{scope, tiles.Everything} {
		address, stop, err := listen(r.mounted(s))
		if err != nil {
			return err
		}
		if _, err = ask(address, asked); err == nil {
			var warm answers
			warm, err = ask(address, slices.Concat(asked, asked, asked))
			perSecond[i] = warm.perSecond()
		}
		stop()
		if err != nil {
			return err
		}
	}
	r.more("scope: over HTTP, warm, with a scope, and without", perSecond[0], perSecond[1], "tiles/s")
	return nil
}
