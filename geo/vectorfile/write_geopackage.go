package vectorfile

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paulmach/orb"
)

// gpkgSchema are the tables that every GeoPackage 1.3 has, and the reference
// systems that it must know.
const gpkgSchema = `
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (
	srs_name TEXT NOT NULL,
	srs_id INTEGER NOT NULL PRIMARY KEY,
	organization TEXT NOT NULL,
	organization_coordsys_id INTEGER NOT NULL,
	definition TEXT NOT NULL,
	description TEXT
);
INSERT INTO gpkg_spatial_ref_sys VALUES
	('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined cartesian coordinate reference system'),
	('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
	('WGS 84 geodetic', 4326, 'EPSG', 4326,
	 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]',
	 'longitude and latitude in decimal degrees on the WGS 84 spheroid');
CREATE TABLE gpkg_contents (
	table_name TEXT NOT NULL PRIMARY KEY,
	data_type TEXT NOT NULL,
	identifier TEXT UNIQUE,
	description TEXT DEFAULT '',
	last_change DATETIME NOT NULL,
	min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
	srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id)
);
CREATE TABLE gpkg_geometry_columns (
	table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents(table_name),
	column_name TEXT NOT NULL,
	geometry_type_name TEXT NOT NULL,
	srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys(srs_id),
	z TINYINT NOT NULL,
	m TINYINT NOT NULL,
	PRIMARY KEY (table_name, column_name)
);`

// WriteGeoPackage writes layers to a new GeoPackage 1.3 at path, which must not
// exist. A layer without geometry becomes a table of attributes. When it fails,
// no file is left.
func WriteGeoPackage(ctx context.Context, path string, layers ...Layer) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	file.Close()
	defer func() {
		if err != nil {
			os.Remove(path)
		}
	}()
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=journal_mode(off)&_pragma=synchronous(off)")
	if err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	defer func() {
		if closing := db.Close(); err == nil && closing != nil {
			err = fmt.Errorf("write GeoPackage: %w", closing)
		}
	}()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, gpkgSchema); err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	defer tx.Rollback()
	for _, l := range layers {
		if err := writeTable(ctx, tx, l); err != nil {
			return fmt.Errorf("write layer %q: %w", l.Name, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	return nil
}

// WriteGeoPackageTo writes layers as a GeoPackage to w. SQLite wants a file of its own,
// which is gone afterwards.
func WriteGeoPackageTo(ctx context.Context, w io.Writer, layers ...Layer) error {
	folder, err := os.MkdirTemp("", "wangge-geopackage-")
	if err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "layers.gpkg")
	if err := WriteGeoPackage(ctx, path, layers...); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	defer file.Close()
	if _, err := io.Copy(w, file); err != nil {
		return fmt.Errorf("write GeoPackage: %w", err)
	}
	return nil
}

// The names that GeoPackage programs expect for key and geometry.
const (
	gpkgKey  = "fid"
	gpkgGeom = "geom"
)

func writeTable(ctx context.Context, tx *sql.Tx, l Layer) error {
	names, types := tableColumns(l)
	definitions := make([]string, len(names))
	for i := range names {
		definitions[i] = names[i] + " " + types[i]
	}
	create := fmt.Sprintf("CREATE TABLE %s (%s INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, %s)",
		quoteName(l.Name), gpkgKey, strings.Join(definitions, ", "))
	if _, err := tx.ExecContext(ctx, create); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)",
		quoteName(l.Name), strings.Join(names, ", "), strings.Repeat(", ?", len(names)-1)))
	if err != nil {
		return err
	}
	defer insert.Close()
	box := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	n := 0
	for row, err := range l.Rows {
		n++
		if err == nil {
			err = insertRow(ctx, insert, l, row, &box)
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
	}
	return register(ctx, tx, l, box)
}

// tableColumns are the quoted names and the types of a table: the id of the
// feature, the columns, the geometry. Columns called like the key, or twice the
// same but for case, get a trailing underscore.
func tableColumns(l Layer) (names, types []string) {
	taken := map[string]bool{gpkgKey: true, gpkgGeom: true}
	add := func(name string, kind Type) {
		for taken[strings.ToLower(name)] {
			name += "_"
		}
		taken[strings.ToLower(name)] = true
		names, types = append(names, quoteName(name)), append(types, string(kind))
	}
	for _, c := range l.Columns {
		add(c.Name, c.Type)
	}
	add("feature_id", Text)
	if l.Kind != NoGeometry {
		names, types = append(names, gpkgGeom), append(types, string(l.Kind))
	}
	return names, types
}

