package town

import (
	"os"
	"testing"
	"wangge/geo"
)

// TestLook writes pictures of the town to the folder WANGGE_LOOK, for people.
func TestLook(t *testing.T) {
	dir := os.Getenv("WANGGE_LOOK")
	if dir == "" {
		t.Skip("SKIPPED: pictures of the town are only drawn into a folder named by WANGGE_LOOK")
	}
	town, err := Generate(t.Context(), Options{Households: 10_000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	f := newFrame(geo.Snap(town.Center))
	old := vec{}
	for _, p := range town.Places {
		if p.Kind == "town" {
			old = f.meters(p.At)
		}
	}
	save(Render(town, 1500), dir+"/town.png")
	save(draw(town, around(old, 420), 1400), dir+"/town-old.png")
	save(draw(town, around(old.add(vec{500, 350}), 420, LevelBuildingGroup, LevelMicroGrid, LevelVillage), 1400), dir+"/town-units.png")
	v := around(old.add(vec{-350, 420}), 260, LevelMicroGrid)
	v.people = true
	save(draw(town, v, 1400), dir+"/town-street.png")
	save(draw(town, around(old.add(vec{-1300, -700}), 600, LevelMicroGrid, LevelVillage), 1400), dir+"/town-country.png")
	for _, seed := range []uint64{2, 7} {
		other, err := Generate(t.Context(), Options{Households: 10_000, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		save(Render(other, 1500), dir+"/town-seed"+string(rune('0'+seed))+".png")
	}
	levels := map[string]int{}
	for _, u := range town.Units {
		levels[u.Level]++
	}
	t.Log(levels, len(town.Streets), len(town.Nodes), len(town.Buildings), len(town.Households), len(town.Water), len(town.Green), len(town.Places), len(town.Compounds))
}

func TestLookCounty(t *testing.T) {
	dir := os.Getenv("WANGGE_LOOK")
	if dir == "" {
		t.Skip("SKIPPED: pictures of the county are only drawn into a folder named by WANGGE_LOOK")
	}
	town, err := Generate(t.Context(), Options{Households: 60_000, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	town.Tracks, town.Incidents = nil, nil
	save(Render(town, 1500), dir+"/town-county.png")
}
