package pg_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"

	"wangge/geo"
	"wangge/geo/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	ring  = orb.Ring{{120, 30}, {120.1, 30}, {120.1, 30.1}, {120, 30}}
	hole  = orb.Ring{{120.05, 30.01}, {120.06, 30.02}, {120.06, 30.01}, {120.05, 30.01}}
	east  = orb.Ring{{121, 30}, {121.1, 30}, {121.1, 30.1}, {121, 30}}
	point = orb.Point{120.1234567, 30.7654321}
)

// shapes are one of every type that is stored, with the PostGIS name.
var shapes = []struct {
	kind  string
	shape orb.Geometry
}{
	{"POINT", point},
	{"MULTIPOINT", orb.MultiPoint{point, {121, 31}}},
	{"LINESTRING", orb.LineString{point, {121, 31}, {122, 31}}},
	{"MULTILINESTRING", orb.MultiLineString{{point, {121, 31}}, {{1, 2}, {3, 4}}}},
	{"POLYGON", orb.Polygon{ring, hole}},
	{"MULTIPOLYGON", orb.MultiPolygon{{ring, hole}, {east}}},
	{"GEOMETRYCOLLECTION", orb.Collection{point, orb.LineString{point, {121, 31}}}},
}

// formats are the ways in which values travel.
var formats = map[string]pgx.QueryExecMode{
	"binary":          pgx.QueryExecModeCacheStatement,
	"binary unnamed":  pgx.QueryExecModeExec,
	"text both ways":  pgx.QueryExecModeSimpleProtocol,
	"described first": pgx.QueryExecModeDescribeExec,
}

func TestEveryGeometryComesBackAsItWent(t *testing.T) {
	tx := pgtest.Tx(t)
	for name, mode := range formats {
		for _, s := range shapes {
			t.Run(name+" "+s.kind, func(t *testing.T) {
				var got orb.Geometry
				var kind string
				var srid int
				err := tx.QueryRow(t.Context(), `SELECT $1::geometry, GeometryType($1::geometry), ST_SRID($1::geometry)`, mode, s.shape).Scan(&got, &kind, &srid)
				if err != nil {
					t.Fatal(err)
				}
				if !orb.Equal(got, s.shape) || kind != s.kind || srid != geo.SRID {
					t.Errorf("%v came back as %v, a %s with SRID %d", s.shape, got, kind, srid)
				}
			})
		}
	}
}

func TestEveryTypedTargetReadsItsOwnTypeAndNoOther(t *testing.T) {
	tx := pgtest.Tx(t)
	for _, s := range shapes[:6] {
		t.Run(s.kind, func(t *testing.T) {
			target := reflect.New(reflect.TypeOf(s.shape))
			if err := tx.QueryRow(t.Context(), `SELECT $1::geometry`, s.shape).Scan(target.Interface()); err != nil {
				t.Fatal(err)
			}
			if got := target.Elem().Interface().(orb.Geometry); !orb.Equal(got, s.shape) {
				t.Errorf("%v was read as %v", s.shape, got)
			}
			other := shapes[(len(s.kind)+1)%6]
			if other.kind == s.kind {
				other = shapes[0]
			}
			wrong := reflect.New(reflect.TypeOf(other.shape))
			err := scanOne(t, tx, s.shape, wrong.Interface())
			if other.kind != s.kind && (err == nil || !strings.Contains(err.Error(), "decode geometry")) {
				t.Errorf("a %s was read into %T: %v", s.kind, wrong.Interface(), err)
			}
		})
	}
}

// scanOne reads a value in a savepoint, so that an error leaves tx alive.
func scanOne(t *testing.T, tx pgx.Tx, value, target any) (err error) {
	t.Helper()
	rows, err := tx.Query(t.Context(), `SELECT $1::geometry`, value)
	if err != nil {
		return err
	}
	defer rows.Close()
	rows.Next()
	return rows.Scan(target)
}

