package borderwalk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/picture"
	"wangge/geo/staff"
)

// Bounds of photos.
const (
	MaxPhotos = 3       // of an answer
	MaxPhoto  = 8 << 20 // bytes as they come
)

// Faults of photos.
var (
	ErrPhotoLarge   = fault.New(fault.TooLarge, "border_photo_too_large", "A photo has at most 8 MB.")
	ErrPhotos       = fault.New(fault.Conflict, "border_photos_too_many", "An answer has at most three photos.")
	ErrPhotoUnknown = fault.New(fault.NotFound, "border_photo_unknown", "There is no such photo.")
)

// strip is a photo encoded anew as JPEG: place, time and camera are gone.
func strip(raw []byte) (body []byte, width, height int, err error) {
	if len(raw) > MaxPhoto {
		return nil, 0, 0, ErrPhotoLarge
	}
	p, _, err := picture.Read(raw)
	if err != nil {
		return nil, 0, 0, err
	}
	body, err = picture.Write(p)
	return body, p.Rect.Dx(), p.Rect.Dy(), err
}

// AddPhoto adds a photo to one's own answer. id is the client's: sent twice it is one.
//
// Errors: ErrAnswer, picture.ErrUnreadable, ErrPhotoLarge, ErrPhotos, ErrTaken.
func AddPhoto(ctx context.Context, db pg.DB, actor staff.Actor, answer, id uuid.UUID, raw []byte) (Answer, error) {
	before, err := own(ctx, db, actor, answer)
	if err != nil || slices.Contains(before.Photos, id) {
		return before, err
	}
	if len(before.Photos) >= MaxPhotos { // before it is decoded
		return Answer{}, ErrPhotos
	}
	body, width, height, err := strip(raw)
	if err != nil {
		return Answer{}, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		// Photos of one answer take turns, so that there are never four.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2))`, lockSpace, answer.String()); err != nil {
			return err
		}
		now, err := own(ctx, tx, actor, answer)
		switch {
		case err != nil || slices.Contains(now.Photos, id):
			return err
		case len(now.Photos) >= MaxPhotos:
			return ErrPhotos
		}
		tag, err := tx.Exec(ctx, `INSERT INTO border_photo (id, answer_id, body, width, height) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
			id, answer, body, width, height)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrTaken
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "photo", "border-walk", fmt.Sprint(now.Walk), map[string]any{"answer": answer.String()})
	})
	if err != nil {
		return Answer{}, fmt.Errorf("photo of answer %s: %w", answer, err)
	}
	return own(ctx, db, actor, answer)
}

// lockSpace keeps the advisory locks of this package apart from all others.
const lockSpace = 77_029

// Photo returns a photo as JPEG: for who plans there, and for who took it. The look is
// recorded.
func Photo(ctx context.Context, db pg.DB, actor staff.Actor, answer, id uuid.UUID) ([]byte, error) {
	area := actor.Area(staff.Plan)
	var body []byte
	var walk int64
	err := db.QueryRow(ctx, `
		SELECT f.body, p.walk_id FROM border_photo f JOIN border_answer a ON a.id = f.answer_id JOIN border_point p ON p.id = a.point_id
		WHERE f.id = $1 AND a.id = $2 AND (a.answered_by = $3 OR `+staff.In("p.area_id", 4)+`)`, id, answer, actor.Name, area.All, area.Roots).Scan(&body, &walk)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrPhotoUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("photo of answer %s: %w", answer, err)
	}
	return body, audit.Write(ctx, db, actor, "look", "border-walk", fmt.Sprint(walk), map[string]any{"photo": id.String()})
}
