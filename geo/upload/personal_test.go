package upload_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/crs"
	"wangge/geo/job"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

const (
	personName  = "欧阳测试"
	personPhone = "13912345678"
)

// wantNowhere searches every row of every table for values that must not be kept,
// as text and as the bytes of bytea columns.
func wantNowhere(t *testing.T, db *pgxpool.Pool, values ...string) {
	t.Helper()
	rows, _ := db.Query(t.Context(), `
		SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname = 'public'`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		t.Fatal(tables, err)
	}
	for _, table := range tables {
		for _, value := range values {
			var n int
			err := db.QueryRow(t.Context(), `SELECT count(*) FROM `+table+` x WHERE x::text LIKE '%' || $1 || '%' OR x::text ILIKE '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%'`, value).Scan(&n)
			if err != nil || n > 0 {
				t.Errorf("%d rows of %s hold a value that must not be kept, %v", n, table, err)
			}
		}
	}
}

// ledgerFile is a ledger as towns keep it: with names and phones.
func ledgerFile(places [][2]string) []byte {
	var b bytes.Buffer
	b.WriteString("户编号,小区,楼栋,门牌,户主姓名,联系电话,经度,纬度\n")
	for i, p := range places {
		b.WriteString(strings.Join([]string{"H" + string(rune('A'+i)), "康桥花苑", "3", "101", personName, personPhone, p[0], p[1]}, ",") + "\n")
	}
	return b.Bytes()
}

var ledgerRequest = upload.Request{Kind: upload.Households, FileName: "台账.csv", CRS: string(crs.WGS84), Source: "test", Confirm: "对照过"}

func TestALedgerWithPersonalColumnsLeavesOnlyDigestAndReport(t *testing.T) {
	t.Parallel()
	db := inForce(t, "cluster")
	spool := upload.Spool(t.TempDir())
	q := importQueue(t, db, spool)
	defer work(t, q)()
	file := put(t, spool, ledgerFile([][2]string{{"121.5612345", "31.1312345"}}))
	j, err := upload.Start(t.Context(), db, q, staff.Local, ledgerRequest, file)
	if err != nil {
		t.Fatal(err)
	}
	if j = untilEnded(t, db, j.ID); j.State != job.Done {
		t.Fatalf("%s: %s", j.State, j.Problem)
	}
	if !strings.Contains(string(j.Result), "户主姓名") || !strings.Contains(string(j.Result), "联系电话") {
		t.Errorf("the report does not name the columns that were dropped: %s", j.Result)
	}
	var kept int
	var sum string
	if err := db.QueryRow(t.Context(), `SELECT count(content), max(sha256) FROM upload WHERE kind = 'households'`).Scan(&kept, &sum); err != nil || kept != 0 || sum != file.SHA256 {
		t.Errorf("%d originals kept, digest %s, %v", kept, sum, err)
	}
	wantNowhere(t, db, personName, personPhone)
	if n := inSpool(t, spool); n != 0 {
		t.Errorf("%d files are left in the spool", n)
	}
}

func TestALedgerThatFailsLeavesNothingInTheSpool(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	spool := upload.Spool(t.TempDir())
	q := importQueue(t, db, spool)
	defer work(t, q)()
	unchecked := ledgerRequest
	unchecked.Confirm = "" // and nothing here to check the reference system with
	j, err := upload.Start(t.Context(), db, q, staff.Local, unchecked, put(t, spool, ledgerFile([][2]string{{"121.5612345", "31.1312345"}})))
	if err != nil {
		t.Fatal(err)
	}
	if j = untilEnded(t, db, j.ID); j.State != job.Failed {
		t.Fatalf("%s: %s", j.State, j.Result)
	}
	if n := inSpool(t, spool); n != 0 {
		t.Errorf("%d files are left in the spool", n)
	}
	wantNowhere(t, db, personName, personPhone)
	if _, err := q.Retry(t.Context(), db, staff.Local, j.ID); err != nil {
		t.Fatal(err)
	}
	if j = untilEnded(t, db, j.ID); !strings.Contains(string(j.Problem), "file_gone") {
		t.Errorf("after a retry: %s, want file_gone", j.Problem)
	}
}

