package crs_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/crs"
)

func TestParseKnowsHowPeopleAndFilesWriteIt(t *testing.T) {
	tests := []struct {
		said string
		want crs.CRS
	}{
		{"EPSG:4326", crs.WGS84},
		{" wgs 84 ", crs.WGS84},
		{"WGS_1984", crs.WGS84},
		{"urn:ogc:def:crs:OGC:1.3:CRS84", crs.WGS84},
		{"http://www.opengis.net/def/crs/OGC/1.3/CRS84", crs.WGS84},
		{"urn:ogc:def:crs:EPSG::4490", crs.CGCS2000},
		{"http://www.opengis.net/def/crs/EPSG/0/4549", "EPSG:4549"},
		{"CGCS2000", crs.CGCS2000},
		{"国家2000", crs.CGCS2000},
		{"2000国家大地坐标系", crs.CGCS2000},
		{"gcj02", crs.GCJ02},
		{"GCJ-02", crs.GCJ02},
		{"火星坐标系", crs.GCJ02},
		{"bd09ll", crs.BD09},
		{"百度", crs.BD09},
		{"4549", "EPSG:4549"},
		{"epsg:4528", "EPSG:4528"},
		{"CGCS2000 / 3-degree Gauss-Kruger CM 120E", "EPSG:4549"},
		{"CGCS2000 / 3-degree Gauss-Kruger zone 40", "EPSG:4528"},
		{"CGCS2000_3_Degree_GK_CM_123E", "EPSG:4550"},
		{"CGCS2000_3_Degree_GK_Zone_40", "EPSG:4528"},
		{"CGCS2000_6_Degree_GK_Zone_20", "EPSG:4498"},
		{"国家2000 3度带 40带", "EPSG:4528"},
		{"CGCS2000 三度带 中央经线120", "EPSG:4549"},
		{"EPSG:4549;ne", "EPSG:4549;ne"},
		{"WGS84;lat,lon", "EPSG:4326;ne"},
	}
	for _, tt := range tests {
		t.Run(tt.said, func(t *testing.T) {
			if got, err := crs.Parse(tt.said); got != tt.want || err != nil {
				t.Errorf("Parse(%q) = %q, %v; want %q", tt.said, got, err, tt.want)
			}
		})
	}
}

