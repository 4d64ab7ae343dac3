package photos_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/api/photos"
	"wangge/api/route/routetest"
	"wangge/geo/incident"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/photo"
	"wangge/geo/picture"
	"wangge/geo/picture/picturetest"
	"wangge/geo/serves"
	"wangge/geo/staff"
)

// resident is somebody without an account in a town that takes reports.
type resident struct {
	wire
	owner, engine pg.Pool
}

func newResident(t *testing.T) resident {
	dsn := pgtest.DSN(t)
	r := resident{wire{t, routetest.As(staff.Public)}, pgtest.As(t, dsn, ""), pgtest.As(t, dsn, pg.RoleEngine)}
	app, reader := pg.NewActing(pgtest.As(t, dsn, pg.RoleApp)), pgtest.As(t, dsn, pg.RoleReader)
	photos.Mount(r.api.API, app, r.engine, reader, picture.NewTurns(1))
	ledgertest.Town(t, r.owner, 2)
	r.exec(`UPDATE setting SET value = '"true"' WHERE key = 'public_report'`)
	return r
}

func (r resident) exec(sql string, args ...any) {
	r.Helper()
	if _, err := r.owner.Exec(r.Context(), sql, args...); err != nil {
		r.Fatalf("%s: %v", sql, err)
	}
}

func (r resident) count(sql string, args ...any) (n int) {
	r.Helper()
	if err := r.owner.QueryRow(r.Context(), sql, args...).Scan(&n); err != nil {
		r.Fatalf("%s: %v", sql, err)
	}
	return n
}

// tell reports something, and returns which it is and its code.
func (r resident) tell() (id uuid.UUID, code string) {
	r.Helper()
	id = uuid.New()
	at := ledgertest.Degrees(0.5, 0.5)
	got, err := incident.Tell(r.Context(), r.engine, incident.Words{ID: id, Category: "0102", Question: serves.Question{Point: &at}}, time.Now())
	if err != nil {
		r.Fatal(err)
	}
	return id, got.Code
}

// give sends a piece with the code of a report.
func (r resident) give(code, id string, offset, length int, digest string, body []byte, status int, next, problem string) {
	r.Helper()
	r.sendTo("/public/receipts/"+code+"/photos/"+id, offset, length, digest, body, status, next, problem)
}

// whole sends all of a file at once.
func (r resident) whole(code string, file []byte, status int, problem string) (id string) {
	r.Helper()
	id = uuid.NewString()
	next := ""
	switch {
	case status == 204:
		next = strconv.Itoa(len(file))
	case problem == "photo_unreadable":
		next = "0"
	}
	r.give(code, id, 0, len(file), sum(file), file, status, next, problem)
	return id
}

func sum(file []byte) string { return fmt.Sprintf("sha-256=%x", sha256.Sum256(file)) }

func TestPhotosComeWithTheCodeOfAReport(t *testing.T) {
	r := newResident(t)
	of, code := r.tell()
	other, otherCode := r.tell()
	file := picturetest.File(t, 400, 300, picturetest.Camera{LonLat: ledgertest.Degrees(0.5, 0.5)})

	// In pieces, and again; nobody with another code goes on with it.
	id, n := uuid.NewString(), len(file)
	r.give(code, id, 0, n, "", file[:1000], 204, "1000", "")
	r.give(code, id, 0, n, "", file[:1000], 204, "1000", "")
	r.give(otherCode, id, 1000, n, sum(file), file[1000:], 404, "", "photo_unknown")
	r.give(otherCode, id, 0, n, "", file[:1000], 404, "", "photo_unknown")
	if standing, err := incident.StandingOf(t.Context(), r.engine, code); err != nil || standing.Photos != 0 {
		t.Errorf("%d photos before one has arrived, %v", standing.Photos, err)
	}
	r.give(code, id, 1000, n, sum(file), file[1000:], 204, strconv.Itoa(n), "")

	// Nothing that the camera wrote is kept.
	if rows := r.count(`SELECT count(*) FROM photo WHERE id = $1 AND place IS NULL AND taken_at IS NULL AND position('Exif'::bytea IN body) = 0`, id); rows != 1 {
		t.Error("the photo holds what its camera wrote")
	}

	// Three are enough.
	r.whole(code, file, 204, "")
	third := r.whole(code, file, 204, "")
	r.whole(code, file, 409, "resident_photos")
	if standing, err := incident.StandingOf(t.Context(), r.engine, code); err != nil || standing.Photos != 3 {
		t.Errorf("%d photos, %v", standing.Photos, err)
	}

	// Whoever has no account sees none of them, nor sends for an account.
	for _, path := range []string{"/image", "/thumbnail"} {
		if res, _ := r.api.Do(t, httptest.NewRequest(http.MethodGet, "/photos/"+id+path, nil)); res.StatusCode < 400 {
			t.Errorf("%s = %d", path, res.StatusCode)
		}
	}
	r.send(uuid.NewString(), 0, n, sum(file), file, 401, "", "signed_out")
	r.api.Want(t, 404, "photo_unknown", "GET", "/public/photos/"+id, nil)

	// Who works on it does, and releases it.
	desk := routetest.New()
	photos.Mount(desk.API, r.owner, r.engine, r.owner, picture.NewTurns(1))
	list := desk.Want(t, 200, "", "GET", "/incidents/"+of.String()+"/photos", nil)["items"].([]any)
	if len(list) != 3 || list[0].(object)["id"] != id || list[0].(object)["arrived"] != true || list[0].(object)["place"] != nil {
		t.Errorf("photos %v", list)
	}
	desk.Want(t, 204, "", "POST", "/photos/"+id+"/release", object{"areas": [][]float64{{0.1, 0.1, 0.2, 0.2}}, "covered": true})
	if res, _ := r.api.Do(t, httptest.NewRequest(http.MethodGet, "/public/photos/"+id, nil)); res.StatusCode != 200 {
		t.Errorf("released: %d", res.StatusCode)
	}
	r.api.Want(t, 404, "photo_unknown", "GET", "/public/photos/"+third, nil)

	// With the report they go, and with a photo what names it.
	r.exec(`DELETE FROM photo WHERE id = $1`, third)
	if rows := r.count(`SELECT count(*) FROM incident_photo WHERE incident_id = $1`, of); rows != 2 {
		t.Errorf("%d are named", rows)
	}
	r.exec(`DELETE FROM incident WHERE id = $1`, of)
	if rows := r.count(`SELECT count(*) FROM photo`) + r.count(`SELECT count(*) FROM incident_photo WHERE incident_id <> $1`, other); rows != 0 {
		t.Errorf("%d are left", rows)
	}
}

