package vectorfile

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/paulmach/orb"
)

// parquetGeom is the column that holds the geometry.
const parquetGeom = "geometry"

// geoMetadata is what a GeoParquet 1.1 file says of its geometry. Without a "crs" it
// is OGC:CRS84: WGS 84, longitude first.
type geoMetadata struct {
	Version string                 `json:"version"`
	Primary string                 `json:"primary_column"`
	Columns map[string]geoColumned `json:"columns"`
}

type geoColumned struct {
	Encoding    string    `json:"encoding"`
	Types       []string  `json:"geometry_types"`
	Orientation string    `json:"orientation"`
	Bound       []float64 `json:"bbox,omitempty"`
}

// parquetTypes are the columns of Parquet by ours; all of them may be null.
var parquetTypes = map[Type]parquet.Node{
	Text: parquet.String(), Integer: parquet.Int(64), Real: parquet.Leaf(parquet.DoubleType), Boolean: parquet.Leaf(parquet.BooleanType),
	Date: parquet.Date(), DateTime: parquet.Timestamp(parquet.Millisecond),
}

// WriteGeoParquet writes a layer as GeoParquet 1.1 (geometry as WKB, WGS 84), or as
// plain Parquet when it has no geometry. Columns stand in the order of their names,
// as the library orders them. notes go into the file's metadata.
func WriteGeoParquet(w io.Writer, l Layer, notes map[string]string) error {
	group := parquet.Group{}
	names := make([]string, 0, len(l.Columns)+1)
	for _, c := range l.Columns {
		node, ok := parquetTypes[c.Type]
		if !ok || group[c.Name] != nil || c.Name == parquetGeom {
			return fmt.Errorf("write layer %q: column %q cannot be written", l.Name, c.Name)
		}
		group[c.Name] = parquet.Compressed(parquet.Optional(node), &parquet.Zstd)
		names = append(names, c.Name)
	}
	if l.Kind != NoGeometry {
		group[parquetGeom] = parquet.Compressed(parquet.Optional(parquet.Leaf(parquet.ByteArrayType)), &parquet.Zstd)
		names = append(names, parquetGeom)
	}
	sorted := slices.Sorted(slices.Values(names))
	place := make([]int, len(names)) // of a column in the file
	for i, name := range names {
		place[i], _ = slices.BinarySearch(sorted, name)
	}
	out := parquet.NewGenericWriter[any](w, parquet.NewSchema(l.Name, group), parquet.CreatedBy("wangge", "", ""))
	box := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	n := 0
	for row, err := range l.Rows {
		var values parquet.Row
		if n++; err == nil {
			values, err = parquetRow(l, row, place)
		}
		if err == nil {
			_, err = out.WriteRows([]parquet.Row{values})
		}
		if err != nil {
			return fmt.Errorf("write layer %q, row %d: %w", l.Name, n, err)
		}
		if row.Geometry != nil && !isEmpty(row.Geometry) {
			box = box.Union(row.Geometry.Bound())
		}
	}
	if l.Kind != NoGeometry {
		about, err := json.Marshal(geoMetadata{"1.1.0", parquetGeom, map[string]geoColumned{parquetGeom: geometryOf(l.Kind, box)}})
		if err != nil {
			return fmt.Errorf("write layer %q: %w", l.Name, err)
		}
		out.SetKeyValueMetadata("geo", string(about))
	}
	for key, text := range notes {
		out.SetKeyValueMetadata(key, text)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write layer %q: %w", l.Name, err)
	}
	return nil
}

func geometryOf(kind Kind, box orb.Bound) geoColumned {
	c := geoColumned{Encoding: "WKB", Types: []string{}, Orientation: "counterclockwise"}
	switch kind {
	case Points:
		c.Types = []string{"Point"}
	case LineStrings:
		c.Types = []string{"LineString"}
	case MultiLineStrings:
		c.Types = []string{"MultiLineString"}
	case MultiPolygons:
		c.Types = []string{"MultiPolygon"}
	}
	if box.Min[0] <= box.Max[0] {
		c.Bound = []float64{box.Min[0], box.Min[1], box.Max[0], box.Max[1]}
	}
	return c
}

// parquetRow is a row in the order of the file's columns.
func parquetRow(l Layer, row Row, place []int) (parquet.Row, error) {
	if len(row.Values) != len(l.Columns) {
		return nil, fmt.Errorf("%d values for %d columns", len(row.Values), len(l.Columns))
	}
	out := make(parquet.Row, len(place))
	put := func(i int, v parquet.Value) {
		level := 1
		if v.IsNull() {
			level = 0
		}
		out[place[i]] = v.Level(0, level, place[i])
	}
	for i, value := range row.Values {
		v, err := parquetValue(value, l.Columns[i].Type)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", l.Columns[i].Name, err)
		}
		put(i, v)
	}
	if l.Kind == NoGeometry {
		return out, nil
	}
	v := parquet.NullValue()
	if row.Geometry != nil {
		wkb, err := appendWKB(nil, shaped(row.Geometry, l.Kind))
		if err != nil {
			return nil, err
		}
		v = parquet.ByteArrayValue(wkb)
	}
	put(len(l.Columns), v)
	return out, nil
}

func parquetValue(value any, kind Type) (parquet.Value, error) {
	switch v := value.(type) {
	case nil:
		return parquet.NullValue(), nil
	case string:
		if kind == Text {
			return parquet.ByteArrayValue([]byte(v)), nil
		}
	case bool:
		if kind == Boolean {
			return parquet.BooleanValue(v), nil
		}
	case int:
		if kind == Integer {
			return parquet.Int64Value(int64(v)), nil
		}
	case int64:
		if kind == Integer {
			return parquet.Int64Value(v), nil
		}
	case float64:
		switch {
		case kind != Real:
		case math.IsNaN(v) || math.IsInf(v, 0): // missing, as in the other formats
			return parquet.NullValue(), nil
		default:
			return parquet.DoubleValue(v), nil
		}
	case time.Time:
		switch kind {
		case Date:
			return parquet.Int32Value(int32(v.UTC().Unix() / (24 * 60 * 60))), nil
		case DateTime:
			return parquet.Int64Value(v.UnixMilli()), nil
		}
	}
	return parquet.Value{}, fmt.Errorf("a %T is no %s", value, kind)
}
