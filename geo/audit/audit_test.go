package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// chain is a database with a sealer, a key and a file of heads.
type chain struct {
	*testing.T
	db     *pgxpool.Pool
	sealer audit.Sealer
	file   string // of the heads
	key    string
	now    time.Time
}

// newChain seals segments of ten rows.
func newChain(t *testing.T) *chain {
	t.Helper()
	folder := t.TempDir()
	c := &chain{T: t, db: pgtest.Database(t), file: filepath.Join(folder, "heads.jsonl"), key: filepath.Join(folder, "audit.key"), now: time.Now()}
	key, err := audit.OpenKey(c.key)
	if err != nil {
		t.Fatal(err)
	}
	c.sealer = audit.Sealer{DB: c.db, Key: key, Heads: audit.Heads(c.file), Rows: 10,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return c.now }}
	return c
}

// write records n acts and links them.
func (c *chain) write(n int) {
	c.Helper()
	for i := range n {
		err := audit.Write(c.Context(), c.db, staff.System, "import", "household", fmt.Sprint(i), map[string]any{"new": i, "share": 0.5, "list": []int{1, 2}})
		if err != nil {
			c.Fatal(err)
		}
	}
	c.seal()
}

func (c *chain) seal() {
	c.Helper()
	if err := c.sealer.All(c.Context()); err != nil {
		c.Fatal(err)
	}
}

func (c *chain) export() {
	c.Helper()
	if err := c.sealer.Finish(c.Context()); err != nil {
		c.Fatal(err)
	}
}

