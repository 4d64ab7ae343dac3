package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"wangge/geo/fault"
	"wangge/geo/vectorfile/charset"
)

// sampled is how many bytes are looked at to find the delimiter.
const sampled = 64 << 10

func (s *Sheet) openCSV(r io.ReaderAt, size int64, lim Limits) error {
	s.Format = "CSV"
	cs, mark, err := charset.Detect(io.NewSectionReader(r, 0, size))
	if err == charset.ErrUnknown {
		return badEncoding(io.NewSectionReader(r, 0, size))
	}
	if err != nil {
		return err
	}
	s.Encoding = string(cs)
	text := func() io.Reader { return cs.NewReader(io.NewSectionReader(r, int64(mark), size-int64(mark))) }
	sample, err := io.ReadAll(io.LimitReader(text(), sampled))
	if err != nil {
		return err
	}
	comma, declared := declaredDelimiter(sample)
	if !declared {
		comma = likelyDelimiter(sample)
	}
	s.Delimiter = string(comma)
	src := newCSVSource(text(), comma, lim)
	if declared {
		if _, err := src.next(); err != nil && err != io.EOF {
			return err
		}
	}
	s.src = src
	return nil
}

// badEncoding is the fault of a text that is neither UTF-8 nor GB18030, with the
// first line that fits to neither, or that does not go with those before it.
func badEncoding(r io.Reader) error {
	var seen charset.Sniffer
	in := bufio.NewReaderSize(r, 64<<10)
	for line := 1; ; {
		piece, err := in.ReadSlice('\n')
		seen.Write(piece)
		if seen.Dead() {
			detail := fmt.Sprintf("Line %d cannot be read in the encoding of the lines before it; perhaps two files were joined.", line)
			return ErrEncoding.Saying(detail).With(fault.Place{Pointer: pointer(line), Code: "encoding", Detail: detail})
		}
		switch {
		case err == nil:
			line++
		case err != bufio.ErrBufferFull:
			return ErrEncoding.Saying("It ends in the middle of a character.")
		}
	}
}

// declaredDelimiter reads the line "sep=;" that Excel understands.
func declaredDelimiter(sample []byte) (rune, bool) {
	line, _, _ := bytes.Cut(sample, []byte("\n"))
	rest, ok := bytes.CutPrefix(bytes.ToLower(bytes.Trim(line, "\r\"")), []byte("sep="))
	if !ok || len(rest) != 1 || !strings.ContainsRune(delimiters, rune(rest[0])) {
		return 0, false
	}
	return rune(rest[0]), true
}

const delimiters = ",\t;|"

// likelyDelimiter is the delimiter that cuts the sample into rows of the same
// length, and into the most cells; the comma when there is none.
func likelyDelimiter(sample []byte) rune {
	if i := bytes.LastIndexByte(sample, '\n'); i > 0 && len(sample) >= sampled {
		sample = sample[:i]
	}
	best, bestScore := ',', 0
	for _, comma := range delimiters {
		if score := cuts(sample, comma); score > bestScore {
			best, bestScore = comma, score
		}
	}
	return best
}

// cuts scores a delimiter: cells of the widest common row length times the rows
// that have it.
func cuts(sample []byte, comma rune) int {
	r := csv.NewReader(bytes.NewReader(sample))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = comma, -1, true, true
	lengths := map[int]int{}
	for range 50 {
		record, err := r.Read()
		if err != nil {
			break
		}
		lengths[len(record)]++
	}
	score := 0
	for cells, rows := range lengths {
		score = max(score, (cells-1)*rows)
	}
	return score
}

// csvSource reads the rows of a CSV.
type csvSource struct {
	r       *csv.Reader
	limit   *rowLimit
	columns int
	line    int // of the last row
}

func newCSVSource(text io.Reader, comma rune, lim Limits) *csvSource {
	limit := &rowLimit{r: text, most: int64(lim.Row)}
	r := csv.NewReader(limit)
	r.Comma, r.FieldsPerRecord = comma, -1
	return &csvSource{r: r, limit: limit, columns: lim.Columns}
}

// next returns a row. After a row whose quotation marks make no sense it goes on
// with the next line.
func (c *csvSource) next() (Row, error) {
	record, err := c.r.Read()
	c.limit.done = c.r.InputOffset()
	var wrong *csv.ParseError
	switch {
	case err == nil && len(record) > c.columns:
		line, _ := c.r.FieldPos(0)
		return Row{}, ErrTooLarge.Saying(fmt.Sprintf("Row %d has %d cells, the limit is %d.", line, len(record), c.columns))
	case err == nil:
		c.line, _ = c.r.FieldPos(0)
		return Row{Line: c.line, Cells: record}, nil
	case errors.As(err, &wrong):
		return Row{Line: wrong.StartLine, Fault: badQuote(wrong)}, nil
	case errors.Is(err, errRow):
		return Row{}, ErrTooLarge.Saying(fmt.Sprintf("The row after line %d has more than %d bytes; perhaps a quotation mark is not closed.", c.line, c.limit.most))
	}
	return Row{}, err
}

func badQuote(wrong *csv.ParseError) *fault.Place {
	place := &fault.Place{Pointer: pointer(wrong.StartLine), Code: CodeQuote,
		Detail: `A quotation mark stands inside a text; put the text into quotation marks and double those inside.`}
	if wrong.Line > wrong.StartLine {
		place.Pointer = fmt.Sprintf("rows %d to %d", wrong.StartLine, wrong.Line)
		place.Detail = fmt.Sprintf("A quotation mark opens on line %d and does not close properly; the lines up to %d could not be read.", wrong.StartLine, wrong.Line)
	}
	return place
}

var errRow = errors.New("row too long")

// rowLimit bounds the bytes read ahead of the last complete row, so that a
// quotation mark that never closes does not pull the file into memory.
type rowLimit struct {
	r    io.Reader
	read int64
	done int64 // end of the last complete row
	most int64
}

func (l *rowLimit) Read(p []byte) (int, error) {
	if l.read-l.done > l.most {
		return 0, errRow
	}
	n, err := l.r.Read(p)
	l.read += int64(n)
	return n, err
}

// columnName is the name of a column in a worksheet: A, B, … AA.
func columnName(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

// trim drops white space of any script, byte order marks and zero-width spaces.
func trim(s string) string {
	if len(s) > 0 && s[0] > ' ' && s[0] < utf8.RuneSelf && s[len(s)-1] > ' ' && s[len(s)-1] < utf8.RuneSelf {
		return s
	}
	return strings.TrimFunc(s, isBlank)
}
