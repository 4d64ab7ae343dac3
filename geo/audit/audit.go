// Package audit records who did what, in the transaction that does it.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Row is one recorded act.
type Row struct {
	ID        int64           `json:"id"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	Action    string          `json:"action"`
	Subject   string          `json:"subject"`
	SubjectID string          `json:"subject_id"`
	Detail    json.RawMessage `json:"detail"`
}

// Write records that actor did action to the subject with this id. Detail holds
// counts, codes and versions; never a name, an address or a phone.
func Write(ctx context.Context, db pg.DB, actor staff.Actor, action, subject, id string, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	_, err := db.Exec(ctx, `
		INSERT INTO audit (actor, action, subject, subject_id, detail)
		VALUES ($1, $2, $3, $4, $5)`, actor.Name, action, subject, id, detail)
	if err != nil {
		return fmt.Errorf("audit %s %s %s: %w", action, subject, id, err)
	}
	return nil
}

// List returns the newest acts with an id below before (0 = from the newest).
func List(ctx context.Context, db pg.DB, _ staff.Actor, before int64, limit int) ([]Row, error) {
	rows, _ := db.Query(ctx, `
		SELECT id, at, actor, action, subject, subject_id, detail
		FROM audit
		WHERE $1 = 0 OR id < $1
		ORDER BY id DESC
		LIMIT $2`, before, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Row])
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return list, nil
}
