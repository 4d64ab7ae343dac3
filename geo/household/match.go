package household

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// How sure a match by address is. Below MinConfidence a household is not placed;
// the place is only suggested to whoever puts it on the map.
const (
	SameDoor      float32 = 0.98 // same compound, building, stairwell and doorplate, known from another row
	SameStairwell float32 = 0.95 // same compound, building and stairwell
	SameBuilding  float32 = 0.90 // same compound and building
	SameAddress   float32 = 0.85 // the whole address in one text
	NamedBuilding float32 = 0.80 // a building on the map bears the name
	SameCompound  float32 = 0.40 // the compound only

	MinConfidence float32 = 0.80
)

// MaxSpread is how far, in metres, known households of one building may lie from
// each other to be one building. Beyond it the name stands for several.
const MaxSpread geo.Meters = 150

// spot is a place that an address stands for: the middle of what bears it.
type spot struct {
	sum   orb.Point
	n     int
	bound geo.Bound
}

func (s *spot) add(p geo.Point) {
	if s.n == 0 {
		s.bound = geo.EmptyBound
	}
	d := p.Degrees()
	s.sum[0], s.sum[1] = s.sum[0]+d[0], s.sum[1]+d[1]
	s.n++
	s.bound = s.bound.Extend(p)
}

func (s *spot) at() geo.Point {
	return geo.Snap(orb.Point{s.sum[0] / float64(s.n), s.sum[1] / float64(s.n)})
}

func (s *spot) narrow() bool {
	return geo.Distance(s.bound.Min.Degrees(), s.bound.Max.Degrees()) <= MaxSpread
}

// gazetteer knows where addresses are. Keys are made by addressKeys.
type gazetteer map[string]*spot

func (g gazetteer) add(key string, p geo.Point) {
	if key == "" {
		return
	}
	if g[key] == nil {
		g[key] = &spot{}
	}
	g[key].add(p)
}

// addressKey is one way to name where a household is.
type addressKey struct {
	text       string
	confidence float32
}

// addressKeys are the names of a place, the surest first. Numbers are compared
// without what is written around them: 3号楼, 3幢 and 三号 are one.
func addressKeys(compound, building, stairwell, doorplate, address string) []addressKey {
	c, b := ledger.Key(compound), number(building)
	s, d := number(stairwell), number(doorplate)
	var keys []addressKey
	if c != "" && b != "" {
		if d != "" {
			keys = append(keys, addressKey{join("door", c, b, s, d), SameDoor})
		}
		if s != "" {
			keys = append(keys, addressKey{join("stairwell", c, b, s), SameStairwell})
		}
		keys = append(keys, addressKey{join("building", c, b), SameBuilding})
	}
	if a := ledger.Key(address); len([]rune(a)) >= 4 {
		keys = append(keys, addressKey{join("address", a), SameAddress})
	}
	if c != "" && b != "" {
		keys = append(keys, addressKey{join("named", c+b), NamedBuilding})
	}
	if c != "" {
		keys = append(keys, addressKey{join("compound", c), SameCompound})
	}
	return keys
}

func join(parts ...string) string { return strings.Join(parts, "\x00") }

// around are the words written around the number of a building, stairwell or door.
var around = []string{"号楼", "栋", "幢", "座", "单元", "号", "室", "楼", "门", "梯", "房", "building", "block", "unit", "room", "no", "bldg", "apt", "flat"}

// number is the key of a number without the words around it.
func number(text string) string {
	key := ledger.Key(text)
	for trimmed := true; trimmed; {
		trimmed = false
		for _, word := range around {
			if rest, ok := strings.CutSuffix(key, word); ok && rest != "" {
				key, trimmed = rest, true
			}
			if rest, ok := strings.CutPrefix(key, word); ok && rest != "" {
				key, trimmed = rest, true
			}
		}
	}
	if rest := strings.TrimLeft(key, "0"); rest != "" {
		key = rest
	}
	return key
}

// find is the surest place that the keys stand for.
func (g gazetteer) find(keys []addressKey) (at geo.Point, confidence float32, ok bool) {
	for _, key := range keys {
		s := g[key.text]
		if s != nil && (key.confidence < MinConfidence || s.narrow()) {
			return s.at(), key.confidence, true
		}
	}
	return geo.Point{}, 0, false
}

// wait is a household without a place.
type wait struct {
	id       int64
	compound string
	keys     []addressKey
}

// within is the condition that a household h is in an area, of parameters 1 and 2.
const within = `
	($1 OR in_area(coalesce((SELECT o.unit_id FROM household_unit o WHERE o.household_id = h.id AND o.valid_to IS NULL), h.area_id), false, $2))`

// waiting reads the unplaced households of an area that match where, a condition
// on h with parameters from 3 on.
func waiting(ctx context.Context, db pg.DB, area staff.Area, where string, args ...any) ([]wait, error) {
	rows, _ := db.Query(ctx, `
		SELECT h.id, h.compound, h.building, h.stairwell, h.doorplate, h.address
		FROM household h
		WHERE h.point IS NULL AND h.closed_on IS NULL AND `+within+` AND `+where+`
		ORDER BY h.id`, append([]any{area.All, area.Roots}, args...)...)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (wait, error) {
		var w wait
		var building, stairwell, doorplate, address string
		err := row.Scan(&w.id, &w.compound, &building, &stairwell, &doorplate, &address)
		w.keys = addressKeys(w.compound, building, stairwell, doorplate, address)
		return w, err
	})
}

