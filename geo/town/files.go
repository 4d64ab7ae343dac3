package town

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/vectorfile"
)

// shanghai is the time of ledgers: UTC+8 without daylight saving.
var shanghai = time.FixedZone("UTC+8", 8*60*60)

// Files writes the town as the files a real one would hand in, to try the imports
// with: the boundaries of each level (boundaries-town.geojson and so on), the
// ledgers of households, incidents, service points and candidate sites and the registers of
// checkpoints, three-colour premises and blocks as CSV with Chinese headers in UTF-8, and each patrol as GPX in tracks. The folder is made; files
// in it are written over.
func (t *Town) Files(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "tracks"), 0o755); err != nil {
		return fmt.Errorf("write demo town: %w", err)
	}
	writers := map[string]func(io.Writer) error{
		"households.csv":     t.writeHouseholds,
		"incidents.csv":      t.writeIncidents,
		"service-points.csv": t.writeServicePoints,
		"candidates.csv":     t.writeCandidates,
		"checkpoints.csv":    t.writeCheckpoints,
		"premises.csv":       t.writePremises,
		"blocks.csv":         t.writeBlocks,
		"zones.geojson":      t.writeZones,
	}
	for _, l := range t.Levels {
		writers["boundaries-"+l.Code+".geojson"] = func(w io.Writer) error { return t.writeBoundaries(w, l) }
	}
	for _, track := range t.Tracks {
		writers[filepath.Join("tracks", track.ID+".gpx")] = func(w io.Writer) error { return t.writeTrack(w, track) }
	}
	for file, write := range writers {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("write demo town: %w", err)
		}
		if err := writeFile(filepath.Join(dir, file), write); err != nil {
			return fmt.Errorf("write demo town: %s: %w", file, err)
		}
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

func (t *Town) writeBoundaries(w io.Writer, l Level) error {
	columns := []vectorfile.Column{
		{Name: "code", Type: vectorfile.Text}, {Name: "parent_code", Type: vectorfile.Text}, {Name: "level", Type: vectorfile.Text},
		{Name: "name", Type: vectorfile.Text}, {Name: "name_en", Type: vectorfile.Text}, {Name: "kind", Type: vectorfile.Text},
	}
	return vectorfile.WriteGeoJSON(w, vectorfile.Layer{
		Name: l.Code, Title: l.Title + "（虚构）", Kind: vectorfile.MultiPolygons, Columns: columns, Changed: t.Now,
		Rows: func(yield func(vectorfile.Row, error) bool) {
			for _, u := range t.Units {
				if u.Level != l.Code {
					continue
				}
				row := vectorfile.Row{ID: u.Code, Values: []any{u.Code, u.Parent, u.Level, u.Name, u.NameEn, u.Kind}, Geometry: u.Area.Orb()}
				if !yield(row, nil) {
					return
				}
			}
		},
	})
}

func (t *Town) writeZones(w io.Writer) error {
	columns := []vectorfile.Column{
		{Name: "code", Type: vectorfile.Text}, {Name: "kind", Type: vectorfile.Text},
		{Name: "name", Type: vectorfile.Text}, {Name: "name_en", Type: vectorfile.Text},
	}
	return vectorfile.WriteGeoJSON(w, vectorfile.Layer{
		Name: "zones", Title: "叠加区（虚构）", Kind: vectorfile.MultiPolygons, Columns: columns, Changed: t.Now,
		Rows: func(yield func(vectorfile.Row, error) bool) {
			for _, z := range t.Zones {
				if !yield(vectorfile.Row{ID: z.Code, Values: []any{z.Code, z.Kind, z.Name, z.NameEn}, Geometry: z.Area.Orb()}, nil) {
					return
				}
			}
		},
	})
}

