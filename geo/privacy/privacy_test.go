package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/vault"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// office is a database with two units and people who hold posts.
type office struct {
	owner *pgxpool.Pool // no wall of the database
	app   *pg.Acting    // row-level security by the account of the context
	ring  *vault.Ring
	units []int64
}

func newOffice(t *testing.T) *office {
	t.Helper()
	dsn := pgtest.DSN(t)
	o := &office{owner: pgtest.As(t, dsn, ""), app: pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))}
	var err error
	if o.ring, err = vault.OpenRing(filepath.Join(t.TempDir(), "keys.json")); err != nil {
		t.Fatal(err)
	}
	o.units = ledgertest.Town(t, o.owner, 2)
	return o
}

func (o *office) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := o.owner.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (o *office) count1(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := o.owner.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func day(t *testing.T, text string) geo.Day {
	t.Helper()
	d, err := geo.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestARequestIsDueFifteenWorkingDaysAfterReceipt(t *testing.T) {
	tests := []struct{ name, received, due string }{
		{"on a Monday", "2026-11-02", "2026-11-23"},
		{"on a Friday", "2026-11-06", "2026-11-27"},
		{"on a Saturday", "2026-11-07", "2026-11-27"},
		{"on a Sunday", "2026-11-08", "2026-11-27"},
		{"over a year's end", "2026-12-21", "2027-01-11"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := privacy.DueOn(day(t, tt.received)); got != day(t, tt.due) {
				t.Errorf("due on %s, want %s", got, tt.due)
			}
		})
	}
}

func TestARequestMovesOnlyForward(t *testing.T) {
	tests := []struct {
		name string
		from privacy.State
		do   privacy.Action
		want privacy.State
		err  error
	}{
		{"taken up", privacy.Received, privacy.Review, privacy.InReview, nil},
		{"granted at once", privacy.Received, privacy.Grant, privacy.Granted, nil},
		{"refused at once", privacy.Received, privacy.Refuse, privacy.Refused, nil},
		{"granted", privacy.InReview, privacy.Grant, privacy.Granted, nil},
		{"refused", privacy.InReview, privacy.Refuse, privacy.Refused, nil},
		{"told of the grant", privacy.Granted, privacy.Finish, privacy.Done, nil},
		{"told of the refusal", privacy.Refused, privacy.Finish, privacy.Done, nil},
		{"finished without a decision", privacy.InReview, privacy.Finish, "", privacy.ErrAction},
		{"taken up twice", privacy.InReview, privacy.Review, "", privacy.ErrAction},
		{"decided again", privacy.Granted, privacy.Refuse, "", privacy.ErrAction},
		{"decided after the end", privacy.Done, privacy.Grant, "", privacy.ErrAction},
		{"no action", privacy.Received, "", "", privacy.ErrAction},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := privacy.Next(tt.from, tt.do)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Next(%s, %s) = %q, %v; want %q, %v", tt.from, tt.do, got, err, tt.want, tt.err)
			}
		})
	}
}

var today = geo.DayOf(time.Now())

