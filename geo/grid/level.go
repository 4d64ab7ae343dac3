// Package grid keeps the units of responsibility: levels and presets as data,
// units with a code for life, and their boundaries in force on any date.
//
// It reads; boundaries change only through package plan.
package grid

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Level is a rung of responsibility. Rank grows downwards.
type Level struct {
	Code    string `json:"code" pattern:"^[a-z][a-z0-9-]{0,39}$" doc:"lower-case slug"`
	Rank    int    `json:"rank" minimum:"1" maximum:"999" doc:"grows downwards; orders all levels of all presets"`
	TitleZh string `json:"title_zh" minLength:"1"`
	TitleEn string `json:"title_en" minLength:"1"`
	PostZh  string `json:"post_zh" doc:"title of the responsible post"`
	PostEn  string `json:"post_en"`
	Builtin bool   `json:"builtin" readOnly:"true"`
	Units   int    `json:"units" readOnly:"true" doc:"units in force on the date asked for"`
}

// PresetLevel is one level of a preset.
type PresetLevel struct {
	Level  string `json:"level"`
	Depth  int    `json:"depth" readOnly:"true" doc:"0 is the top"`
	Digits int    `json:"digits" minimum:"0" maximum:"12" doc:"digits this level adds to its parent's code; 0 = free"`
}

// Preset is a hierarchy of levels, from top to bottom.
type Preset struct {
	Code    string        `json:"code" pattern:"^[a-z][a-z0-9-]{0,39}$"`
	TitleZh string        `json:"title_zh" minLength:"1"`
	TitleEn string        `json:"title_en" minLength:"1"`
	Builtin bool          `json:"builtin" readOnly:"true"`
	Levels  []PresetLevel `json:"levels" minItems:"1" maxItems:"12"`
}

// Faults of this package.
var (
	ErrUnknownUnit   = fault.New(fault.NotFound, "unit_unknown", "No unit has this code on this date.")
	ErrUnknownPreset = fault.New(fault.NotFound, "preset_unknown", "No preset has this code. GET /api/v1/presets lists them.")
	ErrUnknownLevel  = fault.New(fault.Invalid, "level_unknown", "The preset has no such level.")
	ErrLevelExists   = fault.New(fault.Conflict, "level_exists", "A level with this code or rank exists already.")
	ErrPresetExists  = fault.New(fault.Conflict, "preset_exists", "A preset with this code exists already.")
	ErrPresetOrder   = fault.New(fault.Invalid, "preset_order", "The levels of a preset run from top to bottom: each needs a larger rank than the one above it.")
)

var faults = pg.Faults{
	"level_pkey":                    ErrLevelExists,
	"level_rank_key":                ErrLevelExists,
	"preset_pkey":                   ErrPresetExists,
	"preset_level_level_fkey":       ErrUnknownLevel,
	"preset_level_preset_fkey":      ErrUnknownPreset,
	"preset_level_preset_level_key": ErrPresetOrder,
}

// Levels returns all levels from top to bottom with their units in force on day.
func Levels(ctx context.Context, db pg.DB, _ staff.Actor, day Day) ([]Level, error) {
	rows, _ := db.Query(ctx, `
		SELECT l.code, l.rank, l.title_zh, l.title_en, l.post_zh, l.post_en, l.builtin,
		       count(b.id) AS units
		FROM level l
		LEFT JOIN unit u ON u.level = l.code
		LEFT JOIN boundary b ON b.unit_id = u.id
		      AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		GROUP BY l.code
		ORDER BY l.rank`, day)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Level])
	if err != nil {
		return nil, fmt.Errorf("levels: %w", err)
	}
	return list, nil
}