// known reads where in an area the addresses are that somebody waits for. Places that were
// only matched are no evidence for others.
//
// With a compound only the households written with exactly that name are read.
func known(ctx context.Context, db pg.DB, area staff.Area, list []wait, compound string) (gazetteer, error) {
	wanted := map[string]bool{}
	for _, w := range list {
		for _, key := range w.keys {
			wanted[key.text] = true
		}
	}
	g := gazetteer{}
	rows, err := db.Query(ctx, `
		SELECT h.compound, h.building, h.stairwell, h.doorplate, h.address, h.point
		FROM household h
		WHERE h.point IS NOT NULL AND h.closed_on IS NULL AND h.placed_by <> 'address match'
		  AND ($3 = '' OR h.compound = $3) AND `+within+`
		ORDER BY h.id`, area.All, area.Roots, compound)
	if err != nil {
		return nil, err
	}
	var estate, building, stairwell, doorplate, address string
	var at geo.Point
	_, err = pgx.ForEachRow(rows, []any{&estate, &building, &stairwell, &doorplate, &address, &at}, func() error {
		for _, key := range addressKeys(estate, building, stairwell, doorplate, address) {
			if wanted[key.text] && key.confidence != NamedBuilding {
				g.add(key.text, at)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return g, addNamed(ctx, db, g, wanted)
}

// addNamed adds the buildings and compounds of the map that bear a name.
func addNamed(ctx context.Context, db pg.DB, g gazetteer, wanted map[string]bool) error {
	rows, err := db.Query(ctx, `
		SELECT f.class, f.name, f.tags ->> 'addr:housename', ST_PointOnSurface(f.geom)
		FROM map_feature f
		JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class IN ('building', 'place') AND (f.name <> '' OR f.tags ? 'addr:housename')
		ORDER BY f.osm_type, f.osm_id`)
	if err != nil {
		return err
	}
	var class, name string
	var houseName *string
	var at geo.Point
	_, err = pgx.ForEachRow(rows, []any{&class, &name, &houseName, &at}, func() error {
		names := []string{name}
		if houseName != nil {
			names = append(names, *houseName)
		}
		for _, n := range names {
			key := join("named", number(n))
			if class == "place" {
				key = join("compound", ledger.Key(n))
			}
			if n != "" && wanted[key] {
				g.add(key, at)
			}
		}
		return nil
	})
	return err
}

// match places the unplaced households of a source as far as their address is
// known, and returns their ids.
func match(ctx context.Context, tx pgx.Tx, area staff.Area, source string) ([]int64, error) {
	placed, err := matchWhere(ctx, tx, area, "h.source = $3", source)
	if err != nil {
		return nil, fmt.Errorf("match addresses: %w", err)
	}
	return placed, nil
}

func matchWhere(ctx context.Context, tx pgx.Tx, area staff.Area, where string, args ...any) ([]int64, error) {
	list, err := waiting(ctx, tx, area, where, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	g, err := known(ctx, tx, area, list, "")
	if err != nil {
		return nil, err
	}
	var ids, cells []int64
	var lon, lat []float64
	var confidences []float32
	for _, w := range list {
		at, confidence, ok := g.find(w.keys)
		if !ok || confidence < MinConfidence {
			continue
		}
		d := at.Degrees()
		ids, cells, confidences = append(ids, w.id), append(cells, *ledger.CellOf(&at)), append(confidences, confidence)
		lon, lat = append(lon, d[0]), append(lat, d[1])
	}
	if len(ids) == 0 {
		return nil, nil
	}
	_, err = tx.Exec(ctx, `
		UPDATE household h SET point = ST_SetSRID(ST_MakePoint(m.lon, m.lat), 4326), cell = m.cell,
			placed_by = 'address match', confidence = m.confidence, updated_at = now()
		FROM unnest($1::bigint[], $2::float8[], $3::float8[], $4::bigint[], $5::real[]) m (id, lon, lat, cell, confidence)
		WHERE h.id = m.id`, ids, lon, lat, cells, confidences)
	return ids, err
}

// Match tries again to place every unplaced household by its address, after
// others of the same buildings were placed. It returns how many it placed.
func Match(ctx context.Context, db pg.DB, actor staff.Actor) (placed int, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		ids, err := matchWhere(ctx, tx, actor.Area(staff.Record), "true")
		if placed = len(ids); err != nil || placed == 0 {
			return err
		}
		return settle(ctx, tx, actor, "match", map[string]any{"households": placed}, ids...)
	})
	if err != nil {
		return 0, fmt.Errorf("match addresses: %w", err)
	}
	return placed, nil
}

// Suggestion is where an unplaced household may be.
type Suggestion struct {
	Point      geo.Point
	Confidence float32
}

// Suggest says where an unplaced household may be, for somebody who puts it on
// the map; ok is false when nothing is known of its address.
func Suggest(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (s Suggestion, ok bool, err error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return Suggestion{}, false, err
	}
	area := actor.Area(staff.Place)
	list, err := waiting(ctx, db, area, "h.id = $3", id)
	if err != nil || len(list) == 0 {
		return Suggestion{}, false, err
	}
	g, err := known(ctx, db, area, list, list[0].compound)
	if err != nil {
		return Suggestion{}, false, fmt.Errorf("suggest a place for household %d: %w", id, err)
	}
	s.Point, s.Confidence, ok = g.find(list[0].keys)
	return s, ok, nil
}
