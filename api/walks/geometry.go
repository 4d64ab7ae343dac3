package walks

import (
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"wangge/geo"
)

// Area is a GeoJSON MultiPolygon. It is written straight from the lattice, whose
// steps are the seventh decimal of a degree: an outline that follows a hand is mostly
// numbers, and they need no floating point.
type Area struct{ geo.MultiPolygon }

// Line is a GeoJSON LineString.
type Line []geo.Point

// MarshalJSON implements json.Marshaler.
func (a Area) MarshalJSON() ([]byte, error) {
	size := 64
	for _, polygon := range a.MultiPolygon {
		for _, ring := range polygon {
			size += 8 + 26*(len(ring)+1)
		}
	}
	b := append(make([]byte, 0, size), `{"type":"MultiPolygon","coordinates":[`...)
	for i, polygon := range a.MultiPolygon {
		b = append(separated(b, i), '[')
		for k, ring := range polygon {
			b = append(separated(b, k), '[')
			for j, p := range ring {
				b = appendPlace(separated(b, j), p)
			}
			if len(ring) > 0 { // GeoJSON closes its rings
				b = appendPlace(append(b, ','), ring[0])
			}
			b = append(b, ']')
		}
		b = append(b, ']')
	}
	return append(b, "]}"...), nil
}

// MarshalJSON implements json.Marshaler.
func (l Line) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 48+26*len(l)), `{"type":"LineString","coordinates":[`...)
	for i, p := range l {
		b = appendPlace(separated(b, i), p)
	}
	return append(b, "]}"...), nil
}

func separated(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

func appendPlace(b []byte, p geo.Point) []byte {
	b = appendDegrees(append(b, '['), p.X)
	return append(appendDegrees(append(b, ','), p.Y), ']')
}

// appendDegrees writes lattice steps as degrees with as many decimals as they need.
func appendDegrees(b []byte, steps int32) []byte {
	n := int64(steps)
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/geo.Scale, 10)
	rest := n % geo.Scale
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for unit := int64(geo.Scale / 10); rest > 0; unit /= 10 {
		b = append(b, byte('0'+rest/unit))
		rest %= unit
	}
	return b
}

// Schema tells OpenAPI what MarshalJSON writes.
func (Area) Schema(huma.Registry) *huma.Schema { return shape("MultiPolygon") }

// Schema tells OpenAPI what MarshalJSON writes.
func (Line) Schema(huma.Registry) *huma.Schema { return shape("LineString") }

func shape(kind string) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Description: "GeoJSON " + kind + ", WGS 84", Required: []string{"type", "coordinates"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{"type": {Type: huma.TypeString, Enum: []any{kind}}, "coordinates": {Type: huma.TypeArray, Items: &huma.Schema{}}}}
	s.PrecomputeMessages()
	return s
}
