package ledgertest

import (
	"os"
	"path/filepath"
	"testing"

	"wangge/geo/ledger"
)

// Real opens a ledger file of the data folder, or skips the test and says so.
func Real(t testing.TB, name string) ledger.Rows {
	t.Helper()
	f := RealFile(t, name)
	info, err := f.Stat()
	must(t, err)
	rows, err := ledger.Open(t.Context(), filepath.Base(name), f, info.Size())
	must(t, err)
	return rows
}

// RealFile opens any file of the data folder, or skips the test and says so.
func RealFile(t testing.TB, name string) *os.File {
	t.Helper()
	folder := os.Getenv("WANGGE_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		t.Skipf("SKIPPED: the real file %s is not there; WANGGE_DATA names the folder: %v", name, err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
