package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"wangge/geo/fault"
)

// A workbook is read here and not with excelize, which the tests compare it
// with. Three things decide: excelize takes the whole file into memory; it ends
// without an error at a worksheet that is cut off, so that rows are lost
// silently; and it gives either dates in the formats of the cells ("04-05-24")
// or bare day numbers, and long codes as 3.3E+14, where a ledger needs
// 2024-04-05 and all fifteen digits.
//
// The source is ECMA-376 part 1, 18: workbook, shared strings, styles,
// worksheets.

// workbook is an open XLSX.
type workbook struct {
	parts   map[string]*zip.File // by name in lower case
	lim     Limits
	strings []string
	dates   []bool // by cell style: is the number a date or a time?
	from04  bool   // days are counted from 1904
}

func (s *Sheet) openXLSX(r io.ReaderAt, size int64, o Options) error {
	s.Format = "XLSX"
	book, err := openWorkbook(r, size, o.Limits)
	if err != nil {
		return err
	}
	sheets, err := book.sheets()
	if err != nil {
		return err
	}
	chosen, err := s.choose(sheets, o.Sheet)
	if err != nil {
		return err
	}
	if err := book.readStrings(); err != nil {
		return err
	}
	if err := book.readStyles(); err != nil {
		return err
	}
	s.src, err = book.open(chosen.part)
	return err
}

// choose picks the named worksheet, or the first visible one.
func (s *Sheet) choose(sheets []sheetPart, name string) (sheetPart, error) {
	var chosen *sheetPart
	for i, part := range sheets {
		if !part.hidden {
			s.Names = append(s.Names, part.name)
		}
		if chosen == nil && (name == "" && !part.hidden || name != "" && strings.EqualFold(part.name, name)) {
			chosen = &sheets[i]
		}
	}
	if chosen == nil {
		return sheetPart{}, ErrNoSheet.Saying(fmt.Sprintf("Its worksheets are: %s.", strings.Join(s.Names, ", ")))
	}
	s.Name = chosen.name
	if name == "" && len(s.Names) > 1 {
		s.Notes = append(s.Notes, fault.Place{Pointer: "worksheet " + chosen.name, Code: CodeSheets,
			Detail: fmt.Sprintf("The workbook has %d worksheets (%s); only the first was read. Name the worksheet to read another.", len(s.Names), strings.Join(s.Names, ", "))})
	}
	return *chosen, nil
}

// maxParts and maxDirectory bound the directory of the archive.
const (
	maxParts     = 10_000
	maxDirectory = 8 << 20
)

func openWorkbook(r io.ReaderAt, size int64, lim Limits) (*workbook, error) {
	budget := &directoryReader{r: r, left: maxDirectory}
	archive, err := zip.NewReader(budget, size)
	if budget.left < 0 || err == nil && len(archive.File) > maxParts {
		return nil, ErrTooLarge.Saying("The workbook has too many parts.")
	}
	if err != nil {
		return nil, damagedZip(err)
	}
	budget.open = true
	book := &workbook{parts: map[string]*zip.File{}, lim: lim}
	for _, f := range archive.File {
		book.parts[strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))] = f
	}
	return book, nil
}

func damagedZip(err error) error {
	return ErrDamaged.Saying("It cannot be unpacked; it may have been cut off while copying.").Because(err)
}

// directoryReader bounds what is read while the archive's directory is parsed.
type directoryReader struct {
	r    io.ReaderAt
	left int64
	open bool // the directory is read, parts follow
}

func (d *directoryReader) ReadAt(p []byte, off int64) (int, error) {
	if !d.open {
		if d.left -= int64(len(p)); d.left < 0 {
			return 0, errors.New("archive directory too large")
		}
	}
	return d.r.ReadAt(p, off)
}

// part opens a part of the workbook; it is nil when there is none of the name.
func (b *workbook) part(name string, most int64) (*part, error) {
	f := b.parts[strings.ToLower(name)]
	if f == nil {
		return nil, nil
	}
	packed, err := f.Open()
	if err != nil {
		return nil, damagedZip(err)
	}
	return &part{ReadCloser: packed, name: name, packed: int64(f.CompressedSize64), most: most, ratio: b.lim.Ratio}, nil
}

