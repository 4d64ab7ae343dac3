package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Oldest is when the oldest backup in a folder was made, by its manifest or else
// by the file's own time; zero when there is none.
func Oldest(folder string) (oldest time.Time, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("backups: %w", err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), extension) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return time.Time{}, fmt.Errorf("backups: %w", err)
		}
		made := info.ModTime()
		var m Manifest
		if text, err := os.ReadFile(manifestOf(filepath.Join(folder, e.Name()))); err == nil && json.Unmarshal(text, &m) == nil && !m.MadeAt.IsZero() {
			made = m.MadeAt
		}
		if oldest.IsZero() || made.Before(oldest) {
			oldest = made
		}
	}
	return oldest, nil
}
