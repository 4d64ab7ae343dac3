package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"testing"
)

// What a phone fetches in pieces is the file, and a piece of another version is not
// taken for one of this.
func TestAMapFileComesInPieces(t *testing.T) {
	s := newTown(t)
	var p struct {
		Name, Version string
		Bytes         int
	}
	unit := s.town.Units[len(s.town.Units)-1]
	path := "/api/v1/packs/" + unit.Code
	s.get(t, path, &p)
	if p.Bytes < 1000 || p.Name != unit.Name {
		t.Fatalf("a file of %d bytes of %q, want that of %q", p.Bytes, p.Name, unit.Name)
	}
	tag := `"` + p.Version + `"`
	ask := func(header ...string) answer { return s.call(t, http.MethodGet, path+"/file", nil, header...) }

	whole := ask()
	if whole.status != http.StatusOK || len(whole.body) != p.Bytes || whole.header.Get("ETag") != tag || whole.header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("%d with %d bytes, %v", whole.status, len(whole.body), whole.header)
	}
	if digest := sha256.Sum256(whole.body); hex.EncodeToString(digest[:]) != p.Version {
		t.Error("the version is not the digest of the file")
	}
	var got []byte
	for from := 0; from < p.Bytes; from += 1 + p.Bytes/3 {
		to := min(from+p.Bytes/3, p.Bytes-1)
		piece := ask("Range", fmt.Sprintf("bytes=%d-%d", from, to), "If-Range", tag)
		if want := fmt.Sprintf("bytes %d-%d/%d", from, to, p.Bytes); piece.status != http.StatusPartialContent || piece.header.Get("Content-Range") != want {
			t.Fatalf("%d, Content-Range %q; want 206, %q", piece.status, piece.header.Get("Content-Range"), want)
		}
		got = append(got, piece.body...)
	}
	if !bytes.Equal(got, whole.body) {
		t.Error("the pieces are not the file")
	}
	if last := ask("Range", "bytes=-10"); last.status != http.StatusPartialContent || !bytes.Equal(last.body, whole.body[p.Bytes-10:]) {
		t.Errorf("the last ten bytes: %d with %d", last.status, len(last.body))
	}
	if other := ask("Range", "bytes=0-9", "If-Range", `"another"`); other.status != http.StatusOK || len(other.body) != p.Bytes {
		t.Errorf("a piece of another version: %d with %d bytes, want the whole file", other.status, len(other.body))
	}
	if same := ask("If-None-Match", tag); same.status != http.StatusNotModified || len(same.body) != 0 {
		t.Errorf("the known file: %d with %d bytes", same.status, len(same.body))
	}
	for _, beyond := range []string{fmt.Sprintf("bytes=%d-", p.Bytes), "bytes=9-3", "miles=0-9", "bytes=x"} {
		if refused := ask("Range", beyond); refused.status != http.StatusBadRequest || !bytes.Contains(refused.body, []byte("pack_range")) {
			t.Errorf("%q: %d %s", beyond, refused.status, refused.body)
		}
	}
}
