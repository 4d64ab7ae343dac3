package vectorfile

import (
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"wangge/geo/fault"
)

// readGeoPackage reads a feature table from a temporary copy, since SQLite wants
// a file. The copy is opened read-only and immutable; nothing in its schema may
// run functions with side effects, and texts and blobs are bounded.
func (rd *reader) readGeoPackage(r io.Reader) error {
	rd.file.Format = "GeoPackage"
	copied, err := os.CreateTemp("", "wangge-*.gpkg")
	if err != nil {
		return err
	}
	defer os.Remove(copied.Name())
	defer copied.Close()
	size, err := io.Copy(copied, io.LimitReader(&patient{rd.ctx, r}, rd.lim.Bytes+1))
	if err != nil {
		return err
	}
	if size > rd.lim.Bytes {
		return ErrTooLarge.Saying(fmt.Sprintf("It has more than %d MiB.", rd.lim.Bytes>>20))
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: copied.Name()}).EscapedPath()+
		"?mode=ro&immutable=1&_pragma=trusted_schema(0)&_pragma=query_only(1)&_pragma=cell_size_check(1)&_pragma=temp_store(2)")
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(rd.ctx)
	if err != nil {
		return rd.damagedDB(err)
	}
	defer conn.Close()
	return rd.readDatabase(conn)
}

// damagedDB is the fault of a database that cannot be read, or the context's end.
func (rd *reader) damagedDB(err error) error {
	if ctx := rd.ctx.Err(); ctx != nil {
		return ctx
	}
	if fault.Of(err) != nil {
		return err
	}
	return ErrDamaged.Saying("The database in it cannot be read.").Because(err)
}

// gpkgLayer is a row of gpkg_contents joined with gpkg_geometry_columns.
type gpkgLayer struct{ table, column, srs string }

func (rd *reader) readDatabase(conn *sql.Conn) error {
	for id, most := range map[int]int{sqlite3.SQLITE_LIMIT_LENGTH: maxBlob, sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1 << 20} {
		if _, err := sqlite.Limit(conn, id, most); err != nil {
			return err
		}
	}
	layers, err := rd.gpkgLayers(conn)
	if err != nil {
		return err
	}
	if len(layers) == 0 {
		return ErrNoLayer.Saying("The GeoPackage has no table of features.")
	}
	names := make([]string, len(layers))
	for i, l := range layers {
		names[i] = l.table
	}
	chosen, err := rd.choose(names)
	if err != nil {
		return err
	}
	rd.file.CRSHint = layers[chosen].srs
	if rd.file.CRSHint == "" {
		rd.note("layer "+names[chosen], CodeNoCRS, "The layer names no reference system; state that of its coordinates.")
	}
	return rd.readTable(conn, layers[chosen])
}

// maxBlob is the largest text or geometry, in bytes: ten million positions do
// not fit into one feature anyway.
const maxBlob = 128 << 20

// gpkgLayers lists feature tables in the order of the contents. Views and virtual
// tables are left out: what they compute is unbounded.
func (rd *reader) gpkgLayers(conn *sql.Conn) ([]gpkgLayer, error) {
	var found int
	err := conn.QueryRowContext(rd.ctx, `
		SELECT count(*) FROM sqlite_master
		WHERE type = 'table' AND name IN ('gpkg_contents', 'gpkg_geometry_columns', 'gpkg_spatial_ref_sys')`).Scan(&found)
	if err != nil {
		return nil, rd.damagedDB(err)
	}
	if found != 3 {
		return nil, ErrFormat.Saying("It is an SQLite database, but no GeoPackage.")
	}
	rows, err := conn.QueryContext(rd.ctx, `
		SELECT m.name, g.column_name,
			coalesce(s.organization, ''), coalesce(s.organization_coordsys_id, 0), coalesce(s.definition, '')
		FROM gpkg_contents c
		JOIN gpkg_geometry_columns g ON lower(g.table_name) = lower(c.table_name)
		JOIN sqlite_master m ON lower(m.name) = lower(c.table_name) AND m.type = 'table'
			AND m.sql NOT LIKE 'CREATE VIRTUAL%'
		LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id
		WHERE c.data_type = 'features'
		ORDER BY c.rowid
		LIMIT 1000`)
	if err != nil {
		return nil, rd.damagedDB(err)
	}
	defer rows.Close()
	var list []gpkgLayer
	for rows.Next() {
		var l gpkgLayer
		var organization, definition string
		var id int64
		if err := rows.Scan(&l.table, &l.column, &organization, &id, &definition); err != nil {
			return nil, rd.damagedDB(err)
		}
		l.srs = gpkgCRS(organization, id, definition)
		list = append(list, l)
	}
	if err := rows.Err(); err != nil {
		return nil, rd.damagedDB(err)
	}
	return list, nil
}

