package network

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
	"wangge/geo/walk"
)

// FromFile is the OSMType of streets from a file of lines. Their numbers count the
// lines of the file.
const FromFile = "f"

// ErrNoLines says that a file has no streets in it.
var ErrNoLines = fault.New(fault.Invalid, "streets_none", "The file holds no lines that could be streets. Send street centre lines as LineString or MultiLineString.")

// ErrColumn names a column that the file does not have.
var ErrColumn = fault.New(fault.Invalid, "streets_column", "The file has no such column.")

// lineColumns are the names under which files of street lines keep what
// OpenStreetMap keeps under a key: OpenStreetMap's own, those of Geofabrik's
// shapefiles, and those usual in Chinese surveys. Case, spaces, underscores, hyphens
// and colons do not count.
var lineColumns = map[string][]string{
	"highway":    {"highway", "fclass", "roadclass", "roadtype", "streettype", "class", "type", "kind", "道路等级", "道路类型", "道路类别", "道路级别", "类型", "等级", "类别"},
	"name":       {"name", "roadname", "streetname", "道路名称", "街道名称", "路名", "名称"},
	"name:en":    {"nameen", "englishname", "英文名", "英文名称"},
	"layer":      {"layer", "zlevel", "层", "层级", "图层"},
	"bridge":     {"bridge", "isbridge", "桥", "桥梁", "是否桥梁"},
	"tunnel":     {"tunnel", "istunnel", "隧道", "是否隧道"},
	"foot":       {"foot", "pedestrian", "walk", "walkable", "步行", "行人", "可步行", "行人通行"},
	"access":     {"access", "通行", "通行权限"},
	"oneway":     {"oneway", "单行", "单行线", "单向"},
	"sidewalk":   {"sidewalk", "人行道"},
	"surface":    {"surface", "路面", "路面材质"},
	"smoothness": {"smoothness"},
	"width":      {"width", "宽度", "路宽"},
	"incline":    {"incline", "slope", "坡度"},
	"wheelchair": {"wheelchair", "无障碍"},
	"motorroad":  {"motorroad"},
	"footway":    {"footway"},
	"conveying":  {"conveying"},
	"tracktype":  {"tracktype"},
}

// lineKinds are the words for kinds of streets that are not OpenStreetMap's own.
var lineKinds = map[string]string{
	"高速": "motorway", "高速公路": "motorway", "freeway": "motorway",
	"快速路": "trunk", "城市快速路": "trunk", "expressway": "trunk",
	"国道": "primary", "主干路": "primary", "主干道": "primary", "arterial": "primary",
	"省道": "secondary", "次干路": "secondary", "次干道": "secondary",
	"县道": "tertiary", "支路": "tertiary", "collector": "tertiary",
	"乡道": "unclassified", "村道": "unclassified", "乡村道路": "unclassified", "道路": "road", "street": "residential",
	"街道": "residential", "街巷": "residential", "居住区道路": "residential", "local": "residential",
	"巷": "living_street", "巷道": "living_street", "里弄": "living_street", "胡同": "living_street",
	"内部道路": "service", "小区路": "service", "小区道路": "service", "alley": "service", "匝道": "trunk_link",
	"步行街": "pedestrian", "人行道": "footway", "步道": "footway", "健身步道": "footway", "绿道": "footway", "sidewalk": "footway", "walkway": "footway",
	"人行天桥": "footway", "天桥": "footway", "地下通道": "footway", "人行地道": "footway", "小路": "path", "小径": "path", "trail": "path",
	"台阶": "steps", "阶梯": "steps", "楼梯": "steps", "梯道": "steps", "stairs": "steps",
	"自行车道": "cycleway", "机耕路": "track", "田间路": "track", "轮渡": "ferry", "渡口": "ferry",
	"在建": "construction", "规划": "proposed", "铁路": "rail", "地铁": "rail", "轻轨": "rail", "unknown": "road",
}

// implied are tags that a word for a kind says besides.
var implied = map[string]map[string]string{
	"人行天桥": {"bridge": "yes"}, "天桥": {"bridge": "yes"}, "地下通道": {"tunnel": "yes"}, "人行地道": {"tunnel": "yes"},
}

// yesNo are the words for true and false.
var yesNo = map[string]string{
	"1": "yes", "t": "yes", "true": "yes", "y": "yes", "是": "yes", "有": "yes", "可": "yes", "允许": "yes",
	"0": "no", "f": "no", "false": "no", "n": "no", "否": "no", "无": "no", "不可": "no", "禁止": "no", "禁行": "no", "私有": "private",
}

