package tiles

import (
	"fmt"
	"html"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"wangge/geo"
)

// TileJSON describes a layer to a map client (TileJSON 3.0.0).
type TileJSON struct {
	TileJSON     string        `json:"tilejson"`
	Name         string        `json:"name"`
	Version      string        `json:"version"`
	Scheme       string        `json:"scheme"`
	Tiles        []string      `json:"tiles"`
	MinZoom      int           `json:"minzoom"`
	MaxZoom      int           `json:"maxzoom"`
	Bounds       *[4]float64   `json:"bounds,omitempty"`
	Center       *[3]float64   `json:"center,omitempty"`
	Attribution  string        `json:"attribution,omitempty"` // escaped: clients show it as HTML
	Description  string        `json:"description,omitempty"` // of a run: its column, with the standard
	VectorLayers []VectorLayer `json:"vector_layers"`
}

// VectorLayer describes one MVT layer of the tiles.
type VectorLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"`
}

func (s *Server) serveTileJSON(c *fiber.Ctx, scope Scope) error {
	v := s.current.Load()
	if v == nil {
		return ErrLoading
	}
	l := v.find(c.Params("layer"))
	if l == nil {
		return ErrLayer
	}
	l, r, err := s.asked(c, v, l, scope)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, scope.keep(ask))
	return c.JSON(describe(v, l, r, scope, c.BaseURL(), c.Query("at")))
}

// describe is the TileJSON of a layer. Its URL carries the version, so that
// tiles may be kept for ever, and the day or the run that was asked for.
func describe(v *view, l *layer, r *reach, scope Scope, base, at string) TileJSON {
	query := "?v=" + url.QueryEscape(l.label(r))
	switch {
	case l.query != "":
		query += "&" + l.query
	case at != "":
		query += "&at=" + url.QueryEscape(at)
	}
	t := TileJSON{
		TileJSON: "3.0.0", Name: l.name, Version: fmt.Sprintf("1.%d.0", l.version), Scheme: "xyz",
		Tiles:   []string{base + "/tiles/" + l.name + "/{z}/{x}/{y}.mvt" + query},
		MinZoom: l.min, MaxZoom: l.max, Attribution: html.EscapeString(v.attribution.in(scope)), Description: l.about,
	}
	if bounds := v.extent(v.tree.reach(scope), l); !bounds.Empty() {
		box := degrees(bounds)
		t.Bounds = &box
		t.Center = &[3]float64{(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, float64(min(max(l.min, 12), l.max))}
	}
	for _, source := range l.sources {
		fields := map[string]string{}
		for _, f := range source.fields {
			fields[f.name] = f.kind
		}
		t.VectorLayers = append(t.VectorLayers, VectorLayer{source.name, source.description, l.min, l.max, fields})
	}
	return t
}

// extent is where a layer lies: of a scope with bounds its units, and nothing of what
// is around them.
func (v *view) extent(r *reach, l *layer) geo.Bound {
	switch {
	case l.query != "":
		return l.bounds // of what the scope is shown
	case r != nil && l.subject != subjectBackground:
		return r.bounds
	case l.bounds.Empty() && r == nil:
		return v.bounds()
	}
	return l.bounds
}

// degrees is a box as west, south, east, north.
func degrees(b geo.Bound) [4]float64 {
	low, high := b.Min.Degrees(), b.Max.Degrees()
	return [4]float64{low[0], low[1], high[0], high[1]}
}
