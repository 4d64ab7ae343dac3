package premises

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Checkpoint is a place where a patrol leaves a mark.
type Checkpoint struct {
	ID       int64      `json:"id"`
	Name     string     `json:"name"`
	Unit     string     `json:"unit" doc:"code of the unit it lies in; empty in none"`
	Radius   int        `json:"radius" doc:"metres within which a mark is near"`
	Point    geo.Point  `json:"-"`
	Source   string     `json:"source"`
	Number   string     `json:"number" doc:"in the source's register"`
	MarkedAt *time.Time `json:"marked_at" doc:"when it was marked last, as far as you may see; null: never"`
}

// Way is how somebody shows to be at a checkpoint.
type Way string

// The ways.
const (
	ByGPS Way = "gps"
	ByQR  Way = "qr"
	ByNFC Way = "nfc"
)

// What is odd about a mark.
const (
	Far    = "far"    // farther from the checkpoint than its radius and the phone's accuracy
	Unsure = "unsure" // the phone did not know where it was, to 100 m
	Code   = "code"   // the code is not that of the checkpoint
)

// unsureFrom is the accuracy in metres from which a place says nothing of a checkpoint.
const unsureFrom = 100

// NewMark is a mark as a phone reports it.
type NewMark struct {
	ID         uuid.UUID // the client's: reported twice it is one
	Checkpoint int64
	By         Way
	Code       string     // what the QR code or the tag said
	At         *geo.Point // where the phone was
	Accuracy   float64    // metres; 0: not told
	MarkedAt   time.Time  // corrected by the skew of the phone's clock
	DeviceAt   time.Time  // by the phone; zero is MarkedAt
	Shift      *uuid.UUID
}

// Marked is a mark that was kept.
type Marked struct {
	ID         uuid.UUID `json:"id"`
	Checkpoint int64     `json:"checkpoint"`
	By         Way       `json:"by" enum:"gps,qr,nfc"`
	Metres     *int      `json:"metres" doc:"between the phone and the checkpoint; null: not told"`
	Flags      []string  `json:"flags" doc:"what is odd: far (outside the radius), unsure (no place to 100 m), code (not the one of the checkpoint)"`
	MarkedAt   time.Time `json:"marked_at"`
	ReceivedAt time.Time `json:"received_at"`
}

// Faults of checkpoints.
var (
	ErrCheckpoint = fault.New(fault.NotFound, "checkpoint_unknown", "There is no such checkpoint.")
	ErrWay        = fault.New(fault.Invalid, "checkpoint_way", "A checkpoint is marked by gps, with the place of the phone, or by qr or nfc with the code.")
	ErrMarkTime   = fault.New(fault.Invalid, "checkpoint_time", "A mark was set within the last 60 days, and not in the future.")
	ErrMarkTaken  = fault.New(fault.Conflict, "checkpoint_taken", "Another mark has this id already. Choose a new one.")
)

