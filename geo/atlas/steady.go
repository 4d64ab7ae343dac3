package atlas

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// steady gives a PDF of the library another date of making. The library dates a file
// and the typeface in it by the clock, and names the typeface after what it then holds:
// without these three the same pages give the same bytes. The file is written anew,
// object by object, from its table of places.
func steady(file []byte, made time.Time) ([]byte, error) {
	objects, end, err := objectsOf(file)
	if err != nil {
		return nil, fmt.Errorf("date a PDF: %w", err)
	}
	fonts := map[int]bool{} // numbers of the objects that are typefaces
	for _, o := range objects {
		for _, ref := range fontFile.FindAllSubmatch(o.text, -1) {
			n, _ := strconv.Atoi(string(ref[1])) // digits
			fonts[n] = true
		}
	}
	name := sha256.New()
	for i, o := range objects {
		if !fonts[o.number] {
			continue
		}
		program, err := unpackFont(o.text)
		if err != nil {
			return nil, fmt.Errorf("date a PDF: %w", err)
		}
		undated(program)
		name.Write(program)
		objects[i].text = packFont(o.number, program)
	}
	tag := []byte("/AAAAAA+")
	for i, b := range name.Sum(nil)[:6] {
		tag[1+i] += b % 26
	}
	for i, o := range objects {
		if !bytes.Contains(o.text, []byte("stream\n")) {
			o.text = subsetTag.ReplaceAll(o.text, tag)
			objects[i].text = creation.ReplaceAll(o.text, made.UTC().AppendFormat(nil, "/CreationDate(D:20060102150405Z)"))
		}
	}
	return assembled(file[:objects[0].at], objects, file[end:]), nil
}

var (
	fontFile  = regexp.MustCompile(`/FontFile[23]? (\d+) 0 R`)
	subsetTag = regexp.MustCompile(`/[A-Z]{6}\+`)
	creation  = regexp.MustCompile(`/CreationDate ?\([^)]*\)`)
	trailer   = regexp.MustCompile(`(?s)^xref\n0 (\d+)\n(.*)trailer\n(.*)\nstartxref\n\d+\n%%EOF\n$`)

	errForm = errors.New("it has another form than the library writes")
)

// object is one of a PDF's, from its number on.
type object struct {
	number, at int
	text       []byte
}

// place is how long a line of the table of places is: "0000000019 00000 n \n".
const place = 20

// objectsOf cuts a file into its objects, in the order in which they stand, and says
// where the table of places begins.
func objectsOf(file []byte) (objects []object, end int, err error) {
	end = bytes.LastIndex(file, []byte("\nxref\n")) + 1
	table := trailer.FindSubmatch(file[end:])
	if end == 0 || table == nil {
		return nil, 0, errForm
	}
	count, err := strconv.Atoi(string(table[1]))
	if err != nil || len(table[2]) != count*place {
		return nil, 0, errForm
	}
	for number := 1; number < count; number++ {
		at, err := strconv.Atoi(string(table[2][number*place : number*place+10]))
		if err != nil || at >= end {
			return nil, 0, errForm
		}
		objects = append(objects, object{number: number, at: at})
	}
	if len(objects) == 0 {
		return nil, 0, errForm
	}
	slices.SortFunc(objects, func(a, b object) int { return cmp.Compare(a.at, b.at) })
	for i := range objects {
		next := end
		if i+1 < len(objects) {
			next = objects[i+1].at
		}
		objects[i].text = file[objects[i].at:next]
	}
	return objects, end, nil
}

// assembled joins the objects and writes the table of where they are now.
func assembled(head []byte, objects []object, table []byte) []byte {
	out := bytes.Clone(head)
	places := make([]int, len(objects)+1)
	for _, o := range objects {
		places[o.number] = len(out)
		out = append(out, o.text...)
	}
	start := len(out)
	out = fmt.Appendf(out, "xref\n0 %d\n0000000000 65535 f \n", len(places))
	for _, at := range places[1:] {
		out = fmt.Appendf(out, "%010d 00000 n \n", at)
	}
	return fmt.Appendf(out, "trailer\n%s\nstartxref\n%d\n%%%%EOF\n", trailer.FindSubmatch(table)[3], start)
}

func unpackFont(text []byte) ([]byte, error) {
	_, packed, ok := bytes.Cut(text, []byte("stream\n"))
	if !ok {
		return nil, errForm
	}
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r) // to the end of the packed bytes; what follows is not read
}

func packFont(number int, program []byte) []byte {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write(program) // to memory
	w.Close()
	text := fmt.Appendf(nil, "%d 0 obj\n<</Filter/FlateDecode/Length %d>>stream\n", number, packed.Len())
	return append(append(text, packed.Bytes()...), "\nendstream\nendobj\n"...)
}

// undated sets the moment of the last change of a TrueType or OpenType program to that
// of its making, with the sums that are over it.
func undated(program []byte) {
	const record, created, modified, adjustment, magic = 16, 20, 28, 8, 0xB1B0AFBA
	if len(program) < 12 {
		return
	}
	for i := range int(binary.BigEndian.Uint16(program[4:])) {
		at := 12 + i*record
		if at+record > len(program) || string(program[at:at+4]) != "head" {
			continue
		}
		from, size := int(binary.BigEndian.Uint32(program[at+8:])), int(binary.BigEndian.Uint32(program[at+12:]))
		if size < modified+8 || from+size > len(program) {
			return
		}
		head := program[from : from+size]
		copy(head[modified:modified+8], head[created:created+8])
		binary.BigEndian.PutUint32(head[adjustment:], 0)
		binary.BigEndian.PutUint32(program[at+4:], checksum(head))
		binary.BigEndian.PutUint32(head[adjustment:], magic-checksum(program))
		return
	}
}

// checksum is the sum of the words of a table, filled up with zeros.
func checksum(b []byte) (sum uint32) {
	for len(b) >= 4 {
		sum += binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	last := [4]byte{}
	copy(last[:], b)
	return sum + binary.BigEndian.Uint32(last[:])
}
