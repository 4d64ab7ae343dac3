package borderwalk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // decodes what phones and screens send
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Bounds of photos.
const (
	MaxPhotos    = 3       // of an answer
	MaxPhoto     = 8 << 20 // bytes as they come
	maxPixels    = 25_000_000
	longest      = 2048 // pixels of the longer side as it is stored
	photoQuality = 82
)

// Faults of photos.
var (
	ErrPhoto        = fault.New(fault.Invalid, "border_photo_unreadable", "This is no photo that can be read. Send JPEG or PNG of at most 25 megapixels.")
	ErrPhotoLarge   = fault.New(fault.TooLarge, "border_photo_too_large", "A photo has at most 8 MB.")
	ErrPhotos       = fault.New(fault.Conflict, "border_photos_too_many", "An answer has at most three photos.")
	ErrPhotoUnknown = fault.New(fault.NotFound, "border_photo_unknown", "There is no such photo.")
)

// Strip is a photo encoded anew as JPEG, at most 2048 pixels long: of the file nothing
// is read but the picture and which side of it is up (upright.go), so that place, time
// and camera are gone.
func Strip(raw []byte) (body []byte, width, height int, err error) {
	if len(raw) > MaxPhoto {
		return nil, 0, 0, ErrPhotoLarge
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || format != "jpeg" && format != "png" || config.Width < 1 || config.Height < 1 || config.Width > maxPixels/config.Height {
		return nil, 0, 0, ErrPhoto
	}
	picture, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, 0, 0, ErrPhoto.Because(err)
	}
	small := upright(shrink(flat(picture)), orientation(raw))
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: photoQuality}); err != nil {
		return nil, 0, 0, fmt.Errorf("encode a photo: %w", err)
	}
	return out.Bytes(), small.Rect.Dx(), small.Rect.Dy(), nil
}

// flat is a picture on white, from its corner on.
func flat(picture image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, picture.Bounds().Dx(), picture.Bounds().Dy()))
	draw.Draw(out, out.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, picture, picture.Bounds().Min, draw.Over)
	return out
}

// shrink makes one pixel of k × k until a picture is no longer than it may be.
func shrink(in *image.RGBA) *image.RGBA {
	k := (max(in.Rect.Dx(), in.Rect.Dy()) + longest - 1) / longest
	if k <= 1 {
		return in
	}
	out := image.NewRGBA(image.Rect(0, 0, max(1, in.Rect.Dx()/k), max(1, in.Rect.Dy()/k)))
	k, side := min(k, in.Rect.Dx(), in.Rect.Dy()), k
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var sum [3]int
			for dy := range k {
				at := in.PixOffset(x*side, y*side+dy)
				for dx := range k {
					for c := range sum {
						sum[c] += int(in.Pix[at+4*dx+c])
					}
				}
			}
			at := out.PixOffset(x, y)
			for c := range sum {
				out.Pix[at+c] = uint8(sum[c] / (k * k))
			}
			out.Pix[at+3] = 255
		}
	}
	return out
}

// AddPhoto adds a photo to one's own answer. id is the client's: sent twice it is one.
//
// Errors: ErrAnswer, ErrPhoto, ErrPhotoLarge, ErrPhotos, ErrTaken.
func AddPhoto(ctx context.Context, db pg.DB, actor staff.Actor, answer, id uuid.UUID, raw []byte) (Answer, error) {
	before, err := own(ctx, db, actor, answer)
	if err != nil || slices.Contains(before.Photos, id) {
		return before, err
	}
	if len(before.Photos) >= MaxPhotos { // before it is decoded
		return Answer{}, ErrPhotos
	}
	body, width, height, err := Strip(raw)
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
