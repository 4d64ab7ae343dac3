package bench

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"wangge/geo"
)

// drawnByValhalla is what Valhalla draws around one place.
type drawnByValhalla struct {
	MS   float64 `json:"ms"`
	Area *struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"area"`
}

// valhalla asks Valhalla for polygons around the places that drawn begins with; why
// says why there is none.
func (b *walkBench) valhalla(ctx context.Context) (answers []drawnByValhalla, why string, err error) {
	if b.town.file == "" {
		return nil, "Valhalla reads an .osm.pbf, and this town has none", nil
	}
	v, why, err := openValhalla(ctx)
	if v == nil {
		return nil, why, err
	}
	defer v.close()
	b.lab.Say("walk: Valhalla builds its own network")
	if err := v.build(ctx, "town", b.town.file); err != nil {
		return nil, "", err
	}
	places := make([]orb.Point, 100)
	for i := range places {
		places[i] = b.home(i).Degrees()
	}
	return answers, "", v.ask(ctx, "isochrone.mjs", "town", places, &answers)
}

// times of what Valhalla drew.
func times(answers []drawnByValhalla) (list spent) {
	for _, a := range answers {
		if a.Area != nil {
			list = append(list, time.Duration(a.MS*1e6))
		}
	}
	slices.Sort(list)
	return list
}

// area on the ground.
func (d drawnByValhalla) area() (geo.SquareMeters, error) {
	var area orb.MultiPolygon
	var err error
	if d.Area.Type == "Polygon" {
		area = make(orb.MultiPolygon, 1)
		err = json.Unmarshal(d.Area.Coordinates, &area[0])
	} else {
		err = json.Unmarshal(d.Area.Coordinates, &area)
	}
	return geo.FromOrb(area).SquareMeters(), err
}
