package patrol

import "wangge/geo/vectorfile"

// Tables are what was seen of the units below the one that was asked about, and each missed
// checkpoint, with headers in Chinese or in English.
func (c Coverage) Tables(chinese bool) (units, missed vectorfile.Layer) {
	say := func(zh, en string) string {
		if chinese {
			return zh
		}
		return en
	}
	column := func(zh, en string, kind vectorfile.Type) vectorfile.Column {
		return vectorfile.Column{Name: say(zh, en), Type: kind}
	}
	units = vectorfile.Layer{Name: say("巡查覆盖", "Coverage"), Columns: []vectorfile.Column{
		column("单元代码", "Unit code", vectorfile.Text), column("单元名称", "Unit", vectorfile.Text),
		column("起", "From", vectorfile.Text), column("止", "To", vectorfile.Text),
		column("街道(米)", "Streets (m)", vectorfile.Real), column("已看街道(米)", "Streets seen (m)", vectorfile.Real), column("街道已看占比", "Share of streets", vectorfile.Real),
		column("格数", "Cells", vectorfile.Real), column("已看格数", "Cells seen", vectorfile.Real), column("格已看占比", "Share of cells", vectorfile.Real),
		column("街区数", "Blocks", vectorfile.Real), column("已看街区数", "Blocks seen", vectorfile.Real), column("街区已看占比", "Share of blocks", vectorfile.Real),
		column("最久未看(天)", "Longest unseen (days)", vectorfile.Integer), column("半数街道距上次看过(天)", "Half of the streets seen within (days)", vectorfile.Integer),
		column("从未看过的街道(米)", "Streets never seen (m)", vectorfile.Real),
	}}
	units.Rows = func(yield func(vectorfile.Row, error) bool) {
		for _, u := range c.Children {
			values := []any{u.Unit, u.Name, c.From.String(), c.To.String()}
			for _, p := range []Part{u.Streets, u.Cells, u.Blocks} {
				values = append(values, p.All, p.Seen, orNil(p.Share))
			}
			if !yield(vectorfile.Row{Values: append(values, orNil(u.Since.Oldest), orNil(u.Since.Median), u.Since.Never)}, nil) {
				return
			}
		}
	}
	missed = vectorfile.Layer{Name: say("漏打的卡点", "Missed checkpoints"), Columns: []vectorfile.Column{
		column("日期", "Day", vectorfile.Text), column("单元代码", "Unit code", vectorfile.Text), column("巡查路线", "Beat", vectorfile.Text),
		column("序号", "Number", vectorfile.Integer), column("打卡点", "Checkpoint", vectorfile.Text),
	}}
	missed.Rows = func(yield func(vectorfile.Row, error) bool) {
		for _, m := range c.Missed {
			if !yield(vectorfile.Row{Values: []any{m.Day.String(), m.Unit, m.BeatName, m.Ordinal, m.CheckpointName}}, nil) {
				return
			}
		}
	}
	return units, missed
}

// orNil is what a pointer points at, or nothing.
func orNil[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}