// Streets are lines read from a file.
type Streets struct {
	Columns  map[string]string `json:"columns" doc:"key of OpenStreetMap → the file's column"`
	Lines    int               `json:"lines"`
	Unknown  map[string]int    `json:"unknown,omitempty" doc:"words for kinds of streets that are not known, and how often; taken as roads"`
	Problems []fault.Place     `json:"problems" doc:"the first 200"`
	features []Feature
}

// LinesOf reads streets from a vector file. fields says which column of the file is
// which key of OpenStreetMap (highway, foot, bridge, layer …), where the file's own
// name for it is none of the usual.
func LinesOf(file *vectorfile.File, system crs.CRS, fields map[string]string) (Streets, error) {
	s := Streets{Unknown: map[string]int{}, Problems: []fault.Place{}}
	var err error
	if s.Columns, err = lineColumnsOf(file.Fields, fields); err != nil {
		return Streets{}, err
	}
	for _, feature := range file.Features {
		if feature.Fault != nil {
			s.problem(*feature.Fault)
			continue
		}
		var parts orb.MultiLineString
		switch shape := feature.Geometry.(type) {
		case orb.LineString:
			parts = orb.MultiLineString{shape}
		case orb.MultiLineString:
			parts = shape
		case nil:
			continue
		default:
			s.problem(fault.Place{Pointer: feature.Place, Code: "not_a_line", Detail: shape.GeoJSONType() + " is no line; it is left out"})
			continue
		}
		tags := s.tags(feature.Properties)
		for _, part := range parts {
			if f, ok := s.line(feature.Place, part, system, tags); ok {
				s.features = append(s.features, f)
			}
		}
	}
	if s.Lines = len(s.features); s.Lines == 0 {
		return Streets{}, ErrNoLines.With(s.Problems...)
	}
	for _, word := range slices.Sorted(maps.Keys(s.Unknown)) {
		s.problem(fault.Place{Pointer: s.Columns["highway"], Code: "kind_unknown", Detail: fmt.Sprintf("%q (%d lines) is no known kind of street and was taken as a road", word, s.Unknown[word])})
	}
	return s, nil
}

func (s *Streets) problem(p fault.Place) {
	if len(s.Problems) < maxProblems {
		s.Problems = append(s.Problems, p)
	}
}

// line makes a street of one part of a feature.
func (s *Streets) line(place string, part orb.LineString, system crs.CRS, tags map[string]string) (Feature, bool) {
	shape := make(orb.LineString, len(part))
	for i, p := range part {
		var err error
		if shape[i], err = system.ToWGS84(p); err != nil {
			s.problem(fault.Place{Pointer: place, Code: "position", Detail: "a corner cannot be of the declared reference system; the line is left out"})
			return Feature{}, false
		}
	}
	if on := lattice(shape); len(on) < 2 || allSame(on) {
		s.problem(fault.Place{Pointer: place, Code: "no_length", Detail: "the line has no length; it is left out"})
		return Feature{}, false
	}
	f := Feature{Class: Street, OSMType: FromFile, OSMID: int64(len(s.features) + 1), Kind: tags["highway"], Name: tags["name"], NameEn: tags["name:en"], Layer: lineLayer(tags), Shape: shape}
	for key, value := range tags {
		if wanted[Street][key] {
			if f.Tags == nil {
				f.Tags = map[string]string{}
			}
			f.Tags[key] = value
		}
	}
	return f, true
}

// lineLayer is the layer of a line: the column, or one up for bridges and one down
// for tunnels. In files layer 0 is what nobody filled in.
func lineLayer(tags map[string]string) int {
	if n, err := strconv.ParseFloat(tags["layer"], 64); err == nil && n != 0 {
		return max(-5, min(5, int(n)))
	}
	switch {
	case tags["bridge"] != "" && tags["bridge"] != "no":
		return 1
	case tags["tunnel"] != "" && tags["tunnel"] != "no" && tags["tunnel"] != "building_passage":
		return -1
	}
	return 0
}

