package sheet

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"wangge/geo/fault"
)

// The readers of values return ok = false for an empty cell, and a fault with
// row and column for one that cannot be read.

func (c *Columns) bad(row Row, field, code, format string, args ...any) *fault.Place {
	return &fault.Place{Pointer: c.Pointer(row, field), Code: code, Detail: fmt.Sprintf(format, args...)}
}

// plain writes digits, signs and letters of any width as ASCII.
func (c *Columns) plain(row Row, field string) string {
	text := c.Get(row, field)
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return trim(norm.NFKC.String(text))
		}
	}
	return text
}

// Int reads a whole number: "12", "１２", "1,200", "12.0".
func (c *Columns) Int(row Row, field string) (v int64, ok bool, bad *fault.Place) {
	f, ok, bad := c.Float(row, field)
	if !ok || bad != nil {
		return 0, false, bad
	}
	if f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, false, c.bad(row, field, CodeNumber, "%q is not a whole number.", c.Get(row, field))
	}
	return int64(f), true, nil
}

// Float reads a number: "120.13", "１２０．１３", "1,200.5", "1.2E+2".
func (c *Columns) Float(row Row, field string) (v float64, ok bool, bad *fault.Place) {
	text := c.plain(row, field)
	if text == "" {
		return 0, false, nil
	}
	v, err := parseFloat(text)
	if err != nil {
		return 0, false, c.bad(row, field, CodeNumber, "%.40q is not a number.", text)
	}
	return v, true, nil
}

var thousands = regexp.MustCompile(`^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$`)

// parseFloat reads decimal numbers only: no NaN, Inf or hexadecimal ones.
func parseFloat(text string) (float64, error) {
	if strings.Contains(text, ",") && thousands.MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, strconv.ErrSyntax
		}
	}
	return strconv.ParseFloat(text, 64)
}

var truth = map[string]bool{
	"是": true, "有": true, "对": true, "√": true, "✓": true, "✔": true, "y": true, "yes": true, "true": true, "t": true, "1": true, "on": true,
	"否": false, "无": false, "不": false, "没有": false, "错": false, "×": false, "✗": false, "x": false, "n": false, "no": false, "false": false, "f": false, "0": false, "off": false,
}

// Bool reads 是 and 否, 有 and 无, yes and no, true and false, 1 and 0, √ and ×.
func (c *Columns) Bool(row Row, field string) (v, ok bool, bad *fault.Place) {
	text := strings.ToLower(c.plain(row, field))
	if text == "" {
		return false, false, nil
	}
	v, known := truth[text]
	if !known {
		return false, false, c.bad(row, field, CodeBool, "%.40q is neither yes nor no (是, 否).", text)
	}
	return v, true, nil
}

// dateLayouts are tried one after another on a date with "-" between its parts.
// Of the dates that end with the year, which come from American systems, the
// month is first: a file that has the day first shows by its faults.
var (
	dateLayouts = []string{"2006-1-2", "20060102", "1-2-2006"}
	timeLayouts = []string{"", "15:04:05", "15:04", "3:04:05 PM", "3:04 PM", "15:04:05.999999999"}
	dateMarks   = strings.NewReplacer("年", "-", "月", "-", "日", " ", "/", "-", ".", "-", "时", ":", "分", ":", "秒", "", "号", " ")
)

// Date reads a date or a time: 2024-04-05, 2024/4/5, 2024.4.5, 2024年4月5日, 20240405,
// 04/05/2024 03:07:39 PM, 2024-04-05T03:07:39Z. A time without zone is one of zone.
func (c *Columns) Date(row Row, field string, zone *time.Location) (v time.Time, ok bool, bad *fault.Place) {
	text := c.plain(row, field)
	if text == "" {
		return time.Time{}, false, nil
	}
	v, ok = parseDate(text, zone)
	if !ok {
		return time.Time{}, false, c.bad(row, field, CodeDate, "%.40q is not a date such as 2024-04-05 or 2024年4月5日.", text)
	}
	return v, true, nil
}

func parseDate(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	day, clock, _ := strings.Cut(strings.Replace(text, "T", " ", 1), " ")
	if i := strings.IndexAny(text, "日号"); i >= 0 { // 2024年4月5日15时7分
		day, clock = text[:i], text[i+len("日"):]
	}
	day = strings.TrimSuffix(dateMarks.Replace(strings.TrimSpace(day)), "-")
	clock = strings.ToUpper(strings.TrimSuffix(strings.TrimSpace(strings.NewReplacer("时", ":", "点", ":", "分", ":", "秒", "").Replace(clock)), ":"))
	for _, layout := range dateLayouts {
		for _, hours := range timeLayouts {
			if (hours == "") != (clock == "") {
				continue
			}
			t, err := time.ParseInLocation(strings.TrimSpace(layout+" "+hours), strings.TrimSpace(day+" "+clock), zone)
			if err == nil && t.Year() >= 1800 && t.Year() < 2200 {
				return t, true
			}
		}
	}
	return time.Time{}, false
}
