package pgembed

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// explain turns PostgreSQL's last words into a sentence with a remedy.
func (c *Cluster) explain(err error) error { return c.explainWords(c.tail, err) }

func (c *Cluster) explainWords(words *tail, err error) error {
	text := words.text() + err.Error()
	says := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case says("No space left on device"), says("Disk quota exceeded"), says("disk full"):
		return c.fullError(err)
	case says("database files are incompatible with server"):
		return fmt.Errorf("%w: %s: %s", ErrVersion, c.folder, words.complaint())
	case says("Read-only file system"), says("Permission denied"), says("has wrong ownership"), says("has invalid permissions"):
		return fmt.Errorf("%w: PostgreSQL (user %s) says of %s: %s", ErrNotWritable, c.owner.name, c.folder, words.complaint())
	case says("could not map anonymous shared memory"), says("Cannot allocate memory"):
		return fmt.Errorf("PostgreSQL gets too little memory: %s", words.complaint())
	}
	if line := words.complaint(); line != "" {
		return fmt.Errorf("%w: %s", err, line)
	}
	return err
}

// tail keeps the last lines that a program wrote.
type tail struct {
	mu    sync.Mutex
	part  []byte // of a line that is not complete yet
	lines []string
}

const tailLines = 40

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, p...)
	for {
		i := bytes.IndexByte(t.part, '\n')
		if i < 0 {
			return len(p), nil
		}
		t.add(string(t.part[:i]))
		t.part = t.part[i+1:]
	}
}

func (t *tail) add(line string) {
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = t.lines[len(t.lines)-tailLines:]
	}
}

func (t *tail) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part, t.lines = nil, nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n") + string(t.part)
}

// last is the newest line.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == 0 {
		return ""
	}
	return t.lines[len(t.lines)-1]
}

// complaint is the newest line that is a PANIC, FATAL or error; "" if there is none.
func (t *tail) complaint() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.lines) - 1; i >= 0; i-- {
		l := t.lines[i]
		if !routine(l) && (strings.Contains(l, "FATAL") || strings.Contains(l, "PANIC") || strings.Contains(l, "error:")) {
			return l
		}
	}
	return ""
}

// routine lines are said at every start and stop, to connections that come at
// the wrong moment.
func routine(line string) bool {
	return strings.Contains(line, "the database system is") || strings.Contains(line, "due to administrator command")
}

// logWriter passes PostgreSQL's lines to our log and keeps the last ones.
type logWriter struct {
	log  *slog.Logger
	tail *tail
	part []byte
}

// Write implements io.Writer; only one goroutine calls it.
func (w *logWriter) Write(p []byte) (int, error) {
	w.tail.Write(p)
	w.part = append(w.part, p...)
	for {
		i := bytes.IndexByte(w.part, '\n')
		if i < 0 {
			return len(p), nil
		}
		line := string(w.part[:i])
		w.part = w.part[i+1:]
		w.log.Log(context.Background(), levelOf(line), "postgres", "line", line)
	}
}

func levelOf(line string) slog.Level {
	switch {
	case strings.HasPrefix(line, "PANIC"):
		return slog.LevelError
	case strings.HasPrefix(line, "FATAL") && !routine(line):
		return slog.LevelWarn
	}
	return slog.LevelDebug
}
