package ledger

import (
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/crs"
)

func TestPlacesAreRefusedForWhatTheyLookLike(t *testing.T) {
	town := geo.EmptyBound.Extend(geo.Snap(orb.Point{121.5, 31.1})).Extend(geo.Snap(orb.Point{121.7, 31.3}))
	metres, err := crs.Parse("EPSG:4549")
	if err != nil {
		t.Fatal(err)
	}
	inMetres, err := metres.FromWGS84(orb.Point{121.1, 31.2})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		crs   crs.CRS
		known geo.Bound
		raw   orb.Point
		code  string
	}{
		{"in town", crs.WGS84, town, orb.Point{121.6, 31.2}, ""},
		{"40 km out", crs.WGS84, town, orb.Point{121.6, 31.65}, ""},
		{"60 km out", crs.WGS84, town, orb.Point{121.6, 31.86}, FarOutside},
		{"zero", crs.WGS84, town, orb.Point{0, 0}, ZeroPlace},
		{"zero metres", metres, town, orb.Point{0, 0}, ZeroPlace},
		{"whole degrees", crs.WGS84, town, orb.Point{121, 31}, WholeDegrees},
		{"one whole degree is a chance", crs.WGS84, town, orb.Point{121.6, 31}, ""},
		{"swapped", crs.WGS84, town, orb.Point{31.2, 121.6}, Swapped},
		{"swapped, nothing known", crs.WGS84, geo.EmptyBound, orb.Point{31.2, 121.6}, Swapped},
		{"anywhere, nothing known", crs.WGS84, geo.EmptyBound, orb.Point{10.1, 50.1}, ""},
		{"no place on Earth", crs.WGS84, geo.EmptyBound, orb.Point{200.5, 95.5}, OutOfRange},
		{"whole metres are usual", metres, geo.EmptyBound, orb.Point{math.Round(inMetres[0]), math.Round(inMetres[1])}, ""},
		{"swapped metres", metres, town, orb.Point{inMetres[1], inMetres[0]}, Swapped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, why := newPlacer(tt.crs, tt.known).place(tt.raw)
			got := ""
			if why != nil {
				got = why.Code
			}
			if got != tt.code {
				t.Errorf("place(%v) = %q, want %q", tt.raw, got, tt.code)
			}
		})
	}
}

func TestKeysIgnoreHowANumberIsWritten(t *testing.T) {
	for _, same := range [][]string{
		{"3号楼", "３号楼", "三号楼", " 3 号楼 "},
		{"第十二小区", "第12小区", "第１２小区"},
		{"二十", "20"},
		{"A座", "ａ座"},
		{"一〇三", "103", "一零三"},
	} {
		for _, s := range same[1:] {
			if Key(s) != Key(same[0]) {
				t.Errorf("Key(%q) = %q, Key(%q) = %q", s, Key(s), same[0], Key(same[0]))
			}
		}
	}
	for _, pair := range [][2]string{{"十", "一"}, {"二十一", "二百一"}, {"3号楼", "13号楼"}} {
		if Key(pair[0]) == Key(pair[1]) {
			t.Errorf("%q and %q have one key %q", pair[0], pair[1], Key(pair[0]))
		}
	}
}

func TestCleanTextFitsADatabase(t *testing.T) {
	for in, want := range map[string]string{
		"康桥 花苑":            "康桥 花苑",
		"  a\t\tb\r\nc　d ": "a b c d",
		"a\x00b\ufeff":     "ab",
		"\xff\xfe":         "",
		"":                 "",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", " a  b ", "康桥花苑３号", "\x00\xff", "a\u00a0b", "\u3000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if Clean(got) != got {
			t.Errorf("Clean(%q) = %q, and again %q", s, got, Clean(got))
		}
		if tidy(s) && got != s {
			t.Errorf("%q is called tidy and becomes %q", s, got)
		}
		Key(s)
	})
}

func TestTheSampleIsSpreadOverTheFile(t *testing.T) {
	var s sampler
	for i := range 100_000 {
		s.add(orb.Point{float64(i), 0})
	}
	if len(s.points) < maxSample/2 || len(s.points) > maxSample {
		t.Fatalf("%d points, want %d to %d", len(s.points), maxSample/2, maxSample)
	}
	if last := s.points[len(s.points)-1][0]; last < 99_000 || s.points[0][0] != 0 {
		t.Errorf("from %v to %v", s.points[0][0], last)
	}
	if !slices.IsSortedFunc(s.points, func(a, b orb.Point) int { return int(a[0] - b[0]) }) {
		t.Error("not in order")
	}
}