// Checkpoints returns those that are not closed, by id.
func Checkpoints(ctx context.Context, db pg.DB, actor staff.Actor, unit string, after int64, limit int) ([]Checkpoint, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT c.id, c.name, coalesce(u.code, ''), c.radius, c.point, c.source, c.source_id,
			(SELECT max(m.marked_at) FROM checkpoint_mark m WHERE m.checkpoint_id = c.id)
		FROM checkpoint c LEFT JOIN unit u ON u.id = c.unit_id
		WHERE `+staff.In("c.unit_id", 1)+` AND c.closed_on IS NULL AND `+below("c.unit_id", 3)+` AND c.id > $4
		ORDER BY c.id LIMIT $5`, area.All, area.Roots, unit, after, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Checkpoint])
	if err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	return list, nil
}

// CodeOf is what the QR code or the tag of a checkpoint holds, for who plans there and
// puts it up. The look is recorded.
func CodeOf(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (code string, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		area := actor.Area(staff.Plan)
		err := tx.QueryRow(ctx, `
			SELECT k.code::text FROM checkpoint c JOIN checkpoint_code k ON k.checkpoint_id = c.id
			WHERE c.id = $3 AND c.closed_on IS NULL AND `+staff.In("c.unit_id", 1), area.All, area.Roots, id).Scan(&code)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrCheckpoint
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "look-at-code", "checkpoint", fmt.Sprint(id), nil)
	})
	if err != nil {
		return "", fmt.Errorf("code of checkpoint %d: %w", id, err)
	}
	return code, nil
}

// Plate is what is put up at a checkpoint.
type Plate struct {
	Name   string
	Number string // in the register
	Unit   string // code; empty in none
	Code   string // what the QR code holds
}

// mostPlates is how many plates are made at once.
const mostPlates = 2000

// ErrPlates says that there are too many checkpoints for one file of plates.
var ErrPlates = fault.New(fault.TooLarge, "checkpoint_plates", "There are more than 2,000 checkpoints. Choose a unit with fewer. 打卡点超过 2000 个，请选择范围更小的网格。")

// Plates are the plates of the checkpoints of a unit and of all below it ("" = wherever the
// actor plans), by unit and name. The look at their codes is recorded.
//
// Errors: ErrCheckpoint when there is none, ErrPlates.
func Plates(ctx context.Context, db pg.DB, actor staff.Actor, unit string) (list []Plate, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		area := actor.Area(staff.Plan)
		rows, _ := tx.Query(ctx, `
			SELECT c.name, c.source_id, coalesce(u.code, ''), k.code::text
			FROM checkpoint c JOIN checkpoint_code k ON k.checkpoint_id = c.id LEFT JOIN unit u ON u.id = c.unit_id
			WHERE `+staff.In("c.unit_id", 1)+` AND c.closed_on IS NULL AND `+below("c.unit_id", 3)+`
			ORDER BY 3, c.name COLLATE "C", c.id LIMIT $4`, area.All, area.Roots, unit, mostPlates+1)
		if list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Plate]); err != nil {
			return err
		}
		switch {
		case len(list) == 0:
			return ErrCheckpoint
		case len(list) > mostPlates:
			return ErrPlates
		}
		return audit.Write(ctx, tx, actor, "look-at-code", "checkpoint", "", map[string]any{"unit": unit, "checkpoints": len(list)})
	})
	if err != nil {
		return nil, fmt.Errorf("plates of checkpoints: %w", err)
	}
	return list, nil
}

// Mark keeps a mark; stored is false when it was there before, and then nothing changes.
// One that is odd is kept with its flags, never refused: who was there knows best why.
//
// Errors: ErrCheckpoint, ErrWay, ErrMarkTime; ErrMarkTaken when another mark has the id.
func Mark(ctx context.Context, db pg.DB, actor staff.Actor, n NewMark, now time.Time) (stored bool, err error) {
	if n.DeviceAt.IsZero() {
		n.DeviceAt = n.MarkedAt
	}
	switch {
	case n.ID == uuid.Nil:
		return false, fmt.Errorf("mark %s: %w", n.ID, ErrMarkTaken)
	case n.By != ByGPS && n.By != ByQR && n.By != ByNFC, n.By == ByGPS && n.At == nil, n.By != ByGPS && n.Code == "", len(n.Code) > 200,
		n.Accuracy < 0, math.IsNaN(n.Accuracy):
		return false, fmt.Errorf("mark %s: %w", n.ID, ErrWay)
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if known, err := sameMark(ctx, tx, actor, n); known || err != nil {
			return err
		}
		if !believable(n.MarkedAt, now) {
			return ErrMarkTime
		}
		area := actor.Area(staff.Record)
		var unit *int64
		var at geo.Point
		var radius int
		var right bool
		err := tx.QueryRow(ctx, `
			SELECT c.unit_id, c.point, c.radius, checkpoint_knows(c.id, $4) FROM checkpoint c
			WHERE c.id = $3 AND `+staff.In("c.unit_id", 1), area.All, area.Roots, n.Checkpoint, n.Code).Scan(&unit, &at, &radius, &right)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrCheckpoint
		}
		if err != nil {
			return err
		}
		metres, flags := n.odd(at, radius)
		if n.By != ByGPS && !right {
			flags = append(flags, Code)
		}
		tag, err := tx.Exec(ctx, `
			INSERT INTO checkpoint_mark (id, checkpoint_id, unit_id, account_id, shift_id, by, metres, flags, marked_at, device_at)
			VALUES ($1, $2, $3, nullif($4::bigint, 0), $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`,
			n.ID, n.Checkpoint, unit, actor.Account, n.Shift, n.By, metres, flags, n.MarkedAt, n.DeviceAt)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 { // it came twice at once, or the id is another's
			known, err := sameMark(ctx, tx, actor, n)
			if err == nil && !known {
				err = ErrMarkTaken
			}
			return err
		}
		stored = true
		return audit.Write(ctx, tx, actor, "mark", "checkpoint", fmt.Sprint(n.Checkpoint), map[string]any{"by": string(n.By), "flags": flags})
	})
	if err != nil {
		return false, fmt.Errorf("mark %s: %w", n.ID, err)
	}
	return stored, nil
}

// odd tells how far the phone was, and what is odd about that.
func (n NewMark) odd(at geo.Point, radius int) (metres *int, flags []string) {
	flags = []string{}
	if n.At == nil {
		return nil, flags
	}
	away := float64(geo.Distance(n.At.Degrees(), at.Degrees()))
	whole := int(math.Round(min(away, math.MaxInt32)))
	switch {
	case n.Accuracy >= unsureFrom:
		flags = append(flags, Unsure)
	case away > float64(radius)+n.Accuracy:
		flags = append(flags, Far)
	}
	return &whole, flags
}

// sameMark reports whether the mark is there already.
func sameMark(ctx context.Context, tx pgx.Tx, actor staff.Actor, n NewMark) (known bool, err error) {
	var equal bool
	err = tx.QueryRow(ctx, `
		SELECT checkpoint_id = $2 AND by = $3 AND account_id IS NOT DISTINCT FROM nullif($4::bigint, 0) AND shift_id IS NOT DISTINCT FROM $5
		FROM checkpoint_mark WHERE id = $1`, n.ID, n.Checkpoint, n.By, actor.Account, n.Shift).Scan(&equal)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err == nil && !equal:
		err = ErrMarkTaken
	}
	return err == nil, err
}

// Marks returns the marks at a checkpoint, newest first, for who records there: without
// who set them.
func Marks(ctx context.Context, db pg.DB, actor staff.Actor, checkpoint int64, limit int) ([]Marked, error) {
	area := actor.Area(staff.Record)
	var known bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM checkpoint c WHERE c.id = $3 AND `+staff.In("c.unit_id", 1)+`)`, area.All, area.Roots, checkpoint).Scan(&known)
	if err == nil && !known {
		err = ErrCheckpoint
	}
	if err != nil {
		return nil, fmt.Errorf("marks of checkpoint %d: %w", checkpoint, err)
	}
	rows, _ := db.Query(ctx, `
		SELECT m.id, m.checkpoint_id, m.by, m.metres, m.flags, m.marked_at, m.received_at
		FROM checkpoint_mark m JOIN checkpoint c ON c.id = m.checkpoint_id
		WHERE m.checkpoint_id = $3 AND `+staff.In("c.unit_id", 1)+` ORDER BY m.marked_at DESC, m.id LIMIT $4`, area.All, area.Roots, checkpoint, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Marked])
	if err != nil {
		return nil, fmt.Errorf("marks of checkpoint %d: %w", checkpoint, err)
	}
	return list, nil
}

