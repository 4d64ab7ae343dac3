package dossier

import (
	"cmp"
	"context"
	"fmt"
	"image/color"
	"strconv"
	"strings"
	"time"

	"wangge/geo"
	"wangge/geo/atlas"
	"wangge/geo/job"
	"wangge/geo/pg"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// Colours that people who see fewer of them tell apart (ColorBrewer).
var (
	fills = [changes]color.RGBA{fresh: rgb(0x92c5de), redrawn: rgb(0xfdb863), moved: rgb(0xb2abd2), renamed: rgb(0xe0ecc8), same: rgb(0xf1f3f5), ended: rgb(0xd9d9d9)}
	gap   = rgb(0xd9d9d9)
	line  = rgb(0x57606a)
	frame = rgb(0xa40e26)
	none  = color.RGBA{}

	// districts tint the units above on the overview, in turn by their codes.
	districts = []color.RGBA{rgb(0xcfe8d5), rgb(0xfde3c3), rgb(0xd9d7ec), rgb(0xfbd3da), rgb(0xd3e5f5), rgb(0xf3efc0)}
)

func rgb(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 0xff}
}

// contents are all that a dossier shows.
type contents struct {
	*held
	changes  []unitChange
	sections []section
	step     job.Step
}

func (h *held) contents(ctx context.Context, db pg.DB, actor staff.Actor) (contents, error) {
	c := contents{held: h}
	var err error
	if c.changes, err = h.compared(ctx, db); err != nil {
		return contents{}, err
	}
	heirs, err := h.lineage(ctx, db)
	if err != nil {
		return contents{}, err
	}
	decision, err := h.decision(ctx, db)
	if err != nil {
		return contents{}, err
	}
	told, err := h.chapters(ctx, db, actor)
	if err != nil {
		return contents{}, err
	}
	c.sections = append([]section{{"decision", decision}, {"changes", c.changeTable()}, {"lineage", lineageTable(heirs)}, {"excluded", h.excludedTable()}}, told...)
	for i := range c.sections {
		c.sections[i].table.Wrap = true
	}
	return c, nil
}

// book is the PDF: an overview, a sheet for each unit above, and the tables.
func (c contents) book(ctx context.Context) *atlas.Book {
	b := &atlas.Book{
		Title: strings.TrimSpace(fmt.Sprintf("方案卷宗 Dossier of plan %d %s", c.ID, c.Name)), Subtitle: c.levelText(), Sources: c.settings.Attribution,
		Footer: "方案 Plan " + strconv.FormatInt(c.ID, 10) + " · SHA-256 " + c.digest, Made: c.at(),
		Step: func(done, total int) error {
			c.step("drawing pages", int64(done), int64(total))
			return ctx.Err()
		},
	}
	below := map[string][]unitChange{}
	for _, u := range c.changes {
		if u.what != ended {
			below[u.parent] = append(below[u.parent], u)
		}
	}
	var above []district
	for _, code := range c.parents() {
		if len(below[code]) > 0 {
			above = append(above, district{code: code, name: c.names[code], area: c.outline(code, below[code]), units: below[code]})
		}
	}
	b.Sheets = append(b.Sheets, c.overview(above))
	for _, d := range above {
		b.Sheets = append(b.Sheets, c.sheet(d))
	}
	for _, s := range c.sections {
		b.Tables = append(b.Tables, s.table)
	}
	return b
}

// district is a unit above with those below it.
type district struct {
	code, name string
	area       geo.MultiPolygon
	units      []unitChange
}

// outline is a unit above as the plan has it: what its units and the accepted gaps in
// it cover together.
func (c contents) outline(parent string, units []unitChange) geo.MultiPolygon {
	var areas []geo.MultiPolygon
	for _, u := range units {
		areas = append(areas, u.shape)
	}
	for _, u := range c.of(plan.Excluded) {
		if u.Parent == parent {
			areas = append(areas, u.Area)
		}
	}
	return topology.Union(areas...)
}