func TestRequestsAreSeenByTheirOfficerAndWhoRecordedThem(t *testing.T) {
	o := newOffice(t)
	desk, worker := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])
	r, err := privacy.Record(desk, o.app, o.ring, worker, privacy.NewRequest{
		Kind: privacy.Correct, Address: "不在台账的路 9 号", Name: "申请人甲", Phone: "13711112222", Notice: 1}, today)
	if err != nil || r.State != privacy.Received || r.DueOn != privacy.DueOn(today) || r.Overdue || r.RecordedBy != worker.Name {
		t.Fatalf("%+v, %v", r, err)
	}
	tests := []struct {
		name string
		kind staff.Kind
		unit int64
		sees bool
	}{
		{"the officer of everything", staff.PrivacyOfficer, 0, true},
		{"the officer of the unit", staff.PrivacyOfficer, o.units[0], true},
		{"the officer of another unit", staff.PrivacyOfficer, o.units[1], false},
		{"a colleague in the unit", staff.Worker, o.units[0], false},
		{"an administrator", staff.Administrator, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, actor := stafftest.Hold(t, o.owner, tt.kind, tt.unit)
			for wall, db := range map[string]pg.DB{"both walls": o.app, "the program's wall": o.owner} {
				list, err := privacy.Requests(ctx, db, actor, privacy.RequestFilter{Limit: 10})
				if err != nil || (len(list) == 1) != tt.sees {
					t.Errorf("%s: %d in the list, %v", wall, len(list), err)
				}
				a, err := privacy.LookAtApplicant(ctx, db, o.ring, actor, r.ID)
				if (err == nil) != tt.sees || (a.Phone != "") != tt.sees || !tt.sees && !errors.Is(err, privacy.ErrRequestUnknown) {
					t.Errorf("%s: the applicant: %v", wall, err)
				}
			}
			var rows int
			if err := o.app.QueryRow(ctx, `SELECT (SELECT count(*) FROM request) + (SELECT count(*) FROM sealed)`).Scan(&rows); err != nil || (rows == 4) != tt.sees || !tt.sees && rows != 0 {
				t.Errorf("the database shows %d rows, %v", rows, err)
			}
		})
	}
	if n := o.count1(t, `SELECT count(*) FROM audit WHERE action = 'look' AND subject = 'request' AND subject_id = $1`, fmt.Sprint(r.ID)); n != 4 {
		t.Errorf("%d looks at the applicant are recorded, want 4", n)
	}
	var dump string
	if err := o.owner.QueryRow(t.Context(), `SELECT (SELECT string_agg(r::text, ' ') FROM request r) || (SELECT string_agg(a::text, ' ') FROM audit a)`).Scan(&dump); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"申请人甲", "13711112222", "不在台账"} {
		if strings.Contains(dump, value) {
			t.Errorf("%s is readable in the database", value)
		}
	}
}

func TestARequestThatMakesNoSenseIsRefused(t *testing.T) {
	o := newOffice(t)
	desk, worker := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])
	_, member := stafftest.Hold(t, o.owner, staff.Member, o.units[0])
	nowhere := int64(4711)
	yesterday, tomorrow, long := geo.DayOf(time.Now().AddDate(0, 0, -1)), geo.DayOf(time.Now().AddDate(0, 0, 1)), geo.DayOf(time.Now().AddDate(0, 0, -61))
	good := privacy.NewRequest{Kind: privacy.Object, Address: "某路 1 号", Notice: 1, ReceivedOn: &yesterday}
	tests := []struct {
		name  string
		actor staff.Actor
		with  func(*privacy.NewRequest)
		err   error
	}{
		{"an unknown right", worker, func(n *privacy.NewRequest) { n.Kind = "revenge" }, privacy.ErrRequestKind},
		{"no subject", worker, func(n *privacy.NewRequest) { n.Address = "" }, privacy.ErrRequestSubject},
		{"two subjects", worker, func(n *privacy.NewRequest) { n.Household = &nowhere }, privacy.ErrRequestSubject},
		{"a household that is not there", worker, func(n *privacy.NewRequest) { n.Household, n.Address = &nowhere, "" }, privacy.ErrRequestHome},
		{"received tomorrow", worker, func(n *privacy.NewRequest) { n.ReceivedOn = &tomorrow }, privacy.ErrRequestDate},
		{"received long ago", worker, func(n *privacy.NewRequest) { n.ReceivedOn = &long }, privacy.ErrRequestDate},
		{"another notice shown", worker, func(n *privacy.NewRequest) { n.Notice = 7 }, privacy.ErrNoticeStale},
		{"by who may record nothing", member, func(*privacy.NewRequest) {}, staff.ErrForbidden},
		{"by the public", staff.Public, func(*privacy.NewRequest) {}, staff.ErrSignedOut},
		{"a good one", worker, func(*privacy.NewRequest) {}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := good
			tt.with(&n)
			got, err := privacy.Record(desk, o.app, o.ring, tt.actor, n, today)
			if !errors.Is(err, tt.err) || tt.err == nil && got.DueOn != privacy.DueOn(yesterday) {
				t.Errorf("%+v, %v; want %v", got, err, tt.err)
			}
		})
	}
}

