package bench

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/cell"
)

// A county of about 58 × 58 km: 12 towns of 250 micro-grids in a board of 60 × 50,
// with 150 villages between them. Borders are shared exactly, 60 vertices a grid.
const (
	columns, rows         = 60, 50
	villageWide           = 5 // grids
	villageHigh           = 4
	townWide, townHigh    = 15, 16
	perSide               = 15 // edges of one side of a grid
	west, south           = 1_200_000_000, 300_000_000
	gridWidth, gridHeight = 100_000, 104_500 // lattice steps: about 965 m and 1,160 m
)

// county is the test ground; the same size gives the same one.
type county struct {
	households, incidents int
	random                *rand.Rand
}

func newCounty(households, incidents int) *county {
	return &county{households, incidents, rand.New(rand.NewPCG(2026, 11))}
}

// node is a vertex of the board of edges: corners every perSide steps, bent ones
// between them along the sides. It depends on nothing but its place.
func node(x, y int) geo.Point {
	p := geo.Point{X: int32(west + x*gridWidth/perSide), Y: int32(south + y*gridHeight/perSide)}
	if onRim := x == 0 || y == 0 || x == columns*perSide || y == rows*perSide; onRim {
		return p
	}
	h := rand.New(rand.NewPCG(uint64(x), uint64(y)))
	reach := int32(gridWidth / perSide * 2 / 5)
	p.X += h.Int32N(2*reach) - reach
	p.Y += h.Int32N(2*reach) - reach
	// A slow wave, so that sides are not straight on the whole either; it ends at the rim.
	inside := float64(min(x, y, columns*perSide-x, rows*perSide-y, perSide)) / perSide
	p.X += int32(inside * gridWidth / 10 * math.Sin(float64(y)/11))
	p.Y += int32(inside * gridHeight / 10 * math.Sin(float64(x)/13))
	return p
}

// block is the border of wide × high grids.
func block(x, y, wide, high int) geo.Ring {
	x, y, wide, high = x*perSide, y*perSide, wide*perSide, high*perSide
	var r geo.Ring
	for i := range wide {
		r = append(r, node(x+i, y))
	}
	for i := range high {
		r = append(r, node(x+wide, y+i))
	}
	for i := range wide {
		r = append(r, node(x+wide-i, y+high))
	}
	for i := range high {
		r = append(r, node(x, y+high-i))
	}
	return r
}

// unit is a line of the board.
type unit struct {
	code, level, parent string
	area                geo.MultiPolygon
	label               geo.Point
}

func (c *county) units() (list []unit) {
	add := func(code, level, parent string, x, y, wide, high int) {
		wide, high = min(wide, columns-x), min(high, rows-y)
		list = append(list, unit{code, level, parent, geo.MultiPolygon{{block(x, y, wide, high)}},
			node(x*perSide+wide*perSide/2, y*perSide+high*perSide/2)})
	}
	town := func(x, y int) string { return fmt.Sprintf("33%02d", min(y/townHigh, 2)*4+x/townWide) }
	for t := range 12 {
		y, high := t/4*townHigh, townHigh
		if t/4 == 2 {
			high = rows - y // the northern towns take the rest
		}
		add(town(t%4*townWide, y), "town", "", t%4*townWide, y, townWide, high)
	}
	for y := 0; y < rows; y += villageHigh {
		for x := 0; x < columns; x += villageWide {
			add(fmt.Sprintf("%s%03d", town(x, y), y/villageHigh*(columns/villageWide)+x/villageWide), "village", town(x, y), x, y, villageWide, villageHigh)
		}
	}
	for y := range rows {
		for x := range columns {
			vx, vy := x/villageWide*villageWide, y/villageHigh*villageHigh
			village := fmt.Sprintf("%s%03d", town(vx, vy), vy/villageHigh*(columns/villageWide)+vx/villageWide)
			add(fmt.Sprintf("%s%05d", village, y*columns+x), "micro-grid", village, x, y, 1, 1)
		}
	}
	return list
}

// dwelling is a place where a household or an incident is, and in which grid of
// the board, number y × columns + x.
type dwelling struct {
	at   geo.Point
	grid int
}

// dwellings are n places: buildings of up to 24 homes, most of them near the
// middle of a town, some alone in the country.
func (c *county) dwellings(n int) []dwelling {
	list := make([]dwelling, 0, n)
	for len(list) < n {
		t := c.random.IntN(12)
		spread := 0.05 + 0.45*c.random.Float64()*c.random.Float64()
		x := (float64(t%4) + 0.5 + spread*c.random.NormFloat64()) * townWide
		y := (float64(t/4) + 0.5 + spread*c.random.NormFloat64()) * townHigh
		if x < 0.2 || y < 0.2 || x > columns-0.2 || y > rows-0.2 {
			continue
		}
		homes := 1 + c.random.IntN(24)
		for range min(homes, n-len(list)) {
			// A building is about 20 × 60 m.
			px := west + int32(x*gridWidth) + c.random.Int32N(6000)
			py := south + int32(y*gridHeight) + c.random.Int32N(1800)
			list = append(list, dwelling{geo.Point{X: px, Y: py}, int(y)*columns + int(x)})
		}
	}
	return list
}