func (c contents) overview(above []district) *atlas.Sheet {
	s := c.newSheet(c.Name, fmt.Sprintf("%s · 总图 Overview", c.levelText()), c.changes)
	var tints, outlines atlas.Layer
	for i, d := range above {
		tints.Areas = append(tints.Areas, atlas.Area{Shape: d.area.Orb(), Fill: districts[i%len(districts)]})
		outlines.Areas = append(outlines.Areas, atlas.Area{Shape: d.area.Orb(), Fill: none, Stroke: frame, Width: 0.45, Label: cmp.Or(d.name, d.code)})
	}
	units := atlas.Layer{}
	for _, u := range c.changes {
		if u.what == ended {
			continue
		}
		area := atlas.Area{Shape: u.shape.Orb(), Fill: none, Stroke: line, Width: 0.12}
		if len(above) == 0 {
			area.Fill, area.Label = fills[u.what], cmp.Or(u.name, u.code)
		}
		units.Areas = append(units.Areas, area)
	}
	s.Layers = []atlas.Layer{tints, units, c.gaps(""), outlines}
	s.Legend = atlas.Legend{Title: "图例 Legend"}
	if len(above) == 0 {
		s.Legend.Entries = changeEntries(c.changes)
	} else {
		s.Legend.Entries = append(s.Legend.Entries, atlas.Entry{Text: "上级单元界 Border of a unit above", Mark: atlas.Rule, Fill: frame})
	}
	s.Legend.Entries = append(s.Legend.Entries, atlas.Entry{Text: c.level.TitleZh + "界 Border of a unit", Mark: atlas.Rule, Fill: line})
	s.Legend.Entries = append(s.Legend.Entries, gapEntry(s.Layers[2])...)
	return s
}

// sheet is the map of one unit above.
func (c contents) sheet(d district) *atlas.Sheet {
	s := c.newSheet(strings.TrimSpace(d.name+" "+d.code), fmt.Sprintf("%s · %s", c.Name, c.levelText()), d.units)
	var units atlas.Layer
	for _, u := range d.units {
		units.Areas = append(units.Areas, atlas.Area{Shape: u.shape.Orb(), Fill: fills[u.what], Stroke: line, Width: 0.2, Label: cmp.Or(u.name, u.code)})
	}
	s.Layers = []atlas.Layer{c.gaps(d.code), units, {Areas: []atlas.Area{{Shape: d.area.Orb(), Fill: none, Stroke: frame, Width: 0.5}}}}
	s.Legend = atlas.Legend{Title: "图例 Legend", Entries: append(append(changeEntries(d.units), gapEntry(s.Layers[0])...),
		atlas.Entry{Text: c.level.TitleZh + "界 Border of a unit", Mark: atlas.Rule, Fill: line}, atlas.Entry{Text: "上级单元界 Border of the unit above", Mark: atlas.Rule, Fill: frame})}
	return s
}

// newSheet has what all maps say: what changes, from which day on, and by what the plan
// can be told.
func (c contents) newSheet(title, subtitle string, units []unitChange) *atlas.Sheet {
	s := &atlas.Sheet{Title: title, Subtitle: subtitle, Date: "生效 In force from " + c.day().String(), Sources: c.settings.Attribution}
	var counts [changes]int
	var area float64
	for _, u := range units {
		counts[u.what]++
		area += u.after
	}
	var said []string
	for what, n := range counts {
		if n > 0 {
			said = append(said, fmt.Sprintf("%s %d", changeText[what], n))
		}
	}
	s.Notes = []string{
		strings.Join(said, " · "),
		fmt.Sprintf("面积 Area %.2f km²", area/1e6),
		"方案摘要 Digest of the plan SHA-256 " + c.digest,
	}
	if c.settings.ReviewNumber != "" {
		s.Notes = append(s.Notes, c.settings.ReviewNumber)
	}
	if c.settings.Demo {
		s.Notes = append(s.Notes, "数据为虚构。 The data are invented.")
	}
	return s
}

// gaps are the accepted gaps of a unit above, "" for all.
func (c contents) gaps(parent string) (l atlas.Layer) {
	for _, u := range c.of(plan.Excluded) {
		if parent == "" || u.Parent == parent {
			l.Areas = append(l.Areas, atlas.Area{Shape: u.Area.Orb(), Fill: gap, Stroke: line, Width: 0.1, Label: u.Name})
		}
	}
	return l
}

