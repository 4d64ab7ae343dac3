package incident_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/incident"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/serves"
	"wangge/geo/staff"
)

// street is a town whose engine takes reports of residents, and whose reader shows them.
type street struct {
	*testing.T
	owner, engine, reader pg.Pool
	units                 []int64
	now                   time.Time
}

func newStreet(t *testing.T) *street {
	dsn := pgtest.DSN(t)
	s := &street{T: t, owner: pgtest.As(t, dsn, ""), engine: pgtest.As(t, dsn, pg.RoleEngine), reader: pgtest.As(t, dsn, pg.RoleReader),
		now: time.Date(2026, 9, 21, 2, 0, 0, 0, time.UTC)}
	s.units = ledgertest.Town(t, s.owner, 2)
	s.exec(`UPDATE setting SET value = '"true"' WHERE key = 'public_report'`)
	return s
}

func (s *street) exec(sql string, args ...any) {
	s.Helper()
	if _, err := s.owner.Exec(s.Context(), sql, args...); err != nil {
		s.Fatalf("%s: %v", sql, err)
	}
}

func (s *street) words(x, y float64) incident.Words {
	at := ledgertest.At(x, y).Degrees()
	return incident.Words{ID: uuid.New(), Category: "0102", Text: "路口有垃圾", Question: serves.Question{Point: &at}}
}

func (s *street) tell(w incident.Words) incident.Receipt {
	s.Helper()
	got, err := incident.Tell(s.Context(), s.engine, w, s.now)
	if err != nil {
		s.Fatal(err)
	}
	return got
}

// untilSomebodyWaits returns once a statement waits for the lock of another.
func (s *street) untilSomebodyWaits() {
	s.Helper()
	for begun := time.Now(); time.Since(begun) < 20*time.Second; {
		var waits bool
		err := s.owner.QueryRow(s.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits)
		if err != nil {
			s.Fatal(err)
		}
		if waits {
			return
		}
	}
	s.Fatal("nobody waits")
}

func TestAResidentReportsAndLooksItUp(t *testing.T) {
	s := newStreet(t)
	var leader int64
	if err := s.owner.QueryRow(t.Context(), `INSERT INTO post (kind, unit_id, valid_from) VALUES ('leader', $1, '2024-01-01') RETURNING id`, s.units[0]).Scan(&leader); err != nil {
		t.Fatal(err)
	}
	s.exec(`WITH c AS (INSERT INTO account (login) VALUES ('l') RETURNING id)
		INSERT INTO holder (post_id, rank, account_id, valid_from) SELECT $1, 'A', id, '2024-01-01' FROM c`, leader)
	w := s.words(0.5, 0.5)
	w.Text = "楼道堆物，请打 138 1234 5678 或 11010519491231002X"
	got := s.tell(w)
	if got.Redacted != 2 || got.State != incident.Received || got.PostZh != "网格长" || got.Unit == "" || got.DueAt == nil || got.Limit == nil || got.Limit.Amount != 2 || len(got.Code) != 14 {
		t.Errorf("receipt %+v", got)
	}
	kept, err := incident.Get(t.Context(), s.owner, staff.Local, w.ID)
	if err != nil || kept.Text != "楼道堆物，请打 *** 或 ***" || kept.Source != incident.Resident || kept.Unit != "310115001001001" {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if again := s.tell(w); again.Code != got.Code || again.Redacted != 2 {
		t.Errorf("sent again: %+v", again)
	}
	w.Text = "别的"
	if _, err := incident.Tell(t.Context(), s.engine, w, s.now); !errors.Is(err, incident.ErrExists) {
		t.Errorf("the same id with other words: %v", err)
	}
	for _, code := range []string{got.Code, strings.ToLower(got.Code), strings.ReplaceAll(got.Code, "-", " "), strings.NewReplacer("0", "o", "1", "l").Replace(got.Code)} {
		if standing, err := incident.StandingOf(t.Context(), s.engine, code); err != nil || standing.Number != got.Number {
			t.Errorf("%q: %+v, %v", code, standing, err)
		}
	}
	text, _ := json.Marshal(got)
	for _, secret := range []string{w.ID.String(), "堆物", "1215", fmt.Sprint((*w.Point)[0])} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the receipt tells %s: %s", secret, text)
		}
	}
	for _, do := range []incident.Doing{{Act: incident.ToAccept}, {Act: incident.ToDispatch}} {
		do.ID = uuid.New()
		if _, err := incident.Do(t.Context(), s.owner, s.owner, staff.Local, w.ID, do, s.now); err != nil {
			t.Fatal(err)
		}
	}
	if standing, err := incident.StandingOf(t.Context(), s.engine, got.Code); err != nil || standing.State != incident.InHand || standing.Limit.Amount != 4 {
		t.Errorf("dispatched: %+v, %v", standing, err)
	}
	s.exec(`UPDATE incident SET state = 'reported'`)
	if _, err := incident.Do(t.Context(), s.owner, s.owner, staff.Local, w.ID, incident.Doing{ID: uuid.New(), Act: incident.ToClose, Reason: "not-admitted"}, s.now); err != nil {
		t.Fatal(err)
	}
	if standing, err := incident.StandingOf(t.Context(), s.engine, got.Code); err != nil || standing.State != incident.Done || standing.Reason == nil || standing.Reason.Code != "not-admitted" || standing.DueAt != nil {
		t.Errorf("closed: %+v, %v", standing, err)
	}
	if _, err := incident.StandingOf(t.Context(), s.engine, "0000-0000-0000"); !errors.Is(err, incident.ErrReceipt) {
		t.Errorf("a code of nobody: %v", err)
	}
}