func TestLatticeValuesAreExactInTheDatabase(t *testing.T) {
	tx := pgtest.Tx(t)
	at := geo.Point{X: 1_201_234_567, Y: -302_345_679}
	area := geo.MultiPolygon{
		{{{X: 1_200_000_001, Y: 300_000_003}, {X: 1_200_000_101, Y: 300_000_003}, {X: 1_200_000_101, Y: 300_000_103}},
			{{X: 1_200_000_060, Y: 300_000_010}, {X: 1_200_000_090, Y: 300_000_040}, {X: 1_200_000_090, Y: 300_000_010}}},
		{{{X: -1_799_999_999, Y: -899_999_999}, {X: -1_799_999_990, Y: -899_999_999}, {X: -1_799_999_990, Y: -899_999_990}}}}
	for name, mode := range formats {
		t.Run(name, func(t *testing.T) {
			var gotAt geo.Point
			var gotPointer *geo.Point
			var gotArea geo.MultiPolygon
			var text string
			err := tx.QueryRow(t.Context(), `SELECT $1::geometry, $2::geometry, $3::geometry, ST_AsText(to_lattice($1::geometry))`, mode, at, &at, area).Scan(&gotAt, &gotPointer, &gotArea, &text)
			if err != nil {
				t.Fatal(err)
			}
			if gotAt != at || gotPointer == nil || *gotPointer != at || !reflect.DeepEqual(gotArea, area) {
				t.Errorf("%v, %v came back as %v, %v, %v", at, area, gotAt, gotPointer, gotArea)
			}
			if want := fmt.Sprintf("POINT(%d %d)", at.X, at.Y); text != want {
				t.Errorf("SQL sees %s, want %s", text, want)
			}
		})
	}
}

