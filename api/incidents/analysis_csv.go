package incidents

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"wangge/geo/incident"
	"wangge/geo/staff"
)

// table is an analysis as CSV, from the same rows as its JSON. Every line says what
// it covers and how it was rounded, for lines are copied without their heads.
func (h analysis) table(ctx context.Context, actor staff.Actor, q incident.Question, in *exportInput) ([]byte, error) {
	now := time.Now()
	switch in.What {
	case "units":
		a, err := h.analyst.Units(ctx, actor, q, in.Level, now)
		t := newSheet(a.Scope, "unit", "name", "level", "parent", "incidents", "households", "per_100_households", "low_95", "high_95", "rank", "median_days")
		for _, u := range a.Items {
			t.line(append([]string{u.Unit, u.Name, u.Level, u.Parent, whole(u.Incidents), whole(u.Households)},
				append(rated(u.Rate), whole(u.Rank), decimal(u.MedianDays))...)...)
		}
		return t.bytes(err)
	case "cells":
		a, err := h.analyst.Cells(ctx, actor, q, in.Resolution, now)
		t := newSheet(a.Scope, "cell", "incidents", "households", "per_100_households", "low_95", "high_95")
		for _, c := range a.Items {
			t.line(append([]string{c.Cell, strconv.Itoa(c.Incidents), whole(c.Households)}, rated(c.Rate)...)...)
		}
		return t.bytes(err)
	case "trend":
		a, err := h.analyst.Trend(ctx, actor, q, in.By, now)
		t := newSheet(a.Scope, "step_from", "step_to", "incidents")
		for _, s := range a.Items {
			t.line(s.From.String(), s.To.String(), whole(s.Incidents))
		}
		return t.bytes(err)
	case "matrix":
		a, err := h.analyst.Matrix(ctx, actor, q, now)
		t := newSheet(a.Scope, "weekday", "hour", "hours", "incidents")
		for _, s := range a.Items {
			t.line(strconv.Itoa(s.Weekday), strconv.Itoa(s.Hour), strconv.Itoa(a.Hours), whole(s.Incidents))
		}
		return t.bytes(err)
	}
	a, err := h.analyst.HotSpots(ctx, actor, in.of(q, in.Resolution), now)
	t := newSheet(a.Scope, "cell", "class", "incidents", "z", "p", "q", "measure", "rings", "cells_tested")
	for _, s := range a.Items {
		t.line(s.Cell, string(s.Class), whole(s.Incidents), decimal(&s.Z), decimal(&s.P), decimal(&s.Q), a.Measure, strconv.Itoa(a.Rings), strconv.Itoa(a.Cells))
	}
	return t.bytes(err)
}

// sheet writes lines that end with what the whole covers.
type sheet struct {
	out   bytes.Buffer
	lines *csv.Writer
	scope []string
}

func newSheet(s incident.Scope, columns ...string) *sheet {
	t := &sheet{}
	t.out.WriteString("\ufeff") // tells spreadsheets that this is UTF-8
	t.lines = csv.NewWriter(&t.out)
	t.scope = []string{"from", "to", "units_on", "within", "category", "rounded_to", "least_sample"}
	t.line(columns...)
	t.scope = []string{s.From.String(), s.To.String(), s.On.String(), s.Unit, s.Category, strconv.Itoa(s.Step), strconv.Itoa(s.Sample)}
	return t
}

func (t *sheet) line(values ...string) {
	line := append(values, t.scope...)
	for i, v := range line {
		line[i] = inert(v)
	}
	_ = t.lines.Write(line) // into memory
}

func (t *sheet) bytes(err error) ([]byte, error) {
	t.lines.Flush()
	return t.out.Bytes(), err
}

// inert keeps a name from being taken for a formula by a spreadsheet; numbers are
// left alone.
func inert(text string) string {
	if _, err := strconv.ParseFloat(text, 64); err != nil && text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// whole is a count, empty when hidden.
func whole(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

func decimal(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', 6, 64)
}

func rated(r *incident.Rate) []string {
	if r == nil {
		return []string{"", "", ""}
	}
	return []string{decimal(&r.Value), decimal(&r.Low), decimal(&r.High)}
}
