package household_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/household"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/vault"
)

// home is a household of the first micro-grid of a village in a town, with people
// around it who hold posts.
type home struct {
	owner   *pgxpool.Pool // no wall of the database
	app     *pg.Acting    // row-level security by the account of the context
	ring    *vault.Ring
	id      int64
	town    int64
	village int64
	grids   []int64
}

func newHome(t *testing.T) *home {
	t.Helper()
	dsn := pgtest.DSN(t)
	h := &home{}
	h.owner = pgtest.As(t, dsn, "")
	h.app = pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))
	var err error
	if h.ring, err = vault.OpenRing(filepath.Join(t.TempDir(), "keys.json")); err != nil {
		t.Fatal(err)
	}
	h.grids = ledgertest.Town(t, h.owner, 2)
	exec(t, h.owner, `INSERT INTO unit (code, preset, level) VALUES ('310115001', 'town-cluster', 'town')`)
	exec(t, h.owner, `
		INSERT INTO boundary (unit_id, plan_id, name, valid_from, area, label, geom)
		SELECT t.id, b.plan_id, 'town', b.valid_from, b.area, b.label, b.geom
		FROM unit t, boundary b JOIN unit v ON v.id = b.unit_id WHERE t.code = '310115001' AND v.code = '310115001001'`)
	exec(t, h.owner, `UPDATE boundary SET parent_id = t.id FROM unit t, unit v WHERE t.code = '310115001' AND v.code = '310115001001' AND unit_id = v.id`)
	if err := h.owner.QueryRow(t.Context(), `SELECT t.id, v.id FROM unit t, unit v WHERE t.code = '310115001' AND v.code = '310115001001'`).Scan(&h.town, &h.village); err != nil {
		t.Fatal(err)
	}
	at := ledgertest.At(0.5, 0.5)
	made, err := household.Add(t.Context(), h.owner, staff.Local, "", household.Dwelling{Compound: "康桥花苑", Building: "3", Doorplate: "101"}, &at)
	if err != nil || made.Unit != "310115001001001" {
		t.Fatalf("%+v, %v", made, err)
	}
	h.id = made.ID
	return h
}

