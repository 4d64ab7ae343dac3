// Package zones serves overlay zones as GeoJSON.
package zones

import (
	"context"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"wangge/api/route"
	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// ErrShape means that a zone has no usable area.
var ErrShape = fault.New(fault.Invalid, "zone_shape", "A zone needs a Polygon or MultiPolygon in WGS 84.")

// Mount adds /zones.
func Mount(a route.API, db pg.DB) {
	h := handler{db}
	route.Get(a, "/zones", route.Op{ID: "list-zones", May: staff.Map, Summary: "Overlay zones in force, as GeoJSON", Tag: "zones"}, h.list)
	route.Post(a, "/zones", route.Op{ID: "add-zone", May: staff.Plan, Summary: "Add an overlay zone", Tag: "zones", Status: 201}, h.add)
}

type handler struct{ db pg.DB }

func (h handler) list(ctx context.Context, in *route.AsOf) (*route.GeoJSON[grid.Zone], error) {
	day, err := in.Day()
	if err != nil {
		return nil, err
	}
	list, err := grid.Zones(ctx, h.db, route.Actor(ctx), day)
	if err != nil {
		return nil, err
	}
	out := route.NewGeoJSON[grid.Zone](len(list))
	for _, z := range list {
		out.Add(z.Code, z.Area.Orb(), z)
	}
	return out, nil
}

type addInput struct {
	Body    NewZone
	RawBody []byte
}

// NewZone is a zone as a GeoJSON feature.
type NewZone struct {
	Type       string    `json:"type" enum:"Feature"`
	Geometry   any       `json:"geometry" doc:"GeoJSON Polygon or MultiPolygon"`
	Properties grid.Zone `json:"properties"`
}

func (h handler) add(ctx context.Context, in *addInput) (*route.Body[grid.Zone], error) {
	feature, err := geojson.UnmarshalFeature(in.RawBody)
	if err != nil {
		return nil, ErrShape.Because(err)
	}
	zone := in.Body.Properties
	if zone.Area, err = areaOf(feature.Geometry); err != nil {
		return nil, err
	}
	err = grid.AddZones(ctx, h.db, route.Actor(ctx), []grid.Zone{zone})
	return route.OK(zone, err)
}

// areaOf rounds a shape of a request to the lattice.
func areaOf(shape orb.Geometry) (geo.MultiPolygon, error) {
	var degrees orb.MultiPolygon
	switch s := shape.(type) {
	case orb.Polygon:
		degrees = orb.MultiPolygon{s}
	case orb.MultiPolygon:
		degrees = s
	}
	for _, polygon := range degrees {
		for _, ring := range polygon {
			for _, p := range ring {
				if _, err := route.Place(p); err != nil {
					return nil, err
				}
			}
		}
	}
	area := geo.FromOrb(degrees)
	if len(area) == 0 {
		return nil, ErrShape
	}
	return area, nil
}