func (t *Town) writeHouseholds(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"户编号", "小区", "楼栋", "单元", "门牌", "地址", "房屋类型", "是否入住", "0-2岁", "3-6岁", "7-17岁", "18-59岁", "60-79岁", "80岁以上", "经度", "纬度"}); err != nil {
		return err
	}
	kinds := map[string]string{"owner": "自住", "rental": "出租", "self-built": "自建", "collective": "集体"}
	count := func(n uint8) string { return strconv.Itoa(int(n)) }
	for i := range t.Households {
		h := &t.Households[i]
		occupied := "否"
		if h.Occupied {
			occupied = "是"
		}
		lon, lat := degrees(h.At)
		a := h.People
		if err := out.Write([]string{
			h.SourceID, h.Compound, h.Building, h.Stairwell, h.Doorplate, h.Address, kinds[h.Kind], occupied,
			count(a.To2), count(a.To6), count(a.To17), count(a.To59), count(a.To79), count(a.From80), lon, lat,
		}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (t *Town) writeIncidents(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"事件编号", "类别代码", "类别", "来源渠道", "描述", "地址", "状态", "上报时间", "结案时间", "经度", "纬度"}); err != nil {
		return err
	}
	channels := map[string]string{"patrol": "巡查", "resident": "居民上报", "hotline": "热线"}
	states := map[string]string{"reported": "已上报", "accepted": "已受理", "dispatched": "已派单", "handled": "已处置", "closed": "已结案"}
	titles := map[string]string{}
	for _, c := range Categories() {
		titles[c.Code] = c.Title
	}
	for _, x := range t.Incidents {
		closed := ""
		if !x.ClosedAt.IsZero() {
			closed = local(x.ClosedAt)
		}
		lon, lat := degrees(x.At)
		if err := out.Write([]string{x.ID, x.Category, titles[x.Category], channels[x.Channel], x.Text, x.Address, states[x.State], local(x.ReportedAt), closed, lon, lat}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (t *Town) writeServicePoints(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"点位编号", "名称", "英文名称", "级别", "地址", "功能", "开放时间", "服务事项", "每月活动", "容纳人数", "一楼", "无障碍", "流动", "状态", "启用日期", "经度", "纬度"}); err != nil {
		return err
	}
	yes := map[bool]string{true: "是", false: "否"}
	for _, p := range t.ServicePoints {
		// A ledger has one column for the hours: those of the first function.
		var codes, list, sessions []string
		for _, f := range p.Functions {
			codes, list = append(codes, f.Code), append(list, f.Items...)
		}
		for _, s := range p.Sessions {
			sessions = append(sessions, s.Title+" "+s.Hours)
		}
		from := ""
		for _, stage := range p.Life {
			if !stage.From.After(t.Now) {
				from = stage.From.Format(time.DateOnly)
			}
		}
		lon, lat := degrees(p.At)
		if err := out.Write([]string{
			p.ID, p.Name, p.NameEn, p.Tier, p.Address, strings.Join(codes, ";"),
			p.Functions[0].Hours, strings.Join(list, ";"), strings.Join(sessions, " | "),
			strconv.Itoa(p.Capacity), yes[p.GroundFloor], yes[p.StepFree], yes[len(p.Stops) > 0], p.State(t.Now), from, lon, lat,
		}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// The elements of GPX 1.1 that a track needs.
type gpx struct {
	XMLName xml.Name `xml:"http://www.topografix.com/GPX/1/1 gpx"`
	Version string   `xml:"version,attr"`
	Creator string   `xml:"creator,attr"`
	Name    string   `xml:"trk>name"`
	Desc    string   `xml:"trk>desc"`
	Parts   []gpxSeg `xml:"trk>trkseg"`
}

type gpxSeg struct {
	Points []gpxPoint `xml:"trkpt"`
}

type gpxPoint struct {
	Lat  string `xml:"lat,attr"`
	Lon  string `xml:"lon,attr"`
	Time string `xml:"time"`
	// GPX has no accuracy in metres; five metres are taken as a dilution of one.
	HDOP string `xml:"hdop"`
}

// writeTrack writes a patrol; after a gap of more than half a minute a new
// segment begins.
func (t *Town) writeTrack(w io.Writer, track Track) error {
	doc := gpx{Version: "1.1", Creator: "Wangge", Name: track.Post, Desc: t.Notice}
	for i, x := range track.Fixes {
		if i == 0 || x.At.Sub(track.Fixes[i-1].At) > 30*time.Second {
			doc.Parts = append(doc.Parts, gpxSeg{})
		}
		last := &doc.Parts[len(doc.Parts)-1]
		last.Points = append(last.Points, gpxPoint{
			Lat: decimal(x.Point[1]), Lon: decimal(x.Point[0]), Time: x.At.UTC().Format(time.RFC3339),
			HDOP: strconv.FormatFloat(float64(x.Accuracy)/5, 'f', 2, 64),
		})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	return e.Encode(doc)
}

func degrees(p geo.Point) (lon, lat string) {
	var at orb.Point = p.Degrees()
	return decimal(at[0]), decimal(at[1])
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }

func local(at time.Time) string { return at.In(shanghai).Format(time.RFC3339) }
