package town

import (
	"image"
	"image/color"
	"math"

	"wangge/geo"
)

func rgb(hex int) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
}

// view is a piece of the town to draw, in metres around its centre.
type view struct {
	lo, hi vec
	levels []string // whose borders are drawn
	people bool
}

// Render draws the whole town, width pixels wide.
func Render(t *Town, width int) image.Image {
	f := newFrame(geo.Snap(t.Center))
	box := t.Units[0].Area.Bound()
	v := view{lo: f.meters(box.Min), hi: f.meters(box.Max), levels: []string{LevelVillage, LevelCluster}}
	v.lo, v.hi = v.lo.sub(vec{60, 60}), v.hi.add(vec{60, 60})
	return draw(t, v, width)
}

var streetColor = map[string]int{"primary": 0xf7c26b, "secondary": 0xfbe38e, "tertiary": 0xffffff, "unclassified": 0xffffff, "residential": 0xffffff, "living_street": 0xffffff, "service": 0xfbfaf7, "track": 0xd9c9a3, "footway": 0xd8b99a, "steps": 0xc46a4a}

func draw(t *Town, v view, width int) image.Image {
	f := newFrame(geo.Snap(t.Center))
	c := newCanvas(v.lo, v.hi, width, rgb(0xffffff))
	shapes := func(m geo.MultiPolygon) (out []shape) {
		for _, p := range m {
			for _, r := range p {
				var s shape
				for _, q := range r {
					s = append(s, f.meters(q))
				}
				out = append(out, s)
			}
		}
		return out
	}
	seen := func(m geo.MultiPolygon) bool {
		b := m.Bound()
		lo, hi := f.meters(b.Min), f.meters(b.Max)
		return lo.x < v.hi.x && hi.x > v.lo.x && lo.y < v.hi.y && hi.y > v.lo.y
	}
	fill := func(m geo.MultiPolygon, hex int) {
		if seen(m) {
			c.fill(shapes(m), rgb(hex))
		}
	}
	fill(t.Units[0].Area, 0xf1eee8)
	green := map[string]int{"farmland": 0xe6edcf, "orchard": 0xd3e4b4, "vegetables": 0xdcebb8, "wood": 0xb4d6a2, "park": 0xbfe3ae, "garden": 0xcfe8c2, "pitch": 0x9fd3b0, "grass": 0xdfe6c4}
	for _, g := range t.Green {
		fill(g.Area, green[g.Kind])
	}
	for _, k := range t.Compounds {
		fill(k.Area, map[string]int{"compound": 0xece6dc, "old-town": 0xf0e2d0, "natural-village": 0xefe7d6, "site": 0xe3dfe8}[k.Kind])
		if k.Wall && c.scale > 0.8 {
			for _, s := range shapes(k.Area) {
				c.stroke(append(s, s[0]), 0.8, rgb(0xb9a894))
			}
		}
	}
	for _, p := range t.Green {
		if p.Kind == "pitch" {
			fill(p.Area, green["pitch"])
		}
	}
	for _, w := range t.Water {
		fill(w.Area, 0x9cc7e4)
	}
	for _, pass := range []bool{false, true} {
		for _, class := range []string{"track", "footway", "steps", "service", "living_street", "residential", "unclassified", "tertiary", "secondary", "primary"} {
			for _, s := range t.Streets {
				if s.Class != class || s.Bridge != pass {
					continue
				}
				var line []vec
				for _, p := range t.Line(s) {
					line = append(line, f.meters(p))
				}
				if pass || s.Width > 4 {
					c.stroke(line, float64(s.Width)+1.6, rgb(0xb8aa98))
				}
				c.stroke(line, float64(s.Width), rgb(streetColor[class]))
			}
		}
		if !pass {
			for _, b := range t.Buildings {
				fill(geo.MultiPolygon{b.Area}, map[string]int{"house": 0xc9a98f, "apartments": 0xc49a8a, "industrial": 0xb3aebd, "warehouse": 0xbab6c4, "school": 0xe0b35c, "hospital": 0xe08a9a, "public": 0xa78ac9, "retail": 0xdb8f6f, "commercial": 0xd98f8f, "office": 0x9aa7c9, "dormitory": 0xb98c7c}[b.Kind])
			}
		}
	}
	for _, level := range v.levels {
		w, col := 3.0/c.scale, color.RGBA{110, 60, 160, 160}
		switch level {
		case LevelCluster:
			w, col = 5/c.scale, color.RGBA{200, 30, 60, 200}
		case LevelMicroGrid:
			w, col = 2.4/c.scale, color.RGBA{30, 90, 200, 170}
		case LevelBuildingGroup:
			w, col = 1.4/c.scale, color.RGBA{30, 140, 90, 150}
		}
		for _, u := range t.Units {
			if u.Level == level && seen(u.Area) {
				for _, s := range shapes(u.Area) {
					c.stroke(append(s, s[0]), w, col)
				}
			}
		}
	}
	if v.people {
		for _, h := range t.Households {
			c.dot(f.meters(h.At), 0.9, rgb(0x204060))
		}
	}
	for _, i := range t.Incidents {
		c.dot(f.meters(i.At), max(2.2, 5/c.scale), rgb(0xd62828))
	}
	for _, s := range t.ServicePoints {
		r := map[string]float64{"center": 18, "station": 13, "point": 9, "other": 9}[s.Tier] / c.scale
		c.dot(f.meters(s.At), r+2/c.scale, rgb(0xffffff))
		c.dot(f.meters(s.At), r, rgb(0x1a6fd0))
	}
	for _, track := range t.Tracks {
		var line []vec
		for _, x := range track.Fixes {
			line = append(line, f.meters(geo.Snap(x.Point)))
		}
		c.stroke(line, max(1, 2/c.scale), color.RGBA{0, 120, 60, 150})
	}
	return c.half()
}

func around(p vec, r float64, levels ...string) view {
	return view{lo: p.sub(vec{r, math.Round(r * 0.8)}), hi: p.add(vec{r, math.Round(r * 0.8)}), levels: levels}
}
