package sheet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"wangge/geo/fault"
)

// Field is something that an importer looks for in a table.
type Field struct {
	Name string
	// Aliases are the headers, Chinese and English, under which it is found, the
	// best first. Case, width, spaces, underscores, marks of obligation and what
	// stands in brackets do not matter.
	Aliases  []string
	Required bool
	// Public says that the field is about a place and not a person: "name" and
	// "phone" of a service point. Only such a field may take a column whose header
	// looks personal, and never one with identity numbers.
	Public bool
}

// Dropped is a column that is not read because it holds personal data.
type Dropped struct {
	Column int    `json:"column" doc:"from zero"`
	Header string `json:"header"`
	Reason string `json:"reason"`
}

// Columns says which column of a table is which field.
type Columns struct {
	// Dropped are the columns with personal data, in the order of the table.
	Dropped []Dropped
	// Unknown are the headers that belong to no field.
	Unknown []string

	header []string
	index  map[string]int
	fields map[string]Field
}

// The faults of a header.
var (
	ErrColumns = fault.New(fault.Invalid, "sheet_columns", "The columns of the table do not fit; rename them, or name them in the mapping.")
)

// Codes of the places of ErrColumns.
const (
	CodeMissing   = "column_missing"   // a required field has no column
	CodeDuplicate = "column_duplicate" // two columns have the header of a field
	CodeMapping   = "mapping_unknown"  // the mapping names what is not there
	CodePersonal  = "column_personal"  // the mapping names a column with personal data
)

// Match finds the columns of fields in a header; custom, the mapping of a person,
// comes before the aliases. It returns ErrColumns with a place for each required
// field that is missing, each header that is there twice, and each mistake in
// the mapping.
func Match(header []string, fields []Field, custom map[string]string) (*Columns, error) {
	m := matcher{
		Columns: Columns{header: header, index: map[string]int{}, fields: map[string]Field{}},
		taken:   map[int]bool{},
	}
	for _, f := range fields {
		m.fields[f.Name] = f
	}
	m.mapped(custom)
	for _, f := range fields {
		if _, done := m.index[f.Name]; !done && custom[f.Name] == "" {
			m.byAlias(f)
		}
	}
	m.leftOver()
	if len(m.places) > 0 {
		return nil, ErrColumns.With(m.places...)
	}
	return &m.Columns, nil
}

type matcher struct {
	Columns
	taken  map[int]bool
	places []fault.Place
}

func (m *matcher) bad(pointer, code, format string, args ...any) {
	m.places = append(m.places, fault.Place{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, args...)})
}

// mapped takes the columns that the mapping names.
func (m *matcher) mapped(custom map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(custom)) {
		header := custom[name]
		field, known := m.fields[name]
		if !known {
			m.bad("mapping "+name, CodeMapping, "There is no field %q.", name)
			continue
		}
		if header == "" {
			continue
		}
		found := m.find(header, loose)
		switch {
		case len(found) == 0:
			m.bad("mapping "+name, CodeMapping, "The table has no column %q; its columns are: %s.", header, strings.Join(m.header, ", "))
		case len(found) > 1:
			m.duplicate(field, found)
		case m.personal(field, found[0]):
			reason, _ := Personal(m.header[found[0]])
			m.bad("mapping "+name, CodePersonal, "The column %q %s; it is never read.", m.header[found[0]], reason)
		default:
			m.take(field, found[0])
		}
	}
}

// byAlias takes the column with the best alias of a field. Aliases are compared
// in full first, so that "面积(m2)" is preferred to "面积" by who lists it.
func (m *matcher) byAlias(field Field) {
	names := append([]string{field.Name}, field.Aliases...)
	for _, key := range []func(string) string{loose, bare} {
		for _, alias := range names {
			found := m.find(alias, key)
			found = slices.DeleteFunc(found, func(i int) bool { return m.taken[i] || m.personal(field, i) })
			switch len(found) {
			case 0:
				continue
			case 1:
				m.take(field, found[0])
			default:
				m.duplicate(field, found)
			}
			return
		}
	}
	if field.Required {
		m.bad("column "+field.Name, CodeMissing, "The table has no column for %q; it would be called: %s. Its columns are: %s.",
			field.Name, strings.Join(field.Aliases, ", "), strings.Join(m.header, ", "))
	}
}

func (m *matcher) duplicate(field Field, found []int) {
	where := make([]string, len(found))
	for i, column := range found {
		where[i] = fmt.Sprintf("%d (%s)", column+1, m.header[column])
		m.taken[column] = true
	}
	m.bad("column "+field.Name, CodeDuplicate, "The columns %s have the same header; rename all but the one that is meant.", strings.Join(where, " and "))
}

func (m *matcher) take(field Field, column int) {
	m.index[field.Name] = column
	m.taken[column] = true
}

// personal tells whether a field must not take a column.
func (m *matcher) personal(field Field, column int) bool {
	reason, personal := Personal(m.header[column])
	return personal && !(field.Public && reason != reasonIdentity)
}

func (m *matcher) find(header string, key func(string) string) []int {
	want := key(header)
	var found []int
	for i, h := range m.header {
		if h != "" && key(h) == want {
			found = append(found, i)
		}
	}
	return found
}

