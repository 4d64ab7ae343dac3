package vault_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg/pgtest"
	"wangge/geo/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func newRing(t testing.TB) *vault.Ring {
	t.Helper()
	ring, err := vault.OpenRing(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

var (
	household = vault.Subject{Kind: "household", ID: "7"}
	contact   = map[string]string{"name": "张三丰", "phone": "13912345678"}
)

func seal(t testing.TB, db pgx.Tx, ring *vault.Ring, s vault.Subject, fields map[string]string) {
	t.Helper()
	if err := vault.Seal(t.Context(), db, ring, s, fields); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, db pgx.Tx, ring *vault.Ring, s vault.Subject) vault.Fields {
	t.Helper()
	got, err := vault.Open(t.Context(), db, ring, s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFieldsAreReadAsTheyWereSealed(t *testing.T) {
	tx, ring := pgtest.Tx(t), newRing(t)
	seal(t, tx, ring, household, contact)
	if got := open(t, tx, ring, household); len(got) != 2 || got["name"] != contact["name"] || got["phone"] != contact["phone"] {
		t.Errorf("got %d fields, want name and phone as sealed", len(got))
	}
	seal(t, tx, ring, household, map[string]string{"phone": "13800000000"})
	if got := open(t, tx, ring, household); got["name"] != contact["name"] || got["phone"] != "13800000000" {
		t.Error("another phone changed the name, or did not change the phone")
	}
	seal(t, tx, ring, household, map[string]string{"phone": ""})
	if got := open(t, tx, ring, household); len(got) != 1 || got["name"] != contact["name"] {
		t.Error("an empty value did not remove its field alone")
	}
	if got := open(t, tx, ring, vault.Subject{Kind: "household", ID: "8"}); len(got) != 0 {
		t.Errorf("%d fields of a record that has none", len(got))
	}
}

// An old value may still stand in a backup: the key that the record has now must not
// open it.
func TestAValueThatWasReplacedOrRemovedIsNotOpenedByThePresentKey(t *testing.T) {
	for what, next := range map[string]string{"replaced": "13800000000", "removed": ""} {
		t.Run(what, func(t *testing.T) {
			tx, ring := pgtest.Tx(t), newRing(t)
			seal(t, tx, ring, household, contact)
			var old []byte
			if err := tx.QueryRow(t.Context(), `SELECT value FROM sealed WHERE field = 'phone'`).Scan(&old); err != nil {
				t.Fatal(err)
			}
			seal(t, tx, ring, household, map[string]string{"phone": next})
			if got := open(t, tx, ring, household); got["name"] != contact["name"] || got["phone"] != next {
				t.Errorf("%d fields; the name must stay and the phone be %q", len(got), next)
			}
			_, err := tx.Exec(t.Context(), `
				INSERT INTO sealed (kind, id, field, value) VALUES ($1, $2, 'phone', $3)
				ON CONFLICT (kind, id, field) DO UPDATE SET value = excluded.value`, household.Kind, household.ID, old)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := vault.Open(t.Context(), tx, ring, household); !errors.Is(err, vault.ErrDamaged) {
				t.Errorf("the old value is opened: %v", err)
			}
		})
	}
}

func TestManyRecordsAreReadAtOnceAndDamagedOnesAreNamed(t *testing.T) {
	tx, ring := pgtest.Tx(t), newRing(t)
	ids := []string{}
	for i := range 20 {
		id := fmt.Sprint(100 + i)
		ids = append(ids, id)
		seal(t, tx, ring, vault.Subject{Kind: "account", ID: id}, map[string]string{"name": "某" + id})
	}
	if _, err := tx.Exec(t.Context(), `UPDATE sealed SET value = set_byte(value, 20, 255 - get_byte(value, 20)) WHERE id = '107'`); err != nil {
		t.Fatal(err)
	}
	all, err := vault.OpenMany(t.Context(), tx, ring, "account", append(ids, "999"))
	if len(all) != 19 || all["119"]["name"] != "某119" {
		t.Errorf("%d records, want 19", len(all))
	}
	if !errors.Is(err, vault.ErrDamaged) || !strings.Contains(err.Error(), "account 107") || strings.Contains(err.Error(), "某") {
		t.Errorf("error %v, want one that names account 107 and no value", err)
	}
}

// What is bound to its place cannot be read in another: neither a value nor a key.
func TestNothingCanBeMovedElsewhere(t *testing.T) {
	moves := map[string]string{
		"a value to another field":  `UPDATE sealed s SET value = o.value FROM sealed o WHERE s.id = '7' AND o.id = '7' AND s.field = 'name' AND o.field = 'phone'`,
		"a value to another record": `UPDATE sealed s SET value = o.value FROM sealed o WHERE s.id = '7' AND o.id = '8' AND s.field = o.field`,
		"a key to another record":   `UPDATE sealed_key s SET wrapped = o.wrapped FROM sealed_key o WHERE s.id = '7' AND o.id = '8'`,
		"an empty value":            `UPDATE sealed SET value = '' WHERE id = '7'`,
		"a cut value":               `UPDATE sealed SET value = substring(value FROM 1 FOR 10) WHERE id = '7'`,
		"another layout":            `UPDATE sealed SET value = set_byte(value, 0, 2) WHERE id = '7'`,
		"an empty key":              `UPDATE sealed_key SET wrapped = '' WHERE id = '7'`,
	}
	for name, sql := range moves {
		t.Run(name, func(t *testing.T) {
			tx, ring := pgtest.Tx(t), newRing(t)
			seal(t, tx, ring, household, contact)
			seal(t, tx, ring, vault.Subject{Kind: "household", ID: "8"}, map[string]string{"name": "李四", "phone": "13700000000"})
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
			got, err := vault.Open(t.Context(), tx, ring, household)
			if !errors.Is(err, vault.ErrDamaged) || len(got) != 0 {
				t.Errorf("%d fields, %v; want %v", len(got), err, vault.ErrDamaged)
			}
		})
	}
}

func TestWhatTheRegisterDoesNotNameCannotBeSealed(t *testing.T) {
	tests := []struct {
		name    string
		subject vault.Subject
		field   string
		err     error
	}{
		{"an unknown field", household, "diagnosis", vault.ErrUnregistered},
		{"an unknown kind", vault.Subject{Kind: "resident", ID: "7"}, "name", vault.ErrUnregistered},
		{"a field of another kind", household, "totp", vault.ErrUnregistered},
		{"an id that is none", vault.Subject{Kind: "household", ID: "7|name"}, "name", vault.ErrSubject},
		{"no id", vault.Subject{Kind: "household"}, "name", vault.ErrSubject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := vault.Seal(t.Context(), pgtest.Tx(t), newRing(t), tt.subject, map[string]string{tt.field: "secret words"})
			if !errors.Is(err, tt.err) || strings.Contains(fmt.Sprint(err), "secret words") {
				t.Errorf("got %v, want %v", err, tt.err)
			}
		})
	}
}

// Every field that the register names can be sealed, and the database holds no
// other place for one: sealed refers to the register.
func TestTheRegisterAndWhatCanBeSealedAreTheSame(t *testing.T) {
	tx, ring := pgtest.Tx(t), newRing(t)
	rows, _ := tx.Query(t.Context(), `SELECT kind, field FROM purpose_field JOIN purpose_version USING (purpose) ORDER BY 1, 2`)
	type place struct{ Kind, Field string }
	registered, err := pgx.CollectRows(rows, pgx.RowToStructByPos[place])
	if err != nil {
		t.Fatal(err)
	}
	want := []place{
		{"account", "name"}, {"account", "phone"}, {"account", "totp"},
		{"household", "name"}, {"household", "phone"},
		{"request", "address"}, {"request", "name"}, {"request", "phone"},
		{"webhook", "secret"},
	}
	if fmt.Sprint(registered) != fmt.Sprint(want) {
		t.Errorf("registered are %v, want %v: a new field needs its entry, and this list a reviewer", registered, want)
	}
	for _, p := range registered {
		seal(t, tx, ring, vault.Subject{Kind: p.Kind, ID: "1"}, map[string]string{p.Field: "x"})
	}
	var refers bool
	err = tx.QueryRow(t.Context(), `
		SELECT confrelid = 'purpose_field'::regclass FROM pg_constraint WHERE conname = 'sealed_field_is_registered'`).Scan(&refers)
	if err != nil || !refers {
		t.Errorf("sealed does not refer to the register: %v", err)
	}
}

func TestTheDatabaseHoldsNoReadableValue(t *testing.T) {
	tx, ring := pgtest.Tx(t), newRing(t)
	seal(t, tx, ring, household, contact)
	var dump string
	if err := tx.QueryRow(t.Context(), `SELECT string_agg(encode(value, 'hex'), ' ') || (SELECT string_agg(encode(wrapped, 'hex'), ' ') FROM sealed_key) FROM sealed`).Scan(&dump); err != nil {
		t.Fatal(err)
	}
	for _, value := range contact {
		if strings.Contains(dump, fmt.Sprintf("%x", value)) {
			t.Error("a value stands in the database")
		}
	}
	seal(t, tx, ring, vault.Subject{Kind: "household", ID: "8"}, contact)
	var different bool
	if err := tx.QueryRow(t.Context(), `SELECT count(DISTINCT value) = 4 FROM sealed`).Scan(&different); err != nil || !different {
		t.Errorf("the same value twice looks the same: %v", err)
	}
}

func TestNeitherFieldsNorRingPrint(t *testing.T) {
	ring := newRing(t)
	text, err := os.ReadFile(ring.Path())
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Keys []struct{ Secret []byte } }
	if err := json.Unmarshal(text, &file); err != nil || len(file.Keys) != 1 || len(file.Keys[0].Secret) != 32 {
		t.Fatalf("the key file is not as expected: %v", err)
	}
	fields := vault.Fields(contact)
	asJSON, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "fields", fields, "ring", ring, "group", map[string]any{"fields": fields})
	}
	said := log.String() + string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		said += fmt.Sprintf(verb, fields) + fmt.Sprintf(verb, ring) + fmt.Sprintf(verb, []any{fields, ring}) + fmt.Sprintf(verb, struct{ F vault.Fields }{fields})
	}
	for _, never := range []string{contact["name"], contact["phone"], fmt.Sprintf("%x", contact["phone"]), string(file.Keys[0].Secret), fmt.Sprintf("%x", file.Keys[0].Secret), fmt.Sprint(file.Keys[0].Secret)} {
		if strings.Contains(said, never) {
			t.Errorf("%q was printed", never)
		}
	}
	if !strings.Contains(said, "[sealed]") {
		t.Errorf("nothing says that something is hidden: %s", said)
	}
}
