package incident

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/post"
)

// Settler decides anew whose an open incident is when that no longer stands: the post it
// was given to ended, or a plan made its place another unit's. What was decided before
// stays, for who asks later.
type Settler struct {
	DB  pg.DB // the engine's
	Log *slog.Logger
}

// settledAtOnce is how many incidents are looked for at once.
const settledAtOnce = 200

// Run settles what has to be until ctx ends.
func (s Settler) Run(ctx context.Context, every time.Duration) error {
	for {
		_, err := s.Settle(ctx, time.Now())
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			s.Log.Error("an open incident could not be given to another post", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

// Settle decides anew whose the open incidents are of which that does not stand, and
// returns how many came out otherwise. One that cannot be settled holds up no other.
func (s Settler) Settle(ctx context.Context, now time.Time) (settled int, err error) {
	var faults []error
	after := uuid.Nil
	for {
		rows, _ := s.DB.Query(ctx, `
			SELECT i.id FROM incident i
			JOIN LATERAL (SELECT d.post_id, d.found ->> 'unit' AS unit FROM incident_duty d WHERE d.incident_id = i.id ORDER BY d.ordinal DESC LIMIT 1) d ON true
			LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL LEFT JOIN unit u ON u.id = o.unit_id
			LEFT JOIN post p ON p.id = d.post_id
			WHERE i.closed_at IS NULL AND i.id > $3 AND (p.valid_to <= $1 OR coalesce(u.code, '') <> d.unit)
			ORDER BY i.id LIMIT $2`, geo.DayOf(now), settledAtOnce, after)
		list, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return settled, errors.Join(append(faults, fmt.Errorf("incidents whose post does not stand: %w", err))...)
		}
		for _, id := range list {
			after = id
			err := pgx.BeginFunc(ctx, s.DB, func(tx pgx.Tx) error {
				anew, err := settle(ctx, tx, s.DB, id, now)
				if anew {
					settled++
				}
				return err
			})
			if err != nil {
				faults = append(faults, fmt.Errorf("incident %s: %w", id, err))
			}
		}
		if len(list) < settledAtOnce {
			return settled, errors.Join(faults...)
		}
	}
}

// settle decides an incident anew, and tells whether that came out otherwise. What a
// dispatcher gave to a post stays that post's, or that of the one that goes on from it,
// as long as it may be given to it.
func settle(ctx context.Context, tx pgx.Tx, engine pg.DB, id uuid.UUID, now time.Time) (anew bool, err error) {
	var before Responsible
	var found []byte
	var open bool
	err = tx.QueryRow(ctx, `SELECT closed_at IS NULL FROM incident WHERE id = $1 FOR UPDATE`, id).Scan(&open)
	if err != nil || !open {
		return false, err
	}
	if err := tx.QueryRow(ctx, `SELECT found FROM incident_duty WHERE incident_id = $1 ORDER BY ordinal DESC LIMIT 1`, id).Scan(&found); err != nil {
		return false, err
	}
	if err := json.Unmarshal(found, &before); err != nil {
		return false, err
	}
	m, err := matterOf(ctx, tx, id)
	if errors.Is(err, ErrPlace) { // its place was taken away: it stays whose it was
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if before.Basis == ByDispatch {
		to, err := post.Standing(ctx, tx, before.Duty.Post, geo.DayOf(now))
		if err != nil {
			return false, err
		}
		// One that may not have it is refused before anything is written.
		if err := give(ctx, tx, engine, id, to, now); !errors.Is(err, ErrPost) {
			return err == nil, err
		}
	}
	r, err := m.responsible(ctx, engine, now)
	if err != nil || r.Duty.Post == before.Duty.Post && r.Unit == before.Unit {
		return false, err
	}
	return true, r.keep(ctx, tx, id)
}
