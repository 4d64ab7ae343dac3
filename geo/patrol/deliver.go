package patrol

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wangge/geo"
	"wangge/geo/device"
	"wangge/geo/fault"
	"wangge/geo/lane"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// MaxItems is how many items a delivery has at most.
const MaxItems = 200

// Item is one thing that a phone tells.
type Item struct {
	ID   string          `json:"id" format:"uuid" doc:"of the phone's; sent again with the same content it is known"`
	Kind string          `json:"kind" maxLength:"40" doc:"shift, fixes, or another kind that the server takes"`
	At   time.Time       `json:"at" doc:"by the clock of the phone"`
	Body json.RawMessage `json:"body" doc:"what the kind has to say"`

	fixes *fixesBody // instead of Body, where ReadJSON has read them
}

// Delivery is what a phone sends at once.
type Delivery struct {
	Device string    `json:"device" format:"uuid" doc:"of the phone's"`
	SentAt time.Time `json:"sent_at" doc:"by the clock of the phone: how wrong it is follows from this"`
	Items  []Item    `json:"items" minItems:"1" maxItems:"200"`
}

// State is what became of an item.
type State string

// The states. What is stored or known the phone may drop.
const (
	Stored  State = "stored"
	Known   State = "known" // it was stored before; nothing has changed
	Refused State = "refused"
)

// Result is what became of an item.
type Result struct {
	ID    string
	State State
	Err   error // why it was refused
	// Upto is of fixes: up to which sequence of their shift the server misses none.
	Upto *int
}

// Receipt answers a delivery, item by item in its order.
type Receipt struct {
	ReceivedAt time.Time
	Items      []Result
}

// Taken is an item as it is taken: its id and times were looked at.
type Taken struct {
	ID       uuid.UUID
	Device   uuid.UUID
	At       time.Time // by our clock
	DeviceAt time.Time // by the phone's
	Body     json.RawMessage
}

// Take stores an item of one kind for an actor, in a transaction that it shares with the
// other items. A fault refuses the item and undoes what was done for it.
type Take func(ctx context.Context, tx pgx.Tx, actor staff.Actor, item Taken) error

// Desk takes deliveries. It must not be copied once it has taken one.
type Desk struct {
	DB     pg.DB // of requests
	Engine pg.DB // keeps fixes, those of many phones together
	Kinds  map[string]Take
	Now    func() time.Time

	live, backlogs lane.Lane[*sent]
}

// arrival is a delivery on its way in.
type arrival struct {
	actor    staff.Actor
	device   uuid.UUID
	sentAt   time.Time // by the phone
	received time.Time
	skew     time.Duration
	oldest   time.Time // longer ago no track is believed

	// The day that judge met last, and from and up to which microsecond a fix is believed
	// and on it.
	day      geo.Day
	from, to int64
}

// at is when something was by our clock.
func (a *arrival) at(device time.Time) time.Time { return device.Add(a.skew) }

// ahead is how much later than now a time may be: phones tell it in whole seconds, and
// the skew is that of the quickest delivery.
const ahead = 2 * time.Minute

// believed reports whether something can have been at a time.
func (a *arrival) believed(at time.Time) bool {
	return !at.Before(a.oldest) && !at.After(a.received.Add(ahead))
}

// Deliver stores what a phone sends. All that the receipt calls stored is committed; a
// refused item harms no other. Deliveries of one account take turns.
//
// Errors, with which nothing is stored: ErrItems, ErrDevice, ErrClock, device.ErrRevoked.
func (d *Desk) Deliver(ctx context.Context, actor staff.Actor, in Delivery) (Receipt, error) {
	receipt, err := d.deliver(ctx, actor, in)
	if err != nil {
		return Receipt{}, fmt.Errorf("delivery of %d items: %w", len(in.Items), err)
	}
	return receipt, nil
}