func exec(t *testing.T, db pg.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

const (
	residentName  = "欧阳测试"
	residentPhone = "13912345678"
)

func (h *home) notice(t *testing.T, code string) int {
	t.Helper()
	n, err := privacy.CurrentNotice(t.Context(), h.owner, code)
	if err != nil {
		t.Fatal(err)
	}
	return n.Version
}

// leave has the linked worker take down the household's contact.
func (h *home) leave(t *testing.T) (context.Context, staff.Actor) {
	t.Helper()
	ctx, worker := stafftest.Hold(t, h.owner, staff.Worker, h.grids[0])
	c, err := household.SetContact(ctx, h.app, h.ring, worker, h.id, household.NewContact{
		Name: residentName, Phone: residentPhone, Notice: h.notice(t, privacy.HouseholdContact), How: "in-person"})
	if err != nil || c.Consent == nil || !c.Linked || c.VisitsRefused {
		t.Fatalf("%+v, %v", c, err)
	}
	return ctx, worker
}

func TestOnlyTheLinkedWorkerAndTheSupervisorSeeAContact(t *testing.T) {
	h := newHome(t)
	h.leave(t)
	tests := []struct {
		name string
		kind staff.Kind
		unit int64
		err  error
	}{
		{"the worker of its unit", staff.Worker, h.grids[0], nil},
		{"a part-time worker of its unit", staff.PartTimeWorker, h.grids[0], nil},
		{"the building head of its unit", staff.BuildingHead, h.grids[0], nil},
		{"the leader of its unit", staff.Leader, h.grids[0], nil},
		{"the leader of its village", staff.Leader, h.village, nil},
		{"the leader of the town", staff.Leader, h.town, household.ErrNotLinked},
		{"a worker of the village", staff.Worker, h.village, household.ErrNotLinked},
		{"a building head of the village", staff.BuildingHead, h.village, household.ErrNotLinked},
		{"a leader of everything", staff.Leader, 0, household.ErrNotLinked},
		{"the worker of the unit beside", staff.Worker, h.grids[1], household.ErrUnknown},
		{"a member of its unit", staff.Member, h.grids[0], staff.ErrForbidden},
		{"a planner of the town", staff.Planner, h.town, staff.ErrForbidden},
		{"a dispatcher of the town", staff.Dispatcher, h.town, staff.ErrForbidden},
		{"an administrator", staff.Administrator, 0, household.ErrUnknown},
		{"the privacy officer", staff.PrivacyOfficer, 0, household.ErrUnknown},
		{"an analyst", staff.Analyst, 0, household.ErrUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, actor := stafftest.Hold(t, h.owner, tt.kind, tt.unit)
			got, err := household.LookAtContact(ctx, h.app, h.ring, actor, h.id, household.ForVisit)
			h.wantLook(t, got, err, tt.err)
			// The first wall alone, on a connection that sees every row.
			got, err = household.LookAtContact(ctx, h.owner, h.ring, actor, h.id, household.ForVisit)
			h.wantLook(t, got, err, tt.err)
			// The second wall alone: straight in the database as this account.
			fields, err := vault.Open(ctx, h.app, h.ring, vault.Subject{Kind: "household", ID: fmt.Sprint(h.id)})
			if err != nil || (len(fields) == 2) != (tt.err == nil) {
				t.Errorf("the database shows %d fields, %v", len(fields), err)
			}
			if tt.err != nil {
				err := vault.Seal(ctx, h.app, h.ring, vault.Subject{Kind: "household", ID: fmt.Sprint(h.id)}, map[string]string{"phone": "1"})
				if err == nil {
					t.Error("the database let it be overwritten")
				}
			}
		})
	}
	ctx, _ := stafftest.Hold(t, h.owner, staff.Worker, h.grids[1])
	var told bool
	if err := h.app.QueryRow(ctx, `SELECT contact_reaches($1, $2, '{worker}')`, h.id, h.grids[:1]).Scan(&told); err != nil || told {
		t.Errorf("a stranger who names another's post learns where the household is: %v, %v", told, err)
	}
	if _, err := household.LookAtContact(t.Context(), h.owner, h.ring, staff.Local, h.id, household.ForVisit); !errors.Is(err, household.ErrNotLinked) {
		t.Errorf("the person at the machine: %v, want %v", err, household.ErrNotLinked)
	}
	if _, err := household.LookAtContact(t.Context(), h.app, h.ring, staff.Public, h.id, household.ForVisit); !errors.Is(err, household.ErrUnknown) {
		t.Errorf("the public: %v, want %v", err, household.ErrUnknown)
	}
}

func (h *home) wantLook(t *testing.T, got household.Details, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || (want == nil) != (got.Phone == residentPhone && got.Name == residentName) {
		t.Errorf("%v, %d letters; want %v", err, len(got.Name), want)
	}
	if err != nil && (strings.Contains(err.Error(), residentName) || strings.Contains(err.Error(), residentPhone)) {
		t.Error("the error holds the contact")
	}
}