// tags translates the properties of a line.
func (s *Streets) tags(properties map[string]string) map[string]string {
	tags := map[string]string{}
	for key, column := range s.Columns {
		value := strings.TrimSpace(properties[column])
		if value == "" {
			continue
		}
		if key != "name" && key != "name:en" {
			value = strings.ToLower(value)
			if word, ok := yesNo[value]; ok && key != "layer" && key != "highway" && key != "width" && key != "incline" {
				value = word
			}
		}
		tags[key] = value
	}
	said := tags["highway"]
	kind := s.kind(said)
	for key, value := range implied[said] {
		if tags[key] == "" {
			tags[key] = value
		}
	}
	tags["highway"] = kind
	return tags
}

// kind is the value of highway that a word for a kind of street stands for.
func (s *Streets) kind(word string) string {
	kind := strings.ReplaceAll(word, " ", "_")
	if strings.HasPrefix(kind, "track_grade") {
		kind = "track" // Geofabrik's
	}
	switch {
	case kind == "":
		return "road"
	case lineKinds[word] != "":
		return lineKinds[word]
	case walk.KnownKind(kind), kind == "rail":
		return kind
	}
	s.Unknown[word]++
	return "road"
}

// SuggestColumns says which columns of a file look like which keys.
func SuggestColumns(columns []string) map[string]string {
	plain := strings.NewReplacer("_", "", " ", "", "-", "", ":", "")
	out := map[string]string{}
	for key, names := range lineColumns {
		for _, name := range names {
			i := slices.IndexFunc(columns, func(c string) bool { return plain.Replace(strings.ToLower(c)) == name })
			if i >= 0 {
				out[key] = columns[i]
				break
			}
		}
	}
	return out
}

// lineColumnsOf finds the column of each key: what the sender says, else what it
// looks like.
func lineColumnsOf(columns []string, fields map[string]string) (map[string]string, error) {
	out := SuggestColumns(columns)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		column := fields[key]
		if lineColumns[key] == nil || column == "" {
			delete(out, key)
			continue
		}
		if !slices.Contains(columns, column) {
			return nil, ErrColumn.With(fault.Place{Pointer: "/fields/" + key, Code: "column_unknown",
				Detail: fmt.Sprintf("the file has no column %q; it has %s", column, strings.Join(columns, ", "))})
		}
		out[key] = column
	}
	return out, nil
}

// LineReport says what became of a file of street lines.
type LineReport struct {
	Streets
	Walking walk.Report `json:"walking"`
	Import  *Imported   `json:"import,omitempty"`
}

// TryStreets builds the network of street lines and stores nothing.
func TryStreets(ctx context.Context, streets Streets) (LineReport, error) {
	var c collector
	for _, f := range streets.features {
		c.add(f)
	}
	_, report, err := walk.Build(ctx, c.source)
	return LineReport{Streets: streets, Walking: report}, err
}

// StoreStreets makes street lines the streets of the map, in place of those before.
// What else is on the map (buildings, water, barriers, entrances …) stays, and so
// does its attribution.
func StoreStreets(ctx context.Context, db pg.DB, actor staff.Actor, src Source, streets Streets) (LineReport, error) {
	err := db.QueryRow(ctx, `SELECT attribution FROM network_import WHERE current`).Scan(&src.Attribution)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return LineReport{}, fmt.Errorf("streets %q: %w", src.FileName, err)
	}
	done, err := replace(ctx, db, actor, src, true, func(_ context.Context, emit func(Feature) error) error {
		for _, f := range streets.features {
			if err := emit(f); err != nil {
				return err
			}
		}
		return nil
	}, func(map[string]int) {})
	if err != nil {
		return LineReport{}, fmt.Errorf("streets %q: %w", src.FileName, err)
	}
	return LineReport{Streets: streets, Walking: done.Walking.Report, Import: &done}, nil
}

// keepRest takes over what the map before has besides streets, and what of it
// walking needs.
func keepRest(ctx context.Context, tx pgx.Tx, id int64, counts map[string]int, walking *collector) error {
	if _, err := tx.Exec(ctx, `
		UPDATE map_feature SET import_id = $1
		FROM network_import i
		WHERE i.current AND i.id <> $1 AND map_feature.import_id = i.id AND map_feature.class <> 'street'`, id); err != nil {
		return err
	}
	rows, _ := tx.Query(ctx, `SELECT class, count(*) FROM map_feature WHERE import_id = $1 GROUP BY class`, id)
	var class string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&class, &n}, func() error { counts[class] = n; return nil }); err != nil {
		return err
	}
	*walking = collector{}
	return eachFeature(ctx, tx, id, walking.add)
}
