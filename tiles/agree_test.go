package tiles_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	orbmvt "github.com/paulmach/orb/encoding/mvt"

	"wangge/geo"
	"wangge/tiles/mvt"
)

// postgis draws the same tile with ST_AsMVT.
func (w *town) postgis(sql string, t mvt.Tile) []byte {
	w.t.Helper()
	var tile []byte
	err := pgx.BeginFunc(w.t.Context(), w.pool, func(tx pgx.Tx) error {
		// Compiling the query takes far longer than running it.
		if _, err := tx.Exec(w.t.Context(), `SET LOCAL jit = off`); err != nil {
			return err
		}
		return tx.QueryRow(w.t.Context(), sql, t.Z, t.X, t.Y).Scan(&tile)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return tile
}

const (
	gridsByPostGIS = `
		SELECT ST_AsMVT(f, 'grid-grid', 4096, 'geom')
		FROM (SELECT u.code AS id, b.name, b.state,
		             ST_AsMVTGeom(ST_Transform(b.geom, 3857), ST_TileEnvelope($1, $2, $3), 4096, 64) AS geom
		      FROM boundary b JOIN unit u ON u.id = b.unit_id
		      WHERE u.level = 'grid' ORDER BY u.code) AS f
		WHERE geom IS NOT NULL`
	householdsByPostGIS = `
		SELECT ST_AsMVT(f, 'household', 4096, 'geom')
		FROM (SELECT id, kind, occupied,
		             ST_AsMVTGeom(ST_Transform(point, 3857), ST_TileEnvelope($1, $2, $3), 4096, 0) AS geom
		      FROM household ORDER BY id) AS f
		WHERE geom IS NOT NULL`
)

func decodeTile(t *testing.T, body []byte, name string) map[any]*feature {
	t.Helper()
	layers, err := orbmvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	by := map[any]*feature{}
	for _, l := range layers {
		for _, f := range l.Features {
			if l.Name == name {
				by[f.Properties["id"]] = &feature{f.Properties, f.Geometry}
			}
		}
	}
	return by
}

type feature struct {
	properties map[string]any
	shape      orb.Geometry
}

// Every tile of the town at every zoom has the features that ST_AsMVT has, with
// the same properties, and forms that lie within a unit of its; where borders are
// simplified, within the tolerance and a unit.
func TestGridsAreThoseOfPostGIS(t *testing.T) {
	w := newTown(t)
	_, app := w.serve()
	tiles, compared := 0, 0
	for zoom := 10; zoom <= 17; zoom++ {
		for _, tile := range w.sample(zoom, 12) {
			r := get(t, app, fmt.Sprintf("/tiles/grid-grid/%d/%d/%d.mvt", tile.Z, tile.X, tile.Y))
			ours, theirs := decodeTile(t, r.body, "grid-grid"), decodeTile(t, w.postgis(gridsByPostGIS, tile), "grid-grid")
			tiles++
			if len(ours) != len(theirs) {
				t.Errorf("%v: %d features, ST_AsMVT has %d", tile, len(ours), len(theirs))
			}
			for id, their := range theirs {
				our := ours[id]
				if our == nil {
					t.Errorf("%v: %v is missing", tile, id)
					continue
				}
				compared++
				for _, key := range []string{"id", "name", "state"} {
					if our.properties[key] != their.properties[key] {
						t.Errorf("%v: %v has %s %v, ST_AsMVT says %v", tile, id, key, our.properties[key], their.properties[key])
					}
				}
				allowed := 1.0
				if zoom < mvt.MaxZoom {
					allowed += 4 * math.Sqrt2
				}
				if d := farthest(our.shape, their.shape); d > allowed {
					t.Errorf("%v: %v lies %.2f units from that of ST_AsMVT", tile, id, d)
				}
			}
		}
	}
	if tiles < 50 || compared < 100 {
		t.Errorf("%d tiles with %d features were compared, too few to tell", tiles, compared)
	}
}

func TestHouseholdsAreThoseOfPostGIS(t *testing.T) {
	w := newTown(t)
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		w.household(random.Int32N(4*step), random.Int32N(4*step), "T00")
	}
	_, app := w.serve()
	compared := 0
	for _, tile := range w.sample(17, 100) {
		r := get(t, app, fmt.Sprintf("/tiles/household/%d/%d/%d.mvt", tile.Z, tile.X, tile.Y))
		ours, theirs := decodeTile(t, r.body, "household"), decodeTile(t, w.postgis(householdsByPostGIS, tile), "household")
		if len(ours) != len(theirs) {
			t.Errorf("%v: %d households, ST_AsMVT has %d", tile, len(ours), len(theirs))
		}
		for id, their := range theirs {
			our := ours[id]
			if our == nil || our.properties["kind"] != their.properties["kind"] || our.properties["occupied"] != their.properties["occupied"] {
				t.Errorf("%v: household %v is %+v, ST_AsMVT says %+v", tile, id, our, their)
				continue
			}
			a, b := our.shape.(orb.Point), their.shape.(orb.Point)
			if math.Abs(a[0]-b[0]) > 1 || math.Abs(a[1]-b[1]) > 1 {
				t.Errorf("%v: household %v is at %v, ST_AsMVT says %v", tile, id, a, b)
			}
			compared++
		}
	}
	if compared < 50 {
		t.Errorf("%d households were compared, too few to tell", compared)
	}
}

// sample returns up to n tiles of a zoom that meet the town.
func (w *town) sample(zoom, n int) []mvt.Tile {
	low := mvt.Project(geo.Point{X: west, Y: south + 4*step}).TileAt(zoom)
	high := mvt.Project(geo.Point{X: west + 4*step, Y: south}).TileAt(zoom)
	var all []mvt.Tile
	for x := low.X; x <= high.X; x++ {
		for y := low.Y; y <= high.Y; y++ {
			all = append(all, mvt.Tile{Z: uint8(zoom), X: x, Y: y})
		}
	}
	rand.New(rand.NewPCG(uint64(zoom), 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}

// farthest is the Hausdorff distance of the vertices of each from the border of
// the other.
func farthest(a, b orb.Geometry) float64 {
	return math.Max(oneWay(a, b), oneWay(b, a))
}

func oneWay(a, b orb.Geometry) (most float64) {
	for _, ring := range ringsOf(a) {
		for _, p := range ring {
			nearest := math.Inf(1)
			for _, other := range ringsOf(b) {
				for i := 1; i < len(other); i++ {
					nearest = math.Min(nearest, awayFrom(p, other[i-1], other[i]))
				}
			}
			most = math.Max(most, nearest)
		}
	}
	return most
}

func ringsOf(g orb.Geometry) (rings []orb.Ring) {
	switch v := g.(type) {
	case orb.Polygon:
		return v
	case orb.MultiPolygon:
		for _, p := range v {
			rings = append(rings, p...)
		}
	}
	return rings
}

func awayFrom(p, a, b orb.Point) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	px, py := p[0]-a[0], p[1]-a[1]
	if length := dx*dx + dy*dy; length > 0 {
		t := math.Max(0, math.Min(1, (px*dx+py*dy)/length))
		px, py = px-t*dx, py-t*dy
	}
	return math.Hypot(px, py)
}