// store fills an empty, migrated database.
func (c *county) store(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `
		INSERT INTO plan (name, preset, level, state, effective_on, created_by, published_at)
		VALUES ('bench', 'town-grid', 'micro-grid', 'published', '2026-01-01', 'bench', now())`)
	if err != nil {
		return fmt.Errorf("plan of the county: %w", err)
	}
	grids, err := c.storeUnits(ctx, pool)
	if err != nil {
		return err
	}
	if err := c.storeHouseholds(ctx, pool, grids); err != nil {
		return err
	}
	if err := c.storeIncidents(ctx, pool); err != nil {
		return err
	}
	_, err = pool.Exec(ctx, `ANALYZE`)
	return err
}

// storeUnits returns the ids of the grids by their number.
func (c *county) storeUnits(ctx context.Context, pool *pgxpool.Pool) ([]int64, error) {
	ids := map[string]int64{}
	var grids []int64
	var boundaries [][]any
	for _, u := range c.units() {
		var id int64
		if err := pool.QueryRow(ctx, `INSERT INTO unit (code, preset, level) VALUES ($1, 'town-grid', $2) RETURNING id`, u.code, u.level).Scan(&id); err != nil {
			return nil, fmt.Errorf("unit %s: %w", u.code, err)
		}
		ids[u.code] = id
		if u.level == "micro-grid" {
			grids = append(grids, id)
		}
		var parent *int64
		if above, known := ids[u.parent]; known {
			parent = &above
		}
		boundaries = append(boundaries, []any{id, parent, int64(1), "单元" + u.code, "2026-01-01", 1.0, u.label, u.area})
	}
	_, err := pool.CopyFrom(ctx, pgx.Identifier{"boundary"},
		[]string{"unit_id", "parent_id", "plan_id", "name", "valid_from", "area", "label", "geom"}, pgx.CopyFromRows(boundaries))
	if err != nil {
		return nil, fmt.Errorf("boundaries of the county: %w", err)
	}
	return grids, nil
}

func (c *county) storeHouseholds(ctx context.Context, pool *pgxpool.Pool, grids []int64) error {
	kinds := []string{"owner", "owner", "owner", "rental", "rental", "self-built", "unknown"}
	places := c.dwellings(c.households)
	_, err := pool.CopyFrom(ctx, pgx.Identifier{"household"}, []string{"source", "source_id", "kind", "occupied", "point", "cell"},
		pgx.CopyFromSlice(len(places), func(i int) ([]any, error) {
			return []any{"bench", fmt.Sprint(i), kinds[c.random.IntN(len(kinds))], c.random.IntN(8) > 0, places[i].at, int64(cell.At(places[i].at))}, nil
		}))
	if err != nil {
		return fmt.Errorf("households of the county: %w", err)
	}
	var first int64
	if err := pool.QueryRow(ctx, `SELECT min(id) FROM household WHERE source = 'bench'`).Scan(&first); err != nil {
		return fmt.Errorf("households of the county: %w", err)
	}
	_, err = pool.CopyFrom(ctx, pgx.Identifier{"household_unit"}, []string{"household_id", "unit_id", "valid_from"},
		pgx.CopyFromSlice(len(places), func(i int) ([]any, error) {
			return []any{first + int64(i), grids[places[i].grid], "2026-01-01"}, nil
		}))
	if err != nil {
		return fmt.Errorf("households of the county by unit: %w", err)
	}
	return nil
}

func (c *county) storeIncidents(ctx context.Context, pool *pgxpool.Pool) error {
	categories := []string{"litter", "parking", "noise", "lighting", "water", "fire-lane", "road"}
	states := []string{"reported", "accepted", "dispatched", "handled", "closed", "closed", "closed", "closed"}
	reported := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	places := c.dwellings(c.incidents)
	_, err := pool.CopyFrom(ctx, pgx.Identifier{"incident"}, []string{"source", "source_id", "category", "state", "reported_at", "point", "cell"},
		pgx.CopyFromSlice(len(places), func(i int) ([]any, error) {
			return []any{"bench", fmt.Sprint(i), categories[c.random.IntN(len(categories))], states[c.random.IntN(len(states))],
				reported, places[i].at, int64(cell.At(places[i].at))}, nil
		}))
	if err == nil { // in no unit, but brought in for the county: a scope that holds all of it shows them
		_, err = pool.Exec(ctx, `UPDATE incident SET area_id = (SELECT min(unit_id) FROM boundary WHERE parent_id IS NULL)`)
	}
	if err != nil {
		return fmt.Errorf("incidents of the county: %w", err)
	}
	return nil
}