// gpkgCRS names a reference system: EPSG:4490, or its definition in WKT, or "".
func gpkgCRS(organization string, id int64, definition string) string {
	switch {
	case strings.EqualFold(organization, "EPSG") && id > 0:
		return fmt.Sprintf("EPSG:%d", id)
	case strings.EqualFold(definition, "undefined"), id <= 0 && definition == "":
		return ""
	}
	return definition
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (rd *reader) readTable(conn *sql.Conn, l gpkgLayer) error {
	rows, err := conn.QueryContext(rd.ctx, "SELECT * FROM "+quoteName(l.table))
	if err != nil {
		return rd.damagedDB(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return rd.damagedDB(err)
	}
	height := false
	cells := make([]any, len(names))
	into := make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	for n := 1; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return rd.damagedDB(err)
		}
		f := Feature{Place: fmt.Sprintf("row %d", n), Properties: make(map[string]string, len(names))}
		for i, name := range names {
			if strings.EqualFold(name, l.column) {
				z, err := rd.gpkgShape(&f, cells[i])
				if err != nil {
					return err
				}
				height = height || z
				continue
			}
			if err := rd.gpkgValue(&f, name, cells[i]); err != nil {
				return err
			}
		}
		if err := rd.add(f); err != nil {
			return err
		}
	}
	if height {
		rd.noteHeightDropped()
	}
	if err := rows.Err(); err != nil {
		return rd.damagedDB(err)
	}
	return nil
}

// gpkgShape sets geometry or fault of f. The error is a limit.
func (rd *reader) gpkgShape(f *Feature, cell any) (height bool, err error) {
	if cell == nil {
		return false, nil
	}
	blob, ok := cell.([]byte)
	if !ok {
		f.Fault = &fault.Place{Pointer: f.Place, Code: CodeMalformed, Detail: "The geometry is no binary value; export it again."}
		return false, nil
	}
	if err := rd.spend(len(blob) / 16); err != nil {
		return false, err
	}
	g, height, err := gpkgGeometry(blob, rd.lim.Depth)
	if err != nil {
		code := CodeMalformed
		if _, kind := err.(kindError); kind {
			code = CodeKind
		}
		f.Fault = &fault.Place{Pointer: f.Place, Code: code, Detail: strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + "."}
		return false, nil
	}
	settle(f, g)
	return height, nil
}

func (rd *reader) gpkgValue(f *Feature, name string, cell any) error {
	text := ""
	switch v := cell.(type) {
	case string:
		text = v
	case int64:
		text = strconv.FormatInt(v, 10)
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		text = strconv.FormatBool(v)
	case time.Time:
		text = v.Format(time.RFC3339)
		if v.Equal(v.Truncate(24 * time.Hour)) {
			text = v.Format(time.DateOnly)
		}
	}
	if len(text) > rd.lim.Value {
		return ErrTooLarge.Saying(fmt.Sprintf("A text in it is longer than %d bytes.", rd.lim.Value))
	}
	f.Properties[name] = text
	return rd.field(name)
}
