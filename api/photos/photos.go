// Package photos serves the photos of incidents: how they arrive in pieces, who sees
// them, and what of them everybody may see.
package photos

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"wangge/api/route"
	"wangge/geo/incident"
	"wangge/geo/pg"
	"wangge/geo/photo"
	"wangge/geo/picture"
	"wangge/geo/staff"
)

// Mount adds /photos, /incidents/{id}/photos, /public/photos and
// /public/receipts/{code}/photos, which the engine takes. reader sees what was
// released and nothing else.
func Mount(a route.API, db, engine, reader pg.DB, turns picture.Turns) {
	h := handler{db, engine, reader, turns}
	op := func(id, summary, more string) route.Op {
		return route.Op{ID: id, Summary: summary, Description: more, Tag: "photos"}
	}
	noContent := func(o route.Op) route.Op { o.Status = http.StatusNoContent; return o }
	put := op("put-photo", "Send a piece of a photo", "Choose a UUID and send JPEG, PNG or WebP of at most 5 MB in pieces of at most 512 KB, in order, each with Upload-Offset and Upload-Length, "+
		"the last one with Upload-Digest: sha-256= and 64 hexadecimal digits. What is answered with 204 is kept for good, and Upload-Offset says where the next piece begins; a piece that is here already changes nothing. "+
		"The last piece is taken once the whole is a photo: it is turned upright and encoded anew. What is not finished, or named by no report, within the days of the register of retention (photo-loose) is dropped.")
	status := op("photo-status", "How far your photo has come", "It has arrived when Upload-Offset is Upload-Length.")
	release := op("release-photo", "Show a photo to everybody, faces and plates covered", "The areas are covered for good in a file of its own; the photo stays as it is, for who may see it.")
	route.Put(a, "/photos/{photo}", noContent(put).For(staff.Record), h.put)
	route.Head(a, "/photos/{photo}", noContent(status).For(staff.Record), h.status)
	route.Get(a, "/photos/{photo}/image", op("get-photo", "A photo as JPEG; each look is recorded", "For who may see its incident, and for who took it.").For(staff.Map), h.image)
	route.Get(a, "/photos/{photo}/thumbnail", op("get-photo-thumbnail", "A photo as a small JPEG", "For who may see its incident, and for who took it.").For(staff.Map), h.thumbnail)
	route.Get(a, "/incidents/{id}/photos", op("list-incident-photos", "The photos that a report names, whether they have arrived or not", "").For(staff.Place), h.list)
	route.Post(a, "/photos/{photo}/release", noContent(release).For(staff.Dispatch), h.release)
	route.Delete(a, "/photos/{photo}/release", noContent(op("withdraw-photo", "Take a photo back that everybody sees", "")).For(staff.Dispatch), h.withdraw)
	putOf := op("put-resident-photo", "Send a piece of a photo of a resident's report", "As put-photo, for whoever has the code of the report: at most three photos of at most 2 MB each, while it is not closed. "+
		"Nothing that the camera wrote is kept, and nobody but who works on the report sees them until a person has covered faces and plates and released them.")
	putOf.Open = true
	route.Put(a, "/public/receipts/{code}/photos/{photo}", noContent(putOf), h.putOf)
	open := op("get-public-photo", "A photo that was released, as JPEG", "")
	open.Open = true
	route.Get(a, "/public/photos/{photo}", open, h.public)
}

type handler struct {
	db, engine, reader pg.DB
	turns              picture.Turns
}

// Path names a photo. It is exported because the framework fills in exported structs only.
type Path struct {
	Photo uuid.UUID `path:"photo" format:"uuid"`
}

// Upload says where a piece belongs. It is exported for the framework.
type Upload struct {
	Path
	Offset int    `header:"Upload-Offset" required:"true" minimum:"0" doc:"of the first byte of the piece in the photo"`
	Length int    `header:"Upload-Length" required:"true" minimum:"1" doc:"bytes of the whole photo"`
	Digest string `header:"Upload-Digest" maxLength:"80" doc:"with the last piece: sha-256= and 64 hexadecimal digits, of the whole photo"`
}

func (u Upload) piece(body []byte) photo.Piece {
	return photo.Piece{Photo: u.Photo, Offset: u.Offset, Length: u.Length, Digest: u.Digest, Body: body}
}

