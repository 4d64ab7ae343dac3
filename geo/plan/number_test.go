package plan_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"wangge/geo"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
)

var threeDigits = plan.Scheme{Level: "block", Digits: 3, Naming: "{parent}{n}片"}

func TestUnitsAreNumberedAsAPageIsRead(t *testing.T) {
	// Three rows of four, jittered by less than half their height, in any order.
	random := rand.New(rand.NewPCG(1, 2))
	var units []geo.MultiPolygon
	for row := range int32(3) {
		for column := range int32(4) {
			x, y := column*1000+random.Int32N(300), (2-row)*1000+random.Int32N(300)
			units = append(units, box(x, y, x+900, y+900))
		}
	}
	for range 20 {
		shuffled := random.Perm(len(units))
		areas := make([]geo.MultiPolygon, len(units))
		for i, at := range shuffled {
			areas[i] = units[at]
		}
		for rank, i := range plan.ReadingOrder(areas) {
			if shuffled[i] != rank {
				t.Fatalf("unit %d is number %d", shuffled[i], rank)
			}
		}
	}
	if got := plan.ReadingOrder(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	if got := plan.ReadingOrder([]geo.MultiPolygon{nil, box(0, 0, 10, 10)}); !slices.Equal(got, []int{1, 0}) {
		t.Errorf("a unit without land: %v, want it last", got)
	}
}

func TestCodesGoOnAfterTheHighestAndAreNeverGivenTwice(t *testing.T) {
	two := []geo.MultiPolygon{box(1000, 0, 1900, 900), box(0, 0, 900, 900)} // the second lies west
	for _, tt := range []struct {
		name  string
		taken []string
		want  []string
		err   error
	}{
		{"the first ones", nil, []string{"V002", "V001"}, nil},
		{"after those there ever were", []string{"V001", "V007", "W008", "V0099", "Vxyz"}, []string{"V009", "V008"}, nil},
		{"gaps that nobody had, when the end is reached", []string{"V999", "V001", "V003"}, []string{"V004", "V002"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			taken := map[string]bool{}
			for _, code := range tt.taken {
				taken[code] = true
			}
			got, err := plan.NextCodes(taken, "V", threeDigits, two)
			if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
				t.Errorf("got %v, %v; want %v, %v", got, err, tt.want, tt.err)
			}
		})
	}
	all := map[string]bool{"V1": true, "V2": true, "V3": true, "V4": true, "V5": true, "V6": true, "V7": true, "V8": true}
	if _, err := plan.NextCodes(all, "V", plan.Scheme{Digits: 1}, two); !errors.Is(err, plan.ErrCodesGone) {
		t.Errorf("one number left for two: %v, want %v", err, plan.ErrCodesGone)
	}
	if got := threeDigits.Name("V006", "V", "1组"); got != "1组6片" {
		t.Errorf("name %q, want 1组6片", got)
	}
}

func TestASchemeIsDataOfThePresetAndTheLevel(t *testing.T) {
	db := pgtest.Database(t)
	s, err := plan.SchemeOf(t.Context(), db, "rural", "block")
	if err != nil || s.Digits != 3 || s.Naming != "{parent}{n}片" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := plan.SchemeOf(t.Context(), db, "rural", "grid"); !errors.Is(err, plan.ErrNoScheme) {
		t.Errorf("a level of another preset: %v, want %v", err, plan.ErrNoScheme)
	}
}
