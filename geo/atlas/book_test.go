package atlas

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func book() Book {
	first, second := sample(), sample()
	second.Title, second.Tables = "第二幅 The second sheet", nil
	return Book{Title: "方案卷宗 Dossier", Sheets: []*Sheet{&first, &second}, Footer: "SHA-256 0123456789abcdef",
		Tables: []Table{{Title: "沿革 Lineage", Columns: []Column{{Title: "前 Before"}, {Title: "后 After"}}, Rows: [][]string{{"1", "2"}}}},
		Made:   time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
}

func TestABookIsTheSameInEveryZone(t *testing.T) {
	loaded := font(t)
	zone := time.Local
	t.Cleanup(func() { time.Local = zone })
	var first []byte
	for _, hours := range []int{0, 8, -5} {
		time.Local = time.FixedZone("somewhere", hours*3600)
		b := book()
		var out bytes.Buffer
		if err := b.PDF(&out, loaded); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out.Bytes()
			continue
		}
		if !bytes.Equal(first, out.Bytes()) {
			t.Errorf("%d hours east: other bytes", hours)
		}
	}
	if !bytes.Contains(first, []byte("(D:20261122080000Z)")) {
		t.Error("the date of making is not in it")
	}
	// A reader follows the places of the objects without repairing anything.
	if _, err := exec.LookPath("pdfinfo"); err != nil {
		t.Skip("SKIPPED: pdfinfo is not installed (apt-get install poppler-utils)")
	}
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, first, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := exec.Command("pdfinfo", path).CombinedOutput()
	if err != nil || strings.Contains(strings.ToLower(string(info)), "error") || !strings.Contains(string(info), "Pages:           6") {
		t.Errorf("pdfinfo: %v\n%s", err, info)
	}
	text, err := exec.Command("pdftotext", "-layout", path, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext: %v\n%s", err, text)
	}
	pages := strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
	for i, page := range pages {
		if !strings.Contains(page, "SHA-256 0123456789abcdef") {
			t.Errorf("page %d has no footer:\n%s", i+1, page)
		}
	}
	for page, want := range map[int]string{1: "服务圈覆盖率", 5: "第二幅 The second sheet", 6: "沿革 Lineage"} {
		if len(pages) < page || !strings.Contains(pages[page-1], want) {
			t.Errorf("page %d does not say %q", page, want)
		}
	}
}

func TestABookNeedsAPage(t *testing.T) {
	if err := (&Book{}).PDF(&bytes.Buffer{}, font(t)); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty book: %v", err)
	}
	if err := (&Book{Sheets: []*Sheet{{Title: "nothing"}}}).PDF(&bytes.Buffer{}, font(t)); !errors.Is(err, ErrEmpty) {
		t.Errorf("a sheet without a map: %v", err)
	}
	for _, file := range []string{"", "%PDF", "\nxref\n0 1\n0000000000 65535 f \ntrailer\n<<>>\nstartxref\n1\n%%EOF\n"} {
		if _, err := steady([]byte(file), time.Now()); !errors.Is(err, errForm) {
			t.Errorf("%q was dated: %v", file, err)
		}
	}
}

func TestATypefaceForgetsWhenItWasWritten(t *testing.T) {
	font(t) // or skip
	program, err := os.ReadFile(typeface)
	if err != nil {
		t.Fatal(err)
	}
	later := bytes.Clone(program)
	at := bytes.Index(later, []byte("head"))
	head := later[binary.BigEndian.Uint32(later[at+8:]):]
	binary.BigEndian.PutUint64(head[28:], binary.BigEndian.Uint64(head[28:])+3600)
	if bytes.Equal(program, later) {
		t.Fatal("the typeface was not changed")
	}
	undated(program)
	undated(later)
	if !bytes.Equal(program, later) {
		t.Error("the moment is still in it")
	}
	if got := checksum(later); got != 0xB1B0AFBA {
		t.Errorf("the sum of the whole is %08X, want B1B0AFBA", got)
	}
	for n := range 60 { // a damaged one does no harm
		undated(bytes.Clone(program[:n]))
	}
}

func TestABookSaysHowFarItIsAndCanBeStopped(t *testing.T) {
	f, b := font(t), book()
	var told []int
	b.Step = func(done, total int) error {
		if total > 0 {
			told = append(told, done, total)
		}
		return nil
	}
	if err := b.PDF(io.Discard, f); err != nil || len(told) != 12 || told[10] != 5 || told[11] != 6 {
		t.Errorf("%v, %v", told, err)
	}
	stop := errors.New("stop")
	b.Step = func(done, _ int) error {
		if done == 2 {
			return stop
		}
		return nil
	}
	var out bytes.Buffer
	if err := b.PDF(&out, f); !errors.Is(err, stop) || out.Len() > 0 {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}
}
