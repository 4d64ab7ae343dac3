package photo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/picture"
	"wangge/geo/staff"
)

// Bounds of what is sent.
const (
	MaxPiece = 512 << 10 // bytes
	MaxBytes = 5 << 20   // of a photo
	MaxDaily = 1 << 30   // bytes of the photos that an account begins on a day
)

// thumbnailLongest is how many pixels a thumbnail is long at most.
const thumbnailLongest = 320

// Faults of what is sent.
var (
	ErrPiece      = fault.New(fault.Invalid, "photo_piece", "A piece has at least one byte and ends within its photo.")
	ErrPieceLarge = fault.New(fault.TooLarge, "photo_piece_too_large", "A piece has at most 524,288 bytes.")
	ErrLarge      = fault.New(fault.TooLarge, "photo_too_large", "A photo has at most 5 MB.")
	ErrLength     = fault.New(fault.Conflict, "photo_length", "This photo was begun with another length. Send another photo under another id.")
	ErrOffset     = fault.New(fault.Conflict, "photo_offset", "The next piece begins elsewhere: Upload-Offset of this answer says where.")
	ErrDigestForm = fault.New(fault.Invalid, "photo_digest_malformed", "The last piece comes with Upload-Digest: sha-256= and 64 hexadecimal digits.")
	ErrDigest     = fault.New(fault.Conflict, "photo_digest", "What arrived is not what was sent: its SHA-256 is another. It was dropped; send the photo again from its beginning.")
	ErrExists     = fault.New(fault.Conflict, "photo_exists", "Another photo has arrived under this id. Send this one under an id of its own.")
	ErrDaily      = fault.New(fault.TooMany, "photo_daily", "This account has sent 1 GB of photos today. Send the others tomorrow.")
)

// Piece is a part of a photo as it is sent.
type Piece struct {
	Photo  uuid.UUID // chosen by the phone
	Offset int       // in the photo, of its first byte
	Length int       // of the whole photo
	Digest string    // "sha-256=…" of the whole photo, with its last piece
	Body   []byte
}

// last reports whether the photo ends with the piece.
func (p Piece) last() bool { return p.Offset+len(p.Body) == p.Length }

func (p Piece) check() error {
	switch {
	case p.Length > MaxBytes:
		return ErrLarge
	case len(p.Body) > MaxPiece:
		return ErrPieceLarge
	case len(p.Body) == 0 || p.Offset < 0 || p.Offset > p.Length-len(p.Body):
		return ErrPiece
	}
	return nil
}

// digest is what the last piece says that the photo is.
func (p Piece) digest() ([]byte, error) {
	digits, ok := strings.CutPrefix(p.Digest, "sha-256=")
	sum, err := hex.DecodeString(digits)
	if !ok || err != nil || len(sum) != sha256.Size {
		return nil, ErrDigestForm
	}
	return sum, nil
}

// Progress is how far a photo has come: it has arrived when all of it is held.
type Progress struct {
	Held   int // bytes from its beginning
	Length int
}

// sender is who sends a photo: an account, or whoever has the code of a report.
type sender struct {
	actor   staff.Actor
	account int64
	report  *uuid.UUID // of a resident; nil = an account, which names its photos in its report
	closed  bool
}

func account(actor staff.Actor) sender { return sender{actor: actor, account: actor.Account} }

// stored is how a photo stands, under its lock where it has one.
type stored struct {
	Progress
	round   int
	digest  []byte
	arrived bool
}

const standing = `SELECT held, length, round, digest, arrived_at IS NOT NULL FROM photo WHERE id = $1 AND account_id = $2
	AND ($3::uuid IS NULL OR EXISTS (SELECT FROM incident_photo l WHERE l.photo_id = photo.id AND l.account_id = $2 AND l.incident_id = $3))`

func read(ctx context.Context, db pg.DB, from sender, id uuid.UUID, lock string) (s stored, err error) {
	err = db.QueryRow(ctx, standing+lock, id, from.account, from.report).Scan(&s.Held, &s.Length, &s.round, &s.digest, &s.arrived)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	return s, err
}

// Status is how far one's own photo has come; ErrUnknown.
func Status(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) (Progress, error) {
	s, err := read(ctx, db, account(actor), id, "")
	if err != nil {
		return Progress{}, fmt.Errorf("photo %s: %w", id, err)
	}
	return s.Progress, nil
}

