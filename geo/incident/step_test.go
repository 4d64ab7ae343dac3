package incident

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/post"
	"wangge/geo/worktime"
)

func TestWhereStepsLead(t *testing.T) {
	for _, tt := range []struct {
		name string
		from State
		do   Act
		want State
		err  error
	}{
		{"taken on", Reported, ToAccept, Accepted, nil},
		{"not taken on", Reported, ToClose, Closed, nil},
		{"given to somebody", Accepted, ToDispatch, Dispatched, nil},
		{"back from who accepted it", Accepted, ToReturn, Reported, nil},
		{"not a duty of this post", Dispatched, ToReturn, Accepted, nil},
		{"done", Dispatched, ToHandle, Handled, nil},
		{"has to wait", Dispatched, ToHold, Held, nil},
		{"goes on", Held, ToResume, Dispatched, nil},
		{"gets more time", Dispatched, ToExtend, Dispatched, nil},
		{"looked at", Handled, ToVerify, Verified, nil},
		{"not done after all", Handled, ToReject, Dispatched, nil},
		{"ended", Verified, ToClose, Closed, nil},
		{"back to be looked at again", Verified, ToReturn, Handled, nil},
		{"there again", Closed, ToReopen, Accepted, nil},

		{"cannot skip accepting", Reported, ToDispatch, "", ErrAct},
		{"cannot skip the check", Handled, ToClose, "", ErrAct},
		{"cannot be closed while dispatched", Dispatched, ToClose, "", ErrAct},
		{"what is held is not handled", Held, ToHandle, "", ErrAct},
		{"what is closed is not closed again", Closed, ToClose, "", ErrAct},
		{"what is closed does not move", Closed, ToMove, "", ErrAct},
		{"is not reported twice", Reported, ToReport, "", ErrAct},
		{"no such state", "lost", ToAccept, "", ErrAct},
		{"no such act", Reported, "forget", "", ErrAct},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Next(tt.from, tt.do)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Next(%s, %s) = %q, %v; want %q, %v", tt.from, tt.do, got, err, tt.want, tt.err)
			}
		})
	}
}

// From every state an incident can be brought to its end, and no act leads nowhere.
func TestEveryIncidentCanBeClosed(t *testing.T) {
	for from, acts := range next {
		reached := map[State]bool{from: true}
		for range len(next) {
			for at := range reached {
				for _, to := range next[at] {
					reached[to] = true
				}
			}
		}
		if !reached[Closed] {
			t.Errorf("%s is never closed", from)
		}
		for do, to := range acts {
			if next[to] == nil {
				t.Errorf("%s from %s leads to %q, which has no acts", do, from, to)
			}
			if len(do.may()) == 0 {
				t.Errorf("nobody may %s", do)
			}
		}
	}
}

var start = time.Date(2026, 9, 21, 1, 0, 0, 0, time.UTC) // Monday, nine in the morning in China

func at(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }

func TestTheClockOfAStateBeginsWithIt(t *testing.T) {
	two := 2
	day := worktime.Limit{Amount: 1, Unit: worktime.WorkingDays}
	steps := []Taken{
		{Act: ToReport, After: Reported, At: at(0)},
		{Act: ToAccept, After: Accepted, At: at(1)},
		{Act: ToMove, After: Accepted, At: at(2)},
		{Act: ToDispatch, After: Dispatched, At: at(3)},
		{Act: ToHold, After: Held, At: at(20)},
		{Act: ToResume, After: Dispatched, At: at(50)},
		{Act: ToExtend, After: Dispatched, At: at(51), Amount: &two, Unit: worktime.WorkingDays},
		{Act: ToHandle, After: Handled, At: at(52)},
		{Act: ToReject, After: Dispatched, At: at(53)},
	}
	for _, tt := range []struct {
		steps      int
		start      time.Time
		pauses     int
		extensions int
	}{{1, at(0), 0, 0}, {2, at(1), 0, 0}, {3, at(1), 0, 0}, {4, at(3), 0, 0}, {5, at(3), 1, 0}, {6, at(3), 1, 0}, {7, at(3), 1, 1}, {8, at(52), 0, 0}, {9, at(53), 0, 0}} {
		k := Clock(steps[:tt.steps], day)
		if !k.Start.Equal(tt.start) || len(k.Pauses) != tt.pauses || len(k.Extensions) != tt.extensions {
			t.Errorf("after %d steps the clock is %+v", tt.steps, k)
		}
	}
	limits := Limits{{Category: "", State: Dispatched, Limit: day}}
	var calendar worktime.Calendar
	if got := due(calendar, limits, "0102", "01", steps[:5], nil); got != nil {
		t.Errorf("what is held is due at %s", got)
	}
	// Held over the closes of Tuesday and, until nine on Wednesday, of no other day; then two days more.
	if got, want := due(calendar, limits, "0102", "01", steps[:7], nil), start.Add((4*24+9)*time.Hour); got == nil || !got.Equal(want) {
		t.Errorf("due at %v, want %s", got, want)
	}
	if got := due(calendar, limits, "0102", "01", steps[:2], nil); got != nil {
		t.Errorf("due at %s without a limit", got)
	}
}

