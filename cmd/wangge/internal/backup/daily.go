package backup

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	daily  = "daily-"
	manual = "manual-"
	stamp  = "20060102-150405" // local time, so that names sort by age
)

// ManualFile is the path of a backup that somebody asks for at now. Such
// backups are never removed by us.
func ManualFile(folder string, now time.Time) string {
	return filepath.Join(folder, manual+now.Format(stamp)+extension)
}

// Daily makes a backup every night.
type Daily struct {
	DB      Database
	Folder  string
	Keep    int    // how many daily backups stay
	Program string // version of wangge
	Log     *slog.Logger
}

// settle is how long after its start a program that has missed a night waits.
const settle = 5 * time.Minute

// Run makes the backups until ctx ends. One that fails is logged and tried
// again an hour later.
func (d Daily) Run(ctx context.Context) error {
	due := Next(wallClock(), d.newest())
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(time.Until(due), time.Minute)):
		}
		if wallClock().Before(due) {
			continue
		}
		if _, err := d.Once(ctx, time.Now()); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			due = wallClock().Add(time.Hour)
			d.Log.Error("daily backup failed", "err", err, "again", due.Format(time.TimeOnly))
			continue
		}
		due = Next(wallClock(), wallClock())
	}
}

// wallClock is the time without Go's monotonic reading, which stands still while
// the machine sleeps.
func wallClock() time.Time { return time.Now().Round(0) }

// Once makes the daily backup of now and removes those that are too old.
func (d Daily) Once(ctx context.Context, now time.Time) (Manifest, error) {
	m, err := Write(ctx, d.DB, filepath.Join(d.Folder, daily+now.Format(stamp)+extension), d.Program, now)
	if err != nil {
		return m, err
	}
	d.Log.Info("daily backup", "file", m.File, "bytes", m.Bytes, "seconds", time.Since(now).Round(time.Second).Seconds())
	return m, Retain(d.Folder, d.Keep)
}

// newest is when the newest daily backup was made; zero if there is none.
func (d Daily) newest() time.Time {
	files := dailies(d.Folder)
	if len(files) == 0 {
		return time.Time{}
	}
	name := strings.TrimSuffix(filepath.Base(files[len(files)-1]), extension)
	made, err := time.ParseInLocation(stamp, strings.TrimPrefix(name, daily), time.Local)
	if err != nil {
		return time.Time{}
	}
	return made
}

// Next is when a backup is due for a program that is running at now: at the
// first 03:00 (in now's time zone) after the last backup. When that was missed,
// shortly after now; without any backup, at the next 03:00.
func Next(now, last time.Time) time.Time {
	if last.IsZero() {
		last = now
	}
	due := threeAfter(last.In(now.Location()))
	if due.Before(now) {
		return now.Add(settle)
	}
	return due
}

func threeAfter(t time.Time) time.Time {
	three := time.Date(t.Year(), t.Month(), t.Day(), 3, 0, 0, 0, t.Location())
	if !three.After(t) {
		three = time.Date(t.Year(), t.Month(), t.Day()+1, 3, 0, 0, 0, t.Location())
	}
	return three
}

// Retain removes all but the keep newest daily backups, and what a crash left
// unfinished in the last days. Other files stay.
func Retain(folder string, keep int) error {
	files := dailies(folder)
	for _, file := range files[:max(0, len(files)-keep)] {
		// The dump goes first: where it is, its manifest is.
		for _, name := range []string{file, manifestOf(file)} {
			if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
				return fmt.Errorf("remove an old backup: %w", err)
			}
		}
	}
	for _, file := range list(folder, unfinish) {
		if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			os.Remove(file)
		}
	}
	return nil
}

// dailies lists the complete daily backups, oldest first.
func dailies(folder string) []string { return list(folder, extension) }

// list gives the daily files with a suffix by name; none when there is no folder.
func list(folder, suffix string) []string {
	entries, _ := os.ReadDir(folder) // a folder that cannot be read fails at the next Write
	var files []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), daily) && strings.HasSuffix(e.Name(), suffix) {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	return files
}
