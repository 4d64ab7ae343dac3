package circle

import (
	"cmp"
	"context"
	"fmt"
	"image/color"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/atlas"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// errSheet says what can be drawn.
var errSheet = fault.New(fault.Invalid, "circle_sheet", "Only units, cells, points and change are drawn as png or pdf. Lists of households are written as csv, xlsx, geojson, gpkg or parquet.")

// The classes of a share, from nobody to everybody (ColorBrewer YlGnBu), and of a
// difference of shares (RdBu): both are told apart by people who see fewer colours.
var (
	shareClasses  = []class{{0.2, "0–20 %", rgb(0xffffcc)}, {0.4, "20–40 %", rgb(0xa1dab4)}, {0.6, "40–60 %", rgb(0x41b6c4)}, {0.8, "60–80 %", rgb(0x2c7fb8)}, {2, "80–100 %", rgb(0x253494)}}
	changeClasses = []class{{-0.1, "< −10 %", rgb(0xca0020)}, {-0.0001, "−10 … 0 %", rgb(0xf4a582)}, {0.0001, "0", rgb(0xf7f7f7)}, {0.1, "0 … +10 %", rgb(0x92c5de)}, {2, "> +10 %", rgb(0x0571b0)}}
	noNumber      = rgb(0xd9d9d9)
	border        = rgb(0x57606a)
	mark          = rgb(0xcf222e)
)

// class is a colour of all values below a bound that no earlier class has.
type class struct {
	below float64
	text  string
	fill  color.RGBA
}

func rgb(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 0xff}
}

func classOf(list []class, v *float64) color.RGBA {
	if v == nil {
		return noNumber
	}
	for _, c := range list {
		if *v < c.below {
			return c.fill
		}
	}
	return list[len(list)-1].fill
}

func legend(title string, list []class) atlas.Legend {
	l := atlas.Legend{Title: title}
	for _, c := range list {
		l.Entries = append(l.Entries, atlas.Entry{Text: c.text, Fill: c.fill})
	}
	return atlas.Legend{Title: title, Entries: append(l.Entries, atlas.Entry{Text: "无数据或隐藏 none or hidden", Fill: noNumber})}
}

// drawing prepares a map sheet of one column of a run, the first if none is named.
func (s stored) drawing(ctx context.Context, db pg.Pool, actor staff.Actor, e Export) (File, error) {
	if e.What == "uncovered" {
		return File{}, errSheet
	}
	if e.Font == nil {
		return File{}, atlas.ErrFont
	}
	font, err := e.Font()
	if err != nil {
		return File{}, err
	}
	e.Column = max(e.Column, 0)
	known, err := presets(ctx, db)
	if err != nil {
		return File{}, err
	}
	notes, err := s.notes(ctx, db)
	if err != nil {
		return File{}, err
	}
	about := map[string]string{}
	for _, n := range notes {
		about[n.Name] = n.Text
	}
	sheet := &atlas.Sheet{
		Title: cmp.Or(s.Params.Title, "服务圈 Service circle"), Subtitle: about["unit"],
		Date: s.Params.On.String(), Sources: about["attribution"],
		Notes: []string{"标准 Standard: " + s.Params.Columns[e.Column].Label(known), "步行路网 Walking network: " + about["network"], about["方法"], about["method"], about["rounded"], strings.TrimSuffix("run "+about["run"]+" · SHA-256 "+s.Digest, " · SHA-256 ")},
	}
	for _, name := range []string{"review_number", "invented"} {
		if about[name] != "" {
			sheet.Notes = append(sheet.Notes, about[name])
		}
	}
	if err := s.draw(ctx, db, actor, e, sheet); err != nil {
		return File{}, err
	}
	if e.Format == "png" {
		return File{MediaType: "image/png", Write: func(_ context.Context, w io.Writer) error { return sheet.PNG(w, font, 150) }}, nil
	}
	return File{MediaType: "application/pdf", Write: func(_ context.Context, w io.Writer) error { return sheet.PDF(w, font) }}, nil
}