// Put takes a piece, and makes a photo of all with the last one. What it returns without
// an error is kept for good; a piece that is here already changes nothing. With an error
// it returns where the next piece begins.
//
// Errors: ErrPiece, ErrPieceLarge, ErrLarge, ErrLength, ErrOffset, ErrDigestForm,
// ErrDigest and picture.ErrUnreadable, with which it begins anew, ErrExists, ErrDaily,
// ErrUnknown for another account's.
func Put(ctx context.Context, db pg.DB, turns picture.Turns, actor staff.Actor, p Piece, now time.Time) (Progress, error) {
	progress, err := putAs(ctx, db, turns, actor, p, now)
	if err != nil {
		return progress, fmt.Errorf("photo %s from %d: %w", p.Photo, p.Offset, err)
	}
	return progress, nil
}

func putAs(ctx context.Context, db pg.DB, turns picture.Turns, actor staff.Actor, p Piece, now time.Time) (Progress, error) {
	if err := actor.Must(staff.Record); err != nil {
		return Progress{}, err
	}
	if actor.Account == 0 {
		return Progress{}, staff.ErrSignedOut
	}
	if err := p.check(); err != nil {
		return Progress{}, err
	}
	return put(ctx, db, turns, account(actor), p, now)
}

func put(ctx context.Context, db pg.DB, turns picture.Turns, from sender, p Piece, now time.Time) (Progress, error) {
	if p.Offset == 0 {
		if err := begin(ctx, db, from, p, now); err != nil {
			return Progress{}, err
		}
	}
	if p.last() {
		return finish(ctx, db, turns, from, p, now)
	}
	var after stored
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) (err error) {
		if after, err = read(ctx, tx, from, p.Photo, " FOR UPDATE"); err != nil {
			return err
		}
		known, err := after.fits(p)
		if err != nil || known {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO photo_piece (photo_id, start, body) VALUES ($1, $2, $3)`, p.Photo, p.Offset, p.Body); err != nil {
			return err
		}
		after.Held += len(p.Body)
		_, err = tx.Exec(ctx, `UPDATE photo SET held = $2 WHERE id = $1`, p.Photo, after.Held)
		return err
	})
	return after.Progress, err
}

// lockSpace keeps the advisory locks of this package apart from all others.
const lockSpace = 77_038

// begin makes room for a photo unless it has begun.
func begin(ctx context.Context, db pg.DB, from sender, p Piece, now time.Time) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		// Photos of one account begin in turns, so that together they keep to the bound.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashint8($2))`, lockSpace, from.account); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO photo (id, account_id, length, begun_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			p.Photo, from.account, p.Length, now)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		var sum int64
		err = tx.QueryRow(ctx, `SELECT sum(length) FROM photo WHERE account_id = $1 AND begun_at >= $2::date::timestamp AT TIME ZONE 'Asia/Shanghai'`,
			from.account, geo.DayOf(now)).Scan(&sum)
		switch {
		case err != nil:
			return err
		case from.report == nil && sum > MaxDaily:
			return ErrDaily
		case from.report == nil:
			return nil
		case sum > MaxDaily:
			return ErrResidentDaily
		}
		return from.name(ctx, tx, p.Photo, now)
	})
}

// fits reports whether a piece is here already; ErrLength or ErrOffset when it does not
// follow what is.
func (s stored) fits(p Piece) (known bool, err error) {
	switch {
	case s.Length != p.Length:
		return false, ErrLength
	case p.Offset+len(p.Body) <= s.Held:
		return true, nil
	case p.Offset != s.Held:
		return false, ErrOffset
	}
	return false, nil
}

// made is what becomes of a file.
type made struct {
	body, thumbnail []byte
	width, height   int
	facts           picture.Facts
}

