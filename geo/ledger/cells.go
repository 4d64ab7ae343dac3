package ledger

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/redact"
	"wangge/geo/sheet"
)

// The fields every ledger has.
const (
	FieldID  = "source_id"
	FieldLon = "lon"
	FieldLat = "lat"
)

// CommonFields are recognised in every ledger file.
func CommonFields() []sheet.Field {
	return []sheet.Field{
		{Name: FieldID, Aliases: []string{"id", "source id", "编号", "序号id", "户号", "户编号", "房屋编号", "房屋编码", "编码", "唯一标识", "uuid",
			"SRRecordID", "service_request_id", "code", "事件编号", "案件编号", "工单编号", "工单号", "任务号", "点位编号"}},
		{Name: FieldLon, Aliases: []string{"longitude", "lng", "long", "x", "经度", "经度坐标", "坐标x", "x坐标", "横坐标", "东坐标", "easting"}},
		{Name: FieldLat, Aliases: []string{"latitude", "y", "纬度", "纬度坐标", "坐标y", "y坐标", "纵坐标", "北坐标", "northing"}},
	}
}

// maxText is the longest text a ledger keeps, in bytes.
const maxText = 600

// Cells gives the values of one row by field.
type Cells struct {
	columns    *sheet.Columns
	at         map[string]int // field → column
	zone       *time.Location // of instants without one
	row        Row
	cellFaults bool     // single cells may be bad
	derived    []string // fields the id is made of; empty when the file has ids
	needs      int      // how many of them a row must fill
	notes      map[[2]string]*Note
}

func newCells(book Book, rows Rows, opts Options) (*Cells, error) {
	found, err := rows.Columns(append(CommonFields(), book.Fields...), opts.Fields)
	if err != nil {
		return nil, err
	}
	c := &Cells{
		columns: found, at: positions(found, rows.header, book), zone: opts.Zone,
		cellFaults: rows.cellFaults, notes: map[[2]string]*Note{},
	}
	if !c.Has(FieldID) {
		if len(book.DerivedFrom) == 0 {
			return nil, ErrNoID
		}
		c.derived, c.needs = book.DerivedFrom, book.DerivedNeeds
	}
	if book.PlaceNeeded && !rows.Placed(found) {
		return nil, ErrNoPlaces
	}
	return c, nil
}

// positions tells the column of each field, by asking for a row of their numbers.
func positions(found *sheet.Columns, header []string, book Book) map[string]int {
	numbers := sheet.Row{Cells: make([]string, len(header))}
	for i := range header {
		numbers.Cells[i] = strconv.Itoa(i)
	}
	at := map[string]int{}
	for _, f := range append(CommonFields(), book.Fields...) {
		if i, err := strconv.Atoi(found.Get(numbers, f.Name)); err == nil {
			at[f.Name] = i
		}
	}
	return at
}

// Has reports whether the file has a column for the field.
func (c *Cells) Has(field string) bool { return c.columns.Has(field) }

// Text is the cell of a field, trimmed; "" when the file has no such column.
func (c *Cells) Text(field string) string {
	s, quick := c.quick(field)
	if quick {
		return s
	}
	return Clean(c.columns.Get(c.row.Row, field))
}

// quick is the text of a cell that needs no cleaning, as nearly all do: letters
// of ASCII and the usual Chinese ones, single spaces between them. It costs a
// tenth of the general way.
func (c *Cells) quick(field string) (string, bool) {
	i, ok := c.at[field]
	if !ok {
		return "", true
	}
	if i >= len(c.row.Cells) {
		return "", true
	}
	s := c.row.Cells[i]
	return s, tidy(s)
}

// tidy reports text without control characters, spaces at its ends or twice,
// full-width letters and anything else that is written in more than one way.
func tidy(s string) bool {
	const firstIdeograph, lastIdeograph = 0xe4, 0xe9 // first bytes of U+4000 to U+9FFF
	last := byte(' ')
	for i := 0; i < len(s); i++ {
		b := s[i]
		switch {
		case b > ' ' && b < 0x7f:
		case b == ' ' && last != ' ':
		case b >= firstIdeograph && b <= lastIdeograph && i+2 < len(s) && s[i+1]>>6 == 2 && s[i+2]>>6 == 2:
			i += 2
		default:
			return false
		}
		last = b
	}
	return last != ' ' || s == ""
}

