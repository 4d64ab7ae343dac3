package api_test

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/uuid"

	"wangge/geo/staff"
)

// photographed gives a town a photo that is released, of the report that its worker made.
func (w *towns) photographed(t testing.TB, town string) {
	t.Helper()
	// Marked by its id, for a photo has no text.
	id := map[string]string{ours: "11110100-0000-4000-8000-000000000001", theirs: "99020100-0000-4000-8000-000000000001"}[town]
	_, err := w.pool.Exec(t.Context(), `
		WITH p AS (
			INSERT INTO photo (id, account_id, length, held, arrived_at, digest, body, thumbnail, width, height)
			VALUES ($1, $2, 1, 1, now(), 'x', 'x', 'x', 1, 1)),
		l AS (INSERT INTO incident_photo (incident_id, ordinal, account_id, photo_id) VALUES ($3, 1, $2, $1)),
		k AS (INSERT INTO photo_piece (photo_id, start, body) VALUES ($1, 0, 'x'))
		INSERT INTO photo_release (photo_id, body, areas, released_by) VALUES ($1, 'x', '[]', $4)`,
		id, w.accounts[town][staff.Worker], w.things[town]["incident"], town)
	if err != nil {
		t.Fatal(err)
	}
	w.things[town]["photo"] = id
}

// newPhoto is one of the first incident, released.
func (s *service) newPhoto(t testing.TB) string {
	t.Helper()
	id, body := uuid.NewString(), snapshot()
	_, err := s.pool.Exec(t.Context(), `
		WITH p AS (
			INSERT INTO photo (id, account_id, length, held, arrived_at, digest, body, thumbnail, width, height)
			VALUES ($1, 1, 1, 1, now(), 'x', $2, $2, 8, 8)),
		l AS (
			INSERT INTO incident_photo (incident_id, ordinal, account_id, photo_id)
			SELECT i.id, 1 + (SELECT count(*) FROM incident_photo l WHERE l.incident_id = i.id), 1, $1 FROM incident i ORDER BY i.id LIMIT 1)
		INSERT INTO photo_release (photo_id, body, areas, released_by) VALUES ($1, $2, '[]', 'test')`, id, body)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// photoOf is a photo that an account took of a new incident in a town.
func (w *table) photoOf(town string, who int64) string {
	w.t.Helper()
	id := uuid.NewString()
	_, err := w.pool.Exec(w.t.Context(), `
		WITH l AS (INSERT INTO incident_photo (incident_id, ordinal, account_id, photo_id) VALUES ($3, 1, $2, $1))
		INSERT INTO photo (id, account_id, length, held, arrived_at, digest, body, thumbnail, width, height)
		VALUES ($1, $2, 1, 1, now(), 'x', $4, $4, 8, 8)`, id, who, w.newIncident(town), snapshot())
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// pieceOf are the headers of a file that is sent at once.
func pieceOf(file []byte) []string {
	return []string{"Content-Type", "application/octet-stream",
		"Upload-Offset", "0", "Upload-Length", strconv.Itoa(len(file)), "Upload-Digest", fmt.Sprintf("sha-256=%x", sha256.Sum256(file))}
}

// photoExamples are those of photos of incidents.
func photoExamples() []example {
	const v1 = "/api/v1"
	ofPhoto := func(more string, body any) func(*table, string) request {
		return func(w *table, town string) request {
			return request{path: v1 + "/photos/" + w.photoOf(town, w.other[town]) + more, body: body}
		}
	}
	return []example{
		{"put-photo", "", self, func(*table, string) request {
			file := snapshot()
			return request{path: v1 + "/photos/" + uuid.NewString(), body: file, header: pieceOf(file)}
		}, nil},
		{"photo-status", "of one's own", self, func(w *table, town string) request {
			return request{path: v1 + "/photos/" + w.photoOf(town, w.who)}
		}, nil},
		{"get-photo", "of somebody else", thing, ofPhoto("/image", nil), nil},
		{"get-photo-thumbnail", "of somebody else", thing, ofPhoto("/thumbnail", nil), nil},
		{"list-incident-photos", "", thing, of(v1+"/incidents/{}/photos", "incident"), nil},
		{"release-photo", "", thing, ofPhoto("/release", object{"areas": [][4]float64{{0, 0, 0.5, 0.5}}, "covered": true}), nil},
		{"withdraw-photo", "", thing, ofPhoto("/release", nil), nil},
		{"get-public-photo", "", open, func(w *table, town string) request {
			return request{path: v1 + "/public/photos/" + w.things[town]["photo"]}
		}, nil},
	}
}
