package web

import (
	"bytes"
	"io"
	"io/fs"

	"github.com/andybalholm/brotli"
)

// Font is the typeface of map sheets, a TrueType file with Chinese and Latin
// letters; nil when the page was not built. It takes 0.1 s and 10 MB to unpack.
func Font() []byte { return fontIn(Files()) }

func fontIn(files fs.FS) []byte {
	packed, err := fs.ReadFile(files, "fonts/noto-sans-sc.ttf.br")
	if err != nil {
		return nil
	}
	font, err := io.ReadAll(brotli.NewReader(bytes.NewReader(packed)))
	if err != nil {
		return nil
	}
	return font
}