func TestParseRefusesRatherThanGuesses(t *testing.T) {
	tests := []struct {
		said string
		want error
	}{
		{"", crs.ErrUnknown},
		{"EPSG:3857", crs.ErrUnknown},
		{"EPSG:4555", crs.ErrUnknown},
		{"EPSG:4490000", crs.ErrUnknown},
		{"CGCS2000_3_Degree_GK_CM_121E", crs.ErrUnknown},
		{"CGCS2000_3_Degree_GK_Zone_99", crs.ErrUnknown},
		{strings.Repeat("x", 1<<20), crs.ErrUnknown},
		{"北京54", crs.ErrLocal},
		{"Beijing 1954 / 3-degree Gauss-Kruger CM 120E", crs.ErrLocal},
		{"西安80 3度带", crs.ErrLocal},
		{"Xian_1980_3_Degree_GK_CM_120E", crs.ErrLocal},
		{"杭州城市独立坐标系", crs.ErrLocal},
		{"上海城市坐标系", crs.ErrLocal},
		{`PROJCS["CGCS2000_Hangzhou",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",90000.0],PARAMETER["False_Northing",-3000000.0],PARAMETER["Central_Meridian",120.15],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`, crs.ErrLocal},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%.30s", tt.said), func(t *testing.T) {
			if got, err := crs.Parse(tt.said); !errors.Is(err, tt.want) {
				t.Errorf("Parse = %q, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestEverySystemParsesAsItselfAndHasNames(t *testing.T) {
	all := crs.All()
	if len(all) != 4+64 {
		t.Errorf("All lists %d systems, want 4 geographic and 64 zones", len(all))
	}
	for _, info := range all {
		if got, err := crs.Parse(string(info.Code)); got != info.Code || err != nil {
			t.Errorf("Parse(%q) = %q, %v", info.Code, got, err)
		}
		swapped := info.Code.Swapped()
		if got, err := crs.Parse(string(swapped)); got != swapped || err != nil {
			t.Errorf("Parse(%q) = %q, %v", swapped, got, err)
		}
		if en, zh := info.Code.Title(); en == "" || zh == "" || en != info.Title {
			t.Errorf("%s has titles %q, %q", info.Code, en, zh)
		}
	}
}

// The figures of the published formula, from an independent implementation
// (domain.md, 3.8: shifts of five towns to the metre).
func TestGCJShiftIsTheKnownOne(t *testing.T) {
	tests := []struct {
		place string
		at    orb.Point
		want  float64 // metres
	}{
		{"Kangqiao", orb.Point{121.56, 31.14}, 473},
		{"Qingshen", orb.Point{103.85, 29.83}, 374},
	}
	for _, tt := range tests {
		t.Run(tt.place, func(t *testing.T) {
			got, err := crs.GCJ02.FromWGS84(tt.at)
			if d := geo.Distance(got, tt.at); err != nil || math.Abs(float64(d)-tt.want) > 6 {
				t.Errorf("GCJ-02 is %.1f m away (%v), want about %.0f", d, err, tt.want)
			}
		})
	}
	outside := orb.Point{9.52, 47.14}
	if got, err := crs.GCJ02.FromWGS84(outside); got != outside || err != nil {
		t.Errorf("GCJ-02 of Vaduz = %v, %v; want it unchanged", got, err)
	}
}

func TestEveryShiftIsUndoneBelowOneLatticeStep(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	systems := crs.All()
	for range 20_000 {
		p := geo.Snap(orb.Point{74 + 60*rnd.Float64(), 18 + 35*rnd.Float64()})
		c := systems[rnd.IntN(len(systems))].Code
		if rnd.IntN(2) == 0 {
			c = c.Swapped()
		}
		there, err := c.FromWGS84(p.Degrees())
		if err != nil {
			continue // far from the zone
		}
		back, err := c.ToWGS84(there)
		if err != nil && c.Projected() {
			continue // six degrees from the meridian: a file so wide is refused
		}
		if err != nil || geo.Snap(back) != p {
			t.Fatalf("%s: %v → %v → %v (%v)", c, p.Degrees(), there, back, err)
		}
		if d := geo.Distance(back, p.Degrees()); d > 1e-8 { // eight-digit eastings are rounded to 7 nm
			t.Fatalf("%s: %v comes back %.2g m away, want below 10 nm", c, p.Degrees(), d)
		}
		// As files have it: seven decimals, or a tenth of a millimetre.
		digits := 1e7
		if c.Projected() {
			digits = 1e4
		}
		written := orb.Point{math.Round(there[0]*digits) / digits, math.Round(there[1]*digits) / digits}
		back, err = c.ToWGS84(written)
		if q := geo.Snap(back); err != nil || max(abs(q.X-p.X), abs(q.Y-p.Y)) > 1 {
			t.Fatalf("%s: %v written as %v comes back as %v (%v), want within one step", c, p, written, q, err)
		}
	}
}

func abs(v int32) int32 { return max(v, -v) }

func TestImpossibleCoordinatesAreRefusedWithTheReason(t *testing.T) {
	tests := []struct {
		name   string
		claim  crs.CRS
		at     orb.Point
		reason string
	}{
		{"metres as degrees", crs.WGS84, orb.Point{530_000, 3_350_000}, "metres"},
		{"latitude first", crs.WGS84, orb.Point{30.2, 120.1}, "swapped"},
		{"beyond the Earth", crs.GCJ02, orb.Point{200, 30}, "not on the Earth"},
		{"not a number", crs.BD09, orb.Point{math.NaN(), 30}, "not a number"},
		{"infinite metres", "EPSG:4549", orb.Point{math.Inf(1), 30}, "not a number"},
		{"degrees as metres", "EPSG:4549", orb.Point{120.1, 30.2}, "degrees"},
		{"zone number where there is none", "EPSG:4549", orb.Point{40_530_000, 3_350_000}, "zone number 40"},
		{"no zone number where there is one", "EPSG:4528", orb.Point{530_000, 3_350_000}, "no zone number"},
		{"another zone's number", "EPSG:4528", orb.Point{39_530_000, 3_350_000}, "zone number 39"},
		{"northing first", "EPSG:4549", orb.Point{3_350_000, 530_000}, "swapped"},
		{"southern hemisphere", "EPSG:4549", orb.Point{530_000, -3_350_000}, "northing"},
		{"no such system", "EPSG:1", orb.Point{1, 1}, "EPSG:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.claim.ToWGS84(tt.at)
			if err == nil || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("%s.ToWGS84(%v) = %v, %v; want a fault about %q", tt.claim, tt.at, got, err, tt.reason)
			}
		})
	}
}

func TestNorthFirstFilesAreReadTheOtherWayRound(t *testing.T) {
	straight, err := crs.CRS("EPSG:4549").ToWGS84(orb.Point{530_000, 3_350_000})
	if err != nil {
		t.Fatal(err)
	}
	turned, err := crs.CRS("EPSG:4549;ne").ToWGS84(orb.Point{3_350_000, 530_000})
	if err != nil || turned != straight {
		t.Errorf("north first = %v, %v; want %v", turned, err, straight)
	}
}

func TestFromPRJ(t *testing.T) {
	const gcs = `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	esri := func(name, easting, meridian string) string {
		return `PROJCS["` + name + `",` + gcs + `,PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",` + easting + `],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",` + meridian + `],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`
	}
	tests := []struct {
		name string
		prj  string
		want crs.CRS
	}{
		{"ArcGIS WGS 84", `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`, crs.WGS84},
		{"QGIS WGS 84 with line breaks and a BOM", "\ufeffGEOGCS[\"WGS 84\",\n  DATUM[\"WGS_1984\",\n  SPHEROID[\"WGS 84\",6378137,298.257223563,AUTHORITY[\"EPSG\",\"7030\"]]],\r\nPRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AXIS[\"Latitude\",NORTH],AXIS[\"Longitude\",EAST],AUTHORITY[\"EPSG\",\"4326\"]]\n", crs.WGS84},
		{"ArcGIS CGCS2000", gcs, crs.CGCS2000},
		{"meridian 120", esri("CGCS2000_3_Degree_GK_CM_120E", "500000.0", "120.0"), "EPSG:4549"},
		{"zone 40", esri("CGCS2000_3_Degree_GK_Zone_40", "40500000.0", "120.0"), "EPSG:4528"},
		{"6 degrees by name", esri("CGCS2000_GK_CM_117E_6度", "500000", "117"), "EPSG:4509"},
		{"6-degree zone 20", esri("renamed by hand", "20500000.0", "117.0"), "EPSG:4498"},
		{"renamed by hand", esri("西湖区网格", "500000.0", "120.0"), "EPSG:4549"},
		{"WKT 2", `PROJCRS["CGCS2000 / 3-degree Gauss-Kruger CM 120E",BASEGEOGCRS["China Geodetic Coordinate System 2000",DATUM["China 2000",ELLIPSOID["CGCS2000",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4490]],CONVERSION["3-degree Gauss-Kruger CM 120E",METHOD["Transverse Mercator",ID["EPSG",9807]],PARAMETER["Latitude of natural origin",0],PARAMETER["Longitude of natural origin",120],PARAMETER["Scale factor at natural origin",1],PARAMETER["False easting",500000],PARAMETER["False northing",0]],CS[Cartesian,2],AXIS["northing (X)",north,ORDER[1],LENGTHUNIT["metre",1]],AXIS["easting (Y)",east,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",4549]]`, "EPSG:4549"},
		{"another datum", strings.ReplaceAll(esri("Xian_1980_3_Degree_GK_CM_120E", "500000.0", "120.0"), "D_China_2000", "D_Xian_1980"), ""},
		{"a moved meridian", esri("CGCS2000_local", "500000.0", "120.25"), ""},
		{"a local false easting", esri("CGCS2000_local", "50000.0", "120.0"), ""},
		{"a zone that does not fit its meridian", esri("CGCS2000_3_Degree_GK_Zone_40", "40500000.0", "117.0"), ""},
		{"a scale", strings.ReplaceAll(esri("CGCS2000", "500000", "120"), `"Scale_Factor",1.0`, `"Scale_Factor",0.9996`), ""},
		{"kilometres", strings.ReplaceAll(esri("CGCS2000", "500000", "120"), `UNIT["Meter",1.0]`, `UNIT["Kilometer",1000.0]`), ""},
		{"UTM", `PROJCS["WGS_1984_UTM_Zone_51N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["Central_Meridian",123.0],PARAMETER["Scale_Factor",0.9996],UNIT["Meter",1.0]]`, ""},
		{"empty", "", ""},
		{"not closed", `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984"`, ""},
		{"deep", strings.Repeat("A[", 10_000), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := crs.FromPRJ(tt.prj); got != tt.want || ok != (tt.want != "") {
				t.Errorf("FromPRJ = %q, %v; want %q", got, ok, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"EPSG:4549", "CGCS2000 三度带 中央经线120", "gcj02;ne", `GEOGCS["a",DATUM["b"]]`, "urn:ogc:def:crs:EPSG::4490", ";ne;ne"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := crs.Parse(s)
		if err != nil {
			return
		}
		if again, err := crs.Parse(string(c)); again != c || err != nil {
			t.Errorf("Parse(%q) = %q, which parses as %q, %v", s, c, again, err)
		}
		if en, zh := c.Title(); en == "" || zh == "" {
			t.Errorf("%q has no title", c)
		}
	})
}

func FuzzFromPRJ(f *testing.F) {
	f.Add(`GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`)
	f.Add(`PROJCS["x",GEOGCS["y",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137,298.2]],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000],PARAMETER["Central_Meridian",120],UNIT["Meter",1]]`)
	f.Fuzz(func(t *testing.T, s string) {
		if c, ok := crs.FromPRJ(s); ok {
			if again, err := crs.Parse(string(c)); again != c || err != nil {
				t.Errorf("FromPRJ(%q) = %q, which parses as %q, %v", s, c, again, err)
			}
		}
	})
}

func FuzzToWGS84(f *testing.F) {
	f.Add(0, 120.1, 30.2)
	f.Add(40, 530_000.0, 3_350_000.0)
	f.Fuzz(func(t *testing.T, system int, x, y float64) {
		all := crs.All()
		c := all[uint(system)%uint(len(all))].Code
		p, err := c.ToWGS84(orb.Point{x, y})
		if err == nil && !(math.Abs(p[0]) <= 181 && math.Abs(p[1]) <= 91) {
			t.Errorf("%s.ToWGS84(%v, %v) = %v", c, x, y, p)
		}
	})
}

func BenchmarkToWGS84(b *testing.B) {
	for _, c := range []crs.CRS{crs.WGS84, "EPSG:4549", crs.GCJ02, crs.BD09} {
		b.Run(string(c), func(b *testing.B) {
			p, err := c.FromWGS84(orb.Point{120.123, 30.256})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := c.ToWGS84(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
