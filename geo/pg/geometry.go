package pg

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"

	"wangge/geo"
)

// register teaches a connection the geometry type, whose number differs in every
// database: orb and lattice values then travel as binary EWKB, in queries and in
// COPY. NULL is a nil pointer or a nil orb.Geometry.
func register(ctx context.Context, conn *pgx.Conn) error {
	var oid uint32
	err := conn.QueryRow(ctx, `SELECT 'geometry'::regtype::oid`).Scan(&oid)
	if ErrCode(err, "42704") {
		return fmt.Errorf("the database has no PostGIS yet: run wangge migrate first: %w", err)
	}
	if err != nil {
		return fmt.Errorf("find the geometry type: %w", err)
	}
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "geometry", OID: oid, Codec: geometryCodec{}})
	for _, value := range []any{
		geo.Point{}, geo.MultiPolygon{}, orb.Point{}, orb.MultiPoint{}, orb.LineString{},
		orb.MultiLineString{}, orb.Polygon{}, orb.MultiPolygon{}, orb.Collection{}, orb.Bound{},
	} {
		conn.TypeMap().RegisterDefaultPgType(value, "geometry")
	}
	return nil
}

// geometryCodec reads and writes geometry as EWKB with SRID 4326.
type geometryCodec struct{}

func (geometryCodec) FormatSupported(int16) bool { return true }
func (geometryCodec) PreferredFormat() int16     { return pgtype.BinaryFormatCode }

func (geometryCodec) PlanEncode(_ *pgtype.Map, _ uint32, format int16, value any) pgtype.EncodePlan {
	switch value.(type) {
	case orb.Geometry, geo.Point, *geo.Point, geo.MultiPolygon:
		return encodePlan{text: format == pgtype.TextFormatCode}
	}
	return nil
}

type encodePlan struct{ text bool }

func (p encodePlan) Encode(value any, buf []byte) ([]byte, error) {
	shape, err := toOrb(value)
	if shape == nil || err != nil {
		return nil, err
	}
	wkb, err := ewkb.Marshal(shape, geo.SRID)
	if err != nil {
		return nil, fmt.Errorf("encode geometry: %w", err)
	}
	if p.text {
		return hex.AppendEncode(buf, wkb), nil
	}
	return append(buf, wkb...), nil
}

func toOrb(value any) (orb.Geometry, error) {
	switch v := value.(type) {
	case *geo.Point:
		if v == nil {
			return nil, nil
		}
		return v.Degrees(), nil
	case geo.Point:
		return v.Degrees(), nil
	case geo.MultiPolygon:
		return v.Orb(), nil
	case orb.Bound:
		return v.ToPolygon(), nil
	case orb.Geometry:
		return v, nil
	}
	return nil, fmt.Errorf("encode geometry: %T is not one", value)
}

func (geometryCodec) PlanScan(_ *pgtype.Map, _ uint32, format int16, target any) pgtype.ScanPlan {
	switch target.(type) {
	case *geo.Point, **geo.Point, *geo.MultiPolygon, *orb.Geometry, *orb.Point, **orb.Point,
		*orb.MultiPoint, *orb.LineString, *orb.MultiLineString, *orb.Polygon, *orb.MultiPolygon:
		return scanPlan{text: format == pgtype.TextFormatCode}
	}
	return nil
}

type scanPlan struct{ text bool }

func (p scanPlan) Scan(src []byte, target any) error {
	if src == nil {
		return scanNull(target)
	}
	if p.text {
		raw, err := hex.AppendDecode(nil, src)
		if err != nil {
			return fmt.Errorf("decode geometry: %w", err)
		}
		src = raw
	}
	shape, srid, err := ewkb.Unmarshal(src)
	if err != nil {
		return fmt.Errorf("decode geometry: %w", err)
	}
	// An SRID-0 value is silently adopted elsewhere; here it is a mistake of ours.
	if srid != geo.SRID {
		return fmt.Errorf("decode geometry: SRID %d, want %d", srid, geo.SRID)
	}
	return assign(shape, target)
}

func scanNull(target any) error {
	switch t := target.(type) {
	case **geo.Point:
		*t = nil
	case **orb.Point:
		*t = nil
	case *orb.Geometry:
		*t = nil
	case *geo.MultiPolygon:
		*t = nil
	case *orb.MultiPolygon:
		*t = nil
	default:
		return fmt.Errorf("decode geometry: NULL into %T", target)
	}
	return nil
}

func assign(shape orb.Geometry, target any) error {
	switch t := target.(type) {
	case *orb.Geometry:
		*t = shape
		return nil
	case *geo.Point:
		if v, ok := shape.(orb.Point); ok {
			*t = geo.Snap(v)
			return nil
		}
	case **geo.Point:
		if v, ok := shape.(orb.Point); ok {
			at := geo.Snap(v)
			*t = &at
			return nil
		}
	case **orb.Point:
		if v, ok := shape.(orb.Point); ok {
			*t = &v
			return nil
		}
	case *geo.MultiPolygon:
		switch v := shape.(type) {
		case orb.MultiPolygon:
			*t = geo.FromOrb(v)
			return nil
		case orb.Polygon:
			*t = geo.FromOrb(orb.MultiPolygon{v})
			return nil
		}
	case *orb.Point:
		return same(shape, t)
	case *orb.MultiPoint:
		return same(shape, t)
	case *orb.LineString:
		return same(shape, t)
	case *orb.MultiLineString:
		return same(shape, t)
	case *orb.Polygon:
		return same(shape, t)
	case *orb.MultiPolygon:
		return same(shape, t)
	}
	return fmt.Errorf("decode geometry: %s into %T", shape.GeoJSONType(), target)
}

func same[T orb.Geometry](shape orb.Geometry, target *T) error {
	v, ok := shape.(T)
	if !ok {
		return fmt.Errorf("decode geometry: %s into %T", shape.GeoJSONType(), target)
	}
	*target = v
	return nil
}

func (geometryCodec) DecodeDatabaseSQLValue(*pgtype.Map, uint32, int16, []byte) (driver.Value, error) {
	return nil, fmt.Errorf("geometry through database/sql is not supported: use pgx")
}

func (geometryCodec) DecodeValue(m *pgtype.Map, oid uint32, format int16, src []byte) (any, error) {
	if src == nil {
		return nil, nil
	}
	var shape orb.Geometry
	err := scanPlan{text: format == pgtype.TextFormatCode}.Scan(src, &shape)
	return shape, err
}
