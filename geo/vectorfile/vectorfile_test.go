package vectorfile

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func read(t *testing.T, content []byte) *File {
	t.Helper()
	f, err := Read(context.Background(), "test", bytes.NewReader(content), int64(len(content)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func readErr(content []byte, lim Limits) error {
	_, err := Read(context.Background(), "test", bytes.NewReader(content), int64(len(content)), lim)
	return err
}

func gbk(t testing.TB, s string) []byte {
	t.Helper()
	b, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(b)
}

// one returns the only feature of a file.
func one(t *testing.T, f *File) Feature {
	t.Helper()
	if len(f.Features) != 1 {
		t.Fatalf("got %d features, want 1", len(f.Features))
	}
	return f.Features[0]
}

func wantGeometry(t *testing.T, got Feature, want orb.Geometry) {
	t.Helper()
	if got.Fault != nil {
		t.Fatalf("%s: fault %+v, want geometry %v", got.Place, *got.Fault, want)
	}
	if !reflect.DeepEqual(got.Geometry, want) {
		t.Errorf("%s: got %T %v, want %T %v", got.Place, got.Geometry, got.Geometry, want, want)
	}
}

func wantFault(t *testing.T, got Feature, code, pointer, detail string) {
	t.Helper()
	switch {
	case got.Fault == nil:
		t.Fatalf("%s: no fault, want %s", got.Place, code)
	case got.Geometry != nil:
		t.Errorf("%s: has a geometry besides its fault", got.Place)
	}
	if got.Fault.Code != code || got.Fault.Pointer != pointer || !strings.Contains(got.Fault.Detail, detail) {
		t.Errorf("got fault %+v, want %s at %q with %q", *got.Fault, code, pointer, detail)
	}
}

func hasNote(f *File, code, detail string) bool {
	for _, n := range f.Report() {
		if n.Code == code && strings.Contains(n.Detail, detail) {
			return true
		}
	}
	return false
}

// packed makes an archive of name, content pairs.
func packed(t testing.TB, files ...any) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		name := files[i].(string)
		m, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, NonUTF8: !isASCII(name)})
		if err != nil {
			t.Fatal(err)
		}
		switch c := files[i+1].(type) {
		case string:
			m.Write([]byte(c))
		case []byte:
			m.Write(c)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0 }

func TestContentDecidesTheFormat(t *testing.T) {
	tests := []struct {
		name    string
		content []byte
		remedy  string
	}{
		{"nothing", nil, "empty"},
		{"a bare .shp", []byte("\x00\x00\x27\x0a...."), "zip it together with its .dbf"},
		{"a rar archive", []byte("Rar!\x1a\x07"), "pack it again as .zip"},
		{"words", []byte("hello"), "Export it in one of these formats"},
		{"an XML that is no KML", []byte("<gpx><wpt/></gpx>"), "<gpx>"},
		{"JSON of another kind", []byte(`{"type":"Topology","objects":{}}`), "TopoJSON"},
		{"JSON without a type", []byte(`{"a":1}`), "none of GeoJSON's"},
		{"an archive with nothing for us", packed(t, "readme.txt", "hello"), "no .shp, .kml, .gpkg"},
		{"an archive in an archive", packed(t, "a.geojson", packed(t, "b.geojson", "{}")), "archive in an archive"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := readErr(tt.content, Limits{})
			if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), tt.remedy) {
				t.Errorf("got %v, want ErrFormat with %q", err, tt.remedy)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	many := `{"type":"FeatureCollection","features":[` + strings.TrimSuffix(strings.Repeat(`{"type":"Feature","properties":{"a":1,"b":2},"geometry":{"type":"Point","coordinates":[1,2]}},`, 10), ",") + `]}`
	tests := []struct {
		name string
		lim  Limits
		want error
	}{
		{"within", Limits{Features: 10, Vertices: 10, Values: 20}, nil},
		{"bytes", Limits{Bytes: 100}, ErrTooLarge},
		{"features", Limits{Features: 9}, ErrTooLarge},
		{"vertices", Limits{Vertices: 9}, ErrTooLarge},
		{"values", Limits{Values: 19}, ErrTooLarge},
		{"depth", Limits{Depth: 3}, ErrUnsafe},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := readErr([]byte(many), tt.lim); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestCancelledReadingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, content := range map[string][]byte{
		"geojson": []byte(`{"type":"Point","coordinates":[1,2]}`),
		"kml":     []byte(`<kml></kml>`),
		"zip":     packed(t, "a.kml", `<kml></kml>`),
		"gpkg":    packageOf(t, Layer{Name: "a", Kind: Points, Rows: rowsOf()}),
	} {
		_, err := Read(ctx, name, bytes.NewReader(content), int64(len(content)), Limits{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", name, err)
		}
	}
}

func TestZip(t *testing.T) {
	point := `{"type":"Point","coordinates":[1,2]}`
	bomb := packed(t, "a.geojson", append([]byte(`{"type":"Point","coordinates":[1,2],"x":"`), append(bytes.Repeat([]byte{'a'}, 40<<20), `"}`...)...))
	whole := packed(t, "a.geojson", point)
	wrongSum := bytes.Clone(whole)
	wrongSum[bytes.Index(wrongSum, []byte("a.geojson"))+len("a.geojson")+5] ^= 0x40
	tests := []struct {
		name    string
		content []byte
		lim     Limits
		want    error
	}{
		{"a GeoJSON in it", whole, Limits{}, nil},
		{"resource forks of macOS are passed over", packed(t, "__MACOSX/._a.geojson", "x", "._b.geojson", "x", "a.geojson", point), Limits{}, nil},
		{"cut off", whole[:len(whole)-30], Limits{}, ErrDamaged},
		{"cut off early", whole[:20], Limits{}, ErrDamaged},
		{"damaged contents", wrongSum, Limits{}, ErrDamaged},
		{"a bomb by ratio", bomb, Limits{}, ErrUnsafe},
		{"a bomb by size", bomb, Limits{Unpacked: 1 << 20}, ErrTooLarge},
		{"too many files", packed(t, "a", "", "b", "", "c", ""), Limits{Members: 2}, ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := readErr(tt.content, tt.lim); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestZipDirectoryIsBounded(t *testing.T) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for range 60_000 {
		w.CreateHeader(&zip.FileHeader{Name: strings.Repeat("a", 200)})
	}
	w.Close()
	if err := readErr(buf.Bytes(), Limits{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}
