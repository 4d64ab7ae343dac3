package upload_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/crs"
	"wangge/geo/fault"
	"wangge/geo/job"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

func importQueue(t *testing.T, db *pgxpool.Pool, spool upload.Spool) *job.Queue {
	t.Helper()
	q, err := job.NewQueue(db, slog.New(slog.NewTextHandler(io.Discard, nil)),
		map[string]job.Handler{upload.JobKind: upload.Handler(db, spool)})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// work runs the queue until the returned function is called.
func work(t *testing.T, q *job.Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func untilEnded(t *testing.T, db *pgxpool.Pool, id int64) job.Job {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		j, err := job.Get(t.Context(), db, staff.Local, id)
		if err != nil {
			t.Fatal(err)
		}
		if j.FinishedAt != nil {
			return j
		}
		if time.Now().After(deadline) {
			t.Fatalf("job %d never ended: %+v", id, j)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func put(t *testing.T, spool upload.Spool, content []byte) upload.File {
	t.Helper()
	file, err := spool.Put(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func inSpool(t *testing.T, spool upload.Spool) int {
	t.Helper()
	entries, err := os.ReadDir(string(spool))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

var villageRequest = upload.Request{Kind: upload.Boundaries, FileName: "居村.geojson", CRS: string(crs.WGS84), Preset: "town-cluster", Level: "village"}

func TestAnImportJobEndsInADraftAndLeavesTheSpoolEmpty(t *testing.T) {
	t.Parallel()
	db := inForce(t, "cluster")
	spool := upload.Spool(t.TempDir())
	q := importQueue(t, db, spool)
	defer work(t, q)()
	j, err := upload.Start(t.Context(), db, q, staff.Local, villageRequest, put(t, spool, geoJSONOf(t, unitsOf(smallTown(t), "village"))))
	if err != nil {
		t.Fatal(err)
	}
	if j = untilEnded(t, db, j.ID); j.State != job.Done {
		t.Fatalf("%s: %s", j.State, j.Problem)
	}
	var result upload.Result
	if err := json.Unmarshal(j.Result, &result); err != nil || result.UploadID == 0 || result.PlanID == 0 || result.Report == nil {
		t.Fatalf("result %s, %v", j.Result, err)
	}
	if p := getPlan(t, db, result.PlanID); p.CreatedBy != "local" || *p.UploadID != result.UploadID {
		t.Errorf("draft %+v", p)
	}
	if n := inSpool(t, spool); n != 0 {
		t.Errorf("%d files are left in the spool", n)
	}
}

func TestAFailedImportKeepsItsFileForARetry(t *testing.T) {
	t.Parallel()
	db := newDatabase(t) // nothing known: the reference system cannot be checked
	spool := upload.Spool(t.TempDir())
	q := importQueue(t, db, spool)
	defer work(t, q)()
	j, err := upload.Start(t.Context(), db, q, staff.Local, villageRequest, put(t, spool, geoJSONOf(t, unitsOf(smallTown(t), "village"))))
	if err != nil {
		t.Fatal(err)
	}
	if j = untilEnded(t, db, j.ID); j.State != job.Failed || !strings.Contains(string(j.Problem), "crs_unchecked") {
		t.Fatalf("%s: %s", j.State, j.Problem)
	}
	if n := inSpool(t, spool); n != 1 {
		t.Fatalf("%d files in the spool, want the one", n)
	}
	if _, err := q.Retry(t.Context(), db, staff.Local, j.ID); err != nil {
		t.Fatal(err)
	}
	if j = untilEnded(t, db, j.ID); !strings.Contains(string(j.Problem), "crs_unchecked") {
		t.Errorf("after the retry: %s: %s; want the same refusal, not a missing file", j.State, j.Problem)
	}
	list, err := upload.List(t.Context(), db, staff.Local, 0, 10)
	if err != nil || len(list) != 1 || list[0].PlanID != nil {
		t.Errorf("uploads %+v, %v; want one without a draft", list, err)
	}
	if _, _, err := upload.Original(t.Context(), db, staff.Local, list[0].ID); !errors.Is(err, upload.ErrUnknown) {
		t.Errorf("the original of a refused file: %v, want %v", err, upload.ErrUnknown)
	}
}

func TestARetryWithoutItsFileSaysSo(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	spool := upload.Spool(t.TempDir())
	q := importQueue(t, db, spool)
	defer work(t, q)()
	file := put(t, spool, []byte("x"))
	spool.Remove(file)
	j, err := upload.Start(t.Context(), db, q, staff.Local, villageRequest, file)
	if err != nil {
		t.Fatal(err)
	}
	if j = untilEnded(t, db, j.ID); j.State != job.Failed || !strings.Contains(string(j.Problem), "file_gone") {
		t.Errorf("%s: %s, want file_gone", j.State, j.Problem)
	}
}

func TestAnImportThatIsRepeatedAfterAKillMakesNoSecondDraft(t *testing.T) {
	t.Parallel()
	db := inForce(t, "cluster")
	spool := upload.Spool(t.TempDir())
	content := geoJSONOf(t, unitsOf(smallTown(t), "village"))
	q := importQueue(t, db, spool)
	j, err := upload.Start(t.Context(), db, q, staff.Local, villageRequest, put(t, spool, content))
	if err != nil {
		t.Fatal(err)
	}
	// The first process is killed after the draft was saved and before the job
	// could say so: its rows still say running, its file is still there.
	var args json.RawMessage
	if err := db.QueryRow(t.Context(), `SELECT args FROM job WHERE id = $1`, j.ID).Scan(&args); err != nil {
		t.Fatal(err)
	}
	keep := upload.Spool(t.TempDir()) // another folder: nothing is removed
	if _, err := upload.Handler(db, keep)(t.Context(), quiet, args); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE job SET state = 'running', started_at = now()`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1`); err != nil {
		t.Fatal(err)
	}
	defer work(t, importQueue(t, db, spool))()
	if j = untilEnded(t, db, j.ID); j.State != job.Done {
		t.Fatalf("%s: %s", j.State, j.Problem)
	}
	var plans int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM plan WHERE upload_id IS NOT NULL`).Scan(&plans); err != nil || plans != 1 {
		t.Errorf("%d drafts, %v; want 1", plans, err)
	}
	var result upload.Result
	if err := json.Unmarshal(j.Result, &result); err != nil || result.PlanID == 0 || result.Report == nil {
		t.Errorf("result %s, %v", j.Result, err)
	}
}

func TestAnImportThatAStopInterruptsGoesOnAtTheNextStart(t *testing.T) {
	t.Parallel()
	db := inForce(t, "cluster")
	spool := upload.Spool(t.TempDir())
	q := importQueue(t, db, spool)
	j, err := upload.Start(t.Context(), db, q, staff.Local, villageRequest, put(t, spool, geoJSONOf(t, unitsOf(smallTown(t), "village"))))
	if err != nil {
		t.Fatal(err)
	}
	// The import has to wait at the table it saves its draft to.
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `LOCK TABLE plan_unit IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	stop := work(t, q)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if now, err := job.Get(t.Context(), db, staff.Local, j.ID); err != nil || now.Stage == "saving the draft" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the import never came to saving")
		}
	}
	stop()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now, err := job.Get(t.Context(), db, staff.Local, j.ID); err != nil || now.State != job.Waiting {
		t.Errorf("after the stop: %+v, %v", now, err)
	}
	defer work(t, importQueue(t, db, spool))()
	if j = untilEnded(t, db, j.ID); j.State != job.Done {
		t.Fatalf("%s: %s", j.State, j.Problem)
	}
	var plans int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM plan WHERE upload_id IS NOT NULL`).Scan(&plans); err != nil || plans != 1 {
		t.Errorf("%d drafts, %v; want 1", plans, err)
	}
}

func TestTheSpoolIsPrivateAndSwept(t *testing.T) {
	t.Parallel()
	spool := upload.Spool(filepath.Join(t.TempDir(), "made", "on demand"))
	if err := spool.Sweep(time.Now()); err != nil {
		t.Errorf("sweeping a spool that is not there yet: %v", err)
	}
	old := put(t, spool, []byte("old"))
	for _, path := range []string{string(spool), old.Path} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v, %v; others must not read it", path, info.Mode(), err)
		}
	}
	if old.Size != 3 || old.SHA256 != sha256Of([]byte("old")) {
		t.Errorf("recorded as %+v", old)
	}
	long := time.Now().Add(-upload.Keep - time.Minute)
	if err := os.Chtimes(old.Path, long, long); err != nil {
		t.Fatal(err)
	}
	fresh := put(t, spool, []byte("fresh"))
	if _, err := os.Stat(old.Path); !os.IsNotExist(err) {
		t.Errorf("a file that waited longer than %s is still there: %v", upload.Keep, err)
	}
	if _, err := os.Stat(fresh.Path); err != nil {
		t.Errorf("a fresh file was swept: %v", err)
	}
	outside := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	spool.Remove(upload.File{Path: outside})
	spool.Remove(upload.File{Path: filepath.Join(string(spool), "..", "x")})
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a file outside the spool was removed: %v", err)
	}
	broken := io.MultiReader(strings.NewReader("half"), brokenReader{})
	if _, err := spool.Put(broken); err == nil {
		t.Error("half a file was taken in")
	}
	if n := inSpool(t, spool); n != 1 {
		t.Errorf("%d files in the spool, want the fresh one", n)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the client left") }

func TestRequestsThatCannotSucceedAreRefusedBeforeTheFileIsTakenIn(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	tests := []struct {
		name   string
		change func(*upload.Request)
		code   string
	}{
		{"no kind", func(r *upload.Request) { r.Kind = "" }, "kind_unknown"},
		{"another kind", func(r *upload.Request) { r.Kind = "photos" }, "kind_unknown"},
		{"no reference system", func(r *upload.Request) { r.CRS = "" }, ""},
		{"a reference system that is none", func(r *upload.Request) { r.CRS = "EPSG:99999" }, ""},
		{"no preset", func(r *upload.Request) { r.Preset = "" }, "preset_unknown"},
		{"another preset", func(r *upload.Request) { r.Preset = "moon" }, "preset_unknown"},
		{"no level", func(r *upload.Request) { r.Level = "" }, "level_unknown"},
		{"a level of another preset", func(r *upload.Request) { r.Level = "county" }, "level_unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := villageRequest
			tt.change(&req)
			err := upload.Validate(t.Context(), db, staff.Local, req)
			if f := fault.Of(err); f == nil || tt.code != "" && f.Code != tt.code {
				t.Errorf("got %v, want %s", err, tt.code)
			}
		})
	}
	if err := upload.Validate(t.Context(), db, staff.Local, villageRequest); err != nil {
		t.Errorf("a good request: %v", err)
	}
	_, err := upload.Now(t.Context(), db, staff.Local, upload.Request{Kind: "photos"}, upload.File{}, quiet)
	if !errors.Is(err, upload.ErrKind) {
		t.Errorf("a kind that is none: %v", err)
	}
}