func TestAPolygonIsReadAsAnAreaOfOnePart(t *testing.T) {
	var got geo.MultiPolygon
	err := pgtest.Tx(t).QueryRow(t.Context(), `SELECT ST_GeomFromText('POLYGON((120 30, 120.1 30, 120.1 30.1, 120 30))', 4326)`).Scan(&got)
	if err != nil || len(got) != 1 || len(got[0][0]) != 3 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestBoxesAreWrittenAsPolygons(t *testing.T) {
	var text string
	err := pgtest.Tx(t).QueryRow(t.Context(), `SELECT ST_AsText($1::geometry)`, orb.Bound{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}}).Scan(&text)
	if err != nil || text != "POLYGON((1 2,3 2,3 4,1 4,1 2))" {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestEveryGeometryTravelsThroughCopy(t *testing.T) {
	tx := pgtest.Tx(t)
	if _, err := tx.Exec(t.Context(), `CREATE TEMP TABLE shape (n int, geom geometry(Geometry, 4326)) ON COMMIT DROP`); err != nil {
		t.Fatal(err)
	}
	values := []any{geo.Point{X: 7, Y: 8}, &geo.Point{X: 7, Y: 8}, (*geo.Point)(nil), geo.MultiPolygon{}, nil, orb.Geometry(nil)}
	want := []orb.Geometry{orb.Point{7e-7, 8e-7}, orb.Point{7e-7, 8e-7}, nil, orb.MultiPolygon{}, nil, nil}
	for _, s := range shapes {
		values, want = append(values, s.shape), append(want, s.shape)
	}
	n, err := tx.CopyFrom(t.Context(), pgx.Identifier{"shape"}, []string{"n", "geom"},
		pgx.CopyFromSlice(len(values), func(i int) ([]any, error) { return []any{i, values[i]}, nil }))
	if err != nil || n != int64(len(values)) {
		t.Fatalf("copied %d: %v", n, err)
	}
	rows, _ := tx.Query(t.Context(), `SELECT geom FROM shape ORDER BY n`)
	got, err := pgx.CollectRows(rows, pgx.RowTo[orb.Geometry])
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if (got[i] == nil) != (want[i] == nil) || want[i] != nil && !orb.Equal(got[i], want[i]) {
			t.Errorf("%T %v was copied as %v", values[i], values[i], got[i])
		}
	}
}

func TestNullIsANilWhereThereIsOneAndAnErrorElsewhere(t *testing.T) {
	tx := pgtest.Tx(t)
	var point *geo.Point
	var orbPoint *orb.Point
	var shape orb.Geometry = orb.Point{1, 2}
	area, multi := geo.MultiPolygon{{}}, orb.MultiPolygon{{}}
	err := tx.QueryRow(t.Context(), `SELECT n, n, n, n, n FROM (SELECT NULL::geometry AS n) x`).Scan(&point, &orbPoint, &shape, &area, &multi)
	if err != nil || point != nil || orbPoint != nil || shape != nil || area != nil || multi != nil {
		t.Errorf("NULL was read as %v %v %v %v %v, %v", point, orbPoint, shape, area, multi, err)
	}
	for _, target := range []any{new(geo.Point), new(orb.Point), new(orb.LineString), new(orb.Polygon)} {
		if err := scanOne(t, tx, nil, target); err == nil {
			t.Errorf("NULL was read into a %T", target)
		}
	}
}

func TestAnEmptyAreaIsNotNull(t *testing.T) {
	var empty, null bool
	err := pgtest.Tx(t).QueryRow(t.Context(), `SELECT ST_IsEmpty($1::geometry), $1::geometry IS NULL`, geo.MultiPolygon{}).Scan(&empty, &null)
	if err != nil || !empty || null {
		t.Errorf("an area without parts: empty %v, null %v, %v", empty, null, err)
	}
}

func TestGeometryWithoutOrWithAnotherReferenceSystemIsRefused(t *testing.T) {
	tx := pgtest.Tx(t)
	for _, sql := range []string{
		`SELECT ST_MakePoint(1, 2)`,
		`SELECT ST_SetSRID(ST_MakePoint(1, 2), 3857)`,
		`SELECT to_lattice(ST_SetSRID(ST_MakePoint(1, 2), 4326))`,
	} {
		for name, mode := range formats {
			t.Run(name+" "+sql, func(t *testing.T) {
				rows, err := tx.Query(t.Context(), sql, mode)
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				rows.Next()
				var at geo.Point
				if err := rows.Scan(&at); err == nil || !strings.Contains(err.Error(), "SRID") {
					t.Errorf("read as %v, %v; want a refusal that names the SRID", at, err)
				}
			})
		}
	}
	var code string
	err := tx.QueryRow(t.Context(), `SELECT 'written'`).Scan(&code)
	if err != nil || code != "written" {
		t.Errorf("a refused value spoiled the connection: %v", err)
	}
}

func TestDamagedGeometryIsAnErrorAndNoPanic(t *testing.T) {
	whole, err := ewkb.Marshal(orb.MultiPolygon{{ring, hole}}, geo.SRID)
	if err != nil {
		t.Fatal(err)
	}
	tx := pgtest.Tx(t)
	codec, ok := tx.Conn().TypeMap().TypeForName("geometry")
	if !ok {
		t.Fatal("no geometry type")
	}
	for n := range len(whole) {
		var got orb.Geometry
		plan := codec.Codec.PlanScan(tx.Conn().TypeMap(), codec.OID, 1, &got)
		if err := plan.Scan(whole[:n], &got); err == nil {
			t.Fatalf("%d of %d bytes were read as %v", n, len(whole), got)
		}
	}
	var got orb.Geometry
	plan := codec.Codec.PlanScan(tx.Conn().TypeMap(), codec.OID, 0, &got)
	if err := plan.Scan([]byte("zz"), &got); err == nil {
		t.Error("text that is no hex was read")
	}
	if err := plan.Scan([]byte(strings.ToUpper(hex.EncodeToString(whole))), &got); err != nil {
		t.Errorf("upper-case hex, as PostGIS writes it: %v", err)
	}
}

func TestValuesReadWithoutATargetAreGeometries(t *testing.T) {
	rows, _ := pgtest.Tx(t).Query(t.Context(), `SELECT $1::geometry, NULL::geometry`, point)
	got, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := got[0].(orb.Point); !ok || at != point || got[1] != nil {
		t.Errorf("got %T %v and %v", got[0], got[0], got[1])
	}
}

func TestListsOfGeometriesAreReadInOneQuery(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	rows, _ := pgtest.Tx(t).Query(ctx, `SELECT ST_SetSRID(ST_MakePoint(120 + n * 1e-7, 30), 4326) FROM generate_series(0, 999) n`)
	list, err := pgx.CollectRows(rows, pgx.RowTo[geo.Point])
	if err != nil || len(list) != 1000 || list[999] != (geo.Point{X: 1_200_000_999, Y: 300_000_000}) {
		t.Errorf("%d points, last %v, %v", len(list), list[len(list)-1], err)
	}
}
