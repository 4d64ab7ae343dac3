package vectorfile

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/geo/fault"
	"wangge/geo/vectorfile/charset"
)

// maxDirectory is the largest directory of an archive, in bytes.
const maxDirectory = 8 << 20

// maxText is the largest .prj or .cpg, in bytes.
const maxText = 64 << 10

// member is one file in an archive, with its name decoded.
type member struct {
	*zip.File
	name string // with folders
}

func (m member) ext() string  { return strings.ToLower(path.Ext(m.name)) }
func (m member) stem() string { return strings.TrimSuffix(m.name, path.Ext(m.name)) }

// readZip reads an archive that holds a KML document, Shapefiles, a GeoPackage
// or a GeoJSON file, in this order, at any depth of folders.
func (rd *reader) readZip(r io.ReaderAt, size int64) error {
	if rd.nested {
		return ErrFormat.Saying("It is an archive in an archive; unpack it once.")
	}
	rd.nested = true
	members, err := rd.members(r, size)
	if err != nil {
		return err
	}
	byExt := map[string][]member{}
	for _, m := range members {
		byExt[m.ext()] = append(byExt[m.ext()], m)
	}
	switch {
	case len(byExt[".shp"]) > 0:
		return rd.readShapefiles(byExt[".shp"], members)
	case len(byExt[".kml"]) > 0:
		return rd.readKMZ(byExt[".kml"])
	case len(byExt[".gpkg"]) > 0:
		return rd.readMember(byExt[".gpkg"][0], func(r io.Reader) error { return rd.readGeoPackage(r) })
	case len(byExt[".geojson"])+len(byExt[".json"]) > 0:
		return rd.readWhole(append(byExt[".geojson"], byExt[".json"]...)[0])
	}
	return ErrFormat.Saying("The archive holds no .shp, .kml, .gpkg or .geojson.")
}

// readKMZ reads doc.kml, the main document. Where it only links to others, as
// GDAL writes it, each of those is a layer.
func (rd *reader) readKMZ(documents []member) error {
	var layers []member
	for _, m := range documents {
		if !strings.EqualFold(m.name, "doc.kml") {
			layers = append(layers, m)
			continue
		}
		if err := rd.readWhole(m); err != nil {
			return err
		}
	}
	if len(rd.file.Features) > 0 || len(layers) == 0 {
		return nil
	}
	names := make([]string, len(layers))
	for i, m := range layers {
		names[i] = path.Base(m.stem())
	}
	rd.file.Notes = nil // about the links that are followed now
	chosen, err := rd.choose(names)
	if err != nil {
		return err
	}
	return rd.readWhole(layers[chosen])
}

// readWhole unpacks a text file to memory and reads it by its content.
func (rd *reader) readWhole(m member) error {
	return rd.readMember(m, func(r io.Reader) error {
		var text bytes.Buffer
		if _, err := io.Copy(&text, io.LimitReader(r, rd.lim.Bytes+1)); err != nil {
			return err
		}
		if int64(text.Len()) > rd.lim.Bytes {
			return ErrTooLarge.Saying(fmt.Sprintf("%q in it has more than %d MiB.", m.name, rd.lim.Bytes>>20))
		}
		return rd.read(bytes.NewReader(text.Bytes()), int64(text.Len()))
	})
}

// members lists the files of an archive. Names without the UTF-8 flag are GBK in
// archives made by Chinese Windows.
func (rd *reader) members(r io.ReaderAt, size int64) ([]member, error) {
	budget := &directoryReader{r: r, left: maxDirectory}
	archive, err := zip.NewReader(budget, size)
	if budget.left < 0 {
		return nil, ErrTooLarge.Saying("Its directory has too many entries.")
	}
	if err != nil {
		return nil, damagedZip(err)
	}
	budget.open = true
	if len(archive.File) > rd.lim.Members {
		return nil, ErrTooLarge.Saying(fmt.Sprintf("The archive has more than %d files.", rd.lim.Members))
	}
	var list []member
	for _, f := range archive.File {
		name := memberName(f)
		base := path.Base(name)
		if f.FileInfo().IsDir() || strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, "._") {
			continue
		}
		if f.Flags&1 != 0 {
			return nil, ErrFormat.Saying("The archive is protected by a password; pack it without one.")
		}
		list = append(list, member{File: f, name: name})
	}
	return list, disjoint(list)
}