func TestEveryLookIsRecordedWithItsPurposeAndWithoutTheContact(t *testing.T) {
	h := newHome(t)
	ctx, worker := h.leave(t)
	for _, why := range []household.Look{household.ForVisit, household.ForEmergency} {
		if _, err := household.LookAtContact(ctx, h.app, h.ring, worker, h.id, why); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := household.LookAtContact(ctx, h.app, h.ring, worker, h.id, "curiosity"); !errors.Is(err, household.ErrLook) {
		t.Errorf("a look without a purpose: %v", err)
	}
	var purposes, all string
	err := h.owner.QueryRow(t.Context(), `
		SELECT coalesce((SELECT string_agg(actor || ' ' || subject_id || ' ' || (detail->>'purpose'), ', ' ORDER BY id) FROM audit WHERE action = 'look-at-contact'), ''),
		       (SELECT string_agg(a::text, ' ') FROM audit a)`).Scan(&purposes, &all)
	want := fmt.Sprintf("%[1]s %[2]d visit, %[1]s %[2]d emergency", worker.Name, h.id)
	if err != nil || purposes != want {
		t.Errorf("looks %q, %v; want %q", purposes, err, want)
	}
	if strings.Contains(all, residentName) || strings.Contains(all, residentPhone) {
		t.Error("the audit holds the contact")
	}
}

func TestAContactIsInNothingButALook(t *testing.T) {
	h := newHome(t)
	ctx, worker := h.leave(t)
	one, err := household.Get(ctx, h.app, worker, h.id)
	if err != nil {
		t.Fatal(err)
	}
	list, err := household.List(ctx, h.app, worker, household.Filter{Limit: 10})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	contact, err := household.ContactOf(ctx, h.app, worker, h.id)
	if err != nil || contact.Consent == nil || contact.Consent.Version != 1 || contact.Consent.How != "in-person" {
		t.Fatalf("%+v, %v", contact, err)
	}
	for _, word := range []string{residentName, residentPhone} {
		found, err := household.List(ctx, h.app, worker, household.Filter{Text: word, Limit: 10})
		if err != nil || len(found) != 0 {
			t.Errorf("%d households are found by their contact, %v", len(found), err)
		}
	}
	details, err := household.LookAtContact(ctx, h.app, h.ring, worker, h.id, household.ForVisit)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal([]any{one, list, contact})
	if err != nil {
		t.Fatal(err)
	}
	said := string(asJSON) + fmt.Sprintf("%v %+v %#v %s", details, details, details, details) +
		fmt.Sprintf("%v %+v", household.NewContact{Name: residentName, Phone: residentPhone}, struct{ N household.NewContact }{household.NewContact{Name: residentName}})
	if strings.Contains(said, residentName) || strings.Contains(said, residentPhone) {
		t.Error("the contact is in an answer or prints")
	}
	// Who sees the household and is not linked learns that there is one, no more.
	other, member := stafftest.Hold(t, h.owner, staff.Member, h.grids[0])
	seen, err := household.ContactOf(other, h.app, member, h.id)
	if err != nil || seen.Consent == nil || seen.Linked {
		t.Errorf("a member sees %+v, %v", seen, err)
	}
	if _, err := household.ContactOf(t.Context(), h.app, staff.Public, h.id); !errors.Is(err, household.ErrUnknown) {
		t.Errorf("the public: %v", err)
	}
}

func TestAContactNeedsConsentToTheNoticeOfNow(t *testing.T) {
	h := newHome(t)
	ctx, worker := stafftest.Hold(t, h.owner, staff.Worker, h.grids[0])
	version := h.notice(t, privacy.HouseholdContact)
	good := household.NewContact{Name: residentName, Phone: residentPhone, Notice: version, How: "paper"}
	tests := []struct {
		name string
		with func(*household.NewContact)
		err  error
	}{
		{"an older notice", func(n *household.NewContact) { n.Notice = version - 1 }, privacy.ErrNoticeStale},
		{"no way of consent", func(n *household.NewContact) { n.How = "" }, privacy.ErrConsentHow},
		{"no name", func(n *household.NewContact) { n.Name = " " }, household.ErrContact},
		{"an identity number", func(n *household.NewContact) { n.Name = "11010519491231002X" }, household.ErrContact},
		{"no phone", func(n *household.NewContact) { n.Phone = "call me" }, household.ErrContact},
		{"a name too long", func(n *household.NewContact) { n.Name = strings.Repeat("某", 61) }, household.ErrContact},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := good
			tt.with(&n)
			if _, err := household.SetContact(ctx, h.app, h.ring, worker, h.id, n); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
		})
	}
	var kept int
	if err := h.owner.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM sealed) + (SELECT count(*) FROM consent)`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d rows are left of refused contacts, %v", kept, err)
	}
	if _, err := household.SetContact(ctx, h.app, h.ring, worker, h.id, good); err != nil {
		t.Fatal(err)
	}
	good.Phone = "021-55556666"
	if _, err := household.SetContact(ctx, h.app, h.ring, worker, h.id, good); err != nil {
		t.Fatal(err)
	}
	got, err := household.LookAtContact(ctx, h.app, h.ring, worker, h.id, household.ForCheck)
	if err != nil || got.Phone != good.Phone {
		t.Errorf("after a correction: %d letters, %v", len(got.Phone), err)
	}
	consents, err := privacy.Consents(t.Context(), h.owner, privacy.Whose{Kind: "household", ID: h.id})
	if err != nil || len(consents) != 1 {
		t.Errorf("%d consents, %v; want the one", len(consents), err)
	}
}

func TestAWithdrawnConsentDestroysTheContactAtOnce(t *testing.T) {
	h := newHome(t)
	ctx, worker := h.leave(t)
	if err := household.ForgetContact(ctx, h.app, h.ring, worker, h.id); err != nil {
		t.Fatal(err)
	}
	if _, err := household.LookAtContact(ctx, h.app, h.ring, worker, h.id, household.ForVisit); !errors.Is(err, household.ErrNoContact) {
		t.Errorf("looked at: %v, want %v", err, household.ErrNoContact)
	}
	if err := household.ForgetContact(ctx, h.app, h.ring, worker, h.id); !errors.Is(err, household.ErrNoContact) {
		t.Errorf("forgotten again: %v, want %v", err, household.ErrNoContact)
	}
	var sealed, keys, deletions, proofs int
	err := h.owner.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM sealed), (SELECT count(*) FROM sealed_key), (SELECT count(*) FROM deletion),
		       (SELECT count(*) FROM deletion_proof WHERE kind = 'household-contact' AND count = 1)`).Scan(&sealed, &keys, &deletions, &proofs)
	if err != nil || sealed+keys != 0 || deletions != 1 || proofs != 1 {
		t.Errorf("%d fields, %d keys, %d deletions, %d proofs, %v; want 0, 0, 1, 1", sealed, keys, deletions, proofs, err)
	}
	h.leaveAgain(t, ctx, worker)
}

