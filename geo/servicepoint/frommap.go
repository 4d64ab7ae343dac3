package servicepoint

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vectorfile"
)

// MapSource is the source of points that were taken from the map.
const MapSource = "map"

// ErrNoPlaces means that the map has nothing to take.
var ErrNoPlaces = fault.New(fault.Invalid, "map_no_services", "The map has no service places, or there is no map. Import one with them first (wangge import osm FILE).")

// onMap says which functions a place of the map offers, by the kind it has there
// (the value of amenity, healthcare, office …), and what one without a name is
// called. Shops, food, schools and transport are left out: they are no services of
// a service circle's points.
var onMap = map[string]struct {
	functions string
	title     string
}{
	"hospital": {"medical", "医院"}, "clinic": {"medical", "诊所"}, "doctors": {"medical", "诊所"}, "doctor": {"medical", "诊所"},
	"dentist": {"medical", "牙科"}, "pharmacy": {"medical", "药店"}, "health_post": {"medical", "卫生站"}, "physiotherapist": {"medical", "康复诊所"},
	"nursing_home": {"elderly-care", "养老院"}, "assisted_living": {"elderly-care", "养老院"}, "social_facility": {"welfare", "社会服务机构"},
	"kindergarten": {"child-care", "幼儿园"}, "childcare": {"child-care", "托育机构"},
	"library": {"culture;study", "图书馆"}, "community_centre": {"culture", "社区中心"}, "social_centre": {"culture", "社区中心"},
	"arts_centre": {"culture", "文化馆"}, "townhall": {"one-stop", "政府办事处"}, "public_building": {"one-stop", "公共办事处"},
	"employment_agency": {"employment", "就业服务"},
}

// homes are the values of social_facility for the old; other values are welfare,
// also without whom they are for.
var homes = map[string]bool{"nursing_home": true, "assisted_living": true, "ambulatory_care": true}

// FromMap brings the service places of the current map into the list, with their
// names, functions, opening hours and step-free entrances, under the source
// MapSource. The same map again changes nothing; with CloseAbsent what a newer map
// no longer has is closed. Of the options it reads DryRun, CloseAbsent and Progress.
// See Import.
func FromMap(ctx context.Context, db pg.DB, actor staff.Actor, opts ledger.Options) (ledger.Report, error) {
	file, err := placesOfMap(ctx, db)
	if err != nil {
		return ledger.Report{}, err
	}
	if len(file.Features) == 0 {
		return ledger.Report{}, ErrNoPlaces
	}
	return Import(ctx, db, actor, ledger.FromFile(file), ledger.Options{
		Source: MapSource, CRS: crs.WGS84, Confirm: "taken from the map itself",
		DryRun: opts.DryRun, Full: true, CloseAbsent: opts.CloseAbsent, Progress: opts.Progress,
	})
}

// placesOfMap are the service places of the current map as a file of points. One
// that has an area stands at a point in it.
func placesOfMap(ctx context.Context, db pg.DB) (*vectorfile.File, error) {
	type place struct {
		ID, Kind, Name string
		Tags           map[string]string
		At             orb.Point
	}
	rows, _ := db.Query(ctx, `
		SELECT f.osm_type || f.osm_id, f.kind, f.name, f.tags, ST_PointOnSurface(f.geom)
		FROM map_feature f JOIN network_import i ON i.id = f.import_id AND i.current
		WHERE f.class = 'service' ORDER BY f.osm_type, f.osm_id`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[place])
	if err != nil {
		return nil, fmt.Errorf("service places of the map: %w", err)
	}
	file := &vectorfile.File{Format: "map", Fields: []string{"source_id", "name", "functions", "hours", "step_free", "address"}}
	for _, p := range list {
		offer, ok := onMap[p.Kind]
		if !ok {
			continue
		}
		if homes[p.Tags["social_facility"]] {
			offer = onMap["nursing_home"]
		}
		name := p.Name
		if name == "" {
			name = offer.title
		}
		file.Features = append(file.Features, vectorfile.Feature{
			Geometry: p.At,
			Properties: map[string]string{
				"source_id": p.ID, "name": name, "functions": offer.functions, "hours": p.Tags["opening_hours"],
				"step_free": map[string]string{"yes": "yes", "designated": "yes", "no": "no"}[p.Tags["wheelchair"]],
				"address":   strings.TrimSpace(p.Tags["addr:street"] + " " + p.Tags["addr:housenumber"]),
			},
		})
	}
	return file, nil
}