// Kept is Text for what is stored as it stands: too long and personal values are
// reasons to refuse the row.
func (c *Cells) Kept(field string) (string, *Reason) {
	s := c.Text(field)
	if len(s) > maxText {
		return "", &Reason{Field: field, Value: short(s), Code: TooLong}
	}
	if longNumber(s) {
		if _, personal := sheet.LooksPersonal(s); personal {
			return "", &Reason{Field: field, Code: PersonalValue}
		}
	}
	return s, nil
}

// Redacted is Kept for words of people: phone and identity numbers are taken out, and noted.
func (c *Cells) Redacted(field string) (string, *Reason) {
	s := c.Text(field)
	if len(s) > maxText {
		return "", &Reason{Field: field, Value: short(s), Code: TooLong}
	}
	if longNumber(s) {
		var gone int
		if s, gone = redact.Text(s); gone > 0 {
			c.Note(field, "redacted", "Phone and identity numbers were taken out.")
		}
	}
	return s, nil
}

// longNumber reports a run of at least seven digits, the least a phone has: only
// then is the text looked at closely.
func longNumber(s string) bool {
	run := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			if s[i] != '-' && s[i] != ' ' && !(s[i] >= 0x80 && s[i] < 0xe3) { // dashes of all kinds begin with 0xe2
				run = 0
			}
			continue
		}
		if run++; run >= 7 {
			return true
		}
	}
	return false
}

// Count reads a whole number from 0 to limit, 32,767 at most; nil when the cell is empty.
func (c *Cells) Count(field string, limit int64) (*int16, *Reason) {
	if s, ok := c.quick(field); ok && len(s) < 2 {
		switch {
		case s == "":
			return nil, nil
		case s[0] >= '0' && s[0] <= '9' && int64(s[0]-'0') <= limit:
			v := int16(s[0] - '0')
			return &v, nil
		}
	}
	n, some, bad := c.columns.Int(c.row.Row, field)
	if bad != nil || some && (n < 0 || n > limit) {
		return nil, c.reason(field, BadCount)
	}
	if !some {
		return nil, nil
	}
	v := int16(n)
	return &v, nil
}

// Instant reads a date and time; nil when the cell is empty.
func (c *Cells) Instant(field string) (*time.Time, *Reason) {
	t, some, bad := c.columns.Date(c.row.Row, field, c.zone)
	if bad != nil || some && (t.Year() < 1900 || t.Year() > 2199) {
		return nil, c.reason(field, BadDate)
	}
	if !some {
		return nil, nil
	}
	return &t, nil
}

// Day reads a date; nil when the cell is empty.
func (c *Cells) Day(field string) (*geo.Day, *Reason) {
	t, why := c.Instant(field)
	if t == nil {
		return nil, why
	}
	day := geo.DayOf(*t)
	return &day, nil
}

// Bool reads yes or no; nil when the cell is empty.
func (c *Cells) Bool(field string) (*bool, *Reason) {
	v, some, bad := c.columns.Bool(c.row.Row, field)
	if bad != nil {
		return nil, c.reason(field, UnknownWord)
	}
	if !some {
		return nil, nil
	}
	return &v, nil
}

func (c *Cells) reason(field, code string) *Reason {
	return &Reason{Field: field, Value: short(c.Text(field)), Code: code}
}

// Word looks a cell up in a list of known words in lower case; an unknown one is
// noted and gives the list's value for "".
func Word[T any](c *Cells, field string, words map[string]T) T {
	return WordOf(c, field, c.Text(field), words)
}

// WordOf is Word for a text that was made ready before.
func WordOf[T any](c *Cells, field, word string, words map[string]T) T {
	v, ok := words[strings.ToLower(word)]
	if !ok {
		c.Note(field, UnknownWord, "The word was not known; the value was stored as not known.")
		v = words[""]
	}
	return v
}

