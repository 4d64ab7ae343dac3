package main

import (
	"testing"

	"wangge/geo/grid"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
	"wangge/geo/town"
)

// A county of towns has one more level: its preset must have it as well.
func TestEachSizeOfTheDemoTownHasAPresetWithItsLevels(t *testing.T) {
	tx := pgtest.Tx(t)
	for _, households := range []int{1000, 25_000} {
		made, err := town.Generate(t.Context(), town.Options{Households: households})
		if err != nil {
			t.Fatal(err)
		}
		preset, err := grid.PresetByCode(t.Context(), tx, staff.System, demoPreset(made))
		if err != nil {
			t.Fatal(err)
		}
		if len(preset.Levels) != len(made.Levels) {
			t.Errorf("%d households: %d levels, the preset %s has %d", households, len(made.Levels), preset.Code, len(preset.Levels))
		}
		for _, level := range made.Levels {
			if _, err := preset.Depth(level.Code); err != nil {
				t.Errorf("%d households: level %s: %v", households, level.Code, err)
			}
		}
	}
}
