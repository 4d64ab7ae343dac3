package compare

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/circle"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/setting"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// ErrExport means that there is no such file.
var ErrExport = fault.New(fault.NotFound, "export_unknown", "There is no such export. Choose changes, pairs, units, duties, difference, impact or statistics, as csv, xlsx, geojson or gpkg.")

// Export says what is written, and how.
type Export struct {
	What   string // changes, pairs, units, duties, difference, impact, statistics
	Format string // csv, xlsx, geojson, gpkg
	Period Period // of statistics
}

// NewExport prepares a file with what a comparison says, by the rules by which it is
// read. It is recorded.
//
// Errors: those of Of, Restate; ErrExport, staff.ErrForbidden, staff.ErrOutside.
func NewExport(ctx context.Context, db pg.DB, actor staff.Actor, paths circle.Paths, q Question, e Export, today geo.Day) (circle.File, error) {
	if err := actor.Must(staff.Export); err != nil {
		return circle.File{}, err
	}
	var layer vectorfile.Layer
	var s *study
	var err error
	if e.What == "statistics" {
		var n Statistics
		if n, err = Restate(ctx, db, actor, q, e.Period, today); err == nil {
			s, err = related(ctx, db, actor, q, today)
			layer = statisticsLayer(n)
		}
	} else if s, err = open(ctx, db, actor, q, today); err == nil {
		layer, err = s.layer(ctx, db, actor, paths, e.What)
	}
	if err != nil {
		return circle.File{}, err
	}
	if err := staff.Within(ctx, db, actor, staff.Export, s.base.id); err != nil {
		return circle.File{}, err
	}
	layer.Name, layer.Title, layer.Changed = "comparison_"+e.What, s.base.name, today.Start()
	notes, err := s.notes(ctx, db)
	if err != nil {
		return circle.File{}, err
	}
	file, err := circle.NewFile(e.Format, notes, func(context.Context) (vectorfile.Layer, error) { return layer, nil })
	if err != nil {
		return circle.File{}, ErrExport
	}
	return file, audit.Write(ctx, db, actor, "export", "comparison", s.Base, map[string]any{"what": e.What, "format": e.Format,
		"level": s.Level, "before": s.Question.Before.String(), "after": s.Question.After.String()})
}

func (s *study) layer(ctx context.Context, db pg.DB, actor staff.Actor, paths circle.Paths, what string) (vectorfile.Layer, error) {
	switch what {
	case "changes":
		return s.changesLayer(), nil
	case "pairs":
		return pairsLayer(s.pairs, vectorfile.NoGeometry), nil
	case "difference":
		return pairsLayer(s.difference(), vectorfile.MultiPolygons), nil
	case "units":
		return unitsLayer(s.rows()), nil
	case "duties":
		return dutiesLayer(s.handOvers()), nil
	case "impact":
		n, err := s.impact(ctx, db, actor, paths)
		return impactLayer(n), err
	}
	return vectorfile.Layer{}, ErrExport
}

// notes say of what a file tells, in both languages.
func (s *study) notes(ctx context.Context, db pg.DB) ([]circle.Note, error) {
	settings, err := setting.Get(ctx, db, staff.System)
	if err != nil {
		return nil, err
	}
	side := func(a About) string { return strings.TrimSpace(fmt.Sprintf("%s %s (%s)", a.Side, a.Name, a.State)) }
	notes := []circle.Note{
		{Name: "base", Text: strings.TrimSpace(s.Base + " " + s.base.name)}, {Name: "level", Text: s.Level},
		{Name: "before", Text: side(s.about[0])}, {Name: "after", Text: side(s.about[1])},
		{Name: "households_on", Text: s.On.String()},
		{Name: "attribution", Text: settings.Attribution}, {Name: "review_number", Text: settings.ReviewNumber},
		{Name: "written_at", Text: time.Now().UTC().Format(time.RFC3339)},
	}
	if settings.Demo {
		notes = append(notes, circle.Note{Name: "invented", Text: "The data are invented. 数据为虚构。"})
	}
	return append(notes,
		circle.Note{Name: "method", Text: fmt.Sprintf("The same households are counted on both sides, where they stand. Areas in m². Units with at most %g m² in common are not related. An empty number is hidden, or not known.", Sliver)},
		circle.Note{Name: "方法", Text: fmt.Sprintf("两侧统计同一批住户，按其位置归属。面积单位为平方米。共有面积不超过 %g 平方米的单元不视为相关。空白表示隐藏或未知。", Sliver)}), nil
}