// part is an unpacked file of the workbook; it counts its bytes as they come.
type part struct {
	io.ReadCloser
	name   string
	packed int64
	most   int64
	ratio  int64
	n      int64
}

const ratioFrom = 16 << 20 // bytes before the ratio means anything

func (p *part) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.n += int64(n)
	switch {
	case p.n > p.most:
		return 0, ErrTooLarge.Saying(fmt.Sprintf("Unpacked, %s has more than %d MiB.", p.name, p.most>>20))
	case p.n > ratioFrom && p.n/(p.packed+1) > p.ratio:
		return 0, ErrUnsafe.Saying(fmt.Sprintf("%s unpacks to more than %d times its size.", p.name, p.ratio))
	}
	if err != nil && err != io.EOF {
		return n, damagedZip(err)
	}
	return n, err
}

// maxSmall is the largest unpacked size of the workbook's small parts.
const maxSmall = 16 << 20

// decode reads a small part into v; a missing part leaves v as it is.
func (b *workbook) decode(name string, v any) error {
	p, err := b.part(name, maxSmall)
	if p == nil {
		return err
	}
	defer p.Close()
	if err := xml.NewDecoder(p).Decode(v); err != nil {
		return badXML(name, err)
	}
	return nil
}

func badXML(name string, err error) error {
	if fault.Of(err) != nil {
		return err
	}
	return ErrDamaged.Saying(fmt.Sprintf("The part %s cannot be read.", name)).Because(err)
}

type sheetPart struct {
	name, part string
	hidden     bool
}