func TestADecisionNeedsTheOfficerAndAReason(t *testing.T) {
	o := newOffice(t)
	desk, worker := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])
	office, officer := stafftest.Hold(t, o.owner, staff.PrivacyOfficer, o.units[0])
	other, stranger := stafftest.Hold(t, o.owner, staff.PrivacyOfficer, o.units[1])
	r, err := privacy.Record(desk, o.app, o.ring, worker, privacy.NewRequest{Kind: privacy.Delete, Address: "某路 1 号", Notice: 1}, today)
	if err != nil {
		t.Fatal(err)
	}
	refuse := privacy.Decision{Do: privacy.Refuse, Reason: privacy.LegalDuty, Explanation: "依法应当保存"}
	tests := []struct {
		name  string
		ctx   context.Context
		actor staff.Actor
		d     privacy.Decision
		err   error
	}{
		{"by who recorded it, a worker", desk, worker, refuse, staff.ErrForbidden},
		{"by the officer of another unit", other, stranger, refuse, privacy.ErrRequestUnknown},
		{"granted without a reason", office, officer, privacy.Decision{Do: privacy.Grant}, privacy.ErrReason},
		{"refused as entitled", office, officer, privacy.Decision{Do: privacy.Refuse, Reason: privacy.Entitled, Explanation: "x"}, privacy.ErrReason},
		{"refused without a word", office, officer, privacy.Decision{Do: privacy.Refuse, Reason: privacy.LegalDuty}, privacy.ErrReason},
		{"with a phone in the explanation", office, officer, privacy.Decision{Do: privacy.Refuse, Reason: privacy.OtherReason, Explanation: "已致电 13712345678"}, privacy.ErrPersonal},
		{"finished before a decision", office, officer, privacy.Decision{Do: privacy.Finish}, privacy.ErrAction},
		{"taken up", office, officer, privacy.Decision{Do: privacy.Review}, nil},
		{"refused", office, officer, refuse, nil},
		{"refused again", office, officer, refuse, privacy.ErrAction},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := privacy.Act(tt.ctx, o.app, o.ring, tt.actor, r.ID, tt.d)
			if !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
		})
	}
	r, err = privacy.GetRequest(office, o.app, officer, r.ID)
	if err != nil || r.State != privacy.Refused || r.AssignedTo == nil || *r.AssignedTo != officer.Name || r.Explanation == "" || len(r.Warnings) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if n := o.count1(t, `SELECT count(*) FROM audit WHERE subject = 'request' AND action IN ('record', 'review', 'refuse')`); n != 3 {
		t.Errorf("%d steps in the audit, want 3", n)
	}
	// One who records and decides is told, not stopped.
	r, err = privacy.Record(office, o.app, o.ring, officer, privacy.NewRequest{Kind: privacy.Object, Address: "某路 2 号", Notice: 1}, today)
	if err != nil {
		t.Fatal(err)
	}
	r, err = privacy.Act(office, o.app, o.ring, officer, r.ID, privacy.Decision{Do: privacy.Grant, Reason: privacy.Entitled})
	if err != nil || fmt.Sprint(r.Warnings) != "[decided_by_recorder]" {
		t.Errorf("warnings %v, %v", r.Warnings, err)
	}
}