// AddLevel adds a level of an operator's own.
func AddLevel(ctx context.Context, db pg.DB, actor staff.Actor, l Level) error {
	if !actor.Area(staff.Plan).All {
		return staff.ErrForbidden
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO level (code, rank, title_zh, title_en, post_zh, post_en)
			VALUES ($1, $2, $3, $4, $5, $6)`, l.Code, l.Rank, l.TitleZh, l.TitleEn, l.PostZh, l.PostEn)
		if err != nil {
			return fmt.Errorf("add level %s: %w", l.Code, faults.Of(err))
		}
		return audit.Write(ctx, tx, actor, "add", "level", l.Code, map[string]any{"rank": l.Rank})
	})
}

// Presets returns all presets, the built-in ones first.
func Presets(ctx context.Context, db pg.DB, _ staff.Actor) ([]Preset, error) {
	rows, _ := db.Query(ctx, `
		SELECT p.code, p.title_zh, p.title_en, p.builtin, l.level, l.depth, l.digits
		FROM preset p JOIN preset_level l ON l.preset = p.code
		ORDER BY p.builtin DESC, p.code, l.depth`)
	defer rows.Close()
	var list []Preset
	for rows.Next() {
		var p Preset
		var l PresetLevel
		if err := rows.Scan(&p.Code, &p.TitleZh, &p.TitleEn, &p.Builtin, &l.Level, &l.Depth, &l.Digits); err != nil {
			return nil, fmt.Errorf("presets: %w", err)
		}
		if len(list) == 0 || list[len(list)-1].Code != p.Code {
			list = append(list, p)
		}
		last := &list[len(list)-1]
		last.Levels = append(last.Levels, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("presets: %w", err)
	}
	return list, nil
}

// PresetByCode returns one preset, or ErrUnknownPreset.
func PresetByCode(ctx context.Context, db pg.DB, actor staff.Actor, code string) (Preset, error) {
	list, err := Presets(ctx, db, actor)
	if err != nil {
		return Preset{}, err
	}
	for _, p := range list {
		if p.Code == code {
			return p, nil
		}
	}
	return Preset{}, fmt.Errorf("preset %q: %w", code, ErrUnknownPreset)
}

// AddPreset adds a hierarchy of an operator's own. Its levels must exist, and
// run downwards by rank.
func AddPreset(ctx context.Context, db pg.DB, actor staff.Actor, p Preset) error {
	if !actor.Area(staff.Plan).All {
		return staff.ErrForbidden
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO preset (code, title_zh, title_en) VALUES ($1, $2, $3)`,
			p.Code, p.TitleZh, p.TitleEn); err != nil {
			return fmt.Errorf("add preset %s: %w", p.Code, faults.Of(err))
		}
		above := 0
		for depth, l := range p.Levels {
			rank, err := addPresetLevel(ctx, tx, p.Code, depth, l)
			if err != nil {
				return fmt.Errorf("add preset %s: %w", p.Code, err)
			}
			if rank <= above {
				return fmt.Errorf("add preset %s: %w", p.Code, ErrPresetOrder.With(fault.Place{
					Pointer: fmt.Sprintf("/levels/%d", depth), Code: "rank", Detail: l.Level + " belongs above the level before it"}))
			}
			above = rank
		}
		return audit.Write(ctx, tx, actor, "add", "preset", p.Code, map[string]any{"levels": len(p.Levels)})
	})
}

func addPresetLevel(ctx context.Context, tx pgx.Tx, preset string, depth int, l PresetLevel) (rank int, err error) {
	err = tx.QueryRow(ctx, `
		WITH added AS (
			INSERT INTO preset_level (preset, depth, level, digits)
			SELECT $1, $2, code, $4 FROM level WHERE code = $3
			RETURNING level)
		SELECT rank FROM level JOIN added ON added.level = level.code`,
		preset, depth, l.Level, l.Digits).Scan(&rank)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrUnknownLevel.With(fault.Place{Pointer: fmt.Sprintf("/levels/%d", depth), Code: "level_unknown", Detail: l.Level})
	}
	return rank, faults.Of(err)
}

// Depth returns where a level stands in the preset, 0 at the top.
func (p Preset) Depth(level string) (int, error) {
	for _, l := range p.Levels {
		if l.Level == level {
			return l.Depth, nil
		}
	}
	return 0, fmt.Errorf("preset %s, level %q: %w", p.Code, level, ErrUnknownLevel)
}

// Post is the title of the post that is responsible for the units of a level.
func Post(ctx context.Context, db pg.DB, level string) (zh, en string, err error) {
	err = db.QueryRow(ctx, `SELECT post_zh, post_en FROM level WHERE code = $1`, level).Scan(&zh, &en)
	if err != nil {
		return "", "", fmt.Errorf("post of level %s: %w", level, err)
	}
	return zh, en, nil
}
