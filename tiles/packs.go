package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/tiles/mvt"
	"wangge/tiles/pack"
)

// ErrPackUnit is a unit that is not on the reader's map.
var ErrPackUnit = fault.New(fault.NotFound, "unit_unknown", "There is no such unit.")

// Pack is the map of a unit in one file, to be kept on a phone. It holds the ground, and
// borders and names of the units that its reader sees: nothing of a household, an
// incident or a count, for a phone can be lost. What is not there cannot be found.
type Pack struct {
	Unit    string
	Name    string // of the unit
	Version string // the SHA-256 of the file: the same contents have the same version
	MadeAt  time.Time
	MinZoom int
	MaxZoom int
	Bounds  [4]float64 // west, south, east, north
	Bytes   int64
	File    []byte // PMTiles; nobody writes to it
}

const (
	packMin    = 10
	packMargin = 300 // metres of the ground around the unit
	// packTiles bounds the tiles of a pack, and with it the time that one takes and the
	// room that it needs. Of a unit that has more the deepest zooms are left out, and
	// clients enlarge what is there: a grid has every zoom, a county ends at 15 or 16.
	packTiles = 6000
	// packsAtOnce is how many are drawn at the same time, beside the tiles of the desk.
	packsAtOnce = 2
)

// What is kept of packs, in bytes: files, and what is known of those that were pushed out.
const (
	packBytes = 128 << 20
	knownSize = 400
	knownMost = 10_000
)

// packKey names a pack by everything that its contents follow from.
type packKey struct {
	unit       string
	scope      string // with the version of the units
	background int64
	day        geo.Day
	signs      string // levels and attribution
}

// Pack returns what is known of the map of a unit for a scope, without its File. It is
// drawn when it is not known yet, once for all who ask meanwhile, which takes less than a
// second (BenchmarkPack).
func (s *Server) Pack(ctx context.Context, scope Scope, unit string) (Pack, error) {
	return s.packOf(ctx, scope, unit, false)
}

// PackFile is Pack with its File.
func (s *Server) PackFile(ctx context.Context, scope Scope, unit string) (Pack, error) {
	return s.packOf(ctx, scope, unit, true)
}

func (s *Server) packOf(ctx context.Context, scope Scope, unit string, file bool) (Pack, error) {
	v := s.current.Load()
	if v == nil {
		return Pack{}, ErrLoading
	}
	// Neither places nor counts go into a pack, so that those who see the same units
	// share it, and it stays the same when a household moves.
	scope = Scope{Map: scope.Map}
	r := v.tree.reach(scope)
	name, limit, found := v.tree.placeOf(unit, r)
	if !found {
		return Pack{}, fmt.Errorf("pack of %s: %w", unit, ErrPackUnit)
	}
	key := packKey{unit: unit, scope: r.name(), day: v.day, signs: fmt.Sprint(v.levels, v.attribution)}
	if ground := v.layers[subjectBackground]; ground != nil {
		key.background = ground.version
	}
	draw := func() (*Pack, error) {
		// Whoever asked first waits for a place to the end, for others wait for this pack.
		s.packing <- struct{}{}
		defer func() { <-s.packing }()
		return v.pack(unit, name, limit, scope, r, s.Now())
	}
	made, err := s.packsKnown.Get(ctx, key, func() (*Pack, error) {
		p, err := s.packs.Get(context.WithoutCancel(ctx), key, draw)
		if err != nil {
			return nil, err
		}
		known := *p
		known.File = nil
		return &known, nil
	})
	if err == nil && file {
		made, err = s.packs.Get(ctx, key, draw)
	}
	if err != nil {
		return Pack{}, fmt.Errorf("pack of %s: %w", unit, err)
	}
	return *made, nil
}

// placeOf is the name and the box of a unit that the reader sees.
func (t *tree) placeOf(unit string, r *reach) (string, geo.Bound, bool) {
	for i := range t.units {
		if t.units[i].Code == unit {
			return t.units[i].Name, t.limits[i], r == nil || r.seen.Has(t.units[i].ID)
		}
	}
	return "", geo.Bound{}, false
}