// tamper changes the database as its superuser can, past every trigger.
func (c *chain) tamper(statements ...string) {
	c.Helper()
	err := pgx.BeginFunc(c.Context(), c.db, func(tx pgx.Tx) error {
		for _, sql := range append([]string{`SET LOCAL session_replication_role = replica`}, statements...) {
			if _, err := tx.Exec(c.Context(), sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
	if err != nil {
		c.Fatal(err)
	}
}

func (c *chain) evidence() audit.Evidence {
	c.Helper()
	key, err := audit.ReadPublicKey(c.key)
	if err != nil {
		c.Fatal(err)
	}
	return audit.Evidence{Keys: []audit.PublicKey{key}, Heads: audit.Heads(c.file)}
}

func (c *chain) verify(evidence audit.Evidence) audit.Report {
	c.Helper()
	r, err := audit.Verify(c.Context(), c.db, evidence, 0)
	if err != nil {
		c.Fatal(err)
	}
	return r
}

// found is the findings in short: kind, number in the chain and id.
func found(r audit.Report) string {
	var list []string
	for _, f := range r.Findings {
		text := fmt.Sprintf("%s %d", f.Kind, f.Seq)
		if f.LastSeq != 0 && f.LastSeq != f.Seq {
			text += fmt.Sprintf("-%d", f.LastSeq)
		}
		if f.ID != 0 {
			text += fmt.Sprintf(" id %d", f.ID)
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

func details(r audit.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n  %s: %s", f.Kind, f.Detail)
	}
	return b.String()
}

func TestAWholeChainVerifies(t *testing.T) {
	c := newChain(t)
	if r := c.verify(c.evidence()); !r.OK() || r.Rows != 0 {
		t.Errorf("nothing was written: %d rows, %s", r.Rows, found(r))
	}
	c.write(25)
	c.export()
	c.write(7)
	r := c.verify(c.evidence())
	if !r.OK() || r.Rows != 32 || r.Seq != 32 || r.Segments != 3 || r.Heads != 1 {
		t.Errorf("got %d rows to link %d, %d segments, %d heads: %s", r.Rows, r.Seq, r.Segments, r.Heads, details(r))
	}
}

// Ids and numbers are the same here: nothing else writes to the database.
func TestTamperingIsFoundAndLocated(t *testing.T) {
	tests := []struct {
		name string
		sql  []string
		want string
	}{
		{"id", []string{`UPDATE audit_link SET audit_id = 99 WHERE seq = 13`, `UPDATE audit SET id = DEFAULT WHERE false`, `INSERT INTO audit OVERRIDING SYSTEM VALUE SELECT 99, at, actor, action, subject, subject_id, detail FROM audit WHERE id = 13`, `DELETE FROM audit WHERE id = 13`}, "changed 13 id 99"},
		{"one microsecond", []string{`UPDATE audit SET at = at + interval '1 microsecond' WHERE id = 13`}, "changed 13 id 13"},
		{"one bit of the actor", []string{`UPDATE audit SET actor = convert_from(set_bit(convert_to(actor, 'UTF8'), 0, 1 - get_bit(convert_to(actor, 'UTF8'), 0)), 'UTF8') WHERE id = 13`}, "changed 13 id 13"},
		{"one bit of the action", []string{`UPDATE audit SET action = convert_from(set_bit(convert_to(action, 'UTF8'), 9, 1 - get_bit(convert_to(action, 'UTF8'), 9)), 'UTF8') WHERE id = 13`}, "changed 13 id 13"},
		{"one bit of the subject", []string{`UPDATE audit SET subject = convert_from(set_bit(convert_to(subject, 'UTF8'), 17, 1 - get_bit(convert_to(subject, 'UTF8'), 17)), 'UTF8') WHERE id = 13`}, "changed 13 id 13"},
		{"a letter moved to the next column", []string{`UPDATE audit SET action = 'impor', subject = 'thousehold' WHERE id = 13`}, "changed 13 id 13"},
		{"the subject's id", []string{`UPDATE audit SET subject_id = '0' WHERE id = 13`}, "changed 13 id 13"},
		{"a count", []string{`UPDATE audit SET detail = jsonb_set(detail, '{new}', '11') WHERE id = 13`}, "changed 13 id 13"},
		{"a text for a number", []string{`UPDATE audit SET detail = jsonb_set(detail, '{new}', '"12"') WHERE id = 13`}, "changed 13 id 13"},
		{"the order of a list", []string{`UPDATE audit SET detail = jsonb_set(detail, '{list}', '[2, 1]') WHERE id = 13`}, "changed 13 id 13"},
		{"the last row", []string{`UPDATE audit SET actor = 'local' WHERE id = 35`}, "changed 35 id 35"},
		{"the first row", []string{`UPDATE audit SET actor = 'local' WHERE id = 1`}, "changed 1 id 1"},
		{"two rows", []string{`UPDATE audit SET actor = 'local' WHERE id IN (13, 14)`}, "changed 13 id 13; changed 14 id 14"},
		{"one bit of a hash", []string{`UPDATE audit_link SET hash = set_bit(hash, 100, 1 - get_bit(hash, 100)) WHERE seq = 13`}, "relinked 13 id 13"},
		{"a missing row", []string{`DELETE FROM audit WHERE id = 13`}, "missing 13 id 13"},
		{"a missing row and its link", []string{`DELETE FROM audit WHERE id = 13`, `DELETE FROM audit_link WHERE seq = 13`}, "missing 13"},
		{"missing rows and their links", []string{`DELETE FROM audit WHERE id BETWEEN 12 AND 15`, `DELETE FROM audit_link WHERE seq BETWEEN 12 AND 15`}, "missing 12-15"},
		{"a missing link", []string{`DELETE FROM audit_link WHERE seq = 13`}, "unlinked 0 id 13; missing 13"},
		{"rows exchanged", []string{`UPDATE audit_link SET audit_id = -audit_id WHERE seq IN (13, 17)`, `UPDATE audit_link SET audit_id = CASE seq WHEN 13 THEN 17 ELSE 13 END WHERE seq IN (13, 17)`}, "moved 13 id 17; moved 17 id 13"},
		{"links exchanged", []string{`UPDATE audit_link SET seq = seq + 1000 WHERE seq IN (13, 17)`, `UPDATE audit_link SET seq = CASE seq WHEN 1013 THEN 17 ELSE 13 END WHERE seq > 1000`}, "moved 13 id 17; moved 17 id 13"},
		{"neighbouring links exchanged", []string{`UPDATE audit_link SET seq = seq + 1000 WHERE seq IN (13, 14)`, `UPDATE audit_link SET seq = CASE seq WHEN 1013 THEN 14 ELSE 13 END WHERE seq > 1000`}, "moved 13 id 14; moved 14 id 13"},
		{"a row from outside", []string{`INSERT INTO audit (actor, action, subject) VALUES ('local', 'read', 'audit')`}, "unlinked 0 id 36"},
		{"a row that never reached the sealer", []string{`INSERT INTO audit_pending VALUES (36)`}, "missing 0 id 36"},
		{"the end, with its links", []string{`DELETE FROM audit WHERE id > 32`, `DELETE FROM audit_link WHERE seq > 32`}, "truncated 33-35"},
		{"the end, with links and segments", []string{`DELETE FROM audit WHERE id > 8`, `DELETE FROM audit_link WHERE seq > 8`, `DELETE FROM audit_segment`}, "truncated 9-35"},
		{"everything", []string{`DELETE FROM audit`, `DELETE FROM audit_link`, `DELETE FROM audit_segment`}, "truncated 1-35"},
		{"a header of a segment", []string{`UPDATE audit_segment SET to_at = to_at + interval '1 day' WHERE id = 2`}, "unsigned 11-20"},
		{"a segment said to be dropped", []string{`UPDATE audit_segment SET dropped_at = now() WHERE id = 1`, `DELETE FROM audit WHERE id <= 10`, `DELETE FROM audit_link WHERE seq <= 10`}, "missing 1-10"},
		{"a missing header", []string{`DELETE FROM audit_segment WHERE id = 2`}, "missing 21-30"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChain(t)
			c.write(35)
			c.export()
			c.tamper(tt.sql...)
			if r := c.verify(c.evidence()); found(r) != tt.want {
				t.Errorf("found %q, want %q%s", found(r), tt.want, details(r))
			}
		})
	}
}

// Somebody with all rights in the database changes a row, removes every link and
// header from there on and lets the sealer make them anew.
func TestARewrittenTailIsShownByTheExportedHeads(t *testing.T) {
	for _, from := range []int64{13, 33} {
		t.Run(fmt.Sprint(from), func(t *testing.T) {
			c := newChain(t)
			c.write(11)
			c.export()
			c.write(24)
			c.export()
			c.tamper(
				fmt.Sprintf(`UPDATE audit SET actor = 'account:7' WHERE id = %d`, from),
				fmt.Sprintf(`INSERT INTO audit_pending SELECT audit_id FROM audit_link WHERE seq >= %d`, from),
				fmt.Sprintf(`DELETE FROM audit_link WHERE seq >= %d`, from),
				fmt.Sprintf(`DELETE FROM audit_segment WHERE last_seq >= %d`, from))
			c.seal()
			c.write(3)
			if r := c.verify(c.evidence()); found(r) != "rewritten 12-35" {
				t.Errorf("found %q, want the part between the two heads%s", found(r), details(r))
			}
			blind := c.evidence()
			blind.Heads = ""
			if r := c.verify(blind); !r.OK() {
				t.Errorf("without heads it cannot be seen, but found %q", found(r))
			}
		})
	}
}

func TestAHeadOrSegmentOfAnotherKeyProvesNothing(t *testing.T) {
	c := newChain(t)
	c.write(12)
	c.export()
	other, err := audit.OpenKey(filepath.Join(t.TempDir(), "other.key"))
	if err != nil {
		t.Fatal(err)
	}
	evidence := c.evidence()
	evidence.Keys = []audit.PublicKey{other.Public()}
	if got := found(c.verify(evidence)); got != "unsigned 1-10; unsigned 12" {
		t.Errorf("found %q", got)
	}
	evidence.Keys = append(evidence.Keys, c.sealer.Key.Public())
	if got := found(c.verify(evidence)); got != "" {
		t.Errorf("with both keys found %q", got)
	}

	text, _ := os.ReadFile(c.file)
	if err := os.WriteFile(c.file, []byte(strings.Replace(string(text), `"seq":12`, `"seq":11`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := found(c.verify(c.evidence())); got != "unsigned 11" {
		t.Errorf("of a changed head found %q", got)
	}
}

func TestAHeadCutShortByACrashIsIgnoredAndDamageIsNot(t *testing.T) {
	c := newChain(t)
	c.write(3)
	c.export()
	whole, _ := os.ReadFile(c.file)
	if err := os.WriteFile(c.file, append(whole, whole[:40]...), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := c.verify(c.evidence()); !r.OK() || r.Heads != 1 {
		t.Errorf("%d heads, found %q", r.Heads, found(r))
	}
	if err := os.WriteFile(c.file, append(append([]byte("{\n"), whole...), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Verify(t.Context(), c.db, c.evidence(), 0); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a damaged line gave %v", err)
	}
}

func TestARestoredBackupIsSaidAndNotTakenForAnAttack(t *testing.T) {
	c := newChain(t)
	c.write(8)
	c.export()
	c.write(4)
	c.export()
	c.tamper(`DELETE FROM audit WHERE id > 8`, `DELETE FROM audit_link WHERE seq > 8`, `DELETE FROM audit_segment`)
	if got := found(c.verify(c.evidence())); got != "truncated 9-12" {
		t.Errorf("before it is said: found %q", got)
	}
	if err := audit.Restored(t.Context(), c.db, c.sealer.Key, audit.Heads(c.file)); err != nil {
		t.Fatal(err)
	}
	c.write(9)
	c.export()
	r := c.verify(c.evidence())
	if !r.OK() || len(r.GivenUp) != 1 || !strings.HasPrefix(r.GivenUp[0], "links 9 to at least 12") {
		t.Errorf("given up %q, found %q", r.GivenUp, found(r))
	}
}

func TestRowsThatCommitLateAreLinkedLate(t *testing.T) {
	c := newChain(t)
	late, err := c.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = late.Rollback(context.WithoutCancel(t.Context())) }()
	if err := audit.Write(t.Context(), late, staff.System, "publish", "plan", "7", nil); err != nil {
		t.Fatal(err)
	}
	c.write(2) // does not wait for the one that is open
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.seal()
	rows, _ := c.db.Query(t.Context(), `SELECT audit_id FROM audit_link ORDER BY seq`)
	order, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || fmt.Sprint(order) != "[2 3 1]" {
		t.Errorf("linked in the order %v, %v", order, err)
	}
	if r := c.verify(c.evidence()); !r.OK() {
		t.Errorf("found %s", found(r))
	}
}

func TestSeveralSealersMakeOneChain(t *testing.T) {
	c := newChain(t)
	ended := make(chan error)
	for range 4 {
		go func() {
			var err error
			for range 20 {
				err = errors.Join(err, audit.Write(t.Context(), c.db, staff.System, "import", "household", "", nil), c.sealer.All(t.Context()))
			}
			ended <- err
		}()
	}
	for range 4 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	c.seal()
	if r := c.verify(c.evidence()); !r.OK() || r.Rows != 80 || r.Segments != 8 {
		t.Errorf("%d rows in %d segments: %s", r.Rows, r.Segments, details(r))
	}
}

func TestRowsThatWaitTooLongAreReported(t *testing.T) {
	c := newChain(t)
	if err := audit.Write(t.Context(), c.db, staff.System, "import", "household", "", nil); err != nil {
		t.Fatal(err)
	}
	if r := c.verify(c.evidence()); !r.OK() {
		t.Errorf("a new row may wait, but found %q", found(r))
	}
	c.tamper(`UPDATE audit SET at = now() - interval '2 minutes'`)
	if got := found(c.verify(c.evidence())); got != "unlinked 0 id 1" {
		t.Errorf("found %q", got)
	}
	ended := make(chan audit.Report)
	go func() {
		r, _ := audit.Verify(t.Context(), c.db, c.evidence(), time.Minute)
		ended <- r
	}()
	c.seal()
	if r := <-ended; !r.OK() {
		t.Errorf("it was linked while we waited, but found %q", found(r))
	}
}

func TestADayClosesItsSegment(t *testing.T) {
	c := newChain(t)
	c.write(3)
	c.now = c.now.AddDate(0, 0, 1)
	c.seal()
	c.write(2)
	if r := c.verify(c.evidence()); !r.OK() || r.Segments != 2 { // the second: its rows are of "yesterday" too
		t.Errorf("%d segments, %s", r.Segments, found(r))
	}
}

func TestADamagedSegmentIsNotSigned(t *testing.T) {
	c := newChain(t)
	c.write(9)
	c.tamper(`DELETE FROM audit WHERE id = 4`)
	c.write(3)
	if r := c.verify(c.evidence()); r.Segments != 0 || r.Seq != 12 || found(r) != "missing 4 id 4" {
		t.Errorf("%d segments, newest link %d, found %q; want none signed and linking to go on", r.Segments, r.Seq, found(r))
	}
}

func TestRetentionKeepsThreeYearsAndTheRestVerifies(t *testing.T) {
	c := newChain(t)
	if _, err := audit.DropBefore(t.Context(), c.db, geo.DayOf(time.Now().AddDate(-2, 0, 0))); !errors.Is(err, audit.ErrTooYoung) {
		t.Fatalf("two years: %v, want ErrTooYoung", err)
	}
	c.now = time.Now().AddDate(-4, 0, 0)
	c.write(25)
	c.export()
	c.tamper(`UPDATE audit SET at = at`) // the clock of the rows is the database's
	c.now = time.Now()
	c.write(10)
	got, err := audit.DropBefore(t.Context(), c.db, geo.DayOf(time.Now().AddDate(-3, 0, -1)))
	if err != nil || got != (audit.Dropped{Segments: 2, Rows: 20}) {
		t.Fatalf("dropped %+v, %v; want the two segments that were closed", got, err)
	}
	c.write(1)
	c.export()
	r := c.verify(c.evidence())
	if !r.OK() || r.Dropped != 2 || r.Rows != 16 || r.Seq != 36 {
		t.Errorf("%d dropped, %d rows to link %d: %s", r.Dropped, r.Rows, r.Seq, details(r))
	}
	if again, err := audit.DropBefore(t.Context(), c.db, geo.DayOf(time.Now().AddDate(-3, 0, -1))); err != nil || again != (audit.Dropped{}) {
		t.Errorf("dropped %+v again, %v", again, err)
	}
	c.tamper(`UPDATE audit SET actor = 'local' WHERE id = 21`)
	if got := found(c.verify(c.evidence())); got != "changed 21 id 21" {
		t.Errorf("in the first row that is left found %q", got)
	}
}

func TestNobodyChangesRowsInPassing(t *testing.T) {
	c := newChain(t)
	c.write(12)
	for _, role := range []string{"", "wangge_app", "wangge_engine", "wangge_reader"} {
		for _, sql := range []string{
			`UPDATE audit SET actor = 'x'`, `DELETE FROM audit WHERE id = 1`, `TRUNCATE audit`,
			`UPDATE audit_link SET audit_id = 0 WHERE seq = 1`, `DELETE FROM audit_link WHERE seq = 1`, `TRUNCATE audit_link`,
			`UPDATE audit_segment SET dropped_at = now()`, `DELETE FROM audit_segment`, `TRUNCATE audit_segment`,
		} {
			err := as(c, role, sql)
			if err == nil || !strings.Contains(err.Error(), "append-only") && !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s as %q: %v", sql, role, err)
			}
		}
	}
	for _, sql := range []string{
		`INSERT INTO audit (actor, action, subject, at) VALUES ('x', 'y', 'z', '2020-01-01')`,
		`INSERT INTO audit_link VALUES (13, 13, sha256(''))`,
		`DELETE FROM audit_pending`,
		`SELECT audit_drop('2000-01-01')`,
		`SET wangge.audit_drop = 'on'; DELETE FROM audit`,
	} {
		if err := as(c, "wangge_app", sql); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s as wangge_app: %v", sql, err)
		}
	}
	if r := c.verify(c.evidence()); !r.OK() || r.Rows != 12 {
		t.Errorf("afterwards %d rows: %s", r.Rows, found(r))
	}
}

// as runs statements with a role's rights, the owner's for "".
func as(c *chain, role, sql string) error {
	return pgx.BeginFunc(c.Context(), c.db, func(tx pgx.Tx) error {
		if role != "" {
			if _, err := tx.Exec(c.Context(), `SET LOCAL ROLE `+role); err != nil {
				return err
			}
		}
		_, err := tx.Exec(c.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		return err
	})
}

func TestTheEngineMaySealAndVerify(t *testing.T) {
	c := newChain(t)
	c.write(9)
	conn, err := c.db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), `SET ROLE wangge_engine`); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(t.Context()), `RESET ROLE`) }()
	engine := c.sealer
	engine.DB = conn
	if err := audit.Write(t.Context(), conn, staff.System, "import", "household", "", nil); err != nil {
		t.Fatal(err)
	}
	if err := engine.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Verify(t.Context(), conn, c.evidence(), 0)
	if err != nil || !r.OK() || r.Rows != 10 || r.Segments != 1 {
		t.Errorf("%d rows, %d segments, %s, %v", r.Rows, r.Segments, found(r), err)
	}
	if _, err := audit.DropBefore(t.Context(), conn, geo.DayOf(time.Now().AddDate(-4, 0, 0))); err != nil {
		t.Error(err)
	}
}

func TestRequestsReadTheLogOnlyWithThePermission(t *testing.T) {
	c := newChain(t)
	c.write(3)
	for _, tt := range []struct {
		all  string
		want int
	}{{"", 0}, {"false", 0}, {"true", 3}} {
		var n int
		err := pgx.BeginFunc(t.Context(), c.db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `SELECT set_config('wangge.all_audit', $1, true)`, tt.all); err != nil {
				return err
			}
			if _, err := tx.Exec(t.Context(), `SET LOCAL ROLE wangge_app`); err != nil {
				return err
			}
			return tx.QueryRow(t.Context(), `SELECT count(*) FROM audit`).Scan(&n)
		})
		if err != nil || n != tt.want {
			t.Errorf("everywhere = %q: %d rows, %v; want %d", tt.all, n, err, tt.want)
		}
	}
}

func TestPersonalTextsAreNotKept(t *testing.T) {
	tx := pgtest.Tx(t)
	err := audit.Write(t.Context(), tx, staff.System, "import", "household", "13912345678", map[string]any{
		"phone": "call 139 1234 5678", "list": []string{"11010519491231002X", "kept"}, "deep": map[string]any{"a": []any{"010-62345678"}},
		"digest": "4f9b13912345678c00112233445566778899aabbccddeeff0011223344556677", "bytes": 13912345678,
	})
	if err != nil {
		t.Fatal(err)
	}
	var id, got string
	if err := tx.QueryRow(t.Context(), `SELECT subject_id, detail::text FROM audit ORDER BY id DESC LIMIT 1`).Scan(&id, &got); err != nil {
		t.Fatal(err)
	}
	want := `{"deep": {"a": ["[removed]"]}, "list": ["[removed]", "kept"], "bytes": 13912345678, "phone": "[removed]", "digest": "4f9b13912345678c00112233445566778899aabbccddeeff0011223344556677"}`
	if id != "[removed]" || got != want {
		t.Errorf("kept %s, %s\nwant %s", id, got, want)
	}
}

func TestWhatIsDoneBehindBrokenGlassSaysSo(t *testing.T) {
	tx := pgtest.Tx(t)
	actor := staff.Actor{Name: "account:3", Account: 3, Grants: []staff.Grant{{Post: -41, Kind: staff.BreakGlass, Unit: 1, May: []staff.Permission{staff.Place}}}}
	if err := audit.Write(t.Context(), tx, actor, "look", "household", "5", nil); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := tx.QueryRow(t.Context(), `SELECT detail::text FROM audit ORDER BY id DESC LIMIT 1`).Scan(&got); err != nil || got != `{"break_glass": [41]}` {
		t.Errorf("detail %s, %v", got, err)
	}
}

func TestSearchKeepsToItsFiltersAndIsRecorded(t *testing.T) {
	tx := pgtest.Tx(t)
	officer := staff.Actor{Name: "account:9", Account: 9, Grants: []staff.Grant{{May: []staff.Permission{staff.Audit}}}}
	for i, actor := range []staff.Actor{staff.System, staff.Local, staff.Local} {
		if err := audit.Write(t.Context(), tx, actor, "publish", "plan", fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	today, tomorrow := geo.DayOf(time.Now()), geo.DayOf(time.Now().AddDate(0, 0, 1))
	tests := []struct {
		name   string
		filter audit.Filter
		want   int
	}{
		{"actor", audit.Filter{Actor: "local"}, 2},
		{"action", audit.Filter{Action: "publish"}, 3},
		{"subject and id", audit.Filter{Subject: "plan", SubjectID: "2"}, 1},
		{"today", audit.Filter{Action: "publish", From: today, To: tomorrow}, 3},
		{"until today", audit.Filter{Action: "publish", To: today}, 0},
		{"from tomorrow", audit.Filter{Action: "publish", From: tomorrow}, 0},
		{"a quote", audit.Filter{Actor: "' OR true --"}, 0},
	}
	for _, tt := range tests {
		got, err := audit.Search(t.Context(), tx, officer, tt.filter, 0, 100)
		if err != nil || len(got) != tt.want {
			t.Errorf("%s: %d rows, %v; want %d", tt.name, len(got), err, tt.want)
		}
	}
	looks, err := audit.Search(t.Context(), tx, officer, audit.Filter{Action: "read", Subject: "audit"}, 0, 100)
	if err != nil || len(looks) != len(tests)+1 || string(looks[len(looks)-1].Detail) != `{"actor": "local"}` {
		t.Errorf("%d looks were recorded, the first as %s, %v", len(looks), looks[len(looks)-1].Detail, err)
	}

	for _, actor := range []staff.Actor{
		staff.Public,
		{Name: "account:4", Grants: []staff.Grant{{May: []staff.Permission{staff.Privacy}}}},
		{Name: "account:5", Grants: []staff.Grant{{Unit: 3, May: []staff.Permission{staff.Audit}}}},
	} {
		if _, err := audit.Search(t.Context(), tx, actor, audit.Filter{}, 0, 10); err == nil {
			t.Errorf("%s read the log", actor.Name)
		}
	}
}

func TestAHeadIsOneLineThatOpensslCanCheck(t *testing.T) {
	c := newChain(t)
	c.write(2)
	h, err := audit.Now(t.Context(), c.db, c.sealer.Key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(h)
	if err != nil || strings.Contains(string(text), "\n") || !strings.Contains(string(text), `"hash":"`+h.Hash.String()) {
		t.Errorf("head %s, %v", text, err)
	}
}

func TestAKeyIsMadeOnceAndIsPrivate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "audit.key")
	one, err := audit.OpenKey(file)
	if err != nil {
		t.Fatal(err)
	}
	two, err := audit.OpenKey(file)
	if err != nil || one.Public().ID() != two.Public().ID() {
		t.Errorf("opened again: %v, %s and %s", err, one.Public().ID(), two.Public().ID())
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	public := filepath.Join(t.TempDir(), "audit.pub")
	pem, err := one.Public().PEM()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(public, pem, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := audit.ReadPublicKey(public); err != nil || got.ID() != one.Public().ID() {
		t.Errorf("public half: %v", err)
	}
	if _, err := audit.OpenKey(public); err == nil {
		t.Error("a public key cannot sign, but it was opened")
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenKey(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that everybody can read: %v", err)
	}
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenKey(file); err == nil {
		t.Error("nonsense is a key")
	}
}
