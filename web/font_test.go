package web

import (
	"bytes"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
)

func TestTheFontIsUnpacked(t *testing.T) {
	var packed bytes.Buffer
	w := brotli.NewWriter(&packed)
	if _, err := w.Write([]byte("a typeface")); err != nil {
		t.Fatal(err)
	}
	w.Close()
	files := func(content []byte) fstest.MapFS {
		return fstest.MapFS{"fonts/noto-sans-sc.ttf.br": {Data: content}}
	}
	if got := fontIn(files(packed.Bytes())); string(got) != "a typeface" {
		t.Errorf("got %q", got)
	}
	if got := fontIn(files(packed.Bytes()[:3])); got != nil {
		t.Errorf("a damaged one gives %q", got)
	}
	if got := fontIn(fstest.MapFS{}); got != nil {
		t.Errorf("without one built: %q", got)
	}
}
