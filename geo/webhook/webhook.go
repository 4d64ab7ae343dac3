// Package webhook tells a town's own message gateway (a bridge to 企业微信 or 政务微信) of new
// duties: an incident that is given to a post, dispatched, or overdue. What is told names no
// person and no place, and is signed. It is written down in the transaction that makes the
// duty and told at least once (Sender); deliveries carry an id by which the gateway knows
// what it has.
//
// An administrator says where, for a unit and all below. A gateway's address is not
// believed: see Gate. docs/webhooks.md is for who writes the gateway.
package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Event is what a gateway is told of.
type Event string

// The events.
const (
	Given      Event = "given"      // an incident is a post's: reported, moved or reopened
	Dispatched Event = "dispatched" // 派遣
	Overdue    Event = "overdue"    // its deadline is past, once for each deadline
	Test       Event = "test"       // somebody tries the gateway
)

// Hook is where a gateway is told.
type Hook struct {
	ID        int64     `json:"id"`
	Unit      string    `json:"unit" doc:"code: its incidents and those of all units below"`
	URL       string    `json:"url"`
	Events    []Event   `json:"events" enum:"given,dispatched,overdue"`
	Enabled   bool      `json:"enabled"`
	CreatedAt time.Time `json:"created_at"`
	Waiting   int       `json:"waiting" doc:"deliveries that have not arrived yet"`
	Failed    int       `json:"failed" doc:"deliveries that were given up"`
}

// Delivery is something that a gateway is told.
type Delivery struct {
	ID       uuid.UUID  `json:"id"`
	Event    Event      `json:"event" enum:"given,dispatched,overdue,test"`
	Incident *uuid.UUID `json:"incident"`
	State    string     `json:"state" enum:"waiting,delivered,failed"`
	Tries    int        `json:"tries"`
	Problem  string     `json:"problem" doc:"of the last try: address, name, refused, timeout, tls, unreachable, status_500 …; empty for none"`
	MadeAt   time.Time  `json:"made_at"`
	NextAt   *time.Time `json:"next_at" doc:"when it is tried again; null when it is not"`
	EndedAt  *time.Time `json:"ended_at"`
}

// Faults of this package.
var (
	ErrUnknown = fault.New(fault.NotFound, "webhook_unknown", "There is no such webhook.")
	ErrURL     = fault.New(fault.Invalid, "webhook_url", "A gateway has an https address of at most 500 characters, without a user, and at least one event; http is for 127.0.0.1 only.")
	ErrAddress = fault.New(fault.Invalid, "webhook_address", "This address is not a public one. Whoever runs the server can allow its network with --webhook-network.")
	ErrUnit    = fault.New(fault.NotFound, "unit_unknown", "There is no such unit on this date.")
	ErrOff     = fault.New(fault.Conflict, "webhook_off", "The webhook is switched off.")
)

var all = []Event{Given, Dispatched, Overdue}

// Desk is where hooks are kept. Requests read as their account; what is written is written
// as the engine, within the actor's area.
type Desk struct {
	DB     pg.DB
	Engine pg.DB
	Ring   *vault.Ring
	Gate   Gate
}

func subject(id int64) vault.Subject {
	return vault.Subject{Kind: "webhook", ID: strconv.FormatInt(id, 10)}
}

// List returns the hooks of the units whose settings are the actor's.
func (d Desk) List(ctx context.Context, actor staff.Actor) ([]Hook, error) {
	return d.list(ctx, actor, 0)
}

func (d Desk) list(ctx context.Context, actor staff.Actor, id int64) ([]Hook, error) {
	area := actor.Area(staff.Setting)
	rows, _ := d.DB.Query(ctx, `
		SELECT w.id, coalesce(u.code, ''), w.url, w.events, w.enabled, w.created_at,
		       (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting'),
		       (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'failed')
		FROM webhook w LEFT JOIN unit u ON u.id = w.unit_id
		WHERE `+staff.In("w.unit_id", 1)+` AND $3::bigint IN (0, w.id) ORDER BY w.id`, area.All, area.Roots, id)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Hook])
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	return list, nil
}

// Get returns one, or ErrUnknown.
func (d Desk) Get(ctx context.Context, actor staff.Actor, id int64) (Hook, error) {
	if id < 1 { // 0 lists all
		return Hook{}, ErrUnknown
	}
	list, err := d.list(ctx, actor, id)
	if err == nil && len(list) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return Hook{}, err
	}
	return list[0], nil
}