func TestPhotosOfResidentsAreRefused(t *testing.T) {
	r := newResident(t)
	of, code := r.tell()
	file := picturetest.File(t, 400, 300, picturetest.Camera{})

	r.whole("0000-0000-0000", file, 404, "receipt_unknown")
	r.whole("%25%25", file, 404, "receipt_unknown")
	r.give(code, uuid.NewString(), 0, photo.MaxResidentBytes+1, "", file[:10], 413, "", "resident_photo_too_large")
	r.give(code, uuid.NewString(), 0, photo.MaxPiece+10, "", make([]byte, photo.MaxPiece+1), 413, "", "photo_piece_too_large")
	r.give(code, uuid.NewString(), 10, len(file), "", file[10:20], 404, "", "photo_unknown")
	if rows := r.count(`SELECT count(*) FROM photo`); rows != 0 {
		t.Fatalf("%d were begun", rows)
	}

	// Neither words nor more pixels than memory is for become a photo; what did not come makes
	// room after a while.
	r.whole(code, []byte("<svg onload='alert(1)'/>"), 422, "photo_unreadable")
	var bomb bytes.Buffer
	if err := png.Encode(&bomb, image.NewPaletted(image.Rect(0, 0, 6000, 6000), color.Palette{color.White, color.Black})); err != nil || bomb.Len() > photo.MaxPiece {
		t.Fatalf("%d bytes, %v", bomb.Len(), err)
	}
	r.whole(code, bomb.Bytes(), 422, "photo_unreadable")
	r.give(code, uuid.NewString(), 0, len(file), "", file[:10], 204, "10", "")
	r.whole(code, file, 409, "resident_photos")
	r.exec(`UPDATE photo SET begun_at = begun_at - interval '11 minutes'`)
	r.whole(code, file, 204, "")
	if rows := r.count(`SELECT count(*) FROM photo`); rows != 1 {
		t.Errorf("%d photos, want the one that came", rows)
	}

	// Where there is room for both, one that comes slowly stays.
	slow, n := uuid.NewString(), len(file)
	r.give(code, slow, 0, n, "", file[:10], 204, "10", "")
	r.exec(`UPDATE photo SET begun_at = begun_at - interval '11 minutes'`)
	r.whole(code, file, 204, "")
	r.give(code, slow, 10, n, sum(file), file[10:], 204, strconv.Itoa(n), "")
	r.exec(`DELETE FROM photo WHERE id = $1`, slow)

	// All residents together begin so much a day.
	r.exec(`INSERT INTO photo (id, account_id, length, begun_at) SELECT gen_random_uuid(), -1, 5242880, now() FROM generate_series(1, 205)`)
	r.whole(code, file, 429, "resident_photo_daily")
	r.exec(`DELETE FROM photo WHERE arrived_at IS NULL`)

	r.exec(`UPDATE setting SET value = '"false"' WHERE key = 'public_report'`)
	r.whole(code, file, 403, "public_report_off")
	r.exec(`UPDATE setting SET value = '"true"' WHERE key = 'public_report'`)
	r.exec(`UPDATE incident SET state = 'closed', closed_at = now() WHERE id = $1`, of)
	r.whole(code, file, 409, "resident_photo_closed")
}
