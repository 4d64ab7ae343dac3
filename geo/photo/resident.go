package photo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/fault"
	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/picture"
	"wangge/geo/staff"
)

// residents is the account of all photos of residents, which is nobody's.
const residents = -1

// Bounds of what residents send. All of them together begin at most MaxDaily bytes a day.
const (
	MaxOfReport      = 3       // photos
	MaxResidentBytes = 2 << 20 // of a photo
)

// unfinishedFor is how long a photo that does not come keeps the place of another.
const unfinishedFor = 10 * time.Minute

// Faults of what residents send.
var (
	ErrReportPhotos  = fault.New(fault.Conflict, "resident_photos", "A report has at most three photos.")
	ErrReportClosed  = fault.New(fault.Conflict, "resident_photo_closed", "This report is closed and takes no more photos. Report anew if it is still there.")
	ErrResidentLarge = fault.New(fault.TooLarge, "resident_photo_too_large", "A photo of a resident has at most 2 MB. Make it smaller.")
	ErrResidentDaily = fault.New(fault.TooMany, "resident_photo_daily", "No more photos of residents are taken today. The report stands without them; send them tomorrow.")
)

// PutOf is Put for whoever has the code of a report that is not closed. Neither place nor
// time that the camera wrote is kept.
//
// Errors: those of Put, incident.ErrReportOff, incident.ErrReceipt, ErrReportClosed,
// ErrReportPhotos, ErrResidentLarge, ErrResidentDaily, ErrUnknown for another report's.
func PutOf(ctx context.Context, engine pg.DB, turns picture.Turns, code string, p Piece, now time.Time) (Progress, error) {
	from, err := bearer(ctx, engine, code)
	if err == nil && from.closed {
		err = ErrReportClosed
	}
	if err == nil && p.Length > MaxResidentBytes {
		err = ErrResidentLarge
	}
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return Progress{}, fmt.Errorf("photo of a resident: %w", err)
	}
	progress, err := put(ctx, engine, turns, from, p, now)
	if err != nil {
		return progress, fmt.Errorf("photo %s of a resident from %d: %w", p.Photo, p.Offset, err)
	}
	return progress, nil
}

// bearer is whoever has the code of a report.
func bearer(ctx context.Context, engine pg.DB, code string) (sender, error) {
	if _, err := incident.Opened(ctx, engine); err != nil {
		return sender{}, err
	}
	of, closed, err := incident.Told(ctx, engine, code)
	return sender{actor: staff.Public, account: residents, report: &of, closed: closed}, err
}

// name makes the photo one of its report, of which there are at most MaxOfReport. Where there
// is no room, those that did not come make it.
func (s sender) name(ctx context.Context, tx pgx.Tx, id uuid.UUID, now time.Time) error {
	if _, err := tx.Exec(ctx, `
		DELETE FROM photo p USING incident_photo l
		WHERE l.incident_id = $1 AND l.account_id = $2 AND p.id = l.photo_id AND p.account_id = l.account_id AND p.arrived_at IS NULL AND p.begun_at < $3
		  AND (SELECT count(*) FROM incident_photo n WHERE n.incident_id = $1) >= $4`,
		s.report, s.account, now.Add(-unfinishedFor), MaxOfReport); err != nil {
		return err
	}
	var ordinal int
	err := tx.QueryRow(ctx, `
		INSERT INTO incident_photo (incident_id, ordinal, account_id, photo_id)
		SELECT $1, coalesce(max(ordinal), 0) + 1, $2, $3 FROM incident_photo WHERE incident_id = $1
		HAVING count(*) < $4 RETURNING ordinal`, s.report, s.account, id, MaxOfReport).Scan(&ordinal)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrReportPhotos
	}
	return err
}