// pack draws the map of a unit.
func (v *view) pack(unit, name string, limit geo.Bound, scope Scope, r *reach, now time.Time) (*Pack, error) {
	box := around(limit, packMargin)
	p := &Pack{Unit: unit, Name: name, MadeAt: now.UTC().Truncate(time.Second), MinZoom: packMin, Bounds: degrees(box)}
	var inside []mvt.Tile
	for zoom := packMin; zoom <= mvt.MaxZoom; zoom++ {
		at := tilesOf(box, zoom)
		if zoom > packMin && len(inside)+len(at) > packTiles {
			break
		}
		inside, p.MaxZoom = append(inside, at...), zoom
	}

	var names []string
	for _, name := range v.names {
		if l := v.layers[name]; l.subject == subjectBackground || l.subject == subjectGrid {
			names = append(names, name)
		}
	}
	var drawn []pack.Tile
	var b mvt.Builder
	for _, t := range inside {
		b.Reset()
		for _, name := range names {
			if l := v.layers[name]; int(t.Z) >= l.min && int(t.Z) <= l.max {
				l.content.draw(&b, name, t, r)
			}
		}
		if raw := b.Bytes(); len(raw) > 0 {
			drawn = append(drawn, pack.Tile{Z: t.Z, X: t.X, Y: t.Y, Body: compress(raw, gzipped)})
		}
	}

	metadata, err := v.packMetadata(unit, names, scope, r, p)
	if err != nil {
		return nil, err
	}
	p.File = pack.Encode(drawn, pack.About{MinZoom: uint8(p.MinZoom), MaxZoom: uint8(p.MaxZoom), Bounds: p.Bounds, Metadata: metadata})
	digest := sha256.Sum256(p.File)
	p.Version, p.Bytes = hex.EncodeToString(digest[:]), int64(len(p.File))
	return p, nil
}

// around is a box with a margin in metres.
func around(b geo.Bound, metres float64) geo.Bound {
	const degree = 111_195 // metres, on the sphere of the Earth's mean radius
	low, high := b.Min.Degrees(), b.Max.Degrees()
	north := metres / degree
	east := north / max(0.01, math.Cos((low[1]+high[1])/2*math.Pi/180))
	return geo.Bound{
		Min: geo.Snap([2]float64{max(-180, low[0]-east), max(-85, low[1]-north)}),
		Max: geo.Snap([2]float64{min(180, high[0]+east), min(85, high[1]+north)}),
	}
}

// tilesOf are the tiles of a zoom that a box touches; of more than packTiles it is known
// that there are too many.
func tilesOf(b geo.Bound, zoom int) (list []mvt.Tile) {
	first := mvt.Project(geo.Point{X: b.Min.X, Y: b.Max.Y}).TileAt(zoom)
	last := mvt.Project(geo.Point{X: b.Max.X, Y: b.Min.Y}).TileAt(zoom)
	for x := first.X; x <= last.X; x++ {
		for y := first.Y; y <= last.Y && len(list) <= packTiles; y++ {
			list = append(list, mvt.Tile{Z: uint8(zoom), X: x, Y: y})
		}
	}
	return list
}

// packMetadata is what a map needs beside the tiles, so that the file suffices without
// the server: the styles of the ground, the levels that have units, and what must stand
// on the map.
func (v *view) packMetadata(unit string, names []string, scope Scope, r *reach, p *Pack) ([]byte, error) {
	type rung struct {
		Code    string `json:"code"`
		Rank    int    `json:"rank"`
		TitleZh string `json:"title_zh"`
		TitleEn string `json:"title_en"`
	}
	levels := []rung{}
	for _, b := range v.bands(r) {
		levels = append(levels, rung{b.Code, b.Rank, b.TitleZh, b.TitleEn})
	}
	var parts []VectorLayer
	for _, name := range names {
		l := v.layers[name]
		for _, source := range l.sources {
			fields := map[string]string{}
			for _, f := range source.fields {
				fields[f.name] = f.kind
			}
			parts = append(parts, VectorLayer{source.name, source.description, max(l.min, p.MinZoom), min(l.max, p.MaxZoom), fields})
		}
	}
	styles := object{}
	for _, theme := range []string{"light", "dark"} {
		in := object{}
		for _, lang := range []string{"zh", "en"} {
			in[lang] = groundOf(styleOf(v, scope, palettes[theme], lang, "", "", false))
		}
		styles[theme] = in
	}
	return json.Marshal(object{
		"name": p.Name, "format": "pbf", "type": "baselayer",
		"attribution": v.attribution.sources, "vector_layers": parts,
		"wangge": object{"unit": unit, "levels": levels, "ground": styles, "review_number": v.attribution.review},
	})
}

// groundOf are the layers of a style that show the ground.
func groundOf(style object) []object {
	var list []object
	for _, l := range style["layers"].([]object) {
		if l["type"] == "background" || l["source"] == subjectBackground {
			list = append(list, l)
		}
	}
	return list
}