// gapEntry explains the accepted gaps, where there are any.
func gapEntry(gaps atlas.Layer) []atlas.Entry {
	if len(gaps.Areas) == 0 {
		return nil
	}
	return []atlas.Entry{{Text: "排除区 Excluded", Fill: gap}}
}

func changeEntries(units []unitChange) (entries []atlas.Entry) {
	var there [changes]bool
	for _, u := range units {
		there[u.what] = true
	}
	for what, text := range changeText {
		if there[what] && change(what) != ended {
			entries = append(entries, atlas.Entry{Text: text, Fill: fills[what]})
		}
	}
	return entries
}

func (h *held) levelText() string { return strings.TrimSpace(h.level.TitleZh + " " + h.level.TitleEn) }

// columns are those of a table: ">" before a title says that they are numbers, "=" that
// they are codes.
func columns(titles ...string) (list []atlas.Column) {
	for _, title := range titles {
		text, right := strings.CutPrefix(title, ">")
		text, whole := strings.CutPrefix(text, "=")
		list = append(list, atlas.Column{Title: text, Right: right, Whole: whole})
	}
	return list
}

// metres2 is an area as a table shows it, nothing for none.
func metres2(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

func (c contents) changeTable() atlas.Table {
	t := atlas.Table{Title: "各单元前后对比 Units before and after", Columns: columns("=代码 Code", "名称 Name", "=上级 Parent",
		"=变化 Change", ">前 m² Before", ">后 m² After", ">差 m² Difference")}
	for _, u := range c.changes {
		row := []string{u.code, u.name, u.parent, changeText[u.what], metres2(u.before), metres2(u.after), metres2(tenths(u.after - u.before))}
		if u.what != fresh && u.wasName != u.name {
			row[1] += " ← " + u.wasName
		}
		if u.what != fresh && u.wasParent != u.parent {
			row[2] += " ← " + u.wasParent
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func lineageTable(list []heir) atlas.Table {
	t := atlas.Table{Title: "沿革 Lineage", Columns: columns("=原代码 Before", "原名称 Name", "=现代码 After", "现名称 Name", ">共有面积 m² Shared")}
	for _, r := range list {
		t.Rows = append(t.Rows, []string{r.before, r.beforeName, r.after, r.afterName, metres2(r.shared)})
	}
	return t
}

func (h *held) excludedTable() atlas.Table {
	t := atlas.Table{Title: "排除区 Accepted gaps", Columns: columns("=上级 Parent", "原因 Reason", ">面积 m² Area")}
	for _, u := range h.of(plan.Excluded) {
		t.Rows = append(t.Rows, []string{u.Parent, u.Name, metres2(squareMetres(u.Area))})
	}
	return t
}

// decision is who decided what when. People stand there as in the audit, by the number
// of their account.
func (h *held) decision(ctx context.Context, db pg.DB) (atlas.Table, error) {
	var publishedBy string
	if err := db.QueryRow(ctx, `SELECT coalesce(published_by, '') FROM plan WHERE id = $1`, h.ID).Scan(&publishedBy); err != nil {
		return atlas.Table{}, fmt.Errorf("decision on plan %d: %w", h.ID, err)
	}
	t := atlas.Table{Title: "决定 Decision", Columns: columns("=事项 Item", "内容 Content")}
	add := func(item string, content ...string) {
		if text := strings.TrimSpace(strings.Join(content, " ")); text != "" {
			t.Rows = append(t.Rows, []string{item, text})
		}
	}
	when := func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return moment(*at)
	}
	adoptedBy := ""
	if h.AdoptedBy != nil {
		adoptedBy = *h.AdoptedBy
	}
	add("方案 Plan", strconv.FormatInt(h.ID, 10), h.Name)
	add("层级 Level", h.levelText())
	add("编制 Drawn up", h.CreatedBy, when(&h.CreatedAt))
	add("通过 Adopted", adoptedBy, when(h.AdoptedAt))
	add("发布 Published", publishedBy, when(h.PublishedAt))
	add("生效日期 In force from", h.day().String())
	add("单元数 Units", strconv.Itoa(len(h.of(plan.Part))))
	add("修复次数 Repairs", strconv.Itoa(h.Repairs))
	add("摘要 Digest", "SHA-256 "+h.digest)
	return t, nil
}