// leftOver sorts the columns of no field into personal and unknown ones.
func (m *matcher) leftOver() {
	for i, header := range m.header {
		if header == "" || m.taken[i] {
			continue
		}
		if reason, personal := Personal(header); personal {
			m.Dropped = append(m.Dropped, Dropped{Column: i, Header: header, Reason: reason})
		} else {
			m.Unknown = append(m.Unknown, header)
		}
	}
}

// Word writes a word of a cell as headers are compared: case, width, spaces and joints do
// not matter.
func Word(text string) string { return loose(text) }

// loose writes a header so that case, width, spaces, joints and marks of
// obligation do not matter: "＊ 经度 " and "Building_No." as "经度" and "buildingno".
func loose(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || isBlank(r) || strings.ContainsRune("_-*:.'\"、·/", r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(header))
}

// bare is loose without what stands in brackets: "经度(WGS84)(必填)" as "经度".
func bare(header string) string {
	text := loose(header)
	var out strings.Builder
	depth := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune("([{【〔", r):
			depth++
		case strings.ContainsRune(")]}】〕", r):
			depth = max(0, depth-1)
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// DropPersonal looks at the values of some rows and drops the columns that hold
// phones or identity numbers whatever their header says: where three values or
// more, and at least a tenth of those there, look like it. Columns of Public
// fields stay, unless it is identity numbers that they hold. Dropped columns of
// fields give "" from then on.
func (c *Columns) DropPersonal(sample []Row) {
	out := map[int]bool{}
	for _, d := range c.Dropped {
		out[d.Column] = true
	}
	names := map[int]string{}
	for name, i := range c.index {
		names[i] = name
	}
	for i, header := range c.header {
		reason, personal := looksPersonal(sample, i)
		if !personal || out[i] || c.fields[names[i]].Public && reason != reasonIdentity {
			continue
		}
		delete(c.index, names[i])
		if at := slices.Index(c.Unknown, header); at >= 0 {
			c.Unknown = slices.Delete(c.Unknown, at, at+1)
		}
		c.Dropped = append(c.Dropped, Dropped{Column: i, Header: header, Reason: reason})
	}
	slices.SortFunc(c.Dropped, func(a, b Dropped) int { return a.Column - b.Column })
}

func looksPersonal(sample []Row, column int) (reason string, ok bool) {
	there, personal := 0, 0
	for _, row := range sample {
		if column >= len(row.Cells) || trim(row.Cells[column]) == "" {
			continue
		}
		there++
		if why, is := LooksPersonal(row.Cells[column]); is {
			personal++
			reason = why
		}
	}
	return reason, personal >= min(3, there) && personal > 0 && 10*personal >= there
}

// Has tells whether the table has a column for a field.
func (c *Columns) Has(field string) bool {
	_, ok := c.index[field]
	return ok
}

// Headers are the headers of the fields that have a column.
func (c *Columns) Headers() map[string]string {
	headers := make(map[string]string, len(c.index))
	for field, i := range c.index {
		headers[field] = c.header[i]
	}
	return headers
}

// Header is the header of a field's column, "" if it has none.
func (c *Columns) Header(field string) string {
	if i, ok := c.index[field]; ok {
		return c.header[i]
	}
	return ""
}

// Pointer names the cell of a field for people: "row 17, column 3 (经度)".
func (c *Columns) Pointer(row Row, field string) string {
	i, ok := c.index[field]
	if !ok {
		return pointer(row.Line)
	}
	return fmt.Sprintf("%s, column %d (%s)", pointer(row.Line), i+1, c.header[i])
}

// Fault says why a row cannot be used: its own fault, or that of a cell in a
// column that is read. It returns nil for a good row.
func (c *Columns) Fault(row Row) *fault.Place {
	if row.Fault != nil {
		return row.Fault
	}
	var worst *fault.Place
	first := len(c.header)
	for name, i := range c.index {
		if bad, ok := row.cells[i]; ok && i < first {
			first = i
			bad.Pointer = c.Pointer(row, name)
			worst = &bad
		}
	}
	return worst
}

// Get returns the text of a field, "" when the table has no such column. White
// space around it is dropped, full-width letters, digits and spaces become
// ordinary ones.
func (c *Columns) Get(row Row, field string) string {
	i, ok := c.index[field]
	if !ok || i >= len(row.Cells) {
		return ""
	}
	return trim(halfWidth(row.Cells[i]))
}

// halfWidth replaces full-width letters, digits and spaces.
func halfWidth(s string) string {
	for _, r := range s {
		if isWide(r) {
			return strings.Map(narrow, s)
		}
	}
	return s
}

func isWide(r rune) bool {
	return r == '\u3000' || r >= '０' && r <= '９' || r >= 'Ａ' && r <= 'Ｚ' || r >= 'ａ' && r <= 'ｚ'
}

func narrow(r rune) rune {
	switch {
	case r == '\u3000':
		return ' '
	case isWide(r):
		return r - 0xFEE0
	}
	return r
}

// isBlank are the runes that nobody sees at the ends of a text.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' || r == '\u200e' || r == '\u200f' || r == '\u2060' || r == 0
}
