package plan

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/staff"
)

// present is how long somebody counts as there after the last sign of life; a page
// gives one every ten seconds.
const present = 30 * time.Second

// Presence is somebody else who has a draft open.
type Presence struct {
	Name string     `json:"name" doc:"the sign-in name"`
	At   *orb.Point `json:"at" doc:"the place they look at, [lon, lat]"`
	Unit *int       `json:"unit" doc:"the unit they have chosen"`
	Seen time.Time  `json:"seen_at"`
}

// Here notes that the actor has a draft open, looks at a place and has chosen a unit,
// if so, and tells who else is there. Programs of ours are nowhere.
func (w *Workshop) Here(ctx context.Context, actor staff.Actor, id int64, at *geo.Point, unit *int) ([]Presence, error) {
	if _, err := Get(ctx, w.db, actor, id); err != nil {
		return nil, err
	}
	if actor.Account != 0 {
		_, err := w.db.Exec(ctx, `
			INSERT INTO plan_presence (plan_id, account_id, name, place, unit)
			SELECT $1, id, login, $3, $4 FROM account WHERE id = $2
			ON CONFLICT (plan_id, account_id) DO UPDATE SET place = excluded.place, unit = excluded.unit, seen_at = now()`,
			id, actor.Account, at, unit)
		if err != nil {
			return nil, fmt.Errorf("presence in plan %d: %w", id, err)
		}
	}
	if _, err := w.db.Exec(ctx, `DELETE FROM plan_presence WHERE seen_at < now() - make_interval(secs => $1)`, present.Seconds()); err != nil {
		return nil, fmt.Errorf("presence in plan %d: %w", id, err)
	}
	rows, _ := w.db.Query(ctx, `
		SELECT name, place, unit, seen_at FROM plan_presence WHERE plan_id = $1 AND account_id <> $2 ORDER BY name`, id, actor.Account)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Presence, err error) {
		var place *geo.Point
		if err = row.Scan(&p.Name, &place, &p.Unit, &p.Seen); err == nil && place != nil {
			degrees := place.Degrees()
			p.At = &degrees
		}
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("presence in plan %d: %w", id, err)
	}
	return list, nil
}
