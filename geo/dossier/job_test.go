package dossier_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/dossier"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/upload"
)

// byJob is a job that made a dossier, as the queue keeps it.
func byJob(t testing.TB, db *pgxpool.Pool, m dossier.Maker, spool upload.Spool, id int64, as string) int64 {
	t.Helper()
	args := fmt.Appendf(nil, `{"plan": %d, "format": %q, "actor": "local"}`, id, as)
	made, err := m.Handler(db, spool)(t.Context(), quiet, args)
	if err != nil {
		t.Fatal(err)
	}
	result, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	var of int64
	err = db.QueryRow(t.Context(), `INSERT INTO job (kind, title, state, args, result, created_by) VALUES ('dossier', '', 'done', $1, $2, 'local') RETURNING id`, args, result).Scan(&of)
	if err != nil {
		t.Fatal(err)
	}
	return of
}

func TestADossierThatAJobMadeIsKeptForADay(t *testing.T) {
	m := maker(t)
	db, p := adopted(t)
	spool := upload.Spool(t.TempDir())
	of := byJob(t, db, m, spool, p.ID, dossier.ZIP)
	again := byJob(t, db, m, spool, p.ID, dossier.ZIP)
	if files, err := os.ReadDir(string(spool)); err != nil || len(files) != 1 {
		t.Errorf("made twice it is %d files, %v", len(files), err)
	}
	list, err := dossier.List(t.Context(), db, spool, staff.Local, p.ID)
	if err != nil || len(list) != 2 || list[0].Job != again || list[1].File == nil || list[1].File.Digest != digestOf(t, db, p) {
		t.Fatalf("%+v, %v", list, err)
	}
	if until := list[1].KeptUntil; until == nil || time.Until(*until) > upload.Keep || time.Until(*until) < upload.Keep-time.Hour {
		t.Errorf("it is kept until %v", until)
	}
	file, err := dossier.Take(t.Context(), db, spool, staff.Local, p.ID, of)
	if got := written(t, file, err); !bytes.Equal(got, dossierOf(t, m, db, p.ID, dossier.ZIP)) {
		t.Error("the job made other bytes than are made at once")
	}
	if _, err := spool.SweepBefore(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := dossier.Take(t.Context(), db, spool, staff.Local, p.ID, of); !errors.Is(err, dossier.ErrGone) {
		t.Errorf("after it was swept: %v", err)
	}
	if list, err = dossier.List(t.Context(), db, spool, staff.Local, p.ID); err != nil || list[0].KeptUntil != nil {
		t.Errorf("after it was swept it is listed as %+v, %v", list[0], err)
	}
}

func TestADossierIsTakenByWhoMayExportItsPlan(t *testing.T) {
	m := maker(t)
	db, p := adopted(t)
	spool := upload.Spool(t.TempDir())
	of := byJob(t, db, m, spool, p.ID, dossier.PDF)
	other := draftOf(t, db, "grid", "2026-07-01", plan.Record{Code: west + "001", Name: "甲", Parent: west, Area: box(0, 0, 10000, 10000)})
	for _, tt := range []struct {
		name  string
		actor staff.Actor
		plan  int64
		want  error
	}{
		{"of another plan", staff.Local, other.ID, dossier.ErrGone},
		{"nobody", staff.Public, p.ID, staff.ErrSignedOut},
		{"who does not export", clerk(t, db, town, staff.Plan), p.ID, staff.ErrForbidden},
		{"a planner of a village", clerk(t, db, west, staff.Plan, staff.Export), p.ID, plan.ErrUnknown},
	} {
		if _, err := dossier.Take(t.Context(), db, spool, tt.actor, tt.plan, of); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestAJobThatIsStoppedLeavesNoFile(t *testing.T) {
	m := maker(t)
	db, p := adopted(t)
	spool := upload.Spool(filepath.Join(t.TempDir(), "spool"))
	ctx, cancel := context.WithCancel(t.Context())
	var stages []string
	_, err := m.Handler(db, spool)(ctx, func(stage string, done, total int64) {
		if stages = append(stages, stage); total > 0 && done == 1 {
			cancel()
		}
	}, fmt.Appendf(nil, `{"plan": %d, "format": "zip", "actor": "local"}`, p.ID))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v after %q", err, stages)
	}
	if files, err := os.ReadDir(string(spool)); err != nil || len(files) != 0 {
		t.Errorf("it left %v, %v", files, err)
	}
}