// draw puts on a sheet what was asked for, by the rows that every file has.
func (s stored) draw(ctx context.Context, db pg.Pool, actor staff.Actor, e Export, sheet *atlas.Sheet) error {
	areas, err := s.boundaries(ctx, db, actor)
	if err != nil {
		return err
	}
	switch e.What {
	case "units":
		rows, err := units(ctx, db, actor, s, unitFilter{column: e.Column, level: e.Level})
		if err != nil {
			return err
		}
		sheet.Legend = legend("覆盖率(户) Share of households", shareClasses)
		sheet.Layers = []atlas.Layer{{Areas: filled(rows, func(r UnitRow) (string, *float64) { return r.Unit, r.Share }, areas, shareClasses)}}
		sheet.Tables = []atlas.Table{unitTable(rows)}
	case "change":
		if e.Before == 0 {
			return errBefore
		}
		rows, err := Compare(ctx, db, actor, e.Before, s.ID, e.Column, e.Level)
		if err != nil {
			return err
		}
		sheet.Subtitle = strings.TrimSpace(fmt.Sprintf("%s · run %d → %d", sheet.Subtitle, e.Before, s.ID))
		sheet.Legend = legend("覆盖率变化 Change of the share", changeClasses)
		sheet.Layers = []atlas.Layer{{Areas: filled(rows, func(r Difference) (string, *float64) { return r.Unit, r.Share }, areas, changeClasses)}}
		sheet.Tables = []atlas.Table{changeTable(rows)}
	case "cells":
		rows, err := Cells(ctx, db, actor, s.ID, e.Column, e.Resolution)
		if err != nil {
			return err
		}
		var layer atlas.Layer
		for _, r := range rows {
			layer.Areas = append(layer.Areas, atlas.Area{Shape: geo.MultiPolygon{{r.Cell.Boundary()}}.Orb(), Fill: classOf(shareClasses, share(r.Covered, r.Households))})
		}
		sheet.Legend = legend("覆盖率(户) Share of households", shareClasses)
		sheet.Layers = []atlas.Layer{layer, outlines(areas)}
	case "points":
		rows, err := Points(ctx, db, actor, s.ID, e.Column)
		if err != nil {
			return err
		}
		var layer atlas.Layer
		for _, r := range rows {
			layer.Points = append(layer.Points, atlas.Point{At: r.At, Fill: mark, Radius: 1.2, Label: r.Name})
		}
		sheet.Legend = atlas.Legend{Entries: []atlas.Entry{{Text: "服务点 Service points", Mark: atlas.Disc, Fill: mark}}}
		sheet.Layers = []atlas.Layer{outlines(areas), layer}
		sheet.Tables = []atlas.Table{pointTable(rows)}
	default:
		return ErrExport
	}
	return nil
}

// filled are the units of rows, the large ones first so that those below them show.
func filled[T any](rows []T, of func(T) (code string, v *float64), areas map[string]orb.MultiPolygon, classes []class) []atlas.Area {
	var list []atlas.Area
	for _, r := range rows {
		code, v := of(r)
		if shape, ok := areas[code]; ok {
			list = append(list, atlas.Area{Shape: shape, Fill: classOf(classes, v), Stroke: border, Width: 0.15})
		}
	}
	return list
}

func outlines(areas map[string]orb.MultiPolygon) (l atlas.Layer) {
	for _, code := range slices.Sorted(maps.Keys(areas)) {
		for _, polygon := range areas[code] {
			for _, ring := range polygon {
				l.Lines = append(l.Lines, atlas.Line{Course: orb.LineString(ring), Stroke: border, Width: 0.15})
			}
		}
	}
	return l
}

func columnsOf(titles ...string) (list []atlas.Column) {
	for i, title := range titles {
		list = append(list, atlas.Column{Title: title, Right: i > 1})
	}
	return list
}

func percent(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", *v*100)
}

func decimal(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f", *v)
}

func unitTable(rows []UnitRow) atlas.Table {
	t := atlas.Table{Title: "各单元 By unit", Columns: columnsOf("编码 Code", "名称 Name", "户 Households", "达标 Covered", "覆盖率 Share", "人口覆盖率 People", "p50", "p90", "服务点 Points")}
	for _, r := range rows {
		households, covered := fmt.Sprint(r.Households), fmt.Sprint(r.Covered)
		if r.Hidden {
			households, covered = "–", "–"
		}
		t.Rows = append(t.Rows, []string{r.Unit, r.Name, households, covered, percent(r.Share), percent(r.SharePeople), decimal(r.P50), decimal(r.P90), fmt.Sprint(r.Points)})
	}
	return t
}

func changeTable(rows []Difference) atlas.Table {
	t := atlas.Table{Title: "前后对比 Before and after", Columns: columnsOf("编码 Code", "名称 Name", "前 Before", "后 After", "差 Change", "p50 前", "p50 后")}
	for _, r := range rows {
		t.Rows = append(t.Rows, []string{r.Unit, r.Name, percent(r.Before.Share), percent(r.After.Share), percent(r.Share), decimal(r.Before.P50), decimal(r.After.P50)})
	}
	return t
}

func pointTable(rows []PointRow) atlas.Table {
	t := atlas.Table{Title: "服务点 Points", Columns: columnsOf("编号 Id", "名称 Name", "级别 Tier", "户 Households", "人 People")}
	for _, r := range rows {
		households, people := fmt.Sprint(r.Households), fmt.Sprint(r.People)
		if r.Hidden {
			households, people = "–", "–"
		}
		t.Rows = append(t.Rows, []string{fmt.Sprint(r.Point), r.Name, r.Tier, households, people})
	}
	return t
}