func (h *home) leaveAgain(t *testing.T, ctx context.Context, worker staff.Actor) {
	t.Helper()
	_, err := household.SetContact(ctx, h.app, h.ring, worker, h.id, household.NewContact{
		Name: residentName, Phone: residentPhone, Notice: h.notice(t, privacy.HouseholdContact), How: "phone"})
	if err != nil {
		t.Errorf("given again: %v", err)
	}
}

func TestAHouseholdThatWantsNoVisitsIsNotOpenedForOne(t *testing.T) {
	h := newHome(t)
	ctx, worker := h.leave(t)
	c, err := household.SetVisits(ctx, h.app, worker, h.id, true)
	if err != nil || !c.VisitsRefused {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := household.SetVisits(ctx, h.app, worker, h.id, true); err != nil {
		t.Errorf("said twice: %v", err)
	}
	if _, err := household.LookAtContact(ctx, h.app, h.ring, worker, h.id, household.ForVisit); !errors.Is(err, household.ErrRefusedHere) {
		t.Errorf("opened for a visit: %v, want %v", err, household.ErrRefusedHere)
	}
	if _, err := household.LookAtContact(ctx, h.app, h.ring, worker, h.id, household.ForEmergency); err != nil {
		t.Errorf("opened for an emergency: %v", err)
	}
	other, stranger := stafftest.Hold(t, h.owner, staff.Worker, h.grids[1])
	if _, err := household.SetVisits(other, h.app, stranger, h.id, false); !errors.Is(err, household.ErrUnknown) {
		t.Errorf("a stranger: %v, want %v", err, household.ErrUnknown)
	}
	head, building := stafftest.Hold(t, h.owner, staff.BuildingHead, h.grids[0])
	if _, err := household.SetVisits(head, h.app, building, h.id, false); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("a building head, who records nothing: %v, want %v", err, staff.ErrForbidden)
	}
	if c, err = household.SetVisits(ctx, h.app, worker, h.id, false); err != nil || c.VisitsRefused {
		t.Errorf("welcome again: %+v, %v", c, err)
	}
}