func insertRow(ctx context.Context, insert *sql.Stmt, l Layer, row Row, box *orb.Bound) error {
	if len(row.Values) != len(l.Columns) {
		return fmt.Errorf("%d values for %d columns", len(row.Values), len(l.Columns))
	}
	values := make([]any, 0, len(row.Values)+2)
	for i, value := range row.Values {
		if t, ok := value.(time.Time); ok {
			value = timeText(t, l.Columns[i].Type)
		}
		values = append(values, value)
	}
	var id any
	if row.ID != "" {
		id = row.ID
	}
	values = append(values, id)
	if l.Kind != NoGeometry {
		blob, err := gpkgBlob(shaped(row.Geometry, l.Kind))
		if err != nil {
			return err
		}
		if blob == nil {
			values = append(values, nil)
		} else {
			*box = box.Union(row.Geometry.Bound())
			values = append(values, blob)
		}
	}
	_, err := insert.ExecContext(ctx, values...)
	return err
}

// register enters the table into the contents of the package.
func register(ctx context.Context, tx *sql.Tx, l Layer, box orb.Bound) error {
	title := l.Title
	if title == "" {
		title = l.Name
	}
	kind, srs := "attributes", any(nil)
	edges := make([]any, 4)
	if l.Kind != NoGeometry {
		kind, srs = "features", 4326
		if box.Min[0] <= box.Max[0] {
			edges = []any{box.Min[0], box.Min[1], box.Max[0], box.Max[1]}
		}
	}
	args := append([]any{l.Name, kind, l.Name, title, timeText(l.Changed, DateTime)}, edges...)
	_, err := tx.ExecContext(ctx, `INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, append(args, srs)...)
	if err != nil || l.Kind == NoGeometry {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, 4326, 0, 0)`, l.Name, gpkgGeom, string(l.Kind))
	return err
}

// gpkgBlob encodes a geometry for a GeoPackage: header with envelope, then
// little-endian well-known binary. The blob of nil is nil.
func gpkgBlob(g orb.Geometry) ([]byte, error) {
	if g == nil {
		return nil, nil
	}
	const littleEndianWithBox, empty = 0x03, 0x11
	b := []byte{'G', 'P', 0, littleEndianWithBox}
	if isEmpty(g) {
		b[3] = empty
	}
	b = binary.LittleEndian.AppendUint32(b, 4326)
	if b[3] == littleEndianWithBox {
		box := g.Bound()
		b = appendFloats(b, box.Min[0], box.Max[0], box.Min[1], box.Max[1])
	}
	return appendWKB(b, g)
}

func isEmpty(g orb.Geometry) bool {
	switch g := g.(type) {
	case orb.MultiPoint:
		return len(g) == 0
	case orb.LineString:
		return len(g) == 0
	case orb.MultiLineString:
		return len(g) == 0
	case orb.Polygon:
		return len(g) == 0
	case orb.MultiPolygon:
		return len(g) == 0
	}
	return false
}

func appendFloats(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// appendWKB appends well-known binary with the coordinates as they are.
func appendWKB(b []byte, g orb.Geometry) ([]byte, error) {
	header := func(kind uint32, n int) {
		b = binary.LittleEndian.AppendUint32(append(b, 1), kind)
		if n >= 0 {
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		}
	}
	switch g := g.(type) {
	case orb.Point:
		header(1, -1)
		b = appendFloats(b, g[0], g[1])
	case orb.LineString:
		header(2, len(g))
		for _, p := range g {
			b = appendFloats(b, p[0], p[1])
		}
	case orb.Polygon:
		header(3, len(g))
		for _, ring := range g {
			b = binary.LittleEndian.AppendUint32(b, uint32(len(ring)))
			for _, p := range ring {
				b = appendFloats(b, p[0], p[1])
			}
		}
	case orb.MultiPoint:
		header(4, len(g))
		for _, p := range g {
			b, _ = appendWKB(b, p)
		}
	case orb.MultiLineString:
		header(5, len(g))
		for _, line := range g {
			b, _ = appendWKB(b, line)
		}
	case orb.MultiPolygon:
		header(6, len(g))
		for _, polygon := range g {
			b, _ = appendWKB(b, polygon)
		}
	default:
		return nil, fmt.Errorf("geometry of kind %s is not written", g.GeoJSONType())
	}
	return b, nil
}