func TestAReportSentTwiceAtOnceHasOneReceipt(t *testing.T) {
	s := newStreet(t)
	w := s.words(0.5, 0.5)
	got := make([]incident.Receipt, 6)
	var each errgroup.Group
	for n := range got {
		each.Go(func() (err error) {
			got[n], err = incident.Tell(t.Context(), s.engine, w, s.now)
			return err
		})
	}
	if err := each.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		if r.Code != got[0].Code {
			t.Errorf("two receipts, %s and %s", r.Code, got[0].Code)
		}
	}
}

func TestWhatResidentsCannotReport(t *testing.T) {
	s := newStreet(t)
	at := func(change func(*incident.Words)) incident.Words {
		w := s.words(0.5, 0.5)
		change(&w)
		return w
	}
	outside := ledgertest.At(9.5, 9.5).Degrees()
	for name, tt := range map[string]struct {
		words incident.Words
		want  error
	}{
		"a dispute":         {at(func(w *incident.Words) { w.Category = "1101" }), incident.ErrCategory},
		"no class":          {at(func(w *incident.Words) { w.Category = "" }), incident.ErrCategory},
		"too many words":    {at(func(w *incident.Words) { w.Text = strings.Repeat("字", 201) }), incident.ErrText},
		"another town":      {at(func(w *incident.Words) { w.Point = &outside }), serves.ErrNowhere},
		"no place":          {at(func(w *incident.Words) { w.Point = nil }), serves.ErrAsk},
		"an impossible one": {at(func(w *incident.Words) { w.Point[0] = 500 }), serves.ErrPlace},
		"no such address":   {at(func(w *incident.Words) { w.Point, w.Address = nil, "无此路" }), serves.ErrNowhere},
	} {
		if _, err := incident.Tell(t.Context(), s.engine, tt.words, s.now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if err := incident.SetListed(t.Context(), s.engine, staff.Local, []string{"01", "0102", "11", "1101"}); err != nil {
		t.Fatal(err)
	}
	if err := incident.SetListed(t.Context(), s.engine, staff.Local, []string{"8888"}); !errors.Is(err, incident.ErrCategory) {
		t.Errorf("a class that is none: %v", err)
	}
	if err := incident.SetListed(t.Context(), s.engine, staff.Actor{Name: "x", Grants: []staff.Grant{{Unit: 1, May: []staff.Permission{staff.Setting}}}}, nil); !errors.Is(err, staff.ErrOutside) {
		t.Errorf("an administrator of one unit: %v", err)
	}
	s.tell(at(func(w *incident.Words) { w.Category = "1101" }))
	s.exec(`UPDATE setting SET value = '"2"' WHERE key = 'public_report_daily'`)
	s.tell(s.words(1.5, 1.5))
	if _, err := incident.Tell(t.Context(), s.engine, s.words(0.5, 1.5), s.now); !errors.Is(err, incident.ErrFull) {
		t.Errorf("a third of the day: %v", err)
	}
	s.now = s.now.AddDate(0, 0, 1)
	s.tell(s.words(0.5, 1.5))
	s.exec(`UPDATE setting SET value = '"false"' WHERE key = 'public_report'`)
	if _, err := incident.Tell(t.Context(), s.engine, s.words(0.5, 0.5), s.now); !errors.Is(err, incident.ErrReportOff) {
		t.Errorf("switched off: %v", err)
	}
}

// What everybody sees: no place of its own, no words, nothing private, and nothing where few
// live.
func TestWhatEverybodyMayKnow(t *testing.T) {
	s := newStreet(t)
	s.exec(`INSERT INTO publication (published_on, reason, least, published_by) VALUES ('2026-09-01', 'first', 10, 't')`)
	s.exec(`INSERT INTO published_count (publication_id, unit_id, attribute, value) VALUES (1, $1, 'households', 40), (1, $2, 'households', 12), (1, $3, 'households', NULL), (1, $4, 'households', 7)`,
		s.units[0], s.units[1], s.units[2], s.units[3])
	lived := cell.At(ledgertest.At(0.5, 0.5)).Parent(9)
	s.exec(`INSERT INTO published_cell (publication_id, top_id, cell, attribute, value) SELECT 1, id, $1, 'households', 20 FROM unit WHERE code = '310115001001'`, int64(lived))
	inCell, inUnit, hidden, few := s.tell(s.words(0.5, 0.5)), s.tell(s.words(1.1, 0.1)), s.tell(s.words(0.5, 1.5)), s.tell(s.words(1.5, 1.5))
	private := s.words(0.5, 0.5)
	private.Private = true
	secret := s.tell(private)
	today := geo.DayOf(s.now)
	f := incident.OpenFilter{From: today, To: geo.DayOf(s.now.AddDate(0, 0, 1))}
	list, err := incident.OpenList(t.Context(), s.reader, f)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d are shown, want 2: %+v, %v", len(list), list, err)
	}
	by := map[string]incident.Seen{}
	for _, one := range list {
		by[one.Number] = one
	}
	if one := by[inCell.Number]; one.Cell != lived.String() || one.Point != lived.Center().Degrees() || one.Day != today || one.State != incident.Received {
		t.Errorf("where people live: %+v", one)
	}
	if one := by[inUnit.Number]; one.Cell != "" || one.Point != ledgertest.At(0.5, 0.5).Degrees() || one.Unit != "unit 310115001001002" { // the town's labels all lie there
		t.Errorf("elsewhere: %+v", one)
	}
	// Near a place is what is shown there, whether it happened there or not.
	for _, tt := range []struct {
		x, y float64
		want []string
	}{
		{0.5, 0.5, []string{inCell.Number}},
		{1.9, 0.9, []string{inUnit.Number}},
		{0.5, 1.5, []string{}}, // it is not shown
		{9.5, 9.5, []string{}},
	} {
		near := ledgertest.At(tt.x, tt.y)
		f := f
		f.Near = &near
		list, err := incident.OpenList(t.Context(), s.reader, f)
		got := []string{}
		for _, one := range list {
			got = append(got, one.Number)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("near %v, %v: %v, %v; want %v", tt.x, tt.y, got, err, tt.want)
		}
	}
	numbers := []string{hidden.Number, few.Number, secret.Number, "x"}
	if list, err := incident.OpenList(t.Context(), s.reader, incident.OpenFilter{Numbers: numbers}); err != nil || len(list) != 0 {
		t.Errorf("asked for by number: %+v, %v", list, err)
	}
	// A unit above whose households are published stands for one of which they are not.
	s.exec(`INSERT INTO published_count (publication_id, unit_id, attribute, value) SELECT 1, id, 'households', 60 FROM unit WHERE code = '310115001001'`)
	if list, err := incident.OpenList(t.Context(), s.reader, incident.OpenFilter{Numbers: numbers}); err != nil || len(list) != 2 || list[0].Unit != "unit 310115001001" {
		t.Errorf("with the village: %+v, %v", list, err)
	}
	if list, err := incident.OpenList(t.Context(), s.reader, incident.OpenFilter{From: f.From, To: f.To, Categories: []string{"02"}}); err != nil || len(list) != 0 {
		t.Errorf("another class: %+v, %v", list, err)
	}
	if _, err := incident.OpenList(t.Context(), s.reader, incident.OpenFilter{From: geo.DayOf(s.now.AddDate(0, 0, -91)), To: today}); !errors.Is(err, incident.ErrOpenPeriod) {
		t.Errorf("91 days: %v", err)
	}
	text, _ := json.Marshal(list)
	for _, no := range []string{"路口", private.ID.String(), secret.Number, "02:00"} {
		if strings.Contains(string(text), no) {
			t.Errorf("shows %s: %s", no, text)
		}
	}
	for _, x := range []float64{0, 0.37, 1.3, 1.99} {
		c := cell.At(ledgertest.At(x, x))
		var got int64
		if err := s.reader.QueryRow(t.Context(), `SELECT cell_9($1)`, int64(c)).Scan(&got); err != nil || cell.Cell(got) != c.Parent(9) {
			t.Errorf("cell_9(%s) = %s, %v; want %s", c, cell.Cell(got), err, c.Parent(9))
		}
	}
}