// A copy goes through three people: the worker records, the officer grants, the
// worker takes it. The officer sees nothing of the household on the way.
func TestACopyIsGrantedByTheOfficerAndTakenOnceByTheWorker(t *testing.T) {
	h := newHome(t)
	ctx, worker := h.leave(t)
	if _, err := household.LookAtContact(ctx, h.app, h.ring, worker, h.id, household.ForVisit); err != nil {
		t.Fatal(err)
	}
	office, officer := stafftest.Hold(t, h.owner, staff.PrivacyOfficer, h.town)
	r, err := privacy.Record(ctx, h.app, h.ring, worker, privacy.NewRequest{
		Kind: privacy.Copy, Household: &h.id, Name: residentName, Phone: residentPhone, Notice: h.notice(t, privacy.RequestNotice)}, geo.DayOf(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := household.CopyFile(ctx, h.app, h.owner, h.ring, worker, r.ID); !errors.Is(err, privacy.ErrCopyNone) {
		t.Errorf("taken before it was granted: %v", err)
	}
	if r, err = privacy.Act(office, h.app, h.ring, officer, r.ID, privacy.Decision{Do: privacy.Grant, Reason: privacy.Entitled}); err != nil || r.State != privacy.Granted || len(r.Warnings) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := household.CopyFile(office, h.app, h.owner, h.ring, officer, r.ID); err == nil {
		t.Error("the officer took the copy")
	}
	other, stranger := stafftest.Hold(t, h.owner, staff.Worker, h.grids[1])
	if _, err := household.CopyFile(other, h.app, h.owner, h.ring, stranger, r.ID); err == nil {
		t.Error("a stranger took the copy")
	}
	file, err := household.CopyFile(ctx, h.app, h.owner, h.ring, worker, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, held := range []string{"康桥花苑", residentName, residentPhone, `"household-contact"`, `"purpose":"visit"`, `"copy"`} {
		if !strings.Contains(string(text), held) {
			t.Errorf("the copy lacks %s", held)
		}
	}
	if _, err := household.CopyFile(ctx, h.app, h.owner, h.ring, worker, r.ID); !errors.Is(err, privacy.ErrCopyTaken) {
		t.Errorf("taken twice: %v, want %v", err, privacy.ErrCopyTaken)
	}
	if r, err = privacy.Act(office, h.app, h.ring, officer, r.ID, privacy.Decision{Do: privacy.Finish}); err != nil || r.State != privacy.Done || r.DoneAt == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestGrantingADeletionDestroysTheContact(t *testing.T) {
	h := newHome(t)
	ctx, worker := h.leave(t)
	office, officer := stafftest.Hold(t, h.owner, staff.PrivacyOfficer, h.village)
	for _, kind := range []privacy.RequestKind{privacy.Delete, privacy.WithoutVisit} {
		r, err := privacy.Record(ctx, h.app, h.ring, worker, privacy.NewRequest{Kind: kind, Household: &h.id, Notice: h.notice(t, privacy.RequestNotice)}, geo.DayOf(time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = privacy.Act(office, h.app, h.ring, officer, r.ID, privacy.Decision{Do: privacy.Grant, Reason: privacy.Entitled}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := household.ContactOf(ctx, h.app, worker, h.id)
	if err != nil || c.Consent != nil || !c.VisitsRefused {
		t.Errorf("%+v, %v; want no consent, and no visits", c, err)
	}
	if _, err := household.LookAtContact(ctx, h.app, h.ring, worker, h.id, household.ForCheck); !errors.Is(err, household.ErrNoContact) {
		t.Errorf("looked at: %v, want %v", err, household.ErrNoContact)
	}
	var keys int
	if err := h.owner.QueryRow(t.Context(), `SELECT count(*) FROM sealed_key WHERE kind = 'household'`).Scan(&keys); err != nil || keys != 0 {
		t.Errorf("%d keys are left, %v", keys, err)
	}
	var last string
	if err := h.owner.QueryRow(t.Context(), `SELECT rule FROM deletion_proof ORDER BY id DESC LIMIT 1`).Scan(&last); err != nil || !strings.HasPrefix(last, "request ") {
		t.Errorf("proof says %q, %v", last, err)
	}
}

func TestAClosedHouseholdShowsNoContact(t *testing.T) {
	h := newHome(t)
	ctx, worker := h.leave(t)
	if _, err := household.Close(t.Context(), h.owner, staff.Local, h.id); err != nil {
		t.Fatal(err)
	}
	if _, err := household.LookAtContact(ctx, h.owner, h.ring, worker, h.id, household.ForVisit); err == nil {
		t.Error("the contact of a closed household was opened")
	}
	fields, err := vault.Open(ctx, h.app, h.ring, vault.Subject{Kind: "household", ID: fmt.Sprint(h.id)})
	if err != nil || len(fields) != 0 {
		t.Errorf("the database shows %d fields, %v", len(fields), err)
	}
	var sealed pgx.Rows
	if sealed, err = h.app.Query(ctx, `SELECT 1 FROM sealed WHERE kind = 'household'`); err != nil || sealed.Next() {
		t.Errorf("the database shows a row, %v", err)
	}
	sealed.Close()
}