// Deliveries returns what a gateway was told lately, newest first.
func (d Desk) Deliveries(ctx context.Context, actor staff.Actor, id int64, limit int) ([]Delivery, error) {
	if _, err := d.Get(ctx, actor, id); err != nil {
		return nil, err
	}
	rows, _ := d.DB.Query(ctx, `
		SELECT id, event, incident_id, state, tries, problem, made_at, CASE WHEN state = 'waiting' THEN next_at END, ended_at
		FROM webhook_delivery WHERE webhook_id = $1 ORDER BY made_at DESC, id LIMIT $2`, id, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
	if err != nil {
		return nil, fmt.Errorf("deliveries of webhook %d: %w", id, err)
	}
	return list, nil
}

// Add makes a hook and returns its secret, which nobody sees again.
func (d Desk) Add(ctx context.Context, actor staff.Actor, h Hook) (made Hook, secret string, err error) {
	if err := d.check(h); err != nil {
		return Hook{}, "", err
	}
	var id int64
	err = d.change(ctx, func(tx pgx.Tx) error {
		var unit int64
		err := tx.QueryRow(ctx, `SELECT id FROM unit WHERE code = $1`, h.Unit).Scan(&unit)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrUnit
		}
		if err == nil {
			err = actor.Must(staff.Setting)
		}
		if err == nil {
			err = staff.Within(ctx, tx, actor, staff.Setting, unit)
		}
		if err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `INSERT INTO webhook (unit_id, url, events, enabled, created_by) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			unit, h.URL, h.Events, h.Enabled, actor.Name).Scan(&id); err != nil {
			return err
		}
		if secret, err = d.seal(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "add", "webhook", strconv.FormatInt(id, 10), map[string]any{"unit": h.Unit, "url": h.URL, "events": h.Events})
	})
	if err != nil {
		return Hook{}, "", fmt.Errorf("webhook of %s: %w", h.Unit, err)
	}
	made, err = d.Get(ctx, actor, id)
	return made, secret, err
}

// Change says anew where a gateway is, of what it is told, and whether.
func (d Desk) Change(ctx context.Context, actor staff.Actor, id int64, h Hook) (Hook, error) {
	if err := d.check(h); err != nil {
		return Hook{}, err
	}
	if _, err := d.Get(ctx, actor, id); err != nil {
		return Hook{}, err
	}
	err := d.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE webhook SET url = $2, events = $3, enabled = $4 WHERE id = $1`, id, h.URL, h.Events, h.Enabled); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "change", "webhook", strconv.FormatInt(id, 10), map[string]any{"url": h.URL, "events": h.Events, "enabled": h.Enabled})
	})
	if err != nil {
		return Hook{}, fmt.Errorf("webhook %d: %w", id, err)
	}
	return d.Get(ctx, actor, id)
}

// Renew gives a hook another secret and returns it; the one before signs nothing any more.
func (d Desk) Renew(ctx context.Context, actor staff.Actor, id int64) (secret string, err error) {
	if _, err := d.Get(ctx, actor, id); err != nil {
		return "", err
	}
	err = d.change(ctx, func(tx pgx.Tx) error {
		if secret, err = d.seal(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "change", "webhook", strconv.FormatInt(id, 10), map[string]any{"secret": "renewed"})
	})
	if err != nil {
		return "", fmt.Errorf("webhook %d: %w", id, err)
	}
	return secret, nil
}

// Remove forgets a hook with its secret and what it was told.
func (d Desk) Remove(ctx context.Context, actor staff.Actor, id int64) error {
	if _, err := d.Get(ctx, actor, id); err != nil {
		return err
	}
	err := d.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM webhook WHERE id = $1`, id); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "remove", "webhook", strconv.FormatInt(id, 10), nil); err != nil {
			return err
		}
		return vault.Destroy(ctx, tx, d.Ring, subject(id))
	})
	if err != nil {
		return fmt.Errorf("webhook %d: %w", id, err)
	}
	return nil
}

// Try has the gateway told of nothing, soon; the delivery says what came of it.
func (d Desk) Try(ctx context.Context, actor staff.Actor, id int64) (uuid.UUID, error) {
	h, err := d.Get(ctx, actor, id)
	if err != nil {
		return uuid.Nil, err
	}
	if !h.Enabled {
		return uuid.Nil, ErrOff
	}
	var delivery uuid.UUID
	err = d.change(ctx, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `INSERT INTO webhook_delivery (webhook_id, event) VALUES ($1, 'test') RETURNING id`, id).Scan(&delivery); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "test", "webhook", strconv.FormatInt(id, 10), nil)
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("webhook %d: %w", id, err)
	}
	return delivery, nil
}

// Again has the gateway told of what was given up, soon, from the first try on, with the same
// bodies and ids. Returns how many messages wait because of it.
func (d Desk) Again(ctx context.Context, actor staff.Actor, id int64) (messages int64, err error) {
	h, err := d.Get(ctx, actor, id)
	if err != nil {
		return 0, err
	}
	if !h.Enabled {
		return 0, ErrOff
	}
	err = d.change(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			UPDATE webhook_delivery SET state = 'waiting', tries = 0, next_at = now(), ended_at = NULL
			WHERE webhook_id = $1 AND state = 'failed'`, id)
		if messages = tag.RowsAffected(); err != nil || messages == 0 {
			return err
		}
		return audit.Write(ctx, tx, actor, "retry", "webhook", strconv.FormatInt(id, 10), map[string]any{"messages": messages})
	})
	if err != nil {
		return 0, fmt.Errorf("webhook %d: %w", id, err)
	}
	return messages, nil
}

func (d Desk) change(ctx context.Context, do func(tx pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, d.Engine, do)
}

func (d Desk) check(h Hook) error {
	if len(h.Events) == 0 || slices.ContainsFunc(h.Events, func(e Event) bool { return !slices.Contains(all, e) }) {
		return ErrURL
	}
	return d.Gate.Check(h.URL)
}

// seal makes a secret and puts it into the vault.
func (d Desk) seal(ctx context.Context, tx pgx.Tx, id int64) (string, error) {
	raw := make([]byte, 32)
	rand.Read(raw)
	secret := base64.RawURLEncoding.EncodeToString(raw)
	return secret, vault.Seal(ctx, tx, d.Ring, subject(id), map[string]string{"secret": secret})
}