// finish makes a photo of the pieces that are here and the last one. That takes a while
// and is done without a lock; what is written is written if nothing has changed since.
func finish(ctx context.Context, db pg.DB, turns picture.Turns, from sender, p Piece, now time.Time) (Progress, error) {
	digest, err := p.digest()
	if err != nil {
		return Progress{}, err
	}
	before, err := read(ctx, db, from, p.Photo, "")
	if err != nil {
		return Progress{}, err
	}
	if known, err := before.fits(p); err != nil || known {
		return before.same(digest, err)
	}
	rows, _ := db.Query(ctx, `SELECT body FROM photo_piece WHERE photo_id = $1 AND start < $2 ORDER BY start`, p.Photo, p.Offset)
	pieces, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return before.Progress, err
	}
	file := slices.Concat(append(pieces, p.Body)...)
	if sum := sha256.Sum256(file); !bytes.Equal(sum[:], digest) {
		return startAnew(ctx, db, from, p, before, digest, ErrDigest)
	}
	m, err := develop(ctx, turns, file, now)
	if errors.Is(err, picture.ErrUnreadable) {
		return startAnew(ctx, db, from, p, before, digest, err)
	}
	if err != nil {
		return before.Progress, err
	}
	if from.report != nil {
		m.facts = picture.Facts{} // a resident's photo says nothing but what is on it
	}
	var after stored
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) (err error) {
		if after, err = read(ctx, tx, from, p.Photo, " FOR UPDATE"); err != nil {
			return err
		}
		if known, err := after.fits(p); err != nil || known {
			_, err = after.same(digest, err)
			return err
		}
		if after.round != before.round { // it began anew, and has come as far again
			return ErrOffset
		}
		return after.keep(ctx, tx, from, p, digest, m, now)
	})
	return after.Progress, err
}

// same answers a last piece that is here already: it is the same photo, or ErrExists.
func (s stored) same(digest []byte, err error) (Progress, error) {
	if err == nil && s.arrived && !bytes.Equal(s.digest, digest) {
		err = ErrExists
	}
	return s.Progress, err
}

// keep writes the photo that has arrived.
func (s *stored) keep(ctx context.Context, tx pgx.Tx, from sender, p Piece, digest []byte, m made, now time.Time) error {
	_, err := tx.Exec(ctx, `
		UPDATE photo SET held = length, arrived_at = $2, digest = $3, body = $4, thumbnail = $5, width = $6, height = $7, place = $8, taken_at = $9
		WHERE id = $1`, p.Photo, now, digest, m.body, m.thumbnail, m.width, m.height, m.facts.Place, m.facts.Taken)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM photo_piece WHERE photo_id = $1`, p.Photo); err != nil {
		return err
	}
	s.Held = s.Length
	return audit.Write(ctx, tx, from.actor, "photo", "photo", p.Photo.String(), map[string]any{"bytes": p.Length})
}

// develop makes a photo of a file.
func develop(ctx context.Context, turns picture.Turns, file []byte, now time.Time) (m made, err error) {
	done, err := turns.Wait(ctx)
	if err != nil {
		return m, err
	}
	defer done()
	whole, facts, err := picture.Read(file)
	if err != nil {
		return m, err
	}
	m.width, m.height, m.facts = whole.Rect.Dx(), whole.Rect.Dy(), facts
	if t := facts.Taken; t != nil && t.After(now.Add(24*time.Hour)) { // no zone is farther ahead
		m.facts.Taken = nil
	}
	if m.body, err = picture.Write(whole); err != nil {
		return m, err
	}
	m.thumbnail, err = picture.Write(picture.Shrink(whole, thumbnailLongest))
	return m, err
}

// startAnew drops the pieces that make no photo, and returns why. Where the photo arrived or
// began anew while they were read, they were not all there to be read, and nothing is wrong.
func startAnew(ctx context.Context, db pg.DB, from sender, p Piece, before stored, digest []byte, why error) (Progress, error) {
	after := Progress{Length: before.Length}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		s, err := read(ctx, tx, from, p.Photo, " FOR UPDATE")
		if err != nil {
			return err
		}
		switch {
		case s.arrived:
			after, why = s.same(digest, nil)
			return nil
		case s.round != before.round:
			after, why = s.Progress, ErrOffset
			return nil
		}
		if _, err := tx.Exec(ctx, `DELETE FROM photo_piece WHERE photo_id = $1`, p.Photo); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE photo SET held = 0, round = round + 1 WHERE id = $1`, p.Photo)
		return err
	})
	if err != nil {
		return after, err
	}
	return after, why
}