func TestOverdueRequestsAreListedByTheirDate(t *testing.T) {
	o := newOffice(t)
	office, officer := stafftest.Hold(t, o.owner, staff.PrivacyOfficer, 0)
	for _, ago := range []int{40, 30, 1} {
		received := geo.DayOf(time.Now().AddDate(0, 0, -ago))
		if _, err := privacy.Record(office, o.app, o.ring, officer, privacy.NewRequest{Kind: privacy.Object, Address: "某路", Notice: 1, ReceivedOn: &received}, today); err != nil {
			t.Fatal(err)
		}
	}
	list, err := privacy.Requests(office, o.app, officer, privacy.RequestFilter{Overdue: true, Limit: 10})
	if err != nil || len(list) != 2 || !list[0].Overdue || !list[0].DueOn.Before(list[1].DueOn) {
		t.Fatalf("overdue %+v, %v; want the two old ones", list, err)
	}
	for _, do := range []privacy.Decision{{Do: privacy.Grant, Reason: privacy.Entitled}, {Do: privacy.Finish}} {
		if _, err := privacy.Act(office, o.app, o.ring, officer, list[0].ID, do); err != nil {
			t.Fatal(err)
		}
	}
	if list, err = privacy.Requests(office, o.app, officer, privacy.RequestFilter{Overdue: true, Limit: 10}); err != nil || len(list) != 1 {
		t.Errorf("%d overdue after one was answered, %v", len(list), err)
	}
	if list, err = privacy.Requests(office, o.app, officer, privacy.RequestFilter{Open: true, Limit: 10}); err != nil || len(list) != 2 {
		t.Errorf("%d open, %v", len(list), err)
	}
}

func TestTheNoticesOfTheInstallationAreInChineseScript(t *testing.T) {
	var wrong []string
	err := pgtest.Tx(t).QueryRow(t.Context(), `SELECT coalesce(array_agg(notice ORDER BY notice), '{}') FROM notice_version WHERE text_zh ~ '[,:;?!]' OR title_zh ~ '[,:;?!]'`).Scan(&wrong)
	if err != nil || len(wrong) > 0 {
		t.Errorf("notices with commas of another script: %v, %v", wrong, err)
	}
}

func TestNoticesHaveVersionsAndConsentsReferToThem(t *testing.T) {
	o := newOffice(t)
	office, officer := stafftest.Hold(t, o.owner, staff.PrivacyOfficer, 0)
	local, townOfficer := stafftest.Hold(t, o.owner, staff.PrivacyOfficer, o.units[0])
	desk, worker := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])

	if err := privacy.AgreeSelf(desk, o.app, worker, privacy.StaffTracking, 1); err != nil {
		t.Fatal(err)
	}
	first, err := privacy.CurrentNotice(desk, o.app, privacy.StaffTracking)
	if err != nil || first.Version != 1 || first.TextZh == "" || first.TextEn == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	text := first.NoticeText
	text.TextZh += "(修订)"
	for name, actor := range map[string]staff.Actor{"a worker": worker, "the officer of one unit": townOfficer} {
		if _, err := privacy.PublishNotice(local, o.owner, actor, privacy.StaffTracking, 1, text); !errors.Is(err, staff.ErrForbidden) {
			t.Errorf("published by %s: %v", name, err)
		}
	}
	if _, err := privacy.PublishNotice(local, o.app, officer, privacy.StaffTracking, 1, text); !pg.ErrCode(err, "42501") {
		t.Errorf("the database let the officer of one unit publish: %v", err)
	}
	if _, err := privacy.PublishNotice(office, o.app, officer, "no-such", 1, text); !errors.Is(err, privacy.ErrNoticeUnknown) {
		t.Errorf("an unknown notice: %v", err)
	}
	if _, err := privacy.PublishNotice(office, o.app, officer, privacy.StaffTracking, 1, privacy.NoticeText{TitleZh: "x"}); !errors.Is(err, privacy.ErrTextEmpty) {
		t.Errorf("in one language: %v", err)
	}
	if v, err := privacy.PublishNotice(office, o.app, officer, privacy.StaffTracking, 1, text); err != nil || v != 2 {
		t.Fatalf("version %d, %v", v, err)
	}
	if _, err := privacy.PublishNotice(office, o.app, officer, privacy.StaffTracking, 1, text); !errors.Is(err, privacy.ErrTextStale) {
		t.Errorf("on an older one: %v", err)
	}
	history, err := privacy.NoticeHistory(desk, o.app, privacy.StaffTracking)
	if err != nil || len(history) != 2 || history[1].TextZh != first.TextZh {
		t.Errorf("%d versions, %v", len(history), err)
	}

	if err := privacy.AgreeSelf(desk, o.app, worker, privacy.StaffTracking, 1); !errors.Is(err, privacy.ErrNoticeStale) {
		t.Errorf("consent to the old text: %v", err)
	}
	if err := privacy.AgreeSelf(desk, o.app, worker, privacy.AccountNotice, 1); !errors.Is(err, privacy.ErrConsentSelf) {
		t.Errorf("consent to what asks for none: %v", err)
	}
	if err := privacy.AgreeSelf(desk, o.app, worker, privacy.StaffTracking, 2); err != nil {
		t.Fatal(err)
	}
	whose := privacy.Whose{Kind: "account", ID: worker.Account}
	consents, err := privacy.Consents(desk, o.app, whose)
	if err != nil || len(consents) != 2 || consents[0].Version != 2 || consents[0].WithdrawnAt != nil || consents[1].WithdrawnAt == nil {
		t.Errorf("%+v, %v", consents, err)
	}
	if seen, err := privacy.Consents(local, o.app, whose); err != nil || len(seen) != 0 {
		t.Errorf("a colleague sees %d of the worker's consents, %v", len(seen), err)
	}
	if err := privacy.WithdrawSelf(desk, o.app, worker, privacy.StaffTracking); err != nil {
		t.Fatal(err)
	}
	if err := privacy.WithdrawSelf(desk, o.app, worker, privacy.StaffTracking); !errors.Is(err, privacy.ErrConsentNone) {
		t.Errorf("withdrawn twice: %v", err)
	}
	if now, err := privacy.Consented(desk, o.app, whose, privacy.StaffTracking); err != nil || now != nil {
		t.Errorf("consent after it was withdrawn: %+v, %v", now, err)
	}
}

