package photos_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
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
	"wangge/geo/pg/pgtest"
	"wangge/geo/photo"
	"wangge/geo/picture"
	"wangge/geo/picture/picturetest"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = map[string]any

// wire sends photos as a phone does.
type wire struct {
	*testing.T
	api routetest.API
}

// send puts a piece; what is expected of the answer is its status, where the next piece
// begins ("" = not said) and the code of a problem.
func (w wire) send(id string, offset, length int, digest string, body []byte, status int, next, code string) {
	w.Helper()
	w.sendTo("/photos/"+id, offset, length, digest, body, status, next, code)
}

// sendTo is send to another address.
func (w wire) sendTo(path string, offset, length int, digest string, body []byte, status int, next, code string) {
	w.Helper()
	req := httptest.NewRequest(http.MethodPut, path, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Upload-Offset", strconv.Itoa(offset))
	req.Header.Set("Upload-Length", strconv.Itoa(length))
	if digest != "" {
		req.Header.Set("Upload-Digest", digest)
	}
	w.check(req, status, next, code)
}

func (w wire) check(req *http.Request, status int, next, code string) {
	w.Helper()
	res, text := w.api.Do(w, req)
	var p struct{ Code string }
	if len(text) > 0 {
		if err := json.Unmarshal(text, &p); err != nil {
			w.Fatalf("%s %s = %d %q: %v", req.Method, req.URL, res.StatusCode, text, err)
		}
	}
	if res.StatusCode != status || res.Header.Get("Upload-Offset") != next || p.Code != code {
		w.Errorf("%s %s = %d, next %q, %q; want %d, %q, %q", req.Method, req.URL, res.StatusCode, res.Header.Get("Upload-Offset"), p.Code, status, next, code)
	}
}

func TestAPhotoGoesOverTheWireInPieces(t *testing.T) {
	pool := pgtest.Database(t)
	grids := ledgertest.Town(t, pool, 2)
	_, actor := stafftest.Hold(t, pool, staff.Worker, grids[0])
	w := wire{t, routetest.As(actor)}
	photos.Mount(w.api.API, pool, pool, pool, picture.NewTurns(1))

	file := picturetest.File(t, 400, 300, picturetest.Camera{LonLat: ledgertest.Degrees(0.5, 0.5)})
	id, n := uuid.NewString(), len(file)
	sum := fmt.Sprintf("sha-256=%x", sha256.Sum256(file))
	head := func() *http.Request { return httptest.NewRequest(http.MethodHead, "/photos/"+id, nil) }

	w.check(head(), 404, "", "")
	w.send(id, 0, n, "", file[:1000], 204, "1000", "")
	w.send(id, 0, n, "", file[:1000], 204, "1000", "")
	w.check(head(), 204, "1000", "")
	w.send(id, 2000, n, "", file[2000:2500], 409, "1000", "photo_offset")
	w.send(id, 1000, n+1, "", file[1000:1500], 409, "1000", "photo_length")
	w.send(id, 1000, n, "sha-256=00", file[1000:], 422, "", "photo_digest_malformed")
	w.send(id, 1000, n, fmt.Sprintf("sha-256=%064x", 1), file[1000:], 409, "0", "photo_digest")
	w.check(head(), 204, "0", "")
	w.send(id, 0, n, "", file[:1000], 204, "1000", "")
	w.send(id, 1000, n, sum, file[1000:], 204, strconv.Itoa(n), "")
	w.check(head(), 204, strconv.Itoa(n), "")
	w.send(uuid.NewString(), 0, photo.MaxPiece+10, "", make([]byte, photo.MaxPiece+1), 413, "", "photo_piece_too_large")
	w.send(uuid.NewString(), 0, photo.MaxBytes+1, "", file[:10], 413, "", "photo_too_large")
	w.send("no-uuid", 0, n, "", file[:10], 422, "", "request_invalid")
	w.check(httptest.NewRequest(http.MethodPut, "/photos/"+uuid.NewString(), bytes.NewReader(file[:10])), 422, "", "request_invalid")

	of, _, err := incident.Report(t.Context(), pool, pool, actor, incident.New{
		ID: uuid.New(), Category: "0102", ReportedAt: time.Now(), Point: ledgertest.At(0.5, 0.5), Photos: []uuid.UUID{uuid.MustParse(id), uuid.New()}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	list := w.api.Want(t, 200, "", "GET", "/incidents/"+of.ID.String()+"/photos", nil)["items"].([]any)
	first, second := list[0].(object), list[1].(object)
	if len(list) != 2 || first["arrived"] != true || first["place"] == nil || first["far"] != false || second["arrived"] != false || second["place"] != nil {
		t.Errorf("photos %v", list)
	}
	for _, path := range []string{"/image", "/thumbnail"} {
		res, body := w.api.Do(t, httptest.NewRequest(http.MethodGet, "/photos/"+id+path, nil))
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "image/jpeg" || !bytes.HasPrefix(body, []byte("\xff\xd8")) {
			t.Errorf("%s = %d, %v", path, res.StatusCode, res.Header)
		}
	}
	w.api.Want(t, 403, "forbidden", "POST", "/photos/"+id+"/release", object{"areas": []any{}, "covered": true})

	desk := routetest.New()
	photos.Mount(desk.API, pool, pool, pool, picture.NewTurns(1))
	desk.Want(t, 404, "photo_unknown", "GET", "/public/photos/"+id, nil)
	desk.Want(t, 422, "photo_uncovered", "POST", "/photos/"+id+"/release", object{"areas": []any{}, "covered": false})
	desk.Want(t, 422, "photo_areas", "POST", "/photos/"+id+"/release", object{"areas": [][]float64{{0.5, 0.5, 0.6, 0.1}}, "covered": true})
	desk.Want(t, 422, "request_invalid", "POST", "/photos/"+id+"/release", object{"areas": [][]float64{{0.5, 0.5}}, "covered": true})
	desk.Want(t, 204, "", "POST", "/photos/"+id+"/release", object{"areas": [][]float64{{0.1, 0.1, 0.2, 0.2}}, "covered": true})
	res, body := desk.Do(t, httptest.NewRequest(http.MethodGet, "/public/photos/"+id, nil))
	if res.StatusCode != 200 || !bytes.HasPrefix(body, []byte("\xff\xd8")) {
		t.Errorf("released: %d, %v", res.StatusCode, res.Header)
	}
	desk.Want(t, 204, "", "DELETE", "/photos/"+id+"/release", nil)
	desk.Want(t, 404, "photo_unknown", "GET", "/public/photos/"+id, nil)
}
