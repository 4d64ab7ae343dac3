package vectorfile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

const onePoint = `{"type":"Point","coordinates":[1,2]}`

// Names in an archive are never paths of ours: members are read where they are.
func TestNamesInAnArchiveLeadNowhere(t *testing.T) {
	root := t.TempDir()
	work, temp := filepath.Join(root, "a", "work"), filepath.Join(root, "a", "temp")
	for _, folder := range []string{work, temp} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TMPDIR", temp)
	t.Chdir(work)
	gpkg := packageOf(t, Layer{Name: "a", Kind: Points, Rows: rowsOf()})
	for _, name := range []string{
		"../../escaped", "/escaped", `..\..\escaped`, `C:\escaped`, "a/../../../escaped", "./escaped", strings.Repeat("../", 60) + "escaped", "escaped\x00",
	} {
		_ = readErr(packed(t, name+".geojson", onePoint), Limits{})
		_ = readErr(packed(t, name+".kml", `<kml></kml>`), Limits{})
		_ = readErr(packed(t, name+".gpkg", gpkg), Limits{}) // unpacked to a temporary file
		_ = readErr(packed(t, name+".shp", "x", name+".dbf", "x", name+".shx", "x"), Limits{})
	}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/escaped.gpkg"); err == nil {
		t.Error("a file was written at the top")
	}
}

// A link in an archive is read as the few bytes it is, and not followed.
func TestALinkInAnArchiveIsNotFollowed(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.geojson")
	if err := os.WriteFile(secret, []byte(onePoint), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	header := &zip.FileHeader{Name: "a.geojson"}
	header.SetMode(fs.ModeSymlink | 0o777)
	f, err := w.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(secret)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := readErr(b.Bytes(), Limits{}); err == nil {
		t.Error("the file behind the link was read")
	}
}

// Many members of the same packed bytes: little by each, endless together.
func TestMembersThatShareTheirContentsAreRefused(t *testing.T) {
	kml := "<kml><Document>" + strings.Repeat(" ", 8<<20) + "</Document></kml>"
	whole := packed(t, "doc.kml", kml)
	end := bytes.LastIndex(whole, []byte("PK\x05\x06"))
	start := int(binary.LittleEndian.Uint32(whole[end+16:]))
	entry := whole[start:end]
	const copies = 2_000
	content := append(bytes.Clone(whole[:start]), bytes.Repeat(entry, copies)...)
	tail := bytes.Clone(whole[end:])
	binary.LittleEndian.PutUint16(tail[8:], copies)
	binary.LittleEndian.PutUint16(tail[10:], copies)
	binary.LittleEndian.PutUint32(tail[12:], uint32(copies*len(entry)))
	content = append(content, tail...)
	if err := readErr(content, Limits{}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("%d KB that unpack to %d GB: %v, want ErrUnsafe", len(content)>>10, copies*len(kml)>>30, err)
	}
}

// A document type is refused in whatever letters it is written.
func TestDocumentTypesInOtherEncodings(t *testing.T) {
	const text = `<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><Document><name>&x;</name></Document></kml>`
	for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		content := order.AppendUint16(nil, 0xFEFF)
		for _, unit := range utf16.Encode([]rune(text)) {
			content = order.AppendUint16(content, unit)
		}
		if err := readErr(content, Limits{}); err == nil {
			t.Errorf("UTF-16 %s-endian: it was read", name)
		}
	}
	for name, text := range map[string]string{
		"a parameter entity": `<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]><kml></kml>`,
		"small letters":      `<!doctype a [<!ENTITY x "y">]><kml><Document><name>&x;</name></Document></kml>`,
		"behind a comment":   `<!-- --><!DOCTYPE a SYSTEM "http://127.0.0.1:1/x"><kml></kml>`,
		"in the middle":      `<kml><Document><!DOCTYPE a [<!ENTITY x "y">]><name>&x;</name></Document></kml>`,
		"an included file":   `<kml xmlns:xi="http://www.w3.org/2001/XInclude"><Document><xi:include href="file:///etc/passwd"/><name>&passwd;</name></Document></kml>`,
	} {
		if err := readErr([]byte(text), Limits{}); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
}

// Geometry that is too large in count or in value stays out.
func TestOversizedGeometry(t *testing.T) {
	ring := strings.TrimSuffix(strings.Repeat("[1,2],", 2_000), ",")
	for name, text := range map[string]string{
		"one ring":      `{"type":"Polygon","coordinates":[[` + ring + `]]}`,
		"many rings":    `{"type":"Polygon","coordinates":[` + strings.TrimSuffix(strings.Repeat(`[[1,2],[3,4],[5,6],[1,2]],`, 600), ",") + `]}`,
		"many polygons": `{"type":"MultiPolygon","coordinates":[` + strings.TrimSuffix(strings.Repeat(`[[[1,2],[3,4],[5,6],[1,2]]],`, 600), ",") + `]}`,
		"a collection":  `{"type":"GeometryCollection","geometries":[` + strings.TrimSuffix(strings.Repeat(onePoint+",", 2_000), ",") + `]}`,
		"a KML line":    `<kml><Placemark><LineString><coordinates>` + strings.Repeat("1,2 ", 2_000) + `</coordinates></LineString></Placemark></kml>`,
	} {
		if err := readErr([]byte(text), Limits{Vertices: 1_000}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
	}
	for _, number := range []string{"1e400", "-1e400", "1e308", "NaN", "1" + strings.Repeat("0", 5_000)} {
		f, err := Read(t.Context(), "x.geojson", strings.NewReader(`{"type":"Point","coordinates":[`+number+`,2]}`), int64(len(number))+38, Limits{})
		if err == nil && len(f.Features) == 1 && f.Features[0].Geometry != nil {
			t.Errorf("%.10s…: taken for a coordinate: %v", number, f.Features[0].Geometry)
		}
	}
}