func (d *Desk) deliver(ctx context.Context, actor staff.Actor, in Delivery) (Receipt, error) {
	if err := actor.Must(staff.Record); err != nil {
		return Receipt{}, err
	}
	if actor.Account == 0 {
		return Receipt{}, staff.ErrSignedOut
	}
	if len(in.Items) == 0 || len(in.Items) > MaxItems {
		return Receipt{}, ErrItems
	}
	a := &arrival{actor: actor, received: d.Now().UTC(), sentAt: in.SentAt}
	var err error
	if a.device, err = uuid.Parse(in.Device); err != nil {
		return Receipt{}, ErrDevice
	}
	if y := in.SentAt.UTC().Year(); y < 1850 || y > 2200 { // a Duration has room for 292 years
		return Receipt{}, ErrClock
	}
	receipt := Receipt{ReceivedAt: a.received, Items: make([]Result, len(in.Items))}
	track := &sent{arrival: a}
	var fixes, others []int // indexes of items
	for i, item := range in.Items {
		if item.Kind != "fixes" {
			others = append(others, i)
			continue
		}
		read, err := readFixes(item)
		if err != nil {
			receipt.Items[i] = Result{ID: item.ID, State: Refused, Err: err}
			continue
		}
		fixes, track.items = append(fixes, i), append(track.items, read)
	}
	if len(others) > 0 || len(fixes) == 0 { // the lane admits those of whom it keeps fixes alone
		if err := d.takeEach(ctx, a, in.Items, others, receipt.Items); err != nil {
			return Receipt{}, err
		}
	}
	if len(fixes) > 0 {
		if err := d.keep(ctx, track); err != nil {
			return Receipt{}, err
		}
		for n, i := range fixes {
			receipt.Items[i] = track.results[n]
			receipt.Items[i].ID = in.Items[i].ID
		}
	}
	return receipt, nil
}

// takeEach admits the device and takes items that are no fixes, each behind a savepoint,
// in one transaction: to begin one as the actor costs as much as to take an item. Its
// locks come in the order in which keepTogether takes them. Deliveries of one account
// take turns.
func (d *Desk) takeEach(ctx context.Context, a *arrival, items []Item, which []int, results []Result) error {
	return pgx.BeginFunc(ctx, d.DB, func(tx pgx.Tx) error {
		if err := device.Admit(ctx, tx, a.actor, a.device, a.received); err != nil {
			return err
		}
		if err := learn(ctx, tx, &sent{arrival: a}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashint8($2))`, lockSpace, a.actor.Account); err != nil {
			return err
		}
		for _, i := range which {
			var err error
			if results[i], err = d.take(ctx, tx, a, items[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// lockSpace keeps the advisory locks of this package apart from all others.
const lockSpace = 77_033

// take stores one item behind a savepoint.
func (d *Desk) take(ctx context.Context, tx pgx.Tx, a *arrival, item Item) (Result, error) {
	result := Result{ID: item.ID, State: Stored}
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		id, err := uuid.Parse(item.ID)
		if err != nil {
			return ErrKey
		}
		taken := Taken{ID: id, Device: a.device, At: a.at(item.At), DeviceAt: item.At, Body: item.Body}
		known, err := a.known(ctx, tx, item, taken)
		switch {
		case err != nil:
			return err
		case known:
			result.State = Known
		}
		switch take := d.Kinds[item.Kind]; {
		case known:
			return nil
		case item.Kind == "shift":
			return a.takeStep(ctx, tx, taken)
		case take != nil:
			return take(ctx, tx, a.actor, taken)
		}
		return ErrKind.Saying(fmt.Sprintf("It says %.40q.", item.Kind))
	})
	if err = faults.Of(err); err == nil {
		return result, nil
	}
	switch {
	case !refuses(err):
		return Result{}, err
	case fault.Of(err) == nil && !pg.ErrCode(err, "42501"):
		err = ErrBody.Because(err)
	}
	return Result{ID: item.ID, State: Refused, Err: err}, nil
}

// refuses reports whether an error is about an item, which will not do better when it is
// sent again, and not about us.
func refuses(err error) bool {
	var broken *pgconn.PgError
	return fault.Of(err) != nil || errors.As(err, &broken) &&
		(strings.HasPrefix(broken.Code, "22") || strings.HasPrefix(broken.Code, "23") || broken.Code == "42501")
}

// known notes that an item came, and reports whether it had come before.
func (a *arrival) known(ctx context.Context, tx pgx.Tx, item Item, taken Taken) (bool, error) {
	var said bytes.Buffer
	fmt.Fprintf(&said, "%s\n%s\n", item.Kind, item.At.UTC().Format(time.RFC3339Nano))
	if err := json.Compact(&said, item.Body); err != nil {
		return false, ErrBody
	}
	digest := sha256.Sum256(said.Bytes())
	tag, err := tx.Exec(ctx, `
		INSERT INTO delivered (account_id, id, kind, digest, device, device_at, at, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT DO NOTHING`, a.actor.Account, taken.ID, item.Kind, digest[:], a.device, item.At, taken.At, a.received)
	if err != nil || tag.RowsAffected() == 1 {
		return false, err
	}
	var same bool
	err = tx.QueryRow(ctx, `SELECT digest = $3 FROM delivered WHERE account_id = $1 AND id = $2`, a.actor.Account, taken.ID, digest[:]).Scan(&same)
	if err == nil && !same {
		err = ErrChanged
	}
	return true, err
}
