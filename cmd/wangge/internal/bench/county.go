package bench

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/locate"
	"wangge/geo/plan"
	"wangge/geo/staff"
)

// county is one town as a board of grids without seams between them: side × side
// of them, about 400 m wide, with 60 vertices each. Equal counties are drawn
// equally.
type county struct {
	side int
	seed uint64
	// moved says that one inner corner lies elsewhere, so that the four grids
	// around it are others.
	moved bool
	// village is how many grids are a side of a village; 0 where the grids lie in the
	// town itself.
	village int
	anew    map[spot]uint64 // villages with other borders inside: their seeds
}

// spot is where a village stands on the board of villages.
type spot struct{ x, y int }

const (
	gridWidth = 40_000 // lattice steps
	perSide   = 15     // edges of one side of a grid
)

// origin is the south-western corner, 120.1° E 30.2° N.
var origin = geo.Point{X: 1_201_000_000, Y: 302_000_000}

func newCounty(side int) county { return county{side: side, seed: 1} }

// redrawn is the county with other borders everywhere but on the rim.
func (c county) redrawn() county { return county{side: c.side, seed: c.seed + 1} }

// withCornerMoved is the county in which four grids have changed.
func (c county) withCornerMoved() county { return county{side: c.side, seed: c.seed, moved: true} }

// withVillages is the county with a level of villages, wide × wide grids each.
func (c county) withVillages(wide int) county {
	c.village = wide
	return c
}

// redrawnIn is the county with other borders inside one village; its own stays.
func (c county) redrawnIn(v spot, seed uint64) county {
	c.anew = maps.Clone(c.anew)
	if c.anew == nil {
		c.anew = map[spot]uint64{}
	}
	c.anew[v] = seed
	return c
}

// seedAt is the seed of a vertex.
func (c county) seedAt(i, j int) uint64 {
	if wide := c.village * perSide; wide > 0 && i%wide > 0 && j%wide > 0 {
		if seed, ok := c.anew[spot{i / wide, j / wide}]; ok {
			return seed
		}
	}
	return c.seed
}

// vertex is a vertex of the borders. Both numbers count edges; one of them at
// least is a multiple of perSide.
func (c county) vertex(i, j int) geo.Point {
	x, y, along := i/perSide, j/perSide, i%perSide+j%perSide
	from := c.corner(x, y)
	if along == 0 {
		return from
	}
	to := c.corner(x, y+1)
	if j%perSide == 0 {
		to = c.corner(x+1, y)
	}
	straight := geo.Point{
		X: from.X + int32(int64(to.X-from.X)*int64(along)/perSide),
		Y: from.Y + int32(int64(to.Y-from.Y)*int64(along)/perSide),
	}
	return c.jitter(c.seedAt(i, j), straight, gridWidth/(4*perSide), i, j)
}

func (c county) corner(x, y int) geo.Point {
	seed := c.seedAt(x*perSide, y*perSide)
	if c.moved && x == c.side/2 && y == c.side/2 {
		seed++
	}
	straight := geo.Point{X: origin.X + int32(x*gridWidth), Y: origin.Y + int32(y*gridWidth)}
	return c.jitter(seed, straight, gridWidth/8, x*perSide, y*perSide)
}

// jitter depends on the seed and the vertex alone; on the rim, which all counties
// of a side share, on the vertex alone.
func (c county) jitter(seed uint64, p geo.Point, by int32, i, j int) geo.Point {
	if i == 0 || j == 0 || i == c.side*perSide || j == c.side*perSide {
		seed = 0
	}
	r := rand.New(rand.NewPCG(seed, uint64(i)<<32|uint64(j)))
	return geo.Point{X: p.X + r.Int32N(2*by) - by, Y: p.Y + r.Int32N(2*by) - by}
}

