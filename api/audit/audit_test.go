package audit_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/api/audit"
	"wangge/api/route/routetest"
	record "wangge/geo/audit"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func mounted(t *testing.T) (routetest.API, *pgxpool.Pool) {
	t.Helper()
	db := pgtest.Database(t)
	key, err := record.OpenKey(filepath.Join(t.TempDir(), "audit.key"))
	if err != nil {
		t.Fatal(err)
	}
	a := routetest.New()
	audit.Mount(a.API, db, db, record.Evidence{Keys: []record.PublicKey{key.Public()}})
	for _, id := range []string{"7", "8", "9"} {
		if err := record.Write(t.Context(), db, staff.System, "publish", "plan", id, nil); err != nil {
			t.Fatal(err)
		}
	}
	return a, db
}

func TestTheLogIsSearchedInPages(t *testing.T) {
	a, db := mounted(t)
	first := a.Want(t, http.StatusOK, "", "GET", "/audit?action=publish&limit=2", nil)
	items := first["items"].([]any)
	if len(items) != 2 || items[0].(map[string]any)["subject_id"] != "9" {
		t.Fatalf("first page %v", first)
	}
	second := a.Want(t, http.StatusOK, "", "GET", "/audit?action=publish&limit=2&cursor="+first["next"].(string), nil)
	if items := second["items"].([]any); len(items) != 1 || items[0].(map[string]any)["subject_id"] != "7" || second["next"] != nil {
		t.Errorf("second page %v", second)
	}
	var looks int
	err := db.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'read' AND subject = 'audit' AND detail = '{"action": "publish"}'`).Scan(&looks)
	if err != nil || looks != 2 {
		t.Errorf("%d looks are recorded, %v; want 2", looks, err)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	a, _ := mounted(t)
	a.Want(t, http.StatusUnprocessableEntity, "date_malformed", "GET", "/audit?from=yesterday", nil)
	a.Want(t, http.StatusUnprocessableEntity, "date_malformed", "GET", "/audit?to=2026-02-30", nil)
	a.Want(t, http.StatusUnprocessableEntity, "cursor_malformed", "GET", "/audit?cursor=x", nil)
	a.Want(t, http.StatusUnprocessableEntity, "request_invalid", "POST", "/audit/exports", map[string]any{"recipient": "审计局"})
	a.Want(t, http.StatusUnprocessableEntity, "handover_incomplete", "POST", "/audit/exports", map[string]any{"recipient": "  x ", "purpose": "   "})
	a.Want(t, http.StatusUnprocessableEntity, "handover_incomplete", "POST", "/audit/exports", map[string]any{"recipient": "13912345678", "purpose": "call"})
}

func TestVerificationSaysWhereItDoesNotFit(t *testing.T) {
	a, db := mounted(t)
	if got := a.Want(t, http.StatusOK, "", "GET", "/audit/verification", nil); got["ok"] != true || got["rows"] != 0.0 {
		t.Errorf("new rows may wait: %v", got)
	}
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `INSERT INTO audit (actor, action, subject) VALUES ('local', 'read', 'audit')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got := a.Want(t, http.StatusOK, "", "GET", "/audit/verification", nil)
	findings := got["findings"].([]any)
	if got["ok"] != false || len(findings) != 1 || findings[0].(map[string]any)["kind"] != record.Unlinked {
		t.Errorf("a row from outside: %v", got)
	}
}

func TestAnExtractNamesItsRecipientInTheLog(t *testing.T) {
	db := pgtest.Tx(t)
	to := record.Handover{Recipient: "区审计局", Purpose: "yearly compliance audit"}
	if err := record.Write(t.Context(), db, staff.System, "publish", "plan", "=1+1", nil); err != nil {
		t.Fatal(err)
	}
	if err := record.Hand(t.Context(), db, staff.Local, record.Filter{Subject: "plan"}, to); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := record.WriteCSV(t.Context(), db, staff.Local, &text, record.Filter{Subject: "plan"}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text.String(), "\n")
	if !strings.HasPrefix(lines[0], "\ufeffid,at,actor") || len(lines) != 3 || !strings.Contains(lines[1], ",system,publish,plan,'=1+1,{}") {
		t.Errorf("extract %q", text.String())
	}
	var recipient, purpose string
	err := db.QueryRow(t.Context(), `SELECT detail->>'recipient', detail->>'purpose' FROM audit WHERE action = 'export' AND subject = 'audit'`).Scan(&recipient, &purpose)
	if err != nil || recipient != to.Recipient || purpose != to.Purpose {
		t.Errorf("recorded %q, %q, %v", recipient, purpose, err)
	}
	for _, actor := range []staff.Actor{staff.Public, {Name: "account:1", Grants: []staff.Grant{{May: []staff.Permission{staff.Privacy}}}}} {
		if err := record.WriteCSV(t.Context(), db, actor, &text, record.Filter{}); err == nil {
			t.Errorf("%s takes an extract", actor.Name)
		}
		if err := record.Hand(t.Context(), db, actor, record.Filter{}, to); err == nil {
			t.Errorf("%s hands an extract over", actor.Name)
		}
	}
}
