// Package photo keeps the photos of incidents. A phone sends one in pieces, each of which
// is kept before it is acknowledged, in whatever network it has; the last one makes it a
// photo: read, stood upright and written anew, so that nothing of the camera is left in
// it. What the camera wrote of place and time is kept beside it, as a claim.
//
// A photo is for who may see its incident, and for who took it. What anybody may see is
// another file, on which a person has covered faces and plates.
//
//	photo.go    photos of an incident, and who may see them
//	piece.go    how they arrive
//	resident.go those that come with the code of a report
//	release.go  what is shown to everybody
package photo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// ErrUnknown is a photo that is not there, or not for whoever asks.
var ErrUnknown = fault.New(fault.NotFound, "photo_unknown", "There is no such photo.")

// farAway is how many metres beyond the accuracy of the report a photo may have been
// taken without being told so: both places are those of a phone.
const farAway = 100

// Photo is one that a report names. Until it arrives only its id is known.
type Photo struct {
	ID         uuid.UUID  `json:"id"`
	Arrived    bool       `json:"arrived" doc:"whether all of it is here"`
	ArrivedAt  *time.Time `json:"arrived_at"`
	Width      *int       `json:"width" doc:"pixels"`
	Height     *int       `json:"height" doc:"pixels"`
	TakenAt    *time.Time `json:"taken_at" doc:"by the camera's clock; null when it did not say"`
	Place      *geo.Point `json:"-"`
	Metres     *float64   `json:"metres" doc:"between the place that the camera wrote and that of the incident"`
	Far        bool       `json:"far" doc:"the camera was more than 100 m farther away than the report is inaccurate"`
	ReleasedAt *time.Time `json:"released_at" doc:"when it was shown to everybody; null while it is not"`
	ReleasedBy *string    `json:"released_by"`
}

// Of returns the photos that the report of an incident names, in its order;
// incident.ErrUnknown. The look is recorded.
func Of(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) ([]Photo, error) {
	of, err := incident.Get(ctx, db, actor, id)
	if err != nil {
		return nil, err
	}
	rows, _ := db.Query(ctx, `
		SELECT l.photo_id, p.arrived_at IS NOT NULL, p.arrived_at, p.width, p.height, p.taken_at, p.place, NULL::double precision, false, r.released_at, r.released_by
		FROM incident_photo l LEFT JOIN photo p ON p.id = l.photo_id AND p.account_id = l.account_id LEFT JOIN photo_release r ON r.photo_id = p.id
		WHERE l.incident_id = $1 ORDER BY l.ordinal`, id)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Photo])
	if err != nil {
		return nil, fmt.Errorf("photos of incident %s: %w", id, err)
	}
	for i := range list {
		list[i].compare(of)
	}
	return list, audit.Write(ctx, db, actor, "list", "photo", id.String(), map[string]any{"shown": len(list)})
}

// compare says how far from the incident the camera was.
func (p *Photo) compare(of incident.Incident) {
	if p.Place == nil || of.Point == nil {
		return
	}
	metres := float64(geo.Distance(p.Place.Degrees(), of.Point.Degrees()))
	allowed := float64(farAway)
	if of.Accuracy != nil {
		allowed += *of.Accuracy
	}
	p.Metres, p.Far = &metres, metres > allowed
}

// Size is which of a photo's pictures is meant.
type Size string

// The sizes.
const (
	Whole     Size = "body"
	Thumbnail Size = "thumbnail"
)

// Picture returns a photo as JPEG, for who may see its incident and for who took it;
// ErrUnknown. A look at the whole of it is recorded.
func Picture(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID, size Size) ([]byte, error) {
	of, err := visible(ctx, db, actor, id)
	if err != nil {
		return nil, fmt.Errorf("photo %s: %w", id, err)
	}
	column := "body"
	if size == Thumbnail {
		column = "thumbnail"
	}
	var body []byte
	if err := db.QueryRow(ctx, `SELECT `+column+` FROM photo WHERE id = $1`, id).Scan(&body); err != nil {
		return nil, fmt.Errorf("photo %s: %w", id, err)
	}
	if size == Thumbnail {
		return body, nil // its list is recorded
	}
	return body, audit.Write(ctx, db, actor, "look", "photo", id.String(), map[string]any{"incident": of})
}

// visible returns the incident of a photo that has arrived, nil for one's own of no
// report; ErrUnknown unless actor may see it.
func visible(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) (of *uuid.UUID, err error) {
	var own bool
	err = db.QueryRow(ctx, `
		SELECT p.account_id = $2, l.incident_id
		FROM photo p LEFT JOIN incident_photo l ON l.photo_id = p.id AND l.account_id = p.account_id
		WHERE p.id = $1 AND p.arrived_at IS NOT NULL`, id, actor.Account).Scan(&own, &of)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, ErrUnknown
	case err != nil || own:
		return of, err
	case of == nil:
		return nil, ErrUnknown
	}
	if _, err = incident.Get(ctx, db, actor, *of); errors.Is(err, incident.ErrUnknown) {
		err = ErrUnknown
	}
	return of, err
}
