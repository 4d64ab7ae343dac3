package vault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/vault"
)

func silent(string, int64, int64) {}

func keys(t testing.TB, ring *vault.Ring) []vault.Key {
	t.Helper()
	list, err := ring.Keys()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// fill seals n households with a phone that tells them apart.
func fill(t testing.TB, db pg.DB, ring *vault.Ring, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		err := vault.Seal(t.Context(), db, ring, vault.Subject{Kind: "household", ID: fmt.Sprint(i)}, map[string]string{"phone": fmt.Sprintf("139%08d", i)})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func wantFilled(t testing.TB, db pg.DB, ring *vault.Ring, n int) {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	all, err := vault.OpenMany(t.Context(), db, ring, "household", ids)
	if err != nil || len(all) != n {
		t.Fatalf("%d records can be read, %v; want %d", len(all), err, n)
	}
	for i, id := range ids {
		if all[id]["phone"] != fmt.Sprintf("139%08d", i) {
			t.Fatalf("record %s has another value than was sealed", id)
		}
	}
}

func under(t testing.TB, db pg.DB, key string) (n int) {
	t.Helper()
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM sealed_key WHERE ring_key = $1`, key).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRotationWrapsEveryRecordAnewAndRetireEndsTheOldKey(t *testing.T) {
	tx, ring := pgtest.Tx(t), newRing(t)
	fill(t, tx, ring, 0, 1203)
	old := keys(t, ring)[0]
	if err := vault.Retire(t.Context(), tx, ring, old.ID, time.Time{}); !errors.Is(err, vault.ErrKeyCurrent) {
		t.Errorf("retired the current key: %v", err)
	}
	var steps []int64
	done, err := vault.Rotate(t.Context(), tx, ring, func(_ string, n, total int64) { steps = append(steps, n, total) })
	if err != nil || done.Wrapped != 1203 || done.Key == old.ID {
		t.Fatalf("%+v, %v; want 1203 records under a new key", done, err)
	}
	if fmt.Sprint(steps) != "[500 1203 1000 1203 1203 1203]" {
		t.Errorf("steps %v", steps)
	}
	wantFilled(t, tx, ring, 1203)
	if n := under(t, tx, old.ID); n != 0 {
		t.Errorf("%d records are under the old key still", n)
	}
	list := keys(t, ring)
	if len(list) != 2 || list[0].UnusedSince == nil || list[1].UnusedSince != nil || !list[1].Current {
		t.Fatalf("keys %+v", list)
	}

	if err := vault.Retire(t.Context(), tx, ring, old.ID, list[0].UnusedSince.Add(-time.Hour)); !errors.Is(err, vault.ErrKeyBackup) {
		t.Errorf("retired a key that a backup needs: %v", err)
	}
	if err := vault.Retire(t.Context(), tx, ring, "20000101-00000000", time.Time{}); !errors.Is(err, vault.ErrKeyUnknown) {
		t.Errorf("retired a key that is not there: %v", err)
	}
	if err := vault.Retire(t.Context(), tx, ring, old.ID, list[0].UnusedSince.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if list := keys(t, ring); len(list) != 1 || list[0].ID != done.Key {
		t.Errorf("keys %+v", list)
	}
	wantFilled(t, tx, ring, 1203)
}

func TestAnInterruptedRotationIsFinishedByRewrap(t *testing.T) {
	db, ring := pgtest.Database(t), newRing(t)
	fill(t, db, ring, 0, 1100)
	old := keys(t, ring)[0].ID
	ctx, cancel := context.WithCancel(t.Context())
	_, err := vault.Rotate(ctx, db, ring, func(string, int64, int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	if n := under(t, db, old); n != 600 {
		t.Errorf("%d records under the old key after one batch of 500, want 600", n)
	}
	wantFilled(t, db, ring, 1100)
	if err := vault.Retire(t.Context(), db, ring, old, time.Time{}); !errors.Is(err, vault.ErrKeyUsed) {
		t.Errorf("retired a key in use: %v", err)
	}
	done, err := vault.Rewrap(t.Context(), db, ring, silent)
	if err != nil || done.Wrapped != 600 || under(t, db, old) != 0 {
		t.Errorf("%+v, %v; want the other 600", done, err)
	}
	if done, err = vault.Rewrap(t.Context(), db, ring, silent); err != nil || done.Wrapped != 0 {
		t.Errorf("again: %+v, %v; want nothing to do", done, err)
	}
	wantFilled(t, db, ring, 1100)
	if err := vault.Retire(t.Context(), db, ring, old, time.Time{}); err != nil {
		t.Error(err)
	}
}

// Another process seals all the while, with a ring that it opened before.
func TestSealingGoesOnDuringRotationAndRetire(t *testing.T) {
	db, ring := pgtest.Database(t), newRing(t)
	fill(t, db, ring, 0, 50)
	other, err := vault.OpenRing(ring.Path())
	if err != nil {
		t.Fatal(err)
	}
	var sealed atomic.Int64
	sealed.Store(50)
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		for ctx.Err() == nil {
			i := sealed.Load()
			err := vault.Seal(t.Context(), db, other, vault.Subject{Kind: "household", ID: fmt.Sprint(i)}, map[string]string{"phone": fmt.Sprintf("139%08d", i)})
			if err != nil {
				t.Errorf("seal during rotation: %v", err)
				return
			}
			sealed.Add(1)
		}
	})
	for range 8 {
		list := keys(t, ring)
		old := list[len(list)-1].ID
		if _, err := vault.Rotate(t.Context(), db, ring, silent); err != nil {
			t.Fatal(err)
		}
		err := vault.Retire(t.Context(), db, ring, old, time.Time{})
		for errors.Is(err, vault.ErrKeyUsed) { // one was sealed between the last batch and the end
			if _, err := vault.Rewrap(t.Context(), db, ring, silent); err != nil {
				t.Fatal(err)
			}
			err = vault.Retire(t.Context(), db, ring, old, time.Time{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	stop()
	wait.Wait()
	if sealed.Load() < 60 {
		t.Errorf("only %d records were sealed meanwhile", sealed.Load()-50)
	}
	wantFilled(t, db, ring, int(sealed.Load()))
}

func TestALostRingIsAFaultThatSaysSo(t *testing.T) {
	tx, ring := pgtest.Tx(t), newRing(t)
	seal(t, tx, ring, household, contact)
	anew := newRing(t)
	if got, err := vault.Open(t.Context(), tx, anew, household); !errors.Is(err, vault.ErrRingLost) || len(got) != 0 {
		t.Errorf("open: %v, want %v", err, vault.ErrRingLost)
	}
	if err := vault.Seal(t.Context(), tx, anew, household, contact); !errors.Is(err, vault.ErrRingLost) {
		t.Errorf("seal another field: %v, want %v", err, vault.ErrRingLost)
	}
	done, err := vault.Rotate(t.Context(), tx, anew, silent)
	if !errors.Is(err, vault.ErrRingLost) || done.Wrapped != 0 || !strings.Contains(err.Error(), household.String()) {
		t.Errorf("rotate: %+v, %v; want %v that names the record", done, err, vault.ErrRingLost)
	}
	if got := open(t, tx, ring, household); got["name"] != contact["name"] {
		t.Error("the right ring does not open it any more")
	}
}

func TestANewKeyFileIsNotMadeBesideOldRecords(t *testing.T) {
	tx := pgtest.Tx(t)
	path := filepath.Join(t.TempDir(), "keys.json")
	ring, err := vault.OpenFor(t.Context(), tx, path)
	if err != nil {
		t.Fatalf("the first time: %v", err)
	}
	seal(t, tx, ring, household, contact)
	if _, err := vault.OpenFor(t.Context(), tx, path); err != nil {
		t.Errorf("again: %v", err)
	}
	lost := filepath.Join(t.TempDir(), "keys.json")
	if _, err := vault.OpenFor(t.Context(), tx, lost); !errors.Is(err, vault.ErrRingLost) || !strings.Contains(err.Error(), lost) {
		t.Errorf("without the file: %v, want %v that names it", err, vault.ErrRingLost)
	}
	if _, err := os.Stat(lost); err == nil {
		t.Error("a new file was made")
	}
}

func TestWhatIsDestroyedStaysDestroyed(t *testing.T) {
	db, ring := pgtest.Database(t), newRing(t)
	fill(t, db, ring, 0, 3)
	list := vault.DeletionsBeside(ring.Path())
	if err := vault.Destroy(t.Context(), db, ring, vault.Subject{Kind: "household", ID: "1"}); err != nil {
		t.Fatal(err)
	}
	if err := vault.Destroy(t.Context(), db, ring, vault.Subject{Kind: "household", ID: "77"}); err != nil {
		t.Errorf("a record without fields: %v", err)
	}
	gone, unreadable, err := list.Read()
	if err != nil || len(unreadable) > 0 || len(gone) != 1 || gone[0].Kind != "household" || gone[0].ID != "1" || gone[0].At.IsZero() {
		t.Fatalf("deletion list %+v, %v, %v", gone, unreadable, err)
	}
	if info, err := os.Stat(string(list)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("deletion list: %v, %v; want mode 0600", info, err)
	}
	left := func() (n int) {
		err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM sealed_key) * 10 + (SELECT count(*) FROM sealed)`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := left(); n != 22 {
		t.Errorf("keys and fields left: %d, want 22", n)
	}
}

// A backup knows nothing of what was deleted after it: here it is a copy of the
// rows. Meanwhile the same household has given its contact again.
func TestTheListDestroysAgainAfterARestoreAndOnlyThat(t *testing.T) {
	db, ring := pgtest.Database(t), newRing(t)
	fill(t, db, ring, 0, 3)
	run(t, db, `CREATE TABLE backup_key AS TABLE sealed_key`, `CREATE TABLE backup AS TABLE sealed`)
	for _, id := range []string{"0", "1"} {
		if err := vault.Destroy(t.Context(), db, ring, vault.Subject{Kind: "household", ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	list := vault.DeletionsBeside(ring.Path())
	entries, _, err := list.Read()
	if err != nil {
		t.Fatal(err)
	}
	fill(t, db, ring, 1, 1) // under a new key
	if again, err := vault.Apply(t.Context(), db, entries); err != nil || len(again) != 0 {
		t.Errorf("applied to what lives: %+v, %v", again, err)
	}

	run(t, db, `TRUNCATE sealed_key CASCADE`, `TRUNCATE deletion`,
		`INSERT INTO sealed_key TABLE backup_key`, `INSERT INTO sealed TABLE backup`)
	again, err := vault.Apply(t.Context(), db, entries)
	if err != nil || len(again) != 2 || again[0].At.IsZero() {
		t.Fatalf("applied %+v, %v; want two", again, err)
	}
	all, err := vault.OpenMany(t.Context(), db, ring, "household", []string{"0", "1", "2"})
	if err != nil || len(all) != 1 || all["2"]["phone"] == "" {
		t.Errorf("%d records after the restore, %v; want the third alone", len(all), err)
	}
	var kept int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM deletion`).Scan(&kept); err != nil || kept != 2 {
		t.Errorf("%d deletions in the database, %v; want 2", kept, err)
	}
	if again, err = vault.Apply(t.Context(), db, entries); err != nil || len(again) != 0 {
		t.Errorf("applied again: %+v, %v; want nothing", again, err)
	}
}

func TestTheListOutlivesACrashAndNamesDamage(t *testing.T) {
	db, ring := pgtest.Database(t), newRing(t)
	fill(t, db, ring, 0, 3)
	list := vault.DeletionsBeside(ring.Path())
	destroy := func(id string) {
		t.Helper()
		if err := vault.Destroy(t.Context(), db, ring, vault.Subject{Kind: "household", ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	destroy("0")
	torn, err := os.OpenFile(string(list), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = torn.WriteString(`{"key":"3e4b`); err != nil || torn.Close() != nil {
		t.Fatal(err)
	}
	destroy("1")
	gone, unreadable, err := list.Read()
	if err != nil || len(gone) != 2 || fmt.Sprint(unreadable) != "[2]" {
		t.Errorf("%d deletions, unreadable lines %v, %v; want 2 and line 2", len(gone), unreadable, err)
	}
	none, unreadable, err := vault.DeletionsBeside(filepath.Join(t.TempDir(), "keys.json")).Read()
	if err != nil || len(none) != 0 || len(unreadable) != 0 {
		t.Errorf("no list: %v, %v, %v", none, unreadable, err)
	}
}

// Where the list cannot be written nothing is deleted: a deletion that a restore
// would undo was not promised.
func TestWithoutTheListNothingIsDestroyed(t *testing.T) {
	db, ring := pgtest.Database(t), newRing(t)
	fill(t, db, ring, 0, 1)
	if err := os.Mkdir(string(vault.DeletionsBeside(ring.Path())), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := vault.Destroy(t.Context(), db, ring, vault.Subject{Kind: "household", ID: "0"}); err == nil {
		t.Error("destroyed without a list")
	}
	wantFilled(t, db, ring, 1)
}

func run(t testing.TB, db *pgxpool.Pool, statements ...string) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		for _, sql := range statements {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
