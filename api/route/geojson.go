package route

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// GeoJSON is a FeatureCollection (RFC 7946) whose features have properties P.
type GeoJSON[P any] struct {
	Body Collection[P]
}

// Collection is the body of a GeoJSON answer.
type Collection[P any] struct {
	Type     string       `json:"type" enum:"FeatureCollection"`
	Features []Feature[P] `json:"features"`
}

// ContentType is what the answer is sent as.
func (Collection[P]) ContentType(string) string { return GeoJSONType }

// Feature is one feature; its geometry may be null.
type Feature[P any] struct {
	Type       string   `json:"type" enum:"Feature"`
	ID         string   `json:"id"`
	Geometry   Geometry `json:"geometry"`
	Properties P        `json:"properties"`
}

// Geometry is any GeoJSON geometry, or null.
type Geometry struct{ Shape orb.Geometry }

// MarshalJSON implements json.Marshaler.
func (g Geometry) MarshalJSON() ([]byte, error) {
	if g.Shape == nil {
		return []byte("null"), nil
	}
	return json.Marshal(geojson.NewGeometry(g.Shape))
}

// Schema tells OpenAPI what MarshalJSON writes.
func (Geometry) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Nullable: true, Description: "GeoJSON geometry, WGS 84, or null",
		Properties:           map[string]*huma.Schema{"type": {Type: huma.TypeString}, "coordinates": {Type: huma.TypeArray, Items: &huma.Schema{}}},
		AdditionalProperties: true}
}

// NewGeoJSON makes an empty collection with room for n features.
func NewGeoJSON[P any](n int) *GeoJSON[P] {
	return &GeoJSON[P]{Collection[P]{Type: "FeatureCollection", Features: make([]Feature[P], 0, n)}}
}

// GeoJSONType is the media type of GeoJSON.
const GeoJSONType = "application/geo+json"

// Add appends a feature; a nil shape is a null geometry.
func (g *GeoJSON[P]) Add(id string, shape orb.Geometry, properties P) {
	g.Body.Features = append(g.Body.Features, Feature[P]{Type: "Feature", ID: id, Geometry: Geometry{shape}, Properties: properties})
}

// ContentType is what a single feature is sent as.
func (Feature[P]) ContentType(string) string { return GeoJSONType }