// block is the border of wide × wide grids, with the inside on the left.
func (c county) block(x, y, wide int) geo.MultiPolygon {
	i, j, n := x*perSide, y*perSide, wide*perSide
	ring := make(geo.Ring, 0, 4*n)
	for k := range n {
		ring = append(ring, c.vertex(i+k, j))
	}
	for k := range n {
		ring = append(ring, c.vertex(i+n, j+k))
	}
	for k := range n {
		ring = append(ring, c.vertex(i+n-k, j+n))
	}
	for k := range n {
		ring = append(ring, c.vertex(i, j+n-k))
	}
	return geo.MultiPolygon{{ring}}
}

// grids are the units, numbered from 1 row by row.
func (c county) grids() []locate.Unit {
	var units []locate.Unit
	for y := range c.side {
		for x := range c.side {
			id := len(units) + 1
			units = append(units, locate.Unit{ID: int64(id), Code: fmt.Sprintf("%06d", id), Rank: 70, Area: c.block(x, y, 1)})
		}
	}
	return units
}

// points are n places within the county.
func (c county) points(n int) []geo.Point {
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]geo.Point, n)
	width := int32(c.side * gridWidth)
	for i := range list {
		list[i] = geo.Point{X: origin.X + r.Int32N(width), Y: origin.Y + r.Int32N(width)}
	}
	return list
}

const townCode = "990101"

// publishFirst makes the county's levels the first plans in force.
func (c county) publishFirst(ctx context.Context, pool *pgxpool.Pool, day geo.Day) error {
	levels := []string{"town", "village", "micro-grid"}
	if c.village == 0 {
		levels = []string{"town", "micro-grid"}
	}
	_, err := pool.Exec(ctx, `
		WITH p AS (INSERT INTO preset (code, title_zh, title_en) VALUES ('bench', '测量', 'Bench'))
		INSERT INTO preset_level (preset, depth, level) SELECT 'bench', n - 1, level FROM unnest($1::text[]) WITH ORDINALITY AS l (level, n)`, levels)
	if err != nil {
		return fmt.Errorf("preset: %w", err)
	}
	for _, level := range levels {
		records := c.records()
		switch level {
		case "town":
			records = []plan.Record{{Code: townCode, Name: "Town", Place: "feature 1", Area: c.block(0, 0, c.side)}}
		case "village":
			records = c.villages()
		}
		p, err := draft(ctx, pool, level, day, records)
		if err != nil {
			return err
		}
		if _, err := plan.Publish(ctx, pool, staff.System, p.ID, p.Revision, day, silent); err != nil {
			return err
		}
	}
	return nil
}

// villages are the villages as a file has them.
func (c county) villages() (list []plan.Record) {
	for y := range c.side / c.village {
		for x := range c.side / c.village {
			code := spot{x, y}.code()
			list = append(list, plan.Record{Code: code, Name: code, Parent: townCode, Place: fmt.Sprintf("feature %d", len(list)+1),
				Area: c.block(x*c.village, y*c.village, c.village)})
		}
	}
	return list
}

func (v spot) code() string { return fmt.Sprintf("%s%03d%03d", townCode, v.x+1, v.y+1) }

// records are the grids as a file has them.
func (c county) records() []plan.Record {
	var list []plan.Record
	for i, u := range c.grids() {
		parent := townCode
		if c.village > 0 {
			parent = spot{i % c.side / c.village, i / c.side / c.village}.code()
		}
		list = append(list, plan.Record{Code: u.Code, Name: u.Code, Parent: parent, Place: fmt.Sprintf("feature %d", i+1), Area: u.Area})
	}
	return list
}

func draft(ctx context.Context, pool *pgxpool.Pool, level string, day geo.Day, records []plan.Record) (plan.Plan, error) {
	return plan.New(ctx, pool, staff.System, plan.Source{Name: "bench", Preset: "bench", Level: level, Day: day, Records: records}, silent)
}

func silent(string, int64, int64) {}

// longAgo is the day from which the first plans are in force.
func longAgo() geo.Day { return geo.DayOf(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)) }