// field is a column, and how its value is had.
type field[T any] struct {
	name string
	kind vectorfile.Type
	of   func(T) any
}

func text[T any](name string, of func(T) string) field[T] {
	return field[T]{name, vectorfile.Text, func(r T) any { return of(r) }}
}

func integer[T any](name string, of func(T) *int) field[T] {
	return field[T]{name, vectorfile.Integer, func(r T) any {
		if v := of(r); v != nil {
			return int64(*v)
		}
		return nil
	}}
}

func real[T any](name string, of func(T) *float64) field[T] {
	return field[T]{name, vectorfile.Real, func(r T) any {
		if v := of(r); v != nil {
			return *v
		}
		return nil
	}}
}

func table[T any](rows []T, kind vectorfile.Kind, shape func(T) orb.Geometry, fields ...field[T]) vectorfile.Layer {
	l := vectorfile.Layer{Kind: kind}
	for _, f := range fields {
		l.Columns = append(l.Columns, vectorfile.Column{Name: f.name, Type: f.kind})
	}
	l.Rows = func(yield func(vectorfile.Row, error) bool) {
		for _, r := range rows {
			row := vectorfile.Row{Values: make([]any, len(fields))}
			if kind != vectorfile.NoGeometry {
				row.Geometry = shape(r)
			}
			for i, f := range fields {
				row.Values[i] = f.of(r)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
	return l
}

func (s *study) changesLayer() vectorfile.Layer {
	type line struct {
		number        int
		kind          Kind
		before, after string
	}
	var rows []line
	for i, g := range s.Groups {
		rows = append(rows, line{i + 1, g.Kind, strings.Join(codes(s.Before, g.Before), " "), strings.Join(codes(s.After, g.After), " ")})
	}
	return table(rows, vectorfile.NoGeometry, nil,
		integer("change", func(r line) *int { return &r.number }), text("kind", func(r line) string { return string(r.kind) }),
		text("before", func(r line) string { return r.before }), text("after", func(r line) string { return r.after }))
}

func pairsLayer(rows []Common, kind vectorfile.Kind) vectorfile.Layer {
	return table(rows, kind, func(p Common) orb.Geometry { return p.Shape() },
		text("before", func(p Common) string { return p.Before }), text("after", func(p Common) string { return p.After }),
		integer("change", func(p Common) *int { return &p.Change }), real("area_m2", func(p Common) *float64 { return &p.Area }),
		field[Common]{"sliver", vectorfile.Boolean, func(p Common) any { return p.Sliver }},
		integer("households", func(p Common) *int { return p.Households }), integer("people", func(p Common) *int { return p.People }),
		text("leaders_before", func(p Common) string { return strings.Join(p.Leaders.Before, " ") }),
		text("leaders_after", func(p Common) string { return strings.Join(p.Leaders.After, " ") }),
		field[Common]{"other_leaders", vectorfile.Boolean, func(p Common) any { return p.Leaders.Other }})
}

func unitsLayer(rows []Compared) vectorfile.Layer {
	fields := []field[Compared]{
		text("unit", func(r Compared) string { return r.Code }), text("kind", func(r Compared) string { return string(r.Kind) }),
		integer("change", func(r Compared) *int { return &r.Change })}
	for _, side := range []struct {
		name string
		of   func(Compared) *Figures
	}{{"before_", func(r Compared) *Figures { return r.Before }}, {"after_", func(r Compared) *Figures { return r.After }}} {
		whole := func(name string, of func(*Figures) *int) field[Compared] {
			return integer(side.name+name, func(r Compared) *int {
				if f := side.of(r); f != nil {
					return of(f)
				}
				return nil
			})
		}
		part := func(name string, of func(*Figures) *float64) field[Compared] {
			return real(side.name+name, func(r Compared) *float64 {
				if f := side.of(r); f != nil {
					return of(f)
				}
				return nil
			})
		}
		word := func(name string, of func(*Figures) string) field[Compared] {
			return text(side.name+name, func(r Compared) string {
				if f := side.of(r); f != nil {
					return of(f)
				}
				return ""
			})
		}
		fields = append(fields,
			word("name", func(f *Figures) string { return f.Name }), word("parent", func(f *Figures) string { return f.Parent }),
			part("area_m2", func(f *Figures) *float64 { return &f.Area }), part("compactness", func(f *Figures) *float64 { return f.Compactness }),
			whole("households", func(f *Figures) *int { return f.Households }), whole("people", func(f *Figures) *int { return f.People }),
			whole("open_incidents", func(f *Figures) *int { return f.Incidents }), whole("posts", func(f *Figures) *int { return &f.Posts }),
			whole("filled", func(f *Figures) *int { return &f.Filled }), whole("workers", func(f *Figures) *int { return &f.Workers }))
	}
	return table(rows, vectorfile.NoGeometry, nil, fields...)
}

func dutiesLayer(rows []DutyChange) vectorfile.Layer {
	seat := func(name string, side func(DutyChange) *Seat, of func(*Seat) string) field[DutyChange] {
		return text(name, func(d DutyChange) string {
			if s := side(d); s != nil {
				return of(s)
			}
			return ""
		})
	}
	before, after := func(d DutyChange) *Seat { return d.Before }, func(d DutyChange) *Seat { return d.After }
	unit, holder, deputy := func(s *Seat) string { return s.Unit }, func(s *Seat) string { return s.Holder }, func(s *Seat) string { return s.Deputy }
	return table(rows, vectorfile.NoGeometry, nil,
		text("what", func(d DutyChange) string { return string(d.Hand) }), text("kind", func(d DutyChange) string { return string(d.Kind) }),
		text("title_zh", func(d DutyChange) string { return d.TitleZh }), text("title_en", func(d DutyChange) string { return d.TitleEn }),
		integer("ordinal", func(d DutyChange) *int { return &d.Ordinal }),
		seat("before_unit", before, unit), seat("before_holder", before, holder), seat("before_deputy", before, deputy),
		seat("after_unit", after, unit), seat("after_holder", after, holder), seat("after_deputy", after, deputy),
		integer("households_given", func(d DutyChange) *int { return d.Gives }), integer("households_taken", func(d DutyChange) *int { return d.Takes }))
}

func impactLayer(n Impact) vectorfile.Layer {
	type line struct {
		change int
		kind   Kind
		Carried
	}
	var rows []line
	for _, c := range n.Changes {
		for _, u := range c.Units {
			rows = append(rows, line{c.Number, c.Kind, u})
		}
	}
	way := func(name string, of func(*Walk) *float64) field[line] {
		return real(name, func(l line) *float64 {
			if l.Walk != nil {
				return of(l.Walk)
			}
			return nil
		})
	}
	return table(rows, vectorfile.NoGeometry, nil,
		integer("change", func(l line) *int { return &l.change }), text("kind", func(l line) string { return string(l.kind) }),
		text("side", func(l line) string { return l.Side }), text("unit", func(l line) string { return l.Code }), text("name", func(l line) string { return l.Name }),
		real("area_m2", func(l line) *float64 { return &l.Area }), real("households", func(l line) *float64 { return l.Households }),
		integer("workers", func(l line) *int { return &l.Workers }), real("households_per_worker", func(l line) *float64 { return l.Load }),
		way("walk_mean_m", func(w *Walk) *float64 { return w.Mean }), way("walk_p90_m", func(w *Walk) *float64 { return w.P90 }),
		way("walk_mean_min", func(w *Walk) *float64 { return w.MeanMinutes }), way("walk_p90_min", func(w *Walk) *float64 { return w.P90Minutes }),
		integer("walk_unreached", func(l line) *int {
			if l.Walk != nil {
				return &l.Walk.Unreached
			}
			return nil
		}))
}

func statisticsLayer(n Statistics) vectorfile.Layer {
	type line struct {
		side string
		Restated
	}
	var rows []line
	for _, r := range n.OnBefore {
		rows = append(rows, line{"before", r})
	}
	for _, r := range n.OnAfter {
		rows = append(rows, line{"after", r})
	}
	return table(rows, vectorfile.NoGeometry, nil,
		text("side", func(l line) string { return l.side }), text("unit", func(l line) string { return l.Unit }), text("name", func(l line) string { return l.Name }),
		integer("households", func(l line) *int { return &l.Households }), real("incidents", func(l line) *float64 { return &l.Incidents }),
		real("estimated", func(l line) *float64 { return &l.Estimated }),
		text("reported_from", func(line) string { return n.From.String() }), text("reported_before", func(line) string { return n.To.String() }))
}