func TestTheLimitOfASmallClassComesFirst(t *testing.T) {
	minutes := func(n int) worktime.Limit { return worktime.Limit{Amount: n, Unit: worktime.Minutes} }
	l := Limits{{"", Reported, minutes(1)}, {"05", Reported, minutes(2)}, {"0501", Reported, minutes(3)}, {"05", Accepted, minutes(4)}}
	for _, tt := range []struct {
		category, parent string
		state            State
		want             int
	}{{"0501", "05", Reported, 3}, {"0502", "05", Reported, 2}, {"05", "", Reported, 2}, {"0102", "01", Reported, 1}, {"a word of 12345", "", Reported, 1}, {"0501", "05", Accepted, 4}, {"0102", "01", Accepted, 0}} {
		if got := l.of(tt.category, tt.parent, tt.state); got.Amount != tt.want {
			t.Errorf("limit of %s in %s = %+v, want %d", tt.category, tt.state, got, tt.want)
		}
	}
}

func TestWhoHandledItLastIsTheOneWhoDoesNotVerify(t *testing.T) {
	steps := []Taken{{Act: ToHandle, Actor: "account:1"}, {Act: ToReject, Actor: "account:2"}, {Act: ToHandle, Actor: "account:3"}, {Act: ToClose, Actor: "account:4"}, {Act: ToReopen, Actor: "account:5"}}
	for n, want := range []string{"", "account:1", "account:1", "account:3", "account:3", ""} {
		if got := handledBy(steps[:n]); got != want {
			t.Errorf("after %d steps %q handled it, want %q", n, got, want)
		}
	}
}

func TestTheBasisIsTheFirstPostThatAnswers(t *testing.T) {
	asked := []InCharge{{Kind: ByAsset, Post: 1}, {Kind: ByLine, Post: 2}, {Kind: ByZone, Post: 3}}
	for _, tt := range []struct {
		duty post.Duty
		want Basis
	}{
		{post.Duty{Post: 1}, ByAsset}, {post.Duty{Post: 2}, ByLine}, {post.Duty{Post: 3}, ByZone}, {post.Duty{Post: 4}, ByGrid},
		{post.Duty{Post: 5, Backstop: true}, ByBackstop}, {post.Duty{}, ByBackstop}, {post.Duty{Post: 3, Backstop: true}, ByBackstop},
	} {
		if got := basis(tt.duty, asked); got != tt.want {
			t.Errorf("basis of post %d = %s, want %s", tt.duty.Post, got, tt.want)
		}
	}
}

func TestATextThatNamesSomebodyIsRefused(t *testing.T) {
	now := time.Date(2026, 9, 21, 2, 0, 0, 0, time.UTC)
	at := geo.Point{X: 1_215_600_001, Y: 311_300_000}
	for _, s := range []string{"13812345678", "请联系 138 1234 5678 王女士", "身份证 11010519491231002X", "电话０２１－６２３４５６７８", string(slices.Repeat([]rune("字"), 201))} {
		want := ErrPersonal
		if len(s) > 600 {
			want = ErrText
		}
		if _, err := (New{Text: s, ReportedAt: now, Point: at}).check(now); !errors.Is(err, want) {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"", "路口有垃圾", "3号楼2单元门口，编号 20260921", string(slices.Repeat([]rune("字"), 200))} {
		if got, err := (New{Text: s, ReportedAt: now, Point: at}).check(now); err != nil || got.Text != s {
			t.Errorf("%q: %q, %v", s, got.Text, err)
		}
	}
	_, err := (New{Address: "和平路12号", Text: "找 138-1234-5678 或 11010519491231002X", ReportedAt: now, Point: at}).check(now)
	places := fault.Of(err).Places
	if len(places) != 2 || places[0].Pointer != "/text" || places[0].Code != "personal_phone" || places[1].Code != "personal_identity" ||
		!strings.Contains(places[0].Detail, "3 to 15") || strings.Contains(err.Error()+places[0].Detail+places[1].Detail, "1234") {
		t.Errorf("the fault says %v, places %v", err, places)
	}
}

func TestAPlaceThatIsNone(t *testing.T) {
	for p, want := range map[geo.Point]bool{{}: false, {X: 1_210_000_000, Y: 310_000_000}: false, {X: 1_215_600_000, Y: 311_300_000}: true, {X: 1_801_000_000, Y: 5}: false} {
		if possible(p) != want {
			t.Errorf("possible(%v) = %v", p, !want)
		}
	}
}