// Missed is a checkpoint of a beat that nobody marked in its hours.
type Missed struct {
	Unit           string `json:"unit" doc:"code of the beat's"`
	UnitName       string `json:"unit_name" doc:"what that unit is called today"`
	Beat           int64  `json:"beat"`
	BeatName       string `json:"beat_name"`
	Ordinal        int    `json:"ordinal"`
	Checkpoint     int64  `json:"checkpoint"`
	CheckpointName string `json:"checkpoint_name"`
}

// MissedOn names every checkpoint that a beat of the day had and that was not marked
// within the beat's hours. Of a day that is not over, beats whose hours are not over are
// left out, and so is a beat of which it is not known that it was walked so on the day: it
// was made or changed after its hours had begun, or the marks of the day are no longer
// kept. A flagged mark counts. They are those of where the actor may record, or
// supervise; db has to show the marks that were set there: those who supervise read none.
func MissedOn(ctx context.Context, db pg.DB, actor staff.Actor, may staff.Permission, unit string, day geo.Day, now time.Time) ([]Missed, error) {
	area := actor.Area(may)
	weekday := int16((int(day.Start().Weekday())+6)%7 + 1)
	rows, _ := db.Query(ctx, `
		SELECT u.code, `+grid.NameOf("u.id")+`, b.id, b.name, s.ordinal, c.id, c.name
		FROM beat b JOIN unit u ON u.id = b.unit_id JOIN beat_stop s ON s.beat_id = b.id JOIN checkpoint c ON c.id = s.checkpoint_id
		WHERE `+staff.In("b.unit_id", 1)+` AND `+below("b.unit_id", 3)+` AND $4::smallint = ANY (b.weekdays)
		  AND (c.closed_on IS NULL OR c.closed_on > $7) AND $5::timestamptz + make_interval(mins => b.ends) <= $6
		  AND b.updated_at <= $5::timestamptz + make_interval(mins => b.starts)
		  AND $5 >= $6 - (SELECT make_interval(days => r.days) FROM retention_rule r WHERE r.kind = 'checkpoint-mark')
		  AND NOT EXISTS (SELECT FROM checkpoint_mark m WHERE m.checkpoint_id = c.id
			AND m.marked_at >= $5::timestamptz + make_interval(mins => b.starts) AND m.marked_at < $5::timestamptz + make_interval(mins => b.ends))
		ORDER BY b.id, s.ordinal LIMIT 10000`, area.All, area.Roots, unit, weekday, day.Start(), now, day)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Missed])
	if err != nil {
		return nil, fmt.Errorf("missed checkpoints of %s: %w", day, err)
	}
	return slices.Clip(list), nil
}
