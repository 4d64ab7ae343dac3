package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/pg/pgtest"
)

func TestTheLogIsLinkedWhileWeServeAndVerifiedOnTheCommandLine(t *testing.T) {
	t.Parallel()
	data, dsn := folder(t), pgtest.DSN(t)
	for range 3 { // before the first start, as by an earlier release
		execute(t, dsn, `INSERT INTO audit (actor, action, subject) VALUES ('local', 'publish', 'plan')`)
	}
	s := up(t, "--data", data, "--database-url", dsn)
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	verify := func(args ...string) (string, error) {
		return wangge(t, append([]string{"audit", "verify", "--data", data, "--database-url", dsn}, args...)...)
	}
	out, err := verify()
	if err != nil || !strings.Contains(out, "the log is as it was written") || !strings.Contains(out, "exported head") {
		t.Fatalf("%v\n%s", err, out)
	}

	line, err := wangge(t, "audit", "head", "--data", data, "--database-url", dsn)
	var head audit.Head
	if err != nil || json.Unmarshal([]byte(line), &head) != nil || head.Seq < 3 {
		t.Fatalf("head %q, %v", line, err)
	}
	elsewhere := filepath.Join(t.TempDir(), "heads.jsonl")
	if err := os.WriteFile(elsewhere, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(t.TempDir(), "audit.pub")
	text, err := wangge(t, "audit", "key", "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(public, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	tamper(t, dsn, `UPDATE audit SET action = 'read' WHERE id = 2`)
	out, err = verify("--heads", elsewhere, "--key", public)
	wantError(t, err, "not as it was written", "1 finding")
	if !strings.Contains(out, "changed    link 2  row 2") {
		t.Errorf("the place is not told:\n%s", out)
	}
	out, err = verify("--json")
	wantError(t, err, "not as it was written")
	var report audit.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || len(report.Findings) != 1 || report.Findings[0].Kind != audit.Changed {
		t.Errorf("as JSON: %+v, %v", report, err)
	}
	if _, err := verify("--heads", filepath.Join(data, "nothing.jsonl")); err == nil {
		t.Error("a file of heads that is not there was compared")
	}
}

// tamper changes the database past its triggers.
func tamper(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range []string{`SET session_replication_role = replica`, sql} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}
