package dossier

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// What a plan is exported as.
const (
	Units      = "units"
	Households = "households" // which of them belongs to which unit
)

// format is how a file is written.
type format struct {
	ext, media string
	table      bool // without geometry, with Chinese headers
	write      func(ctx context.Context, w io.Writer, l vectorfile.Layer, notes []Note) error
}

var formats = map[string]format{
	"geojson": {"geojson", "application/geo+json", false, writeGeoJSON},
	"gpkg":    {"gpkg", "application/geopackage+sqlite3", false, writeGeoPackage},
	"shp": {"shp.zip", "application/zip", false, func(_ context.Context, w io.Writer, l vectorfile.Layer, _ []Note) error {
		return vectorfile.WriteShapefile(w, l)
	}},
	"kml": {"kml", "application/vnd.google-earth.kml+xml", false, func(_ context.Context, w io.Writer, l vectorfile.Layer, _ []Note) error {
		return vectorfile.WriteKML(w, l)
	}},
	"csv": {"csv", "text/csv; charset=utf-8", true, func(_ context.Context, w io.Writer, l vectorfile.Layer, _ []Note) error {
		return vectorfile.WriteCSV(w, l)
	}},
	"xlsx": {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", true, writeXLSX},
}

// Export prepares a file of a plan, a draft or one that was adopted, and records it.
// Lists of households are for who may see places, and hold those within their area.
//
// Errors: plan.ErrUnknown, plan.ErrAltered, ErrExport, vectorfile.ErrWide,
// staff.ErrForbidden, staff.ErrOutside.
func Export(ctx context.Context, db pg.Pool, actor staff.Actor, id int64, what, as string) (File, error) {
	form, known := formats[as]
	if !known || what != Units && !(what == Households && form.table) {
		return File{}, ErrExport
	}
	if what == Households {
		if err := actor.Must(staff.Place); err != nil {
			return File{}, err
		}
	}
	h, err := open(ctx, db, actor, id)
	if err != nil {
		return File{}, err
	}
	file := File{Name: fmt.Sprintf("plan-%d-%s.%s", id, what, form.ext), MediaType: form.media}
	file.Write = func(ctx context.Context, w io.Writer) error {
		l := h.boundaries()
		switch {
		case what == Households:
			l = h.assignment(ctx, db, actor)
		case form.table:
			l = h.table()
		}
		return form.write(ctx, w, l, h.notes())
	}
	if as == "shp" { // what does not fit into one is heard of before the first byte
		var whole bytes.Buffer
		if err := file.Write(ctx, &whole); err != nil {
			return File{}, err
		}
		file.Write = func(_ context.Context, w io.Writer) error { _, err := w.Write(whole.Bytes()); return err }
	}
	return file, h.record(ctx, db, actor, what, as)
}

// boundaries are the rows of the plan with their shapes, under names that fit into
// every format and that the import of boundaries knows.
func (h *held) boundaries() vectorfile.Layer {
	return vectorfile.Layer{
		Name: fmt.Sprintf("plan_%d", h.ID), Title: h.Name, Kind: vectorfile.MultiPolygons, Changed: h.at(),
		Columns: []vectorfile.Column{{Name: "code", Type: vectorfile.Text}, {Name: "name", Type: vectorfile.Text}, {Name: "parent", Type: vectorfile.Text},
			{Name: plan.RoleColumn, Type: vectorfile.Text}, {Name: "area_m2", Type: vectorfile.Real}},
		Rows: func(yield func(vectorfile.Row, error) bool) {
			for _, u := range h.units {
				row := vectorfile.Row{Values: []any{codeOf(u), u.Name, u.Parent, string(u.Role), squareMetres(u.Area)}, Geometry: u.Area.Orb()}
				if !yield(row, nil) {
					return
				}
			}
		},
	}
}

// codeOf is a unit's code. What stands there of an accepted gap is the name of the
// fault that it was.
func codeOf(u plan.Unit) string {
	if u.Role == plan.Excluded {
		return ""
	}
	return u.Code
}

// squareMetres are rounded to tenths: on a computer of another kind the last digits of
// a sum may differ.
func squareMetres(area geo.MultiPolygon) float64 { return tenths(float64(area.SquareMeters())) }

// kinds are the roles in words.
var kinds = map[plan.Role]string{plan.Parent: "上级单元", plan.Part: "单元", plan.Excluded: "排除区"}

// table is the plan as a table for people: which unit belongs to which.
func (h *held) table() vectorfile.Layer {
	text := func(name string) vectorfile.Column { return vectorfile.Column{Name: name, Type: vectorfile.Text} }
	return vectorfile.Layer{
		Name: "方案", Title: h.Name, Changed: h.at(),
		Columns: []vectorfile.Column{text("代码"), text("名称"), text("上级代码"), text("上级名称"), text("层级"), text("类别"), {Name: "面积（平方米）", Type: vectorfile.Real}},
		Rows: func(yield func(vectorfile.Row, error) bool) {
			for _, u := range h.units {
				level := ""
				if u.Role == plan.Part {
					level = h.level.TitleZh
				}
				row := vectorfile.Row{Values: []any{codeOf(u), u.Name, u.Parent, h.names[u.Parent], level, kinds[u.Role], squareMetres(u.Area)}}
				if !yield(row, nil) {
					return
				}
			}
		},
	}
}

func writeGeoJSON(_ context.Context, w io.Writer, l vectorfile.Layer, notes []Note) error {
	about := make(map[string]string, len(notes))
	for _, n := range notes {
		about[n.Name] = n.Text
	}
	var err error
	if l.About, err = json.Marshal(about); err != nil {
		return fmt.Errorf("write GeoJSON: %w", err)
	}
	return vectorfile.WriteGeoJSON(w, l)
}

func writeGeoPackage(ctx context.Context, w io.Writer, l vectorfile.Layer, notes []Note) error {
	return vectorfile.WriteGeoPackageTo(ctx, w, l, noteLayer("about", notes, l))
}

func writeXLSX(_ context.Context, w io.Writer, l vectorfile.Layer, notes []Note) error {
	return vectorfile.WriteXLSX(w, l, noteLayer("说明", notes, l))
}

// noteLayer are notes as a table beside a layer.
func noteLayer(name string, notes []Note, beside vectorfile.Layer) vectorfile.Layer {
	return vectorfile.Layer{Name: name, Title: name, Changed: beside.Changed,
		Columns: []vectorfile.Column{{Name: "name", Type: vectorfile.Text}, {Name: "text", Type: vectorfile.Text}},
		Rows: func(yield func(vectorfile.Row, error) bool) {
			for _, n := range notes {
				if !yield(vectorfile.Row{Values: []any{n.Name, n.Text}}, nil) {
					return
				}
			}
		}}
}
