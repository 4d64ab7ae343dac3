package post

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Template is which posts the units of a level have: 1 + 2 + N and the like. A
// level without lines has no template, and no rule is broken there.
type Template struct {
	Level   string `json:"level"`
	TitleZh string `json:"title_zh"`
	TitleEn string `json:"title_en"`
	Lines   []Line `json:"lines"`
}

// Line is how many posts of a kind a unit has.
type Line struct {
	Kind   staff.Kind `json:"kind"`
	Min    int        `json:"min" minimum:"0" maximum:"1000" doc:"fewer are missing; 0 = the post is optional"`
	Max    *int       `json:"max" minimum:"1" maximum:"1000" doc:"more are too many; null = any number"`
	Leads  bool       `json:"leads" doc:"its holder answers for the unit, and for the units below when nobody there is present"`
	Deputy bool       `json:"deputy" doc:"the post needs a deputy B"`
}

// KindOfPost is a kind of post with what its holder may do.
type KindOfPost struct {
	Kind      staff.Kind         `json:"kind"`
	TitleZh   string             `json:"title_zh"`
	TitleEn   string             `json:"title_en"`
	PurposeZh string             `json:"purpose_zh"`
	PurposeEn string             `json:"purpose_en"`
	May       []staff.Permission `json:"may"`
}

// Faults of templates.
var (
	ErrLineTwice   = fault.New(fault.Invalid, "staffing_kind_twice", "A template names each kind of post once.")
	ErrLineNumbers = fault.New(fault.Invalid, "staffing_numbers", "The largest number of posts is not below the smallest, and not 0. To have none of a kind, leave its line out.")
	ErrNoLevel     = fault.New(fault.NotFound, "level_unknown", "No level has this code. GET /api/v1/levels lists them.")
)

// Kinds are the kinds of posts there are.
func Kinds(ctx context.Context, db pg.DB, _ staff.Actor) ([]KindOfPost, error) {
	rows, _ := db.Query(ctx, `SELECT code, title_zh, title_en, purpose_zh, purpose_en, may FROM post_kind ORDER BY rank`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[KindOfPost])
	if err != nil {
		return nil, fmt.Errorf("kinds of posts: %w", err)
	}
	return list, nil
}

// Templates are the templates of all levels, from the top level down.
func Templates(ctx context.Context, db pg.DB, _ staff.Actor) ([]Template, error) {
	rows, _ := db.Query(ctx, `
		SELECT l.code, l.title_zh, l.title_en, s.kind, s.min_posts, s.max_posts, s.leads, s.deputy
		FROM level l
		LEFT JOIN staffing s ON s.level = l.code
		LEFT JOIN post_kind k ON k.code = s.kind
		ORDER BY l.rank, k.rank`)
	defer rows.Close()
	var list []Template
	for rows.Next() {
		t := Template{Lines: []Line{}}
		var kind *staff.Kind
		var least, most *int
		var leads, deputy *bool
		if err := rows.Scan(&t.Level, &t.TitleZh, &t.TitleEn, &kind, &least, &most, &leads, &deputy); err != nil {
			return nil, fmt.Errorf("staffing: %w", err)
		}
		if len(list) == 0 || list[len(list)-1].Level != t.Level {
			list = append(list, t)
		}
		if kind != nil {
			last := &list[len(list)-1]
			last.Lines = append(last.Lines, Line{*kind, *least, most, *leads, *deputy})
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("staffing: %w", err)
	}
	return list, nil
}

// PutTemplate replaces the template of a level. Levels are the same everywhere, so
// actor decides on settings everywhere.
func PutTemplate(ctx context.Context, db pg.DB, actor staff.Actor, level string, lines []Line) error {
	if err := everywhere(actor, staff.Setting); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var known bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM level WHERE code = $1)`, level).Scan(&known); err != nil {
			return err
		}
		if !known {
			return ErrNoLevel
		}
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2))`, templateLock, level); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM staffing WHERE level = $1`, level); err != nil {
			return err
		}
		for i, l := range lines {
			_, err := tx.Exec(ctx, `
				INSERT INTO staffing (level, kind, min_posts, max_posts, leads, deputy) VALUES ($1, $2, $3, $4, $5, $6)`,
				level, l.Kind, l.Min, l.Max, l.Leads, l.Deputy)
			if f := fault.Of(faults.Of(err)); f != nil {
				return f.With(fault.Place{Pointer: fmt.Sprintf("/lines/%d", i), Code: f.Code, Detail: string(l.Kind)})
			}
			if err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "change", "staffing", level, map[string]any{"lines": lines})
	})
	if err != nil {
		return fmt.Errorf("staffing of level %s: %w", level, err)
	}
	return nil
}

const templateLock = 77_303 // whoever replaces the template of a level
