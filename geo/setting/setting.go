// Package setting keeps the few things an operator decides for the whole
// installation.
package setting

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Settings stand on every map and export.
type Settings struct {
	Attribution  string `json:"attribution" maxLength:"500" doc:"sources of the background map, beside OpenStreetMap's own"`
	ReviewNumber string `json:"review_number" maxLength:"100" doc:"map review number (审图号)"`
	Demo         bool   `json:"demo" readOnly:"true" doc:"the data are the invented demo town's"`
}

// Get returns the settings.
func Get(ctx context.Context, db pg.DB, _ staff.Actor) (s Settings, err error) {
	err = db.QueryRow(ctx, `
		SELECT (SELECT value #>> '{}' FROM setting WHERE key = 'attribution'),
		       (SELECT value #>> '{}' FROM setting WHERE key = 'review_number'),
		       (SELECT value #>> '{}' = 'true' FROM setting WHERE key = 'demo')`).Scan(&s.Attribution, &s.ReviewNumber, &s.Demo)
	if err != nil {
		return Settings{}, fmt.Errorf("settings: %w", err)
	}
	return s, nil
}

// Put stores what an operator may change.
func Put(ctx context.Context, db pg.DB, actor staff.Actor, s Settings) error {
	if !actor.Area(staff.Setting).All {
		return staff.ErrForbidden
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		for key, value := range map[string]string{"attribution": s.Attribution, "review_number": s.ReviewNumber} {
			if err := put(ctx, tx, key, value); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "change", "setting", "", map[string]any{"review_number": s.ReviewNumber})
	})
}

// MarkDemo says whether the data are invented.
func MarkDemo(ctx context.Context, db pg.DB, demo bool) error {
	return put(ctx, db, "demo", demo)
}

func put(ctx context.Context, db pg.DB, key string, value any) error {
	_, err := db.Exec(ctx, `
		INSERT INTO setting (key, value) VALUES ($1, to_jsonb($2::text))
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, fmt.Sprint(value))
	if err != nil {
		return fmt.Errorf("setting %s: %w", key, err)
	}
	return nil
}