// Note counts a value that was read in another sense than it was written.
func (c *Cells) Note(field, code, detail string) {
	key := [2]string{field, code}
	if c.notes[key] == nil {
		c.notes[key] = &Note{Field: field, Code: code, Detail: detail}
	}
	c.notes[key].Count++
}

func (c *Cells) noted() []Note {
	list := make([]Note, 0, len(c.notes))
	for _, n := range c.notes {
		list = append(list, *n)
	}
	slices.SortFunc(list, func(a, b Note) int { return strings.Compare(a.Field+a.Code, b.Field+b.Code) })
	return list
}

// id is the row's own, or one made of what identifies it.
func (c *Cells) id() (string, *Reason) {
	if f := c.fault(); f != nil {
		return "", &Reason{Code: Unreadable, Detail: ": " + f.Detail, DetailZh: ":" + f.Detail}
	}
	if len(c.derived) > 0 {
		return c.deriveID()
	}
	s, why := c.Kept(FieldID)
	if why == nil && s == "" {
		why = &Reason{Field: FieldID, Code: NoID}
	}
	return s, why
}

// fault says why the row cannot be used. Only cells of a workbook can be bad by
// themselves.
func (c *Cells) fault() *fault.Place {
	if c.row.Fault != nil || !c.cellFaults {
		return c.row.Fault
	}
	return c.columns.Fault(c.row.Row)
}

// deriveID joins the fields that tell a thing apart.
func (c *Cells) deriveID() (string, *Reason) {
	parts := make([]string, len(c.derived))
	some := 0
	for i, field := range c.derived {
		s, why := c.Kept(field)
		if why != nil {
			return "", why
		}
		if s != "" {
			some++
		}
		parts[i] = s
	}
	if some < c.needs {
		return "", &Reason{Field: FieldID, Code: NoID}
	}
	return strings.Join(parts, "|"), nil
}

// position is where the row says it lies, in the file's coordinates.
func (c *Cells) position() (raw orb.Point, some bool, why *Reason) {
	if raw, some, why = pointOf(c.row.geometry); some || why != nil {
		return raw, some, why
	}
	if raw, ok := c.plainPosition(); ok {
		return raw, true, nil
	}
	lon, someLon, bad := c.columns.Float(c.row.Row, FieldLon)
	if bad != nil {
		return raw, false, c.reason(FieldLon, NotANumber)
	}
	lat, someLat, bad := c.columns.Float(c.row.Row, FieldLat)
	switch {
	case bad != nil:
		return raw, false, c.reason(FieldLat, NotANumber)
	case !someLon && !someLat:
		return raw, false, nil
	case !someLon:
		return raw, false, &Reason{Field: FieldLon, Code: HalfAPlace}
	case !someLat:
		return raw, false, &Reason{Field: FieldLat, Code: HalfAPlace}
	}
	return orb.Point{lon, lat}, true, nil
}

// plainPosition reads two plain decimal numbers, as nearly all positions are.
func (c *Cells) plainPosition() (raw orb.Point, ok bool) {
	for i, field := range []string{FieldLon, FieldLat} {
		s, quick := c.quick(field)
		if !quick || s == "" || strings.Trim(s, "-.0123456789") != "" {
			return raw, false
		}
		var err error
		if raw[i], err = strconv.ParseFloat(s, 64); err != nil {
			return raw, false
		}
	}
	return raw, true
}

// Column is the file's own name of a field, "" when it has none.
func (c *Cells) Column(field string) string { return c.columns.Header(field) }

func (c *Cells) dropped() []DroppedColumn {
	list := make([]DroppedColumn, 0, len(c.columns.Dropped))
	for _, d := range c.columns.Dropped {
		list = append(list, DroppedColumn{Column: d.Header, Reason: d.Reason})
	}
	return list
}

func (c *Cells) unknown() []string { return append([]string{}, c.columns.Unknown...) }

// sortFirst sorts a list and keeps its first n.
func sortFirst(list *[]string, n int) {
	slices.Sort(*list)
	if len(*list) > n {
		*list = (*list)[:n]
	}
}
