package upload

import (
	"context"
	"errors"
	"io"
	"strings"

	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// Look is what a file looks like before anybody says what it is.
type Look struct {
	Format    string              `json:"format"`
	Layer     string              `json:"layer"`
	Layers    []string            `json:"layers"`
	Columns   []string            `json:"columns"`
	Rows      int                 `json:"rows" doc:"features or rows; of a long ledger only the first thousand are counted"`
	CRSHint   string              `json:"crs_hint" doc:"what the file says of itself, as a code, or empty"`
	Sample    []map[string]string `json:"sample" doc:"the first rows; personal columns left out"`
	Personal  []string            `json:"personal" doc:"columns that will be dropped"`
	Suggested Suggestion          `json:"suggested"`
	Notes     []fault.Place       `json:"notes"`
}

// Suggestion is a guess a person may change.
type Suggestion struct {
	Kind   Kind              `json:"kind"`
	Preset string            `json:"preset"`
	Level  string            `json:"level"`
	CRS    string            `json:"crs"`
	Fields map[string]string `json:"fields"`
}

// Inspect reads a file and says what it looks like. Nothing is stored.
func Inspect(ctx context.Context, db pg.DB, actor staff.Actor, name, layer string, file File) (Look, error) {
	f, err := file.open()
	if err != nil {
		return Look{}, err
	}
	defer f.Close()
	if isPBF(f) {
		look := newLook("OpenStreetMap PBF")
		look.CRSHint, look.Suggested.Kind, look.Suggested.CRS = string(crs.WGS84), OSM, string(crs.WGS84)
		return look, nil
	}
	look, err := inspectVector(ctx, name, layer, f, file.Size)
	if errors.Is(err, vectorfile.ErrFormat) {
		look, err = inspectSheet(name, f, file.Size)
	}
	if err != nil {
		return Look{}, err
	}
	if look.Suggested.Kind == Boundaries {
		look.Suggested.Preset, look.Suggested.Level, err = suggestLevel(ctx, db, actor)
	}
	return look, err
}

// isPBF recognises an OpenStreetMap extract by its first block's type.
func isPBF(r io.ReaderAt) bool {
	head := make([]byte, 32)
	n, _ := r.ReadAt(head, 0)
	for i := 0; i+9 <= n; i++ {
		if string(head[i:i+9]) == "OSMHeader" {
			return true
		}
	}
	return false
}

// sampleRows is how many rows a look shows.
const sampleRows = 5

func inspectVector(ctx context.Context, name, layer string, f io.ReaderAt, size int64) (Look, error) {
	file, err := vectorfile.ReadLayer(ctx, name, layer, f, size, vectorfile.Limits{})
	if err != nil {
		return Look{}, err
	}
	look := newLook(file.Format)
	look.Layer, look.Rows = file.Layer, len(file.Features)
	look.Layers, look.Notes = append(look.Layers, file.Layers...), append(look.Notes, notes(file)...)
	if own, ok := ownCRS(file.CRSHint); ok {
		look.CRSHint = string(own)
	}
	areas, lines := 0, 0
	for _, feature := range file.Features {
		switch geometryType(feature) {
		case "Polygon", "MultiPolygon":
			areas++
		case "LineString", "MultiLineString":
			lines++
		}
	}
	look.Suggested = Suggestion{Kind: ServicePoints, CRS: look.CRSHint, Fields: map[string]string{}}
	look.Columns, look.Personal = withoutPersonal(file.Fields)
	if 2*areas >= len(file.Features) { // an area's name is no person's
		look.Suggested.Kind = Boundaries
		look.Suggested.Fields = SuggestFields(file.Fields)
		look.Columns, look.Personal = file.Fields, []string{}
	}
	if 2*lines >= len(file.Features) && lines > 0 { // nor is a street's
		look.Suggested.Kind = Streets
		look.Suggested.Fields = network.SuggestColumns(file.Fields)
		look.Columns, look.Personal = file.Fields, []string{}
	}
	for _, feature := range file.Features[:min(sampleRows, len(file.Features))] {
		look.Sample = append(look.Sample, only(feature.Properties, look.Columns))
	}
	return look, nil
}

// newLook has empty lists, not absent ones.
func newLook(format string) Look {
	return Look{Format: format, Layers: []string{}, Columns: []string{}, Sample: []map[string]string{},
		Personal: []string{}, Notes: []fault.Place{}, Suggested: Suggestion{Fields: map[string]string{}}}
}

func geometryType(f vectorfile.Feature) string {
	if f.Geometry == nil {
		return ""
	}
	return f.Geometry.GeoJSONType()
}

func withoutPersonal(columns []string) (kept, personal []string) {
	kept, personal = []string{}, []string{}
	for _, c := range columns {
		if _, is := sheet.Personal(c); is {
			personal = append(personal, c)
			continue
		}
		kept = append(kept, c)
	}
	return kept, personal
}

func only(row map[string]string, columns []string) map[string]string {
	out := make(map[string]string, len(columns))
	for _, c := range columns {
		if value := row[c]; value != "" {
			if _, personal := sheet.LooksPersonal(value); personal {
				value = "…"
			}
			out[c] = value
		}
	}
	return out
}

// suggestLevel is the level below the lowest one that has units, so that a town
// is loaded from the top down; the first preset when nothing is there.
func suggestLevel(ctx context.Context, db pg.DB, actor staff.Actor) (preset, level string, err error) {
	presets, err := grid.Presets(ctx, db, actor)
	if err != nil || len(presets) == 0 {
		return "", "", err
	}
	levels, err := grid.Levels(ctx, db, actor, grid.Today())
	if err != nil {
		return "", "", err
	}
	units := map[string]int{}
	for _, l := range levels {
		units[l.Code] = l.Units
	}
	best, bestDepth := presets[0], -1
	for _, p := range presets {
		depth := -1
		for _, l := range p.Levels {
			if units[l.Level] > 0 {
				depth = l.Depth
			}
		}
		if depth > bestDepth {
			best, bestDepth = p, depth
		}
	}
	next := min(bestDepth+1, len(best.Levels)-1)
	return best.Code, best.Levels[next].Level, nil
}

// inspectSheet looks at a table.
func inspectSheet(name string, f io.ReaderAt, size int64) (Look, error) {
	table, err := sheet.Open(name, f, size)
	if err != nil {
		return Look{}, err
	}
	rows, err := table.Sample(1000)
	if err != nil {
		return Look{}, err
	}
	look := newLook(table.Format)
	look.Rows = len(rows)
	look.Columns, look.Personal = withoutPersonal(table.Header())
	for _, row := range rows[:min(sampleRows, len(rows))] {
		cells := map[string]string{}
		for i, column := range table.Header() {
			if i < len(row.Cells) {
				cells[column] = row.Cells[i]
			}
		}
		look.Sample = append(look.Sample, only(cells, look.Columns))
	}
	look.Suggested.Kind = likelyLedger(look.Columns)
	return look, nil
}

// likelyLedger guesses from the columns what a table holds.
func likelyLedger(columns []string) Kind {
	all := strings.ToLower(strings.Join(columns, " "))
	for _, guess := range []struct {
		kind  Kind
		words []string
	}{
		{Links, []string{"包联", "联系岗位"}},
		{Premises, []string{"三色", "赋码", "码色"}},
		{Beats, []string{"路线", "weekdays", "beat"}},
		{Checkpoints, []string{"打卡", "checkpoint"}},
		{Blocks, []string{"区块", "街区编码", "更新周期"}},
		{Incidents, []string{"上报", "事件", "案件", "incident", "request", "complaint", "reported"}},
		{ServicePoints, []string{"服务点", "服务站", "功能", "开放时间", "opening", "service"}},
		{Demand, []string{"population", "总人口", "常住人口", "户数", "h3"}},
	} {
		for _, word := range guess.words {
			if strings.Contains(all, word) {
				return guess.kind
			}
		}
	}
	return Households
}
