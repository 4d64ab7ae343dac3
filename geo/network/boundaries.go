package network

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/osm"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/topology"
	"wangge/geo/vectorfile"
)

// The admin levels that may be imported. National borders are 2, provincial ones
// 3 and 4 (in China); those are drawn by the state, not by us.
const (
	minAdminLevel = 5
	maxAdminLevel = 12
)

// Boundaries reads the administrative boundaries of some admin levels from an
// extract, as features to be imported as units: properties code (the
// relation's own reference, or "r" and its number), name, name_en, admin_level
// and parent (the code of the smallest boundary of a smaller level among them that
// it lies in). A damaged one has a Fault and no geometry. Where there is none at all
// the error is ErrNoAreas.
func Boundaries(ctx context.Context, r io.ReaderAt, size int64, adminLevels []int) ([]vectorfile.Feature, error) {
	for _, level := range adminLevels {
		if level < minAdminLevel || level > maxAdminLevel {
			return nil, ErrLevel.Saying(fmt.Sprintf("Level %d was asked for.", level))
		}
	}
	x := newExtract(ctx, r, size, nil)
	there := map[int]int{} // boundaries by level
	x.accept = func(r *osm.Relation) bool {
		if r.Tags.Find("boundary") != "administrative" {
			return false
		}
		level := adminLevel(r)
		there[level]++
		return slices.Contains(adminLevels, level)
	}
	if err := x.run(); err != nil {
		return nil, fmt.Errorf("boundaries: %w", err)
	}
	if len(x.relations) == 0 {
		return nil, fmt.Errorf("boundaries: %w", ErrNoAreas.Saying(remedy(there)))
	}
	slices.SortFunc(x.relations, func(a, b *osm.Relation) int {
		return cmp.Or(cmp.Compare(adminLevel(a), adminLevel(b)), cmp.Compare(a.ID, b.ID))
	})
	list := make([]vectorfile.Feature, len(x.relations))
	areas := make([]geo.MultiPolygon, len(x.relations))
	for i, relation := range x.relations {
		before := len(x.Problems)
		areas[i] = x.area(relation)
		list[i] = vectorfile.Feature{
			Place: fmt.Sprintf("relation %d", relation.ID),
			Properties: map[string]string{
				"code": codeOf(relation), "name": relation.Tags.Find("name"), "name_en": relation.Tags.Find("name:en"),
				"admin_level": strconv.Itoa(adminLevel(relation)), "parent": parentOf(x.relations[:i], areas[:i], relation, areas[i]),
			},
		}
		if areas[i] == nil {
			list[i].Fault = faultOf(x.Problems[before:], relation)
			continue
		}
		list[i].Geometry = areas[i].Orb()
	}
	return list, nil
}

// remedy says what to ask for instead, given how many boundaries each level has.
func remedy(there map[int]int) string {
	var levels []string
	for level := minAdminLevel; level <= maxAdminLevel; level++ {
		if n := there[level]; n > 0 {
			levels = append(levels, fmt.Sprintf("%d (%d)", level, n))
		}
	}
	if len(levels) == 0 {
		return "It has none of any level that may be taken: use an extract of a larger area, or a file of the boundaries themselves (GeoJSON, KML, Shapefile, GeoPackage). 地图文件中没有可用的行政边界，请换用更大范围的地图，或直接导入边界文件。"
	}
	return "It has some of admin_level " + strings.Join(levels, ", ") + ": name one of them as the layer. 请在图层中填写上述 admin_level 之一。"
}

func adminLevel(r *osm.Relation) int {
	n, err := strconv.Atoi(r.Tags.Find("admin_level"))
	if err != nil {
		return 0
	}
	return n
}

func codeOf(r *osm.Relation) string {
	for _, key := range []string{"ref:CN", "ref", "ISO3166-2"} {
		if code := r.Tags.Find(key); code != "" {
			return code
		}
	}
	return "r" + strconv.FormatInt(int64(r.ID), 10)
}

func faultOf(problems []fault.Place, r *osm.Relation) *fault.Place {
	if len(problems) > 0 {
		return &problems[0]
	}
	return &fault.Place{Pointer: fmt.Sprintf("relation %d", r.ID), Code: "osm_relation", Detail: "its rings do not close"}
}

// parentOf finds the boundary that a point of the area lies in, the one of the
// largest level above its own.
func parentOf(relations []*osm.Relation, areas []geo.MultiPolygon, r *osm.Relation, area geo.MultiPolygon) string {
	if area == nil {
		return ""
	}
	inside := topology.LabelPoint(area)
	for i := len(areas) - 1; i >= 0; i-- {
		if adminLevel(relations[i]) < adminLevel(r) && covered(areas[i], inside) {
			return codeOf(relations[i])
		}
	}
	return ""
}

func covered(area geo.MultiPolygon, p geo.Point) bool {
	inside, on := area.At(p)
	return inside || on
}
