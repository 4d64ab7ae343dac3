package town

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"wangge/geo"
)

// writeCheckpoints writes where patrols are to come by: the gates of compounds, and the
// doors of every tenth building with homes.
func (t *Town) writeCheckpoints(w io.Writer) error {
	rows := [][]string{{"点位编号", "点位名称", "经度", "纬度", "半径(米)"}}
	add := func(number, name string, at geo.Point, radius string) {
		lon, lat := degrees(at)
		rows = append(rows, []string{number, name, lon, lat, radius})
	}
	for i, c := range t.Compounds {
		for n, gate := range c.Gates {
			add(fmt.Sprintf("G%d-%d", i+1, n+1), fmt.Sprintf("%s%d号门", c.Name, n+1), t.Nodes[gate], "30")
		}
	}
	last, doors := int32(-1), 0
	for i := range t.Households {
		h := &t.Households[i]
		if h.In == last {
			continue
		}
		if last = h.In; doors%10 == 0 {
			add(fmt.Sprintf("D%d", h.In), h.Compound+h.Building+"门前", h.At, "60")
		}
		doors++
	}
	return csv.NewWriter(w).WriteAll(rows)
}

// writePremises writes a register of rented houses in three colours: about one in ten,
// of which some are to be inspected again by now.
func (t *Town) writePremises(w io.Writer) error {
	rows := [][]string{{"房屋编号", "房屋名称", "等级", "原因", "检查日期", "有效期至", "经度", "纬度"}}
	grades := []struct {
		title, reason string
		days          int // how long an inspection is good for
	}{{"绿", "", 180}, {"绿", "", 180}, {"黄", "楼道堆放杂物", 90}, {"绿", "", 180}, {"红", "电动车楼内充电", 30}}
	rented := 0
	for i := range t.Households {
		h := &t.Households[i]
		if h.Kind != "rental" {
			continue
		}
		if rented++; rented%10 != 0 {
			continue
		}
		n := rented / 10
		grade := grades[n%len(grades)]
		ago := n * 13 % grade.days
		if n%4 == 1 { // it has run out
			ago = grade.days + 1 + n%9
		}
		inspected := t.Now.In(shanghai).AddDate(0, 0, -ago)
		lon, lat := degrees(h.At)
		rows = append(rows, []string{"FW-" + strconv.Itoa(rented), h.Address, grade.title, grade.reason,
			inspected.Format(time.DateOnly), inspected.AddDate(0, 0, grade.days).Format(time.DateOnly), lon, lat})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

// writeBlocks writes which zones are to be seen again and again: the shops of a street
// every half month.
func (t *Town) writeBlocks(w io.Writer) error {
	rows := [][]string{{"区块编码", "更新周期(天)", "最近更新"}}
	for i, z := range t.Zones {
		if z.Kind == "street-shops" {
			rows = append(rows, []string{z.Code, "15", t.Now.In(shanghai).AddDate(0, 0, -(i * 5 % 25)).Format(time.DateOnly)})
		}
	}
	return csv.NewWriter(w).WriteAll(rows)
}