func TestThePurposeRegisterHasVersionsInTwoLanguages(t *testing.T) {
	o := newOffice(t)
	office, officer := stafftest.Hold(t, o.owner, staff.PrivacyOfficer, 0)
	desk, worker := stafftest.Hold(t, o.owner, staff.Worker, o.units[0])
	list, err := privacy.Purposes(desk, o.app, worker)
	if err != nil || len(list) != 4 {
		t.Fatalf("%d purposes, %v", len(list), err)
	}
	fields := 0
	for _, p := range list {
		fields += len(p.Fields)
		for _, text := range []string{p.TitleZh, p.TitleEn, p.WhyZh, p.WhyEn, p.Article, p.BasisZh, p.BasisEn, p.KeepZh, p.KeepEn, p.SeenByZh, p.SeenByEn} {
			if text == "" {
				t.Errorf("%s has an empty text", p.Code)
			}
		}
	}
	if fields != 9 {
		t.Errorf("%d fields in the register, want 9", fields)
	}
	text := list[0].PurposeText
	text.WhyEn = "A better reason"
	if _, err := privacy.PublishPurpose(desk, o.app, worker, list[0].Code, 1, text); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("by a worker: %v", err)
	}
	if _, err := privacy.PublishPurpose(office, o.app, officer, list[0].Code, 9, text); !errors.Is(err, privacy.ErrTextStale) {
		t.Errorf("on a version that is not there: %v", err)
	}
	if v, err := privacy.PublishPurpose(office, o.app, officer, list[0].Code, 1, text); err != nil || v != 2 {
		t.Fatalf("version %d, %v", v, err)
	}
	history, err := privacy.PurposeHistory(desk, o.app, worker, list[0].Code)
	if err != nil || len(history) != 2 || history[0].WhyEn != text.WhyEn || len(history[1].Fields) == 0 {
		t.Errorf("%+v, %v", history, err)
	}
	if _, err := privacy.PurposeHistory(desk, o.app, worker, "spying"); !errors.Is(err, privacy.ErrPurposeUnknown) {
		t.Errorf("an unknown one: %v", err)
	}
}