func TestAListThatFailsLeavesNothingInTheSpool(t *testing.T) {
	t.Parallel()
	for _, kind := range []upload.Kind{upload.Demand, upload.Candidates} {
		t.Run(string(kind), func(t *testing.T) {
			db := newDatabase(t)
			spool := upload.Spool(t.TempDir())
			q := importQueue(t, db, spool)
			defer work(t, q)()
			request := upload.Request{Kind: kind, FileName: "名单.csv", CRS: string(crs.WGS84), Source: "test"}
			// no place in the row, and a column that must not stay
			j, err := upload.Start(t.Context(), db, q, staff.Local, request, put(t, spool, []byte("名称,人口,联系电话\n一号房,3,"+personPhone+"\n")))
			if err != nil {
				t.Fatal(err)
			}
			if j = untilEnded(t, db, j.ID); j.State != job.Failed {
				t.Fatalf("%s: %s", j.State, j.Result)
			}
			if n := inSpool(t, spool); n != 0 {
				t.Errorf("%d files are left in the spool", n)
			}
			wantNowhere(t, db, personPhone)
		})
	}
}

// A stop is no end: the job goes on at the next start and needs its file. A cancel
// is one.
func TestALedgerIsRemovedWhenItIsCancelledAndNotWhenTheProgramStops(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		cancel bool
		left   int
	}{{"stopped", false, 1}, {"cancelled", true, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			db := inForce(t, "cluster")
			spool := upload.Spool(t.TempDir())
			q := importQueue(t, db, spool)
			j, err := upload.Start(t.Context(), db, q, staff.Local, ledgerRequest, put(t, spool, ledgerFile([][2]string{{"121.5612345", "31.1312345"}})))
			if err != nil {
				t.Fatal(err)
			}
			var args json.RawMessage
			if err := db.QueryRow(t.Context(), `UPDATE job SET cancel = $2 WHERE id = $1 RETURNING args`, j.ID, tt.cancel).Scan(&args); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := upload.Handler(db, spool)(ctx, func(string, int64, int64) {}, args); !errors.Is(err, context.Canceled) {
				t.Fatalf("a handler whose context has ended: %v", err)
			}
			if n := inSpool(t, spool); n != tt.left {
				t.Errorf("%d files in the spool, want %d", n, tt.left)
			}
		})
	}
}

func TestABoundaryFileWithPersonalColumnsIsNotKept(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, column, value string
		kept                bool
	}{
		{"by its header", "网格长", personName, false},
		{"by a value", "备注", "网格长电话 " + personPhone, false},
		{"a harmless column", "备注", "沿河", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := inForce(t, "cluster")
			var collection map[string]any
			if err := json.Unmarshal(geoJSONOf(t, unitsOf(smallTown(t), "village")), &collection); err != nil {
				t.Fatal(err)
			}
			for _, f := range collection["features"].([]any) {
				f.(map[string]any)["properties"].(map[string]any)[tt.column] = tt.value
			}
			content, err := json.Marshal(collection)
			if err != nil {
				t.Fatal(err)
			}
			result, err := upload.Now(t.Context(), db, staff.Local, villageRequest, put(t, upload.Spool(t.TempDir()), content), func(string, int64, int64) {})
			if err != nil {
				t.Fatal(err)
			}
			_, original, err := upload.Original(t.Context(), db, staff.Local, result.UploadID)
			if tt.kept && (err != nil || !bytes.Equal(original, content)) {
				t.Errorf("the original of a harmless file: %d bytes, %v", len(original), err)
			}
			report, jsonErr := json.Marshal(result.Report)
			if !tt.kept && (!errors.Is(err, upload.ErrUnknown) || !strings.Contains(string(report), "original_not_kept") || jsonErr != nil) {
				t.Errorf("the original: %v, report %s; want none and a word about it", err, report)
			}
			if !tt.kept {
				wantNowhere(t, db, tt.value, personName, personPhone)
			}
		})
	}
}

func TestWhatIsSweptFromTheSpoolIsNamed(t *testing.T) {
	t.Parallel()
	spool := upload.Spool(t.TempDir())
	put(t, spool, []byte("x"))
	if names, err := spool.SweepBefore(time.Now().Add(-time.Hour)); err != nil || len(names) != 0 {
		t.Errorf("swept %v, %v", names, err)
	}
	if names, err := spool.SweepBefore(time.Now().Add(time.Hour)); err != nil || len(names) != 1 || inSpool(t, spool) != 0 {
		t.Errorf("swept %v, %v", names, err)
	}
}
