package tiles

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

func TestCompressedTilesComeBackWhole(t *testing.T) {
	for _, size := range []int{1, 100, 70_000, 1_000_000} {
		tile := bytes.Repeat([]byte("网格 grid 0123456789 "), size/20+1)[:size]
		for range 3 { // writers are used again
			r, err := gzip.NewReader(bytes.NewReader(compress(tile, gzipped)))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, tile) {
				t.Errorf("gzip of %d bytes: %d came back, %v", size, len(got), err)
			}
			if got, err := io.ReadAll(brotli.NewReader(bytes.NewReader(compress(tile, brotlied)))); err != nil || !bytes.Equal(got, tile) {
				t.Errorf("Brotli of %d bytes: %d came back, %v", size, len(got), err)
			}
		}
		if got := compress(tile, identity); !bytes.Equal(got, tile) {
			t.Errorf("identity of %d bytes is not", size)
		}
	}
}

// FuzzAccepted: a coding is only chosen when the header names it or a star.
func FuzzAccepted(f *testing.F) {
	for _, header := range []string{"", "gzip", "br;q=1.0, gzip;q=0.5", "*;q=0", "identity", "gzip;q=0.", ",,;;q", "br ; q=0.001"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		lower := strings.ToLower(header)
		if e := accepted(header); e != identity && !strings.Contains(lower, e.name()) && !strings.Contains(header, "*") {
			t.Errorf("%q chose %s", header, e.name())
		}
	})
}

// FuzzParseTile: what is taken for a tile exists, and is written as it was read.
func FuzzParseTile(f *testing.F) {
	f.Add("0", "0", "0")
	f.Add("22", "4194303", "4194303")
	f.Add("-1", "+1", "0x1")
	f.Add("４", "1", " 1")
	f.Fuzz(func(t *testing.T, z, x, y string) {
		tile, ok := parseTile(z, x, y)
		if ok && (!tile.Valid() || strings.Trim(z+x+y, "0123456789") != "") {
			t.Errorf("%q %q %q is taken for %+v", z, x, y, tile)
		}
	})
}
