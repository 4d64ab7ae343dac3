package circle

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/walk"
)

// Preset is a standard with a name, and where its numbers come from.
type Preset struct {
	Standard
	TitleZh string `json:"title_zh"`
	TitleEn string `json:"title_en"`
	Source  string `json:"source"`
}

// Presets are the standards that have a name.
func Presets(ctx context.Context, db pg.DB, actor staff.Actor) ([]Preset, error) {
	if err := actor.Must(staff.Count); err != nil {
		return nil, err
	}
	return presets(ctx, db)
}

func presets(ctx context.Context, db pg.DB) ([]Preset, error) {
	rows, _ := db.Query(ctx, `
		SELECT code, minutes, metres, speed, profile, slope, title_zh, title_en, source
		FROM walk_standard ORDER BY ordinal`)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Preset, err error) {
		err = row.Scan(&p.Code, &p.Minutes, &p.Metres, &p.Speed, &p.Profile, &p.Slope, &p.TitleZh, &p.TitleEn, &p.Source)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("standards: %w", err)
	}
	return list, nil
}

// Filled is the standard with what was left out (0, "") taken from the preset of its
// code. It keeps the code only while its numbers are those of the preset. Without a
// code the profile is that of an adult, and no metres are no limit.
//
// Errors: ErrStandard.
func (s Standard) Filled(known []Preset) (Standard, error) {
	if s.Code == "" {
		if s.Profile == "" {
			s.Profile = "adult"
		}
		return s, s.check()
	}
	for _, p := range known {
		if p.Code != s.Code {
			continue
		}
		if s == (Standard{Code: s.Code}) {
			return p.Standard, nil // its slope too
		}
		if s.Minutes == 0 {
			s.Minutes = p.Minutes
		}
		if s.Speed == 0 {
			s.Speed = p.Speed
		}
		if s.Metres == 0 {
			s.Metres = p.Metres
		}
		if s.Profile == "" {
			s.Profile = p.Profile
		}
		if s != p.Standard {
			s.Code = ""
		}
		return s, s.check()
	}
	return s, ErrStandard.Saying("There is no standard " + s.Code + "; GET /standards lists them.")
}

// profiles are who walks, by the name in a standard.
var profiles = map[string]walk.Profile{"adult": walk.Adult, "elder": walk.Elder, "wheels": walk.Wheels}

func (s Standard) check() error {
	_, known := profiles[s.Profile]
	switch {
	case !(s.Minutes > 0 && s.Minutes <= 120):
		return ErrStandard.Saying("minutes: above 0 and at most 120.")
	case s.Speed < 500 || s.Speed > 15000:
		return ErrStandard.Saying("speed: 500 to 15000 metres per hour.")
	case s.Metres < 0 || s.Metres > 20000:
		return ErrStandard.Saying("metres: 0 (no limit) to 20000.")
	case !known:
		return ErrStandard.Saying("profile: adult, elder or wheels.")
	}
	return nil
}

// Mode is who walks, and whether slopes count.
func (s Standard) Mode() walk.Mode { return walk.Mode{Profile: profiles[s.Profile], Slope: s.Slope} }

// Limit is how far the standard reaches, in millimetres of effort.
func (s Standard) Limit() uint32 {
	mm := math.Floor(s.Minutes * float64(s.Speed) * 1000 / 60)
	if s.Metres > 0 {
		mm = min(mm, float64(s.Metres)*1000)
	}
	return uint32(mm)
}

// Horizon is how far minutes are told, in millimetres of effort: an hour's walk, or
// as far as the standard goes. Who has no point within it counts as out of reach.
func (s Standard) Horizon() uint32 {
	return uint32(math.Floor(max(s.Minutes, horizon) * float64(s.Speed) * 1000 / 60))
}

const horizon = 60 // minutes

// Seconds that a walk takes, rounded up.
func (s Standard) Seconds(mm uint32) int64 {
	per := int64(s.Speed) * 1000 // mm in an hour
	return (int64(mm)*3600 + per - 1) / per
}

// Minutes that a walk takes: its seconds, as minutes.
func (s Standard) minutes(mm uint32) float64 { return float64(s.Seconds(mm)) / 60 }