// disjoint refuses an archive whose members share packed bytes: a few of them
// unpack without end, each within every bound. What cannot be opened is passed
// over here, for it is not read either.
func disjoint(list []member) error {
	type span struct{ from, to int64 }
	var spans []span
	for _, m := range list {
		if from, err := m.DataOffset(); err == nil {
			spans = append(spans, span{from, from + int64(m.CompressedSize64)})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return ErrUnsafe.Saying("Files in the archive share their contents.")
		}
	}
	return nil
}

func memberName(f *zip.File) string {
	name := f.Name
	if f.NonUTF8 || !utf8.ValidString(name) {
		if text, ok := charset.GB18030.String([]byte(name)); ok && !utf8.ValidString(name) {
			name = text
		}
	}
	return strings.ReplaceAll(name, `\`, "/")
}

func damagedZip(err error) error {
	return ErrDamaged.Saying("The archive cannot be unpacked; it may have been cut off while copying.").Because(err)
}

// directoryReader bounds what is read while the archive's directory is parsed.
type directoryReader struct {
	r    io.ReaderAt
	left int64
	open bool // the directory is read, members follow
}

var errDirectory = errors.New("archive directory too large")

func (d *directoryReader) ReadAt(p []byte, off int64) (int, error) {
	if !d.open {
		if d.left -= int64(len(p)); d.left < 0 {
			return 0, errDirectory
		}
	}
	return d.r.ReadAt(p, off)
}

// readMember unpacks a member under the limits and gives it to use.
func (rd *reader) readMember(m member, use func(io.Reader) error) error {
	packed, err := m.Open()
	if err != nil {
		return damagedZip(err)
	}
	defer packed.Close()
	u := &unpacker{rd: rd, r: packed, packed: int64(m.CompressedSize64), name: m.name}
	if err := use(u); err != nil {
		return err
	}
	return u.rest()
}

// unpacker counts the bytes of a member as they come, whatever its header says.
type unpacker struct {
	rd     *reader
	r      io.Reader
	packed int64
	name   string
	n      int64
}

const ratioFrom = 16 << 20 // bytes before the ratio means anything

func (u *unpacker) Read(p []byte) (int, error) {
	if err := u.rd.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := u.r.Read(p)
	u.n += int64(n)
	u.rd.unpacked += int64(n)
	switch {
	case u.rd.unpacked > u.rd.lim.Unpacked:
		return 0, ErrTooLarge.Saying(fmt.Sprintf("Unpacked it has more than %d MiB.", u.rd.lim.Unpacked>>20))
	case u.n > ratioFrom && u.n/(u.packed+1) > u.rd.lim.Ratio:
		return 0, ErrUnsafe.Saying(fmt.Sprintf("%q unpacks to more than %d times its size.", u.name, u.rd.lim.Ratio))
	}
	if err != nil && err != io.EOF && fault.Of(err) == nil {
		return n, damagedZip(err)
	}
	return n, err
}

// rest reads on to the end, where the archive's checksum is compared.
func (u *unpacker) rest() error {
	_, err := io.Copy(io.Discard, u)
	return err
}

// smallText reads a .prj or .cpg.
func (rd *reader) smallText(m member) (string, error) {
	var text []byte
	err := rd.readMember(m, func(r io.Reader) (err error) {
		text, err = io.ReadAll(io.LimitReader(r, maxText))
		return err
	})
	s, _ := charset.UTF8.String(trimMark(text))
	return strings.Trim(s, "\x00 \t\r\n"), err
}