type pieceInput struct {
	Upload
	RawBody []byte `contentType:"application/octet-stream"`
}

// Progress says where the next piece begins.
type Progress struct {
	Offset int `header:"Upload-Offset"`
	Length int `header:"Upload-Length"`
}

// Receipt is the code of a resident's report. It is exported for the framework.
type Receipt struct {
	Code string `path:"code" maxLength:"40"`
}

func (r Receipt) code() (string, error) {
	code, err := url.PathUnescape(r.Code) // people write spaces
	if err != nil {
		err = incident.ErrReceipt.Because(err)
	}
	return code, err
}

type residentPieceInput struct {
	Receipt
	Upload
	RawBody []byte `contentType:"application/octet-stream"`
}

func (h handler) put(ctx context.Context, in *pieceInput) (*Progress, error) {
	return held(photo.Put(ctx, h.db, h.turns, route.Actor(ctx), in.piece(in.RawBody), time.Now()))
}

func (h handler) putOf(ctx context.Context, in *residentPieceInput) (*Progress, error) {
	code, err := in.code()
	if err != nil {
		return nil, err
	}
	return held(photo.PutOf(ctx, h.engine, h.turns, code, in.piece(in.RawBody), time.Now()))
}

// held answers how far a photo has come, with an error too.
func held(got photo.Progress, err error) (*Progress, error) {
	if err != nil && got.Length > 0 { // where to go on from
		return nil, huma.ErrorWithHeaders(err, http.Header{"Upload-Offset": {strconv.Itoa(got.Held)}, "Upload-Length": {strconv.Itoa(got.Length)}})
	}
	return &Progress{got.Held, got.Length}, err
}

func (h handler) status(ctx context.Context, in *Path) (*Progress, error) {
	got, err := photo.Status(ctx, h.db, route.Actor(ctx), in.Photo)
	return &Progress{got.Held, got.Length}, err
}

// IncidentPhoto is a photo with the place that its camera wrote.
type IncidentPhoto struct {
	photo.Photo
	Place *orb.Point `json:"place" doc:"[lon, lat], as the camera wrote it; null when it did not say"`
}

type incidentPath struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

func (h handler) list(ctx context.Context, in *incidentPath) (*route.Body[route.List[IncidentPhoto]], error) {
	list, err := photo.Of(ctx, h.db, route.Actor(ctx), in.ID)
	out := make([]IncidentPhoto, len(list))
	for i, p := range list {
		out[i].Photo = p
		if p.Place != nil {
			at := p.Place.Degrees()
			out[i].Place = &at
		}
	}
	return route.OK(route.Page(out, len(out), nil), err)
}

// file is a picture.
type file struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// jpeg answers with a picture. It stays in no cache, as nothing of the API does: screens
// are shared, and what was released can be taken back.
func jpeg(body []byte, err error) (*file, error) {
	return &file{Type: "image/jpeg", Disposition: "inline", Body: body}, err
}

func (h handler) image(ctx context.Context, in *Path) (*file, error) {
	return jpeg(photo.Picture(ctx, h.db, route.Actor(ctx), in.Photo, photo.Whole))
}

func (h handler) thumbnail(ctx context.Context, in *Path) (*file, error) {
	return jpeg(photo.Picture(ctx, h.db, route.Actor(ctx), in.Photo, photo.Thumbnail))
}

func (h handler) public(ctx context.Context, in *Path) (*file, error) {
	return jpeg(photo.Public(ctx, h.reader, in.Photo))
}

// NewRelease says what is covered.
type NewRelease struct {
	Areas   []picture.Area `json:"areas" maxItems:"100" doc:"x, y of the upper left corner, width and height, in fractions of the photo"`
	Covered bool           `json:"covered" doc:"you looked at the photo, and no face and no plate is outside of the areas"`
}

type releaseInput struct {
	Path
	Body NewRelease
}

func (h handler) release(ctx context.Context, in *releaseInput) (*struct{}, error) {
	return nil, photo.Release(ctx, h.db, h.turns, route.Actor(ctx), in.Photo, in.Body.Areas, in.Body.Covered, time.Now())
}

func (h handler) withdraw(ctx context.Context, in *Path) (*struct{}, error) {
	return nil, photo.Withdraw(ctx, h.db, route.Actor(ctx), in.Photo)
}
