package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/household"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgembed"
	"wangge/geo/pg/pgtest"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

const (
	residentName  = "欧阳测试名"
	residentPhone = "13987654321"
	compound      = "康桥花苑标记" // is stored as it is: the search has to find it
)

// forms are the bytes in which a text may stand somewhere.
func forms(text string) map[string][]byte {
	var little, big []byte
	for _, u := range utf16.Encode([]rune(text)) {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	found := map[string][]byte{
		"UTF-8": []byte(text), "UTF-16LE": little, "UTF-16BE": big,
		"hex": []byte(hex.EncodeToString([]byte(text))), "HEX": []byte(strings.ToUpper(hex.EncodeToString([]byte(text)))),
		`\u`: escaped(text), "percent": percent(text),
	}
	for shift := range 3 { // base64 of a text that begins anywhere: what its own bytes alone decide
		whole := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
		inner := whole[(shift*8+5)/6 : len(whole)-1]
		found[fmt.Sprintf("base64+%d", shift)] = []byte(inner)
		found[fmt.Sprintf("base64url+%d", shift)] = []byte(strings.NewReplacer("+", "-", "/", "_").Replace(inner))
	}
	return found
}

func escaped(text string) []byte {
	if strings.Trim(text, "0123456789") == "" {
		return []byte(text)
	}
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = fmt.Appendf(b, `\u%04x`, u)
	}
	return b
}

func percent(text string) []byte {
	var b []byte
	for _, c := range []byte(text) {
		b = fmt.Appendf(b, "%%%02X", c)
	}
	return b
}

// search tells in which form a text stands in content, "" for none.
func search(content []byte, text string) string {
	for name, form := range forms(text) {
		if bytes.Contains(content, form) {
			return name
		}
	}
	return ""
}

func TestTheSearchForReadableCopiesFindsEveryForm(t *testing.T) {
	for _, text := range []string{residentName, residentPhone} {
		for _, before := range []string{"", "a", "ab", "abc"} {
			whole := before + text + "xyz"
			var wide []byte
			for _, u := range utf16.Encode([]rune(whole)) {
				wide = append(wide, byte(u), byte(u>>8))
			}
			for name, content := range map[string][]byte{
				"as it is": []byte(whole), "UTF-16": wide, "hex": []byte(hex.EncodeToString([]byte(whole))),
				"base64": []byte(base64.StdEncoding.EncodeToString([]byte(whole))), "base64url": []byte(base64.URLEncoding.EncodeToString([]byte(whole))),
			} {
				if search(content, text) == "" {
					t.Errorf("%s after %q is not found", name, before)
				}
			}
		}
	}
	if form := search([]byte("13987654320 欧阳测试"), residentPhone); form != "" {
		t.Errorf("another text is found as %s", form)
	}
}