// sheets lists the worksheets in the order of their tabs.
func (b *workbook) sheets() ([]sheetPart, error) {
	var root relations
	if err := b.decode("_rels/.rels", &root); err != nil {
		return nil, err
	}
	main := root.target("officeDocument", "", "xl/workbook.xml")
	var book struct {
		Properties struct {
			From04 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			State string     `xml:"state,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if b.parts[strings.ToLower(main)] == nil || path.Ext(main) == ".bin" {
		return nil, ErrFormat.Saying("The archive holds no .xlsx workbook. Unpack a zipped CSV first; save .ods and .xlsb as .xlsx.")
	}
	if err := b.decode(main, &book); err != nil {
		return nil, err
	}
	b.from04 = book.Properties.From04 == "1" || book.Properties.From04 == "true"
	var rels relations
	if err := b.decode(path.Join(path.Dir(main), "_rels", path.Base(main)+".rels"), &rels); err != nil {
		return nil, err
	}
	var list []sheetPart
	for _, sheet := range book.Sheets {
		for _, a := range sheet.Attrs {
			if a.Name.Local != "id" {
				continue
			}
			part := rels.worksheet(a.Value, path.Dir(main))
			if b.parts[strings.ToLower(part)] != nil {
				list = append(list, sheetPart{name: sheet.Name, part: part, hidden: sheet.State != "" && sheet.State != "visible"})
			}
		}
	}
	return list, nil
}

// relations are the links between the parts of a workbook.
type relations struct {
	Links []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

func (r relations) target(kind, folder, otherwise string) string {
	for _, link := range r.Links {
		if strings.HasSuffix(link.Type, "/"+kind) {
			return partName(folder, link.Target)
		}
	}
	return otherwise
}

// worksheet is the part behind an id; a sheet that is a chart has none.
func (r relations) worksheet(id, folder string) string {
	for _, link := range r.Links {
		if link.ID == id && strings.HasSuffix(link.Type, "/worksheet") {
			return partName(folder, link.Target)
		}
	}
	return ""
}

func partName(folder, target string) string {
	if rest, ok := strings.CutPrefix(target, "/"); ok {
		return rest
	}
	return path.Join(folder, target)
}

// readStrings reads the shared texts, which the cells refer to by number.
func (b *workbook) readStrings() error {
	p, err := b.part("xl/sharedStrings.xml", b.lim.Strings)
	if p == nil {
		return err
	}
	defer p.Close()
	x := newXMLScanner(p, p.name, b.lim.Row)
	for {
		t, err := x.next()
		if err != nil {
			return err
		}
		switch {
		case t == xmlEnd && x.is("sst"), t == xmlEOF:
			if t == xmlEOF {
				return x.bad("the text ends too early")
			}
			return nil
		case t == xmlStart && x.is("si"):
			text, err := x.richText("si")
			if err != nil {
				return err
			}
			b.strings = append(b.strings, text)
		}
	}
}

// readStyles finds which cell styles show a number as a date or time.
func (b *workbook) readStyles() error {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := b.decode("xl/styles.xml", &styles); err != nil {
		return err
	}
	custom := map[int]bool{}
	for _, f := range styles.Formats {
		custom[f.ID] = isDateFormat(f.Code)
	}
	for _, cell := range styles.Cells {
		date, known := custom[cell.Format]
		b.dates = append(b.dates, known && date || !known && isBuiltinDate(cell.Format))
	}
	return nil
}

// isBuiltinDate lists the number formats that are dates without saying so; 27 to
// 36 and 50 to 58 are dates in Chinese versions (ECMA-376 part 1, 18.8.30).
func isBuiltinDate(id int) bool {
	return id >= 14 && id <= 22 || id >= 27 && id <= 36 || id >= 45 && id <= 47 || id >= 50 && id <= 58
}

// isDateFormat tells whether a format code has a day, month, year, hour or second
// outside of quoted texts and colours.
func isDateFormat(code string) bool {
	code, _, _ = strings.Cut(code, ";")
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return false
			}
			i += end + 1
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return false
			}
			if elapsed := strings.ToLower(strings.Trim(code[i+1:i+end], "hmsHMS")); elapsed == "" && end > 1 {
				return true // [h]:mm
			}
			i += end
		case '\\', '_', '*':
			i++
		case 'y', 'Y', 'm', 'M', 'd', 'D', 'h', 'H', 's', 'S':
			return true
		case 'G', 'g':
			if strings.HasPrefix(strings.ToLower(code[i:]), "general") {
				i += len("general") - 1
			}
		}
	}
	return false
}

// merge is a merged cell, its columns from zero, its rows from one.
type merge struct{ top, bottom, left, right int }

// maxMerges bounds the merged cells that are remembered.
const maxMerges = 100_000

var mergeCell = regexp.MustCompile(`mergeCell ref="([A-Za-z]{1,3})([0-9]{1,7}):([A-Za-z]{1,3})([0-9]{1,7})"`)

// readMerges reads the merged cells of a worksheet, which stand behind its rows.
func (b *workbook) readMerges(name string) (map[int][]merge, error) {
	p, err := b.part(name, b.lim.Unpacked)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	merges := map[int][]merge{}
	window := make([]byte, 0, 256<<10)
	for n := 0; ; {
		read, err := p.Read(window[len(window):cap(window)])
		window = window[:len(window)+read]
		end := err == io.EOF
		if err != nil && !end {
			return nil, err
		}
		keep := len(window)
		if bytes.Contains(window, []byte("mergeCell ")) {
			for _, m := range mergeCell.FindAllSubmatchIndex(window, maxMerges) {
				if n++; n > maxMerges {
					return nil, ErrTooLarge.Saying(fmt.Sprintf("It has more than %d merged cells.", maxMerges))
				}
				text := func(i int) string { return string(window[m[2*i]:m[2*i+1]]) }
				top, _ := strconv.Atoi(text(2))
				bottom, _ := strconv.Atoi(text(4))
				merges[top] = append(merges[top], merge{top: top, bottom: bottom, left: columnIndex(text(1)), right: columnIndex(text(3))})
				keep = len(window) - m[1]
			}
		}
		if end {
			return merges, nil
		}
		// A merged cell may be cut by the end of the window.
		keep = min(keep, 64, len(window))
		window = append(window[:0], window[len(window)-keep:]...)
	}
}

// columnIndex is the number, from zero, of a column named as in A, Z, AA; -1 for
// what is no such name.
func columnIndex[T string | []byte](letters T) int {
	i := 0
	for k := range len(letters) {
		c := letters[k] &^ 0x20 // upper case
		if c < 'A' || c > 'Z' || i > 1<<20 {
			return -1
		}
		i = 26*i + int(c-'A') + 1
	}
	return i - 1
}
