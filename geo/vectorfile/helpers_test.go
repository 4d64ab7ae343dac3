package vectorfile

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func rowsOf(rows ...Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

var changed = time.Date(2024, 4, 5, 6, 7, 8, 0, time.UTC)

func packageOf(t testing.TB, layers ...Layer) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.gpkg")
	if err := WriteGeoPackage(context.Background(), path, layers...); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
