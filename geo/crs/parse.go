package crs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Parse reads how people and files name a system: "EPSG:4549", "4549", "WGS84",
// "国家2000", "gcj02", "百度", "CGCS2000_3_Degree_GK_Zone_40", an OGC URN or URL,
// or the text of a .prj file; with ";ne" for files with y before x. Older and
// local systems are ErrLocal, everything else ErrUnknown: nothing is guessed.
func Parse(s string) (CRS, error) {
	text := strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))
	if len(text) > maxWKT {
		return "", ErrUnknown.Saying("Its description is too long.")
	}
	for _, order := range []string{northFirst, ";yx", ";lat,lon"} {
		if base, ok := strings.CutSuffix(strings.ToLower(text), order); ok {
			c, err := parse(base)
			if err != nil {
				return "", err
			}
			return c.Swapped(), nil
		}
	}
	return parse(text)
}

// parse is Parse without the order of the coordinates.
func parse(text string) (CRS, error) {
	if c, ok := FromPRJ(text); ok {
		return c, nil
	}
	name := plain(text)
	if c, ok := names[name]; ok {
		return c, nil
	}
	if c, ok := byCode(name); ok {
		return c, nil
	}
	if c, ok := byZone(name); ok {
		return c, nil
	}
	said := fmt.Sprintf("It says %.80q.", text)
	if root, err := parseWKT(text); err == nil && root.is("PROJCS", "PROJCRS") && strings.Contains(name, "2000") {
		return "", ErrLocal.Saying(said + " Its meridian, scale or false easting are those of no standard zone.")
	}
	if slices.ContainsFunc(localNames, func(local string) bool { return strings.Contains(name, local) }) {
		return "", ErrLocal.Saying(said)
	}
	return "", ErrUnknown.Saying(said)
}

// plain lowers the case and drops everything that is only decoration.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '_', '-', '–', '—', '/', '(', ')', '（', '）', '\'', '"', ',', '，', '°':
			return -1
		case 'ü':
			return 'u'
		}
		return r
	}, strings.ToLower(s))
}

// names are the systems without zones, as plain writes them.
var names = map[string]CRS{
	"wgs84": WGS84, "wgs1984": WGS84, "gcswgs1984": WGS84, "epsg:4326": WGS84, "4326": WGS84,
	"crs84": WGS84, "ogc:crs84": WGS84, "urn:ogc:def:crs:ogc:1.3:crs84": WGS84, "urn:ogc:def:crs:ogc::crs84": WGS84,
	"http:www.opengis.netdefcrsogc1.3crs84": WGS84, "gps": WGS84, "wgs84经纬度": WGS84, "地球坐标": WGS84,
	"cgcs2000": CGCS2000, "gcschinageodeticcoordinatesystem2000": CGCS2000, "chinageodeticcoordinatesystem2000": CGCS2000,
	"gcscgcs2000": CGCS2000, "china2000": CGCS2000, "国家2000": CGCS2000, "2000国家大地坐标系": CGCS2000,
	"国家大地2000": CGCS2000, "国家2000坐标系": CGCS2000, "cgcs2000经纬度": CGCS2000, "大地2000": CGCS2000,
	"gcj02": GCJ02, "gcj": GCJ02, "火星坐标": GCJ02, "火星坐标系": GCJ02, "mars": GCJ02, "高德": GCJ02, "腾讯": GCJ02,
	"高德坐标": GCJ02, "腾讯坐标": GCJ02, "国测局坐标": GCJ02, "amap": GCJ02, "gcj02经纬度": GCJ02,
	"bd09": BD09, "bd09ll": BD09, "bd": BD09, "baidu": BD09, "百度": BD09, "百度坐标": BD09, "百度坐标系": BD09, "bd09经纬度": BD09,
}

// localNames are signs of systems that need parameters we do not have.
var localNames = []string{
	"beijing1954", "beijing54", "北京54", "北京1954", "1954北京", "xian1980", "xian80", "西安80", "西安1980", "1980西安",
	"pulkovo1942", "krasovsky1940", "新1954", "新54",
	"独立坐标", "地方坐标", "城市坐标", "独立坐标系", "地方坐标系", "自定义坐标", "local", "独立",
	"shanghai", "上海2000", "上海坐标", "hangzhou", "杭州2000", "tianjin90", "天津90", "guangzhou", "广州2000", "深圳独立",
}

var codePatterns = []*regexp.Regexp{
	regexp.MustCompile(`^(?:epsg:{1,2})?(\d{4})$`),
	regexp.MustCompile(`^urn:(?:ogc|xogc):def:crs:epsg:[\d.]*:(\d{4})$`),
	regexp.MustCompile(`^https?:(?:www\.)?opengis\.netdefcrsepsg(?:0|[\d.]+)(\d{4})$`),
	regexp.MustCompile(`^https?:(?:www\.)?opengis\.netgmlsrsepsg\.xml#(\d{4})$`),
}

func byCode(name string) (CRS, bool) {
	for _, pattern := range codePatterns {
		if m := pattern.FindStringSubmatch(name); m != nil {
			return fromEPSG(m[1])
		}
	}
	return "", false
}

func fromEPSG(code string) (CRS, bool) {
	n, err := strconv.Atoi(code)
	if err != nil {
		return "", false
	}
	if n == 4326 {
		return WGS84, true
	}
	if n == 4490 {
		return CGCS2000, true
	}
	if z, ok := zoneOf(n); ok {
		return z.crs(), true
	}
	return "", false
}

// zonePatterns read "CGCS2000 / 3-degree Gauss-Kruger CM 120E", Esri's
// "CGCS2000_3_Degree_GK_Zone_40" and Chinese "国家2000 3度带 40带",
// "CGCS2000 三度带 中央经线120". The groups are width, kind and number.
var zonePatterns = []*regexp.Regexp{
	regexp.MustCompile(`^cgcs2000([36])degree(?:gk|gausskruger)(cm|zone)(\d{2,3})e?$`),
	regexp.MustCompile(`^(?:cgcs2000|国家2000|2000国家大地坐标系)(?:高斯克吕格|高斯)?([36三六])度分?带第?(中央经线|中央子午线|)(\d{2,3})[度带号e东经]*$`),
}

func byZone(name string) (CRS, bool) {
	for _, pattern := range zonePatterns {
		m := pattern.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		width := 3
		if m[1] == "6" || m[1] == "六" {
			width = 6
		}
		number, err := strconv.Atoi(m[3])
		if err != nil {
			return "", false
		}
		z, ok := zoneNamed(width, number, m[2] == "zone" || m[2] == "" && number < 60)
		return z.crs(), ok
	}
	return "", false
}

// zoneNamed finds a zone by its number, or by its meridian when numbered is false.
func zoneNamed(width, number int, numbered bool) (zone, bool) {
	if !numbered {
		return zoneLike(width, float64(number), false)
	}
	if width == 6 {
		return zoneLike(6, float64(6*number-3), true)
	}
	return zoneLike(3, float64(3*number), true)
}
