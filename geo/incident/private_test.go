package incident_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"wangge/geo/calendar"
	"wangge/geo/incident"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/privacy"
	"wangge/geo/staff"
)

// The text of an incident goes after its time, the incident stays.
func TestTheTextOfAClosedIncidentGoes(t *testing.T) {
	d := newDesk(t)
	ids := map[string]uuid.UUID{}
	for name, closed := range map[string]*time.Time{"long ago": new(d.now.AddDate(-2, 0, 0)), "lately": new(d.now.AddDate(0, -1, 0)), "open": nil} {
		got, _, err := incident.Report(t.Context(), d.tx, d.tx, d.leaders[0], incident.New{ID: uuid.New(), Category: "0102", Text: name, ReportedAt: d.now, Point: ledgertest.At(0.5, 0.5)}, d.now)
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = got.ID
		if _, err := d.tx.Exec(t.Context(), `UPDATE incident SET closed_at = $2 WHERE id = $1`, got.ID, closed); err != nil {
			t.Fatal(err)
		}
	}
	swept, err := privacy.Sweeps()["incident-text"](t.Context(), d.tx, nil, d.now.AddDate(-1, 0, 0), 100)
	if err != nil || len(swept) != 1 || swept[0] != ids["long ago"].String() {
		t.Errorf("swept %v, %v", swept, err)
	}
	for name, id := range ids {
		want := name
		if name == "long ago" {
			want = ""
		}
		if got, err := incident.Get(t.Context(), d.tx, staff.Local, id); err != nil || got.Text != want {
			t.Errorf("%s: text %q, %v; want %q", name, got.Text, err, want)
		}
	}
}

// A private incident that is moved becomes another post's: who moved it reads it no more.
func TestAPrivateIncidentThatIsMovedGoesWithItsPost(t *testing.T) {
	d := newDesk(t)
	both, _ := d.post(staff.Worker, d.village)
	got, _, err := incident.Report(t.Context(), d.tx, d.tx, both, incident.New{ID: uuid.New(), Category: "1101", Private: true, ReportedAt: d.now, Point: ledgertest.At(0.5, 0.5)}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	reads := func(by staff.Actor) bool {
		_, err := incident.Get(t.Context(), d.tx, by, got.ID)
		return err == nil
	}
	if !reads(d.leaders[0]) || reads(d.leaders[1]) || !reads(both) || !reads(d.dispatcher) {
		t.Errorf("first: leader %v, next leader %v, reporter %v, dispatcher %v", reads(d.leaders[0]), reads(d.leaders[1]), reads(both), reads(d.dispatcher))
	}
	if moved, err := d.try(d.dispatcher, got.ID, incident.Doing{Act: incident.ToMove, Reason: "pin-wrong", Point: ledgertest.At(1.5, 0.5)}); err != nil || moved.Unit != "310115001001002" {
		t.Fatal(moved.Unit, err)
	}
	if reads(d.leaders[0]) || !reads(d.leaders[1]) || !reads(both) {
		t.Errorf("then: leader %v, next leader %v, reporter %v", reads(d.leaders[0]), reads(d.leaders[1]), reads(both))
	}
}

// Another town works at other hours: open deadlines move when it says so.
func TestWorkingHoursOfATown(t *testing.T) {
	d := newDesk(t)
	open := d.report(d.leaders[0], 0.5, 0.5, "0102")
	if got := china(open.DueAt); got != "09-21 12:00" {
		t.Fatalf("due %s", got)
	}
	if err := incident.SetHours(t.Context(), d.tx, staff.Local, "08:00-11:00,15:00-18:00"); err != nil {
		t.Fatal(err)
	}
	if now, err := incident.Get(t.Context(), d.tx, staff.Local, open.ID); err != nil || china(now.DueAt) != "09-21 16:00" {
		t.Errorf("due %s, %v; want 16:00", china(now.DueAt), err)
	}
	if err := incident.SetHours(t.Context(), d.tx, staff.Local, "08:00"); !errors.Is(err, calendar.ErrHours) {
		t.Errorf("no hours: %v", err)
	}
	if err := incident.SetHours(t.Context(), d.tx, d.leaders[0], "08:00-12:00"); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("a leader: %v", err)
	}
	if err := incident.SetHours(t.Context(), d.tx, staff.Actor{Name: "x", Grants: []staff.Grant{{Unit: d.village, May: []staff.Permission{staff.Setting}}}}, "08:00-12:00"); !errors.Is(err, staff.ErrOutside) {
		t.Errorf("an administrator of one unit: %v", err)
	}
}
