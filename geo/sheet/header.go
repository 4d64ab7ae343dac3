package sheet

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// peeked is how many rows are looked at to find the header.
const peeked = 12

// findHeader reads the first rows, passes over titles above the header and a
// description under it, and leaves the other rows to be read.
func (s *Sheet) findHeader(o Options) error {
	rows, err := s.peek(o)
	if err != nil {
		return err
	}
	at := 0
	if o.HeaderLine == 0 {
		at = s.titles(rows)
	}
	if rows[at].Fault != nil {
		return ErrDamaged.Saying("The header cannot be read: " + rows[at].Fault.Detail).With(*rows[at].Fault)
	}
	for _, row := range rows[:at] {
		s.note(row.Line, CodeTitle, fmt.Sprintf("The row %.60q above the header was passed over.", strings.TrimSpace(strings.Join(row.Cells, " "))))
	}
	s.header, s.HeaderLine = rows[at].Cells, rows[at].Line
	at++
	if at < len(rows) && s.twoRows(o, rows[at-1], rows[at]) {
		s.header, s.HeaderLine = joinHeaders(s.header, rows[at].Cells, s.merged(rows[at-1].Line)), rows[at].Line
		at++
	}
	s.tidyHeader()
	if len(s.header) == 0 {
		return ErrEmpty
	}
	if len(s.header) > o.Limits.Columns {
		return ErrTooLarge.Saying(fmt.Sprintf("It has %d columns, the limit is %d.", len(s.header), o.Limits.Columns))
	}
	if at < len(rows) && (o.Description == Skip || o.Description == Recognise && describes(rows[at])) {
		s.Description = rows[at]
		s.note(rows[at].Line, CodeDescription, "The row under the header explains the columns; it was passed over.")
		at++
	}
	for _, row := range rows[at:] {
		s.compare(&row)
		s.pending = append(s.pending, row)
	}
	return nil
}

// peek reads the first rows from the header line on, or from the beginning.
func (s *Sheet) peek(o Options) ([]Row, error) {
	var rows []Row
	for len(rows) < peeked {
		row, err := s.nextFilled()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if row.Line >= o.HeaderLine {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, ErrEmpty
	}
	return rows, nil
}

// titles counts the rows above the header. A title has one or two filled cells
// where the table below it has more than twice as many, and three at least. In a
// CSV it is a line without any delimiter, or one as long as the others: two cells
// above rows of five are a header, and the rows are wrong.
func (s *Sheet) titles(rows []Row) int {
	widest, longest := 0, 0
	for _, row := range rows {
		widest = max(widest, filled(row))
		longest = max(longest, len(row.Cells))
	}
	n := 0
	for n+1 < len(rows) && rows[n].Fault == nil {
		cells, size := filled(rows[n]), len(rows[n].Cells)
		whole := s.Format == "XLSX" || size == 1 || size == longest
		if cells > 2 || widest < 3 || 2*cells >= widest || !whole {
			break
		}
		n++
	}
	return n
}

// twoRows tells whether the second row belongs to the header, as in
//
//	| 编号 |   位置      |
//	|      | 经度 | 纬度 |
//
// which shows in cells of the first row merged across columns. Without merged
// cells, as in CSV, nothing tells such a row from data; Options do.
func (s *Sheet) twoRows(o Options, first, second Row) bool {
	if o.HeaderRows != 0 || second.Fault != nil {
		return o.HeaderRows == 2 && second.Fault == nil
	}
	for _, m := range s.merged(first.Line) {
		across := m.right > m.left && m.top == m.bottom
		if across && filledIn(second, m.left, m.right) > 1 {
			return true
		}
	}
	return false
}

func filledIn(row Row, from, to int) int {
	n := 0
	for i := from; i <= to && i < len(row.Cells); i++ {
		if strings.TrimSpace(row.Cells[i]) != "" {
			n++
		}
	}
	return n
}

// merged are the merged cells that begin in a row; CSV has none.
func (s *Sheet) merged(line int) []merge {
	if x, ok := s.src.(*worksheet); ok {
		return x.merges[line]
	}
	return nil
}

// joinHeaders makes one header of two rows. The lower name is enough where it is
// the only one of its kind; otherwise the group's name comes before it.
func joinHeaders(upper, lower []string, merges []merge) []string {
	width := max(len(upper), len(lower))
	group := make([]string, width)
	copy(group, upper)
	for _, m := range merges {
		for i := m.left + 1; i <= m.right && i < width && m.left < width; i++ {
			group[i] = group[m.left]
		}
	}
	seen := map[string]int{}
	for _, name := range lower {
		seen[strings.TrimSpace(name)]++
	}
	header := make([]string, width)
	for i := range header {
		name := ""
		if i < len(lower) {
			name = strings.TrimSpace(lower[i])
		}
		switch {
		case name == "":
			header[i] = group[i]
		case seen[name] > 1 && strings.TrimSpace(group[i]) != "":
			header[i] = strings.TrimSpace(group[i]) + " " + name
		default:
			header[i] = name
		}
	}
	return header
}

// tidyHeader trims the names and drops empty columns at the end.
func (s *Sheet) tidyHeader() {
	header := make([]string, len(s.header))
	for i, name := range s.header {
		header[i] = trim(strings.ReplaceAll(strings.ReplaceAll(name, "\r\n", " "), "\n", " "))
	}
	for len(header) > 0 && header[len(header)-1] == "" {
		header = header[:len(header)-1]
	}
	s.header = header
}

// explaining are words of the row of explanations in templates.
var explaining = []string{
	"必填", "选填", "可选", "必须", "填写", "说明", "示例", "例如", "例：", "例:", "如：", "如:", "格式", "下拉", "单位：", "单位:", "不填", "可空", "为空", "请输入", "请选择", "请填", "不超过", "字典", "备注：",
	"required", "optional", "mandatory", "e.g.", "example", "format:", "please", "max length", "fill in", "leave blank",
}

// describes tells whether a row explains the columns. It must be sure, since a
// household must not be taken for an explanation: at least two cells, and a
// third of the filled ones, contain the words of templates, and none is a number.
func describes(row Row) bool {
	if row.Fault != nil {
		return false
	}
	total, explained := 0, 0
	for _, cell := range row.Cells {
		cell = strings.ToLower(trim(cell))
		if cell == "" {
			continue
		}
		total++
		if _, err := parseFloat(cell); err == nil {
			return false
		}
		for _, word := range explaining {
			if strings.Contains(cell, word) && utf8.RuneCountInString(cell) < 500 {
				explained++
				break
			}
		}
	}
	return explained >= min(2, total) && 3*explained >= total && total > 0
}