// everyCopy visits all bytes there are: each file below folders (the database's own
// with its write-ahead log and server log, backups, keys), each file inside an
// export, and each backup as the SQL it restores to.
func everyCopy(t *testing.T, visit func(what string, content []byte), folders ...string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			visit(path, content)
			switch filepath.Ext(path) {
			case ".zip":
				archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
				if err != nil {
					return err
				}
				for _, f := range archive.File {
					visit(path+": "+f.Name, inside(t, f))
				}
			case ".dump":
				sql, err := exec.Command(pgembed.Installed()[0].Program("pg_restore"), "--file=-", path).Output()
				if err != nil {
					return err
				}
				visit(path+" as SQL", sql)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func inside(t *testing.T, f *zip.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// everyRow visits every row of every table as text; bytea is in hex there.
func everyRow(t *testing.T, pool *pgxpool.Pool, visit func(what string, content []byte)) {
	t.Helper()
	rows, _ := pool.Query(t.Context(), `
		SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('public', 'pg_catalog')`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		var text *string
		if err := pool.QueryRow(t.Context(), `SELECT string_agg(x::text, E'\n') FROM `+table+` x`).Scan(&text); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		if text != nil {
			visit("table "+table, []byte(*text))
		}
	}
}

// lived is a private database with one household in a micro-grid and its worker.
type lived struct {
	owner  *pgxpool.Pool
	app    *pg.Acting
	ring   *vault.Ring
	id     int64
	worker staff.Actor
}

func settle(t *testing.T, data string) *lived {
	t.Helper()
	l := open(t, data)
	grids := ledgertest.Town(t, l.owner, 1)
	at := ledgertest.At(0.5, 0.5)
	h, err := household.Add(t.Context(), l.owner, staff.Local, "", household.Dwelling{Compound: compound, Building: "3", Doorplate: "101"}, &at)
	if err != nil {
		t.Fatal(err)
	}
	err = l.owner.QueryRow(t.Context(), `
		WITH a AS (INSERT INTO account (login) VALUES ('worker') RETURNING id),
		p AS (INSERT INTO post (kind, unit_id) VALUES ('worker', $1) RETURNING id)
		INSERT INTO holder (post_id, rank, account_id) SELECT p.id, 'A', a.id FROM a, p RETURNING account_id`, grids[0]).Scan(&l.worker.Account)
	if err != nil {
		t.Fatal(err)
	}
	l.id = h.ID
	l.load(t)
	return l
}

// open connects to the private database of a folder as its owner and as requests do.
func open(t *testing.T, data string) *lived {
	t.Helper()
	dsn := private(t, data)
	l := &lived{owner: pgtest.As(t, dsn, ""), app: pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))}
	var err error
	if l.ring, err = vault.OpenFor(t.Context(), l.owner, filepath.Join(data, "keys.json")); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lived) load(t *testing.T) {
	t.Helper()
	var err error
	if l.worker, err = staff.Load(t.Context(), l.owner, l.worker.Account); err != nil || len(l.worker.Grants) != 1 {
		t.Fatalf("%+v, %v", l.worker, err)
	}
}

func (l *lived) set(t *testing.T, name, phone string) {
	t.Helper()
	ctx := pg.WithAccount(t.Context(), fmt.Sprint(l.worker.Account))
	_, err := household.SetContact(ctx, l.app, l.ring, l.worker, l.id, household.NewContact{Name: name, Phone: phone, Notice: 1, How: "in-person"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := household.LookAtContact(ctx, l.app, l.ring, l.worker, l.id, household.ForCheck)
	if err != nil || got.Phone != phone {
		t.Fatalf("the contact cannot be read: %v", err)
	}
}

func (l *lived) forget(t *testing.T) {
	t.Helper()
	ctx := pg.WithAccount(t.Context(), fmt.Sprint(l.worker.Account))
	if err := household.ForgetContact(ctx, l.app, l.ring, l.worker, l.id); err != nil {
		t.Fatal(err)
	}
}

// A person's fields are kept, changed, looked at, backed up, exported and deleted,
// while the server logs every statement with its parameters. Nowhere, neither
// before the deletion nor after it, is there a readable copy.
func TestNoReadableCopyOfAPersonalFieldIsAnywhere(t *testing.T) {
	t.Parallel()
	data := folder(t)
	s := up(t, "--data", data, "--log-level", "debug")
	l := settle(t, data)
	for _, sql := range []string{`ALTER SYSTEM SET log_statement = 'all'`, `ALTER SYSTEM SET log_min_duration_statement = 0`,
		`ALTER SYSTEM SET log_parameter_max_length = -1`, `SELECT pg_reload_conf()`} {
		if _, err := l.owner.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	l.set(t, residentName, "021-55556666")
	l.set(t, residentName, residentPhone)
	out := filepath.Dir(data)
	mustWangge(t, "backup", filepath.Join(out, "before.dump"), "--data", data)
	mustWangge(t, "export", "--all", filepath.Join(out, "before.zip"), "--data", data)
	var found []string // of the mark, which shows that the search works
	look := func(what string, content []byte) {
		for _, text := range []string{residentName, residentPhone} {
			if form := search(content, text); form != "" {
				t.Errorf("%s holds it as %s", what, form)
			}
		}
		if search(content, compound) != "" {
			found = append(found, what)
		}
	}
	everyRow(t, l.owner, look)
	l.forget(t)
	mustWangge(t, "backup", filepath.Join(out, "after.dump"), "--data", data)
	mustWangge(t, "export", "--all", filepath.Join(out, "after.zip"), "--data", data)
	everyRow(t, l.owner, look)
	if _, err := l.owner.Exec(t.Context(), `CHECKPOINT`); err != nil {
		t.Fatal(err)
	}
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, s.log)
	}
	everyCopy(t, look, out)
	look("the program's log", s.log.Bytes())

	all := strings.Join(found, "\n")
	for _, place := range []string{"table household", "pg_wal", filepath.Join("pg", "base"), "before.dump as SQL", "before.zip: ", "after.zip: "} {
		if !strings.Contains(all, place) {
			t.Errorf("what is stored as it is was not found in %s, so the search proves nothing there. It was found in:\n%s", place, all)
		}
	}
	var statements bool
	everyCopy(t, func(_ string, content []byte) {
		statements = statements || bytes.Contains(content, []byte("INSERT INTO sealed"))
	}, data)
	if !statements && !bytes.Contains(s.log.Bytes(), []byte("INSERT INTO sealed")) {
		t.Error("the server's log was not searched: it holds no statement")
	}
}

func TestARestoreOfAnOlderBackupDeletesAgain(t *testing.T) {
	t.Parallel()
	data := folder(t)
	s := up(t, "--data", data)
	l := settle(t, data)
	l.set(t, residentName, residentPhone)
	file := filepath.Join(filepath.Dir(data), "before.dump")
	mustWangge(t, "backup", file, "--data", data)
	l.forget(t)
	keys, deletions := mustRead(t, filepath.Join(data, "keys.json")), mustRead(t, filepath.Join(data, "deletions.jsonl"))
	if bytes.Contains(deletions, []byte(residentPhone)) || bytes.Count(deletions, []byte("\n")) != 1 {
		t.Errorf("deletion list %s", deletions)
	}
	l.owner.Close()
	if err := s.stop(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}

	said := mustWangge(t, "restore", file, "--data", data, "--force")
	if !strings.Contains(said, "1 record deleted again, of 1 deletion") {
		t.Errorf("the restore says:\n%s", said)
	}
	if !bytes.Equal(keys, mustRead(t, filepath.Join(data, "keys.json"))) {
		t.Error("the restore changed the key file")
	}
	up(t, "--data", data)
	again := open(t, data)
	again.id, again.worker = l.id, l.worker
	again.load(t)
	for what, sql := range map[string]string{
		"keys":              `SELECT count(*)::text FROM sealed_key`,
		"fields":            `SELECT count(*)::text FROM sealed`,
		"consents in force": `SELECT count(*)::text FROM consent WHERE withdrawn_at IS NULL`,
	} {
		if got := value(t, private(t, data), sql); got != "0" {
			t.Errorf("%s %s are there after the restore", got, what)
		}
	}
	if got := value(t, private(t, data), `SELECT count(*)::text FROM household`); got != "1" {
		t.Errorf("%s households after the restore, want the one", got)
	}
	again.set(t, residentName, residentPhone) // who gives it again is not deleted by the old line
	if n, err := privacy.DeleteAgain(t.Context(), again.owner, vault.DeletionsBeside(again.ring.Path())); err != nil || n.Deleted != 0 {
		t.Errorf("%+v, %v", n, err)
	}

	// Without the list beside the keys nothing can be known, and it says so.
	elsewhere := folder(t)
	if said := mustWangge(t, "restore", file, "--data", elsewhere); !strings.Contains(said, "no deletion list") {
		t.Errorf("the restore says:\n%s", said)
	}
}

func TestKeysAreRotatedAndRetired(t *testing.T) {
	t.Parallel()
	data := folder(t)
	up(t, "--data", data)
	l := settle(t, data)
	l.set(t, residentName, residentPhone)
	file := filepath.Join(filepath.Dir(data), "old.dump")
	mustWangge(t, "backup", "--data", data) // into data/backups
	mustWangge(t, "backup", file, "--data", data)

	listed := mustWangge(t, "keys", "list", "--data", data)
	printed := listed
	old, _, _ := strings.Cut(listed, " ")
	if strings.Count(listed, "\n") != 1 || !strings.Contains(listed, "wraps 1 record  current") {
		t.Fatalf("keys:\n%s", listed)
	}
	said := mustWangge(t, "keys", "rotate", "--data", data)
	if printed += said; !strings.Contains(said, "1 record wrapped anew") {
		t.Errorf("rotate says:\n%s", said)
	}
	if said := mustWangge(t, "keys", "rotate", "--resume", "--data", data); !strings.Contains(said, "0 records wrapped anew") {
		t.Errorf("resume says:\n%s", said)
	}
	listed = mustWangge(t, "keys", "list", "--data", data)
	printed += listed
	if !strings.Contains(listed, old) || !strings.Contains(listed, "unused since") {
		t.Errorf("keys:\n%s", listed)
	}
	_, err := wangge(t, "keys", "retire", old, "--data", data)
	wantError(t, err, "ring_key_backup", "backup")
	mustWangge(t, "keys", "retire", old, "--data", data, "--despite-backups")
	if listed = mustWangge(t, "keys", "list", "--data", data); strings.Contains(listed, old) {
		t.Errorf("keys:\n%s", listed)
	}
	l.set(t, residentName, "021-55556666") // the running record goes on

	// That is how a deletion reaches old backups: their fields are closed for ever.
	elsewhere := folder(t)
	mustWangge(t, "restore", file, "--data", elsewhere)
	if err := os.WriteFile(filepath.Join(elsewhere, "keys.json"), mustRead(t, filepath.Join(data, "keys.json")), 0o600); err != nil {
		t.Fatal(err)
	}
	mustWangge(t, "migrate", "--data", elsewhere)
	if said := mustWangge(t, "keys", "list", "--data", elsewhere); !strings.Contains(said, old+"  NOT IN") {
		t.Errorf("keys of the old backup:\n%s", said)
	}
	for _, flag := range []string{"list", "rotate"} {
		if err := os.Chmod(filepath.Join(elsewhere, "keys.json"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err = wangge(t, "keys", flag, "--data", elsewhere)
		wantError(t, err, "chmod 600")
	}
	for _, secret := range secretsIn(t, data) {
		if strings.Contains(printed, secret) {
			t.Error("a key was printed")
		}
	}
}

func TestRetentionRunsFromTheCommandLine(t *testing.T) {
	t.Parallel()
	data := folder(t)
	mustWangge(t, "migrate", "--data", data)
	said := mustWangge(t, "retention", "run", "--data", data)
	for _, kind := range []string{"session", "audit", "spool", "household-contact"} {
		if !slices.ContainsFunc(strings.Split(said, "\n"), func(line string) bool { return strings.HasPrefix(line, kind+" ") }) {
			t.Errorf("%s is not swept:\n%s", kind, said)
		}
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// secretsIn are the keys in the key file, as they stand there.
func secretsIn(t *testing.T, data string) (list []string) {
	t.Helper()
	for line := range strings.Lines(string(mustRead(t, filepath.Join(data, "keys.json")))) {
		if _, secret, ok := strings.Cut(line, `"secret": "`); ok {
			list = append(list, strings.Trim(secret, "\"\n ,"))
		}
	}
	if len(list) == 0 {
		t.Fatal("no secret in the key file")
	}
	return list
}
