package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestANewFileIsWholeOrNotThere(t *testing.T) {
	var said strings.Builder
	p := &program{stdout: &said}
	path := filepath.Join(t.TempDir(), "file")
	broken := errors.New("broken")
	err := p.writeNew(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return broken
	})
	if _, stat := os.Stat(path); !errors.Is(err, broken) || !errors.Is(stat, os.ErrNotExist) || said.Len() != 0 {
		t.Errorf("an unfinished file: %v, %v, said %q", err, stat, &said)
	}
	text := func(text string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
	}
	if err := p.writeNew(path, text("whole")); err != nil || said.String() != "wrote "+path+"\n" {
		t.Errorf("a new file: %v, said %q", err, &said)
	}
	if err := p.writeNew(path, text("another")); !errors.Is(err, os.ErrExist) {
		t.Errorf("a file that is there: %v", err)
	}
	if kept, err := os.ReadFile(path); string(kept) != "whole" {
		t.Errorf("it holds %q, %v", kept, err)
	}
}
